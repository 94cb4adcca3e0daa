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
    /// The message, still escaped.
    pub message: &'a [u8],
    /// Whether the message is known to have no other escapes than `\"`, `\n`, `\t`; nobody asks it
    /// of JSON.
    pub plain: bool,
}

/// The members in the order and spacing of most writers, and the length of the line, without its
/// end, that `text` begins with: one look at a message finds where it ends and that it ends with
/// its line. The general walk would say the same (a test holds it to that); this only asks it fewer
/// questions.
#[inline(always)]
pub fn usual(text: &[u8]) -> Option<(Wrapped<'_>, usize)> {
    let line = super::short_cuts().then_some(text)?;
    let (group, rest) = until_quote(line.strip_prefix(br#"{"logGroup":""#)?)?;
    let (stream, rest) = until_quote(rest.strip_prefix(br#"","logStream":""#)?)?;
    let rest = rest.strip_prefix(br#"","timestamp":"#)?;
    let (time, rest) = rest.split_first_chunk()?;
    let timestamp = digits::thirteen(time)?;
    let rest = rest.strip_prefix(br#","message":"#)?;
    let json = rest.get(1) == Some(&b'{');
    let end = if json { json::single_escapes(rest) } else { json::plain_escapes(rest) }?;
    let message = &rest[1..end];
    let behind = rest[end..].strip_prefix(br#""}"#)?;
    let line_end = behind.strip_prefix(b"\r").unwrap_or(behind);
    let length = text.len() - line_end.len();
    (line_end.first() == Some(&b'\n')).then_some((
        Wrapped { group, stream, timestamp: Some(timestamp), arrived: None, message, plain: !json },
        length,
    ))
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
    cursor.object()?;
    let mut first = true;
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"logGroup" if cursor.at_string() => group = cursor.text(arena)?,
            b"logStream" | b"logStreamName" if cursor.at_string() => stream = cursor.text(arena)?,
            b"timestamp" => timestamp = cursor.number()?.and_then(integer),
            b"arrived" => arrived = cursor.number()?.and_then(integer),
            b"message" if cursor.at_string() => message = Some(last_string(&mut cursor)?),
            _ => cursor.skip()?,
        }
    }
    if cursor.peek() != 0 {
        return Err(Stop::Broken(cursor.at()));
    }
    let (Some(group), Some(message)) = (group, message) else { return Ok(None) };
    Ok(Some(Wrapped { group, stream: stream.unwrap_or_default(), timestamp, arrived, message, plain: false }))
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
