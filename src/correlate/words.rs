//! What an error says, so that the same mistake says the same each time: bounded, and without the
//! numbers and ids in it.

use crate::model::{Frame, RuntimeError};

/// Characters of a message that are kept.
const MESSAGE: usize = 160;
/// Bytes of a message that are looked at: ids in it may be long.
const LOOKED: usize = 1_000;
/// Characters of a function's or a file's name that are kept.
const NAME: usize = 60;
/// Hexadecimal digits from so many on are an id, where a decimal one is among them.
const HEX: usize = 8;

/// An error's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// What it says.
    pub message: Box<str>,
    /// Where it was thrown: `charge pay.mjs`.
    pub frame: Box<str>,
    own: bool,
}

impl Words {
    /// What an error record says.
    pub fn of(error: &RuntimeError<'_>) -> Self {
        Self {
            message: normalised(error.message).into(),
            frame: error.frame.as_ref().map_or_else(String::new, place).into(),
            own: error.frame.is_some_and(|frame| frame.own),
        }
    }

    /// The next frame of its traceback was called by the one before: of one's own code the last counts.
    pub fn deeper(&mut self, frame: &Frame<'_>) {
        if frame.own || !self.own {
            (self.frame, self.own) = (place(frame).into(), frame.own);
        }
    }
}

fn place(frame: &Frame<'_>) -> String {
    let short = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        text.chars().take(NAME).collect::<String>()
    };
    let (function, file) = (short(frame.function), short(frame.file));
    if function.is_empty() || file.is_empty() { function + &file } else { format!("{function} {file}") }
}

/// A message's first line with `#` for every number and id. A status of HTTP stays: 403 and 503 are two
/// mistakes.
pub fn normalised(message: &[u8]) -> String {
    let message = String::from_utf8_lossy(&message[..message.len().min(LOOKED)]);
    let line = message.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut out = String::new();
    for (at, word) in line.split_whitespace().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        let status = is_status(word) && says_status(&out);
        if status { out.push_str(word) } else { blank_out(word, &mut out) }
    }
    out.chars().take(MESSAGE).collect()
}

fn is_status(word: &str) -> bool {
    let digits = word.trim_end_matches([',', '.', ':', ';', ')']);
    digits.len() == 3 && digits.bytes().all(|c| c.is_ascii_digit()) && ("100".."600").contains(&digits)
}

fn says_status(before: &str) -> bool {
    let last = before.trim_end().rsplit(' ').next().unwrap_or_default();
    let last = last.trim_matches(|c: char| !c.is_ascii_alphabetic()).to_ascii_lowercase();
    ["status", "code", "http", "statuscode"].contains(&&*last)
}

/// A word with `#` for numbers and ids in it.
fn blank_out(word: &str, out: &mut String) {
    let mut rest = word;
    while let Some(begin) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        out.push_str(&rest[..begin]);
        rest = &rest[begin..];
        // An id may have dashes in it: `8f507cfc-1f5e-4e0e-8d4b-0123456789ab`.
        let id = rest.find(|c: char| !(c.is_ascii_hexdigit() || c == '-')).unwrap_or(rest.len());
        let ends = !rest[id..].starts_with(|c: char| c.is_ascii_alphanumeric());
        let digits = rest[..id].bytes().filter(u8::is_ascii_hexdigit).count();
        if ends && digits >= HEX && rest[..id].bytes().any(|c| c.is_ascii_digit()) {
            out.push('#');
            rest = &rest[id..];
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let mut number = false;
        for c in rest[..end].chars() {
            if !c.is_ascii_digit() {
                out.push(c);
            } else if !number {
                out.push('#');
            }
            number = c.is_ascii_digit();
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_and_ids_are_blanked_out() {
        for (message, want) in [
            ("division by zero", "division by zero"),
            ("order o-17 of 8f507cfc-1f5e-4e0e-8d4b-0123456789ab", "order o-# of #"),
            ("index 42 out of range\nsecond line", "index # out of range"),
            ("connect ETIMEDOUT 10.0.17.3:443", "connect ETIMEDOUT #.#.#.#:#"),
            ("Request failed with status code 502.", "Request failed with status code 502."),
            ("HTTP 503 after 512 ms", "HTTP 503 after # ms"),
            ("status 7", "status #"),
            ("no item deadbeef01, decade added", "no item #, decade added"),
            ("  tabs\tand   blanks ", "tabs and blanks"),
            ("größe 3x ✗", "größe #x ✗"),
            ("", ""),
        ] {
            assert_eq!(normalised(message.as_bytes()), want, "{message}");
        }
        assert_eq!(normalised("x y ".repeat(400).as_bytes()).chars().count(), MESSAGE);
    }

    #[test]
    fn the_deepest_frame_of_ones_own_code_stays() {
        let frame = |function: &'static str, own| Frame { function: function.as_bytes(), file: b"a.py", own };
        let mut words = Words { message: "".into(), frame: "".into(), own: false };
        for (function, own, want) in [
            ("library", false, "library a.py"),
            ("handler", true, "handler a.py"),
            ("charge", true, "charge a.py"),
            ("send", false, "charge a.py"),
        ] {
            words.deeper(&frame(function, own));
            assert_eq!(&*words.frame, want);
        }
    }

    proptest! {
        #[test]
        fn what_differs_in_numbers_alone_is_the_same(
            words in prop::collection::vec("[g-z]{1,8}|[0-9]{1,9}|é|[.:,'(){}]", 0..20),
            other in 0u64..1_000_000_000,
        ) {
            let with = |text: &dyn Fn(&str) -> String| words.iter().map(|w| text(w)).collect::<Vec<_>>().join(" ");
            let is_number = |w: &str| w.bytes().all(|c| c.is_ascii_digit());
            let one = with(&str::to_string);
            let two = with(&|w| if is_number(w) { other.to_string() } else { w.to_string() });
            prop_assert_eq!(normalised(one.as_bytes()), normalised(two.as_bytes()));
            let once = normalised(one.as_bytes());
            prop_assert_eq!(normalised(once.as_bytes()), once);
        }
    }
}
