//! The raw form of a capture: a line of another kind than the wrapped one, as it came, and from
//! where. `{"arrived":ms,"source":"logs/orders.log","raw":"…"}`; `arrived` is null for what was
//! there before the recording. Bytes that are no UTF-8 are in `base64` instead of `raw`; `cut` says
//! how many more bytes an over-long line had.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::json::{self, Cursor};
use super::{Arena, Frame, wrapped};
use crate::model::{Body, Continuation, Envelope, Record, Recorded, Text, Timestamp, Whose};

/// How a line in the raw form begins, always.
const BEGIN: &[u8] = b"{\"arrived\":";

/// What a recorder has to add to a line so that it means the same in its capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing: it is from a capture that says when it arrived.
    Complete,
    /// When it arrived: it is wrapped, and says all else.
    Wrapped,
    /// When it arrived and from where: what it means may depend on the lines before it there.
    Other,
}

/// What a line, without its line end, has in a capture already.
pub fn form(line: &[u8]) -> Form {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    if line.first() != Some(&b'{') {
        return Form::Other;
    }
    let arena = Arena::new();
    if walk(line, &arena).is_some() {
        return Form::Complete;
    }
    match wrapped::walk(line, &arena) {
        Ok(Some(wrapped)) if wrapped.timestamp.is_none() => Form::Other,
        Ok(Some(wrapped)) if wrapped.arrived.is_some() => Form::Complete,
        Ok(Some(_)) => Form::Wrapped,
        Ok(None) | Err(_) => Form::Other,
    }
}

/// Reads a line in the raw form and pushes the records in it; whether it is one.
pub fn read<'a>(frame: &Frame<'a>, arena: &'a Arena, out: &mut Vec<Record<'a>>) -> bool {
    let Some(Raw { arrived, source, bytes, cut }) = walk(frame.text, arena) else { return false };
    let arrived = arrived.or(frame.arrived);
    let first = out.len();
    decode(Frame { text: bytes, arrived, ..*frame }, cut, arena, out);
    for place in &mut out[first..] {
        let alone = match &place.body {
            // These say all by themselves.
            Body::Metric(_)
            | Body::Segment(_)
            | Body::Delivery(_)
            | Body::Call(_)
            | Body::Other(_)
            | Body::Bad(_) => true,
            // This may be its file's.
            Body::Setting(told) => told.whose != Whose::Files,
            _ => false,
        };
        if alone {
            continue;
        }
        let envelope = Envelope { time: place.envelope.time, arrived, ..frame.envelope() };
        let nothing = Record { envelope, body: Body::Continuation(Continuation::Text) };
        let record = std::mem::replace(place, nothing);
        place.body = Body::Recorded(arena.alloc(Recorded { source, record }));
    }
    true
}

fn decode<'a>(frame: Frame<'a>, cut: u64, arena: &'a Arena, out: &mut Vec<Record<'a>>) {
    let line = frame.text;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let frame = Frame { text: line, ..frame };
    if cut > 0 {
        let length = line.len() as u64 + cut;
        out.push(frame.bad(format!("line of {length} bytes, only its head was read"), arena));
    } else if line.starts_with(BEGIN) {
        // A recorder never puts this form in itself.
        super::bare(&frame, arena, out);
    } else {
        // A value is one behind blanks too.
        let text = frame.value().text;
        let is_value = matches!(text.first(), Some(b'{' | b'['));
        super::frame(if is_value { Frame { text, ..frame } } else { frame }, arena, out);
    }
}

struct Raw<'a> {
    arrived: Option<Timestamp>,
    source: Text<'a>,
    bytes: Text<'a>,
    cut: u64,
}

