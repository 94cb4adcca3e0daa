//! All functions: six panels, and the table, worst first.

use ratatui::layout::Rect;

use crate::model::Graded;
use crate::query::view::{FunctionRow, SortBy, State};
use crate::ui::app::{Focus, Tag, UiState};
use crate::ui::keymap::ViewKind;
use crate::ui::number;
use crate::ui::status::SourceState;
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::pen::Pen;
use crate::ui::widget::sparkline;
use crate::ui::widget::table::{self, Column, Placed};

use super::layout::Layout;
use super::{below_head, panels};

/// The orders of the table, as the menu names them.
pub const ORDERS: [(SortBy, &str); 11] = [
    (SortBy::Worst, "worst first"),
    (SortBy::Function, "name"),
    (SortBy::Rate, "invocations a minute"),
    (SortBy::ErrorShare, "error share"),
    (SortBy::Errors, "errors"),
    (SortBy::P50, "p50"),
    (SortBy::P99, "p99"),
    (SortBy::Throttles, "throttles"),
    (SortBy::Concurrency, "concurrency"),
    (SortBy::Cold, "cold starts"),
    (SortBy::Memory, "memory"),
];

const fn column(title: &'static str, width: u16, leaves: u8) -> Column {
    Column { title, width, right: true, leaves, grows: 0 }
}

const SPARK: usize = 15;
const COLUMNS: [Column; 16] = [
    Column { title: "", width: 2, right: false, leaves: 0, grows: 0 },
    Column { title: "FUNCTION", width: 16, right: false, leaves: 0, grows: 20 },
    Column { title: "STATE", width: 9, right: false, leaves: 0, grows: 0 },
    column("INV/M", 6, 2),
    column("ERR%", 5, 0),
    column("(N)", 6, 0),
    column("P50", 7, 6),
    column("P99", 7, 3),
    column("THR", 6, 5),
    column("CONC", 6, 4),
    column("COLD", 5, 8),
    column("MEM%", 5, 7),
    column("COLD%", 6, 10),
    column("USED/SIZE MB", 13, 9),
    column("LAST", 6, 11),
    Column { title: " TREND", width: 13, right: false, leaves: 12, grows: 40 },
];

/// By which order a column is sorted.
fn order_of(column: usize) -> Option<SortBy> {
    Some(match column {
        2 => SortBy::Worst,
        1 => SortBy::Function,
        3 => SortBy::Rate,
        4 => SortBy::ErrorShare,
        5 => SortBy::Errors,
        6 => SortBy::P50,
        7 => SortBy::P99,
        8 => SortBy::Throttles,
        9 => SortBy::Concurrency,
        10 => SortBy::Cold,
        11 => SortBy::Memory,
        _ => return None,
    })
}

/// The heads of the columns that can be hidden.
pub fn choosable() -> impl Iterator<Item = &'static str> {
    COLUMNS.iter().filter(|column| column.leaves > 0).map(|column| column.title)
}

fn placed(state: &UiState, width: u16) -> Vec<Placed> {
    table::fit_without(&COLUMNS, width, &state.hidden)
}

/// The orders whose columns are on screen, from left to right.
pub fn visible_orders(state: &UiState) -> Vec<SortBy> {
    placed(state, state.size.0).iter().filter_map(|place| order_of(place.column)).collect()
}

/// Columns of a row's sparkline.
pub fn spark_columns(state: &UiState) -> usize {
    let spark = placed(state, state.size.0).into_iter().find(|place| place.column == SPARK);
    spark.map_or(1, |place| usize::from(place.width.saturating_sub(1)))
}

/// Glyph, word and role of a state.
pub fn state_sign(state: State, symbols: &Symbols) -> (&'static str, &'static str, Role) {
    match state {
        State::Error => (symbols.error, "error", Role::Error),
        State::Timeout => (symbols.timeout, "timeout", Role::Timeout),
        State::Throttled => (symbols.throttled, "throttle", Role::Throttle),
        State::Memory => (symbols.memory, "memory", Role::Memory),
        State::NoData => (symbols.no_data, "no data", Role::NoData),
        State::Ok => (" ", "ok", Role::Ok),
    }
}

/// Draws panels and table.
pub fn draw(pen: &mut Pen, layout: &Layout, state: &UiState) {
    if state.status.nothing_in_it() {
        let top = layout.rule.bottom().max(layout.filter.bottom());
        let height = layout.message.y.saturating_sub(top);
        return super::nothing::draw(pen, Rect { y: top, height, ..layout.rule }, state);
    }
    panels::draw(pen, layout.panels, &state.overview.board, state);
    if layout.list.height > 0 {
        draw_table(pen, layout.list, state);
    }
}

