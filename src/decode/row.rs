//! Rows of tables of log events: the CSV of the console's log viewer, `timestamp,message`, and of Logs
//! Insights (`formats.md` 2.8). Their columns are told by what is in them, so that a row needs no
//! header: a time, a log stream, a log group, and what is left is the message.

use memchr::memchr;

use super::lined::{Said, is_stream, stamped};
use crate::model::Timestamp;

/// Reads a row; `None` if it has no time or nothing else.
pub fn read(row: &[u8]) -> Option<Said<'_>> {
    let mut said = Said::default();
    let mut rest = Some(row);
    while let Some(text) = rest {
        let (field, next) = field(text);
        rest = next;
        if said.time.is_none()
            && let Some(time) = stamped(field).or_else(|| insights(field))
        {
            said.time = Some(time);
        } else if said.stream.is_empty() && is_stream(field) && !field.contains(&b' ') {
            said.stream = field;
        } else if let Some(group) = group(field) {
            said.group = group;
        } else if is_pointer(field) {
            // Where the service finds the event again.
        } else if field.len() > said.message.len() {
            said.message = field;
        }
    }
    let message = said.message.trim_ascii_end();
    (said.time.is_some() && !message.is_empty()).then_some(Said { message, ..said })
}

/// `2024-01-15 10:30:50.123`, UTC.
pub fn insights(field: &[u8]) -> Option<Timestamp> {
    (field.len() == 23 && field[10] == b' ').then(|| Timestamp::parse(field)).flatten()
}

/// `123456789012:/aws/lambda/NAME`.
pub fn group(field: &[u8]) -> Option<&[u8]> {
    let (account, group) = field.split_at_checked(12)?;
    (account.iter().all(u8::is_ascii_digit) && group.starts_with(b":/")).then(|| &group[1..])
}

/// `@ptr`: some 150 letters and digits without a blank.
fn is_pointer(field: &[u8]) -> bool {
    field.len() > 60
        && field.starts_with(b"C")
        && field.iter().all(|c| c.is_ascii_alphanumeric() || b"+/=".contains(c))
}

/// The first field, with its doubled quotes as they are, and what follows its comma.
fn field(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let Some(inside) = text.strip_prefix(b"\"") else {
        let end = memchr(b',', text);
        return (&text[..end.unwrap_or(text.len())], end.map(|at| &text[at + 1..]));
    };
    let mut at = 0;
    while let Some(quote) = memchr(b'"', &inside[at..]) {
        at += quote;
        if inside.get(at + 1) != Some(&b'"') {
            let rest = &inside[at + 1..];
            return (&inside[..at], rest.strip_prefix(b","));
        }
        at += 2;
    }
    (inside, None)
}

/// A field's text: two quotes stand for one.
pub fn unquote(field: &[u8]) -> Option<Vec<u8>> {
    memchr::memmem::find(field, b"\"\"")?;
    let mut out = Vec::with_capacity(field.len());
    let mut at = 0;
    while at < field.len() {
        out.push(field[at]);
        at += if field[at..].starts_with(b"\"\"") { 2 } else { 1 };
    }
    Some(out)
}
