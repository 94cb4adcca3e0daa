//! Reading files to their end: one thread, bounded chunks, nothing lost.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::find::{Found, OpenError, plain};
use super::frame::{Framer, Piece};
use super::info::{Kind, SourceInfo, Stat, What, function_hint};
use super::pool::Pool;
use super::reader::{Raw, Reader};
use crate::model::{Chunk, SourceId};

/// Chunks that may wait for the decoders.
const QUEUE: usize = 8;
/// The largest line in bytes; of a longer one the head is kept.
const LARGEST: usize = 1 << 20;
/// Files that are open at once; the others wait their turn.
const OPEN: usize = 64;

/// What happens to sources.
#[derive(Debug)]
pub enum Event {
    /// A source was found.
    Opened(SourceInfo),
    /// Bytes of it.
    Chunk(Chunk),
    /// Something can't be read.
    Trouble {
        /// The source, if it is one.
        source: Option<SourceId>,
        /// What happened, where, what follows from it.
        what: String,
    },
    /// A source was read to its end.
    Ended(SourceId),
    /// All sources were read to their ends.
    Drained,
}

/// Sources being read. Dropping it ends the reading.
#[derive(Debug)]
pub struct Reading {
    events: Option<Receiver<Event>>,
    pool: Pool,
    thread: Option<JoinHandle<()>>,
}

impl Reading {
    /// Reads what the paths name to its end: files, folders (recursively), globs, gz or plain.
    /// Several files advance together, each by the same share of its size.
    pub fn start(paths: &[String]) -> Result<Self, OpenError> {
        let found = Found::of(paths)?;
        let inputs = found.files.into_iter().map(|(path, stat)| Input::Path(path, stat)).collect();
        Ok(Self::of(inputs, found.troubles))
    }

    /// Reads bytes that are in the program itself, plain or gzip: names and bytes.
    pub fn memory(parts: &[(&'static str, &'static [u8])]) -> Self {
        Self::of(parts.iter().map(|(name, bytes)| Input::Memory(name, bytes)).collect(), Vec::new())
    }

    fn of(inputs: Vec<Input>, troubles: Vec<String>) -> Self {
        let (send, events) = bounded(QUEUE);
        let pool = Pool::default();
        let its = pool.clone();
        // A thread can't be refused but for want of memory, and then nothing can go on.
        let thread = std::thread::spawn(move || {
            // It fails only when nobody listens any more.
            let _ = read_all(inputs, troubles, &its, &send);
        });
        Self { events: Some(events), pool, thread: Some(thread) }
    }

    /// What happens, in order for each source.
    pub fn events(&self) -> Receiver<Event> {
        self.events.clone().unwrap_or_else(crossbeam_channel::never)
    }

    /// Where chunks' bytes are given back.
    pub fn pool(&self) -> Pool {
        self.pool.clone()
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        // A reader that waits with a chunk for a listener that is gone gives up.
        self.events.take();
        if let Some(thread) = self.thread.take()
            && thread.is_finished()
        {
            let _ = thread.join();
        }
    }
}

/// Nobody listens any more.
struct Gone;

fn tell(events: &Sender<Event>, event: Event) -> Result<(), Gone> {
    events.send(event).map_err(|_| Gone)
}

/// Something to be read.
enum Input {
    Path(PathBuf, Stat),
    Memory(&'static str, &'static [u8]),
}

impl Input {
    fn open(&self) -> std::io::Result<Reader> {
        Reader::new(match self {
            Self::Path(path, stat) => raw(File::open(path)?, stat.what == What::Fifo),
            Self::Memory(_, bytes) => Raw::Memory(bytes),
        })
    }

    fn label(&self) -> String {
        match self {
            Self::Path(path, _) => path.display().to_string(),
            Self::Memory(name, _) => (*name).to_string(),
        }
    }

    fn size(&self) -> u64 {
        match self {
            Self::Path(_, stat) => stat.size,
            Self::Memory(_, bytes) => bytes.len() as u64,
        }
    }

    fn info(&self, id: SourceId) -> SourceInfo {
        match self {
            Self::Path(path, stat) => info(id, path, *stat),
            Self::Memory(name, bytes) => SourceInfo {
                id,
                path: None,
                label: (*name).into(),
                size: bytes.len() as u64,
                kind: Kind::Memory,
                function: None,
            },
        }
    }
}

struct Source {
    id: SourceId,
    input: Input,
    reader: Option<Reader>,
    framer: Framer,
}

impl Source {
    /// The share of its bytes that was read, 0 to 1.
    fn share(&self) -> f64 {
        let at = self.reader.as_ref().map_or(0, |reader| reader.position(self.framer.end()));
        at as f64 / self.input.size().max(1) as f64
    }
}

