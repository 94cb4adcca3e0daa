//! Compressed bytes as the bytes they stand for: gzip and zstandard, told apart by how they begin,
//! members and frames after each other, and in words what ended them too early.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::reader::{Raw, Reader, part};

/// The first bytes of every gzip member.
pub(super) const GZIP: [u8; 2] = [0x1f, 0x8b];
/// The first bytes of a zstandard frame.
const ZST: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The same of a frame to be skipped, but for the low bits of the first.
const SKIP: [u8; 4] = [0x50, 0x2a, 0x4d, 0x18];
/// Bytes that tell what is packed how.
pub(super) const MAGIC: usize = 4;

/// How much is unpacked at once: after an error what this step had unpacked is lost.
const STEP: usize = 32 << 10;
/// Bytes of the largest window of a zstandard frame, which is memory. `zstd -19` uses 8 MiB.
const WINDOW: u64 = 32 << 20;
/// A last block without bytes, and a checksum.
const LAST_BLOCK: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

/// How bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pack {
    /// gzip, one or more members.
    Gzip,
    /// Zstandard, one or more frames.
    Zst,
}

impl Pack {
    /// How what begins so is packed, if it is.
    pub fn of(begin: &[u8]) -> Option<Self> {
        let skip = |at: &[u8; 4]| at[0] & 0xf0 == SKIP[0] && at[1..] == SKIP[1..];
        match begin.first_chunk::<MAGIC>() {
            _ if begin.starts_with(&GZIP) => Some(Self::Gzip),
            Some(at) if *at == ZST || skip(at) => Some(Self::Zst),
            _ => None,
        }
    }

    /// Whether what begins so may turn out to be packed when more of it is there.
    pub fn may_become(begin: &[u8]) -> bool {
        let beginning = |magic: &[u8]| begin.len() < magic.len() && magic.starts_with(begin);
        beginning(&GZIP) || beginning(&ZST)
    }

    /// How a file is packed, if it is and can be read.
    pub fn of_file(file: &File) -> Option<Self> {
        Self::of(&part(file, 0, MAGIC as u64).ok()?)
    }

    /// What reading one takes, in parts of some 120 KiB of memory.
    pub fn weight(self) -> usize {
        match self {
            Self::Gzip => 1,
            Self::Zst => 16,
        }
    }

    /// The unpacked length of a file of `size` bytes modulo 2^32: gzip says it at its end, zstandard
    /// has to be read.
    pub fn len(self, file: Arc<File>, size: u64) -> io::Result<u64> {
        match self {
            Self::Gzip => {
                let trailer = <[u8; 4]>::try_from(part(&file, size.saturating_sub(4), size)?);
                Ok(trailer.map_or(0, |trailer| u64::from(u32::from_le_bytes(trailer))))
            }
            Self::Zst => Ok(Reader::packed(Raw::File(file)).skip(u64::MAX)? & u64::from(u32::MAX)),
        }
    }
}

/// Unpacks.
#[derive(Debug)]
pub(super) struct Unpack<R> {
    how: How<R>,
    /// Unpacked bytes so far.
    given: u64,
}

#[derive(Debug)]
enum How<R> {
    /// Not a byte was asked for yet.
    Unseen(Option<R>),
    Gzip(Box<MultiGzDecoder<R>>),
    Zst(Box<Frames<R>>),
}

impl<R: BufRead> Unpack<R> {
    /// Unpacks bytes that were seen to be packed.
    pub fn new(packed: R) -> Self {
        Self { how: How::Unseen(Some(packed)), given: 0 }
    }

    /// What it reads from.
    pub fn source(&self) -> Option<&R> {
        match &self.how {
            How::Unseen(packed) => packed.as_ref(),
            How::Gzip(gzip) => Some(gzip.get_ref()),
            How::Zst(frames) => Some(&frames.packed),
        }
    }

