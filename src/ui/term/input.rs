//! The thread that reads keys, and does nothing else: crossterm blocks in the middle of half an
//! escape sequence, and spins on a terminal that is gone.

use std::io;

use crossbeam_channel::Sender;
use crossterm::event::{Event, KeyEvent, KeyEventKind, MouseEvent};

/// The most characters of one paste; text fields are short.
const MAX_PASTE: usize = 4_096;

/// What a person does.
pub(super) enum Input {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(String),
    /// Nothing more can be read.
    Failed(io::Error),
}

/// Reads until nobody listens or nothing can be read. A full queue makes the terminal wait.
pub(super) fn start(events: Sender<Input>) -> io::Result<()> {
    std::thread::Builder::new().name("input".into()).spawn(move || {
        loop {
            let (input, last) = match crossterm::event::read() {
                Ok(event) => (wanted(event), false),
                Err(error) => (Some(Input::Failed(error)), true),
            };
            if input.is_some_and(|input| events.send(input).is_err()) || last {
                return;
            }
        }
    })?;
    Ok(())
}

/// Presses, not releases; sizes are told by a signal and asked of the device.
fn wanted(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Some(Input::Key(key)),
        Event::Mouse(mouse) => Some(Input::Mouse(mouse)),
        Event::Paste(text) => {
            Some(Input::Paste(text.chars().filter(|c| !c.is_control()).take(MAX_PASTE).collect()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    #[test]
    fn a_paste_is_short_and_has_no_controls() {
        let paste = format!("a\nb\x1b[31m\u{9b}c{}", "é".repeat(10_000));
        let Some(Input::Paste(text)) = wanted(Event::Paste(paste)) else { panic!("no paste") };
        assert!(text.starts_with("ab[31mcé"), "{text}");
        assert_eq!(text.chars().count(), MAX_PASTE);
    }

    #[test]
    fn releases_sizes_and_focus_are_nobodys_business() {
        let key = |kind| Event::Key(KeyEvent::new_with_kind(KeyCode::Enter, KeyModifiers::NONE, kind));
        assert!(wanted(key(KeyEventKind::Press)).is_some());
        assert!(wanted(key(KeyEventKind::Repeat)).is_some());
        assert!(wanted(key(KeyEventKind::Release)).is_none());
        assert!(wanted(Event::Resize(80, 24)).is_none());
        assert!(wanted(Event::FocusGained).is_none());
    }
}
