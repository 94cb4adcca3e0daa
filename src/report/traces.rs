//! `report --list traces`: one row a trace, from X-Ray segments.

use super::output::{Cell, Table};
use crate::model::{
    Change, FactSink, FunctionId, Invocation, Origin, SegmentDocument, Texts, Timestamp, TraceId, Window,
};
use crate::query::filter::Filter;
use crate::query::{Selected, trees};
use crate::store::{Budget, Store};

/// Keeps segments and nothing else.
pub struct Traces(Store);

impl Traces {
    /// Nothing yet; nothing of what comes is let go.
    pub fn new() -> Self {
        Self(Store::new(Budget { bytes: usize::MAX / 2 }))
    }

    /// The traces that began in the window, the earliest first; and how many documents were not kept,
    /// since their traces had too many.
    pub fn table(&mut self, filter: &Filter, window: Window, texts: &Texts) -> (Table, u64) {
        let snapshot = self.0.snapshot(std::sync::Arc::new(texts.clone()));
        let refused = snapshot.traces.iter().map(|trace| u64::from(trace.refused)).sum();
        let what = Selected { as_of: Timestamp::NEVER, window, filter: filter.clone(), function: None };
        let rows = trees(&snapshot, &what).map(|tree| {
            let root = tree.rows.iter().find(|row| row.orphan.is_none());
            vec![
                Cell::text(tree.shown),
                Cell::text(Timestamp(tree.start_us.div_euclid(1_000)).to_string()),
                Cell::number(Some(tree.end_us.saturating_sub(tree.start_us) as f64 / 1_000.0), 3),
                Cell::maybe(root.map(|row| row.name.clone())),
                Cell::whole(tree.rows.len() as i64),
                Cell::bool(tree.flags.error),
                Cell::bool(tree.flags.fault),
                Cell::bool(tree.flags.throttle),
                Cell::bool(tree.in_progress),
                Cell::whole(tree.missing_parents as i64),
            ]
        });
        let columns = vec![
            "trace_id",
            "start",
            "duration_ms",
            "root",
            "segments",
            "error",
            "fault",
            "throttle",
            "in_progress",
            "missing_parents",
        ];
        (Table { columns, rows: rows.collect() }, refused)
    }
}

impl FactSink for Traces {
    fn function(&mut self, id: FunctionId, name: &str) {
        self.0.function(id, name);
    }

    fn invocation(&mut self, _invocation: &Invocation, _change: Change) {}

    fn segment(
        &mut self,
        trace: TraceId,
        function: Option<FunctionId>,
        known: Timestamp,
        document: &SegmentDocument,
        origin: Origin,
    ) {
        self.0.segment(trace, function, known, document, origin);
    }
}
