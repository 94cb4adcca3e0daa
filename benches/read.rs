//! The speed of reading: decode, correlate, fold, each alone, on a capture that is made here.
//!
//!     cargo bench --bench read

mod support;

use divan::counter::{BytesCount, ItemsCount};
use lamtop::correlate::Correlator;
use lamtop::ingest::Batch;
use lamtop::model::{Change, Chunk, FactSink, FunctionId, Invocation, Timestamp, Window};
use lamtop::report::{Fold, Keys, TimeRule};
use lamtop::store::{Budget, Store};
use support::logs;

fn main() {
    divan::main();
}

/// How the lines of a capture are written.
#[derive(Clone, Copy, Debug)]
enum Written {
    /// Text records, wrapped as most writers do.
    Text,
    /// JSON records, wrapped as most writers do.
    Json,
    /// The same JSON records, their members in another order, with blanks: no short cut fits.
    Rewritten,
}

const ALL: [Written; 3] = [Written::Text, Written::Json, Written::Rewritten];
/// Invocations of a capture, of 40 functions in 200 environments, five lines each.
const INVOCATIONS: u64 = 2_000;

/// A capture as chunks of about 256 KiB.
fn capture(written: Written) -> Vec<Chunk> {
    let of = match written {
        Written::Text => logs::text,
        Written::Json | Written::Rewritten => logs::json,
    };
    logs::chunks(logs::lines(INVOCATIONS, of).iter().map(|line| match written {
        Written::Rewritten => format!(
            "{{ \"message\": {}, \"timestamp\": {}, \"logStream\": \"{}\", \"logGroup\": \"{}\" }}\n",
            logs::quoted(&line.message),
            line.at,
            line.stream,
            line.group()
        ),
        _ => logs::wrapped(line),
    }))
}

fn size(chunks: &[Chunk]) -> BytesCount {
    BytesCount::new(chunks.iter().map(|chunk| chunk.bytes.len()).sum::<usize>())
}

fn decoded(written: Written) -> Vec<Batch> {
    capture(written).into_iter().map(Batch::decode).collect()
}

/// Bytes to records.
#[divan::bench(args = ALL)]
fn decode(bencher: divan::Bencher<'_, '_>, written: Written) {
    let chunks = capture(written);
    bencher.counter(size(&chunks)).with_inputs(|| chunks.clone()).bench_values(|chunks| {
        chunks.into_iter().map(|chunk| Batch::decode(chunk).records().len()).sum::<usize>()
    });
}

/// Hears facts and does nothing.
struct Deaf;

impl FactSink for Deaf {
    fn function(&mut self, _id: FunctionId, _name: &str) {}
    fn invocation(&mut self, _invocation: &Invocation, _change: Change) {}
}

/// Tells a sink what the records mean.
fn tell<S: FactSink>(batches: &[Batch], mut sink: S) -> S {
    let mut correlator = Correlator::default();
    for batch in batches {
        correlator.records(batch.records(), &mut sink);
    }
    sink
}

fn lines(batches: &[Batch]) -> ItemsCount {
    ItemsCount::new(batches.iter().map(|batch| batch.records().len()).sum::<usize>())
}

/// Records to facts, which nobody hears.
#[divan::bench(args = ALL)]
fn correlate(bencher: divan::Bencher<'_, '_>, written: Written) {
    let batches = decoded(written);
    bencher.counter(lines(&batches)).bench_local(|| tell(&batches, Deaf));
}

/// Records to facts to a report's rows.
#[divan::bench(args = ALL)]
fn correlate_and_fold(bencher: divan::Bencher<'_, '_>, written: Written) {
    let batches = decoded(written);
    let keys = Keys { bucket_ms: Some(60_000), ..Keys::default() };
    let always = Window { from: Timestamp::MIN, to: Timestamp::NEVER };
    bencher
        .counter(lines(&batches))
        .bench_local(|| tell(&batches, Fold::new(keys, TimeRule::End, always)).rows(&[]).0.len());
}

/// Records to facts to the console's store.
#[divan::bench(args = ALL)]
fn correlate_and_store(bencher: divan::Bencher<'_, '_>, written: Written) {
    let batches = decoded(written);
    bencher
        .counter(lines(&batches))
        .bench_local(|| tell(&batches, Store::new(Budget { bytes: 64 << 20 })).generation());
}
