//! What a view needs to draw, asked for with a request and answered from a snapshot: plain data,
//! made on the viewer's thread. Everything on screen is a question asked *as of* a time.

mod function;
mod lines;

use std::sync::Arc;

use crate::model::{Finding, Flags, FunctionId, Graded, Timestamp, TraceId, Window};

use super::filter::Filter;

pub use function::{
    Block, EnvironmentRow, Fate, FunctionDetail, InvocationRow, InvocationState, Moment, VersionRow, Which,
};
pub use lines::{Anchor, LinesAnswer, LinesRequest, LogRow, Stream};

pub use super::calls::{CallRow, CallStats, CallTree, Fold};
pub use super::errors::ErrorGroup;
pub use super::heat::Heat;
pub use super::measured::Figures as MetricFigures;
pub use super::metrics::{MetricKey, MetricList, MetricRow, MetricSource};
pub use super::statistics::{Statistic, Unit};
pub use super::ticks::{Schedule, Tick};
pub use super::traces::{
    OneTrace, TraceLine, TraceList, TraceOf, TraceOrder, TraceScope, TracedInvocation, TracesAnswer,
    TracesRequest, TracesWhat,
};
pub use super::unit::{MetricUnit, Per};
pub use super::waiting::{Asynchronous, Oldest, Retrying};

/// One point per column of a chart, oldest first. A column without data is a gap, never 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Name in the legend: `p50`, `p99`, `timeout`, `reserved`, `then`.
    pub name: &'static str,
    /// The values.
    pub points: Vec<Option<f64>>,
    /// Columns whose value is at least so much, in order: that of invocations that were cut off.
    pub at_least: Vec<usize>,
}

impl Line {
    /// A line of values that are as they are.
    pub fn new(name: &'static str, points: Vec<Option<f64>>) -> Self {
        Self { name, points, at_least: Vec::new() }
    }

    /// A line of values with their grades.
    pub fn graded(name: &'static str, points: impl Iterator<Item = Graded<f64>>) -> Self {
        let mut line = Self::new(name, Vec::new());
        for point in points {
            if matches!(point, Graded::AtLeast(..)) {
                line.at_least.push(line.points.len());
            }
            line.points.push(point.value().copied());
        }
        line
    }
}

/// A chart: its lines share the time axis of the view.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// The lines, most important last (drawn over the others).
    pub lines: Vec<Line>,
    /// Levels drawn across: a limit or a timeout, with its name. Empty where none is known.
    pub limits: Vec<Limit>,
    /// The first column that is still settling (records may arrive); columns from here on are
    /// drawn visibly unfinished. `columns` if none.
    pub settled: usize,
}

/// A level across a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// `timeout`, `reserved`, `provisioned`, `account`.
    pub name: &'static str,
    /// Where it lies.
    pub value: Graded<f64>,
}

/// A change of code or of a setting, on the time axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// The function; `None` is the account.
    pub function: Option<FunctionId>,
    /// Whether other code runs from then on.
    pub deploy: bool,
    /// What tells it, in words.
    pub text: Arc<str>,
}

/// Where a panel's numbers come from and how old they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Provenance {
    /// `logs`, `CW 1m`, `X-Ray`, `–`.
    pub source: &'static str,
    /// Milliseconds from the newest datum to `as_of`; `None` without data.
    pub age_ms: Option<i64>,
    /// A sentence where the number is not simply counted, or its sources disagree.
    pub note: Option<String>,
}

/// A panel of one metric: the number now, before, and over the window.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// The chart.
    pub chart: Chart,
    /// The headline: the whole window's figure (a rate a minute, a percentile in ms, a share in
    /// %, a level).
    pub now: Graded<f64>,
    /// A second figure: errors' count, duration's n, concurrency's limit.
    pub also: Option<Graded<f64>>,
    /// The same figure of the window before this one, or of the one that is compared with; no
    /// source where that lies before the data.
    pub before: Graded<f64>,
    /// Where it comes from.
    pub provenance: Provenance,
    /// What it tells where it has the whole screen, most important first.
    pub statistics: Vec<Statistic>,
}

/// The panels of one selection on one time axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Panels {
    /// Rate a minute. One line.
    pub invocations: Panel,
    /// Lines p50, p90, p99, max in ms; `now` is p99, `also` is the count it rests on.
    pub duration: Panel,
    /// Lines `count` and `share` (in %); `now` is the share in %, `also` the count.
    pub errors: Panel,
    /// Rate a minute.
    pub throttles: Panel,
    /// Peak of each column; `now` is the peak of the window, `also` the limit where known.
    pub concurrency: Panel,
    /// The trace that matters most.
    pub trace: TracePanel,
}

