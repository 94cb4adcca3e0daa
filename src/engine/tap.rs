//! Where what arrives goes when the engine has taken it, while somebody wants it too: for a recording.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::model::Chunk;

/// Chunks that may wait to be written, of 256 KiB each.
const WAITING: usize = 64;

/// A place beside the engine's way. Cheap to clone; clones share.
#[derive(Clone, Debug, Default)]
pub struct Tap(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    to: ArcSwapOption<Sender<Chunk>>,
    missed: AtomicU64,
}

impl Tap {
    /// From now on chunks that arrive come here too, in order; those that nobody takes in time are not
    /// waited for but counted.
    pub fn open(&self) -> Receiver<Chunk> {
        let (to, chunks) = bounded(WAITING);
        self.0.missed.store(0, Ordering::Relaxed);
        self.0.to.store(Some(Arc::new(to)));
        chunks
    }

    /// No more of them: who takes them sees the end of what waits.
    pub fn close(&self) {
        self.0.to.store(None);
    }

    /// Bytes that were not taken in time since it was opened.
    pub fn missed(&self) -> u64 {
        self.0.missed.load(Ordering::Relaxed)
    }

    /// Passes a chunk on; gives it back where nobody wants it. What was there before we looked is not
    /// arriving.
    pub(super) fn pass(&self, chunk: Chunk) -> Option<Chunk> {
        let to = self.0.to.load();
        let (Some(to), Some(_)) = (to.as_ref(), chunk.arrived) else { return Some(chunk) };
        match to.try_send(chunk) {
            Ok(()) => None,
            Err(TrySendError::Disconnected(chunk)) => Some(chunk),
            Err(TrySendError::Full(chunk)) => {
                self.0.missed.fetch_add(chunk.bytes.len() as u64, Ordering::Relaxed);
                Some(chunk)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SourceId, Timestamp};

    fn chunk(arrived: Option<i64>) -> Chunk {
        Chunk {
            source: SourceId(0),
            offset: 0,
            arrived: arrived.map(Timestamp),
            bytes: vec![b'x'; 7],
            cut: 0,
        }
    }

    #[test]
    fn what_arrives_is_passed_on_and_nothing_waits() {
        let tap = Tap::default();
        assert!(tap.pass(chunk(Some(1))).is_some(), "nobody wants it");
        let chunks = tap.open();
        assert!(tap.pass(chunk(None)).is_some(), "it was there before");
        for n in 0..WAITING as i64 {
            assert!(tap.pass(chunk(Some(n))).is_none());
        }
        assert!(tap.pass(chunk(Some(99))).is_some(), "there is no room");
        assert_eq!(tap.missed(), 7);
        tap.close();
        assert!(tap.pass(chunk(Some(100))).is_some());
        let got: Vec<i64> = chunks.iter().filter_map(|chunk| chunk.arrived).map(|at| at.0).collect();
        assert_eq!(got, (0..WAITING as i64).collect::<Vec<_>>());
        drop(tap.open());
        assert_eq!(tap.missed(), 0);
        assert!(tap.pass(chunk(Some(1))).is_some(), "who wanted it is gone");
    }
}
