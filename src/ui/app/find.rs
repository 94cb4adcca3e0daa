//! Finding: in lists at once, in log lines also beyond what is loaded.

use crate::query::view::{InvocationState, State};
use crate::ui::keymap::{Action, ViewKind};
use crate::ui::view;

use super::facts::Told;
use super::function::FunctionList;
use super::logs::{self, Searched, Want};
use super::patterns::is_wrong;
use super::state::{Effect, UiState};

/// Whether an invocation failed or runs for too long.
fn wrong_state(state: InvocationState) -> bool {
    matches!(state, InvocationState::Ended(outcome) if outcome.failed()) || state == InvocationState::Overdue
}

impl UiState {
    pub(super) fn selected_line(&self) -> usize {
        match (self.view(), &self.function, &self.logs) {
            (ViewKind::Overview, ..) => self.overview.list.index(),
            (ViewKind::Function, Some(function), _) => function.index(),
            (ViewKind::Logs, _, Some(logs)) => logs.cursor,
            (ViewKind::Patterns, ..) => self.patterns.as_ref().map_or(0, |board| board.list.index()),
            (ViewKind::Traces, ..) => self.traces.index(),
            // Segments are looked for among all of them, folded ones too.
            (ViewKind::Trace, ..) => {
                self.trace().and_then(|trace| trace.selected()).map_or(0, |shown| shown.row())
            }
            (ViewKind::Problems, ..) => self.problem_list.index(),
            (ViewKind::Invocations, ..) => self.invocations.list.index(),
            _ => 0,
        }
    }

    pub(super) fn select_line(&mut self, line: usize) {
        let height = view::list_height(self);
        match (self.view(), &mut self.function) {
            (ViewKind::Overview, _) if self.overview.list.index() != line => {
                self.overview.select(line, height)
            }
            (ViewKind::Function, Some(function)) if function.index() != line => function.select(line, height),
            (ViewKind::Patterns, _) => {
                if let Some(board) = &mut self.patterns {
                    board.select(line, height);
                }
            }
            (ViewKind::Traces, _) => self.traces.select(line, height),
            (ViewKind::Trace, _) => {
                let height = view::list_height_of(self, ViewKind::Trace);
                if let Some(trace) = self.trace_path.last_mut() {
                    trace.reveal(line, height);
                }
            }
            (ViewKind::Problems, _) => self.select_problem(line),
            (ViewKind::Invocations, _) => self.invocations.select(line, height),
            _ => {}
        }
    }

    pub(super) fn rows(&self) -> usize {
        match (self.view(), &self.function) {
            (ViewKind::Overview, _) => self.overview.len(),
            (ViewKind::Function, Some(function)) => function.len(),
            (ViewKind::Patterns, _) => self.patterns.as_ref().map_or(0, |board| board.rows().len()),
            (ViewKind::Traces, _) => self.traces.shown_rows(),
            (ViewKind::Trace, _) => self.trace().map_or(0, |trace| trace.rows().len()),
            (ViewKind::Problems, _) => self.problems.found.len(),
            (ViewKind::Invocations, _) => self.invocations.rows().len(),
            _ => 0,
        }
    }

    /// The next line of the list, from this one on, of which something is true; round its end.
    pub(super) fn next_line(
        &self,
        from: usize,
        forward: bool,
        here_too: bool,
        is: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let rows = self.rows();
        let first = usize::from(!here_too);
        (first..rows + first)
            .map(|by| if forward { (from + by) % rows } else { (from + rows - by % rows) % rows })
            .find(|line| is(*line))
    }

    /// The next line of a list that shows the text. Log lines are looked for elsewhere.
    pub(super) fn find_line(&self, text: &str, from: usize, forward: bool, here_too: bool) -> Option<usize> {
        self.next_line(from, forward, here_too, |line| self.line_shows(line, text))
    }

