//! A session as it could be: an incident over half an hour, made by hand for golden screens.

mod metrics;

use std::cmp::Reverse;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::{
    Certainty, Cold, EnvironmentId, ErrorId, Evidence, Finding, FindingKind, FindingSize, Flags, FunctionId,
    Grade, Graded, Grant, Level, Micros, Origin, Outcome, Provisioned, RequestId, Severity, SourceId,
    Timestamp, TraceId, Trigger, Waited, Why, Window,
};
use crate::query::filter::{Condition, Filter, Mistake, Term};
use crate::query::page::{Listed, Page, PageRequest, Part, Place, Ranking};
use crate::query::survey::*;
use crate::query::view::*;
use crate::query::{Apart, Coverage, CoverageRequest, Health, Named, PanelSource};
use crate::query::{Configured, ErrorKey, InEnvironment, One, OneRequest, StepRequest};
use crate::query::{Owner, OwnerRequest, Unowned};
use crate::ui::app::{Effect, Msg, Options, UiState, update};
use crate::ui::key::Key;
use crate::ui::keymap::{Keymap, ViewKind};
use crate::ui::status::*;
use crate::ui::symbols::Charset;
use crate::ui::theme::{ColorDepth, Theme};
use crate::ui::zone::Zone;

/// 2026-11-23T14:05:31Z.
pub const NOW: Timestamp = Timestamp(1_795_442_731_000);
const MINUTES: usize = 30;

/// A filter that knows words and `fn:` only; `(` is an error.
pub fn parse_filter(text: &str) -> Result<Filter, Mistake> {
    if let Some(at) = text.chars().position(|c| c == '(') {
        return Err(Mistake { at, message: "( means nothing here".to_string() });
    }
    let term = |word: &str| Term {
        not: false,
        what: match word.strip_prefix("fn:") {
            Some(name) => Condition::Function(name.to_string()),
            None => Condition::Text(word.to_string()),
        },
    };
    Ok(Filter { terms: text.split_whitespace().map(term).collect() })
}

pub fn options(width: u16, height: u16) -> Options {
    Options {
        theme: Theme::built_in("default").unwrap(),
        depth: ColorDepth::Ansi16,
        charset: Charset::Braille,
        keymap: Keymap::built_in(),
        zone: Zone::Utc,
        view: ViewKind::Overview,
        size: (width, height),
        window_ms: 1_800_000,
        region: None,
        remembered: Default::default(),
        parse_filter,
    }
}

pub fn live() -> SessionStatus {
    SessionStatus {
        kind: SessionKind::Live,
        as_of: NOW,
        generation: 7,
        latest: NOW,
        newest: Some(NOW.plus(-400)),
        oldest: Some(NOW.plus(-4_000_000)),
        functions: 23,
        ages: vec![("logs", Some(400)), ("CW", Some(95_000))],
        memory: (71 << 20, 256 << 20),
        sources: Arc::new(vec![
            source(0, "/var/log/lambda/payments", SourceState::Following, 0, None),
            source(1, "/var/log/lambda/metrics.json", SourceState::Reading, 3, None),
            source(
                2,
                "/var/log/lambda/\u{202e}odd\x1b[2J.gz",
                SourceState::Failed,
                0,
                Some("truncated gz: 12 kB read"),
            ),
        ]),
        bad_records: Arc::new(vec![
            BadRecord {
                source: "/var/log/lambda/metrics.json".into(),
                line: Some(1_204),
                offset: 88_120,
                reason: "not JSON: expected value at column 1".into(),
                excerpt: "\x1b]52;c;aGFj\x07{\"metric_stream".into(),
            },
            BadRecord {
                source: "stdin".into(),
                line: None,
                offset: 4_404_019,
                reason: "a record of 300 MB was cut".into(),
                excerpt: "AAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
            },
        ]),
        bad: 3,
        ..SessionStatus::default()
    }
}

pub fn replay(paused: bool, loaded: f64) -> SessionStatus {
    SessionStatus {
        kind: SessionKind::Replay {
            start: NOW.plus(-1_500_000),
            end: NOW.plus(900_000),
            speed: Speed::Times(60),
            loaded,
        },
        paused,
        onsets: Arc::new(vec![
            onset(-1_200_000, Some(-700_000)),
            onset(-300_000, None),
            onset(400_000, None),
        ]),
        ..live()
    }
}

/// A replay in which nothing of Lambda is.
pub fn nothing() -> SessionStatus {
    let mut text = source(0, "notes.txt", SourceState::Ended, 0, Some("text only"));
    (text.read_bytes, text.records) = (1_204, 31);
    let mut empty = source(1, "empty.log", SourceState::Ended, 0, Some("nothing in it"));
    (empty.read_bytes, empty.records) = (0, 0);
    let mut program = source(2, "bin/\x1b[2Jls", SourceState::Ended, 369, None);
    (program.read_bytes, program.records) = (151_344, 125);
    let why = "permission denied; run as a user who may read it, or have it made readable";
    let mut failed = source(3, "secret.log", SourceState::Failed, 0, Some(why));
    (failed.read_bytes, failed.records) = (0, 0);
    let bad = BadRecord {
        source: "bin/\x1b[2Jls".into(),
        line: None,
        offset: 0,
        reason: "not text: there is a byte 0 in it".into(),
        excerpt: "\x7fELF".into(),
    };
    SessionStatus {
        as_of: Timestamp(0),
        latest: Timestamp(0),
        newest: None,
        oldest: None,
        functions: 0,
        ages: Vec::new(),
        onsets: Arc::default(),
        sources: Arc::new(vec![failed, text, empty, program]),
        bad_records: Arc::new(vec![bad]),
        bad: 369,
        kind: SessionKind::Replay {
            start: Timestamp(0),
            end: Timestamp(0),
            speed: Speed::Times(60),
            loaded: 1.0,
        },
        ..live()
    }
}

/// What sources come to that lack something of everything.
fn coverage(request: &CoverageRequest) -> Coverage {
    let source = |panel, told, words: &str| PanelSource { panel, told, words: words.to_string() };
    Coverage {
        panels: vec![
            source("Invocations", true, "logs of 23 functions, CloudWatch metrics of 2 functions"),
            source(
                "Throttles",
                false,
                "no source: throttled requests never run and are in no log; give CloudWatch metrics, for example the files of a metric stream",
            ),
            source("Traces", false, "no source; give X-Ray segments or OTLP spans"),
        ],
        both: 1,
        logs_only: Named { names: vec!["cart-\x1b[31mtax".into(), "login".into()], count: 22 },
        metrics_only: Named { names: vec!["quiet".into()], count: 1 },
        window: request.window,
        compared: Some((12_480, 9_102)),
        apart: vec![Apart { name: "order-create".into(), metered: 12_480, logged: 9_102 }],
        more_apart: 0,
        lost: 17,
        read_from: None,
        kept: Health {
            budget: 110 << 20,
            bytes: 104 << 20,
            rows: 812_345,
            rows_let_go: 1_204_000,
            traces_let_go: 40,
            ..Health::default()
        },
    }
}

fn onset(since: i64, until: Option<i64>) -> Onset {
    Onset {
        since: NOW.plus(since),
        found: NOW.plus(since + 60_000),
        until: until.map(|until| NOW.plus(until)),
    }
}

