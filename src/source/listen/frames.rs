//! A body to frames: every JSON value, and every element of an array, on one line of its own; any
//! other line as it is.

use memchr::memchr;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Documents longer than this are taken apart where they are batches: a frame has a largest size.
const LONG: usize = 512 << 10;
/// Bytes of events in a part of one.
pub(super) const PART: usize = 256 << 10;

/// Adds the frames of a body, each with its line end.
pub(super) fn split(body: &[u8], out: &mut Vec<u8>) {
    let mut rest = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    // A value over several lines is looked for until that was in vain: each such look may read all.
    let mut over_lines = true;
    loop {
        let text = rest.trim_ascii_start();
        let Some(first) = text.first() else { return };
        if matches!(first, b'{' | b'[') {
            let line = &text[..memchr(b'\n', text).unwrap_or(text.len())];
            let mut value = first_value(line);
            if value.is_none() && over_lines && line.len() < text.len() {
                value = first_value(text);
                over_lines = value.is_some();
            }
            if let Some((value, len)) = value {
                put(value, out);
                rest = &text[len..];
                continue;
            }
        }
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        if !line.trim_ascii().is_empty() {
            out.extend_from_slice(line);
            out.push(b'\n');
        }
        rest = &rest[(end + 1).min(rest.len())..];
    }
}

/// The JSON value that a text begins with, and its length, if nothing but another stands behind it
/// on its line.
fn first_value(text: &[u8]) -> Option<(&RawValue, usize)> {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
    let value = values.next()?.ok()?;
    let len = values.byte_offset();
    let behind = text[len..].iter().find(|c| !matches!(c, b' ' | b'\t' | b'\r'));
    matches!(behind, None | Some(b'\n' | b'{' | b'[')).then_some((value, len))
}

/// Adds a value; an array's elements one by one.
fn put(value: &RawValue, out: &mut Vec<u8>) {
    let text = value.get();
    if text.starts_with('[')
        && let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(text)
        && elements.iter().any(|element| element.get().starts_with('{'))
    {
        for element in elements {
            put_one(element.get(), out);
        }
    } else {
        put_one(text, out);
    }
}

fn put_one(text: &str, out: &mut Vec<u8>) {
    if text.len() <= LONG || take_apart(text, out).is_none() {
        on_one_line(text.as_bytes(), out);
    }
}

/// Adds JSON as a line: a line end in it is blank space.
pub(super) fn on_one_line(json: &[u8], out: &mut Vec<u8>) {
    out.extend(json.iter().map(|c| if matches!(c, b'\n' | b'\r') { b' ' } else { *c }));
    out.push(b'\n');
}

/// A payload of a subscription filter.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    #[serde(borrow)]
    message_type: &'a RawValue,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    owner: Option<&'a RawValue>,
    #[serde(borrow)]
    log_group: &'a RawValue,
    #[serde(borrow)]
    log_stream: &'a RawValue,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    subscription_filters: Option<&'a RawValue>,
    #[serde(borrow)]
    log_events: Vec<&'a RawValue>,
}

/// Adds a long payload as several with a part of the events each; `None` if it is something else.
fn take_apart(text: &str, out: &mut Vec<u8>) -> Option<()> {
    let mut payload: Payload<'_> = serde_json::from_str(text).ok()?;
    let events = std::mem::take(&mut payload.log_events);
    for part in parts(&events) {
        payload.log_events = part.to_vec();
        on_one_line(&serde_json::to_vec(&payload).ok()?, out);
    }
    Some(())
}

/// Values in groups of about [`PART`] bytes.
pub(super) fn parts<'a, 'b>(values: &'a [&'b RawValue]) -> impl Iterator<Item = &'a [&'b RawValue]> {
    let mut bytes = 0;
    values.chunk_by(move |_, next| {
        bytes += next.get().len();
        let joins = bytes <= PART;
        if !joins {
            bytes = 0;
        }
        joins
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(body: &str) -> Vec<String> {
        let mut out = Vec::new();
        split(body.as_bytes(), &mut out);
        String::from_utf8(out).unwrap().lines().map(str::to_string).collect()
    }

    #[test]
    fn values_and_elements_are_lines() {
        assert_eq!(lines("[{\"a\":1},\n {\"b\":\n2}]"), ["{\"a\":1}", "{\"b\": 2}"]);
        assert_eq!(lines("{\"a\":1}{\"b\":2}\n\n{\"c\":3}\r\n"), ["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"]);
        assert_eq!(lines("\u{feff}{\n  \"a\": [\n    1\n  ]\n}\n"), ["{   \"a\": [     1   ] }"]);
        assert_eq!(lines("[1, 2]"), ["[1, 2]"]);
        assert!(lines(" \n\r\n").is_empty() && lines("[]") == ["[]"]);
    }

    #[test]
    fn text_stays_as_it_is() {
        let text =
            "START RequestId: a Version: 1\n[ERROR] KeyError: 'x'\n  File \"a.py\", line 1\n{broken\n[1] x";
        assert_eq!(lines(text), text.lines().collect::<Vec<_>>());
        assert_eq!(lines("{\"a\":1} and more\n"), ["{\"a\":1} and more"]);
        let mut out = Vec::new();
        split(b"{\"a\":\"\xff\"}\n\xfe", &mut out);
        assert_eq!(out, b"{\"a\":\"\xff\"}\n\xfe\n");
    }

    #[test]
    fn broken_values_without_number_are_looked_at_once() {
        // Each line begins a value that never ends.
        let body = "{\"a\":[\n".repeat(200_000);
        assert_eq!(lines(&body).len(), 200_000);
    }

    #[test]
    fn a_long_payload_is_several_short_ones() {
        let event = |n: usize| format!(r#"{{"id":"{n}","timestamp":{n},"message":"{}"}}"#, "m".repeat(1_000));
        let events: Vec<String> = (0..2_000).map(event).collect();
        let body = format!(
            r#"{{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"/aws/lambda/f","logStream":"s","subscriptionFilters":["x"],"logEvents":[{}]}}"#,
            events.join(",")
        );
        let lines = lines(&body);
        assert!((5..20).contains(&lines.len()) && lines.iter().all(|line| line.len() < LONG));
        let all: Vec<String> = lines
            .iter()
            .flat_map(|line| {
                let payload: Payload<'_> = serde_json::from_str(line).unwrap();
                assert_eq!(payload.log_group.get(), "\"/aws/lambda/f\"");
                payload.log_events.iter().map(|event| event.get().to_string()).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(all, events);
        // A long document of another kind is a long line.
        let other = format!("{{\"x\":\"{}\"}}", "y".repeat(LONG));
        assert_eq!(super::tests::lines(&other), [other]);
    }
}
