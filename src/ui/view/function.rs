//! One function: the same six panels narrowed to it, and its lists.

use std::sync::Arc;

use ratatui::layout::Rect;

use crate::model::{Cold, Graded, Outcome, Timestamp, Waited, Window};
use crate::query::view::{
    Block, EnvironmentRow, Fate, FunctionDetail, InvocationRow, InvocationState, Moment, VersionRow,
};
use crate::ui::app::{Fact, Focus, FunctionBoard, FunctionList, Only, Tag, Told, UiState};
use crate::ui::number;
use crate::ui::sanitize;
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::axis;
use crate::ui::widget::pen::Pen;
use crate::ui::widget::table::{self, Column};
use crate::ui::zone::Zone;

use super::layout::{Layout, PanelArea};
use super::{about, below_head, errors, marks, metrics, panels, tab_title};

/// A column of names.
pub const fn left(title: &'static str, width: u16, leaves: u8, grows: u16) -> Column {
    Column { title, width, right: false, leaves, grows }
}

/// A column of numbers.
pub const fn right(title: &'static str, width: u16, leaves: u8) -> Column {
    Column { title, width, right: true, leaves, grows: 0 }
}

/// The columns of an invocation.
pub const INVOCATIONS: [Column; 12] = [
    left("", 2, 0, 0),
    right("START", 14, 0),
    left("OUTCOME", 11, 0, 0),
    right("DURATION", 9, 0),
    right("INIT", 7, 3),
    right("MB", 10, 4),
    right("BILLED", 9, 6),
    right("TRY", 4, 5),
    left("COLD", 9, 2, 0),
    left("VERSION", 9, 7, 0),
    left("REQUEST ID", 10, 0, 27),
    left("ERROR", 12, 1, 60),
];

const VERSIONS: [Column; 12] = [
    left("", 2, 0, 0),
    left("VERSION", 12, 0, 20),
    right("INV", 9, 0),
    right("ERR", 8, 0),
    right("ERR%", 6, 0),
    right("P50", 8, 2),
    right("P99", 8, 0),
    right("COLD%", 7, 1),
    right("INIT P50", 9, 0),
    right("MAX MB", 8, 3),
    right("FIRST", 10, 4),
    right("LAST", 10, 5),
];

const SETTINGS: [Column; 2] = [left("", 24, 0, 0), left("", 20, 0, 400)];

const LANE: usize = 8;
/// A stream's name in a list of environments.
const STREAM: usize = 9;
const ENVIRONMENTS: [Column; 10] = [
    left("", 2, 0, 0),
    left("STATE", 9, 0, 0),
    right("INV", 7, 0),
    right("ERR", 6, 0),
    right("MAX MB", 8, 5),
    right("FIRST", 10, 2),
    right("LAST", 10, 1),
    left(" VERSION", 10, 4, 0),
    // A lane has the time axis in its head.
    left("", 27, 0, 70),
    // They differ at their ends: the date stands before them all.
    left(" STREAM", 9, 0, 200),
];

