//! One invocation: what is known of it, and its log lines.

use std::sync::Arc;

use crate::model::Timestamp;
use crate::query::filter::Filter;
use crate::query::view::{Block, InvocationRow};
use crate::query::{One, OneRequest};
use crate::ui::keymap::ViewKind;
use crate::ui::status::SessionStatus;
use crate::ui::view;

use super::function::{FunctionBoard, FunctionList};
use super::logs::{LogView, OneInvocation, Scope};
use super::state::{Effect, UiState};

/// Numbers repaint at most once in this time.
const NUMBERS_MS: u64 = 1_000;

/// One invocation.
#[derive(Clone, Debug)]
pub struct InvocationBoard {
    /// Which, as it was asked last.
    pub request: OneRequest,
    /// The function's name.
    pub name: Arc<str>,
    /// What is known of it.
    pub one: Option<Arc<One>>,
    /// Its log lines: all of them, whatever the filter.
    pub lines: LogView,
    /// When it was asked, on the steady clock; and the generation then.
    asked: Option<(u64, u64)>,
    pending: Option<u64>,
}

impl InvocationBoard {
    pub(super) fn new(row: &InvocationRow, name: Arc<str>) -> Self {
        Self {
            request: OneRequest { as_of: Timestamp::MIN, which: row.which(), seq: row.seq },
            lines: LogView::new(Scope::invocation(row, name.clone())),
            name,
            one: None,
            asked: None,
            pending: None,
        }
    }

    /// The invocation of a lane's block.
    pub(super) fn of_block(block: Block, name: Arc<str>) -> Self {
        let Block { which, seq, request_id, lines, .. } = block;
        let scope = Scope {
            function: Some((which.function, name.clone())),
            invocation: Some(OneInvocation { request_id, lines }),
            shape: None,
        };
        Self {
            request: OneRequest { as_of: Timestamp::MIN, which, seq },
            lines: LogView::new(scope),
            name,
            one: None,
            asked: None,
            pending: None,
        }
    }

    /// The invocation as it stands.
    pub fn row(&self) -> Option<&InvocationRow> {
        self.one.as_ref()?.row.as_ref()
    }

    fn changed(&self, status: &SessionStatus) -> bool {
        let asked = self.asked.map(|(_, generation)| (self.request.as_of, generation));
        asked != Some((status.as_of, status.generation))
    }

    /// When time alone makes a question due, on the steady clock.
    pub(super) fn due_at(&self, status: &SessionStatus) -> Option<u64> {
        let (at, _) = self.asked.filter(|_| self.pending.is_none() && self.changed(status))?;
        Some(at + NUMBERS_MS)
    }

    pub(super) fn ask(
        &mut self,
        id: u64,
        status: &SessionStatus,
        urgent: bool,
        at: u64,
    ) -> Option<OneRequest> {
        let due = self.asked.is_none() || self.due_at(status).is_some_and(|due| due <= at);
        if !(due || urgent && self.changed(status)) {
            return None;
        }
        self.request.as_of = status.as_of;
        (self.asked, self.pending) = (Some((at, status.generation)), Some(id));
        Some(self.request)
    }

    pub(super) fn take(&mut self, id: u64, one: Arc<One>) {
        if self.pending != Some(id) {
            return;
        }
        self.pending = None;
        // One that went on has more lines.
        let lines = one.row.as_ref().map(|row| row.lines);
        let shown = self.lines.scope.invocation.as_ref().map(|of| of.lines);
        if let Some(row) = one.row.as_ref().filter(|_| lines != shown) {
            self.lines.widen(Scope::invocation(row, self.name.clone()));
        }
        self.one = Some(one);
    }
}

impl UiState {
    pub(super) fn show_invocation(&mut self, row: &InvocationRow, name: Arc<str>) {
        self.invocation = Some(InvocationBoard::new(row, name));
        self.push(ViewKind::Invocation);
    }

