//! The laws of the store and its questions: what is known decides, the way taken does not, and
//! what was let go is never passed off as counted.

#![allow(clippy::unwrap_used)]

mod store_support;

use lamtop::model::{
    Change, Cold, End, FunctionId, Grade, Invocation, Lines, Micros, NameId, Outcome, RequestId, SourceId,
    Timestamp, Window,
};
use lamtop::query::filter::Filter;
use lamtop::query::view::{Overview, OverviewRequest, SortBy};
use lamtop::query::{Order, Selected, invocations, overview, subject, traces};
use lamtop::store::{Budget, Snapshot};
use proptest::prelude::*;
use store_support::{BASE, Fact, SPAN, Stood, facts, peak, quantile, snapshot_of, stood, store_of};

const FUNCTIONS: u32 = 3;
const PLENTY: usize = 1 << 30;

fn request(
    as_of: i64,
    window_ms: i64,
    columns: usize,
    filter: &str,
    function: Option<u32>,
) -> OverviewRequest {
    OverviewRequest {
        as_of: Timestamp(BASE + as_of),
        window_ms,
        columns,
        spark: 8,
        heat: 6,
        ticks: 40,
        filter: Filter::parse(filter).unwrap(),
        function: function.map(FunctionId),
        crosshair: None,
        metrics: true,
        compare_ms: None,
        sort: SortBy::Worst,
        reverse: false,
    }
}

fn a_request() -> impl Strategy<Value = OverviewRequest> {
    let filter = prop_oneof![
        6 => Just(""),
        1 => Just("fn:fn-1"),
        1 => Just("err"),
        1 => Just("-cold dur>100ms"),
        1 => Just("status:running"),
        1 => Just("keyerror"),
    ];
    let window = prop_oneof![Just(5 * 60_000i64), Just(30 * 60_000), Just(3 * 3_600_000), 1_000i64..SPAN];
    (-60_000..SPAN + 600_000, window, 1usize..90, filter, prop::option::weighted(0.3, 0..FUNCTIONS))
        .prop_map(|(at, window, columns, filter, function)| request(at, window, columns, filter, function))
}

fn in_window(stood: &[Stood], window: Window, function: Option<FunctionId>) -> Vec<&Stood> {
    let of = |s: &&Stood| function.is_none_or(|id| s.function == id) && window.holds(s.start);
    stood.iter().filter(of).collect()
}

