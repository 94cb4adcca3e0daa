//! Where the keys lead: rows, views, panels.

use crate::query::page::Ranking;
use crate::ui::keymap::ViewKind;
use crate::ui::number;
use crate::ui::view;

use super::board::{Focus, PanelKind};
use super::function::{FunctionBoard, FunctionList, Only};
use super::invocations::InvocationScope;
use super::list::Move;
use super::logs::Scope;
use super::state::{Effect, SourcesList, UiState};

impl UiState {
    pub(super) fn go(&mut self, to: Move) {
        let height = view::list_height(self);
        let focus_trace =
            self.board_mut().is_some_and(|b| b.enlarged && b.focus == Focus::Panel(PanelKind::Traces));
        if let Some(board) = self.board_mut().filter(|board| board.shows_heat()) {
            return board.move_in_heat(to, height);
        }
        match self.view() {
            ViewKind::Overview | ViewKind::Function if focus_trace => {
                if let Some(board) = self.board_mut() {
                    let tree = board.answer.as_ref().and_then(|answer| answer.panels.trace.tree.clone());
                    let rows = tree.map_or(0, |tree| tree.rows.len());
                    board.trace_top = to.from(board.trace_top, rows, height);
                }
            }
            ViewKind::Overview => {
                let line = to.from(self.overview.list.index(), self.overview.len(), height);
                self.overview.select(line, height);
            }
            ViewKind::Function => {
                if let Some(function) = &mut self.function {
                    let line = to.from(function.index(), function.len(), height);
                    function.select(line, height);
                }
            }
            ViewKind::Invocations => self.invocations.go(to, height),
            ViewKind::Logs | ViewKind::Invocation => {
                let width = self.size.0;
                if let Some(logs) = self.lines_mut() {
                    logs.go(to, height, width);
                }
            }
            ViewKind::Patterns => {
                if let Some(board) = &mut self.patterns {
                    let line = to.from(board.list.index(), board.rows().len(), height);
                    board.select(line, height);
                }
            }
            ViewKind::Traces => self.go_traces(to, height),
            ViewKind::Trace => self.go_trace(to, height),
            ViewKind::Problems => {
                let line = to.from(self.problem_list.index(), self.problems.found.len(), height);
                self.select_problem(line);
            }
            ViewKind::Sources => {
                if self.sources.list == SourcesList::Health {
                    let rows = view::sources::health_rows(self).saturating_sub(height) + 1;
                    self.sources.health_top = to.from(self.sources.health_top, rows, height);
                    return;
                }
                let (rows, index) = match self.sources.list {
                    SourcesList::Sources => (self.status.sources.len(), self.sources.sources.index()),
                    _ => (self.status.bad_records.len(), self.sources.bad.index()),
                };
                let line = to.from(index, rows, height);
                let bad = self.status.bad_records.clone();
                match self.sources.list {
                    SourcesList::Sources => self.sources.sources.select(line, rows, height, |at| at),
                    _ => {
                        self.sources
                            .bad
                            .select(line, rows, height, |at| (bad[at].source.clone(), bad[at].offset));
                    }
                }
            }
            ViewKind::Help => {
                let rows = view::help::rows(self).saturating_sub(height) + 1;
                self.help_top = to.from(self.help_top, rows, height);
            }
        }
    }

    pub(super) fn arrange_sources(&mut self) {
        let height = view::list_height_of(self, ViewKind::Sources);
        let bad = self.status.bad_records.clone();
        self.sources.sources.arrange(self.status.sources.len(), height, |at| at);
        self.sources.bad.arrange(bad.len(), height, |at| (bad[at].source.clone(), bad[at].offset));
    }

    pub(super) fn sideways(&mut self, by: isize) -> Vec<Effect> {
        match self.view() {
            ViewKind::Traces => return self.move_split(by),
            ViewKind::Patterns => return self.move_since(by),
            ViewKind::Trace => return self.fold_trace(by < 0),
            _ => {}
        }
        if self.fold_value(by > 0) {
            return Vec::new();
        }
        if let Some(logs) = self.lines_mut() {
            if logs.wrap {
                return self.say("lines are wrapped: w cuts them, then they scroll");
            }
            logs.left = logs.left.saturating_add_signed(by * 8).min(100_000);
            return Vec::new();
        }
        if let Some(effects) = self.along_lane(by) {
            return effects;
        }
        let metric = self.metric_enlarged();
        match self.board_mut() {
            Some(board)
                if metric || matches!(board.focus, Focus::Panel(kind) if kind != PanelKind::Traces) =>
            {
                match board.move_crosshair(by) {
                    0 => Vec::new(),
                    pans => self.pan(pans),
                }
            }
            _ => self.say("Tab goes to a panel; there these keys move the crosshair"),
        }
    }

