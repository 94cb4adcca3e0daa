//! Where objects and arrays end that begin somewhere in a text, and where its quoted texts do.

use rustc_hash::FxHashMap;

/// A text in which is asked where what is open ends. Each place is passed about once, however many ask.
#[derive(Debug)]
pub(super) struct Nested<'a> {
    text: &'a [u8],
    /// Where what begins at a place ends, for quotes of so many backslashes; `None` if nowhere.
    ends: FxHashMap<(usize, usize), Option<usize>>,
    /// Bytes that were passed.
    passed: usize,
}

impl<'a> Nested<'a> {
    pub fn of(text: &'a [u8]) -> Self {
        Self { text, ends: FxHashMap::default(), passed: 0 }
    }

    /// Where an object or array ends whose quotes have so many backslashes; `None` if it does not before
    /// the text around it does.
    pub fn end(&mut self, from: usize, level: usize) -> Option<usize> {
        if let Some(end) = self.ends.get(&(level, from)) {
            return *end;
        }
        let (mut open, mut at) = (Vec::new(), from);
        while let Some(c) = self.text.get(at) {
            let begun = at;
            match c {
                b'{' | b'[' => match self.ends.get(&(level, at)) {
                    None => open.push(at),
                    // From here on it was passed before.
                    Some(Some(end)) => at = end - 1,
                    Some(None) => break,
                },
                b'}' | b']' => {
                    let Some(begin) = open.pop() else { break };
                    self.ends.insert((level, begin), Some(at + 1));
                    if open.is_empty() {
                        return Some(at + 1);
                    }
                }
                b'"' => {
                    let slashes = self.text[from..at].iter().rev().take_while(|c| **c == b'\\').count();
                    if slashes != level {
                        break;
                    }
                    at = quoted_end(self.text, at + 1, b'"', level) + level;
                    self.passed += at - begun;
                }
                _ => {}
            }
            self.passed += 1;
            at += 1;
        }
        self.ends.extend(open.into_iter().map(|begin| ((level, begin), None)));
        None
    }
}

/// Where a text ends whose quotes have so many backslashes before them; also where the text around
/// it does.
pub(super) fn quoted_end(text: &[u8], from: usize, quote: u8, slashes: usize) -> usize {
    let mut at = from;
    while let Some(found) = text[at..].iter().position(|c| *c == quote || *c == b'"') {
        let here = at + found;
        let run = text[from..here].iter().rev().take_while(|c| **c == b'\\').count();
        let own = text[here] == quote && run >= slashes && (run - slashes).is_multiple_of(2 * (slashes + 1));
        if own || run < slashes || text[here] != quote {
            return here - run.min(slashes);
        }
        at = here + 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same for one who asks once.
    fn end_alone(text: &[u8], from: usize, level: usize) -> Option<usize> {
        Nested::of(text).end(from, level)
    }

    #[test]
    fn what_never_ends_is_passed_a_few_times() {
        for unit in [
            "\"body\":{",
            "\"body\":[\"x\",",
            "\"body\":{\"",
            "\"body\":{\"a\":1},\"body\":[",
            "{}{",
            "{\"a{",
        ] {
            let text = unit.repeat((1 << 20) / unit.len());
            let mut nested = Nested::of(text.as_bytes());
            for at in memchr::memchr2_iter(b'{', b'[', text.as_bytes()) {
                nested.end(at, 0);
            }
            assert!(nested.passed <= 4 * text.len(), "{unit}: {} of {}", nested.passed, text.len());
        }
    }

    proptest! {
        #[test]
        fn who_asks_often_gets_the_same(text in r#"([{}\[\]"a]|\\"){0,40}"#, levels in prop::collection::vec(0usize..3, 40)) {
            let mut nested = Nested::of(text.as_bytes());
            for (at, level) in memchr::memchr2_iter(b'{', b'[', text.as_bytes()).zip(levels) {
                prop_assert_eq!(nested.end(at, level), end_alone(text.as_bytes(), at, level), "{} at {}", text, at);
            }
        }
    }
}
