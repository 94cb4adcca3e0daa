//! The same record from two places counts once (`design.md`, rule 5): two names of one capture, an
//! export beside a subscription, a delivery that came twice.
//!
//! A platform record is told by its stream, its request id, its kind and its own time. Streams are
//! nearly always in the order of time, so a record that is newer than all before it costs a look at
//! the newest; only others are searched for, and where there are none nothing is kept to be searched.
//! An application's line is told by its event's id, where its container says one.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher, RandomState};

use rustc_hash::{FxHashSet, FxSeededState};

use super::Correlator;
use super::place::{Place, id_of};
use crate::model::{FunctionId, Platform, Timestamp};

/// Records remembered, 8 bytes each; beyond that the oldest are forgotten.
const MOST: usize = 1 << 20;
/// Records of a block. What grows by blocks is never copied, and what it takes is what it holds.
const BLOCK: usize = 8 << 10;
/// Ids of events remembered, at least so many of the newest and at most twice that, each 9 bytes.
const MOST_EVENTS: usize = 256 << 10;

/// What was told, of all environments.
pub(super) struct Told {
    /// A tag of each record, in the order of reading, [`BLOCK`] after [`BLOCK`].
    tags: VecDeque<Vec<u64>>,
    /// The same, to be searched: only from the first record on that may have come before. Most
    /// captures have none.
    index: Option<FxHashSet<u64>>,
    /// Tags can't be foreseen, so that no record can be written to be taken for another one.
    seed: FxSeededState,
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Told").field("tags", &self.len()).finish_non_exhaustive()
    }
}

impl Default for Told {
    fn default() -> Self {
        let seed = FxSeededState::with_seed(RandomState::new().hash_one(0) as usize);
        Self { tags: VecDeque::new(), index: None, seed }
    }
}

impl Told {
    /// Bytes held, estimated.
    pub fn bytes(&self) -> usize {
        self.tags.len() * BLOCK * size_of::<u64>()
            + self.index.as_ref().map_or(0, |index| table_bytes::<u64>(index.capacity()))
    }

    /// Stands for a stream.
    pub fn tag_of(&self, function: FunctionId, stream: &[u8]) -> u64 {
        self.seed.hash_one((function.0, stream))
    }

    /// Whether a record that may have come before did; it is remembered if not.
    #[cold]
    fn again(&mut self, tag: u64) -> bool {
        let tags = &self.tags;
        let index = self.index.get_or_insert_with(|| tags.iter().flatten().copied().collect());
        let again = !index.insert(tag);
        if !again {
            self.remember(tag);
        }
        again
    }

    /// Remembers a record.
    fn remember(&mut self, tag: u64) {
        match self.tags.back_mut() {
            Some(block) if block.len() < BLOCK => block.push(tag),
            _ => self.begin_block(tag),
        }
        if let Some(index) = &mut self.index {
            index.insert(tag);
        }
    }

    /// Begins another block, with this one; the oldest makes room for it.
    #[cold]
    fn begin_block(&mut self, tag: u64) {
        if self.tags.len() == MOST / BLOCK
            && let Some(oldest) = self.tags.pop_front()
            && let Some(index) = &mut self.index
        {
            oldest.iter().for_each(|tag| {
                index.remove(tag);
            });
        }
        let mut block = Vec::with_capacity(BLOCK);
        block.push(tag);
        self.tags.push_back(block);
    }

    /// How many are remembered.
    fn len(&self) -> usize {
        self.tags.iter().map(Vec::len).sum()
    }
}

/// The newest time at which an environment told something, and the kinds of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Newest {
    at: Timestamp,
    kinds: u8,
}

impl Default for Newest {
    fn default() -> Self {
        Self { at: Timestamp::MIN, kinds: 0 }
    }
}

impl Newest {
    /// Of an environment that may have been known before and let go: each record has to be searched
    /// for, until one is new.
    pub const UNSURE: Self = Self { at: Timestamp::NEVER, kinds: u8::MAX };

