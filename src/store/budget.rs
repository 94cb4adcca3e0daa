//! Staying within the budget, and what goes first.

use std::sync::Arc;

use crate::model::Timestamp;

use super::function::FunctionData;
use super::kept::Store;
use super::overlap::levels;
use super::paged::Paged;
use super::row::{Row, sane};
use super::series::{COUNT, Series};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// How far back narrow buckets are kept when memory is short, per level and round, in ms.
const SHORTER: [[i64; COUNT]; 5] = [
    [5 * MINUTE, HOUR, 24 * HOUR, i64::MAX],
    [MINUTE, 30 * MINUTE, 6 * HOUR, 90 * 24 * HOUR],
    [0, 10 * MINUTE, 2 * HOUR, 14 * 24 * HOUR],
    [0, 0, HOUR, 48 * HOUR],
    [0, 0, 0, 6 * HOUR],
];

/// Rows that reach over the cut are kept at most this long, in ms.
const REACH: i64 = HOUR;

impl Store {
    /// Bytes held, estimated by walking over what is held.
    pub fn bytes(&self) -> usize {
        self.functions.iter().map(|function| function.bytes()).sum::<usize>()
            + self.total.bytes()
            + self.region.bytes()
            + self.traces.bytes()
            + self.lines.bytes()
            + self.others.iter().map(|series| series.bytes()).sum::<usize>()
            + self.account.bytes()
            + self.deliveries.bytes()
    }

    /// Counts what is held and lets go until a sixteenth of the budget is free, so that this walk
    /// is rare.
    pub(super) fn count_and_shrink(&mut self) {
        self.settle();
        self.recount();
        if self.counted <= self.budget.bytes - self.budget.bytes / 16 {
            return;
        }
        let aim = self.budget.bytes - self.budget.bytes / 8;
        let traces = self.traces.shrink(self.budget.bytes / 4);
        self.health.traces_let_go += traces as u64;
        if self.lines.bytes() > self.budget.bytes / 8 {
            self.health.lines_let_go += self.lines.halve() as u64;
        }
        self.shrink_others(self.budget.bytes / 8);
        self.recount();
        if self.counted > aim
            && let Some(cut) = self.cut_for(self.counted - aim)
        {
            self.let_rows_go(cut);
            self.recount();
        }
        for shorter in SHORTER {
            if self.counted <= aim {
                return;
            }
            self.coarsen(shorter);
            self.recount();
        }
        if self.counted > aim {
            let rest = self.counted - self.traces.bytes();
            self.health.traces_let_go += self.traces.shrink(aim.saturating_sub(rest)) as u64;
            self.recount();
        }
    }

    /// Makes the metrics that are only kept coarser, or lets the oldest go, until they take no more.
    fn shrink_others(&mut self, most: usize) {
        // Twice coarser, then halves; each round may do nothing where all lies within an hour.
        const ROUNDS: usize = 12;
        for round in 0..ROUNDS {
            // So that this is rare, some is made free beyond what must be.
            let aim = if round == 0 { most } else { most - most / 8 };
            if self.others.iter().map(|series| series.bytes()).sum::<usize>() <= aim {
                return;
            }
            self.health.coarsened += 1;
            self.health.others_let_go +=
                self.others.iter_mut().map(|series| Arc::make_mut(series).shrink()).sum::<u64>();
        }
    }

    fn recount(&mut self) {
        self.counted = self.bytes();
        self.grown = 0;
        // Soon, since growth between two counts is only guessed; but not at every fact where what
        // is held can't be let go.
        self.limit = self.counted + self.budget.bytes.max(self.counted) / 32 + (64 << 10);
    }

    /// The time before which rows of this many bytes lie.
    fn cut_for(&self, bytes: usize) -> Option<Timestamp> {
        let mut pages: Vec<(Timestamp, usize)> = self
            .functions
            .iter()
            .flat_map(|function| function.rows.page_sizes())
            .map(|((last, _), bytes)| (last, bytes))
            .collect();
        pages.sort_unstable();
        let mut freed = 0;
        let enough = pages.iter().position(|(_, page)| {
            freed += page;
            freed >= bytes
        });
        let (last, _) = pages.get(enough.unwrap_or(pages.len().checked_sub(1)?))?;
        // Buckets say what is gone a minute at a time; where there are none no more goes than must.
        Some(if self.only_rows { last.plus(1) } else { last.floor(MINUTE).plus(MINUTE) })
    }

