//! Where records begin and end in bytes: lines, and what takes several of them.
//!
//! A frame is a line, a JSON value that begins a line (over several lines, or one of several on a
//! line), or a text whose first line asks for more (the CLI's `TIME STREAM` with the message below, a
//! row with line ends in its quotes). What only looks like the beginning of a value is a line. The
//! frames depend on the bytes alone, and from the beginning of a frame on they are what they are
//! whatever stands before it. Time is linear: of a value that fails, the values in it are looked at
//! once more, but for those that are known to fail with it.

mod border;
mod json;
mod text;

use json::{Json, Step};
use memchr::memchr;

pub use border::{first as first_border, last as last_border};
use text::{Asks, asks};
pub use text::{is_row, is_special, is_time, time, without_colours};

/// Most bytes of a value. Answers of the CLI's commands merge all their pages: those that tell of a
/// whole account's functions, mappings or metrics have some MB. Of what is longer, nearly always log
/// events, the objects inside are frames of their own.
pub const MOST: usize = 16 << 20;
/// Most bytes of a text of several lines.
const TEXT: usize = 256 << 10;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A line, or a text of several.
    Text,
    /// A JSON object or array, perhaps with a head before it.
    Value,
    /// The first line of what began as a JSON value over several lines and is none: it is broken at
    /// this byte, or is not there to its end.
    Broken(usize),
    /// The first line of a JSON value that is too long, or if that is too long, what is before the
    /// first part of it. The parts are frames of their own.
    Opening,
}

/// A frame: the bytes up to `end`, of which the last may be a line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub shape: Shape,
    /// The byte after its last one.
    pub end: usize,
}

/// Finds frame after frame. Between questions it keeps how far it has come in the one that is not at
/// its end.
#[derive(Debug)]
pub struct Scanner {
    open: Option<Json>,
    /// Where values begin that fail as one did that they lie in, the next one last.
    doomed: Vec<usize>,
    /// Before this byte no quote is looked for that ends on another line.
    unquoted: usize,
    most: usize,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new(MOST)
    }
}

impl Scanner {
    /// One for values of at most so many bytes.
    pub fn new(most: usize) -> Self {
        Self { open: None, doomed: Vec::new(), unquoted: 0, most }
    }

    /// Whether a value has begun that may still be one.
    pub fn is_open(&self) -> bool {
        self.open.as_ref().is_some_and(Json::is_good)
    }

    /// Gives up on the value that has begun.
    pub fn give_up(&mut self) {
        if let Some(open) = &mut self.open {
            open.give_up();
        }
    }

    /// The bytes before this one are gone.
    pub fn rebase(&mut self, gone: usize) {
        self.doomed.retain(|at| *at >= gone);
        self.doomed.iter_mut().for_each(|at| *at -= gone);
        self.unquoted = self.unquoted.saturating_sub(gone);
        self.open.take_if(|open| !open.shift(gone));
    }

    /// What begins before this byte is at its end there, and nothing of it is asked for any more.
    pub fn pass(&mut self, border: usize) {
        self.open.take_if(|_| border > 0);
    }

    /// Nothing that has begun is asked for any more.
    pub fn forget(&mut self) {
        self.open = None;
        self.doomed.clear();
        self.unquoted = 0;
    }

    /// The frame that begins at `from`; `None` if more bytes have to tell. `ended` says that none
    /// follow. What is not at its end is to be asked for again from where it began.
    pub fn next(&mut self, bytes: &[u8], from: usize, ended: bool) -> Option<Frame> {
        let found = self.find(bytes, from, ended);
        if found.is_none() && ended {
            self.open = None;
            return line_end(bytes, from, true).map(text_to);
        }
        found
    }

    fn find(&mut self, bytes: &[u8], from: usize, ended: bool) -> Option<Frame> {
        if let Some(at) = value(bytes, from)
            && !self.is_doomed(at)
        {
            return self.value(bytes, (from, from, at), ended);
        }
        let end = line_end(bytes, from, ended)?;
        let text = bytes[from..end].strip_suffix(b"\n").unwrap_or(&bytes[from..end]);
        match asks(text) {
            Some(Asks::Value(at)) if !self.is_doomed(from + at) => {
                self.value(bytes, (from, from, from + at), ended)
            }
            Some(Asks::Next) => self.next_line(bytes, from, end, ended),
            Some(asks @ (Asks::Fields | Asks::Stamp | Asks::Quote)) => {
                self.lines(bytes, from, end, asks, ended).map(text_to)
            }
            Some(Asks::Value(_)) | None => Some(text_to(end)),
        }
    }

    fn is_doomed(&mut self, at: usize) -> bool {
        while self.doomed.last().is_some_and(|doomed| *doomed < at) {
            self.doomed.pop();
        }
        self.doomed.last() == Some(&at)
    }

    fn doom(&mut self, json: &Json) {
        self.doomed.clear();
        self.doomed.extend(json.open());
        self.doomed.reverse();
    }

