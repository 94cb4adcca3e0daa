//! Random facts, and a slow obvious model of what they come to.

#![allow(dead_code)]

use std::sync::Arc;

use lamtop::model::{
    Change, Cold, End, EnvironmentInfo, ErrorId, FactSink, Flags, FunctionId, Invocation, Lines, MetricName,
    MetricPoint, Micros, NameId, Origin, Outcome, RequestId, SegmentDocument, SegmentNode, SettingFact,
    SourceId, Statistics, Texts, Timestamp, TraceId, Waited, Window,
};
use lamtop::store::{Budget, Snapshot, Store};
use proptest::prelude::*;

/// Facts that no bytes told.
const NOWHERE: Origin = Origin { source: SourceId(0), offset: 0, len: 0 };

/// The beginning of all random times: a full hour.
pub const BASE: i64 = 1_795_420_800_000;
/// All random starts lie within this long of it.
pub const SPAN: i64 = 40 * 60_000;

/// Something that is told to a sink.
#[derive(Clone, Debug)]
pub enum Fact {
    Invocation(Invocation, Change),
    Metric(MetricPoint),
    Segment(TraceId, Option<FunctionId>, SegmentDocument),
    Dropped(Option<FunctionId>, Timestamp, u64),
    Environment(EnvironmentInfo),
    Setting(SettingFact),
}

impl Fact {
    pub fn known(&self) -> Timestamp {
        match self {
            Self::Invocation(invocation, Change::Started) => invocation.start_known,
            Self::Invocation(_, Change::Amended { known, .. }) => *known,
            Self::Invocation(invocation, Change::Finished) => invocation.end.unwrap().known,
            Self::Metric(point) => point.known,
            Self::Segment(_, _, document) => document.known,
            Self::Dropped(_, known, _) => *known,
            Self::Environment(info) => info.known,
            Self::Setting(fact) => fact.known,
        }
    }

    pub fn tell(&self, sink: &mut impl FactSink) {
        match self {
            Self::Invocation(invocation, change) => sink.invocation(invocation, *change),
            Self::Metric(point) => sink.metric(point),
            Self::Segment(trace, function, document) => {
                sink.segment(*trace, *function, document.known, document, NOWHERE)
            }
            Self::Dropped(function, known, records) => sink.dropped(*function, *known, *records),
            Self::Environment(info) => sink.environment(info),
            Self::Setting(fact) => sink.setting(fact.clone()),
        }
    }
}

/// A store that heard these facts.
pub fn store_of<'a>(functions: u32, facts: impl IntoIterator<Item = &'a Fact>, bytes: usize) -> Store {
    let mut store = Store::new(Budget { bytes });
    for id in 0..functions {
        store.function(FunctionId(id), &format!("fn-{id}"));
    }
    facts.into_iter().for_each(|fact| fact.tell(&mut store));
    store
}

/// Its snapshot, with the names that facts use.
pub fn snapshot_of(store: &mut Store) -> Snapshot {
    let mut texts = Texts::default();
    let [_, key, exit] = ["$LATEST", "KeyError", "Runtime.ExitError"].map(|name| texts.names.id(name));
    texts.errors.id(FunctionId(0), key, "handler app.py", "'x'");
    texts.errors.id(FunctionId(0), exit, "", "");
    store.snapshot(Arc::new(texts))
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        6 => Just(Outcome::Ok),
        1 => Just(Outcome::Error),
        1 => Just(Outcome::Timeout),
        1 => Just(Outcome::OutOfMemory),
        1 => Just(Outcome::Unfinished),
    ]
}

fn cold() -> impl Strategy<Value = Cold> {
    prop_oneof![
        4 => Just(Cold::No),
        1 => Just(Cold::Yes(Waited::Caller)),
        1 => Just(Cold::Yes(Waited::Nobody)),
        1 => Just(Cold::Yes(Waited::Unknown)),
    ]
}

/// How an invocation is told: with START and REPORT, without REPORT, without START, corrected.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Told {
    Both,
    StartOnly,
    EndOnly,
    Amended(Outcome, i64),
}

fn told() -> impl Strategy<Value = Told> {
    prop_oneof![
        6 => Just(Told::Both),
        1 => Just(Told::StartOnly),
        1 => Just(Told::EndOnly),
        2 => (outcome(), 0i64..200_000).prop_map(|(outcome, later)| Told::Amended(outcome, later)),
    ]
}

