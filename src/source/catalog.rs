//! Which sources there are, and their bytes again: log lines are shown from where they lie.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};

use memchr::memchr;

use super::frame::{Framer, Piece, VALUES};
use super::info::{Identity, Kind, SourceInfo, open};
use super::kept::Kept;
use super::pool::Pool;
use super::reader::{Raw, Reader, part};
use crate::frame::{Scanner, first_border};
use crate::model::{Chunk, SourceId};

/// Where a source's bytes lie now.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// In a file; through its open handle while its reader keeps one.
    File { path: Arc<Path>, identity: Identity, handle: Weak<File> },
    /// In the program.
    Memory(&'static [u8]),
    /// Nowhere but in what was kept of them.
    Gone(&'static str),
}

#[derive(Debug)]
struct Entry {
    info: SourceInfo,
    place: Place,
}

#[derive(Debug)]
struct Inner {
    entries: RwLock<Vec<Entry>>,
    kept: Mutex<Kept>,
    /// Files that this program writes.
    ours: RwLock<Vec<PathBuf>>,
    most: usize,
}

/// All sources opened so far. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub struct Catalog(Arc<Inner>);

impl Catalog {
    /// An empty one, for frames of at most `most` bytes, that keeps at most `keep` bytes of memory.
    pub(super) fn new(most: usize, keep: u64) -> Self {
        let mut kept = Kept::default();
        kept.bound(keep);
        Self(Arc::new(Inner {
            entries: RwLock::default(),
            kept: Mutex::new(kept),
            ours: RwLock::default(),
            most,
        }))
    }

    /// Enters a source; its id is the next.
    pub(super) fn add(&self, place: Place, info: impl FnOnce(SourceId) -> SourceInfo) -> SourceInfo {
        let mut entries = self.0.entries.write().unwrap_or_else(PoisonError::into_inner);
        let info = info(SourceId(u32::try_from(entries.len()).unwrap_or(u32::MAX)));
        entries.push(Entry { info: info.clone(), place });
        info
    }

    /// A file at this path is no source from now on: this program writes it.
    pub fn leave_out(&self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        self.0.ours.write().unwrap_or_else(PoisonError::into_inner).push(path);
    }

    /// Whether a file is left out.
    pub(super) fn leaves_out(&self, path: &Path) -> bool {
        self.0.ours.read().unwrap_or_else(PoisonError::into_inner).iter().any(|ours| ours == path)
    }

    /// Says where a source lies from now on.
    pub(super) fn lies(&self, id: SourceId, place: Place) {
        let mut entries = self.0.entries.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(id.0 as usize) {
            entry.place = place;
        }
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A source as it was when it was opened.
    pub fn get(&self, id: SourceId) -> Option<SourceInfo> {
        let entries = self.0.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(id.0 as usize).map(|entry| entry.info.clone())
    }

    /// All sources opened so far, by id.
    pub fn all(&self) -> Vec<SourceInfo> {
        let entries = self.0.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.iter().map(|entry| entry.info.clone()).collect()
    }

    /// Where a source lies now; after a rename another path than when it was opened. `None` for
    /// what lies in no file.
    pub fn path(&self, id: SourceId) -> Option<PathBuf> {
        match self.place(id) {
            Some(Place::File { path, .. }) => Some(path.to_path_buf()),
            _ => None,
        }
    }

    fn place(&self, id: SourceId) -> Option<Place> {
        let entries = self.0.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(id.0 as usize).map(|entry| entry.place.clone())
    }

    /// Keeps at most so many bytes of memory of what can't be read again (gzip, zst, pipes, sockets) from now on.
    pub fn keep_at_most(&self, bytes: u64) {
        self.kept().bound(bytes);
    }

    /// Bytes of the largest frame: of a longer line only its head was read.
    pub fn most(&self) -> usize {
        self.0.most
    }

    /// Bytes of memory that are kept of what can't be read again.
    pub fn kept_bytes(&self) -> u64 {
        self.kept().held()
    }

    /// Bytes of input that can't be shown again, because they were let go to stay within the bound.
    pub fn let_go_bytes(&self) -> u64 {
        self.kept().let_go()
    }

    /// The bytes `from..to` of a source, at most `max` of them, from where they lie; fewer where
    /// the source is shorter. Fails, with a sentence for a person, where they are no longer there.
    pub fn reread(&self, source: &SourceInfo, from: u64, to: u64, max: usize) -> io::Result<Vec<u8>> {
        let to = to.min(from.saturating_add(max as u64));
        if matches!(source.kind, Kind::Packed | Kind::Fifo | Kind::Socket) {
            return self.kept().read(source.id, from, to);
        }
        let place = self.place(source.id);
        if let Some(Place::Memory(bytes)) = place
            && Raw::Memory(bytes).pack()?.is_none()
        {
            let end = bytes.len().min(to as usize);
            return Ok(bytes[end.min(from as usize)..end].to_vec());
        } else if let Some(Place::Memory(_)) = place {
            return self.kept().read(source.id, from, to);
        }
        let file = self.file(source)?;
        let bytes = part(&file, from, to)?;
        if bytes.is_empty() && from < to {
            let text = format!("{} is shorter now: it holds nothing at byte {from} any more", source.label);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
        }
        Ok(bytes)
    }

    /// Reads the frames that begin in `from..to` of a file (or of memory) again, on the caller's
    /// thread. Ranges that touch tile where no frame lies across: no frame twice, none missed. A gzip
    /// file is inflated from its beginning.
    pub fn range(&self, source: &SourceInfo, from: u64, to: u64, pool: &Pool) -> io::Result<RangeReader> {
        let mut reader = match self.place(source.id) {
            Some(Place::Memory(bytes)) => Reader::new(Raw::Memory(bytes))?,
            _ if source.kind == Kind::Packed => Reader::packed(Raw::File(self.file(source)?)),
            _ => Reader::Plain(Raw::File(self.file(source)?)),
        };
        // Some bytes before, so that a frame that begins at `from` is told from the end of another.
        let begin = from.saturating_sub(BEFORE);
        reader.skip(begin)?;
        Ok(RangeReader {
            source: source.id,
            reader,
            framer: Framer::new(begin, self.0.most),
            pieces: Vec::new(),
            from,
            first: (from > 0).then(Vec::new),
            begin,
            most: self.0.most * VALUES,
            to,
            ended: from >= to,
            pool: pool.clone(),
        })
    }

    fn file(&self, source: &SourceInfo) -> io::Result<Arc<File>> {
        let gone = |why: &str| io::Error::new(io::ErrorKind::NotFound, format!("{} {why}", source.label));
        match self.place(source.id) {
            Some(Place::File { path, identity, handle }) => {
                if let Some(file) = handle.upgrade() {
                    return Ok(file);
                }
                let (file, stat) =
                    open(&path).map_err(|error| gone(&format!("can't be read again: {error}")))?;
                if stat.identity != identity {
                    return Err(gone("was replaced by another file since it was read"));
                }
                Ok(Arc::new(file))
            }
            Some(Place::Gone(why)) => Err(gone(why)),
            Some(Place::Memory(_)) | None => Err(gone("is not a file")),
        }
    }
}

/// How many bytes before a line tell whether another frame ends there.
const BEFORE: u64 = 256;

/// Reads a part of a source again, frame by frame.
#[derive(Debug)]
pub struct RangeReader {
    source: SourceId,
    reader: Reader,
    framer: Framer,
    /// Read and not given yet, the next one last.
    pieces: Vec<Piece>,
    from: u64,
    /// What was read from `begin` on, as long as no frame is known to begin in it.
    first: Option<Vec<u8>>,
    begin: u64,
    most: usize,
    to: u64,
    ended: bool,
    pool: Pool,
}

impl RangeReader {
    /// The next frames; `None` after the last. Their `arrived` is `None`.
    pub fn next_chunk(&mut self) -> io::Result<Option<Chunk>> {
        loop {
            while let Some(mut piece) = self.pieces.pop() {
                if !self.is_begun(&mut piece) {
                    continue;
                }
                if piece.offset >= self.to {
                    self.ended = true;
                    return Ok(None);
                }
                cut_after(&mut piece, self.to);
                let Piece { offset, bytes, cut } = piece;
                if !bytes.is_empty() {
                    return Ok(Some(Chunk { source: self.source, offset, arrived: None, bytes, cut }));
                }
            }
            if self.ended || self.framer.start() >= self.to {
                return Ok(None);
            }
            let at = self.framer.end();
            let (reader, pieces) = (&mut self.reader, &mut self.pieces);
            if self.framer.fill(&self.pool, pieces, |space| reader.read_at(space, at))? == 0 {
                pieces.extend(self.framer.finish());
                self.ended = true;
            }
            self.pieces.reverse();
        }
    }

    /// Whether a frame of the range begins in a piece, of which what is before it is left off.
    fn is_begun(&mut self, piece: &mut Piece) -> bool {
        let Some(seen) = &mut self.first else { return true };
        seen.extend_from_slice(&piece.bytes);
        let before = (self.from - self.begin) as usize;
        let last = self.ended && self.pieces.is_empty();
        let border = first_border(seen, before);
        // A source whose frames can't be told is taken from the next line on.
        let line = || memchr(b'\n', seen.get(before.saturating_sub(1)..)?).map(|at| before + at);
        let border =
            if last || seen.len() > self.most || piece.cut > 0 { border.or_else(line) } else { border };
        match border {
            Some(at) => {
                let cut = piece.cut;
                *piece = Piece { offset: self.begin + at as u64, bytes: seen.split_off(at), cut };
                self.first = None;
                true
            }
            None if piece.cut > 0 => {
                // The end of an over-long line is a border.
                self.begin = piece.offset + piece.bytes.len() as u64 + piece.cut;
                let begun = self.begin >= self.from;
                *seen = Vec::new();
                if begun {
                    self.first = None;
                }
                false
            }
            None => false,
        }
    }

    /// Offset up to which has been read.
    pub fn at(&self) -> u64 {
        self.framer.end()
    }
}

/// Leaves the frames that begin before `to`.
fn cut_after(piece: &mut Piece, to: u64) {
    let Some(before) = to.checked_sub(piece.offset).map(|at| at as usize) else { return };
    if before >= piece.bytes.len() {
        return;
    }
    let (mut scanner, mut at) = (Scanner::default(), 0);
    while at < before
        && let Some(frame) = scanner.next(&piece.bytes, at, true)
    {
        at = frame.end;
    }
    if at < piece.bytes.len() {
        piece.bytes.truncate(at);
        piece.cut = 0;
    }
}
