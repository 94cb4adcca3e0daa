//! JSON messages: platform records (`formats.md` 5) and application records (6), in one walk over
//! the top level. `ESC` as in [`super::json`].

mod platform;

use super::json::{self, Cursor, Stop};
use super::text::level;
use super::thrown::{self, Object};
use super::{Arena, near};
use crate::model::{Body, ErrorCounts, Level, LogLine, RuntimeError, Text};

pub use platform::usual_platform;

/// A JSON message: what it is, and what it says of itself that its container may not know.
#[derive(Debug)]
pub struct Message<'a> {
    /// What it is.
    pub body: Body<'a>,
    /// Its own time, as printed.
    pub time: Option<&'a [u8]>,
    /// The function it names; among metrics that is a dimension, which may name any.
    pub function: Option<Text<'a>>,
    /// The function's ARN, still escaped.
    pub arn: Option<&'a [u8]>,
    /// Whether its keys are an X-Ray segment's.
    pub segment: bool,
    /// Whether its keys are a metric stream datum's.
    pub metric: bool,
    /// Whether it declares metrics among its members.
    pub emf: bool,
}

impl Message<'_> {
    /// Whether it is a line of an application of which neither level nor request is known: it may be
    /// no log line at all.
    pub fn says_nothing(&self) -> bool {
        matches!(self.body, Body::Log(LogLine { level: Level::Unknown, id: None, error: None }))
    }
}

/// Whether it is known whose a message is, its function and environment, without looking into it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// It isn't.
    #[default]
    Unknown,
    /// Its container says it.
    Known,
}

/// Members of the top level that matter, as they are met.
#[derive(Default)]
struct Seen<'a, const ESC: bool> {
    whose: Whose,
    time: Option<&'a [u8]>,
    timestamp: Option<&'a [u8]>,
    kind: Option<&'a [u8]>,
    record: Option<Cursor<'a, ESC>>,
    level: Level,
    log_level: bool,
    id: Option<Text<'a>>,
    error_type: Option<Text<'a>>,
    has_message: bool,
    message: Option<Cursor<'a, ESC>>,
    function: Option<Text<'a>>,
    trace_id: bool,
    own_id: bool,
    start_time: bool,
    end_time: bool,
    name: bool,
    metric: bool,
    emf: bool,
    /// Rust's: whose line it is, and what it says.
    span: Option<Cursor<'a, ESC>>,
    fields: Option<Cursor<'a, ESC>>,
    /// Whether it is a record's inside.
    nested: bool,
}

/// Reads a JSON object. A line of an application is left as soon as it is known to be one that
/// changes nothing: most are, and the rest of such a line need not even be valid JSON.
pub fn message<'a, const ESC: bool>(
    text: &'a [u8],
    whose: Whose,
    arena: &'a Arena,
) -> Result<Message<'a>, Stop> {
    let seen = match platform::usual_record::<ESC>(text) {
        Some((time, kind, record)) => {
            Seen { time: Some(time), kind: Some(kind), record: Some(record), ..Seen::default() }
        }
        None => walk(Cursor::<ESC>::new(text), Seen { whose, ..Seen::default() }, arena)?,
    };
    conclude(seen, Cursor::new(text), arena)
}

fn walk<'a, const ESC: bool>(
    mut cursor: Cursor<'a, ESC>,
    mut seen: Seen<'a, ESC>,
    arena: &'a Arena,
) -> Result<Seen<'a, ESC>, Stop> {
    cursor.object()?;
    let mut first = true;
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"time" if cursor.at_string() => seen.time = Some(cursor.string()?),
            b"type" if cursor.at_string() => seen.kind = Some(cursor.string()?),
            b"record" if !seen.nested => {
                seen.record = Some(cursor);
                if seen.kind.is_some_and(|k| k.starts_with(b"platform.")) && seen.time.is_some() {
                    break;
                }
                cursor.skip()?;
            }
            b"timestamp" | b"@timestamp" if cursor.at_string() => {
                seen.timestamp.get_or_insert(cursor.string()?);
                if seen.whose == Whose::Known && below_error(seen.level) {
                    // Powertools' line: it names its function and its request behind that, which
                    // nobody looks for in a line without an error.
                    break;
                }
            }
            b"level" | b"log_level" | b"severity" | b"lvl" => {
                seen.log_level |= key == b"log_level";
                let found =
                    if cursor.at_string() { level(cursor.string()?) } else { numbered(cursor.number()?) };
                seen.level = seen.level.max(found);
                if below_error(found) && seen.timestamp.is_some() {
                    // No runtime's error record, and no platform record starts with a timestamp
                    // and a level: the rest can wait until somebody looks at the line.
                    if let Ok(Some(b"requestId")) = cursor.key(&mut first) {
                        seen.id = cursor.text(arena)?;
                    }
                    break;
                }
            }
            b"requestId"
            | b"function_request_id"
            | b"AWSRequestId"
            | b"awsRequestId"
            | b"request_id"
            | b"aws_request_id" => {
                let id = cursor.text(arena)?;
                seen.id = seen.id.or(id);
            }
            b"errorType" => seen.error_type = cursor.text(arena)?,
            b"message" => {
                seen.has_message = true;
                seen.message = (cursor.peek() == b'{').then_some(cursor);
                cursor.skip()?;
            }
            b"function_name" | b"functionName" => seen.function = cursor.text(arena)?,
            b"_aws" => {
                // Of which request it is and how bad stands behind its metrics as often as before.
                seen.emf = true;
                cursor.skip()?;
            }
            b"trace_id" => {
                seen.trace_id = true;
                cursor.skip()?;
            }
            b"id" => {
                seen.own_id = true;
                cursor.skip()?;
            }
            b"start_time" | b"in_progress" => {
                seen.start_time = true;
                cursor.skip()?;
            }
            b"end_time" => {
                seen.end_time = true;
                cursor.skip()?;
            }
            b"name" => {
                seen.name = true;
                cursor.skip()?;
            }
            b"span" if cursor.peek() == b'{' => {
                seen.span = Some(cursor);
                cursor.skip()?;
            }
            b"fields" if cursor.peek() == b'{' => {
                seen.fields = Some(cursor);
                cursor.skip()?;
            }
            b"metric_stream_name" => {
                seen.metric = true;
                break;
            }
            _ => cursor.skip()?,
        }
    }
    Ok(seen)
}

