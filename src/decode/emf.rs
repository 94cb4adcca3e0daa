//! The embedded metric format: a message that is one JSON object and declares which of its members
//! are metrics (`formats.md` 7.1), and Lambda Insights' events, which are written in it (7.2).

use std::cell::Cell;

use serde_json::Value;

use super::Arena;
use super::declared::{Declared, Directive, Members};
use crate::model::{Body, Envelope, MetricRecord, Record, Statistics, Text, Timestamp};

/// Values of one metric in one document that are read.
const VALUES: usize = 10_000;
/// Dimensions of a set that are written out: as many as CloudWatch takes
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
const DIMENSIONS: usize = 30;
/// Records that one document becomes at most. CloudWatch takes 100 metrics a directive; each set of
/// dimensions tells them again, so that a line of a megabyte could become a hundred million.
const RECORDS: usize = 1_000;
/// Bytes of a name or of a dimension's value at most, which CloudWatch takes (the same page).
const TEXT: usize = 1_024;
/// Bytes of a unit at most: the longest that there is, `Terabytes/Second`, has 16.
const UNIT: usize = 32;
/// What Lambda Insights measures, beside what it declares.
const INSIGHTS: [&str; 19] = [
    "cpu_total_time",
    "cpu_user_time",
    "cpu_system_time",
    "memory_utilization",
    "used_memory_max",
    "total_memory",
    "tmp_used",
    "tmp_free",
    "tmp_max",
    "rx_bytes",
    "tx_bytes",
    "total_network",
    "threads_max",
    "fd_use",
    "duration",
    "billed_duration",
    "billed_mb_ms",
    "init_duration",
    "cold_start",
];

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// None of this format.
    No,
    /// An application's line with metrics in it.
    Line,
    /// Lambda Insights' own event: no line of its function.
    Insights,
}

/// Pushes the metrics that a message declares. What it declares and does not have is a bad record,
/// the others are kept.
pub fn read<'a>(
    message: &[u8],
    envelope: &Envelope<'a>,
    arena: &'a Arena,
    out: &mut Vec<Record<'a>>,
) -> Document {
    let Some(document) = Members::read(message) else { return Document::No };
    let Some(aws) = document.raw("_aws") else { return Document::No };
    let odd;
    let declared = match Declared::strict(aws) {
        Some(declared) => declared,
        None => {
            odd = document.get("_aws");
            Declared::lenient(&odd)
        }
    };
    let Some(directives) = declared.directives else { return Document::No };
    let time = declared.timestamp.map(Timestamp).or(envelope.time);
    let reading = Reading {
        message,
        document: &document,
        envelope,
        time,
        arena,
        left: Cell::new(RECORDS),
        over: Cell::new(false),
    };
    if directives.iter().any(|directive| directive.namespace == Some("LambdaInsights"))
        && document.get("event_type") == "performance"
    {
        reading.insights(out);
        return Document::Insights;
    }
    for directive in &directives {
        reading.directive(directive, out);
        if reading.over.get() {
            let reason = format!("EMF: a document of more than {RECORDS} metrics; the others are not read");
            out.push(reading.bad(reason));
            break;
        }
    }
    Document::Line
}

struct Reading<'r, 'a> {
    message: &'r [u8],
    document: &'r Members<'r>,
    envelope: &'r Envelope<'a>,
    time: Option<Timestamp>,
    arena: &'a Arena,
    /// Records that it may still become.
    left: Cell<usize>,
    /// Whether it would have become more.
    over: Cell<bool>,
}

