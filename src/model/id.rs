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

/// Texts, each kept once and found by its number or itself. Clones share them until one has more: a reading that
/// begins, or a snapshot, has hardly ever any that are not known.
#[derive(Clone, Debug, Default)]
struct Interned(Arc<Tables>);

#[derive(Clone, Debug, Default)]
struct Tables {
    texts: Vec<Arc<str>>,
    index: HashMap<Arc<str>, u32>,
}

impl Interned {
    fn len(&self) -> usize {
        self.0.texts.len()
    }

    fn find(&self, text: &str) -> Option<u32> {
        self.0.index.get(text).copied()
    }

    fn get(&self, index: u32) -> Option<&Arc<str>> {
        self.0.texts.get(index as usize)
    }

    /// Keeps a text that is not kept yet.
    fn keep(&mut self, text: &str) -> u32 {
        let text: Arc<str> = text.into();
        let Tables { texts, index } = Arc::make_mut(&mut self.0);
        let number = texts.len() as u32;
        texts.push(text.clone());
        index.insert(text, number);
        number
    }
}

/// Packs ids and prints them. Texts of unusual shape are kept up to a bound; after that an id is
/// its hash and prints as `?hash`, so that hostile input can't fill memory.
#[derive(Clone, Debug)]
pub struct Ids {
    kept: Interned,
    most: usize,
}

impl Default for Ids {
    fn default() -> Self {
        Self { kept: Interned::default(), most: 200_000 }
    }
}

impl Ids {
    /// How many texts are kept.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Packs a request id, any token.
    pub fn request(&mut self, text: &[u8]) -> RequestId {
        RequestId(match uuid(text) {
            Some(packed) if packed < INTERNED => packed,
            _ => self.intern(text),
        })
    }

    /// Packs a trace id: `1-8hex-24hex`, or 32 hex digits as OpenTelemetry prints the same id.
    pub fn trace(&mut self, text: &[u8]) -> TraceId {
        TraceId(match usual_trace(text) {
            Some(packed) if packed < INTERNED => packed,
            _ => self.intern(text),
        })
    }

    /// The packed form of a request id, if it can have been read.
    pub fn find_request(&self, text: &str) -> Option<RequestId> {
        match uuid(text.as_bytes()) {
            Some(packed) if packed < INTERNED => Some(RequestId(packed)),
            _ => self.found(text).map(RequestId),
        }
    }

    /// The packed form of a trace id, if it can have been read.
    pub fn find_trace(&self, text: &str) -> Option<TraceId> {
        match usual_trace(text.as_bytes()) {
            Some(packed) if packed < INTERNED => Some(TraceId(packed)),
            _ => self.found(text).map(TraceId),
        }
    }

    fn found(&self, text: &str) -> Option<u128> {
        self.kept.find(text).map(|index| INTERNED + u128::from(index))
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
        Some(match u32::try_from(index).ok().and_then(|index| self.kept.get(index)) {
            Some(text) => text.to_string(),
            None => format!("?{index:016x}"),
        })
    }

    fn intern(&mut self, text: &[u8]) -> u128 {
        let text = &*String::from_utf8_lossy(text);
        if let Some(index) = self.kept.find(text) {
            return INTERNED + u128::from(index);
        }
        if self.len() >= self.most || text.len() > 256 {
            use std::hash::{BuildHasher, Hasher};
            let mut hasher = self.kept.0.index.hasher().build_hasher();
            hasher.write(text.as_bytes());
            return INTERNED + (FORGOTTEN | u128::from(hasher.finish() >> 1));
        }
        INTERNED + u128::from(self.kept.keep(text))
    }
}

/// Packs `1-8hex-24hex`, or 32 hex digits.
fn usual_trace(text: &[u8]) -> Option<u128> {
    match text.strip_prefix(b"1-") {
        Some(rest) => (rest.get(8) == Some(&b'-')).then(|| trace_id(rest)).flatten(),
        None => (text.len() == 32).then(|| trace_id(text)).flatten(),
    }
}

/// Packs `8-4-4-4-12` lower-case hex digits; anything else is `None`, so that a packed id always
/// prints back as it was.
fn uuid(text: &[u8]) -> Option<u128> {
    let text: &[u8; 36] = text.try_into().ok()?;
    if [8, 13, 18, 23].iter().any(|at| text[*at] != b'-') {
        return None;
    }
    let four = |at: usize| [text[at], text[at + 1], text[at + 2], text[at + 3]];
    hex([[four(0), four(4)], [four(9), four(14)], [four(19), four(24)], [four(28), four(32)]])
}

