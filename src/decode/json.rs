//! A cursor over JSON text that allocates nothing and walks no value twice.
//!
//! CloudWatch stores a JSON log record as a JSON *string*, so that in a capture every quote of the
//! record is written `\"`. `Cursor<true>` walks such text as it lies (`ESC`), `Cursor<false>` plain
//! JSON. Where the text uses an escape that changes the structure (`\u0022`, a line break between
//! members) the first says [`Stop::Unusual`], and the caller unescapes the whole and walks that.

use memchr::memchr;
use wide::u8x16;

use super::Arena;
use super::near::{self, BLOCK};
use crate::model::{Micros, Text};

/// Why a walk ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Not JSON, from this byte on.
    Broken(usize),
    /// Not to be walked while escaped; unescape first.
    Unusual,
}

type Walk<T> = Result<T, Stop>;

/// A position in JSON text.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a, const ESC: bool> {
    rest: &'a [u8],
    /// Length of the whole text.
    length: usize,
}

impl<'a, const ESC: bool> Cursor<'a, ESC> {
    /// A cursor at the first byte.
    pub fn new(text: &'a [u8]) -> Self {
        Self { rest: text, length: text.len() }
    }

    /// How far it has come, in bytes.
    pub fn at(&self) -> usize {
        self.length - self.rest.len()
    }

    /// The text from here on.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Passes over so many bytes, whatever they are.
    pub fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn stop<T>(&self) -> Walk<T> {
        if ESC { Err(Stop::Unusual) } else { Err(Stop::Broken(self.at())) }
    }

    /// The next byte after white space, not consumed. At the end of the text it is 0.
    #[inline]
    pub fn peek(&mut self) -> u8 {
        match self.rest.first() {
            Some(c) if *c > b' ' => *c,
            _ => self.peek_after_space(),
        }
    }

    fn peek_after_space(&mut self) -> u8 {
        while let [c, rest @ ..] = self.rest {
            if !matches!(c, b' ' | b'\n' | b'\t' | b'\r') {
                return *c;
            }
            self.rest = rest;
        }
        0
    }

    #[inline]
    fn expect(&mut self, c: u8) -> Walk<()> {
        if self.peek() == c {
            self.rest = &self.rest[1..];
            return Ok(());
        }
        self.stop()
    }

    #[inline]
    fn opening_quote(&mut self) -> bool {
        self.peek();
        let quote: &[u8] = if ESC { b"\\\"" } else { b"\"" };
        let rest = self.rest.strip_prefix(quote);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Enters an object: consumes `{`.
    pub fn object(&mut self) -> Walk<()> {
        self.expect(b'{')
    }

    /// The next key of the object, up to and with the colon; `None` at its end, which it consumes.
    /// `first` starts as true for each object. An escaped key is nobody's known key, even if it
    /// spells one: too odd to care.
    #[inline]
    pub fn key(&mut self, first: &mut bool) -> Walk<Option<&'a [u8]>> {
        if let Some(key) = self.usual_key(first) {
            return Ok(Some(key));
        }
        if self.peek() == b'}' {
            self.rest = &self.rest[1..];
            return Ok(None);
        }
        if !std::mem::take(first) {
            self.expect(b',')?;
        }
        let key = self.string()?;
        self.expect(b':')?;
        Ok(Some(key))
    }

