//! What bytes mean: chunks of frames to records.
//!
//! Pure, and without memory from one frame to the next, so that chunks can be decoded on any thread
//! in any order; a line that continues the record before it says so, and the correlator, which
//! sees records in order, joins them. What a frame is is seen from its content, frame by frame, never
//! asked of the user. A line that is a frame is the hot path; a document (`document`) may hold many
//! records. A decoder says: mine, not mine, or mine but broken, and where.

mod answer;
mod app;
mod arena;
mod chunk;
mod control;
mod declared;
mod delivery;
mod digits;
mod document;
mod emf;
mod events;
mod insights;
mod json;
mod lined;
mod metric;
mod near;
mod otlp;
mod packed;
mod raw;
mod row;
mod rust;
mod segment;
mod shown;
mod statistics;
#[cfg(any(test, fuzzing))]
mod switch;
mod text;
mod thrown;
mod trail;
mod wrapped;

use std::hash::{DefaultHasher, Hasher};
use std::sync::LazyLock;

use memchr::{memchr, memmem};

pub use arena::Arena;
pub use chunk::{Wanted, chunk};
pub use shown::message as shown;

use crate::model::{
    Bad, Body, Broken, Chunk, Continuation, Envelope, Event, Origin, Record, Text, Timestamp,
};
use app::Whose;
pub use document::parts;
use json::Stop;
pub use raw::{Form, form};

/// Whether short cuts are taken: readers of the usual shapes that ask fewer questions than the
/// general walks and stand back from whatever is not quite usual. Tests turn them off, to see that
/// nothing else depends on them.
#[cfg(not(any(test, fuzzing)))]
const fn short_cuts() -> bool {
    true
}
#[cfg(any(test, fuzzing))]
use switch::short_cuts;
#[cfg(fuzzing)]
pub use switch::without_short_cuts;

/// Where so many bytes of a chunk lie.
#[inline]
fn origin(chunk: &Chunk, from: usize, length: usize) -> Origin {
    let len = u32::try_from(length).unwrap_or(u32::MAX);
    Origin { source: chunk.source, offset: chunk.offset + from as u64, len }
}

/// A frame: a line, or a JSON value over several lines, with where and when it came.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Its bytes, without the line end. Inside a JSON value there may be line ends, as white space.
    pub text: &'a [u8],
    /// Where they lie.
    pub origin: Origin,
    /// When they came, if that was observed.
    pub arrived: Option<Timestamp>,
}

impl<'a> Frame<'a> {
    /// The bytes `from..to` of a chunk.
    #[inline]
    fn of(chunk: &'a Chunk, from: usize, to: usize) -> Self {
        let text = &chunk.bytes[from..to];
        let origin = origin(chunk, from, text.len());
        Self { text: text.strip_suffix(b"\r").unwrap_or(text), origin, arrived: chunk.arrived }
    }

    /// Without what separates it from other values.
    fn value(self) -> Self {
        let separates = |c: &u8| matches!(c, b' ' | b'\t' | b'\r' | b'\n' | b',');
        let begin = self.text.iter().position(|c| !separates(c)).unwrap_or(0);
        let text = &self.text[begin..];
        let end = text.iter().rposition(|c| !separates(c)).map_or(0, |at| at + 1);
        Self { text: &text[..end], origin: self.part(&text[..end]), ..self }
    }

