//! Metrics as of a time: of every period the newest revision that was known.

use crate::model::{Timestamp, Window};
use crate::store::{Points, Value};

use super::asof::AsOf;

/// How long after its end a minute of metrics may still change, in ms.
pub const CLOSED_MS: i64 = 3 * 60 * 1_000;

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
