//! CloudWatch metrics: those of the namespace `AWS/Lambda` that the program computes with, and all
//! others, the functions' own among them.

use std::sync::Arc;

use super::{FunctionId, Timestamp};

/// A metric of `AWS/Lambda` (`formats.md` 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetricName {
    /// Sum: times the code ran.
    Invocations,
    /// Sum: invocations that ended in a function error.
    Errors,
    /// Sum: requests refused for lack of concurrency.
    Throttles,
    /// Statistics in ms.
    Duration,
    /// Max: environments processing at once.
    ConcurrentExecutions,
    /// Max, region: concurrency used by functions without a reservation.
    UnreservedConcurrentExecutions,
    /// Max, region: what new on-demand requests cannot have.
    ClaimedAccountConcurrency,
}

impl MetricName {
    /// The first in their order.
    pub const FIRST: Self = Self::Invocations;

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Invocations => "Invocations",
            Self::Errors => "Errors",
            Self::Throttles => "Throttles",
            Self::Duration => "Duration",
            Self::ConcurrentExecutions => "ConcurrentExecutions",
            Self::UnreservedConcurrentExecutions => "UnreservedConcurrentExecutions",
            Self::ClaimedAccountConcurrency => "ClaimedAccountConcurrency",
        }
    }

    /// The metric of this name, if it is one that the program computes with.
    pub fn known(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"Invocations" => Self::Invocations,
            b"Errors" => Self::Errors,
            b"Throttles" => Self::Throttles,
            b"Duration" => Self::Duration,
            b"ConcurrentExecutions" => Self::ConcurrentExecutions,
            b"UnreservedConcurrentExecutions" => Self::UnreservedConcurrentExecutions,
            b"ClaimedAccountConcurrency" => Self::ClaimedAccountConcurrency,
            _ => return None,
        })
    }
}

/// The statistics of one period. Absent means not given.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Statistics {
    /// Number of samples.
    pub count: Option<f64>,
    /// Sum.
    pub sum: Option<f64>,
    /// Smallest.
    pub min: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
    /// Median, only if configured.
    pub p50: Option<f64>,
    /// 90th percentile, only if configured.
    pub p90: Option<f64>,
    /// 99th percentile, only if configured.
    pub p99: Option<f64>,
}

/// A metric's period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricPoint {
    /// The function; `None` is the whole region.
    pub function: Option<FunctionId>,
    /// The metric.
    pub name: MetricName,
    /// Start of the period.
    pub start: Timestamp,
    /// Length of the period in ms.
    pub period_ms: u32,
    /// When it was known: its arrival, else the end of its period.
    pub known: Timestamp,
    /// Its statistics.
    pub statistics: Statistics,
}

/// A series of a metric that the program only keeps: a function's own, Lambda Insights', another of
/// `AWS/Lambda`, another service's. Numbered in the order of their coming, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OtherId(pub u32);

/// What such a series is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherMetric {
    /// The function, where one is known.
    pub function: Option<FunctionId>,
    /// `Shop`, `LambdaInsights`, `AWS/SQS`, …
    pub namespace: Arc<str>,
    /// `Latency`, …
    pub name: Arc<str>,
    /// `service=shop, stage=test`
    pub dimensions: Arc<str>,
    /// `Milliseconds`, …; empty where none is told.
    pub unit: Arc<str>,
}

/// A period of such a series, or an observation in one.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherPoint {
    /// The series.
    pub series: OtherId,
    /// Start of the period.
    pub start: Timestamp,
    /// Length of the period in ms.
    pub period_ms: u32,
    /// When it was known.
    pub known: Timestamp,
    /// Whether it is an observation, which adds to others in its period; else it replaces them.
    pub adds: bool,
    /// Its statistics.
    pub statistics: Statistics,
    /// Of an observation of several values the values, and how many of each.
    pub values: Option<Arc<[(f64, f64)]>>,
}
