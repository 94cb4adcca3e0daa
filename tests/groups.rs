//! Groups of errors and heat maps of durations against a slow model, as of any time, and each against the
//! list that it opens: a number on screen is how many there are behind it.

#![allow(clippy::unwrap_used)]

mod store_support;

use std::collections::BTreeMap;

use lamtop::model::{FunctionId, Grade, Micros, Timestamp, Window};
use lamtop::query::filter::{Compare, Condition, Filter, Term};
use lamtop::query::page::{LOOKED, PageRequest, Part, Ranking};
use lamtop::query::view::{OverviewRequest, SortBy};
use lamtop::query::{ErrorKey, overview, page};
use proptest::prelude::*;
use store_support::{BASE, SPAN, facts, snapshot_of, stood, store_of};

const PLENTY: usize = 1 << 30;

fn request(
    as_of: i64,
    window_ms: i64,
    columns: usize,
    heat: usize,
    function: Option<u32>,
) -> OverviewRequest {
    OverviewRequest {
        as_of: Timestamp(BASE + as_of),
        window_ms,
        columns,
        spark: 1,
        heat,
        ticks: 40,
        filter: Filter::default(),
        function: function.map(FunctionId),
        crosshair: None,
        metrics: true,
        compare_ms: None,
        sort: SortBy::Worst,
        reverse: false,
    }
}

fn listed(as_of: Timestamp, window: Window, function: Option<FunctionId>) -> PageRequest {
    PageRequest {
        as_of,
        window,
        filter: Filter::default(),
        function,
        environment: None,
        error: None,
        ranking: Ranking::Newest,
        reverse: false,
        part: Part::First,
        count: 1_000,
    }
}

/// Those that took so long.
fn between(took: std::ops::Range<u64>) -> Filter {
    let bounds = [(Compare::AtLeast, took.start), (Compare::Less, took.end)];
    let term = |(compare, us)| Term { not: false, what: Condition::Duration(compare, us) };
    Filter { terms: bounds.map(term).to_vec() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn a_group_is_how_many_failed_so_and_its_list_shows_them(
        facts in facts(3, 60), at in 0..SPAN + 600_000, window_ms in 1_000..SPAN, function in 0u32..3,
    ) {
        let mut store = store_of(3, &facts, PLENTY);
        let snapshot = snapshot_of(&mut store);
        let got = overview(&snapshot, &request(at, window_ms, 4, 0, Some(function)));
        let as_of = got.as_of;
        let window = Window { from: as_of.plus(-window_ms), to: as_of.plus(1) };
        let mut slow: BTreeMap<ErrorKey, Vec<Timestamp>> = BTreeMap::new();
        for one in stood(&facts, as_of) {
            if one.function == FunctionId(function) && window.holds(one.start) && let Some(end) = &one.end {
                ErrorKey::of(end).into_iter().for_each(|key| slow.entry(key).or_default().push(one.start));
            }
        }
        let groups = got.detail.map_or_else(Vec::new, |detail| detail.errors);
        let found: BTreeMap<ErrorKey, (Option<u64>, Timestamp, Timestamp)> =
            groups.iter().map(|group| (group.key, (group.count.value().copied(), group.first, group.last))).collect();
        let want: BTreeMap<_, _> = slow
            .iter()
            .map(|(key, at)| (*key, (Some(at.len() as u64), *at.iter().min().unwrap(), *at.iter().max().unwrap())))
            .collect();
        prop_assert_eq!(found, want);
        for group in groups {
            let all = listed(as_of, window, Some(FunctionId(function)));
            let list = page(&snapshot, &PageRequest { error: Some(group.key), ..all }, LOOKED);
            prop_assert_eq!(list.matching.value(), group.count.value());
            prop_assert_eq!(list.rows.first().map(|row| row.row.seq), Some(group.seq));
        }
    }

    #[test]
    fn a_cell_of_the_heat_map_is_how_many_its_list_shows(
        facts in facts(3, 60), at in 0..SPAN + 600_000, window_ms in 1_000..SPAN, columns in 1usize..9,
        rows in 1usize..12, function in prop::option::of(0u32..3),
    ) {
        let mut store = store_of(3, &facts, PLENTY);
        let snapshot = snapshot_of(&mut store);
        let got = overview(&snapshot, &request(at, window_ms, columns, rows, function));
        let Some(heat) = got.heat else {
            prop_assert!(got.panels.duration.now.value().is_none(), "no log tells of it");
            return Ok(());
        };
        let all = stood(&facts, got.as_of);
        for column in 0..columns {
            let from = got.window.from.plus(got.step_ms * column as i64);
            let span = Window { from, to: from.plus(got.step_ms) };
            for row in 0..rows {
                let took = heat.range(row).unwrap();
                let count = |one: &&store_support::Stood| {
                    let duration = one.end.and_then(|end| end.duration);
                    function.is_none_or(|of| one.function == FunctionId(of))
                        && span.holds(one.start)
                        && duration.is_some_and(|Micros(us)| took.contains(&u64::from(us)))
                };
                let slow = all.iter().filter(count).count() as u64;
                let shown = heat.count(column, row);
                // Where the map says that there can be none there is none.
                prop_assert_eq!(u64::from(shown.unwrap_or(0)), slow);
                if slow > 0 {
                    let request = listed(got.as_of, span, function.map(FunctionId));
                    let list = page(&snapshot, &PageRequest { filter: between(took), ..request }, LOOKED);
                    prop_assert_eq!(list.matching.value().copied(), Some(slow));
                }
            }
        }
    }

    #[test]
    fn what_was_let_go_is_not_passed_off_as_counted(
        facts in facts(3, 60), window_ms in 60_000..SPAN, rows in 1usize..12,
    ) {
        let mut store = store_of(3, &facts, 1);
        let snapshot = snapshot_of(&mut store);
        let got = overview(&snapshot, &request(SPAN, window_ms, 4, rows, Some(0)));
        let window = Window { from: got.as_of.plus(-window_ms), to: got.as_of.plus(1) };
        let slow = stood(&facts, got.as_of);
        let failed = |one: &&store_support::Stood| {
            one.function == FunctionId(0) && window.holds(one.start) && one.end.is_some_and(|end| end.outcome.failed())
        };
        let all = slow.iter().filter(failed).count() as u64;
        let let_go = got.detail.as_ref().is_some_and(|detail| detail.let_go);
        let groups = got.detail.map_or_else(Vec::new, |detail| detail.errors);
        let shown: u64 = groups.iter().filter_map(|group| group.count.value()).sum();
        prop_assert!(shown <= all);
        if shown < all {
            prop_assert!(let_go && groups.iter().all(|group| group.count.grade() != Grade::Counted));
        }
    }
}
