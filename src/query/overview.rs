//! The main screen: six panels, the function table, and one function's detail.

use crate::model::{Grade, Graded, Timestamp, Why, Window};
use crate::store::{FunctionData, Snapshot};

use super::asof::AsOf;
use super::axis::Axis;
use super::cell::{Cell, Durations};
use super::detail;
use super::metric::{self, Throttles};
use super::overlap::{Peaks, Running, kept_peaks};
use super::scan::{self, Part};
use super::select::{Member, Selection};
use super::trace;
use super::view::{
    Chart, FunctionRow, Line, Overview, OverviewRequest, Panel, Panels, Provenance, SortBy, State,
};

/// Durations are ranked one by one up to so many invocations, from sketches beyond.
const EXACT: usize = 100_000;
/// Memory is near its limit from this share on (`operators.md` part 6).
const MEMORY_NEAR: f64 = 0.9;
/// A function is silent after this, and after three times its usual gap, in ms.
const SILENT_MS: i64 = 5 * 60_000;

/// Answers what the main screen asks.
pub fn overview(snapshot: &Snapshot, request: &OverviewRequest) -> Overview {
    let asof = AsOf::new(snapshot, request.as_of);
    let axis = Axis::chart(asof.at, request.window_ms, request.columns);
    let window = Window { from: asof.at.plus(1 - request.window_ms.max(1)), to: asof.at.plus(1) };
    let selection = Selection::of(asof, &request.filter, request.function);
    let all = Selection::of(asof, &request.filter, None);
    let mut rows: Vec<FunctionRow> =
        all.members.iter().map(|member| row(asof, member, window, request)).collect();
    sort(&mut rows, request.sort, request.reverse);
    let detail = request
        .function
        .and_then(|_| selection.members.first())
        .map(|member| detail::of(asof, member, window));
    Overview {
        as_of: request.as_of,
        window: axis.window(),
        step_ms: axis.step_ms,
        panels: panels(asof, &selection, &axis, window),
        not_seen: not_seen(asof, &all),
        rows,
        functions: asof.functions().count(),
        detail,
    }
}

/// What a span of time comes to for one function.
struct Sum {
    cell: Cell,
    durations: Durations,
    exact: bool,
}

impl Sum {
    fn new() -> Self {
        Self { cell: Cell::default(), durations: Durations::default(), exact: true }
    }

    fn take(&mut self, part: Part<'_>) {
        match part {
            Part::Row(standing) => {
                self.cell.add(&standing);
                self.durations.add(&standing);
            }
            Part::Bucket(bucket, share, exact) => {
                self.cell.add_bucket(bucket, share, exact);
                self.exact = false;
            }
            Part::Lost => self.cell.lose(),
        }
    }

    fn merge(&mut self, other: &Self) {
        self.cell.merge(&other.cell);
        self.durations.extend(&other.durations);
        self.exact &= other.exact;
    }

    fn quantile(&mut self, q: f64) -> Graded<f64> {
        if self.exact && self.cell.durations() <= EXACT as f64 {
            self.durations.quantile(q).at_best(self.cell.grade)
        } else {
            self.cell.quantile(q)
        }
    }

    fn share(&self) -> Graded<f64> {
        if self.cell.started() <= 0.0 {
            return Graded::NoSource(Why::NoData);
        }
        self.cell.count_grade().of(100.0 * self.cell.errors() / self.cell.started())
    }
}

/// Walks over what a member has in the columns of an axis, as far as the filter lets it through.
fn walk<'a>(asof: AsOf<'a>, member: &Member<'a>, axis: &Axis, each: &mut impl FnMut(usize, Part<'a>)) {
    if member.filter.is_none() {
        scan::of_function(asof, member.function, axis, each);
        return;
    }
    // A filter that asks for each invocation can be answered from invocations only.
    for (row, standing) in scan::rows(asof, member.function, axis.window()) {
        if let Some(column) = axis.column_of(row.start()).filter(|_| member.wants(asof, row, &standing)) {
            each(column, Part::Row(standing));
        }
    }
}

fn sum(asof: AsOf<'_>, member: &Member<'_>, window: Window) -> Sum {
    let mut sum = Sum::new();
    if scan::complete(asof, window) {
        // Exact percentiles need the invocations themselves.
        for (row, standing) in scan::rows(asof, member.function, window) {
            if member.wants(asof, row, &standing) {
                sum.take(Part::Row(standing));
            }
        }
        return sum;
    }
    walk(asof, member, &Axis::span(window), &mut |_, part| sum.take(part));
    sum
}