/// Compares an overview without filter with the model.
fn agrees(facts: &[Fact], request: &OverviewRequest, got: &Overview) -> Result<(), TestCaseError> {
    let at = request.as_of;
    let all = stood(facts, at);
    let window = Window { from: at.plus(-request.window_ms), to: at.plus(1) };
    for row in &got.rows {
        let logs = facts
            .iter()
            .any(|fact| matches!(fact, Fact::Invocation(i, _) if i.function == row.id && fact.known() <= at));
        if !logs {
            continue;
        }
        let own: Vec<&Stood> = all.iter().filter(|s| s.function == row.id).collect();
        let inside = in_window(&all, window, Some(row.id));
        let failed = |outcome: Outcome| outcome.failed();
        let errors = inside.iter().filter(|s| s.end.is_some_and(|end| failed(end.outcome))).count();
        prop_assert_eq!(row.invocations.value().copied(), Some(inside.len() as u64));
        prop_assert_eq!(row.errors.value().copied(), Some(errors as u64));
        prop_assert_eq!(row.cold.value().copied(), Some(inside.iter().filter(|s| s.cold).count() as u64));
        prop_assert_eq!(row.p50.value().copied(), quantile(&inside, 0.5));
        prop_assert_eq!(row.p99.value().copied(), quantile(&inside, 0.99));
        prop_assert_eq!(row.concurrency.value().copied(), Some(peak(&own, window, at)));
        let memory = inside.iter().filter_map(|s| s.end?.max_memory_mb).max();
        prop_assert_eq!(row.memory_used_mb.value().copied(), memory);
    }
    let own: Vec<&Stood> =
        all.iter().filter(|s| request.function.is_none_or(|id| s.function == id)).collect();
    let metered =
        got.rows.iter().any(|row| row.memory_used_mb.grade().why().is_none() && row.p50.value().is_none());
    let inside = in_window(&all, window, request.function);
    if !inside.is_empty() && !metered {
        prop_assert_eq!(got.panels.duration.now.value().copied(), quantile(&inside, 0.99));
    }
    let peaks = &got.panels.concurrency.chart.lines.last().unwrap().points;
    let longest = &got.panels.duration.chart.lines[3].points;
    let counts = &got.panels.errors.chart.lines[1].points;
    for column in 0..peaks.len() {
        let from = got.window.from.plus(column as i64 * got.step_ms);
        let window = Window { from, to: from.plus(got.step_ms) };
        let inside = in_window(&all, window, request.function);
        if got.panels.concurrency.provenance.source == "logs" {
            let found = peaks[column].unwrap_or(0.0);
            prop_assert_eq!(found, peak(&own, window, at) as f64, "column {}", column);
            let errors = inside.iter().filter(|s| s.end.is_some_and(|e| e.outcome.failed())).count();
            prop_assert_eq!(counts[column].unwrap_or(0.0), errors as f64);
            prop_assert_eq!(longest[column], quantile(&inside, 1.0));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// What stands beside for comparing is what a chart that reaches back so far shows there.
    #[test]
    fn what_is_compared_with_is_the_earlier_part_of_a_longer_chart(
        facts in facts(FUNCTIONS, 120),
        at in 0..SPAN,
        columns in 5usize..40,
        back in 1usize..60,
        filter in prop_oneof![3 => Just(""), 1 => Just("err"), 1 => Just("fn:fn-1")],
    ) {
        const STEP: i64 = 60_000;
        let snapshot = snapshot_of(&mut store_of(FUNCTIONS, &facts, PLENTY));
        let short = OverviewRequest {
            metrics: true,
            compare_ms: Some(STEP * back as i64),
            ..request(at, STEP * columns as i64, columns, filter, None)
        };
        let whole = columns + back;
        let long = request(at, STEP * whole as i64, whole, filter, None);
        let (short, long) = (overview(&snapshot, &short), overview(&snapshot, &long));
        prop_assert_eq!((short.step_ms, long.step_ms), (STEP, STEP));
        let of = |answer: &Overview, line: Option<&str>| {
            let panels = &answer.panels;
            [
                (&panels.invocations, "invocations"),
                (&panels.duration, "p99"),
                (&panels.errors, "share"),
                (&panels.concurrency, "concurrency"),
            ]
            .map(|(panel, own)| {
                let name = line.unwrap_or(own);
                panel.chart.lines.iter().find(|line| line.name == name).map(|line| line.points.clone())
            })
        };
        for (before, all) in of(&short, Some("then")).into_iter().zip(of(&long, None)) {
            prop_assert_eq!(before, all.map(|points| points[..columns].to_vec()));
        }
    }

    /// A live session at T and a replay sought to T show the same.
    #[test]
    fn what_was_not_known_changes_nothing(
        facts in facts(FUNCTIONS, 120),
        requests in prop::collection::vec(a_request(), 1..4),
        settling in prop_oneof![Just(0i64), Just(30_000)],
    ) {
        let mut full = store_of(FUNCTIONS, &facts, PLENTY);
        full.set_settling(settling);
        let full = snapshot_of(&mut full);
        for request in &requests {
            let known = facts.iter().filter(|fact| fact.known() <= request.as_of);
            let mut part = store_of(FUNCTIONS, known, PLENTY);
            part.set_settling(settling);
            let part = snapshot_of(&mut part);
            prop_assert_eq!(overview(&full, request), overview(&part, request));
            let what = Selected {
                as_of: request.as_of,
                window: Window { from: request.as_of.plus(-request.window_ms), to: request.as_of },
                filter: request.filter.clone(),
                function: request.function,
            };
            for order in [Order::Newest, Order::Oldest, Order::Slowest] {
                prop_assert_eq!(invocations(&full, &what, order, 7), invocations(&part, &what, order, 7));
            }
            prop_assert_eq!(traces(&full, &what), traces(&part, &what));
        }
    }

    /// Seeking back and forth changes nothing, and the model says the same.
    #[test]
    fn agrees_with_the_slow_obvious_model(
        facts in facts(FUNCTIONS, 120),
        times in prop::collection::vec((-60_000..SPAN + 600_000, 1usize..70, prop::option::of(0..FUNCTIONS)), 1..4),
        window_ms in prop_oneof![Just(5 * 60_000i64), Just(30 * 60_000), Just(6 * 3_600_000)],
    ) {
        let snapshot = snapshot_of(&mut store_of(FUNCTIONS, &facts, PLENTY));
        let ask = |at: i64, columns, function| overview(&snapshot, &request(at, window_ms, columns, "", function));
        let first: Vec<Overview> = times.iter().map(|&(at, columns, f)| ask(at, columns, f)).collect();
        let again: Vec<Overview> = times.iter().rev().map(|&(at, columns, f)| ask(at, columns, f)).collect();
        prop_assert_eq!(&first, &again.into_iter().rev().collect::<Vec<_>>());
        for (&(at, columns, function), got) in times.iter().zip(&first) {
            let window = Window { from: Timestamp(BASE + at - window_ms), to: Timestamp(BASE + at + 1) };
            for id in 0..FUNCTIONS {
                let Some(subject) = subject(&snapshot, FunctionId(id), Timestamp(BASE + at)) else { continue };
                let most = subject.most_timeouts(window);
                prop_assert!(most.is_none_or(|most| f64::from(most) >= subject.tally(window).timeouts));
            }
            agrees(&facts, &request(at, window_ms, columns, "", function), got)?;
        }
    }

    /// Whoever asks while facts still come, and so has something remembered, neither changes what is
    /// answered later nor is shown later what came after.
    #[test]
    fn asking_in_between_changes_nothing(
        facts in facts(FUNCTIONS, 120),
        every in 1usize..40,
        requests in prop::collection::vec(a_request(), 1..4),
    ) {
        let mut asked = Vec::new();
        let mut store = store_of(FUNCTIONS, [], PLENTY);
        for part in facts.chunks(every) {
            part.iter().for_each(|fact| fact.tell(&mut store));
            let snapshot = snapshot_of(&mut store);
            let answers: Vec<Overview> = requests.iter().map(|request| overview(&snapshot, request)).collect();
            asked.push((snapshot, answers));
        }
        let (last, fresh) = (snapshot_of(&mut store), snapshot_of(&mut store_of(FUNCTIONS, &facts, PLENTY)));
        for request in &requests {
            prop_assert_eq!(overview(&last, request), overview(&fresh, request));
        }
        for (snapshot, answers) in &asked {
            for (request, answer) in requests.iter().zip(answers) {
                prop_assert_eq!(&overview(snapshot, request), answer);
            }
        }
    }
}

/// Sum over all columns of a line of counts.
fn total(points: &[Option<f64>]) -> f64 {
    points.iter().flatten().sum()
}

fn whole(snapshot: &Snapshot) -> Overview {
    let at = SPAN + 3_600_000;
    overview(snapshot, &request(at, at + 3_600_000, 40, "", None))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Under a budget that most rows don't fit in, sums stay what they were, and every number that
    /// is called counted is right.
    #[test]
    fn what_was_let_go_is_never_called_counted(
        facts in facts(FUNCTIONS, 1_500),
        bytes in 60_000usize..600_000,
        times in prop::collection::vec((0..SPAN + 600_000, 1usize..50), 1..4),
        window_ms in prop_oneof![Just(20 * 60_000i64), Just(90_000)],
    ) {
        let full = snapshot_of(&mut store_of(FUNCTIONS, &facts, PLENTY));
        let small = snapshot_of(&mut store_of(FUNCTIONS, &facts, bytes));
        let (all, kept) = (whole(&full), whole(&small));
        // The window begins and ends at full hours: whole buckets.
        let sum = |overview: &Overview| {
            let counts = &overview.panels.errors.chart.lines[1].points;
            (total(&overview.panels.invocations.chart.lines[0].points).round(), total(counts).round())
        };
        if small.health.coarsened == 0 {
            prop_assert_eq!(sum(&all), sum(&kept), "{:?}", small.health);
        }
        for (at, columns) in times {
            let request = request(at, window_ms, columns, "", None);
            let (all, kept) = (overview(&full, &request), overview(&small, &request));
            for row in &kept.rows {
                let truth = all.rows.iter().find(|other| other.id == row.id).unwrap();
                if row.invocations.grade() == Grade::Counted {
                    prop_assert_eq!(row.invocations, truth.invocations);
                    prop_assert_eq!(row.errors.value(), truth.errors.value());
                    prop_assert_eq!(row.cold.value(), truth.cold.value());
                }
                if row.p99.grade() == Grade::Counted {
                    prop_assert_eq!(row.p99, truth.p99);
                }
                if row.concurrency.grade() == Grade::Counted {
                    prop_assert_eq!(row.concurrency, truth.concurrency);
                }
            }
        }
    }
}

/// An invocation told by its START and its REPORT, each when it happened but for `late` ms.
fn run(n: usize, function: u32, start: i64, took: i64, failed: bool, late: i64) -> [Fact; 2] {
    let start = Timestamp(BASE + start);
    let at = start.plus(took);
    let end = End {
        at,
        known: at.plus(late),
        duration: Some(Micros(took as u32 * 1_000)),
        billed_ms: None,
        memory_mb: None,
        max_memory_mb: None,
        init: None,
        restore: None,
        outcome: if failed { Outcome::Error } else { Outcome::Ok },
        error: None,
    };
    let begun = Invocation {
        seq: n as u64,
        function: FunctionId(function),
        environment: None,
        version: NameId(0),
        request_id: RequestId(n as u128),
        attempt: 1,
        start,
        start_known: start.plus(late),
        start_estimated: false,
        cold: Cold::No,
        trace: None,
        lines: Lines { source: SourceId(0), from: 0, to: 9 },
        end: None,
    };
    let ended = Invocation { end: Some(end), ..begun };
    [Fact::Invocation(begun, Change::Started), Fact::Invocation(ended, Change::Finished)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// When rows go what they came to by the second stays, whenever they go, also of those that ran on or came late.
    #[test]
    fn what_rows_came_to_by_the_second_is_kept_when_they_go(
        runs in prop::collection::vec(
            (
                0..FUNCTIONS,
                0i64..1_500_000,
                prop_oneof![20 => 1i64..400, 1 => 1i64..200_000],
                prop::bool::weighted(0.1),
                prop_oneof![20 => Just(0i64), 1 => 0i64..300_000],
            ),
            1_500..4_000,
        ),
        budgets in prop::collection::vec((any::<prop::sample::Index>(), 100_000usize..500_000), 1..5),
        windows in prop::collection::vec((0i64..1_600, 1i64..60, 1usize..40), 40),
    ) {
        let told = runs.iter().enumerate().flat_map(|(n, &(of, start, took, failed, late))| {
            run(n, of, start, took, failed, late)
        });
        let mut facts: Vec<Fact> = told.collect();
        facts.sort_by_key(Fact::known);
        let mut store = store_of(FUNCTIONS, [], PLENTY);
        let budget_at = |at: usize| budgets.iter().find(|(index, _)| index.index(facts.len()) == at);
        for (at, fact) in facts.iter().enumerate() {
            if let Some((_, bytes)) = budget_at(at) {
                store.set_budget(Budget { bytes: *bytes });
            }
            fact.tell(&mut store);
        }
        let snapshot = snapshot_of(&mut store);
        for (second, length, columns) in windows {
            let (from, to) = ((second - length) * 1_000, second * 1_000);
            let got = overview(&snapshot, &request(to - 1, length * 1_000 - 1, columns, "", None));
            for row in got.rows.iter().filter(|row| row.invocations.grade() == Grade::Counted) {
                let began = |run: &&(u32, i64, i64, bool, i64)| {
                    run.0 == row.id.0 && (from..to).contains(&run.1) && run.1 + run.4 < to
                };
                let failed = |&&(_, start, took, failed, late): &&(u32, i64, i64, bool, i64)| {
                    failed && start + took + late < to
                };
                let all = runs.iter().filter(began);
                prop_assert_eq!(row.invocations.value().copied(), Some(all.clone().count() as u64));
                prop_assert_eq!(row.errors.value().copied(), Some(all.filter(failed).count() as u64));
            }
        }
    }
}
