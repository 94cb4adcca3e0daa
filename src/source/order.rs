//! Which file of a log comes after which: a rotated file is read to its end before the one that took
//! its place, however many rotations lie between two looks.
//!
//! What tells: a file's birth, which renaming leaves as it is; of one whose time of writing was set (by
//! `cp -p`, `rsync -t`, `gzip`) that time, for then it is older than the birth; of one that was emptied, the
//! time it was written to since. Within the grain of these times (a few ms on most systems, a second on
//! some) the number or date in the name, and the name without one comes last.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::sync::Arc;

use super::copies::{HEAD, is_named_after};
use super::followed::{Followed, State};
use super::info::Stat;
use super::out::Stopped;
use super::packed::Pack;
use super::reader::part;
use super::tail::Tail;

/// Files of a log that are looked at before a younger one: so many rotations may lie between two looks.
const NEAREST: usize = 256;
/// How long a file waits for the end of a line that its predecessor broke off with, in ms since that grew.
const HALF_MS: u64 = 1_000;

/// A log, by its folder and what the names of its files share: `app.log` of `app.log.1`, `app-20261123.log`.
pub(super) type Log = Arc<Path>;

/// The log that a file at `path` belongs to.
pub(super) fn log_of(path: &Path) -> Log {
    // The files of a log that is a symlink are those that it points to, one after the other.
    let target = if path.is_symlink() { path.canonicalize().ok() } else { None };
    let path = target.as_deref().unwrap_or(path);
    let name = path.file_name().unwrap_or_default().as_bytes();
    let name = [&b".gz"[..], b".zst"].iter().find_map(|ending| name.strip_suffix(*ending)).unwrap_or(name);
    let mut stem = Vec::with_capacity(name.len());
    for (at, c) in name.iter().enumerate() {
        let in_mark = |c: &u8| c.is_ascii_digit() || matches!(c, b'-' | b'_' | b'.' | b':' | b'T' | b'Z');
        let digit_before = at > 0 && name[at - 1].is_ascii_digit();
        let digit_after = name.get(at + 1).is_some_and(u8::is_ascii_digit);
        // A mark is of digits, what stands between them, and the sign before them.
        let between = in_mark(c) && digit_after && (digit_before || !c.is_ascii_alphanumeric());
        let last = *c == b'Z' && digit_before && !name.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
        if !(c.is_ascii_digit() || between || last) {
            stem.push(*c);
        }
    }
    path.with_file_name(std::ffi::OsString::from_vec(stem)).into()
}

/// When a file's contents began, beside those of the same log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Age {
    since: i128,
    /// The number or date in its name; that without one is the newest.
    number: u128,
}

impl Age {
    /// The age of a file as it is found.
    pub fn of(path: &Path, stat: &Stat) -> Self {
        Self { since: stat.born.min(stat.modified), number: number(path) }
    }

    /// Of one that was emptied or written anew, and holds what was written since.
    pub fn again(path: &Path, stat: &Stat) -> Self {
        Self { since: stat.modified, number: number(path) }
    }
}

fn number(path: &Path) -> u128 {
    let digits = path.file_name().unwrap_or_default().as_bytes().iter().filter(|c| c.is_ascii_digit());
    let add = |sum: u128, c: &u8| sum.saturating_mul(10).saturating_add(u128::from(c - b'0'));
    digits.fold(None, |sum, c| Some(add(sum.unwrap_or(0), c))).unwrap_or(u128::MAX)
}

/// The files of each log, by age.
#[derive(Debug, Default)]
pub(super) struct Logs(BTreeMap<Log, BTreeSet<(Age, u32)>>);

impl Logs {
    /// A file is followed.
    pub fn enter(&mut self, log: &Log, age: Age, key: u32) {
        self.0.entry(log.clone()).or_default().insert((age, key));
    }

    /// It is no longer, or has another age.
    pub fn leave(&mut self, log: &Log, age: Age, key: u32) {
        if let Some(files) = self.0.get_mut(log) {
            files.remove(&(age, key));
            if files.is_empty() {
                self.0.remove(log);
            }
        }
    }

    /// The nearest files that are older than one, the oldest first.
    fn before(&self, log: &Log, age: Age, key: u32) -> Vec<u32> {
        let older = self.0.get(log).into_iter().flat_map(|files| files.range(..(age, key)).rev());
        let mut older: Vec<u32> = older.take(NEAREST).map(|(_, key)| *key).collect();
        older.reverse();
        older
    }

    /// The nearest files that are younger than one.
    fn after(&self, log: &Log, age: Age, key: u32) -> impl Iterator<Item = u32> {
        let files = self.0.get(log).into_iter();
        files.flat_map(move |files| files.range((age, key + 1)..)).take(NEAREST).map(|(_, key)| *key)
    }

    /// All files of a log.
    fn all(&self, log: &Log) -> impl Iterator<Item = u32> {
        self.0.get(log).into_iter().flatten().map(|(_, key)| *key)
    }
}

