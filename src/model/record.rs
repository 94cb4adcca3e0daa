//! What was read: chunks of bytes and the records in them, borrowed, before anything is concluded.

use super::{
    CallRecord, DeliveryRecord, Micros, SegmentDocument, SettingRecord, SourceId, Statistics, Timestamp,
};

/// Text as it was read, where it lies in the chunk, or in the chunk's arena where it had to be
/// unescaped. Not proven to be UTF-8: that is looked at where a text is kept, once a name instead of
/// once a record.
pub type Text<'a> = &'a [u8];

/// Whole frames (`frame`: mostly lines, with their line ends) of one source, at most about 256 KiB,
/// where there is no longer frame among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Which source.
    pub source: SourceId,
    /// Where in the source the first byte lies (of the inflated bytes for compressed ones).
    pub offset: u64,
    /// When the bytes came; `None` where they were there before we looked (a capture, a backlog).
    pub arrived: Option<Timestamp>,
    /// The frames. The last one lacks its line end only when the source ended there.
    pub bytes: Vec<u8>,
    /// Bytes of an over-long frame that were cut out after its head, which ends this chunk.
    pub cut: u64,
}

/// Where a record's bytes lie: evidence can always be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The source.
    pub source: SourceId,
    /// Offset of its first byte.
    pub offset: u64,
    /// Length in bytes.
    pub len: u32,
}

/// One record: what its container says of it, and what it is. Records go from thread to thread by
/// the million, so they are small: what only some have lies beside the chunk (`decode::Arena`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record<'a> {
    /// Group, stream, times, place.
    pub envelope: Envelope<'a>,
    /// What it is.
    pub body: Body<'a>,
}

/// What the container says of a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Envelope<'a> {
    /// The function's name, where group, stream, record or file name tell it.
    pub function: Option<Text<'a>>,
    /// The log stream: one execution environment.
    pub stream: Option<Text<'a>>,
    /// When it happened (the event's own time; never CloudWatch's ingestion time).
    pub time: Option<Timestamp>,
    /// When it arrived, if that is recorded or was observed.
    pub arrived: Option<Timestamp>,
    /// Where its bytes lie.
    pub origin: Origin,
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Body<'a> {
    /// Written by the Lambda platform.
    Platform(Platform<'a>),
    /// Written by the function, its runtime or an extension.
    Log(LogLine<'a>),
    /// A CloudWatch metric datum.
    Metric(&'a MetricRecord<'a>),
    /// An X-Ray segment or independent subsegment.
    Segment(&'a SegmentDocument),
    /// What a function or the account is set to.
    Setting(&'a SettingRecord),
    /// The end of an asynchronous event.
    Delivery(&'a DeliveryRecord),
    /// A request to run a function.
    Call(&'a CallRecord),
    /// Known, by this name, and nothing of it is kept.
    Other(&'static str),
    /// A line that belongs to the record before it in the same source; not a record of its own.
    Continuation(Continuation<'a>),
    /// What no decoder could read; kept, counted, shown.
    Bad(&'a Bad),
    /// A record of an event that its container names: it counts once, wherever it is read.
    Event(&'a Event<'a>),
    /// A record that a capture took from another source, and that needs the records before it there.
    Recorded(&'a Recorded<'a>),
}

/// What a log event with an id of its own holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event<'a> {
    /// Its id, as a hash: of two events nearly never the same.
    pub id: u64,
    /// What it is; its envelope is the record's.
    pub body: Body<'a>,
    /// More records in it: the metrics of a line.
    pub more: &'a [Record<'a>],
}

/// A record as it was read from another source than the capture that it lies in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recorded<'a> {
    /// What that source was called.
    pub source: Text<'a>,
    /// The record; its origin is in the capture.
    pub record: Record<'a>,
}

/// What a line that continues the record before it adds to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Continuation<'a> {
    /// `Traceback (most recent call last):` what came before was an unhandled error.
    Traceback,
    /// `File "/var/task/app.py", line 57, in handler`: a traceback's next frame, called by the one before.
    Frame(&'a Frame<'a>),
    /// `XRAY TraceId: …`: the trace of the REPORT before it.
    Xray(&'a TraceHeader<'a>),
    /// What looked like the beginning of a JSON value: text where it follows text, else a record that
    /// could not be read.
    Broken(&'a Broken<'a>),
    /// A time that stands on a line of its own, as the console's expanded rows have it when they are
    /// copied: the event's record follows. It is no text.
    Head,
    /// The console's button, copied along: what follows up to the next [`Continuation::Head`] is the
    /// message again.
    Copy,
    /// More text.
    Text,
}

/// The beginning of what is no JSON value, though it looked like one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Broken<'a> {
    /// Why it is none, for a person.
    pub reason: Text<'a>,
    /// Its first line.
    pub text: Text<'a>,
}

impl From<&Broken<'_>> for Bad {
    fn from(broken: &Broken<'_>) -> Self {
        Self::new(String::from_utf8_lossy(broken.reason).into_owned(), broken.text)
    }
}

/// A record that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// Why, for a person.
    pub reason: String,
    /// The first bytes of it, lossily decoded, at most 200 characters.
    pub excerpt: String,
}

impl Bad {
    /// A record of these bytes.
    pub fn new(reason: String, bytes: &[u8]) -> Self {
        let excerpt = String::from_utf8_lossy(&bytes[..bytes.len().min(800)]).chars().take(200).collect();
        Self { reason, excerpt }
    }
}

/// How an environment was initialised (`initializationType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum InitKind {
    /// Because a request needed it, or proactively.
    #[default]
    OnDemand,
    /// For provisioned concurrency: nobody waits.
    Provisioned,
    /// Restored from a snapshot.
    SnapStart,
    /// Lambda Managed Instances: several invocations at once.
    Managed,
}

