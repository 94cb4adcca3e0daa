//! Where log lines lie: per source one entry for every 256 KiB or so, with the functions and times
//! in it, so that a function's lines are found without reading everything.

use std::sync::Arc;

use crate::model::{FunctionId, Level, LineFact, Origin, SourceId, Timestamp};

use super::paged::{Item, Paged};

/// Bytes that an entry spans.
const SPAN: u64 = 256 * 1024;

/// Functions above this number are not told apart in the entries.
const MOST_FUNCTIONS: u32 = 1 << 16;

/// A set of functions: a few numbers, or a bit for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FunctionSet {
    /// A few, in order.
    Few(Vec<u32>),
    /// Bit n of word n / 64.
    Bits(Vec<u64>),
}

impl Default for FunctionSet {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl FunctionSet {
    /// Puts a function in.
    pub fn insert(&mut self, FunctionId(id): FunctionId) {
        let id = id.min(MOST_FUNCTIONS);
        match self {
            Self::Few(few) => {
                if let Err(at) = few.binary_search(&id) {
                    few.insert(at, id);
                }
                if few.len() > 16 {
                    let mut bits = Vec::new();
                    few.iter().for_each(|&id| set(&mut bits, id));
                    *self = Self::Bits(bits);
                }
            }
            Self::Bits(bits) => set(bits, id),
        }
    }

    /// Whether a function may be in it; certain but for functions of very high numbers.
    pub fn holds(&self, FunctionId(id): FunctionId) -> bool {
        let id = id.min(MOST_FUNCTIONS);
        match self {
            Self::Few(few) => few.binary_search(&id).is_ok(),
            Self::Bits(bits) => bits.get(id as usize / 64).is_some_and(|word| word >> (id % 64) & 1 == 1),
        }
    }

    fn each(&self, mut tell: impl FnMut(FunctionId)) {
        match self {
            Self::Few(few) => few.iter().for_each(|&id| tell(FunctionId(id))),
            Self::Bits(bits) => {
                for (at, word) in (0u32..).zip(bits) {
                    let mut left = *word;
                    while left != 0 {
                        tell(FunctionId(at * 64 + left.trailing_zeros()));
                        left &= left - 1;
                    }
                }
            }
        }
    }

    fn heap(&self) -> usize {
        match self {
            Self::Few(few) => few.capacity() * 4,
            Self::Bits(bits) => bits.capacity() * 8,
        }
    }
}

fn set(bits: &mut Vec<u64>, id: u32) {
    let word = id as usize / 64;
    if bits.len() <= word {
        bits.resize(word + 1, 0);
    }
    bits[word] |= 1 << (id % 64);
}

/// A stretch of a source and what lies in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Offset of its first line.
    pub offset: u64,
    /// Offset after its last line.
    pub end: u64,
    /// The earliest time of a line; `NEVER` where none is known.
    pub earliest: Timestamp,
    /// The latest time of a line; `MIN` where none is known.
    pub latest: Timestamp,
    /// When the first of its lines was known.
    pub known: Timestamp,
    /// Number of lines.
    pub lines: u32,
    /// The functions whose lines lie in it.
    pub functions: FunctionSet,
    /// Whether there are lines of no known function.
    pub unknown: bool,
    /// Whether there are lines at level ERROR or FATAL.
    pub errors: bool,
}

impl Stretch {
    /// Without lines yet, from this offset on.
    fn at(offset: u64) -> Self {
        Self {
            offset,
            end: offset,
            earliest: Timestamp::NEVER,
            latest: Timestamp::MIN,
            known: Timestamp::NEVER,
            lines: 0,
            functions: FunctionSet::default(),
            unknown: false,
            errors: false,
        }
    }

    /// Adds a line; it, or what it is a part of, ends at `end`.
    fn add(&mut self, line: &LineFact, end: u64) {
        self.end = self.end.max(end);
        if let Some(time) = line.time {
            self.earliest = self.earliest.min(time);
            self.latest = self.latest.max(time);
        }
        self.known = self.known.min(line.known);
        self.lines = self.lines.saturating_add(1);
        match line.function {
            Some(function) => self.functions.insert(function),
            None => self.unknown = true,
        }
        self.errors |= line.level >= Level::Error;
    }

    /// Adds the lines of another.
    fn merge(&mut self, other: &Self) {
        self.end = self.end.max(other.end);
        self.earliest = self.earliest.min(other.earliest);
        self.latest = self.latest.max(other.latest);
        self.known = self.known.min(other.known);
        self.lines = self.lines.saturating_add(other.lines);
        other.functions.each(|function| self.functions.insert(function));
        self.unknown |= other.unknown;
        self.errors |= other.errors;
    }
}

impl Item for Stretch {
    type Key = u64;
    type Summary = ();
    const PER_PAGE: usize = 64;

    fn key(&self) -> u64 {
        self.offset
    }

    fn sum_up(&self, (): &mut ()) {}

    fn heap(&self) -> usize {
        self.functions.heap()
    }
}

/// The chunk whose lines come.
#[derive(Clone, Debug)]
struct Chunk {
    source: SourceId,
    from: u64,
    to: u64,
    /// What its lines come to so far: they all lie in one stretch, which is looked for once.
    gathered: Option<Stretch>,
}

/// The stretches of all sources.
#[derive(Clone, Debug, Default)]
pub struct LineIndex {
    sources: Vec<(SourceId, Arc<Paged<Stretch>>)>,
    chunk: Option<Chunk>,
}

impl LineIndex {
    /// The stretches of a source in order.
    pub fn of(&self, source: SourceId) -> Option<&Paged<Stretch>> {
        let at = self.sources.binary_search_by_key(&source, |(id, _)| *id).ok()?;
        Some(&self.sources[at].1)
    }

