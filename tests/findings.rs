//! The kinds of findings: for each a capture that has it, one that nearly has, one that lacks the
//! source without which it can't be known; and the law of the design for what they say.

#![allow(clippy::unwrap_used)]

mod store_support;

use lamtop::findings::{self, TICK_MS, Watch};
use lamtop::model::{
    Change, Cold, End, EnvironmentId, EnvironmentInfo, ErrorId, Finding, FindingKind, FunctionId, InitKind,
    Invocation, Lines, MetricName, MetricPoint, Micros, NameId, Outcome, RequestId, Setting, SettingFact,
    SourceId, Statistics, Texts, Timestamp, When, Window,
};
use lamtop::query::Snapshot;
use proptest::prelude::*;
use store_support::{BASE, Fact, store_of};

const MINUTE: i64 = 60_000;
/// When what is wrong begins, after the beginning.
const ONSET: i64 = 20 * MINUTE;
const END: i64 = 40 * MINUTE;

fn texts() -> std::sync::Arc<Texts> {
    let mut texts = Texts::default();
    for name in ["$LATEST", "26", "27", "NameError", "stream"] {
        texts.names.id(name);
    }
    texts.errors.id(FunctionId(0), NameId(3), "", "");
    std::sync::Arc::new(texts)
}

/// What a function does: invocations at equal distances, each with its outcome.
struct Runs {
    function: u32,
    every_ms: i64,
    from: i64,
    to: i64,
}

const BUSY: Runs = Runs { function: 0, every_ms: 1_000, from: 0, to: END };
const OTHER: Runs = Runs { function: 1, every_ms: 500, from: 0, to: END };

impl Runs {
    /// `how` says of the nth, which begins at a time, its version, duration in ms and outcome.
    fn facts(&self, how: impl Fn(i64, i64) -> (u32, u32, Outcome)) -> Vec<Fact> {
        let mut facts = Vec::new();
        for (n, at) in (self.from..self.to).step_by(self.every_ms as usize).enumerate() {
            let (version, ms, outcome) = how(n as i64, at);
            let start = Timestamp(BASE + at);
            let end = start.plus(i64::from(ms));
            let offset = (u64::from(self.function) << 32) + 100 * n as u64;
            let first = Invocation {
                seq: offset,
                function: FunctionId(self.function),
                environment: None,
                version: NameId(version),
                request_id: RequestId(u128::from(offset)),
                attempt: 1,
                start,
                start_known: start,
                start_estimated: false,
                cold: Cold::No,
                trace: None,
                lines: Lines { source: SourceId(self.function), from: offset, to: offset + 100 },
                end: None,
            };
            let ended = End {
                at: end,
                known: end,
                duration: Some(Micros(ms * 1_000)),
                billed_ms: None,
                memory_mb: None,
                max_memory_mb: None,
                init: None,
                restore: None,
                outcome,
                error: outcome.failed().then_some(ErrorId(0)),
            };
            facts.push(Fact::Invocation(first, Change::Started));
            facts.push(Fact::Invocation(Invocation { end: Some(ended), ..first }, Change::Finished));
        }
        facts
    }

    fn well(&self) -> Vec<Fact> {
        self.facts(|_, _| (0, 50, Outcome::Ok))
    }
}

fn environment(id: u32, version: u32, at: i64) -> Fact {
    let at = Timestamp(BASE + at);
    Fact::Environment(EnvironmentInfo {
        id: EnvironmentId(id),
        function: FunctionId(0),
        stream: NameId(4),
        version: Some(NameId(version)),
        init_start: Some(at),
        kind: InitKind::OnDemand,
        runtime: None,
        first: at,
        known: at,
    })
}

