//! Documents: JSON values that hold more than one record, or none, and say by their keys what they
//! are. Each kind is read by a file of its own, which pushes its records, each with the place in the
//! document where it lies ([`Frame::part`]).

use super::json::Stop;
use super::{Arena, Frame, answer, events, list};
use crate::model::Record;

/// Reads a document of one kind and pushes its records; `false`, with nothing pushed, if it is of
/// another kind. An error says where what is surely of this kind is broken.
type Kind = for<'a> fn(&Frame<'a>, &'a Arena, &mut Vec<Record<'a>>) -> Result<bool, Stop>;

/// In the order in which they are asked.
const KINDS: [Kind; 3] = [list::read, events::read, answer::read];

/// Reads a document of a known kind and pushes its records; `false`, with nothing pushed, if it is of
/// none.
pub fn read<'a>(frame: &Frame<'a>, arena: &'a Arena, out: &mut Vec<Record<'a>>) -> bool {
    for kind in KINDS {
        let pushed = out.len();
        match kind(frame, arena, out) {
            Ok(true) => return true,
            Ok(false) => {}
            Err(stop) => {
                // Its records before that place are kept.
                if out.len() > pushed {
                    out.push(frame.bad(super::broken(frame.text, stop), arena));
                    return true;
                }
            }
        }
    }
    false
}
