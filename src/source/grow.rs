//! A followed file grows: how its reading begins, and goes on.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::Event;
use super::copies::{HEAD, Head, Original, is_alike};
use super::followed::{Followed, Lines, State};
use super::frame::Framer;
use super::info::{Kind, Stat};
use super::once::enter;
use super::out::Stopped;
use super::packed::Pack;
use super::reader::{part, read_at};
use super::tail::{RACY_MS, Tail};
use crate::model::Timestamp;

/// How often a file is looked at again that is truncated while a copy is compared with it.
const AGAIN: usize = 8;
/// Buffers read of one file before others have their turn.
const TURN: usize = 64;

impl Tail {
    /// A look at a file gave `stat`.
    pub fn grow(&mut self, key: u32, stat: Stat) -> Result<(), Stopped> {
        let Some(file) = self.files.get(&key) else { return Ok(()) };
        let changed = file.seen != Some((stat.size, stat.modified));
        if !changed && !file.racy {
            return Ok(());
        }
        let Some(handle) = self.handle(key)? else { return Ok(()) };
        // It may have been read since that look, which then seems to be of a shorter file.
        let stat = Stat::of_open(&handle).unwrap_or(stat);
        let (now, wall) = (self.out.clock.steady_ms(), self.out.clock.now());
        let Some(file) = self.files.get_mut(&key) else { return Ok(()) };
        let was_empty = file.seen.replace((stat.size, stat.modified)).is_some_and(|(size, _)| size == 0);
        file.racy = is_racy(wall, stat.modified);
        if changed {
            file.changed_ms = now;
        }
        if matches!(file.state, State::Copy { .. } | State::Packed(_))
            && !self.heads.holds(&handle, file.begins).unwrap_or(true)
        {
            self.close(key, None)?;
            self.is_again(key, &stat);
            return self.begin(key, stat, &handle);
        }
        let unread = match &file.state {
            State::New => was_empty,
            State::Lines(lines) => lines.framer.end() == 0,
            State::Packed(_) | State::Copy { .. } => false,
        };
        // It was empty; what it held meanwhile may lie in copies by now. Not if it was renamed: then it may
        // have been written to after what took its place was made.
        let called = || Stat::of(&file.called).is_ok_and(|stat| stat.identity == file.identity);
        if unread && file.names.contains(&file.called) && called() {
            self.is_again(key, &stat);
        }
        let Some(file) = self.files.get_mut(&key) else { return Ok(()) };
        match &mut file.state {
            State::New => self.begin(key, stat, &handle),
            State::Lines(lines) if stat.size < lines.framer.end() => {
                let was = lines.framer.end().max(file.stood);
                let why = format!("was truncated from {was} to {} bytes", stat.size);
                self.over(key, &why)?;
                self.is_again(key, &stat);
                self.begin(key, stat, &handle)
            }
            // It was empty when it was opened, and what came is not lines.
            State::Lines(lines) if lines.framer.end() == 0 && Pack::of_file(&handle).is_some() => {
                self.close(key, None)?;
                self.begin(key, stat, &handle)
            }
            State::Lines(_) if unread => {
                let outermost = self.beginning.insert(key);
                let may = self.read_older(key);
                if outermost {
                    self.beginning.remove(&key);
                }
                if may? { self.read_on(key) } else { Ok(()) }
            }
            State::Lines(lines) => match self.heads.holds(&handle, lines.head) {
                Ok(true) => {
                    file.stood = file.stood.max(stat.size);
                    self.read_on(key)
                }
                Ok(false) => self.anew(key, &handle),
                Err(error) => self.complain(key, &error),
            },
            State::Packed(packed)
                if packed.framer.is_some() && packed.tried.is_some_and(|t| stat.size < t) =>
            {
                self.close(key, None)?;
                self.begin(key, stat, &handle)
            }
            State::Packed(_) => Ok(()),
            State::Copy { of, verified } => {
                let (of, verified) = (*of, *verified);
                self.copy_grew(key, of, verified, stat, &handle)
            }
        }
    }

    /// A file has its first bytes.
    pub fn begin(&mut self, key: u32, stat: Stat, handle: &Arc<File>) -> Result<(), Stopped> {
        // It may be looked at again by what is read before it.
        if !self.beginning.insert(key) {
            return Ok(());
        }
        let begun = self.begin_in_order(key, stat, handle);
        self.beginning.remove(&key);
        begun
    }

