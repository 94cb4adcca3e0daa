//! The events of many lines put together: what sent them, how long they had waited when their invocation
//! began, how much was in them.

use rustc_hash::{FxHashMap, FxHashSet};

use super::event::Event;
use crate::model::{Grade, Timestamp, Why, Window};
use crate::query::survey::{BATCH_STEPS, Batches, EventSource, Lag, LoggedEvent, LoggedEvents};

/// A function's clock and its source's differ by no more than this, in ms.
const CLOCKS_MS: i64 = 60_000;
/// What is said to have waited longer, in ms, was made up, as a test event: Kinesis keeps records longest,
/// for a year (Kinesis developer guide, "Changing the data retention period").
const LONGEST_MS: i64 = 366 * 86_400_000;

/// Prefixes that are told apart, ...
const PREFIXES: usize = 1_000;
/// ... and those of an answer.
const SHOWN: usize = 8;

/// Events as they come.
#[derive(Debug, Default)]
pub struct Logged {
    by: FxHashMap<EventSource, Of>,
    seen: FxHashSet<(Timestamp, u64)>,
}

/// Those of one source.
#[derive(Debug, Default)]
struct Of {
    events: u64,
    lags: Vec<i64>,
    /// How many were in each, and whether that is all.
    sizes: Vec<(u32, bool)>,
    prefixes: FxHashMap<String, u64>,
    of_other_prefixes: u64,
}

/// The invocation that logged an event.
#[derive(Clone, Copy, Debug)]
pub struct By {
    /// When it began, and its number.
    pub row: (Timestamp, u64),
    /// Which attempt of its event it is, from 1.
    pub attempt: u8,
}

impl Logged {
    /// Takes an event. One that an invocation logs again is one; how long a later attempt had waited tells
    /// of its retries, not of a queue.
    pub fn add(&mut self, event: Event, by: Option<By>) {
        if by.is_some_and(|by| !self.seen.insert(by.row)) {
            return;
        }
        let of = self.by.entry(event.source).or_default();
        of.events += 1;
        let first = by.filter(|by| by.attempt <= 1);
        let lag = first.zip(event.at).map(|(by, at)| by.row.0.since(at));
        of.lags.extend(lag.filter(|lag| (-CLOCKS_MS..=LONGEST_MS).contains(lag)).map(|lag| lag.max(0)));
        // What is tried again was sent once.
        if by.is_some_and(|by| by.attempt > 1) {
            return;
        }
        if event.records > 0 {
            of.sizes.push((event.records, event.whole));
        }
        for prefix in event.prefixes {
            if let Some(objects) = of.prefixes.get_mut(&prefix) {
                *objects += 1;
            } else if of.prefixes.len() < PREFIXES {
                of.prefixes.insert(prefix, 1);
            } else {
                of.of_other_prefixes += 1;
            }
        }
    }

    /// The answer: those with the most events first. `grade` is that of a number of lines, `read` the time
    /// that they are of.
    pub fn answer(self, grade: Grade, read: Window) -> LoggedEvents {
        let row = |(source, of): (EventSource, Of)| {
            let Of { events, mut lags, mut sizes, prefixes, mut of_other_prefixes } = of;
            lags.sort_unstable();
            let lag = lags.last().map(|max| Lag {
                events: lags.len() as u64,
                // By nearest rank.
                p50_ms: lags[(lags.len() - 1) / 2],
                max_ms: grade.of(*max),
            });
            sizes.sort_unstable();
            let mut prefixes: Vec<(String, u64)> = prefixes.into_iter().collect();
            prefixes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            of_other_prefixes +=
                prefixes.drain(prefixes.len().min(SHOWN)..).map(|(_, objects)| objects).sum::<u64>();
            let batches = batches(&sizes, grade, read);
            LoggedEvent { source, events: grade.of(events), lag, batches, prefixes, of_other_prefixes }
        };
        let mut rows: Vec<LoggedEvent> = self.by.into_iter().map(row).collect();
        rows.sort_by_key(|row| (std::cmp::Reverse(row.events.value().copied()), row.source));
        LoggedEvents { rows }
    }
}

