//! Metrics as of a time: of every period the newest revision that was known.

use crate::model::{Timestamp, Window};
use crate::store::{Metrics, Points, Value};

use super::asof::AsOf;
use super::axis::Axis;

/// How long after its end a minute of metrics may still change, in ms.
pub const CLOSED_MS: i64 = 3 * 60 * 1_000;

/// The longest period that is looked for before a window, in ms.
const PERIOD_MS: i64 = 60 * 60 * 1_000;

/// A period of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period<V> {
    /// Its span.
    pub window: Window,
    /// Its statistics.
    pub value: V,
}

/// The periods that begin in a window, in order.
pub fn periods<V: Value>(asof: AsOf<'_>, points: &Points<V>, window: Window) -> Vec<Period<V>> {
    let mut found: Vec<Period<V>> = Vec::new();
    let to = window.to.min(asof.at.plus(1));
    let from = points.points.from((window.from, Timestamp::MIN));
    for point in from.take_while(|point| point.start() < to).filter(|point| point.known() <= asof.at) {
        let window = Window { from: point.start(), to: point.start().plus(point.period_ms()) };
        let period = Period { window, value: point.value() };
        match found.last_mut().filter(|last| last.window.from == window.from) {
            Some(last) => *last = period,
            None => found.push(period),
        }
    }
    found
}

/// Whether a metric has any point.
pub fn any<V: Value>(asof: AsOf<'_>, points: &Points<V>) -> bool {
    points.first_known <= asof.at
}

/// Sums of periods: what they come to, and how long they are together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// Their sum.
    pub sum: f64,
    /// Their length in ms.
    pub covered_ms: f64,
}

impl Sums {
    /// A minute's worth.
    pub fn per_minute(&self) -> Option<f64> {
        (self.covered_ms > 0.0).then(|| self.sum * 60_000.0 / self.covered_ms)
    }

    /// Whether any period is in it.
    pub fn any(&self) -> bool {
        self.covered_ms > 0.0
    }

    /// Adds part of a period.
    fn add(&mut self, value: f64, part_ms: i64, of_ms: i64) {
        self.sum += value * part_ms as f64 / of_ms as f64;
        self.covered_ms += part_ms as f64;
    }

    /// Of both: sums add, and so does what they cover of different functions, once.
    pub fn with(self, other: Self) -> Self {
        Self { sum: self.sum + other.sum, covered_ms: self.covered_ms.max(other.covered_ms) }
    }
}

/// Sums of the periods that begin in a window, whole.
pub fn sums<V: Value + Into<f64>>(asof: AsOf<'_>, points: &Points<V>, window: Window) -> Sums {
    let mut sums = Sums::default();
    for period in periods(asof, points, window) {
        sums.add(period.value.into(), period.window.ms(), period.window.ms());
    }
    sums
}

/// Errors: a period with `Invocations` and without `Errors` had none.
pub fn error_sums(asof: AsOf<'_>, metrics: &Metrics, window: Window) -> Sums {
    let mut sums = Sums::default();
    for period in errors(asof, metrics, window) {
        sums.add(period.value, period.window.ms(), period.window.ms());
    }
    sums
}

/// The periods of `Errors`, those of `Invocations` without it as 0.
pub fn errors(asof: AsOf<'_>, metrics: &Metrics, window: Window) -> Vec<Period<f64>> {
    let told = periods(asof, &metrics.errors, window);
    let ran = periods(asof, &metrics.invocations, window);
    let silent = ran
        .iter()
        .filter(|ran| told.binary_search_by_key(&ran.window.from, |period| period.window.from).is_err());
    let zero = silent.map(|ran| Period { window: ran.window, value: 0.0 });
    let mut all: Vec<Period<f64>> =
        told.iter().map(|p| Period { window: p.window, value: p.value.into() }).chain(zero).collect();
    all.sort_unstable_by_key(|period| period.window.from);
    all
}

/// Periods spread over the columns of an axis.
pub fn columns(axis: &Axis, periods: impl IntoIterator<Item = Period<f64>>) -> Vec<Sums> {
    let mut columns = vec![Sums::default(); axis.columns];
    let whole = axis.window();
    for Period { window, value } in periods {
        let last = axis.column_of(window.to.min(whole.to).plus(-1));
        let first = axis.column_of(window.from.max(whole.from));
        let (Some(first), Some(last)) = (first, last) else { continue };
        for (at, sums) in columns.iter_mut().enumerate().take(last + 1).skip(first) {
            let column = axis.column(at);
            let part = window.to.min(column.to).since(window.from.max(column.from));
            sums.add(value, part, window.ms());
        }
    }
    columns
}

/// The window in which periods begin that reach into an axis.
pub fn reaching(axis: &Axis) -> Window {
    let window = axis.window();
    Window { from: window.from.plus(-PERIOD_MS), to: window.to }
}
