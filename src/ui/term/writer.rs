//! The thread that writes: one finished frame at a time, for as long as the terminal takes.
//!
//! The drawing thread asks [`Writer::idle`] *before* it draws. A frame that was drawn must reach
//! the screen, since the next one is only the difference; one that was not drawn costs nothing.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::tty::{Tty, Written};

/// What was written to the terminal since the start.
#[derive(Debug, Default)]
pub struct Counters {
    bytes: AtomicU64,
    frames: AtomicU64,
    skipped: AtomicU64,
}

impl Counters {
    /// Bytes that the terminal has taken.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// Frames with something in them that the terminal has taken.
    pub fn frames(&self) -> u64 {
        self.frames.load(Relaxed)
    }

    /// Times that a frame was due and not drawn, since the terminal had not taken the last one.
    pub fn skipped(&self) -> u64 {
        self.skipped.load(Relaxed)
    }

    pub(super) fn skip(&self) {
        self.skipped.fetch_add(1, Relaxed);
    }
}

pub(super) struct Writer {
    frames: Sender<Vec<u8>>,
    busy: Arc<AtomicBool>,
    idle: Receiver<()>,
}

impl Writer {
    pub(super) fn start(tty: Arc<Tty>, counters: Arc<Counters>) -> io::Result<Self> {
        let (frames, queue) = bounded::<Vec<u8>>(1);
        let (done, idle) = bounded(1);
        let busy = Arc::new(AtomicBool::new(false));
        let working = Arc::clone(&busy);
        std::thread::Builder::new().name("writer".into()).spawn(move || {
            for frame in queue {
                if tty.write(&frame) == Written::Whole {
                    counters.bytes.fetch_add(frame.len() as u64, Relaxed);
                    counters.frames.fetch_add(1, Relaxed);
                }
                working.store(false, SeqCst);
                let _ = done.try_send(());
            }
        })?;
        Ok(Self { frames, busy, idle })
    }

    /// Whether the last frame is out.
    pub(super) fn idle(&self) -> bool {
        !self.busy.load(SeqCst)
    }

    /// Wakes who waits when a frame is out.
    pub(super) fn idle_again(&self) -> &Receiver<()> {
        &self.idle
    }

    /// Hands over a frame. The writer must be idle.
    pub(super) fn send(&self, frame: Vec<u8>) {
        self.busy.store(true, SeqCst);
        if self.frames.try_send(frame).is_err() {
            self.busy.store(false, SeqCst);
        }
    }

    /// Gives the last frame some time to get out.
    pub(super) fn finish(&self, within: Duration) {
        // The first token may be an earlier frame's.
        while !self.idle() && self.idle.recv_timeout(within).is_ok() {}
    }
}
