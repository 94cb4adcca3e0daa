//! CloudWatch metric streams in JSON, one object a line (`formats.md` 7.3).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::Arena;
use crate::model::{MetricRecord, Statistics, Text, Timestamp};

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    namespace: Cow<'a, str>,
    #[serde(borrow)]
    metric_name: Cow<'a, str>,
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
    timestamp: i64,
    #[serde(default)]
    unit: Option<String>,
    value: Option<Value>,
    /// Not CloudWatch's: when it came, as a recording notes it.
    arrived: Option<i64>,
}

#[derive(Deserialize)]
struct Value {
    count: Option<f64>,
    sum: Option<f64>,
    max: Option<f64>,
    min: Option<f64>,
    p50: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
}

/// A metric stream's period is a minute.
const PERIOD_MS: u32 = 60_000;

/// Reads one datum, and when it arrived if that was recorded. An error is a sentence with the position.
pub fn read<'a>(text: &'a str, arena: &'a Arena) -> Result<(MetricRecord<'a>, Option<Timestamp>), String> {
    let wire: Wire<'a> = serde_json::from_str(text).map_err(|e| format!("metric stream: {e}"))?;
    let value = wire.value.ok_or("metric stream: a datum without value")?;
    let function = wire.dimensions.get("FunctionName");
    let resource = wire.dimensions.get("Resource");
    let own = |text: &String| -> Text<'a> { arena.text(text.as_bytes()) };
    let keep = |text: Cow<'a, str>| match text {
        Cow::Borrowed(text) => text.as_bytes(),
        Cow::Owned(text) => own(&text),
    };
    let others = wire.dimensions.iter().filter(|(name, _)| *name != "FunctionName" && *name != "Resource");
    let others: Vec<String> = others.map(|(name, value)| format!("{name}={value}")).collect();
    let arrived = wire.arrived.map(Timestamp);
    let record = MetricRecord {
        namespace: keep(wire.namespace),
        name: keep(wire.metric_name),
        unit: wire.unit.as_ref().map(own).unwrap_or_default(),
        of_file: false,
        dimensions: own(&others.join(", ")),
        function: function.map(own),
        resource: resource.map(own),
        start: Timestamp(wire.timestamp),
        period_ms: PERIOD_MS,
        observed: None,
        statistics: Statistics {
            count: value.count,
            sum: value.sum,
            min: value.min,
            max: value.max,
            p50: value.p50,
            p90: value.p90,
            p99: value.p99,
        },
        values: &[],
    };
    Ok((record, arrived))
}
