//! Log lines by their shape: the list, since when one is new, and the newest line of the selected one.

use ratatui::layout::Rect;

use crate::model::{Level, Timestamp};
use crate::query::survey::{Pattern, Patterns, Since, Survey};
use crate::ui::app::{PatternsBoard, UiState, is_wrong};
use crate::ui::number;
use crate::ui::sanitize;
use crate::ui::theme::Role;
use crate::ui::widget::pen::Pen;
use crate::ui::widget::sparkline;
use crate::ui::widget::table::{self, Column};
use crate::ui::zone::Zone;

use super::below_head;
use super::problems::left;

const COLUMNS: [Column; 8] = [
    left("NEW", 4, 0, 0),
    Column { title: "LINES", width: 8, right: true, leaves: 0, grows: 0 },
    left("LEVEL", 6, 0, 0),
    left("FIRST", 9, 0, 0),
    left("LAST", 9, 1, 0),
    left("TREND", 13, 2, 12),
    left("PATTERN", 30, 0, 200),
    left("FUNCTION", 24, 3, 0),
];
const TREND: usize = 5;

/// Rows below the list: since when one is new, and the newest line.
const TOLD: u16 = 4;
/// A list of so many rows has room for them.
const ROOM: u16 = 12;

/// What the header calls the view.
pub fn title(state: &UiState) -> String {
    let scope = state.patterns.as_ref().and_then(|board| board.scope.as_ref());
    format!("patterns {}", scope.map_or("all functions", |(_, name)| name))
}

/// Rows of the list.
pub fn list_rows(area: Rect) -> usize {
    usize::from(parts(area).0.height.saturating_sub(1))
}

/// The list with its head, and what is below.
fn parts(area: Rect) -> (Rect, Rect) {
    let told = if area.height >= ROOM { TOLD } else { 0 };
    let list = Rect { height: area.height - told, ..area };
    (list, Rect { y: list.bottom(), height: told, ..area })
}

/// Draws the list and what is told of the selected one.
pub fn draw(pen: &mut Pen, area: Rect, state: &UiState) {
    let Some(board) = &state.patterns else { return };
    let columns = if board.scope.is_some() { &COLUMNS[..7] } else { &COLUMNS };
    let placed = table::fit(columns, area.width);
    let (list, told) = parts(area);
    table::head(pen, list.x, list.y, columns, &placed, None);
    let body = below_head(list);
    let Some(answer) = &board.answer else {
        pen.text(body.x, body.y, body.width, "reading lines", Role::Label);
        return;
    };
    if board.rows().is_empty() {
        let text = match (answer.lines > 0, answer.unread > 0) {
            (true, _) => "no line that was read matches the filter; \\ changes it",
            (false, true) => "none of the lines that were read is its own; z makes the window narrower",
            (false, false) => "no line of a known time lies in this window; Z makes it wider",
        };
        pen.text(body.x, body.y, body.width, text, Role::Label);
    }
    let (top, index) = (board.list.top(), board.list.index());
    for (y, (at, row)) in (body.y..body.bottom()).zip(board.rows().iter().enumerate().skip(top)) {
        for place in &placed {
            if place.column == TREND {
                trend(pen, list.x + place.x, y, place.width.saturating_sub(1), row, answer);
                continue;
            }
            let (text, role) = cell(place.column, row, state);
            table::cell(pen, list.x, y, *place, columns[place.column].right, &text, role);
        }
        if at == index {
            pen.paint(Rect::new(body.x, y, body.width, 1), Role::Selection);
        }
    }
    if told.height > 0 {
        draw_told(pen, told, board, state);
    }
}

/// How many lines when; what was not read is a gap.
fn trend(pen: &mut Pen, x: u16, y: u16, width: u16, row: &Pattern, answer: &Survey) {
    let (from, length) = (answer.window.from, answer.window.ms());
    let parts = row.columns.len().max(1) as i64;
    let begins = |part: usize| from.plus(length * part as i64 / parts);
    let known = |part: usize| answer.read_after.is_none_or(|after| begins(part) > after);
    let point = |(part, lines): (usize, &u32)| (known(part) || *lines > 0).then_some(f64::from(*lines));
    let points: Vec<Option<f64>> = row.columns.iter().enumerate().map(point).collect();
    let role = if is_wrong(row) { Role::Error } else { Role::Series };
    sparkline::draw(pen, x, y, width, &points, points.len(), role);
}

/// The word for its gravest level.
pub fn level_word(row: &Pattern) -> &'static str {
    super::logs::level_word(row.level, row.bad, row.platform)
}

