//! JSON messages: platform records (`formats.md` 5) and application records (6), in one walk over
//! the top level. `ESC` as in [`super::json`].

use std::borrow::Cow;

use super::json::{self, Cursor, Stop};
use super::text::{level, status};
use crate::model::{
    Body, ErrorCounts, InitKind, InitPhase, InitReport, InitStart, Level, LogLine, Platform, Report,
    RuntimeError, Start, Text, TraceHeader,
};

/// A JSON message: what it is, and what it says of itself that its container may not know.
#[derive(Debug)]
pub struct Message<'a> {
    /// What it is.
    pub body: Body<'a>,
    /// Its own time, as printed.
    pub time: Option<&'a [u8]>,
    /// The function it names.
    pub function: Option<Text<'a>>,
    /// Whether its keys are an X-Ray segment's.
    pub segment: bool,
    /// Whether its keys are a metric stream datum's.
    pub metric: bool,
}

/// Members of the top level that matter, as they are met.
#[derive(Default)]
struct Seen<'a> {
    time: Option<&'a [u8]>,
    timestamp: Option<&'a [u8]>,
    kind: Option<&'a [u8]>,
    record_at: Option<usize>,
    level: Level,
    log_level: bool,
    id: Option<Text<'a>>,
    error_type: Option<Text<'a>>,
    has_message: bool,
    message_at: Option<usize>,
    function: Option<Text<'a>>,
    trace_id: bool,
    own_id: bool,
    start_time: bool,
    metric: bool,
}

/// Reads a JSON object. A line of an application is left as soon as it is known to be one that
/// changes nothing: most are, and the rest of such a line need not even be valid JSON.
pub fn message<const ESC: bool>(text: &[u8]) -> Result<Message<'_>, Stop> {
    if let Some(line) = usual_head::<ESC>(text) {
        return Ok(line);
    }
    let mut cursor = Cursor::<ESC>::new(text);
    let mut seen = Seen::default();
    cursor.object()?;
    let mut first = true;
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"time" if cursor.at_string() => seen.time = Some(cursor.string()?),
            b"type" if cursor.at_string() => seen.kind = Some(cursor.string()?),
            b"record" => {
                seen.record_at = Some(cursor.at());
                if seen.kind.is_some_and(|k| k.starts_with(b"platform.")) && seen.time.is_some() {
                    break;
                }
                cursor.skip()?;
            }
            b"timestamp" | b"@timestamp" if cursor.at_string() => {
                seen.timestamp.get_or_insert(cursor.string()?);
            }
            b"level" | b"log_level" | b"severity" | b"lvl" => {
                seen.log_level |= key == b"log_level";
                let found =
                    if cursor.at_string() { level(cursor.string()?) } else { numbered(cursor.number()?) };
                seen.level = seen.level.max(found);
                if found != Level::Unknown && found < Level::Error && seen.timestamp.is_some() {
                    // No runtime's error record, and no platform record starts with a timestamp
                    // and a level: the rest can wait until somebody looks at the line.
                    if let Ok(Some(b"requestId")) = cursor.key(&mut first) {
                        seen.id = cursor.text()?;
                    }
                    break;
                }
            }
            b"requestId"
            | b"function_request_id"
            | b"AWSRequestId"
            | b"awsRequestId"
            | b"request_id"
            | b"aws_request_id" => {
                let id = cursor.text()?;
                seen.id = seen.id.take().or(id);
            }
            b"errorType" => seen.error_type = cursor.text()?,
            b"message" => {
                seen.has_message = true;
                seen.message_at = (cursor.peek() == b'{').then(|| cursor.at());
                cursor.skip()?;
            }
            b"function_name" | b"functionName" => seen.function = cursor.text()?,
            b"_aws" => break,
            b"trace_id" => {
                seen.trace_id = true;
                cursor.skip()?;
            }
            b"id" => {
                seen.own_id = true;
                cursor.skip()?;
            }
            b"start_time" | b"in_progress" => {
                seen.start_time = true;
                cursor.skip()?;
            }
            b"metric_stream_name" => {
                seen.metric = true;
                break;
            }
            _ => cursor.skip()?,
        }
    }
    conclude::<ESC>(text, seen)
}

