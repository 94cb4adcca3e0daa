//! What several targets do with bytes.

use lamtop::decode::{self, Arena, Wanted};
use lamtop::model::{Change, Chunk, FactSink, FunctionId, Invocation, Record, SourceId};

/// Takes facts and does nothing with them.
struct Nobody;

impl FactSink for Nobody {
    fn function(&mut self, _: FunctionId, _: &str) {}
    fn invocation(&mut self, _: &Invocation, _: Change) {}
}

/// Decodes bytes as a chunk out of a file and hands its records on.
pub fn records<T>(bytes: &[u8], offset: u64, cut: u64, with: impl FnOnce(&[Record<'_>]) -> T) -> T {
    let chunk = Chunk { source: SourceId(0), offset, arrived: None, bytes: bytes.to_vec(), cut };
    let (arena, mut out) = (Arena::new(), Vec::new());
    decode::chunk(&chunk, Wanted::All, &arena, &mut out);
    with(&out)
}

/// All that a chunk's records say, each as text.
#[allow(dead_code)]
pub fn said(bytes: &[u8]) -> Vec<String> {
    records(bytes, 0, 0, |records| records.iter().map(|record| format!("{record:?}")).collect())
}

/// Records lie where they say, in order, and the correlator takes them; short cuts say what the walks say.
#[allow(dead_code)]
pub fn check(bytes: &[u8]) {
    let walked = decode::without_short_cuts(|| said(bytes));
    assert_eq!(said(bytes), walked, "a short cut says otherwise");
    records(bytes, 0, 0, |records| {
        for record in records {
            let origin = record.envelope.origin;
            assert!(origin.offset + u64::from(origin.len) <= bytes.len() as u64, "{origin:?} lies outside");
        }
        lamtop::correlate::Correlator::default().records(records, &mut Nobody);
    });
}
