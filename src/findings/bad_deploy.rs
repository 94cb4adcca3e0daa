//! `bad-deploy`: errors or latency begin with new code.
//!
//! Needs logs (the version of START and of the stream's name); of `$LATEST` also CloudTrail's
//! UpdateFunctionCode. Evidence: the new code against the old.
//!
//! A deploy is the first environment of a version that was not seen before, while another was, or an
//! audited change of the code; it is looked at for half an hour. The claim opens when, of at least
//! 20 invocations that began after it and ended, more fail than up to an hour before, by the rule of
//! time-outs (which are not counted here: they have a kind of their own, as failures in the init have); or when their median
//! duration is at least 1.7 times what it was and more than any 5 minutes of the hour before had by
//! a fifth. A deploy after which nothing is worse is none. It begins with the
//! first such failure, or with the deploy. It is over when the last 5 minutes are no worse than
//! before.

use crate::model::{
    Basis, Certainty, Claim, ClaimStanding, Code, Evidence, FindingKind, FindingSize, Outcome, Severity,
    Timestamp, Verdict, Window, Worse,
};
use crate::query::{Seen, Subject, Tally};

use super::{Clock, Detector, Scene, Told, rules, words};

/// The detector.
pub struct BadDeploy;

/// New code took over.
#[derive(Clone, Copy)]
struct Deploy {
    at: Timestamp,
    old: Code,
    new: Code,
}

impl Detector for BadDeploy {
    fn kind(&self) -> FindingKind {
        FindingKind::BadDeploy
    }

    fn step(&self, open: Option<&Claim>, subject: &Subject<'_>, _scene: &Scene) -> Option<Verdict> {
        match open {
            Some(claim) => over(subject, claim).map(|until| Verdict::Closed { until }),
            None => deploys(subject)
                .into_iter()
                .rev()
                .find_map(|deploy| judge(subject, deploy))
                .map(Verdict::Opened),
        }
    }

    fn tell(&self, standing: &ClaimStanding, subject: &Subject<'_>, clock: Clock<'_>) -> Told {
        let Basis::Deploy { old, new, at, worse } = standing.claim.basis else { return Told::nothing() };
        let since = standing.claim.since;
        let to = standing.until.unwrap_or(subject.at()).plus(1);
        let after = Window { from: at, to };
        let name = |code: Code, latest: &str| match code {
            Code::Version(name) => format!("version {}", subject.text(name)),
            Code::Latest => latest.to_string(),
        };
        let (new_name, old_name) = (name(new, "the new code"), name(old, "the code before"));
        let qualifier = match new {
            Code::Version(name) => Some(subject.text(name).to_string()),
            Code::Latest => Some("$LATEST".to_string()),
        };
        let audited = subject.code_changes(Window { from: at.plus(-rules::DEPLOY_TAKES_MS), to: at.plus(1) });
        let audited = audited.map(|(_, told)| Evidence::Told(told.to_string())).next();
        let (sentence, mut numbers, records, size) = match worse {
            Worse::Errors => {
                let tally = subject.tally(after);
                let failed = errors(&tally);
                let share = failed / tally.ended.max(1.0);
                let before = rules::before(subject, at).map_or(0.0, |before| errors(&before));
                let records: Vec<Seen> = subject.invocations(after).filter(failed_itself).take(3).collect();
                let kind = records.first().and_then(|seen| subject.error_type(seen.error?));
                let sentence = format!(
                    "{new_name} fails {} of {}, {}, since {}{}; {old_name} failed {}",
                    words::count(failed),
                    words::plural(tally.ended, "invocation"),
                    words::percent(share),
                    clock(since),
                    kind.map_or(String::new(), |kind| format!(" ({kind})")),
                    if before > 0.0 { words::count(before) } else { "none".to_string() },
                );
                let numbers = vec![
                    ("failures", failed),
                    ("invocations", tally.started),
                    ("failed_share", share),
                    ("failures_before", before),
                ];
                (sentence, numbers, records, FindingSize::Share(share))
            }
            Worse::Slower => {
                let now = median(subject, after).unwrap_or(0.0);
                let then = median(subject, rules::last(at, rules::BEFORE_MS)).unwrap_or(0.0);
                let records: Vec<Seen> = subject.invocations(after).take(3).collect();
                let sentence = format!(
                    "{new_name} takes {} in the median since {}; {old_name} took {}",
                    words::span(now),
                    clock(since),
                    words::span(then),
                );
                let factor = if then > 0.0 { now / then } else { 0.0 };
                let numbers = vec![("p50_ms", now), ("p50_before_ms", then), ("factor", factor)];
                (sentence, numbers, records, FindingSize::Factor(factor))
            }
        };
        if let Code::Version(name) = new
            && let Ok(version) = subject.text(name).parse()
        {
            numbers.push(("version", version));
        }
        Told {
            qualifier,
            severity: match size {
                FindingSize::Share(share) if share >= rules::MOST_SHARE => Severity::Critical,
                FindingSize::Share(_) => Severity::Error,
                FindingSize::Factor(_) | FindingSize::None => Severity::Warning,
            },
            certainty: Certainty::PointsTo,
            sentence,
            numbers,
            size,
            evidence: records.iter().map(|seen| Evidence::Record(seen.origin)).chain(audited).collect(),
            first_step: "roll the alias back to the version before, then compare the two".to_string(),
        }
    }
}

