//! The state of the two views with panels: the overview and one function.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{EnvironmentId, FunctionId, Timestamp};
use crate::query::view::{FunctionDetail, FunctionRow, InvocationRow, Overview, Panel};

use super::ask::LastAsk;
use super::list::ListState;

/// One of the six panels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PanelKind {
    /// Invocations a minute.
    Invocations,
    /// Percentiles of the duration.
    Duration,
    /// Errors.
    Errors,
    /// Throttles.
    Throttles,
    /// Concurrent executions.
    Concurrency,
    /// A trace.
    Traces,
}

impl PanelKind {
    /// In their order on screen, which is always the same.
    pub const ALL: [Self; 6] =
        [Self::Invocations, Self::Duration, Self::Errors, Self::Throttles, Self::Concurrency, Self::Traces];

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Invocations => "Invocations",
            Self::Duration => "Duration",
            Self::Errors => "Errors",
            Self::Throttles => "Throttles",
            Self::Concurrency => "Concurrency",
            Self::Traces => "Traces",
        }
    }

    /// Its data; traces have none of this kind.
    pub fn of(self, overview: &Overview) -> Option<&Panel> {
        let panels = &overview.panels;
        Some(match self {
            Self::Invocations => &panels.invocations,
            Self::Duration => &panels.duration,
            Self::Errors => &panels.errors,
            Self::Throttles => &panels.throttles,
            Self::Concurrency => &panels.concurrency,
            Self::Traces => return None,
        })
    }
}

/// Where keys go in a view with panels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Focus {
    /// To the list.
    #[default]
    List,
    /// To a panel.
    Panel(PanelKind),
}

/// What both views remember of their panels.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// The newest answer.
    pub answer: Option<Arc<Overview>>,
    /// Where keys go.
    pub focus: Focus,
    /// Whether the focused panel has the whole screen.
    pub enlarged: bool,
    /// The time at which the crosshair stands.
    pub crosshair: Option<Timestamp>,
    /// First row of the trace on screen.
    pub trace_top: usize,
    pub(super) last_ask: Option<LastAsk>,
}

impl Board {
    /// Columns of the charts.
    pub(super) fn columns(&self) -> usize {
        let chart = self.answer.as_ref().map(|answer| &answer.panels.invocations.chart);
        chart.and_then(|chart| chart.lines.first()).map_or(0, |line| line.points.len())
    }

    /// The chart column under the crosshair, while it is on screen.
    pub fn crosshair_column(&self) -> Option<usize> {
        let answer = self.answer.as_ref()?;
        let column = self.crosshair?.since(answer.window.from).div_euclid(answer.step_ms.max(1));
        usize::try_from(column).ok().filter(|column| *column < self.columns())
    }

    /// Moves the crosshair; the first movement puts it on the newest column. Returns the time by
    /// which the chart must move, in ms, where the crosshair stands at its edge.
    pub(super) fn move_crosshair(&mut self, by: isize) -> i64 {
        let Some(answer) = &self.answer else { return 0 };
        let last = self.columns().saturating_sub(1);
        let step = answer.step_ms.clamp(1, i64::from(u32::MAX) * 1_000);
        let (to, pans) = match self.crosshair_column() {
            Some(at) => match at.checked_add_signed(by) {
                Some(to) if to <= last => (to, 0),
                Some(_) => (last, step),
                None => (0, -step),
            },
            None => (last, 0),
        };
        self.crosshair = Some(answer.window.from.plus(step.saturating_mul(to as i64).saturating_add(pans)));
        pans
    }
}

/// The overview: panels and the table of functions.
#[derive(Clone, Debug, Default)]
pub struct OverviewBoard {
    /// The panels.
    pub board: Board,
    /// The table.
    pub list: ListState<FunctionId>,
    /// The rows on screen: indices into the answer's.
    order: Vec<usize>,
    /// The answer has another order than the screen.
    pub(super) reorder: bool,
}

impl OverviewBoard {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The row on this line of the table.
    pub fn row(&self, line: usize) -> Option<&FunctionRow> {
        self.board.answer.as_ref()?.rows.get(*self.order.get(line)?)
    }

    /// The selected row.
    pub fn selected(&self) -> Option<&FunctionRow> {
        self.row(self.list.index())
    }

    /// Takes an answer. While rows keep their places, those that were there stay where they are
    /// and new ones come last.
    pub(super) fn take(&mut self, answer: Arc<Overview>, keep_places: bool, height: usize) {
        if keep_places {
            let now: HashMap<FunctionId, usize> =
                answer.rows.iter().enumerate().map(|(at, row)| (row.id, at)).collect();
            let mut placed = vec![false; answer.rows.len()];
            let mut order = Vec::with_capacity(answer.rows.len());
            for line in 0..self.order.len() {
                if let Some(&at) = self.row(line).and_then(|row| now.get(&row.id)) {
                    placed[at] = true;
                    order.push(at);
                }
            }
            order.extend((0..placed.len()).filter(|at| !placed[*at]));
            self.reorder = !order.iter().copied().eq(0..answer.rows.len());
            self.order = order;
        } else {
            self.order = (0..answer.rows.len()).collect();
            self.reorder = false;
        }
        self.board.answer = Some(answer);
        self.arrange(height);
    }

    /// Puts the rows into the answer's order.
    pub(super) fn sort(&mut self, height: usize) {
        if let Some(answer) = self.board.answer.clone() {
            self.take(answer, false, height);
        }
    }

    pub(super) fn arrange(&mut self, height: usize) {
        let mut list = std::mem::take(&mut self.list);
        list.arrange(self.len(), height, |line| self.id(line));
        self.list = list;
    }

    pub(super) fn select(&mut self, line: usize, height: usize) {
        let mut list = std::mem::take(&mut self.list);
        list.select(line, self.len(), height, |line| self.id(line));
        self.list = list;
    }

