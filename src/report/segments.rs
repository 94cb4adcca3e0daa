//! `report --list segments`: a row a segment or subsegment, as its document tells it.

use super::output::{Cell, Table};
use crate::model::{
    Change, FactSink, FunctionId, Invocation, Origin, SegmentDocument, SegmentNode, Texts, Timestamp,
    TraceId, Window,
};

/// Collects documents.
#[derive(Default)]
pub struct Segments {
    names: Vec<String>,
    documents: Vec<(TraceId, Option<FunctionId>, SegmentDocument)>,
}

impl FactSink for Segments {
    fn function(&mut self, _id: FunctionId, name: &str) {
        self.names.push(name.to_string());
    }

    fn invocation(&mut self, _invocation: &Invocation, _change: Change) {}

    fn segment(
        &mut self,
        trace: TraceId,
        function: Option<FunctionId>,
        known: Timestamp,
        document: &SegmentDocument,
        _origin: Origin,
    ) {
        self.documents.push((trace, function, SegmentDocument { known, ..document.clone() }));
    }
}

impl Segments {
    /// The segments that began in the window, in the order of reading, parents before children.
    pub fn table(&self, window: Window, texts: &Texts) -> Table {
        let columns = vec![
            "trace_id",
            "id",
            "parent_id",
            "name",
            "function",
            "kind",
            "start",
            "duration_ms",
            "in_progress",
            "inferred",
            "error",
            "fault",
            "throttle",
            "request_id",
            "detail",
            "cause",
        ];
        let mut rows = Vec::new();
        for (trace, function, document) in &self.documents {
            let trace = texts.ids.show_trace(*trace);
            let function = function.and_then(|id| self.names.get(id.0 as usize)).cloned();
            let mut todo = vec![(&document.root, document.parent_id.as_deref())];
            while let Some((node, parent)) = todo.pop() {
                if begun(node, window) {
                    rows.push(row(node, parent, &trace, function.clone()));
                }
                todo.extend(node.children.iter().rev().map(|child| (child, Some(&*node.id))));
            }
        }
        Table { columns, rows }
    }
}

fn start(node: &SegmentNode) -> Option<Timestamp> {
    node.start_us.map(|us| Timestamp(us.div_euclid(1_000)))
}

/// One without a start lies in no window but the whole.
fn begun(node: &SegmentNode, window: Window) -> bool {
    match start(node) {
        Some(at) => window.holds(at),
        None => window.from == Timestamp::MIN && window.to == Timestamp::NEVER,
    }
}

fn row(node: &SegmentNode, parent: Option<&str>, trace: &str, function: Option<String>) -> Vec<Cell> {
    let text = |text: Option<&str>| Cell::maybe(text.filter(|text| !text.is_empty()).map(str::to_string));
    let length =
        node.end_us.zip(node.start_us).map(|(end, start)| end.saturating_sub(start) as f64 / 1_000.0);
    vec![
        Cell::text(trace),
        text(Some(&node.id)),
        text(parent),
        Cell::text(&*node.name),
        Cell::maybe(function),
        text(node.origin.as_deref().or(node.namespace.as_deref())),
        Cell::maybe(start(node).map(|at| at.to_string())),
        Cell::number(length, 3),
        Cell::bool(node.in_progress),
        Cell::bool(node.inferred),
        Cell::bool(node.flags.error),
        Cell::bool(node.flags.fault),
        Cell::bool(node.flags.throttle),
        text(node.request_id.as_deref()),
        text(node.detail.as_deref()),
        text(node.cause.as_deref()),
    ]
}
