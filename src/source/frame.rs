//! Bytes to frames: whole lines, cut out of whatever a read happens to return.
//!
//! The law: the frames depend on the bytes alone, never on how they were cut into reads. A line of
//! up to `most` bytes (its line end included) is a frame; of a longer one the first `most` bytes are
//! a frame, the last of its piece, and the rest up to and with the line end is skipped and counted.

use std::io;

use memchr::{memchr, memrchr};

use super::pool::{BUFFER, Pool};

/// Pieces up to this length are copied into a vector of their own size, so that a followed line of
/// 300 bytes does not travel in a buffer of 256 KiB.
const SMALL: usize = 16 << 10;

/// Whole frames and where they lie.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Offset of the first byte.
    pub offset: u64,
    /// The frames.
    pub bytes: Vec<u8>,
    /// Bytes skipped after the last frame, its line end included.
    pub cut: u64,
}

/// Cuts one source's bytes into frames. Between reads it holds only the half line at the end.
#[derive(Debug)]
pub(super) struct Framer {
    most: usize,
    start: u64,
    held: Vec<u8>,
    /// Bytes skipped so far of an over-long line, whose head is held.
    skipped: Option<u64>,
}

impl Framer {
    /// A framer whose first byte is that at `offset` and whose frames have at most `most` bytes.
    pub fn new(offset: u64, most: usize) -> Self {
        Self { most: most.max(1), start: offset, held: Vec::new(), skipped: None }
    }

    /// Offset of the first byte that no piece has covered yet: a line's beginning.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Offset of the next byte to be read.
    pub fn end(&self) -> u64 {
        self.start + self.held.len() as u64 + self.skipped.unwrap_or(0)
    }

    /// Bytes of memory held for the half line.
    pub fn held(&self) -> usize {
        self.held.capacity()
    }

    /// Lets `read` fill a buffer once and pushes the pieces that this completes. Returns what
    /// `read` returned: 0 bytes at the end of what there is.
    pub fn fill(
        &mut self,
        pool: &Pool,
        pieces: &mut Vec<Piece>,
        read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut buffer = pool.take();
        // The head of an over-long line stays where it is; otherwise what is held goes first.
        let before = if self.skipped.is_some() { 0 } else { self.held.len() };
        let room = if before < BUFFER / 2 { BUFFER - before } else { BUFFER };
        let room = room.min(self.most - before);
        if buffer.len() < before + room {
            buffer.resize(before + room, 0);
        }
        buffer[..before].copy_from_slice(&self.held[..before]);
        let n = match read(&mut buffer[before..before + room]) {
            Ok(n) => n,
            Err(error) => {
                pool.give(buffer);
                return Err(error);
            }
        };
        match self.skipped {
            None => self.cut_up(pool, pieces, buffer, before, before + n),
            Some(skipped) => match memchr(b'\n', &buffer[..n]) {
                None => {
                    self.skipped = Some(skipped + n as u64);
                    pool.give(buffer);
                }
                Some(at) => {
                    self.skipped = Some(skipped + at as u64 + 1);
                    pieces.extend(self.finish());
                    buffer.copy_within(at + 1..n, 0);
                    self.cut_up(pool, pieces, buffer, 0, n - at - 1);
                }
            },
        }
        Ok(n)
    }

    /// Takes over `buffer[..len]`, of which the first `known` bytes hold no line end.
    fn cut_up(
        &mut self,
        pool: &Pool,
        pieces: &mut Vec<Piece>,
        mut buffer: Vec<u8>,
        known: usize,
        len: usize,
    ) {
        let whole = memrchr(b'\n', &buffer[known..len]).map_or(0, |at| known + at + 1);
        // A half line that only grew is already held up to `known`.
        if whole > 0 {
            self.held.clear();
        }
        let have = self.held.len();
        self.held.extend_from_slice(&buffer[whole + have..len]);
        if self.held.capacity() > SMALL && self.held.len() < SMALL / 2 {
            self.held.shrink_to_fit();
        }
        if self.held.len() >= self.most {
            self.skipped = Some(0);
        }
        if whole == 0 {
            pool.give(buffer);
            return;
        }
        let bytes = if whole <= SMALL {
            let bytes = buffer[..whole].to_vec();
            pool.give(buffer);
            bytes
        } else {
            buffer.truncate(whole);
            buffer
        };
        pieces.push(Piece { offset: self.start, bytes, cut: 0 });
        self.start += whole as u64;
    }

    /// Gives up on the end of the held half line: its head is kept, the rest will be skipped. For
    /// when too many sources hold too much.
    pub fn cut_here(&mut self) {
        if !self.held.is_empty() && self.skipped.is_none() {
            self.held.shrink_to_fit();
            self.skipped = Some(0);
        }
    }

