//! What is asked of the session, and when: at once for a key, once a second for time that passes,
//! up to ten times a second for log lines that are followed.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::{FunctionId, Timestamp};
use crate::query::SILENT_MS;
use crate::query::filter::Filter;
use crate::query::view::{LinesAnswer, Overview, OverviewRequest, Problems, SortBy, State};
use crate::ui::keymap::ViewKind;
use crate::ui::status::{SessionKind, SessionStatus};
use crate::ui::view;

use super::board::Board;
use super::function::FunctionList;
use super::problems::id_of;
use super::state::{Effect, FREEZE_MS, UiState};

/// Numbers repaint at most once in this time.
const NUMBERS_MS: u64 = 1_000;
/// Until the first numbers.
const EMPTY_MS: u64 = 30;
/// While a capture is still being read.
const LOADING_MS: u64 = 250;

/// Everything of a question but its time.
#[derive(Clone, Debug, PartialEq)]
struct Question {
    window_ms: i64,
    columns: usize,
    spark: usize,
    heat: usize,
    ticks: usize,
    metrics: bool,
    filter: Filter,
    crosshair: Option<Timestamp>,
    compare_ms: Option<i64>,
    sort: SortBy,
    reverse: bool,
}

/// What a board asked last.
#[derive(Clone, Debug)]
pub(super) struct LastAsk {
    question: Question,
    as_of: Timestamp,
    generation: u64,
    judged: Option<Timestamp>,
    at: u64,
}

/// A question that has no answer yet.
#[derive(Clone, Copy, Debug)]
struct Open {
    id: u64,
    function: Option<FunctionId>,
    /// A person changed what is asked, so rows may move at once.
    by_key: bool,
}

/// The numbers of questions.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    last_id: u64,
    open: VecDeque<Open>,
}

impl Asked {
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}

/// An answer as of the newest record, seen so many ms after that: all in it is so much older, and of what
/// has been silent since nobody can say that it is well.
fn aged(answer: &Overview, ms: i64) -> Overview {
    let mut answer = answer.clone();
    let panels = &mut answer.panels;
    let provenances = [
        &mut panels.invocations.provenance,
        &mut panels.duration.provenance,
        &mut panels.errors.provenance,
        &mut panels.throttles.provenance,
        &mut panels.concurrency.provenance,
        &mut panels.trace.provenance,
    ];
    provenances.into_iter().filter_map(|of| of.age_ms.as_mut()).for_each(|age| *age += ms);
    if ms >= SILENT_MS {
        answer.rows.iter_mut().filter(|row| row.state == State::Ok).for_each(|row| row.state = State::NoData);
    }
    answer
}

impl UiState {
    /// Milliseconds after which [`super::Msg::Tick`] is due, if nothing else happens: rows that
    /// kept their places may move, or what changed may be asked again.
    pub fn wake_in_ms(&self, at: u64) -> Option<u64> {
        let thaw = self.thaws_at();
        let numbers = match self.board().map(|board| &board.last_ask) {
            Some(Some(last)) if self.changed(last) => Some(last.at + self.interval_ms()),
            _ => None,
        };
        let lines = self.logs.as_ref().filter(|_| self.view() == ViewKind::Logs);
        let lines = lines.and_then(|logs| logs.due_at(&self.status));
        let lists = match self.view() {
            ViewKind::Invocations => {
                let key = self.last_key.filter(|_| self.invocations.holds_still(&self.status));
                let thaw = key.map_or(0, |key| key + FREEZE_MS);
                self.invocations.due_at(&self.status).map(|due| due.max(thaw))
            }
            ViewKind::Invocation => self.invocation.as_ref().and_then(|one| {
                one.due_at(&self.status).into_iter().chain(one.lines.due_at(&self.status)).min()
            }),
            ViewKind::Trace => self.trace().and_then(|trace| trace.lines.as_ref()?.due_at(&self.status)),
            _ => None,
        };
        let traces = self.traces_due_at(self.traces_every_ms());
        let survey = self.survey_due_at(self.traces_every_ms());
        let coverage = self.coverage_due_at();
        [thaw, numbers, lines, lists, traces, survey, coverage]
            .into_iter()
            .flatten()
            .min()
            .map(|due| due.saturating_sub(at))
    }

