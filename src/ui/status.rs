//! What the session tells the screen about itself: time, sources, health.

use std::sync::Arc;

use crate::model::{SourceId, Timestamp, Window};

/// How the session stands. A new one is sent whenever something in it changed.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionStatus {
    /// Live or replay.
    pub kind: SessionKind,
    /// The time as of which everything is asked.
    pub as_of: Timestamp,
    /// The snapshot's number: with a greater one the same question may have another answer.
    pub generation: u64,
    /// Whether `as_of` stands still.
    pub paused: bool,
    /// The span of a replay that is played again and again.
    pub lap: Option<Window>,
    /// The latest time that one can go to: also of a live session that stands still, time passes.
    pub latest: Timestamp,
    /// Time of the newest record that was read.
    pub newest: Option<Timestamp>,
    /// How old the newest record is, in ms, where a live session stands at it since nothing recent
    /// has come; in whole minutes.
    pub stale_ms: Option<i64>,
    /// Time of the oldest record that is kept; `None` without any.
    pub oldest: Option<Timestamp>,
    /// While what lies before a newest slice is being read: the share of it that was, 0 to 1.
    pub filling: Option<f64>,
    /// Where single invocations were let go to stay within the memory budget: from when on they are there.
    pub evicted: Option<Timestamp>,
    /// Number of functions known.
    pub functions: usize,
    /// Kinds of source (`logs`, `CW`, `X-Ray`) with the ms from their newest record to `as_of`.
    pub ages: Vec<(&'static str, Option<i64>)>,
    /// Records that could not be read.
    pub bad: u64,
    /// Records that are known to be lost: by the platform, by a socket, by us.
    pub dropped: u64,
    /// Records that came from two places, or twice, and were counted once.
    pub seen_twice: u64,
    /// Invocations in flight that were given up for want of room.
    pub forgotten: u64,
    /// Bytes that the process uses, and may use.
    pub memory: (u64, u64),
    /// What is read.
    pub sources: Arc<Vec<SourceStatus>>,
    /// The newest records that could not be read, newest first, at most 1,000.
    pub bad_records: Arc<Vec<BadRecord>>,
    /// The time up to which everything was judged, at most `as_of`: with a later one the same
    /// question may find more wrong.
    pub judged: Option<Timestamp>,
    /// When problems began and were found, in all that was read: also after `as_of`. By when they
    /// were found.
    pub onsets: Arc<Vec<Onset>>,
    /// What is being recorded.
    pub recording: Option<RecordingStatus>,
    /// The last thing that a person should know: a source that failed, and what to do.
    pub warning: Option<String>,
}

/// How far a recording of what arrives has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordingStatus {
    /// Lines that are in it.
    pub lines: u64,
    /// Bytes that came too fast to be written.
    pub missed: u64,
}

/// When a problem was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Onset {
    /// When its evidence begins.
    pub since: Timestamp,
    /// When it was found.
    pub found: Timestamp,
    /// When it ended, if it has.
    pub until: Option<Timestamp>,
}

/// Live or replay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SessionKind {
    /// Following what arrives.
    Live,
    /// A capture.
    Replay {
        /// Time of its first record.
        start: Timestamp,
        /// Time of its last record, as far as is known.
        end: Timestamp,
        /// How fast it runs.
        speed: Speed,
        /// The part of its bytes that has been read, 0 to 1.
        loaded: f64,
    },
}

/// How fast a replay runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// So many times as fast as it happened.
    Times(u16),
    /// To the end at once.
    Max,
}

impl Speed {
    /// The speeds that the keys go through.
    pub const STEPS: [Self; 9] = [
        Self::Times(1),
        Self::Times(2),
        Self::Times(5),
        Self::Times(10),
        Self::Times(30),
        Self::Times(60),
        Self::Times(100),
        Self::Times(1_000),
        Self::Max,
    ];

    fn rank(self) -> u32 {
        match self {
            Self::Times(times) => u32::from(times),
            Self::Max => u32::MAX,
        }
    }

    /// The next faster one; the fastest stays.
    pub fn faster(self) -> Self {
        Self::STEPS.into_iter().find(|step| step.rank() > self.rank()).unwrap_or(Self::Max)
    }

