//! Each decoder's contract: hand-written samples, and what they mean.

mod metrics;

use super::switch::without_short_cuts;
use super::*;
use crate::model::{
    ErrorCounts, Fault, InitKind, InitPhase, Level, LogLine, Micros, Platform, RuntimeDone, SourceId, Status,
};
use proptest::prelude::*;

fn origin(len: usize) -> Origin {
    Origin { source: SourceId(0), offset: 0, len: len as u32 }
}

/// The one record of a line.
pub(super) fn record<'a>(
    line: &'a [u8],
    origin: Origin,
    arrived: Option<Timestamp>,
    arena: &'a Arena,
) -> Record<'a> {
    let mut records = Vec::new();
    frame(Frame { text: line, origin, arrived }, arena, &mut records);
    assert_eq!(records.len(), 1, "{}", line.escape_ascii());
    records.remove(0)
}

/// The records of a line, of which a change in its middle may have made several.
fn read_frame(line: &[u8]) -> Vec<Record<'static>> {
    let frame_of = Frame { text: Vec::leak(line.to_vec()), origin: origin(line.len()), arrived: None };
    let mut records = Vec::new();
    frame(frame_of, Box::leak(Box::default()), &mut records);
    records
}

/// Decodes a line into memory that stays, so that tests can keep what was read.
fn read_bytes(line: &[u8]) -> Record<'static> {
    record(Vec::leak(line.to_vec()), origin(line.len()), None, Box::leak(Box::default()))
}

/// Decodes lines as they come out of a file.
fn read_chunk(bytes: &[u8]) -> Vec<Record<'static>> {
    let chunk_of = Chunk { source: SourceId(0), offset: 0, arrived: None, bytes: bytes.to_vec(), cut: 0 };
    let mut out = Vec::new();
    chunk(Box::leak(Box::new(chunk_of)), Wanted::All, Box::leak(Box::default()), &mut out);
    out
}

fn read(line: &str) -> Record<'static> {
    read_bytes(line.as_bytes())
}

fn wrap(message: &str) -> String {
    let message = serde_json::to_string(message).unwrap();
    format!(
        r#"{{"logGroup":"/aws/lambda/pay","logStream":"2026/11/23/[7]0123456789abcdef0123456789abcdef","timestamp":1795420800123,"message":{message}}}"#
    )
}

fn wrapped(message: &str) -> Body<'static> {
    let line = wrap(message);
    let record = read(&line);
    assert_eq!(record.envelope.function, Some(&b"pay"[..]));
    assert_eq!(record.envelope.stream, Some(&b"2026/11/23/[7]0123456789abcdef0123456789abcdef"[..]));
    assert_eq!(record.envelope.time, Some(Timestamp(1_795_420_800_123)));
    record.body
}

fn platform(message: &str) -> Platform<'static> {
    match wrapped(message) {
        Body::Platform(platform) => platform,
        other => panic!("{message:?} is {other:?}"),
    }
}

fn log(message: &str) -> (Level, Option<String>, Option<(String, ErrorCounts)>) {
    match wrapped(message) {
        Body::Log(line) => {
            let text = |t: Text<'_>| String::from_utf8(t.to_vec()).unwrap();
            (line.level, line.id.map(text), line.error.map(|e| (text(e.error_type), e.counts)))
        }
        other => panic!("{message:?} is {other:?}"),
    }
}

#[test]
fn text_report_with_every_field() {
    let Platform::Report(r) = platform(
        "REPORT RequestId: 8f5-x\tDuration: 3000.00 ms\tBilled Duration: 3403 ms\tMemory Size: 128 MB\t\
         Max Memory Used: 56 MB\tInit Duration: 402.04 ms\tRestore Duration: 1.5 ms\tStatus: error\t\
         Error Type: Runtime.ExitError\nXRAY TraceId: 1-6745a1b2-0123456789abcdef01234567\tSegmentId: 0123456789abcdef\tSampled: true\t\n",
    ) else {
        panic!()
    };
    assert_eq!(r.id, b"8f5-x");
    assert_eq!(r.duration, Some(Micros(3_000_000)));
    assert_eq!((r.billed_ms, r.memory_mb, r.max_memory_mb), (Some(3403), Some(128), Some(56)));
    assert_eq!((r.init, r.restore), (Some(Micros(402_040)), Some(Micros(1_500))));
    assert_eq!((r.status, r.error_type), (Some(Status::Error), Some(&b"Runtime.ExitError"[..])));
    let trace = r.trace.unwrap();
    assert_eq!(trace.root, b"1-6745a1b2-0123456789abcdef01234567");
    assert_eq!((trace.parent, trace.sampled), (Some(&b"0123456789abcdef"[..]), Some(true)));
}

