//! One execution environment: what has begun in it, and what is remembered of what ended.

use crate::model::{
    Cold, EnvironmentId, ErrorCounts, ErrorId, FunctionId, InitKind, Invocation, Micros, NameId, RequestId,
    SourceId, Status, Texts, Timestamp, Waited,
};

use super::again::Newest;
use super::opened::Opened;
use super::outcome::{Fault, Signs};
use super::words::Words;

/// A caller waited for an init if START followed its end within this (`operators.md` part 6).
const WAITED_MS: i64 = 1_000;
/// Of more that run at once, a line that names none of them is nobody's.
const LOOKED_THROUGH: usize = 1_000;
/// How many invocations that were given up are remembered in case they report after all.
const GIVEN_UP: usize = 64;

/// An init that no invocation has followed yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Init {
    /// When it began, if INIT_START was read.
    pub start: Option<Timestamp>,
    /// How it was begun.
    pub kind: InitKind,
    /// How long it took, if INIT_REPORT was read.
    pub duration: Option<Micros>,
    /// Whether it failed.
    pub failed: bool,
    /// The runtime's record of the error.
    pub error: Option<NameId>,
    /// What that says.
    pub told: Option<ErrorId>,
}

impl Init {
    /// Whether the invocation that follows is a cold start although it may never say so itself.
    pub fn makes_cold(&self) -> bool {
        self.start.is_some() && !self.failed && matches!(self.kind, InitKind::OnDemand | InitKind::SnapStart)
    }

    /// Who waited, for an invocation that began at `start` after an init of `took`.
    pub fn waited(&self, start: Timestamp, took: Option<Micros>) -> Waited {
        let (Some(began), Some(took)) = (self.start, took.or(self.duration)) else { return Waited::Unknown };
        if self.kind == InitKind::Provisioned || start.since(began.plus(took.ceil_ms())) > WAITED_MS {
            return Waited::Nobody;
        }
        Waited::Caller
    }
}

/// An invocation that has begun and not reported.
#[derive(Clone, Debug)]
pub struct Open {
    /// What is known of it.
    pub invocation: Invocation,
    /// The init before it.
    pub init: Option<Init>,
    /// An error record of its runtime, and when it counts.
    pub error: Option<(NameId, ErrorCounts)>,
    /// What that says.
    pub words: Option<Box<Words>>,
    /// When that was logged.
    pub error_at: Timestamp,
    /// The process ended.
    pub fault: Option<Fault>,
    /// The "timed out" line was read.
    pub timed_out: bool,
    /// `platform.runtimeDone`'s status.
    pub runtime_done: Option<Status>,
}

impl Open {
    /// An invocation of which nothing but the START is known.
    pub fn new(invocation: Invocation, init: Option<Init>) -> Self {
        Self {
            invocation,
            init,
            error: None,
            words: None,
            error_at: Timestamp::MIN,
            fault: None,
            timed_out: false,
            runtime_done: None,
        }
    }

    /// Its error record, if that counts: of one without a traceback nobody knows.
    fn counted(&self) -> Option<NameId> {
        self.error.filter(|(_, counts)| *counts != ErrorCounts::IfTraceback).map(|(name, _)| name)
    }

    /// What it failed with, of this type; errors are told apart in `texts`.
    pub fn failed_with(&self, error_type: NameId, texts: &mut Texts) -> ErrorId {
        let init = self.init.filter(|init| init.failed && init.error == Some(error_type));
        let (frame, message) = match (self.counted(), &self.words, init.and_then(|init| init.told)) {
            (Some(name), Some(words), _) if name == error_type => (&*words.frame, &*words.message),
            (None, _, Some(told)) => return told,
            _ => ("", ""),
        };
        texts.errors.id(self.invocation.function, error_type, frame, message)
    }

    /// What was seen of how it ended.
    pub fn signs(&self) -> Signs {
        Signs {
            error: self.counted().or(self.init.and_then(|init| init.error.filter(|_| init.failed))),
            fault: self.fault,
            timed_out: self.timed_out,
            runtime_done: self.runtime_done,
            init_failed: self.init.is_some_and(|init| init.failed),
        }
    }
}

/// A stream's name. A usual one lies where its environment does: no pointer has to be followed to
/// compare it.
#[derive(Clone, Debug)]
pub enum StreamName {
    /// Up to 62 bytes: a date, a version and 32 hex digits are 52.
    Usual(u8, [u8; Self::USUAL]),
    /// A longer one.
    Long(Box<[u8]>),
}

impl StreamName {
    const USUAL: usize = 62;

