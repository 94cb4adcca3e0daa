//! The values of a JSON line below it.

use ratatui::layout::Rect;

use crate::ui::app::Tree;
use crate::ui::theme::Role;
use crate::ui::widget::pen::Pen;

/// Deeper values are not indented further.
const DEEPEST: usize = 16;

/// Draws the rows of a tree, so that the one that is read is in sight; returns how many rows it took.
pub fn draw(pen: &mut Pen, area: Rect, tree: &Tree, read: Option<usize>) -> u16 {
    let rows = tree.rows();
    let skip = read.map_or(0, |row| (row + 1).saturating_sub(usize::from(area.height)));
    let mut y = area.y;
    for (at, node) in rows.iter().enumerate().skip(skip) {
        if y >= area.bottom() {
            return y - area.y;
        }
        let sign = match (node.below, node.open) {
            (0, _) => "  ",
            (_, true) => "- ",
            (_, false) => "+ ",
        };
        let right = area.right();
        let x = area.x + 2 * node.depth.min(DEEPEST) as u16;
        let x = pen.text(x, y, right.saturating_sub(x), sign, Role::Key);
        let named = format!("{}: ", node.name);
        // Its name may be what says that it is a secret.
        let whole = format!("{named}{}", node.value);
        let shown = pen.masked(&whole);
        let x = pen.text(x, y, right.saturating_sub(x), &named, Role::Label);
        pen.text(x, y, right.saturating_sub(x), shown.strip_prefix(&*named).unwrap_or(&shown), Role::Text);
        if read == Some(at) {
            pen.paint(Rect::new(area.x, y, area.width, 1), Role::Selection);
        }
        y += 1;
    }
    if tree.more && y < area.bottom() {
        pen.text(area.x, y, area.width, "more values, not opened; c copies the line", Role::Label);
        y += 1;
    }
    y - area.y
}
