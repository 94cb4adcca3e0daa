//! Many traces folded into one tree: by the path of calls, or by services and who calls them.

use std::collections::{HashMap, HashSet};

use crate::model::Timestamp;

use super::asof::AsOf;
use super::trace::{self, TraceSummary};
use super::view::{TraceRow, TraceTree};

/// Traces that are folded at most: the newest.
const FOLDED: usize = 10_000;
/// Nodes of the tree at most: names may be made up by whoever writes them.
const NODES: usize = 2_000;

/// How traces are folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fold {
    /// By names from the root down.
    Paths,
    /// By services: what stands between them is their own.
    Services,
}

/// Traces folded into one tree, in drawing order.
#[derive(Clone, Debug, PartialEq)]
pub struct CallTree {
    /// The nodes, parents before children, those with most time first.
    pub rows: Vec<CallRow>,
    /// How many traces are in `before` and in `after`.
    pub traces: (usize, usize),
    /// What parts them; `None` where all are in `after`.
    pub split: Option<Timestamp>,
    /// How many traces were left out, since there are too many.
    pub left_out: usize,
    /// How many calls have no row of their own, since there are too many names.
    pub lumped: u64,
}

/// Calls of one name by the same caller.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRow {
    /// 0 for what nothing calls.
    pub depth: usize,
    /// Its name, unsanitised.
    pub name: String,
    /// `AWS::Lambda`, `aws`, `remote`, …; empty where unknown.
    pub kind: String,
    /// A service whose callees stand where it came first.
    pub again: bool,
    /// All calls of a service that so many others call, each of which has a row of its own; 0 for such a row.
    pub callers: usize,
    /// In traces that began before the parting instant.
    pub before: CallStats,
    /// In those that began at it or after it.
    pub after: CallStats,
}

/// What calls come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct CallStats {
    /// How many.
    pub calls: u64,
    /// Median of their lengths, in µs.
    pub p50_us: i64,
    /// 99th percentile of their lengths, in µs.
    pub p99_us: i64,
    /// All their lengths together, in µs.
    pub total_us: i64,
    /// Their self time together, in µs.
    pub self_us: i64,
    /// Marked error (4xx).
    pub error: u64,
    /// Marked fault (5xx).
    pub fault: u64,
    /// Marked throttle (429).
    pub throttle: u64,
}

#[derive(Default)]
struct Side {
    lengths: Vec<i64>,
    self_us: i64,
    marks: [u64; 3],
}

impl Side {
    fn add(&mut self, row: &TraceRow) {
        self.lengths.push(row.length_us);
        self.self_us = self.self_us.saturating_add(row.self_us);
        let flags = [row.flags.error, row.flags.fault, row.flags.throttle];
        self.marks.iter_mut().zip(flags).for_each(|(count, on)| *count += u64::from(on));
    }

    fn extend(&mut self, other: &Self) {
        self.lengths.extend_from_slice(&other.lengths);
        self.self_us = self.self_us.saturating_add(other.self_us);
        self.marks.iter_mut().zip(other.marks).for_each(|(count, more)| *count += more);
    }

    fn stats(&mut self) -> CallStats {
        self.lengths.sort_unstable();
        let rank = |share: usize| {
            let at = (self.lengths.len() * share).div_ceil(100).saturating_sub(1);
            self.lengths.get(at).copied().unwrap_or(0)
        };
        CallStats {
            calls: self.lengths.len() as u64,
            p50_us: rank(50),
            p99_us: rank(99),
            total_us: self.lengths.iter().fold(0, |all, us| all.saturating_add(*us)),
            self_us: self.self_us,
            error: self.marks[0],
            fault: self.marks[1],
            throttle: self.marks[2],
        }
    }
}

/// A caller and what it calls; the caller is a node or, of services, a service.
#[derive(Default)]
struct Node {
    name: String,
    kind: String,
    sides: [Side; 2],
    /// The first node of its name: what a service calls stands there, whoever called it.
    home: usize,
    callees: Vec<usize>,
}

#[derive(Default)]
struct Folding {
    nodes: Vec<Node>,
    /// By caller and name; the roots' caller is `None`.
    of: HashMap<(Option<usize>, String), usize>,
    roots: Vec<usize>,
    homes: HashMap<String, usize>,
    lumped: u64,
}

