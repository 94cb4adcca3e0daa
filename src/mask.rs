//! What must not leave the house is masked: in recordings with `--redact`, in captures that the console
//! saves, and on screen while a person wants it so.
//!
//! Masked are values, by their shape (keys, tokens, e-mail addresses, account ids) or by the name
//! they stand beside (`password`, `body`). A mask keeps the kind of what it stands for, so that a
//! document stays one and a replay shows the same numbers; request ids, trace ids, stream names and
//! what platform records say are never masked. Lines are searched as text at every depth of
//! escaping, for a log line is often JSON in JSON; only what is packed (`H4sI…`) is unpacked first.

mod key;
mod letters;
mod nested;
mod pem;
mod streams;

use std::borrow::Cow;
use std::io::{Read, Write};
use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::bytes::{Captures, Regex};

pub use key::Keys;
use key::{before_end, ends};
use nested::{Nested, quoted_end};
pub use streams::{Streams, lines};

/// Bytes of the longest packed text that is looked into; a longer one is masked whole.
const UNPACKED: u64 = 64 << 20;
/// What stands for a text.
pub const MASKED: &str = "[masked]";
const MASK: &[u8] = MASKED.as_bytes();
/// What stands for an account id: AWS's own example.
const ACCOUNT: &[u8] = b"111122223333";

/// What is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
enum Kind {
    Payload,
    Secret,
    Token,
    Key,
    Email,
    Account,
}

const KINDS: [(Kind, &str); 6] = [
    (Kind::Payload, "payloads"),
    (Kind::Secret, "secrets by their names"),
    (Kind::Token, "tokens"),
    (Kind::Key, "keys"),
    (Kind::Email, "e-mail addresses"),
    (Kind::Account, "account ids"),
];

/// How much was masked of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masked([u64; KINDS.len()]);

impl Masked {
    /// How much in all.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    fn count(&mut self, kind: Kind) {
        self.0[kind as usize] += 1;
    }

    /// In words.
    pub fn summary(&self) -> String {
        let counts = KINDS.iter().zip(&self.0).filter(|(_, n)| **n > 0);
        let words: Vec<String> = counts.map(|((_, name), n)| format!("{n} {name}")).collect();
        let what = if words.is_empty() {
            "nothing was found to mask".to_string()
        } else {
            format!("masked {}", words.join(", "))
        };
        format!("{what}; look through it before it goes to others")
    }
}

fn regex(pattern: &str) -> Regex {
    // The patterns are below; a test compiles each.
    Regex::new(pattern).unwrap_or_else(|_| unreachable!("a pattern of this file"))
}

/// A name, quoted at any depth of escaping or not, and what stands between it and its value.
fn named(names: &str) -> Regex {
    regex(&format!(
        r#"(?i)\b[a-z0-9_.-]*(?:{names})[a-z0-9_-]*(?:(\\*)["'])?\s*(?:[:=]|,\s*\\*"value\\*"\s*:\s*(?:\{{\s*\\*"stringValue\\*"\s*:)?)\s*"#
    ))
}

static SECRETS: LazyLock<Regex> = LazyLock::new(|| {
    named(
        "passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|signature|cookie|authorization",
    )
});
static PAYLOADS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(\\*)"(?:[bB]ody|payload|requestPayload|event|input|headers|multiValueHeaders|queryStringParameters|multiValueQueryStringParameters|cookies|metadata|Variables)(\\*)"\s*:\s*"#,
    )
});
static BEARER: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(bearer\s+)[a-z0-9._~+/=-]{8,}"));
static JWT: LazyLock<Regex> =
    LazyLock::new(|| regex(r"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*"));
