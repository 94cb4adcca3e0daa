//! Finding a byte that is mostly near.
//!
//! Keys, ids, numbers and names are 2 to 60 bytes long. `memchr` is the fastest for far bytes, but
//! a call of it costs as much as looking at 40 bytes, and a REPORT asks some 20 times. So the first
//! bytes are looked at here, eight at once in a register, and `memchr` takes the rest.

use memchr::{memchr, memchr2};
use wide::u8x16;

/// Bytes that are looked at before `memchr` is called; a multiple of eight.
const NEAR: usize = 40;
/// Bytes in a vector register.
pub const BLOCK: usize = 16;
const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// The top bit of each zero byte. Above the lowest of them there may be others that are wrong, so
/// only the lowest counts; that of two such words is the lowest of both.
#[inline(always)]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & TOPS
}

/// The first place of `byte`.
#[inline]
pub fn byte(byte: u8, text: &[u8]) -> Option<usize> {
    let wanted = u64::from(byte) * ONES;
    find(text, |word| zeros(word ^ wanted), |c| c == byte, |rest| memchr(byte, rest))
}

/// The first place of `a` or `b`.
#[inline]
pub fn either(a: u8, b: u8, text: &[u8]) -> Option<usize> {
    let (wanted_a, wanted_b) = (u64::from(a) * ONES, u64::from(b) * ONES);
    let in_word = |word| zeros(word ^ wanted_a) | zeros(word ^ wanted_b);
    find(text, in_word, |c| c == a || c == b, |rest| memchr2(a, b, rest))
}

/// The first place of any of some bytes among the first 48; `None` also where there are not that
/// many.
#[inline(always)]
pub fn at_hand<const N: usize>(any: [u8; N], text: &[u8]) -> Option<usize> {
    for (at, block) in text.first_chunk::<{ 3 * BLOCK }>()?.as_chunks::<BLOCK>().0.iter().enumerate() {
        if let Some(first) = first_in(any, block) {
            return Some(at * BLOCK + first);
        }
    }
    None
}

/// The first place of any of some bytes.
#[inline(always)]
pub fn first_in<const N: usize>(any: [u8; N], block: &[u8; BLOCK]) -> Option<usize> {
    let block = u8x16::new(*block);
    let found = any.iter().fold(u8x16::ZERO, |found, c| found | block.simd_eq(u8x16::splat(*c)));
    first_of(found.to_bitmask())
}

#[inline(always)]
fn in_chunk(text: &[u8; NEAR], in_word: impl Fn(u64) -> u64) -> Option<usize> {
    // Without a length to look at there are no loops.
    for (at, word) in text.as_chunks::<8>().0.iter().enumerate() {
        let found = in_word(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(at * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    None
}

/// What ends a JSON string, begins an escape in it, or can't be in it: a quote, a backslash, a line
/// end.
pub const STRING_END: [u8; 3] = [b'"', b'\\', b'\n'];

/// The first place of one of [`STRING_END`]. Sixteen bytes a step: the name of a log stream has 52.
#[inline]
pub fn string_end(text: &[u8]) -> Option<usize> {
    let (blocks, last) = text.as_chunks::<BLOCK>();
    for (at, block) in blocks.iter().enumerate() {
        if let Some(first) = first_in(STRING_END, block) {
            return Some(at * BLOCK + first);
        }
    }
    let last = last.iter().position(|c| STRING_END.contains(c))?;
    Some(blocks.len() * BLOCK + last)
}

/// Whether none of [`STRING_END`] is among 24 bytes, which a time has.
#[inline(always)]
pub fn inside_string(text: &[u8; 24]) -> bool {
    // The two blocks overlap.
    let blocks = [text.first_chunk(), text.last_chunk()];
    blocks.into_iter().flatten().all(|block| first_in(STRING_END, block).is_none())
}

/// The lowest bit that is set.
#[inline(always)]
pub fn first_of(bits: u32) -> Option<usize> {
    (bits != 0).then(|| bits.trailing_zeros() as usize)
}

#[inline(always)]
fn find(
    text: &[u8],
    in_word: impl Fn(u64) -> u64,
    is: impl Fn(u8) -> bool,
    far: impl FnOnce(&[u8]) -> Option<usize>,
) -> Option<usize> {
    // In most texts there is more than that.
    if let Some(near) = text.first_chunk::<NEAR>() {
        return in_chunk(near, in_word).or_else(|| far(&text[NEAR..]).map(|at| NEAR + at));
    }
    let (words, last) = text.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let found = in_word(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(at * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    last.iter().position(|c| is(*c)).map(|at| words.len() * 8 + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_memchr_finds(
            text in proptest::collection::vec(prop_oneof![any::<u8>(), 0x20u8..0x24, Just(0x5c), Just(0xff), Just(0)], 0..200),
            a in prop_oneof![any::<u8>(), 0x20u8..0x24, Just(0x5c)],
            b in prop_oneof![any::<u8>(), 0x20u8..0x24, Just(0x5c)],
        ) {
            prop_assert_eq!(byte(a, &text), memchr(a, &text));
            prop_assert_eq!(either(a, b, &text), memchr2(a, b, &text));
            let end = memchr::memchr3(b'"', b'\\', b'\n', &text);
            prop_assert_eq!(string_end(&text), end);
            let first = text.get(..48).unwrap_or_default();
            prop_assert_eq!(at_hand([a], &text), memchr(a, first));
            prop_assert_eq!(at_hand([a, b], &text), memchr2(a, b, first));
        }
    }

    #[test]
    fn finds_at_every_distance() {
        for at in 0..200 {
            let mut text = vec![b'x'; 200];
            text[at] = b'"';
            assert_eq!((byte(b'"', &text), either(b'\\', b'"', &text)), (Some(at), Some(at)));
            assert_eq!(byte(b'"', &text[..at]), None);
        }
    }
}
