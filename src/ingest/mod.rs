//! Chunks to decoded batches on other threads, collected in the order in which they were sent, or
//! taken in that order by the threads that decoded them ([`in_turns`]).
//!
//! A chunk goes to the workers in turn, each with a bounded queue, and comes back in turn: decoding
//! runs in parallel, order is kept, nothing is sorted, memory is bounded.

mod turns;

use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use self_cell::self_cell;

use crate::decode::{self, Arena};
use crate::model::{Chunk, Record};
pub use turns::{in_turns, readers};

type Records<'a> = Vec<Record<'a>>;

/// What records borrow from.
struct Lent {
    chunk: Chunk,
    arena: Arena,
    /// Where memory goes to be used again.
    home: Option<Sender<Spare>>,
}

/// Memory of a batch that was taken, for the next one. What is allocated and freed for each batch
/// costs page faults each time, a tenth of a report's time.
#[derive(Default)]
struct Spare {
    arena: Arena,
    records: Records<'static>,
}

/// The largest arena in bytes that is kept for another batch.
const SPARE: usize = 1 << 20;

/// The records' memory without the records. Collecting from a vector of the same kind takes over
/// its memory.
#[allow(clippy::unnecessary_filter_map, reason = "the kinds differ in their lifetime")]
fn emptied(mut records: Records<'_>) -> Records<'static> {
    records.clear();
    records.into_iter().filter_map(|_| None).collect()
}

self_cell!(
    /// A chunk and the records in it, which borrow from it.
    pub struct Batch {
        owner: Lent,
        #[covariant]
        dependent: Records,
    }
);

impl Batch {
    /// Decodes a chunk.
    pub fn decode(chunk: Chunk) -> Self {
        Self::decode_in(Spare::default(), chunk, None)
    }

    fn decode_in(spare: Spare, chunk: Chunk, home: Option<Sender<Spare>>) -> Self {
        let Spare { mut arena, mut records } = spare;
        arena.reset();
        records.reserve(chunk.bytes.len() / 256);
        Self::new(Lent { chunk, arena, home }, |Lent { chunk, arena, .. }| {
            let mut records: Records<'_> = records;
            decode::chunk(chunk, decode::Wanted::All, arena, &mut records);
            records
        })
    }

    /// The records, in order.
    pub fn records(&self) -> &[Record<'_>] {
        self.borrow_dependent()
    }

    /// The chunk they were read from.
    pub fn chunk(&self) -> &Chunk {
        &self.borrow_owner().chunk
    }

    /// Gives the chunk back, so that its buffer can be used again.
    pub fn into_chunk(mut self) -> Chunk {
        let records = self.with_dependent_mut(|_, records| emptied(std::mem::take(records)));
        let Lent { chunk, arena, home } = self.into_owner();
        if let Some(home) = home
            && arena.allocated_bytes() <= SPARE
        {
            // Where enough wait already, this is let go.
            let _ = home.try_send(Spare { arena, records });
        }
        chunk
    }
}

/// Chunks that may wait for each worker, and batches that may wait behind it.
const QUEUE: usize = 4;

struct Worker {
    /// Taken away to end it.
    chunks: Option<Sender<Chunk>>,
    batches: Receiver<Batch>,
    thread: Option<JoinHandle<()>>,
}

/// How many workers there should be: one for each processor but that of the thread which takes
/// their batches; the one that reads waits for the disk or copies.
pub fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, |all| all.get().saturating_sub(1).max(1))
}

/// Worker threads that decode.
pub struct Decoders {
    workers: Vec<Worker>,
    sent: usize,
    taken: usize,
}

impl Decoders {
    /// Starts so many workers, at least one.
    pub fn start(workers: usize) -> Self {
        let worker = |_| {
            let (to, chunks) = bounded::<Chunk>(QUEUE);
            let (batches, from) = bounded(QUEUE);
            let (home, spares) = bounded::<Spare>(2 * QUEUE);
            let thread = std::thread::Builder::new().name("decode".to_string()).spawn(move || {
                for chunk in chunks {
                    let spare = spares.try_recv().unwrap_or_default();
                    if batches.send(Batch::decode_in(spare, chunk, Some(home.clone()))).is_err() {
                        return;
                    }
                }
            });
            Worker { chunks: Some(to), batches: from, thread: thread.ok() }
        };
        Self { workers: (0..workers.max(1)).map(worker).collect(), sent: 0, taken: 0 }
    }

    /// Whether another chunk can be sent without waiting for a batch to be taken.
    pub fn has_room(&self) -> bool {
        self.sent - self.taken < self.workers.len() * QUEUE
    }

    /// Sends a chunk; waits where there is no room.
    pub fn send(&mut self, chunk: Chunk) {
        let at = self.sent % self.workers.len();
        if let Some(to) = &self.workers[at].chunks
            && to.send(chunk).is_ok()
        {
            self.sent += 1;
        }
    }

    /// The oldest batch that was not taken yet, waiting for it; `None` if all were taken.
    pub fn take(&mut self) -> Option<Batch> {
        if self.taken == self.sent {
            return None;
        }
        let at = self.taken % self.workers.len();
        let batch = self.workers[at].batches.recv().ok()?;
        self.taken += 1;
        Some(batch)
    }

    /// The queue of the oldest batch that was not taken yet, to wait on along with others.
    pub fn ready(&self) -> Option<&Receiver<Batch>> {
        (self.taken < self.sent).then(|| &self.workers[self.taken % self.workers.len()].batches)
    }

    /// Says that the batch which [`Decoders::ready`]'s queue gave was taken.
    pub fn was_taken(&mut self) {
        self.taken += 1;
    }
}

impl Drop for Decoders {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            worker.chunks.take();
            while worker.batches.recv().is_ok() {}
            if let Some(thread) = worker.thread.take() {
                // A worker that panicked has already ended the program by the panic hook.
                let _ = thread.join();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;

    #[test]
    fn the_memory_of_records_is_used_again() {
        let bytes = b"one line\n".repeat(100);
        let chunk = Chunk { source: SourceId(0), offset: 0, arrived: None, bytes, cut: 0 };
        let (home, spares) = bounded(1);
        let batch = Batch::decode_in(Spare::default(), chunk, Some(home));
        let place = batch.records().as_ptr() as usize;
        batch.into_chunk();
        let spare = spares.try_recv().unwrap();
        assert!(spare.records.is_empty() && spare.records.capacity() >= 100);
        assert_eq!(spare.records.as_ptr() as usize, place);
    }

    #[test]
    fn batches_come_back_in_the_order_of_their_chunks() {
        let mut decoders = Decoders::start(3);
        let mut offsets = Vec::new();
        let chunk = |n: u64| Chunk {
            source: SourceId(0),
            offset: n,
            arrived: None,
            bytes: b"START RequestId: a\n".repeat(1 + (n as usize * 7) % 50),
            cut: 0,
        };
        for n in 0..100 {
            while !decoders.has_room() {
                offsets.push(decoders.take().unwrap().chunk().offset);
            }
            decoders.send(chunk(n));
        }
        while let Some(batch) = decoders.take() {
            offsets.push(batch.into_chunk().offset);
        }
        assert_eq!(offsets, (0..100).collect::<Vec<_>>());
    }
}
