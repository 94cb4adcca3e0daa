//! Private keys that span several lines, as a program prints a file: what begins in one line ends some
//! lines later, and the lines between are letters that say nothing by themselves.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::Regex;

use super::{MASK, Masked, line, regex};

/// Lines between a key's first and its last at most: one of 16,384 bits has 200.
const LINES: u32 = 300;
/// Letters of a line of a key at most.
const LONGEST: usize = 100;
/// Letters of all of its lines but the last.
const USUAL: [usize; 3] = [64, 70, 76];

static BEGIN: LazyLock<Regex> = LazyLock::new(|| regex(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"));
static END: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?:[A-Za-z0-9+/=]+(?:\r?\n|\\+n)*)?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
});
/// What a line says that a capture or a logger wrapped.
static MESSAGE: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"\\*"(?:message|msg|raw|log|record)\\*"\s*:\s*\\*"([^"]*)"#));

/// Masks lines that are read one after the other. One of these for each place whose lines follow each other.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Lines until it is no key any more.
    left: u32,
    /// Whether the line before was as long as all lines of a key but the last are.
    full: bool,
}

impl Keys {
    /// Whether a key has begun and not ended yet.
    pub fn inside(&self) -> bool {
        self.left > 0
    }

    /// Masks a line, and what is in it of a key that began in a line before.
    pub fn line<'a>(&mut self, text: &'a [u8], masked: &mut Masked) -> Cow<'a, [u8]> {
        let rest = self.of_key(text);
        if memmem::find(text, b"PRIVATE KEY").is_some() {
            let ends = END.find_iter(text).last();
            let begins = BEGIN.find_iter(text).last();
            if begins.is_some_and(|begin| ends.is_none_or(|end| end.end() <= begin.start())) {
                // Behind it may stand less than a line.
                (self.left, self.full) = (LINES, true);
            } else if ends.is_some() {
                self.left = 0;
            }
        }
        match rest {
            None => line(text, masked),
            Some(rest) => Cow::Owned(line(&rest, masked).into_owned()),
        }
    }

    /// A text: see [`Keys::line`].
    pub fn text<'a>(&mut self, text: &'a str, masked: &mut Masked) -> Cow<'a, str> {
        match self.line(text.as_bytes(), masked) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// The line without what is in it of the key that began before.
    fn of_key(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        let ends = memmem::find(text, b"-----END").and_then(|_| END.find(text));
        let part = match ends {
            Some(end) if BEGIN.find(text).is_none_or(|begin| end.start() < begin.start()) => end.range(),
            _ if self.left == 0 => return None,
            _ => {
                self.left -= 1;
                self.body(text)?
            }
        };
        Some([&text[..part.start], MASK, &text[part.end..]].concat())
    }

    /// The letters of a line within a key: its last word, if it is letters alone and about as long as
    /// they are.
    fn body(&mut self, text: &[u8]) -> Option<Range<usize>> {
        let part = last_word(text);
        let length = part.len();
        let fits = (1..=LONGEST).contains(&length) && text[part.clone()].iter().all(is_letter);
        let usual = USUAL.contains(&length);
        let was_full = self.full;
        self.full = if fits { usual } else { was_full };
        // The last line of a key is of any length, as is the last word of any other line.
        let last = was_full && stands_alone(text, part.start);
        (fits && (usual || length > 40 || last)).then_some(part)
    }
}

/// Whether nothing is said before a place: at most a time, a stream, or what stands in columns.
fn stands_alone(text: &[u8], at: usize) -> bool {
    let before = &text[..at];
    match before.last() {
        None | Some(b'"' | b'\t' | b't' | b'n' | b'\\') => true,
        Some(_) => {
            let word = before.trim_ascii_end();
            let begin = word.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
            let word = &word[begin..];
            word.iter().any(u8::is_ascii_digit)
                && word.iter().any(|c| matches!(c, b'/' | b'[' | b':'))
                && !word.ends_with(b":")
        }
    }
}

