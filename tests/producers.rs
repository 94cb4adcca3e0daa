//! What real software writes and sends, taken by the real binary: captures of it, and the software
//! itself where it is installed (`../shared/producers/setup.sh python node`).
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::listen::{Listening, report};
use support::shared;

/// The values of a file of one a line.
fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

fn facts(corpus: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(corpus.join("facts.json")).unwrap()).unwrap()
}

/// Where the producers are installed.
fn installed(what: &str) -> Option<PathBuf> {
    let home = std::env::var("PRODUCERS_HOME").map(PathBuf::from);
    let path = home.unwrap_or_else(|_| std::env::temp_dir().join("lamtop-producers")).join(what);
    if !path.exists() {
        eprintln!("skipped: {what} of the producers is not installed (../shared/producers/setup.sh)");
        return None;
    }
    Some(path)
}

#[test]
fn datagrams_of_x_rays_sdks_are_their_traces() {
    let Some(corpus) = shared("captures of X-Ray's SDKs").map(|path| path.join("corpus/producers")) else {
        return;
    };
    let facts = facts(&corpus);
    let dir = tempfile::tempdir().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for name in ["py_nested", "py_errors", "py_big", "node_nested", "node_errors", "lambda_py_tracer"] {
        let listening = Listening::start(&dir.path().join(name), &[], None);
        let datagrams = lines(&corpus.join(format!("xray/{name}.jsonl")));
        for datagram in &datagrams {
            socket.send_to(datagram["datagram"].as_str().unwrap().as_bytes(), listening.xray).unwrap();
        }
        let out = listening.out.clone();
        listening.end(datagrams.len(), "");
        let traces = report(&out, &["--list", "traces"]);
        let fact = &facts["xray"][name];
        assert_eq!(traces.len() as u64, fact["traces"].as_u64().unwrap(), "{name}: {traces:?}");
        for id in fact["trace_ids"].as_array().unwrap() {
            assert!(
                traces.iter().any(|trace| trace.to_string().contains(id.as_str().unwrap())),
                "{name} {id}"
            );
        }
    }
}

#[test]
fn posts_of_opentelemetrys_exporters_are_taken() {
    let Some(corpus) = shared("captures of OpenTelemetry").map(|path| path.join("corpus/producers")) else {
        return;
    };
    let facts = facts(&corpus);
    let dir = tempfile::tempdir().unwrap();
    for folder in names(&corpus.join("otlp")) {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let listening = Listening::start(&dir.path().join(name), &[], None);
        let posts = lines(&folder.join("index.jsonl"));
        for post in &posts {
            let headers: Vec<String> = post["headers"]
                .as_object()
                .unwrap()
                .iter()
                .filter(|(name, _)| {
                    name.to_ascii_lowercase().starts_with("content-") && *name != "Content-Length"
                })
                .filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"))
                .map(|(name, value)| format!("{name}: {}", value.as_str().unwrap()))
                .collect();
            let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
            let body = fs::read(folder.join(post["file"].as_str().unwrap())).unwrap();
            assert_eq!(listening.post("/v1/traces", &headers, &body).0, 200, "{name}");
        }
        let out = listening.out.clone();
        listening.end(posts.len(), "");
        let text = fs::read_to_string(&out).unwrap();
        let fact = &facts["otlp"][name];
        let spans = text.matches("\\\"startTimeUnixNano\\\"").count() as u64;
        assert_eq!(spans, fact["spans"].as_u64().unwrap(), "{name}");
        for id in fact["trace_ids"].as_array().unwrap() {
            assert!(text.contains(id.as_str().unwrap()), "{name} {id}");
        }
        let traces = report(&out, &["--list", "traces"]);
        assert_eq!(traces.len(), fact["trace_ids"].as_array().unwrap().len(), "{name}: {traces:?}");
    }
}

#[test]
fn what_runtimes_write_is_their_invocations() {
    let Some(corpus) = shared("captures of runtimes").map(|path| path.join("corpus/producers")) else {
        return;
    };
    let facts = facts(&corpus);
    let dir = tempfile::tempdir().unwrap();
    let listening = Listening::start(&dir.path().join("all.ndjson"), &[], None);
    let (mut written, mut want) = (0, Vec::new());
    for name in ["py_text", "py_json", "node_text", "node_json", "py_init_error"] {
        let body = fs::read(corpus.join(format!("runtime/{name}.ndjson"))).unwrap();
        assert_eq!(listening.post("/", &[], &body).0, 200);
        written += body.iter().filter(|c| **c == b'\n').count();
        let fact = &facts["runtime"][name];
        let function = fact["function"].as_str().unwrap().trim_start_matches("/aws/lambda/").to_string();
        let number = |what: &str| fact[what].as_u64().unwrap();
        want.push((function, number("invocations"), number("failed_invocations")));
    }
    let out = listening.out.clone();
    listening.end(written, "");
    let rows = report(&out, &["--by", "function"]);
    for (function, invocations, errors) in want {
        let row = rows.iter().find(|row| row["function"] == function.as_str()).unwrap();
        let got = (row["invocations"].as_u64().unwrap(), row["errors"].as_u64().unwrap());
        assert_eq!(got, (invocations, errors), "{function}");
    }
}

