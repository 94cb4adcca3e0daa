//! Invocations made by hand, for tests.

use std::sync::Arc;

use crate::model::{
    Change, Cold, End, FactSink, FunctionId, Invocation, Lines, Micros, NameId, Outcome, RequestId, SourceId,
    Texts, Timestamp,
};
use crate::store::{Budget, Snapshot, Store};

/// The one function.
pub const F: FunctionId = FunctionId(0);

/// An attempt: its start and length in seconds, its request, which attempt it is, whether it failed;
/// without a length it runs.
#[derive(Clone, Copy, Debug)]
pub struct Attempt(pub i64, pub Option<i64>, pub u128, pub u8, pub bool);

/// A store in which these attempts are.
pub fn store(attempts: &[Attempt]) -> Store {
    let mut store = Store::new(Budget { bytes: 1 << 24 });
    store.function(F, "f");
    for (seq, Attempt(start_s, length_s, request, attempt, failed)) in (0..).zip(attempts) {
        let start = Timestamp(start_s * 1_000);
        let mut invocation = Invocation {
            seq,
            function: F,
            environment: None,
            version: NameId(0),
            request_id: RequestId(*request),
            attempt: *attempt,
            start,
            start_known: start,
            start_estimated: false,
            cold: Cold::No,
            trace: None,
            lines: Lines { source: SourceId(0), from: seq * 100, to: seq * 100 + 90 },
            end: None,
        };
        store.invocation(&invocation, Change::Started);
        if let Some(length_s) = length_s {
            let at = start.plus(length_s * 1_000);
            invocation.end = Some(End {
                at,
                known: at,
                duration: Some(Micros::from_ms(*length_s as u64 * 1_000)),
                billed_ms: None,
                memory_mb: None,
                max_memory_mb: None,
                init: None,
                restore: None,
                outcome: if *failed { Outcome::Error } else { Outcome::Ok },
                error: None,
            });
            store.invocation(&invocation, Change::Finished);
        }
    }
    store
}

/// Its snapshot.
pub fn snapshot(store: &mut Store) -> Snapshot {
    store.snapshot(Arc::new(Texts::default()))
}