fn source(id: u32, name: &str, state: SourceState, bad: u64, note: Option<&str>) -> SourceStatus {
    SourceStatus {
        id: SourceId(id),
        name: name.into(),
        named: true,
        state,
        read_bytes: 12_400_000,
        size_bytes: (id == 1).then_some(52_000_000),
        records: 148_203,
        bad,
        newest: (id != 2).then(|| NOW.plus(-400 - 95_000 * i64::from(id))),
        note: note.map(str::to_string),
    }
}

fn series(value: impl Fn(usize) -> f64) -> Vec<Option<f64>> {
    (0..MINUTES).map(|at| Some(value(at))).collect()
}

/// Low before the 18th minute, high after it, a little unsteady.
fn step(low: f64, high: f64) -> Vec<Option<f64>> {
    series(|at| (if at < 18 { low } else { high }) * (1.0 + (at * 7 % 5) as f64 / 25.0))
}

fn panel(lines: Vec<Line>, now: Graded<f64>, before: Graded<f64>, age_ms: i64) -> Panel {
    Panel {
        chart: Chart { lines, limits: vec![], settled: MINUTES - 1 },
        now,
        also: None,
        before,
        provenance: Provenance { source: "logs", age_ms: Some(age_ms), note: None },
        statistics: vec![Statistic { name: "count", value: now, unit: Unit::Count }],
    }
}

/// The figures of durations, the slowest cut short by the timeout.
fn durations() -> Vec<Statistic> {
    let of = |name, value, unit| Statistic { name, value, unit };
    vec![
        of("n", Graded::Counted(145_740.0), Unit::Count),
        of("p50", Graded::Counted(211.0), Unit::Ms),
        of("p90", Graded::Counted(1_934.0), Unit::Ms),
        of("p99", Graded::AtLeast(30_000.0, Why::Censored), Unit::Ms),
        of("max", Graded::AtLeast(30_000.0, Why::Censored), Unit::Ms),
    ]
}

fn panels(tree: bool) -> Panels {
    let line = |name, points| Line::new(name, points);
    let mut duration = panel(
        vec![
            line("p50", step(31.0, 210.0)),
            line("p90", step(90.0, 1_900.0)),
            line("p99", step(240.0, 25_000.0)),
            line("max", step(900.0, 30_000.0)),
        ],
        Graded::AtLeast(30_000.0, Why::Censored),
        Graded::Counted(240.0),
        400,
    );
    // From the 18th minute on the slowest are cut off.
    duration.chart.lines[3].at_least = (18..MINUTES).collect();
    duration.chart.lines[2].at_least = (18..MINUTES).collect();
    duration.also = Some(Graded::Counted(145_740.0));
    duration.statistics = durations();
    duration.chart.limits = vec![Limit { name: "timeout", value: Graded::Counted(30_000.0) }];
    let mut errors = panel(
        vec![line("count", step(0.0, 180.0)), line("share", step(0.0, 4.0))],
        Graded::Counted(4.1),
        Graded::Counted(0.2),
        400,
    );
    errors.also = Some(Graded::Counted(198.0));
    let mut concurrency = panel(
        vec![line("peak", step(96.0, 840.0))],
        Graded::Estimated(900.0, Why::OutOfOrder),
        Graded::Counted(96.0),
        400,
    );
    concurrency.also = Some(Graded::Counted(1_000.0));
    let back = Graded::Estimated(1_000.0, Why::HeldBack);
    concurrency.chart.limits = vec![Limit { name: "account", value: back }];
    let why = Why::ThrottlesAreInNoLog;
    let mut throttles = panel(vec![], Graded::NoSource(why), Graded::NoSource(why), 0);
    throttles.provenance = Provenance { source: "–", age_ms: None, note: None };
    let mut invocations = panel(
        vec![line("invocations", step(2_410.0, 4_300.0))],
        Graded::Settling(4_858.0),
        Graded::Counted(2_410.0),
        400,
    );
    // A gap: the source was silent for two minutes.
    invocations.chart.lines[0].points[9..11].fill(None);
    Panels {
        invocations,
        duration,
        errors,
        throttles,
        concurrency,
        trace: TracePanel {
            column: None,
            traces: Graded::AtLeast(9, Why::LogsIncomplete),
            marked: 4,
            tree: tree.then(|| Arc::new(trace())),
            provenance: Provenance { source: "X-Ray", age_ms: Some(12_000), note: None },
        },
    }
}

fn trace() -> TraceTree {
    let row = |depth, name: &str, start_ms: i64, length_ms: i64, fault, detail: &str| TraceRow {
        depth,
        name: name.into(),
        kind: String::new(),
        start_us: start_ms * 1_000,
        length_us: length_ms * 1_000,
        self_us: if depth < 2 { 120_000 } else { length_ms * 1_000 },
        in_progress: false,
        orphan: None,
        id: format!("{start_ms:016x}").into(),
        critical: name.contains("bank") || depth < 2,
        early_us: 0,
        function: (depth < 2).then_some(FunctionId(1)),
        request_id: (depth < 2).then(|| request_id(7).into()),
        flags: Flags { fault, ..Flags::default() },
        detail: detail.into(),
    };
    let mut rows = vec![
        row(0, "payment-capture", 0, 30_000, true, "AWS::Lambda"),
        row(1, "payment-capture", 40, 29_960, true, "AWS::Lambda::Function"),
        row(2, "Initialization", 40, 180, false, ""),
        row(2, "DynamoDB", 230, 12, false, "GetItem orders"),
        row(2, "api.bank.example", 260, 29_600, true, "POST https://api.bank.example/v1/capture"),
        row(2, "sqs\u{202e}\x1b[31m", 290, 9, false, "SendMessage"),
    ];
    rows[3].flags.throttle = true;
    rows[4].in_progress = true;
    rows[5].orphan = Some("53995c3f42cd8ad8".into());
    rows[3].early_us = 2_000;
    TraceTree {
        id: TraceId(7),
        shown: "1-6745a1b2-0123456789abcdef01234567".into(),
        start_us: (NOW.0 - 960_000) * 1_000,
        end_us: (NOW.0 - 930_000) * 1_000,
        rows,
        missing_parents: 1,
        in_progress: true,
        flags: Flags { fault: true, throttle: true, error: false },
    }
}

/// The trace with the calls of a loop in it.
fn opened(id: u64) -> OneTrace {
    let mut tree = trace();
    tree.id = TraceId(u128::from(id));
    let like = |n: i64| TraceRow {
        start_us: 12_000_000 + n * 40_000,
        length_us: 31_000,
        self_us: 31_000,
        id: format!("1oop{n:012}").into(),
        ..TraceRow { flags: Flags::default(), critical: false, orphan: None, ..tree.rows[2].clone() }
    };
    let looped: Vec<TraceRow> = (0..132)
        .map(|n| TraceRow { name: "orders-table".into(), detail: "GetItem orders".into(), ..like(n) })
        .collect();
    let orphan = TraceRow { depth: 0, ..tree.rows.pop().expect("it has six") };
    tree.rows[4].detail.push_str(" linked to 1-6745a1b2-00000000000000000000beef");
    tree.rows.extend(looped);
    tree.rows.push(orphan);
    let lines = (SourceId(0), 0, 1 << 40);
    let invocation = TracedInvocation {
        row: 0,
        function: FunctionId(1),
        name: FUNCTIONS[1].0.into(),
        request_id: request_id(7),
        lines,
    };
    OneTrace {
        id: Some(tree.id),
        shown: tree.shown.clone(),
        tree: Some(Arc::new(tree)),
        invocations: vec![invocation],
        refused: 0,
        any: true,
    }
}

