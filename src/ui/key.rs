//! A key, as it is pressed, written in the keymap, and shown.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers. Shift is not one of a character's: the character says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd)]
pub struct Key {
    /// Which.
    pub code: KeyCode,
    /// With the control key held.
    pub ctrl: bool,
    /// With the alt key held, or right after Esc: terminals send the same. Nothing is bound to it.
    pub alt: bool,
}

const NAMED: [(&str, KeyCode); 15] = [
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Shift-Tab", KeyCode::BackTab),
    ("Space", KeyCode::Char(' ')),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("Backspace", KeyCode::Backspace),
    ("Del", KeyCode::Delete),
];

impl Key {
    /// Reads a key as the keymap writes it.
    pub fn parse(text: &str) -> Option<Self> {
        let (ctrl, name) = match text.strip_prefix("Ctrl-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let code = match NAMED.iter().find(|(known, _)| *known == name) {
            Some((_, code)) => *code,
            None => {
                let mut chars = name.chars();
                match (chars.next()?, chars.next()) {
                    (c, None) => KeyCode::Char(c),
                    ('F', Some(_)) => KeyCode::F(name[1..].parse().ok().filter(|n| (1..=12).contains(n))?),
                    _ => return None,
                }
            }
        };
        Some(Self { code, ctrl, alt: false })
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        Self {
            code: match event.code {
                KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
                code => code,
            },
            ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
            alt: event.modifiers.contains(KeyModifiers::ALT),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match NAMED.iter().find(|(_, code)| *code == self.code) {
            Some((name, _)) => (*name).to_string(),
            None => match self.code {
                KeyCode::Char(c) => c.to_string(),
                KeyCode::F(n) => format!("F{n}"),
                _ => "?".to_string(),
            },
        };
        write!(f, "{}{name}", if self.ctrl { "Ctrl-" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_print_back_as_they_are_written() {
        for text in ["j", "?", "\\", "Ctrl-f", "F10", "Shift-Tab", "PgDn", "Space", "G", "Esc"] {
            assert_eq!(Key::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "F0", "F13", "Ctrl-", "Hyper", "jj"] {
            assert_eq!(Key::parse(text), None, "{text}");
        }
    }

    #[test]
    fn shift_is_in_the_character() {
        let pressed = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(Some(Key::from(pressed)), Key::parse("G"));
        let pressed = KeyEvent::new(KeyCode::Tab, KeyModifiers::SHIFT);
        assert_eq!(Some(Key::from(pressed)), Key::parse("Shift-Tab"));
    }
}