/// The head `{"timestamp":"2026-11-23T08:00:00.123Z","level":"INFO","requestId":"…"` as Lambda's
/// own runtimes print it: by far the most frequent line, left at once. The general walk would say
/// the same (a test holds it to that).
fn usual_head<const ESC: bool>(text: &[u8]) -> Option<Message<'_>> {
    let (opening, between, last): (&[u8], &[u8], &[u8]) = if ESC {
        (br#"{\"timestamp\":\""#, br#"\",\"level\":\""#, br#"\",\"requestId\":\""#)
    } else {
        (br#"{"timestamp":""#, br#"","level":""#, br#"","requestId":""#)
    };
    let rest = text.strip_prefix(opening)?;
    let time = rest.get(..24).filter(|time| time[23] == b'Z' && time[19] == b'.')?;
    let rest = rest[24..].strip_prefix(between)?;
    let quote = if ESC { b'\\' } else { b'"' };
    let end = rest[..rest.len().min(12)].iter().position(|c| *c == quote)?;
    let level = level(&rest[..end]);
    if level == Level::Unknown || level >= Level::Error {
        return None;
    }
    let id = rest[end..].strip_prefix(last).and_then(|rest| {
        let end = memchr::memchr2(b'\\', b'"', &rest[..rest.len().min(64)])?;
        (rest[end] == quote && (!ESC || rest.get(end + 1) == Some(&b'"')))
            .then(|| Cow::Borrowed(&rest[..end]))
    });
    if id.is_none() && rest[end..].starts_with(last) {
        return None;
    }
    let body = Body::Log(LogLine { level, id, error: None });
    Some(Message { body, time: Some(time), function: None, segment: false, metric: false })
}

fn conclude<'a, const ESC: bool>(text: &'a [u8], seen: Seen<'a>) -> Result<Message<'a>, Stop> {
    let mut function = seen.function;
    let body = match (seen.kind, seen.record_at) {
        (Some(kind), Some(at)) if kind.starts_with(b"platform.") && seen.time.is_some() => {
            Body::Platform(platform::<ESC>(kind, text, at, &mut function)?)
        }
        _ => {
            let error = if seen.level < Level::Error {
                None
            } else if let Some(error_type) = seen.error_type.filter(|_| seen.log_level || !seen.has_message) {
                // Python's: `errorType` beside `errorMessage` and no message of its own.
                Some(Box::new(RuntimeError { error_type, counts: ErrorCounts::Always }))
            } else if let Some(at) = seen.message_at {
                // Node.js: the message is the error.
                error_type::<ESC>(&text[at..])
                    .map(|error_type| Box::new(RuntimeError { error_type, counts: ErrorCounts::IfLast }))
            } else {
                None
            };
            Body::Log(LogLine { level: seen.level, id: seen.id, error })
        }
    };
    Ok(Message {
        body,
        time: seen.time.or(seen.timestamp),
        function,
        segment: seen.trace_id && seen.own_id && seen.start_time,
        metric: seen.metric,
    })
}

/// pino's levels.
fn numbered(digits: Option<&[u8]>) -> Level {
    match digits.and_then(json::whole) {
        Some(10) => Level::Trace,
        Some(20) => Level::Debug,
        Some(30) => Level::Info,
        Some(40) => Level::Warn,
        Some(50) => Level::Error,
        Some(60) => Level::Fatal,
        _ => Level::Unknown,
    }
}

/// The `errorType` of an error object as runtimes print it: it has a stack beside it.
pub fn error_type<const ESC: bool>(text: &[u8]) -> Option<Text<'_>> {
    let mut cursor = Cursor::<ESC>::new(text);
    let (mut found, mut stack, mut first) = (None, false, true);
    cursor.object().ok()?;
    while let Ok(Some(key)) = cursor.key(&mut first) {
        match key {
            b"errorType" => found = cursor.text().ok()?,
            b"stackTrace" | b"stack" | b"trace" => {
                stack = true;
                cursor.skip().ok()?;
            }
            _ => cursor.skip().ok()?,
        }
    }
    found.filter(|_| stack)
}