    /// Whether a record of a kind, a bit, is surely told for the first time.
    fn is_first(&mut self, at: Timestamp, kind: u8) -> bool {
        let first = at > self.at || at == self.at && self.kinds & kind == 0;
        if first {
            let kinds = if at == self.at { self.kinds } else { 0 };
            *self = Self { at, kinds: kinds | kind };
        }
        first
    }
}

/// Bytes of a hash table that has room for so many.
pub(super) fn table_bytes<T>(capacity: usize) -> usize {
    // An eighth is left free, and each place has a byte of its own.
    capacity * 8 / 7 * (size_of::<T>() + 1)
}

impl Correlator {
    /// Bytes held of what was told, estimated.
    pub(super) fn told_bytes(&self) -> usize {
        self.told.bytes() + self.events.iter().map(|ids| table_bytes::<u64>(ids.capacity())).sum::<usize>()
    }

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
        let mut hasher = self.told.seed.build_hasher();
        hasher.write_u64(self.environments[place.environment as usize].tag);
        hasher.write_u8(kind);
        hasher.write_i64(place.time.0);
        hasher.write(id_of(platform).unwrap_or_default());
        let tag = hasher.finish();
        let newest = &mut self.environments[place.environment as usize].newest;
        if newest.is_first(place.time, kind) {
            self.told.remember(tag);
            return false;
        }
        let again = self.told.again(tag);
        if !again && *newest == Newest::UNSURE {
            *newest = Newest { at: place.time, kinds: kind };
        }
        self.seen_twice += u64::from(again);
        again
    }
}

/// A bit for each kind of record that something is concluded from.
fn kind(platform: &Platform<'_>) -> Option<u8> {
    Some(match platform {
        Platform::Start(_) => 1,
        Platform::Report(_) => 1 << 1,
        Platform::InitStart(_) => 1 << 2,
        Platform::InitReport(_) => 1 << 3,
        Platform::TimedOut { .. } => 1 << 4,
        Platform::Fault(_) => 1 << 5,
        Platform::Dropped { .. } => 1 << 6,
        // It says the same of an open invocation however often it comes.
        Platform::RuntimeDone(_) | Platform::End { .. } | Platform::Other => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    /// What [`Correlator::was_told`] asks of one environment's record.
    fn was_told(told: &mut Told, newest: &mut Newest, at: i64, kind: u8, id: u64) -> bool {
        let tag = told.seed.hash_one((at, kind, id));
        if newest.is_first(Timestamp(at), 1 << kind) {
            told.remember(tag);
            return false;
        }
        told.again(tag)
    }

    proptest! {
        #[test]
        fn what_is_remembered_is_what_was_told(
            records in prop::collection::vec((0i64..20, 0u8..3, 0u64..3), 0..200),
            in_order in any::<bool>(),
        ) {
            let mut records = records;
            if in_order {
                records.sort_unstable();
            }
            let (mut told, mut newest, mut model) = (Told::default(), Newest::default(), HashSet::new());
            for (at, kind, id) in records {
                let again = was_told(&mut told, &mut newest, at, kind, id);
                prop_assert_eq!(again, !model.insert((at, kind, id)));
            }
            prop_assert_eq!(told.len(), model.len());
        }
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let (mut told, mut newest) = (Told::default(), Newest::default());
        let all = MOST as i64 + 1;
        for at in 0..all {
            assert!(!was_told(&mut told, &mut newest, at, 0, 0));
        }
        let oldest = BLOCK as i64;
        assert_eq!(told.len(), MOST - BLOCK + 1);
        assert!(was_told(&mut told, &mut newest, all - 1, 0, 0));
        assert!(was_told(&mut told, &mut newest, oldest, 0, 0));
        assert!(!was_told(&mut told, &mut newest, oldest - 1, 0, 0));
        // Where records are searched for, too.
        for at in all..all + oldest {
            assert!(!was_told(&mut told, &mut newest, at, 0, 0));
        }
        assert!(was_told(&mut told, &mut newest, all - 1, 0, 0));
        assert!(was_told(&mut told, &mut newest, 2 * oldest, 0, 0));
        assert!(!was_told(&mut told, &mut newest, oldest, 0, 0));
    }
}
