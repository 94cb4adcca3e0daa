//! A line as a person reads it.

use super::{Arena, events, json, lined, wrapped};
use crate::model::Text;

/// What a frame says: out of its container and unescaped once. One without a container is itself.
pub fn message<'a>(line: &'a [u8], arena: &'a Arena) -> Text<'a> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    if line.first() == Some(&b'{') {
        let event = || events::message_of(line);
        let message = match wrapped::walk(line, arena) {
            Ok(Some(wrapped)) => Some(wrapped.message),
            _ => event(),
        };
        return message.map_or(line, |message| json::text::<false>(message, arena));
    }
    let plain = lined::plain(line, arena);
    match lined::said(plain) {
        Some(said) => said.message,
        None => line,
    }
}

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
            (b"2026-11-23T08:00:00 no stream", b"no stream"),
            (br#"{ "ingestionTime": 2, "timestamp": 1, "message": "a\tb" }"#, b"a\tb"),
            (b"  at handler", b"  at handler"),
            (br#"{"logGroup":"broken"#, br#"{"logGroup":"broken"#),
        ] {
            assert_eq!(message(line, &Arena::new()).escape_ascii().to_string(), want.escape_ascii().to_string());
        }
    }
}
