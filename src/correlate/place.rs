//! Where and when a record belongs.

use rustc_hash::FxHashMap;

use super::Correlator;
use super::environment::Environment;
use super::known::{known, known_after};
use crate::model::{
    Bad, Body, EnvironmentId, FactSink, FunctionId, Lines, Platform, Record, SourceId, Timestamp,
};

/// Slots of the cache from a stream's hash to its environment.
pub(super) const CACHE: usize = 4_096;

/// What is remembered of a source from one record to the next.
#[derive(Debug, Default, Clone)]
pub(super) struct Source {
    pub hint: Option<Box<str>>,
    /// Where the newest record went: lines that continue it go there too.
    pub last: Option<LastRecord>,
    pub newest: Option<Timestamp>,
    /// Where the newest record or the text after it ends.
    pub text_end: u64,
    /// Whether a record in it said its time itself.
    pub timed: bool,
    /// The log stream of all that names none.
    pub stream: Option<Box<[u8]>>,
    /// The time of a source that has none.
    pub written: Option<Timestamp>,
    /// What comes now is there for the second time, up to the next time.
    pub copied: bool,
    /// Of a capture that was recorded from several sources: what is remembered of each.
    pub recorded: FxHashMap<Box<[u8]>, Source>,
}

impl Source {
    /// Whether what lies at an offset follows a record or its text, with nothing but a line end
    /// between.
    pub fn continues_at(&self, offset: u64) -> bool {
        self.text_end > 0 && (0..=2).contains(&(offset.wrapping_sub(self.text_end)))
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct LastRecord {
    pub environment: u32,
    /// The invocation it belonged to.
    pub seq: Option<u64>,
    pub known: Timestamp,
}

/// A record's stream as far as it is known without changing anything.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stream {
    pub hash: u64,
    pub environment: Option<u32>,
}

/// Where and when a record belongs.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub environment: u32,
    pub time: Timestamp,
    pub known: Timestamp,
    pub lines: Lines,
}

impl Correlator {
    /// Finds a record's environment and times. A record without a time has its source's newest.
    pub(super) fn place<S: FactSink>(
        &mut self,
        record: &Record<'_>,
        stream: Stream,
        id: Option<&[u8]>,
        sink: &mut S,
    ) -> Option<Place> {
        let envelope = &record.envelope;
        let origin = envelope.origin;
        let environment = match (stream.environment, envelope.stream) {
            (Some(environment), _) => environment,
            (None, Some(name)) => self.by_stream(envelope.function, name, stream.hash, origin.source, sink),
            (None, None) => match self.source_mut(origin.source).stream.clone() {
                Some(name) => {
                    let hash = hash_of(&name, envelope.function.unwrap_or_default());
                    self.by_stream(envelope.function, &name, hash, origin.source, sink)
                }
                None => self.by_id(envelope.function, id, origin.source, sink),
            },
        };
        let source = self.source_mut(origin.source);
        source.timed |= envelope.time.is_some();
        // Where no record says its time, it is that of its arrival.
        let near = match source.timed {
            true => source.newest.or(envelope.arrived),
            false => envelope.arrived.or(source.newest),
        };
        let Some(time) = envelope.time.or(near).or(source.written) else {
            let bad = Bad {
                reason: "a record without any time to place it at".to_string(),
                excerpt: String::new(),
            };
            sink.bad(origin, envelope.arrived, &bad);
            return None;
        };
        let mut known = known(time, envelope.arrived);
        if envelope.time.is_none()
            && let Some(last) = self.source_mut(origin.source).last
        {
            // Its time is that of the record before it.
            known = known_after(known, last.known);
        }
        let lines =
            Lines { source: origin.source, from: origin.offset, to: origin.offset + u64::from(origin.len) };
        let env = &mut self.environments[environment as usize];
        if let Some((source, before)) = env.known
            && source == origin.source
        {
            known = known_after(known, before);
        }
        env.known = Some((origin.source, known));
        Some(Place { environment, time, known, lines })
    }

