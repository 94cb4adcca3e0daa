//! An invocation as it is kept: 96 bytes, behind accessors, so that the layout may become columns.

use crate::model::{
    Cold, End, EnvironmentId, ErrorId, Invocation, Lines, Micros, NameId, Outcome, RequestId, SourceId,
    Timestamp, TraceId, Waited,
};

use super::paged::Item;

/// The identity of a row and its place in the order: start, then number.
pub type RowKey = (Timestamp, u64);

/// No id or duration.
const NONE: u32 = u32::MAX;

const ESTIMATED: u8 = 1;
const DURATION: u8 = 2;
const BILLED: u8 = 4;
const INIT: u8 = 8;
const RESTORE: u8 = 16;
const TRACED: u8 = 32;
const FORMERS: u8 = 64;

/// `Row::outcome` while it has none.
const OPEN: u8 = u8::MAX;

const OUTCOMES: [Outcome; 7] = [
    Outcome::Ok,
    Outcome::Error,
    Outcome::Timeout,
    Outcome::OutOfMemory,
    Outcome::Exit,
    Outcome::InitError,
    Outcome::Unfinished,
];

const COLDS: [Cold; 4] =
    [Cold::No, Cold::Yes(Waited::Caller), Cold::Yes(Waited::Nobody), Cold::Yes(Waited::Unknown)];

/// A time that arithmetic can't overflow: within some 290,000 years of 1970.
pub fn sane(time: Timestamp) -> Timestamp {
    const MOST: i64 = i64::MAX / 1_000;
    Timestamp(time.0.clamp(-MOST, MOST))
}

/// An invocation, all that is known of it by now. Who asks *as of* a time compares
/// [`Row::start_known`] and [`End::known`] himself.
///
/// The times of knowing and ending are kept as distances of at most 24 days from the start: logs
/// that are older than 14 days are refused by CloudWatch.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    start: i64,
    seq: u64,
    request: [u64; 2],
    lines_from: u64,
    start_known: i32,
    end_at: i32,
    end_known: i32,
    duration: u32,
    init: u32,
    restore: u32,
    billed_ms: u32,
    error: u32,
    environment: u32,
    version: u32,
    source: u32,
    lines_len: u32,
    memory_mb: u16,
    max_memory_mb: u16,
    outcome: u8,
    /// The cold start as told with the start, and in the high half with the end.
    cold: u8,
    attempt: u8,
    flags: u8,
}

const _: () = assert!(std::mem::size_of::<Row>() <= 96);

