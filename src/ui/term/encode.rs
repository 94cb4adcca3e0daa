//! Changed cells to bytes: the fewest that a terminal of the given depth understands.
//!
//! The sixteen colours go out as 30-37 and 90-97, not as `38;5;n`: shorter, and known to every
//! terminal that has colours. The cursor moves by column alone where the row is certain.
//! Nothing but graphic characters gets through, whatever a cell holds.

use std::io::Write;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use super::Depth;

/// The most bytes of one cell: a letter with thousands of accents is one grapheme.
const MAX_GRAPHEME: usize = 32;

const ATTRIBUTES: [(Modifier, u8); 8] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

#[derive(Clone, Copy, PartialEq)]
struct Look {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

const PLAIN: Look = Look { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

/// Appends the bytes that draw `cells` (column, row, cell), in reading order. The terminal's
/// style is plain before and after.
pub(super) fn cells<'a>(out: &mut Vec<u8>, depth: Depth, cells: impl Iterator<Item = (u16, u16, &'a Cell)>) {
    let mut look = PLAIN;
    // Where the cursor stands, and whether the terminal surely agrees: the width of anything but
    // ASCII is a guess, and a wrong one may have wrapped into the next row.
    let mut cursor: Option<(u16, u16)> = None;
    let mut certain = false;
    for (x, y, cell) in cells {
        if cursor != Some((x, y)) {
            match cursor {
                Some((_, row)) if row == y && certain => escape(out, format_args!("{}G", u32::from(x) + 1)),
                _ => {
                    escape(out, format_args!("{};{}H", u32::from(y) + 1, u32::from(x) + 1));
                    certain = true;
                }
            }
        }
        let wanted = Look { fg: fit(cell.fg, depth), bg: fit(cell.bg, depth), modifier: cell.modifier };
        if wanted != look {
            restyle(out, look, wanted);
            look = wanted;
        }
        let symbol = harmless(cell.symbol());
        out.extend_from_slice(symbol.as_bytes());
        certain &= symbol.len() == 1;
        cursor = x.checked_add(1).map(|next| (next, y));
    }
    if look != PLAIN {
        escape(out, format_args!("m"));
    }
}

/// Appends the cells of one row as a terminal of 24-bit colours takes them, one after the other.
pub fn line<'a>(out: &mut Vec<u8>, row: impl Iterator<Item = &'a Cell>) {
    let mut look = PLAIN;
    for cell in row {
        let wanted = Look { fg: cell.fg, bg: cell.bg, modifier: cell.modifier };
        if wanted != look {
            restyle(out, look, wanted);
            look = wanted;
        }
        out.extend_from_slice(harmless(cell.symbol()).as_bytes());
    }
    if look != PLAIN {
        escape(out, format_args!("m"));
    }
}

/// Red, green and blue of a colour as xterm draws it; `None` for the terminal's own.
pub fn rgb(color: Color) -> Option<(u8, u8, u8)> {
    let [r, g, b] = match (color, ansi(color)) {
        (Color::Rgb(r, g, b), _) => [r, g, b],
        (Color::Indexed(number), _) | (_, Some(number)) => palette(number),
        _ => return None,
    };
    Some((r, g, b))
}

fn escape(out: &mut Vec<u8>, rest: std::fmt::Arguments<'_>) {
    out.extend_from_slice(b"\x1b[");
    // Writing into a Vec cannot fail.
    let _ = out.write_fmt(rest);
}

/// What may go to a terminal of a cell's text. Everything was made visible long before; this is
/// the last door.
fn harmless(symbol: &str) -> &str {
    if symbol.is_empty() || symbol.chars().any(char::is_control) {
        return "?";
    }
    &symbol[..symbol.floor_char_boundary(MAX_GRAPHEME)]
}

