//! Random captures of several sources, and the test's own reckoning of when each line was known.
#![allow(dead_code)]

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::sync::Arc;

use lamtop::correlate::Correlator;
use lamtop::decode;
use lamtop::model::{Chunk, SourceId, Timestamp};
use lamtop::store::{Budget, Snapshot, Store};
use proptest::prelude::*;

/// The beginning of all random times: a full hour.
pub const BASE: i64 = 1_795_420_800_000;
/// All random starts lie within about this long of it.
pub const SPAN: i64 = 30 * 60_000;
/// Instead of a metric's name: a refused call.
const REFUSED: &str = "refused";
/// Streams of a capture at most; times of stream n are n in 16, so that no two streams share one.
const STREAMS: usize = 7;
const AHEAD_MS: i64 = 15 * 60_000;

/// A line of a source.
#[derive(Clone)]
pub struct Line {
    pub chunk: Chunk,
    /// When it was known, as the test reckons it.
    pub known: i64,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(&self.chunk.bytes);
        write!(f, "{} known +{} {}", self.chunk.source.0, self.known - BASE, text.trim_end())
    }
}

/// Lines in the order in which they are read, and whose records a source's are.
#[derive(Clone, Debug)]
pub struct Capture {
    pub lines: Vec<Line>,
    pub hints: Vec<(u32, String)>,
}

impl Capture {
    /// The snapshot of what was known by a time.
    pub fn snapshot(&self, by: i64) -> Snapshot {
        let known = Self {
            lines: self.lines.iter().filter(|line| line.known <= by).cloned().collect(),
            ..self.clone()
        };
        let mut reader = Reader::new(&known);
        while reader.read(usize::MAX) {}
        reader.snapshot().0
    }

    /// The same sources, read in another order.
    pub fn read_by(&self, picks: &[u8]) -> Self {
        let mut sources: Vec<(u32, Vec<Line>)> = Vec::new();
        for line in &self.lines {
            let source = line.chunk.source.0;
            match sources.iter_mut().find(|(id, _)| *id == source) {
                Some((_, lines)) => lines.push(line.clone()),
                None => sources.push((source, vec![line.clone()])),
            }
        }
        sources.sort_by_key(|(source, _)| *source);
        let mut left: Vec<_> = sources.into_iter().map(|(_, lines)| lines.into_iter()).collect();
        let mut lines = Vec::with_capacity(self.lines.len());
        let mut picks = picks.iter().cycle();
        while !left.is_empty() {
            let pick = usize::from(*picks.next().unwrap_or(&0));
            let at = pick / 16 % left.len();
            lines.extend(left[at].by_ref().take(1 + pick % 16));
            left.retain(|lines| !lines.as_slice().is_empty());
        }
        Self { lines, ..self.clone() }
    }
}

/// Reads a capture piece by piece.
pub struct Reader<'a> {
    left: std::slice::Iter<'a, Line>,
    correlator: Correlator,
    store: Store,
}

impl<'a> Reader<'a> {
    pub fn new(capture: &'a Capture) -> Self {
        let mut correlator = Correlator::default();
        for (source, function) in &capture.hints {
            correlator.source(SourceId(*source), Some(function));
        }
        Self { left: capture.lines.iter(), correlator, store: Store::new(Budget { bytes: 64 << 20 }) }
    }

    /// Reads so many lines; says whether there are more.
    pub fn read(&mut self, lines: usize) -> bool {
        for line in self.left.by_ref().take(lines) {
            let (arena, mut records) = (decode::Arena::new(), Vec::new());
            decode::chunk(&line.chunk, decode::Wanted::All, &arena, &mut records);
            records.iter().for_each(|record| self.correlator.record(record, &mut self.store));
        }
        !self.left.as_slice().is_empty()
    }

    /// What is known by now, and the earliest time at which something was known that is new.
    pub fn snapshot(&mut self) -> (Snapshot, Timestamp) {
        let touched = self.store.take_touched();
        (self.store.snapshot(Arc::new(self.correlator.texts().clone())), touched)
    }
}

/// Where the lines of a stream lie.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Home {
    /// A wrapped capture of several streams, without arrivals.
    Wrapped(u32),
    /// The same with `"arrived"` in each line.
    Recorded(u32),
    /// What `aws logs tail --format detailed` printed, a file a stream.
    Tailed,
    /// The same while it is followed: chunks know when they came.
    Followed,
    /// JSON records without a container and a stream, a file a function.
    Bare,
}

