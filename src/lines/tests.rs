//! The reader against all lines sorted and picked one by one.

mod survey;

use std::cell::Cell;
use std::fmt::Write as _;
use std::sync::Arc;

use proptest::prelude::*;

use super::line::{Context, Kind, Line, Names};
use super::*;
use crate::correlate::Correlator;
use crate::decode;
use crate::model::{Chunk, FunctionId, Level, SourceId};
use crate::query::filter::Filter;
use crate::query::view::LogRow;
use crate::store::{Budget, Store};

/// Sources in memory, which count what is read of them.
#[derive(Default)]
struct Memory {
    sources: Vec<Vec<u8>>,
    gone: Option<SourceId>,
    read: Cell<u64>,
}

impl Bytes for &Memory {
    fn read(&self, source: SourceId, from: u64, to: u64) -> Result<Vec<u8>, String> {
        if self.gone == Some(source) {
            return Err("it is gone".to_string());
        }
        let all = &self.sources[source.0 as usize];
        let to = (to as usize).min(all.len());
        let part = all[(from as usize).min(to)..to].to_vec();
        self.read.set(self.read.get() + part.len() as u64);
        Ok(part)
    }

    fn function(&self, source: SourceId) -> Option<Arc<str>> {
        (source.0 % 2 == 1).then(|| format!("file-{}", source.0).into())
    }

    fn most(&self) -> usize {
        MOST
    }
}

const MOST: usize = 1 << 20;

/// A source as the framer cuts it: chunks of whole lines of at most 256 KiB, over-long lines cut.
fn chunks(source: u32, bytes: &[u8]) -> Vec<Chunk> {
    let mut all: Vec<Chunk> = Vec::new();
    let mut offset = 0;
    for line in bytes.split_inclusive(|c| *c == b'\n') {
        let head = &line[..line.len().min(MOST)];
        let cut = (line.len() - head.len()) as u64;
        match all.last_mut().filter(|last| last.cut == 0 && last.bytes.len() < 256 << 10) {
            Some(last) => (last.cut, _) = (cut, last.bytes.extend_from_slice(head)),
            None => {
                let bytes = head.to_vec();
                all.push(Chunk { source: SourceId(source), offset, arrived: None, bytes, cut });
            }
        }
        offset += line.len() as u64;
    }
    all
}

fn snapshot_of(memory: &Memory) -> Snapshot {
    let (mut correlator, mut store) = (Correlator::default(), Store::new(Budget { bytes: 64 << 20 }));
    let mut sources: Vec<_> = Vec::new();
    for (at, bytes) in memory.sources.iter().enumerate() {
        correlator.source(SourceId(at as u32), memory.function(SourceId(at as u32)).as_deref());
        sources.push(chunks(at as u32, bytes).into_iter());
    }
    // In turn, as they are read.
    while sources.iter().any(|chunks| !chunks.as_slice().is_empty()) {
        for chunks in &mut sources {
            let Some(chunk) = chunks.next() else { continue };
            let arena = decode::Arena::new();
            let mut records = Vec::new();
            decode::chunk(&chunk, decode::Wanted::All, &arena, &mut records);
            records.iter().for_each(|record| correlator.record(record, &mut store));
        }
    }
    store.snapshot(Arc::new(correlator.texts().clone()))
}

trait Hinted {
    fn function(&self, source: SourceId) -> Option<Arc<str>>;
}

impl Hinted for Memory {
    fn function(&self, source: SourceId) -> Option<Arc<str>> {
        Bytes::function(&self, source)
    }
}

/// All lines of all sources, read from their beginnings, sorted.
fn all_lines(memory: &Memory) -> (Vec<(SourceId, Line)>, Names) {
    let (mut all, mut names) = (Vec::new(), Names::default());
    for (at, bytes) in memory.sources.iter().enumerate() {
        let source = SourceId(at as u32);
        let (mut context, mut lines) = (Context::default(), Vec::new());
        for chunk in chunks(at as u32, bytes) {
            let hint = memory.function(source);
            line::read(&chunk, &mut context, hint.as_deref(), &mut names, &mut lines);
        }
        // A source in which nothing could be read has no lines.
        if lines.iter().any(|line| line.kind != Kind::Bad) {
            all.extend(lines.into_iter().map(|line| (source, line)));
        }
    }
    all.sort_by_key(|(source, line)| line.key(*source));
    (all, names)
}

