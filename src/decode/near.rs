//! Finding a byte that is mostly near.
//!
//! Keys, ids, numbers and names are 2 to 60 bytes long. `memchr` is the fastest for far bytes, but
//! a call of it costs as much as looking at 40 bytes, and a REPORT asks some 20 times. So the first
//! bytes are looked at here, eight at once in a register, and `memchr` takes the rest.

use memchr::{memchr, memchr2, memchr3};

/// Bytes that are looked at before `memchr` is called; a multiple of eight.
const NEAR: usize = 40;
/// Blocks of sixteen bytes that are looked at before that.
const LATER: usize = 4;
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

/// The first place of `byte` among the first bytes, as many as are looked at without a call; `None`
/// also where there are not that many.
#[inline(always)]
pub fn at_hand(byte: u8, text: &[u8]) -> Option<usize> {
    let wanted = u64::from(byte) * ONES;
    in_chunk(text.first_chunk::<NEAR>()?, |word| zeros(word ^ wanted))
}

/// The same of `a` or `b`.
#[inline(always)]
pub fn either_at_hand(a: u8, b: u8, text: &[u8]) -> Option<usize> {
    let (wanted_a, wanted_b) = (u64::from(a) * ONES, u64::from(b) * ONES);
    in_chunk(text.first_chunk::<NEAR>()?, |word| zeros(word ^ wanted_a) | zeros(word ^ wanted_b))
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

/// Whether a byte ends a JSON string, begins an escape in it, or can't be in it as it ends a line.
#[inline(always)]
fn ends_string(c: u8) -> bool {
    (c == b'"') | (c == b'\\') | (c == b'\n')
}

/// The first place of a quote, a backslash or a line end.
#[inline]
pub fn string_end(text: &[u8]) -> Option<usize> {
    let word_of = |c: u8| u64::from(c) * ONES;
    let in_word =
        |word| zeros(word ^ word_of(b'"')) | zeros(word ^ word_of(b'\\')) | zeros(word ^ word_of(b'\n'));
    find(text, in_word, ends_string, |rest| memchr3(b'"', b'\\', b'\n', rest))
}

/// The same, mostly further away: the name of a log stream has 52 bytes. Sixteen bytes a step,
/// which the compiler turns into a vector instruction each.
#[inline]
pub fn string_end_later(text: &[u8]) -> Option<usize> {
    let in_block = |block: &[u8; 16]| block.iter().fold(false, |found, c| found | ends_string(*c));
    let skipped = text.as_chunks().0.iter().take(LATER).take_while(|block| !in_block(block)).count() * 16;
    string_end(&text[skipped..]).map(|at| skipped + at)
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
            let end = memchr3(b'"', b'\\', b'\n', &text);
            prop_assert_eq!((string_end(&text), string_end_later(&text)), (end, end));
            let first = text.get(..NEAR).unwrap_or_default();
            prop_assert_eq!(at_hand(a, &text), memchr(a, first));
            prop_assert_eq!(either_at_hand(a, b, &text), memchr2(a, b, first));
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
