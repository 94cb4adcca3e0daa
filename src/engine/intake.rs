//! What a batch of records does: it is correlated, and what that comes to is kept.

use crate::correlate::Correlator;
use crate::ingest::Batch;
use crate::model::{Body, Chunk, Record, Timestamp, Window};
use crate::store::Store;

/// A correlator and the store it tells.
pub(super) struct Intake {
    pub correlator: Correlator,
    pub store: Store,
    /// How long records may still arrive after their time, in ms, where they arrive.
    settling_ms: i64,
    /// Records of another time are passed over.
    within: Option<Window>,
}

/// What was in a batch.
pub(super) struct Taken {
    /// Its bytes, no longer needed.
    pub chunk: Chunk,
    /// Number of records.
    pub records: u64,
    /// How many of them could not be read.
    pub bad: u64,
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
        Self { correlator, store, settling_ms, within: None }
    }

    /// Of a stretch of time alone: beside what happened in it may lie what happened at any other time, of
    /// which the rest would be missed.
    pub fn within(mut self, window: Window) -> Self {
        self.within = Some(window);
        self
    }

    /// Takes in the next batch of a source.
    pub fn take(&mut self, batch: Batch) -> Taken {
        let (mut oldest, mut newest) = (None::<Timestamp>, None);
        let (mut arrived, mut told, mut bad) = (false, false, 0);
        for record in batch.records() {
            arrived |= record.envelope.arrived.is_some();
            bad += u64::from(matches!(record.body, Body::Bad(_)));
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
        match self.within {
            None => self.correlator.records(batch.records(), &mut self.store),
            Some(window) => {
                for run in runs_within(batch.records(), window) {
                    self.correlator.records(run, &mut self.store);
                }
            }
        }
        let records = batch.records().len() as u64;
        Taken { chunk: batch.into_chunk(), records, bad, told, oldest, newest }
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

/// The runs of records of a stretch of time. What has no time is of the time of what stands before it.
fn runs_within<'a, 'b>(records: &'a [Record<'b>], window: Window) -> impl Iterator<Item = &'a [Record<'b>]> {
    let mut inside = true;
    let mut rest = records;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let turns =
                |record: &Record<'_>| time_of(record).is_some_and(|time| window.holds(time) != inside);
            let (run, other) = rest.split_at(rest.iter().position(turns).unwrap_or(rest.len()));
            rest = other;
            inside = !inside;
            if !inside && !run.is_empty() {
                return Some(run);
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;

    #[test]
    fn records_of_another_time_are_passed_over() {
        let line = |time: &str| match time {
            "" => "a line\n".to_string(),
            time => format!(
                "{{\"logGroup\":\"/aws/lambda/f\",\"logStream\":\"s\",\"timestamp\":17954208{time}000,\"message\":\"x\"}}\n"
            ),
        };
        let told = |times: &[&str]| {
            let bytes = times.iter().map(|time| line(time)).collect::<String>().into_bytes();
            let chunk = Chunk { source: SourceId(0), offset: 0, arrived: None, bytes, cut: 0 };
            let batch = Batch::decode(chunk);
            let window = Window { from: Timestamp(1_795_420_820_000), to: Timestamp(1_795_420_830_000) };
            runs_within(batch.records(), window).map(<[_]>::len).collect::<Vec<_>>()
        };
        assert_eq!(told(&[]), [0; 0]);
        assert_eq!(told(&["20", "21", "29"]), [3]);
        assert_eq!(told(&["19", "20", "", "30", "", "25"]), [2, 1]);
        assert_eq!(told(&["", "10", ""]), [1], "nobody knows of which time the first is");
    }
}
