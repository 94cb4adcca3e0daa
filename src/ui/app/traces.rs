//! The traces: as a list, as a map of services, as one tree; which one is opened, and what is asked
//! for them.

use std::sync::Arc;

use crate::model::{FunctionId, Timestamp, TraceId};
use crate::query::view::{
    CallTree, Fold, TraceLine, TraceList, TraceOf, TraceOrder, TraceScope, TracesAnswer, TracesRequest,
    TracesWhat,
};
use crate::ui::keymap::ViewKind;
use crate::ui::view;

use super::function::FunctionList;
use super::list::{ListState, Move};
use super::logs::find_all;
use super::owner::Leads;
use super::state::{Effect, FREEZE_MS, UiState};
use super::trace::TraceBoard;

/// How the traces are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Shape {
    /// A row each.
    #[default]
    List,
    /// Services and who calls them.
    Map,
    /// Folded by the path of calls.
    Tree,
}

impl Shape {
    fn next(self) -> Self {
        match self {
            Self::List => Self::Map,
            Self::Map => Self::Tree,
            Self::Tree => Self::List,
        }
    }
}

/// The orders of the list, as their columns stand.
pub const TRACE_ORDERS: [TraceOrder; 4] =
    [TraceOrder::Newest, TraceOrder::Slowest, TraceOrder::Failed, TraceOrder::Largest];

/// The view of traces.
#[derive(Clone, Debug, Default)]
pub struct TracesBoard {
    /// Only those of this function.
    pub scope: Option<(FunctionId, Arc<str>)>,
    /// How they are shown.
    pub shape: Shape,
    /// The order of the list.
    pub order: TraceOrder,
    /// Whether it is turned round.
    pub reverse: bool,
    /// The list as last answered.
    pub answer: Option<Arc<TraceList>>,
    /// The selected trace.
    pub list: ListState<TraceId>,
    /// The map or the tree as last answered.
    pub calls: Option<Arc<CallTree>>,
    /// The selected call, by its row.
    pub call: ListState<usize>,
    /// What parts the traces of the tree into those before and those after.
    pub split: Option<Timestamp>,
}

impl TracesBoard {
    /// Rows of what is shown.
    pub fn shown_rows(&self) -> usize {
        match self.shape {
            Shape::List => self.answer.as_ref().map_or(0, |answer| answer.lines.len()),
            Shape::Map | Shape::Tree => self.calls.as_ref().map_or(0, |calls| calls.rows.len()),
        }
    }

    /// The selected row.
    pub fn index(&self) -> usize {
        match self.shape {
            Shape::List => self.list.index(),
            Shape::Map | Shape::Tree => self.call.index(),
        }
    }

    /// The first row on screen.
    pub fn top(&self) -> usize {
        match self.shape {
            Shape::List => self.list.top(),
            Shape::Map | Shape::Tree => self.call.top(),
        }
    }

    /// The selected trace of the list.
    pub fn selected(&self) -> Option<&TraceLine> {
        let answer = self.answer.as_ref().filter(|_| self.shape == Shape::List)?;
        answer.lines.get(self.list.index())
    }

    pub(super) fn select(&mut self, line: usize, height: usize) {
        let rows = self.shown_rows();
        match (self.shape, &self.answer) {
            (Shape::List, Some(answer)) => self.list.select(line, rows, height, |at| answer.lines[at].id),
            (Shape::List, None) => {}
            (Shape::Map | Shape::Tree, _) => self.call.select(line, rows, height, |at| at),
        }
    }

    pub(super) fn arrange(&mut self, height: usize) {
        if let Some(answer) = &self.answer {
            self.list.arrange(answer.lines.len(), height, |at| answer.lines[at].id);
        }
        let calls = self.calls.as_ref().map_or(0, |calls| calls.rows.len());
        self.call.arrange(calls, height, |at| at);
    }
}

/// What was asked last for a view of traces. One question is open at a time; another question does
/// not wait for its answer.
#[derive(Clone, Debug)]
pub(super) struct AskedTraces {
    what: TracesWhat,
    as_of: Timestamp,
    generation: u64,
    /// When, on the steady clock.
    at: u64,
    /// Its number, until it is answered.
    open: Option<u64>,
}

impl UiState {
    /// The trace that is open.
    pub fn trace(&self) -> Option<&TraceBoard> {
        self.trace_path.last()
    }

    pub(super) fn trace_mut(&mut self) -> Option<&mut TraceBoard> {
        self.trace_path.last_mut()
    }

    fn traces_question(&self) -> Option<TracesWhat> {
        let scope = || TraceScope {
            window_ms: self.window_ms,
            filter: self.filter.clone(),
            function: self.traces.scope.as_ref().map(|(id, _)| *id),
        };
        let TracesBoard { shape, order, reverse, split, .. } = self.traces;
        match (self.view(), shape) {
            (ViewKind::Traces, Shape::List) => Some(TracesWhat::List { scope: scope(), order, reverse }),
            (ViewKind::Traces, Shape::Map) => {
                Some(TracesWhat::Calls { scope: scope(), fold: Fold::Services, split: None })
            }
            (ViewKind::Traces, Shape::Tree) => {
                Some(TracesWhat::Calls { scope: scope(), fold: Fold::Paths, split })
            }
            (ViewKind::Trace, _) => self.trace().map(|trace| TracesWhat::One(trace.of.clone())),
            _ => None,
        }
    }

