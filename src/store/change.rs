//! What an invocation's beginning and end change: its row, and the buckets that count it.

use std::sync::Arc;

use crate::model::{Change, End, FunctionId, Invocation, Micros, Outcome, Timestamp, Window};

use super::bucket::{Binned, Fold};
use super::budget::reaches;
use super::function::FunctionData;
use super::kept::Store;
use super::row::{Ended, Former, Row, Standing, TraceOf, sane};
use super::series::{Held, Refold};

impl Store {
    /// An invocation has begun.
    pub(super) fn begin(&mut self, invocation: &Invocation) {
        let rows_from = self.rows_from;
        let changed = self.function_mut(invocation.function).begin(invocation, rows_from);
        self.change(invocation, changed);
    }

    /// Counts what a fact has changed.
    pub(super) fn change(&mut self, invocation: &Invocation, changed: Option<Changed>) {
        let start = sane(invocation.start);
        let Some(Changed { before, now, row }) = changed else { return };
        self.health.rows_late += u64::from(!row && before.is_none());
        let held = self.held(start, before.as_ref(), &now, row);
        let (was, is) = (before.as_ref().map(Binned::of), Binned::of(&now));
        let (mut of_function, mut of_total) = (Vec::new(), Vec::new());
        let series = &mut self.function_mut(invocation.function).series;
        series.change(start, was, is, held, |at| of_function.push(at));
        let total = Arc::make_mut(&mut self.total);
        total.change(start, was, is, Held { finest: 0, ..held }, |at| of_total.push(at));
        if !of_function.is_empty() || !of_total.is_empty() {
            self.refold(invocation.function, &of_function, &of_total);
        }
        self.grow(if before.is_none() { std::mem::size_of::<Row>() + 32 } else { 8 });
    }

    fn held(&self, start: Timestamp, before: Option<&Standing>, now: &Standing, row: bool) -> Held {
        let rows_from = self.rows_from;
        if start >= rows_from {
            // A function's seconds are those of rows that were let go.
            return Held { row, late: None, finest: 1 };
        }
        let end = |of: &Standing| of.end.map_or(rows_from, |end| sane(end.at).min(rows_from));
        let (was, is) = (before.map(end), end(now));
        let late = (was != Some(is)).then(|| Window { from: start, to: is.max(was.unwrap_or(is)) });
        Held { row, late, finest: 0 }
    }

    /// Makes buckets anew from the rows that began in them, where these are still held.
    fn refold(&mut self, function: FunctionId, of_function: &[Refold], of_total: &[Refold]) {
        let held = |at: &&Refold| at.1 >= self.rows_from;
        let own = &self.functions[function.0 as usize..=function.0 as usize];
        let folds: Vec<_> = of_function
            .iter()
            .filter(held)
            .map(|&at| (false, at, fold_rows(own, at)))
            .chain(of_total.iter().filter(held).map(|&at| (true, at, fold_rows(&self.functions, at))))
            .collect();
        for (total, (level, start), fold) in folds {
            let series = match total {
                true => Arc::make_mut(&mut self.total),
                false => &mut self.function_mut(function).series,
            };
            series.levels[level].buckets.update(start, |bucket| bucket.fold = fold);
        }
    }
}

/// The fold of the latest standing of all rows in a bucket.
fn fold_rows(functions: &[Arc<FunctionData>], (level, start): Refold) -> Fold<super::Sketch> {
    let end = start.plus(super::series::width(level));
    let mut fold = Fold::default();
    for function in functions {
        for row in function.rows.from((start, 0)).take_while(|row| row.start() < end) {
            fold.add(&Standing::of(row, row.end()));
        }
    }
    fold
}

/// What a fact changes: how the invocation stood before, and how it stands now.
pub(super) struct Changed {
    before: Option<Standing>,
    now: Standing,
    /// Whether its row is held.
    row: bool,
}