/// How an invocation goes, and what is written of it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Well,
    Throws,
    LogsAnError,
    TimesOut,
    TimesOutAfterReport,
    Crashes,
    Killed,
    InitFails,
    ReportOnly,
    StartOnly,
    /// Its records come in another order.
    Shuffled,
    LogsDropped,
}

#[derive(Clone, Debug)]
struct Act {
    how: How,
    /// Before it begins, and how long it takes, in ms.
    gap: i64,
    took: i64,
    /// Its request id: the same few come again.
    id: u32,
    cold: bool,
    traced: bool,
    version: u32,
    /// How much later each of its records comes, in ms.
    lags: [i64; 4],
}

#[derive(Clone, Debug)]
struct Plan {
    function: u32,
    home: Home,
    json: bool,
    /// How far the clock of the stream is ahead, in ms.
    skew: i64,
    first: i64,
    acts: Vec<Act>,
}

#[derive(Clone, Debug)]
struct Metric {
    function: Option<u32>,
    name: &'static str,
    minute: i64,
    value: u32,
    /// How long after its end it comes; `None` where that is not recorded.
    late: Option<i64>,
    restated: Option<(i64, u32)>,
}

#[derive(Clone, Debug)]
struct Trace {
    id: u32,
    function: Option<u32>,
    start: i64,
    length: i64,
    parent: Option<u32>,
    fault: bool,
    late: Option<i64>,
}

/// A record as it is written.
struct Written {
    source: u32,
    /// What of the same is known one after the other.
    stream: Option<usize>,
    event: i64,
    arrived: Option<i64>,
    /// Its line, and lines that continue it.
    lines: Vec<String>,
    /// How much later those come, in ms.
    later: i64,
    /// The order in its source.
    order: i64,
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![
        8 => Just(How::Well),
        2 => Just(How::Throws),
        1 => Just(How::LogsAnError),
        2 => Just(How::TimesOut),
        2 => Just(How::TimesOutAfterReport),
        1 => Just(How::Crashes),
        1 => Just(How::Killed),
        1 => Just(How::InitFails),
        1 => Just(How::ReportOnly),
        1 => Just(How::StartOnly),
        2 => Just(How::Shuffled),
        1 => Just(How::LogsDropped),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let gap = prop_oneof![3 => 0i64..5_000, 3 => 0i64..120_000, 1 => Just(0)];
    let took = prop_oneof![5 => 1i64..2_000, 1 => 1i64..200_000];
    let lag = || prop_oneof![3 => Just(0i64), 2 => 0i64..5_000, 1 => 0i64..180_000];
    let lags = (lag(), lag(), lag(), lag()).prop_map(|(a, b, c, d)| [a, b, c, d]);
    let rest = (any::<bool>(), any::<bool>(), prop_oneof![5 => Just(0u32), 1 => 1u32..3], lags);
    (how(), gap, took, 0u32..12, rest).prop_map(|(how, gap, took, id, (cold, traced, version, lags))| Act {
        how,
        gap,
        took,
        id,
        cold,
        traced,
        version,
        lags,
    })
}

fn plan() -> impl Strategy<Value = Plan> {
    let home = prop_oneof![
        3 => (0u32..2).prop_map(Home::Wrapped),
        3 => (2u32..4).prop_map(Home::Recorded),
        2 => Just(Home::Tailed),
        2 => Just(Home::Followed),
        1 => Just(Home::Bare),
    ];
    let skew = prop_oneof![3 => Just(0i64), 2 => -300_000i64..300_000, 1 => 0i64..1_500_000];
    let acts = prop::collection::vec(act(), 0..14);
    (0u32..3, home, any::<bool>(), skew, 0..SPAN / 2, acts).prop_map(
        |(function, home, json, skew, first, acts)| Plan { function, home, json, skew, first, acts },
    )
}

fn metric() -> impl Strategy<Value = Metric> {
    let name = prop::sample::select(vec![
        "Invocations",
        "Errors",
        "Throttles",
        "ConcurrentExecutions",
        "Duration",
        "UnreservedConcurrentExecutions",
        REFUSED,
    ]);
    let late = prop::option::of(prop_oneof![2 => 0i64..90_000, 1 => 0i64..900_000]);
    let restated = prop::option::weighted(0.3, (0i64..900_000, 0u32..50));
    (prop::option::weighted(0.8, 0u32..4), name, 0..SPAN / 60_000, 0u32..50, late, restated).prop_map(
        |(function, name, minute, value, late, restated)| Metric {
            function,
            name,
            minute,
            value,
            late,
            restated,
        },
    )
}

fn trace() -> impl Strategy<Value = Trace> {
    let late = prop::option::of(0i64..120_000);
    let what = (0u32..5, prop::option::of(0u32..4), prop::option::of(0u32..6), any::<bool>());
    (what, 0..SPAN, 1i64..60_000, late).prop_map(|((id, function, parent, fault), start, length, late)| {
        Trace { id, function, start, length, parent, fault, late }
    })
}

/// Random captures. Where `once` is set, no request id comes again in another source.
pub fn captures(once: bool) -> impl Strategy<Value = Capture> {
    let plans = prop::collection::vec(plan(), 1..STREAMS);
    let metrics = prop::collection::vec(metric(), 0..25);
    let traces = prop::collection::vec(trace(), 0..8);
    (plans, metrics, traces, prop::collection::vec(any::<u8>(), 1..40)).prop_map(
        move |(plans, metrics, traces, picks)| {
            let mut written = Vec::new();
            let mut hints = Vec::new();
            for (number, plan) in plans.iter().enumerate() {
                let source = match plan.home {
                    Home::Wrapped(source) | Home::Recorded(source) => source,
                    Home::Bare => 10 + plan.function,
                    Home::Tailed | Home::Followed => 20 + number as u32,
                };
                hints.push((source, format!("fn-{}", plan.function)));
                let mut pen = Pen { plan, number, source, once, time: 0, written: &mut written };
                pen.write();
            }
            metrics.iter().for_each(|metric| metric.write(&mut written));
            traces.iter().enumerate().for_each(|(at, trace)| trace.write(at, &mut written));
            written.sort_by_key(|record| (record.source, record.order));
            let lines = known_lines(&written);
            hints.retain(|(source, _)| *source >= 10);
            Capture { lines, hints }.read_by(&picks)
        },
    )
}

/// Writes what happens in a stream.
struct Pen<'a> {
    plan: &'a Plan,
    number: usize,
    source: u32,
    once: bool,
    time: i64,
    written: &'a mut Vec<Written>,
}

