//! `report --by`: facts straight into the asked buckets, without a store: exact and cheap.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::intervals::Intervals;
use crate::model::{
    CallFact, Change, Cold, EnvironmentId, FactSink, FunctionId, Grade, Graded, Invocation, MetricName,
    MetricPoint, NameId, Outcome, Statistics, Timestamp, Waited, Why, is_throttle,
};

/// Which time of an invocation decides its bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum TimeRule {
    /// Its START: CloudWatch's rule.
    #[default]
    Start,
    /// Its REPORT record's time.
    End,
}

/// What is grouped by. A version or an environment without its function means nothing, so the
/// function is always a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Keys {
    /// By version.
    pub version: bool,
    /// By environment.
    pub environment: bool,
    /// By buckets of so many ms.
    pub bucket_ms: Option<i64>,
}

/// A series: what is grouped by besides time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    /// The function.
    pub function: FunctionId,
    /// The version, if that is a key.
    pub version: Option<NameId>,
    /// The environment, if that is a key.
    pub environment: Option<EnvironmentId>,
}

/// A row of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is about.
    pub key: SeriesKey,
    /// Start of its bucket.
    pub bucket: Option<Timestamp>,
    /// Invocations.
    pub invocations: Graded<u64>,
    /// Failed ones.
    pub errors: Graded<u64>,
    /// Refused requests.
    pub throttles: Graded<u64>,
    /// Cold starts: all with an init record.
    pub cold_starts: Graded<u64>,
    /// Those of which a caller waited for the init.
    pub cold_waited: Graded<u64>,
    /// Mean duration in ms.
    pub avg_ms: Graded<f64>,
    /// Percentiles by nearest rank, in ms: p50, p90, p99.
    pub percentiles: [Graded<f64>; 3],
    /// Longest duration in ms.
    pub max_ms: Graded<f64>,
    /// Most invocations at once.
    pub max_concurrency: Graded<u64>,
    /// Highest memory use in MB.
    pub max_memory_mb: Graded<u64>,
    /// Billed GB-seconds.
    pub billed_gb_s: Graded<f64>,
}

/// The percentiles of a row.
pub const PERCENTILES: [f64; 3] = [0.5, 0.9, 0.99];

#[derive(Default)]
struct Bucket {
    invocations: u64,
    errors: u64,
    cold: u64,
    waited: u64,
    wait_unknown: bool,
    start_estimated: bool,
    /// Durations in µs, all of them: percentiles are exact.
    durations: Vec<u32>,
    /// The shortest duration that was cut off by the timeout, in µs.
    censored: Option<u32>,
    max_memory_mb: Option<u32>,
    /// Σ billed ms × MB.
    billed: u64,
    not_printed: bool,
}

impl Bucket {
    /// Keeps a duration. They are most of a report's memory, so little room is made ahead.
    fn keep(&mut self, us: u32) {
        let kept = self.durations.len();
        if kept == self.durations.capacity() {
            self.durations.reserve_exact(4.max(kept / 8));
        }
        self.durations.push(us);
    }
}

/// What is kept of a series.
#[derive(Default)]
struct Series {
    /// The buckets by their starts, sorted.
    buckets: Vec<(i64, Bucket)>,
    /// For concurrency.
    intervals: Intervals,
}

impl Series {
    /// The bucket that starts at a time; mostly the newest, since records come about in order.
    fn bucket(&mut self, start: i64) -> &mut Bucket {
        let at = match self.buckets.last() {
            Some((last, _)) if *last == start => self.buckets.len() - 1,
            _ => match self.buckets.binary_search_by_key(&start, |(start, _)| *start) {
                Ok(at) => at,
                Err(at) => {
                    self.buckets.insert(at, (start, Bucket::default()));
                    at
                }
            },
        };
        &mut self.buckets[at].1
    }
}