    fn read_on(&mut self, space: &mut [u8]) -> Result<usize, Stop> {
        if let How::Unseen(packed) = &mut self.how
            && let Some(mut packed) = packed.take()
        {
            let pack = packed.fill_buf().map(Pack::of);
            self.how = match pack {
                Ok(Some(Pack::Zst)) => How::Zst(Box::new(Frames::new(packed))),
                _ => How::Gzip(Box::new(MultiGzDecoder::new(packed))),
            };
        }
        match &mut self.how {
            How::Unseen(_) => Ok(0),
            How::Gzip(gzip) => gzip.read(space).map_err(|error| Stop { kind: "gzip", error }),
            How::Zst(frames) => frames.read(space).map_err(|error| Stop { kind: "zst", error }),
        }
    }
}

impl<R: BufRead> Read for Unpack<R> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let step = STEP.min(space.len());
        match self.read_on(&mut space[..step]) {
            Ok(n) => {
                self.given += n as u64;
                Ok(n)
            }
            Err(stop) => Err(stop.in_words(self.given)),
        }
    }
}

/// Why there is no more.
struct Stop {
    kind: &'static str,
    error: io::Error,
}

impl Stop {
    fn in_words(self, given: u64) -> io::Error {
        let Self { kind, error } = self;
        let text = match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                format!("the {kind} data is cut short: what it holds, {given} bytes, is read")
            }
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                format!("the {kind} data is damaged ({error}): the {given} bytes before are read")
            }
            // What is waited for will come.
            io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => return error,
            _ => format!("{error}, after {given} unpacked bytes"),
        };
        io::Error::new(error.kind(), text)
    }
}

/// Zstandard frames after each other.
struct Frames<R> {
    packed: R,
    decoder: FrameDecoder,
    /// A frame was begun, and not all of it was given.
    within: bool,
    /// What ended it, when all before is given.
    failed: Option<io::Error>,
}

impl<R> std::fmt::Debug for Frames<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frames").field("within", &self.within).finish_non_exhaustive()
    }
}

