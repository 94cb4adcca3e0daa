//! Short cuts off, to compare what they say with what the walks say: for tests and fuzzing alone.

use std::cell::Cell;

thread_local!(static SHORT_CUTS: Cell<bool> = const { Cell::new(true) });

/// Whether short cuts are taken on this thread.
pub fn short_cuts() -> bool {
    SHORT_CUTS.get()
}

/// Reads without them.
pub fn without_short_cuts<T>(read: impl FnOnce() -> T) -> T {
    SHORT_CUTS.set(false);
    let read = read();
    SHORT_CUTS.set(true);
    read
}
