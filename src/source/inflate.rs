//! Packed files that are followed: unpacked when they are whole, as far as they were not read elsewhere.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::Event;
use super::copies::{Original, inside};
use super::followed::{Followed, State};
use super::frame::Framer;
use super::info::{Identity, Kind, Stat};
use super::once::{self, enter};
use super::out::Stopped;
use super::packed::Pack;
use super::reel::{Done, Feed};
use super::tail::Tail;
use crate::model::Timestamp;

impl Tail {
    /// Unpacks the packed files that are there to the end, as far as can be seen: they did not
    /// change for a while, or so much that they may never stop to.
    pub fn unpack_settled(&mut self) -> Result<(), Stopped> {
        let mut settled = Vec::new();
        for (key, file) in &mut self.files {
            if let (State::Packed(packed), Some((size, _))) = (&mut file.state, file.seen) {
                let before = packed.size_before.replace(size);
                let still = before == Some(size) || packed.tried.is_some_and(|tried| size / 2 >= tried);
                let busy = packed.info.is_some() && packed.framer.is_none();
                if still && !busy && packed.tried != Some(size) {
                    packed.tried = Some(size);
                    settled.push((*key, size));
                }
            }
        }
        settled.into_iter().try_for_each(|(key, size)| self.unpack_file(key, size))
    }

    fn unpack_file(&mut self, key: u32, size: u64) -> Result<(), Stopped> {
        let Some(handle) = self.handle(key)? else { return Ok(()) };
        let Some(pack) = Pack::of_file(&handle) else { return Ok(()) };
        let start = self.packed_start(key, pack, handle.clone(), size)?;
        let Some(file) = self.files.get_mut(&key) else { return Ok(()) };
        let State::Packed(packed) = &mut file.state else { return Ok(()) };
        let identity = file.identity;
        let framer = match (packed.framer.take(), start) {
            (Some(framer), _) => {
                self.half_lines.gone(framer.held());
                framer
            }
            (None, Some(start)) => {
                let stat = match Stat::of_open(&handle) {
                    Ok(stat) => stat,
                    Err(error) => return self.complain(key, &error),
                };
                let info = enter(&self.out, &file.path, stat, Kind::Packed, 0);
                packed.info = Some(info.clone());
                self.out.send(Event::Opened(info))?;
                Framer::new(start, self.out.most)
            }
            (None, None) => {
                return self.say_copy(key, "holds in compressed form what was read already: not read again");
            }
        };
        let arrived = Some(self.out.clock.now());
        self.inflate(key, framer, identity, pack, arrived);
        Ok(())
    }

    /// Where the contents of a packed file begin that were not read elsewhere; `None` if all were.
    fn packed_start(
        &mut self,
        key: u32,
        pack: Pack,
        handle: Arc<File>,
        size: u64,
    ) -> Result<Option<u64>, Stopped> {
        if self.files.get(&key).is_some_and(|file| file.info().is_some()) {
            return Ok(Some(0));
        }
        // What can't be inflated is found out by reading it.
        let Ok(begin) = inside(handle.clone()) else { return Ok(Some(0)) };
        let head = self.heads.of(&begin);
        // A short head tells nothing unless it is all there is.
        let all = || pack.len(handle.clone(), size).is_ok_and(|len| len == head.len() as u64);
        let whole = head.len() > 0 && !head.is_full() && all();
        let original = whole.then(|| self.heads.find(head)).flatten();
        let read = match original.or_else(|| self.original(key, &begin)) {
            None => return Ok(Some(0)),
            Some(Original::Past(_, read)) => read,
            Some(Original::Followed(of)) => {
                self.drain(of)?;
                match self.files.get(&of).map(|file| &file.state) {
                    Some(State::Lines(lines)) => lines.framer.end(),
                    _ => return Ok(Some(0)),
                }
            }
        };
        let Ok(len) = pack.len(handle, size) else { return Ok(Some(0)) };
        let low = read & u64::from(u32::MAX);
        // Of what is longer than 4 GiB the length is not known.
        Ok(if low >= len || read != low { None } else { Some(read) })
    }

    /// Has a packed file unpacked from where its framer stands.
    pub fn inflate(
        &mut self,
        key: u32,
        framer: Framer,
        identity: Identity,
        pack: Pack,
        arrived: Option<Timestamp>,
    ) {
        let Some(info) = self.files.get(&key).and_then(Followed::info).cloned() else { return };
        let given = framer.end();
        let identity = Some(identity);
        self.unpack(Feed {
            info,
            framer,
            reader: None,
            identity,
            begins: None,
            until: u64::MAX,
            pack: Some(pack),
            given,
            arrived,
        });
    }

    /// A packed file was unpacked as far as it goes.
    pub fn inflated(&mut self, done: Done) -> Result<(), Stopped> {
        let id = done.feed.info.id;
        let file = self.files.values_mut().find(|file| file.info().is_some_and(|info| info.id == id));
        let Some(Followed { state: State::Packed(packed), said, .. }) = file else {
            self.out.send(Event::CaughtUp(id))?;
            return once::end(&self.out, done);
        };
        let Done { feed: Feed { info, mut framer, arrived, .. }, error } = done;
        match error {
            None => self.out.send_pieces(&info, arrived, true, framer.finish())?,
            // It was renamed in this moment, and its new name is found soon; or too many files were open.
            Some(error) if error.kind() == io::ErrorKind::NotFound || is_too_many(&error) => {
                packed.tried = None;
            }
            Some(_) if *said => {}
            Some(error) => {
                *said = true;
                self.out.trouble(Some(id), format!("{}: {error}", info.label))?;
            }
        }
        if !std::mem::replace(&mut packed.caught_up, true) {
            self.out.send(Event::CaughtUp(id))?;
        }
        self.out.catalog.kept().seal(id);
        self.half_lines.changed(0, &mut framer);
        packed.framer = Some(framer);
        Ok(())
    }
}

/// Whether there was no room for another open file, of ours or the whole system's.
fn is_too_many(error: &io::Error) -> bool {
    let codes = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE];
    error.raw_os_error().is_some_and(|code| codes.iter().any(|errno| errno.raw_os_error() == code))
}
