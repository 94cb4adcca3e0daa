//! The thread that watches what comes from outside: signals, and the terminal's end.
//!
//! A signal that ends the program goes to the drawing thread, which ends it in order. If that
//! takes too long the terminal is given back and the process ended from here.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Sender;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

use crate::clock::Clock;

use super::tty::Tty;

/// How long an orderly end may take, ms.
const DEADLINE_MS: u64 = 500;

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// This signal asks to end. A terminal that is gone counts as SIGHUP.
    End(i32),
    /// Asked to stop, by a signal.
    Suspend,
    /// Stopped until now.
    Continued,
    /// The size may have changed.
    Resized,
    /// A thread has panicked; the terminal is already given back.
    Panicked,
}

/// Watches until the process ends. Notices that find no room are not missed: an end has its
/// deadline, a size is read with each frame.
pub(super) fn start(tty: Arc<Tty>, notices: Sender<Notice>, clock: Clock) -> io::Result<()> {
    let (read, write) = UnixStream::pair()?;
    let signals = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH];
    let mut delivery = SignalDelivery::with_pipe(read, write, SignalOnly, signals)?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        let mut ending: Option<(i32, u64)> = None;
        let mut terminal = Terminal::Watched;
        loop {
            let left = ending.map(|(_, deadline)| deadline.saturating_sub(clock.steady_ms()));
            if let (Some((signal, _)), Some(0)) = (ending, left) {
                tty.leave();
                std::process::exit(128 + signal);
            }
            let before = terminal;
            terminal = wait(delivery.get_read(), before, left.map(Duration::from_millis));
            let gone = (terminal == Terminal::Gone && before != terminal).then_some(SIGHUP);
            for signal in delivery.pending().chain(gone) {
                let notice = match signal {
                    SIGTSTP => Notice::Suspend,
                    SIGCONT => Notice::Continued,
                    SIGWINCH => Notice::Resized,
                    _ => {
                        ending.get_or_insert((signal, clock.steady_ms() + DEADLINE_MS));
                        Notice::End(signal)
                    }
                };
                let _ = notices.try_send(notice);
            }
        }
    })?;
    Ok(())
}

/// Whether the terminal is gone.
pub(super) fn hung_up() -> bool {
    let mut terminal = [PollFd::from_borrowed_fd(rustix::stdio::stdout(), PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut terminal, Some(&at_once)).is_ok() && is_end(&terminal[0])
}

/// A terminal that can't be watched (`NVAL`) has not ended.
fn is_end(terminal: &PollFd<'_>) -> bool {
    terminal.revents().intersects(PollFlags::HUP | PollFlags::ERR)
}

/// Waits until something happens, at most `limit`, and returns what is known of the terminal
/// then. Polling for nothing reports only a hang-up.
fn wait(signals: &UnixStream, terminal: Terminal, limit: Option<Duration>) -> Terminal {
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    let mut watched = [
        PollFd::new(signals, PollFlags::IN),
        PollFd::from_borrowed_fd(rustix::stdio::stdout(), PollFlags::empty()),
    ];
    let watched = if terminal == Terminal::Watched { &mut watched[..] } else { &mut watched[..1] };
    match (poll(watched, limit.as_ref()), watched.get(1)) {
        (Ok(_), Some(stdout)) if is_end(stdout) => Terminal::Gone,
        // A kernel that can't poll this terminal would say so again at once.
        (Ok(_), Some(stdout)) if !stdout.revents().is_empty() => Terminal::Unwatched,
        _ => terminal,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Terminal {
    Watched,
    Unwatched,
    Gone,
}
