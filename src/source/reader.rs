//! Where the bytes of an archive come from: a file as it lies, a gzip file, or memory, each read
//! from a given offset on.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;

/// The first bytes of every gzip member.
pub(super) const GZIP: [u8; 2] = [0x1f, 0x8b];

/// How much of a gzip file is read at once.
const PACKED: usize = 64 << 10;
/// How much is inflated at once: after an error what this step had inflated is lost.
const STEP: usize = 32 << 10;

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

    /// Whether it begins like a gzip file.
    pub fn is_gzip(&self) -> io::Result<bool> {
        let mut magic = [0; 2];
        Ok(self.read_at(&mut magic, 0)? == 2 && magic == GZIP)
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

/// An archive's bytes in order, inflated where need be.
#[derive(Debug)]
pub(super) enum Reader {
    Plain(Raw),
    Gzip(Box<Packed>),
}

/// A gzip file and the error that ended it, until the bytes before it are taken.
#[derive(Debug)]
pub(super) struct Packed {
    inflate: Inflate<BufReader<Stream>>,
    failed: Option<io::Error>,
}

impl Reader {
    /// Reads `raw` as what it is.
    pub fn new(raw: Raw) -> io::Result<Self> {
        Ok(if raw.is_gzip()? { Self::gzip(raw) } else { Self::Plain(raw) })
    }

    /// Inflates `raw`.
    pub fn gzip(raw: Raw) -> Self {
        let inflate = Inflate::new(BufReader::with_capacity(PACKED, Stream { raw, offset: 0 }));
        Self::Gzip(Box::new(Packed { inflate, failed: None }))
    }

    /// Reads the bytes at `offset`, which for gzip is where the last read ended; 0 at the end. An
    /// error comes only after all bytes before it.
    pub fn read_at(&mut self, space: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Self::Plain(raw) => raw.read_at(space, offset),
            Self::Gzip(packed) => packed.fill(space),
        }
    }

    /// How many bytes of what lies there have been read, when reading has come to `offset`.
    pub fn position(&self, offset: u64) -> u64 {
        match self {
            Self::Plain(_) => offset,
            Self::Gzip(packed) => packed.inflate.decoder.get_ref().get_ref().offset,
        }
    }

    /// Passes over the first `bytes` inflated bytes; returns how many there were.
    pub fn skip(&mut self, bytes: u64) -> io::Result<u64> {
        match self {
            Self::Plain(_) => Ok(bytes),
            Self::Gzip(packed) => io::copy(&mut (&mut packed.inflate).take(bytes), &mut io::sink()),
        }
    }
}

impl Packed {
    fn fill(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let mut n = 0;
        while n < space.len() && self.failed.is_none() {
            match self.inflate.read(&mut space[n..]) {
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

/// Inflates all members of a gzip stream and says in words what ended it too early.
#[derive(Debug)]
pub(super) struct Inflate<R> {
    decoder: MultiGzDecoder<R>,
    /// Inflated bytes so far.
    given: u64,
}

impl<R: io::BufRead> Inflate<R> {
    pub fn new(packed: R) -> Self {
        Self { decoder: MultiGzDecoder::new(packed), given: 0 }
    }
}

impl<R: io::BufRead> Read for Inflate<R> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let step = STEP.min(space.len());
        match self.decoder.read(&mut space[..step]) {
            Ok(n) => {
                self.given += n as u64;
                Ok(n)
            }
            Err(error) => Err(in_words(&error, self.given)),
        }
    }
}

fn in_words(error: &io::Error, given: u64) -> io::Error {
    let text = match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            format!("the gzip data is cut short: what it holds, {given} bytes, is read")
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            format!("the gzip data is damaged ({error}): the {given} bytes before are read")
        }
        _ => format!("{error}, after {given} inflated bytes"),
    };
    io::Error::new(error.kind(), text)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::io::Write;

    /// `text` as one gzip member.
    pub fn gzipped(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn inflated(packed: Vec<u8>) -> (Vec<u8>, Option<String>) {
        let mut reader = Reader::new(Raw::Memory(packed.leak())).unwrap();
        let (mut all, mut space) = (Vec::new(), vec![0; 100_000]);
        loop {
            match reader.read_at(&mut space, all.len() as u64) {
                Ok(0) => return (all, None),
                Ok(n) => all.extend_from_slice(&space[..n]),
                Err(error) => return (all, Some(error.to_string())),
            }
        }
    }

    #[test]
    fn members_follow_each_other() {
        let packed = [gzipped(b"one\n"), gzipped(b""), gzipped(b"two\n")].concat();
        assert_eq!(inflated(packed), (b"one\ntwo\n".to_vec(), None));
    }

    #[test]
    fn a_cut_or_damaged_one_gives_what_it_holds() {
        let text: Vec<u8> = (0..60_000u32)
            .flat_map(|i| format!("line {}\n", i.wrapping_mul(2_654_435_761)).into_bytes())
            .collect();
        let packed = gzipped(&text);
        let (all, error) = inflated(packed[..packed.len() / 2].to_vec());
        assert!(all.len() > text.len() / 3 && text.starts_with(&all), "{} bytes", all.len());
        assert_eq!(
            error.unwrap(),
            format!("the gzip data is cut short: what it holds, {} bytes, is read", all.len())
        );

        let (all, error) = inflated(packed[..packed.len() - 3].to_vec());
        assert_eq!(all, text);
        assert!(error.unwrap().starts_with("the gzip data is cut short"));

        let (all, error) = inflated([&packed[..], b"this is no further member"].concat());
        assert_eq!(all, text);
        assert!(error.unwrap().starts_with("the gzip data is damaged"));

        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 100].fill(0xff);
        let (all, error) = inflated(damaged);
        assert!(all.len() > text.len() / 4, "{} bytes", all.len());
        assert!(error.unwrap().starts_with("the gzip data is damaged"));
    }

    #[test]
    fn plain_bytes_are_not_inflated() {
        assert_eq!(inflated(b"\x1f".to_vec()), (b"\x1f".to_vec(), None));
        assert_eq!(inflated(b"plain\n".to_vec()), (b"plain\n".to_vec(), None));
    }

    #[test]
    fn skipping_counts_inflated_bytes() {
        let mut reader = Reader::new(Raw::Memory(gzipped(b"0123456789").leak())).unwrap();
        assert_eq!(reader.skip(4).unwrap(), 4);
        let mut space = [0; 3];
        assert_eq!(reader.read_at(&mut space, 4).unwrap(), 3);
        assert_eq!(&space, b"456");
        assert_eq!(reader.skip(100).unwrap(), 3);
    }
}
