//! The traces: a row each, or all at once as calls: of services, or by their path.

use ratatui::layout::Rect;

use crate::model::Timestamp;
use crate::query::view::{CallRow, CallStats, CallTree, TraceLine, TraceOrder};
use crate::ui::app::{Shape, Tag, UiState};
use crate::ui::number;
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::pen::Pen;
use crate::ui::widget::table::{self, Column};
use crate::ui::widget::waterfall;
use crate::ui::zone::Zone;

use super::below_head;
use super::problems::left;

const fn right(title: &'static str, width: u16, leaves: u8) -> Column {
    Column { title, width, right: true, leaves, grows: 0 }
}

const LIST: [Column; 8] = [
    left("STARTED", 14, 0, 0),
    right("LENGTH", 9, 0),
    left("MARK", 5, 0, 0),
    right("SEG", 6, 1),
    left("FIRST SEGMENT", 16, 0, 20),
    left("LONGEST SELF TIME", 18, 2, 16),
    right("SELF", 9, 2),
    left("TRACE", 37, 3, 0),
];

/// The columns of the list by which it can be sorted.
fn sorted_column(order: TraceOrder) -> usize {
    match order {
        TraceOrder::Newest => 0,
        TraceOrder::Slowest => 1,
        TraceOrder::Failed => 2,
        TraceOrder::Largest => 3,
    }
}

const CALLS: [Column; 9] = [
    left("CALL", 30, 0, 50),
    right("TRACED/MIN", 11, 2),
    right("CALLS", 8, 4),
    right("P50", 8, 0),
    right("P99", 8, 0),
    right("SELF/CALL", 10, 1),
    right("ERR%", 7, 0),
    right("THR%", 7, 3),
    left("  KIND", 22, 5, 0),
];

const COMPARED: [Column; 8] = [
    left("CALL", 22, 0, 50),
    right("CALLS", 14, 3),
    right("P50", 14, 0),
    right("P99", 14, 0),
    right("SELF/CALL", 14, 0),
    right("ERR%", 13, 2),
    right("THR%", 14, 4),
    left("  KIND", 22, 5, 0),
];

/// What stands in the first line of the screen.
pub fn title(state: &UiState) -> String {
    let what = match state.traces.shape {
        Shape::List => "traces",
        Shape::Map => "services",
        Shape::Tree => "call tree",
    };
    match &state.traces.scope {
        Some((_, name)) => format!("{what} of {name}"),
        None => what.to_string(),
    }
}

/// Draws the list, the map or the tree.
pub fn draw(pen: &mut Pen, area: Rect, state: &UiState) {
    match state.traces.shape {
        Shape::List => draw_list(pen, area, state),
        Shape::Map | Shape::Tree => draw_calls(pen, area, state),
    }
}

fn draw_list(pen: &mut Pen, area: Rect, state: &UiState) {
    let placed = table::fit(&LIST, area.width);
    let sorted = (sorted_column(state.traces.order), state.traces.reverse);
    table::head(pen, area.x, area.y, &LIST, &placed, Some(sorted));
    let body = below_head(area);
    let Some(answer) = &state.traces.answer else { return };
    if answer.lines.is_empty() {
        let text = match answer.any {
            false => "no source has traces: X-Ray segments, batch-get-traces answers, OpenTelemetry spans",
            true if state.filter_text.is_empty() => "no trace began in this window; Z makes it wider",
            true if state.filter.has_text() => {
                "no segment or trace id says this; 4 looks in the lines, \\ changes it"
            }
            true => "no trace of this window matches the filter; Z makes the window wider",
        };
        pen.text(body.x, body.y, body.width, text, Role::Label);
        return;
    }
    let (top, index) = (state.traces.top(), state.traces.index());
    for (y, (at, line)) in (body.y..body.bottom()).zip(answer.lines.iter().enumerate().skip(top)) {
        for place in &placed {
            let (text, role) = list_cell(place.column, line, state.zone, pen.symbols);
            table::cell(pen, area.x, y, *place, LIST[place.column].right, &text, role);
        }
        super::tag(pen, area.x + LIST[0].width - 1, y, state, || Tag::Trace(line.shown.clone()));
        if at == index {
            pen.paint(Rect::new(body.x, y, body.width, 1), Role::Selection);
        }
    }
}

