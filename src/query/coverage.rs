//! What the sources come to: from what each panel has its numbers or what would give it some, how far logs
//! and metrics cover each other, what is lost. One answer for the screen and for `lamtop doctor`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{FunctionId, Setting, SettingFact, Timestamp, When, Window};
use crate::store::{FunctionData, Health, Metrics, Snapshot};

use super::asof::AsOf;
use super::figures::{Check, check};
use super::select::Member;
use super::{apart, points, refused};

/// Functions of one kind that are named.
const NAMED: usize = 20;

/// What of logs is given.
const LOGS: &str = "logs, for example what aws logs tail GROUP prints";
/// What of metrics is given.
const METRICS: &str = "CloudWatch metrics, for example the files of a metric stream, or aws cloudwatch get-metric-data with FUNCTION METRIC as labels";

/// What is asked of the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoverageRequest {
    /// The time as of which it is asked.
    pub as_of: Timestamp,
    /// In which logs and metrics are compared.
    pub window: Window,
}

/// From what a panel has its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanelSource {
    /// The panel.
    pub panel: &'static str,
    /// Whether anything tells it.
    pub told: bool,
    /// What tells it, or `no source` and what to give.
    pub words: String,
}

/// Some functions: the first by name, and how many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Their names, unsanitised.
    pub names: Vec<Arc<str>>,
    /// How many there are.
    pub count: usize,
}

impl Named {
    fn of(mut names: Vec<Arc<str>>) -> Self {
        names.sort_unstable();
        let count = names.len();
        names.truncate(NAMED);
        Self { names, count }
    }
}

/// A function whose logs tell of other invocations than its metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct Apart {
    /// The function.
    pub name: Arc<str>,
    /// How many CloudWatch counts.
    pub metered: u64,
    /// How many the logs tell of.
    pub logged: u64,
}

/// What the sources come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// The panels, each with what tells it.
    pub panels: Vec<PanelSource>,
    /// Functions of which both logs and metrics tell.
    pub both: usize,
    /// Functions of which only logs tell.
    pub logs_only: Named,
    /// Functions of which only metrics tell.
    pub metrics_only: Named,
    /// In which minutes of theirs both were compared.
    pub window: Window,
    /// Invocations of the functions with both, in minutes that are closed: by their metrics and by their logs;
    /// `None` where no such minute is known.
    pub compared: Option<(u64, u64)>,
    /// The functions of which the two differ, those that lack most first.
    pub apart: Vec<Apart>,
    /// How many more there are.
    pub more_apart: usize,
    /// Records that were lost before they reached what is read, as the platform says.
    pub lost: u64,
    /// Nothing before this has been read yet.
    pub read_from: Option<Timestamp>,
    /// What is held and what was let go, by now.
    pub kept: Health,
}

/// What the sources come to as of a time.
pub fn coverage(snapshot: &Snapshot, request: &CoverageRequest) -> Coverage {
    let asof = AsOf::new(snapshot, request.as_of);
    let (mut both, mut logs_only, mut metrics_only) = (Vec::new(), Vec::new(), Vec::new());
    for (id, function) in asof.functions() {
        match (asof.has_logs(function), metered(asof, &function.metrics)) {
            (true, true) => both.push(Member { id, function, filter: None }),
            (true, false) => logs_only.push(function.name.clone()),
            (false, true) => metrics_only.push(function.name.clone()),
            (false, false) => {}
        }
    }
    let checks = apart::each(both.iter(), |member| check(asof, member, request.window).0);
    let all = checks.iter().fold(Check::default(), |all, check| all.and(*check));
    let mut apart: Vec<Apart> = both
        .iter()
        .zip(&checks)
        .filter(|(_, check)| check.missing || check.metric.round() != check.logs.round())
        .map(|(member, check)| Apart {
            name: member.function.name.clone(),
            metered: check.metric.round() as u64,
            logged: check.logs.round() as u64,
        })
        .collect();
    apart.sort_by(|a, b| {
        let lacks = |of: &Apart| of.metered.abs_diff(of.logged);
        (lacks(b), &a.name).cmp(&(lacks(a), &b.name))
    });
    let more_apart = apart.len().saturating_sub(NAMED);
    apart.truncate(NAMED);
    let counted = all.metric > 0.0 || all.logs > 0.0;
    Coverage {
        panels: panels(asof),
        both: both.len(),
        logs_only: Named::of(logs_only),
        metrics_only: Named::of(metrics_only),
        window: request.window,
        compared: counted.then(|| (all.metric.round() as u64, all.logs.round() as u64)),
        apart,
        more_apart,
        lost: lost(asof),
        read_from: snapshot.read_from,
        kept: snapshot.health,
    }
}

