//! Rows that only moved: a list that was scrolled, a log that grew by a line.
//!
//! A terminal moves rows by itself when it is told to, in some bytes, where sending them again
//! would take them all. Only whole rows move, inside a region from one row to another.

use std::hash::{BuildHasher, Hasher};

use ratatui::buffer::{Buffer, Cell};
use rustc_hash::FxBuildHasher;
use unicode_width::UnicodeWidthStr;

/// The fewest rows that must come to their place by a move for it to be worth its bytes.
const WORTH_ROWS: usize = 3;

/// Rows `top..bottom` move up by `by`, or down where it is negative; what they leave is blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scroll {
    /// The first row of the region.
    pub top: u16,
    /// The row behind the region.
    pub bottom: u16,
    /// Rows up; never 0, and less than the region is high.
    pub by: i16,
}

/// The move that brings the most rows from where they are shown to where they are wanted.
pub(super) fn find(shown: &Buffer, wanted: &Buffer) -> Option<Scroll> {
    if shown.area != wanted.area || has_wide(shown) || has_wide(wanted) {
        return None;
    }
    let (was, is) = (rows(shown), rows(wanted));
    let blank = row(&vec![Cell::EMPTY; usize::from(shown.area.width)]);
    let most = i16::try_from(is.len() / 2).unwrap_or(i16::MAX);
    let mut best = (WORTH_ROWS - 1, None);
    for by in (1..=most).flat_map(|by| [by, -by]) {
        let from = |at: usize| at.checked_add_signed(isize::from(by)).and_then(|from| was.get(from));
        let mut at = 0;
        while at < is.len() {
            let end = (at..is.len()).find(|&at| from(at) != Some(&is[at])).unwrap_or(is.len());
            let gained = (at..end).filter(|&at| was[at] != is[at] && is[at] != blank).count();
            if gained > best.0 {
                best = (gained, region(at, end, by));
            }
            at = end + 1;
        }
    }
    best.1
}

/// The region that puts rows `from..to` into their place.
fn region(from: usize, to: usize, by: i16) -> Option<Scroll> {
    let room = usize::from(by.unsigned_abs());
    let (top, bottom) = if by > 0 { (from, to + room) } else { (from.checked_sub(room)?, to) };
    Some(Scroll { top: u16::try_from(top).ok()?, bottom: u16::try_from(bottom).ok()?, by })
}

/// Whether there are wide characters: what the cell behind one holds is not certain.
fn has_wide(buffer: &Buffer) -> bool {
    buffer.content.iter().any(|cell| !cell.symbol().is_ascii() && cell.symbol().width() > 1)
}

fn rows(buffer: &Buffer) -> Vec<u64> {
    let width = usize::from(buffer.area.width).max(1);
    buffer.content.chunks(width).map(row).collect()
}

fn row(cells: &[Cell]) -> u64 {
    let mut hasher = FxBuildHasher.build_hasher();
    for cell in cells {
        std::hash::Hash::hash(cell, &mut hasher);
    }
    hasher.finish()
}

impl Scroll {
    /// Moves the rows of what is shown, as the terminal will.
    pub fn apply(self, shown: &mut Buffer) {
        let width = usize::from(shown.area.width);
        let range = usize::from(self.top) * width..usize::from(self.bottom) * width;
        let Some(region) = shown.content.get_mut(range) else { return };
        let cells = (usize::from(self.by.unsigned_abs()) * width).min(region.len());
        let left = if self.by > 0 {
            region.rotate_left(cells);
            region.len() - cells..region.len()
        } else {
            region.rotate_right(cells);
            0..cells
        };
        region[left].fill(Cell::EMPTY);
    }

    /// Appends what tells the terminal so: by line feeds and reverse indexes at the region's
    /// edges, which even the Linux console knows. The cursor is anywhere afterwards.
    pub fn encode(self, out: &mut Vec<u8>) {
        let (top, bottom) = (u32::from(self.top) + 1, u32::from(self.bottom));
        out.extend_from_slice(format!("\x1b[{top};{bottom}r").as_bytes());
        let times = usize::from(self.by.unsigned_abs());
        if self.by > 0 {
            out.extend_from_slice(format!("\x1b[{bottom};1H").as_bytes());
            out.extend(std::iter::repeat_n(b'\n', times));
        } else {
            out.extend_from_slice(format!("\x1b[{top};1H").as_bytes());
            out.extend(b"\x1bM".iter().cycle().take(2 * times));
        }
        out.extend_from_slice(b"\x1b[r");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;

    fn screen(lines: &[&str]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, lines.len() as u16));
        for (y, line) in lines.iter().enumerate() {
            buffer.set_string(0, y as u16, line, ratatui::style::Style::new());
        }
        buffer
    }

    #[test]
    fn a_log_that_grew_moves_up_between_its_header_and_its_keys() {
        let before = screen(&["header", "a", "b", "c", "d", "e", "keys"]);
        let after = screen(&["header", "b", "c", "d", "e", "f", "keys"]);
        let scroll = find(&before, &after).unwrap();
        assert_eq!(scroll, Scroll { top: 1, bottom: 6, by: 1 });
        let mut moved = before;
        scroll.apply(&mut moved);
        assert_eq!(moved, screen(&["header", "b", "c", "d", "e", "", "keys"]));
        let mut bytes = Vec::new();
        scroll.encode(&mut bytes);
        assert_eq!(bytes, b"\x1b[2;6r\x1b[6;1H\n\x1b[r");
    }

    #[test]
    fn a_list_that_is_scrolled_back_moves_down() {
        let before = screen(&["header", "c", "d", "e", "f", "g"]);
        let after = screen(&["header", "a", "b", "c", "d", "e"]);
        let scroll = find(&before, &after).unwrap();
        assert_eq!(scroll, Scroll { top: 1, bottom: 6, by: -2 });
        let mut bytes = Vec::new();
        scroll.encode(&mut bytes);
        assert_eq!(bytes, b"\x1b[2;6r\x1b[2;1H\x1bM\x1bM\x1b[r");
    }

    #[test]
    fn what_did_not_move_or_is_blank_is_no_reason() {
        let before = screen(&["a", "b", "", "", "", ""]);
        assert_eq!(find(&before, &before), None);
        assert_eq!(find(&before, &screen(&["b", "", "", "", "", ""])), None);
        assert_eq!(find(&before, &screen(&["b"])), None, "another size");
        assert_eq!(find(&screen(&[]), &screen(&[])), None);
        let (before, after) = (["漢", "a", "b", "c", "d"], ["漢", "b", "c", "d", "e"]);
        assert_eq!(find(&screen(&before), &screen(&after)), None, "wide characters");
    }
}
