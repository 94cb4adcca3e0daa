//! A text over several rows, broken between words.

use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;

use crate::ui::sanitize;
use crate::ui::theme::Role;

use super::pen::Pen;

/// Draws a text, foreign or not, into the rows of an area; what does not fit gives way to `…`.
/// Returns how many rows it took.
pub fn draw(pen: &mut Pen, area: Rect, text: &str, role: Role) -> u16 {
    let shown = sanitize::display(&pen.masked(text), pen.symbols).into_owned();
    let rows = rows(&shown, usize::from(area.width));
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

/// The rows of one line of harmless characters: all of it, broken between words where there are any,
/// with its indentation.
pub fn rows(line: &str, width: usize) -> Vec<String> {
    let (mut rows, mut rest) = (Vec::new(), line);
    loop {
        let (mut used, mut cut, mut word) = (0, rest.len(), None);
        for (at, letter) in rest.grapheme_indices(true) {
            used += sanitize::width(letter);
            if used > width && at > 0 && letter != " " {
                cut = word.unwrap_or(at);
                break;
            }
            // Behind the last blank that something stands before.
            if letter == " " && !rest[..at].trim_start().is_empty() {
                word = Some(at + 1);
            }
        }
        rows.push(rest[..cut].trim_end().to_string());
        if cut == rest.len() {
            return rows;
        }
        rest = rest[cut..].trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_broken_between_words() {
        assert_eq!(rows("one two three", 100), ["one two three"]);
        assert_eq!(rows("one two three", 7), ["one two", "three"]);
        assert_eq!(rows("one two three", 8), ["one two", "three"]);
        assert_eq!(rows("  one two", 7), ["  one", "two"]);
        assert_eq!(rows("incomprehensibilities it", 8), ["incompre", "hensibil", "ities it"]);
        assert_eq!(rows("日本語 é", 4), ["日本", "語 é"]);
        assert_eq!(rows("日本", 1), ["日", "本"]);
        assert_eq!(rows("", 5), [""]);
    }
}
