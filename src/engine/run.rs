//! The engine's thread.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, Sender, never, select};

use super::again::Again;
use super::fill::{self, Fill, Live, Loaded};
use super::intake::Intake;
use super::memory::{budget, first_excess, learned, resident_bytes};
use super::progress::{Progress, SourceProgress, Stage};
use super::recall::{Lies, NO_ROOM, Plan, Recall, Wish};
use super::{Options, Published, Tap};
use crate::clock::Clock;
use crate::correlate::{Correlator, Room};
use crate::findings::{self, Watch};
use crate::ingest::{Batch, Decoders};
use crate::model::{SourceId, Texts, Timestamp, Window};
use crate::source::{Catalog, Event, Kind, Pool, Sources};
use crate::store::{Budget, Snapshot, Store};

/// The shortest time between two snapshots, in ms.
const PUBLISH_MS: u64 = 100;
/// How often the resident size is looked at, in ms.
const MEASURE_MS: u64 = 1_000;
/// The share of the memory that what is unfinished may take: one in so many.
const UNFINISHED: usize = 8;
/// By so many bytes its share has changed when the store is told: it looks at all that it holds.
const STEP: usize = 4 << 20;
/// The share of the memory by which what is in use has changed when that alone is told: one in so many.
const TOLD_MEMORY: usize = 64;
/// The share of what the store may hold that what is read again may take: one in so many.
const RECALLED: usize = 4;
/// What a function takes that nothing else is known of, the table's row of it included.
const FUNCTION_BYTES: usize = 2_048;
/// Chunks read live, or from pipes, that are remembered while older data is being read. With more than this the
/// older data is left unread.
const LIVE: usize = 200_000;

pub(super) struct Run {
    intake: Intake,
    watch: Watch,
    decoders: Decoders,
    pool: Pool,
    tap: Tap,
    catalog: Catalog,
    progress: Progress,
    older: Older,
    recall: Recall,
    texts: Arc<Texts>,
    published: Arc<ArcSwap<Published>>,
    woken: Sender<()>,
    clock: Clock,
    memory: usize,
    /// Bytes that the process takes beyond what is counted, and bytes of what is unfinished.
    excess: usize,
    unfinished: usize,
    /// How many of both the store was told to leave.
    told: usize,
    settling_ms: i64,
    live: bool,
    last_published: u64,
    last_measured: u64,
    /// Up to when a live session was to be judged the last time.
    judged_to: Option<Timestamp>,
    /// Nothing that was published has a record.
    empty: bool,
    changed: bool,
    /// Something was read since: not only time has passed.
    news: bool,
    /// What changed is not to wait: the first records, all that was there.
    urgent: bool,
}

/// What lies before the newest slice that was read first.
enum Older {
    /// It may have to be read when the slice is: so much before the newest record, in ms.
    Perhaps { history_ms: i64, live: Vec<Live> },
    /// It is being read.
    Filling(Box<Fill>),
    /// It is there, or is left where it is.
    Settled,
}

impl Run {
    pub fn new(sources: &Sources, options: Options, clock: Clock, woken: Sender<()>) -> Self {
        let excess = first_excess(options.memory);
        let mut store = Store::new(budget(options.memory, excess));
        let room = Room::of_bytes(options.memory / UNFINISHED);
        let functions = (options.memory / UNFINISHED / FUNCTION_BYTES).max(1_000);
        let correlator = Correlator::within(Room { functions, ..room });
        let texts = Arc::new(Texts::default());
        let first = Published {
            snapshot: Arc::new(store.snapshot(texts.clone())),
            recalled: None,
            progress: Arc::new(Progress::default()),
        };
        Self {
            intake: Intake::new(correlator, store, options.settling_ms, options.live),
            watch: Watch::new(findings::ALL),
            decoders: Decoders::start(options.decoders),
            pool: sources.pool().clone(),
            tap: Tap::default(),
            catalog: sources.catalog().clone(),
            progress: Progress::default(),
            older: match options.history_ms {
                Some(history_ms) => Older::Perhaps { history_ms, live: Vec::new() },
                None => Older::Settled,
            },
            recall: Recall::default(),
            texts,
            published: Arc::new(ArcSwap::from_pointee(first)),
            woken,
            last_published: 0,
            last_measured: clock.steady_ms(),
            clock,
            memory: options.memory,
            // Until it is known.
            excess,
            unfinished: 0,
            told: excess,
            settling_ms: options.settling_ms,
            live: options.live,
            judged_to: None,
            empty: true,
            changed: false,
            news: false,
            urgent: false,
        }
    }

