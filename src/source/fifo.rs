//! A pipe, on a thread of its own: it may be silent for hours, but ends at once when told.
//!
//! What a pipe brings without a pause from its beginning on (`cat old.log | lamtop -`, the hour
//! that `aws logs tail --since 1h --follow` begins with) was there before, like what lies in a file:
//! it does not count as having come just now.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::rc::Rc;
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Event;
use super::frame::Framer;
use super::info::{Kind, SourceInfo, What, open};
use super::once::enter;
use super::out::{Out, Stopped};
use super::packed::{MAGIC, Pack, Unpack};
use super::walk::Found;
use crate::model::Timestamp;

/// A pipe that was silent for so long has given what was there before.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 500_000_000 };

/// Whether what comes now comes live.
type Live = Rc<Cell<bool>>;

/// A pipe to be read.
#[derive(Debug)]
pub(super) struct Fifo {
    path: PathBuf,
    info: SourceInfo,
    /// Whether its bytes come while they are watched, and further writers are waited for.
    follow: bool,
    /// Becomes readable when all should stop.
    wake: UnixStream,
}

impl Fifo {
    /// Enters a pipe, which `out` says, and reads it on a thread of its own, which sends to `flow`.
    pub fn start(
        out: &Out,
        flow: &Out,
        found: &Found,
        follow: bool,
        wake: &UnixStream,
    ) -> Result<Option<JoinHandle<()>>, Stopped> {
        let info = enter(out, &found.path, found.stat, Kind::Fifo, 0);
        let (id, label) = (info.id, info.label.clone());
        out.send(Event::Opened(info.clone()))?;
        let started = wake.try_clone().and_then(|wake| {
            let (fifo, flow) = (Self { path: found.path.clone(), info, follow, wake }, flow.clone());
            std::thread::Builder::new().name("source-pipe".into()).spawn(move || {
                // Stopped is how a thread ends when nobody listens.
                let _ = fifo.run(&flow);
            })
        });
        match started {
            Ok(thread) => Ok(Some(thread)),
            Err(error) => {
                out.trouble(Some(id), format!("{label}: can't be read: {error}"))?;
                out.send(Event::Ended(id))?;
                Ok(None)
            }
        }
    }

    /// Reads it to its end.
    fn run(mut self, out: &Out) -> Result<(), Stopped> {
        let mut framer = Framer::new(0, out.most);
        let mut pieces = Vec::new();
        let live: Live = Rc::new(Cell::new(!self.follow));
        if let Err(error) = self.read(out, &live, &mut framer, &mut pieces)? {
            out.trouble(Some(self.info.id), format!("{}: {error}", self.info.label))?;
        }
        out.send_pieces(&self.info, self.arrived(out, &live), true, framer.finish())?;
        self.caught_up(out, &live)?;
        out.catalog.kept().seal(self.info.id);
        out.send(Event::Ended(self.info.id))
    }

    fn arrived(&self, out: &Out, live: &Live) -> Option<Timestamp> {
        (self.follow && live.get()).then(|| out.clock.now())
    }

    /// Says once that what was there before has been read.
    fn caught_up(&self, out: &Out, live: &Live) -> Result<(), Stopped> {
        if self.follow && !live.replace(true) { out.send(Event::CaughtUp(self.info.id)) } else { Ok(()) }
    }

    fn read(
        &mut self,
        out: &Out,
        live: &Live,
        framer: &mut Framer,
        pieces: &mut Vec<super::frame::Piece>,
    ) -> Result<io::Result<()>, Stopped> {
        let mut stream = match self.stream(live) {
            Ok(stream) => stream,
            Err(error) => return Ok(Err(error)),
        };
        let mut copy = |reader: &mut dyn Read, framer: &mut Framer| loop {
            let read = framer.fill(&out.pool, pieces, |space| reader.read(space));
            out.send_pieces(&self.info, self.arrived(out, live), true, pieces.drain(..))?;
            match read {
                Ok(0) => {
                    // A line that its writer did not end will not be ended by the next one.
                    let arrived = self.follow.then(|| out.clock.now());
                    out.send_pieces(&self.info, arrived, true, framer.finish())?;
                    return Ok(Ok(()));
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.caught_up(out, live)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => out.check()?,
                Err(error) => return Ok(Err(error)),
            }
        };
        let mut magic = Vec::new();
        while let Err(error) = stream.by_ref().take((MAGIC - magic.len()) as u64).read_to_end(&mut magic) {
            match error.kind() {
                io::ErrorKind::WouldBlock => self.caught_up(out, live)?,
                _ => return Ok(Err(error)),
            }
        }
        let packed = Pack::of(&magic).is_some();
        let mut whole = Cursor::new(magic).chain(&mut stream);
        if packed {
            return copy(&mut Unpack::new(BufReader::new(whole)), framer);
        }
        let mut result = copy(&mut whole, framer)?;
        // A named pipe may get another writer; the file descriptor of a shell's `<(command)` not.
        while self.follow && result.is_ok() && self.path.canonicalize().is_ok() {
            out.check()?;
            result = match self.stream(live) {
                Ok(mut again) => copy(&mut again, framer)?,
                Err(error) => Err(error),
            };
        }
        Ok(result)
    }

    fn stream(&self, live: &Live) -> io::Result<Stream> {
        let (file, stat) = open(&self.path)?;
        if stat.what != What::Fifo {
            return Err(io::Error::other("is no longer a pipe"));
        }
        Ok(Stream { file, wake: self.wake.try_clone()?, live: live.clone(), began: false })
    }
}

/// A pipe that is waited for, until it has bytes, has ended, or all should stop; before anything
/// comes live, it times out at its first pause.
struct Stream {
    file: File,
    wake: UnixStream,
    live: Live,
    /// Whether bytes came. Before, the end means that there is no writer yet; and of a writer that
    /// was gone when the pipe was opened, poll never tells the end.
    began: bool,
}

impl Stream {
    /// What is there now; `None` if nothing is and a writer is.
    fn now(&mut self, space: &mut [u8]) -> io::Result<Option<usize>> {
        match self.file.read(space) {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                Ok(None)
            }
            Err(error) => Err(error),
            Ok(n) => {
                self.began |= n > 0;
                Ok(Some(n))
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.began
            && let Some(n) = self.now(space)?
        {
            return Ok(n);
        }
        loop {
            let mut ready = [PollFd::new(&self.file, PollFlags::IN), PollFd::new(&self.wake, PollFlags::IN)];
            match poll(&mut ready, (!self.live.get()).then_some(&PAUSE)) {
                Ok(0) => return Err(io::ErrorKind::WouldBlock.into()),
                Ok(_) if !ready[1].revents().is_empty() => return Ok(0),
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            if let Some(n) = self.now(space)? {
                return Ok(n);
            }
        }
    }
}
