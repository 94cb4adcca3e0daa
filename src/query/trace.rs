//! Traces as of a time: which there are, and one as a tree.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::model::{Flags, FunctionId, Graded, SegmentNode, Timestamp, TraceId, Why, Window};
use crate::store::{Extent, KeptDocument, Snapshot, TraceData};

use super::asof::AsOf;
use super::filter::{Asked, Filter};
use super::select::{Selection, trace_answer};
use super::view::{Provenance, TracePanel, TraceRow, TraceTree};

/// A segment that has not ended is drawn up to now if something of its trace was seen this short
/// a time ago, in µs: an invocation lasts at most 15 min.
const LASTS_US: i64 = 15 * 60 * 1_000_000;

/// A trace in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSummary {
    /// The trace.
    pub id: TraceId,
    /// Start of the earliest part, µs since 1970.
    pub start_us: i64,
    /// From the earliest start to the latest end, in µs.
    pub length_us: i64,
    /// Segments and subsegments.
    pub segments: usize,
    /// All marks.
    pub flags: Flags,
}

/// The documents of a trace that are known.
pub(super) fn documents<'a>(asof: AsOf<'a>, trace: &'a TraceData) -> impl Iterator<Item = &'a KeptDocument> {
    trace.documents.iter().filter(move |kept| kept.document.known <= asof.at)
}

/// From when to when a trace lasts as far as it is known; `None` where nothing of it has a time.
pub(super) fn extent(asof: AsOf<'_>, trace: &TraceData) -> Option<Extent> {
    let extent = match trace.known <= asof.at {
        true => trace.extent,
        false => documents(asof, trace).fold(Extent::EMPTY, |all, kept| all.and(kept.extent)),
    };
    (extent.start_us <= extent.end_us).then_some(extent)
}

/// The traces of a selection that began in a window, the earliest first.
pub fn list(asof: AsOf<'_>, selection: &Selection<'_>, filter: &Filter, window: Window) -> Vec<TraceSummary> {
    let members: HashSet<FunctionId> = selection.members.iter().map(|member| member.id).collect();
    let in_window = |trace: &TraceData| {
        let extent = extent(asof, trace)?;
        let start = Timestamp(extent.start_us.div_euclid(1_000));
        (window.holds(start) && start <= asof.at).then_some(extent)
    };
    let of_members = |trace: &TraceData| {
        selection.all
            || documents(asof, trace).any(|kept| kept.function.is_some_and(|id| members.contains(&id)))
    };
    let wanted = |trace: &TraceData, extent: &Extent| {
        // The functions' names were asked when the members were chosen.
        filter.holds(|condition| {
            let id = || asof.snapshot.texts.ids.show_trace(trace.id);
            trace_answer(condition, extent, id, |is| has(asof, trace, is))
        })
    };
    let mut traces: Vec<TraceSummary> = asof
        .snapshot
        .traces
        .iter()
        .filter_map(|trace| Some((trace, in_window(trace)?)))
        .filter(|(trace, extent)| of_members(trace) && wanted(trace, extent))
        .map(|(trace, extent)| TraceSummary {
            id: trace.id,
            start_us: extent.start_us,
            length_us: extent.length_us(),
            segments: extent.nodes,
            flags: extent.flags,
        })
        .collect();
    traces.sort_unstable_by_key(|trace| (trace.start_us, trace.id));
    traces
}

/// Whether a segment or subsegment is of this kind.
fn has(asof: AsOf<'_>, trace: &TraceData, is: &dyn Fn(&SegmentNode) -> bool) -> bool {
    documents(asof, trace).any(|kept| {
        let mut todo = vec![&kept.document.root];
        while let Some(node) = todo.pop() {
            if is(node) {
                return true;
            }
            todo.extend(&node.children);
        }
        false
    })
}

