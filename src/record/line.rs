//! What a line becomes in a capture.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memchr;

use crate::decode::{Form, form};
use crate::model::Timestamp;

/// What is kept of a line that is too long to be read again whole, in bytes.
const HEAD: usize = 4 << 10;

/// Where a line comes from, as it is written: a JSON string.
#[derive(Debug)]
pub(super) struct Name(String);

impl Name {
    /// The name of a source.
    pub fn of(label: &str) -> Self {
        Self(serde_json::Value::from(label).to_string())
    }
}

/// What was put into the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// The line.
    Whole,
    /// Its head: it is too long.
    Head,
    /// Nothing: the line is blank.
    Nothing,
}

/// Puts a line, without its line end, into a capture whose lines have at most `most` bytes. Of one
/// that was cut when it was read, `cut` bytes are missing.
pub(super) fn put(
    out: &mut Vec<u8>,
    line: &[u8],
    cut: u64,
    name: &Name,
    arrived: Option<Timestamp>,
    most: usize,
) -> Put {
    if line.is_empty() || cut == 0 && line.trim_ascii().is_empty() {
        return Put::Nothing;
    }
    let from = out.len();
    if cut == 0 {
        // One over several lines has to be put into a string.
        let form = if memchr(b'\n', line).is_some() { Form::Other } else { form(line) };
        match (form, arrived) {
            (Form::Wrapped, Some(at)) => {
                let inside = memchr(b'{', line).map_or(0, |at| at + 1);
                out.extend_from_slice(&line[..inside]);
                // Writing to memory can't fail.
                let _ = write!(out, "\"arrived\":{},", at.0);
                out.extend_from_slice(&line[inside..]);
            }
            (Form::Complete, _) | (Form::Wrapped, None) => out.extend_from_slice(line),
            (Form::Other, _) => raw(out, line, 0, name, arrived),
        }
        out.push(b'\n');
        if out.len() - from <= most {
            return Put::Whole;
        }
        out.truncate(from);
    }
    let head = head(line);
    raw(out, head, cut + (line.len() - head.len()) as u64, name, arrived);
    out.push(b'\n');
    Put::Head
}

/// The beginning of a line, up to a character's end.
fn head(line: &[u8]) -> &[u8] {
    let begins = |at: &usize| line.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
    let end = (HEAD.saturating_sub(3)..=HEAD).rev().find(begins).unwrap_or(HEAD);
    &line[..end.min(line.len())]
}

