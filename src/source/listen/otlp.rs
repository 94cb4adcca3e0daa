//! OpenTelemetry's traces as they come over HTTP: JSON, or protobuf, which is written as the same
//! JSON. Every line is a whole document of some spans with their resource and scope.
//!
//! Protobuf is passed over by a table of the fields that matter rather than read into messages: two
//! bytes of input may be a span, so that messages would take a hundred times the input's memory.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::frames::{PART, on_one_line, parts};

/// Values nested deeper are no telemetry.
const DEEP: u32 = 64;

/// A body is not what it should be, or holds too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// It can't be read.
    Broken,
    /// What it stands for is longer than allowed.
    TooLong,
}

/// Lines within a bound.
struct Lines<'a> {
    out: &'a mut Vec<u8>,
    most: usize,
}

impl Lines<'_> {
    fn put(&mut self, resource: &[u8], scope: &[u8], spans: &[u8]) -> Result<(), Mistake> {
        if self.out.len() + resource.len() + scope.len() + spans.len() > self.most {
            return Err(Mistake::TooLong);
        }
        let mut line = Vec::with_capacity(resource.len() + scope.len() + spans.len() + 80);
        line.extend_from_slice(b"{\"resourceSpans\":[{\"resource\":");
        line.extend_from_slice(resource);
        line.extend_from_slice(b",\"scopeSpans\":[{\"scope\":");
        line.extend_from_slice(scope);
        line.extend_from_slice(b",\"spans\":[");
        line.extend_from_slice(spans);
        line.extend_from_slice(b"]}]}]}");
        on_one_line(&line, self.out);
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow)]
    resource_spans: Vec<ResourceSpans<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "instrumentationLibrarySpans")]
    scope_spans: Vec<ScopeSpans<'a>>,
}

#[derive(Deserialize)]
struct ScopeSpans<'a> {
    #[serde(borrow, alias = "instrumentationLibrary")]
    scope: Option<&'a RawValue>,
    #[serde(borrow, default)]
    spans: Vec<&'a RawValue>,
}

/// Adds the lines of a JSON body, at most `most` bytes in all.
pub(super) fn json(body: &[u8], most: usize, out: &mut Vec<u8>) -> Result<(), Mistake> {
    let request: Request<'_> = serde_json::from_slice(body).map_err(|_| Mistake::Broken)?;
    let raw = |value: Option<&RawValue>| value.map_or("{}", RawValue::get).to_string();
    let mut lines = Lines { out, most };
    for of in &request.resource_spans {
        let resource = raw(of.resource);
        for of in &of.scope_spans {
            let scope = raw(of.scope);
            for part in parts(&of.spans) {
                let spans: Vec<&str> = part.iter().map(|span| span.get()).collect();
                lines.put(resource.as_bytes(), scope.as_bytes(), spans.join(",").as_bytes())?;
            }
        }
    }
    Ok(())
}

