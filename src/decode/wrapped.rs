//! The wrapped capture: `{"logGroup":…,"logStream":…,"timestamp":ms,"message":"…"}`, one a line,
//! members in any order, others allowed (`formats.md` 2.10).

use super::json::{self, Cursor, Stop};

/// A wrapped line's members, strings still escaped.
#[derive(Debug)]
pub struct Wrapped<'a> {
    /// The log group.
    pub group: &'a [u8],
    /// The log stream.
    pub stream: &'a [u8],
    /// The event's time in ms.
    pub timestamp: Option<i64>,
    /// When it arrived, in ms, if it was recorded.
    pub arrived: Option<i64>,
    /// The message.
    pub message: &'a [u8],
}

/// Reads a wrapped line; `Ok(None)` if it is some other object.
pub fn read(line: &[u8]) -> Result<Option<Wrapped<'_>>, Stop> {
    let mut cursor = Cursor::<false>::new(line);
    let (mut group, mut stream, mut timestamp, mut arrived, mut message) = (None, None, None, None, None);
    cursor.object()?;
    let mut first = true;
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"logGroup" if cursor.at_string() => group = Some(cursor.string()?),
            b"logStream" | b"logStreamName" if cursor.at_string() => stream = Some(cursor.string()?),
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
    Ok(Some(Wrapped { group, stream: stream.unwrap_or_default(), timestamp, arrived, message }))
}

/// The string that comes next. Most writers put the message last, where its end needs no search:
/// one pass over it proves that the line's final `"}` is its end.
fn last_string<'a>(cursor: &mut Cursor<'a, false>) -> Result<&'a [u8], Stop> {
    let rest = cursor.rest();
    if let Some(inside) = rest.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"}"))
        && json::plain_escapes(inside)
    {
        cursor.jump(cursor.at() + inside.len() + 2);
        return Ok(inside);
    }
    cursor.string()
}

fn integer(digits: &[u8]) -> Option<i64> {
    let (sign, digits) = match digits.strip_prefix(b"-") {
        Some(rest) => (-1, rest),
        None => (1, digits),
    };
    json::whole(digits).and_then(|n| i64::try_from(n).ok()).map(|n| n * sign)
}
