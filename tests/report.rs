//! `lamtop report`, the real binary: its answers equal the generators' truth.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Map, Value, json};
use support::program;

fn lamtop(arguments: &[&str]) -> Output {
    Command::new(program()).args(arguments).output().unwrap()
}

fn answer(arguments: &[&str]) -> Vec<Map<String, Value>> {
    let out = lamtop(&[&["report"], arguments, &["--format", "json"]].concat());
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

fn close(got: &Value, want: &Value) -> bool {
    let (got, want) = (got.as_f64().unwrap_or(f64::NAN), want.as_f64().unwrap());
    (got - want).abs() <= 1e-6 * want.abs().max(1.0)
}

/// What is found up to a time is what the screen says as of it: nothing that came later is counted.
#[test]
fn findings_up_to_a_time_are_as_of_it() {
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs");
    let found = |more: &[&str]| {
        let all = [&[capture.to_str().unwrap(), "--findings"], more].concat();
        let one = answer(&all).into_iter().find(|one| one["kind"] == "bad-deploy").unwrap();
        (one["numbers"]["failures"].as_f64().unwrap(), one["numbers"]["invocations"].as_f64().unwrap())
    };
    assert_eq!(found(&["--until", "2026-11-23T09:14:37Z"]), (103.0, 411.0));
    assert_eq!(found(&[]), (207.0, 754.0));
}

/// Compares every column of every minute of every function.
fn equals_truth(paths: &[&str], truth: &Path) {
    let truth: Value = serde_json::from_slice(&std::fs::read(truth).unwrap()).unwrap();
    for (rule, minutes) in [("end", "minutes"), ("start", "minutes_by_start")] {
        let mut want = BTreeMap::new();
        for (function, told) in truth["functions"].as_object().unwrap() {
            for (minute, figures) in told[minutes].as_object().unwrap() {
                if figures["invocations"] != 0 {
                    want.insert((function.clone(), minute.parse::<i64>().unwrap()), figures.clone());
                }
            }
        }
        let rows = answer(&[paths, &["--by", "function,1m", "--time", rule]].concat());
        assert_eq!(rows.len(), want.len(), "groups by {rule}");
        for row in rows {
            let key = (row["function"].as_str().unwrap().to_string(), row["minute"].as_i64().unwrap());
            let want = want.get(&key).unwrap_or_else(|| panic!("{key:?} is not in the truth"));
            for (column, name) in [
                ("invocations", "invocations"),
                ("errors", "errors"),
                ("cold_starts", "cold_starts"),
                ("max_memory_mb", "max_memory_mb"),
                ("max_concurrency", "max_concurrency"),
                ("avg_ms", "avg_ms"),
                ("p50", "p50_disc"),
                ("p90", "p90_disc"),
                ("p99", "p99_disc"),
                ("max_ms", "max_ms"),
                ("billed_gb_s", "billed_gb_s"),
            ] {
                assert!(
                    close(&row[column], &want[name]),
                    "{key:?} {rule} {column}: {} truth {}",
                    row[column],
                    want[name]
                );
            }
            assert_eq!(row["throttles"], Value::Null, "no log tells of throttles");
            assert_eq!(row["grades"]["throttles"]["grade"], "no-source");
        }
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/captures").join(name)
}

#[test]
fn kept_captures_equal_their_truth() {
    for (name, truth) in [
        ("text.ndjson.gz", "text"),
        ("json.ndjson.gz", "json"),
        ("mixed.ndjson.gz", "mixed"),
        ("folder", "folder"),
    ] {
        let path = fixture(name);
        equals_truth(&[path.to_str().unwrap()], &fixture(&format!("{truth}.truth.json")));
    }
}

#[test]
fn segments_beside_a_capture_change_no_count() {
    let (capture, segments) = (fixture("mixed.ndjson.gz"), fixture("mixed.segments.ndjson.gz"));
    equals_truth(&[capture.to_str().unwrap(), segments.to_str().unwrap()], &fixture("mixed.truth.json"));
}

/// The same records as other programs write them: members in another order, with blanks, with
/// other escapes, with more of them.
fn re_encoded(line: &str, n: usize) -> String {
    let record: Map<String, Value> = serde_json::from_str(line).unwrap();
    let mut members: Vec<(String, Value)> = record.into_iter().collect();
    let message = members.iter_mut().find(|(key, _)| key == "message").unwrap();
    if n.is_multiple_of(3)
        && let Some(text) = message.1.as_str().filter(|text| text.starts_with('{'))
        && let Ok(inner) = serde_json::from_str::<Value>(text)
    {
        message.1 = json!(serde_json::to_string_pretty(&inner).unwrap().replace('\n', " "));
    }
    members.push(("eventId".to_string(), json!(n.to_string())));
    let count = members.len();
    members.rotate_left(n % count);
    let (comma, colon) = if n.is_multiple_of(2) { (", ", " : ") } else { (",", ":") };
    let text: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\"{colon}{value}")).collect();
    let text = format!("{{{}}}", text.join(comma));
    if n.is_multiple_of(5) { text.replace('/', "\\u002f").replace("REPORT", "\\u0052EPORT") } else { text }
}