/// The slowest or newest trace of the selection.
#[derive(Clone, Debug, PartialEq)]
pub struct TracePanel {
    /// Number of traces in the window.
    pub traces: Graded<u64>,
    /// How many of them are marked error, fault or throttle.
    pub marked: u64,
    /// The trace shown.
    pub tree: Option<Arc<TraceTree>>,
    /// The column of the charts in which they began, where one is looked at; else that is the window.
    pub column: Option<Window>,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// A trace as rows in drawing order.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceTree {
    /// The trace.
    pub id: TraceId,
    /// Its id as printed.
    pub shown: String,
    /// Start of the earliest part, µs since 1970.
    pub start_us: i64,
    /// End of the latest part, µs since 1970.
    pub end_us: i64,
    /// The segments, parents before children.
    pub rows: Vec<TraceRow>,
    /// Parents that are named but were not seen.
    pub missing_parents: usize,
    /// Whether a part has not ended.
    pub in_progress: bool,
    /// All marks.
    pub flags: Flags,
}

/// A segment or subsegment.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceRow {
    /// 0 for a root.
    pub depth: usize,
    /// Its name, unsanitised.
    pub name: String,
    /// `AWS::Lambda`, `aws`, `remote`, …; empty where unknown.
    pub kind: String,
    /// Start, µs after the trace's start.
    pub start_us: i64,
    /// Length in µs; of one in progress up to `as_of` or the trace's end.
    pub length_us: i64,
    /// Length less the union of its children's intervals.
    pub self_us: i64,
    /// Not ended as of now.
    pub in_progress: bool,
    /// The parent that it names, which was not seen.
    pub orphan: Option<Box<str>>,
    /// Its marks.
    pub flags: Flags,
    /// `POST https://… 502`, the exception, ….
    pub detail: String,
    /// Its id as printed; empty where none is.
    pub id: Box<str>,
    /// Whether the trace would have been shorter without it: walking back from the end always to
    /// the child that finished last leads through it.
    pub critical: bool,
    /// How long before its parent it starts, in µs: the clocks of two machines differ. 0 where it
    /// does not, and of the init of an environment, which does.
    pub early_us: i64,
    /// The function whose run it is, and what is in it.
    pub function: Option<FunctionId>,
    /// The request id of that run.
    pub request_id: Option<Box<str>>,
}

/// Somebody waited for an init if the run followed its end within this, in µs (`operators.md` part 6).
const WAITED_US: i64 = 1_000_000;

impl TraceTree {
    /// Whether an environment was made for a run in it; one that was kept ready was made long before.
    pub fn is_cold(&self) -> bool {
        self.rows.iter().enumerate().filter(|(_, row)| super::trace::is_init(&row.name)).any(|(at, row)| {
            let run = self.rows[..at].iter().rev().find(|other| other.depth < row.depth);
            run.is_none_or(|run| run.start_us - (row.start_us + row.length_us) <= WAITED_US)
        })
    }
}

/// What the environments that an account may run at once in its region are used for.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// How many may run at once; `None` where nothing tells.
    pub limit: Option<Graded<u32>>,
    /// Functions with a limit of their own, which is theirs alone, used or not: the largest first.
    pub reserved: Vec<Reserved>,
    /// Environments that are kept ready for functions without one.
    pub provisioned: u32,
    /// Environments of functions without one that ran at once, in the last minute.
    pub unreserved: Graded<u32>,
    /// What anybody without a limit could still have. Where only logs tell, functions that are not
    /// watched may use it.
    pub free: Graded<u32>,
}

/// A function's own limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Reserved {
    /// The function.
    pub name: Arc<str>,
    /// Its limit.
    pub limit: u32,
    /// How many ran at once in the last minute.
    pub used: Graded<u32>,
}

/// The state of a function, worst first. Of the first three it is what most requests are lost by, if they are at
/// least three and 1 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Invocations fail.
    Error,
    /// Invocations reach the timeout.
    Timeout,
    /// Requests are refused.
    Throttled,
    /// Memory is used to 90 % or more.
    Memory,
    /// The source has been silent.
    NoData,
    /// Nothing of these.
    Ok,
}

