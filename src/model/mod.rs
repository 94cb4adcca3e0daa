//! The nouns: what the world of Lambda consists of, without input, output or a clock.
//!
//! Everything else speaks in these types. Times are [`Timestamp`] (ms UTC), durations [`Micros`],
//! ids are packed ([`RequestId`], [`TraceId`]) or interned ([`Names`]). A number that a person will
//! read is a [`Graded`]: it can't be taken without its grade.

mod call;
mod delivery;
mod error;
mod fact;
mod finding;
mod graded;
mod hint;
mod id;
mod invocation;
mod metric;
mod record;
mod setting;
mod time;
mod trace;

pub use call::{CallFact, CallRecord, is_throttle};
pub use delivery::{DeliveryFact, DeliveryRecord};
pub use error::{ErrorId, ErrorText, Errors};
pub use fact::{Change, EnvironmentInfo, FactSink, LineFact, Texts};
pub use finding::{
    Basis, Certainty, Claim, Code, Evidence, Finding, FindingChange, FindingLog, Kind as FindingKind,
    Severity, Size as FindingSize, Standing as ClaimStanding, Verdict, Worse,
};
pub use graded::{Grade, Graded, Why};
pub use hint::{function_of_file, stream_of_folder};
pub use id::{EnvironmentId, FunctionId, Ids, NameId, Names, RequestId, SourceId, TraceId, stream_version};
pub use invocation::{Cold, End, Invocation, Lines, Outcome, Waited};
pub use metric::{MetricName, MetricPoint, OtherId, OtherMetric, OtherPoint, Statistics};
pub use record::{
    Bad, Body, Broken, Chunk, Continuation, Envelope, ErrorCounts, Event, Fault, Frame, InitKind, InitPhase,
    InitReport, InitStart, Level, LogLine, MetricRecord, Origin, Platform, Record, Recorded, Report,
    RuntimeDone, RuntimeError, Start, Status, Text, TraceHeader,
};
pub use setting::{Grant, Provisioned, Setting, SettingFact, SettingRecord, Trigger, When, Whose};
pub use time::{Micros, Timestamp, Window};
pub use trace::{Flags, SegmentDocument, SegmentNode};
