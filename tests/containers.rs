//! What lamtop makes of every container of log events, as tables: for each file of the corpus (real
//! samples, beside the project) the records that come out of it. Without the corpus nothing is looked
//! at, and that is said.
#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use lamtop::clock::Clock;
use lamtop::ingest::Batch;
use lamtop::model::{Body, Continuation, Platform, Record, Timestamp};
use lamtop::source::{self, Event, Input, Mode, Options};

fn corpus() -> Option<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.is_dir() {
        eprintln!("skipped: no corpus of real samples at {}", corpus.display());
        return None;
    }
    Some(corpus)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".repeat(23), |at| at.to_string())
}

/// A record as a row of a table; text that continues another has none.
fn row(record: &Record<'_>) -> Option<String> {
    let envelope = &record.envelope;
    let what = match &record.body {
        Body::Continuation(Continuation::Traceback) => "  traceback".to_string(),
        // More text, as far as these rows go.
        Body::Continuation(Continuation::Frame(_)) => return None,
        Body::Continuation(Continuation::Xray(trace)) => format!("  xray {}", text(trace.root)),
        Body::Continuation(Continuation::Broken(broken)) => format!("  broken: {}", text(broken.reason)),
        Body::Continuation(Continuation::Copy) => "  copy".to_string(),
        Body::Continuation(Continuation::Text | Continuation::Head) => return None,
        Body::Bad(bad) => format!("BAD {}", bad.reason),
        Body::Log(line) => {
            let id = line.id.map(text).unwrap_or_default();
            let error = line.error.map(|error| format!("error {}", text(error.error_type))).unwrap_or_default();
            format!("log {:?} {id} {error}", line.level)
        }
        Body::Platform(platform) => match platform {
            Platform::Start(start) => {
                format!("START {} version {}", text(start.id), start.version.map(text).unwrap_or_default())
            }
            Platform::End { id } => format!("END {}", text(id)),
            Platform::Report(report) => format!(
                "REPORT {} duration {:?} billed {:?} memory {:?}/{:?} init {:?} restore {:?} {:?} {:?} trace {:?}",
                text(report.id),
                report.duration.map(|d| d.0),
                report.billed_ms,
                report.max_memory_mb,
                report.memory_mb,
                report.init.map(|d| d.0),
                report.restore.map(|d| d.0),
                report.status,
                report.error_type.map(text),
                report.trace.map(|trace| text(trace.root)),
            )
            .replace("None", "-")
            .replace("Some(", "")
            .replace(')', ""),
            Platform::TimedOut { id, after } => format!("TIMED OUT {} after {}", text(id), after.0),
            Platform::InitStart(init) => format!("INIT {:?} {}", init.kind, init.runtime_version.map(text).unwrap_or_default()),
            Platform::InitReport(init) => format!("INIT REPORT {:?} {:?}", init.duration.map(|d| d.0), init.status),
            Platform::Fault(fault) => format!("FAULT {:?} {:?}", fault.id.map(text), fault.error_type.map(text)),
            Platform::RuntimeDone(done) => format!("DONE {} {:?}", text(done.id), done.status),
            Platform::Dropped { records, .. } => format!("DROPPED {records}"),
            Platform::Other => "platform, other".to_string(),
        },
        Body::Event(event) => return row(&Record { body: event.body, ..*record }),
        Body::Call(call) => format!("call of {} by {}", call.function, call.by),
        Body::Metric(_) => "metric".to_string(),
        Body::Segment(_) => "segment".to_string(),
        Body::Setting(_) => "setting".to_string(),
        Body::Delivery(_) => "delivery".to_string(),
        Body::Other(what) => format!("other: {what:?}"),
        Body::Recorded(recorded) => row(&recorded.record)?,
    };
    let function = envelope.function.map_or_else(|| "-".to_string(), text);
    let stream = envelope.stream.map_or_else(|| "-".to_string(), text);
    let stream: String = stream.chars().take(24).collect();
    Some(format!("{} {function} {stream} {what}", time(envelope.time)).trim_end().to_string())
}

