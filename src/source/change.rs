//! What else becomes of a followed file: it is truncated, copied, replaced, deleted.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use super::Event;
use super::catalog::Place;
use super::copies::{HEAD, Original, is_named_after, same_before};
use super::followed::{Followed, Lines, Packed, State};
use super::handles::place;
use super::info::{Stat, What, open};
use super::out::Stopped;
use super::tail::Tail;
use super::walk::{entries, label};

impl Tail {
    /// The files of which little or nothing was read and after which this one is named.
    pub fn may_be_copy_of(&self, key: u32) -> Vec<u32> {
        let Some(copy) = self.files.get(&key) else { return Vec::new() };
        let little = |file: &Followed| match &file.state {
            State::New => true,
            State::Lines(lines) => !lines.head.is_full(),
            State::Packed(_) | State::Copy { .. } => false,
        };
        let may = |(of, file): (&u32, &Followed)| {
            (*of != key && little(file) && is_named_after(&copy.path, &file.called)).then_some(*of)
        };
        self.files.iter().filter_map(may).collect()
    }

    pub fn is_now_copy(&mut self, key: u32, of: u32, size: u64) -> Result<(), Stopped> {
        self.say_copy(key, "begins with the same bytes as another file: a copy, not read again")?;
        self.set(key, State::Copy { of: Some(of), verified: size });
        // It was put in its place (an editor saves so) and goes on here.
        let replaced = self.files.get(&of).is_some_and(|file| file.names.is_empty());
        if replaced { self.end(of) } else { Ok(()) }
    }

    /// From which other file that what a file begins with is or was read.
    pub fn original(&self, key: u32, begin: &[u8]) -> Option<Original> {
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
                    && is_named_after(&copy.path, &file.called)
                    && self.heads.is_begin(begin, lines.head) =>
            {
                Some(Original::Followed(*of))
            }
            _ => None,
        };
        let followed = self.files.iter().find_map(short);
        followed.or_else(|| self.heads.find_short(&copy.path, begin).filter(other))
    }

    /// A file does not begin as it did.
    pub fn anew(&mut self, key: u32, handle: &Arc<File>) -> Result<(), Stopped> {
        self.over(key, "was written anew in place")?;
        match Stat::of_open(handle) {
            Ok(stat) => {
                self.is_again(key, &stat);
                self.begin(key, stat, handle)
            }
            Err(error) => self.complain(key, &error),
        }
    }

    /// The bytes read of a file are there no more; `why` says what happened to it. What is lost by it is
    /// counted as far as it was seen to stand there.
    pub fn over(&mut self, key: u32, why: &str) -> Result<(), Stopped> {
        // What it held lies in a copy, mostly, which is there by now but may not have been seen.
        self.find_copy(key);
        let is_copy = |file: &Followed| matches!(file.state, State::Copy { of: Some(of), .. } if of == key);
        let copied = self.files.values().any(is_copy);
        if let Some(file) = self.files.get_mut(&key)
            && let State::Lines(lines) = &file.state
        {
            let read = lines.framer.end();
            let unread = file.stood.saturating_sub(read);
            let so = if copied {
                "what was not read of it is read in its copy".to_string()
            } else if unread > 0 {
                file.lost += unread;
                format!("at least {unread} bytes that were not read are lost unless a copy of it holds them")
            } else {
                format!("what was written after byte {read} is lost unless a copy of it holds it")
            };
            let what = format!("{} {why}; read again from its start, and {so}", lines.info.label);
            self.out.trouble(Some(lines.info.id), what)?;
        }
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
    pub fn close(&mut self, key: u32, gone: Option<&'static str>) -> Result<(), Stopped> {
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
            self.heads.ended(&file.called, lines.head, key, read, whole_lines);
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
        let Some(Followed { state: State::Lines(lines), called: original, .. }) = self.files.get(&key) else {
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
    pub fn look_behind(&mut self, key: u32) -> Result<(), Stopped> {
        match self.handle(key)?.map(|handle| Stat::of_open(&handle)) {
            Some(Ok(stat)) => self.grow(key, stat),
            _ => Ok(()),
        }
    }

    /// Whether a file that begins like another holds nothing else. A copy is never longer than what
    /// it is a copy of, but for one that was put in its place. `None` if that other was truncated
    /// meanwhile, so that it has to be looked at again.
    pub fn is_copy(&mut self, of: u32, handle: &File, size: u64) -> Result<Option<bool>, Stopped> {
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
    pub fn copy_grew(
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

    pub fn set(&mut self, key: u32, state: State) {
        if let Some(file) = self.files.get_mut(&key) {
            file.state = state;
        }
    }

    pub fn say_copy(&mut self, key: u32, what: &str) -> Result<(), Stopped> {
        match self.files.get(&key) {
            Some(file) => self.out.trouble(None, format!("{} {what}", label(&file.path))),
            None => Ok(()),
        }
    }
}
