//! The main screen, in one answer.

use rustc_hash::FxHashSet;

use crate::model::{FunctionId, Grade, Graded, Timestamp, Why, Window};
use crate::store::Snapshot;

use super::account::account;
use super::apart;
use super::asof::AsOf;
use super::axis::Axis;
use super::cell::Cell;
use super::figures::{self, EXACT};
use super::panels::{Board, minutes};
use super::reach::Reach;
use super::select::Selection;
use super::table::{self, Figures, Span};
use super::view::{FunctionRow, Line, Overview, OverviewRequest, Panel, Panels, SortBy};
use super::{detail, scan, settings, trace};

/// The functions of which something is wrong by the diagnosis, as of a time.
fn diagnosed(snapshot: &Snapshot, as_of: Timestamp) -> FxHashSet<FunctionId> {
    let open = snapshot.findings.standing(as_of).into_iter().filter(|standing| standing.until.is_none());
    open.map(|standing| standing.function).collect()
}

/// Answers what the main screen asks. Figures (headlines and table) are of the window asked for,
/// `as_of` included; charts show at least that window in columns that do not move with `as_of`.
pub fn overview(snapshot: &Snapshot, request: &OverviewRequest) -> Overview {
    let asof = AsOf::new(snapshot, request.as_of);
    let selection = Selection::of(asof, &request.filter, request.function);
    let window_ms = request.window_ms.max(1);
    let axis = Axis::chart(asof.at, window_ms, request.columns);
    let window = Window { from: asof.at.plus(-window_ms), to: asof.at.plus(1) };
    let spark = Axis::chart(asof.at, window_ms, request.spark);
    let (span, cells) = span_of(asof, Reach::of(asof), &selection, window, spark);
    let mut members = Vec::with_capacity(cells.len());
    let mut rows = Vec::with_capacity(cells.len());
    let told = apart::each(selection.members.iter().zip(cells), |(member, cell)| {
        let mut figures = Figures::of(asof, member, &span, cell);
        let row = table::row(asof, member, &span, &mut figures);
        (figures, row)
    });
    for (member, (figures, row)) in selection.members.iter().zip(told) {
        // Where the filter is asked for each invocation, a function without one does not match.
        if member.filter.is_none() || figures.cell.started() > 0.0 {
            rows.push(row);
        }
        members.push(figures);
    }
    let diagnosed = match request.sort {
        SortBy::Worst => diagnosed(snapshot, request.as_of),
        _ => FxHashSet::default(),
    };
    table::sort(&mut rows, request.sort, request.reverse, &diagnosed);
    let column = request.crosshair.and_then(|at| axis.column_of(at)).map(|at| axis.column(at));
    let mut board = Board::new(asof, &selection, axis, &span, &members);
    let mut panels = Panels {
        invocations: board.invocations(),
        duration: board.duration(),
        errors: board.errors(),
        throttles: board.throttles(),
        concurrency: board.concurrency(),
        trace: trace::panel(asof, &selection, &request.filter, window, column),
    };
    if let Some(back_ms) = request.compare_ms {
        compare(&mut panels, asof, span.reach, &selection, axis.earlier(back_ms), window.earlier(back_ms));
    }
    let lane = (request.ticks > 0).then(|| Axis::chart(asof.at, window_ms, request.ticks));
    let heat = (request.heat > 0).then(|| board.heat(request.heat)).flatten();
    Overview {
        heat,
        as_of: request.as_of,
        window: axis.window(),
        step_ms: axis.step_ms,
        not_seen: not_seen(asof, &rows, &panels, window),
        account: account(asof),
        marks: settings::marks(asof, &selection, axis.window()),
        panels,
        rows,
        functions: asof.functions().count(),
        detail: request.function.and_then(|_| selection.members.first()).map(|member| {
            let (lane, compare_ms) = (lane.as_ref(), request.compare_ms);
            detail::detail(asof, member, window, &axis, lane, request.metrics, compare_ms)
        }),
    }
}