/// The trace panel: the slowest of the marked traces, else of all; of one column of the charts where one
/// is looked at.
pub fn panel(
    asof: AsOf<'_>,
    selection: &Selection<'_>,
    filter: &Filter,
    window: Window,
    column: Option<Window>,
) -> TracePanel {
    let snapshot = asof.snapshot;
    let any = snapshot.traces.iter().any(|trace| trace.first_known <= asof.at);
    let reach = column.map_or(window, |column| Window { from: window.from.min(column.from), ..window });
    let mut traces = list(asof, selection, filter, reach);
    let newest = traces.iter().map(|trace| trace.start_us.saturating_add(trace.length_us)).max();
    if let Some(column) = column {
        traces.retain(|trace| column.holds(Timestamp(trace.start_us.div_euclid(1_000))));
    }
    let marked = traces.iter().filter(|trace| trace.flags.any()).count();
    let beyond = filter.is_beyond(Asked::Traces);
    let slowest = traces
        .iter()
        .filter(|trace| marked == 0 || trace.flags.any())
        .max_by_key(|trace| (trace.length_us, trace.start_us, trace.id));
    let age = newest.map(|us| asof.at.since(Timestamp(us.div_euclid(1_000))).max(0));
    TracePanel {
        traces: match (any, snapshot.health.traces_let_go) {
            (true, _) if beyond => Graded::NoSource(Why::NotOfTraces),
            (false, _) => Graded::NoSource(Why::NotInAnySource),
            (true, 0) => Graded::Counted(traces.len() as u64),
            (true, _) => Graded::AtLeast(traces.len() as u64, Why::Evicted),
        },
        marked: if beyond { 0 } else { marked as u64 },
        tree: slowest.filter(|_| !beyond).and_then(|trace| tree(snapshot, trace.id, asof.at)).map(Arc::new),
        column,
        provenance: Provenance {
            source: if any { "X-Ray" } else { "–" },
            age_ms: age,
            note: (!any).then(|| Why::NotInAnySource.words().to_string()),
        },
    }
}

/// A segment with its place in the tree.
struct Placed<'a> {
    node: &'a SegmentNode,
    parent: Option<Parent<'a>>,
    children: Vec<usize>,
    orphan: Option<&'a str>,
    function: Option<FunctionId>,
}

#[derive(Clone, Copy)]
enum Parent<'a> {
    /// The segment around it.
    Around(usize),
    /// The one that its document names.
    Named(&'a str),
}

/// A trace as it is known as of a time.
pub fn tree(snapshot: &Snapshot, id: TraceId, as_of: Timestamp) -> Option<TraceTree> {
    let asof = AsOf::new(snapshot, as_of);
    tree_of(asof, snapshot.traces.iter().find(|trace| trace.id == id)?)
}

/// Whether a subsegment of this name is the making of an environment, which comes before the run in whose
/// segment Lambda writes it (`formats.md` 8.2).
pub(super) fn is_init(name: &str) -> bool {
    matches!(name, "Initialization" | "Restore")
}

/// All traces by their ids.
pub(super) fn by_id(snapshot: &Snapshot) -> HashMap<TraceId, &TraceData> {
    snapshot.traces.iter().map(|trace| (trace.id, trace)).collect()
}

/// The trees of some traces, in their order.
pub fn trees<'a>(
    asof: AsOf<'a>,
    of: impl IntoIterator<Item = TraceId> + 'a,
) -> impl Iterator<Item = TraceTree> + 'a {
    let by_id = by_id(asof.snapshot);
    of.into_iter().filter_map(move |id| tree_of(asof, by_id.get(&id)?))
}

pub(super) fn tree_of(asof: AsOf<'_>, trace: &TraceData) -> Option<TraceTree> {
    let known = extent(asof, trace)?;
    let mut placed = place(asof, trace);
    let missing_parents = link(&mut placed);
    let begin = known.start_us;
    let now = asof.at.0.saturating_mul(1_000);
    let fresh = now.saturating_sub(known.end_us) <= LASTS_US;
    let open_end = if fresh { now.max(known.end_us) } else { known.end_us };
    let span = |node: &SegmentNode| {
        let start = node.start_us.unwrap_or(begin);
        let end = node.end_us.unwrap_or(if node.in_progress { open_end } else { start });
        (start, end.max(start))
    };
    let order = order(&placed, |node| span(node).0);
    let critical = critical(&placed, &order, span);
    let mut rows: Vec<TraceRow> = Vec::with_capacity(placed.len());
    // The rows around the one that is made.
    let mut around: Vec<usize> = Vec::new();
    for (at, depth) in order {
        let here = &placed[at];
        let (start, end) = span(here.node);
        around.truncate(depth);
        let parent = around.last().map(|row| &rows[*row]);
        around.push(rows.len());
        let its_parent = parent.filter(|_| here.node.start_us.is_some());
        let its_parent = its_parent.filter(|_| !is_init(&here.node.name));
        let early =
            its_parent.map_or(0, |parent| parent.start_us.saturating_sub(start.saturating_sub(begin)));
        // A run's own segment often leaves the request id to the service's segment above it.
        let same_run = parent.filter(|parent| here.function.is_none() || parent.function == here.function);
        let function = here.function.or(same_run.and_then(|parent| parent.function));
        let request_id = here.node.request_id.clone().filter(|_| here.function.is_some());
        let request_id = request_id.or_else(|| same_run?.request_id.clone());
        let inside = here.children.iter().map(|&child| span(placed[child].node));
        let texts = [here.node.detail.as_deref(), here.node.cause.as_deref()];
        rows.push(TraceRow {
            depth,
            name: here.node.name.to_string(),
            kind: here
                .node
                .origin
                .as_ref()
                .or(here.node.namespace.as_ref())
                .map_or_else(String::new, |k| k.to_string()),
            start_us: start.saturating_sub(begin),
            length_us: end.saturating_sub(start),
            self_us: self_time(start, end, inside.collect()),
            in_progress: here.node.in_progress,
            orphan: here.orphan.map(Into::into),
            flags: here.node.flags,
            detail: texts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
            id: here.node.id.clone(),
            critical: critical[at],
            early_us: early.max(0),
            function,
            request_id,
        });
    }
    let ends = rows.iter().map(|row| begin.saturating_add(row.start_us).saturating_add(row.length_us));
    Some(TraceTree {
        id: trace.id,
        shown: asof.snapshot.texts.ids.show_trace(trace.id),
        start_us: begin,
        end_us: ends.max().unwrap_or(known.end_us),
        missing_parents,
        in_progress: rows.iter().any(|row| row.in_progress),
        flags: rows.iter().fold(Flags::default(), |all, row| all.or(row.flags)),
        rows,
    })
}

