//! What readers see: everything that is known by some moment, immutable, cheap to clone.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::{Bad, FindingLog, FunctionId, Origin, Texts, Timestamp};

use super::control::{Deliveries, Settings};
use super::function::FunctionData;
use super::known::KnownSpans;
use super::lines::LineIndex;
use super::metric::Region;
use super::other::OtherSeries;
use super::paged::Paged;
use super::series::Series;
use super::trace::TraceData;

/// Bad records kept at most; all are counted.
pub const BAD_KEPT: usize = 1_000;

/// All that is known by some moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Counts the changes of the store: the same number, the same content.
    pub generation: u64,
    /// The functions by their ids.
    pub functions: Vec<Arc<FunctionData>>,
    /// The fold of the invocations of all functions.
    pub total: Arc<Series>,
    /// Metrics of the whole region.
    pub region: Arc<Region>,
    /// The traces in the order of their arrival.
    pub traces: Paged<TraceData>,
    /// Where log lines lie.
    pub lines: LineIndex,
    /// Metrics that are only kept, by their ids.
    pub others: Vec<Arc<OtherSeries>>,
    /// What the account is set to.
    pub account: Arc<Settings>,
    /// The ends of asynchronous events.
    pub deliveries: Arc<Deliveries>,
    /// Records that could not be read.
    pub bad: Arc<BadLog>,
    /// The texts behind ids and names.
    pub texts: Arc<Texts>,
    /// Lost records of no known function: when that was known, how many.
    pub dropped: Arc<Vec<(Timestamp, u64)>>,
    /// How long records may still arrive after their time, in ms. 0 for captures.
    pub settling_ms: i64,
    /// Nothing before this has been read yet.
    pub read_from: Option<Timestamp>,
    /// Invocations that began before this are no longer held one by one, unless they reached over
    /// it; the buckets have what they came to.
    pub rows_from: Timestamp,
    /// The earliest start of an invocation; `NEVER` without one.
    pub oldest: Timestamp,
    /// The newest time in any record; `MIN` without one.
    pub newest: Timestamp,
    /// The newest time of each kind of record.
    pub newest_of: Newest,
    /// When anything became known.
    pub known: KnownSpans,
    /// What the diagnosis has concluded; whoever owns it puts it here.
    pub findings: Arc<FindingLog>,
    /// What was kept and let go.
    pub health: Health,
}

/// The newest time of each kind of record; `MIN` without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    /// Of log lines and invocations.
    pub logs: Timestamp,
    /// The end of the newest period of a metric.
    pub metrics: Timestamp,
    /// The newest end of a segment.
    pub traces: Timestamp,
}

impl Default for Newest {
    fn default() -> Self {
        Self { logs: Timestamp::MIN, metrics: Timestamp::MIN, traces: Timestamp::MIN }
    }
}

impl Snapshot {
    /// What is kept of a function.
    pub fn function(&self, id: FunctionId) -> Option<&FunctionData> {
        self.functions.get(id.0 as usize).map(|function| &**function)
    }
}

/// What is kept and what was let go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Bytes that may be held.
    pub budget: usize,
    /// Bytes held, estimated.
    pub bytes: usize,
    /// Invocations held one by one.
    pub rows: u64,
    /// Invocations of which only sums are left.
    pub rows_let_go: u64,
    /// Invocations that came too late to be held one by one.
    pub rows_late: u64,
    /// Times that narrow buckets were let go before their age.
    pub coarsened: u64,
    /// Traces let go.
    pub traces_let_go: u64,
    /// Segment documents refused, since their trace had too many.
    pub documents_refused: u64,
    /// Metric points that no view asks for, or that can't be CloudWatch's.
    pub metrics_ignored: u64,
    /// Points of other metrics beyond the series that are kept.
    pub others_refused: u64,
    /// Points of other metrics let go.
    pub others_let_go: u64,
    /// Entries of the index of log lines let go.
    pub lines_let_go: u64,
    /// Records that could not be read.
    pub bad: u64,
}

/// The last records that could not be read.
#[derive(Clone, Debug, Default)]
pub struct BadLog {
    /// The last ones, oldest first.
    pub kept: VecDeque<Arc<BadRecord>>,
    /// All of them.
    pub count: u64,
}

/// A record that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRecord {
    /// Where it lies.
    pub origin: Origin,
    /// When it was known, if that is known.
    pub known: Option<Timestamp>,
    /// Why it can't be read, and its first bytes.
    pub bad: Bad,
}

impl BadLog {
    /// Keeps one more.
    pub(super) fn push(&mut self, record: BadRecord) {
        self.count += 1;
        if self.kept.len() == BAD_KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Arc::new(record));
    }
}