/// What logs tell of a window by member, and how it can be counted.
fn span_of<'a>(
    asof: AsOf<'a>,
    reach: Reach<'a>,
    selection: &Selection<'_>,
    window: Window,
    spark: Axis,
) -> (Span<'a>, Vec<Cell>) {
    let cells: Vec<Cell> = apart::each(selection.members.iter(), |member| {
        let mut cells = [Cell::default()];
        figures::fold(asof, member, &Axis::span(window), &mut cells);
        let [cell] = cells;
        cell
    });
    let durations: f64 = cells.iter().map(Cell::durations).sum();
    let oldest = asof.oldest();
    let span = Span {
        window,
        minutes: minutes(oldest, window).unwrap_or(1.0),
        exact: durations <= EXACT && scan::complete(asof, window),
        spark,
        oldest,
        reach,
    };
    (span, cells)
}

/// Puts an earlier time beside: the same panels of it, each one's main line and its figure.
fn compare(
    panels: &mut Panels,
    asof: AsOf<'_>,
    reach: Reach<'_>,
    selection: &Selection<'_>,
    axis: Axis,
    window: Window,
) {
    let (span, cells) = span_of(asof, reach, selection, window, axis);
    let members: Vec<Figures> = apart::each(selection.members.iter().zip(cells), |(member, cell)| {
        Figures::of(asof, member, &span, cell)
    });
    let mut board = Board::new(asof, selection, axis, &span, &members);
    // Where the data begin within it, its figures are of what there is.
    let whole = span.oldest.is_some_and(|oldest| oldest <= window.from);
    let any = minutes(span.oldest, window).is_some();
    let put = |now: &mut Panel, then: Panel, line: &str| {
        let line = then.chart.lines.into_iter().find(|of| of.name == line);
        now.chart.lines.extend(line.map(|line| Line { name: "then", ..line }));
        now.before = match whole {
            _ if !any => Graded::NoSource(Why::NoData),
            true => then.now,
            false => then.now.at_best(Grade::Estimated(Why::NoData)),
        };
    };
    put(&mut panels.invocations, board.invocations(), "invocations");
    put(&mut panels.duration, board.duration(), "p99");
    put(&mut panels.errors, board.errors(), "share");
    put(&mut panels.throttles, board.throttles(), "throttles");
    put(&mut panels.concurrency, board.concurrency(), "concurrency");
}

/// What the screen can't show, and why.
fn not_seen(asof: AsOf<'_>, rows: &[FunctionRow], panels: &Panels, window: Window) -> Vec<String> {
    let mut unseen = Vec::new();
    let mut note = |count: usize, what: &str, why: &str| {
        if count > 0 {
            let functions = if count == 1 { "1 function".to_string() } else { format!("{count} functions") };
            unseen.push(format!("{what} of {functions} ({why})"));
        }
    };
    let of = |row: &FunctionRow| asof.snapshot.function(row.id);
    let throttles = |row: &&FunctionRow| {
        row.throttles.grade().why() == Some(Why::ThrottlesAreInNoLog) && row.throttles.value().is_none()
    };
    note(rows.iter().filter(throttles).count(), "throttles", "no metrics");
    let no_logs = |row: &&FunctionRow| of(row).is_some_and(|function| !asof.has_logs(function));
    note(rows.iter().filter(no_logs).count(), "logs", "metrics or traces only");
    let no_memory = |row: &&FunctionRow| row.memory_used_mb.grade().why() == Some(Why::NotPrinted);
    note(rows.iter().filter(no_memory).count(), "memory", "not printed in REPORT");
    if panels.trace.traces.value().is_some() {
        let no_traces = |row: &&FunctionRow| of(row).is_some_and(|f| f.traces_known > asof.at);
        note(rows.iter().filter(no_traces).count(), "traces", "none came");
    }
    let snapshot = asof.snapshot;
    if window.from < snapshot.rows_from && snapshot.oldest < snapshot.rows_from {
        unseen.push(format!("single invocations before {} (let go for memory)", snapshot.rows_from));
    }
    if let Some(from) = snapshot.read_from.filter(|from| window.from < *from) {
        unseen.push(format!("records before {from} (not read yet)"));
    }
    unseen
}