fn metric(name: MetricName, minute: i64, value: f64) -> Fact {
    let start = Timestamp(BASE + minute * MINUTE);
    let value = Some(value);
    Fact::Metric(MetricPoint {
        function: Some(FunctionId(0)),
        name,
        start,
        period_ms: 60_000,
        known: start.plus(MINUTE + 90_000),
        statistics: Statistics { count: value, sum: value, max: value, ..Statistics::default() },
    })
}

fn set(setting: Setting, when: When, known: Timestamp, told: std::sync::Arc<str>) -> Fact {
    Fact::Setting(SettingFact { function: Some(FunctionId(0)), qualifier: None, setting, when, known, told })
}

fn limit(limit: u32) -> Fact {
    let told = format!("limit {limit}").into();
    let setting = Setting::Reserved(Some(limit));
    set(setting, When::Found { since: None }, Timestamp::MIN, told)
}

/// A minute's Invocations, ConcurrentExecutions and Throttles, over all minutes.
fn metrics(throttles: impl Fn(i64) -> f64, concurrency: f64) -> Vec<Fact> {
    let minute = |minute: i64| {
        [
            metric(MetricName::Invocations, minute, 60.0),
            metric(MetricName::ConcurrentExecutions, minute, concurrency),
            metric(MetricName::Throttles, minute, throttles(minute)),
        ]
    };
    (0..END / MINUTE).flat_map(minute).collect()
}

fn judged<'a>(facts: impl IntoIterator<Item = &'a Fact>, to: i64) -> Snapshot {
    let mut snapshot = store_of(2, facts, 1 << 30).snapshot(texts());
    let mut watch = Watch::new(findings::ALL);
    let to = Timestamp(to).plus(TICK_MS - 1).floor(TICK_MS);
    while watch.keep_up(&mut snapshot, Timestamp::NEVER, Some(to)) {}
    snapshot
}

fn as_of(snapshot: &Snapshot, at: i64) -> Vec<Finding> {
    let clock = |time: Timestamp| time.to_string()[11..16].to_string();
    let all = Window { from: Timestamp::MIN, to: Timestamp::NEVER };
    findings::as_of(snapshot, findings::ALL, all, Timestamp(at), &clock)
}

/// Kind, minutes and seconds of `since` after the beginning, whether it lasts, and the sentence.
fn found(facts: &[Fact]) -> Vec<(FindingKind, i64, bool, String)> {
    let snapshot = judged(facts, BASE + END);
    let found = as_of(&snapshot, BASE + END);
    assert!(found.iter().all(|finding| &*finding.name == "fn-0" && !finding.evidence.is_empty()));
    let row = |f: Finding| (f.kind, (f.since.0 - BASE) / 1_000, f.until.is_none(), f.sentence);
    found.into_iter().map(row).collect()
}

fn timing_out(share: i64, until: i64) -> Vec<Fact> {
    BUSY.facts(|n, at| match at >= ONSET && at < until && n % 100 < share {
        true => (0, 3_000, Outcome::Timeout),
        false => (0, 50, Outcome::Ok),
    })
}

#[test]
fn timeouts_that_begin_are_found() {
    let sentence = "600 of 1,200 invocations since 08:20 hit the 3 s timeout, 50 % (0 before)".to_string();
    let even = BUSY.facts(|n, at| match at >= ONSET && n % 2 == 0 {
        true => (0, 3_000, Outcome::Timeout),
        false => (0, 50, Outcome::Ok),
    });
    let [(kind, since, lasts, said)] = &found(&even)[..] else { panic!() };
    assert_eq!((*kind, *since, *lasts), (FindingKind::Timeout, 1_200, true));
    // The last has not ended yet, or has: it counts as begun in both.
    assert_eq!(said.replace("599", "600"), sentence);
}

