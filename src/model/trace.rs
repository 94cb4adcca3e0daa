//! X-Ray segments (`formats.md` 8).

use super::Timestamp;

/// error = 4xx, fault = 5xx, throttle = 429; several at once are possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub struct Flags {
    /// 4xx.
    pub error: bool,
    /// 5xx, or an exception.
    pub fault: bool,
    /// 429.
    pub throttle: bool,
}

impl Flags {
    /// Whether any is set.
    pub fn any(self) -> bool {
        self.error || self.fault || self.throttle
    }

    /// Those set in either.
    pub fn or(self, other: Self) -> Self {
        Self {
            error: self.error || other.error,
            fault: self.fault || other.fault,
            throttle: self.throttle || other.throttle,
        }
    }
}

/// A segment or subsegment. Times are microseconds since 1970 UTC: X-Ray prints seconds as a
/// decimal fraction, and a span of some µs must not vanish.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentNode {
    /// 16 hex digits, as printed.
    pub id: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Start in µs since 1970; `None` where it is missing or unreadable.
    pub start_us: Option<i64>,
    /// End in µs since 1970; `None` while in progress.
    pub end_us: Option<i64>,
    /// Not ended when this was written.
    pub in_progress: bool,
    /// Its marks.
    pub flags: Flags,
    /// `AWS::Lambda`, `AWS::Lambda::Function`, `AWS::DynamoDB::Table`, …
    pub origin: Option<Box<str>>,
    /// `aws` or `remote` (subsegments).
    pub namespace: Option<Box<str>>,
    /// Made by X-Ray from the caller's subsegment.
    pub inferred: bool,
    /// One line of detail: `POST https://… 502`, `Query table orders`.
    pub detail: Option<Box<str>>,
    /// The exception or its message, in one line.
    pub cause: Option<Box<str>>,
    /// `aws.request_id`: the invocation's, on a segment of origin `AWS::Lambda`.
    pub request_id: Option<Box<str>>,
    /// Nested subsegments.
    pub children: Vec<SegmentNode>,
}

/// One document: a segment, or a subsegment that was sent alone.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentDocument {
    /// The trace, as printed.
    pub trace_id: Box<str>,
    /// The segment above, in whichever document.
    pub parent_id: Option<Box<str>>,
    /// Whether it was sent as an independent subsegment.
    pub subsegment: bool,
    /// The function, of segments of origin `AWS::Lambda` and `AWS::Lambda::Function`.
    pub function: Option<Box<str>>,
    /// The tree.
    pub root: SegmentNode,
    /// When it was known: the latest end in it (its start where none), and where arrivals are
    /// recorded not before its own.
    pub known: Timestamp,
}
