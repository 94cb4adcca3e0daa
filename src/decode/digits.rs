//! Decimal digits, several at once in a register: a digit a step, each waiting for the last, takes
//! thirteen multiplications for the time of every line.

const LOW: u64 = 0x0f0f_0f0f_0f0f_0f0f;
const ZEROS: u64 = 0x3030_3030_3030_3030;
const SIXES: u64 = 0x0606_0606_0606_0606;

/// The number that eight digits print.
#[inline(always)]
pub fn eight(text: [u8; 8]) -> Option<u32> {
    let word = u64::from_le_bytes(text);
    // `0` to `9` are 0x30 to 0x39: the high half is 3, also of the digit plus 6.
    if (word & !LOW) ^ ZEROS | (word.wrapping_add(SIXES) & !LOW) ^ ZEROS != 0 {
        return None;
    }
    // Digits to pairs, pairs to fours, fours to eight: the first digit is the lowest byte.
    let pairs = (word & LOW).wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    Some((fours.wrapping_mul(10_000 << 32 | 1) >> 32) as u32)
}

/// The number that thirteen digits print: a time in ms from 2001 to 2286.
#[inline(always)]
pub fn thirteen(text: &[u8; 13]) -> Option<i64> {
    // The last eight overlap the first by three.
    let (first, last) = (eight(*text.first_chunk()?)?, eight(*text.last_chunk()?)?);
    Some(i64::from(first) * 100_000 + i64::from(last % 100_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_parse_reads(text in proptest::collection::vec(prop_oneof![20 => b'0'..=b'9', 1 => any::<u8>()], 13)) {
            let parse = |text: &[u8]| {
                let digits = text.iter().all(u8::is_ascii_digit);
                std::str::from_utf8(text).ok().filter(|_| digits).and_then(|text| text.parse::<i64>().ok())
            };
            prop_assert_eq!(eight(*text.first_chunk().unwrap()).map(i64::from), parse(&text[..8]));
            prop_assert_eq!(thirteen(text.first_chunk().unwrap()), parse(&text));
        }
    }
}
