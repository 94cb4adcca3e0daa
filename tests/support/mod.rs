//! What several tests share; each uses some of it.
#![allow(dead_code, clippy::unwrap_used)]

pub mod follow;
pub mod listen;
pub mod pty;
pub mod records;

use std::path::PathBuf;
use std::time::Duration;

use lamtop::clock::Clock;

/// The folder of shared samples and generators beside the project, if it is there. A test that
/// needs it says what it skipped; `.ci/run` fails without it.
pub fn shared(what: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if !path.is_dir() {
        eprintln!("skipped: {what} needs ../shared");
        return None;
    }
    Some(path)
}

/// Waits until something is so that no event tells of, with a deadline.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let clock = Clock::wall();
    while !so() {
        assert!(clock.steady_ms() < 30_000, "{what}: not within 30 s");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}
