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
}

/// A wrapped line up to its message, with the members in the order and spacing of most writers.
pub struct Head<'a> {
    /// The log group.
    pub group: Text<'a>,
    /// The log stream.
    pub stream: Text<'a>,
    /// The event's time in ms.
    pub timestamp: i64,
    /// From the quote before the message on, to the end of the chunk.
    pub rest: &'a [u8],
}

/// The head of the line that `text` begins with. The general walk would say the same (a test holds
/// it to that); this only asks it fewer questions, and not yet where the line ends.
#[inline(always)]
pub fn head(text: &[u8]) -> Option<Head<'_>> {
    let line = super::short_cuts().then_some(text)?;
    let (group, rest) = until_quote(line.strip_prefix(br#"{"logGroup":""#)?)?;
    let (stream, rest) = until_quote(rest.strip_prefix(br#"","logStream":""#)?)?;
    let rest = rest.strip_prefix(br#"","timestamp":"#)?;
    let (time, rest) = rest.split_first_chunk()?;
    let timestamp = digits::thirteen(time)?;
    let rest = rest.strip_prefix(br#","message":"#)?;
    (rest.first() == Some(&b'"')).then_some(Head { group, stream, timestamp, rest })
}

impl Head<'_> {
    /// What follows the line, from its line end on, if the message ends where `closing` says and the
    /// line with it. Of the message so many bytes were read already and hold nothing odd, so that it
    /// is looked at from there on.
    #[inline(always)]
    pub fn behind(&self, read: usize, closing: impl Fn(&[u8]) -> Option<usize>) -> Option<(usize, &[u8])> {
        let end = read + closing(&self.rest[read..])?;
        let behind = self.rest[end..].strip_prefix(br#""}"#)?;
        let behind = behind.strip_prefix(b"\r").unwrap_or(behind);
        (behind.first() == Some(&b'\n')).then_some((end, behind))
    }
}

/// Splits before the quote that ends a string without escapes.
#[inline(always)]
fn until_quote(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = near::string_end(text)?;
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
    Ok(Some(Wrapped { group, stream, timestamp, arrived, id, message }))
}

/// The string that comes next. Most writers put the message last, where its end needs no search:
/// one pass over it proves that the line's final `"}` is its end.
fn last_string<'a>(cursor: &mut Cursor<'a, false>) -> Result<&'a [u8], Stop> {
    let rest = cursor.rest();
    if rest.first() == Some(&b'"')
        && let Some(end) = json::single_escapes(rest)
        && &rest[end..] == b"\"}"
    {
        cursor.advance(end + 1);
        return Ok(&rest[1..end]);
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
