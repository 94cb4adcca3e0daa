//! `silence`: a regular function is not invoked any more, and nothing says why.
//!
//! Needs logs (of metrics alone a minute without a line says too little of a rhythm). Evidence: the
//! rhythm that it kept, its last invocation, how many were due.
//!
//! A function has a rhythm when nine in ten of the gaps between its first attempts are within a
//! quarter of their median, over the last 20 gaps and 10 minutes at least: bursts, batches and traffic
//! have none. The claim opens when nothing has begun for more than 3 of those gaps, one and a half
//! times the longest, and 4 minutes, while other functions live on and CloudWatch counts no refused
//! requests of it. It begins at the first start that did not come, and is over with the next one.

use crate::model::{
    Basis, Certainty, Claim, ClaimStanding, Evidence, FindingKind, FindingSize, Severity, Timestamp, Verdict,
    Window,
};
use crate::query::{Rhythm, Subject};

use super::{Clock, Detector, Scene, Told, rules, words};

/// The detector.
pub struct Silence;

impl Detector for Silence {
    fn kind(&self) -> FindingKind {
        FindingKind::Silence
    }

    fn step(&self, open: Option<&Claim>, subject: &Subject<'_>, scene: &Scene) -> Option<Verdict> {
        let last = subject.before(subject.at().plus(1)).next()?.start;
        if let Some(claim) = open {
            let Basis::Rhythm { last: silent_from, .. } = claim.basis else { return None };
            let next =
                subject.invocations(Window { from: silent_from.plus(1), to: subject.at().plus(1) }).next();
            return next.map(|next| Verdict::Closed { until: next.start });
        }
        let quiet = subject.at().since(last);
        if quiet <= rules::SILENT_MS || subject.at().since(scene.alive) > rules::ALIVE_MS {
            return None;
        }
        let Rhythm { period_ms, longest_ms } = rhythm(subject, last)?;
        let refused: f64 = subject
            .throttles(Window { from: last, to: subject.at() })
            .iter()
            .map(|period| period.value)
            .sum();
        let long = quiet > rules::SILENT_GAPS * period_ms
            && quiet as f64 > rules::SILENT_LONGEST * longest_ms as f64;
        let silent = long && refused < 1.0;
        silent.then(|| {
            Verdict::Opened(Claim { since: last.plus(period_ms), basis: Basis::Rhythm { period_ms, last } })
        })
    }

    fn tell(&self, standing: &ClaimStanding, subject: &Subject<'_>, _clock: Clock<'_>) -> Told {
        let Basis::Rhythm { period_ms, last } = standing.claim.basis else { return Told::nothing() };
        let end = standing.until.unwrap_or(subject.at());
        let silent = end.since(last) as f64;
        let came_back = f64::from(u8::from(standing.until.is_some()));
        let missed = ((silent / period_ms as f64).round() - came_back).max(1.0);
        let seen = subject.tally(Window { from: last.plus(-rules::BEFORE_MS), to: last.plus(1) });
        let what = match (seen.errors > 0.0, subject.throttles(Window { from: last, to: end }).is_empty()) {
            (false, false) => "no throttles, no errors seen".to_string(),
            (false, true) => "no errors seen".to_string(),
            (true, _) => format!("{} of them failed", words::count(seen.errors)),
        };
        let evidence = subject.before(last.plus(1)).take(3).map(|seen| Evidence::Record(seen.origin));
        Told {
            qualifier: None,
            severity: Severity::Warning,
            certainty: Certainty::Is,
            sentence: format!(
                "ran every {} {} times, then not for {} ({} missed): {what}",
                words::span(period_ms as f64),
                words::count(seen.started),
                words::span(silent),
                words::count(missed),
            ),
            numbers: vec![
                ("period_s", period_ms as f64 / 1_000.0),
                ("silent_s", silent / 1_000.0),
                ("missed", missed),
                ("seen_before", seen.started),
            ],
            // The longer it lasts the more it missed; it is no more silent than before.
            size: FindingSize::None,
            evidence: evidence.collect(),
            first_step: "look at what calls it: is the schedule or the mapping still enabled, may it still invoke the function?".to_string(),
        }
    }
}

/// The rhythm up to `last`, if it was kept for long and most gaps are about the same.
fn rhythm(subject: &Subject<'_>, last: Timestamp) -> Option<Rhythm> {
    let mut starts: Vec<i64> = Vec::new();
    for seen in subject.before(last.plus(1)).filter(|seen| seen.attempt == 1).take(rules::RHYTHM_MOST) {
        starts.push(seen.start.0);
        if starts.len() > rules::RHYTHM_GAPS && last.since(seen.start) >= rules::RHYTHM_MS {
            break;
        }
    }
    let gaps: Vec<i64> = starts.windows(2).map(|pair| pair[0] - pair[1]).collect();
    if gaps.iter().sum::<i64>() < rules::RHYTHM_MS {
        return None;
    }
    rules::RHYTHM.rhythm(gaps)
}