impl Pen<'_> {
    fn write(&mut self) {
        self.time = self.plan.first;
        for act in &self.plan.acts {
            self.time += act.gap;
            let from = self.written.len();
            self.act(act);
            if act.how == How::Shuffled {
                let orders: Vec<i64> = self.written[from..].iter().map(|record| record.order).collect();
                let new = orders.iter().rev();
                self.written[from..].iter_mut().zip(new).for_each(|(record, order)| record.order = *order);
            }
            self.time += act.took + 1;
        }
    }

    fn id(&self, act: &Act) -> String {
        let own = if self.once { self.source } else { 0 };
        format!("{:08x}-0000-4000-8000-{:012x}", self.plan.function, u64::from(own) << 16 | u64::from(act.id))
    }

    fn root(&self, act: &Act) -> String {
        format!("1-5f5e1000-{:024x}", u64::from(act.id) << 8 | self.number as u64)
    }

    fn act(&mut self, act: &Act) {
        let (id, root) = (self.id(act), self.root(act));
        let version = if act.version == 0 { "$LATEST".to_string() } else { act.version.to_string() };
        let end = self.time + act.took;
        let failed_init = act.how == How::InitFails;
        if act.cold || failed_init {
            let init = self.time - 5;
            self.platform(
                act,
                0,
                init,
                "INIT_START Runtime Version: python:3.12.v1",
                "initStart",
                "\"initializationType\":\"on-demand\",\"phase\":\"init\"",
            );
            if failed_init {
                self.platform(
                    act,
                    0,
                    init + 1,
                    "INIT_REPORT Init Duration: 1.00 ms\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError",
                    "initReport",
                    "\"phase\":\"init\",\"status\":\"error\",\"errorType\":\"Runtime.ImportModuleError\"",
                );
            }
        }
        if act.how != How::ReportOnly {
            let traced =
                format!(",\"tracing\":{{\"value\":\"Root={root};Parent=53995c3f42cd8ad8;Sampled=1\"}}");
            let traced = if act.traced { &traced } else { "" };
            self.platform(
                act,
                1,
                self.time,
                &format!("START RequestId: {id} Version: {version}"),
                "start",
                &format!("\"requestId\":\"{id}\",\"version\":\"{version}\"{traced}"),
            );
        }
        match act.how {
            How::Throws => {
                let text = "[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 7\n";
                let json = format!(
                    "{{\"timestamp\":\"T\",\"log_level\":\"ERROR\",\"errorMessage\":\"x\",\"errorType\":\"KeyError\",\"requestId\":\"{id}\",\"stackTrace\":[]}}"
                );
                self.log(act, end - 1, text, &json);
            }
            How::LogsAnError => {
                let text =
                    format!("[ERROR]\t2026-11-23T08:00:00.000Z\t{id}\tREPORT RequestId: {id} Task timed out");
                let json = format!(
                    "{{\"timestamp\":\"T\",\"level\":\"ERROR\",\"requestId\":\"{id}\",\"message\":\"AccessDenied\"}}"
                );
                self.log(act, end - 1, &text, &json);
            }
            How::TimesOut => self.timed_out(act, end, &id),
            How::Crashes | How::Killed => {
                let killed = if act.how == How::Killed { "signal: killed" } else { "exit status 1" };
                let text =
                    format!("RequestId: {id} Error: Runtime exited with error: {killed}\nRuntime.ExitError");
                self.log(act, end, &text, &text);
            }
            How::LogsDropped => {
                let members = "\"droppedRecords\":3,\"droppedBytes\":99,\"reason\":\"x\"";
                self.platform(act, 1, end, "a line", "logsDropped", members);
            }
            _ => {}
        }
        if act.how != How::StartOnly {
            self.report(act, end, &id, &root);
        }
        if act.how == How::TimesOutAfterReport {
            self.timed_out(act, end + 1, &id);
        }
    }

    fn timed_out(&mut self, act: &Act, time: i64, id: &str) {
        let text = format!(
            "2026-11-23T08:00:00.000Z {id} Task timed out after {}.00 seconds",
            (act.took / 1_000).max(1)
        );
        self.log(act, time, &text, &text);
    }

    fn report(&mut self, act: &Act, time: i64, id: &str, root: &str) {
        let (ms, memory) = (act.took, 60 + act.id * 6);
        let init = if act.cold { "\tInit Duration: 100.00 ms" } else { "" };
        let xray = format!("\nXRAY TraceId: {root}\tSegmentId: 53995c3f42cd8ad8\tSampled: true");
        let xray = if act.traced { &xray } else { "" };
        let text = format!(
            "REPORT RequestId: {id}\tDuration: {ms}.00 ms\tBilled Duration: {ms} ms\tMemory Size: 128 MB\tMax Memory Used: {memory} MB{init}\t{xray}"
        );
        let status = match act.how {
            How::Throws => "\"status\":\"error\",\"errorType\":\"KeyError\",",
            How::Crashes | How::Killed => "\"status\":\"failure\",\"errorType\":\"Runtime.ExitError\",",
            How::InitFails => "\"status\":\"error\",\"errorType\":\"Runtime.ImportModuleError\",",
            How::TimesOut => "\"status\":\"timeout\",",
            _ => "\"status\":\"success\",",
        };
        let init = if act.cold { ",\"initDurationMs\":100.0" } else { "" };
        let json = format!(
            "\"requestId\":\"{id}\",{status}\"metrics\":{{\"durationMs\":{ms}.0,\"billedDurationMs\":{ms},\"memorySizeMB\":128,\"maxMemoryUsedMB\":{memory}{init}}}"
        );
        self.platform(act, 2, time, &text, "report", &json);
    }

    /// A platform record as text, or as JSON.
    fn platform(&mut self, act: &Act, lag: usize, time: i64, text: &str, kind: &str, members: &str) {
        let json = self.plan.json || self.plan.home == Home::Bare;
        let said = match json {
            true => {
                let at = self.printed(time);
                format!(
                    "{{\"time\":\"{}\",\"type\":\"platform.{kind}\",\"record\":{{{members}}}}}",
                    Timestamp(at)
                )
            }
            false => text.to_string(),
        };
        self.put(act, lag, time, &said);
    }

    /// A line of the function or its runtime.
    fn log(&mut self, act: &Act, time: i64, text: &str, json: &str) {
        let json_only = self.plan.home == Home::Bare;
        if json_only && !json.starts_with('{') {
            return;
        }
        let said = if self.plan.json || json_only { json } else { text };
        let said = said.replace("\"T\"", &format!("\"{}\"", Timestamp(self.printed(time))));
        self.put(act, 3, time, &said);
    }

    /// A time as the stream's clock prints it.
    fn printed(&self, time: i64) -> i64 {
        BASE + time.div_euclid(16) * 16 + self.plan.skew.div_euclid(16) * 16 + self.number as i64
    }

    fn put(&mut self, act: &Act, lag: usize, time: i64, said: &str) {
        let event = self.printed(time);
        let came = BASE + time + act.lags[lag];
        let function = self.plan.function;
        let stream = format!("2026/11/23/[$LATEST]{:032x}", self.number + 1);
        let arrived = matches!(self.plan.home, Home::Recorded(_) | Home::Followed).then_some(came);
        let lines = match self.plan.home {
            Home::Wrapped(_) | Home::Recorded(_) => {
                let mut line = format!(
                    "{{\"logGroup\":\"/aws/lambda/fn-{function}\",\"logStream\":\"{stream}\",\"timestamp\":{event}"
                );
                if let Home::Recorded(_) = self.plan.home {
                    let _ = write!(line, ",\"arrived\":{came}");
                }
                let _ = write!(line, ",\"message\":{}}}", serde_json::Value::from(said));
                vec![line]
            }
            Home::Tailed | Home::Followed => {
                let mut lines: Vec<String> = said.trim_end().split('\n').map(str::to_string).collect();
                lines[0] = format!("{} {stream} {}", Timestamp(event), lines[0]);
                lines
            }
            Home::Bare => vec![said.to_string()],
        };
        let (source, stream) = (
            self.source,
            Some(match self.plan.home {
                Home::Bare => 100,
                _ => self.number,
            }),
        );
        let order = if arrived.is_some() { came } else { BASE + time + act.lags[lag] / 60 };
        self.written.push(Written { source, stream, event, arrived, lines, later: act.lags[3], order });
    }
}

