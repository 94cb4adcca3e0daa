//! `lamtop record`, the real binary: what it wrote replays as what was read.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use lamtop::clock::Clock;
use lamtop::mask::Masked;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::{program, until};

fn lamtop(arguments: &[&str]) -> Output {
    Command::new(program()).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn start(arguments: &[&str]) -> Child {
    let mut command = Command::new(program());
    command.arg("record").args(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(child: Child, signal: Signal) -> Output {
    kill_process(Pid::from_child(&child), signal).unwrap();
    child.wait_with_output().unwrap()
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn read(path: &Path) -> String {
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut text = String::new();
        let mut reader = flate2::read::MultiGzDecoder::new(fs::File::open(path).unwrap());
        reader.read_to_string(&mut text).unwrap();
        return text;
    }
    fs::read_to_string(path).unwrap()
}

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/captures").join(name);
    path.display().to_string()
}

/// An answer of the report, its rows in an order of their own.
fn answer(paths: &[&str], question: &[&str]) -> Vec<String> {
    let output = lamtop(&[&["report"], paths, question, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}", said(&output));
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let mut rows: Vec<String> = rows.iter().map(Value::to_string).collect();
    rows.sort();
    rows
}

#[test]
fn a_recording_gives_the_answers_of_what_was_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let (mixed, segments, folder) =
        (fixture("mixed.ndjson.gz"), fixture("mixed.segments.ndjson.gz"), fixture("folder"));
    for (n, paths) in
        [vec![&*folder], vec![&mixed, &segments], vec![&folder, &segments, &mixed]].iter().enumerate()
    {
        let first = dir.path().join(format!("{n}.ndjson.gz")).display().to_string();
        let again = dir.path().join(format!("{n}.again.ndjson")).display().to_string();
        let output = lamtop(&[&["record"], &paths[..], &["--out", &first, "--idle-exit", "1s"]].concat());
        assert!(output.status.success(), "{}", said(&output));
        assert!(said(&output).contains("lamtop: recorded "), "{}", said(&output));
        let output = lamtop(&["record", &first, "--out", &again, "--idle-exit", "1s"]);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(
            read(Path::new(&first)),
            read(Path::new(&again)),
            "a recording of a recording is the same"
        );
        for question in [&["--by", "function,environment,1m"], &["--list", "invocations"]] {
            let want = answer(paths, question);
            assert!(want.len() >= 9, "{} rows", want.len());
            assert_eq!(answer(&[&first], question), want, "{paths:?} {question:?}");
        }
    }
}

#[test]
fn a_redacted_recording_gives_the_same_answers() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("orders.log");
    append(
        &secret,
        "2026-11-23T08:00:00.000000+00:00 2026/11/23/[$LATEST]aa START RequestId: r-1 Version: 3\n\
         2026-11-23T08:00:00.100000+00:00 2026/11/23/[$LATEST]aa ann@example.com password=hunter22 AKIAIOSFODNN7EXAMPLE\n\
         2026-11-23T08:00:01.000000+00:00 2026/11/23/[$LATEST]aa REPORT RequestId: r-1\tDuration: 12.5 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\t\n",
    );
    let (mixed, folder) = (fixture("mixed.ndjson.gz"), fixture("folder"));
    let paths = [secret.to_str().unwrap(), &folder, &mixed];
    let out = dir.path().join("out.ndjson").display().to_string();
    let arguments = [&["record"], &paths[..], &["--out", &out, "--idle-exit", "1s", "--redact"]].concat();
    let output = lamtop(&arguments);
    assert!(output.status.success(), "{}", said(&output));
    let said = said(&output);
    assert!(said.contains("secrets by their names") && said.contains("1 e-mail addresses"), "{said}");
    let text = read(Path::new(&out));
    for gone in ["ann@", "hunter22", "AKIA"] {
        assert!(!text.contains(gone), "{gone}");
    }
    for question in [&["--by", "function,environment,1m"], &["--list", "invocations"]] {
        assert_eq!(answer(&[&out], question), answer(&paths, question), "{question:?}");
    }
}

/// A private key, a line each: with letters that are found nowhere else.
fn key() -> Vec<String> {
    let body = |n: usize, length: usize| -> String {
        let letters = b"AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/";
        (0..length).map(|at| char::from(letters[(at * 7 + n * 13) % letters.len()])).collect()
    };
    let mut lines = vec!["-----BEGIN RSA PRIVATE KEY-----".to_string()];
    lines.extend((0..4).map(|n| body(n, 64)));
    lines.extend([body(9, 24), "-----END RSA PRIVATE KEY-----".to_string()]);
    lines
}

/// What `--redact` makes of a text that is read from a file.
fn redacted(text: &str) -> (String, String) {
    let dir = tempfile::tempdir().unwrap();
    let (log, out) = (dir.path().join("orders.log"), dir.path().join("out.ndjson"));
    append(&log, text);
    let [log, out] = [&log, &out].map(|path| path.display().to_string());
    let output = lamtop(&["record", &log, "--out", &out, "--idle-exit", "1s", "--redact"]);
    assert!(output.status.success(), "{}", said(&output));
    (read(Path::new(&out)), said(&output))
}

#[test]
fn private_keys_are_masked_over_all_their_lines_in_whatever_order() {
    let stream = |name: &str| format!("2026/11/23/[$LATEST]{}", name.repeat(16));
    let time = "2026-11-23T08:00:00.100000+00:00";
    // Two streams in turn, one whose message has several lines.
    let mut tailed = String::new();
    for line in key() {
        for name in ["0a", "0b"] {
            tailed += &format!("{time} {} {line}\n", stream(name));
        }
    }
    let several = format!("{time} {} {}\n", stream("0a"), key().join("\n"));
    let newest_first: Vec<String> = key().into_iter().rev().collect();
    let row = |line: &String| format!("1795420800000,\"{line}\n\"\n");
    let table = "timestamp,message\n".to_string() + &newest_first.iter().map(row).collect::<String>();
    let results = |pretty: bool| {
        let field = |name: &str, value: &str| serde_json::json!({"field": name, "value": value});
        let row = |line: &String| {
            serde_json::json!([
                field("@timestamp", "2026-11-23 08:00:00.000"),
                field("@message", &format!("{line}\n")),
                field("@logStream", &stream("0a")),
            ])
        };
        let rows: Vec<Value> = newest_first.iter().map(row).collect();
        let results = serde_json::json!({"results": rows, "status": "Complete"});
        if pretty { serde_json::to_string_pretty(&results).unwrap() + "\n" } else { format!("{results}\n") }
    };
    // Those who come late see no beginning.
    let late = |text: &str| text.split_inclusive('\n').skip(2).collect::<String>();
    for text in [late(&tailed), late(&several), tailed, several, table, results(true), results(false)] {
        let (shown, said) = redacted(&text);
        assert!(said.contains("keys"), "{said}");
        for line in key() {
            assert!(!shown.contains(&line), "{line} of\n{text}\nin\n{shown}");
        }
    }
}

#[test]
fn of_logs_without_keys_only_what_was_masked_in_each_line_is_masked() {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs");
    let dir = tempfile::tempdir().unwrap();
    let [raw, safe] = ["raw.ndjson", "safe.ndjson"].map(|name| dir.path().join(name));
    let mut all = Vec::new();
    for (out, more) in [(&raw, &[][..]), (&safe, &["--redact"][..])] {
        let [logs, name] = [&logs, out].map(|path| path.display().to_string());
        let output = lamtop(&[&["record", &logs, "--out", &name, "--idle-exit", "2s"], more].concat());
        assert!(output.status.success(), "{}", said(&output));
        let mut lines: Vec<String> = read(out).lines().map(str::to_string).collect();
        lines.sort();
        all.push((lines, said(&output)));
    }
    // Each line masked by itself is what it is among the others.
    let by_themselves =
        all[0].0.iter().map(|line| lamtop::mask::text(line, &mut Masked::default()).into_owned());
    let mut by_themselves: Vec<String> = by_themselves.collect();
    by_themselves.sort();
    let others = by_themselves.iter().zip(&all[1].0).find(|(one, among)| one != among);
    assert!(others.is_none() && by_themselves.len() == all[1].0.len(), "{others:?}");
    let said = &all[1].1;
    assert!(said.contains("payloads") && !said.contains("keys") && !said.contains("tokens"), "{said}");
}

#[test]
fn text_of_several_files_is_told_apart_in_one_recording() {
    let dir = tempfile::tempdir().unwrap();
    let logs = dir.path().join("logs");
    fs::create_dir(&logs).unwrap();
    let out = dir.path().join("out.ndjson");
    let recording = start(&[logs.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    // Line by line in turn, so that neighbours in the capture are of different files.
    let stream = |name: &str| format!("2026/11/23/[$LATEST]{name}");
    let at = |name: &str, second: u32, text: &str| {
        format!("2026-11-23T08:00:{second:02}.000000+00:00 {} {text}\n", stream(name))
    };
    let lines = |name: &str| {
        [
            at(name, 0, &format!("START RequestId: {name}-1 Version: 3")),
            at(name, 1, "[ERROR] KeyError: 'x'"),
            "Traceback (most recent call last):\n".to_string(),
            "  File \"/var/task/app.py\", line 1\n".to_string(),
            at(name, 2, &format!("END RequestId: {name}-1")),
            at(
                name,
                2,
                &format!(
                    "REPORT RequestId: {name}-1\tDuration: 12.5 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\t"
                ),
            ),
        ]
    };
    let (one, two) = (lines("aa"), lines("bb"));
    let mut written = 0;
    for (one, two) in one.iter().zip(&two) {
        for (name, line) in [("orders.log", one), ("billing.log", two)] {
            append(&logs.join(name), line);
            written += 1;
            until("the line is recorded", || out.exists() && read(&out).lines().count() == written);
        }
    }
    let output = end(recording, Signal::TERM);
    assert_eq!(output.status.code(), Some(143), "{}", said(&output));
    assert!(said(&output).contains("recorded 12 lines of 2 sources in "), "{}", said(&output));
    let question = ["--list", "invocations"];
    let want = answer(&[logs.to_str().unwrap()], &question);
    assert_eq!(want.len(), 2);
    assert!(want[0].contains("KeyError") && want[1].contains("KeyError"), "{want:?}");
    assert_eq!(answer(&[out.to_str().unwrap()], &question), want);
}

#[test]
fn what_arrives_is_written_with_its_arrival_and_what_was_there_without() {
    let dir = tempfile::tempdir().unwrap();
    let (log, out) = (dir.path().join("orders.log"), dir.path().join("out.ndjson"));
    let wrapped = |n: u32| {
        format!("{{\"logGroup\":\"/aws/lambda/f\",\"logStream\":\"s\",\"timestamp\":{n},\"message\":\"m\"}}")
    };
    append(&log, &format!("{}\nold text\n", wrapped(1)));
    let clock = Clock::wall();
    let before = clock.now().0;
    let recording = start(&[dir.path().to_str().unwrap(), "--out", out.to_str().unwrap()]);
    until("what was there is recorded", || out.exists() && read(&out).lines().count() == 2);
    append(&log, &format!("{}\nnew \"text\"\n", wrapped(2)));
    until("what arrived is recorded", || read(&out).lines().count() == 4);
    let output = end(recording, Signal::INT);
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    assert!(said(&output).contains("is what is being written, so it is left out"), "{}", said(&output));
    let text = read(&out);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], wrapped(1));
    let value = |n: usize| serde_json::from_str::<Value>(lines[n]).unwrap();
    assert_eq!((&value(1)["arrived"], &value(1)["raw"]), (&Value::Null, &Value::from("old text")));
    for line in [2, 3] {
        let arrived = value(line)["arrived"].as_i64().unwrap();
        assert!((before..=clock.now().0).contains(&arrived), "{}", lines[line]);
    }
    assert_eq!(lines[2].replacen(&format!("\"arrived\":{},", value(2)["arrived"]), "", 1), wrapped(2));
    assert_eq!(value(3)["raw"], "new \"text\"");
    assert!(value(3)["source"].as_str().unwrap().ends_with("orders.log"));
}

#[test]
fn it_ends_by_time_says_what_is_wrong_and_never_writes_over_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("a.log").display().to_string();
    let out = dir.path().join("out.ndjson").display().to_string();
    fs::write(&log, "START RequestId: a Version: 1\n").unwrap();
    let output = lamtop(&["record", &log, "--out", &out, "--for", "1s"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("recorded 1 line of 1 source in "), "{}", said(&output));
    for (arguments, code, part) in [
        (vec!["record", &log, "--out", &out], 1, "is there already"),
        (vec!["record", "/nowhere.log", "--out", "/nowhere/x"], 1, "/nowhere.log: no such file"),
        (vec!["record", &log, "--out", "/nowhere/x"], 1, "its folder is not there"),
        (vec!["record", &log, "--out", "x", "--for", "soon"], 2, "--for: 'soon' is no length of time"),
        (vec!["record", &log, "--out", "x", "--idle-exit", "0s"], 2, "--idle-exit"),
        (vec!["record", &log, "--out", "x", "--rotate", "big"], 2, "--rotate: 'big' is no size"),
        (vec!["record", &log], 2, "--out"),
    ] {
        let output = lamtop(&arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(part), "{arguments:?}: {}", said(&output));
    }
    assert_eq!(read(Path::new(&out)).lines().count(), 1);
}

#[test]
fn a_full_disk_ends_it_with_whole_lines_and_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("a.log");
    let lines: String = (0..20_000).map(|n| format!("line {n:06} {}\n", (n * 7_919) % 10_007)).collect();
    fs::write(&log, &lines).unwrap();
    for name in ["out.ndjson", "out.ndjson.gz"] {
        let out = dir.path().join(name);
        // No file may be longer than 64 or 128 KiB: the shells' units differ.
        let script = "ulimit -f 128; exec \"$0\" record \"$1\" --out \"$2\" --idle-exit 1s";
        let output =
            Command::new("sh").args(["-c", script]).arg(program()).args([&log, &out]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        let recorded = read(&out);
        assert!(recorded.ends_with('\n') || recorded.is_empty());
        let count = recorded.lines().count();
        assert!(
            said(&output).contains(&format!("{count} lines are in it, whole; make room")),
            "{}",
            said(&output)
        );
        assert!(count < 20_000);
        for (line, want) in recorded.lines().zip(lines.lines()) {
            assert_eq!(serde_json::from_str::<Value>(line).unwrap()["raw"], want);
        }
        assert!(name.ends_with("gz") || count > 500, "{count}");
    }
}

#[test]
fn parts_together_hold_everything_once() {
    let dir = tempfile::tempdir().unwrap();
    let (log, parts) = (dir.path().join("a.log"), dir.path().join("parts"));
    fs::create_dir(&parts).unwrap();
    let lines: Vec<String> = (0..5_000).map(|n| format!("line {n:04}")).collect();
    fs::write(&log, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let out = parts.join("c.ndjson").display().to_string();
    let output =
        lamtop(&["record", log.to_str().unwrap(), "--out", &out, "--rotate", "100K", "--idle-exit", "1s"]);
    assert!(output.status.success(), "{}", said(&output));
    let mut files: Vec<PathBuf> = fs::read_dir(&parts).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 3 && said(&output).contains(&format!("and {} parts before it", files.len() - 1)));
    assert!(files.iter().all(|file| fs::metadata(file).unwrap().len() <= 100 << 10));
    let all: String = files.iter().map(|file| read(file)).collect();
    let raw: Vec<String> = all
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["raw"].as_str().unwrap().into())
        .collect();
    assert_eq!(raw, lines);
}
