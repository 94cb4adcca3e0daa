//! An invocation: one START and its REPORT.

use super::{EnvironmentId, ErrorId, FunctionId, Micros, NameId, RequestId, SourceId, Timestamp, TraceId};

/// How an invocation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Ended well.
    Ok,
    /// The handler threw.
    Error,
    /// The timeout was reached: its duration is censored.
    Timeout,
    /// The platform killed it for memory.
    OutOfMemory,
    /// The process ended.
    Exit,
    /// The code failed while it was loaded.
    InitError,
    /// It began and never ended, and its stream went on: it will not end any more.
    Unfinished,
}

impl Outcome {
    /// What ended an invocation, by the error type that the platform gives it; `None` where that names
    /// an error of the code (`formats.md` 3.3).
    pub fn of_error_type(error_type: &[u8]) -> Option<Self> {
        Some(match error_type {
            b"Sandbox.Timedout" => Self::Timeout,
            b"Runtime.ExitError" | b"Extension.Crash" | b"Extension.ExitError" | b"Runtime.NodeJsExit" => {
                Self::Exit
            }
            other if other.ends_with(b"OutOfMemory") => Self::OutOfMemory,
            _ => return None,
        })
    }

    /// Whether Lambda counts it in Errors. An unfinished one is never an error by itself.
    pub fn failed(self) -> bool {
        !matches!(self, Self::Ok | Self::Unfinished)
    }

    /// The word of the machine's side (`report --list invocations`).
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "oom",
            Self::Exit => "exit",
            Self::InitError => "init-error",
            Self::Unfinished => "unfinished",
        }
    }
}

/// Whether a caller waited for the init of a cold start (`operators.md` 1.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Waited {
    /// START followed the init at once: at most 1 s.
    Caller,
    /// The init had ended more than 1 s before, or nobody asked for it.
    Nobody,
    /// No INIT_START was seen.
    Unknown,
}

/// Whether an invocation is its environment's first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Cold {
    /// No init record belongs to it.
    #[default]
    No,
    /// It is the first after an init or a restore.
    Yes(Waited),
}

impl Cold {
    /// Whether an init record belongs to it.
    pub fn is_cold(self) -> bool {
        self != Self::No
    }
}

/// Where an invocation's lines lie: from its first record to its last, other lines between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lines {
    /// The source.
    pub source: SourceId,
    /// Offset of the first record's first byte.
    pub from: u64,
    /// Offset after the last record's last byte.
    pub to: u64,
}

/// What is known when an invocation has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The REPORT record's time; of an unfinished one the time by which it had ended.
    pub at: Timestamp,
    /// When that was known (`design.md`, idea 1).
    pub known: Timestamp,
    /// Duration; `None` if it never reported.
    pub duration: Option<Micros>,
    /// Billed ms as printed.
    pub billed_ms: Option<u32>,
    /// Configured memory in MB.
    pub memory_mb: Option<u32>,
    /// High-water mark of the environment in MB.
    pub max_memory_mb: Option<u32>,
    /// Init duration.
    pub init: Option<Micros>,
    /// Restore duration.
    pub restore: Option<Micros>,
    /// How it ended.
    pub outcome: Outcome,
    /// What it failed with.
    pub error: Option<ErrorId>,
}

/// One invocation: one START (or a REPORT without one), keyed by it, since an asynchronous event
/// keeps its request id over its retries (`formats.md` 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Its number in the order of reading; unique. What is read again has another.
    pub seq: u64,
    /// The function.
    pub function: FunctionId,
    /// The environment; `None` where records come without a stream.
    pub environment: Option<EnvironmentId>,
    /// The function's version.
    pub version: NameId,
    /// The request id.
    pub request_id: RequestId,
    /// 1, and more for a repetition of the same request id.
    pub attempt: u8,
    /// When it began.
    pub start: Timestamp,
    /// When that was known.
    pub start_known: Timestamp,
    /// Whether the start was computed from REPORT alone.
    pub start_estimated: bool,
    /// Whether it is a cold start. Who waited is known with the end.
    pub cold: Cold,
    /// Its trace.
    pub trace: Option<TraceId>,
    /// Its lines.
    pub lines: Lines,
    /// Its end, once known.
    pub end: Option<End>,
}
