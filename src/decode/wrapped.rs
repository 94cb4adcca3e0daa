//! The wrapped capture: `{"logGroup":…,"logStream":…,"timestamp":ms,"message":"…"}`, one a line,
//! members in any order, others allowed (`formats.md` 2.10).

use super::json::{self, Cursor, Stop};
use super::{Arena, digits, near};
use crate::model::Text;

/// A wrapped line's members.
#[derive(Debug, PartialEq)]
pub struct Wrapped<'a> {
    /// The log group.
    pub group: Text<'a>,
    /// The log stream.
    pub stream: Text<'a>,
    /// The event's time in ms.
    pub timestamp: Option<i64>,
    /// When it arrived, in ms, if it was recorded.
    pub arrived: Option<i64>,
    /// The event's id; empty where none is said.
    pub id: Text<'a>,
    /// The message, still escaped.
    pub message: &'a [u8],
    /// Whether the message is known to have no other escapes than `\"`, `\n`, `\t`; nobody asks it
    /// of JSON.
    pub plain: bool,
}

/// The members in the order and spacing of most writers. The general walk would say the same (a
/// test holds it to that); this only asks it fewer questions.
#[inline(always)]
pub fn usual(line: &[u8]) -> Option<Wrapped<'_>> {
    let line = super::short_cuts().then_some(line)?;
    let (group, rest) =
        until_quote(line.strip_prefix(br#"{"logGroup":""#)?, |text| near::either(b'"', b'\\', text))?;
    let (stream, rest) =
        until_quote(rest.strip_prefix(br#"","logStream":""#)?, |text| near::either_later(b'"', b'\\', text))?;
    let rest = rest.strip_prefix(br#"","timestamp":"#)?;
    let (time, rest) = rest.split_first_chunk()?;
    let timestamp = digits::thirteen(time)?;
    let message = rest.strip_prefix(br#","message":""#)?.strip_suffix(br#""}"#)?;
    let json = message.first() == Some(&b'{');
    let whole = if json { json::single_escapes(message) } else { json::plain_escapes(message) };
    whole.then_some(Wrapped {
        group,
        stream,
        timestamp: Some(timestamp),
        arrived: None,
        id: b"",
        message,
        plain: !json,
    })
}

/// Splits before the quote that ends a string without escapes.
#[inline(always)]
fn until_quote(text: &[u8], find: impl Fn(&[u8]) -> Option<usize>) -> Option<(&[u8], &[u8])> {
    let end = find(text)?;
    (text[end] == b'"').then(|| text.split_at(end))
}

/// Reads a wrapped line; `Ok(None)` if it is some other object.
pub fn walk<'a>(line: &'a [u8], arena: &'a Arena) -> Result<Option<Wrapped<'a>>, Stop> {
    let mut cursor = Cursor::<false>::new(line);
    let (mut group, mut stream, mut timestamp, mut arrived, mut message) = (None, None, None, None, None);
    let mut id: Text<'_> = b"";
    cursor.object()?;
    let mut first = true;
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"logGroup" if cursor.at_string() => group = cursor.text(arena)?,
            b"logStream" | b"logStreamName" if cursor.at_string() => stream = cursor.text(arena)?,
            b"timestamp" => timestamp = cursor.number()?.and_then(integer),
            b"arrived" => arrived = cursor.number()?.and_then(integer),
            b"eventId" | b"id" if cursor.at_string() => id = cursor.string()?,
            b"message" if cursor.at_string() => message = Some(last_string(&mut cursor)?),
            _ => cursor.skip()?,
        }
    }
    if cursor.peek() != 0 {
        return Err(Stop::Broken(cursor.at()));
    }
    let (Some(group), Some(message)) = (group, message) else { return Ok(None) };
    let stream = stream.unwrap_or_default();
    Ok(Some(Wrapped { group, stream, timestamp, arrived, id, message, plain: false }))
}

/// The string that comes next. Most writers put the message last, where its end needs no search:
/// one pass over it proves that the line's final `"}` is its end.
fn last_string<'a>(cursor: &mut Cursor<'a, false>) -> Result<&'a [u8], Stop> {
    let rest = cursor.rest();
    if let Some(inside) = rest.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"}"))
        && json::single_escapes(inside)
    {
        cursor.advance(inside.len() + 2);
        return Ok(inside);
    }
    cursor.string()
}

/// A whole number of any sign.
pub fn integer(digits: &[u8]) -> Option<i64> {
    let (sign, digits) = match digits.strip_prefix(b"-") {
        Some(rest) => (-1, rest),
        None => (1, digits),
    };
    json::whole(digits).and_then(|n| i64::try_from(n).ok()).map(|n| n * sign)
}
