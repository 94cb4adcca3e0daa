//! The speed of decoding, by the form in which records come, on input that is made here. What came
//! out is counted, kind by kind: a fast wrong answer fails.
//!
//!     cargo bench --bench decode

mod support;

use std::fmt::{self, Display, Formatter};
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use divan::counter::BytesCount;
use flate2::write::GzEncoder;
use lamtop::ingest::Batch;
use lamtop::model::{Body, Chunk, Record};
use serde_json::{Value, json};
use support::BASE;
use support::documents::{datum, list_functions, segment};
use support::logs::{self, Line, chunks, id, lines, quoted, said, time, times, wrapped};

fn main() {
    divan::main();
}

/// How records are written.
struct Form {
    name: &'static str,
    /// Input in this form, and what is in it.
    made: fn() -> (Vec<Chunk>, Told),
}

impl Display for Form {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Records by their kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Told {
    platform: u64,
    lines: u64,
    metrics: u64,
    segments: u64,
    /// Settings, calls, ends of asynchronous events.
    facts: u64,
    /// What is known and not kept.
    other: u64,
    /// What belongs to the record before it, and what could not be read.
    rest: u64,
}

impl Told {
    fn of(batches: &[Batch]) -> Self {
        let mut told = Self::default();
        batches.iter().flat_map(Batch::records).for_each(|record| told.count(record));
        told
    }

    fn count(&mut self, record: &Record<'_>) {
        let place = match record.body {
            Body::Platform(_) => &mut self.platform,
            Body::Log(_) => &mut self.lines,
            Body::Metric(_) => &mut self.metrics,
            Body::Segment(_) => &mut self.segments,
            Body::Setting(_) | Body::Delivery(_) | Body::Call(_) => &mut self.facts,
            Body::Other(_) => &mut self.other,
            Body::Continuation(_) | Body::Bad(_) => &mut self.rest,
            Body::Event(event) => {
                event.more.iter().for_each(|record| self.count(record));
                return self.count(&Record { body: event.body, ..*record });
            }
            Body::Recorded(recorded) => return self.count(&recorded.record),
        };
        *place += 1;
    }

