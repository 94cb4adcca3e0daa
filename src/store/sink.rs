//! The store itself: hears facts, hands out snapshots.

use std::sync::Arc;

use crate::model::{
    Bad, CallFact, Change, DeliveryFact, End, EnvironmentInfo, FactSink, FunctionId, Invocation, LineFact,
    MetricPoint, Micros, Origin, OtherId, OtherMetric, OtherPoint, Outcome, SegmentDocument, SettingFact,
    SourceId, Texts, Timestamp, TraceId, Window,
};

use super::Budget;
use super::begun::Begun;
use super::bucket::{Binned, Fold};
use super::budget::reaches;
use super::control::{Deliveries, Settings};
use super::function::{FunctionData, KnownEnvironment};
use super::known::KnownSpans;
use super::lines::LineIndex;
use super::metric::Region;
use super::other::{CELL, OtherSeries};
use super::paged::Item;
use super::refused::Refused;
use super::row::{Ended, Former, Row, Standing, TraceOf, sane};
use super::series::{Held, Refold, Series};
use super::snapshot::{BadLog, BadRecord, Health, Newest, Snapshot};
use super::trace::Traces;

/// Lost-record notes kept of one function at most; more are added to the last.
const DROPS: usize = 1_000;

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
    begun: Begun,
    bad: Arc<BadLog>,
    dropped: Arc<Vec<(Timestamp, u64)>>,
    settling_ms: i64,
    read_from: Option<Timestamp>,
    oldest: Timestamp,
    newest_of: Newest,
    known: KnownSpans,
    touched: Timestamp,
    generation: u64,
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

    /// An invocation has begun.
    fn begin(&mut self, invocation: &Invocation) {
        let rows_from = self.rows_from;
        let changed = self.function_mut(invocation.function).begin(invocation, rows_from);
        self.change(invocation, changed);
    }

    /// Counts what a fact has changed.
    fn change(&mut self, invocation: &Invocation, changed: Option<Changed>) {
        let start = sane(invocation.start);
        let Some(Changed { before, now, row }) = changed else { return };
        self.health.rows_late += u64::from(!row && before.is_none());
        let held = self.held(start, before.as_ref(), &now, row);
        let (was, is) = (before.as_ref().map(Binned::of), Binned::of(&now));
        let (mut of_function, mut of_total) = (Vec::new(), Vec::new());
        let series = &mut self.function_mut(invocation.function).series;
        series.change(start, was, is, held, |at| of_function.push(at));
        let total = Arc::make_mut(&mut self.total);
        total.change(start, was, is, Held { finest: 0, ..held }, |at| of_total.push(at));
        if !of_function.is_empty() || !of_total.is_empty() {
            self.refold(invocation.function, &of_function, &of_total);
        }
        self.grow(if before.is_none() { std::mem::size_of::<Row>() + 32 } else { 8 });
    }

    fn held(&self, start: Timestamp, before: Option<&Standing>, now: &Standing, row: bool) -> Held {
        let rows_from = self.rows_from;
        if start >= rows_from {
            // A function's seconds are those of rows that were let go.
            return Held { row, late: None, finest: 1 };
        }
        let end = |of: &Standing| of.end.map_or(rows_from, |end| sane(end.at).min(rows_from));
        let (was, is) = (before.map(end), end(now));
        let late = (was != Some(is)).then(|| Window { from: start, to: is.max(was.unwrap_or(is)) });
        Held { row, late, finest: 0 }
    }

    fn grow(&mut self, bytes: usize) {
        self.generation += 1;
        self.grown += bytes;
        if self.counted + self.grown > self.limit {
            self.count_and_shrink();
        }
    }

    /// The function of this id; one that was never told is made up, so that a fact is never lost.
    fn function_mut(&mut self, FunctionId(id): FunctionId) -> &mut FunctionData {
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

    fn note_known(&mut self, known: Timestamp) {
        let known = sane(known);
        self.known.note(known);
        self.touched = self.touched.min(known);
    }

    /// Makes buckets anew from the rows that began in them, where these are still held.
    fn refold(&mut self, function: FunctionId, of_function: &[Refold], of_total: &[Refold]) {
        let held = |at: &&Refold| at.1 >= self.rows_from;
        let own = &self.functions[function.0 as usize..=function.0 as usize];
        let folds: Vec<_> = of_function
            .iter()
            .filter(held)
            .map(|&at| (false, at, fold_rows(own, at)))
            .chain(of_total.iter().filter(held).map(|&at| (true, at, fold_rows(&self.functions, at))))
            .collect();
        for (total, (level, start), fold) in folds {
            let series = match total {
                true => Arc::make_mut(&mut self.total),
                false => &mut self.function_mut(function).series,
            };
            series.levels[level].buckets.update(start, |bucket| bucket.fold = fold);
        }
    }
}

