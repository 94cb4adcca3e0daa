//! A cursor over JSON text that allocates nothing and walks no value twice.
//!
//! CloudWatch stores a JSON log record as a JSON *string*, so that in a capture every quote of the
//! record is written `\"`. `Cursor<true>` walks such text as it lies (`ESC`), `Cursor<false>` plain
//! JSON. Where the text uses an escape that changes the structure (`\u0022`, a line break between
//! members) the first says [`Stop::Unusual`], and the caller unescapes the whole and walks that.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

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
#[derive(Clone, Debug)]
pub struct Cursor<'a, const ESC: bool> {
    text: &'a [u8],
    at: usize,
}

impl<'a, const ESC: bool> Cursor<'a, ESC> {
    /// A cursor at the first byte.
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// How far it has come, in bytes.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Goes to a place found otherwise.
    pub fn jump(&mut self, at: usize) {
        self.at = at;
    }

    /// The text from here on.
    pub fn rest(&self) -> &'a [u8] {
        &self.text[self.at..]
    }

    fn stop<T>(&self) -> Walk<T> {
        if ESC { Err(Stop::Unusual) } else { Err(Stop::Broken(self.at)) }
    }

    /// The next byte after white space, not consumed. At the end of the text it is 0.
    pub fn peek(&mut self) -> u8 {
        while let Some(&c) = self.text.get(self.at) {
            if !matches!(c, b' ' | b'\n' | b'\t' | b'\r') {
                return c;
            }
            self.at += 1;
        }
        0
    }

    fn expect(&mut self, c: u8) -> Walk<()> {
        if self.peek() == c {
            self.at += 1;
            return Ok(());
        }
        self.stop()
    }

    fn opening_quote(&mut self) -> bool {
        let c = self.peek();
        if ESC {
            if c == b'\\' && self.text.get(self.at + 1) == Some(&b'"') {
                self.at += 2;
                return true;
            }
            return false;
        }
        self.at += usize::from(c == b'"');
        c == b'"'
    }

    /// Enters an object: consumes `{`.
    pub fn object(&mut self) -> Walk<()> {
        self.expect(b'{')
    }

    /// The next key of the object, up to and with the colon; `None` at its end, which it consumes.
    /// `first` starts as true for each object.
    pub fn key(&mut self, first: &mut bool) -> Walk<Option<&'a [u8]>> {
        if self.peek() == b'}' {
            self.at += 1;
            return Ok(None);
        }
        if !std::mem::take(first) {
            self.expect(b',')?;
        }
        let key = self.string()?;
        if key.contains(&b'\\') && !ESC {
            // An escaped key is nobody's known key, unless it spells one: too odd to care.
            self.expect(b':')?;
            return Ok(Some(b""));
        }
        self.expect(b':')?;
        Ok(Some(key))
    }

    /// A string's bytes between its quotes, still escaped.
    pub fn string(&mut self) -> Walk<&'a [u8]> {
        if !self.opening_quote() {
            return self.stop();
        }
        let from = self.at;
        loop {
            let rest = &self.text[self.at..];
            if ESC {
                let Some(back) = memchr(b'\\', rest) else { return self.stop() };
                match rest.get(back + 1) {
                    Some(b'"') => {
                        let end = self.at + back;
                        self.at = end + 2;
                        return Ok(&self.text[from..end]);
                    }
                    // An escape inside the inner string: `\\n`, `\\u00e9`, `\\\"`, `\\\\`.
                    Some(b'\\') => match rest.get(back + 2) {
                        Some(b'\\') if matches!(rest.get(back + 3), Some(b'"' | b'\\')) => {
                            self.at += back + 4
                        }
                        Some(b'\\') | None => return self.stop(),
                        Some(_) => self.at += back + 3,
                    },
                    _ => return self.stop(),
                }
            } else {
                match memchr2(b'"', b'\\', rest) {
                    Some(end) if rest[end] == b'"' => {
                        let end = self.at + end;
                        self.at = end + 1;
                        return Ok(&self.text[from..end]);
                    }
                    Some(back) if back + 1 < rest.len() => self.at += back + 2,
                    _ => {
                        self.at = self.text.len();
                        return self.stop();
                    }
                }
            }
        }
    }

    /// The string as text, or `None` if the value is none; it is consumed in any case.
    pub fn text(&mut self) -> Walk<Option<Text<'a>>> {
        if self.at_string() {
            return self.string().map(|raw| Some(text::<ESC>(raw)));
        }
        self.skip().map(|()| None)
    }

    /// Whether a string comes next.
    pub fn at_string(&mut self) -> bool {
        self.peek() == if ESC { b'\\' } else { b'"' }
    }

    /// A number's digits, or of a string that holds a number; `None` for other values.
    pub fn number(&mut self) -> Walk<Option<&'a [u8]>> {
        if self.at_string() {
            return self.string().map(Some);
        }
        if matches!(self.peek(), b'-' | b'0'..=b'9') {
            let from = self.at;
            while matches!(self.text.get(self.at), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
                self.at += 1;
            }
            return Ok(Some(&self.text[from..self.at]));
        }
        self.skip().map(|()| None)
    }

    /// Passes over a value of any kind. Keeps no stack, so depth costs nothing.
    pub fn skip(&mut self) -> Walk<()> {
        match self.peek() {
            b'{' | b'[' => {}
            b'"' | b'\\' => return self.string().map(|_| ()),
            0 => return self.stop(),
            _ => {
                let from = self.at;
                while self.text.get(self.at).is_some_and(|c| c.is_ascii_alphanumeric() || b"+-.".contains(c))
                {
                    self.at += 1;
                }
                return if self.at > from { Ok(()) } else { self.stop() };
            }
        }
        let mut depth = 0u32;
        loop {
            match self.text.get(self.at) {
                Some(b'{' | b'[') => depth += 1,
                Some(b'}' | b']') => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return Ok(());
                    }
                }
                Some(b'"') if !ESC => {
                    self.string()?;
                    continue;
                }
                Some(b'\\') => {
                    self.string()?;
                    continue;
                }
                Some(_) => {}
                None => return self.stop(),
            }
            self.at += 1;
        }
    }
}

