//! The function table: a row per function, its state, the order.

use std::cmp::Ordering;

use rustc_hash::FxHashSet;

use crate::model::{FunctionId, Grade, Graded, Timestamp, Why, Window};

use super::asof::AsOf;
use super::axis::Axis;
use super::cell::{Cell, Durations};
use super::figures::{self, Check};
use super::overlap::{Intervals, Remembered, Running, kept_peaks};
use super::panels::rate_grade;
use super::points::{self, CLOSED_MS};
use super::reach::Reach;
use super::refused;
use super::select::Member;
use super::settings;
use super::view::{FunctionRow, SortBy, State};

/// Fewer failures or throttles than this, or a smaller share of what was asked for, are no state of a function
/// (`operators.md` 1.3 and part 4, rule 1: a rule needs a minimum count).
const MIN_COUNT: f64 = 3.0;
const MIN_SHARE: f64 = 0.01;
/// Memory is short from this share in % of what is configured.
const MEMORY_SHARE: f64 = 90.0;
/// A function is silent when it is quiet for longer than this, in ms …
pub const SILENT_MS: i64 = 5 * 60 * 1_000;
/// … and than this many of its usual gaps, of which this many must be known.
const SILENT_GAPS: i64 = 3;
const GAPS_KNOWN: usize = 3;
/// Starts from which the usual gap is taken.
const RHYTHM: usize = 64;

/// What the rows of one answer have in common.
pub struct Span<'a> {
    /// The figures' span.
    pub window: Window,
    /// Minutes of it in which there are data.
    pub minutes: f64,
    /// Whether quantiles are read from durations one by one.
    pub exact: bool,
    /// The sparkline's columns.
    pub spark: Axis,
    /// The earliest invocation.
    pub oldest: Option<Timestamp>,
    /// How far metrics were told.
    pub reach: Reach<'a>,
}

/// A member's figures, of which the panels are made too.
pub struct Figures {
    /// What logs tell.
    pub cell: Cell,
    /// Durations one by one, where that is exact.
    pub durations: Durations,
    /// Invocations and errors against CloudWatch's.
    pub checks: (Check, Check),
    /// How far the logs can be trusted.
    pub coverage: Grade,
    /// The newest that is known of it.
    pub newest: Option<Timestamp>,
}

impl Figures {
    /// Of a member whose logs were folded.
    pub fn of(asof: AsOf<'_>, member: &Member<'_>, span: &Span<'_>, cell: Cell) -> Self {
        let mut durations = Durations::default();
        if span.exact {
            figures::durations(asof, member, span.window, &mut durations);
        }
        Self {
            cell,
            durations,
            checks: figures::check(asof, member, span.window),
            coverage: figures::coverage(asof, member, span.window),
            newest: asof.newest(member.function),
        }
    }

    /// The grade of what logs count of invocations.
    pub fn counts(&self) -> Grade {
        self.cell.count_grade().worst(self.coverage).worst(self.checks.0.grade())
    }
}

/// The row of a function.
pub fn row(asof: AsOf<'_>, member: &Member<'_>, span: &Span<'_>, figures: &mut Figures) -> FunctionRow {
    let function = member.function;
    let metrics = &function.metrics;
    let throttles = throttles(asof, member, span.reach, span.window);
    let mut row = FunctionRow {
        id: member.id,
        name: function.name.clone(),
        state: State::Ok,
        rate: Graded::NoSource(Why::NotInAnySource),
        invocations: Graded::NoSource(Why::NotInAnySource),
        errors: Graded::NoSource(Why::NotInAnySource),
        error_share: Graded::NoSource(Why::NoData),
        throttles,
        p50: Graded::NoSource(Why::NotInAnySource),
        p99: Graded::NoSource(Why::NotInAnySource),
        concurrency: Graded::NoSource(Why::NotInAnySource),
        reserved: settings::reserved(asof, function).and_then(|(of, _)| of.value().map(|n| u64::from(*n))),
        cold: Graded::NoSource(Why::NotInAnySource),
        memory_used_mb: Graded::NoSource(Why::NotInAnySource),
        memory_mb: None,
        spark: spark(asof, member, span),
        newest: figures.newest,
    };
    if asof.has_logs(function) {
        from_logs(asof, member, span, figures, &mut row);
    } else if member.whole() && points::any(asof, &metrics.invocations) {
        let count = points::sums(asof, &metrics.invocations, span.window);
        let errors = points::error_sums(asof, metrics, span.window);
        let grade = span.reach.grade(function, &metrics.invocations, span.window);
        let shape = figures::of_shape(grade);
        row.rate = count.per_minute().map_or(missing(asof, span.window), |rate| shape.of(rate));
        row.invocations = told(asof, span.window, count, grade);
        row.errors = told(asof, span.window, errors, grade);
        if count.sum > 0.0 {
            row.error_share = shape.of(100.0 * errors.sum / count.sum);
        }
        let peak = points::periods(asof, &metrics.concurrency, span.window);
        let peak = peak.iter().map(|period| f64::from(period.value)).reduce(f64::max);
        row.concurrency = peak.map_or(missing(asof, span.window), |peak| grade.of(peak as u64));
    }
    row.state = state(asof, member, figures, &row);
    row
}

