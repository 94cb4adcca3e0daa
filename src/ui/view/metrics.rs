//! The metrics of a function: a row each, and the selected one as a chart on the whole screen.

use ratatui::layout::Rect;

use crate::model::{Graded, Why};
use crate::query::view::{MetricKey, MetricList, MetricRow, MetricUnit, Overview, Per};
use crate::ui::app::{FunctionBoard, UiState};
use crate::ui::number;
use crate::ui::sanitize;
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::chart::{self, Plot};
use crate::ui::widget::pen::Pen;
use crate::ui::widget::table::{self, Column, Placed};
use crate::ui::widget::{axis, paragraph, sparkline};

use super::function::{left, right};
use super::{marks, panels};

/// The columns of a metric.
pub const METRICS: [Column; 14] = [
    left("", 2, 0, 0),
    left("METRIC", 18, 0, 12),
    right("NEWEST", 9, 0),
    right("MIN", 8, 3),
    right("MEAN", 8, 0),
    right("MAX", 8, 0),
    right("P50", 8, 8),
    right("P99", 8, 5),
    right("SUM", 8, 2),
    right("N", 7, 5),
    left(" TREND", 10, 1, 14),
    left("FROM", 9, 4, 0),
    left("UNIT", 10, 7, 0),
    left("DIMENSIONS", 24, 6, 80),
];
const METRIC: usize = 1;
const NEWEST: usize = 2;
const TREND: usize = 10;
const DIMENSIONS: usize = 13;

/// How a value is written in at most five columns, on an axis and in a table.
fn short(unit: &MetricUnit) -> fn(f64) -> String {
    match unit {
        MetricUnit::Ms => |value| number::signed(value, number::duration),
        MetricUnit::Percent => |value| number::signed(value, |value| format!("{}%", number::percent(value))),
        MetricUnit::Bytes(_) => |value| number::signed(value, number::bytes_short),
        MetricUnit::Count(_) | MetricUnit::Untold | MetricUnit::Other(_) => {
            |value| number::signed(value, number::plain)
        }
    }
}

/// A value with its unit; of what adds up so much a minute where it is a speed.
fn with_unit(row: &MetricRow, value: f64, a_minute: bool) -> String {
    let text = short(&row.unit)(value);
    match row.unit {
        _ if a_minute => text + "/m",
        MetricUnit::Count(Per::Second) | MetricUnit::Bytes(Per::Second) => text + "/s",
        _ => text,
    }
}

/// The line that stands for a metric.
fn main_line(row: &MetricRow) -> &[Option<f64>] {
    row.chart.lines.last().map_or(&[], |line| &line.points)
}

/// What the list has where it has no rows.
pub fn nothing(list: Option<&MetricList>) -> &'static str {
    match list {
        None => "looking",
        Some(_) => "no metric matches the filter",
    }
}

/// A cell; the trend is drawn by [`draw_trend`].
pub fn cell(column: usize, row: &MetricRow, placed: &[Placed], symbols: &Symbols) -> (String, Role) {
    let MetricRow { key, figures, .. } = row;
    let value = |graded: &Graded<f64>| number::graded(graded, |value| with_unit(row, value, false), symbols);
    match column {
        METRIC => {
            let apart = placed.iter().any(|place| place.column == DIMENSIONS) || key.dimensions.is_empty();
            let text =
                if apart { row.title.to_string() } else { format!("{} {}", row.title, key.dimensions) };
            (text, Role::Title)
        }
        NEWEST => {
            let adds_up = figures.sum.is_some();
            let text = number::graded(&figures.newest, |value| with_unit(row, value, adds_up), symbols);
            (text, Role::Text)
        }
        3 => (value(&figures.min), Role::Text),
        4 => (value(&figures.mean), Role::Text),
        5 => (value(&figures.max), Role::Text),
        6 => (value(&figures.percentiles[0]), Role::Text),
        7 => (value(&figures.percentiles[1]), Role::Text),
        8 => (figures.sum.as_ref().map_or_else(String::new, value), Role::Text),
        9 => (number::graded(&figures.count, number::count, symbols), Role::Label),
        11 => (row.source.word().to_string(), Role::Label),
        12 => (row.unit.word().to_string(), Role::Label),
        DIMENSIONS => (key.dimensions.to_string(), Role::Label),
        _ => (String::new(), Role::Text),
    }
}

/// Draws a row that has no values: why, where they would stand.
pub fn draw_none(pen: &mut Pen, area: Rect, placed: &[Placed], row: &MetricRow, why: Why) {
    for place in placed.iter().filter(|place| place.column == METRIC) {
        let (text, role) = cell(METRIC, row, placed, pen.symbols);
        table::cell(pen, area.x, area.y, *place, false, &text, role);
    }
    let from = placed.iter().find(|place| place.column == NEWEST).map_or(0, |place| place.x);
    let said = if why == Why::NoData { "no value in this window" } else { why.words() };
    let text = format!("  {} {said}", pen.symbols.none);
    pen.text(area.x + from, area.y, area.width.saturating_sub(from), &text, Role::Label);
}