/// What a platform record's `record` may hold, of all types together: an unknown member is no
/// error, and a wrong type in AWS's own documentation (`formats.md` 5.4) is survived.
#[derive(Default)]
struct Members<'a> {
    report: Report<'a>,
    init: InitStart<'a>,
    phase: InitPhase,
    version: Option<Text<'a>>,
    dropped: (u64, u64),
}

fn platform<'a, const ESC: bool>(
    kind: &[u8],
    text: &'a [u8],
    record_at: usize,
    function: &mut Option<Text<'a>>,
) -> Result<Platform<'a>, Stop> {
    let mut cursor = Cursor::<ESC>::new(text);
    cursor.jump(record_at);
    if cursor.peek() != b'{' {
        let said = cursor.text()?.unwrap_or_default();
        return Ok(fault_text(kind, &said));
    }
    let mut m = Members::default();
    record::<ESC>(&mut cursor, &mut m, function)?;
    let Members { report, mut init, phase, version, dropped } = m;
    let name = kind.strip_prefix(b"platform.").unwrap_or(kind);
    Ok(match name {
        b"start" => Platform::Start(Start { id: report.id, version, trace: report.trace }),
        b"initStart" if !report.id.is_empty() => {
            Platform::Start(Start { id: report.id, version, trace: report.trace })
        }
        b"initStart" | b"restoreStart" => {
            init.phase = phase;
            init.version = init.version.or(version);
            if name == b"restoreStart" {
                init.kind = InitKind::SnapStart;
            }
            Platform::InitStart(Box::new(init))
        }
        b"initReport" | b"restoreReport" => Platform::InitReport(Box::new(InitReport {
            duration: report.duration,
            phase,
            status: report.status,
            error_type: report.error_type,
            restore: name == b"restoreReport",
        })),
        b"runtimeDone" => {
            Platform::RuntimeDone { id: report.id, status: report.status, error_type: report.error_type }
        }
        b"end" => Platform::End { id: report.id },
        b"report" => Platform::Report(Box::new(report)),
        b"fault" => Platform::Fault {
            id: (!report.id.is_empty()).then_some(report.id),
            error_type: report.error_type,
            killed: false,
        },
        b"logsDropped" => Platform::Dropped { records: dropped.0, bytes: dropped.1 },
        _ => Platform::Other,
    })
}

/// `platform.fault` and early `platform.runtimeDone` carry a bare text:
/// `RequestId: X Process exited before completing request`.
fn fault_text<'a>(kind: &[u8], said: &[u8]) -> Platform<'a> {
    if kind != b"platform.fault" && kind != b"platform.runtimeDone" {
        return Platform::Other;
    }
    let id = said
        .strip_prefix(b"RequestId: ")
        .and_then(|rest| rest.split(u8::is_ascii_whitespace).next())
        .map(|id| Cow::Owned(id.to_vec()));
    Platform::Fault { id, error_type: None, killed: memchr::memmem::find(said, b"signal: killed").is_some() }
}

