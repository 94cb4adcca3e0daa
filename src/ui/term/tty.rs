//! The terminal device: its modes, and who may write to it.
//!
//! The device is opened anew and without blocking, so that nobody who shares standard output
//! (the shell) gets a non-blocking one. Writing needs the *pen*, a token of which there is one.
//! [`Tty::leave`] takes it for good, having told its holder to let go: nothing of a half-sent
//! frame can follow the way out. Every wait for it has a limit, so that leaving can be done from
//! a panic, a signal's thread and a destructor alike.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use crossbeam_channel::{Receiver, Sender, bounded};
use ratatui::layout::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetwinsize, tcsetattr};

/// Alternate screen, cursor hidden, bracketed paste. Raw mode comes before.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h";
/// Clicks, drags and the wheel; never 1003, which reports every move.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";
/// Undoes everything that can be on, whatever is.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[?2004l\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[m\x1b[?25h\x1b[?1049l";
/// Before it where there is no alternate screen: what was drawn would stay, and the prompt amid it.
const WIPE: &[u8] = b"\x1b[m\x1b[H\x1b[J";
/// Ends a sequence of which the terminal may have read only a part.
const CANCEL: &[u8] = b"\x18";

/// How long a writer may take to notice that it must stop.
const NOTICE: Duration = Duration::from_millis(20);
/// How long to wait for the pen, and for room for the few bytes of leaving.
const PATIENCE: Duration = Duration::from_millis(100);

/// What is assumed of a terminal that does not know its size.
const FALLBACK: Size = Size::new(80, 24);
/// More than any real terminal; bounds the memory of a made-up size.
const LARGEST: Size = Size::new(1024, 512);

/// What became of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// The terminal has them all.
    Whole,
    /// The terminal is being left, or did not take them in time.
    Cut,
    /// The terminal is gone.
    Gone,
}

pub(super) struct Tty {
    device: OwnedFd,
    /// Whether there may be one screen only.
    one_screen: bool,
    /// The modes to go back to.
    found: ArcSwapOption<Termios>,
    /// Whether the terminal is ours; a writer that sees it is not lets go.
    on: AtomicBool,
    mouse: AtomicBool,
    /// Whether anything was written that leaving must undo.
    touched: AtomicBool,
    /// Whether bytes may be stuck in the device.
    stuck: AtomicBool,
    put: Sender<()>,
    take: Receiver<()>,
}

impl Tty {
    /// Opens the controlling terminal and changes nothing.
    pub(super) fn open(one_screen: bool) -> Result<Self, Errno> {
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let device = rustix::fs::open("/dev/tty", flags, Mode::empty())?;
        let (put, take) = bounded(1);
        Ok(Self {
            device,
            one_screen,
            found: ArcSwapOption::empty(),
            on: AtomicBool::new(false),
            mouse: AtomicBool::new(false),
            touched: AtomicBool::new(false),
            stuck: AtomicBool::new(false),
            put,
            take,
        })
    }

    /// Takes the terminal over; again after somebody else had it (a shell, on SIGCONT). Returns
    /// what must go before the next frame, which must be a whole one. Only the drawing thread
    /// enters.
    pub(super) fn enter(&self) -> Result<Vec<u8>, Errno> {
        let modes = retry_on_intr(|| tcgetattr(&self.device))?;
        if self.on.swap(false, SeqCst) {
            // Still ours: a writer lets go now. The modes found are another's, or our own.
            let _ = self.take.recv_timeout(PATIENCE);
        } else {
            self.found.store(Some(Arc::new(modes.clone())));
        }
        self.on.store(true, SeqCst);
        let mut raw = modes;
        raw.make_raw();
        let done = retry_on_intr(|| tcsetattr(&self.device, OptionalActions::Now, &raw));
        let _ = self.put.try_send(());
        done.map(|()| if self.mouse.load(SeqCst) { [ENTER, MOUSE_ON].concat() } else { ENTER.to_vec() })
    }