    /// Opens what is selected in the list of invocations.
    pub(super) fn open_listed(&mut self) -> Vec<Effect> {
        let Some(listed) = self.invocations.selected() else { return self.say("no invocation is selected") };
        let (row, name) = (listed.row.clone(), listed.name.clone());
        self.show_invocation(&row, name);
        Vec::new()
    }

    /// The invocation on which keys act.
    pub(super) fn chosen_invocation(&self) -> Option<(InvocationRow, Arc<str>)> {
        match (self.view(), &self.function, &self.invocation) {
            (ViewKind::Invocations, ..) => {
                self.invocations.selected().map(|listed| (listed.row.clone(), listed.name.clone()))
            }
            (ViewKind::Invocation, _, Some(one)) => Some((one.row()?.clone(), one.name.clone())),
            (ViewKind::Function, Some(function), _) if function.list == FunctionList::Invocations => {
                Some((function.invocation(function.index())?.clone(), function.name.clone()))
            }
            _ => None,
        }
    }

    /// Opens all lines of the chosen invocation.
    pub(super) fn open_lines_of_chosen(&mut self) -> Vec<Effect> {
        let Some((row, name)) = self.chosen_invocation() else {
            return self.say("no invocation is selected");
        };
        self.open_logs(Scope::invocation(&row, name));
        Vec::new()
    }

    /// Opens the function of the chosen invocation.
    pub(super) fn open_function_of_chosen(&mut self) -> Vec<Effect> {
        let Some((row, name)) = self.chosen_invocation() else {
            return self.say("no invocation is selected");
        };
        self.function = Some(FunctionBoard::new(row.function, name));
        self.push(ViewKind::Function);
        Vec::new()
    }

    /// The next invocation of the same request, or the one before.
    pub(super) fn next_attempt(&mut self, forward: bool) -> Vec<Effect> {
        let Some(board) = &self.invocation else { return Vec::new() };
        let Some(one) = &board.one else { return Vec::new() };
        let at = one.attempts.iter().position(|row| row.which() == board.request.which);
        let next = at.and_then(|at| if forward { at.checked_add(1) } else { at.checked_sub(1) });
        let (next, name) = (next.and_then(|at| one.attempts.get(at)).cloned(), board.name.clone());
        match next {
            Some(row) => {
                self.invocation = Some(InvocationBoard::new(&row, name));
                Vec::new()
            }
            None if one.attempts.len() < 2 => self.say("this is the only attempt of its request"),
            None if forward => self.say("this is the last attempt of its request"),
            None => self.say("this is the first attempt of its request"),
        }
    }

    pub(super) fn ask_one(&mut self, at: u64) -> Option<Effect> {
        if self.view() != ViewKind::Invocation {
            return None;
        }
        let (id, urgent) = (self.asked.next_id(), self.urgent);
        let request = self.invocation.as_mut()?.ask(id, &self.status, urgent, at)?;
        self.urgent = false;
        Some(Effect::AskOne { id, request })
    }

    pub(super) fn ask_its_lines(&mut self, at: u64) -> Option<Effect> {
        if self.view() != ViewKind::Invocation {
            return None;
        }
        let (id, height) = (self.asked.next_id(), view::list_height(self));
        let board = self.invocation.as_mut()?;
        let request = board.lines.ask(id, &self.status, (&Filter::default(), self.masked), height, at)?;
        Some(Effect::AskLines { id, request })
    }

    pub(super) fn take_one(&mut self, id: u64, one: Arc<One>) {
        if let Some(board) = &mut self.invocation {
            board.take(id, one);
        }
    }

    /// The log lines on screen.
    pub(in crate::ui) fn lines_here(&self) -> Option<&LogView> {
        match self.view() {
            ViewKind::Logs => self.logs.as_ref(),
            ViewKind::Invocation => self.invocation.as_ref().map(|board| &board.lines),
            _ => None,
        }
    }

    pub(super) fn lines_mut(&mut self) -> Option<&mut LogView> {
        match self.view() {
            ViewKind::Logs => self.logs.as_mut(),
            ViewKind::Invocation => self.invocation.as_mut().map(|board| &mut board.lines),
            _ => None,
        }
    }
}