impl<'a> Reading<'_, 'a> {
    fn keep(&self, text: &str) -> Text<'a> {
        self.arena.text(text.as_bytes())
    }

    fn directive(&self, directive: &Directive<'_>, out: &mut Vec<Record<'a>>) {
        let Some(namespace) = directive.namespace.filter(|namespace| fits(namespace)) else {
            let what = directive.namespace.map_or("without a Namespace", |_| "whose Namespace is too long");
            return self.wrong(format!("EMF: a directive {what}"), out);
        };
        let namespace = self.keep(namespace);
        let none = [Vec::new()];
        let sets = directive.dimensions.as_deref().filter(|sets| !sets.is_empty()).unwrap_or(&none);
        let mut valid = Vec::new();
        for set in sets.iter().take(RECORDS) {
            match self.dimensions(set) {
                Ok((function, written)) => valid.push((function, self.keep(&written))),
                Err(reason) => self.wrong(reason, out),
            }
        }
        for metric in directive.metrics.iter().flatten() {
            if self.over.get() {
                return;
            }
            let Some(name) = metric.name.filter(|name| fits(name)) else {
                let what = metric.name.map_or("without a Name", |_| "whose Name is too long");
                self.wrong(format!("EMF: a metric {what}"), out);
                continue;
            };
            let Some((statistics, values)) = statistics(&self.document.get(name)) else {
                self.wrong(format!("EMF: the metric {} has no number in the document", head(name)), out);
                continue;
            };
            let step_ms = if metric.storage_resolution == Some(1) { 1_000 } else { 60_000 };
            let unit = metric.unit.filter(|unit| unit.len() <= UNIT).unwrap_or_default();
            let record = MetricRecord {
                namespace,
                name: self.keep(name),
                unit: self.keep(unit),
                values: self.arena.values(&values),
                ..observation(step_ms, self.time.unwrap_or(Timestamp::MIN), statistics)
            };
            for &(function, dimensions) in &valid {
                // Whose line it is, is said by the line; a dimension may name any function.
                let function = self.envelope.function.or(function);
                self.push(MetricRecord { function, dimensions, ..record }, out);
            }
        }
    }

    /// A set of dimensions with their values, and the function among them; else what is wrong with it.
    fn dimensions(&self, set: &[&str]) -> Result<(Option<Text<'a>>, String), String> {
        let (mut function, mut written) = (None, String::new());
        for &name in set.iter().take(DIMENSIONS) {
            let value = match self.document.get(name) {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                _ => return Err(format!("EMF: the dimension {} is not in the document", head(name))),
            };
            if !fits(name) || !fits(&value) {
                return Err(format!("EMF: the dimension {} is too long", head(name)));
            }
            if matches!(name, "function_name" | "FunctionName") {
                function = Some(self.keep(&value));
            }
            let between = if written.is_empty() { "" } else { ", " };
            written.push_str(&format!("{between}{name}={value}"));
        }
        Ok((function, written))
    }

    /// An event of Lambda Insights: what it measured of one invocation, of the function it names.
    fn insights(&self, out: &mut Vec<Record<'a>>) {
        let function = self.document.get("function_name");
        let function = function.as_str().filter(|name| fits(name)).map(|name| self.keep(name));
        for name in INSIGHTS {
            let Some(value) = self.measured(name) else { continue };
            let statistics = Statistics {
                count: Some(1.0),
                sum: Some(value),
                min: Some(value),
                max: Some(value),
                ..Statistics::default()
            };
            let record = MetricRecord {
                namespace: b"LambdaInsights",
                name: name.as_bytes(),
                unit: unit(name).as_bytes(),
                function,
                ..observation(60_000, self.time.unwrap_or(Timestamp::MIN), statistics)
            };
            self.push(record, out);
        }
    }

    /// What an event of Lambda Insights says of one thing. Not every version of its extension writes
    /// how much of /tmp is used; all write its size and what of it is free.
    fn measured(&self, name: &str) -> Option<f64> {
        let told = |name| match self.document.get(name) {
            Value::Bool(yes) => Some(f64::from(u8::from(yes))),
            value => value.as_f64().filter(|value| value.is_finite()),
        };
        match told(name) {
            None if name == "tmp_used" => {
                Some(told("tmp_max")? - told("tmp_free")?).filter(|used| *used >= 0.0)
            }
            value => value,
        }
    }

    /// Something that could not be read.
    fn wrong(&self, reason: String, out: &mut Vec<Record<'a>>) {
        if self.may_push() {
            out.push(self.bad(reason));
        }
    }

    fn may_push(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        self.over.set(left == 0);
        left > 0
    }

    fn push(&self, record: MetricRecord<'a>, out: &mut Vec<Record<'a>>) {
        if self.time.is_none() {
            return self.wrong("EMF: a document without a Timestamp".to_string(), out);
        }
        if !self.may_push() {
            return;
        }
        let envelope = Envelope { time: self.time, ..*self.envelope };
        out.push(Record { envelope, body: Body::Metric(self.arena.alloc(record)) });
    }

    fn bad(&self, reason: String) -> Record<'a> {
        let head = &self.message[..self.message.len().min(800)];
        let excerpt = String::from_utf8_lossy(head).chars().take(200).collect();
        let body = Body::Bad(self.arena.bad(crate::model::Bad { reason, excerpt }));
        Record { envelope: Envelope { stream: None, function: None, ..*self.envelope }, body }
    }
}