    /// A key without white space around it and without escapes, which most are.
    #[inline]
    fn usual_key(&mut self, first: &mut bool) -> Option<&'a [u8]> {
        let rest = super::short_cuts().then_some(self.rest)?;
        let rest = if *first { rest } else { rest.strip_prefix(b",")? };
        let (key, rest) = short_string::<ESC>(rest)?;
        self.rest = rest.strip_prefix(b":")?;
        *first = false;
        Some(key)
    }

    /// The string that follows `key`, which is given with its quotes, its colon and what stands before
    /// it, where all of it is written without blanks and escapes. The cursor moves only if it is there.
    #[inline(always)]
    pub fn usual_member(&mut self, key: &[u8]) -> Option<&'a [u8]> {
        let rest = super::short_cuts().then_some(self.rest)?.strip_prefix(key)?;
        let (string, rest) = short_string::<ESC>(rest)?;
        self.rest = rest;
        Some(string)
    }

    /// A string's bytes between its quotes, still escaped.
    #[inline]
    pub fn string(&mut self) -> Walk<&'a [u8]> {
        if super::short_cuts()
            && let Some((string, rest)) = short_string::<ESC>(self.rest)
        {
            self.rest = rest;
            return Ok(string);
        }
        self.any_string()
    }

    fn any_string(&mut self) -> Walk<&'a [u8]> {
        if !self.opening_quote() {
            return self.stop();
        }
        let text = self.rest;
        let mut from = if ESC { 0 } else { calm(text) };
        loop {
            let rest = text.get(from..).unwrap_or_default();
            if ESC {
                let Some(back) = near::byte(b'\\', rest) else { return self.stop() };
                match rest.get(back + 1) {
                    Some(b'"') => {
                        self.rest = &rest[back + 2..];
                        return Ok(&text[..from + back]);
                    }
                    // An escape inside the inner string: `\\n`, `\\u00e9`, `\\\"`, `\\\\`.
                    Some(b'\\') => match rest.get(back + 2) {
                        Some(b'\\') if matches!(rest.get(back + 3), Some(b'"' | b'\\')) => from += back + 4,
                        Some(b'\\') | None => return self.stop(),
                        Some(_) => from += back + 3,
                    },
                    _ => return self.stop(),
                }
            } else {
                match near::either(b'"', b'\\', rest) {
                    Some(end) if rest[end] == b'"' => {
                        self.rest = &rest[end + 1..];
                        return Ok(&text[..from + end]);
                    }
                    Some(back) if back + 1 < rest.len() => from += back + 2,
                    _ => {
                        self.rest = &[];
                        return self.stop();
                    }
                }
            }
        }
    }

    /// The string as text, or `None` if the value is none; it is consumed in any case.
    pub fn text(&mut self, arena: &'a Arena) -> Walk<Option<Text<'a>>> {
        if self.at_string() {
            return self.string().map(|raw| Some(text::<ESC>(raw, arena)));
        }
        self.skip().map(|()| None)
    }

    /// Whether a string comes next.
    #[inline]
    pub fn at_string(&mut self) -> bool {
        self.peek() == if ESC { b'\\' } else { b'"' }
    }

    /// A number's digits, or of a string that holds a number; `None` for other values.
    pub fn number(&mut self) -> Walk<Option<&'a [u8]>> {
        if self.at_string() {
            return self.string().map(Some);
        }
        match self.digits() {
            Some(digits) => Ok(Some(digits)),
            None => self.skip().map(|()| None),
        }
    }

    /// A number's digits, if one comes next.
    pub fn digits(&mut self) -> Option<&'a [u8]> {
        if !matches!(self.peek(), b'-' | b'0'..=b'9') {
            return None;
        }
        let more = |c: &u8| matches!(c, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
        let end = self.rest.iter().position(|c| !more(c)).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(digits)
    }

    /// Passes over a value of any kind. Keeps no stack, so depth costs nothing.
    pub fn skip(&mut self) -> Walk<()> {
        match self.peek() {
            b'{' | b'[' => {}
            b'"' | b'\\' => return self.string().map(|_| ()),
            0 => return self.stop(),
            _ => {
                let more = |c: &u8| c.is_ascii_alphanumeric() || b"+-.".contains(c);
                let end = self.rest.iter().position(|c| !more(c)).unwrap_or(self.rest.len());
                self.rest = &self.rest[end..];
                return if end > 0 { Ok(()) } else { self.stop() };
            }
        }
        let mut depth = 0u32;
        while let [c, rest @ ..] = self.rest {
            match c {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.rest = rest;
                        return Ok(());
                    }
                }
                b'"' | b'\\' if !ESC || *c == b'\\' => {
                    self.string()?;
                    continue;
                }
                _ => {}
            }
            self.rest = rest;
        }
        self.stop()
    }
}

/// A string without escapes that comes next, and what follows it.
#[inline(always)]
fn short_string<const ESC: bool>(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let quote: &[u8] = if ESC { b"\\\"" } else { b"\"" };
    let text = text.strip_prefix(quote)?;
    let end = if ESC { near::string_end(text) } else { near::either(b'"', b'\\', text) }?;
    let (string, rest) = text.split_at(end);
    Some((string, rest.strip_prefix(quote)?))
}

/// Where the JSON string ends that `text` begins with, its quote, if it has no other escapes than
/// `\"`, `\n` and `\t` and no line ends with it open; `None` means "look closer".
pub fn plain_escapes(text: &[u8]) -> Option<usize> {
    let [quote, back, line, n, t] = [b'"', b'\\', b'\n', b'n', b't'].map(u8x16::splat);
    // A quote without a backslash before it, or a backslash that is before no quote and none of the
    // two letters.
    closing(text, |before, at| {
        let quoted = at.simd_eq(quote) ^ before.simd_eq(back);
        (quoted & !(at.simd_eq(n) | at.simd_eq(t))) | at.simd_eq(line)
    })
}