    /// Records at the beginning of a source that say no time have that of the first that does.
    pub(super) fn lend_time(&mut self, records: &[Record<'_>]) {
        let Some(first) = records.first() else { return };
        let source = self.source_mut(first.envelope.origin.source);
        if source.newest.is_some() || first.envelope.time.is_some() {
            return;
        }
        let of_log = |record: &&Record<'_>| matches!(record.body, Body::Platform(_) | Body::Log(_));
        source.newest = records.iter().filter(of_log).find_map(|record| record.envelope.time);
        source.timed = source.newest.is_some();
    }

    pub(super) fn function<S: FactSink>(&mut self, name: &[u8], sink: &mut S) -> FunctionId {
        if let Some(&id) = self.functions.get(name) {
            return id;
        }
        let id = FunctionId(self.functions.len() as u32);
        self.functions.insert(name.into(), id);
        self.function_names.push(name.into());
        sink.function(id, &String::from_utf8_lossy(name));
        id
    }

    pub(super) fn function_or_hint<S: FactSink>(
        &mut self,
        name: Option<&[u8]>,
        source: SourceId,
        sink: &mut S,
    ) -> FunctionId {
        match name {
            Some(name) => self.function(name, sink),
            None => {
                let hint = self.source_mut(source).hint.clone();
                self.function(hint.as_deref().map_or(&b"(unknown function)"[..], str::as_bytes), sink)
            }
        }
    }

    /// The environment of a record's stream, if it is one of those that were met lately.
    pub(super) fn look_up(&self, record: &Record<'_>) -> Stream {
        let (Some(stream), function) = (record.envelope.stream, record.envelope.function) else {
            return Stream::default();
        };
        let hash = hash_of(stream, function.unwrap_or_default());
        let (cached, at) = self.cache[slot_of(hash)];
        // The hash is not trusted alone: streams come from the input.
        let environment = (cached == hash).then_some(at).filter(|at| {
            let known = &self.environments[*at as usize];
            *known.stream == *stream
                && function.is_none_or(|name| *self.function_names[known.function.0 as usize] == *name)
        });
        Stream { hash, environment }
    }

    fn by_stream<S: FactSink>(
        &mut self,
        function: Option<&[u8]>,
        stream: &[u8],
        hash: u64,
        source: SourceId,
        sink: &mut S,
    ) -> u32 {
        let function = self.function_or_hint(function, source, sink);
        let key = (function, Box::from(stream));
        let environment = match self.by_stream.get(&key) {
            Some(&environment) => environment,
            None => {
                let at = self.environments.len() as u32;
                let mut environment = Environment::new(function, Some(EnvironmentId(at)), stream);
                environment.version = crate::model::stream_version(stream).map(|v| self.texts.names.read(v));
                self.environments.push(environment);
                self.by_stream.insert(key, at);
                at
            }
        };
        self.cache[slot_of(hash)] = (hash, environment);
        environment
    }

    /// Records without a stream are joined by request id; one without an id of its own, or with a
    /// new one, goes to the function it names, else to its file's.
    fn by_id<S: FactSink>(
        &mut self,
        function: Option<&[u8]>,
        id: Option<&[u8]>,
        source: SourceId,
        sink: &mut S,
    ) -> u32 {
        if function.is_none()
            && let Some(id) = id
        {
            let id = self.texts.ids.request(id);
            if let Some(&environment) = self.streamless_open.get(&id) {
                return environment;
            }
        }
        let function = self.function_or_hint(function, source, sink);
        if let Some(&environment) = self.streamless.get(&function) {
            return environment;
        }
        let at = self.environments.len() as u32;
        let mut environment = Environment::new(function, None, b"");
        environment.many = true;
        self.environments.push(environment);
        self.streamless.insert(function, at);
        at
    }
}

/// A stream's name ends in 32 random hex digits, so half of them make a good hash. It is not
/// trusted alone: names come from the input.
fn hash_of(stream: &[u8], function: &[u8]) -> u64 {
    let end = match stream.last_chunk::<16>() {
        Some(end) => u128::from_le_bytes(*end),
        None => stream.iter().fold(0, |hash, c| hash << 8 | u128::from(*c)),
    };
    let lengths = (stream.len() << 16 | function.len()) as u64;
    let mixed = (end as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ ((end >> 64) as u64).rotate_left(32);
    (mixed ^ lengths).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1
}

fn slot_of(hash: u64) -> usize {
    (hash >> 40) as usize % CACHE
}

pub(super) fn id_of<'a>(platform: &Platform<'a>) -> Option<&'a [u8]> {
    match platform {
        Platform::Start(start) => Some(start.id),
        Platform::Report(report) => Some(report.id),
        Platform::RuntimeDone(done) => Some(done.id),
        Platform::End { id } | Platform::TimedOut { id, .. } => Some(id),
        Platform::Fault(fault) => fault.id,
        _ => None,
    }
}