/// How a field is written in JSON.
#[derive(Clone, Copy)]
enum As {
    Text,
    /// Bytes in hexadecimal, as OTLP writes ids.
    Hex,
    Base64,
    /// A number of 64 fixed bits: a string, as protobuf's JSON has it.
    Time,
    Double,
    Bool,
    /// A small number.
    Number,
    /// A number of 64 signed bits: a string.
    Integer,
    One(&'static [Field]),
    Many(&'static [Field]),
}

/// A field's number, its name in JSON, what it is.
type Field = (u64, &'static str, As);

static SPAN: [Field; 12] = [
    (1, "traceId", As::Hex),
    (2, "spanId", As::Hex),
    (3, "traceState", As::Text),
    (4, "parentSpanId", As::Hex),
    (5, "name", As::Text),
    (6, "kind", As::Number),
    (7, "startTimeUnixNano", As::Time),
    (8, "endTimeUnixNano", As::Time),
    (9, "attributes", As::Many(&KEY_VALUE)),
    (11, "events", As::Many(&EVENT)),
    (13, "links", As::Many(&LINK)),
    (15, "status", As::One(&STATUS)),
];
static EVENT: [Field; 3] =
    [(1, "timeUnixNano", As::Time), (2, "name", As::Text), (3, "attributes", As::Many(&KEY_VALUE))];
static LINK: [Field; 3] =
    [(1, "traceId", As::Hex), (2, "spanId", As::Hex), (4, "attributes", As::Many(&KEY_VALUE))];
static STATUS: [Field; 2] = [(2, "message", As::Text), (3, "code", As::Number)];
static RESOURCE: [Field; 1] = [(1, "attributes", As::Many(&KEY_VALUE))];
static SCOPE: [Field; 3] =
    [(1, "name", As::Text), (2, "version", As::Text), (3, "attributes", As::Many(&KEY_VALUE))];
static KEY_VALUE: [Field; 2] = [(1, "key", As::Text), (2, "value", As::One(&VALUE))];
static VALUE: [Field; 7] = [
    (1, "stringValue", As::Text),
    (2, "boolValue", As::Bool),
    (3, "intValue", As::Integer),
    (4, "doubleValue", As::Double),
    (5, "arrayValue", As::One(&ARRAY)),
    (6, "kvlistValue", As::One(&LIST)),
    (7, "bytesValue", As::Base64),
];
static ARRAY: [Field; 1] = [(1, "values", As::Many(&VALUE))];
static LIST: [Field; 1] = [(1, "values", As::Many(&KEY_VALUE))];

/// Numbers of the messages around the spans.
const RESOURCE_SPANS: u64 = 1;
const SCOPE_SPANS: u64 = 2;
const SPANS: u64 = 2;
const INSIDE: u64 = 1;

/// A field's value on the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32,
    Bytes(&'a [u8]),
}

/// Reads a message field by field.
struct Message<'a>(&'a [u8]);

impl<'a> Message<'a> {
    fn varint(&mut self) -> Result<u64, Mistake> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(Mistake::Broken)?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Mistake::Broken)
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8], Mistake> {
        let len = usize::try_from(len).ok().filter(|len| *len <= self.0.len()).ok_or(Mistake::Broken)?;
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        Ok(taken)
    }

    /// The next field's number and value; `None` at the end.
    fn next(&mut self) -> Result<Option<(u64, Wire<'a>)>, Mistake> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => {
                let bytes = self.take(8)?.try_into().map_err(|_| Mistake::Broken)?;
                Wire::Fixed64(u64::from_le_bytes(bytes))
            }
            2 => {
                let len = self.varint()?;
                Wire::Bytes(self.take(len)?)
            }
            5 => self.take(4).map(|_| Wire::Fixed32)?,
            _ => return Err(Mistake::Broken),
        };
        Ok(Some((tag >> 3, value)))
    }

    /// The messages of a field.
    fn all(self, number: u64, mut each: impl FnMut(&'a [u8]) -> Result<(), Mistake>) -> Result<(), Mistake> {
        let mut message = self;
        while let Some((field, value)) = message.next()? {
            if field == number {
                match value {
                    Wire::Bytes(bytes) => each(bytes)?,
                    _ => return Err(Mistake::Broken),
                }
            }
        }
        Ok(())
    }
}

/// Adds the lines of a protobuf body (ExportTraceServiceRequest), at most `most` bytes in all.
pub(super) fn protobuf(body: &[u8], most: usize, out: &mut Vec<u8>) -> Result<(), Mistake> {
    let mut lines = Lines { out, most };
    Message(body).all(RESOURCE_SPANS, |of| {
        let mut resource = Vec::new();
        inside(of, &RESOURCE, most, &mut resource)?;
        Message(of).all(SCOPE_SPANS, |of| {
            let (mut scope, mut spans) = (Vec::new(), Vec::new());
            inside(of, &SCOPE, most, &mut scope)?;
            Message(of).all(SPANS, |span| {
                if !spans.is_empty() {
                    spans.push(b',');
                }
                write(span, &SPAN, DEEP, most, &mut spans)?;
                if spans.len() >= PART {
                    lines.put(&resource, &scope, &spans)?;
                    spans.clear();
                }
                Ok(())
            })?;
            if spans.is_empty() { Ok(()) } else { lines.put(&resource, &scope, &spans) }
        })
    })
}

/// Writes the resource or scope of a message, `{}` if it has none.
fn inside(message: &[u8], fields: &[Field], most: usize, out: &mut Vec<u8>) -> Result<(), Mistake> {
    Message(message).all(INSIDE, |bytes| {
        out.clear();
        write(bytes, fields, DEEP, most, out)
    })?;
    if out.is_empty() {
        out.extend_from_slice(b"{}");
    }
    Ok(())
}

