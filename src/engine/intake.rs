//! What a batch of records does: it is correlated, and what that comes to is kept.

use crate::correlate::Correlator;
use crate::ingest::Batch;
use crate::model::{Body, Chunk, Record, Timestamp};
use crate::store::Store;

/// A correlator and the store it tells.
pub(super) struct Intake {
    pub correlator: Correlator,
    pub store: Store,
    /// How long records may still arrive after their time, in ms, where they arrive.
    settling_ms: i64,
}

/// What was in a batch.
pub(super) struct Taken {
    /// Its bytes, no longer needed.
    pub chunk: Chunk,
    /// Number of records.
    pub records: u64,
    /// Whether any is more than text that may be anybody's.
    pub told: bool,
    /// The oldest time in them.
    pub oldest: Option<Timestamp>,
    /// The newest time in them.
    pub newest: Option<Timestamp>,
}

impl Taken {
    /// Offset after the last byte.
    pub fn end(&self) -> u64 {
        self.chunk.offset + self.chunk.bytes.len() as u64 + self.chunk.cut
    }
}

impl Intake {
    /// Of a live session numbers are settling from the start, else once something is known to have arrived.
    pub fn new(correlator: Correlator, mut store: Store, settling_ms: i64, live: bool) -> Self {
        store.set_settling(if live { settling_ms } else { 0 });
        Self { correlator, store, settling_ms }
    }

    /// Takes in the next batch of a source.
    pub fn take(&mut self, batch: Batch) -> Taken {
        let (mut oldest, mut newest) = (None::<Timestamp>, None);
        let (mut arrived, mut told) = (false, false);
        for record in batch.records() {
            arrived |= record.envelope.arrived.is_some();
            told |= !matches!(record.body, Body::Continuation(_) | Body::Bad(_));
            if let Some(time) = time_of(record) {
                oldest = Some(oldest.map_or(time, |oldest| oldest.min(time)));
                newest = newest.max(Some(time));
            }
        }
        let chunk = batch.chunk();
        self.store.chunk(chunk.source, chunk.offset, chunk.offset + chunk.bytes.len() as u64);
        // A capture that was recorded live shows at each time what was to be seen then: also that
        // more could still come.
        if arrived {
            self.store.set_settling(self.settling_ms);
        }
        self.correlator.records(batch.records(), &mut self.store);
        let records = batch.records().len() as u64;
        Taken { chunk: batch.into_chunk(), records, told, oldest, newest }
    }
}

/// When what a record tells of happened.
pub(super) fn time_of(record: &Record<'_>) -> Option<Timestamp> {
    match &record.body {
        Body::Metric(metric) => Some(metric.start),
        Body::Segment(document) => Some(document.known),
        _ => record.envelope.time,
    }
}
