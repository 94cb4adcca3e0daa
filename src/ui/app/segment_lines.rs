//! The log lines of the run that the selected segment is in: read when it is selected, shown below the
//! waterfall in place.

use crate::query::filter::Filter;
use crate::ui::keymap::ViewKind;
use crate::ui::view;

use super::logs::{LogView, OneInvocation, Scope};
use super::state::{Effect, UiState};
use super::trace::TraceBoard;

impl TraceBoard {
    /// Whose lines are the selected segment's; `None` where it is in no run that was read.
    pub(super) fn scope(&self) -> Option<Scope> {
        let of = self.invocation(self.selected()?.row())?;
        let invocation = OneInvocation { request_id: of.request_id.clone(), lines: of.lines };
        Some(Scope {
            function: Some((of.function, of.name.clone())),
            invocation: Some(invocation),
            shape: None,
        })
    }

    /// Lets go of lines of another run. Segments of one run share theirs, so that moving among them reads
    /// nothing.
    fn keep_lines(&mut self) {
        let Some(scope) = self.scope() else {
            self.lines = None;
            return;
        };
        match &mut self.lines {
            Some(lines) if lines.scope == scope => {}
            // A run that went on has more lines.
            Some(lines) => lines.widen(scope),
            None => self.lines = Some(LogView::new(scope)),
        }
    }
}

impl UiState {
    pub(super) fn ask_segment_lines(&mut self, at: u64) -> Option<Effect> {
        if self.view() != ViewKind::Trace {
            return None;
        }
        let height = view::list_height(self);
        let (id, masked) = (self.asked.next_id(), self.masked);
        let trace = self.trace_path.last_mut()?;
        trace.keep_lines();
        let request =
            trace.lines.as_mut()?.ask(id, &self.status, (&Filter::default(), masked), height, at)?;
        Some(Effect::AskLines { id, request })
    }
}