    /// When rows that wait to move may. Those of an overview that was paused by its key do not: nothing moves
    /// in a picture that is to stand still. A function's list may, for it would be older than the panels
    /// above it.
    fn thaws_at(&self) -> Option<u64> {
        let still = self.last_key.map_or(0, |key| key + FREEZE_MS);
        let overview = (self.overview.reorder && !self.still).then(|| still.max(self.calm_until()));
        let function = self.function.as_ref().is_some_and(|function| function.reorder).then_some(still);
        overview.into_iter().chain(function).min()
    }

    /// Until when the overview's rows keep their places because they have moved: not while a capture is being
    /// read, for then they are of what was read by chance; nor in a picture that stands, where what was judged
    /// late is the last answer.
    fn calm_until(&self) -> u64 {
        match self.status.kind {
            _ if self.status.paused => 0,
            SessionKind::Replay { loaded, .. } if loaded < 1.0 => 0,
            _ => self.overview.calm_until(),
        }
    }

    fn changed(&self, last: &LastAsk) -> bool {
        let now = &self.status;
        (last.as_of, last.generation, last.judged) != (now.as_of, now.generation, now.judged)
    }

    fn interval_ms(&self) -> u64 {
        let empty = self.board().is_none_or(|board| board.answer.as_ref().is_none_or(|a| a.functions == 0));
        match self.status.kind {
            _ if empty => EMPTY_MS,
            SessionKind::Replay { loaded, .. } if loaded < 1.0 => LOADING_MS,
            _ => NUMBERS_MS,
        }
    }

    fn traces_every_ms(&self) -> u64 {
        match self.status.kind {
            SessionKind::Replay { loaded, .. } if loaded < 1.0 => LOADING_MS,
            _ => NUMBERS_MS,
        }
    }

    /// The board on screen.
    pub(super) fn board(&self) -> Option<&Board> {
        match self.view() {
            // Problems come with the answer for all functions.
            ViewKind::Overview | ViewKind::Problems => Some(&self.overview.board),
            ViewKind::Function => self.function.as_ref().map(|function| &function.board),
            _ => None,
        }
    }

    /// Whether the list of a function's metrics is on screen.
    pub(super) fn shows_metrics(&self) -> bool {
        let function = self.function.as_ref().filter(|_| self.view() == ViewKind::Function);
        function.is_some_and(|function| function.list == FunctionList::Metrics)
    }

    fn asking(&mut self) -> Option<&mut Board> {
        match self.view() {
            ViewKind::Problems => Some(&mut self.overview.board),
            _ => self.board_mut(),
        }
    }

    pub(super) fn board_mut(&mut self) -> Option<&mut Board> {
        match self.view() {
            ViewKind::Overview => Some(&mut self.overview.board),
            ViewKind::Function => self.function.as_mut().map(|function| &mut function.board),
            _ => None,
        }
    }

    /// Asks what is due for what is on screen; nothing before the session has told the time.
    pub(super) fn ask(&mut self, at: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.told {
            effects.extend(self.ask_board(at));
            effects.extend(self.ask_page(at));
            effects.extend(self.ask_one(at));
            effects.extend(self.ask_lines(at));
            effects.extend(self.ask_its_lines(at));
            effects.extend(self.ask_segment_lines(at));
            effects.extend(self.ask_traces(at, self.traces_every_ms()));
            effects.extend(self.ask_survey(at, self.traces_every_ms()));
            effects.extend(self.ask_coverage(at));
        }
        if !self.frozen(at) {
            self.thaw(at);
        }
        effects
    }