/// The facts of one invocation, in order.
fn invocation(functions: u32) -> impl Strategy<Value = Vec<Fact>> {
    let when = (0..SPAN, prop_oneof![0u32..2_000_000, 0u32..400_000_000], -20_000i64..90_000, 0i64..90_000);
    let how = (outcome(), cold(), cold(), told(), 0u32..1_100, any::<u64>());
    (0..functions, when, how).prop_map(|(function, (start, us, lag, end_lag), how)| {
        let (outcome, cold_first, cold_then, told, memory, id) = how;
        let start = Timestamp(BASE + start);
        let at = start.plus(i64::from(us / 1_000));
        let start_known = start.plus(lag);
        let known = start_known.max(at.plus(end_lag - 20_000));
        let duration = (outcome != Outcome::Unfinished).then_some(Micros(us));
        let end = End {
            at,
            known,
            duration,
            billed_ms: (memory % 3 > 0).then_some(us / 1_000 + 1),
            memory_mb: (memory > 100).then_some(1_024),
            max_memory_mb: (memory > 200).then_some(memory),
            init: None,
            restore: None,
            outcome,
            error: outcome.failed().then_some(ErrorId(memory % 2)),
        };
        let first = Invocation {
            seq: id,
            function: FunctionId(function),
            environment: None,
            version: NameId(0),
            request_id: RequestId(u128::from(id)),
            attempt: 1,
            start,
            start_known,
            start_estimated: told == Told::EndOnly,
            cold: cold_first,
            trace: (id % 3 == 0).then_some(TraceId(u128::from(id))),
            lines: Lines { source: SourceId(0), from: id % 1_000, to: id % 1_000 + 10 },
            end: None,
        };
        let ended = Invocation { cold: cold_then, end: Some(end), ..first };
        let started = Fact::Invocation(first, Change::Started);
        let finished = Fact::Invocation(ended, Change::Finished);
        match told {
            Told::Both => vec![started, finished],
            Told::StartOnly => vec![started],
            Told::EndOnly => {
                vec![Fact::Invocation(Invocation { start_known: known, ..ended }, Change::Finished)]
            }
            Told::Amended(now, later) => {
                let duration = (now != Outcome::Unfinished).then_some(Micros(us / 2));
                let amended = End { outcome: now, duration, ..end };
                let change = Change::Amended { was: outcome, known: known.plus(later) };
                vec![started, finished, Fact::Invocation(Invocation { end: Some(amended), ..ended }, change)]
            }
        }
    })
}

fn metric(functions: u32) -> impl Strategy<Value = Vec<Fact>> {
    let name = prop_oneof![
        3 => Just(MetricName::Invocations),
        1 => Just(MetricName::Errors),
        1 => Just(MetricName::Throttles),
        1 => Just(MetricName::Duration),
        1 => Just(MetricName::ConcurrentExecutions),
    ];
    (prop::option::weighted(0.9, 0..functions), name, 0..SPAN / 60_000, 0i64..400_000, 0u32..9).prop_map(
        |(function, name, minute, late, value)| {
            let start = Timestamp(BASE + minute * 60_000);
            let value = Some(f64::from(value));
            vec![Fact::Metric(MetricPoint {
                function: function.map(FunctionId),
                name,
                start,
                period_ms: 60_000,
                known: start.plus(60_000 + late),
                statistics: Statistics {
                    count: value,
                    sum: value,
                    max: value,
                    p99: value,
                    ..Default::default()
                },
            })]
        },
    )
}

/// A segment document with what matters of it.
pub fn document(
    id: &str,
    parent: Option<&str>,
    start_us: i64,
    end_us: Option<i64>,
    known: i64,
) -> SegmentDocument {
    SegmentDocument {
        trace_id: "1-00000000-000000000000000000000001".into(),
        parent_id: parent.map(Into::into),
        subsegment: false,
        function: None,
        root: node(id, start_us, end_us),
        known: Timestamp(known),
    }
}

/// A segment with what matters of it.
pub fn node(id: &str, start_us: i64, end_us: Option<i64>) -> SegmentNode {
    SegmentNode {
        id: id.into(),
        name: format!("segment {id}").into(),
        start_us: Some(start_us),
        end_us,
        in_progress: end_us.is_none(),
        flags: Flags::default(),
        origin: None,
        namespace: None,
        inferred: false,
        detail: None,
        cause: None,
        request_id: None,
        children: Vec::new(),
    }
}