/// A row of the function table.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionRow {
    /// The function.
    pub id: FunctionId,
    /// Its name.
    pub name: Arc<str>,
    /// Its state.
    pub state: State,
    /// Invocations a minute over the window.
    pub rate: Graded<f64>,
    /// Invocations in the window.
    pub invocations: Graded<u64>,
    /// Errors in the window.
    pub errors: Graded<u64>,
    /// Errors ÷ invocations in %.
    pub error_share: Graded<f64>,
    /// Throttles in the window.
    pub throttles: Graded<u64>,
    /// Median duration in ms.
    pub p50: Graded<f64>,
    /// 99th percentile in ms; with fewer than 100 values the maximum.
    pub p99: Graded<f64>,
    /// Peak concurrency in the window.
    pub concurrency: Graded<u64>,
    /// Reserved concurrency, where known.
    pub reserved: Option<u64>,
    /// Cold starts in the window.
    pub cold: Graded<u64>,
    /// Highest memory use in MB.
    pub memory_used_mb: Graded<u32>,
    /// Configured memory in MB.
    pub memory_mb: Option<u32>,
    /// Invocations per sparkline column, oldest first.
    pub spark: Vec<Option<f64>>,
    /// Its newest record.
    pub newest: Option<Timestamp>,
}

/// Columns by which the table can be sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub enum SortBy {
    /// Whether the diagnosis names it, then state, then errors, then rate.
    #[default]
    Worst,
    /// Name.
    Function,
    /// Invocations a minute.
    Rate,
    /// Errors.
    Errors,
    /// Error share.
    ErrorShare,
    /// Throttles.
    Throttles,
    /// p50.
    P50,
    /// p99.
    P99,
    /// Concurrency.
    Concurrency,
    /// Cold starts.
    Cold,
    /// Memory share.
    Memory,
}

/// What the main screen asks.
#[derive(Clone, Debug, PartialEq)]
pub struct OverviewRequest {
    /// The time as of which everything is asked.
    pub as_of: Timestamp,
    /// Length of the window in ms; it ends at `as_of`.
    pub window_ms: i64,
    /// Columns of a chart.
    pub columns: usize,
    /// Columns of a row's sparkline.
    pub spark: usize,
    /// Rows of durations over time; 0 asks for none.
    pub heat: usize,
    /// Columns of the schedule of one function; 0 asks for none.
    pub ticks: usize,
    /// What is looked at.
    pub filter: Filter,
    /// A time whose column of the charts is looked at: the panel of traces has those that began in it.
    pub crosshair: Option<Timestamp>,
    /// Narrows everything to one function; the answer then has `detail`.
    pub function: Option<FunctionId>,
    /// Whether that has its metrics, too: only one of its lists shows them.
    pub metrics: bool,
    /// Compares with the time so many ms earlier: each chart has a line `then` of it, and each
    /// panel's `before` is its figure then. `None` means the window before, as a figure only.
    pub compare_ms: Option<i64>,
    /// The order of the table.
    pub sort: SortBy,
    /// Whether the order is turned round.
    pub reverse: bool,
}

/// The main screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    /// The request's time.
    pub as_of: Timestamp,
    /// The window shown: `columns` steps of `step_ms`, ending at or after `as_of`.
    pub window: Window,
    /// Length of a chart column in ms.
    pub step_ms: i64,
    /// The panels.
    pub panels: Panels,
    /// Durations over the same columns, where they were asked for and logs tell of them.
    pub heat: Option<Heat>,
    /// Changes of code and settings on their axis, in order.
    pub marks: Vec<Mark>,
    /// What the account's limit is used for.
    pub account: Account,
    /// All functions that match, in order.
    pub rows: Vec<FunctionRow>,
    /// Functions known as of now, matching or not.
    pub functions: usize,
    /// Of `OverviewRequest::function`.
    pub detail: Option<FunctionDetail>,
    /// What is not seen, for the line above the keys: `throttles of 12 functions (no metrics)`.
    pub not_seen: Vec<String>,
}

/// What the diagnosis says, as of the same time and for the same window as an [`Overview`]. Made
/// beside it by the room that knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Problems {
    /// The findings that are open or were in the window: the worst first, those that are over last.
    pub found: Vec<Finding>,
    /// Open ones that the filter leaves out.
    pub left_out: usize,
    /// The time up to which everything was judged; `None` before the first tick.
    pub judged: Option<Timestamp>,
}

impl Problems {
    /// Those that a filter lets through; how many open ones it does not is kept, so that nobody takes
    /// a narrowed view for a calm one.
    pub fn narrowed(mut self, filter: &Filter) -> Self {
        let open = self.open().count();
        self.found.retain(|finding| filter.problem(&finding.name, &[finding.kind.word(), &finding.sentence]));
        self.left_out = open - self.open().count();
        self
    }

    /// Those that are not over.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.found.iter().filter(|finding| finding.until.is_none())
    }

    /// The worst one of a function.
    pub fn of(&self, function: FunctionId) -> Option<&Finding> {
        self.found.iter().find(|finding| finding.function == function)
    }
}