    /// A copy of the name.
    pub fn new(name: &[u8]) -> Self {
        let mut bytes = [0; Self::USUAL];
        match bytes.get_mut(..name.len()) {
            Some(begin) => {
                begin.copy_from_slice(name);
                Self::Usual(name.len() as u8, bytes)
            }
            None => Self::Long(name.into()),
        }
    }

    /// The name.
    #[inline]
    pub fn get(&self) -> &[u8] {
        match self {
            Self::Usual(length, bytes) => &bytes[..usize::from(*length).min(Self::USUAL)],
            Self::Long(bytes) => bytes,
        }
    }
}

/// An execution environment (a log stream), or all streamless records of a function.
///
/// What is asked for at every line stands first, in two lines of the processor's cache: thousands of
/// environments take turns, and the rest of them need not be fetched.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Environment {
    /// The log stream.
    pub stream: StreamName,
    /// The source of its newest record, and when that was known.
    pub known: Option<(SourceId, Timestamp)>,
    /// The function.
    pub function: FunctionId,
    /// Whether an open invocation has an error that only counts if nothing is written after it.
    pub doubtful: bool,
    /// Whether it runs several invocations at once (Lambda Managed Instances).
    pub many: bool,
    /// Its id; `None` stands for records without a stream.
    pub id: Option<EnvironmentId>,
    /// Stands for its stream where records are told apart ([`super::again`]).
    pub tag: u64,
    /// The function's version.
    pub version: Option<NameId>,
    /// What has begun and not reported; mostly one.
    pub open: Opened,
    /// The newest one that reported: late lines may correct it.
    pub last: Option<Invocation>,
    /// The init that no invocation has followed yet.
    pub init: Option<Init>,
    /// Those given up because the stream went on without their REPORT.
    pub given_up: Vec<Invocation>,
    /// What it told last, to know what comes again.
    pub newest: Newest,
}

impl Environment {
    /// An environment of which nothing is known.
    pub fn new(function: FunctionId, id: Option<EnvironmentId>, tag: u64, stream: &[u8]) -> Self {
        Self {
            tag,
            stream: StreamName::new(stream),
            known: None,
            function,
            doubtful: false,
            many: false,
            id,
            version: None,
            open: Opened::default(),
            last: None,
            init: None,
            given_up: Vec::new(),
            newest: Newest::default(),
        }
    }

    /// The open invocation that a line of this time with this id, or none, belongs to: by id, else by
    /// position, in a stream of one at a time; where many run at once, of records without a stream
    /// say, only if a single one of its source is open. A line from before its START is of another
    /// source that lags behind.
    pub fn open_for(&mut self, id: Option<RequestId>, at: Timestamp, source: SourceId) -> Option<&mut Open> {
        match id {
            Some(id) => self.open.at(id).and_then(|at| self.open.get_mut(at)),
            None if self.many && self.open.len() > LOOKED_THROUGH => None,
            None if self.many => {
                let mut here = self.open.iter_mut().filter(|open| open.invocation.lines.source == source);
                let only = here.next().filter(|open| open.invocation.start <= at);
                only.filter(|_| here.next().is_none())
            }
            None => self.open.last_mut().filter(|open| open.invocation.start <= at),
        }
    }

    /// The open one of this number.
    pub fn open_of(&mut self, seq: u64) -> Option<&mut Open> {
        self.open.iter_mut().take(LOOKED_THROUGH).find(|open| open.invocation.seq == seq)
    }

    /// Makes an open one the newest that reported.
    pub fn close(&mut self, at: usize) -> &Invocation {
        self.last.insert(self.open.take(at).invocation)
    }

    /// Takes a given-up invocation with this id.
    pub fn take_given_up(&mut self, id: RequestId) -> Option<Invocation> {
        let at = self.given_up.iter().rposition(|invocation| invocation.request_id == id)?;
        Some(self.given_up.remove(at))
    }

    /// Remembers an invocation that was given up.
    pub fn give_up(&mut self, invocation: Invocation) {
        if self.given_up.len() == GIVEN_UP {
            self.given_up.remove(0);
        }
        self.given_up.push(invocation);
    }
}

/// The cold start of a REPORT, from what it prints and what went before.
pub fn cold(init: Option<&Init>, start: Timestamp, printed: Option<Micros>) -> Cold {
    if printed.is_none() && !init.is_some_and(Init::makes_cold) {
        return Cold::No;
    }
    Cold::Yes(init.map_or(Waited::Unknown, |init| init.waited(start, printed)))
}