static TOKENS: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|xox[a-z]-[A-Za-z0-9-]{10,}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,})")
});
static KEY_IDS: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\b(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA|ABIA|ACCA)[A-Z0-9]{12,}\b"));
/// Base64 of a text that begins as a key does.
static ENCODED_KEY: LazyLock<Regex> = LazyLock::new(|| regex(r"LS0tLS1CRUdJTi[A-Za-z0-9+/_-]{32,}=*"));
static SECRET_KEY: LazyLock<Regex> = LazyLock::new(|| regex(r"[A-Za-z0-9/+]{40,}"));
static URL_USER: LazyLock<Regex> = LazyLock::new(|| regex(r#"(://)[^\s/@"'\\:]+:[^\s/@"'\\]+(@)"#));
static EMAIL: LazyLock<Regex> =
    LazyLock::new(|| regex(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"));
static ACCOUNTS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?i)(arn:[a-z0-9-]+:[a-z0-9-]*:[a-z0-9-]*:|[/:]|account(?:[ _-]?id)?[\\"':=\s]{0,6}|owner\\*"\s*:\s*\\*"|\\*")(\d{12})([/:"\\]|\.dkr\.|\b)"#,
    )
});
static PACKED: LazyLock<Regex> = LazyLock::new(|| regex(r"H4sI[A-Za-z0-9+/]{16,}=*"));

/// Masks a text that nothing comes before. What it becomes is one too, whatever was cut out of it.
pub fn text<'a>(text: &'a str, masked: &mut Masked) -> Cow<'a, str> {
    Keys::apart().text(text, masked)
}

/// Masks what packed texts hold, as `inside` masks it.
fn within_packed<'a>(
    line: &'a [u8],
    masked: &mut Masked,
    mut inside: impl for<'b> FnMut(&'b [u8], &mut Masked) -> Cow<'b, [u8]>,
) -> Cow<'a, [u8]> {
    PACKED.replace_all(line, |found: &Captures<'_>| {
        let text = &found[0];
        let unpacked = STANDARD.decode(text).ok().and_then(|packed| {
            let mut out = Vec::new();
            let mut unpacker = flate2::read::MultiGzDecoder::new(&packed[..]).take(UNPACKED + 1);
            unpacker.read_to_end(&mut out).ok().filter(|n| *n as u64 <= UNPACKED).map(|_| out)
        });
        let Some(unpacked) = unpacked else {
            masked.count(Kind::Payload);
            return MASK.to_vec();
        };
        match inside(&unpacked, masked) {
            Cow::Borrowed(_) => text.to_vec(),
            Cow::Owned(inside) => {
                let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                // Writing to memory can't fail.
                let packed = packer.write_all(&inside).and_then(|()| packer.finish()).unwrap_or_default();
                STANDARD.encode(packed).into_bytes()
            }
        }
    })
}

fn plain<'a>(line: &'a [u8], masked: &mut Masked) -> Cow<'a, [u8]> {
    let mut text = Cow::Borrowed(line);
    let put = |changed: Option<Vec<u8>>| changed.map(Cow::Owned);
    text = put(values(&PAYLOADS, &text, Kind::Payload, masked)).unwrap_or(text);
    text = put(values(&SECRETS, &text, Kind::Secret, masked)).unwrap_or(text);
    text = put(private_keys(&text, masked)).unwrap_or(text);
    text = put(encoded_keys(&text, masked)).unwrap_or(text);
    for (pattern, kind, keep) in [
        (&BEARER, Kind::Token, 1),
        (&JWT, Kind::Token, 0),
        (&TOKENS, Kind::Token, 0),
        (&KEY_IDS, Kind::Key, 0),
        (&URL_USER, Kind::Secret, 2),
        (&EMAIL, Kind::Email, 0),
    ] {
        text = put(shaped(pattern, &text, kind, keep, masked)).unwrap_or(text);
    }
    text = put(secret_keys(&text, masked)).unwrap_or(text);
    put(accounts(&text, masked)).unwrap_or(text)
}

/// Private keys, or what there is of them from their beginning on. An end alone says nothing.
fn private_keys(text: &[u8], masked: &mut Masked) -> Option<Vec<u8>> {
    let marks = pem::marks(text).into_iter().filter(|mark| mark.kind != pem::MarkKind::End);
    let parts: Vec<_> = marks.map(|mark| mark.range).collect();
    (0..parts.len()).for_each(|_| masked.count(Kind::Key));
    without(text, &parts)
}