/// The same of a string in which no backslash is escaped. Asks less than [`plain_escapes`].
pub fn single_escapes(text: &[u8]) -> Option<usize> {
    let [quote, back, line] = [b'"', b'\\', b'\n'].map(u8x16::splat);
    closing(text, |before, at| {
        let escaped = before.simd_eq(back);
        (at.simd_eq(quote) & !escaped) | (at.simd_eq(back) & escaped) | at.simd_eq(line)
    })
}

/// The place of the quote that closes the string which `text` begins with, if it is the first byte
/// of which `odd` says so, given with the one before it: it must say so of that quote and of line
/// ends.
#[inline(always)]
fn closing(text: &[u8], odd: impl Fn(u8x16, u8x16) -> u8x16) -> Option<usize> {
    const STEP: usize = 2 * BLOCK;
    let mut rest = text;
    let at = loop {
        let Some(block) = rest.first_chunk::<{ STEP + 1 }>() else { break last_odd(rest, &odd)? };
        let of = |from: usize| u8x16::new(std::array::from_fn(|i| block[from + i]));
        let (low, high) = (odd(of(0), of(1)), odd(of(BLOCK), of(BLOCK + 1)));
        if let Some(first) = near::first_of(low.to_bitmask() | high.to_bitmask() << BLOCK) {
            break 1 + first;
        }
        rest = &rest[STEP..];
    } + text.len()
        - rest.len();
    (text[at] == b'"').then_some(at)
}

/// The same of what is less than a step: there are no odd bytes behind it.
#[cold]
fn last_odd(rest: &[u8], odd: impl Fn(u8x16, u8x16) -> u8x16) -> Option<usize> {
    let mut padded = [0; 3 * BLOCK];
    padded[..rest.len()].copy_from_slice(rest);
    let of = |from: usize| u8x16::new(std::array::from_fn(|i| padded[from + i]));
    let (low, high) = (odd(of(0), of(1)), odd(of(BLOCK), of(BLOCK + 1)));
    let first = 1 + near::first_of(low.to_bitmask() | high.to_bitmask() << BLOCK)?;
    (first < rest.len()).then_some(first)
}

/// How many bytes at the front of `text`, the inside of a JSON string and what follows it, surely
/// belong to the string. A record inside a string has an escape every eight bytes, and to stop at
/// each takes longer than all else.
fn calm(text: &[u8]) -> usize {
    const BLOCK: usize = 32;
    let mut n = 0;
    while text.first() != Some(&b'"')
        && let (Some(before), Some(after)) = (
            text.get(n..).and_then(<[u8]>::first_chunk::<BLOCK>),
            text.get(n + 1..).and_then(<[u8]>::first_chunk::<BLOCK>),
        )
        && single_block(before, after) == [0; BLOCK]
    {
        n += BLOCK;
    }
    // The last one may be a backslash and belong to what follows.
    n - usize::from(n > 0 && text[n - 1] == b'\\')
}

fn single_block<const N: usize>(before: &[u8; N], after: &[u8; N]) -> [u8; N] {
    std::array::from_fn(|i| u8::from(doubtful(before[i], after[i])))
}

/// A quote without a backslash before it, or a backslash that may be escaped itself.
#[inline(always)]
fn doubtful(before: u8, at: u8) -> bool {
    ((at == b'"') & (before != b'\\')) | ((at == b'\\') & (before == b'\\'))
}

/// The string between its quotes: unescaped once, or twice where it lay in another string. Broken
/// escapes stay as they are: a record is not lost for them.
#[inline]
pub fn text<'a, const ESC: bool>(raw: &'a [u8], arena: &'a Arena) -> Text<'a> {
    if near::byte(b'\\', raw).is_none() { raw } else { unescaped::<ESC>(raw, arena) }
}

#[cold]
fn unescaped<'a, const ESC: bool>(raw: &[u8], arena: &'a Arena) -> Text<'a> {
    let once = unescape(raw);
    if !ESC || memchr(b'\\', &once).is_none() { arena.text(&once) } else { arena.text(&unescape(&once)) }
}

