//! The facts that the store hears.

use std::sync::Arc;

use crate::model::{
    Bad, CallFact, Change, DeliveryFact, End, EnvironmentInfo, FactSink, FunctionId, Invocation, LineFact,
    MetricPoint, Origin, OtherId, OtherMetric, OtherPoint, SegmentDocument, SettingFact, Timestamp, TraceId,
};

use super::function::{FunctionData, KnownEnvironment};
use super::kept::Store;
use super::other::{CELL, OtherSeries};
use super::paged::Item;
use super::refused::Refused;
use super::row::sane;
use super::snapshot::BadRecord;

/// Lost-record notes kept of one function at most; more are added to the last.
const DROPS: usize = 1_000;

/// Notes that so many were counted then; where there are too many notes, with the one before.
fn note_count(notes: &mut Vec<(Timestamp, u64)>, known: Timestamp, count: u64) {
    let at = notes.partition_point(|&(before, _)| before <= known);
    match at.checked_sub(1).filter(|at| notes.len() >= DROPS || notes[*at].0 == known) {
        Some(at) => notes[at].1 = notes[at].1.saturating_add(count),
        None => notes.insert(at, (known, count)),
    }
}

impl FactSink for Store {
    fn function(&mut self, id: FunctionId, name: &str) {
        self.function_mut(id).name = name.into();
        self.grow(std::mem::size_of::<FunctionData>() + name.len());
    }

    fn invocation(&mut self, invocation: &Invocation, change: Change) {
        let start = sane(invocation.start);
        let end = invocation.end.map(|end| match change {
            Change::Amended { known, .. } => End { known, ..end },
            _ => end,
        });
        let known = match (change, &end) {
            (Change::Started, _) | (_, None) => invocation.start_known,
            (_, Some(end)) => end.known,
        };
        self.note_known(known);
        let rows_from = self.rows_from;
        let function = self.function_mut(invocation.function);
        function.first_known = function.first_known.min(known);
        function.logs_known = function.logs_known.min(known);
        let newest = end.map_or(start, |end| sane(end.at).max(start));
        function.newest = function.newest.max(newest);
        self.newest_of.logs = self.newest_of.logs.max(newest);
        self.oldest = self.oldest.min(start);
        if let Change::Started = change {
            self.generation += 1;
            if let Some(oldest) = self.begun.push(invocation) {
                self.begin(&oldest);
            }
            return;
        }
        let Some(end) = end else { return };
        if let Some(begun) = self.begun.take(invocation.seq) {
            let function = self.function_mut(invocation.function);
            if let Some(changed) = function.begin_and_end(&begun, invocation, &end, rows_from) {
                return self.change(invocation, Some(changed));
            }
            self.begin(&begun);
        }
        let function = self.function_mut(invocation.function);
        let changed = function.end(invocation, &end, change, rows_from);
        self.change(invocation, changed);
    }

    fn metric(&mut self, point: &MetricPoint) {
        let kept = match point.function {
            None => Arc::make_mut(&mut self.region).keep(point),
            Some(id) => {
                let function = self.function_mut(id);
                let kept = function.metrics.keep(point);
                if kept {
                    function.first_known = function.first_known.min(point.known);
                    function.newest = function.newest.max(sane(point.start));
                }
                kept
            }
        };
        self.health.metrics_ignored += u64::from(!kept);
        if kept {
            self.note_known(point.known);
            let end = sane(point.start.plus(i64::from(point.period_ms)));
            self.newest_of.metrics = self.newest_of.metrics.max(end);
        }
        self.grow(32);
    }

    fn other_metric(&mut self, id: OtherId, metric: &OtherMetric) {
        while self.others.len() <= id.0 as usize {
            self.others.push(Arc::new(OtherSeries::new(metric.clone())));
        }
        self.grow(std::mem::size_of::<OtherSeries>() + 200);
    }

    fn other_point(&mut self, point: &OtherPoint) {
        let Some(series) = self.others.get_mut(point.series.0 as usize) else { return };
        let series = Arc::make_mut(series);
        self.health.others_let_go += series.note(point);
        if let Some(id) = series.metric.function {
            let function = self.function_mut(id);
            function.first_known = function.first_known.min(point.known);
        }
        self.note_known(point.known);
        let end = sane(point.start.plus(i64::from(point.period_ms)));
        // What was observed stands in a log, within its period.
        let (newest, at) = match point.adds {
            true => (&mut self.newest_of.logs, end.plus(-1).min(sane(point.known))),
            false => (&mut self.newest_of.metrics, end),
        };
        *newest = (*newest).max(at);
        self.grow(CELL + point.values.as_ref().map_or(0, |values| 8 * values.len()));
    }

