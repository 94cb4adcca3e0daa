//! Keys in many streams whose lines come between each other's.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::{Keys, Masked, before_end, ends};

/// Streams that are told apart at most.
const STREAMS: usize = 1_000;

/// What is known of each stream's keys. A stream is wherever lines follow each other.
#[derive(Clone, Debug)]
pub struct Streams<S> {
    all: FxHashMap<S, Keys>,
    /// Whether one was dropped that was within a key.
    lost: bool,
}

impl<S> Default for Streams<S> {
    fn default() -> Self {
        Self { all: FxHashMap::default(), lost: false }
    }
}

impl<S: Clone + Eq + Hash> Streams<S> {
    /// The keys of a stream. Where there are too many, another one's are dropped, rather one's that is
    /// not within a key: if that comes again it is new, and looked at as what may begin within one. If
    /// all are, one of them is dropped, and from then on every stream that is new is taken to be within
    /// a key, for it may be that one: some lines too many are masked then, none too few.
    pub fn of(&mut self, stream: S) -> &mut Keys {
        if self.all.len() >= STREAMS && !self.all.contains_key(&stream) {
            self.drop_one();
        }
        let begun = if self.lost { Keys::within } else { Keys::default };
        self.all.entry(stream).or_insert_with(begun)
    }

    fn drop_one(&mut self) {
        let idle = self.all.iter().find(|(_, keys)| !keys.inside());
        self.lost |= idle.is_none();
        let stream = idle.or_else(|| self.all.iter().next()).map(|(stream, _)| stream.clone());
        if let Some(stream) = stream {
            self.all.remove(&stream);
        }
    }
}

/// Masks lines that are in order, each with its stream. They may begin within a key, and between them
/// others may be left out.
pub fn lines<'a, S: Clone + Eq + Hash>(lines: impl IntoIterator<Item = (S, &'a mut String)>) {
    let mut masked = Masked::default();
    let mut streams = Streams::default();
    // The line before each one, in its stream.
    let mut before: FxHashMap<S, &'a mut String> = FxHashMap::default();
    for (stream, text) in lines {
        let keys = streams.of(stream.clone());
        let (was_inside, ends) = (keys.inside(), ends(text));
        if let std::borrow::Cow::Owned(shown) = keys.text(text, &mut masked) {
            *text = shown;
        }
        // Of a key whose beginning is not here the last line may be of any length.
        if let Some(last) = before.insert(stream, text).filter(|_| ends && !was_inside)
            && let Some(shown) = before_end(last)
        {
            *last = shown;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/AbCdEfGhIjKlMnOpQrStUvWxYz";
    const BEGIN: &str = "-----BEGIN EC PRIVATE KEY-----";
    const END: &str = "-----END EC PRIVATE KEY-----";

    fn shown(lines: &[(&str, &str)]) -> Vec<String> {
        let mut all: Vec<(String, String)> =
            lines.iter().map(|(stream, text)| (stream.to_string(), text.to_string())).collect();
        super::lines(all.iter_mut().map(|(stream, text)| (stream.clone(), text)));
        all.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn keys_of_several_lines_are_masked_in_their_stream() {
        let all = [
            ("a", BEGIN),
            ("b", "started"),
            ("a", BODY),
            ("b", "token=hunter22"),
            ("a", "MHc="),
            ("a", END),
            ("a", "started"),
        ];
        let want = ["[masked]", "started", "[masked]", "token=[masked]", "[masked]", "[masked]", "started"];
        assert_eq!(shown(&all), want);
        // A page that begins in it.
        assert_eq!(shown(&all[2..]), want[2..]);
        assert_eq!(shown(&all[4..]), want[4..]);
        assert_eq!(shown(&all[6..]), want[6..]);
        // Words before what only ends are none.
        let ends = [("a", "read the key"), ("a", END)];
        assert_eq!(shown(&ends), ["read the key", "[masked]"]);
        // Letters before it are, even if words stand before them.
        let ends = [("a", "read the key"), ("a", "MHcC"), ("a", END)];
        assert_eq!(shown(&ends), ["read the key", "[masked]", "[masked]"]);
    }

    #[test]
    fn streams_that_come_between_each_other_do_not_end_each_others_keys() {
        let all =
            [("a", BEGIN), ("b", BEGIN), ("a", BODY), ("a", END), ("b", BODY), ("b", "MHc"), ("b", END)];
        assert!(shown(&all).iter().all(|text| text == "[masked]"));
    }

    #[test]
    fn too_many_streams_mask_too_much_rather_than_too_little() {
        let mut masked = Masked::default();
        let mut streams: Streams<usize> = Streams::default();
        let mut line = |stream: usize, text: &str| streams.of(stream).text(text, &mut masked).into_owned();
        // Those without a key make room for the others.
        for stream in 0..STREAMS {
            line(stream, "started");
        }
        for stream in STREAMS..2 * STREAMS - 1 {
            line(stream, BEGIN);
        }
        assert_eq!(line(9_000, "id4x"), "[masked]", "it may be the last line of a key");
        assert_eq!(line(9_001, "a hash YzAB"), "a hash YzAB");
        for stream in STREAMS..2 * STREAMS - 1 {
            assert_eq!(line(stream, "MHc"), "[masked]", "of {stream}");
        }
        // If all have begun one, those that were dropped are still masked.
        for stream in 0..2 * STREAMS {
            line(10_000 + stream, BEGIN);
        }
        for stream in 0..2 * STREAMS {
            let wide = BODY.repeat(2);
            assert_eq!(line(10_000 + stream, &wide), "[masked]");
            assert_eq!(line(10_000 + stream, "MHcx"), "[masked]");
        }
    }
}
