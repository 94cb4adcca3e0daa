//! What the screen remembers.

use std::sync::Arc;

use crossterm::event::KeyEvent;

use crate::model::{Origin, Timestamp, Window};
use crate::query::filter::{Filter, Mistake};
use crate::query::page::{Page, PageRequest};
use crate::query::survey::{Survey, SurveyRequest};
use crate::query::view::{LinesAnswer, LinesRequest, Overview, OverviewRequest, Problems, SortBy};
use crate::query::view::{TracesAnswer, TracesRequest};
use crate::query::{Coverage, CoverageRequest, One, OneRequest, Owner, OwnerRequest, StepRequest, Unowned};
use crate::ui::keymap::{Keymap, ViewKind};
use crate::ui::status::{SessionStatus, Speed};
use crate::ui::symbols::Charset;
use crate::ui::theme::{ColorDepth, Theme};
use crate::ui::zone::Zone;

use super::acknowledge::Acknowledged;
use super::ask::Asked;
use super::board::OverviewBoard;
use super::bookmarks::Bookmark;
use super::compare::Compare;
use super::function::FunctionBoard;
use super::health::AskedCoverage;
use super::invocation::InvocationBoard;
use super::invocations::InvocationsView;
use super::list::ListState;
use super::logs::{LogView, Scope};
use super::owner::Owning;
use super::palette::Palette;
use super::patterns::PatternsBoard;
use super::problems::ProblemId;
use super::prompt::{History, Prompt};
use super::remember::Remembered;
use super::step::Stepping;
use super::survey::AskedSurvey;
use super::tags::Tags;
use super::trace::TraceBoard;
use super::traces::{AskedTraces, TracesBoard};

/// What is fixed when the screen is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The styles, already in the terminal's colours.
    pub theme: Theme,
    /// How many colours the terminal has, for other themes.
    pub depth: ColorDepth,
    /// The signs.
    pub charset: Charset,
    /// The keys.
    pub keymap: Keymap,
    /// The zone to begin with.
    pub zone: Zone,
    /// The view to begin with; `Function` and `Invocation` need a selection and mean
    /// `Overview`.
    pub view: ViewKind,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Length of the window to begin with, in ms.
    pub window_ms: i64,
    /// The AWS region, for commands and links that are copied; `None` leaves it to them.
    pub region: Option<String>,
    /// What was remembered of the last session.
    pub remembered: Remembered,
    /// Reads the filter language; the error says what is wrong.
    pub parse_filter: fn(&str) -> Result<Filter, Mistake>,
}

