//! `lamtop record`: what arrives, as a capture that replays.
//!
//! It promises: a replay of the capture means what was read: a wrapped line gains when it arrived
//! and keeps all its other bytes, any other line is in it as it came with the name of its source
//! (`decode` reads both back), but for what `--redact` masks; lines of one source keep their order; a file that is there is never
//! written over; whatever ends it, a full disk too, the file holds whole lines and says how many.

mod line;
mod output;
mod tee;

/// What a line becomes in a capture, for fuzzing.
#[cfg(fuzzing)]
pub fn recorded(line: &[u8], cut: u64, arrived: Option<crate::model::Timestamp>) -> Vec<u8> {
    let mut out = Vec::new();
    line::put(&mut out, line, cut, &Name::of("fuzz"), arrived, 1 << 20);
    out
}

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::BuildHasher;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded, select};
use memchr::memrchr;
use rustc_hash::FxBuildHasher;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::clock::Clock;
use crate::decode;
use crate::frame::{Frame, MOST, Scanner, Shape};
use crate::mask::{Masked, Streams};
use crate::model::{Chunk, Origin, SourceId};
use crate::source::{self, Event, Input, Mode, NoInput, SourceInfo, Sources};
use line::{Name, Put};
use output::Output;
pub use output::OutputError;
pub use tee::tee;

/// How long lines wait in memory for more before they are compressed, in ms.
const COLLECT_MS: u64 = 5_000;
/// How long a wait is when nothing limits it, in ms.
const LONG_MS: u64 = 3_600_000;

/// What to record, and how long.
#[derive(Clone, Debug)]
pub struct Options {
    /// The capture; compressed if its name ends in `.gz`.
    pub out: PathBuf,
    /// Begin another file before one has more bytes than this; full ones get a number.
    pub part: Option<u64>,
    /// End after so many ms.
    pub for_ms: Option<u64>,
    /// End when nothing came for so many ms.
    pub idle_ms: Option<u64>,
    /// Mask secrets and what tells of persons.
    pub redact: bool,
}

/// Why a recording ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its time was over, nothing came any more, or nothing can come any more.
    Done,
    /// This signal asked for it.
    Signal(i32),
}

/// Why there is no recording, or none any longer.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Nothing can be read.
    #[error(transparent)]
    Input(#[from] NoInput),
    /// The capture can't be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// Signals that ask to end. A second one ends the program at once: the first may wait for a disk.
pub fn signals() -> io::Result<Receiver<i32>> {
    let ending = [SIGTERM, SIGINT, SIGHUP];
    let asked = std::sync::Arc::default();
    for signal in ending {
        flag::register_conditional_shutdown(signal, 128 + signal, std::sync::Arc::clone(&asked))?;
        flag::register(signal, std::sync::Arc::clone(&asked))?;
    }
    // A limit of file sizes is told by the write that meets it.
    flag::register(SIGXFSZ, std::sync::Arc::default())?;
    let mut signals = Signals::new(ending)?;
    let (sender, receiver) = bounded(1);
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            // One is enough.
            let _ = sender.try_send(signal);
        }
    })?;
    Ok(receiver)
}

/// Records until it ends. What is wrong with inputs, and at the end what was recorded, is told to
/// `say` in sentences, unsanitised.
pub fn run(
    inputs: &[Input],
    options: &Options,
    signals: &Receiver<i32>,
    clock: &Clock,
    say: &mut dyn FnMut(&str),
) -> Result<Ended, RecordError> {
    let reading = source::Options::new(Mode::Follow { newest_slice: None });
    let most = reading.most;
    let sources = source::start(inputs, reading, clock.clone())?;
    let output = Output::create(&options.out, options.part)?;
    let mut recording = Recording {
        output,
        names: BTreeMap::new(),
        notes: BTreeMap::new(),
        sources: 0,
        heads: 0,
        most,
        masked: options.redact.then(Masked::default),
        keys: Streams::default(),
        last: BTreeMap::new(),
    };
    let ended = recording.run(&sources, options, signals, clock, say);
    sources.stop();
    let finished = recording.output.finish();
    let ended = ended.and_then(|ended| finished.map(|()| ended))?;
    for note in recording.notes.values().flatten() {
        say(note);
    }
    say(&recording.summary());
    Ok(ended)
}

/// Where lines follow each other: a source's stream, by a hash of its name, or what has none.
type Stream = (SourceId, Option<u64>);

struct Recording {
    output: Output,
    /// Of the sources that are recorded.
    names: BTreeMap<SourceId, Name>,
    /// What sources said of themselves last, if that was not told.
    notes: BTreeMap<SourceId, Option<String>>,
    /// Sources that something was recorded of.
    sources: u64,
    /// Lines of which only the head was kept.
    heads: u64,
    most: usize,
    /// What was masked, if anything is to be.
    masked: Option<Masked>,
    /// Keys over several lines, where they are masked: those of streams may come between each other.
    keys: Streams<Stream>,
    /// The stream of each source's last line: the lines of a message but its first say none.
    last: BTreeMap<SourceId, u64>,
}

