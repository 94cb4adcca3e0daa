//! Whose lines the log view shows.

use std::sync::Arc;

use crate::model::{FunctionId, SourceId, Timestamp};
use crate::query::filter::Filter;
use crate::query::view::{Anchor, InvocationRow, LinesRequest};

/// Whose lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// Of this function, with its name.
    pub function: Option<(FunctionId, Arc<str>)>,
    /// Of this invocation.
    pub invocation: Option<OneInvocation>,
    /// Of this shape.
    pub shape: Option<Arc<str>>,
}

/// The lines of one invocation.
#[derive(Clone, Debug, PartialEq)]
pub struct OneInvocation {
    /// Its request id.
    pub request_id: String,
    /// Where its lines lie.
    pub lines: (SourceId, u64, u64),
}

impl Scope {
    /// The lines of a function.
    pub fn function(id: FunctionId, name: Arc<str>) -> Self {
        Self { function: Some((id, name)), ..Self::default() }
    }

    /// The lines of an invocation.
    pub fn invocation(row: &InvocationRow, name: Arc<str>) -> Self {
        let invocation = OneInvocation { request_id: row.request_id.clone(), lines: row.lines };
        Self { function: Some((row.function, name)), invocation: Some(invocation), shape: None }
    }
}

impl Scope {
    /// The question for its lines; which of them is still open.
    pub(in crate::ui::app) fn request(&self, filter: Filter, as_of: Timestamp) -> LinesRequest {
        LinesRequest {
            function: self.function.as_ref().map(|(id, _)| *id),
            request_id: self.invocation.as_ref().map(|one| one.request_id.clone()),
            range: self.invocation.as_ref().map(|one| one.lines),
            filter,
            shape: self.shape.clone(),
            as_of,
            anchor: Anchor::Tail,
            count: 0,
            mask: false,
        }
    }
}
