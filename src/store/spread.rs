//! How values of any size and sign are spread: counted in bins like those of durations, so that any
//! quantile read from them is at most 1 % off. Values of metrics come one by one mostly, and are alike
//! often: then no bins are needed.

use super::sketch::{Bins, GAMMA};

/// The bin of what is nearer to zero than any bin.
const ZERO: i32 = 1 << 15;
/// Bins between that and the one of 1.
const BELOW_ONE: i32 = 1_100;
/// Bins of one sign: values up to 1e18.
const OF_A_SIGN: i32 = BELOW_ONE + 2_100;

/// The bin of a value; bins are in the order of values.
pub fn bin_of_value(value: f64) -> u16 {
    let edges = (value.abs().ln() / GAMMA.ln()).ceil();
    if edges.is_nan() || edges <= f64::from(-BELOW_ONE) {
        return ZERO as u16;
    }
    let from_zero = (edges.min(f64::from(OF_A_SIGN)) as i32 + BELOW_ONE).min(OF_A_SIGN);
    (if value < 0.0 { ZERO - from_zero } else { ZERO + from_zero }) as u16
}

/// The value that stands for a bin: at most 1 % from any in it.
pub fn value_of_bin(bin: u16) -> f64 {
    let from_zero = i32::from(bin) - ZERO;
    let middle = || 2.0 * GAMMA.powi(from_zero.abs() - BELOW_ONE) / (GAMMA + 1.0);
    f64::from(from_zero.signum()) * if from_zero == 0 { 0.0 } else { middle() }
}

/// Counts by bin, in order; each bin once. There are no more than [`OF_A_SIGN`] of either sign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    bins: Vec<(u16, u32)>,
}

impl Bins for Spread {
    fn add(&mut self, bin: u16, n: u32) {
        match self.bins.binary_search_by_key(&bin, |(bin, _)| *bin) {
            Ok(at) => self.bins[at].1 = self.bins[at].1.saturating_add(n),
            Err(at) => self.bins.insert(at, (bin, n)),
        }
    }

    fn remove(&mut self, bin: u16) {
        if let Ok(at) = self.bins.binary_search_by_key(&bin, |(bin, _)| *bin) {
            self.bins[at].1 = self.bins[at].1.saturating_sub(1);
            self.bins.retain(|(_, n)| *n > 0);
        }
    }

    fn each(&self) -> impl Iterator<Item = (u16, u32)> {
        self.bins.iter().copied()
    }
}

/// What is known of values one by one.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Values {
    /// There are none.
    #[default]
    None,
    /// So many that are all alike.
    Alike(f64, u32),
    /// How they are spread.
    Spread(Box<Spread>),
    /// Nothing, at least of some: only their number, their sum, the smallest and the largest.
    Set,
}

impl Values {
    /// Values with how many there are of each.
    pub fn of(values: &[(f64, f64)]) -> Self {
        let mut all = Self::None;
        for &(value, n) in values {
            // Part of a value, or less than none, is no count.
            if !(value.is_finite() && n > 0.0) {
                return Self::Set;
            }
            all.add(&Self::Alike(value, n.round().max(1.0) as u32));
        }
        all
    }

    /// Puts others to them.
    pub fn add(&mut self, other: &Self) {
        match (&mut *self, other) {
            (_, Self::None) | (Self::Set, _) => {}
            (Self::None, other) => *self = other.clone(),
            (_, Self::Set) => *self = Self::Set,
            (Self::Alike(value, n), Self::Alike(same, more)) if value == same => *n = n.saturating_add(*more),
            (Self::Spread(spread), Self::Alike(value, n)) => spread.add(bin_of_value(*value), *n),
            (Self::Spread(spread), Self::Spread(more)) => spread.merge(&**more),
            (Self::Alike(value, n), other) => {
                let mut spread = match other {
                    Self::Spread(spread) => spread.clone(),
                    _ => Box::default(),
                };
                spread.add(bin_of_value(*value), *n);
                if let Self::Alike(value, n) = other {
                    spread.add(bin_of_value(*value), *n);
                }
                *self = Self::Spread(spread);
            }
        }
    }

