//! A panic anywhere ends the program, with the terminal given back before the message is printed.
//! A dead thread behind a live screen would be a screen that lies. That holds for a panic that
//! someone would catch, too: the hook runs first and can't know.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Sender, bounded};

use super::signals::Notice;
use super::tty::Tty;

/// The exit code of a panic, as Rust has it.
pub(super) const CODE: u8 = 101;

/// How long an orderly end may take when another thread has panicked.
const DEADLINE: Duration = Duration::from_millis(500);

/// Puts the terminal's return before whatever hook is installed. Called on the drawing thread.
pub(super) fn install(tty: Arc<Tty>, notices: Sender<Notice>) {
    let report = std::panic::take_hook();
    let drawing = std::thread::current().id();
    std::panic::set_hook(Box::new(move |panic| {
        tty.leave();
        report(panic);
        if std::thread::current().id() != drawing {
            let _ = notices.try_send(Notice::Panicked);
            // The drawing thread ends the process in order, or this one does.
            let (never, end) = bounded::<()>(0);
            let _ = end.recv_timeout(DEADLINE);
            drop(never);
            std::process::exit(i32::from(CODE));
        }
    }));
}