    /// The held half line as the last frame: the source ended there.
    pub fn finish(&mut self) -> Option<Piece> {
        let (offset, end) = (self.start, self.end());
        let bytes = std::mem::take(&mut self.held);
        let cut = self.skipped.take().unwrap_or(0);
        self.start = end;
        (!bytes.is_empty()).then_some(Piece { offset, bytes, cut })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds `bytes` in reads of at most the given sizes, in turn.
    fn frames(bytes: &[u8], reads: &[usize], most: usize) -> (Vec<Piece>, Framer) {
        let (pool, mut framer, mut pieces) = (Pool::default(), Framer::new(7, most), Vec::new());
        let (mut at, mut turn) = (0, 0);
        while at < bytes.len() {
            let asked = reads[turn % reads.len()];
            turn += 1;
            at += framer
                .fill(&pool, &mut pieces, |space| {
                    let n = asked.min(space.len()).min(bytes.len() - at);
                    space[..n].copy_from_slice(&bytes[at..at + n]);
                    Ok(n)
                })
                .unwrap();
            assert_eq!(framer.end(), 7 + at as u64);
            assert!(framer.held.len() <= most);
        }
        (pieces, framer)
    }

    /// What the law says, one line at a time: (offset, frame, bytes cut after it).
    fn model(bytes: &[u8], most: usize) -> Vec<(u64, Vec<u8>, u64)> {
        let mut offset = 7;
        let mut all = Vec::new();
        for line in bytes.split_inclusive(|&b| b == b'\n') {
            let kept = line.len().min(most);
            all.push((offset, line[..kept].to_vec(), (line.len() - kept) as u64));
            offset += line.len() as u64;
        }
        all
    }

    fn lines(pieces: &[Piece]) -> Vec<(u64, Vec<u8>, u64)> {
        let mut all = Vec::new();
        for piece in pieces {
            let mut offset = piece.offset;
            for line in piece.bytes.split_inclusive(|&b| b == b'\n') {
                all.push((offset, line.to_vec(), 0));
                offset += line.len() as u64;
            }
            all.last_mut().unwrap().2 = piece.cut;
        }
        all
    }

    proptest! {
        #[test]
        fn frames_depend_on_the_bytes_alone(
            bytes in prop::collection::vec(prop_oneof![3 => Just(b'x'), 1 => Just(b'\n'), 1 => any::<u8>()], 0..400),
            reads in prop::collection::vec(1usize..40, 1..8),
            most in 1usize..30,
        ) {
            let (mut pieces, mut framer) = frames(&bytes, &reads, most);
            let whole = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
            prop_assert_eq!(lines(&pieces), model(&bytes[..whole], most));
            prop_assert_eq!(framer.start(), 7 + whole as u64);
            pieces.extend(framer.finish());
            prop_assert_eq!(lines(&pieces), model(&bytes, most));
            prop_assert_eq!(framer.start(), 7 + bytes.len() as u64);
            prop_assert!(framer.finish().is_none());
        }
    }

    #[test]
    fn big_reads_give_big_pieces_and_small_ones_small_vectors() {
        let text = b"0123456789abcdef0123456789abcde\n".repeat(40_000);
        let (pieces, _) = frames(&text, &[usize::MAX], 1 << 20);
        assert!(pieces.len() <= 6, "{} pieces", pieces.len());
        assert_eq!(pieces.iter().map(|p| p.bytes.len()).sum::<usize>(), text.len());
        let (pieces, _) = frames(b"one\n", &[usize::MAX], 1 << 20);
        assert!(pieces[0].bytes.capacity() < 100);
    }

    #[test]
    fn a_line_longer_than_a_buffer_is_whole_up_to_the_bound() {
        let mut text = vec![b'x'; (1 << 20) - 1];
        text.push(b'\n');
        let (pieces, _) = frames(&text, &[usize::MAX], 1 << 20);
        assert_eq!((pieces.len(), pieces[0].bytes.len(), pieces[0].cut), (1, 1 << 20, 0));
        text.insert(0, b'x');
        text.extend_from_slice(b"next\n");
        let (pieces, framer) = frames(&text, &[usize::MAX], 1 << 20);
        assert_eq!((pieces[0].bytes.len(), pieces[0].cut), (1 << 20, 1));
        assert_eq!((pieces[1].offset, &pieces[1].bytes[..]), (7 + (1 << 20) + 1, &b"next\n"[..]));
        assert_eq!(framer.held(), 0);
    }

    #[test]
    fn a_half_line_given_up_is_cut_where_it_stood() {
        let (pool, mut framer, mut pieces) = (Pool::default(), Framer::new(0, 100), Vec::new());
        let mut feed = |framer: &mut Framer, text: &[u8]| {
            framer
                .fill(&pool, &mut pieces, |space| {
                    space[..text.len()].copy_from_slice(text);
                    Ok(text.len())
                })
                .unwrap();
        };
        feed(&mut framer, b"head");
        framer.cut_here();
        feed(&mut framer, b" tail");
        feed(&mut framer, b" end\nnext\n");
        assert_eq!(lines(&pieces), [(0, b"head".to_vec(), 10), (14, b"next\n".to_vec(), 0)]);
    }
}
