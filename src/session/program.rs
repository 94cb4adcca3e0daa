//! The program that [`crate::ui::term::run`] runs: the screen's state and what its effects do.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use crossbeam_channel::{Sender, bounded, unbounded};
use crossterm::event::MouseEventKind;
use ratatui::Frame;

use super::answers::Answers;
use super::capture;
use super::files;
use super::playback::{Known, Playback};
use super::recorder::Recorder;
use super::told::{ages, bad_records, onsets, sources, unreadable};
use super::viewers::{OfOne, coverer, forward, line_reader, ones, pages, surveyor, tracer, viewer};
use crate::clock::Clock;
use crate::engine::{self, Engine, Progress, Published, Wish};
use crate::lines;
use crate::model::{FindingLog, Timestamp, Window};
use crate::query::page::{Page, PageRequest};
use crate::query::survey::{Survey, SurveyRequest};
use crate::query::view::{LinesAnswer, LinesRequest, Overview, OverviewRequest, Problems};
use crate::query::view::{TracesAnswer, TracesRequest};
use crate::query::{self, Coverage, CoverageRequest, One, Owner, StepRequest, Unowned};
use crate::source::{Catalog, Retry, Sources};
use crate::ui::app::{Effect, Msg, Options, UiState, update};
use crate::ui::status::{SessionKind, SessionStatus};
use crate::ui::term::{self, Clip, Console, Ended, Event, Flow, Program};
use crate::ui::view;
use crate::ui::zone::Zone;

/// How often a moving clock is looked at, in ms.
const MOVING_MS: u64 = 100;
/// How often a live clock that nothing else moves is looked at, in ms.
const LIVE_MS: u64 = 1_000;
const MINUTE_MS: i64 = 60_000;
/// Rows that a turn of the wheel moves.
const WHEEL_ROWS: isize = 3;

/// What a session begins with.
pub struct Setup {
    /// The screen.
    pub screen: Options,
    /// The clock of what is looked at.
    pub playback: Playback,
    /// How the engine runs.
    pub engine: engine::Options,
    /// Whether the mouse is taken.
    pub mouse: bool,
    /// The file that remembers how the screen was left.
    pub remember: Option<PathBuf>,
}

/// What other threads say.
pub enum Message {
    /// There is a new snapshot.
    Published,
    /// The answer to a question.
    Overview(u64, Arc<Overview>, Arc<Problems>),
    /// The answer to a question for log lines.
    Lines(u64, LinesAnswer),
    /// The answer to a question for a list of invocations.
    Page(u64, Arc<Page>),
    /// The answer to a question for one invocation.
    One(u64, Arc<One>),
    Owner(u64, Result<Box<Owner>, Unowned>),
    /// The answer to a question for traces.
    Traces(u64, TracesAnswer),
    /// The answer to a question about the sources.
    Coverage(u64, Arc<Coverage>),
    /// The answer to a question about all lines of a window.
    Survey(u64, Arc<Survey>),
    /// The time of the next record, or of the one before.
    Stepped(u64, Option<Timestamp>),
    /// A recording is over: what is in it, or why it ended, in words.
    Recorded(String),
    /// What became of a file that was to be saved, in words.
    Saved(String),
}