impl Metric {
    /// A call that CloudTrail tells of: the file comes late, and says when the call was made.
    fn write_refused(&self, written: &mut Vec<Written>) {
        let event = BASE + self.minute * 60_000 + i64::from(self.value) * 1_000;
        let code = if self.value.is_multiple_of(3) { "AccessDenied" } else { "TooManyRequestsException" };
        let (at, function) = (Timestamp(event).to_string(), self.function.unwrap_or_default());
        let line = format!(
            "{{\"Records\":[{{\"eventVersion\":\"1.09\",\"eventSource\":\"lambda.amazonaws.com\",\"eventName\":\"Invoke\",\"eventTime\":\"{at}\",\"eventCategory\":\"Data\",\"errorCode\":\"{code}\",\"eventID\":\"{}\",\"resources\":[{{\"ARN\":\"arn:aws:lambda:us-east-1:1:function:fn-{function}\"}}]}}]}}",
            self.value
        );
        let mut put = |arrived: Option<i64>| {
            let source = if arrived.is_some() { 4 } else { 5 };
            written.push(Written {
                source,
                stream: None,
                event,
                arrived,
                lines: vec![match arrived {
                    Some(at) => format!(
                        "{{\"arrived\":{at},\"source\":\"trail\",\"raw\":{}}}",
                        serde_json::Value::from(line.as_str())
                    ),
                    None => line.clone(),
                }],
                later: 0,
                order: arrived.unwrap_or(event),
            });
        };
        put(self.late.map(|late| event + late));
        if self.restated.is_some() {
            put(self.late.map(|late| event + late));
        }
    }

