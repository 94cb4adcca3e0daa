//! CloudWatch's metrics by period, with their revisions.

use crate::model::{MetricName, MetricPoint, Statistics, Timestamp};

use super::paged::{Item, Paged};

/// What is kept of a period's statistics.
pub trait Value: Copy + std::fmt::Debug {
    /// What both tell of one period: the later goes first, but may not tell all.
    fn and(self, later: Self) -> Self {
        let _ = self;
        later
    }

    /// Takes it from the statistics, where they have it.
    fn of(statistics: &Statistics) -> Option<Self>;
}

/// The sum, in two halves so that a point needs no padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum([u32; 2]);

/// The largest, likewise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Largest([u32; 2]);

fn halves(value: f64) -> [u32; 2] {
    let bits = value.to_bits();
    [(bits >> 32) as u32, bits as u32]
}

fn whole([high, low]: [u32; 2]) -> f64 {
    f64::from_bits(u64::from(high) << 32 | u64::from(low))
}

impl Value for Sum {
    fn of(statistics: &Statistics) -> Option<Self> {
        statistics.sum.filter(|sum| sum.is_finite()).map(|sum| Self(halves(sum)))
    }
}

impl Value for Largest {
    fn of(statistics: &Statistics) -> Option<Self> {
        statistics.max.filter(|max| max.is_finite()).map(|max| Self(halves(max)))
    }
}

impl From<Sum> for f64 {
    fn from(sum: Sum) -> f64 {
        whole(sum.0)
    }
}

impl From<Largest> for f64 {
    fn from(largest: Largest) -> f64 {
        whole(largest.0)
    }
}

/// Durations of a period in ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Durations {
    /// How many.
    pub count: Option<f32>,
    /// Median.
    pub p50: Option<f32>,
    /// 90th percentile.
    pub p90: Option<f32>,
    /// 99th percentile.
    pub p99: Option<f32>,
    /// Longest.
    pub max: Option<f32>,
}

impl Value for Durations {
    fn and(self, later: Self) -> Self {
        Self {
            count: later.count.or(self.count),
            p50: later.p50.or(self.p50),
            p90: later.p90.or(self.p90),
            p99: later.p99.or(self.p99),
            max: later.max.or(self.max),
        }
    }

    fn of(statistics: &Statistics) -> Option<Self> {
        let given = |value: Option<f64>| value.filter(|v| v.is_finite()).map(|v| v as f32);
        Some(Self {
            count: given(statistics.count),
            p50: given(statistics.p50),
            p90: given(statistics.p90),
            p99: given(statistics.p99),
            max: given(statistics.max),
        })
    }
}

/// One revision of one period.
#[derive(Clone, Copy, Debug)]
pub struct Point<V> {
    /// Seconds since 1970.
    start: u32,
    /// Milliseconds from its start until it was known.
    lag: i32,
    /// Seconds.
    period: u32,
    value: V,
}

impl<V: Copy> Point<V> {
    /// Start of the period.
    pub fn start(&self) -> Timestamp {
        Timestamp(i64::from(self.start) * 1_000)
    }

    /// When this revision was known.
    pub fn known(&self) -> Timestamp {
        self.start().plus(i64::from(self.lag))
    }

    /// Length of the period in ms.
    pub fn period_ms(&self) -> i64 {
        i64::from(self.period) * 1_000
    }

    /// The statistics.
    pub fn value(&self) -> V {
        self.value
    }
}

impl<V: Value> Item for Point<V> {
    /// Revisions of a period follow each other in the order in which they were known.
    type Key = (Timestamp, Timestamp);
    type Summary = ();
    const PER_PAGE: usize = 128;

    fn key(&self) -> Self::Key {
        (self.start(), self.known())
    }

    fn sum_up(&self, (): &mut ()) {}
}

/// The points of one metric, and when the first of them was known.
#[derive(Clone, Debug)]
pub struct Points<V: Value> {
    /// The points in order.
    pub points: Paged<Point<V>>,
    /// When the first was known.
    pub first_known: Timestamp,
}

impl<V: Value> Default for Points<V> {
    fn default() -> Self {
        Self { points: Paged::default(), first_known: Timestamp::NEVER }
    }
}

