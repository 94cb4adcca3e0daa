//! When anything became known: the stretches of time in which the diagnosis has to step.

use crate::model::Timestamp;

/// Stretches that lie closer than this are one, in ms: a silence of an hour is still judged.
const GAP_MS: i64 = 60 * 60_000;
/// Stretches at most; times that would need more are not judged.
const MOST: usize = 1_000;

/// Stretches of time in which something became known, in order.
#[derive(Clone, Debug, Default)]
pub struct KnownSpans {
    spans: Vec<(Timestamp, Timestamp)>,
    newest: usize,
}

impl KnownSpans {
    /// Notes that something became known.
    pub(super) fn note(&mut self, known: Timestamp) {
        if let Some((from, to)) = self.spans.get_mut(self.newest)
            && *from <= known
            && known.since(*to) <= GAP_MS
        {
            *to = known.max(*to);
            self.join(self.newest);
            return;
        }
        let after = self.spans.partition_point(|(from, _)| *from <= known);
        let at = match after.checked_sub(1).filter(|at| known.since(self.spans[*at].1) <= GAP_MS) {
            Some(at) => {
                self.spans[at].1 = self.spans[at].1.max(known);
                at
            }
            None if self.spans.len() == MOST => return,
            None => {
                self.spans.insert(after, (known, known));
                after
            }
        };
        self.newest = at;
        self.join(at);
    }

    /// Joins a stretch with what it has reached.
    fn join(&mut self, at: usize) {
        while let Some(&(from, to)) = self.spans.get(at + 1)
            && from.since(self.spans[at].1) <= GAP_MS
        {
            self.spans[at].1 = self.spans[at].1.max(to);
            self.spans.remove(at + 1);
        }
    }

    /// The latest time at which anything became known.
    pub fn end(&self) -> Option<Timestamp> {
        self.spans.last().map(|(_, to)| *to)
    }

    /// The first time from `at` on that lies in a stretch or within an hour of it.
    pub fn active_from(&self, at: Timestamp) -> Option<Timestamp> {
        let next = self.spans.partition_point(|(_, to)| to.plus(GAP_MS) < at);
        self.spans.get(next).map(|(from, _)| at.max(*from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A time is active if and only if something was known in the hour before it.
        #[test]
        fn stretches_are_those_of_the_model(
            known in prop::collection::vec(0i64..40 * GAP_MS, 1..60), asked in prop::collection::vec(0i64..42 * GAP_MS, 9),
        ) {
            let mut spans = KnownSpans::default();
            known.iter().for_each(|k| spans.note(Timestamp(*k)));
            for at in asked {
                let active = |at: i64| known.iter().any(|k| (0..=GAP_MS).contains(&(at - k)));
                let next = known.iter().copied().filter(|k| *k >= at).min();
                let want = if active(at) { Some(at) } else { next };
                prop_assert_eq!(spans.active_from(Timestamp(at)), want.map(Timestamp));
            }
            prop_assert_eq!(spans.end(), known.iter().max().map(|k| Timestamp(*k)));
        }
    }
}
