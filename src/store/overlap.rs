//! How many intervals are open at a time.

/// Tells every stretch of time in which the same number of intervals (first ms, first ms after) is
/// open, in order, while that number is not 0: start, end, number. At the same ms ends come before
/// starts; an interval that does not last is none.
pub fn levels(intervals: &[(i64, i64)], each: impl FnMut(i64, i64, u32)) {
    let lasting = || intervals.iter().filter(|(start, end)| start < end);
    let mut starts: Vec<i64> = lasting().map(|&(start, _)| start).collect();
    let mut ends: Vec<i64> = lasting().map(|&(_, end)| end).collect();
    starts.sort_unstable();
    ends.sort_unstable();
    levels_within(&starts, &ends, (i64::MIN, i64::MAX), each);
}

/// The same from a ms to another one, of intervals that last, their starts and ends sorted: what lies
/// before costs nothing.
pub fn levels_within(
    starts: &[i64],
    ends: &[i64],
    (from, to): (i64, i64),
    mut each: impl FnMut(i64, i64, u32),
) {
    let begun = starts.partition_point(|start| *start < from);
    let over = ends.partition_point(|end| *end <= from);
    let (mut open, mut since) = ((begun - over) as u32, from);
    let mut starts = starts[begun..].iter().copied().take_while(|start| *start < to).peekable();
    for end in ends[over..].iter().copied().take_while(|end| *end < to) {
        while let Some(start) = starts.next_if(|start| *start < end) {
            if open > 0 && since < start {
                each(since, start, open);
            }
            (open, since) = (open + 1, start);
        }
        if open > 0 && since < end {
            each(since, end, open);
        }
        (open, since) = (open.saturating_sub(1), end);
    }
    // Those that end later.
    for start in starts {
        if open > 0 && since < start {
            each(since, start, open);
        }
        (open, since) = (open + 1, start);
    }
    if open > 0 && since < to {
        each(since, to, open);
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

        #[test]
        fn a_part_of_time_is_that_part_of_all(
            intervals in prop::collection::vec((0i64..60, 1i64..12), 0..30), from in 0i64..80, length in 0i64..40,
        ) {
            let intervals: Vec<(i64, i64)> = intervals.into_iter().map(|(s, l)| (s, s + l)).collect();
            let (mut whole, mut part, to) = (vec![0u32; 120], vec![0u32; 120], from + length);
            levels(&intervals, |from, to, open| (from..to).for_each(|ms| whole[ms as usize] = open));
            let mut starts: Vec<i64> = intervals.iter().map(|(start, _)| *start).collect();
            let mut ends: Vec<i64> = intervals.iter().map(|(_, end)| *end).collect();
            starts.sort_unstable();
            ends.sort_unstable();
            levels_within(&starts, &ends, (from, to), |from, to, open| (from..to).for_each(|ms| {
                assert_eq!(part[ms as usize], 0);
                part[ms as usize] = open;
            }));
            whole[..from as usize].fill(0);
            whole[to as usize..].fill(0);
            prop_assert_eq!(part, whole);
        }
    }

    #[test]
    fn an_end_comes_before_a_start_at_the_same_ms() {
        let mut peak = 0;
        levels(&[(0, 10), (10, 20), (20, 20), (15, 15)], |_, _, open| peak = peak.max(open));
        assert_eq!(peak, 1);
    }
}
