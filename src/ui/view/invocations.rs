//! The list of invocations: what it is of, and its rows in the order that was chosen.

use ratatui::layout::Rect;

use crate::query::page::{Listed, Page, Ranking};
use crate::ui::app::{InvocationsView, Tag, UiState};
use crate::ui::number;
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::pen::Pen;
use crate::ui::widget::table::{self, Column};

use super::function::{self, INVOCATIONS};
use super::layout::Layout;
use super::{about, below_head, span_words};

const NAME: Column = Column { title: "FUNCTION", width: 16, right: false, leaves: 0, grows: 14 };

/// The column of [`INVOCATIONS`] by which a list is ordered.
fn column_of(ranking: Ranking) -> usize {
    match ranking {
        Ranking::Newest => 1,
        Ranking::Failed => 2,
        Ranking::Slowest => 3,
        Ranking::Coldest => 4,
        Ranking::Memory => 5,
    }
}

/// What the header calls the view.
pub fn title(list: &InvocationsView) -> String {
    match &list.scope.function {
        Some((_, name)) => format!("invocations {name}"),
        None => "invocations".to_string(),
    }
}

/// The columns: of [`INVOCATIONS`] all but those that have to leave, that of the order last; `None`
/// stands for the function's name.
fn columns(list: &InvocationsView) -> Vec<(Option<usize>, Column)> {
    let ranked = column_of(list.ranking);
    let mut columns: Vec<(Option<usize>, Column)> = INVOCATIONS
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let leaves = if at == ranked { 0 } else { column.leaves };
            (Some(at), Column { leaves, ..*column })
        })
        .collect();
    if list.scope.function.is_none() {
        columns.insert(1, (None, NAME));
    }
    columns
}

/// Draws what the list is of, and its rows.
pub fn draw(pen: &mut Pen, layout: &Layout, state: &UiState) {
    let list = &state.invocations;
    about(pen, layout.tabs, state);
    let area = layout.list;
    let named = columns(list);
    let columns: Vec<Column> = named.iter().map(|(_, column)| *column).collect();
    let placed = table::fit(&columns, area.width);
    let ranked = named.iter().position(|(at, _)| *at == Some(column_of(list.ranking)));
    table::head(pen, area.x, area.y, &columns, &placed, ranked.map(|at| (at, list.reverse)));
    let body = below_head(area);
    let Some(page) = &list.page else {
        pen.text(body.x, body.y, body.width, "looking", Role::Label);
        return;
    };
    if page.rows.is_empty() {
        pen.text(body.x, body.y, body.width, nothing(state), Role::Label);
    }
    for (y, line) in (body.y..body.bottom()).zip(list.list.top()..page.rows.len()) {
        let listed = &page.rows[line];
        for place in &placed {
            let (text, role) = match named[place.column].0 {
                Some(at) => function::invocation(at, &listed.row, state.zone, pen.symbols),
                None => (listed.name.to_string(), Role::Text),
            };
            table::cell(pen, area.x, y, *place, columns[place.column].right, &text, role);
        }
        super::tag(pen, area.x + 1, y, state, || Tag::Invocation(listed.row.which()));
        if line == list.list.index() {
            pen.paint(Rect::new(body.x, y, body.width, 1), Role::Selection);
        }
    }
}

fn nothing(state: &UiState) -> &'static str {
    match (state.invocations.scope.span, state.filter_text.is_empty()) {
        (_, false) if state.filter.has_text() => {
            "no function, id or error says this; 4 looks in the lines, \\ changes it"
        }
        (_, false) => "no invocation matches the filter here; \\ changes it, Z widens the span",
        (Some(_), true) => "no invocation began in this span; Z widens it",
        (None, true) => "no invocation in this window; Z widens it",
    }
}

/// Whose invocations, in which order, and how many.
fn about(pen: &mut Pen, area: Rect, state: &UiState) {
    let list = &state.invocations;
    pen.rule(area);
    if area.height == 0 {
        return;
    }
    let words = list.ranking.words();
    let order = if list.reverse { format!("{words}, turned round") } else { words.to_string() };
    let mut x = pen.text(area.x + 1, area.y, area.width, &format!(" {order} "), Role::Focus) + 1;
    let mut parts = Vec::new();
    if let Some(page) = &list.page {
        parts.push(place(page, list.list.index(), pen.symbols));
    }
    if let Some(span) = list.scope.span {
        let began = if area.width < about::SHORT { "" } else { "began " };
        parts.push(format!("{began}{}", span_words(span, state.zone)));
    }
    if let Some((_, stream)) = &list.scope.environment {
        parts.push(format!("of {stream}"));
    }
    if let Some(took) = &list.scope.took {
        parts.push(format!("took {}", super::heat::took_words(took)));
    }
    if let Some((_, name)) = &list.scope.error {
        parts.push(format!("failed with {name}"));
    }
    // It is of the functions, not of what the list is of.
    if let Some(retrying) = list.page.as_ref().and_then(|page| page.retrying.as_ref()) {
        parts.push(about::retrying_words(retrying, state.zone, pen.symbols, area.width < about::SHORT));
    }
    for part in parts {
        let room = area.right().saturating_sub(x);
        x = pen.text(x, area.y, room, &format!(" {part} "), Role::Label) + 1;
    }
}

/// `17 of 1,190`.
fn place(page: &Page, index: usize, symbols: &Symbols) -> String {
    let matching = number::graded(&page.matching, number::whole, symbols);
    match page.before {
        Some(before) if !page.rows.is_empty() => {
            format!("{} of {matching}", number::whole(before + index as u64 + 1))
        }
        _ => format!("of {matching}"),
    }
}

/// The selected invocation in full, and what was not looked at.
pub fn message(pen: &mut Pen, area: Rect, state: &UiState) {
    let list = &state.invocations;
    let mut parts: Vec<String> = Vec::new();
    if let Some(from) = list.page.as_ref().and_then(|page| page.looked_from) {
        let from = state.zone.seconds(from) + &state.zone.mark(from);
        parts.push(format!("too many to look at each: only those since {from}; z narrows the window"));
    }
    if let Some(Listed { row, name, .. }) = list.selected() {
        parts.push(format!("{name}:{} request {}", row.version, row.request_id));
        parts.extend(row.error_type.clone());
    }
    pen.text(area.x, area.y, area.width, &parts.join(&format!(" {} ", pen.symbols.dot)), Role::Label);
}