/// What was in events of these sizes, which are sorted.
fn batches(sizes: &[(u32, bool)], grade: Grade, read: Window) -> Option<Batches> {
    let (max, _) = *sizes.last()?;
    let cut = sizes.iter().filter(|(_, whole)| !whole).count() as u64;
    let grade = if cut > 0 { grade.worst(Grade::AtLeast(Why::NotLookedAt)) } else { grade };
    let records: u64 = sizes.iter().map(|(size, _)| u64::from(*size)).sum();
    let minutes = read.ms().max(1_000) as f64 / 60_000.0;
    let steps = BATCH_STEPS.iter().enumerate().map(|(at, from)| {
        let to = BATCH_STEPS.get(at + 1).copied().unwrap_or(u32::MAX);
        let of = sizes.iter().filter(|(size, whole)| *whole && (*from..to).contains(size));
        (*from, of.count() as u64)
    });
    // It may lie on either side of what all events come to.
    let of_median = match grade {
        Grade::AtLeast(why) => Grade::Estimated(why),
        grade => grade,
    };
    Some(Batches {
        records: grade.of(records),
        per_minute: grade.of(records as f64 / minutes),
        p50: of_median.of(sizes[(sizes.len() - 1) / 2].0),
        max: grade.of(max),
        sizes: steps.filter(|(_, events)| *events > 0).collect(),
        cut,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Graded;

    const HALF_AN_HOUR: Window = Window { from: Timestamp(0), to: Timestamp(1_800_000) };

    fn event(source: EventSource, at: Option<Timestamp>, records: u32) -> Event {
        Event { source, at, records, whole: true, prefixes: Vec::new() }
    }

    #[test]
    fn a_lag_is_from_the_event_to_the_start_of_its_first_attempt() {
        let mut logged = Logged::default();
        let at = |ms| event(EventSource::Sqs, Some(Timestamp(ms)), 0);
        let by = |ms, seq, attempt| Some(By { row: (Timestamp(ms), seq), attempt });
        logged.add(at(100_000), by(100_400, 1, 1));
        logged.add(at(100_000), by(100_400, 1, 1));
        logged.add(at(100_000), by(109_000, 2, 1));
        logged.add(at(100_000), by(160_000, 3, 2));
        logged.add(at(100_000), by(99_950, 4, 1));
        logged.add(at(0), by(i64::MAX / 2, 5, 1));
        logged.add(at(100_000), None);
        logged.add(event(EventSource::S3, None, 0), by(5, 6, 1));
        let answer = logged.answer(Grade::Counted, HALF_AN_HOUR);
        let of: Vec<_> = answer.rows.iter().map(|row| (row.source, row.events)).collect();
        assert_eq!(of, [(EventSource::Sqs, Graded::Counted(6)), (EventSource::S3, Graded::Counted(1))]);
        let lag = answer.rows[0].lag.unwrap();
        assert_eq!((lag.events, lag.p50_ms, lag.max_ms), (3, 400, Graded::Counted(9_000)));
        assert_eq!(answer.rows[1].lag, None);
        assert_eq!(Logged::default().answer(Grade::AtLeast(Why::NotLookedAt), HALF_AN_HOUR).rows, []);
    }

    #[test]
    fn how_much_was_in_events_and_where_objects_lie() {
        let mut logged = Logged::default();
        for (seq, records) in [1, 10, 10, 3, 6].into_iter().enumerate() {
            let by = By { row: (Timestamp(5), seq as u64), attempt: 1 };
            logged.add(event(EventSource::Sqs, None, records), Some(by));
            // Logged again, and tried again.
            logged.add(event(EventSource::Sqs, None, records), Some(by));
            let again = By { row: (Timestamp(9), seq as u64), attempt: 2 };
            logged.add(event(EventSource::Sqs, None, records), Some(again));
        }
        for n in 0..PREFIXES + 5 {
            let prefixes = vec!["b/in/".to_string(), format!("b/{n}/")];
            logged.add(Event { records: 2, whole: n > 0, prefixes, ..event(EventSource::S3, None, 0) }, None);
        }
        let rows = logged.answer(Grade::Counted, HALF_AN_HOUR).rows;
        let queue = rows[1].batches.clone().unwrap();
        assert_eq!((queue.records, queue.per_minute), (Graded::Counted(30), Graded::Counted(1.0)));
        assert_eq!((queue.p50, queue.max, queue.cut), (Graded::Counted(6), Graded::Counted(10), 0));
        assert_eq!(queue.sizes, [(1, 1), (2, 1), (5, 1), (10, 2)]);
        let objects = &rows[0];
        // How long a list is that is cut off nobody knows.
        let of = objects.batches.as_ref().unwrap();
        assert_eq!(of.records, Graded::AtLeast(2_010, Why::NotLookedAt));
        assert_eq!((of.p50, of.cut), (Graded::Estimated(2, Why::NotLookedAt), 1));
        assert_eq!(of.sizes, [(2, PREFIXES as u64 + 4)]);
        assert_eq!(
            (objects.prefixes[0].clone(), objects.prefixes.len()),
            (("b/in/".to_string(), 1_005), SHOWN)
        );
        let shown: u64 = objects.prefixes.iter().map(|(_, objects)| objects).sum();
        assert_eq!(shown + objects.of_other_prefixes, 2_010, "none is lost");
    }
}