/// Whether a text is no longer than CloudWatch takes it.
fn fits(text: &str) -> bool {
    text.len() <= TEXT
}

/// The beginning of a name, for a sentence.
fn head(name: &str) -> String {
    name.chars().take(60).collect()
}

/// What was observed at a time, to be kept in steps so long.
fn observation<'a>(step_ms: u32, at: Timestamp, statistics: Statistics) -> MetricRecord<'a> {
    MetricRecord {
        namespace: b"",
        name: b"",
        unit: b"",
        function: None,
        // Unless the line says whose it is.
        of_file: true,
        resource: None,
        dimensions: b"",
        start: at.floor(i64::from(step_ms)),
        period_ms: step_ms,
        observed: Some(at),
        statistics,
        values: &[],
    }
}

/// A number, an array of numbers, `{Values,Counts}`, or what was made of them already:
/// `{Min,Max,Sum,Count}`. Beside the statistics the values, where they are not all alike and known.
fn statistics(value: &Value) -> Option<(Statistics, Vec<(f64, f64)>)> {
    let one = |value: &Value| value.as_f64().filter(|value| value.is_finite());
    let all: Vec<(f64, f64)> = match value {
        Value::Number(_) => vec![(one(value)?, 1.0)],
        Value::Array(values) => {
            values.iter().take(VALUES).map(|value| Some((one(value)?, 1.0))).collect::<Option<_>>()?
        }
        Value::Object(set) if !set.contains_key("Values") => {
            let told = |name| set.get(name).and_then(one);
            let (count, sum, min, max) = (told("Count")?, told("Sum")?, told("Min")?, told("Max")?);
            let made = Statistics {
                count: Some(count),
                sum: Some(sum),
                min: Some(min),
                max: Some(max),
                ..Statistics::default()
            };
            return (count > 0.0 && min <= max).then_some((made, Vec::new()));
        }
        Value::Object(_) => {
            let (values, counts) = (value["Values"].as_array()?, value["Counts"].as_array()?);
            let pairs = values.iter().zip(counts).take(VALUES);
            pairs.map(|(value, count)| Some((one(value)?, one(count)?))).collect::<Option<_>>()?
        }
        _ => return None,
    };
    let made = Statistics {
        count: Some(all.iter().map(|(_, count)| count).sum()),
        sum: Some(all.iter().map(|(value, count)| value * count).sum()),
        min: all.iter().map(|(value, _)| *value).reduce(f64::min),
        max: all.iter().map(|(value, _)| *value).reduce(f64::max),
        ..Statistics::default()
    };
    let alike = made.min == made.max;
    (!all.is_empty()).then(|| (made, if alike { Vec::new() } else { all }))
}

