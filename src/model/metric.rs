//! CloudWatch metrics of the namespace `AWS/Lambda`.

use super::{FunctionId, NameId, Timestamp};

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
    /// Any other, by name.
    Other(NameId),
}

impl MetricName {
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
