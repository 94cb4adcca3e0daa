//! A text over several rows, broken between words.

use ratatui::layout::Rect;

use crate::ui::sanitize;
use crate::ui::theme::Role;

use super::pen::Pen;

/// Draws a text, foreign or not, into the rows of an area; what does not fit gives way to `…`.
/// Returns how many rows it took.
pub fn draw(pen: &mut Pen, area: Rect, text: &str, role: Role) -> u16 {
    let shown = sanitize::display(&pen.masked(text), pen.symbols).into_owned();
    let rows = broken(&shown, usize::from(area.width));
    let fit = usize::from(area.height).min(rows.len());
    for (at, row) in rows.iter().take(fit).enumerate() {
        let y = area.y + at as u16;
        if at + 1 == fit && rows.len() > fit {
            // Longer than the row, so that the pen says that something is cut off.
            pen.text(area.x, y, area.width, &rows[at..].join(" "), role);
        } else {
            pen.text(area.x, y, area.width, row, role);
        }
    }
    fit as u16
}

/// The rows of a text of harmless characters.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let wide = sanitize::width(word);
        if used > 0 && used + 1 + wide > width {
            rows.push(String::new());
            used = 0;
        }
        if let Some(row) = rows.last_mut() {
            if used > 0 {
                row.push(' ');
                used += 1;
            }
            row.push_str(word);
        }
        used += wide;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_broken_between_words() {
        assert_eq!(broken("one two three", 7), ["one two", "three"]);
        assert_eq!(broken("one two three", 100), ["one two three"]);
        assert_eq!(broken("incomprehensibilities it", 5), ["incomprehensibilities", "it"]);
        assert_eq!(broken("", 5), [""]);
    }
}
