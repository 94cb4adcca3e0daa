//! The six panels: a line each, or charts with borders, or one alone.

use ratatui::layout::Rect;

use crate::model::{Graded, Timestamp, Window};
use crate::query::view::{Line, Overview, Panel, Provenance, TracePanel};
use crate::ui::app::{Board, Focus, PanelKind, UiState};
use crate::ui::keymap::ViewKind;
use crate::ui::number;
use crate::ui::sanitize;
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::chart::{self, Plot};
use crate::ui::widget::pen::{Pen, row};
use crate::ui::widget::{axis, paragraph, sparkline, waterfall};

use super::layout::PanelArea;
use super::{account, figures, heat, marks};

/// What a panel draws: its lines by name, the most important last, and how its values are read.
fn lines(kind: PanelKind) -> &'static [(&'static str, Role)] {
    match kind {
        PanelKind::Duration => {
            &[("max", Role::Max), ("p50", Role::P50), ("p90", Role::P90), ("p99", Role::P99)]
        }
        PanelKind::Errors => &[("share", Role::Error)],
        _ => &[("", Role::Series)],
    }
}

/// The line that stands for the panel in one row.
fn main_line(kind: PanelKind) -> &'static str {
    match kind {
        PanelKind::Duration => "p99",
        PanelKind::Errors => "share",
        _ => "",
    }
}

fn line_named<'a>(panel: &'a Panel, name: &str) -> Option<&'a Line> {
    let lines = &panel.chart.lines;
    lines.iter().find(|line| line.name == name).or_else(|| lines.first().filter(|_| name.is_empty()))
}

fn axis_value(kind: PanelKind) -> fn(f64) -> String {
    match kind {
        PanelKind::Duration => number::duration,
        PanelKind::Errors => |value| format!("{}%", number::percent(value)),
        _ => number::count,
    }
}

/// A value of the panel with its unit.
fn with_unit(kind: PanelKind, value: f64) -> String {
    match kind {
        PanelKind::Invocations | PanelKind::Throttles => format!("{}/m", number::count(value)),
        PanelKind::Duration => number::duration_long(value),
        PanelKind::Errors => format!("{} %", number::percent(value)),
        PanelKind::Concurrency | PanelKind::Traces => number::count(value),
    }
}

/// The headline: `4,858/m`, `30.0 s`, `4.1 %`, `900/900`.
fn headline(kind: PanelKind, panel: &Panel, symbols: &Symbols) -> String {
    let now = number::graded(&panel.now, |value| with_unit(kind, value), symbols);
    let limit = panel.also.as_ref().map(|limit| number::graded(limit, number::count, symbols));
    match (kind, limit) {
        (PanelKind::Concurrency, Some(limit)) => format!("{now}/{limit}"),
        _ => now,
    }
}

/// The second figure: the count on which a percentile or a share rests.
fn also(kind: PanelKind, panel: &Panel, symbols: &Symbols) -> String {
    match (kind, &panel.also) {
        (PanelKind::Duration, Some(n)) => format!("n {}", number::graded(n, number::count, symbols)),
        (PanelKind::Errors, Some(count)) => format!("({})", number::graded(count, number::count, symbols)),
        _ => String::new(),
    }
}

/// The headline with its second figure, and the figure of before.
pub fn figures(kind: PanelKind, panel: &Panel, symbols: &Symbols) -> (String, String) {
    let now = format!("{} {}", headline(kind, panel, symbols), also(kind, panel, symbols));
    let before = number::graded(&panel.before, |value| with_unit(kind, value), symbols);
    (now.trim_end().to_string(), before)
}

/// What a panel has in a chart column, in its headline's form: `480/m`, `1.2 s`, `≥30.0 s`, `4.1 %`.
fn at_column(kind: PanelKind, panel: &Panel, column: usize, symbols: &Symbols) -> String {
    let value = |name| line_named(panel, name).and_then(|line| line.points.get(column).copied().flatten());
    let main = line_named(panel, main_line(kind));
    let shown = main.map_or_else(|| symbols.none.to_string(), |line| at(kind, line, column, symbols));
    match (kind, value("count")) {
        (PanelKind::Errors, Some(count)) => format!("{shown} ({})", number::count(count)),
        _ => shown,
    }
}

