//! Real samples of everything that may be fed, file by file: what comes out of each, with its
//! values. The samples lie outside the project; where they are missing the test says so.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lamtop::clock::Clock;
use lamtop::correlate::Correlator;
use lamtop::ingest;
use lamtop::model::{
    Bad, Body, CallFact, Change, Cold, DeliveryFact, EnvironmentInfo, FactSink, FunctionId, Invocation,
    Level, LineFact, MetricPoint, NameId, Origin, OtherId, OtherMetric, OtherPoint, Record, SegmentDocument,
    SegmentNode, Setting, SettingFact, Statistics, Texts, Timestamp, TraceId, When,
};
use lamtop::source::{self, Event};

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: ../shared/corpus is not here");
    None
}

/// Facts as they are told.
#[derive(Default)]
struct Facts {
    names: Vec<String>,
    invocations: BTreeMap<u64, Invocation>,
    environments: BTreeMap<u32, EnvironmentInfo>,
    lines: BTreeMap<(Option<FunctionId>, Level), u64>,
    others: Vec<(OtherMetric, Vec<OtherPoint>)>,
    metrics: Vec<MetricPoint>,
    segments: Vec<(TraceId, Option<FunctionId>, SegmentDocument)>,
    settings: Vec<SettingFact>,
    deliveries: Vec<DeliveryFact>,
    calls: Vec<CallFact>,
    dropped: Vec<(Option<FunctionId>, u64)>,
    bad: Vec<(Origin, String)>,
    /// Records of which nothing is kept, by name.
    known: BTreeMap<&'static str, u64>,
}

impl FactSink for Facts {
    fn function(&mut self, _id: FunctionId, name: &str) {
        self.names.push(name.to_string());
    }

    fn invocation(&mut self, invocation: &Invocation, _change: Change) {
        self.invocations.insert(invocation.seq, *invocation);
    }

    fn metric(&mut self, point: &MetricPoint) {
        self.metrics.push(*point);
    }

    fn other_metric(&mut self, _id: OtherId, metric: &OtherMetric) {
        self.others.push((metric.clone(), Vec::new()));
    }

    fn other_point(&mut self, point: &OtherPoint) {
        self.others[point.series.0 as usize].1.push(point.clone());
    }

    fn segment(
        &mut self,
        trace: TraceId,
        function: Option<FunctionId>,
        known: Timestamp,
        document: &SegmentDocument,
        _origin: Origin,
    ) {
        self.segments.push((trace, function, SegmentDocument { known, ..document.clone() }));
    }

    fn setting(&mut self, fact: SettingFact) {
        self.settings.push(fact);
    }

    fn delivery(&mut self, fact: DeliveryFact) {
        self.deliveries.push(fact);
    }

    fn call(&mut self, fact: &CallFact) {
        self.calls.push(fact.clone());
    }

    fn environment(&mut self, info: &EnvironmentInfo) {
        self.environments.insert(info.id.0, *info);
    }

    fn line(&mut self, line: &LineFact) {
        *self.lines.entry((line.function, line.level)).or_default() += 1;
    }

    fn dropped(&mut self, function: Option<FunctionId>, _known: Timestamp, records: u64) {
        self.dropped.push((function, records));
    }

    fn bad(&mut self, origin: Origin, _known: Option<Timestamp>, bad: &Bad) {
        self.bad.push((origin, bad.reason.clone()));
    }
}

fn other(body: &Body<'_>) -> Option<&'static str> {
    match body {
        Body::Other(name) => Some(name),
        Body::Recorded(recorded) => other(&recorded.record.body),
        _ => None,
    }
}

/// Values over several lines, each on one.
fn flat(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<serde::de::IgnoredAny>();
    let (mut out, mut from) = (Vec::new(), 0);
    while let Some(value) = values.next() {
        value.ok()?;
        let to = values.byte_offset();
        out.extend(bytes[from..to].trim_ascii().iter().map(|c| if *c == b'\n' { b' ' } else { *c }));
        out.push(b'\n');
        from = to;
    }
    Some(out)
}

/// Reads a file as `report` does.
fn read(path: &Path) -> (Facts, Correlator) {
    let folder = tempfile::tempdir().unwrap();
    let on_lines = std::fs::read(path).ok().and_then(|bytes| flat(&bytes));
    let copy = folder.path().join(path.file_name().unwrap());
    if let Some(on_lines) = &on_lines {
        std::fs::write(&copy, on_lines).unwrap();
    }
    let path = if on_lines.is_some() { &copy } else { path };
    let (mut facts, mut correlator) = (Facts::default(), Correlator::default());
    let paths = [path.to_str().unwrap().to_string()];
    let mut reading = source::pull(&source::paths(&paths), Clock::wall()).unwrap();
    ingest::in_turns(
        1,
        lamtop::decode::Wanted::All,
        || reading.next(),
        |event| match event {
            Event::Chunk(chunk) => Some(chunk),
            _ => None,
        },
        |event: &Event, records: &[Record<'_>]| {
            if let Event::Opened(info) = event {
                correlator.source(info.id, info.function.as_deref());
            }
            for name in records.iter().filter_map(|record| other(&record.body)) {
                *facts.known.entry(name).or_default() += 1;
            }
            correlator.records(records, &mut facts);
        },
        |_| {},
    );
    (facts, correlator)
}

struct Show<'a> {
    facts: &'a Facts,
    correlator: &'a Correlator,
    out: String,
}

