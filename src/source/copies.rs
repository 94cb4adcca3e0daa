//! Copies of files that are read already. Log rotation makes them: `copytruncate` copies a log
//! before it empties it, and rotated files are compressed beside the plain ones. A new file that
//! begins with the very bytes of a known one is not read again.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::Arc;

use super::reader::{Raw, Reader, part};

/// Bytes at its beginning that tell a log from all others: they hold a time or a request id.
pub(super) const HEAD: usize = 512;
/// Files that ended and whose copies are still known.
const PAST: usize = 4096;

/// The first bytes of a file, as far as there are any, up to [`HEAD`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Head {
    len: usize,
    hash: u64,
}

impl Head {
    /// Whether it is long enough to tell a file from others.
    pub fn is_full(&self) -> bool {
        self.len == HEAD
    }

    /// Bytes it covers.
    pub fn len(&self) -> usize {
        self.len
    }
}

/// A file that began with some head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Original {
    /// It is being followed, under this key.
    Followed(u32),
    /// It was followed under this key, and read up to this offset.
    Past(u32, u64),
}

/// The heads of all files that are or were read.
#[derive(Debug, Default)]
pub(super) struct Heads {
    hasher: RandomState,
    known: HashMap<Head, Original>,
    past: VecDeque<Head>,
}

impl Heads {
    fn of(&self, bytes: &[u8]) -> Head {
        Head { len: bytes.len(), hash: if bytes.is_empty() { 0 } else { self.hasher.hash_one(bytes) } }
    }

    /// The head that a file has now.
    pub fn read(&self, file: &File) -> io::Result<Head> {
        Ok(self.of(&part(file, 0, HEAD as u64)?))
    }

    /// Whether a file still begins as it did; the head grows with it.
    pub fn check(&mut self, file: &File, head: &mut Head, key: u32) -> io::Result<bool> {
        let bytes = part(file, 0, HEAD as u64)?;
        if bytes.len() < head.len || self.of(&bytes[..head.len]) != *head {
            return Ok(false);
        }
        if bytes.len() > head.len {
            self.forget(*head, key);
            *head = self.of(&bytes);
            self.known.insert(*head, Original::Followed(key));
        }
        Ok(true)
    }

    /// A file is no longer followed, and was read up to `read`.
    pub fn ended(&mut self, head: Head, key: u32, read: u64) {
        if head.len == 0 {
            return;
        }
        self.forget(head, key);
        self.known.insert(head, Original::Past(key, read));
        self.past.push_back(head);
        if self.past.len() > PAST
            && let Some(oldest) = self.past.pop_front()
            && matches!(self.known.get(&oldest), Some(Original::Past(..)))
        {
            self.known.remove(&oldest);
        }
    }

    fn forget(&mut self, head: Head, key: u32) {
        if self.known.get(&head) == Some(&Original::Followed(key)) {
            self.known.remove(&head);
        }
    }

    /// Who began with this head.
    pub fn find(&self, head: Head) -> Option<Original> {
        self.known.get(&head).copied()
    }

    /// The head of a gzip file's contents and its inflated length (modulo 2^32, as its last bytes
    /// say); `None` while it can't be told.
    pub fn of_gzip(&self, file: Arc<File>, size: u64) -> io::Result<Option<(Head, u64)>> {
        let Ok(trailer) = <[u8; 4]>::try_from(part(&file, size.saturating_sub(4), size)?) else {
            return Ok(None);
        };
        let mut bytes = vec![0; HEAD];
        let mut reader = Reader::gzip(Raw::File(file));
        let n = reader.read_at(&mut bytes, 0)?;
        Ok(Some((self.of(&bytes[..n]), u64::from(u32::from_le_bytes(trailer)))))
    }
}

/// Whether two files hold the same bytes just before `end`.
pub(super) fn same_before(a: &File, b: &File, end: u64) -> io::Result<bool> {
    let from = end.saturating_sub(HEAD as u64);
    Ok(part(a, from, end)? == part(b, from, end)?)
}
