//! The one fold of invocations into a bucket of time.

use crate::model::{Cold, Micros, Outcome, Timestamp, Waited};

use super::paged::Item;
use super::row::Standing;
use super::sketch::{Bins, Sketch, bin_of};

/// What a number of invocations come to. Kept buckets count durations in a [`Sketch`], the columns
/// of an answer in a wider form; the fold is the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Fold<B> {
    /// Invocations that began.
    pub started: u32,
    /// Those whose end is not known.
    pub open: u32,
    /// Those whose start was computed from REPORT.
    pub estimated: u32,
    /// Those that failed, timed-out ones included.
    pub errors: u32,
    /// Those that reached the timeout.
    pub timeouts: u32,
    /// Those with an init record.
    pub cold: u32,
    /// Those whose caller waited for the init.
    pub waited: u32,
    /// Ended ones that print no use of memory.
    pub no_memory: u32,
    /// Ended ones that print no billed duration or memory size.
    pub not_billed: u32,
    /// The longest duration in µs.
    pub max_us: u32,
    /// The shortest timed-out duration in µs; `u32::MAX` without one.
    pub censored_us: u32,
    /// The largest configured memory in MB; 0 where none is printed.
    pub memory_mb: u16,
    /// The highest use of memory in MB; 0 where none is printed.
    pub max_memory_mb: u16,
    /// Sum of durations in µs.
    pub sum_us: u64,
    /// Sum of billed durations in ms times configured memory in MB.
    pub billed_mb_ms: u64,
    /// The durations.
    pub durations: B,
}

impl<B: Default> Default for Fold<B> {
    fn default() -> Self {
        Self {
            started: 0,
            open: 0,
            estimated: 0,
            errors: 0,
            timeouts: 0,
            cold: 0,
            waited: 0,
            no_memory: 0,
            not_billed: 0,
            max_us: 0,
            censored_us: u32::MAX,
            memory_mb: 0,
            max_memory_mb: 0,
            sum_us: 0,
            billed_mb_ms: 0,
            durations: B::default(),
        }
    }
}

/// What one invocation has of the extremes of a fold.
struct Extremes {
    max_us: u32,
    censored_us: u32,
    memory_mb: u16,
    max_memory_mb: u16,
}

impl Extremes {
    fn of(standing: &Standing) -> Self {
        let small = |mb: Option<u32>| mb.map_or(0, |mb| u16::try_from(mb).unwrap_or(u16::MAX));
        let duration = standing.end.and_then(|end| end.duration).map(|Micros(us)| us);
        let timed_out = standing.end.is_some_and(|end| end.outcome == Outcome::Timeout);
        Self {
            max_us: duration.unwrap_or(0),
            censored_us: duration.filter(|_| timed_out).unwrap_or(u32::MAX),
            memory_mb: small(standing.end.and_then(|end| end.memory_mb)),
            max_memory_mb: small(standing.end.and_then(|end| end.max_memory_mb)),
        }
    }
}

/// How an invocation stands, and in which bin its duration is: looked for once for all buckets that count it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Binned<'a> {
    standing: &'a Standing,
    bin: u16,
}

impl<'a> Binned<'a> {
    pub fn of(standing: &'a Standing) -> Self {
        let duration = standing.end.and_then(|end| end.duration);
        Self { standing, bin: duration.map_or(0, |Micros(us)| bin_of(us)) }
    }

    pub fn standing(self) -> &'a Standing {
        self.standing
    }
}

impl<B: Bins> Fold<B> {
    /// Counts one invocation as it stands.
    pub fn add(&mut self, standing: &Standing) {
        self.add_binned(Binned::of(standing));
    }

    fn add_binned(&mut self, Binned { standing, bin }: Binned<'_>) {
        self.count(standing, |count| *count = count.saturating_add(1));
        let extremes = Extremes::of(standing);
        self.max_us = self.max_us.max(extremes.max_us);
        self.censored_us = self.censored_us.min(extremes.censored_us);
        self.memory_mb = self.memory_mb.max(extremes.memory_mb);
        self.max_memory_mb = self.max_memory_mb.max(extremes.max_memory_mb);
        let Some(end) = standing.end else { return };
        self.billed_mb_ms = self.billed_mb_ms.saturating_add(billed(&end));
        if let Some(Micros(us)) = end.duration {
            self.sum_us = self.sum_us.saturating_add(u64::from(us));
            self.durations.add(bin, 1);
        }
    }