fn raw(out: &mut Vec<u8>, line: &[u8], cut: u64, name: &Name, arrived: Option<Timestamp>) {
    out.extend_from_slice(b"{\"arrived\":");
    // Writing to memory can't fail, and text can always be written.
    let _ = match arrived {
        Some(at) => write!(out, "{},\"source\":{}", at.0, name.0),
        None => write!(out, "null,\"source\":{}", name.0),
    };
    let _ = match std::str::from_utf8(line) {
        Ok(text) => {
            out.extend_from_slice(b",\"raw\":");
            serde_json::to_writer(&mut *out, text).map_err(Into::into)
        }
        Err(_) => write!(out, ",\"base64\":\"{}\"", STANDARD.encode(line)),
    };
    if cut > 0 {
        let _ = write!(out, ",\"cut\":{cut}");
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;
    use crate::model::{Body, Chunk, Origin, SourceId};
    use proptest::prelude::*;

    const AT: Option<Timestamp> = Some(Timestamp(1_795_420_800_123));

    fn written(line: &str, arrived: Option<Timestamp>) -> String {
        let mut out = Vec::new();
        put(&mut out, line.as_bytes(), 0, &Name::of("logs/a \"b\".log"), arrived, 1 << 20);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_wrapped_line_gains_its_arrival_and_keeps_all_its_bytes() {
        let line = r#"{"logGroup":"/aws/lambda/f","logStream":"s","timestamp":1,"message":"m é"}"#;
        assert_eq!(written(line, None), format!("{line}\n"));
        let want = line.replacen('{', r#"{"arrived":1795420800123,"#, 1);
        assert_eq!(written(line, AT), format!("{want}\n"));
        assert_eq!(written(&want, Some(Timestamp(9))), format!("{want}\n"), "the first arrival counts");
    }

    #[test]
    fn any_other_line_is_written_raw_once() {
        let want = r#"{"arrived":1795420800123,"source":"logs/a \"b\".log","raw":"REPORT \"x\"\t\r"}"#;
        assert_eq!(written("REPORT \"x\"\t\r", AT), format!("{want}\n"));
        assert_eq!(written(want, Some(Timestamp(9))), format!("{want}\n"));
        assert!(written("x", None).starts_with(r#"{"arrived":null,"#));
        assert_eq!(written(" \t\r", AT), "");
    }

    /// Whether it begins like a JSON value and is none: where such a thing ends is seen from what
    /// follows it, which a line by itself does not have.
    fn is_broken_value(line: &[u8]) -> bool {
        let separates = |c: &u8| c.is_ascii_whitespace() || *c == b',';
        let begins = line.iter().find(|c| !separates(c)).is_some_and(|c| matches!(c, b'{' | b'['));
        let wrapped = line.starts_with(b"{\"logGroup\"");
        begins && !wrapped && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_err()
    }

    /// The record that a line is, whether it lay in the capture raw or not.
    fn record(line: &[u8], cut: u64, arrived: Option<Timestamp>) -> Option<String> {
        let chunk = Chunk { source: SourceId(1), offset: 0, arrived, bytes: line.to_vec(), cut };
        let (arena, mut records) = (decode::Arena::new(), Vec::new());
        decode::chunk(&chunk, decode::Wanted::All, &arena, &mut records);
        let record = records.pop()?;
        let mut record = match record.body {
            Body::Recorded(recorded) => recorded.record,
            _ => record,
        };
        if let Body::Event(event) = record.body {
            record.body = event.body;
        }
        record.envelope.origin = Origin { source: SourceId(0), offset: 0, len: 0 };
        Some(format!("{record:?}"))
    }

    proptest! {
        #[test]
        fn a_recorded_line_means_what_it_meant(
            line in prop_oneof![
                prop::collection::vec(any::<u8>().prop_filter("no line end", |c| *c != b'\n'), 0..80),
                "[a-zé\"\\\\\t{}: ]{0,60}".prop_map(String::into_bytes),
                Just(b"START RequestId: 8f5 Version: 7".to_vec()),
                Just(b"Traceback (most recent call last):\r".to_vec()),
                // Found by fuzzing.
                Just(b"  \r {\"ReservedConcurrentExecutions\": 250\r}".to_vec()),
                Just(br#"{"time":"2026-11-23T08:00:00Z","type":"platform.start","record":{"requestId":"a"}}"#.to_vec()),
                Just(br#"{"logGroup":"/aws/lambda/f","logStream":"s","message":"no time"}"#.to_vec()),
                Just(br#"{"logGroup":"/aws/lambda/f","logStream":"s","timestamp":12,"message":"START RequestId: \u0061 Version: 1"}"#.to_vec()),
                Just(b"{\"logGroup\":\"/aws/lambda/f\",\"timestamp\":12,\"message\":\"\xff\"}".to_vec()),
                Just(b"2023-07-05T10:16:34.013000+00:00 2023/07/05/[$LATEST]ab END RequestId: a".to_vec()),
            ],
            arrived in prop::option::of((0i64..2_000_000_000_000).prop_map(Timestamp)),
            cut in prop_oneof![4 => Just(0u64), 1 => 1u64..9],
        ) {
            // Of a line that was cut, there is a head.
            let cut = if line.is_empty() { 0 } else { cut };
            let mut out = Vec::new();
            put(&mut out, &line, cut, &Name::of("x.log"), arrived, 1 << 20);
            prop_assert!(out.iter().filter(|c| **c == b'\n').count() <= 1);
            prop_assume!(!is_broken_value(&line));
            prop_assert_eq!(record(&out, 0, None), record(&line, cut, arrived));
        }
    }

    #[test]
    fn what_is_too_long_is_a_bad_line_of_its_length() {
        let line = "é".repeat(5_000);
        let mut out = Vec::new();
        assert_eq!(put(&mut out, line.as_bytes(), 0, &Name::of("x"), AT, 9_000), Put::Head);
        assert!(out.len() < 5_000);
        assert_eq!(
            record(&out, 0, None),
            record(line.as_bytes(), 0, AT).map(|_| {
                let cut = 10_000 - 4_096;
                record(&line.as_bytes()[..4_096], cut, AT).unwrap()
            })
        );
        // One that was cut when it was read keeps its length too.
        let mut out = Vec::new();
        put(&mut out, line.as_bytes(), 500, &Name::of("x"), AT, 1 << 20);
        let bad = record(&out, 0, None).unwrap();
        assert!(bad.contains("Bad(") && bad.contains("line of 10500 bytes, only its head was read"), "{bad}");
    }
}