/// Undoes one level of JSON string escapes.
pub fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(back) = memchr(b'\\', &raw[at..]) {
        out.extend_from_slice(&raw[at..at + back]);
        at += back + 1;
        let Some(&c) = raw.get(at) else {
            out.push(b'\\');
            break;
        };
        at += 1;
        match c {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'"' | b'\\' | b'/' => out.push(c),
            b'u' => match code_point(&raw[at..]) {
                Some((char, len)) => {
                    out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                    at += len;
                }
                None => out.extend_from_slice(b"\\u"),
            },
            _ => out.extend_from_slice(&[b'\\', c]),
        }
    }
    out.extend_from_slice(raw.get(at..).unwrap_or_default());
    out
}

/// The code point after `\u`, with the second half of a surrogate pair, and its length in bytes.
fn code_point(raw: &[u8]) -> Option<(char, usize)> {
    let unit = |at: usize| -> Option<u32> {
        let hex = std::str::from_utf8(raw.get(at..at + 4)?).ok()?;
        hex.bytes().all(|c| c.is_ascii_hexdigit()).then(|| u32::from_str_radix(hex, 16).ok())?
    };
    let high = unit(0)?;
    if (0xd800..0xdc00).contains(&high)
        && raw.get(4..6) == Some(b"\\u")
        && let Some(low @ 0xdc00..0xe000) = unit(6)
    {
        return char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)).map(|c| (c, 10));
    }
    Some((char::from_u32(high).unwrap_or('\u{fffd}'), 4))
}

/// Decimal milliseconds (`2.75`, `30000`, `1.5E3`) as a duration; negative and unreadable are `None`.
pub fn micros(digits: &[u8]) -> Option<Micros> {
    let mut us = 0u64;
    let mut at = 0;
    while let Some(c @ b'0'..=b'9') = digits.get(at) {
        us = us.saturating_mul(10).saturating_add(u64::from(c - b'0') * 1_000);
        at += 1;
    }
    if at == 0 {
        return None;
    }
    if digits.get(at) == Some(&b'.') {
        at += 1;
        let mut scale = 100;
        while let Some(c @ b'0'..=b'9') = digits.get(at) {
            us = us.saturating_add(u64::from(c - b'0') * scale);
            scale /= 10;
            at += 1;
        }
    }
    if at < digits.len() {
        let ms: f64 = std::str::from_utf8(digits).ok()?.trim().parse().ok()?;
        return (ms >= 0.0).then_some(Micros((ms * 1_000.0).round() as u32));
    }
    Some(Micros(u32::try_from(us).unwrap_or(u32::MAX)))
}

