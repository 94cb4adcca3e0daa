//! The law of the design by the real program: a live session at time T and a replay of what was
//! recorded of it, sought to T, show the same below the header.
#![allow(clippy::unwrap_used)]

mod support;

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use lamtop::clock::Clock;
use lamtop::model::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use support::pty::{Pty, command};
use support::{program, until};

/// Rows that differ between a live session and a replay: header, scrub bar, keys.
const HEADER: usize = 3;
const FOOTER: usize = 1;

/// The lines of an invocation that began at `start`, in ms; every third one fails.
fn invocation(n: i64, start: i64) -> String {
    let mut text = String::new();
    let function = ["orders", "billing"][(n % 2) as usize];
    let took = 20 + n * 7 % 300;
    let mut line = |time: i64, message: &str| {
        let _ = writeln!(
            text,
            "{{\"logGroup\":\"/aws/lambda/{function}\",\"logStream\":\"2026/11/23/[$LATEST]{:032x}\",\"timestamp\":{time},\"message\":\"{message}\"}}",
            n % 3
        );
    };
    let id = format!("{n:08x}-0000-4000-8000-000000000000");
    line(start, &format!("START RequestId: {id} Version: $LATEST\\n"));
    if n % 3 == 0 {
        line(
            start + 1,
            "[ERROR] KeyError: 'order'\\nTraceback (most recent call last):\\n  File \\\"app.py\\\", line 7",
        );
    }
    line(start + took, &format!("END RequestId: {id}\\n"));
    line(
        start + took,
        &format!(
            "REPORT RequestId: {id}\\tDuration: {took}.00 ms\\tBilled Duration: {took} ms\\tMemory Size: 256 MB\\tMax Memory Used: {} MB\\n",
            80 + n % 50
        ),
    );
    text
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

fn body(pty: &Pty) -> String {
    let text = pty.text();
    let rows: Vec<&str> = text.lines().collect();
    let end = rows.len().saturating_sub(FOOTER);
    rows[HEADER.min(end)..end].iter().map(|row| format!("{}\n", row.trim_end())).collect()
}

#[test]
fn a_live_session_and_the_replay_of_its_recording_show_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (log, out) = (dir.path().join("app.ndjson"), dir.path().join("recorded.ndjson"));
    let clock = Clock::wall();
    let began = clock.now().0;
    // What was there before: known when it happened.
    let old: String = (0..40).map(|n| invocation(n, began - 600_000 + n * 9_000)).collect();
    fs::write(&log, &old).unwrap();
    let recording = Command::new(program())
        .args(["record", log.to_str().unwrap(), "--out", out.to_str().unwrap()])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("the backlog is recorded", || lines(&out) == old.lines().count());
    let live = Pty::start(command(program(), &["--utc", log.to_str().unwrap()]), 140, 45);
    live.wait_text("orders");

    let mut written = old.lines().count();
    let mut moments = Vec::new();
    for n in 40..46 {
        let text = invocation(n, clock.now().0 - 500);
        append(&log, &text);
        written += text.lines().count();
        until("the lines are recorded", || lines(&out) == written);
        if n == 41 || n == 43 {
            // A whole second, which a person can type, with nothing near it on either side.
            let moment = Timestamp(clock.now().0).floor(1_000).plus(1_000);
            until("the second is over", || clock.now() > moment.plus(20));
            moments.push(moment);
        }
    }
    until("all is on screen", || {
        let text = live.text();
        text.contains("billing") && text.contains("LIVE")
    });
    kill_process(Pid::from_child(&recording), Signal::TERM).unwrap();
    let mut recording = recording;
    recording.wait().unwrap();

    let mut seen = Vec::new();
    for moment in moments {
        let iso = moment.to_string();
        let time = &iso[11..19];
        live.send("t");
        live.wait_text("14:32");
        live.send(&format!("{time}\r"));
        live.wait_text(&format!("PAUSED  {time}Z"));
        let at = ["--utc", "replay", out.to_str().unwrap(), "--paused", "--at", &iso];
        let replay = Pty::start(command(program(), &at), 140, 45);
        replay.wait_text(&format!("{time}Z"));
        let same = |what: &str| {
            until(what, || body(&live).contains("before") && body(&live) == body(&replay));
        };
        same("the overview of both");
        seen.push(body(&live));
        live.send("\r");
        replay.send("\r");
        live.wait_text("Environments");
        replay.wait_text("Environments");
        same("the function of both");
        live.send("\x1b");
        live.wait_text("FUNCTION");
        replay.send("\x03");
        assert_eq!(replay.end(), 0);
    }
    assert_ne!(seen[0], seen[1], "the moments differ");
    live.send("\x03");
    assert_eq!(live.end(), 0);
}
