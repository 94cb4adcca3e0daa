//! `report --list`: what can be listed; one row an invocation, or a record that could not be read.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::output::{Cell, Table};
use crate::model::{
    Bad, Change, DeliveryFact, FactSink, FunctionId, Invocation, MetricPoint, Micros, Origin, Outcome,
    RequestId, SourceId, Texts, Timestamp,
};
use crate::query::filter::{Filter, Invoked};
use crate::query::view::InvocationState;

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum List {
    /// Every invocation.
    Invocations,
    /// Every group of errors of a function: by type, by where it was thrown and by what it says.
    Errors,
    /// Every function: its counts, and what it is set to.
    Functions,
    /// Every execution environment.
    Environments,
    /// Every trace, as far as X-Ray segments tell.
    Traces,
    /// Every segment and subsegment.
    Segments,
    /// Every series of a metric, the functions' own among them.
    Metrics,
    /// Every source: what is in it.
    Sources,
    /// Every record that could not be read.
    Bad,
}

/// Collects invocations, metrics and bad records.
#[derive(Default)]
pub struct Collect {
    /// The functions' names, by id.
    pub functions: Vec<String>,
    invocations: FxHashMap<u64, Invocation>,
    metrics: Vec<MetricPoint>,
    deliveries: FxHashMap<RequestId, DeliveryFact>,
    bad: Vec<(Origin, Bad)>,
}

impl FactSink for Collect {
    fn function(&mut self, _id: FunctionId, name: &str) {
        self.functions.push(name.to_string());
    }

    fn invocation(&mut self, invocation: &Invocation, _change: Change) {
        self.invocations.insert(invocation.seq, *invocation);
    }

    fn metric(&mut self, point: &MetricPoint) {
        self.metrics.push(*point);
    }

    fn delivery(&mut self, fact: DeliveryFact) {
        let latest = self.deliveries.get(&fact.request_id).is_none_or(|before| before.known <= fact.known);
        if latest {
            self.deliveries.insert(fact.request_id, fact);
        }
    }

    fn bad(&mut self, origin: Origin, _known: Option<Timestamp>, bad: &Bad) {
        self.bad.push((origin, bad.clone()));
    }
}

impl Collect {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether no invocation was read.
    pub fn is_empty(&self) -> bool {
        self.invocations.is_empty()
    }

    /// The invocations that a filter lets through, by start.
    pub fn matching(&self, filter: &Filter, texts: &Texts) -> Vec<&Invocation> {
        let names = &self.functions;
        let wanted = |invocation: &&Invocation| {
            let function = names[invocation.function.0 as usize].as_str();
            filter.is_empty() || filter.invocation(&Listed { invocation, function, texts })
        };
        let mut all: Vec<&Invocation> = self.invocations.values().filter(wanted).collect();
        all.sort_by_key(|i| (i.start, i.seq));
        all
    }

    /// Tells another sink, in the order of time, only of what a filter lets through: of metrics
    /// those of functions that it lets through whole. Returns the invocations that have not ended.
    pub fn tell<S: FactSink>(&self, filter: &Filter, texts: &Texts, sink: &mut S) -> Vec<Invocation> {
        for (id, name) in self.functions.iter().enumerate() {
            sink.function(FunctionId(id as u32), name);
        }
        let mut open = Vec::new();
        for invocation in self.matching(filter, texts) {
            let begun = Invocation { end: None, ..*invocation };
            if !invocation.start_estimated {
                sink.invocation(&begun, Change::Started);
            }
            match invocation.end {
                Some(_) => sink.invocation(invocation, Change::Finished),
                None => open.push(begun),
            }
        }
        let whole = |id: FunctionId| filter.of_function(&self.functions[id.0 as usize]) == Some(true);
        for point in &self.metrics {
            if point.function.is_some_and(whole) {
                sink.metric(point);
            }
        }
        open
    }

