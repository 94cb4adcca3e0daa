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
            // One that began just now lies behind the last column.
            axis.column_of(Timestamp(*start)).into_iter().for_each(|column| columns[column] = '|');
        }
        for slot in &inside {
            let sign = if *slot + late <= at { '!' } else { '.' };
            // One that is due just now lies behind the last column.
            let Some(column) = axis.column_of(Timestamp(*slot)) else { continue };
            let column = &mut columns[column];
            *column = match (*column, sign) { ('!', _) | (_, '!') => '!', _ => '.' };
        }
        prop_assert_eq!(signs(&got), columns.iter().collect::<String>());
    }
}