fn segment(functions: u32) -> impl Strategy<Value = Vec<Fact>> {
    let what = (0u128..6, 0u32..8, prop::option::of(0u32..9), any::<bool>());
    (prop::option::of(0..functions), what, 0..SPAN, 0i64..60_000, 0i64..90_000).prop_map(
        |(function, (trace, id, parent, open), start, length, late)| {
            let start_us = (BASE + start) * 1_000;
            let end = (!open).then_some(start_us + length * 1_000);
            let parent = parent.map(|parent| parent.to_string());
            let known = BASE + start + length + late;
            let mut document = document(&id.to_string(), parent.as_deref(), start_us, end, known);
            document.root.flags.fault = length % 5 == 0;
            document.root.children.push(node(&(id + 4).to_string(), start_us, Some(start_us + 10)));
            vec![Fact::Segment(TraceId(trace), function.map(FunctionId), document)]
        },
    )
}

/// Facts in an order in which they may be told: any, but those of one invocation one after the
/// other.
pub fn facts(functions: u32, most: usize) -> impl Strategy<Value = Vec<Fact>> {
    let dropped = (prop::option::of(0..functions), 0..SPAN)
        .prop_map(|(f, at)| vec![Fact::Dropped(f.map(FunctionId), Timestamp(BASE + at), 3)]);
    let group = prop_oneof![
        20 => invocation(functions),
        6 => metric(functions),
        3 => segment(functions),
        1 => dropped,
    ];
    prop::collection::vec((group, prop::collection::vec(any::<u32>(), 3)), 0..most).prop_map(|groups| {
        let mut told: Vec<(u32, Fact)> = Vec::new();
        for (facts, mut order) in groups {
            order.sort_unstable();
            told.extend(order.into_iter().zip(facts));
        }
        told.sort_by_key(|(order, _)| *order);
        told.into_iter().map(|(_, fact)| fact).collect()
    })
}

/// The model: an invocation as it stands as of a time.
#[derive(Clone, Debug)]
pub struct Stood {
    pub function: FunctionId,
    pub start: Timestamp,
    pub cold: bool,
    pub estimated: bool,
    pub end: Option<End>,
}

/// All invocations as of a time: every fact that was known is heard in the order of its being known.
pub fn stood(facts: &[Fact], at: Timestamp) -> Vec<Stood> {
    let mut heard: Vec<&Fact> = facts.iter().filter(|fact| fact.known() <= at).collect();
    heard.sort_by_key(|fact| fact.known());
    let mut all: Vec<(u64, Stood)> = Vec::new();
    for fact in heard {
        let Fact::Invocation(invocation, change) = fact else { continue };
        if invocation.start > at {
            continue;
        }
        let end = match change {
            Change::Started => None,
            _ => invocation.end,
        };
        let now = Stood {
            function: invocation.function,
            start: invocation.start,
            cold: invocation.cold.is_cold(),
            estimated: invocation.start_estimated,
            end,
        };
        match all.iter_mut().find(|(seq, _)| *seq == invocation.seq) {
            Some((_, stood)) if *change != Change::Started => *stood = now,
            Some(_) => {}
            None => all.push((invocation.seq, now)),
        }
    }
    all.into_iter().map(|(_, stood)| stood).collect()
}

/// The peak of concurrency within a window, by counting at every start.
pub fn peak(stood: &[&Stood], window: Window, at: Timestamp) -> u64 {
    let open = |time: Timestamp| {
        stood.iter().filter(|s| s.start <= time && time < s.end.map_or(at.plus(1), |end| end.at)).count()
            as u64
    };
    let last = window.to.min(at.plus(1));
    let starts = stood.iter().map(|s| s.start).filter(|start| window.from <= *start && *start < last);
    starts.chain([window.from].into_iter().filter(|from| *from < last)).map(open).max().unwrap_or(0)
}

/// A quantile of durations in ms by nearest rank.
pub fn quantile(stood: &[&Stood], q: f64) -> Option<f64> {
    let mut us: Vec<u32> = stood.iter().filter_map(|s| s.end?.duration).map(|Micros(us)| us).collect();
    us.sort_unstable();
    let rank = ((q * us.len() as f64).ceil() as usize).max(1);
    us.get(rank - 1).map(|&us| f64::from(us) / 1_000.0)
}
