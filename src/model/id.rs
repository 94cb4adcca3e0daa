//! Ids and names. Request and trace ids are opaque tokens (`formats.md` 0): the usual shapes are
//! packed into 16 bytes, all others are interned, and both print back exactly as they came.

use std::collections::HashMap;
use std::sync::Arc;

/// A function, by the order in which it was first seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionId(pub u32);

/// An execution environment (a log stream), by the order in which it was first seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvironmentId(pub u32);

/// A source of bytes (a file, a pipe, a socket), by the order in which it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// An interned name: a version, an error type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub u32);

/// A request id, packed; [`Ids`] prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u128);

/// A trace id, packed; [`Ids`] prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(pub u128);

/// Ids of other shapes than the usual one live above this: its 64 high bits mark an index into
/// the interned texts. A usual id that would fall there is interned too, so nothing collides.
const INTERNED: u128 = (u64::MAX as u128) << 64;
/// Above this a text was not kept, and its hash stands for it.
const FORGOTTEN: u128 = 1 << 63;

/// Packs ids and prints them. Texts of unusual shape are kept up to a bound; after that an id is
/// its hash and prints as `?hash`, so that hostile input can't fill memory.
#[derive(Clone, Debug)]
pub struct Ids {
    texts: Vec<Arc<str>>,
    index: HashMap<Arc<str>, u32>,
    most: usize,
}

impl Default for Ids {
    fn default() -> Self {
        Self { texts: Vec::new(), index: HashMap::new(), most: 200_000 }
    }
}

impl Ids {
    /// How many texts are kept.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Packs a request id, any token.
    pub fn request(&mut self, text: &[u8]) -> RequestId {
        RequestId(match hex_with_dashes(text, &[8, 13, 18, 23], 36) {
            Some(packed) if packed < INTERNED => packed,
            _ => self.intern(text),
        })
    }

    /// Packs a trace id: `1-8hex-24hex`, or 32 hex digits as OpenTelemetry prints the same id.
    pub fn trace(&mut self, text: &[u8]) -> TraceId {
        let packed = match text.strip_prefix(b"1-") {
            Some(rest) => hex_with_dashes(rest, &[8], 33),
            None => hex_with_dashes(text, &[], 32),
        };
        TraceId(match packed {
            Some(packed) if packed < INTERNED => packed,
            _ => self.intern(text),
        })
    }

