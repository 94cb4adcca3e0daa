//! JSON messages: platform records (`formats.md` 5) and application records (6), in one walk over
//! the top level. `ESC` as in [`super::json`].

use super::json::{self, Cursor, Stop};
use super::text::{level, status};
use super::thrown::{self, Object};
use super::{Arena, near};
use crate::model::{
    Body, ErrorCounts, Fault, InitKind, InitPhase, InitReport, InitStart, Level, LogLine, Platform, Report,
    RuntimeDone, RuntimeError, Start, Text, TraceHeader,
};

/// A JSON message: what it is, and what it says of itself that its container may not know.
#[derive(Debug)]
pub struct Message<'a> {
    /// What it is.
    pub body: Body<'a>,
    /// Its own time, as printed.
    pub time: Option<&'a [u8]>,
    /// The function it names; among metrics that is a dimension, which may name any.
    pub function: Option<Text<'a>>,
    /// The function's ARN, still escaped.
    pub arn: Option<&'a [u8]>,
    /// Whether its keys are an X-Ray segment's.
    pub segment: bool,
    /// Whether its keys are a metric stream datum's.
    pub metric: bool,
    /// Whether it declares metrics among its members.
    pub emf: bool,
}

impl Message<'_> {
    /// Whether it is a line of an application of which neither level nor request is known: it may be
    /// no log line at all.
    pub fn says_nothing(&self) -> bool {
        matches!(self.body, Body::Log(LogLine { level: Level::Unknown, id: None, error: None }))
    }
}

/// Members of the top level that matter, as they are met.
#[derive(Default)]
struct Seen<'a, const ESC: bool> {
    time: Option<&'a [u8]>,
    timestamp: Option<&'a [u8]>,
    kind: Option<&'a [u8]>,
    record: Option<Cursor<'a, ESC>>,
    level: Level,
    log_level: bool,
    id: Option<Text<'a>>,
    error_type: Option<Text<'a>>,
    has_message: bool,
    message: Option<Cursor<'a, ESC>>,
    function: Option<Text<'a>>,
    trace_id: bool,
    own_id: bool,
    start_time: bool,
    end_time: bool,
    name: bool,
    metric: bool,
    emf: bool,
    /// Rust's: whose line it is, and what it says.
    span: Option<Cursor<'a, ESC>>,
    fields: Option<Cursor<'a, ESC>>,
    /// Whether it is a record's inside.
    nested: bool,
}

/// Reads a JSON object. A line of an application is left as soon as it is known to be one that
/// changes nothing: most are, and the rest of such a line need not even be valid JSON.
pub fn message<'a, const ESC: bool>(text: &'a [u8], arena: &'a Arena) -> Result<Message<'a>, Stop> {
    let seen = match usual_record::<ESC>(text) {
        Some((time, kind, record)) => {
            Seen { time: Some(time), kind: Some(kind), record: Some(record), ..Seen::default() }
        }
        None => walk(Cursor::<ESC>::new(text), Seen::default(), arena)?,
    };
    conclude(seen, Cursor::new(text), arena)
}

fn walk<'a, const ESC: bool>(
    mut cursor: Cursor<'a, ESC>,
    mut seen: Seen<'a, ESC>,
    arena: &'a Arena,
) -> Result<Seen<'a, ESC>, Stop> {
    cursor.object()?;
    let mut first = true;
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"time" if cursor.at_string() => seen.time = Some(cursor.string()?),
            b"type" if cursor.at_string() => seen.kind = Some(cursor.string()?),
            b"record" if !seen.nested => {
                seen.record = Some(cursor);
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
                        seen.id = cursor.text(arena)?;
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
                let id = cursor.text(arena)?;
                seen.id = seen.id.or(id);
            }
            b"errorType" => seen.error_type = cursor.text(arena)?,
            b"message" => {
                seen.has_message = true;
                seen.message = (cursor.peek() == b'{').then_some(cursor);
                cursor.skip()?;
            }
            b"function_name" | b"functionName" => seen.function = cursor.text(arena)?,
            b"_aws" => {
                // Of which request it is and how bad stands behind its metrics as often as before.
                seen.emf = true;
                cursor.skip()?;
            }
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
            b"end_time" => {
                seen.end_time = true;
                cursor.skip()?;
            }
            b"name" => {
                seen.name = true;
                cursor.skip()?;
            }
            b"span" if cursor.peek() == b'{' => {
                seen.span = Some(cursor);
                cursor.skip()?;
            }
            b"fields" if cursor.peek() == b'{' => {
                seen.fields = Some(cursor);
                cursor.skip()?;
            }
            b"metric_stream_name" => {
                seen.metric = true;
                break;
            }
            _ => cursor.skip()?,
        }
    }
    Ok(seen)
}