fn trace_line(n: u64) -> TraceLine {
    let marked = n % 4 == 1;
    TraceLine {
        id: TraceId(u128::from(n)),
        shown: format!("1-6745a1b2-{n:024x}"),
        start_us: NOW.0 * 1_000 - n as i64 * 7_001_000,
        length_us: 30_000_000 / (1 + n as i64),
        segments: 6 + n as usize * 11,
        cut: n == 7,
        flags: Flags { fault: marked, throttle: n == 5, error: n == 9 },
        in_progress: n == 0,
        missing_parents: usize::from(n == 2),
        root: FUNCTIONS[n as usize % FUNCTIONS.len()].0.into(),
        holds: (n != 3).then(|| ("api.bank.example".to_string(), 29_600_000 / (1 + n as i64))),
    }
}

fn call(depth: usize, name: &str, kind: &str, scale: i64) -> CallRow {
    let stats = |slow: i64, fault: u64| CallStats {
        calls: 37,
        p50_us: scale * 2_000 * slow,
        p99_us: scale * 9_000 * slow,
        total_us: scale * 90_000,
        self_us: scale * 37_000 * slow,
        error: 0,
        fault,
        throttle: u64::from(name == "DynamoDB"),
    };
    CallRow {
        depth,
        name: name.into(),
        kind: kind.into(),
        callers: 0,
        again: name == "DynamoDB" && depth == 2,
        before: stats(1, 0),
        after: stats(if name.contains("bank") { 20 } else { 1 }, u64::from(name.contains("bank")) * 9),
    }
}

/// The request of an invocation without a trace.
pub const UNTRACED: &str = "untraced";

/// Answers a question for traces.
pub fn traces(request: &TracesRequest) -> TracesAnswer {
    match &request.what {
        TracesWhat::List { order, reverse, .. } => {
            let mut lines: Vec<TraceLine> = (0..60).map(trace_line).collect();
            if *order == TraceOrder::Largest {
                lines.reverse();
            }
            if *reverse {
                lines.reverse();
            }
            TracesAnswer::List(TraceList { lines, matching: 1_608, marked: 402, any: true, let_go: 0 })
        }
        TracesWhat::One(TraceOf::Id(id)) => TracesAnswer::One(opened(id.0 as u64)),
        TracesWhat::One(TraceOf::Request { request_id, .. }) if request_id == UNTRACED => {
            TracesAnswer::One(OneTrace { id: None, shown: String::new(), tree: None, ..opened(7) })
        }
        TracesWhat::One(TraceOf::Request { .. }) => TracesAnswer::One(opened(7)),
        TracesWhat::One(TraceOf::Printed(text)) => TracesAnswer::One(OneTrace {
            id: None,
            shown: text.clone(),
            tree: None,
            invocations: Vec::new(),
            refused: 0,
            any: true,
        }),
        TracesWhat::Calls { split, fold, .. } => TracesAnswer::Calls(CallTree {
            rows: vec![
                call(0, "checkout-api", "AWS::Lambda", 20),
                call(1, "payment-capture", "AWS::Lambda", 15),
                call(2, "api.bank.example", "remote", 12),
                call(2, "DynamoDB", "aws", 1),
                call(1, "хостиле-\u{202e}name\x1b[31m-日本", "remote", 2),
                call(0, "nightly-sync", "AWS::Lambda", 3),
            ]
            .into_iter()
            .chain((*fold == Fold::Services).then(|| CallRow { callers: 2, ..call(0, "DynamoDB", "aws", 1) }))
            .collect(),
            traces: if split.is_some() { (52, 37) } else { (0, 89) },
            split: *split,
            left_out: 0,
            lumped: 0,
        }),
    }
}

const FUNCTIONS: [(&str, State, f64, u64, f64, f64); 23] = [
    ("user-login:live", State::Error, 840.0, 122, 31.0, 90.0),
    ("payment-capture", State::Timeout, 238.0, 76, 12_000.0, 30_000.0),
    ("order-create", State::Throttled, 316.0, 0, 1_900.0, 2_200.0),
    ("image-resize", State::Memory, 74.0, 0, 210.0, 800.0),
    ("nightly-sync", State::NoData, 0.0, 0, 0.0, 0.0),
    ("checkout-api:live", State::Ok, 2_460.0, 0, 38.0, 71.0),
    ("catalog-search", State::Ok, 402.0, 0, 91.0, 1_400.0),
    ("report-nightly", State::Ok, 221.0, 0, 220_000.0, 240_000.0),
    ("thumbnail-gen", State::Ok, 96.0, 0, 410.0, 900.0),
    ("a-function-with-a-name-that-is-as-long-as-aws-allows-sixty-four", State::Ok, 80.0, 0, 4.0, 9.0),
    ("хостиле-\u{202e}name\x1b[31m-日本", State::Ok, 71.0, 0, 5.0, 11.0),
    ("invoice-pdf", State::Ok, 70.0, 0, 300.0, 812.0),
    ("email-send", State::Ok, 61.0, 0, 45.0, 130.0),
    ("cart-sync", State::Ok, 58.0, 0, 21.0, 44.0),
    ("session-gc", State::Ok, 1.0, 0, 12.0, 14.0),
    ("tax-calc", State::Ok, 44.0, 0, 8.0, 20.0),
    ("stream-dedupe", State::Ok, 40.0, 0, 51.0, 77.0),
    ("push-notify", State::Ok, 36.0, 0, 61.0, 180.0),
    ("ledger-post", State::Ok, 30.0, 0, 33.0, 60.0),
    ("search-suggest", State::Ok, 22.0, 0, 9.0, 31.0),
    ("webhook-ingest", State::Ok, 12.0, 0, 14.0, 22.0),
    ("catalog-index", State::Ok, 3.4, 0, 800.0, 2_100.0),
    ("user-profile", State::Ok, 0.4, 0, 18.0, 25.0),
];

pub fn row(at: usize) -> FunctionRow {
    let (name, state, rate, errors, p50, p99) = FUNCTIONS[at];
    let invocations = (rate * 30.0) as u64;
    let none = Why::ThrottlesAreInNoLog;
    let with = |value: f64| if value > 0.0 { Graded::Counted(value) } else { Graded::NoSource(Why::NoData) };
    FunctionRow {
        id: FunctionId(at as u32),
        name: name.into(),
        state,
        rate: if at == 5 { Graded::Settling(rate) } else { Graded::Counted(rate) },
        invocations: Graded::Counted(invocations),
        errors: Graded::Counted(errors),
        error_share: if invocations == 0 {
            Graded::NoSource(Why::NoData)
        } else {
            Graded::Counted(errors as f64 / invocations as f64 * 100.0)
        },
        throttles: if at == 2 { Graded::Counted(342) } else { Graded::NoSource(none) },
        p50: with(p50),
        p99: if at == 1 { Graded::AtLeast(p99, Why::Censored) } else { with(p99) },
        concurrency: if at == 7 {
            Graded::Estimated(810, Why::OutOfOrder)
        } else {
            Graded::Counted(at as u64 + 1)
        },
        reserved: (at == 2).then_some(10),
        cold: Graded::Counted(if at.is_multiple_of(5) { 3 + at as u64 } else { 0 }),
        memory_used_mb: if rate > 0.0 {
            Graded::Counted(if at == 3 { 471 } else { 120 + at as u32 })
        } else {
            Graded::NoSource(Why::NoData)
        },
        memory_mb: Some(512),
        spark: step(rate / 2.0, rate),
        newest: (rate > 0.0).then(|| NOW.plus(-400 * (1 + at as i64 * 3))),
    }
}

