//! When a fact was known (`design.md`, idea 1).
//!
//! A record's `known` time rests on the record and on what stands before it in the same stream of
//! the same source, never on how several sources happened to be read: a replay that reads its files
//! one after the other must show at T what a live session showed that heard them all at once.

use crate::model::Timestamp;

/// A live session's clock may not run further ahead of the wall than this, however far ahead the
/// events' clocks are. No record makes those behind it wait for longer either.
const AHEAD_MS: i64 = 15 * 60_000;

/// When a record was known that happened at `event` and came at `arrived`: where arrivals are
/// recorded what a live session's `as_of` was moved to when it came, the wall or the event's own
/// time (a slow jump-host clock must not hide anything), at most 15 min ahead. Without an arrival
/// it is the event's own time.
pub fn known(event: Timestamp, arrived: Option<Timestamp>) -> Timestamp {
    match arrived {
        Some(arrived) => arrived.max(event.min(arrived.plus(AHEAD_MS))),
        None => event,
    }
}

/// The same of a record that stands behind one that was known at `before`: a conclusion is drawn
/// from both, so it can't be known earlier. A clock that is hours wrong must not hide a whole
/// stream, so this goes 15 min far at most.
pub fn known_after(known: Timestamp, before: Timestamp) -> Timestamp {
    known.max(before.min(known.plus(AHEAD_MS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrival_counts_and_an_event_ahead_of_it_by_15_min_at_most() {
        let at = |s: i64| Timestamp(s * 1_000);
        assert_eq!(known(at(10), None), at(10));
        assert_eq!(known(at(10), Some(at(12))), at(12));
        assert_eq!(known(at(70), Some(at(13))), at(70));
        assert_eq!(known(at(99_999), Some(at(15))), at(15 + 900));
    }

    #[test]
    fn what_stands_behind_is_not_known_before() {
        let at = |s: i64| Timestamp(s * 1_000);
        assert_eq!(known_after(at(10), at(12)), at(12));
        assert_eq!(known_after(at(13), at(12)), at(13));
        assert_eq!(known_after(at(10), at(99_999)), at(10 + 900));
    }
}
