//! The result of a Logs Insights query, `get-query-results` (`formats.md` 2.8): rows of fields, every
//! value a string, the newest first. A row with a message is a log event; one without, of `stats` or of
//! chosen fields, is none.

use memchr::memmem;

use super::events::array;
use super::json::{Cursor, Stop};
use super::{Arena, Frame, lined::is_stream, row, unwrap, wrapped::Wrapped};
use crate::model::{Body, Record, Text};

/// Reads such a result; whether it is one.
pub fn read<'a>(frame: &Frame<'a>, arena: &'a Arena, out: &mut Vec<Record<'a>>) -> Result<bool, Stop> {
    let Some((rows, foreign)) = rows(frame.text)? else { return Ok(false) };
    let (first, mut without) = (out.len(), false);
    array(rows, |item| {
        let event = event(frame, item, arena)?;
        without |= event.is_none();
        out.extend(event);
        Ok(())
    })?;
    if foreign && out.len() == first {
        return Ok(false);
    }
    // The oldest goes first, as everywhere.
    let times =
        |records: &[Record<'_>]| Some((records.first()?.envelope.time?, records.last()?.envelope.time?));
    if times(&out[first..]).is_some_and(|(first, last)| first > last) {
        out[first..].reverse();
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

/// The event in a row.
fn event<'a>(frame: &Frame<'a>, item: &'a [u8], arena: &'a Arena) -> Result<Option<Record<'a>>, Stop> {
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
    let Some(message) = message else { return Ok(None) };
    let timestamp = time.map(|time| time.0);
    let wrapped = Wrapped { group, stream, timestamp, arrived: None, id: b"", message };
    Ok(Some(unwrap(&wrapped, frame.part(item), frame.arrived, arena)))
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
