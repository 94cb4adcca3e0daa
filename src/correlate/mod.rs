//! Records to facts: which START belongs to which REPORT, what is a cold start, how it ended.
//!
//! Reads records in order and tells a [`FactSink`] what they mean. Holds only what is unfinished:
//! open invocations, the newest finished one of each environment (a "timed out" line may follow
//! its REPORT), the ids of those that failed (an asynchronous event keeps its id over its
//! retries); and of that no more than its [`Room`]. A record never changes what was concluded from earlier ones except by an explicit
//! [`Change::Amended`], so that a query as of T can leave out what was known later.

mod again;
mod alone;
mod attempt;
mod environment;
mod invocation;
mod known;
mod line;
mod opened;
mod other;
mod outcome;
mod place;
mod platform;
mod recorded;
mod room;
mod sibling;
mod words;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{
    Bad, Body, Envelope, EnvironmentId, FactSink, FunctionId, Invocation, Level, LineFact, NameId, Record,
    RequestId, SourceId, Texts,
};
use attempt::Failed;
use environment::Environment;
use place::{CACHE, LastRecord, Place, Source, Stream, hash_of, id_of};
pub use room::Room;

/// Records whose streams are looked up before the first of them is taken.
const AHEAD: usize = 32;

/// Joins records to facts.
#[derive(Debug)]
pub struct Correlator {
    texts: Texts,
    functions: FxHashMap<Box<[u8]>, FunctionId>,
    /// Their names as they were read, by id.
    function_names: Vec<Box<[u8]>>,
    environments: Vec<Environment>,
    by_stream: FxHashMap<(FunctionId, Box<[u8]>), u32>,
    streamless: FxHashMap<FunctionId, u32>,
    streamless_open: FxHashMap<RequestId, u32>,
    cache: Vec<(u32, u32)>,
    sources: Vec<Source>,
    failed: [FxHashMap<RequestId, Failed>; 2],
    /// Series of metrics that are only kept.
    others: other::Others,
    next_seq: u64,
    next_environment: u32,
    /// How much is kept, and which of the environments' places are free.
    room: Room,
    free: Vec<u32>,
    /// Environments that were let go, and invocations in flight with them.
    let_go: u64,
    forgotten: u64,
    /// Whether any source was ever in the midst of what is there twice.
    any_copied: bool,
    /// Invocations that have begun where many run at once, since they were counted.
    of_many: usize,
    latest: NameId,
    read: u64,
    bad: Unread,
    /// Platform records remembered, to tell those that come again, and how many records did.
    told: again::Told,
    seen_twice: u64,
    /// Ids of events that were read: the newest, and those before them.
    events: [FxHashSet<u64>; 2],
}

impl Default for Correlator {
    fn default() -> Self {
        let mut texts = Texts::default();
        let latest = texts.names.id("$LATEST");
        Self {
            texts,
            functions: FxHashMap::default(),
            function_names: Vec::new(),
            environments: Vec::new(),
            by_stream: FxHashMap::default(),
            streamless: FxHashMap::default(),
            streamless_open: FxHashMap::default(),
            cache: vec![(0, u32::MAX); CACHE],
            sources: Vec::new(),
            failed: Default::default(),
            others: other::Others::default(),
            next_seq: 0,
            next_environment: 0,
            room: Room::ALL,
            free: Vec::new(),
            let_go: 0,
            forgotten: 0,
            any_copied: false,
            of_many: 0,
            latest,
            read: 0,
            bad: Unread::default(),
            told: again::Told::default(),
            seen_twice: 0,
            events: Default::default(),
        }
    }
}

impl Correlator {
    /// The texts behind the ids it gave out.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// Tells the log stream of an environment that was not let go.
    pub fn streams(&self) -> impl Fn(EnvironmentId) -> String {
        let places: FxHashMap<EnvironmentId, &Environment> =
            self.environments.iter().filter_map(|environment| Some((environment.id?, environment))).collect();
        move |id| {
            let stream = places.get(&id).map_or(&b""[..], |environment| environment.stream.get());
            String::from_utf8_lossy(stream).into_owned()
        }
    }

    /// The invocations that have begun and not reported.
    pub fn open(&self) -> Vec<Invocation> {
        self.environments.iter().flat_map(|e| e.open.iter()).map(|open| open.invocation).collect()
    }

    /// Names the function that a source's records belong to where nothing inside says it.
    pub fn source(&mut self, id: SourceId, function: Option<&str>) {
        self.source_mut(id).hint = function.map(Into::into);
    }

    /// Says when a source was written and which log stream it is, for records of which nothing else
    /// tells it.
    pub fn otherwise(
        &mut self,
        id: SourceId,
        written: Option<crate::model::Timestamp>,
        stream: Option<&str>,
    ) {
        let source = self.source_mut(id);
        source.written = written;
        source.stream = stream.map(|stream| stream.as_bytes().into());
    }