#[test]
fn timeouts_that_end_are_closed_once_and_chance_is_none() {
    let [(kind, _, lasts, said)] = &found(&timing_out(30, ONSET + 5 * MINUTE))[..] else { panic!() };
    assert_eq!((*kind, *lasts), (FindingKind::Timeout, false), "{said}");
    assert_eq!(judged(&timing_out(30, ONSET + 5 * MINUTE), BASE + END).findings.changes.len(), 2);
    // A level that was always there, and a few.
    let level = BUSY.facts(|n, _| (0, 3_000, if n % 50 == 7 { Outcome::Timeout } else { Outcome::Ok }));
    assert_eq!(found(&level), []);
    assert_eq!(found(&timing_out(30, ONSET + 4_000)), []);
    // Metrics alone do not tell why.
    let failed: Vec<Fact> = (0..40).map(|minute| metric(MetricName::Errors, minute, 9.0)).collect();
    assert_eq!(found(&failed), []);
}

#[test]
fn refusals_at_the_reserved_limit_are_found() {
    let refused = |minute| if minute >= 20 { 30.0 } else { 0.0 };
    let mut facts = metrics(refused, 3.0);
    assert_eq!(found(&facts), [], "no limit is known");
    facts.push(limit(3));
    let want = "540 requests refused since 08:20, 33 % of all, running at its reserved limit of 3";
    assert_eq!(found(&facts), [(FindingKind::ThrottledReserved, 1_200, true, want.to_string())]);
    *facts.last_mut().unwrap() = limit(10);
    assert_eq!(found(&facts), [], "it has room: something else refuses");
    let mut always = metrics(|_| 30.0, 3.0);
    always.push(limit(3));
    let since: Vec<i64> = found(&always).iter().map(|found| found.1).collect();
    assert_eq!(since, [0], "where nothing is known of before, many are enough");
    let mut over = metrics(|minute| if (10..14).contains(&minute) { 30.0 } else { 0.0 }, 3.0);
    over.push(limit(3));
    let [(_, 600, false, said)] = &found(&over)[..] else { panic!() };
    assert!(said.starts_with("120 requests"), "{said}");
}

fn deploying(new: impl Fn(i64) -> (u32, Outcome)) -> Vec<Fact> {
    let mut facts = vec![environment(0, 1, 0), environment(1, 2, ONSET)];
    facts.extend(BUSY.facts(|n, at| match at >= ONSET {
        true => {
            let (ms, outcome) = new(n);
            (2, ms, outcome)
        }
        false => (1, 50, Outcome::Ok),
    }));
    facts
}

#[test]
fn a_deploy_that_is_worse_is_found() {
    let failing = |n: i64| (50, if n % 4 == 0 { Outcome::Error } else { Outcome::Ok });
    let want =
        "version 27 fails 300 of 1,200 invocations, 25 %, since 08:20 (NameError); version 26 failed none";
    assert_eq!(found(&deploying(failing)), [(FindingKind::BadDeploy, 1_200, true, want.to_string())]);
    let want = "version 27 takes 120 ms in the median since 08:20; version 26 took 50 ms";
    assert_eq!(
        found(&deploying(|_| (120, Outcome::Ok))),
        [(FindingKind::BadDeploy, 1_200, true, want.to_string())]
    );
    assert_eq!(found(&deploying(|_| (60, Outcome::Ok))), [], "a little slower");
    assert_eq!(found(&deploying(|n| (50, if n == 1_300 { Outcome::Error } else { Outcome::Ok }))), []);
    // The same failures without a deploy.
    let mut facts = deploying(failing);
    facts.retain(|fact| !matches!(fact, Fact::Environment(_)));
    assert_eq!(found(&facts), []);
    // On $LATEST only the audit trail tells.
    let latest =
        BUSY.facts(|n, at| (0, 50, if at >= ONSET && n % 4 == 0 { Outcome::Error } else { Outcome::Ok }));
    assert_eq!(found(&latest), []);
    let at = Timestamp(BASE + ONSET - 500);
    let code = set(Setting::Code, When::Changed(at), at, "CloudTrail".into());
    let facts: Vec<Fact> = latest.into_iter().chain([code]).collect();
    let [(FindingKind::BadDeploy, 1_200, true, said)] = &found(&facts)[..] else { panic!() };
    assert!(said.starts_with("the new code fails 300 of"), "{said}");
}