    /// When time that passed is to be shown, on the steady clock: not while a key has just been
    /// pressed, so that nothing moves; what is empty can't.
    pub(super) fn traces_due_at(&self, every_ms: u64) -> Option<u64> {
        if !matches!(self.view(), ViewKind::Traces | ViewKind::Trace) {
            return None;
        }
        let asked = self.asked_traces.as_ref().filter(|asked| asked.open.is_none())?;
        let changed = (asked.as_of, asked.generation) != (self.status.as_of, self.status.generation);
        let rows = match self.view() {
            ViewKind::Trace => self.trace().map_or(0, |trace| trace.rows().len()),
            _ => self.traces.shown_rows(),
        };
        let still = self.last_key.filter(|_| rows > 0).map_or(0, |key| key + FREEZE_MS);
        changed.then(|| (asked.at + every_ms).max(still))
    }

    pub(super) fn ask_traces(&mut self, at: u64, every_ms: u64) -> Option<Effect> {
        let what = self.traces_question()?;
        let other = self.asked_traces.as_ref().is_none_or(|asked| asked.what != what);
        let sought = self.urgent && self.asked_traces.as_ref().is_none_or(|a| a.as_of != self.status.as_of);
        if !(other || sought || self.traces_due_at(every_ms).is_some_and(|due| due <= at)) {
            return None;
        }
        self.urgent = false;
        let id = self.asked.next_id();
        let (as_of, generation) = (self.status.as_of, self.status.generation);
        self.asked_traces = Some(AskedTraces { what: what.clone(), as_of, generation, at, open: Some(id) });
        Some(Effect::AskTraces { id, request: TracesRequest { as_of, what } })
    }

    /// Takes an answer; one to a question that is not open any more is dropped.
    pub(super) fn take_traces(&mut self, id: u64, answer: TracesAnswer) {
        let Some(asked) = self.asked_traces.as_mut().filter(|asked| asked.open == Some(id)) else { return };
        asked.open = None;
        match answer {
            TracesAnswer::List(list) => self.traces.answer = Some(Arc::new(list)),
            TracesAnswer::Calls(calls) => self.traces.calls = Some(Arc::new(calls)),
            TracesAnswer::One(one) if one.tree.is_none() && self.only_opened() => {
                self.pop();
                self.notice = Some(view::trace::no_trace(&one).to_string());
            }
            TracesAnswer::One(one) => {
                let height = view::list_height_of(self, ViewKind::Trace);
                if let Some(trace) = self.trace_mut() {
                    trace.take(one, height);
                }
            }
        }
        let height = view::list_height_of(self, ViewKind::Traces);
        self.traces.arrange(height);
    }

    /// Whether the trace on screen was opened from elsewhere and nothing of it was shown yet.
    fn only_opened(&self) -> bool {
        let [trace] = self.trace_path.as_slice() else { return false };
        self.view() == ViewKind::Trace && trace.answer.is_none()
    }

    /// Opens the list: of the function that is looked at, else of all.
    pub(super) fn open_traces(&mut self) {
        let scope = match (self.view(), &self.function) {
            (ViewKind::Function, Some(function)) => Some((function.id, function.name.clone())),
            (ViewKind::Traces | ViewKind::Trace, _) => self.traces.scope.clone(),
            _ => None,
        };
        if scope != self.traces.scope {
            let TracesBoard { shape, order, reverse, .. } = self.traces;
            self.traces = TracesBoard { scope, shape, order, reverse, ..TracesBoard::default() };
        }
        self.push(ViewKind::Traces);
    }

    pub(super) fn open_trace(&mut self, of: TraceOf) {
        if self.view() != ViewKind::Trace {
            self.trace_path.clear();
        }
        self.trace_path.push(TraceBoard::new(of));
        self.push(ViewKind::Trace);
    }

    pub(super) fn open_selected_trace(&mut self) -> Vec<Effect> {
        match (self.traces.shape, self.traces.selected()) {
            (Shape::List, Some(line)) => {
                let of = TraceOf::Id(line.id);
                self.open_trace(of);
                Vec::new()
            }
            (Shape::List, None) => self.say("no trace is selected"),
            (Shape::Map | Shape::Tree, _) => {
                self.say("these are many traces at once: v shows them as a list")
            }
        }
    }