#[test]
fn a_missing_field_is_unknown_and_never_0() {
    let Platform::Report(r) = platform("REPORT RequestId: a\tDuration: 125.46 ms\t\n") else { panic!() };
    assert_eq!((r.billed_ms, r.memory_mb, r.max_memory_mb, r.init, r.status), (None, None, None, None, None));
}

#[test]
fn the_other_text_platform_lines() {
    let Platform::Start(start) = platform("START RequestId: 8f5-x Version: 42\n") else { panic!() };
    assert_eq!((start.id, start.version), (&b"8f5-x"[..], Some(&b"42"[..])));
    assert!(matches!(platform("END RequestId: 8f5-x\n"), Platform::End { .. }));
    let Platform::InitStart(init) = platform(
        "INIT_START Runtime Version: nodejs:20.v47\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:ab\n",
    ) else {
        panic!()
    };
    assert_eq!(init.runtime_version, Some(&b"nodejs:20.v47"[..]));
    let Platform::InitReport(init) = platform(
        "INIT_REPORT Init Duration: 150.79 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.X\n",
    ) else {
        panic!()
    };
    assert_eq!((init.duration, init.phase), (Some(Micros(150_790)), InitPhase::Invoke));
    assert_eq!(init.status, Some(Status::Error));
    let Platform::InitStart(init) = platform("RESTORE_START Runtime Version: java:17.v8\n") else { panic!() };
    assert_eq!(init.kind, InitKind::SnapStart);
    let timed_out = platform("2026-11-23T08:00:03.001Z 8f5-x Task timed out after 3.00 seconds\n\n");
    assert_eq!(timed_out, Platform::TimedOut { id: b"8f5-x", after: Micros(3_000_000) });
    let fault =
        platform("RequestId: 8f5-x Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n");
    let exit = Some(&b"Runtime.ExitError"[..]);
    assert_eq!(fault, Platform::Fault(&Fault { id: Some(b"8f5-x"), error_type: exit, killed: true }));
    assert_eq!(platform("EXTENSION\tName: logs\tState: Ready\tEvents: [INVOKE]\n"), Platform::Other);
}

