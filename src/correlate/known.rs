//! When a fact was known (`design.md`, idea 1).

use crate::model::Timestamp;

/// A live session's clock may not run further ahead of the wall than this, however far ahead the
/// events' clocks are.
const AHEAD_MS: i64 = 15 * 60_000;

/// Gives each record its `known` time. Where arrivals are recorded it is what a live session's
/// `as_of` was when the record came: the wall, or the newest event that had arrived (a slow
/// jump-host clock must not hide anything), at most 15 min ahead. So a replay sought to T shows
/// what the live session showed at T. Without an arrival it is the event's own time.
#[derive(Debug)]
pub struct KnownClock {
    newest: Timestamp,
    last: Timestamp,
}

impl Default for KnownClock {
    fn default() -> Self {
        Self { newest: Timestamp::MIN, last: Timestamp::MIN }
    }
}

impl KnownClock {
    /// The `known` time of a record that happened at `event` and came at `arrived`.
    pub fn known(&mut self, event: Timestamp, arrived: Option<Timestamp>) -> Timestamp {
        let Some(arrived) = arrived else { return event };
        self.newest = self.newest.max(event);
        self.last = self.last.max(arrived).max(self.newest.min(arrived.plus(AHEAD_MS)));
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrival_counts_and_the_clock_never_goes_back() {
        let mut clock = KnownClock::default();
        let at = |s: i64| Timestamp(s * 1_000);
        assert_eq!(clock.known(at(10), None), at(10));
        assert_eq!(clock.known(at(10), Some(at(12))), at(12));
        assert_eq!(clock.known(at(70), Some(at(13))), at(70), "an event ahead of the wall moves it");
        assert_eq!(clock.known(at(20), Some(at(14))), at(70), "and it stays there");
        assert_eq!(clock.known(at(99_999), Some(at(15))), at(15 + 900), "but 15 min ahead at most");
        assert_eq!(clock.known(at(5), None), at(5), "a backlog record keeps its own time");
    }
}