    pub fn published(&self) -> Arc<ArcSwap<Published>> {
        self.published.clone()
    }

    pub fn tap(&self) -> Tap {
        self.tap.clone()
    }

    pub fn wish(&self) -> Wish {
        self.recall.wish()
    }

    pub fn until_stopped(&mut self, mut events: Receiver<Event>, stopped: &Receiver<()>) {
        loop {
            let nothing = never();
            let source = if self.decoders.has_room() { &events } else { &nothing };
            let no_batch = never();
            let batches = self.decoders.ready().cloned();
            let batches = batches.as_ref().unwrap_or(&no_batch);
            let no_fill = never();
            let filled = match &self.older {
                Older::Filling(fill) => fill.done.clone(),
                _ => no_fill,
            };
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
                recv(filled) -> loaded => {
                    self.take_over(loaded.unwrap_or_else(|_| Err("the reader of older data ended".to_string())));
                }
                recv(self.recall.wishes()) -> wanted => {
                    self.recall.want(wanted.ok().flatten(), self.clock.steady_ms());
                }
                recv(self.recall.done()) -> read => self.hold(read.unwrap_or_else(|_| Err("the reader ended".to_string()))),
                default(self.patience()) => {}
            }
            self.recall();
            self.measure();
            self.publish();
        }
    }

    /// How long to wait if nothing comes: until what changed may be published.
    fn patience(&self) -> Duration {
        let now = self.clock.steady_ms();
        let due =
            if self.changed { self.last_published + PUBLISH_MS } else { self.last_measured + MEASURE_MS };
        let due = match self.older {
            Older::Filling(_) => due.min(self.last_published + PUBLISH_MS),
            _ if self.recall.share().is_some() => due.min(self.last_published + PUBLISH_MS),
            _ => self.recall.due().filter(|at| *at > now).map_or(due, |at| due.min(at)),
        };
        Duration::from_millis(due.saturating_sub(now).max(1))
    }

    fn hear(&mut self, event: Event) {
        self.changed |= !matches!(event, Event::Chunk(_));
        match event {
            Event::Opened(info) => {
                self.intake.correlator.source(info.id, info.function.as_deref());
                self.intake.correlator.otherwise(info.id, info.written, info.stream.as_deref());
                // Somebody made it readable.
                self.progress.unread.remove(&*info.label);
                self.progress.sources.insert(info.id, SourceProgress::new(info));
                self.progress.loaded = false;
            }
            Event::Chunk(chunk) => self.decoders.send(chunk),
            Event::Note { source, note } => {
                if let Some(source) = self.progress.sources.get_mut(&source) {
                    source.note = Some(note);
                }
            }
            // It says itself which source it is about.
            Event::Trouble { source, unread, what } => {
                if let Some(name) = unread {
                    self.progress.unread(name, &what);
                }
                if let Some(source) = source.and_then(|id| self.progress.sources.get_mut(&id)) {
                    source.trouble = Some(what.clone());
                }
                self.progress.trouble(what);
            }
            // What was sent before this is still with the decoders: it comes first.
            Event::CaughtUp(id) => {
                self.drain();
                self.stage(id, Stage::Following);
            }
            Event::Ended(id) => {
                self.drain();
                self.stage(id, Stage::Ended);
            }
            Event::Drained => {
                self.drain();
                self.progress.loaded = true;
                self.urgent = true;
            }
        }
    }

    fn stage(&mut self, id: SourceId, stage: Stage) {
        if let Some(source) = self.progress.sources.get_mut(&id) {
            source.stage = stage;
        }
        self.progress.loaded = self.progress.all_read();
        if self.progress.loaded {
            self.urgent = true;
            self.fill();
        }
    }

    fn drain(&mut self) {
        while let Some(batch) = self.decoders.take() {
            self.take(batch);
        }
    }

    fn take(&mut self, batch: Batch) {
        let taken = self.intake.take(batch);
        if let Some(source) = self.progress.sources.get_mut(&taken.chunk.source) {
            source.bytes = source.bytes.max(taken.end());
            source.read.add(&taken);
            source.newest = source.newest.max(taken.newest);
        }
        self.urgent |= std::mem::take(&mut self.empty);
        self.progress.live |= taken.chunk.arrived.is_some();
        if taken.chunk.arrived.is_some() || self.is_stream(taken.chunk.source) {
            self.note_live(Live::of(&taken.chunk));
        }
        (self.changed, self.news) = (true, true);
        if let Some(chunk) = self.tap.pass(taken.chunk) {
            self.pool.give(chunk.bytes);
        }
    }

    fn is_stream(&self, id: SourceId) -> bool {
        self.progress.sources.get(&id).is_some_and(is_stream)
    }

    fn note_live(&mut self, chunk: Live) {
        let waiting = match &mut self.older {
            Older::Perhaps { live, .. } => {
                live.push(chunk);
                live.len()
            }
            Older::Filling(fill) => {
                // A thread that is gone has said why.
                let _ = fill.live.send(chunk);
                fill.live.len()
            }
            Older::Settled => 0,
        };
        if waiting > LIVE {
            self.leave_older("too much came meanwhile");
        }
    }

    fn leave_older(&mut self, why: &str) {
        let said = matches!(&self.older, Older::Filling(_)) || self.progress.sources.values().any(skipped);
        self.older = Older::Settled;
        self.progress.filling = None;
        self.changed = true;
        if said {
            self.progress.trouble(format!(
                "what is older than the newest part of the files is left unread: {why}; \
                 `lamtop replay` reads all of it"
            ));
        }
    }

    /// Begins to read what lies before the slice that was read, if it is wanted.
    fn fill(&mut self) {
        let Older::Perhaps { history_ms, live } = &mut self.older else { return };
        let (history_ms, live) = (*history_ms, std::mem::take(live));
        let sources = self.progress.sources.values();
        let newest = sources.clone().filter_map(|source| source.newest).max();
        let covered = self.covered();
        let from = newest.map_or(Timestamp::MIN, |newest| newest.plus(-history_ms));
        if !self.progress.sources.values().any(skipped) || covered.is_some_and(|covered| covered <= from) {
            self.older = Older::Settled;
            return;
        }
        // What was there at the start; a pipe's or socket's bytes can't be read from a place.
        let parts = sources
            .filter(|source| !is_stream(source))
            .map(|source| fill::Older { info: source.info.clone(), end: source.bytes })
            .collect();
        let mut store = Store::new(budget(self.memory, self.told));
        let correlator = self.intake.correlator.sibling(&mut store, 0);
        let intake = Intake::new(correlator, store, self.settling_ms, self.live);
        match Fill::start(Again::new(intake, self.catalog.clone(), self.pool.clone()), parts, from) {
            Ok(fill) => {
                for chunk in live {
                    let _ = fill.live.send(chunk);
                }
                self.progress.filling = Some(0.0);
                self.older = Older::Filling(Box::new(fill));
            }
            Err(error) => self.leave_older(&error.to_string()),
        }
    }

    /// The time from which on everything was read of all sources that were not read from their
    /// beginnings.
    fn covered(&self) -> Option<Timestamp> {
        let sources = self.progress.sources.values().filter(|source| skipped(source));
        sources.filter_map(|source| source.read.oldest).max()
    }

    /// The second reading takes the place of the first, having read all that it read.
    fn take_over(&mut self, loaded: Result<Loaded, String>) {
        self.drain();
        let Older::Filling(fill) = std::mem::replace(&mut self.older, Older::Settled) else { return };
        self.progress.filling = None;
        (self.changed, self.urgent) = (true, true);
        let caught_up = loaded.and_then(|mut loaded| {
            for live in fill.rest.try_iter() {
                loaded.catch_up(live, &self.catalog)?;
            }
            Ok(loaded)
        });
        match caught_up {
            Ok(Loaded { mut intake, from, read }) => {
                for (id, read) in read {
                    if let Some(source) = self.progress.sources.get_mut(&id) {
                        source.read = read;
                    }
                }
                // Numbers of snapshots only grow, whoever makes them.
                intake.store.count_from(self.intake.store.generation() + 1);
                intake.store.set_read_from(from);
                self.texts = Arc::new(intake.correlator.texts().clone());
                self.intake = intake;
                self.unfinished = self.intake.correlator.bytes();
                self.tell_share();
                // What it concludes is concluded anew from what it has now.
                self.watch = Watch::new(findings::ALL);
            }
            Err(why) => self.leave_older(&why),
        }
    }

    /// Begins to read again what is looked at and was let go.
    fn recall(&mut self) {
        // What is still to come lets more go.
        if !self.progress.loaded || !matches!(self.older, Older::Settled) {
            return;
        }
        let (store, now) = (&self.intake.store, self.clock.steady_ms());
        let (gone, wanted) = self.recall.look(now, store.rows_from(), store.oldest());
        if gone {
            self.intake.store.count_from(self.intake.store.generation() + 1);
            self.changed = true;
            self.tell_share();
        }
        let Some(window) = wanted else { return };
        let room = self.recall_budget();
        let store = &self.intake.store;
        let seen = Window { from: window.from.max(store.oldest()), ..window };
        let started = (store.about_started(seen), seen.to.since(seen.from));
        let (rows_from, functions) = (store.rows_from(), store.functions());
        let Some(plan) = Plan::of(window, started, rows_from, (room.bytes, functions)) else {
            return self.not_recalled(window, NO_ROOM);
        };
        let snapshot = self.intake.store.snapshot(self.texts.clone());
        let mut store = Store::of_rows(room);
        let correlator = self.intake.correlator.sibling(&mut store, self.recall.numbers());
        let intake = Intake::new(correlator, store, self.settling_ms, self.live);
        let sources = self.progress.sources.values();
        let lies = sources.map(|source| Lies { info: source.info.clone(), end: source.bytes }).collect();
        let from = (self.catalog.clone(), self.pool.clone());
        if let Err(error) = self.recall.start((window, plan, now), intake, lies, snapshot, from) {
            self.not_recalled(window, &error.to_string());
        }
        self.changed = true;
        self.tell_share();
    }

    /// What was read again is there.
    fn hold(&mut self, read: Result<Snapshot, String>) {
        if let Err(why) = self.recall.hold(read) {
            self.progress.trouble(not_recalled(&why));
        }
        // Whoever looks asks again.
        self.intake.store.count_from(self.intake.store.generation() + 1);
        (self.changed, self.urgent) = (true, true);
        self.tell_share();
    }

    fn not_recalled(&mut self, window: Window, why: &str) {
        self.recall.give_up(window);
        self.progress.trouble(not_recalled(why));
        self.changed = true;
    }

    /// What may be held of what is read again: a part of what the store may hold.
    fn recall_budget(&self) -> Budget {
        Budget { bytes: budget(self.memory, self.excess + self.unfinished).bytes / RECALLED }
    }

    /// `--memory` is a promise about the process: the store shrinks by what is too much.
    fn measure(&mut self) {
        let now = self.clock.steady_ms();
        if now < self.last_measured + MEASURE_MS {
            return;
        }
        self.last_measured = now;
        let Some(resident) = resident_bytes() else { return };
        // Also of a capture of which all is read somebody may ask how much it takes.
        self.changed |= self.progress.resident.abs_diff(resident) > (self.memory / TOLD_MEMORY) as u64;
        if self.changed {
            self.progress.resident = resident;
        }
        self.excess = learned(self.excess, resident as usize, self.memory, self.intake.store.is_full());
        self.share();
    }

    /// What is unfinished takes its memory from the store.
    fn share(&mut self) {
        self.unfinished = self.intake.correlator.bytes();
        if self.taken().abs_diff(self.told) >= STEP {
            self.tell_share();
        }
    }

    /// Bytes that the store has to leave.
    fn taken(&self) -> usize {
        let texts = self.intake.correlator.texts_bytes();
        let recalled = self.recall.bytes(self.recall_budget().bytes, texts, self.unfinished);
        self.excess + self.unfinished + recalled
    }

    fn tell_share(&mut self) {
        self.told = self.taken();
        self.intake.store.set_budget(budget(self.memory, self.told));
    }

    /// What comes live is known when it comes, so a live session is judged up to now also where
    /// nothing comes: silence is a finding. A capture is judged up to its end.
    fn judge_to(&self) -> Option<Timestamp> {
        let follows = self.progress.sources.values().any(|source| source.stage == Stage::Following);
        follows.then(|| self.clock.now().floor(findings::TICK_MS))
    }

    fn publish(&mut self) {
        let now = self.clock.steady_ms();
        let filling = match &self.older {
            Older::Filling(fill) => Some(fill.share()),
            _ => self.recall.share(),
        };
        let judge_to = self.judge_to();
        self.changed |= filling != self.progress.filling || judge_to > self.judged_to;
        if !self.changed || (!self.urgent && now < self.last_published + PUBLISH_MS) {
            return;
        }
        (self.changed, self.urgent) = (false, false);
        self.progress.filling = filling;
        self.share();
        self.progress.seen_twice = self.intake.correlator.seen_twice();
        self.progress.forgotten = self.intake.correlator.forgotten();
        if !matches!(self.older, Older::Settled) {
            let covered = self.covered();
            self.intake.store.set_read_from(covered);
        }
        let texts = self.intake.correlator.texts();
        if texts.len() != self.texts.len() {
            self.texts = Arc::new(texts.clone());
        }
        let store = &mut self.intake.store;
        let mut snapshot = store.snapshot(self.texts.clone());
        self.judged_to = judge_to;
        // Until everything that was there has been read, it could still be told.
        let to = self.progress.frontier().or(judge_to.max(snapshot.known.end()));
        self.changed = self.watch.keep_up(&mut snapshot, store.take_touched(), to);
        self.recall.conclude(&snapshot.findings);
        // What only time made does not hold up what is read next.
        if std::mem::take(&mut self.news) || self.changed || self.progress.filling.is_some() {
            self.last_published = now;
        }
        self.published.store(Arc::new(Published {
            snapshot: Arc::new(snapshot),
            recalled: self.recall.held(),
            progress: Arc::new(self.progress.clone()),
        }));
        // Whoever is not awake yet will find the newest.
        let _ = self.woken.try_send(());
    }
}

fn not_recalled(why: &str) -> String {
    format!("single invocations of then were let go for memory: {why}")
}

fn is_stream(source: &SourceProgress) -> bool {
    matches!(source.info.kind, Kind::Fifo | Kind::Socket)
}

fn skipped(source: &SourceProgress) -> bool {
    source.info.skipped > 0
}
