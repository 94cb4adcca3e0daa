//! Text of which one record takes several lines, and says so.

use memchr::{memchr, memmem};

/// What a REPORT's fields are called where each stands on a line of its own.
const LABELS: [&[u8]; 12] = [
    b"Duration: ",
    b"Billed Duration: ",
    b"Memory Size: ",
    b"Max Memory Used: ",
    b"Init Duration: ",
    b"Restore Duration: ",
    b"Billed Restore Duration: ",
    b"Status: ",
    b"Error Type: ",
    b"XRAY TraceId: ",
    b"SegmentId: ",
    b"Sampled: ",
];

/// Whether a line begins with a field of a REPORT.
pub fn is_label(line: &[u8]) -> bool {
    line.first().is_some_and(|c| b"DBMIRSEX".contains(c))
        && LABELS.iter().any(|label| line.starts_with(label))
}

/// Whether a line of which this is the beginning may be a field of a REPORT.
pub fn may_be_label(head: &[u8]) -> bool {
    LABELS.iter().any(|label| head.starts_with(label) || label.starts_with(head))
}

/// Whether a line is a REPORT without its fields.
fn is_bare_report(line: &[u8]) -> bool {
    line.starts_with(b"REPORT RequestId: ") && memmem::find(line, b"Duration:").is_none()
}

/// A time as containers print it, `2024-02-25T14:36:29.024-05:00`, at the front; its length.
pub fn time(line: &[u8]) -> Option<usize> {
    let shape = |from: usize, shape: &[u8]| {
        line.get(from..from + shape.len()).is_some_and(|text| {
            text.iter().zip(shape).all(|(c, want)| if *want == b'0' { c.is_ascii_digit() } else { c == want })
        })
    };
    if !shape(0, b"0000-00-00T00:00:00") {
        return None;
    }
    let mut at = 19;
    if line.get(at) == Some(&b'.') {
        at += 1;
        at += line[at..].iter().take_while(|c| c.is_ascii_digit()).count();
    }
    match line.get(at) {
        Some(b'Z') => Some(at + 1),
        Some(b'+' | b'-') if shape(at + 1, b"00:00") => Some(at + 6),
        Some(b'+' | b'-') if shape(at + 1, b"0000") => Some(at + 5),
        _ => Some(at),
    }
}

/// Whether a line is a time with its zone and nothing else.
pub fn is_time(line: &[u8]) -> bool {
    line.len() > 19 && time(line) == Some(line.len())
}

/// Whether a line is a time, or a time and a log stream, and the message follows on the next line.
pub fn is_head(line: &[u8]) -> bool {
    if !matches!(line.first(), Some(b'0'..=b'9' | 0x1b)) {
        return false;
    }
    let plain = without_colours(line);
    let Some(end) = time(&plain) else { return false };
    match &plain[end..] {
        // Printed alone it has a zone, or it would be anybody's.
        [] => end > 19,
        [b' ', stream @ ..] => {
            stream.last() == Some(&b' ') && !stream.trim_ascii_end().contains(&b' ') && stream.contains(&b'[')
        }
        _ => false,
    }
}

/// A line without a terminal's colours.
pub fn without_colours(line: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if memchr(0x1b, line).is_none() {
        return line.into();
    }
    let mut plain = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = memchr(0x1b, rest) {
        plain.extend_from_slice(&rest[..at]);
        let end = rest[at..].iter().position(|c| *c == b'm').map_or(rest.len(), |m| at + m + 1);
        rest = &rest[end..];
    }
    plain.extend_from_slice(rest);
    plain.into()
}

/// How a line of text asks for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// For the next line.
    Next,
    /// For the lines that are fields of a REPORT.
    Fields,
    /// For all up to a line of a tab and a time.
    Stamp,
    /// For all up to the quote that ends a field.
    Quote,
    /// For the rest of the object or array that begins at this byte.
    Value(usize),
}

/// Whether a line, without its line end, goes on behind it.
pub fn asks(line: &[u8]) -> Option<Asks> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (first, last) = (*line.first()?, *line.last()?);
    match first {
        b'R' if is_bare_report(line) => Some(Asks::Fields),
        b'E' if line.starts_with(b"EVENTS\t") => (!ends_in_stamp(line)).then_some(Asks::Stamp),
        b'0'..=b'9' | 0x1b if last == b' ' || line.len() < 40 => is_head(line).then_some(Asks::Next),
        b'0'..=b'9' | b'"' if is_row(line) => in_quotes(line).then_some(Asks::Quote),
        // Behind a time and a stream.
        b'0'..=b'9' | 0x1b if matches!(last, b'{' | b'[') => prefixed(line).map(Asks::Value),
        _ => None,
    }
}

/// The message of `STREAM TIME {` or `TIME STREAM {`, which is all there is of it.
fn prefixed(line: &[u8]) -> Option<usize> {
    let at = line.len() - 1;
    let ends = line[..at].ends_with(b" ") && memmem::find(line, b"/").is_some();
    let plain = without_colours(&line[..at]);
    let dated =
        time(&plain).is_some() || plain.split(|c| *c == b' ').nth(1).is_some_and(|t| time(t).is_some());
    (ends && dated && plain.split(|c| *c == b' ').count() == 3).then_some(at)
}

/// Whether a line ends in a tab and a time in ms.
pub fn ends_in_stamp(line: &[u8]) -> bool {
    line.len() >= 14
        && line[line.len() - 14] == b'\t'
        && line[line.len() - 13..].iter().all(u8::is_ascii_digit)
}

/// Whether a line is the row of a table of log events, `1559763003171,…` or
/// `2024-01-15 10:30:50.123,…`, quoted or not.
pub fn is_row(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let shape = |shape: &[u8]| {
        line.get(..shape.len()).is_some_and(|text| {
            text.iter().zip(shape).all(|(c, want)| if *want == b'0' { c.is_ascii_digit() } else { c == want })
        })
    };
    let end = if shape(b"0000000000000") {
        13
    } else if shape(b"0000-00-00 00:00:00.000") {
        23
    } else {
        return false;
    };
    let rest = &line[end..];
    rest.strip_prefix(b"\"").unwrap_or(rest).first() == Some(&b',')
}

/// Whether a row ends inside quotes.
pub fn in_quotes(row: &[u8]) -> bool {
    memchr::memchr_iter(b'"', row).count() % 2 == 1
}

/// Whether a source that begins so is a table whose rows may be on several lines, or text of the CLI
/// whose events are.
pub fn is_special(begin: &[u8]) -> bool {
    let line = &begin[..memchr(b'\n', begin).unwrap_or(begin.len())];
    let names = [&b"@timestamp"[..], b"@message"];
    begin.starts_with(b"EVENTS\t")
        || line.starts_with(b"timestamp,message")
        || memchr(b'{', line).is_none()
            && memchr(b',', line).is_some()
            && names.iter().any(|name| {
                memmem::find(line, name)
                    .is_some_and(|at| at < 2 || line[at - 1] == b',' || line[at - 2] == b',')
            })
}
