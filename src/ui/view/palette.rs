//! The palette over the list: what can be done, and the keys that do it.

use ratatui::layout::{Position, Rect};

use crate::ui::app::{Palette, UiState};
use crate::ui::theme::Role;
use crate::ui::widget::pen::Pen;

/// Draws it; returns where the cursor is.
pub fn draw(pen: &mut Pen, area: Rect, palette: &Palette, state: &UiState) -> Position {
    let area = Rect { x: area.x + 2, width: area.width.saturating_sub(4).min(100), ..area };
    // With little room it takes what there is.
    let area = area.intersection(pen.buffer.area);
    pen.clear(area);
    let inner = pen.border(area, Role::Focus);
    pen.text(area.x + 2, area.y, area.width.saturating_sub(4), " what to do ", Role::Title);
    let count = format!(" {} ", palette.found.len());
    pen.right(area.right().saturating_sub(2), area.y, 8, &count, Role::Label);
    let sign = pen.text(inner.x, inner.y, inner.width, ": ", Role::Key);
    let cursor = palette.field.draw(pen, sign, inner.y, inner.right().saturating_sub(sign));
    let rows = usize::from(inner.height.saturating_sub(1));
    let top = (palette.at + 1).saturating_sub(rows);
    let view = state.view();
    let keys = 14.min(inner.width / 4);
    for (line, command) in palette.found.iter().enumerate().skip(top).take(rows) {
        let y = inner.y + 1 + (line - top) as u16;
        let works = command.works(view);
        let role = if works { Role::Text } else { Role::Hint };
        let end = inner.right().saturating_sub(keys + 1);
        let words = match works {
            true => command.words(&palette.things),
            false => format!("{} (not in this view)", command.words(&palette.things)),
        };
        pen.text(inner.x + 1, y, end.saturating_sub(inner.x + 1), &words, role);
        pen.right(inner.right().saturating_sub(1), y, keys, &command.keys(&state.options.keymap), Role::Key);
        if line == palette.at {
            // What has no room above can be read below.
            if crate::ui::sanitize::width(&words) > usize::from(end.saturating_sub(inner.x + 1)) {
                let below = format!(" {words} ");
                pen.text(area.x + 1, area.bottom() - 1, area.width.saturating_sub(2), &below, Role::Text);
            }
            pen.paint(Rect::new(inner.x, y, inner.width, 1), Role::Selection);
        }
    }
    if palette.found.is_empty() && rows > 0 {
        pen.text(inner.x + 1, inner.y + 1, inner.width, "nothing of that name can be done", Role::Hint);
    }
    Position::new(cursor, inner.y)
}
