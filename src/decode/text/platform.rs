//! What the platform writes as text (`formats.md` 3).

use memchr::memmem;

use super::find_tab;
use crate::decode::{Arena, json, near, short_cuts};
use crate::model::{
    Fault, InitKind, InitPhase, InitReport, InitStart, Micros, Platform, Report, Start, Status, Text,
    TraceHeader,
};

/// The line of the platform that a text is.
pub(super) fn read<'a, const ESC: bool>(text: &'a [u8], arena: &'a Arena) -> Option<Platform<'a>> {
    match text.first()? {
        b'S' => {
            let (id, rest) = token::<ESC>(text.strip_prefix(b"START RequestId: ")?, arena)?;
            let rest = rest.strip_prefix(b"Version: ").or_else(|| rest.strip_prefix(b" Version: "))?;
            let (version, _) = token::<ESC>(rest, arena)?;
            Some(Platform::Start(arena.alloc(Start { id, version: Some(version), trace: None })))
        }
        b'E' => {
            if text.starts_with(b"EXTENSION") {
                return fields::<ESC>(text)
                    .any(|f| memmem::find(f, b"State: ").is_some())
                    .then_some(Platform::Other);
            }
            let (id, rest) = token::<ESC>(text.strip_prefix(b"END RequestId: ")?, arena)?;
            is_blank::<ESC>(rest).then_some(Platform::End { id })
        }
        b'R' => report::<ESC>(text, arena)
            .or_else(|| fault::<ESC>(text, arena))
            .or_else(|| init::<ESC>(text, arena)),
        b'I' => init::<ESC>(text, arena),
        b'T' | b'L' => ["TELEMETRY Name: ", "TELEMETRY\\tName: ", "TELEMETRY\tName: ", "LOGS Name: "]
            .iter()
            .any(|p| text.starts_with(p.as_bytes()))
            .then_some(Platform::Other),
        b'0'..=b'9' => timed_out::<ESC>(text, arena),
        _ => None,
    }
}

/// A token up to white space, and what follows that.
#[inline(always)]
fn token<'a, const ESC: bool>(text: &'a [u8], arena: &'a Arena) -> Option<(Text<'a>, &'a [u8])> {
    let end =
        if ESC { near::either(b' ', b'\\', text) } else { text.iter().position(u8::is_ascii_whitespace) };
    let end = end.unwrap_or(text.len());
    if end == 0 {
        return None;
    }
    let rest = &text[end..];
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    // In escaped text it ended before any escape.
    let token = if ESC { &text[..end] } else { json::text::<ESC>(&text[..end], arena) };
    Some((token, rest))
}

fn is_blank<const ESC: bool>(mut text: &[u8]) -> bool {
    loop {
        text = match text {
            [] => return true,
            [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] => rest,
            [b'\\', b't' | b'n' | b'r', rest @ ..] if ESC => rest,
            _ => return false,
        }
    }
}

/// A field `Label: value` at its colon.
pub(super) fn labelled(field: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = near::byte(b':', field)?;
    Some((&field[..colon], field[colon + 1..].strip_prefix(b" ")?))
}

/// The number at the front of a value: `2.75 ms`.
fn front(value: &[u8]) -> &[u8] {
    &value[..near::byte(b' ', value).unwrap_or(value.len())]
}

/// Splits at tabs and line ends; blanks around a field and empty fields are dropped.
fn fields<const ESC: bool>(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut from = 0;
        let (field, next) = loop {
            let cut = if ESC {
                near::byte(b'\\', &text[from..])
            } else {
                text[from..].iter().position(|c| b"\t\n\r".contains(c))
            };
            match cut.map(|cut| cut + from) {
                None => break (text, None),
                Some(cut) if !ESC => break (&text[..cut], Some(&text[cut + 1..])),
                Some(cut) if matches!(text.get(cut + 1), Some(b't' | b'n' | b'r')) => {
                    break (&text[..cut], Some(&text[cut + 2..]));
                }
                Some(cut) => from = (cut + 2).min(text.len()),
            }
        };
        rest = next;
        Some(field.trim_ascii())
    })
    .filter(|f| !f.is_empty())
}

