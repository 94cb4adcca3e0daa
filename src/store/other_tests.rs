//! Tests of the metrics that are only kept, against a slow obvious model.

use proptest::prelude::*;

use super::other::{OtherPeriods, OtherSeries};
use crate::model::{OtherId, OtherMetric, OtherPoint, Statistics, Timestamp, Window};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const EVER: Window = Window { from: Timestamp(i64::MIN / 2), to: Timestamp(i64::MAX / 2) };

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
        start: Timestamp(at_ms).floor(MINUTE),
        period_ms: MINUTE as u32,
        known: Timestamp(at_ms),
        adds: true,
        statistics: Statistics {
            count: Some(1.0),
            sum: value,
            min: value,
            max: value,
            ..Statistics::default()
        },
        values: None,
    }
}

/// Start and length in minutes, count, sum, min, max.
type Told = (i64, i64, f64, f64, f64, f64);

fn told(periods: &OtherPeriods) -> Vec<Told> {
    let one = |p: &super::OtherCell| {
        let s = &p.statistics;
        let [count, sum, min, max] = [s.count, s.sum, s.min, s.max].map(Option::unwrap);
        (p.start.0 / MINUTE, i64::from(p.period_ms) / MINUTE, count, sum, min, max)
    };
    periods.periods.iter().map(one).collect()
}

#[test]
fn observations_add_up_as_far_as_they_were_known() {
    let mut series = series();
    for (at, value) in [(61_000, 5.0), (62_000, 1.0), (75_000, 10.0), (130_000, 7.0)] {
        series.note(&observed(at, value));
    }
    let at = |by| told(&series.within(EVER, Timestamp(by)));
    assert_eq!(at(69_999), []);
    assert_eq!(at(70_000), [(1, 1, 2.0, 6.0, 1.0, 5.0)]);
    assert_eq!(at(200_000), [(1, 1, 3.0, 16.0, 1.0, 10.0), (2, 1, 1.0, 7.0, 7.0, 7.0)]);
    let window = Window { from: Timestamp(90_000), to: Timestamp(200_000) };
    assert_eq!(told(&series.within(window, Timestamp(200_000))), [(2, 1, 1.0, 7.0, 7.0, 7.0)]);
    assert_eq!(series.first_known, Timestamp(61_000));
}

#[test]
fn a_period_told_again_replaces_the_former_from_then_on() {
    let mut series = series();
    for (known, value) in [(130_000, 3.0), (190_000, 4.0)] {
        series.note(&OtherPoint { known: Timestamp(known), adds: false, ..observed(61_000, value) });
    }
    let at = |by| told(&series.within(EVER, Timestamp(by))).first().map(|period| period.3);
    assert_eq!((at(129_000), at(130_000), at(190_000)), (None, Some(3.0), Some(4.0)));
    // Coarser, it counts once; what would replace a part of it comes too late.
    for n in 0..3 {
        assert_eq!(series.note(&observed(HOUR + n * MINUTE, 1.0)), 0);
    }
    series.shrink();
    assert_eq!(told(&series.within(EVER, Timestamp(2 * HOUR)))[0], (0, 10, 1.0, 4.0, 4.0, 4.0));
    assert_eq!(series.note(&OtherPoint { adds: false, ..observed(61_000, 9.0) }), 1);
}

#[test]
fn what_is_not_told_stays_unknown() {
    let mut series = series();
    let statistics = Statistics { sum: Some(4.0), max: Some(f64::NAN), ..Statistics::default() };
    series.note(&OtherPoint { statistics, ..observed(61_000, 0.0) });
    let one = series.within(EVER, Timestamp(HOUR)).periods[0].statistics;
    assert_eq!((one.count, one.sum, one.min, one.max), (None, Some(4.0), None, None));
}

#[test]
fn the_older_becomes_coarser_and_then_goes() {
    let mut series = series();
    let minutes = 48 * 60;
    for n in 0..minutes {
        series.note(&observed(n * MINUTE, 1.0));
    }
    let lengths = |series: &OtherSeries| {
        let of =
            |ms: i64| told(&series.within(EVER, Timestamp(100 * HOUR))).iter().filter(|p| p.1 == ms).count();
        (of(60), of(10), of(1))
    };
    let before = series.bytes();
    assert_eq!(lengths(&series), (0, 0, minutes as usize));
    assert_eq!(series.shrink(), 0);
    assert_eq!(lengths(&series), (0, 24 * 6, 24 * 60));
    assert!(series.bytes() < before * 6 / 10);
    // The middle moves on before anything becomes an hour long.
    while lengths(&series).0 == 0 {
        assert_eq!(series.shrink(), 0);
    }
    let all: f64 = told(&series.within(EVER, Timestamp(100 * HOUR))).iter().map(|p| p.3).sum();
    assert_eq!(all, minutes as f64);
    assert!(!series.within(EVER, Timestamp(100 * HOUR)).let_go || EVER.from < Timestamp(0));
    while series.shrink() == 0 {}
    let kept = series.within(EVER, Timestamp(100 * HOUR));
    assert!(kept.let_go && !kept.periods.is_empty());
    // What comes for a time that was let go is counted.
    assert_eq!(series.note(&observed(0, 1.0)), 1);
}