fn sum_of_all(asof: AsOf<'_>, selection: &Selection<'_>, window: Window) -> Sum {
    let mut total = Sum::new();
    selection.members.iter().for_each(|member| total.merge(&sum(asof, member, window)));
    total
}

fn per_minute(count: f64, ms: i64) -> f64 {
    count * 60_000.0 / ms.max(1) as f64
}

fn panels(asof: AsOf<'_>, selection: &Selection<'_>, axis: &Axis, window: Window) -> Panels {
    let mut columns: Vec<Sum> = (0..axis.columns).map(|_| Sum::new()).collect();
    for member in &selection.members {
        walk(asof, member, axis, &mut |column, part| columns[column].take(part));
    }
    let mut now = sum_of_all(asof, selection, window);
    let earlier = Window { from: window.from.plus(-window.ms()), to: window.from };
    // A window that reaches back before the first data is no fair comparison.
    let comparable = asof.oldest().is_some_and(|oldest| oldest <= earlier.from);
    let mut before = comparable.then(|| sum_of_all(asof, selection, earlier));
    let none = Graded::NoSource(Why::NoData);
    let logs = selection.members.iter().any(|member| asof.has_logs(member.function));
    let provenance = provenance(asof, selection, logs);
    let settled = axis.settled(asof.at.plus(-asof.snapshot.settling_ms));
    let first = asof.oldest().unwrap_or(Timestamp::NEVER);
    // Columns before the first data and after now are gaps; in between nothing began is a true 0.
    let held = |at: usize| {
        let column = axis.column(at);
        logs && column.to > first && column.from <= asof.at
    };
    let line = |name: &'static str, value: &mut dyn FnMut(usize) -> Option<f64>| Line {
        name,
        points: (0..axis.columns).map(|at| if held(at) { value(at) } else { None }).collect(),
    };
    let chart = |lines: Vec<Line>, limits: Vec<(&'static str, f64)>| Chart { lines, limits, settled };
    let counted = if logs { now.cell.count_grade() } else { Grade::NoSource(Why::NoData) };
    let length =
        |at: usize| axis.column(at).to.min(asof.at.plus(1)).since(axis.column(at).from.max(first)).max(1_000);

    let invocations = Panel {
        chart: chart(
            vec![line("invocations", &mut |at| Some(per_minute(columns[at].cell.started(), length(at))))],
            Vec::new(),
        ),
        now: counted.of(per_minute(now.cell.started(), span(window, first))),
        also: None,
        before: before
            .as_ref()
            .map_or(none, |b| b.cell.count_grade().of(per_minute(b.cell.started(), earlier.ms()))),
        provenance: provenance.clone(),
    };
    let timeouts: Vec<f64> = selection
        .members
        .iter()
        .filter_map(|m| asof.timeout(m.function))
        .map(|timeout| timeout.ms())
        .collect();
    let one_timeout = match (&timeouts[..], selection.members.len()) {
        ([timeout], 1) => vec![("timeout", *timeout)],
        _ => Vec::new(),
    };
    let mut quantile = |name, q: f64| line(name, &mut |at| columns[at].quantile(q).value().copied());
    let lines = vec![quantile("p50", 0.5), quantile("p90", 0.9), quantile("p99", 0.99)];
    let longest = line("max", &mut |at| columns[at].cell.longest().value().copied());
    let duration = Panel {
        chart: chart([vec![longest], lines].concat(), one_timeout),
        now: now.quantile(0.99),
        also: Some(counted.of(now.cell.durations())),
        before: before.as_mut().map_or(none, |b| b.quantile(0.99)),
        provenance: provenance.clone(),
    };
    let errors = Panel {
        chart: chart(
            vec![
                line("count", &mut |at| Some(columns[at].cell.errors())),
                line("share", &mut |at| columns[at].share().value().copied()),
            ],
            Vec::new(),
        ),
        now: now.share(),
        also: Some(counted.of(now.cell.errors())),
        before: before.as_ref().map_or(none, Sum::share),
        provenance: provenance.clone(),
    };
    let throttles = metric::throttles(asof, selection, axis, window, comparable.then_some(earlier));
    Panels {
        invocations,
        duration,
        errors,
        throttles,
        concurrency: concurrency(
            asof,
            selection,
            axis,
            window,
            comparable.then_some(earlier),
            provenance,
            &held,
            settled,
        ),
        trace: trace::panel(asof, selection, window),
    }
}

