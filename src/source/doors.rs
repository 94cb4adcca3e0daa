//! Doors for `fuzz/`, there only where it is fuzzed: what is read of bytes that somebody else made.

use std::io::{BufReader, Read};

use super::frame::Framer;
pub use super::listen::{datagram, posted};
use super::packed::Unpack;
use super::pool::Pool;

/// A stretch of whole frames: its offset, its bytes, and how many were skipped after it.
pub type Stretch = (u64, Vec<u8>, u64);

/// The frames of bytes that come in reads of these lengths, over and over, with frames of at most `most` bytes.
pub fn framed(bytes: &[u8], reads: &[usize], most: usize) -> Vec<Stretch> {
    let (pool, mut framer, mut pieces) = (Pool::default(), Framer::new(0, most), Vec::new());
    let (mut at, mut lengths) = (0, reads.iter().cycle());
    while at < bytes.len() {
        let wanted = lengths.next().map_or(usize::MAX, |length| (*length).max(1));
        // Reading from memory can't fail.
        let n = framer.fill(&pool, &mut pieces, |space| {
            let n = wanted.min(space.len()).min(bytes.len() - at);
            space[..n].copy_from_slice(&bytes[at..at + n]);
            Ok(n)
        });
        at += n.unwrap_or(0);
    }
    pieces.extend(framer.finish());
    pieces.into_iter().map(|piece| (piece.offset, piece.bytes, piece.cut)).collect()
}

/// How many bytes come out of packed ones, at most so many, and whether it ended in a mistake.
pub fn unpacked(bytes: &[u8], most: u64) -> (u64, bool) {
    let mut read = Unpack::new(BufReader::new(bytes)).take(most);
    let (mut space, mut all) = (vec![0; 64 << 10], 0);
    loop {
        match read.read(&mut space) {
            Ok(0) => return (all, false),
            Ok(n) => all += n as u64,
            Err(_) => return (all, true),
        }
    }
}
