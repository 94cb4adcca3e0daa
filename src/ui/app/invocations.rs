//! The list of invocations: whose, in which order, which part of it is loaded, what is selected.

use std::sync::Arc;

use crate::model::{EnvironmentId, FunctionId, Timestamp, Window};
use crate::query::ErrorKey;
use crate::query::filter::{Compare, Condition, Filter, Term};
use crate::query::page::{Listed, Page, PageRequest, Part, Ranking};
use crate::query::view::Which;
use crate::ui::keymap::ViewKind;
use crate::ui::status::{SessionKind, SessionStatus};
use crate::ui::view;

use super::board::{Focus, PanelKind};
use super::function::Only;
use super::list::{ListState, Move};
use super::state::{Effect, UiState};

/// Rows of a page: what can be scrolled through without asking.
const PAGE: usize = 1_000;
/// So near an end of the page the next one is asked for.
const NEAR: usize = PAGE / 4;
const MINUTE_MS: i64 = 60_000;
/// A span is not made longer than twice this, in ms.
const MOST_MS: i64 = 48 * 60 * MINUTE_MS;
/// Numbers repaint at most once in this time.
const NUMBERS_MS: u64 = 1_000;
/// While a capture is still being read, for what is there is not what will be.
const LOADING_MS: u64 = 250;
/// Until the first rows.
const EMPTY_MS: u64 = 30;

/// Whose invocations, and when they began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InvocationScope {
    /// Of this function, with its name.
    pub function: Option<(FunctionId, Arc<str>)>,
    /// Of this environment, with its stream.
    pub environment: Option<(EnvironmentId, String)>,
    /// Of this group of errors, with what it is called.
    pub error: Option<(ErrorKey, String)>,
    /// Those that took so long, in µs.
    pub took: Option<std::ops::Range<u64>>,
    /// Those that began in this span; else in the window on screen.
    pub span: Option<Window>,
}

impl InvocationScope {
    /// A filter, narrowed to those that took so long.
    fn filter(&self, filter: &Filter) -> Filter {
        let mut filter = filter.clone();
        let bounds =
            self.took.iter().flat_map(|took| [(Compare::AtLeast, took.start), (Compare::Less, took.end)]);
        let terms = bounds.map(|(compare, us)| Term { not: false, what: Condition::Duration(compare, us) });
        filter.terms.extend(terms);
        filter
    }
}

/// Everything of a question but its time and place.
#[derive(Clone, Debug, PartialEq)]
struct Question {
    scope: InvocationScope,
    ranking: Ranking,
    reverse: bool,
    filter: Filter,
    window_ms: i64,
}

/// The last question.
#[derive(Clone, Debug)]
struct Asked {
    question: Question,
    part: Part,
    as_of: Timestamp,
    generation: u64,
    at: u64,
}

/// The list of invocations.
#[derive(Clone, Debug, Default)]
pub struct InvocationsView {
    /// Whose.
    pub scope: InvocationScope,
    /// What comes first.
    pub ranking: Ranking,
    /// Whether the order is turned round.
    pub reverse: bool,
    /// The part that is loaded.
    pub page: Option<Arc<Page>>,
    /// The selected row.
    pub list: ListState<Which>,
    /// An end of the list that is gone to.
    wanted: Option<Part>,
    asked: Option<Asked>,
    /// The question that has no answer yet.
    pending: Option<u64>,
}

impl InvocationsView {
    /// A list that has not been asked for.
    pub(super) fn new(scope: InvocationScope, ranking: Ranking) -> Self {
        Self { scope, ranking, ..Self::default() }
    }

    /// The loaded rows.
    pub fn rows(&self) -> &[Listed] {
        self.page.as_ref().map_or(&[], |page| &page.rows)
    }

    /// The selected one.
    pub fn selected(&self) -> Option<&Listed> {
        self.rows().get(self.list.index())
    }

    pub(super) fn rank(&mut self, ranking: Ranking) {
        self.ranking = ranking;
        self.list = ListState::default();
    }

    fn changed(&self, status: &SessionStatus) -> bool {
        let now = (status.as_of, status.generation);
        self.asked.as_ref().is_some_and(|asked| (asked.as_of, asked.generation) != now)
    }

    /// When time alone makes a question due, on the steady clock.
    pub(super) fn due_at(&self, status: &SessionStatus) -> Option<u64> {
        let asked = self.asked.as_ref().filter(|_| self.pending.is_none() && self.changed(status))?;
        Some(asked.at + self.every_ms(status))
    }

