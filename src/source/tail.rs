//! The thread that follows: which names there are, which files they mean, and when to look.
//!
//! A file is its device, inode and birth; names come and go. Every look at a name ends in [`Tail::find`],
//! whatever caused it, so that a missed notice costs time and nothing else; what is found is read when all
//! names are looked at that changed, in order of age (`order`).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crossbeam_channel::{select, tick};

use super::copies::{Head, Heads};
use super::followed::{Followed, Lines, Packed, State};
use super::frame::{Framer, Piece};
use super::info::{Identity, Kind, Stat, What};
use super::once::enter;
use super::order::{Age, Logs, log_of};
use super::out::{Out, Stopped};
use super::packed::Pack;
use super::reader::{Raw, Reader};
use super::reel::{Feed, HalfLines};
use super::unpack::Unpacker;
use super::walk::{Entry, Root, entries, hidden, label, why_not};
use super::watch::Watch;
use super::{Event, Options, Problem, open_files};

/// Names looked at in one poll; with more than this, it takes several polls to come round.
const LOOKS: usize = 256;
/// A file that changed so recently is looked at in every poll, in ms.
const HOT_MS: u64 = 60_000;
/// Half a frame of a file that was silent for so long is let go as text, in ms.
const IDLE_MS: u64 = 10_000;
/// A time of modification does not tell apart changes so close together, in ms.
pub(super) const RACY_MS: i64 = 2_000;
/// Listings in a row of a folder whose names change.
const LISTS: usize = 8;
/// Listing matches of globs may take one part in so many of the time.
const GLOB_PART: u64 = 50;
/// Longest wait when nothing happens; anything, as all else wakes.
const LONG: Duration = Duration::from_secs(3600);

/// A folder whose entries are followed.
#[derive(Debug)]
struct Folder {
    identity: Identity,
    entries: BTreeSet<Entry>,
    modified: i128,
    /// Whether it may have changed again within the grain of that time.
    racy: bool,
}

/// The state of following.
#[derive(Debug)]
pub(super) struct Tail {
    pub out: Out,
    pub files: BTreeMap<u32, Followed>,
    pub unpacker: Unpacker,
    pub heads: Heads,
    pub half_lines: HalfLines,
    pub pieces: Vec<Piece>,
    /// The files of each log, by age.
    pub logs: Logs,
    /// Files that were looked at, as they were then, and not read yet; without a name if there is none.
    pub found: BTreeMap<u32, Option<Stat>>,
    /// Files whose reading is about to begin, and waits for that of others.
    pub beginning: BTreeSet<u32>,
    /// Files that may not begin yet.
    pub waiting: BTreeSet<u32>,
    /// Files that had more to read when their turn was over.
    pub ready: BTreeSet<u32>,
    pub handles: usize,
    pub most_handles: usize,
    pub uses: u64,
    pub linger_ms: u64,
    pub by_identity: HashMap<Identity, u32>,
    pub names: BTreeMap<PathBuf, u32>,
    folders: BTreeMap<PathBuf, Folder>,
    /// Folders in which names came or went since they were listed.
    unlisted: BTreeSet<PathBuf>,
    folder_paths: HashMap<Identity, PathBuf>,
    roots: Vec<Root>,
    watch: Watch,
    watch_failed: bool,
    /// Paths whose trouble was said.
    refused: BTreeSet<PathBuf>,
    /// What was said not to be readable when all was looked at the first time, as it was called then.
    said: BTreeSet<String>,
    next: u32,
    cursor: PathBuf,
    globs_at_ms: u64,
    poll: Duration,
    list: Duration,
}

impl Tail {
    /// Of roots, of which some things were `said` already not to be readable.
    pub fn new(out: &Out, roots: Vec<Root>, said: BTreeSet<String>, options: &Options) -> io::Result<Self> {
        let most_handles = open_files(options.open_files);
        Ok(Self {
            out: out.clone(),
            files: BTreeMap::new(),
            unpacker: Unpacker::start(out, most_handles)?,
            heads: Heads::default(),
            half_lines: HalfLines::default(),
            pieces: Vec::new(),
            logs: Logs::default(),
            found: BTreeMap::new(),
            beginning: BTreeSet::new(),
            waiting: BTreeSet::new(),
            ready: BTreeSet::new(),
            handles: 0,
            most_handles,
            uses: 0,
            linger_ms: options.linger_ms,
            by_identity: HashMap::new(),
            names: BTreeMap::new(),
            folders: BTreeMap::new(),
            unlisted: BTreeSet::new(),
            folder_paths: HashMap::new(),
            roots,
            watch: Watch::new(options.notify),
            watch_failed: false,
            refused: BTreeSet::new(),
            said,
            next: 0,
            cursor: PathBuf::new(),
            globs_at_ms: 0,
            poll: options.poll,
            list: options.list,
        })
    }

