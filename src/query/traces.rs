//! The questions of the views of traces, and what they get: a list, one trace with the invocations
//! in it, many traces folded into one tree of calls.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use crate::model::{Flags, FunctionId, SourceId, Timestamp, TraceId, Window};
use crate::store::{Snapshot, TraceData};

use super::asof::AsOf;
use super::calls::{self, CallTree, Fold};
use super::filter::Filter;
use super::select::Selection;
use super::trace::{self, TraceSummary};
use super::view::TraceTree;

/// Traces that a list has at most.
const LISTED: usize = 1_000;
/// Of a trace with more segments the list does not say what takes its time.
const EXAMINED: usize = 2_000;
/// Rows that are looked at to find the invocations of a trace.
const LOOKED_AT: usize = 1_000_000;
/// Segments of a run and its log lines have clocks of their own: how far they may differ, in ms.
const CLOCKS_MS: i64 = 2_000;

/// A question of a view of traces.
#[derive(Clone, Debug, PartialEq)]
pub struct TracesRequest {
    /// As of when.
    pub as_of: Timestamp,
    /// What.
    pub what: TracesWhat,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum TracesWhat {
    /// The traces, in an order.
    List {
        /// Of these.
        scope: TraceScope,
        /// In this order.
        order: TraceOrder,
        /// Turned round.
        reverse: bool,
    },
    /// One of them.
    One(TraceOf),
    /// All of them folded into one tree.
    Calls {
        /// Of these.
        scope: TraceScope,
        /// How.
        fold: Fold,
        /// Those that began before this apart from those after.
        split: Option<Timestamp>,
    },
}

/// Which traces.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceScope {
    /// Those that began in a window of this length up to now, in ms.
    pub window_ms: i64,
    /// What is looked at.
    pub filter: Filter,
    /// With a segment of this function.
    pub function: Option<FunctionId>,
}

/// How a trace is named.
#[derive(Clone, Debug, PartialEq)]
pub enum TraceOf {
    /// By its id.
    Id(TraceId),
    /// By its id as printed.
    Printed(String),
    /// By the request id of an invocation in it.
    Request {
        /// The function's name, where it is known.
        function: Option<Arc<str>>,
        /// The request id.
        request_id: String,
    },
}

/// The order of a list of traces; each has a natural direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TraceOrder {
    /// The newest first.
    #[default]
    Newest,
    /// The longest first.
    Slowest,
    /// Those marked fault, throttle or error first, of these the newest.
    Failed,
    /// The one with the most segments first.
    Largest,
}

/// The answer to a [`TracesRequest`], of the same kind.
#[derive(Clone, Debug, PartialEq)]
pub enum TracesAnswer {
    /// To [`TracesWhat::List`].
    List(TraceList),
    /// To [`TracesWhat::One`].
    One(OneTrace),
    /// To [`TracesWhat::Calls`].
    Calls(CallTree),
}

/// Traces in an order.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TraceList {
    /// The first thousand.
    pub lines: Vec<TraceLine>,
    /// How many there are in all.
    pub matching: usize,
    /// How many of all are marked.
    pub marked: usize,
    /// Whether any source has traces, in whatever window.
    pub any: bool,
    /// Traces that were let go to stay within the memory.
    pub let_go: u64,
}

/// A trace in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceLine {
    /// The trace.
    pub id: TraceId,
    /// Its id as printed.
    pub shown: String,
    /// Start of the earliest part, µs since 1970.
    pub start_us: i64,
    /// From the earliest start to the latest end, in µs.
    pub length_us: i64,
    /// Segments and subsegments.
    pub segments: usize,
    /// There were more than are kept.
    pub cut: bool,
    /// All marks.
    pub flags: Flags,
    /// A part has not ended.
    pub in_progress: bool,
    /// Parents that are named but were not seen.
    pub missing_parents: usize,
    /// Name of the first segment.
    pub root: String,
    /// The segment with the longest self time but the first one, and that time in µs.
    pub holds: Option<(String, i64)>,
}