/// Runs a session on the terminal until it ends.
pub fn run(console: Console, sources: &Sources, setup: Setup, clock: Clock) -> io::Result<Ended> {
    let (messages, inbox) = unbounded();
    let (woken, wakes) = bounded(1);
    let engine = Engine::start(sources, setup.engine.clone(), clock.clone(), woken)?;
    forward(wakes, messages.clone())?;
    let published = engine.published();
    let viewer = viewer(published.clone(), messages.clone())?;
    let pages = pages(published.clone(), messages.clone())?;
    let ones = ones(published.clone(), messages.clone())?;
    let traces = tracer(published.clone(), messages.clone())?;
    let coverages = coverer(published.clone(), messages.clone())?;
    let surveys = surveyor(published.clone(), sources.catalog().clone(), messages.clone())?;
    let lines = line_reader(published.clone(), sources.catalog().clone(), messages.clone())?;
    let mut session = Session {
        state: UiState::new(setup.screen),
        playback: setup.playback,
        published,
        wish: engine.wish(),
        wished: None,
        viewer,
        pages,
        ones,
        coverages,
        lines,
        surveys,
        traces,
        messages: messages.clone(),
        catalog: sources.catalog().clone(),
        retry: sources.retry(),
        recorder: Recorder::new(engine.tap(), sources, messages.clone()),
        memory: setup.engine.memory as u64,
        status: SessionStatus::default(),
        progress: Arc::default(),
        findings: Arc::default(),
        clock: clock.clone(),
        dirty: true,
        due: 0,
    };
    session.look();
    let options = term::Options { mouse: setup.mouse, ..Default::default() };
    let ended = term::run(console, &mut session, options, &clock, &inbox)?;
    session.recorder.finish();
    let left = session.state.remembered();
    if let Some(file) = setup.remember.filter(|_| left != session.state.options.remembered) {
        files::remember(&file, &left);
    }
    Ok(ended)
}

struct Session {
    state: UiState,
    playback: Playback,
    published: Arc<ArcSwap<Published>>,
    /// Where to say what is looked at, and what was said last.
    wish: Wish,
    wished: Option<Window>,
    viewer: Answers<(u64, OverviewRequest, Zone)>,
    pages: Answers<(u64, PageRequest)>,
    ones: Answers<(u64, OfOne)>,
    coverages: Answers<(u64, CoverageRequest)>,
    lines: Answers<(u64, LinesRequest)>,
    surveys: Answers<(u64, SurveyRequest)>,
    traces: Answers<(u64, TracesRequest)>,
    messages: Sender<Message>,
    /// Where the bytes of lines are found.
    catalog: Catalog,
    retry: Retry,
    recorder: Recorder,
    memory: u64,
    status: SessionStatus,
    /// What the sources' rows were made of.
    progress: Arc<Progress>,
    /// The conclusions from which the status was made.
    findings: Arc<FindingLog>,
    clock: Clock,
    dirty: bool,
    /// When the clock or the state want to be looked at again, on the steady clock in ms.
    due: u64,
}

impl Session {
    fn known(&self, published: &Published) -> Known {
        let snapshot = &published.snapshot;
        let begun = (snapshot.oldest != Timestamp::NEVER).then_some(snapshot.oldest);
        // Lines of no invocation have times too.
        let read = || published.progress.sources.values().filter_map(|source| source.read.oldest).min();
        let newest = (snapshot.newest != Timestamp::MIN).then_some(snapshot.newest);
        Known {
            oldest: begun.or_else(read),
            newest,
            last: newest.max(snapshot.known.end()),
            frontier: published.progress.frontier(),
            live: published.progress.live,
        }
    }

    /// Looks at the clock and the newest snapshot, and tells the screen if anything changed.
    fn look(&mut self) -> Flow {
        let now_ms = self.clock.steady_ms();
        let published = self.published.load_full();
        let known = self.known(&published);
        let as_of = self.playback.as_of(known, self.clock.now(), now_ms);
        let latest = self.playback.latest(known, self.clock.now());
        let status = self.status_of(&published, known, (as_of, latest));
        self.findings = published.snapshot.findings.clone();
        let moves = if self.playback.moves(known) { Some(now_ms + self.pace()) } else { None };
        self.due = moves.unwrap_or(u64::MAX);
        self.progress = published.progress.clone();
        if status != self.status {
            self.status = status.clone();
            return self.tell(Msg::Status(Arc::new(status)));
        }
        Flow::Continue
    }

    fn stale_ms(&self, known: Known) -> Option<i64> {
        let age = self.clock.now().since(known.newest.filter(|_| self.playback.stale())?);
        Some(age - age.rem_euclid(MINUTE_MS))
    }

    fn pace(&self) -> u64 {
        if self.playback.speed().is_some() { MOVING_MS } else { LIVE_MS }
    }

