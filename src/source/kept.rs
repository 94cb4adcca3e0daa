//! Bytes of sources that can't be read again where they lie (gzip, pipes): kept in memory as
//! compressed blocks, within a bound, the oldest let go first.

use std::collections::{BTreeMap, VecDeque};
use std::io;

use crate::model::SourceId;

/// Bytes of one block before compression.
const BLOCK: usize = 256 << 10;
/// What a block costs beside its bytes, roughly.
const OVERHEAD: u64 = 128;

type Place = (SourceId, u64);

#[derive(Debug)]
struct Block {
    packed: Box<[u8]>,
    len: u64,
}

/// The blocks of all such sources.
#[derive(Debug, Default)]
pub(super) struct Kept {
    most: u64,
    held: u64,
    let_go: u64,
    blocks: BTreeMap<Place, Block>,
    oldest_first: VecDeque<Place>,
    /// Blocks still growing: offset of the first byte, bytes.
    open: BTreeMap<SourceId, (u64, Vec<u8>)>,
    /// Where blocks are packed, and the memory of one that was: each in memory of its own would leave holes
    /// as large as all that is kept.
    packing: Vec<u8>,
    spare: Vec<u8>,
}

impl Kept {
    /// Keeps at most so many bytes of memory from now on.
    pub fn bound(&mut self, most: u64) {
        self.most = most;
        self.shrink();
    }

    /// Bytes of memory held.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// Bytes of input let go so far.
    pub fn let_go(&self) -> u64 {
        self.let_go
    }

    /// Keeps what lies at `offset` of a source. Offsets of one source only grow.
    pub fn keep(&mut self, source: SourceId, offset: u64, bytes: &[u8]) {
        if self.most == 0 {
            self.let_go += bytes.len() as u64;
            return;
        }
        let joins = self.open.get(&source).is_some_and(|(from, held)| {
            from + held.len() as u64 == offset && held.len() + bytes.len() <= BLOCK
        });
        if !joins {
            self.seal(source);
        }
        self.held += bytes.len() as u64;
        let spare = &mut self.spare;
        let open = self.open.entry(source).or_insert_with(|| (offset, std::mem::take(spare)));
        open.1.extend_from_slice(bytes);
        self.shrink();
    }

    /// Packs a source's growing block: it is full, or the source ended.
    pub fn seal(&mut self, source: SourceId) {
        if let Some((offset, mut bytes)) = self.open.remove(&source) {
            let most = lz4_flex::block::get_maximum_output_size(bytes.len());
            if self.packing.len() < most {
                self.packing.resize(most, 0);
            }
            // There is room for the worst.
            let length = lz4_flex::block::compress_into(&bytes, &mut self.packing).unwrap_or_default();
            let packed: Box<[u8]> = self.packing[..length].into();
            self.held = self.held - bytes.len() as u64 + packed.len() as u64 + OVERHEAD;
            self.blocks.insert((source, offset), Block { packed, len: bytes.len() as u64 });
            self.oldest_first.push_back((source, offset));
            // A line that was longer than a block had a buffer of its own.
            bytes.clear();
            if bytes.capacity() <= 2 * BLOCK {
                self.spare = bytes;
            }
        }
    }

    fn shrink(&mut self) {
        self.drop_oldest();
        if self.held > self.most {
            while let Some((&source, _)) = self.open.first_key_value() {
                self.seal(source);
            }
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        while self.held > self.most
            && let Some(place) = self.oldest_first.pop_front()
            && let Some(block) = self.blocks.remove(&place)
        {
            self.held -= block.packed.len() as u64 + OVERHEAD;
            self.let_go += block.len;
        }
    }

    /// The bytes from `from` on, at most up to `to`, as far as they are held without a gap.
    pub fn read(&self, source: SourceId, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        let mut at = from;
        while at < to {
            let block = self.blocks.range((source, 0)..=(source, at)).next_back();
            if let Some((&(_, offset), block)) = block.filter(|((_, offset), b)| offset + b.len > at) {
                let bytes = lz4_flex::block::decompress(&block.packed, block.len as usize)
                    .map_err(io::Error::other)?;
                let end = block.len.min(to - offset);
                all.extend_from_slice(&bytes[(at - offset) as usize..end as usize]);
                at = offset + end;
            } else if let Some((offset, bytes)) = self.open.get(&source)
                && (*offset..offset + bytes.len() as u64).contains(&at)
            {
                let end = (bytes.len() as u64).min(to - offset);
                all.extend_from_slice(&bytes[(at - offset) as usize..end as usize]);
                at = offset + end;
            } else {
                break;
            }
        }
        if all.is_empty() && from < to {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "these bytes were let go to stay within --memory, and can't be read again from a compressed file, a pipe or a socket",
            ));
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: SourceId = SourceId(1);
    const B: SourceId = SourceId(2);

    fn text(from: u64, len: u64) -> Vec<u8> {
        (from..from + len).map(|at| b'a' + (at % 23) as u8).collect()
    }

    #[test]
    fn what_is_kept_reads_back_across_blocks_and_sources() {
        let mut kept = Kept::default();
        kept.bound(100 << 20);
        let mut at = 0;
        for len in [10, 200_000, 1, 300_000, 90_000] {
            kept.keep(A, at, &text(at, len));
            kept.keep(B, at, &text(at + 5, len));
            at += len;
        }
        for (from, to) in [(0, 10), (5, 15), (199_000, 520_000), (0, at), (at - 1, at)] {
            assert_eq!(kept.read(A, from, to).unwrap(), text(from, to - from), "{from}..{to}");
            assert_eq!(kept.read(B, from, to).unwrap(), text(from + 5, to - from));
        }
        assert_eq!(kept.read(A, at - 5, at + 10).unwrap().len(), 5);
        assert!(kept.read(A, at, at + 1).is_err());
    }

    #[test]
    fn a_gap_ends_a_read() {
        let mut kept = Kept::default();
        kept.bound(100 << 20);
        kept.keep(A, 0, b"head");
        kept.keep(A, 100, b"next");
        assert_eq!(kept.read(A, 0, 104).unwrap(), b"head");
        assert_eq!(kept.read(A, 100, 104).unwrap(), b"next");
        assert!(kept.read(A, 50, 104).is_err());
    }

    #[test]
    fn the_oldest_goes_first_and_is_counted() {
        let mut kept = Kept::default();
        kept.bound(30_000);
        let mut noise = 1u32;
        let mut random = |len: usize| -> Vec<u8> {
            (0..len)
                .map(|_| {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (noise >> 24) as u8
                })
                .collect()
        };
        for i in 0..10 {
            kept.keep(A, i * 10_000, &random(10_000));
            assert!(kept.held() <= 30_000);
        }
        assert!(kept.let_go() >= 70_000);
        assert!(kept.read(A, 0, 10).is_err());
        assert_eq!(kept.read(A, 99_000, 100_000).unwrap().len(), 1_000);
        kept.bound(0);
        assert_eq!((kept.held(), kept.let_go()), (0, 100_000));
    }
}
