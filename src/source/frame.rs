//! Bytes to frames (`crate::frame`), cut out of whatever a read happens to return.
//!
//! The law: the frames depend on the bytes alone, never on how they were cut into reads. A line of
//! up to `most` bytes (its line end included) is a frame; of a longer one the first `most` bytes are
//! a frame, the last of its piece, and the rest up to and with the line end is skipped and counted. A
//! JSON value may be [`VALUES`] times as long. Which frames there are is only looked at near the end
//! of what was read, behind the last line end that surely separates two: whoever decodes a piece
//! finds the ones before.

use std::io;

use memchr::{memchr, memrchr};

use super::pool::{BUFFER, Pool};
use crate::frame::{Frame, Scanner, Shape, is_special, last_border};

/// Pieces up to this length are copied into a vector of their own size, so that a followed line of
/// 300 bytes does not travel in a buffer of 256 KiB.
const SMALL: usize = 16 << 10;

/// How much longer than a line a JSON value may be.
pub(super) const VALUES: usize = crate::frame::MOST >> 20;

/// Room for what follows a value of that length and tells that it ends.
const BEHIND: usize = 128;

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

/// What follows whole frames.
enum Then {
    /// The beginning of a frame.
    Held,
    /// More frames, for another piece.
    Again,
    /// A line that is too long and ends here.
    Long(usize),
}

/// Cuts one source's bytes into frames. Between reads it holds only the half frame at the end.
#[derive(Debug)]
pub(super) struct Framer {
    most: usize,
    start: u64,
    held: Vec<u8>,
    /// Bytes skipped so far of an over-long line, whose head is held.
    skipped: Option<u64>,
    scanner: Scanner,
    /// Whether a record may be on any number of lines, as in a table: nothing can be passed over.
    special: bool,
}

impl Framer {
    /// A framer whose first byte is that at `offset` and whose frames have at most `most` bytes.
    pub fn new(offset: u64, most: usize) -> Self {
        let most = most.max(1);
        Self {
            most,
            start: offset,
            held: Vec::new(),
            skipped: None,
            scanner: Scanner::new(most.saturating_mul(VALUES)),
            special: false,
        }
    }

    /// Offset of the first byte that no piece has covered yet: a frame's beginning.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Offset of the next byte to be read.
    pub fn end(&self) -> u64 {
        self.start + self.held.len() as u64 + self.skipped.unwrap_or(0)
    }