    /// Takes over a file whose backlog was read.
    pub fn take_over(&mut self, path: &Path, stat: Stat, feed: Feed) {
        let Feed { info, mut framer, reader, begins, .. } = feed;
        let head = self.heads.of(&begins.unwrap_or_default());
        self.half_lines.changed(0, &mut framer);
        let lines = Lines { info, framer, head, caught_up: true };
        let key = self.insert(path, stat, State::Lines(Box::new(lines)));
        self.heads.grew(key, Head::default(), head);
        if let (Some(Reader::Plain(Raw::File(handle))), Some(file)) = (reader, self.files.get_mut(&key)) {
            file.handle = Some(handle);
            self.handles += 1;
        }
    }

    /// Begins with a packed file that is there at the start.
    pub fn begin_packed(&mut self, path: &Path, stat: Stat, pack: Pack, begins: Head) -> Result<(), Stopped> {
        let info = enter(&self.out, path, stat, Kind::Packed, 0);
        self.out.send(Event::Opened(info.clone()))?;
        let packed = Packed { info: Some(info), tried: Some(stat.size), ..Default::default() };
        let key = self.insert(path, stat, State::Packed(Box::new(packed)));
        if let Some(file) = self.files.get_mut(&key) {
            file.begins = begins;
        }
        self.inflate(key, Framer::new(0, self.out.most), stat.identity, pack, None);
        Ok(())
    }

    /// Remembers a file that could not be read; it is tried again.
    pub fn refuse(&mut self, path: &Path, stat: Stat) {
        let key = self.insert(path, stat, State::New);
        if let Some(file) = self.files.get_mut(&key) {
            file.said = true;
        }
    }

    /// Inflates beside.
    pub fn unpack(&self, feed: Feed) {
        self.unpacker.read(feed);
    }

    /// Enters a file that is followed from now on.
    pub fn insert(&mut self, path: &Path, stat: Stat, state: State) -> u32 {
        let key = self.next;
        self.next += 1;
        let changed_ms = self.out.clock.steady_ms();
        let (log, age) = (log_of(path), Age::of(path, &stat));
        self.logs.enter(&log, age, key);
        self.files.insert(
            key,
            Followed {
                identity: stat.identity,
                names: vec![path.to_path_buf()],
                path: path.to_path_buf(),
                called: path.to_path_buf(),
                log,
                age,
                again: false,
                stood: 0,
                lost: 0,
                handle: None,
                used: 0,
                begins: Head::default(),
                seen: None,
                racy: true,
                changed_ms,
                said: false,
                state,
            },
        );
        self.by_identity.insert(stat.identity, key);
        self.names.insert(path.to_path_buf(), key);
        key
    }

    /// Removes a file that will not be read any more.
    pub fn remove(&mut self, key: u32) {
        if let Some(file) = self.files.remove(&key) {
            self.handles -= usize::from(file.handle.is_some());
            self.by_identity.remove(&file.identity);
            self.logs.leave(&file.log, file.age, key);
        }
        self.found.remove(&key);
        self.waiting.remove(&key);
        self.ready.remove(&key);
    }

    /// Follows until told to stop.
    pub fn run(mut self) -> Result<(), Stopped> {
        let (poll, list) = (tick(self.poll), tick(self.list));
        // What takes a single file's place is noticed by its folder.
        for root in self.roots.clone() {
            if let Root::File(path) = &root
                && let Some(folder) = path.parent()
            {
                self.notice(folder)?;
            }
        }
        self.list_all()?;
        for path in self.names.keys().cloned().collect::<Vec<_>>() {
            self.notice_file(&path)?;
        }
        self.find_all()?;
        loop {
            let wait = if self.ready.is_empty() && self.found.is_empty() { LONG } else { Duration::ZERO };
            select! {
                recv(self.watch.hints) -> path => self.find_hinted(path.ok())?,
                recv(self.unpacker.done) -> done => self.inflated(done.map_err(|_| Stopped)?)?,
                recv(poll) -> _ => self.poll()?,
                recv(list) -> _ => self.list_all()?,
                recv(self.out.retries) -> asked => self.retry(asked.is_ok())?,
                recv(self.out.stop) -> _ => return Err(Stopped),
                default(wait) => {}
            }
            self.read_found()?;
            for key in std::mem::take(&mut self.waiting) {
                self.look_behind(key)?;
            }
            for key in std::mem::take(&mut self.ready) {
                self.read_on(key)?;
            }
        }
    }