/// Folds facts into buckets.
pub struct Fold {
    keys: Keys,
    rule: TimeRule,
    window: crate::model::Window,
    /// The functions' names, by id.
    pub functions: Vec<String>,
    series: FxHashMap<SeriesKey, Series>,
    /// By the starts of their minutes.
    metrics: FxHashMap<(FunctionId, MetricName), BTreeMap<i64, Statistics>>,
    /// When requests were refused for want of concurrency, as CloudTrail tells, and which those were.
    refused: FxHashMap<FunctionId, BTreeSet<(i64, u64)>>,
    /// Functions of which logs tell.
    logged: FxHashSet<FunctionId>,
    newest: Timestamp,
}

impl Fold {
    /// An empty fold over the invocations whose time, by the rule, lies in the window.
    pub fn new(keys: Keys, rule: TimeRule, window: crate::model::Window) -> Self {
        Self {
            keys,
            rule,
            window,
            functions: Vec::new(),
            series: FxHashMap::default(),
            metrics: FxHashMap::default(),
            refused: FxHashMap::default(),
            logged: FxHashSet::default(),
            newest: Timestamp::MIN,
        }
    }

    fn key(&self, invocation: &Invocation) -> SeriesKey {
        SeriesKey {
            function: invocation.function,
            version: self.keys.version.then_some(invocation.version),
            environment: invocation.environment.filter(|_| self.keys.environment),
        }
    }

    fn bucket_of(&self, time: Timestamp) -> i64 {
        self.keys.bucket_ms.map_or(0, |step| time.floor(step).0)
    }

    /// The start of an invocation's bucket, unless its time is not asked for or not known yet.
    fn bucket_start(&self, invocation: &Invocation) -> Option<i64> {
        let time = match self.rule {
            TimeRule::Start => invocation.start,
            TimeRule::End => invocation.end?.at,
        };
        self.window.holds(time).then(|| self.bucket_of(time))
    }

    fn bucket(&mut self, invocation: &Invocation) -> Option<&mut Bucket> {
        let start = self.bucket_start(invocation)?;
        Some(self.series.entry(self.key(invocation)).or_default().bucket(start))
    }

    fn finished(&mut self, invocation: &Invocation) {
        let Some(end) = invocation.end else { return };
        self.newest = self.newest.max(end.at);
        let start = self.bucket_start(invocation);
        let series = self.series.entry(self.key(invocation)).or_default();
        series.intervals.push(invocation.start.0, end.at.0);
        let Some(bucket) = start.map(|start| series.bucket(start)) else { return };
        let rule = self.rule;
        if end.outcome == Outcome::Unfinished {
            return;
        }
        // By START it was counted when it began, except where there was no START to read.
        if rule == TimeRule::End || invocation.start_estimated {
            bucket.invocations += 1;
        }
        bucket.start_estimated |= invocation.start_estimated;
        bucket.errors += u64::from(end.outcome.failed());
        if let Cold::Yes(waited) = invocation.cold {
            bucket.cold += 1;
            bucket.waited += u64::from(waited == Waited::Caller);
            bucket.wait_unknown |= waited == Waited::Unknown;
        }
        match end.duration {
            Some(duration) => {
                bucket.keep(duration.0);
                if end.outcome == Outcome::Timeout {
                    bucket.censored = Some(bucket.censored.map_or(duration.0, |c| c.min(duration.0)));
                }
            }
            None => bucket.not_printed = true,
        }
        bucket.max_memory_mb = bucket.max_memory_mb.max(end.max_memory_mb);
        match end.billed_ms.zip(end.memory_mb) {
            Some((ms, mb)) => bucket.billed += u64::from(ms) * u64::from(mb),
            None => bucket.not_printed = true,
        }
    }