/// Draws panels, tabs and the list.
pub fn draw(pen: &mut Pen, layout: &Layout, state: &UiState) {
    let Some(function) = &state.function else { return };
    if let (PanelArea::One(area), true) = (layout.panels, function.metric_enlarged()) {
        return metrics::draw_one(pen, area, function, state);
    }
    panels::draw(pen, layout.panels, &function.board, state);
    if layout.list.height == 0 {
        return;
    }
    if let Some(detail) = function.detail() {
        about::draw(pen, layout.about, detail, state.zone);
    }
    draw_tabs(pen, layout.tabs, function);
    let area = layout.list;
    let columns: &[Column] = match function.list {
        FunctionList::Invocations => &INVOCATIONS,
        FunctionList::Errors => &errors::ERRORS,
        FunctionList::Versions => &VERSIONS,
        FunctionList::Environments => &ENVIRONMENTS,
        FunctionList::Settings => &SETTINGS,
        FunctionList::Metrics => &metrics::METRICS,
    };
    let placed = table::fit(columns, area.width);
    table::head(pen, area.x, area.y, columns, &placed, None);
    let body = below_head(area);
    let lane =
        placed.iter().find(|place| place.column == LANE && function.list == FunctionList::Environments);
    if let (Some(place), Some(answer)) = (lane, &function.board.answer) {
        let (x, width) = (area.x + place.x, place.width.saturating_sub(1));
        axis::times(pen, x, area.y, width, answer.window, state.zone, &marks::on_axis(state, answer));
    }
    let Some(detail) = function.detail() else { return };
    if function.is_empty() {
        pen.text(body.x, body.y, body.width, nothing(function.list, detail), Role::Label);
    }
    if function.list == FunctionList::Metrics {
        draw_more(pen, body, function, detail);
    }
    for (y, line) in (body.y..body.bottom()).zip(function.top()..function.len()) {
        let metric = function.metric_rows().get(line).filter(|_| function.list == FunctionList::Metrics);
        let none = metric.and_then(|row| Some((row, row.why_none()?)));
        if let Some((row, why)) = none {
            metrics::draw_none(pen, Rect { y, height: 1, ..area }, &placed, row, why);
        }
        for place in placed.iter().filter(|_| none.is_none()) {
            if metric.is_some_and(|row| metrics::draw_trend(pen, area.x, y, *place, row)) {
                continue;
            }
            if function.list == FunctionList::Environments && place.column == LANE {
                let width = place.width.saturating_sub(1);
                let lane = &detail.environments[line].lane;
                let block = function.block().filter(|_| line == function.index());
                let columns = block.and_then(|block| columns_of(block, function.lanes_axis()?));
                draw_lane(pen, (area.x + place.x, y), width, lane, columns);
                continue;
            }
            let (text, role) = match function.list {
                FunctionList::Invocations => match function.invocation(line) {
                    Some(row) => invocation(place.column, row, state.zone, pen.symbols),
                    None => continue,
                },
                FunctionList::Errors => {
                    errors::cell(place.column, &detail.errors[line], state.zone, pen.symbols)
                }
                FunctionList::Versions => {
                    let aliases = &detail.configured.aliases;
                    version(place.column, &detail.versions[line], aliases, state.zone, pen.symbols)
                }
                FunctionList::Settings => match function.facts().get(line) {
                    Some(fact) => setting(place.column, fact, state.zone, pen.symbols),
                    None => continue,
                },
                FunctionList::Metrics => match metric {
                    Some(row) => metrics::cell(place.column, row, &placed, pen.symbols),
                    None => continue,
                },
                FunctionList::Environments => {
                    let row = &detail.environments[line];
                    match place.column {
                        STREAM => (tail(&row.stream, place.width, pen.symbols), Role::Text),
                        column => environment(column, row, state.zone, pen.symbols),
                    }
                }
            };
            table::cell(pen, area.x, y, *place, columns[place.column].right, &text, role);
        }
        if let (FunctionList::Invocations, Some(row)) = (function.list, function.invocation(line)) {
            super::tag(pen, area.x + 1, y, state, || Tag::Invocation(row.which()));
        }
        if line == function.index() && function.board.focus == Focus::List {
            pen.paint(Rect::new(body.x, y, body.width, 1), Role::Selection);
        }
    }
}

fn nothing(list: FunctionList, detail: &FunctionDetail) -> &'static str {
    match list {
        FunctionList::Invocations | FunctionList::Errors | FunctionList::Versions if !detail.logged => {
            "no source: this list comes only from logs, and none of this function was read"
        }
        FunctionList::Invocations | FunctionList::Errors | FunctionList::Versions if detail.let_go => {
            "none is left of this window: single invocations of that time were let go for memory"
        }
        FunctionList::Invocations => "no invocation matches in this window; Z widens it",
        FunctionList::Errors => "no errors in this window",
        FunctionList::Versions => "no version ran in this window; Z widens it",
        FunctionList::Settings => "nothing is known yet",
        FunctionList::Metrics => metrics::nothing(detail.metrics.as_ref()),
        FunctionList::Environments => "no environment in this window; Z widens it",
    }
}

