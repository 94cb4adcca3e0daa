//! The one thread that owns the correlator and the store: batches in, snapshots out.
//!
//! No lock is held: what others see is an immutable [`Published`], put where they find it at most
//! every 100 ms and only when something changed. Reading waits for decoding and decoding for the
//! engine, by bounded queues; nothing waits for who looks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, Sender, bounded, never, select};

use crate::clock::Clock;
use crate::correlate::Correlator;
use crate::ingest::{Batch, Decoders};
use crate::model::{SourceId, Texts, Timestamp};
use crate::source::{Event, Pool, SourceInfo};
use crate::store::{Budget, Snapshot, Store};

/// The shortest time between two snapshots, in ms.
const PUBLISH_MS: u64 = 100;
/// How often the resident size is looked at, in ms.
const MEASURE_MS: u64 = 1_000;
/// What the program needs besides the store: buffers, views, code.
const OVERHEAD_BYTES: usize = 48 << 20;
/// The store is never squeezed below this.
const LEAST_BYTES: usize = 8 << 20;

/// What readers see.
#[derive(Clone, Debug)]
pub struct Published {
    /// What is known.
    pub snapshot: Arc<Snapshot>,
    /// How far reading has come.
    pub progress: Arc<Progress>,
}

/// How far reading has come.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// The sources in the order in which they were opened.
    pub sources: BTreeMap<SourceId, SourceProgress>,
    /// Everything that was there at the start has been read.
    pub loaded: bool,
    /// What went wrong, newest last; at most [`TROUBLES`].
    pub troubles: Vec<String>,
    /// How many things went wrong in all.
    pub troubled: u64,
    /// Resident memory of the process in bytes; 0 where the system does not tell.
    pub resident: u64,
}

/// Troubles kept.
pub const TROUBLES: usize = 100;

/// One source.
#[derive(Clone, Debug)]
pub struct SourceProgress {
    /// What it is.
    pub info: SourceInfo,
    /// Bytes read (of the inflated content).
    pub bytes: u64,
    /// Records read.
    pub records: u64,
    /// The newest time in it.
    pub newest: Option<Timestamp>,
    /// All that was there at the start has been read.
    pub caught_up: bool,
}

impl Progress {
    /// The time up to which everything that is being loaded has been read: a replay may show no
    /// later one. `None` when nothing is being loaded any more.
    pub fn frontier(&self) -> Option<Timestamp> {
        if self.loaded {
            return None;
        }
        let loading = self.sources.values().filter(|source| !source.caught_up);
        Some(loading.map(|source| source.newest.unwrap_or(Timestamp::MIN)).min().unwrap_or(Timestamp::MIN))
    }

    /// The share of all bytes that has been read, 0 to 1.
    pub fn fraction(&self) -> f64 {
        if self.loaded {
            return 1.0;
        }
        let all: u64 = self.sources.values().map(|s| s.info.size.max(1)).sum();
        let read: u64 = self.sources.values().map(|s| s.read_of_size()).sum();
        read as f64 / all.max(1) as f64
    }
}

impl SourceProgress {
    fn read_of_size(&self) -> u64 {
        if self.caught_up { self.info.size.max(1) } else { self.bytes.min(self.info.size) }
    }
}

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the process may take, in bytes.
    pub memory: usize,
    /// Threads that decode.
    pub decoders: usize,
    /// How long records may still arrive after their time, in ms: 0 for captures.
    pub settling_ms: i64,
}

/// A running engine. Dropping it ends it.
pub struct Engine {
    published: Arc<ArcSwap<Published>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts on a source's events. `woken` is told of each new snapshot; it is never waited for.
    pub fn start(
        events: Receiver<Event>,
        pool: Pool,
        options: Options,
        clock: Clock,
        woken: Sender<()>,
    ) -> std::io::Result<Self> {
        let mut run = Run::new(pool, options, clock, woken);
        let published = run.published.clone();
        let (stop, stopped) = bounded::<()>(0);
        let thread = std::thread::Builder::new()
            .name("engine".to_string())
            .spawn(move || run.until_stopped(events, &stopped))?;
        Ok(Self { published, stop: Some(stop), thread: Some(thread) })
    }