/// Notes that so many were counted then; where there are too many notes, with the one before.
fn note_count(notes: &mut Vec<(Timestamp, u64)>, known: Timestamp, count: u64) {
    let at = notes.partition_point(|&(before, _)| before <= known);
    match at.checked_sub(1).filter(|at| notes.len() >= DROPS || notes[*at].0 == known) {
        Some(at) => notes[at].1 = notes[at].1.saturating_add(count),
        None => notes.insert(at, (known, count)),
    }
}

/// The fold of the latest standing of all rows in a bucket.
fn fold_rows(functions: &[Arc<FunctionData>], (level, start): Refold) -> Fold<super::Sketch> {
    let end = start.plus(super::series::width(level));
    let mut fold = Fold::default();
    for function in functions {
        for row in function.rows.from((start, 0)).take_while(|row| row.start() < end) {
            fold.add(&Standing::of(row, row.end()));
        }
    }
    fold
}

/// What a fact changes: how the invocation stood before, and how it stands now.
struct Changed {
    before: Option<Standing>,
    now: Standing,
    /// Whether its row is held.
    row: bool,
}

impl FunctionData {
    fn begin(&mut self, invocation: &Invocation, rows_from: Timestamp) -> Option<Changed> {
        let row = Row::begun(invocation);
        let key = (row.start(), row.seq());
        let held = row.start() >= rows_from || reaches(&row, rows_from);
        if self.rows.get(key).is_some() {
            return None;
        }
        let now = Standing::of(&row, None);
        if held {
            self.rows.insert(row);
            self.keep_trace(invocation, invocation.start_known);
        }
        Some(Changed { before: None, now, row: held })
    }

    /// Both at once, of one that has no row yet.
    fn begin_and_end(
        &mut self,
        begun: &Invocation,
        invocation: &Invocation,
        end: &End,
        rows_from: Timestamp,
    ) -> Option<Changed> {
        let mut row = Row::begun(begun);
        let key = (row.start(), row.seq());
        if key != (sane(invocation.start), invocation.seq)
            || row.start() < rows_from
            || self.rows.get(key).is_some()
        {
            return None;
        }
        self.note_timed_out(end);
        row.set_end(invocation, end);
        self.rows.insert(row);
        self.keep_trace(begun, begun.start_known);
        self.keep_trace(invocation, end.known);
        Some(Changed { before: None, now: Standing::of(&row, row.end()), row: true })
    }

    fn note_timed_out(&mut self, end: &End) {
        if let (Outcome::Timeout, Some(Micros(us))) = (end.outcome, end.duration) {
            self.note_timeout(end.known, (us / 1_000_000).max(1));
        }
    }

    /// Keeps the trace of an invocation; of one that is kept only that it was known before.
    fn keep_trace(&mut self, invocation: &Invocation, known: Timestamp) {
        let row = (sane(invocation.start), invocation.seq);
        if let Some(trace) = invocation.trace
            && self.traces.update(row, |kept| kept.known = kept.known.min(known)).is_none()
        {
            self.traces.insert(TraceOf { row, trace, known });
        }
    }