#[test]
fn there_is_a_bound_and_the_newest_stay() {
    let mut series = series();
    // As fine as it can be told, so that all lies within a few hours.
    for n in 0..60_000i64 {
        let known = Timestamp(n * 500);
        let start = known.floor(1_000);
        series.note(&OtherPoint { start, period_ms: 1_000, known, ..observed(0, 1.0) });
        assert!(series.bytes() < 4 << 20);
    }
    let last = series.within(EVER, Timestamp(100 * HOUR)).periods.last().cloned().unwrap();
    assert_eq!((last.start, last.statistics.count), (Timestamp(29_999_000), Some(2.0)));
}

/// An observation, or a period that replaces the former; when it was known; or a round of shrinking.
#[derive(Clone, Debug)]
enum Step {
    Point(OtherPoint),
    Shrink,
}

fn step(adds: bool) -> impl Strategy<Value = Step> {
    let point = (0i64..5 * 60, 0i64..MINUTE, 0i64..200_000, -100i32..100).prop_map(
        move |(minute, ms, late, value)| {
            let at = minute * MINUTE + ms;
            let point = observed(at, f64::from(value));
            Step::Point(OtherPoint { adds, known: Timestamp(at + late), ..point })
        },
    );
    prop_oneof![60 => point, 1 => Just(Step::Shrink)]
}

/// What these points come to in periods so long, asked as of a time.
fn model(points: &[OtherPoint], width: i64, by: i64) -> Vec<Told> {
    let mut all: std::collections::BTreeMap<i64, Vec<OtherPoint>> = Default::default();
    for point in points {
        // What adds up is known at full 10 s.
        let known = if point.adds { (point.known.0 + 9_999) / 10_000 * 10_000 } else { point.known.0 };
        if known <= by {
            all.entry(point.start.0)
                .or_default()
                .push(OtherPoint { known: Timestamp(known), ..point.clone() });
        }
    }
    let mut wide: std::collections::BTreeMap<i64, Told> = Default::default();
    for (start, mut points) in all {
        if !points[0].adds {
            points.sort_by_key(|point| point.known);
            points = points.split_off(points.len() - 1);
        }
        let start = start.div_euclid(width) * width;
        let told =
            wide.entry(start).or_insert((start / MINUTE, width / MINUTE, 0.0, 0.0, f64::MAX, f64::MIN));
        for point in points {
            let value = point.statistics.sum.unwrap();
            *told = (told.0, told.1, told.2 + 1.0, told.3 + value, told.4.min(value), told.5.max(value));
        }
    }
    wide.into_values().collect()
}

