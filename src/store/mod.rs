//! What is known, within a budget: invocations, what they come to, metrics, traces, environments,
//! where log lines lie.
//!
//! The store hears facts from the correlator ([`crate::model::FactSink`]) in any order of time and
//! publishes immutable [`Snapshot`]s. It promises:
//! - Taking a snapshot copies pointers; a reader is never waited for. A page that a snapshot still
//!   holds is copied when it changes.
//! - It keeps every fact with the time at which it was *known* and judges none by it: only the
//!   query room knows what a question as of a time may see.
//! - A bucket of a series equals the fold of the rows that began in it, as of any time from
//!   [`Bucket::max_known`] on.
//! - It holds no more than its budget: the oldest rows go first (their buckets keep what they come
//!   to, peaks of concurrency included), then narrow buckets and old metrics, then traces. What
//!   was let go is counted in [`Health`].

mod begun;
mod bucket;
mod budget;
mod change;
mod control;
mod function;
mod kept;
mod known;
mod lines;
mod metric;
mod other;
#[cfg(test)]
mod other_tests;
mod overlap;
mod paged;
mod peaks;
mod recalled;
mod refused;
mod row;
mod series;
mod sink;
mod sketch;
mod snapshot;
mod spread;
mod trace;

pub use bucket::{Bucket, Fold};
pub use control::{Deliveries, Settings};
pub use function::{FunctionData, KnownEnvironment};
pub use kept::Store;
pub use known::KnownSpans;
pub use lines::{FunctionSet, LineIndex, Stretch};
pub use metric::{Durations, Largest, Metrics, Point, Points, Region, Sum, Value};
pub use other::{KNOWN_MS as OTHERS_KNOWN_MS, OtherCell, OtherPeriods, OtherSeries};
pub use overlap::{levels, levels_within};
pub use paged::{Item, Page, Paged};
pub use peaks::{Peaks, Settled, reaching};
pub use refused::Refused;
pub use row::{Ended, Former, Row, RowKey, RowsSummary, Standing, TraceOf, sane};
pub use series::{Level, Series};
pub use sketch::{BINS, Bins, Dense, Sketch, bin_of, first_of, nearest_rank, value_of};
pub use snapshot::{BAD_KEPT, BadLog, BadRecord, Health, Newest, Snapshot};
pub use spread::{Spread, Values};
pub use trace::{Extent, KeptDocument, TraceData};

/// How much may be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes, estimated.
    pub bytes: usize,
}