fn is_letter(c: &u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'=')
}

/// Where the last word is of what a line says.
fn last_word(text: &[u8]) -> Range<usize> {
    let said =
        MESSAGE.captures(text).and_then(|found| found.get(1)).map_or(0..text.len(), |said| said.range());
    let mut end = said.end;
    let blank = |at: usize| text[at].is_ascii_whitespace();
    loop {
        // Also an escaped line end, and the backslash of an escaped quote.
        let inside = &text[said.start..end];
        end = match inside {
            [.., b'\\', b'n' | b'r' | b't'] => end - 2,
            [.., b'\\'] => end - 1,
            [.., last] if last.is_ascii_whitespace() => end - 1,
            _ => break,
        };
    }
    let mut begin = end;
    while begin > said.start && !blank(begin - 1) && text[begin - 1] != b'\\' {
        begin -= 1;
    }
    // An escaped blank before it: `…INFO\tMIIE…`.
    if begin > said.start && text[begin - 1] == b'\\' && begin < end {
        begin += 1;
    }
    begin..end
}

/// Without the letters of a key that a message is, wherever that began: where it has nothing else to say,
/// and these are as many as lines of a key have, of both cases and digits, and no digest.
pub fn alone(message: &str) -> Option<String> {
    let part = last_word(message.as_bytes());
    let word = &message.as_bytes()[part.clone()];
    let has = |kind: fn(&u8) -> bool| word.iter().any(kind);
    let looks = USUAL.contains(&word.len())
        && word.iter().all(is_letter)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
        && has(|c| !c.is_ascii_hexdigit());
    looks.then(|| before_end(message)).flatten()
}

/// Without the letters that a message is, which stands before the end of a key.
pub fn before_end(message: &str) -> Option<String> {
    let part = last_word(message.as_bytes());
    let said = message.rfind('\t').map_or(0, |at| at + 1);
    let alone = message[said..].trim_ascii().len() == part.len();
    let letters =
        !part.is_empty() && part.len() <= LONGEST && message.as_bytes()[part.clone()].iter().all(is_letter);
    (alone && letters).then(|| [&message[..part.start], "[masked]", &message[part.end..]].concat())
}