/// What would bring more metrics, below the last of them.
fn draw_more(pen: &mut Pen, body: Rect, function: &FunctionBoard, detail: &FunctionDetail) {
    let rows = function.len().saturating_sub(function.top());
    let more = detail.metrics.as_ref().and_then(metrics::more);
    if let Some(text) = more.filter(|_| rows > 0 && rows < usize::from(body.height)) {
        pen.text(body.x, body.y + rows as u16, body.width, text, Role::Label);
    }
}

fn draw_tabs(pen: &mut Pen, area: Rect, function: &FunctionBoard) {
    pen.rule(area);
    let mut x = area.x + 1;
    // What the list is narrowed to is told before what other lists there are.
    let narrowed = function.only.is_some();
    let lists: Vec<FunctionList> =
        FunctionList::ALL.into_iter().filter(|list| !narrowed || *list == function.list).collect();
    let texts = |counted: bool| -> Vec<String> {
        let text = |list: &FunctionList| {
            let open = *list == function.list;
            let count = if counted || open { tab_count(*list, function, pen.symbols) } else { String::new() };
            let (before, after) = if open { ("[", "]") } else { (" ", " ") };
            format!("{before}{}{count}{after}", tab_title(*list))
        };
        lists.iter().map(text).collect()
    };
    let wide = |texts: &[String]| texts.iter().map(|text| sanitize::width(text) + 1).sum::<usize>();
    // All lists are named before the counts of those that are not looked at.
    let all = Some(texts(true)).filter(|texts| wide(texts) < usize::from(area.width));
    for (list, text) in lists.iter().zip(all.unwrap_or_else(|| texts(false))) {
        let role = if *list == function.list { Role::Focus } else { Role::Label };
        x = pen.text(x, area.y, area.right().saturating_sub(x), &text, role) + 1;
    }
    let of_other_errors = function.detail().map_or(0, |detail| detail.of_other_errors);
    if function.list == FunctionList::Errors && of_other_errors > 0 {
        let text = format!(" and {} of other types ", number::whole(of_other_errors));
        pen.text(x, area.y, area.right().saturating_sub(x), &text, Role::Notice);
    }
    let of_others = function.detail().map_or(0, |detail| detail.of_other_versions);
    if function.list == FunctionList::Versions && of_others > 0 {
        let text = format!(" and {} invocations of other versions ", number::whole(of_others));
        pen.text(x, area.y, area.right().saturating_sub(x), &text, Role::Notice);
    }
    let refused = function.detail().and_then(|detail| detail.metrics.as_ref()).map_or(0, |list| list.refused);
    if function.list == FunctionList::Metrics && refused > 0 {
        let text = format!(" and {} values of further metrics, not kept ", number::whole(refused));
        pen.text(x, area.y, area.right().saturating_sub(x), &text, Role::Notice);
    }
    if let Some(only) = &function.only {
        let text = match only {
            Only::Environment(_, stream) => format!(" of {stream} only, Esc: all "),
            Only::Version(version) => format!(" of version {version} only, Esc: all "),
        };
        pen.text(x, area.y, area.right().saturating_sub(x), &text, Role::Notice);
    }
}

