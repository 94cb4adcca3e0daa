//! Hostile sizes: right answers for the neighbours of what is too large, in bounded memory, and a count of what
//! was cut. `cargo test` takes small ones; `LAMTOP_BOUNDS=full cargo test --release --test bounds -- --nocapture` takes a
//! line of 1 GB, a gz bomb of 10 GB, 200,000 functions, 1,000,000 ids in flight.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use support::{program, until};

const STREAM: &str = "2026/11/23/[$LATEST]00000000000000000000000000000000";

fn full() -> bool {
    std::env::var("LAMTOP_BOUNDS").is_ok_and(|said| said == "full")
}

fn sized(short: usize, long: usize) -> usize {
    if full() { long } else { short }
}

fn wrap(function: &str, stream: &str, at: usize, message: &str) -> String {
    let time = 1_795_420_800_000 + at;
    format!(
        "{{\"logGroup\":\"/aws/lambda/{function}\",\"logStream\":\"{stream}\",\"timestamp\":{time},\"message\":\"{message}\"}}\n"
    )
}

fn report(function: &str, n: usize) -> String {
    let fields =
        "Duration: 12.34 ms\\tBilled Duration: 13 ms\\tMemory Size: 128 MB\\tMax Memory Used: 60 MB\\t\\n";
    wrap(function, STREAM, n, &format!("REPORT RequestId: {n:08x}-2222-3333-4444-555555555555\\t{fields}"))
}

/// An answer's rows, what was said, and the most memory that it took in MiB.
fn answer(path: &Path, question: &[&str]) -> (Vec<Value>, String, u64) {
    let mut child = Command::new(program())
        .arg("report")
        .arg(path)
        .args(question)
        .args(["--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let read = std::thread::spawn(move || {
        let mut all = Vec::new();
        out.read_to_end(&mut all).unwrap();
        all
    });
    let said = std::thread::spawn(move || {
        let mut all = String::new();
        err.read_to_string(&mut all).unwrap();
        all
    });
    let most = std::cell::Cell::new(0);
    until("an answer", || {
        let told = fs::read_to_string(&status).unwrap_or_default();
        let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: u64 =
            line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or(0);
        most.set(most.get().max(kib >> 10));
        said.is_finished()
    });
    let (said, out) = (said.join().unwrap(), read.join().unwrap());
    assert!(child.wait().unwrap().success(), "{said}");
    println!("{} {question:?}: {} MiB", path.file_name().unwrap().display(), most.get());
    (serde_json::from_slice(&out).unwrap(), said, most.get())
}

fn invocations(rows: &[Value], function: &str) -> u64 {
    let of = rows.iter().filter(|row| row["function"] == function);
    of.map(|row| row["invocations"].as_u64().unwrap()).sum()
}

struct Case(tempfile::TempDir);

impl Case {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, write: impl FnOnce(&mut dyn Write)) -> PathBuf {
        let path = self.0.path().join(name);
        let mut file = BufWriter::new(File::create(&path).unwrap());
        write(&mut file);
        file.flush().unwrap();
        path
    }
}

fn put(out: &mut dyn Write, text: &str) {
    out.write_all(text.as_bytes()).unwrap();
}

const BY: [&str; 2] = ["--by", "function"];

#[test]
fn a_line_of_a_gigabyte() {
    let case = Case::new();
    let path = case.write("line.ndjson", |out| {
        put(out, &report("good", 1));
        put(out, "{\"logGroup\":\"/aws/lambda/big\",\"logStream\":\"s\",\"timestamp\":1795420800000,\"message\":\"");
        let part = "x".repeat(1 << 20);
        (0..sized(30, 1_000)).for_each(|_| put(out, &part));
        put(out, "\"}\n");
        put(out, &report("good", 2));
    });
    let (rows, said, most) = answer(&path, &BY);
    assert_eq!(invocations(&rows, "good"), 2, "{rows:?}");
    assert!(said.contains("1 records could not be read"), "{said}");
    assert!(most < 128, "{most} MiB");
    let (bad, ..) = answer(&path, &["--list", "bad"]);
    let length =
        fs::metadata(&path).unwrap().len() - (report("good", 1).len() + report("good", 2).len()) as u64;
    assert_eq!(bad[0]["reason"], format!("line of {length} bytes, only its head was read"));
}

#[test]
fn a_bomb_of_ten_gigabytes() {
    let case = Case::new();
    let path = case.write("bomb.ndjson.gz", |out| {
        let mut packer = flate2::write::GzEncoder::new(out, flate2::Compression::fast());
        put(&mut packer, &report("good", 1));
        let part = vec![0; 1 << 20];
        (0..sized(100, 10 << 10)).for_each(|_| packer.write_all(&part).unwrap());
        put(&mut packer, "\n");
        put(&mut packer, &report("good", 2));
        packer.finish().unwrap();
    });
    let (rows, said, most) = answer(&path, &BY);
    assert_eq!(invocations(&rows, "good"), 2, "{rows:?}");
    assert!(said.contains("1 records could not be read"), "{said}");
    assert!(most < 128, "{most} MiB");
}

