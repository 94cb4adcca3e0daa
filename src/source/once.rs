//! Every archive read to its end, then done: for replays, and through `pull` for reports.

use std::path::Path;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use super::catalog::Place;
use super::fifo::Fifo;
use super::frame::Framer;
use super::info::{Kind, SourceInfo, Stat, What, open};
use super::out::{Out, Stopped};
use super::packed::Pack;
use super::reader::{Raw, Reader};
use super::reel::{Done, Feed, Reel};
use super::walk::{label, why_not};
use super::{Event, Plan, Problem};
use crate::model::{Timestamp, function_of_file, stream_of_folder};

/// Everything of a plan, on its way.
#[derive(Debug)]
pub(super) struct Archives {
    reel: Reel,
    pipes: Vec<JoinHandle<()>>,
}

impl Archives {
    /// Enters all of the plan. Ids follow the order of memory as given, then of paths. Pipes are read
    /// on threads of their own, which send to `pipes`.
    pub fn open(out: &Out, pipes: &Out, plan: Plan) -> Result<Self, Stopped> {
        let most_open = super::open_files(plan.options.open_files);
        let stay_open = plan.found.len() <= most_open;
        let mut all = Self { reel: Reel::new(stay_open, most_open), pipes: Vec::new() };
        for (name, bytes) in plan.memory {
            all.reel.add(memory(out, name, bytes)?);
        }
        for found in &plan.found {
            if found.stat.what == What::Fifo {
                all.pipes.extend(Fifo::start(out, pipes, found, false, &plan.wake)?);
            } else if let Some(feed) = file(out, &found.path)? {
                all.reel.add(feed);
            }
        }
        Ok(all)
    }

    /// Reads on a little; `false` when all files and memory were read to their ends.
    pub fn step(&mut self, out: &Out) -> Result<bool, Stopped> {
        if let Some(done) = self.reel.step(out)? {
            end(out, done)?;
        }
        Ok(!self.reel.is_empty())
    }
}

/// Reads all of the plan.
pub(super) fn run(out: &Out, plan: Plan) -> Result<(), Stopped> {
    let mut all = Archives::open(out, out, plan)?;
    while all.step(out)? {}
    for pipe in all.pipes {
        // A pipe's thread that panicked has nothing more to give.
        let _ = pipe.join();
    }
    out.check()?;
    out.send(Event::Drained)
}

/// Gives the half line at the end and says that the source ended.
pub(super) fn end(out: &Out, done: Done) -> Result<(), Stopped> {
    let Done { mut feed, error } = done;
    out.send_pieces(&feed.info, None, feed.pack.is_some(), feed.framer.finish())?;
    if let Some(error) = error {
        out.trouble(Some(feed.info.id), format!("{}: {error}", feed.info.label))?;
    }
    if feed.pack.is_some() {
        out.catalog.kept().seal(feed.info.id);
    }
    out.send(Event::Ended(feed.info.id))
}

/// Enters bytes of the program.
pub(super) fn memory(out: &Out, name: &str, bytes: &'static [u8]) -> Result<Feed, Stopped> {
    let info = out.catalog.add(Place::Memory(bytes), |id| SourceInfo {
        id,
        path: None,
        label: name.into(),
        size: bytes.len() as u64,
        kind: Kind::Memory,
        function: None,
        stream: None,
        written: None,
        skipped: 0,
    });
    out.send(Event::Opened(info.clone()))?;
    let pack = Raw::Memory(bytes).pack().unwrap_or_default();
    let reader = match pack {
        Some(_) => Reader::packed(Raw::Memory(bytes)),
        None => Reader::Plain(Raw::Memory(bytes)),
    };
    let framer = Framer::new(0, out.most);
    Ok(Feed {
        info,
        framer,
        reader: Some(reader),
        identity: None,
        begins: None,
        until: u64::MAX,
        pack,
        given: 0,
        arrived: None,
    })
}

/// Enters a file; one that can't be read is said and left out.
fn file(out: &Out, path: &Path) -> Result<Option<Feed>, Stopped> {
    let look = || -> std::io::Result<(Stat, Option<Pack>)> {
        let (file, stat) = open(path)?;
        Ok((stat, Raw::File(Arc::new(file)).pack()?))
    };
    let (stat, pack) = match look() {
        Ok(seen) => seen,
        Err(error) => {
            out.problem(Problem::unread(label(path), &why_not(path, &error)))?;
            return Ok(None);
        }
    };
    let kind = if pack.is_some() { Kind::Packed } else { Kind::File };
    let info = enter(out, path, stat, kind, 0);
    out.send(Event::Opened(info.clone()))?;
    Ok(Some(Feed {
        info,
        framer: Framer::new(0, out.most),
        reader: None,
        identity: Some(stat.identity),
        begins: None,
        until: u64::MAX,
        pack,
        given: 0,
        arrived: None,
    }))
}

/// Enters a file or pipe in the catalog.
pub(super) fn enter(out: &Out, path: &Path, stat: Stat, kind: Kind, skipped: u64) -> SourceInfo {
    let path: Arc<Path> = path.into();
    let place = match kind {
        Kind::Fifo => Place::Gone("is a pipe: what was read from it can't be read again"),
        _ => Place::File { path: path.clone(), identity: stat.identity, handle: Weak::new() },
    };
    out.catalog.add(place, |id| SourceInfo {
        id,
        label: label(&path).into(),
        function: function_of_file(&path),
        stream: stream_of_folder(&path),
        path: Some(path),
        size: if kind == Kind::Fifo { 0 } else { stat.size },
        kind,
        written: Some(match kind {
            Kind::Fifo => out.clock.now(),
            _ => Timestamp(i64::try_from(stat.modified / 1_000_000).unwrap_or_default()),
        }),
        skipped,
    })
}
