//! `lamtop doctor`: what each thing was taken for, what could not be read, and what is missing for
//! which panel, in words.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::output::harmless;
use super::run::{Lines, ReportError, read_noting};
use super::sources::{Tallies, medium};
use crate::decode::Wanted;
use crate::model::{
    CallFact, Change, DeliveryFact, FactSink, FunctionId, Invocation, MetricName, MetricPoint, Origin,
    OtherId, OtherMetric, SegmentDocument, Setting, SettingFact, SourceId, Timestamp, TraceId, is_throttle,
};
use crate::source::SourceInfo;

/// Functions that are named.
const NAMED: usize = 20;

/// What was found of what panels need.
#[derive(Default)]
struct Found {
    functions: Vec<String>,
    logged: BTreeSet<FunctionId>,
    metered: BTreeMap<MetricName, BTreeSet<Option<FunctionId>>>,
    traces: BTreeSet<TraceId>,
    traced: BTreeSet<FunctionId>,
    others: u64,
    deliveries: u64,
    /// Functions of which CloudTrail tells of throttled calls.
    refused: BTreeSet<FunctionId>,
    /// Functions by the limits that are told of them; `None` is the account.
    limits: BTreeMap<&'static str, BTreeSet<Option<FunctionId>>>,
    changes: u64,
}

impl FactSink for Found {
    fn function(&mut self, _id: FunctionId, name: &str) {
        self.functions.push(name.to_string());
    }

    fn invocation(&mut self, invocation: &Invocation, _change: Change) {
        self.logged.insert(invocation.function);
    }

    fn metric(&mut self, point: &MetricPoint) {
        self.metered.entry(point.name).or_default().insert(point.function);
    }

    fn other_metric(&mut self, _id: OtherId, _metric: &OtherMetric) {
        self.others += 1;
    }

    fn segment(
        &mut self,
        trace: TraceId,
        function: Option<FunctionId>,
        _known: Timestamp,
        _document: &SegmentDocument,
        _origin: Origin,
    ) {
        self.traces.insert(trace);
        self.traced.extend(function);
    }

    fn setting(&mut self, fact: SettingFact) {
        let limit = match fact.setting {
            Setting::Timeout(_) => "timeout",
            Setting::Reserved(_) => "reserved concurrency",
            Setting::Provisioned(_) => "provisioned concurrency",
            Setting::AccountLimit(_) => "account limit",
            _ => {
                self.changes += u64::from(matches!(fact.when, crate::model::When::Changed(_)));
                return;
            }
        };
        self.limits.entry(limit).or_default().insert(fact.function);
    }

    fn call(&mut self, call: &CallFact) {
        if call.refused.as_deref().is_some_and(is_throttle) {
            self.refused.insert(call.function);
        }
    }

    fn delivery(&mut self, _fact: DeliveryFact) {
        self.deliveries += 1;
    }
}

/// Reads what the paths name and says what it is and what is missing.
pub fn examine(paths: &[String], out: impl Write) -> Result<(), ReportError> {
    let mut out = io::BufWriter::new(out);
    let (mut found, mut tallies) = (Found::default(), Tallies::default());
    let input = read_noting(paths, Wanted::All, &mut found, |record| tallies.note(record))?;
    for trouble in input.troubles() {
        writeln!(out, "{}", harmless(trouble))?;
    }
    sources(&input.sources, &tallies, &mut out)?;
    writeln!(out)?;
    functions(&found, &mut out)?;
    writeln!(out)?;
    for (panel, told) in panels(&found) {
        writeln!(out, "{panel:<12} {told}")?;
    }
    out.flush()?;
    Ok(())
}

fn sources(all: &BTreeMap<SourceId, SourceInfo>, tallies: &Tallies, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines::of(all);
    for info in all.values() {
        let label = harmless(&info.label);
        let Some(tally) = tallies.of(info.id) else {
            writeln!(out, "{label}: {}, nothing in it", medium(info.kind))?;
            continue;
        };
        let holds = match (tally.records(), tally.only_text()) {
            (0, _) => "nothing that could be read".to_string(),
            (n, true) => format!("{n} lines of text, no record of Lambda: is it a log of something else?"),
            _ => tally.holds(),
        };
        let time = tally.span().map(|(first, last)| format!("; {first} to {last}")).unwrap_or_default();
        writeln!(out, "{label}: {}, {holds}{time}", medium(info.kind))?;
        if tally.bad > 0 {
            writeln!(out, "  could not be read: {}", tally.bad)?;
        }
        for (origin, reason) in &tally.first_bad {
            let line = lines.of_origin(*origin).map_or_else(String::new, |line| format!("line {line}, "));
            writeln!(out, "    {line}byte {}: {}", origin.offset, harmless(reason))?;
        }
        if tally.bad > tally.first_bad.len() as u64 {
            writeln!(out, "    … (lamtop report --list bad shows all)")?;
        }
        for (from, minutes) in tally.gaps() {
            writeln!(out, "  no record for {minutes} min from {from} on")?;
        }
    }
    Ok(())
}

