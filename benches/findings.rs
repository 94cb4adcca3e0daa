//! What the diagnosis costs: 1,000 functions, each tick of 10 s judged while it is new. Prints the
//! time a tick takes; 500 ms would be 5 % of a core. `cargo bench --bench findings`
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use lamtop::clock::Clock;
use lamtop::findings::{ALL, TICK_MS, Watch};
use lamtop::model::{FactSink, FunctionId, Texts, Timestamp};
use lamtop::store::{Budget, Store};
use support::{BASE, tell};

const FUNCTIONS: u32 = 1_000;
/// Of all functions together, a second.
const RATE: i64 = 100;
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
            tell(store, FUNCTIONS, seq, at);
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