fn list_cell(column: usize, line: &TraceLine, zone: Zone, symbols: &Symbols) -> (String, Role) {
    let length = |us: i64| number::duration(us as f64 / 1_000.0);
    let role = if line.flags.any() { waterfall::role(line.flags) } else { Role::Text };
    match column {
        0 => (time(line.start_us, zone), Role::Text),
        1 => {
            let open = if line.in_progress { symbols.settling } else { "" };
            (length(line.length_us) + open, Role::Text)
        }
        2 => {
            let gap = if line.missing_parents > 0 { symbols.no_data } else { "" };
            (waterfall::marks(line.flags) + gap, role)
        }
        3 => {
            let least = if line.cut { symbols.at_least } else { "" };
            (format!("{least}{}", number::whole(line.segments as u64)), Role::Text)
        }
        4 => (line.root.clone(), role),
        5 => (line.holds.as_ref().map_or_else(String::new, |(name, _)| name.clone()), Role::Text),
        6 => (line.holds.as_ref().map_or_else(String::new, |(_, us)| length(*us)), Role::Text),
        _ => (line.shown.clone(), Role::Label),
    }
}

fn time(us: i64, zone: Zone) -> String {
    let at = Timestamp(us.div_euclid(1_000));
    zone.millis(at) + &zone.mark(at)
}

fn draw_calls(pen: &mut Pen, area: Rect, state: &UiState) {
    let Some(calls) = &state.traces.calls else { return };
    let compared = calls.split.is_some();
    let columns: &[Column] = if compared { &COMPARED } else { &CALLS };
    let placed = table::fit(columns, area.width);
    table::head(pen, area.x, area.y, columns, &placed, None);
    let body = below_head(area);
    if calls.rows.is_empty() {
        let text = "no trace began in this window; Z makes it wider";
        pen.text(body.x, body.y, body.width, text, Role::Label);
        return;
    }
    let minutes = (state.window_ms as f64 / 60_000.0).max(f64::MIN_POSITIVE);
    let (top, index) = (state.traces.top(), state.traces.index());
    for (y, (at, row)) in (body.y..body.bottom()).zip(calls.rows.iter().enumerate().skip(top)) {
        for place in &placed {
            let (text, role) = match compared {
                true => compared_cell(place.column, row, pen.symbols),
                false => call_cell(place.column, row, minutes, pen.symbols),
            };
            table::cell(pen, area.x, y, *place, columns[place.column].right, &text, role);
        }
        if at == index {
            pen.paint(Rect::new(body.x, y, body.width, 1), Role::Selection);
        }
    }
}

/// Deeper calls are not indented further.
const DEEPEST: usize = 8;

fn call_name(row: &CallRow, symbols: &Symbols) -> String {
    let indent = "  ".repeat(row.depth.min(DEEPEST).saturating_sub(1));
    let branch = if row.depth > 0 { symbols.branch[1] } else { "" };
    let again = if row.again { format!(" {}", symbols.up) } else { String::new() };
    let all = match row.callers {
        0 => String::new(),
        n => format!(" {} all {n} callers", symbols.dot),
    };
    format!("{indent}{branch}{}{again}{all}", row.name)
}

fn call_role(row: &CallRow) -> Role {
    match row.after {
        CallStats { fault: 1.., .. } => Role::Error,
        CallStats { throttle: 1.., .. } => Role::Throttle,
        CallStats { error: 1.., .. } => Role::Timeout,
        _ => Role::Text,
    }
}

fn share(of: u64, calls: u64) -> String {
    match of {
        0 => String::new(),
        _ => number::percent(of as f64 / calls.max(1) as f64 * 100.0),
    }
}

fn length(us: i64) -> String {
    number::duration(us as f64 / 1_000.0)
}

fn mean_self(stats: &CallStats) -> i64 {
    stats.self_us / (stats.calls.max(1) as i64)
}

fn call_cell(column: usize, row: &CallRow, minutes: f64, symbols: &Symbols) -> (String, Role) {
    let stats = &row.after;
    match column {
        0 => (call_name(row, symbols), call_role(row)),
        1 => (number::count(stats.calls as f64 / minutes), Role::Text),
        2 => (number::whole(stats.calls), Role::Text),
        3 => (length(stats.p50_us), Role::Text),
        4 => (length(stats.p99_us), Role::Text),
        5 => (length(mean_self(stats)), Role::Text),
        6 => (share(stats.error.max(stats.fault), stats.calls), Role::Error),
        7 => (share(stats.throttle, stats.calls), Role::Throttle),
        _ => (format!("  {}", row.kind), Role::Label),
    }
}

