//! How many invocations ran at once, block of time by block of time: a memo of counting their
//! intervals, so that a peak over hours costs as much as over minutes.
//!
//! A block tells what the invocations whose end is held came to in it. Whoever asks fills it in from
//! the rows, through a shared pointer; the writer empties the blocks that a change reaches.

use std::sync::OnceLock;

use crate::model::{Timestamp, Window};

use super::overlap::levels_within;
use super::paged::{Item, Paged};
use super::row::Row;

/// Longer than this nothing runs (the limit is 15 minutes): the clock was broken, and what such an
/// interval touches is not remembered. In ms.
const LONGEST_MS: i64 = 60 * 60_000;

/// What the invocations that have ended came to in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// As of any time from here on, an invocation that reaches into the block begins and ends in it
    /// as is counted here.
    pub known: Timestamp,
    /// The most that ran at once.
    pub peak: u32,
    /// Whether the start of one of them was computed from its REPORT.
    pub estimated: bool,
}

impl Settled {
    /// In a block that no invocation reaches.
    const NONE: Self = Self { known: Timestamp::MIN, peak: 0, estimated: false };
}

/// A block that an invocation reaches which has ended.
#[derive(Clone, Debug)]
pub struct Block {
    start: Timestamp,
    settled: OnceLock<Settled>,
}

impl Item for Block {
    type Key = Timestamp;
    type Summary = ();
    const PER_PAGE: usize = 128;

    fn key(&self) -> Timestamp {
        self.start
    }

    fn sum_up(&self, (): &mut ()) {}
}

/// The blocks of one function, or of all together, in several widths.
#[derive(Clone, Debug)]
pub struct Peaks {
    /// From the widest to the narrowest: the width in ms, and the blocks.
    widths: Vec<(i64, Paged<Block>)>,
    /// What intervals reach that are too long to be true.
    broken: Option<Window>,
}

impl Peaks {
    /// Of these widths in ms, from the widest to the narrowest.
    pub(super) fn new(widths: &[i64]) -> Self {
        Self { widths: widths.iter().map(|width| (*width, Paged::default())).collect(), broken: None }
    }

    /// An invocation that ran over this span has ended, or did not do so as was thought.
    pub(super) fn touch(&mut self, from: Timestamp, to: Timestamp) {
        if from >= to {
            return;
        }
        if to.since(from) > LONGEST_MS {
            let broken = self.broken.get_or_insert(Window { from, to });
            (broken.from, broken.to) = (broken.from.min(from), broken.to.max(to));
            return;
        }
        for (width, blocks) in &mut self.widths {
            let mut start = from.floor(*width);
            while start < to {
                match blocks.get(start).map(|block| block.settled.get().is_some()) {
                    Some(false) => {}
                    Some(true) => {
                        blocks.update(start, |block| block.settled = OnceLock::new());
                    }
                    None => blocks.insert(Block { start, settled: OnceLock::new() }),
                }
                start = start.plus(*width);
            }
        }
    }

    /// The widths in ms, from the widest to the narrowest.
    pub fn widths(&self) -> impl Iterator<Item = i64> + '_ {
        self.widths.iter().map(|(width, _)| *width)
    }

    /// What is remembered of the block of this width that begins at `start`. Where that is to be
    /// counted first, so are the empty ones that follow it until `to`, in one go, from these rows.
    pub fn settled<'a>(
        &self,
        width_ms: i64,
        start: Timestamp,
        to: Timestamp,
        rows: impl Iterator<Item = &'a Paged<Row>>,
    ) -> Option<Settled> {
        let end = start.plus(width_ms);
        if self.broken.is_some_and(|broken| broken.from < end && start < broken.to) {
            return None;
        }
        let (_, blocks) = self.widths.iter().find(|(width, _)| *width == width_ms)?;
        let Some(block) = blocks.get(start) else { return Some(Settled::NONE) };
        if block.settled.get().is_none() {
            let empty = |block: &&Block| block.start < to && block.settled.get().is_none();
            let run: Vec<&Block> = blocks.from(start).take_while(empty).collect();
            fill(&run, width_ms, rows);
        }
        block.settled.get().copied()
    }

    /// Of rows of which those before a time are these blocks' and the others the other ones'. Nothing is
    /// remembered of a block that has both.
    pub(super) fn before_and(&self, at: Timestamp, others: &Self) -> Self {
        let widths = self.widths.iter().zip(&others.widths).map(|((width, own), (_, others))| {
            let both = at.floor(*width);
            let mut blocks = own.before_and(both, others);
            if own.get(both).is_some() || others.get(both).is_some() {
                blocks.insert(Block { start: both, settled: OnceLock::new() });
            }
            (*width, blocks)
        });
        let broken = match (self.broken, others.broken) {
            (Some(a), Some(b)) => Some(Window { from: a.from.min(b.from), to: a.to.max(b.to) }),
            (a, b) => a.or(b),
        };
        Self { widths: widths.collect(), broken }
    }

    /// Forgets the blocks that lie before a time.
    pub(super) fn forget_before(&mut self, time: Timestamp) {
        for (_, blocks) in &mut self.widths {
            blocks.drop_pages_before(time);
        }
    }

    /// Bytes held, estimated.
    pub fn bytes(&self) -> usize {
        self.widths.iter().map(|(_, blocks)| blocks.bytes()).sum()
    }
}

/// Counts what rows come to in some blocks that follow each other, with gaps that nothing reaches.
fn fill<'a>(run: &[&Block], width_ms: i64, rows: impl Iterator<Item = &'a Paged<Row>>) {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return };
    let (from, to) = (first.start, last.start.plus(width_ms));
    let number = |time: Timestamp| (time.since(from) / width_ms) as usize;
    let mut settled = vec![Settled::NONE; number(to)];
    let (mut starts, mut ends) = (Vec::new(), Vec::new());
    for row in rows.flat_map(|rows| reaching(rows, Window { from, to })) {
        let Some((end, end_known)) = row.ended_at() else { continue };
        if row.start() >= end || row.start() >= to || end <= from {
            continue;
        }
        let (begun, over) = (row.start().max(from), end.min(to));
        starts.push(begun.0);
        ends.push(over.0);
        let (first, last) = (number(begun), number(over.plus(-1)));
        for block in &mut settled[first..=last] {
            block.known = block.known.max(row.start_known());
            block.estimated |= row.start_estimated();
        }
        // One that ends with the block ran through all of it, whenever that is known.
        if end < from.plus(width_ms * (last as i64 + 1)) {
            settled[last].known = settled[last].known.max(end_known);
        }
    }
    // Each function's lie in order, mostly, which the stable sort makes use of.
    starts.sort();
    ends.sort();
    levels_within(&starts, &ends, (from.0, to.0), |since, until, open| {
        let (first, last) = (number(Timestamp(since)), number(Timestamp(until - 1)));
        settled[first..=last].iter_mut().for_each(|block| block.peak = block.peak.max(open));
    });
    for block in run {
        // Another reader may have been here first, with the same result.
        let _ = block.settled.set(settled[number(block.start)]);
    }
}

/// The rows of the pages in which some ran in a window, or may have.
pub fn reaching(rows: &Paged<Row>, window: Window) -> impl Iterator<Item = &Row> {
    let pages =
        rows.pages().take_while(move |page| page.items().first().is_some_and(|r| r.start() < window.to));
    pages.filter(move |page| page.summary().end > window.from).flat_map(|page| page.items())
}