/// Everything in a file, read as the program reads it: rows, and how many texts continue others.
fn read(path: &Path) -> (Vec<String>, usize) {
    let inputs = [Input::Path(path.to_path_buf())];
    let sources = source::start(&inputs, Options::new(Mode::Once), Clock::wall()).unwrap();
    let (mut rows, mut more) = (Vec::new(), 0);
    for event in sources.events() {
        match event {
            Event::Chunk(chunk) => {
                for record in Batch::decode(chunk).records() {
                    match row(record) {
                        Some(row) => rows.push(row),
                        None => more += 1,
                    }
                }
            }
            Event::Drained => break,
            _ => {}
        }
    }
    (rows, more)
}

/// The table of a folder, of each file at most so many rows.
fn table(folder: &Path, most: usize) -> String {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut out = String::new();
    for file in files.iter().filter(|file| file.is_file()) {
        let (rows, more) = read(file);
        let name = file.file_name().unwrap().to_string_lossy();
        writeln!(out, "{name}: {} records, {more} lines of text", rows.len()).unwrap();
        for row in rows.iter().take(most) {
            writeln!(out, "    {row}").unwrap();
        }
    }
    out
}

fn check(folder: &str, most: usize) {
    let Some(corpus) = corpus() else { return };
    insta::assert_snapshot!(folder.replace('/', "-"), table(&corpus.join(folder), most));
}

#[test]
fn answers_of_the_cli() {
    check("cli-logs", 14);
}

#[test]
fn subscription_payloads() {
    check("subscription", 14);
}

#[test]
fn text_without_a_container() {
    check("platform-text", 40);
}

#[test]
fn batches_of_the_logs_api() {
    check("logs-api", 40);
}

#[test]
fn documents_that_are_printed_wrong_give_one_bad_record() {
    let Some(corpus) = corpus() else { return };
    for file in std::fs::read_dir(corpus.join("xray")).unwrap().map(|entry| entry.unwrap().path()) {
        let broken = file.to_string_lossy().contains(".invalid.");
        let (rows, _) = read(&file);
        // A subsegment alone is whole, but of no trace: that is said too.
        let printed_wrong = |row: &&String| {
            (row.contains("BAD") && !row.contains("without trace_id")) || row.contains("broken")
        };
        let bad = rows.iter().filter(printed_wrong).count();
        assert_eq!(bad, usize::from(broken), "{}: {rows:?}", file.display());
    }
}

#[test]
fn what_the_tools_really_print() {
    let Some(corpus) = corpus() else { return };
    let mut out = String::new();
    for service in ["ministack", "moto"] {
        let folder = corpus.join("producers/aws-cli").join(service);
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            if !(name.starts_with("logs-") || name.starts_with("awslogs")) {
                continue;
            }
            let (rows, more) = read(&file);
            let count = |what: &str| rows.iter().filter(|row| row.contains(what)).count();
            let counts = ["START ", "END ", "REPORT ", "log ", "BAD", "broken"]
                .map(|what| format!("{} {what}", count(what)));
            writeln!(out, "{service}/{name}: {}, {more} lines of text", counts.join(", ")).unwrap();
            for row in rows.iter().take(3) {
                writeln!(out, "    {row}").unwrap();
            }
        }
    }
    insta::assert_snapshot!("tools", out);
}

/// The rows of some bytes, read as a file.
fn rows_of(bytes: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pay.json");
    std::fs::write(&path, bytes).unwrap();
    read(&path).0
}

fn events(n: usize) -> serde_json::Value {
    let event = |at: usize| {
        let message = match at % 4 {
            0 => format!("START RequestId: id-{at} Version: $LATEST\n"),
            1 => "[INFO]\t2026-11-23T08:00:00.000Z\tid\tone \"quoted\" {\n  \"a\": [1]\n}\n".to_string(),
            2 => format!("END RequestId: id-{at}\n"),
            _ => format!(
                "REPORT RequestId: id-{at}\tDuration: 2.75 ms\tBilled Duration: 3 ms\t\nXRAY TraceId: 1-a\t\n"
            ),
        };
        serde_json::json!({
            "logStreamName": "2026/11/23/[7]0123456789abcdef0123456789abcdef",
            "timestamp": 1_795_420_800_000_i64 + at as i64,
            "message": message,
            "ingestionTime": 1_795_420_800_999_i64,
            "eventId": at.to_string(),
        })
    };
    (0..n).map(event).collect()
}