    fn begin_in_order(&mut self, key: u32, stat: Stat, handle: &Arc<File>) -> Result<(), Stopped> {
        let begin = part(handle, 0, HEAD as u64);
        if let (Ok(begin), Some(file)) = (&begin, self.files.get_mut(&key)) {
            file.begins = self.heads.of(begin);
        }
        let begin = match begin {
            // It may become a packed file's.
            Ok(begin) if Pack::may_become(&begin) => return Ok(()),
            Ok(begin) if Pack::of(&begin).is_some() => {
                self.set(key, State::Packed(Box::default()));
                return Ok(());
            }
            Ok(begin) => begin,
            Err(error) => return self.complain(key, &error),
        };
        // What this may be a copy of is read first as far as it goes.
        for of in self.may_be_copy_of(key) {
            // What was emptied since holds something newer, and comes later.
            let begun = match self.files.get(&of).map(|file| &file.state) {
                Some(State::Lines(lines)) => lines.head.len() > 0 && self.heads.is_begin(&begin, lines.head),
                _ => false,
            };
            if !begun && !self.handle(of)?.is_some_and(|original| is_alike(handle, &original)) {
                continue;
            }
            if self.beginning.contains(&of) {
                // When that has begun.
                self.found.insert(key, Some(stat));
                return Ok(());
            }
            self.look_behind(of)?;
            self.drain(of)?;
            if !self.is_new(key) {
                return Ok(());
            }
        }
        if self.was_copied(key) {
            self.is_again(key, &stat);
        }
        if !self.read_older(key)? || !self.is_new(key) {
            return Ok(());
        }
        let mut original = self.original(key, &begin);
        for _ in 0..AGAIN {
            let Some(Original::Followed(of)) = original else { break };
            // It may be over without our knowing: copied and then truncated.
            self.look_behind(of)?;
            if !self.is_new(key) {
                // It was, and this goes on where that was.
                return Ok(());
            }
            original = self.original(key, &begin);
            if original != Some(Original::Followed(of)) {
                continue;
            }
            match self.is_copy(of, handle, stat.size)? {
                Some(true) => return self.is_now_copy(key, of, stat.size),
                Some(false) => original = None,
                None => {}
            }
        }
        match original {
            Some(Original::Past(_, read)) => {
                self.say_copy(
                    key,
                    "begins with bytes that were read from another file: only what follows is read",
                )?;
                self.set(key, State::Copy { of: None, verified: read });
                if stat.size > read { self.begin_lines(key, stat, read) } else { Ok(()) }
            }
            _ => self.begin_lines(key, stat, 0),
        }
    }

    pub fn begin_lines(&mut self, key: u32, stat: Stat, start: u64) -> Result<(), Stopped> {
        let Some(handle) = self.handle(key)? else { return Ok(()) };
        // Of what is read from its start the head is made of what is read.
        let head = match (start, self.heads.read(&handle)) {
            (0, _) => Head::default(),
            (_, Ok(head)) => head,
            (_, Err(error)) => return self.complain(key, &error),
        };
        let Some(file) = self.files.get_mut(&key) else { return Ok(()) };
        let info = enter(&self.out, &file.path, stat, Kind::File, 0);
        let framer = Framer::new(start, self.out.most);
        file.state = State::Lines(Box::new(Lines { info: info.clone(), framer, head, caught_up: false }));
        file.stood = stat.size;
        let (source, lost) = (info.id, file.lost);
        self.heads.grew(key, Head::default(), head);
        self.out.send(Event::Opened(info))?;
        if lost > 0 {
            let note = format!("at least {lost} bytes of it are lost: it was emptied before they were read");
            self.out.send(Event::Note { source, note })?;
        }
        self.lies(key);
        self.read_on(key)
    }

    /// Reads what a file has more, one turn of it.
    pub fn read_on(&mut self, key: u32) -> Result<(), Stopped> {
        if self.read(key, TURN)? {
            self.ready.insert(key);
        }
        Ok(())
    }

    /// Reads all that a file has more.
    pub fn drain(&mut self, key: u32) -> Result<(), Stopped> {
        while self.read(key, TURN)? {}
        Ok(())
    }

