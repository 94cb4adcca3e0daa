//! Log lines of a window looked at all together: how many, when, of which shapes. The question and
//! its answer; lines are read where they lie, so the room `lines` answers it.

use std::sync::Arc;

use super::filter::Filter;
use crate::model::{FunctionId, Graded, Level, Timestamp, Window};

/// Where a survey tells apart what was before and what is new.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Since {
    /// In the middle of the window.
    Middle,
    /// At this time.
    At(Timestamp),
}

/// What is asked, as of any time.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyOf {
    /// Length of the window that ends now, in ms.
    pub window_ms: i64,
    /// Lines of this function.
    pub function: Option<FunctionId>,
    /// Lines that match are counted apart.
    pub filter: Filter,
    /// Lines of this shape are; see [`Pattern::shape`].
    pub shape: Option<Arc<str>>,
    /// Of those the ones that hold this text are counted, unless it is empty.
    pub find: String,
    /// In how many parts of the window lines are counted.
    pub columns: usize,
    /// Whether lines are told apart by their shape, and since when one is new.
    pub patterns: Option<Since>,
    /// Whether what others must not see is masked in the texts of [`Pattern::newest`].
    pub mask: bool,
    /// Whether events are looked for that functions logged of their invocations.
    pub events: bool,
}

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyRequest {
    /// As of when.
    pub as_of: Timestamp,
    /// What is asked.
    pub of: SurveyOf,
}

/// Lines of a part of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineCount {
    /// All that match.
    pub lines: u32,
    /// Those of them that are errors: at level ERROR or above, or not to be read.
    pub errors: u32,
}

/// The answer. It rests on the newest lines of the window, up to a bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// The window.
    pub window: Window,
    /// The parts of the window in order.
    pub columns: Vec<LineCount>,
    /// Lines that were read, whether they match or not.
    pub lines: u64,
    /// Those that match.
    pub matching: u64,
    /// Those of them that are errors.
    pub errors: u64,
    /// Those of them that hold the text.
    pub found: u64,
    /// Lines of the window that were not read, about: of stretches that lie in it in part, or hold lines
    /// of other functions too, all.
    pub unread: u64,
    /// Where not all were read: all after this time were.
    pub read_after: Option<Timestamp>,
    /// What could not be read, in a sentence.
    pub note: Option<String>,
    /// The shapes, if they were asked for.
    pub patterns: Option<Patterns>,
    /// The events that were logged, if they were asked for.
    pub events: Option<LoggedEvents>,
}

/// What sent an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventSource {
    /// SQS.
    Sqs,
    /// S3.
    S3,
    /// SNS.
    Sns,
    /// Kinesis.
    Kinesis,
    /// A DynamoDB stream.
    DynamoDb,
    /// EventBridge, on a schedule.
    Schedule,
    /// EventBridge.
    EventBridge,
    /// Kafka, Amazon's or another.
    Kafka,
    /// Amazon MQ.
    Mq,
    /// Firehose.
    Firehose,
    /// A REST API of API Gateway.
    RestApi,
    /// An HTTP API of API Gateway.
    HttpApi,
    /// The function's own URL.
    FunctionUrl,
    /// An Application Load Balancer.
    LoadBalancer,
    /// A subscription of CloudWatch Logs.
    Logs,
    /// An alarm of CloudWatch.
    Alarm,
    /// The destination of another function's events.
    Destination,
}

impl EventSource {
    /// What it is called.
    pub fn words(self) -> &'static str {
        match self {
            Self::Sqs => "SQS",
            Self::S3 => "S3",
            Self::Sns => "SNS",
            Self::Kinesis => "Kinesis",
            Self::DynamoDb => "a DynamoDB stream",
            Self::Schedule => "an EventBridge schedule",
            Self::EventBridge => "EventBridge",
            Self::Kafka => "Kafka",
            Self::Mq => "Amazon MQ",
            Self::Firehose => "Firehose",
            Self::RestApi => "API Gateway (REST)",
            Self::HttpApi => "API Gateway (HTTP)",
            Self::FunctionUrl => "its function URL",
            Self::LoadBalancer => "a load balancer",
            Self::Logs => "CloudWatch Logs",
            Self::Alarm => "a CloudWatch alarm",
            Self::Destination => "a Lambda destination",
        }
    }
}

