//! Documents about functions: an answer of the AWS CLI, events of CloudTrail, traces, asynchronous
//! events' ends (`formats.md` 7 to 9). What an object is, is
//! seen from the keys at its root. Only what lies at the top level of a source is one: functions
//! print such documents too, and what is inside of a message stays a message.

use serde_json::Value;

use super::control::Kind;
use super::json::{Cursor, Stop};
use super::{Arena, Frame, delivery, otlp, segment, statistics, trail};
use crate::model::{Body, DeliveryRecord, Envelope, Record, SettingRecord, Timestamp, When};

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Control(Kind),
    /// An event of CloudTrail's, alone.
    Event,
    /// `{"Records":[…]}`: CloudTrail's, or what a function receives.
    Records,
    /// `lookup-events`.
    Lookup,
    /// An event of EventBridge's.
    Bridged,
    /// A destination's record.
    Delivery,
    /// Messages of a queue.
    Messages,
    /// A message of a queue.
    Message,
    /// `batch-get-traces`.
    Traces,
    /// OTLP's spans.
    Spans,
    /// `get-metric-data`.
    MetricData,
    /// `get-metric-statistics`.
    MetricStatistics,
    /// Known, and nothing of it is kept.
    Other(&'static str),
    /// Nothing at its root is known: several documents under names, maybe.
    Named,
}

/// What is in a document: a body with its time, or why a part of it can't be read.
type Found<'a> = Result<(Body<'a>, Option<Timestamp>), String>;

/// Reads such a document and pushes what is in it; false if it is none.
pub fn read<'a>(frame: &Frame<'a>, arena: &'a Arena, out: &mut Vec<Record<'a>>) -> Result<bool, Stop> {
    let Some(what) = what(frame.text) else { return Ok(false) };
    let before = out.len();
    let mut push = |found: Found<'a>| {
        out.push(match found {
            Ok((body, time)) => Record { envelope: Envelope { time, ..frame.envelope() }, body },
            Err(reason) => frame.bad(reason, arena),
        });
    };
    match serde_json::from_slice(frame.text) {
        Ok(document) => {
            let known = tell(what, &document, arena, &mut push);
            if known && out.len() == before {
                // An answer with nothing in it is one.
                out.push(Record { envelope: frame.envelope(), body: Body::Other(what.name()) });
            }
            Ok(known)
        }
        Err(_) if what == What::Named => Ok(false),
        Err(error) => {
            push(Err(format!("{}: {error}", what.name())));
            Ok(true)
        }
    }
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::Control(kind) => kind.name(),
            Self::Event | Self::Records | Self::Lookup => "CloudTrail event",
            Self::Bridged => "EventBridge event",
            Self::Delivery => "destination record",
            Self::Messages | Self::Message => "queue message",
            Self::Traces => "batch-get-traces",
            Self::Spans => "OTLP traces",
            Self::MetricData => "get-metric-data",
            Self::MetricStatistics => "get-metric-statistics",
            Self::Other(name) => name,
            Self::Named => "documents under names",
        }
    }
}

/// Root keys that are looked at: no document has more.
const KEYS: usize = 64;

fn keys(line: &[u8]) -> Result<Vec<&[u8]>, Stop> {
    let mut cursor = Cursor::<false>::new(line);
    let (mut keys, mut first) = (Vec::with_capacity(16), true);
    cursor.object()?;
    while let Some(key) = cursor.key(&mut first)? {
        if keys.len() < KEYS {
            keys.push(key);
        }
        cursor.skip()?;
    }
    Ok(keys)
}