/// Whether a level is known and not of an error.
fn below_error(level: Level) -> bool {
    level != Level::Unknown && level < Level::Error
}

/// The level and id of a line that begins as Lambda's own runtimes print it, by far the most
/// frequent, inside a JSON string, which may end anywhere in `text`:
/// `{"timestamp":"2026-11-23T08:00:00.123Z","level":"INFO","requestId":"…"`, or with another member
/// there; and how many bytes that are, in which the string does not end. [`message`] would say the
/// same (a test holds it to that).
#[inline(always)]
pub fn usual_head(text: &[u8]) -> Option<(LogLine<'_>, usize)> {
    let rest = super::short_cuts().then_some(text)?.strip_prefix(br#"{\"timestamp\":\""#)?;
    let (time, rest) = rest.split_first_chunk::<24>()?;
    let inside = near::inside_string(time) && time[23] == b'Z' && time[19] == b'.';
    let rest = inside.then_some(rest)?;
    let rest = rest.strip_prefix(br#"\",\"level\":\""#)?;
    let end = near::byte(b'\\', rest.first_chunk::<12>()?)?;
    let level = level(&rest[..end]);
    if !below_error(level) {
        return None;
    }
    let key = rest[end..].strip_prefix(br#"\",\""#)?;
    let Some(id) = key.strip_prefix(br#"requestId\":\""#) else {
        // Python prints the id last, where nobody looks for it in a line without an error.
        let line = LogLine { level, id: None, error: None };
        return (!key.starts_with(b"requestId")).then(|| (line, text.len() - key.len()));
    };
    let end = near::string_end(&id[..id.len().min(64)])?;
    let rest = id[end..].strip_prefix(br#"\""#)?;
    Some((LogLine { level, id: Some(&id[..end]), error: None }, text.len() - rest.len()))
}

/// What was met comes to; `whole` is the object that it was met in.
fn conclude<'a, const ESC: bool>(
    seen: Seen<'a, ESC>,
    whole: Cursor<'a, ESC>,
    arena: &'a Arena,
) -> Result<Message<'a>, Stop> {
    let (mut function, mut arn) = (seen.function, None);
    let body = match (seen.kind, seen.record) {
        (Some(kind), Some(record)) if kind.starts_with(b"platform.") && seen.time.is_some() => {
            let (platform, named) = platform::read(kind, record, arena)?;
            (function, arn) = (named.function.or(function), named.arn);
            Body::Platform(platform)
        }
        // The Telemetry API wraps what a function prints.
        (Some(b"function" | b"extension"), Some(record)) if seen.time.is_some() => printed(record, arena)?,
        _ => {
            let error = if seen.level < Level::Error {
                None
            } else if let Some(error_type) = seen.error_type.filter(|_| seen.log_level || !seen.has_message) {
                // Python's: `errorType` beside `errorMessage` and no message of its own.
                let Object { message, frame, .. } = thrown::object(whole, arena);
                Some(RuntimeError { error_type, message, frame, counts: ErrorCounts::Always })
            } else if let Some(message) = seen.message {
                // Node.js: the message is the error; it has a stack.
                let object = thrown::object(message, arena);
                object.error(ErrorCounts::IfLast).filter(|_| object.stack)
            } else {
                None
            };
            let error = error.map(|error| arena.alloc(error));
            let rust = seen.span.and_then(|span| super::rust::members(span, seen.fields, seen.level, arena));
            let (id, thrown) = rust.unwrap_or_default();
            Body::Log(LogLine { level: seen.level, id: seen.id.or(id), error: error.or(thrown) })
        }
    };
    Ok(Message {
        body,
        time: seen.time.or(seen.timestamp),
        function,
        arn,
        // A part of a segment alone is one as well, that can't be placed.
        segment: !seen.emf && seen.own_id && seen.start_time && (seen.trace_id || seen.end_time && seen.name),
        metric: seen.metric && !seen.emf,
        emf: seen.emf,
    })
}

/// What a function printed, as it is or already read as JSON (`formats.md` 5.2).
#[cold]
fn printed<'a, const ESC: bool>(mut record: Cursor<'a, ESC>, arena: &'a Arena) -> Result<Body<'a>, Stop> {
    if record.peek() == b'{' {
        // It has no record in it that would be looked into again.
        let seen = walk(record, Seen { nested: true, ..Seen::default() }, arena)?;
        return Ok(conclude(seen, record, arena)?.body);
    }
    let said = record.text(arena)?.unwrap_or_default();
    Ok(Body::Log(super::text::line::<false>(said, arena)))
}

/// pino's levels.
fn numbered(digits: Option<&[u8]>) -> Level {
    match digits.and_then(json::whole) {
        Some(10) => Level::Trace,
        Some(20) => Level::Debug,
        Some(30) => Level::Info,
        Some(40) => Level::Warn,
        Some(50) => Level::Error,
        Some(60) => Level::Fatal,
        _ => Level::Unknown,
    }
}
