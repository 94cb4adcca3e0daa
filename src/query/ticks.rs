//! The ticks of a schedule: where a function has a rhythm, which of the runs that were to be expected
//! came, failed or did not come.
//!
//! The rhythm is that of its last 33 first attempts as of now, however long before the window they
//! began. Only what began in the window, and those 33, is looked at. A tick is one event: its retries
//! are not ticks of their own, and where one of them succeeded it has not failed. Each run is taken for
//! the expected one that is nearest; what comes out of turn, as a run by hand or an event that was
//! delivered twice, moves nothing. Where the beat itself has moved, as a schedule's does that was made
//! anew, it is taken up again at the second run of the new one.

use rustc_hash::FxHashMap;

use crate::model::{Graded, RequestId, Timestamp, Why, Window};
use crate::store::{FunctionData, Row};

use super::asof::AsOf;
use super::axis::Axis;
use super::filter::failed;
use super::rhythm::Rule;
use super::scan;
use super::subject;
use super::view::InvocationState;

/// A rhythm is one where four in five gaps of five starts or more are within a tenth of their median.
const RULE: Rule = Rule { least: 4, near: 0.1, share: 0.8 };
/// It is taken from so many last starts at most.
const STARTS: usize = 33;
/// Invocations that are looked through for them, retries among them.
const LOOKED: usize = 1_000;
/// A shorter rhythm, in ms, is that of a loop or of steady traffic, not of a schedule: EventBridge's
/// shortest is a minute (EventBridge user guide, "Creating a rule that runs on a schedule").
const SHORTEST_MS: i64 = 10_000;
/// A run is missed when it has not come so long, in ms, after it was expected; of a longer period a
/// tenth of it.
const LATE_MS: i64 = 2 * 60_000;

/// The rhythm in which a function is run, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// The usual time from start to start, in ms.
    pub period_ms: i64,
    /// When it ran last.
    pub last: Timestamp,
    /// Whether that failed.
    pub last_failed: bool,
    /// When the next run is expected: later than now.
    pub next: Timestamp,
    /// When the first one was expected that has not come, and is not missed yet.
    pub due: Option<Timestamp>,
    /// Runs in the window, those that failed among them.
    pub ran: u64,
    /// Those of which no attempt has succeeded.
    pub failed: u64,
    /// Runs that were expected in the window and did not come in time.
    pub missed: Graded<u64>,
    /// Those that may have come, for nothing of any function was read from [`Self::alive`] on.
    pub unseen: u64,
    /// The newest record of any function.
    pub alive: Timestamp,
    /// The span of the columns.
    pub window: Window,
    /// What was to be seen in each; nothing where no run was expected.
    pub columns: Vec<Option<Tick>>,
}

/// A run that was expected or came; of several in a column the last of these is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tick {
    /// It ran.
    Ran,
    /// It has not come yet.
    Due,
    /// Nothing was read that could tell.
    Unseen,
    /// It failed, and no other attempt of the same event succeeded.
    Failed,
    /// It did not come.
    Missed,
}

/// The schedule of a function as its starts tell it; `None` where they have no rhythm.
pub fn schedule(asof: AsOf<'_>, function: &FunctionData, axis: &Axis) -> Option<Schedule> {
    // What is counted is what can be seen in the columns.
    let window = axis.window();
    let mut starts: Vec<i64> =
        first_attempts(asof, function, asof.at.plus(1)).map(|row| row.start().0).collect();
    starts.reverse();
    let gaps = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let period_ms = RULE.rhythm(gaps)?.period_ms;
    if period_ms < SHORTEST_MS {
        return None;
    }
    // What is expected in the window goes by what was before it.
    let before = first_attempts(asof, function, window.from).last().map(Row::start);
    let from = before.unwrap_or(window.from).min(Timestamp(*starts.first()?));
    let runs = runs(asof, function, Window { from, to: asof.at.plus(1) });
    let alive = subject::newest(asof.snapshot, asof.at);
    let mut ticks = Ticks::new(asof.at, period_ms, alive, window, axis);
    runs.iter().for_each(|run| ticks.run(run));
    let whole = scan::complete(asof, window);
    ticks.answer(whole)
}

/// The last first attempts that began before a time, the newest first.
fn first_attempts<'a>(
    asof: AsOf<'a>,
    function: &'a FunctionData,
    before: Timestamp,
) -> impl Iterator<Item = &'a Row> {
    let rows = function.rows.back_from((before, 0)).take(LOOKED);
    rows.filter(move |row| row.attempt() <= 1 && asof.standing(function, row).is_some()).take(STARTS)
}

/// An event that was run, once or more often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    start: Timestamp,
    failed: bool,
}

/// The events whose first attempts began in a window, in order.
fn runs(asof: AsOf<'_>, function: &FunctionData, window: Window) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut lost: FxHashMap<RequestId, usize> = FxHashMap::default();
    for (row, standing) in scan::rows(asof, function, window) {
        let ended = standing.end.map(|end| InvocationState::Ended(end.outcome));
        let failed = ended.is_some_and(failed);
        let id = row.request_id();
        if row.attempt() <= 1 {
            if failed {
                lost.insert(id, runs.len());
            }
            runs.push(Run { start: row.start(), failed });
        } else if ended.is_some()
            && !failed
            && let Some(at) = lost.remove(&id)
        {
            runs[at].failed = false;
        }
    }
    runs
}