    pub(super) fn open(&mut self) -> Vec<Effect> {
        if let Some(effects) = self.open_heat_cell() {
            return effects;
        }
        if let Some(span) = self.under_crosshair() {
            return self.open_span(span);
        }
        if self.board_mut().is_some_and(|board| board.focus != Focus::List) {
            return self.enlarge();
        }
        match self.view() {
            ViewKind::Overview => self.open_function_here(),
            ViewKind::Patterns => self.open_pattern(),
            ViewKind::Logs | ViewKind::Invocation => self.open_line(),
            ViewKind::Traces => self.open_selected_trace(),
            ViewKind::Trace => self.open_segment(),
            ViewKind::Problems => self.open_evidence(),
            ViewKind::Invocations => self.open_listed(),
            _ => self.open_in_function(),
        }
    }

    pub(super) fn open_function_here(&mut self) -> Vec<Effect> {
        let chosen = match self.view() {
            ViewKind::Function => return Vec::new(),
            ViewKind::Problems => return self.open_problem_function(),
            ViewKind::Invocations | ViewKind::Invocation => return self.open_function_of_chosen(),
            ViewKind::Logs => {
                let logs = self.logs.as_ref();
                let scope = logs.and_then(|logs| logs.scope.function.clone());
                scope.or_else(|| {
                    let name = logs?.selected()?.function.clone()?;
                    let rows = &self.overview.board.answer.as_ref()?.rows;
                    rows.iter().find(|row| row.name == name).map(|row| (row.id, name))
                })
            }
            _ => self.overview.selected().map(|row| (row.id, row.name.clone())),
        };
        let Some((id, name)) = chosen else { return self.say("no function is selected") };
        if self.function.as_ref().is_none_or(|function| function.id != id)
            || self.view() == ViewKind::Overview
        {
            self.function = Some(FunctionBoard::new(id, name));
        }
        // What is below stays as it is for coming back.
        self.push(ViewKind::Function);
        Vec::new()
    }

    pub(super) fn open_in_function(&mut self) -> Vec<Effect> {
        if self.open_block() {
            return Vec::new();
        }
        let height = view::list_height(self);
        let Some(function) = &mut self.function else { return Vec::new() };
        let line = function.index();
        match function.list {
            FunctionList::Invocations => match function.invocation(line) {
                Some(row) => {
                    let (row, name) = (row.clone(), function.name.clone());
                    self.show_invocation(&row, name);
                    Vec::new()
                }
                None => self.say("no invocation is selected"),
            },
            FunctionList::Errors => {
                let group = function.detail().and_then(|detail| detail.errors.get(line));
                let Some(error) = group.map(|group| (group.key, group.name.clone())) else {
                    return self.say("no error is selected");
                };
                let of = Some((function.id, function.name.clone()));
                let scope = InvocationScope { function: of, error: Some(error), ..Default::default() };
                self.show_invocations(scope, Ranking::Newest);
                Vec::new()
            }
            FunctionList::Environments => {
                let chosen = function.detail().and_then(|detail| detail.environments.get(line));
                let chosen = chosen.map(|row| Only::Environment(row.id, row.stream.clone()));
                function.narrow_to(chosen, height);
                Vec::new()
            }
            FunctionList::Versions => {
                let chosen = function.detail().and_then(|detail| detail.versions.get(line));
                let chosen = chosen.map(|row| Only::Version(row.version.clone()));
                function.narrow_to(chosen, height);
                Vec::new()
            }
            FunctionList::Settings => self.say("c copies it"),
            FunctionList::Metrics if function.metric_enlarged() => match self.span_under_crosshair() {
                Some(span) => self.open_span((PanelKind::Invocations, span)),
                None => self.say("the arrows move a crosshair; Enter then lists the invocations under it"),
            },
            FunctionList::Metrics => self.enlarge(),
        }
    }

    pub(super) fn open_all_logs(&mut self) {
        let scope = match (self.view(), &self.function) {
            (ViewKind::Function, Some(function)) => Scope::function(function.id, function.name.clone()),
            (ViewKind::Invocations | ViewKind::Invocation, _) => match self.chosen_invocation() {
                Some((row, name)) => Scope::function(row.function, name),
                None => Scope::default(),
            },
            _ => Scope::default(),
        };
        if !(self.view() == ViewKind::Logs && self.logs.as_ref().is_some_and(|logs| logs.scope == scope)) {
            self.open_logs(scope);
        }
    }

    pub(super) fn open_logs_of(&mut self) -> Vec<Effect> {
        match self.view() {
            ViewKind::Trace => self.logs_of_segment(),
            ViewKind::Overview | ViewKind::Problems => match self.subject() {
                Some((id, name)) => {
                    let scope = Scope::function(id, name);
                    self.open_logs(scope);
                    Vec::new()
                }
                None => self.say("no function is selected"),
            },
            _ if self.chosen_invocation().is_some() => self.open_lines_of_chosen(),
            _ => {
                self.open_all_logs();
                Vec::new()
            }
        }
    }

    pub(super) fn toggle_help(&mut self) {
        if self.view() == ViewKind::Help {
            self.stack.pop();
        } else {
            self.help_top = 0;
            self.push(ViewKind::Help);
        }
    }

