//! From a log line to the invocation it belongs to, or to its trace.

use crate::model::Origin;
use crate::query::view::TraceOf;
use crate::query::{Owner, OwnerRequest, Unowned};
use crate::ui::keymap::ViewKind;

use super::logs::LogView;
use super::state::{Effect, UiState};

/// A line whose invocation was asked for, and has not been told yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owning {
    id: u64,
    line: Origin,
    leads: Leads,
}

/// What is to be opened then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leads {
    /// The page of the invocation.
    Invocation,
    /// Its trace.
    Trace,
}

impl Leads {
    fn word(self) -> &'static str {
        match self {
            Self::Invocation => "invocation",
            Self::Trace => "trace",
        }
    }
}

impl UiState {
    /// Asks for the invocation of the line that is read; it opens when it is told.
    pub(super) fn ask_owner(&mut self, leads: Leads) -> Vec<Effect> {
        let as_of = self.status.as_of;
        let Some(logs) = &mut self.logs else { return Vec::new() };
        // It must be the same line to which one comes back.
        logs.set_follow(false);
        let Some(row) = logs.selected() else { return self.say("no line is selected") };
        if row.bad.is_some() {
            return self.say(format!("no {} for this line: it could not be read", leads.word()));
        }
        let (line, request) = (row.origin, OwnerRequest::of(row, as_of));
        let id = self.asked.next_id();
        self.owning = Some(Owning { id, line, leads });
        vec![Effect::AskOwner { id, request }]
    }

    /// Opens what was asked for, if the line is still read; else nobody waits for it any more.
    pub(super) fn take_owner(&mut self, id: u64, answer: Result<Box<Owner>, Unowned>) {
        let Some(owning) = self.owning.take_if(|owning| owning.id == id) else { return };
        let reads = self.logs.as_ref().and_then(LogView::selected).map(|row| row.origin);
        if self.view() != ViewKind::Logs || reads != Some(owning.line) {
            return;
        }
        let Owner { name, row } = match answer {
            Ok(owner) => *owner,
            Err(why) => {
                self.say(format!("no {} for this line: {}", owning.leads.word(), why.words()));
                return;
            }
        };
        match owning.leads {
            Leads::Trace => self.open_trace(match row.trace {
                Some(id) => TraceOf::Id(id),
                None => TraceOf::Request { function: Some(name), request_id: row.request_id },
            }),
            Leads::Invocation => {
                self.show_invocation(&row, name);
                if let Some(board) = &mut self.invocation {
                    board.lines = LogView::at(board.lines.scope.clone(), owning.line);
                }
            }
        }
    }
}
