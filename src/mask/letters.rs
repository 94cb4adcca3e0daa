//! What a line says, in whatever container, and the runs of letters in it that may be of a key.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::regex;

/// What a line says that a capture, a logger or a query's result wrapped, itself not wrapped again.
static MESSAGE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"\\*"(?:@?message|msg|raw|log|record|text|line|stringValue)\\*"\s*(?::|,\s*\\*"value\\*"\s*:)\s*\\*"([^"{][^"]*)"#,
    )
});
/// The end of what colours a text.
static COLOURED: LazyLock<Regex> = LazyLock::new(|| regex(r"(?-u:\x1b|\\+u001[bB])\[[0-9;]*m$"));

/// Bytes of the columns before what a row of a table says at most: times.
const COLUMNS: usize = 64;

/// A part of a line: a line of what it says, or what is around that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Where it is.
    pub range: Range<usize>,
    /// Whether it is what the line says.
    pub said: bool,
}

/// The parts of a line, in order: all of it.
pub(super) fn parts(text: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut from = 0;
    // What ends with a brace holds the message of a logger, which is found by itself.
    let opens = |said: &[u8]| said.iter().rev().find(|c| **c != b'\\') == Some(&b'{');
    let said = MESSAGE.captures_iter(text).filter_map(|found| found.get(1));
    for said in said.filter(|said| !opens(said.as_bytes())) {
        parts.push(Part { range: from..said.start(), said: false });
        lines(text, said.range(), &mut parts);
        from = said.end();
    }
    match from {
        0 => lines(text, 0..text.len(), &mut parts),
        _ => parts.push(Part { range: from..text.len(), said: false }),
    }
    parts
}

/// Puts the lines of a part; their ends may be escaped.
fn lines(text: &[u8], part: Range<usize>, out: &mut Vec<Part>) {
    let (mut from, mut at) = (part.start, part.start);
    while at < part.end {
        let slashes = text[at..part.end].iter().take_while(|c| **c == b'\\').count();
        at += slashes;
        let escaped = slashes > 0 && matches!(text[..part.end].get(at), Some(b'n' | b'r'));
        let ends = escaped || matches!(text[..part.end].get(at), Some(b'\n' | b'\r'));
        at += 1;
        if ends {
            out.push(Part { range: from..at, said: true });
            from = at;
        }
    }
    out.push(Part { range: from..part.end, said: true });
}

/// A run of letters as bodies of keys have them, as long as it can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Where it is.
    pub range: Range<usize>,
    /// How many letters it has; an escaped one is one.
    pub letters: usize,
}

/// The runs of a part of a text. An escape's letter is none of theirs, nor is what colours them.
pub(super) fn runs(text: &[u8], part: Range<usize>) -> impl Iterator<Item = Run> {
    let text = &text[..part.end];
    let mut at = part.start;
    std::iter::from_fn(move || {
        while at < text.len() {
            if letter(text, at).is_some_and(|letter| !letter.pads) {
                return Some(run(text, &mut at));
            }
            at += match text[at] {
                b'\\' => escape(&text[at..]).0,
                0x1b => 1 + colour(&text[at + 1..]),
                _ => 1,
            };
        }
        None
    })
}

fn run(text: &[u8], at: &mut usize) -> Run {
    let (start, mut letters, mut padded) = (*at, 0, false);
    while let Some(letter) = letter(text, *at).filter(|letter| letter.pads || !padded) {
        (*at, letters, padded) = (*at + letter.bytes, letters + 1, letter.pads);
    }
    Run { range: start..*at, letters }
}

struct Letter {
    bytes: usize,
    /// Whether it only fills up the end.
    pads: bool,
}

/// The letter at a place. JSON may escape those that are signs.
fn letter(text: &[u8], at: usize) -> Option<Letter> {
    let c = *text.get(at)?;
    if c != b'\\' {
        let is_one = c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'=');
        return is_one.then_some(Letter { bytes: 1, pads: c == b'=' });
    }
    let slashes = text[at..].iter().take_while(|c| **c == b'\\').count();
    let behind = &text[at + slashes..];
    if behind.first() == Some(&b'/') {
        return Some(Letter { bytes: slashes + 1, pads: false });
    }
    let code = behind.get(..5)?;
    let is = |sign: &[u8]| code.eq_ignore_ascii_case(sign);
    let pads = is(b"u003d");
    (pads || is(b"u002b") || is(b"u002f")).then_some(Letter { bytes: slashes + 5, pads })
}