fn from_logs(
    asof: AsOf<'_>,
    member: &Member<'_>,
    span: &Span<'_>,
    figures: &mut Figures,
    row: &mut FunctionRow,
) {
    let grade = figures.counts();
    let cell = &figures.cell;
    let errors_grade = grade.worst(figures.checks.1.grade());
    row.invocations = grade.of(cell.started().round() as u64);
    row.rate = grade.worst(rate_grade(span.minutes, span.window)).of(cell.started() / span.minutes);
    row.errors = errors_grade.of(cell.errors().round() as u64);
    if cell.started() > 0.0 {
        let share = 100.0 * cell.errors() / cell.started();
        row.error_share = figures::of_shape(errors_grade).of(share);
    }
    row.cold = grade.of(cell.cold().round() as u64);
    row.memory_used_mb = cell.memory_used().at_best(figures::of_shape(figures.coverage));
    row.memory_mb = (cell.fold.memory_mb > 0).then_some(u32::from(cell.fold.memory_mb));
    let shape = figures::of_shape(figures.coverage.worst(figures.checks.0.grade()));
    (row.p50, row.p99) = match span.exact {
        true => (figures.durations.quantile(0.5), figures.durations.quantile(0.99)),
        false => (cell.quantile(0.5), cell.quantile(0.99)),
    };
    (row.p50, row.p99) = (row.p50.at_best(shape), row.p99.at_best(shape));
    let axis = Axis::span(span.window);
    let running = match member.filter {
        None => Running::Remembered(Remembered::of_function(asof, member.id, member.function)),
        Some(_) => Running::Counted(Intervals::of(asof, std::slice::from_ref(member), span.window)),
    };
    let mut peaks = running.peaks(&axis);
    if member.filter.is_none() {
        kept_peaks(asof, &member.function.series, &axis, &mut peaks);
    }
    let grade = peaks.grade.worst(figures.coverage).worst(figures.checks.0.grade());
    row.concurrency = grade.of(u64::from(peaks.peak()));
}

/// Throttled requests in a window: metrics tell all, else CloudTrail some.
pub fn throttles(asof: AsOf<'_>, member: &Member<'_>, reach: Reach<'_>, window: Window) -> Graded<u64> {
    let metrics = &member.function.metrics;
    if !member.whole() {
        Graded::NoSource(Why::NotApart)
    } else if points::any(asof, &metrics.throttles) {
        let grade = reach.grade(member.function, &metrics.throttles, window);
        told(asof, window, points::sums(asof, &metrics.throttles, window), grade)
    } else if refused::any(asof, member.function) {
        let count = refused::times(asof, member.function, window).count() as u64;
        Graded::AtLeast(count, Why::CallersOnly)
    } else if metrics.first_known() <= asof.at {
        Graded::NoSource(Why::NoData)
    } else {
        Graded::NoSource(Why::ThrottlesAreInNoLog)
    }
}

/// A count of a metric over a window.
fn told(asof: AsOf<'_>, window: Window, sums: points::Sums, grade: Grade) -> Graded<u64> {
    if sums.any() { grade.of(sums.sum.round() as u64) } else { missing(asof, window) }
}