#[test]
fn any_order_spacing_and_escapes_of_the_json_give_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["text", "json", "mixed"] {
        let packed = std::fs::File::open(fixture(&format!("{name}.ndjson.gz"))).unwrap();
        let text = std::io::read_to_string(flate2::read::MultiGzDecoder::new(packed)).unwrap();
        let other: Vec<String> =
            text.lines().enumerate().map(|(n, line)| re_encoded(line, n) + "\n").collect();
        let path = folder.path().join(name);
        std::fs::write(&path, other.concat()).unwrap();
        equals_truth(&[path.to_str().unwrap()], &fixture(&format!("{name}.truth.json")));
    }
}

#[test]
fn generated_captures_of_several_seeds_equal_their_truth() {
    let Some(shared) = support::shared("generating captures") else { return };
    let folder = tempfile::tempdir().unwrap();
    for (seed, format, layout, status) in [
        (11, "text", "combined", "mixed"),
        (12, "json", "combined", "mixed"),
        (13, "mixed", "combined", "success"),
        (14, "mixed", "dir", "mixed"),
        (15, "json", "dir", "error"),
    ] {
        let out = folder.path().join(format!("{seed}"));
        let truth = folder.path().join(format!("{seed}.truth.json"));
        let made = Command::new("python3")
            .arg(shared.join("tools/gen_lambda_logs.py"))
            .args(["--format", format, "--layout", layout, "--exception-status", status, "--quiet"])
            .args(["--seed", &seed.to_string(), "--functions", "12", "--invocations", "3000"])
            .args(["--tricky", "0.01", "--rate", "20", "--out"])
            .args([&out, Path::new("--truth"), &truth])
            .status()
            .unwrap();
        assert!(made.success());
        equals_truth(&[out.to_str().unwrap()], &truth);
    }
}

#[test]
fn the_sample_incident_equals_its_truth_throttles_included() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs");
    let truth: Value = serde_json::from_slice(&std::fs::read(folder.join("truth.json")).unwrap()).unwrap();
    let files =
        ["incident.ndjson.gz", "metrics.ndjson.gz", "segments.ndjson.gz"].map(|name| folder.join(name));
    let files: Vec<&str> = files.iter().map(|path| path.to_str().unwrap()).collect();
    let rows = answer(&files);
    let functions = truth["functions"].as_object().unwrap();
    assert_eq!(rows.len(), functions.len());
    for row in rows {
        let name = row["function"].as_str().unwrap();
        for column in ["invocations", "errors", "throttles"] {
            assert!(close(&row[column], &functions[name][column]), "{name} {column}: {}", row[column]);
        }
    }
}

