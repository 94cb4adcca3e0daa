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
use super::view::{InvocationState, Schedule, Tick};

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
mod tests {
    use super::*;
    use crate::query::made::{self, Attempt};
    use proptest::prelude::*;

    const MINUTE: i64 = 60_000;

    fn axis(at: i64, window_ms: i64, columns: usize) -> Axis {
        Axis::chart(Timestamp(at), window_ms, columns)
    }

    fn of(starts: &[i64], period_ms: i64, at: i64, alive: i64, window_ms: i64) -> Schedule {
        let axis = axis(at, window_ms, 60);
        let window = Window { from: Timestamp(at - window_ms), to: Timestamp(at + 1) };
        let mut ticks = Ticks::new(Timestamp(at), period_ms, Timestamp(alive), window, &axis);
        for start in starts {
            ticks.run(&Run { start: Timestamp(*start), failed: false });
        }
        ticks.answer(true).unwrap()
    }

    fn signs(schedule: &Schedule) -> String {
        let sign = |tick: &Option<Tick>| match tick {
            None => ' ',
            Some(Tick::Ran) => '|',
            Some(Tick::Due) => '.',
            Some(Tick::Unseen) => '?',
            Some(Tick::Failed) => 'x',
            Some(Tick::Missed) => '!',
        };
        schedule.columns.iter().map(sign).collect()
    }

    fn minutes(at: &[i64]) -> Vec<i64> {
        at.iter().map(|minute| minute * MINUTE).collect()
    }

    #[test]
    fn what_did_not_come_is_missed_when_its_time_has_passed() {
        let starts = minutes(&[0, 1, 2, 3, 6, 7]);
        let at = |second: i64| of(&starts, MINUTE, second * 1_000, second * 1_000, 10 * MINUTE);
        let then = at(7 * 60 + 30);
        assert_eq!((then.missed, then.next, then.due), (Graded::Counted(2), Timestamp(8 * MINUTE), None));
        let later = at(9 * 60 + 59);
        assert_eq!((later.missed, later.due), (Graded::Counted(2), Some(Timestamp(8 * MINUTE))));
        assert_eq!(later.next, Timestamp(10 * MINUTE));
        assert_eq!(at(10 * 60).missed, Graded::Counted(3));
        assert_eq!(later.ran, 6);
    }

    #[test]
    fn a_gap_is_not_missed_before_its_time_has_passed() {
        let then = of(&minutes(&[0, 1, 2, 4]), MINUTE, 4 * MINUTE, 4 * MINUTE, 10 * MINUTE);
        assert_eq!(then.missed, Graded::Counted(0), "it may be two minutes late");
        let then = of(&minutes(&[0, 1, 2, 4]), MINUTE, 5 * MINUTE, 5 * MINUTE, 10 * MINUTE);
        assert_eq!(then.missed, Graded::Counted(1));
    }

    #[test]
    fn where_nothing_is_read_nothing_is_said_to_be_missed() {
        let then = of(&minutes(&[0, 1, 2, 3]), MINUTE, 30 * MINUTE, 3 * MINUTE, 30 * MINUTE);
        assert_eq!((then.missed, then.unseen), (Graded::AtLeast(0, Why::NoData), 25));
        assert_eq!(then.due, Some(Timestamp(29 * MINUTE)));
        let then = of(&minutes(&[0, 1, 2, 3]), MINUTE, 30 * MINUTE, 10 * MINUTE, 30 * MINUTE);
        assert_eq!((then.missed, then.unseen), (Graded::AtLeast(6, Why::NoData), 19));
    }

    #[test]
    fn what_comes_out_of_turn_moves_nothing() {
        let hour = 60 * MINUTE;
        let starts = [0, hour, 2 * hour, 2 * hour + 31 * MINUTE, 3 * hour, 4 * hour];
        let then = of(&starts, hour, 4 * hour + MINUTE, 4 * hour, 5 * hour);
        assert_eq!((then.missed, then.next, then.ran), (Graded::Counted(0), Timestamp(5 * hour), 6));
        let twice = [0, 400, MINUTE, MINUTE + 300, 2 * MINUTE];
        let then = of(&twice, MINUTE, 2 * MINUTE, 2 * MINUTE, 10 * MINUTE);
        assert_eq!((then.missed, then.next), (Graded::Counted(0), Timestamp(3 * MINUTE)));
    }

    #[test]
    fn a_beat_that_moved_is_taken_up() {
        let hour = 60 * MINUTE;
        let moved = [0, hour, hour + 20 * MINUTE, 2 * hour + 20 * MINUTE, 3 * hour + 20 * MINUTE];
        let then = of(&moved, hour, 4 * hour, 4 * hour, 5 * hour);
        assert_eq!((then.missed, then.next), (Graded::Counted(0), Timestamp(4 * hour + 20 * MINUTE)));
        // After it had not come for three hours.
        let late = [0, hour, 4 * hour + 20 * MINUTE, 5 * hour + 20 * MINUTE];
        let then = of(&late, hour, 6 * hour, 6 * hour, 7 * hour);
        assert_eq!(then.missed, Graded::Counted(3));
    }

