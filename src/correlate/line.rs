//! Log lines: most say nothing of how an invocation ends; an error does, and what follows it.

use super::Correlator;
use super::environment::{Environment, Open};
use super::known::{known, known_after};
use super::place::{LastRecord, Place};
use super::words::Words;
use crate::model::{
    Change, Continuation, ErrorCounts, FactSink, Level, LineFact, LogLine, Record, Timestamp,
};

impl Correlator {
    #[inline(always)]
    pub(super) fn line(&mut self, line: &LogLine<'_>, place: &Place) -> Option<u64> {
        if line.error.is_none() && !self.environments[place.environment as usize].doubtful {
            // Most lines: nothing that anybody concludes anything from.
            return None;
        }
        self.telling_line(line, place)
    }

    fn telling_line(&mut self, line: &LogLine<'_>, place: &Place) -> Option<u64> {
        let environment = &mut self.environments[place.environment as usize];
        let id = line.id.filter(|id| !id.is_empty()).map(|id| self.texts.ids.request(id));
        let error = line.error.map(|e| (self.texts.names.read(e.error_type), e.counts));
        let words = line.error.map(Words::of);
        let Some(open) = environment.open_for(id, place.time, place.lines.source) else {
            if let (Some(init), Some((name, _)), Some(words)) = (environment.init.as_mut(), error, words) {
                init.error = Some(name);
                let function = environment.function;
                init.told = Some(self.texts.errors.id(function, name, &words.frame, &words.message));
            }
            return None;
        };
        match (open.error, error) {
            // Two signs of one failure: the first that counts for certain stays.
            (Some((name, ErrorCounts::Always)), error) => {
                // The platform's word may come before the runtime's, which says more.
                if open.words.is_none() && error.is_some_and(|(same, _)| same == name) {
                    open.words = words.map(Box::new);
                }
            }
            (_, Some(error)) => {
                open.error = Some(error);
                open.words = words.map(Box::new);
                open.error_at = place.time;
            }
            // Something was written after the logged error: it was not the last word.
            // But not by a source that lags behind the one that logged it.
            (Some((_, ErrorCounts::IfLast)), None) if open.error_at <= place.time => {
                (open.error, open.words) = (None, None);
            }
            (_, None) => {}
        }
        let seq = open.invocation.seq;
        let doubt = |open: &Open| matches!(open.error, Some((_, ErrorCounts::IfLast)));
        let doubtful = doubt(open);
        // Where many run at once, not all are looked through for each line: one that was in doubt once
        // makes all lines worth a look.
        let others = |of: &Environment| if of.many { of.doubtful } else { of.open.iter().any(doubt) };
        environment.doubtful = doubtful || others(environment);
        Some(seq)
    }

    pub(super) fn continuation<S: FactSink>(
        &mut self,
        record: &Record<'_>,
        more: &Continuation<'_>,
        sink: &mut S,
    ) {
        let origin = record.envelope.origin;
        match more {
            Continuation::Head => {
                let source = self.source_mut(origin.source);
                (source.headed, source.copied) = (true, false);
                return;
            }
            // A button's word where there is no button is text like any other.
            Continuation::Copy if self.source_mut(origin.source).headed => {
                self.source_mut(origin.source).copied = true;
                self.any_copied = true;
                return;
            }
            _ if self.is_copied(origin.source) => return,
            _ => {}
        }
        if let Continuation::Broken(broken) = more
            && !self.source_mut(origin.source).continues_at(origin.offset)
        {
            return self.unread(&record.envelope, &(*broken).into(), sink);
        }
        let is_there = |last: &LastRecord| {
            self.environments.get(last.environment as usize).is_some_and(|it| it.tag == last.tag)
        };
        let last = self.sources.get(origin.source.0 as usize).and_then(|source| source.last);
        let Some(last) = last.filter(is_there) else {
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
                if let Some(open) = last.seq.and_then(|seq| environment.open_of(seq))
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
            Continuation::Frame(frame) => {
                if let Some(open) = last.seq.and_then(|seq| environment.open_of(seq))
                    && let Some(words) = &mut open.words
                {
                    words.deeper(frame);
                }
            }
            Continuation::Broken(_) | Continuation::Text | Continuation::Copy | Continuation::Head => {}
        }
    }
}