    /// Opens the trace of the invocation or line that is selected; in a trace the one to which the
    /// selected segment is linked.
    pub(super) fn open_trace_of(&mut self) -> Vec<Effect> {
        let of = match self.view() {
            ViewKind::Function => {
                let function = self.function.as_ref();
                let listed = function.filter(|function| function.list == FunctionList::Invocations);
                match listed.and_then(|function| function.invocation(function.index())) {
                    Some(row) => match row.trace {
                        Some(id) => TraceOf::Id(id),
                        None => TraceOf::Request {
                            function: function.map(|function| function.name.clone()),
                            request_id: row.request_id.clone(),
                        },
                    },
                    None => return self.say("no invocation is selected"),
                }
            }
            ViewKind::Logs => {
                let logs = self.logs.as_ref();
                let row = logs.and_then(|logs| logs.selected());
                let whole = logs.and_then(|logs| logs.scope.invocation.as_ref());
                let request = row.and_then(|row| row.request_id.clone());
                match request.or_else(|| whole.map(|one| one.request_id.clone())) {
                    Some(request_id) => {
                        let function = row.and_then(|row| row.function.clone());
                        TraceOf::Request { function, request_id }
                    }
                    // A line that does not say it may stand between those that do.
                    None => return self.ask_owner(Leads::Trace),
                }
            }
            ViewKind::Invocations | ViewKind::Invocation => match self.chosen_invocation() {
                Some((row, name)) => match row.trace {
                    Some(id) => TraceOf::Id(id),
                    None => TraceOf::Request { function: Some(name), request_id: row.request_id },
                },
                None => return self.say("no invocation is selected"),
            },
            _ => return self.follow_link(),
        };
        self.open_trace(of);
        Vec::new()
    }

    pub(super) fn next_shape(&mut self) {
        self.traces.shape = self.traces.shape.next();
        self.traces.calls = None;
        self.traces.call = ListState::default();
        if self.traces.shape == Shape::Tree {
            self.traces.split = self.parting();
        }
    }

    /// The instant that parts before and after: what the crosshair is on, else where the newest
    /// problem of the window began.
    fn parting(&self) -> Option<Timestamp> {
        let boards = self.function.iter().map(|function| &function.board);
        let crosshair = boards.chain([&self.overview.board]).find_map(|board| board.crosshair);
        let (from, to) = (self.status.as_of.plus(-self.window_ms), self.status.as_of);
        let onsets = self.status.onsets.iter().map(|onset| onset.since);
        crosshair.or_else(|| onsets.filter(|since| *since > from && *since < to).max())
    }

    /// Moves what parts before and after by a thirtieth of the window; the first time it is put in
    /// its middle.
    pub(super) fn move_split(&mut self, by: isize) -> Vec<Effect> {
        if self.traces.shape != Shape::Tree {
            return self
                .say("v shows all traces as one tree; there these keys move what parts before from after");
        }
        let (from, to) = (self.status.as_of.plus(-self.window_ms), self.status.as_of);
        let step = (self.window_ms / 30).max(1);
        let middle = self.middle();
        let moved = self.traces.split.map_or(middle, |split| split.plus(by as i64 * step));
        self.traces.split = Some(moved.max(from).min(to));
        Vec::new()
    }

    fn middle(&self) -> Timestamp {
        self.status.as_of.plus(-self.window_ms / 2)
    }

    /// Parts the traces of the tree into those before and those after, or shows them all together.
    pub(super) fn compare_traces(&mut self) -> Vec<Effect> {
        if self.traces.shape != Shape::Tree {
            return self.say("v shows all traces as one tree; there this compares before with after");
        }
        self.traces.split = match self.traces.split {
            Some(_) => None,
            None => Some(self.parting().unwrap_or_else(|| self.middle())),
        };
        Vec::new()
    }

    pub(super) fn order_traces(&mut self, by: isize) {
        let now = TRACE_ORDERS.iter().position(|order| *order == self.traces.order).unwrap_or(0);
        let next = (now + TRACE_ORDERS.len()).saturating_add_signed(by) % TRACE_ORDERS.len();
        self.traces.order = TRACE_ORDERS[next];
    }

    pub(super) fn trace_line_shows(&self, line: usize, text: &str) -> bool {
        let shows = |line: &str| !find_all(line, text).is_empty();
        let TracesBoard { shape, answer, calls, .. } = &self.traces;
        match shape {
            Shape::List => answer.as_ref().and_then(|answer| answer.lines.get(line)).is_some_and(|of| {
                let holds = of.holds.as_ref().is_some_and(|(name, _)| shows(name));
                holds || shows(&of.shown) || shows(&of.root)
            }),
            Shape::Map | Shape::Tree => {
                calls.as_ref().and_then(|calls| calls.rows.get(line)).is_some_and(|row| shows(&row.name))
            }
        }
    }

    pub(super) fn trace_line_failed(&self, line: usize) -> bool {
        let TracesBoard { shape, answer, calls, .. } = &self.traces;
        match shape {
            Shape::List => {
                answer.as_ref().and_then(|answer| answer.lines.get(line)).is_some_and(|of| of.flags.any())
            }
            Shape::Map | Shape::Tree => {
                calls.as_ref().and_then(|calls| calls.rows.get(line)).is_some_and(|row| {
                    [row.before, row.after].iter().any(|side| side.error + side.fault + side.throttle > 0)
                })
            }
        }
    }

    pub(super) fn go_traces(&mut self, to: Move, height: usize) {
        let line = to.from(self.traces.index(), self.traces.shown_rows(), height);
        self.traces.select(line, height);
    }
}
