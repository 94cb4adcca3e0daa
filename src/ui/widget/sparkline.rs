//! A chart of one row: eight levels, a gap where there are no data, `…` where it still settles.

use crate::ui::theme::Role;

use super::pen::Pen;

/// As many points as columns: each column takes the highest of its points. A column without data
/// is a gap.
pub fn resample(points: &[Option<f64>], columns: usize) -> Vec<Option<f64>> {
    if points.len() == columns || points.is_empty() {
        return if points.is_empty() { vec![None; columns] } else { points.to_vec() };
    }
    (0..columns)
        .map(|column| {
            let from = column * points.len() / columns;
            let to = ((column + 1) * points.len()).div_ceil(columns).min(points.len());
            points[from..to.max(from + 1)].iter().flatten().copied().reduce(f64::max)
        })
        .collect()
}

/// Draws the points over `width` columns, from 0 to the highest of them; columns from the point
/// `settled` on are unfinished. 0 is the lowest level, and only 0.
pub fn draw(pen: &mut Pen, x: u16, y: u16, width: u16, points: &[Option<f64>], settled: usize, role: Role) {
    let columns = usize::from(width);
    let unfinished =
        if points.is_empty() { columns } else { settled.min(points.len()) * columns / points.len() };
    let points = resample(points, columns);
    let most = points.iter().flatten().copied().fold(0.0, f64::max);
    for (column, point) in (0u16..).zip(points.iter().enumerate()) {
        match point {
            (_, None) => {}
            (at, Some(_)) if at >= unfinished => pen.put(x + column, y, pen.symbols.settling, Role::Settling),
            (_, Some(value)) => pen.put(x + column, y, pen.symbols.levels[level(*value, most)], role),
        }
    }
}

fn level(value: f64, most: f64) -> usize {
    if !(value > 0.0 && most > 0.0) {
        return 0;
    }
    ((value / most * 7.0).round() as usize).clamp(1, 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_the_lowest_level_and_only_zero() {
        assert_eq!(level(0.0, 9.0), 0);
        assert_eq!(level(0.001, 9.0), 1);
        assert_eq!(level(9.0, 9.0), 7);
        assert_eq!(level(0.0, 0.0), 0);
        assert_eq!(level(f64::NAN, 1.0), 0);
    }

    #[test]
    fn columns_take_the_highest_of_their_points_and_gaps_stay_gaps() {
        let points = [Some(1.0), Some(5.0), None, None, Some(2.0), None];
        assert_eq!(resample(&points, 3), [Some(5.0), None, Some(2.0)]);
        assert_eq!(resample(&points[..2], 4), [Some(1.0), Some(1.0), Some(5.0), Some(5.0)]);
        assert_eq!(resample(&[], 2), [None, None]);
        assert_eq!(resample(&points, 0), []);
    }
}