/// Writes a message as JSON, of at most `most` bytes in all.
fn write(message: &[u8], fields: &[Field], deep: u32, most: usize, out: &mut Vec<u8>) -> Result<(), Mistake> {
    let deep = deep.checked_sub(1).ok_or(Mistake::Broken)?;
    out.push(b'{');
    let mut first = true;
    for (number, name, kind) in fields {
        let many = matches!(kind, As::Many(_));
        let (mut at, mut begun, mut last) = (Message(message), false, None);
        while let Some((field, value)) = at.next()? {
            if field != *number {
                continue;
            }
            if !many {
                // Of a field that is there twice the last counts.
                last = Some(value);
                continue;
            }
            if !begun {
                key(name, &mut first, out);
            }
            out.push(if begun { b',' } else { b'[' });
            begun = true;
            one(value, *kind, deep, most, out)?;
        }
        if begun {
            out.push(b']');
        }
        if let Some(value) = last {
            key(name, &mut first, out);
            one(value, *kind, deep, most, out)?;
        }
        if out.len() > most {
            return Err(Mistake::TooLong);
        }
    }
    out.push(b'}');
    Ok(())
}

fn key(name: &str, first: &mut bool, out: &mut Vec<u8>) {
    if !std::mem::take(first) {
        out.push(b',');
    }
    // Writing to memory can't fail.
    let _ = write!(out, "\"{name}\":");
}