    fn scheduled(attempts: &[Attempt], at_s: i64) -> Option<Schedule> {
        let mut store = made::store(attempts);
        let snapshot = made::snapshot(&mut store);
        let asof = AsOf::new(&snapshot, Timestamp(at_s * 1_000));
        schedule(asof, snapshot.function(made::F)?, &axis(asof.at.0, 600_000, 60))
    }

    #[test]
    fn retries_are_no_ticks_and_one_that_succeeds_is_a_run_that_did() {
        let every = |n: i64| 86_400 + 60 * n;
        let mut attempts: Vec<Attempt> =
            (0..8).map(|n| Attempt(every(n), Some(2), n as u128, 1, n == 3 || n == 5)).collect();
        attempts.push(Attempt(every(3) + 62, Some(2), 3, 2, false));
        attempts.push(Attempt(every(5) + 62, Some(2), 5, 2, true));
        let told = scheduled(&attempts, every(7) + 30).unwrap();
        assert_eq!((told.period_ms, told.ran, told.failed), (60_000, 8, 1));
        assert_eq!((told.missed, told.last), (Graded::Counted(0), Timestamp(every(7) * 1_000)));
        assert_eq!(signs(&told).matches('x').count(), 1);
        // Before its retry came, the fourth had failed; before it began, it was to come.
        let told = scheduled(&attempts, every(5)).unwrap();
        assert_eq!((told.ran, told.failed), (6, 0));
        let told = scheduled(&attempts, every(4) + 1).unwrap();
        assert_eq!((told.ran, told.failed), (5, 1));
    }

    #[test]
    fn traffic_and_bursts_have_no_rhythm() {
        let at = |starts: &[i64]| {
            let attempts: Vec<Attempt> =
                starts.iter().map(|s| Attempt(86_400 + s, Some(1), *s as u128, 1, false)).collect();
            scheduled(&attempts, 86_400 + 600)
        };
        assert_eq!(at(&[0, 60, 120, 180]), None, "too few");
        assert!(at(&[0, 60, 120, 180, 240]).is_some());
        assert_eq!(at(&[0, 7, 31, 44, 100, 102, 170]), None);
        assert_eq!(at(&[0, 2, 4, 6, 8, 10, 12]), None, "a loop");
        assert_eq!(at(&[]), None);
    }

    #[test]
    fn a_schedule_longer_than_the_window_is_known_from_before_it() {
        let attempts: Vec<Attempt> =
            (0..9).map(|n| Attempt(86_400 + 900 * n, Some(1), n as u128, 1, false)).collect();
        let told = scheduled(&attempts, 86_400 + 900 * 8 + 700).unwrap();
        assert_eq!((told.period_ms, told.ran, told.missed), (900_000, 0, Graded::Counted(0)));
        assert_eq!(told.next, Timestamp((86_400 + 900 * 9) * 1_000));
    }

    proptest! {
        /// A schedule with runs left out, each up to 3 s late, as of any time: against a model that asks
        /// for each expected run whether it came.
        #[test]
        fn ticks_are_what_asking_for_each_gives(
            came in prop::collection::vec((any::<bool>(), 0i64..3_000), 5..60),
            period_s in 60i64..400,
            after_s in 0i64..2_000,
            window_s in 300i64..30_000,
        ) {
            let period = period_s * 1_000;
            let mut came = came;
            came[0] = (true, 0);
            let mut beat = 0;
            // The beat goes by what came; model and ticks agree on it.
            let (mut starts, mut expected) = (vec![0], Vec::new());
            let mut number = 0;
            for (ran, late) in &came[1..] {
                number += 1;
                let slot = beat + number * period;
                if *ran {
                    expected.extend((1..number).map(|n| beat + n * period));
                    beat = slot + late;
                    starts.push(beat);
                    number = 0;
                }
            }
            let at = beat + number * period + after_s * 1_000;
            expected.extend((1..).map(|n| beat + n * period).take_while(|slot| *slot <= at));
            let from = at - window_s * 1_000;
            let got = of(&starts, period, at, at, window_s * 1_000);
            let late = (period / 10).max(LATE_MS);
            let near = late.min(period / 2);
            let inside: Vec<i64> = expected.into_iter().filter(|slot| *slot >= from).collect();
            let missed = inside.iter().filter(|slot| **slot + late <= at && **slot + near <= at).count();
            prop_assert_eq!(got.missed, Graded::Counted(missed as u64));
            prop_assert_eq!(got.ran, starts.iter().filter(|start| **start >= from).count() as u64);
            let pending = inside.iter().filter(|slot| **slot > beat && **slot + late > at).min();
            prop_assert_eq!(got.due, pending.map(|slot| Timestamp(*slot)));
            prop_assert!(got.next > Timestamp(at));
            let axis = axis(at, window_s * 1_000, 60);
            let mut columns = vec![' '; 60];
            for start in starts.iter().filter(|start| **start >= from) {
                columns[axis.column_of(Timestamp(*start)).unwrap()] = '|';
            }
            for slot in &inside {
                let sign = if *slot + late <= at { '!' } else { '.' };
                let column = &mut columns[axis.column_of(Timestamp(*slot)).unwrap()];
                *column = match (*column, sign) { ('!', _) | (_, '!') => '!', _ => '.' };
            }
            prop_assert_eq!(signs(&got), columns.iter().collect::<String>());
        }
    }
}
