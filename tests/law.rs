//! The law of idea 1: what is asked as of T from all that was read equals what is asked from only
//! what was known by T; and asking about other times in between changes nothing.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::sync::Arc;

use lamtop::correlate::Correlator;
use lamtop::decode;
use lamtop::model::{Body, Record, Timestamp};
use lamtop::query::filter::Filter;
use lamtop::query::overview;
use lamtop::query::view::{Overview, OverviewRequest, SortBy};
use lamtop::store::{Budget, Snapshot, Store};
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
            decode::chunk(&chunk, &arena, &mut records);
            for record in records.iter().filter(|record| known(record) <= by) {
                correlator.record(record, &mut store);
            }
        }
    }
    store.snapshot(Arc::new(correlator.texts().clone()))
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
                filter: Filter::parse(filter).unwrap(),
                function,
                sort: SortBy::Worst,
                reverse: false,
            },
        )
    };
    let all = ask(None);
    let details: Vec<Overview> = all.rows.iter().map(|row| ask(Some(row.id))).collect();
    let mut text = format!("{:#?}", (all, details));
    for word in ["FunctionId(", "EnvironmentId(", "seq: "] {
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