/// Why a metric has nothing in a window: it may still come, or there is none.
pub fn missing<T>(asof: AsOf<'_>, window: Window) -> Graded<T> {
    let open = window.from.plus(CLOSED_MS) > asof.at;
    Graded::NoSource(if open { Why::Late } else { Why::NoData })
}

fn spark(asof: AsOf<'_>, member: &Member<'_>, span: &Span<'_>) -> Vec<Option<f64>> {
    let axis = &span.spark;
    if !asof.has_logs(member.function) {
        let periods = points::periods(asof, &member.function.metrics.invocations, points::reaching(axis));
        let periods = periods.into_iter().map(|p| points::Period { window: p.window, value: p.value.into() });
        let columns = points::columns(axis, periods);
        return columns.iter().map(|sums| sums.any().then_some(sums.sum)).collect();
    }
    let mut cells = vec![Cell::default(); axis.columns];
    figures::fold(asof, member, axis, &mut cells);
    let there = |at: usize| {
        let column = axis.column(at);
        column.from <= asof.at && span.oldest.is_some_and(|oldest| oldest < column.to)
    };
    cells.iter().enumerate().map(|(at, cell)| there(at).then(|| cell.started())).collect()
}

fn state(asof: AsOf<'_>, member: &Member<'_>, figures: &Figures, row: &FunctionRow) -> State {
    let value = |count: &Graded<u64>| count.value().copied().unwrap_or(0) as f64;
    let (errors, throttles) = (value(&row.errors), value(&row.throttles));
    let timeouts = figures.cell.timeouts().min(errors);
    let memory = match (row.memory_used_mb.value(), row.memory_mb) {
        (Some(used), Some(size)) if size > 0 => 100.0 * f64::from(*used) / f64::from(size),
        _ => 0.0,
    };
    let untold = matches!(row.invocations, Graded::NoSource(why) if why != Why::Late);
    if let Some(trouble) = trouble(value(&row.invocations), errors - timeouts, timeouts, throttles) {
        trouble
    } else if memory >= MEMORY_SHARE {
        State::Memory
    } else if untold || silent(asof, member, figures.newest) {
        State::NoData
    } else {
        State::Ok
    }
}

/// What most requests are lost by, if it is more than now and then: one error in two invocations is no outage,
/// and its count and share stand in their columns.
fn trouble(invocations: f64, errors: f64, timeouts: f64, throttles: f64) -> Option<State> {
    let least = MIN_COUNT.max(MIN_SHARE * (invocations + throttles));
    [(State::Error, errors), (State::Timeout, timeouts), (State::Throttled, throttles)]
        .into_iter()
        .filter(|(_, count)| *count >= least)
        .reduce(|most, other| if other.1 > most.1 { other } else { most })
        .map(|(state, _)| state)
}

/// Whether a function has been quiet for longer than is usual for it: whether it or its source fell
/// silent, nobody can say that it is well (`operators.md` part 4, rule 4).
fn silent(asof: AsOf<'_>, member: &Member<'_>, newest: Option<Timestamp>) -> bool {
    let quiet = newest.map_or(0, |newest| asof.at.since(newest));
    // Most are not, and need not be looked at.
    if quiet <= SILENT_MS {
        return false;
    }
    let function = member.function;
    let starts: Vec<i64> = function
        .rows
        .back_from((asof.at.plus(1), 0))
        .filter(|row| asof.standing(function, row).is_some())
        .map(|row| row.start().0)
        .take(RHYTHM)
        .collect();
    let mut gaps: Vec<i64> = starts.windows(2).map(|pair| pair[0] - pair[1]).collect();
    if gaps.len() < GAPS_KNOWN {
        return false;
    }
    let (_, usual, _) = {
        let middle = gaps.len() / 2;
        gaps.select_nth_unstable(middle)
    };
    quiet > SILENT_MS.max(SILENT_GAPS * *usual)
}

