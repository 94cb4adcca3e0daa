//! OpenTelemetry traces in OTLP's JSON (`formats.md` 8.6), as segment documents: a span each.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::control::read;
use super::segment::{cut, linked};
use crate::model::{Flags, SegmentDocument, SegmentNode, Timestamp};

/// The spans of a request, in order; a span without ids is a sentence instead.
pub fn spans(of: &Value, mut push: impl FnMut(Result<SegmentDocument, String>)) {
    for resource in items(&of["resourceSpans"]) {
        let attributes = Attributes(&resource["resource"]["attributes"]);
        for scope in items(&resource["scopeSpans"]).chain(items(&resource["instrumentationLibrarySpans"])) {
            items(&scope["spans"]).for_each(|span| push(document(span, attributes)));
        }
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// `[{"key":…,"value":{"stringValue":…}}]`
#[derive(Clone, Copy)]
struct Attributes<'a>(&'a Value);

impl<'a> Attributes<'a> {
    fn get(self, key: &str) -> Option<&'a Value> {
        items(self.0).find(|attribute| attribute["key"] == key).map(|attribute| &attribute["value"])
    }

    fn text(self, key: &str) -> Option<&'a str> {
        self.get(key)?["stringValue"].as_str().filter(|text| !text.is_empty())
    }

    /// The first that is there: names changed over the years.
    fn any(self, keys: &[&str]) -> Option<&'a str> {
        keys.iter().find_map(|key| self.text(key))
    }

    fn whole(self, keys: &[&str]) -> Option<i64> {
        let value = keys.iter().find_map(|key| self.get(key))?;
        let int = &value["intValue"];
        int.as_i64()
            .or_else(|| int.as_str().and_then(|text| text.parse().ok()))
            .or_else(|| value["stringValue"].as_str().and_then(|text| text.parse().ok()))
    }
}

/// What a span is to the spans around it.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Work that was asked for from elsewhere.
    Entry,
    /// A call of something else.
    Call,
    /// Work inside.
    Inner,
}

fn kind(of: &Value) -> Kind {
    match (of.as_i64(), of.as_str()) {
        (Some(2 | 5), _) | (_, Some("SPAN_KIND_SERVER" | "SPAN_KIND_CONSUMER")) => Kind::Entry,
        (Some(3 | 4), _) | (_, Some("SPAN_KIND_CLIENT" | "SPAN_KIND_PRODUCER")) => Kind::Call,
        _ => Kind::Inner,
    }
}

fn document(span: &Value, resource: Attributes<'_>) -> Result<SegmentDocument, String> {
    let trace = span["traceId"].as_str().and_then(x_ray_id);
    let id = span["spanId"].as_str().and_then(|id| hex(id, 8));
    let (Some(trace), Some(id)) = (trace, id) else {
        return Err("OTLP span without a traceId of 16 and a spanId of 8 bytes".to_string());
    };
    let own = Attributes(&span["attributes"]);
    let kind = kind(&span["kind"]);
    let function = function(resource, own);
    let times = (nanos(&span["startTimeUnixNano"]), nanos(&span["endTimeUnixNano"]));
    let start_us = times.0.map(|ns| ns / 1_000);
    // An end before the start is none: a clock went back.
    let end_us = times.1.map(|ns| ns / 1_000).map(|end| start_us.map_or(end, |start| end.max(start)));
    let root = SegmentNode {
        id: id.into(),
        name: cut(span["name"].as_str().unwrap_or("(no name)")),
        start_us,
        end_us,
        in_progress: end_us.is_none(),
        flags: flags(span, own),
        origin: (kind == Kind::Entry && function.is_some()).then(|| "AWS::Lambda::Function".into()),
        namespace: (kind == Kind::Call).then(|| namespace(own).into()),
        inferred: false,
        detail: detail(own, &span["links"]).as_deref().map(cut),
        cause: cause(span).as_deref().map(cut),
        request_id: own.any(&["faas.invocation_id", "faas.execution"]).map(cut),
        children: Vec::new(),
    };
    Ok(SegmentDocument {
        trace_id: trace.into(),
        parent_id: span["parentSpanId"].as_str().and_then(|id| hex(id, 8)).map(Into::into),
        subsegment: kind != Kind::Entry,
        function: function.filter(|_| kind == Kind::Entry),
        known: known(&root),
        root,
    })
}