/// Whether a cell is drawn here: the trend, as a chart of one row.
pub fn draw_trend(pen: &mut Pen, x: u16, y: u16, place: Placed, row: &MetricRow) -> bool {
    if place.column != TREND {
        return false;
    }
    // The blank before it parts it from numbers.
    let width = place.width.saturating_sub(2);
    sparkline::draw(pen, x + place.x + 1, y, width, main_line(row), row.chart.settled, Role::Series);
    true
}

/// What stands below the rows: what would bring more.
pub fn more(list: &MetricList) -> Option<&'static str> {
    (!list.own).then_some("  none of its own: lines in the embedded metric format (EMF) would bring some")
}

/// Draws the selected metric on the whole screen.
pub fn draw_one(pen: &mut Pen, area: Rect, function: &FunctionBoard, state: &UiState) {
    let (Some(row), Some(answer)) = (function.enlarged_metric(), &function.board.answer) else {
        pen.text(
            area.x,
            area.y,
            area.width,
            "this metric is not known at this time; Esc goes back",
            Role::Label,
        );
        return;
    };
    let inner = pen.border(area, Role::Focus);
    if inner.width < 10 || inner.height < 2 {
        return;
    }
    let crosshair = function.board.crosshair_column();
    let percentiles = function.shows_percentiles();
    let chart = row.shown(percentiles);
    head(pen, area, (row, percentiles), answer, crosshair);
    if let Some(why) = row.why_none() {
        let said = if why == Why::NoData { "no value in this window; Z widens it" } else { why.words() };
        let text = if why == Why::NoData { said.to_string() } else { format!("no source: {said}") };
        paragraph::draw(pen, inner, &text, Role::Label);
        return;
    }
    let mut body = inner;
    if inner.height >= 5 {
        draw_figures(pen, Rect { height: 1, ..inner }, row, percentiles);
        body = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    }
    // What is compared with lies behind.
    let lines = [
        ("then", Role::Label),
        ("min", Role::Label),
        ("max", Role::Max),
        ("mean", Role::Series),
        ("a minute", Role::Series),
        ("p50", Role::Label),
        ("p99", Role::Series),
    ];
    let plot = Plot {
        chart,
        lines: &lines,
        show: short(&row.unit),
        round_up: if matches!(row.unit, MetricUnit::Bytes(_)) {
            axis::round_up_bytes
        } else {
            axis::round_up
        },
        may_be_log: row.unit == MetricUnit::Ms,
        window: answer.window,
        marks: &marks::on_axis(state, answer),
        zone: state.zone,
        crosshair,
    };
    chart::draw(pen, body, &plot);
}

/// Its name, what it is at the crosshair or newest, and what tells it, in the border.
fn head(
    pen: &mut Pen,
    area: Rect,
    (row, percentiles): (&MetricRow, bool),
    answer: &Overview,
    crosshair: Option<usize>,
) {
    let y = area.y;
    let age = row.newest.map(|newest| format!(" {}", number::coarse_age(answer.as_of.since(newest))));
    let from = format!(" {}{} ", row.source.word(), age.unwrap_or_default());
    let end = pen.right(area.right() - 1, y, area.width / 2, &from, Role::Label);
    let room = |x: u16| end.saturating_sub(x + 1);
    let title = format!("{} {} ", pen.symbols.cursor, row.title);
    // A long name leaves room for its value.
    let most = usize::from(area.width / 3).max(12);
    let mut x = pen.text(area.x + 1, y, room(area.x), &sanitize::cut(&title, most, pen.symbols), Role::Focus);
    let adds_up = row.figures.sum.is_some();
    let (text, role) = match crosshair {
        Some(at) => (at_column(row, percentiles, at, pen.symbols), Role::Crosshair),
        None if percentiles => {
            let p99 = number::graded(
                &row.figures.percentiles[1],
                |value| with_unit(row, value, false),
                pen.symbols,
            );
            (format!("p99 {p99}"), Role::Title)
        }
        None => {
            let show = |value| with_unit(row, value, adds_up);
            (number::graded(&row.figures.newest, show, pen.symbols), Role::Title)
        }
    };
    x = pen.text(x, y, room(x), &text, role);
    let rest = [unit_said(row), row.key.dimensions.to_string()];
    for text in rest.into_iter().filter(|text| !text.is_empty()) {
        x = pen.text(x, y, room(x), &format!(" {text}"), Role::Label);
    }
    pen.text(x, y, room(x).min(1), " ", Role::Label);
}

/// Its unit, where its values do not say it.
fn unit_said(row: &MetricRow) -> String {
    match &row.unit {
        MetricUnit::Other(word) => word.to_string(),
        _ => String::new(),
    }
}

