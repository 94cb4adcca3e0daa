//! `throttled-reserved`: requests are refused at the function's own limit.
//!
//! Needs metrics and the limit (`get-function-concurrency`, or CloudTrail's PutFunctionConcurrency).
//! Evidence: Throttles, ConcurrentExecutions at the reserved limit, and what set it. A refused
//! request never ran: no log tells of it.
//!
//! Opens when the periods of the last 5 minutes that are known count at least 5 refused requests,
//! more than chance against up to an hour before, and in a period with refusals the function ran at
//! 98 % of its reserved limit or more (of a limit of 0 it is switched off, and that is no finding).
//! It begins with the first period of the refusals, one after the other. It is over when the metrics
//! of 5 closed minutes (3 minutes old) count none: what still settles may open, never close it.

use crate::model::{
    Basis, Certainty, Claim, ClaimStanding, Evidence, FindingKind, FindingSize, Severity, Timestamp, Verdict,
    Window,
};
use crate::query::{Period, Subject};

use super::{Clock, Detector, Scene, Told, rules, words};

/// The detector.
pub struct ThrottledReserved;

impl Detector for ThrottledReserved {
    fn kind(&self) -> FindingKind {
        FindingKind::ThrottledReserved
    }

    fn step(&self, open: Option<&Claim>, subject: &Subject<'_>, _scene: &Scene) -> Option<Verdict> {
        let at = subject.at();
        if let Some(claim) = open {
            let closed = rules::last(at.plus(-rules::SETTLED_MS), rules::RECENT_MS);
            if closed.from < claim.since {
                return None;
            }
            let refused = refusals(subject, Window { from: claim.since, to: at });
            let last = refused.last().map_or(claim.since, |period| period.window.to);
            return (last <= closed.from).then_some(Verdict::Closed { until: last });
        }
        // Metrics come some minutes late.
        let recent = rules::last(at, rules::RECENT_MS + rules::SETTLED_MS);
        let refused = refusals(subject, recent);
        let count = sum(&refused);
        if count < rules::SPIKE_LEAST {
            return None;
        }
        let (limit, _) = subject.reserved().filter(|(limit, _)| *limit > 0)?;
        let full = |peak: &Period<f64>| {
            peak.value >= rules::FULL_SHARE * f64::from(limit)
                && refused.iter().any(|refused| refused.window.from == peak.window.from)
        };
        subject.concurrency(recent).iter().any(full).then_some(())?;
        let first = begins(subject, refused.first()?.window.from);
        let before = Window { from: first.plus(-rules::BEFORE_MS), to: first };
        let (refused_before, ran_before) = (sum(&subject.throttles(before)), sum(&subject.metered(before)));
        let usual = (ran_before + refused_before >= rules::BEFORE_LEAST)
            .then(|| refused_before / (ran_before + refused_before));
        let asked = count + sum(&subject.metered(recent));
        rules::spikes(count, asked, usual)
            .then_some(Verdict::Opened(Claim { since: first, basis: Basis::Reserved { limit } }))
    }

    fn tell(&self, standing: &ClaimStanding, subject: &Subject<'_>, clock: Clock<'_>) -> Told {
        let Basis::Reserved { limit } = standing.claim.basis else { return Told::nothing() };
        let since = standing.claim.since;
        let window = Window { from: since, to: standing.until.unwrap_or(subject.at().plus(1)) };
        let refused = refusals(subject, window);
        let (count, ran) = (sum(&refused), sum(&subject.metered(window)));
        let share = count / (count + ran).max(1.0);
        let worst = refused.iter().max_by(|a, b| a.value.total_cmp(&b.value));
        let mut evidence = Vec::new();
        for period in refused.first().into_iter().chain(worst) {
            let line =
                format!("CloudWatch: Throttles {} at {}", words::count(period.value), period.window.from);
            evidence.push(Evidence::Told(line));
        }
        let peak = subject.concurrency(window).iter().map(|peak| peak.value).fold(0.0, f64::max);
        evidence
            .push(Evidence::Told(format!("CloudWatch: ConcurrentExecutions up to {}", words::count(peak))));
        evidence.extend(subject.reserved().map(|(_, told)| Evidence::Told(told.to_string())));
        evidence.dedup();
        Told {
            qualifier: None,
            severity: if share >= rules::MOST_SHARE { Severity::Critical } else { Severity::Error },
            certainty: Certainty::Is,
            sentence: format!(
                "{} refused since {}, {} of all, running at its reserved limit of {limit}",
                words::plural(count, "request"),
                clock(since),
                words::percent(share),
            ),
            numbers: vec![
                ("throttles", count),
                ("invocations", ran),
                ("throttled_share", share),
                ("reserved_limit", f64::from(limit)),
            ],
            size: FindingSize::Share(share),
            evidence,
            first_step:
                "raise the reserved concurrency, or find what made the function slower or its traffic grow"
                    .to_string(),
        }
    }
}

/// The periods with refused requests that begin in a window.
fn refusals(subject: &Subject<'_>, window: Window) -> Vec<Period<f64>> {
    let mut periods = subject.throttles(window);
    periods.retain(|period| period.value > 0.0);
    periods
}

fn sum(periods: &[Period<f64>]) -> f64 {
    periods.iter().map(|period| period.value).sum()
}

/// The first of the periods with refusals, one after the other, that reach up to `from`.
fn begins(subject: &Subject<'_>, from: Timestamp) -> Timestamp {
    let earlier = refusals(subject, Window { from: from.plus(-rules::BEFORE_MS), to: from });
    earlier
        .iter()
        .rev()
        .fold(from, |first, period| if period.window.to >= first { period.window.from } else { first })
}
