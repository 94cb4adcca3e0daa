//! Where and when a record belongs.

use rustc_hash::FxHashMap;
use wide::u8x16;

use super::Correlator;
use super::environment::Environment;
use super::known::{known, known_after};
use super::room::OTHERS;
use crate::model::{
    Bad, Body, Envelope, EnvironmentId, FactSink, FunctionId, LineFact, Lines, Platform, Record, SourceId,
    Timestamp,
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
    /// It is what somebody copied out of the console: a [`Continuation::Head`] was read.
    pub headed: bool,
    /// What comes now is there for the second time, up to the next head.
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
    /// The environment's, to see that it is still the same one.
    pub tag: u64,
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
    #[inline(always)]
    pub(super) fn place<S: FactSink>(
        &mut self,
        record: &Record<'_>,
        stream: Stream,
        id: Option<&[u8]>,
        sink: &mut S,
    ) -> Option<Place> {
        let envelope = &record.envelope;
        let origin = envelope.origin;
        let (time, mut known) = match envelope.time {
            Some(time) => {
                self.source_mut(origin.source).timed = true;
                (time, known(time, envelope.arrived))
            }
            None => self.untimed(record, sink)?,
        };
        let environment = match stream.environment {
            Some(environment) => environment,
            None => self.find(envelope, stream.hash, id, sink),
        };
        let env = &mut self.environments[environment as usize];
        if let Some((source, before)) = env.known
            && source == origin.source
        {
            known = known_after(known, before);
        }
        env.known = Some((origin.source, known));
        let to = origin.offset + u64::from(origin.len);
        let lines = Lines { source: origin.source, from: origin.offset, to };
        Some(Place { environment, time, known, lines })
    }

    /// Records at the beginning of a source that say no time have that of the first that does.
    pub(super) fn lend_time(&mut self, records: &[Record<'_>]) {
        let Some(first) = records.first() else { return };
        let source = self.source_mut(first.envelope.origin.source);
        if source.newest.is_some() || first.envelope.time.is_some() {
            return;
        }
        let of_log =
            |record: &&Record<'_>| matches!(record.body, Body::Platform(_) | Body::Log(_) | Body::Event(_));
        source.newest = records.iter().filter(of_log).find_map(|record| record.envelope.time);
        source.timed = source.newest.is_some();
    }

    #[cold]
    fn find<S: FactSink>(
        &mut self,
        envelope: &Envelope<'_>,
        hash: u64,
        id: Option<&[u8]>,
        sink: &mut S,
    ) -> u32 {
        let source = envelope.origin.source;
        match envelope.stream {
            Some(name) => self.by_stream(envelope.function, name, hash, source, sink),
            None => match self.source_mut(source).stream.clone() {
                Some(name) => {
                    let named = Envelope { stream: Some(&name), ..*envelope };
                    self.by_stream(envelope.function, &name, hash_of(&named), source, sink)
                }
                None => self.by_id(envelope.function, id, source, sink),
            },
        }
    }

    /// The time of a record that says none, and when that was known.
    #[cold]
    fn untimed<S: FactSink>(&mut self, record: &Record<'_>, sink: &mut S) -> Option<(Timestamp, Timestamp)> {
        let envelope = &record.envelope;
        let source = self.source_mut(envelope.origin.source);
        let (newest, last, written) = (source.newest, source.last, source.written);
        // Where no record says its time, it is that of its arrival.
        let near = if source.timed { newest.or(envelope.arrived) } else { envelope.arrived.or(newest) };
        let Some(time) = near.or(written) else {
            if let Body::Log(line) = &record.body {
                // It can be counted and shown, and lies on no axis of time.
                let function = envelope.function.map(|name| self.function(name, sink));
                let (time, known, origin) = (None, Timestamp::MIN, envelope.origin);
                sink.line(&LineFact { function, time, known, level: line.level, origin });
                return None;
            }
            let reason = "a record without any time to place it at".to_string();
            self.unread(envelope, &Bad { reason, excerpt: String::new() }, sink);
            return None;
        };
        let known = known(time, envelope.arrived);
        // Its time is that of the record before it.
        Some((time, last.map_or(known, |last| known_after(known, last.known))))
    }

    pub(super) fn function<S: FactSink>(&mut self, name: &[u8], sink: &mut S) -> FunctionId {
        if let Some(&id) = self.functions.get(name) {
            return id;
        }
        if !self.has_room_for_functions() && name != OTHERS.as_bytes() {
            return self.function(OTHERS.as_bytes(), sink);
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

    /// The environment of those met lately whose stream has this hash.
    #[inline]
    pub(super) fn cached(&self, hash: u64) -> Option<u32> {
        let (cached, at) = self.cache[slot_of(hash)];
        (cached == hash as u32).then_some(at)
    }

    /// Whether a record is of this environment: a hash is not trusted alone, streams come from the
    /// input.
    #[inline]
    pub(super) fn is_of(&self, environment: u32, envelope: &Envelope<'_>) -> bool {
        // There is none where a record without a stream finds an empty slot.
        let Some(known) = self.environments.get(environment as usize) else { return false };
        let function = || &*self.function_names[known.function.0 as usize];
        envelope.stream.is_some_and(|stream| same(known.stream.get(), stream))
            && envelope.function.is_none_or(|name| same(function(), name))
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
                self.make_room(sink);
                let id = EnvironmentId(self.next_environment);
                self.next_environment += 1;
                let tag = self.told.tag_of(function, stream);
                let mut environment = Environment::new(function, Some(id), tag, stream);
                environment.version = crate::model::stream_version(stream).map(|v| self.texts.names.read(v));
                environment.newest = self.newest_of_new();
                let at = self.settle(environment);
                self.by_stream.insert(key, at);
                at
            }
        };
        self.cache[slot_of(hash)] = (hash as u32, environment);
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
        let mut environment = Environment::new(function, None, self.told.tag_of(function, b""), b"");
        environment.many = true;
        let at = self.settle(environment);
        self.streamless.insert(function, at);
        at
    }
}

/// A stream's name ends in 32 random hex digits, so half of them make a good hash. It is not
/// trusted alone: names come from the input. Without a stream it is nobody's.
#[inline]
pub(super) fn hash_of(envelope: &Envelope<'_>) -> u64 {
    let Some(stream) = envelope.stream else { return 0 };
    let end = match stream.last_chunk::<16>() {
        Some(end) => u128::from_le_bytes(*end),
        None => stream.iter().fold(0, |hash, c| hash << 8 | u128::from(*c)),
    };
    let lengths = (stream.len() << 16 | envelope.function.map_or(0, <[u8]>::len)) as u64;
    let mixed = (end as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ ((end >> 64) as u64).rotate_left(32);
    (mixed ^ lengths).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1
}

/// Whether two names are the same. They are 8 to 60 bytes long: blocks of which the last overlaps
/// the one before are compared in registers, where `==` is a call.
#[inline(always)]
fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if let (Some(a_end), Some(b_end)) = (a.last_chunk::<16>(), b.last_chunk::<16>()) {
        let mut all = u8x16::new(*a_end).simd_eq(u8x16::new(*b_end));
        for (a, b) in a.as_chunks().0.iter().zip(b.as_chunks().0) {
            all &= u8x16::new(*a).simd_eq(u8x16::new(*b));
        }
        return all.to_bitmask() == 0xffff;
    }
    match (a.first_chunk::<8>(), b.first_chunk::<8>()) {
        (Some(a_begin), Some(b_begin)) => a_begin == b_begin && a.last_chunk::<8>() == b.last_chunk(),
        _ => a == b,
    }
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
