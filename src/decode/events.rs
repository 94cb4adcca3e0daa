//! CloudWatch log events as AWS hands them out, many in a document: the answers of
//! `get-log-events` and `filter-log-events` (`formats.md` 2.5) and the payloads of subscription
//! filters (2.6).

use super::json::{Cursor, Stop};
use super::wrapped::{Wrapped, integer};
use super::{Arena, Frame, unwrap};
use crate::model::{Body, Continuation, Record, Text};

/// What stands around an array of events.
#[derive(Default)]
struct Head<'a> {
    group: Text<'a>,
    stream: Text<'a>,
    /// Where the array begins.
    events: Option<Cursor<'a, false>>,
    subscription: bool,
    control: bool,
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
            b"events" | b"logEvents" if cursor.peek() == b'[' => {
                head.subscription |= key == b"logEvents";
                head.events = Some(cursor);
                cursor.skip()?;
            }
            _ => cursor.skip()?,
        }
    }
    let Some(events) = head.events else { return Ok(false) };
    if head.control {
        // A probe of whether the destination is there.
        let body = Body::Continuation(Continuation::Text);
        out.push(Record { envelope: frame.envelope(), body });
        return Ok(true);
    }
    let pushed = out.len();
    let all = array(events, |item| {
        out.push(event(frame, item, &head, arena)?);
        Ok(())
    });
    // Other services' answers have events as well.
    if all.is_err() && !head.subscription {
        out.truncate(pushed);
        return Ok(false);
    }
    all.map(|()| true)
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

/// One event: an object with `timestamp` and `message`, and what it says itself of its stream.
fn event<'a>(
    frame: &Frame<'a>,
    item: &'a [u8],
    head: &Head<'a>,
    arena: &'a Arena,
) -> Result<Record<'a>, Stop> {
    let own = Frame { text: item, origin: frame.part(item), arrived: frame.arrived };
    let mut cursor = Cursor::<false>::new(item);
    let (mut timestamp, mut message, mut stream, mut is_event) = (None, None, head.stream, head.subscription);
    let mut first = true;
    cursor.object()?;
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"timestamp" => timestamp = cursor.number()?.and_then(integer),
            b"message" if cursor.at_string() => message = Some(cursor.string()?),
            b"message" => {
                cursor.skip()?;
                return Ok(own.bad("the message of an event is no text".to_string(), arena));
            }
            b"logStreamName" => stream = cursor.text(arena)?.unwrap_or_default(),
            b"ingestionTime" => {
                is_event = true;
                cursor.skip()?;
            }
            _ => cursor.skip()?,
        }
    }
    match message.filter(|_| is_event) {
        Some(message) => {
            let wrapped =
                Wrapped { group: head.group, stream, timestamp, arrived: None, message, plain: false };
            Ok(unwrap(&wrapped, own.origin, own.arrived, arena))
        }
        None => Err(Stop::Broken(0)),
    }
}