    fn times(self, n: u64) -> Self {
        Self {
            platform: self.platform * n,
            lines: self.lines * n,
            metrics: self.metrics * n,
            segments: self.segments * n,
            facts: self.facts * n,
            other: self.other * n,
            rest: self.rest * n,
        }
    }
}

/// Invocations, or other things of which there is one each.
const MANY: u64 = 2_000;
/// Of what is read as a tree and takes longer.
const FEWER: u64 = 500;
/// Log events in one answer, payload or batch.
const TOGETHER: usize = 200;

/// `2026-11-23T08:00:00.123000+00:00`, as the CLI prints times.
fn micros(line: &Line) -> String {
    time(line.at).replace('Z', "000+00:00")
}

/// `2026-11-23 08:00:00.123`, as Logs Insights has times.
fn blank(at: i64) -> String {
    time(at).replace('T', " ").replace('Z', "")
}

/// An event as the API's answers have it.
fn event(at: usize, line: &Line) -> Value {
    json!({
        "logStreamName": line.stream, "timestamp": line.at, "message": line.message,
        "ingestionTime": line.at + 900, "eventId": event_id(at),
    })
}

fn event_id(at: usize) -> String {
    format!("{:056}", 31_961_209_122_447_488_583_u128 + at as u128)
}

/// Documents of [`TOGETHER`] events each.
fn documents(lines: &[Line], document: impl Fn(&[Line], Vec<Value>) -> Value) -> Vec<Value> {
    let part = |(n, part): (usize, &[Line])| {
        let events = part.iter().enumerate().map(|(at, line)| event(n * TOGETHER + at, line)).collect();
        document(part, events)
    };
    lines.chunks(TOGETHER).enumerate().map(part).collect()
}

/// Each on one line.
fn compact(documents: Vec<Value>) -> Vec<Chunk> {
    chunks(documents.iter().map(|document| format!("{document}\n")))
}

/// As the CLI prints them.
fn pretty(documents: Vec<Value>) -> Vec<Chunk> {
    chunks(documents.iter().map(|document| format!("{document:#}\n")))
}

fn filtered(lines: &[Line]) -> Vec<Value> {
    documents(lines, |_, events| json!({"events": events, "searchedLogStreams": [], "nextToken": "t"}))
}

/// Answers without ids and streams.
fn log_events(lines: &[Line]) -> Vec<Value> {
    documents(lines, |_, mut events| {
        for event in &mut events {
            let (at, message) = (&event["timestamp"], &event["message"]);
            *event = json!({"timestamp": at, "message": message, "ingestionTime": at});
        }
        json!({"events": events, "nextForwardToken": "f/1", "nextBackwardToken": "b/1"})
    })
}

/// The payload of a subscription filter: its events are of one stream.
fn payloads(lines: &[Line]) -> Vec<Value> {
    documents(lines, |part, mut events| {
        for event in &mut events {
            *event =
                json!({"id": event["eventId"], "timestamp": event["timestamp"], "message": event["message"]});
        }
        json!({
            "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": part[0].group(),
            "logStream": part[0].stream, "subscriptionFilters": ["all"], "logEvents": events,
        })
    })
}

/// As Lambda gets it.
fn packed(payload: Value) -> Value {
    let mut gz = GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(payload.to_string().as_bytes()).expect("memory takes all");
    json!({"awslogs": {"data": STANDARD.encode(gz.finish().expect("memory takes all"))}})
}

/// Four metrics, one of them of three values, by two sets of dimensions.
fn emf(n: u64) -> Vec<(i64, String)> {
    let (start, took) = times(n);
    let message = json!({
        "_aws": {"Timestamp": start, "CloudWatchMetrics": [{
            "Namespace": "Shop", "Dimensions": [["service", "stage"], ["service"]],
            "Metrics": [{"Name": "Orders", "Unit": "Count"}, {"Name": "Latency", "Unit": "Milliseconds"},
                {"Name": "Amount", "Unit": "None"}, {"Name": "Items"}]}]},
        "service": "payment", "stage": "test", "order": {"id": id(n)}, "request_id": id(n),
        "Orders": 1, "Latency": [took, 20.5, 3], "Amount": took as f64 / 8.0, "Items": n % 9,
    });
    vec![(start, format!("{message}\n"))]
}

/// An event of Lambda Insights'.
fn insights(n: u64) -> Vec<(i64, String)> {
    let (start, took) = times(n);
    let names = ["memory_utilization", "total_memory", "used_memory_max", "cpu_total_time", "tx_bytes"];
    let declared: Vec<Value> = names.iter().map(|name| json!({"Name": name})).collect();
    let message = json!({
        "_aws": {"Timestamp": start, "CloudWatchMetrics": [{"Namespace": "LambdaInsights",
            "Dimensions": [["function_name"], ["function_name", "version"]], "Metrics": declared}],
            "LambdaInsights": {"ShareTelemetry": true}},
        "event_type": "performance", "function_name": "cpu-intensive", "version": "7", "request_id": id(n),
        "trace_id": "1-5faae118-12345678901234567890", "duration": took, "billed_duration": took + 1,
        "cold_start": false, "tmp_free": 538_329_088, "threads_max": 11, "used_memory_max": 63,
        "total_memory": 256, "memory_utilization": 24, "cpu_user_time": 40, "cpu_system_time": 5,
        "cpu_total_time": 45, "fd_use": 416, "tx_bytes": 4_434 + n, "rx_bytes": 6_911, "timeout": false,
        "agent_version": "1.0.72.0",
    });
    vec![(start, message.to_string())]
}

/// What an extension gets of an invocation: start, a line, an object, the runtime's end, the report.
fn telemetry(n: u64) -> [Value; 5] {
    let (id, (start, took)) = (id(n), times(n));
    let trace = json!({"spanId": "4066c6e138b05ad0", "type": "X-Amzn-Trace-Id",
        "value": "Root=1-6b03f284-20caa38f36caa70a953310b4;Parent=8df535501bf909fd;Sampled=1"});
    let (began, ended) = (time(start), time(start + took));
    let line = format!("{began}\t{id}\tINFO\t{}\n", said(n));
    let object = json!({"timestamp": began, "level": "WARN", "requestId": id, "message": said(n + 1)});
    [
        json!({"time": began, "type": "platform.start",
            "record": {"requestId": id, "version": "$LATEST", "tracing": trace}}),
        json!({"time": began, "type": "function", "record": line}),
        json!({"time": began, "type": "function", "record": object}),
        json!({"time": ended, "type": "platform.runtimeDone", "record": {"requestId": id, "status": "success",
            "tracing": trace, "metrics": {"durationMs": took, "producedBytes": 31},
            "spans": [{"name": "responseLatency", "start": began, "durationMs": 4.5}]}}),
        json!({"time": ended, "type": "platform.report", "record": {"requestId": id, "status": "success",
            "metrics": {"durationMs": took as f64 + 0.25, "billedDurationMs": took + 1, "memorySizeMB": 512,
                "maxMemoryUsedMB": 137}, "tracing": trace}}),
    ]
}

/// Two metrics of a function over an hour.
fn metric_data(n: u64) -> Value {
    let times: Vec<String> = (0..60).rev().map(|minute| time(BASE + minute * 60_000)).collect();
    let values: Vec<u64> = (0..60).map(|minute| minute * n % 91).collect();
    let of = |metric: &str| {
        json!({"Id": metric.to_lowercase(), "Label": format!("checkout-api-{n:03} {metric}"),
            "Timestamps": times, "Values": values, "StatusCode": "Complete"})
    };
    json!({"MetricDataResults": [of("Invocations"), of("Errors")], "Messages": []})
}

/// Answers of five traces, whose documents are strings in them.
fn batch_get_traces(n: u64) -> Value {
    let trace = |n: u64| {
        let document = segment(n, 40);
        let segments = [json!({"Id": document["id"], "Document": document.to_string()})];
        json!({"Id": document["trace_id"], "Duration": 0.31, "LimitExceeded": false, "Segments": segments})
    };
    let traces: Vec<Value> = (n * 5..n * 5 + 5).map(trace).collect();
    json!({"Traces": traces, "UnprocessedTraceIds": []})
}

/// A request of three spans.
fn otlp(n: u64) -> Value {
    let (start, took) = times(n);
    let nanos = |ms: i64| format!("{}000000", start + ms);
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let hex = |part: i64| format!("{:016x}", n as i64 * 4 + part + (7 << 40));
    let span = |part: i64, kind: u64, name: &str, attributes: Vec<Value>| {
        json!({"traceId": format!("6b03f284{n:024x}"), "spanId": hex(part), "parentSpanId": hex(0),
            "name": name, "kind": kind,
            "startTimeUnixNano": nanos(part), "endTimeUnixNano": nanos(took + part), "attributes": attributes,
            "droppedAttributesCount": 0, "events": [], "status": {"code": 0}, "links": [], "flags": 257})
    };
    let spans = [
        span(1, 2, "orders-fn", vec![text("faas.invocation_id", &id(n))]),
        span(2, 3, "charge", vec![text("url.full", "https://api.bank.example/v1/capture")]),
        span(3, 1, "validate", vec![text("note", &said(n))]),
    ];
    json!({"resourceSpans": [{
        "resource": {"attributes": [text("service.name", "shop"), text("faas.name", "orders-fn"),
            text("cloud.region", "us-east-1")], "droppedAttributesCount": 0},
        "scopeSpans": [{"scope": {"name": "shop.handler", "version": "1.2.3"}, "spans": spans}]}]})
}

/// Other code that is published, a limit, a call, and one that only looks.
fn cloud_trail(n: u64) -> Value {
    let function = format!("arn:aws:lambda:us-east-1:123456789012:function:checkout-api-{:03}", n % 40);
    let event = |name: &str, asked: Value, answered: Value| {
        json!({"eventVersion": "1.09", "eventSource": "lambda.amazonaws.com", "eventName": name,
            "eventTime": time(BASE + n as i64 * 1_000), "awsRegion": "us-east-1", "sourceIPAddress": "192.0.2.7",
            "userAgent": "aws-cli/2.15", "requestParameters": asked, "responseElements": answered,
            "requestID": id(n), "eventID": id(n + 1), "readOnly": name.starts_with("Get"),
            "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": "123456789012",
            "userIdentity": {"type": "AssumedRole", "principalId": "AROAEXAMPLE:deploy", "accountId": "123456789012",
                "arn": "arn:aws:sts::123456789012:assumed-role/deploy-role/deploy"}})
    };
    let of = json!({"functionName": function});
    json!({"Records": [
        event("UpdateFunctionCode20150331v2", of.clone(), json!({"functionName": "checkout-api", "version": "8",
            "codeSize": 304, "runtime": "python3.12", "memorySize": 512, "timeout": 30})),
        event("PutFunctionConcurrency20171031",
            json!({"functionName": function, "reservedConcurrentExecutions": n % 90}), Value::Null),
        event("Invoke", of.clone(), Value::Null),
        event("GetFunction20150331v2", of, Value::Null)]})
}

fn destination(n: u64) -> Value {
    json!({"version": "1.0", "timestamp": time(BASE + n as i64 * 100), "requestContext": {"requestId": id(n),
            "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:checkout-api-007:$LATEST",
            "condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": {"order": id(n), "items": [1, 2, 3]},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": said(n), "errorType": "KeyError"}})
}

/// Rows of fields, the newest first.
fn query_results(lines: &[Line]) -> Vec<Value> {
    let field = |name: &str, value: String| json!({"field": name, "value": value});
    let row = |line: &Line| {
        json!([
            field("@timestamp", blank(line.at)),
            field("@message", line.message.clone()),
            field("@logStream", line.stream.clone()),
            field("@log", format!("123456789012:{}", line.group())),
            field("@ptr", format!("C{:0150}", line.at)),
        ])
    };
    let part = |part: &[Line]| {
        let rows: Vec<Value> = part.iter().rev().map(row).collect();
        json!({"results": rows, "statistics": {"recordsMatched": 200.0, "recordsScanned": 900.0,
            "bytesScanned": 81_234.0}, "status": "Complete", "queryLanguage": "CWLI"})
    };
    lines.chunks(TOGETHER).map(part).collect()
}

/// What Live Tail sends about once a second.
fn live_tail(lines: &[Line]) -> Vec<Value> {
    let result = |line: &Line| {
        json!({"logStreamName": line.stream, "logGroupIdentifier": format!("123456789012:{}", line.group()),
            "message": line.message, "timestamp": line.at, "ingestionTime": line.at + 900})
    };
    let part = |part: &[Line]| {
        let results: Vec<Value> = part.iter().map(result).collect();
        json!({"sessionUpdate": {"sessionMetadata": {"sampled": false}, "sessionResults": results}})
    };
    lines.chunks(TOGETHER).map(part).collect()
}

const NONE: Told = Told { platform: 0, lines: 0, metrics: 0, segments: 0, facts: 0, other: 0, rest: 0 };

/// The lines of [`MANY`] invocations, as text or JSON, written in a form.
fn texts(form: impl FnOnce(&[Line]) -> Vec<Chunk>) -> (Vec<Chunk>, Told) {
    (form(&lines(MANY, logs::text)), Told { platform: 3, lines: 2, ..NONE }.times(MANY))
}

fn jsons(form: impl FnOnce(&[Line]) -> Vec<Chunk>) -> (Vec<Chunk>, Told) {
    (form(&lines(MANY, logs::json)), Told { platform: 2, lines: 3, ..NONE }.times(MANY))
}

/// Each line as tools print it: CloudWatch keeps the line end of a message, they don't.
fn printed(lines: &[Line], print: impl Fn(&Line, &str) -> String) -> Vec<Chunk> {
    chunks(lines.iter().map(|line| print(line, line.message.trim_end())))
}

/// So many documents, each with so much in it.
fn many(n: u64, document: fn(u64) -> Value, each: Told) -> (Vec<Chunk>, Told) {
    (compact((0..n).map(document).collect()), each.times(n))
}

/// The same as the CLI prints them.
fn many_pretty(n: u64, document: fn(u64) -> Value, each: Told) -> (Vec<Chunk>, Told) {
    (pretty((0..n).map(document).collect()), each.times(n))
}

static FORMS: [Form; 30] = [
    Form { name: "capture, text", made: || texts(|lines| chunks(lines.iter().map(wrapped))) },
    Form { name: "capture, JSON", made: || jsons(|lines| chunks(lines.iter().map(wrapped))) },
    Form {
        name: "capture, embedded metrics",
        made: || {
            let chunks = chunks(lines(MANY, emf).iter().map(wrapped));
            (chunks, Told { lines: 1, metrics: 8, ..NONE }.times(MANY))
        },
    },
    Form {
        name: "capture, Lambda Insights",
        made: || {
            let chunks = chunks(lines(MANY, insights).iter().map(wrapped));
            // What is known of Insights, declared or not; the event itself is no line.
            (chunks, Told { metrics: 14, ..NONE }.times(MANY))
        },
    },
    Form {
        name: "capture, raw form",
        made: || {
            texts(|lines| {
                printed(lines, |line, message| {
                    let (arrived, raw) = (line.at + 900, quoted(message));
                    format!("{{\"arrived\":{arrived},\"source\":\"logs/orders.log\",\"raw\":{raw}}}\n")
                })
            })
        },
    },
    Form {
        name: "logs tail, detailed",
        made: || {
            texts(|lines| printed(lines, |l, message| format!("{} {} {message}\n", micros(l), l.stream)))
        },
    },
    Form {
        name: "logs tail, short",
        made: || texts(|lines| printed(lines, |l, message| format!("{} {message}\n", &time(l.at)[..19]))),
    },
    Form {
        name: "logs tail, json",
        // Over several lines, below the line that says when and where.
        made: || {
            jsons(|lines| {
                printed(lines, |line, message| {
                    let message: Value = serde_json::from_str(message).expect("it was made of one");
                    format!("{} {} \n{message:#}\n", micros(line), line.stream)
                })
            })
        },
    },
    Form {
        name: "sam logs",
        made: || {
            texts(|lines| {
                printed(lines, |l, message| format!("{} {} {message}\n", l.stream, &micros(l)[..26]))
            })
        },
    },
    Form {
        name: "awslogs",
        made: || {
            texts(|lines| {
                printed(lines, |l, message| format!("{} {} {} {message}\n", l.group(), l.stream, time(l.at)))
            })
        },
    },
    Form { name: "plain text", made: || texts(|lines| printed(lines, |_, message| format!("{message}\n"))) },
    Form { name: "plain JSON", made: || jsons(|lines| printed(lines, |_, message| format!("{message}\n"))) },
    Form { name: "filter-log-events", made: || texts(|lines| pretty(filtered(lines))) },
    Form { name: "filter-log-events, compact", made: || texts(|lines| compact(filtered(lines))) },
    Form {
        name: "filter-log-events, text",
        made: || {
            texts(|lines| {
                chunks(lines.iter().enumerate().map(|(at, line)| {
                    let (stream, ms) = (&line.stream, line.at);
                    format!("EVENTS\t{}\t{}\t{stream}\t{}\t{ms}\n", event_id(at), ms + 900, line.message)
                }))
            })
        },
    },
    Form { name: "get-log-events", made: || texts(|lines| pretty(log_events(lines))) },
    Form { name: "Live Tail", made: || texts(|lines| compact(live_tail(lines))) },
    Form { name: "Logs Insights", made: || texts(|lines| pretty(query_results(lines))) },
    Form {
        name: "Logs Insights, CSV",
        made: || {
            texts(|lines| {
                chunks(lines.iter().map(|line| {
                    let message = line.message.replace('"', "\"\"");
                    let group = line.group();
                    format!("{},\"{message}\",{},123456789012:{group}\n", blank(line.at), line.stream)
                }))
            })
        },
    },
    Form { name: "subscription", made: || texts(|lines| compact(payloads(lines))) },
    Form {
        name: "subscription, gzip in base64",
        made: || texts(|lines| compact(payloads(lines).into_iter().map(packed).collect())),
    },
    Form {
        name: "Telemetry API",
        made: || {
            let batch = |n: u64| (n * 20..n * 20 + 20).flat_map(telemetry).collect();
            many(MANY / 20, batch, Told { platform: 3, lines: 2, ..NONE }.times(20))
        },
    },
    Form {
        name: "metric stream",
        made: || many(MANY, |n| datum(n, 40, "Duration", "Milliseconds"), Told { metrics: 1, ..NONE }),
    },
    Form { name: "get-metric-data", made: || many_pretty(FEWER, metric_data, Told { metrics: 120, ..NONE }) },
    Form { name: "X-Ray segments", made: || many(MANY, |n| segment(n, 40), Told { segments: 1, ..NONE }) },
    Form {
        name: "batch-get-traces",
        made: || many_pretty(FEWER, batch_get_traces, Told { segments: 5, ..NONE }),
    },
    Form { name: "OTLP", made: || many(MANY, otlp, Told { segments: 3, ..NONE }) },
    Form {
        name: "CloudTrail",
        // The code and its version, the limit, the call; of what only looks nothing is kept.
        made: || many(FEWER, cloud_trail, Told { facts: 4, other: 1, ..NONE }),
    },
    Form {
        name: "list-functions",
        made: || many_pretty(FEWER / 10, list_functions, Told { facts: 50 * 7, ..NONE }),
    },
    Form { name: "destination records", made: || many(MANY, destination, Told { facts: 1, ..NONE }) },
];

/// Bytes to records.
#[divan::bench(args = &FORMS)]
fn decode(bencher: divan::Bencher<'_, '_>, form: &Form) {
    let (chunks, told) = (form.made)();
    let batches: Vec<Batch> = chunks.iter().cloned().map(Batch::decode).collect();
    assert_eq!(Told::of(&batches), told, "{form}");
    let records: usize = batches.iter().map(|batch| batch.records().len()).sum();
    let size = BytesCount::new(chunks.iter().map(|chunk| chunk.bytes.len()).sum::<usize>());
    bencher.counter(size).with_inputs(|| chunks.clone()).bench_values(|chunks| {
        let found: usize = chunks.into_iter().map(|chunk| Batch::decode(chunk).records().len()).sum();
        assert_eq!(found, records, "{form}");
    });
}