proptest! {
    /// Out of order and never short of memory: every question as of any time is answered exactly.
    #[test]
    fn all_that_was_known_by_a_time(
        steps in prop::collection::vec(step(true), 0..120), by in 0i64..6 * HOUR, from in 0i64..5 * HOUR,
    ) {
        let mut series = series();
        let points: Vec<OtherPoint> =
            steps.into_iter().filter_map(|step| match step { Step::Point(point) => Some(point), Step::Shrink => None }).collect();
        for point in &points {
            prop_assert_eq!(series.note(point), 0);
        }
        let window = Window { from: Timestamp(from), to: Timestamp(by + 1) };
        let inside = |told: &Told| from <= told.0 * MINUTE && told.0 * MINUTE <= by;
        let want: Vec<Told> = model(&points, MINUTE, by).into_iter().filter(inside).collect();
        let got = series.within(window, Timestamp(by));
        prop_assert_eq!(told(&got), want);
        prop_assert!(!got.let_go);
    }

    /// The same of periods that are told again.
    #[test]
    fn of_what_is_told_again_the_last_that_was_known(
        steps in prop::collection::vec(step(false), 0..120), by in 0i64..6 * HOUR,
    ) {
        let mut series = series();
        // Told at the same time it is the same.
        let mut points: Vec<OtherPoint> = Vec::new();
        for step in steps {
            if let Step::Point(point) = step
                && points.iter().all(|other| (other.start, other.known) != (point.start, point.known))
            {
                series.note(&point);
                points.push(point);
            }
        }
        let want: Vec<Told> = model(&points, MINUTE, by).into_iter().filter(|told| told.0 * MINUTE <= by).collect();
        prop_assert_eq!(told(&series.within(EVER, Timestamp(by))), want);
    }

    /// Short of memory: what is there is exact for its length, nothing is counted twice, and what was
    /// not refused or let go is all there.
    #[test]
    fn coarser_it_still_comes_to_the_same(steps in prop::collection::vec(step(true), 0..300)) {
        let mut series = series();
        let (mut points, mut gone) = (Vec::new(), false);
        for step in steps {
            match step {
                Step::Point(point) => match series.note(&point) {
                    0 => points.push(point),
                    _ => prop_assert!(gone, "nothing was let go before"),
                },
                Step::Shrink => {
                    let first = series.within(EVER, Timestamp(i64::MAX / 2)).periods.first().map(|p| p.start);
                    let went = series.shrink();
                    gone |= went > 0;
                    let now = series.within(EVER, Timestamp(i64::MAX / 2)).periods.first().map(|p| p.start);
                    prop_assert!(went > 0 || now.is_none() || now <= first);
                }
            }
            if gone {
                let got = series.within(EVER, Timestamp(i64::MAX / 2));
                let from = got.periods.first().map_or(i64::MAX, |p| p.start.0);
                points.retain(|point| point.start.0 >= from);
            }
        }
        let got = told(&series.within(EVER, Timestamp(i64::MAX / 2)));
        for pair in got.windows(2) {
            prop_assert!(pair[0].0 + pair[0].1 <= pair[1].0, "{:?} reaches into {:?}", pair[0], pair[1]);
        }
        let count: f64 = got.iter().map(|p| p.2).sum();
        prop_assert_eq!(count, points.len() as f64);
        for period in got {
            let want = model(&points, period.1 * MINUTE, i64::MAX / 2);
            prop_assert!(want.contains(&period), "{:?} is none of {:?}", period, want);
        }
    }
}

/// Several values observed at once.
fn several(at_ms: i64, values: &[(f64, f64)]) -> OtherPoint {
    let count = values.iter().map(|(_, n)| n).sum();
    let sum = values.iter().map(|(value, n)| value * n).sum();
    let (min, max) =
        values.iter().fold((f64::MAX, f64::MIN), |(min, max), (v, _)| (min.min(*v), max.max(*v)));
    let told = Statistics {
        count: Some(count),
        sum: Some(sum),
        min: Some(min),
        max: Some(max),
        ..Statistics::default()
    };
    OtherPoint { statistics: told, values: Some(values.into()), ..observed(at_ms, 0.0) }
}

fn quantiles(periods: &OtherPeriods) -> Vec<Option<f64>> {
    periods.periods.iter().map(|period| Some(period.values.quantile(0.5)?.0.round())).collect()
}

#[test]
fn values_are_kept_one_by_one_as_far_as_they_were_known() {
    let mut series = series();
    series.note(&observed(61_000, 5.0));
    series.note(&observed(65_000, 5.0));
    series.note(&several(75_000, &[(100.0, 3.0), (900.0, 1.0)]));
    assert_eq!(quantiles(&series.within(EVER, Timestamp(70_000))), [Some(5.0)]);
    assert_eq!(quantiles(&series.within(EVER, Timestamp(80_000))), [Some(100.0)]);
    // Of statistics alone nothing is made up, and they silence what else is of their period.
    let set = OtherPoint { values: None, ..several(2 * HOUR, &[(1.0, 1.0), (2.0, 1.0)]) };
    series.note(&set);
    series.note(&observed(2 * HOUR + 1, 1.0));
    series.note(&OtherPoint { adds: false, ..observed(3 * HOUR, 1.0) });
    let all = quantiles(&series.within(EVER, Timestamp(i64::MAX / 2)));
    assert_eq!(all[1..], [None, None]);
}

#[test]
fn coarser_periods_have_the_values_of_all_that_were_in_them() {
    let mut series = series();
    for minute in 0..300 {
        series.note(&several(minute * MINUTE, &[(100.0, 3.0), (900.0, 9.0), (minute as f64, 1.0)]));
    }
    let before = series.bytes();
    assert_eq!(series.shrink(), 0);
    let coarse = series.within(Window { from: Timestamp(0), to: Timestamp(HOUR) }, Timestamp(i64::MAX / 2));
    assert_eq!(coarse.periods.len(), 6);
    assert!(series.bytes() < before, "{} of {before}", series.bytes());
    assert!(quantiles(&coarse).iter().all(|p50| (890.0..=910.0).contains(&p50.unwrap())));
}
