//! Pages of a list of invocations against the list itself: whatever is looked at first, however
//! little may be looked at, page after page comes to the same.

#![allow(clippy::unwrap_used)]

mod store_support;

use lamtop::model::{FunctionId, Graded, Timestamp, Window};
use lamtop::query::filter::Filter;
use lamtop::query::page::{LOOKED, Page, PageRequest, Part, Place, Ranking};
use lamtop::query::{Order, Selected, invocations, page, step};
use lamtop::store::Snapshot;
use proptest::prelude::*;
use store_support::{BASE, SPAN, facts, snapshot_of, store_of};

const PLENTY: usize = 1 << 30;

fn a_request() -> impl Strategy<Value = PageRequest> {
    let filter = prop::sample::select(vec!["", "", "", "err", "cold", "-fn:f1", "dur>1s"]);
    let ranking = prop::sample::select(Ranking::ALL.to_vec());
    let function = prop_oneof![3 => Just(None), 1 => (0u32..3).prop_map(Some)];
    (0..SPAN, 1..SPAN, 0..SPAN, filter, ranking, any::<bool>(), function, 1usize..9).prop_map(
        |(from, ms, as_of, filter, ranking, reverse, function, count)| PageRequest {
            as_of: Timestamp(BASE + as_of),
            window: Window { from: Timestamp(BASE + from), to: Timestamp(BASE + from + ms) },
            filter: Filter::parse(filter).unwrap(),
            function: function.map(FunctionId),
            environment: None,
            error: None,
            ranking,
            reverse,
            part: Part::First,
            count,
        },
    )
}

/// The places of all pages, from the first to the last or back; `None` where a page says that it
/// looked at as much as it may before it found enough.
fn all(snapshot: &Snapshot, request: &PageRequest, back: bool, looked: usize) -> Option<Vec<Place>> {
    let part = if back { Part::Last } else { Part::First };
    let mut last = page(snapshot, &PageRequest { part, ..request.clone() }, looked);
    let places = |page: &Page| page.rows.iter().map(|listed| listed.place).collect::<Vec<_>>();
    let mut all = places(&last);
    loop {
        if last.looked_from.is_some() {
            return None;
        }
        let ended = if back { last.at_start } else { last.at_end };
        let edge = if back { all.first() } else { all.last() };
        let Some(edge) = edge.filter(|_| !ended).copied() else { return Some(all) };
        let count = 2 * request.count.max(2);
        last = page(snapshot, &PageRequest { part: Part::Around(edge), count, ..request.clone() }, looked);
        let next = places(&last);
        let at = next.iter().position(|place| *place == edge).unwrap();
        let before = all.len();
        match back {
            false => all.extend(&next[at + 1..]),
            true => drop(all.splice(0..0, next[..at].iter().copied())),
        }
        let ended = if back { last.at_start } else { last.at_end };
        let bounded = last.looked_from.is_some();
        assert!(ended || bounded || all.len() > before, "a page that is not the last brings more");
    }
}

/// When invocations of these functions began or ended, as far as it became known: slow and obvious.
fn events(snapshot: &Snapshot, wanted: impl Fn(&str) -> bool) -> Vec<Timestamp> {
    let rows = snapshot.functions.iter().filter(|f| wanted(&f.name)).flat_map(|f| f.rows.iter());
    let times = |row: &lamtop::store::Row| {
        let began = row.start().max(row.start_known());
        [Some(began), row.end().map(|end| end.end.known.max(began))]
    };
    let mut all: Vec<Timestamp> = rows.flat_map(times).flatten().collect();
    all.sort_unstable();
    all.dedup();
    all
}

proptest! {
    #[test]
    fn steps_visit_every_time_at_which_something_was_known(facts in facts(3, 40), from in 0..SPAN, only: bool) {
        let mut store = store_of(3, &facts, PLENTY);
        let snapshot = snapshot_of(&mut store);
        let filter = Filter::parse(if only { "-fn:f1" } else { "" }).unwrap();
        let all = events(&snapshot, |name| !only || name != "f1");
        let mut at = Timestamp(BASE + from);
        let mut later = all.iter().filter(|time| **time > at).copied().collect::<Vec<_>>();
        while let Some(next) = step(&snapshot, (at, true), &filter, None, None) {
            prop_assert_eq!(Some(next), (!later.is_empty()).then(|| later.remove(0)));
            at = next;
        }
        prop_assert_eq!(later, vec![]);
        let mut before = all.iter().filter(|time| **time < at).copied().collect::<Vec<_>>();
        while let Some(next) = step(&snapshot, (at, false), &filter, None, None) {
            prop_assert_eq!(Some(next), before.pop());
            at = next;
        }
        prop_assert_eq!(before, vec![]);
    }

    #[test]
    fn pages_come_to_the_whole_list(facts in facts(3, 60), request in a_request(), back: bool) {
        let mut store = store_of(3, &facts, PLENTY);
        let snapshot = snapshot_of(&mut store);
        let what = Selected {
            as_of: request.as_of,
            window: request.window,
            filter: request.filter.clone(),
            function: request.function,
        };
        let listed = invocations(&snapshot, &what, Order::Newest, PLENTY);
        let got = all(&snapshot, &request, back, LOOKED).unwrap();
        prop_assert_eq!(got.len() as u64, listed.matching);
        let sorted = got.windows(2).all(|pair| if request.reverse { pair[0] < pair[1] } else { pair[0] > pair[1] });
        prop_assert!(sorted);
        let mut seqs: Vec<u64> = got.iter().map(|place| place.seq).collect();
        let mut want: Vec<u64> = listed.rows.iter().map(|row| row.seq).collect();
        seqs.sort_unstable();
        want.sort_unstable();
        prop_assert_eq!(seqs, want);
        let first = page(&snapshot, &request, LOOKED);
        prop_assert_eq!(first.matching, Graded::Counted(listed.matching));
        prop_assert_eq!(first.before, Some(0));
        for (listed, place) in first.rows.iter().zip(&got) {
            prop_assert!(back || listed.place == *place);
            let row = &listed.row;
            let ranked = match request.ranking {
                Ranking::Slowest => row.duration.map_or(0, |duration| u64::from(duration.0) + 1),
                Ranking::Memory => row.max_memory_mb.map_or(0, u64::from),
                _ => listed.place.rank,
            };
            prop_assert_eq!(listed.place.rank, ranked);
        }
    }

    #[test]
    fn by_time_they_do_so_however_little_may_be_looked_at(
        facts in facts(3, 60), request in a_request(), back: bool,
    ) {
        let request = PageRequest { ranking: Ranking::Newest, ..request };
        let mut store = store_of(3, &facts, PLENTY);
        let snapshot = snapshot_of(&mut store);
        let few = 2 * request.count.max(2);
        if let Some(got) = all(&snapshot, &request, back, few) {
            prop_assert_eq!(Some(got), all(&snapshot, &request, back, LOOKED));
        }
    }
}
