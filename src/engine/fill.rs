//! Reading what lies before a newest slice, while the slice is on screen.
//!
//! Correlating backwards would be wrong, so a second correlator and store read forward from where
//! the wanted time begins, on a thread of their own, through everything that the first has read
//! since; then they take its place. What was read live is read again with the time at which it
//! came, so nothing is known earlier or later than it was.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, unbounded};

use super::intake::{Intake, time_of};
use super::progress::Read;
use crate::ingest::{Batch, Decoders};
use crate::model::{Chunk, SourceId, Timestamp};
use crate::source::{Catalog, Pool, RangeReader, SourceInfo};

/// The beginning of a time is searched to within so many bytes.
const GRAIN: u64 = 256 << 10;
/// How much is looked at to find a record with a time.
const LOOK: u64 = 64 << 10;
/// How many such looks.
const LOOKS: u64 = 4;
/// Parts of one that the share is counted in.
const SHARES: u64 = 1_000;

/// A chunk that was read live: where it lies and when it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Live {
    source: SourceId,
    offset: u64,
    len: usize,
    cut: u64,
    arrived: Option<Timestamp>,
}

impl Live {
    pub fn of(chunk: &Chunk) -> Self {
        let Chunk { source, offset, arrived, ref bytes, cut } = *chunk;
        Self { source, offset, len: bytes.len(), cut, arrived }
    }

    fn read_again(&self, catalog: &Catalog) -> Result<Chunk, String> {
        let Self { source, offset, len, cut, arrived } = *self;
        let info = catalog.get(source).ok_or("a source that was never opened")?;
        let to = offset + len as u64;
        let bytes = catalog.reread(&info, offset, to, len).map_err(|error| error.to_string())?;
        if bytes.len() < len {
            return Err(format!("{} is shorter now than when it was read", info.label));
        }
        Ok(Chunk { source, offset, arrived, bytes, cut })
    }
}

/// A source of which everything up to `end` was there at the start.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub info: SourceInfo,
    pub end: u64,
}

/// What reading again came to.
pub(super) struct Loaded {
    pub intake: Intake,
    /// Nothing before this was read; `None` if all was.
    pub from: Option<Timestamp>,
    /// What was read of each source.
    pub read: BTreeMap<SourceId, Read>,
}

impl Loaded {
    /// Takes in a chunk that was read live meanwhile.
    pub fn catch_up(&mut self, live: Live, catalog: &Catalog) -> Result<(), String> {
        let chunk = live.read_again(catalog)?;
        let taken = self.intake.take(Batch::decode(chunk));
        self.read.entry(live.source).or_default().add(&taken);
        Ok(())
    }
}

/// A reading that runs.
pub(super) struct Fill {
    /// To the thread, what is read live meanwhile.
    pub live: Sender<Live>,
    /// The thread's own end of that: what it has not taken when it is done is taken by its owner.
    pub rest: Receiver<Live>,
    /// What it comes to, once; the error is a sentence.
    pub done: Receiver<Result<Loaded, String>>,
    share: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Fill {
    /// Reads everything from `from` on in `parts`, then what comes in through `live`.
    pub fn start(
        intake: Intake,
        parts: Vec<Part>,
        from: Timestamp,
        catalog: Catalog,
        pool: Pool,
    ) -> io::Result<Self> {
        let (live, rest) = unbounded();
        let (said, done) = bounded(1);
        let (share, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let task = Task {
            intake,
            from,
            catalog,
            pool,
            live: rest.clone(),
            share: share.clone(),
            stop: stop.clone(),
        };
        std::thread::Builder::new().name("fill".to_string()).spawn(move || {
            if let Some(result) = task.run(parts).transpose() {
                // Nobody waits for it when the program ends.
                let _ = said.send(result);
            }
        })?;
        Ok(Self { live, rest, done, share, stop })
    }

    /// The share that has been read, 0 to 1.
    pub fn share(&self) -> f64 {
        self.share.load(Ordering::Relaxed) as f64 / SHARES as f64
    }
}

impl Drop for Fill {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Task {
    intake: Intake,
    from: Timestamp,
    catalog: Catalog,
    pool: Pool,
    live: Receiver<Live>,
    share: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

struct Range {
    reader: RangeReader,
    from: u64,
    end: u64,
}

impl Range {
    fn share(&self) -> f64 {
        (self.reader.at().saturating_sub(self.from)) as f64 / (self.end - self.from).max(1) as f64
    }
}

impl Task {
    /// `None` when it was told to stop.
    fn run(mut self, parts: Vec<Part>) -> Result<Option<Loaded>, String> {
        let mut ranges = Vec::new();
        let mut all = true;
        for Part { info, end } in parts {
            let problem = |error: io::Error| format!("{}: {error}", info.label);
            let from = begin(&self.catalog, &info, end, self.from).map_err(problem)?;
            all &= from == 0;
            let reader = self.catalog.range(&info, from, end, &self.pool).map_err(problem)?;
            ranges.push(Range { reader, from, end: end.min(from.max(info.size)) });
        }
        let mut decoders = Decoders::start(1);
        let mut read = BTreeMap::new();
        // The one that is furthest behind goes next.
        while let Some(at) =
            (0..ranges.len()).min_by(|a, b| ranges[*a].share().total_cmp(&ranges[*b].share()))
        {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            match ranges[at].reader.next_chunk().map_err(|error| error.to_string())? {
                Some(chunk) => {
                    while !decoders.has_room()
                        && let Some(batch) = decoders.take()
                    {
                        self.take(batch, &mut read);
                    }
                    decoders.send(chunk);
                    self.share.store((ranges[at].share() * SHARES as f64) as u64, Ordering::Relaxed);
                }
                None => {
                    ranges.swap_remove(at);
                }
            }
        }
        while let Some(batch) = decoders.take() {
            self.take(batch, &mut read);
        }
        let from = (!all).then_some(self.from);
        let mut loaded = Loaded { intake: self.intake, from, read };
        loop {
            match self.live.try_recv() {
                Ok(live) => loaded.catch_up(live, &self.catalog)?,
                Err(TryRecvError::Empty) => return Ok(Some(loaded)),
                Err(TryRecvError::Disconnected) => return Ok(None),
            }
        }
    }

    fn take(&mut self, batch: Batch, read: &mut BTreeMap<SourceId, Read>) {
        let taken = self.intake.take(batch);
        read.entry(taken.chunk.source).or_default().add(&taken);
        self.pool.give(taken.chunk.bytes);
    }
}

/// Where in a source's first `end` bytes the given time begins, rather too early than too late.
/// Records of one source are in the order of their times, but for seconds.
fn begin(catalog: &Catalog, info: &SourceInfo, end: u64, time: Timestamp) -> io::Result<u64> {
    if info.skipped == 0 {
        return Ok(0);
    }
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