fn distance(from: i64, to: Timestamp) -> i32 {
    to.0.saturating_sub(from).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

fn cold_code(cold: Cold) -> u8 {
    COLDS.iter().position(|&c| c == cold).unwrap_or(0) as u8
}

fn mb(value: Option<u32>) -> u16 {
    value.map_or(0, |mb| u16::try_from(mb).unwrap_or(u16::MAX))
}

impl Row {
    /// The row of an invocation that has begun; its end is put to it by [`Row::set_end`].
    pub fn begun(invocation: &Invocation) -> Self {
        let start = sane(invocation.start).0;
        let id = invocation.request_id.0;
        let mut flags = 0;
        if invocation.start_estimated {
            flags |= ESTIMATED;
        }
        if invocation.trace.is_some() {
            flags |= TRACED;
        }
        let mut row = Self {
            start,
            seq: invocation.seq,
            request: [(id >> 64) as u64, id as u64],
            lines_from: 0,
            start_known: distance(start, invocation.start_known),
            end_at: 0,
            end_known: 0,
            duration: 0,
            init: 0,
            restore: 0,
            billed_ms: 0,
            error: NONE,
            environment: invocation.environment.map_or(NONE, |environment| environment.0),
            version: invocation.version.0,
            source: 0,
            lines_len: 0,
            memory_mb: 0,
            max_memory_mb: 0,
            outcome: OPEN,
            cold: cold_code(invocation.cold),
            attempt: invocation.attempt,
            flags,
        };
        row.set_lines(invocation.lines);
        row
    }

    fn set_lines(&mut self, lines: Lines) {
        self.source = lines.source.0;
        self.lines_from = lines.from;
        self.lines_len = u32::try_from(lines.to.saturating_sub(lines.from)).unwrap_or(u32::MAX);
    }

    /// Puts how it ended, and what was told with it, in the place of what was there.
    pub fn set_end(&mut self, invocation: &Invocation, end: &End) {
        self.set_lines(invocation.lines);
        self.set_standing(&Ended { end: *end, cold: invocation.cold });
        if invocation.trace.is_some() {
            self.flags |= TRACED;
        }
    }

    fn set_standing(&mut self, ended: &Ended) {
        let end = &ended.end;
        self.cold = self.cold & 15 | cold_code(ended.cold) << 4;
        self.end_at = distance(self.start, end.at);
        self.end_known = distance(self.start, end.known);
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        self.flags = self.flags & !(DURATION | BILLED | INIT | RESTORE)
            | flag(end.duration.is_some(), DURATION)
            | flag(end.billed_ms.is_some(), BILLED)
            | flag(end.init.is_some(), INIT)
            | flag(end.restore.is_some(), RESTORE);
        self.duration = end.duration.unwrap_or_default().0;
        self.init = end.init.unwrap_or_default().0;
        self.restore = end.restore.unwrap_or_default().0;
        self.billed_ms = end.billed_ms.unwrap_or_default();
        self.memory_mb = mb(end.memory_mb);
        self.max_memory_mb = mb(end.max_memory_mb);
        self.error = end.error.map_or(NONE, |error| error.0);
        self.outcome = OUTCOMES.iter().position(|&o| o == end.outcome).map_or(OPEN, |at| at as u8);
    }

    /// Says that it had another end before the one it has now.
    pub(super) fn set_formers(&mut self) {
        self.flags |= FORMERS;
    }

    /// When it began.
    pub fn start(&self) -> Timestamp {
        Timestamp(self.start)
    }

    /// Its number.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// When its start was known.
    pub fn start_known(&self) -> Timestamp {
        Timestamp(self.start.saturating_add(i64::from(self.start_known)))
    }

    /// Whether its start was computed.
    pub fn start_estimated(&self) -> bool {
        self.flags & ESTIMATED != 0
    }

    /// The request id.
    pub fn request_id(&self) -> RequestId {
        RequestId(u128::from(self.request[0]) << 64 | u128::from(self.request[1]))
    }

    /// The attempt, from 1.
    pub fn attempt(&self) -> u8 {
        self.attempt
    }

    /// The function's version.
    pub fn version(&self) -> NameId {
        NameId(self.version)
    }

    /// The environment.
    pub fn environment(&self) -> Option<EnvironmentId> {
        (self.environment != NONE).then_some(EnvironmentId(self.environment))
    }

    /// Where its lines lie.
    pub fn lines(&self) -> Lines {
        Lines {
            source: SourceId(self.source),
            from: self.lines_from,
            to: self.lines_from.saturating_add(u64::from(self.lines_len)),
        }
    }

    /// Whether it has a trace.
    pub fn traced(&self) -> bool {
        self.flags & TRACED != 0
    }

    /// Whether it had another end before the one it has now.
    pub fn has_formers(&self) -> bool {
        self.flags & FORMERS != 0
    }

    /// The cold start as told with its start.
    pub fn cold_at_start(&self) -> Cold {
        COLDS[usize::from(self.cold & 3)]
    }

    /// When its end was known; never while it has none.
    pub fn end_known(&self) -> Timestamp {
        match self.outcome {
            OPEN => Timestamp::NEVER,
            _ => Timestamp(self.start.saturating_add(i64::from(self.end_known))),
        }
    }

    /// When it ended, and when that was known.
    pub fn ended_at(&self) -> Option<(Timestamp, Timestamp)> {
        (self.outcome != OPEN)
            .then(|| (Timestamp(self.start.saturating_add(i64::from(self.end_at))), self.end_known()))
    }

    /// How it ended, if it did.
    pub fn end(&self) -> Option<Ended> {
        let outcome = *OUTCOMES.get(usize::from(self.outcome))?;
        let when = |flag: u8, value: u32| (self.flags & flag != 0).then_some(value);
        let end = End {
            at: Timestamp(self.start.saturating_add(i64::from(self.end_at))),
            known: self.end_known(),
            duration: when(DURATION, self.duration).map(Micros),
            billed_ms: when(BILLED, self.billed_ms),
            memory_mb: (self.memory_mb > 0).then_some(u32::from(self.memory_mb)),
            max_memory_mb: (self.max_memory_mb > 0).then_some(u32::from(self.max_memory_mb)),
            init: when(INIT, self.init).map(Micros),
            restore: when(RESTORE, self.restore).map(Micros),
            outcome,
            error: (self.error != NONE).then_some(ErrorId(self.error)),
        };
        Some(Ended { end, cold: COLDS[usize::from(self.cold >> 4 & 3)] })
    }
}

/// What a page of rows says of them all.
#[derive(Clone, Debug)]
pub struct RowsSummary {
    /// The latest end; never while one is open.
    pub end: Timestamp,
    /// The latest time at which something of them was known; never while one is open.
    pub known: Timestamp,
}

impl Default for RowsSummary {
    fn default() -> Self {
        Self { end: Timestamp::MIN, known: Timestamp::MIN }
    }
}

impl Item for Row {
    type Key = RowKey;
    type Summary = RowsSummary;
    const PER_PAGE: usize = 64;

    fn key(&self) -> RowKey {
        (self.start(), self.seq)
    }

    fn sum_up(&self, summary: &mut RowsSummary) {
        let open = self.outcome == OPEN;
        let end = if open { Timestamp::NEVER } else { self.start().plus(i64::from(self.end_at)) };
        summary.end = summary.end.max(end);
        summary.known = summary.known.max(self.end_known()).max(self.start_known());
    }
}

/// How an invocation ended, and its cold start as told with that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The end. `known` is when this was known: of a correction, when that was.
    pub end: End,
    /// The cold start.
    pub cold: Cold,
}

