//! Columns of a table: which of them fit, and where they stand.

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
    let mut shown: Vec<usize> = (0..columns.len()).collect();
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

/// Draws one cell; a text aligned right leaves one column free. Returns the column after it.
pub fn cell(pen: &mut Pen, x: u16, y: u16, place: Placed, right: bool, text: &str, role: Role) -> u16 {
    let (from, room) = (x + place.x, place.width.saturating_sub(1));
    if right {
        pen.right(from + room, y, room, text, role);
        from + room
    } else {
        pen.text(from, y, room, text, role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