fn draw_table(pen: &mut Pen, area: Rect, state: &UiState) {
    let placed = placed(state, area.width);
    let sorted = placed.iter().find(|place| order_of(place.column) == Some(state.sort));
    table::head(pen, area.x, area.y, &COLUMNS, &placed, sorted.map(|place| (place.column, state.reverse)));
    let body = below_head(area);
    let overview = &state.overview;
    if overview.is_empty() {
        pen.text(body.x, body.y, body.width, &nothing(state), Role::Label);
        if state.status.functions == 0 {
            draw_notes(pen, Rect { y: body.y + 1, height: body.height.saturating_sub(1), ..body }, state);
        }
        return;
    }
    let (top, rows) = (overview.list.top(), usize::from(body.height));
    for (y, line) in (body.y..body.bottom()).zip(top..) {
        let Some(row) = overview.row(line) else { break };
        let selected = line == overview.list.index() && overview.board.focus == Focus::List;
        draw_row(pen, Rect::new(body.x, y, body.width, 1), &placed, row, selected, state);
    }
    let below = overview.len().saturating_sub(top + rows);
    if below > 0 {
        // In the head of the names, where nothing else stands.
        let name =
            placed.iter().find(|place| place.column == 1).map_or(area.width, |place| place.x + place.width);
        pen.right(area.x + name - 1, area.y, 6, &format!("+{below}"), Role::Hint);
    }
}

/// Why the table is empty.
fn nothing(state: &UiState) -> String {
    if state.overview.board.answer.is_none() {
        return String::new();
    }
    match (state.filter_text.is_empty(), state.status.functions) {
        (_, 0) => "no function seen yet; 7 shows what is read".to_string(),
        (true, _) => "no function in this window; Z widens it".to_string(),
        // What only lines say is read where lines are.
        (false, _) if state.filter.has_text() => {
            "no function, id or error says this; 4 looks in the lines, Esc removes it".to_string()
        }
        (false, _) => "no function matches the filter; Esc removes it".to_string(),
    }
}

/// What sources say of themselves while there is nothing else to see: how to point things at them.
fn draw_notes(pen: &mut Pen, area: Rect, state: &UiState) {
    let listening = state.status.sources.iter().filter(|source| source.state == SourceState::Listening);
    let noted = listening.filter_map(|source| Some((source, source.note.as_deref()?)));
    let lines = noted.flat_map(|(source, note)| {
        let name = (format!("listening at {}", source.name), Role::Text);
        std::iter::once(name).chain(note.split("; ").map(|part| (format!("  {part}"), Role::Label)))
    });
    for (y, (text, role)) in (area.y..area.bottom()).zip(lines) {
        pen.text(area.x, y, area.width, &text, role);
    }
}

fn draw_row(
    pen: &mut Pen,
    area: Rect,
    placed: &[Placed],
    row: &FunctionRow,
    selected: bool,
    state: &UiState,
) {
    let stale = state.status.stale_ms.unwrap_or(0);
    let as_of = state.overview.board.answer.as_ref().map_or(state.status.as_of, |answer| answer.as_of);
    for place in placed {
        if place.column == SPARK {
            let x = area.x + place.x + 1;
            sparkline::draw(pen, x, area.y, place.width - 1, &row.spark, row.spark.len(), Role::Series);
            continue;
        }
        let (text, settling, role) = cell(place.column, row, pen.symbols, as_of.0.saturating_add(stale));
        let after = table::cell(pen, area.x, area.y, *place, COLUMNS[place.column].right, &text, role);
        if settling {
            pen.put(after, area.y, pen.symbols.settling, Role::Settling);
        }
    }
    super::tag(pen, area.x + 1, area.y, state, || Tag::Function(row.id));
    if selected {
        pen.paint(area, Role::Selection);
    }
}