fn record<'a, const ESC: bool>(
    cursor: &mut Cursor<'a, ESC>,
    m: &mut Members<'a>,
    function: &mut Option<Text<'a>>,
) -> Result<(), Stop> {
    cursor.object()?;
    let mut first = true;
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"requestId" => m.report.id = cursor.text()?.unwrap_or_default(),
            b"status" if cursor.at_string() => m.report.status = status(cursor.string()?),
            b"errorType" => m.report.error_type = cursor.text()?,
            b"metrics" if cursor.peek() == b'{' => metrics::<ESC>(cursor, &mut m.report)?,
            b"tracing" if cursor.peek() == b'{' => m.report.trace = tracing::<ESC>(cursor)?,
            b"version" => m.version = cursor.text()?,
            b"functionVersion" => m.init.version = cursor.text()?,
            b"functionName" => *function = cursor.text()?,
            b"functionArn" if function.is_none() && cursor.at_string() => {
                let arn = cursor.string()?;
                *function = arn.split(|c| *c == b':').nth(6).map(Cow::Borrowed);
            }
            b"initializationType" if cursor.at_string() => {
                m.init.kind = match cursor.string()? {
                    b"provisioned-concurrency" => InitKind::Provisioned,
                    b"snap-start" | b"SnapStart" => InitKind::SnapStart,
                    b"lambda-managed-instances" => InitKind::Managed,
                    _ => InitKind::OnDemand,
                };
            }
            b"phase" if cursor.at_string() => {
                m.phase = if cursor.string()? == b"invoke" { InitPhase::Invoke } else { InitPhase::Init };
            }
            b"runtimeVersion" => m.init.runtime_version = cursor.text()?,
            b"runtimeVersionArn" => m.init.runtime_arn = cursor.text()?,
            b"instanceId" => m.init.instance = cursor.text()?,
            b"droppedRecords" => m.dropped.0 = cursor.number()?.and_then(json::whole).unwrap_or(0),
            b"droppedBytes" => m.dropped.1 = cursor.number()?.and_then(json::whole).unwrap_or(0),
            _ => cursor.skip()?,
        }
    }
    Ok(())
}

fn metrics<const ESC: bool>(cursor: &mut Cursor<'_, ESC>, report: &mut Report<'_>) -> Result<(), Stop> {
    cursor.object()?;
    let mut first = true;
    let small = |digits: Option<&[u8]>| digits.and_then(json::whole).and_then(|n| n.try_into().ok());
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"durationMs" => report.duration = cursor.number()?.and_then(json::micros),
            b"billedDurationMs" => report.billed_ms = small(cursor.number()?),
            b"memorySizeMB" => report.memory_mb = small(cursor.number()?),
            b"maxMemoryUsedMB" => report.max_memory_mb = small(cursor.number()?),
            b"initDurationMs" => report.init = cursor.number()?.and_then(json::micros),
            b"restoreDurationMs" => report.restore = cursor.number()?.and_then(json::micros),
            _ => cursor.skip()?,
        }
    }
    Ok(())
}

fn tracing<'a, const ESC: bool>(cursor: &mut Cursor<'a, ESC>) -> Result<Option<Box<TraceHeader<'a>>>, Stop> {
    cursor.object()?;
    let (mut first, mut header) = (true, None);
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"value" if cursor.at_string() => header = trace_header(cursor.string()?).map(Box::new),
            _ => cursor.skip()?,
        }
    }
    Ok(header)
}

/// `Root=…;Parent=…;Sampled=…;Lineage=…` in any order, by name (`formats.md` 8.3).
fn trace_header(value: &[u8]) -> Option<TraceHeader<'_>> {
    let mut header = TraceHeader::default();
    for part in value.split(|c| *c == b';').map(<[u8]>::trim_ascii) {
        if let Some(root) = part.strip_prefix(b"Root=") {
            header.root = Cow::Borrowed(root);
        } else if let Some(parent) = part.strip_prefix(b"Parent=") {
            header.parent = Some(Cow::Borrowed(parent));
        } else if let Some(sampled) = part.strip_prefix(b"Sampled=") {
            header.sampled = match sampled {
                b"1" => Some(true),
                b"0" => Some(false),
                _ => None,
            };
        }
    }
    (!header.root.is_empty()).then_some(header)
}