/// What a line has in a chart column.
fn at(kind: PanelKind, line: &Line, column: usize, symbols: &Symbols) -> String {
    let Some(value) = line.points.get(column).copied().flatten() else { return symbols.none.to_string() };
    let shown = match (kind, line.name) {
        (PanelKind::Errors, "count") => number::count(value),
        _ => with_unit(kind, value),
    };
    match line.at_least.binary_search(&column) {
        Ok(_) => format!("{}{shown}", symbols.at_least),
        Err(_) => shown,
    }
}

/// `logs <1s`, `CW 1m 90s`, `no source`.
fn source(provenance: &Provenance, symbols: &Symbols) -> String {
    match provenance.age_ms {
        Some(age) => format!("{} {}", provenance.source, number::coarse_age(age)),
        None if provenance.source == "–" || provenance.source.is_empty() => "no source".to_string(),
        None => format!("{} {}", provenance.source, symbols.none),
    }
}

/// Whether there is a number, and if not why.
fn why_none(panel: &Panel) -> Option<&'static str> {
    match panel.now {
        Graded::NoSource(why) => Some(why.words()),
        _ => None,
    }
}

const NAME: u16 = 13;
const VALUE: u16 = 10;
const BEFORE: u16 = 16;
const ALSO: u16 = 9;
const SOURCE: u16 = 11;

/// Columns of the sparklines when each panel is one line of a screen so wide.
pub fn line_columns(width: u16) -> u16 {
    width.saturating_sub(NAME + VALUE + 2 + before_columns(width) + also_columns(width) + SOURCE)
}

fn before_columns(width: u16) -> u16 {
    if width >= 70 { BEFORE } else { 0 }
}

fn also_columns(width: u16) -> u16 {
    if width >= 76 { ALSO } else { 0 }
}

/// Columns of a chart in a bordered panel so wide.
pub fn chart_columns(width: u16) -> u16 {
    width.saturating_sub(2 + 6 + 5)
}

/// Draws the panels where they stand.
pub fn draw(pen: &mut Pen, area: PanelArea, board: &Board, state: &UiState) {
    let Some(answer) = board.answer.as_deref() else {
        if let PanelArea::Line(area) | PanelArea::Lines(area) | PanelArea::One(area) = area {
            pen.text(area.x, area.y, area.width, "reading the first records", Role::Label);
        }
        return;
    };
    let focused = |kind| board.focus == Focus::Panel(kind);
    match area {
        PanelArea::Line(area) => numbers(pen, area, answer, board.crosshair_column()),
        PanelArea::Lines(area) => {
            for (n, kind) in (0u16..).zip(PanelKind::ALL) {
                one_line(pen, row(area, n), kind, answer, focused(kind), board.crosshair_column());
            }
        }
        PanelArea::Grid(areas) => {
            for (area, kind) in areas.into_iter().zip(PanelKind::ALL) {
                bordered(pen, area, kind, answer, board, state);
            }
        }
        PanelArea::One(area) => {
            if let Focus::Panel(kind) = board.focus {
                bordered(pen, area, kind, answer, board, state);
            }
        }
        PanelArea::None => {}
    }
}

/// All five numbers in one line, for very low screens.
fn numbers(pen: &mut Pen, area: Rect, answer: &Overview, crosshair: Option<usize>) {
    let mut x = area.x;
    let names = [("inv", PanelKind::Invocations), ("p99", PanelKind::Duration), ("err", PanelKind::Errors)];
    for (name, kind) in
        names.into_iter().chain([("thr", PanelKind::Throttles), ("conc", PanelKind::Concurrency)])
    {
        let Some(panel) = kind.of(answer) else { continue };
        let (text, role) = match crosshair {
            Some(at) => (at_column(kind, panel, at, pen.symbols), Role::Crosshair),
            None => (headline(kind, panel, pen.symbols), Role::Title),
        };
        if x + (name.len() + 1 + sanitize::width(&text)) as u16 > area.right() {
            break;
        }
        x = pen.text(x, area.y, area.width, name, Role::Label) + 1;
        x = pen.text(x, area.y, area.width, &text, role) + 2;
    }
}