impl<V: Value> Points<V> {
    /// Keeps a point; what can't be a point of CloudWatch's is refused.
    fn keep(&mut self, point: &MetricPoint) -> bool {
        let start = u32::try_from(point.start.0.div_euclid(1_000));
        let (Ok(start), Some(value)) = (start, V::of(&point.statistics)) else { return false };
        if point.period_ms < 1_000 {
            return false;
        }
        let lag = point.known.since(Timestamp(i64::from(start) * 1_000));
        let lag = lag.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        let kept = Point { start, lag, period: point.period_ms / 1_000, value };
        self.first_known = self.first_known.min(kept.known());
        // An answer of CloudWatch's has a list of points for each statistic.
        self.points.upsert(kept.key(), || kept, |before| before.value = before.value.and(value));
        true
    }
}

/// The metrics of a function, or of all.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// Times the code ran.
    pub invocations: Points<Sum>,
    /// Function errors.
    pub errors: Points<Sum>,
    /// Refused requests.
    pub throttles: Points<Sum>,
    /// Durations.
    pub durations: Points<Durations>,
    /// Concurrency.
    pub concurrency: Points<Largest>,
}

impl Metrics {
    /// Keeps a point of a metric that is asked for; says whether it did.
    pub(super) fn keep(&mut self, point: &MetricPoint) -> bool {
        match point.name {
            MetricName::Invocations => self.invocations.keep(point),
            MetricName::Errors => self.errors.keep(point),
            MetricName::Throttles => self.throttles.keep(point),
            MetricName::Duration => self.durations.keep(point),
            MetricName::ConcurrentExecutions => self.concurrency.keep(point),
            MetricName::UnreservedConcurrentExecutions | MetricName::ClaimedAccountConcurrency => false,
        }
    }

    /// Lets go the pages of points before a time.
    pub(super) fn forget_before(&mut self, time: Timestamp) {
        let key = (time, Timestamp::MIN);
        self.invocations.points.drop_pages_before(key);
        self.errors.points.drop_pages_before(key);
        self.throttles.points.drop_pages_before(key);
        self.durations.points.drop_pages_before(key);
        self.concurrency.points.drop_pages_before(key);
    }

    /// When any was first known.
    pub fn first_known(&self) -> Timestamp {
        self.invocations
            .first_known
            .min(self.errors.first_known)
            .min(self.throttles.first_known)
            .min(self.durations.first_known)
            .min(self.concurrency.first_known)
    }

    /// Bytes held, estimated.
    pub fn bytes(&self) -> usize {
        self.invocations.points.bytes()
            + self.errors.points.bytes()
            + self.throttles.points.bytes()
            + self.durations.points.bytes()
            + self.concurrency.points.bytes()
    }
}

/// The metrics of the whole region: those that functions have too, and those of the account.
#[derive(Clone, Debug, Default)]
pub struct Region {
    /// Of all functions together.
    pub metrics: Metrics,
    /// Environments of functions without a limit of their own that ran at once.
    pub unreserved: Points<Largest>,
    /// What new requests can't have: unreserved in use, all reserved, all provisioned
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-concurrency.html>).
    pub claimed: Points<Largest>,
}

impl Region {
    /// Keeps a point; says whether it did.
    pub(super) fn keep(&mut self, point: &MetricPoint) -> bool {
        match point.name {
            MetricName::UnreservedConcurrentExecutions => self.unreserved.keep(point),
            MetricName::ClaimedAccountConcurrency => self.claimed.keep(point),
            _ => self.metrics.keep(point),
        }
    }

    /// Lets go the pages of points before a time.
    pub(super) fn forget_before(&mut self, time: Timestamp) {
        self.metrics.forget_before(time);
        self.unreserved.points.drop_pages_before((time, Timestamp::MIN));
        self.claimed.points.drop_pages_before((time, Timestamp::MIN));
    }

    /// Bytes held, estimated.
    pub fn bytes(&self) -> usize {
        self.metrics.bytes() + self.unreserved.points.bytes() + self.claimed.points.bytes()
    }
}