    /// Undoes the last step: a search, an enlarged panel, a narrowed list, a view, a filter.
    pub(super) fn back(&mut self) -> Vec<Effect> {
        if let Some(logs) = self.logs.as_mut().filter(|logs| logs.searching()) {
            logs.stop_search();
            return self.say("stopped looking");
        }
        if let Some(board) = self.board_mut() {
            if board.enlarged || board.crosshair.is_some() {
                board.enlarged = false;
                (board.crosshair, board.took_us) = (None, None);
                self.arrange_function();
                return Vec::new();
            }
            if board.focus != Focus::List {
                board.focus = Focus::List;
                return Vec::new();
            }
        }
        let height = view::list_height(self);
        if self.view() == ViewKind::Function
            && let Some(function) = &mut self.function
            && let Some(only) = function.only.take()
        {
            function.list = match only {
                Only::Environment(..) => FunctionList::Environments,
                Only::Version(_) => FunctionList::Versions,
            };
            function.narrow(height);
            return Vec::new();
        }
        if self.stack.len() > 1 {
            self.pop();
            return Vec::new();
        }
        if !self.filter_text.is_empty() {
            self.filter_text.clear();
            self.filter = Default::default();
            return self.say("filter removed");
        }
        self.say("nothing to go back to; q quits")
    }

    pub(super) fn pop(&mut self) {
        match self.stack.pop() {
            Some(ViewKind::Logs) => self.close_logs(),
            Some(ViewKind::Patterns) => self.patterns = None,
            Some(ViewKind::Invocation) => self.invocation = None,
            // Back along the links first.
            Some(ViewKind::Trace) => {
                self.trace_path.pop();
                if !self.trace_path.is_empty() {
                    self.stack.push(ViewKind::Trace);
                }
            }
            _ => {}
        }
        if self.stack.is_empty() {
            self.stack.push(ViewKind::Overview);
        }
        if self.view() == ViewKind::Logs
            && let Some(logs) = &mut self.logs
        {
            logs.resume();
        }
    }

    pub(super) fn close(&mut self) -> Vec<Effect> {
        if self.stack.len() == 1 {
            return self.quit();
        }
        self.pop();
        Vec::new()
    }

    /// Ends; but what came over a pipe or a socket would be gone, so that is asked once.
    pub(super) fn quit(&mut self) -> Vec<Effect> {
        let records = self.status.only_here();
        if records == 0 || self.quit_asked == Some(false) {
            return vec![Effect::Quit];
        }
        self.quit_asked = Some(true);
        self.say(format!(
            "the same key again quits; {} records that came over a pipe or a socket are kept nowhere else (R records, S \
             saves lines)",
            number::whole(records)
        ))
    }

    pub(super) fn focus_next(&mut self, by: isize) {
        if self.view() == ViewKind::Sources {
            let lists = SourcesList::ALL;
            let at = lists.iter().position(|list| *list == self.sources.list).unwrap_or(0);
            let next = (at as isize + by).rem_euclid(lists.len() as isize);
            self.sources.list = lists[next as usize];
            return;
        }
        if self.view() == ViewKind::Trace {
            if let Some(trace) = self.trace_mut() {
                trace.reads = !trace.reads;
            }
            return;
        }
        let lists = if self.view() == ViewKind::Function { FunctionList::ALL.len() } else { 1 };
        let all = lists + PanelKind::ALL.len();
        let list = self.function.as_ref().map_or(0, |function| function.list as usize);
        let height = view::list_height(self);
        let Some(board) = self.board_mut() else { return };
        let now = match board.focus {
            Focus::List if lists == 1 => 0,
            Focus::List => list,
            Focus::Panel(kind) => lists + kind as usize,
        };
        let next = (now + all).saturating_add_signed(by) % all;
        if next >= lists {
            board.focus = Focus::Panel(PanelKind::ALL[next - lists]);
        } else {
            (board.focus, board.enlarged, board.crosshair) = (Focus::List, false, None);
            if lists > 1
                && let Some(function) = &mut self.function
            {
                function.list = FunctionList::ALL[next];
                function.arrange(height);
            }
        }
    }

    pub(super) fn enlarge(&mut self) -> Vec<Effect> {
        let metric = self.shows_metrics()
            && self.function.as_ref().is_some_and(|function| function.metric().is_some());
        match self.board_mut() {
            Some(board) if board.focus != Focus::List => {
                board.enlarged = !board.enlarged;
                board.trace_top = 0;
                Vec::new()
            }
            Some(board) if metric => {
                board.enlarged = !board.enlarged;
                board.crosshair = None;
                self.arrange_function();
                Vec::new()
            }
            _ => self.say("Tab goes to a panel; + enlarges it"),
        }
    }

    /// Whether one metric has the whole screen.
    fn metric_enlarged(&self) -> bool {
        self.shows_metrics() && self.function.as_ref().is_some_and(FunctionBoard::metric_enlarged)
    }

    /// Fits the function's list to the rows that it has now.
    fn arrange_function(&mut self) {
        let height = view::list_height_of(self, ViewKind::Function);
        if let Some(function) = &mut self.function {
            function.arrange(height);
        }
    }
}
