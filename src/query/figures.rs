//! What a function comes to over a span, from its logs.

use crate::model::{Grade, Timestamp, Why, Window};

use super::apart;
use super::asof::AsOf;
use super::axis::Axis;
use super::cell::{Cell, Durations};
use super::points::{self, CLOSED_MS};
use super::scan::{self, Part};
use super::select::{Member, Selection};

/// Invocations up to which quantiles are read from their durations one by one.
pub const EXACT: f64 = 100_000.0;

/// Folds what a member has in the columns of an axis.
pub fn fold(asof: AsOf<'_>, member: &Member<'_>, axis: &Axis, cells: &mut [Cell]) {
    if member.filter.is_none() {
        return scan::of_function(asof, member.function, axis, &mut |column, part| {
            put(&mut cells[column], part);
        });
    }
    for (row, standing) in scan::rows(asof, member.function, axis.window()) {
        if let Some(column) = axis.column_of(row.start())
            && member.wants(asof, row, &standing)
        {
            cells[column].add(&standing);
        }
    }
    if !scan::complete(asof, axis.window()) {
        for (at, cell) in cells.iter_mut().enumerate() {
            if axis.column(at).from < asof.snapshot.rows_from {
                cell.lose();
            }
        }
    }
}

/// Folds a whole selection.
pub fn fold_all(asof: AsOf<'_>, selection: &Selection<'_>, axis: &Axis) -> Vec<Cell> {
    let mut cells = vec![Cell::default(); axis.columns];
    if selection.all {
        scan::of_all(asof, axis, &mut |column, part| put(&mut cells[column], part));
    } else {
        let parts = apart::parts(&selection.members, |members| {
            let mut cells = vec![Cell::default(); axis.columns];
            members.iter().for_each(|member| fold(asof, member, axis, &mut cells));
            cells
        });
        for part in parts {
            cells.iter_mut().zip(&part).for_each(|(cell, more)| cell.merge(more));
        }
    }
    cells
}

fn put(cell: &mut Cell, part: Part<'_>) {
    match part {
        Part::Row(standing) => cell.add(&standing),
        Part::Bucket(bucket, share, exact) => cell.add_bucket(bucket, share, exact),
        Part::Lost => cell.lose(),
    }
}

/// The durations of a member one by one.
pub fn durations(asof: AsOf<'_>, member: &Member<'_>, window: Window, into: &mut Durations) {
    for (row, standing) in scan::rows(asof, member.function, window) {
        if member.wants(asof, row, &standing) {
            into.add(&standing);
        }
    }
}

/// What CloudWatch counts against what the logs show, in closed minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Check {
    /// CloudWatch's count.
    pub metric: f64,
    /// The logs'.
    pub logs: f64,
    /// Whether CloudWatch counts more in any minute.
    pub missing: bool,
}

impl Check {
    fn minute(&mut self, metric: f64, logs: f64) {
        self.metric += metric;
        self.logs += logs;
        self.missing |= metric > logs;
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            metric: self.metric + other.metric,
            logs: self.logs + other.logs,
            missing: self.missing || other.missing,
        }
    }

    /// What it says of the logs' count.
    pub fn grade(&self) -> Grade {
        if self.missing { Grade::AtLeast(Why::LogsIncomplete) } else { Grade::Counted }
    }

    /// A sentence, where the two disagree by more than one in a hundred or logs lack something.
    pub fn note(&self, what: &str) -> Option<String> {
        let (metric, logs) = (self.metric.round() as u64, self.logs.round() as u64);
        let apart = self.missing || logs.abs_diff(metric) * 100 > metric;
        // Rounded up: what lacks something never lacks 0 %.
        let lacking = (metric.saturating_sub(logs) * 100).div_ceil(metric.max(1));
        let share =
            if lacking > 0 { format!(": {lacking} % are not in what is read") } else { String::new() };
        (metric > 0 && apart).then(|| {
            format!("logs show {logs} of the {metric} {what} that CloudWatch counts in closed minutes{share}")
        })
    }
}

/// Compares the logs of a function with its metrics: invocations and errors.
pub fn check(asof: AsOf<'_>, member: &Member<'_>, window: Window) -> (Check, Check) {
    let (mut invocations, mut errors) = (Check::default(), Check::default());
    let metrics = &member.function.metrics;
    if !asof.has_logs(member.function) || !points::any(asof, &metrics.invocations) {
        return (invocations, errors);
    }
    let whole = Member { filter: None, ..*member };
    let closed = |minute: &Window| minute.to.plus(CLOSED_MS) <= asof.at;
    let failed = points::errors(asof, metrics, window);
    for period in points::periods(asof, &metrics.invocations, window) {
        if !closed(&period.window) {
            continue;
        }
        let mut cells = [Cell::default()];
        fold(asof, &whole, &Axis::span(period.window), &mut cells);
        invocations.minute(period.value.into(), cells[0].started());
        let told = failed.iter().find(|failed| failed.window == period.window);
        if let Some(told) = told {
            errors.minute(told.value, cells[0].errors());
        }
    }
    (invocations, errors)
}

/// How far what logs tell of a span can be trusted, whatever is in it.
pub fn coverage(asof: AsOf<'_>, member: &Member<'_>, window: Window) -> Grade {
    let snapshot = asof.snapshot;
    let lost =
        |drops: &[(Timestamp, u64)]| drops.iter().any(|(known, _)| *known <= asof.at && window.holds(*known));
    let mut grade = Grade::Counted;
    if lost(&snapshot.dropped) || lost(&member.function.dropped) {
        grade = grade.worst(Grade::AtLeast(Why::LogsIncomplete));
    }
    if snapshot.read_from.is_some_and(|from| window.from < from) {
        grade = grade.worst(Grade::AtLeast(Why::NotReadYet));
    }
    if snapshot.settling_ms > 0 && window.from > asof.at.plus(-snapshot.settling_ms) {
        grade = grade.worst(Grade::Settling);
    }
    grade
}

/// The same for a figure that is no count: of what is incomplete it is an estimate.
pub fn of_shape(grade: Grade) -> Grade {
    match grade {
        Grade::AtLeast(why) => Grade::Estimated(why),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_logs_lack_is_said_in_numbers() {
        let check = |metric, logs| {
            let mut check = Check::default();
            check.minute(metric, logs);
            check.note("invocations")
        };
        assert_eq!(
            check(12_480.0, 9_102.0).as_deref(),
            Some(
                "logs show 9102 of the 12480 invocations that CloudWatch counts in closed minutes: 28 % are not in what is read"
            )
        );
        assert!(check(1_000.0, 999.0).is_some_and(|note| note.ends_with(": 1 % are not in what is read")));
        assert!(check(100.0, 150.0).is_some_and(|note| note.ends_with("in closed minutes")));
        assert_eq!((check(1_000.0, 1_001.0), check(0.0, 5.0)), (None, None));
    }
}
