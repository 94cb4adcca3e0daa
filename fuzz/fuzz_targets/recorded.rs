//! A line that was recorded means what it meant when it came, and is one line.
#![no_main]

mod shared;

use lamtop::frame::is_line;
use lamtop::model::{Body, Origin, Record, SourceId};

fn means(records: &[Record<'_>]) -> Option<String> {
    let record = records.last()?;
    let mut record = match record.body {
        Body::Recorded(recorded) => recorded.record,
        _ => *record,
    };
    if let Body::Event(event) = record.body {
        record.body = event.body;
    }
    record.envelope.origin = Origin { source: SourceId(0), offset: 0, len: 0 };
    Some(format!("{record:?}"))
}

/// Whether it begins like a JSON value: where a broken one ends is seen from what follows it.
fn begins_like_a_value(line: &[u8]) -> bool {
    line.iter().find(|c| !c.is_ascii_whitespace() && **c != b',').is_some_and(|c| matches!(c, b'{' | b'['))
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let line: Vec<u8> = bytes.iter().copied().filter(|c| *c != b'\n').collect();
    let out = lamtop::record::recorded(&line, 0, None);
    assert!(out.iter().filter(|c| **c == b'\n').count() <= 1);
    if (begins_like_a_value(&line) || !is_line(&line)) && serde_json::from_slice::<serde_json::Value>(&line).is_err() {
        return;
    }
    assert_eq!(shared::records(&out, 0, 0, means), shared::records(&line, 0, 0, means));
});