/// A deploy 13 minutes ago, and another change.
fn marks() -> Vec<Mark> {
    let mark = |ago_ms: i64, deploy, call: &str| {
        let at = NOW.plus(-ago_ms);
        let text = format!("CloudTrail: {call} by deploy at {at}").into();
        Mark { at, function: Some(FunctionId(1)), deploy, text }
    };
    vec![
        mark(780_000, true, "UpdateFunctionCode20150331v2"),
        mark(330_000, false, "PutFunctionConcurrency20171031"),
    ]
}

pub fn overview() -> Overview {
    Overview {
        as_of: NOW,
        window: Window::before(NOW, 1_800_000),
        step_ms: 60_000,
        panels: panels(true),
        heat: None,
        marks: marks(),
        account: Account {
            limit: Some(Graded::Counted(1_000)),
            reserved: vec![
                Reserved { name: "order-create".into(), limit: 40, used: Graded::Counted(40) },
                Reserved {
                    name: "invoice-pdf".into(),
                    limit: 20,
                    used: Graded::AtLeast(5, Why::LogsIncomplete),
                },
                Reserved { name: "email-send".into(), limit: 0, used: Graded::Counted(0) },
            ],
            provisioned: 50,
            unreserved: Graded::Counted(810),
            free: Graded::Counted(80),
        },
        rows: (0..FUNCTIONS.len()).map(row).collect(),
        functions: 23,
        detail: None,
        not_seen: vec![
            "throttles of 22 functions (no metrics)".into(),
            "memory of 1 (no REPORT line)".into(),
        ],
    }
}

/// Most take a little; from the 18th minute on some take very long. Nothing is known of the first two.
fn heat(rows: usize) -> Heat {
    let rung = |row: usize, of: usize| 1_000u32 >> (2 * row.abs_diff(of * rows / 12)).min(31);
    let count = |at: usize, row| match at {
        ..2 => None,
        2..18 => Some(rung(row, 3) + at as u32 % 2 * rung(row, 4) / 9),
        _ => Some(rung(row, 4) + rung(row, 10) / (31 - at as u32)),
    };
    Heat {
        // Most lie a third of the way up.
        edges: (0..=rows as i32).map(|row| (300_000.0 * 1.3f64.powi(row - rows as i32 / 3)) as u64).collect(),
        counts: (0..MINUTES).flat_map(|at| (0..rows).map(move |row| count(at, row))).collect(),
        grade: Grade::Counted,
    }
}

pub fn empty() -> Overview {
    let mut empty = overview();
    empty.rows.clear();
    empty.functions = 0;
    let none = Graded::NoSource(Why::NoData);
    let panels = &mut empty.panels;
    for panel in [&mut panels.invocations, &mut panels.duration, &mut panels.errors, &mut panels.concurrency]
    {
        (panel.now, panel.before, panel.also) = (none, none, None);
        panel.chart = Chart { lines: vec![], limits: vec![], settled: 0 };
        panel.provenance = Provenance { source: "–", age_ms: None, note: None };
    }
    panels.trace = TracePanel {
        column: None,
        traces: Graded::NoSource(Why::NotInAnySource),
        marked: 0,
        tree: None,
        provenance: Provenance { source: "–", age_ms: None, note: None },
    };
    empty
}

pub fn request_id(n: u64) -> String {
    format!("8f507cfc-1f5e-4e0e-8d4b-{n:012x}")
}

fn invocation(n: u64) -> InvocationRow {
    let state = match n % 7 {
        0 => InvocationState::Running,
        1 => InvocationState::Ended(Outcome::Timeout),
        3 => InvocationState::Ended(Outcome::Error),
        5 => InvocationState::Ended(Outcome::OutOfMemory),
        _ => InvocationState::Ended(Outcome::Ok),
    };
    let ended = state != InvocationState::Running;
    let timeout = state == InvocationState::Ended(Outcome::Timeout);
    let failed = matches!(state, InvocationState::Ended(outcome) if outcome.failed());
    InvocationRow {
        seq: n,
        function: FunctionId(1),
        request: RequestId(n.into()),
        request_id: request_id(n),
        attempt: if n % 6 == 1 { 2 } else { 1 },
        start: NOW.plus(-1_730 * (100 - n as i64)),
        start_estimated: n % 9 == 4,
        state,
        duration: ended.then(|| Micros::from_ms(if timeout { 30_000 } else { 210 + n * 3 })),
        init: (n % 8 == 2).then(|| Micros::from_ms(183)),
        restore: None,
        cold: if n % 8 == 2 { Cold::Yes(Waited::Caller) } else { Cold::No },
        billed_ms: ended.then_some(if timeout { 30_000 } else { 394 }),
        max_memory_mb: ended.then_some(210),
        memory_mb: ended.then_some(512),
        error_type: failed.then(|| if timeout { "timeout".into() } else { "CardDeclined".to_string() }),
        delivery: (failed && n.is_multiple_of(2)).then(|| ("RetriesExhausted".into(), Some(3))),
        version: "12".into(),
        environment: Some(EnvironmentId((n % 3) as u32)),
        stream: Some("2026/11/23/[12]0123456789abcdef".into()),
        trace: None,
        lines: (SourceId(0), n * 1_000, n * 1_000 + 900),
    }
}

fn block(row: &InvocationRow) -> Block {
    let ended = row.duration.map(|took| row.start.plus(took.ceil_ms()));
    Block {
        which: row.which(),
        seq: row.seq,
        request_id: row.request_id.clone(),
        state: row.state,
        ended,
        duration: row.duration,
        lines: row.lines,
    }
}

