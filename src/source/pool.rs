//! Buffers that go round: a fresh 256 KiB buffer costs page faults each time, a used one nothing.

use crossbeam_channel::{Receiver, Sender, bounded};

/// Length in bytes of a buffer, and so of an ordinary chunk. Measured with `examples/read_speed`:
/// 64 KiB to 1 MiB read at the same speed; this is the least that keeps a core's L2 cache warm and
/// a channel of some dozen chunks small.
pub(super) const BUFFER: usize = 256 << 10;

/// Most buffers that wait for their next use: 12 MiB.
const WAITING: usize = 48;

/// Buffers of chunks, shared by all who read and all who are done with one. Clones share.
#[derive(Clone, Debug)]
pub struct Pool {
    buffers: (Sender<Vec<u8>>, Receiver<Vec<u8>>),
}

impl Default for Pool {
    fn default() -> Self {
        Self { buffers: bounded(WAITING) }
    }
}

impl Pool {
    /// Gives a chunk's bytes back when they are no longer needed. Leave them as they are: a
    /// buffer that was cleared must be zeroed again. Giving none back is allowed, only slower.
    pub fn give(&self, bytes: Vec<u8>) {
        if (BUFFER..=2 * BUFFER).contains(&bytes.capacity()) {
            // A full pool lets the buffer go.
            let _ = self.buffers.0.try_send(bytes);
        }
    }

    /// A buffer of [`BUFFER`] bytes with anything in it.
    pub(super) fn take(&self) -> Vec<u8> {
        let mut bytes = self.buffers.1.try_recv().unwrap_or_default();
        bytes.resize(BUFFER, 0);
        bytes
    }
}