    /// The answer: rows by function name, then the other keys, then time. What is open at the end
    /// of the input runs on to it.
    pub fn rows(mut self, open: &[Invocation]) -> (Vec<Row>, Vec<String>) {
        for invocation in open {
            let key = self.key(invocation);
            let until = self.newest.max(invocation.start).plus(1);
            self.series.entry(key).or_default().intervals.push(invocation.start.0, until.0);
        }
        self.logged = self.series.keys().map(|key| key.function).collect();
        self.add_metric_buckets();
        let mut series: Vec<_> = std::mem::take(&mut self.series).into_iter().collect();
        let name = |key: &SeriesKey| self.functions[key.function.0 as usize].as_str();
        series.sort_by(|(a, _), (b, _)| (name(a), a).cmp(&(name(b), b)));
        let mut rows = Vec::new();
        for (key, Series { buckets, intervals }) in series {
            let starts: Vec<i64> = buckets.iter().map(|(start, _)| *start).collect();
            let peaks = intervals.peaks(&starts, self.keys.bucket_ms);
            rows.extend(buckets.into_iter().zip(peaks).filter_map(|((start, bucket), peak)| {
                self.row(key, start, bucket, (peak > 0).then_some(peak))
            }));
        }
        (rows, self.functions)
    }

    /// Buckets in which metrics tell of something although no log does: refused requests, or
    /// functions whose logs are not read.
    fn add_metric_buckets(&mut self) {
        if self.keys.version || self.keys.environment {
            return;
        }
        let mut told = Vec::new();
        for (function, refused) in &self.refused {
            told.extend(refused.iter().map(|(at, _)| (*function, self.bucket_of(Timestamp(*at)))));
        }
        for ((function, name), points) in self.metrics.iter().filter(|_| self.whole_minutes()) {
            if matches!(name, MetricName::Throttles | MetricName::Invocations) {
                let some = points.iter().filter(|(_, point)| point.sum.is_some_and(|sum| sum > 0.0));
                told.extend(some.map(|(minute, _)| (*function, self.bucket_of(Timestamp(*minute)))));
            }
        }
        for (function, at) in told {
            let key = SeriesKey { function, version: None, environment: None };
            self.series.entry(key).or_default().bucket(at);
        }
    }

    fn whole_minutes(&self) -> bool {
        self.keys.bucket_ms.is_none_or(|step| step % 60_000 == 0)
    }

    /// The metric's periods that lie in a bucket.
    fn points(&self, key: SeriesKey, at: i64, name: MetricName) -> Vec<Statistics> {
        if key.version.is_some() || key.environment.is_some() || !self.whole_minutes() {
            return Vec::new();
        }
        let Some(points) = self.metrics.get(&(key.function, name)) else { return Vec::new() };
        match self.keys.bucket_ms {
            Some(step) => points.range(at..at.saturating_add(step)).map(|(_, point)| *point).collect(),
            None => {
                let asked = points.iter().filter(|(start, _)| self.window.holds(Timestamp(**start)));
                asked.map(|(_, point)| *point).collect()
            }
        }
    }

    fn sum(&self, key: SeriesKey, at: i64, name: MetricName) -> Option<u64> {
        let points = self.points(key, at, name);
        if points.is_empty() {
            return None;
        }
        Some(points.iter().filter_map(|p| p.sum).sum::<f64>().round() as u64)
    }

    fn throttles(&self, key: SeriesKey, at: i64) -> Graded<u64> {
        match self.sum(key, at, MetricName::Throttles) {
            Some(sum) => Graded::Counted(sum),
            None if self.metrics.contains_key(&(key.function, MetricName::Throttles)) => {
                Graded::NoSource(Why::NoData)
            }
            None => match self.refused(key, at) {
                Some(count) => Graded::AtLeast(count, Why::CallersOnly),
                None => Graded::NoSource(Why::ThrottlesAreInNoLog),
            },
        }
    }

    /// Requests in a bucket that CloudTrail says were refused, if it says so of any.
    fn refused(&self, key: SeriesKey, at: i64) -> Option<u64> {
        if key.version.is_some() || key.environment.is_some() {
            return None;
        }
        let refused = self.refused.get(&key.function)?;
        let to = self.keys.bucket_ms.map_or(i64::MAX, |step| at.saturating_add(step));
        let from = self.keys.bucket_ms.map_or(i64::MIN, |_| at);
        Some(refused.range((from, 0)..(to, 0)).count() as u64)
    }

