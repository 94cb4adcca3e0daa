//! The file of a recording: whole lines, in parts of a size; whole also when the disk is full.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use memchr::memrchr;

use crate::source::Identity;

/// Bytes of lines that are written at once; compressed, a gzip member of their own, so that what is
/// there is whole whatever comes after.
const BLOCK: usize = 256 << 10;

/// Why a recording can't go on. What was written is whole lines.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The file can't be begun.
    #[error("{}: {why}", .path.display())]
    Open {
        /// Its path.
        path: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// The disk is full, or something else is wrong with it.
    #[error(
        "{}: can't be written on ({error}); {lines} lines are in it, whole; make room, then record on under another name",
        .path.display()
    )]
    Write {
        /// Its path.
        path: PathBuf,
        /// What happened.
        error: io::Error,
        /// Lines that were recorded, in all parts.
        lines: u64,
    },
}

/// The file that is written, and those that are full.
#[derive(Debug)]
pub(super) struct Output {
    path: PathBuf,
    file: File,
    gzip: bool,
    /// Begin the next part before this one has more bytes than this.
    part: Option<u64>,
    /// Bytes of whole lines in the file.
    good: u64,
    block: Vec<u8>,
    /// Lines in the files, and in the block.
    lines: (u64, u64),
    /// The files that were written; one that can't say which it is can't be followed either.
    own: Vec<Option<Identity>>,
}

impl Output {
    /// Begins a file that is not there yet; it is compressed if its name ends in `.gz`.
    pub fn create(path: &Path, part: Option<u64>) -> Result<Self, OutputError> {
        let file = begin(path)?;
        let mut output = Self {
            path: path.to_path_buf(),
            gzip: path.extension().is_some_and(|extension| extension == "gz"),
            file,
            part,
            good: 0,
            block: Vec::with_capacity(BLOCK),
            lines: (0, 0),
            own: Vec::new(),
        };
        output.remember();
        Ok(output)
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Files begun so far.
    pub fn parts(&self) -> usize {
        self.own.len()
    }

    /// Lines recorded so far, also those that wait in memory.
    pub fn lines(&self) -> u64 {
        self.lines.0 + self.lines.1
    }

    /// Whether this is one of the files written here.
    pub fn is_own(&self, path: &Path) -> bool {
        Identity::of(path).is_ok_and(|identity| self.own.contains(&Some(identity)))
    }

    /// Whether lines wait in memory.
    pub fn waits(&self) -> bool {
        !self.block.is_empty()
    }

    /// Whether what waits is worth writing whenever there is time. Compressed lines are better
    /// collected.
    pub fn is_eager(&self) -> bool {
        !self.gzip
    }

    /// Takes a line that `put` adds, with its line end, if it adds any.
    pub fn line(&mut self, put: impl FnOnce(&mut Vec<u8>)) -> Result<(), OutputError> {
        let before = self.block.len();
        put(&mut self.block);
        if self.block.len() == before {
            return Ok(());
        }
        if let Some(part) = self.part
            && before > 0
            && self.good + self.block.len() as u64 > part
        {
            let line = self.block.split_off(before);
            self.write()?;
            self.block.extend_from_slice(&line);
        }
        self.lines.1 += 1;
        if self.block.len() >= BLOCK { self.write() } else { Ok(()) }
    }

    /// Writes what waits.
    pub fn write(&mut self) -> Result<(), OutputError> {
        if self.block.is_empty() {
            return Ok(());
        }
        let mut block = std::mem::take(&mut self.block);
        let packed = self.gzip.then(|| compress(&block));
        let bytes = packed.as_deref().unwrap_or(&block);
        if let Some(part) = self.part
            && self.good > 0
            && self.good + bytes.len() as u64 > part
        {
            self.next_part()?;
        }
        let mut written = 0;
        while written < bytes.len() {
            match self.file.write(&bytes[written..]) {
                Ok(0) => return Err(self.stop(&bytes[..written], io::ErrorKind::WriteZero.into())),
                Ok(n) => written += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.stop(&bytes[..written], error)),
            }
        }
        self.good += bytes.len() as u64;
        self.lines = (self.lines.0 + self.lines.1, 0);
        block.clear();
        self.block = block;
        Ok(())
    }

    /// Writes what waits and sees to it that it is on the disk.
    pub fn finish(&mut self) -> Result<(), OutputError> {
        self.write()?;
        self.file.sync_all().map_err(|error| self.failed(error))
    }

    /// Leaves whole lines in the file after an error.
    fn stop(&mut self, written: &[u8], error: io::Error) -> OutputError {
        // Half a gzip member is none.
        let whole = if self.gzip { 0 } else { memrchr(b'\n', written).map_or(0, |at| at + 1) };
        self.lines = (self.lines.0 + memchr::memchr_iter(b'\n', &written[..whole]).count() as u64, 0);
        self.good += whole as u64;
        // On a disk that can't do even this the reader cuts the half line off.
        let _ = self.file.set_len(self.good);
        self.failed(error)
    }