/// The figure before and the one after.
fn compared_cell(column: usize, row: &CallRow, symbols: &Symbols) -> (String, Role) {
    let both = |show: &dyn Fn(&CallStats) -> String, role: Role| {
        let side = |stats: &CallStats| match stats.calls {
            0 => symbols.none.to_string(),
            _ => Some(show(stats)).filter(|text| !text.is_empty()).unwrap_or_else(|| "0".to_string()),
        };
        (format!("{} > {}", side(&row.before), side(&row.after)), role)
    };
    let times = |of: &dyn Fn(&CallStats) -> i64| {
        let (before, after) = (of(&row.before), of(&row.after));
        let known = row.before.calls > 0 && row.after.calls > 0;
        // Half as long again is seen without reading.
        let slower = known && after > before.saturating_add(before / 2) && after - before > 1_000;
        both(&|stats| length(of(stats)), if slower { Role::Error } else { Role::Text })
    };
    match column {
        0 => (call_name(row, symbols), call_role(row)),
        1 => both(&|stats| number::whole(stats.calls), Role::Text),
        2 => times(&|stats| stats.p50_us),
        3 => times(&|stats| stats.p99_us),
        4 => times(&mean_self),
        5 | 6 => {
            let of = |stats: &CallStats| {
                if column == 5 { stats.error.max(stats.fault) } else { stats.throttle }
            };
            if of(&row.before) + of(&row.after) == 0 {
                return (String::new(), Role::Text);
            }
            let role = if column == 5 { Role::Error } else { Role::Throttle };
            both(&|stats| share(of(stats), stats.calls), role)
        }
        _ => (format!("  {}", row.kind), Role::Label),
    }
}

/// How many there are, what was left out, and that traces are a sample.
pub fn message(pen: &mut Pen, area: Rect, state: &UiState) {
    let dot = format!(" {} ", pen.symbols.dot);
    let parts = match state.traces.shape {
        Shape::List => state.traces.answer.as_ref().map_or_else(Vec::new, |answer| {
            let plural = if answer.matching == 1 { "" } else { "s" };
            let mut parts = vec![format!("{} trace{plural}", number::whole(answer.matching as u64))];
            if answer.marked > 0 {
                parts.push(format!("{} marked", number::whole(answer.marked as u64)));
            }
            if answer.lines.len() < answer.matching {
                parts.push(format!("the first {} listed", number::whole(answer.lines.len() as u64)));
            }
            if answer.let_go > 0 {
                parts.push(format!("{} let go for memory", number::whole(answer.let_go)));
            }
            parts
        }),
        Shape::Map | Shape::Tree => state
            .traces
            .calls
            .as_ref()
            .map_or_else(Vec::new, |calls| told(calls, state.zone, state.traces.shape)),
    };
    if parts.is_empty() {
        return;
    }
    let text = format!("{}{dot}sampled: not a count of requests", parts.join(&dot));
    pen.text(area.x, area.y, area.width, &text, Role::Label);
}

fn told(calls: &CallTree, zone: Zone, shape: Shape) -> Vec<String> {
    let (before, after) = calls.traces;
    let whole = |n: usize| number::whole(n as u64);
    let mut parts = match calls.split {
        Some(split) => {
            let at = zone.seconds(split) + &zone.mark(split);
            let few = if before.min(after) < 5 { " (too few to compare)" } else { "" };
            vec![format!("{} traces before {at}, {} after{few}", whole(before), whole(after))]
        }
        None if shape == Shape::Tree => {
            vec![format!("{} traces", whole(after)), "b compares before with after".to_string()]
        }
        None => vec![format!("{} traces", whole(after))],
    };
    if calls.left_out > 0 {
        parts.push(format!("{} older ones left out", whole(calls.left_out)));
    }
    if calls.lumped > 0 {
        parts.push(format!("{} calls of too many names left out", number::whole(calls.lumped)));
    }
    parts
}
