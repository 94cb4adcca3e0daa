//! What a filter and a crosshair narrow the main screen to, against a slow model: everything on it is of
//! what matches, or says that it can't be asked.

#![allow(clippy::unwrap_used)]

mod store_support;

use lamtop::model::{
    Change, Cold, FunctionId, Graded, Invocation, Lines, MetricName, MetricPoint, NameId, Outcome, RequestId,
    SourceId, Statistics, Timestamp, TraceId, Why, Window,
};
use lamtop::query::filter::Filter;
use lamtop::query::view::{Overview, OverviewRequest, SortBy};
use lamtop::query::{Selected, overview, traces};
use proptest::prelude::*;
use store_support::{BASE, Fact, SPAN, Stood, document, facts, node, snapshot_of, stood, store_of};

const PLENTY: usize = 1 << 30;

fn request(as_of: i64, window_ms: i64, filter: &str, crosshair: Option<i64>) -> OverviewRequest {
    OverviewRequest {
        as_of: Timestamp(BASE + as_of),
        window_ms,
        columns: 8,
        spark: 1,
        heat: 0,
        ticks: 0,
        filter: Filter::parse(filter).unwrap(),
        crosshair: crosshair.map(|at| Timestamp(BASE + at)),
        function: None,
        metrics: false,
        compare_ms: None,
        sort: SortBy::Function,
        reverse: false,
    }
}

