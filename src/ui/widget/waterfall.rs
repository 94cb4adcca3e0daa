//! A trace: its segments as a tree, each with its marks, its length and a bar over the trace's
//! time.

use ratatui::layout::Rect;

use crate::model::Flags;
use crate::query::view::{TraceRow, TraceTree};
use crate::ui::number;
use crate::ui::sanitize;
use crate::ui::theme::Role;

use super::pen::Pen;

const DEEPEST: usize = 12;

/// The marks in letters, so that nothing depends on colour: `E` error (4xx), `F` fault (5xx), `T`
/// throttle (429).
pub fn marks(flags: Flags) -> String {
    [(flags.error, 'E'), (flags.fault, 'F'), (flags.throttle, 'T')]
        .iter()
        .filter_map(|(on, letter)| on.then_some(*letter))
        .collect()
}

/// The role of a thing with these marks.
pub fn role(flags: Flags) -> Role {
    match flags {
        Flags { fault: true, .. } => Role::Error,
        Flags { throttle: true, .. } => Role::Throttle,
        Flags { error: true, .. } => Role::Timeout,
        _ => Role::Series,
    }
}

/// Draws the rows from `first` on; the last row of the area says how many do not fit. Returns how
/// many rows were drawn.
pub fn draw(pen: &mut Pen, area: Rect, tree: &TraceTree, first: usize) -> usize {
    let height = usize::from(area.height);
    let rest = tree.rows.len().saturating_sub(first);
    let shown = if rest > height { height.saturating_sub(1) } else { rest };
    let label = (area.width * 2 / 5).clamp(8, 48).min(area.width);
    for (y, row) in (area.y..).zip(tree.rows.iter().skip(first).take(shown)) {
        draw_row(pen, Rect::new(area.x, y, area.width, 1), label, tree, row);
    }
    if rest > shown && height > 0 {
        let more = format!("{} {} more segments", pen.symbols.down, rest - shown);
        pen.text(area.x, area.bottom() - 1, area.width, &more, Role::Hint);
    }
    shown
}

fn draw_row(pen: &mut Pen, area: Rect, label: u16, tree: &TraceTree, row: &TraceRow) {
    let symbols = pen.symbols;
    let depth = row.depth.min(DEEPEST);
    let indent = "  ".repeat(depth.saturating_sub(1));
    let branch = if depth > 0 { symbols.branch[1] } else { "" };
    let orphan = if row.orphan { "? " } else { "" };
    let own = if row.flags.any() { role(row.flags) } else { Role::Text };
    let after = pen.text(area.x, area.y, label, &format!("{indent}{branch}{orphan}"), Role::Border);
    let room = (area.x + label).saturating_sub(after);
    let after = pen.text(after, area.y, room, &row.name, own);
    // The detail (POST …, the exception) where the name leaves room for it.
    let room = (area.x + label).saturating_sub(after + 1);
    if room >= 6 && !row.detail.is_empty() {
        pen.text(after + 1, area.y, room, &row.detail, Role::Label);
    }
    let x = area.x + label + 1;
    pen.text(x, area.y, 3, &marks(row.flags), own);
    let length = number::duration(row.length_us as f64 / 1_000.0);
    let open = if row.in_progress { symbols.settling } else { "" };
    pen.right(x + 9, area.y, 6, &length, Role::Text);
    pen.text(x + 9, area.y, 1, open, Role::Settling);
    let bar = Rect::new(x + 11, area.y, area.right().saturating_sub(x + 11), 1);
    draw_bar(pen, bar, tree, row);
}

fn draw_bar(pen: &mut Pen, area: Rect, tree: &TraceTree, row: &TraceRow) {
    if area.width < 2 {
        return;
    }
    let whole = tree.end_us.saturating_sub(tree.start_us).max(1) as f64;
    let width = f64::from(area.width);
    let column = |us: i64| (us as f64 / whole * width).clamp(0.0, width);
    let from = (column(row.start_us).floor() as u16).min(area.width - 1);
    let to = (column(row.start_us.saturating_add(row.length_us)).round() as u16).clamp(from + 1, area.width);
    for at in from..to {
        let open = row.in_progress && at + 1 == to;
        let sign = if open { pen.symbols.bar_open } else { pen.symbols.bar };
        pen.put(area.x + at, area.y, sign, role(row.flags));
    }
}

/// The trace in one line: `1.42 s EF checkout > POST api.bank.example 1.20 s`, the segment that
/// holds most of its time last.
pub fn summary(tree: &TraceTree, symbols: &crate::ui::symbols::Symbols) -> String {
    let length = |us: i64| number::duration_long(us as f64 / 1_000.0);
    let marks = marks(tree.flags);
    let space = if marks.is_empty() { "" } else { " " };
    let mut text = format!("{}{space}{marks}", length(tree.end_us.saturating_sub(tree.start_us)));
    let root = tree.rows.first();
    if let Some(root) = root {
        text.push(' ');
        text.push_str(&sanitize::cut(&root.name, 24, symbols));
    }
    let longest = tree.rows.iter().skip(1).max_by_key(|row| row.self_us);
    if let Some(row) = longest.filter(|row| root.is_some_and(|root| row.name != root.name)) {
        let name = if row.detail.is_empty() { &row.name } else { &row.detail };
        text.push_str(&format!(" > {} {}", sanitize::cut(name, 32, symbols), length(row.self_us)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_letters() {
        let flags = |error, fault, throttle| Flags { error, fault, throttle };
        assert_eq!(marks(flags(true, true, true)), "EFT");
        assert_eq!(marks(flags(false, true, false)), "F");
        assert_eq!(marks(Flags::default()), "");
        assert_eq!(role(flags(true, true, false)), Role::Error);
        assert_eq!(role(Flags::default()), Role::Series);
    }
}
