//! The speed of reading: decode, correlate, fold, each alone, on a capture that is made here.
//!
//!     cargo bench --bench read

use divan::counter::{BytesCount, ItemsCount};
use lamtop::correlate::Correlator;
use lamtop::ingest::Batch;
use lamtop::model::{Change, Chunk, FactSink, FunctionId, Invocation, SourceId, Timestamp, Window};
use lamtop::report::{Fold, Keys, TimeRule};
use lamtop::store::{Budget, Store};

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

/// The lines of one invocation: its time in ms after the first, and its message.
fn messages(n: u64, written: Written) -> Vec<(u64, String)> {
    let id = format!("{:08x}-1f5e-4e0e-8d4b-0123456789ab", n.wrapping_mul(2_654_435_761) as u32);
    let (start, took) = (n * 7, 5 + n * 37 % 400);
    let time = |ms: u64| Timestamp(1_795_420_800_000 + ms as i64).to_string();
    let (began, ended) = (time(start), time(start + took));
    let said = |k: u64| format!("cache hit key=item:{k:08x}:kilo ttl=35, loading from table xray");
    match written {
        Written::Text => vec![
            (start, format!("START RequestId: {id} Version: $LATEST\n")),
            (start, format!("{began}\t{id}\tINFO\t{}\n", said(n))),
            (start, format!("[WARNING]\t{began}\t{id}\t{}\n", said(n + 1))),
            (start + took, format!("END RequestId: {id}\n")),
            (
                start + took,
                format!(
                    "REPORT RequestId: {id}\tDuration: {took}.25 ms\tBilled Duration: {} ms\tMemory Size: 512 MB\tMax Memory Used: 137 MB\t\n",
                    took + 1
                ),
            ),
        ],
        Written::Json | Written::Rewritten => vec![
            (
                start,
                format!(
                    r#"{{"time":"{began}","type":"platform.start","record":{{"requestId":"{id}","version":"$LATEST","tracing":{{"spanId":"4066c6e138b05ad0","type":"X-Amzn-Trace-Id","value":"Root=1-6b03f284-20caa38f36caa70a953310b4;Parent=8df535501bf909fd;Sampled=1"}}}}}}"#
                ),
            ),
            (
                start,
                format!(
                    r#"{{"timestamp":"{began}","level":"INFO","message":"{}","requestId":"{id}"}}"#,
                    said(n)
                ),
            ),
            (
                start,
                format!(
                    r#"{{"timestamp":"{began}","level":"WARN","requestId":"{id}","message":"{}"}}"#,
                    said(n + 1)
                ),
            ),
            (
                start,
                format!(
                    r#"{{"level":"INFO","message":"{}","timestamp":"{began}","function_request_id":"{id}"}}"#,
                    said(n + 2)
                ),
            ),
            (
                start + took,
                format!(
                    r#"{{"time":"{ended}","type":"platform.report","record":{{"requestId":"{id}","metrics":{{"durationMs":{took}.25,"billedDurationMs":{},"memorySizeMB":512,"maxMemoryUsedMB":137}},"status":"success"}}}}"#,
                    took + 1
                ),
            ),
        ],
    }
}

/// A capture as chunks of about 256 KiB.
fn capture(written: Written) -> Vec<Chunk> {
    let mut lines: Vec<(u64, String)> = Vec::new();
    for n in 0..INVOCATIONS {
        let (function, stream) = (n % 40, n % 200);
        for (ms, message) in messages(n, written) {
            let quoted = serde_json::Value::from(message).to_string();
            let group = format!("\"/aws/lambda/checkout-api-{function:03}\"");
            let stream = format!("\"2026/11/23/[$LATEST]{stream:08x}e72124f447107f37d417647f\"");
            let at = 1_795_420_800_000 + ms;
            lines.push((
                ms,
                match written {
                    Written::Rewritten => format!(
                        "{{ \"message\": {quoted}, \"timestamp\": {at}, \"logStream\": {stream}, \"logGroup\": {group} }}\n"
                    ),
                    _ => format!(
                        "{{\"logGroup\":{group},\"logStream\":{stream},\"timestamp\":{at},\"message\":{quoted}}}\n"
                    ),
                },
            ));
        }
    }
    lines.sort_by_key(|(ms, _)| *ms);
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut offset = 0;
    for (_, line) in lines {
        if chunks.last().is_none_or(|chunk| chunk.bytes.len() + line.len() > 256 << 10) {
            let bytes = Vec::with_capacity(256 << 10);
            chunks.push(Chunk { source: SourceId(0), offset, arrived: None, bytes, cut: 0 });
        }
        offset += line.len() as u64;
        if let Some(chunk) = chunks.last_mut() {
            chunk.bytes.extend_from_slice(line.as_bytes());
        }
    }
    chunks
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
