//! The invocations that have begun in an environment and not reported: mostly one, of records without
//! a stream as many as the function runs at once.

use std::collections::BTreeMap;

use super::environment::Open;
use crate::model::RequestId;

/// From so many on they are found by an index.
const INDEXED: usize = 32;

/// Invocations that have begun and not reported, in no order that means anything once one has ended.
#[derive(Debug)]
pub enum Opened {
    /// So few that they are looked through.
    Few(Vec<Open>),
    /// More.
    Many(Box<Indexed>),
}

/// Many, and where in the list each is, by request id and number.
#[derive(Debug, Default)]
pub struct Indexed {
    list: Vec<Open>,
    index: BTreeMap<(RequestId, u64), u32>,
}

impl Default for Opened {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Opened {
    #[inline]
    fn list(&self) -> &Vec<Open> {
        match self {
            Self::Few(list) => list,
            Self::Many(many) => &many.list,
        }
    }

    #[inline]
    fn list_mut(&mut self) -> &mut Vec<Open> {
        match self {
            Self::Few(list) => list,
            Self::Many(many) => &mut many.list,
        }
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.list().len()
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.list().is_empty()
    }

    /// All.
    pub fn iter(&self) -> std::slice::Iter<'_, Open> {
        self.list().iter()
    }

    /// All, to be changed.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Open> {
        self.list_mut().iter_mut()
    }

    /// Where the one with this id is: where several have it, the newest.
    #[inline]
    pub fn at(&self, id: RequestId) -> Option<usize> {
        match self {
            Self::Few(list) => list.iter().rposition(|open| open.invocation.request_id == id),
            Self::Many(many) => {
                many.index.range((id, 0)..=(id, u64::MAX)).next_back().map(|(_, at)| *at as usize)
            }
        }
    }

    /// The one at a place that [`Opened::at`] or [`Opened::add`] told.
    #[inline]
    pub fn get_mut(&mut self, at: usize) -> Option<&mut Open> {
        self.list_mut().get_mut(at)
    }

    /// The one that was added last, where only one runs at a time.
    #[inline]
    pub fn last_mut(&mut self) -> Option<&mut Open> {
        self.list_mut().last_mut()
    }

    /// Adds one and says where it is.
    pub fn add(&mut self, open: Open) -> usize {
        let at = self.len();
        match self {
            // Mostly there is one; of a million environments nobody wants to keep room for three more.
            Self::Few(list) if at == 0 => list.reserve_exact(1),
            Self::Few(list) if at == INDEXED => {
                let index = (0..).zip(&*list).map(|(at, open)| (key(open), at)).collect();
                *self = Self::Many(Box::new(Indexed { list: std::mem::take(list), index }));
            }
            _ => {}
        }
        if let Self::Many(many) = self {
            many.index.insert(key(&open), at as u32);
        }
        self.list_mut().push(open);
        at
    }

    /// Takes the one at a place out; the last one takes its place.
    pub fn take(&mut self, at: usize) -> Open {
        match self {
            Self::Few(list) => list.swap_remove(at),
            Self::Many(many) => {
                let taken = many.list.swap_remove(at);
                many.index.remove(&key(&taken));
                match many.list.get(at) {
                    Some(moved) => {
                        many.index.insert(key(moved), at as u32);
                    }
                    None if many.list.is_empty() => *self = Self::default(),
                    None => {}
                }
                taken
            }
        }
    }

    /// Takes all out.
    pub fn take_all(&mut self) -> Vec<Open> {
        match std::mem::take(self) {
            Self::Few(list) => list,
            Self::Many(many) => many.list,
        }
    }

    /// Takes those out that were read before this one.
    pub fn take_before(&mut self, seq: u64) -> Vec<Open> {
        let (before, kept) = self.take_all().into_iter().partition(|open| open.invocation.seq < seq);
        for open in kept {
            self.add(open);
        }
        before
    }
}

fn key(open: &Open) -> (RequestId, u64) {
    (open.invocation.request_id, open.invocation.seq)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cold, FunctionId, Invocation, Lines, NameId, SourceId, Timestamp};
    use proptest::prelude::*;

    fn open(id: u128, seq: u64) -> Open {
        let invocation = Invocation {
            seq,
            function: FunctionId(0),
            environment: None,
            version: NameId(0),
            request_id: RequestId(id),
            attempt: 1,
            start: Timestamp(0),
            start_known: Timestamp(0),
            start_estimated: false,
            cold: Cold::No,
            trace: None,
            lines: Lines { source: SourceId(0), from: 0, to: 0 },
            end: None,
        };
        Open::new(invocation, None)
    }

    proptest! {
        /// Beside a plain list in the order of reading.
        #[test]
        fn the_newest_with_an_id_is_found(steps in prop::collection::vec((0u8..8, 0u128..40), 0..300)) {
            let (mut opened, mut model) = (Opened::default(), Vec::new());
            for (seq, (what, id)) in (0u64..).zip(steps) {
                let found = opened.at(RequestId(id)).map(|at| opened.get_mut(at).unwrap().invocation.seq);
                let newest = model.iter().rposition(|(other, _)| *other == id);
                // A short list is searched in its own order, which those that ended have changed.
                match newest {
                    Some(_) if matches!(opened, Opened::Few(_)) => {
                        prop_assert!(found.is_some_and(|seq| model.contains(&(id, seq))));
                    }
                    _ => prop_assert_eq!(found, newest.map(|at| model[at].1)),
                }
                match (what, opened.at(RequestId(id))) {
                    (0..=2, Some(at)) => {
                        let taken = opened.take(at).invocation;
                        model.retain(|of: &(u128, u64)| *of != (id, taken.seq));
                    }
                    (7, _) if id < 2 => {
                        let cut = seq / 2;
                        let mut taken: Vec<u64> =
                            opened.take_before(cut).iter().map(|open| open.invocation.seq).collect();
                        taken.sort_unstable();
                        let before = model.iter().filter(|of| of.1 < cut).map(|of| of.1);
                        prop_assert_eq!(taken, before.collect::<Vec<_>>());
                        model.retain(|of| of.1 >= cut);
                    }
                    _ => {
                        opened.add(open(id, seq));
                        model.push((id, seq));
                    }
                }
                prop_assert_eq!(opened.len(), model.len());
            }
        }
    }
}
