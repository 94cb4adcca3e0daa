//! Lines that Rust's runtime writes through `tracing`: text
//! `ERROR Lambda runtime invoke{requestId="…" …}: …` and JSON with a `span` of that name. A handler's error
//! is such a line too: a panic says so, an error that was a text stands in quotes, as the last line.

use super::json::{self, Cursor};
use super::{Arena, text};
use crate::model::{ErrorCounts, Level, LogLine, RuntimeError, Text};

/// The span of an invocation.
const SPAN: &[u8] = b"Lambda runtime invoke";
const PANICKED: &[u8] = b"user handler panicked";

/// Reads a line of text; `None` if the runtime did not write it.
pub fn line<'a, const ESC: bool>(said: &'a [u8], arena: &'a Arena) -> Option<LogLine<'a>> {
    let quote: &[u8] = if ESC { b"\\\"" } else { b"\"" };
    let (word, rest) = said.trim_ascii_start().split_at_checked(5)?;
    let rest = rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"  ")).unwrap_or(rest);
    let inside = rest.strip_prefix(SPAN)?.strip_prefix(b"{requestId=")?.strip_prefix(quote)?;
    let id = &inside[..memchr::memmem::find(inside, quote)?];
    let level = text::level(word.trim_ascii());
    let close = memchr::memmem::find(inside, b"}: ").filter(|_| level >= Level::Error);
    let error = close.and_then(|at| error(&inside[at + 3..], quote, arena));
    Some(LogLine { level, id: Some(json::text::<ESC>(id, arena)), error })
}

/// Members of a JSON line: the invocation's id out of its `span`, and the error that it is.
pub fn members<'a, const ESC: bool>(
    span: Cursor<'a, ESC>,
    fields: Option<Cursor<'a, ESC>>,
    level: Level,
    arena: &'a Arena,
) -> Option<(Option<Text<'a>>, Option<&'a RuntimeError<'a>>)> {
    member(span, b"name", arena).filter(|name| *name == SPAN)?;
    let message =
        fields.filter(|_| level >= Level::Error).and_then(|fields| member(fields, b"message", arena));
    Some((member(span, b"requestId", arena), message.and_then(|message| error(message, b"\"", arena))))
}

fn member<'a, const ESC: bool>(mut of: Cursor<'a, ESC>, name: &[u8], arena: &'a Arena) -> Option<Text<'a>> {
    let mut first = true;
    of.object().ok()?;
    while let Some(key) = of.key(&mut first).ok()? {
        if key == name && of.at_string() {
            return of.text(arena).ok()?;
        }
        of.skip().ok()?;
    }
    None
}

fn error<'a>(said: &'a [u8], quote: &[u8], arena: &'a Arena) -> Option<&'a RuntimeError<'a>> {
    let (error_type, message, counts): (Text<'a>, Text<'a>, _) = if said.starts_with(PANICKED) {
        // What it panicked with stands in another record.
        (b"panic", b"", ErrorCounts::Always)
    } else if let Some(text) = said.strip_prefix(quote) {
        // A function may log a text in quotes as well.
        let end = memchr::memmem::find(text, quote).unwrap_or(text.len());
        (b"Error", &text[..end], ErrorCounts::IfLast)
    } else {
        return None;
    };
    Some(arena.alloc(RuntimeError { error_type, message, frame: None, counts }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handlers_error_is_told_from_what_it_logs() {
        let arena = Arena::new();
        let line = |said: &str| {
            let line = line::<false>(arena.text(said.as_bytes()), &arena)?;
            let error = line
                .error
                .map(|error| (String::from_utf8_lossy(error.error_type).into_owned(), error.counts));
            Some((line.level, line.id.map(|id| String::from_utf8_lossy(id).into_owned()), error))
        };
        let of = |level: Level, error: Option<(&str, ErrorCounts)>| {
            Some((level, Some("8f5".to_string()), error.map(|(name, counts)| (name.to_string(), counts))))
        };
        assert_eq!(
            line(" INFO Lambda runtime invoke{requestId=\"8f5\" xrayTraceId=\"Root=1\"}: \"x\""),
            of(Level::Info, None)
        );
        assert_eq!(
            line("ERROR Lambda runtime invoke{requestId=\"8f5\"}: error message"),
            of(Level::Error, None)
        );
        let quoted = of(Level::Error, Some(("Error", ErrorCounts::IfLast)));
        assert_eq!(line("ERROR Lambda runtime invoke{requestId=\"8f5\"}: \"negative amount\""), quoted);
        let panic = of(Level::Error, Some(("panic", ErrorCounts::Always)));
        assert_eq!(
            line("ERROR Lambda runtime invoke{requestId=\"8f5\"}: user handler panicked error=Any { .. }"),
            panic
        );
        for other in [
            "ERROR",
            "ERROR Lambda runtime invoke{requestId=\"8f5",
            "ERROR other{requestId=\"8f5\"}: x",
            "é Lambda",
        ] {
            assert_eq!(line(other), None, "{other}");
        }
    }
}