/// A trace, as far as it is there.
#[derive(Clone, Debug, PartialEq)]
pub struct OneTrace {
    /// The trace; `None` where nothing names one.
    pub id: Option<TraceId>,
    /// Its id as printed.
    pub shown: String,
    /// Its segments; `None` where none was read.
    pub tree: Option<Arc<TraceTree>>,
    /// The invocations in it, by row of the tree.
    pub invocations: Vec<TracedInvocation>,
    /// Documents of it that were not kept, since there were too many.
    pub refused: u32,
    /// Whether any source has traces.
    pub any: bool,
}

/// An invocation that a segment is the run of.
#[derive(Clone, Debug, PartialEq)]
pub struct TracedInvocation {
    /// The first row of its run.
    pub row: usize,
    /// The function.
    pub function: FunctionId,
    /// Its name.
    pub name: Arc<str>,
    /// The request id.
    pub request_id: String,
    /// Its lines: source, first offset, offset after the last.
    pub lines: (SourceId, u64, u64),
}

/// Answers a question from what is known.
pub fn traces_answer(snapshot: &Snapshot, request: &TracesRequest) -> TracesAnswer {
    let asof = AsOf::new(snapshot, request.as_of);
    match &request.what {
        TracesWhat::List { scope, order, reverse } => TracesAnswer::List(list(asof, scope, *order, *reverse)),
        TracesWhat::One(of) => TracesAnswer::One(one(asof, of)),
        TracesWhat::Calls { scope, fold, split } => {
            let selection = Selection::of(asof, &scope.filter, scope.function);
            let listed = trace::list(asof, &selection, &scope.filter, window(asof, scope));
            TracesAnswer::Calls(calls::fold(asof, &listed, *fold, *split))
        }
    }
}

fn window(asof: AsOf<'_>, scope: &TraceScope) -> Window {
    Window { from: asof.at.plus(-scope.window_ms.max(0)), to: asof.at.plus(1) }
}

fn list(asof: AsOf<'_>, scope: &TraceScope, order: TraceOrder, reverse: bool) -> TraceList {
    let selection = Selection::of(asof, &scope.filter, scope.function);
    let mut found = trace::list(asof, &selection, &scope.filter, window(asof, scope));
    let marked = found.iter().filter(|trace| trace.flags.any()).count();
    let newest = |trace: &TraceSummary| (trace.start_us, trace.id);
    match order {
        TraceOrder::Newest => found.sort_unstable_by_key(|trace| Reverse(newest(trace))),
        TraceOrder::Slowest => found.sort_unstable_by_key(|trace| Reverse((trace.length_us, newest(trace)))),
        TraceOrder::Failed => {
            found.sort_unstable_by_key(|trace| Reverse((badness(trace.flags), newest(trace))))
        }
        TraceOrder::Largest => found.sort_unstable_by_key(|trace| Reverse((trace.segments, newest(trace)))),
    }
    if reverse {
        found.reverse();
    }
    let matching = found.len();
    found.truncate(LISTED);
    let by_id = trace::by_id(asof.snapshot);
    TraceList {
        lines: found.iter().filter_map(|of| Some(line(asof, of, by_id.get(&of.id)?))).collect(),
        matching,
        marked,
        any: any(asof),
        let_go: asof.snapshot.health.traces_let_go,
    }
}

/// How bad marks are.
fn any(asof: AsOf<'_>) -> bool {
    asof.snapshot.traces.iter().any(|trace| trace.first_known <= asof.at)
}

fn badness(flags: Flags) -> u8 {
    u8::from(flags.fault) * 4 + u8::from(flags.throttle) * 2 + u8::from(flags.error)
}

fn line(asof: AsOf<'_>, of: &TraceSummary, trace: &TraceData) -> TraceLine {
    let tree = (of.segments <= EXAMINED).then(|| trace::tree_of(asof, trace)).flatten();
    let rows = tree.as_ref().map_or(&[][..], |tree| &tree.rows);
    let first = || {
        let earliest = trace::documents(asof, trace).min_by_key(|kept| kept.extent.start_us);
        earliest.map(|kept| kept.document.root.name.to_string())
    };
    let root = rows.iter().find(|row| row.orphan.is_none()).or(rows.first());
    let longest = rows.iter().skip(1).filter(|row| row.self_us > 0).max_by_key(|row| row.self_us);
    TraceLine {
        id: of.id,
        shown: asof.snapshot.texts.ids.show_trace(of.id),
        start_us: of.start_us,
        length_us: tree.as_ref().map_or(of.length_us, |tree| tree.end_us.saturating_sub(tree.start_us)),
        segments: of.segments,
        cut: trace.refused > 0,
        flags: of.flags,
        in_progress: tree.as_ref().is_some_and(|tree| tree.in_progress),
        missing_parents: tree.as_ref().map_or(0, |tree| tree.missing_parents),
        root: root.map(|row| row.name.clone()).or_else(first).unwrap_or_default(),
        holds: longest.map(|row| (row.name.clone(), row.self_us)),
    }
}

