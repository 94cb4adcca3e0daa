//! What is read, how far, what could not be, and how well all of it can be trusted.

use ratatui::layout::Rect;

use crate::model::Timestamp;
use crate::ui::app::{SourcesList, UiState, Weight};
use crate::ui::number;
use crate::ui::sanitize;
use crate::ui::status::{BadRecord, SessionKind, SourceState, SourceStatus};
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::paragraph;
use crate::ui::widget::pen::{Pen, masked};
use crate::ui::widget::table::{self, Column};
use crate::ui::zone::Zone;

use super::below_head;
use super::layout::Layout;

const fn left(title: &'static str, width: u16, leaves: u8, grows: u16) -> Column {
    Column { title, width, right: false, leaves, grows }
}

const fn right(title: &'static str, width: u16, leaves: u8) -> Column {
    Column { title, width, right: true, leaves, grows: 0 }
}

const SOURCES: [Column; 9] = [
    left("", 2, 0, 0),
    left("SOURCE", 16, 0, 40),
    left("STATE", 10, 0, 0),
    right("READ", 8, 0),
    right("OF", 8, 3),
    right("RECORDS", 12, 1),
    right("BAD", 8, 0),
    right("NEWEST", 9, 2),
    left(" NOTE", 24, 4, 200),
];

/// The columns of what could not be read, where the longest name of a source is so wide: on a narrow screen how
/// it begins has what is spare, on a wide one names and reasons are whole first.
fn bad_columns(name: usize, width: u16) -> [Column; 4] {
    let names = (name + 1).saturating_sub(14).min(16) as u16;
    let names = names.min(width / 8);
    [
        left("SOURCE", 14, 0, names),
        right("LINE", 10, 0),
        left(" WHY", 22, 0, (width.saturating_sub(80) / 3).min(18)),
        left("BEGINS", 10, 1, 200),
    ]
}

/// Draws the tabs and the open list.
pub fn draw(pen: &mut Pen, layout: &Layout, state: &UiState) {
    let status = &state.status;
    let area = layout.list;
    pen.rule(layout.tabs);
    let mut x = layout.tabs.x + 1;
    let lists = [
        (SourcesList::Sources, "Sources", Some(status.sources.len() as u64)),
        (SourcesList::Bad, "Bad records", Some(status.bad)),
        (SourcesList::Health, "Health", None),
    ];
    for (list, name, count) in lists {
        let open = list == state.sources.list;
        let (before, after) = if open { ("[", "]") } else { (" ", " ") };
        let count = count.map_or_else(String::new, |count| format!(" {}", number::whole(count)));
        let text = format!("{before}{name}{count}{after}");
        let role = if open { Role::Focus } else { Role::Label };
        x = pen.text(x, layout.tabs.y, layout.tabs.right().saturating_sub(x), &text, role) + 1;
    }
    let counted = [
        (status.seen_twice, "seen twice, counted once"),
        (status.forgotten, "given up in flight, no memory for more"),
    ];
    for (count, what) in counted.into_iter().filter(|(count, _)| *count > 0) {
        let text = format!("{what}: {}", number::whole(count));
        x = pen.text(x + 1, layout.tabs.y, layout.tabs.right().saturating_sub(x + 1), &text, Role::Label);
    }
    // The rest of the screen is of the time at which the picture stands.
    if status.paused || matches!(status.kind, SessionKind::Replay { end, .. } if status.as_of < end) {
        let mark = state.zone.mark(status.as_of);
        let text = format!(" read so far, not as of {}{mark} ", state.zone.seconds(status.as_of));
        pen.right(
            layout.tabs.right(),
            layout.tabs.y,
            layout.tabs.right().saturating_sub(x),
            &text,
            Role::Label,
        );
    }
    match state.sources.list {
        SourcesList::Sources => {
            let list = &state.sources.sources;
            let cell = |column, line: usize, symbols: &Symbols| {
                source(column, &status.sources[line], status.now(), state.zone, symbols)
            };
            draw_list(pen, area, &SOURCES, status.sources.len(), (list.top(), list.index()), cell);
            let selected = status.sources.get(list.index());
            let note = selected.and_then(|source| source.note.as_deref());
            draw_below(
                pen,
                below_head(area),
                status.sources.len().saturating_sub(list.top()),
                u16::from(note.is_some()),
                state,
            );
            if let Some(note) = note {
                pen.text(area.x, area.bottom().saturating_sub(1), area.width, note, Role::Label);
            }
        }
        SourcesList::Health => {
            let rows = rows(state, area.width);
            let top = state.sources.health_top.min(rows.len().saturating_sub(usize::from(area.height)));
            draw_health(pen, area, &rows[top..]);
        }
        SourcesList::Bad => {
            let list = &state.sources.bad;
            let cell =
                |column, line: usize, symbols: &Symbols| bad(column, &status.bad_records[line], symbols);
            let shown = status.bad_records.iter().skip(list.top()).take(usize::from(area.height));
            let name = |row: &BadRecord| sanitize::width(&sanitize::display(&row.source, pen.symbols));
            let columns = bad_columns(shown.map(name).max().unwrap_or(0), area.width);
            draw_list(pen, area, &columns, status.bad_records.len(), (list.top(), list.index()), cell);
            if status.bad_records.is_empty() {
                let body = below_head(area);
                pen.text(body.x, body.y, body.width, "every record could be read", Role::Label);
            }
        }
    }
}