#[test]
fn invocations_are_listed_one_by_one() {
    let path = fixture("mixed.ndjson.gz");
    let truth: Value = serde_json::from_slice(&std::fs::read(fixture("mixed.truth.json")).unwrap()).unwrap();
    let rows = answer(&[path.to_str().unwrap(), "--list", "invocations"]);
    assert_eq!(rows.len() as u64, truth["invocations"].as_u64().unwrap());
    let starts: Vec<&str> = rows.iter().map(|row| row["start"].as_str().unwrap()).collect();
    assert!(starts.is_sorted() && starts[0].ends_with('Z') && starts[0].len() == 24);
    let timeouts: u64 = truth["functions"]
        .as_object()
        .unwrap()
        .values()
        .map(|f| f["total"]["timeouts"].as_u64().unwrap())
        .sum();
    assert_eq!(rows.iter().filter(|row| row["outcome"] == "timeout").count() as u64, timeouts);
    assert!(rows.iter().all(|row| row["request_id"].as_str().unwrap().len() == 36));
    assert!(
        rows.iter().any(|row| row["trace_id"].is_string())
            && rows.iter().any(|row| row["trace_id"].is_null())
    );
}

#[test]
fn bad_records_are_listed_with_their_place_and_disturb_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ndjson");
    let good = |id: &str| {
        format!(
            "{{\"logGroup\":\"/aws/lambda/a\",\"logStream\":\"s\",\"timestamp\":1795420800000,\"message\":\"REPORT RequestId: {id}\\tDuration: 1.00 ms\\t\"}}\n"
        )
    };
    let hostile = b"{\"logGroup\":\"\x1b]52;c;aGk=\x07\xff\n";
    let bytes = [good("1").as_bytes(), hostile, &good("2").into_bytes()].concat();
    std::fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap();
    let rows = answer(&[path]);
    assert_eq!(rows[0]["invocations"], 2);
    let bad = answer(&[path, "--list", "bad"]);
    assert_eq!(bad.len(), 1);
    assert_eq!((&bad[0]["line"], &bad[0]["offset"]), (&json!(2), &json!(good("1").len())));
    assert_eq!(bad[0]["reason"], "JSON ends in the middle");
    for format in ["table", "tsv", "csv", "json", "md"] {
        let out = lamtop(&["report", path, "--list", "bad", "--format", format]);
        let raw = |c: &u8| *c < 0x20 && *c != b'\n' && *c != b'\t';
        assert!(!out.stdout.iter().any(raw), "{format} lets control characters through");
    }
}

#[test]
fn exit_codes_and_words() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("notes.txt");
    std::fs::write(&plain, "nothing of Lambda\n").unwrap();
    let plain = plain.to_str().unwrap();
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let fixture = fixture("text.ndjson.gz");
    let good = fixture.to_str().unwrap();
    for (arguments, code, says) in [
        (vec!["report", good], 0, ""),
        (
            vec!["report", "/no/such/file"],
            1,
            "/no/such/file: no such file or folder; / has nothing of that name, check the path",
        ),
        (vec!["report", empty.to_str().unwrap()], 1, "no file in this folder"),
        (vec!["report", plain], 1, "no record of Lambda in it"),
        (vec!["report", good, "--by", "minute"], 2, "'minute' is no key"),
        (vec!["report", good, "--since", "soon"], 2, "'soon' is no time"),
        (vec!["report"], 2, "PATH"),
        (vec!["--help"], 0, ""),
    ] {
        let out = lamtop(&arguments);
        let err = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(code), "{arguments:?}: {err}");
        assert!(err.contains(says), "{arguments:?}: {err}");
    }
}

#[test]
fn since_and_until_cut_by_the_rule() {
    let path = fixture("text.ndjson.gz");
    let path = path.to_str().unwrap();
    let count = |more: &[&str]| -> u64 {
        answer(&[&[path], more].concat()).iter().map(|row| row["invocations"].as_u64().unwrap()).sum()
    };
    let minutes = answer(&[path, "--by", "1m"]);
    let middle = minutes[minutes.len() / 2]["minute"].as_i64().unwrap().to_string();
    let (before, after) = (count(&["--until", &middle]), count(&["--since", &middle]));
    assert_eq!(before + after, count(&[]));
    assert!(after > 0);
}