/// All segments that are known, each once: of those with the same id the newest.
fn place<'a>(asof: AsOf<'a>, trace: &'a TraceData) -> Vec<Placed<'a>> {
    let mut documents: Vec<&KeptDocument> = documents(asof, trace).collect();
    documents.sort_by_key(|kept| (kept.document.known, !kept.document.root.in_progress));
    // A document takes the place of an earlier one of the same segment, its children included.
    let newest: HashMap<&str, usize> =
        documents.iter().enumerate().map(|(at, kept)| (&*kept.document.root.id, at)).collect();
    let mut placed: Vec<Placed<'a>> = Vec::new();
    let mut by_id: HashMap<&str, usize> = HashMap::new();
    for (at, kept) in documents.iter().enumerate() {
        let document = &kept.document;
        if !document.root.id.is_empty() && newest.get(&*document.root.id) != Some(&at) {
            continue;
        }
        let named = document.parent_id.as_deref().filter(|parent| !parent.is_empty());
        let mut todo = vec![(&document.root, named.map(Parent::Named))];
        while let Some((node, parent)) = todo.pop() {
            let slot = match by_id.get(&*node.id).filter(|_| !node.id.is_empty()) {
                Some(&slot) => {
                    (placed[slot].node, placed[slot].parent) = (node, parent);
                    slot
                }
                None => {
                    placed.push(Placed { node, parent, children: Vec::new(), orphan: None, function: None });
                    by_id.insert(&node.id, placed.len() - 1);
                    placed.len() - 1
                }
            };
            placed[slot].function = kept.function;
            todo.extend(node.children.iter().rev().map(|child| (child, Some(Parent::Around(slot)))));
        }
    }
    placed
}

