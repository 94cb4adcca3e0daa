//! A snapshot in which the single invocations of a time are held again that were let go.

use std::sync::Arc;

use crate::model::Timestamp;

use super::function::FunctionData;
use super::series::Series;
use super::snapshot::{Health, Snapshot};

impl Snapshot {
    /// The same, but with the single invocations, environments, callers' records and traces that `rows`
    /// has: all there are of the time from `from` on up to any time that is asked as of. What invocations
    /// come to in buckets, metrics, settings and conclusions are those that were never let go. Functions
    /// have the same ids in both.
    pub fn with_rows_of(&self, rows: &Self, from: Timestamp) -> Self {
        let none = FunctionData::new("".into());
        let peaks = |of: &Series, rows: &Series| Series { peaks: rows.peaks.clone(), ..of.clone() };
        let function = |(id, of): (usize, &Arc<FunctionData>)| {
            let rows = rows.functions.get(id).map_or(&none, |rows| rows);
            Arc::new(FunctionData {
                rows: rows.rows.clone(),
                formers: rows.formers.clone(),
                traces: rows.traces.clone(),
                environments: rows.environments.clone(),
                refused: rows.refused.clone(),
                series: peaks(&of.series, &rows.series),
                ..FunctionData::clone(of)
            })
        };
        let Health { rows: held, traces_let_go, documents_refused, .. } = rows.health;
        Self {
            functions: self.functions.iter().enumerate().map(function).collect(),
            total: Arc::new(peaks(&self.total, &rows.total)),
            traces: rows.traces.clone(),
            rows_from: rows.rows_from.max(from),
            // What was read then is known by now, but for what there was no room for.
            texts: if rows.texts.len() > self.texts.len() { rows.texts.clone() } else { self.texts.clone() },
            health: Health { rows: held, traces_let_go, documents_refused, ..self.health },
            ..self.clone()
        }
    }
}