fn restyle(out: &mut Vec<u8>, mut from: Look, to: Look) {
    if to == PLAIN {
        return escape(out, format_args!("m"));
    }
    out.extend_from_slice(b"\x1b[");
    let mut first = true;
    let mut parameter = |text: std::fmt::Arguments<'_>| {
        if !std::mem::take(&mut first) {
            out.push(b';');
        }
        let _ = out.write_fmt(text);
    };
    // Bold and dim share their "off", so what goes away goes away by starting over.
    if !to.modifier.contains(from.modifier) {
        parameter(format_args!("0"));
        from = PLAIN;
    }
    for (modifier, number) in ATTRIBUTES {
        if to.modifier.contains(modifier) && !from.modifier.contains(modifier) {
            parameter(format_args!("{number}"));
        }
    }
    for (was, is, base) in [(from.fg, to.fg, 30), (from.bg, to.bg, 40)] {
        if was == is {
            continue;
        }
        match (is, ansi(is)) {
            (_, Some(number @ 0..8)) => parameter(format_args!("{}", base + number)),
            (_, Some(number)) => parameter(format_args!("{}", base + 52 + number)),
            (Color::Indexed(number), _) => parameter(format_args!("{};5;{number}", base + 8)),
            (Color::Rgb(r, g, b), _) => parameter(format_args!("{};2;{r};{g};{b}", base + 8)),
            _ => parameter(format_args!("{}", base + 9)),
        }
    }
    out.push(b'm');
}

/// The number of one of the terminal's own sixteen colours.
fn ansi(color: Color) -> Option<u8> {
    Some(match color {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Indexed(number @ 0..16) => number,
        Color::Reset | Color::Indexed(_) | Color::Rgb(..) => return None,
    })
}

/// The nearest colour that a terminal of this depth has.
fn fit(color: Color, depth: Depth) -> Color {
    match (color, depth) {
        (_, Depth::None) => Color::Reset,
        (Color::Rgb(r, g, b), Depth::Indexed256) => Color::Indexed(nearest([r, g, b], 16..=255)),
        (Color::Rgb(r, g, b), Depth::Ansi16) => Color::Indexed(nearest([r, g, b], 0..=15)),
        (Color::Rgb(r, g, b), Depth::Ansi8) => Color::Indexed(nearest([r, g, b], 0..=7)),
        (Color::Indexed(number @ 16..), Depth::Ansi8) => Color::Indexed(nearest(palette(number), 0..=7)),
        // Dark grey's dark half is black, which is no colour for a text.
        (_, Depth::Ansi8) => match ansi(color) {
            Some(8) => Color::Gray,
            Some(number @ 9..) => Color::Indexed(number - 8),
            _ => color,
        },
        (Color::Indexed(number @ 16..), Depth::Ansi16) => Color::Indexed(nearest(palette(number), 0..=15)),
        _ => color,
    }
}

fn nearest(wanted: [u8; 3], among: std::ops::RangeInclusive<u8>) -> u8 {
    let first = *among.start();
    among
        .min_by_key(|&number| {
            palette(number).iter().zip(wanted).map(|(&a, b)| u32::from(a.abs_diff(b)).pow(2)).sum::<u32>()
        })
        .unwrap_or(first)
}