/// A function's answer; `newest` is the number of its newest invocation.
pub fn function(newest: u64) -> Overview {
    let group = |name: &str, frame: &str, message: &str, count, seq| ErrorGroup {
        key: match frame {
            "" => ErrorKey::Ended(Outcome::Timeout),
            _ => ErrorKey::Told(ErrorId(seq as u32)),
        },
        name: name.into(),
        frame: frame.into(),
        message: message.into(),
        others: !frame.is_empty() && message.is_empty(),
        versions: if count > 20 { vec!["11".into(), "12".into()] } else { vec!["12".into()] },
        more_versions: false,
        count: if count == 3 { Graded::AtLeast(3, Why::Evicted) } else { Graded::Counted(count) },
        first: NOW.plus(-600_000),
        last: NOW.plus(-2_000),
        seq,
    };
    let environment = |id: u32| EnvironmentRow {
        id: EnvironmentId(id),
        stream: format!("2026/11/23/[12]{id:032x}"),
        version: "12".into(),
        first: NOW.plus(-1_200_000 - i64::from(id) * 60_000),
        last: NOW.plus(-2_000 * i64::from(id)),
        invocations: 412,
        errors: u64::from(id == 1) * 76,
        init_seen: id != 2,
        max_memory_mb: Some(210),
        busy: id == 0,
        fate: match id {
            1 => Fate::Killed(Outcome::Timeout),
            2 => Fate::Replaced(NOW.plus(-330_000)),
            _ => Fate::Alive,
        },
        blocks: (0..8).map(|n| block(&invocation(n * 9 + u64::from(id)))).collect(),
        lane: (0..MINUTES as u32)
            .map(|at| match at {
                ..10 => None,
                10 if id == 0 => Some(Moment::Init),
                10 if id == 1 => Some(Moment::Cold),
                _ if id == 1 && at % 9 == 4 => Some(Moment::Timeout),
                _ if id == 1 && at % 7 == 4 => Some(Moment::Failed),
                _ if (at + id).is_multiple_of(5) => Some(Moment::Idle),
                24.. if id == 2 => None,
                _ => Some(Moment::Run),
            })
            .collect(),
    };
    let mut answer = overview();
    answer.detail = Some(FunctionDetail {
        name: FUNCTIONS[1].0.into(),
        invocations: (0..=newest).rev().take(100).map(invocation).collect(),
        matching: 1_190,
        logged: true,
        let_go: false,
        errors: vec![
            group("timeout", "", "", 60, newest - newest % 7 + 1),
            group("CardDeclined\x1b[0m", "charge pay.mjs", "card of order # was declined\x1b[0m", 12, 3),
            group("TypeError", "Object.<anonymous> cart.mjs", "", 3, 4),
        ],
        of_other_errors: 1,
        versions: vec![version("12", 320_000, 76, 4_520.0), version("11", 1_700_000, 0, 390.0)],
        of_other_versions: 3,
        environments: (0..3).map(environment).collect(),
        configured: configured(),
        schedule: None,
        asynchronous: Asynchronous::default(),
        metrics_known: 24,
        metrics: Some(metrics::metrics(MINUTES)),
    });
    answer
}

/// A run a minute: three failed, two were missed, one is due.
pub fn schedule(columns: usize) -> Schedule {
    let axis = crate::query::Axis::chart(NOW, 1_800_000, columns);
    let mut ticks = vec![None; columns];
    for minute in 0..MINUTES as i64 {
        let at = NOW.floor(60_000).plus(-60_000 * minute);
        let tick = match minute {
            0 => Tick::Due,
            4 | 5 | 11 => Tick::Failed,
            17 | 18 => Tick::Missed,
            _ => Tick::Ran,
        };
        if let Some(column) = axis.column_of(at) {
            ticks[column] = ticks[column].max(Some(tick));
        }
    }
    Schedule {
        period_ms: 60_000,
        last: NOW.floor(60_000).plus(-60_000),
        last_failed: false,
        next: NOW.floor(60_000).plus(60_000),
        due: Some(NOW.floor(60_000)),
        ran: 27,
        failed: 3,
        missed: Graded::Counted(2),
        unseen: 0,
        alive: NOW.plus(-400),
        window: axis.window(),
        columns: ticks,
    }
}

/// Events that wait, and some that were dropped.
pub fn asynchronous() -> Asynchronous {
    let default = Graded::Estimated(21_600, Why::AwsDefault);
    Asynchronous {
        received: Graded::Counted(1_402),
        dropped: Graded::Counted(14),
        oldest: Some(Oldest {
            age_ms: Graded::Counted(4_320_000),
            at: NOW.floor(60_000).plus(-60_000),
            deadline: Graded::Estimated(NOW.floor(60_000).plus(17_220_000), Why::ByTheMinute),
            most_s: default,
        }),
        retrying: Some(Retrying {
            events: Graded::Estimated(3, Why::FromOthers),
            overdue: 1,
            deadline: Graded::Estimated(NOW.plus(20_000_000), Why::QueuedBefore),
            most_s: default,
        }),
        ..Asynchronous::default()
    }
}

fn version(name: &str, ago_ms: i64, errors: u64, p99: f64) -> VersionRow {
    VersionRow {
        version: name.into(),
        since: None,
        first: NOW.plus(-ago_ms),
        last: NOW.plus(-ago_ms + 318_000),
        invocations: Graded::Counted(1_190),
        errors: Graded::Counted(errors),
        cold: Graded::Counted(31),
        p50: Graded::Counted(210.0),
        p99: Graded::Counted(p99),
        init: if errors > 0 { Graded::Counted(183.0) } else { Graded::NoSource(Why::NothingFinished) },
        memory_mb: Graded::Counted(210),
    }
}

/// What a function is set to, its names hostile.
fn configured() -> Configured {
    let trigger = |source: &str, state: &str| Trigger {
        source: Some(format!("arn:aws:sqs:eu-west-1:123456789012:{source}").into()),
        state: Some(state.into()),
    };
    Configured {
        timeout: Some(Graded::Counted(Micros::from_ms(30_000))),
        memory_mb: Some(Graded::Counted(512)),
        runtime: Some(Graded::Counted("python3.12".into())),
        handler: Some(Graded::Counted("app.hand\x1b[31mler".into())),
        architecture: Some(Graded::Counted("arm64".into())),
        role: Some(Graded::Estimated("payment-capture-role".into(), Why::HeldBack)),
        reserved: Some(Graded::Counted(Some(0))),
        account_limit: Some(Graded::Counted(1_000)),
        provisioned_on: vec![(
            "live".into(),
            Graded::Counted(Provisioned { requested: 8, allocated: Some(5) }),
        )],
        retries: Some(Graded::Counted(1)),
        on_failure: Some(Graded::Counted(Some("arn:aws:sqs:eu-west-1:123456789012:payments-dlq".into()))),
        aliases: vec![("live".into(), "12".into())],
        triggers: vec![trigger("payments", "Enabled"), trigger("refunds", "Disabled")],
        may_invoke: vec![Grant {
            deny: false,
            who: "s3.amazonaws.com".into(),
            source: Some("arn:aws:s3:::invoices".into()),
        }],
        may_do: vec![
            "Allow sqs:SendMessage, sqs:DeleteMessage, logs:* on arn:aws:sqs:eu-west-1:123456789012:payments"
                .into(),
            "Deny s3:DeleteObject on arn:aws:s3:::orders/*".into(),
        ],
        changed: Some(NOW.plus(-320_000)),
        ..Configured::default()
    }
}

