//! The raw form of a capture: a line of another kind than the wrapped one, as it came, and from
//! where. `{"arrived":ms,"source":"logs/orders.log","raw":"…"}`; `arrived` is null for what was
//! there before the recording. Bytes that are no UTF-8 are in `base64` instead of `raw`; `cut` says
//! how many more bytes an over-long line had.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::json::{self, Cursor};
use super::wrapped;
use crate::model::{Body, Envelope, Origin, Record, Recorded, Text, Timestamp};

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
    if walk(line).is_some() {
        return Form::Complete;
    }
    match wrapped::read(line) {
        Ok(Some(wrapped)) if wrapped.timestamp.is_none() => Form::Other,
        Ok(Some(wrapped)) if wrapped.arrived.is_some() => Form::Complete,
        Ok(Some(_)) => Form::Wrapped,
        Ok(None) | Err(_) => Form::Other,
    }
}

/// Reads a line in the raw form; `None` if it is some other object.
pub fn read(line: &[u8], origin: Origin, arrived: Option<Timestamp>) -> Option<Record<'_>> {
    let Raw { arrived: recorded, source, bytes, cut } = walk(line)?;
    let arrived = recorded.or(arrived);
    let record = match bytes {
        Text::Borrowed(bytes) => decode(bytes, cut, origin, arrived),
        Text::Owned(bytes) => decode(&bytes, cut, origin, arrived).into_owned(),
    };
    // These say all by themselves.
    if matches!(record.body, Body::Metric(_) | Body::Segment(_) | Body::Bad(_)) {
        return Some(record);
    }
    let envelope = Envelope { function: None, stream: None, time: record.envelope.time, arrived, origin };
    Some(Record { envelope, body: Body::Recorded(Box::new(Recorded { source, record })) })
}

fn decode(line: &[u8], cut: u64, origin: Origin, arrived: Option<Timestamp>) -> Record<'_> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if cut > 0 {
        let length = line.len() as u64 + cut;
        let reason = format!("line of {length} bytes, only its head was read");
        return super::bad(line, origin, arrived, reason);
    }
    // A recorder never puts this form in itself.
    if line.starts_with(BEGIN) {
        return super::bare(line, origin, arrived);
    }
    super::record(line, origin, arrived)
}

struct Raw<'a> {
    arrived: Option<Timestamp>,
    source: Text<'a>,
    bytes: Text<'a>,
    cut: u64,
}

fn walk(line: &[u8]) -> Option<Raw<'_>> {
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
            b"source" if cursor.at_string() => source = cursor.text().ok()?,
            b"raw" if cursor.at_string() => bytes = cursor.text().ok()?,
            b"base64" if cursor.at_string() => {
                bytes = Some(Text::Owned(STANDARD.decode(cursor.string().ok()?).ok()?));
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
    use crate::model::SourceId;

    const ORIGIN: Origin = Origin { source: SourceId(3), offset: 70, len: 9 };
    const AT: Option<Timestamp> = Some(Timestamp(1_795_420_800_000));

    fn recorded(line: &str) -> Recorded<'_> {
        match super::super::record(line.as_bytes(), ORIGIN, None).body {
            Body::Recorded(recorded) => *recorded,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_raw_line_is_the_record_in_it() {
        let line = "START RequestId: 8f5 Version: 7";
        let it = recorded(
            r#"{"arrived":1795420800000,"source":"logs/a.log","raw":"START RequestId: 8f5 Version: 7"}"#,
        );
        assert_eq!(&*it.source, b"logs/a.log");
        assert_eq!(it.record, super::super::record(line.as_bytes(), ORIGIN, AT));
        let it = recorded(r#"{"arrived":null,"source":"é","raw":"\tSTART \"x\"\r"}"#);
        assert_eq!(&*it.source, "é".as_bytes());
        assert_eq!(it.record, super::super::record(b"\tSTART \"x\"", ORIGIN, None));
        let it = recorded(r#"{"arrived":5,"source":"x","base64":"RU5EIFJlcXVlc3RJZDog/w=="}"#);
        let line = b"END RequestId: \xff";
        assert_eq!(it.record, super::super::record(line, ORIGIN, Some(Timestamp(5))));
    }

    #[test]
    fn metrics_and_bad_lines_stand_alone() {
        let metric = r#"{"metric_stream_name":"s","namespace":"AWS/Lambda","metric_name":"Errors","dimensions":{"FunctionName":"f"},"timestamp":1795420800000,"value":{"sum":1}}"#;
        let raw = serde_json::json!(metric).to_string();
        let line = format!(r#"{{"arrived":1795420800000,"source":"m","raw":{raw}}}"#);
        assert_eq!(
            super::super::record(line.as_bytes(), ORIGIN, None),
            super::super::record(metric.as_bytes(), ORIGIN, AT)
        );
        let line = br#"{"arrived":1795420800000,"source":"m","raw":"{\"time\":","cut":90}"#;
        let Body::Bad(bad) = super::super::record(line, ORIGIN, None).body else { panic!() };
        assert_eq!(bad.reason, "line of 98 bytes, only its head was read");
    }

    #[test]
    fn what_only_looks_like_it_is_what_it_was() {
        for line in [
            r#"{"arrived":1,"source":"x","raw":"y","more":1}"#,
            r#"{"arrived":1,"source":"x"}"#,
            r#"{"arrived":1,"raw":"x"}"#,
            r#"{"arrived":1,"source":"x","base64":"?"}"#,
            r#"{"source":"x","raw":"y"}"#,
            r#"{"arrived":1,"source":"x","raw":"y"} "#.trim_end_matches(' ').trim_end_matches('}'),
        ] {
            assert!(walk(line.as_bytes()).is_none(), "{line}");
        }
        // No depth: the form in itself is an application's line.
        let inner = serde_json::json!(r#"{"arrived":1,"source":"x","raw":"START RequestId: a Version: 1"}"#);
        let line = format!(r#"{{"arrived":2,"source":"y","raw":{inner}}}"#);
        assert!(matches!(recorded(&line).record.body, Body::Log(_)));
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
