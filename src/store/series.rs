//! Buckets of several widths: a memo of folding rows, and what stays of them when they are gone.

use crate::model::Timestamp;

use super::bucket::Bucket;
use super::paged::Paged;
use super::row::Standing;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// Width of each level's buckets and how far back they are kept, in ms. The widest are kept as
/// long as the budget allows.
pub const LEVELS: [(i64, i64); 4] =
    [(SECOND, 15 * MINUTE), (MINUTE, 2 * HOUR), (10 * MINUTE, 48 * HOUR), (HOUR, i64::MAX)];

/// The buckets of one width.
#[derive(Clone, Debug)]
pub struct Level {
    /// Width of a bucket in ms.
    pub width_ms: i64,
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
}

impl Default for Series {
    fn default() -> Self {
        Self {
            levels: LEVELS.map(|(width_ms, _)| Level {
                width_ms,
                from: Timestamp::MIN,
                buckets: Paged::default(),
            }),
        }
    }
}

/// A bucket whose extremes must be found again from rows: its level and start.
pub type Refold = (usize, Timestamp);

impl Series {
    /// Counts an invocation that began at `start` as it stands now, in the place of how it stood
    /// before. `gone` says that the rows of that time were let go. Buckets whose extremes may
    /// have rested on how it stood are told to `refold`.
    pub fn change(
        &mut self,
        start: Timestamp,
        before: Option<&Standing>,
        now: &Standing,
        gone: bool,
        mut refold: impl FnMut(Refold),
    ) {
        for (at, level) in self.levels.iter_mut().enumerate() {
            let bucket_start = start.floor(level.width_ms);
            if bucket_start < level.from {
                continue;
            }
            let mut extreme = false;
            level.buckets.upsert(
                bucket_start,
                || Bucket::at(bucket_start),
                |bucket| {
                    extreme = bucket.change(before, now);
                    bucket.late |= gone;
                },
            );
            if extreme {
                refold((at, bucket_start));
            }
        }
        self.age();
    }

    /// Lets go what is older than its level is kept for.
    fn age(&mut self) {
        for (level, (_, keep_ms)) in self.levels.iter_mut().zip(LEVELS) {
            if let Some(last) = level.buckets.last()
                && keep_ms < i64::MAX
            {
                level.forget_before(last.start.plus(-keep_ms));
            }
        }
    }

    /// Bytes held, estimated.
    pub fn bytes(&self) -> usize {
        self.levels.iter().map(|level| level.buckets.bytes()).sum()
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