/// Whether `text`, the inside of a JSON string that is believed to end with it, holds no quote that
/// would end it earlier, no raw control character, and only the escapes `\"`, `\n` and `\t`. One
/// branchless pass that the compiler turns into vector instructions; a `false` means "look closer".
pub fn plain_escapes(text: &[u8]) -> bool {
    let (Some(first), Some(last)) = (text.first(), text.last()) else { return true };
    if *first == b'"' || *first < 0x20 || *last == b'\\' {
        return false;
    }
    let mut bad = false;
    for (before, at) in text.chunks(256).zip(text[1..].chunks(256)) {
        let mut any = 0u8;
        for (&p, &c) in before.iter().zip(at) {
            let quote = c == b'"';
            let escape = p == b'\\';
            let known = quote | (c == b'n') | (c == b't');
            any |= u8::from((quote & !escape) | (escape & !known) | (c < 0x20));
        }
        bad |= any != 0;
    }
    !bad
}

/// The string between its quotes: unescaped once, or twice where it lay in another string. Broken
/// escapes stay as they are: a record is not lost for them.
pub fn text<const ESC: bool>(raw: &[u8]) -> Text<'_> {
    if memchr(b'\\', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let once = unescape(raw);
    if !ESC || memchr(b'\\', &once).is_none() { Cow::Owned(once) } else { Cow::Owned(unescape(&once)) }
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
            us += u64::from(c - b'0') * scale;
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
            prop_assert_eq!(&*super::text::<false>(raw), text.as_bytes());
            let twice = serde_json::to_string(&json[1..json.len() - 1]).unwrap();
            prop_assert_eq!(&*super::text::<true>(&twice.as_bytes()[1..twice.len() - 1]), text.as_bytes());
        }

        #[test]
        fn plain_escapes_never_passes_what_a_parser_refuses(text in "([a-z\"\\\\nt\u{1}\u{e9} ]|\\\\\"|\\\\n){0,40}") {
            let json = format!("\"{text}\"");
            if plain_escapes(text.as_bytes()) {
                prop_assert!(serde_json::from_str::<String>(&json).is_ok(), "{}", json);
            }
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
            let _ = (text::<true>(&bytes), micros(&bytes), whole(&bytes), plain_escapes(&bytes));
        }
    }
}
