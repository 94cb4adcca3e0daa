//! Records to facts: which START belongs to which REPORT, what is a cold start, how it ended.
//!
//! Reads records in order and tells a [`FactSink`] what they mean. Holds only what is unfinished:
//! open invocations, the newest finished one of each environment (a "timed out" line may follow
//! its REPORT), the ids of those that failed (an asynchronous event keeps its id over its
//! retries). A record never changes what was concluded from earlier ones except by an explicit
//! [`Change::Amended`], so that a query as of T can leave out what was known later.

mod environment;
mod known;
mod outcome;
mod recorded;
mod sibling;

use rustc_hash::FxHashMap;

use crate::model::{
    Body, Change, Cold, Continuation, End, EnvironmentId, EnvironmentInfo, ErrorCounts, FactSink, FunctionId,
    InitKind, InitReport, InitStart, Invocation, Level, LineFact, Lines, LogLine, MetricName, MetricPoint,
    MetricRecord, NameId, Outcome, Platform, Record, Report, RequestId, RuntimeDone, SegmentDocument,
    SettingFact, SettingRecord, SourceId, Start, Texts, Timestamp,
};
use environment::{Environment, Init, Open, cold};
use known::{known, known_after};
use outcome::{Fault, Said, outcome};

/// A generation of failed request ids; two are kept, so retries are told for at least this many.
const FAILED_IDS: usize = 100_000;
/// Slots of the cache from a stream's hash to its environment.
const CACHE: usize = 4_096;
/// Records whose streams are looked up before the first of them is taken.
const AHEAD: usize = 32;
/// Streamless invocations that may be open at once; beyond that the oldest are given up.
const STREAMLESS_OPEN: usize = 1_000_000;

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
    next_seq: u64,
    latest: NameId,
}

/// When the failures of a request id were known, by attempt. Lambda tries three times.
type Failed = [Timestamp; 4];

/// What is remembered of a source from one record to the next.
#[derive(Debug, Default, Clone)]
struct Source {
    hint: Option<Box<str>>,
    /// Where the newest record went: lines that continue it go there too.
    last: Option<LastRecord>,
    newest: Option<Timestamp>,
    /// Where the newest record or the text after it ends.
    text_end: u64,
    /// Whether a record in it said its time itself.
    timed: bool,
    /// The log stream of all that names none.
    stream: Option<Box<[u8]>>,
    /// The time of a source that has none.
    written: Option<Timestamp>,
    /// What comes now is there for the second time, up to the next time.
    copied: bool,
    /// Of a capture that was recorded from several sources: what is remembered of each.
    recorded: FxHashMap<Box<[u8]>, Source>,
}

impl Source {
    /// Whether what lies at an offset follows a record or its text, with nothing but a line end
    /// between.
    fn continues_at(&self, offset: u64) -> bool {
        self.text_end > 0 && (0..=2).contains(&(offset.wrapping_sub(self.text_end)))
    }
}

#[derive(Debug, Clone, Copy)]
struct LastRecord {
    environment: u32,
    /// The invocation it belonged to.
    seq: Option<u64>,
    known: Timestamp,
}

/// A record's stream as far as it is known without changing anything.
#[derive(Debug, Clone, Copy, Default)]
struct Stream {
    hash: u64,
    environment: Option<u32>,
}

/// Where and when a record belongs.
#[derive(Clone, Copy)]
struct Place {
    environment: u32,
    time: Timestamp,
    known: Timestamp,
    lines: Lines,
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