    fn status_of(
        &self,
        published: &Published,
        known: Known,
        (as_of, latest): (Timestamp, Timestamp),
    ) -> SessionStatus {
        let (snapshot, progress) = (&published.snapshot, &published.progress);
        let kind = match self.playback.speed() {
            None => SessionKind::Live,
            Some(speed) => SessionKind::Replay {
                start: known.oldest.unwrap_or(as_of),
                end: known.last.map_or(as_of, |last| last.plus(1)),
                speed,
                loaded: progress.fraction(),
            },
        };
        let same = Arc::ptr_eq(&published.progress, &self.progress);
        let concluded = Arc::ptr_eq(&snapshot.findings, &self.findings);
        SessionStatus {
            kind,
            as_of,
            generation: snapshot.generation,
            paused: self.playback.paused(),
            lap: self.playback.lap(),
            latest,
            newest: known.newest,
            stale_ms: self.stale_ms(known),
            oldest: known.oldest,
            filling: progress.filling,
            evicted: (snapshot.health.rows_let_go > 0).then(|| published.as_of(as_of).rows_from),
            functions: snapshot.functions.len(),
            // Of what is followed and has long been silent they are from now, not from its newest record.
            ages: match kind {
                SessionKind::Live => ages(snapshot, as_of.plus(self.stale_ms(known).unwrap_or(0))),
                SessionKind::Replay { .. } => Vec::new(),
            },
            bad: snapshot.health.bad,
            dropped: snapshot.health.rows_late,
            seen_twice: progress.seen_twice,
            forgotten: progress.forgotten,
            // While the picture stands nothing is to be drawn for this alone.
            memory: match self.playback.paused() && self.status.memory.0 > 0 {
                true => self.status.memory,
                false => (progress.resident, self.memory),
            },
            sources: if same { self.status.sources.clone() } else { Arc::new(sources(published)) },
            bad_records: if same {
                self.status.bad_records.clone()
            } else {
                Arc::new(bad_records(published))
            },
            judged: snapshot.findings.judged.map(|judged| judged.min(as_of)),
            onsets: if concluded { self.status.onsets.clone() } else { Arc::new(onsets(snapshot)) },
            recording: self.recorder.status(),
            warning: progress.troubles.last().cloned().or_else(|| unreadable(progress)),
        }
    }

    fn tell(&mut self, msg: Msg) -> Flow {
        let at = self.clock.steady_ms();
        self.dirty = true;
        let mut flow = Flow::Continue;
        for effect in update(&mut self.state, msg, at) {
            match self.carry_out(effect) {
                Flow::Continue => {}
                other => flow = other,
            }
        }
        self.wish();
        flow
    }

