//! The main screen, in one answer.

use crate::model::{Why, Window};
use crate::store::Snapshot;

use super::asof::AsOf;
use super::axis::Axis;
use super::cell::Cell;
use super::figures::{self, EXACT};
use super::panels::{Board, minutes};
use super::select::Selection;
use super::table::{self, Figures, Span};
use super::view::{FunctionRow, Overview, OverviewRequest, Panels};
use super::{detail, scan, settings, trace};

/// Answers what the main screen asks. Figures (headlines and table) are of the window asked for,
/// `as_of` included; charts show at least that window in columns that do not move with `as_of`.
pub fn overview(snapshot: &Snapshot, request: &OverviewRequest) -> Overview {
    let asof = AsOf::new(snapshot, request.as_of);
    let selection = Selection::of(asof, &request.filter, request.function);
    let window_ms = request.window_ms.max(1);
    let axis = Axis::chart(asof.at, window_ms, request.columns);
    let window = Window { from: asof.at.plus(-window_ms), to: asof.at.plus(1) };
    let oldest = asof.oldest();
    let cells: Vec<Cell> = selection
        .members
        .iter()
        .map(|member| {
            let mut cells = [Cell::default()];
            figures::fold(asof, member, &Axis::span(window), &mut cells);
            let [cell] = cells;
            cell
        })
        .collect();
    let durations: f64 = cells.iter().map(Cell::durations).sum();
    let span = Span {
        window,
        minutes: minutes(oldest, window).unwrap_or(1.0),
        exact: durations <= EXACT && scan::complete(asof, window),
        spark: Axis::chart(asof.at, window_ms, request.spark),
        oldest,
    };
    let mut members = Vec::with_capacity(cells.len());
    let mut rows = Vec::with_capacity(cells.len());
    for (member, cell) in selection.members.iter().zip(cells) {
        let mut figures = Figures::of(asof, member, &span, cell);
        let row = table::row(asof, member, &span, &mut figures);
        // Where the filter is asked for each invocation, a function without one does not match.
        if member.filter.is_none() || figures.cell.started() > 0.0 {
            rows.push(row);
        }
        members.push(figures);
    }
    table::sort(&mut rows, request.sort, request.reverse);
    let mut board = Board::new(asof, &selection, axis, window, oldest, &members, span.exact);
    let panels = Panels {
        invocations: board.invocations(),
        duration: board.duration(),
        errors: board.errors(),
        throttles: board.throttles(),
        concurrency: board.concurrency(),
        trace: trace::panel(asof, &selection, &request.filter, window),
    };
    let heat = (request.heat > 0).then(|| board.heat(request.heat)).flatten();
    Overview {
        heat,
        as_of: request.as_of,
        window: axis.window(),
        step_ms: axis.step_ms,
        not_seen: not_seen(asof, &rows, &panels, window),
        marks: settings::marks(asof, &selection, axis.window()),
        panels,
        rows,
        functions: asof.functions().count(),
        detail: request
            .function
            .and_then(|_| selection.members.first())
            .map(|member| detail::detail(asof, member, window, &axis)),
    }
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