    /// Where the newest snapshot is found.
    pub fn published(&self) -> Arc<ArcSwap<Published>> {
        self.published.clone()
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

struct Run {
    correlator: Correlator,
    store: Store,
    decoders: Decoders,
    pool: Pool,
    progress: Progress,
    texts: Arc<Texts>,
    published: Arc<ArcSwap<Published>>,
    woken: Sender<()>,
    clock: Clock,
    memory: usize,
    last_published: u64,
    last_measured: u64,
    published_generation: u64,
    changed: bool,
}

impl Run {
    fn new(pool: Pool, options: Options, clock: Clock, woken: Sender<()>) -> Self {
        let mut store = Store::new(budget(options.memory, 0));
        store.set_settling(options.settling_ms);
        let texts = Arc::new(Texts::default());
        let first = Published {
            snapshot: Arc::new(store.snapshot(texts.clone())),
            progress: Arc::new(Progress::default()),
        };
        Self {
            correlator: Correlator::default(),
            store,
            decoders: Decoders::start(options.decoders),
            pool,
            progress: Progress::default(),
            texts,
            published: Arc::new(ArcSwap::from_pointee(first)),
            woken,
            last_published: 0,
            last_measured: clock.steady_ms(),
            clock,
            memory: options.memory,
            published_generation: u64::MAX,
            changed: false,
        }
    }

    fn until_stopped(&mut self, mut events: Receiver<Event>, stopped: &Receiver<()>) {
        loop {
            let nothing = never();
            let source = if self.decoders.has_room() { &events } else { &nothing };
            let no_batch = never();
            let batches = self.decoders.ready().cloned();
            let batches = batches.as_ref().unwrap_or(&no_batch);
            select! {
                recv(stopped) -> _ => return,
                recv(batches) -> batch => {
                    self.decoders.was_taken();
                    match batch {
                        Ok(batch) => self.take(batch),
                        // A decoder panicked, and the program is ending.
                        Err(_) => return,
                    }
                }
                recv(source) -> event => match event {
                    Ok(event) => self.hear(event),
                    // The sources are gone: what is known stays.
                    Err(_) => events = never(),
                },
                default(self.patience()) => {}
            }
            self.measure();
            self.publish();
        }
    }

    /// How long to wait if nothing comes: until what changed may be published.
    fn patience(&self) -> Duration {
        let now = self.clock.steady_ms();
        let due =
            if self.changed { self.last_published + PUBLISH_MS } else { self.last_measured + MEASURE_MS };
        Duration::from_millis(due.saturating_sub(now).max(1))
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Opened(info) => {
                self.correlator.source(info.id, info.function.as_deref());
                let fresh = SourceProgress { info, bytes: 0, records: 0, newest: None, caught_up: false };
                self.progress.sources.insert(fresh.info.id, fresh);
                self.progress.loaded = false;
                self.changed = true;
            }
            Event::Chunk(chunk) => self.decoders.send(chunk),
            Event::Trouble { source, what } => {
                let name = source
                    .and_then(|id| self.progress.sources.get(&id))
                    .map(|s| format!("{}: ", s.info.label));
                let text = format!("{}{what}", name.unwrap_or_default());
                self.progress.troubled += 1;
                self.progress.troubles.push(text);
                if self.progress.troubles.len() > TROUBLES {
                    self.progress.troubles.remove(0);
                }
                self.changed = true;
            }
            // What was sent before this is still with the decoders: it comes first.
            Event::Ended(id) => {
                self.drain();
                if let Some(source) = self.progress.sources.get_mut(&id) {
                    source.caught_up = true;
                }
                self.progress.loaded = self.progress.sources.values().all(|source| source.caught_up);
                self.changed = true;
            }
            Event::Drained => {
                self.drain();
                self.progress.loaded = true;
                self.changed = true;
            }
        }
    }

    fn drain(&mut self) {
        while let Some(batch) = self.decoders.take() {
            self.take(batch);
        }
    }

    fn take(&mut self, batch: Batch) {
        let newest = batch.records().iter().map(|record| record.envelope.time).max().flatten();
        self.correlator.records(batch.records(), &mut self.store);
        let chunk = batch.chunk();
        if let Some(source) = self.progress.sources.get_mut(&chunk.source) {
            source.bytes = source.bytes.max(chunk.offset + chunk.bytes.len() as u64 + chunk.cut);
            source.records += batch.records().len() as u64;
            source.newest = source.newest.max(newest);
        }
        self.changed = true;
        self.pool.give(batch.into_chunk().bytes);
    }

    /// `--memory` is a promise about the process: the store shrinks by what is too much.
    fn measure(&mut self) {
        let now = self.clock.steady_ms();
        if now < self.last_measured + MEASURE_MS {
            return;
        }
        self.last_measured = now;
        let Some(resident) = resident_bytes() else { return };
        self.progress.resident = resident;
        let excess = (resident as usize).saturating_sub(self.memory);
        if excess > 0 {
            self.store.set_budget(budget(self.memory, excess));
        }
    }

    fn publish(&mut self) {
        let now = self.clock.steady_ms();
        let first = self.published_generation == u64::MAX;
        if !self.changed || (!first && now < self.last_published + PUBLISH_MS) {
            return;
        }
        self.changed = false;
        self.last_published = now;
        self.published_generation = self.store.generation();
        let texts = self.correlator.texts();
        if texts.len() != self.texts.len() {
            self.texts = Arc::new(texts.clone());
        }
        self.published.store(Arc::new(Published {
            snapshot: Arc::new(self.store.snapshot(self.texts.clone())),
            progress: Arc::new(self.progress.clone()),
        }));
        // Whoever is not awake yet will find the newest.
        let _ = self.woken.try_send(());
    }
}

/// What of the process's memory the store may hold, when it takes `excess` bytes too much.
fn budget(memory: usize, excess: usize) -> Budget {
    Budget { bytes: memory.saturating_sub(OVERHEAD_BYTES).saturating_sub(excess).max(LEAST_BYTES) }
}

/// The resident size of the process, where the system tells it (Linux).
fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}