impl FunctionData {
    fn begin(&mut self, invocation: &Invocation, rows_from: Timestamp) -> Option<Changed> {
        let row = Row::begun(invocation);
        let key = (row.start(), row.seq());
        let held = row.start() >= rows_from || reaches(&row, rows_from);
        if self.rows.get(key).is_some() {
            return None;
        }
        let now = Standing::of(&row, None);
        if held {
            self.rows.insert(row);
            self.keep_trace(invocation, invocation.start_known);
        }
        Some(Changed { before: None, now, row: held })
    }

    /// Both at once, of one that has no row yet.
    pub(super) fn begin_and_end(
        &mut self,
        begun: &Invocation,
        invocation: &Invocation,
        end: &End,
        rows_from: Timestamp,
    ) -> Option<Changed> {
        let mut row = Row::begun(begun);
        let key = (row.start(), row.seq());
        if key != (sane(invocation.start), invocation.seq)
            || row.start() < rows_from
            || self.rows.get(key).is_some()
        {
            return None;
        }
        self.note_timed_out(end);
        row.set_end(invocation, end);
        self.rows.insert(row);
        self.keep_trace(begun, begun.start_known);
        self.keep_trace(invocation, end.known);
        Some(Changed { before: None, now: Standing::of(&row, row.end()), row: true })
    }

    fn note_timed_out(&mut self, end: &End) {
        if let (Outcome::Timeout, Some(Micros(us))) = (end.outcome, end.duration) {
            self.note_timeout(end.known, (us / 1_000_000).max(1));
        }
    }

    /// Keeps the trace of an invocation; of one that is kept only that it was known before.
    fn keep_trace(&mut self, invocation: &Invocation, known: Timestamp) {
        let row = (sane(invocation.start), invocation.seq);
        if let Some(trace) = invocation.trace
            && self.traces.update(row, |kept| kept.known = kept.known.min(known)).is_none()
        {
            self.traces.insert(TraceOf { row, trace, known });
        }
    }

    pub(super) fn end(
        &mut self,
        invocation: &Invocation,
        end: &End,
        change: Change,
        rows_from: Timestamp,
    ) -> Option<Changed> {
        let key = (sane(invocation.start), invocation.seq);
        let ended = Ended { end: *end, cold: invocation.cold };
        self.note_timed_out(end);
        if let Some(row) = self.rows.get(key) {
            let former = row.end();
            if former.is_some_and(|former| former.end.known > end.known) {
                // Told late: what was known after it stays.
                self.formers.insert(Former { row: key, ended, lines_to: invocation.lines.to });
                self.rows.update(key, Row::set_formers);
                return None;
            }
            let before = Standing::of(row, former);
            if let Some(former) = former {
                let lines_to = row.lines().to;
                self.formers.insert(Former { row: key, ended: former, lines_to });
            }
            self.keep_trace(invocation, end.known);
            let now = self.rows.update(key, |row| {
                row.set_end(invocation, end);
                if former.is_some() {
                    row.set_formers();
                }
                Standing::of(row, row.end())
            })?;
            return Some(Changed { before: Some(before), now, row: true });
        }
        // A REPORT without START was not known before its end.
        let known = invocation.start_known.max(end.known);
        let mut row = Row::begun(&Invocation { start_known: known, ..*invocation });
        row.set_end(invocation, end);
        let now = Standing::of(&row, row.end());
        // If its row was let go, its bucket has counted what was told of it before.
        let new = invocation.start_estimated && !matches!(change, Change::Amended { .. });
        if row.start() >= rows_from || new && reaches(&row, rows_from) {
            self.rows.insert(row);
            self.keep_trace(invocation, end.known);
            return Some(Changed { before: None, now, row: true });
        }
        let before = match change {
            Change::Amended { was, .. } => Some(Standing { end: Some(End { outcome: was, ..*end }), ..now }),
            _ if new => None,
            _ => Some(Standing { end: None, ..now }),
        };
        Some(Changed { before, now, row: false })
    }
}
