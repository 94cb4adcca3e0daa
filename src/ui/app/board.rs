//! The state of what the two views with panels share, and of the overview.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{FunctionId, Timestamp};
use crate::query::view::{FunctionRow, Overview, Panel, State};

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
    /// Whether the enlarged panel of durations shows them as a heat map.
    pub heat: bool,
    /// The duration at which the crosshair stands in it, in µs.
    pub took_us: Option<u64>,
    /// First row of the trace on screen.
    pub trace_top: usize,
    pub(super) last_ask: Option<LastAsk>,
}

impl Board {
    /// Columns of the charts.
    pub(super) fn columns(&self) -> usize {
        let Some(answer) = &self.answer else { return 0 };
        let metrics = answer.detail.iter().filter_map(|detail| detail.metrics.as_ref());
        let metrics = metrics.flat_map(|list| &list.rows).map(|row| &row.chart);
        // Of a function without logs only its metrics have lines.
        let mut charts = std::iter::once(&answer.panels.invocations.chart).chain(metrics);
        charts.find_map(|chart| chart.lines.first()).map_or(0, |line| line.points.len())
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
    /// When rows changed places last, on the steady clock; `None` once something happened for which they are
    /// put in order at once.
    moved: Option<u64>,
}

/// Rows whose figures pass each other by chance change places no more often, in ms: nobody can read a table
/// that moves every second, and each such move is most of a screen to write.
const CALM_MS: u64 = 10_000;

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

    /// Until when rows keep their places because they have moved, on the steady clock.
    pub(super) fn calm_until(&self) -> u64 {
        self.moved.map_or(0, |at| at + CALM_MS)
    }

    /// Rows are to be put in order as soon as that may be.
    pub(super) fn hurry(&mut self) {
        self.moved = None;
    }

    /// Whether in an answer the state of a row is another than on screen, or a new row is not well.
    pub(super) fn is_news(&self, answer: &Overview) -> bool {
        let known = self.board.answer.iter().flat_map(|answer| &answer.rows);
        let known: HashMap<FunctionId, State> = known.map(|row| (row.id, row.state)).collect();
        answer.rows.iter().any(|row| *known.get(&row.id).unwrap_or(&State::Ok) != row.state)
    }

    /// Takes an answer. While rows keep their places, those that were there stay where they are
    /// and new ones come last.
    pub(super) fn take(&mut self, answer: Arc<Overview>, keep_places: bool, height: usize, at: u64) {
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
            let before = (0..self.order.len()).filter_map(|line| self.row(line)).map(|row| row.id);
            if !self.order.is_empty() && !before.eq(answer.rows.iter().map(|row| row.id)) {
                self.moved = Some(at);
            }
            self.order = (0..answer.rows.len()).collect();
            self.reorder = false;
        }
        self.board.answer = Some(answer);
        self.arrange(height);
    }

    /// Puts the rows into the answer's order.
    pub(super) fn sort(&mut self, height: usize, at: u64) {
        if let Some(answer) = self.board.answer.clone() {
            self.take(answer, false, height, at);
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
