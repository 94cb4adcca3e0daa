//! The thread that follows: which names there are, which files they mean, and when to look.
//!
//! A file is its device and inode; names come and go. Every look at a name ends in [`Tail::look`],
//! whatever caused it, so that a missed notice costs time and nothing else.

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
use super::out::{Out, Stopped};
use super::packed::Pack;
use super::reader::{Raw, Reader};
use super::reel::{Feed, HalfLines};
use super::unpack::Unpacker;
use super::walk::{Entry, Root, entries, hidden, label, why_not};
use super::watch::Watch;
use super::{Event, Options, open_files};

/// Names looked at in one poll; with more than this, it takes several polls to come round.
const LOOKS: usize = 256;
/// A file that changed so recently is looked at in every poll, in ms.
const HOT_MS: u64 = 60_000;
/// A time of modification does not tell apart changes so close together, in ms.
pub(super) const RACY_MS: i64 = 2_000;
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
    /// Files that had more to read when their turn was over.
    pub ready: BTreeSet<u32>,
    pub handles: usize,
    pub most_handles: usize,
    pub uses: u64,
    pub linger_ms: u64,
    pub by_identity: HashMap<Identity, u32>,
    pub names: BTreeMap<PathBuf, u32>,
    folders: BTreeMap<PathBuf, Folder>,
    folder_paths: HashMap<Identity, PathBuf>,
    roots: Vec<Root>,
    watch: Watch,
    watch_failed: bool,
    /// Paths whose trouble was said.
    refused: BTreeSet<PathBuf>,
    next: u32,
    cursor: PathBuf,
    globs_at_ms: u64,
    poll: Duration,
    list: Duration,
}