fn request(anchor: Anchor, count: usize) -> LinesRequest {
    LinesRequest {
        mask: false,
        function: None,
        request_id: None,
        range: None,
        filter: Filter::default(),
        shape: None,
        as_of: Timestamp(i64::MAX / 2_000),
        anchor,
        count,
    }
}

/// The lines that a question is about, in order, found without any index.
fn expected(memory: &Memory, snapshot: &Snapshot, request: &LinesRequest) -> Vec<Origin> {
    let (all, names) = all_lines(memory);
    let function = request.function.map(|id| snapshot.function(id).unwrap().name.clone());
    let wanted = |(source, line): &&(SourceId, Line)| {
        let name = line.function.and_then(|name| names.get(name)).map(|name| name.to_string());
        let begin = line.offset as usize;
        let raw = &memory.sources[source.0 as usize][begin..begin + line.len as usize];
        let text = String::from_utf8_lossy(decode::shown(raw, &decode::Arena::new())).to_lowercase();
        line.known <= request.as_of
            && function.as_ref().is_none_or(|function| name.as_deref() == Some(function))
            && request.request_id.as_ref().is_none_or(|id| line.id.as_deref() == Some(id))
            && request.filter.holds(|condition| {
                Some(match condition {
                    crate::query::filter::Condition::Failed => {
                        line.level >= Level::Error || line.kind == Kind::Bad
                    }
                    crate::query::filter::Condition::Text(wanted) => {
                        text.contains(wanted.as_str())
                            || name.as_ref().is_some_and(|name| name.contains(wanted))
                    }
                    crate::query::filter::Condition::Function(pattern) => {
                        name.as_ref().is_some_and(|name| crate::query::filter::wild(pattern, name))
                    }
                    _ => false,
                })
            })
    };
    all.iter().filter(wanted).map(|(source, line)| line.origin(*source)).collect()
}

fn origins(rows: &[LogRow]) -> Vec<Origin> {
    rows.iter().map(|row| row.origin).collect()
}

/// One line of a source: its kind, how long after the one before, which of some functions, length.
type Made = (u8, i64, u8, usize);

fn made() -> impl Strategy<Value = Vec<Vec<Made>>> {
    let line = (0u8..10, -3i64..8, 0u8..3, prop_oneof![5 => 0usize..200, 1 => 2_000usize..30_000]);
    prop::collection::vec(prop::collection::vec(line, 0..90), 1..4)
}

