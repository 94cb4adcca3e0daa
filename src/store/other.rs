//! Metrics that are only kept: the functions' own, Lambda Insights', other services'.

use crate::model::{OtherMetric, OtherPoint, Statistics, Timestamp};

use super::paged::{Item, Paged};
use super::row::sane;

/// Observations of one period that were known within so many ms are kept as one.
const KNOWN_MS: i64 = 10_000;
/// Cells kept of one series.
const CELLS: usize = 20_000;

/// What was observed in a period and known by a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OtherCell {
    /// Start of the period.
    pub start: Timestamp,
    /// When it was known.
    pub known: Timestamp,
    /// Length of the period in ms.
    pub period_ms: u32,
    /// Whether it adds to others of its period; else it replaces them.
    pub adds: bool,
    /// Its statistics.
    pub statistics: Statistics,
}

impl OtherCell {
    /// Both together: observations add up.
    fn with(&mut self, more: &Statistics) {
        let both = |a: Option<f64>, b: Option<f64>, of: fn(f64, f64) -> f64| match (a, b) {
            (Some(a), Some(b)) => Some(of(a, b)),
            (a, b) => a.or(b),
        };
        let own = self.statistics;
        self.statistics = Statistics {
            count: both(own.count, more.count, |a, b| a + b),
            sum: both(own.sum, more.sum, |a, b| a + b),
            min: both(own.min, more.min, f64::min),
            max: both(own.max, more.max, f64::max),
            // Percentiles can't be made into one.
            ..Statistics::default()
        };
    }
}

impl Item for OtherCell {
    type Key = (Timestamp, Timestamp);
    type Summary = ();
    const PER_PAGE: usize = 64;

    fn key(&self) -> Self::Key {
        (self.start, self.known)
    }

    fn sum_up(&self, (): &mut ()) {}
}

/// A series.
#[derive(Clone, Debug)]
pub struct OtherSeries {
    /// What it is of.
    pub metric: OtherMetric,
    cells: Paged<OtherCell>,
}

impl OtherSeries {
    pub(super) fn new(metric: OtherMetric) -> Self {
        Self { metric, cells: Paged::default() }
    }

    pub(super) fn note(&mut self, point: &OtherPoint) {
        // So that the cells of a period are few, and the same ones however they came.
        let rounded = sane(point.known).plus(KNOWN_MS - 1).floor(KNOWN_MS);
        let known = if point.adds { rounded } else { sane(point.known) };
        let OtherPoint { period_ms, adds, statistics, .. } = *point;
        let start = sane(point.start);
        let empty = OtherCell { start, known, period_ms, adds, statistics: Statistics::default() };
        self.cells.upsert(
            empty.key(),
            || empty,
            |cell| match adds {
                true => cell.with(&statistics),
                false => *cell = OtherCell { statistics, ..empty },
            },
        );
        if self.cells.len() > CELLS {
            self.halve();
        }
    }

    /// Lets go the older half; returns how many cells that were.
    pub(super) fn halve(&mut self) -> usize {
        let before = self.cells.len();
        let middle = self.cells.iter().nth(before / 2).map(Item::key);
        if let Some(middle) = middle {
            self.cells.drop_before(middle, |_| false);
        }
        before - self.cells.len()
    }

    /// The periods that begin in order, as far as they were known by a time.
    pub fn periods(&self, by: Timestamp) -> Vec<OtherCell> {
        let mut periods: Vec<OtherCell> = Vec::new();
        for cell in self.cells.iter().filter(|cell| cell.known <= by && cell.start <= by) {
            match periods.last_mut().filter(|last| last.start == cell.start) {
                Some(last) if cell.adds => {
                    last.with(&cell.statistics);
                    last.known = cell.known;
                }
                Some(last) => *last = *cell,
                None => periods.push(*cell),
            }
        }
        periods
    }

    /// Bytes held, estimated.
    pub fn bytes(&self) -> usize {
        let OtherMetric { namespace, name, dimensions, unit, .. } = &self.metric;
        let texts = namespace.len() + name.len() + dimensions.len() + unit.len();
        std::mem::size_of::<Self>() + texts + 64 + self.cells.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OtherId;

    fn series() -> OtherSeries {
        let text = || "x".into();
        OtherSeries::new(OtherMetric {
            function: None,
            namespace: text(),
            name: text(),
            dimensions: text(),
            unit: text(),
        })
    }

    fn observed(at_ms: i64, value: f64) -> OtherPoint {
        let value = Some(value);
        OtherPoint {
            series: OtherId(0),
            start: Timestamp(at_ms).floor(60_000),
            period_ms: 60_000,
            known: Timestamp(at_ms),
            adds: true,
            statistics: Statistics {
                count: Some(1.0),
                sum: value,
                min: value,
                max: value,
                ..Statistics::default()
            },
        }
    }

    #[test]
    fn observations_add_up_as_far_as_they_were_known() {
        let mut series = series();
        for (at, value) in [(61_000, 5.0), (62_000, 1.0), (75_000, 10.0), (130_000, 7.0)] {
            series.note(&observed(at, value));
        }
        let sums = |by| {
            let periods = series.periods(Timestamp(by));
            periods
                .iter()
                .map(|p| (p.start.0, p.statistics.count.unwrap(), p.statistics.sum.unwrap()))
                .collect::<Vec<_>>()
        };
        assert_eq!(sums(69_999), []);
        assert_eq!(sums(70_000), [(60_000, 2.0, 6.0)]);
        assert_eq!(sums(200_000), [(60_000, 3.0, 16.0), (120_000, 1.0, 7.0)]);
        let first = &series.periods(Timestamp(200_000))[0].statistics;
        assert_eq!((first.min, first.max), (Some(1.0), Some(10.0)));
    }

    #[test]
    fn a_period_told_again_replaces_the_former_from_then_on() {
        let mut series = series();
        for (known, value) in [(130_000, 3.0), (190_000, 4.0)] {
            series.note(&OtherPoint { known: Timestamp(known), adds: false, ..observed(61_000, value) });
        }
        let at = |by| series.periods(Timestamp(by)).first().and_then(|period| period.statistics.sum);
        assert_eq!((at(129_000), at(130_000), at(190_000)), (None, Some(3.0), Some(4.0)));
    }

    #[test]
    fn the_oldest_go_first() {
        let mut series = series();
        (0..=CELLS as i64).for_each(|n| series.note(&observed(n * 60_000, 1.0)));
        assert!(series.cells.len() <= CELLS / 2 + 1);
        assert_eq!(series.cells.last().unwrap().start, Timestamp(CELLS as i64 * 60_000));
    }
}
