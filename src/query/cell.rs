//! What one column of an answer comes to.

use crate::model::{Grade, Graded, Micros, Outcome, Why};
use crate::store::{Bins, Bucket, Dense, Fold, Standing, bin_of, nearest_rank, value_of};

/// Invocations of one selection and span: folded rows, whole buckets and shares of buckets.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// What rows and whole buckets come to, and the durations and extremes of shares.
    pub fold: Fold<Dense>,
    /// What shares of buckets add to the counts.
    share: Share,
    /// How far it can be trusted.
    pub grade: Grade,
}

#[derive(Clone, Copy, Debug, Default)]
struct Share {
    started: f64,
    errors: f64,
    timeouts: f64,
    cold: f64,
    durations: f64,
}

impl Cell {
    /// Adds an invocation.
    pub fn add(&mut self, standing: &Standing) {
        self.fold.add(standing);
    }

    /// Adds that share of a bucket that lies in the column; `exact` if the bucket is what its rows
    /// would come to.
    pub fn add_bucket(&mut self, bucket: &Bucket, share: f64, exact: bool) {
        if share >= 1.0 {
            self.fold.merge(&bucket.fold);
        } else {
            let durations = bucket.fold.durations.count() as f64;
            self.share.started += share * f64::from(bucket.fold.started);
            self.share.errors += share * f64::from(bucket.fold.errors);
            self.share.timeouts += share * f64::from(bucket.fold.timeouts);
            self.share.cold += share * f64::from(bucket.fold.cold);
            self.share.durations += (share - 1.0) * durations;
            // The shape of the durations is the best that is left.
            self.fold.merge_shape(&bucket.fold);
        }
        if bucket.fold.started > 0 && !(exact && share >= 1.0) {
            self.grade = self.grade.worst(Grade::Estimated(Why::Evicted));
        }
    }

    /// What rows and whole buckets come to.
    pub fn into_fold(self) -> Fold<Dense> {
        self.fold
    }

    /// Adds another cell.
    pub fn merge(&mut self, other: &Self) {
        self.fold.merge(&other.fold);
        self.share.started += other.share.started;
        self.share.errors += other.share.errors;
        self.share.timeouts += other.share.timeouts;
        self.share.cold += other.share.cold;
        self.share.durations += other.share.durations;
        self.grade = self.grade.worst(other.grade);
    }

    /// Notes that some of it is lost.
    pub fn lose(&mut self) {
        self.grade = self.grade.worst(Grade::AtLeast(Why::Evicted));
    }

    /// Invocations that began.
    pub fn started(&self) -> f64 {
        f64::from(self.fold.started) + self.share.started
    }

    /// Those that failed.
    pub fn errors(&self) -> f64 {
        f64::from(self.fold.errors) + self.share.errors
    }

    /// Those that reached the timeout.
    pub fn timeouts(&self) -> f64 {
        f64::from(self.fold.timeouts) + self.share.timeouts
    }

    /// Cold starts.
    pub fn cold(&self) -> f64 {
        f64::from(self.fold.cold) + self.share.cold
    }

    /// Durations known.
    pub fn durations(&self) -> f64 {
        self.fold.durations.count() as f64 + self.share.durations
    }

    /// The grade of what is counted.
    pub fn count_grade(&self) -> Grade {
        match self.fold.estimated {
            0 => self.grade,
            _ => self.grade.worst(Grade::Estimated(Why::StartFromReport)),
        }
    }

    /// A quantile of the durations in ms, from the sketch.
    pub fn quantile(&self, q: f64) -> Graded<f64> {
        let Some(bin) = self.fold.durations.quantile_bin(q) else {
            return Graded::NoSource(Why::NothingFinished);
        };
        let censored = self.fold.censored_us < u32::MAX && bin >= bin_of(self.fold.censored_us);
        let grade = self.grade.worst(Grade::Estimated(Why::Sketch)).worst(censoring(censored));
        // What stands for a bin may be a little more than the longest in it, which is known exactly.
        grade.of(value_of(bin).min(f64::from(self.fold.max_us)) / 1_000.0)
    }

    /// The longest duration in ms.
    pub fn longest(&self) -> Graded<f64> {
        if self.fold.durations.count() == 0 {
            return Graded::NoSource(Why::NothingFinished);
        }
        let censored = self.fold.max_us >= self.fold.censored_us;
        self.grade.worst(censoring(censored)).of(Micros(self.fold.max_us).ms())
    }