/// What happens to the screen.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// A text was pasted.
    Paste(String),
    /// The wheel was turned by so many rows, downwards.
    Wheel(isize),
    /// The terminal has so many columns and rows.
    Resize(u16, u16),
    /// The session stands like this.
    Status(Arc<SessionStatus>),
    /// The answer to [`Effect::Ask`].
    Overview {
        /// The number of the question.
        id: u64,
        /// The answer.
        answer: Arc<Overview>,
        /// What is wrong, as of the same time.
        problems: Arc<Problems>,
    },
    /// The answer to [`Effect::AskLines`].
    Lines {
        /// The number of the question.
        id: u64,
        /// The answer.
        answer: LinesAnswer,
    },
    /// The answer to [`Effect::AskPage`].
    Page {
        /// The number of the question.
        id: u64,
        /// The answer.
        answer: Arc<Page>,
    },
    /// The answer to [`Effect::AskOne`].
    One {
        /// The number of the question.
        id: u64,
        /// The answer.
        answer: Arc<One>,
    },
    /// The answer to [`Effect::AskOwner`].
    Owner {
        /// The number of the question.
        id: u64,
        /// The invocation, or why there is none.
        answer: Result<Box<Owner>, Unowned>,
    },
    /// The answer to [`Effect::AskTraces`].
    Traces {
        /// The number of the question.
        id: u64,
        /// The answer.
        answer: TracesAnswer,
    },
    /// The answer to [`Effect::AskCoverage`].
    Coverage {
        /// The number of the question.
        id: u64,
        /// The answer.
        answer: Arc<Coverage>,
    },
    /// The answer to [`Effect::AskSurvey`].
    Survey {
        /// The number of the question.
        id: u64,
        /// The answer.
        answer: Arc<Survey>,
    },
    /// The answer to [`Effect::AskStep`]; `None` where there is no record in that direction.
    Stepped {
        /// The number of the question.
        id: u64,
        /// When that record became known.
        time: Option<Timestamp>,
    },
    /// Something to tell the person: a copy that failed, how long we slept.
    Notice(String),
    /// Time has passed (see [`UiState::wake_in_ms`]).
    Tick,
}

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Answer this with [`Msg::Overview`]; a later question makes an earlier one void.
    Ask {
        /// Its number.
        id: u64,
        /// The question.
        request: OverviewRequest,
        /// The zone in which sentences tell times.
        zone: Zone,
    },
    /// Answer this with [`Msg::Lines`]; a later question makes an earlier one void.
    AskLines {
        /// Its number.
        id: u64,
        /// The question.
        request: LinesRequest,
    },
    /// Answer this with [`Msg::Page`]; a later question makes an earlier one void.
    AskPage {
        /// Its number.
        id: u64,
        /// The question.
        request: PageRequest,
    },
    /// Answer this with [`Msg::One`]; a later question makes an earlier one void.
    AskOne {
        /// Its number.
        id: u64,
        /// The question.
        request: OneRequest,
    },
    /// Answer this with [`Msg::Owner`]; a later question makes an earlier one void.
    AskOwner {
        /// Its number.
        id: u64,
        /// The question.
        request: OwnerRequest,
    },
    /// Answer this with [`Msg::Coverage`]; a later question makes an earlier one void.
    AskCoverage {
        /// The number of the question.
        id: u64,
        /// The question.
        request: CoverageRequest,
    },
    /// Answer this with [`Msg::Traces`]; a later question makes an earlier one void.
    AskTraces {
        /// Its number.
        id: u64,
        /// The question.
        request: TracesRequest,
    },
    /// Answer this with [`Msg::Survey`]; a later question makes an earlier one void.
    AskSurvey {
        /// Its number.
        id: u64,
        /// The question.
        request: SurveyRequest,
    },
    /// Answer this with [`Msg::Stepped`].
    AskStep {
        /// Its number.
        id: u64,
        /// The question.
        request: StepRequest,
    },
    /// Ask everything as of this time from now on.
    Seek(Timestamp),
    /// Replay at this speed.
    Speed(Speed),
    /// Play this span again and again; or no more.
    Loop(Option<Window>),
    /// Let the time stand still, or run again. Live, running again means the newest.
    Pause(bool),
    /// Send this text to the terminal's clipboard.
    Copy(String),
    /// Write this into a new file in the current folder; the answer is a [`Msg::Notice`].
    Save {
        /// The file's name; another one where there is such a file.
        name: String,
        /// What goes into it.
        bytes: Vec<u8>,
    },
    /// Write the lines that this asks for, from its anchor on, into a new file as a capture that
    /// replays; the answer is a [`Msg::Notice`].
    SaveCapture {
        /// The file's name; another one where there is such a file.
        name: String,
        /// Which lines.
        request: LinesRequest,
        /// Whether what others must not see is masked.
        mask: bool,
    },
    /// Record what arrives into a new file of this name, or stop; the answer is a [`Msg::Notice`].
    Record(Option<String>),
    /// Take the mouse for the wheel, or give it back.
    Mouse(bool),
    /// Try failed sources again now.
    Retry,
    /// Suspend the program.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// End the program.
    Quit,
}

/// The lists of the view of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SourcesList {
    /// What is read.
    #[default]
    Sources,
    /// What could not be read.
    Bad,
    /// How well all of it can be trusted.
    Health,
}

impl SourcesList {
    /// In their order on screen.
    pub const ALL: [Self; 3] = [Self::Sources, Self::Bad, Self::Health];
}

