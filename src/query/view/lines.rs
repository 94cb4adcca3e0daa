//! Log lines: the question and its answer.

use std::sync::Arc;

use crate::model::{FunctionId, Level, Origin, SourceId, Timestamp};
use crate::query::filter::Filter;

/// A log line as read again from where it lies. Text is raw: sanitise before drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRow {
    /// Where it lies; also its identity.
    pub origin: Origin,
    /// When it happened.
    pub time: Option<Timestamp>,
    /// The function's name.
    pub function: Option<Arc<str>>,
    /// Its log stream.
    pub stream: Option<Arc<str>>,
    /// Its level.
    pub level: Level,
    /// Whether the platform wrote it.
    pub platform: bool,
    /// Whether it continues the record before it, whose time, function and request it has.
    pub more: bool,
    /// The request id, where the record says it.
    pub request_id: Option<String>,
    /// The message, unescaped once, without its final line end, lossily decoded; cut at 64 KiB.
    pub text: String,
    /// Bytes that were cut from `text`.
    pub cut: u64,
    /// Why it could not be read, of a bad record.
    pub bad: Option<String>,
}

/// Where log lines follow each other: a source, and the log stream in it.
pub type Stream = (SourceId, Option<Arc<str>>);

impl LogRow {
    /// The stream whose lines it follows.
    pub fn stream(&self) -> Stream {
        (self.origin.source, self.stream.clone())
    }
}

/// Which log lines are wanted. All conditions must hold; lines are ordered by time, and those of
/// the same time by where they lie. A line that continues a record follows it, and is asked as the
/// record is, but for texts.
///
/// Of a filter's terms `fn:` is asked of the line's function, `err` holds for a line at level ERROR
/// or FATAL, for the platform's word that an invocation failed, and for a line that could not be
/// read; a text is looked for in the line and in its function's name; `cold`, `status:` and `dur`
/// hold for the lines of invocations for which they hold as of the time asked.
#[derive(Clone, Debug, PartialEq)]
pub struct LinesRequest {
    /// Lines of this function.
    pub function: Option<FunctionId>,
    /// Lines of this invocation, in `range`: those that print this request id, and in a stream of
    /// one invocation at a time those between.
    pub request_id: Option<String>,
    /// Lines of this source from the first offset to before the second.
    pub range: Option<(SourceId, u64, u64)>,
    /// Lines that match.
    pub filter: Filter,
    /// Lines of this shape, as [`super::survey::Pattern::shape`] has it.
    pub shape: Option<Arc<str>>,
    /// The time as of which it is asked.
    pub as_of: Timestamp,
    /// Which of them.
    pub anchor: Anchor,
    /// At most this many; 0 asks only how many are `newer`.
    pub count: usize,
    /// Whether what others must not see is masked in the texts. Conditions are of what was read.
    pub mask: bool,
}

/// Which of the lines that fulfil the conditions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Anchor {
    /// The newest.
    Tail,
    /// The last ones before this line.
    Before(Origin),
    /// The first ones after this line.
    After(Origin),
    /// This line and the first ones after it.
    Line(Origin),
    /// The first ones at or after this time; [`Timestamp::MIN`] asks for the first of all.
    At(Timestamp),
}

/// Log lines, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct LinesAnswer {
    /// The lines.
    pub rows: Vec<LogRow>,
    /// No line that fulfils the conditions lies before the first of `rows`.
    pub at_start: bool,
    /// None lies after the last of `rows` as of now.
    pub at_end: bool,
    /// How many lines lie after the last of `rows`, as far as that is known; 0 with `at_end`.
    pub newer: u64,
    /// A sentence, where not everything could be read: a source that is gone, a search that
    /// stopped at its bound.
    pub note: Option<String>,
    /// Where a search stopped at its bound: no line between the anchor and this one fulfils the
    /// conditions but those of `rows`; asking on from here goes on with it.
    pub reached: Option<Origin>,
}