fn functions(found: &Found, out: &mut dyn Write) -> io::Result<()> {
    let mut names: Vec<&str> = found.functions.iter().map(String::as_str).collect();
    names.sort_unstable();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    writeln!(out, "{}: {}{more}", count(found.functions.len(), "function"), harmless(&names.join(", ")))
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// Each panel: where it has its numbers from, or what to give it.
fn panels(found: &Found) -> Vec<(&'static str, String)> {
    const LOGS: &str = "logs, for example what aws logs tail GROUP prints";
    const METRICS: &str = "CloudWatch metrics, for example the files of a metric stream, or aws cloudwatch get-metric-data with FUNCTION METRIC as labels";
    let metered = |name: MetricName| found.metered.get(&name).map_or(0, |of| of.iter().flatten().count());
    let from = |name: MetricName| {
        let sources: Vec<String> =
            [(found.logged.len(), "logs of "), (metered(name), "CloudWatch metrics of ")]
                .into_iter()
                .filter(|(n, _)| *n > 0)
                .map(|(n, source)| format!("{source}{}", count(n, "function")))
                .collect();
        match sources.is_empty() {
            true => format!("no source; give {LOGS}, or {METRICS}"),
            false => sources.join(", "),
        }
    };
    let throttles = match (metered(MetricName::Throttles), found.refused.len()) {
        (0, 0) => format!("no source: throttled requests never run and are in no log; give {METRICS}"),
        (0, n) => format!(
            "calls that CloudTrail logs of {}: there may be others; give {METRICS}",
            count(n, "function")
        ),
        (n, _) => format!("CloudWatch metrics of {}", count(n, "function")),
    };
    let traces = match found.traces.len() {
        0 => {
            "no source; give X-Ray segments or OTLP spans, for example what aws xray batch-get-traces prints"
                .to_string()
        }
        n => format!("{}, segments of {}", count(n, "trace"), count(found.traced.len(), "function")),
    };
    let told = found.limits.iter().map(|(limit, of)| match of.iter().flatten().count() {
        0 => (*limit).to_string(),
        n => format!("{limit} of {}", count(n, "function")),
    });
    let limits = match found.limits.is_empty() {
        true => "no source; give what aws lambda list-functions, get-account-settings, and get-function-concurrency (in a file named after the function) print".to_string(),
        false => told.collect::<Vec<_>>().join(", "),
    };
    let changes = match found.changes {
        0 => "no source; give CloudTrail's files or events".to_string(),
        n => count(usize::try_from(n).unwrap_or(usize::MAX), "change"),
    };
    let mut all = vec![
        ("Invocations", from(MetricName::Invocations)),
        ("Duration", from(MetricName::Duration)),
        ("Errors", from(MetricName::Errors)),
        ("Throttles", throttles),
        ("Concurrency", from(MetricName::ConcurrentExecutions)),
        ("Traces", traces),
        ("Limits", limits),
        ("Deploys", changes),
    ];
    if found.others > 0 {
        all.push(("Others", count(usize::try_from(found.others).unwrap_or(usize::MAX), "other metric")));
    }
    if found.deliveries > 0 {
        let n = usize::try_from(found.deliveries).unwrap_or(usize::MAX);
        all.push(("Async", format!("{} of asynchronous events", count(n, "end"))));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Statistics, Timestamp};

    #[test]
    fn what_is_missing_is_said_with_what_to_give() {
        let told = |found: &Found| -> BTreeMap<&'static str, String> { panels(found).into_iter().collect() };
        let nothing = told(&Found::default());
        assert!(nothing.values().all(|words| words.starts_with("no source")), "{nothing:?}");
        let mut found = Found::default();
        found.function(FunctionId(0), "pay");
        let statistics = Statistics { sum: Some(1.0), ..Statistics::default() };
        let point = |name| MetricPoint {
            function: Some(FunctionId(0)),
            name,
            start: Timestamp(0),
            period_ms: 60_000,
            known: Timestamp(0),
            statistics,
        };
        found.metric(&point(MetricName::Throttles));
        let some = told(&found);
        assert_eq!(some["Throttles"], "CloudWatch metrics of 1 function");
        assert!(some["Invocations"].starts_with("no source; give logs"));
    }
}
