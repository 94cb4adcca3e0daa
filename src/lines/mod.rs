//! Log lines, read again from where they lie: the answers to [`LinesRequest`], and to questions about
//! all lines of a window ([`crate::query::survey`]).
//!
//! No line is kept: the snapshot says in which stretches of which source there are lines of a
//! function and a time ([`crate::store::LineIndex`]), and those are read and decoded again. Pure but
//! for [`Bytes`]. It promises: the answer is what sorting all lines by time and place, and picking
//! those that fulfil the conditions, would give; a line is shown only if it was known by the time
//! asked (one without a recorded arrival is known at its time, one that continues a record with its
//! record); newest lines, and those around a line, cost the same however much lies before them; a
//! search reads at most [`SEARCH`] bytes, and then says so and where to go on; texts of one answer
//! take at most [`rows::TEXTS`] bytes. A source in which nothing could be read has no lines; its
//! records are in the snapshot's log of bad ones.

mod alike;
mod bytes;
mod event;
mod held;
mod line;
mod logged;
mod one;
mod patterns;
mod rows;
mod shape;
mod survey;
mod walk;
mod wanted;
mod wrong;

#[cfg(test)]
mod tests;

pub use bytes::Bytes;

use crate::mask;
use crate::model::{Origin, Timestamp};
use crate::query::view::{Anchor, LinesAnswer, LinesRequest};
use crate::store::Snapshot;
use line::Key;
use walk::{From, Hit, Walked, count_after, region_at, walk};
use wanted::Wanted;

/// Bytes that are read at most for one question.
pub const SEARCH: u64 = 64 << 20;
/// Bytes that are read at most to count what is newer, or to see whether anything is beyond.
const COUNT: u64 = 8 << 20;

/// Reads lines again. It remembers what it read last, but for the texts.
#[derive(Debug)]
pub struct Reader<B> {
    bytes: B,
    held: held::Store,
    most: u64,
}

impl<B: Bytes> Reader<B> {
    /// A reader of these bytes.
    pub fn new(bytes: B) -> Self {
        Self { bytes, held: held::Store::default(), most: SEARCH }
    }

    /// Answers a question from what is known.
    pub fn answer(&mut self, snapshot: &Snapshot, request: &LinesRequest) -> LinesAnswer {
        self.held.begin();
        let wanted = Wanted::of(snapshot, request);
        let mut answer = match request.range {
            Some(range) => self.in_range(&wanted, range, request),
            None => self.anywhere(&wanted, request),
        };
        if request.mask {
            mask::lines(answer.rows.iter_mut().map(|row| (row.stream(), &mut row.text)));
        }
        if answer.note.is_none() && answer.at_start && snapshot.health.lines_let_go > 0 {
            answer.note = Some("older lines were let go to stay within --memory".to_string());
        }
        answer
    }

    fn anywhere(&mut self, wanted: &Wanted<'_>, request: &LinesRequest) -> LinesAnswer {
        let count = request.count;
        let from = match self.place(wanted, request.anchor) {
            Some(from) => from,
            None => return nothing("the line is no longer where it was read"),
        };
        if count == 0 {
            let (newer, all) = match from {
                From::After(key) => self.newer(wanted, key),
                _ => (0, false),
            };
            let (rows, at_start, at_end) = (Vec::new(), false, all && newer == 0);
            return LinesAnswer { rows, at_start, at_end, newer, note: None, reached: None };
        }
        let walked = walk(&mut self.held, &self.bytes, wanted, from, count, self.most);
        let Walked { mut hits, all, stopped, gone } = walked;
        let back = matches!(from, From::End | From::Before(_));
        let (rows, whole) = rows::of(&self.bytes, &self.held.names, wanted.asof.snapshot, &mut hits, back);
        let all = all && whole;
        let ends = hits.first().map(Hit::key).zip(hits.last().map(Hit::key));
        let (at_start, at_end) = match (from, ends) {
            (From::End, _) => (all, true),
            (From::Before(_), Some((_, last))) => (all, !self.any(wanted, From::After(last))),
            (From::Before(_), None) => (all, false),
            (From::At(Timestamp::MIN), _) => (true, all),
            (From::At(_) | From::After(_), Some((first, _))) => (!self.any(wanted, From::Before(first)), all),
            (From::At(_) | From::After(_), None) => (false, all),
        };
        let (newer, at_end) = match ends {
            Some((_, last)) if !at_end && !matches!(from, From::Before(_)) => {
                let (newer, all) = self.newer(wanted, last);
                (newer, all && newer == 0)
            }
            _ => (u64::from(!at_end && ends.is_some()), at_end),
        };
        let stop = stopped
            .map(|_| format!("looked through {} MB and stopped there", self.held.read.max(self.most) >> 20));
        LinesAnswer { rows, at_start, at_end, newer, note: gone.or(stop), reached: stopped.flatten() }
    }

    /// Where an anchor is; `None` where its line can't be found.
    fn place(&mut self, wanted: &Wanted<'_>, anchor: Anchor) -> Option<From> {
        Some(match anchor {
            Anchor::Tail => From::End,
            Anchor::At(time) => From::At(time),
            Anchor::Before(origin) => From::Before(self.key(wanted, origin)?),
            Anchor::After(origin) => From::After(self.key(wanted, origin)?),
            Anchor::Line(origin) => {
                let (time, source, offset) = self.key(wanted, origin)?;
                // Nothing can lie between an offset and the one before it.
                offset.checked_sub(1).map_or(From::At(time), |before| From::After((time, source, before)))
            }
        })
    }

    fn key(&mut self, wanted: &Wanted<'_>, origin: Origin) -> Option<Key> {
        let (_, region) = region_at(wanted.asof.snapshot, origin.source, origin.offset)?;
        let lines = self.held.lines(&self.bytes, region).ok()?;
        let at = lines.binary_search_by_key(&origin.offset, |line| line.offset).ok()?;
        Some(lines[at].key(origin.source))
    }

    fn any(&mut self, wanted: &Wanted<'_>, from: From) -> bool {
        let walked = walk(&mut self.held, &self.bytes, wanted, from, 1, COUNT);
        !(walked.hits.is_empty() && walked.all)
    }

    fn newer(&mut self, wanted: &Wanted<'_>, after: Key) -> (u64, bool) {
        count_after(&mut self.held, &self.bytes, wanted, after, COUNT)
    }
}

fn nothing(why: &str) -> LinesAnswer {
    let note = Some(why.to_string());
    LinesAnswer { rows: Vec::new(), at_start: false, at_end: false, newer: 0, note, reached: None }
}