    fn every_ms(&self, status: &SessionStatus) -> u64 {
        match status.kind {
            SessionKind::Replay { loaded, .. } if loaded < 1.0 && self.rows().is_empty() => EMPTY_MS,
            SessionKind::Replay { loaded, .. } if loaded < 1.0 => LOADING_MS,
            _ => NUMBERS_MS,
        }
    }

    /// Whether rows stand still for a moment after a key: not while a capture is being read and
    /// nobody has gone to a row, for then they are of what was read by chance; nor where there are none.
    pub(super) fn holds_still(&self, status: &SessionStatus) -> bool {
        let loading = matches!(status.kind, SessionKind::Replay { loaded, .. } if loaded < 1.0);
        self.list.moved() || !(loading || self.rows().is_empty())
    }

    /// The part to load: an end that is gone to, or what is around the selected row.
    fn part(&self) -> Part {
        match (self.wanted, self.selected()) {
            (Some(end), _) => end,
            (None, Some(selected)) if self.list.moved() => Part::Around(selected.place),
            _ => Part::First,
        }
    }

    /// Whether the selected row is near an end of what is loaded, and there is more.
    fn near_end(&self) -> bool {
        let Some(page) = &self.page else { return false };
        let (at, rows) = (self.list.index(), page.rows.len());
        (at < NEAR && !page.at_start) || (at + NEAR >= rows && !page.at_end)
    }

    /// What is to be asked now, if anything; `still` while nothing may move by itself.
    pub(super) fn ask(
        &mut self,
        id: u64,
        status: &SessionStatus,
        (filter, window_ms): (&Filter, i64),
        (still, urgent): (bool, bool),
        at: u64,
    ) -> Option<PageRequest> {
        let (scope, ranking, reverse) = (self.scope.clone(), self.ranking, self.reverse);
        let question = Question { scope, ranking, reverse, filter: filter.clone(), window_ms };
        let other = self.asked.as_ref().is_none_or(|asked| asked.question != question);
        let part = self.part();
        let elsewhere = (self.wanted.is_some() || self.near_end())
            && self.asked.as_ref().is_none_or(|asked| asked.part != part);
        let due = {
            let still = still && self.holds_still(status);
            self.due_at(status).is_some_and(|due| due <= at && !still)
        };
        let by_key = other || (urgent && self.changed(status)) || (elsewhere && self.pending.is_none());
        if !(by_key || due) {
            return None;
        }
        let SessionStatus { as_of, generation, .. } = *status;
        let request = PageRequest {
            as_of,
            window: self
                .scope
                .span
                .unwrap_or(Window { from: as_of.plus(-window_ms.max(1)), to: as_of.plus(1) }),
            filter: self.scope.filter(&question.filter),
            function: self.scope.function.as_ref().map(|(id, _)| *id),
            environment: self.scope.environment.as_ref().map(|(id, _)| *id),
            error: self.scope.error.as_ref().map(|(key, _)| *key),
            ranking,
            reverse,
            part,
            count: PAGE,
        };
        self.pending = Some(id);
        self.asked = Some(Asked { question, part, as_of, generation, at });
        Some(request)
    }

    /// Takes an answer; one to an older question is dropped.
    pub(super) fn take(&mut self, id: u64, page: Arc<Page>, height: usize) {
        if self.pending != Some(id) {
            return;
        }
        self.pending = None;
        let end = self.wanted.take_if(|wanted| *wanted == page.request.part);
        let rows = page.rows.len();
        let at = |line: usize| page.rows[line].row.which();
        match end {
            Some(Part::Last) => self.list.select(rows.saturating_sub(1), rows, height, at),
            Some(_) => self.list.select(0, rows, height, at),
            None => self.list.arrange(rows, height, at),
        }
        self.page = Some(page);
    }

    pub(super) fn arrange(&mut self, height: usize) {
        if let Some(page) = &self.page {
            self.list.arrange(page.rows.len(), height, |line| page.rows[line].row.which());
        }
    }

    pub(super) fn select(&mut self, line: usize, height: usize) {
        if let Some(page) = &self.page {
            self.list.select(line, page.rows.len(), height, |line| page.rows[line].row.which());
        }
    }

    pub(super) fn go(&mut self, to: Move, height: usize) {
        let Some(page) = &self.page else { return };
        self.wanted = match to {
            Move::Top if !page.at_start => Some(Part::First),
            Move::Bottom if !page.at_end => Some(Part::Last),
            _ => {
                let line = to.from(self.list.index(), page.rows.len(), height);
                self.select(line, height);
                None
            }
        };
    }
}

