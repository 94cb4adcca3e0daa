//! Answers of `get-metric-data` and `get-metric-statistics` (`formats.md` 7.4). They name neither
//! namespace nor dimensions: only a label of CloudWatch's own form says what they are of.

use serde_json::Value;

use super::Arena;
use super::control::read::time;
use crate::model::{MetricName, MetricRecord, Statistics, Text, Timestamp};

/// The namespace of series whose own is not told.
const UNNAMED: &[u8] = b"(label)";
/// Periods are at least so long, in ms.
const SHORTEST_MS: i64 = 1_000;
/// … and at most a day.
const LONGEST_MS: i64 = 86_400_000;

/// A point, or why one can't be read.
pub type Point<'a> = Result<MetricRecord<'a>, String>;

/// What a label means.
struct Label<'t> {
    /// The metric, if it is one of Lambda's.
    metric: Option<&'t str>,
    function: Option<&'t str>,
    /// `Sum`, `p99`, …
    statistic: Option<&'t str>,
}

/// `Invocations`, `orders Invocations`, `orders Duration p99`.
fn label(text: &str) -> Label<'_> {
    let is_statistic = |word: &str| {
        matches!(word, "Sum" | "Average" | "Maximum" | "Minimum" | "SampleCount")
            || word.strip_prefix('p').is_some_and(|rest| rest.parse::<f64>().is_ok())
    };
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let statistic = words.last().copied().filter(|word| is_statistic(word) && words.len() > 1);
    words.truncate(words.len() - usize::from(statistic.is_some()));
    match words[..] {
        [metric] if MetricName::known(metric.as_bytes()).is_some() => {
            Label { metric: Some(metric), function: None, statistic }
        }
        [function, metric] if MetricName::known(metric.as_bytes()).is_some() => {
            Label { metric: Some(metric), function: Some(function), statistic }
        }
        _ => Label { metric: None, function: None, statistic },
    }
}

/// A value under the name of its statistic; where that is not told, what is usual for the metric.
fn under(statistic: Option<&str>, metric: Option<&str>, value: f64) -> Statistics {
    let mut told = Statistics::default();
    let value = Some(value);
    match (statistic, metric) {
        (Some("Sum"), _) | (None, Some("Invocations" | "Errors" | "Throttles")) => told.sum = value,
        (Some("Maximum"), _) => told.max = value,
        (
            None,
            Some("ConcurrentExecutions" | "UnreservedConcurrentExecutions" | "ClaimedAccountConcurrency"),
        ) => {
            told.max = value;
        }
        (Some("Minimum"), _) => told.min = value,
        (Some("SampleCount"), _) => told.count = value,
        (Some("p50"), _) => told.p50 = value,
        (Some("p90"), _) => told.p90 = value,
        (Some("p99"), _) => told.p99 = value,
        // An average of nobody knows how many, or something of another name: the value alone.
        _ => (told.count, told.sum) = (Some(1.0), value),
    }
    told
}

/// The points of `get-metric-data`, in order of time.
pub fn data<'a>(answer: &Value, arena: &'a Arena, mut push: impl FnMut(Point<'a>)) {
    for result in answer["MetricDataResults"].as_array().into_iter().flatten() {
        let text = result["Label"].as_str().or(result["Id"].as_str()).unwrap_or_default();
        let label = label(text);
        let (times, values) = (result["Timestamps"].as_array(), result["Values"].as_array());
        let (times, values) = (times.map_or(&[][..], Vec::as_slice), values.map_or(&[][..], Vec::as_slice));
        if times.len() != values.len() {
            let (n, m) = (times.len(), values.len());
            push(Err(format!("get-metric-data: {text}: {n} timestamps and {m} values")));
        }
        let mut points = Vec::new();
        for (at, value) in times.iter().zip(values) {
            match (time(at), value.as_f64()) {
                (Some(at), Some(value)) => points.push((at, value)),
                _ => push(Err(format!("get-metric-data: {text}: a point without time or number"))),
            }
        }
        points.sort_by_key(|(at, _)| *at);
        let period_ms = period(points.iter().map(|(at, _)| *at));
        for (at, value) in points {
            let statistics = under(label.statistic, label.metric, value);
            push(Ok(record(&label, text, "", at, period_ms, statistics, arena)));
        }
    }
}

/// The points of `get-metric-statistics`, in order of time.
pub fn statistics<'a>(answer: &Value, arena: &'a Arena, mut push: impl FnMut(Point<'a>)) {
    let text = answer["Label"].as_str().unwrap_or_default();
    let label = label(text);
    let mut points = Vec::new();
    for point in answer["Datapoints"].as_array().into_iter().flatten() {
        match time(&point["Timestamp"]) {
            Some(at) => points.push((at, point)),
            None => push(Err(format!("get-metric-statistics: {text}: a point without a time"))),
        }
    }
    points.sort_by_key(|(at, _)| *at);
    let period_ms = period(points.iter().map(|(at, _)| *at));
    for (at, point) in points {
        let extended = &point["ExtendedStatistics"];
        let number = |value: &Value| value.as_f64().filter(|value| value.is_finite());
        let count = number(&point["SampleCount"]);
        let told = Statistics {
            count,
            sum: number(&point["Sum"]).or_else(|| Some(number(&point["Average"])? * count?)),
            min: number(&point["Minimum"]),
            max: number(&point["Maximum"]),
            p50: number(&extended["p50"]),
            p90: number(&extended["p90"]),
            p99: number(&extended["p99"]),
        };
        let told = match (told == Statistics::default(), number(&point["Average"])) {
            (true, Some(average)) => under(None, None, average),
            _ => told,
        };
        let unit = point["Unit"].as_str().unwrap_or_default();
        push(Ok(record(&label, text, unit, at, period_ms, told, arena)));
    }
}

