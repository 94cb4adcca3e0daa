//! The correlator on what real runtimes wrote, against what really happened, and on hand-made
//! sequences that are easy to get wrong.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use lamtop::correlate::{Correlator, Room};
use lamtop::model::{
    Bad, Change, Cold, FactSink, FunctionId, Invocation, Origin, Outcome, SourceId, Timestamp, Waited,
};

/// Keeps the newest word on each invocation, and all that was said.
#[derive(Default)]
struct Facts {
    functions: Vec<String>,
    invocations: BTreeMap<u64, Invocation>,
    said: Vec<(u64, Change)>,
    bad: usize,
}

impl FactSink for Facts {
    fn function(&mut self, _id: FunctionId, name: &str) {
        self.functions.push(name.to_string());
    }
    fn invocation(&mut self, invocation: &Invocation, change: Change) {
        self.said.push((invocation.seq, change));
        self.invocations.insert(invocation.seq, *invocation);
    }
    fn bad(&mut self, _origin: Origin, _known: Option<Timestamp>, _bad: &Bad) {
        self.bad += 1;
    }
}

fn facts_of(bytes: &[u8]) -> Facts {
    let mut facts = Facts::default();
    support::records::feed(&mut Correlator::default(), 0, bytes, 700, &mut facts);
    facts
}

/// What the runtime's own calls say happened, beside the log that it wrote.
#[test]
fn real_runtimes_in_text_and_json() {
    let Some(shared) = support::shared("the captures of real runtimes") else { return };
    let folder = shared.join("corpus/producers");
    let truth: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("facts.json")).unwrap()).unwrap();
    // Not told by these logs: a Rust handler's error is a line that a function may log as well, unless it
    // is the last (here its HTTP client says more at level DEBUG), and without the telemetry descriptor,
    // which AWS always gives it, the Python runtime breaks an error into several events.
    let failures_not_told = ["py_stdout", "rust_json"];
    let mut seen = 0;
    let mut wrong = Vec::new();
    for (name, want) in truth["runtime"].as_object().unwrap() {
        let Ok(bytes) = std::fs::read(folder.join(format!("runtime/{name}.ndjson"))) else { continue };
        seen += 1;
        let facts = facts_of(&bytes);
        let count =
            |f: &dyn Fn(&Invocation) -> bool| facts.invocations.values().filter(|i| f(i)).count() as u64;
        let ended = |i: &Invocation, outcome: Outcome| i.end.is_some_and(|end| end.outcome == outcome);
        let got = [
            ("invocations", facts.invocations.len() as u64),
            ("failed_invocations", count(&|i| i.end.is_some_and(|end| end.outcome.failed()))),
            ("timeouts", count(&|i| ended(i, Outcome::Timeout))),
            ("cold_starts", count(&|i| i.cold.is_cold())),
        ];
        for (what, got) in got {
            if what == "failed_invocations" && failures_not_told.contains(&name.as_str()) {
                assert!(got < want[what].as_u64().unwrap(), "{name} is told now: hold it to its truth");
            } else if want[what] != got {
                wrong.push(format!("{name}: {what} {got}, truth {}", want[what]));
            }
        }
        if facts.bad > 0 {
            wrong.push(format!("{name}: {} bad records", facts.bad));
        }
    }
    assert!(seen > 10, "only {seen} captures were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn line(ms: i64, message: &str) -> String {
    stream_line("2026/11/23/[7]aaaa", ms, message)
}

fn stream_line(stream: &str, ms: i64, message: &str) -> String {
    let message = serde_json::to_string(message).unwrap();
    format!(
        "{{\"logGroup\":\"/aws/lambda/pay\",\"logStream\":\"{stream}\",\"timestamp\":{ms},\"message\":{message}}}\n"
    )
}

fn report(id: &str, more: &str) -> String {
    format!(
        "REPORT RequestId: {id}\tDuration: 10.00 ms\tBilled Duration: 10 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t{more}\n"
    )
}

fn start(id: &str) -> String {
    format!("START RequestId: {id} Version: 7\n")
}

fn outcomes(lines: &[String]) -> Vec<Option<Outcome>> {
    let facts = facts_of(lines.concat().as_bytes());
    facts.invocations.values().map(|i| i.end.map(|end| end.outcome)).collect()
}

