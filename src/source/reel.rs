//! Reads several archives together: whichever has the smallest fraction of its bytes read goes
//! next, so that a replay's loading frontier moves evenly.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::io;
use std::sync::Arc;

use super::copies::HEAD;
use super::frame::{Framer, Piece};
use super::info::{Identity, SourceInfo, open};
use super::out::{Out, Stopped};
use super::packed::Pack;
use super::reader::{Raw, Reader, part};
use crate::model::Timestamp;

/// Most memory for half lines of all sources of a thread together; beyond it half lines are cut.
const HALF_LINES: usize = 64 << 20;
/// Half lines up to this length are never cut for others' sake.
const SHORT: usize = 4 << 10;
/// Most weight of packed files read at once: a gzip file takes some 120 KiB of memory and an open file, and
/// can't be put aside.
const INFLATING: usize = 128;

/// Watches over the memory of half lines.
#[derive(Debug, Default)]
pub(super) struct HalfLines {
    held: usize,
}

impl HalfLines {
    /// To be called after each read: the framer held `before` bytes before it.
    pub fn changed(&mut self, before: usize, framer: &mut Framer) {
        self.held = self.held - before + framer.held();
        if self.held > HALF_LINES && framer.held() > SHORT {
            let held = framer.held();
            framer.cut_here();
            self.held = self.held - held + framer.held();
        }
    }

    /// To be called when a framer that held so many bytes is done.
    pub fn gone(&mut self, held: usize) {
        self.held -= held;
    }
}

/// An archive on its way.
#[derive(Debug)]
pub(super) struct Feed {
    pub info: SourceInfo,
    pub framer: Framer,
    /// `None` until the first step, and between steps where too many files would be open.
    pub reader: Option<Reader>,
    /// For opening it again.
    pub identity: Option<Identity>,
    /// How it begins as far as that was read, where it may be written anew meanwhile.
    pub begins: Option<Vec<u8>>,
    /// Read no further than this offset.
    pub until: u64,
    /// How it is packed, if it is: then its bytes can't be read again.
    pub pack: Option<Pack>,
    /// Inflated bytes to pass over: they were given before.
    pub given: u64,
    /// When its bytes came, if that was watched.
    pub arrived: Option<Timestamp>,
}

/// What became of an archive.
#[derive(Debug)]
pub(super) struct Done {
    pub feed: Feed,
    /// Why it ended too early.
    pub error: Option<io::Error>,
}

/// Archives that are read together.
#[derive(Debug)]
pub(super) struct Reel {
    feeds: BTreeMap<u32, Feed>,
    /// Fraction read in 2^-32, id.
    next: BinaryHeap<Reverse<(u64, u32)>>,
    /// Packed files that wait for their turn, by id.
    waiting: VecDeque<u32>,
    inflating: usize,
    most_inflating: usize,
    /// Whether plain files stay open between steps.
    stay_open: bool,
    half_lines: HalfLines,
    pieces: Vec<Piece>,
}

impl Reel {
    /// An empty one, where others may keep so many files open. With `stay_open` the plain files' handles
    /// are kept from step to step.
    pub fn new(stay_open: bool, open_files: usize) -> Self {
        Self {
            feeds: BTreeMap::new(),
            next: BinaryHeap::new(),
            waiting: VecDeque::new(),
            inflating: 0,
            most_inflating: INFLATING.min(open_files / 2),
            stay_open,
            half_lines: HalfLines::default(),
            pieces: Vec::new(),
        }
    }

    /// Adds an archive.
    pub fn add(&mut self, feed: Feed) {
        let id = feed.info.id.0;
        let weight = feed.weight();
        self.feeds.insert(id, feed);
        if weight > 0 && !self.has_room(weight) {
            self.waiting.push_back(id);
        } else {
            self.inflating += weight;
            self.next.push(Reverse((0, id)));
        }
    }

    /// Whether a packed file of so much weight may be read beside those that are; one always may.
    fn has_room(&self, weight: usize) -> bool {
        self.inflating == 0 || self.inflating + weight <= self.most_inflating
    }

