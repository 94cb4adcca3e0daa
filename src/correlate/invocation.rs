//! START and REPORT: an invocation begins, ends, is given up, or is told differently afterwards.

use super::Correlator;
use super::environment::{Open, cold};
use super::outcome::{Said, outcome};
use super::place::Place;
use crate::model::{
    Change, Cold, End, FactSink, InitStart, Invocation, NameId, Outcome, Report, RequestId, Start, Timestamp,
};

impl Correlator {
    pub(super) fn start<S: FactSink>(
        &mut self,
        start: &Start<'_>,
        place: &Place,
        sink: &mut S,
    ) -> Option<u64> {
        let request_id = self.texts.ids.request(start.id);
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
        environment.open.add(Open::new(invocation, init));
        let (many, streamless) = (environment.many, environment.id.is_none());
        sink.invocation(&invocation, Change::Started);
        if streamless {
            self.streamless_open.insert(request_id, place.environment);
        }
        if many {
            self.one_more_of_many(sink);
        }
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
    fn tell_environment<S: FactSink>(&mut self, place: &Place, sink: &mut S) {
        if let Some(mut info) = self.info(place, &InitStart::default()) {
            info.init_start = None;
            sink.environment(&info);
        }
    }

    pub(super) fn report<S: FactSink>(
        &mut self,
        report: &Report<'_>,
        place: &Place,
        sink: &mut S,
    ) -> Option<u64> {
        let id = self.texts.ids.request(report.id);
        let environment = &mut self.environments[place.environment as usize];
        let (at, change) = match environment.open.at(id) {
            Some(at) => (at, Change::Finished),
            None => match environment.take_given_up(id) {
                // It was not lost: this environment runs several at once.
                Some(invocation) => {
                    environment.many = true;
                    let change = Change::Amended { was: Outcome::Unfinished, known: place.known };
                    (environment.open.add(Open::new(invocation, None)), change)
                }
                None => {
                    let open = self.without_start(id, report, place);
                    (self.environments[place.environment as usize].open.add(open), Change::Finished)
                }
            },
        };
        let environment = &mut self.environments[place.environment as usize];
        let open = environment.open.get_mut(at)?;
        let error_type = report.error_type;
        let signs = open.signs();
        let said =
            Said { status: report.status, error_type, memory: report.max_memory_mb.zip(report.memory_mb) };
        let outcome = outcome(said, signs);
        let named = signs.error.or(error_type.map(|name| self.texts.names.read(name)));
        let named = named.or(signs.fault.and_then(|f| f.error_type)).filter(|_| outcome.failed());
        let error = named.map(|error_type| open.failed_with(error_type, &mut self.texts));
        let invocation = &mut open.invocation;
        let known_before = invocation.end.map(|end| end.known);
        if let (None, Some(trace)) = (invocation.trace, report.trace) {
            invocation.trace = Some(self.texts.ids.trace(trace.root));
        }
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
            error,
        });
        let streamless = environment.id.is_none();
        let invocation = environment.close(at);
        sink.invocation(invocation, change);
        let (seq, attempt) = (invocation.seq, invocation.attempt);
        if outcome != Outcome::Ok {
            self.remember_failed(id, attempt, place.known);
        }
        if streamless {
            self.streamless_open.remove(&id);
        }
        Some(seq)
    }

    /// A REPORT alone is a complete invocation that began at its end less its duration.
    fn without_start(&mut self, id: RequestId, report: &Report<'_>, place: &Place) -> Open {
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

    /// The stream went on without their REPORT: they will not end any more.
    pub(super) fn give_up_open<S: FactSink>(&mut self, place: &Place, sink: &mut S) {
        if self.environments[place.environment as usize].open.is_empty() {
            return;
        }
        for open in self.environments[place.environment as usize].open.take_all() {
            let given_up = self.give_up(open, place.time, place.known, sink);
            self.environments[place.environment as usize].give_up(given_up);
        }
    }

    /// Tells that an invocation will not end any more, as was seen at a time and known by another.
    pub(super) fn give_up<S: FactSink>(
        &mut self,
        open: Open,
        time: Timestamp,
        known: Timestamp,
        sink: &mut S,
    ) -> Invocation {
        let mut invocation = open.invocation;
        invocation.end = Some(End {
            at: time.max(invocation.start),
            known,
            duration: None,
            billed_ms: None,
            memory_mb: None,
            max_memory_mb: None,
            init: None,
            restore: None,
            outcome: Outcome::Unfinished,
            error: None,
        });
        self.remember_failed(invocation.request_id, invocation.attempt, known);
        sink.invocation(&invocation, Change::Finished);
        invocation
    }

    /// A line after the REPORT corrects how it ended.
    pub(super) fn amend_last<S: FactSink>(
        &mut self,
        place: &Place,
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
            let named = error_type.map(|name| self.texts.errors.id(last.function, name, "", ""));
            end.error = named.or(end.error);
            let last = *last;
            sink.invocation(&last, Change::Amended { was, known: place.known });
            self.remember_failed(last.request_id, last.attempt, place.known);
            return Some(last.seq);
        }
        Some(last.seq)
    }

    fn take_seq(&mut self) -> u64 {
        self.next_seq += 1;
        self.next_seq
    }
}
