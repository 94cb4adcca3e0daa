//! What the terminal sends, as keys: bytes in whatever pieces they come.
//!
//! Over a slow line a key's bytes may come apart, and several keys may come in one piece, so
//! nothing is concluded from where a piece ends. Only time tells Esc from the beginning of an
//! arrow: [`Keyboard::patience`] says how long to wait for the rest, [`Keyboard::give_up`] that it
//! did not come.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::input::Input;

/// How long the rest of a key may take to follow its ESC. A person does not feel it.
const ESC_PATIENCE: Duration = Duration::from_millis(25);
/// And once `ESC [` is there, which hardly anybody types.
const CSI_PATIENCE: Duration = Duration::from_millis(500);
/// More parameters than any key has.
const MAX_PARAMETERS: usize = 64;
/// The most characters of one paste; text fields are short.
const MAX_PASTE: usize = 4_096;
/// What ends a paste.
const PASTE_END: &[u8] = b"\x1b[201~";
const ESC: u8 = 0x1b;
const CTRL_C: u8 = 3;

/// The keys of a terminal, byte by byte.
#[derive(Debug, Default)]
pub(super) struct Keyboard {
    state: State,
    /// The bytes of what is not complete: parameters, a character, a paste.
    pending: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    /// After ESC.
    Escape,
    /// After `ESC O`.
    Ss3,
    /// After `ESC [`.
    Csi,
    /// In a character of so many bytes.
    Utf8(usize),
    /// Before the three bytes of a mouse report of old.
    OldMouse,
    /// In a paste of whose end so many bytes have come.
    Paste(usize),
}

impl Keyboard {
    /// Takes what has come and tells what it was.
    pub(super) fn feed(&mut self, bytes: &[u8], mut tell: impl FnMut(Input)) {
        // A paste whose end got lost must not keep a person from ending the program.
        if bytes == [CTRL_C] && matches!(self.state, State::Paste(_)) {
            self.rest();
        }
        for byte in bytes {
            self.take(*byte, &mut tell);
        }
    }

    /// How long to wait for more before [`Keyboard::give_up`]; `None` while nothing is undecided.
    /// What can only be a part of a key is waited for as long as it takes.
    pub(super) fn patience(&self) -> Option<Duration> {
        match self.state {
            State::Escape | State::Ss3 => Some(ESC_PATIENCE),
            State::Csi if self.pending.is_empty() => Some(CSI_PATIENCE),
            _ => None,
        }
    }

    /// Nothing more came: what looked like the beginning of a key were keys of their own.
    pub(super) fn give_up(&mut self, mut tell: impl FnMut(Input)) {
        let typed = match self.rest() {
            State::Escape => "",
            State::Ss3 => "O",
            State::Csi => "[",
            _ => return,
        };
        tell(key(KeyCode::Esc));
        typed.chars().for_each(|c| tell(character(c)));
    }

    /// Begins anew; returns in what it was.
    fn rest(&mut self) -> State {
        self.pending.clear();
        std::mem::take(&mut self.state)
    }

