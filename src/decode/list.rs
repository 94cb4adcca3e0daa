//! Arrays of objects: what the Telemetry and Logs APIs send in one request, metric streams and
//! loggers' examples collected (`formats.md` 5.1, 6.2, 7.3). Each object is a frame of its own.

use super::events::array;
use super::json::{Cursor, Stop};
use super::{Arena, Frame};
use crate::model::Record;

/// Reads an array of objects; false if it is something else.
pub fn read<'a>(frame: &Frame<'a>, arena: &'a Arena, out: &mut Vec<Record<'a>>) -> Result<bool, Stop> {
    let Some(first) = frame.text.strip_prefix(b"[").map(<[u8]>::trim_ascii_start) else { return Ok(false) };
    if first.starts_with(b"{'") {
        // Nobody's JSON, but surely no line of text either: silence would count nothing.
        out.push(
            frame.bad("a list as Python prints it, not JSON: print json.dumps of it".to_string(), arena),
        );
        return Ok(true);
    }
    if first.first() != Some(&b'{') {
        return Ok(false);
    }
    let mut objects = Vec::new();
    let whole = array(Cursor::<false>::new(frame.text), |item| {
        objects.push(item);
        Ok(())
    });
    for text in objects {
        let origin = frame.part(text);
        if text.first() == Some(&b'{') {
            super::frame(Frame { text, origin, ..*frame }, arena, out);
        } else {
            out.push(
                Frame { text, origin, ..*frame }.bad("no object, in an array of objects".to_string(), arena),
            );
        }
    }
    whole.map(|()| true)
}