/// The shortest time between two points; a minute where there is one point alone.
fn period(times: impl Iterator<Item = Timestamp> + Clone) -> u32 {
    let gaps = times.clone().zip(times.skip(1)).map(|(a, b)| b.since(a)).filter(|gap| *gap > 0);
    gaps.min().map_or(60_000, |gap| gap.clamp(SHORTEST_MS, LONGEST_MS) as u32)
}

fn record<'a>(
    label: &Label<'_>,
    text: &str,
    unit: &str,
    start: Timestamp,
    period_ms: u32,
    statistics: Statistics,
    arena: &'a Arena,
) -> MetricRecord<'a> {
    let keep = |text: &str| -> Text<'a> { arena.text(text.as_bytes()) };
    let name = match (label.metric, label.statistic) {
        // A statistic of which nothing else can be made keeps its name.
        (Some("Duration"), Some(odd)) if !matches!(odd, "Maximum" | "p50" | "p90" | "p99") => {
            format!("Duration {odd}")
        }
        (metric, _) => metric.unwrap_or(text).to_string(),
    };
    MetricRecord {
        namespace: if label.metric.is_some() { b"AWS/Lambda" } else { UNNAMED },
        name: keep(&name),
        unit: keep(unit),
        function: label.function.map(keep),
        // A metric without a function may be any function's, unless its file names one.
        of_file: label.metric.is_some() && label.function.is_none(),
        resource: None,
        dimensions: b"",
        start,
        period_ms,
        observed: None,
        statistics,
        values: &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(read: impl FnOnce(&Value, &mut dyn FnMut(String)), answer: Value) -> Vec<String> {
        let mut out = Vec::new();
        read(&answer, &mut |line| out.push(line));
        out
    }

    fn line(point: Point<'_>) -> String {
        let show = |text: Text<'_>| String::from_utf8_lossy(text).into_owned();
        match point {
            Err(reason) => reason,
            Ok(m) => format!(
                "{} {} of {}{} {}+{} {:?}",
                show(m.namespace),
                show(m.name),
                m.function.map_or_else(|| "-".to_string(), show),
                if m.of_file { " or its file's" } else { "" },
                m.start,
                m.period_ms,
                [m.statistics.count, m.statistics.sum, m.statistics.max, m.statistics.p99]
                    .map(|n| n.unwrap_or(-1.0)),
            ),
        }
    }

    #[test]
    fn a_label_may_say_whose_and_which_statistic() {
        let arena = Arena::new();
        let answer = json!({"MetricDataResults": [
            {"Id": "a", "Label": "tax Throttles", "Timestamps": ["2026-11-23T08:02:00+00:00", 1795420800], "Values": [2.0, 1.0]},
            {"Id": "b", "Label": "Duration p99", "Timestamps": [1795420800], "Values": [12.5]},
            {"Id": "inv", "Timestamps": [1795420800, 1], "Values": ["x"]},
        ]});
        let got = told(|answer, push| data(answer, &arena, |point| push(line(point))), answer);
        assert_eq!(
            got,
            [
                "AWS/Lambda Throttles of tax 2026-11-23T08:00:00.000Z+120000 [-1.0, 1.0, -1.0, -1.0]",
                "AWS/Lambda Throttles of tax 2026-11-23T08:02:00.000Z+120000 [-1.0, 2.0, -1.0, -1.0]",
                "AWS/Lambda Duration of - or its file's 2026-11-23T08:00:00.000Z+60000 [-1.0, -1.0, -1.0, 12.5]",
                "get-metric-data: inv: 2 timestamps and 1 values",
                "get-metric-data: inv: a point without time or number",
            ]
        );
    }

    #[test]
    fn points_are_sorted_and_each_statistic_is_under_its_name() {
        let arena = Arena::new();
        let answer = json!({"Label": "Duration", "Datapoints": [
            {"Timestamp": "2026-11-23T08:05:00Z", "SampleCount": 4.0, "Average": 2.0, "Maximum": 3.0, "Unit": "Milliseconds"},
            {"Timestamp": "2026-11-23T08:00:00Z", "ExtendedStatistics": {"p99": 7.0}},
            {"Timestamp": "timestamp"},
        ]});
        let got = told(|answer, push| statistics(answer, &arena, |point| push(line(point))), answer);
        assert_eq!(
            got,
            [
                "get-metric-statistics: Duration: a point without a time",
                "AWS/Lambda Duration of - or its file's 2026-11-23T08:00:00.000Z+300000 [-1.0, -1.0, -1.0, 7.0]",
                "AWS/Lambda Duration of - or its file's 2026-11-23T08:05:00.000Z+300000 [4.0, 8.0, 3.0, -1.0]",
            ]
        );
    }

    #[test]
    fn another_services_metric_is_none_of_lambdas() {
        let arena = Arena::new();
        let answer = json!({"Label": "CPUUtilization", "Datapoints": [{"Timestamp": "2014-04-09T11:18:00Z", "Maximum": 44.79}]});
        let got = told(|answer, push| statistics(answer, &arena, |point| push(line(point))), answer);
        assert_eq!(
            got,
            ["(label) CPUUtilization of - 2014-04-09T11:18:00.000Z+60000 [-1.0, -1.0, 44.79, -1.0]"]
        );
    }
}
