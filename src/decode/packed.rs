//! Documents inside others: base64 and gzip as Lambda, Kinesis and Firehose get the payloads of
//! subscription filters (`formats.md` 2.6), arrays of records, and a list as Python prints it.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use memchr::memmem;

use super::events::{self, array};
use super::json::{Cursor, Stop};
use super::{Arena, Frame};
use crate::model::{Body, Level, LogLine, Origin, Record};

/// Most bytes that a payload may be inflated to. Lambda's event is at most 6 MB of base64.
const MOST: u64 = 64 << 20;

/// Reads `{"awslogs":{"data":…}}`, `{"Records":[{"kinesis":{"data":…}}]}` and
/// `{"records":[{"data":…}]}`, if payloads of subscription filters are in it.
pub fn read<'a>(frame: &Frame<'a>, arena: &'a Arena, out: &mut Vec<Record<'a>>) -> Result<bool, Stop> {
    let first = out.len();
    let mut packed = Vec::new();
    data(Cursor::new(frame.text), 0, &mut packed)?;
    for text in packed {
        let Some(payload) =
            unpacked(text).filter(|payload| memmem::find(payload, b"\"messageType\"").is_some())
        else {
            continue;
        };
        let payload: &'a [u8] = arena.text(&payload);
        events::read(&Frame { text: payload.trim_ascii(), ..*frame }, arena, out)?;
    }
    place(&frame.origin, &mut out[first..]);
    Ok(out.len() > first)
}

/// The base64 texts at the places where they may be.
fn data<'a>(mut cursor: Cursor<'a, false>, depth: usize, out: &mut Vec<&'a [u8]>) -> Result<(), Stop> {
    let mut first = true;
    cursor.object()?;
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"awslogs" | b"kinesis" if depth < 3 && cursor.peek() == b'{' => data(cursor, depth + 1, out)?,
            b"Records" | b"records" if depth == 0 && cursor.peek() == b'[' => {
                array(cursor, |item| match item.first() {
                    Some(b'{') => data(Cursor::new(item), 1, out),
                    _ => Ok(()),
                })?;
            }
            b"data" if depth > 0 && cursor.at_string() => {
                out.push(cursor.string()?);
                continue;
            }
            _ => {}
        }
        cursor.skip()?;
    }
    Ok(())
}

fn unpacked(text: &[u8]) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(text).ok()?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Some(bytes);
    }
    let mut inflated = Vec::new();
    MultiGzDecoder::new(&bytes[..]).take(MOST).read_to_end(&mut inflated).ok()?;
    Some(inflated)
}

/// Records that lie nowhere by themselves lie in the whole, each at a place of its own.
fn place(whole: &Origin, records: &mut [Record<'_>]) {
    for (n, record) in (0u32..).zip(records) {
        let inside = n.min(whole.len.saturating_sub(1));
        record.envelope.origin =
            Origin { offset: whole.offset + u64::from(inside), len: whole.len - inside, ..*whole };
    }
}

/// Reads an array of records, each as if it stood alone; whether anything in it is known.
pub fn list<'a>(frame: &Frame<'a>, arena: &'a Arena, out: &mut Vec<Record<'a>>) -> Result<bool, Stop> {
    if frame.text.first() != Some(&b'[') {
        return Ok(false);
    }
    let first = out.len();
    let all = match python(frame.text) {
        Some(text) => {
            let text: &'a [u8] = arena.text(&text);
            items(&Frame { text, ..*frame }, arena, out).inspect(|()| place(&frame.origin, &mut out[first..]))
        }
        None => items(frame, arena, out),
    };
    let known = |record: &Record<'_>| {
        !matches!(
            record.body,
            Body::Bad(_) | Body::Continuation(_) | Body::Log(LogLine { level: Level::Unknown, id: None, .. })
        )
    };
    if all.is_err() || !out[first..].iter().any(known) {
        out.truncate(first);
        return Ok(false);
    }
    Ok(true)
}

fn items<'a>(frame: &Frame<'a>, arena: &'a Arena, out: &mut Vec<Record<'a>>) -> Result<(), Stop> {
    array(Cursor::new(frame.text), |item| {
        if item.first() != Some(&b'{') {
            return Err(Stop::Broken(0));
        }
        super::object(Frame { text: item, origin: frame.part(item), ..*frame }, arena, out);
        Ok(())
    })
}

/// A list as Python prints it, `[{'time': '…', 'record': None}]`, as JSON.
fn python(text: &[u8]) -> Option<Vec<u8>> {
    let inside = text.strip_prefix(b"[")?.trim_ascii_start().strip_prefix(b"{")?;
    inside.trim_ascii_start().starts_with(b"'").then_some(())?;
    let mut out = Vec::with_capacity(text.len() + 16);
    let mut rest = text;
    let mut quote = None;
    while let [c, after @ ..] = rest {
        rest = after;
        match (quote, c) {
            (None, b'\'' | b'"') => {
                quote = Some(*c);
                out.push(b'"');
            }
            (Some(open), c) if open == *c => {
                quote = None;
                out.push(b'"');
            }
            (Some(_), b'"') => out.extend_from_slice(b"\\\""),
            (Some(_), b'\\') => {
                let (escape, after) = rest.split_first()?;
                rest = after;
                match escape {
                    b'\'' => out.push(b'\''),
                    b'x' => {
                        out.extend_from_slice(b"\\u00");
                        out.extend_from_slice(rest.get(..2)?);
                        rest = &rest[2..];
                    }
                    escape => out.extend_from_slice(&[b'\\', *escape]),
                }
            }
            (None, _) => {
                let words: [(&[u8], &[u8]); 3] =
                    [(b"True", b"true"), (b"False", b"false"), (b"None", b"null")];
                match words.iter().find(|(word, _)| word[0] == *c && after.starts_with(&word[1..])) {
                    Some((word, json)) => {
                        out.extend_from_slice(json);
                        rest = &after[word.len() - 1..];
                    }
                    None => out.push(*c),
                }
            }
            (Some(_), c) => out.push(*c),
        }
    }
    Some(out)
}

/// The records of an array.
pub fn parts(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut parts = Vec::new();
    let whole = text.first() == Some(&b'[')
        && array(Cursor::new(text), |item| {
            parts.push(item.to_vec());
            if item.first() == Some(&b'{') { Ok(()) } else { Err(Stop::Broken(0)) }
        })
        .is_ok();
    whole.then_some(parts)
}
