//! What names what went wrong: the values of a few keys, told by what stands before them. They are few of
//! a kind and say what a line is about, so a shape keeps them; whoever writes them, as JSON, as Python and
//! Node.js show their objects, or as `key=value`.

use std::ops::Range;

/// Bytes of a key that are looked at, with what it lies in.
const KEY: usize = 48;
/// Bytes of a value that is kept.
const VALUE: usize = 64;

/// Keys whose values are kept wherever they stand; a path's last part counts.
const KINDS: [&str; 12] = [
    "errorType",
    "error_type",
    "errorName",
    "error_name",
    "exceptionType",
    "exception_type",
    "exceptionName",
    "exception_name",
    "exception",
    "level",
    "log_level",
    "severity",
];
/// Those whose values are codes: of many things, so only short ones are kept.
const CODES: [&str; 3] = ["code", "errorCode", "error_code"];
/// What these say is kept where they lie in what is called so.
const OF_WRONG: [&str; 2] = ["type", "name"];
const WRONG: [&str; 4] = ["exception", "error", "err", "cause"];

/// What a key's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Kind,
    Code,
}

/// What the value of a key is; the last part of its name counts, and what that lies in.
fn says(key: &[u8], around: &[u8]) -> Option<Says> {
    let mut parts = key.rsplit(|c| *c == b'.');
    let last = parts.next()?;
    let around = parts.next().unwrap_or(around);
    let is = |all: &[&str], name: &[u8]| all.iter().any(|one| one.as_bytes() == name);
    if is(&KINDS, last) || (is(&OF_WRONG, last) && is(&WRONG, around)) {
        Some(Says::Kind)
    } else {
        is(&CODES, last).then_some(Says::Code)
    }
}

/// A name as types and constants have it: `TypeError`, `Runtime.ExitError`, `com.acme.Gone$1`, `ENOENT`.
fn is_kept(says: Says, value: &[u8]) -> bool {
    let name = |c: &u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'$' | b':' | b'-');
    if value.is_empty() || value.len() > VALUE || !value.iter().all(name) {
        return false;
    }
    let digits = value.iter().filter(|c| c.is_ascii_digit()).count();
    match says {
        Says::Kind => value[0].is_ascii_alphabetic() && digits <= 4,
        // A status, `ECONNRESET`, `P2002`; no number of an order, and no voucher.
        Says::Code if digits == value.len() => digits <= 3,
        Says::Code if digits == 0 => {
            value.iter().all(|c| c.is_ascii_alphabetic() || matches!(c, b'_' | b'.' | b'-'))
        }
        Says::Code => {
            let letters = value.iter().take_while(|c| c.is_ascii_uppercase()).count();
            (1..=3).contains(&letters) && letters + digits == value.len() && digits <= 5
        }
    }
}

/// Where the value that begins here, at its quote if it has any, is to be kept: without quotes, and the
/// end of it all. `end` is where its quotes end.
pub fn value(bytes: &[u8], at: usize, end: Option<usize>) -> Option<(Range<usize>, usize)> {
    let (key, around) = before(bytes, at)?;
    let says = says(key, around)?;
    let (inner, end) = match end {
        Some(end) => (at + 1..end - 1, end),
        None => {
            let ends = |c: &u8| {
                c.is_ascii_whitespace() || matches!(c, b',' | b';' | b'}' | b')' | b']' | b'"' | b'\'')
            };
            let rest = &bytes[at..bytes.len().min(at + VALUE + 1)];
            let end = at + rest.iter().position(ends).unwrap_or(rest.len());
            // A sentence ends so.
            let inner = at..end - usize::from(end > at && matches!(bytes[end - 1], b'.' | b':'));
            (inner.clone(), inner.end)
        }
    };
    is_kept(says, &bytes[inner.clone()]).then_some((inner, end))
}

/// The key whose value begins here, and the one that this lies in if that is told right before it.
fn before(bytes: &[u8], at: usize) -> Option<(&[u8], &[u8])> {
    // Nearly all that begins here has none: seen at once.
    let near = bytes[..at].iter().rev().find(|c| **c != b' ')?;
    if !matches!(near, b':' | b'=') {
        return None;
    }
    let mut back = Back { bytes: &bytes[at.saturating_sub(2 * KEY)..at] };
    let key = back.key()?;
    // `"error":{"type":`
    let may_lie = OF_WRONG.iter().any(|name| name.as_bytes() == key);
    let around = if may_lie && back.takes(b'{') { back.key() } else { None };
    Some((key, around.unwrap_or_default()))
}