/// Puts rows in order: where the worst are wanted first, those of which the diagnosis says what is wrong come
/// before all others. Rows without the figure come last, whichever way round.
pub fn sort(rows: &mut [FunctionRow], by: SortBy, reverse: bool, diagnosed: &FxHashSet<FunctionId>) {
    let turned = |order: Ordering| if reverse { order.reverse() } else { order };
    let figure = |row: &FunctionRow| -> Option<f64> {
        let count = |count: &Graded<u64>| count.value().map(|count| *count as f64);
        match by {
            SortBy::Worst | SortBy::Function => None,
            SortBy::Rate => row.rate.value().copied(),
            SortBy::Errors => count(&row.errors),
            SortBy::ErrorShare => row.error_share.value().copied(),
            SortBy::Throttles => count(&row.throttles),
            SortBy::P50 => row.p50.value().copied(),
            SortBy::P99 => row.p99.value().copied(),
            SortBy::Concurrency => count(&row.concurrency),
            SortBy::Cold => count(&row.cold),
            SortBy::Memory => {
                let size = row.memory_mb.filter(|size| *size > 0)?;
                row.memory_used_mb.value().map(|used| f64::from(*used) / f64::from(size))
            }
        }
    };
    let value = |graded: &Graded<u64>| graded.value().copied().unwrap_or(0);
    let rate = |row: &FunctionRow| row.rate.value().copied().unwrap_or(0.0);
    let worst = |a: &FunctionRow, b: &FunctionRow| {
        let is_diagnosed = |row: &FunctionRow| diagnosed.contains(&row.id);
        is_diagnosed(b)
            .cmp(&is_diagnosed(a))
            .then_with(|| a.state.cmp(&b.state))
            .then_with(|| value(&b.errors).cmp(&value(&a.errors)))
            .then_with(|| rate(b).total_cmp(&rate(a)))
    };
    let name = |a: &FunctionRow, b: &FunctionRow| a.name.cmp(&b.name).then(a.id.cmp(&b.id));
    rows.sort_by(|a, b| match by {
        SortBy::Worst => turned(worst(a, b)).then_with(|| name(a, b)),
        SortBy::Function => turned(name(a, b)),
        _ => match (figure(a), figure(b)) {
            (Some(a_is), Some(b_is)) => turned(b_is.total_cmp(&a_is)).then_with(|| name(a, b)),
            (a_is, b_is) => b_is.is_some().cmp(&a_is.is_some()).then_with(|| name(a, b)),
        },
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture;

    #[test]
    fn a_state_is_what_most_is_lost_by_and_nothing_of_now_and_then() {
        assert_eq!(trouble(1_000.0, 1.0, 0.0, 0.0), None);
        assert_eq!(trouble(2.0, 2.0, 0.0, 0.0), None, "too few to tell");
        assert_eq!(trouble(3.0, 3.0, 0.0, 0.0), Some(State::Error));
        assert_eq!(trouble(1_000.0, 9.0, 0.0, 0.0), None, "less than 1 %");
        assert_eq!(trouble(1_000.0, 10.0, 0.0, 0.0), Some(State::Error));
        assert_eq!(trouble(2_000.0, 11.0, 536.0, 0.0), Some(State::Timeout));
        assert_eq!(trouble(900.0, 1.0, 0.0, 1_177.0), Some(State::Throttled));
        assert_eq!(trouble(0.0, 0.0, 0.0, 3.0), Some(State::Throttled), "all of them");
        assert_eq!(trouble(100.0, 5.0, 5.0, 0.0), Some(State::Error), "as many of both");
        assert_eq!(trouble(0.0, 0.0, 0.0, 0.0), None);
    }

    #[test]
    fn where_the_diagnosis_says_what_is_wrong_comes_first() {
        let mut rows: Vec<FunctionRow> = (0..8).map(fixture::row).collect();
        let ids = |rows: &[FunctionRow]| rows.iter().map(|row| row.id.0).collect::<Vec<_>>();
        sort(&mut rows, SortBy::Worst, false, &FxHashSet::default());
        let before = ids(&rows);
        assert_eq!(before[..3], [0, 1, 2], "error, timeout, throttle");
        let diagnosed = [FunctionId(2), FunctionId(1)].into_iter().collect();
        sort(&mut rows, SortBy::Worst, false, &diagnosed);
        assert_eq!(ids(&rows)[..3], [1, 2, 0]);
        sort(&mut rows, SortBy::Function, false, &diagnosed);
        assert!(rows.is_sorted_by_key(|row| row.name.clone()), "other orders ask nothing of it");
    }
}
