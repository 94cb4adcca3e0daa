//! Text containers: what the tools print before each message (`formats.md` 2.1 to 2.4, 2.7), and
//! plain text, which has nothing before it. Further lines of a message carry no prefix.

use memchr::memchr;

use super::app::{self, Whose};
use super::{Arena, Frame, function_of, name, row, text};
use crate::frame;
use crate::model::{Body, Continuation, Envelope, Level, LogLine, Record, Text, Timestamp};

/// A message and what its container says of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Said<'a> {
    /// The log group.
    pub group: Text<'a>,
    /// The log stream.
    pub stream: Text<'a>,
    /// The event's time.
    pub time: Option<Timestamp>,
    /// The message.
    pub message: Text<'a>,
    /// The event's id; empty where none is said.
    pub id: Text<'a>,
}

/// Reads a frame of text: an event out of its container with the metrics in it, or text by itself.
pub fn read<'a>(frame: &Frame<'a>, arena: &'a Arena, out: &mut Vec<Record<'a>>) {
    let line = plain(frame.text, arena);
    let Some(said) = said(line) else { return out.push(bare(frame, line, arena)) };
    let head = memchr(b'\n', line).map_or(line, |end| &line[..end]);
    if frame::is_time(head.trim_ascii_end()) {
        let envelope = Envelope { origin: frame.part(head), ..frame.envelope() };
        out.push(Record { envelope, body: Body::Continuation(Continuation::Head) });
        // Its message begins with a time of its own, and is a record by itself.
        if said.message.is_empty() {
            return;
        }
    }
    let at = out.len();
    let (record, message) = event(frame, line, said, arena);
    out.push(record);
    if message.first() == Some(&b'{') && matches!(record.body, Body::Log(_)) {
        super::embedded_in(message, arena, out);
    }
    name(said.id, at, arena, out);
}

/// An event, and its message.
fn event<'a>(
    frame: &Frame<'a>,
    line: &'a [u8],
    mut said: Said<'a>,
    arena: &'a Arena,
) -> (Record<'a>, &'a [u8]) {
    // A runtime's own time, with blanks where it has tabs.
    if said.stream.is_empty()
        && said.group.is_empty()
        && let Some((time, line @ LogLine { id: Some(_), .. })) = text::runtimes_line(line, arena)
    {
        let envelope = Envelope { time, ..frame.envelope() };
        return (Record { envelope, body: Body::Log(line) }, said.message);
    }
    if frame::is_row(line)
        && let Some(message) = row::unquote(said.message)
    {
        said.message = arena.text(&message);
    }
    let body = match (own(said.message, arena), said.message.first()) {
        (Some(body), _) => body,
        (None, None) => Body::Log(LogLine { level: Level::Unknown, id: None, error: None }),
        (None, Some(_)) => text::message::<false>(said.message, arena),
    };
    let stream = (!said.stream.is_empty()).then_some(said.stream);
    let function = function_of(said.group, said.stream);
    let envelope = Envelope { function, stream, time: said.time, ..frame.envelope() };
    (Record { envelope, body }, said.message)
}

/// A JSON message.
fn own<'a>(message: &'a [u8], arena: &'a Arena) -> Option<Body<'a>> {
    (message.first() == Some(&b'{'))
        .then(|| app::message::<false>(message, Whose::Unknown, arena).ok())
        .flatten()
        .map(|m| m.body)
}

/// A line without the colours of a terminal.
pub fn plain<'a>(line: &'a [u8], arena: &'a Arena) -> &'a [u8] {
    if line.first() != Some(&0x1b) {
        return line;
    }
    match frame::without_colours(line) {
        std::borrow::Cow::Borrowed(line) => line,
        std::borrow::Cow::Owned(line) => arena.text(&line),
    }
}

/// The event in a frame of a text container; `None` if it is in none.
pub fn said(line: &[u8]) -> Option<Said<'_>> {
    match line.first()? {
        b'0'..=b'9' | b'"' if frame::is_row(line) => row::read(line),
        b'0'..=b'9' | b'/' => prefixed(line),
        b'E' => events(line),
        b'X' => masked(line),
        _ => grouped(line),
    }
}

/// Splits at the first blank.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr(b' ', text) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, b""),
    }
}

/// `YYYY/MM/DD/[VERSION]HEX` or `YYYY/MM/DD/NAME[VERSION]HEX`.
pub fn is_stream(word: &[u8]) -> bool {
    word.len() > 11
        && word[4] == b'/'
        && word[7] == b'/'
        && word[10] == b'/'
        && word[..4].iter().all(u8::is_ascii_digit)
        && word.contains(&b'[')
}

/// `TIME STREAM MESSAGE`, `STREAM TIME MESSAGE`, `GROUP STREAM TIME MESSAGE` and what is left of it
/// without some of its columns, `TIME MESSAGE`. `awslogs` may print two times: the first is the
/// event's. A line that is only a time, or a time and a stream, has its message on the next.
fn prefixed(line: &[u8]) -> Option<Said<'_>> {
    let mut said = Said::default();
    let mut rest = line;
    if line[0] == b'/' {
        (said.group, rest) = word(rest);
    }
    let mut columns = 0;
    loop {
        let end = rest.iter().take(600).position(|c| matches!(c, b' ' | b'\n' | b'\t')).unwrap_or(rest.len());
        let next = &rest[..end];
        if said.stream.is_empty() && is_stream(next) {
            said.stream = next;
        } else if columns < 3
            && rest.get(end) != Some(&b'\t')
            && frame::time(next) == Some(next.len())
            && !next.is_empty()
        {
            let time = Timestamp::parse(next)?;
            said.time.get_or_insert(time);
        } else {
            break;
        }
        columns += 1;
        rest = rest.get(end..).unwrap_or_default();
        rest = rest.strip_prefix(b" ").unwrap_or(rest);
        // The message is below.
        if let Some(below) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
            rest = below;
            break;
        }
    }
    said.message = rest.strip_prefix(b" ").filter(|_| said.stream.is_empty()).unwrap_or(rest);
    if said.time.is_some() && said.stream.is_empty() && said.group.is_empty() {
        // Lambda's own line begins with a time and a blank.
        if text::is_timed_out(line) {
            said.message = line;
        }
        return (columns == 1).then_some(said);
    }
    // A stream or a group alone is somebody's text.
    let enough = said.time.is_some() || !said.stream.is_empty() && !said.message.is_empty();
    (columns > 0 && enough).then_some(said)
}

