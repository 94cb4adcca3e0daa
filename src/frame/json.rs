//! Where a JSON value ends: a walk that can be interrupted after any byte and goes on there.
//!
//! It is as strict as it has to be so that text which only looks like JSON is found out soon: tokens
//! must follow each other as they may, a line end inside a string is an error. What a number or an
//! escape is made of is left to those who read the value.

use memchr::memchr3;

/// Deepest nesting of a value; what is deeper is no document.
pub const DEEPEST: usize = 128;
/// Longest number or word.
const WORD: usize = 400;

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// A value.
    Value,
    /// A value, or the end of the array that was just entered.
    First,
    /// A key, or the end of the object that was just entered.
    Key,
    /// A key, after a comma.
    NextKey,
    /// The colon after a key.
    Colon,
    /// A comma or the end of what is open.
    Comma,
}

/// An object or array that is not closed.
#[derive(Clone, Copy, Debug)]
struct Open {
    at: usize,
    object: bool,
}

/// How far a walk has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The value ends before this byte.
    Ends(usize),
    /// No JSON from this byte on.
    Broken(usize),
    /// All bytes were good and the value is not at its end.
    More,
}

/// A walk over one object or array.
#[derive(Clone, Debug)]
pub struct Json {
    begin: usize,
    at: usize,
    /// Inside a string that is a key, or a value.
    string: Option<bool>,
    expect: Expect,
    open: Vec<Open>,
    /// What it came to: it is asked again while what follows on the line is not there yet.
    done: Option<Step>,
}

impl Json {
    /// A walk that begins at this byte.
    pub fn new(at: usize) -> Self {
        Self { begin: at, at, string: None, expect: Expect::Value, open: Vec::new(), done: None }
    }

    /// Where the objects and arrays begin that are open.
    pub fn open(&self) -> impl Iterator<Item = usize> {
        self.open.iter().map(|open| open.at)
    }

    /// Behind the bracket of the outermost array that is open.
    pub fn outermost_array(&self) -> Option<usize> {
        self.open.iter().find(|open| !open.object).map(|open| open.at + 1)
    }

    /// Whether it may still end as a value, or has.
    pub fn is_good(&self) -> bool {
        !matches!(self.done, Some(Step::Broken(_)))
    }

    /// Gives up: it is no value.
    pub fn give_up(&mut self) {
        self.done = Some(Step::Broken(0));
    }

    /// The bytes before this one are gone; whether the value is not.
    pub fn shift(&mut self, gone: usize) -> bool {
        if self.begin < gone {
            return false;
        }
        self.begin -= gone;
        self.at -= gone;
        self.open.iter_mut().for_each(|open| open.at -= gone);
        if let Some(Step::Ends(at) | Step::Broken(at)) = &mut self.done {
            *at = at.saturating_sub(gone);
        }
        true
    }

    /// Goes on over `bytes`, which begin as they did before.
    pub fn walk(&mut self, bytes: &[u8]) -> Step {
        if let Some(done) = self.done {
            return done;
        }
        let step = self.walk_on(bytes);
        self.done = (step != Step::More).then_some(step);
        step
    }

    fn walk_on(&mut self, bytes: &[u8]) -> Step {
        loop {
            if let Some(key) = self.string {
                match self.in_string(bytes, key) {
                    Some(step) => return step,
                    None => continue,
                }
            }
            let Some(&c) = bytes.get(self.at) else { return Step::More };
            if matches!(c, b' ' | b'\n' | b'\r' | b'\t') {
                self.at += 1;
                continue;
            }
            let value = matches!(self.expect, Expect::Value | Expect::First);
            match (c, self.expect) {
                (b'"', Expect::Key | Expect::NextKey) => self.enter_string(true),
                (b'"', _) if value => self.enter_string(false),
                (b':', Expect::Colon) => self.pass(Expect::Value),
                (b',', Expect::Comma) => {
                    let object = self.open.last().is_some_and(|open| open.object);
                    self.pass(if object { Expect::NextKey } else { Expect::Value });
                }
                (b'{' | b'[', _) if value && self.open.len() < DEEPEST => {
                    let object = c == b'{';
                    self.open.push(Open { at: self.at, object });
                    self.pass(if object { Expect::Key } else { Expect::First });
                }
                (b'}', Expect::Key | Expect::Comma) if self.open.last().is_some_and(|open| open.object) => {
                    if self.close() {
                        return Step::Ends(self.at);
                    }
                }
                (b']', Expect::First | Expect::Comma) if self.open.last().is_some_and(|o| !o.object) => {
                    if self.close() {
                        return Step::Ends(self.at);
                    }
                }
                (b'-' | b'0'..=b'9' | b't' | b'f' | b'n', _) if value && !self.open.is_empty() => {
                    match self.word(bytes) {
                        Some(step) => return step,
                        None => self.expect = Expect::Comma,
                    }
                }
                _ => return Step::Broken(self.at),
            }
        }
    }

    fn pass(&mut self, expect: Expect) {
        self.at += 1;
        self.expect = expect;
    }

    fn enter_string(&mut self, key: bool) {
        self.at += 1;
        self.string = Some(key);
    }

    /// Closes what is open last; whether nothing is left open.
    fn close(&mut self) -> bool {
        self.open.pop();
        self.pass(Expect::Comma);
        self.open.is_empty()
    }

    /// Passes over the rest of a string; a step if it does not end.
    fn in_string(&mut self, bytes: &[u8], key: bool) -> Option<Step> {
        loop {
            let rest = bytes.get(self.at..).unwrap_or_default();
            let Some(near) = memchr3(b'"', b'\\', b'\n', rest) else {
                self.at += rest.len();
                return Some(Step::More);
            };
            self.at += near;
            match rest[near] {
                b'"' => {
                    self.at += 1;
                    self.string = None;
                    self.expect = if key { Expect::Colon } else { Expect::Comma };
                    return None;
                }
                b'\\' if near + 1 < rest.len() => self.at += 2,
                b'\\' => return Some(Step::More),
                _ => return Some(Step::Broken(self.at)),
            }
        }
    }

    /// Passes over a number or a word; a step if it is none, or may go on.
    fn word(&mut self, bytes: &[u8]) -> Option<Step> {
        let rest = &bytes[self.at..];
        let more = |c: &u8| c.is_ascii_alphanumeric() || b"+-.".contains(c);
        let end = rest.iter().take(WORD + 1).position(|c| !more(c)).unwrap_or(rest.len().min(WORD + 1));
        let word = &rest[..end];
        let known = [&b"true"[..], b"false", b"null"];
        let good = match word[0] {
            b'-' | b'0'..=b'9' => {
                let number = |c: &u8| c.is_ascii_digit() || b"+-.eE".contains(c);
                let signs = word
                    .iter()
                    .skip(1)
                    .zip(word)
                    .any(|(c, before)| (*c == b'-' || *c == b'+') && !before.eq_ignore_ascii_case(&b'e'));
                word.iter().all(number) && !signs
            }
            _ if end == rest.len() => known.iter().any(|known| known.starts_with(word)),
            _ => known.contains(&word),
        };
        if !good || end > WORD {
            return Some(Step::Broken(self.at));
        }
        if end == rest.len() {
            return Some(Step::More);
        }
        self.at += end;
        None
    }
}