#[test]
fn a_filter_means_the_same_in_lists_and_groups() {
    let path = fixture("mixed.ndjson.gz");
    let path = path.to_str().unwrap();
    let all = answer(&[path, "--list", "invocations"]);
    let failed = |row: &Map<String, Value>| !["ok", "unfinished"].contains(&row["outcome"].as_str().unwrap());
    let slow = |row: &Map<String, Value>| row["duration_ms"].as_f64().is_some_and(|ms| ms > 50.0);
    let text = |row: &Map<String, Value>, key: &str| row[key].as_str().unwrap_or_default().to_string();
    let id = text(&all[all.len() / 2], "request_id");
    let part = format!("id:{}", &id[..8]);
    let trace = all.iter().map(|row| text(row, "trace_id")).find(|id| !id.is_empty()).unwrap_or_default();
    let of_trace = format!("trace:{trace}");
    let used = |row: &Map<String, Value>| row["max_memory_mb"].as_f64().unwrap_or(0.0);
    type Holds<'a> = Box<dyn Fn(&Map<String, Value>) -> bool + 'a>;
    let cases: Vec<(&str, Holds<'_>)> = vec![
        ("err", Box::new(failed)),
        ("-err", Box::new(|row| !failed(row))),
        ("cold", Box::new(|row| row["cold"] == true)),
        ("dur>50ms err", Box::new(|row| slow(row) && failed(row))),
        ("status:timeout", Box::new(|row| row["outcome"] == "timeout")),
        ("status:unfinished", Box::new(|row| row["outcome"] == "unfinished")),
        ("fn:order*", Box::new(|row| text(row, "function").starts_with("order"))),
        (&id, Box::new(|row| text(row, "request_id") == id)),
        (&part, Box::new(|row| text(row, "request_id").contains(&id[..8]))),
        (&of_trace, Box::new(|row| !trace.is_empty() && text(row, "trace_id") == trace)),
        ("mem>=50%", Box::new(|row| used(row) * 2.0 >= row["memory_mb"].as_f64().unwrap_or(f64::MAX))),
        ("mem<60MB", Box::new(|row| row["max_memory_mb"].is_u64() && used(row) < 60.0)),
        (
            "/^order-(create|cancel)$/",
            Box::new(|row| ["order-create", "order-cancel"].contains(&&*text(row, "function"))),
        ),
        ("-/order/", Box::new(|row| !text(row, "function").contains("order"))),
    ];
    for (filter, holds) in cases {
        let want: Vec<&Map<String, Value>> = all.iter().filter(|row| holds(row)).collect();
        let got = answer(&[path, "--list", "invocations", "--filter", filter]);
        assert_eq!(got.iter().collect::<Vec<_>>(), want, "{filter}");
        let grouped = answer(&[path, "--filter", filter]);
        let count =
            |key: &str| grouped.iter().map(|row| row[key].as_u64().unwrap_or(0)).sum::<u64>() as usize;
        assert_eq!(count("invocations"), want.len(), "{filter}");
        assert_eq!(count("errors"), want.iter().filter(|row| failed(row)).count(), "{filter}");
        // What is not in every log can't be told of some invocations only.
        let whole = filter.starts_with("fn:") || filter.contains('/');
        assert!(whole || grouped.iter().all(|row| row["throttles"].is_null()), "{filter}");
    }
    assert!(all.iter().any(failed) && all.iter().any(slow), "the fixture shows something");
    for (arguments, says) in [
        (vec!["report", path, "--filter", "dur>>1s"], "--filter: at character 5"),
        (vec!["report", path, "--filter", "err", "--list", "bad"], "leave it out"),
    ] {
        let out = lamtop(&arguments);
        assert_eq!(out.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&out.stderr).contains(says));
    }
}