    fn take(&mut self, byte: u8, tell: &mut impl FnMut(Input)) {
        match (self.state, byte) {
            (State::Paste(matched), _) => self.paste(matched, byte, tell),
            // All three are signs; a control character, Ctrl-C say, is none of them.
            (State::OldMouse, 0..0x20) => self.again(byte, tell),
            (State::OldMouse, _) => {
                self.pending.push(byte);
                if let [what, column, row] = self.pending[..] {
                    let of = |byte: u8| u16::from(byte.saturating_sub(32));
                    mouse(of(what), of(column), of(row), false).into_iter().for_each(&mut *tell);
                    self.rest();
                }
            }
            // Characters of which something is missing are nothing; the byte is another's.
            (State::Utf8(length), 0x80..=0xbf) => {
                self.pending.push(byte);
                if self.pending.len() == length {
                    let text = std::str::from_utf8(&self.pending).ok();
                    text.and_then(|text| text.chars().next()).into_iter().for_each(|c| tell(character(c)));
                    self.rest();
                }
            }
            (State::Utf8(_), _) => self.again(byte, tell),
            (State::Ground, ESC) => self.state = State::Escape,
            (State::Ground, _) => match byte {
                0..0x80 => tell(ascii(byte)),
                0xc2..=0xf4 => {
                    self.state = State::Utf8(if byte < 0xe0 { 2 } else { 3 + usize::from(byte >= 0xf0) });
                    self.pending.push(byte);
                }
                _ => {}
            },
            (State::Escape, b'[') => self.state = State::Csi,
            (State::Escape, b'O') => self.state = State::Ss3,
            (State::Escape, ESC) => tell(key(KeyCode::Esc)),
            // Alt and a key, or Esc and then a key in one piece: who takes it decides.
            (State::Escape, 0..0x80) => {
                self.rest();
                if let Input::Key(mut event) = ascii(byte) {
                    event.modifiers |= KeyModifiers::ALT;
                    tell(Input::Key(event));
                }
            }
            (State::Escape, _) => {
                self.give_up(&mut *tell);
                self.take(byte, tell);
            }
            (State::Ss3, _) => match application(byte) {
                Some(code) => {
                    self.rest();
                    tell(key(code));
                }
                None => {
                    self.give_up(&mut *tell);
                    self.take(byte, tell);
                }
            },
            (State::Csi, ESC) => {
                self.rest();
                self.state = State::Escape;
            }
            // F1 to F5 of the Linux console are `ESC [ [ A` to `E`.
            (State::Csi, 0x20..=0x3f) | (State::Csi, b'[') if byte != b'[' || self.pending.is_empty() => {
                if self.pending.len() < MAX_PARAMETERS {
                    self.pending.push(byte);
                }
            }
            (State::Csi, 0x40..=0x7e) => self.sequence(byte, tell),
            // A control character, Ctrl-C say, is no part of a sequence: that ends here.
            (State::Csi, _) => self.again(byte, tell),
        }
    }

    /// Drops what is not complete; the byte begins something else.
    fn again(&mut self, byte: u8, tell: &mut impl FnMut(Input)) {
        self.rest();
        self.take(byte, tell);
    }

    fn paste(&mut self, matched: usize, byte: u8, tell: &mut impl FnMut(Input)) {
        if byte == PASTE_END[matched] {
            if matched + 1 < PASTE_END.len() {
                self.state = State::Paste(matched + 1);
                return;
            }
            let text = String::from_utf8_lossy(&self.pending);
            tell(Input::Paste(text.chars().filter(|c| !c.is_control()).take(MAX_PASTE).collect()));
            self.rest();
            return;
        }
        // The end begins with the only ESC in it, so what looked like it holds no other beginning.
        let more = PASTE_END[..matched].iter().copied().chain((byte != ESC).then_some(byte));
        // Of what will not be kept nothing is remembered: a character takes four bytes at most.
        let room = (4 * MAX_PASTE).saturating_sub(self.pending.len());
        self.pending.extend(more.take(room));
        self.state = State::Paste(usize::from(byte == ESC));
    }

    /// `ESC [`, what is pending, and this byte.
    fn sequence(&mut self, last: u8, tell: &mut impl FnMut(Input)) {
        let parameters = std::mem::take(&mut self.pending);
        self.state = State::Ground;
        match (&parameters[..], last) {
            (b"200", b'~') => self.state = State::Paste(0),
            (b"", b'M') => self.state = State::OldMouse,
            ([b'<', rest @ ..], b'M' | b'm') => {
                if let [what, column, row] = numbers(rest)[..] {
                    mouse(what, column, row, last == b'm').into_iter().for_each(tell);
                }
            }
            _ => pressed(&parameters, last).into_iter().for_each(tell),
        }
    }
}