/// When a span was known: at its end, else at its start.
fn known(root: &SegmentNode) -> Timestamp {
    match root.end_us.or(root.start_us) {
        Some(us) => Timestamp(us.div_euclid(1_000) + i64::from(us.rem_euclid(1_000) != 0)),
        None => Timestamp::MIN,
    }
}

/// An id of `bytes` bytes in hexadecimal, small: in the specification's form, or in base64 as
/// protobuf's own JSON has it. One of zeros alone is none.
fn hex(id: &str, bytes: usize) -> Option<String> {
    let text = if id.len() == bytes * 2 && id.bytes().all(|c| c.is_ascii_hexdigit()) {
        id.to_ascii_lowercase()
    } else {
        let raw = STANDARD.decode(id).ok().filter(|raw| raw.len() == bytes)?;
        raw.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    text.bytes().any(|c| c != b'0').then_some(text)
}

/// Nanoseconds since 1970: a string by the specification, a number by many. 0 is none.
fn nanos(value: &Value) -> Option<i64> {
    let whole = value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    whole.filter(|ns| *ns > 0)
}

/// The function that the resource is.
fn function(resource: Attributes<'_>, own: Attributes<'_>) -> Option<Box<str>> {
    let arn = |attributes: Attributes<'_>| {
        let arn = attributes.any(&["cloud.resource_id", "faas.id", "aws.lambda.invoked_arn"])?;
        arn.contains(":lambda:").then(|| read::function(arn)).flatten().map(|(name, _)| name.to_string())
    };
    // `faas.name` on a span may be the function that it calls.
    let name =
        arn(resource).or_else(|| resource.text("faas.name").map(str::to_string)).or_else(|| arn(own))?;
    Some(cut(&name))
}

/// 429 is a throttle, 4xx an error; what else failed is a fault.
fn flags(span: &Value, own: Attributes<'_>) -> Flags {
    let status = own.whole(&["http.response.status_code", "http.status_code"]);
    let code = &span["status"]["code"];
    let failed = code == 2 || code == "STATUS_CODE_ERROR";
    let throttle = status == Some(429);
    let error = status.is_some_and(|status| (400..500).contains(&status));
    let fault = status.is_some_and(|status| status >= 500) || failed && !error;
    Flags { error, fault, throttle }
}

