//! 1,000 functions for a day within 256 MB, and every question still answered.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use lamtop::model::{
    Change, Cold, End, FactSink, FunctionId, Grade, Invocation, Lines, MetricName, MetricPoint, Micros,
    NameId, Outcome, RequestId, SourceId, Statistics, Texts, Timestamp, Why,
};
use lamtop::query::filter::Filter;
use lamtop::query::overview;
use lamtop::query::view::{Overview, OverviewRequest, SortBy};
use lamtop::store::{Budget, Snapshot, Store};

const BASE: i64 = 1_795_420_800_000;
const DAY: i64 = 24 * 3_600_000;
const FUNCTIONS: u32 = 1_000;
const GAP: i64 = 20_000;
const BUDGET: usize = 256 << 20;

fn run(store: &mut Store, function: u32, number: i64) {
    let start = Timestamp(BASE + number * GAP + i64::from(function) * 19);
    let us = 20_000 + (number as u32).wrapping_mul(2_654_435_761).wrapping_add(function) % 900_000;
    let outcome = if number % 50 == 0 { Outcome::Error } else { Outcome::Ok };
    let at = start.plus(i64::from(us / 1_000));
    let begun = Invocation {
        seq: number as u64 * u64::from(FUNCTIONS) + u64::from(function),
        function: FunctionId(function),
        environment: None,
        version: NameId(0),
        request_id: RequestId(number as u128),
        attempt: 1,
        start,
        start_known: start,
        start_estimated: false,
        cold: Cold::No,
        trace: None,
        lines: Lines { source: SourceId(0), from: 0, to: 100 },
        end: None,
    };
    store.invocation(&begun, Change::Started);
    let end = End {
        at,
        known: at,
        duration: Some(Micros(us)),
        billed_ms: Some(us / 1_000),
        memory_mb: Some(512),
        max_memory_mb: Some(100),
        init: None,
        restore: None,
        outcome,
        error: None,
    };
    store.invocation(&Invocation { end: Some(end), ..begun }, Change::Finished);
}

fn minute(store: &mut Store, function: u32, minute: i64) {
    let start = Timestamp(BASE + minute * 60_000);
    for name in [MetricName::Invocations, MetricName::Throttles] {
        store.metric(&MetricPoint {
            function: Some(FunctionId(function)),
            name,
            start,
            period_ms: 60_000,
            known: start.plus(120_000),
            statistics: Statistics { sum: Some(3.0), ..Statistics::default() },
        });
    }
}

fn ask(snapshot: &Snapshot, as_of: i64, window_ms: i64) -> Overview {
    overview(
        snapshot,
        &OverviewRequest {
            as_of: Timestamp(as_of),
            window_ms,
            columns: 60,
            spark: 10,
            heat: 0,
            ticks: 0,
            filter: Filter::default(),
            function: None,
            crosshair: None,
            metrics: true,
            compare_ms: None,
            sort: SortBy::Worst,
            reverse: false,
        },
    )
}

#[test]
fn a_day_of_a_thousand_functions_fits() {
    let mut store = Store::new(Budget { bytes: BUDGET });
    for function in 0..FUNCTIONS {
        store.function(FunctionId(function), &format!("function-{function}"));
    }
    let mut published = None;
    for number in 0..DAY / GAP {
        for function in 0..FUNCTIONS {
            run(&mut store, function, number);
            if number % 3 == 2 && function % 10 == 0 {
                minute(&mut store, function, number / 3);
            }
        }
        if number % 200 == 0 {
            published = Some(store.snapshot(Arc::new(Texts::default())));
            assert!(store.bytes() <= BUDGET + BUDGET / 20, "{} MB at {number}", store.bytes() >> 20);
        }
    }
    assert!(published.is_some());
    assert!(store.bytes() <= BUDGET, "{} MB", store.bytes() >> 20);
    let snapshot = store.snapshot(Arc::new(Texts::default()));
    assert!(snapshot.health.rows_let_go > 0 && snapshot.health.coarsened == 0, "{:?}", snapshot.health);
    assert_eq!(snapshot.health.rows + snapshot.health.rows_let_go, (DAY / GAP) as u64 * u64::from(FUNCTIONS));

    // The newest half hour is exact.
    let end = BASE + DAY;
    let now = ask(&snapshot, end, 30 * 60_000);
    assert_eq!(now.rows.len(), FUNCTIONS as usize);
    assert!(now.rows.iter().all(|row| row.invocations.grade() == Grade::Counted));
    assert_eq!(now.rows.iter().filter_map(|row| row.invocations.value()).sum::<u64>(), 90 * 1_000);
    assert_eq!(now.panels.duration.now.grade(), Grade::Counted);

    // The whole day: counts from buckets, percentiles from sketches.
    let day = ask(&snapshot, end, DAY);
    let count: u64 = day.rows.iter().filter_map(|row| row.invocations.value()).sum();
    assert_eq!(count, (DAY / GAP) as u64 * u64::from(FUNCTIONS));
    assert_eq!(day.panels.duration.now.grade(), Grade::Estimated(Why::Sketch));
    let p99 = *day.panels.duration.now.value().unwrap();
    assert!((p99 - 911.0).abs() < 20.0, "{p99}");
    let errors: u64 = day.rows.iter().filter_map(|row| row.errors.value()).sum();
    assert_eq!(errors, (DAY / GAP / 50 + 1) as u64 * u64::from(FUNCTIONS));

    // Three hours after the begin, rows are gone; minutes too, ten minutes are there.
    let then = ask(&snapshot, BASE + 3 * 3_600_000, 30 * 60_000);
    let count: u64 = then.rows.iter().filter_map(|row| row.invocations.value()).sum();
    assert!(count.abs_diff(90_000) <= 1_000, "{count}");
    assert!(then.rows.iter().all(|row| row.invocations.grade() == Grade::Estimated(Why::Evicted)));
    assert!(*then.panels.concurrency.now.value().unwrap() > 5.0);
}
