//! Reading parts of sources again, forward, into a correlator and store of their own.
//!
//! Correlating backwards would be wrong, so whoever wants what is older than what is held begins
//! early enough before it and reads on from there.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::intake::{Intake, Taken, time_of};
use crate::ingest::{Batch, Decoders};
use crate::model::{Chunk, Timestamp};
use crate::source::{Catalog, Pool, RangeReader, SourceInfo};

/// The beginning of a time is searched to within so many bytes.
pub(super) const GRAIN: u64 = 256 << 10;
/// How much is looked at to find a record with a time.
const LOOK: u64 = 64 << 10;
/// How many such looks.
const LOOKS: u64 = 4;
/// Parts of one that the share is counted in.
const SHARES: u64 = 1_000;

/// What is to be read of a source: offsets from and to, in order.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub info: SourceInfo,
    pub spans: Vec<(u64, u64)>,
}

/// What is seen of a reading by whoever started it; it stops when this is dropped.
#[derive(Debug)]
pub(super) struct Watched {
    share: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Watched {
    /// The share that has been read, 0 to 1.
    pub fn share(&self) -> f64 {
        self.share.load(Ordering::Relaxed) as f64 / SHARES as f64
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// A reading that is to be done.
pub(super) struct Again {
    intake: Intake,
    pub catalog: Catalog,
    pool: Pool,
    share: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Again {
    pub fn new(intake: Intake, catalog: Catalog, pool: Pool) -> Self {
        Self { intake, catalog, pool, share: Arc::default(), stop: Arc::default() }
    }

    /// How to see how far it is.
    pub fn watched(&self) -> Watched {
        Watched { share: self.share.clone(), stop: self.stop.clone() }
    }

    /// Reads these parts side by side; `took` is told of each batch. `None` when it was told to stop;
    /// the error is a sentence.
    pub fn read(mut self, parts: Vec<Part>, mut took: impl FnMut(&Taken)) -> Result<Option<Intake>, String> {
        let mut reels: Vec<Reel> = parts.into_iter().map(Reel::new).collect();
        let mut decoders = Decoders::start(1);
        // The one that is furthest behind goes next.
        while let Some(at) = (0..reels.len()).min_by(|a, b| reels[*a].share().total_cmp(&reels[*b].share())) {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let next = reels[at].next_chunk(&self.catalog, &self.pool);
            match next.map_err(|error| format!("{}: {error}", reels[at].info.label))? {
                Some(chunk) => {
                    while !decoders.has_room()
                        && let Some(batch) = decoders.take()
                    {
                        self.take(batch, &mut took);
                    }
                    decoders.send(chunk);
                    self.share.store((reels[at].share() * SHARES as f64) as u64, Ordering::Relaxed);
                }
                None => {
                    reels.swap_remove(at);
                }
            }
        }
        while let Some(batch) = decoders.take() {
            self.take(batch, &mut took);
        }
        Ok(Some(self.intake))
    }

    fn take(&mut self, batch: Batch, took: &mut impl FnMut(&Taken)) {
        let taken = self.intake.take(batch);
        took(&taken);
        self.pool.give(taken.chunk.bytes);
    }
}

/// The spans of a source that are still to be read.
struct Reel {
    info: SourceInfo,
    /// The next one last.
    spans: Vec<(u64, u64)>,
    /// What is being read, from where to where.
    reader: Option<(RangeReader, u64, u64)>,
    /// Bytes of all spans, and of those that were read.
    all: u64,
    read: u64,
}

impl Reel {
    fn new(Part { info, mut spans }: Part) -> Self {
        let all = spans.iter().map(|(from, to)| to.saturating_sub(*from)).sum();
        spans.reverse();
        Self { info, spans, reader: None, all, read: 0 }
    }

    fn share(&self) -> f64 {
        let of = |(reader, from, to): &(RangeReader, u64, u64)| reader.at().min(*to).saturating_sub(*from);
        (self.read + self.reader.as_ref().map_or(0, of)) as f64 / self.all.max(1) as f64
    }

    fn next_chunk(&mut self, catalog: &Catalog, pool: &Pool) -> io::Result<Option<Chunk>> {
        loop {
            if let Some((reader, from, to)) = &mut self.reader {
                if let Some(chunk) = reader.next_chunk()? {
                    return Ok(Some(chunk));
                }
                self.read += to.saturating_sub(*from);
                self.reader = None;
            }
            let Some((from, to)) = self.spans.pop() else { return Ok(None) };
            self.reader = Some((catalog.range(&self.info, from, to, pool)?, from, to));
        }
    }
}

/// Where in a source's first `end` bytes the given time begins, rather too early than too late.
/// Records of one source are in the order of their times, but for seconds.
pub(super) fn begin(catalog: &Catalog, info: &SourceInfo, end: u64, time: Timestamp) -> io::Result<u64> {
    let (mut before, mut after) = (0, end);
    while after - before > GRAIN {
        let middle = before + (after - before) / 2;
        match time_at(catalog, info, middle, after)? {
            Some(found) if found < time => before = middle,
            _ => after = middle,
        }
    }
    Ok(before)
}

/// The time of the first record that has one at or after an offset.
fn time_at(catalog: &Catalog, info: &SourceInfo, at: u64, end: u64) -> io::Result<Option<Timestamp>> {
    for look in 0..LOOKS {
        let offset = at + look * LOOK;
        if offset >= end {
            break;
        }
        let bytes = catalog.reread(info, offset, end, LOOK as usize)?;
        let Some(line) = memchr::memchr(b'\n', &bytes) else { continue };
        let bytes = bytes[line + 1..].to_vec();
        let chunk = Chunk { source: info.id, offset: offset + line as u64 + 1, arrived: None, bytes, cut: 0 };
        if let Some(time) = Batch::decode(chunk).records().iter().find_map(time_of) {
            return Ok(Some(time));
        }
    }
    Ok(None)
}
