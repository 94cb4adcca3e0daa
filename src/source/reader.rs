//! Where the bytes of an archive come from: a file as it lies, a packed file, or memory, each read
//! from a given offset on.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::packed::{MAGIC, Pack, Unpack};

/// How much of a packed file is read at once.
const PACKED: usize = 64 << 10;

/// Bytes as they lie: a file or memory, read at an own offset. A file's handle is not moved.
#[derive(Debug)]
pub(super) enum Raw {
    File(Arc<File>),
    Memory(&'static [u8]),
}

impl Raw {
    /// Reads at `offset`; 0 at the end.
    pub fn read_at(&self, space: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Self::File(file) => read_at(file, space, offset),
            Self::Memory(bytes) => {
                let rest = &bytes[(offset as usize).min(bytes.len())..];
                let n = rest.len().min(space.len());
                space[..n].copy_from_slice(&rest[..n]);
                Ok(n)
            }
        }
    }

    /// How it is packed, if it is.
    pub fn pack(&self) -> io::Result<Option<Pack>> {
        let mut magic = [0; MAGIC];
        let n = self.read_at(&mut magic, 0)?;
        Ok(Pack::of(&magic[..n]))
    }
}

/// Reads a file at an offset, again when a signal interrupts.
pub(super) fn read_at(file: &File, space: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match file.read_at(space, offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// The bytes `from..to` of a file, as far as there are any.
pub(super) fn part(file: &File, from: u64, to: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; to.saturating_sub(from) as usize];
    let mut n = 0;
    while n < bytes.len() {
        match read_at(file, &mut bytes[n..], from + n as u64)? {
            0 => break,
            more => n += more,
        }
    }
    bytes.truncate(n);
    Ok(bytes)
}

/// [`Raw`] as a stream.
#[derive(Debug)]
struct Stream {
    raw: Raw,
    offset: u64,
}

impl Read for Stream {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let n = self.raw.read_at(space, self.offset)?;
        self.offset += n as u64;
        Ok(n)
    }
}

/// An archive's bytes in order, unpacked where need be.
#[derive(Debug)]
pub(super) enum Reader {
    Plain(Raw),
    Packed(Box<Packed>),
}

/// A packed file and the error that ended it, until the bytes before it are taken.
#[derive(Debug)]
pub(super) struct Packed {
    unpack: Unpack<BufReader<Stream>>,
    failed: Option<io::Error>,
}

impl Reader {
    /// Reads `raw` as what it is.
    pub fn new(raw: Raw) -> io::Result<Self> {
        Ok(if raw.pack()?.is_some() { Self::packed(raw) } else { Self::Plain(raw) })
    }

    /// Unpacks `raw`.
    pub fn packed(raw: Raw) -> Self {
        let unpack = Unpack::new(BufReader::with_capacity(PACKED, Stream { raw, offset: 0 }));
        Self::Packed(Box::new(Packed { unpack, failed: None }))
    }

    /// Reads the bytes at `offset`, which for packed ones is where the last read ended; 0 at the end. An
    /// error comes only after all bytes before it.
    pub fn read_at(&mut self, space: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Self::Plain(raw) => raw.read_at(space, offset),
            Self::Packed(packed) => packed.fill(space),
        }
    }

    /// How many bytes of what lies there have been read, when reading has come to `offset`.
    pub fn position(&self, offset: u64) -> u64 {
        match self {
            Self::Plain(_) => offset,
            Self::Packed(packed) => packed.unpack.source().map_or(0, |stream| stream.get_ref().offset),
        }
    }

    /// Passes over the first `bytes` unpacked bytes; returns how many there were.
    pub fn skip(&mut self, bytes: u64) -> io::Result<u64> {
        match self {
            Self::Plain(_) => Ok(bytes),
            Self::Packed(packed) => io::copy(&mut (&mut packed.unpack).take(bytes), &mut io::sink()),
        }
    }
}

impl Packed {
    fn fill(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let mut n = 0;
        while n < space.len() && self.failed.is_none() {
            match self.unpack.read(&mut space[n..]) {
                Ok(0) => break,
                Ok(more) => n += more,
                Err(error) => self.failed = Some(error),
            }
        }
        if n > 0 {
            return Ok(n);
        }
        self.failed.take().map_or(Ok(0), Err)
    }
}
