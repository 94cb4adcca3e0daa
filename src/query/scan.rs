//! Walking over what a span of time holds: buckets where they are as good as their rows or all
//! that is left, rows elsewhere. The answer never depends on which way was taken.

use crate::model::{Timestamp, Window};
use crate::store::{Bucket, FunctionData, Row, Series, Standing};

use super::asof::AsOf;
use super::axis::Axis;

/// A part of what a span holds.
pub enum Part<'a> {
    /// An invocation, as it stands.
    Row(Standing),
    /// A share of a bucket; whether it is what its rows would come to as of now.
    Bucket(&'a Bucket, f64, bool),
    /// Nothing is left of it.
    Lost,
}

/// How a stretch of time can be answered.
enum Stretch<'a> {
    /// From this share of a bucket, exact or not.
    Bucket(&'a Bucket, f64, bool),
    /// From the rows that began in it.
    Rows(Window),
    /// Nothing is left.
    Lost,
}

/// The narrowest buckets that are worth reading where the rows are there too.
pub const MINUTES: usize = 1;
/// The same for the buckets of all functions together.
pub const SECONDS: usize = 0;

/// Splits `span` into stretches. Buckets narrower than those of level `finest` are read only where
/// rows were let go.
fn stretches<'a>(
    asof: AsOf<'_>,
    series: &'a Series,
    span: Window,
    finest: usize,
    each: &mut impl FnMut(Stretch<'a>),
) {
    let rows_from = asof.snapshot.rows_from;
    let mut rows: Option<Window> = None;
    // Before the first invocation there is nothing, however far back is asked.
    let mut at = span.from.max(asof.snapshot.oldest.floor(series.levels[series.levels.len() - 1].width_ms));
    while at < span.to {
        let levels = series.levels.iter().enumerate().rev();
        let fitting = levels.filter(|(_, level)| {
            at.0.rem_euclid(level.width_ms) == 0 && at.plus(level.width_ms) <= span.to && level.from <= at
        });
        let finest = if at < rows_from { 0 } else { finest };
        let memo = fitting
            .filter(|(number, _)| *number >= finest)
            .map(|(_, level)| (at.plus(level.width_ms), level.buckets.get(at)))
            .find(|(_, bucket)| bucket.is_none_or(|bucket| bucket.max_known() <= asof.at));
        if let Some((to, bucket)) = memo {
            rows.take().into_iter().for_each(|window| each(Stretch::Rows(window)));
            bucket.into_iter().for_each(|bucket| each(Stretch::Bucket(bucket, 1.0, true)));
            at = to;
        } else if at >= rows_from {
            let width = series.levels[finest].width_ms;
            let to = at.floor(width).plus(width).min(span.to);
            rows = Some(Window { from: rows.map_or(at, |window| window.from), to });
            at = to;
        } else {
            let end = span.to.min(rows_from);
            let left = series.levels.iter().find(|level| level.from <= at.floor(level.width_ms));
            let Some(level) = left else {
                each(Stretch::Lost);
                at = end;
                continue;
            };
            let start = at.floor(level.width_ms);
            let to = start.plus(level.width_ms).min(end);
            if let Some(bucket) = level.buckets.get(start) {
                let share = to.since(at) as f64 / level.width_ms as f64;
                each(Stretch::Bucket(bucket, share, false));
            }
            at = to;
        }
    }
    rows.into_iter().for_each(|window| each(Stretch::Rows(window)));
}

/// The rows of a function that began in a window and are known, with how they stand.
pub fn rows<'a>(
    asof: AsOf<'a>,
    function: &'a FunctionData,
    window: Window,
) -> impl Iterator<Item = (&'a Row, Standing)> {
    let last = window.to.min(asof.at.plus(1));
    let from = function.rows.from((window.from, 0));
    from.take_while(move |row| row.start() < last)
        .filter_map(move |row| Some((row, asof.standing(function, row)?)))
}

/// Walks over what a function has in the columns of an axis: the column, and what lies in it.
pub fn of_function<'a>(
    asof: AsOf<'a>,
    function: &'a FunctionData,
    axis: &Axis,
    each: &mut impl FnMut(usize, Part<'a>),
) {
    let window = axis.window();
    if window.from >= asof.snapshot.rows_from && axis.step_ms < function.series.levels[MINUTES].width_ms {
        rows(asof, function, window).for_each(|(row, standing)| {
            if let Some(column) = axis.column_of(row.start()) {
                each(column, Part::Row(standing));
            }
        });
        return;
    }
    for column in 0..axis.columns {
        stretches(asof, &function.series, axis.column(column), MINUTES, &mut |stretch| match stretch {
            Stretch::Bucket(bucket, share, exact) => each(column, Part::Bucket(bucket, share, exact)),
            Stretch::Lost => each(column, Part::Lost),
            Stretch::Rows(window) => {
                rows(asof, function, window).for_each(|(_, standing)| each(column, Part::Row(standing)));
            }
        });
    }
}

/// Walks over what all functions together have in the columns of an axis.
pub fn of_all<'a>(asof: AsOf<'a>, axis: &Axis, each: &mut impl FnMut(usize, Part<'a>)) {
    // Columns narrower than a function's narrowest buckets: its rows are looked for once, not column by
    // column.
    let narrow =
        asof.snapshot.functions.first().is_none_or(|of| axis.step_ms < of.series.levels[MINUTES].width_ms);
    let mut told_by_rows: Vec<Window> = Vec::new();
    for column in 0..axis.columns {
        let span = axis.column(column);
        stretches(asof, &asof.snapshot.total, span, SECONDS, &mut |stretch| match stretch {
            Stretch::Bucket(bucket, share, exact) => each(column, Part::Bucket(bucket, share, exact)),
            Stretch::Lost => each(column, Part::Lost),
            Stretch::Rows(window) if narrow => match told_by_rows.last_mut() {
                Some(last) if last.to == window.from => last.to = window.to,
                _ => told_by_rows.push(window),
            },
            Stretch::Rows(window) => {
                for (_, function) in asof.functions() {
                    of_function(asof, function, &Axis::span(window), &mut |_, part| each(column, part));
                }
            }
        });
    }
    for window in told_by_rows {
        for (_, function) in asof.functions() {
            rows(asof, function, window).for_each(|(row, standing)| {
                if let Some(column) = axis.column_of(row.start()) {
                    each(column, Part::Row(standing));
                }
            });
        }
    }
}

/// Whether the rows of a window are all there.
pub fn complete(asof: AsOf<'_>, window: Window) -> bool {
    window.from >= asof.snapshot.rows_from || window.to <= asof.oldest().unwrap_or(Timestamp::NEVER)
}