    fn row(&self, key: SeriesKey, at: i64, mut bucket: Bucket, peak: Option<u64>) -> Option<Row> {
        let throttles = self.throttles(key, at);
        let counted = self.sum(key, at, MetricName::Invocations);
        let logged = bucket.invocations;
        if logged == 0 && counted.is_none_or(|n| n == 0) && throttles.value().is_none_or(|n| *n == 0) {
            return None;
        }
        let bucket_start = self.keys.bucket_ms.map(|_| Timestamp(at));
        if logged == 0 && (counted.is_some_and(|n| n > 0) || !self.logged.contains(&key.function)) {
            return Some(self.row_of_metrics(key, at, throttles));
        }
        // Where CloudWatch counted more, what the logs show is a lower bound.
        let complete = match counted {
            Some(counted) if counted > logged && self.rule == TimeRule::Start => {
                Grade::AtLeast(Why::LogsIncomplete)
            }
            _ => Grade::Counted,
        };
        let starts = if bucket.start_estimated && self.rule == TimeRule::Start {
            Grade::Estimated(Why::StartFromReport)
        } else {
            Grade::Counted
        };
        let of = |grade: Grade, n: u64| grade.worst(complete).of(n);
        bucket.durations.sort_unstable();
        let durations = &bucket.durations;
        let nothing = Graded::NoSource(Why::NothingFinished);
        let at_rank = |us: u32| {
            let censored = bucket.censored.is_some_and(|c| us >= c);
            let grade = if censored { Grade::AtLeast(Why::Censored) } else { Grade::Counted };
            grade.worst(complete).of(f64::from(us) / 1_000.0)
        };
        let total: u64 = durations.iter().map(|us| u64::from(*us)).sum();
        let waited = if bucket.wait_unknown { Grade::AtLeast(Why::UnknownWait) } else { Grade::Counted };
        let billed = if bucket.not_printed { Grade::AtLeast(Why::NotPrinted) } else { Grade::Counted };
        Some(Row {
            key,
            bucket: bucket_start,
            invocations: of(starts, logged),
            errors: of(Grade::Counted, bucket.errors),
            throttles,
            cold_starts: of(Grade::Counted, bucket.cold),
            cold_waited: of(waited, bucket.waited),
            avg_ms: if durations.is_empty() {
                nothing
            } else {
                complete.of(total as f64 / durations.len() as f64 / 1_000.0)
            },
            percentiles: PERCENTILES.map(|p| nearest_rank(durations, p).map_or(nothing, at_rank)),
            max_ms: durations.last().map_or(nothing, |us| at_rank(*us)),
            max_concurrency: match peak {
                Some(peak) => of(starts, peak),
                None => Graded::NoSource(Why::NoData),
            },
            max_memory_mb: match bucket.max_memory_mb {
                Some(mb) => Graded::Counted(u64::from(mb)),
                None => Graded::NoSource(Why::NotPrinted),
            },
            billed_gb_s: if bucket.billed == 0 && bucket.not_printed {
                Graded::NoSource(Why::NotPrinted)
            } else {
                billed.worst(complete).of(bucket.billed as f64 / 1_000.0 / 1_024.0)
            },
        })
    }