/// What an escape stands for.
#[derive(PartialEq, Eq)]
enum Escape {
    /// A blank, a line's end among them.
    Blank,
    /// What gives a text its colour.
    Colour,
    /// Anything else.
    Other,
}

/// How long an escape is, with the colour that it begins, and what it stands for.
fn escape(text: &[u8]) -> (usize, Escape) {
    let slashes = text.iter().take_while(|c| **c == b'\\').count();
    match &text[slashes..] {
        [] => (slashes, Escape::Blank),
        [b'n' | b'r' | b't', ..] => (slashes + 1, Escape::Blank),
        [b'u', code @ ..] if code.len() >= 4 && code[..4].iter().all(u8::is_ascii_hexdigit) => {
            let is_colour = code[..4].eq_ignore_ascii_case(b"001b");
            match colour(&code[4..]) {
                signs if is_colour && signs > 0 => (slashes + 5 + signs, Escape::Colour),
                _ => (slashes + 5, Escape::Other),
            }
        }
        _ => (slashes + 1, Escape::Other),
    }
}

/// How long what follows the sign that begins a colour is.
fn colour(text: &[u8]) -> usize {
    let digits = text.iter().skip(1).take_while(|c| c.is_ascii_digit() || **c == b';').count();
    match (text.first(), text.get(1 + digits)) {
        (Some(b'['), Some(b'm')) => digits + 2,
        _ => 0,
    }
}

/// Whether nothing is said beside a run: at most a time, a stream, or what stands in columns.
pub(super) fn stands_alone(before: &[u8], behind: &[u8]) -> bool {
    let columns =
        before.len() <= COLUMNS && before.iter().all(|c| c.is_ascii_digit() || b"-:. TZ+/,\"".contains(c));
    if columns && matches!(before.last(), Some(b'"' | b',')) {
        return matches!(behind.first(), Some(b'"' | b',')) || is_blank(behind);
    }
    is_blank(behind) && nothing_before(before)
}

fn nothing_before(before: &[u8]) -> bool {
    match without_colour(before) {
        [] | [.., b'\t'] | [.., b'\\', b't' | b'n' | b'r'] => true,
        [head @ .., last] if last.is_ascii_whitespace() => {
            let word = head.trim_ascii_end();
            let begin = word.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
            let word = &word[begin..];
            word.is_empty()
                || word.iter().any(u8::is_ascii_digit)
                    && word.iter().any(|c| matches!(c, b'/' | b'[' | b':'))
                    && !word.ends_with(b":")
        }
        _ => false,
    }
}

/// Whether there are only blanks, escaped or not, and what ends a colour.
fn is_blank(mut text: &[u8]) -> bool {
    while let Some(first) = text.first() {
        let length = match first {
            b'\\' => match escape(text) {
                (_, Escape::Other) => return false,
                (length, _) => length,
            },
            0x1b if colour(&text[1..]) > 0 => 1 + colour(&text[1..]),
            c if c.is_ascii_whitespace() => 1,
            _ => return false,
        };
        text = &text[length..];
    }
    true
}

/// Whether there are only blanks, and what closes things.
pub(super) fn says_nothing(text: &[u8]) -> bool {
    let closes = |c: &u8| c.is_ascii_whitespace() || b"\"',]}\\".contains(c);
    is_blank(text) || text.iter().all(closes)
}

/// Whether a run is a word of its own and the last one, but for what closes things.
pub(super) fn is_last(before: &[u8], behind: &[u8]) -> bool {
    if !says_nothing(behind) {
        return false;
    }
    match without_colour(before) {
        [] | [.., b'\\', b't' | b'n' | b'r'] => true,
        [.., last] => last.is_ascii_whitespace() || b"\"',:=]>|".contains(last),
    }
}

/// A text without the colour that it ends with.
pub(super) fn without_colour(before: &[u8]) -> &[u8] {
    COLOURED.find(before).map_or(before, |colour| &before[..colour.start()])
}
