//! The thread that reads what the terminal sends, and does nothing else.

use std::io;

use crossbeam_channel::Sender;
use crossterm::event::{KeyEvent, MouseEvent};
use rustix::fs::{Mode, OFlags};
use rustix::io::retry_on_intr;

/// The most bytes that are read at once.
const PIECE: usize = 1_024;

/// What a person does.
#[derive(Debug)]
pub(super) enum Input {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(String),
}

/// Bytes in the pieces in which they came, or why nothing more can be read.
pub(super) type Piece = io::Result<Vec<u8>>;

/// Reads until nobody listens or nothing can be read. A full queue makes the terminal wait.
pub(super) fn start(pieces: Sender<Piece>) -> io::Result<()> {
    // Anew, and blocking: nobody else waits on it, and not every system can poll a terminal.
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::CLOEXEC;
    let device = rustix::fs::open("/dev/tty", flags, Mode::empty())?;
    std::thread::Builder::new().name("input".into()).spawn(move || {
        loop {
            let mut bytes = vec![0; PIECE];
            let piece = match retry_on_intr(|| rustix::io::read(&device, &mut bytes[..])) {
                Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    bytes.truncate(count);
                    Ok(bytes)
                }
                Err(error) => Err(error.into()),
            };
            let last = piece.is_err();
            if pieces.send(piece).is_err() || last {
                return;
            }
        }
    })?;
    Ok(())
}
