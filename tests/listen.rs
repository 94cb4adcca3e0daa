//! What others send, the real binary: plain sockets on one side, a recording and its report on the
//! other.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lamtop::clock::Clock;
use lamtop::source::{self, Event, Input, Mode};
use serde_json::{Value, json};
use support::listen::{Listening, answer, report};
use support::program;
use support::pty::{Pty, command};

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A Telemetry API batch of an invocation.
fn batch(id: &str) -> String {
    let at = "2026-11-23T08:00:00.000Z";
    json!([
        {"time": at, "type": "platform.start", "record": {"requestId": id, "version": "7"}},
        {"time": at, "type": "function", "record": "[ERROR] KeyError: 'x'\n"},
        {"time": "2026-11-23T08:00:00.250Z", "type": "platform.report", "record": {
            "requestId": id, "status": "error", "errorType": "KeyError",
            "metrics": {"durationMs": 250.5, "billedDurationMs": 251, "memorySizeMB": 128, "maxMemoryUsedMB": 60},
        }},
    ])
    .to_string()
}

fn segment(n: u32) -> String {
    format!(
        r#"{{"trace_id":"1-6a0d2f80-{n:024x}","id":"{n:016x}","name":"orders","start_time":1795420800.0,"end_time":1795420801.5,"origin":"AWS::Lambda::Function"}}"#
    )
}

#[test]
fn batches_deliveries_and_datagrams_are_recorded_and_replay() {
    let dir = tempfile::tempdir().unwrap();
    let listening = Listening::start(&dir.path().join("out.ndjson"), &[], None);
    assert_eq!(listening.post("/orders", &["Content-Type: application/json"], batch("a").as_bytes()).0, 200);
    let packed = gzipped(batch("b").as_bytes());
    assert_eq!(listening.post("/telemetry/billing", &["Content-Encoding: gzip"], &packed).0, 200);
    listening.datagram(&segment(1));
    listening.datagram(&segment(2));
    let wrapped = r#"{"logGroup":"/aws/lambda/mail","logStream":"s","timestamp":1795420800000,"message":"REPORT RequestId: c\tDuration: 12.5 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\t\n"}"#;
    let metrics = r#"{"metric_stream_name":"m","namespace":"AWS/Lambda","metric_name":"Errors","dimensions":{"FunctionName":"orders"},"timestamp":1795420800000,"value":{"sum":1.0,"count":2.0,"max":1.0,"min":0.0},"unit":"Count"}"#;
    let event = |n: u32, message: &str| json!({"id": n.to_string(), "timestamp": 1_795_420_800_000u64 + u64::from(n), "message": message});
    let payload = json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/lambda/pay", "logStream": "s",
        "subscriptionFilters": ["all"],
        "logEvents": [
            event(1, "START RequestId: d Version: 1\n"),
            event(2, "REPORT RequestId: d\tDuration: 1.5 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\t\n"),
        ],
    });
    let delivery = json!({"requestId": "id-1", "timestamp": 5, "records": [
        {"data": STANDARD.encode(gzipped(format!("{wrapped}\n").as_bytes()))},
        {"data": STANDARD.encode(gzipped(payload.to_string().as_bytes()))},
        {"data": STANDARD.encode(format!("{metrics}\n{metrics}\n"))},
    ]});
    let headers = ["X-Amz-Firehose-Request-Id: id-1", "X-Amz-Firehose-Protocol-Version: 1.0"];
    let (status, ack) = listening.post("/", &headers, delivery.to_string().as_bytes());
    let ack: Value = serde_json::from_slice(&ack).unwrap();
    assert_eq!((status, &ack["requestId"]), (200, &json!("id-1")));
    assert!(ack["timestamp"].as_i64().unwrap() > 1_700_000_000_000 && ack.get("errorMessage").is_none());
    assert_eq!(listening.post("/", &[], b"plain text\n\nmore\n").0, 200);
    let out = listening.out.clone();
    // Of the payload each event is a line.
    let said = listening.end(3 + 3 + 2 + (1 + 2 + 2) + 2, "");
    assert!(said.contains("recorded 15 lines of 4 sources"), "{said}");
    let text = fs::read_to_string(&out).unwrap();
    let values: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(values.iter().all(|value| value["arrived"].is_i64()));
    let mut rows = report(&out, &["--list", "invocations"]);
    rows.sort_by_key(|row| row["request_id"].to_string());
    let row = |n: usize| {
        (rows[n]["function"].as_str().unwrap(), rows[n]["request_id"].as_str().unwrap(), &rows[n]["outcome"])
    };
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert_eq!((row(0).0, row(0).1, row(1).0, row(2).0, row(3).0), ("orders", "a", "billing", "mail", "pay"));
    assert_eq!(row(0).2, "error");
    assert_eq!(report(&out, &["--list", "traces"]).len(), 2);
}

