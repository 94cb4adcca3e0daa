//! The same records from two places count once (`design.md`, rule 5), the real binary.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::listen::{Listening, report};
use support::program;

fn fixture() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/captures/mixed.ndjson.gz");
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(str::to_string).collect()
}

/// An answer, its rows in an order of their own, and what was said.
fn answer(paths: &[PathBuf], question: &[&str]) -> (Vec<String>, String) {
    let output = Command::new(program())
        .arg("report")
        .args(paths)
        .args(question)
        .args(["--format", "json"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let mut rows: Vec<String> = rows.iter().map(Value::to_string).collect();
    rows.sort();
    (rows, said)
}

#[test]
fn one_capture_under_two_names_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, lines: &[String]| {
        let path = dir.path().join(name);
        fs::write(&path, lines.join("\n") + "\n").unwrap();
        path
    };
    let lines = fixture();
    let one = write("a.ndjson", &lines);
    // Longer lines: in step by bytes, this one lags behind, then leads.
    let padded: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(n, line)| line.replacen('{', &format!("{{\"pad\":\"{}\",", "x".repeat(n % 97 * 5)), 1))
        .collect();
    let other = write("b.ndjson", &padded);
    let late = write("c.ndjson", &padded[lines.len() / 3..]);
    for question in [&["--by", "function,environment,1m"], &["--list", "invocations"]] {
        let (want, said) = answer(std::slice::from_ref(&one), question);
        assert!(want.len() > 9 && !said.contains("came twice"), "{said}");
        for paths in [
            vec![one.clone(), other.clone()],
            vec![late.clone(), one.clone()],
            vec![other.clone(), late.clone(), one.clone()],
        ] {
            let (got, said) = answer(&paths, question);
            assert_eq!(got, want, "{paths:?} {question:?}");
            assert!(said.contains("records came twice"), "{said}");
        }
    }
}

#[test]
fn a_capture_and_the_subscriptions_payloads_of_it_count_once() {
    let dir = tempfile::tempdir().unwrap();
    let lines = fixture();
    let capture = dir.path().join("a.ndjson");
    fs::write(&capture, lines.join("\n") + "\n").unwrap();
    // Payloads of a few events of one stream each, as a subscription delivers them, a little late.
    let mut waiting: Vec<Value> = Vec::new();
    let mut payloads = String::new();
    let mut send = |of: &[Value]| {
        let events: Vec<Value> = of
            .iter()
            .enumerate()
            .map(|(n, event)| serde_json::json!({"id": n.to_string(), "timestamp": event["timestamp"], "message": event["message"]}))
            .collect();
        if let Some(first) = of.first() {
            let payload = serde_json::json!({
                "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": first["logGroup"],
                "logStream": first["logStream"], "subscriptionFilters": ["all"], "logEvents": events,
            });
            payloads += &format!("{payload}\n");
        }
    };
    for line in &lines {
        let event: Value = serde_json::from_str(line).unwrap();
        if waiting.last().is_some_and(|last| last["logStream"] != event["logStream"]) {
            send(&waiting);
            waiting.clear();
        }
        waiting.push(event);
    }
    send(&waiting);
    let delivered = dir.path().join("b.json");
    fs::write(&delivered, payloads).unwrap();
    let question = ["--by", "function,environment,1m"];
    let (want, _) = answer(std::slice::from_ref(&capture), &question);
    assert_eq!(answer(std::slice::from_ref(&delivered), &question).0, want);
    let (got, said) = answer(&[delivered, capture], &question);
    assert_eq!(got, want);
    assert!(said.contains("records came twice"), "{said}");
}

#[test]
fn a_delivery_that_comes_twice_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let listening = Listening::start(&dir.path().join("out.ndjson"), &[], None);
    let lines = fixture();
    let lines = &lines[..lines.len().min(500)];
    let body = lines.join("\n") + "\n";
    for _ in 0..3 {
        assert_eq!(listening.post("/", &[], body.as_bytes()).0, 200);
    }
    let once = dir.path().join("once.ndjson");
    fs::write(&once, &body).unwrap();
    let out = listening.out.clone();
    listening.end(3 * lines.len(), "");
    let ids = |path: &Path| {
        let rows = report(path, &["--list", "invocations"]);
        let mut ids: Vec<String> = rows
            .iter()
            .map(|row| format!("{} {} {}", row["request_id"], row["start"], row["outcome"]))
            .collect();
        ids.sort();
        ids
    };
    assert!(ids(&once).len() > 9);
    assert_eq!(ids(&out), ids(&once));
}

/// An application's line counts once by its event's id, whatever containers it came in.
#[test]
fn an_event_from_two_containers_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let stream = format!("2026/11/23/[$LATEST]{}", "0".repeat(32));
    let metrics = |orders: u32| {
        let aws = r#"{"Timestamp":1795420800000,"CloudWatchMetrics":[{"Namespace":"Shop","Dimensions":[[]],"Metrics":[{"Name":"Orders"}]}]}"#;
        format!(r#"{{"_aws":{aws},"Orders":{orders}}}"#)
    };
    let event = |n: usize| {
        serde_json::json!({"logStreamName": stream, "timestamp": 1_795_420_800_000_u64, "ingestionTime": 1_795_420_800_100_u64,
            "eventId": format!("{n:056}"), "message": metrics(7)})
    };
    let wrapped = |n: usize| {
        let mut line = event(n);
        line["logGroup"] = "/aws/lambda/orders".into();
        line["logStream"] = stream.as_str().into();
        format!("{line}\n")
    };
    let text =
        |n: usize| format!("EVENTS\t{n:056}\t1795420800100\t{stream}\t{}\t1795420800000\n", metrics(7));
    let write = |name: &str, text: String| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let answered = serde_json::json!({"events": [event(1), event(2)], "searchedLogStreams": []}).to_string();
    let paths = [
        write("orders.json", answered),
        write("orders.ndjson", wrapped(2) + &wrapped(3)),
        write("orders.txt", text(3) + &text(4)),
    ];
    let (rows, said) = answer(&paths, &["--list", "metrics"]);
    assert!(said.contains("2 records came twice"), "{said}");
    let row: Value = serde_json::from_str(&rows[0]).unwrap();
    assert_eq!((rows.len(), &row["count"], &row["sum"]), (1, &4.into(), &28.into()), "{rows:?}");
}
