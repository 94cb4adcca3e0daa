//! The views: each drawn from the state into a buffer, in time bounded by the screen.

mod about;
mod account;
mod csv;
mod errors;
mod figures;
pub mod function;
mod header;
mod heat;
pub mod help;
pub mod incident;
mod invocation;
mod invocations;
pub mod layout;
pub mod logs;
mod marks;
mod metrics;
mod minimap;
mod nothing;
pub mod overview;
mod palette;
pub mod panels;
mod patterns;
mod problems;
mod sheet;
pub mod sources;
pub mod trace;
mod traces;
mod unfolded;

mod frame;
#[cfg(test)]
mod golden;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::model::Window;
use crate::query::page::Ranking;

use super::app::{FunctionList, SourcesList, Tag, UiState};
use super::keymap::ViewKind;
use super::status::SessionKind;
use super::theme::Role;
use super::widget::pen::Pen;
use super::zone::Zone;
pub use csv::csv;
use layout::{LEAST, Layout, PanelArea, Parts};
pub use problems::not_found;
pub use sheet::{Cell, Sheet, sheet};

/// Draws the screen, the cursor in a text field included.
pub fn render(state: &UiState, frame: &mut Frame) {
    let buffer = frame.buffer_mut();
    if let Some(cursor) = draw(state, buffer) {
        frame.set_cursor_position(cursor);
    }
}

/// Draws the screen into a buffer; returns where the cursor is, while a text is typed.
pub fn draw(state: &UiState, buffer: &mut Buffer) -> Option<Position> {
    let area = buffer.area;
    let mut pen = Pen {
        buffer,
        theme: &state.options.theme,
        symbols: state.options.charset.symbols(),
        mask: state.masked,
    };
    pen.clear(area);
    let size = (area.width, area.height);
    if size.0 < LEAST.0 || size.1 < LEAST.1 {
        let text = format!("lamtop: too small ({}x{}, need {}x{})", size.0, size.1, LEAST.0, LEAST.1);
        pen.text(0, 0, size.0, &text, Role::Text);
        problems::line(&mut pen, Rect::new(0, 1, size.0, size.1.saturating_sub(1).min(1)), state);
        return None;
    }
    let layout = layout_at(state, state.view(), size);
    header::draw(&mut pen, layout.header, state);
    problems::line(&mut pen, layout.problems, state);
    frame::rule(&mut pen, layout.rule, layout.filter.height > 0, state);
    frame::filter(&mut pen, layout.filter, state);
    match state.view() {
        ViewKind::Overview => overview::draw(&mut pen, &layout, state),
        ViewKind::Function => function::draw(&mut pen, &layout, state),
        ViewKind::Invocations => invocations::draw(&mut pen, &layout, state),
        ViewKind::Invocation => invocation::draw(&mut pen, layout.list, state),
        ViewKind::Logs => {
            if let Some(lines) = &state.logs {
                logs::draw_all(&mut pen, layout.list, lines, state);
            }
        }
        ViewKind::Patterns => patterns::draw(&mut pen, layout.list, state),
        ViewKind::Traces => traces::draw(&mut pen, layout.list, state),
        ViewKind::Trace => trace::draw(&mut pen, layout.list, state),
        ViewKind::Problems => problems::draw(&mut pen, layout.list, state),
        ViewKind::Sources => sources::draw(&mut pen, &layout, state),
        ViewKind::Help => help::draw(&mut pen, layout.list, state),
    }
    problems::sentence(&mut pen, layout.sentence, state);
    frame::message(&mut pen, layout.message, state);
    if let Some(palette) = &state.palette {
        return palette::draw(&mut pen, layout.list.union(layout.message), palette, state);
    }
    if state.menu.is_some() {
        overview::draw_menu(&mut pen, layout.list, state);
    }
    frame::footer(&mut pen, layout.footer, state)
}

/// The mark of a row that is tagged.
fn tag(pen: &mut Pen, x: u16, y: u16, state: &UiState, of: impl FnOnce() -> Tag) {
    if state.tags.holds(of) {
        pen.put(x, y, pen.symbols.tag, Role::Key);
    }
}