#[test]
fn traces_are_listed_as_their_segments_tell() {
    let path = fixture("mixed.segments.ndjson.gz");
    let rows = answer(&[path.to_str().unwrap(), "--list", "traces"]);
    let mut text = String::new();
    let packed = std::fs::File::open(&path).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(packed), &mut text).unwrap();
    let documents: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut traces: Vec<&str> = documents.iter().map(|d| d["trace_id"].as_str().unwrap()).collect();
    traces.sort_unstable();
    traces.dedup();
    assert!(traces.len() > 3);
    assert_eq!(rows.len(), traces.len());
    fn all_nodes(node: &Value) -> Vec<&Value> {
        let inner = node["subsegments"].as_array().into_iter().flatten().flat_map(all_nodes);
        std::iter::once(node).chain(inner).collect()
    }
    for row in &rows {
        let of = |d: &&Value| d["trace_id"] == row["trace_id"];
        let mine: Vec<&Value> = documents.iter().filter(of).collect();
        let (mut start, mut end) = (f64::MAX, 0.0f64);
        for node in mine.iter().flat_map(|d| all_nodes(d)) {
            start = start.min(node["start_time"].as_f64().unwrap());
            end = end.max(node["end_time"].as_f64().unwrap());
        }
        assert!((row["duration_ms"].as_f64().unwrap() - (end - start) * 1_000.0).abs() < 0.01, "{row:?}");
        assert_eq!(row["segments"], mine.iter().map(|d| all_nodes(d).len()).sum::<usize>());
        assert_eq!(row["root"], mine.iter().find(|d| d["parent_id"].is_null()).unwrap()["name"]);
        assert_eq!((&row["in_progress"], &row["missing_parents"]), (&json!(false), &json!(0)));
    }
    let marked = |key: &str| rows.iter().filter(|row| row[key] == true).count();
    assert_eq!(
        answer(&[path.to_str().unwrap(), "--list", "traces", "--filter", "err"]).len(),
        rows.iter()
            .filter(|row| row["error"] == true || row["fault"] == true || row["throttle"] == true)
            .count()
    );
    assert!(marked("error") + marked("fault") > 0, "the fixture has a marked one");
}

#[test]
fn the_lists_tell_the_same_as_the_groups() {
    let sum = |rows: &[Map<String, Value>], key: &str, of: &str| {
        let mut sums: BTreeMap<String, f64> = BTreeMap::new();
        for row in rows {
            let Some(name) = row["function"].as_str() else { continue };
            *sums.entry(name.to_string()).or_default() += row[of].as_f64().unwrap_or(0.0);
        }
        sums.retain(|_, n| *n > 0.0);
        assert!(!sums.is_empty(), "{key}");
        sums
    };
    let by = answer(&["sample-logs"]);
    let list = |what: &str| answer(&["sample-logs", "--list", what]);
    let functions = list("functions");
    assert!(
        functions.iter().all(|row| row["runtime"].is_null() && row["reserved"].is_null()),
        "nothing tells it"
    );
    for column in ["invocations", "errors", "cold_starts"] {
        let want = sum(&by, "by", column);
        assert_eq!(sum(&functions, "functions", column), want, "{column} of functions");
        assert_eq!(sum(&list("environments"), "environments", column), want, "{column} of environments");
    }
    assert_eq!(sum(&functions, "functions", "throttles"), sum(&by, "by", "throttles"));
    let mut metrics = list("metrics");
    metrics.retain(|row| row["metric"] == "Throttles" && row["namespace"] == "AWS/Lambda");
    assert_eq!(sum(&metrics, "metrics", "sum"), sum(&by, "by", "throttles"));
    let segments = list("segments");
    let traces: std::collections::BTreeSet<&str> =
        segments.iter().map(|row| row["trace_id"].as_str().unwrap()).collect();
    assert_eq!(traces.len(), list("traces").len());
    let sources = list("sources");
    let holds = |word: &str| {
        sources.iter().filter(|row| row["holds"].as_str().is_some_and(|h| h.contains(word))).count()
    };
    // Some functions write metrics among their lines.
    assert_eq!((holds("log lines"), holds("metric points"), holds("segments")), (1, 2, 1), "{sources:?}");
}