    /// Whether a line of the list shows the text.
    fn line_shows(&self, line: usize, text: &str) -> bool {
        let shows = |line: &str| !logs::find_all(line, text).is_empty();
        match (self.view(), &self.function) {
            (ViewKind::Overview, _) => self.overview.row(line).is_some_and(|r| shows(&r.name)),
            (ViewKind::Function, Some(function)) => {
                let detail = function.detail();
                match function.list {
                    FunctionList::Invocations => function.invocation(line).is_some_and(|row| {
                        shows(&row.request_id) || row.error_type.as_deref().is_some_and(shows)
                    }),
                    FunctionList::Errors => detail.is_some_and(|d| {
                        let group = &d.errors[line];
                        [&*group.name, &*group.frame, &*group.message].into_iter().any(&shows)
                    }),
                    FunctionList::Versions => detail.is_some_and(|d| shows(&d.versions[line].version)),
                    FunctionList::Settings => {
                        function.facts().get(line).is_some_and(|fact| shows(fact.label) || shows(&fact.value))
                    }
                    FunctionList::Metrics => function.metric_rows().get(line).is_some_and(|row| {
                        let key = &row.key;
                        [&row.title, &key.name, &key.namespace, &key.dimensions]
                            .into_iter()
                            .any(|of| shows(of))
                    }),
                    FunctionList::Environments => detail.is_some_and(|d| shows(&d.environments[line].stream)),
                }
            }
            (ViewKind::Invocations, _) => self.invocations.rows().get(line).is_some_and(|listed| {
                let row = &listed.row;
                shows(&listed.name) || shows(&row.request_id) || row.error_type.as_deref().is_some_and(shows)
            }),
            (ViewKind::Patterns, _) => {
                let pattern = self.patterns.as_ref().and_then(|board| board.rows().get(line));
                pattern.is_some_and(|pattern| shows(&pattern.shape) || shows(&pattern.newest))
            }
            (ViewKind::Traces, _) => self.trace_line_shows(line, text),
            (ViewKind::Trace, _) => self.segment_shows(line, text),
            _ => false,
        }
    }

    /// Stands at a line of the list that shows the text, and says which of how many it is.
    fn stand_at_found(&mut self, line: usize, text: &str) {
        self.select_line(line);
        let all = (0..self.rows()).filter(|line| self.line_shows(*line, text));
        let (before, of) = all.fold((0, 0), |(before, of), at| (before + usize::from(at < line), of + 1));
        self.notice = Some(format!("{text:?}: {} of {}", before + 1, of));
    }

    /// Looks for what was typed, from the line where the prompt was opened.
    pub(super) fn find_from(&mut self, from: usize) {
        let text = self.find.clone();
        if self.view() == ViewKind::Logs {
            let (height, width) = (view::list_height(self), self.size.0);
            if let Some(logs) = &mut self.logs {
                logs.search(Want::Text(text), true, true, height, width);
                self.notice = logs.place_found(&self.find);
            }
            return;
        }
        match self.find_line(&text, from, true, true) {
            Some(line) => self.stand_at_found(line, &text),
            None => self.notice = Some(format!("{text:?} is not in this list")),
        }
    }

    pub(super) fn find_next(&mut self, forward: bool) -> Vec<Effect> {
        if self.find.is_empty() {
            return self.say("nothing to look for yet: / asks");
        }
        let text = self.find.clone();
        if self.view() == ViewKind::Logs {
            return self.look(Want::Text(text), forward);
        }
        match self.find_line(&text, self.selected_line(), forward, false) {
            Some(line) => {
                self.stand_at_found(line, &text);
                Vec::new()
            }
            None => self.say(format!("{text:?} is not in this list")),
        }
    }

    pub(super) fn look(&mut self, want: Want, forward: bool) -> Vec<Effect> {
        let (height, width) = (view::list_height(self), self.size.0);
        if let Some(logs) = &mut self.logs {
            let text = matches!(want, Want::Text(_));
            logs.search(want, forward, false, height, width);
            self.notice = text.then(|| logs.place_found(&self.find)).flatten();
        }
        Vec::new()
    }