fn read_all(
    inputs: Vec<Input>,
    troubles: Vec<String>,
    pool: &Pool,
    events: &Sender<Event>,
) -> Result<(), Gone> {
    for what in troubles {
        tell(events, Event::Trouble { source: None, what })?;
    }
    let mut waiting = Vec::new();
    for (n, input) in inputs.into_iter().enumerate() {
        let id = SourceId(n as u32);
        tell(events, Event::Opened(input.info(id)))?;
        waiting.push(Source { id, input, reader: None, framer: Framer::new(0, LARGEST) });
    }
    waiting.reverse();
    let mut open: Vec<Source> = Vec::new();
    loop {
        while open.len() < OPEN
            && let Some(mut source) = waiting.pop()
        {
            match source.input.open() {
                Ok(reader) => {
                    source.reader = Some(reader);
                    open.push(source);
                }
                Err(error) => failed(&source, &error, events)?,
            }
        }
        // The one that is furthest behind goes next.
        let next = open.iter().enumerate().min_by(|(_, a), (_, b)| a.share().total_cmp(&b.share()));
        let Some(at) = next.map(|(at, _)| at) else { break };
        if read_some(&mut open[at], pool, events)? {
            open.swap_remove(at);
        }
    }
    tell(events, Event::Drained)
}

/// Pipes have no places: they are read as they come.
fn raw(file: File, fifo: bool) -> Raw {
    if fifo { Raw::Pipe(file.into()) } else { Raw::File(file) }
}

/// Reads one buffer; true at the source's end.
fn read_some(source: &mut Source, pool: &Pool, events: &Sender<Event>) -> Result<bool, Gone> {
    let Some(reader) = source.reader.as_mut() else { return Ok(true) };
    let mut pieces = Vec::new();
    let offset = source.framer.end();
    let ended = match source.framer.fill(pool, &mut pieces, |space| reader.read_at(space, offset)) {
        Ok(n) => n == 0,
        Err(error) => {
            failed(source, &error, events)?;
            true
        }
    };
    if ended {
        pieces.extend(source.framer.finish());
    }
    for Piece { offset, bytes, cut } in pieces {
        let chunk = Chunk { source: source.id, offset, arrived: None, bytes, cut };
        tell(events, Event::Chunk(chunk))?;
    }
    if ended {
        tell(events, Event::Ended(source.id))?;
    }
    Ok(ended)
}

fn failed(source: &Source, error: &std::io::Error, events: &Sender<Event>) -> Result<(), Gone> {
    let what = format!("{}: {}", source.input.label(), plain(error));
    tell(events, Event::Trouble { source: Some(source.id), what })
}

fn info(id: SourceId, path: &Path, stat: Stat) -> SourceInfo {
    let gzip = File::open(path)
        .is_ok_and(|file| stat.what == What::File && Raw::File(file).is_gzip().unwrap_or(false));
    SourceInfo {
        id,
        path: Some(path.into()),
        label: path.display().to_string().into(),
        size: stat.size,
        kind: match stat.what {
            What::Fifo => Kind::Fifo,
            _ if gzip => Kind::Gzip,
            _ => Kind::File,
        },
        function: function_hint(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(paths: &[String]) -> (Vec<Vec<u8>>, Vec<String>, bool) {
        let reading = Reading::start(paths).unwrap();
        let (mut texts, mut troubles, mut drained) = (Vec::new(), Vec::new(), false);
        for event in reading.events() {
            match event {
                Event::Opened(info) => {
                    assert_eq!(info.id.0 as usize, texts.len());
                    texts.push(Vec::new());
                }
                Event::Chunk(chunk) => {
                    let text = &mut texts[chunk.source.0 as usize];
                    assert_eq!(chunk.offset, text.len() as u64);
                    text.extend_from_slice(&chunk.bytes);
                    reading.pool().give(chunk.bytes);
                }
                Event::Trouble { what, .. } => troubles.push(what),
                Event::Ended(_) => {}
                Event::Drained => drained = true,
            }
        }
        (texts, troubles, drained)
    }

    fn gz(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn plain_gz_and_truncated_gz_are_read_to_their_ends() {
        let folder = tempfile::tempdir().unwrap();
        let text: Vec<u8> = (0..200_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        let mut two = gz(&text);
        two.extend(gz(b"second member"));
        let whole = gz(&text);
        for (name, bytes) in [("a.log", &text), ("b.gz", &two), ("c.gz", &whole[..whole.len() / 2].to_vec())]
        {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let (texts, troubles, drained) = read(&[folder.path().display().to_string()]);
        assert!(drained);
        assert!(texts[0] == text);
        assert!(texts[1] == [&text[..], b"second member"].concat());
        assert!(text.starts_with(&texts[2]) && texts[2].len() > 1_000);
        assert_eq!(troubles.len(), 1);
        assert!(troubles[0].contains("cut short"), "{}", troubles[0]);
    }

    #[test]
    fn dropping_it_ends_it_although_the_queue_is_full() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        std::fs::write(&path, b"a line\n".repeat(1_000_000)).unwrap();
        let reading = Reading::start(&[path.display().to_string()]).unwrap();
        let first = reading.events().recv().unwrap();
        assert!(matches!(first, Event::Opened(_)));
        drop(reading);
    }
}
