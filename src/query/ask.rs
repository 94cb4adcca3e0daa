//! Questions beside the main screen: lists, single buckets for detectors, places of log lines.

use std::cmp::Reverse;

use crate::model::{FunctionId, SourceId, Timestamp, Window};
use crate::store::{Dense, Fold, Row, Snapshot, Standing};

use super::asof::AsOf;
use super::axis::Axis;
use super::cell::Cell;
use super::detail::invocation;
use super::figures;
use super::filter::Filter;
use super::scan;
use super::select::{Member, Selection};
use super::trace::{self, TraceSummary};
use super::view::{InvocationRow, TraceTree};

/// Found invocations that are held before the least of them are let go.
const HELD: usize = 10_000;

/// What a list is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Selected {
    /// The time as of which is asked.
    pub as_of: Timestamp,
    /// The span in which it must have begun.
    pub window: Window,
    /// What is looked at.
    pub filter: Filter,
    /// Of one function only.
    pub function: Option<FunctionId>,
}

/// The order of a list of invocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// The earliest first.
    Oldest,
    /// The longest duration first; those without one last.
    Slowest,
}

/// A list of invocations.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocations {
    /// The first of them in the order asked for.
    pub rows: Vec<InvocationRow>,
    /// How many there are in all.
    pub matching: u64,
}

/// Invocations in an order, at most `most` of them.
pub fn invocations(snapshot: &Snapshot, what: &Selected, order: Order, most: usize) -> Invocations {
    let asof = AsOf::new(snapshot, what.as_of);
    let selection = Selection::of(asof, &what.filter, what.function);
    let mut found: Vec<(&Member<'_>, &Row, Standing)> = Vec::new();
    let mut matching = 0;
    let sort = |found: &mut Vec<(&Member<'_>, &Row, Standing)>| {
        // Of those that began in one ms, the order in which they happened to be read tells nothing.
        let at = |row: &Row| (row.start(), row.request_id(), row.attempt(), row.seq());
        let duration = |standing: &Standing| standing.end.and_then(|end| end.duration);
        match order {
            Order::Newest => found.sort_unstable_by_key(|(_, row, _)| Reverse(at(row))),
            Order::Oldest => found.sort_unstable_by_key(|(_, row, _)| at(row)),
            Order::Slowest => {
                found.sort_unstable_by_key(|(_, row, standing)| Reverse((duration(standing), at(row))));
            }
        }
        found.truncate(most);
    };
    for member in &selection.members {
        for (row, standing) in scan::rows(asof, member.function, what.window) {
            if member.wants(asof, row, &standing) {
                matching += 1;
                found.push((member, row, standing));
                if found.len() >= most.saturating_mul(2).max(HELD) {
                    sort(&mut found);
                }
            }
        }
    }
    sort(&mut found);
    let rows = found
        .iter()
        .map(|(member, row, standing)| invocation(asof, member.id, member.function, row, standing));
    Invocations { rows: rows.collect(), matching }
}

/// Traces that began in the window, the earliest first.
pub fn traces(snapshot: &Snapshot, what: &Selected) -> Vec<TraceSummary> {
    let asof = AsOf::new(snapshot, what.as_of);
    let selection = Selection::of(asof, &what.filter, what.function);
    trace::list(asof, &selection, &what.filter, what.window)
}

/// The same traces as trees.
pub fn trees<'a>(snapshot: &'a Snapshot, what: &Selected) -> impl Iterator<Item = TraceTree> + 'a {
    let listed = traces(snapshot, what);
    trace::trees(AsOf::new(snapshot, what.as_of), listed.into_iter().map(|trace| trace.id))
}

/// What the invocations of a function, or of all, that began in each column of an axis come to as
/// of a time: what detectors live on.
pub fn buckets(
    snapshot: &Snapshot,
    function: Option<FunctionId>,
    axis: &Axis,
    as_of: Timestamp,
) -> Vec<Fold<Dense>> {
    let asof = AsOf::new(snapshot, as_of);
    let filter = Filter::default();
    let selection = Selection::of(asof, &filter, function);
    figures::fold_all(asof, &selection, axis).into_iter().map(Cell::into_fold).collect()
}

/// One of [`buckets`].
pub fn bucket(
    snapshot: &Snapshot,
    function: Option<FunctionId>,
    window: Window,
    as_of: Timestamp,
) -> Fold<Dense> {
    buckets(snapshot, function, &Axis::span(window), as_of).pop().unwrap_or_default()
}

/// Where lines of the selected functions (or of none, where `function` and filter are empty) may
/// lie that fall into the window: source, first offset, offset after the last; in the order of
/// sources and offsets, neighbours joined.
pub fn places(snapshot: &Snapshot, what: &Selected) -> Vec<(SourceId, u64, u64)> {
    let asof = AsOf::new(snapshot, what.as_of);
    let selection = Selection::of(asof, &what.filter, what.function);
    let mut places: Vec<(SourceId, u64, u64)> = Vec::new();
    for (source, stretches) in snapshot.lines.sources() {
        for stretch in stretches.iter() {
            let timed = stretch.earliest <= stretch.latest;
            let inside = !timed || stretch.earliest < what.window.to && what.window.from <= stretch.latest;
            let wanted =
                selection.all || selection.members.iter().any(|member| stretch.functions.holds(member.id));
            if !inside || !wanted || stretch.known > asof.at {
                continue;
            }
            match places.last_mut().filter(|last| last.0 == source && last.2 >= stretch.offset) {
                Some(last) => last.2 = last.2.max(stretch.end),
                None => places.push((source, stretch.offset, stretch.end)),
            }
        }
    }
    places
}