    /// The highest use of memory in MB.
    pub fn memory_used(&self) -> Graded<u32> {
        match (self.fold.max_memory_mb, self.fold.finished(), self.fold.no_memory) {
            (0, 0, _) => Graded::NoSource(Why::NothingFinished),
            (0, _, _) => Graded::NoSource(Why::NotPrinted),
            (mb, _, _) => self.grade.of(u32::from(mb)),
        }
    }
}

fn censoring(censored: bool) -> Grade {
    if censored { Grade::AtLeast(Why::Censored) } else { Grade::Counted }
}

/// Durations one by one, for exact quantiles.
#[derive(Clone, Debug, Default)]
pub struct Durations {
    us: Vec<u32>,
    censored_us: Option<u32>,
    sorted: bool,
}

impl Durations {
    /// Notes the duration of an invocation, if it has one.
    pub fn add(&mut self, standing: &Standing) {
        let Some((Micros(us), outcome)) = standing.end.and_then(|end| Some((end.duration?, end.outcome)))
        else {
            return;
        };
        self.push(Micros(us));
        if outcome == Outcome::Timeout {
            self.censored_us = Some(self.censored_us.map_or(us, |least| least.min(us)));
        }
    }

    /// Notes a duration.
    pub fn push(&mut self, Micros(us): Micros) {
        self.us.push(us);
        self.sorted = false;
    }

    /// A quantile in ms by nearest rank.
    pub fn quantile(&mut self, q: f64) -> Graded<f64> {
        if !self.sorted {
            self.us.sort_unstable();
            self.sorted = true;
        }
        let rank = nearest_rank(q, self.us.len() as u64) as usize;
        let Some(&us) = self.us.get(rank - 1) else {
            return Graded::NoSource(Why::NothingFinished);
        };
        censoring(self.censored_us.is_some_and(|least| us >= least)).of(Micros(us).ms())
    }

    /// Adds all of another.
    pub fn extend(&mut self, other: &Self) {
        self.us.extend_from_slice(&other.us);
        self.sorted = false;
        self.censored_us = match (self.censored_us, other.censored_us) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cold, End, Timestamp};
    use proptest::prelude::*;

    fn ended(us: u32, outcome: Outcome) -> Standing {
        Standing {
            start_known: Timestamp(0),
            estimated: false,
            cold: Cold::No,
            end: Some(End {
                at: Timestamp(1),
                known: Timestamp(1),
                duration: Some(Micros(us)),
                billed_ms: None,
                memory_mb: None,
                max_memory_mb: None,
                init: None,
                restore: None,
                outcome,
                error: None,
            }),
        }
    }

    #[test]
    fn a_percentile_at_a_timed_out_duration_is_at_least_that() {
        let mut cell = Cell::default();
        let mut exact = Durations::default();
        for standing in [
            ended(1_000, Outcome::Ok),
            ended(2_000, Outcome::Ok),
            ended(3_000_000, Outcome::Timeout),
            ended(1_500, Outcome::Error),
        ] {
            cell.add(&standing);
            exact.add(&standing);
        }
        assert_eq!(exact.quantile(0.5), Graded::Counted(1.5));
        assert_eq!(exact.quantile(0.99), Graded::AtLeast(3_000.0, Why::Censored));
        assert_eq!(cell.longest(), Graded::AtLeast(3_000.0, Why::Censored));
        assert_eq!(cell.quantile(0.99).grade(), Grade::AtLeast(Why::Censored));
        assert_eq!(cell.quantile(0.5).grade(), Grade::Estimated(Why::Sketch));
        assert_eq!(Durations::default().quantile(0.5), Graded::NoSource(Why::NothingFinished));
    }

    proptest! {
        #[test]
        fn sketch_and_exact_agree_within_one_percent(
            values in prop::collection::vec(0u32..10_000_000, 1..200), q in 0.01f64..1.0,
        ) {
            let mut cell = Cell::default();
            let mut exact = Durations::default();
            for us in values {
                cell.add(&ended(us, Outcome::Ok));
                exact.add(&ended(us, Outcome::Ok));
            }
            let (a, b) = (*cell.quantile(q).value().unwrap(), *exact.quantile(q).value().unwrap());
            prop_assert!((a - b).abs() <= b * 0.01 + 1e-9, "{a} {b}");
            prop_assert!(a <= *cell.longest().value().unwrap(), "{a}");
        }
    }
}
