//! The palette over the list: what can be done, and the keys that do it.

use ratatui::layout::{Position, Rect};

use crate::ui::app::{Palette, UiState};
use crate::ui::keymap::Action;
use crate::ui::sanitize;
use crate::ui::theme::Role;
use crate::ui::widget::paragraph;
use crate::ui::widget::pen::{Pen, masked};

/// Rows for what the selected command does, where its own row is too short for that; at most.
const TOLD: usize = 3;
/// Rows of commands without which there are none of those.
const LEAST: u16 = 6;

/// Draws it; returns where the cursor is.
pub fn draw(pen: &mut Pen, area: Rect, palette: &Palette, state: &UiState) -> Option<Position> {
    let area = Rect { x: area.x + 2, width: area.width.saturating_sub(4).min(100), ..area };
    // With little room it takes what there is.
    let area = area.intersection(pen.buffer.area);
    pen.clear(area);
    let inner = pen.border(area, Role::Focus);
    pen.text(area.x + 2, area.y, area.width.saturating_sub(4), " what to do ", Role::Title);
    let count = format!(" {} ", palette.found.len());
    pen.right(area.right().saturating_sub(2), area.y, 8, &count, Role::Label);
    let cursor = typed(pen, Rect { height: inner.height.min(1), ..inner }, palette, state);
    let room = usize::from(inner.width.saturating_sub(2));
    let told = |line: usize| paragraph::rows(&words(palette, line, state), room);
    // As many for all, so that the list stands still while one goes through it.
    let below = (0..palette.found.len()).map(|line| told(line).len()).max().unwrap_or(0).min(TOLD) as u16;
    let below = if below < 2 || inner.height < LEAST + below { 0 } else { below };
    let rows = usize::from(inner.height.saturating_sub(1 + below));
    let top = (palette.at + 1).saturating_sub(rows);
    let mut whole = true;
    for (line, command) in palette.found.iter().enumerate().skip(top).take(rows) {
        let y = inner.y + 1 + (line - top) as u16;
        let role = if command.works(state.view()) { Role::Text } else { Role::Hint };
        let keys = command.keys(&state.options.keymap);
        let end = pen.right(inner.right().saturating_sub(1), y, inner.width / 4, &keys, Role::Key);
        let (words, room) = (words(palette, line, state), end.saturating_sub(inner.x + 2));
        pen.text(inner.x + 1, y, room, &words, role);
        if line == palette.at {
            whole = sanitize::width(&words) <= usize::from(room);
            pen.paint(Rect::new(inner.x, y, inner.width, 1), Role::Selection);
        }
    }
    if below > 0 && !whole {
        let y = inner.bottom() - below;
        for (y, row) in (y..inner.bottom()).zip(told(palette.at)) {
            pen.text(inner.x + 1, y, inner.width.saturating_sub(1), &row, Role::Label);
        }
    }
    if palette.found.is_empty() && rows > 0 {
        pen.text(inner.x + 1, inner.y + 1, inner.width, "nothing of that name can be done", Role::Hint);
    }
    cursor
}

/// What is typed, or how one chooses where nothing is.
fn typed(pen: &mut Pen, row: Rect, palette: &Palette, state: &UiState) -> Option<Position> {
    if palette.types {
        let sign = pen.text(row.x, row.y, row.width, ": ", Role::Key);
        let cursor = palette.field.draw(pen, sign, row.y, row.right().saturating_sub(sign));
        return Some(Position::new(cursor, row.y));
    }
    let mut x = row.x + 1;
    for (action, what) in [(Action::Down, "next"), (Action::Up, "before"), (Action::Open, "take it")] {
        let key = state.options.keymap.keys(action).first().map_or_else(String::new, ToString::to_string);
        x = pen.text(x, row.y, row.right().saturating_sub(x), &key, Role::Key) + 1;
        x = pen.text(x, row.y, row.right().saturating_sub(x), what, Role::Hint) + 2;
    }
    None
}

/// What a command is called and does, as it may be drawn.
fn words(palette: &Palette, line: usize, state: &UiState) -> String {
    let Some(command) = palette.found.get(line) else { return String::new() };
    let words = command.words(&palette.things);
    let words =
        sanitize::display(&masked(state.masked, &words), state.options.charset.symbols()).into_owned();
    if command.works(state.view()) { words } else { format!("{words} (not in this view)") }
}