#[test]
fn the_console_says_where_it_listens_and_shows_what_comes() {
    let arguments = ["listen", "--xray", "127.0.0.1:0", "--http", "127.0.0.1:0"];
    let pty = Pty::start(command(program(), &arguments), 120, 30);
    pty.wait_text("listening at xray udp://127.0.0.1:");
    pty.wait_text("takes Telemetry API batches");
    let text = pty.text();
    let at = |before: &str| text.split(before).nth(1).unwrap().split_whitespace().next().unwrap().to_string();
    assert!(text.contains(&format!("AWS_XRAY_DAEMON_ADDRESS={}", at("listening at xray udp://"))));
    let http = at("listening at http://");
    let body = batch("a");
    let mut stream = TcpStream::connect(&http).unwrap();
    let head = format!(
        "POST /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    assert_eq!(answer(stream).0, 200);
    pty.wait("the function", |screen| {
        let text = screen.contents();
        text.contains("1 fn") && !text.contains("listening at")
    });
    pty.send("7");
    pty.wait_text(&format!("http://{http}/orders"));
    pty.wait_text("listening");
    pty.send("q");
    pty.wait_text("FUNCTION");
    // What came lies nowhere else.
    pty.send("q");
    pty.wait_text("are kept nowhere else");
    pty.send("q");
    assert_eq!(pty.end(), 0);
}

#[test]
fn opentelemetry_is_answered_in_kind() {
    let dir = tempfile::tempdir().unwrap();
    let listening = Listening::start(&dir.path().join("out.ndjson"), &[], None);
    let trace = r#"{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{},"spans":[{"traceId":"6a0d2f80000102030405060708090a0b","spanId":"0102030405060708","name":"GET /","kind":2,"startTimeUnixNano":"1795420800000000000","endTimeUnixNano":"1795420800250000000"}]}]}]}"#;
    let (status, answer) =
        listening.post("/v1/traces", &["Content-Type: application/json"], trace.as_bytes());
    assert_eq!((status, &answer[..]), (200, &b"{}"[..]));
    // ExportTraceServiceRequest{ResourceSpans{ScopeSpans{Span{name: "ship"}}}}
    let protobuf = b"\x0a\x0a\x12\x08\x12\x06\x2a\x04ship";
    let kind = "Content-Type: application/x-protobuf";
    assert_eq!(listening.post("/v1/traces", &[kind], protobuf), (200, Vec::new()));
    let packed = gzipped(protobuf);
    assert_eq!(listening.post("/v1/traces", &[kind, "Content-Encoding: gzip"], &packed).0, 200);
    let (status, said) = listening.post("/v1/traces", &[kind], b"\x0a\x7f");
    assert_eq!((status, &said[2..]), (400, &b"the body is no ExportTraceServiceRequest"[..]));
    let (status, said) = listening.post("/v1/traces", &["Content-Type: application/json"], b"{}");
    assert_eq!(status, 400);
    assert!(serde_json::from_slice::<Value>(&said).unwrap()["message"].is_string());
    assert_eq!(listening.post("/v1/metrics", &[kind], protobuf).0, 404);
    let out = listening.out.clone();
    let said = listening.end(3, "posts refused");
    assert!(said.contains("posts refused: "), "{said}");
    let text = fs::read_to_string(out).unwrap();
    let raw = |n: usize| {
        let line: Value = serde_json::from_str(text.lines().nth(n).unwrap()).unwrap();
        line["raw"].as_str().unwrap().to_string()
    };
    assert_eq!(raw(0), trace);
    assert_eq!(
        raw(1),
        r#"{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{},"spans":[{"name":"ship"}]}]}]}"#
    );
    assert_eq!(raw(1), raw(2));
}

#[test]
fn who_has_no_key_or_sends_too_much_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.ndjson");
    let listening = Listening::start(&out, &["--http-key-env", "LAMTOP_TEST_KEY"], Some("s3cret"));
    let headers = ["X-Amz-Firehose-Request-Id: r-9"];
    let (status, said) = listening.post("/", &headers, b"{}");
    let said: Value = serde_json::from_slice(&said).unwrap();
    assert_eq!((status, &said["requestId"]), (401, &json!("r-9")));
    assert!(said["errorMessage"].as_str().unwrap().contains("access key"));
    assert_eq!(listening.post("/", &["X-Amz-Firehose-Access-Key: s3cres"], b"x").0, 403);
    assert_eq!(listening.post("/", &["Authorization: Bearer wrong"], b"x").0, 403);
    assert_eq!(listening.post("/", &["Authorization: Bearer s3cret"], b"one\n").0, 200);
    assert_eq!(listening.post("/", &["X-Amz-Firehose-Access-Key: s3cret"], b"two\n").0, 200);
    // Its length alone is too much: nothing of it needs to be sent.
    let mut stream = TcpStream::connect(listening.http).unwrap();
    let head =
        "POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer s3cret\r\nContent-Length: 99999999\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(answer(stream).0, 413);
    let bomb = gzipped(&vec![b' '; (64 << 20) + 1]);
    assert_eq!(
        listening.post("/", &["Authorization: Bearer s3cret", "Content-Encoding: gzip"], &bomb).0,
        413
    );
    let mut stream = TcpStream::connect(listening.http).unwrap();
    stream.write_all(format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100 << 10)).as_bytes()).ok();
    assert_eq!(answer(stream).0, 431);
    let said = listening.end(2, "posts refused");
    assert!(said.contains("posts refused: "), "{said}");
    let listening = Listening::start(&dir.path().join("other.ndjson"), &[], None);
    assert_eq!(listening.post("/", &["Origin: https://evil.example"], b"x").0, 403);
    assert_eq!(listening.post("/", &[], b"x").0, 200);
    listening.end(1, "posts refused");
}