/// Text, whether it is settling, and role of a cell.
fn cell(column: usize, row: &FunctionRow, symbols: &Symbols, as_of_ms: i64) -> (String, bool, Role) {
    let (glyph, word, state_role) = state_sign(row.state, symbols);
    let plain = |text: &str, role| (text.to_string(), false, role);
    let share = |part: f64, whole: f64| if whole > 0.0 { Some(part / whole * 100.0) } else { None };
    match column {
        0 => plain(glyph, state_role),
        1 => plain(&row.name, if row.state == State::Ok { Role::Text } else { state_role }),
        2 => plain(word, state_role),
        3 => numeric(&row.rate, number::count, symbols, Role::Text),
        4 => {
            // A mark takes the room of the digit that it makes doubtful.
            let counted = matches!(row.error_share, Graded::Counted(_));
            let show = if counted { number::percent } else { number::percent_rough };
            numeric(&row.error_share, show, symbols, some(&row.errors, Role::Error))
        }
        5 => numeric(&row.errors, |n| number::count(n as f64), symbols, some(&row.errors, Role::Error)),
        6 => numeric(&row.p50, number::duration, symbols, Role::Text),
        7 => numeric(&row.p99, number::duration, symbols, Role::Text),
        8 => numeric(
            &row.throttles,
            |n| number::count(n as f64),
            symbols,
            some(&row.throttles, Role::Throttle),
        ),
        9 => {
            let limit =
                row.reserved.map_or_else(String::new, |limit| format!("/{}", number::count(limit as f64)));
            numeric(&row.concurrency, |n| number::count(n as f64) + &limit, symbols, Role::Text)
        }
        10 => numeric(&row.cold, |n| number::count(n as f64), symbols, some(&row.cold, Role::Cold)),
        11 => {
            let size = f64::from(row.memory_mb.unwrap_or(0));
            match (row.memory_used_mb.value(), row.memory_mb) {
                (Some(_), Some(_)) => {
                    let show = |used: u32| {
                        share(f64::from(used), size)
                            .map_or_else(|| symbols.none.to_string(), |p| format!("{p:.0}"))
                    };
                    numeric(&row.memory_used_mb, show, symbols, memory_role(row))
                }
                _ => plain(symbols.none, Role::Text),
            }
        }
        12 => match (row.cold.value(), row.invocations.value()) {
            (Some(_), Some(&all)) if all > 0 => {
                let show = |cold: u64| number::percent(cold as f64 / all as f64 * 100.0);
                numeric(&row.cold.at_best(row.invocations.grade()), show, symbols, Role::Text)
            }
            _ => plain(symbols.none, Role::Text),
        },
        13 => {
            let size = row.memory_mb.map_or_else(|| symbols.none.to_string(), |mb| mb.to_string());
            match row.memory_used_mb.value() {
                Some(_) => {
                    numeric(&row.memory_used_mb, |used| format!("{used}/{size}"), symbols, memory_role(row))
                }
                None => plain(&format!("{}/{size}", symbols.none), Role::Text),
            }
        }
        _ => {
            let age = row.newest.map(|newest| as_of_ms.saturating_sub(newest.0));
            plain(&age.map_or_else(|| symbols.none.to_string(), number::coarse_age), Role::Label)
        }
    }
}

fn numeric<T: Copy>(
    value: &Graded<T>,
    show: impl Fn(T) -> String,
    symbols: &Symbols,
    role: Role,
) -> (String, bool, Role) {
    match *value {
        Graded::Settling(v) => (show(v), true, role),
        _ => (number::graded(value, show, symbols), false, role),
    }
}

/// The role where there are some, else plain.
fn some(count: &Graded<u64>, role: Role) -> Role {
    if count.value().is_some_and(|n| *n > 0) { role } else { Role::Text }
}

fn memory_role(row: &FunctionRow) -> Role {
    if row.state == State::Memory { Role::Memory } else { Role::Text }
}

/// The menu of orders, over the table.
pub fn draw_menu(pen: &mut Pen, area: Rect, state: &UiState) {
    let Some(at) = state.menu else { return };
    let words = super::menu_words(state);
    let height = (words.len() as u16 + 2).min(area.height.max(3));
    let menu = Rect::new(area.x + 2, area.y, 30.min(area.width.saturating_sub(2)), height);
    let menu = menu.intersection(pen.buffer.area);
    pen.clear(menu);
    let inner = pen.border(menu, Role::Focus);
    let reverse = match state.view() {
        ViewKind::Invocations => state.invocations.reverse,
        _ => state.reverse,
    };
    pen.text(menu.x + 2, menu.y, 24, if reverse { " sort, inverted " } else { " sort " }, Role::Title);
    let rows = usize::from(inner.height);
    let top = (at + 1).saturating_sub(rows);
    for (y, (line, name)) in (inner.y..inner.bottom()).zip(words.iter().enumerate().skip(top)) {
        pen.text(inner.x + 1, y, inner.width.saturating_sub(1), name, Role::Text);
        if line == at {
            pen.paint(Rect::new(inner.x, y, inner.width, 1), Role::Selection);
        }
    }
}
