//! The shapes of log lines: which one is selected, since when one is new, and the log of one of them.

use std::sync::Arc;

use crate::model::{FunctionId, Level, Timestamp};
use crate::query::filter::Filter;
use crate::query::survey::{Pattern, Since, Survey, SurveyOf};
use crate::ui::keymap::ViewKind;
use crate::ui::view;

use super::list::ListState;
use super::logs::{LogView, Scope};
use super::state::{Effect, UiState};

/// Parts of the window in which lines of a shape are counted.
const COLUMNS: usize = 24;
/// By which part of the window a key moves the time since which one is new.
const STEPS: i64 = 12;

/// The shapes of log lines.
#[derive(Clone, Debug)]
pub struct PatternsBoard {
    /// Only those of this function.
    pub scope: Option<(FunctionId, Arc<str>)>,
    /// What was not there before is new, ...
    pub since: Since,
    /// ... and why that time: follows "since TIME".
    pub why: &'static str,
    /// The last answer.
    pub answer: Option<Arc<Survey>>,
    /// The selected shape.
    pub list: ListState<Arc<str>>,
    /// The log that was open below, while that of a shape is open.
    below: Option<Box<LogView>>,
}

impl PatternsBoard {
    /// The shapes, as last answered.
    pub fn rows(&self) -> &[Pattern] {
        let patterns = self.answer.as_ref().and_then(|answer| answer.patterns.as_ref());
        patterns.map_or(&[], |patterns| &patterns.rows)
    }

    /// The selected one.
    pub fn selected(&self) -> Option<&Pattern> {
        self.rows().get(self.list.index())
    }

    pub(super) fn question(&self, window_ms: i64, filter: &Filter, mask: bool) -> SurveyOf {
        SurveyOf {
            window_ms,
            function: self.scope.as_ref().map(|(id, _)| *id),
            filter: filter.clone(),
            shape: None,
            find: String::new(),
            columns: COLUMNS,
            events: false,
            patterns: Some(self.since),
            mask,
        }
    }

    pub(super) fn select(&mut self, line: usize, height: usize) {
        let rows = self.answer.clone();
        let rows = rows.as_ref().and_then(|answer| answer.patterns.as_ref()).map_or(&[][..], |all| &all.rows);
        self.list.select(line, rows.len(), height, |at| rows[at].shape.clone());
    }

    pub(super) fn arrange(&mut self, height: usize) {
        let rows = self.answer.clone();
        let rows = rows.as_ref().and_then(|answer| answer.patterns.as_ref()).map_or(&[][..], |all| &all.rows);
        self.list.arrange(rows.len(), height, |at| rows[at].shape.clone());
    }
}

/// Whether it has lines that are errors.
pub fn is_wrong(pattern: &Pattern) -> bool {
    pattern.bad || pattern.level >= Level::Error
}

impl UiState {
    /// Opens the shapes of what is looked at.
    pub(super) fn open_patterns(&mut self) -> Vec<Effect> {
        let scope = match self.view() {
            ViewKind::Logs => self.logs.as_ref().and_then(|logs| logs.scope.function.clone()),
            _ => match self.subject() {
                Some(subject) => Some(subject),
                None => return self.say("no function is selected"),
            },
        };
        let (since, why) = self.since(scope.as_ref().map(|(id, _)| *id));
        let list = ListState::default();
        self.patterns = Some(PatternsBoard { scope, since, why, answer: None, list, below: None });
        self.push(ViewKind::Patterns);
        Vec::new()
    }

    /// Since when a shape is new, and why: the crosshair of a chart, else when the newest problem
    /// began, else the middle of the window.
    fn since(&self, function: Option<FunctionId>) -> (Since, &'static str) {
        let (from, to) = (self.status.as_of.plus(-self.window_ms), self.status.as_of);
        let inside = |time: &Timestamp| (from..to).contains(time);
        let crosshair = match &self.function {
            Some(board) if function == Some(board.id) => board.board.crosshair,
            _ => None,
        };
        if let Some(at) = crosshair.or(self.overview.board.crosshair).filter(inside) {
            return (Since::At(at), "where the crosshair stands");
        }
        let problems = self.problems.found.iter();
        let its = problems.filter(|problem| function.is_none_or(|function| problem.function == function));
        match its.map(|problem| problem.since).filter(inside).max() {
            Some(at) => (Since::At(at), "when a problem began"),
            None => (Since::Middle, "the middle of the window"),
        }
    }

    /// Moves the time since which a shape is new.
    pub(super) fn move_since(&mut self, by: isize) -> Vec<Effect> {
        let (from, to) = (self.status.as_of.plus(-self.window_ms), self.status.as_of);
        let step = (self.window_ms / STEPS).max(1);
        let Some(board) = &mut self.patterns else { return Vec::new() };
        let now = match board.since {
            Since::At(time) => time,
            Since::Middle => from.plus(self.window_ms / 2),
        };
        let time = now.plus(by as i64 * step).max(from.plus(1)).min(to);
        (board.since, board.why) = (Since::At(time), "as chosen");
        Vec::new()
    }

    pub(super) fn take_patterns(&mut self, answer: Arc<Survey>) {
        let height = view::list_height_of(self, ViewKind::Patterns);
        if let Some(board) = &mut self.patterns {
            board.answer = Some(answer);
            board.arrange(height);
        }
    }

    /// Opens the log of the lines of the selected shape. The log that was open stays for coming back.
    pub(super) fn open_pattern(&mut self) -> Vec<Effect> {
        let Some(board) = &mut self.patterns else { return Vec::new() };
        let Some(shape) = board.selected().map(|pattern| pattern.shape.clone()) else {
            return self.say("no pattern is selected");
        };
        let scope = Scope { function: board.scope.clone(), invocation: None, shape: Some(shape) };
        let open_below = self.stack.contains(&ViewKind::Logs);
        board.below = self.logs.take().filter(|_| open_below).map(Box::new);
        self.open_logs(scope);
        Vec::new()
    }

    /// Closes the log on top; what was open below the shapes is as it was.
    pub(super) fn close_logs(&mut self) {
        let on_patterns = self.view() == ViewKind::Patterns;
        let below = self.patterns.as_mut().filter(|_| on_patterns).and_then(|board| board.below.take());
        self.logs = below.map(|logs| *logs);
        if self.logs.is_some() {
            self.stack.insert(self.stack.len() - 1, ViewKind::Logs);
        }
    }
}