    fn end(
        &mut self,
        invocation: &Invocation,
        end: &End,
        change: Change,
        rows_from: Timestamp,
    ) -> Option<Changed> {
        let key = (sane(invocation.start), invocation.seq);
        let ended = Ended { end: *end, cold: invocation.cold };
        self.note_timed_out(end);
        if let Some(row) = self.rows.get(key) {
            let former = row.end();
            if former.is_some_and(|former| former.end.known > end.known) {
                // Told late: what was known after it stays.
                self.formers.insert(Former { row: key, ended, lines_to: invocation.lines.to });
                self.rows.update(key, Row::set_formers);
                return None;
            }
            let before = Standing::of(row, former);
            if let Some(former) = former {
                let lines_to = row.lines().to;
                self.formers.insert(Former { row: key, ended: former, lines_to });
            }
            self.keep_trace(invocation, end.known);
            let now = self.rows.update(key, |row| {
                row.set_end(invocation, end);
                if former.is_some() {
                    row.set_formers();
                }
                Standing::of(row, row.end())
            })?;
            return Some(Changed { before: Some(before), now, row: true });
        }
        // A REPORT without START was not known before its end.
        let known = invocation.start_known.max(end.known);
        let mut row = Row::begun(&Invocation { start_known: known, ..*invocation });
        row.set_end(invocation, end);
        let now = Standing::of(&row, row.end());
        // If its row was let go, its bucket has counted what was told of it before.
        let new = invocation.start_estimated && !matches!(change, Change::Amended { .. });
        if row.start() >= rows_from || new && reaches(&row, rows_from) {
            self.rows.insert(row);
            self.keep_trace(invocation, end.known);
            return Some(Changed { before: None, now, row: true });
        }
        let before = match change {
            Change::Amended { was, .. } => Some(Standing { end: Some(End { outcome: was, ..*end }), ..now }),
            _ if new => None,
            _ => Some(Standing { end: None, ..now }),
        };
        Some(Changed { before, now, row: false })
    }
}

impl FactSink for Store {
    fn function(&mut self, id: FunctionId, name: &str) {
        self.function_mut(id).name = name.into();
        self.grow(std::mem::size_of::<FunctionData>() + name.len());
    }

    fn invocation(&mut self, invocation: &Invocation, change: Change) {
        let start = sane(invocation.start);
        let end = invocation.end.map(|end| match change {
            Change::Amended { known, .. } => End { known, ..end },
            _ => end,
        });
        let known = match (change, &end) {
            (Change::Started, _) | (_, None) => invocation.start_known,
            (_, Some(end)) => end.known,
        };
        self.note_known(known);
        let rows_from = self.rows_from;
        let function = self.function_mut(invocation.function);
        function.first_known = function.first_known.min(known);
        function.logs_known = function.logs_known.min(known);
        let newest = end.map_or(start, |end| sane(end.at).max(start));
        function.newest = function.newest.max(newest);
        self.newest_of.logs = self.newest_of.logs.max(newest);
        self.oldest = self.oldest.min(start);
        if let Change::Started = change {
            self.generation += 1;
            if let Some(oldest) = self.begun.push(invocation) {
                self.begin(&oldest);
            }
            return;
        }
        let Some(end) = end else { return };
        if let Some(begun) = self.begun.take(invocation.seq) {
            let function = self.function_mut(invocation.function);
            if let Some(changed) = function.begin_and_end(&begun, invocation, &end, rows_from) {
                return self.change(invocation, Some(changed));
            }
            self.begin(&begun);
        }
        let function = self.function_mut(invocation.function);
        let changed = function.end(invocation, &end, change, rows_from);
        self.change(invocation, changed);
    }

    fn metric(&mut self, point: &MetricPoint) {
        let kept = match point.function {
            None => Arc::make_mut(&mut self.region).keep(point),
            Some(id) => {
                let function = self.function_mut(id);
                let kept = function.metrics.keep(point);
                if kept {
                    function.first_known = function.first_known.min(point.known);
                    function.newest = function.newest.max(sane(point.start));
                }
                kept
            }
        };
        self.health.metrics_ignored += u64::from(!kept);
        if kept {
            self.note_known(point.known);
            let end = sane(point.start.plus(i64::from(point.period_ms)));
            self.newest_of.metrics = self.newest_of.metrics.max(end);
        }
        self.grow(32);
    }

    fn other_metric(&mut self, id: OtherId, metric: &OtherMetric) {
        while self.others.len() <= id.0 as usize {
            self.others.push(Arc::new(OtherSeries::new(metric.clone())));
        }
        self.grow(std::mem::size_of::<OtherSeries>() + 200);
    }

    fn other_point(&mut self, point: &OtherPoint) {
        let Some(series) = self.others.get_mut(point.series.0 as usize) else { return };
        let series = Arc::make_mut(series);
        self.health.others_let_go += series.note(point);
        if let Some(id) = series.metric.function {
            let function = self.function_mut(id);
            function.first_known = function.first_known.min(point.known);
        }
        self.note_known(point.known);
        let end = sane(point.start.plus(i64::from(point.period_ms)));
        // What was observed stands in a log, within its period.
        let (newest, at) = match point.adds {
            true => (&mut self.newest_of.logs, end.plus(-1).min(sane(point.known))),
            false => (&mut self.newest_of.metrics, end),
        };
        *newest = (*newest).max(at);
        self.grow(CELL + point.values.as_ref().map_or(0, |values| 8 * values.len()));
    }

