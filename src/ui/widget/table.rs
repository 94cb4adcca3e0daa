//! Columns of a table: which of them fit, and where they stand.

use crate::ui::sanitize;
use crate::ui::theme::Role;

use super::pen::Pen;

/// A column. Its width counts what follows its text: a blank, or the mark of a number that is
/// still settling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Its head.
    pub title: &'static str,
    /// Its width; of a growing one the least.
    pub width: u16,
    /// Numbers are aligned right, names left.
    pub right: bool,
    /// The order in which columns leave when it is narrow: the highest first, 0 never.
    pub leaves: u8,
    /// How much wider it may become; columns grow in the order in which they stand.
    pub grows: u16,
}

/// A column that is shown: its number, where it begins, how wide it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// Index into the columns.
    pub column: usize,
    /// Columns from the table's left edge.
    pub x: u16,
    /// Columns wide.
    pub width: u16,
}

/// The columns that fit into `width`.
pub fn fit(columns: &[Column], width: u16) -> Vec<Placed> {
    fit_without(columns, width, &[])
}

/// The same but for columns that are hidden, by their heads, and may leave.
pub fn fit_without(columns: &[Column], width: u16, hidden: &[&str]) -> Vec<Placed> {
    let chosen = |at: &usize| columns[*at].leaves == 0 || !hidden.contains(&columns[*at].title);
    let mut shown: Vec<usize> = (0..columns.len()).filter(chosen).collect();
    let needs = |shown: &[usize]| shown.iter().map(|&at| u32::from(columns[at].width)).sum::<u32>();
    while needs(&shown) > u32::from(width) {
        let first_to_leave = shown.iter().copied().max_by_key(|&at| columns[at].leaves);
        match first_to_leave.filter(|&at| columns[at].leaves > 0) {
            Some(at) => shown.retain(|&kept| kept != at),
            None => break,
        }
    }
    let mut spare = u32::from(width).saturating_sub(needs(&shown)) as u16;
    let mut x = 0;
    shown
        .into_iter()
        .map(|column| {
            let more = columns[column].grows.min(spare);
            spare -= more;
            let placed = Placed { column, x, width: columns[column].width + more };
            x += placed.width;
            placed
        })
        .collect()
}

/// Draws the heads; the column by which the rows are sorted carries an arrow.
pub fn head(
    pen: &mut Pen,
    x: u16,
    y: u16,
    columns: &[Column],
    placed: &[Placed],
    sorted: Option<(usize, bool)>,
) {
    for place in placed {
        let column = &columns[place.column];
        let arrow = sorted.filter(|(at, _)| *at == place.column).map(|(_, reverse)| reverse);
        let role = if arrow.is_some() { Role::Focus } else { Role::Label };
        let after = cell(pen, x, y, *place, column.right, column.title, role);
        if let Some(reverse) = arrow {
            let sign = if reverse { pen.symbols.up } else { pen.symbols.down };
            let at = if column.right { x + place.x + place.width - 1 } else { after };
            pen.put(at, y, sign, Role::Focus);
        }
    }
}

/// Draws one cell; a text aligned right leaves one column free, and a number that is too wide
/// takes blanks on its left: it must not be cut. Returns the column after it.
pub fn cell(pen: &mut Pen, x: u16, y: u16, place: Placed, right: bool, text: &str, role: Role) -> u16 {
    let (from, mut room) = (x + place.x, place.width.saturating_sub(1));
    if !right {
        return pen.text(from, y, room, text, role);
    }
    let end = from + room;
    let wide = sanitize::width(&sanitize::display(text, pen.symbols)) as u16;
    let free = |at: u16| pen.buffer.cell((at, y)).is_some_and(|cell| cell.symbol() == " ");
    while room < wide && end > x + room + 1 && free(end - room - 1) && free(end - room - 2) {
        room += 1;
    }
    // The blank before a unit goes before a digit does.
    let text = if room < wide { text.replace(' ', "") } else { text.to_string() };
    pen.right(end, y, room, &text, role);
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::symbols::Charset;
    use crate::ui::theme::Theme;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    const COLUMNS: [Column; 4] = [
        Column { title: "NAME", width: 10, right: false, leaves: 0, grows: 20 },
        Column { title: "P50", width: 6, right: true, leaves: 1, grows: 0 },
        Column { title: "MEM", width: 5, right: true, leaves: 2, grows: 0 },
        Column { title: "TREND", width: 8, right: false, leaves: 3, grows: 30 },
    ];

    fn titles(width: u16) -> Vec<&'static str> {
        fit(&COLUMNS, width).iter().map(|place| COLUMNS[place.column].title).collect()
    }

    #[test]
    fn columns_leave_in_their_order_and_the_first_stays() {
        assert_eq!(titles(29), ["NAME", "P50", "MEM", "TREND"]);
        assert_eq!(titles(28), ["NAME", "P50", "MEM"]);
        assert_eq!(titles(20), ["NAME", "P50"]);
        assert_eq!(titles(15), ["NAME"]);
        assert_eq!(titles(0), ["NAME"]);
    }

    #[test]
    fn spare_room_goes_to_those_that_grow() {
        let widths = |width| fit(&COLUMNS, width).iter().map(|place| place.width).collect::<Vec<_>>();
        assert_eq!(widths(39), [20, 6, 5, 8]);
        assert_eq!(widths(59), [30, 6, 5, 18]);
        assert_eq!(widths(200), [30, 6, 5, 38]);
        let placed = fit(&COLUMNS, 59);
        assert_eq!(placed[3].x, 41);
    }

    #[test]
    fn a_number_takes_blanks_rather_than_being_cut() {
        let area = Rect::new(0, 0, 20, 2);
        let (mut buffer, theme) = (Buffer::empty(area), Theme::built_in("default").unwrap());
        let symbols = Charset::Ascii.symbols();
        let mut pen = Pen { buffer: &mut buffer, theme: &theme, symbols, mask: false };
        let place = Placed { column: 0, x: 6, width: 6 };
        assert_eq!(cell(&mut pen, 0, 0, place, true, ">=240ms", Role::Text), 11);
        pen.text(0, 1, 6, "12345", Role::Text);
        cell(&mut pen, 0, 1, place, true, ">=30 s", Role::Text);
        let row = |y| (0..20).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        assert_eq!(row(0).trim_end(), "    >=240ms");
        assert_eq!(row(1).trim_end(), "12345 >=30s");
    }
}