impl Show<'_> {
    fn texts(&self) -> &Texts {
        self.correlator.texts()
    }

    fn name(&self, id: Option<FunctionId>) -> &str {
        id.map_or("-", |id| self.facts.names[id.0 as usize].as_str())
    }

    fn text(&self, id: Option<NameId>) -> &str {
        id.map_or("-", |id| self.texts().names.get(id))
    }

    fn all(mut self) -> String {
        for i in self.facts.invocations.values() {
            let mut line = format!(
                "invocation {} {} {} #{} {}{}",
                self.name(Some(i.function)),
                self.text(Some(i.version)),
                self.texts().ids.show_request(i.request_id),
                i.attempt,
                if i.start_estimated { "~" } else { "" },
                i.start,
            );
            match &i.end {
                None => line.push_str(" open"),
                Some(end) => {
                    let ms = |d: Option<lamtop::model::Micros>| {
                        d.map_or_else(|| "-".to_string(), |d| d.ms().to_string())
                    };
                    let n = |n: Option<u32>| n.map_or_else(|| "-".to_string(), |n| n.to_string());
                    let _ = write!(
                        line,
                        " {} {} ms billed {} mem {}/{} init {} restore {}",
                        end.outcome.word(),
                        ms(end.duration),
                        n(end.billed_ms),
                        n(end.max_memory_mb),
                        n(end.memory_mb),
                        ms(end.init),
                        ms(end.restore),
                    );
                    if let Some(error) = end.error.and_then(|error| self.texts().errors.get(error)) {
                        let _ = write!(line, " {}", self.text(Some(error.error_type)));
                        for more in [&error.frame, &error.message].into_iter().filter(|text| !text.is_empty())
                        {
                            let _ = write!(line, " | {more}");
                        }
                    }
                }
            }
            if i.cold != Cold::No {
                line.push_str(" cold");
            }
            if let Some(trace) = i.trace {
                let _ = write!(line, " trace {}", self.texts().ids.show_trace(trace));
            }
            self.put(&line);
        }
        for info in self.facts.environments.values() {
            let init = info.init_start.map_or_else(|| "-".to_string(), |at| at.to_string());
            let line = format!(
                "environment {} of {} {} {:?} {} init {init}",
                self.correlator.streams()(info.id),
                self.name(Some(info.function)),
                self.text(info.version),
                info.kind,
                self.text(info.runtime),
            );
            self.put(&line);
        }
        for ((function, level), n) in &self.facts.lines {
            let line = format!("lines of {} {level:?}: {n}", self.name(*function));
            self.put(&line);
        }
        for (function, n) in &self.facts.dropped {
            let line = format!("dropped of {}: {n}", self.name(*function));
            self.put(&line);
        }
        for point in &self.facts.metrics {
            let MetricPoint { start, period_ms, .. } = point;
            let line = format!(
                "metric {} {} {start}+{period_ms} {}",
                self.name(point.function),
                point.name.word(),
                told(&point.statistics)
            );
            self.put(&line);
        }
        for (metric, points) in &self.facts.others {
            let OtherMetric { namespace, name, dimensions, unit, .. } = metric;
            let line =
                format!("series {} {namespace} {name} [{dimensions}] {unit}", self.name(metric.function));
            self.put(&line);
            for point in points {
                let adds = if point.adds { " adds" } else { "" };
                let line = format!("  {}+{}{adds} {}", point.start, point.period_ms, told(&point.statistics));
                self.put(&line);
            }
        }
        for (trace, function, document) in &self.facts.segments {
            let line = format!(
                "segment of {} function {} parent {}{}",
                self.texts().ids.show_trace(*trace),
                self.name(*function),
                document.parent_id.as_deref().unwrap_or("-"),
                if document.subsegment { " alone" } else { "" },
            );
            self.put(&line);
            self.node(&document.root, 1);
        }
        for fact in &self.facts.settings {
            let when = match fact.when {
                When::Changed(at) => format!("changed {at}"),
                When::Found { since: Some(since) } => format!("found, since {since}"),
                When::Found { since: None } => "found".to_string(),
            };
            let of = fact.qualifier.as_deref().map_or_else(String::new, |q| format!(":{q}"));
            let line = format!("setting {}{of} {} {when}", self.name(fact.function), setting(&fact.setting));
            self.put(&line);
        }
        for fact in &self.facts.deliveries {
            let known = if fact.known == Timestamp::MIN { "-".to_string() } else { fact.known.to_string() };
            let line = format!(
                "delivery {} {} {} attempts {:?} error {:?} known {known}",
                self.name(fact.function),
                self.texts().ids.show_request(fact.request_id),
                fact.condition,
                fact.attempts,
                fact.error,
            );
            self.put(&line);
        }
        for fact in &self.facts.calls {
            let CallFact { by, refused, at, .. } = fact;
            let line = format!("call {} by {by} {at} refused {refused:?}", self.name(Some(fact.function)));
            self.put(&line);
        }
        for (name, n) in &self.facts.known {
            let line = format!("known: {name}: {n}");
            self.put(&line);
        }
        for (origin, reason) in &self.facts.bad {
            let line = format!("bad at {}+{}: {reason}", origin.offset, origin.len);
            self.put(&line);
        }
        self.out
    }

    fn node(&mut self, node: &SegmentNode, depth: usize) {
        let us = |us: Option<i64>| us.map_or_else(|| "-".to_string(), |us| us.to_string());
        let flags =
            [(node.flags.error, "error"), (node.flags.fault, "fault"), (node.flags.throttle, "throttle")];
        let mut words: Vec<String> =
            flags.iter().filter(|(is, _)| *is).map(|(_, word)| word.to_string()).collect();
        words.extend(node.in_progress.then(|| "in progress".to_string()));
        words.extend(node.inferred.then(|| "inferred".to_string()));
        words.extend(node.request_id.as_ref().map(|id| format!("request {id}")));
        words.extend(node.detail.as_ref().map(|detail| format!("detail {detail}")));
        words.extend(node.cause.as_ref().map(|cause| format!("cause {cause}")));
        let line = format!(
            "{}{} {} ({}) {}..{} {}",
            "  ".repeat(depth),
            node.id,
            node.name,
            node.origin.as_deref().or(node.namespace.as_deref()).unwrap_or("-"),
            us(node.start_us),
            us(node.end_us),
            words.join(", "),
        );
        self.put(&line);
        node.children.iter().for_each(|child| self.node(child, depth + 1));
    }

    /// What is foreign is shown harmless, and at a bearable length.
    fn put(&mut self, line: &str) {
        let shown: String = line.trim_end().chars().flat_map(char::escape_debug).take(400).collect();
        self.out.push_str(&shown.replace("\\\"", "\"").replace("\\'", "'"));
        self.out.push('\n');
    }
}

