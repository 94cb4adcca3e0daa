//! Copies of files that are read already. Log rotation makes them: `copytruncate` copies a log
//! before it empties it, and rotated files are compressed beside the plain ones. A new file that
//! begins with the very bytes of a known one is not read again.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::reader::{Raw, Reader, part};

/// Bytes at its beginning that tell a log from all others: they hold a time or a request id.
pub(super) const HEAD: usize = 512;
/// Files that ended and whose copies are still known.
const PAST: usize = 4096;
/// Those of them that were shorter than a head: these are also told by their names.
const SHORT_PAST: usize = 64;

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
    short_past: VecDeque<(PathBuf, Head, Original)>,
}

impl Heads {
    /// The head that a file has whose first bytes are these.
    pub fn of(&self, bytes: &[u8]) -> Head {
        Head { len: bytes.len(), hash: if bytes.is_empty() { 0 } else { self.hasher.hash_one(bytes) } }
    }

    /// The head that a file has now.
    pub fn read(&self, file: &File) -> io::Result<Head> {
        Ok(self.of(&part(file, 0, HEAD as u64)?))
    }

    /// Whether a file begins so.
    pub fn holds(&self, file: &File, head: Head) -> io::Result<bool> {
        Ok(self.of(&part(file, 0, head.len as u64)?) == head)
    }

    /// Whether what begins with these bytes begins so.
    pub fn is_begin(&self, begin: &[u8], head: Head) -> bool {
        begin.get(..head.len).is_some_and(|begin| self.of(begin) == head)
    }

    /// The head of a file that began with `head` when `bytes` had been read at `at` of it; `None`
    /// if it begins otherwise by now, so that they may be anybody's. A head is made of bytes that
    /// were read: whoever finds it unchanged knows that all of them are still there.
    pub fn after(&self, file: &File, head: Head, at: u64, bytes: &[u8]) -> io::Result<Option<Head>> {
        let mut begin = part(file, 0, head.len as u64)?;
        if self.of(&begin) != head {
            return Ok(None);
        }
        if head.is_full() || at + bytes.len() as u64 <= head.len as u64 {
            return Ok(Some(head));
        }
        if at > head.len as u64 {
            // It grew where it is read from its middle on.
            return self.read(file).map(Some);
        }
        begin.truncate(at as usize);
        begin.extend_from_slice(&bytes[..bytes.len().min(HEAD - at as usize)]);
        Ok(Some(self.of(&begin)))
    }

    /// A followed file's head grew.
    pub fn grew(&mut self, key: u32, from: Head, to: Head) {
        if from != to {
            self.forget(from, key);
            self.known.insert(to, Original::Followed(key));
        }
    }

    /// A file is no longer followed, and was read up to `read`; whether that was whole lines.
    pub fn ended(&mut self, path: &Path, head: Head, key: u32, read: u64, whole_lines: bool) {
        if head.len == 0 {
            return;
        }
        self.forget(head, key);
        let past = Original::Past(key, read);
        self.known.insert(head, past);
        self.past.push_back(head);
        if self.past.len() > PAST
            && let Some(oldest) = self.past.pop_front()
            && matches!(self.known.get(&oldest), Some(Original::Past(..)))
        {
            self.known.remove(&oldest);
        }
        if !head.is_full() && whole_lines {
            self.short_past.push_back((path.to_path_buf(), head, past));
            if self.short_past.len() > SHORT_PAST {
                self.short_past.pop_front();
            }
        }
    }

    /// Of the files that ended, one shorter than a head whose bytes are the beginning of a file at
    /// `path`, and whose name that was given.
    pub fn find_short(&self, path: &Path, begin: &[u8]) -> Option<Original> {
        let mut newest_first = self.short_past.iter().rev();
        newest_first
            .find(|(original, head, _)| is_named_after(path, original) && self.is_begin(begin, *head))
            .map(|(.., past)| *past)
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
}

/// The first bytes of a packed file's contents, as many as a head has.
pub(super) fn inside(packed: Arc<File>) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; HEAD];
    let n = Reader::packed(Raw::File(packed)).read_at(&mut bytes, 0)?;
    bytes.truncate(n);
    Ok(bytes)
}

/// Whether two files hold the same bytes just before `end`.
pub(super) fn same_before(a: &File, b: &File, end: u64) -> io::Result<bool> {
    let from = end.saturating_sub(HEAD as u64);
    Ok(part(a, from, end)? == part(b, from, end)?)
}

/// Whether a file that may be a copy begins as another does that is as long or longer.
pub(super) fn is_alike(copy: &File, original: &File) -> bool {
    let begin = |file: &File| part(file, 0, HEAD as u64);
    match (begin(copy), begin(original)) {
        (Ok(copy), Ok(original)) => !copy.is_empty() && original.starts_with(&copy),
        _ => false,
    }
}

/// Whether `copy` lies beside `original` and is called like a copy of it: `app.log.1`,
/// `app.log-20261123`, `app-20261123.log` for `app.log`.
pub(super) fn is_named_after(copy: &Path, original: &Path) -> bool {
    let (Some(name), Some(of)) = (copy.file_name(), original.file_name()) else { return false };
    if copy.parent() != original.parent() {
        return false;
    }
    let marked = |rest: &[u8]| rest.first().is_some_and(|c| !c.is_ascii_alphanumeric());
    let (name, of) = (name.as_bytes(), of.as_bytes());
    let before_ending = || {
        let (stem, ending) = of.split_at(memchr::memrchr(b'.', of)?);
        name.strip_prefix(stem)?.strip_suffix(ending)
    };
    name.strip_prefix(of).is_some_and(marked) || before_ending().is_some_and(marked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn copies_are_named_after_their_original() {
        let named = |copy: &str, original: &str| is_named_after(Path::new(copy), Path::new(original));
        for copy in
            ["a/app.log.1", "a/app.log-20261123", "a/app.log.1.gz", "a/app-20261123.log", "a/app.1.log"]
        {
            assert!(named(copy, "a/app.log"), "{copy}");
            assert!(!named("a/app.log", copy), "{copy}");
        }
        for other in ["b/app.log.1", "a/app.log", "a/app2.log", "a/apple.log", "a/app.txt", "a/app.log2"] {
            assert!(!named(other, "a/app.log"), "{other}");
        }
    }

    #[test]
    fn a_head_is_made_of_what_was_read() {
        let (mut file, heads) = (tempfile::tempfile().unwrap(), Heads::default());
        file.write_all(&[b'a'; 300]).unwrap();
        let first = heads.after(&file, Head::default(), 0, &[b'a'; 300]).unwrap().unwrap();
        assert_eq!((first.len(), first.is_full()), (300, false));
        file.write_all(&[b'b'; 400]).unwrap();
        let full = heads.after(&file, first, 300, &[b'b'; 400]).unwrap().unwrap();
        assert!(full.is_full() && heads.holds(&file, full).unwrap() && heads.holds(&file, first).unwrap());
        assert_eq!(full, heads.read(&file).unwrap());
        // Emptied and written again, past where reading had come.
        file.set_len(0).unwrap();
        assert_eq!(heads.after(&file, first, 300, b"x").unwrap(), None);
        let mut other = tempfile::tempfile().unwrap();
        other.write_all(&[b'c'; 900]).unwrap();
        assert_eq!(heads.after(&other, full, 700, &[b'c'; 200]).unwrap(), None);
    }
}