fn role(row: &Pattern) -> Role {
    match row.level {
        _ if row.bad => Role::Bad,
        Level::Error | Level::Fatal => Role::LevelError,
        _ if row.platform => Role::Platform,
        Level::Warn => Role::LevelWarn,
        Level::Trace | Level::Debug => Role::LevelDebug,
        Level::Unknown | Level::Info => Role::LevelInfo,
    }
}

fn cell(column: usize, row: &Pattern, state: &UiState) -> (String, Role) {
    let zone = state.zone;
    match column {
        0 => (if row.new { "NEW" } else { "" }.to_string(), Role::Focus),
        1 => (number::whole(row.lines), Role::Text),
        2 => (level_word(row).to_string(), role(row)),
        3 => (zone.seconds(row.first), Role::Label),
        4 => (zone.seconds(row.last), Role::Label),
        6 if row.shape.is_empty() => ("(blank)".to_string(), Role::Label),
        6 => (state.shape_shown(row).to_string(), role(row)),
        _ => {
            let more = if row.functions { " and others" } else { "" };
            (row.function.as_ref().map_or_else(String::new, |name| format!("{name}{more}")), Role::Label)
        }
    }
}

fn at(time: Timestamp, zone: Zone) -> String {
    zone.seconds(time) + &zone.mark(time)
}

/// Since when one is new and why, or why none is said to be.
fn since(board: &PatternsBoard, patterns: &Patterns, zone: Zone) -> String {
    let time = at(patterns.since, zone);
    let why = match (patterns.judged, board.since) {
        (false, _) => {
            return format!(
                "no line before {time} was read to compare with: none is called NEW; h l move it"
            );
        }
        (true, Since::Middle | Since::At(_)) => board.why,
    };
    format!("NEW: not there before {time}, {why}; h l move it")
}

fn draw_told(pen: &mut Pen, area: Rect, board: &PatternsBoard, state: &UiState) {
    let Some(patterns) = board.answer.as_ref().and_then(|answer| answer.patterns.as_ref()) else { return };
    pen.rule(Rect { height: 1, ..area });
    pen.text(
        area.x + 1,
        area.y,
        area.width.saturating_sub(2),
        &format!(" {} ", since(board, patterns, state.zone)),
        Role::Label,
    );
    let Some(row) = board.selected() else { return };
    let label = "newest ";
    let x = pen.text(area.x, area.y + 1, area.width, label, Role::Label);
    let text = Rect::new(x, area.y + 1, area.right().saturating_sub(x), area.height - 1);
    let (rows, more) = sanitize::wrap(
        &pen.masked(state.newest_shown(row)),
        usize::from(text.width),
        usize::from(text.height),
        pen.symbols,
    );
    for (y, line) in (text.y..text.bottom()).zip(&rows) {
        pen.text(text.x, y, text.width, line, role(row));
    }
    if more {
        pen.right(text.right(), text.bottom() - 1, 3, pen.symbols.ellipsis, Role::Key);
    }
}

/// How many lines were read of how many, and how many shapes they have.
pub fn message(pen: &mut Pen, area: Rect, state: &UiState) {
    let answer = state.patterns.as_ref().and_then(|board| board.answer.as_ref());
    let Some((answer, patterns)) = answer.and_then(|answer| Some((answer, answer.patterns.as_ref()?))) else {
        return;
    };
    let mut parts = vec![read(answer)];
    let shapes = patterns.rows.len() as u64 + patterns.rest.0;
    let shapes = format!("{} patterns", number::whole(shapes));
    parts.push(match patterns.rest.1 {
        0 => shapes,
        lines => format!("{shapes}, those of the last {} lines not listed", number::whole(lines)),
    });
    parts.extend(answer.note.clone());
    pen.text(area.x, area.y, area.width, &parts.join(&format!(" {} ", pen.symbols.dot)), Role::Label);
}

/// `12,004 lines`, `37 of 12,004 lines`, `the newest 100,000 lines of about 312,400`.
pub fn read(answer: &Survey) -> String {
    let whole = number::whole;
    let matching = if answer.matching == answer.lines {
        String::new()
    } else {
        format!("{} of ", whole(answer.matching))
    };
    match answer.unread {
        0 => format!("{matching}{} lines", whole(answer.lines)),
        unread => {
            format!(
                "{matching}the newest {} lines of about {}",
                whole(answer.lines),
                whole(answer.lines + unread)
            )
        }
    }
}