/// Whether CloudWatch counts a function's invocations.
fn metered(asof: AsOf<'_>, metrics: &Metrics) -> bool {
    points::any(asof, &metrics.invocations)
}

fn lost(asof: AsOf<'_>) -> u64 {
    let of = |drops: &[(Timestamp, u64)]| -> u64 {
        drops.iter().take_while(|(known, _)| *known <= asof.at).map(|(_, count)| count).sum()
    };
    of(&asof.snapshot.dropped) + asof.functions().map(|(_, function)| of(&function.dropped)).sum::<u64>()
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// Each panel: where it has its numbers from, or what to give it.
fn panels(asof: AsOf<'_>) -> Vec<PanelSource> {
    let functions: Vec<(FunctionId, &FunctionData)> = asof.functions().collect();
    let number = |has: &dyn Fn(&FunctionData) -> bool| functions.iter().filter(|(_, of)| has(of)).count();
    let logged = number(&|function| asof.has_logs(function));
    let from = |metered: usize| {
        let sources: Vec<String> = [(logged, "logs of "), (metered, "CloudWatch metrics of ")]
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, source)| format!("{source}{}", count(n, "function")))
            .collect();
        match sources.is_empty() {
            true => Err(format!("no source; give {LOGS}, or {METRICS}")),
            false => Ok(sources.join(", ")),
        }
    };
    let throttled = number(&|function| points::any(asof, &function.metrics.throttles));
    let called = number(&|function| refused::any(asof, function));
    let throttles = match (throttled, called) {
        (0, 0) => Err(format!("no source: throttled requests never run and are in no log; give {METRICS}")),
        (0, n) => Ok(format!(
            "calls that CloudTrail logs of {}: there may be others; give {METRICS}",
            count(n, "function")
        )),
        (n, _) => Ok(format!("CloudWatch metrics of {}", count(n, "function"))),
    };
    let found = asof.snapshot;
    let traces = match found.traces.iter().filter(|trace| trace.first_known <= asof.at).count() {
        0 => Err(
            "no source; give X-Ray segments or OTLP spans, for example what aws xray batch-get-traces prints"
                .to_string(),
        ),
        n => {
            let of = number(&|function| function.traces_known <= asof.at);
            Ok(format!("{}, segments of {}", count(n, "trace"), count(of, "function")))
        }
    };
    let (limits, changes) = settings(asof, &functions);
    let changes = match changes {
        0 => Err("no source; give CloudTrail's files or events".to_string()),
        n => Ok(count(n, "change")),
    };
    let mut all = vec![
        ("Invocations", from(number(&|function| metered(asof, &function.metrics)))),
        ("Duration", from(number(&|function| points::any(asof, &function.metrics.durations)))),
        ("Errors", from(number(&|function| points::any(asof, &function.metrics.errors)))),
        ("Throttles", throttles),
        ("Concurrency", from(number(&|function| points::any(asof, &function.metrics.concurrency)))),
        ("Traces", traces),
        ("Limits", limits),
        ("Deploys", changes),
    ];
    let others = found.others.iter().filter(|series| series.first_known <= asof.at).count();
    if others > 0 {
        all.push(("Others", Ok(count(others, "other metric"))));
    }
    let ends = found.deliveries.known(asof.at);
    if ends > 0 {
        all.push(("Async", Ok(format!("{} of asynchronous events", count(ends, "end")))));
    }
    let source = |(panel, words): (&'static str, Result<String, String>)| PanelSource {
        panel,
        told: words.is_ok(),
        words: words.unwrap_or_else(|no_source| no_source),
    };
    all.into_iter().map(source).collect()
}