fn told(s: &Statistics) -> String {
    let all = [
        ("n", s.count),
        ("sum", s.sum),
        ("min", s.min),
        ("max", s.max),
        ("p50", s.p50),
        ("p90", s.p90),
        ("p99", s.p99),
    ];
    let told = all.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={value}")));
    told.collect::<Vec<_>>().join(" ")
}

fn setting(of: &Setting) -> String {
    match of {
        Setting::RoleMay { role, policy, statements } => format!("RoleMay {role} {policy} {statements:?}"),
        other => format!("{other:?}"),
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all.sort();
    all
}

/// What comes out of each file of a folder.
fn folder(name: &str) -> Option<String> {
    let folder = corpus()?.join(name);
    let mut out = String::new();
    for path in files(&folder) {
        let (facts, correlator) = read(&path);
        let shown = Show { facts: &facts, correlator: &correlator, out: String::new() }.all();
        let _ = write!(out, "== {}\n{shown}\n", path.strip_prefix(&folder).unwrap().display());
    }
    Some(out)
}

macro_rules! folders {
    ($($test:ident: $name:literal),* $(,)?) => {
        $(
            #[test]
            fn $test() {
                if let Some(told) = folder($name) {
                    insta::assert_snapshot!(told);
                }
            }
        )*
    };
}

folders! {
    platform_text: "platform-text",
    platform_json: "platform-json",
    runtime_errors: "runtime-errors",
    powertools_logger: "powertools-logger",
    logs_api: "logs-api",
    emf: "emf",
    insights: "insights",
    metric_stream: "metric-stream",
    cloudwatch_api: "cloudwatch-api",
    xray: "xray",
    otlp: "otlp",
    lambda_api: "lambda-api",
    cloudtrail: "cloudtrail",
    async_destinations: "async-destinations",
    trigger_events: "trigger-events",
}

#[test]
fn what_is_marked_invalid_is_one_bad_record_with_its_place() {
    let Some(corpus) = corpus() else { return };
    let mut seen = 0;
    for path in files(&corpus).into_iter().filter(|path| path.to_string_lossy().contains(".invalid.")) {
        let (facts, _) = read(&path);
        let [(origin, reason)] = facts.bad.as_slice() else { panic!("{}: {:?}", path.display(), facts.bad) };
        assert_eq!(origin.offset, 0, "{}", path.display());
        assert!(
            reason.contains("byte") || reason.contains("ends in the middle"),
            "{}: {reason}",
            path.display()
        );
        // The rest of it is text of nobody.
        assert!(facts.segments.is_empty(), "{}", path.display());
        seen += 1;
    }
    assert!(seen > 0);
}