    /// Bytes of memory held for the half frame.
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
        // The head of an over-long line stays where it is, and so does the beginning of a long value;
        // otherwise what is held goes first.
        let long = self.held.len() >= BUFFER / 2 && self.scanner.is_open();
        let before = if self.skipped.is_some() || long { 0 } else { self.held.len() };
        let room = if before < BUFFER / 2 { BUFFER - before } else { BUFFER };
        let most = if self.scanner.is_open() { self.most.saturating_mul(VALUES) + BEHIND } else { self.most };
        let room = if self.skipped.is_some() { room } else { room.min(most - self.held.len()) };
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
            None if long => {
                self.held.extend_from_slice(&buffer[..n]);
                pool.give(buffer);
                let held = std::mem::take(&mut self.held);
                let len = held.len();
                self.cut_up(pool, pieces, held, len);
            }
            None => {
                self.held.clear();
                self.cut_up(pool, pieces, buffer, before + n);
            }
            Some(skipped) => match memchr(b'\n', &buffer[..n]) {
                None => {
                    self.skipped = Some(skipped + n as u64);
                    pool.give(buffer);
                }
                Some(at) => {
                    self.skipped = Some(skipped + at as u64 + 1);
                    pieces.extend(self.finish());
                    buffer.copy_within(at + 1..n, 0);
                    self.cut_up(pool, pieces, buffer, n - at - 1);
                }
            },
        }
        Ok(n)
    }

    /// Takes over `buffer[..len]`, which begins with what was held.
    fn cut_up(&mut self, pool: &Pool, pieces: &mut Vec<Piece>, mut buffer: Vec<u8>, len: usize) {
        let mut from = 0;
        let (whole, cut) = loop {
            let (whole, then) = self.whole(&buffer[from..len]);
            // A line that is too long was not known to be one while it could have been a value.
            let (head, end) = match then {
                Then::Held => break (from + whole, 0),
                Then::Again => (from + whole, from + whole),
                Then::Long(end) => (from + whole + self.most, from + end),
            };
            let cut = end - head;
            if end == len {
                break (head, cut);
            }
            let bytes = buffer[from..head].to_vec();
            pieces.push(Piece { offset: self.start, bytes, cut: cut as u64 });
            self.scanner.rebase(end - from);
            self.start += (end - from) as u64;
            from = end;
        };
        let next = whole + cut;
        self.scanner.rebase(next - from);
        if next == 0 && len >= BUFFER / 2 && self.scanner.is_open() {
            buffer.truncate(len);
            self.held = buffer;
            return;
        }
        let rest = &buffer[next..len];
        if rest.len() >= self.most && !self.scanner.is_open() {
            self.skipped = Some((rest.len() - self.most) as u64);
            self.scanner.forget();
        }
        let kept = rest.len() - self.skipped.map_or(0, |skipped| skipped as usize);
        self.held.extend_from_slice(&rest[..kept]);
        if whole == from {
            pool.give(buffer);
            return;
        }
        let bytes = if whole - from <= SMALL || from > 0 {
            let bytes = buffer[from..whole].to_vec();
            pool.give(buffer);
            bytes
        } else {
            buffer.truncate(whole);
            buffer
        };
        pieces.push(Piece { offset: self.start, bytes, cut: cut as u64 });
        self.start += (next - from) as u64;
    }

    /// How many bytes at the front of `bytes` are whole frames that may be in one piece, and what
    /// follows them.
    fn whole(&mut self, bytes: &[u8]) -> (usize, Then) {
        if self.start == 0 {
            self.special = is_special(bytes);
        }
        let mut at = 0;
        if bytes.len() <= self.most
            && !self.special
            && let Some(border) = last_border(bytes)
        {
            self.scanner.pass(border);
            at = border;
        }
        while at < bytes.len()
            && let Some(Frame { shape, end }) = self.scanner.next(bytes, at, false)
        {
            match shape {
                // Whoever sees it with its first parts must not take it for a shorter value.
                Shape::Opening => return (end, Then::Again),
                Shape::Text | Shape::Broken(_) if end - at > self.most => return (at, Then::Long(end)),
                _ => at = end,
            }
        }
        (at, Then::Held)
    }

    /// Gives up on the end of the held half line: its head is kept, the rest will be skipped. For
    /// when too many sources hold too much.
    pub fn cut_here(&mut self) {
        if !self.held.is_empty() && self.skipped.is_none() {
            self.held.shrink_to_fit();
            if memchr(b'\n', &self.held).is_some() {
                // The lines of what may have been a value come out with the next read.
                self.scanner.give_up();
            } else {
                self.skipped = Some(0);
                self.scanner.forget();
            }
        }
    }

    /// The whole lines of a half frame, as text: what it may have been the beginning of does not come.
    pub fn let_go(&mut self) -> Option<Piece> {
        let whole = memrchr(b'\n', &self.held).filter(|_| self.skipped.is_none())? + 1;
        self.scanner.forget();
        let rest = self.held.split_off(whole);
        let bytes = std::mem::replace(&mut self.held, rest);
        let offset = self.start;
        self.start += whole as u64;
        Some(Piece { offset, bytes, cut: 0 })
    }

    /// The held half frame as the last piece: the source ended there.
    pub fn finish(&mut self) -> Option<Piece> {
        let (offset, end) = (self.start, self.end());
        self.scanner.forget();
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
        }
        (pieces, framer)
    }

    /// The frames of some bytes, whatever their lengths.
    fn split(bytes: &[u8], most: usize) -> Vec<(usize, Frame)> {
        let (mut scanner, mut at, mut all) = (Scanner::new(most * VALUES), 0, Vec::new());
        while at < bytes.len() {
            let frame = scanner.next(bytes, at, true).unwrap();
            all.push((at, frame));
            at = frame.end;
        }
        all
    }

    /// What the law says, one frame at a time: (offset, frame, bytes cut after it).
    fn model(bytes: &[u8], most: usize) -> Vec<(u64, Vec<u8>, u64)> {
        let kept = |(at, Frame { shape, end }): (usize, Frame)| {
            let may_be_long = matches!(shape, Shape::Value | Shape::Opening);
            let kept = if may_be_long { end - at } else { (end - at).min(most) };
            (7 + at as u64, bytes[at..at + kept].to_vec(), (end - at - kept) as u64)
        };
        split(bytes, most).into_iter().map(kept).collect()
    }

    /// The same of pieces.
    fn framed(pieces: &[Piece], most: usize) -> Vec<(u64, Vec<u8>, u64)> {
        let mut all: Vec<(u64, Vec<u8>, u64)> = Vec::new();
        for piece in pieces {
            // The head of an over-long line is one frame.
            let head = piece.bytes.iter().rposition(|c| *c == b'\n').map_or(0, |at| at + 1);
            let whole = if piece.cut > 0 { head } else { piece.bytes.len() };
            for (at, Frame { end, .. }) in split(&piece.bytes[..whole], most) {
                all.push((piece.offset + at as u64, piece.bytes[at..end].to_vec(), 0));
            }
            if piece.cut > 0 {
                all.push((piece.offset + whole as u64, piece.bytes[whole..].to_vec(), piece.cut));
            }
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
            parts in prop::collection::vec(prop_oneof![
                Just("x"), Just("\n"), Just("\r\n"), Just(" "), Just("{"), Just("}"), Just("["), Just("]"),
                Just(","), Just(":"), Just("\"a\""), Just("1"), Just("true"), Just("{\"a\":1}\n"), Just("}\n{"),
                Just("{\n"), Just("}\n"), Just("[\n"), Just("],\n"), Just("\"k\": {\n"), Just("\"half"), Just("[INFO]\tx\n"),
                Just("REPORT RequestId: x\n"), Just("Duration: 2 ms\n"), Just("START RequestId: x Version: 1\n"),
                Just("2023-07-05T10:16:34Z 2023/07/05/[1]ab \n"), Just("2023-07-05T10:16:34Z 2023/07/05/[1]ab hello\n"),
                Just("2023/07/05/[1]ab 2023-07-05T10:16:34 {\n"), Just("2024-02-25T14:36:29.024-05:00\n"),
            ], 0..60),
            reads in prop::collection::vec(1usize..40, 1..8),
            // What is longer than a line may be is in the property below.
            most in 2_000usize..4_000,
        ) {
            let bytes = parts.concat().into_bytes();
            let (mut pieces, mut framer) = frames(&bytes, &reads, most);
            let before = framed(&pieces, most);
            let want = model(&bytes, most);
            prop_assert!(before.len() <= want.len(), "{:?} {:?}", before, want);
            prop_assert_eq!(&before[..], &want[..before.len()]);
            prop_assert!(framer.held.len() <= most * VALUES + BEHIND);
            // What is held is the last frame, but where it is a value that turns out to be none.
            pieces.extend(framer.finish());
            let bytes_of = |frames: &[(u64, Vec<u8>, u64)]| frames.iter().map(|f| f.1.len() as u64 + f.2).sum::<u64>();
            prop_assert_eq!(bytes_of(&framed(&pieces, most)), bytes.len() as u64);
            prop_assert_eq!(framer.start(), 7 + bytes.len() as u64);
            prop_assert!(framer.finish().is_none());
        }

        #[test]
        fn lines_depend_on_the_bytes_alone(
            bytes in prop::collection::vec(prop_oneof![3 => Just(b'x'), 1 => Just(b'\n'), 1 => 0x80u8..], 0..400),
            reads in prop::collection::vec(1usize..40, 1..8),
            most in 1usize..30,
        ) {
            let (mut pieces, mut framer) = frames(&bytes, &reads, most);
            let whole = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
            prop_assert_eq!(framed(&pieces, most), model(&bytes[..whole], most));
            prop_assert_eq!(framer.start(), 7 + whole as u64);
            pieces.extend(framer.finish());
            prop_assert_eq!(framed(&pieces, most), model(&bytes, most));
        }
    }

    #[test]
    fn a_value_over_several_reads_and_lines_is_one_frame() {
        let value = format!("{{\n \"a\": [\n{}\n 1\n ]\n}}\n", "  \"x\",\n".repeat(300_000));
        let text = format!("one\n{value}{{\"b\":2}}\ntwo\n");
        let (pieces, framer) = frames(text.as_bytes(), &[usize::MAX], 1 << 20);
        let framed = framed(&pieces, 1 << 20);
        let at: Vec<_> = framed.iter().map(|(offset, bytes, cut)| (*offset, bytes.len(), *cut)).collect();
        assert_eq!(
            at,
            [
                (7, 4, 0),
                (11, value.len(), 0),
                (11 + value.len() as u64, 8, 0),
                (19 + value.len() as u64, 4, 0)
            ]
        );
        assert_eq!(framer.held(), 0);
    }

    #[test]
    fn half_a_value_can_be_let_go_as_text() {
        let (mut pieces, mut framer) = frames(b"one\n{\n \"a\": 1,\n \"b", &[usize::MAX], 1 << 20);
        assert_eq!(lines(&pieces), [(7, b"one\n".to_vec(), 0)]);
        pieces = framer.let_go().into_iter().collect();
        assert_eq!(lines(&pieces), [(11, b"{\n".to_vec(), 0), (13, b" \"a\": 1,\n".to_vec(), 0)]);
        assert!(framer.let_go().is_none());
        assert_eq!(framer.finish().unwrap().bytes, b" \"b");
    }

    #[test]
    fn of_a_value_that_is_too_long_the_parts_are_frames() {
        let part = "{\"timestamp\":1,\"message\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}";
        for (separator, head) in [(",", "{\"events\":["), (",\n    ", "{\n  \"events\": [\n    ")] {
            let text = format!("{head}{}]}}\n", vec![part; 5_000].join(separator));
            let (mut pieces, mut framer) = frames(text.as_bytes(), &[100_000], 1 << 10);
            pieces.extend(framer.finish());
            let parts = framed(&pieces, 1 << 10);
            let whole =
                parts.iter().filter(|(_, bytes, _)| String::from_utf8_lossy(bytes).contains(part)).count();
            let sizes: Vec<_> = parts.iter().map(|(at, bytes, cut)| (*at, bytes.len(), *cut)).collect();
            assert_eq!(whole, 5_000, "{:?}", &sizes[sizes.len().saturating_sub(5)..]);
            assert!(parts.iter().all(|(_, _, cut)| *cut == 0));
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
