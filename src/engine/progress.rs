//! How far reading has come.

use std::collections::BTreeMap;

use super::intake::Taken;
use crate::model::{SourceId, Timestamp};
use crate::source::SourceInfo;

/// Troubles kept.
pub const TROUBLES: usize = 100;

/// How far reading has come.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// The sources in the order in which they were opened.
    pub sources: BTreeMap<SourceId, SourceProgress>,
    /// Everything that was there at the start has been read.
    pub loaded: bool,
    /// Something came since the sources were opened.
    pub live: bool,
    /// While what lies before a newest slice is being read: the share of it that was, 0 to 1.
    pub filling: Option<f64>,
    /// What went wrong, newest last; at most [`TROUBLES`].
    pub troubles: Vec<String>,
    /// What was to be read and can't be, by its name; at most [`TROUBLES`].
    pub unread: BTreeMap<String, String>,
    /// How many things went wrong in all.
    pub troubled: u64,
    /// Platform records that came a second time and were counted once.
    pub seen_twice: u64,
    /// Invocations in flight that were given up for want of room.
    pub forgotten: u64,
    /// Resident memory of the process in bytes; 0 where the system does not tell.
    pub resident: u64,
}

/// One source.
#[derive(Clone, Debug)]
pub struct SourceProgress {
    /// What it is.
    pub info: SourceInfo,
    /// Offset up to which it was read (of the inflated content).
    pub bytes: u64,
    /// What was read of it.
    pub read: Read,
    /// The newest time in it.
    pub newest: Option<Timestamp>,
    /// How it stands.
    pub stage: Stage,
    /// What it says of itself: what it listens to, what it could not take. Unsanitised.
    pub note: Option<String>,
    /// What went wrong with it last, in a sentence. Unsanitised.
    pub trouble: Option<String>,
}

/// What was read of a source.
#[derive(Clone, Copy, Debug, Default)]
pub struct Read {
    /// Number of records.
    pub records: u64,
    /// How many of them could not be read.
    pub bad: u64,
    /// Whether any is more than text that may be anybody's.
    pub told: bool,
    /// The oldest time in them.
    pub oldest: Option<Timestamp>,
}

impl Read {
    /// Adds a batch's.
    pub(super) fn add(&mut self, taken: &Taken) {
        self.records += taken.records;
        self.bad += taken.bad;
        self.told |= taken.told;
        self.oldest = match (self.oldest, taken.oldest) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}

/// How a source stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// What was there when it was opened is being read.
    Reading,
    /// All that was there has been read; more may come.
    Following,
    /// Nothing more will come.
    Ended,
}

impl Progress {
    /// The time up to which everything that is being loaded has been read: a replay may show no
    /// later one. `None` when nothing is being loaded any more.
    pub fn frontier(&self) -> Option<Timestamp> {
        if self.loaded {
            return None;
        }
        let loading = self.sources.values().filter(|source| source.stage == Stage::Reading);
        Some(loading.map(|source| source.newest.unwrap_or(Timestamp::MIN)).min().unwrap_or(Timestamp::MIN))
    }

    /// The share of all bytes that has been read, 0 to 1.
    pub fn fraction(&self) -> f64 {
        if self.loaded {
            return 1.0;
        }
        let all: u64 = self.sources.values().map(SourceProgress::to_read).sum();
        let read: u64 = self.sources.values().map(SourceProgress::bytes_read).sum();
        read as f64 / all.max(1) as f64
    }

    /// Whether nothing more of what was there is to come.
    pub(super) fn all_read(&self) -> bool {
        self.sources.values().all(|source| source.stage != Stage::Reading)
    }

    /// Remembers what went wrong.
    pub(super) fn trouble(&mut self, what: String) {
        self.troubled += 1;
        self.troubles.push(what);
        if self.troubles.len() > TROUBLES {
            self.troubles.remove(0);
        }
    }

    /// Remembers what can't be read at all.
    pub(super) fn unread(&mut self, name: String, why: &str) {
        if self.unread.len() < TROUBLES || self.unread.contains_key(&name) {
            self.unread.insert(name, why.to_string());
        }
    }
}

impl SourceProgress {
    /// A source that was just opened.
    pub(super) fn new(info: SourceInfo) -> Self {
        let bytes = info.skipped;
        Self {
            info,
            bytes,
            read: Read::default(),
            newest: None,
            stage: Stage::Reading,
            note: None,
            trouble: None,
        }
    }

    fn to_read(&self) -> u64 {
        self.info.size.saturating_sub(self.info.skipped).max(1)
    }

    fn bytes_read(&self) -> u64 {
        match self.stage {
            Stage::Reading => self.bytes.saturating_sub(self.info.skipped).min(self.to_read()),
            Stage::Following | Stage::Ended => self.to_read(),
        }
    }
}
