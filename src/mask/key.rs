//! Private keys that span several lines, as a program prints a file: what begins in one line ends some
//! lines later, and the lines between are letters that say nothing by themselves.
//!
//! Lines may begin within a key, come the newest first, or lack some. So a key goes on until its end
//! *or* its beginning, an end that no lines of a key led up to may be the first that is seen of one, and
//! letters that look like a full line of a key are masked where nothing else is said, whatever came
//! before them.

use std::borrow::Cow;
use std::ops::Range;

use super::letters::{Part, Run, is_last, parts, runs, says_nothing, stands_alone, without_colour};
use super::pem::{Mark, MarkKind, is_letter, marks};
use super::{Kind, Masked, plain, within_packed, without};

/// Lines between a key's first and its last at most: one of 16,384 bits has 200.
const LINES: u32 = 300;
/// Letters of a line of a key at most, where anything else is said in it.
const LONGEST: usize = 100;
/// Letters of all of its lines but the last.
const USUAL: [usize; 3] = [64, 70, 76];
/// Letters of a line that can't be one of the last, ...
const LONG: usize = 40;
/// ... and of a word at most.
const WORD: usize = 20;

/// Masks lines that are read one after the other. One of these for each place whose lines follow each other.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Lines until it is no key any more.
    left: u32,
    /// Whether letters that are fewer than a line's may be a key's last ones.
    short: Short,
    /// Whether the line before was one of a key's body.
    near: bool,
    /// Whether any was since the key began.
    body: bool,
}

/// What letters are that stand alone and are fewer than those of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Short {
    /// Words of others.
    Words,
    /// The last line of a key, unless they are a word, a number or no base64.
    Perhaps,
    /// The last line of a key, whatever they are.
    Last,
}

impl Default for Keys {
    /// What comes first may be the last line of a key that began before.
    fn default() -> Self {
        Self { left: 0, short: Short::Perhaps, near: false, body: false }
    }
}

impl Keys {
    /// One for lines that may well be within a key.
    pub fn within() -> Self {
        Self { left: LINES, ..Self::default() }
    }

    /// One for a text by itself, which is no key's last line.
    pub(super) fn apart() -> Self {
        Self { short: Short::Words, ..Self::default() }
    }

    /// Whether a key has begun and not ended yet.
    pub fn inside(&self) -> bool {
        self.left > 0
    }

    /// Masks a line, and what is in it of a key that began in a line before.
    pub fn line<'a>(&mut self, text: &'a [u8], masked: &mut Masked) -> Cow<'a, [u8]> {
        match within_packed(text, masked, |inside, masked| self.plain(inside, masked)) {
            Cow::Borrowed(text) => self.plain(text, masked),
            Cow::Owned(text) => Cow::Owned(self.plain(&text, masked).into_owned()),
        }
    }

    /// A text: see [`Keys::line`].
    pub fn text<'a>(&mut self, text: &'a str, masked: &mut Masked) -> Cow<'a, str> {
        match self.line(text.as_bytes(), masked) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// Whether anything in a text is a part of a key that only the lines around it tell.
    pub fn are_in(&mut self, text: &str) -> bool {
        !self.of_key(text.as_bytes(), &mut Masked::default()).is_empty()
    }

    fn plain<'a>(&mut self, text: &'a [u8], masked: &mut Masked) -> Cow<'a, [u8]> {
        match without(text, &self.of_key(text, masked)) {
            None => plain(text, masked),
            Some(rest) => Cow::Owned(plain(&rest, masked).into_owned()),
        }
    }

    /// What is in a line of a key, in order, but for what [`plain`] finds: what follows a beginning in
    /// the same text.
    fn of_key(&mut self, text: &[u8], masked: &mut Masked) -> Vec<Range<usize>> {
        let marks = marks(text);
        let idle = self.left == 0 && self.short == Short::Words && marks.is_empty();
        if idle && !runs(text, 0..text.len()).any(|run| USUAL.contains(&run.letters)) {
            self.near = false;
            return Vec::new();
        }
        let mut line = Line { text, marks: &marks, done: 0, of_key: Vec::new(), masked };
        for part in parts(text) {
            self.part(&mut line, &part);
        }
        line.of_key
    }

    fn part(&mut self, line: &mut Line<'_>, part: &Part) {
        let Range { start, end } = part.range;
        if line.done >= end {
            return;
        }
        let (before, mut marked) = (line.of_key.len(), false);
        loop {
            let from = line.done.max(start);
            let mark = line.marks.first().filter(|mark| mark.range.start < end);
            for run in runs(line.text, from..mark.map_or(end, |mark| mark.range.start)) {
                if self.is_of_key(line.text, part, &run) {
                    self.take(line, run);
                }
            }
            let Some(mark) = mark else { break };
            self.mark(line, mark);
            (line.marks, line.done, marked) = (&line.marks[1..], mark.range.end, true);
            if line.done >= end {
                break;
            }
        }
        if marked || !part.said || says_nothing(&line.text[part.range.clone()]) {
            return;
        }
        self.left = self.left.saturating_sub(1);
        if line.of_key.len() == before {
            self.near = false;
            if self.left == 0 {
                self.short = Short::Words;
            }
        }
    }

    /// Whether letters are a key's.
    fn is_of_key(&self, text: &[u8], part: &Part, run: &Run) -> bool {
        let (letters, word) = (run.letters, &text[run.range.clone()]);
        // Digests are no base64, and what is packed is unpacked.
        if letters > WORD && is_hexadecimal(word) || word.starts_with(b"H4sI") && letters > LONGEST {
            return false;
        }
        let usual = USUAL.contains(&letters);
        if usual && self.inside() {
            return true;
        }
        let before = &text[part.range.start..run.range.start];
        let behind = &text[run.range.end..part.range.end];
        let alone = || stands_alone(before, behind);
        let last = || is_last(before, behind);
        let looks = || is_base64(run) && !is_word(word);
        part.said
            && match (self.inside(), self.short) {
                (true, _) if letters > LONG => letters <= LONGEST && last() || alone(),
                (true, Short::Last) => alone() || looks() && last(),
                (_, Short::Perhaps) if looks() => alone(),
                (false, _) => usual && is_mixed(word) && alone(),
                _ => false,
            }
    }

    fn take(&mut self, line: &mut Line<'_>, run: Run) {
        if !self.inside() && !self.near {
            line.masked.count(Kind::Key);
        }
        // The last line of a key is of any length, as is the last word of any other line. One of others
        // may have come between.
        self.short = match (run.letters > LONG, self.inside()) {
            (true, true) => Short::Last,
            (true, false) | (false, true) => Short::Perhaps,
            (false, false) => Short::Words,
        };
        (self.near, self.body) = (true, true);
        line.of_key.push(run.range);
    }

    fn mark(&mut self, line: &mut Line<'_>, mark: &Mark) {
        match mark.kind {
            MarkKind::Whole if self.inside() => {}
            MarkKind::Whole => self.short = Short::Words,
            MarkKind::Begin => {
                let behind = &line.text[mark.range.clone()];
                let long = behind.rsplit(|c| !is_letter(*c)).any(|run| run.len() > LONG);
                // Of a key that came the newest line first this is the last one: what follows is
                // of others. If it was not, a full line tells.
                self.short = if self.near && !long { Short::Words } else { Short::Last };
                (self.left, self.near, self.body) = (LINES, long, long);
                return;
            }
            MarkKind::End => {
                if self.inside() && self.body && self.near {
                    (self.left, self.short) = (0, Short::Words);
                } else {
                    // No line of a key led up to it, so they may follow it: the newest came first.
                    let ambiguous = self.near || self.inside() && self.body;
                    self.short = if ambiguous { Short::Perhaps } else { Short::Last };
                    self.left = LINES;
                    if !self.near {
                        line.masked.count(Kind::Key);
                    }
                }
                let start = letters_before(line.text, line.done, mark.range.start);
                // They may have been taken already.
                let within = |taken: &mut Range<usize>| taken.end > start;
                let start = line.of_key.pop_if(within).map_or(start, |taken| taken.start.min(start));
                line.of_key.push(start..mark.range.end);
            }
        }
        (self.near, self.body) = (false, false);
    }
}

