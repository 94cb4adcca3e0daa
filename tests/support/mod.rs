//! What several tests share; each uses some of it.
#![allow(dead_code, clippy::unwrap_used)]

pub mod follow;
pub mod pty;
pub mod records;

use std::path::PathBuf;

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