    /// The frame from `from` on with a value at `at`, in the line that begins at `begin`.
    fn value(
        &mut self,
        bytes: &[u8],
        (from, begin, at): (usize, usize, usize),
        ended: bool,
    ) -> Option<Frame> {
        let mut json = self.open.take().unwrap_or_else(|| Json::new(at));
        // What is beyond its greatest length must not matter: it may be there or not.
        let all = &bytes[..bytes.len().min(from + self.most)];
        let long = all.len() == from + self.most;
        // Where the first line ends, if that is before this byte. To look further costs as much as the
        // line is long, and there may be many values on it.
        let line_before = |to: usize| {
            let line = all.get(begin..to.min(all.len()))?;
            memchr(b'\n', line).map(|at| begin + at + 1)
        };
        let line_from = |from: usize| line_end(all, from.max(begin), ended && !long);
        let step = json.walk(all);
        let found = match step {
            Step::Ends(end) => match (behind(bytes, end, ended), line_before(end)) {
                (Some(Behind::Nothing(end)), _) => Some(Frame { shape: Shape::Value, end }),
                (Some(Behind::Text), None) => line_from(end).map(text_to),
                (Some(Behind::Text), Some(first)) => Some(Frame { shape: Shape::Broken(end), end: first }),
                (None, _) => None,
            },
            Step::Broken(place) => match line_before(place) {
                // Not over several lines: a line like another.
                None => line_from(place).map(text_to),
                Some(first) => Some(Frame { shape: Shape::Broken(place), end: first }),
            },
            Step::More if ended && !long => {
                let end = line_from(begin).unwrap_or(bytes.len());
                Some(Frame { shape: Shape::Broken(bytes.len()), end })
            }
            Step::More if !long => None,
            // Too long: what is in it is looked at by itself, if it has parts.
            Step::More => {
                let end = line_from(begin).or(json.outermost_array());
                end.map(|end| Frame { shape: Shape::Opening, end })
            }
        };
        match found {
            None => {
                if long && step == Step::More {
                    json.give_up();
                }
                self.open = Some(json);
            }
            // What is in it may be long enough by itself to be none, and may not.
            Some(Frame { shape: Shape::Value | Shape::Opening, .. }) => {}
            Some(_) => self.doom(&json),
        }
        found
    }

    /// A head with the line below it, or the value that begins there.
    fn next_line(&mut self, bytes: &[u8], from: usize, end: usize, ended: bool) -> Option<Frame> {
        if end == bytes.len() {
            return ended.then_some(text_to(end));
        }
        if let Some(at) = value(bytes, end)
            && !self.is_doomed(at)
        {
            return self.value(bytes, (from, end, at), ended);
        }
        let next = line_end(bytes, end, ended)?;
        // Its message is empty.
        let alone = time(&bytes[end..next]).is_some() || bytes[end] == 0x1b;
        Some(text_to(if alone { end } else { next }))
    }

    /// The end of a text of several lines; that of its first line, at `end`, if it is none.
    fn lines(&mut self, bytes: &[u8], from: usize, end: usize, asks: Asks, ended: bool) -> Option<usize> {
        let (mut at, mut quoted) = (end, true);
        if asks == Asks::Quote && from < self.unquoted {
            return Some(end);
        }
        while at < bytes.len() && at - from < TEXT {
            if asks == Asks::Fields && !text::may_be_label(&bytes[at..]) {
                return Some(at);
            }
            let next = line_end(bytes, at, ended)?;
            let line = bytes[at..next].trim_ascii_end();
            match asks {
                Asks::Fields if !text::is_label(line) => return Some(at),
                Asks::Stamp if text::ends_in_stamp(line) => return Some(next),
                Asks::Stamp if line.starts_with(b"EVENTS\t") => return Some(end),
                Asks::Quote if text::in_quotes(line) => quoted = !quoted,
                _ => {}
            }
            at = next;
            if !quoted {
                return Some(at);
            }
        }
        if at < bytes.len() || ended {
            if asks == Asks::Fields {
                return Some(at);
            }
            self.unquoted = at;
            return Some(end);
        }
        None
    }
}

/// Whether a line, without its line end, is a frame by itself, whatever follows, and no value.
#[inline]
pub fn is_line(line: &[u8]) -> bool {
    // Most text begins with a letter, or a digit and not as a head does.
    match line.first() {
        None => true,
        Some(b'{' | b'[' | b' ' | b'\t' | b'\r' | b',' | 0xef) => value(line, 0).is_none(),
        Some(_) => asks(line).is_none(),
    }
}

fn text_to(end: usize) -> Frame {
    Frame { shape: Shape::Text, end }
}

/// Where the line ends that begins at `from`, its line end included; `None` if that is not there yet.
fn line_end(bytes: &[u8], from: usize, ended: bool) -> Option<usize> {
    let rest = bytes.get(from..)?;
    memchr(b'\n', rest).map(|at| from + at + 1).or(ended.then_some(bytes.len()))
}

/// Where a value may begin that is the first thing on a line, or follows another.
fn value(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = &bytes[from..];
    let rest = rest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(rest);
    let at = rest.iter().position(|c| !matches!(c, b' ' | b'\t' | b'\r' | b','))?;
    matches!(rest[at], b'{' | b'[').then_some(bytes.len() - rest.len() + at)
}

/// What stands behind a value on its last line.
enum Behind {
    /// Nothing, or the next value: the frame ends here.
    Nothing(usize),
    /// Text.
    Text,
}

/// Blanks that are looked at behind a value.
const BLANKS: usize = 64;

/// What stands behind a value that ends at `end`; `None` if that is not there yet.
fn behind(bytes: &[u8], end: usize, ended: bool) -> Option<Behind> {
    let rest = &bytes[end..bytes.len().min(end + BLANKS)];
    let next = rest.iter().position(|c| !matches!(c, b' ' | b'\t' | b'\r' | b',' | b']'));
    match next.map(|at| (at, rest[at])) {
        Some((at, b'\n')) => Some(Behind::Nothing(end + at + 1)),
        Some((_, b'{' | b'[')) => Some(Behind::Nothing(end)),
        Some(_) => Some(Behind::Text),
        None if rest.len() == BLANKS => Some(Behind::Nothing(end)),
        None => ended.then_some(Behind::Nothing(bytes.len())),
    }
}