    /// Counts an invocation as it stands now in the place of how it stood before. Extremes never
    /// fall by that: the answer says whether one should have, so that the fold must be made anew.
    fn replace(&mut self, before: Binned<'_>, now: Binned<'_>) -> bool {
        let (was, is) = (Extremes::of(before.standing), Extremes::of(now.standing));
        self.count(before.standing, |count| *count = count.saturating_sub(1));
        if let Some(end) = before.standing.end {
            self.billed_mb_ms = self.billed_mb_ms.saturating_sub(billed(&end));
            if let Some(Micros(us)) = end.duration {
                self.sum_us = self.sum_us.saturating_sub(u64::from(us));
                self.durations.remove(before.bin);
            }
        }
        self.add_binned(now);
        was.max_us > is.max_us && was.max_us == self.max_us
            || was.censored_us < is.censored_us && was.censored_us == self.censored_us
            || was.memory_mb > is.memory_mb && was.memory_mb == self.memory_mb
            || was.max_memory_mb > is.max_memory_mb && was.max_memory_mb == self.max_memory_mb
    }

    fn count(&mut self, standing: &Standing, change: impl Fn(&mut u32)) {
        change(&mut self.started);
        if standing.estimated {
            change(&mut self.estimated);
        }
        if standing.cold.is_cold() {
            change(&mut self.cold);
        }
        if standing.cold == Cold::Yes(Waited::Caller) {
            change(&mut self.waited);
        }
        let Some(end) = standing.end else {
            change(&mut self.open);
            return;
        };
        if end.outcome.failed() {
            change(&mut self.errors);
        }
        if end.outcome == Outcome::Timeout {
            change(&mut self.timeouts);
        }
        if end.max_memory_mb.is_none() {
            change(&mut self.no_memory);
        }
        if end.billed_ms.is_none() || end.memory_mb.is_none() {
            change(&mut self.not_billed);
        }
    }

    /// Adds all of another.
    pub fn merge<C: Bins>(&mut self, other: &Fold<C>) {
        let counts = [
            (&mut self.started, other.started),
            (&mut self.open, other.open),
            (&mut self.estimated, other.estimated),
            (&mut self.errors, other.errors),
            (&mut self.timeouts, other.timeouts),
            (&mut self.cold, other.cold),
            (&mut self.waited, other.waited),
            (&mut self.no_memory, other.no_memory),
            (&mut self.not_billed, other.not_billed),
        ];
        for (mine, theirs) in counts {
            *mine = mine.saturating_add(theirs);
        }
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
        self.billed_mb_ms = self.billed_mb_ms.saturating_add(other.billed_mb_ms);
        self.merge_shape(other);
    }

    /// Adds the durations and extremes of another without its counts.
    pub fn merge_shape<C: Bins>(&mut self, other: &Fold<C>) {
        self.max_us = self.max_us.max(other.max_us);
        self.censored_us = self.censored_us.min(other.censored_us);
        self.memory_mb = self.memory_mb.max(other.memory_mb);
        self.max_memory_mb = self.max_memory_mb.max(other.max_memory_mb);
        self.durations.merge(&other.durations);
    }

    /// Those whose end is known.
    pub fn finished(&self) -> u32 {
        self.started.saturating_sub(self.open)
    }
}

fn billed(end: &crate::model::End) -> u64 {
    match (end.billed_ms, end.memory_mb) {
        (Some(ms), Some(mb)) => u64::from(ms) * u64::from(mb),
        _ => 0,
    }
}

/// A kept bucket: the fold of the invocations that began in it, over all that is known by now.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    /// Its first ms.
    pub start: Timestamp,
    /// The latest time at which something of what is folded was known, open ones apart.
    pub known_by: Timestamp,
    /// Peak of concurrency in that part of it whose rows were let go.
    pub peak: u32,
    /// The fold.
    pub fold: Fold<Sketch>,
}

impl Bucket {
    /// An empty one.
    pub fn at(start: Timestamp) -> Self {
        Self { start, known_by: Timestamp::MIN, peak: 0, fold: Fold::default() }
    }

    /// When all that is folded was known; never while an invocation in it is open. As of any time
    /// from here on the bucket equals the fold of its rows.
    pub fn max_known(&self) -> Timestamp {
        if self.fold.open > 0 { Timestamp::NEVER } else { self.known_by }
    }

    /// Counts an invocation as it stands now, in the place of how it stood before. The answer is
    /// that of [`Fold::replace`].
    pub(super) fn change(&mut self, before: Option<Binned<'_>>, now: Binned<'_>) -> bool {
        let Standing { end, start_known, .. } = now.standing;
        let known = end.map_or(*start_known, |end| end.known.max(*start_known));
        self.known_by = self.known_by.max(known);
        match before {
            Some(before) => self.fold.replace(before, now),
            None => {
                self.fold.add_binned(now);
                false
            }
        }
    }
}

impl Item for Bucket {
    type Key = Timestamp;
    type Summary = ();
    const PER_PAGE: usize = 4;

    fn key(&self) -> Timestamp {
        self.start
    }

    fn sum_up(&self, (): &mut ()) {}

    fn heap(&self) -> usize {
        self.fold.durations.heap()
    }
}