fn sources(made: &[Vec<Made>]) -> Vec<Vec<u8>> {
    let source = |(number, lines): (usize, &Vec<Made>)| {
        let (mut out, mut time) = (String::new(), 1_795_000_000_000);
        for (n, (kind, step, function, length)) in lines.iter().enumerate() {
            time += step * 100;
            let said = format!("line {n} {}", "word ".repeat(length / 5));
            let head = format!(
                r#"{{"logGroup":"/aws/lambda/fn-{function}","logStream":"2026/11/23/[1]{number}","timestamp":{time},"#
            );
            let _ = match kind {
                0..=3 => writeln!(out, r#"{head}"message":"{said}"}}"#),
                4 => writeln!(out, r#"{head}"message":"{{\"level\":\"ERROR\",\"message\":\"{said}\"}}"}}"#),
                5 => writeln!(out, r#"{head}"message":"START RequestId: id-{function} Version: 1"}}"#),
                6 => writeln!(out, "  at {said}"),
                7 => writeln!(out, "more {said}\r"),
                8 => writeln!(out, r#"{{"logGroup": broken {said}"#),
                _ => writeln!(out),
            };
        }
        out.into_bytes()
    };
    made.iter().enumerate().map(source).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn pages_are_those_of_all_lines_sorted(
        made in made(),
        ask in (0u8..8, 1usize..40, prop::option::of(-50i64..4_000), prop::option::of(0u32..3)),
    ) {
        let memory = Memory { sources: sources(&made), ..Memory::default() };
        let snapshot = snapshot_of(&memory);
        let (kind, count, as_of, function) = ask;
        let mut question = request(Anchor::Tail, count);
        let filter = ["", "", "err", "\"line 1\"", "fn:fn-1", "-err \"word\"", "fn:file*", "err fn:fn-*"];
        question.filter = Filter::parse(filter[usize::from(kind)]).unwrap();
        question.function = function.map(FunctionId).filter(|id| snapshot.function(*id).is_some());
        if let Some(after) = as_of {
            question.as_of = Timestamp(1_795_000_000_000 + after * 10);
        }
        let want = expected(&memory, &snapshot, &question);
        let mut reader = Reader::new(&memory);

        // From the newest back.
        let mut answer = reader.answer(&snapshot, &question);
        prop_assert!(answer.at_end);
        let mut back = origins(&answer.rows);
        prop_assert_eq!(&back[..], &want[want.len().saturating_sub(count)..]);
        while !answer.at_start {
            let Some(first) = back.first().copied() else { break };
            question.anchor = Anchor::Before(first);
            answer = reader.answer(&snapshot, &question);
            prop_assert!(!answer.rows.is_empty() || answer.at_start);
            back.splice(0..0, origins(&answer.rows));
        }
        prop_assert_eq!(&back, &want);

        // From the first on.
        question.anchor = Anchor::At(Timestamp::MIN);
        let mut answer = reader.answer(&snapshot, &question);
        prop_assert!(answer.at_start);
        let mut on = origins(&answer.rows);
        loop {
            prop_assert_eq!(answer.at_end, on.len() == want.len());
            prop_assert_eq!(answer.newer == 0, answer.at_end);
            if !filter[usize::from(kind)].is_empty() || question.function.is_some() {
                prop_assert_eq!(answer.newer, (want.len() - on.len()) as u64);
            }
            if answer.at_end {
                break;
            }
            question.anchor = Anchor::After(*on.last().unwrap());
            answer = reader.answer(&snapshot, &question);
            prop_assert!(!answer.at_start && !answer.rows.is_empty());
            on.extend(origins(&answer.rows));
        }
        prop_assert_eq!(&on, &want);

        // A search that stops at its bound goes on where it stopped.
        reader.most = 1;
        question.anchor = Anchor::At(Timestamp::MIN);
        let mut found = Vec::new();
        loop {
            let answer = reader.answer(&snapshot, &question);
            let rows = origins(&answer.rows);
            let next = answer.reached.or(rows.last().copied()).filter(|_| !answer.at_end);
            found.extend(rows);
            let Some(next) = next else { break };
            prop_assert_ne!(question.anchor, Anchor::After(next));
            question.anchor = Anchor::After(next);
        }
        let mut once = found.clone();
        once.dedup();
        prop_assert_eq!(&once, &found, "no line twice");
        prop_assert!(found.iter().all(|line| want.contains(line)));
    }
}

/// A capture of one stream, a line a second, each of about 250 bytes.
fn long(lines: usize) -> Memory {
    let mut text = String::new();
    for n in 0..lines {
        let time = 1_795_000_000_000 + n as i64 * 1_000;
        let _ = writeln!(
            text,
            r#"{{"logGroup":"/aws/lambda/a","logStream":"s","timestamp":{time},"message":"line {n} {}"}}"#,
            "x".repeat(160)
        );
    }
    Memory { sources: vec![text.into_bytes()], ..Memory::default() }
}

#[test]
fn what_lies_before_costs_nothing() {
    let cost = |lines: usize| {
        let memory = long(lines);
        let snapshot = snapshot_of(&memory);
        let mut reader = Reader::new(&memory);
        let newest = reader.answer(&snapshot, &request(Anchor::Tail, 400));
        assert_eq!(
            (newest.rows.len(), newest.rows[399].text.contains(&format!("line {} ", lines - 1))),
            (400, true)
        );
        let before = reader.answer(&snapshot, &request(Anchor::Before(newest.rows[0].origin), 400));
        let after = reader.answer(&snapshot, &request(Anchor::After(before.rows[399].origin), 400));
        assert_eq!(after.rows, newest.rows);
        memory.read.get()
    };
    let (short, tenfold) = (cost(5_000), cost(50_000));
    assert!(tenfold <= short + (512 << 10), "{short} {tenfold}");
}

#[test]
fn what_is_appended_is_read_once() {
    let memory = long(900);
    let grown =
        Memory { sources: vec![[&memory.sources[0][..], &long(1).sources[0]].concat()], ..Memory::default() };
    let mut reader = Reader::new(&memory);
    reader.answer(&snapshot_of(&memory), &request(Anchor::Tail, 1));
    let Reader { held, .. } = reader;
    let mut reader = Reader { bytes: &grown, held, most: SEARCH };
    let answer = reader.answer(&snapshot_of(&grown), &request(Anchor::At(Timestamp::MIN), 1));
    assert_eq!(answer.newer, 900);
    assert!(grown.read.get() < 2_000, "{} bytes", grown.read.get());
}

#[test]
fn a_search_reads_so_much_and_says_where_to_go_on() {
    let memory = long(20_000);
    let snapshot = snapshot_of(&memory);
    let mut reader = Reader::new(&memory);
    reader.most = 1 << 20;
    let mut question = request(Anchor::At(Timestamp::MIN), 10);
    question.filter = Filter::parse("\"line 19999 \"").unwrap();
    let mut questions = 1;
    let mut answer = reader.answer(&snapshot, &question);
    while let Some(reached) = answer.reached {
        assert!(answer.rows.is_empty() && !answer.at_end);
        assert_eq!(answer.note.as_deref(), Some("looked through 1 MB and stopped there"));
        question.anchor = Anchor::After(reached);
        answer = reader.answer(&snapshot, &question);
        questions += 1;
    }
    assert_eq!((answer.rows.len(), answer.at_end), (1, true));
    assert!((4..10).contains(&questions), "{questions}");
}

#[test]
fn a_source_that_is_gone_is_said_and_the_others_are_shown() {
    let mut memory = long(10);
    memory.sources.push(long(3).sources[0].clone());
    let snapshot = snapshot_of(&memory);
    memory.gone = Some(SourceId(0));
    let mut reader = Reader::new(&memory);
    let answer = reader.answer(&snapshot, &request(Anchor::Tail, 10));
    assert_eq!((answer.rows.len(), answer.note.as_deref()), (3, Some("it is gone")));
    let before = Origin { source: SourceId(0), offset: 0, len: 1 };
    assert!(reader.answer(&snapshot, &request(Anchor::Before(before), 10)).note.is_some());
}

#[test]
fn texts_are_cut_and_over_long_lines_are_their_heads() {
    let mut memory = long(2);
    let long_text = format!("2026-11-23T08:00:00Z 2026/11/23/[1]a {}\n", "ü".repeat(50_000));
    memory.sources[0].extend_from_slice(long_text.as_bytes());
    memory.sources[0].extend_from_slice(&vec![b'y'; 3 << 20]);
    memory.sources[0].extend_from_slice(b"\n");
    let end = memory.sources[0].len() as u64;
    memory.sources[0].extend_from_slice(&long(1).sources[0]);
    let snapshot = snapshot_of(&memory);
    let answer = Reader::new(&memory).answer(&snapshot, &request(Anchor::At(Timestamp::MIN), 10));
    let by_cut: Vec<(usize, u64)> = answer.rows.iter().map(|row| (row.text.len(), row.cut)).collect();
    assert_eq!(answer.rows.len(), 5);
    assert!(by_cut.contains(&(64 << 10, 100_000 - (64 << 10))), "{by_cut:?}");
    let huge = answer.rows.iter().find(|row| row.bad.is_some()).unwrap();
    assert_eq!(huge.bad.as_deref(), Some("line of 3145729 bytes, only its head was read"));
    assert_eq!((huge.text.len(), huge.text.len() as u64 + huge.cut), (64 << 10, end - huge.origin.offset));
}

fn capture(lines: &[(&str, i64, &str)]) -> Memory {
    let mut text = String::new();
    for (stream, time, said) in lines {
        let said = said.replace('"', "\\\"");
        let time = 1_795_000_000_000 + time;
        let _ = writeln!(
            text,
            r#"{{"logGroup":"/aws/lambda/a","logStream":"2026/11/23/[1]{stream}","timestamp":{time},"message":"{said}"}}"#
        );
    }
    Memory { sources: vec![text.into_bytes()], ..Memory::default() }
}

/// What is shown of the invocation `id`, whose START is the first line.
fn of_invocation(memory: &Memory, as_of: i64, whole: bool) -> Vec<String> {
    let snapshot = snapshot_of(memory);
    let mut question = request(Anchor::At(Timestamp::MIN), 100);
    question.request_id = Some("id".to_string());
    question.range = Some((SourceId(0), 0, if whole { memory.sources[0].len() as u64 } else { 0 }));
    question.as_of = Timestamp(1_795_000_000_000 + as_of);
    let answer = Reader::new(memory).answer(&snapshot, &question);
    assert!(answer.at_start && answer.at_end && answer.note.is_none());
    answer.rows.into_iter().map(|row| row.text).collect()
}

#[test]
fn an_invocation_has_the_lines_that_print_its_id_and_those_in_between() {
    let mut lines = vec![
        ("a", 0, "START RequestId: id Version: 1"),
        ("b", 1, "START RequestId: other Version: 1"),
        ("a", 2, "plain of a"),
        ("b", 3, "plain of b"),
        ("b", 4, r#"{"level":"INFO","requestId":"id","message":"from elsewhere"}"#),
        ("a", 5, "END RequestId: id"),
        (
            "a",
            6,
            "REPORT RequestId: id\\tDuration: 5.00 ms\\tBilled Duration: 5 ms\\tMemory Size: 128 MB\\tMax Memory Used: 40 MB",
        ),
        ("a", 7, "after"),
        (
            "b",
            8,
            "REPORT RequestId: other\\tDuration: 7.00 ms\\tBilled Duration: 7 ms\\tMemory Size: 128 MB\\tMax Memory Used: 40 MB",
        ),
    ];
    let memory = capture(&lines);
    let all = of_invocation(&memory, 100, true);
    assert_eq!(all.len(), 5, "{all:?}");
    assert!(all[1] == "plain of a" && all[2].contains("from elsewhere") && all[4].starts_with("REPORT"));
    assert_eq!(of_invocation(&memory, 100, false), all, "one that runs ends with its REPORT");
    assert_eq!(of_invocation(&memory, 4, false), all[..3]);
    // A stream that runs several at once.
    lines[1].0 = "a";
    let several = of_invocation(&capture(&lines), 100, true);
    assert_eq!(several.iter().filter(|line| line.contains("plain")).count(), 0, "{several:?}");
    assert_eq!(several.len(), 4);
}

#[test]
fn lines_are_filtered_by_their_invocations() {
    let memory = capture(&[
        (
            "a",
            0,
            "INIT_START Runtime Version: nodejs:20.v47\\tRuntime Version ARN: arn:aws:lambda:eu::runtime:1",
        ),
        ("a", 10, "START RequestId: first Version: 1"),
        ("a", 20, "said by the first"),
        (
            "a",
            30,
            "REPORT RequestId: first\\tDuration: 20.00 ms\\tBilled Duration: 20 ms\\tMemory Size: 128 MB\\tMax Memory Used: 40 MB\\tInit Duration: 9.00 ms",
        ),
        ("a", 40, "START RequestId: second Version: 1"),
        ("a", 50, "said by the second"),
        ("a", 3_040, "2026-11-23T08:00:03.040Z second Task timed out after 3.00 seconds"),
        (
            "a",
            3_041,
            "REPORT RequestId: second\\tDuration: 3000.00 ms\\tBilled Duration: 3000 ms\\tMemory Size: 128 MB\\tMax Memory Used: 40 MB\\tStatus: timeout",
        ),
        ("b", 4_000, "a line of no invocation"),
    ]);
    let snapshot = snapshot_of(&memory);
    let shown = |filter: &str, as_of: i64| -> Vec<String> {
        let mut question = request(Anchor::Tail, 100);
        question.filter = Filter::parse(filter).unwrap();
        question.as_of = Timestamp(1_795_000_000_000 + as_of);
        let rows = Reader::new(&memory).answer(&snapshot, &question).rows;
        rows.into_iter().map(|row| row.text.chars().take(20).collect()).collect()
    };
    assert_eq!(shown("cold said", 9_999), ["said by the first"]);
    assert_eq!(shown("status:timeout said", 9_999), ["said by the second"]);
    assert_eq!(shown("status:running said", 2_000), ["said by the second"]);
    assert_eq!(shown("dur>1s", 9_999).len(), 4);
    assert_eq!(shown("dur<1s said", 9_999), ["said by the first"]);
    assert_eq!(shown("err", 9_999), ["2026-11-23T08:00:03.", "REPORT RequestId: se"]);
    assert_eq!(shown("-cold", 9_999).len(), 6);
    assert_eq!(shown("mem>30% said", 9_999), ["said by the first", "said by the second"]);
    assert_eq!(shown("mem>40MB", 9_999).len(), 0);
    assert_eq!(shown("id:secon said", 9_999), ["said by the second"]);
    assert_eq!(shown("/^said by the (first|third)$/", 9_999), ["said by the first"]);
    assert_eq!(shown("-/said|REPORT|START|INIT|Task/", 9_999), ["a line of no invocati"[..20].to_string()]);
}

#[test]
fn lines_are_filtered_by_their_level_and_trace() {
    let trace = "1-6b0f7c00-000000000000000000000001";
    let memory = capture(&[
        ("a", 10, "START RequestId: first Version: 1"),
        ("a", 20, "[WARNING]\\t2026-11-23T08:00:00.020Z\\tfirst\\tcareful"),
        ("a", 25, "[ERROR]\\t2026-11-23T08:00:00.025Z\\tfirst\\tbroken"),
        (
            "a",
            30,
            "REPORT RequestId: first\\tDuration: 20.00 ms\\tBilled Duration: 20 ms\\tMemory Size: 128 MB\\tMax Memory Used: 40 MB\\t\\nXRAY TraceId: 1-6b0f7c00-000000000000000000000001\\tSegmentId: 53995c3f42cd8ad8\\tSampled: true",
        ),
        ("a", 40, "START RequestId: second Version: 1"),
        ("a", 50, "[INFO]\\t2026-11-23T08:00:00.050Z\\tsecond\\tfine"),
    ]);
    let snapshot = snapshot_of(&memory);
    let shown = |filter: &str| -> Vec<String> {
        let mut question = request(Anchor::Tail, 100);
        question.filter = Filter::parse(filter).unwrap();
        let rows = Reader::new(&memory).answer(&snapshot, &question).rows;
        rows.into_iter().map(|row| row.text.split('\t').next_back().unwrap_or_default().to_string()).collect()
    };
    assert_eq!(shown("level>=warn"), ["careful", "broken"]);
    assert_eq!(shown("level:info"), ["fine"]);
    assert_eq!(shown("level<warn"), ["fine"], "what has no level is below none");
    assert_eq!(shown("-level>=warn -/RequestId/"), ["fine"]);
    assert_eq!(shown(&format!("trace:{trace}")).len(), 4);
    assert_eq!(shown("trace:1-6b0f7c01").len(), 0);
}
