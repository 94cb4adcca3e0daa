//! A selection's log lines as a capture that replays: wrapped lines, as a subscription would have
//! brought them.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value};

use crate::lines::{Bytes, Reader};
use crate::mask::{Masked, Streams};
use crate::query::view::{Anchor, LinesRequest, LogRow, Stream};
use crate::store::Snapshot;
use crate::ui::number;

/// Lines that are read at once.
const PAGE: usize = 2_000;
/// Bytes that are written at most: whoever wants more has the files themselves.
const MOST: u64 = 1 << 30;

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Log events; a record over several lines is one.
    pub events: u64,
    /// Bytes.
    pub bytes: u64,
    /// Lines that were too long to be shown whole: only their beginning is there.
    pub cut: u64,
    /// Whether there were more than may be written.
    pub more: bool,
    /// What was masked, if it was to be.
    pub masked: Option<Masked>,
}

/// Writes all lines that `request` asks for, from its anchor on, in order; masked, if others are to
/// see them.
pub fn write(
    reader: &mut Reader<impl Bytes>,
    snapshot: &Snapshot,
    request: &LinesRequest,
    mask: bool,
    out: impl Write,
) -> io::Result<Written> {
    let mut out = BufWriter::new(out);
    let mut written = Written { masked: mask.then(Masked::default), ..Written::default() };
    let mut keys = Streams::default();
    let mut request = LinesRequest { count: PAGE, ..request.clone() };
    // The last event, which the next page may continue.
    let mut open: Option<Event> = None;
    loop {
        let answer = reader.answer(snapshot, &request);
        let last = answer.rows.last().map(|row| row.origin);
        for row in answer.rows {
            written.cut += u64::from(row.cut > 0);
            match &mut open {
                Some(event) if row.more => event.go_on(&row.text),
                _ => {
                    if let Some(event) = open.replace(Event::of(row)) {
                        event.put(&mut out, &mut written, &mut keys)?;
                    }
                }
            }
        }
        // A search may have stopped at its bound without a line.
        let Some(next) = answer.reached.or(last).filter(|_| !answer.at_end) else { break };
        if request.anchor == Anchor::After(next) {
            break;
        }
        if written.bytes >= MOST {
            written.more = true;
            break;
        }
        request.anchor = Anchor::After(next);
    }
    if let Some(event) = open {
        event.put(&mut out, &mut written, &mut keys)?;
    }
    out.flush()?;
    Ok(written)
}

/// What became of it, in words.
pub fn said(name: &Path, written: &Written) -> String {
    let mut text = format!("saved {} log events to {}", number::whole(written.events), name.display());
    if written.events == 0 {
        text = format!("no line matches; {} is empty", name.display());
    }
    if written.cut > 0 {
        text.push_str(&format!("; {} lines are cut, they were too long", written.cut));
    }
    if written.more {
        text.push_str("; there are more than a file of 1 GB holds");
    }
    if let Some(masked) = written.masked.as_ref().filter(|masked| masked.total() > 0) {
        text.push_str(&format!("; {}", masked.summary()));
    }
    text + "; lamtop replay shows them"
}

/// A log event.
struct Event {
    row: LogRow,
}

impl Event {
    fn of(row: LogRow) -> Self {
        Self { row }
    }

    fn go_on(&mut self, text: &str) {
        self.row.text.push('\n');
        self.row.text.push_str(text);
    }

    fn put(self, out: &mut impl Write, written: &mut Written, keys: &mut Streams<Stream>) -> io::Result<()> {
        let row = self.row;
        let stream = row.stream();
        let mut fields = Map::new();
        let group = row.function.map(|name| {
            let name = name.split_once(':').map_or(&*name, |(name, _)| name);
            format!("/aws/lambda/{name}")
        });
        match (group, row.time) {
            (Some(group), Some(time)) => {
                fields.insert("logGroup".to_string(), group.into());
                fields.insert("logStream".to_string(), row.stream.as_deref().unwrap_or_default().into());
                fields.insert("timestamp".to_string(), time.0.into());
                fields.insert("message".to_string(), row.text.into());
            }
            // What is no function's stays as it was read.
            (_, time) => {
                fields.insert("arrived".to_string(), time.map_or(Value::Null, |time| time.0.into()));
                fields.insert("source".to_string(), "".into());
                fields.insert("raw".to_string(), row.text.into());
            }
        }
        let line = Value::Object(fields).to_string();
        let line = match &mut written.masked {
            Some(masked) => keys.of(stream).line(line.as_bytes(), masked),
            None => Cow::Borrowed(line.as_bytes()),
        };
        out.write_all(&line)?;
        out.write_all(b"\n")?;
        written.events += 1;
        written.bytes += line.len() as u64 + 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Origin;
    use crate::ui::fixture;

    const BODY: &str = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/AbCdEfGhIjKlMnOpQrStUvWxYz";

    fn saved(lines: &[(&str, &str)]) -> Vec<String> {
        let (mut out, mut keys) = (Vec::new(), Streams::default());
        let mut written = Written { masked: Some(Masked::default()), ..Written::default() };
        for (at, (stream, text)) in (0..).zip(lines) {
            let origin = Origin { offset: at * 100, ..fixture::log(0).origin };
            let (stream, text) = (Some((*stream).into()), text.to_string());
            let row = LogRow { origin, stream, text, ..fixture::log(1) };
            Event::of(row).put(&mut out, &mut written, &mut keys).unwrap();
        }
        let lines = String::from_utf8(out).unwrap();
        let message = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["message"].as_str().unwrap().to_string()
        };
        lines.lines().map(message).collect()
    }

    #[test]
    fn keys_of_streams_that_come_between_each_other_are_masked_wherever_they_begin() {
        let logger = format!(r#"{{"level":"INFO","message":"{BODY}"}}"#);
        let masked = r#"{"level":"INFO","message":"[masked]"}"#;
        let lines = [
            ("a", "-----BEGIN PRIVATE KEY-----", "[masked]"),
            ("b", "started", "started"),
            ("b", "-----BEGIN PRIVATE KEY-----", "[masked]"),
            ("a", &logger, masked),
            ("a", r#"{"level":"INFO","message":"q7Z"}"#, masked),
            ("a", "-----END PRIVATE KEY-----", "[masked]"),
            ("b", BODY, "[masked]"),
            ("b", "q7Z", "[masked]"),
            ("b", "-----END PRIVATE KEY-----", "[masked]"),
            ("b", "started", "started"),
        ];
        let said: Vec<(&str, &str)> = lines.iter().map(|(stream, text, _)| (*stream, *text)).collect();
        let want: Vec<&str> = lines.iter().map(|(_, _, want)| *want).collect();
        assert_eq!(saved(&said), want);
        // What begins within them.
        assert_eq!(saved(&said[3..4]), want[3..4]);
        assert_eq!(saved(&said[6..7]), want[6..7]);
    }
}