    /// Records that Lambda, its runtimes or its functions wrote, so far: text that only continues
    /// a record is none.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// Records that could not be read, so far.
    pub fn bad(&self) -> &Unread {
        &self.bad
    }

    #[inline]
    fn source_mut(&mut self, id: SourceId) -> &mut Source {
        let at = id.0 as usize;
        if self.sources.len() <= at {
            self.sources.resize(at + 1, Source::default());
        }
        &mut self.sources[at]
    }

    /// Takes the next records, in order.
    pub fn records<S: FactSink>(&mut self, records: &[Record<'_>], sink: &mut S) {
        self.lend_time(records);
        let (mut hashes, mut found) = ([0; AHEAD], [None; AHEAD]);
        for block in records.chunks(AHEAD) {
            // What is known of the streams lies anywhere, each a wait for memory: many at once are
            // waited for together.
            for ((hash, found), record) in hashes.iter_mut().zip(&mut found).zip(block) {
                *hash = hash_of(&record.envelope);
                *found = self.cached(*hash);
            }
            for (found, record) in found.iter_mut().zip(block) {
                *found = found.filter(|at| self.is_of(*at, &record.envelope));
            }
            for ((hash, found), record) in hashes.iter().zip(&found).zip(block) {
                self.take(record, Stream { hash: *hash, environment: *found }, sink);
            }
        }
    }

    /// Takes the next record.
    pub fn record<S: FactSink>(&mut self, record: &Record<'_>, sink: &mut S) {
        self.records(std::slice::from_ref(record), sink);
    }

    /// Lines are most of all records, so what is done for one stands here without a call.
    #[inline(always)]
    fn take<S: FactSink>(&mut self, record: &Record<'_>, stream: Stream, sink: &mut S) {
        let Body::Log(line) = &record.body else { return self.take_other(record, stream, sink) };
        if self.any_copied && self.is_copied(record.envelope.origin.source) {
            return;
        }
        let Some(place) = self.place(record, stream, line.id, sink) else { return };
        self.tell_line(record, &place, line.level, sink);
        let seq = self.line(line, &place);
        self.remember(&place, seq);
    }

    #[inline(never)]
    fn take_other<S: FactSink>(&mut self, record: &Record<'_>, stream: Stream, sink: &mut S) {
        let envelope = &record.envelope;
        match &record.body {
            // It was read already, above the word "Copy".
            Body::Platform(_) if self.is_copied(envelope.origin.source) => {}
            Body::Platform(platform) => {
                let Some(place) = self.place(record, stream, id_of(platform), sink) else { return };
                self.tell_line(record, &place, Level::Unknown, sink);
                let again = envelope.time.is_some() && self.was_told(platform, &place);
                let seq = if again { None } else { self.platform(platform, &place, sink) };
                self.remember(&place, seq);
            }
            Body::Log(_) => {}
            Body::Event(event) => {
                if !self.was_read(event.id) {
                    self.record(&Record { body: event.body, ..*record }, sink);
                    self.records(event.more, sink);
                }
            }
            Body::Bad(bad) => self.unread(envelope, bad, sink),
            Body::Continuation(more) => self.continuation(record, more, sink),
            Body::Recorded(recorded) => self.recorded(recorded, sink),
            Body::Metric(_)
            | Body::Setting(_)
            | Body::Delivery(_)
            | Body::Call(_)
            | Body::Segment(_)
            | Body::Other(_) => {
                self.read += 1;
                self.alone(record, sink);
            }
        }
    }

    fn is_copied(&self, source: SourceId) -> bool {
        self.sources.get(source.0 as usize).is_some_and(|source| source.copied)
    }

    #[inline(always)]
    fn remember(&mut self, place: &Place, seq: Option<u64>) {
        self.read += 1;
        let tag = self.environments[place.environment as usize].tag;
        let source = self.source_mut(place.lines.source);
        source.last = Some(LastRecord { environment: place.environment, tag, seq, known: place.known });
        source.newest = Some(place.time);
        source.text_end = place.lines.to;
    }

    #[inline(always)]
    fn tell_line<S: FactSink>(&self, record: &Record<'_>, place: &Place, level: Level, sink: &mut S) {
        let function = Some(self.environments[place.environment as usize].function);
        let (time, known) = (Some(place.time), place.known);
        sink.line(&LineFact { function, time, known, level, origin: record.envelope.origin });
    }

    #[cold]
    fn unread<S: FactSink>(&mut self, envelope: &Envelope<'_>, bad: &Bad, sink: &mut S) {
        self.bad.records += 1;
        self.bad.first.get_or_insert_with(|| bad.reason.clone());
        sink.bad(envelope.origin, envelope.arrived, bad);
    }
}

/// Records that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// How many.
    pub records: u64,
    /// Why the first of them could not, for a person.
    pub first: Option<String>,
}