    /// A function whose logs are not read, as CloudWatch counts it.
    fn row_of_metrics(&self, key: SeriesKey, at: i64, throttles: Graded<u64>) -> Row {
        let count = |name| self.sum(key, at, name).map_or(Graded::NoSource(Why::NoData), Graded::Counted);
        let durations = self.points(key, at, MetricName::Duration);
        let samples: f64 = durations.iter().filter_map(|d| d.count).sum();
        let total: f64 = durations.iter().filter_map(|d| d.sum).sum();
        let most = |points: &[Statistics]| {
            points
                .iter()
                .filter_map(|d| d.max)
                .fold(None, |a: Option<f64>, b| Some(a.map_or(b, |a| a.max(b))))
        };
        // Percentiles of several minutes can't be had from the minutes' percentiles.
        let percentile = |of: fn(&Statistics) -> Option<f64>| match &durations[..] {
            [one] => of(one).map_or(Graded::NoSource(Why::NoData), Graded::Counted),
            _ => Graded::NoSource(Why::NotInAnySource),
        };
        let unknown = Graded::NoSource(Why::NotInAnySource);
        Row {
            key,
            bucket: self.keys.bucket_ms.map(|_| Timestamp(at)),
            invocations: count(MetricName::Invocations),
            errors: match (self.sum(key, at, MetricName::Errors), self.sum(key, at, MetricName::Invocations))
            {
                (Some(errors), _) => Graded::Counted(errors),
                // CloudWatch leaves out Errors of a minute without any.
                (None, Some(_)) => Graded::Counted(0),
                (None, None) => Graded::NoSource(Why::NoData),
            },
            throttles,
            cold_starts: unknown,
            cold_waited: unknown,
            avg_ms: if samples > 0.0 {
                Graded::Counted(total / samples)
            } else {
                Graded::NoSource(Why::NoData)
            },
            percentiles: [percentile(|s| s.p50), percentile(|s| s.p90), percentile(|s| s.p99)],
            max_ms: most(&durations).map_or(Graded::NoSource(Why::NoData), Graded::Counted),
            max_concurrency: most(&self.points(key, at, MetricName::ConcurrentExecutions))
                .map_or(Graded::NoSource(Why::NoData), |n| Graded::Counted(n as u64)),
            max_memory_mb: unknown,
            billed_gb_s: Graded::NoSource(Why::NotInAnySource),
        }
    }
}

impl FactSink for Fold {
    fn function(&mut self, id: FunctionId, name: &str) {
        debug_assert_eq!(id.0 as usize, self.functions.len());
        self.functions.push(name.to_string());
    }

    fn invocation(&mut self, invocation: &Invocation, change: Change) {
        match change {
            Change::Started => {
                self.newest = self.newest.max(invocation.start);
                if self.rule == TimeRule::Start
                    && let Some(bucket) = self.bucket(invocation)
                {
                    bucket.invocations += 1;
                }
            }
            Change::Finished | Change::Amended { was: Outcome::Unfinished, .. } => self.finished(invocation),
            Change::Amended { was, .. } => {
                let now = invocation.end.is_some_and(|end| end.outcome.failed());
                if now
                    && !was.failed()
                    && let Some(bucket) = self.bucket(invocation)
                {
                    bucket.errors += 1;
                }
            }
        }
    }

    fn call(&mut self, call: &CallFact) {
        if call.refused.as_deref().is_some_and(is_throttle) && self.window.holds(call.at) {
            self.refused.entry(call.function).or_default().insert((call.at.0, call.id));
        }
    }

    fn metric(&mut self, point: &MetricPoint) {
        if let Some(function) = point.function
            && point.period_ms == 60_000
            && self.window.holds(point.start)
        {
            let points = self.metrics.entry((function, point.name)).or_default();
            points.insert(point.start.floor(60_000).0, point.statistics);
        }
    }
}

/// The value at rank ⌈p·n⌉ of sorted values.
pub fn nearest_rank(sorted: &[u32], p: f64) -> Option<u32> {
    let rank = (p * sorted.len() as f64 - 1e-9).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_the_nearest() {
        let v = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
        assert_eq!(PERCENTILES.map(|p| nearest_rank(&v, p)), [Some(5), Some(9), Some(10)]);
        assert_eq!(nearest_rank(&[], 0.5), None);
        assert_eq!(nearest_rank(&[7], 0.99), Some(7));
    }
}