/// The view of sources.
#[derive(Clone, Debug, Default)]
pub struct SourcesState {
    /// Where the keys go.
    pub list: SourcesList,
    /// The sources, by their place: they are never reordered.
    pub sources: ListState<usize>,
    /// The bad records, by source and offset.
    pub bad: ListState<(String, u64)>,
    /// First row of the health on screen.
    pub health_top: usize,
    /// What the sources come to.
    pub coverage: Option<Arc<Coverage>>,
    pub(super) asked: Option<AskedCoverage>,
}

/// Everything that the screen remembers. [`super::update`] changes it, [`crate::ui::view::draw`]
/// draws it.
#[derive(Clone, Debug)]
pub struct UiState {
    /// What was fixed at the start.
    pub options: Options,
    /// The zone on screen.
    pub zone: Zone,
    /// Columns and rows.
    pub size: (u16, u16),
    /// How the session stands.
    pub status: Arc<SessionStatus>,
    /// Length of the window in ms.
    pub window_ms: i64,
    /// The filter as typed.
    pub filter_text: String,
    /// The filter.
    pub filter: Filter,
    /// What the table is sorted by.
    pub sort: SortBy,
    /// Whether the order is turned round.
    pub reverse: bool,
    /// The text last looked for; empty before.
    pub find: String,
    /// The overview.
    pub overview: OverviewBoard,
    /// The function that was opened.
    pub function: Option<FunctionBoard>,
    /// The list of invocations.
    pub invocations: InvocationsView,
    /// The invocation that was opened.
    pub invocation: Option<InvocationBoard>,
    /// The log lines that were opened.
    pub logs: Option<LogView>,
    /// The shapes of log lines that were opened.
    pub patterns: Option<PatternsBoard>,
    /// The traces.
    pub traces: TracesBoard,
    /// The traces that were opened one from the other, the one on screen last.
    pub trace_path: Vec<TraceBoard>,
    /// What is wrong as of the last answer.
    pub problems: Arc<Problems>,
    /// The list of problems.
    pub problem_list: ListState<ProblemId>,
    /// The problems that somebody has taken note of.
    pub(super) acknowledged: Vec<Acknowledged>,
    /// The rows that are tagged.
    pub tags: Tags,
    /// Whether what others must not see is masked.
    pub masked: bool,
    /// The view of sources.
    pub sources: SourcesState,
    /// How far a live session that stands still lay behind when a key was pressed last. It is told at a key
    /// alone: while nobody touches a picture that stands, nothing is written.
    pub behind: Option<Behind>,
    /// Records that had been read when the picture came to stand.
    pub(super) stood_at: u64,
    /// First row of the help on screen.
    pub help_top: usize,
    /// The prompt that takes the keys.
    pub prompt: Option<Prompt>,
    /// Whether the last key was asked if it means to quit: `true` by the key itself.
    pub(super) quit_asked: Option<bool>,
    /// Times that were marked, in order.
    pub bookmarks: Vec<Bookmark>,
    /// The time that is being marked, while its note is typed.
    pub(super) marking: Option<Timestamp>,
    /// With what everything is compared; `None` with the window before, in figures only.
    pub compare: Option<Compare>,
    /// The columns of the table of functions that are hidden, by their heads.
    pub hidden: Vec<&'static str>,
    /// The fields of JSON log lines that come before their messages, in the order in which they were chosen.
    pub fields: Arc<[String]>,
    /// The theme that was chosen in this session.
    pub(super) theme_chosen: Option<&'static str>,
    /// What was typed into prompts before.
    pub history: History,
    /// The palette that takes the keys.
    pub palette: Option<Palette>,
    /// The row selected in the menu of orders, while it is open.
    pub menu: Option<usize>,
    /// What is to be said to the person, until the next key.
    pub notice: Option<String>,
    /// The views, the topmost last; the first is the overview.
    pub(super) stack: Vec<ViewKind>,
    /// When the last key came, on the steady clock in ms.
    pub(super) last_key: Option<u64>,
    /// The picture stands because a person asked for that, and went nowhere since.
    pub(super) still: bool,
    /// The next change of time is to be shown at once: a person asked for it.
    pub(super) urgent: bool,
    /// The session has told how it stands.
    pub(super) told: bool,
    pub(super) asked: Asked,
    pub(super) asked_traces: Option<AskedTraces>,
    pub(super) asked_survey: Option<AskedSurvey>,
    /// The step that has no answer yet.
    pub(super) stepping: Option<Stepping>,
    /// The line whose invocation was asked for.
    pub(super) owning: Option<Owning>,
}

