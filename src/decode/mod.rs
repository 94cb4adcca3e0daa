//! What bytes mean: chunks of frames to records.
//!
//! Pure, and without memory from one line to the next, so that chunks can be decoded on any thread
//! in any order; a line that continues the record before it says so, and the correlator, which
//! sees records in order, joins them. What a line is is seen from its content, line by line, never
//! asked of the user. A decoder says: mine, not mine, or mine but broken, and where.

mod app;
mod json;
mod metric;
mod segment;
mod shown;
mod tail;
mod text;
mod wrapped;

use std::borrow::Cow;

use memchr::{memchr_iter, memmem};

pub use shown::message as shown;

use crate::model::{Bad, Body, Chunk, Envelope, Origin, Record, Text, Timestamp};
use json::Stop;

/// Decodes the frames of a chunk, in order.
pub fn chunk<'a>(chunk: &'a Chunk, out: &mut Vec<Record<'a>>) {
    let bytes = &chunk.bytes[..];
    let mut from = 0;
    let mut push = |from: usize, to: usize| {
        let line = &bytes[from..to];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let origin = Origin {
            source: chunk.source,
            offset: chunk.offset + from as u64,
            len: u32::try_from(to - from).unwrap_or(u32::MAX),
        };
        if chunk.cut > 0 && to == bytes.len() {
            let length = line.len() as u64 + chunk.cut;
            out.push(bad(
                line,
                origin,
                chunk.arrived,
                format!("line of {length} bytes, only its head was read"),
            ));
        } else if !line.trim_ascii().is_empty() {
            out.push(record(line, origin, chunk.arrived));
        }
    };
    for end in memchr_iter(b'\n', bytes) {
        push(from, end);
        from = end + 1;
    }
    if from < bytes.len() {
        push(from, bytes.len());
    }
}

/// Decodes one line.
pub fn record(line: &[u8], origin: Origin, arrived: Option<Timestamp>) -> Record<'_> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    match line.first() {
        Some(b'{') => object(line, origin, arrived),
        Some(b'0'..=b'9') => {
            tail::read(line, origin, arrived).unwrap_or_else(|| continuation(line, origin, arrived))
        }
        _ => continuation(line, origin, arrived),
    }
}

fn continuation(line: &[u8], origin: Origin, arrived: Option<Timestamp>) -> Record<'_> {
    let envelope = Envelope { function: None, stream: None, time: None, arrived, origin };
    Record { envelope, body: Body::Continuation(Box::new(text::continuation(line))) }
}

fn object(line: &[u8], origin: Origin, arrived: Option<Timestamp>) -> Record<'_> {
    if line.starts_with(b"{\"logGroup\"") || memmem::find(line, b"logGroup").is_some() {
        match wrapped::read(line) {
            Ok(Some(wrapped)) => return unwrap(&wrapped, origin, arrived),
            Ok(None) => {}
            Err(stop) => return bad(line, origin, arrived, broken(line, stop)),
        }
    }
    bare(line, origin, arrived)
}

/// A wrapped line: the message is decoded as it lies, still escaped, and only if that does not do
/// unescaped first.
fn unwrap<'a>(wrapped: &wrapped::Wrapped<'a>, origin: Origin, arrived: Option<Timestamp>) -> Record<'a> {
    let stream = json::text::<false>(wrapped.stream);
    let function = function_of(json::text::<false>(wrapped.group), &stream);
    let (body, own_time) = message(wrapped.message, wrapped.plain);
    let time = wrapped.timestamp.map(Timestamp).or_else(|| Timestamp::parse(&own_time?));
    let arrived = wrapped.arrived.map(Timestamp).or(arrived);
    let stream = (!stream.is_empty()).then_some(stream);
    Record { envelope: Envelope { function: Some(function), stream, time, arrived, origin }, body }
}

/// What a message in a JSON string is, and the time it says itself.
fn message(raw: &[u8], plain: bool) -> (Body<'_>, Option<Text<'_>>) {
    if raw.first() == Some(&b'{') {
        match app::message::<true>(raw) {
            Ok(message) => return (message.body, message.time.map(Cow::Borrowed)),
            Err(Stop::Broken(_) | Stop::Unusual) => return unescaped(raw),
        }
    }
    if !plain && has_odd_escape(raw) {
        return unescaped(raw);
    }
    (text::message::<true>(raw), None)
}