fn one_line(
    pen: &mut Pen,
    area: Rect,
    kind: PanelKind,
    answer: &Overview,
    focused: bool,
    crosshair: Option<usize>,
) {
    if area.width == 0 {
        return;
    }
    let y = area.y;
    let role = if focused { Role::Focus } else { Role::Title };
    pen.text(area.x, y, NAME, kind.title(), role);
    if focused {
        pen.put(area.x + NAME - 1, y, pen.symbols.cursor, Role::Focus);
    }
    let end = area.right();
    let Some(panel) = kind.of(answer) else {
        trace_line(pen, area, answer, crosshair);
        return;
    };
    let name = if kind == PanelKind::Duration { " p99" } else { "" };
    pen.text(area.x + 8, y, 4, name, Role::Label);
    let settling = matches!(panel.now, Graded::Settling(_)) && crosshair.is_none();
    let (shown, role) = match crosshair {
        // The count beside the share does not fit here; the line of messages has it.
        Some(at) if kind == PanelKind::Errors => {
            let text = at_column(kind, panel, at, pen.symbols);
            (text.split(" (").next().unwrap_or_default().to_string(), Role::Crosshair)
        }
        Some(at) => (at_column(kind, panel, at, pen.symbols), Role::Crosshair),
        None => (headline(kind, panel, pen.symbols), value_role(kind, panel)),
    };
    let after = if settling { 1 } else { 0 };
    pen.right(area.x + NAME + VALUE - 1 + after, y, VALUE, &shown, role);
    let spark = line_columns(area.width);
    let x = area.x + NAME + VALUE + 1;
    let source = source(&panel.provenance, pen.symbols);
    pen.right(end, y, SOURCE, &source, Role::Label);
    if let Some(why) = why_none(panel) {
        let room = end.saturating_sub(x + sanitize::width(&source) as u16 + 1);
        pen.text(x, y, room, why, Role::Label);
        return;
    }
    if let Some(line) = line_named(panel, main_line(kind)) {
        sparkline::draw(pen, x, y, spark, &line.points, panel.chart.settled, line_role(kind));
        if let Some(at) = crosshair.filter(|at| *at < usize::from(spark)) {
            pen.paint(Rect::new(x + at as u16, y, 1, 1), Role::Crosshair);
        }
    }
    let x = x + spark + 1;
    if before_columns(area.width) > 0 {
        let before = number::graded(&panel.before, |value| with_unit(kind, value), pen.symbols);
        pen.text(x, y, 6, "before", Role::Label);
        pen.right(x + BEFORE - 1, y, BEFORE - 7, &before, Role::Text);
    }
    // That is the whole window's, and would stand beside a number of one instant.
    if also_columns(area.width) > 0 && crosshair.is_none() {
        pen.text(x + BEFORE, y, ALSO - 1, &also(kind, panel, pen.symbols), Role::Label);
    }
}

/// Errors and throttles stand out where there are some.
fn value_role(kind: PanelKind, panel: &Panel) -> Role {
    let some = panel.now.value().is_some_and(|value| *value > 0.0);
    match kind {
        PanelKind::Errors if some => Role::Error,
        PanelKind::Throttles if some => Role::Throttle,
        _ => Role::Title,
    }
}

fn line_role(kind: PanelKind) -> Role {
    match kind {
        PanelKind::Duration => Role::P99,
        PanelKind::Errors => Role::Error,
        PanelKind::Throttles => Role::Throttle,
        _ => Role::Series,
    }
}

/// Whether the traces are those of where the crosshair stands: it may have moved since they were asked for.
fn is_of(answer: &Overview, crosshair: Option<usize>) -> bool {
    let from = |at: usize| answer.window.from.plus(answer.step_ms.saturating_mul(at as i64));
    answer.panels.trace.column.map(|column| column.from) == crosshair.map(from)
}

/// `9 traces, 2 marked: 30.0 s F checkout > POST api.bank.example 29.6 s`.
fn trace_text(panel: &TracePanel, symbols: &Symbols) -> String {
    let Graded::NoSource(why) = panel.traces else {
        let count = number::graded(&panel.traces, number::whole, symbols);
        let marked = if panel.marked > 0 {
            format!(", {} marked", number::whole(panel.marked))
        } else {
            String::new()
        };
        let tree = panel.tree.as_ref().map(|tree| format!(": {}", waterfall::summary(tree, symbols)));
        return format!("{count}{marked}{}", tree.unwrap_or_default());
    };
    why.words().to_string()
}

fn trace_line(pen: &mut Pen, area: Rect, answer: &Overview, crosshair: Option<usize>) {
    let panel = &answer.panels.trace;
    let text = trace_text(panel, pen.symbols);
    let (source, y) = (source(&panel.provenance, pen.symbols), area.y);
    let x = area.x + NAME;
    let room = area.right().saturating_sub(x + sanitize::width(&source) as u16 + 1);
    let flags = panel.tree.as_ref().map(|tree| tree.flags);
    let role = flags.filter(|flags| flags.any()).map_or(Role::Text, waterfall::role);
    let role = match (panel.traces.value(), crosshair) {
        _ if !is_of(answer, crosshair) => Role::Label,
        (None, _) => Role::Label,
        (_, Some(_)) => Role::Crosshair,
        _ => role,
    };
    pen.text(x, y, room, &text, role);
    pen.right(area.right(), y, SOURCE, &source, Role::Label);
}