/// A page of the invocations 0 to `newest`, of two functions in turn.
pub fn page(request: PageRequest, newest: u64) -> Page {
    let failed =
        |row: &InvocationRow| matches!(row.state, InvocationState::Ended(outcome) if outcome.failed());
    let mut rows: Vec<Listed> = (0..=newest)
        .map(|n| {
            let row = invocation(n);
            let rank = match request.ranking {
                Ranking::Failed => u64::from(failed(&row)),
                Ranking::Slowest => row.duration.map_or(0, |duration| u64::from(duration.0)),
                Ranking::Coldest => row.init.map_or(0, |init| u64::from(init.0)),
                Ranking::Newest | Ranking::Memory => 0,
            };
            let place = Place { rank, start: row.start, seq: row.seq };
            let name = if n % 3 == 0 { "payment-capture" } else { "order[31m-create" };
            Listed { place, name: name.into(), row }
        })
        .filter(|listed| request.window.holds(listed.row.start))
        .filter(|listed| match request.error {
            Some(ErrorKey::Ended(outcome)) => listed.row.state == InvocationState::Ended(outcome),
            Some(ErrorKey::Told(_)) => listed.row.error_type.as_deref() == Some("CardDeclined"),
            None => true,
        })
        .filter(|listed| {
            request.filter.terms.iter().all(|term| match &term.what {
                Condition::Duration(compare, us) => {
                    listed.row.duration.is_some_and(|took| compare.holds(u64::from(took.0), *us))
                }
                _ => true,
            })
        })
        .collect();
    rows.sort_by_key(|listed| Reverse(listed.place));
    if request.reverse {
        rows.reverse();
    }
    let all = rows.len();
    let cut = match request.part {
        Part::First => 0,
        Part::Last => all.saturating_sub(request.count),
        Part::Around(place) => {
            let at = rows.iter().position(|listed| listed.place == place).unwrap_or(0);
            at.saturating_sub(request.count / 2)
        }
    };
    let rows: Vec<Listed> = rows.into_iter().skip(cut).take(request.count).collect();
    Page {
        before: Some(cut as u64),
        matching: Graded::Counted(all as u64),
        at_start: cut == 0,
        at_end: cut + rows.len() == all,
        looked_from: None,
        retrying: None,
        rows,
        request,
    }
}

/// What is known of an invocation.
pub fn one(request: OneRequest) -> One {
    let row = InvocationRow { attempt: 2, ..invocation(request.seq) };
    let ended = row.duration.map(|duration| row.start.plus(duration.ceil_ms()));
    let environment = InEnvironment {
        init_start: Some(NOW.plus(-1_200_000)),
        first: NOW.plus(-1_200_000),
        nth: Graded::Counted(17),
        before: Some(row.start.plus(-3_200)),
    };
    let first = InvocationRow {
        seq: request.seq + 1_000,
        attempt: 1,
        start: row.start.plus(-62_000),
        state: InvocationState::Ended(Outcome::Error),
        ..row.clone()
    };
    One {
        request,
        name: "payment-capture".into(),
        ended,
        timeout: Some(Graded::Counted(Micros::from_ms(30_000))),
        environment: Some(environment),
        attempts: vec![first, row.clone()],
        tree: (request.seq % 2 == 1).then(|| Arc::new(trace())),
        row: Some(row),
    }
}

/// The invocation of a line: the one that it says.
pub fn owner(request: &OwnerRequest) -> Result<Owner, Unowned> {
    let name = request.function.clone().ok_or(Unowned::NoFunction)?;
    let said = request.request_id.as_ref().ok_or(Unowned::Between)?;
    let n = (0..1_000).find(|n| request_id(*n) == *said).ok_or(Unowned::NotHeld)?;
    Ok(Owner { name, row: invocation(n) })
}

/// Log line `n`, a second after the one before.
pub fn log(n: u64) -> LogRow {
    let texts = [
        "START RequestId: 8f507cfc-1f5e-4e0e-8d4b-000000000001 Version: 12",
        "calling bank order=4711 amount=12.50",
        "card declined by issuer; retrying with the second processor as configured for merchant 1204 in region eu",
        "traceback \x1b[31mred\x1b[0m\tand a tab, \u{202e}reversed, a wide 日本語 text",
        "Task timed out after 30.00 seconds",
        "REPORT RequestId: 8f507cfc-1f5e-4e0e-8d4b-000000000001\tDuration: 30000.00 ms\tBilled Duration: 30000 ms",
    ];
    let kind = (n % 6) as usize;
    LogRow {
        stream: None,
        origin: Origin { source: SourceId(0), offset: n * 100, len: 90 },
        time: Some(NOW.plus(n as i64 * 1_000 - 1_000_000)),
        function: Some(if n % 12 < 6 { "payment-capture".into() } else { "user-login:live".into() }),
        level: [Level::Unknown, Level::Info, Level::Warn, Level::Error, Level::Unknown, Level::Unknown][kind],
        more: false,
        platform: matches!(kind, 0 | 5),
        request_id: Some(request_id(n / 6)),
        text: texts[kind].into(),
        cut: if n % 50 == 49 { 10_400_000 } else { 0 },
        bad: (n % 100 == 97).then(|| "not JSON".to_string()),
    }
}

/// What is left of a text without its numbers.
fn mask(text: &str) -> String {
    let parts: Vec<&str> = text.split(|c: char| c.is_ascii_digit()).collect();
    let parts: Vec<&str> = parts.chunk_by(|_, b| b.is_empty()).map(|parts| parts[0]).collect();
    parts.join("<n>")
}

/// Answers questions for lines as a reader over `all` lines would.
pub fn read(request: &LinesRequest, all: u64) -> LinesAnswer {
    let want = |row: &LogRow| {
        request.request_id.as_ref().is_none_or(|id| row.request_id.as_ref() == Some(id))
            && request.shape.as_ref().is_none_or(|shape| mask(&row.text) == **shape)
            && request.filter.terms.iter().all(|term| match &term.what {
                Condition::Text(text) => row.text.contains(text.as_str()),
                _ => true,
            })
    };
    let rows: Vec<LogRow> = (0..all).map(log).filter(want).collect();
    let count = request.count;
    let (from, to) = match request.anchor {
        Anchor::Tail => (rows.len().saturating_sub(count), rows.len()),
        Anchor::Before(origin) => {
            let to = rows.iter().position(|row| row.origin >= origin).unwrap_or(rows.len());
            (to.saturating_sub(count), to)
        }
        Anchor::After(origin) => {
            let from = rows.iter().position(|row| row.origin > origin).unwrap_or(rows.len());
            (from, (from + count).min(rows.len()))
        }
        Anchor::Line(origin) => {
            let from = rows.iter().position(|row| row.origin >= origin).unwrap_or(rows.len());
            (from, (from + count).min(rows.len()))
        }
        Anchor::At(time) => {
            let from = rows.iter().position(|row| row.time >= Some(time)).unwrap_or(rows.len());
            (from, (from + count).min(rows.len()))
        }
    };
    LinesAnswer {
        at_start: from == 0,
        at_end: to == rows.len(),
        newer: (rows.len() - to) as u64,
        rows: rows[from..to].to_vec(),
        note: None,
        reached: None,
    }
}