impl<R: BufRead> Frames<R> {
    fn new(packed: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW);
        Self { packed, decoder, within: false, failed: None }
    }

    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        while !space.is_empty() {
            if self.within && self.decoder.can_collect() > 0 {
                return self.decoder.read(space);
            } else if let Some(error) = self.failed.take() {
                self.within = false;
                return Err(error);
            } else if self.within && self.decoder.is_finished() {
                self.within = false;
                if self
                    .decoder
                    .get_checksum_from_data()
                    .is_some_and(|sum| self.decoder.get_calculated_checksum() != Some(sum))
                {
                    return Err(damaged("its checksum is another"));
                }
            } else if self.within {
                let block =
                    self.decoder.decode_blocks(&mut self.packed, BlockDecodingStrategy::UptoBlocks(1));
                if let Err(error) = block {
                    // What was unpacked before is held back until the frame ends: let it.
                    let _ = self.decoder.decode_blocks(&LAST_BLOCK[..], BlockDecodingStrategy::UptoBlocks(1));
                    self.failed = Some(what(error));
                }
            } else if !self.begin()? {
                break;
            }
        }
        Ok(0)
    }

    /// Begins the next frame; `false` at the end.
    fn begin(&mut self) -> io::Result<bool> {
        if self.packed.fill_buf()?.is_empty() {
            return Ok(false);
        }
        match self.decoder.reset(&mut self.packed) {
            Ok(()) => self.within = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length, ..
            })) => {
                let skipped = io::copy(&mut (&mut self.packed).take(u64::from(length)), &mut io::sink())?;
                if skipped < u64::from(length) {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Err(error) => return Err(what(error)),
        }
        Ok(true)
    }
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// What ended a frame, as the same of gzip is said.
fn what(error: FrameDecoderError) -> io::Error {
    if let FrameDecoderError::WindowSizeTooBig { requested, .. } = error {
        return damaged(&format!(
            "it needs {} MiB of memory; pack it again without --long or --ultra",
            requested >> 20
        ));
    }
    // Somewhere inside is what reading met.
    let mut inside: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = inside {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return match error.kind() {
                io::ErrorKind::Other => damaged(&error.to_string()),
                kind => kind.into(),
            };
        }
        inside = error.source();
    }
    damaged(&error.to_string())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use std::io::Write;

    /// `text` as one gzip member.
    pub fn gzipped(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// `text` as one zstandard frame.
    pub fn zst(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    type Packer = fn(&[u8]) -> Vec<u8>;
    const KINDS: [(&str, Packer); 2] = [("gzip", gzipped), ("zst", zst)];

    fn unpacked(packed: Vec<u8>) -> (Vec<u8>, Option<String>) {
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
    fn members_and_frames_follow_each_other() {
        for (_, pack) in KINDS {
            let packed = [pack(b"one\n"), pack(b""), pack(b"two\n")].concat();
            assert_eq!(unpacked(packed), (b"one\ntwo\n".to_vec(), None));
        }
        let skip = |len: u8| [&[0x5a, 0x2a, 0x4d, 0x18, len, 0, 0, 0][..], &vec![0xff; len.into()]].concat();
        let packed = [skip(3), zst(b"one\n"), skip(0), skip(200), zst(b"two\n"), skip(1)].concat();
        assert_eq!(unpacked(packed.clone()), (b"one\ntwo\n".to_vec(), None));
        let (all, error) = unpacked(packed[..packed.len() - 1].to_vec());
        assert_eq!(all, b"one\ntwo\n");
        assert_eq!(error.unwrap(), "the zst data is cut short: what it holds, 8 bytes, is read");
    }

    #[test]
    fn a_cut_or_damaged_one_gives_what_it_holds() {
        let text: Vec<u8> = (0..60_000u32)
            .flat_map(|i| format!("line {}\n", i.wrapping_mul(2_654_435_761)).into_bytes())
            .collect();
        for (kind, pack) in KINDS {
            let packed = pack(&text);
            let (all, error) = unpacked(packed[..packed.len() / 2].to_vec());
            assert!(all.len() > text.len() / 3 && text.starts_with(&all), "{kind}: {} bytes", all.len());
            assert_eq!(
                error.unwrap(),
                format!("the {kind} data is cut short: what it holds, {} bytes, is read", all.len())
            );

            let (all, error) = unpacked(packed[..packed.len() - 3].to_vec());
            assert!(text.starts_with(&all) && all.len() > text.len() / 2, "{kind}: {} bytes", all.len());
            assert!(error.unwrap().starts_with(&format!("the {kind} data is cut short")));

            let (all, error) = unpacked([&packed[..], b"this is no further member"].concat());
            assert_eq!(all, text);
            assert!(error.unwrap().starts_with(&format!("the {kind} data is damaged")));

            let mut damaged = packed.clone();
            let middle = damaged.len() / 2;
            damaged[middle..middle + 100].fill(0xff);
            let (all, error) = unpacked(damaged);
            assert!(all.len() > text.len() / 4, "{kind}: {} bytes", all.len());
            let error = error.unwrap();
            assert!(error.starts_with(&format!("the {kind} data is damaged")), "{error}");
        }
    }

    #[test]
    fn a_frame_that_needs_too_much_memory_is_said() {
        // A window of 2^(10 + 17) bytes, and no block.
        let (all, error) = unpacked([&ZST[..], &[0, 17 << 3]].concat());
        assert_eq!((all.len(), error.unwrap()), (0, "the zst data is damaged (it needs 128 MiB of memory; pack it again without --long or --ultra): the 0 bytes before are read".into()));
    }

    #[test]
    fn plain_bytes_are_not_unpacked() {
        for plain in [&b"\x1f"[..], b"plain\n", b"\x28\xb5\x2f", b""] {
            assert_eq!(unpacked(plain.to_vec()), (plain.to_vec(), None));
        }
        assert!(Pack::may_become(b"\x1f") && Pack::may_become(b"\x28\xb5\x2f") && Pack::may_become(b""));
        assert!(!Pack::may_become(b"\x28x") && !Pack::may_become(b"line\n"));
    }

    #[test]
    fn skipping_counts_unpacked_bytes() {
        for (_, pack) in KINDS {
            let mut reader = Reader::new(Raw::Memory(pack(b"0123456789").leak())).unwrap();
            assert_eq!(reader.skip(4).unwrap(), 4);
            let mut space = [0; 3];
            assert_eq!(reader.read_at(&mut space, 4).unwrap(), 3);
            assert_eq!(&space, b"456");
            assert_eq!(reader.skip(100).unwrap(), 3);
        }
    }
}
