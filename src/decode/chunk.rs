//! The frames of a chunk, one after the other: lines as most writers wrap them at a glance, others, and
//! what goes on over several lines or stands on one with others.

use std::sync::LazyLock;

use memchr::{memchr, memchr_iter, memmem};

use super::{
    AWS, Arena, Frame, app, embedded, frame as decode, function_of, json, origin, other, text, wrapped,
};
use crate::frame::{self, Scanner, Shape, is_line};
use crate::model::{Body, Chunk, Continuation, Envelope, Record, Timestamp};

/// Which of a chunk's records somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All.
    All,
    /// All but a function's own metrics, which stand in lines that are records beside them.
    NotOwnMetrics,
}

/// Decodes the frames of a chunk, in order.
pub fn chunk<'a>(chunk: &'a Chunk, wanted: Wanted, arena: &'a Arena, out: &mut Vec<Record<'a>>) {
    let bytes = &chunk.bytes[..];
    let mut from = 0;
    let mut declared = NextAws { bytes, at: if wanted == Wanted::All { 0 } else { bytes.len() } };
    while from < bytes.len() {
        if let Some(end) = usual(chunk, from, &mut declared, arena, out) {
            from = end + 1;
            continue;
        }
        let end = memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |length| from + length);
        from = unusual(chunk, (from, end), arena, out);
    }
}

/// Where in a chunk the word stands next that every line with metrics in it has. To look for that in the
/// chunk as a whole takes less than to look in each line for what few have.
struct NextAws<'a> {
    bytes: &'a [u8],
    /// Behind all parts that were asked for it stands first here.
    at: usize,
}

impl NextAws<'_> {
    /// Whether it may begin in a part; parts are asked for in order.
    #[inline(always)]
    fn is_in(&mut self, from: usize, to: usize) -> bool {
        if self.at < from {
            self.at = AWS.find(&self.bytes[from..]).map_or(self.bytes.len(), |at| from + at);
        }
        self.at < to
    }
}

/// Decodes a line as most writers wrap them; where it ends. Records are made right here, where they
/// will lie: a copy of one takes longer than to read it, since it waits for what was just written.
/// What the message's beginning is is seen before where it ends, so that no byte is looked at twice.
#[inline(always)]
fn usual<'a>(
    chunk: &'a Chunk,
    from: usize,
    declared: &mut NextAws<'_>,
    arena: &'a Arena,
    out: &mut Vec<Record<'a>>,
) -> Option<usize> {
    let head = wrapped::head(&chunk.bytes[from..])?;
    let text = &head.rest[1..];
    let json = text.first() == Some(&b'{');
    let to = |behind: &[u8]| chunk.bytes.len() - behind.len();
    let envelope = |to: usize| Envelope {
        function: function_of(head.group, head.stream),
        stream: (!head.stream.is_empty()).then_some(head.stream),
        time: Some(Timestamp(head.timestamp)),
        arrived: chunk.arrived,
        origin: origin(chunk, from, to - from),
    };
    let closing = if json { json::single_escapes } else { json::plain_escapes };
    if let Some((line, read)) = if json { app::usual_head(text) } else { text::usual_head(text) } {
        let (closing, behind) = head.behind(read, closing)?;
        let end = to(behind);
        out.push(Record { envelope: envelope(end), body: Body::Log(line) });
        if json && declared.is_in(from, end) {
            embedded(&head.rest[1..closing], arena, out);
        }
        return Some(end);
    }
    let platform = if json { app::usual_platform(text, arena) } else { text::usual_platform(text, arena) };
    if let Some((platform, read)) = platform {
        let end = to(head.behind(read, closing)?.1);
        out.push(Record { envelope: envelope(end), body: Body::Platform(platform) });
        return Some(end);
    }
    let (closing, behind) = head.behind(0, closing)?;
    let end = to(behind);
    let metrics = json && declared.is_in(from, end);
    other(&head.rest[1..closing], !json, envelope(end), metrics, arena, out);
    Some(end)
}