impl UiState {
    /// The screen before anything is known.
    pub fn new(options: Options) -> Self {
        let mut state = Self {
            zone: options.zone,
            size: options.size,
            window_ms: options.remembered.window_ms().unwrap_or(options.window_ms),
            status: Arc::default(),
            filter_text: String::new(),
            filter: Filter::default(),
            sort: options.remembered.sort().unwrap_or_default(),
            reverse: options.remembered.reverse,
            find: String::new(),
            overview: OverviewBoard::default(),
            function: None,
            invocations: InvocationsView::default(),
            invocation: None,
            logs: None,
            patterns: None,
            traces: TracesBoard::default(),
            trace_path: Vec::new(),
            problems: Arc::default(),
            problem_list: ListState::default(),
            acknowledged: Vec::new(),
            tags: Tags::default(),
            masked: false,
            sources: SourcesState::default(),
            behind: None,
            stood_at: 0,
            help_top: 0,
            prompt: None,
            quit_asked: None,
            bookmarks: Vec::new(),
            marking: None,
            compare: None,
            hidden: options.remembered.hidden(),
            fields: options.remembered.fields().into(),
            theme_chosen: None,
            history: History::default(),
            palette: None,
            menu: None,
            notice: None,
            stack: vec![ViewKind::Overview],
            last_key: None,
            still: false,
            urgent: false,
            told: false,
            asked: Asked::default(),
            asked_traces: None,
            asked_survey: None,
            stepping: None,
            owning: None,
            options,
        };
        match state.options.view {
            ViewKind::Logs => state.open_logs(Scope::default()),
            view @ (ViewKind::Invocations
            | ViewKind::Traces
            | ViewKind::Problems
            | ViewKind::Sources
            | ViewKind::Help) => state.stack.push(view),
            ViewKind::Overview
            | ViewKind::Function
            | ViewKind::Invocation
            | ViewKind::Patterns
            | ViewKind::Trace => {}
        }
        state
    }

    /// The topmost view.
    pub fn view(&self) -> ViewKind {
        self.stack.last().copied().unwrap_or(ViewKind::Overview)
    }

    /// The views below the topmost one but the overview, the lowest first.
    pub fn path(&self) -> impl DoubleEndedIterator<Item = ViewKind> + '_ {
        let below = self.stack.len().saturating_sub(1);
        self.stack.iter().take(below).copied().filter(|view| *view != ViewKind::Overview)
    }

    /// The view below the topmost one, which the help explains.
    pub fn view_below(&self) -> ViewKind {
        self.stack.iter().rev().nth(1).copied().unwrap_or(ViewKind::Overview)
    }

    /// Shows a view on top; one that is open already comes to the top again.
    pub(super) fn push(&mut self, view: ViewKind) {
        self.stack.retain(|open| *open != view || *open == ViewKind::Overview);
        if view != ViewKind::Overview {
            self.stack.push(view);
        }
    }

    pub(super) fn open_logs(&mut self, scope: Scope) {
        self.logs = Some(LogView::new(scope));
        self.push(ViewKind::Logs);
    }

    /// Opens log lines at one of them, what is around it in sight.
    pub(super) fn open_logs_at(&mut self, scope: Scope, line: Origin) {
        self.logs = Some(LogView::at(scope, line));
        self.push(ViewKind::Logs);
    }

    /// Whether rows keep their places: nothing moves within 2 s of a key.
    pub(super) fn frozen(&self, at: u64) -> bool {
        self.last_key.is_some_and(|key| at.saturating_sub(key) < FREEZE_MS)
    }
}

/// How far a picture that stands lies behind what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// In ms.
    pub ms: i64,
    /// Records that were read since it stands.
    pub records: u64,
}

/// Nothing moves so long after a key.
pub(super) const FREEZE_MS: u64 = 2_000;
