//! What a source is called and what it is.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use rustix::fs::{AtFlags, CWD};

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

/// Nanoseconds of a second.
const NS: i128 = 1_000_000_000;

/// Which file: survives renames, differs after delete-and-recreate. The system gives a deleted file's
/// inode to the next one that is made; what tells them apart is when they were made, where the system
/// knows it (elsewhere only as long as the old one is open).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    dev: u64,
    ino: u64,
    born: Option<i128>,
}

impl Identity {
    /// That of what lies at `path`, behind symlinks.
    pub fn of(path: &Path) -> io::Result<Self> {
        Ok(Stat::of(path)?.identity)
    }

    /// That of an open file.
    pub fn of_open(file: &File) -> io::Result<Self> {
        Ok(Stat::of_open(file)?.identity)
    }
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

impl Stat {
    /// Looks at what lies at `path`, behind symlinks.
    pub fn of(path: &Path) -> io::Result<Self> {
        match told(CWD, path, AtFlags::empty())? {
            Some(stat) => Ok(stat),
            None => Ok(Self::from(&std::fs::metadata(path)?)),
        }
    }

    /// Looks at an open file.
    pub fn of_open(file: &File) -> io::Result<Self> {
        match told(file, Path::new(""), AtFlags::EMPTY_PATH)? {
            Some(stat) => Ok(stat),
            None => Ok(Self::from(&file.metadata()?)),
        }
    }
}

/// What Linux tells in one look, births too: Rust's own library asks for those with glibc alone, and the binary that
/// is carried to other machines has none. `None` elsewhere, and from a kernel older than 4.11.
fn told(at: impl AsFd, path: &Path, flags: AtFlags) -> io::Result<Option<Stat>> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{FileType, StatxFlags, StatxTimestamp, makedev, statx};
        let told = match statx(at, path, flags, StatxFlags::BASIC_STATS | StatxFlags::BTIME) {
            Ok(told) => told,
            Err(rustix::io::Errno::NOSYS) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let ns = |at: StatxTimestamp| i128::from(at.tv_sec) * NS + i128::from(at.tv_nsec);
        let knows_birth = told.stx_mask & StatxFlags::BTIME.bits() != 0;
        let (born, modified) = (knows_birth.then(|| ns(told.stx_btime)), ns(told.stx_mtime));
        let dev = makedev(told.stx_dev_major, told.stx_dev_minor);
        Ok(Some(Stat {
            identity: Identity { dev, ino: told.stx_ino, born },
            size: told.stx_size,
            modified,
            born: born.unwrap_or(modified),
            what: match FileType::from_raw_mode(told.stx_mode.into()) {
                FileType::RegularFile => What::File,
                FileType::Directory => What::Folder,
                FileType::Fifo => What::Fifo,
                _ => What::Other,
            },
        }))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (at, path, flags);
        Ok(None)
    }
}

impl From<&Metadata> for Stat {
    fn from(m: &Metadata) -> Self {
        let kind = m.file_type();
        let modified = i128::from(m.mtime()) * NS + i128::from(m.mtime_nsec());
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
pub(super) fn open(path: &Path) -> io::Result<(File, Stat)> {
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(nonblock).open(path)?;
    let stat = Stat::of_open(&file)?;
    Ok((file, stat))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_the_same_by_its_path_its_handle_and_the_standard_library() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.log");
        std::fs::write(&path, "12345").unwrap();
        let (file, stat) = open(&path).unwrap();
        assert_eq!((stat.size, stat.what), (5, What::File));
        assert_eq!(Stat::of(&path).unwrap(), stat);
        let metadata = file.metadata().unwrap();
        let told = Stat::from(&metadata);
        // Whether that knows the birth depends on the library beneath it.
        let born = metadata.created().is_ok();
        assert!(!born || told == stat, "{told:?} {stat:?}");
        let known = |stat: Stat| (stat.identity.dev, stat.identity.ino, stat.size, stat.modified, stat.what);
        assert_eq!(known(told), known(stat));
        assert_eq!(Stat::of(dir.path()).unwrap().what, What::Folder);
        assert_eq!(Stat::of(Path::new("/dev/null")).unwrap().what, What::Other);
        assert_eq!(Stat::of(&path.join("below")).unwrap_err().kind(), io::ErrorKind::NotADirectory);
        assert_eq!(Stat::of(&dir.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_stays_itself_by_another_name_and_what_takes_its_place_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.log");
        std::fs::write(&path, "").unwrap();
        let before = Stat::of(&path).unwrap().identity;
        std::fs::rename(&path, dir.path().join("app.log.1")).unwrap();
        assert_eq!(Stat::of(&dir.path().join("app.log.1")).unwrap().identity, before);
        std::fs::write(&path, "").unwrap();
        assert_ne!(Stat::of(&path).unwrap().identity, before);
    }
}