impl EventSource {
    /// What it sends several of at once; `None` of those that send one thing an event.
    pub fn things(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::S3 => ("object", "objects"),
            Self::Sqs => ("message", "messages"),
            Self::Sns => ("notification", "notifications"),
            Self::Kinesis | Self::DynamoDb => ("record", "records"),
            _ => return None,
        })
    }
}

/// Events that were logged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoggedEvents {
    /// By what sent them, those with the most events first.
    pub rows: Vec<LoggedEvent>,
}

/// Events of one source.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedEvent {
    /// What sent them.
    pub source: EventSource,
    /// Invocations that logged one.
    pub events: Graded<u64>,
    /// How long they had waited.
    pub lag: Option<Lag>,
    /// What was in them, of sources that send several things at once.
    pub batches: Option<Batches>,
    /// Where S3's objects lie: bucket and first folders, with how many of them, the most first.
    pub prefixes: Vec<(String, u64)>,
    /// Objects of further prefixes.
    pub of_other_prefixes: u64,
}

/// How many are in an event is told in these steps.
pub const BATCH_STEPS: [u32; 8] = [1, 2, 5, 10, 50, 100, 1_000, 10_000];

/// What was in events.
#[derive(Clone, Debug, PartialEq)]
pub struct Batches {
    /// Objects, messages or records in all.
    pub records: Graded<u64>,
    /// So many a minute of the time that was read.
    pub per_minute: Graded<f64>,
    /// How many in an event: the median.
    pub p50: Graded<u32>,
    /// The most.
    pub max: Graded<u32>,
    /// How many events had so many at least, and fewer than the next of [`BATCH_STEPS`]; those without any are
    /// not here.
    pub sizes: Vec<(u32, u64)>,
    /// Events of which a part was printed: how many were in them nobody knows, only that they were so many at
    /// least. They are in no row of the sizes.
    pub cut: u64,
}

/// How long events had waited when the first attempt at them began: START less the time of the earliest
/// of what is in an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lag {
    /// Of how many events that is known.
    pub events: u64,
    /// The median, in ms.
    pub p50_ms: i64,
    /// The longest, in ms.
    pub max_ms: Graded<i64>,
}

/// The shapes of the lines that match.
#[derive(Clone, Debug, PartialEq)]
pub struct Patterns {
    /// What was not there before this time is new.
    pub since: Timestamp,
    /// Whether lines before that time were read; else nothing is said to be new.
    pub judged: bool,
    /// New ones first, then those with errors, then those with the most lines; where there are too many,
    /// the first of them and of the others those with the most lines.
    pub rows: Vec<Pattern>,
    /// How many more shapes there are at least, and all their lines.
    pub rest: (u64, u64),
}

/// Lines of one shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// The message with what varies masked; its identity. As raw as a line is.
    pub shape: Arc<str>,
    /// The gravest level of its lines.
    pub level: Level,
    /// Whether they could not be read.
    pub bad: bool,
    /// Whether the platform wrote them.
    pub platform: bool,
    /// Whether there was none before [`Patterns::since`].
    pub new: bool,
    /// How many there are.
    pub lines: u64,
    /// The first of those that were read.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
    /// How many in each part of the window.
    pub columns: Vec<u32>,
    /// Whose the last one is.
    pub function: Option<Arc<str>>,
    /// Whether there are lines of other functions too.
    pub functions: bool,
    /// The last one's text, cut. Raw.
    pub newest: String,
    /// Whether there are lines of a private key among them, which only the lines around them tell. Then
    /// the shape too is nothing to be shown where secrets are masked.
    pub of_key: bool,
}

/// Where the text lies in a line, as byte ranges; capitals count only if the text has some.
pub fn find_all(line: &str, text: &str) -> Vec<std::ops::Range<usize>> {
    if text.is_empty() {
        return Vec::new();
    }
    if text.chars().any(char::is_uppercase) || !line.is_ascii() {
        return line.match_indices(text).map(|(at, found)| at..at + found.len()).collect();
    }
    let lower = line.to_ascii_lowercase();
    lower.match_indices(text).map(|(at, found)| at..at + found.len()).collect()
}
