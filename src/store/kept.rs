//! The store itself: what is kept, and what is handed out of it.

use std::sync::Arc;

use crate::model::{FunctionId, SourceId, Texts, Timestamp, Window};

use super::Budget;
use super::begun::Begun;
use super::control::{Deliveries, Settings};
use super::function::FunctionData;
use super::known::KnownSpans;
use super::lines::LineIndex;
use super::metric::Region;
use super::other::OtherSeries;
use super::row::sane;
use super::series::Series;
use super::snapshot::{BadLog, Health, Newest, Snapshot};
use super::trace::Traces;

/// All that is known, within a budget.
#[derive(Debug)]
pub struct Store {
    pub(super) budget: Budget,
    pub(super) functions: Vec<Arc<FunctionData>>,
    pub(super) total: Arc<Series>,
    pub(super) region: Arc<Region>,
    pub(super) traces: Traces,
    pub(super) lines: LineIndex,
    pub(super) health: Health,
    /// Bytes held when they were last counted, and an estimate of what came since.
    pub(super) counted: usize,
    pub(super) grown: usize,
    /// What may be held before it is counted again.
    pub(super) limit: usize,
    /// Rows that began before this were let go, unless they reached over it.
    pub(super) rows_from: Timestamp,
    /// Whether rows alone are wanted, not what they come to.
    pub(super) only_rows: bool,
    pub(super) others: Vec<Arc<OtherSeries>>,
    pub(super) account: Arc<Settings>,
    pub(super) deliveries: Arc<Deliveries>,
    pub(super) begun: Begun,
    pub(super) bad: Arc<BadLog>,
    pub(super) dropped: Arc<Vec<(Timestamp, u64)>>,
    pub(super) settling_ms: i64,
    pub(super) read_from: Option<Timestamp>,
    pub(super) oldest: Timestamp,
    pub(super) newest_of: Newest,
    pub(super) known: KnownSpans,
    pub(super) touched: Timestamp,
    pub(super) generation: u64,
}

impl Store {
    /// An empty store.
    pub fn new(budget: Budget) -> Self {
        Self {
            budget,
            functions: Vec::new(),
            total: Arc::new(Series::of_all()),
            region: Arc::default(),
            traces: Traces::default(),
            lines: LineIndex::default(),
            health: Health { budget: budget.bytes, ..Health::default() },
            counted: 0,
            grown: 0,
            limit: budget.bytes / 32,
            rows_from: Timestamp::MIN,
            only_rows: false,
            others: Vec::new(),
            account: Arc::default(),
            deliveries: Arc::default(),
            begun: Begun::default(),
            bad: Arc::default(),
            dropped: Arc::default(),
            settling_ms: 0,
            read_from: None,
            oldest: Timestamp::NEVER,
            newest_of: Newest::default(),
            known: KnownSpans::default(),
            touched: Timestamp::NEVER,
            generation: 0,
        }
    }

    /// An empty store that keeps single invocations and traces, but not what they come to.
    pub fn of_rows(budget: Budget) -> Self {
        let total = Arc::new(Series::of_all().without_buckets());
        Self { only_rows: true, total, ..Self::new(budget) }
    }

    /// What is known by now. `texts` are the correlator's, for printing ids and names.
    pub fn snapshot(&mut self, texts: Arc<Texts>) -> Snapshot {
        self.settle();
        let rows = self.functions.iter().map(|function| function.rows.len() as u64).sum();
        Snapshot {
            generation: self.generation,
            functions: self.functions.clone(),
            total: self.total.clone(),
            region: self.region.clone(),
            traces: self.traces.kept.clone(),
            lines: self.lines.clone(),
            others: self.others.clone(),
            account: self.account.clone(),
            deliveries: self.deliveries.clone(),
            bad: self.bad.clone(),
            texts,
            dropped: self.dropped.clone(),
            settling_ms: self.settling_ms,
            read_from: self.read_from,
            rows_from: self.rows_from,
            oldest: self.oldest,
            newest: self.newest(),
            newest_of: self.newest_of,
            known: self.known.clone(),
            findings: Arc::default(),
            health: Health { bytes: self.counted + self.grown, rows, bad: self.bad.count, ..self.health },
        }
    }