fn bordered(pen: &mut Pen, area: Rect, kind: PanelKind, answer: &Overview, board: &Board, state: &UiState) {
    let focused = board.focus == Focus::Panel(kind);
    let inner = pen.border(area, if focused { Role::Focus } else { Role::Border });
    if inner.width < 10 || inner.height < 2 {
        return;
    }
    let provenance = match kind.of(answer) {
        Some(panel) => &panel.provenance,
        None => &answer.panels.trace.provenance,
    };
    let y = area.y;
    let from = format!(" {} ", source(provenance, pen.symbols));
    let end = pen.right(area.right() - 1, y, area.width / 2, &from, Role::Label);
    let title = if focused { Role::Focus } else { Role::Title };
    let sign = if focused { pen.symbols.cursor } else { "" };
    let statistic = if kind == PanelKind::Duration { " p99" } else { "" };
    let name = format!("{sign} {}{statistic} ", kind.title());
    let x = pen.text(area.x + 1, y, end.saturating_sub(area.x + 2), &name, title);
    let Some(panel) = kind.of(answer) else {
        draw_trace(pen, inner, answer, board);
        return;
    };
    let (headline, role) = match board.crosshair_column() {
        Some(at) => (at_column(kind, panel, at, pen.symbols), Role::Crosshair),
        None => (headline(kind, panel, pen.symbols), value_role(kind, panel)),
    };
    let mut x = pen.text(x, y, end.saturating_sub(x), &headline, role);
    let also = also(kind, panel, pen.symbols);
    if !also.is_empty() && board.crosshair_column().is_none() {
        x = pen.text(x, y, end.saturating_sub(x), &format!(" {also}"), Role::Label);
    }
    pen.text(x, y, end.saturating_sub(x).min(1), " ", Role::Label);
    if let Some(why) = why_none(panel) {
        let none = format!("no source: {why}");
        paragraph::draw(pen, inner, &none, Role::Label);
        return;
    }
    if board.enlarged && inner.height >= 5 {
        let x = figures::draw(pen, inner, panel) + 1;
        let beside = Rect { x, width: inner.right().saturating_sub(x), height: 1, ..inner };
        let below = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
        if board.shows_heat() {
            heat::legend(pen, beside, answer);
            return heat::draw(pen, below, answer, board, state);
        }
        let before = before(kind, panel, pen.symbols);
        if sanitize::width(&before) <= usize::from(beside.width) {
            pen.right(beside.right(), beside.y, beside.width, &before, Role::Label);
        }
        let mut chart = below;
        if kind == PanelKind::Concurrency && state.view() == ViewKind::Overview {
            // The chart keeps at least half of the room.
            let rows = account::rows(&answer.account).min(below.height / 2);
            chart.height -= rows;
            account::draw(pen, Rect { y: chart.bottom(), height: rows, ..below }, &answer.account);
        }
        return draw_chart(pen, chart, kind, panel, answer, board.crosshair_column(), state);
    }
    // The row above the chart compares with before; the row below it counts errors.
    let mut body = inner;
    if inner.height >= 5 {
        let before = before(kind, panel, pen.symbols);
        pen.right(inner.right(), inner.y, inner.width, &before, Role::Label);
        body = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    }
    draw_chart(pen, body, kind, panel, answer, board.crosshair_column(), state);
}

fn before(kind: PanelKind, panel: &Panel, symbols: &Symbols) -> String {
    format!("before {}", number::graded(&panel.before, |value| with_unit(kind, value), symbols))
}

fn draw_chart(
    pen: &mut Pen,
    area: Rect,
    kind: PanelKind,
    panel: &Panel,
    answer: &Overview,
    crosshair: Option<usize>,
    state: &UiState,
) {
    // What is compared with lies behind.
    let mut drawn = vec![("then", Role::Label)];
    match lines(kind) {
        [("", _)] => {
            let first = panel.chart.lines.first().map_or("", |line| line.name);
            drawn.push((first, line_role(kind)));
        }
        named => drawn.extend(named),
    }
    let mut body = area;
    if kind == PanelKind::Errors
        && body.height >= 6
        && let Some(count) = line_named(panel, "count")
    {
        body.height -= 1;
        let y = body.bottom();
        pen.text(area.x, y, 6, "count", Role::Label);
        let width = body.width.saturating_sub(6);
        sparkline::draw(pen, area.x + 6, y, width, &count.points, panel.chart.settled, Role::Error);
    }
    let plot = Plot {
        chart: &panel.chart,
        lines: &drawn,
        show: axis_value(kind),
        round_up: axis::round_up,
        may_be_log: kind == PanelKind::Duration,
        window: answer.window,
        marks: &marks::on_axis(state, answer),
        zone: state.zone,
        crosshair,
    };
    chart::draw(pen, body, &plot);
}