impl UiState {
    /// Opens the list of what is looked at: of the selected function; from a panel of the overview
    /// those of all functions, as the panel shows them.
    pub(super) fn open_invocations(&mut self) -> Vec<Effect> {
        if self.view() == ViewKind::Invocations {
            return self.say("this is the list of invocations; Esc goes back");
        }
        if let Some(span) = self.under_crosshair() {
            return self.open_span(span);
        }
        let (function, environment) = match (self.view(), &self.function) {
            (ViewKind::Function, Some(function)) => {
                let environment = match &function.only {
                    Some(Only::Environment(id, stream)) => Some((*id, stream.clone())),
                    _ => None,
                };
                (Some((function.id, function.name.clone())), environment)
            }
            (ViewKind::Invocation, _) => {
                (self.invocation.as_ref().map(|one| (one.request.which.function, one.name.clone())), None)
            }
            (ViewKind::Problems, _) => (self.subject(), None),
            (ViewKind::Overview, _) if self.overview.board.focus == Focus::List => (self.subject(), None),
            (ViewKind::Logs, _) => (self.logs.as_ref().and_then(|logs| logs.scope.function.clone()), None),
            _ => (None, None),
        };
        let scope = InvocationScope { function, environment, ..InvocationScope::default() };
        self.show_invocations(scope, Ranking::default());
        Vec::new()
    }

    pub(super) fn show_invocations(&mut self, scope: InvocationScope, ranking: Ranking) {
        self.invocations = InvocationsView::new(scope, ranking);
        self.push(ViewKind::Invocations);
    }

    /// The chart column under the crosshair of the focused panel, and the panel.
    pub(super) fn under_crosshair(&self) -> Option<(PanelKind, Window)> {
        let Focus::Panel(kind) = self.board()?.focus else { return None };
        Some((kind, self.span_under_crosshair()?))
    }

    /// The time of the column under the crosshair.
    pub(super) fn span_under_crosshair(&self) -> Option<Window> {
        let board = self.board()?;
        let answer = board.answer.as_ref()?;
        let from = answer.window.from.plus(answer.step_ms.saturating_mul(board.crosshair_column()? as i64));
        Some(Window { from, to: from.plus(answer.step_ms) })
    }

    /// Opens the invocations under the crosshair: those first that make the panel high.
    pub(super) fn open_span(&mut self, (kind, span): (PanelKind, Window)) -> Vec<Effect> {
        let ranking = match kind {
            PanelKind::Errors => Ranking::Failed,
            PanelKind::Duration | PanelKind::Concurrency => Ranking::Slowest,
            PanelKind::Invocations | PanelKind::Throttles | PanelKind::Traces => Ranking::Newest,
        };
        let function = match self.view() {
            ViewKind::Function => self.function.as_ref().map(|f| (f.id, f.name.clone())),
            _ => None,
        };
        let span = Some(span);
        self.show_invocations(InvocationScope { function, span, ..InvocationScope::default() }, ranking);
        match kind {
            PanelKind::Throttles => self.say("a throttled request never runs; these ran at that time"),
            _ => Vec::new(),
        }
    }

    pub(super) fn arrange_invocations(&mut self) {
        let height = view::list_height_of(self, ViewKind::Invocations);
        self.invocations.arrange(height);
    }

    /// Makes the span of the list wider or narrower around its middle; whether it has one.
    pub(super) fn zoom_span(&mut self, by: isize) -> bool {
        let Some(span) = self.invocations.scope.span.filter(|_| self.view() == ViewKind::Invocations) else {
            return false;
        };
        let (middle, ms) = (span.from.plus(span.ms() / 2), span.ms().clamp(MINUTE_MS / 60, MOST_MS));
        let half = if by > 0 { ms } else { (ms / 4).max(1) };
        self.invocations.scope.span = Some(Window { from: middle.plus(-half), to: middle.plus(half) });
        true
    }

    /// The order of the neighbouring column.
    pub(super) fn rank_by_neighbour(&mut self, by: isize) {
        let all = Ranking::ALL;
        let now = all.iter().position(|ranking| *ranking == self.invocations.ranking).unwrap_or(0);
        self.invocations.rank(all[(now + all.len()).saturating_add_signed(by) % all.len()]);
    }

    pub(super) fn ask_page(&mut self, at: u64) -> Option<Effect> {
        if self.view() != ViewKind::Invocations {
            return None;
        }
        let (id, still, urgent) = (self.asked.next_id(), self.frozen(at), self.urgent);
        let what = (&self.filter, self.window_ms);
        let request = self.invocations.ask(id, &self.status, what, (still, urgent), at)?;
        self.urgent = false;
        Some(Effect::AskPage { id, request })
    }

    pub(super) fn take_page(&mut self, id: u64, page: Arc<Page>) {
        let height = view::list_height_of(self, ViewKind::Invocations);
        self.invocations.take(id, page, height);
    }
}