/// In which phase an init ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum InitPhase {
    /// Before the first invocation.
    #[default]
    Init,
    /// Again, inside the invocation, after the first failed or took more than 10 s.
    Invoke,
}

/// The platform's word on how something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It ended well (or the handler threw: captures differ, `formats.md` 5.3).
    Success,
    /// The function failed.
    Error,
    /// The runtime or an extension crashed.
    Failure,
    /// The timeout was reached.
    Timeout,
}

/// The trace header of an invocation (`Root=…;Parent=…;Sampled=…`), read by name.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct TraceHeader<'a> {
    /// The trace id, `1-8hex-24hex`.
    pub root: Text<'a>,
    /// The segment above this function's.
    pub parent: Option<Text<'a>>,
    /// Whether X-Ray keeps it; `None` where it isn't said.
    pub sampled: Option<bool>,
}

/// A platform record, text or JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Platform<'a> {
    /// `INIT_START`, `RESTORE_START`, `platform.initStart`, `platform.restoreStart`.
    InitStart(&'a InitStart<'a>),
    /// `INIT_REPORT`, `RESTORE_REPORT`, `platform.initReport`, `platform.restoreReport`.
    InitReport(&'a InitReport<'a>),
    /// `START`, `platform.start`.
    Start(&'a Start<'a>),
    /// `platform.runtimeDone`.
    RuntimeDone(&'a RuntimeDone<'a>),
    /// `END`, `platform.end`.
    End {
        /// The invocation.
        id: Text<'a>,
    },
    /// `REPORT`, `platform.report`.
    Report(&'a Report<'a>),
    /// `… Task timed out after 3.00 seconds`, the platform's text line.
    TimedOut {
        /// The invocation.
        id: Text<'a>,
        /// The timeout.
        after: Micros,
    },
    /// `RequestId: … Error: Runtime exited with error: …` and its kin, `platform.fault`.
    Fault(&'a Fault<'a>),
    /// `platform.logsDropped`: from here on counts are lower bounds.
    Dropped {
        /// Records lost.
        records: u64,
        /// Bytes lost.
        bytes: u64,
    },
    /// Any other platform record, also of later AWS versions: kept and counted.
    Other,
}

/// The begin of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct InitStart<'a> {
    /// How it is initialised.
    pub kind: InitKind,
    /// In which phase.
    pub phase: InitPhase,
    /// `nodejs:20.v47`, …
    pub runtime_version: Option<Text<'a>>,
    /// Identifies the runtime; a new one without a deploy is AWS's own update.
    pub runtime_arn: Option<Text<'a>>,
    /// The function's version, where it is said.
    pub version: Option<Text<'a>>,
    /// The log stream, where the record itself names it (`instanceId`).
    pub instance: Option<Text<'a>>,
}

/// The end of an init.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InitReport<'a> {
    /// How long it took.
    pub duration: Option<Micros>,
    /// In which phase.
    pub phase: InitPhase,
    /// How it ended; absent means well.
    pub status: Option<Status>,
    /// The platform's or the runtime's name for the error.
    pub error_type: Option<Text<'a>>,
    /// Whether it was a restore from a snapshot.
    pub restore: bool,
}

/// The begin of an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Start<'a> {
    /// The request id.
    pub id: Text<'a>,
    /// `$LATEST` or a number.
    pub version: Option<Text<'a>>,
    /// Its trace header.
    pub trace: Option<&'a TraceHeader<'a>>,
}