/// One trace; of one that is named by an invocation what that invocation printed, else the trace
/// with a segment of it.
fn one(asof: AsOf<'_>, of: &TraceOf) -> OneTrace {
    let texts = &asof.snapshot.texts;
    let id = match of {
        TraceOf::Id(id) => Some(*id),
        TraceOf::Printed(text) => texts.ids.find_trace(text),
        TraceOf::Request { function, request_id } => of_request(asof, function.as_deref(), request_id),
    };
    let shown = match (id, of) {
        (Some(id), _) => texts.ids.show_trace(id),
        (None, TraceOf::Printed(text)) => text.clone(),
        _ => String::new(),
    };
    let trace = id.and_then(|id| asof.snapshot.traces.iter().find(|trace| trace.id == id));
    let tree = trace.and_then(|trace| trace::tree_of(asof, trace));
    OneTrace {
        id,
        shown,
        invocations: tree.as_ref().map_or_else(Vec::new, |tree| invocations(asof, tree)),
        tree: tree.map(Arc::new),
        refused: trace.map_or(0, |trace| trace.refused),
        any: any(asof),
    }
}

fn of_request(asof: AsOf<'_>, function: Option<&str>, request_id: &str) -> Option<TraceId> {
    let wanted = asof.snapshot.texts.ids.find_request(request_id)?;
    let is_named = |name: &str| function.is_none_or(|function| function == name);
    let printed = asof.functions().filter(|(_, of)| is_named(&of.name)).find_map(|(_, of)| {
        let row = of.rows.iter().find(|row| row.request_id() == wanted && row.traced())?;
        asof.trace(of, row)
    });
    printed.or_else(|| {
        let has = |trace: &&TraceData| {
            trace::documents(asof, trace)
                .any(|kept| kept.document.root.request_id.as_deref() == Some(request_id))
        };
        asof.snapshot.traces.iter().find(has).map(|trace| trace.id)
    })
}

/// The invocations of a trace that were read: each at the first row of its run.
fn invocations(asof: AsOf<'_>, tree: &TraceTree) -> Vec<TracedInvocation> {
    let mut found: Vec<TracedInvocation> = Vec::new();
    let mut looked_at = 0;
    let mut seen: HashSet<(FunctionId, &str)> = HashSet::new();
    for (at, row) in tree.rows.iter().enumerate() {
        let Some((id, request)) = row.function.zip(row.request_id.as_deref()) else { continue };
        if !seen.insert((id, request)) {
            continue;
        }
        let Some(function) = asof.snapshot.function(id) else { continue };
        let Some(wanted) = asof.snapshot.texts.ids.find_request(request) else { continue };
        let ms = |us: i64| Timestamp(tree.start_us.saturating_add(us).div_euclid(1_000));
        let (from, to) = (ms(row.start_us).plus(-CLOCKS_MS), ms(row.start_us.saturating_add(row.length_us)));
        let rows = function.rows.from((from, 0)).take_while(|row| row.start() <= to.plus(CLOCKS_MS));
        let its = rows
            .take(LOOKED_AT.saturating_sub(looked_at))
            .inspect(|_| looked_at += 1)
            .find(|row| row.request_id() == wanted && asof.standing(function, row).is_some());
        if let Some(its) = its {
            let lines = its.lines();
            found.push(TracedInvocation {
                row: at,
                function: id,
                name: function.name.clone(),
                request_id: request.to_string(),
                lines: (lines.source, lines.from, asof.lines_to(function, its)),
            });
        }
    }
    found
}
