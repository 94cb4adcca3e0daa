//! Concurrency: how many invocations ran at once, exact from their intervals.

use crate::model::{Grade, Timestamp, Why, Window};
use crate::store::{FunctionData, Row, Series, Standing, levels_within};

use super::asof::AsOf;
use super::axis::Axis;

/// Peaks of concurrency by column.
#[derive(Clone, Debug, PartialEq)]
pub struct Peaks {
    /// The peak of each column.
    pub columns: Vec<u32>,
    /// How far they can be trusted.
    pub grade: Grade,
}

impl Peaks {
    /// The peak of all columns.
    pub fn peak(&self) -> u32 {
        self.columns.iter().copied().max().unwrap_or(0)
    }
}

/// When invocations ran, of one function or of several.
#[derive(Clone, Debug, Default)]
pub struct Running {
    /// When they began, in ms, sorted.
    starts: Vec<i64>,
    /// When they had ended, in ms, sorted.
    ends: Vec<i64>,
    /// From when to when those ran whose start is computed from their REPORT.
    estimated: Vec<(i64, i64)>,
}

impl Running {
    /// Of the invocations of a function that ran in a window and that `test` wants. One that has
    /// not ended runs until now.
    pub fn of(
        asof: AsOf<'_>,
        function: &FunctionData,
        window: Window,
        test: impl Fn(&Row, &Standing) -> bool,
    ) -> Self {
        let mut running = Self::default();
        let from = window.from.max(asof.snapshot.rows_from);
        let to = window.to.min(asof.at.plus(1));
        for page in function.rows.pages() {
            if page.items().first().is_none_or(|row| row.start() >= to) {
                break;
            }
            let over = page.items().last().is_none_or(|row| row.start() < from);
            if over && page.summary().end <= from && page.summary().known <= asof.at {
                continue;
            }
            for row in page.items() {
                let Some(standing) = asof.standing(function, row) else { continue };
                let end = standing.end.map_or(asof.at.plus(1), |end| end.at);
                if end <= from || row.start() >= to || !test(row, &standing) {
                    continue;
                }
                let (start, end) = (row.start().max(from).0, end.min(to).0);
                if standing.estimated {
                    running.estimated.push((start, end));
                }
                if start < end {
                    running.starts.push(start);
                    running.ends.push(end);
                }
            }
        }
        running.sort();
        running
    }

    /// Of all functions together.
    pub fn together<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        let mut together = Self::default();
        for one in all {
            together.starts.extend_from_slice(&one.starts);
            together.ends.extend_from_slice(&one.ends);
            together.estimated.extend_from_slice(&one.estimated);
        }
        together.sort();
        together
    }

    /// Each function's lie in order, mostly, which the stable sort makes use of.
    fn sort(&mut self) {
        self.starts.sort();
        self.ends.sort();
    }

    /// The peaks of an axis, from the intervals alone.
    pub fn peaks(&self, axis: &Axis) -> Peaks {
        let mut columns = vec![0u32; axis.columns];
        let whole = axis.window();
        levels_within(&self.starts, &self.ends, (whole.from.0, whole.to.0), |from, to, open| {
            let (first, last) = (axis.column_of(Timestamp(from)), axis.column_of(Timestamp(to - 1)));
            if let (Some(first), Some(last)) = (first, last) {
                columns[first..=last].iter_mut().for_each(|peak| *peak = open.max(*peak));
            }
        });
        let inside = |(start, end): &(i64, i64)| *start < whole.to.0 && *end > whole.from.0;
        let grade = match self.estimated.iter().any(inside) {
            true => Grade::Estimated(Why::StartFromReport),
            false => Grade::Counted,
        };
        Peaks { columns, grade }
    }
}

/// Puts in what buckets keep of the time whose rows were let go.
pub fn kept_peaks(asof: AsOf<'_>, series: &Series, axis: &Axis, peaks: &mut Peaks) {
    let rows_from = asof.snapshot.rows_from;
    if axis.from >= rows_from {
        return;
    }
    for at in 0..axis.columns {
        let column = axis.column(at);
        if column.from >= rows_from || column.from > asof.at {
            break;
        }
        // The narrowest buckets that reach back so far; wider ones hold peaks of their neighbours.
        let narrowest = series.levels.iter().find(|level| level.from <= column.from.floor(level.width_ms));
        let Some(level) = narrowest else {
            peaks.grade = peaks.grade.worst(Grade::AtLeast(Why::Evicted));
            continue;
        };
        let first = column.from.floor(level.width_ms);
        for bucket in level.buckets.from(first).take_while(|bucket| bucket.start < column.to) {
            peaks.columns[at] = peaks.columns[at].max(bucket.peak);
            let inside = bucket.start >= column.from && bucket.start.plus(level.width_ms) <= column.to;
            if bucket.late {
                peaks.grade = peaks.grade.worst(Grade::Estimated(Why::OutOfOrder));
            }
            if !inside || bucket.max_known() > asof.at {
                peaks.grade = peaks.grade.worst(Grade::Estimated(Why::Evicted));
            }
        }
    }
}
