//! The platform's records in JSON (`formats.md` 5).

use crate::decode::json::{self, Cursor, Stop};
use crate::decode::text::status;
use crate::decode::{Arena, near, short_cuts};
use crate::model::{
    Fault, InitKind, InitPhase, InitReport, InitStart, Platform, Report, RuntimeDone, Start, Text,
    TraceHeader,
};

/// Time, type and record of what begins as the platform writes its records:
/// `{"time":"2026-11-23T08:00:00.123Z","type":"platform.…","record":`. The walk over the members
/// would find the same (a test holds it to that), one by one.
pub fn usual_record<const ESC: bool>(text: &[u8]) -> Option<(&[u8], &[u8], Cursor<'_, ESC>)> {
    let (opening, between, last): (&[u8], &[u8], &[u8]) = if ESC {
        (br#"{\"time\":\""#, br#"\",\"type\":\""#, br#"\",\"record\":"#)
    } else {
        (br#"{"time":""#, br#"","type":""#, br#"","record":"#)
    };
    let rest = short_cuts().then_some(text)?.strip_prefix(opening)?;
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
/// bytes that are, in which the string does not end. [`super::message`] would say the same (a test holds it
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
pub(super) struct Named<'a> {
    pub(super) function: Option<Text<'a>>,
    pub(super) arn: Option<&'a [u8]>,
}

/// What a record of such a type is, and the function that it names.
pub(super) fn read<'a, const ESC: bool>(
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
    } else if short_cuts() && cursor.rest().starts_with(measured) {
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
    let mut ahead = short_cuts().then_some(*cursor)?;
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