/// Decodes a line, or the frames that begin in it; where the next one begins.
#[inline(never)]
fn unusual<'a>(
    chunk: &'a Chunk,
    (from, end): (usize, usize),
    arena: &'a Arena,
    out: &mut Vec<Record<'a>>,
) -> usize {
    let line = Frame::of(chunk, from, end);
    if end == chunk.bytes.len() && chunk.cut > 0 {
        let length = line.text.len() as u64 + chunk.cut;
        out.push(line.bad(format!("line of {length} bytes, only its head was read"), arena));
        end + 1
    } else if is_whole(line, arena, out) {
        end + 1
    } else {
        several(chunk, (from, end), arena, out)
    }
}

/// Decodes a line that is a frame; whether it is one.
fn is_whole<'a>(line: Frame<'a>, arena: &'a Arena, out: &mut Vec<Record<'a>>) -> bool {
    match (line.text.first(), line.text.last()) {
        (Some(b'{'), Some(b'}')) => {
            if may_be_several(line.text) {
                return false;
            }
            let before = out.len();
            decode(line, arena, out);
            // It may be several objects, or a part of one that goes on.
            let broken = |record: &Record<'_>| {
                matches!(record.body, Body::Bad(_) | Body::Continuation(Continuation::Broken(_)))
            };
            let whole = out.len() != before + 1 || !broken(&out[before]);
            if !whole {
                out.truncate(before);
            }
            whole
        }
        _ if is_line(line.text) => {
            if !line.text.trim_ascii().is_empty() {
                decode(line, arena, out);
            }
            true
        }
        _ => false,
    }
}

/// Whether an object may begin on a line behind another one: a short cut's walk leaves a line before
/// its end, and would not see it.
fn may_be_several(line: &[u8]) -> bool {
    static OBJECT: LazyLock<memmem::Finder<'_>> = LazyLock::new(|| memmem::Finder::new("{\""));
    OBJECT.find_iter(line).skip_while(|at| *at == 0).any(|at| {
        let before = line[..at].iter().rev().find(|c| !matches!(c, b' ' | b'\t' | b'\r' | b','));
        before == Some(&b'}')
    })
}

/// Decodes the frames that begin in the line from `from` to `end`; where the last of them ends.
fn several<'a>(
    chunk: &'a Chunk,
    (mut from, end): (usize, usize),
    arena: &'a Arena,
    out: &mut Vec<Record<'a>>,
) -> usize {
    let mut scanner = Scanner::default();
    while from <= end
        && from < chunk.bytes.len()
        && let Some(frame::Frame { shape, end: to }) = scanner.next(&chunk.bytes, from, true)
    {
        let whole = chunk.bytes[from..to].strip_suffix(b"\n").map_or(to, |_| to - 1);
        let found = Frame::of(chunk, from, whole);
        match shape {
            // What follows of it comes in other chunks.
            Shape::Broken(at) if at >= chunk.bytes.len() && to == at => {
                out.push(Record { envelope: found.envelope(), body: Body::Continuation(Continuation::Text) });
            }
            Shape::Broken(at) => {
                let before = &chunk.bytes[from..at.min(chunk.bytes.len())];
                let line = 1 + memchr_iter(b'\n', before).count();
                let what =
                    if at < chunk.bytes.len() { "not JSON from" } else { "JSON ends in the middle, at" };
                let reason = format!("{what} byte {} (line {line} of it) on", before.len());
                out.push(found.broken(reason, arena));
            }
            Shape::Value => decode(found.value(), arena, out),
            Shape::Opening => {
                out.push(Record { envelope: found.envelope(), body: Body::Continuation(Continuation::Text) });
            }
            Shape::Text if found.text.trim_ascii().is_empty() => {}
            // The last part of a value that is too long, with what follows it.
            Shape::Text if found.text.starts_with(b",") => decode(found.value(), arena, out),
            Shape::Text => decode(found, arena, out),
        }
        from = to;
    }
    from
}