fn walk<'a>(line: &'a [u8], arena: &'a Arena) -> Option<Raw<'a>> {
    if !line.starts_with(BEGIN) {
        return None;
    }
    let mut cursor = Cursor::<false>::new(line);
    let (mut arrived, mut source, mut bytes, mut cut) = (None, None, None, 0);
    let mut first = true;
    cursor.object().ok()?;
    while let Some(key) = cursor.key(&mut first).ok()? {
        match key {
            b"arrived" => arrived = cursor.number().ok()?.and_then(json::whole),
            b"cut" => cut = cursor.number().ok()?.and_then(json::whole)?,
            b"source" if cursor.at_string() => source = cursor.text(arena).ok()?,
            b"raw" if cursor.at_string() => bytes = cursor.text(arena).ok()?,
            b"base64" if cursor.at_string() => {
                let decoded = STANDARD.decode(cursor.string().ok()?).ok()?;
                bytes = Some(arena.text(&decoded));
            }
            // A wrapped line, mostly.
            _ => return None,
        }
    }
    if cursor.peek() != 0 {
        return None;
    }
    let arrived = arrived.and_then(|ms| i64::try_from(ms).ok()).map(Timestamp);
    Some(Raw { arrived, source: source?, bytes: bytes?, cut })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Origin, SourceId};

    const ORIGIN: Origin = Origin { source: SourceId(3), offset: 70, len: 9 };
    const AT: Option<Timestamp> = Some(Timestamp(1_795_420_800_000));

    fn record<'a>(line: &str, arrived: Option<Timestamp>, arena: &'a Arena) -> Record<'a> {
        super::super::tests::record(arena.text(line.as_bytes()), ORIGIN, arrived, arena)
    }

    fn recorded<'a>(line: &str, arena: &'a Arena) -> Recorded<'a> {
        match record(line, None, arena).body {
            Body::Recorded(recorded) => *recorded,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_raw_line_is_the_record_in_it() {
        let arena = Arena::new();
        let line = "START RequestId: 8f5 Version: 7";
        let it = recorded(
            r#"{"arrived":1795420800000,"source":"logs/a.log","raw":"START RequestId: 8f5 Version: 7"}"#,
            &arena,
        );
        assert_eq!(it.source, b"logs/a.log");
        assert_eq!(it.record, record(line, AT, &arena));
        let it = recorded(r#"{"arrived":null,"source":"é","raw":"\tSTART \"x\"\r"}"#, &arena);
        assert_eq!(it.source, "é".as_bytes());
        assert_eq!(it.record, record("\tSTART \"x\"", None, &arena));
        let it = recorded(r#"{"arrived":5,"source":"x","base64":"RU5EIFJlcXVlc3RJZDog/w=="}"#, &arena);
        let at = Some(Timestamp(5));
        assert_eq!(it.record, super::super::tests::record(b"END RequestId: \xff", ORIGIN, at, &arena));
    }

    #[test]
    fn metrics_and_bad_lines_stand_alone() {
        let arena = Arena::new();
        let metric = r#"{"metric_stream_name":"s","namespace":"AWS/Lambda","metric_name":"Errors","dimensions":{"FunctionName":"f"},"timestamp":1795420800000,"value":{"sum":1}}"#;
        let raw = serde_json::json!(metric).to_string();
        let line = format!(r#"{{"arrived":1795420800000,"source":"m","raw":{raw}}}"#);
        assert_eq!(record(&line, None, &arena), record(metric, AT, &arena));
        let line = r#"{"arrived":1795420800000,"source":"m","raw":"{\"time\":","cut":90}"#;
        let Body::Bad(bad) = record(line, None, &arena).body else { panic!() };
        assert_eq!(bad.reason, "line of 98 bytes, only its head was read");
    }

    #[test]
    fn what_only_looks_like_it_is_what_it_was() {
        let arena = Arena::new();
        for line in [
            r#"{"arrived":1,"source":"x","raw":"y","more":1}"#,
            r#"{"arrived":1,"source":"x"}"#,
            r#"{"arrived":1,"raw":"x"}"#,
            r#"{"arrived":1,"source":"x","base64":"?"}"#,
            r#"{"source":"x","raw":"y"}"#,
            r#"{"arrived":1,"source":"x","raw":"y"} "#.trim_end_matches(' ').trim_end_matches('}'),
        ] {
            assert!(walk(line.as_bytes(), &arena).is_none(), "{line}");
        }
        // No depth: the form in itself is an application's line.
        let inner = serde_json::json!(r#"{"arrived":1,"source":"x","raw":"START RequestId: a Version: 1"}"#);
        let line = format!(r#"{{"arrived":2,"source":"y","raw":{inner}}}"#);
        assert!(matches!(recorded(&line, &arena).record.body, Body::Log(_)));
    }

    #[test]
    fn a_line_is_asked_what_it_has() {
        let wrapped = r#"{"logGroup":"/aws/lambda/f","logStream":"s","timestamp":1,"message":"m"}"#;
        assert_eq!(form(wrapped.as_bytes()), Form::Wrapped);
        assert_eq!(form(format!("\u{feff}{wrapped}\r").as_bytes()), Form::Wrapped);
        assert_eq!(form(wrapped.replace('{', r#"{"arrived":2,"#).as_bytes()), Form::Complete);
        assert_eq!(form(br#"{"arrived":null,"source":"x","raw":"y"}"#), Form::Complete);
        for other in [
            r#"{"logGroup":"/aws/lambda/f","logStream":"s","message":"no time"}"#,
            r#"{"logGroup":"/aws/lambda/f","logStream":"s","timestamp":1,"mess"#,
            r#"{"time":"2026-11-23T08:00:00Z","type":"platform.start","record":{}}"#,
            "START RequestId: a Version: 1",
            "",
        ] {
            assert_eq!(form(other.as_bytes()), Form::Other, "{other}");
        }
    }
}