#[test]
fn what_functions_are_set_to_is_listed_with_its_grade() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    put(
        "list-functions.json",
        r#"{"Functions":[{"FunctionName":"tax","FunctionArn":"arn:aws:lambda:us-east-1:1:function:tax","Timeout":3,"MemorySize":256,"Runtime":"nodejs22.x","Handler":"index.handler","Role":"arn:aws:iam::1:role/tax-role","LastModified":"2026-11-16T08:00:00.000+0000","Version":"$LATEST"}]}"#,
    );
    put("tax.json", r#"{"ReservedConcurrentExecutions":7}"#);
    put(
        "role.json",
        r#"{"RoleName":"tax-role","PolicyName":"p","PolicyDocument":{"Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"q"}]}}"#,
    );
    put(
        "trail.json",
        r#"{"Records":[{"eventVersion":"1.09","eventSource":"lambda.amazonaws.com","eventName":"UpdateFunctionCode20150331v2","eventTime":"2026-11-23T08:20:32Z","requestParameters":{"functionName":"tax"},"userIdentity":{"arn":"arn:aws:iam::1:user/deploy"}}]}"#,
    );
    let rows = answer(&[folder.path().to_str().unwrap(), "--list", "functions"]);
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    let want = json!({"function": "tax", "timeout_ms": 3000, "memory_mb": 256, "runtime": "nodejs22.x", "handler": "index.handler",
        "role": "tax-role", "reserved": 7, "may_do": "Allow sqs:SendMessage on q", "changed": "2026-11-23T08:20:32.000Z",
        "invocations": null, "throttles": null, "first": null});
    for (column, value) in want.as_object().unwrap() {
        assert_eq!(&row[column], value, "{column}");
    }
    // Nobody knows when somebody looked.
    assert_eq!(row["grades"]["reserved"]["grade"], "estimated");
    assert_eq!(row["grades"]["timeout_ms"], Value::Null);
}

/// Where there is no metric, CloudTrail's record of a call that was refused is what tells of throttles: at
/// least these, each once however often its event is read; those that lacked permission are none.
#[test]
fn refused_calls_are_throttles_where_only_cloudtrail_tells() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let call = |id: u32, time: &str, code: &str| {
        json!({"eventVersion": "1.09", "eventSource": "lambda.amazonaws.com", "eventName": "Invoke", "eventTime": time,
            "eventCategory": "Data", "errorCode": code, "eventID": id.to_string(), "userIdentity": {"arn": "arn:aws:iam::1:user/web"},
            "resources": [{"ARN": "arn:aws:lambda:us-east-1:1:function:tax"}]})
    };
    let throttled = "TooManyRequestsException";
    let first = [
        call(1, "2026-11-23T08:00:10Z", throttled),
        call(2, "2026-11-23T08:00:50Z", throttled),
        call(3, "2026-11-23T08:01:00Z", "AccessDenied"),
    ];
    put("one.json", &json!({"Records": first}).to_string());
    put("two.json", &json!({"Records": [first[1], call(4, "2026-11-23T08:03:00Z", throttled)]}).to_string());
    let path = folder.path().to_str().unwrap();
    let rows = answer(&[path, "--by", "function,1m"]);
    let got: Vec<_> = rows
        .iter()
        .map(|row| (row["minute"].as_i64(), row["throttles"].as_u64(), &row["invocations"]))
        .collect();
    let none = &Value::Null;
    assert_eq!(got, [(Some(1_795_420_800), Some(2), none), (Some(1_795_420_980), Some(1), none)]);
    assert_eq!(rows[0]["grades"]["throttles"]["grade"], "at-least");
    let said = lamtop(&["doctor", path]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.contains("Throttles    calls that CloudTrail logs of 1 function: there may be others"),
        "{said}"
    );
    // A metric tells of all, whatever else does.
    put(
        "metric.ndjson",
        r#"{"metric_stream_name":"s","namespace":"AWS/Lambda","metric_name":"Throttles","dimensions":{"FunctionName":"tax"},"timestamp":1795420800000,"value":{"sum":7,"count":7}}"#,
    );
    let rows = answer(&[path, "--by", "function"]);
    assert_eq!((&rows[0]["throttles"], &rows[0]["grades"]["throttles"]), (&json!(7), &Value::Null));
}

