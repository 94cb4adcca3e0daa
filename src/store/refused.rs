//! Requests that were refused, as CloudTrail tells of them: they never ran, so no log does.

use std::sync::Arc;

use crate::model::{CallFact, Timestamp, is_throttle};

use super::paged::Item;
use super::row::sane;

/// A refused request.
#[derive(Clone, Debug)]
pub struct Refused {
    at: Timestamp,
    id: u64,
    /// When it was known.
    pub known: Timestamp,
    /// Whether there was no concurrency left for it; else the caller may not, or asked for what is
    /// not there.
    pub throttled: bool,
    /// The error's code.
    pub code: Arc<str>,
    /// Who asked.
    pub by: Arc<str>,
}

impl Refused {
    /// A call, if it was refused.
    pub fn of(call: &CallFact) -> Option<Self> {
        let code = call.refused.clone()?;
        let throttled = is_throttle(&code);
        Some(Self { at: sane(call.at), id: call.id, known: call.known, throttled, code, by: call.by.clone() })
    }

    /// When it was asked for.
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

impl Item for Refused {
    type Key = (Timestamp, u64);
    type Summary = ();
    const PER_PAGE: usize = 64;

    fn key(&self) -> Self::Key {
        (self.at, self.id)
    }

    fn sum_up(&self, (): &mut ()) {}

    fn heap(&self) -> usize {
        self.code.len() + self.by.len() + 64
    }
}
