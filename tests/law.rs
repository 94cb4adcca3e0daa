//! The law of idea 1: what is asked as of T from all that was read equals what is asked from only
//! what was known by T; and asking about other times in between changes nothing.
#![allow(clippy::unwrap_used)]

mod law_support;
mod support;

use std::path::Path;
use std::sync::Arc;

use lamtop::correlate::Correlator;
use lamtop::decode;
use lamtop::findings::{self, Detector, Scene, Told, Watch};
use lamtop::model::{
    Basis, Body, Certainty, Claim, ClaimStanding, Evidence, Finding, FindingKind, FindingSize, Record,
    Severity, Timestamp, Verdict, Window,
};
use lamtop::query::filter::Filter;
use lamtop::query::view::{Overview, OverviewRequest, SortBy};
use lamtop::query::{Order, Selected, Subject, invocations, overview, traces};
use lamtop::store::{Budget, Snapshot, Store};
use law_support::{BASE, Capture, Reader, SPAN, captures};
use proptest::prelude::*;
use support::records::chunks;

/// The capture with all its kinds of records: logs, metrics that come a minute late, segments.
fn capture() -> Vec<(u32, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/captures");
    let read = |name: &str| {
        let packed = std::fs::File::open(folder.join(name)).unwrap();
        let mut bytes = Vec::new();
        std::io::copy(&mut flate2::read::MultiGzDecoder::new(packed), &mut bytes).unwrap();
        bytes
    };
    let logs = read("mixed.ndjson.gz");
    let metrics = (0..6)
        .map(|minute| {
            format!(
                "{{\"metric_stream_name\":\"s\",\"namespace\":\"AWS/Lambda\",\"metric_name\":\"Throttles\",\"dimensions\":{{\"FunctionName\":\"order-create\"}},\"timestamp\":{},\"value\":{{\"sum\":{minute}}}}}\n",
                1_795_420_800_000i64 + minute * 60_000
            )
        })
        .collect::<String>();
    vec![(0, logs), (1, read("mixed.segments.ndjson.gz")), (2, metrics.into_bytes())]
}

/// When a record is known: in a capture without arrivals its own time, the end of a segment, the
/// end of a metric's period.
fn known(record: &Record<'_>) -> Timestamp {
    match &record.body {
        Body::Segment(document) => document.known,
        Body::Metric(metric) => metric.start.plus(i64::from(metric.period_ms)),
        _ => record.envelope.time.unwrap(),
    }
}

/// The snapshot of what was known by a time.
fn snapshot(sources: &[(u32, Vec<u8>)], by: Timestamp) -> Snapshot {
    let mut correlator = Correlator::default();
    let mut store = Store::new(Budget { bytes: 64 << 20 });
    for (source, bytes) in sources {
        for chunk in chunks(*source, bytes, 4_000) {
            let (arena, mut records) = (decode::Arena::new(), Vec::new());
            decode::chunk(&chunk, decode::Wanted::All, &arena, &mut records);
            for record in records.iter().filter(|record| known(record) <= by) {
                correlator.record(record, &mut store);
            }
        }
    }
    store.snapshot(Arc::new(correlator.texts().clone()))
}

/// A detector with a memory of its own: it opens at one failure within 20 s and closes after two
/// minutes without, and says how many there were.
struct Dummy;

impl Detector for Dummy {
    fn kind(&self) -> FindingKind {
        FindingKind::Timeout
    }

    fn step(&self, open: Option<&Claim>, subject: &Subject<'_>, scene: &Scene) -> Option<Verdict> {
        assert_eq!(scene.at, subject.at());
        let failed = |ms| subject.tally(Window::before(subject.at(), ms)).errors > 0.0;
        match open {
            None => {
                failed(20_000).then(|| Verdict::Opened(Claim { since: subject.at(), basis: Basis::Timeouts }))
            }
            Some(claim) if subject.at().since(claim.since) == 60_000 => {
                Some(Verdict::Edited(Claim { since: claim.since.plus(-1), ..*claim }))
            }
            Some(_) => (!failed(120_000)).then(|| Verdict::Closed { until: subject.at() }),
        }
    }

    fn tell(&self, standing: &ClaimStanding, subject: &Subject<'_>, _: findings::Clock<'_>) -> Told {
        let since = Window { from: standing.claim.since.plus(-20_000), to: subject.at().plus(1) };
        Told {
            qualifier: None,
            severity: Severity::Error,
            certainty: Certainty::Is,
            sentence: format!("{} failed", subject.tally(since).errors),
            numbers: Vec::new(),
            size: FindingSize::None,
            evidence: vec![Evidence::Told("a failure".into())],
            first_step: String::new(),
        }
    }
}

/// After all that is asked.
const LAST: i64 = BASE + 4 * SPAN;

const DETECTORS: &[&dyn Detector] = &[&Dummy];

/// The snapshot of what was known by a time, judged up to a time.
fn judged(capture: &Capture, by: i64, to: Option<i64>) -> Snapshot {
    let mut snapshot = capture.snapshot(by);
    let mut watch = Watch::new(DETECTORS);
    while watch.keep_up(&mut snapshot, Timestamp::NEVER, to.map(Timestamp)) {}
    snapshot
}

/// Everything that is asked, as of a time.
fn answers(snapshot: &Snapshot, at: i64) -> String {
    let at = Timestamp(at);
    let clock = |time: Timestamp| time.to_string();
    let found: Vec<Finding> =
        findings::as_of(snapshot, DETECTORS, Window { from: at.plus(-600_000), to: at.plus(1) }, at, &clock);
    let what = Selected {
        as_of: at,
        window: Window { from: at.plus(-600_000), to: at.plus(1) },
        filter: Filter::default(),
        function: None,
    };
    let lists =
        format!("{:#?}", (invocations(snapshot, &what, Order::Oldest, 50), traces(snapshot, &what), found));
    ["", "err", "-cold dur>100ms"]
        .iter()
        .map(|filter| answer(snapshot, at, filter))
        .chain([without_numbers(lists)])
        .collect()
}