    fn write(&self, written: &mut Vec<Written>) {
        if self.name == REFUSED {
            return self.write_refused(written);
        }
        let dimensions = self.function.map_or(String::new(), |f| format!("\"FunctionName\":\"fn-{f}\""));
        let start = BASE + self.minute * 60_000;
        let mut put = |value: u32, late: Option<i64>| {
            let arrived = late.map(|late| start + 60_000 + late);
            let noted = arrived.map_or(String::new(), |at| format!(",\"arrived\":{at}"));
            let name = self.name;
            let line = format!(
                "{{\"metric_stream_name\":\"s\",\"namespace\":\"AWS/Lambda\",\"metric_name\":\"{name}\",\"dimensions\":{{{dimensions}}},\"timestamp\":{start},\"value\":{{\"sum\":{value},\"count\":{value},\"max\":{value}}}{noted}}}"
            );
            let source = if arrived.is_some() { 4 } else { 5 };
            let order = arrived.unwrap_or(start + 60_000);
            written.push(Written {
                source,
                stream: None,
                event: start + 60_000,
                arrived,
                lines: vec![line],
                later: 0,
                order,
            });
        };
        put(self.value, self.late);
        if let Some((later, value)) = self.restated {
            put(value, self.late.map(|late| late + later));
        }
    }
}