/// A text from its end.
struct Back<'a> {
    bytes: &'a [u8],
}

impl<'a> Back<'a> {
    fn takes(&mut self, sign: u8) -> bool {
        self.bytes = self.bytes.trim_ascii_end();
        match self.bytes.strip_suffix(&[sign]) {
            Some(rest) => {
                self.bytes = rest;
                true
            }
            None => false,
        }
    }

    /// A key and what parts it from its value.
    fn key(&mut self) -> Option<&'a [u8]> {
        if !self.takes(b':') && !self.takes(b'=') {
            return None;
        }
        let quoted = [b'"', b'\''].into_iter().find(|quote| self.takes(*quote));
        let name = |c: &&u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'@' | b'$' | b'-');
        let length = self.bytes.iter().rev().take_while(name).count();
        let (rest, key) = self.bytes.split_at(self.bytes.len() - length);
        self.bytes = rest;
        let whole = quoted.is_none_or(|quote| self.takes(quote));
        (whole && (1..=KEY).contains(&key.len())).then_some(key)
    }
}

/// The name, without its quotes, of a key of an object that is quoted here. An address is no name.
pub fn key(bytes: &[u8], at: usize, end: usize) -> Option<Range<usize>> {
    let range = at + 1..end - 1;
    let name = bytes.get(range.clone())?;
    let is = |c: &u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'$' | b'-');
    let letters = name.strip_prefix(b"@").unwrap_or(name);
    if !(1..=KEY).contains(&letters.len()) || !letters.iter().all(is) {
        return None;
    }
    let begins = bytes[..at].trim_ascii_end().last().is_some_and(|c| matches!(c, b'{' | b','));
    (begins && bytes[end..].trim_ascii_start().first() == Some(&b':')).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_what_went_wrong_is_kept() {
        for (text, want) in [
            (r#"{"errorType":"TypeError""#, Some("TypeError")),
            (r#"{"a":1, "errorType" : "Runtime.ExitError""#, Some("Runtime.ExitError")),
            ("{'exception_name': 'KeyError'", Some("KeyError")),
            ("{ code: 'ENOENT'", Some("ENOENT")),
            (r#"{"error":{"type":"Gone""#, Some("Gone")),
            (r#"{"user":{"type":"Gone""#, None),
            (r#"{"type":"Gone""#, None),
            ("failed exception.type=\"app.Broken$1\"", Some("app.Broken$1")),
            (r#"{"code":"P2002""#, Some("P2002")),
            (r#"{"code":"x7k2p9""#, None),
            (r#"{"code":"E11000""#, Some("E11000")),
            (r#"{"code":"SUMMER2026""#, None),
            (r#"{"code":"A1B2C3""#, None),
            (r#"{"errorType":"a b""#, None),
            (r#"{"errorType":"""#, None),
            (r#"{"message":"TypeError""#, None),
            (r#""TypeError""#, None),
        ] {
            let quote = if text.ends_with('\'') { '\'' } else { '"' };
            let at = text[..text.len() - 1].rfind(quote).unwrap();
            let kept = value(text.as_bytes(), at, Some(text.len())).map(|(inner, end)| {
                assert_eq!(end, text.len());
                &text[inner]
            });
            assert_eq!(kept, want, "{text}");
        }
        for (text, want) in [
            ("code=404 x", Some("404")),
            ("code: 404.", Some("404")),
            ("\"code\":404}", Some("404")),
            ("code=4711", None),
            ("barcode=404", None),
            ("errorType=Http2Error, x", Some("Http2Error")),
            ("err.name=AbortError", Some("AbortError")),
            ("name=AbortError", None),
        ] {
            let at = text.find(['=', ':']).unwrap() + 1;
            let at = at + text[at..].len() - text[at..].trim_start().len();
            assert_eq!(value(text.as_bytes(), at, None).map(|(inner, _)| &text[inner]), want, "{text}");
        }
    }
}