/// Below the last of few sources the beginning of what else is to be said, where there is room for it.
fn draw_below(pen: &mut Pen, body: Rect, listed: usize, kept_free: u16, state: &UiState) {
    let used = listed.min(usize::from(body.height)) as u16 + 1;
    let room = body.height.saturating_sub(used + kept_free);
    if room < 2 {
        return;
    }
    let area = Rect { y: body.y + used, height: room, ..body };
    let rows = rows(state, area.width);
    draw_health(pen, area, &rows);
    if rows.len() > usize::from(room) {
        let (y, text) = (area.bottom() - 1, "and more: the tab Health has all of it");
        pen.text(area.x, y, area.width, &" ".repeat(usize::from(area.width)), Role::Text);
        pen.text(area.x + LABEL, y, area.width.saturating_sub(LABEL), text, Role::Label);
    }
}

/// Columns of what a line of health is about.
const LABEL: u16 = 15;

/// A row of health: what it is about, a part of what is said of it, and how much that matters.
type HealthRow = (&'static str, String, Weight);

/// The lines of health as rows of a width: all of what they say.
fn rows(state: &UiState, width: u16) -> Vec<HealthRow> {
    let room = usize::from(width.saturating_sub(LABEL + 1)).max(10);
    let mut rows = Vec::new();
    let symbols = state.options.charset.symbols();
    for line in state.health() {
        let shown = sanitize::display(&masked(state.masked, &line.text), symbols).into_owned();
        for (at, part) in paragraph::rows(&shown, room).into_iter().enumerate() {
            rows.push((if at == 0 { line.label } else { "" }, part, line.weight));
        }
    }
    rows
}

/// How many rows the health takes, for scrolling.
pub fn health_rows(state: &UiState) -> usize {
    rows(state, state.size.0).len()
}

fn draw_health(pen: &mut Pen, area: Rect, rows: &[HealthRow]) {
    for (y, (label, text, weight)) in (area.y..area.bottom()).zip(rows) {
        let (sign, role) = match weight {
            Weight::Fine => ("", Role::Text),
            Weight::Missing => (pen.symbols.no_data, Role::NoData),
            Weight::Wrong => (pen.symbols.error, Role::Error),
        };
        pen.text(area.x, y, 2, if label.is_empty() { "" } else { sign }, role);
        pen.text(area.x + 2, y, LABEL - 2, label, Role::Title);
        pen.text(area.x + LABEL, y, area.width.saturating_sub(LABEL), text, role);
    }
}

fn draw_list(
    pen: &mut Pen,
    area: Rect,
    columns: &[Column],
    rows: usize,
    (top, index): (usize, usize),
    cell: impl Fn(usize, usize, &Symbols) -> (String, Role),
) {
    let placed = table::fit(columns, area.width);
    table::head(pen, area.x, area.y, columns, &placed, None);
    let body = below_head(area);
    for (y, line) in (body.y..body.bottom()).zip(top..rows) {
        for place in &placed {
            let (text, role) = cell(place.column, line, pen.symbols);
            table::cell(pen, area.x, y, *place, columns[place.column].right, &text, role);
        }
        if line == index {
            pen.paint(Rect::new(body.x, y, body.width, 1), Role::Selection);
        }
    }
}

fn source(
    column: usize,
    row: &SourceStatus,
    as_of: Timestamp,
    zone: Zone,
    symbols: &Symbols,
) -> (String, Role) {
    let role = match row.state {
        SourceState::Failed => Role::Error,
        SourceState::Waiting => Role::NoData,
        _ => Role::Text,
    };
    match column {
        0 if row.state == SourceState::Failed => (symbols.error.to_string(), role),
        0 if row.state == SourceState::Waiting => (symbols.no_data.to_string(), role),
        0 => (String::new(), role),
        1 => (row.name.clone(), role),
        2 => (row.state.word().to_string(), role),
        3 => (number::bytes(row.read_bytes), Role::Text),
        4 => (row.size_bytes.map_or_else(|| symbols.none.to_string(), number::bytes), Role::Label),
        5 => (number::whole(row.records), Role::Text),
        6 => (number::whole(row.bad), if row.bad > 0 { Role::Bad } else { Role::Text }),
        8 => (row.note.as_ref().map_or_else(String::new, |note| format!(" {note}")), role),
        _ => {
            // What comes after the time at which the picture stands has no age there.
            let age = row.newest.map(|newest| match newest > as_of {
                true => zone.seconds(newest),
                false => number::coarse_age(as_of.since(newest)),
            });
            (age.unwrap_or_else(|| symbols.none.to_string()), Role::Text)
        }
    }
}

fn bad(column: usize, row: &BadRecord, symbols: &Symbols) -> (String, Role) {
    match column {
        0 => (row.source.clone(), Role::Text),
        1 => match row.line {
            Some(line) => (number::whole(line), Role::Text),
            None => (format!("{}{}", symbols.estimated, number::bytes(row.offset)), Role::Label),
        },
        2 => (format!(" {}", row.reason), Role::Bad),
        _ => (row.excerpt.clone(), Role::Text),
    }
}