/// The beat, followed from run to run.
struct Ticks<'a> {
    at: Timestamp,
    alive: Timestamp,
    window: Window,
    axis: &'a Axis,
    columns: Vec<Option<Tick>>,
    period_ms: i64,
    /// How long after it was expected a run is missed, in ms.
    late_ms: i64,
    /// How far, in ms, a run may be from where it was expected.
    near_ms: i64,
    /// The last run that came when one was expected.
    beat: Option<Timestamp>,
    /// A later one that came out of turn.
    stray: Option<Timestamp>,
    first: Option<Timestamp>,
    last: Option<Run>,
    ran: u64,
    failed: u64,
    missed: u64,
    unseen: u64,
    due: Option<Timestamp>,
}

impl<'a> Ticks<'a> {
    fn new(at: Timestamp, period_ms: i64, alive: Timestamp, window: Window, axis: &'a Axis) -> Self {
        let late_ms = LATE_MS.max(period_ms / 10);
        Self {
            at,
            alive,
            window,
            axis,
            columns: vec![None; axis.columns],
            period_ms,
            late_ms,
            near_ms: late_ms.min(period_ms / 2),
            beat: None,
            stray: None,
            first: None,
            last: None,
            ran: 0,
            failed: 0,
            missed: 0,
            unseen: 0,
            due: None,
        }
    }

    /// Takes the next run.
    fn run(&mut self, run: &Run) {
        if self.window.holds(run.start) {
            self.ran += 1;
            self.failed += u64::from(run.failed);
            self.paint(run.start, if run.failed { Tick::Failed } else { Tick::Ran });
        }
        self.first = self.first.or(Some(run.start));
        self.last = Some(*run);
        let Some(beat) = self.beat else {
            self.beat = Some(run.start);
            return;
        };
        let gap = run.start.since(beat);
        let number = (gap + self.period_ms / 2) / self.period_ms;
        let near = |gap: i64, of: i64, by: i64| gap.abs_diff(of) <= by as u64;
        if number >= 1 && near(gap, number * self.period_ms, self.near_ms) {
            self.lost(beat, number - 1);
            (self.beat, self.stray) = (Some(run.start), None);
            return;
        }
        let moved = |stray: &Timestamp| near(run.start.since(*stray), self.period_ms, self.period_ms / 10);
        match self.stray.filter(moved) {
            Some(stray) => {
                // Up to where the new beat begins the old one was to be expected.
                self.lost(beat, (stray.since(beat) - self.near_ms).max(0) / self.period_ms);
                (self.beat, self.stray) = (Some(run.start), None);
            }
            None => self.stray = Some(run.start),
        }
    }

    /// The expected runs of these numbers after a beat did not come, up to now.
    fn lost(&mut self, beat: Timestamp, upto: i64) {
        self.between(beat, upto, true);
    }

    /// Goes through the expected runs after a beat that lie in the window, up to this number. Where a
    /// later run was seen, whatever is read was being read all the time.
    fn between(&mut self, beat: Timestamp, upto: i64, later: bool) {
        let (period, window) = (self.period_ms, self.window);
        let before = window.from.since(beat).max(0);
        let first = ((before + period - 1) / period).max(1);
        let last = upto.min(window.to.plus(-1).min(self.at).since(beat).div_euclid(period));
        if first > last {
            return;
        }
        // Of each sort all lie together: missed, then not seen for want of records, then due.
        let number_by = |time: Timestamp| time.since(beat).div_euclid(period).clamp(first - 1, last);
        let missed_by = number_by(self.at.plus(-self.late_ms));
        let seen_by =
            if later { missed_by } else { number_by(self.alive.plus(-self.near_ms)).min(missed_by) };
        let count = |from: i64, to: i64| (to - from).max(0) as u64;
        self.missed += count(first - 1, seen_by);
        self.unseen += count(seen_by, missed_by);
        self.paint_all(beat, (first, seen_by), Tick::Missed);
        self.paint_all(beat, (seen_by + 1, missed_by), Tick::Unseen);
        self.paint_all(beat, (missed_by + 1, last), Tick::Due);
        if missed_by < last {
            self.due = Some(beat.plus((missed_by + 1) * period));
        }
    }

    /// Paints expected runs, in as many steps as there are columns at most.
    fn paint_all(&mut self, beat: Timestamp, (mut from, to): (i64, i64), tick: Tick) {
        while from <= to {
            let time = beat.plus(from * self.period_ms);
            self.paint(time, tick);
            // The next one that lies in another column.
            let column = self.axis.column_of(time).map_or(time, |at| self.axis.column(at).to);
            from = (from + 1).max((column.since(beat) + self.period_ms - 1) / self.period_ms);
        }
    }

    fn paint(&mut self, time: Timestamp, tick: Tick) {
        if let Some(at) = self.axis.column_of(time) {
            self.columns[at] = self.columns[at].max(Some(tick));
        }
    }

    fn answer(mut self, whole: bool) -> Option<Schedule> {
        let (beat, last, first) = (self.beat?, self.last?, self.first?);
        self.due = None;
        self.between(beat, i64::MAX, false);
        let number = self.at.since(beat).max(0) / self.period_ms + 1;
        let known = whole || first <= self.window.from;
        Some(Schedule {
            period_ms: self.period_ms,
            last: last.start,
            last_failed: last.failed,
            next: beat.plus(number * self.period_ms),
            due: self.due,
            ran: self.ran,
            failed: self.failed,
            missed: match (self.unseen > 0, known) {
                (true, _) => Graded::AtLeast(self.missed, Why::NoData),
                (_, false) => Graded::AtLeast(self.missed, Why::Evicted),
                _ => Graded::Counted(self.missed),
            },
            unseen: self.unseen,
            alive: self.alive,
            window: self.axis.window(),
            columns: self.columns,
        })
    }
}

#[cfg(test)]
mod tests;