fn unit(name: &str) -> &'static str {
    match name {
        "memory_utilization" => "Percent",
        "used_memory_max" | "total_memory" => "Megabytes",
        "tmp_used" | "tmp_free" | "tmp_max" | "rx_bytes" | "tx_bytes" | "total_network" => "Bytes",
        "threads_max" | "fd_use" | "cold_start" => "Count",
        "billed_mb_ms" => "",
        _ => "Milliseconds",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Origin, SourceId};
    use serde_json::json;

    const AT: i64 = 1_795_420_861_234;

    /// Function, name, dimensions, start, statistics; or the reason of a bad one.
    fn told(document: &Value) -> Vec<String> {
        let arena = Arena::new();
        let origin = Origin { source: SourceId(0), offset: 0, len: 0 };
        let envelope = Envelope { function: Some(b"pay"), stream: None, time: None, arrived: None, origin };
        let mut out = Vec::new();
        read(document.to_string().as_bytes(), &envelope, &arena, &mut out);
        let show = |text: Text<'_>| String::from_utf8_lossy(text).into_owned();
        out.into_iter()
            .map(|record| match record.body {
                Body::Metric(m) => format!(
                    "{} {} {} [{}] {} {}+{} n={} sum={} min={} max={}",
                    m.function.map_or_else(|| "-".to_string(), show),
                    show(m.namespace),
                    show(m.name),
                    show(m.dimensions),
                    show(m.unit),
                    m.start,
                    m.period_ms,
                    m.statistics.count.unwrap(),
                    m.statistics.sum.unwrap(),
                    m.statistics.min.unwrap(),
                    m.statistics.max.unwrap(),
                ),
                Body::Bad(bad) => bad.reason.clone(),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    fn document() -> Value {
        json!({"service": "shop", "stage": "test", "Latency": [1.5, 20, 300], "Orders": 2,
            "_aws": {"Timestamp": AT, "CloudWatchMetrics": [{"Namespace": "Shop",
                "Dimensions": [["service", "stage"], ["service"]],
                "Metrics": [{"Name": "Latency", "Unit": "Milliseconds", "StorageResolution": 1}, {"Name": "Orders"}]}]}})
    }

    #[test]
    fn each_set_of_dimensions_is_a_series_of_the_same_observations() {
        assert_eq!(
            told(&document()),
            [
                "pay Shop Latency [service=shop, stage=test] Milliseconds 2026-11-23T08:01:01.000Z+1000 n=3 sum=321.5 min=1.5 max=300",
                "pay Shop Latency [service=shop] Milliseconds 2026-11-23T08:01:01.000Z+1000 n=3 sum=321.5 min=1.5 max=300",
                "pay Shop Orders [service=shop, stage=test]  2026-11-23T08:01:00.000Z+60000 n=1 sum=2 min=2 max=2",
                "pay Shop Orders [service=shop]  2026-11-23T08:01:00.000Z+60000 n=1 sum=2 min=2 max=2",
            ]
        );
    }

    #[test]
    fn what_is_declared_and_not_there_costs_only_itself() {
        let mut odd = document();
        odd["Latency"] = json!("slow");
        odd["_aws"]["CloudWatchMetrics"][0]["Dimensions"] = json!([["service"], ["region"], []]);
        assert_eq!(
            told(&odd),
            [
                "EMF: the dimension region is not in the document",
                "EMF: the metric Latency has no number in the document",
                "pay Shop Orders [service=shop]  2026-11-23T08:01:00.000Z+60000 n=1 sum=2 min=2 max=2",
                "pay Shop Orders []  2026-11-23T08:01:00.000Z+60000 n=1 sum=2 min=2 max=2",
            ]
        );
    }

    /// A document of one directive with these metrics.
    fn of(metrics: &Value, members: &Value) -> Value {
        let mut document = members.clone();
        document["_aws"] = json!({"Timestamp": AT, "CloudWatchMetrics":
            [{"Namespace": "Shop", "Dimensions": [[]], "Metrics": metrics}]});
        document
    }

    #[test]
    fn values_come_in_many_forms() {
        let one = json!([{"Name": "M", "Unit": "Count"}]);
        for (value, told_of_it) in [
            (json!(7), "n=1 sum=7 min=7 max=7"),
            (json!(-0.5), "n=1 sum=-0.5 min=-0.5 max=-0.5"),
            // As Powertools for Python writes it.
            (json!([1.0]), "n=1 sum=1 min=1 max=1"),
            (json!([3, 1, 2]), "n=3 sum=6 min=1 max=3"),
            (json!({"Values": [10, 20], "Counts": [3, 1]}), "n=4 sum=50 min=10 max=20"),
            // What is longer has nothing to be paired with.
            (json!({"Values": [10, 20, 30], "Counts": [3, 1]}), "n=4 sum=50 min=10 max=20"),
        ] {
            let want = format!("pay Shop M [] Count 2026-11-23T08:01:00.000Z+60000 {told_of_it}");
            assert_eq!(told(&of(&one, &json!({"M": value}))), [want], "{value}");
        }
        for odd in [
            json!("7"),
            json!(null),
            json!(true),
            json!([]),
            json!([1, "2"]),
            json!([[1]]),
            json!({}),
            json!({"Values": [1]}),
            json!({"Values": [], "Counts": []}),
            json!({"Values": ["1"], "Counts": [1]}),
            json!({"Values": 1, "Counts": 1}),
        ] {
            let want = "EMF: the metric M has no number in the document";
            assert_eq!(told(&of(&one, &json!({"M": odd}))), [want], "{odd}");
        }
    }

    #[test]
    fn several_directives_and_none_at_all() {
        let mut document =
            of(&json!([{"Name": "Orders"}]), &json!({"Orders": 2, "Refunds": [5, 7], "team": "a"}));
        let more = json!({"Namespace": "Money", "Dimensions": [["team"]],
            "Metrics": [{"Name": "Refunds", "Unit": "Bytes"}, {"Name": 7}, {"Unit": "Count"}]});
        for directive in
            [more, json!({"Metrics": [{"Name": "Orders"}]}), json!({"Namespace": "Empty", "Metrics": []})]
        {
            document["_aws"]["CloudWatchMetrics"].as_array_mut().unwrap().push(directive);
        }
        assert_eq!(
            told(&document),
            [
                "pay Shop Orders []  2026-11-23T08:01:00.000Z+60000 n=1 sum=2 min=2 max=2",
                "pay Money Refunds [team=a] Bytes 2026-11-23T08:01:00.000Z+60000 n=2 sum=12 min=5 max=7",
                "EMF: a metric without a Name",
                "EMF: a metric without a Name",
                "EMF: a directive without a Namespace",
            ]
        );
        for none in [json!([]), json!(null), json!("Orders")] {
            assert_eq!(told(&of(&none, &json!({"Orders": 2}))), [""; 0], "{none}");
        }
    }

    #[test]
    fn what_is_hostile_is_bounded() {
        let long = "x".repeat(2_000);
        for (document, reason) in [
            (of(&json!([{"Name": long}]), &json!({&long: 1})), "EMF: a metric whose Name is too long"),
            (
                of(&json!([{"Name": "M"}, {"Name": "A", "Unit": long}]), &json!({"A": 1})),
                "EMF: the metric M has no number in the document",
            ),
        ] {
            assert_eq!(told(&document)[0], reason);
        }
        let mut document = of(&json!([{"Name": "A"}]), &json!({"A": 1, "team": long}));
        document["_aws"]["CloudWatchMetrics"][0]["Dimensions"] = json!([["team"]]);
        assert_eq!(told(&document), ["EMF: the dimension team is too long"]);
        document["_aws"]["CloudWatchMetrics"][0]["Namespace"] = json!(long);
        assert_eq!(told(&document), ["EMF: a directive whose Namespace is too long"]);
        // A thousand metrics in a thousand sets of dimensions.
        let names: Vec<String> = (0..1_000).map(|n| format!("m{n}")).collect();
        let metrics: Vec<Value> = names.iter().map(|name| json!({"Name": name})).collect();
        let mut document = of(&json!(metrics), &names.iter().map(|name| (name.clone(), json!(1))).collect());
        assert_eq!(told(&document).len(), RECORDS);
        document["_aws"]["CloudWatchMetrics"][0]["Dimensions"] =
            json!(names.iter().map(|name| vec![name]).collect::<Vec<_>>());
        let told = told(&document);
        assert_eq!(told.len(), RECORDS + 1);
        assert_eq!(told[RECORDS], "EMF: a document of more than 1000 metrics; the others are not read");
    }

    #[test]
    fn other_objects_are_none() {
        for other in [json!({"_aws": 7}), json!({"_aws": {"CloudWatchMetrics": {}}}), json!({"a": 1})] {
            assert_eq!(told(&other), [""; 0], "{other}");
        }
    }

    #[test]
    fn insights_are_measured_of_the_function_they_name() {
        let event = json!({"event_type": "performance", "function_name": "cpu", "cold_start": true,
            "memory_utilization": 24, "timeout": false,
            "_aws": {"Timestamp": AT, "CloudWatchMetrics": [{"Namespace": "LambdaInsights", "Dimensions": [["function_name"]],
                "Metrics": [{"Name": "memory_utilization"}]}]}});
        assert_eq!(
            told(&event),
            [
                "cpu LambdaInsights memory_utilization [] Percent 2026-11-23T08:01:00.000Z+60000 n=1 sum=24 min=24 max=24",
                "cpu LambdaInsights cold_start [] Count 2026-11-23T08:01:00.000Z+60000 n=1 sum=1 min=1 max=1",
            ]
        );
    }

    /// The event that Amazon's page shows
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Lambda-Insights-metrics.html>).
    #[test]
    fn an_event_of_insights_as_the_extension_writes_it() {
        let event = json!({
            "_aws": {"Timestamp": AT, "CloudWatchMetrics": [{"Namespace": "LambdaInsights",
                "Dimensions": [["function_name"], ["function_name", "version"]],
                "Metrics": [{"Name": "memory_utilization", "Unit": "Percent"},
                    {"Name": "cpu_total_time", "Unit": "Milliseconds"}, {"Name": "tx_bytes", "Unit": "Bytes"}]}]},
            "event_type": "performance", "function_name": "cpu-intensive", "version": "Blue",
            "request_id": "12345678-8bcc-42f7-b1de-123456789012", "trace_id": "1-5faae118-12345678901234567890",
            "duration": 45191, "billed_duration": 45200, "billed_mb_ms": 11571200, "cold_start": true,
            "init_duration": 130, "tmp_free": 538329088, "tmp_max": 551346176, "threads_max": 11,
            "used_memory_max": 63, "total_memory": 256, "memory_utilization": 24, "cpu_user_time": 6640,
            "cpu_system_time": 50, "cpu_total_time": 6690, "fd_use": 416, "fd_max": 32642, "tx_bytes": 4434,
            "rx_bytes": 6911, "timeout": true, "shutdown_reason": "Timeout", "total_network": 11345,
            "agent_memory_avg": 10, "agent_memory_max": 10});
        let value = |name: &str| {
            let all = told(&event);
            let line = all.iter().find(|line| line.contains(&format!(" {name} ")));
            line.and_then(|line| Some(line.rsplit_once("max=")?.1.to_string()))
        };
        for (name, told) in [
            ("cpu_total_time", "6690"),
            ("rx_bytes", "6911"),
            ("tx_bytes", "4434"),
            ("threads_max", "11"),
            ("fd_use", "416"),
            ("init_duration", "130"),
            // Computed: it says only how large /tmp is and what of it is free.
            ("tmp_used", "13017088"),
        ] {
            assert_eq!(value(name).as_deref(), Some(told), "{name}");
        }
        assert_eq!(value("shutdown_reason"), None);
        // Strings where numbers should be say nothing, and cost only themselves.
        let mut odd = event.clone();
        (odd["cpu_total_time"], odd["tmp_free"]) = (json!("6690"), json!("much"));
        let told = told(&odd);
        assert!(!told.iter().any(|line| line.contains("cpu_total_time") || line.contains("tmp_used")));
        assert!(told.iter().all(|line| line.starts_with("cpu-intensive LambdaInsights ")));
    }
}