#[test]
fn two_hundred_thousand_functions() {
    let case = Case::new();
    let many = sized(5_000, 200_000);
    let path = case.write("wide.ndjson", |out| {
        (0..many).for_each(|n| put(out, &report(&format!("f{n}"), n)));
        put(out, &report("good", many));
    });
    let (rows, _, most) = answer(&path, &BY);
    assert_eq!((rows.len(), invocations(&rows, "good")), (many + 1, 1));
    assert!(most < 800, "{most} MiB");
}

#[test]
fn a_million_ids_in_flight() {
    let case = Case::new();
    let many = sized(20_000, 1_000_000);
    let start = |n: usize, stream: &str| {
        let id = format!("{n:08x}-9999-3333-4444-555555555555");
        wrap("f", stream, n / 100, &format!("START RequestId: {id} Version: 7\\n"))
    };
    // Each in an environment of its own, and all in one that runs many at once.
    for (name, alone) in [("open.ndjson", true), ("one.ndjson", false)] {
        let path = case.write(name, |out| {
            for n in 0..many {
                let of = if alone { n } else { 0 };
                put(out, &start(n, &format!("2026/11/23/[7]{of:032x}")));
            }
            put(out, &report("good", 1));
            put(out, &report("good", 2));
        });
        let (rows, said, most) = answer(&path, &BY);
        assert_eq!((invocations(&rows, "good"), invocations(&rows, "f")), (2, many as u64), "{said}");
        assert!(most < 320, "{name}: {most} MiB");
        // Of the first ones to begin, 90 s before the last, nobody is left to hear of their end.
        assert_eq!(said.contains("invocations in flight were given up"), full() && alone, "{said}");
    }
}

/// Records without a stream are of all environments of a function: each end is found among all that are
/// in flight.
#[test]
fn many_in_flight_without_a_stream_end() {
    let case = Case::new();
    let many = sized(20_000, 1_000_000);
    // As many as there is room for run at any time.
    let behind = sized(10_000, 150_000);
    let path = case.write("bare.ndjson", |out| {
        for n in 0..many + behind {
            let at = |n: usize| {
                format!("2026-11-23T08:{:02}:{:02}.{:03}Z", n / 60_000 % 60, n / 1_000 % 60, n % 1_000)
            };
            let id = |n: usize| format!("\"requestId\":\"{n:08x}-9999-3333-4444-555555555555\"");
            if n < many {
                let (time, id) = (at(n), id(n));
                put(
                    out,
                    &format!("{{\"time\":\"{time}\",\"type\":\"platform.start\",\"record\":{{{id}}}}}\n"),
                );
            }
            if let Some(ends) = n.checked_sub(behind) {
                let metrics = "\"status\":\"success\",\"metrics\":{\"durationMs\":12.5,\"memorySizeMB\":128}";
                let (time, id) = (at(n), id(ends));
                put(
                    out,
                    &format!(
                        "{{\"time\":\"{time}\",\"type\":\"platform.report\",\"record\":{{{id},{metrics}}}}}\n"
                    ),
                );
            }
        }
    });
    let (rows, said, most) = answer(&path, &BY);
    assert_eq!(invocations(&rows, "bare"), many as u64, "{said}");
    assert_eq!((&rows[0]["max_concurrency"], said.as_str()), (&Value::from(behind), ""), "{rows:?}");
    assert!(most < 320, "{most} MiB");
}

#[test]
fn trees_of_a_hundred_thousand() {
    let case = Case::new();
    let deep = 100_000;
    let times = "\"start_time\":1795420800.0,\"end_time\":1795420801.0";
    let trace = "\"trace_id\":\"1-6b0f7c00-000000000000000000000001\"";
    let path = case.write("deep.ndjson", |out| {
        put(out, &report("good", 1));
        put(out, &format!("{}{}\n", "[".repeat(deep), "]".repeat(deep)));
        put(out, &format!("{}1{}\n", "{\"a\":".repeat(deep), "}".repeat(deep)));
        put(out, &format!("{{\"id\":\"{:016x}\",\"name\":\"f\",{times},{trace}", 1));
        for n in 2..=deep {
            put(out, &format!(",\"subsegments\":[{{\"id\":\"{n:016x}\",\"name\":\"s\",{times}"));
        }
        put(out, &format!("{}}}\n", "}]".repeat(deep - 1)));
        put(out, &report("good", 2));
    });
    let (rows, said, most) = answer(&path, &BY);
    assert_eq!(invocations(&rows, "good"), 2, "{rows:?}");
    assert!(said.contains("could not be read"), "{said}");
    assert!(most < 128, "{most} MiB");

    // A tree that is joined by ids.
    let path = case.write("chain.jsonl", |out| {
        for n in 1..=deep {
            let parent = if n > 1 { format!(",\"parent_id\":\"{:016x}\"", n - 1) } else { String::new() };
            put(
                out,
                &format!(
                    "{{\"id\":\"{n:016x}\",\"name\":\"f\",{times},{trace},\"type\":\"subsegment\"{parent}}}\n"
                ),
            );
        }
    });
    let (traces, said, most) = answer(&path, &["--list", "traces"]);
    assert_eq!(traces[0]["segments"], 20_000, "{traces:?}");
    assert!(said.contains("80000 documents belong to traces of which no more are kept"), "{said}");
    assert_eq!((traces.len(), traces[0]["duration_ms"].as_u64()), (1, Some(1_000)), "{traces:?}");
    assert!(most < 256, "{most} MiB");
}
