//! The result of a Logs Insights query, `get-query-results` (`formats.md` 2.8): rows of fields, every
//! value a string, the newest first. A row with a message is a log event; one without, of `stats` or of
//! chosen fields, is none.

use memchr::memmem;

use super::events::array;
use super::json::{Cursor, Stop};
use super::{Arena, Frame, identified, lined::is_stream, row, wrapped::Wrapped};
use crate::model::{Body, Record, Text};

/// Reads such a result; whether it is one.
pub fn read<'a>(frame: &Frame<'a>, arena: &'a Arena, out: &mut Vec<Record<'a>>) -> Result<bool, Stop> {
    let Some((rows, foreign)) = rows(frame.text)? else { return Ok(false) };
    // Where the records of each row begin: an event, and the metrics in it.
    let (first, mut starts, mut without) = (out.len(), Vec::new(), false);
    array(rows, |item| {
        let at = out.len();
        match event(frame, item, arena, out)? {
            true => starts.extend((out.len() > at).then_some(at)),
            false => without = true,
        }
        Ok(())
    })?;
    if foreign && out.len() == first {
        return Ok(false);
    }
    // The oldest goes first, as everywhere.
    let time = |at: Option<&usize>| out.get(*at?)?.envelope.time;
    if time(starts.first()).zip(time(starts.last())).is_some_and(|(first, last)| first > last) {
        let ends = starts.iter().skip(1).copied().chain([out.len()]);
        out[first..].reverse();
        let turned = first + out.len();
        for (start, end) in starts.iter().zip(ends) {
            out[turned - end..turned - start].reverse();
        }
    }
    if without || out.len() == first {
        out.push(Record {
            envelope: frame.envelope(),
            body: Body::Other("Logs Insights rows without @message"),
        });
    }
    Ok(true)
}

/// Where the rows begin, if it is a result; and whether something stands in it that stands in none.
fn rows(text: &[u8]) -> Result<Option<(Cursor<'_, false>, bool)>, Stop> {
    let mut cursor = Cursor::<false>::new(text);
    let (mut rows, mut status, mut foreign, mut first) = (None, false, false, true);
    cursor.object()?;
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"results" if cursor.peek() == b'[' => rows = Some(cursor),
            b"status" | b"statistics" => status = true,
            b"queryLanguage" | b"encryptionKey" | b"nextToken" => {}
            _ => foreign = true,
        }
        cursor.skip()?;
    }
    Ok(rows.filter(|_| status).map(|rows| (rows, foreign)))
}

/// The event in a row; whether there is one.
fn event<'a>(
    frame: &Frame<'a>,
    item: &'a [u8],
    arena: &'a Arena,
    out: &mut Vec<Record<'a>>,
) -> Result<bool, Stop> {
    let (mut group, mut stream, mut time, mut message) =
        (&b""[..] as Text<'a>, &b""[..] as Text<'a>, None, None);
    array(Cursor::new(item), |field| {
        let mut cursor = Cursor::<false>::new(field);
        let (mut name, mut value, mut first) = (&b""[..], &b""[..], true);
        cursor.object()?;
        while let Some(key) = cursor.key(&mut first)? {
            match key {
                b"field" if cursor.at_string() => name = cursor.string()?,
                b"value" if cursor.at_string() => value = cursor.string()?,
                _ => cursor.skip()?,
            }
        }
        match name {
            b"@timestamp" => time = row::insights(value),
            b"@message" => message = Some(value),
            b"@logStream" if is_stream(value) => stream = value,
            b"@log" => group = row::group(value).unwrap_or(group),
            _ => {}
        }
        Ok(())
    })?;
    let Some(message) = message else { return Ok(false) };
    let timestamp = time.map(|time| time.0);
    let wrapped = Wrapped { group, stream, timestamp, arrived: None, id: b"", message };
    identified(&wrapped, frame.part(item), frame.arrived, arena, out);
    Ok(true)
}

/// Each row as a result of its own.
pub fn parts(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (rows, _) = rows(text).ok()??;
    memmem::find(text, b"\"@message\"")?;
    let mut parts = Vec::new();
    array(rows, |item| {
        parts.push([b"{\"results\":[", item, b"],\"status\":\"Complete\"}"].concat());
        Ok(())
    })
    .ok()?;
    Some(parts)
}