/// What it has in a column of the chart.
fn at_column(row: &MetricRow, percentiles: bool, column: usize, symbols: &Symbols) -> String {
    let adds_up = row.figures.sum.is_some() && !percentiles;
    let line = row.shown(percentiles).lines.last().map_or(&[][..], |line| &line.points);
    let value = line.get(column).copied().flatten();
    value.map_or_else(|| symbols.none.to_string(), |value| with_unit(row, value, adds_up))
}

/// Its figures in the window, in one row; the one of what it is compared with behind its own.
fn draw_figures(pen: &mut Pen, area: Rect, row: &MetricRow, percentiles: bool) {
    let figures = &row.figures;
    let [p50, p99] = &figures.percentiles;
    let told: Vec<(&'static str, Graded<f64>)> = figures
        .sum
        .into_iter()
        .map(|sum| ("sum", sum))
        .chain([
            ("mean", figures.mean),
            ("min", figures.min),
            ("max", figures.max),
            ("p50", *p50),
            ("p99", *p99),
        ])
        .collect();
    let main = if percentiles { "p99" } else { told[0].0 };
    let before = row.then.as_ref().map(|then| match main {
        "p99" => then.percentiles[1],
        "sum" => then.sum.unwrap_or(then.mean),
        _ => then.mean,
    });
    let show = |value: &Graded<f64>| number::graded(value, |value| with_unit(row, value, false), pen.symbols);
    let mut all: Vec<(&str, String)> = Vec::new();
    for (name, value) in &told {
        // Why there is none is said once, behind all others.
        if !matches!(value, Graded::NoSource(Why::StatisticSets | Why::OfMinutes)) {
            all.push((name, show(value)));
        }
        if *name == main
            && let Some(before) = &before
        {
            all.push(("before", show(before)));
        }
    }
    all.push(("n", number::graded(&figures.count, number::count, pen.symbols)));
    if *p99 == Graded::NoSource(Why::StatisticSets) {
        all.push(("no percentiles:", Why::StatisticSets.words().to_string()));
    }
    let mut x = area.x;
    for (name, text) in all {
        let room = area.right().saturating_sub(x);
        // A number that is cut would be another one.
        if sanitize::width(name) + 1 + sanitize::width(&text) > usize::from(room) {
            return;
        }
        x = pen.text(x, area.y, room, name, Role::Label) + 1;
        x = pen.text(x, area.y, area.right().saturating_sub(x), &text, Role::Text) + 2;
    }
}

/// What the selected metric says of itself in one line: its values under the crosshair, else what it is,
/// where it comes from and why it is not simply counted.
pub fn explain(function: &FunctionBoard, state: &UiState, symbols: &Symbols) -> Option<String> {
    let row = if function.metric_enlarged() { function.enlarged_metric() } else { function.metric() }?;
    let answer = function.board.answer.as_ref()?;
    if let Some(at) = function.board.crosshair_column().filter(|_| function.metric_enlarged()) {
        let time = answer.window.from.plus(answer.step_ms.saturating_mul(at as i64));
        let mut text = String::new();
        for line in row.shown(function.shows_percentiles()).lines.iter().rev() {
            let value = line.points.get(at).copied().flatten();
            let value = value.map_or_else(|| symbols.none.to_string(), |value| with_unit(row, value, false));
            text.push_str(&format!(" {} {value}", line.name));
        }
        if at >= row.chart.settled {
            text.push_str(&format!(" {} still settling", symbols.settling));
        }
        return Some(panels::at_time(time, answer.step_ms, &text, state));
    }
    let MetricKey { namespace, name, dimensions, .. } = &row.key;
    if let Some(why) = row.why_none().filter(|why| *why != Why::NoData) {
        return Some(format!("{}: no source: {}", row.title, why.words()));
    }
    let what = match &**name {
        "cpu_share" => "CPU time in % of what its memory buys (1,769 MB are one vCPU)".to_string(),
        _ if *row.title == **name => namespace.to_string(),
        _ => format!("{namespace} {name}"),
    };
    let dimensions = if dimensions.is_empty() { String::new() } else { format!(" {dimensions}") };
    let of = [&row.figures.mean, &row.figures.max, &row.figures.min];
    let grade = of.into_iter().map(Graded::grade).filter(|grade| grade.why() != Some(Why::NoData)).max();
    let why = grade
        .and_then(|grade| Some(format!("; {}: {}", grade.word().replace('-', " "), grade.why()?.words())));
    let refused = function.detail().and_then(|detail| detail.metrics.as_ref()).map_or(0, |list| list.refused);
    let refused = match refused {
        0 => String::new(),
        n => format!("; {} values of further metrics not kept", number::whole(n)),
    };
    Some(format!("{}: {what}{dimensions}{}{refused}", row.title, why.unwrap_or_default()))
}
