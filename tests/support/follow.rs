//! A consumer of followed sources that waits for what it wants to see, with a deadline, and holds
//! everything that comes to what the source room promises.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use lamtop::clock::Clock;
use lamtop::model::SourceId;
use lamtop::source::{self, Event, Input, Mode, Options, SourceInfo, Sources};

/// How long anything may take on a machine that is busy with other things.
const DEADLINE: Duration = Duration::from_secs(30);

pub struct Follow {
    pub sources: Sources,
    /// Lines as they came, without their line ends.
    pub lines: Vec<String>,
    /// From which source each came.
    pub from: Vec<SourceId>,
    pub opened: BTreeMap<SourceId, SourceInfo>,
    pub caught_up: BTreeSet<SourceId>,
    pub ended: BTreeSet<SourceId>,
    pub troubles: Vec<String>,
    /// What each says of itself.
    pub notes: BTreeMap<SourceId, String>,
    /// Offset after what came of each source.
    ends: BTreeMap<SourceId, u64>,
}

/// The bounds of a test: quick looks, so that no test waits long for one.
pub fn options(notify: bool) -> Options {
    Options {
        notify,
        poll: Duration::from_millis(5),
        list: Duration::from_millis(20),
        ..Options::new(Mode::Follow { newest_slice: None })
    }
}

impl Follow {
    pub fn start(paths: &[&Path], options: Options) -> Self {
        let inputs: Vec<_> = paths.iter().map(|path| Input::Path(path.to_path_buf())).collect();
        Self {
            sources: source::start(&inputs, options, Clock::wall()).unwrap(),
            lines: Vec::new(),
            from: Vec::new(),
            opened: BTreeMap::new(),
            caught_up: BTreeSet::new(),
            ended: BTreeSet::new(),
            troubles: Vec::new(),
            notes: BTreeMap::new(),
            ends: BTreeMap::new(),
        }
    }

    /// Receives until it is `done`.
    pub fn wait(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            let event = self.sources.events().recv_timeout(DEADLINE).unwrap_or_else(|error| {
                panic!("{what}: {error}; got {:?}, said {:?}", self.lines, self.troubles)
            });
            self.take(event);
        }
    }

    /// Receives until these lines and no others have come, in this order.
    pub fn wait_lines(&mut self, want: &[&str]) {
        self.wait(&format!("lines {want:?}"), |it| it.lines.len() >= want.len());
        assert_eq!(self.lines, want, "said {:?}", self.troubles);
    }

    /// Receives until all these lines have come, among others.
    pub fn wait_all(&mut self, want: &[String]) {
        let missing = |it: &Self| {
            let seen: BTreeSet<&String> = it.lines.iter().collect();
            want.iter().filter(|line| !seen.contains(line)).count()
        };
        self.wait("all", |it| it.lines.len() >= want.len() && missing(it) == 0);
    }

    pub fn wait_trouble(&mut self, part: &str) {
        self.wait(part, |it| it.troubles.iter().any(|trouble| trouble.contains(part)));
    }

    /// Receives until all that was there when this was called has been read: files are looked at
    /// by name, and this writes the last one of a followed folder.
    pub fn settle(&mut self, folder: &Path, name: &str) {
        std::fs::write(folder.join(name), format!("{name}\n")).unwrap();
        self.wait(name, |it| it.lines.iter().any(|line| line == name));
        let at = self.lines.iter().position(|line| line == name).unwrap();
        self.lines.remove(at);
        self.from.remove(at);
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Opened(info) => {
                self.ends.insert(info.id, info.skipped);
                assert!(self.opened.insert(info.id, info).is_none(), "opened twice");
            }
            Event::Chunk(chunk) => {
                assert!(self.opened.contains_key(&chunk.source), "a chunk before its source");
                assert!(!self.ended.contains(&chunk.source), "a chunk after its source ended");
                let end = self.ends.get_mut(&chunk.source).unwrap();
                assert!(chunk.offset >= *end, "bytes that came before");
                *end = chunk.offset + chunk.bytes.len() as u64 + chunk.cut;
                for line in String::from_utf8_lossy(&chunk.bytes).split_terminator('\n') {
                    self.lines.push(line.to_string());
                    self.from.push(chunk.source);
                }
            }
            Event::Trouble { what, .. } => self.troubles.push(what),
            Event::CaughtUp(id) => assert!(self.caught_up.insert(id), "caught up twice"),
            Event::Ended(id) => assert!(self.ended.insert(id), "ended twice"),
            Event::Note { source, note } => {
                self.notes.insert(source, note);
            }
            Event::Drained => panic!("following is never done"),
        }
    }

    /// The source that was opened under this file name.
    pub fn named(&self, name: &str) -> Option<&SourceInfo> {
        self.opened.values().find(|info| info.path.as_deref().is_some_and(|path| path.ends_with(name)))
    }
}