impl Folding {
    fn node(&mut self, key: Option<usize>, row: &TraceRow) -> Option<usize> {
        if let Some(at) = self.of.get(&(key, row.name.clone())) {
            return Some(*at);
        }
        if self.nodes.len() >= NODES {
            self.lumped += 1;
            return None;
        }
        let at = self.nodes.len();
        let home = *self.homes.entry(row.name.clone()).or_insert(at);
        self.nodes.push(Node { name: row.name.clone(), kind: row.kind.clone(), home, ..Node::default() });
        self.of.insert((key, row.name.clone()), at);
        Some(at)
    }

    /// Adds a trace. Of each row around the one that is looked at the node is remembered, that of
    /// the caller where it has none.
    fn paths(&mut self, tree: &TraceTree, side: usize) {
        let mut around: Vec<Option<usize>> = Vec::new();
        for row in &tree.rows {
            around.truncate(row.depth);
            let parent = around.last().copied();
            let node = match parent {
                // Below what has no row of its own nothing has one.
                Some(None) => {
                    self.lumped += 1;
                    None
                }
                _ => {
                    let known = self.nodes.len();
                    let node = self.node(parent.flatten(), row);
                    if let Some(at) = node.filter(|at| *at == known) {
                        match parent.flatten() {
                            Some(parent) => self.nodes[parent].callees.push(at),
                            None => self.roots.push(at),
                        }
                    }
                    node
                }
            };
            if let Some(at) = node {
                self.nodes[at].sides[side].add(row);
            }
            around.push(node);
        }
    }

    /// Adds a trace: what is a segment of its own or calls something is a service. The segment and
    /// the call of the same name are one call, the caller's.
    fn services(&mut self, tree: &TraceTree, side: usize) {
        // The node and the name of the service around.
        let mut around: Vec<(Option<usize>, &str)> = Vec::new();
        for row in &tree.rows {
            around.truncate(row.depth);
            let (caller, name) = around.last().copied().unwrap_or((None, ""));
            let inside = row.depth > 0 && (row.kind.is_empty() || row.name == name);
            if inside {
                around.push((caller, name));
                continue;
            }
            let caller_service = caller.map(|at| self.nodes[at].home);
            let known = self.nodes.len();
            let node = self.node(caller_service, row);
            if let Some(at) = node {
                if at == known {
                    match caller_service {
                        Some(caller) => self.nodes[caller].callees.push(at),
                        None => self.roots.push(at),
                    }
                }
                self.nodes[at].sides[side].add(row);
            }
            around.push((node.or(caller), &row.name));
        }
    }

    /// The rows in drawing order.
    fn rows(mut self, fold: Fold) -> (Vec<CallRow>, u64) {
        let stats: Vec<[CallStats; 2]> =
            self.nodes.iter_mut().map(|node| node.sides.each_mut().map(Side::stats)).collect();
        let weight =
            |at: &usize| stats[*at].iter().fold(0, |all: i64, side| all.saturating_add(side.total_us));
        let sorted = |nodes: &[usize]| {
            let mut nodes = nodes.to_vec();
            // The last one is taken first.
            nodes.sort_by_key(|at| (weight(at), std::cmp::Reverse(*at)));
            nodes
        };
        let mut rows = Vec::new();
        let mut unfolded: HashSet<usize> = HashSet::new();
        let mut todo: Vec<(usize, usize)> = sorted(&self.roots).into_iter().map(|at| (at, 0)).collect();
        while let Some((at, depth)) = todo.pop() {
            let node = &self.nodes[at];
            let home = if fold == Fold::Services { node.home } else { at };
            let callees = &self.nodes[home].callees;
            let first = unfolded.insert(home);
            let [before, after] = stats[at];
            rows.push(CallRow {
                depth,
                name: node.name.clone(),
                kind: node.kind.clone(),
                again: !first && !callees.is_empty(),
                callers: 0,
                before,
                after,
            });
            if first {
                todo.extend(sorted(callees).into_iter().map(|callee| (callee, depth + 1)));
            }
        }
        if fold == Fold::Services {
            rows.extend(self.shared());
        }
        (rows, self.lumped)
    }

