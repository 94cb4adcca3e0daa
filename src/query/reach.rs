//! How far CloudWatch has told: whether what its metrics count of a window is all of it.

use crate::model::{Grade, Timestamp, Why, Window};
use crate::store::{FunctionData, Metrics, Points, Row, Value};

use super::asof::AsOf;
use super::points::CLOSED_MS;

/// What lacks less than this at its end, in ms, lacks nothing.
const INSTANT_MS: i64 = 1_000;

/// How far CloudWatch has told of any function, as of a time. It leaves out minutes in which nothing
/// happened: where it has told one of another function, it will tell no more of this one either.
#[derive(Clone, Copy)]
pub struct Reach<'a> {
    asof: AsOf<'a>,
    to: Timestamp,
}

impl<'a> Reach<'a> {
    /// As of a time.
    pub fn of(asof: AsOf<'a>) -> Self {
        let all = asof.functions().map(|(_, function)| &function.metrics);
        let told = |metrics: &Metrics| {
            let newest = newest(asof, &metrics.throttles).max(newest(asof, &metrics.invocations));
            newest.map(|(to, _)| to)
        };
        let to = all.chain([&asof.snapshot.region.metrics]).filter_map(told).max();
        Self { asof, to: to.unwrap_or(Timestamp::MIN) }
    }

    /// How far the sum of a function's metric over a window can be trusted. While its end was not told, that is
    /// still to come; where a minute did not come in time, there is more. A 0 of the minute in which requests
    /// begin to be refused is none.
    pub fn grade<V: Value>(self, function: &FunctionData, metric: &Points<V>, window: Window) -> Grade {
        let Some((end, period_ms)) = newest(self.asof, metric) else { return Grade::Counted };
        // Where it ran since, what was told of others says nothing of it.
        let told = end.max(self.to);
        let to = self.ran(function, end).map_or(told, |at| told.min(at.floor(period_ms)));
        if window.to.min(self.asof.at) <= to.plus(INSTANT_MS) {
            Grade::Counted
        } else if to.plus(period_ms + CLOSED_MS) > self.asof.at {
            Grade::Settling
        } else {
            Grade::AtLeast(Why::Untold)
        }
    }

    /// When logs show the function running next after a time.
    fn ran(self, function: &FunctionData, from: Timestamp) -> Option<Timestamp> {
        let next = function.rows.from((from, 0)).next();
        next.filter(|row| self.asof.standing(function, row).is_some()).map(Row::start)
    }
}

/// The end of a metric's newest period that was known, and its length in ms.
pub fn newest<V: Value>(asof: AsOf<'_>, metric: &Points<V>) -> Option<(Timestamp, i64)> {
    let mut back = metric.points.back_from((asof.at.plus(1), Timestamp::MIN));
    let point = back.find(|point| point.known() <= asof.at)?;
    Some((point.start().plus(point.period_ms()), point.period_ms()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FactSink, FunctionId, MetricName, MetricPoint, Statistics};
    use crate::query::made::{self, Attempt, F};
    use crate::store::Store;

    const MINUTE: i64 = 60_000;
    const OTHER: FunctionId = FunctionId(1);

    /// Tells how often a function was throttled in a minute, so many ms after its end.
    fn tell(store: &mut Store, function: FunctionId, minute: i64, late_ms: i64) {
        let start = Timestamp(minute * MINUTE);
        store.metric(&MetricPoint {
            function: Some(function),
            name: MetricName::Throttles,
            start,
            period_ms: MINUTE as u32,
            known: start.plus(MINUTE + late_ms),
            statistics: Statistics { sum: Some(2.0), ..Statistics::default() },
        });
    }

    /// The grade at a second of ten minutes' throttles that end so many seconds earlier.
    fn grade(store: &mut Store, function: FunctionId, second: i64, earlier: i64) -> Grade {
        let snapshot = made::snapshot(store);
        let asof = AsOf::new(&snapshot, Timestamp(second * 1_000));
        let to = asof.at.plus(1 - earlier * 1_000);
        let function = snapshot.function(function).unwrap();
        let window = Window { from: to.plus(-10 * MINUTE), to };
        Reach::of(asof).grade(function, &function.metrics.throttles, window)
    }

    #[test]
    fn what_is_not_told_to_the_end_is_not_all() {
        let mut store = made::store(&[]);
        (1..=4).for_each(|minute| tell(&mut store, F, minute, 90_000));
        // The fourth minute is told at 6:30, the fifth never.
        for second in [4 * 60, 6 * 60 + 29, 6 * 60 + 31, 8 * 60 + 59] {
            assert_eq!(grade(&mut store, F, second, 0), Grade::Settling, "{second}");
        }
        assert_eq!(grade(&mut store, F, 9 * 60, 0), Grade::AtLeast(Why::Untold));
    }

    #[test]
    fn what_is_told_to_the_end_is_counted() {
        let mut store = made::store(&[]);
        (1..=4).for_each(|minute| tell(&mut store, F, minute, 0));
        assert_eq!(grade(&mut store, F, 5 * 60 + 30, 31), Grade::Counted);
        assert_eq!(grade(&mut store, F, 5 * 60 + 30, 20), Grade::Settling);
        assert_eq!(grade(&mut store, F, 5 * 60, 0), Grade::Counted);
        assert_eq!(grade(&mut store, F, 5 * 60 + 2, 0), Grade::Settling);
        assert_eq!(grade(&mut store, F, 60 * 60, 55 * 60 + 1), Grade::Counted);
    }

    #[test]
    fn a_minute_that_is_told_of_others_is_left_out_of_one_that_did_not_run() {
        // It ran in the sixth minute.
        let mut store = made::store(&[Attempt(6 * 60 + 10, Some(1), 1, 1, false)]);
        store.function(OTHER, "other");
        tell(&mut store, F, 4, 0);
        (4..=9).for_each(|minute| tell(&mut store, OTHER, minute, 0));
        assert_eq!(grade(&mut store, F, 6 * 60 + 5, 6), Grade::Counted, "the fifth was quiet");
        assert_eq!(grade(&mut store, F, 9 * 60, 2 * 60 + 1), Grade::Settling, "the sixth is still to come");
        assert_eq!(grade(&mut store, F, 10 * 60, 0), Grade::AtLeast(Why::Untold), "and never came");
        assert_eq!(grade(&mut store, OTHER, 10 * 60, 1), Grade::Counted);
    }
}