    /// The request id as it was read.
    pub fn show_request(&self, id: RequestId) -> String {
        let hex = format!("{:032x}", id.0);
        self.text(id.0)
            .unwrap_or_else(|| [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
    }

    /// The trace id in X-Ray's form.
    pub fn show_trace(&self, id: TraceId) -> String {
        let hex = format!("{:032x}", id.0);
        self.text(id.0).unwrap_or_else(|| format!("1-{}-{}", &hex[..8], &hex[8..]))
    }

    fn text(&self, packed: u128) -> Option<String> {
        let index = packed.checked_sub(INTERNED)?;
        Some(match self.texts.get(usize::try_from(index).ok()?) {
            Some(text) => text.to_string(),
            None => format!("?{index:016x}"),
        })
    }

    fn intern(&mut self, text: &[u8]) -> u128 {
        let text = &*String::from_utf8_lossy(text);
        if let Some(&index) = self.index.get(text) {
            return INTERNED + u128::from(index);
        }
        if self.texts.len() >= self.most || text.len() > 256 {
            use std::hash::{BuildHasher, Hasher};
            let mut hasher = self.index.hasher().build_hasher();
            hasher.write(text.as_bytes());
            return INTERNED + (FORGOTTEN | u128::from(hasher.finish() >> 1));
        }
        let text: Arc<str> = text.into();
        let index = self.texts.len() as u32;
        self.texts.push(text.clone());
        self.index.insert(text, index);
        INTERNED + u128::from(index)
    }
}

/// Packs lower-case hex digits with dashes at exactly these places; anything else is `None`, so
/// that a packed id always prints back as it was.
fn hex_with_dashes(text: &[u8], dashes: &[usize], length: usize) -> Option<u128> {
    if text.len() != length || dashes.iter().any(|at| text[*at] != b'-') {
        return None;
    }
    let (mut packed, mut from, mut bad) = (0u128, 0, 0u8);
    for &to in dashes.iter().chain(&[length]) {
        let digits = &text[from..to];
        let value = digits.iter().fold(0u64, |value, c| {
            let digit = DIGITS[*c as usize];
            bad |= digit;
            value << 4 | u64::from(digit & 15)
        });
        // No group has more than 16 digits but the 24 and 32 of a trace id, taken in two steps.
        packed = if digits.len() > 16 {
            let (high, low) = digits.split_at(digits.len() - 16);
            let part =
                |half: &[u8]| half.iter().fold(0u64, |v, c| v << 4 | u64::from(DIGITS[*c as usize] & 15));
            packed << (4 * digits.len() as u32 % 128) | u128::from(part(high)) << 64 | u128::from(part(low))
        } else {
            packed << (4 * digits.len()) | u128::from(value)
        };
        from = to + 1;
    }
    (bad < 16).then_some(packed)
}

/// The value of each lower-case hex digit; 255 for all other bytes.
const DIGITS: [u8; 256] = {
    let mut table = [255; 256];
    let mut c = 0;
    while c < 16 {
        table[b"0123456789abcdef"[c] as usize] = c as u8;
        c += 1;
    }
    table
};

/// Interned names, each kept once. Bounded: past the bound every new name is the last one, `…`.
#[derive(Clone, Debug)]
pub struct Names {
    texts: Vec<Arc<str>>,
    index: HashMap<Arc<str>, u32>,
    most: usize,
}

impl Default for Names {
    fn default() -> Self {
        Self { texts: Vec::new(), index: HashMap::new(), most: 100_000 }
    }
}

impl Names {
    /// How many names are kept.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The id of this name; the same text always gives the same id. Texts over 256 bytes are cut.
    pub fn id(&mut self, text: &str) -> NameId {
        if let Some(&index) = self.index.get(text) {
            return NameId(index);
        }
        let full = self.texts.len() >= self.most;
        let cut = if full { "…" } else { &text[..text.floor_char_boundary(256)] };
        if cut.len() != text.len()
            && let Some(&index) = self.index.get(cut)
        {
            return NameId(index);
        }
        let kept: Arc<str> = cut.into();
        let index = self.texts.len() as u32;
        self.texts.push(kept.clone());
        self.index.insert(kept, index);
        NameId(index)
    }

    /// The id of a name as it was read; broken UTF-8 becomes U+FFFD.
    pub fn read(&mut self, text: &[u8]) -> NameId {
        self.id(&String::from_utf8_lossy(text))
    }

    /// The name.
    pub fn get(&self, id: NameId) -> &str {
        self.texts.get(id.0 as usize).map_or("?", |text| text)
    }
}

/// The version in a stream's name `YYYY/MM/DD/[VERSION]HEX` or `YYYY/MM/DD/NAME[VERSION]HEX`.
pub fn stream_version(stream: &[u8]) -> Option<&[u8]> {
    let from = memchr::memchr(b'[', stream)? + 1;
    let version = &stream[from..from + memchr::memchr(b']', &stream[from..])?];
    (!version.is_empty()).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn usual_ids_are_packed_and_print_back() {
        let mut ids = Ids::default();
        for text in ["8f507cfc-1f5e-4e0e-8d4b-0123456789ab", "00000000-0000-0000-0000-000000000000"] {
            let id = ids.request(text.as_bytes());
            assert!(id.0 < INTERNED);
            assert_eq!(ids.show_request(id), text);
        }
        let trace = ids.trace(b"1-6745a1b2-0123456789abcdef01234567");
        assert_eq!(ids.show_trace(trace), "1-6745a1b2-0123456789abcdef01234567");
        assert_eq!(ids.trace(b"6745a1b20123456789abcdef01234567"), trace);
    }

    proptest! {
        #[test]
        fn any_token_prints_back(text in "[0-9a-fA-Fx<>-]{0,40}") {
            let mut ids = Ids::default();
            let id = ids.request(text.as_bytes());
            prop_assert_eq!(ids.show_request(id), text.clone());
            prop_assert_eq!(ids.request(text.as_bytes()), id);
        }

        #[test]
        fn different_tokens_differ(a in "[0-9a-f]{8}-xmpl-.{0,9}", b in "[0-9a-f-]{36}") {
            let mut ids = Ids::default();
            prop_assert_eq!(ids.request(a.as_bytes()) == ids.request(b.as_bytes()), a == b);
        }
    }

    #[test]
    fn a_flood_of_odd_ids_is_bounded() {
        let mut ids = Ids { most: 2, ..Ids::default() };
        let shown: Vec<String> = (0..4)
            .map(|n| {
                let id = ids.request(format!("odd-{n}").as_bytes());
                ids.show_request(id)
            })
            .collect();
        assert_eq!(&shown[..2], ["odd-0", "odd-1"]);
        assert!(shown[2].starts_with('?') && shown[3].starts_with('?') && shown[2] != shown[3]);
        assert_eq!(ids.texts.len(), 2);
    }

    #[test]
    fn names_are_kept_once_and_bounded() {
        let mut names = Names { most: 2, ..Names::default() };
        let a = names.id("$LATEST");
        assert_eq!(names.id("$LATEST"), a);
        assert_eq!(names.get(a), "$LATEST");
        names.id("42");
        let lost = names.id("43");
        assert_eq!(names.id("44"), lost);
        assert_eq!(names.get(lost), "…");
    }
}