    /// A quantile by nearest rank, and whether it is exactly that; `None` where values are not known.
    pub fn quantile(&self, q: f64) -> Option<(f64, bool)> {
        match self {
            Self::None | Self::Set => None,
            Self::Alike(value, _) => Some((*value, true)),
            Self::Spread(spread) => Some((value_of_bin(spread.quantile_bin(q)?), false)),
        }
    }

    /// Bytes held beside themselves.
    pub fn heap(&self) -> usize {
        match self {
            Self::Spread(spread) => {
                std::mem::size_of::<Spread>() + spread.bins.capacity() * std::mem::size_of::<(u16, u32)>()
            }
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sketch::nearest_rank;
    use super::*;

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            Just(0.0),
            Just(12.5),
            -1e3..1e3,
            (-9.0..18.0f64, any::<bool>())
                .prop_map(|(exponent, minus)| 10f64.powf(exponent) * if minus { -1.0 } else { 1.0 }),
        ]
    }

    #[test]
    fn what_no_bin_is_for_goes_to_the_nearest() {
        for value in [0.0, -0.0, 1e-300, -1e-12, f64::NAN] {
            assert_eq!(value_of_bin(bin_of_value(value)), 0.0, "{value}");
        }
        assert_eq!(bin_of_value(f64::INFINITY), bin_of_value(f64::MAX));
        assert_eq!(bin_of_value(f64::NEG_INFINITY), bin_of_value(f64::MIN));
        assert!(bin_of_value(f64::MIN) < bin_of_value(-1.0) && bin_of_value(1e17) < bin_of_value(f64::MAX));
    }

    #[test]
    fn sets_tell_nothing_and_silence_others() {
        let mut values = Values::of(&[(1.0, 1.0), (2.0, 3.0)]);
        assert!(!values.quantile(0.25).unwrap().1);
        values.add(&Values::None);
        assert!(values.quantile(0.5).is_some());
        values.add(&Values::Set);
        assert_eq!((values.quantile(0.5), values.heap()), (None, 0));
        for odd in [[(1.0, 0.0)], [(1.0, -1.0)], [(f64::NAN, 1.0)], [(1.0, f64::NAN)]] {
            assert_eq!(Values::of(&odd), Values::Set);
        }
        // However many it says that there are, they take no more room.
        let many = Values::of(&[(1.0, 1e300), (2.0, 1e300), (2.0, 1e300)]);
        assert!(many.heap() < 200 && many.quantile(0.99).is_some());
        assert_eq!(Values::of(&[(7.0, 2.0), (7.0, 1.0)]), Values::Alike(7.0, 3));
    }

    proptest! {
        #[test]
        fn bins_are_in_the_order_of_values_and_near_them(a in value(), b in value()) {
            let read = value_of_bin(bin_of_value(a));
            prop_assert!((read - a).abs() <= a.abs() * 0.010_001 + 1e-9, "{read} for {a}");
            prop_assert!(a > b || bin_of_value(a) <= bin_of_value(b));
        }

        /// Put together in any parts and order, a quantile is that of all of them but for 1 %.
        #[test]
        fn quantiles_are_those_of_all_values(
            parts in prop::collection::vec(prop::collection::vec((value(), 1u32..5), 0..20), 1..6), q in 0.0f64..=1.0,
        ) {
            let (mut all, mut values) = (Vec::new(), Values::None);
            for part in &parts {
                let part: Vec<(f64, f64)> = part.iter().map(|(value, n)| (*value, f64::from(*n))).collect();
                values.add(&Values::of(&part));
                all.extend(part.iter().flat_map(|(value, n)| std::iter::repeat_n(*value, *n as usize)));
            }
            all.sort_by(f64::total_cmp);
            let Some((read, exact)) = values.quantile(q) else {
                prop_assert!(all.is_empty());
                return Ok(());
            };
            let want = all[nearest_rank(q, all.len() as u64) as usize - 1];
            prop_assert!((read - want).abs() <= want.abs() * 0.010_001 + 1e-9, "{read} for {want}");
            prop_assert!(!exact || read == want);
            let turned = parts.iter().rev().fold(Values::None, |mut values, part| {
                let part: Vec<(f64, f64)> = part.iter().map(|(value, n)| (*value, f64::from(*n))).collect();
                values.add(&Values::of(&part));
                values
            });
            prop_assert_eq!(turned.quantile(q), values.quantile(q));
        }
    }
}