/// The level and id of a line that begins as Lambda's own runtimes print it, by far the most
/// frequent, inside a JSON string, which may end anywhere in `text`:
/// `{"timestamp":"2026-11-23T08:00:00.123Z","level":"INFO","requestId":"…"`, or with another member
/// there; and how many bytes that are, in which the string does not end. [`message`] would say the
/// same (a test holds it to that).
#[inline(always)]
pub fn usual_head(text: &[u8]) -> Option<(LogLine<'_>, usize)> {
    let rest = super::short_cuts().then_some(text)?.strip_prefix(br#"{\"timestamp\":\""#)?;
    let (time, rest) = rest.split_first_chunk::<24>()?;
    let inside = near::inside_string(time) && time[23] == b'Z' && time[19] == b'.';
    let rest = inside.then_some(rest)?;
    let rest = rest.strip_prefix(br#"\",\"level\":\""#)?;
    let end = near::byte(b'\\', rest.first_chunk::<12>()?)?;
    let level = level(&rest[..end]);
    if level == Level::Unknown || level >= Level::Error {
        return None;
    }
    let key = rest[end..].strip_prefix(br#"\",\""#)?;
    let Some(id) = key.strip_prefix(br#"requestId\":\""#) else {
        // Python prints the id last, where nobody looks for it in a line without an error.
        let line = LogLine { level, id: None, error: None };
        return (!key.starts_with(b"requestId")).then(|| (line, text.len() - key.len()));
    };
    let end = near::string_end(&id[..id.len().min(64)])?;
    let rest = id[end..].strip_prefix(br#"\""#)?;
    Some((LogLine { level, id: Some(&id[..end]), error: None }, text.len() - rest.len()))
}

/// Time, type and record of what begins as the platform writes its records:
/// `{"time":"2026-11-23T08:00:00.123Z","type":"platform.…","record":`. The walk over the members
/// would find the same (a test holds it to that), one by one.
pub fn usual_record<const ESC: bool>(text: &[u8]) -> Option<(&[u8], &[u8], Cursor<'_, ESC>)> {
    let (opening, between, last): (&[u8], &[u8], &[u8]) = if ESC {
        (br#"{\"time\":\""#, br#"\",\"type\":\""#, br#"\",\"record\":"#)
    } else {
        (br#"{"time":""#, br#"","type":""#, br#"","record":"#)
    };
    let rest = super::short_cuts().then_some(text)?.strip_prefix(opening)?;
    let (time, rest) = rest.split_first_chunk::<24>()?;
    let rest = rest.strip_prefix(between)?;
    let (kind, rest) = rest.split_at(near::string_end(rest)?);
    let rest = rest.strip_prefix(last)?;
    let inside = near::inside_string(time) && kind.starts_with(b"platform.");
    inside.then(|| {
        let mut record = Cursor::new(text);
        record.advance(text.len() - rest.len());
        (&time[..], kind, record)
    })
}

/// A start or a report as the platform writes them, in its own order and without anything new: no
/// key of it need be looked for; inside a JSON string, which may end anywhere in `text`; and how many
/// bytes that are, in which the string does not end. [`message`] would say the same (a test holds it
/// to that).
#[inline]
pub fn usual_platform<'a>(text: &'a [u8], arena: &'a Arena) -> Option<(Platform<'a>, usize)> {
    let (_, kind, mut cursor) = usual_record::<true>(text)?;
    let id = cursor.usual_member(br#"{\"requestId\":"#)?;
    let platform = match kind {
        b"platform.start" => {
            cursor.usual_member(br#",\"functionArn\":"#);
            let version = cursor.usual_member(br#",\"version\":"#);
            let trace = usual_tracing(&mut cursor)?;
            Platform::Start(arena.alloc(Start { id, version, trace: trace.map(|t| arena.alloc(t)) }))
        }
        b"platform.report" => {
            cursor.rest().starts_with(br#",\"metrics\":{"#).then(|| cursor.advance(13))?;
            let [duration, billed, size, most] = usual_metrics(&mut cursor)?;
            cursor.rest().starts_with(b"}").then(|| cursor.advance(1))?;
            let status = cursor.usual_member(br#",\"status\":"#).and_then(status);
            let trace = usual_tracing(&mut cursor)?;
            Platform::Report(arena.alloc(Report {
                id,
                duration: json::micros(duration),
                billed_ms: small(Some(billed)),
                memory_mb: small(Some(size)),
                max_memory_mb: small(Some(most)),
                status,
                trace: trace.map(|t| arena.alloc(t)),
                ..Report::default()
            }))
        }
        _ => return None,
    };
    Some((platform, cursor.at()))
}

/// The trace that a record ends with, if it has one; `None` if it ends otherwise.
#[inline(always)]
fn usual_tracing<'a>(cursor: &mut Cursor<'a, true>) -> Option<Option<TraceHeader<'a>>> {
    if cursor.rest().starts_with(b"}") {
        return Some(None);
    }
    cursor.rest().starts_with(br#",\"tracing\":{"#).then(|| cursor.advance(13))?;
    let value = if cursor.usual_member(br#"{\"spanId\":"#).is_some() {
        cursor.usual_member(br#",\"type\":"#)?;
        cursor.usual_member(br#",\"value\":"#)?
    } else {
        cursor.usual_member(br#"{\"type\":"#)?;
        let value = cursor.usual_member(br#",\"value\":"#)?;
        cursor.usual_member(br#",\"spanId\":"#)?;
        value
    };
    cursor.rest().starts_with(b"}}").then_some(trace_header(value))
}

/// What was met comes to; `whole` is the object that it was met in.
fn conclude<'a, const ESC: bool>(
    seen: Seen<'a, ESC>,
    whole: Cursor<'a, ESC>,
    arena: &'a Arena,
) -> Result<Message<'a>, Stop> {
    let (mut function, mut arn) = (seen.function, None);
    let body = match (seen.kind, seen.record) {
        (Some(kind), Some(record)) if kind.starts_with(b"platform.") && seen.time.is_some() => {
            let (platform, named) = platform(kind, record, arena)?;
            (function, arn) = (named.function.or(function), named.arn);
            Body::Platform(platform)
        }
        // The Telemetry API wraps what a function prints.
        (Some(b"function" | b"extension"), Some(record)) if seen.time.is_some() => printed(record, arena)?,
        _ => {
            let error = if seen.level < Level::Error {
                None
            } else if let Some(error_type) = seen.error_type.filter(|_| seen.log_level || !seen.has_message) {
                // Python's: `errorType` beside `errorMessage` and no message of its own.
                let Object { message, frame, .. } = thrown::object(whole, arena);
                Some(RuntimeError { error_type, message, frame, counts: ErrorCounts::Always })
            } else if let Some(message) = seen.message {
                // Node.js: the message is the error; it has a stack.
                let object = thrown::object(message, arena);
                object.error(ErrorCounts::IfLast).filter(|_| object.stack)
            } else {
                None
            };
            let error = error.map(|error| arena.alloc(error));
            let rust = seen.span.and_then(|span| super::rust::members(span, seen.fields, seen.level, arena));
            let (id, thrown) = rust.unwrap_or_default();
            Body::Log(LogLine { level: seen.level, id: seen.id.or(id), error: error.or(thrown) })
        }
    };
    Ok(Message {
        body,
        time: seen.time.or(seen.timestamp),
        function,
        arn,
        // A part of a segment alone is one as well, that can't be placed.
        segment: !seen.emf && seen.own_id && seen.start_time && (seen.trace_id || seen.end_time && seen.name),
        metric: seen.metric && !seen.emf,
        emf: seen.emf,
    })
}

/// What a function printed, as it is or already read as JSON (`formats.md` 5.2).
#[cold]
fn printed<'a, const ESC: bool>(mut record: Cursor<'a, ESC>, arena: &'a Arena) -> Result<Body<'a>, Stop> {
    if record.peek() == b'{' {
        // It has no record in it that would be looked into again.
        let seen = walk(record, Seen { nested: true, ..Seen::default() }, arena)?;
        return Ok(conclude(seen, record, arena)?.body);
    }
    let said = record.text(arena)?.unwrap_or_default();
    Ok(Body::Log(super::text::line::<false>(said, arena)))
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

/// What a platform record's `record` may hold, of all types together: an unknown member is no
/// error, and a wrong type in AWS's own documentation (`formats.md` 5.4) is survived.
#[derive(Default)]
struct Members<'a> {
    report: Report<'a>,
    init: InitStart<'a>,
    phase: InitPhase,
    version: Option<Text<'a>>,
    dropped: (u64, u64),
    named: Named<'a>,
}

/// The function as a platform record names it.
#[derive(Default)]
struct Named<'a> {
    function: Option<Text<'a>>,
    arn: Option<&'a [u8]>,
}

fn platform<'a, const ESC: bool>(
    kind: &[u8],
    mut cursor: Cursor<'a, ESC>,
    arena: &'a Arena,
) -> Result<(Platform<'a>, Named<'a>), Stop> {
    if cursor.peek() != b'{' {
        let said = cursor.text(arena)?.unwrap_or_default();
        return Ok((fault_text(kind, said, arena), Named::default()));
    }
    let mut m = Members::default();
    record(&mut cursor, &mut m, arena)?;
    let Members { report, mut init, phase, version, dropped, named } = m;
    let name = kind.strip_prefix(b"platform.").unwrap_or(kind);
    let start = || Platform::Start(arena.alloc(Start { id: report.id, version, trace: report.trace }));
    let platform = match name {
        b"start" => start(),
        b"initStart" if !report.id.is_empty() => start(),
        b"initStart" | b"restoreStart" => {
            init.phase = phase;
            init.version = init.version.or(version);
            if name == b"restoreStart" {
                init.kind = InitKind::SnapStart;
            }
            Platform::InitStart(arena.alloc(init))
        }
        b"initReport" | b"restoreReport" => Platform::InitReport(arena.alloc(InitReport {
            duration: report.duration,
            phase,
            status: report.status,
            error_type: report.error_type,
            restore: name == b"restoreReport",
        })),
        b"runtimeDone" => Platform::RuntimeDone(arena.alloc(RuntimeDone {
            id: report.id,
            status: report.status,
            error_type: report.error_type,
        })),
        b"end" => Platform::End { id: report.id },
        b"report" => Platform::Report(arena.alloc(report)),
        b"fault" => Platform::Fault(arena.alloc(Fault {
            id: (!report.id.is_empty()).then_some(report.id),
            error_type: report.error_type,
            killed: false,
        })),
        b"logsDropped" => Platform::Dropped { records: dropped.0, bytes: dropped.1 },
        _ => Platform::Other,
    };
    Ok((platform, named))
}

/// `platform.fault` and early `platform.runtimeDone` carry a bare text:
/// `RequestId: X Process exited before completing request`.
fn fault_text<'a>(kind: &[u8], said: Text<'a>, arena: &'a Arena) -> Platform<'a> {
    if kind != b"platform.fault" && kind != b"platform.runtimeDone" {
        return Platform::Other;
    }
    let id = said.strip_prefix(b"RequestId: ").and_then(|rest| rest.split(u8::is_ascii_whitespace).next());
    let killed = memchr::memmem::find(said, b"signal: killed").is_some();
    Platform::Fault(arena.alloc(Fault { id, error_type: None, killed }))
}

fn record<'a, const ESC: bool>(
    cursor: &mut Cursor<'a, ESC>,
    m: &mut Members<'a>,
    arena: &'a Arena,
) -> Result<(), Stop> {
    let mut first = !usual_members(cursor, m)?;
    if first {
        cursor.object()?;
    }
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"requestId" => m.report.id = cursor.text(arena)?.unwrap_or_default(),
            b"status" if cursor.at_string() => m.report.status = status(cursor.string()?),
            b"errorType" => m.report.error_type = cursor.text(arena)?,
            b"metrics" if cursor.peek() == b'{' => metrics(cursor, &mut m.report)?,
            b"tracing" if cursor.peek() == b'{' => m.report.trace = tracing(cursor, arena)?,
            b"version" => m.version = cursor.text(arena)?,
            b"functionVersion" => m.init.version = cursor.text(arena)?,
            b"functionName" => m.named.function = cursor.text(arena)?,
            b"functionArn" if cursor.at_string() => m.named.arn = Some(cursor.string()?),
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
            b"runtimeVersion" => m.init.runtime_version = cursor.text(arena)?,
            b"runtimeVersionArn" => m.init.runtime_arn = cursor.text(arena)?,
            b"instanceId" => m.init.instance = cursor.text(arena)?,
            b"droppedRecords" => m.dropped.0 = cursor.number()?.and_then(json::whole).unwrap_or(0),
            b"droppedBytes" => m.dropped.1 = cursor.number()?.and_then(json::whole).unwrap_or(0),
            _ => cursor.skip()?,
        }
    }
    Ok(())
}

/// The members that a start and a report begin with, in the platform's own order, whose keys need
/// not be looked for. The walk would find the same. Says whether there was any.
#[inline(always)]
fn usual_members<'a, const ESC: bool>(
    cursor: &mut Cursor<'a, ESC>,
    m: &mut Members<'a>,
) -> Result<bool, Stop> {
    let [id, version, measured, status_key]: [&[u8]; 4] = if ESC {
        [br#"{\"requestId\":"#, br#",\"version\":"#, br#",\"metrics\":{"#, br#",\"status\":"#]
    } else {
        [br#"{"requestId":"#, br#","version":"#, br#","metrics":{"#, br#","status":"#]
    };
    let Some(id) = cursor.usual_member(id) else { return Ok(false) };
    m.report.id = id;
    if let Some(version) = cursor.usual_member(version) {
        m.version = Some(version);
    } else if super::short_cuts() && cursor.rest().starts_with(measured) {
        cursor.advance(measured.len() - 1);
        metrics(cursor, &mut m.report)?;
        if let Some(word) = cursor.usual_member(status_key) {
            m.report.status = status(word);
        }
    }
    Ok(true)
}

fn metrics<const ESC: bool>(cursor: &mut Cursor<'_, ESC>, report: &mut Report<'_>) -> Result<(), Stop> {
    let mut first = false;
    if let Some([duration, billed, size, most]) = usual_metrics(cursor) {
        report.duration = json::micros(duration);
        report.billed_ms = small(Some(billed));
        report.memory_mb = small(Some(size));
        report.max_memory_mb = small(Some(most));
    } else {
        cursor.object()?;
        first = true;
    }
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

/// A number that is not big: of ms or MB.
fn small(digits: Option<&[u8]>) -> Option<u32> {
    digits.and_then(json::whole).and_then(|n| n.try_into().ok())
}

/// The four metrics that every report begins with, in the platform's own order, whose keys need not
/// be looked for. The cursor moves only if all are there; the walk would find the same.
fn usual_metrics<'a, const ESC: bool>(cursor: &mut Cursor<'a, ESC>) -> Option<[&'a [u8]; 4]> {
    let keys: [&[u8]; 4] = if ESC {
        [
            br#"{\"durationMs\":"#,
            br#",\"billedDurationMs\":"#,
            br#",\"memorySizeMB\":"#,
            br#",\"maxMemoryUsedMB\":"#,
        ]
    } else {
        [br#"{"durationMs":"#, br#","billedDurationMs":"#, br#","memorySizeMB":"#, br#","maxMemoryUsedMB":"#]
    };
    let mut ahead = super::short_cuts().then_some(*cursor)?;
    let mut numbers: [&[u8]; 4] = [b""; 4];
    for (key, number) in keys.iter().zip(&mut numbers) {
        ahead.rest().starts_with(key).then(|| ahead.advance(key.len()))?;
        *number = ahead.digits()?;
    }
    *cursor = ahead;
    Some(numbers)
}

fn tracing<'a, const ESC: bool>(
    cursor: &mut Cursor<'a, ESC>,
    arena: &'a Arena,
) -> Result<Option<&'a TraceHeader<'a>>, Stop> {
    let keys: [&[u8]; 3] = if ESC {
        [br#"{\"spanId\":"#, br#",\"type\":"#, br#",\"value\":"#]
    } else {
        [br#"{"spanId":"#, br#","type":"#, br#","value":"#]
    };
    let (mut first, mut header) = (true, None);
    // As the platform writes it.
    if cursor.usual_member(keys[0]).is_some() {
        first = false;
        if cursor.usual_member(keys[1]).is_some()
            && let Some(value) = cursor.usual_member(keys[2])
        {
            header = trace_header(value);
        }
    } else {
        cursor.object()?;
    }
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"value" if cursor.at_string() => header = trace_header(cursor.string()?),
            _ => cursor.skip()?,
        }
    }
    Ok(header.map(|header| arena.alloc(header)))
}

/// `Root=…;Parent=…;Sampled=…;Lineage=…` in any order, by name (`formats.md` 8.3).
fn trace_header(value: &[u8]) -> Option<TraceHeader<'_>> {
    let mut header = TraceHeader::default();
    let mut rest = value;
    while !rest.is_empty() {
        let end = near::byte(b';', rest).unwrap_or(rest.len());
        let part = rest[..end].trim_ascii();
        rest = rest.get(end + 1..).unwrap_or_default();
        if let Some(root) = part.strip_prefix(b"Root=") {
            header.root = root;
        } else if let Some(parent) = part.strip_prefix(b"Parent=") {
            header.parent = Some(parent);
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
