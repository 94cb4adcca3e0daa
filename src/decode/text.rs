//! Text messages: platform lines (`formats.md` 3) and the heads of what runtimes print (4).
//!
//! `ESC` says that the text is the inside of a JSON string as it lies in a capture: a tab is then
//! the two characters `\t`. A platform line is recognised at the beginning of a message and by its
//! full shape only, since applications quote such lines.

mod platform;
mod runtime;

use super::{Arena, near};
use crate::model::Body;

pub use platform::{is_timed_out, status, usual_platform};
pub use runtime::{continuation, level, line, runtimes_line, usual_head};

/// What a text message is. Of one that is none of the platform's the level is read, the request id
/// where it stands at the front, and whether it is a runtime's word on an unhandled error.
pub fn message<'a, const ESC: bool>(text: &'a [u8], arena: &'a Arena) -> Body<'a> {
    platform::read::<ESC>(text, arena).map_or_else(|| Body::Log(line::<ESC>(text, arena)), Body::Platform)
}

/// The first tab, as it is written here.
fn find_tab<const ESC: bool>(text: &[u8]) -> Option<usize> {
    if !ESC {
        return near::byte(b'\t', text);
    }
    let mut from = 0;
    loop {
        let at = from + near::byte(b'\\', &text[from..])?;
        match text.get(at + 1)? {
            b't' => return Some(at),
            _ => from = (at + 2).min(text.len()),
        }
    }
}
