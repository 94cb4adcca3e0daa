//! Bytes to facts, without files or threads.

use lamtop::correlate::Correlator;
use lamtop::ingest::Batch;
use lamtop::model::{Chunk, FactSink, SourceId, Timestamp};

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