/// The numbers between the semicolons, of each the first where colons divide it further.
fn numbers(parameters: &[u8]) -> Vec<u16> {
    let number = |text: &[u8]| {
        let digits = text.split(|byte| *byte == b':').next().unwrap_or_default();
        std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0)
    };
    parameters.split(|byte| *byte == b';').map(number).collect()
}

/// The key of a sequence: its number or its letter, then its modifiers.
fn pressed(parameters: &[u8], last: u8) -> Option<Input> {
    let said = numbers(parameters);
    let (first, mut held) = (said.first().copied().unwrap_or(0), said.get(1).copied().unwrap_or(1));
    let code = match (last, first) {
        _ if parameters == b"[" => KeyCode::F(last.checked_sub(b'A').filter(|n| *n < 5)? + 1),
        (b'Z', _) => return Some(key_with(KeyCode::BackTab, KeyModifiers::SHIFT)),
        (b'A'..=b'D' | b'F' | b'H' | b'P'..=b'S', 0 | 1) => application(last)?,
        (b'~', 1 | 7) => KeyCode::Home,
        (b'~', 2) => KeyCode::Insert,
        (b'~', 3) => KeyCode::Delete,
        (b'~', 4 | 8) => KeyCode::End,
        (b'~', 5) => KeyCode::PageUp,
        (b'~', 6) => KeyCode::PageDown,
        // The numbers of function keys leave some out.
        (b'~', 11..=15) => KeyCode::F((first - 10) as u8),
        (b'~', 17..=21) => KeyCode::F((first - 11) as u8),
        (b'~', 23..=24) => KeyCode::F((first - 12) as u8),
        // Terminals that tell every key by the number of its character, unasked.
        (b'~', 27) => numbered(said.get(2).copied()?)?,
        (b'u', _) => numbered(first)?,
        _ => return None,
    };
    held = held.saturating_sub(1);
    let modifiers = [KeyModifiers::SHIFT, KeyModifiers::ALT, KeyModifiers::CONTROL];
    let modifiers = modifiers.into_iter().enumerate().filter(|(bit, _)| held >> bit & 1 == 1);
    Some(key_with(code, modifiers.map(|(_, modifier)| modifier).collect()))
}

/// The key of a letter after `ESC O`; the number pad's say what is printed on them.
fn application(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(letter - b'P' + 1),
        b'j'..=b'y' => KeyCode::Char(char::from(letter - b'j' + b'*')),
        _ => return None,
    })
}

fn numbered(character: u16) -> Option<KeyCode> {
    Some(match character {
        9 => KeyCode::Tab,
        13 => KeyCode::Enter,
        27 => KeyCode::Esc,
        127 => KeyCode::Backspace,
        _ => KeyCode::Char(char::from_u32(character.into()).filter(|c| !c.is_control())?),
    })
}

/// A press, a drag, a release or a turn of the wheel; places count from 1.
fn mouse(what: u16, column: u16, row: u16, released: bool) -> Option<Input> {
    let button = [MouseButton::Left, MouseButton::Middle, MouseButton::Right].get(usize::from(what & 3));
    let kind = match (what & 0b1110_0000, button) {
        (64, _) => match what & 3 {
            0 => MouseEventKind::ScrollUp,
            1 => MouseEventKind::ScrollDown,
            2 => MouseEventKind::ScrollLeft,
            _ => MouseEventKind::ScrollRight,
        },
        (0, Some(button)) if released => MouseEventKind::Up(*button),
        (0, Some(button)) => MouseEventKind::Down(*button),
        (0, None) => MouseEventKind::Up(MouseButton::Left),
        (32, Some(button)) => MouseEventKind::Drag(*button),
        _ => return None,
    };
    let (column, row) = (column.saturating_sub(1), row.saturating_sub(1));
    Some(Input::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }))
}

