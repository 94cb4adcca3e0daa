//! Time axes: which step, and where the columns lie.

use crate::model::{Timestamp, Window};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// The steps that a column can have.
const STEPS: [i64; 18] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    24 * HOUR,
];

/// Columns an axis has at most.
const MOST: usize = 10_000;

/// Columns of equal length, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// First ms of the first column.
    pub from: Timestamp,
    /// Length of a column in ms, from 1.
    pub step_ms: i64,
    /// Number of columns, from 1.
    pub columns: usize,
}

impl Axis {
    /// The axis of a chart: columns of the shortest step with which they cover the window, the last
    /// one holding `as_of`. They lie at multiples of the step, so that a chart does not shimmer
    /// while time goes on.
    pub fn chart(as_of: Timestamp, window_ms: i64, columns: usize) -> Self {
        let columns = columns.clamp(1, MOST);
        let needed = (window_ms.max(1) as u64).div_ceil(columns as u64) as i64;
        let day = STEPS[STEPS.len() - 1];
        let longer = needed.div_euclid(day).saturating_add(1).min(100_000) * day;
        let step_ms = STEPS.into_iter().find(|step| *step >= needed).unwrap_or(longer);
        let end = as_of.floor(step_ms).plus(step_ms);
        Self { from: end.plus(-step_ms * columns as i64), step_ms, columns }
    }

    /// The same columns at least so many ms earlier, still at multiples of the step.
    pub fn earlier(self, ms: i64) -> Self {
        let back = ms.max(0).saturating_add(self.step_ms - 1) / self.step_ms * self.step_ms;
        Self { from: self.from.plus(-back), ..self }
    }

    /// One column: a span of time.
    pub fn span(window: Window) -> Self {
        Self { from: window.from, step_ms: window.ms().max(1), columns: 1 }
    }

    /// All columns together.
    pub fn window(&self) -> Window {
        Window { from: self.from, to: self.from.plus(self.step_ms * self.columns as i64) }
    }

    /// The column that holds a time.
    pub fn column_of(&self, time: Timestamp) -> Option<usize> {
        let column = time.since(self.from).div_euclid(self.step_ms);
        usize::try_from(column).ok().filter(|column| *column < self.columns)
    }

    /// A column.
    pub fn column(&self, at: usize) -> Window {
        let from = self.from.plus(self.step_ms * at as i64);
        Window { from, to: from.plus(self.step_ms) }
    }

    /// The first column that is not over by `time`.
    pub fn settled(&self, time: Timestamp) -> usize {
        let over = time.since(self.from).div_euclid(self.step_ms);
        usize::try_from(over.max(0)).map_or(self.columns, |over| over.min(self.columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_chart_covers_its_window_and_does_not_shimmer(
            as_of in 0i64..4_000_000_000_000,
            window in 1i64..40 * 24 * HOUR,
            columns in 1usize..300,
            later in 0i64..100_000,
        ) {
            let axis = Axis::chart(Timestamp(as_of), window, columns);
            prop_assert!(axis.step_ms * columns as i64 >= window);
            prop_assert_eq!(axis.column_of(Timestamp(as_of)), Some(columns - 1));
            let next = Axis::chart(Timestamp(as_of + later), window, columns);
            prop_assert_eq!(next.step_ms, axis.step_ms);
            prop_assert_eq!((next.from.0 - axis.from.0) % axis.step_ms, 0);
        }
    }

    #[test]
    fn columns_hold_their_first_ms_and_not_their_last() {
        let axis = Axis::chart(Timestamp(90_500), 60_000, 60);
        assert_eq!((axis.step_ms, axis.from), (1_000, Timestamp(31_000)));
        assert_eq!(axis.column_of(Timestamp(31_999)), Some(0));
        assert_eq!(axis.column_of(Timestamp(32_000)), Some(1));
        assert_eq!(axis.column_of(Timestamp(30_999)), None);
        assert_eq!(axis.column_of(Timestamp(91_000)), None);
        assert_eq!(axis.settled(Timestamp(90_500)), 59);
        assert_eq!(axis.settled(Timestamp(91_000)), 60);
        assert_eq!(Axis::chart(Timestamp(0), i64::MAX, 1).columns, 1);
    }
}
