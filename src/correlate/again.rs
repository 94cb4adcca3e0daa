//! The same record from two places counts once (`design.md`, rule 5): two names of one capture, an
//! export beside a subscription, a delivery that came twice.
//!
//! A platform record is told by its stream, its request id, its kind and its own time. Streams are
//! nearly always in the order of time, so a record that is newer than all before it costs a look at
//! the newest; only others are searched for. An application's line is told by its event's id, where its
//! container says one.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use super::Correlator;
use super::place::{Place, id_of};
use crate::model::{Platform, Timestamp};

/// Records remembered of one environment; beyond that the oldest are forgotten.
const MOST: usize = 8 << 10;
/// Records remembered of all, each 16 bytes.
const MOST_IN_ALL: usize = 1 << 20;
/// Ids of events remembered, at least so many of the newest and at most twice that, each 9 bytes.
const MOST_EVENTS: usize = 256 << 10;

/// What an environment's stream has told.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Times and tags, by time.
    records: Vec<(Timestamp, u64)>,
}

impl Told {
    /// Whether that was told before; remembers it if not.
    fn again(&mut self, at: Timestamp, tag: u64) -> bool {
        if self.records.last().is_none_or(|(newest, _)| *newest < at) {
            self.records.push((at, tag));
            return false;
        }
        let from = self.records.partition_point(|(time, _)| *time < at);
        let same = self.records[from..].iter().take_while(|(time, _)| *time == at);
        let mut end = from;
        for (_, told) in same {
            if *told == tag {
                return true;
            }
            end += 1;
        }
        self.records.insert(end, (at, tag));
        false
    }

    /// Forgets the older half; how many those were.
    fn forget(&mut self) -> usize {
        let half = self.records.len().div_ceil(2);
        self.records.drain(..half);
        half
    }
}

impl Correlator {
    /// Records that were read a second time and counted once.
    pub fn seen_twice(&self) -> u64 {
        self.seen_twice
    }

    /// Whether the event of this id was read before, here or from another source.
    pub(super) fn was_read(&mut self, id: u64) -> bool {
        let [now, before] = &mut self.events;
        if before.contains(&id) || !now.insert(id) {
            self.seen_twice += 1;
            return true;
        }
        if now.len() >= MOST_EVENTS {
            *before = std::mem::take(now);
        }
        false
    }

    /// Whether a record that says its own time was read before, here or from another source.
    pub(super) fn was_told(&mut self, platform: &Platform<'_>, place: &Place) -> bool {
        let Some(kind) = kind(platform) else { return false };
        let mut hasher = FxHasher::default();
        hasher.write_u8(kind);
        hasher.write(id_of(platform).unwrap_or_default());
        let told = &mut self.environments[place.environment as usize].told;
        if told.again(place.time, hasher.finish()) {
            self.seen_twice += 1;
            return true;
        }
        self.told += 1;
        if told.records.len() > MOST {
            self.told -= told.forget();
        }
        if self.told > MOST_IN_ALL {
            self.told -=
                self.environments.iter_mut().map(|environment| environment.told.forget()).sum::<usize>();
        }
        false
    }
}

/// A number for each kind of record that something is concluded from.
fn kind(platform: &Platform<'_>) -> Option<u8> {
    Some(match platform {
        Platform::Start(_) => 0,
        Platform::Report(_) => 1,
        Platform::InitStart(_) => 2,
        Platform::InitReport(_) => 3,
        Platform::TimedOut { .. } => 4,
        Platform::Fault(_) => 5,
        Platform::Dropped { .. } => 6,
        // It says the same of an open invocation however often it comes.
        Platform::RuntimeDone(_) | Platform::End { .. } | Platform::Other => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #[test]
        fn what_is_remembered_is_what_was_told(records in prop::collection::vec((0i64..20, 0u64..4), 0..200)) {
            let (mut told, mut model) = (Told::default(), HashSet::new());
            for (at, tag) in records {
                prop_assert_eq!(told.again(Timestamp(at), tag), !model.insert((at, tag)));
                prop_assert!(told.records.is_sorted_by_key(|(at, _)| *at));
            }
        }
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut told = Told::default();
        for at in 0..10 {
            told.again(Timestamp(at), 0);
        }
        assert_eq!(told.forget(), 5);
        assert!(!told.again(Timestamp(4), 0) && told.again(Timestamp(5), 0));
        assert_eq!(Told::default().forget(), 0);
    }
}
