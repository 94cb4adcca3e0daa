//! Private keys within one text: from BEGIN to END, or as far as it can be one. Every byte is looked at a
//! few times, however many beginnings without an end somebody writes.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::Regex;

use super::regex;

static BEGIN: LazyLock<Regex> = LazyLock::new(|| regex(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"));
static END: LazyLock<Regex> = LazyLock::new(|| regex(r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"));

/// What there is of a key in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Where it is.
    pub range: Range<usize>,
    /// What it is.
    pub kind: MarkKind,
}

/// What there is of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MarkKind {
    /// All of it.
    Whole,
    /// Its beginning, with the letters right behind it.
    Begin,
    /// Its end alone.
    End,
}

/// All that there is of keys in a text, in order.
pub(super) fn marks(text: &[u8]) -> Vec<Mark> {
    looked(text).0
}

/// The same, and how many bytes were looked at beside those of the two patterns.
fn looked(text: &[u8]) -> (Vec<Mark>, usize) {
    let (mut marks, mut looked) = (Vec::new(), 0);
    if memmem::find(text, b"PRIVATE KEY").is_none() {
        return (marks, looked);
    }
    let mut ends = END.find_iter(text).map(|end| end.range()).peekable();
    // The next quote, which is looked for once: one key stands in one text.
    let (mut quote, mut at) = (0, 0);
    for begin in BEGIN.find_iter(text).map(|begin| begin.range()) {
        if begin.start < at {
            continue;
        }
        while let Some(end) = ends.next_if(|end| end.start < begin.end) {
            if end.start >= at {
                marks.push(Mark { range: end, kind: MarkKind::End });
            }
        }
        if quote < begin.end {
            let found = memchr::memchr(b'"', &text[begin.end..]);
            quote = found.map_or(text.len(), |found| begin.end + found);
            looked += quote - begin.end;
        }
        // To its end, whatever headers it has; without one in this text as far as it can be one.
        let kind;
        (at, kind) = match ends.next_if(|end| end.start < quote) {
            Some(end) => (end.end, MarkKind::Whole),
            None => {
                let of_key = |c: &&u8| is_letter(**c) || c.is_ascii_whitespace() || **c == b'\\';
                let letters = text[begin.end..].iter().take_while(of_key).count();
                looked += letters;
                let behind = &text[begin.end..begin.end + letters];
                // The backslash of an escaped quote is the quote's.
                let slashes = behind.iter().rev().take_while(|c| **c == b'\\').count();
                (begin.end + letters - slashes, MarkKind::Begin)
            }
        };
        marks.push(Mark { range: begin.start..at, kind });
    }
    marks.extend(ends.filter(|end| end.start >= at).map(|range| Mark { range, kind: MarkKind::End }));
    (marks, looked)
}

/// A letter of a key's body.
pub(super) fn is_letter(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(MarkKind, &str)> {
        marks(text.as_bytes()).into_iter().map(|mark| (mark.kind, &text[mark.range])).collect()
    }

    #[test]
    fn a_beginning_has_the_first_end_of_its_text() {
        use MarkKind::{Begin, End, Whole};
        const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
        const END: &str = "-----END PRIVATE KEY-----";
        for (text, want) in [
            ("no PRIVATE KEY".to_string(), vec![]),
            (format!("a {BEGIN}\\nMI\\n{END} b"), vec![(Whole, format!("{BEGIN}\\nMI\\n{END}"))]),
            (format!("{BEGIN}\"{END}"), vec![(Begin, BEGIN.to_string()), (End, END.to_string())]),
            (format!("{END} {BEGIN}MI=\n."), vec![(End, END.to_string()), (Begin, format!("{BEGIN}MI=\n"))]),
            (
                format!("{BEGIN}{BEGIN}{END}{END}{END}"),
                vec![(Whole, format!("{BEGIN}{BEGIN}{END}")), (End, END.to_string()), (End, END.to_string())],
            ),
            (
                format!("\"{BEGIN}\",\"{BEGIN}x{END}\""),
                vec![(Begin, BEGIN.to_string()), (Whole, format!("{BEGIN}x{END}"))],
            ),
        ] {
            let want: Vec<_> = want.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
            assert_eq!(kinds(&text), want, "{text}");
        }
    }

    #[test]
    fn many_beginnings_take_no_longer_than_their_bytes() {
        for (unit, behind) in [
            ("-----BEGIN PRIVATE KEY-----", ""),
            ("-----BEGIN PRIVATE KEY-----\\nMIIE", "\""),
            ("-----BEGIN PRIVATE KEY-----.", "\"-----END PRIVATE KEY-----"),
            ("\"-----BEGIN PRIVATE KEY-----\"", "-----END PRIVATE KEY-----"),
        ] {
            let text = unit.repeat((1 << 20) / unit.len()) + behind;
            let (marks, looked) = looked(text.as_bytes());
            assert!(marks.len() >= (1 << 20) / unit.len(), "{unit}: {}", marks.len());
            assert!(looked <= 2 * text.len(), "{unit}: {looked} of {}", text.len());
        }
    }
}