    /// The beginning of what looked like a value: text, where it stands in a text.
    fn broken(&self, reason: String, arena: &'a Arena) -> Record<'a> {
        let broken = Broken { reason: arena.text(reason.as_bytes()), text: self.text };
        let body = Body::Continuation(Continuation::Broken(arena.alloc(broken)));
        Record { envelope: self.envelope(), body }
    }

    /// What begins like an object and is none. It may be text: an object as Node.js or Java prints it,
    /// or its first line.
    fn no_json(&self, stop: Stop, arena: &'a Arena) -> Record<'a> {
        let reason = broken(self.text, stop);
        let inside = self.text[1..].trim_ascii_start().first();
        let opens = matches!(self.text.trim_ascii_end().last(), Some(b'{' | b'[' | b','));
        if opens || !matches!(inside, Some(b'"' | b'}')) {
            self.broken(reason, arena)
        } else {
            self.bad(reason, arena)
        }
    }

    /// Where a part of the frame's own text lies; of a copy elsewhere, the whole frame's place.
    pub fn part(&self, part: &[u8]) -> Origin {
        let from = (part.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize);
        match from.filter(|from| from + part.len() <= self.text.len()) {
            Some(from) => {
                let len = u32::try_from(part.len()).unwrap_or(u32::MAX);
                Origin { offset: self.origin.offset + from as u64, len, ..self.origin }
            }
            None => self.origin,
        }
    }

    /// The envelope of a record that is the whole frame, of which nothing else is known.
    fn envelope(&self) -> Envelope<'a> {
        let (arrived, origin) = (self.arrived, self.origin);
        Envelope { function: None, stream: None, time: None, arrived, origin }
    }

    fn bad(&self, reason: String, arena: &'a Arena) -> Record<'a> {
        bad(self.text, self.origin, self.arrived, reason, arena)
    }
}

/// Decodes one frame: pushes the records in it, one or more.
pub fn frame<'a>(frame: Frame<'a>, arena: &'a Arena, out: &mut Vec<Record<'a>>) {
    let text = frame.text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(frame.text);
    let frame = Frame { text, ..frame };
    match text.first() {
        Some(b'{') => object(frame, arena, out),
        Some(b'[') if document::read(&frame, arena, out) => {}
        _ => lined::read(&frame, arena, out),
    }
}

#[inline(never)]
fn object<'a>(frame: Frame<'a>, arena: &'a Arena, out: &mut Vec<Record<'a>>) {
    let Frame { text: line, origin, arrived } = frame;
    if raw::read(&frame, arena, out) {
        return;
    }
    // To prepare the search takes longer than the search.
    static LOG_GROUP: LazyLock<memmem::Finder<'_>> = LazyLock::new(|| memmem::Finder::new("logGroup"));
    if LOG_GROUP.find(line).is_some() {
        match wrapped::walk(line, arena) {
            Ok(Some(wrapped)) => return identified(&wrapped, origin, arrived, arena, out),
            Ok(None) => {}
            Err(stop) => return out.push(frame.no_json(stop, arena)),
        }
        // A payload of a subscription has these keys too.
        if document::read(&frame, arena, out) {
            return;
        }
    }
    bare(&frame, arena, out);
}

/// The records of an event whose id may be known: what an application wrote is told from other
/// sources' records by that.
fn identified<'a>(
    wrapped: &wrapped::Wrapped<'a>,
    origin: Origin,
    arrived: Option<Timestamp>,
    arena: &'a Arena,
    out: &mut Vec<Record<'a>>,
) {
    let at = out.len();
    let envelope = envelope(wrapped, origin, arrived, arena);
    other(wrapped.message, false, envelope, true, arena, out);
    name(wrapped.id, at, arena, out);
}

/// Stands for an event's id.
fn hash_of(id: impl AsRef<[u8]>) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(id.as_ref());
    hasher.finish()
}

/// Makes one record, named by an event's id, of those from `at` on, if an application wrote them.
fn name<'a>(id: Text<'_>, at: usize, arena: &'a Arena, out: &mut Vec<Record<'a>>) {
    let Some(Record { body: body @ (Body::Log(_) | Body::Metric(_)), .. }) = out.get(at).copied() else {
        return;
    };
    if id.is_empty() {
        return;
    }
    let more = arena.records(&out[at + 1..]);
    out.truncate(at + 1);
    out[at].body = Body::Event(arena.alloc(Event { id: hash_of(id), body, more }));
}

/// A wrapped line's record, and the metrics in it, if there may be any.
#[inline(never)]
fn other<'a>(
    raw: &'a [u8],
    plain: bool,
    envelope: Envelope<'a>,
    metrics: bool,
    arena: &'a Arena,
    out: &mut Vec<Record<'a>>,
) {
    // Without a stream, whose it is rests on its request.
    let whose = if envelope.stream.is_some() { Whose::Known } else { Whose::Unknown };
    let body = message(raw, plain, whose, arena);
    out.push(Record { envelope, body });
    if metrics && matches!(body, Body::Log(_)) && raw.first() == Some(&b'{') {
        embedded(raw, arena, out);
    }
}

