//! The loop of the drawing thread: wait, update, draw at most once, wait.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Select, TryRecvError, bounded, never};
use crossterm::event::{KeyEvent, MouseEvent};
use ratatui::Frame;
use ratatui::layout::Size;
use rustix::process::{Signal, getpgrp, getppid, getsid, kill_current_process_group};
use signal_hook::consts::SIGHUP;

use crate::clock::Clock;

use super::input::{self, Input, Piece};
use super::keyboard::Keyboard;
use super::pace::Pace;
use super::screen::Screen;
use super::signals::{self, Notice, hung_up};
use super::tty::Tty;
use super::{Clip, Console, panic};

/// The most events between two frames, so that a flood does not keep the screen from being drawn.
const MAX_DRAINED: usize = 1_024;
/// A deadline that has passed and changed nothing is asked again after this time, ms.
const SOON_MS: u64 = 16;
/// So long after a key an answer may be its answer, ms; afterwards somebody reads, and waits for nothing.
const AWAITED_MS: u64 = 1_000;
/// How long the stop of the whole job may take to arrive, ms.
const STOP_MS: u64 = 1_000;

/// A program on the screen. Its answers come at once: it waits for nothing and reads nothing.
pub trait Program {
    /// What other threads tell it.
    type Message;

    /// Takes one event.
    fn on_event(&mut self, event: Event<Self::Message>) -> Flow;

    /// Draws everything, of any size from 1x1.
    fn draw(&mut self, frame: &mut Frame<'_>);

    /// Whether something that is on the screen has changed since the last [`Program::draw`],
    /// without anyone waiting for it. `now_ms` is on the clock's steady scale.
    fn wants_redraw(&mut self, now_ms: u64) -> bool;

    /// When to ask [`Program::wants_redraw`] again if nothing happens, ms on the clock's steady
    /// scale; `None` if only events change the screen.
    fn next_deadline(&self, now_ms: u64) -> Option<u64>;
}

/// What happened.
#[derive(Debug)]
pub enum Event<M> {
    /// A key was pressed. Ctrl-C and Ctrl-Z are keys like any other.
    Key(KeyEvent),
    /// The mouse, where it was asked for.
    Mouse(MouseEvent),
    /// A paste, as one line without control characters.
    Paste(String),
    /// The terminal's size: before the first frame and after every change.
    Resized(Size),
    /// The screen is ours again after having been stopped.
    Resumed {
        /// How long, ms; unknown after a stop that was not asked for.
        stopped_ms: Option<u64>,
    },
    /// There is nobody who could bring a stopped program back, so it was not stopped.
    NotSuspended,
    /// From another thread.
    Message(M),
}

/// What follows from an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Go on. A key or the mouse is drawn at once anyway, anything else when
    /// [`Program::wants_redraw`] says so and the last frame is old enough.
    Continue,
    /// Draw at once: the answer to a key has come, or a new line of a log that is followed, which comes more
    /// seldom where much comes.
    DrawNow,
    /// Put a text into the terminal's clipboard. Only at a key press of the user.
    Copy(Clip),
    /// Turn mouse reports on or off.
    Mouse(bool),
    /// Give the terminal back and stop the whole job, as Ctrl-Z does.
    Suspend,
    /// End.
    Quit,
}

/// How to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether the mouse is captured; it takes the terminal's own selection away.
    pub mouse: bool,
    /// The shortest time between frames that nobody waits for, ms.
    pub data_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { mouse: false, data_ms: 100 }
    }
}

/// Why the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It wanted to.
    Quit,
    /// A signal asked for it; a terminal that is gone counts as SIGHUP. What is left to do must
    /// be done within half a second, and standard error may be gone.
    Signal(i32),
    /// Another thread panicked; the message is printed.
    Panicked,
}

impl Ended {
    /// The exit code of the process.
    pub fn code(self) -> u8 {
        match self {
            Self::Quit => 0,
            Self::Signal(number) => u8::try_from(128 + number).unwrap_or(u8::MAX),
            Self::Panicked => panic::CODE,
        }
    }
}