/// Private keys in base64, as settings hold files; certificates are for everybody.
fn encoded_keys(text: &[u8], masked: &mut Masked) -> Option<Vec<u8>> {
    replaced(&ENCODED_KEY, text, |found| {
        let begin = STANDARD.decode(&found[0][..44]).unwrap_or_default();
        memchr::memmem::find(&begin, b"PRIVATE ").is_some().then(|| {
            masked.count(Kind::Key);
            MASK.to_vec()
        })
    })
}

/// A text with a mask in the place of each of these parts, which are in order.
fn without(text: &[u8], parts: &[Range<usize>]) -> Option<Vec<u8>> {
    let (mut out, mut from) = (Vec::new(), 0);
    for part in parts {
        out.extend_from_slice(&text[from..part.start]);
        out.extend_from_slice(MASK);
        from = part.end;
    }
    out.extend_from_slice(&text[from..]);
    (!parts.is_empty()).then_some(out)
}

/// Masks what has a shape, but for the groups around it: none, one before, one before and behind.
fn shaped(pattern: &Regex, text: &[u8], kind: Kind, keep: usize, masked: &mut Masked) -> Option<Vec<u8>> {
    replaced(pattern, text, |found| {
        let part = |n: usize| found.get(n).filter(|_| n <= keep).map_or(&b""[..], |part| part.as_bytes());
        masked.count(kind);
        Some([part(1), MASK, part(2)].concat())
    })
}

/// Replaces what is found where there is something to put there.
fn replaced(
    pattern: &Regex,
    text: &[u8],
    mut with: impl FnMut(&Captures<'_>) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let mut changed = false;
    let out = pattern.replace_all(text, |found: &Captures<'_>| {
        let put = with(found);
        changed |= put.is_some();
        put.unwrap_or_else(|| found[0].to_vec())
    });
    changed.then(|| out.into_owned())
}

/// 40 letters of both cases and digits, as AWS's secret keys are; hexadecimal ones are ids.
fn secret_keys(text: &[u8], masked: &mut Masked) -> Option<Vec<u8>> {
    replaced(&SECRET_KEY, text, |found| {
        let run = &found[0];
        let has = |kind: fn(&u8) -> bool| run.iter().any(kind);
        let secret = run.len() == 40
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_digit)
            && has(|c| !c.is_ascii_hexdigit());
        secret.then(|| {
            masked.count(Kind::Key);
            MASK.to_vec()
        })
    })
}

/// Account ids: in ARNs and URLs, quoted, or called so. The last part of a request id is none.
fn accounts(text: &[u8], masked: &mut Masked) -> Option<Vec<u8>> {
    replaced(&ACCOUNTS, text, |found| {
        let (before, behind) = (&found[1], &found[3]);
        // A number in JSON, or a part of a longer name.
        let bare = before.len() <= 1 && (behind.is_empty() || behind == b"\\");
        let unclosed = before.ends_with(b"\"") && !matches!(behind.first(), Some(b'"' | b'\\'));
        let same = &found[2] == ACCOUNT;
        (!bare && !unclosed && !same).then(|| {
            masked.count(Kind::Account);
            [before, ACCOUNT, behind].concat()
        })
    })
}

/// Masks the values behind names.
fn values(names: &Regex, text: &[u8], kind: Kind, masked: &mut Masked) -> Option<Vec<u8>> {
    let (mut out, mut from) = (Vec::new(), 0);
    let mut nested = Nested::of(text);
    let deliveries: Vec<usize> = match kind {
        Kind::Payload => memchr::memmem::find_iter(text, b"approximateInvokeCount").collect(),
        _ => Vec::new(),
    };
    for found in names.captures_iter(text) {
        let Some(name) = found.get(0).filter(|name| name.start() >= from) else { continue };
        let level = found.get(1).map(|slashes| slashes.len());
        if let Some(Value { inside, mask }) =
            value(text, name.end(), level, (kind == Kind::Payload).then_some(&mut nested))
            && !matches!(&text[inside.clone()], b"" | b"[masked]")
            && !is_delivery(&deliveries, &inside)
            && !(kind == Kind::Payload && is_title(name.as_bytes(), text, &inside))
        {
            out.extend_from_slice(&text[from..inside.start]);
            out.extend_from_slice(mask);
            from = inside.end;
            masked.count(kind);
        }
    }
    if from == 0 {
        return None;
    }
    out.extend_from_slice(&text[from..]);
    Some(out)
}