/// How many rows a list has, as its tab says it.
fn tab_count(list: FunctionList, function: &FunctionBoard, symbols: &Symbols) -> String {
    let Some(detail) = function.detail() else { return String::new() };
    let count = match list {
        FunctionList::Invocations | FunctionList::Errors | FunctionList::Versions if !detail.logged => None,
        FunctionList::Invocations => Some(detail.matching),
        FunctionList::Errors => {
            let counts = detail.errors.iter().filter_map(|group| group.count.value());
            Some(counts.sum::<u64>() + detail.of_other_errors)
        }
        FunctionList::Versions => Some(detail.versions.len() as u64),
        FunctionList::Environments => Some(detail.environments.len() as u64),
        FunctionList::Settings => None,
        FunctionList::Metrics => Some(detail.metrics_known).filter(|known| *known > 0),
    };
    let more = if detail.of_other_versions > 0 && list == FunctionList::Versions { "+" } else { "" };
    let of_rows = matches!(list, FunctionList::Invocations | FunctionList::Errors);
    let least = if of_rows && detail.let_go { symbols.at_least } else { "" };
    count.map_or_else(String::new, |count| format!(" {least}{}{more}", number::whole(count)))
}

/// Glyph, word and role of how an invocation stands.
pub fn outcome(state: InvocationState, symbols: &Symbols) -> (&'static str, &'static str, Role) {
    match state {
        InvocationState::Running => (symbols.cursor, "running", Role::Live),
        InvocationState::Overdue => (symbols.no_data, "overdue", Role::NoData),
        InvocationState::Ended(outcome) => {
            let (sign, role) = match outcome {
                Outcome::Ok => (" ", Role::Ok),
                Outcome::Timeout => (symbols.timeout, Role::Timeout),
                Outcome::OutOfMemory => (symbols.memory, Role::Memory),
                Outcome::Error | Outcome::Exit | Outcome::InitError => (symbols.error, Role::Error),
                Outcome::Unfinished => (symbols.no_data, Role::NoData),
            };
            (sign, outcome.word(), role)
        }
    }
}

/// A cell of an invocation.
pub fn invocation(column: usize, row: &InvocationRow, zone: Zone, symbols: &Symbols) -> (String, Role) {
    let (glyph, word, role) = outcome(row.state, symbols);
    let none = || symbols.none.to_string();
    match column {
        0 => (glyph.to_string(), role),
        1 => {
            let about = if row.start_estimated { symbols.estimated } else { "" };
            (format!("{about}{}", zone.millis(row.start)), Role::Text)
        }
        2 => (word.to_string(), role),
        3 => {
            let timed_out = row.state == InvocationState::Ended(Outcome::Timeout);
            let mark = if timed_out { symbols.at_least } else { "" };
            let text = row.duration.map_or_else(none, |d| format!("{mark}{}", number::duration_long(d.ms())));
            (text, if timed_out { Role::Timeout } else { Role::Text })
        }
        4 => {
            let init = row.init.or(row.restore);
            (init.map_or_else(String::new, |init| number::duration(init.ms())), Role::Cold)
        }
        5 => {
            let size = row.memory_mb.map_or_else(none, |mb| mb.to_string());
            let used = row.max_memory_mb.map_or_else(none, |mb| mb.to_string());
            (format!("{used}/{size}"), Role::Text)
        }
        6 => (row.billed_ms.map_or_else(none, |ms| number::duration(f64::from(ms))), Role::Text),
        7 => (if row.attempt > 1 { row.attempt.to_string() } else { String::new() }, Role::Throttle),
        8 => {
            let text = match row.cold {
                Cold::No => String::new(),
                Cold::Yes(Waited::Caller) => format!("{} waited", symbols.cold),
                Cold::Yes(Waited::Nobody) => "  nobody".to_string(),
                Cold::Yes(Waited::Unknown) => format!("{} cold", symbols.cold),
            };
            (text, Role::Cold)
        }
        9 => (row.version.clone(), Role::Label),
        10 => (row.request_id.clone(), Role::Text),
        _ => {
            let end = row.delivery.as_ref().map(|(condition, attempts)| match attempts {
                Some(1) => format!("{condition} after 1 attempt"),
                Some(n) => format!("{condition} after {n} attempts"),
                None => condition.to_string(),
            });
            let parts: Vec<String> = row.error_type.clone().into_iter().chain(end).collect();
            (parts.join(&format!(" {} ", symbols.dot)), Role::Error)
        }
    }
}