/// What the platform says of how a runtime ended an invocation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RuntimeDone<'a> {
    /// The invocation.
    pub id: Text<'a>,
    /// How the runtime ended it.
    pub status: Option<Status>,
    /// The platform's name for the error.
    pub error_type: Option<Text<'a>>,
}

/// The platform's word that the process ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault<'a> {
    /// The invocation, where it is said.
    pub id: Option<Text<'a>>,
    /// `Runtime.ExitError`, …
    pub error_type: Option<Text<'a>>,
    /// Whether the process was killed by a signal (out of memory, mostly).
    pub killed: bool,
}

/// The end of an invocation. What the record does not print is `None`, never 0.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Report<'a> {
    /// The request id.
    pub id: Text<'a>,
    /// How long the handler and extensions ran.
    pub duration: Option<Micros>,
    /// Billed ms.
    pub billed_ms: Option<u32>,
    /// Configured memory in MB.
    pub memory_mb: Option<u32>,
    /// The environment's high-water mark in MB.
    pub max_memory_mb: Option<u32>,
    /// Init duration of a cold start.
    pub init: Option<Micros>,
    /// Restore duration of a SnapStart restore.
    pub restore: Option<Micros>,
    /// How it ended; text REPORT says only `timeout` and `error`.
    pub status: Option<Status>,
    /// `Runtime.ExitError`, …
    pub error_type: Option<Text<'a>>,
    /// Its trace.
    pub trace: Option<&'a TraceHeader<'a>>,
}

/// The level of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Level {
    /// No level, or none we know.
    #[default]
    Unknown,
    /// TRACE.
    Trace,
    /// DEBUG.
    Debug,
    /// INFO.
    Info,
    /// WARN, WARNING.
    Warn,
    /// ERROR.
    Error,
    /// FATAL, CRITICAL.
    Fatal,
}

impl Level {
    /// As loggers write it; `None` for no level.
    pub fn word(self) -> Option<&'static str> {
        Some(match self {
            Self::Unknown => return None,
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        })
    }
}

/// A line of the function, its runtime or an extension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogLine<'a> {
    /// Its level.
    pub level: Level,
    /// The invocation, where the line itself says it.
    pub id: Option<Text<'a>>,
    /// The runtime's own record of an unhandled error.
    pub error: Option<&'a RuntimeError<'a>>,
}

/// A runtime's own record of an error that the handler did not catch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RuntimeError<'a> {
    /// `KeyError`, `TypeError`, `Runtime.ImportModuleError`, …
    pub error_type: Text<'a>,
    /// What it says; empty where it says nothing.
    pub message: Text<'a>,
    /// Where it was thrown.
    pub frame: Option<Frame<'a>>,
    /// When it counts.
    pub counts: ErrorCounts,
}

/// A frame of a stack, without its position, which moves with every version. As it lies: an escape in
/// it stays one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The function; empty where it has no name.
    pub function: Text<'a>,
    /// The file, without its folders.
    pub file: Text<'a>,
    /// Whether it is neither the runtime's nor a library's.
    pub own: bool,
}

/// When a runtime's error record makes its invocation a failed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCounts {
    /// Nothing else looks like it.
    Always,
    /// Node.js writes a logged error object exactly like an unhandled one: it counts when no other
    /// line of the invocation follows it.
    IfLast,
    /// `[ERROR] Type: text` alone may be anybody's: it counts when a traceback follows.
    IfTraceback,
}

/// A metric's period, or an observation of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricRecord<'a> {
    /// `AWS/Lambda`, …
    pub namespace: Text<'a>,
    /// `Invocations`, …
    pub name: Text<'a>,
    /// `Milliseconds`, …; empty where none is told.
    pub unit: Text<'a>,
    /// The `FunctionName` dimension, or the function that observed it.
    pub function: Option<Text<'a>>,
    /// Whether it is the function's that the name of its file names.
    pub of_file: bool,
    /// The `Resource` dimension's qualifier (alias or version), or the whole of it.
    pub resource: Option<Text<'a>>,
    /// The dimensions beyond these two: `service=shop, stage=test`.
    pub dimensions: Text<'a>,
    /// Start of the period.
    pub start: Timestamp,
    /// Length of the period in ms.
    pub period_ms: u32,
    /// Of an observation when it was made; several in a period add up. A period that is told again
    /// replaces the former.
    pub observed: Option<Timestamp>,
    /// The statistics.
    pub statistics: Statistics,
    /// Of an observation of several values the values, and how many of each; they are what the
    /// statistics are of.
    pub values: &'a [(f64, f64)],
}
