//! The terminal: entered once, left always, never waited for.
//!
//! [`run`] drives a [`Program`] on a [`Console`]. It promises that
//! - the terminal is left as it was found after quit, panic (in any thread), SIGTERM, SIGINT,
//!   SIGHUP, SIGQUIT, a hang-up without a signal, and while the job is suspended;
//! - a terminal that has stopped reading stops neither the program nor its end;
//! - half an escape sequence from the terminal does not stop the drawing, and keys are the same in
//!   whatever pieces they come;
//! - nothing is written while nothing changes, and a frame is one write;
//! - the terminal is never asked anything, so a silent one delays nothing.
//!
//! Four threads share the work: input reads events, signals watches signals and hang-ups, the
//! writer writes, and the caller's own thread waits for all of them, updates and draws.

mod canvas;
mod capabilities;
mod clip;
mod encode;
mod input;
mod keyboard;
mod pace;
mod panic;
mod run;
mod screen;
mod scroll;
mod signals;
mod tty;
mod writer;

use std::sync::Arc;

pub use canvas::Canvas;
pub use capabilities::{Capabilities, Depth};
pub use clip::Clip;
pub use encode::{line, rgb};
pub use run::{Ended, Event, Flow, Options, Program, run};
pub use writer::Counters;

use tty::Tty;

/// Why there is no terminal to draw on. Its text is one line for a person; the exit code is 2.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoTerminal {
    /// Standard output goes to a file or a pipe.
    #[error("lamtop needs a terminal, but standard output is not one; use \"lamtop report\"")]
    Output,
    /// `TERM` is unset, or says that the terminal can't move its cursor.
    #[error(
        "lamtop needs a terminal that can move its cursor, but TERM is unset or dumb; use \"lamtop report\""
    )]
    Dumb,
    /// The process has no controlling terminal (cron, CI, `ssh host lamtop`).
    #[error("lamtop needs a terminal, but this process has none ({0}); use \"lamtop report\"")]
    Controlling(String),
}

/// The controlling terminal, not yet touched.
pub struct Console {
    tty: Arc<Tty>,
    capabilities: Capabilities,
    counters: Arc<Counters>,
}

impl Console {
    /// Finds the terminal. `variable` looks up an environment variable.
    pub fn open(variable: impl Fn(&str) -> Option<String>) -> Result<Self, NoTerminal> {
        if !rustix::termios::isatty(rustix::stdio::stdout()) {
            return Err(NoTerminal::Output);
        }
        let capabilities = Capabilities::decide(variable).ok_or(NoTerminal::Dumb)?;
        let tty = Tty::open(capabilities.console || capabilities.screen)
            .map_err(|error| NoTerminal::Controlling(error.to_string()))?;
        Ok(Self { tty: Arc::new(tty), capabilities, counters: Arc::default() })
    }

    /// What the terminal can show.
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Overrides the colour depth, when asked to on the command line.
    pub fn set_depth(&mut self, depth: Depth) {
        self.capabilities.depth = depth;
    }

    /// What has been written so far; lives as long as anyone looks.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }
}