/// Runs the program until it ends. The terminal is given back before this returns or unwinds.
///
/// `messages` wakes the program; senders may go away. An error means that the terminal could not
/// be taken over or read.
pub fn run<P: Program>(
    console: Console,
    program: &mut P,
    options: Options,
    clock: &Clock,
    messages: &Receiver<P::Message>,
) -> io::Result<Ended> {
    let (tell, notices) = bounded(64);
    let (press, inputs) = bounded(256);
    let guard = Guard(Arc::clone(&console.tty));
    panic::install(Arc::clone(&console.tty), tell.clone());
    signals::start(Arc::clone(&console.tty), tell, clock.clone())?;
    let mut screen = Screen::new(&console)?;
    screen.mouse(options.mouse);
    screen.enter()?;
    input::start(press)?;
    let mut session = Session {
        program,
        screen,
        clock,
        pace: Pace::new(options.data_ms),
        notices,
        inputs,
        keyboard: Keyboard::default(),
        undecided: None,
        asked: clock.steady_ms(),
        messages: messages.clone(),
        size: None,
    };
    let ended = session.run();
    session.screen.leave();
    drop(guard);
    ended
}

/// Gives the terminal back when the loop unwinds.
struct Guard(Arc<Tty>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.leave();
    }
}

struct Session<'a, P: Program> {
    program: &'a mut P,
    screen: Screen,
    clock: &'a Clock,
    pace: Pace,
    notices: Receiver<Notice>,
    inputs: Receiver<Piece>,
    keyboard: Keyboard,
    /// Until when the rest of a key may come, ms.
    undecided: Option<u64>,
    /// When a person last did something, ms; at first, when the program began.
    asked: u64,
    messages: Receiver<P::Message>,
    /// What the program was told last.
    size: Option<Size>,
}

/// Either the program goes on, or this is its end.
type Step = ControlFlow<io::Result<Ended>>;