    /// Looks at what changed, as far as there are notices of it. Reads nothing.
    pub fn find_hinted(&mut self, first: Option<PathBuf>) -> Result<(), Stopped> {
        if first.is_none() && self.watch.hints.is_empty() {
            return Ok(());
        }
        let paths: BTreeSet<PathBuf> = first.into_iter().chain(self.watch.hints.try_iter()).collect();
        if self.watch.lost() {
            self.find_listed()?;
            return self.find_all();
        }
        for path in paths {
            if self.is_wanted(&path) {
                self.find(&path)?;
            }
        }
        self.list_changed()
    }

    /// Reads what the files have more that were looked at, the oldest first: what was rotated away
    /// comes before what is in its place.
    fn read_found(&mut self) -> Result<(), Stopped> {
        let age = |(key, stat)| self.files.get(&key).map(|file| (file.age, key, stat));
        let mut found: Vec<_> = std::mem::take(&mut self.found).into_iter().filter_map(age).collect();
        found.sort_unstable_by_key(|(age, key, _)| (*age, *key));
        for (_, key, stat) in found {
            match (stat, self.files.get(&key).map(|file| &file.state)) {
                (Some(stat), _) => self.grow(key, stat)?,
                (None, Some(State::New)) => self.look_behind(key)?,
                (None, _) => self.drain(key)?,
            }
        }
        Ok(())
    }

    fn is_wanted(&self, path: &Path) -> bool {
        self.names.contains_key(path)
            || self.folders.contains_key(path)
            || self.roots.iter().any(|root| root.matches(path))
            || path.parent().is_some_and(|folder| self.folders.contains_key(folder))
                && !path.file_name().is_some_and(hidden)
    }

