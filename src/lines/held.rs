//! Stretches that were read again: their lines, so that a question about the same place, or about
//! what was appended, reads no byte twice.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::bytes::Bytes;
use super::line::{self, Context, Line, Names};
use crate::model::{Chunk, SourceId, Timestamp};

/// Lines held at most, of all stretches together (some 100 bytes each).
const MOST_LINES: usize = 128 * 1024;
/// Names held at most before all is forgotten.
const MOST_NAMES: usize = 100_000;
/// How far back a record is looked for that a stretch's first lines continue.
const BACK: [u64; 3] = [16 << 10, 256 << 10, 2 << 20];
/// Bytes in which the lines of a stretch begin.
const SPAN: u64 = 256 << 10;

/// Where a stretch lies, whose first byte is a line's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The source.
    pub source: SourceId,
    /// Offset of its first byte: its identity.
    pub from: u64,
    /// Offset after its last byte.
    pub to: u64,
    /// The time of lines whose record is not found.
    pub otherwise: Timestamp,
}

#[derive(Debug)]
struct Held {
    lines: Arc<Vec<Line>>,
    to: u64,
    context: Context,
    used: u64,
}

/// What was read again.
#[derive(Debug, Default)]
pub struct Store {
    stretches: FxHashMap<(SourceId, u64), Held>,
    /// Names of functions and streams.
    pub names: Names,
    lines: usize,
    turn: u64,
    /// Bytes read for the present question.
    pub read: u64,
}

impl Store {
    /// Begins a question.
    pub fn begin(&mut self) {
        self.turn += 1;
        self.read = 0;
        if self.names.len() > MOST_NAMES {
            (self.names, self.lines) = (Names::default(), 0);
            self.stretches.clear();
        }
    }

    /// The lines of a stretch, in the order in which they lie.
    pub fn lines(&mut self, bytes: &impl Bytes, region: Region) -> Result<Arc<Vec<Line>>, String> {
        let Region { source, from, to, otherwise } = region;
        let hint = bytes.function(source);
        let mut held = match self.stretches.entry((source, from)) {
            Entry::Occupied(held) if held.get().to >= to => {
                let held = held.into_mut();
                held.used = self.turn;
                return Ok(held.lines.clone());
            }
            Entry::Occupied(held) => held.remove(),
            Entry::Vacant(_) => {
                Held { lines: Arc::default(), to: from, context: Context::default(), used: 0 }
            }
        };
        self.lines -= held.lines.len();
        let most = bytes.most() as u64;
        // What could not be read may lie before the first line of the first stretch.
        let end = to.min(from.saturating_add(2 * SPAN + most)).max(held.to);
        let mut part = bytes.read(source, held.to, end)?;
        if end < to && has_open_value(&part) {
            let end = to.min(end.saturating_add(crate::frame::MOST as u64));
            part = bytes.read(source, held.to, end)?;
        }
        self.read += part.len() as u64;
        let chunk = frames(source, held.to, part, to, most);
        if from == held.to && from > 0 && self.asks_back(&chunk, hint.as_deref()) {
            held.context = self.before(bytes, source, from, hint.as_deref()).unwrap_or_default();
        }
        let lines = Arc::make_mut(&mut held.lines);
        let known = lines.len();
        line::read(&chunk, &mut held.context, hint.as_deref(), &mut self.names, lines);
        for line in lines[known..].iter_mut().filter(|line| line.time == Timestamp::MIN) {
            line.time = otherwise;
            line.known = line.known.max(otherwise);
        }
        held.to = to;
        held.used = self.turn;
        let lines = held.lines.clone();
        self.lines += lines.len();
        self.stretches.insert((source, from), held);
        self.shrink();
        Ok(lines)
    }

    /// Whether the first lines of a chunk are nothing without the record before them.
    fn asks_back(&mut self, chunk: &Chunk, hint: Option<&str>) -> bool {
        let first = crate::frame::Scanner::default().next(&chunk.bytes, 0, true);
        let end = first.map_or(chunk.bytes.len(), |first| first.end);
        let first = Chunk { bytes: chunk.bytes[..end].to_vec(), ..*chunk };
        let mut lines = Vec::new();
        let mut context = Context::default();
        line::read(&first, &mut context, hint, &mut self.names, &mut lines);
        context.record.is_none_or(|record| record.time == Timestamp::MIN)
    }

    /// The record before an offset, with its time.
    fn before(
        &mut self,
        bytes: &impl Bytes,
        source: SourceId,
        at: u64,
        hint: Option<&str>,
    ) -> Option<Context> {
        for back in BACK {
            let from = at.saturating_sub(back);
            let mut part = bytes.read(source, from, at).ok()?;
            self.read += part.len() as u64;
            let line = || memchr::memchr(b'\n', &part).map(|at| at + 1);
            let skip = if from == 0 { 0 } else { crate::frame::first_border(&part, 1).or_else(line)? };
            part.drain(..skip);
            let chunk = Chunk { source, offset: from + skip as u64, arrived: None, bytes: part, cut: 0 };
            let mut context = Context::default();
            line::read(&chunk, &mut context, hint, &mut self.names, &mut Vec::new());
            if context.record.as_ref().is_some_and(|record| record.time != Timestamp::MIN) || from == 0 {
                return Some(context);
            }
        }
        None
    }

    /// Lets the stretches go that nobody asked for longest.
    fn shrink(&mut self) {
        while self.lines > MOST_LINES && self.stretches.len() > 1 {
            let oldest = self.stretches.iter().min_by_key(|(place, held)| (held.used, place.1));
            let Some(place) = oldest.map(|(place, _)| *place) else { return };
            if let Some(gone) = self.stretches.remove(&place) {
                self.lines -= gone.lines.len();
            }
        }
    }
}

/// Whether bytes end in a JSON value.
fn has_open_value(bytes: &[u8]) -> bool {
    let mut at = crate::frame::last_border(bytes).unwrap_or(0);
    let mut scanner = crate::frame::Scanner::default();
    while at < bytes.len()
        && let Some(frame) = scanner.next(bytes, at, false)
    {
        at = frame.end;
    }
    scanner.is_open()
}

/// Bytes as the framer cut them: of a line longer than `most` only its head, the last of all.
fn frames(source: SourceId, offset: u64, mut bytes: Vec<u8>, to: u64, most: u64) -> Chunk {
    let last = memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
    let mut cut = 0;
    // A value may be longer.
    let value = matches!(bytes.last(), Some(b'}' | b']'));
    if (bytes.len() - last) as u64 >= most && !value {
        let head = last + most as usize;
        // How long it is is not known where nothing follows yet.
        cut = to.saturating_sub(offset + head as u64).max(1);
        bytes.truncate(head);
    }
    Chunk { source, offset, arrived: None, bytes, cut }
}
