//! What a source is called and what it is.

use std::fs::{File, Metadata, OpenOptions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use crate::model::{SourceId, Timestamp};

/// What kind of thing bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A file read as it lies.
    File,
    /// A gzip or zst file; offsets are those of the unpacked bytes.
    Packed,
    /// A pipe: what was read can't be read again.
    Fifo,
    /// A socket: what came can't be read again.
    Socket,
    /// Bytes in the program itself.
    Memory,
}

/// A source, as it was when it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// Its id.
    pub id: SourceId,
    /// Its path when it was opened; `None` for bytes in memory and sockets. `Catalog::path` has the
    /// present one.
    pub path: Option<Arc<Path>>,
    /// Its name for a person: the path as it was given or found. Unsanitised.
    pub label: Arc<str>,
    /// Its size in bytes when it was opened, as it lies (packed for gzip and zst); 0 for a pipe or socket.
    pub size: u64,
    /// What it is.
    pub kind: Kind,
    /// The function whose log this may be, guessed from the file's name. What is said inside the
    /// file goes before it.
    pub function: Option<Arc<str>>,
    /// The log stream that its folder is named after.
    pub stream: Option<Arc<str>>,
    /// When it was last written, as far as that was known when it was opened.
    pub written: Option<Timestamp>,
    /// Reading began at this offset and the bytes before it are left for
    /// `Catalog::range` (`Mode::Follow`'s newest slice); 0 where nothing was left out.
    pub skipped: u64,
}

/// Which file: survives renames, differs after delete-and-recreate. The system gives a deleted file's
/// inode to the next one that is made; what tells them apart is when they were made, where the system
/// knows it (elsewhere only as long as the old one is open).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Identity {
    dev: u64,
    ino: u64,
    born: Option<i128>,
}

/// What a look at a file tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub identity: Identity,
    /// Bytes.
    pub size: u64,
    /// Last modification, ns since 1970.
    pub modified: i128,
    /// When it was made, ns since 1970, where the system knows; else when it was last modified.
    pub born: i128,
    pub what: What,
}

/// The types of file that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    File,
    Folder,
    Fifo,
    Other,
}

impl From<&Metadata> for Stat {
    fn from(m: &Metadata) -> Self {
        let kind = m.file_type();
        let modified = i128::from(m.mtime()) * 1_000_000_000 + i128::from(m.mtime_nsec());
        let since_1970 = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).ok();
        let born = m.created().ok().and_then(since_1970).and_then(|since| since.as_nanos().try_into().ok());
        Self {
            identity: Identity { dev: m.dev(), ino: m.ino(), born },
            size: m.len(),
            modified,
            born: born.unwrap_or(modified),
            what: if kind.is_file() {
                What::File
            } else if kind.is_dir() {
                What::Folder
            } else if kind.is_fifo() {
                What::Fifo
            } else {
                What::Other
            },
        }
    }
}

/// Opens a file for reading without ever waiting, even where a pipe without a writer lies.
pub(super) fn open(path: &Path) -> std::io::Result<(File, Stat)> {
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(nonblock).open(path)?;
    let stat = Stat::from(&file.metadata()?);
    Ok((file, stat))
}

impl Stat {
    /// Looks at what lies at `path`, behind symlinks.
    pub fn of(path: &Path) -> std::io::Result<Self> {
        Ok(Self::from(&std::fs::metadata(path)?))
    }
}