    /// Counts the changes: the same number, the same content.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Invocations that began before this are no longer held one by one, unless they reached over it.
    pub fn rows_from(&self) -> Timestamp {
        self.rows_from
    }

    /// How many functions are known.
    pub fn functions(&self) -> usize {
        self.functions.len()
    }

    /// Whether it holds about as much as it may.
    pub fn is_full(&self) -> bool {
        self.counted + self.grown >= self.budget.bytes / 4 * 3
    }

    /// The earliest start of an invocation; `NEVER` without one.
    pub fn oldest(&self) -> Timestamp {
        self.oldest
    }

    /// How many invocations began in a window, about, where single ones were let go too.
    pub fn about_started(&self, window: Window) -> u64 {
        let levels = &self.total.levels;
        let level =
            levels.iter().find(|level| level.from <= window.from).unwrap_or(&levels[levels.len() - 1]);
        let within =
            level.buckets.from(window.from.floor(level.width_ms)).take_while(|b| b.start < window.to);
        let share = |bucket: &super::Bucket| {
            let (from, to) =
                (bucket.start.max(window.from), bucket.start.plus(level.width_ms).min(window.to));
            f64::from(bucket.fold.started) * to.since(from) as f64 / level.width_ms as f64
        };
        within.map(share).sum::<f64>() as u64
    }

    /// Counts its changes from here on, so that its snapshots are newer than another store's.
    pub fn count_from(&mut self, generation: u64) {
        self.generation = self.generation.max(generation);
    }

    /// The newest time in any record; `MIN` without one.
    pub fn newest(&self) -> Timestamp {
        let Newest { logs, metrics, traces } = self.newest_of;
        logs.max(metrics).max(traces)
    }

    /// The earliest time at which something was known that was told since this was asked last;
    /// `NEVER` where nothing was.
    pub fn take_touched(&mut self) -> Timestamp {
        std::mem::replace(&mut self.touched, Timestamp::NEVER)
    }

    /// How long records may still arrive after their time, in ms.
    pub fn set_settling(&mut self, ms: i64) {
        self.settling_ms = ms.max(0);
        self.generation += 1;
    }

    /// Says that nothing before a time has been read yet; `None` when all has been.
    pub fn set_read_from(&mut self, time: Option<Timestamp>) {
        if self.read_from != time {
            self.read_from = time;
            self.generation += 1;
        }
    }

    /// Says where the chunk lies that the next lines of a source are in.
    pub fn chunk(&mut self, source: SourceId, from: u64, to: u64) {
        self.lines.chunk(source, from, to);
    }

    /// Changes how much may be held; what is too much is let go at once.
    pub fn set_budget(&mut self, budget: Budget) {
        self.budget = budget;
        self.health.budget = budget.bytes;
        self.generation += 1;
        self.count_and_shrink();
    }

    /// Lets those that have begun wait no longer for their end, nor lines for the rest of their chunk.
    pub(super) fn settle(&mut self) {
        for invocation in self.begun.take_all() {
            self.begin(&invocation);
        }
        self.lines.settle();
    }

    pub(super) fn grow(&mut self, bytes: usize) {
        self.generation += 1;
        self.grown += bytes;
        if self.counted + self.grown > self.limit {
            self.count_and_shrink();
        }
    }

    /// The function of this id; one that was never told is made up, so that a fact is never lost.
    pub(super) fn function_mut(&mut self, FunctionId(id): FunctionId) -> &mut FunctionData {
        while self.functions.len() <= id as usize {
            let name = format!("function {}", self.functions.len()).into();
            let mut function = FunctionData::new(name);
            if self.only_rows {
                function.series = function.series.without_buckets();
            }
            self.functions.push(Arc::new(function));
        }
        Arc::make_mut(&mut self.functions[id as usize])
    }

    pub(super) fn note_known(&mut self, known: Timestamp) {
        let known = sane(known);
        self.known.note(known);
        self.touched = self.touched.min(known);
    }
}