#[test]
fn a_rhythm_that_stops_is_found() {
    let clock = Runs { every_ms: MINUTE, to: ONSET, ..BUSY };
    let with = |runs: &Runs| [runs.well(), OTHER.well()].concat();
    let want = "ran every 60 s 20 times, then not for 21 minutes (21 missed): no errors seen";
    assert_eq!(found(&with(&clock)), [(FindingKind::Silence, 1_200, true, want.to_string())]);
    assert_eq!(found(&clock.well()), [], "nothing else lives: the source may be silent");
    let mut back = with(&clock);
    back.extend(Runs { every_ms: MINUTE, from: ONSET + 8 * MINUTE, ..BUSY }.well().into_iter().map(|fact| {
        let Fact::Invocation(mut invocation, change) = fact else { return fact };
        invocation.seq += 1 << 20;
        Fact::Invocation(invocation, change)
    }));
    let want = "ran every 60 s 20 times, then not for 9 minutes (8 missed): no errors seen";
    assert_eq!(found(&back), [(FindingKind::Silence, 1_200, false, want.to_string())]);
    // Bursts and traffic have no rhythm.
    let mut bursts = OTHER.well();
    for burst in 0..4 {
        let from = burst * 4 * MINUTE;
        bursts.extend(Runs { every_ms: 7_000 + burst, from, to: from + 30_000, ..BUSY }.well());
    }
    assert_eq!(found(&bursts), []);
    // A batch that was worked off.
    let batch = Runs { every_ms: 1_000, from: ONSET - 5 * MINUTE, to: ONSET, ..BUSY };
    assert_eq!(found(&with(&batch)), []);
    // Refused requests say why nothing runs.
    let refused = metrics(|minute| if minute >= 20 { 1.0 } else { 0.0 }, 1.0);
    assert_eq!(found(&[with(&clock), refused].concat()), []);
}

#[test]
fn what_was_new_once_is_not_new_again() {
    let mut snapshot = store_of(2, &BUSY.well(), 1 << 30).snapshot(texts());
    let mut watch = Watch::new(findings::ALL);
    assert!(!watch.keep_up(&mut snapshot, Timestamp(BASE), Some(Timestamp(BASE + END))));
    // More than is done in one go, over content that was told before.
    let late = Some(Timestamp(BASE + END + 59 * MINUTE));
    let calls = (0..9).take_while(|_| watch.keep_up(&mut snapshot, Timestamp(BASE), late)).count();
    assert!(calls < 9, "it goes back for ever");
    assert_eq!(snapshot.findings.judged, late);
}

fn stories() -> Vec<Vec<Fact>> {
    let clock = Runs { every_ms: MINUTE, to: ONSET, ..BUSY };
    let mut refused = metrics(|minute| if (10..25).contains(&minute) { 30.0 } else { 0.0 }, 3.0);
    refused.push(limit(3));
    vec![
        timing_out(30, ONSET + 5 * MINUTE),
        refused,
        deploying(|n| (50, if n % 4 == 0 { Outcome::Error } else { Outcome::Ok })),
        [clock.well(), OTHER.well()].concat(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Findings as of T from everything are those from what was known by T, to the last word.
    #[test]
    fn findings_as_of_t_are_those_of_what_was_known_by_t(story in 0usize..4, at in ONSET / 2..END) {
        let (facts, at) = (&stories()[story], BASE + at);
        let all = as_of(&judged(facts, BASE + END), at);
        let known: Vec<&Fact> = facts.iter().filter(|fact| fact.known() <= Timestamp(at)).collect();
        let live = as_of(&judged(known, at / TICK_MS * TICK_MS), at);
        prop_assert_eq!(all, live);
    }
}