#[test]
fn a_retry_keeps_its_id_and_is_an_invocation_of_its_own() {
    let error = "[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n";
    let lines = [
        line(1_000, &start("a")),
        line(1_010, error),
        line(1_010, &report("a", "")),
        stream_line("2026/11/23/[7]bbbb", 61_000, &start("a")),
        stream_line("2026/11/23/[7]bbbb", 61_010, &report("a", "")),
        line(70_000, &start("b")),
    ];
    let facts = facts_of(lines.concat().as_bytes());
    let got: Vec<_> = facts.invocations.values().map(|i| (i.attempt, i.end.map(|end| end.outcome))).collect();
    assert_eq!(got, [(1, Some(Outcome::Error)), (2, Some(Outcome::Ok)), (1, None)]);
}

#[test]
fn a_timeout_line_after_its_report_corrects_it() {
    let timed_out = "2026-11-23T08:00:03.001Z a Task timed out after 3.00 seconds\n\n";
    let lines = [line(1_000, &start("a")), line(4_000, &report("a", "")), line(4_001, timed_out)];
    let facts = facts_of(lines.concat().as_bytes());
    assert_eq!(
        facts.said,
        [
            (1, Change::Started),
            (1, Change::Finished),
            (1, Change::Amended { was: Outcome::Ok, known: Timestamp(4_001) })
        ]
    );
    assert_eq!(facts.invocations[&1].end.unwrap().outcome, Outcome::Timeout);
}

#[test]
fn a_stream_that_goes_on_leaves_the_invocation_unfinished() {
    let lines = [line(1_000, &start("a")), line(5_000, &start("b")), line(5_010, &report("b", ""))];
    assert_eq!(outcomes(&lines), [Some(Outcome::Unfinished), Some(Outcome::Ok)]);
    let facts = facts_of(lines.concat().as_bytes());
    assert_eq!(facts.invocations[&1].end.unwrap().at, Timestamp(5_000));
}

#[test]
fn many_at_once_is_noticed_and_nothing_is_lost() {
    let lines = [
        line(1_000, &start("a")),
        line(1_001, &start("b")),
        line(1_002, &report("a", "")),
        line(1_003, &start("c")),
        line(1_004, &report("c", "")),
        line(1_005, &report("b", "")),
    ];
    assert_eq!(outcomes(&lines), [Some(Outcome::Ok); 3]);
}

#[test]
fn a_report_alone_is_an_invocation_that_began_before_it() {
    let facts = facts_of(line(1_000, &report("a", "")).as_bytes());
    let invocation = facts.invocations[&1];
    assert!(invocation.start_estimated);
    assert_eq!((invocation.start, invocation.end.unwrap().at), (Timestamp(990), Timestamp(1_000)));
    assert_eq!(facts.said, [(1, Change::Finished)]);
}

#[test]
fn the_same_record_twice_counts_once() {
    let lines = [
        line(1_000, &start("a")),
        line(1_000, &start("a")),
        line(1_010, &report("a", "")),
        line(1_010, &report("a", "")),
    ];
    assert_eq!(outcomes(&lines), [Some(Outcome::Ok)]);
}

#[test]
fn who_waited_for_an_init() {
    let init = "INIT_START Runtime Version: nodejs:20.v47\n";
    let cold = |lines: &[String]| facts_of(lines.concat().as_bytes()).invocations[&1].cold;
    let with_init = report("a", "Init Duration: 500.00 ms\t");
    let ran = |at: i64| [line(0, init), line(at, &start("a")), line(at + 10, &with_init)];
    assert_eq!(cold(&ran(501)), Cold::Yes(Waited::Caller));
    assert_eq!(cold(&ran(1_501)), Cold::Yes(Waited::Nobody));
    assert_eq!(cold(&[line(1_000, &start("a")), line(1_010, &with_init)]), Cold::Yes(Waited::Unknown));
    assert_eq!(cold(&[line(1_000, &start("a")), line(1_010, &report("a", ""))]), Cold::No);
    let second = [
        line(0, init),
        line(501, &start("a")),
        line(511, &with_init),
        line(600, &start("b")),
        line(610, &report("b", "")),
    ];
    assert_eq!(facts_of(second.concat().as_bytes()).invocations[&2].cold, Cold::No);
}

