//! Chunks to decoded batches on other threads, collected in the order in which they were sent.
//!
//! A chunk goes to the workers in turn, each with a bounded queue, and comes back in turn: decoding
//! runs in parallel, order is kept, nothing is sorted, memory is bounded.

use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use self_cell::self_cell;

use crate::decode::{self, Arena};
use crate::model::{Chunk, Record};

type Records<'a> = Vec<Record<'a>>;

/// What records borrow from.
struct Lent {
    chunk: Chunk,
    arena: Arena,
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
        let arena = Arena::with_capacity(chunk.bytes.len() / 8);
        Self::new(Lent { chunk, arena }, |Lent { chunk, arena }| {
            let mut records = Vec::with_capacity(chunk.bytes.len() / 256);
            decode::chunk(chunk, arena, &mut records);
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
    pub fn into_chunk(self) -> Chunk {
        self.into_owner().chunk
    }
}

/// Chunks that may wait for each worker, and batches that may wait behind it.
const QUEUE: usize = 2;

struct Worker {
    /// Taken away to end it.
    chunks: Option<Sender<Chunk>>,
    batches: Receiver<Batch>,
    thread: Option<JoinHandle<()>>,
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
            let thread = std::thread::Builder::new().name("decode".to_string()).spawn(move || {
                for chunk in chunks {
                    if batches.send(Batch::decode(chunk)).is_err() {
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
