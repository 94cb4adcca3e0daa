//! What the correlator concludes, and who wants to hear it.

use super::{
    Bad, CallFact, DeliveryFact, EnvironmentId, ErrorId, Errors, FunctionId, Ids, InitKind, Invocation,
    Level, MetricPoint, NameId, Names, Origin, OtherId, OtherMetric, OtherPoint, Outcome, SegmentDocument,
    SettingFact, Timestamp, TraceId,
};

/// What happened to an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its START was read. `end` is `None`.
    Started,
    /// Its REPORT was read, or it can't report any more. `end` is set. A REPORT without START
    /// gives `Finished` alone, without a `Started` before it.
    Finished,
    /// A later record corrected how it ended (a "timed out" line after its REPORT, a REPORT after
    /// it was given up). Start, function and seq are as before.
    Amended {
        /// What was said before.
        was: Outcome,
        /// When the correction was known.
        known: Timestamp,
    },
}

/// An execution environment as it is known so far; told again whenever something changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvironmentInfo {
    /// Its id.
    pub id: EnvironmentId,
    /// The function.
    pub function: FunctionId,
    /// The log stream's name.
    pub stream: NameId,
    /// The function's version.
    pub version: Option<NameId>,
    /// When its init began, if that was seen.
    pub init_start: Option<Timestamp>,
    /// How it was initialised.
    pub kind: InitKind,
    /// The runtime's version.
    pub runtime: Option<NameId>,
    /// Its first record.
    pub first: Timestamp,
    /// When this was known.
    pub known: Timestamp,
}

/// A line that belongs to a function: enough to count it and to find it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineFact {
    /// The function, where it is known.
    pub function: Option<FunctionId>,
    /// When it happened, where that is known.
    pub time: Option<Timestamp>,
    /// When it was known.
    pub known: Timestamp,
    /// Its level; of platform records `Unknown`.
    pub level: Level,
    /// Where it lies.
    pub origin: Origin,
}

/// Hears facts in the order in which they are concluded. The store keeps them; a report folds
/// them straight into its buckets. Methods with a body are for what a sink may not care about.
pub trait FactSink {
    /// A function seen for the first time; ids count up from 0.
    fn function(&mut self, id: FunctionId, name: &str);
    /// Something happened to an invocation.
    fn invocation(&mut self, invocation: &Invocation, change: Change);
    /// A metric's period. The same period told again replaces the former.
    fn metric(&mut self, _point: &MetricPoint) {}
    /// A series of a metric that is only kept, new; ids count up from 0.
    fn other_metric(&mut self, _id: OtherId, _metric: &OtherMetric) {}
    /// A point of such a series.
    fn other_point(&mut self, _point: &OtherPoint) {}
    /// A point of a series beyond those that are kept, of this function if of one.
    fn other_refused(&mut self, _function: Option<FunctionId>, _known: Timestamp) {}
    /// A segment document, when it was known, and where its bytes lie.
    fn segment(
        &mut self,
        _trace: TraceId,
        _function: Option<FunctionId>,
        _known: Timestamp,
        _document: &SegmentDocument,
        _origin: Origin,
    ) {
    }
    /// What a function or the account is set to.
    fn setting(&mut self, _fact: SettingFact) {}
    /// A request to run a function.
    fn call(&mut self, _fact: &CallFact) {}
    /// The end of an asynchronous event.
    fn delivery(&mut self, _fact: DeliveryFact) {}
    /// An environment, new or better known.
    fn environment(&mut self, _info: &EnvironmentInfo) {}
    /// A line.
    fn line(&mut self, _line: &LineFact) {}
    /// Records that the platform says were lost before they reached any log.
    fn dropped(&mut self, _function: Option<FunctionId>, _known: Timestamp, _records: u64) {}
    /// A record that could not be read.
    fn bad(&mut self, _origin: Origin, _known: Option<Timestamp>, _bad: &Bad) {}
}

/// The texts behind packed ids and interned names, as far as they are known.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// Request and trace ids.
    pub ids: Ids,
    /// Versions, error types, streams.
    pub names: Names,
    /// Errors.
    pub errors: Errors,
}

impl Texts {
    /// How many texts are kept; it only grows, so the same number means the same texts.
    pub fn len(&self) -> usize {
        self.ids.len() + self.names.len() + self.errors.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of an error.
    pub fn error_type(&self, error: ErrorId) -> Option<&str> {
        Some(self.names.get(self.errors.get(error)?.error_type))
    }

    /// All that an error says: its type, its frame and its message, the last two empty where nothing
    /// tells.
    pub fn error_texts(&self, error: ErrorId) -> Option<[&str; 3]> {
        let text = self.errors.get(error)?;
        Some([self.names.get(text.error_type), &text.frame, &text.message])
    }
}
