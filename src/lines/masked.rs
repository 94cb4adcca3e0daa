//! Lines whose secrets are masked before they are shown: each by itself, and keys over several of them.

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::mask::{self, Keys, Masked};
use crate::model::SourceId;
use crate::query::view::LogRow;

/// Where lines follow each other.
type Stream = (SourceId, Option<Arc<str>>);

/// Masks lines that are in order. They may begin within a key, and between them others may be left out.
pub fn rows(rows: &mut [LogRow]) {
    let mut masked = Masked::default();
    let mut streams: FxHashMap<Stream, (Keys, usize)> = FxHashMap::default();
    for at in 0..rows.len() {
        let row = &rows[at];
        let (keys, before) =
            streams.entry((row.origin.source, row.stream.clone())).or_insert((Keys::default(), at));
        let (was_inside, ends) = (keys.inside(), mask::ends(&row.text));
        let text = match keys.text(&row.text, &mut masked) {
            Cow::Owned(text) => Some(text),
            Cow::Borrowed(text) => mask::alone(text),
        };
        let before = std::mem::replace(before, at);
        // Of a key whose beginning is not here the last line may be of any length.
        let last =
            (ends && !was_inside && before < at).then(|| mask::before_end(&rows[before].text)).flatten();
        if let Some(text) = last {
            rows[before].text = text;
        }
        if let Some(text) = text {
            rows[at].text = text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Level, Origin};

    fn row(at: u64, stream: &str, text: &str) -> LogRow {
        LogRow {
            origin: Origin { source: SourceId(0), offset: at * 100, len: 90 },
            time: None,
            function: None,
            stream: Some(stream.into()),
            level: Level::Unknown,
            platform: false,
            more: false,
            request_id: None,
            text: text.to_string(),
            cut: 0,
            bad: None,
        }
    }

    fn shown(lines: &[(&str, &str)]) -> Vec<String> {
        let mut all: Vec<LogRow> =
            (0..).zip(lines).map(|(at, (stream, text))| row(at, stream, text)).collect();
        rows(&mut all);
        all.into_iter().map(|row| row.text).collect()
    }

    #[test]
    fn keys_of_several_lines_are_masked_in_their_stream() {
        let body = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/AbCdEfGhIjKlMnOpQrStUvWxYz";
        assert_eq!(body.len(), 64);
        let all = [
            ("a", "-----BEGIN EC PRIVATE KEY-----"),
            ("b", "started"),
            ("a", body),
            ("b", "token=hunter22"),
            ("a", "MHc="),
            ("a", "-----END EC PRIVATE KEY-----"),
            ("a", "started"),
        ];
        let want = ["[masked]", "started", "[masked]", "token=[masked]", "[masked]", "[masked]", "started"];
        assert_eq!(shown(&all), want);
        // A page that begins in it.
        assert_eq!(shown(&all[2..]), want[2..]);
        assert_eq!(shown(&all[4..]), want[4..]);
        assert_eq!(shown(&all[6..]), want[6..]);
        // Words before what only ends are none.
        let ends = [("a", "read the key"), ("a", "-----END EC PRIVATE KEY-----")];
        assert_eq!(shown(&ends), ["read the key", "[masked]"]);
    }
}