/// Whether the head of a text uses escapes other than `\t`, `\n`, `\"`: other writers' may stand
/// for any character.
fn has_odd_escape(raw: &[u8]) -> bool {
    let head = &raw[..raw.len().min(512)];
    memchr::memchr_iter(b'\\', head).any(|at| !matches!(raw.get(at + 1), Some(b't' | b'n' | b'"')))
}

/// The same by way of a copy: for messages that are not written the usual way.
fn unescaped<'a>(raw: &[u8]) -> (Body<'a>, Option<Text<'a>>) {
    let plain = json::unescape(raw);
    let trimmed = plain.trim_ascii_start();
    if trimmed.first() == Some(&b'{')
        && let Ok(message) = app::message::<false>(trimmed)
    {
        return (message.body.into_owned(), message.time.map(|time| Cow::Owned(time.to_vec())));
    }
    if plain.starts_with(b"LAMBDA_WARNING: ")
        && let Some(at) = memchr::memrchr(b'\r', &plain)
        && let Ok(message) = app::message::<false>(plain[at + 1..].trim_ascii())
    {
        return (message.body.into_owned(), message.time.map(|time| Cow::Owned(time.to_vec())));
    }
    (text::message::<false>(&plain).into_owned(), None)
}

/// An object that is a line by itself: platform and application records without a container,
/// segments, metrics.
fn bare(line: &[u8], origin: Origin, arrived: Option<Timestamp>) -> Record<'_> {
    let message = match app::message::<false>(line) {
        Ok(message) => message,
        Err(stop) => return bad(line, origin, arrived, broken(line, stop)),
    };
    let plain =
        || std::str::from_utf8(line).map_err(|e| format!("invalid UTF-8 at byte {}", e.valid_up_to()));
    let body = if message.segment {
        match plain().and_then(segment::read) {
            Ok(mut document) => {
                document.known = arrived.unwrap_or(document.known);
                Body::Segment(Box::new(document))
            }
            Err(reason) => return bad(line, origin, arrived, reason),
        }
    } else if message.metric {
        match plain().and_then(metric::read) {
            Ok(metric) => Body::Metric(Box::new(metric)),
            Err(reason) => return bad(line, origin, arrived, reason),
        }
    } else {
        message.body
    };
    let envelope = Envelope {
        function: message.function,
        stream: None,
        time: message.time.and_then(Timestamp::parse),
        arrived,
        origin,
    };
    Record { envelope, body }
}

/// The function a log group and stream belong to (`formats.md` 0, "Where the names come from"):
/// `/aws/lambda/NAME`, else a custom group's stream `YYYY/MM/DD/NAME[VERSION]HEX`, else the group.
fn function_of<'a>(group: Text<'a>, stream: &[u8]) -> Text<'a> {
    const LAMBDA: &[u8] = b"/aws/lambda/";
    if !group.starts_with(LAMBDA) {
        return stream_function(stream).map_or(group, |name| Cow::Owned(name.to_vec()));
    }
    match group {
        Cow::Borrowed(group) => Cow::Borrowed(&group[LAMBDA.len()..]),
        Cow::Owned(group) => Cow::Owned(group[LAMBDA.len()..].to_vec()),
    }
}

/// NAME of a stream `YYYY/MM/DD/NAME[VERSION]HEX`; `None` for the usual `YYYY/MM/DD/[VERSION]HEX`.
fn stream_function(stream: &[u8]) -> Option<&[u8]> {
    let name = stream.splitn(4, |c| *c == b'/').nth(3)?;
    let name = &name[..memchr::memchr(b'[', name)?];
    (!name.is_empty()).then_some(name)
}

fn broken(line: &[u8], stop: Stop) -> String {
    let at = match stop {
        Stop::Broken(at) => at,
        Stop::Unusual => 0,
    };
    if at >= line.len() {
        "JSON ends in the middle".to_string()
    } else {
        format!("not JSON from byte {at} on")
    }
}

fn bad<'a>(line: &[u8], origin: Origin, arrived: Option<Timestamp>, reason: String) -> Record<'a> {
    let excerpt = String::from_utf8_lossy(&line[..line.len().min(800)]).chars().take(200).collect();
    let envelope = Envelope { function: None, stream: None, time: None, arrived, origin };
    Record { envelope, body: Body::Bad(Box::new(Bad { reason, excerpt })) }
}

#[cfg(test)]
mod tests;
