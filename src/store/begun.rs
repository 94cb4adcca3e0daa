//! Invocations that have just begun. Most end soon: then the store hears of both at once, which
//! costs half of hearing of each alone.

use std::collections::VecDeque;

use crate::model::Invocation;

/// How many may wait for their end.
const MOST: usize = 1_024;

/// Invocations of which the store has not heard yet that they began, in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Begun(VecDeque<(u64, Option<Invocation>)>);

impl Begun {
    /// Puts one in. The answer is one that waits no longer.
    pub fn push(&mut self, invocation: &Invocation) -> Option<Invocation> {
        if self.0.back().is_some_and(|(last, _)| *last >= invocation.seq) {
            return Some(*invocation);
        }
        let oldest = if self.0.len() == MOST { self.0.pop_front() } else { None };
        self.0.push_back((invocation.seq, Some(*invocation)));
        oldest.and_then(|(_, invocation)| invocation)
    }

    /// Takes the one of this number out.
    pub fn take(&mut self, seq: u64) -> Option<Invocation> {
        let (first, _) = self.0.front()?;
        // Most numbers follow each other.
        let near = seq.checked_sub(*first)? as usize;
        let at = match self.0.get(near) {
            Some((number, _)) if *number == seq => near,
            _ => self.0.binary_search_by_key(&seq, |(number, _)| *number).ok()?,
        };
        let taken = self.0[at].1.take();
        while self.0.front().is_some_and(|(_, invocation)| invocation.is_none()) {
            self.0.pop_front();
        }
        taken
    }

    /// Takes all out.
    pub fn take_all(&mut self) -> impl Iterator<Item = Invocation> + use<> {
        std::mem::take(&mut self.0).into_iter().filter_map(|(_, invocation)| invocation)
    }
}
