//! The embedded metric format: a message that is one JSON object and declares which of its members
//! are metrics (`formats.md` 7.1), and Lambda Insights' events, which are written in it (7.2).

use serde_json::Value;

use super::Arena;
use super::declared::{Declared, Directive, Members};
use crate::model::{Body, Envelope, MetricRecord, Record, Statistics, Text, Timestamp};

/// Values of one metric in one document that are read.
const VALUES: usize = 10_000;
/// Dimensions of a set that are written out.
const DIMENSIONS: usize = 30;
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
    let reading = Reading { message, document: &document, envelope, time, arena };
    if directives.iter().any(|directive| directive.namespace == Some("LambdaInsights"))
        && document.get("event_type") == "performance"
    {
        reading.insights(out);
        return Document::Insights;
    }
    directives.iter().for_each(|directive| reading.directive(directive, out));
    Document::Line
}

struct Reading<'r, 'a> {
    message: &'r [u8],
    document: &'r Members<'r>,
    envelope: &'r Envelope<'a>,
    time: Option<Timestamp>,
    arena: &'a Arena,
}

impl<'a> Reading<'_, 'a> {
    fn keep(&self, text: &str) -> Text<'a> {
        self.arena.text(text.as_bytes())
    }

    fn directive(&self, directive: &Directive<'_>, out: &mut Vec<Record<'a>>) {
        let Some(namespace) = directive.namespace else {
            return out.push(self.bad("EMF: a directive without a Namespace".to_string()));
        };
        let none = [Vec::new()];
        let sets = directive.dimensions.as_deref().filter(|sets| !sets.is_empty()).unwrap_or(&none);
        let mut valid = Vec::new();
        for set in sets {
            match self.dimensions(set) {
                Ok(dimensions) => valid.push(dimensions),
                Err(name) => out.push(self.bad(format!("EMF: the dimension {name} is not in the document"))),
            }
        }
        for metric in directive.metrics.iter().flatten() {
            let Some(name) = metric.name else {
                out.push(self.bad("EMF: a metric without a Name".to_string()));
                continue;
            };
            let Some(statistics) = statistics(&self.document.get(name)) else {
                out.push(self.bad(format!("EMF: the metric {name} has no number in the document")));
                continue;
            };
            let step_ms = if metric.storage_resolution == Some(1) { 1_000 } else { 60_000 };
            let unit = metric.unit.unwrap_or_default();
            for (function, dimensions) in &valid {
                let record = MetricRecord {
                    namespace: self.keep(namespace),
                    name: self.keep(name),
                    unit: self.keep(unit),
                    // Whose line it is, is said by the line; a dimension may name any function.
                    function: self.envelope.function.or(*function),
                    resource: None,
                    dimensions: self.keep(dimensions),
                    ..observation(step_ms, self.time.unwrap_or(Timestamp::MIN), statistics)
                };
                self.push(record, out);
            }
        }
    }

    /// A set of dimensions with their values, and the function among them.
    fn dimensions(&self, set: &[&str]) -> Result<(Option<Text<'a>>, String), String> {
        let (mut function, mut written) = (None, String::new());
        for &name in set.iter().take(DIMENSIONS) {
            let value = match self.document.get(name) {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                _ => return Err(name.to_string()),
            };
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
        let function = self.document.get("function_name").as_str().map(|name| self.keep(name));
        for name in INSIGHTS {
            let value = match self.document.get(name) {
                Value::Bool(yes) => Some(f64::from(u8::from(yes))),
                value => value.as_f64(),
            };
            let Some(value) = value.filter(|value| value.is_finite()) else { continue };
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

    fn push(&self, record: MetricRecord<'a>, out: &mut Vec<Record<'a>>) {
        if self.time.is_none() {
            return out.push(self.bad("EMF: a document without a Timestamp".to_string()));
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
    }
}

/// A number, an array of numbers, or `{Values,Counts}`.
fn statistics(value: &Value) -> Option<Statistics> {
    let one = |value: &Value| value.as_f64().filter(|value| value.is_finite());
    let all: Vec<(f64, f64)> = match value {
        Value::Number(_) => vec![(one(value)?, 1.0)],
        Value::Array(values) => {
            values.iter().take(VALUES).map(|value| Some((one(value)?, 1.0))).collect::<Option<_>>()?
        }
        Value::Object(_) => {
            let (values, counts) = (value["Values"].as_array()?, value["Counts"].as_array()?);
            let pairs = values.iter().zip(counts).take(VALUES);
            pairs.map(|(value, count)| Some((one(value)?, one(count)?))).collect::<Option<_>>()?
        }
        _ => return None,
    };
    (!all.is_empty()).then(|| Statistics {
        count: Some(all.iter().map(|(_, count)| count).sum()),
        sum: Some(all.iter().map(|(value, count)| value * count).sum()),
        min: all.iter().map(|(value, _)| *value).reduce(f64::min),
        max: all.iter().map(|(value, _)| *value).reduce(f64::max),
        ..Statistics::default()
    })
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
}