/// A line, while it is looked through.
struct Line<'a> {
    text: &'a [u8],
    /// What there is of keys in it that was not come to yet.
    marks: &'a [Mark],
    /// Before that all is done.
    done: usize,
    of_key: Vec<Range<usize>>,
    masked: &'a mut Masked,
}

/// Where the letters begin that lead up to the end of a key in the same text.
fn letters_before(text: &[u8], from: usize, end: usize) -> usize {
    let mut at = from + without_colour(&text[from..end]).len();
    loop {
        at = match &text[from..at] {
            [.., b'\n' | b'\r'] => at - 1,
            [.., b'\\', b'n' | b'r'] => at - 2,
            [.., b'\\'] if at < end => at - 1,
            _ => break,
        };
    }
    let letters = text[from..at].iter().rev().take_while(|c| is_letter(**c)).count();
    if letters == 0 {
        return end;
    }
    // Not the letter of an escape.
    let escaped = text[from..at - letters].last() == Some(&b'\\');
    at - letters + usize::from(escaped)
}

/// Whether as many letters as these can be a key's last ones: they are in fours.
fn is_base64(run: &Run) -> bool {
    run.letters.is_multiple_of(4)
}

/// A word or a number, as far as its letters tell.
fn is_word(word: &[u8]) -> bool {
    let is = |kind: fn(&u8) -> bool| word.iter().all(kind);
    let named = is(u8::is_ascii_uppercase) || word.iter().skip(1).all(u8::is_ascii_lowercase);
    is_hexadecimal(word) || word.len() <= WORD && is(u8::is_ascii_alphabetic) && named
}

fn is_hexadecimal(word: &[u8]) -> bool {
    word.iter().all(u8::is_ascii_hexdigit)
}

/// Letters of both cases and digits, and no digest.
fn is_mixed(word: &[u8]) -> bool {
    let has = |kind: fn(&u8) -> bool| word.iter().any(kind);
    has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
        && !is_hexadecimal(word)
}

/// Without the letters that a message is, which stands before the end of a key.
pub(super) fn before_end(message: &str) -> Option<String> {
    let text = message.as_bytes();
    let all = parts(text);
    let part = all.iter().rev().find(|part| !says_nothing(&text[part.range.clone()]))?;
    let run = runs(text, part.range.clone()).last()?.range;
    let alone = stands_alone(&text[part.range.start..run.start], &text[run.end..part.range.end]);
    (part.said && alone).then(|| [&message[..run.start], "[masked]", &message[run.end..]].concat())
}

/// Whether a line has the end of a key in it whose beginning is not there.
pub(super) fn ends(message: &str) -> bool {
    marks(message.as_bytes()).iter().any(|mark| mark.kind == MarkKind::End)
}

#[cfg(test)]
mod tests;