#[test]
fn a_port_in_use_ends_it_with_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let out = dir.path().join("out.ndjson");
    let output =
        Command::new(program()).args(["record", "--http", &address, "--out"]).arg(&out).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("--http {address}: TCP port")) && said.contains("is in use"), "{said}");
    assert!(!out.exists());
    for (arguments, part) in [
        (vec!["record", "--http", "nowhere", "--out", "x"], "'nowhere' is no address"),
        (vec!["record", "--http", "1", "--http-key-env", "LAMTOP_UNSET", "--out", "x"], "no LAMTOP_UNSET"),
        (vec!["--http", "1", "report", "x"], "stand behind the command"),
    ] {
        let output = Command::new(program()).args(&arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(part), "{said}");
    }
}

/// Nobody takes events: what comes beyond the bounds is refused and counted, and what was taken
/// comes out whole when somebody does.
#[test]
fn a_flood_is_counted_and_the_rest_keeps_running() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("orders.log");
    fs::write(&log, "a line\n").unwrap();
    let here = "127.0.0.1:0".parse().unwrap();
    let inputs = [Input::Path(log), Input::Xray(here), Input::Http(here, None)];
    let options = source::Options::new(Mode::Follow { newest_slice: None });
    let sources = source::start(&inputs, options, Clock::wall()).unwrap();
    let mut events = Vec::new();
    let mut hints = Vec::new();
    while hints.len() < 2 {
        let event = sources.events().recv().unwrap();
        if let Event::Note { note, .. } = &event {
            hints.push(note.clone());
        }
        events.push(event);
    }
    let address = |hint: &str, before: &str| -> SocketAddr {
        hint.split(before).nth(1).unwrap().split([' ', ';']).next().unwrap().parse().unwrap()
    };
    let (xray, http) = (address(&hints[0], "DAEMON_ADDRESS="), address(&hints[1], "http://"));
    // The queue of events is full after a few; the inbox after 16 MiB.
    let body = "x".repeat(1 << 20) + "\n";
    let mut taken = 0;
    loop {
        let mut stream = TcpStream::connect(http).unwrap();
        let head = format!("POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        match answer(stream).0 {
            200 => taken += 1,
            429 => break,
            other => panic!("{other}"),
        }
        assert!(taken < 100);
    }
    assert!(taken >= 16, "{taken}");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{}", segment(1));
    for _ in 0..10 {
        socket.send_to(datagram.as_bytes(), xray).unwrap();
    }
    socket.send_to(b"what is this", xray).unwrap();
    // Now somebody takes them.
    let (mut bytes, mut segments, mut dropped, mut refused, mut strange) = (0, 0, 0, 0, 0);
    let number = |note: &str, what: &str| -> Option<u64> {
        note.split(what).nth(1)?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    let mut events = events.into_iter();
    while bytes < taken * body.len() as u64 + 7 || segments + dropped < 10 || refused == 0 || strange == 0 {
        let wait = std::time::Duration::from_secs(30);
        match events.next().unwrap_or_else(|| sources.events().recv_timeout(wait).unwrap()) {
            Event::Chunk(chunk) if chunk.bytes.starts_with(b"{\"trace_id") => {
                segments += chunk.bytes.iter().filter(|c| **c == b'\n').count() as u64;
            }
            Event::Chunk(chunk) => bytes += chunk.bytes.len() as u64 + chunk.cut,
            Event::Note { note, .. } => {
                dropped = number(&note, "dropped: ").unwrap_or(dropped);
                refused = number(&note, "come again: ").unwrap_or(refused);
                strange = number(&note, "X-Ray daemon: ").unwrap_or(strange);
            }
            _ => {}
        }
    }
    assert_eq!((bytes, segments + dropped), (taken * body.len() as u64 + 7, 10));
    assert_eq!((refused, strange), (1, 1));
}