fn version(
    column: usize,
    row: &VersionRow,
    aliases: &[(Arc<str>, Arc<str>)],
    zone: Zone,
    symbols: &Symbols,
) -> (String, Role) {
    let count = |n: &Graded<u64>| number::graded(n, number::whole, symbols);
    let time = |ms: &Graded<f64>| number::graded(ms, number::duration, symbols);
    let share = |part: &Graded<u64>| {
        let all = row.invocations.value().copied().filter(|all| *all > 0);
        let share = part.value().copied().zip(all).map(|(part, all)| 100.0 * part as f64 / all as f64);
        share.map_or_else(|| symbols.none.to_string(), number::percent)
    };
    let failed = row.errors.value().is_some_and(|n| *n > 0);
    let errors = if failed { Role::Error } else { Role::Text };
    match column {
        0 => (if failed { symbols.error.to_string() } else { String::new() }, Role::Error),
        1 => {
            let mut text = row.version.clone();
            for (alias, _) in aliases.iter().filter(|(_, of)| **of == *row.version) {
                text.push_str(&format!(" {alias}"));
            }
            if let Some(since) = row.since {
                text.push_str(&format!(" of {}", zone.seconds(since)));
            }
            (text, Role::Title)
        }
        2 => (count(&row.invocations), Role::Text),
        3 => (count(&row.errors), errors),
        4 => (share(&row.errors), errors),
        5 => (time(&row.p50), Role::P50),
        6 => (time(&row.p99), Role::P99),
        7 => (share(&row.cold), Role::Cold),
        8 => (time(&row.init), Role::Cold),
        9 => (number::graded(&row.memory_mb, |mb| mb.to_string(), symbols), Role::Text),
        10 => (zone.seconds(row.first), Role::Label),
        _ => (zone.seconds(row.last), Role::Label),
    }
}

fn setting(column: usize, fact: &Fact, zone: Zone, symbols: &Symbols) -> (String, Role) {
    if column == 0 {
        return (format!("  {}", fact.label), Role::Label);
    }
    match fact.told {
        Told::Known => (fact.value.clone(), Role::Text),
        Told::About => (format!("{}{}", symbols.estimated, fact.value), Role::Text),
        Told::At(time) => (format!("{}{}", zone.seconds(time), zone.mark(time)), Role::Text),
        Told::AboutAt(time) => {
            (format!("{}{}{}", symbols.estimated, zone.seconds(time), zone.mark(time)), Role::Text)
        }
        Told::Wrong => (fact.value.clone(), Role::Error),
        // The whole command is what is copied.
        Told::Unknown => {
            let command = fact.value.split(" --").next().unwrap_or_default();
            (format!("not known; give {command}"), Role::Label)
        }
    }
}

fn environment(column: usize, row: &EnvironmentRow, zone: Zone, symbols: &Symbols) -> (String, Role) {
    match column {
        0 => (if row.errors > 0 { symbols.error.to_string() } else { String::new() }, Role::Error),
        1 => {
            let (word, role) = fate(row);
            (word.to_string(), role)
        }
        2 => (number::whole(row.invocations), Role::Text),
        3 => (number::whole(row.errors), if row.errors > 0 { Role::Error } else { Role::Text }),
        4 => (row.max_memory_mb.map_or_else(|| symbols.none.to_string(), |mb| mb.to_string()), Role::Text),
        5 => {
            // Without its init the environment may be older than what was read of it.
            let before = if row.init_seen { "" } else { "<" };
            (format!("{before}{}", zone.seconds(row.first)), Role::Text)
        }
        6 => (zone.seconds(row.last), Role::Text),
        _ => (format!(" {}", row.version), Role::Label),
    }
}

