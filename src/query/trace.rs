//! Traces as of a time: documents to one tree, and the tree that matters most.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Flags, Graded, SegmentNode, Why, Window};
use crate::store::{KeptDocument, TraceData};

use super::asof::AsOf;
use super::select::Selection;
use super::view::{Provenance, TracePanel, TraceRow, TraceTree};

/// Rows of a tree at most: what follows is left out of the picture, not of the counts.
const ROWS: usize = 2_000;

/// The slowest trace of the selection in the window; marked ones go before others.
pub fn panel(asof: AsOf<'_>, selection: &Selection<'_>, window: Window) -> TracePanel {
    let wanted = |trace: &TraceData| {
        let known = trace.documents.iter().filter(|d| d.document.known <= asof.at);
        let of = |d: &KeptDocument| {
            d.function.is_some_and(|id| selection.members.binary_search_by_key(&id, |m| m.id).is_ok())
        };
        selection.all || known.into_iter().any(of)
    };
    let (from, to) = (window.from.0.saturating_mul(1_000), window.to.0.saturating_mul(1_000));
    let (mut count, mut marked, mut newest) = (0u64, 0u64, i64::MIN);
    let mut best: Option<(bool, i64, &TraceData)> = None;
    for trace in asof.snapshot.traces.iter().filter(|trace| trace.first_known <= asof.at) {
        let known = trace.documents.iter().filter(|d| d.document.known <= asof.at).map(|d| d.extent);
        let Some(extent) = known.reduce(|a, b| a.and(b)) else { continue };
        if extent.start_us < from || extent.start_us >= to || !wanted(trace) {
            continue;
        }
        count += 1;
        marked += u64::from(extent.flags.any());
        newest = newest.max(extent.end_us);
        let rank = (extent.flags.any(), extent.length_us());
        if best.is_none_or(|(any, length, _)| rank > (any, length)) {
            best = Some((rank.0, rank.1, trace));
        }
    }
    let none = count == 0;
    TracePanel {
        traces: if none { Graded::NoSource(Why::NoData) } else { Graded::Counted(count) },
        marked,
        tree: best.map(|(_, _, trace)| Arc::new(tree(asof, trace))),
        provenance: Provenance {
            source: if none { "no source" } else { "X-Ray" },
            age_ms: (!none).then(|| asof.at.since(crate::model::Timestamp(newest / 1_000)).max(0)),
            note: Some(if none {
                "no X-Ray segment in this window; give segment documents".to_string()
            } else {
                "traces are sampled: examples, never counts of requests".to_string()
            }),
        },
    }
}

/// A node of the tree before it is drawn.
struct Node<'a> {
    node: &'a SegmentNode,
    parent: Option<usize>,
    named: bool,
    children: Vec<usize>,
}

/// All that is known of a trace as one tree, in drawing order.
pub fn tree(asof: AsOf<'_>, trace: &TraceData) -> TraceTree {
    let mut nodes: Vec<Node<'_>> = Vec::new();
    let mut by_id: HashMap<&str, usize> = HashMap::new();
    let mut named: Vec<Option<&str>> = Vec::new();
    // The newest document of an id replaces the former (an in-progress one, say).
    let mut documents: HashMap<&str, &KeptDocument> = HashMap::new();
    let mut order: Vec<&str> = Vec::new();
    for kept in trace.documents.iter().filter(|d| d.document.known <= asof.at) {
        if documents.insert(&kept.document.root.id, kept).is_none() {
            order.push(&kept.document.root.id);
        }
    }
    for id in order {
        let document = &documents[id].document;
        let mut open: Vec<(&SegmentNode, Option<usize>)> = vec![(&document.root, None)];
        while let Some((node, parent)) = open.pop() {
            let at = nodes.len();
            by_id.entry(&node.id).or_insert(at);
            named.push(if parent.is_none() { document.parent_id.as_deref() } else { None });
            nodes.push(Node { node, parent, named: false, children: Vec::new() });
            open.extend(node.children.iter().map(|child| (child, Some(at))));
        }
    }
    for at in 0..nodes.len() {
        if let Some(id) = named[at] {
            nodes[at].named = true;
            nodes[at].parent = by_id.get(id).copied().filter(|parent| !descends(&nodes, *parent, at));
        }
    }
    for at in 0..nodes.len() {
        if let Some(parent) = nodes[at].parent {
            nodes[parent].children.push(at);
        }
    }
    draw(asof, trace, &mut nodes)
}

