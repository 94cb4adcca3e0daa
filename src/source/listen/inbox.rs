//! What arrived and was not given out yet: a bounded queue that nobody waits for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};

/// Bytes of frames that may wait.
const BYTES: usize = 16 << 20;
/// Parcels that may wait.
const PARCELS: usize = 16 << 10;

/// Frames that came together.
#[derive(Debug)]
pub(super) struct Parcel {
    /// At which listener.
    pub listener: usize,
    /// What it was sent to, where that tells senders apart.
    pub path: Option<Box<str>>,
    /// Whole lines, each with its line end.
    pub frames: Vec<u8>,
}

/// There is no room: more comes than is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

/// Where one listener puts what arrived. Clones share.
#[derive(Clone, Debug)]
pub(super) struct Inbox {
    parcels: Sender<Parcel>,
    waiting: Arc<AtomicUsize>,
    listener: usize,
}

/// The other end.
#[derive(Debug)]
pub(super) struct Parcels {
    pub queue: Receiver<Parcel>,
    waiting: Arc<AtomicUsize>,
}

impl Inbox {
    /// An inbox of listener 0 and its other end.
    pub fn new() -> (Self, Parcels) {
        let (parcels, queue) = bounded(PARCELS);
        let waiting = Arc::new(AtomicUsize::new(0));
        (Self { parcels, waiting: waiting.clone(), listener: 0 }, Parcels { queue, waiting })
    }

    /// The same inbox for another listener.
    pub fn of(&self, listener: usize) -> Self {
        Self { listener, ..self.clone() }
    }

    /// Puts frames in, if there is room.
    pub fn put(&self, path: Option<Box<str>>, frames: Vec<u8>) -> Result<(), Full> {
        let bytes = frames.len();
        if self.waiting.fetch_add(bytes, Ordering::Relaxed) >= BYTES {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Full);
        }
        let sent = self.parcels.try_send(Parcel { listener: self.listener, path, frames });
        sent.map_err(|_| {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            Full
        })
    }
}

impl Parcels {
    /// A parcel was taken out.
    pub fn taken(&self, parcel: &Parcel) {
        self.waiting.fetch_sub(parcel.frames.len(), Ordering::Relaxed);
    }
}

/// What a listener could not take.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Datagrams dropped, or posts told to come again: no room.
    pub no_room: AtomicU64,
    /// Datagrams that the system dropped before they could be read.
    pub unread: AtomicU64,
    /// Datagrams or posts that are not what is listened for, or not allowed.
    pub refused: AtomicU64,
}

/// Counts one more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_told_and_room_comes_back() {
        let (inbox, parcels) = Inbox::new();
        let other = inbox.of(3);
        for _ in 0..4 {
            inbox.put(None, vec![b'x'; BYTES / 4]).unwrap();
        }
        assert_eq!(other.put(None, vec![b'y']), Err(Full));
        let parcel = parcels.queue.recv().unwrap();
        parcels.taken(&parcel);
        other.put(Some("/a".into()), vec![b'y'; 9]).unwrap();
        let last = parcels.queue.iter().take(4).last().unwrap();
        assert_eq!((last.listener, last.path.as_deref(), last.frames.len()), (3, Some("/a"), 9));
        // Many small ones are bounded by their number.
        let (inbox, _parcels) = Inbox::new();
        assert!((0..PARCELS).all(|_| inbox.put(None, b"x\n".to_vec()).is_ok()));
        assert_eq!(inbox.put(None, b"x\n".to_vec()), Err(Full));
    }
}
