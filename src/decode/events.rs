//! CloudWatch log events as AWS hands them out, many in a document: the answers of
//! `get-log-events` and `filter-log-events` (`formats.md` 2.5) and the payloads of subscription
//! filters (2.6).

use memchr::memmem;

use super::json::{Cursor, Stop};
use super::wrapped::{Wrapped, integer};
use super::{Arena, Frame, identified};
use crate::model::{Body, Continuation, Platform, Record, Text};

/// What stands around an array of events.
#[derive(Default)]
struct Head<'a> {
    group: Text<'a>,
    stream: Text<'a>,
    /// Where the array begins.
    events: Option<Cursor<'a, false>>,
    subscription: bool,
    control: bool,
    /// It is an event itself: nobody else's records say when they were ingested.
    item: bool,
    /// Live Tail gave only a part of what there was.
    sampled: bool,
    /// Something stands in it that stands in no answer.
    foreign: bool,
}

/// The message of an event by itself, as it stands in a document.
pub fn message_of(item: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor::<false>::new(item);
    let (mut message, mut timed, mut first) = (None, false, true);
    cursor.object().ok()?;
    while let Some(key) = cursor.key(&mut first).ok()? {
        match key {
            b"message" if cursor.at_string() => message = Some(cursor.string().ok()?),
            b"timestamp" => timed = cursor.digits().is_some() || cursor.skip().is_err(),
            b"level" => return None,
            _ => cursor.skip().ok()?,
        }
    }
    message.filter(|_| timed)
}

/// Reads a document that holds events; whether it is one.
pub fn read<'a>(frame: &Frame<'a>, arena: &'a Arena, out: &mut Vec<Record<'a>>) -> Result<bool, Stop> {
    let mut cursor = Cursor::<false>::new(frame.text);
    let (mut head, mut first) = (Head::default(), true);
    cursor.object()?;
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"messageType" if cursor.at_string() => {
                let kind = cursor.string()?;
                head.control = kind == b"CONTROL_MESSAGE";
                head.subscription = head.control || kind == b"DATA_MESSAGE";
            }
            b"logGroup" if cursor.at_string() => head.group = cursor.text(arena)?.unwrap_or_default(),
            b"logStream" if cursor.at_string() => head.stream = cursor.text(arena)?.unwrap_or_default(),
            b"events" | b"logEvents" | b"sessionResults" if cursor.peek() == b'[' => {
                head.subscription |= key == b"logEvents";
                head.events = Some(cursor);
                cursor.skip()?;
            }
            b"sessionUpdate" if cursor.peek() == b'{' => {
                // Live Tail's envelope: what is in it is at this level.
                cursor.object()?;
                first = true;
            }
            b"sessionMetadata" => {
                let begin = cursor.rest();
                cursor.skip()?;
                let said = &begin[..begin.len() - cursor.rest().len()];
                head.sampled = memmem::find(said, b"true").is_some();
            }
            b"ingestionTime" | b"eventId" => {
                head.item = true;
                cursor.skip()?;
            }
            _ => {
                let known =
                    [&b"nextForwardToken"[..], b"nextBackwardToken", b"nextToken", b"searchedLogStreams"];
                head.foreign |= !known.contains(&key);
                cursor.skip()?;
            }
        }
    }
    let Some(events) = head.events else {
        if head.item && event(frame, frame.text, &head, arena, out).is_err() {
            return Ok(false);
        }
        return Ok(head.item);
    };
    if head.sampled {
        let body = Body::Platform(Platform::Dropped { records: 1, bytes: 0 });
        out.push(Record { envelope: frame.envelope(), body });
    }
    if head.control {
        // A probe of whether the destination is there.
        let body = Body::Continuation(Continuation::Text);
        out.push(Record { envelope: frame.envelope(), body });
        return Ok(true);
    }
    let pushed = out.len();
    let all = array(events, |item| event(frame, item, &head, arena, out));
    // Other services' answers have events as well.
    if all.is_err() && !head.subscription {
        out.truncate(pushed);
        return Ok(false);
    }
    all?;
    if out.len() == pushed {
        // A span, or a line of an application, may have no events as well.
        if head.foreign && !head.subscription {
            return Ok(false);
        }
        out.push(Record { envelope: frame.envelope(), body: Body::Other("log events") });
    }
    Ok(true)
}

