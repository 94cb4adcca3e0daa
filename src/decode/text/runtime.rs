//! The heads of what runtimes print (`formats.md` 4), their words on errors, and what goes on on further lines.

use memchr::memmem;

use super::{find_tab, platform};
use crate::decode::{Arena, json, near, rust, short_cuts, thrown};
use crate::model::{Continuation, ErrorCounts, Level, LogLine, RuntimeError, Timestamp, TraceHeader};

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
/// many bytes that are, in which the string does not end. [`super::message`] would say the same (a test
/// holds it to that).
#[inline(always)]
pub fn usual_head(text: &[u8]) -> Option<(LogLine<'_>, usize)> {
    let text = short_cuts().then_some(text)?;
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
        Some(b' ' | b'D' | b'E' | b'T') => rust::line::<ESC>(text, arena).unwrap_or_else(plain),
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
        let object = thrown::object(body, arena);
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
        message: thrown::after_type::<ESC>(follows, arena),
        frame: thrown::frame(follows),
        counts,
    }))
}

/// A line that starts no record of its own: what it adds to the one before it.
pub fn continuation<'a>(text: &'a [u8], arena: &'a Arena) -> Continuation<'a> {
    if text.starts_with(b"Traceback (most recent call last):") {
        return Continuation::Traceback;
    }
    if let Some(frame) = thrown::python(text.trim_ascii_start()) {
        return Continuation::Frame(arena.alloc(frame));
    }
    if let Some(rest) = text.strip_prefix(b"XRAY TraceId: ") {
        let mut trace = TraceHeader {
            root: rest.split(u8::is_ascii_whitespace).next().unwrap_or_default(),
            ..TraceHeader::default()
        };
        for field in platform::by_labels(rest) {
            if let Some((label, value)) = platform::labelled(field) {
                platform::xray_field::<false>(label, value, Some(&mut trace), arena);
            }
        }
        return Continuation::Xray(arena.alloc(trace));
    }
    Continuation::Text
}
