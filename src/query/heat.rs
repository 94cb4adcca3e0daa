//! Durations over time: in each column of an axis how many took how long, on a scale that grows by
//! ratios. Made from the sketches that the charts are made from, so its cost is the screen's and not the
//! history's.

use crate::model::Grade;
use crate::store::{BINS, Bins, first_of};

use super::cell::Cell;

/// Bins that a row can hold: from an eighth more than its lower edge to five times it.
const STEPS: [u16; 10] = [6, 9, 12, 18, 24, 36, 48, 58, 72, 84];

/// How many invocations of each column took how long, in rows of growing durations.
#[derive(Clone, Debug, PartialEq)]
pub struct Heat {
    /// Where rows begin, in µs, the shortest first, and where the last one ends.
    pub edges: Vec<u64>,
    /// Column by column the count of each row; `None` in a column in which there can be none.
    pub counts: Vec<Option<u32>>,
    /// How far they can be trusted.
    pub grade: Grade,
}

impl Heat {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }

    /// How many of a column are in a row.
    pub fn count(&self, column: usize, row: usize) -> Option<u32> {
        self.counts.get(column * self.rows() + row).copied().flatten().filter(|_| row < self.rows())
    }

    /// The durations of a row in µs.
    pub fn range(&self, row: usize) -> Option<std::ops::Range<u64>> {
        Some(*self.edges.get(row)?..*self.edges.get(row + 1)?)
    }

    /// The row of a duration in µs, the nearest.
    pub fn row_of(&self, us: u64) -> usize {
        self.edges.partition_point(|edge| *edge <= us).saturating_sub(1).min(self.rows().saturating_sub(1))
    }

    /// The row of a column in which there are most.
    pub fn fullest(&self, column: usize) -> Option<usize> {
        (0..self.rows()).max_by_key(|row| self.count(column, *row))
    }

    /// The largest count.
    pub fn most(&self) -> u32 {
        self.counts.iter().copied().flatten().max().unwrap_or(0)
    }
}

/// The durations of columns, in so many rows. `there` says in which columns there can be any.
pub fn heat(columns: &[Cell], rows: usize, there: impl Fn(usize) -> bool) -> Heat {
    let rows = rows.clamp(1, BINS);
    let bins = |cell: &Cell| cell.fold.durations.each().map(|(bin, _)| bin).collect::<Vec<_>>();
    let all: Vec<Vec<u16>> = columns.iter().map(bins).collect();
    let lowest = all.iter().filter_map(|bins| bins.first()).min().copied().unwrap_or(0);
    let highest = all.iter().filter_map(|bins| bins.last()).max().copied().unwrap_or(0);
    // Rows begin at multiples of their step, so that the scale does not shimmer while time goes on.
    let needs = |step: u16| usize::from(highest / step - lowest / step) + 1;
    let longest = BINS.div_ceil(rows).max(1) as u16 + 1;
    let step = STEPS.into_iter().find(|step| needs(*step) <= rows).unwrap_or(longest.max(STEPS[9]));
    let spare = rows.saturating_sub(needs(step));
    let first = usize::from(lowest / step).saturating_sub(spare / 2);
    let edge = |row: usize| match (first + row) * usize::from(step) {
        // What takes no time at all is in no other bin than the first.
        0 => 0,
        bin => first_of(u16::try_from(bin).unwrap_or(u16::MAX)),
    };
    let mut counts = vec![None; columns.len() * rows];
    let mut grade = Grade::Counted;
    for (at, cell) in columns.iter().enumerate().filter(|(at, _)| there(*at)) {
        grade = grade.worst(cell.count_grade());
        counts[at * rows..(at + 1) * rows].fill(Some(0));
        for (bin, n) in cell.fold.durations.each() {
            let row = usize::from(bin / step).saturating_sub(first).min(rows - 1);
            if let Some(count) = &mut counts[at * rows + row] {
                *count += n;
            }
        }
    }
    Heat { edges: (0..=rows).map(edge).collect(), counts, grade }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{End, Micros, Outcome, Timestamp};
    use crate::store::Standing;
    use proptest::prelude::*;

    fn cell(durations: &[u32]) -> Cell {
        let mut cell = Cell::default();
        for us in durations {
            let end = End {
                at: Timestamp(1),
                known: Timestamp(1),
                duration: Some(Micros(*us)),
                billed_ms: None,
                memory_mb: None,
                max_memory_mb: None,
                init: None,
                restore: None,
                outcome: Outcome::Ok,
                error: None,
            };
            let (start_known, cold) = (Timestamp(0), crate::model::Cold::No);
            cell.add(&Standing { start_known, estimated: false, cold, end: Some(end) });
        }
        cell
    }

    proptest! {
        #[test]
        fn a_cell_counts_what_a_filter_between_its_edges_finds(
            columns in prop::collection::vec(
                prop::collection::vec(prop_oneof![0u32..40, 0u32..3_000_000, any::<u32>()], 0..30), 1..6),
            rows in 1usize..40,
        ) {
            let cells: Vec<Cell> = columns.iter().map(|durations| cell(durations)).collect();
            let heat = heat(&cells, rows, |at| at != 1);
            prop_assert_eq!(heat.edges.len(), rows + 1);
            prop_assert!(heat.edges.is_sorted());
            for (at, durations) in columns.iter().enumerate() {
                for row in 0..rows {
                    let Some(count) = heat.count(at, row) else {
                        prop_assert_eq!(at, 1);
                        continue;
                    };
                    let range = heat.range(row).unwrap();
                    let slow = durations.iter().filter(|us| range.contains(&u64::from(**us))).count();
                    prop_assert_eq!(u64::from(count), slow as u64, "{:?} in {:?}", durations, range);
                }
                if at != 1 {
                    let all: u32 = (0..rows).filter_map(|row| heat.count(at, row)).sum();
                    prop_assert_eq!(all as usize, durations.len());
                }
            }
        }
    }

    #[test]
    fn nothing_and_one_value_have_a_scale_too() {
        let none = heat(&[cell(&[])], 5, |_| true);
        assert_eq!((none.edges[0], none.most(), none.count(0, 0)), (0, 0, Some(0)));
        let one = heat(&[cell(&[200_000])], 5, |_| true);
        assert_eq!(one.most(), 1);
        assert!(one.edges[0] < 200_000 && one.edges[5] > 200_000, "{:?}", one.edges);
        assert_eq!(heat(&[], 3, |_| true).counts.len(), 0);
    }
}
