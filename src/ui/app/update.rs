//! Events to changes and effects.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEventKind};

use crate::mask::{self, Masked};
use crate::model::{Timestamp, Window};
use crate::query::page::Ranking;
use crate::query::view::SortBy;
use crate::ui::key::Key;
use crate::ui::keymap::{Action, ViewKind};
use crate::ui::sanitize;
use crate::ui::status::{SessionKind, SessionStatus};
use crate::ui::view;
use crate::ui::widget::field::Field;

use super::function::FunctionList;
use super::list::Move;
use super::owner::Leads;
use super::prompt::PromptKind;
use super::state::{Behind, Effect, Msg, SourcesList, UiState};

/// Lengths of the window, in minutes.
const WINDOWS_MIN: [i64; 11] = [1, 2, 5, 10, 30, 60, 180, 360, 720, 1_440, 2_880];

/// What the terminal's clipboard takes at most, in bytes.
const COPY_MOST: usize = 74_000;

/// Changes the state by one event that came at `at` on the steady clock, in ms, and returns what
/// is to be done outside.
pub fn update(state: &mut UiState, msg: Msg, at: u64) -> Vec<Effect> {
    let mut effects = Vec::new();
    match msg {
        Msg::Key(event) => {
            if event.kind == KeyEventKind::Release {
                return effects;
            }
            state.last_key = Some(at);
            let SessionStatus { latest, as_of, paused, .. } = *state.status;
            let records = state.status.records().saturating_sub(state.stood_at);
            state.behind = paused.then_some(Behind { ms: latest.since(as_of), records });
            effects = state.key(Key::from(event));
        }
        Msg::Paste(text) => {
            state.last_key = Some(at);
            state.prompt_paste(&text);
            state.palette_paste(&text);
        }
        Msg::Wheel(rows) => {
            state.last_key = Some(at);
            if state.prompt.is_none() && state.palette.is_none() && state.menu.is_none() {
                state.go(Move::Rows(rows));
            }
        }
        Msg::Resize(width, height) => state.resize(width, height),
        Msg::Status(status) => state.set_status(status),
        Msg::Overview { id, answer, problems } => state.take_overview(id, answer, problems, at),
        Msg::Lines { id, answer } => state.take_lines(id, answer),
        Msg::Page { id, answer } => state.take_page(id, answer),
        Msg::One { id, answer } => state.take_one(id, answer),
        Msg::Owner { id, answer } => state.take_owner(id, answer),
        Msg::Traces { id, answer } => state.take_traces(id, answer),
        Msg::Coverage { id, answer } => state.take_coverage(id, answer),
        Msg::Survey { id, answer } => state.take_survey(id, answer, at),
        Msg::Stepped { id, time } => effects.extend(state.take_step(id, time)),
        Msg::Notice(text) => state.notice = Some(text),
        Msg::Tick => {}
    }
    state.lend_fields();
    effects.extend(state.ask(at));
    effects
}

/// The first and last time one can go to.
pub(super) fn reach(status: &SessionStatus) -> (Timestamp, Timestamp) {
    match status.kind {
        SessionKind::Replay { start, end, .. } => (start, end.max(start)),
        SessionKind::Live => {
            let latest = status.latest.max(status.as_of);
            (status.oldest.unwrap_or(latest).min(latest), latest)
        }
    }
}

/// Whether terminals send one byte for a key.
fn is_one_byte(key: Key) -> bool {
    matches!(key.code, KeyCode::Char(_) | KeyCode::Enter | KeyCode::Tab | KeyCode::Backspace)
}

impl UiState {
    fn key(&mut self, key: Key) -> Vec<Effect> {
        self.notice = None;
        // A question is answered by the key after it.
        self.quit_asked = self.quit_asked.filter(|now| *now).map(|_| false);
        if key.ctrl && key.code == KeyCode::Char('c') {
            return vec![Effect::Quit];
        }
        // In a field an arrow with Alt is the arrow.
        let edits = |key| Field::edits_with_alt(key) || !is_one_byte(key);
        if key.alt && !(self.types() && edits(key)) {
            return self.with_alt(key);
        }
        if self.prompt.is_some() {
            return self.prompt_key(key);
        }
        if self.palette.is_some() {
            return self.palette_key(key);
        }
        if self.menu.is_some() {
            self.menu_key(key);
            return Vec::new();
        }
        let keymap = &self.options.keymap;
        match keymap.action(self.view(), key) {
            Some(action) => self.act(action),
            None => {
                self.notice = Some(match keymap.elsewhere(key) {
                    Some(action) => format!("{key} ({}) does nothing in this view", action.label()),
                    None => format!("{key} is no key here; ? lists them"),
                });
                Vec::new()
            }
        }
    }

