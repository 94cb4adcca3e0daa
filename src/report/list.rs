//! `report --list`: one row an invocation, or a record that could not be read.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::output::{Cell, Table};
use crate::model::{
    Bad, Change, FactSink, FunctionId, Invocation, Micros, Origin, Outcome, SourceId, Texts, Timestamp,
    Window,
};

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum List {
    /// Every invocation.
    Invocations,
    /// Every record that could not be read.
    Bad,
}

/// Collects invocations and bad records.
pub struct Collect {
    /// The functions' names, by id.
    pub functions: Vec<String>,
    invocations: FxHashMap<u64, Invocation>,
    bad: Vec<(Origin, Bad)>,
    window: Window,
}

impl FactSink for Collect {
    fn function(&mut self, _id: FunctionId, name: &str) {
        self.functions.push(name.to_string());
    }

    fn invocation(&mut self, invocation: &Invocation, _change: Change) {
        if !self.window.holds(invocation.start) {
            return;
        }
        self.invocations.insert(invocation.seq, *invocation);
    }

    fn bad(&mut self, origin: Origin, _known: Option<Timestamp>, bad: &Bad) {
        self.bad.push((origin, bad.clone()));
    }
}

impl Collect {
    /// Collects the invocations that began in the window.
    pub fn new(window: Window) -> Self {
        Self { functions: Vec::new(), invocations: FxHashMap::default(), bad: Vec::new(), window }
    }

    /// All invocations by start; what is open at the end of the input is unfinished, for the end
    /// of input ends the source.
    pub fn invocations(
        &self,
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
        ];
        let mut all: Vec<&Invocation> = self.invocations.values().collect();
        all.sort_by_key(|i| (i.start, i.seq));
        let rows = all
            .into_iter()
            .map(|i| {
                let end = i.end.as_ref();
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
                    Cell::maybe(end.and_then(|e| e.error_type).map(|name| texts.names.get(name).to_string())),
                    Cell::bool(i.cold.is_cold()),
                    Cell::maybe(i.trace.map(|trace| texts.ids.show_trace(trace))),
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