fn namespace(own: Attributes<'_>) -> &'static str {
    if own.text("rpc.system") == Some("aws-api") { "aws" } else { "remote" }
}

/// One line of what it did.
fn detail(own: Attributes<'_>, links: &Value) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    if let Some(url) = own.any(&["url.full", "http.url"]) {
        parts.extend(own.any(&["http.request.method", "http.method"]).map(str::to_string));
        parts.push(url.to_string());
    } else if let Some(query) = own.any(&["db.query.text", "db.statement"]) {
        parts.push(query.to_string());
    } else if let Some(method) = own.text("rpc.method") {
        parts.extend(own.text("rpc.service").map(str::to_string));
        parts.push(method.to_string());
    } else if let Some(to) = own.any(&["messaging.destination.name", "messaging.destination"]) {
        parts.push(to.to_string());
    }
    parts.extend(own.whole(&["http.response.status_code", "http.status_code"]).map(|n| n.to_string()));
    let traces: Vec<String> = items(links).filter_map(|link| x_ray_id(link["traceId"].as_str()?)).collect();
    parts.extend(linked(traces.iter().map(String::as_str)));
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// A trace's id as X-Ray writes it.
fn x_ray_id(id: &str) -> Option<String> {
    hex(id, 16).map(|id| format!("1-{}-{}", &id[..8], &id[8..]))
}

/// The exception that was noted last, else the status's own words.
fn cause(span: &Value) -> Option<String> {
    let exception = items(&span["events"]).filter(|event| event["name"] == "exception").last();
    let noted = exception.map(|event| Attributes(&event["attributes"]));
    match noted.map(|at| (at.text("exception.type"), at.text("exception.message"))) {
        Some((Some(kind), Some(message))) => Some(format!("{kind}: {message}")),
        Some((Some(one), None) | (None, Some(one))) => Some(one.to_string()),
        _ => span["status"]["message"].as_str().filter(|text| !text.is_empty()).map(str::to_string),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn span() -> Value {
        json!({"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174",
            "parentSpanId": "EEE19B7EC3C1B173", "name": "orders-fn", "kind": 2,
            "startTimeUnixNano": "1544712660000001000", "endTimeUnixNano": 1_544_712_661_000_000_000_u64,
            "attributes": [{"key": "faas.invocation_id", "value": {"stringValue": "73ab-1"}},
                {"key": "http.response.status_code", "value": {"intValue": "429"}}],
            "status": {"code": 2, "message": "negative amount"}})
    }

    fn read_as(span: Value, resource: Value) -> Vec<Result<SegmentDocument, String>> {
        let request = json!({"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": [{"spans": [span]}]}]});
        let mut out = Vec::new();
        spans(&request, |document| out.push(document));
        out
    }

    fn one(span: Value) -> SegmentDocument {
        let arn = "arn:aws:lambda:us-east-1:1:function:orders-fn:7";
        let resource = json!([{"key": "cloud.resource_id", "value": {"stringValue": arn}}]);
        read_as(span, resource).pop().unwrap().unwrap()
    }

    #[test]
    fn a_functions_span_is_its_segment() {
        let document = one(span());
        assert_eq!(&*document.trace_id, "1-5b8efff7-98038103d269b633813fc60c");
        assert_eq!(document.parent_id.as_deref(), Some("eee19b7ec3c1b173"));
        assert_eq!((document.subsegment, document.function.as_deref()), (false, Some("orders-fn")));
        let root = &document.root;
        assert_eq!((&*root.id, &*root.name), ("eee19b7ec3c1b174", "orders-fn"));
        assert_eq!((root.start_us, root.end_us), (Some(1_544_712_660_000_001), Some(1_544_712_661_000_000)));
        assert_eq!(root.flags, Flags { error: true, fault: false, throttle: true });
        assert_eq!(root.origin.as_deref(), Some("AWS::Lambda::Function"));
        assert_eq!(
            (root.request_id.as_deref(), root.cause.as_deref()),
            (Some("73ab-1"), Some("negative amount"))
        );
        assert_eq!(document.known, Timestamp(1_544_712_661_000));
    }

    #[test]
    fn a_call_has_its_detail_and_its_exception() {
        let mut call = span();
        call["kind"] = json!("SPAN_KIND_CLIENT");
        call["attributes"] = json!([{"key": "http.request.method", "value": {"stringValue": "POST"}},
            {"key": "url.full", "value": {"stringValue": "https://pay.example/"}},
            {"key": "http.response.status_code", "value": {"intValue": 502}}]);
        call["links"] =
            json!([{"traceId": "5b8efff798038103d269b633813fc60c"}, {"traceId": "01".repeat(16)}]);
        call["events"] = json!([{"name": "exception", "attributes": [
            {"key": "exception.type", "value": {"stringValue": "RangeError"}},
            {"key": "exception.message", "value": {"stringValue": "negative"}}]}]);
        let document = one(call);
        assert!(document.subsegment);
        assert_eq!(document.function, None);
        assert_eq!(document.root.namespace.as_deref(), Some("remote"));
        assert_eq!(
            document.root.detail.as_deref(),
            Some("POST https://pay.example/ 502 linked to 1-5b8efff7-98038103d269b633813fc60c and 1 more")
        );
        assert_eq!(document.root.cause.as_deref(), Some("RangeError: negative"));
        assert_eq!(document.root.flags, Flags { error: false, fault: true, throttle: false });
    }

    #[test]
    fn ids_may_be_base64_and_odd_times_are_survived() {
        let mut odd = span();
        odd["traceId"] = json!(STANDARD.encode([0x5b; 16]));
        odd["spanId"] = json!(STANDARD.encode([1; 8]));
        odd["parentSpanId"] = json!("");
        odd["endTimeUnixNano"] = json!("1544712650000000000");
        let document = one(odd.clone());
        assert_eq!(&*document.trace_id, format!("1-{}-{}", "5b".repeat(4), "5b".repeat(12)));
        assert_eq!((&*document.root.id, document.parent_id), ("0101010101010101", None));
        assert_eq!(document.root.end_us, document.root.start_us, "ends before it begins");
        odd["endTimeUnixNano"] = Value::Null;
        odd["startTimeUnixNano"] = json!(0);
        let document = one(odd.clone());
        assert_eq!((document.root.start_us, document.root.in_progress), (None, true));
        odd["spanId"] = json!("0000000000000000");
        assert!(read_as(odd, json!([])).pop().unwrap().is_err());
    }
}