/// Events that the function logged: all but one of them from SQS.
pub fn logged_events() -> LoggedEvents {
    let lag = Lag { events: 11, p50_ms: 1_240, max_ms: Graded::Counted(41_000) };
    let batches = |records: Graded<u64>, max, sizes| Batches {
        records,
        per_minute: records.map(|records| records as f64 / 30.0),
        p50: Graded::Counted(3),
        max,
        sizes,
        cut: 0,
    };
    let queue = batches(Graded::Counted(48), Graded::Counted(10), vec![(1, 2), (2, 6), (10, 3)]);
    let least = Why::NotLookedAt;
    let objects = batches(Graded::AtLeast(1, least), Graded::AtLeast(1, least), vec![(1, 1)]);
    let row = |source, events, lag, batches: Batches| LoggedEvent {
        source,
        events: Graded::Counted(events),
        lag,
        batches: Some(batches),
        prefixes: Vec::new(),
        of_other_prefixes: 0,
    };
    let prefixes = vec![("invoices/in/#/".to_string(), 1), ("bucket\u{1b}[31m/".to_string(), 1)];
    let of_s3 = LoggedEvent { prefixes, of_other_prefixes: 2, ..row(EventSource::S3, 1, None, objects) };
    LoggedEvents { rows: vec![row(EventSource::Sqs, 11, Some(lag), queue), of_s3] }
}

/// Answers questions about all lines of a window as a reader over `all` lines would, of which it read
/// the last 600.
pub fn survey(request: &SurveyRequest, all: u64) -> Survey {
    let SurveyRequest { as_of, of } = request;
    let window = Window { from: as_of.plus(-of.window_ms), to: as_of.plus(1) };
    let column = |time: Timestamp| (time.since(window.from) * of.columns as i64 / window.ms()) as usize;
    let rows: Vec<LogRow> = (all.saturating_sub(600)..all).map(log).collect();
    let in_window = |row: &LogRow| window.holds(row.time.unwrap());
    let rows: Vec<&LogRow> = rows.iter().filter(|row| in_window(row)).collect();
    let matches = |row: &LogRow| {
        of.shape.as_ref().is_none_or(|shape| mask(&row.text) == **shape)
            && of.filter.terms.iter().all(|term| match &term.what {
                Condition::Text(text) => row.text.contains(text.as_str()),
                _ => true,
            })
    };
    let matching: Vec<&LogRow> = rows.iter().copied().filter(|row| matches(row)).collect();
    let mut columns = vec![LineCount::default(); of.columns];
    let is_error = |row: &LogRow| row.level >= Level::Error || row.bad.is_some();
    for row in &matching {
        let part = &mut columns[column(row.time.unwrap())];
        (part.lines, part.errors) = (part.lines + 1, part.errors + u32::from(is_error(row)));
    }
    let patterns = of.patterns.map(|since| {
        let since = match since {
            Since::At(time) => time,
            Since::Middle => window.from.plus(of.window_ms / 2),
        };
        let mut rows: Vec<Pattern> = Vec::new();
        for row in &matching {
            let (shape, time) = (mask(&row.text), row.time.unwrap());
            let at = rows.iter().position(|pattern| *pattern.shape == shape).unwrap_or_else(|| {
                let function = row.function.clone();
                rows.push(Pattern {
                    shape: shape.as_str().into(),
                    level: row.level,
                    bad: row.bad.is_some(),
                    platform: row.platform,
                    new: shape.starts_with("Task"),
                    lines: 0,
                    first: time,
                    last: time,
                    columns: vec![0; of.columns],
                    function,
                    functions: shape.starts_with("card"),
                    newest: String::new(),
                    of_key: false,
                });
                rows.len() - 1
            });
            let pattern = &mut rows[at];
            (pattern.lines, pattern.last, pattern.newest) = (pattern.lines + 1, time, row.text.clone());
            pattern.columns[column(time)] += 1;
        }
        rows.sort_by_key(|pattern| (!pattern.new, pattern.level < Level::Error, Reverse(pattern.lines)));
        Patterns { since, judged: true, rows, rest: (0, 0) }
    });
    let unread = all.saturating_sub(600);
    Survey {
        window,
        columns,
        lines: rows.len() as u64,
        matching: matching.len() as u64,
        errors: matching.iter().filter(|row| is_error(row)).count() as u64,
        found: matching.iter().filter(|row| !find_all(&row.text, &of.find).is_empty()).count() as u64,
        unread,
        read_after: (unread > 0).then(|| log(unread - 1).time.unwrap()),
        note: None,
        patterns,
        events: of.events.then(logged_events),
    }
}

/// Three problems, of which one is over.
pub fn problems() -> Problems {
    let finding = |function: usize, kind, severity, since: i64, sentence: &str| Finding {
        kind,
        function: FunctionId(function as u32),
        name: FUNCTIONS[function].0.into(),
        qualifier: None,
        since: NOW.plus(-since),
        until: None,
        severity,
        certainty: Certainty::Is,
        sentence: sentence.to_string(),
        numbers: vec![("timed_out", 380.0), ("share_percent", 31.9)],
        size: FindingSize::Share(0.319),
        evidence: vec![
            Evidence::Record(Origin { source: SourceId(0), offset: 40_400, len: 90 }),
            Evidence::Told("timeout 30 s, from its configuration".to_string()),
        ],
        first_step: "look at what it waits for".to_string(),
    };
    let timeout = Finding {
        qualifier: Some("12".to_string()),
        ..finding(
            1,
            FindingKind::Timeout,
            Severity::Error,
            300_000,
            "380 of 1,190 timed out at 30 s since 14:00:31Z (32 %, before: 0)",
        )
    };
    let over = Finding {
        until: Some(NOW.plus(-700_000)),
        ..finding(
            2,
            FindingKind::ThrottledReserved,
            Severity::Warning,
            1_200_000,
            "342 requests a minute refused at the limit of 10",
        )
    };
    let silence = "ran every 15 min 36 times, then not for 3 h (12 missed): no errors seen";
    Problems {
        found: vec![timeout, finding(4, FindingKind::Silence, Severity::Warning, 900_000, silence), over],
        left_out: 0,
        judged: Some(NOW.floor(10_000)),
    }
}

fn pressed(key: Key) -> Msg {
    use crossterm::event::{KeyEvent, KeyModifiers};
    let held = [(key.ctrl, KeyModifiers::CONTROL), (key.alt, KeyModifiers::ALT)];
    let modifiers = held.into_iter().filter(|(held, _)| *held).map(|(_, modifier)| modifier).collect();
    Msg::Key(KeyEvent::new(key.code, modifiers))
}

/// A key, written as in the keymap.
pub fn key(text: &str) -> Msg {
    pressed(Key::parse(text).unwrap_or_else(|| panic!("{text:?} is no key")))
}

/// What is drawn.
pub fn buffer(state: &UiState) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, state.size.0, state.size.1));
    crate::ui::view::draw(state, &mut buffer);
    buffer
}

/// What is drawn, as text.
pub fn screen(state: &UiState) -> String {
    let buffer = buffer(state);
    let row = |y| {
        let mut row = String::new();
        let mut x = 0;
        while x < state.size.0 {
            let symbol = buffer[(x, y)].symbol();
            row.push_str(symbol);
            // A wide letter hides the cell after it.
            x += crate::ui::sanitize::width(symbol).max(1) as u16;
        }
        row
    };
    (0..state.size.1).map(|y| row(y).trim_end().to_string() + "\n").collect()
}

