//! Reading what lies before a newest slice, while the slice is on screen.
//!
//! Correlating backwards would be wrong, so a second correlator and store read forward from where
//! the wanted time begins, on a thread of their own, through everything that the first has read
//! since; then they take its place. What was read live is read again with the time at which it
//! came, so nothing is known earlier or later than it was.

use std::collections::BTreeMap;
use std::io;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, unbounded};

use super::again::{Again, Part, Watched, begin};
use super::intake::Intake;
use super::progress::Read;
use crate::ingest::Batch;
use crate::model::{Chunk, SourceId, Timestamp};
use crate::source::{Catalog, SourceInfo};

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
pub(super) struct Older {
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
    watched: Watched,
}

impl Fill {
    /// Reads everything from `from` on in `sources`, then what comes in through `live`.
    pub fn start(again: Again, sources: Vec<Older>, from: Timestamp) -> io::Result<Self> {
        let (live, rest) = unbounded();
        let (said, done) = bounded(1);
        let watched = again.watched();
        let task = Task { again, from, live: rest.clone() };
        std::thread::Builder::new().name("fill".to_string()).spawn(move || {
            if let Some(result) = task.run(sources).transpose() {
                // Nobody waits for it when the program ends.
                let _ = said.send(result);
            }
        })?;
        Ok(Self { live, rest, done, watched })
    }

    /// The share that has been read, 0 to 1.
    pub fn share(&self) -> f64 {
        self.watched.share()
    }
}

struct Task {
    again: Again,
    from: Timestamp,
    live: Receiver<Live>,
}

impl Task {
    /// `None` when it was told to stop.
    fn run(self, sources: Vec<Older>) -> Result<Option<Loaded>, String> {
        let Self { again, from, live } = self;
        let catalog = again.catalog.clone();
        let mut parts = Vec::new();
        let mut all = true;
        for Older { info, end } in sources {
            // What was read from its beginning on is there whole.
            let begin = match info.skipped {
                0 => 0,
                _ => begin(&catalog, &info, end, from).map_err(|error| format!("{}: {error}", info.label))?,
            };
            all &= begin == 0;
            let to = end.min(begin.max(info.size));
            parts.push(Part { info, spans: vec![(begin, to)] });
        }
        let mut read = BTreeMap::<SourceId, Read>::new();
        let intake = again.read(parts, |taken| read.entry(taken.chunk.source).or_default().add(taken))?;
        let Some(intake) = intake else { return Ok(None) };
        let mut loaded = Loaded { intake, from: (!all).then_some(from), read };
        loop {
            match live.try_recv() {
                Ok(live) => loaded.catch_up(live, &catalog)?,
                Err(TryRecvError::Empty) => return Ok(Some(loaded)),
                Err(TryRecvError::Disconnected) => return Ok(None),
            }
        }
    }
}
