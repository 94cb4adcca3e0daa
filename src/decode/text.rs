//! Text messages: platform lines (`formats.md` 3) and the heads of what runtimes print (4).
//!
//! `ESC` says that the text is the inside of a JSON string as it lies in a capture: a tab is then
//! the two characters `\t`. A platform line is recognised at the beginning of a message and by its
//! full shape only, since applications quote such lines.

use memchr::memmem;

use super::{Arena, json, near};
use crate::model::{
    Body, Continuation, ErrorCounts, Fault, InitPhase, InitReport, InitStart, Level, LogLine, Platform,
    Report, RuntimeError, Start, Status, Text, Timestamp, TraceHeader,
};

/// What a text message is. Of one that is none of the platform's the level is read, the request id
/// where it stands at the front, and whether it is a runtime's word on an unhandled error.
pub fn message<'a, const ESC: bool>(text: &'a [u8], arena: &'a Arena) -> Body<'a> {
    platform::<ESC>(text, arena).map_or_else(|| Body::Log(line::<ESC>(text, arena)), Body::Platform)
}

fn platform<'a, const ESC: bool>(text: &'a [u8], arena: &'a Arena) -> Option<Platform<'a>> {
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

/// The first tab, as it is written here.
fn find_tab<const ESC: bool>(text: &[u8]) -> Option<usize> {
    if !ESC {
        return near::byte(b'\t', text);
    }
    let mut from = 0;
    loop {
        let at = from + near::byte(b'\\', &text[from..])?;
        match text.get(at + 1)? {
            b't' => return Some(at),
            _ => from = (at + 2).min(text.len()),
        }
    }
}

/// A field `Label: value` at its colon.
fn labelled(field: &[u8]) -> Option<(&[u8], &[u8])> {
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
fn by_labels(text: &[u8]) -> Vec<&[u8]> {
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
    let mut rest = super::short_cuts().then_some(text)?.strip_prefix(first)?;
    let mut numbers: [&[u8]; 4] = [b""; 4];
    for (label, number) in labels.iter().zip(&mut numbers) {
        let end = rest.iter().position(|c| !matches!(c, b'0'..=b'9' | b'.'))?;
        (*number, rest) = rest.split_at(end);
        rest = rest.strip_prefix(*label)?;
    }
    Some((numbers, rest))
}

fn xray_field<'a, const ESC: bool>(
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
                start.kind = crate::model::InitKind::SnapStart;
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
    rest[end..].starts_with(b" seconds").then(|| Platform::TimedOut {
        id,
        after: crate::model::Micros::from_ms((seconds.max(0.0) * 1_000.0) as u64),
    })
}

/// Whether a line is the platform's word on a timeout, whose own time stands before it.
pub fn is_timed_out(line: &[u8]) -> bool {
    memmem::find(&line[..line.len().min(160)], b" Task timed out after ").is_some()
}

/// A line as a runtime writes it, by its own time, and that: `TIME⇥ID⇥LEVEL⇥…`, `[LEVEL]⇥TIME⇥ID⇥…`,
/// `I, [TIME #8]  INFO ID -- : …`, `TIME ID LEVEL …`, where somebody may have made blanks of the tabs.
/// `[ERROR] Type: …` has no time.
pub fn runtimes_line<'a>(text: &'a [u8], arena: &'a Arena) -> Option<(Option<Timestamp>, LogLine<'a>)> {
    let head = &text[..text.len().min(200)];
    let mut words = head.split(|c| matches!(c, b' ' | b'\t')).filter(|word| !word.is_empty());
    match text.first()? {
        b'[' => {
            let close = memchr::memchr(b']', &head[..head.len().min(16)])?;
            let known = level(&head[1..close]);
            if known == Level::Unknown {
                return None;
            }
            let rest = head[close + 1..].split(|c| matches!(c, b' ' | b'\t'));
            let mut rest = rest.filter(|word| !word.is_empty());
            if let Some(time) = rest.next().and_then(Timestamp::parse) {
                let mut line = line::<false>(text, arena);
                line.id = line.id.or_else(|| rest.next().filter(|id| is_id(id)));
                return Some((Some(time), line));
            }
            let line = line::<false>(text, arena);
            line.error.is_some().then_some((None, line))
        }
        b'0'..=b'9' => {
            let first = words.next()?;
            let joined = head.get(..19).filter(|_| first.len() == 10);
            let time = match joined {
                Some(dated) => {
                    words.next();
                    Timestamp::parse(dated)?
                }
                None => Timestamp::parse(first)?,
            };
            let line = line::<false>(text, arena);
            if line.level != Level::Unknown || line.id.is_some() {
                return Some((Some(time), line));
            }
            let id = words.next().filter(|id| is_id(id) || *id == b"undefined");
            let level = words.next().map_or(Level::Unknown, level);
            let id = id.filter(|id| *id != b"undefined" && level != Level::Unknown);
            (id.is_some() || level != Level::Unknown)
                .then_some((Some(time), LogLine { level, id, error: None }))
        }
        b'D' | b'I' | b'W' | b'E' | b'F' | b'A' if text.get(1..4) == Some(b", [") => {
            let (_, time) = (words.next()?, words.next()?);
            let time = Timestamp::parse(&time[1..])?;
            let (_, known, id) = (words.next()?, words.next()?, words.next()?);
            let id = Some(id).filter(|id| is_id(id));
            Some((Some(time), LogLine { level: level(known), id, error: None }))
        }
        _ => None,
    }
}