fn layout_at(state: &UiState, view: ViewKind, size: (u16, u16)) -> Layout {
    let enlarged = match view {
        ViewKind::Overview => state.overview.board.enlarged,
        ViewKind::Function => state.function.as_ref().is_some_and(|function| function.board.enlarged),
        _ => false,
    };
    // A live session has no bar whose columns the filter would take.
    let replay = state.status.kind != SessionKind::Live;
    let parts = Parts {
        panels: matches!(view, ViewKind::Overview | ViewKind::Function),
        enlarged,
        tabs: matches!(view, ViewKind::Function | ViewKind::Invocations | ViewKind::Sources),
        sentence: !state.problems.found.is_empty(),
        filter: replay && !state.filter_text.is_empty(),
        about: match (view, state.function.as_ref().and_then(|function| function.detail())) {
            (ViewKind::Function, Some(detail)) => about::rows(detail),
            _ => 0,
        },
    };
    Layout::of(size, parts)
}

/// Rows of the list in the topmost view.
pub fn list_height(state: &UiState) -> usize {
    list_height_of(state, state.view())
}

/// Rows of the list in a view.
pub fn list_height_of(state: &UiState, view: ViewKind) -> usize {
    let layout = layout_at(state, view, state.size);
    match (view, layout.panels) {
        (ViewKind::Help, _) => usize::from(layout.list.height),
        (ViewKind::Logs, _) => {
            let taken = state.logs.as_ref().map_or(0, |logs| minimap::rows(layout.list, logs));
            usize::from(layout.list.height - taken)
        }
        (ViewKind::Invocation, _) => invocation::list_rows(layout.list, state),
        (ViewKind::Problems, _) => problems::list_rows(layout.list),
        (ViewKind::Patterns, _) => patterns::list_rows(layout.list),
        (ViewKind::Trace, _) => trace::list_rows(layout.list, state),
        // An enlarged trace scrolls by its own rows.
        (_, PanelArea::One(area)) => usize::from(area.height.saturating_sub(3)),
        (ViewKind::Sources, _) if state.sources.list == SourcesList::Health => {
            usize::from(layout.list.height)
        }
        _ => layout.list_rows(),
    }
}

/// In how many columns the log view counts lines on a screen so wide.
pub fn minimap_columns(width: u16) -> usize {
    minimap::columns(width)
}

/// How many columns charts and sparklines of rows have.
pub fn columns(state: &UiState, enlarged: bool) -> (usize, usize) {
    let size = state.size;
    let layout = Layout::of(size, Parts { panels: true, enlarged, ..Parts::default() });
    let chart = match layout.panels {
        PanelArea::Grid(areas) => panels::chart_columns(areas[0].width),
        PanelArea::One(area) => panels::chart_columns(area.width),
        _ => panels::line_columns(size.0),
    };
    (usize::from(chart).clamp(10, 300), overview::spark_columns(state).clamp(1, 60))
}

/// How many columns a schedule has on a screen so wide.
pub fn lane_columns(width: u16) -> usize {
    usize::from(about::lane_columns(width))
}

/// A span as people say it: `60 s`, `15 min`.
pub fn about_span(ms: i64) -> String {
    about::span(ms)
}

/// How many rows a heat map has in an enlarged panel on a screen of this size.
pub fn heat_rows(size: (u16, u16)) -> usize {
    match Layout::of(size, Parts { panels: true, enlarged: true, ..Parts::default() }).panels {
        PanelArea::One(area) => heat::rows(area.height.saturating_sub(2)).max(1),
        _ => 1,
    }
}

/// What the menu of orders offers in the topmost view.
pub fn menu_words(state: &UiState) -> Vec<&'static str> {
    match state.view() {
        ViewKind::Invocations => Ranking::ALL.iter().map(|ranking| ranking.words()).collect(),
        _ => overview::ORDERS.iter().map(|(_, words)| *words).collect(),
    }
}

/// `09:05:10Z to 09:05:20Z`.
pub(super) fn span_words(span: Window, zone: Zone) -> String {
    format!("{} to {}{}", zone.seconds(span.from), zone.seconds(span.to), zone.mark(span.to))
}

/// The words of a list's tabs, for the function view.
fn tab_title(list: FunctionList) -> &'static str {
    match list {
        FunctionList::Invocations => "Invocations",
        FunctionList::Errors => "Errors",
        FunctionList::Versions => "Versions",
        FunctionList::Settings => "Settings",
        FunctionList::Metrics => "Metrics",
        FunctionList::Environments => "Environments",
    }
}

/// The area below the head of a list.
fn below_head(list: Rect) -> Rect {
    Rect { y: list.y + list.height.min(1), height: list.height.saturating_sub(1), ..list }
}