/// `REPORT RequestId: …`, its fields by their labels in any order.
fn report<'a, const ESC: bool>(text: &'a [u8], arena: &'a Arena) -> Option<Platform<'a>> {
    let text = text.strip_prefix(b"REPORT RequestId: ")?;
    let (id, rest) = token::<ESC>(text, arena)?;
    let mut report = Report { id, ..Report::default() };
    let mut trace: Option<TraceHeader<'_>> = None;
    let mut others = fields::<ESC>(text);
    if let Some(([duration, billed, size, most], rest)) = usual_fields::<ESC>(rest) {
        report.duration = json::micros(duration);
        report.billed_ms = small(billed);
        report.memory_mb = small(size);
        report.max_memory_mb = small(most);
        others = fields::<ESC>(rest);
    } else {
        others.next();
    }
    // In copied text blanks may stand for the tabs: then labels tell the fields apart.
    let spaced = report.duration.is_none() && find_tab::<ESC>(text).is_none();
    let spaced = if spaced { by_labels(text) } else { Vec::new() };
    for field in others.take(if spaced.is_empty() { usize::MAX } else { 0 }).chain(spaced) {
        let Some((label, value)) = labelled(field) else { continue };
        let number = front(value);
        match label {
            b"Duration" => report.duration = json::micros(number),
            b"Billed Duration" => report.billed_ms = small(number),
            b"Memory Size" => report.memory_mb = small(number),
            b"Max Memory Used" => report.max_memory_mb = small(number),
            b"Init Duration" => report.init = json::micros(number),
            b"Restore Duration" => report.restore = json::micros(number),
            b"Status" => report.status = status(value),
            b"Error Type" => report.error_type = Some(json::text::<ESC>(value, arena)),
            b"XRAY TraceId" => {
                trace = Some(TraceHeader { root: json::text::<ESC>(value, arena), ..TraceHeader::default() });
            }
            b"SegmentId" | b"Sampled" => xray_field::<ESC>(label, value, trace.as_mut(), arena),
            _ => {}
        }
    }
    report.duration?;
    report.trace = trace.map(|trace| arena.alloc(trace));
    Some(Platform::Report(arena.alloc(report)))
}

/// The fields of a REPORT where nothing but their labels separates them, the longest first.
pub(super) fn by_labels(text: &[u8]) -> Vec<&[u8]> {
    const LABELS: [&[u8]; 12] = [
        b"Billed Restore Duration: ",
        b"Restore Duration: ",
        b"Billed Duration: ",
        b"Init Duration: ",
        b"Duration: ",
        b"Max Memory Used: ",
        b"Memory Size: ",
        b"XRAY TraceId: ",
        b"SegmentId: ",
        b"Sampled: ",
        b"Status: ",
        b"Error Type: ",
    ];
    let mut starts = Vec::new();
    let mut at = 0;
    while at < text.len().min(2_000) {
        match LABELS.iter().find(|label| text[at..].starts_with(label)) {
            Some(label) => {
                starts.push(at);
                at += label.len();
            }
            None => at += 1,
        }
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(from, to)| text[*from..to].trim_ascii()).collect()
}

fn small(digits: &[u8]) -> Option<u32> {
    json::whole(digits).and_then(|n| n.try_into().ok())
}

/// The four fields that every REPORT begins with, in the platform's own order, whose labels need not
/// be looked for, and what follows them. The walk would find the same.
#[inline(always)]
fn usual_fields<const ESC: bool>(text: &[u8]) -> Option<([&[u8]; 4], &[u8])> {
    let labels: [&[u8]; 5] = if ESC {
        [
            b"\\tDuration: ",
            b" ms\\tBilled Duration: ",
            b" ms\\tMemory Size: ",
            b" MB\\tMax Memory Used: ",
            b" MB\\t",
        ]
    } else {
        [
            b"\tDuration: ",
            b" ms\tBilled Duration: ",
            b" ms\tMemory Size: ",
            b" MB\tMax Memory Used: ",
            b" MB\t",
        ]
    };
    let [first, labels @ ..] = labels;
    let mut rest = short_cuts().then_some(text)?.strip_prefix(first)?;
    let mut numbers: [&[u8]; 4] = [b""; 4];
    for (label, number) in labels.iter().zip(&mut numbers) {
        let end = rest.iter().position(|c| !matches!(c, b'0'..=b'9' | b'.'))?;
        (*number, rest) = rest.split_at(end);
        rest = rest.strip_prefix(*label)?;
    }
    Some((numbers, rest))
}

pub(super) fn xray_field<'a, const ESC: bool>(
    label: &[u8],
    value: &'a [u8],
    trace: Option<&mut TraceHeader<'a>>,
    arena: &'a Arena,
) {
    let Some(trace) = trace else { return };
    if label == b"SegmentId" {
        trace.parent = Some(json::text::<ESC>(value, arena));
    } else {
        trace.sampled = Some(value == b"true");
    }
}

/// The platform's words for how something ended; others are none of ours.
pub fn status(word: &[u8]) -> Option<Status> {
    Some(match word {
        b"success" => Status::Success,
        b"error" => Status::Error,
        b"failure" => Status::Failure,
        b"timeout" => Status::Timeout,
        _ => return None,
    })
}