    /// All invocations of these; what is open at the end of the input is unfinished, for the end
    /// of input ends the source.
    pub fn invocations(
        &self,
        all: &[&Invocation],
        texts: &Texts,
        stream: &dyn Fn(crate::model::EnvironmentId) -> String,
    ) -> Table {
        let columns = vec![
            "function",
            "version",
            "environment",
            "request_id",
            "attempt",
            "start",
            "duration_ms",
            "init_ms",
            "restore_ms",
            "billed_ms",
            "memory_mb",
            "max_memory_mb",
            "outcome",
            "error_type",
            "cold",
            "trace_id",
            "async_end",
            "async_attempts",
        ];
        let rows = all
            .iter()
            .map(|i| {
                let end = i.end.as_ref();
                let delivery = self.deliveries.get(&i.request_id);
                let ms = |d: Option<Micros>| Cell::number(d.map(Micros::ms), 3);
                let count = |n: Option<u32>| Cell::number(n.map(f64::from), 0);
                let mut start = Cell::text(i.start.to_string());
                if i.start_estimated {
                    start.grade = crate::model::Grade::Estimated(crate::model::Why::StartFromReport);
                }
                vec![
                    Cell::text(self.functions[i.function.0 as usize].clone()),
                    Cell::text(texts.names.get(i.version)),
                    Cell::maybe(i.environment.map(stream)),
                    Cell::text(texts.ids.show_request(i.request_id)),
                    Cell::whole(i64::from(i.attempt)),
                    start,
                    ms(end.and_then(|e| e.duration)),
                    ms(end.and_then(|e| e.init)),
                    ms(end.and_then(|e| e.restore)),
                    count(end.and_then(|e| e.billed_ms)),
                    count(end.and_then(|e| e.memory_mb)),
                    count(end.and_then(|e| e.max_memory_mb)),
                    Cell::text(end.map_or(Outcome::Unfinished, |e| e.outcome).word()),
                    Cell::maybe(end.and_then(|e| texts.error_type(e.error?)).map(str::to_string)),
                    Cell::bool(i.cold.is_cold()),
                    Cell::maybe(i.trace.map(|trace| texts.ids.show_trace(trace))),
                    Cell::maybe(delivery.map(|told| told.condition.to_string())),
                    count(delivery.and_then(|told| told.attempts)),
                ]
            })
            .collect();
        Table { columns, rows }
    }

    /// All bad records; `line` says in which line of a source an offset lies.
    pub fn bad(
        &self,
        sources: &BTreeMap<SourceId, String>,
        line: &mut dyn FnMut(Origin) -> Option<u64>,
    ) -> Table {
        let rows = self
            .bad
            .iter()
            .map(|(origin, bad)| {
                vec![
                    Cell::maybe(sources.get(&origin.source).cloned()),
                    Cell::number(line(*origin).map(|n| n as f64), 0),
                    Cell::whole(origin.offset as i64),
                    Cell::text(bad.reason.clone()),
                    Cell::text(bad.excerpt.clone()),
                ]
            })
            .collect();
        Table { columns: vec!["source", "line", "offset", "reason", "excerpt"], rows }
    }
}

/// An invocation at the end of the input.
struct Listed<'a> {
    invocation: &'a Invocation,
    function: &'a str,
    texts: &'a Texts,
}

impl Invoked for Listed<'_> {
    fn function(&self) -> &str {
        self.function
    }

    fn state(&self) -> InvocationState {
        InvocationState::Ended(self.invocation.end.map_or(Outcome::Unfinished, |end| end.outcome))
    }

    fn cold(&self) -> bool {
        self.invocation.cold.is_cold()
    }

    fn duration(&self) -> Option<Micros> {
        self.invocation.end?.duration
    }

    fn error(&self) -> Option<[&str; 3]> {
        self.texts.error_texts(self.invocation.end?.error?)
    }

    fn request_id(&self) -> String {
        self.texts.ids.show_request(self.invocation.request_id)
    }

    fn memory(&self) -> Option<(u32, Option<u32>)> {
        let end = self.invocation.end?;
        Some((end.max_memory_mb?, end.memory_mb))
    }

    fn trace(&self) -> Option<String> {
        Some(self.texts.ids.show_trace(self.invocation.trace?))
    }
}
