//! The sample incident, compiled in.

use super::Begin;
use crate::model::Timestamp;
use crate::source::Input;
use crate::ui::status::Speed;

/// The capture's files.
const PARTS: [(&str, &[u8]); 3] = [
    ("incident.ndjson.gz", include_bytes!("../../sample-logs/incident.ndjson.gz")),
    ("metrics.ndjson.gz", include_bytes!("../../sample-logs/metrics.ndjson.gz")),
    ("segments.ndjson.gz", include_bytes!("../../sample-logs/segments.ndjson.gz")),
];
/// What is in it.
const TRUTH: &str = include_str!("../../sample-logs/truth.json");
/// The demo begins so long before the first trouble, in ms.
const BEFORE_MS: i64 = 2 * 60_000;

/// How fast it is replayed.
pub const SPEED: Speed = Speed::Times(60);

/// Its files.
pub fn inputs() -> Vec<Input> {
    PARTS.iter().map(|(name, bytes)| Input::Memory { name, bytes }).collect()
}

/// Two minutes before the first trouble, which the capture's own notes tell.
pub fn begin() -> Begin {
    let notes: serde_json::Value = serde_json::from_str(TRUTH).unwrap_or_default();
    match notes["first_trouble"].as_i64() {
        Some(trouble) => Begin::At(Timestamp(trouble - BEFORE_MS)),
        None => Begin::After(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_before_the_first_trouble() {
        assert_eq!(begin(), Begin::At(Timestamp(1_795_424_710_030 - BEFORE_MS)));
    }
}