    /// Reads up to so many buffers of a file; whether there is more.
    fn read(&mut self, key: u32, buffers: usize) -> Result<bool, Stopped> {
        let mut again = 0;
        for _ in 0..buffers {
            if !matches!(self.files.get(&key).map(|file| &file.state), Some(State::Lines(_))) {
                return Ok(false);
            }
            // So that what comes and goes meanwhile is open by then.
            self.find_hinted(None)?;
            let Some(handle) = self.handle(key)? else { return Ok(false) };
            let Some(file) = self.files.get_mut(&key) else { return Ok(false) };
            let State::Lines(lines) = &mut file.state else { return Ok(false) };
            let (held, at) = (lines.framer.held(), lines.framer.end());
            // Half a first line may begin the one as well that was written since the file was emptied.
            let is_half = lines.framer.start() == 0 && (1..HEAD as u64).contains(&at);
            let (mut asked, mut head, heads) = (0, Some(lines.head), &self.heads);
            let mut begin = Vec::new();
            let read = lines.framer.fill(&self.out.pool, &mut self.pieces, |space| {
                asked = space.len();
                let n = read_at(&handle, space, at)?;
                // It may have been truncated and written anew since we looked: then these are not
                // the bytes that follow.
                head = heads.after(&handle, lines.head, at, &space[..n])?;
                if at == 0 && file.again || is_half && n > 0 {
                    begin = part(&handle, 0, at)?;
                    begin.extend_from_slice(&space[..n.min(HEAD)]);
                }
                if head.is_some() { Ok(n) } else { Err(io::ErrorKind::Other.into()) }
            });
            self.half_lines.changed(held, &mut lines.framer);
            let Some(head) = head else {
                self.anew(key, &handle)?;
                return Ok(false);
            };
            if !begin.is_empty()
                && again < AGAIN
                && let Some(first) = self.came_before(key, &begin)?
            {
                again += 1;
                if self.begin_again(key, &handle, first)? {
                    continue;
                }
                return Ok(false);
            }
            let Some(file) = self.files.get_mut(&key) else { return Ok(false) };
            let State::Lines(lines) = &mut file.state else { return Ok(false) };
            self.heads.grew(key, lines.head, head);
            lines.head = head;
            let arrived = Some(self.out.clock.now());
            self.out.send_pieces(&lines.info, arrived, false, self.pieces.drain(..))?;
            match read {
                // A short read came to the end; what comes later is noticed.
                Ok(n) if n < asked => {
                    if n > 0 {
                        file.changed_ms = self.out.clock.steady_ms();
                    }
                    if !std::mem::replace(&mut lines.caught_up, true) {
                        self.out.send(Event::CaughtUp(lines.info.id))?;
                    }
                    return Ok(false);
                }
                Ok(_) => {}
                Err(error) => return self.complain(key, &error).map(|()| false),
            }
        }
        Ok(true)
    }

    /// Forgets what was just read of a file's beginning, and reads what comes `first` and whatever else
    /// does. Whether it may be read now.
    fn begin_again(&mut self, key: u32, handle: &File, first: u32) -> Result<bool, Stopped> {
        self.pieces.clear();
        let most = self.out.most;
        if let Some(Followed { state: State::Lines(lines), .. }) = self.files.get_mut(&key) {
            self.half_lines.gone(lines.framer.held());
            lines.framer = Framer::new(0, most);
        }
        if let Ok(stat) = Stat::of_open(handle) {
            self.is_again(key, &stat);
        }
        if self.beginning.contains(&first) {
            // That is about to begin, and looked here first because this still held the same.
            self.wait(key);
            return Ok(false);
        }
        let outermost = self.beginning.insert(key);
        let may = self.read_older(key);
        if outermost {
            self.beginning.remove(&key);
        }
        may
    }

    fn is_new(&self, key: u32) -> bool {
        matches!(self.files.get(&key).map(|file| &file.state), Some(State::New))
    }

    /// Nothing more came of the half frame that a file ends with.
    pub fn let_go(&mut self, key: u32) -> Result<(), Stopped> {
        let Some(Followed { state: State::Lines(lines), .. }) = self.files.get_mut(&key) else {
            return Ok(());
        };
        let held = lines.framer.held();
        let piece = lines.framer.let_go();
        self.half_lines.changed(held, &mut lines.framer);
        let arrived = Some(self.out.clock.now());
        self.out.send_pieces(&lines.info, arrived, false, piece)
    }
}

/// Whether another change now could leave a file's time of modification as it is.
fn is_racy(now: Timestamp, modified: i128) -> bool {
    (i128::from(now.0) - modified / 1_000_000).abs() < i128::from(RACY_MS)
}
