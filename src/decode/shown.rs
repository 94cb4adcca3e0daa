//! A line as a person reads it.

use super::{Arena, json, wrapped};
use crate::model::{Text, Timestamp};

/// What a line says: out of its container and unescaped once. A line without a container is itself.
pub fn message<'a>(line: &'a [u8], arena: &'a Arena) -> Text<'a> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    match line.first() {
        Some(b'{') => match wrapped::walk(line, arena) {
            Ok(Some(wrapped)) => json::text::<false>(wrapped.message, arena),
            _ => line,
        },
        Some(b'0'..=b'9') => tailed(line, arena).unwrap_or(line),
        _ => line,
    }
}

/// MESSAGE of `TIME STREAM MESSAGE`.
fn tailed<'a>(line: &'a [u8], arena: &'a Arena) -> Option<&'a [u8]> {
    super::tail::read(line, NOWHERE, None, arena)?;
    let mut parts = line.splitn(3, |c| *c == b' ');
    Timestamp::parse(parts.next()?)?;
    parts.next()?;
    Some(parts.next().unwrap_or_default())
}

const NOWHERE: crate::model::Origin =
    crate::model::Origin { source: crate::model::SourceId(0), offset: 0, len: 0 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_out_of_its_container() {
        for (line, want) in [
            (&br#"{"logGroup":"/aws/lambda/a","logStream":"s","timestamp":1,"message":"{\"a\":\"x\\ny\"}"}"#[..], &br#"{"a":"x\ny"}"#[..]),
            (br#"{"logGroup":"/aws/lambda/a","logStream":"s","timestamp":1,"message":"a\tb"}"#, b"a\tb"),
            (br#"{"level":"INFO","message":"x"}"#, br#"{"level":"INFO","message":"x"}"#),
            (b"2026-11-23T08:00:00 2026/11/23/[$LATEST]5 START RequestId: x", b"START RequestId: x"),
            (b"2026-11-23T08:00:00 no stream", b"2026-11-23T08:00:00 no stream"),
            (b"  at handler", b"  at handler"),
            (br#"{"logGroup":"broken"#, br#"{"logGroup":"broken"#),
        ] {
            assert_eq!(message(line, &Arena::new()).escape_ascii().to_string(), want.escape_ascii().to_string());
        }
    }
}
