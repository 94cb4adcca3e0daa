//! The lists of a function: its invocations, versions, environments.

use std::sync::Arc;

use super::{Asynchronous, ErrorGroup, MetricList, Schedule};
use crate::model::{
    Cold, EnvironmentId, FunctionId, Graded, Micros, Outcome, RequestId, SourceId, Timestamp, TraceId,
};
use crate::query::configured::Configured;

/// One function's invocations, errors and environments in the window.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionDetail {
    /// Its name.
    pub name: Arc<str>,
    /// The newest invocations that match, newest first, at most 1,000.
    pub invocations: Vec<InvocationRow>,
    /// How many match in all.
    pub matching: u64,
    /// Whether logs tell of it: what follows comes from them alone.
    pub logged: bool,
    /// Whether some of the window's invocations were let go for memory: of them the lists know nothing.
    pub let_go: bool,
    /// Error groups, most first, at most 512.
    pub errors: Vec<ErrorGroup>,
    /// Failed invocations of groups beyond those.
    pub of_other_errors: u64,
    /// Its versions, the one that began last first, at most 64.
    pub versions: Vec<VersionRow>,
    /// Invocations of versions beyond those.
    pub of_other_versions: u64,
    /// Its environments, newest first, at most 200.
    pub environments: Vec<EnvironmentRow>,
    /// What it is set to.
    pub configured: Configured,
    /// Its schedule, as its starts tell it; `None` where they have no rhythm, or it was not asked for.
    pub schedule: Option<Schedule>,
    /// Its asynchronous events.
    pub asynchronous: Asynchronous,
    /// How many metrics are known of it beside its invocations.
    pub metrics_known: u64,
    /// They, where they were asked for.
    pub metrics: Option<MetricList>,
}

/// An invocation as of a time.
#[derive(Clone, Debug, PartialEq)]
pub struct InvocationRow {
    /// Its number in the reading that told it; what is read again has another.
    pub seq: u64,
    /// The function.
    pub function: FunctionId,
    /// The request id.
    pub request: RequestId,
    /// The request id as printed.
    pub request_id: String,
    /// The attempt, from 1.
    pub attempt: u8,
    /// When it began.
    pub start: Timestamp,
    /// Whether that was computed.
    pub start_estimated: bool,
    /// How it stands.
    pub state: InvocationState,
    /// Duration, if it has ended with a REPORT.
    pub duration: Option<Micros>,
    /// Init duration.
    pub init: Option<Micros>,
    /// Restore duration.
    pub restore: Option<Micros>,
    /// Cold start.
    pub cold: Cold,
    /// Billed ms.
    pub billed_ms: Option<u32>,
    /// Used memory in MB.
    pub max_memory_mb: Option<u32>,
    /// Configured memory in MB.
    pub memory_mb: Option<u32>,
    /// The error's type.
    pub error_type: Option<String>,
    /// How its asynchronous event ended: `RetriesExhausted`, …, and after how many attempts.
    pub delivery: Option<(Arc<str>, Option<u32>)>,
    /// The version.
    pub version: String,
    /// The environment.
    pub environment: Option<EnvironmentId>,
    /// The log stream's name.
    pub stream: Option<String>,
    /// The trace.
    pub trace: Option<TraceId>,
    /// Its lines: source, first and last offset.
    pub lines: (SourceId, u64, u64),
}

impl InvocationRow {
    /// What names it in any reading.
    pub fn which(&self) -> Which {
        Which { function: self.function, start: self.start, request: self.request }
    }
}

/// What names an invocation in any reading. Its number does not: what is read again gets another. Nor does
/// its request id, which an asynchronous event keeps over its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Which {
    /// The function.
    pub function: FunctionId,
    /// When it began.
    pub start: Timestamp,
    /// The request id.
    pub request: RequestId,
}

/// How an invocation stands as of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvocationState {
    /// Ended.
    Ended(Outcome),
    /// Began and has not ended.
    Running,
    /// Runs longer than its timeout, or 15 minutes.
    Overdue,
}

/// What one version did in the window; of `$LATEST`, what it did since one change of its code.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionRow {
    /// The version.
    pub version: String,
    /// When the code was changed that it is, where `$LATEST` was changed in the window.
    pub since: Option<Timestamp>,
    /// First start in the window.
    pub first: Timestamp,
    /// Last start in the window.
    pub last: Timestamp,
    /// Invocations.
    pub invocations: Graded<u64>,
    /// Failed ones.
    pub errors: Graded<u64>,
    /// Cold starts.
    pub cold: Graded<u64>,
    /// Median duration in ms.
    pub p50: Graded<f64>,
    /// 99th percentile in ms; with fewer than 100 values the maximum.
    pub p99: Graded<f64>,
    /// Median of the inits in ms.
    pub init: Graded<f64>,
    /// Highest memory use in MB.
    pub memory_mb: Graded<u32>,
}

/// An execution environment.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentRow {
    /// The environment.
    pub id: EnvironmentId,
    /// The log stream's name.
    pub stream: String,
    /// The version.
    pub version: String,
    /// First invocation or init in what is kept.
    pub first: Timestamp,
    /// Last start or end.
    pub last: Timestamp,
    /// Invocations in the window.
    pub invocations: u64,
    /// Failed ones.
    pub errors: u64,
    /// Whether its init was seen.
    pub init_seen: bool,
    /// Highest memory use in MB.
    pub max_memory_mb: Option<u32>,
    /// Running an invocation as of now.
    pub busy: bool,
    /// What is known of its end.
    pub fate: Fate,
    /// What it did in each column of the charts; nothing where it is not known to have been.
    pub lane: Vec<Option<Moment>>,
    /// The invocations that began in it in the window, in order; where they are too many, of those that began
    /// in one column the one that matters most.
    pub blocks: Vec<Block>,
}

/// What is known of an environment's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// Nothing: it runs or waits, as far as anybody can tell.
    #[default]
    Alive,
    /// Its process was ended by its last invocation.
    Killed(Outcome),
    /// Other code runs since, for which it is too old.
    Replaced(Timestamp),
}

/// An invocation in a lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Which.
    pub which: Which,
    /// Its number, as in [`InvocationRow`].
    pub seq: u64,
    /// Its request id as printed.
    pub request_id: String,
    /// How it stands.
    pub state: InvocationState,
    /// When it ended, if it has.
    pub ended: Option<Timestamp>,
    /// Its duration, if it reported one.
    pub duration: Option<Micros>,
    /// Its lines: source, first and last offset.
    pub lines: (SourceId, u64, u64),
}

impl Block {
    /// How far a time is from it, in ms.
    pub fn far_from(&self, at: Timestamp) -> i64 {
        let end = self.ended.unwrap_or(Timestamp::NEVER).max(self.which.start);
        self.which.start.since(at).max(at.since(end)).max(0)
    }
}

/// What an environment did in a column; what matters most last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// It was there, and nothing ran.
    Idle,
    /// An invocation ran.
    Run,
    /// It was initialised or restored.
    Init,
    /// It was initialised or restored, and an invocation ran.
    Cold,
    /// An invocation ran that failed.
    Failed,
    /// An invocation ran into its timeout.
    Timeout,
}

impl Moment {
    /// What two columns say together.
    pub fn and(self, other: Self) -> Self {
        match (self.max(other), self.min(other)) {
            (Self::Init, Self::Run) => Self::Cold,
            (most, _) => most,
        }
    }
}
