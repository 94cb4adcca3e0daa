//! How asynchronous events ended: the records that Lambda sends to destinations, and the messages
//! it leaves on dead-letter queues (`formats.md` 9.7).

use std::sync::Arc;

use super::{FunctionId, RequestId, Timestamp};

/// The end of an asynchronous event as a record tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// The function, where the record names it.
    pub function: Option<Arc<str>>,
    /// The request id, which all its attempts have.
    pub request_id: Box<str>,
    /// `Success`, `RetriesExhausted`, `EventAgeExceeded`, …; of a dead letter `DeadLetter`.
    pub condition: Arc<str>,
    /// Attempts that were made; `None` where that is not told.
    pub attempts: Option<u32>,
    /// The error's type, or its message where no type is told.
    pub error: Option<Arc<str>>,
    /// When that was written.
    pub at: Option<Timestamp>,
}

/// The end of an asynchronous event. It joins the invocations by their request id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryFact {
    /// The function, where it is known.
    pub function: Option<FunctionId>,
    /// The request id, which all its attempts have.
    pub request_id: RequestId,
    /// `Success`, `RetriesExhausted`, `EventAgeExceeded`, …; of a dead letter `DeadLetter`.
    pub condition: Arc<str>,
    /// Attempts that were made; `None` where that is not told.
    pub attempts: Option<u32>,
    /// The error's type, or its message where no type is told.
    pub error: Option<Arc<str>>,
    /// When that was known; `MIN` where nothing tells.
    pub known: Timestamp,
}
