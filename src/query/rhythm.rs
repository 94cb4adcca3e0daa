//! The rhythm of a function's starts, if they have one: what a schedule looks like from its logs.

/// What makes gaps between starts a rhythm.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// So many gaps at least.
    pub least: usize,
    /// How near to their median, as a share of it, ...
    pub near: f64,
    /// ... what share of them must be.
    pub share: f64,
}

/// A rhythm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// The usual gap: the median, in ms, from 1.
    pub period_ms: i64,
    /// The longest gap, in ms.
    pub longest_ms: i64,
}

impl Rule {
    /// The rhythm of these gaps in ms; `None` where too few are about the same. Bursts, batches and
    /// traffic have none.
    pub fn rhythm(&self, mut gaps: Vec<i64>) -> Option<Rhythm> {
        if gaps.is_empty() || gaps.len() < self.least {
            return None;
        }
        let longest_ms = gaps.iter().copied().max()?;
        let middle = gaps.len() / 2;
        let period_ms = *gaps.select_nth_unstable(middle).1;
        let near = |gap: &&i64| gap.abs_diff(period_ms) as f64 <= self.near * period_ms as f64;
        let regular = gaps.iter().filter(near).count() as f64 >= self.share * gaps.len() as f64;
        (regular && period_ms > 0).then_some(Rhythm { period_ms, longest_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULE: Rule = Rule { least: 4, near: 0.1, share: 0.8 };

    #[test]
    fn four_in_five_gaps_about_the_same_are_a_rhythm() {
        let of = |gaps: &[i64]| RULE.rhythm(gaps.to_vec()).map(|rhythm| rhythm.period_ms);
        assert_eq!(of(&[60, 60, 60]), None, "too few");
        assert_eq!(of(&[60, 60, 60, 60]), Some(60));
        assert_eq!(of(&[60, 66, 54, 60, 500]), Some(60), "one in five may be anything");
        assert_eq!(of(&[60, 67, 60, 60]), None);
        assert_eq!(of(&[0, 0, 0, 0]), None, "a burst");
        assert_eq!(of(&[1, 7, 300, 2, 90, 40]), None, "traffic");
        assert_eq!(of(&[]), None);
    }

    proptest! {
        #[test]
        fn it_is_what_counting_says(gaps in prop::collection::vec(1i64..100, 0..40)) {
            let mut sorted = gaps.clone();
            sorted.sort_unstable();
            let wanted = sorted.get(gaps.len() / 2).copied().filter(|median| {
                let near = gaps.iter().filter(|gap| 10 * (**gap - median).abs() <= *median).count();
                gaps.len() >= 4 && 10 * near >= 8 * gaps.len()
            });
            prop_assert_eq!(RULE.rhythm(gaps).map(|rhythm| rhythm.period_ms), wanted);
        }
    }
}
