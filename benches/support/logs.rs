//! Log lines of invocations that are made here, and chunks of what they are written in.

use lamtop::model::{Chunk, SourceId, Timestamp};

use super::BASE;

/// A log event: what its container knows of it, and its message.
pub struct Line {
    /// Its time in ms since 1970.
    pub at: i64,
    pub function: String,
    pub stream: String,
    pub message: String,
}

impl Line {
    pub fn group(&self) -> String {
        format!("/aws/lambda/{}", self.function)
    }
}

/// The lines of an invocation of one of so many functions, each in five environments.
pub fn of(n: u64, functions: u64, messages: Vec<(i64, String)>) -> impl Iterator<Item = Line> {
    messages.into_iter().map(move |(at, message)| Line {
        at,
        function: function(n, functions),
        stream: format!("2026/11/23/[$LATEST]{:08x}e72124f447107f37d417647f", n % (functions * 5)),
        message,
    })
}

/// Lines in the order of time, of so many invocations of 40 functions.
pub fn lines(invocations: u64, messages: fn(u64) -> Vec<(i64, String)>) -> Vec<Line> {
    let mut lines: Vec<Line> = (0..invocations).flat_map(|n| of(n, 40, messages(n))).collect();
    lines.sort_by_key(|line| line.at);
    lines
}

/// The name of an invocation's function.
pub fn function(n: u64, functions: u64) -> String {
    format!("checkout-api-{:03}", n % functions)
}

/// The request id of an invocation.
pub fn id(n: u64) -> String {
    format!("{:08x}-1f5e-4e0e-8d4b-0123456789ab", n.wrapping_mul(2_654_435_761) as u32)
}

/// When an invocation begins, and how long it takes, in ms.
pub fn times(n: u64) -> (i64, i64) {
    (BASE + n as i64 * 7, took(n))
}

pub fn took(n: u64) -> i64 {
    5 + (n * 37 % 400) as i64
}

pub fn time(at: i64) -> String {
    Timestamp(at).to_string()
}

pub fn said(k: u64) -> String {
    format!("cache hit key=item:{k:08x}:kilo ttl=35, loading from table xray")
}

/// The text messages of an invocation: three of the platform, two of the function.
pub fn text(n: u64) -> Vec<(i64, String)> {
    text_at(n, times(n).0)
}

/// The same of one that begins at another time.
pub fn text_at(n: u64, start: i64) -> Vec<(i64, String)> {
    let (id, took) = (id(n), took(n));
    let began = time(start);
    vec![
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
    ]
}

/// The JSON messages of an invocation: two of the platform, three of the function.
pub fn json(n: u64) -> Vec<(i64, String)> {
    let (id, (start, took)) = (id(n), times(n));
    let (began, ended) = (time(start), time(start + took));
    vec![
        (
            start,
            format!(
                r#"{{"time":"{began}","type":"platform.start","record":{{"requestId":"{id}","version":"$LATEST","tracing":{{"spanId":"4066c6e138b05ad0","type":"X-Amzn-Trace-Id","value":"Root=1-6b03f284-20caa38f36caa70a953310b4;Parent=8df535501bf909fd;Sampled=1"}}}}}}"#
            ),
        ),
        (
            start,
            format!(r#"{{"timestamp":"{began}","level":"INFO","message":"{}","requestId":"{id}"}}"#, said(n)),
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
    ]
}

/// A line as most writers wrap it.
pub fn wrapped(line: &Line) -> String {
    format!(
        "{{\"logGroup\":\"{}\",\"logStream\":\"{}\",\"timestamp\":{},\"message\":{}}}\n",
        line.group(),
        line.stream,
        line.at,
        quoted(&line.message)
    )
}

/// As a JSON string.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Frames as chunks of about 256 KiB.
pub fn chunks(frames: impl IntoIterator<Item = String>) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut offset = 0;
    for frame in frames {
        if chunks.last().is_none_or(|chunk| chunk.bytes.len() + frame.len() > 256 << 10) {
            let bytes = Vec::with_capacity(256 << 10);
            chunks.push(Chunk { source: SourceId(0), offset, arrived: None, bytes, cut: 0 });
        }
        offset += frame.len() as u64;
        if let Some(chunk) = chunks.last_mut() {
            chunk.bytes.extend_from_slice(frame.as_bytes());
        }
    }
    chunks
}
