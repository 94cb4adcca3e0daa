//! Durations counted in bins whose width grows with the value, so that any quantile read from
//! them is at most 1 % off, sketches merge by adding, and a few hundred bytes hold a bucket's.

use smallvec::SmallVec;

/// Ratio of a bin's upper edge to its lower one: (γ − 1) / (γ + 1) < 1 %.
pub(super) const GAMMA: f64 = 1.0202;

/// Number of bins that 32 bits of microseconds can fall into.
pub const BINS: usize = 1_112;

/// The bin of a duration in µs. Bin 0 is zero; bin k + 1 holds (γ^(k−1), γ^k].
pub fn bin_of(us: u32) -> u16 {
    match us {
        0 => 0,
        _ => {
            let edges = f64::from(us).ln() / GAMMA.ln();
            // Rounded up here, since `ceil` is a call on processors of before 2008.
            let whole = edges as u16;
            whole + u16::from(f64::from(whole) < edges) + 1
        }
    }
}

/// The least duration in µs that falls into a bin or into one after it; more than any where there is none.
pub fn first_of(bin: u16) -> u64 {
    let (mut low, mut high) = (0u64, 1 << 32);
    while low < high {
        let middle = low.midpoint(high);
        // Below `high`, so it has 32 bits.
        if bin_of(middle as u32) < bin { low = middle + 1 } else { high = middle }
    }
    low
}

/// The duration in µs that stands for a bin: at most 1 % from any value in it.
pub fn value_of(bin: u16) -> f64 {
    match bin {
        0 => 0.0,
        _ => 2.0 * GAMMA.powi(i32::from(bin) - 1) / (GAMMA + 1.0),
    }
}

/// The rank (from 1) of a quantile by nearest rank: the least rank with at least `q` of all at or
/// below it.
pub fn nearest_rank(q: f64, count: u64) -> u64 {
    ((q * count as f64).ceil() as u64).clamp(1, count.max(1))
}

/// Anything that counts durations in bins.
pub trait Bins: Default {
    /// Counts `n` more in a bin.
    fn add(&mut self, bin: u16, n: u32);
    /// Counts one less in a bin.
    fn remove(&mut self, bin: u16);
    /// The bins that hold something, in order; a bin may come more than once.
    fn each(&self) -> impl Iterator<Item = (u16, u32)>;

    /// How many are counted.
    fn count(&self) -> u64 {
        self.each().map(|(_, n)| u64::from(n)).sum()
    }

    /// Adds all of another.
    fn merge(&mut self, other: &impl Bins) {
        for (bin, n) in other.each() {
            self.add(bin, n);
        }
    }

    /// The bin in which a quantile lies, by nearest rank.
    fn quantile_bin(&self, q: f64) -> Option<u16> {
        let count = self.count();
        let mut left = nearest_rank(q, count);
        self.each()
            .find(|&(_, n)| {
                let found = u64::from(n) >= left;
                left = left.saturating_sub(u64::from(n));
                found
            })
            .map(|(bin, _)| bin)
    }
}

/// The compact form, kept by the thousand: sorted bins of 4 bytes. Most buckets of a second hold a few, which lie
/// in the bucket itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    /// All but the last entry of a bin are full.
    bins: SmallVec<[(u16, u16); 4]>,
}

impl Clone for Sketch {
    /// With room for as much as the other has: a copy is made to be added to, and sizes that come again
    /// are what an allocator fits into what was given back.
    fn clone(&self) -> Self {
        let mut bins = SmallVec::with_capacity(self.bins.capacity());
        bins.extend_from_slice(&self.bins);
        Self { bins }
    }
}

impl Sketch {
    /// Makes room for one more entry, by half of what there is, in steps of a line of the cache.
    fn make_room(&mut self) {
        const STEP: usize = 16;
        let len = self.bins.len();
        if len == self.bins.capacity() {
            self.bins.reserve_exact((len + len / 2 + 1).next_multiple_of(STEP) - len);
        }
    }

    /// Bytes it holds outside itself.
    pub fn heap(&self) -> usize {
        if self.bins.spilled() { self.bins.capacity() * std::mem::size_of::<(u16, u16)>() } else { 0 }
    }

    /// The place after the last entry of a bin, or of those before it. It is looked for from where it would be if
    /// the bins lay evenly between the first and the last.
    fn after(&self, bin: u16) -> usize {
        /// Places that are looked at one by one.
        const NEAR: usize = 8;
        let bins = &*self.bins;
        let Some(last) = bins.len().checked_sub(1) else { return 0 };
        let (from, to) = (bins[0].0, bins[last].0);
        if bin >= to {
            return bins.len();
        }
        if bin < from {
            return 0;
        }
        // Below the last, so there is one bin at least between the two.
        let mut at = usize::from(bin - from) * last / usize::from(to - from);
        for _ in 0..NEAR {
            // The first is at most, and the last above what is looked for.
            match (bins[at].0 <= bin, bins[at + 1].0 <= bin) {
                (true, true) => at += 1,
                (true, false) => return at + 1,
                (false, _) => at -= 1,
            }
        }
        bins.partition_point(|&(b, _)| b <= bin)
    }
}

impl Bins for Sketch {
    fn add(&mut self, bin: u16, mut n: u32) {
        let mut at = self.after(bin);
        if let Some(last) = at.checked_sub(1).map(|at| &mut self.bins[at])
            && last.0 == bin
        {
            let room = u32::from(u16::MAX - last.1).min(n);
            last.1 += room as u16;
            n -= room;
        }
        while n > 0 {
            let take = n.min(u32::from(u16::MAX));
            self.make_room();
            self.bins.insert(at, (bin, take as u16));
            (at, n) = (at + 1, n - take);
        }
    }