impl Tail {
    pub fn new(out: &Out, roots: Vec<Root>, options: &Options) -> io::Result<Self> {
        Ok(Self {
            out: out.clone(),
            files: BTreeMap::new(),
            unpacker: Unpacker::start(out)?,
            heads: Heads::default(),
            half_lines: HalfLines::default(),
            pieces: Vec::new(),
            ready: BTreeSet::new(),
            handles: 0,
            most_handles: open_files(options.open_files),
            uses: 0,
            linger_ms: options.linger_ms,
            by_identity: HashMap::new(),
            names: BTreeMap::new(),
            folders: BTreeMap::new(),
            folder_paths: HashMap::new(),
            roots,
            watch: Watch::new(options.notify),
            watch_failed: false,
            refused: BTreeSet::new(),
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
        self.files.insert(
            key,
            Followed {
                identity: stat.identity,
                names: vec![path.to_path_buf()],
                path: path.to_path_buf(),
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
        }
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
        self.look_at_all()?;
        loop {
            let wait = if self.ready.is_empty() { LONG } else { Duration::ZERO };
            select! {
                recv(self.watch.hints) -> path => if let Ok(path) = path { self.hinted(path)? },
                recv(self.unpacker.done) -> done => self.inflated(done.map_err(|_| Stopped)?)?,
                recv(poll) -> _ => self.poll()?,
                recv(list) -> _ => self.list_all()?,
                recv(self.out.stop) -> _ => return Err(Stopped),
                default(wait) => {}
            }
            for key in std::mem::take(&mut self.ready) {
                self.read_on(key)?;
            }
        }
    }

    fn hinted(&mut self, first: PathBuf) -> Result<(), Stopped> {
        let paths: BTreeSet<PathBuf> = std::iter::once(first).chain(self.watch.hints.try_iter()).collect();
        if self.watch.lost() {
            self.list_all()?;
            return self.look_at_all();
        }
        let wanted = paths.into_iter().filter(|path| self.is_wanted(path)).collect();
        self.look_by_age(wanted)
    }

    /// Looks at what changed, what is gone first, then what was written longest ago: what was
    /// rotated away comes before what is in its place.
    fn look_by_age(&mut self, paths: Vec<PathBuf>) -> Result<(), Stopped> {
        let age = |path: PathBuf| (Stat::of(&path).map_or(i128::MIN, |stat| stat.modified), path);
        let mut aged: Vec<_> = paths.into_iter().map(age).collect();
        aged.sort_unstable();
        aged.iter().try_for_each(|(_, path)| self.look(path))
    }

    fn is_wanted(&self, path: &Path) -> bool {
        self.names.contains_key(path)
            || self.folders.contains_key(path)
            || self.roots.iter().any(|root| root.matches(path))
            || path.parent().is_some_and(|folder| self.folders.contains_key(folder))
                && !path.file_name().is_some_and(hidden)
    }

    /// Looks at what lies at `path` now, and does what follows from it.
    fn look(&mut self, path: &Path) -> Result<(), Stopped> {
        match Stat::of(path) {
            Ok(stat) if stat.what == What::File => self.found(path, stat),
            Ok(stat) if stat.what == What::Folder => self.enter_folder(path, stat),
            Ok(_) => self.forget(path),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                self.forget(path)
            }
            Err(error) => self.say_once(path, &error),
        }
    }

    fn say_once(&mut self, path: &Path, error: &io::Error) -> Result<(), Stopped> {
        if self.refused.insert(path.to_path_buf()) {
            self.out.trouble(None, format!("{}: {}", label(path), why_not(path, error)))?;
        }
        Ok(())
    }

    /// A file lies at `path`.
    fn found(&mut self, path: &Path, stat: Stat) -> Result<(), Stopped> {
        match self.names.get(path).copied() {
            Some(key) if self.files.get(&key).is_some_and(|file| file.identity == stat.identity) => {
                return self.grow(key, stat);
            }
            // Another file than before: what the old one still held comes first, then what came and
            // was rotated away since.
            Some(_) => {
                self.forget(path)?;
                self.find_between(path, stat)?;
                return self.look(path);
            }
            None => {}
        }
        let key = match self.by_identity.get(&stat.identity).copied() {
            Some(key) => {
                self.names.insert(path.to_path_buf(), key);
                if let Some(file) = self.files.get_mut(&key) {
                    file.names.push(path.to_path_buf());
                }
                self.place(key);
                key
            }
            None => self.insert(path, stat, State::New),
        };
        self.notice_file(path)?;
        self.grow(key, stat)
    }

    /// Reads files beside a new one that are not known yet and were written before it.
    fn find_between(&mut self, path: &Path, stat: Stat) -> Result<(), Stopped> {
        let Some(folder) = path.parent().filter(|folder| self.folders.contains_key(*folder)) else {
            return Ok(());
        };
        let unknown = |(beside, it): &(PathBuf, Stat)| {
            it.what == What::File
                && beside != path
                && it.modified <= stat.modified
                && it.identity != stat.identity
                && !self.by_identity.contains_key(&it.identity)
                && !self.names.contains_key(beside)
        };
        let beside = entries(folder).unwrap_or_default().into_iter().map(|entry| folder.join(entry.name));
        let beside = beside.filter_map(|path| Stat::of(&path).ok().map(|stat| (path, stat)));
        let mut between: Vec<_> = beside.filter(unknown).collect();
        between.sort_unstable_by_key(|(_, stat)| stat.modified);
        for (path, stat) in between {
            self.found(&path, stat)?;
            if let Some(key) = self.names.get(&path).copied() {
                self.drain(key)?;
            }
        }
        Ok(())
    }

    /// Nothing to be followed lies at `path` any more.
    fn forget(&mut self, path: &Path) -> Result<(), Stopped> {
        if self.folders.contains_key(path) {
            self.leave_folder(path)?;
        }
        let Some(key) = self.names.remove(path) else { return Ok(()) };
        self.watch.remove(path);
        let now = self.out.clock.steady_ms();
        if let Some(file) = self.files.get_mut(&key) {
            file.names.retain(|name| name != path);
            file.changed_ms = now;
        }
        self.place(key);
        self.drain(key)
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
            self.look(&path.join(entry.name))?;
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
        self.look_by_age(changed.into_iter().collect())
    }

    /// Looks for files that came and went.
    fn list_all(&mut self) -> Result<(), Stopped> {
        let folders: Vec<_> = self.folders.keys().cloned().collect();
        for folder in folders {
            self.look(&folder)?;
        }
        let now = self.out.clock.steady_ms();
        let globs_due = now >= self.globs_at_ms;
        for root in self.roots.clone() {
            match &root {
                Root::File(path) | Root::Folder(path) => self.look(path)?,
                Root::Glob(pattern) if globs_due => self.look_at_matches(&root, pattern.as_str())?,
                Root::Glob(_) => {}
            }
        }
        if globs_due {
            let took = self.out.clock.steady_ms() - now;
            self.globs_at_ms = now + took * GLOB_PART;
        }
        self.unpack_settled()
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
                self.look(&path)?;
            }
        }
        Ok(())
    }

    fn look_at_all(&mut self) -> Result<(), Stopped> {
        let paths: Vec<_> = self.names.keys().cloned().collect();
        for path in paths {
            self.look(&path)?;
        }
        Ok(())
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
            self.look(&path)?;
        }
        for key in nameless {
            self.look_at_nameless(key)?;
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
            _ => {
                self.drain(key)?;
                self.end(key)
            }
        }
    }
}