/// A whole number (`128`, `128.0`, `1.28E2`), rounded down; negative and unreadable are `None`.
pub fn whole(digits: &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for &c in digits {
        if !c.is_ascii_digit() {
            let number: f64 = std::str::from_utf8(digits).ok()?.trim().parse().ok()?;
            return (number >= 0.0).then_some(number as u64);
        }
        value = value.checked_mul(10)?.checked_add(u64::from(c - b'0'))?;
    }
    (!digits.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_that_is_too_large_is_the_largest() {
        assert_eq!(micros(b"99999999999999999999999.9"), Some(Micros(u32::MAX)));
        assert_eq!(micros(b"18446744073709551.615"), Some(Micros(u32::MAX)));
        assert_eq!(micros(b"2.75"), Some(Micros(2_750)));
    }

    fn keys<const ESC: bool>(text: &[u8]) -> Walk<Vec<String>> {
        let mut cursor = Cursor::<ESC>::new(text);
        cursor.object()?;
        let (mut first, mut out) = (true, Vec::new());
        while let Some(key) = cursor.key(&mut first)? {
            out.push(String::from_utf8_lossy(key).into_owned());
            cursor.skip()?;
        }
        Ok(out)
    }

    #[test]
    fn walks_an_object_plain_and_escaped() {
        let plain = br#"{ "a" : {"x":[1,{"y":"}"}]}, "b":"q\"\\", "c":null,"d":-1.5E3 }"#;
        assert_eq!(keys::<false>(plain).unwrap(), ["a", "b", "c", "d"]);
        let inside = serde_json::to_string(std::str::from_utf8(plain).unwrap()).unwrap();
        assert_eq!(keys::<true>(&inside.as_bytes()[1..inside.len() - 1]).unwrap(), ["a", "b", "c", "d"]);
    }

    #[test]
    fn says_where_it_is_broken() {
        for (text, at) in [("{\"a\":1", 6), ("{\"a\" 1}", 5), ("{\"a\":1,}", 7), ("{\"a\":\"x", 7), ("", 0)] {
            assert_eq!(keys::<false>(text.as_bytes()), Err(Stop::Broken(at)), "{text}");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(keys::<false>(deep.as_bytes()).unwrap(), ["a"]);
    }

    #[test]
    fn reads_numbers_as_they_occur() {
        assert_eq!(micros(b"2.75"), Some(Micros(2_750)));
        assert_eq!(micros(b"30000"), Some(Micros(30_000_000)));
        assert_eq!(micros(b"12.3456"), Some(Micros(12_345)));
        assert_eq!(micros(b"1.5E3"), Some(Micros(1_500_000)));
        assert_eq!(micros(b"99999999999"), Some(Micros(u32::MAX)));
        assert_eq!((micros(b"-1"), micros(b""), micros(b"x")), (None, None, None));
        assert_eq!(
            (whole(b"128"), whole(b"128.0"), whole(b"1.28E2"), whole(b"-3")),
            (Some(128), Some(128), Some(128), None)
        );
    }

    proptest! {
        #[test]
        fn unescapes_like_serde(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let raw = &json.as_bytes()[1..json.len() - 1];
            let arena = Arena::new();
            prop_assert_eq!(super::text::<false>(raw, &arena), text.as_bytes());
            let twice = serde_json::to_string(&json[1..json.len() - 1]).unwrap();
            prop_assert_eq!(super::text::<true>(&twice.as_bytes()[1..twice.len() - 1], &arena), text.as_bytes());
        }

        #[test]
        fn the_looks_at_escapes_never_pass_what_a_parser_refuses(
            text in "([a-z\"\\\\nt\u{e9} ]|\\\\\"|\\\\n){0,40}", long in 0usize..70,
        ) {
            let text = format!("{}{text}", "x".repeat(long));
            let whole = text.len() + 1;
            let text_of = |end: usize| text[..end - 1].to_string();
            let string = format!("\"{text}\" and more");
            let (plain, single) = (plain_escapes(string.as_bytes()), single_escapes(string.as_bytes()));
            if let Some(end) = plain {
                let inside = text_of(end);
                prop_assert!(serde_json::from_str::<String>(&format!("\"{inside}\"")).is_ok(), "{}", inside);
                prop_assert_eq!(single, plain);
            }
            prop_assert!(calm(&string.as_bytes()[1..]) < single.unwrap_or(usize::MAX));
            if let Some(end) = single {
                // Whatever the escapes stand for, it ends there.
                let (inside, mut open) = (text_of(end), false);
                for c in inside.bytes() {
                    prop_assert!(open || c != b'"', "{}", inside);
                    open = c == b'\\' && !open;
                }
                prop_assert!(!open && end <= whole, "{}", inside);
            }
            let cut = string.replacen('x', "\n", 1);
            let end = single_escapes(cut.as_bytes());
            prop_assert!(end.is_none_or(|end| !cut[..end].contains('\n')), "{:?}", cut);
        }

        #[test]
        fn strings_end_where_a_parser_ends_them(text in any::<String>(), long in 0usize..100, more in "[\"\\\\ a]{0,70}") {
            let string = serde_json::to_string(&format!("{}{text}", "\"\\n".repeat(long))).unwrap();
            let line = format!("{string}{more}");
            let mut cursor = Cursor::<false>::new(line.as_bytes());
            prop_assert_eq!(cursor.any_string(), Ok(&string.as_bytes()[1..string.len() - 1]));
            prop_assert_eq!(cursor.rest(), more.as_bytes());
        }

        #[test]
        fn escaped_and_unescaped_walks_agree(value in "[a-z\"\\\\\n\t/é]{0,12}", number in any::<i32>()) {
            let plain = serde_json::json!({"k": value, "n": number, "o": {"k": [value]}}).to_string();
            let inside = serde_json::to_string(&plain).unwrap();
            let walk = keys::<true>(&inside.as_bytes()[1..inside.len() - 1]);
            prop_assert!(walk == keys::<false>(plain.as_bytes()) || walk == Err(Stop::Unusual));
        }

        #[test]
        fn any_bytes_end_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = keys::<false>(&bytes);
            let _ = keys::<true>(&bytes);
            let arena = Arena::new();
            let _ = (text::<true>(&bytes, &arena), micros(&bytes), whole(&bytes), plain_escapes(&bytes));
        }
    }
}
