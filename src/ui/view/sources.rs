//! What is read, how far, and what could not be.

use ratatui::layout::Rect;

use crate::model::Timestamp;
use crate::ui::app::{SourcesList, UiState};
use crate::ui::number;
use crate::ui::status::{BadRecord, SourceState, SourceStatus};
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::pen::Pen;
use crate::ui::widget::table::{self, Column};

use super::below_head;
use super::layout::Layout;

const fn left(title: &'static str, width: u16, leaves: u8, grows: u16) -> Column {
    Column { title, width, right: false, leaves, grows }
}

const fn right(title: &'static str, width: u16, leaves: u8) -> Column {
    Column { title, width, right: true, leaves, grows: 0 }
}

const SOURCES: [Column; 8] = [
    left("", 2, 0, 0),
    left("SOURCE", 16, 0, 40),
    left("STATE", 10, 0, 0),
    right("READ", 8, 0),
    right("OF", 8, 3),
    right("RECORDS", 12, 1),
    right("BAD", 8, 0),
    right("NEWEST", 8, 2),
];

const BAD: [Column; 4] =
    [left("SOURCE", 14, 0, 16), right("LINE", 10, 0), left(" WHY", 22, 0, 18), left("BEGINS", 10, 1, 200)];

/// Draws the tabs and the open list.
pub fn draw(pen: &mut Pen, layout: &Layout, state: &UiState) {
    let status = &state.status;
    let area = layout.list;
    pen.rule(layout.tabs);
    let mut x = layout.tabs.x + 1;
    let lists = [
        (SourcesList::Sources, "Sources", status.sources.len() as u64),
        (SourcesList::Bad, "Bad records", status.bad),
    ];
    for (list, name, count) in lists {
        let open = list == state.sources.list;
        let (before, after) = if open { ("[", "]") } else { (" ", " ") };
        let text = format!("{before}{name} {}{after}", number::whole(count));
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
    match state.sources.list {
        SourcesList::Sources => {
            let list = &state.sources.sources;
            let cell = |column, line: usize, symbols: &Symbols| {
                source(column, &status.sources[line], status.as_of, symbols)
            };
            draw_list(pen, area, &SOURCES, status.sources.len(), (list.top(), list.index()), cell);
            let selected = status.sources.get(list.index());
            if let Some(note) = selected.and_then(|source| source.note.as_deref()) {
                pen.text(area.x, area.bottom().saturating_sub(1), area.width, note, Role::Label);
            }
        }
        SourcesList::Bad => {
            let list = &state.sources.bad;
            let cell =
                |column, line: usize, symbols: &Symbols| bad(column, &status.bad_records[line], symbols);
            draw_list(pen, area, &BAD, status.bad_records.len(), (list.top(), list.index()), cell);
            if status.bad_records.is_empty() {
                let body = below_head(area);
                pen.text(body.x, body.y, body.width, "every record could be read", Role::Label);
            }
        }
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

fn source(column: usize, row: &SourceStatus, as_of: Timestamp, symbols: &Symbols) -> (String, Role) {
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
        _ => {
            let age = row.newest.map(|newest| number::coarse_age(as_of.since(newest)));
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
