//! Text for the terminal's clipboard (OSC 52). No clipboard library: on a jump host there is no
//! desktop, and the terminal at the far end is the only one who has a clipboard.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What GNU screen takes in one string, whatever its version.
const SCREEN_PIECE: usize = 240;

/// Text on its way to the terminal's clipboard. Only ever made at a key press of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clip(Vec<u8>);

impl Clip {
    /// The most bytes of text that fit: terminals and tmux cut or refuse longer sequences.
    pub const MAX_BYTES: usize = 74 * 1024 / 4 * 3;

    /// The text, or `None` where it is longer than [`Clip::MAX_BYTES`].
    pub fn new(text: &str) -> Option<Self> {
        (text.len() <= Self::MAX_BYTES)
            .then(|| Self(format!("\x1b]52;c;{}\x07", STANDARD.encode(text)).into_bytes()))
    }

    /// What to send. GNU screen hands on only what is wrapped as not meant for it, in pieces that fit
    /// into its buffer.
    pub(super) fn bytes(&self, through_screen: bool) -> Vec<u8> {
        if !through_screen {
            return self.0.clone();
        }
        let wrapped = self.0.chunks(SCREEN_PIECE).map(|piece| [b"\x1bP", piece, b"\x1b\\"].concat());
        wrapped.collect::<Vec<_>>().concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_travels_as_base64_so_that_nothing_in_it_is_obeyed() {
        assert_eq!(Clip::new("a\x1b[31m").unwrap().bytes(false), b"\x1b]52;c;YRtbMzFt\x07");
    }

    #[test]
    fn gnu_screen_hands_it_on_in_pieces() {
        let clip = Clip::new(&"x".repeat(300)).unwrap();
        let sent = String::from_utf8(clip.bytes(true)).unwrap();
        assert_eq!(sent.matches("\x1bP").count(), 2);
        let unwrapped = sent.replace("\x1bP", "").replace("\x1b\\", "");
        assert_eq!(unwrapped.as_bytes(), clip.bytes(false));
    }

    #[test]
    fn what_terminals_would_cut_is_refused() {
        let most = "x".repeat(Clip::MAX_BYTES);
        assert!(Clip::new(&most).unwrap().bytes(false).len() <= 74 * 1024 + 8);
        assert_eq!(Clip::new(&(most + "x")), None);
    }
}