    /// Says what is looked at, but for the newest, where what comes moves the picture.
    fn wish(&mut self) {
        let stands = self.playback.speed().is_some() || self.playback.paused();
        let to = self.status.as_of;
        let wished = stands.then(|| Window { from: to.plus(-self.state.window_ms), to: to.plus(1) });
        if wished != self.wished {
            self.wished = wished;
            self.wish.say(wished);
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Flow {
        match effect {
            Effect::Ask { id, request, zone } => self.viewer.ask((id, request, zone)),
            Effect::AskLines { id, request } => self.lines.ask((id, request)),
            Effect::AskSurvey { id, request } => self.surveys.ask((id, request)),
            Effect::AskPage { id, request } => self.pages.ask((id, request)),
            Effect::AskCoverage { id, request } => self.coverages.ask((id, request)),
            Effect::AskOne { id, request } => self.ones.ask((id, OfOne::All(request))),
            Effect::AskOwner { id, request } => self.ones.ask((id, OfOne::Owner(request))),
            Effect::AskTraces { id, request } => self.traces.ask((id, request)),
            Effect::AskStep { id, request } => return self.step(id, request),
            Effect::Retry => self.retry.now(),
            Effect::Seek(to) => {
                let known = self.known(&self.published.load_full());
                self.playback.seek(to, known, self.clock.now());
                return self.look();
            }
            Effect::Speed(speed) => {
                self.playback.set_speed(speed);
                return self.look();
            }
            Effect::Loop(lap) => {
                self.playback.set_lap(lap);
                return self.look();
            }
            Effect::Pause(paused) => {
                self.playback.pause(paused, self.status.as_of);
                return self.look();
            }
            Effect::Copy(text) => {
                return match Clip::new(&text) {
                    Some(clip) => Flow::Copy(clip),
                    None => self.tell(Msg::Notice("too long for the terminal's clipboard".to_string())),
                };
            }
            Effect::Save { name, bytes } => {
                return self.beside("save", move || files::save(Path::new("."), &name, &bytes));
            }
            Effect::SaveCapture { name, request, mask } => return self.save_capture(name, request, mask),
            Effect::Record(name) => {
                let said = self.recorder.turn(name.as_deref());
                let _ = self.look();
                return said.map_or(Flow::Continue, |said| self.tell(Msg::Notice(said)));
            }
            Effect::Mouse(on) => return Flow::Mouse(on),
            Effect::Suspend => return Flow::Suspend,
            Effect::Redraw => return Flow::DrawNow,
            Effect::Quit => return Flow::Quit,
        }
        Flow::Continue
    }

    /// Looks for the next record on a thread of its own: its bytes may have to be read.
    fn step(&mut self, id: u64, request: StepRequest) -> Flow {
        let (catalog, published) = (self.catalog.clone(), self.published.clone());
        let (messages, as_of) = (self.messages.clone(), self.status.as_of);
        let look = move || {
            let published = published.load_full();
            let (snapshot, recalled) = (published.as_of(as_of), published.recalled_at(as_of));
            let time = match request {
                StepRequest::Invocations { from, forward, filter, function, environment } => {
                    let found = query::step(snapshot, (from, forward), &filter, function, environment);
                    recalled.map_or(found, |recalled| recalled.step(found, forward))
                }
                StepRequest::Marks { from, forward, filter, function } => {
                    query::mark(snapshot, (from, forward), &filter, function)
                }
                StepRequest::Lines(request) => {
                    let answer = lines::Reader::new(catalog).answer(snapshot, &request);
                    answer.rows.first().and_then(|row| row.time)
                }
            };
            let _ = messages.send(Message::Stepped(id, time));
        };
        match std::thread::Builder::new().name("step".to_string()).spawn(look) {
            Ok(_) => Flow::Continue,
            Err(error) => self.tell(Msg::Notice(format!("not looked for: {error}"))),
        }
    }

    /// Writes lines into a file as a capture.
    fn save_capture(&mut self, name: String, request: LinesRequest, mask: bool) -> Flow {
        let (catalog, published) = (self.catalog.clone(), self.published.clone());
        self.state.notice = Some("writing the lines; it will be said when they are there".to_string());
        self.beside("capture", move || {
            let mut reader = lines::Reader::new(catalog);
            let snapshot = published.load().as_of(request.as_of).clone();
            let folder = Path::new(".");
            let fill = |file: &mut File| capture::write(&mut reader, &snapshot, &request, mask, file);
            match files::filled(folder, &name, fill) {
                Ok((name, written)) => capture::said(&name, &written),
                Err(error) => files::failed(folder, &error),
            }
        })
    }

    /// Writes a file on a thread of its own: a disk may be slow, or not answer at all.
    fn beside(&mut self, name: &str, write: impl FnOnce() -> String + Send + 'static) -> Flow {
        let messages = self.messages.clone();
        let write = move || {
            let _ = messages.send(Message::Saved(write()));
        };
        match std::thread::Builder::new().name(name.to_string()).spawn(write) {
            Ok(_) => Flow::Continue,
            Err(error) => self.tell(Msg::Notice(format!("not saved: {error}"))),
        }
    }

    /// What is due by now.
    fn wake(&mut self, now_ms: u64) -> Flow {
        if now_ms >= self.due { self.look() } else { Flow::Continue }
    }
}

impl Program for Session {
    type Message = Message;

    fn on_event(&mut self, event: Event<Message>) -> Flow {
        match event {
            Event::Key(key) => {
                // Nothing looks at the clock of a session that stands still; a key may ask for
                // what passed meanwhile.
                if self.playback.paused() {
                    let _ = self.look();
                }
                self.tell(Msg::Key(key))
            }
            Event::Paste(text) => self.tell(Msg::Paste(text)),
            Event::Mouse(mouse) => match mouse.kind {
                MouseEventKind::ScrollDown => self.tell(Msg::Wheel(WHEEL_ROWS)),
                MouseEventKind::ScrollUp => self.tell(Msg::Wheel(-WHEEL_ROWS)),
                _ => Flow::Continue,
            },
            Event::Resized(size) => self.tell(Msg::Resize(size.width, size.height)),
            Event::Resumed { stopped_ms } => {
                let slept = stopped_ms.map_or_else(String::new, |ms| format!(" after {} s", ms / 1_000));
                self.tell(Msg::Notice(format!("here again{slept}; reading went on when we did")))
            }
            Event::NotSuspended => self.tell(Msg::Notice(
                "nobody could bring a stopped program back here: not suspended".to_string(),
            )),
            Event::Message(Message::Published) => self.look(),
            Event::Message(Message::Overview(id, answer, problems)) => {
                let flow = self.tell(Msg::Overview { id, answer, problems });
                if flow == Flow::Continue { Flow::DrawNow } else { flow }
            }
            Event::Message(Message::Traces(id, answer)) => {
                let flow = self.tell(Msg::Traces { id, answer });
                if flow == Flow::Continue { Flow::DrawNow } else { flow }
            }
            Event::Message(Message::Lines(id, answer)) => {
                let flow = self.tell(Msg::Lines { id, answer });
                if flow == Flow::Continue { Flow::DrawNow } else { flow }
            }
            Event::Message(Message::Survey(id, answer)) => {
                let flow = self.tell(Msg::Survey { id, answer });
                if flow == Flow::Continue { Flow::DrawNow } else { flow }
            }
            Event::Message(Message::Coverage(id, answer)) => {
                let flow = self.tell(Msg::Coverage { id, answer });
                if flow == Flow::Continue { Flow::DrawNow } else { flow }
            }
            Event::Message(Message::Page(id, answer)) => {
                let flow = self.tell(Msg::Page { id, answer });
                if flow == Flow::Continue { Flow::DrawNow } else { flow }
            }
            Event::Message(Message::Stepped(id, time)) => self.tell(Msg::Stepped { id, time }),
            Event::Message(Message::Recorded(said)) => {
                self.recorder.ended();
                let _ = self.look();
                self.tell(Msg::Notice(said))
            }
            Event::Message(Message::Saved(said)) => {
                let flow = self.tell(Msg::Notice(said));
                if flow == Flow::Continue { Flow::DrawNow } else { flow }
            }
            Event::Message(Message::Owner(id, answer)) => {
                let flow = self.tell(Msg::Owner { id, answer });
                if flow == Flow::Continue { Flow::DrawNow } else { flow }
            }
            Event::Message(Message::One(id, answer)) => {
                let flow = self.tell(Msg::One { id, answer });
                if flow == Flow::Continue { Flow::DrawNow } else { flow }
            }
        }
    }

    fn draw(&mut self, frame: &mut Frame<'_>) {
        self.dirty = false;
        view::render(&self.state, frame);
    }

    fn wants_redraw(&mut self, now_ms: u64) -> bool {
        // Effects of time alone are questions; nobody quits or copies by waiting.
        let _ = self.wake(now_ms);
        if self.state.wake_in_ms(now_ms) == Some(0) {
            let _ = self.tell(Msg::Tick);
        }
        self.dirty
    }

    fn next_deadline(&self, now_ms: u64) -> Option<u64> {
        let state = self.state.wake_in_ms(now_ms).map(|ms| now_ms + ms);
        let clock = (self.due != u64::MAX).then_some(self.due);
        state.into_iter().chain(clock).min()
    }
}