    /// The sources with their stretches.
    pub fn sources(&self) -> impl Iterator<Item = (SourceId, &Paged<Stretch>)> {
        self.sources.iter().map(|(id, stretches)| (*id, &**stretches))
    }

    /// Says where the chunk lies that the next lines are in. Stretches begin and end with chunks: a
    /// line may be a part of a document, and to be read again it needs the whole.
    pub(super) fn chunk(&mut self, source: SourceId, from: u64, to: u64) {
        self.settle();
        self.chunk = Some(Chunk { source, from, to, gathered: None });
    }

    /// Notes a line.
    pub(super) fn note(&mut self, line: &LineFact) {
        let Origin { source, offset, len } = line.origin;
        let end = offset.saturating_add(u64::from(len));
        match &mut self.chunk {
            Some(chunk) if chunk.source == source && (chunk.from..chunk.to).contains(&offset) => {
                let end = end.max(chunk.to);
                chunk.gathered.get_or_insert_with(|| Stretch::at(offset)).add(line, end);
            }
            _ => {
                let mut stretch = Stretch::at(offset);
                stretch.add(line, end);
                self.put(source, offset, &stretch);
            }
        }
    }

    /// Puts in what was gathered: before anybody looks.
    pub(super) fn settle(&mut self) {
        if let Some(chunk) = &mut self.chunk
            && let Some(gathered) = chunk.gathered.take()
        {
            let (source, begin) = (chunk.source, chunk.from);
            self.put(source, begin, &gathered);
        }
    }

    /// Puts lines that belong together, from `begin` on, into the stretch in which they lie.
    fn put(&mut self, source: SourceId, begin: u64, lines: &Stretch) {
        let at = match self.sources.binary_search_by_key(&source, |(id, _)| *id) {
            Ok(at) => at,
            Err(at) => {
                self.sources.insert(at, (source, Arc::default()));
                at
            }
        };
        let stretches = Arc::make_mut(&mut self.sources[at].1);
        let holder = stretches
            .last()
            .filter(|last| last.offset <= lines.offset)
            .or_else(|| stretches.back_from(lines.offset.saturating_add(1)).next())
            .filter(|holder| begin.saturating_sub(holder.offset) < SPAN)
            .map_or(lines.offset, |holder| holder.offset);
        stretches.upsert(holder, || Stretch::at(lines.offset), |stretch| stretch.merge(lines));
    }

    /// Lets go the first half of the stretches of each source; returns how many.
    pub(super) fn halve(&mut self) -> usize {
        let mut gone = 0;
        for (_, stretches) in &mut self.sources {
            let middle = stretches.iter().nth(stretches.len() / 2).map_or(0, |stretch| stretch.offset);
            gone += Arc::make_mut(stretches).drop_before(middle, |_| false);
        }
        gone
    }

    /// Bytes held, estimated.
    pub fn bytes(&self) -> usize {
        self.sources.iter().map(|(_, stretches)| stretches.bytes() + 64).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(source: u32, function: u32, offset: u64, time: i64) -> LineFact {
        LineFact {
            function: Some(FunctionId(function)),
            time: Some(Timestamp(time)),
            known: Timestamp(time),
            level: if time % 7 == 0 { Level::Error } else { Level::Info },
            origin: Origin { source: SourceId(source), offset, len: 100 },
        }
    }

    #[test]
    fn lines_are_found_by_stretch() {
        let mut index = LineIndex::default();
        for n in 0..10_000u32 {
            index.note(&line(n % 2, n / 1_000, u64::from(n / 2) * 100, 1 + i64::from(n)));
        }
        let stretches = index.of(SourceId(1)).unwrap();
        assert_eq!(stretches.len(), 2);
        let first = stretches.first().unwrap();
        assert_eq!((first.offset, first.lines), (0, 2_622));
        assert_eq!((first.earliest, first.latest), (Timestamp(2), Timestamp(5_244)));
        assert!(first.functions.holds(FunctionId(5)) && !first.functions.holds(FunctionId(6)));
        assert!(first.errors && !first.unknown);
        // The lines of a chunk are in one, however many they are.
        let mut chunks = LineIndex::default();
        for n in 0..10_000u32 {
            let offset = u64::from(n) * 100;
            if n % 1_000 == 0 {
                chunks.chunk(SourceId(1), offset, offset + 100_000);
            }
            chunks.note(&line(1, n / 1_000, offset, 1 + i64::from(n)));
        }
        chunks.settle();
        let ends: Vec<_> =
            chunks.of(SourceId(1)).unwrap().iter().map(|s| (s.offset, s.end, s.lines)).collect();
        assert_eq!(
            ends,
            [
                (0, 300_000, 3_000),
                (300_000, 600_000, 3_000),
                (600_000, 900_000, 3_000),
                (900_000, 1_000_000, 1_000)
            ]
        );
        // Read again: nothing is counted into another stretch.
        index.note(&line(1, 5, 300, 9));
        assert_eq!(index.of(SourceId(1)).unwrap().len(), 2);
        assert_eq!(index.halve(), 2);
        assert!(index.of(SourceId(7)).is_none());
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let mut set = FunctionSet::default();
        for id in (0..100).rev().step_by(3) {
            set.insert(FunctionId(id));
        }
        for id in 0..120 {
            assert_eq!(set.holds(FunctionId(id)), id < 100 && id % 3 == 0, "{id}");
        }
        let mut told = Vec::new();
        set.each(|FunctionId(id)| told.push(id));
        assert_eq!(told, (0..100).step_by(3).collect::<Vec<_>>());
    }
}
