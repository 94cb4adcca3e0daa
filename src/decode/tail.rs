//! `aws logs tail --format detailed`: `TIME STREAM MESSAGE` (`formats.md` 2.2). Further lines of a
//! message carry no prefix.

use std::borrow::Cow;

use memchr::memchr;

use super::{app, stream_function, text};
use crate::model::{Envelope, Origin, Record, Timestamp};

/// Reads such a line; `None` if it is none. A Node.js line has a tab after its time, this a blank.
pub fn read(line: &[u8], origin: Origin, arrived: Option<Timestamp>) -> Option<Record<'_>> {
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
        Some(b'{') => app::message::<false>(said).map_or_else(|_| text::message::<false>(said), |m| m.body),
        _ => text::message::<false>(said),
    };
    let function = stream_function(stream).map(Cow::Borrowed);
    let stream = Some(Cow::Borrowed(stream));
    Some(Record { envelope: Envelope { function, stream, time: Some(time), arrived, origin }, body })
}