    fn types(&self) -> bool {
        self.prompt.is_some() || self.palette.is_some()
    }

    /// Terminals send Alt and a key as Esc and the key; and where a line stood still for a moment, Esc
    /// and a key typed after it come in one piece. No key is bound to Alt, so that is what it means.
    fn with_alt(&mut self, key: Key) -> Vec<Effect> {
        if !is_one_byte(key) {
            return Vec::new();
        }
        let mut effects = self.key(Key { code: KeyCode::Esc, ctrl: false, alt: false });
        effects.extend(self.key(Key { alt: false, ..key }));
        effects
    }

    pub(super) fn say(&mut self, text: impl Into<String>) -> Vec<Effect> {
        self.notice = Some(text.into());
        Vec::new()
    }

    pub(super) fn act(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Down => self.go(Move::Rows(1)),
            Action::Up => self.go(Move::Rows(-1)),
            Action::PageDown => self.go(Move::Pages(1)),
            Action::PageUp => self.go(Move::Pages(-1)),
            Action::HalfDown => self.go(Move::HalfPages(1)),
            Action::HalfUp => self.go(Move::HalfPages(-1)),
            Action::Top => self.go(Move::Top),
            Action::Bottom => self.go(Move::Bottom),
            Action::Left => return self.sideways(-1),
            Action::Right => return self.sideways(1),
            Action::Open => return self.open(),
            Action::Back => return self.back(),
            Action::Close => return self.close(),
            Action::Quit => return self.quit(),
            Action::Overview => self.stack.truncate(1),
            Action::Function => return self.open_function_here(),
            Action::Invocations => return self.open_invocations(),
            Action::Logs => self.open_all_logs(),
            Action::LogsOf => return self.open_logs_of(),
            Action::Patterns => return self.open_patterns(),
            Action::Traces => self.open_traces(),
            Action::TraceOf => return self.open_trace_of(),
            Action::InvocationOf => return self.ask_owner(Leads::Invocation),
            Action::Shape if self.view() == ViewKind::Traces => self.next_shape(),
            Action::Shape if self.lines_here().is_some() => self.toggle_raw(),
            Action::Shape => return self.toggle_heat(),
            Action::UnfoldAll if self.view() == ViewKind::Trace => return self.unfold_all(),
            Action::UnfoldAll => return self.unfold_line(),
            Action::Problems => self.push(ViewKind::Problems),
            Action::Explain => return self.explain(),
            Action::Sources => self.push(ViewKind::Sources),
            Action::Help => self.toggle_help(),
            Action::NextPanel => self.focus_next(1),
            Action::PreviousPanel => self.focus_next(-1),
            Action::Enlarge => return self.enlarge(),
            Action::Find => self.open_prompt(PromptKind::Find),
            Action::Filter => self.open_prompt(PromptKind::Filter),
            Action::DropCondition => return self.drop_condition(self.filter.terms.len().saturating_sub(1)),
            Action::Jump => self.open_prompt(PromptKind::Jump),
            Action::FindNext => return self.find_next(true),
            Action::FindPrevious => return self.find_next(false),
            Action::NextError => return self.next_error(true),
            Action::PreviousError => return self.next_error(false),
            Action::NextSame if self.view() == ViewKind::Invocation => return self.next_attempt(true),
            Action::PreviousSame if self.view() == ViewKind::Invocation => return self.next_attempt(false),
            Action::NextSame => return self.same(true),
            Action::PreviousSame => return self.same(false),
            Action::SortRight if self.view() == ViewKind::Invocations => self.rank_by_neighbour(1),
            Action::SortLeft if self.view() == ViewKind::Invocations => self.rank_by_neighbour(-1),
            Action::SortRight if self.view() == ViewKind::Traces => self.order_traces(1),
            Action::SortLeft if self.view() == ViewKind::Traces => self.order_traces(-1),
            Action::Invert if self.view() == ViewKind::Traces => self.traces.reverse = !self.traces.reverse,
            Action::SortRight => self.sort_by_neighbour(1),
            Action::SortLeft => self.sort_by_neighbour(-1),
            Action::Invert => self.invert(),
            Action::SortMenu if self.view() == ViewKind::Invocations => {
                self.menu = Ranking::ALL.iter().position(|ranking| *ranking == self.invocations.ranking);
            }
            Action::SortMenu => {
                self.menu = view::overview::ORDERS.iter().position(|(sort, _)| *sort == self.sort);
            }
            Action::Narrower => return self.zoom(-1),
            Action::Wider => return self.zoom(1),
            Action::NextMark => return self.mark(true),
            Action::PreviousMark => return self.mark(false),
            Action::Compare if self.view() == ViewKind::Traces => return self.compare_traces(),
            Action::Compare => self.compare_next(),
            Action::Bookmark => self.open_bookmark(),
            Action::NextBookmark => return self.go_to_bookmark(true),
            Action::PreviousBookmark => return self.go_to_bookmark(false),
            Action::StepBack => return self.step(false),
            Action::StepForward => return self.step(true),
            Action::Zone => {
                self.zone = self.zone.other();
                let mark = self.zone.mark(self.status.as_of);
                return self.say(format!(
                    "times are now shown and read as {}",
                    if mark == "Z" { "UTC".to_string() } else { format!("local, UTC{mark}") }
                ));
            }
            Action::Follow => self.follow(),
            Action::Pause => {
                self.still = !self.status.paused;
                return vec![Effect::Pause(self.still)];
            }
            Action::Loop => return self.toggle_loop(),
            Action::Slower => return self.speed(false),
            Action::Faster => return self.speed(true),
            Action::Record => return self.record(),
            Action::Retry => return self.retry(),
            Action::Wrap => self.wrap(),
            Action::Tag => return self.tag(),
            Action::Untag => return self.untag_all(),
            Action::Mask => return self.mask(),
            Action::Acknowledge => return self.acknowledge(),
            Action::Copy => return self.copy(),
            Action::CopyMenu => return self.open_copies(),
            Action::Palette => self.open_palette(""),
            Action::Save => self.open_palette("save "),
            Action::Columns if self.lines_here().is_some() => return self.open_fields(),
            Action::Columns => self.open_palette("column "),
            Action::SetUp => self.open_themes(),
            Action::Redraw => return vec![Effect::Redraw],
            Action::Suspend => return vec![Effect::Suspend],
        }
        Vec::new()
    }

    fn resize(&mut self, width: u16, height: u16) {
        self.size = (width, height);
        let overview = view::list_height_of(self, ViewKind::Overview);
        self.overview.arrange(overview);
        let function = view::list_height_of(self, ViewKind::Function);
        if let Some(board) = &mut self.function {
            board.arrange(function);
        }
        let lines = view::list_height_of(self, ViewKind::Logs);
        if let Some(logs) = &mut self.logs {
            logs.show(lines, width);
        }
        let its_lines = view::list_height_of(self, ViewKind::Invocation);
        if let Some(one) = &mut self.invocation {
            one.lines.show(its_lines, width);
        }
        let patterns = view::list_height_of(self, ViewKind::Patterns);
        if let Some(board) = &mut self.patterns {
            board.arrange(patterns);
        }
        self.arrange_invocations();
        let traces = view::list_height_of(self, ViewKind::Traces);
        self.traces.arrange(traces);
        let lines = view::list_height_of(self, ViewKind::Trace);
        self.trace_path.iter_mut().for_each(|trace| trace.arrange(lines));
        self.arrange_sources();
    }

    // Order

    fn invert(&mut self) {
        match self.view() {
            ViewKind::Invocations => {
                self.invocations.reverse = !self.invocations.reverse;
                let ranking = self.invocations.ranking;
                self.invocations.rank(ranking);
            }
            _ => self.reverse = !self.reverse,
        }
    }

    fn sort_by_neighbour(&mut self, by: isize) {
        let orders = view::overview::visible_orders(self);
        let now = orders.iter().position(|sort| *sort == self.sort).unwrap_or(0);
        let next = (now + orders.len()).saturating_add_signed(by) % orders.len().max(1);
        if let Some(sort) = orders.get(next) {
            self.sort = *sort;
        }
    }

    fn menu_key(&mut self, key: Key) {
        let Some(at) = self.menu else { return };
        let orders = view::menu_words(self).len();
        if self.options.keymap.action(ViewKind::Overview, key) == Some(Action::Invert) {
            return self.invert();
        }
        let key = self.as_arrow(key);
        match (key.code, key.ctrl) {
            (KeyCode::Down, _) | (KeyCode::Char('n'), true) => self.menu = Some((at + 1) % orders),
            (KeyCode::Up, _) | (KeyCode::Char('p'), true) => self.menu = Some((at + orders - 1) % orders),
            (KeyCode::Enter, _) => {
                match self.view() {
                    ViewKind::Invocations => {
                        self.invocations.rank(Ranking::ALL.get(at).copied().unwrap_or_default());
                    }
                    _ => self.sort = view::overview::ORDERS.get(at).map_or(SortBy::Worst, |(sort, _)| *sort),
                }
                self.menu = None;
            }
            _ => self.menu = None,
        }
    }

    // Time

    /// Goes to a time.
    pub(super) fn jump(&mut self, time: Timestamp) -> Vec<Effect> {
        // In the log view everything up to now is there already: only the place in it changes.
        if self.view() == ViewKind::Logs && time <= self.status.as_of {
            if let Some(logs) = &mut self.logs {
                logs.jump(time);
            }
            return Vec::new();
        }
        self.seek(time, self.status.kind == SessionKind::Live)
    }

    pub(super) fn seek(&mut self, time: Timestamp, pause: bool) -> Vec<Effect> {
        (self.urgent, self.still) = (true, false);
        let mut effects = Vec::new();
        if pause && !self.status.paused {
            effects.push(Effect::Pause(true));
        }
        effects.push(Effect::Seek(time));
        effects
    }

    fn zoom(&mut self, by: isize) -> Vec<Effect> {
        if self.zoom_span(by) {
            return Vec::new();
        }
        let at = WINDOWS_MIN.iter().position(|minutes| minutes * 60_000 >= self.window_ms);
        let at = at.unwrap_or(WINDOWS_MIN.len() - 1);
        let next = at.saturating_add_signed(by).min(WINDOWS_MIN.len() - 1);
        self.window_ms = WINDOWS_MIN[next] * 60_000;
        if next == at {
            return self.say(if by < 0 {
                "this is the narrowest window"
            } else {
                "this is the widest window"
            });
        }
        Vec::new()
    }

    /// Moves the window by so many ms, for the crosshair at its edge.
    pub(super) fn pan(&mut self, ms: i64) -> Vec<Effect> {
        let (earliest, latest) = reach(&self.status);
        let time = self.status.as_of.plus(ms).max(earliest).min(latest);
        if time == self.status.as_of {
            if let Some(board) = self.board_mut() {
                board.crosshair = board.crosshair.map(|at| at.plus(-ms));
            }
            return self.say(if ms < 0 { "nothing is known before" } else { "nothing is known after" });
        }
        self.seek(time, true)
    }

    /// Plays the window again and again, or no more.
    fn toggle_loop(&mut self) -> Vec<Effect> {
        match (self.status.kind, self.status.lap) {
            (SessionKind::Live, _) => self.say("looping is for replays: lamtop replay PATH"),
            (_, Some(_)) => {
                self.notice = Some("going on after the window".to_string());
                vec![Effect::Loop(None)]
            }
            (SessionKind::Replay { .. }, None) => {
                let to = self.status.as_of;
                let lap = Window { from: to.plus(-self.window_ms).max(reach(&self.status).0), to };
                self.notice = Some("this window again and again; the same key goes on".to_string());
                self.urgent = true;
                vec![Effect::Loop(Some(lap)), Effect::Pause(false)]
            }
        }
    }

    fn speed(&mut self, faster: bool) -> Vec<Effect> {
        match self.status.kind {
            SessionKind::Live => self.say("speed is for replays: lamtop replay PATH"),
            SessionKind::Replay { speed, .. } => {
                let next = if faster { speed.faster() } else { speed.slower() };
                // The header says so only while it goes on.
                if self.status.paused {
                    self.notice = Some(format!("{} when it goes on", next.shown()));
                }
                vec![Effect::Speed(next)]
            }
        }
    }

    fn retry(&mut self) -> Vec<Effect> {
        match self.status.kind {
            SessionKind::Live => {
                self.notice = Some("trying what failed again; what still fails says so above".to_string());
                vec![Effect::Retry]
            }
            SessionKind::Replay { .. } => self.say("a replay reads each source once: begin it again"),
        }
    }

    // Show

    fn follow(&mut self) {
        let (height, width) = (view::list_height(self), self.size.0);
        if let Some(logs) = self.lines_mut() {
            logs.set_follow(!logs.follow);
            logs.show(height, width);
        }
    }

    fn wrap(&mut self) {
        let (height, width) = (view::list_height(self), self.size.0);
        if let Some(logs) = self.lines_mut() {
            logs.wrap = !logs.wrap;
            logs.left = 0;
            logs.show(height, width);
        }
    }

    /// Shows log lines as they were written, or in columns again.
    fn toggle_raw(&mut self) {
        let (height, width) = (view::list_height(self), self.size.0);
        if let Some(logs) = self.lines_mut() {
            logs.raw = !logs.raw;
            logs.left = 0;
            logs.show(height, width);
        }
    }

    /// Masks what others must not see, or shows it again.
    fn mask(&mut self) -> Vec<Effect> {
        self.masked = !self.masked;
        if self.masked {
            // Until they are read again.
            self.mask_lines();
        }
        self.say(match self.masked {
            true => "secrets, tokens, addresses and account ids are masked where they are recognised",
            false => "nothing is masked on screen",
        })
    }

    fn copy(&mut self) -> Vec<Effect> {
        let tagged = self.copied_of_tagged().map(|(_, text)| text);
        match tagged.or_else(|| self.copied()) {
            Some(text) => self.send(text),
            None => self.say("nothing is selected"),
        }
    }

    /// Sends a text to the terminal's clipboard.
    pub(super) fn send(&mut self, text: String) -> Vec<Effect> {
        let text = match self.masked {
            true => mask::text(&text, &mut Masked::default()).into_owned(),
            false => text,
        };
        if text.len() > COPY_MOST {
            return self.say("too long for the terminal's clipboard");
        }
        const SENT: &str = "sent to the clipboard: ";
        let room = usize::from(self.size.0).saturating_sub(SENT.len() + 2).max(20);
        let shown = sanitize::cut(&text, room, self.options.charset.symbols());
        self.notice = Some(format!("{SENT}{shown}"));
        vec![Effect::Copy(text)]
    }

    /// The raw text of what is selected.
    pub(super) fn copied(&self) -> Option<String> {
        match self.view() {
            ViewKind::Overview => self.overview.selected().map(|row| row.name.to_string()),
            ViewKind::Function => {
                let function = self.function.as_ref()?;
                let (line, detail) = (function.index(), function.detail()?);
                match function.list {
                    FunctionList::Invocations => Some(function.invocation(line)?.request_id.clone()),
                    FunctionList::Errors => Some(detail.errors.get(line)?.name.clone()),
                    FunctionList::Versions => Some(detail.versions.get(line)?.version.clone()),
                    FunctionList::Settings => Some(function.facts().get(line)?.value.clone()),
                    FunctionList::Metrics => Some(function.metric()?.key.name.to_string()),
                    FunctionList::Environments => Some(detail.environments.get(line)?.stream.clone()),
                }
            }
            ViewKind::Invocations | ViewKind::Invocation => {
                self.chosen_invocation().map(|(row, _)| row.request_id)
            }
            ViewKind::Logs => self.logs.as_ref()?.selected().map(|row| row.text.clone()),
            ViewKind::Patterns => {
                self.patterns.as_ref()?.selected().map(|pattern| self.shape_shown(pattern).to_string())
            }
            ViewKind::Traces => self.traces.selected().map(|line| line.shown.clone()),
            ViewKind::Trace => self.segment_copied(),
            ViewKind::Problems => {
                self.problem().map(|problem| format!("{}: {}", problem.name, problem.sentence))
            }
            ViewKind::Sources => match self.sources.list {
                SourcesList::Sources => {
                    Some(self.status.sources.get(self.sources.sources.index())?.name.clone())
                }
                SourcesList::Bad => {
                    let bad = self.status.bad_records.get(self.sources.bad.index())?;
                    Some(bad.excerpt.clone())
                }
                // All of it, for whoever is asked for help.
                SourcesList::Health => {
                    let lines = self.health();
                    let lines = lines.iter().map(|line| format!("{:<12} {}", line.label, line.text));
                    Some(lines.collect::<Vec<_>>().join("\n"))
                }
            },
            ViewKind::Help => None,
        }
    }

    pub(super) fn set_status(&mut self, status: Arc<SessionStatus>) {
        self.told = true;
        // It goes on, whoever said so.
        self.still &= status.paused;
        if !self.status.paused {
            self.stood_at = status.records();
        }
        self.status = status;
        self.arrange_sources();
    }
}