    /// Looks at what lies at `path` now, and remembers what is to be read for it.
    fn find(&mut self, path: &Path) -> Result<(), Stopped> {
        match Stat::of(path) {
            Ok(stat) if stat.what == What::File && self.out.catalog.leaves_out(path) => Ok(()),
            Ok(stat) if stat.what == What::File => self.name(path, stat),
            Ok(stat) if stat.what == What::Folder => self.enter_folder(path, stat),
            Ok(_) => self.unname(path),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                self.unname(path)
            }
            Err(error) => self.say_once(path, &error),
        }
    }

    fn say_once(&mut self, path: &Path, error: &io::Error) -> Result<(), Stopped> {
        let label = label(path);
        if self.refused.insert(path.to_path_buf()) && !self.said.remove(&label) {
            self.out.problem(Problem::unread(label, &why_not(path, error)))?;
        }
        Ok(())
    }

    /// A file lies at `path`.
    fn name(&mut self, path: &Path, stat: Stat) -> Result<(), Stopped> {
        if let Some(key) = self.names.get(path).copied() {
            if self.files.get(&key).is_some_and(|file| file.identity == stat.identity) {
                self.found.insert(key, Some(stat));
                return Ok(());
            }
            self.unname(path)?;
        }
        self.changed_beside(path);
        let key = match self.by_identity.get(&stat.identity).copied() {
            Some(key) => {
                self.names.insert(path.to_path_buf(), key);
                if let Some(file) = self.files.get_mut(&key) {
                    file.names.push(path.to_path_buf());
                }
                self.place(key);
                key
            }
            None => {
                let key = self.insert(path, stat, State::New);
                self.hold_open(key);
                key
            }
        };
        self.found.insert(key, Some(stat));
        self.notice_file(path)
    }

    /// Nothing to be followed lies at `path` any more.
    fn unname(&mut self, path: &Path) -> Result<(), Stopped> {
        if self.folders.contains_key(path) {
            self.leave_folder(path)?;
        }
        let Some(key) = self.names.remove(path) else { return Ok(()) };
        self.changed_beside(path);
        self.watch.remove(path);
        let now = self.out.clock.steady_ms();
        if let Some(file) = self.files.get_mut(&key) {
            file.names.retain(|name| name != path);
            file.changed_ms = now;
        }
        self.place(key);
        self.found.insert(key, None);
        Ok(())
    }

    fn changed_beside(&mut self, path: &Path) {
        if let Some(folder) = path.parent().filter(|folder| self.folders.contains_key(*folder)) {
            self.unlisted.insert(folder.to_path_buf());
        }
    }

    /// Lists the folders in which names came or went, until none do: a name that moves while a folder is
    /// listed may be missed.
    fn list_changed(&mut self) -> Result<(), Stopped> {
        for _ in 0..LISTS {
            let folders = std::mem::take(&mut self.unlisted);
            if folders.is_empty() {
                break;
            }
            folders.iter().try_for_each(|folder| self.find(folder))?;
        }
        Ok(())
    }

    /// Lists a folder.
    pub fn list_again(&mut self, folder: PathBuf) -> Result<(), Stopped> {
        self.changed_beside(&folder.join("any"));
        self.list_changed()
    }

    /// Tells the catalog where a file lies, when its name changed.
    fn place(&mut self, key: u32) {
        if let Some(file) = self.files.get_mut(&key)
            && !file.names.contains(&file.path)
            && let Some(name) = file.names.first()
        {
            file.path = name.clone();
            self.lies(key);
        }
    }

    /// Looks for a file without a name beside its last one.
    pub fn find_moved(&mut self, key: u32) -> Option<PathBuf> {
        let file = self.files.get(&key)?;
        let folder = file.path.parent().unwrap_or(Path::new("/"));
        let mut beside = entries(folder).ok()?.into_iter().map(|entry| folder.join(entry.name));
        let path = beside.find(|path| Stat::of(path).is_ok_and(|stat| stat.identity == file.identity))?;
        self.files.get_mut(&key)?.path.clone_from(&path);
        self.lies(key);
        Some(path)
    }

    /// Asks for notice of a file's changes, where its folder's watch will not tell of them.
    fn notice_file(&mut self, path: &Path) -> Result<(), Stopped> {
        let by_folder = path.parent().is_some_and(|folder| self.watch.has(folder)) && !path.is_symlink();
        if by_folder { Ok(()) } else { self.notice(path) }
    }

    /// Asks for notice of changes at a path.
    fn notice(&mut self, path: &Path) -> Result<(), Stopped> {
        match self.watch.add(path) {
            Err(problem) if !std::mem::replace(&mut self.watch_failed, true) => {
                self.out.trouble(None, problem)
            }
            _ => Ok(()),
        }
    }

    fn enter_folder(&mut self, path: &Path, stat: Stat) -> Result<(), Stopped> {
        if let Some(known) = self.folder_paths.get(&stat.identity).cloned() {
            if known == path {
                return self.list_folder(path, stat);
            }
            if Stat::of(&known).is_ok_and(|at| at.identity == stat.identity) {
                return Ok(());
            }
            self.leave_folder(&known)?;
        }
        if self.folders.contains_key(path) {
            self.leave_folder(path)?;
        }
        // Watched first, so that nothing appears unseen between the listing and the watch.
        self.notice(path)?;
        self.folder_paths.insert(stat.identity, path.to_path_buf());
        let folder = Folder { identity: stat.identity, entries: BTreeSet::new(), modified: 0, racy: true };
        self.folders.insert(path.to_path_buf(), folder);
        self.list_folder(path, stat)
    }

    fn leave_folder(&mut self, path: &Path) -> Result<(), Stopped> {
        let Some(folder) = self.folders.remove(path) else { return Ok(()) };
        self.folder_paths.remove(&folder.identity);
        self.watch.remove(path);
        for entry in folder.entries {
            self.find(&path.join(entry.name))?;
        }
        Ok(())
    }

    /// Looks at the entries of a folder that are not as they were.
    fn list_folder(&mut self, path: &Path, stat: Stat) -> Result<(), Stopped> {
        let Some(folder) = self.folders.get(path) else { return Ok(()) };
        if folder.modified == stat.modified && !folder.racy {
            return Ok(());
        }
        let now_ms = self.out.clock.now();
        let present = match entries(path) {
            Ok(entries) => entries,
            Err(error) => return self.say_once(path, &error),
        };
        let Some(folder) = self.folders.get_mut(path) else { return Ok(()) };
        folder.modified = stat.modified;
        folder.racy = i128::from(now_ms.0) - stat.modified / 1_000_000 < i128::from(RACY_MS);
        let before = std::mem::replace(&mut folder.entries, present.clone());
        let changed: BTreeSet<_> =
            before.symmetric_difference(&present).map(|entry| path.join(&entry.name)).collect();
        changed.iter().try_for_each(|path| self.find(path))
    }

    /// Looks for files that came and went.
    fn list_all(&mut self) -> Result<(), Stopped> {
        self.find_listed()?;
        self.read_found()?;
        self.unpack_settled()
    }

    /// Looks at everything now, and says again what can't be read.
    fn retry(&mut self, asked: bool) -> Result<(), Stopped> {
        if !asked {
            // Nobody can ask any more.
            self.out.retries = crossbeam_channel::never();
            return Ok(());
        }
        let refused = std::mem::take(&mut self.refused);
        self.said.clear();
        // Those of which nothing was read yet are opened anew, changed or not.
        for file in self.files.values_mut().filter(|file| matches!(file.state, State::New)) {
            (file.said, file.seen) = (false, None);
        }
        self.globs_at_ms = 0;
        refused.iter().try_for_each(|path| self.find(path))?;
        self.find_all()?;
        self.list_all()
    }

    fn find_listed(&mut self) -> Result<(), Stopped> {
        let folders: Vec<_> = self.folders.keys().cloned().collect();
        for folder in folders {
            self.find(&folder)?;
        }
        let now = self.out.clock.steady_ms();
        let globs_due = now >= self.globs_at_ms;
        for root in self.roots.clone() {
            match &root {
                Root::File(path) | Root::Folder(path) => self.find(path)?,
                Root::Glob(pattern) if globs_due => self.look_at_matches(&root, pattern.as_str())?,
                Root::Glob(_) => {}
            }
        }
        if globs_due {
            let took = self.out.clock.steady_ms() - now;
            self.globs_at_ms = now + took * GLOB_PART;
        }
        self.list_changed()
    }

    fn look_at_matches(&mut self, root: &Root, pattern: &str) -> Result<(), Stopped> {
        let fixed: PathBuf = Path::new(pattern)
            .iter()
            .take_while(|part| !part.to_string_lossy().contains(['*', '?', '[']))
            .collect();
        let (members, _) = root.members();
        let beside = members.iter().filter_map(|path| path.parent().map(Path::to_path_buf));
        let folders: BTreeSet<PathBuf> = beside.chain(std::iter::once(fixed)).collect();
        for folder in folders {
            if !folder.as_os_str().is_empty() && !self.watch.has(&folder) {
                self.notice(&folder)?;
            }
        }
        for path in members {
            if !self.names.contains_key(&path) {
                self.find(&path)?;
            }
        }
        Ok(())
    }

    fn find_all(&mut self) -> Result<(), Stopped> {
        let paths: Vec<_> = self.names.keys().cloned().collect();
        for path in paths {
            self.find(&path)?;
        }
        self.list_changed()
    }

    /// The truth beside the hints: looks at some names, and at all files that changed recently.
    fn poll(&mut self) -> Result<(), Stopped> {
        let after = (Bound::Excluded(self.cursor.clone()), Bound::Unbounded);
        let mut paths: Vec<PathBuf> =
            self.names.range(after).take(LOOKS).map(|(path, _)| path.clone()).collect();
        self.cursor = if paths.len() < LOOKS { PathBuf::new() } else { paths[LOOKS - 1].clone() };
        let now = self.out.clock.steady_ms();
        let (named, nameless): (Vec<_>, Vec<_>) =
            self.files.iter().partition(|(_, file)| !file.names.is_empty());
        if self.names.len() > LOOKS {
            let hot = |file: &&Followed| now.saturating_sub(file.changed_ms) < HOT_MS;
            let mut hot: Vec<_> = named.into_iter().map(|(_, file)| file).filter(hot).collect();
            hot.sort_unstable_by_key(|file| Reverse(file.changed_ms));
            paths.extend(hot.iter().take(LOOKS).map(|file| file.path.clone()));
        }
        let nameless: Vec<u32> = nameless.iter().map(|(key, _)| **key).collect();
        for path in paths {
            self.find(&path)?;
        }
        self.list_changed()?;
        self.read_found()?;
        for key in nameless {
            self.look_at_nameless(key)?;
        }
        let silent = |file: &Followed| now.saturating_sub(file.changed_ms) >= IDLE_MS;
        let idle =
            self.files.iter().filter(|(_, file)| matches!(file.state, State::Lines(_)) && silent(file));
        for key in idle.map(|(key, _)| *key).collect::<Vec<_>>() {
            self.let_go(key)?;
        }
        Ok(())
    }

    /// A file that was moved away or deleted may still grow for a while.
    fn look_at_nameless(&mut self, key: u32) -> Result<(), Stopped> {
        let Some(file) = self.files.get(&key) else { return Ok(()) };
        let silent = self.out.clock.steady_ms().saturating_sub(file.changed_ms);
        match &file.state {
            State::Lines(_) if silent < self.linger_ms => self.drain(key),
            State::Packed(packed) if packed.info.is_some() && packed.framer.is_none() => Ok(()),
            State::New => {
                self.look_behind(key)?;
                let is_new = matches!(self.files.get(&key).map(|file| &file.state), Some(State::New));
                if is_new && !self.waiting.contains(&key) { self.end(key) } else { Ok(()) }
            }
            _ => {
                self.drain(key)?;
                self.end(key)
            }
        }
    }
}