impl<P: Program> Session<'_, P> {
    fn run(&mut self) -> io::Result<Ended> {
        let mut step = self.tell_size();
        loop {
            if let ControlFlow::Break(ended) = step {
                return ended;
            }
            let wake = self.draw();
            self.wait(wake);
            step = self.drain();
        }
    }

    /// Draws if a frame is due. Returns when to look again if nothing happens.
    fn draw(&mut self) -> Option<u64> {
        let now = self.clock.steady_ms();
        if self.program.wants_redraw(now) {
            self.pace.data();
        }
        let mut due = self.pace.due();
        if due.is_some_and(|due| due <= now) {
            if let Some(bytes) = self.screen.draw(|frame| self.program.draw(frame)) {
                self.pace.drawn(now, bytes);
            }
            // Else the writer says when it is idle again.
            due = None;
        }
        let deadline = self.program.next_deadline(now).map(|deadline| deadline.max(now + SOON_MS));
        due.into_iter().chain(deadline).chain(self.undecided).min()
    }

    fn wait(&self, until_ms: Option<u64>) {
        let mut select = Select::new();
        select.recv(&self.notices);
        select.recv(&self.inputs);
        select.recv(&self.messages);
        select.recv(self.screen.idle_again());
        match until_ms {
            None => _ = select.ready(),
            Some(until) => {
                let left = until.saturating_sub(self.clock.steady_ms());
                _ = select.ready_timeout(Duration::from_millis(left));
            }
        }
    }

    /// Takes everything that has come.
    fn drain(&mut self) -> Step {
        _ = self.screen.idle_again().try_recv();
        let mut resized = false;
        while let Ok(notice) = self.notices.try_recv() {
            match notice {
                Notice::End(signal) => return ControlFlow::Break(Ok(Ended::Signal(signal))),
                Notice::Panicked => return ControlFlow::Break(Ok(Ended::Panicked)),
                Notice::Suspend => self.suspend()?,
                Notice::Continued => self.resume(None)?,
                Notice::Resized => resized = true,
            }
        }
        // One piece alone: it may be as many keys.
        if let Ok(piece) = self.inputs.try_recv() {
            self.read(piece)?;
        }
        if self.undecided.is_some_and(|until| until <= self.clock.steady_ms()) {
            self.undecided = None;
            let mut inputs = Vec::new();
            self.keyboard.give_up(|input| inputs.push(input));
            inputs.into_iter().try_for_each(|input| self.take(input))?;
        }
        for _ in 0..MAX_DRAINED {
            match self.messages.try_recv() {
                Ok(message) => self.tell(Event::Message(message))?,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    self.messages = never();
                    break;
                }
            }
        }
        if resized {
            // Not at once: whoever drags a window's corner sends dozens.
            self.pace.data();
            self.tell_size()?;
        }
        ControlFlow::Continue(())
    }

    fn read(&mut self, piece: Piece) -> Step {
        let bytes = match piece {
            Ok(bytes) => bytes,
            Err(error) => return failed(error),
        };
        let mut inputs = Vec::new();
        self.keyboard.feed(&bytes, |input| inputs.push(input));
        let patience = self.keyboard.patience();
        self.undecided = patience.map(|patience| self.clock.steady_ms() + patience.as_millis() as u64);
        inputs.into_iter().try_for_each(|input| self.take(input))
    }

    fn take(&mut self, input: Input) -> Step {
        let event = match input {
            Input::Key(key) => Event::Key(key),
            Input::Mouse(mouse) => Event::Mouse(mouse),
            Input::Paste(text) => Event::Paste(text),
        };
        self.pace.key();
        self.asked = self.clock.steady_ms();
        self.tell(event)
    }

    /// Whether an answer that comes now may be one that somebody waits for.
    fn is_awaited(&self) -> bool {
        self.clock.steady_ms().saturating_sub(self.asked) < AWAITED_MS
    }

    fn tell_size(&mut self) -> Step {
        let size = self.screen.size();
        if self.size.replace(size) == Some(size) {
            return ControlFlow::Continue(());
        }
        self.tell(Event::Resized(size))
    }

    fn tell(&mut self, event: Event<P::Message>) -> Step {
        match self.program.on_event(event) {
            Flow::Continue => {}
            Flow::DrawNow if self.is_awaited() => self.pace.key(),
            Flow::DrawNow => self.pace.answer(),
            Flow::Copy(clip) => {
                self.screen.copy(&clip);
                self.pace.key();
            }
            Flow::Mouse(on) => {
                self.screen.mouse(on);
                self.pace.key();
            }
            Flow::Suspend => return self.suspend(),
            Flow::Quit => return ControlFlow::Break(Ok(Ended::Quit)),
        }
        ControlFlow::Continue(())
    }

    /// Gives the terminal to the shell and stops the whole job; returns when it is brought back.
    fn suspend(&mut self) -> Step {
        if !can_be_resumed() {
            self.pace.key();
            return self.tell(Event::NotSuspended);
        }
        self.screen.leave();
        let began = self.clock.steady_ms();
        // Not SIGTSTP, which we catch ourselves: all members of the job stop at once.
        if let Err(error) = kill_current_process_group(Signal::STOP) {
            return failed(error.into());
        }
        // This thread may run on for a moment after asking for the stop. The notice that we were
        // continued is the proof that we were stopped.
        loop {
            match self.notices.recv_timeout(Duration::from_millis(STOP_MS)) {
                Ok(Notice::End(signal)) => return ControlFlow::Break(Ok(Ended::Signal(signal))),
                Ok(Notice::Panicked) => return ControlFlow::Break(Ok(Ended::Panicked)),
                Ok(Notice::Suspend | Notice::Resized) => {}
                Ok(Notice::Continued) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    break;
                }
            }
        }
        self.resume(Some(self.clock.steady_ms().saturating_sub(began)))
    }

    /// Takes the terminal over again, whatever has been done to it.
    fn resume(&mut self, stopped_ms: Option<u64>) -> Step {
        if let Err(error) = self.screen.enter() {
            return failed(error.into());
        }
        self.pace.key();
        self.tell_size()?;
        self.tell(Event::Resumed { stopped_ms })
    }
}

/// The terminal could not be used: because it is gone, or for a reason to tell.
fn failed(error: io::Error) -> Step {
    ControlFlow::Break(if hung_up() { Ok(Ended::Signal(SIGHUP)) } else { Err(error) })
}

/// Whether a shell is there to bring us back. A shell with job control puts each job into a group
/// of its own; without one the group is that of the session's first process. A group that nobody
/// watches would stay stopped for ever.
fn can_be_resumed() -> bool {
    let Ok(session) = getsid(None) else { return false };
    getpgrp() != session && getppid().is_some_and(|parent| getsid(Some(parent)) == Ok(session))
}