fn draw_trace(pen: &mut Pen, area: Rect, answer: &Overview, board: &Board) {
    let (panel, top) = (&answer.panels.trace, board.trace_top);
    let Some(tree) = &panel.tree else {
        let text = match panel.traces {
            Graded::NoSource(why) => format!("no source: {}", why.words()),
            _ if panel.column.is_some() => "no trace began then".to_string(),
            _ => "no trace in this window".to_string(),
        };
        paragraph::draw(pen, area, &text, Role::Label);
        return;
    };
    let count = number::graded(&panel.traces, number::whole, pen.symbols);
    let length = number::duration_long(tree.end_us.saturating_sub(tree.start_us) as f64 / 1_000.0);
    let open = if tree.in_progress { " in progress" } else { "" };
    let missing = match tree.missing_parents {
        0 => String::new(),
        1 => ", a parent not received".to_string(),
        n => format!(", {n} parents not received"),
    };
    let head = format!("{length}{open}{missing}; {count} traces, {} marked; {}", panel.marked, tree.shown);
    let at_crosshair = panel.column.is_some() && is_of(answer, board.crosshair_column());
    let role = if at_crosshair { Role::Crosshair } else { Role::Label };
    pen.text(area.x, area.y, area.width, &head, role);
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    waterfall::draw(pen, body, tree, top.min(tree.rows.len().saturating_sub(1)));
}

/// What is said of a column: when it begins, where there is room for that how long it is, and the rest.
pub fn at_time(time: Timestamp, step_ms: i64, rest: &str, state: &UiState) -> String {
    let begins = state.zone.seconds(time) + &state.zone.mark(time);
    let whole = format!("{begins} +{} {rest}", number::step(step_ms));
    if sanitize::width(&whole) <= usize::from(state.size.0) { whole } else { format!("{begins} {rest}") }
}

/// What a focused panel says of itself in one line: the values under the crosshair, else where
/// its number comes from and why it is not simply counted.
pub fn explain(
    kind: PanelKind,
    answer: &Overview,
    crosshair: Option<usize>,
    state: &UiState,
    symbols: &Symbols,
) -> String {
    let Some(panel) = kind.of(answer) else {
        let panel = &answer.panels.trace;
        let note = panel.provenance.note.as_deref().map_or_else(String::new, |note| format!("; {note}"));
        return format!("Traces: {}{note}", trace_text(panel, symbols));
    };
    if let Some(at) = crosshair {
        let time = answer.window.from.plus(answer.step_ms.saturating_mul(at as i64));
        let mut text = String::new();
        for line in &panel.chart.lines {
            let value = self::at(kind, line, at, symbols);
            let name = if line.name.is_empty() { kind.title() } else { line.name };
            text.push_str(&format!(" {name} {value}"));
        }
        if at >= panel.chart.settled {
            text.push_str(&format!(" {} still settling", symbols.settling));
        }
        let column = Window { from: time, to: time.plus(answer.step_ms) };
        for mark in answer.marks.iter().filter(|mark| column.holds(mark.at)) {
            let sign = symbols.marks[usize::from(!mark.deploy)];
            text.push_str(&format!(" {sign} {}", mark.text));
        }
        for bookmark in state.bookmarks.iter().filter(|bookmark| column.holds(bookmark.at)) {
            text.push_str(&format!(" {} {}", symbols.bookmark, bookmark.note));
        }
        return at_time(time, answer.step_ms, &text, state);
    }
    let grade = panel.now.grade();
    let why = grade.why().map_or_else(String::new, |why| format!(": {}", why.words()));
    let note = panel.provenance.note.as_deref().map_or_else(String::new, |note| format!("; {note}"));
    let word = grade.word().replace('-', " ");
    let from = match panel.now {
        Graded::NoSource(_) => String::new(),
        _ => format!(" from {}", panel.provenance.source),
    };
    format!("{}{from}: {word}{why}{note}", kind.title())
}