    fn other_refused(&mut self, function: Option<FunctionId>, known: Timestamp) {
        self.health.others_refused += 1;
        if let Some(id) = function {
            note_count(&mut self.function_mut(id).others_refused, known, 1);
        }
        self.note_known(known);
        self.grow(16);
    }

    fn segment(
        &mut self,
        trace: TraceId,
        function: Option<FunctionId>,
        known: Timestamp,
        document: &SegmentDocument,
        origin: Origin,
    ) {
        if known > Timestamp::MIN {
            self.note_known(known);
        }
        let before = self.traces.bytes();
        let latest = document.root.end_us.or(document.root.start_us);
        if !self.traces.keep(trace, function, known, document, origin) {
            self.health.documents_refused += 1;
        }
        if let Some(id) = function {
            let function = self.function_mut(id);
            function.first_known = function.first_known.min(known);
            function.traces_known = function.traces_known.min(known);
        }
        if let Some(us) = latest {
            self.newest_of.traces = self.newest_of.traces.max(sane(Timestamp(us.div_euclid(1_000))));
        }
        self.grow(self.traces.bytes().saturating_sub(before));
    }

    fn setting(&mut self, fact: SettingFact) {
        if fact.known > Timestamp::MIN {
            self.note_known(fact.known);
        }
        let bytes = super::control::fact_bytes(&fact);
        match fact.function {
            Some(function) => self.function_mut(function).settings.note(fact),
            None => Arc::make_mut(&mut self.account).note(fact),
        }
        self.grow(bytes);
    }

    fn call(&mut self, call: &CallFact) {
        let Some(refused) = Refused::of(call) else { return };
        if call.known > Timestamp::MIN {
            self.note_known(call.known);
        }
        let function = self.function_mut(call.function);
        function.first_known = function.first_known.min(call.known);
        if refused.throttled {
            function.throttled_known = function.throttled_known.min(call.known);
        }
        // The same event may be in two files: it was known when the first of them was read.
        let known = refused.known;
        if function.refused.update(refused.key(), |kept| kept.known = kept.known.min(known)).is_none() {
            function.refused.insert(refused);
        }
        self.grow(std::mem::size_of::<Refused>() + 96);
    }

    fn delivery(&mut self, fact: DeliveryFact) {
        if fact.known > Timestamp::MIN {
            self.note_known(fact.known);
        }
        Arc::make_mut(&mut self.deliveries).note(fact);
        self.grow(std::mem::size_of::<DeliveryFact>() + 96);
    }

    fn environment(&mut self, info: &EnvironmentInfo) {
        let environments = &mut self.function_mut(info.function).environments;
        if environments.update(info.id, |kept| kept.more(info)).is_none() {
            environments.insert(KnownEnvironment::of(info));
        }
        self.grow(std::mem::size_of::<KnownEnvironment>());
    }

    fn line(&mut self, line: &LineFact) {
        self.lines.note(line);
        if line.time.is_some() {
            self.note_known(line.known);
        }
        if let Some(id) = line.function
            && self.functions.get(id.0 as usize).is_none_or(|function| {
                function.logs_known > line.known || line.time.is_some_and(|time| function.newest < sane(time))
            })
        {
            let function = self.function_mut(id);
            function.first_known = function.first_known.min(line.known);
            function.logs_known = function.logs_known.min(line.known);
            function.newest = line.time.map_or(function.newest, |time| function.newest.max(sane(time)));
        }
        if let Some(time) = line.time {
            self.newest_of.logs = self.newest_of.logs.max(sane(time));
        }
        self.grow(1);
    }

    fn dropped(&mut self, function: Option<FunctionId>, known: Timestamp, records: u64) {
        let drops = match function {
            Some(id) => &mut self.function_mut(id).dropped,
            None => Arc::make_mut(&mut self.dropped),
        };
        note_count(drops, known, records);
        self.grow(16);
    }

    fn bad(&mut self, origin: Origin, known: Option<Timestamp>, bad: &Bad) {
        let size = std::mem::size_of::<BadRecord>() + bad.reason.len() + bad.excerpt.len();
        Arc::make_mut(&mut self.bad).push(BadRecord { origin, known, bad: bad.clone() });
        self.grow(size);
    }
}