fn one(value: Wire<'_>, kind: As, deep: u32, most: usize, out: &mut Vec<u8>) -> Result<(), Mistake> {
    // Writing to memory can't fail, and text can always be written.
    let _ = match (kind, value) {
        (As::Text, Wire::Bytes(bytes)) => {
            serde_json::to_writer(&mut *out, &*String::from_utf8_lossy(bytes)).map_err(Into::into)
        }
        (As::Hex, Wire::Bytes(bytes)) => {
            out.push(b'"');
            bytes.iter().for_each(|byte| drop(write!(out, "{byte:02x}")));
            write!(out, "\"")
        }
        (As::Base64, Wire::Bytes(bytes)) => write!(out, "\"{}\"", STANDARD.encode(bytes)),
        (As::Time, Wire::Fixed64(value)) => write!(out, "\"{value}\""),
        (As::Double, Wire::Fixed64(bits)) => match f64::from_bits(bits) {
            value if value.is_finite() => write!(out, "{value:?}"),
            value => write!(out, "\"{value}\""),
        },
        (As::Bool, Wire::Varint(value)) => write!(out, "{}", value != 0),
        (As::Number, Wire::Varint(value)) => write!(out, "{value}"),
        (As::Integer, Wire::Varint(value)) => write!(out, "\"{}\"", value.cast_signed()),
        (As::One(fields) | As::Many(fields), Wire::Bytes(bytes)) => {
            return write(bytes, fields, deep, most, out);
        }
        _ => return Err(Mistake::Broken),
    };
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// A length-delimited field.
    pub fn field(number: u8, inside: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2];
        let mut len = inside.len();
        while len >= 0x80 {
            out.push(len as u8 | 0x80);
            len >>= 7;
        }
        out.push(len as u8);
        out.extend_from_slice(inside);
        out
    }

    fn time(number: u8, value: u64) -> Vec<u8> {
        [&[number << 3 | 1][..], &value.to_le_bytes()].concat()
    }

    fn attribute(key: &str, value: &[u8]) -> Vec<u8> {
        [field(1, key.as_bytes()), field(2, value)].concat()
    }

    /// A span of this name.
    pub fn span(name: &str) -> Vec<u8> {
        [
            field(1, &[0x69, 0x24, 0x51, 0x80, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0xff]),
            field(2, &[1, 2, 3, 4, 5, 6, 7, 8]),
            field(5, name.as_bytes()),
            vec![6 << 3, 2],
            time(7, 1_795_420_800_000_000_000),
            time(8, 1_795_420_800_250_000_000),
            field(9, &attribute("faas.invocation_id", &field(1, b"8f5d"))),
            field(9, &attribute("n", &[3 << 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1])),
            field(
                9,
                &attribute(
                    "list",
                    &field(5, &[field(1, &[2 << 3, 1]), field(1, &time(4, 1.5f64.to_bits()))].concat()),
                ),
            ),
            field(15, &[field(2, b"no \"money\""), vec![3 << 3, 2]].concat()),
            // A field of a later version.
            vec![0x85, 1, 1, 0, 0, 0],
        ]
        .concat()
    }

    /// A request of these spans.
    pub fn request(spans: &[Vec<u8>]) -> Vec<u8> {
        let resource = field(1, &attribute("service.name", &field(1, b"orders")));
        let spans: Vec<u8> = spans.iter().flat_map(|span| field(2, span)).collect();
        let scope = field(1, &field(1, b"lib"));
        field(1, &[field(1, &resource), field(2, &[scope, spans].concat())].concat())
    }

    fn read(body: &[u8]) -> Result<Vec<Value>, Mistake> {
        let mut out = Vec::new();
        protobuf(body, 1 << 20, &mut out)?;
        Ok(out
            .split(|c| *c == b'\n')
            .filter(|l| !l.is_empty())
            .map(|l| serde_json::from_slice(l).unwrap())
            .collect())
    }

    #[test]
    fn protobuf_is_the_same_json() {
        let lines = read(&request(&[span("pay")])).unwrap();
        let want = json!({"resourceSpans": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "orders"}}]},
            "scopeSpans": [{"scope": {"name": "lib"}, "spans": [{
                "traceId": "692451800102030405060708090a0bff", "spanId": "0102030405060708",
                "name": "pay", "kind": 2,
                "startTimeUnixNano": "1795420800000000000", "endTimeUnixNano": "1795420800250000000",
                "attributes": [
                    {"key": "faas.invocation_id", "value": {"stringValue": "8f5d"}},
                    {"key": "n", "value": {"intValue": "-1"}},
                    {"key": "list", "value": {"arrayValue": {"values": [{"boolValue": true}, {"doubleValue": 1.5}]}}},
                ],
                "status": {"message": "no \"money\"", "code": 2},
            }]}],
        }]});
        assert_eq!(lines, [want]);
    }

    #[test]
    fn many_spans_are_several_lines_of_both_kinds() {
        let body = request(&(0..3_000).map(|n| span(&format!("span {n}"))).collect::<Vec<_>>());
        let mut lines = Vec::new();
        protobuf(&body, 64 << 20, &mut lines).unwrap();
        let count = |lines: &[u8]| lines.iter().filter(|c| **c == b'\n').count();
        assert!(count(&lines) >= 3, "{}", count(&lines));
        let spans = |lines: &[u8]| -> Vec<String> {
            let lines = lines.split(|c| *c == b'\n').filter(|line| !line.is_empty());
            lines
                .flat_map(|line| {
                    let value: Value = serde_json::from_slice(line).unwrap();
                    let spans =
                        value["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone();
                    spans.into_iter().map(|span| span["name"].as_str().unwrap().to_string())
                })
                .collect()
        };
        assert_eq!(spans(&lines).len(), 3_000);
        // The JSON of it all, as one document.
        let all: Vec<String> = lines
            .split(|c| *c == b'\n')
            .filter(|l| !l.is_empty())
            .map(|l| {
                let text = std::str::from_utf8(l).unwrap();
                text["{\"resourceSpans\":[".len()..text.len() - 2].to_string()
            })
            .collect();
        let mut again = Vec::new();
        json(format!("{{\n\"resourceSpans\":[{}]}}", all.join(",\n")).as_bytes(), 64 << 20, &mut again)
            .unwrap();
        assert_eq!(spans(&again), spans(&lines));
        assert_eq!(json(b"{\"resourceSpans\":", 1 << 20, &mut again), Err(Mistake::Broken));
        assert_eq!(json(b"{}", 1 << 20, &mut again), Err(Mistake::Broken));
    }

    #[test]
    fn bombs_are_bounded() {
        // Two bytes a span.
        let spans = field(1, &field(2, &[0x12, 0].repeat(1 << 20)));
        assert_eq!(read(&spans).map(|_| ()), Err(Mistake::TooLong));
        // A list in a list in a list.
        let mut deep = field(1, b"x");
        for _ in 0..2_000 {
            deep = field(5, &field(1, &deep));
        }
        assert_eq!(read(&request(&[field(9, &attribute("k", &deep))])), Err(Mistake::Broken));
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(
            body in prop::collection::vec(any::<u8>(), 0..200),
            at in 0usize..300,
            byte in any::<u8>(),
        ) {
            let _ = read(&body);
            let mut damaged = request(&[span("pay"), span("ship")]);
            let at = at % damaged.len();
            damaged[at] = byte;
            let _ = read(&damaged);
            damaged.truncate(at);
            let _ = read(&damaged);
        }
    }
}
