//! What becomes of a followed file: it grows, is truncated, copied, compressed, deleted.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Event;
use super::catalog::Place;
use super::copies::{HEAD, Head, Original, inside, is_named_after, same_before};
use super::followed::{Followed, Lines, Packed, State};
use super::frame::Framer;
use super::info::{Identity, Kind, Stat, What, open};
use super::once::{self, enter};
use super::out::Stopped;
use super::packed::Pack;
use super::reader::{part, read_at};
use super::reel::{Done, Feed};
use super::tail::{RACY_MS, Tail};
use super::walk::{entries, label, why_not};
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
        let stat = handle.metadata().map_or(stat, |metadata| Stat::from(&metadata));
        let (now, wall) = (self.out.clock.steady_ms(), self.out.clock.now());
        let Some(file) = self.files.get_mut(&key) else { return Ok(()) };
        file.seen = Some((stat.size, stat.modified));
        file.racy = is_racy(wall, stat.modified);
        if changed {
            file.changed_ms = now;
        }
        if matches!(file.state, State::Copy { .. } | State::Packed(_))
            && !self.heads.holds(&handle, file.begins).unwrap_or(true)
        {
            self.close(key, None)?;
            return self.begin(key, stat, &handle);
        }
        match &mut file.state {
            State::New => self.begin(key, stat, &handle),
            State::Lines(lines) if stat.size < lines.framer.end() => {
                let (was, now) = (lines.framer.end(), stat.size);
                let why = format!(
                    "was truncated from {was} to {now} bytes; read again from its start, and what was written after byte {was} is lost unless a copy of it holds it"
                );
                self.over(key, &why)?;
                self.begin(key, stat, &handle)
            }
            // It was empty when it was opened, and what came is not lines.
            State::Lines(lines) if lines.framer.end() == 0 && Pack::of_file(&handle).is_some() => {
                self.close(key, None)?;
                self.begin(key, stat, &handle)
            }
            State::Lines(lines) => match self.heads.holds(&handle, lines.head) {
                Ok(true) => self.read_on(key),
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
    fn begin(&mut self, key: u32, stat: Stat, handle: &Arc<File>) -> Result<(), Stopped> {
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
            self.look_behind(of)?;
            self.drain(of)?;
            if !matches!(self.files.get(&key).map(|file| &file.state), Some(State::New)) {
                return Ok(());
            }
        }
        let mut original = self.original(key, &begin);
        for _ in 0..AGAIN {
            let Some(Original::Followed(of)) = original else { break };
            // It may be over without our knowing: copied and then truncated.
            self.look_behind(of)?;
            if !matches!(self.files.get(&key).map(|file| &file.state), Some(State::New)) {
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

    /// The files of which little or nothing was read and after which this one is named.
    fn may_be_copy_of(&self, key: u32) -> Vec<u32> {
        let Some(copy) = self.files.get(&key) else { return Vec::new() };
        let little = |file: &Followed| match &file.state {
            State::New => true,
            State::Lines(lines) => !lines.head.is_full(),
            State::Packed(_) | State::Copy { .. } => false,
        };
        let may = |(of, file): (&u32, &Followed)| {
            (*of != key && little(file) && is_named_after(&copy.path, &file.path)).then_some(*of)
        };
        self.files.iter().filter_map(may).collect()
    }

    fn is_now_copy(&mut self, key: u32, of: u32, size: u64) -> Result<(), Stopped> {
        self.say_copy(key, "begins with the same bytes as another file: a copy, not read again")?;
        self.set(key, State::Copy { of: Some(of), verified: size });
        // It was put in its place (an editor saves so) and goes on here.
        let replaced = self.files.get(&of).is_some_and(|file| file.names.is_empty());
        if replaced { self.end(of) } else { Ok(()) }
    }

    /// From which other file that what a file begins with is or was read.
    fn original(&self, key: u32, begin: &[u8]) -> Option<Original> {
        let other = |original: &Original| match original {
            Original::Followed(of) | Original::Past(of, _) => *of != key,
        };
        let head = self.heads.of(begin);
        if head.is_full()
            && let Some(original) = self.heads.find(head).filter(other)
        {
            return Some(original);
        }
        // Fewer bytes may be in two files by chance, half a line is in many. A copy's name says that
        // it is one.
        let copy = self.files.get(&key)?;
        let short = |(of, file): (&u32, &Followed)| match &file.state {
            State::Lines(lines)
                if *of != key
                    && lines.framer.start() > 0
                    && (1..HEAD).contains(&lines.head.len())
                    && is_named_after(&copy.path, &file.path)
                    && self.heads.is_begin(begin, lines.head) =>
            {
                Some(Original::Followed(*of))
            }
            _ => None,
        };
        let followed = self.files.iter().find_map(short);
        followed.or_else(|| self.heads.find_short(&copy.path, begin).filter(other))
    }

    fn begin_lines(&mut self, key: u32, stat: Stat, start: u64) -> Result<(), Stopped> {
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
        self.heads.grew(key, Head::default(), head);
        self.out.send(Event::Opened(info))?;
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
        if !matches!(self.files.get(&key).map(|file| &file.state), Some(State::Lines(_))) {
            return Ok(false);
        }
        let Some(handle) = self.handle(key)? else { return Ok(false) };
        let Some(file) = self.files.get_mut(&key) else { return Ok(false) };
        let State::Lines(lines) = &mut file.state else { return Ok(false) };
        for _ in 0..buffers {
            let (held, at) = (lines.framer.held(), lines.framer.end());
            let (mut asked, mut head, heads) = (0, Some(lines.head), &self.heads);
            let read = lines.framer.fill(&self.out.pool, &mut self.pieces, |space| {
                asked = space.len();
                let n = read_at(&handle, space, at)?;
                // It may have been truncated and written anew since we looked: then these are not
                // the bytes that follow.
                head = heads.after(&handle, lines.head, at, &space[..n])?;
                if head.is_some() { Ok(n) } else { Err(io::ErrorKind::Other.into()) }
            });
            let Some(head) = head else {
                self.anew(key, &handle)?;
                return Ok(false);
            };
            self.heads.grew(key, lines.head, head);
            lines.head = head;
            self.half_lines.changed(held, &mut lines.framer);
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

    /// A file does not begin as it did.
    fn anew(&mut self, key: u32, handle: &Arc<File>) -> Result<(), Stopped> {
        self.over(key, "was written anew in place; read again from its start, and what was written before and not read yet is lost unless a copy of it holds it")?;
        match handle.metadata() {
            Ok(metadata) => self.begin(key, Stat::from(&metadata), handle),
            Err(error) => self.complain(key, &error),
        }
    }

    /// The bytes read of a file are there no more; `why` says what happened to it.
    fn over(&mut self, key: u32, why: &str) -> Result<(), Stopped> {
        if let Some(Followed { state: State::Lines(lines), .. }) = self.files.get(&key) {
            self.out.trouble(Some(lines.info.id), format!("{} {why}", lines.info.label))?;
        }
        // What it held lies in a copy, mostly, which is there by now but may not have been seen.
        self.find_copy(key);
        self.close(key, Some("was truncated or written anew since it was read"))
    }

    /// A file is gone, and will not grow any more.
    pub fn end(&mut self, key: u32) -> Result<(), Stopped> {
        self.close(key, None)?;
        self.remove(key);
        Ok(())
    }

    /// Ends a file's source, and says why its bytes are `gone`, if they are. What it leaves unread in
    /// a copy is read there.
    fn close(&mut self, key: u32, gone: Option<&'static str>) -> Result<(), Stopped> {
        let Some(file) = self.files.get_mut(&key) else { return Ok(()) };
        match std::mem::replace(&mut file.state, State::New) {
            State::Lines(lines) => self.close_lines(key, *lines, gone),
            State::Packed(packed) => match *packed {
                Packed { info: Some(info), framer: Some(mut framer), .. } => {
                    self.half_lines.gone(framer.held());
                    let arrived = Some(self.out.clock.now());
                    self.out.send_pieces(&info, arrived, true, framer.finish())?;
                    self.out.catalog.kept().seal(info.id);
                    self.out.send(Event::Ended(info.id))
                }
                _ => Ok(()),
            },
            State::New | State::Copy { .. } => Ok(()),
        }
    }

    fn close_lines(&mut self, key: u32, mut lines: Lines, gone: Option<&'static str>) -> Result<(), Stopped> {
        let copies: Vec<(u32, Stat)> = self
            .files
            .iter()
            .filter(|(_, file)| matches!(file.state, State::Copy { of: Some(of), .. } if of == key))
            .filter_map(|(copy, file)| Some((*copy, Stat::of(&file.path).ok()?)))
            .collect();
        let line_start = lines.framer.start();
        let whole_lines = line_start > 0;
        let longer = copies.iter().find(|(_, stat)| stat.size > lines.framer.start());
        self.half_lines.gone(lines.framer.held());
        // Half a line is whole in a longer copy.
        if longer.is_none() {
            let arrived = Some(self.out.clock.now());
            self.out.send_pieces(&lines.info, arrived, false, lines.framer.finish())?;
        }
        // What is gone may have been in the middle of a line that a copy, not seen yet, holds whole.
        let read = if gone.is_some() { line_start } else { lines.framer.start() };
        if let Some(file) = self.files.get(&key) {
            self.heads.ended(&file.path, lines.head, key, read, whole_lines);
        }
        let copy = copies.first().and_then(|(copy, _)| self.files.get(copy));
        match (copy, gone) {
            (Some(copy), _) => self.out.catalog.lies(lines.info.id, place(copy)),
            (None, Some(gone)) => self.out.catalog.lies(lines.info.id, Place::Gone(gone)),
            (None, None) => {}
        }
        self.out.send(Event::Ended(lines.info.id))?;
        let goes_on = longer.map(|(copy, _)| *copy);
        for (copy, stat) in &copies {
            let verified = if goes_on.is_some() { stat.size } else { read };
            self.set(*copy, State::Copy { of: goes_on.filter(|on| on != copy), verified });
        }
        if let Some((copy, stat)) = longer {
            self.begin_lines(*copy, *stat, read)?;
            // It comes before whatever is written to the file itself by now.
            self.drain(*copy)?;
        }
        Ok(())
    }

    /// Looks beside a file for its newest copy, if that is not known as one yet.
    fn find_copy(&mut self, key: u32) {
        let Some(Followed { state: State::Lines(lines), path: original, .. }) = self.files.get(&key) else {
            return;
        };
        let Some(folder) = original.parent().filter(|_| lines.head.len() > 0) else { return };
        let candidate = |path: PathBuf| {
            let known = self.names.get(&path).copied();
            let is_new = |key| matches!(self.files.get(&key), Some(Followed { state: State::New, .. }));
            if !is_named_after(&path, original) || known.is_some_and(|known| !is_new(known)) {
                return None;
            }
            // One that can't be read is found and told when it is its turn.
            let (file, stat) = open(&path).ok()?;
            let elsewhere = known.is_none() && self.by_identity.contains_key(&stat.identity);
            let same = stat.what == What::File && self.heads.holds(&file, lines.head).ok()?;
            (same && !elsewhere).then_some((path, known, stat))
        };
        let beside = entries(folder).unwrap_or_default().into_iter();
        let copies = beside.filter_map(|entry| candidate(folder.join(entry.name)));
        let Some((path, known, stat)) = copies.max_by_key(|(.., stat)| stat.modified) else { return };
        let copy = State::Copy { of: Some(key), verified: stat.size };
        let begins = lines.head;
        let key = match known {
            Some(known) => {
                self.set(known, copy);
                known
            }
            None => self.insert(&path, stat, copy),
        };
        if let Some(file) = self.files.get_mut(&key) {
            file.begins = begins;
        }
    }

    /// Looks at a file by its handle.
    fn look_behind(&mut self, key: u32) -> Result<(), Stopped> {
        match self.handle(key)?.map(|handle| handle.metadata()) {
            Some(Ok(metadata)) => self.grow(key, Stat::from(&metadata)),
            _ => Ok(()),
        }
    }

    /// Whether a file that begins like another holds nothing else. A copy is never longer than what
    /// it is a copy of, but for one that was put in its place. `None` if that other was truncated
    /// meanwhile, so that it has to be looked at again.
    fn is_copy(&mut self, of: u32, handle: &File, size: u64) -> Result<Option<bool>, Stopped> {
        let Some(original) = self.handle(of)? else { return Ok(Some(false)) };
        let Some(Followed { names, state: State::Lines(lines), .. }) = self.files.get(&of) else {
            return Ok(Some(false));
        };
        let replaced = names.is_empty();
        let same = original.metadata().and_then(|metadata| {
            let len = metadata.len();
            let same = (size <= len || replaced) && same_before(handle, &original, size.min(len))?;
            let intact = original.metadata()?.len() >= lines.framer.end()
                && self.heads.holds(&original, lines.head)?;
            Ok(intact.then_some(same))
        });
        Ok(same.unwrap_or(Some(false)))
    }

    /// A copy may still be in the making; or it is written to as well, then it is one no longer.
    fn copy_grew(
        &mut self,
        key: u32,
        of: Option<u32>,
        verified: u64,
        stat: Stat,
        handle: &File,
    ) -> Result<(), Stopped> {
        if stat.size <= verified {
            return Ok(());
        }
        if let Some(original) = of {
            self.look_behind(original)?;
            // It may have handed over to this very file.
            if !matches!(self.files.get(&key).map(|f| &f.state), Some(State::Copy { of: Some(_), .. })) {
                return Ok(());
            }
            match self.is_copy(original, handle, stat.size)? {
                Some(true) => {
                    self.set(key, State::Copy { of, verified: stat.size });
                    return Ok(());
                }
                Some(false) => {}
                None => {
                    // At the next look.
                    if let Some(file) = self.files.get_mut(&key) {
                        file.seen = None;
                    }
                    return Ok(());
                }
            }
        }
        self.begin_lines(key, stat, verified)
    }

    fn set(&mut self, key: u32, state: State) {
        if let Some(file) = self.files.get_mut(&key) {
            file.state = state;
        }
    }

    fn say_copy(&mut self, key: u32, what: &str) -> Result<(), Stopped> {
        match self.files.get(&key) {
            Some(file) => self.out.trouble(None, format!("{} {what}", label(&file.path))),
            None => Ok(()),
        }
    }

    /// Says once what is wrong with a file, and tries it again at the next look.
    fn complain(&mut self, key: u32, error: &io::Error) -> Result<(), Stopped> {
        let Some(file) = self.files.get_mut(&key) else { return Ok(()) };
        file.seen = None;
        if std::mem::replace(&mut file.said, true) {
            return Ok(());
        }
        let source = file.info().map(|info| info.id);
        self.out.trouble(source, format!("{}: {}", label(&file.path), why_not(&file.path, error)))
    }

    /// Tells the catalog where a file lies now.
    pub fn lies(&mut self, key: u32) {
        if let Some(file) = self.files.get(&key)
            && let Some(info) = file.info()
        {
            self.out.catalog.lies(info.id, place(file));
        }
    }

    /// An open handle of a file; opens it again if it was closed for others. A file that is found
    /// nowhere any more ends.
    fn handle(&mut self, key: u32) -> Result<Option<Arc<File>>, Stopped> {
        self.uses += 1;
        let Some(file) = self.files.get_mut(&key) else { return Ok(None) };
        if let Some(handle) = &file.handle {
            file.used = self.uses;
            return Ok(Some(handle.clone()));
        }
        let identity = file.identity;
        let mut refused = None;
        let mut try_open = |path: &Path| match open(path) {
            Ok((handle, stat)) => (stat.identity == identity).then_some(handle),
            Err(error) => {
                refused = Some(error).filter(|e| e.kind() != io::ErrorKind::NotFound);
                None
            }
        };
        let mut handle = file.names.iter().chain([&file.path]).find_map(|path| try_open(path));
        if handle.is_none() {
            handle = self.find_moved(key).and_then(|path| try_open(&path));
        }
        match (handle, refused) {
            (Some(handle), _) => {
                self.make_room();
                let handle = Arc::new(handle);
                if let Some(file) = self.files.get_mut(&key) {
                    file.handle = Some(handle.clone());
                    file.used = self.uses;
                }
                self.handles += 1;
                self.lies(key);
                Ok(Some(handle))
            }
            (None, Some(error)) => self.complain(key, &error).map(|()| None),
            (None, None) => self.end(key).map(|()| None),
        }
    }

    /// Closes the file that was idle longest when too many are open.
    fn make_room(&mut self) {
        if self.handles < self.most_handles {
            return;
        }
        // One without a name could not be opened again.
        let open = self.files.values_mut().filter(|file| file.handle.is_some());
        if let Some(idle) = open.min_by_key(|file| (file.names.is_empty(), file.used)) {
            idle.handle = None;
            self.handles -= 1;
        }
    }

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
                let stat = Stat::from(&match handle.metadata() {
                    Ok(metadata) => metadata,
                    Err(error) => return self.complain(key, &error),
                });
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
            // It was renamed in this moment; its new name is found soon.
            Some(error) if error.kind() == io::ErrorKind::NotFound => packed.tried = None,
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

/// Whether another change now could leave a file's time of modification as it is.
fn is_racy(now: Timestamp, modified: i128) -> bool {
    (i128::from(now.0) - modified / 1_000_000).abs() < i128::from(RACY_MS)
}

fn place(file: &Followed) -> Place {
    Place::File {
        path: file.path.as_path().into(),
        identity: file.identity,
        handle: file.handle.as_ref().map(Arc::downgrade).unwrap_or_default(),
    }
}
