//! The diagnosis: what is wrong with which function, since when, and what carries that.
//!
//! Each kind of finding is a [`Detector`] in a file of its own, whose doc comment is its
//! specification; their thresholds are data, in [`rules`]. The frame ([`Watch`]) asks every detector
//! about every function at each closed 10 s, *as of* that time, and keeps what they conclude in an
//! append-only log ([`FindingLog`]) that lies in the snapshot. So
//! - a conclusion rests on what was known when it was drawn, and the findings as of T are a prefix
//!   of the log, whether T is now, was scrubbed to, or is the end of a capture;
//! - late data need no folding again: the next tick's questions see them;
//! - the words and figures of a finding are not kept, but asked as of T like any other view
//!   ([`as_of`]).

mod bad_deploy;
mod rules;
mod silence;
mod throttled_reserved;
mod timeout;
mod watch;
mod words;

use crate::model::{
    Certainty, Claim, ClaimStanding, Evidence, Finding, FindingKind, FindingSize, Severity, Timestamp,
    Verdict, Window,
};
use crate::query::view::Problems;
use crate::query::{Snapshot, Subject, subject};

pub use watch::{TICK_MS, Watch};

/// How a time is written: in the zone that is on screen.
pub type Clock<'a> = &'a dyn Fn(Timestamp) -> String;

/// All kinds that are found.
pub const ALL: &[&dyn Detector] =
    &[&timeout::Timeout, &throttled_reserved::ThrottledReserved, &bad_deploy::BadDeploy, &silence::Silence];

/// What is the same for all functions at a tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scene {
    /// The time as of which everything is asked.
    pub at: Timestamp,
    /// The newest start, end or minute of any function; `MIN` without one.
    pub alive: Timestamp,
}

/// One kind of finding. Pure: the answer rests on the arguments alone.
pub trait Detector: Sync {
    /// The kind that it finds.
    fn kind(&self) -> FindingKind;

    /// What becomes of the claim that is open about this function, or of none; `None` if nothing
    /// does. Asked at every tick.
    fn step(&self, open: Option<&Claim>, subject: &Subject<'_>, scene: &Scene) -> Option<Verdict>;

    /// A claim in words and figures, as of the subject's time.
    fn tell(&self, standing: &ClaimStanding, subject: &Subject<'_>, clock: Clock<'_>) -> Told;
}

/// What a detector says of a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The version or alias, where one is meant.
    pub qualifier: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// How sure it is.
    pub certainty: Certainty,
    /// The sentence, without the function's name.
    pub sentence: String,
    /// The figures in it, by name; the unit ends the name.
    pub numbers: Vec<(&'static str, f64)>,
    /// How bad it is, by one of these figures where it has degrees.
    pub size: FindingSize,
    /// What carries it.
    pub evidence: Vec<Evidence>,
    /// What to look at first.
    pub first_step: String,
}

impl Told {
    /// Nothing: a claim of another kind. Without evidence it is not printed.
    fn nothing() -> Self {
        Self {
            qualifier: None,
            severity: Severity::Info,
            certainty: Certainty::MayBe,
            sentence: String::new(),
            numbers: Vec::new(),
            size: FindingSize::None,
            evidence: Vec::new(),
            first_step: String::new(),
        }
    }
}

/// All that a screen says of what is wrong, as of a time.
pub fn problems(snapshot: &Snapshot, window: Window, at: Timestamp, clock: Clock<'_>) -> Problems {
    let judged = snapshot.findings.judged.map(|judged| judged.min(at.floor(TICK_MS)));
    Problems { found: as_of(snapshot, ALL, window, at, clock), left_out: 0, judged }
}

/// The findings that are open as of a time or were within a window, the worst first, those that are
/// over last.
pub fn as_of(
    snapshot: &Snapshot,
    detectors: &[&dyn Detector],
    window: Window,
    at: Timestamp,
    clock: Clock<'_>,
) -> Vec<Finding> {
    let standing = snapshot.findings.standing(at);
    let inside = |standing: &&ClaimStanding| {
        standing.claim.since < window.to && standing.until.is_none_or(|until| until >= window.from)
    };
    let mut found: Vec<Finding> = standing
        .iter()
        .filter(inside)
        .filter_map(|standing| {
            let kind = standing.claim.basis.kind();
            let detector = detectors.iter().find(|detector| detector.kind() == kind)?;
            let subject = subject(snapshot, standing.function, at)?;
            let told = detector.tell(standing, &subject, clock);
            // A sentence without evidence is not printed.
            (!told.evidence.is_empty()).then(|| Finding {
                kind,
                function: standing.function,
                name: subject.name(),
                qualifier: told.qualifier,
                since: standing.claim.since,
                until: standing.until,
                severity: told.severity,
                certainty: told.certainty,
                sentence: told.sentence,
                numbers: told.numbers,
                size: told.size,
                evidence: told.evidence,
                first_step: told.first_step,
            })
        })
        .collect();
    let over = |finding: &Finding| finding.until.is_some();
    found.sort_by(|a, b| {
        (over(a), b.severity, a.since, &a.name, a.kind).cmp(&(over(b), a.severity, b.since, &b.name, b.kind))
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FindingKind;

    /// What the screen says that it looks for is looked for.
    #[test]
    fn every_kind_has_its_detector() {
        let looked_for: Vec<FindingKind> = ALL.iter().map(|detector| detector.kind()).collect();
        assert_eq!(looked_for, FindingKind::ALL);
    }
}
