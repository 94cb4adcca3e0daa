//! The one thread that owns the correlator and the store: batches in, snapshots out.
//!
//! No lock is held: what others see is an immutable [`Published`], put where they find it at most
//! every 100 ms and only when something changed. Reading waits for decoding and decoding for the
//! engine, by bounded queues; nothing waits for who looks. Where following began with a newest
//! slice, what lies before it is read beside and then takes its place ([`fill`]); what was let go
//! for memory is read again while somebody looks there ([`recall`]).

mod again;
mod fill;
mod intake;
mod memory;
mod progress;
mod recall;
mod run;
mod tap;

use std::sync::Arc;
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use crossbeam_channel::{Sender, bounded};

pub use progress::{Progress, Read, SourceProgress, Stage, TROUBLES};

use crate::clock::Clock;
use crate::model::Timestamp;
use crate::source::Sources;
use crate::store::Snapshot;
pub use recall::{Recalled, Wish};
use run::Run;
pub use tap::Tap;

/// What readers see.
#[derive(Clone, Debug)]
pub struct Published {
    /// What is known.
    pub snapshot: Arc<Snapshot>,
    /// What was let go of an earlier time and has been read again.
    pub recalled: Option<Arc<Recalled>>,
    /// How far reading has come.
    pub progress: Arc<Progress>,
}

impl Published {
    /// What a question as of a time is asked of.
    pub fn as_of(&self, time: Timestamp) -> &Arc<Snapshot> {
        self.recalled_at(time).map_or(&self.snapshot, |recalled| &recalled.snapshot)
    }

    /// What was read again of a time.
    pub fn recalled_at(&self, time: Timestamp) -> Option<&Recalled> {
        self.recalled.as_deref().filter(|recalled| recalled.span.holds(time))
    }
}

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the process may take, in bytes.
    pub memory: usize,
    /// Threads that decode.
    pub decoders: usize,
    /// How long records may still arrive after their time, in ms, where they arrive: in a live
    /// session, and in a capture that says when they did.
    pub settling_ms: i64,
    /// Whether it is a live session.
    pub live: bool,
    /// Where sources are read from a newest slice on: how much before the newest record is read
    /// as well, once the slice is, in ms. `None` reads nothing more.
    pub history_ms: Option<i64>,
}

/// A running engine. Dropping it ends it.
pub struct Engine {
    published: Arc<ArcSwap<Published>>,
    tap: Tap,
    wish: Wish,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts on what sources tell. `woken` is told of each new snapshot; it is never waited for.
    pub fn start(
        sources: &Sources,
        options: Options,
        clock: Clock,
        woken: Sender<()>,
    ) -> std::io::Result<Self> {
        let events = sources.events().clone();
        let mut run = Run::new(sources, options, clock, woken);
        let (published, tap, wish) = (run.published(), run.tap(), run.wish());
        let (stop, stopped) = bounded::<()>(0);
        let thread = std::thread::Builder::new()
            .name("engine".to_string())
            .spawn(move || run.until_stopped(events, &stopped))?;
        Ok(Self { published, tap, wish, stop: Some(stop), thread: Some(thread) })
    }

    /// Where the newest snapshot is found.
    pub fn published(&self) -> Arc<ArcSwap<Published>> {
        self.published.clone()
    }

    /// Where to say what is looked at.
    pub fn wish(&self) -> Wish {
        self.wish.clone()
    }

    /// Where what arrives can be had too.
    pub fn tap(&self) -> Tap {
        self.tap.clone()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // An engine that panicked has already ended the program by the panic hook.
            let _ = thread.join();
        }
    }
}