/// Puts children to their parents; returns how many parents are named and were not seen.
fn link(placed: &mut [Placed<'_>]) -> usize {
    let by_id: HashMap<&str, usize> =
        placed.iter().enumerate().map(|(at, placed)| (&*placed.node.id, at)).collect();
    let mut missing: HashSet<&str> = HashSet::new();
    let mut links = Vec::new();
    for (at, here) in placed.iter().enumerate() {
        match here.parent {
            Some(Parent::Around(parent)) => links.push((at, Some(parent))),
            Some(Parent::Named(parent)) => match by_id.get(parent) {
                Some(&parent) => links.push((at, Some(parent))),
                None => {
                    missing.insert(parent);
                    links.push((at, None));
                }
            },
            None => {}
        }
    }
    let count = missing.len();
    for (at, parent) in links {
        match parent {
            Some(parent) if parent != at => placed[parent].children.push(at),
            Some(_) => placed[at].parent = None,
            None => {
                if let Some(Parent::Named(parent)) = placed[at].parent.take() {
                    placed[at].orphan = Some(parent);
                }
            }
        }
    }
    count
}

/// The segments in drawing order with their depth: parents before children, earlier before later.
/// A circle of parents is cut at its earliest segment.
fn order(placed: &[Placed<'_>], start: impl Fn(&SegmentNode) -> i64) -> Vec<(usize, usize)> {
    let earlier = |at: &usize| (start(placed[*at].node), *at);
    let mut roots: Vec<usize> = (0..placed.len()).filter(|&at| placed[at].parent.is_none()).collect();
    roots.sort_by_key(earlier);
    let mut rest: Vec<usize> = (0..placed.len()).filter(|&at| placed[at].parent.is_some()).collect();
    rest.sort_by_key(earlier);
    let mut seen = vec![false; placed.len()];
    let mut rows = Vec::with_capacity(placed.len());
    for root in roots.into_iter().chain(rest) {
        let mut todo = vec![(root, 0)];
        while let Some((at, depth)) = todo.pop() {
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            rows.push((at, depth));
            let mut children = placed[at].children.clone();
            children.sort_by_key(earlier);
            todo.extend(children.into_iter().rev().map(|child| (child, depth + 1)));
        }
    }
    rows
}

/// Which segments are on the critical path: from the root that ends last, back from its end, always
/// to the child that finished last before what is on the path already.
fn critical(
    placed: &[Placed<'_>],
    order: &[(usize, usize)],
    span: impl Fn(&SegmentNode) -> (i64, i64),
) -> Vec<bool> {
    let mut on_path = vec![false; placed.len()];
    let roots = order.iter().filter(|(_, depth)| *depth == 0).map(|(at, _)| *at);
    let Some(root) = roots.rev().max_by_key(|at| span(placed[*at].node).1) else { return on_path };
    let mut todo = vec![root];
    while let Some(at) = todo.pop() {
        // A circle of parents has been cut where it was entered first.
        if std::mem::replace(&mut on_path[at], true) {
            continue;
        }
        let mut children: Vec<(i64, i64, usize)> = placed[at]
            .children
            .iter()
            .map(|child| (span(placed[*child].node), *child))
            .map(|((start, end), child)| (end, start, child))
            .collect();
        children.sort_unstable_by(|a, b| b.cmp(a));
        let mut reached = i64::MAX;
        for (end, start, child) in children {
            if end <= reached {
                todo.push(child);
                reached = start;
            }
        }
    }
    on_path
}

/// What of a span no child fills.
fn self_time(start: i64, end: i64, mut children: Vec<(i64, i64)>) -> i64 {
    children.sort_unstable();
    let (mut covered, mut reached) = (0i64, start);
    for (from, to) in children {
        let (from, to) = (from.max(reached), to.min(end));
        if from < to {
            covered = covered.saturating_add(to - from);
            reached = to;
        }
    }
    end.saturating_sub(start).saturating_sub(covered).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FactSink, Origin, SegmentDocument, SourceId};
    use crate::query::made;

    fn node(id: &str, name: &str, from_ms: i64, to_ms: i64, children: Vec<SegmentNode>) -> SegmentNode {
        SegmentNode {
            id: id.into(),
            name: name.into(),
            start_us: Some(from_ms * 1_000),
            end_us: Some(to_ms * 1_000),
            in_progress: false,
            flags: Flags::default(),
            origin: None,
            namespace: None,
            inferred: false,
            detail: None,
            cause: None,
            request_id: None,
            children,
        }
    }

    /// The tree of a function's segment from 10 s to 12 s with these subsegments.
    fn tree_with(children: Vec<SegmentNode>) -> TraceTree {
        let mut store = made::store(&[]);
        let root = node("f", "pay", 10_000, 12_000, children);
        let known = Timestamp(13_000);
        let (trace_id, parent_id) = ("1-6745a1b2-0123456789abcdef01234567".into(), None);
        let document =
            SegmentDocument { trace_id, parent_id, subsegment: false, function: None, root, known };
        let origin = Origin { source: SourceId(0), offset: 0, len: 1 };
        store.segment(TraceId(1), None, known, &document, origin);
        tree(&made::snapshot(&mut store), TraceId(1), Timestamp(20_000)).unwrap()
    }

    #[test]
    fn an_init_before_its_run_is_a_cold_start_and_no_clock_that_differs() {
        let early = |tree: &TraceTree| tree.rows.iter().map(|row| row.early_us).max();
        let cold = tree_with(vec![node("i", "Initialization", 9_800, 9_990, vec![])]);
        assert_eq!((early(&cold), cold.is_cold()), (Some(0), true));
        let kept_ready = tree_with(vec![node("i", "Initialization", 1_000, 1_200, vec![])]);
        assert_eq!((early(&kept_ready), kept_ready.is_cold()), (Some(0), false));
        let skewed = tree_with(vec![node("s", "DynamoDB", 9_998, 10_100, vec![])]);
        assert_eq!((early(&skewed), skewed.is_cold()), (Some(2_000), false));
    }
}