/// Filters that must be asked of each invocation, and the obvious answer to them.
type Case = (&'static str, fn(&Stood) -> bool);

const CASES: [Case; 6] = [
    ("err", |one| one.end.is_some_and(|end| end.outcome.failed())),
    ("cold", |one| one.cold),
    ("status:timeout", |one| one.end.is_some_and(|end| end.outcome == Outcome::Timeout)),
    // The error's type, the frame that threw it, and what it says.
    ("Runtime.ExitError", |one| one.end.and_then(|end| end.error).is_some_and(|error| error.0 == 1)),
    ("\"handler app.py\"", |one| one.end.and_then(|end| end.error).is_some_and(|error| error.0 == 0)),
    ("/^'x'$/", |one| one.end.and_then(|end| end.error).is_some_and(|error| error.0 == 0)),
];

fn throttles(answer: &Overview) -> Vec<Graded<u64>> {
    answer.rows.iter().map(|row| row.throttles).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn all_that_is_shown_is_of_what_matches(
        facts in facts(3, 60), at in 0..SPAN + 600_000, window_ms in 1_000..SPAN, case in 0usize..CASES.len(),
    ) {
        let (filter, wanted) = CASES[case];
        let mut store = store_of(3, &facts, PLENTY);
        let snapshot = snapshot_of(&mut store);
        let got = overview(&snapshot, &request(at, window_ms, filter, None));
        let window = Window { from: got.as_of.plus(-window_ms), to: got.as_of.plus(1) };
        let all = stood(&facts, got.as_of);
        let mut want: Vec<(FunctionId, u64)> = Vec::new();
        for function in (0..3).map(FunctionId) {
            let its = all.iter().filter(|one| one.function == function && window.holds(one.start));
            let count = its.filter(|one| wanted(one)).count() as u64;
            if count > 0 {
                want.push((function, count));
            }
        }
        let found: Vec<_> = got.rows.iter().map(|row| (row.id, *row.invocations.value().unwrap())).collect();
        prop_assert_eq!(&found, &want);
        // A text may be in lines that nobody asked: nothing that has it is no measured 0.
        if Filter::parse(filter).unwrap().has_text() {
            // The charts' columns begin before the window, the time before is as long as it.
            let was = Window { from: window.from.plus(-window_ms).min(got.window.from), to: window.to };
            let any = all.iter().any(|one| was.holds(one.start) && wanted(one));
            let runs = |one: &Stood| one.start < window.to && one.end.is_none_or(|end| end.at >= was.from);
            let running = all.iter().any(|one| runs(one) && wanted(one));
            prop_assert!(any || running || got.panels.invocations.now.value().is_none());
            prop_assert!(!any || got.panels.invocations.now.value().is_some());
            // Of one that began long before and still runs there is a peak, whatever began.
            let ends = |one: &Stood| one.end.map_or(Timestamp::NEVER, |end| end.at);
            let still = |one: &Stood| one.start < window.to && ends(one) > window.from;
            let peaks = all.iter().any(|one| wanted(one) && still(one));
            prop_assert!(!peaks || got.panels.concurrency.now.value().is_some_and(|peak| *peak >= 1.0));
        }
        // Metrics count a function's requests, not which: nothing of them stands beside such a filter.
        prop_assert!(throttles(&got).iter().all(|told| *told == Graded::NoSource(Why::NotApart)));
        prop_assert_eq!(got.panels.throttles.now.value(), None);
        prop_assert!(got.panels.throttles.chart.lines.iter().all(|line| line.points.iter().all(Option::is_none)));
        let sum: u64 = want.iter().map(|(_, count)| count).sum();
        let counted = got.panels.invocations.statistics.iter().find(|of| of.unit == lamtop::query::view::Unit::Count);
        if let Some(count) = counted.and_then(|of| of.value.value()) {
            prop_assert_eq!(*count as u64, sum);
        }
    }

    #[test]
    fn under_the_crosshair_are_the_traces_that_began_in_its_column(
        facts in facts(3, 80), at in 0..SPAN + 600_000, window_ms in 1_000..SPAN, crosshair in 0..SPAN,
    ) {
        let mut store = store_of(3, &facts, PLENTY);
        let snapshot = snapshot_of(&mut store);
        let got = overview(&snapshot, &request(at, window_ms, "", Some(crosshair)));
        let panel = &got.panels.trace;
        let shown = Window { from: got.window.from, to: got.window.to };
        let crosshair = Timestamp(BASE + crosshair);
        prop_assert_eq!(panel.column.is_some(), shown.holds(crosshair));
        let Some(column) = panel.column else { return Ok(()) };
        prop_assert!(column.holds(crosshair) && column.ms() == got.step_ms);
        let all = Selected { as_of: got.as_of, window: column, filter: Filter::default(), function: None };
        let began = traces(&snapshot, &all);
        if let Some(count) = panel.traces.value() {
            prop_assert_eq!(*count, began.len() as u64);
        }
        prop_assert_eq!(panel.marked, began.iter().filter(|trace| trace.flags.any()).count() as u64);
        let tree = panel.tree.as_ref().map(|tree| tree.id);
        prop_assert_eq!(tree.is_some(), !began.is_empty());
        prop_assert!(tree.is_none_or(|id| began.iter().any(|trace| trace.id == id)));
    }
}

#[test]
fn what_nothing_matches_says_so() {
    let known = Timestamp(BASE);
    let point = MetricPoint {
        function: Some(FunctionId(0)),
        name: MetricName::Invocations,
        start: known.plus(-60_000),
        period_ms: 60_000,
        known,
        statistics: Statistics { sum: Some(3.0), ..Statistics::default() },
    };
    let mut store = store_of(2, &[Fact::Metric(point)], PLENTY);
    let snapshot = snapshot_of(&mut store);
    let got = overview(&snapshot, &request(1_000, 60_000, "fn:nobody", None));
    let panels = &got.panels;
    let none = Graded::NoSource(Why::NothingMatches);
    for panel in
        [&panels.invocations, &panels.duration, &panels.errors, &panels.throttles, &panels.concurrency]
    {
        assert_eq!(panel.now, none);
    }
}

#[test]
fn a_trace_tells_what_ended_its_invocation() {
    let of = |id: u128, cause: Option<&str>| {
        let start_us = (BASE + 1_000 * id as i64) * 1_000;
        let mut document = document("a", None, start_us, Some(start_us + 500_000), BASE + 2_000);
        document.root.flags.fault = cause.is_some();
        document.root.request_id = Some(format!("8f50-{id}").into());
        document.root.children.push(node("b", start_us, None));
        document.root.children[0].cause = cause.map(Into::into);
        document.root.children[0].in_progress = id == 0;
        Fact::Segment(TraceId(id), Some(FunctionId(0)), document)
    };
    let causes = [
        None,
        Some("Sandbox.Timedout: RequestId: 8f50-1 Error: Task timed out after 3.00 seconds"),
        Some("Runtime.OutOfMemory"),
        Some("Runtime.ExitError: exit status 1"),
        Some("botocore.exceptions.ReadTimeoutError: Read timed out"),
    ];
    let facts: Vec<Fact> = (0..).zip(causes).map(|(id, cause)| of(id, cause)).collect();
    let mut store = store_of(1, &facts, PLENTY);
    let snapshot = snapshot_of(&mut store);
    let window = Window { from: Timestamp(BASE), to: Timestamp(BASE + 60_000) };
    let found = |filter: &str| -> Vec<u128> {
        let filter = Filter::parse(filter).unwrap();
        let what = Selected { as_of: Timestamp(BASE + 60_000), window, filter, function: None };
        traces(&snapshot, &what).iter().map(|trace| trace.id.0).collect()
    };
    for (filter, want) in [
        ("err", &[1, 2, 3, 4][..]),
        ("status:timeout", &[1]),
        ("status:oom", &[2]),
        ("status:exit", &[3]),
        ("status:error -status:timeout", &[2, 3, 4]),
        ("status:running", &[0]),
        ("id:8F50-3", &[3]),
        ("\"read timed out\"", &[4]),
        // It can't be asked, and the screen says so.
        ("status:overdue", &[0, 1, 2, 3, 4]),
    ] {
        assert_eq!(found(filter), want, "{filter}");
    }
}

/// While the data have only begun, a rate is of the seconds that there are, and says that it is a guess.
#[test]
fn a_rate_of_the_first_seconds_is_of_those_seconds() {
    let began = |id: u64, start: i64| {
        let start = Timestamp(BASE + start);
        Fact::Invocation(
            Invocation {
                seq: id,
                function: FunctionId(0),
                environment: None,
                version: NameId(0),
                request_id: RequestId(u128::from(id)),
                attempt: 1,
                start,
                start_known: start,
                start_estimated: false,
                cold: Cold::No,
                trace: None,
                lines: Lines { source: SourceId(0), from: id, to: id + 1 },
                end: None,
            },
            Change::Started,
        )
    };
    let facts: Vec<Fact> = (0..40).map(|n| began(n, n as i64 * 500)).collect();
    let mut store = store_of(1, &facts, PLENTY);
    let snapshot = snapshot_of(&mut store);
    let rate = |as_of: i64| {
        let got = overview(&snapshot, &request(as_of, 1_800_000, "", None));
        assert_eq!(got.rows[0].rate, got.panels.invocations.now);
        got.panels.invocations.now
    };
    // 39 of them began in the 19.001 s up to then.
    match rate(19_000) {
        Graded::Estimated(rate, Why::JustBegun) => {
            assert!((rate - 39.0 / 19.001 * 60.0).abs() < 0.01, "{rate}")
        }
        other => panic!("{other:?}"),
    }
    // One in the first millisecond is no thousand a second.
    assert!(matches!(rate(0), Graded::Estimated(rate, _) if (rate - 6.0).abs() < 0.01), "{:?}", rate(0));
    assert!(matches!(rate(100_000), Graded::Counted(_)), "{:?}", rate(100_000));
}

#[test]
fn traces_that_can_not_be_asked_do_not_stand_beside_what_is_narrowed() {
    let document = document("a", None, BASE * 1_000, Some(BASE * 1_000 + 500_000), BASE + 2_000);
    let facts = [Fact::Segment(TraceId(1), Some(FunctionId(0)), document)];
    let mut store = store_of(1, &facts, PLENTY);
    let snapshot = snapshot_of(&mut store);
    let panel = |filter: &str| overview(&snapshot, &request(30_000, 60_000, filter, None)).panels.trace;
    assert_eq!(panel("").traces, Graded::Counted(1));
    let unasked = panel("mem>80%");
    assert_eq!((unasked.traces, unasked.tree.is_none()), (Graded::NoSource(Why::NotOfTraces), true));
    // Levels are asked of lines alone, here and there.
    assert_eq!(panel("level>=warn").traces, Graded::Counted(1));
}