/// The answer, without the numbers by which functions and names happen to be called: a function
/// that is not known yet has none.
fn answer(snapshot: &Snapshot, at: Timestamp, filter: &str) -> String {
    let ask = |function| {
        overview(
            snapshot,
            &OverviewRequest {
                as_of: at,
                window_ms: 120_000,
                columns: 24,
                spark: 6,
                heat: 6,
                ticks: 40,
                filter: Filter::parse(filter).unwrap(),
                function,
                crosshair: None,
                metrics: true,
                compare_ms: None,
                sort: SortBy::Worst,
                reverse: false,
            },
        )
    };
    let all = ask(None);
    let details: Vec<Overview> = all.rows.iter().map(|row| ask(Some(row.id))).collect();
    without_numbers(format!("{:#?}", (all, details)))
}

fn without_numbers(mut text: String) -> String {
    for word in ["FunctionId(", "EnvironmentId(", "ErrorId(", "seq: "] {
        text = text
            .split(word)
            .map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit() || c.is_whitespace()))
            .collect();
    }
    text
}

const START: i64 = 1_795_420_800_000;

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn what_was_known_by_t_is_all_that_an_answer_as_of_t_shows(
        ms in 0i64..400_000, elsewhere in 0i64..400_000, filter in prop::sample::select(vec!["", "err", "fn:*a*", "dur>50ms"]),
    ) {
        let sources = capture();
        let all = snapshot(&sources, Timestamp::NEVER);
        let at = Timestamp(START + ms);
        let whole = answer(&all, at, filter);
        let live = answer(&snapshot(&sources, at), at, filter);
        prop_assert!(whole == live, "as of {}:\n{}", at, first_difference(&whole, &live));
        answer(&all, Timestamp(START + elsewhere), filter);
        prop_assert!(whole == answer(&all, at, filter), "seeking changed the answer");
    }
}

/// Times at which something changes, and any.
fn moments() -> impl Strategy<Value = Vec<(usize, i64, i64)>> {
    prop::collection::vec((any::<usize>(), -1i64..2, prop_oneof![-60_000i64..SPAN * 2, Just(i64::MIN)]), 1..4)
}

fn moment(capture: &Capture, (line, near, any): (usize, i64, i64)) -> i64 {
    match capture.lines.get(line % capture.lines.len().max(1)) {
        Some(line) if any == i64::MIN || line.known % 3 > 0 => line.known + near,
        _ => BASE + any.max(0),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Random captures: late metrics, skewed clocks, several files, records out of order.
    #[test]
    fn a_live_session_at_t_and_a_replay_sought_to_t_show_the_same(
        capture in captures(false), moments in moments(),
    ) {
        let all = judged(&capture, i64::MAX, Some(LAST));
        let mut shown = Vec::new();
        for at in moments.iter().map(|of| moment(&capture, *of)) {
            let whole = answers(&all, at);
            let live = answers(&judged(&capture, at, Some(at)), at);
            prop_assert!(whole == live, "as of {}:\n{}", Timestamp(at), first_difference(&whole, &live));
            shown.push((at, whole));
        }
        for (at, before) in shown.iter().rev() {
            prop_assert!(*before == answers(&all, *at), "seeking changed the answer as of {}", at);
        }
    }

    /// In which order several files are read changes nothing.
    #[test]
    fn the_order_of_files_changes_nothing(
        capture in captures(true), picks in prop::collection::vec(any::<u8>(), 1..40), moments in moments(),
    ) {
        let (all, other) = (judged(&capture, i64::MAX, Some(LAST)), judged(&capture.read_by(&picks), i64::MAX, Some(LAST)));
        for at in moments.iter().map(|of| moment(&capture, *of)) {
            let (one, two) = (answers(&all, at), answers(&other, at));
            prop_assert!(one == two, "as of {}:\n{}", Timestamp(at), first_difference(&one, &two));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// A diagnosis that is made while files are read, whatever their order, ends up the same as one
    /// that is made when all has been read.
    #[test]
    fn what_is_concluded_while_reading_is_what_is_concluded_at_the_end(
        capture in captures(false), pieces in prop::collection::vec(1usize..30, 1..20),
    ) {
        let mut watch = Watch::new(DETECTORS);
        let mut reader = Reader::new(&capture);
        for piece in pieces.iter().cycle() {
            let more = reader.read(*piece);
            let (mut snapshot, touched) = reader.snapshot();
            while watch.keep_up(&mut snapshot, touched, None) {}
            if !more {
                let whole = judged(&capture, i64::MAX, None);
                prop_assert_eq!(&snapshot.findings.changes, &whole.findings.changes);
                break;
            }
        }
    }
}

fn first_difference(a: &str, b: &str) -> String {
    let at = a.lines().zip(b.lines()).position(|(a, b)| a != b).unwrap_or(0);
    let near = |text: &str| text.lines().skip(at.saturating_sub(25)).take(40).collect::<Vec<_>>().join("\n");
    format!("all:\n{}\n\nknown by then:\n{}", near(a), near(b))
}

#[test]
fn the_capture_has_something_to_show() {
    let all = snapshot(&capture(), Timestamp::NEVER);
    let text = answer(&all, Timestamp(START + 60_000), "");
    assert!(text.contains("order-create") && text.contains("Counted"), "{text}");
}