/// Packs 32 lower-case hex digits, with a dash after the eighth or without.
fn trace_id(text: &[u8]) -> Option<u128> {
    let (first, rest) = text.split_first_chunk::<8>()?;
    let rest = rest.strip_prefix(b"-").unwrap_or(rest);
    let rest: &[u8; 24] = rest.try_into().ok()?;
    let four = |at: usize| [rest[at], rest[at + 1], rest[at + 2], rest[at + 3]];
    let [a, b, c, d, e, f, g, h] = *first;
    hex([[[a, b, c, d], [e, f, g, h]], [four(0), four(4)], [four(8), four(12)], [four(16), four(20)]])
}

const ONES: u64 = 0x0101_0101_0101_0101;

/// The number that 32 lower-case hex digits print, eight digits at a time in a register: a table
/// took a third of the time that a REPORT did.
fn hex(words: [[[u8; 4]; 2]; 4]) -> Option<u128> {
    let (mut packed, mut bad) = (0u128, 0);
    for [high, low] in words {
        let word = u64::from(u32::from_be_bytes(high)) << 32 | u64::from(u32::from_be_bytes(low));
        // `0` to `9` are 0x30 to 0x39, `a` to `f` 0x61 to 0x66: bit 6 tells a letter.
        let letter = word >> 6 & ONES;
        let digit = (word & (15 * ONES)) + 9 * letter;
        // Printed again it must be the same, and only letters are above 9, none above 15.
        bad |= (digit + 0x30 * ONES + 0x27 * letter) ^ word;
        bad |= ((digit + 6 * ONES) & (16 * ONES)) ^ (16 * letter) | digit & (16 * ONES);
        let pairs = (digit | digit >> 4) & 0x00ff_00ff_00ff_00ff;
        let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
        packed = packed << 32 | u128::from((fours | fours >> 16) as u32);
    }
    (bad == 0).then_some(packed)
}

/// Interned names, each kept once. Bounded: past the bound every new name is the last one, `…`.
#[derive(Clone, Debug)]
pub struct Names {
    kept: Interned,
    most: usize,
}

impl Default for Names {
    fn default() -> Self {
        Self { kept: Interned::default(), most: 100_000 }
    }
}

impl Names {
    /// How many names are kept.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The id of this name; the same text always gives the same id. Texts over 256 bytes are cut.
    pub fn id(&mut self, text: &str) -> NameId {
        if let Some(index) = self.kept.find(text) {
            return NameId(index);
        }
        let full = self.len() >= self.most;
        let cut = if full { "…" } else { &text[..text.floor_char_boundary(256)] };
        if cut.len() != text.len()
            && let Some(index) = self.kept.find(cut)
        {
            return NameId(index);
        }
        NameId(self.kept.keep(cut))
    }

    /// The id of a name as it was read; broken UTF-8 becomes U+FFFD.
    pub fn read(&mut self, text: &[u8]) -> NameId {
        self.id(&String::from_utf8_lossy(text))
    }

    /// The name.
    pub fn get(&self, id: NameId) -> &str {
        self.kept.get(id.0).map_or("?", |text| text)
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
        fn hex_is_read_as_the_standard_library_reads_it(
            text in proptest::collection::vec(prop_oneof![
                20 => proptest::sample::select(&b"0123456789abcdef"[..]), 1 => any::<u8>()], 32),
        ) {
            let four = |at: usize| <[u8; 4]>::try_from(&text[at..at + 4]).unwrap();
            let words = [0, 8, 16, 24].map(|at| [four(at), four(at + 4)]);
            let lower = text.iter().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
            let want = std::str::from_utf8(&text).ok().filter(|_| lower)
                .and_then(|text| u128::from_str_radix(text, 16).ok());
            prop_assert_eq!(hex(words), want);
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
        assert_eq!(ids.len(), 2);
    }

    #[test]
    fn clones_share_what_is_known_and_none_hears_of_the_others() {
        let mut names = Names::default();
        let a = names.id("$LATEST");
        let mut other = names.clone();
        assert_eq!(other.id("$LATEST"), a);
        assert!(Arc::ptr_eq(&names.kept.0, &other.kept.0));
        let b = other.id("42");
        assert_eq!((names.get(b), other.get(b)), ("?", "42"));
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
