//! How many intervals are open at a time.

/// Tells every stretch of time in which the same number of intervals (first ms, first ms after) is
/// open, in order, while that number is not 0: start, end, number. At the same ms ends come before
/// starts; an interval that does not last is none.
pub fn levels(intervals: &[(i64, i64)], mut each: impl FnMut(i64, i64, u32)) {
    let lasting = || intervals.iter().filter(|(start, end)| start < end);
    let mut starts: Vec<i64> = lasting().map(|&(start, _)| start).collect();
    let mut ends: Vec<i64> = lasting().map(|&(_, end)| end).collect();
    starts.sort_unstable();
    ends.sort_unstable();
    let (mut open, mut since, mut next_start) = (0u32, 0, 0);
    for &end in &ends {
        while let Some(&start) = starts.get(next_start).filter(|&&start| start < end) {
            if open > 0 && since < start {
                each(since, start, open);
            }
            (open, since, next_start) = (open + 1, start, next_start + 1);
        }
        if since < end {
            each(since, end, open);
        }
        (open, since) = (open.saturating_sub(1), end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_counting_at_every_ms(intervals in prop::collection::vec((0i64..60, 0i64..12), 0..30)) {
            let intervals: Vec<(i64, i64)> = intervals.into_iter().map(|(s, l)| (s, s + l)).collect();
            let mut counted = vec![0u32; 100];
            levels(&intervals, |from, to, open| (from..to).for_each(|ms| {
                assert_eq!(counted[ms as usize], 0);
                counted[ms as usize] = open;
            }));
            for (ms, &count) in counted.iter().enumerate() {
                let ms = ms as i64;
                let want = intervals.iter().filter(|(s, e)| *s <= ms && ms < *e).count();
                prop_assert_eq!(count as usize, want, "at {}", ms);
            }
        }
    }

    #[test]
    fn an_end_comes_before_a_start_at_the_same_ms() {
        let mut peak = 0;
        levels(&[(0, 10), (10, 20), (20, 20), (15, 15)], |_, _, open| peak = peak.max(open));
        assert_eq!(peak, 1);
    }
}
