//! What is remembered of a line that was read again: everything but its text.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::decode;
use crate::model::{
    Body, Chunk, Continuation, Level, Origin, Platform, Record, SourceId, Status, Text, Timestamp,
};

/// A function's or a stream's name, numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Name(u32);

/// Names, each kept once.
#[derive(Debug, Default)]
pub struct Names {
    texts: Vec<Arc<str>>,
    index: FxHashMap<Arc<str>, u32>,
}

impl Names {
    fn id(&mut self, text: &str) -> Name {
        if let Some(&at) = self.index.get(text) {
            return Name(at);
        }
        let at = self.texts.len() as u32;
        let text: Arc<str> = text.into();
        self.texts.push(text.clone());
        self.index.insert(text, at);
        Name(at)
    }

    /// The name.
    pub fn get(&self, name: Name) -> Option<&Arc<str>> {
        self.texts.get(name.0 as usize)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }
}

/// The order of lines: by time, and those of the same time by where they lie. Lines before the
/// first time of their source come before all others.
pub type Key = (Timestamp, SourceId, u64);

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The platform's START of an invocation.
    Start,
    /// The platform's REPORT.
    Report,
    /// Another line of the platform.
    Platform,
    /// A line of the function, its runtime or an extension.
    Log,
    /// It continues the record before it, whose time, function, level and request it has.
    More,
    /// It could not be read.
    Bad,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Offset of its first byte.
    pub offset: u64,
    /// Length in bytes, of its head if it was cut.
    pub len: u32,
    /// Bytes after its head that were not read.
    pub cut: u64,
    /// When it happened, or when the record before it did; `MIN` where no time is known.
    pub time: Timestamp,
    /// When it was known: when it arrived if that is recorded, else its time.
    pub known: Timestamp,
    /// Its function; `None` of what could not be read, or comes before the first record.
    pub function: Option<Name>,
    /// Its log stream.
    pub stream: Option<Name>,
    /// Its level; the platform's word that an invocation failed counts as an error.
    pub level: Level,
    /// What it is.
    pub kind: Kind,
    /// The request id, where the record says it.
    pub id: Option<Box<str>>,
}

impl Line {
    /// Its place in the order.
    pub fn key(&self, source: SourceId) -> Key {
        (self.time, source, self.offset)
    }

    /// Where it lies.
    pub fn origin(&self, source: SourceId) -> Origin {
        Origin { source, offset: self.offset, len: self.len }
    }
}

/// What the lines that follow may refer to: the record before them in their source.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The newest record and its time, if there is one.
    pub record: Option<Line>,
    /// Where it, or the text after it, ends.
    end: u64,
    /// It was copied out of the console, and what comes now is there for the second time.
    headed: bool,
    copied: bool,
}

impl Context {
    fn time(&self) -> Option<Timestamp> {
        self.record.as_ref().map(|record| record.time).filter(|time| *time != Timestamp::MIN)
    }
}

/// Live records may be so far ahead of the clock, in ms (`correlate`).
const AHEAD_MS: i64 = 15 * 60_000;

/// Decodes whole lines of one source that follow `context`, which is moved on. Metrics and segments
/// are no lines.
pub fn read(
    chunk: &Chunk,
    context: &mut Context,
    function: Option<&str>,
    names: &mut Names,
    out: &mut Vec<Line>,
) {
    let (arena, mut records) = (decode::Arena::new(), Vec::with_capacity(chunk.bytes.len() / 256));
    decode::chunk(chunk, decode::Wanted::All, &arena, &mut records);
    let last = records.len();
    for (at, record) in records.iter().enumerate() {
        let cut = if at + 1 == last { chunk.cut } else { 0 };
        if let Some(line) = line(record, cut, context, function, names) {
            out.push(line);
        }
    }
}