/// An end that was corrected later.
#[derive(Clone, Debug)]
pub struct Former {
    /// Whose.
    pub row: RowKey,
    /// What was said before.
    pub ended: Ended,
    /// Where its lines ended then.
    pub lines_to: u64,
}

impl Item for Former {
    type Key = (RowKey, Timestamp);
    type Summary = ();
    const PER_PAGE: usize = 64;

    fn key(&self) -> Self::Key {
        (self.row, self.ended.end.known)
    }

    fn sum_up(&self, (): &mut ()) {}
}

/// The trace of a row, kept beside the rows since most have none.
#[derive(Clone, Debug)]
pub struct TraceOf {
    /// Whose.
    pub row: RowKey,
    /// The trace.
    pub trace: TraceId,
    /// When that was known.
    pub known: Timestamp,
}

impl Item for TraceOf {
    type Key = RowKey;
    type Summary = ();
    const PER_PAGE: usize = 256;

    fn key(&self) -> RowKey {
        self.row
    }

    fn sum_up(&self, (): &mut ()) {}
}

/// How a row stands at some time: what buckets fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// When its start was known and had come.
    pub start_known: Timestamp,
    /// Whether its start was computed.
    pub estimated: bool,
    /// Its cold start.
    pub cold: Cold,
    /// How it ended, if it has.
    pub end: Option<End>,
}

impl Standing {
    /// How a row stands that has this end, or none.
    pub fn of(row: &Row, ended: Option<Ended>) -> Self {
        Self {
            start_known: row.start_known().max(row.start()),
            estimated: row.start_estimated(),
            cold: ended.map_or(row.cold_at_start(), |ended| ended.cold),
            end: ended.map(|ended| ended.end),
        }
    }

    /// The latest time at which something of it was known; never while it is open.
    pub fn known(&self) -> Timestamp {
        self.end.map_or(Timestamp::NEVER, |end| end.known.max(self.start_known))
    }
}