impl Tail {
    /// Reads what comes before what a file holds now: all files of its log that are older. Whether the
    /// file itself may be read: not while one of them is about to begin, or ends in half a line whose end may come.
    pub fn read_older(&mut self, key: u32) -> Result<bool, Stopped> {
        let mut seen = BTreeSet::new();
        loop {
            let older = self.older(key);
            let is_new = |key: &u32| matches!(self.files.get(key).map(|file| &file.state), Some(State::New));
            let next = older.iter().find(|key| is_new(key) && !seen.contains(*key));
            let Some(next) = next.copied() else { break };
            if self.beginning.contains(&next) {
                // It looked here first, and what lies between the two comes after it too.
                self.wait(key);
                return Ok(false);
            }
            seen.insert(next);
            self.look_behind(next)?;
        }
        for older in self.older(key) {
            if self.has_more(older)? {
                self.drain(older)?;
            }
        }
        let now = self.out.clock.steady_ms();
        let half = |key: &u32| match self.files.get(key).map(|file| (&file.state, file.changed_ms)) {
            Some((State::Lines(lines), changed_ms)) => {
                lines.framer.end() > lines.framer.start() && now.saturating_sub(changed_ms) < HALF_MS
            }
            _ => false,
        };
        let waits = self.older(key).iter().any(half);
        if waits {
            self.wait(key);
        }
        Ok(!waits)
    }

    /// Has a file looked at again when something was read.
    pub fn wait(&mut self, key: u32) {
        if let Some(file) = self.files.get_mut(&key) {
            file.seen = None;
            self.waiting.insert(key);
        }
    }

    fn older(&self, key: u32) -> Vec<u32> {
        self.files.get(&key).map_or_else(Vec::new, |file| self.logs.before(&file.log, file.age, key))
    }

    /// Whether a file that is read has grown.
    fn has_more(&mut self, key: u32) -> Result<bool, Stopped> {
        let Some(State::Lines(lines)) = self.files.get(&key).map(|file| &file.state) else {
            return Ok(false);
        };
        let end = lines.framer.end();
        let handle = self.handle(key)?;
        Ok(handle.and_then(|handle| handle.metadata().ok()).is_some_and(|metadata| metadata.len() > end))
    }

    /// Whether unread files that are named after this one were made after it: copies of what it held
    /// before it was emptied, then, for renaming leaves the older file the number.
    pub fn was_copied(&self, key: u32) -> bool {
        let Some(file) = self.files.get(&key).filter(|file| file.names.contains(&file.called)) else {
            return false;
        };
        let is_copy = |other: &Followed| {
            matches!(other.state, State::New)
                && other.age > file.age
                && is_named_after(&other.path, &file.called)
        };
        self.logs.after(&file.log, file.age, key).any(|other| self.files.get(&other).is_some_and(is_copy))
    }

    /// What a file holds is of another age: it was emptied or written anew.
    pub fn is_again(&mut self, key: u32, stat: &Stat) {
        let Some(file) = self.files.get_mut(&key) else { return };
        self.logs.leave(&file.log, file.age, key);
        file.again = true;
        file.stood = 0;
        file.age = Age::again(&file.path, stat);
        self.logs.enter(&file.log, file.age, key);
    }

    /// A copy of what a file held that came to light and has to be read first: the bytes just read of
    /// the file, if they do not begin the copy, were written after it was made. What was renamed meanwhile
    /// was not copied: what bears its name now came after it.
    pub fn came_before(&mut self, key: u32, begin: &[u8]) -> Result<Option<u32>, Stopped> {
        if let Some(folder) = self.files.get(&key).and_then(|file| file.path.parent()) {
            self.list_again(folder.to_path_buf())?;
        }
        let Some(file) = self.files.get(&key).filter(|file| file.names.contains(&file.called)) else {
            return Ok(None);
        };
        let is_copy =
            |other: &Followed| matches!(other.state, State::New) && is_named_after(&other.path, &file.called);
        let others = self.logs.all(&file.log).filter(|other| *other != key);
        let new: Vec<u32> = others.filter(|other| self.files.get(other).is_some_and(is_copy)).collect();
        for other in new {
            let Some(copy) = self.handle(other)? else { continue };
            let copy = part(&copy, 0, HEAD as u64).unwrap_or_default();
            if !Pack::may_become(&copy) && !copy.starts_with(begin) && !begin.starts_with(&copy) {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_log_share_what_is_no_mark() {
        let log = |name: &str| log_of(Path::new(name)).display().to_string();
        for name in [
            "a/app.log",
            "a/app.log.1",
            "a/app.log.12.gz",
            "a/app-20261123.log",
            "a/app.log-20261123T101500Z",
            "a/app.1.log",
            "a/app.log-2026-11-23.zst",
            "a/app.log.2026-11-23_10-15",
        ] {
            assert_eq!(log(name), "a/app.log", "{name}");
        }
        assert_eq!(
            (log("linked.7"), log("b/app.log"), log("a/apple.log")),
            ("linked".into(), "b/app.log".into(), "a/apple.log".into())
        );
    }

    #[test]
    fn numbers_count_where_times_do_not_tell() {
        let mut names = [
            "app.log",
            "app.log.10",
            "app.log.9",
            "app.log-20261123",
            "app.log.99999999999999999999999999999999999999999999",
        ];
        names.sort_by_key(|name| number(Path::new(name)));
        assert_eq!(names[..3], ["app.log.9", "app.log.10", "app.log-20261123"]);
    }
}