    /// Whether all is read.
    pub fn is_empty(&self) -> bool {
        self.feeds.is_empty()
    }

    /// Reads one buffer of the archive that is furthest behind; gives it back when it is done. The
    /// half line at its end is left in its framer.
    pub fn step(&mut self, out: &Out) -> Result<Option<Done>, Stopped> {
        out.check()?;
        let Some(Reverse((_, id))) = self.next.pop() else { return Ok(None) };
        let Some(feed) = self.feeds.get_mut(&id) else { return Ok(None) };
        let held = feed.framer.held();
        let read = feed.read(out, &mut self.pieces);
        self.half_lines.changed(held, &mut feed.framer);
        out.send_pieces(&feed.info, feed.arrived, feed.pack.is_some(), self.pieces.drain(..))?;
        let at = feed.framer.end();
        let error = match read {
            Ok(n) if n > 0 && at < feed.until => {
                self.next.push(Reverse((feed.fraction(), id)));
                if !self.stay_open && matches!(feed.reader, Some(Reader::Plain(Raw::File(_)))) {
                    feed.reader = None;
                }
                return Ok(None);
            }
            Ok(_) => None,
            Err(error) => Some(error),
        };
        let Some(feed) = self.feeds.remove(&id) else { return Ok(None) };
        self.half_lines.gone(feed.framer.held());
        self.inflating -= feed.weight();
        while let Some(next) = self.waiting.front().and_then(|id| self.feeds.get(id))
            && self.has_room(next.weight())
        {
            self.inflating += next.weight();
            self.next.push(Reverse((0, next.info.id.0)));
            self.waiting.pop_front();
        }
        Ok(Some(Done { feed, error }))
    }
}

impl Feed {
    fn read(&mut self, out: &Out, pieces: &mut Vec<Piece>) -> io::Result<usize> {
        if self.reader.is_none() {
            self.reader = Some(self.open(out)?);
        }
        let Some(reader) = &mut self.reader else { return Ok(0) };
        if self.given > 0 {
            reader.skip(std::mem::take(&mut self.given))?;
        }
        let (at, begins) = (self.framer.end(), &mut self.begins);
        let left = usize::try_from(self.until - at).unwrap_or(usize::MAX);
        self.framer.fill(&out.pool, pieces, |space| {
            let room = space.len().min(left);
            let n = reader.read_at(&mut space[..room], at)?;
            if let (Some(begins), Reader::Plain(Raw::File(file))) = (begins, reader) {
                if part(file, 0, begins.len() as u64)? != *begins {
                    return Err(io::Error::other("was written anew while it was read"));
                }
                if at <= begins.len() as u64 && at + n as u64 > begins.len() as u64 {
                    begins.truncate(at as usize);
                    begins.extend_from_slice(&space[..n.min(HEAD.saturating_sub(at as usize))]);
                }
            }
            Ok(n)
        })
    }

    fn open(&self, out: &Out) -> io::Result<Reader> {
        // Where it lies now; it may have been renamed.
        let path = out.catalog.path(self.info.id).unwrap_or_default();
        let (file, stat) = open(&path)?;
        if self.identity != Some(stat.identity) {
            let text = "it was replaced by another file while it was read";
            return Err(io::Error::new(io::ErrorKind::NotFound, text));
        }
        let raw = Raw::File(Arc::new(file));
        Ok(if self.pack.is_some() { Reader::packed(raw) } else { Reader::Plain(raw) })
    }

    fn weight(&self) -> usize {
        self.pack.map_or(0, Pack::weight)
    }

    fn fraction(&self) -> u64 {
        let Some(reader) = &self.reader else { return 0 };
        // For a plain file that is read in part, of that part.
        let (from, size) = match reader {
            Reader::Plain(_) => (self.info.skipped, self.until.min(self.info.size).max(1)),
            Reader::Packed(_) => (0, self.info.size.max(1)),
        };
        let part = u128::from(reader.position(self.framer.end()).saturating_sub(from));
        let whole = u128::from(size.saturating_sub(from).max(1));
        u64::try_from((part << 32) / whole).unwrap_or(u64::MAX)
    }
}