/// What tells limits, and how many changes are known.
fn settings(asof: AsOf<'_>, functions: &[(FunctionId, &FunctionData)]) -> (Result<String, String>, usize) {
    const ACCOUNT: &str = "account limit";
    // `None` is the account.
    let mut limits: BTreeMap<&'static str, BTreeSet<Option<FunctionId>>> = BTreeMap::new();
    let mut changes = 0;
    let mut note = |of: Option<FunctionId>, facts: &[SettingFact]| {
        for fact in facts {
            let limit = match fact.setting {
                Setting::Timeout(_) => "timeout",
                Setting::Reserved(_) => "reserved concurrency",
                Setting::Provisioned(_) => "provisioned concurrency",
                Setting::AccountLimit(_) => ACCOUNT,
                _ => {
                    changes += usize::from(matches!(fact.when, When::Changed(_)));
                    continue;
                }
            };
            limits.entry(limit).or_default().insert(of);
        }
    };
    note(None, asof.snapshot.account.known(asof.at));
    for (id, function) in functions {
        note(Some(*id), function.settings.known(asof.at));
    }
    let told = limits.iter().map(|(limit, of)| match of.iter().flatten().count() {
        0 => (*limit).to_string(),
        n => format!("{limit} of {}", count(n, "function")),
    });
    let told = match limits.is_empty() {
        true => Err("no source; give what aws lambda list-functions, get-account-settings, and get-function-concurrency (in a file named after the function) print".to_string()),
        false if limits.contains_key(ACCOUNT) => Ok(told.collect::<Vec<_>>().join(", ")),
        false => Ok(format!(
            "{}; how many may run at once in the account is not known: give what aws lambda get-account-settings prints",
            told.collect::<Vec<_>>().join(", ")
        )),
    };
    (told, changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FactSink, MetricName, MetricPoint, Statistics};
    use crate::query::made::{self, Attempt};

    const MINUTE: i64 = 60_000;

    fn point(function: u32, name: MetricName, minute: i64, sum: f64) -> MetricPoint {
        let start = Timestamp(minute * MINUTE);
        MetricPoint {
            function: Some(FunctionId(function)),
            name,
            start,
            period_ms: MINUTE as u32,
            known: start.plus(MINUTE),
            statistics: Statistics { sum: Some(sum), ..Statistics::default() },
        }
    }

    fn at(snapshot: &Snapshot, minute: i64) -> Coverage {
        let as_of = Timestamp(minute * MINUTE);
        coverage(snapshot, &CoverageRequest { as_of, window: Window { from: Timestamp(0), to: as_of } })
    }

    fn told<'a>(coverage: &'a Coverage, panel: &str) -> &'a PanelSource {
        coverage.panels.iter().find(|of| of.panel == panel).unwrap()
    }

    #[test]
    fn what_is_missing_is_said_with_what_to_give() {
        let mut store = made::store(&[]);
        let nothing = at(&made::snapshot(&mut store), 10);
        assert!(nothing.panels.iter().all(|of| !of.told && of.words.starts_with("no source")), "{nothing:?}");
        assert_eq!((nothing.compared, nothing.both, nothing.lost), (None, 0, 0));
        store.metric(&point(0, MetricName::Throttles, 1, 1.0));
        let snapshot = made::snapshot(&mut store);
        let some = at(&snapshot, 10);
        assert_eq!(told(&some, "Throttles").words, "CloudWatch metrics of 1 function");
        assert!(told(&some, "Invocations").words.starts_with("no source; give logs"));
        // Before its minute was over nobody knew it.
        assert!(!told(&at(&snapshot, 1), "Throttles").told);
    }

    #[test]
    fn logs_and_metrics_are_held_against_each_other() {
        let runs: Vec<Attempt> = (0..5).map(|n| Attempt(60 + n, Some(1), n as u128, 1, false)).collect();
        let mut store = made::store(&runs);
        store.function(FunctionId(1), "metered");
        store.metric(&point(1, MetricName::Invocations, 1, 9.0));
        let logs = at(&made::snapshot(&mut store), 10);
        assert_eq!((logs.both, logs.compared), (0, None));
        assert_eq!(logs.logs_only, Named { names: vec!["f".into()], count: 1 });
        assert_eq!(logs.metrics_only, Named { names: vec!["metered".into()], count: 1 });
        store.metric(&point(0, MetricName::Invocations, 1, 7.0));
        let snapshot = made::snapshot(&mut store);
        let both = at(&snapshot, 10);
        assert_eq!((both.both, both.logs_only.count, both.compared), (1, 0, Some((7, 5))));
        assert_eq!(both.apart, [Apart { name: "f".into(), metered: 7, logged: 5 }]);
        // A minute that may still change is not compared.
        assert_eq!(at(&snapshot, 3).compared, None);
        store.metric(&point(0, MetricName::Invocations, 1, 5.0));
        let agree = at(&made::snapshot(&mut store), 10);
        assert_eq!((agree.compared, agree.apart.len()), (Some((5, 5)), 0));
    }
}