    /// A sentence on how a search among log lines went, with the key that goes on from there.
    pub(super) fn told_of_search(&self, searched: &Searched) -> String {
        let key = |want: &Want, forward: bool| {
            let action = match (want, forward) {
                (Want::Text(_), true) => Action::FindNext,
                (Want::Text(_), false) => Action::FindPrevious,
                (Want::Error, true) => Action::NextError,
                (Want::Error, false) => Action::PreviousError,
                (Want::Request(_), true) => Action::NextSame,
                (Want::Request(_), false) => Action::PreviousSame,
            };
            self.options.keymap.keys(action).first().map_or_else(String::new, ToString::to_string)
        };
        match searched {
            Searched::Before(want) => {
                format!("found before this line; nothing after; {} looks on before it", key(want, false))
            }
            Searched::Round(want, true) => format!(
                "no {} after this line: went round to the first; {} looks back",
                want.name(),
                key(want, false)
            ),
            Searched::Round(want, false) => format!(
                "no {} before this line: went round to the last; {} looks on",
                want.name(),
                key(want, true)
            ),
            Searched::NoOther(want) => format!("no other {} in these lines", want.name()),
            Searched::NoneThatWay(want, forward) => {
                let way = if *forward { "after" } else { "before" };
                format!("no {} {way} this line; {} looks the other way", want.name(), key(want, !forward))
            }
            Searched::None(want, note) => {
                let note = note.as_ref().map_or_else(String::new, |note| format!(" ({note})"));
                format!("no {} in these lines{note}", want.name())
            }
        }
    }

    pub(super) fn next_error(&mut self, forward: bool) -> Vec<Effect> {
        if self.view() == ViewKind::Logs {
            return self.look(Want::Error, forward);
        }
        let wrong = |line: usize| match (self.view(), &self.function) {
            (ViewKind::Overview, _) => self.overview.row(line).is_some_and(|row| {
                row.state != State::Ok || self.problems.open().any(|problem| problem.function == row.id)
            }),
            (ViewKind::Problems, _) => true,
            (ViewKind::Invocations, _) => {
                self.invocations.rows().get(line).is_some_and(|listed| wrong_state(listed.row.state))
            }
            (ViewKind::Patterns, _) => {
                self.patterns.as_ref().and_then(|board| board.rows().get(line)).is_some_and(is_wrong)
            }
            (ViewKind::Traces, _) => self.trace_line_failed(line),
            (ViewKind::Trace, _) => {
                self.trace().and_then(|t| t.rows().get(line)).is_some_and(|row| row.flags.any())
            }
            (ViewKind::Function, Some(function)) => match function.list {
                FunctionList::Invocations => {
                    function.invocation(line).is_some_and(|row| wrong_state(row.state))
                }
                FunctionList::Errors => true,
                FunctionList::Versions => function
                    .detail()
                    .is_some_and(|detail| detail.versions[line].errors.value().is_some_and(|n| *n > 0)),
                FunctionList::Settings => {
                    function.facts().get(line).is_some_and(|fact| fact.told == Told::Wrong)
                }
                // What is too much of one nobody has said.
                FunctionList::Metrics => false,
                FunctionList::Environments => {
                    function.detail().is_some_and(|detail| detail.environments[line].errors > 0)
                }
            },
            _ => false,
        };
        match self.next_line(self.selected_line(), forward, false, wrong) {
            Some(line) if line != self.selected_line() => {
                self.select_line(line);
                Vec::new()
            }
            _ => self.say("no other row with a problem in this list"),
        }
    }

    pub(super) fn same(&mut self, forward: bool) -> Vec<Effect> {
        let id = self.logs.as_ref().and_then(|logs| logs.selected()).and_then(|row| row.request_id.clone());
        match id {
            Some(id) => self.look(Want::Request(id), forward),
            None => self.say("this line does not say to which invocation it belongs"),
        }
    }
}
