//! Buckets of several widths: a memo of folding rows, and what stays of them when they are gone.

use crate::model::{Timestamp, Window};

use super::bucket::{Binned, Bucket};
use super::paged::Paged;
use super::peaks::Peaks;
use super::row::{Row, Standing};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// Width of each level's buckets and how far back they are kept, in ms. The widest are kept as
/// long as the budget allows. A function's seconds are made when its rows go: as long as these are
/// there nobody asks for them, and a bucket for each second would be almost one for each row.
const LEVELS: [(i64, i64); 4] =
    [(SECOND, 15 * MINUTE), (MINUTE, 2 * HOUR), (10 * MINUTE, 48 * HOUR), (HOUR, i64::MAX)];

/// How many levels there are.
pub(super) const COUNT: usize = LEVELS.len();

/// Width of a level's buckets in ms.
pub(super) fn width(level: usize) -> i64 {
    LEVELS[level].0
}

/// How far back the seconds of all functions together are kept, in ms: a chart of them costs as
/// much anywhere in a capture, and they are held once.
const SECONDS_OF_ALL: i64 = 4 * HOUR;

/// The buckets of one width.
#[derive(Clone, Debug)]
pub struct Level {
    /// Width of a bucket in ms.
    pub width_ms: i64,
    /// How far back buckets are kept, in ms.
    pub(super) keep_ms: i64,
    /// Buckets that begin before this are not kept.
    pub from: Timestamp,
    /// The buckets in which something is counted, in order.
    pub buckets: Paged<Bucket>,
}

/// The buckets of a function, or of all together.
#[derive(Clone, Debug)]
pub struct Series {
    /// From the narrowest to the widest.
    pub levels: [Level; LEVELS.len()],
    /// How many ran at once.
    pub peaks: Peaks,
    /// From when to when something ran of which nobody knew when the peaks of that time were kept.
    pub late: Option<Window>,
}

/// What is held of an invocation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// Whether its row is.
    pub row: bool,
    /// Of what was let go, the time for which it changes how many ran at once.
    pub late: Option<Window>,
    /// The narrowest level that counts it.
    pub finest: usize,
}

/// A bucket whose extremes must be found again from rows: its level and start.
pub type Refold = (usize, Timestamp);

impl Series {
    /// Of a function.
    pub(super) fn of_function() -> Self {
        let level = |(width_ms, keep_ms)| Level {
            width_ms,
            keep_ms,
            from: Timestamp::MIN,
            buckets: Paged::default(),
        };
        Self { levels: LEVELS.map(level), peaks: Peaks::new(&[HOUR, MINUTE]), late: None }
    }

    /// Of all functions together.
    pub(super) fn of_all() -> Self {
        let mut series = Self { peaks: Peaks::new(&[HOUR, MINUTE, SECOND]), ..Self::of_function() };
        series.levels[0].keep_ms = SECONDS_OF_ALL;
        series
    }

    /// With no buckets from now on: what invocations come to is known elsewhere.
    pub(super) fn without_buckets(mut self) -> Self {
        for level in &mut self.levels {
            (level.from, level.buckets) = (Timestamp::NEVER, Paged::default());
        }
        self
    }

    /// Counts an invocation that began at `start` as it stands now, in the place of how it stood
    /// before. Buckets whose extremes may have rested on how it stood are told to `refold`.
    pub(super) fn change(
        &mut self,
        start: Timestamp,
        before: Option<Binned<'_>>,
        now: Binned<'_>,
        held: Held,
        mut refold: impl FnMut(Refold),
    ) {
        if let Some(late) = held.late {
            let all = self.late.get_or_insert(late);
            (all.from, all.to) = (all.from.min(late.from), all.to.max(late.to));
        }
        if held.row {
            // The widest span that it had, before or now.
            let end = |of: Binned<'_>| of.standing().end.map(|end| end.at);
            if let Some(end) = before.and_then(end).max(end(now)) {
                self.peaks.touch(start, end);
            }
        }
        for (at, level) in self.levels.iter_mut().enumerate().skip(held.finest) {
            let bucket_start = start.floor(level.width_ms);
            if bucket_start < level.from {
                continue;
            }
            let mut extreme = false;
            level.buckets.upsert(
                bucket_start,
                || Bucket::at(bucket_start),
                |bucket| extreme = bucket.change(before, now),
            );
            if extreme {
                refold((at, bucket_start));
            }
        }
        self.age();
    }

    /// Counts rows that are let go in the narrowest buckets, which begin at `from` now if they did not reach up
    /// to there before.
    pub fn keep_seconds<'a>(&mut self, rows: impl Iterator<Item = &'a Row>, from: Timestamp, reached: bool) {
        let level = &mut self.levels[0];
        if !reached {
            level.forget_before(from);
            level.from = level.from.max(from);
        }
        let from = from.max(level.from);
        for row in rows.filter(|row| row.start() >= from) {
            let start = row.start().floor(level.width_ms);
            level.buckets.upsert(
                start,
                || Bucket::at(start),
                |bucket| {
                    bucket.change(None, Binned::of(&Standing::of(row, row.end())));
                },
            );
        }
    }

    /// How far back the narrowest buckets are kept, in ms.
    pub fn seconds_kept(&self) -> i64 {
        self.levels[0].keep_ms
    }

    /// Lets go what is older than its level is kept for.
    fn age(&mut self) {
        for level in &mut self.levels {
            if let Some(last) = level.buckets.last()
                && level.keep_ms < i64::MAX
            {
                level.forget_before(last.start.plus(-level.keep_ms));
            }
        }
    }

    /// Bytes held, estimated.
    pub fn bytes(&self) -> usize {
        self.levels.iter().map(|level| level.buckets.bytes()).sum::<usize>() + self.peaks.bytes()
    }
}

impl Level {
    /// Lets go the pages that lie before a time.
    pub fn forget_before(&mut self, time: Timestamp) {
        if let Some(last) = self.buckets.drop_pages_before(time) {
            self.from = self.from.max(last.plus(self.width_ms));
        }
    }
}
