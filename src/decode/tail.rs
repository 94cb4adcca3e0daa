//! `aws logs tail --format detailed`: `TIME STREAM MESSAGE` (`formats.md` 2.2). Further lines of a
//! message carry no prefix.

use memchr::memchr;

use super::{Arena, app, stream_function, text};
use crate::model::{Envelope, Origin, Record, Timestamp};

/// Reads such a line; `None` if it is none. A Node.js line has a tab after its time, this a blank.
pub fn read<'a>(
    line: &'a [u8],
    origin: Origin,
    arrived: Option<Timestamp>,
    arena: &'a Arena,
) -> Option<Record<'a>> {
    let blank = memchr(b' ', &line[..line.len().min(40)])?;
    let time = Timestamp::parse(&line[..blank])?;
    let rest = &line[blank + 1..];
    let blank = memchr(b' ', rest).unwrap_or(rest.len());
    let stream = &rest[..blank];
    let date = stream.len() > 11 && stream[4] == b'/' && stream[7] == b'/' && stream[10] == b'/';
    if !date || !stream.contains(&b'[') {
        return None;
    }
    let said = rest.get(blank + 1..).unwrap_or_default();
    let body = match said.first() {
        Some(b'{') => app::message::<false>(said, arena)
            .map_or_else(|_| text::message::<false>(said, arena), |m| m.body),
        _ => text::message::<false>(said, arena),
    };
    let function = stream_function(stream);
    let stream = Some(stream);
    Some(Record { envelope: Envelope { function, stream, time: Some(time), arrived, origin }, body })
}
