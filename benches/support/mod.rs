//! Facts that are made here, for benches of what lives on them.
#![allow(dead_code)]

pub mod block;
pub mod documents;
pub mod logs;

use lamtop::model::{
    Change, Cold, End, EnvironmentId, FactSink, FunctionId, Invocation, Lines, Micros, NameId, Outcome,
    RequestId, SourceId, Timestamp,
};
use lamtop::store::Store;

/// Where time begins, ms.
pub const BASE: i64 = 1_795_420_800_000;

/// An invocation that begins so many ms after [`BASE`] and has ended. Of the functions most are called
/// now and then, a few all the time; one in 50 invocations fails or times out.
pub fn tell(store: &mut Store, functions: u32, seq: u64, at: i64) {
    let random = seq.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let function = match random % 4 {
        0 => random / 4 % u64::from(functions),
        _ => random / 4 % 20.min(u64::from(functions)),
    };
    let start = Timestamp(BASE + at);
    let outcome = match random / 7 % 100 {
        0 => Outcome::Error,
        1 => Outcome::Timeout,
        _ => Outcome::Ok,
    };
    let ms = if outcome == Outcome::Timeout { 3_000 } else { 20 + (random / 11 % 60) as u32 };
    let first = Invocation {
        seq,
        function: FunctionId(function as u32),
        environment: Some(EnvironmentId((random / 13 % 5) as u32 * functions + function as u32)),
        version: NameId(0),
        request_id: RequestId(u128::from(seq)),
        attempt: 1,
        start,
        start_known: start,
        start_estimated: false,
        cold: Cold::No,
        trace: None,
        lines: Lines { source: SourceId(0), from: seq * 100, to: seq * 100 + 100 },
        end: None,
    };
    let end = start.plus(i64::from(ms));
    let end = End {
        at: end,
        known: end,
        duration: Some(Micros(ms * 1_000)),
        billed_ms: None,
        memory_mb: None,
        max_memory_mb: None,
        init: None,
        restore: None,
        outcome,
        error: None,
    };
    store.invocation(&first, Change::Started);
    store.invocation(&Invocation { end: Some(end), ..first }, Change::Finished);
}
