//! Who called a function, and who was refused: CloudTrail's data events (`formats.md` 9.6), the only
//! input that names callers.

use std::sync::Arc;

use super::{FunctionId, Timestamp};

/// A request to run a function, as CloudTrail tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// The function.
    pub function: Arc<str>,
    /// The version or alias that was asked for.
    pub qualifier: Option<Arc<str>>,
    /// Who asked: the last part of an ARN, or a service.
    pub by: Arc<str>,
    /// Why it was refused, if it was: `TooManyRequestsException`, `AccessDenied`, …
    pub refused: Option<Arc<str>>,
    /// When.
    pub at: Timestamp,
    /// Stands for CloudTrail's id of the event, by which it counts once however often it is read.
    pub id: u64,
}

/// Whether a request was refused for want of concurrency, by the error's code. Others lack permission,
/// or ask for what isn't there.
pub fn is_throttle(refused: &str) -> bool {
    matches!(refused, "TooManyRequestsException" | "ThrottlingException" | "TooManyRequests")
}

/// The same of a known function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFact {
    /// The function.
    pub function: FunctionId,
    /// The version or alias that was asked for.
    pub qualifier: Option<Arc<str>>,
    /// Who asked.
    pub by: Arc<str>,
    /// Why it was refused, if it was.
    pub refused: Option<Arc<str>>,
    /// When.
    pub at: Timestamp,
    /// Stands for the event.
    pub id: u64,
    /// When that was known.
    pub known: Timestamp,
}