    fn id(&self, line: usize) -> FunctionId {
        self.row(line).map_or(FunctionId(u32::MAX), |row| row.id)
    }
}

/// The lists of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FunctionList {
    /// Its invocations, newest first.
    #[default]
    Invocations,
    /// Its errors by type.
    Errors,
    /// Its execution environments.
    Environments,
}

impl FunctionList {
    /// In their order on screen.
    pub const ALL: [Self; 3] = [Self::Invocations, Self::Errors, Self::Environments];
}

/// One function: panels and its lists.
#[derive(Clone, Debug)]
pub struct FunctionBoard {
    /// Which.
    pub id: FunctionId,
    /// Its name.
    pub name: Arc<str>,
    /// The panels.
    pub board: Board,
    /// The list on screen.
    pub list: FunctionList,
    /// Its invocations, by their number.
    pub invocations: ListState<u64>,
    /// Its errors, by their name.
    pub errors: ListState<String>,
    /// Its environments.
    pub environments: ListState<EnvironmentId>,
    /// Only invocations of this environment, and its stream.
    pub only: Option<(EnvironmentId, String)>,
    /// The answer whose lists are on screen; behind the panels' while rows keep their places.
    shown: Option<Arc<Overview>>,
    /// Invocations on screen: indices into the answer's.
    matching: Vec<usize>,
    pub(super) reorder: bool,
}

impl FunctionBoard {
    pub(super) fn new(id: FunctionId, name: Arc<str>) -> Self {
        Self {
            id,
            name,
            board: Board::default(),
            list: FunctionList::default(),
            invocations: ListState::default(),
            errors: ListState::default(),
            environments: ListState::default(),
            only: None,
            shown: None,
            matching: Vec::new(),
            reorder: false,
        }
    }

    /// What the lists show.
    pub fn detail(&self) -> Option<&FunctionDetail> {
        self.shown.as_ref()?.detail.as_ref()
    }

    /// The invocation on this line.
    pub fn invocation(&self, line: usize) -> Option<&InvocationRow> {
        self.detail()?.invocations.get(*self.matching.get(line)?)
    }

    /// Rows of the list on screen.
    pub fn len(&self) -> usize {
        match (self.list, self.detail()) {
            (_, None) => 0,
            (FunctionList::Invocations, _) => self.matching.len(),
            (FunctionList::Errors, Some(detail)) => detail.errors.len(),
            (FunctionList::Environments, Some(detail)) => detail.environments.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The selected row of the list on screen.
    pub fn index(&self) -> usize {
        match self.list {
            FunctionList::Invocations => self.invocations.index(),
            FunctionList::Errors => self.errors.index(),
            FunctionList::Environments => self.environments.index(),
        }
    }

    /// The first row on screen.
    pub fn top(&self) -> usize {
        match self.list {
            FunctionList::Invocations => self.invocations.top(),
            FunctionList::Errors => self.errors.top(),
            FunctionList::Environments => self.environments.top(),
        }
    }

    /// Takes an answer; while rows keep their places only the panels change.
    pub(super) fn take(&mut self, answer: Arc<Overview>, keep_places: bool, height: usize) {
        self.board.answer = Some(answer);
        self.reorder = true;
        if !keep_places || self.shown.is_none() {
            self.sort(height);
        }
    }

    /// Shows the lists of the newest answer.
    pub(super) fn sort(&mut self, height: usize) {
        self.reorder = false;
        self.shown.clone_from(&self.board.answer);
        self.narrow(height);
    }

    /// Shows only invocations of one environment, or all.
    pub(super) fn narrow(&mut self, height: usize) {
        let only = self.only.as_ref().map(|(id, _)| *id);
        let rows = self.detail().map_or(&[][..], |detail| &detail.invocations);
        self.matching =
            (0..rows.len()).filter(|&at| only.is_none_or(|id| rows[at].environment == Some(id))).collect();
        self.arrange(height);
    }

    pub(super) fn arrange(&mut self, height: usize) {
        self.on_list(|list, rows| list.arrange(rows, height));
    }

    pub(super) fn select(&mut self, line: usize, height: usize) {
        self.on_list(|list, rows| list.select(line, rows, height));
    }

    /// Does something with the list on screen, whatever its rows are.
    fn on_list(&mut self, what: impl FnOnce(&mut dyn AnyList, usize)) {
        let rows = self.len();
        let Some(shown) = self.shown.clone() else { return };
        let Some(detail) = shown.detail.as_ref() else { return };
        match self.list {
            FunctionList::Invocations => {
                let matching = &self.matching;
                let id = |line: usize| detail.invocations[matching[line]].seq;
                what(&mut Named { list: &mut self.invocations, id }, rows);
            }
            FunctionList::Errors => {
                let id = |line: usize| detail.errors[line].name.clone();
                what(&mut Named { list: &mut self.errors, id }, rows);
            }
            FunctionList::Environments => {
                let id = |line: usize| detail.environments[line].id;
                what(&mut Named { list: &mut self.environments, id }, rows);
            }
        }
    }
}

/// A list with whatever identities.
trait AnyList {
    fn arrange(&mut self, rows: usize, height: usize);
    fn select(&mut self, line: usize, rows: usize, height: usize);
}

struct Named<'a, Id, F> {
    list: &'a mut ListState<Id>,
    id: F,
}

impl<Id: Clone + PartialEq, F: Fn(usize) -> Id> AnyList for Named<'_, Id, F> {
    fn arrange(&mut self, rows: usize, height: usize) {
        self.list.arrange(rows, height, &self.id);
    }

    fn select(&mut self, line: usize, rows: usize, height: usize) {
        self.list.select(line, rows, height, &self.id);
    }
}
