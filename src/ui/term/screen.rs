//! The screen as the drawing thread sees it: draw if the terminal can take it, else later.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;
use ratatui::Frame;
use ratatui::layout::Size;
use rustix::io::Errno;

use super::Console;
use super::canvas::Canvas;
use super::clip::Clip;
use super::tty::Tty;
use super::writer::{Counters, Writer};

/// How long the last frame may take to get out when the terminal is left.
const LAST_FRAME: Duration = Duration::from_millis(200);

pub(super) struct Screen {
    tty: Arc<Tty>,
    writer: Writer,
    canvas: Canvas,
    /// Whether GNU screen lies between.
    through_screen: bool,
    counters: Arc<Counters>,
    /// What goes before the next frame: the way in, the mouse, the clipboard.
    before: Vec<u8>,
    /// Whether the terminal may show something else than the canvas thinks.
    lost: bool,
}

impl Screen {
    /// Starts the writer; the terminal is not touched yet.
    pub(super) fn new(console: &Console) -> io::Result<Self> {
        let tty = Arc::clone(&console.tty);
        let writer = Writer::start(Arc::clone(&tty), console.counters())?;
        let canvas = Canvas::new(tty.size(), console.capabilities.depth);
        Ok(Self {
            tty,
            writer,
            canvas,
            through_screen: console.capabilities.wraps,
            counters: console.counters(),
            before: Vec::new(),
            lost: true,
        })
    }

    /// Takes the terminal over; the next frame is a whole one.
    pub(super) fn enter(&mut self) -> Result<(), Errno> {
        // Last, so that what was meant for the screen before is not sent outside of it.
        self.before = self.tty.enter()?;
        self.lost = true;
        Ok(())
    }

    /// Gives the terminal back, after the last frame if that gets out soon.
    pub(super) fn leave(&self) {
        self.writer.finish(LAST_FRAME);
        self.tty.leave();
    }

    /// The terminal's size now.
    pub(super) fn size(&self) -> Size {
        self.tty.size()
    }

    /// Draws one frame at the terminal's size of this moment, of so many bytes. `None` where the
    /// terminal has not yet taken the last one: nothing was drawn, and [`Screen::idle_again`] says
    /// when to retry.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> Option<usize> {
        if !self.writer.idle() {
            self.counters.skip();
            return None;
        }
        let size = self.tty.size();
        if std::mem::take(&mut self.lost) || size != self.canvas.size() {
            self.canvas.repaint(size);
        }
        let frame = self.canvas.paint(draw);
        let mut bytes = std::mem::take(&mut self.before);
        bytes.extend_from_slice(&frame);
        let count = bytes.len();
        if count > 0 {
            self.writer.send(bytes);
        }
        Some(count)
    }

    /// Puts a text into the terminal's clipboard, with the next frame.
    pub(super) fn copy(&mut self, clip: &Clip) {
        self.send(&clip.bytes(self.through_screen));
    }

    /// Sends something that is not part of a frame, with the next frame.
    fn send(&mut self, bytes: &[u8]) {
        self.before.extend_from_slice(bytes);
    }

    /// Turns mouse reports on or off, with the next frame.
    pub(super) fn mouse(&mut self, on: bool) {
        let bytes = self.tty.mouse(on);
        self.send(bytes);
    }

    /// Gets a token when a frame is out.
    pub(super) fn idle_again(&self) -> &Receiver<()> {
        self.writer.idle_again()
    }
}
