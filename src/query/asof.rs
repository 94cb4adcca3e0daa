//! The rule of idea 1, and the only place that has it: as of T, what became known by T.

use crate::model::{FunctionId, Micros, Timestamp, TraceId};
use crate::store::{Former, FunctionData, Row, Snapshot, Standing, sane};

use super::settings;
use super::view::InvocationState;

/// The longest that an invocation can run, in ms: overdue after it where no timeout is known.
const LONGEST_MS: i64 = 15 * 60 * 1_000;

/// A snapshot as of a time.
#[derive(Clone, Copy)]
pub struct AsOf<'a> {
    /// What is known by now.
    pub snapshot: &'a Snapshot,
    /// The time as of which is asked.
    pub at: Timestamp,
}

impl<'a> AsOf<'a> {
    /// A snapshot as of a time.
    pub fn new(snapshot: &'a Snapshot, at: Timestamp) -> Self {
        Self { snapshot, at: sane(at) }
    }

    /// The functions that are known, by id.
    pub fn functions(self) -> impl Iterator<Item = (FunctionId, &'a FunctionData)> {
        let known = move |(id, function): (usize, &'a std::sync::Arc<FunctionData>)| {
            (function.first_known <= self.at).then_some((FunctionId(id as u32), &**function))
        };
        self.snapshot.functions.iter().enumerate().filter_map(known)
    }

    /// Whether logs tell of a function.
    pub fn has_logs(self, function: &FunctionData) -> bool {
        function.logs_known <= self.at
    }

    /// How an invocation stands; `None` if it had not begun, or nobody knew.
    pub fn standing(self, function: &'a FunctionData, row: &Row) -> Option<Standing> {
        if row.start() > self.at || row.start_known() > self.at {
            return None;
        }
        let ended = match row.end_known() <= self.at {
            true => row.end(),
            false => self.former(function, row).map(|former| former.ended),
        };
        Some(Standing::of(row, ended))
    }

    /// How an invocation ended as far as was known, before that was corrected.
    fn former(self, function: &'a FunctionData, row: &Row) -> Option<&'a Former> {
        if !row.has_formers() {
            return None;
        }
        let key = (row.start(), row.seq());
        let told = function.formers.from((key, Timestamp::MIN));
        told.take_while(|former| former.row == key && former.ended.end.known <= self.at).last()
    }

    /// Where the lines of an invocation ended as far as was known.
    pub fn lines_to(self, function: &FunctionData, row: &Row) -> u64 {
        let lines = row.lines();
        match row.end_known() <= self.at {
            true => lines.to,
            false => self.former(function, row).map_or(lines.from, |former| former.lines_to),
        }
    }

    /// The trace of an invocation, if it was known.
    pub fn trace(self, function: &FunctionData, row: &Row) -> Option<TraceId> {
        let key = (row.start(), row.seq());
        row.traced().then(|| function.trace_of(key, self.at)).flatten()
    }

    /// The timeout, as far as timed-out durations tell it.
    pub fn timeout(self, function: &FunctionData) -> Option<Micros> {
        let known = function.timeouts.iter().take_while(|(known, _)| *known <= self.at);
        known.last().map(|(_, seconds)| Micros::from_ms(u64::from(*seconds) * 1_000))
    }

    /// The state of an invocation in a word.
    pub fn state(self, function: &FunctionData, row: &Row, standing: &Standing) -> InvocationState {
        let longest = || {
            let timeout = settings::timeout(self, function);
            timeout.and_then(|of| of.value().copied()).map_or(LONGEST_MS, Micros::ceil_ms)
        };
        match standing.end {
            Some(end) => InvocationState::Ended(end.outcome),
            None if self.at.since(row.start()) > longest() => InvocationState::Overdue,
            None => InvocationState::Running,
        }
    }

    /// Start of the earliest invocation; `None` without one.
    pub fn oldest(self) -> Option<Timestamp> {
        let whole = self.snapshot.rows_from == Timestamp::MIN;
        let first = |(_, function): (FunctionId, &'a FunctionData)| {
            function.rows.iter().find(|row| self.standing(function, row).is_some()).map(Row::start)
        };
        let kept = self.functions().filter_map(first).min();
        if whole { kept } else { Some(self.snapshot.oldest).filter(|oldest| *oldest <= self.at) }
    }

    /// The newest start or end of an invocation, or minute of a metric, among the last that began.
    pub fn newest(self, function: &FunctionData) -> Option<Timestamp> {
        let latest = |row: &Row| {
            let standing = self.standing(function, row)?;
            Some(standing.end.map_or(row.start(), |end| end.at.min(self.at).max(row.start())))
        };
        let rows = function.rows.back_from((self.at.plus(1), 0));
        let from_logs = rows.filter_map(latest).take(32).max();
        let points = function.metrics.invocations.points.back_from((self.at.plus(1), Timestamp::MIN));
        let from_metrics =
            points.filter(|p| p.known() <= self.at).map(|p| p.start().plus(p.period_ms())).next();
        from_logs.max(from_metrics)
    }
}
