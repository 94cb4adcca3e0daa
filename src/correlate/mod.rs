//! Records to facts: which START belongs to which REPORT, what is a cold start, how it ended.
//!
//! Reads records in order and tells a [`FactSink`] what they mean. Holds only what is unfinished:
//! open invocations, the newest finished one of each environment (a "timed out" line may follow
//! its REPORT), the ids of those that failed (an asynchronous event keeps its id over its
//! retries). A record never changes what was concluded from earlier ones except by an explicit
//! [`Change::Amended`], so that a query as of T can leave out what was known later.

mod alone;
mod attempt;
mod environment;
mod invocation;
mod known;
mod line;
mod outcome;
mod place;
mod platform;
mod recorded;
mod sibling;

use rustc_hash::FxHashMap;

use crate::model::{
    Body, Envelope, EnvironmentId, FactSink, FunctionId, Invocation, Level, LineFact, NameId, OtherId,
    Record, RequestId, SourceId, Texts, Timestamp,
};
use attempt::Failed;
use environment::Environment;
use place::{CACHE, LastRecord, Place, Source, Stream, id_of};

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
    cache: Vec<(u64, u32)>,
    sources: Vec<Source>,
    failed: [FxHashMap<RequestId, Failed>; 2],
    /// Series of metrics that are only kept, by function and texts.
    others: FxHashMap<(Option<FunctionId>, Vec<u8>), OtherId>,
    next_seq: u64,
    latest: NameId,
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
            others: FxHashMap::default(),
            next_seq: 0,
            latest,
        }
    }
}

impl Correlator {
    /// The texts behind the ids it gave out.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// The log stream of an environment.
    pub fn stream(&self, id: EnvironmentId) -> std::borrow::Cow<'_, str> {
        let stream = self.environments.get(id.0 as usize).map_or(&b""[..], |environment| &environment.stream);
        String::from_utf8_lossy(stream)
    }

    /// The invocations that have begun and not reported.
    pub fn open(&self) -> Vec<Invocation> {
        self.environments.iter().flat_map(|e| &e.open).map(|open| open.invocation).collect()
    }

    /// Names the function that a source's records belong to where nothing inside says it.
    pub fn source(&mut self, id: SourceId, function: Option<&str>) {
        self.source_mut(id).hint = function.map(Into::into);
    }

    fn source_mut(&mut self, id: SourceId) -> &mut Source {
        let at = id.0 as usize;
        if self.sources.len() <= at {
            self.sources.resize(at + 1, Source::default());
        }
        &mut self.sources[at]
    }

    /// Takes the next records, in order.
    pub fn records<S: FactSink>(&mut self, records: &[Record<'_>], sink: &mut S) {
        let mut streams = [Stream::default(); AHEAD];
        for block in records.chunks(AHEAD) {
            // The names lie where another thread put them, each a wait for memory: many at once are
            // waited for together.
            for (stream, record) in streams.iter_mut().zip(block) {
                *stream = self.look_up(record);
            }
            for (stream, record) in streams.iter().zip(block) {
                self.take(record, *stream, sink);
            }
        }
    }

    /// Takes the next record.
    pub fn record<S: FactSink>(&mut self, record: &Record<'_>, sink: &mut S) {
        self.take(record, self.look_up(record), sink);
    }

    fn take<S: FactSink>(&mut self, record: &Record<'_>, stream: Stream, sink: &mut S) {
        let envelope = &record.envelope;
        match &record.body {
            Body::Bad(bad) => sink.bad(envelope.origin, envelope.arrived, bad),
            Body::Continuation(more) => self.continuation(record, more, sink),
            Body::Metric(metric) => self.metric(record, metric, sink),
            Body::Setting(told) => self.setting(told, envelope, sink),
            Body::Delivery(told) => self.delivery(told, envelope.arrived, sink),
            Body::Call(told) => self.call(told, envelope.arrived, sink),
            Body::Other(_) => {}
            Body::Segment(document) => self.segment(document, envelope.arrived, sink),
            Body::Recorded(recorded) => self.recorded(recorded, sink),
            Body::Log(line) if self.is_timeless(envelope) => self.timeless(record, line.level, sink),
            Body::Log(line) => {
                let Some(place) = self.place(record, stream, line.id, sink) else { return };
                self.tell_line(record, place, line.level, sink);
                let seq = self.line(line, place);
                self.remember(envelope.origin.source, place, seq);
            }
            Body::Platform(platform) => {
                let Some(place) = self.place(record, stream, id_of(platform), sink) else { return };
                self.tell_line(record, place, Level::Unknown, sink);
                let seq = self.platform(platform, place, sink);
                self.remember(envelope.origin.source, place, seq);
            }
        }
    }

    fn remember(&mut self, source: SourceId, place: Place, seq: Option<u64>) {
        let known = place.known;
        let source = self.source_mut(source);
        source.last = Some(LastRecord { environment: place.environment, seq, known });
        source.newest = Some(place.time);
    }

    /// Whether nothing tells when a record was written.
    fn is_timeless(&mut self, envelope: &Envelope<'_>) -> bool {
        envelope.time.or(envelope.arrived).is_none()
            && self.source_mut(envelope.origin.source).newest.is_none()
    }

    /// A line that can be counted and shown, and lies on no axis of time.
    fn timeless<S: FactSink>(&mut self, record: &Record<'_>, level: Level, sink: &mut S) {
        let function = record.envelope.function.map(|name| self.function(name, sink));
        let (time, known, origin) = (None, Timestamp::MIN, record.envelope.origin);
        sink.line(&LineFact { function, time, known, level, origin });
    }

    fn tell_line<S: FactSink>(&self, record: &Record<'_>, place: Place, level: Level, sink: &mut S) {
        let function = Some(self.environments[place.environment as usize].function);
        let (time, known) = (Some(place.time), place.known);
        sink.line(&LineFact { function, time, known, level, origin: record.envelope.origin });
    }
}
