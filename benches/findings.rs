//! What the diagnosis costs: 1,000 functions, each tick of 10 s judged while it is new. Prints the
//! time a tick takes; 500 ms would be 5 % of a core. `cargo bench --bench findings`
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use lamtop::clock::Clock;
use lamtop::findings::{ALL, TICK_MS, Watch};
use lamtop::model::{
    Change, Cold, End, FactSink, FunctionId, Invocation, Lines, Micros, NameId, Outcome, RequestId, SourceId,
    Texts, Timestamp,
};
use lamtop::store::{Budget, Store};

const FUNCTIONS: u32 = 1_000;
/// Of all functions together, a second.
const RATE: i64 = 100;
const BASE: i64 = 1_795_420_800_000;
/// Read before the first measured tick.
const BEFORE_MS: i64 = 70 * 60_000;
const TICKS: i64 = 60;

fn main() {
    let clock = Clock::wall();
    let mut store = Store::new(Budget { bytes: 1 << 30 });
    (0..FUNCTIONS).for_each(|id| store.function(FunctionId(id), &format!("fn-{id}")));
    let mut watch = Watch::new(ALL);
    let texts = Arc::new(Texts::default());
    let mut seq = 0;
    let mut fill = |store: &mut Store, from: i64, to: i64| {
        for at in (from + 1..to).step_by((1_000 / RATE) as usize) {
            seq += 1;
            tell(store, seq, at);
        }
    };
    fill(&mut store, 0, BEFORE_MS);
    // What came before is not measured.
    let start = Timestamp(BASE + BEFORE_MS);
    let mut snapshot = store.snapshot(texts.clone());
    let began = clock.steady_ms();
    let touched = store.take_touched();
    while watch.keep_up(&mut snapshot, touched, Some(start)) {}
    let ticks = BEFORE_MS / TICK_MS;
    println!("catching up: {:.2} ms a tick", (clock.steady_ms() - began) as f64 / ticks as f64);
    let mut spent = 0;
    for tick in 0..TICKS {
        let from = BEFORE_MS + tick * TICK_MS;
        fill(&mut store, from, from + TICK_MS);
        let touched = store.take_touched();
        let mut snapshot = store.snapshot(texts.clone());
        let began = clock.steady_ms();
        while watch.keep_up(&mut snapshot, touched, Some(Timestamp(BASE + from + TICK_MS))) {}
        spent += clock.steady_ms() - began;
    }
    let each = spent as f64 / TICKS as f64;
    println!("live: {each:.2} ms a tick, {:.2} % of a core", 100.0 * each / TICK_MS as f64);
}

/// Most functions are called now and then, a few all the time; one in 50 invocations fails or times out.
fn tell(store: &mut Store, seq: u64, at: i64) {
    let random = seq.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let function = match random % 4 {
        0 => random / 4 % u64::from(FUNCTIONS),
        _ => random / 4 % 20,
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
        environment: None,
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
        error_type: None,
    };
    store.invocation(&first, Change::Started);
    store.invocation(&Invocation { end: Some(end), ..first }, Change::Finished);
}