#[test]
fn sdks_and_exporters_that_run_are_heard() {
    let Some(producers) = shared("the producers").map(|path| path.join("producers")) else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut heard = Vec::new();
    let mut run = |program: &Path, modules: Option<&Path>, arguments: &[&str], lines: usize| {
        let out = dir.path().join(arguments.join("."));
        let listening = Listening::start(&out, &[], None);
        let mut command = Command::new(program);
        command.current_dir(&producers).args(arguments).env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("AWS_XRAY_DAEMON_ADDRESS", listening.xray.to_string());
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", listening.http));
        command.envs(modules.map(|modules| ("NODE_PATH", modules)));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        listening.end(lines, "");
        heard.push(out);
    };
    if let Some(python) = installed("venv/bin/python") {
        run(&python, None, &["xray_python.py", "nested"], 1);
        run(&python, None, &["xray_python.py", "threads"], 1);
        run(&python, None, &["otel_python.py"], 1);
        run(&python, None, &["otel_python.py", "gzip", "xray"], 1);
    }
    if let Some(modules) = installed("node/node_modules") {
        run(Path::new("node"), Some(&modules), &["xray_node.cjs", "nested"], 1);
        run(Path::new("node"), Some(&modules), &["otel_node.cjs"], 1);
    }
    for out in heard {
        let text = fs::read_to_string(&out).unwrap();
        assert_eq!(report(&out, &["--list", "traces"]).len(), 1, "{text}");
    }
}

/// Runs a producer to its end.
fn produce(producers: &Path, program: &Path, modules: Option<&Path>, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new(program);
    command.current_dir(producers).args(arguments).env("PYTHONDONTWRITEBYTECODE", "1");
    command.envs(modules.map(|modules| ("NODE_PATH", modules)));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Real runtime clients run functions here and now; what they write is their invocations and errors.
#[test]
fn runtime_clients_that_run_are_their_invocations() {
    let Some(producers) = shared("the producers").map(|path| path.join("producers")) else { return };
    let Some(python) = installed("venv/bin/python") else { return };
    let modules = installed("node/node_modules");
    let dir = tempfile::tempdir().unwrap();
    let of_node = ["node_text", "node_json", "node_powertools"].iter().filter(|_| modules.is_some());
    for name in ["py_text", "py_json", "py_powertools"].iter().chain(of_node) {
        let out = dir.path().join(name);
        let (scenario, folder) = (format!("scenarios/{name}.json"), out.to_str().unwrap().to_string());
        let python = |arguments: &[&str]| produce(&producers, &python, modules.as_deref(), arguments);
        python(&["runtime_api.py", &scenario, "--out", &folder]);
        let log = dir.path().join(format!("{name}.ndjson"));
        fs::write(&log, python(&["wrap_ndjson.py", &folder])).unwrap();
        let facts: Value = serde_json::from_slice(&python(&["facts.py", &folder])).unwrap();
        let fact = &facts["runtime"][name];
        let rows = report(&log, &["--by", "function"]);
        let got = ["invocations", "errors", "cold_starts"].map(|what| rows[0][what].as_u64());
        let want = ["invocations", "failed_invocations", "cold_starts"].map(|what| fact[what].as_u64());
        assert_eq!((rows.len(), got), (1, want), "{name}: {fact}");
    }
}

/// The AWS CLI and awslogs print what a stand-in of AWS holds.
#[test]
fn what_the_aws_cli_prints_is_what_it_asked_for() {
    let Some(producers) = shared("the producers").map(|path| path.join("producers")) else { return };
    let Some(python) = installed("venv/bin/python") else { return };
    let dir = tempfile::tempdir().unwrap();
    produce(&producers, &python, None, &["aws_cli_shapes.py", "--out", dir.path().to_str().unwrap()]);
    let file = |name: &str| dir.path().join(name);
    let facts = &facts(dir.path())["functions"];
    let number = |row: &Value, what: &str| row[what].as_u64();

    let rows = report(&file("awslogs-get.txt"), &["--by", "function"]);
    let alpha = &facts["alpha"];
    for what in ["invocations", "errors", "cold_starts"] {
        assert_eq!(number(&rows[0], what), number(alpha, what), "{what}");
    }
    // The same events, printed in two ways.
    let [json, text] = ["logs-filter-log-events-json.json", "logs-filter-log-events-text.txt"].map(|name| {
        let rows = report(&file(name), &["--by", "function"]);
        ["invocations", "errors", "cold_starts", "p50", "max_ms"].map(|what| rows[0][what].clone())
    });
    assert_eq!(json, text);
    assert!(json[0].as_u64() > Some(0), "{json:?}");

    let traces = report(&file("xray-batch-get-traces.json"), &["--list", "traces"]);
    let ids: Vec<_> = traces.iter().map(|trace| trace["trace_id"].clone()).collect();
    assert_eq!(Value::from(ids), alpha["first_trace_ids"]);
    let functions = report(&file("lambda-list-functions.json"), &["--list", "functions"]);
    let names: Vec<_> = functions.iter().map(|row| row["function"].as_str().unwrap()).collect();
    assert_eq!(names, ["alpha", "beta", "gamma"]);
    assert!(
        functions.iter().all(|row| row["timeout_ms"].is_u64() && row["memory_mb"].is_u64()),
        "{functions:?}"
    );
}