    /// Gives the terminal back as it was found. Only the first call does anything; it takes at
    /// most a third of a second.
    pub(super) fn leave(&self) {
        if !self.on.swap(false, SeqCst) {
            return;
        }
        // Without the pen its holder is hung or is this very thread, in a panic: go on anyway.
        let pen = self.take.recv_timeout(PATIENCE).is_ok();
        if self.touched.swap(false, SeqCst) {
            let stuck = !pen || self.stuck.load(SeqCst);
            let leave = if self.one_screen { [WIPE, LEAVE].concat() } else { LEAVE.to_vec() };
            if stuck || self.push(&leave, PATIENCE, || true) != Written::Whole {
                // What a stopped terminal has not read would stand before the way out.
                let _ = tcflush(&self.device, QueueSelector::OFlush);
                self.push(&[CANCEL, &leave].concat(), PATIENCE, || true);
            }
        }
        if let Some(found) = self.found.load_full() {
            // Now, not when the output has drained: a stopped terminal never drains.
            let _ = retry_on_intr(|| tcsetattr(&self.device, OptionalActions::Now, &found));
        }
    }

    /// Whether the terminal is ours.
    pub(super) fn is_on(&self) -> bool {
        self.on.load(SeqCst)
    }

    /// What to send to turn the mouse on or off; remembered for leaving and entering.
    pub(super) fn mouse(&self, on: bool) -> &'static [u8] {
        self.mouse.store(on, SeqCst);
        if on { MOUSE_ON } else { MOUSE_OFF }
    }

    /// Writes all of it, waiting for the terminal as long as it is ours.
    pub(super) fn write(&self, bytes: &[u8]) -> Written {
        if self.take.try_recv().is_err() {
            return Written::Cut;
        }
        self.touched.store(true, SeqCst);
        let written = self.push(bytes, Duration::MAX, || self.is_on());
        self.stuck.store(written == Written::Cut, SeqCst);
        let _ = self.put.try_send(());
        written
    }

    /// Writes as long as `go_on` says so and the terminal takes something within `patience`.
    fn push(&self, mut bytes: &[u8], patience: Duration, go_on: impl Fn() -> bool) -> Written {
        let mut waited = Duration::ZERO;
        while !bytes.is_empty() {
            match rustix::io::write(&self.device, bytes) {
                Ok(count) => {
                    bytes = &bytes[count..];
                    waited = Duration::ZERO;
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    if waited >= patience || !go_on() {
                        return Written::Cut;
                    }
                    self.wait_for_room();
                    waited += NOTICE;
                }
                Err(_) => return Written::Gone,
            }
        }
        Written::Whole
    }

    /// Returns when the device takes bytes again, at the latest after [`NOTICE`].
    fn wait_for_room(&self) {
        let limit = Timespec { tv_sec: 0, tv_nsec: NOTICE.subsec_nanos().into() };
        let _ = poll(&mut [PollFd::new(&self.device, PollFlags::OUT)], Some(&limit));
    }

    /// The terminal's size, asked of the device and never of the terminal.
    pub(super) fn size(&self) -> Size {
        tcgetwinsize(&self.device).map_or(FALLBACK, |size| usable(size.ws_col, size.ws_row))
    }
}

/// A serial line, some containers and `expect` say 0x0.
fn usable(columns: u16, rows: u16) -> Size {
    if columns == 0 || rows == 0 {
        return FALLBACK;
    }
    Size::new(columns.min(LARGEST.width), rows.min(LARGEST.height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_always_usable() {
        assert_eq!(usable(0, 0), FALLBACK);
        assert_eq!(usable(80, 0), FALLBACK);
        assert_eq!(usable(1, 1), Size::new(1, 1));
        assert_eq!(usable(200, 60), Size::new(200, 60));
        assert_eq!(usable(u16::MAX, u16::MAX), LARGEST);
    }

    #[test]
    fn leaving_undoes_whatever_entering_does() {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let leave = text(LEAVE);
        for on in text(ENTER).split('\x1b').chain(text(MOUSE_ON).split('\x1b')).filter(|on| !on.is_empty()) {
            let off = if on.ends_with('h') { on.replace('h', "l") } else { on.replace('l', "h") };
            assert!(leave.contains(&off), "{off}");
        }
        assert!(leave.ends_with("\x1b[?1049l"), "the alternate screen goes last");
    }
}