/// What a document is, by the keys at its root.
fn what(line: &[u8]) -> Option<What> {
    let keys = keys(line).ok()?;
    let has = |key: &str| keys.contains(&key.as_bytes());
    let all = |wanted: &[&str]| wanted.iter().all(|key| has(key));
    let control = |kind| Some(What::Control(kind));
    let other = |name| Some(What::Other(name));
    match () {
        () if has("MetricDataResults") => Some(What::MetricData),
        () if has("Datapoints") => Some(What::MetricStatistics),
        () if has("Functions") => control(Kind::Functions),
        () if all(&["Configuration", "Code"]) => control(Kind::Function),
        () if all(&["FunctionName", "FunctionArn"]) => control(Kind::Configuration),
        () if has("Versions") => control(Kind::Versions),
        () if has("Aliases") => control(Kind::Aliases),
        () if all(&["AliasArn", "FunctionVersion"]) => control(Kind::Alias),
        () if has("ReservedConcurrentExecutions") => control(Kind::Concurrency),
        () if has("ProvisionedConcurrencyConfigs") => control(Kind::ProvisionedConfigs),
        () if has("RequestedProvisionedConcurrentExecutions")
            || has("Requested ProvisionedConcurrentExecutions") =>
        {
            control(Kind::ProvisionedConfig)
        }
        () if has("AccountLimit") => control(Kind::Account),
        () if has("EventSourceMappings") => control(Kind::Mappings),
        () if all(&["UUID", "FunctionArn"]) => control(Kind::Mapping),
        () if has("FunctionEventInvokeConfigs") => control(Kind::EventInvokeConfigs),
        () if has("FunctionArn") && (has("MaximumRetryAttempts") || has("MaximumEventAgeInSeconds")) => {
            control(Kind::EventInvokeConfig)
        }
        () if all(&["Policy", "RevisionId"]) => control(Kind::Policy),
        () if all(&["RoleName", "PolicyDocument"]) => control(Kind::RolePolicy),
        () if has("Role") && keys.len() <= 2 => other("get-role"),
        () if has("AttachedPolicies") => other("list-attached-role-policies"),
        () if has("PolicyNames") => other("list-role-policies"),
        () if has("PolicyVersion") => other("get-policy-version"),
        () if all(&["eventVersion", "eventName", "eventSource"]) => Some(What::Event),
        () if has("Records") => Some(What::Records),
        () if has("Events") => Some(What::Lookup),
        () if all(&["detail-type", "detail"]) => Some(What::Bridged),
        () if all(&["requestContext", "version"]) => Some(What::Delivery),
        () if has("Messages") && keys.len() <= 2 => Some(What::Messages),
        () if has("MessageId") || has("messageId") => Some(What::Message),
        () if has("Traces") => Some(What::Traces),
        () if has("TraceSummaries") => other("get-trace-summaries"),
        () if has("Services") => other("get-service-graph"),
        () if has("resourceSpans") => Some(What::Spans),
        () if has("resourceMetrics") => other("OTLP metrics"),
        () if has("resourceLogs") => other("OTLP logs"),
        // The line in front of each document that goes to the X-Ray daemon.
        () if all(&["format", "version"]) && keys.len() == 2 => other("X-Ray daemon header"),
        () if all(&["StatusCode", "ExecutedVersion"]) => other("answer of invoke"),
        () if all(&["Reason", "Type"]) && (has("message") || has("Message")) => other("refused call"),
        () if !keys.is_empty() && has_objects_alone(line) => Some(What::Named),
        () => None,
    }
}

/// Whether all values at the root are objects.
fn has_objects_alone(line: &[u8]) -> bool {
    let mut cursor = Cursor::<false>::new(line);
    let mut first = true;
    cursor.object().is_ok() && {
        loop {
            match cursor.key(&mut first) {
                Ok(Some(_)) if cursor.peek() == b'{' && cursor.skip().is_ok() => {}
                Ok(None) => break true,
                _ => break false,
            }
        }
    }
}