    /// The next slower one; the slowest stays.
    pub fn slower(self) -> Self {
        Self::STEPS.into_iter().rev().find(|step| step.rank() < self.rank()).unwrap_or(Self::Times(1))
    }

    /// `60x`, `max`.
    pub fn shown(self) -> String {
        match self {
            Self::Times(times) => format!("{times}x"),
            Self::Max => "max".to_string(),
        }
    }
}

/// A source of records.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceStatus {
    /// Which.
    pub id: SourceId,
    /// Its name as given: a path, `-`. Unsanitised.
    pub name: String,
    /// Whether its name is a path at which it can be read again.
    pub named: bool,
    /// How it stands.
    pub state: SourceState,
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes that are there, where known.
    pub size_bytes: Option<u64>,
    /// Records read.
    pub records: u64,
    /// Records that could not be read.
    pub bad: u64,
    /// Time of its newest record.
    pub newest: Option<Timestamp>,
    /// Why it failed, what it waits for. Unsanitised.
    pub note: Option<String>,
}

/// How a source stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceState {
    /// Being read.
    Reading,
    /// Read to its end, waiting for more.
    Following,
    /// Others may send to it.
    Listening,
    /// Read to its end; no more will come.
    Ended,
    /// Not there yet, or nothing came yet.
    Waiting,
    /// It can't be read.
    Failed,
}

impl SourceState {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Following => "following",
            Self::Listening => "listening",
            Self::Ended => "ended",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
        }
    }
}

/// A record that could not be read. Texts are unsanitised.
#[derive(Clone, Debug, PartialEq)]
pub struct BadRecord {
    /// The source's name.
    pub source: String,
    /// The line, from 1, where it is known.
    pub line: Option<u64>,
    /// Offset of its first byte.
    pub offset: u64,
    /// Why.
    pub reason: String,
    /// Its first bytes.
    pub excerpt: String,
}

impl SessionStatus {
    /// The time from which ages are: of what is followed and has long been silent that is later than the
    /// time as of which is asked, which is that of its newest record.
    pub fn now(&self) -> Timestamp {
        self.as_of.plus(self.stale_ms.unwrap_or(0))
    }

    /// Whether no record told a time so far: there is no axis to show.
    pub fn timeless(&self) -> bool {
        self.oldest.is_none() && self.newest.is_none() && self.functions == 0
    }

    /// Whether all of a replay is read and nothing of Lambda is in it.
    pub fn nothing_in_it(&self) -> bool {
        matches!(self.kind, SessionKind::Replay { loaded, .. } if loaded >= 1.0) && self.timeless()
    }

    /// Records that were read.
    pub fn records(&self) -> u64 {
        self.sources.iter().map(|source| source.records).sum()
    }

    /// Records that came over pipes and sockets: what can't be read again.
    pub fn only_here(&self) -> u64 {
        self.sources.iter().filter(|source| source.size_bytes.is_none()).map(|source| source.records).sum()
    }
}

impl Default for SessionStatus {
    /// A live session of which nothing is known yet.
    fn default() -> Self {
        Self {
            kind: SessionKind::Live,
            as_of: Timestamp(0),
            generation: 0,
            lap: None,
            paused: false,
            latest: Timestamp(0),
            newest: None,
            stale_ms: None,
            oldest: None,
            filling: None,
            evicted: None,
            functions: 0,
            ages: Vec::new(),
            bad: 0,
            dropped: 0,
            seen_twice: 0,
            forgotten: 0,
            memory: (0, 0),
            sources: Arc::default(),
            bad_records: Arc::default(),
            judged: None,
            onsets: Arc::default(),
            recording: None,
            warning: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_step_and_stop_at_the_ends() {
        let mut up = vec![Speed::Times(1)];
        while *up.last().unwrap() != Speed::Max {
            up.push(up.last().unwrap().faster());
        }
        assert_eq!(up, Speed::STEPS);
        assert_eq!(Speed::Max.faster(), Speed::Max);
        assert_eq!(Speed::Max.slower(), Speed::Times(1_000));
        assert_eq!(Speed::Times(7).faster(), Speed::Times(10));
        assert_eq!(Speed::Times(7).slower(), Speed::Times(5));
        assert_eq!(Speed::Times(1).slower(), Speed::Times(1));
    }
}