fn line(
    record: &Record<'_>,
    cut: u64,
    context: &mut Context,
    hint: Option<&str>,
    names: &mut Names,
) -> Option<Line> {
    let envelope = &record.envelope;
    let Origin { offset, len, .. } = envelope.origin;
    match &record.body {
        Body::Continuation(Continuation::Head) => {
            (context.headed, context.copied) = (true, false);
            return None;
        }
        // What follows the console's button is there for the second time.
        Body::Continuation(Continuation::Copy) if context.headed => {
            context.copied = true;
            return None;
        }
        Body::Log(_) | Body::Platform(_) | Body::Continuation(_) if context.copied => return None,
        _ => {}
    }
    let (level, kind, id) = match &record.body {
        Body::Metric(_)
        | Body::Segment(_)
        | Body::Setting(_)
        | Body::Delivery(_)
        | Body::Call(_)
        | Body::Other(_) => {
            return None;
        }
        Body::Recorded(recorded) => return self::line(&recorded.record, cut, context, hint, names),
        Body::Event(event) => {
            let record = Record { body: event.body, ..*record };
            return self::line(&record, cut, context, hint, names);
        }
        Body::Log(line) => (line.level, Kind::Log, line.id),
        Body::Platform(platform) => of_platform(platform),
        Body::Continuation(Continuation::Broken(_))
            if context.end == 0 || !(0..=2).contains(&offset.wrapping_sub(context.end)) =>
        {
            return Some(bad(record, cut, context));
        }
        Body::Continuation(_) => {
            context.end = offset + u64::from(len);
            let more = |record: &Line| Line { offset, len, cut, kind: Kind::More, ..record.clone() };
            let alone = || Line {
                offset,
                len,
                cut,
                time: Timestamp::MIN,
                known: envelope.arrived.unwrap_or(Timestamp::MIN),
                function: None,
                stream: None,
                level: Level::Unknown,
                kind: Kind::Log,
                id: None,
            };
            return Some(context.record.as_ref().map_or_else(alone, more));
        }
        Body::Bad(_) => return Some(bad(record, cut, context)),
    };
    let time = envelope.time.or(context.time()).or(envelope.arrived).unwrap_or(Timestamp::MIN);
    let known = envelope.arrived.map_or(time, |arrived| arrived.max(time.min(arrived.plus(AHEAD_MS))));
    let function = match envelope.function {
        Some(name) => Some(names.id(&String::from_utf8_lossy(name))),
        None => hint.map(|name| names.id(name)),
    };
    let stream = envelope.stream.map(|name| names.id(&String::from_utf8_lossy(name)));
    let id = id.filter(|id| !id.is_empty()).map(|id| String::from_utf8_lossy(id).into());
    let line = Line { offset, len, cut, time, known, function, stream, level, kind, id };
    context.record = Some(line.clone());
    context.end = offset + u64::from(len);
    Some(line)
}

/// What could not be read.
fn bad(record: &Record<'_>, cut: u64, context: &Context) -> Line {
    let Origin { offset, len, .. } = record.envelope.origin;
    let before = context.record.as_ref();
    let (time, known) = before.map_or((Timestamp::MIN, Timestamp::MIN), |record| (record.time, record.known));
    Line {
        offset,
        len,
        cut,
        time,
        known: record.envelope.arrived.unwrap_or(known),
        function: None,
        stream: None,
        level: Level::Unknown,
        kind: Kind::Bad,
        id: None,
    }
}

/// Level, kind and request id of a platform record.
fn of_platform<'a>(platform: &Platform<'a>) -> (Level, Kind, Option<Text<'a>>) {
    let failed = |status: Option<Status>| match status {
        None | Some(Status::Success) => Level::Unknown,
        Some(Status::Error | Status::Failure | Status::Timeout) => Level::Error,
    };
    match platform {
        Platform::Start(start) => (Level::Unknown, Kind::Start, Some(start.id)),
        Platform::Report(report) => (failed(report.status), Kind::Report, Some(report.id)),
        Platform::RuntimeDone(done) => (Level::Unknown, Kind::Platform, Some(done.id)),
        Platform::End { id } => (Level::Unknown, Kind::Platform, Some(*id)),
        Platform::TimedOut { id, .. } => (Level::Error, Kind::Platform, Some(*id)),
        Platform::Fault(fault) => (Level::Error, Kind::Platform, fault.id),
        Platform::InitReport(init) => (failed(init.status), Kind::Platform, None),
        Platform::Dropped { .. } => (Level::Warn, Kind::Platform, None),
        Platform::InitStart(_) | Platform::Other => (Level::Unknown, Kind::Platform, None),
    }
}