    /// Says when a source was written and which log stream it is, for records of which nothing else
    /// tells it.
    pub fn otherwise(&mut self, id: SourceId, written: Option<Timestamp>, stream: Option<&str>) {
        let source = self.source_mut(id);
        source.written = written;
        source.stream = stream.map(|stream| stream.as_bytes().into());
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
        self.lend_time(records);
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

    /// Records at the beginning of a source that say no time have that of the first that does.
    fn lend_time(&mut self, records: &[Record<'_>]) {
        let Some(first) = records.first() else { return };
        let source = self.source_mut(first.envelope.origin.source);
        if source.newest.is_some() || first.envelope.time.is_some() {
            return;
        }
        let of_log = |record: &&Record<'_>| matches!(record.body, Body::Platform(_) | Body::Log(_));
        source.newest = records.iter().filter(of_log).find_map(|record| record.envelope.time);
        source.timed = source.newest.is_some();
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
            Body::Setting(change) => self.setting(change, envelope.arrived, sink),
            Body::Segment(document) => self.segment(document, envelope.arrived, sink),
            Body::Recorded(recorded) => self.recorded(recorded, sink),
            Body::Log(line) => {
                let Some(place) = self.place(record, stream, line.id, sink) else { return };
                self.tell_line(record, place, line.level, sink);
                let seq = self.line(line, place);
                self.remember(envelope.origin.source, place, seq);
            }
            // It was read already, above the word "Copy".
            Body::Platform(_) if envelope.time.is_none() && self.is_copied(envelope.origin.source) => {}
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
        source.text_end = place.lines.to;
        source.copied = false;
        source.last = Some(LastRecord { environment: place.environment, seq, known });
        source.newest = Some(place.time);
    }

    fn is_copied(&self, source: SourceId) -> bool {
        self.sources.get(source.0 as usize).is_some_and(|source| source.copied)
    }

    fn tell_line<S: FactSink>(&self, record: &Record<'_>, place: Place, level: Level, sink: &mut S) {
        let function = Some(self.environments[place.environment as usize].function);
        let (time, known) = (Some(place.time), place.known);
        sink.line(&LineFact { function, time, known, level, origin: record.envelope.origin });
    }

    /// Finds a record's environment and times. A record without a time has its source's newest.
    fn place<S: FactSink>(
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
            let bad = crate::model::Bad {
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

    fn function<S: FactSink>(&mut self, name: &[u8], sink: &mut S) -> FunctionId {
        if let Some(&id) = self.functions.get(name) {
            return id;
        }
        let id = FunctionId(self.functions.len() as u32);
        self.functions.insert(name.into(), id);
        self.function_names.push(name.into());
        sink.function(id, &String::from_utf8_lossy(name));
        id
    }

    fn function_or_hint<S: FactSink>(
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
    fn look_up(&self, record: &Record<'_>) -> Stream {
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

    fn platform<S: FactSink>(&mut self, platform: &Platform<'_>, place: Place, sink: &mut S) -> Option<u64> {
        match platform {
            Platform::Start(start) => self.start(start, place, sink),
            Platform::Report(report) => self.report(report, place, sink),
            Platform::InitStart(init) => {
                self.init_start(init, place, sink);
                None
            }
            Platform::InitReport(init) => {
                self.init_report(init, place);
                None
            }
            Platform::RuntimeDone(RuntimeDone { id, status, error_type }) => {
                let id = self.texts.ids.request(id);
                let name = error_type.map(|name| self.texts.names.read(name));
                let open = self.environments[place.environment as usize].open_for(Some(id))?;
                open.runtime_done = *status;
                if matches!(status, Some(crate::model::Status::Error | crate::model::Status::Failure))
                    && open.error.is_none()
                {
                    open.error = name.map(|name| (name, ErrorCounts::Always));
                }
                Some(open.invocation.seq)
            }
            // REPORT follows at once and says all.
            Platform::End { .. } => None,
            Platform::TimedOut { id, .. } => {
                let id = self.texts.ids.request(id);
                if let Some(open) = self.environments[place.environment as usize].open_for(Some(id)) {
                    open.timed_out = true;
                    return Some(open.invocation.seq);
                }
                self.amend_last(place, id, Outcome::Timeout, None, sink)
            }
            Platform::Fault(fault) => {
                let id = fault.id.map(|id| self.texts.ids.request(id));
                let error_type = fault.error_type.map(|name| self.texts.names.read(name));
                if let Some(open) = self.environments[place.environment as usize].open_for(id) {
                    open.fault = Some(Fault { error_type, killed: fault.killed });
                    return Some(open.invocation.seq);
                }
                self.amend_last(place, id?, Outcome::Exit, error_type, sink)
            }
            Platform::Dropped { records, .. } => {
                let function = self.environments[place.environment as usize].function;
                sink.dropped(Some(function), place.known, *records);
                None
            }
            Platform::Other => None,
        }
    }

    fn init_start<S: FactSink>(&mut self, init: &InitStart<'_>, place: Place, sink: &mut S) {
        if let Some(version) = init.version {
            let version = self.texts.names.read(version);
            self.environments[place.environment as usize].version = Some(version);
        }
        let streamless = self.environments[place.environment as usize].id.is_none();
        if streamless {
            // Nothing ties it to the invocation that follows: who waited stays unknown.
            return;
        }
        self.give_up_open(place, sink);
        let info = self.info(place, init);
        let environment = &mut self.environments[place.environment as usize];
        environment.many |= init.kind == InitKind::Managed;
        environment.init = Some(Init { start: Some(place.time), kind: init.kind, ..Init::default() });
        if let Some(info) = info {
            sink.environment(&info);
        }
    }

    fn info(&mut self, place: Place, init: &InitStart<'_>) -> Option<EnvironmentInfo> {
        let environment = &self.environments[place.environment as usize];
        Some(EnvironmentInfo {
            id: environment.id?,
            function: environment.function,
            stream: self.texts.names.read(&environment.stream),
            version: environment.version,
            init_start: Some(place.time),
            kind: init.kind,
            runtime: init.runtime_version.map(|name| self.texts.names.read(name)),
            first: place.time,
            known: place.known,
        })
    }

    fn init_report(&mut self, report: &InitReport<'_>, place: Place) {
        let error = report.error_type.map(|name| self.texts.names.read(name));
        let failed = !matches!(report.status, None | Some(crate::model::Status::Success));
        let environment = &mut self.environments[place.environment as usize];
        if environment.id.is_none() {
            return;
        }
        let restored = report.restore;
        let init = environment.init.get_or_insert_with(|| Init {
            kind: if restored { InitKind::SnapStart } else { InitKind::OnDemand },
            ..Init::default()
        });
        init.duration = report.duration.or(init.duration);
        // An init that took more than 10 s is done again inside the invocation: only what failed
        // for good makes the invocation an init error.
        init.failed = failed;
        init.error = init.error.or(error);
    }

    /// The stream went on without their REPORT: they will not end any more.
    fn give_up_open<S: FactSink>(&mut self, place: Place, sink: &mut S) {
        if self.environments[place.environment as usize].open.is_empty() {
            return;
        }
        for mut open in std::mem::take(&mut self.environments[place.environment as usize].open) {
            open.invocation.end = Some(End {
                at: place.time.max(open.invocation.start),
                known: place.known,
                duration: None,
                billed_ms: None,
                memory_mb: None,
                max_memory_mb: None,
                init: None,
                restore: None,
                outcome: Outcome::Unfinished,
                error_type: None,
            });
            self.remember_failed(&open.invocation, place.known);
            sink.invocation(&open.invocation, Change::Finished);
            self.environments[place.environment as usize].give_up(open.invocation);
        }
    }

    fn start<S: FactSink>(&mut self, start: &Start<'_>, place: Place, sink: &mut S) -> Option<u64> {
        let request_id = self.texts.ids.request(start.id);
        if self.environments[place.environment as usize].repeats(request_id, place.time, true) {
            return None;
        }
        if !self.environments[place.environment as usize].many {
            self.give_up_open(place, sink);
        }
        let version = start.version.map(|version| self.version(place.environment, version));
        let trace = start.trace.map(|trace| self.texts.ids.trace(trace.root));
        let attempt = self.attempt(request_id, place.known);
        let seq = self.take_seq();
        let environment = &mut self.environments[place.environment as usize];
        let new = environment.version.is_none() || environment.last.is_none();
        environment.version = version.or(environment.version);
        let init = environment.init.take();
        let invocation = Invocation {
            seq,
            function: environment.function,
            environment: environment.id,
            version: environment.version.unwrap_or(self.latest),
            request_id,
            attempt,
            start: place.time,
            start_known: place.known,
            start_estimated: false,
            cold: cold(init.as_ref(), place.time, None),
            trace,
            lines: place.lines,
            end: None,
        };
        environment.open.push(Open::new(invocation, init));
        if environment.id.is_none() {
            self.open_streamless(request_id, place, sink);
        }
        sink.invocation(&invocation, Change::Started);
        if new && init.is_none_or(|init| init.start.is_none()) {
            self.tell_environment(place, sink);
        }
        Some(seq)
    }

    /// A version's name: mostly the one that its environment has.
    fn version(&mut self, environment: u32, version: &[u8]) -> NameId {
        let known = self.environments[environment as usize].version;
        match known.filter(|known| self.texts.names.get(*known).as_bytes() == version) {
            Some(known) => known,
            None => self.texts.names.read(version),
        }
    }

    /// An environment whose init was not read is told with its first invocation.
    fn tell_environment<S: FactSink>(&mut self, place: Place, sink: &mut S) {
        if let Some(mut info) = self.info(place, &InitStart::default()) {
            info.init_start = None;
            sink.environment(&info);
        }
    }

    fn open_streamless<S: FactSink>(&mut self, id: RequestId, place: Place, sink: &mut S) {
        self.streamless_open.insert(id, place.environment);
        if self.streamless_open.len() > STREAMLESS_OPEN {
            self.streamless_open.clear();
            for at in 0..self.environments.len() as u32 {
                if self.environments[at as usize].id.is_none() {
                    self.give_up_open(Place { environment: at, ..place }, sink);
                }
            }
        }
    }

    fn report<S: FactSink>(&mut self, report: &Report<'_>, place: Place, sink: &mut S) -> Option<u64> {
        let id = self.texts.ids.request(report.id);
        if self.environments[place.environment as usize].repeats(id, place.time, false) {
            return None;
        }
        let trace = report.trace.map(|trace| self.texts.ids.trace(trace.root));
        let environment = &mut self.environments[place.environment as usize];
        let (mut open, change) = match environment.take_open(id) {
            Some(open) => (open, Change::Finished),
            None => match environment.take_given_up(id) {
                // It was not lost: this environment runs several at once.
                Some(invocation) => {
                    environment.many = true;
                    (
                        Open::new(invocation, None),
                        Change::Amended { was: Outcome::Unfinished, known: place.known },
                    )
                }
                None => (self.without_start(id, report, place), Change::Finished),
            },
        };
        let error_type = report.error_type;
        let signs = open.signs();
        let said =
            Said { status: report.status, error_type, memory: report.max_memory_mb.zip(report.memory_mb) };
        let outcome = outcome(said, signs);
        let named = signs.error.or(error_type.map(|name| self.texts.names.read(name)));
        let invocation = &mut open.invocation;
        let known_before = invocation.end.map(|end| end.known);
        invocation.trace = invocation.trace.or(trace);
        invocation.lines.to = invocation.lines.to.max(place.lines.to);
        let printed = report.init.or(report.restore);
        invocation.cold = match cold(open.init.as_ref(), invocation.start, printed) {
            Cold::No => invocation.cold,
            known => known,
        };
        invocation.end = Some(End {
            at: place.time.max(invocation.start),
            known: known_before.unwrap_or(place.known),
            duration: report.duration,
            billed_ms: report.billed_ms,
            memory_mb: report.memory_mb,
            max_memory_mb: report.max_memory_mb,
            init: report.init,
            restore: report.restore,
            outcome,
            error_type: named.or(signs.fault.and_then(|f| f.error_type)).filter(|_| outcome.failed()),
        });
        let invocation = open.invocation;
        self.remember_failed(&invocation, place.known);
        sink.invocation(&invocation, change);
        let environment = &mut self.environments[place.environment as usize];
        if environment.id.is_none() {
            self.streamless_open.remove(&id);
        }
        self.environments[place.environment as usize].last = Some(invocation);
        Some(invocation.seq)
    }

    /// A REPORT alone is a complete invocation that began at its end less its duration.
    fn without_start(&mut self, id: RequestId, report: &Report<'_>, place: Place) -> Open {
        let attempt = self.attempt(id, place.known);
        let seq = self.take_seq();
        let environment = &mut self.environments[place.environment as usize];
        let start = place.time.plus(-report.duration.map_or(0, |d| d.ceil_ms()));
        let init = environment.init.take();
        let invocation = Invocation {
            seq,
            function: environment.function,
            environment: environment.id,
            version: environment.version.unwrap_or(self.latest),
            request_id: id,
            attempt,
            start,
            start_known: place.known,
            start_estimated: true,
            cold: Cold::No,
            trace: None,
            lines: place.lines,
            end: None,
        };
        Open::new(invocation, init)
    }

    /// A line after the REPORT corrects how it ended.
    fn amend_last<S: FactSink>(
        &mut self,
        place: Place,
        id: RequestId,
        to: Outcome,
        error_type: Option<NameId>,
        sink: &mut S,
    ) -> Option<u64> {
        let environment = &mut self.environments[place.environment as usize];
        let last = environment.last.as_mut().filter(|last| last.request_id == id)?;
        let end = last.end.as_mut()?;
        last.lines.to = last.lines.to.max(place.lines.to);
        let was = end.outcome;
        if !was.failed() {
            end.outcome = to;
            end.error_type = error_type.or(end.error_type);
            let last = *last;
            sink.invocation(&last, Change::Amended { was, known: place.known });
            self.remember_failed(&last, place.known);
            return Some(last.seq);
        }
        Some(last.seq)
    }

    fn line(&mut self, line: &LogLine<'_>, place: Place) -> Option<u64> {
        let environment = &mut self.environments[place.environment as usize];
        if line.error.is_none() && !environment.doubtful {
            // Most lines: nothing that anybody concludes anything from.
            return None;
        }
        let id = line.id.filter(|id| !id.is_empty()).map(|id| self.texts.ids.request(id));
        let error = line.error.map(|e| (self.texts.names.read(e.error_type), e.counts));
        let Some(open) = environment.open_for(id) else {
            if let (Some(init), Some((name, _))) = (environment.init.as_mut(), error) {
                init.error = Some(name);
            }
            return None;
        };
        match (open.error, error) {
            // Two signs of one failure: the first that counts for certain stays.
            (Some((_, ErrorCounts::Always)), _) => {}
            (_, Some(error)) => open.error = Some(error),
            // Something was written after the logged error: it was not the last word.
            (Some((_, ErrorCounts::IfLast)), None) => open.error = None,
            (_, None) => {}
        }
        let seq = open.invocation.seq;
        environment.doubtful =
            environment.open.iter().any(|o| matches!(o.error, Some((_, ErrorCounts::IfLast))));
        Some(seq)
    }

    fn continuation<S: FactSink>(&mut self, record: &Record<'_>, more: &Continuation<'_>, sink: &mut S) {
        let origin = record.envelope.origin;
        if let Continuation::Broken(broken) = more
            && !self.source_mut(origin.source).continues_at(origin.offset)
        {
            return sink.bad(origin, record.envelope.arrived, &(*broken).into());
        }
        let Some(last) = self.source_mut(origin.source).last else {
            // Text before any record: kept as a line of nobody.
            let (function, time) = (None, record.envelope.arrived);
            let known = record.envelope.arrived.unwrap_or(Timestamp::MIN);
            self.source_mut(origin.source).text_end = origin.offset + u64::from(origin.len);
            sink.line(&LineFact { function, time, known, level: Level::Unknown, origin });
            return;
        };
        let time = self.source_mut(origin.source).newest;
        // A line that came later is known later; without arrivals it is known with its record.
        let arrived = record.envelope.arrived;
        let known = match arrived {
            Some(_) => known_after(known(time.unwrap_or(Timestamp::MIN), arrived), last.known),
            None => last.known,
        };
        self.environments[last.environment as usize].known = Some((origin.source, known));
        let source = self.source_mut(origin.source);
        source.text_end = origin.offset + u64::from(origin.len);
        if let Some(last) = &mut source.last {
            last.known = known;
        }
        let trace = match more {
            Continuation::Xray(trace) => Some(self.texts.ids.trace(trace.root)),
            _ => None,
        };
        let environment = &mut self.environments[last.environment as usize];
        let function = Some(environment.function);
        sink.line(&LineFact { function, time, known, level: Level::Unknown, origin });
        match more {
            Continuation::Traceback => {
                if let Some(open) = environment.open.iter_mut().find(|o| Some(o.invocation.seq) == last.seq)
                    && let Some((name, ErrorCounts::IfTraceback)) = open.error
                {
                    open.error = Some((name, ErrorCounts::Always));
                }
            }
            Continuation::Xray(_) => {
                if let Some(invocation) = environment.last.as_mut().filter(|i| Some(i.seq) == last.seq)
                    && let Some(end) = invocation.end
                    && invocation.trace.is_none()
                {
                    invocation.trace = trace;
                    invocation.lines.to = invocation.lines.to.max(origin.offset + u64::from(origin.len));
                    let invocation = *invocation;
                    sink.invocation(&invocation, Change::Amended { was: end.outcome, known });
                }
            }
            Continuation::Copy => self.source_mut(origin.source).copied = true,
            Continuation::Broken(_) | Continuation::Text => {}
        }
    }

    /// Only `AWS/Lambda`, and of its dimension sets only {FunctionName} and {}: the others tell the
    /// same invocations again (`formats.md` 7.3).
    fn metric<S: FactSink>(&mut self, record: &Record<'_>, metric: &MetricRecord<'_>, sink: &mut S) {
        if *metric.namespace != *b"AWS/Lambda" || metric.resource.is_some() || metric.other_dimensions {
            return;
        }
        let function = metric.function.map(|name| self.function(name, sink));
        let name = MetricName::known(metric.name)
            .unwrap_or_else(|| MetricName::Other(self.texts.names.read(metric.name)));
        let end = metric.start.plus(i64::from(metric.period_ms));
        let known = known(end, record.envelope.arrived);
        sink.metric(&MetricPoint {
            function,
            name,
            start: metric.start,
            period_ms: metric.period_ms,
            known,
            statistics: metric.statistics,
        });
    }

    /// A setting. One without a time holds for all of the time that is looked at, as far as is known.
    pub fn setting<S: FactSink>(&mut self, change: &SettingRecord, arrived: Option<Timestamp>, sink: &mut S) {
        let function = self.function(change.function.as_bytes(), sink);
        let fact = SettingFact {
            setting: change.setting,
            at: change.at.unwrap_or(Timestamp::MIN),
            known: change.at.map_or(Timestamp::MIN, |at| known(at, arrived)),
            told: change.told.clone(),
        };
        sink.setting(function, fact);
    }

    fn segment<S: FactSink>(&mut self, document: &SegmentDocument, arrived: Option<Timestamp>, sink: &mut S) {
        let trace = self.texts.ids.trace(document.trace_id.as_bytes());
        let function = document.function.as_deref().map(|name| self.function(name.as_bytes(), sink));
        let known = known(document.known, arrived);
        sink.segment(trace, function, SegmentDocument { known, ..document.clone() });
    }

    fn take_seq(&mut self) -> u64 {
        self.next_seq += 1;
        self.next_seq
    }

    /// The number of the attempt that began, as was known then: one more than those that failed.
    fn attempt(&self, id: RequestId, known: Timestamp) -> u8 {
        let failed = |of: &Failed| of.iter().rposition(|at| *at <= known).map_or(0, |at| at as u8 + 1);
        self.failed.iter().filter_map(|ids| ids.get(&id)).map(failed).max().unwrap_or(0) + 1
    }

    /// Only what failed comes again under its id (retries of function errors, `formats.md` 10).
    fn remember_failed(&mut self, invocation: &Invocation, known: Timestamp) {
        if invocation.end.is_some_and(|end| end.outcome == Outcome::Ok) {
            return;
        }
        if self.failed[0].len() >= FAILED_IDS {
            self.failed[1] = std::mem::take(&mut self.failed[0]);
        }
        let failed = self.failed[0].entry(invocation.request_id).or_insert([Timestamp::NEVER; 4]);
        let attempt = usize::from(invocation.attempt.max(1)).min(failed.len());
        failed[attempt - 1] = failed[attempt - 1].min(known);
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

fn id_of<'a>(platform: &Platform<'a>) -> Option<&'a [u8]> {
    match platform {
        Platform::Start(start) => Some(start.id),
        Platform::Report(report) => Some(report.id),
        Platform::RuntimeDone(done) => Some(done.id),
        Platform::End { id } | Platform::TimedOut { id, .. } => Some(id),
        Platform::Fault(fault) => fault.id,
        _ => None,
    }
}
