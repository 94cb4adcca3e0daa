//! How a text is looked for in another.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// Bytes that an expression may take when it is made ready: what a person types takes far less.
const MOST_BYTES: usize = 1 << 20;

/// Whether a name is of this pattern, in which `*` stands for any characters; upper and lower case
/// are one. A comma is between patterns of which one must hold: no function's name has one.
pub fn wild(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    pattern.split(',').any(|pattern| wild_one(pattern, &name))
}

fn wild_one(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(part) = last.replace(part) {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
    }
    last.map_or(rest.is_empty(), |part| rest.ends_with(part))
}

/// Whether a text contains another; upper and lower case of ASCII letters are one.
pub fn contains(text: &str, wanted: &str) -> bool {
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    wanted.is_empty() || text.windows(wanted.len()).any(|part| part.eq_ignore_ascii_case(wanted))
}

/// A regular expression, with the case as it is written. Its time is linear in the text's length.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Reads one; what is wrong with it, in words.
    pub fn new(text: &str) -> Result<Self, String> {
        let built = RegexBuilder::new(text).size_limit(MOST_BYTES).dfa_size_limit(MOST_BYTES).build();
        built.map(Self).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "this expression is too large".to_string(),
            // The last line says what is wrong, those before it draw where.
            error => {
                let said = error.to_string();
                let last = said.lines().last().unwrap_or_default();
                format!("no regular expression: {}", last.trim_start_matches("error: "))
            }
        })
    }

    /// Whether a text holds it.
    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl fmt::Display for Pattern {
    /// As it can be typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A slash in it has its backslash already.
        write!(f, "/{}/", self.0.as_str())
    }
}