impl Trace {
    /// Told when it begins, and again when it has ended.
    fn write(&self, number: usize, written: &mut Vec<Written>) {
        let (start, end) = (BASE + self.start, BASE + self.start + self.length);
        for done in [false, true] {
            let event = if done { end } else { start };
            let arrived = self.late.map(|late| event + late);
            let seconds = |ms: i64| format!("{}.{:03}", ms / 1_000, ms % 1_000);
            let (id, fault) = (self.id, done && self.fault);
            let mut line = format!(
                "{{\"trace_id\":\"1-5f5e1000-{:024x}\",\"id\":\"{number:016x}\",\"name\":\"segment {number}\",\"start_time\":{}",
                id << 8,
                seconds(start)
            );
            let _ = match done {
                true => write!(line, ",\"end_time\":{},\"fault\":{fault}", seconds(end)),
                false => write!(line, ",\"in_progress\":true"),
            };
            if let Some(function) = self.function {
                let _ = write!(
                    line,
                    ",\"origin\":\"AWS::Lambda\",\"resource_arn\":\"arn:aws:lambda:us-east-1:1:function:fn-{function}\""
                );
            }
            if let Some(parent) = self.parent {
                let _ = write!(line, ",\"parent_id\":\"{parent:016x}\"");
            }
            if let Some(at) = arrived {
                let _ = write!(line, ",\"arrived\":{at}");
            }
            line.push('}');
            let source = if arrived.is_some() { 6 } else { 7 };
            let order = arrived.unwrap_or(event);
            written.push(Written {
                source,
                stream: None,
                event,
                arrived,
                lines: vec![line],
                later: 0,
                order,
            });
        }
    }
}

/// The lines of all sources with their offsets, and when each was known: at its arrival, or its own
/// time where that is ahead of it (15 min at most) or no arrival is recorded, and not before what
/// stands before it in its stream.
fn known_lines(written: &[Written]) -> Vec<Line> {
    let mut known_in: HashMap<(u32, usize), i64> = HashMap::new();
    let mut offsets: HashMap<u32, u64> = HashMap::new();
    let mut out = Vec::new();
    for record in written {
        for (number, line) in record.lines.iter().enumerate() {
            let later = if number > 0 { record.later } else { 0 };
            let arrived = record.arrived.map(|at| at + later);
            let own = arrived.map_or(record.event, |at| at.max(record.event.min(at + AHEAD_MS)));
            let mut known = own;
            if let Some(stream) = record.stream {
                let before = known_in.get(&(record.source, stream)).copied().unwrap_or(i64::MIN);
                known = own.max(before.min(own + AHEAD_MS));
                known_in.insert((record.source, stream), known);
            }
            let offset = offsets.entry(record.source).or_default();
            let bytes = format!("{line}\n").into_bytes();
            let followed = record.source >= 20;
            let arrived = arrived.filter(|_| followed).map(Timestamp);
            let next = *offset + bytes.len() as u64;
            let chunk = Chunk { source: SourceId(record.source), offset: *offset, arrived, bytes, cut: 0 };
            *offset = next;
            out.push(Line { chunk, known });
        }
    }
    out
}