/// Of a window the part in which there was anything to be seen, in ms.
fn span(window: Window, first: Timestamp) -> i64 {
    window.to.since(window.from.max(first)).max(1_000)
}

fn provenance(asof: AsOf<'_>, selection: &Selection<'_>, logs: bool) -> Provenance {
    let newest = selection.members.iter().filter_map(|member| asof.newest(member.function)).max();
    Provenance {
        source: if logs { "logs" } else { "–" },
        age_ms: newest.map(|newest| asof.at.since(newest).max(0)),
        note: (!logs).then(|| "no function log is read".to_string()),
    }
}

#[allow(clippy::too_many_arguments)]
fn concurrency(
    asof: AsOf<'_>,
    selection: &Selection<'_>,
    axis: &Axis,
    window: Window,
    earlier: Option<Window>,
    provenance: Provenance,
    held: &dyn Fn(usize) -> bool,
    settled: usize,
) -> Panel {
    let peaks = peaks(asof, &selection.members, axis, selection.all);
    let now = peaks_in(asof, &selection.members, window, selection.all);
    let none = Graded::NoSource(Why::NoData);
    let logs = selection.members.iter().any(|member| asof.has_logs(member.function));
    Panel {
        chart: Chart {
            lines: vec![Line {
                name: "concurrency",
                points: (0..axis.columns).map(|at| held(at).then(|| f64::from(peaks.columns[at]))).collect(),
            }],
            limits: Vec::new(),
            settled,
        },
        now: if logs { now.grade.of(f64::from(now.peak())) } else { none },
        also: None,
        before: earlier.map_or(none, |earlier| {
            let before = peaks_in(asof, &selection.members, earlier, selection.all);
            before.grade.of(f64::from(before.peak()))
        }),
        provenance,
    }
}

fn peaks_in(asof: AsOf<'_>, members: &[Member<'_>], window: Window, all: bool) -> Peaks {
    peaks(asof, members, &Axis::span(window), all)
}

/// Exact from overlapping intervals; where rows were let go, from what buckets keep of a whole
/// function or of all together.
fn peaks(asof: AsOf<'_>, members: &[Member<'_>], axis: &Axis, all: bool) -> Peaks {
    let mut running = Running::within(axis.window());
    for member in members {
        running.add(asof, member.function, |row, standing| member.wants(asof, row, standing));
    }
    let mut peaks = running.peaks(axis);
    match members {
        _ if all => kept_peaks(asof, &asof.snapshot.total, axis, &mut peaks),
        [one] if one.filter.is_none() => kept_peaks(asof, &one.function.series, axis, &mut peaks),
        _ if !scan::complete(asof, axis.window()) => {
            peaks.grade = peaks.grade.worst(Grade::Estimated(Why::Evicted));
        }
        _ => {}
    }
    peaks
}

fn row(asof: AsOf<'_>, member: &Member<'_>, window: Window, request: &OverviewRequest) -> FunctionRow {
    let function = member.function;
    let mut sum = sum(asof, member, window);
    let logs = asof.has_logs(function);
    let first = asof.oldest().unwrap_or(Timestamp::NEVER);
    let spark_axis = Axis::chart(asof.at, request.window_ms, request.spark);
    let mut spark = vec![0.0; spark_axis.columns];
    walk(asof, member, &spark_axis, &mut |column, part| match part {
        Part::Row(..) => spark[column] += 1.0,
        Part::Bucket(bucket, share, _) => spark[column] += share * f64::from(bucket.fold.started),
        Part::Lost => {}
    });
    let throttles = Throttles::of(asof, function, window);
    let unknown = Graded::NoSource(if logs { Why::NoData } else { Why::NotInAnySource });
    let counted = |count: f64| if logs { sum.cell.counted(count) } else { unknown };
    let metrics = (!logs).then(|| metric::counts(asof, function, window));
    let invocations = metrics.as_ref().map_or_else(|| counted(sum.cell.started()), |m| m.invocations);
    let errors = metrics.as_ref().map_or_else(|| counted(sum.cell.errors()), |m| m.errors);
    let memory_used = sum.cell.memory_used();
    let memory_mb = (sum.cell.fold.memory_mb > 0).then(|| u32::from(sum.cell.fold.memory_mb));
    let newest = asof.newest(function);
    let cold = counted(sum.cell.cold());
    let share = sum.share();
    let peak = peaks_in(asof, std::slice::from_ref(member), window, false);
    let state = state(asof, function, &sum.cell, &throttles, memory_used, memory_mb, newest);
    FunctionRow {
        id: member.id,
        name: function.name.clone(),
        state,
        rate: invocations.map(|n| per_minute(n as f64, span(window, first))),
        invocations,
        errors,
        error_share: share,
        throttles: throttles.graded(),
        p50: sum.quantile(0.5),
        p99: sum.quantile(0.99),
        concurrency: if logs {
            peak.grade.of(u64::from(peak.peak()))
        } else {
            Graded::NoSource(Why::NotInAnySource)
        },
        reserved: None,
        cold,
        memory_used_mb: memory_used,
        memory_mb,
        spark: spark
            .into_iter()
            .enumerate()
            .map(|(at, n)| (logs && spark_axis.column(at).to > first).then_some(n))
            .collect(),
        newest,
    }
}