/// Red, green and blue of a palette entry, as xterm has them.
fn palette(number: u8) -> [u8; 3] {
    match number {
        0..16 => {
            let level = if number > 8 { 255 } else { 205 };
            match number {
                7 => [229; 3],
                8 => [127; 3],
                _ => [0, 1, 2].map(|bit| if number >> bit & 1 == 1 { level } else { 0 }),
            }
        }
        16..232 => {
            let cube = number - 16;
            [cube / 36, cube / 6 % 6, cube % 6].map(|step| if step == 0 { 0 } else { 55 + 40 * step })
        }
        232.. => [8 + 10 * (number - 232); 3],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(depth: Depth, list: &[(u16, u16, Cell)]) -> String {
        let mut out = Vec::new();
        cells(&mut out, depth, list.iter().map(|(x, y, cell)| (*x, *y, cell)));
        String::from_utf8(out).unwrap().replace('\x1b', "E")
    }

    fn cell(symbol: &str, fg: Color, bg: Color, modifier: Modifier) -> Cell {
        let mut cell = Cell::default();
        cell.set_symbol(symbol);
        (cell.fg, cell.bg, cell.modifier) = (fg, bg, modifier);
        cell
    }

    fn plain(symbol: &str) -> Cell {
        cell(symbol, Color::Reset, Color::Reset, Modifier::empty())
    }

    #[test]
    fn nothing_to_draw_is_nothing_to_send() {
        assert_eq!(encoded(Depth::True, &[]), "");
    }

    #[test]
    fn a_changed_digit_costs_one_move_and_one_byte() {
        assert_eq!(encoded(Depth::True, &[(70, 0, plain("7"))]), "E[1;71H7");
    }

    #[test]
    fn moves_within_a_row_name_the_column_until_a_width_is_uncertain() {
        let list = [(0, 1, plain("a")), (5, 1, plain("é")), (9, 1, plain("b")), (12, 1, plain("c"))];
        assert_eq!(encoded(Depth::True, &list), "E[2;1HaE[6GéE[2;10HbE[13Gc");
    }

    #[test]
    fn styles_change_by_the_difference_and_end_plain() {
        let list = [
            (0, 0, cell("a", Color::Red, Color::Reset, Modifier::empty())),
            (1, 0, cell("b", Color::Red, Color::Reset, Modifier::BOLD)),
            (2, 0, cell("c", Color::LightRed, Color::Blue, Modifier::empty())),
            (3, 0, plain("d")),
            (4, 0, cell("e", Color::White, Color::DarkGray, Modifier::REVERSED)),
        ];
        assert_eq!(encoded(Depth::Ansi16, &list), "E[1;1HE[31maE[1mbE[0;91;44mcE[mdE[7;97;100meE[m");
    }

    #[test]
    fn colours_that_the_terminal_lacks_become_the_nearest_or_none() {
        let list = [(0, 0, cell("x", Color::Rgb(250, 5, 0), Color::Indexed(232), Modifier::BOLD))];
        assert_eq!(encoded(Depth::True, &list), "E[1;1HE[1;38;2;250;5;0;48;5;232mxE[m");
        assert_eq!(encoded(Depth::Indexed256, &list), "E[1;1HE[1;38;5;196;48;5;232mxE[m");
        assert_eq!(encoded(Depth::Ansi16, &list), "E[1;1HE[1;91;40mxE[m");
        assert_eq!(encoded(Depth::Ansi8, &list), "E[1;1HE[1;31;40mxE[m");
        assert_eq!(encoded(Depth::None, &list), "E[1;1HE[1mxE[m");
        for (color, sent) in
            [(Color::LightCyan, 36), (Color::DarkGray, 37), (Color::White, 37), (Color::Red, 31)]
        {
            let list = [(0, 0, cell("x", color, Color::Reset, Modifier::empty()))];
            assert_eq!(encoded(Depth::Ansi8, &list), format!("E[1;1HE[{sent}mxE[m"));
        }
    }

    #[test]
    fn only_graphic_characters_get_through() {
        let zalgo = format!("a{}", "\u{301}".repeat(5_000));
        let list = [
            (0, 0, plain("\x1b[31m")),
            (1, 0, plain("\u{9b}")),
            (2, 0, plain("\x7f")),
            (3, 0, plain("")),
            (4, 0, plain(&zalgo)),
        ];
        let sent = encoded(Depth::True, &list);
        assert!(sent.starts_with("E[1;1H???"), "{sent}");
        assert!(sent.len() < 80 && !sent.contains('\u{9b}'), "{sent}");
    }

    #[test]
    fn the_palette_is_xterms() {
        assert_eq!(palette(1), [205, 0, 0]);
        assert_eq!(palette(15), [255; 3]);
        assert_eq!(palette(16), [0; 3]);
        assert_eq!(palette(196), [255, 0, 0]);
        assert_eq!(palette(231), [255; 3]);
        assert_eq!(palette(255), [238; 3]);
    }
}