#[test]
fn a_document_means_the_same_however_it_is_written() {
    let answer = serde_json::json!({"events": events(40), "searchedLogStreams": [], "nextToken": "t"});
    let payload = |n: usize| {
        serde_json::json!({
            "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "/aws/lambda/pay",
            "logStream": "2026/11/23/[7]0123456789abcdef0123456789abcdef",
            "subscriptionFilters": ["f"], "logEvents": events(n),
        })
    };
    for document in [answer, payload(40)] {
        let small = document.to_string();
        let pretty = serde_json::to_string_pretty(&document).unwrap();
        let want = rows_of(small.as_bytes());
        assert_eq!(want.len(), 40);
        assert!(want[3].contains("REPORT id-3 duration 2750"), "{}", want[3]);
        assert_eq!(rows_of(pretty.as_bytes()), want);
        assert_eq!(rows_of(format!("$ aws logs filter-log-events\n{pretty}\n").as_bytes()), want);
        let twice = [&want[..], &want[..]].concat();
        for between in ["", "\n", " ", "\r\n\r\n"] {
            assert_eq!(rows_of(format!("{small}{between}{small}").as_bytes()), twice, "{between:?}");
            assert_eq!(rows_of(format!("{pretty}{between}{small}\n").as_bytes()), twice, "{between:?}");
        }
        assert_eq!(rows_of(pretty.replace('\n', "\r\n").as_bytes()), want);
    }
}

#[test]
fn an_answer_that_is_too_long_for_one_frame_loses_nothing() {
    let n = 90_000;
    let answer = serde_json::json!({"events": events(n), "nextToken": "t"});
    for text in [answer.to_string(), serde_json::to_string_pretty(&answer).unwrap()] {
        assert!(text.len() > lamtop::frame::MOST);
        let rows = rows_of(text.as_bytes());
        assert_eq!(rows.iter().filter(|row| row.contains("BAD") || row.contains("broken")).count(), 0);
        assert_eq!(rows.len(), n);
    }
}

#[test]
fn what_only_looks_like_a_document_is_text() {
    let deep = "[".repeat(100_000);
    for noise in
        ["{ not json", "[ERROR] KeyError: 'x'", "[1, 2", &deep, "{\"a\": [", "{\n\"a\": 1,\n\"b\": x"]
    {
        let rows = rows_of(format!("{noise}\nSTART RequestId: a Version: 1\n").as_bytes());
        assert!(rows.last().unwrap().contains("START a version 1"), "{rows:?}");
    }
}

#[test]
fn tables_of_log_events_are_read_by_what_is_in_them() {
    let console = "timestamp,message\n1795420800123,\"START RequestId: a Version: 1\n\"\n1795420800456,\"said \"\"yes\"\"\nand more\"\n1795420800789,\"REPORT RequestId: a\tDuration: 2.75 ms\tBilled Duration: 3 ms\t\n\"\n";
    let rows = rows_of(console.as_bytes());
    assert_eq!(rows.len(), 3, "{rows:#?}");
    assert!(rows[0].contains("START a version 1") && rows[2].contains("duration 2750"), "{rows:#?}");
    let insights = "@timestamp,@message,@logStream,@log\n2026-11-23 08:00:00.123,\"END RequestId: a\n\",2026/11/23/[7]ab,123456789012:/aws/lambda/pay\n";
    assert_eq!(rows_of(insights.as_bytes()), ["2026-11-23T08:00:00.123Z pay 2026/11/23/[7]ab END a"]);
}

#[test]
fn a_query_result_is_read_from_the_oldest_row() {
    let row = |time: &str, message: &str| {
        serde_json::json!([
            {"field": "@timestamp", "value": time},
            {"field": "@message", "value": message},
            {"field": "@logStream", "value": "2026/11/23/[7]ab"},
            {"field": "@log", "value": "123456789012:/aws/lambda/pay"},
            {"field": "@ptr", "value": "CmEK"},
        ])
    };
    let rows = [
        row("2026-11-23 08:00:01.000", "END RequestId: a\n"),
        row("2026-11-23 08:00:00.000", "START RequestId: a Version: 1\n"),
    ];
    let result = serde_json::json!({"results": rows, "statistics": {}, "status": "Complete"});
    let rows = rows_of(serde_json::to_string_pretty(&result).unwrap().as_bytes());
    assert_eq!(
        rows,
        [
            "2026-11-23T08:00:00.000Z pay 2026/11/23/[7]ab START a version 1",
            "2026-11-23T08:00:01.000Z pay 2026/11/23/[7]ab END a"
        ]
    );
}
