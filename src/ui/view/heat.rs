//! The heat map of durations: time to the right, duration upwards by ratios, the more the darker.

use ratatui::layout::Rect;

use crate::model::Graded;
use crate::query::view::{Heat, Overview};
use crate::ui::app::{Board, HeatCell};
use crate::ui::number;
use crate::ui::sanitize;
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::axis;
use crate::ui::widget::pen::Pen;
use crate::ui::zone::Zone;

use super::span_words;

/// Columns of the scale, as charts have it.
const SCALE: u16 = 6;

/// How dark a count is beside the largest: 0 for none, to the number of shades.
fn shade(count: u32, most: u32, shades: usize) -> usize {
    if count == 0 {
        return 0;
    }
    // By ratios, so that the few slow ones are seen beside the many usual ones.
    let part = f64::from(count).ln_1p() / f64::from(most.max(1)).ln_1p();
    ((part * shades as f64).ceil() as usize).clamp(1, shades)
}

/// What the shades mean, where that fits.
pub fn legend(pen: &mut Pen, area: Rect, answer: &Overview) {
    let Some(heat) = answer.heat.as_ref().filter(|heat| heat.most() > 0) else { return };
    let grade = number::graded(&heat.grade.of(()), |()| String::new(), pen.symbols);
    let text = format!("{grade}{}", shades(heat.most(), pen.symbols));
    if sanitize::width(&text) <= usize::from(area.width) {
        pen.right(area.right(), area.y, area.width, &text, Role::Label);
    }
}

/// The least count of each shade that there is.
fn shades(most: u32, symbols: &Symbols) -> String {
    let levels = symbols.shades.len();
    let least = |level: usize| {
        // Counts grow by ratios: the first guess is near.
        let guess = (f64::from(most).ln_1p() * (level - 1) as f64 / levels as f64).exp_m1().floor() as u32;
        (guess.saturating_sub(1).max(1)..=most).find(|count| shade(*count, most, levels) == level)
    };
    let words = |level: usize| {
        let from = number::count(f64::from(least(level)?));
        Some(format!("{}{from}", symbols.shades[level - 1]))
    };
    (1..=levels).filter_map(words).collect::<Vec<_>>().join(" ")
}

/// Rows of a map in a panel of this height: a line of figures is above it, times are below it.
pub fn rows(height: u16) -> usize {
    usize::from(height.saturating_sub(2))
}

/// Draws the map and its times.
pub fn draw(pen: &mut Pen, area: Rect, answer: &Overview, board: &Board, zone: Zone) {
    let Some(heat) = &answer.heat else {
        pen.text(area.x, area.y, area.width, "looking", Role::Label);
        return;
    };
    let most = heat.most();
    let (width, height) = (area.width.saturating_sub(SCALE), area.height.saturating_sub(1));
    let body = Rect::new(area.x + SCALE, area.y, width, height);
    let columns = (heat.counts.len() / heat.rows().max(1)).min(usize::from(body.width));
    let cell = board.heat_cell();
    for (y, row) in (body.y..body.bottom()).zip((0..heat.rows()).rev()) {
        scale(pen, Rect::new(area.x, y, SCALE, 1), heat, row, cell.as_ref());
        for column in 0..columns {
            let at = body.x + column as u16;
            let settled = column < answer.panels.duration.chart.settled;
            match heat.count(column, row) {
                // Where nothing can be there is not nothing.
                None if row == 0 => pen.put(at, y, pen.symbols.none, Role::Label),
                None | Some(0) => {}
                Some(count) => {
                    let level = shade(count, most, pen.symbols.shades.len());
                    let role = if settled { Role::Series } else { Role::Label };
                    pen.put(at, y, pen.symbols.shades[level - 1], role);
                }
            }
        }
    }
    if let Some(cell) = cell {
        let at = body.x + cell.column as u16;
        let y = body.bottom().saturating_sub(1 + cell.row as u16);
        pen.paint(Rect::new(at, body.y, 1, body.height), Role::Crosshair);
        pen.paint(Rect::new(at, y, 1, 1).intersection(body), Role::Selection);
    }
    axis::times(pen, body.x, area.bottom() - 1, columns as u16, answer.window, zone, &answer.marks);
}

/// Where a row begins: every second one, and that of the selected cell.
fn scale(pen: &mut Pen, area: Rect, heat: &Heat, row: usize, cell: Option<&HeatCell>) {
    let selected = cell.is_some_and(|cell| cell.row == row);
    let near = cell.is_some_and(|cell| cell.row.abs_diff(row) == 1);
    let Some(range) = heat.range(row).filter(|_| selected || (row.is_multiple_of(2) && !near)) else {
        return;
    };
    let role = if selected { Role::Crosshair } else { Role::Label };
    let text = number::duration(range.start as f64 / 1_000.0);
    pen.right(area.right() - 1, area.y, area.width - 1, &text, role);
}

/// `99.6ms to 126ms`.
pub fn took_words(took: &std::ops::Range<u64>) -> String {
    let ms = |us: u64| number::duration_long(us as f64 / 1_000.0);
    format!("{} to {}", ms(took.start), ms(took.end))
}

/// What the focused panel says while it shows the map.
pub fn explain(board: &Board, zone: Zone, symbols: &Symbols) -> String {
    let heat = board.answer.as_ref().and_then(|answer| answer.heat.as_ref());
    match (board.heat_cell(), heat) {
        (Some(cell), Some(heat)) => {
            let count = cell.count.map_or(Graded::NoSource(crate::model::Why::NoData), |n| heat.grade.of(n));
            let count = number::graded(&count, |n| number::whole(u64::from(n)), symbols);
            let settled =
                board.answer.as_ref().is_some_and(|a| cell.column < a.panels.duration.chart.settled);
            let settling =
                if settled { String::new() } else { format!(" {} still settling", symbols.settling) };
            let (span, took) = (span_words(cell.span, zone), took_words(&cell.took));
            format!("{span}: {count} that took {took}{settling}")
        }
        _ => "each cell: how many that began then took so long; arrows go to one, Enter lists it".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::symbols::Charset;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn more_is_never_lighter_and_something_is_never_nothing(most in 1u32..100_000, a in 0u32..100_000, b in 0u32..100_000) {
            let of = |count: u32| shade(count.min(most), most, 4);
            prop_assert!(a > b || of(a) <= of(b));
            prop_assert_eq!(of(a) == 0, a == 0);
            prop_assert_eq!(of(most), 4);
        }

        #[test]
        fn the_legend_names_the_least_of_each_shade(most in 0u32..3_000) {
            let symbols = Charset::Ascii.symbols();
            let slow: Vec<String> = (1..=4)
                .filter_map(|level| {
                    let least = (1..=most).find(|count| shade(*count, most, 4) == level)?;
                    Some(format!("{}{}", symbols.shades[level - 1], number::count(f64::from(least))))
                })
                .collect();
            prop_assert_eq!(shades(most, symbols), slow.join(" "));
        }
    }
}
