//! X-Ray segment documents (`formats.md` 8.1). Rare beside log lines, so read with serde; its depth
//! limit turns a document nested without end into a bad record.

use serde::Deserialize;
use serde_json::Value;

use crate::model::{Flags, SegmentDocument, SegmentNode, Timestamp};

/// A segment as its document has it; members that nobody draws are passed over.
#[derive(Deserialize)]
#[serde(default)]
struct Wire {
    trace_id: String,
    id: String,
    parent_id: Option<String>,
    name: Value,
    r#type: Option<String>,
    start_time: Value,
    end_time: Value,
    in_progress: Value,
    error: Value,
    fault: Value,
    throttle: Value,
    origin: Option<String>,
    namespace: Option<String>,
    inferred: Value,
    resource_arn: Option<String>,
    http: Value,
    aws: Value,
    sql: Value,
    links: Value,
    cause: Value,
    subsegments: Vec<Value>,
    /// Not X-Ray's: when it came in ms, as a recording notes it.
    arrived: Value,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            trace_id: String::new(),
            id: String::new(),
            parent_id: None,
            name: Value::Null,
            r#type: None,
            start_time: Value::Null,
            end_time: Value::Null,
            in_progress: Value::Null,
            error: Value::Null,
            fault: Value::Null,
            throttle: Value::Null,
            origin: None,
            namespace: None,
            inferred: Value::Null,
            resource_arn: None,
            http: Value::Null,
            aws: Value::Null,
            sql: Value::Null,
            links: Value::Null,
            cause: Value::Null,
            subsegments: Vec::new(),
            arrived: Value::Null,
        }
    }
}

/// Reads one document, and when it arrived if that was recorded. An error is a sentence with the
/// position.
pub fn read(text: &str) -> Result<(SegmentDocument, Option<Timestamp>), String> {
    let wire: Wire = serde_json::from_str(text).map_err(|e| format!("X-Ray segment: {e}"))?;
    if wire.trace_id.is_empty() || wire.id.is_empty() {
        return Err("X-Ray segment without trace_id or id: no trace to place it in".to_string());
    }
    let lambda = matches!(wire.origin.as_deref(), Some("AWS::Lambda" | "AWS::Lambda::Function"));
    let function = lambda.then(|| function_of(&wire)).flatten();
    let (trace_id, parent_id) = (wire.trace_id.clone().into(), wire.parent_id.clone().map(Into::into));
    let subsegment = wire.r#type.as_deref() == Some("subsegment");
    let arrived = wire.arrived.as_i64().map(Timestamp);
    let root = node(wire);
    let known = known(&root);
    Ok((SegmentDocument { trace_id, parent_id, subsegment, function, root, known }, arrived))
}

/// The function's name: from its ARN, else the segment's name, which Lambda makes the function's.
fn function_of(wire: &Wire) -> Option<Box<str>> {
    let arn = wire.aws["function_arn"].as_str().or(wire.resource_arn.as_deref());
    let name = arn.and_then(|arn| arn.split(':').nth(6)).or(wire.name.as_str())?;
    (!name.is_empty()).then(|| name.into())
}

fn node(wire: Wire) -> SegmentNode {
    let is = |value: &Value| value.as_bool().unwrap_or(false);
    let detail = detail(&wire);
    let cause = wire.cause["exceptions"].get(0).map(|e| {
        let part = |key: &str| e[key].as_str().unwrap_or_default().to_string();
        match (part("type"), part("message")) {
            (kind, message) if message.is_empty() => kind,
            (kind, message) if kind.is_empty() => message,
            (kind, message) => format!("{kind}: {message}"),
        }
    });
    SegmentNode {
        id: cut(&wire.id),
        name: cut(wire.name.as_str().unwrap_or("(no name)")),
        start_us: micros(&wire.start_time),
        end_us: micros(&wire.end_time),
        in_progress: is(&wire.in_progress),
        flags: Flags { error: is(&wire.error), fault: is(&wire.fault), throttle: is(&wire.throttle) },
        origin: wire.origin.as_deref().map(cut),
        namespace: wire.namespace.as_deref().map(cut),
        inferred: is(&wire.inferred),
        detail: detail.as_deref().map(cut),
        cause: cause.as_deref().map(cut),
        request_id: wire.aws["request_id"].as_str().map(cut),
        children: wire
            .subsegments
            .into_iter()
            .filter(Value::is_object)
            .filter_map(|v| serde_json::from_value::<Wire>(v).ok())
            .map(node)
            .collect(),
    }
}

/// One line of what it did: `POST https://… 502`, `Query orders`, the SQL.
fn detail(wire: &Wire) -> Option<String> {
    let (http, aws) = (&wire.http, &wire.aws);
    let mut parts: Vec<String> = Vec::new();
    if let Some(operation) = aws["operation"].as_str() {
        parts.push(operation.to_string());
        let keys = ["table_name", "queue_url", "topic_arn", "function_name", "bucket_name", "stream_name"];
        parts.extend(keys.iter().find_map(|k| aws[*k].as_str()).map(str::to_string));
    } else if let Some(url) = http["request"]["url"].as_str() {
        parts.extend(http["request"]["method"].as_str().map(str::to_string));
        parts.push(url.to_string());
    } else if let Some(query) = wire.sql["sanitized_query"].as_str() {
        parts.push(query.to_string());
    }
    if let Some(code) = http["response"]["status"].as_i64() {
        parts.push(code.to_string());
    }
    let links = wire.links.as_array().into_iter().flatten();
    parts.extend(linked(links.filter_map(|link| link["trace_id"].as_str())));
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The traces that a segment goes on from: a batch has as many as messages.
pub(super) fn linked<'t>(mut traces: impl Iterator<Item = &'t str>) -> Option<String> {
    let first = traces.next()?;
    Some(match traces.count() {
        0 => format!("linked to {first}"),
        more => format!("linked to {first} and {more} more"),
    })
}

/// Seconds since 1970 as a decimal fraction, to µs.
fn micros(value: &Value) -> Option<i64> {
    let seconds = value.as_f64()?;
    (seconds.is_finite() && seconds.abs() < 1e11).then(|| (seconds * 1e6).round() as i64)
}

/// The latest end in the tree, the start where nothing has ended (`design.md`, `known`).
fn known(root: &SegmentNode) -> Timestamp {
    let mut latest = i64::MIN;
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        latest = latest.max(node.end_us.or(node.start_us).unwrap_or(i64::MIN));
        open.extend(&node.children);
    }
    if latest == i64::MIN {
        Timestamp::MIN
    } else {
        Timestamp(latest.div_euclid(1_000) + i64::from(latest % 1_000 != 0))
    }
}

/// Texts of a segment are kept to 256 bytes: a document may be 64 KB, and many are kept.
pub(super) fn cut(text: &str) -> Box<str> {
    text[..text.floor_char_boundary(256)].into()
}
