//! The real console in a pty: what it hands over, what it remembers, and that nothing moves while it
//! is paused.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::Write;
use std::path::Path;

use lamtop::clock::Clock;
use support::program;
use support::pty::{Pty, command};

fn sample() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/*.gz").to_str().unwrap().to_string()
}

/// The sample incident, paused at its end, with the home of a person who has one.
fn at_the_end(more: &[&str], state: Option<&Path>) -> Pty {
    let sample = sample();
    let mut arguments = vec!["replay", &sample, "--paused", "--at", "2026-11-23T09:23:00Z"];
    arguments.extend(more);
    let mut command = command(program(), &arguments);
    command.env("AWS_REGION", "eu-west-1");
    if let Some(state) = state {
        command.env("XDG_STATE_HOME", state);
    }
    let pty = Pty::start(command, 140, 45);
    pty.wait_text("09:23:0");
    pty.wait_text("user-login");
    pty
}

#[test]
fn what_is_copied_reaches_the_clipboard_of_the_terminal() {
    let truth: serde_json::Value = serde_json::from_slice(
        &std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/truth.json")).unwrap(),
    )
    .unwrap();
    let of = &truth["functions"]["payment-authorize"];
    let pty = at_the_end(&[], None);
    // The worst function is the first row.
    pty.send("y");
    pty.wait_text("sent to the clipboard: payment-authorize");
    pty.send("c");
    pty.wait_text("copy AWS CLI command");
    pty.send("json\r");
    pty.wait_text("clipboard: {");
    pty.send("c");
    pty.wait_text("copy AWS CLI command");
    pty.send("cli\r");
    pty.wait_text("clipboard: aws logs");
    pty.send("c");
    pty.wait_text("copy AWS CLI command");
    pty.send("link\r");
    pty.wait_text("clipboard: https");
    let copied = pty.clipboard();
    let texts: Vec<String> = copied
        .iter()
        .map(|data| {
            use base64::Engine;
            let bytes = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
            String::from_utf8(bytes).unwrap()
        })
        .collect();
    assert_eq!(texts[0], "payment-authorize");
    let row: serde_json::Value = serde_json::from_str(&texts[1]).unwrap();
    for (field, name) in
        [("invocations", "invocations"), ("errors", "errors"), ("cold_starts", "cold_starts")]
    {
        assert_eq!(row[field], of[name], "{field}: {row}");
    }
    assert!(
        texts[2].starts_with("aws logs filter-log-events --log-group-name /aws/lambda/payment-authorize")
            && texts[2].ends_with("--region eu-west-1"),
        "{}",
        texts[2]
    );
    assert!(texts[3].starts_with("https://eu-west-1.console.aws.amazon.com/lambda/"), "{}", texts[3]);
    pty.send("q");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
}

#[test]
fn the_next_session_begins_as_the_last_one_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let pty = at_the_end(&[], Some(folder.path()));
    pty.wait_text("last 30 min");
    pty.send("z");
    pty.wait_text("last 10 min");
    pty.send("fcold%\r\x1b");
    pty.wait("one column less", |screen| !screen.contents().contains("COLD%"));
    pty.send("q");
    assert_eq!(pty.end(), 0);
    let pty = at_the_end(&[], Some(folder.path()));
    pty.wait_text("last 10 min");
    assert!(!pty.text().contains("COLD%"));
    // What is left as it was is not written again; a session without a home works as ever.
    pty.send("q");
    assert_eq!(pty.end(), 0);
    let files = std::fs::read_dir(folder.path().join("lamtop")).unwrap().count();
    assert_eq!(files, 1, "no half file is left");
    let pty = at_the_end(&[], Some(Path::new("/dev/null")));
    pty.wait_text("last 30 min");
    pty.send("z");
    pty.wait_text("last 10 min");
    pty.send("q");
    assert_eq!(pty.end(), 0);
}

#[test]
fn fingers_that_know_another_program_find_its_keys() {
    let pty = at_the_end(&["--keys", "htop"], None);
    pty.send("h");
    pty.wait_text("> help");
    pty.send("q");
    pty.wait_text("STATE");
    pty.send("q");
    assert_eq!(pty.end(), 0);
    let out = std::process::Command::new(program()).args(["demo", "--keys", "emacs"]).output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(said.contains("--keys: 'emacs' is neither lamtop, htop, lnav, k9s nor a file"), "{said}");
}

/// A wrapped START and REPORT of `orders`, of an invocation that ended so many ms ago.
fn invocation(number: u32, ago_ms: i64) -> String {
    let (end, id) = (Clock::wall().now().0 - ago_ms, format!("8f507cfc-1f5e-4e0e-8d4b-{number:012}"));
    let line = |time: i64, said: &str| {
        format!(
            "{{\"logGroup\":\"/aws/lambda/orders\",\"logStream\":\"2026/11/23/[1]a\",\"timestamp\":{time},\"message\":\"{said}\"}}\n"
        )
    };
    line(end - 100, &format!("START RequestId: {id} Version: 1\\n"))
        + &line(end, &format!("END RequestId: {id}\\n"))
        + &line(
            end,
            &format!(
                "REPORT RequestId: {id}\\tDuration: 100.00 ms\\tBilled Duration: 100 ms\\tMemory Size: 128 MB\\tMax Memory Used: 50 MB\\t\\n"
            ),
        )
}

#[test]
fn the_picture_stands_while_it_is_paused_and_reading_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.ndjson");
    let write = |numbers: std::ops::Range<u32>| {
        let text: String = numbers.map(|n| invocation(n, 5_000)).collect();
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    write(0..20);
    let pty = Pty::start(command(program(), &[path.to_str().unwrap()]), 140, 45);
    pty.wait_text("orders");
    // All of them, in the list of invocations, to its last row.
    pty.send("3");
    pty.wait_text("1 of 20 ");
    pty.wait_text("-000000000000");
    pty.send("p");
    pty.wait_text("PAUSED");
    let before = pty.text();
    write(20..50);
    // What came is read meanwhile: the sources count it, and the list does not move.
    pty.send("7");
    pty.wait_text("150");
    pty.send("\x1b");
    // What is written first of a frame comes before the rest of it.
    let rows =
        |text: &str| text.lines().skip(3).take(30).map(|row| row.trim_end().to_string()).collect::<Vec<_>>();
    pty.wait("the list as it was", |screen| rows(&screen.contents()) == rows(&before));
    pty.send("p");
    pty.wait_text(" of 50 ");
    pty.send("\x03");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
}

#[test]
fn what_arrives_is_recorded_by_a_key_and_is_no_source_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.ndjson");
    let write = |numbers: std::ops::Range<u32>| {
        let text: String = numbers.map(|n| invocation(n, 1_000)).collect();
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        text
    };
    write(0..10);
    let mut console = command(program(), &["."]);
    // The folder that is written to is the one that is read.
    console.cwd(folder.path());
    let pty = Pty::start(console, 140, 45);
    pty.wait_text("orders");
    pty.send("R");
    pty.wait_text("recording what arrives in lamtop-recording-");
    let arrived = write(10..40);
    pty.wait_text("REC 90");
    pty.send("R");
    pty.wait_text("recorded 90 lines of 1 source");
    write(40..50);
    pty.send("3");
    pty.wait_text("1 of 50 ");
    pty.send("7");
    pty.wait_text("live.ndjson");
    assert!(!pty.text().contains("lamtop-recording"), "{}", pty.text());
    pty.send("\x03");
    assert_eq!(pty.end(), 0);
    let recorded = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let recorded = recorded.filter(|path| *path != folder.path().join("live.ndjson")).collect::<Vec<_>>();
    let [recording] = &recorded[..] else { panic!("{recorded:?}") };
    let text = std::fs::read_to_string(recording).unwrap();
    assert_eq!(text.lines().count(), 90);
    for (recorded, line) in text.lines().zip(arrived.lines()) {
        let (head, rest) = recorded.split_once(",\"logGroup\"").unwrap();
        assert!(head.starts_with("{\"arrived\":"), "{head}");
        assert_eq!(format!("{{\"logGroup\"{rest}"), line);
    }
}

#[test]
fn the_lines_of_a_selection_are_a_capture_that_replays() {
    let folder = tempfile::tempdir().unwrap();
    let sample = sample();
    let mut command = command(program(), &["replay", &sample, "--paused", "--at", "2026-11-23T09:23:00Z"]);
    command.cwd(folder.path());
    let pty = Pty::start(command, 140, 45);
    pty.wait_text("09:23:0");
    // The worst function is selected, once all that was known then is judged.
    pty.wait_text("bad-deploy");
    pty.wait_text("✗ payment-authorize");
    pty.send("Scapture\r");
    pty.wait_text("log events to lamtop-overview-");
    pty.send("q");
    assert_eq!(pty.end(), 0);
    let saved = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let figures = |path: &str, function: &str| {
        let out = std::process::Command::new(program())
            .args(["report", path, "--format", "json"])
            .output()
            .unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        let rows: Vec<serde_json::Value> = match serde_json::from_str::<serde_json::Value>(&text).unwrap() {
            serde_json::Value::Array(rows) => rows,
            one => vec![one],
        };
        (rows.len(), rows.into_iter().find(|row| row["function"] == function).unwrap())
    };
    let (count, mut kept) = figures(saved.to_str().unwrap(), "payment-authorize");
    assert_eq!(count, 1, "no other function's lines");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/incident.ndjson.gz");
    let (_, mut whole) = figures(folder.to_str().unwrap(), "payment-authorize");
    // Nothing but what other lines tell of it may differ.
    for row in [&mut kept, &mut whole] {
        row.as_object_mut().unwrap().retain(|name, _| name != "source" && name != "sources");
    }
    assert_eq!(kept, whole);
}