/// Whether a value called `event` is what a line says, as structured loggers name it, and no payload: one
/// that is not JSON itself. What else is secret in it is found by its shape.
fn is_title(name: &[u8], text: &[u8], inside: &Range<usize>) -> bool {
    let quoted = matches!(text[..inside.start].last(), Some(b'"' | b'\''));
    let first = text[inside.clone()].iter().find(|c| !c.is_ascii_whitespace() && **c != b'\\');
    quoted && memchr::memmem::find(name, b"\"event").is_some() && !matches!(first, Some(b'{' | b'['))
}

/// Whether a payload is the record of an asynchronous invocation in a queue: of it only the payload
/// in it is masked, since it tells of a failure.
fn is_delivery(deliveries: &[usize], inside: &Range<usize>) -> bool {
    let next = deliveries.partition_point(|at| *at < inside.start);
    deliveries.get(next).is_some_and(|at| *at < inside.end)
}

/// What is to be replaced, and by what.
struct Value {
    inside: Range<usize>,
    mask: &'static [u8],
}

/// The value that begins at `at`: a quoted text, an object or array, or a bare word; numbers and the
/// like are none to hide. The quotes of its name have `level` backslashes, if it has quotes.
fn value(text: &[u8], at: usize, level: Option<usize>, structured: Option<&mut Nested<'_>>) -> Option<Value> {
    let slashes = text[at..].iter().take_while(|c| **c == b'\\').count();
    match text.get(at + slashes)? {
        quote @ (b'"' | b'\'') => {
            let from = at + slashes + 1;
            // The end of a text that a bare name ends, or of the text that all this stands in.
            let ends = text.get(from).is_none_or(|c| c.is_ascii_whitespace() || b",}]:\\".contains(c));
            if level.map_or(ends, |level| level != slashes) {
                return None;
            }
            let end = quoted_end(text, from, *quote, slashes);
            Some(Value { inside: from..end, mask: MASK })
        }
        open @ (b'{' | b'[') if slashes == 0 && structured.is_some() => {
            let end = structured?.end(at, level?)?;
            Some(Value { inside: at..end, mask: if *open == b'{' { b"{}" } else { b"[]" } })
        }
        _ if structured.is_some() || slashes > 0 || text[at..].starts_with(MASK) => None,
        _ => {
            let stops = |c: &u8| c.is_ascii_whitespace() || b"\"'\\,;&}])>".contains(c);
            let word = |from: usize| text[from..].iter().position(stops).map_or(text.len(), |len| from + len);
            let mut end = word(at);
            // `Authorization: Basic abc`
            if matches!(&text[at..end], b"Basic" | b"Bearer" | b"basic" | b"bearer") && end < text.len() {
                end = word(end + 1);
            }
            let bytes = &text[at..end];
            let number = bytes.iter().all(|c| c.is_ascii_digit() || *c == b'.');
            let plain = matches!(bytes, b"true" | b"false" | b"null" | b"None" | b"undefined");
            (bytes.len() >= 4 && !number && !plain).then_some(Value { inside: at..end, mask: MASK })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mask(text: &str) -> (String, Masked) {
        let mut masked = Masked::default();
        let out = super::text(text, &mut masked).into_owned();
        (out, masked)
    }

    /// A key in base64 between these.
    fn encoded(kind: &str, before: &str, behind: &str) -> String {
        let key = format!("-----BEGIN {kind}-----\nMIIEowIBAAKCAQEA\n-----END {kind}-----\n");
        format!("{before}{}{behind}", STANDARD.encode(key))
    }

    pub fn pack(text: &str) -> String {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        STANDARD.encode(packer.finish().unwrap())
    }

    pub fn unpack(packed: &str) -> String {
        let mut text = String::new();
        let packed = STANDARD.decode(packed).unwrap();
        flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn what_is_masked_and_what_is_not() {
        for (text, want) in [
            // By shape.
            ("key AKIAIOSFODNN7EXAMPLE used", "key [masked] used"),
            ("aws wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEK3Y!", "aws [masked]!"),
            ("Authorization: Bearer abc.def-ghi_jkl", "Authorization: [masked]"),
            ("sent bearer 0123456789abcdef on", "sent bearer [masked] on"),
            ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl.", "jwt [masked]."),
            ("ghp_0123456789abcdefghijABCDEFGHIJ and sk_live_0123456789ab", "[masked] and [masked]"),
            ("to ann.smith+x@mail.example.com, please", "to [masked], please"),
            ("postgres://user:pa55@db.internal:5432/x", "postgres://[masked]@db.internal:5432/x"),
            ("-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY----- x", "[masked] x"),
            (
                r#"{"pem":"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES,1\n\nMI+/E=\n-----END RSA PRIVATE KEY-----\n","n":1}"#,
                r#"{"pem":"[masked]\n","n":1}"#,
            ),
            (
                r#"{"message":"{\"pem\":\"-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----\"}"}"#,
                r#"{"message":"{\"pem\":\"[masked]\"}"}"#,
            ),
            (
                "a\n-----BEGIN EC PRIVATE KEY-----\nMIIE\nMHc=\n-----END EC PRIVATE KEY-----\nb",
                "a\n[masked]\nb",
            ),
            (r#"["-----BEGIN PRIVATE KEY-----","-----END PRIVATE KEY-----"]"#, r#"["[masked]","[masked]"]"#),
            (&encoded("ENCRYPTED PRIVATE KEY", "KEY=", ";"), "KEY=[masked];"),
            (&encoded("PGP PRIVATE KEY BLOCK", "", ""), "[masked]"),
            ("arn:aws:iam::123456789012:role/x", "arn:aws:iam::111122223333:role/x"),
            (
                "https://sqs.eu-west-1.amazonaws.com/123456789012/q",
                "https://sqs.eu-west-1.amazonaws.com/111122223333/q",
            ),
            (
                r#"{"owner":"123456789012","accountId":123456789012}"#,
                r#"{"owner":"111122223333","accountId":111122223333}"#,
            ),
            ("account 123456789012 is", "account 111122223333 is"),
            // By name.
            ("password=hunter22&x=1", "password=[masked]&x=1"),
            (r#"{"db_password":"a\"b","n":1}"#, r#"{"db_password":"[masked]","n":1}"#),
            (
                r#"{"message":"{\"apiKey\":\"a\\\"b\",\"n\":1}"}"#,
                r#"{"message":"{\"apiKey\":\"[masked]\",\"n\":1}"}"#,
            ),
            (r#"{"message":"token = \"open"}"#, r#"{"message":"token = \"[masked]"}"#),
            (
                r#"{"key":"db.password","value":{"stringValue":"x1"}}"#,
                r#"{"key":"db.password","value":{"stringValue":"[masked]"}}"#,
            ),
            (r#"{"name":"API_TOKEN","value":"x1"}"#, r#"{"name":"API_TOKEN","value":"[masked]"}"#),
            ("Set-Cookie: id=1234abc; Path=/", "Set-Cookie: [masked]; Path=/"),
            // Payloads; what a structured logger calls a line is none.
            (r#"{"event":"http.request","path":"/x"}"#, r#"{"event":"http.request","path":"/x"}"#),
            (r#"{"event":"sent to a.b@c.example","n":1}"#, r#"{"event":"sent to [masked]","n":1}"#),
            (r#"{"event":"{\"card\":\"4111\"}","n":1}"#, r#"{"event":"[masked]","n":1}"#),
            (r#"{"body":"{\"card\":\"4111\"}","n":1}"#, r#"{"body":"[masked]","n":1}"#),
            (
                r#"{"event":{"a":[{"b":"}"}]},"headers":["x"],"input":5}"#,
                r#"{"event":{},"headers":[],"input":5}"#,
            ),
            (r#"{"message":"{\"event\":{\"a\":\"}\"},\"n\":1}"}"#, r#"{"message":"{\"event\":{},\"n\":1}"}"#),
            (
                r#"{"Body":"{\"requestContext\":{\"approximateInvokeCount\":3},\"requestPayload\":{\"card\":\"4\"}}"}"#,
                r#"{"Body":"{\"requestContext\":{\"approximateInvokeCount\":3},\"requestPayload\":{}}"}"#,
            ),
        ] {
            assert_eq!(mask(text).0, want);
            assert_eq!(mask(want).0, want, "masked again: {text}");
        }
    }

    #[test]
    fn what_correlates_and_all_numbers_stay() {
        for text in [
            "START RequestId: 8f507cfc-aaaa-4f32-9c53-123456789012 Version: 7",
            "REPORT RequestId: 8f507cfc-aaaa-4f32-9c53-123456789012\tDuration: 1234.56 ms\tBilled Duration: 1235 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\t\nXRAY TraceId: 1-5e34a66a-474b7c2534a87870b4370aaa\tSegmentId: 073cc5f5a0b5e6bc\tSampled: true\t",
            r#"{"logGroup":"/aws/lambda/f","logStream":"2026/11/23/[$LATEST]0123456789abcdef0123456789abcdef","timestamp":1795420800000,"message":"m"}"#,
            r#"{"time":"2026-11-23T08:00:00.250Z","type":"platform.report","record":{"requestId":"a","metrics":{"durationMs":123456789012,"billedDurationMs":251},"status":"error","errorType":"KeyError","tracing":{"spanId":"54565fb41ac79632","type":"X-Amzn-Trace-Id","value":"Root=1-62e900b2-710d76f009d6e7785905449a;Parent=0efbd19962d95b05;Sampled=1"}}}"#,
            r#"{"trace_id":"1-6a0d2f80-000000000000000000000001","id":"0000000000000001","start_time":1795420800.5,"n":123456789012}"#,
            &encoded("CERTIFICATE", "cert ", ""),
            "commit 0123456789abcdef0123456789abcdef01234567 of 123456789012 bytes",
            r#"{"maxTokens":512,"token":null,"tokens": 3, "event_id":"5","status":"success"}"#,
            "token: 12345 secret: true",
            "[ERROR] KeyError: 'password'",
        ] {
            assert_eq!(mask(text), (text.to_string(), Masked::default()));
        }
    }

    #[test]
    fn packed_text_is_looked_into() {
        let (out, masked) = mask(&format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, pack("from a@example.com")));
        assert_eq!(masked.summary(), "masked 1 e-mail addresses; look through it before it goes to others");
        let data = out.split('"').nth(5).unwrap();
        assert_eq!(unpack(data), "from [masked]");
        let clean = format!("x {} y", pack("nothing"));
        assert_eq!(mask(&clean).0, clean);
        assert_eq!(mask("x H4sIAAAAAAAAAAAAAAAAAAAA y").0, "x [masked] y");
    }

    proptest! {
        /// Whatever is masked, a line of JSON stays one, and its mask stays as it is.
        #[test]
        fn json_stays_json(
            values in prop::collection::vec(
                (
                    prop_oneof![
                        Just("password"), Just("body"), Just("event"), Just("token"), Just("n"), Just("message")
                    ],
                    prop_oneof![
                        r#"[a-c"\\{}\[\]:=@. ]{0,20}"#,
                        Just("password = \"x\"".to_string()),
                        Just("{\"body\":{\"a\":\"\\\"\"},\"apiKey\":\"b\\\\\"}".to_string()),
                        Just("token: abcdef\\".to_string()),
                        Just("a@b.example 123456789012".to_string()),
                    ],
                    any::<bool>(),
                ),
                0..5,
            ),
        ) {
            let mut text = serde_json::json!({});
            for (name, value, nested) in values {
                text = match nested {
                    true => serde_json::json!({name: text, "message": value}),
                    false => serde_json::json!({name: text.to_string(), "more": value}),
                };
            }
            let text = text.to_string();
            let (out, _) = mask(&text);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok(), "{} became {}", text, out);
            prop_assert_eq!(mask(&out).0, out);
        }

        #[test]
        fn anything_is_taken(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Keys::default().line(&text, &mut Masked::default());
        }
    }
}