/// `INIT_START`, `INIT_REPORT`, `RESTORE_START`, `RESTORE_REPORT`.
fn init<'a, const ESC: bool>(text: &'a [u8], arena: &'a Arena) -> Option<Platform<'a>> {
    let end = text.iter().position(|c| *c == b' ')?;
    let restore = text.starts_with(b"RESTORE");
    let rest = &text[end + 1..];
    match &text[..end] {
        b"INIT_START" | b"RESTORE_START" => {
            let mut start = InitStart::default();
            if restore {
                start.kind = InitKind::SnapStart;
            }
            for field in fields::<ESC>(rest) {
                if let Some(value) = field.strip_prefix(b"Runtime Version: ") {
                    start.runtime_version = Some(json::text::<ESC>(value, arena));
                } else if let Some(value) = field.strip_prefix(b"Runtime Version ARN: ") {
                    start.runtime_arn = Some(json::text::<ESC>(value, arena));
                }
            }
            Some(Platform::InitStart(arena.alloc(start)))
        }
        b"INIT_REPORT" | b"RESTORE_REPORT" => {
            let mut report = InitReport {
                duration: None,
                phase: InitPhase::Init,
                status: None,
                error_type: None,
                restore,
            };
            for field in fields::<ESC>(rest) {
                let Some(colon) = memmem::find(field, b": ") else { continue };
                let value = &field[colon + 2..];
                match &field[..colon] {
                    b"Init Duration" | b"Restore Duration" => {
                        report.duration =
                            json::micros(value.split(|c| *c == b' ').next().unwrap_or_default());
                    }
                    b"Phase" if value == b"invoke" => report.phase = InitPhase::Invoke,
                    b"Status" => report.status = status(value),
                    b"Error Type" => report.error_type = Some(json::text::<ESC>(value, arena)),
                    _ => {}
                }
            }
            (report.duration.is_some() || report.status.is_some())
                .then(|| Platform::InitReport(arena.alloc(report)))
        }
        _ => None,
    }
}

/// `RequestId: ID Error: Runtime exited with error: signal: killed⏎Runtime.ExitError` and its kin.
fn fault<'a, const ESC: bool>(text: &'a [u8], arena: &'a Arena) -> Option<Platform<'a>> {
    let (id, rest) = token::<ESC>(text.strip_prefix(b"RequestId: ")?, arena)?;
    if !(rest.starts_with(b"Error: ") || rest.starts_with(b"Process exited before completing request")) {
        return None;
    }
    let error_type = fields::<ESC>(rest).skip(1).find(|f| {
        f.starts_with(b"Runtime.")
            || f.starts_with(b"Extension.")
            || f.starts_with(b"Function.")
            || f.starts_with(b"Sandbox.")
    });
    let killed = memmem::find(rest, b"signal: killed").is_some();
    let error_type = error_type.map(|name| json::text::<ESC>(name, arena));
    Some(Platform::Fault(arena.alloc(Fault { id: Some(id), error_type, killed })))
}

/// `TIME ID Task timed out after 3.00 seconds`, with blanks between.
fn timed_out<'a, const ESC: bool>(text: &'a [u8], arena: &'a Arena) -> Option<Platform<'a>> {
    let (_, rest) = token::<ESC>(text, arena)?;
    let (id, rest) = token::<ESC>(rest, arena)?;
    let rest = rest.strip_prefix(b"Task timed out after ")?;
    let end = near::byte(b' ', rest)?;
    let seconds: f64 = std::str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
    rest[end..]
        .starts_with(b" seconds")
        .then(|| Platform::TimedOut { id, after: Micros::from_ms((seconds.max(0.0) * 1_000.0) as u64) })
}

/// Whether a line is the platform's word on a timeout, whose own time stands before it.
pub fn is_timed_out(line: &[u8]) -> bool {
    memmem::find(&line[..line.len().min(160)], b" Task timed out after ").is_some()
}

/// The three lines that the platform writes for nearly every invocation, without anything rare, inside
/// a JSON string, which may end anywhere in `text`; and how many bytes that are, in which the string
/// does not end. [`super::message`] would say the same (a test holds it to that).
#[inline]
pub fn usual_platform<'a>(text: &'a [u8], arena: &'a Arena) -> Option<(Platform<'a>, usize)> {
    let text = short_cuts().then_some(text)?;
    let [quote, back, line_end] = near::STRING_END;
    let token = |text: &'a [u8]| {
        let end = near::at_hand([b' ', quote, back, line_end], text).filter(|end| *end > 0)?;
        Some(text.split_at(end))
    };
    let read = |rest: &[u8]| text.len() - rest.len();
    match text.first()? {
        b'S' => {
            let (id, rest) = token(text.strip_prefix(b"START RequestId: ")?)?;
            let (version, rest) = token(rest.strip_prefix(b" Version: ")?)?;
            let start = Start { id, version: Some(version), trace: None };
            (rest.first() != Some(&line_end)).then(|| (Platform::Start(arena.alloc(start)), read(rest)))
        }
        b'E' => {
            let (id, rest) = token(text.strip_prefix(b"END RequestId: ")?)?;
            rest.starts_with(b"\\n\"").then(|| (Platform::End { id }, read(rest)))
        }
        b'R' => {
            let (id, rest) = token(text.strip_prefix(b"REPORT RequestId: ")?)?;
            let ([duration, billed, size, most], rest) = usual_fields::<true>(rest)?;
            rest.starts_with(b"\\n\"").then_some(())?;
            let duration = Some(json::micros(duration)?);
            let (billed_ms, memory_mb, max_memory_mb) = (small(billed), small(size), small(most));
            let report = Report { id, duration, billed_ms, memory_mb, max_memory_mb, ..Report::default() };
            Some((Platform::Report(arena.alloc(report)), read(rest)))
        }
        _ => None,
    }
}