/// A screen with a session behind it that answers at once.
pub struct Session {
    pub state: UiState,
    pub at: u64,
    /// What was asked to be done, but the questions.
    pub effects: Vec<Effect>,
    /// The last question of a view with panels.
    pub asked: Option<OverviewRequest>,
    /// The newest invocation of the function.
    pub newest: u64,
    /// What a reading adds to the numbers of invocations.
    pub numbers: u64,
    /// Number of log lines.
    pub lines: u64,
    /// Rows of the overview, in order.
    pub order: Vec<usize>,
    /// Whether the function runs on a schedule, and has asynchronous events that wait.
    pub scheduled: bool,
    /// Whether control data tell what functions are set to.
    pub settings_told: bool,
    /// Whether logs of the function were read.
    pub logged: bool,
    /// Whether anything was read that measures the function beside its invocations.
    pub measured: bool,
    /// What is wrong.
    /// Questions for lines so far.
    pub lines_asked: usize,
    pub problems: Problems,
}

impl Session {
    pub fn new(width: u16, height: u16, status: SessionStatus) -> Self {
        Self::with(options(width, height), status)
    }

    pub fn with(options: Options, status: SessionStatus) -> Self {
        let mut session = Self {
            state: UiState::new(options),
            at: 10_000,
            effects: Vec::new(),
            asked: None,
            newest: 99,
            numbers: 0,
            lines: 1_000,
            order: (0..FUNCTIONS.len()).collect(),
            logged: true,
            measured: true,
            settings_told: true,
            scheduled: false,
            lines_asked: 0,
            problems: problems(),
        };
        session.send(Msg::Status(Arc::new(status)));
        session
    }

    pub fn send(&mut self, msg: Msg) {
        let mut open = update(&mut self.state, msg, self.at);
        // Every answer may lead to another question.
        for _ in 0..50 {
            let mut next = Vec::new();
            for effect in open.drain(..) {
                match effect {
                    Effect::Ask { id, request, .. } => {
                        self.asked = Some(request.clone());
                        let mut answer = match request.function {
                            Some(_) => {
                                let mut answer = function(self.newest);
                                if let (false, Some(detail)) = (self.settings_told, &mut answer.detail) {
                                    detail.configured = Default::default();
                                }
                                if let (true, Some(detail)) = (self.scheduled, &mut answer.detail) {
                                    detail.schedule = Some(schedule(request.ticks));
                                    detail.asynchronous = asynchronous();
                                    detail.configured.on_failure = Some(Graded::Counted(None));
                                    detail.configured.dead_letters = Some(Graded::Counted(None));
                                }
                                if let Some(detail) = &mut answer.detail {
                                    detail.metrics = match self.measured {
                                        _ if !request.metrics => None,
                                        true if request.compare_ms.is_some() => {
                                            detail.metrics.take().map(metrics::compared)
                                        }
                                        true => detail.metrics.take(),
                                        false => Some(metrics::none()),
                                    };
                                    if !self.measured {
                                        detail.metrics_known = 0;
                                    }
                                }
                                if let (false, Some(detail)) = (self.logged, &mut answer.detail) {
                                    (detail.logged, detail.matching, detail.of_other_errors) = (false, 0, 0);
                                    detail.invocations.clear();
                                    detail.errors.clear();
                                    detail.versions.clear();
                                }
                                answer
                            }
                            None => overview(),
                        };
                        if request.function.is_none() {
                            answer.rows = self.order.iter().map(|at| row(*at)).collect();
                        }
                        let shown = |row: &FunctionRow| {
                            request.filter.terms.iter().all(|term| match &term.what {
                                Condition::Function(name) => {
                                    name.split(',').any(|name| row.name.starts_with(name))
                                }
                                _ => true,
                            })
                        };
                        answer.rows.retain(shown);
                        answer.as_of = request.as_of;
                        answer.panels.trace.column = request.crosshair.map(|at| {
                            let step = answer.step_ms;
                            let from = at.plus(-at.since(answer.window.from).rem_euclid(step));
                            answer.panels.trace.traces = Graded::Counted(2);
                            answer.panels.trace.marked = 1;
                            Window { from, to: from.plus(step) }
                        });
                        answer.heat = (request.heat > 0).then(|| heat(request.heat));
                        let problems = Arc::new(self.problems.clone().narrowed(&request.filter));
                        let msg = Msg::Overview { id, answer: Arc::new(answer), problems };
                        next.extend(update(&mut self.state, msg, self.at));
                    }
                    Effect::AskLines { id, request } => {
                        self.lines_asked += 1;
                        let answer = read(&request, self.lines);
                        next.extend(update(&mut self.state, Msg::Lines { id, answer }, self.at));
                    }
                    Effect::AskSurvey { id, request } => {
                        let answer = Arc::new(survey(&request, self.lines));
                        next.extend(update(&mut self.state, Msg::Survey { id, answer }, self.at));
                    }
                    Effect::AskPage { id, request } => {
                        let mut answer = page(request, self.newest);
                        answer.retrying = asynchronous().retrying.filter(|_| self.scheduled);
                        for listed in &mut answer.rows {
                            listed.row.seq += self.numbers;
                            listed.place.seq = listed.row.seq;
                        }
                        let answer = Arc::new(answer);
                        next.extend(update(&mut self.state, Msg::Page { id, answer }, self.at));
                    }
                    Effect::AskOne { id, request } => {
                        let answer = Arc::new(one(request));
                        next.extend(update(&mut self.state, Msg::One { id, answer }, self.at));
                    }
                    Effect::AskOwner { id, request } => {
                        let answer = owner(&request).map(Box::new);
                        next.extend(update(&mut self.state, Msg::Owner { id, answer }, self.at));
                    }
                    Effect::AskCoverage { id, request } => {
                        let answer = Arc::new(coverage(&request));
                        next.extend(update(&mut self.state, Msg::Coverage { id, answer }, self.at));
                    }
                    Effect::AskTraces { id, request } => {
                        let answer = traces(&request);
                        next.extend(update(&mut self.state, Msg::Traces { id, answer }, self.at));
                    }
                    Effect::AskStep { id, request: StepRequest::Marks { from, forward, .. } } => {
                        let marks = overview().marks.into_iter().map(|mark| mark.at);
                        let time = match forward {
                            true => marks.filter(|at| *at > from).min(),
                            false => marks.filter(|at| *at < from).max(),
                        };
                        next.extend(update(&mut self.state, Msg::Stepped { id, time }, self.at));
                    }
                    other => self.effects.push(other),
                }
            }
            open = next;
        }
        assert!(open.is_empty(), "questions without end: {open:?}");
    }

    /// Presses keys, written as in the keymap and parted by blanks; a word in quotes is typed.
    /// Before any key may stand `Alt-`.
    pub fn press(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            let typed = key.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let keys: Vec<Key> = match typed {
                Some(text) => text.chars().map(|c| Key::parse(&c.to_string()).unwrap()).collect(),
                None => {
                    let (alt, name) = key.strip_prefix("Alt-").map_or((false, key), |name| (true, name));
                    let parsed = Key::parse(name).unwrap_or_else(|| panic!("{key:?} is no key"));
                    vec![Key { alt, ..parsed }]
                }
            };
            for key in keys {
                self.send(pressed(key));
            }
        }
    }

    /// Lets time pass, the session's and the steady clock's.
    pub fn pass(&mut self, ms: u64) {
        self.at += ms;
        let mut status = (*self.state.status).clone();
        if !status.paused {
            status.as_of = status.as_of.plus(ms as i64);
            status.latest = status.as_of;
        }
        status.generation += 1;
        self.send(Msg::Status(Arc::new(status)));
    }
}
