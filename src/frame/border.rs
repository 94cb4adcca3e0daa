//! Line ends that surely separate two frames, seen from the bytes around them alone. In a file of
//! whole lines that is nearly every one, so that a reader who has to know where its last frame ends
//! looks at its last lines and at nothing else.

use memchr::{memchr, memrchr};

use super::text::{is_head, may_be_label};

/// Line ends that are looked at before a reader gives up and looks at everything.
const TRIES: usize = 64;
/// How much of the bytes around a line end is looked at.
const NEAR: usize = 160;

/// The place behind the last line end in `bytes` that surely separates two frames.
pub fn last(bytes: &[u8]) -> Option<usize> {
    let mut end = bytes.len();
    for _ in 0..TRIES {
        let at = memrchr(b'\n', &bytes[..end])?;
        if is(&bytes[..at], &bytes[at + 1..]) {
            return Some(at + 1);
        }
        end = at;
    }
    None
}

/// The place behind the first such line end that is at or after `from`.
pub fn first(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from.saturating_sub(1);
    while let Some(end) = memchr(b'\n', bytes.get(at..)?) {
        at += end + 1;
        if is(&bytes[..at - 1], &bytes[at..]) {
            return Some(at);
        }
    }
    None
}

/// Whether a line end between the two surely separates two frames.
pub fn is(before: &[u8], after: &[u8]) -> bool {
    let before = before.strip_suffix(b"\r").unwrap_or(before);
    let near = &before[before.len().saturating_sub(NEAR)..];
    let line = &near[memrchr(b'\n', near).map_or(0, |at| at + 1)..];
    let head = &after[..after.len().min(NEAR)];
    // Of a long line only the end is seen.
    let long = line.len() == NEAR;
    if is_head(line) || may_be_label(head) || long && line.last() == Some(&b' ') {
        return false;
    }
    let Some(next) = head.iter().position(|c| !matches!(c, b' ' | b'\t' | b'\r')) else { return false };
    let head = &head[next..];
    match head[0] {
        b'"' | b'}' | b']' | b',' | b':' | b'-' | b'\n' | 0xef => false,
        // Inside a value one follows a bracket, a comma or a colon.
        b'{' | b'[' => {
            let last = near.iter().rev().find(|c| !c.is_ascii_whitespace());
            last.is_some_and(|c| !matches!(c, b'[' | b',' | b':'))
        }
        // A date.
        b'0'..=b'9' => {
            head.len() > 4 && head[..4].iter().all(u8::is_ascii_digit) && matches!(head[4], b'-' | b'/')
        }
        b't' => head.len() >= 4 && !head.starts_with(b"true"),
        b'f' => head.len() >= 5 && !head.starts_with(b"false"),
        b'n' => head.len() >= 4 && !head.starts_with(b"null"),
        _ => true,
    }
}