/// Whether `from` lies below `above`: then hanging `above` under it would make a ring.
fn descends(nodes: &[Node<'_>], from: usize, above: usize) -> bool {
    let mut at = Some(from);
    let mut steps = 0;
    while let Some(node) = at {
        if node == above || steps > nodes.len() {
            return true;
        }
        at = nodes[node].parent;
        steps += 1;
    }
    false
}

fn draw(asof: AsOf<'_>, trace: &TraceData, nodes: &mut [Node<'_>]) -> TraceTree {
    let start_us = nodes.iter().filter_map(|n| n.node.start_us).min().unwrap_or(0);
    let latest = nodes.iter().filter_map(|n| n.node.end_us.or(n.node.start_us)).max().unwrap_or(start_us);
    let now_us = asof.at.0.saturating_mul(1_000);
    // What has not ended runs on to now, but the picture ends with the latest that is known.
    let end_us = latest.max(start_us);
    let end_of =
        |node: &SegmentNode| node.end_us.unwrap_or(end_us.min(now_us).max(node.start_us.unwrap_or(start_us)));
    let begin_of = |node: &SegmentNode| node.start_us.unwrap_or(start_us);
    let starts: Vec<i64> = nodes.iter().map(|n| begin_of(n.node)).collect();
    for node in nodes.iter_mut() {
        node.children.sort_by_key(|child| (starts[*child], *child));
    }
    let mut roots: Vec<usize> = (0..nodes.len()).filter(|at| nodes[*at].parent.is_none()).collect();
    roots.sort_by_key(|at| (nodes[*at].named, starts[*at]));
    let mut rows = Vec::new();
    let mut open: Vec<(usize, usize)> = roots.iter().rev().map(|at| (*at, 0)).collect();
    let mut flags = Flags::default();
    while let Some((at, depth)) = open.pop() {
        let Node { node, parent, named, children } = &nodes[at];
        flags = flags.or(node.flags);
        let (from, to) = (begin_of(node), end_of(node));
        let mut covered: Vec<(i64, i64)> =
            children.iter().map(|c| (starts[*c].max(from), end_of(nodes[*c].node).min(to))).collect();
        if rows.len() < ROWS {
            rows.push(TraceRow {
                depth,
                name: node.name.to_string(),
                kind: node.origin.as_deref().or(node.namespace.as_deref()).unwrap_or_default().to_string(),
                start_us: from - start_us,
                length_us: (to - from).max(0),
                self_us: ((to - from) - union(&mut covered)).max(0),
                in_progress: node.end_us.is_none(),
                orphan: parent.is_none() && *named,
                flags: node.flags,
                detail: node.cause.as_deref().or(node.detail.as_deref()).unwrap_or_default().to_string(),
            });
        }
        open.extend(children.iter().rev().map(|child| (*child, depth + 1)));
    }
    TraceTree {
        id: trace.id,
        shown: asof.snapshot.texts.ids.show_trace(trace.id),
        start_us,
        end_us,
        missing_parents: nodes.iter().filter(|n| n.parent.is_none() && n.named).count(),
        in_progress: nodes.iter().any(|n| n.node.end_us.is_none()),
        rows,
        flags,
    }
}

/// The length of the union of intervals.
fn union(intervals: &mut [(i64, i64)]) -> i64 {
    intervals.sort_unstable();
    let (mut total, mut reached) = (0, i64::MIN);
    for (from, to) in intervals.iter() {
        total += (to - from.max(&reached)).max(0);
        reached = reached.max(*to);
    }
    total
}