fn ascii(byte: u8) -> Input {
    let ctrl = |c: u8| key_with(KeyCode::Char(char::from(c)), KeyModifiers::CONTROL);
    match byte {
        b'\r' | b'\n' => key(KeyCode::Enter),
        b'\t' => key(KeyCode::Tab),
        0x7f => key(KeyCode::Backspace),
        ESC => key(KeyCode::Esc),
        0 => ctrl(b' '),
        1..=26 => ctrl(byte - 1 + b'a'),
        0x1c..=0x1f => ctrl(byte - 0x1c + b'4'),
        _ => character(char::from(byte)),
    }
}

fn character(c: char) -> Input {
    key_with(KeyCode::Char(c), if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE })
}

fn key(code: KeyCode) -> Input {
    key_with(code, KeyModifiers::NONE)
}

fn key_with(code: KeyCode, modifiers: KeyModifiers) -> Input {
    Input::Key(KeyEvent::new(code, modifiers))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What pieces were, and what was left when nothing more came.
    fn told(pieces: &[&[u8]]) -> Vec<Input> {
        let (mut keyboard, mut told) = (Keyboard::default(), Vec::new());
        for piece in pieces {
            keyboard.feed(piece, |input| told.push(input));
        }
        keyboard.give_up(|input| told.push(input));
        told
    }

    /// As the keymap writes them.
    fn keys(pieces: &[&[u8]]) -> String {
        let name = |input: Input| match input {
            Input::Key(event) => {
                let shift = event.modifiers.contains(KeyModifiers::SHIFT)
                    && !matches!(event.code, KeyCode::Char(_) | KeyCode::BackTab);
                let key = crate::ui::key::Key::from(event);
                format!("{}{}{key}", if shift { "Shift-" } else { "" }, if key.alt { "Alt-" } else { "" })
            }
            Input::Paste(text) => format!("paste({text})"),
            Input::Mouse(mouse) => format!("{:?}@{},{}", mouse.kind, mouse.column, mouse.row),
        };
        told(pieces).into_iter().map(name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn keys_are_what_terminals_send_for_them() {
        for (sent, wanted) in [
            (&b"jG?\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"[..], "j G ? é € 😀"),
            (b"\r\n\t\x7f\x08\x03\x1a\x00", "Enter Enter Tab Backspace Ctrl-h Ctrl-c Ctrl-z Ctrl-Space"),
            (b"\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F\x1b[Z", "Up Down Right Left Home End Shift-Tab"),
            (b"\x1bOA\x1bOB\x1bOH\x1bOF\x1bOM\x1bOP\x1bOS", "Up Down Home End Enter F1 F4"),
            (b"\x1bOj\x1bOk\x1bOp\x1bOy", "* + 0 9"),
            (b"\x1b[1~\x1b[4~\x1b[7~\x1b[8~\x1b[5~\x1b[6~\x1b[3~", "Home End Home End PgUp PgDn Del"),
            (b"\x1b[11~\x1b[15~\x1b[17~\x1b[21~\x1b[23~\x1b[24~", "F1 F5 F6 F10 F11 F12"),
            (b"\x1b[[A\x1b[[E", "F1 F5"),
            (b"\x1b[1;5C\x1b[1;2A\x1b[3;5~\x1b[1;3D", "Ctrl-Right Shift-Up Ctrl-Del Alt-Left"),
            (b"\x1b[106u\x1b[99;5u\x1b[27;5;99~\x1b[27u", "j Ctrl-c Ctrl-c Esc"),
            (b"\x1b[<64;10;5M\x1b[<65;1;1M", "ScrollUp@9,4 ScrollDown@0,0"),
            (b"\x1b[<0;3;4M\x1b[<32;4;4M\x1b[<0;4;4m", "Down(Left)@2,3 Drag(Left)@3,3 Up(Left)@3,3"),
            (b"\x1b[M`*%", "ScrollUp@9,4"),
            // Answers to what nobody asked, focus, keys without a meaning here: nothing.
            (b"\x1b[?62;22c\x1b[12;40R\x1b[I\x1b[O\x1b[99~\x1b[ q\x1b[200;1~", ""),
        ] {
            assert_eq!(keys(&[sent]), wanted, "{}", sent.escape_ascii());
        }
    }

    #[test]
    fn esc_and_what_follows_it_in_one_piece_are_told_apart() {
        assert_eq!(keys(&[b"\x1b"]), "Esc");
        assert_eq!(keys(&[b"\x1b\x1b"]), "Esc Esc");
        assert_eq!(keys(&[b"\x1b\x1b[A"]), "Esc Up");
        assert_eq!(keys(&[b"\x1b\x1b\x1bOBj"]), "Esc Esc Down j");
        assert_eq!(keys(&[b"\x1bjj"]), "Alt-j j");
        assert_eq!(keys(&[b"\x1b\r\x1b\x7f"]), "Alt-Enter Alt-Backspace");
        assert_eq!(keys(&["\x1bé".as_bytes()]), "Esc é");
        assert_eq!(keys(&[b"\x1bO"]), "Esc O");
        assert_eq!(keys(&[b"\x1bOz"]), "Esc O z");
        assert_eq!(keys(&[b"\x1b["]), "Esc [");
    }

    #[test]
    fn a_control_character_gets_through_whatever_is_not_complete() {
        for broken in
            [&b"\x1b["[..], b"\x1b[1;", b"\x1b[<0;1", b"\x1b[M", b"\xe2\x82", b"\x1b[200~never ended"]
        {
            let told = keys(&[broken, b"\x03"]);
            assert!(told.ends_with("Ctrl-c"), "{}: {told}", broken.escape_ascii());
        }
        assert_eq!(keys(&[b"\x1b[1;\x1b[B"]), "Down", "a new sequence ends the one before");
    }

    #[test]
    fn a_paste_is_one_input_short_and_without_controls() {
        assert_eq!(keys(&[b"\x1b[200~one\ntwo\x1b[31m\x03q\x1b[201~j"]), "paste(onetwo[31mq) j");
        assert_eq!(keys(&[b"\x1b[200~\x1b\x1b[20\x1b[201~"]), "paste([20)");
        let long = format!("\x1b[200~{}\x1b[201~q", "é".repeat(100_000));
        let told = told(&[long.as_bytes()]);
        let [Input::Paste(text), Input::Key(_)] = &told[..] else { panic!("{told:?}") };
        assert_eq!(text, &"é".repeat(MAX_PASTE));
    }

    #[test]
    fn only_what_may_be_keys_of_their_own_is_waited_for() {
        for (sent, waits) in [
            (&b""[..], false),
            (b"j", false),
            (b"\x1b", true),
            (b"\x1bO", true),
            (b"\x1b[", true),
            (b"\x1b[1", false),
            (b"\xe2", false),
            (b"\x1b[A", false),
            (b"\x1b[200~text", false),
        ] {
            let mut keyboard = Keyboard::default();
            keyboard.feed(sent, |_| ());
            assert_eq!(keyboard.patience().is_some(), waits, "{}", sent.escape_ascii());
        }
    }

    proptest! {
        /// Wherever the bytes come apart they are the same keys, and no bytes make it panic.
        #[test]
        fn pieces_make_no_difference(
            parts in prop::collection::vec(prop_oneof![
                prop::sample::select(vec![
                    "\x1b", "\x1b[A", "\x1bOP", "\x1b[3~", "\x1b[1;5C", "\x1b[[A", "j", "é", "\r", "[", "O",
                    "\x1b[<64;10;5M", "\x1b[200~", "\x1b[201~", "paste", "\x1b[M",
                ]).prop_map(|text| text.as_bytes().to_vec()),
                prop::collection::vec(any::<u8>(), 1..4),
            ], 0..12),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let bytes = parts.concat();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            at.extend([0, bytes.len()]);
            at.sort_unstable();
            let pieces: Vec<&[u8]> = at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            // Ctrl-C alone ends a paste, which is about pieces.
            prop_assume!(!pieces.contains(&&[CTRL_C][..]));
            prop_assert_eq!(format!("{:?}", told(&pieces)), format!("{:?}", told(&[&bytes])));
        }
    }
}