fn tell<'a>(what: What, document: &Value, arena: &'a Arena, push: &mut dyn FnMut(Found<'a>)) -> bool {
    let items = |key: &str| document[key].as_array().into_iter().flatten();
    match what {
        What::Control(kind) => {
            let mut told = Vec::new();
            kind.read(document, &mut told);
            settings(told, kind.name(), arena, push);
        }
        What::Event => event(document, arena, push),
        What::Records => {
            // Functions receive records too; whoever prints those says nothing of the account.
            if !items("Records").any(trail::is_event) {
                return false;
            }
            items("Records").for_each(|record| event(record, arena, push));
        }
        What::Lookup => {
            let inside =
                |event: &Value| serde_json::from_str::<Value>(event["CloudTrailEvent"].as_str()?).ok();
            let events: Vec<Value> = items("Events").filter_map(inside).collect();
            if events.is_empty() {
                return false;
            }
            events.iter().for_each(|inside| event(inside, arena, push));
        }
        What::Bridged if trail::is_event(&document["detail"]) => event(&document["detail"], arena, push),
        What::Bridged if delivery::is_record(&document["detail"]) => {
            delivered(delivery::record(&document["detail"]), arena, push)
        }
        What::Bridged => return false,
        What::Delivery if delivery::is_record(document) => delivered(delivery::record(document), arena, push),
        What::Delivery => return false,
        What::Messages => {
            items("Messages").for_each(|message| delivered(delivery::message(message), arena, push))
        }
        What::Message => match delivery::message(document) {
            Some(told) => delivered(Some(told), arena, push),
            None => return false,
        },
        What::Traces => traces(document, arena, push),
        What::Spans => otlp::spans(document, |span| {
            push(span.map(|document| {
                let time = Some(document.known);
                (Body::Segment(arena.segment(document)), time)
            }));
        }),
        What::Other(name) => push(Ok((Body::Other(name), None))),
        What::MetricData => statistics::data(document, arena, |point| push(metric(point, arena))),
        What::MetricStatistics => statistics::statistics(document, arena, |point| push(metric(point, arena))),
        What::Named => return named(document, arena, push),
    }
    true
}

fn metric<'a>(point: statistics::Point<'a>, arena: &'a Arena) -> Found<'a> {
    point.map(|point| (Body::Metric(arena.alloc(point)), Some(point.start)))
}

/// Answers under names of somebody's own, as scripts collect them: each is read, if one is known.
fn named<'a>(document: &Value, arena: &'a Arena, push: &mut dyn FnMut(Found<'a>)) -> bool {
    let mut any = false;
    for part in document.as_object().into_iter().flat_map(|parts| parts.values()) {
        let text = part.to_string();
        match self::what(text.as_bytes()) {
            Some(What::Named) | None => {}
            // A queue's message may have its body decoded already.
            Some(what) => any |= tell(what, part, arena, push),
        }
    }
    any
}

fn settings<'a>(
    told: Vec<SettingRecord>,
    name: &'static str,
    arena: &'a Arena,
    push: &mut dyn FnMut(Found<'a>),
) {
    if told.is_empty() {
        push(Ok((Body::Other(name), None)));
    }
    for record in told {
        let time = match record.when {
            When::Changed(at) => Some(at),
            // When somebody looked nobody knows, and the last change may be years ago.
            When::Found { .. } => None,
        };
        push(Ok((Body::Setting(arena.setting(record)), time)));
    }
}

fn event<'a>(event: &Value, arena: &'a Arena, push: &mut dyn FnMut(Found<'a>)) {
    if let Some(call) = trail::call(event) {
        let at = call.at;
        return push(Ok((Body::Call(arena.call(call)), Some(at))));
    }
    let mut told = Vec::new();
    trail::read(event, &mut told);
    settings(told, "CloudTrail event", arena, push);
}

fn delivered<'a>(told: Option<DeliveryRecord>, arena: &'a Arena, push: &mut dyn FnMut(Found<'a>)) {
    push(Ok(match told {
        Some(told) => {
            let at = told.at;
            (Body::Delivery(arena.delivery(told)), at)
        }
        None => (Body::Other("queue message"), None),
    }));
}

/// Each segment's document is a string in the answer.
fn traces<'a>(answer: &Value, arena: &'a Arena, push: &mut dyn FnMut(Found<'a>)) {
    let traces = answer["Traces"].as_array().into_iter().flatten();
    for segment in traces.flat_map(|trace| trace["Segments"].as_array().into_iter().flatten()) {
        let document =
            segment["Document"].as_str().ok_or_else(|| "X-Ray segment without a Document".to_string());
        push(document.and_then(segment::read).map(|(document, _)| {
            let time = Some(document.known);
            (Body::Segment(arena.segment(document)), time)
        }));
    }
}
