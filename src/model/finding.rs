//! Findings: what the diagnosis concludes, and the log of its conclusions.

use std::sync::Arc;

use super::{FunctionId, NameId, Origin, Timestamp};

/// What is wrong. Names never change (`findings.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Invocations reach the function's timeout.
    Timeout,
    /// Requests are refused at the function's own limit.
    ThrottledReserved,
    /// Errors or latency begin with new code.
    BadDeploy,
    /// A regular function is not invoked any more.
    Silence,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Timeout, Self::ThrottledReserved, Self::BadDeploy, Self::Silence];

    /// What is looked for, in words.
    pub fn looks_for(self) -> &'static str {
        match self {
            Self::Timeout => "invocations that reach their timeout",
            Self::ThrottledReserved => "requests refused at a function's own limit",
            Self::BadDeploy => "errors or latency that begin with new code",
            Self::Silence => "a regular function that is not invoked any more",
        }
    }

    /// The kind's name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::ThrottledReserved => "throttled-reserved",
            Self::BadDeploy => "bad-deploy",
            Self::Silence => "silence",
        }
    }
}

/// How much it matters, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Look today.
    Warning,
    /// Requests are being lost now.
    Error,
    /// Most requests are lost.
    Critical,
}

impl Severity {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

/// How sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// Records may have it.
    MayBe,
    /// Records point to it.
    PointsTo,
    /// Records prove it.
    Is,
}

impl Certainty {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::MayBe => "may-be",
            Self::PointsTo => "points-to",
            Self::Is => "is",
        }
    }
}

/// What a kind of finding holds on to from its opening on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Timed-out invocations.
    Timeouts,
    /// Requests refused at a limit.
    Reserved {
        /// Environments that may run at once.
        limit: u32,
    },
    /// New code that does worse.
    Deploy {
        /// The code before.
        old: Code,
        /// The new code.
        new: Code,
        /// When it took over.
        at: Timestamp,
        /// In what it is worse.
        worse: Worse,
    },
    /// A rhythm that stopped.
    Rhythm {
        /// The usual time from one start to the next, in ms.
        period_ms: i64,
        /// The last start.
        last: Timestamp,
    },
}

/// Which code ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A published version.
    Version(NameId),
    /// `$LATEST` before or since a change of it.
    Latest,
}

/// In what new code is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worse {
    /// More of its invocations fail.
    Errors,
    /// Its invocations take longer.
    Slower,
}

impl Basis {
    /// The kind of finding that rests on it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Timeouts => Kind::Timeout,
            Self::Reserved { .. } => Kind::ThrottledReserved,
            Self::Deploy { .. } => Kind::BadDeploy,
            Self::Rhythm { .. } => Kind::Silence,
        }
    }
}

/// That something is wrong with a function since a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// When the evidence begins.
    pub since: Timestamp,
    /// What it rests on.
    pub basis: Basis,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is made.
    Opened(Claim),
    /// It is made otherwise.
    Edited(Claim),
    /// It is over.
    Closed {
        /// When the trouble ended.
        until: Timestamp,
    },
}

/// An entry of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FindingChange {
    /// When it was known.
    pub known: Timestamp,
    /// Which finding: its number in the order of opening.
    pub number: u32,
    /// Whose.
    pub function: FunctionId,
    /// What became of it.
    pub verdict: Verdict,
}

/// All conclusions in the order in which they were known: as of a time, those known by then.
#[derive(Clone, Debug, Default)]
pub struct FindingLog {
    /// The entries in order.
    pub changes: Vec<FindingChange>,
    /// Conclusions that were not kept, since there were too many.
    pub refused: u64,
    /// The time up to which everything was judged.
    pub judged: Option<Timestamp>,
}

/// A claim as it stands as of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whose.
    pub function: FunctionId,
    /// The claim.
    pub claim: Claim,
    /// When it was first known.
    pub opened: Timestamp,
    /// When the trouble ended, if it has.
    pub until: Option<Timestamp>,
}

impl FindingLog {
    /// All claims that were ever made by a time, as they stand then; in the order of opening.
    pub fn standing(&self, by: Timestamp) -> Vec<Standing> {
        let mut all: Vec<(u32, Standing)> = Vec::new();
        for change in self.changes.iter().take_while(|change| change.known <= by) {
            let at = all.binary_search_by_key(&change.number, |(number, _)| *number);
            match (change.verdict, at) {
                (Verdict::Opened(claim), Err(at)) => {
                    let (function, opened) = (change.function, change.known);
                    all.insert(at, (change.number, Standing { function, claim, opened, until: None }));
                }
                (Verdict::Edited(claim), Ok(at)) => all[at].1.claim = claim,
                (Verdict::Closed { until }, Ok(at)) => all[at].1.until = Some(until),
                _ => {}
            }
        }
        all.into_iter().map(|(_, standing)| standing).collect()
    }
}

/// Something that can be looked at.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// A record, by where its first line lies.
    Record(Origin),
    /// A figure of CloudWatch's or of a configuration, in words.
    Told(String),
}

/// How bad it is, by a measure that does not grow merely because time passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// The share of what is lost, of 1.
    Share(f64),
    /// How many times as long it takes.
    Factor(f64),
    /// It is so or it is not.
    None,
}

impl Size {
    /// How many times as bad it is as another one was, if both are by the same measure.
    pub fn times(self, then: Self) -> Option<f64> {
        let (now, then) = match (self, then) {
            (Self::Share(now), Self::Share(then)) | (Self::Factor(now), Self::Factor(then)) => (now, then),
            _ => return None,
        };
        (now > then).then(|| now / then)
    }
}

/// A finding as of a time: one sentence about one function, with the evidence that carries it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What is wrong.
    pub kind: Kind,
    /// The culprit.
    pub function: FunctionId,
    /// Its name.
    pub name: Arc<str>,
    /// Its version or alias, where one is meant.
    pub qualifier: Option<String>,
    /// When the evidence begins.
    pub since: Timestamp,
    /// When it ended.
    pub until: Option<Timestamp>,
    /// How much it matters.
    pub severity: Severity,
    /// How sure it is.
    pub certainty: Certainty,
    /// The sentence, without the function's name.
    pub sentence: String,
    /// The figures in it, by name; the unit ends the name.
    pub numbers: Vec<(&'static str, f64)>,
    /// How bad it is.
    pub size: Size,
    /// What carries it; never empty.
    pub evidence: Vec<Evidence>,
    /// What to look at first.
    pub first_step: String,
}