#[test]
fn a_logged_error_object_is_none_of_lambdas_errors() {
    let object = |level: &str, message: &str| {
        format!(
            "{{\"timestamp\":\"2026-11-23T08:00:00.123Z\",\"level\":\"{level}\",\"requestId\":\"a\",\"message\":{message}}}"
        )
    };
    let error = object("ERROR", r#"{"errorType":"E","errorMessage":"m","stackTrace":[]}"#);
    let first = r#"{"time":"2026-11-23T08:00:00.123Z","type":"platform.start","record":{"requestId":"a","version":"7"}}"#;
    let last = r#"{"time":"2026-11-23T08:00:00.123Z","type":"platform.report","record":{"requestId":"a","metrics":{"durationMs":1.0},"status":"success"}}"#;
    let ran = |lines: &[&str]| {
        outcomes(&lines.iter().enumerate().map(|(n, l)| line(n as i64, l)).collect::<Vec<_>>())
    };
    assert_eq!(ran(&[first, &error, &object("INFO", "\"caught it\""), last]), [Some(Outcome::Ok)]);
    assert_eq!(ran(&[first, &object("INFO", "\"before\""), &error, last]), [Some(Outcome::Error)]);
}

#[test]
fn a_traceback_may_stand_on_lines_of_its_own() {
    let tail =
        |ms: &str, message: &str| format!("2026-11-23T08:00:00.{ms}000+00:00 2026/11/23/[7]aaaa {message}\n");
    let lines = [
        tail("000", "START RequestId: a Version: 7"),
        tail("010", "[ERROR] KeyError: 'x'"),
        "Traceback (most recent call last):\n  File \"/var/task/app.py\", line 1\n".to_string(),
        tail("010", "END RequestId: a"),
        tail("010", report("a", "").trim_end()),
        "XRAY TraceId: 1-6745a1b2-0123456789abcdef01234567\tSegmentId: 0123456789abcdef\tSampled: true\t\n"
            .to_string(),
        tail("020", "START RequestId: b Version: 7"),
        tail("021", "[ERROR] Payment: declined"),
        tail("030", report("b", "").trim_end()),
    ];
    assert_eq!(outcomes(&lines), [Some(Outcome::Error), Some(Outcome::Ok)]);
    assert!(facts_of(lines.concat().as_bytes()).invocations[&1].trace.is_some());
}

#[test]
fn without_a_stream_an_error_is_of_the_only_invocation_that_is_open() {
    let line = |second: u32, message: &str| {
        format!(
            "{{\"logGroup\":\"/aws/lambda/f\",\"logStream\":\"\",\"timestamp\":{},\"message\":\"{message}\"}}\n",
            1_795_420_800_000u64 + u64::from(second) * 1_000
        )
    };
    let start = |second, id: &str| line(second, &format!("START RequestId: {id} Version: $LATEST\\n"));
    let report = |second, id: &str| {
        line(
            second,
            &format!(
                "REPORT RequestId: {id}\\tDuration: 1000.00 ms\\tBilled Duration: 1000 ms\\tMemory Size: 128 MB\\tMax Memory Used: 60 MB\\n"
            ),
        )
    };
    let error = |second| line(second, "[ERROR] KeyError: 'x'\\nTraceback (most recent call last):\\n  File");
    let outcomes = |parts: &[String]| -> Vec<(u8, Outcome)> {
        let facts = facts_of(parts.concat().as_bytes());
        facts.invocations.values().map(|i| (i.attempt, i.end.unwrap().outcome)).collect()
    };
    let failed = [start(1, "a"), error(2), report(2, "a")];
    assert_eq!(outcomes(&failed), [(1, Outcome::Error)]);
    // The same id again is the second attempt.
    let again = [failed.as_slice(), &[start(3, "a"), report(4, "a")]].concat();
    assert_eq!(outcomes(&again), [(1, Outcome::Error), (2, Outcome::Ok)]);
    // Of two that are open it may be either's.
    let two = [start(1, "a"), start(1, "b"), error(2), report(2, "a"), report(2, "b")];
    assert_eq!(outcomes(&two), [(1, Outcome::Ok), (1, Outcome::Ok)]);
}

/// A stream by its number, and what a correlator with room for so many comes to.
fn nth(n: usize) -> String {
    format!("2026/11/23/[7]{n:032x}")
}

fn within(room: Room, lines: &[String]) -> (Facts, Correlator) {
    let (mut facts, mut correlator) = (Facts::default(), Correlator::within(room));
    support::records::feed(&mut correlator, 0, lines.concat().as_bytes(), 700, &mut facts);
    (facts, correlator)
}

/// Environments in which nothing runs are let go first, without any loss: also what comes a second time
/// from a stream that was let go counts once.
#[test]
fn environments_that_are_idle_are_let_go_without_loss() {
    let room = Room { environments: 20, ..Room::ALL };
    let lines: Vec<String> = (0..200)
        .flat_map(|n| {
            let id = format!("id-{n}");
            let at = n as i64 * 10;
            [stream_line(&nth(n), at, &start(&id)), stream_line(&nth(n), at + 10, &report(&id, ""))]
        })
        .collect();
    // One runs all the time.
    let long =
        [stream_line(&nth(777), 0, &start("long")), stream_line(&nth(777), 9_000, &report("long", ""))];
    let again = lines[100..].to_vec();
    let all = [vec![long[0].clone()], lines, again, vec![long[1].clone()]].concat();
    let (facts, correlator) = within(room, &all);
    assert_eq!((facts.invocations.len(), correlator.forgotten()), (201, 0));
    let well = |i: &&Invocation| i.end.is_some_and(|end| end.outcome == Outcome::Ok) && !i.start_estimated;
    assert_eq!(facts.invocations.values().filter(well).count(), 201);
    assert_eq!(correlator.seen_twice(), 300);
}

/// More in flight than there is room for: the oldest are given up and counted, the others end as usual.
#[test]
fn the_oldest_in_flight_are_given_up_where_there_is_no_room() {
    let room = Room { environments: 20, ..Room::ALL };
    let starts = (0..100).map(|n| stream_line(&nth(n), n as i64, &start(&format!("id-{n}"))));
    let ends = (90..100).map(|n| stream_line(&nth(n), 1_000 + n as i64, &report(&format!("id-{n}"), "")));
    let lines: Vec<String> = starts.chain(ends).collect();
    let (facts, correlator) = within(room, &lines);
    let with = |outcome| {
        let ended = |i: &&Invocation| i.end.is_some_and(|end| end.outcome == outcome);
        facts.invocations.values().filter(ended).count() as u64
    };
    assert_eq!((facts.invocations.len(), with(Outcome::Ok)), (100, 10));
    assert_eq!((with(Outcome::Unfinished), correlator.forgotten()), (80, 80));
}

#[test]
fn the_oldest_of_many_without_a_stream_are_given_up_where_there_is_no_room() {
    let room = Room { open: 40, ..Room::ALL };
    let bare = |kind: &str, n: u32| {
        format!(
            "{{\"time\":\"2026-11-23T08:00:{:02}.000Z\",\"type\":\"platform.{kind}\",\"record\":{{\"requestId\":\"{n}\"}}}}\n",
            n % 60
        )
    };
    let lines: Vec<String> =
        (0..60).map(|n| bare("start", n)).chain((50..60).map(|n| bare("report", n))).collect();
    let (facts, correlator) = within(room, &lines);
    let ended = |i: &&Invocation| i.end.is_some_and(|end| end.outcome != Outcome::Unfinished);
    assert_eq!((facts.invocations.len(), facts.invocations.values().filter(ended).count()), (60, 10));
    let in_flight = facts.invocations.values().filter(|i| i.end.is_none()).count() as u64;
    assert_eq!(in_flight + correlator.forgotten(), 50);
    assert!(in_flight <= 40 && correlator.forgotten() > 0, "{in_flight}");
}

#[test]
fn functions_beyond_those_there_is_room_for_count_as_one() {
    let room = Room { functions: 3, ..Room::ALL };
    let lines: Vec<String> = (0..10)
        .map(|n| {
            stream_line(&nth(n), n as i64, &report(&format!("id-{n}"), "")).replace("pay", &format!("f{n}"))
        })
        .collect();
    let (facts, _) = within(room, &lines);
    assert_eq!(facts.functions, ["f0", "f1", "f2", "(other functions)"]);
    let others = facts.invocations.values().filter(|i| i.function == FunctionId(3)).count();
    assert_eq!((facts.invocations.len(), others), (10, 7));
}

/// What is copied with the mouse out of the console's expanded rows has every message twice, the second
/// time with blanks for tabs: also those that begin with a time of their own.
#[test]
fn what_was_copied_out_of_the_console_counts_once() {
    let id = "cd5ccc81-6ff5-4fa2-8a38-e708e833cde9";
    let event = |time: &str, message: &str| {
        format!("2024-02-25T14:36:{time}-05:00\n{message}\nCopy\n{}\n", message.replace('\t', " "))
    };
    let error = "{\"errorType\":\"TypeError\",\"errorMessage\":\"x\",\"stack\":[\"TypeError: x\"]}";
    let text = [
        event("29.024", &format!("START RequestId: {id} Version: $LATEST")),
        event("29.124", &format!("2024-02-25T19:36:29.120Z\t{id}\tINFO\tone line\nand its second")),
        event("29.144", &format!("2024-02-25T19:36:29.141Z\t{id}\tERROR\tInvoke Error \t{error}")),
        event("29.224", &format!("END RequestId: {id}")),
        event(
            "29.225",
            &format!("REPORT RequestId: {id}\tDuration: 198.79 ms\tBilled Duration: 332 ms\tMemory Size: 256 MB\tMax Memory Used: 38 MB\t"),
        ),
    ]
    .concat();
    #[derive(Default)]
    struct Lines(Facts, u64);
    impl FactSink for Lines {
        fn function(&mut self, id: FunctionId, name: &str) {
            self.0.function(id, name);
        }
        fn invocation(&mut self, invocation: &Invocation, change: Change) {
            self.0.invocation(invocation, change);
        }
        fn line(&mut self, _line: &lamtop::model::LineFact) {
            self.1 += 1;
        }
    }
    let mut lines = Lines::default();
    support::records::feed(&mut Correlator::default(), 0, text.as_bytes(), 10_000, &mut lines);
    let got: Vec<_> = lines.0.invocations.values().map(|i| (i.start, i.end.map(|end| end.outcome))).collect();
    assert_eq!(got, [(Timestamp(1_708_889_789_024), Some(Outcome::Error))]);
    // Five events, and the second line of one.
    assert_eq!(lines.1, 6, "{text}");

    // A line of an application that is this word is one like any other.
    let word = [line(1_000, &start("a")), line(1_001, "Copy\n"), line(1_010, &report("a", ""))];
    assert_eq!(outcomes(&word), [Some(Outcome::Ok)]);
    let plain = "Copy\n2024-02-25T19:36:29.120Z\tcd5ccc81-6ff5-4fa2-8a38-e708e833cde9\tINFO\tit is there\n";
    let mut lines = Lines::default();
    support::records::feed(&mut Correlator::default(), 0, plain.as_bytes(), 10_000, &mut lines);
    assert_eq!(lines.1, 2);
}

/// What each failed invocation failed with: type, frame and message, as the runtimes write them.
#[test]
fn what_an_invocation_failed_with() {
    let errors = |bytes: &[u8]| -> Vec<(String, String, String)> {
        let (mut facts, mut correlator) = (Facts::default(), Correlator::default());
        // Text without a container is its file's.
        correlator.source(SourceId(0), Some("pay"));
        correlator.otherwise(SourceId(0), Some(Timestamp(1_795_420_800_000)), None);
        support::records::feed(&mut correlator, 0, bytes, 700, &mut facts);
        let texts = correlator.texts();
        let failed = facts.invocations.values().filter_map(|i| i.end?.error);
        failed
            .map(|error| {
                let text = texts.errors.get(error).unwrap();
                let name = texts.names.get(text.error_type).to_string();
                (name, text.frame.to_string(), text.message.to_string())
            })
            .collect()
    };
    let is = |name: &str, frame: &str, message: &str| {
        vec![(name.to_string(), frame.to_string(), message.to_string())]
    };
    let stream = nth(1);
    let run = |lines: &[&str]| {
        let mut all = vec![stream_line(&stream, 0, &start("a"))];
        all.extend((1..).zip(lines).map(|(at, message)| stream_line(&stream, at, message)));
        all.push(stream_line(&stream, 900, &report("a", "")));
        errors(all.concat().as_bytes())
    };
    let python = "[ERROR] KeyError: 'order 17'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line \
                  5, in handler\n    pay(order)\n  File \"/var/task/pay.py\", line 9, in pay\n    x\n";
    assert_eq!(run(&[python]), is("KeyError", "pay pay.py", "'order #'"));
    let node = "2026-11-23T08:00:00.123Z\ta\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no \
                price\",\"stack\":[\"TypeError: no price\",\"    at total (file:///var/task/cart.mjs:12:17)\"]}\n";
    assert_eq!(run(&[node]), is("TypeError", "total cart.mjs", "no price"));
    let json = r#"{"timestamp":"2026-11-23T08:00:00Z","level":"ERROR","errorMessage":"größe 3","errorType":"ValueError","requestId":"a","stackTrace":["  File \"/var/task/app.py\", line 62, in handler\n    raise\n"]}"#;
    assert_eq!(run(&[json]), is("ValueError", "handler app.py", "größe #"));
    let json = r#"{"timestamp":"2026-11-23T08:00:00Z","level":"ERROR","requestId":"a","message":{"errorType":"OrderError","errorMessage":"bad \"order\"","stackTrace":["OrderError: bad","    at exports.handler (/var/task/shop.cjs:34:45)"]}}"#;
    assert_eq!(run(&[json]), is("OrderError", "exports.handler shop.cjs", "bad \"order\""));
    // One that was logged and not thrown is nobody's, and takes no place among those that are told apart.
    let logged = "[ERROR] KeyError: 'caught'\n";
    assert_eq!(run(&[logged]), []);
    // A process that ended says only that.
    let fault = "RequestId: a Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n";
    assert_eq!(run(&[fault]), is("Runtime.ExitError", "", ""));
    // In a text without containers a traceback goes on over lines.
    let text = "START RequestId: 8f507cfc-1f5e-4e0e-8d4b-0123456789ab Version: 7\n\
                [ERROR] KeyError: 'x'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 5, in \
                handler\n    pay(order)\n  File \"/var/task/pay.py\", line 9, in pay\n    raise\n  File \
                \"/var/lang/lib/json.py\", line 1, in loads\nEND RequestId: 8f507cfc-1f5e-4e0e-8d4b-0123456789ab\n\
                REPORT RequestId: 8f507cfc-1f5e-4e0e-8d4b-0123456789ab\tDuration: 2.00 ms\tBilled Duration: 2 ms\t\
                Memory Size: 128 MB\tMax Memory Used: 60 MB\n";
    assert_eq!(errors(text.as_bytes()), is("KeyError", "pay pay.py", "'x'"));
}

/// Messages that are all different are told apart up to a bound; the rest of a type counts as one.
#[test]
fn a_flood_of_different_errors_is_bounded() {
    let letters =
        |n: usize| -> String { (0..4).map(|at| char::from(b'g' + (n >> (3 * at) & 7) as u8)).collect() };
    let lines: Vec<String> = (0..600)
        .flat_map(|n| {
            let (id, at) = (format!("id-{n}"), n as i64 * 10);
            let error = format!("[ERROR] KeyError: {}\nTraceback (most recent call last):\n", letters(n));
            let lines = [start(&id), error, report(&id, "")];
            lines.map(|message| stream_line(&nth(1), at, &message))
        })
        .collect();
    let (facts, correlator) = within(Room::ALL, &lines);
    let texts = correlator.texts();
    let errors: Vec<_> = facts
        .invocations
        .values()
        .map(|i| texts.errors.get(i.end.unwrap().error.unwrap()).unwrap())
        .collect();
    assert_eq!((errors.len(), texts.errors.len()), (600, 201));
    assert_eq!(errors.iter().filter(|error| error.others).count(), 400);
    assert!(errors.iter().all(|error| texts.names.get(error.error_type) == "KeyError"));
}
