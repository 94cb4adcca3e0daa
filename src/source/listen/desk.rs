//! Gives out what arrived: as chunks of sources, one for each listener and one for each path that
//! tells senders apart.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::select;

use super::super::catalog::Place;
use super::super::frame::Framer;
use super::super::info::{Kind, SourceInfo};
use super::super::out::{Out, Stopped};
use super::super::pool::BUFFER;
use super::super::{Event, frame::Piece};
use super::inbox::{Counts, Parcel, Parcels};
use crate::model::function_of_file;

/// How often it is looked whether something could not be taken.
const LOOK: Duration = Duration::from_secs(1);
/// Sources of one listener; what is sent to further paths counts as sent to none.
const PATHS: usize = 256;

/// A source of a listener, and how far it was given out.
#[derive(Debug)]
struct Given {
    info: SourceInfo,
    framer: Framer,
}

/// A listener as the desk sees it.
#[derive(Debug)]
pub(super) struct Listener {
    name: String,
    hint: String,
    /// What a person has to know of it.
    warning: Option<&'static str>,
    counts: Arc<Counts>,
    /// What could not be taken when that was said last: no room, unread, refused.
    said: [u64; 3],
    /// By path; the one of no path is always there.
    sources: BTreeMap<Option<Box<str>>, Given>,
}

impl Listener {
    /// A listener of this name; `hint` tells how others are pointed at it.
    pub fn new(name: String, hint: String, warning: Option<&'static str>, counts: Arc<Counts>) -> Self {
        Self { name, hint, warning, counts, said: [0; 3], sources: BTreeMap::new() }
    }

    fn open(&mut self, out: &Out, path: Option<Box<str>>) -> Result<(), Stopped> {
        let label = format!("{}{}", self.name, path.as_deref().unwrap_or_default());
        let function = path.as_deref().and_then(|path| function_of_file(Path::new(path)));
        let place = Place::Gone("came over the network: it can't be read again");
        let info = out.catalog.add(place, |id| SourceInfo {
            id,
            path: None,
            label: label.into(),
            size: 0,
            kind: Kind::Socket,
            function,
            skipped: 0,
        });
        let id = info.id;
        out.send(Event::Opened(info.clone()))?;
        // Nothing was there before.
        out.send(Event::CaughtUp(id))?;
        if path.is_none() {
            out.send(Event::Note { source: id, note: self.hint.clone() })?;
            if let Some(warning) = self.warning {
                out.trouble(Some(id), format!("{}: {warning}", self.name))?;
            }
        }
        self.sources.insert(path, Given { info, framer: Framer::new(0, out.most) });
        Ok(())
    }

    /// What could not be taken so far.
    fn lost(&self) -> [u64; 3] {
        let Counts { no_room, unread, refused } = &*self.counts;
        [no_room, unread, refused].map(|counter| counter.load(Ordering::Relaxed))
    }

    /// Says what could not be taken, if that is more than was said.
    fn say(&mut self, out: &Out) -> Result<(), Stopped> {
        let lost = self.lost();
        if lost == self.said {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.said, lost);
        let [no_room, unread, refused] = lost;
        let mut words = Vec::new();
        let mut told = |n: u64, what: &str| {
            if n > 0 {
                words.push(what.replace('#', &n.to_string()));
            }
        };
        if self.name.starts_with("xray") {
            told(no_room + unread, "datagrams dropped: # (more came than could be read)");
            told(refused, "datagrams that are not for the X-Ray daemon: #");
        } else {
            told(no_room, "posts told to come again: # (more came than could be read)");
            told(refused, "posts refused: #");
        }
        let words = words.join(", ");
        let Some(main) = self.sources.get(&None) else { return Ok(()) };
        let source = main.info.id;
        out.send(Event::Note { source, note: format!("{words}; {}", self.hint) })?;
        // The first of each kind is worth a warning.
        if lost.iter().zip(before).any(|(now, before)| before == 0 && *now > 0) {
            out.trouble(Some(source), format!("{}: {words}", self.name))?;
        }
        Ok(())
    }
}

/// What gives out.
#[derive(Debug)]
pub(super) struct Desk {
    out: Out,
    parcels: Parcels,
    listeners: Vec<Listener>,
    pieces: Vec<Piece>,
}

impl Desk {
    pub fn new(out: Out, parcels: Parcels, listeners: Vec<Listener>) -> Self {
        Self { out, parcels, listeners, pieces: Vec::new() }
    }

    /// Gives out until told to stop.
    pub fn run(mut self) -> Result<(), Stopped> {
        for listener in &mut self.listeners {
            listener.open(&self.out, None)?;
        }
        let mut looked = self.out.clock.steady_ms();
        loop {
            let parcel = select! {
                recv(self.parcels.queue) -> parcel => parcel.ok(),
                recv(self.out.stop) -> _ => return Err(Stopped),
                default(LOOK) => None,
            };
            let mut next = parcel.inspect(|parcel| self.parcels.taken(parcel));
            while let Some(parcel) = next {
                next = self.give_out(parcel)?;
            }
            let now = self.out.clock.steady_ms();
            if now >= looked + LOOK.as_millis() as u64 || self.parcels.queue.is_empty() {
                looked = now;
                for listener in &mut self.listeners {
                    listener.say(&self.out)?;
                }
            }
        }
    }

    /// Gives out a parcel and those behind it that go the same way; gives back the first that
    /// does not.
    fn give_out(&mut self, first: Parcel) -> Result<Option<Parcel>, Stopped> {
        let Parcel { listener, mut path, mut frames } = first;
        let mut other = None;
        while frames.len() < BUFFER
            && let Ok(next) = self.parcels.queue.try_recv()
        {
            self.parcels.taken(&next);
            if next.listener != listener || next.path != path {
                other = Some(next);
                break;
            }
            frames.extend_from_slice(&next.frames);
        }
        let arrived = self.out.clock.now();
        let of = &mut self.listeners[listener];
        if !of.sources.contains_key(&path) {
            if of.sources.len() > PATHS {
                path = None;
            } else {
                of.open(&self.out, path.clone())?;
            }
        }
        if let Some(given) = of.sources.get_mut(&path) {
            let mut rest = &frames[..];
            while !rest.is_empty() {
                // Reading from memory can't fail.
                let _ = given.framer.fill(&self.out.pool, &mut self.pieces, |space| rest.read(space));
            }
            self.out.send_pieces(&given.info, Some(arrived), true, self.pieces.drain(..))?;
        }
        Ok(other)
    }
}