/// Whether a word may be a request id.
fn is_id(word: &[u8]) -> bool {
    word.len() == 36 && word[8] == b'-' && word[13] == b'-' && word[18] == b'-' && word[23] == b'-'
}

/// A level by its word, in any case, with the short forms of .NET.
pub fn level(word: &[u8]) -> Level {
    match word {
        b"INFO" => Level::Info,
        b"DEBUG" => Level::Debug,
        b"WARN" | b"WARNING" => Level::Warn,
        b"ERROR" => Level::Error,
        _ => level_in_any_case(word),
    }
}

fn level_in_any_case(word: &[u8]) -> Level {
    let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    match word.first().map(u8::to_ascii_uppercase) {
        Some(b'I') if is("INFO") || is("INFORMATION") => Level::Info,
        Some(b'D') if is("DEBUG") || is("DBUG") => Level::Debug,
        Some(b'W') if is("WARN") || is("WARNING") => Level::Warn,
        Some(b'E') if is("ERROR") => Level::Error,
        Some(b'F') if is("FATAL") || is("FAIL") => Level::Fatal,
        Some(b'C') if is("CRITICAL") || is("CRIT") => Level::Fatal,
        Some(b'T') if is("TRACE") || is("TRCE") => Level::Trace,
        _ => Level::Unknown,
    }
}

/// The level and id of a line that begins as runtimes print it, inside a JSON string, which may end
/// anywhere in `text`: `TIME⇥ID⇥LEVEL⇥…` (Node.js, .NET), `[LEVEL]⇥TIME⇥ID⇥…` (Python); and how
/// many bytes that are, in which the string does not end. [`message`] would say the same (a test
/// holds it to that).
#[inline(always)]
pub fn usual_head(text: &[u8]) -> Option<(LogLine<'_>, usize)> {
    let text = super::short_cuts().then_some(text)?;
    let [quote, back, line_end] = near::STRING_END;
    if *text.first()? == b'[' {
        let close = near::first_in([b']', quote, back, line_end], text.first_chunk()?)?;
        let level = level(&text[1..close]);
        let (_, rest) = before_tab(text[close..].strip_prefix(b"]\\t")?)?;
        let (id, rest) = before_tab(rest)?;
        let line = LogLine { level, id: (!id.is_empty()).then_some(id), error: None };
        return Some((line, text.len() - rest.len()));
    }
    // With a blank in its first field it may be the platform's.
    let end = near::at_hand([b' ', quote, back, line_end], text).filter(|_| text[0].is_ascii_digit())?;
    let (id, rest) = before_tab(text[end..].strip_prefix(b"\\t")?)?;
    let (word, rest) = before_tab(rest)?;
    let level = level(word);
    // An error may be the runtime's word on one that was not caught.
    (level < Level::Error).then(|| {
        let id = (level != Level::Unknown && id != b"undefined").then_some(id);
        (LogLine { level, id, error: None }, text.len() - rest.len())
    })
}