#[test]
fn the_doctor_says_what_is_there_and_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("tax.log");
    let line = |ms: i64, message: &str| {
        json!({"logGroup": "/aws/lambda/tax", "logStream": "2026/11/23/[7]0123456789abcdef0123456789abcdef", "timestamp": ms, "message": message}).to_string()
    };
    let text = [
        line(1_795_420_800_000, "START RequestId: a Version: 7"),
        line(
            1_795_420_800_100,
            "REPORT RequestId: a\tDuration: 100.00 ms\tBilled Duration: 100 ms\tMemory Size: 128 MB\tMax Memory Used: 56 MB\t",
        ),
        r#"{"logGroup": "/aws/lambda/tax", 7}"#.to_string(),
        line(1_795_422_000_000, "later"),
    ];
    std::fs::write(&log, text.join("\n") + "\n").unwrap();
    let out = lamtop(&["doctor", log.to_str().unwrap()]);
    let told = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success(), "{told}");
    for words in [
        "tax.log: file, 2 platform records, 1 log lines; 2026-11-23T08:00:00.000Z to 2026-11-23T08:20:00.000Z",
        "could not be read: 1\n    line 3, byte ",
        "no record for 19 min from 2026-11-23T08:01:00.000Z on",
        "1 function: tax",
        "Invocations  logs of 1 function\n",
        "Throttles    no source: throttled requests never run",
        "Traces       no source; give X-Ray segments",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    assert_eq!(lamtop(&["doctor", "no/such/file"]).status.code(), Some(1));
}

/// Of what could not be opened nobody says what is in it.
#[test]
fn what_cannot_be_read_is_not_called_empty() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    std::fs::write(at("notes.log"), "hello\nworld\n").unwrap();
    std::fs::write(at("program.log"), b"\x7fELF\x00\x01\n\x00\x00\n").unwrap();
    let said = |paths: &[&str]| {
        let out = lamtop(&[&["report"], paths].concat());
        assert_eq!(out.status.code(), Some(1));
        String::from_utf8(out.stderr).unwrap()
    };
    let both = said(&[&at("none.log"), &at("notes.log")]);
    let lines: Vec<&str> = both.lines().collect();
    assert!(lines[0].contains("none.log: no such file"), "{both}");
    assert!(lines[1].contains("notes.log: no record of Lambda") && !lines[1].contains("none.log"), "{both}");
    assert_eq!(lines.len(), 2, "{both}");
    let alone = said(&[&at("none.log")]);
    assert!(!alone.contains("no record of Lambda"), "{alone}");
    let program = said(&[&at("program.log")]);
    assert!(program.contains("not text: there is a byte 0 in it"), "{program}");
    let told = lamtop(&["doctor", &at("program.log")]);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(
        told.contains("nothing that could be read\n  could not be read: 2\n    line 1, byte 0: not text"),
        "{told}"
    );
}

/// The groups of errors hold each failed invocation once, and no other.
#[test]
fn errors_in_groups_are_the_failed_invocations() {
    let list = |what: &str| answer(&["sample-logs/incident.ndjson.gz", "--list", what]);
    let text = |row: &Map<String, Value>, column: &str| row[column].as_str().unwrap_or_default().to_string();
    let mut want: BTreeMap<String, u64> = BTreeMap::new();
    // An asynchronous event keeps its id over its retries.
    let mut starts: BTreeSet<[String; 3]> = BTreeSet::new();
    for row in list("invocations") {
        starts.insert(["function", "request_id", "start"].map(|column| text(&row, column)));
        if !["ok", "unfinished"].contains(&text(&row, "outcome").as_str()) {
            *want.entry(text(&row, "function")).or_default() += 1;
        }
    }
    let groups = list("errors");
    let mut got: BTreeMap<String, u64> = BTreeMap::new();
    for row in &groups {
        *got.entry(text(row, "function")).or_default() += row["invocations"].as_u64().unwrap();
        assert!(text(row, "first") <= text(row, "last"));
        let newest = ["function", "last_request_id", "last"].map(|column| text(row, column));
        assert!(starts.contains(&newest), "{row:?}");
    }
    assert_eq!(got, want);
    let deploy = groups.iter().find(|row| text(row, "function") == "payment-authorize").unwrap();
    assert_eq!((text(deploy, "error"), text(deploy, "versions")), ("ReferenceError".into(), "20".into()));
    assert!(!text(deploy, "message").is_empty(), "{deploy:?}");
    // What there is no source of is no list that happens to be empty.
    let out = lamtop(&["report", "sample-logs/metrics.ndjson.gz", "--list", "errors"]);
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(said.contains("errors come only from logs"), "{said}");
}