/// What became of an environment in a word, and its role: what ended it is more than that it is idle.
pub fn fate(row: &EnvironmentRow) -> (&'static str, Role) {
    match row.fate {
        _ if row.busy => ("busy", Role::Live),
        Fate::Alive => ("idle", Role::Label),
        Fate::Replaced(_) => ("replaced", Role::NoData),
        Fate::Killed(outcome) => {
            let role = match outcome {
                Outcome::Timeout => Role::Timeout,
                Outcome::OutOfMemory => Role::Memory,
                _ => Role::Error,
            };
            (outcome.word(), role)
        }
    }
}

/// The end of a stream's name, as much as fits behind a blank.
fn tail(stream: &str, width: u16, symbols: &Symbols) -> String {
    let shown = sanitize::display(stream, symbols);
    let room = usize::from(width).saturating_sub(2);
    let all = sanitize::width(&shown);
    if all <= room {
        return format!(" {shown}");
    }
    let kept = room.saturating_sub(symbols.ellipsis.chars().count());
    let (end, _) = sanitize::part(&shown, all - kept, kept, symbols);
    format!(" {}{end}", symbols.ellipsis)
}

/// An invocation of a lane in words.
pub fn block_told(block: &Block, state: &UiState, symbols: &Symbols) -> String {
    let (_, word, _) = outcome(block.state, symbols);
    let start = block.which.start;
    let took =
        block.duration.map_or_else(String::new, |took| format!(" {}", number::duration_long(took.ms())));
    format!(
        "{}{} {word}{took}, {}: Enter opens it",
        state.zone.millis(start),
        state.zone.mark(start),
        block.request_id
    )
}

/// The columns of an axis in which an invocation ran.
fn columns_of(block: &Block, (window, step_ms): (Window, i64)) -> Option<std::ops::RangeInclusive<usize>> {
    let step = step_ms.max(1);
    let column = |at: Timestamp| usize::try_from(at.since(window.from).div_euclid(step)).ok();
    let first = column(block.which.start)?;
    let end = block.ended.unwrap_or(window.to).min(window.to.plus(-1));
    Some(first..=column(end)?.max(first))
}

/// What an environment did over time: of what falls into one cell what matters most; where a column has
/// several cells the first of them has its cold start.
fn draw_lane(
    pen: &mut Pen,
    (x, y): (u16, u16),
    width: u16,
    lane: &[Option<Moment>],
    chosen: Option<std::ops::RangeInclusive<usize>>,
) {
    let width_of = usize::from(width);
    for at in 0..width_of {
        let from = at * lane.len() / width_of;
        let many = lane.len() > width_of;
        let to = if many { ((at + 1) * lane.len()).div_ceil(width_of) } else { from + 1 };
        let again = at > 0 && (at - 1) * lane.len() / width_of == from;
        let here = chosen.as_ref().is_some_and(|of| *of.start() < to && from <= *of.end());
        let part = lane.get(from..to).unwrap_or_default();
        let says = part.iter().flatten().copied().reduce(Moment::and);
        let (sign, role) = match says {
            None => continue,
            Some(Moment::Idle) => (pen.symbols.track, Role::Label),
            Some(Moment::Run) => (pen.symbols.bar, Role::Series),
            Some(Moment::Init) => (pen.symbols.bar_open, Role::Cold),
            Some(Moment::Cold) if again => (pen.symbols.bar, Role::Series),
            Some(Moment::Cold) => (pen.symbols.cold, Role::Cold),
            Some(Moment::Failed) => (pen.symbols.error, Role::Error),
            Some(Moment::Timeout) => (pen.symbols.timeout, Role::Timeout),
        };
        pen.put(x + at as u16, y, sign, role);
        if here {
            pen.paint(Rect::new(x + at as u16, y, 1, 1), Role::Crosshair);
        }
    }
}