/// Metrics in a message that is the newest record's.
#[cold]
fn embedded<'a>(raw: &[u8], arena: &'a Arena, out: &mut Vec<Record<'a>>) {
    if AWS.find(raw).is_some() {
        metrics(&json::unescape(raw), arena, out);
    }
}

/// The same of a message that is not escaped.
#[cold]
fn embedded_in<'a>(message: &[u8], arena: &'a Arena, out: &mut Vec<Record<'a>>) {
    if AWS.find(message).is_some() {
        metrics(message, arena, out);
    }
}

/// What every embedded metric has in it.
static AWS: LazyLock<memmem::Finder<'_>> = LazyLock::new(|| memmem::Finder::new("_aws"));

/// The same of a message that is unescaped; what it is. Lambda Insights' own events are no lines.
fn metrics<'a>(message: &[u8], arena: &'a Arena, out: &mut Vec<Record<'a>>) -> emf::Document {
    let line = out.len() - 1;
    let envelope = out[line].envelope;
    let document = emf::read(message, &envelope, arena, out);
    // A line without a container has the time of its metrics.
    let time = out.get(line + 1).and_then(|metric| metric.envelope.time);
    out[line].envelope.time = envelope.time.or(time);
    if document == emf::Document::Insights {
        out.remove(line);
    }
    document
}

/// What the container of a wrapped line says of it.
#[inline(always)]
fn envelope<'a>(
    wrapped: &wrapped::Wrapped<'a>,
    origin: Origin,
    arrived: Option<Timestamp>,
    arena: &'a Arena,
) -> Envelope<'a> {
    Envelope {
        function: function_of(wrapped.group, wrapped.stream),
        stream: (!wrapped.stream.is_empty()).then_some(wrapped.stream),
        time: wrapped.timestamp.map(Timestamp).or_else(|| own_time(wrapped.message, arena)),
        arrived: wrapped.arrived.map(Timestamp).or(arrived),
        origin,
    }
}

/// The time that a JSON message says itself.
#[cold]
fn own_time(raw: &[u8], arena: &Arena) -> Option<Timestamp> {
    let plain: &[u8] = arena.text(&json::unescape(raw));
    Timestamp::parse(json_message(plain, Whose::Unknown, arena)?.time?)
}

/// What a message in a JSON string is: decoded as it lies, still escaped, and only if that does not
/// do unescaped first.
#[inline(always)]
fn message<'a>(raw: &'a [u8], plain: bool, whose: Whose, arena: &'a Arena) -> Body<'a> {
    if raw.first() == Some(&b'{') {
        match app::message::<true>(raw, whose, arena) {
            Ok(message) => return message.body,
            Err(Stop::Broken(_) | Stop::Unusual) => return unescaped(raw, whose, arena),
        }
    }
    if !plain && has_odd_escape(raw) {
        return unescaped(raw, whose, arena);
    }
    text::message::<true>(raw, arena)
}

/// Whether the head of a text uses escapes other than `\t`, `\n`, `\"`: other writers' may stand
/// for any character.
fn has_odd_escape(raw: &[u8]) -> bool {
    let head = &raw[..raw.len().min(512)];
    memchr::memchr_iter(b'\\', head).any(|at| !matches!(raw.get(at + 1), Some(b't' | b'n' | b'"')))
}

/// The same by way of a copy: for messages that are not written the usual way.
#[cold]
fn unescaped<'a>(raw: &[u8], whose: Whose, arena: &'a Arena) -> Body<'a> {
    let plain: &'a [u8] = arena.text(&json::unescape(raw));
    if let Some(message) = json_message(plain, whose, arena) {
        return message.body;
    }
    // Somebody escaped it twice: the platform's fields have no tab between them but `\t`.
    if memchr(b'\t', plain).is_none()
        && memchr(b'\\', plain).is_some()
        && let Body::Platform(platform) = text::message::<true>(plain, arena)
    {
        return Body::Platform(platform);
    }
    text::message::<false>(plain, arena)
}