/// Whether a line has the end of a key in it.
pub fn ends(message: &str) -> bool {
    memmem::find(message.as_bytes(), b"-----END").is_some() && END.is_match(message.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn body(n: usize, length: usize) -> String {
        let letter =
            |at: usize| char::from(b"AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/"[(at * 7 + n * 13) % 38]);
        (0..length).map(letter).collect()
    }

    /// A key of so many full lines and one of so many letters.
    fn key(kind: &str, full: usize, last: usize) -> Vec<String> {
        let mut lines = vec![format!("-----BEGIN {kind}PRIVATE KEY-----")];
        lines.extend((0..full).map(|n| body(n, 64)));
        lines.extend((last > 0).then(|| body(99, last)));
        lines.push(format!("-----END {kind}PRIVATE KEY-----"));
        lines
    }

    fn masked(lines: &[String]) -> Vec<String> {
        let mut keys = Keys::default();
        lines.iter().map(|line| keys.text(line, &mut Masked::default()).into_owned()).collect()
    }

    #[test]
    fn all_lines_of_a_key_are_masked_and_what_is_around_them_is_not() {
        let wrap = |line: &String| {
            format!(
                r#"{{"logGroup":"/aws/lambda/f","logStream":"2026/11/23/[7]0123456789abcdef0123456789abcdef","timestamp":1,"message":"{line}\n"}}"#
            )
        };
        let forms: [&dyn Fn(&String) -> String; 4] = [
            &|line| line.clone(),
            &|line| format!("2026-11-23T09:03:09.031Z\t81ec\tINFO\t{line}"),
            &|line| format!("2026-11-23T09:03:09.031000+00:00 2026/11/23/[7]0123456789abcdef {line} "),
            &wrap,
        ];
        for form in forms {
            for kind in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "] {
                let lines: Vec<String> = key(kind, 3, 10).iter().map(form).collect();
                let all = masked(&lines);
                for (shown, line) in all.iter().zip(&lines) {
                    assert_eq!(shown.matches("[masked]").count(), 1, "{shown} for {line}");
                    let rest =
                        |text: &str| text.replace("[masked]", "").replace("\\n", "").trim_end().to_string();
                    assert_eq!(rest(shown), rest(&form(&String::new())));
                }
            }
        }
        // A header between, lines of others between, and words after it.
        let mut lines = key("RSA ", 2, 20);
        lines.splice(1..1, ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,1", ""].map(String::from));
        lines.insert(5, "START RequestId: 8f507cfc-aaaa-4f32-9c53-123456789012 Version: 7".to_string());
        lines.extend(["done".to_string(), body(1, 30)]);
        let all = masked(&lines);
        assert_eq!(all[1..4], lines[1..4]);
        assert_eq!(all[5], lines[5]);
        assert!([0, 4, 6, 7, 8].iter().all(|at| all[*at] == "[masked]"), "{all:?}");
        assert_eq!(all[9..], lines[9..]);
    }

    #[test]
    fn what_only_speaks_of_keys_masks_nothing_else() {
        let lines = [
            "-----BEGIN PRIVATE KEY-----",
            "oops",
            "done",
            "ok",
            "-----BEGIN CERTIFICATE-----",
            "MIIEowIBAAKCAQ",
        ]
        .map(String::from);
        assert_eq!(
            masked(&lines)[1..],
            ["[masked]", "done", "ok", "-----BEGIN CERTIFICATE-----", "MIIEowIBAAKCAQ"]
        );
        // One that never ends is none after a while.
        let mut keys = Keys::default();
        keys.line(b"-----BEGIN PRIVATE KEY-----", &mut Masked::default());
        for _ in 0..LINES {
            assert!(keys.inside());
            keys.line(b"words of others", &mut Masked::default());
        }
        assert!(!keys.inside());
        // In one line it is over, and what follows is not looked at.
        let whole = key("", 2, 5).join("\\n");
        assert_eq!(masked(&[whole, body(1, 64)]), ["[masked]".to_string(), body(1, 64)]);
    }

    #[test]
    fn a_lone_line_of_a_key_is_known() {
        for (text, yes) in [
            (body(1, 64), true),
            (format!("2026-11-23T09:03:09.031Z\t81ec\tINFO\t{}", body(2, 64)), true),
            (body(1, 63), false),
            ("0123456789abcdef".repeat(4), false),
            (format!("id {}", body(1, 64)), false),
            (String::new(), false),
        ] {
            assert_eq!(alone(&text).is_some(), yes, "{text}");
            assert!(alone(&text).is_none_or(|shown| shown.ends_with("[masked]")));
        }
    }

    proptest! {
        #[test]
        fn no_letter_of_a_key_is_left(full in 0usize..40, last in 1usize..64, before in 0usize..3) {
            let mut lines = vec!["a line".to_string(); before];
            lines.extend(key("RSA ", full, last));
            let all = masked(&lines);
            prop_assert!(all[before..].iter().all(|line| line == "[masked]"), "{:?}", all);
        }

        #[test]
        fn anything_is_taken(lines in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..80),
            r#"[-A-Z "\\nt{}:]{0,40}(-----(BEGIN|END) PRIVATE KEY-----)?"#.prop_map(String::into_bytes),
        ], 0..12)) {
            let mut keys = Keys::default();
            for line in &lines {
                keys.line(line, &mut Masked::default());
                let line = String::from_utf8_lossy(line);
                let _ = (alone(&line), before_end(&line), ends(&line));
            }
        }
    }
}
