//! `timeout`: invocations reach the function's timeout.
//!
//! Needs logs. Evidence: how the platform says that an invocation ended (`Task timed out after`,
//! REPORT's `Status: timeout`).
//!
//! Opens when the time-outs among the invocations that began in the last 5 minutes and have ended
//! are at least 5, at least 1 % and more than chance against up to an hour before: three times their
//! share, and 4 standard deviations above it. Where nothing is known of the time before, from 10 %
//! and 10 on; of a function that is called rarely, when most of the last 15 minutes' time out. A
//! level is no incident: a function that always had 2 % has no finding.
//!
//! It begins with the first time-out of the minutes, one after the other, that have more than
//! before. It is over when of the invocations of 5 minutes that must have ended by now about as few
//! time out as before; of a function that is called rarely, when none of 15 minutes does.

use crate::model::{
    Basis, Certainty, Claim, ClaimStanding, Evidence, FindingKind, FindingSize, Outcome, Severity, Timestamp,
    Verdict, Window,
};
use crate::query::{Subject, Tally};

use super::{Clock, Detector, Scene, Told, rules, words};

const MINUTE: i64 = 60_000;

/// The detector.
pub struct Timeout;

impl Detector for Timeout {
    fn kind(&self) -> FindingKind {
        FindingKind::Timeout
    }

    fn step(&self, open: Option<&Claim>, subject: &Subject<'_>, _scene: &Scene) -> Option<Verdict> {
        match open {
            None => {
                let since = begins(subject)?;
                Some(Verdict::Opened(Claim { since, basis: Basis::Timeouts }))
            }
            Some(claim) => {
                let bad = goes_on(subject, claim.since);
                (!bad).then(|| Verdict::Closed { until: last(subject, claim.since) })
            }
        }
    }

    fn tell(&self, standing: &ClaimStanding, subject: &Subject<'_>, clock: Clock<'_>) -> Told {
        let since = standing.claim.since;
        let to = standing.until.map_or(subject.at(), |until| until.min(subject.at())).plus(1);
        let now = subject.tally(Window { from: since, to });
        let before = rules::before(subject, since);
        let mut timed_out = subject
            .invocations(Window { from: since, to })
            .filter(|seen| seen.outcome == Some(Outcome::Timeout));
        let first = timed_out.next();
        let evidence = first.into_iter().chain(timed_out.take(2)).map(|seen| Evidence::Record(seen.origin));
        let timeout = first.and_then(|seen| seen.duration).or(subject.timeout());
        let share = now.timeouts / now.ended.max(1.0);
        let limit = timeout.map_or("its".into(), |timeout| format!("the {}", words::span(timeout.ms())));
        let then = match before {
            Some(before) => format!("{} before", words::count(before.timeouts)),
            None => "before: too few to say".to_string(),
        };
        let mut numbers =
            vec![("timeouts", now.timeouts), ("invocations", now.started), ("timed_out_share", share)];
        numbers.extend(timeout.map(|timeout| ("timeout_ms", timeout.ms())));
        numbers.extend(before.map(|before| ("timeouts_before", before.timeouts)));
        Told {
            qualifier: None,
            severity: if share >= rules::MOST_SHARE { Severity::Critical } else { Severity::Error },
            certainty: Certainty::Is,
            sentence: format!(
                "{} of {} since {} hit {limit} timeout, {} ({then})",
                words::count(now.timeouts),
                words::plural(now.started, "invocation"),
                clock(since),
                words::percent(share),
            ),
            numbers,
            size: FindingSize::Share(share),
            evidence: evidence.collect(),
            first_step: "open a timed-out invocation: its last line before the time-out, and what it waited for in its trace".to_string(),
        }
    }
}

/// Whether more time out than before.
fn worse(now: &Tally, before: Option<&Tally>) -> bool {
    rules::spikes(now.timeouts, now.ended, before.map(|before| before.timeouts / before.ended))
}

/// When time-outs began to be more than before, if they have.
fn begins(subject: &Subject<'_>) -> Option<Timestamp> {
    let at = subject.at();
    let (recent, rare) = (rules::last(at, rules::RECENT_MS), rules::last(at, rules::RECENT_RARE_MS));
    // Most functions have none, and that is known without counting.
    if subject.most_timeouts(rare).is_some_and(|most| f64::from(most) < rules::SPIKE_LEAST) {
        return None;
    }
    let mut now = subject.tally(recent);
    let mut from = recent.from;
    if now.timeouts < rules::SPIKE_LEAST {
        now = subject.tally(rare);
        from = rare.from;
        if now.timeouts < rules::SPIKE_LEAST || now.timeouts < rules::RARE_SHARE * now.ended {
            return None;
        }
    }
    let before = rules::before(subject, from);
    if !worse(&now, before.as_ref()) {
        return None;
    }
    let share = |tally: &Tally| tally.timeouts / tally.ended.max(1.0);
    let usual = before.map_or(0.0, |before| share(&before));
    let bad = usual + (share(&now) - usual) / 4.0;
    let is_bad = |minute: Timestamp| {
        let tally = subject.tally(Window { from: minute, to: minute.plus(MINUTE) });
        tally.timeouts >= 1.0 && share(&tally) >= bad
    };
    // The first bad minute, and those before that were as bad.
    let mut minute = from.floor(MINUTE);
    if is_bad(minute) {
        let earliest = minute.plus(-rules::BEFORE_MS);
        while minute > earliest && is_bad(minute.plus(-MINUTE)) {
            minute = minute.plus(-MINUTE);
        }
    } else {
        while minute < at && !is_bad(minute) {
            minute = minute.plus(MINUTE);
        }
    }
    let mut timed_out = subject.invocations(Window { from: minute, to: at }).filter(timed_out);
    Some(timed_out.next()?.start)
}

fn timed_out(seen: &crate::query::Seen) -> bool {
    seen.outcome == Some(Outcome::Timeout)
}

/// Whether time-outs are still more than before, as far as can be known by now.
fn goes_on(subject: &Subject<'_>, since: Timestamp) -> bool {
    let longest = subject.timeout().map_or(0, |timeout| timeout.ceil_ms());
    let ended = subject.at().plus(-longest);
    let now = subject.tally(rules::last(ended, rules::RECENT_MS));
    if ended.since(since) < rules::RECENT_MS || now.timeouts < 1.0 && now.ended < rules::SPIKE_LEAST {
        return subject.tally(rules::last(ended, rules::RECENT_RARE_MS)).timeouts > 0.0 || ended <= since;
    }
    let usual = rules::before(subject, since).map_or(0.0, |before| before.timeouts / before.ended);
    now.timeouts / now.ended.max(1.0) > (rules::OVER_RATIO * usual).max(rules::SPIKE_SHARE / 2.0)
}

/// The end of the last time-out.
fn last(subject: &Subject<'_>, since: Timestamp) -> Timestamp {
    let mut back = subject.before(subject.at().plus(1)).take_while(|seen| seen.start >= since);
    let last = back.find(timed_out);
    last.map_or(since, |seen| seen.start.plus(seen.duration.map_or(0, |took| took.ceil_ms())))
}