    fn failed(&self, error: io::Error) -> OutputError {
        OutputError::Write { path: self.path.clone(), error, lines: self.lines.0 }
    }

    /// Gives the full file a number and begins a new one under its name.
    fn next_part(&mut self) -> Result<(), OutputError> {
        let free = (self.parts()..).map(|number| numbered(&self.path, number)).find(|path| !path.exists());
        if let Some(path) = free {
            self.file
                .sync_all()
                .and_then(|()| fs::rename(&self.path, path))
                .map_err(|error| self.failed(error))?;
        }
        self.file = begin(&self.path)?;
        self.good = 0;
        self.remember();
        Ok(())
    }

    fn remember(&mut self) {
        self.own.push(Identity::of_open(&self.file).ok());
    }
}

fn begin(path: &Path) -> Result<File, OutputError> {
    OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::AlreadyExists => {
                "is there already, and a recording never writes over a file; give another name".to_string()
            }
            io::ErrorKind::NotFound => "its folder is not there; make it first".to_string(),
            _ => format!("can't be written: {error}"),
        };
        OutputError::Open { path: path.to_path_buf(), why }
    })
}

/// `capture.0001.ndjson.gz` for `capture.ndjson.gz`.
fn numbered(path: &Path, number: usize) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // A leading dot belongs to the name.
    let dot = name.get(1..).and_then(|rest| rest.find('.')).map_or(name.len(), |at| at + 1);
    path.with_file_name(format!("{}.{number:04}{}", &name[..dot], &name[dot..]))
}

fn compress(block: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(block.len() / 4), Compression::default());
    // Writing to memory can't fail.
    let _ = encoder.write_all(block);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_parts_are_numbered_before_the_ending() {
        let number = |name: &str| numbered(Path::new(name), 7).display().to_string();
        assert_eq!(number("a/b.c/capture.ndjson.gz"), "a/b.c/capture.0007.ndjson.gz");
        assert_eq!(number("capture"), "capture.0007");
        assert_eq!(number(".hidden.ndjson"), ".hidden.0007.ndjson");
    }

    fn lines(output: &mut Output, range: std::ops::Range<u32>) {
        for n in range {
            output.line(|block| block.extend_from_slice(format!("line {n:04}\n").as_bytes())).unwrap();
        }
    }

    #[test]
    fn parts_have_their_size_and_no_line_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.ndjson");
        fs::write(dir.path().join("c.0002.ndjson"), "somebody's").unwrap();
        let mut output = Output::create(&path, Some(100)).unwrap();
        lines(&mut output, 0..35);
        output.line(|_| ()).unwrap();
        output.finish().unwrap();
        assert_eq!((output.lines(), output.parts()), (35, 4));
        let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(read("c.0002.ndjson"), "somebody's");
        let parts = ["c.0001.ndjson", "c.0003.ndjson", "c.0004.ndjson", "c.ndjson"].map(read);
        assert!(parts.iter().all(|part| part.len() <= 100 && part.ends_with('\n')));
        assert_eq!(parts.concat(), (0..35).map(|n| format!("line {n:04}\n")).collect::<String>());
        assert!(output.is_own(&dir.path().join("c.0001.ndjson")) && output.is_own(&path));
        assert!(!output.is_own(&dir.path().join("c.0002.ndjson")));
    }

    /// Whoever tidies up behind a recording frees inodes, and the next logs that are begun get them.
    #[test]
    fn what_is_made_of_a_deleted_part_is_not_ours() {
        let dir = tempfile::tempdir().unwrap();
        let mut output = Output::create(&dir.path().join("c.ndjson"), Some(100)).unwrap();
        lines(&mut output, 0..35);
        output.finish().unwrap();
        fs::remove_file(dir.path().join("c.0001.ndjson")).unwrap();
        let log = dir.path().join("app.log");
        if fs::File::create(&log).unwrap().metadata().unwrap().created().is_err() {
            return println!("skipped: here nobody knows when a file was made");
        }
        assert!(!output.is_own(&log));
    }

    #[test]
    fn what_is_compressed_is_whole_after_each_write() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.ndjson.gz");
        let mut output = Output::create(&path, None).unwrap();
        let mut want = String::new();
        for n in 0..3 {
            lines(&mut output, n * 10..n * 10 + 10);
            output.write().unwrap();
            (n * 10..n * 10 + 10).for_each(|n| want += &format!("line {n:04}\n"));
            let mut all = String::new();
            let mut reader = flate2::read::MultiGzDecoder::new(File::open(&path).unwrap());
            io::Read::read_to_string(&mut reader, &mut all).unwrap();
            assert_eq!(all, want);
        }
    }

    #[test]
    fn a_file_that_is_there_is_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.ndjson");
        fs::write(&path, "mine").unwrap();
        let why = Output::create(&path, None).unwrap_err().to_string();
        assert!(why.contains("is there already") && why.contains("another name"), "{why}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        let why = Output::create(&dir.path().join("no/c.ndjson"), None).unwrap_err().to_string();
        assert!(why.contains("its folder is not there"), "{why}");
    }
}