/// The deploys of the last half hour, in order.
fn deploys(subject: &Subject<'_>) -> Vec<Deploy> {
    let window = rules::last(subject.at(), rules::DEPLOY_MS);
    let versions = subject.versions();
    let mut deploys: Vec<Deploy> = versions
        .windows(2)
        .filter(|pair| window.holds(pair[1].0))
        .map(|pair| Deploy { at: pair[1].0, old: Code::Version(pair[0].1), new: Code::Version(pair[1].1) })
        .collect();
    // A version that is published takes over some seconds after its code was changed.
    for (at, _) in subject.code_changes(window) {
        let published = |deploy: &Deploy| (0..rules::DEPLOY_TAKES_MS).contains(&deploy.at.since(at));
        if !deploys.iter().any(published)
            && subject.before(subject.at()).next().is_some_and(|seen| subject.text(seen.version) == "$LATEST")
        {
            deploys.push(Deploy { at, old: Code::Latest, new: Code::Latest });
        }
    }
    deploys.sort_by_key(|deploy| deploy.at);
    deploys
}

/// Whether something is worse since a deploy.
fn judge(subject: &Subject<'_>, deploy: Deploy) -> Option<Claim> {
    let Deploy { at, old, new } = deploy;
    let after = Window { from: at, to: subject.at() };
    let now = subject.tally(after);
    if now.ended < rules::BEFORE_LEAST {
        return None;
    }
    let basis = |worse| Basis::Deploy { old, new, at, worse };
    // Without a time before there is nothing that it could be worse than.
    let before = rules::before(subject, at)?;
    if rules::spikes(errors(&now), now.ended, Some(errors(&before) / before.ended)) {
        // Code that fails while it is loaded is a kind of its own.
        let failures: Vec<Seen> =
            subject.invocations(after).filter(failed_itself).take(rules::LOOKED_AT).collect();
        let in_init = failures.iter().filter(|seen| seen.outcome == Some(Outcome::InitError)).count();
        if 2 * in_init >= failures.len() {
            return None;
        }
        let since = failures.first().map_or(at, |seen| seen.start);
        return Some(Claim { since, basis: basis(Worse::Errors) });
    }
    if now.ended < rules::SLOWER_LEAST {
        return None;
    }
    let usual = median(subject, rules::last(at, rules::BEFORE_MS))?;
    let now = median(subject, after)?;
    let slower = now >= rules::SLOWER_RATIO * usual && now - usual >= rules::SLOWER_MS;
    (slower && now >= rules::SLOWER_SPREAD * most(subject, at))
        .then(|| Claim { since: at, basis: basis(Worse::Slower) })
}

/// When it was over, if the last minutes are no worse than before.
fn over(subject: &Subject<'_>, claim: &Claim) -> Option<Timestamp> {
    let Basis::Deploy { at, worse, .. } = claim.basis else { return None };
    let recent = rules::last(subject.at(), rules::RECENT_MS);
    if recent.from < claim.since {
        return None;
    }
    let now = subject.tally(recent);
    if now.ended < rules::SPIKE_LEAST {
        return None;
    }
    let before = rules::before(subject, at)?;
    match worse {
        Worse::Errors => {
            let usual = errors(&before) / before.ended;
            let share = errors(&now) / now.ended;
            let well = share <= (rules::OVER_RATIO * usual).max(rules::SPIKE_SHARE / 2.0);
            let mut back = subject.before(subject.at()).take_while(|seen| seen.start >= claim.since);
            well.then(|| back.find(failed_itself).map_or(claim.since, |seen| seen.start))
        }
        Worse::Slower => {
            let usual = median(subject, rules::last(at, rules::BEFORE_MS))?;
            (median(subject, recent)? <= rules::SLOWER_OVER * usual).then_some(recent.from)
        }
    }
}

fn errors(tally: &Tally) -> f64 {
    tally.errors - tally.timeouts
}

fn failed_itself(seen: &Seen) -> bool {
    seen.outcome.is_some_and(|outcome| outcome.failed() && outcome != Outcome::Timeout)
}

/// The median duration in ms of the last invocations of a window.
fn median(subject: &Subject<'_>, window: Window) -> Option<f64> {
    let back = subject.before(window.to).take_while(|seen| seen.start >= window.from);
    let mut took: Vec<u32> =
        back.filter_map(|seen| seen.duration).map(|took| took.0).take(rules::MEDIAN_OF).collect();
    let middle = took.len().checked_sub(1)? / 2;
    Some(f64::from(*took.select_nth_unstable(middle).1) / 1_000.0)
}

/// The longest median of any 5 minutes of the hour before a deploy, in ms.
fn most(subject: &Subject<'_>, at: Timestamp) -> f64 {
    let windows = (0..rules::BEFORE_MS / rules::RECENT_MS)
        .map(|n| rules::last(at.plus(-n * rules::RECENT_MS), rules::RECENT_MS));
    let enough = windows.filter(|window| subject.tally(*window).ended >= rules::BEFORE_LEAST);
    enough.filter_map(|window| median(subject, window)).fold(0.0, f64::max)
}