/// A message that is a JSON object, or Lambda's warning with one after it.
fn json_message<'a>(plain: &'a [u8], whose: Whose, arena: &'a Arena) -> Option<app::Message<'a>> {
    let trimmed = plain.trim_ascii_start();
    if trimmed.first() == Some(&b'{')
        && let Ok(message) = app::message::<false>(trimmed, whose, arena)
    {
        return Some(message);
    }
    let warned = plain.strip_prefix(b"LAMBDA_WARNING: ")?;
    let at = memchr::memrchr(b'\r', warned)?;
    app::message::<false>(warned[at + 1..].trim_ascii(), whose, arena).ok()
}

/// An object that stands by itself: platform and application records without a container,
/// segments, metrics, documents that hold many records.
fn bare<'a>(frame: &Frame<'a>, arena: &'a Arena, out: &mut Vec<Record<'a>>) {
    let Frame { text: line, arrived, .. } = *frame;
    let message = match app::message::<false>(line, Whose::Unknown, arena) {
        Ok(message) => message,
        Err(stop) => return out.push(frame.no_json(stop, arena)),
    };
    let envelope = |function: Option<Text<'a>>, recorded: Option<Timestamp>| Envelope {
        function: function.or_else(|| message.arn?.split(|c| *c == b':').nth(6)),
        time: message.time.and_then(Timestamp::parse),
        arrived: recorded.or(arrived),
        ..frame.envelope()
    };
    let plain =
        || std::str::from_utf8(line).map_err(|e| format!("invalid UTF-8 at byte {}", e.valid_up_to()));
    let (body, recorded) = if message.segment {
        match plain().and_then(segment::read) {
            Ok((document, arrived)) => (Body::Segment(arena.segment(document)), arrived),
            Err(reason) => return out.push(frame.bad(reason, arena)),
        }
    } else if message.metric {
        match plain().and_then(|text| metric::read(text, arena)) {
            Ok((metric, arrived)) => (Body::Metric(arena.alloc(metric)), arrived),
            Err(reason) => return out.push(frame.bad(reason, arena)),
        }
    } else if message.emf || declares(&message, line) {
        let at = out.len();
        out.push(Record { envelope: envelope(None, None), body: message.body });
        if metrics(line, arena, out) == emf::Document::No {
            out[at].envelope = envelope(message.function, None);
        }
        return;
    } else if message.says_nothing() && document::read(frame, arena, out) {
        return;
    } else if message.says_nothing() && message.time.is_none() && memchr(b'\n', line).is_some() {
        // Somebody's object over several lines: a part of the text before it, if there is any.
        (Body::Continuation(Continuation::Text), None)
    } else {
        (message.body, None)
    };
    out.push(Record { envelope: envelope(message.function, recorded), body });
}

/// Whether metrics may be declared in the part of a line that was left unread.
fn declares(message: &app::Message<'_>, line: &[u8]) -> bool {
    matches!(message.body, Body::Log(_)) && !message.says_nothing() && AWS.find(line).is_some()
}

/// The function a log group and stream belong to (`formats.md` 0, "Where the names come from"):
/// `/aws/lambda/NAME`, else a custom group's stream `YYYY/MM/DD/NAME[VERSION]HEX`, else the group.
/// `None` where no group is named and the stream does not name it.
fn function_of<'a>(group: Text<'a>, stream: Text<'a>) -> Option<Text<'a>> {
    const LAMBDA: &[u8] = b"/aws/lambda/";
    match group.strip_prefix(LAMBDA) {
        Some(name) => Some(name),
        None => stream_function(stream).or((!group.is_empty()).then_some(group)),
    }
}

/// NAME of a stream `YYYY/MM/DD/NAME[VERSION]HEX`; `None` for the usual `YYYY/MM/DD/[VERSION]HEX`.
fn stream_function(stream: &[u8]) -> Option<&[u8]> {
    let name = stream.splitn(4, |c| *c == b'/').nth(3)?;
    let name = &name[..memchr(b'[', name)?];
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

fn bad<'a>(
    line: &[u8],
    origin: Origin,
    arrived: Option<Timestamp>,
    reason: String,
    arena: &'a Arena,
) -> Record<'a> {
    let envelope = Envelope { function: None, stream: None, time: None, arrived, origin };
    Record { envelope, body: Body::Bad(arena.bad(Bad::new(reason, line))) }
}

#[cfg(test)]
mod tests;
