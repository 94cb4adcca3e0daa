//! `--memory` is a promise about the process: what of it the store may hold.

use crate::store::Budget;

/// What the program needs besides the store: buffers, views, code.
const OVERHEAD_BYTES: usize = 48 << 20;
/// So many eighths of the memory are taken to be held beyond what is counted at first: copies that readers hold
/// come as suddenly as what is copied.
const FIRST_EXCESS: usize = 3;
/// Such a part of the memory is left free: between two looks more comes.
const MARGIN: usize = 16;
/// So many eighths may be found to be.
const MOST_EXCESS: usize = 5;
/// Of what turns out to be free the store gets one part in so many back each second: much comes in waves.
const GIVEN_BACK: usize = 128;
/// The store is never squeezed below this.
const LEAST_BYTES: usize = 8 << 20;

/// What is taken to be held beyond what is counted, in bytes, until it is known.
pub(super) fn first_excess(memory: usize) -> usize {
    memory / 8 * FIRST_EXCESS
}

/// What of the process's memory the store may hold, when so many bytes are taken from it.
pub(super) fn budget(memory: usize, taken: usize) -> Budget {
    Budget { bytes: memory.saturating_sub(OVERHEAD_BYTES).saturating_sub(taken).max(LEAST_BYTES) }
}

/// What the process takes beyond what is counted (copies that readers hold, what the allocator has not given back
/// yet), by what was thought so far and its size: half of what is too much at a time, and less again slowly. What is
/// free tells of that only where the store is `full`: before, it is the store's own.
pub(super) fn learned(excess: usize, resident: usize, memory: usize, full: bool) -> usize {
    let aim = memory - memory / MARGIN;
    match resident.checked_sub(aim) {
        Some(over) => (excess + over / 2).min(memory / 8 * MOST_EXCESS),
        None if !full => excess,
        None => excess.saturating_sub((aim - resident).div_ceil(GIVEN_BACK)),
    }
}

/// The resident size of the process, where the system tells it (Linux).
pub(super) fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: usize = 1 << 20;

    #[test]
    fn what_was_too_much_is_learned_and_given_back() {
        let after = |seconds, resident: usize, excess| {
            (0..seconds).fold(excess, |excess, _| learned(excess, resident * MB, 256 * MB, true))
        };
        assert_eq!(after(1, 250, 0), 5 * MB, "half of what is above a sixteenth less");
        assert_eq!(after(1_000, 300, 0), 160 * MB, "five eighths at most");
        assert_eq!(after(1, 240, 96 * MB), 96 * MB);
        // Little by little counts too: a store that was squeezed once is not squeezed for good.
        let most = 96 * MB;
        assert!((most / 2..most * 9 / 10).contains(&after(60, 200, most)));
        assert_eq!(after(600, 200, most), 0);
        assert_eq!(
            learned(most, 100 * MB, 256 * MB, false),
            most,
            "nothing is learned from a store that is not full"
        );
        assert_eq!(learned(0, 250 * MB, 256 * MB, false), 5 * MB);
    }
}
