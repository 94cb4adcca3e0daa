//! What is wrong: which problem is looked at, and where its evidence leads.

use std::sync::Arc;

use crate::model::{Evidence, Finding, FindingKind, FunctionId, Origin, Timestamp};
use crate::query::view::Problems;
use crate::ui::keymap::ViewKind;
use crate::ui::view;

use super::function::FunctionBoard;
use super::logs::Scope;
use super::state::{Effect, UiState};

/// What makes a problem the same one in the next answer.
pub type ProblemId = (FunctionId, FindingKind, Timestamp);

pub(super) fn id_of(problem: &Finding) -> ProblemId {
    (problem.function, problem.kind, problem.since)
}

impl UiState {
    pub(super) fn take_problems(&mut self, problems: Arc<Problems>) {
        self.problems = problems;
        self.arrange_problems();
    }

    pub(super) fn arrange_problems(&mut self) {
        let height = view::list_height_of(self, ViewKind::Problems);
        let found = &self.problems.found;
        self.problem_list.arrange(found.len(), height, |at| id_of(&found[at]));
    }

    pub(super) fn select_problem(&mut self, line: usize) {
        let height = view::list_height_of(self, ViewKind::Problems);
        let found = &self.problems.found;
        self.problem_list.select(line, found.len(), height, |at| id_of(&found[at]));
    }

    /// The problem that is selected in their list.
    pub fn problem(&self) -> Option<&Finding> {
        self.problems.found.get(self.problem_list.index())
    }

    /// The function on which keys act in a view with panels.
    pub fn subject(&self) -> Option<(FunctionId, Arc<str>)> {
        match self.view() {
            ViewKind::Overview => self.overview.selected().map(|row| (row.id, row.name.clone())),
            ViewKind::Function => self.function.as_ref().map(|function| (function.id, function.name.clone())),
            ViewKind::Problems => self.problem().map(|problem| (problem.function, problem.name.clone())),
            _ => None,
        }
    }

    /// Opens the list of problems at the selected function's worst.
    pub(super) fn explain(&mut self) -> Vec<Effect> {
        let Some((id, name)) = self.subject() else { return self.say("no function is selected") };
        let Some(line) = self.problems.found.iter().position(|problem| problem.function == id) else {
            let words = view::not_found(self, id, &name, self.options.charset.symbols());
            return self.say(words);
        };
        self.select_problem(line);
        self.push(ViewKind::Problems);
        Vec::new()
    }

    /// Opens the log of the problem's function at the first record that shows it.
    pub(super) fn open_evidence(&mut self) -> Vec<Effect> {
        let Some(problem) = self.problem() else { return self.say("no problem is selected") };
        let (id, name) = (problem.function, problem.name.clone());
        match record(problem) {
            Some(origin) => {
                let scope = Scope::function(id, name);
                self.open_logs_at(scope, origin);
                Vec::new()
            }
            None => self.say("what shows it is in no log: the figures are below"),
        }
    }

    pub(super) fn open_problem_function(&mut self) -> Vec<Effect> {
        let Some(problem) = self.problem() else { return self.say("no problem is selected") };
        let (id, name) = (problem.function, problem.name.clone());
        self.function = Some(FunctionBoard::new(id, name));
        self.push(ViewKind::Function);
        Vec::new()
    }
}

/// The first record that shows a problem.
fn record(problem: &Finding) -> Option<Origin> {
    problem.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Record(origin) => Some(*origin),
        Evidence::Told(_) => None,
    })
}
