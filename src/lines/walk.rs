//! Lines of all sources in the order of time, stretch by stretch, from the newest back or from a
//! place on.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::bytes::Bytes;
use super::held::{self, Region};
use super::line::{Key, Line};
use super::wanted::{Wanted, bounds};
use crate::decode;
use crate::model::{Origin, SourceId, Timestamp};
use crate::store::{Paged, Snapshot, Stretch};

/// A line and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The source.
    pub source: SourceId,
    /// The line.
    pub line: Line,
}

impl Hit {
    /// Its place in the order.
    pub fn key(&self) -> Key {
        self.line.key(self.source)
    }
}

/// Which part of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The newest, back.
    End,
    /// Those before a line, back.
    Before(Key),
    /// Those after a line, on.
    After(Key),
    /// Those at or after a time, on.
    At(Timestamp),
}

impl From {
    fn is_back(self) -> bool {
        matches!(self, Self::End | Self::Before(_))
    }

    fn holds(self, key: Key) -> bool {
        match self {
            Self::End => true,
            Self::Before(line) => key < line,
            Self::After(line) => key > line,
            Self::At(time) => key.0 >= time,
        }
    }

    /// Whether lines with these bounds may lie there.
    fn may_hold(self, (earliest, latest): (Timestamp, Timestamp)) -> bool {
        match self {
            Self::End => true,
            Self::Before((time, ..)) => earliest <= time,
            Self::After((time, ..)) | Self::At(time) => latest >= time,
        }
    }
}

/// What a walk has come to.
#[derive(Debug, Default)]
pub struct Walked {
    /// The lines, oldest first.
    pub hits: Vec<Hit>,
    /// There is none beyond them.
    pub all: bool,
    /// It stopped at its bound, having looked at everything up to this line, if at any.
    pub stopped: Option<Option<Origin>>,
    /// What could not be read, in a sentence.
    pub gone: Option<String>,
}

struct Node<'a> {
    bound: Timestamp,
    back: bool,
    stretch: &'a Stretch,
    region: Region,
}

impl Ord for Node<'_> {
    /// The one whose lines come next in the direction is the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.bound.cmp(&other.bound);
        let order = if self.back { order } else { order.reverse() };
        order.then_with(|| self.region.source.cmp(&other.region.source)).then_with(|| {
            let order = self.region.from.cmp(&other.region.from);
            if self.back { order } else { order.reverse() }
        })
    }
}

impl PartialOrd for Node<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Node<'_> {}

/// Where the first stretch of a source begins at most, if nothing before it was let go.
const FIRST: u64 = 256 << 10;

/// The stretches of a source and where each lies: up to the next, the last up to its last line.
pub fn regions<'a>(
    snapshot: &'a Snapshot,
    source: SourceId,
    stretches: &'a Paged<Stretch>,
) -> impl Iterator<Item = (&'a Stretch, Region)> {
    let mut all = stretches.iter().peekable();
    std::iter::from_fn(move || {
        let stretch = all.next()?;
        let first = stretches.first().is_some_and(|first| first.offset == stretch.offset);
        let next = all.peek().map(|next| next.offset);
        Some((stretch, region(snapshot, source, stretch, first, next)))
    })
}

/// The stretch that holds an offset.
pub fn region_at(snapshot: &Snapshot, source: SourceId, offset: u64) -> Option<(&Stretch, Region)> {
    let stretches = snapshot.lines.of(source)?;
    let first = stretches.first()?;
    let stretch = stretches.back_from(offset.saturating_add(1)).next().unwrap_or(first);
    let next = stretches.from(stretch.offset + 1).next().map(|next| next.offset);
    Some((stretch, region(snapshot, source, stretch, first.offset == stretch.offset, next)))
}

fn region(
    snapshot: &Snapshot,
    source: SourceId,
    stretch: &Stretch,
    first: bool,
    next: Option<u64>,
) -> Region {
    // What could not be read before the first line, and after the last, is in no stretch.
    let to = next.unwrap_or_else(|| {
        let bad = snapshot.bad.kept.iter().map(|bad| bad.origin);
        let after = bad.filter(|at| at.source == source && at.offset >= stretch.offset);
        after.map(|at| at.offset + u64::from(at.len)).fold(stretch.end, u64::max)
    });
    let from = if first && stretch.offset < FIRST {
        let bad = snapshot.bad.kept.iter().map(|bad| bad.origin);
        bad.filter(|at| at.source == source).map(|at| at.offset).fold(stretch.offset, u64::min)
    } else {
        stretch.offset
    };
    let otherwise =
        if first || stretch.earliest == Timestamp::NEVER { Timestamp::MIN } else { stretch.earliest };
    Region { source, from, to, otherwise }
}