    /// Lets go the rows that began before `cut` and do not reach over it. What they come to by the second
    /// and their peaks of concurrency are kept in the buckets first, exact, since all rows of that time are
    /// there; where rows alone are wanted they are not.
    fn let_rows_go(&mut self, cut: Timestamp) {
        let cut = sane(cut);
        if !self.only_rows {
            self.keep_what_goes(cut);
        }
        for function in &mut self.functions {
            if function.rows.first().is_some_and(|row| row.start() < cut) {
                self.health.rows_let_go += Arc::make_mut(function).let_rows_go(cut) as u64;
            }
        }
        Arc::make_mut(&mut self.total).peaks.forget_before(cut);
        self.rows_from = self.rows_from.max(cut);
    }

    fn keep_what_goes(&mut self, cut: Timestamp) {
        let (from, newest) = (self.rows_from, self.newest());
        let mut all = Vec::new();
        for function in &mut self.functions {
            let intervals = intervals_before(&function.rows, cut);
            if !intervals.is_empty() {
                let FunctionData { rows, series, .. } = Arc::make_mut(function);
                let kept = newest.plus(-series.seconds_kept()).floor(SECOND).max(from);
                let going = rows.from((kept, 0)).take_while(|row| row.start() < cut);
                series.keep_seconds(going, kept, kept == from);
                keep_peaks(series, &intervals, from, cut);
                all.extend(intervals);
            }
        }
        keep_peaks(Arc::make_mut(&mut self.total), &all, from, cut);
    }

    fn coarsen(&mut self, keep_ms: [i64; COUNT]) {
        self.health.coarsened += 1;
        let shorten = |series: &mut Series| {
            for (level, keep_ms) in series.levels.iter_mut().zip(keep_ms) {
                if let Some(last) = level.buckets.last()
                    && keep_ms < i64::MAX
                {
                    level.forget_before(last.start.plus(level.width_ms - keep_ms));
                }
            }
        };
        let metrics_from = self.newest().plus(-(keep_ms[2].max(HOUR)));
        for function in &mut self.functions {
            let data = Arc::make_mut(function);
            shorten(&mut data.series);
            data.metrics.forget_before(metrics_from);
        }
        shorten(Arc::make_mut(&mut self.total));
        Arc::make_mut(&mut self.region).forget_before(metrics_from);
    }
}

impl FunctionData {
    fn let_rows_go(&mut self, cut: Timestamp) -> usize {
        let gone = self.rows.drop_before((cut, 0), |row| reaches(row, cut));
        self.series.peaks.forget_before(cut);
        let rows = &self.rows;
        self.formers.drop_before(((cut, 0), Timestamp::MIN), |former| rows.get(former.row).is_some());
        self.traces.drop_before((cut, 0), |trace| rows.get(trace.row).is_some());
        self.refused.drop_before((cut, 0), |_| false);
        let in_use: std::collections::HashSet<_> = rows.iter().filter_map(Row::environment).collect();
        let last = self.environments.last().map(|environment| environment.first.id);
        if let Some(last) = last {
            self.environments
                .drop_before(last, |known| known.first.first >= cut || in_use.contains(&known.first.id));
        }
        gone
    }
}

/// Whether a row that began before a time is kept when the others are let go: it ran then.
pub(super) fn reaches(row: &Row, cut: Timestamp) -> bool {
    let end = row.ended_at().map_or(Timestamp::NEVER, |(end, _)| end);
    end > cut && cut.since(row.start()) < REACH
}

/// The intervals of the rows that began before a time, those that never end until that time.
fn intervals_before(rows: &Paged<Row>, cut: Timestamp) -> Vec<(i64, i64)> {
    rows.iter()
        .take_while(|row| row.start() < cut)
        .map(|row| (row.start().0, row.end().map_or(cut, |ended| sane(ended.end.at)).0))
        .collect()
}

/// Puts the peaks of these intervals within `from..to` into the buckets, as far back as each level
/// goes.
fn keep_peaks(series: &mut Series, intervals: &[(i64, i64)], from: Timestamp, to: Timestamp) {
    for level in &mut series.levels {
        let (width, keep_ms) = (level.width_ms, level.keep_ms);
        let newest = level.buckets.last().map_or(to, |last| last.start);
        let from = from.max(level.from).max(newest.plus(-keep_ms)).0;
        levels(intervals, |start, end, open| {
            // A day bounds the work that one interval of a broken clock can make.
            let start = start.max(from);
            let end = end.min(to.0).min(start.saturating_add(24 * HOUR));
            let mut at = Timestamp(start).floor(width).0;
            while start < end && at < end {
                let bucket = Timestamp(at);
                level.buckets.upsert(
                    bucket,
                    || super::Bucket::at(bucket),
                    |bucket| bucket.peak = bucket.peak.max(open),
                );
                at += width;
            }
        });
    }
}
