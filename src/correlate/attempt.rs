//! Which attempt an invocation is: an asynchronous event keeps its request id over its retries.

use super::Correlator;
use crate::model::{RequestId, Timestamp};

/// A generation of failed request ids; two are kept, so retries are told for at least this many.
const FAILED_IDS: usize = 100_000;

/// When the failures of a request id were known, by attempt. Lambda tries three times.
pub(super) type Failed = [Timestamp; 4];

impl Correlator {
    /// The number of the attempt that began, as was known then: one more than those that failed.
    pub(super) fn attempt(&self, id: RequestId, known: Timestamp) -> u8 {
        let failed = |of: &Failed| of.iter().rposition(|at| *at <= known).map_or(0, |at| at as u8 + 1);
        self.failed.iter().filter_map(|ids| ids.get(&id)).map(failed).max().unwrap_or(0) + 1
    }

    /// Only what failed comes again under its id (retries of function errors, `formats.md` 10).
    pub(super) fn remember_failed(&mut self, id: RequestId, attempt: u8, known: Timestamp) {
        if self.failed[0].len() >= FAILED_IDS {
            self.failed[1] = std::mem::take(&mut self.failed[0]);
        }
        let failed = self.failed[0].entry(id).or_insert([Timestamp::NEVER; 4]);
        let attempt = usize::from(attempt.max(1)).min(failed.len());
        failed[attempt - 1] = failed[attempt - 1].min(known);
    }
}
