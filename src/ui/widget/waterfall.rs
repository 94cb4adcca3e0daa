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
/// Columns of a name that stay before anything that follows it.
const NAME_LEAST: usize = 8;

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
    let text = Label {
        depth: row.depth,
        orphan: row.orphan.is_some(),
        name: &row.name,
        after: "",
        detail: &row.detail,
    };
    let bar = Bar {
        start_us: row.start_us,
        length_us: row.length_us,
        self_us: None,
        flags: row.flags,
        in_progress: row.in_progress,
        critical: true,
    };
    draw_parts(pen, area, label, tree, &text, &bar);
}

/// What names a line.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    /// How deep it stands in the tree.
    pub depth: usize,
    /// Its parent was not seen.
    pub orphan: bool,
    /// Its name, unsanitised.
    pub name: &'a str,
    /// What follows the name at once.
    pub after: &'a str,
    /// What it did, where there is room for it.
    pub detail: &'a str,
}

/// What is drawn of a line.
#[derive(Clone, Copy, Debug)]
pub struct Bar {
    /// µs after the trace's start.
    pub start_us: i64,
    /// In µs.
    pub length_us: i64,
    /// Self time in µs, where it has a column.
    pub self_us: Option<i64>,
    /// Its marks.
    pub flags: Flags,
    /// It has not ended.
    pub in_progress: bool,
    /// What is not on the critical path is drawn thinner.
    pub critical: bool,
}

/// Draws one line over the whole width.
pub fn draw_line(pen: &mut Pen, area: Rect, tree: &TraceTree, text: &Label<'_>, bar: &Bar) {
    draw_parts(pen, area, (area.width * 2 / 5).clamp(8, 56).min(area.width), tree, text, bar);
}

fn draw_parts(pen: &mut Pen, area: Rect, label: u16, tree: &TraceTree, text: &Label<'_>, bar: &Bar) {
    let symbols = pen.symbols;
    let depth = text.depth.min(DEEPEST);
    let indent = "  ".repeat(depth.saturating_sub(1));
    let branch = if depth > 0 { symbols.branch[1] } else { "" };
    let orphan = if text.orphan { "? " } else { "" };
    let own = if bar.flags.any() { role(bar.flags) } else { Role::Text };
    let after = pen.text(area.x, area.y, label, &format!("{indent}{branch}{orphan}"), Role::Border);
    let end = area.x + label;
    // What follows the name is whole or not there, and never in its place.
    let name = sanitize::width(&sanitize::display(text.name, symbols)).min(NAME_LEAST) as u16;
    let kept = sanitize::width(&sanitize::display(text.after, symbols)) as u16;
    let kept = if after + name + kept <= end { kept } else { 0 };
    let after = pen.text(after, area.y, end.saturating_sub(after + kept), text.name, own);
    let after = pen.text(after, area.y, kept, text.after, Role::NoData);
    // The detail (POST …, the exception) where the name leaves room for it.
    let room = end.saturating_sub(after + 1);
    if room >= 6 && !text.detail.is_empty() {
        pen.text(after + 1, area.y, room, text.detail, Role::Label);
    }
    let x = area.x + label + 1;
    pen.text(x, area.y, 3, &marks(bar.flags), own);
    let shown = |us: i64| number::duration(us as f64 / 1_000.0);
    let open = if bar.in_progress { symbols.settling } else { "" };
    pen.right(x + 9, area.y, 6, &shown(bar.length_us), Role::Text);
    pen.text(x + 9, area.y, 1, open, Role::Settling);
    let from = match bar.self_us {
        Some(us) => {
            pen.right(x + 17, area.y, 6, &shown(us), Role::Label);
            x + 18
        }
        None => x + 11,
    };
    draw_bar(pen, Rect::new(from, area.y, area.right().saturating_sub(from), 1), tree, bar);
}

fn draw_bar(pen: &mut Pen, area: Rect, tree: &TraceTree, bar: &Bar) {
    if area.width < 2 {
        return;
    }
    let whole = tree.end_us.saturating_sub(tree.start_us).max(1) as f64;
    let width = f64::from(area.width);
    let column = |us: i64| (us as f64 / whole * width).clamp(0.0, width);
    let from = (column(bar.start_us).floor() as u16).min(area.width - 1);
    let to = (column(bar.start_us.saturating_add(bar.length_us)).round() as u16).clamp(from + 1, area.width);
    for at in from..to {
        let open = bar.in_progress && at + 1 == to;
        let sign = match (open, bar.critical) {
            (true, _) => pen.symbols.bar_open,
            (false, true) => pen.symbols.bar,
            (false, false) => pen.symbols.track,
        };
        pen.put(area.x + at, area.y, sign, role(bar.flags));
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
    fn a_name_comes_before_what_follows_it() {
        use crate::model::TraceId;
        use crate::ui::symbols::Charset;
        use crate::ui::theme::Theme;
        use ratatui::buffer::Buffer;

        let tree = TraceTree {
            id: TraceId(1),
            shown: String::new(),
            start_us: 0,
            end_us: 1,
            rows: Vec::new(),
            missing_parents: 0,
            in_progress: false,
            flags: Flags::default(),
        };
        let drawn = |width: u16, name: &str| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, width, 1));
            let theme = Theme::built_in("default").unwrap();
            let mut pen =
                Pen { buffer: &mut buffer, theme: &theme, symbols: Charset::Braille.symbols(), mask: false };
            let text = Label { depth: 1, orphan: false, name, after: " 163ms early", detail: "" };
            let bar = Bar {
                start_us: 0,
                length_us: 1,
                self_us: None,
                flags: Flags::default(),
                in_progress: false,
                critical: true,
            };
            let area = Rect::new(0, 0, width, 1);
            draw_line(&mut pen, area, &tree, &text, &bar);
            buffer.content().iter().map(|cell| cell.symbol().to_string()).collect::<String>()
        };
        assert!(drawn(40, "payment-authorize").contains("payment-"), "{}", drawn(40, "payment-authorize"));
        assert!(!drawn(40, "payment-authorize").contains("16"), "{}", drawn(40, "payment-authorize"));
        let wide = drawn(80, "payment-authorize");
        assert!(wide.contains("payment-authorize 163ms early"), "{wide}");
    }

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
