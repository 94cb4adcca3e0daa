//! The events of many lines put together: what sent them, how long they had waited when their invocation
//! began.

use rustc_hash::{FxHashMap, FxHashSet};

use super::event::Event;
use crate::model::{Grade, Timestamp};
use crate::query::survey::{EventSource, Lag, LoggedEvent, LoggedEvents};

/// A function's clock and its source's differ by no more than this, in ms.
const CLOCKS_MS: i64 = 60_000;
/// What is said to have waited longer, in ms, was made up, as a test event: Kinesis keeps records longest,
/// for a year (Kinesis developer guide, "Changing the data retention period").
const LONGEST_MS: i64 = 366 * 86_400_000;

/// Events as they come.
#[derive(Debug, Default)]
pub struct Logged {
    by: FxHashMap<EventSource, (u64, Vec<i64>)>,
    seen: FxHashSet<(Timestamp, u64)>,
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
        let (events, lags) = self.by.entry(event.source).or_default();
        *events += 1;
        let first = by.filter(|by| by.attempt <= 1);
        let lag = first.zip(event.at).map(|(by, at)| by.row.0.since(at));
        lags.extend(lag.filter(|lag| (-CLOCKS_MS..=LONGEST_MS).contains(lag)).map(|lag| lag.max(0)));
    }

    /// The answer: those with the most events first. `grade` is that of a number of lines.
    pub fn answer(self, grade: Grade) -> LoggedEvents {
        let mut rows: Vec<LoggedEvent> = self
            .by
            .into_iter()
            .map(|(source, (events, mut lags))| {
                lags.sort_unstable();
                let lag = lags.last().map(|max| Lag {
                    events: lags.len() as u64,
                    // By nearest rank.
                    p50_ms: lags[(lags.len() - 1) / 2],
                    max_ms: grade.of(*max),
                });
                LoggedEvent { source, events: grade.of(events), lag }
            })
            .collect();
        rows.sort_by_key(|row| (std::cmp::Reverse(row.events.value().copied()), row.source));
        LoggedEvents { rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Graded, Why};

    #[test]
    fn a_lag_is_from_the_event_to_the_start_of_its_first_attempt() {
        let mut logged = Logged::default();
        let at = |ms| Event { source: EventSource::Sqs, at: Some(Timestamp(ms)) };
        let by = |ms, seq, attempt| Some(By { row: (Timestamp(ms), seq), attempt });
        logged.add(at(100_000), by(100_400, 1, 1));
        logged.add(at(100_000), by(100_400, 1, 1));
        logged.add(at(100_000), by(109_000, 2, 1));
        logged.add(at(100_000), by(160_000, 3, 2));
        logged.add(at(100_000), by(99_950, 4, 1));
        logged.add(at(0), by(i64::MAX / 2, 5, 1));
        logged.add(at(100_000), None);
        logged.add(Event { source: EventSource::S3, at: None }, by(5, 6, 1));
        let answer = logged.answer(Grade::Counted);
        let of: Vec<_> = answer.rows.iter().map(|row| (row.source, row.events)).collect();
        assert_eq!(of, [(EventSource::Sqs, Graded::Counted(6)), (EventSource::S3, Graded::Counted(1))]);
        let lag = answer.rows[0].lag.unwrap();
        assert_eq!((lag.events, lag.p50_ms, lag.max_ms), (3, 400, Graded::Counted(9_000)));
        assert_eq!(answer.rows[1].lag, None);
        assert_eq!(Logged::default().answer(Grade::AtLeast(Why::NotLookedAt)).rows, []);
    }
}