#[test]
fn a_line_whose_container_says_whose_it_is_is_left_where_it_is_known_to_be_no_error() {
    let id_of = |level: &str, container: &str| {
        let message = format!(
            r#"{{"level":"{level}","message":"m","timestamp":"2026-11-23T08:00:00.304Z","function_request_id":"r-1"}}"#
        );
        let line = wrap(&message).replacen(r#""logStream""#, container, 1);
        let Body::Log(line) = read(&line).body else { panic!("{line}") };
        line.id
    };
    let request = Some(&b"r-1"[..]);
    assert_eq!(id_of("INFO", r#""logStream""#), None);
    assert_eq!(id_of("ERROR", r#""logStream""#), request, "an error is its request's");
    assert_eq!(id_of("INFO", r#""noStream""#), request, "nothing else tells whose it is");
}

#[test]
fn what_runtimes_print_as_text() {
    let t = "2026-11-23T08:00:00.123Z";
    let always = |name: &str| Some((name.to_string(), ErrorCounts::Always));
    for (message, level, id, error) in [
        (format!("{t}\tid-1\tINFO\thello\n"), Level::Info, Some("id-1"), None),
        (format!("{t}\tundefined\tWARN\thello\n"), Level::Warn, None, None),
        (format!("{t}\tid-1\tERROR\tlogged only\n"), Level::Error, Some("id-1"), None),
        (
            format!(
                "{t}\tid-1\tERROR\tInvoke Error \t{{\"errorType\":\"TypeError\",\"errorMessage\":\"x\",\"stack\":[]}}\n"
            ),
            Level::Error,
            Some("id-1"),
            always("TypeError"),
        ),
        (format!("[INFO]\t{t}\tid-1\thello\n"), Level::Info, Some("id-1"), None),
        (format!("[WARNING]\t{t}\t\tLAMBDA_WARNING: …\n"), Level::Warn, None, None),
        (
            "[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n  File".to_string(),
            Level::Error,
            None,
            always("KeyError"),
        ),
        (
            "[ERROR] KeyError\rTraceback (most recent call last):\r  File".to_string(),
            Level::Error,
            None,
            always("KeyError"),
        ),
        (
            "[ERROR] Runtime.ImportModuleError: No module".to_string(),
            Level::Error,
            None,
            always("Runtime.ImportModuleError"),
        ),
        (
            "[ERROR] Payment: declined".to_string(),
            Level::Error,
            None,
            Some(("Payment".to_string(), ErrorCounts::IfTraceback)),
        ),
        ("[ERROR] something odd went wrong".to_string(), Level::Error, None, None),
        ("just a print".to_string(), Level::Unknown, None, None),
        (String::new(), Level::Unknown, None, None),
    ] {
        assert_eq!(log(&message), (level, id.map(str::to_string), error), "{message:?}");
    }
}

#[test]
fn lines_that_quote_platform_records_are_none() {
    let report =
        "REPORT RequestId: a\tDuration: 99999.99 ms\tBilled Duration: 100000 ms\tMemory Size: 128 MB\t";
    log(&format!("forwarded \"{report}\" to bravo"));
    log(&format!("2026-11-23T08:00:00.123Z\tid-1\tINFO\tforwarded \"{report}\""));
    log("START RequestId: without a version");
    log("REPORT RequestId: a without any duration");
    log("END RequestId: a and more");
    log(
        r#"{"timestamp":"2026-11-23T08:00:00.123Z","level":"INFO","message":"{\"time\":\"x\",\"type\":\"platform.report\",\"record\":{}}"}"#,
    );
    log(r#"{"type":"platform.report","record":{"requestId":"a"}}"#);
}

#[test]
fn json_platform_records_in_any_order() {
    let want = platform(
        r#"{"time":"2026-11-23T08:00:00.123Z","type":"platform.report","record":{"requestId":"a","metrics":{"durationMs":12.345,"billedDurationMs":13,"memorySizeMB":128,"maxMemoryUsedMB":60,"initDurationMs":10},"status":"timeout","errorType":"Sandbox.Timedout","tracing":{"spanId":"b","type":"X-Amzn-Trace-Id","value":"Parent=0123456789abcdef;Root=1-6745a1b2-0123456789abcdef01234567;Lineage=1:2;Sampled=0"}}}"#,
    );
    let Platform::Report(r) = &want else { panic!() };
    assert_eq!(
        (r.duration, r.init, r.status),
        (Some(Micros(12_345)), Some(Micros(10_000)), Some(Status::Timeout))
    );
    assert_eq!(r.trace.as_ref().unwrap().sampled, Some(false));
    let other = platform(
        "{ \"record\" : { \"tracing\" : {\"value\": \"Root=1-6745a1b2-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0\"}, \"new\": [{}], \"status\":\"timeout\", \"errorType\":\"Sandbox.Timedout\", \"metrics\" : {\"initDurationMs\":10.0, \"maxMemoryUsedMB\":60, \"memorySizeMB\":128.0, \"billedDurationMs\":13,\"durationMs\":1.2345E1}, \"requestId\":\"a\" },\n \"type\":\"platform.report\", \"time\" : \"2026-11-23T08:00:00.123Z\" }",
    );
    assert_eq!(want, other);
}

#[test]
fn the_other_json_platform_records() {
    let record = |kind: &str, record: &str| {
        platform(&format!(
            r#"{{"time":"2026-11-23T08:00:00.123Z","type":"platform.{kind}","record":{record}}}"#
        ))
    };
    let Platform::Start(start) = record("start", r#"{"requestId":"a","version":"$LATEST"}"#) else {
        panic!()
    };
    assert_eq!(start.version, Some(&b"$LATEST"[..]));
    // AWS's own documentation calls a start so (formats.md 5.4).
    assert!(matches!(record("initStart", r#"{"requestId":"a","version":"1"}"#), Platform::Start(_)));
    let init = r#"{"initializationType":"provisioned-concurrency","phase":"init","functionVersion":"3"}"#;
    let Platform::InitStart(init) = record("initStart", init) else { panic!() };
    assert_eq!((init.kind, init.version), (InitKind::Provisioned, Some(&b"3"[..])));
    let done =
        record("runtimeDone", r#"{"requestId":"a","status":"failure","errorType":"Runtime.ExitError"}"#);
    assert!(matches!(done, Platform::RuntimeDone(RuntimeDone { status: Some(Status::Failure), .. })));
    let dropped = record("logsDropped", r#"{"reason":"x","droppedRecords":7,"droppedBytes":900}"#);
    assert_eq!(dropped, Platform::Dropped { records: 7, bytes: 900 });
    let fault = record("fault", r#""RequestId: a Process exited before completing request""#);
    assert!(matches!(fault, Platform::Fault(Fault { id: Some(_), .. })));
    assert_eq!(record("ofALaterYear", r#"{"a":[1,{"b":2}]}"#), Platform::Other);
}

#[test]
fn json_application_lines() {
    let t = "2026-11-23T08:00:00.123Z";
    let always = |name: &str| Some((name.to_string(), ErrorCounts::Always));
    for (message, level, id, error) in [
        (
            format!(r#"{{"timestamp":"{t}","level":"INFO","requestId":"a","message":"x"}}"#),
            Level::Info,
            Some("a"),
            None,
        ),
        (
            format!(r#"{{"timestamp":"{t}","level":"INFO","requestId":"a\u002fb","message":"x"}}"#),
            Level::Info,
            Some("a/b"),
            None,
        ),
        (
            format!(r#"{{"requestId":"a","message":{{"k":[1]}},"level":"warn","timestamp":"{t}"}}"#),
            Level::Warn,
            Some("a"),
            None,
        ),
        (
            format!(r#"{{"timestamp":"{t}","level":"ERROR","requestId":"a","message":"failed"}}"#),
            Level::Error,
            Some("a"),
            None,
        ),
        (
            format!(
                r#"{{"timestamp":"{t}","level":"ERROR","requestId":"a","message":{{"errorType":"E","errorMessage":"m","stackTrace":[]}}}}"#
            ),
            Level::Error,
            Some("a"),
            Some(("E".to_string(), ErrorCounts::IfLast)),
        ),
        (
            format!(
                r#"{{"timestamp":"{t}","log_level":"ERROR","errorMessage":"m","errorType":"KeyError","requestId":"a","stackTrace":["x\ny"]}}"#
            ),
            Level::Error,
            Some("a"),
            always("KeyError"),
        ),
        (
            format!(
                r#"{{"timestamp": "{t}", "level": "ERROR", "errorMessage": "m", "errorType": "ValueError", "requestId": "a", "stackTrace": []}}"#
            ),
            Level::Error,
            Some("a"),
            always("ValueError"),
        ),
        (
            format!(
                r#"{{"timestamp":"{t}","level":"ERROR","message":"order failed","errorType":"ZeroDivisionError","requestId":"a"}}"#
            ),
            Level::Error,
            Some("a"),
            None,
        ),
        (r#"{"level":40,"msg":"pino"}"#.to_string(), Level::Warn, None, None),
        (
            r#"{"_aws":{"Timestamp":1,"CloudWatchMetrics":[]},"Errors":3}"#.to_string(),
            Level::Unknown,
            None,
            None,
        ),
        (r#"{"broken": "#.to_string(), Level::Unknown, None, None),
    ] {
        assert_eq!(log(&message), (level, id.map(str::to_string), error), "{message}");
    }
    let warned = format!(
        "LAMBDA_WARNING: Unhandled exception. …\r{{\"timestamp\":\"{t}\",\"log_level\":\"ERROR\",\"errorMessage\":\"m\",\"errorType\":\"KeyError\",\"requestId\":\"a\",\"stackTrace\":[]}}\n"
    );
    assert_eq!(log(&warned).2, always("KeyError"));
}

#[test]
fn lines_of_logs_tail_and_what_continues_them() {
    let line = "2026-11-23T08:00:00.123456+00:00 2026/11/23/[$LATEST]0123456789abcdef0123456789abcdef START RequestId: a Version: $LATEST";
    let record = read(line);
    assert_eq!(record.envelope.time, Some(Timestamp(1_795_420_800_123)));
    assert_eq!(record.envelope.stream, Some(&b"2026/11/23/[$LATEST]0123456789abcdef0123456789abcdef"[..]));
    assert_eq!(record.envelope.function, None);
    assert!(matches!(record.body, Body::Platform(Platform::Start(_))));
    let shared = read("2026-11-23T08:00:00.123456+00:00 2026/11/23/pay[3]0123 hello");
    assert_eq!(shared.envelope.function, Some(&b"pay"[..]));
    let continues = |line: &str| match read(line).body {
        Body::Continuation(more) => matches!(more, Continuation::Text),
        other => panic!("{line:?} is {other:?}"),
    };
    assert!(continues("    at handler (file:///var/task/index.mjs:1:17)"));
    let own = read("2019-06-07T19:11:20.562Z\tid\tINFO\ta Node.js line, not a prefix");
    assert_eq!(own.envelope.time, Some(Timestamp(1_559_934_680_562)));
    assert!(matches!(own.body, Body::Log(LogLine { id: Some(b"id"), level: Level::Info, .. })));
    assert!(!continues("Traceback (most recent call last):"));
    assert!(!continues("XRAY TraceId: 1-6745a1b2-0123456789abcdef01234567\tSegmentId: 01\tSampled: true\t"));
}

#[test]
fn bare_records_segments_and_metrics() {
    let start = read(
        r#"{"time":"2026-11-23T08:00:00.123Z","type":"platform.start","record":{"requestId":"a","functionArn":"arn:aws:lambda:us-east-1:1:function:pay:7"}}"#,
    );
    assert_eq!(start.envelope.function, Some(&b"pay"[..]));
    assert_eq!(start.envelope.time, Some(Timestamp(1_795_420_800_123)));
    let segment = read(
        r#"{"trace_id":"1-6745a1b2-0123456789abcdef01234567","id":"0123456789abcdef","name":"pay","start_time":1.795420800123E9,"end_time":1795420800.5,"origin":"AWS::Lambda","aws":{"request_id":"a"},"throttle":true,"http":{"response":{"status":429}},"subsegments":[{"id":"b","name":"S3","start_time":1795420800.2,"in_progress":true},"odd"]}"#,
    );
    let Body::Segment(document) = segment.body else { panic!() };
    assert_eq!(document.function.as_deref(), Some("pay"));
    assert_eq!(document.known, Timestamp(1_795_420_800_500));
    assert_eq!(
        (document.root.start_us, document.root.end_us),
        (Some(1_795_420_800_123_000), Some(1_795_420_800_500_000))
    );
    assert!(
        document.root.flags.throttle
            && document.root.children.len() == 1
            && document.root.children[0].in_progress
    );
    let metric = read(
        r#"{"metric_stream_name":"s","account_id":"1","region":"r","namespace":"AWS/Lambda","metric_name":"Throttles","dimensions":{"FunctionName":"pay"},"timestamp":1795420800000,"value":{"count":3.0,"sum":2.0,"max":1.0,"min":0.0},"unit":"Count"}"#,
    );
    let Body::Metric(metric) = metric.body else { panic!() };
    assert_eq!((metric.function, metric.statistics.sum), (Some(&b"pay"[..]), Some(2.0)));
}

#[test]
fn a_wrapped_line_without_a_time_has_its_messages() {
    let line = r#"{"logGroup":"/aws/lambda/a","logStream":"s","message":"{\"timestamp\":\"2026-11-23T08:00:00.123Z\",\"level\":\"INFO\"}"}"#;
    assert_eq!(read(line).envelope.time, Some(Timestamp(1_795_420_800_123)));
    let text = r#"{"logGroup":"/aws/lambda/a","logStream":"s","message":"START RequestId: a Version: 1"}"#;
    assert_eq!(read(text).envelope.time, None);
}

#[test]
fn broken_records_say_where() {
    for (line, reason) in [
        (r#"{"logGroup":"/aws/lambda/a","message":"x"#, "JSON ends in the middle"),
        (r#"{"logGroup":"/aws/lambda/a" "message":"x"}"#, "not JSON from byte 28 on"),
        (r#"{"trace_id":"1-a","id":"b","start_time":1,"subsegments":3}"#, "X-Ray segment: invalid type"),
        (
            r#"{"metric_stream_name":"s","namespace":"n","metric_name":"m","timestamp":1}"#,
            "metric stream: a datum without value",
        ),
    ] {
        let Body::Bad(bad) = read(line).body else { panic!("{line}") };
        assert!(bad.reason.starts_with(reason), "{line}: {}", bad.reason);
    }
    // These may be text: an object as somebody prints it.
    for line in ["{", "{ not json", "{ name: 'x' }", "{\"a\": {"] {
        assert!(matches!(read(line).body, Body::Continuation(Continuation::Broken(_))), "{line}");
    }
}

#[test]
fn an_over_long_line_is_one_bad_record() {
    let bytes = b"START RequestId: a Version: 1\n{\"logGroup\":\"xxxxxxxx".to_vec();
    let chunk_of = Chunk { source: SourceId(3), offset: 100, arrived: None, bytes, cut: 5_000 };
    let mut out = Vec::new();
    let arena = Arena::new();
    chunk(&chunk_of, Wanted::All, &arena, &mut out);
    assert_eq!(out.len(), 2);
    assert_eq!(out[1].envelope.origin, Origin { source: SourceId(3), offset: 130, len: 21 });
    let Body::Bad(bad) = &out[1].body else { panic!() };
    assert_eq!(bad.reason, "line of 5021 bytes, only its head was read");
}

/// Writes the same record as other programs write it.
fn rewrite(line: &str, order: u64, spaces: bool, escape: bool) -> String {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
    let mut members: Vec<(String, serde_json::Value)> = object.into_iter().collect();
    members.push(("ingestionTime".to_string(), 1.into()));
    let n = members.len();
    for at in 0..n {
        members.swap(at, (order as usize / (at + 1)) % n);
    }
    let (comma, colon) = if spaces { (", ", ": ") } else { (",", ":") };
    let members: Vec<String> = members.iter().map(|(k, v)| format!("\"{k}\"{colon}{v}")).collect();
    let text = format!("{{{}}}", members.join(comma));
    if escape {
        text.replace('/', "\\u002f").replace("REPORT", "\\u0052EPORT").replace("\\t", "\\u0009")
    } else {
        text
    }
}

const MESSAGES: [&str; 24] = [
    "REPORT RequestId: 8f507cfc-1f5e-4e0e-8d4b-0123456789ab\tDuration: 2.75 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 56 MB\t\n",
    "START RequestId: 8f507cfc-1f5e-4e0e-8d4b-0123456789ab Version: $LATEST\n",
    "2026-11-23T08:00:00.123Z\t8f507cfc-1f5e-4e0e-8d4b-0123456789ab\tERROR\tInvoke Error \t{\"errorType\":\"E\",\"stack\":[\"a/b\"]}\n",
    "[ERROR] KeyError: '\\'\nTraceback (most recent call last):\n  File \"/a.py\"",
    r#"{"time":"2026-11-23T08:00:00.123Z","type":"platform.report","record":{"requestId":"8f507cfc","metrics":{"durationMs":12.5,"maxMemoryUsedMB":60},"status":"success"}}"#,
    r#"{"timestamp":"2026-11-23T08:00:00.123Z","level":"INFO","requestId":"8f507cfc","message":"a \"quoted\\\" \n text / é"}"#,
    r#"{"timestamp":"2026-11-23T08:00:00.123Z","level":"ERROR","requestId":"8f507cfc","message":{"errorType":"E","errorMessage":"m\n","stackTrace":["x/y"]}}"#,
    r#"{"time":"2026-11-23T08:00:00.123Z","type":"platform.report","record":{"requestId":"8f507cfc","metrics":{"durationMs":12.5,"billedDurationMs":13,"memorySizeMB":128,"maxMemoryUsedMB":60,"initDurationMs":101.5},"status":"timeout","tracing":{"value":"Root=1-6745a1b2-0123456789abcdef01234567;Sampled=1"}}}"#,
    r#"{"time":"2026-11-23T08:00:00.123Z","type":"platform.start","record":{"requestId":"8f507cfc","version":"7"}}"#,
    r#"{"timestamp":"2026-11-23T08:00:00.123Z","level":"DEBUG","message":"x"}"#,
    r#"{"timestamp":"2026-11-23T08:00:00Z","level":"INFO","message":"x","logger":"root","requestId":"8f507cfc"}"#,
    r#"{"timestamp":"2026-11-23T08:00:00.123Z","level":"INFO","message":"x","logger":"root","requestId":"8f507cfc"}"#,
    "ends in a backslash \\",
    "END RequestId: 8f507cfc-1f5e-4e0e-8d4b-0123456789ab\n",
    "2026-11-23T08:00:00.123Z\t8f507cfc-1f5e-4e0e-8d4b-0123456789ab\tINFO\tcache hit key=item:00000000:kilo ttl=35\n",
    "2026-11-23T08:00:00.123Z\tundefined\tWARN\tbefore any invocation, a line of some length\n",
    "[WARNING]\t2026-11-23T08:00:00.123Z\t8f507cfc-1f5e-4e0e-8d4b-0123456789ab\tslow downstream call took 4996 ms\n",
    "[INFO]\t2026-11-23T08:00:00.123Z\t\tan extension's, outside of any invocation, a line of some length\n",
    "2026-11-23T08:00:03.001Z 8f507cfc-1f5e-4e0e-8d4b-0123456789ab Task timed out after 3.00 seconds\n\n",
    r#"{"time":"2026-11-23T08:00:00.123Z","type":"platform.start","record":{"requestId":"8f507cfc","version":"$LATEST","tracing":{"spanId":"aa8e9171592e03a7","type":"X-Amzn-Trace-Id","value":"Root=1-6745a1b2-0123456789abcdef01234567;Parent=4d399d937eb53bdd;Sampled=1"}}}"#,
    r#"{"time":"2026-11-23T08:00:00.123Z","type":"platform.start","record":{"requestId":"8f507cfc","functionArn":"arn:aws:lambda:us-east-1:123456789012:function:pay","version":"$LATEST","tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1-6745a1b2-0123456789abcdef01234567;Parent=4d399d937eb53bdd;Sampled=1","spanId":"aa8e9171592e03a7"}}}"#,
    r#"{"time":"2026-11-23T08:00:00.123Z","type":"platform.report","record":{"requestId":"8f507cfc","metrics":{"durationMs":12.5,"billedDurationMs":13,"memorySizeMB":128,"maxMemoryUsedMB":60},"status":"success","tracing":{"spanId":"aa8e9171592e03a7","type":"X-Amzn-Trace-Id","value":"Root=1-6745a1b2-0123456789abcdef01234567;Parent=4d399d937eb53bdd;Sampled=1"}}}"#,
    r#"{"time":"2026-11-23T08:00:00.123Z","type":"platform.report","record":{"requestId":"8f507cfc","metrics":{"durationMs":12.5,"billedDurationMs":13,"memorySizeMB":128,"maxMemoryUsedMB":60},"status":"success"}}"#,
    "größe ✗ \u{1b}[31m \u{202e}",
];

proptest! {
    #[test]
    fn any_order_spacing_and_escape_means_the_same(
        at in 0..MESSAGES.len(), order in any::<u64>(), spaces in any::<bool>(), escape in any::<bool>(),
    ) {
        let line = wrap(MESSAGES[at]);
        let other = rewrite(&line, order, spaces, escape);
        let (a, mut b) = (read(&line), read(&other));
        b.envelope.origin = a.envelope.origin;
        prop_assert_eq!(a, b, "{}", other);
    }

    #[test]
    fn the_short_cuts_say_what_the_walks_say(
        at in 0..MESSAGES.len(), hits in proptest::collection::vec((0usize..500, any::<u8>(), 0..5u8), 0..4),
        bare in any::<bool>(),
    ) {
        let mut line = if bare { MESSAGES[at].as_bytes().to_vec() } else { wrap(MESSAGES[at]).into_bytes() };
        for (place, byte, how) in hits {
            let place = place % line.len().max(1);
            match how {
                0 => line.iter_mut().skip(place).take(1).for_each(|c| *c = byte),
                1 => line.truncate(place),
                2 => line.insert(place, byte),
                3 => line.insert(place, b"\\\"{}[],:0 \n"[usize::from(byte) % 11]),
                _ => drop(line.drain(place.saturating_sub(usize::from(byte) % 8)..place)),
            }
        }
        let walked = without_short_cuts(|| read_frame(&line));
        prop_assert_eq!(read_frame(&line), walked, "{}", String::from_utf8_lossy(&line));
        for end in ["", "\n", "\r\n"] {
            let next = wrap(MESSAGES[(at + line.len()) % MESSAGES.len()]);
            let lines = [&line, end.as_bytes(), next.as_bytes(), end.as_bytes()].concat();
            let walked = without_short_cuts(|| read_chunk(&lines));
            prop_assert_eq!(read_chunk(&lines), walked, "{}", String::from_utf8_lossy(&lines));
        }
    }

    #[test]
    fn any_bytes_are_some_record(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let chunk_of = Chunk { source: SourceId(0), offset: 0, arrived: None, bytes, cut: 0 };
        let mut out = Vec::new();
        let arena = Arena::new();
    chunk(&chunk_of, Wanted::All, &arena, &mut out);
        let lines = chunk_of.bytes.split(|c| *c == b'\n').filter(|l| !l.strip_suffix(b"\r").unwrap_or(l).trim_ascii().is_empty()).count();
        prop_assert_eq!(out.len(), lines);
    }
}

#[test]
fn a_level_ends_at_its_quote_and_at_no_other_escape() {
    let line = wrap(r#"{"timestamp":"2026-11-23T08:00:00.123Z","level":"INFO"}"#);
    let odd = line.replacen(r#"INFO\"#, r#"INFO\requestId\"#, 1);
    assert_ne!(odd, line);
    assert_eq!(read(&odd), without_short_cuts(|| read(&odd)));
}

/// All records of a frame.
fn read_all(frame_text: &str) -> Vec<Record<'static>> {
    let text = Vec::leak(frame_text.as_bytes().to_vec());
    let mut records = Vec::new();
    frame(Frame { text, origin: origin(text.len()), arrived: None }, Box::leak(Box::default()), &mut records);
    records
}

#[test]
fn what_a_function_printed_is_read_out_of_the_telemetry_apis_record() {
    let line = |record: &str| {
        let kind = "function";
        let told =
            read(&format!(r#"{{"time":"2026-11-23T08:00:00.123Z","type":"{kind}","record":{record}}}"#));
        assert_eq!(told.envelope.time, Some(Timestamp(1_795_420_800_123)));
        match told.body {
            Body::Log(line) => (line.level, line.id),
            other => panic!("{other:?}"),
        }
    };
    let printed = r#""[WARNING]\t2026-11-23T08:00:00.123Z\t8f5-x\tslow\n""#;
    assert_eq!(line(printed), (Level::Warn, Some(&b"8f5-x"[..])));
    assert_eq!(
        line(r#"{"requestId":"8f5-x","level":"ERROR","message":"no"}"#),
        (Level::Error, Some(&b"8f5-x"[..]))
    );
    // It only quotes what the platform writes.
    assert_eq!(line(r#""START RequestId: a Version: 1""#), (Level::Unknown, None));
    assert_eq!(line(r#"{"time":"x","type":"function","record":{"record":{}}}"#), (Level::Unknown, None));
    assert_eq!(line("7"), (Level::Unknown, None));
}

#[test]
fn control_documents_lie_at_the_top_level_only() {
    let limits = r#"{"AccountLimit":{"ConcurrentExecutions":1000,"UnreservedConcurrentExecutions":900}}"#;
    let all = read_all(limits);
    assert_eq!(all.iter().filter(|record| matches!(record.body, Body::Setting(_))).count(), 2);
    assert!(matches!(wrapped(limits), Body::Log(_)), "a function printed it");
    let received =
        r#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put"}]}"#;
    assert!(matches!(read(received).body, Body::Log(_)), "what a function receives");
    let raw = serde_json::json!(r#"{"ReservedConcurrentExecutions":2}"#);
    let all = read_all(&format!(r#"{{"arrived":1,"source":"tax.json","raw":{raw}}}"#));
    let Body::Recorded(recorded) = &all[0].body else { panic!("it is its file's: {all:?}") };
    assert!(matches!(recorded.record.body, Body::Setting(_)));
}

#[test]
fn an_error_of_rusts_runtime_in_json() {
    let said = |message: &str| {
        let span = r#"{"requestId":"8f5","name":"Lambda runtime invoke"}"#;
        let text = format!(
            r#"{{"level":"ERROR","fields":{{"message":{}}},"span":{span},"spans":[{span}]}}"#,
            serde_json::Value::from(message)
        );
        for line in [text.clone(), wrap(&text)] {
            let Body::Log(line) = read(&line).body else { panic!("no line") };
            assert_eq!((line.level, line.id), (Level::Error, Some(&b"8f5"[..])));
            let error = line.error.map(|error| (error.error_type, error.counts));
            let want = match message.as_bytes()[0] {
                b'"' => Some((&b"Error"[..], ErrorCounts::IfLast)),
                b'u' => Some((&b"panic"[..], ErrorCounts::Always)),
                _ => None,
            };
            assert_eq!(error, want, "{message}");
        }
    };
    said("\"negative amount — größe ✗\"");
    said("user handler panicked");
    said("error message");
}

#[test]
fn an_empty_list_makes_no_answer_of_an_applications_line() {
    for line in [
        r#"{"level":"INFO","message":"nothing to do","events":[]}"#,
        r#"{"level":"INFO","message":"nothing found","status":"ok","results":[]}"#,
        r#"{"level":"INFO","message":"two found","status":"ok","results":[[{"n":1}],[]]}"#,
        r#"{"traceId":"b4acc1196cdb38a8d90784020976a179","spanId":"b414aa248c20df5d","name":"pay","events":[]}"#,
    ] {
        assert!(matches!(read(line).body, Body::Log(_)), "{line}");
    }
    let empty = [
        (r#"{"events":[],"searchedLogStreams":[]}"#, "log events"),
        (r#"{"events":[],"nextForwardToken":"f/1","nextBackwardToken":"b/1"}"#, "log events"),
        (
            r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":[]}"#,
            "log events",
        ),
        (r#"{"results":[],"statistics":{},"status":"Complete"}"#, "Logs Insights rows without @message"),
        (
            r#"{"results":[[{"field":"count(*)","value":"7"}]],"statistics":{},"status":"Complete"}"#,
            "Logs Insights rows without @message",
        ),
    ];
    for (document, name) in empty {
        assert_eq!(read(document).body, Body::Other(name), "{document}");
    }
}

#[test]
fn what_is_no_text_is_no_record() {
    let reason = |line: &[u8]| match read_bytes(line).body {
        Body::Bad(bad) => Some(bad.reason.clone()),
        Body::Continuation(_) => None,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(b"\x7fELF\x02\x01\x00").as_deref(), Some("not text: there is a byte 0 in it"));
    assert_eq!(reason(&[0x93, 0xfe, b'a']).as_deref(), Some("not text: 2 of 3 bytes are no UTF-8"));
    // A name in Latin-1, a name that is no Latin at all, the colours of a terminal, an empty line.
    for text in [&b"user Andr\xe9 is back"[..], "Ж пришёл".as_bytes(), b"\x1b[31mred\x1b[0m", b""] {
        assert_eq!(reason(text), None, "{}", text.escape_ascii());
    }
    // What Lambda wrote is a record whatever a function puts into it.
    let line = b"2026-11-23T08:00:00.123Z 2026/11/23/[7]0123456789abcdef0123456789abcdef \x00\xff\xfe";
    assert!(matches!(read_bytes(line).body, Body::Log(_)));
}
