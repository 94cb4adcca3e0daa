//! The invocations' intervals of a series, and how many of them there are at once.
//!
//! A report keeps them to its end, since records may come in any order. Kept as they are they would
//! be most of its memory, 16 bytes each; as steps from one event to the next they are about 4.

/// Events that are kept as they came before they are sorted and packed.
const LOOSE: usize = 256;
/// No time is further from 1970 than this, so that it fits beside what happens at it.
const FURTHEST: i64 = i64::MAX >> 2;

/// Intervals, packed. An event is its time in ms, doubled, and 1 where one begins: sorted, those
/// that end come before those that begin at the same time.
#[derive(Default)]
pub struct Intervals {
    loose: Vec<i64>,
    packed: Vec<Packed>,
}

/// Sorted events: the first, and the steps to the others, seven bits a byte, the lowest first.
struct Packed {
    first: i64,
    steps: Box<[u8]>,
}

impl Intervals {
    /// Adds an interval; one without any length lasts for the millisecond in which it began.
    pub fn push(&mut self, start: i64, end: i64) {
        let start = start.clamp(-FURTHEST, FURTHEST);
        let end = end.clamp(start + 1, FURTHEST + 1);
        if self.loose.len() >= LOOSE {
            self.pack();
        }
        self.loose.extend([start * 2 + 1, end * 2]);
    }

    fn pack(&mut self) {
        self.loose.sort_unstable();
        let Some(&first) = self.loose.first() else { return };
        let mut steps = Vec::with_capacity(2 * self.loose.len());
        for pair in self.loose.windows(2) {
            let mut step = pair[1].abs_diff(pair[0]);
            while step >= 128 {
                steps.push(step as u8 | 128);
                step >>= 7;
            }
            steps.push(step as u8);
        }
        self.packed.push(Packed { first, steps: steps.into() });
        self.loose.clear();
    }

    fn sorted(self) -> Vec<i64> {
        let mut events = Vec::with_capacity(self.loose.len() + self.packed.len() * LOOSE);
        for Packed { first, steps } in self.packed {
            let (mut at, mut step, mut shift) = (first, 0i64, 0);
            events.push(at);
            for byte in steps {
                step |= i64::from(byte & 127) << shift;
                shift += 7;
                if byte < 128 {
                    at += step;
                    events.push(at);
                    (step, shift) = (0, 0);
                }
            }
        }
        events.extend(self.loose);
        // Mostly in order already, which the stable sort makes use of.
        events.sort();
        events
    }

    /// The most at once in each of some buckets, `starts` sorted, of `step` ms (all time is one
    /// bucket without a step). What began in an earlier bucket counts in all that it lasts into.
    pub fn peaks(self, starts: &[i64], step: Option<i64>) -> Vec<u64> {
        let bucket = |time: i64| step.map_or(0, |step| time.div_euclid(step) * step);
        let mut peaks = vec![0u64; starts.len()];
        let (mut now, mut next) = (0u64, 0);
        for event in self.sorted() {
            let (time, begins) = (event >> 1, event & 1 == 1);
            // Until its end it ran in every bucket that it reached, but not in one it only touches.
            let reached = bucket(if begins { time } else { time - 1 });
            while starts.get(next).is_some_and(|start| *start <= reached) {
                peaks[next] = now;
                next += 1;
            }
            now = if begins { now + 1 } else { now - 1 };
            if begins && next > 0 && starts[next - 1] == reached {
                peaks[next - 1] = peaks[next - 1].max(now);
            }
        }
        peaks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn peaks_equal_counting_at_every_millisecond(
            intervals in proptest::collection::vec((0i64..60, 0i64..40).prop_map(|(s, n)| (s, s + n)), 1..12),
            packs in proptest::collection::vec(any::<bool>(), 12),
        ) {
            let mut want = std::collections::BTreeMap::<i64, u64>::new();
            for t in 0..120 {
                let n = intervals.iter().filter(|(s, e)| *s <= t && t < *e.max(&(s + 1))).count() as u64;
                let peak = want.entry(t / 10 * 10).or_default();
                *peak = (*peak).max(n);
            }
            let mut kept = Intervals::default();
            for ((start, end), pack) in intervals.iter().zip(packs) {
                kept.push(*start, *end);
                if pack {
                    kept.pack();
                }
            }
            let starts: Vec<i64> = want.keys().copied().collect();
            prop_assert_eq!(kept.peaks(&starts, Some(10)), want.into_values().collect::<Vec<_>>());
        }

        #[test]
        fn packed_events_are_those_that_were_pushed(
            times in proptest::collection::vec((any::<i64>(), any::<i64>()), 0..2_000),
        ) {
            let mut kept = Intervals::default();
            let mut want = Vec::new();
            for (start, end) in times {
                kept.push(start, end);
                let start = start.clamp(-FURTHEST, FURTHEST);
                want.extend([start * 2 + 1, end.clamp(start + 1, FURTHEST + 1) * 2]);
            }
            want.sort_unstable();
            prop_assert_eq!(kept.sorted(), want);
        }
    }

    #[test]
    fn an_interval_costs_some_bytes() {
        let mut kept = Intervals::default();
        for n in 0..100_000i64 {
            kept.push(1_795_420_800_000 + n * 100, 1_795_420_800_000 + n * 100 + n % 7 * 300);
        }
        let bytes: usize = kept.packed.iter().map(|p| p.steps.len() + size_of::<Packed>()).sum();
        assert!(bytes <= 5 * 100_000, "{bytes} bytes");
    }

    #[test]
    fn a_wrong_clock_costs_no_memory() {
        let mut kept = Intervals::default();
        kept.push(i64::MIN, i64::MAX);
        kept.push(60_000, 60_001);
        assert_eq!(kept.peaks(&[0, 60_000, 120_000], Some(60_000)), [1, 2, 1]);
    }
}