/// Walks from a place until `count` lines are found or `most` bytes were read.
pub fn walk(
    held: &mut held::Store,
    bytes: &impl Bytes,
    wanted: &Wanted<'_>,
    from: From,
    count: usize,
    most: u64,
) -> Walked {
    let snapshot = wanted.asof.snapshot;
    let back = from.is_back();
    let mut heap = Vec::new();
    for (source, stretches) in snapshot.lines.sources() {
        let first = stretches.first().map(|first| first.offset);
        for (stretch, region) in regions(snapshot, source, stretches) {
            let first = first == Some(stretch.offset);
            let bounds = bounds(stretch, first);
            if from.may_hold(bounds) && wanted.may_lie_in(stretch, first) {
                let bound = if back { bounds.1 } else { bounds.0 };
                heap.push(Node { bound, back, stretch, region });
            }
        }
    }
    let mut heap = BinaryHeap::from(heap);
    let mut walked = Walked::default();
    let mut seen: FxHashMap<SourceId, Arc<Vec<Line>>> = FxHashMap::default();
    let mut lost = Vec::new();
    let before = held.read;
    let mut overflow = false;
    while let Some(node) = heap.peek() {
        let beyond = walked.hits.len() >= count.max(1)
            && edge(&walked.hits, back).is_some_and(|edge| match back {
                true => edge.0 > node.bound,
                false => edge.0 < node.bound,
            });
        if beyond {
            overflow = true;
            break;
        }
        if held.read - before >= most {
            let bound = node.bound;
            walked.hits.retain(|hit| if back { hit.line.time > bound } else { hit.line.time < bound });
            walked.stopped = Some(reached(&seen, from, bound));
            break;
        }
        let Some(Node { stretch, region, .. }) = heap.pop() else { break };
        if back && lost.contains(&region.source) {
            continue;
        }
        match hits_in(held, bytes, wanted, from, stretch, region, &mut walked.hits) {
            Ok(lines) => {
                seen.insert(region.source, lines);
            }
            Err(why) => {
                lost.push(region.source);
                walked.gone.get_or_insert(why);
            }
        }
        walked.hits.sort_unstable_by_key(Hit::key);
        overflow |= trim(&mut walked.hits, count.max(1), back);
    }
    walked.all = !overflow && walked.stopped.is_none();
    walked
}

/// The one of the lines that is furthest in the direction.
fn edge(hits: &[Hit], back: bool) -> Option<Key> {
    if back { hits.first() } else { hits.last() }.map(Hit::key)
}

/// Leaves the nearest; says whether there were more.
fn trim(hits: &mut Vec<Hit>, count: usize, back: bool) -> bool {
    let more = hits.len().saturating_sub(count);
    if back {
        hits.drain(..more);
    } else {
        hits.truncate(count);
    }
    more > 0
}

/// The furthest line up to which everything was looked at.
fn reached(seen: &FxHashMap<SourceId, Arc<Vec<Line>>>, from: From, bound: Timestamp) -> Option<Origin> {
    let back = from.is_back();
    let done = |line: &Line| if back { line.time > bound } else { line.time < bound };
    let lines = seen.iter().flat_map(|(source, lines)| lines.iter().map(|line| (*source, line)));
    let lines = lines.filter(|(source, line)| done(line) && from.holds(line.key(*source)));
    let key = |at: &(SourceId, &Line)| at.1.key(at.0);
    let line = if back { lines.min_by_key(key) } else { lines.max_by_key(key) };
    line.map(|(source, line)| line.origin(source))
}

/// Adds the lines of a stretch that are wanted.
fn hits_in(
    held: &mut held::Store,
    bytes: &impl Bytes,
    wanted: &Wanted<'_>,
    from: From,
    stretch: &Stretch,
    region: Region,
    hits: &mut Vec<Hit>,
) -> Result<Arc<Vec<Line>>, String> {
    let source = region.source;
    let before = held.read;
    let lines = held.lines(bytes, region)?;
    let texts = match wanted.texts {
        true => {
            let end = lines.last().map_or(region.from, |line| line.offset + u64::from(line.len));
            let texts = bytes.read(source, region.from, end)?;
            if held.read == before {
                held.read += texts.len() as u64;
            }
            texts
        }
        false => Vec::new(),
    };
    let owners = wanted.owners(source, stretch);
    for line in lines.iter().filter(|line| from.holds(line.key(source))) {
        if wanted.request_id().is_some_and(|id| line.id.as_deref() != Some(id)) {
            continue;
        }
        let text = || text_of(&texts, region.from, line);
        if wanted.holds(line, &held.names, text, owners.as_ref()) {
            hits.push(Hit { source, line: line.clone() });
        }
    }
    Ok(lines)
}

/// What a line says, as it is looked through: the whole of it.
pub fn text_of(bytes: &[u8], from: u64, line: &Line) -> String {
    let begin = (line.offset.saturating_sub(from)) as usize;
    let bytes = bytes.get(begin..).unwrap_or_default();
    let bytes = &bytes[..bytes.len().min(line.len as usize)];
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    String::from_utf8_lossy(decode::shown(bytes, &decode::Arena::new())).into_owned()
}

/// How many lines lie after this one, as far as `most` bytes tell, and whether that is all.
pub fn count_after(
    held: &mut held::Store,
    bytes: &impl Bytes,
    wanted: &Wanted<'_>,
    after: Key,
    most: u64,
) -> (u64, bool) {
    let snapshot = wanted.asof.snapshot;
    let from = From::After(after);
    let before = held.read;
    let (mut count, mut all) = (0, true);
    for (source, stretches) in snapshot.lines.sources() {
        let first = stretches.first().map(|first| first.offset);
        for (stretch, region) in regions(snapshot, source, stretches) {
            let first = first == Some(stretch.offset);
            let bounds = bounds(stretch, first);
            if !from.may_hold(bounds) || !wanted.may_lie_in(stretch, first) {
                continue;
            }
            if wanted.all() && bounds.0 > after.0 && stretch.latest <= wanted.asof.at {
                count += u64::from(stretch.lines);
            } else if held.read - before < most {
                let mut hits = Vec::new();
                // What can't be read can't be told of either.
                let _ = hits_in(held, bytes, wanted, from, stretch, region, &mut hits);
                count += hits.len() as u64;
            } else {
                all = false;
            }
        }
    }
    (count, all)
}