/// A custom group in front of a stream.
fn grouped(line: &[u8]) -> Option<Said<'_>> {
    let (group, rest) = word(&line[..line.len().min(1_000)]);
    let (stream, _) = word(rest);
    if group.is_empty() || !is_stream(stream) {
        return None;
    }
    let said = prefixed(&line[group.len() + 1..])?;
    Some(Said { group, ..said })
}

/// `EVENTS⇥ID⇥INGESTED⇥STREAM⇥MESSAGE⇥TIME`, as the CLI prints members in the order of their names;
/// of `get-log-events` without id and stream.
fn events(line: &[u8]) -> Option<Said<'_>> {
    let rest = line.strip_prefix(b"EVENTS\t")?;
    let stamp = line.len().checked_sub(13)?;
    let time = stamped(&line[stamp..])?;
    let is_number = |text: &[u8]| text.len() == 13 && text.iter().all(u8::is_ascii_digit);
    let field = |text: &'_ [u8]| memchr(b'\t', text);
    let first = field(rest)?;
    let (id, stream, message) = if is_number(&rest[..first]) {
        (&b""[..], &b""[..], &rest[first + 1..])
    } else {
        let (id, rest) = (&rest[..first], &rest[first + 1..]);
        let ingested = field(rest)?;
        let rest = &rest[ingested + 1..];
        rest.split_at_checked(field(rest)?).map(|(stream, message)| (id, stream, &message[1..]))?
    };
    let message = message.get(..message.len().checked_sub(14)?)?;
    Some(Said { stream, time: Some(time), message: message.trim_ascii_end(), id, ..Said::default() })
}

/// A time in ms.
pub fn stamped(digits: &[u8]) -> Option<Timestamp> {
    super::digits::thirteen(digits.first_chunk::<13>()?).filter(|_| digits.len() == 13).map(Timestamp)
}

/// `XXXX-XX-XXTXX:XX:XX.XXX-XX:XX    MESSAGE`: somebody hid the times of good records.
fn masked(line: &[u8]) -> Option<Said<'_>> {
    let (time, rest) = word(line);
    let masked = time.len() >= 19 && time.iter().all(|c| b"X-T:.+Z".contains(c));
    masked.then(|| Said { message: rest.trim_ascii(), ..Said::default() })
}

/// Text without a container. It is a record of its own where it begins as the platform's or a
/// runtime's do; else it belongs to the one before it.
fn bare<'a>(frame: &Frame<'a>, line: &'a [u8], arena: &'a Arena) -> Record<'a> {
    let envelope = frame.envelope();
    let said = unquoted(line);
    if let Body::Platform(platform) = text::message::<false>(said, arena) {
        return Record { envelope, body: Body::Platform(platform) };
    }
    if let Some((time, line)) = text::runtimes_line(said, arena) {
        return Record { envelope: Envelope { time, ..envelope }, body: Body::Log(line) };
    }
    let more =
        if said.trim_ascii() == b"Copy" { Continuation::Copy } else { text::continuation(said, arena) };
    if matches!(more, Continuation::Text)
        && let Some(reason) = no_text(line)
    {
        return frame.bad(reason, arena);
    }
    Record { envelope, body: Body::Continuation(more) }
}

/// Of a line that is no text (a program, a picture, what is packed): what is wrong with it. A few bytes of
/// another encoding are let be: people's names are in logs.
fn no_text(line: &[u8]) -> Option<String> {
    const LOOKED_AT: usize = 1 << 16;
    let line = &line[..line.len().min(LOOKED_AT)];
    if memchr(0, line).is_some() {
        return Some("not text: there is a byte 0 in it".to_string());
    }
    let odd = match std::str::from_utf8(line) {
        Ok(_) => return None,
        Err(_) => line.utf8_chunks().map(|part| part.invalid().len()).sum::<usize>(),
    };
    (odd * 10 > line.len() * 3).then(|| format!("not text: {odd} of {} bytes are no UTF-8", line.len()))
}

/// Text as it was before somebody indented or quoted it, or a tool put a time of day before it.
pub fn unquoted(line: &[u8]) -> &[u8] {
    let mut text = line;
    while let [b' ' | b'\t' | b'>' | b'|', rest @ ..] = text {
        text = rest;
    }
    let shape = b"00:00:00";
    let day = text.get(..8).is_some_and(|head| {
        head.iter().zip(shape).all(|(c, want)| if *want == b'0' { c.is_ascii_digit() } else { c == want })
    });
    if day {
        let after = text[8..].iter().position(|c| !matches!(c, b'0'..=b'9' | b'.' | b','));
        if let Some(at) = after
            && text[8 + at] == b' '
        {
            return text[8 + at..].trim_ascii_start();
        }
    }
    // In quotes as a string is printed.
    match text {
        [b'"', inside @ ..]
            if inside.starts_with(b"START Req")
                || inside.starts_with(b"END Req")
                || inside.starts_with(b"REPORT Req") =>
        {
            inside.strip_suffix(b"\"").unwrap_or(inside)
        }
        _ => text,
    }
}
