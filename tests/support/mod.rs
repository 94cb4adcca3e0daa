//! What several tests share; each uses some of it.
#![allow(dead_code, clippy::unwrap_used)]

pub mod follow;
pub mod listen;
pub mod pty;
pub mod records;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use lamtop::clock::Clock;

/// The program under test: what cargo built, or the binary that `LAMTOP_EXE` names, say a release
/// for another libc.
pub fn program() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| match std::env::var_os("LAMTOP_EXE") {
        // In full: some tests start it in another folder.
        Some(path) => {
            std::fs::canonicalize(&path).unwrap_or_else(|error| panic!("LAMTOP_EXE {path:?}: {error}"))
        }
        None => env!("CARGO_BIN_EXE_lamtop").into(),
    });
    &PROGRAM
}

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