    fn other_refused(&mut self, function: Option<FunctionId>, known: Timestamp) {
        self.health.others_refused += 1;
        if let Some(id) = function {
            note_count(&mut self.function_mut(id).others_refused, known, 1);
        }
        self.note_known(known);
        self.grow(16);
    }

    fn segment(
        &mut self,
        trace: TraceId,
        function: Option<FunctionId>,
        known: Timestamp,
        document: &SegmentDocument,
        origin: Origin,
    ) {
        if known > Timestamp::MIN {
            self.note_known(known);
        }
        let before = self.traces.bytes();
        let latest = document.root.end_us.or(document.root.start_us);
        if !self.traces.keep(trace, function, known, document, origin) {
            self.health.documents_refused += 1;
        }
        if let Some(id) = function {
            let function = self.function_mut(id);
            function.first_known = function.first_known.min(known);
            function.traces_known = function.traces_known.min(known);
        }
        if let Some(us) = latest {
            self.newest_of.traces = self.newest_of.traces.max(sane(Timestamp(us.div_euclid(1_000))));
        }
        self.grow(self.traces.bytes().saturating_sub(before));
    }

    fn setting(&mut self, fact: SettingFact) {
        if fact.known > Timestamp::MIN {
            self.note_known(fact.known);
        }
        let bytes = super::control::fact_bytes(&fact);
        match fact.function {
            Some(function) => self.function_mut(function).settings.note(fact),
            None => Arc::make_mut(&mut self.account).note(fact),
        }
        self.grow(bytes);
    }

    fn call(&mut self, call: &CallFact) {
        let Some(refused) = Refused::of(call) else { return };
        if call.known > Timestamp::MIN {
            self.note_known(call.known);
        }
        let function = self.function_mut(call.function);
        function.first_known = function.first_known.min(call.known);
        if refused.throttled {
            function.throttled_known = function.throttled_known.min(call.known);
        }
        // The same event may be in two files: it was known when the first of them was read.
        let known = refused.known;
        if function.refused.update(refused.key(), |kept| kept.known = kept.known.min(known)).is_none() {
            function.refused.insert(refused);
        }
        self.grow(std::mem::size_of::<Refused>() + 96);
    }

    fn delivery(&mut self, fact: DeliveryFact) {
        if fact.known > Timestamp::MIN {
            self.note_known(fact.known);
        }
        Arc::make_mut(&mut self.deliveries).note(fact);
        self.grow(std::mem::size_of::<DeliveryFact>() + 96);
    }

    fn environment(&mut self, info: &EnvironmentInfo) {
        let environments = &mut self.function_mut(info.function).environments;
        if environments.update(info.id, |kept| kept.more(info)).is_none() {
            environments.insert(KnownEnvironment::of(info));
        }
        self.grow(std::mem::size_of::<KnownEnvironment>());
    }

    fn line(&mut self, line: &LineFact) {
        self.lines.note(line);
        if line.time.is_some() {
            self.note_known(line.known);
        }
        if let Some(id) = line.function
            && self.functions.get(id.0 as usize).is_none_or(|function| {
                function.logs_known > line.known || line.time.is_some_and(|time| function.newest < sane(time))
            })
        {
            let function = self.function_mut(id);
            function.first_known = function.first_known.min(line.known);
            function.logs_known = function.logs_known.min(line.known);
            function.newest = line.time.map_or(function.newest, |time| function.newest.max(sane(time)));
        }
        if let Some(time) = line.time {
            self.newest_of.logs = self.newest_of.logs.max(sane(time));
        }
        self.grow(1);
    }

    fn dropped(&mut self, function: Option<FunctionId>, known: Timestamp, records: u64) {
        let drops = match function {
            Some(id) => &mut self.function_mut(id).dropped,
            None => Arc::make_mut(&mut self.dropped),
        };
        note_count(drops, known, records);
        self.grow(16);
    }

    fn bad(&mut self, origin: Origin, known: Option<Timestamp>, bad: &Bad) {
        let size = std::mem::size_of::<BadRecord>() + bad.reason.len() + bad.excerpt.len();
        Arc::make_mut(&mut self.bad).push(BadRecord { origin, known, bad: bad.clone() });
        self.grow(size);
    }
}