impl Recording {
    fn run(
        &mut self,
        sources: &Sources,
        options: &Options,
        signals: &Receiver<i32>,
        clock: &Clock,
        say: &mut dyn FnMut(&str),
    ) -> Result<Ended, OutputError> {
        let began = clock.steady_ms();
        let end = options.for_ms.map(|ms| began.saturating_add(ms));
        let (mut newest, mut wrote) = (began, began);
        loop {
            let now = clock.steady_ms();
            let idle_end = options.idle_ms.map(|ms| newest.saturating_add(ms));
            let due = self.output.waits().then(|| wrote.saturating_add(COLLECT_MS));
            if due.is_some_and(|due| due <= now) {
                self.output.write()?;
                wrote = now;
                continue;
            }
            let over = [end, idle_end].into_iter().flatten().min();
            if over.is_some_and(|over| over <= now)
                && (end.is_some_and(|end| end <= now) || sources.events().is_empty())
            {
                return Ok(Ended::Done);
            }
            let wait = [over, due].into_iter().flatten().min().map_or(LONG_MS, |at| at - now);
            let event = select! {
                recv(signals) -> signal => return Ok(signal.map_or(Ended::Done, Ended::Signal)),
                recv(sources.events()) -> event => event.map_err(|_| RecvTimeoutError::Disconnected),
                default(Duration::from_millis(wait)) => Err(RecvTimeoutError::Timeout),
            };
            match event {
                Ok(Event::Opened(info)) => self.opened(&info, say),
                Ok(Event::Chunk(chunk)) => {
                    if self.chunk(&chunk)? {
                        newest = clock.steady_ms();
                    }
                    sources.pool().give(chunk.bytes);
                }
                Ok(Event::Trouble { what, .. }) => say(&what),
                Ok(Event::Note { source, note }) => self.note(sources, source, note, say),
                Ok(Event::CaughtUp(_) | Event::Ended(_)) => {}
                Ok(Event::Drained) | Err(RecvTimeoutError::Disconnected) => return Ok(Ended::Done),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.output.is_eager() && sources.events().is_empty() {
                self.output.write()?;
            }
            if !self.output.waits() {
                wrote = clock.steady_ms();
            }
        }
    }

    fn opened(&mut self, info: &SourceInfo, say: &mut dyn FnMut(&str)) {
        if info.path.as_deref().is_some_and(|path| self.output.is_own(path)) {
            say(&format!("{}: is what is being written, so it is left out", info.label));
            return;
        }
        self.names.insert(info.id, Name::of(&info.label));
        self.sources += 1;
    }

    /// The first is told at once, of those after it the last when all is over.
    fn note(&mut self, sources: &Sources, id: SourceId, note: String, say: &mut dyn FnMut(&str)) {
        let name = sources.catalog().get(id).map(|info| info.label);
        let note = format!("{}: {note}", name.as_deref().unwrap_or_default());
        match self.notes.entry(id) {
            Entry::Occupied(mut told) => *told.get_mut() = Some(note),
            Entry::Vacant(first) => {
                say(&note);
                first.insert(None);
            }
        }
    }

    /// Records the lines of a chunk; whether it is of a source that is recorded.
    fn chunk(&mut self, chunk: &Chunk) -> Result<bool, OutputError> {
        let Some(name) = self.names.get(&chunk.source) else { return Ok(false) };
        let bytes = &chunk.bytes[..];
        let (output, heads, masked) = (&mut self.output, &mut self.heads, &mut self.masked);
        let (keys, last) = (&mut self.keys, &mut self.last);
        let mut put = |text: &[u8], cut: u64, most: usize| {
            let line = match masked {
                Some(masked) => {
                    if let Some(stream) = stream_of(text) {
                        last.insert(chunk.source, stream);
                    }
                    keys.of((chunk.source, last.get(&chunk.source).copied())).line(text, masked)
                }
                None => Cow::Borrowed(text),
            };
            output.line(|block| {
                let put = line::put(block, &line, cut, name, chunk.arrived, most);
                *heads += u64::from(put == Put::Head);
            })
        };
        // What was cut out was the end of the last line.
        let last = memrchr(b'\n', bytes).map_or(0, |at| at + 1);
        let whole = if chunk.cut > 0 { last } else { bytes.len() };
        let (mut scanner, mut from) = (Scanner::default(), 0);
        while let Some(Frame { shape, end }) =
            scanner.next(&bytes[..whole], from, true).filter(|_| from < whole)
        {
            let text = bytes[from..end].strip_suffix(b"\n").unwrap_or(&bytes[from..end]);
            from = end;
            if shape != Shape::Value {
                put(text, 0, self.most)?;
                continue;
            }
            let most = self.most.max(MOST);
            let value = text.trim_ascii_start().strip_prefix(b",").unwrap_or(text).trim_ascii();
            match decode::parts(value) {
                Some(parts) => parts.iter().try_for_each(|part| put(part, 0, most))?,
                None => put(text, 0, most)?,
            }
        }
        if chunk.cut > 0 {
            put(&bytes[whole..], chunk.cut, self.most)?;
        }
        Ok(true)
    }

    fn summary(&self) -> String {
        let plural = |n: u64, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let mut text = format!(
            "recorded {} of {} in {}",
            plural(self.output.lines(), "line"),
            plural(self.sources, "source"),
            self.output.path().display()
        );
        if self.output.parts() > 1 {
            text += &format!(" and {} before it", plural(self.output.parts() as u64 - 1, "part"));
        }
        match &self.masked {
            Some(masked) => text += &format!("; {}", masked.summary()),
            None => text += "; raw, as it came: --redact masks secrets",
        }
        if self.heads > 0 {
            text += &format!("; of {} only the head, too long", plural(self.heads, "line"));
        }
        text
    }
}

/// The stream of a line, by a hash of its name, if it says one.
fn stream_of(text: &[u8]) -> Option<u64> {
    let (arena, mut records) = (decode::Arena::new(), Vec::new());
    let origin = Origin { source: SourceId(0), offset: 0, len: 0 };
    decode::frame(decode::Frame { text, origin, arrived: None }, &arena, &mut records);
    let stream = records.iter().find_map(|record| record.envelope.stream)?;
    Some(FxBuildHasher.hash_one(stream))
}