    fn remove(&mut self, bin: u16) {
        let at = self.after(bin);
        if let Some(at) = at.checked_sub(1)
            && self.bins[at].0 == bin
        {
            self.bins[at].1 -= 1;
            if self.bins[at].1 == 0 {
                self.bins.remove(at);
            }
        }
    }

    fn each(&self) -> impl Iterator<Item = (u16, u32)> {
        self.bins.iter().map(|&(bin, n)| (bin, u32::from(n)))
    }
}

/// The wide form, for the columns of one answer: a count for every bin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dense {
    bins: Vec<u32>,
}

impl Bins for Dense {
    fn add(&mut self, bin: u16, n: u32) {
        if self.bins.is_empty() {
            self.bins.resize(BINS, 0);
        }
        if let Some(count) = self.bins.get_mut(usize::from(bin)) {
            *count = count.saturating_add(n);
        }
    }

    fn remove(&mut self, bin: u16) {
        if let Some(count) = self.bins.get_mut(usize::from(bin)) {
            *count = count.saturating_sub(1);
        }
    }

    fn each(&self) -> impl Iterator<Item = (u16, u32)> {
        self.bins.iter().enumerate().filter(|&(_, &n)| n > 0).map(|(bin, &n)| (bin as u16, n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of<B: Bins>(values: &[u32]) -> B {
        let mut bins = B::default();
        values.iter().for_each(|&us| bins.add(bin_of(us), 1));
        bins
    }

    #[test]
    fn every_duration_has_a_bin() {
        assert!(usize::from(bin_of(u32::MAX)) < BINS);
        assert_eq!(bin_of(0), 0);
        assert_eq!(value_of(0), 0.0);
    }

    #[test]
    fn a_bin_begins_where_the_one_before_ends() {
        for bin in 1..=bin_of(u32::MAX) {
            let first = first_of(bin);
            assert!(bin_of(first as u32) >= bin && bin_of(first as u32 - 1) < bin, "{bin}");
        }
        assert_eq!((first_of(0), first_of(BINS as u16)), (0, 1 << 32));
    }

    #[test]
    fn nearest_rank_is_the_books() {
        assert_eq!(nearest_rank(0.5, 4), 2);
        assert_eq!(nearest_rank(0.99, 99), 99);
        assert_eq!(nearest_rank(0.99, 100), 99);
        assert_eq!(nearest_rank(0.0, 10), 1);
        assert_eq!(nearest_rank(1.0, 10), 10);
    }

    #[test]
    fn more_than_a_bin_holds_takes_another() {
        let mut sketch = Sketch::default();
        sketch.add(7, 200_000);
        sketch.add(9, 1);
        assert_eq!(sketch.count(), 200_001);
        assert_eq!(sketch.bins.len(), 5);
        let mut same = Sketch::default();
        same.add(9, 1);
        (0..200_001).for_each(|_| same.add(7, 1));
        same.remove(7);
        assert_eq!(sketch, same);
        assert_eq!(sketch.quantile_bin(0.99), Some(7));
        assert_eq!(sketch.quantile_bin(1.0), Some(9));
    }

    proptest! {
        #[test]
        fn counts_like_a_map(
            steps in prop::collection::vec((prop_oneof![0u16..30, 0u16..1_112], 1u32..90_000, any::<bool>()), 0..60),
        ) {
            let (mut sketch, mut map) = (Sketch::default(), std::collections::BTreeMap::<u16, u32>::new());
            for (bin, n, more) in steps {
                if more {
                    sketch.add(bin, n);
                    *map.entry(bin).or_default() += n;
                } else {
                    sketch.remove(bin);
                    map.entry(bin).and_modify(|count| *count -= 1);
                    map.retain(|_, count| *count > 0);
                }
            }
            let mut held = std::collections::BTreeMap::<u16, u32>::new();
            let mut last = 0;
            for (bin, n) in sketch.each() {
                prop_assert!(bin >= last);
                last = bin;
                *held.entry(bin).or_default() += n;
            }
            prop_assert_eq!(held, map);
        }
    }

    proptest! {
        #[test]
        fn a_quantile_is_within_one_percent(
            mut values in prop::collection::vec(prop_oneof![0u32..3, 0u32..100_000, any::<u32>()], 1..300),
            q in 0.0f64..=1.0,
        ) {
            let sketch: Sketch = of(&values);
            let dense: Dense = of(&values);
            values.sort_unstable();
            let exact = f64::from(values[nearest_rank(q, values.len() as u64) as usize - 1]);
            let read = value_of(sketch.quantile_bin(q).unwrap());
            prop_assert!((read - exact).abs() <= exact * 0.01, "{read} for {exact}");
            prop_assert_eq!(dense.quantile_bin(q), sketch.quantile_bin(q));
        }

        #[test]
        fn merging_is_the_sketch_of_all_and_removing_undoes(
            a in prop::collection::vec(0u32..5_000, 0..100),
            b in prop::collection::vec(0u32..5_000, 0..100),
        ) {
            let mut merged: Sketch = of(&a);
            merged.merge(&of::<Dense>(&b));
            let all: Sketch = of(&[a.clone(), b.clone()].concat());
            prop_assert_eq!(&merged, &all);
            b.iter().for_each(|&us| merged.remove(bin_of(us)));
            prop_assert_eq!(merged, of::<Sketch>(&a));
        }
    }
}
