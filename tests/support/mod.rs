//! What several tests share.
#![allow(dead_code, reason = "each test uses some of it")]

use std::path::PathBuf;

use lamtop::correlate::Correlator;
use lamtop::ingest::Batch;
use lamtop::model::{Chunk, FactSink, SourceId, Timestamp};

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

/// Cuts bytes into chunks of whole lines, about `size` bytes each.
pub fn chunks(source: u32, bytes: &[u8], size: usize) -> Vec<Chunk> {
    let mut out = Vec::new();
    let mut from = 0;
    while from < bytes.len() {
        let least = (from + size).min(bytes.len());
        let to = bytes[least..].iter().position(|c| *c == b'\n').map_or(bytes.len(), |at| least + at + 1);
        out.push(Chunk {
            source: SourceId(source),
            offset: from as u64,
            arrived: None,
            bytes: bytes[from..to].to_vec(),
            cut: 0,
        });
        from = to;
    }
    out
}

/// Decodes and correlates bytes as one source.
pub fn feed<S: FactSink>(correlator: &mut Correlator, source: u32, bytes: &[u8], size: usize, sink: &mut S) {
    for chunk in chunks(source, bytes, size) {
        let batch = Batch::decode(chunk);
        for record in batch.records() {
            correlator.record(record, sink);
        }
    }
}

/// All of time.
pub const ALWAYS: lamtop::model::Window =
    lamtop::model::Window { from: Timestamp::MIN, to: Timestamp::NEVER };