/// A document that holds events as documents of one event each.
pub fn parts(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut cursor = Cursor::<false>::new(text);
    let (mut group, mut stream, mut events, mut kind) = (&b""[..], &b""[..], None, None);
    let mut first = true;
    cursor.object().ok()?;
    while let Some(key) = cursor.key(&mut first).ok()? {
        match key {
            b"messageType" if cursor.at_string() => kind = Some(cursor.string().ok()?),
            b"logGroup" if cursor.at_string() => group = cursor.string().ok()?,
            b"logStream" if cursor.at_string() => stream = cursor.string().ok()?,
            b"events" | b"logEvents" if cursor.peek() == b'[' => {
                events = Some(cursor);
                cursor.skip().ok()?;
            }
            _ => cursor.skip().ok()?,
        }
    }
    let mut parts = Vec::new();
    array(events?, |item| {
        message_of(item).ok_or(Stop::Broken(0))?;
        parts.push(match kind {
            None => item.to_vec(),
            Some(kind) => [
                b"{\"messageType\":\"",
                kind,
                b"\",\"logGroup\":\"",
                group,
                b"\",\"logStream\":\"",
                stream,
                b"\",\"logEvents\":[",
                item,
                b"]}",
            ]
            .concat(),
        });
        Ok(())
    })
    .ok()?;
    Some(parts)
}

/// Passes over an array, each of whose values is given as it lies.
pub fn array<'a>(
    mut cursor: Cursor<'a, false>,
    mut each: impl FnMut(&'a [u8]) -> Result<(), Stop>,
) -> Result<(), Stop> {
    cursor.peek();
    cursor.advance(1);
    if cursor.peek() == b']' {
        return Ok(());
    }
    loop {
        cursor.peek();
        let text = cursor.rest();
        cursor.skip()?;
        each(&text[..text.len() - cursor.rest().len()])?;
        match cursor.peek() {
            b',' => cursor.advance(1),
            b']' => return Ok(()),
            _ => return Err(Stop::Broken(cursor.at())),
        }
    }
}

/// Pushes one event: an object with `timestamp` and `message`, and what it says itself of its stream.
fn event<'a>(
    frame: &Frame<'a>,
    item: &'a [u8],
    head: &Head<'a>,
    arena: &'a Arena,
    out: &mut Vec<Record<'a>>,
) -> Result<(), Stop> {
    let own = Frame { text: item, origin: frame.part(item), arrived: frame.arrived };
    let mut cursor = Cursor::<false>::new(item);
    let (mut timestamp, mut message, mut is_event) = (None, None, head.subscription);
    let (mut group, mut stream) = (head.group, head.stream);
    let mut id: Text<'a> = b"";
    let mut first = true;
    cursor.object()?;
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"timestamp" => timestamp = cursor.number()?.and_then(integer),
            b"message" if cursor.at_string() => message = Some(cursor.string()?),
            b"message" => {
                cursor.skip()?;
                out.push(own.bad("the message of an event is no text".to_string(), arena));
                return Ok(());
            }
            b"logGroupIdentifier" => {
                // A name, an account and a name, or an ARN.
                let named = cursor.text(arena)?.unwrap_or_default();
                let named = named.strip_suffix(b":*").unwrap_or(named);
                group = named.rsplit(|c| *c == b':').next().unwrap_or(named);
            }
            b"logStreamName" => stream = cursor.text(arena)?.unwrap_or_default(),
            b"eventId" | b"id" if cursor.at_string() => {
                is_event |= key == b"eventId";
                id = cursor.string()?;
            }
            b"ingestionTime" | b"eventId" => {
                is_event = true;
                cursor.skip()?;
            }
            _ => cursor.skip()?,
        }
    }
    let message = message.filter(|_| is_event).ok_or(Stop::Broken(0))?;
    let wrapped = Wrapped { group, stream, timestamp, arrived: None, id, message };
    identified(&wrapped, own.origin, own.arrived, arena, out);
    Ok(())
}