    /// What is called by several, each with all its calls together: whether it is slow for all of them.
    fn shared(&self) -> Vec<CallRow> {
        let mut by_home: HashMap<usize, Vec<&Node>> = HashMap::new();
        self.nodes.iter().for_each(|node| by_home.entry(node.home).or_default().push(node));
        let mut rows: Vec<CallRow> = by_home
            .into_values()
            .filter(|nodes| nodes.len() > 1)
            .map(|nodes| {
                let [before, after] = [0, 1].map(|side| {
                    let mut all = Side::default();
                    nodes.iter().for_each(|node| all.extend(&node.sides[side]));
                    all.stats()
                });
                let (name, kind) = (nodes[0].name.clone(), nodes[0].kind.clone());
                CallRow { depth: 0, name, kind, again: false, callers: nodes.len(), before, after }
            })
            .collect();
        let weight = |row: &CallRow| row.before.total_us.saturating_add(row.after.total_us);
        rows.sort_by(|a, b| (weight(b), &a.name).cmp(&(weight(a), &b.name)));
        rows
    }
}

/// Folds traces.
pub fn fold(asof: AsOf<'_>, listed: &[TraceSummary], fold: Fold, split: Option<Timestamp>) -> CallTree {
    let left_out = listed.len().saturating_sub(FOLDED);
    let mut folding = Folding::default();
    let mut traces = (0, 0);
    for tree in trace::trees(asof, listed.iter().skip(left_out).map(|trace| trace.id)) {
        let is_before = split.is_some_and(|split| tree.start_us < split.0.saturating_mul(1_000));
        *(if is_before { &mut traces.0 } else { &mut traces.1 }) += 1;
        match fold {
            Fold::Paths => folding.paths(&tree, usize::from(!is_before)),
            Fold::Services => folding.services(&tree, usize::from(!is_before)),
        }
    }
    let (rows, lumped) = folding.rows(fold);
    CallTree { rows, traces, split, left_out, lumped }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Flags, TraceId};

    fn row(depth: usize, name: &str, kind: &str, length_us: i64, fault: bool) -> TraceRow {
        TraceRow {
            depth,
            name: name.into(),
            kind: kind.into(),
            start_us: 0,
            length_us,
            self_us: length_us / 2,
            in_progress: false,
            orphan: None,
            id: "".into(),
            critical: false,
            early_us: 0,
            function: None,
            request_id: None,
            flags: Flags { fault, ..Flags::default() },
            detail: String::new(),
        }
    }

    fn tree(rows: Vec<TraceRow>) -> TraceTree {
        TraceTree {
            id: TraceId(1),
            shown: String::new(),
            start_us: 0,
            end_us: 0,
            rows,
            missing_parents: 0,
            in_progress: false,
            flags: Flags::default(),
        }
    }

    /// What several call has a row for each of them, and one for all.
    #[test]
    fn what_is_called_by_several_has_all_its_calls_together_too() {
        let mut folding = Folding::default();
        let of = |caller: &str, calls: &[(i64, bool)]| {
            let mut rows = vec![row(0, caller, "AWS::Lambda", 100, false)];
            rows.extend(calls.iter().map(|(us, fault)| row(1, "orders", "aws", *us, *fault)));
            tree(rows)
        };
        folding.services(&of("pay", &[(10, false), (30, true)]), 1);
        folding.services(&of("login", &[(20, false)]), 1);
        folding.services(&of("login", &[(90, false)]), 0);
        let (rows, _) = folding.rows(Fold::Services);
        let edges: Vec<(&str, u64)> =
            rows.iter().filter(|row| row.name == "orders").map(|row| (&*row.name, row.after.calls)).collect();
        assert_eq!(edges, [("orders", 1), ("orders", 2), ("orders", 3)]);
        let all = rows.last().unwrap();
        assert_eq!((all.callers, all.depth, &*all.kind), (2, 0, "aws"));
        assert_eq!((all.after.p50_us, all.after.p99_us, all.after.total_us), (20, 30, 60));
        assert_eq!((all.after.self_us, all.after.fault, all.before.calls), (30, 1, 1));
        assert!(rows.iter().filter(|row| row.callers > 0).count() == 1, "{rows:?}");
    }
}
