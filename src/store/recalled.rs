//! A snapshot in which the single invocations of a time are held again that were let go.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::model::{RequestId, Timestamp, TraceId};

use super::function::FunctionData;
use super::paged::{Item, Paged};
use super::row::Row;
use super::series::Series;
use super::snapshot::{Health, Snapshot};
use super::trace::TraceData;

const MIN: Timestamp = Timestamp::MIN;

impl Snapshot {
    /// The same, but with the single invocations, environments, callers' records and traces that `rows` has
    /// from `from` on up to where this one begins to have them. What invocations come to in buckets, metrics,
    /// settings and conclusions are those that were never let go. `rows` is what a sibling of the correlator
    /// told, so ids mean the same in both, and it knows all texts. It is asked as of times before `to`: what came
    /// later is not held, or it would stay in memory when it is let go here. `None` where it has none that are
    /// not here.
    pub fn with_rows_of(&self, rows: &Self, from: Timestamp, to: Timestamp) -> Option<Self> {
        let rows_from = rows.rows_from.max(from);
        if rows_from >= self.rows_from {
            return None;
        }
        let none = FunctionData::new("".into());
        let functions = self.functions.iter().enumerate().map(|(id, of)| {
            let rows = rows.functions.get(id).map_or(&none, |rows| rows);
            Arc::new(of.with_rows_of(rows, self.rows_from, to))
        });
        let Health { documents_refused, traces_let_go, .. } = rows.health;
        let health = Health {
            documents_refused: self.health.documents_refused + documents_refused,
            traces_let_go: self.health.traces_let_go + traces_let_go,
            ..self.health
        };
        Some(Self {
            functions: functions.collect(),
            total: Arc::new(self.total.with_peaks_of(&rows.total, self.rows_from)),
            traces: both(&self.traces, &rows.traces),
            rows_from,
            texts: rows.texts.clone(),
            health,
            ..self.clone()
        })
    }
}

impl FunctionData {
    fn with_rows_of(&self, rows: &Self, at: Timestamp, to: Timestamp) -> Self {
        let key = (at, 0);
        let ends = (to < Timestamp::NEVER).then_some((to, 0));
        let mut environments = rows.environments.clone();
        // What is held of one knows more of its beginning.
        self.environments.iter().for_each(|known| environments.insert(known.clone()));
        Self {
            rows: joined(&without_doubles(&rows.rows, &self.rows, at), &self.rows, key, ends),
            formers: joined(&rows.formers, &self.formers, (key, MIN), ends.map(|key| (key, MIN))),
            traces: joined(&rows.traces, &self.traces, key, ends),
            environments,
            refused: joined(&rows.refused, &self.refused, key, ends),
            series: self.series.with_peaks_of(&rows.series, at),
            ..self.clone()
        }
    }
}

impl Series {
    fn with_peaks_of(&self, rows: &Self, at: Timestamp) -> Self {
        Self { peaks: rows.peaks.before_and(at, &self.peaks), ..self.clone() }
    }
}

/// What lies before a key, and all that is held up to where it ends: some of it lies before the key, too.
fn joined<T: Item>(before: &Paged<T>, held: &Paged<T>, key: T::Key, ends: Option<T::Key>) -> Paged<T> {
    let held = match ends {
        Some(ends) => &held.before_and(ends, &Paged::default()),
        None => held,
    };
    let mut all = before.before_and(key, held);
    held.iter().take_while(|item| item.key() < key).for_each(|item| all.insert(item.clone()));
    all
}

/// Rows without those that are held, too: since they reached over the time before which the others were let go,
/// and those know how they ended.
fn without_doubles(rows: &Paged<Row>, held: &Paged<Row>, at: Timestamp) -> Paged<Row> {
    let over = held.iter().take_while(|row| row.start() < at);
    let ids: FxHashSet<(Timestamp, RequestId)> = over.map(|row| (row.start(), row.request_id())).collect();
    let Some(first) = ids.iter().map(|(start, _)| (*start, 0)).min() else { return rows.clone() };
    let mut kept = rows.before_and(first, &Paged::default());
    let single = |row: &&Row| !ids.contains(&(row.start(), row.request_id()));
    rows.from(first).filter(single).for_each(|row| kept.insert(*row));
    kept
}

/// The traces that are held, then the others.
fn both(held: &Paged<TraceData>, others: &Paged<TraceData>) -> Paged<TraceData> {
    let ids: FxHashSet<TraceId> = held.iter().map(|trace| trace.id).collect();
    let mut number = held.last().map_or(0, |last| last.number);
    let mut all = held.clone();
    for trace in others.iter().filter(|trace| !ids.contains(&trace.id)) {
        number += 1;
        let mut trace = trace.clone();
        trace.number = number;
        all.insert(trace);
    }
    all
}