/// The three lines that the platform writes for nearly every invocation, without anything rare, inside
/// a JSON string, which may end anywhere in `text`; and how many bytes that are, in which the string
/// does not end. [`message`] would say the same (a test holds it to that).
#[inline]
pub fn usual_platform<'a>(text: &'a [u8], arena: &'a Arena) -> Option<(Platform<'a>, usize)> {
    let text = super::short_cuts().then_some(text)?;
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

/// What stands before a tab, and after it, where that is near and nothing before it ends the string.
#[inline(always)]
fn before_tab(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (field, rest) = text.split_at(near::at_hand(near::STRING_END, text)?);
    Some((field, rest.strip_prefix(b"\\t")?))
}

/// The head of a line of the function: `TIME⇥ID⇥LEVEL⇥…` (Node.js, .NET), `[LEVEL]⇥TIME⇥ID⇥…`
/// (Python), `[ERROR] Type: …⏎Traceback…` (Python's unhandled error).
pub fn line<'a, const ESC: bool>(text: &'a [u8], arena: &'a Arena) -> LogLine<'a> {
    let tab: &[u8] = if ESC { b"\\t" } else { b"\t" };
    let cut = |text: &[u8]| find_tab::<ESC>(&text[..text.len().min(120)]);
    match text.first() {
        Some(b'[') => {
            let Some(close) = near::byte(b']', &text[..text.len().min(16)]) else { return plain() };
            let level = level(&text[1..close]);
            let rest = &text[close + 1..];
            if level >= Level::Error
                && let Some(said) = rest.strip_prefix(b" ")
            {
                return LogLine { level, id: None, error: python_error::<ESC>(said, arena) };
            }
            let id = rest.strip_prefix(tab).and_then(|rest| {
                let rest = &rest[cut(rest)? + tab.len()..];
                let id = &rest[..cut(rest)?];
                (!id.is_empty()).then(|| json::text::<ESC>(id, arena))
            });
            LogLine { level, id, error: None }
        }
        Some(b'0'..=b'9') => {
            let Some(first) = cut(text) else { return plain() };
            let rest = &text[first + tab.len()..];
            let Some(second) = cut(rest) else { return plain() };
            let (id, rest) = (&rest[..second], &rest[second + tab.len()..]);
            let Some(third) = cut(rest) else { return plain() };
            let level = level(&rest[..third]);
            let said = &rest[third + tab.len()..];
            let error = (level >= Level::Error).then(|| node_error::<ESC>(said, arena)).flatten();
            let id = (id != b"undefined" && level != Level::Unknown).then(|| json::text::<ESC>(id, arena));
            LogLine { level, id, error }
        }
        Some(b' ' | b'D' | b'E' | b'T') => super::rust::line::<ESC>(text, arena).unwrap_or_else(plain),
        _ => plain(),
    }
}

fn plain<'a>() -> LogLine<'a> {
    LogLine { level: Level::Unknown, id: None, error: None }
}

/// `Invoke Error ⇥{"errorType":…}`, `Uncaught Exception ⇥{…}`: the blank before the tab is real.
fn node_error<'a, const ESC: bool>(said: &'a [u8], arena: &'a Arena) -> Option<&'a RuntimeError<'a>> {
    let tab: &[u8] = if ESC { b"\\t{" } else { b"\t{" };
    let rest = [&b"Invoke Error "[..], b"Uncaught Exception ", b"Unhandled Promise Rejection "]
        .iter()
        .find_map(|p| said.strip_prefix(*p))?;
    rest.starts_with(tab).then(|| {
        let body = &rest[tab.len() - 1..];
        let body = json::Cursor::<ESC>::new(body);
        let object = super::thrown::object(body, arena);
        let error_type = object.error_type.filter(|_| object.stack).unwrap_or(b"Error");
        let counts = ErrorCounts::Always;
        arena.alloc(RuntimeError { error_type, message: object.message, frame: object.frame, counts })
    })
}

/// `Type: message⏎Traceback (most recent call last):…`; the message may be empty, line breaks may
/// be `\r` (`formats.md` 3.3, 4).
fn python_error<'a, const ESC: bool>(said: &'a [u8], arena: &'a Arena) -> Option<&'a RuntimeError<'a>> {
    let end =
        said.iter().position(|c| !(c.is_ascii_alphanumeric() || b"._".contains(c))).unwrap_or(said.len());
    let name = &said[..end];
    let follows = &said[end..];
    let ends = follows.is_empty() || follows[0] == b':' || b"\n\r\\".contains(&follows[0]);
    if !name.first()?.is_ascii_alphabetic() || !ends {
        return None;
    }
    let traced =
        memmem::find(said, b"Traceback (most recent call last):").is_some() || name.starts_with(b"Runtime.");
    let counts = if traced { ErrorCounts::Always } else { ErrorCounts::IfTraceback };
    Some(arena.alloc(RuntimeError {
        error_type: json::text::<ESC>(name, arena),
        message: super::thrown::after_type::<ESC>(follows, arena),
        frame: super::thrown::frame(follows),
        counts,
    }))
}

/// A line that starts no record of its own: what it adds to the one before it.
pub fn continuation<'a>(text: &'a [u8], arena: &'a Arena) -> Continuation<'a> {
    if text.starts_with(b"Traceback (most recent call last):") {
        return Continuation::Traceback;
    }
    if let Some(frame) = super::thrown::python(text.trim_ascii_start()) {
        return Continuation::Frame(arena.alloc(frame));
    }
    if let Some(rest) = text.strip_prefix(b"XRAY TraceId: ") {
        let mut trace = TraceHeader {
            root: rest.split(u8::is_ascii_whitespace).next().unwrap_or_default(),
            ..TraceHeader::default()
        };
        for field in by_labels(rest) {
            if let Some((label, value)) = labelled(field) {
                xray_field::<false>(label, value, Some(&mut trace), arena);
            }
        }
        return Continuation::Xray(arena.alloc(trace));
    }
    Continuation::Text
}