    fn ask_board(&mut self, at: u64) -> Option<Effect> {
        let board = self.board()?;
        let (columns, spark) = view::columns(self, board.enlarged);
        let heat = if board.shows_heat() { view::heat_rows(self.size) } else { 0 };
        let function = match self.view() {
            ViewKind::Function => self.function.as_ref().map(|function| function.id),
            _ => None,
        };
        let question = Question {
            window_ms: self.window_ms,
            columns,
            spark,
            heat,
            ticks: function.map_or(0, |_| view::lane_columns(self.size.0)),
            metrics: self.shows_metrics(),
            filter: self.filter.clone(),
            crosshair: board.crosshair_column().and(board.crosshair),
            compare_ms: self.compare.map(|with| with.ms(self.window_ms)),
            sort: self.sort,
            reverse: self.reverse,
        };
        let other = board.last_ask.as_ref().is_none_or(|last| last.question != question);
        let changed = board.last_ask.as_ref().is_none_or(|last| self.changed(last));
        let waited = board.last_ask.as_ref().map_or(u64::MAX, |last| at.saturating_sub(last.at));
        // Where the crosshair stands changes no row: none may move by it.
        let other_rows = board.last_ask.as_ref().is_none_or(|last| {
            Question { crosshair: question.crosshair, ..last.question.clone() } != question
        });
        let by_key = other_rows || (changed && self.urgent);
        let due = changed && waited >= self.interval_ms();
        if !(other || by_key || due) {
            return None;
        }
        self.urgent = false;
        let id = self.asked.next_id();
        self.asked.open.push_back(Open { id, function, by_key });
        if self.asked.open.len() > 16 {
            self.asked.open.pop_front();
        }
        let request = OverviewRequest {
            as_of: self.status.as_of,
            window_ms: question.window_ms,
            columns,
            spark,
            heat,
            ticks: question.ticks,
            filter: question.filter.clone(),
            crosshair: question.crosshair,
            function,
            metrics: question.metrics,
            compare_ms: question.compare_ms,
            sort: question.sort,
            reverse: question.reverse,
        };
        let SessionStatus { as_of, generation, judged, .. } = *self.status;
        self.asking()?.last_ask = Some(LastAsk { question, as_of, generation, judged, at });
        Some(Effect::Ask { id, request, zone: self.zone })
    }

    fn ask_lines(&mut self, at: u64) -> Option<Effect> {
        if self.view() != ViewKind::Logs {
            return None;
        }
        let height = view::list_height(self);
        let id = self.asked.last_id + 1;
        let request = self.logs.as_mut()?.ask(id, &self.status, (&self.filter, self.masked), height, at)?;
        self.asked.last_id = id;
        Some(Effect::AskLines { id, request })
    }

    /// Takes an answer; one to a question that is not open any more is dropped.
    pub(super) fn take_overview(&mut self, id: u64, answer: Arc<Overview>, problems: Arc<Problems>, at: u64) {
        let Some(place) = self.asked.open.iter().position(|open| open.id == id) else { return };
        let open = self.asked.open[place];
        // With it all earlier questions of the same board are void.
        let earlier = self.asked.open.iter().take(place).filter(|o| o.function == open.function);
        let by_key = open.by_key || earlier.into_iter().any(|o| o.by_key);
        let mut kept = VecDeque::new();
        for (at, other) in self.asked.open.drain(..).enumerate() {
            if at > place || other.function != open.function {
                kept.push_back(other);
            }
        }
        self.asked.open = kept;
        let answer = match self.status.stale_ms {
            Some(ms) if ms > 0 => Arc::new(aged(&answer, ms)),
            _ => answer,
        };
        let ids = |problems: &Problems| problems.open().map(id_of).collect::<Vec<_>>();
        if ids(&self.problems) != ids(&problems) || open.function.is_none() && self.overview.is_news(&answer)
        {
            self.overview.hurry();
        }
        self.take_problems(problems);
        let keep_places = self.frozen(at) && !by_key;
        match open.function {
            None => {
                let keep_places = keep_places || !by_key && at < self.calm_until();
                let height = view::list_height_of(self, ViewKind::Overview);
                self.overview.take(answer, keep_places, height, at);
            }
            Some(id) => {
                let height = view::list_height_of(self, ViewKind::Function);
                if let Some(function) = self.function.as_mut().filter(|function| function.id == id) {
                    function.take(answer, keep_places, height);
                }
                // What is told above the lists takes room from them.
                let height = view::list_height_of(self, ViewKind::Function);
                if let Some(function) = self.function.as_mut().filter(|function| function.id == id) {
                    function.arrange(height);
                }
            }
        }
    }

    pub(super) fn take_lines(&mut self, id: u64, answer: LinesAnswer) {
        let (height, width) = (view::list_height(self), self.size.0);
        let reads = match self.view() {
            ViewKind::Trace => self.trace_mut().and_then(|trace| trace.lines.as_mut()),
            _ => self.lines_mut(),
        };
        if let Some(logs) = reads
            && let Some(said) = logs.take(id, answer, height, width)
        {
            self.notice = Some(self.told_of_search(&said));
        }
    }

    /// Rows may move again.
    fn thaw(&mut self, at: u64) {
        if self.overview.reorder && !self.still && at >= self.calm_until() {
            let height = view::list_height_of(self, ViewKind::Overview);
            self.overview.sort(height, at);
        }
        if self.function.as_ref().is_some_and(|function| function.reorder) {
            let height = view::list_height_of(self, ViewKind::Function);
            if let Some(function) = &mut self.function {
                function.sort(height);
            }
        }
    }
}