fn state(
    asof: AsOf<'_>,
    function: &FunctionData,
    cell: &Cell,
    throttles: &Throttles,
    used: Graded<u32>,
    size: Option<u32>,
    newest: Option<Timestamp>,
) -> State {
    let (errors, timeouts) = (cell.errors(), cell.timeouts());
    if timeouts > 0.0 && timeouts >= errors - timeouts {
        return State::Timeout;
    }
    if errors > 0.0 {
        return State::Error;
    }
    if throttles.sum() > 0.0 {
        return State::Throttled;
    }
    if let (Some(used), Some(size)) = (used.value(), size)
        && f64::from(*used) >= MEMORY_NEAR * f64::from(size)
    {
        return State::Memory;
    }
    let silent = newest.is_none_or(|newest| {
        let gap = usual_gap(asof, function).unwrap_or(i64::MAX / 4);
        asof.at.since(newest) > SILENT_MS.max(3 * gap)
    });
    if silent { State::NoData } else { State::Ok }
}

/// The mean of the gaps between the last starts, in ms; `None` without enough of them.
fn usual_gap(asof: AsOf<'_>, function: &FunctionData) -> Option<i64> {
    let starts: Vec<i64> =
        function.rows.back_from((asof.at.plus(1), 0)).take(20).map(|row| row.start().0).collect();
    let (newest, oldest) = (starts.first()?, starts.last()?);
    (starts.len() >= 5).then(|| (newest - oldest) / (starts.len() as i64 - 1))
}

/// Worst first: state, then errors, then rate, then name; or by a column, largest first. What is
/// unknown comes last, and equals stay in the order of their names.
fn sort(rows: &mut [FunctionRow], by: SortBy, reverse: bool) {
    let number = |value: &Graded<f64>| value.value().copied().unwrap_or(f64::NEG_INFINITY);
    let count = |value: &Graded<u64>| value.value().map_or(-1.0, |n| *n as f64);
    let key = |row: &FunctionRow| match by {
        SortBy::Worst | SortBy::Function => 0.0,
        SortBy::Rate => number(&row.rate),
        SortBy::Errors => count(&row.errors),
        SortBy::ErrorShare => number(&row.error_share),
        SortBy::Throttles => count(&row.throttles),
        SortBy::P50 => number(&row.p50),
        SortBy::P99 => number(&row.p99),
        SortBy::Concurrency => count(&row.concurrency),
        SortBy::Cold => count(&row.cold),
        SortBy::Memory => match (row.memory_used_mb.value(), row.memory_mb) {
            (Some(used), Some(size)) if size > 0 => f64::from(*used) / f64::from(size),
            _ => -1.0,
        },
    };
    rows.sort_by(|a, b| {
        let worst = || {
            a.state
                .cmp(&b.state)
                .then(count(&b.errors).total_cmp(&count(&a.errors)))
                .then(number(&b.rate).total_cmp(&number(&a.rate)))
        };
        let order = if by == SortBy::Worst { worst() } else { key(b).total_cmp(&key(a)) };
        order.then_with(|| a.name.cmp(&b.name))
    });
    if reverse {
        rows.reverse();
    }
}

/// What is not seen, in words.
fn not_seen(asof: AsOf<'_>, all: &Selection<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let without =
        |has: &dyn Fn(&FunctionData) -> bool| all.members.iter().filter(|m| !has(m.function)).count();
    let mut say = |n: usize, what: &str, why: &str| {
        if n > 0 {
            out.push(format!("{what} of {n} function{} ({why})", if n == 1 { "" } else { "s" }));
        }
    };
    say(without(&|f| metric::has_throttles(asof, f)), "throttles", "no CloudWatch metrics");
    say(without(&|f| f.traces_known <= asof.at), "traces", "none read");
    say(without(&|f| asof.has_logs(f)), "logs", "none read");
    out
}
