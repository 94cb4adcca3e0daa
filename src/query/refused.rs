//! Requests that were refused for want of concurrency, where only callers' records tell of them.

use std::collections::BTreeMap;

use crate::model::{Timestamp, Window};
use crate::store::FunctionData;

use super::asof::AsOf;
use super::points::Period;

/// Refusals that are looked at for the newest one of its kind.
const LOOKED_AT: usize = 10_000;

/// Whether any is known.
pub fn any(asof: AsOf<'_>, function: &FunctionData) -> bool {
    function.throttled_known <= asof.at
}

/// When those of a window were asked for, as far as is known.
pub fn times<'a>(
    asof: AsOf<'a>,
    function: &'a FunctionData,
    window: Window,
) -> impl Iterator<Item = Timestamp> + 'a {
    let from = function.refused.from((window.from, 0));
    let inside = from.take_while(move |refused| refused.at() < window.to && refused.at() <= asof.at);
    inside.filter(move |refused| refused.throttled && refused.known <= asof.at).map(|refused| refused.at())
}

/// The newest of them.
pub fn newest(asof: AsOf<'_>, function: &FunctionData) -> Option<Timestamp> {
    if !any(asof, function) {
        return None;
    }
    let mut back = function.refused.back_from((asof.at.plus(1), 0)).take(LOOKED_AT);
    back.find(|refused| refused.throttled && refused.known <= asof.at).map(|refused| refused.at())
}

/// The same by minute.
pub fn minutes(asof: AsOf<'_>, function: &FunctionData, window: Window) -> Vec<Period<f64>> {
    let mut minutes: BTreeMap<Timestamp, f64> = BTreeMap::new();
    for at in times(asof, function, window) {
        *minutes.entry(at.floor(60_000)).or_default() += 1.0;
    }
    let period =
        |(from, value): (Timestamp, f64)| Period { window: Window { from, to: from.plus(60_000) }, value };
    minutes.into_iter().map(period).collect()
}
