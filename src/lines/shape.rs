//! The shape of a line: its message with what varies from one line to the next masked, so that lines
//! that one statement of a program wrote are of one shape. Numbers, ids, hex, UUIDs, times, addresses
//! and quoted values become `<n>`, `<id>`, `<hex>`, `<uuid>`, `<time>`, `<ip>`, `<email>` and `<text>`;
//! a list of them is one of them. The keys of an object stay, and of their values those that name what
//! went wrong ([`super::wrong`]). Pure, and linear in the message.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use memchr::memmem;

use super::alike::{WORD, is_letter};
use super::line::Kind;
use super::wrong;
use crate::query::{readable, readable_with};

/// Bytes of a text that are looked at, as many as are shown.
const LOOKED: usize = 64 << 10;
/// How long a shape becomes: lines that agree so far are of one shape. A word counts as what stands for any,
/// so that lines which differ in words alone end at the same place.
const MOST: usize = 240;
/// Letters of a word after which each of the others counts too.
const LETTERS: usize = 32;
/// Hexadecimal digits of a digest at least.
const DIGEST: usize = 8;
/// No address or mail address is longer.
const NEAR: usize = 64;

/// Fields of JSON lines that stand first in their shapes: a message may be longer than a shape.
static NAMES_OF_WRONG: LazyLock<Vec<String>> = LazyLock::new(|| {
    let names = [
        "errorType",
        "error_type",
        "exceptionType",
        "exception_type",
        "exceptionName",
        "exception_name",
        "exception.type",
        "error.type",
        "error.name",
        "err.type",
        "err.name",
        "message.errorType",
    ];
    names.map(str::to_string).to_vec()
});

/// The shape of a line's text.
pub fn of_line(kind: Kind, text: &str) -> String {
    let text = &text[..text.floor_char_boundary(LOOKED)];
    match kind {
        Kind::Bad | Kind::More => of(text),
        _ if tells_of_wrong(text) => of(&readable_with(text, &NAMES_OF_WRONG)),
        _ => of(&readable(text)),
    }
}

/// Whether a text may have one of those fields: nearly all have none, and are not looked through for them.
fn tells_of_wrong(text: &str) -> bool {
    let has = |part: &str| memmem::find(text.as_bytes(), part.as_bytes()).is_some();
    has("rror") || has("xception") || has("\"err")
}

/// The shape of a message.
pub fn of(message: &str) -> String {
    let bytes = message.as_bytes();
    let mut shape = Shape::default();
    // Quotes that nothing closes any more; each is looked for once.
    let mut dead = Vec::new();
    let mut at = 0;
    while at < bytes.len() && shape.length < MOST {
        let c = bytes[at];
        let after_word = at > 0 && is_word(bytes[at - 1]);
        if c.is_ascii_whitespace() {
            shape.blank();
            at += 1;
        } else if matches!(c, b'"' | b'\'' | b'`') && !after_word && !dead.contains(&c) {
            match closing(bytes, at) {
                Some(end) => {
                    if let Some(name) = wrong::key(bytes, at, end) {
                        key(&message[name], &mut shape);
                    } else if let Some((kept, _)) = wrong::value(bytes, at, Some(end)) {
                        shape.keep(&message[kept]);
                    } else {
                        shape.mask("<text>");
                    }
                    at = end;
                }
                None => dead.push(c),
            }
        } else if let Some((kept, end)) =
            (c.is_ascii_alphanumeric() && !after_word).then(|| wrong::value(bytes, at, None)).flatten()
        {
            shape.keep(&message[kept]);
            at = end;
        } else if c.is_ascii_alphanumeric() || (is_sign(bytes, at) && !after_word) {
            at = word(message, at, &mut shape);
        } else {
            let next = message.ceil_char_boundary(at + 1);
            shape.sign(&message[at..next]);
            at = next;
        }
    }
    shape.text.truncate(shape.text.trim_end().len());
    shape.text
}

#[derive(Default)]
struct Shape {
    text: String,
    /// How long it is; see [`MOST`].
    length: usize,
    /// Bytes of the word that it ends with.
    word: usize,
}

impl Shape {
    fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.push(" ");
        }
    }

    /// Adds what is no word.
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.length += text.len();
        self.word = 0;
    }

    /// Adds a mask; one more of a list is the list.
    fn mask(&mut self, mask: &str) {
        let before = self.text.trim_end_matches(' ').strip_suffix(',');
        match before.filter(|before| before.ends_with(mask)).map(str::len) {
            Some(length) => {
                self.length -= self.text.len() - length;
                self.text.truncate(length);
                self.word = 0;
            }
            None => self.push(mask),
        }
    }

    /// Adds letters, maybe to a word.
    fn word(&mut self, letters: &str) {
        let letters = &letters[..letters.floor_char_boundary(MOST)];
        self.length -= counts(self.word);
        self.text.push_str(letters);
        self.word += letters.len();
        self.length += counts(self.word);
    }

    /// Adds what is kept as it is.
    fn keep(&mut self, text: &str) {
        for at in 0..text.len() {
            self.sign(&text[at..at + 1]);
        }
    }

    /// Adds a character.
    fn sign(&mut self, sign: &str) {
        let (open, before) = (&WORD[..WORD.len() - 1], self.text.len());
        if sign == ">" && self.text.ends_with(open) {
            // Whoever wrote that, it does not stand for any word of lines that were put together.
            self.length -= 1 + counts(self.word);
            self.text.truncate(before - open.len());
            self.mask("<text>");
        } else if is_letter(sign.as_bytes()[0]) {
            self.word(sign);
        } else {
            self.push(sign);
        }
    }
}

/// Takes a key: what varies in it is masked as anywhere.
fn key(name: &str, shape: &mut Shape) {
    let mut at = 0;
    while at < name.len() {
        let length = run(&name.as_bytes()[at..], |c| c.is_ascii_alphanumeric());
        match length {
            0 => shape.sign(&name[at..at + 1]),
            _ if name.as_bytes()[at..at + length].iter().all(u8::is_ascii_digit) => shape.push("<n>"),
            _ => mixed(&name[at..at + length], shape),
        }
        at += length.max(1);
    }
}

/// What a word of so many bytes counts.
fn counts(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { WORD.len() + bytes.saturating_sub(LETTERS) }
}

fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_' || c >= 0x80
}

fn is_sign(bytes: &[u8], at: usize) -> bool {
    matches!(bytes[at], b'-' | b'+') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
}

/// Where the quoted text ends that begins here: after a quote that ends a word.
fn closing(bytes: &[u8], at: usize) -> Option<usize> {
    let mut from = at + 1;
    loop {
        let close = from + memchr::memchr(bytes[at], &bytes[from..])?;
        let escaped = bytes[from..close].iter().rev().take_while(|c| **c == b'\\').count() % 2 == 1;
        if !escaped && bytes.get(close + 1).is_none_or(|next| !is_word(*next)) {
            return Some(close + 1);
        }
        from = close + 1;
    }
}

/// Takes what begins with a letter, a digit or a sign; returns where it ends.
fn word(message: &str, at: usize, shape: &mut Shape) -> usize {
    let rest = &message.as_bytes()[at..];
    let whole =
        [("<uuid>", uuid(rest)), ("<time>", time(rest)), ("<ip>", ip(rest)), ("<email>", email(rest))];
    for (mask, length) in whole {
        if let Some(length) = length {
            shape.mask(mask);
            return at + length;
        }
    }
    if let Some((length, unit)) = number(rest).filter(|(length, unit)| !is_digest(&rest[..*length], *unit)) {
        shape.mask("<n>");
        shape.word(&message[at + length - unit..at + length]);
        return at + length;
    }
    let length = run(rest, |c| c.is_ascii_alphanumeric()).max(1);
    mixed(&message[at..at + length], shape);
    at + length
}

fn run(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|c| is(**c)).count()
}

/// The length of it, if that ends a word.
fn ended(bytes: &[u8], length: usize) -> Option<usize> {
    bytes.get(length).is_none_or(|next| !is_word(*next)).then_some(length)
}

fn uuid(bytes: &[u8]) -> Option<usize> {
    let head = bytes.get(..36)?;
    let fits = |(at, c): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *c == b'-',
        _ => c.is_ascii_hexdigit(),
    };
    head.iter().enumerate().all(fits).then(|| ended(bytes, 36)).flatten()
}

/// `2026-11-23`, `2026/11/23T09:14:37.123+01:00`, `09:14`, `09:14:37,5`.
fn time(bytes: &[u8]) -> Option<usize> {
    let is = |pattern: &[u8], from: usize| {
        let part = bytes.get(from..from + pattern.len())?;
        let fits = part.iter().zip(pattern).all(|(c, want)| match want {
            b'd' => c.is_ascii_digit(),
            b'-' => matches!(c, b'-' | b'/'),
            want => c == want,
        });
        fits.then_some(from + pattern.len())
    };
    let date = is(b"dddd-dd-dd", 0);
    let begin = match date.map(|end| (end, bytes.get(end))) {
        Some((end, Some(b'T' | b' '))) => end + 1,
        Some((end, _)) => return ended(bytes, end),
        None => 0,
    };
    let Some(mut end) = is(b"dd:dd", begin) else { return date.and_then(|end| ended(bytes, end)) };
    if let Some(seconds) = is(b":dd", end) {
        end = seconds;
        if matches!(bytes.get(end), Some(b'.' | b',')) {
            let digits = run(&bytes[end + 1..], |c| c.is_ascii_digit());
            end += if digits > 0 { 1 + digits } else { 0 };
        }
    }
    end = match bytes.get(end) {
        Some(b'Z') => end + 1,
        Some(b'+' | b'-') => is(b"dd:dd", end + 1).or_else(|| is(b"dddd", end + 1)).unwrap_or(end),
        _ => end,
    };
    // `12:34:56:78` is no time.
    ended(bytes, end).filter(|end| {
        !(bytes.get(*end) == Some(&b':') && bytes.get(end + 1).is_some_and(u8::is_ascii_hexdigit))
    })
}

/// An address, with its port.
fn ip(bytes: &[u8]) -> Option<usize> {
    let near = &bytes[..bytes.len().min(NEAR)];
    let text = |length: usize| std::str::from_utf8(&near[..length]).ok();
    let four = run(near, |c| c.is_ascii_digit() || c == b'.');
    let four = four - usize::from(four > 0 && near[four - 1] == b'.');
    if text(four)?.parse::<Ipv4Addr>().is_ok() {
        let port = match near.get(four) {
            Some(b':') => run(&near[four + 1..], |c| c.is_ascii_digit()),
            _ => 0,
        };
        return ended(bytes, if port > 0 { four + 1 + port } else { four });
    }
    let six = run(near, |c| c.is_ascii_hexdigit() || c == b':');
    let six = six - usize::from(six > 1 && near[six - 1] == b':' && near[six - 2] != b':');
    let some_digit = near[..six].iter().any(u8::is_ascii_digit);
    (some_digit && text(six)?.parse::<Ipv6Addr>().is_ok()).then(|| ended(bytes, six)).flatten()
}

fn email(bytes: &[u8]) -> Option<usize> {
    let near = &bytes[..bytes.len().min(NEAR)];
    let name = run(near, |c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'+' | b'-'));
    if near.get(name) != Some(&b'@') {
        return None;
    }
    let host = &near[name + 1..];
    let length = run(host, |c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-'));
    let host = &host[..length];
    let dots = host.iter().rev().take_while(|c| **c == b'.').count();
    (host[..length - dots].contains(&b'.')).then_some(name + 1 + length - dots)
}

/// Units that follow a number without a blank.
const UNITS: [&str; 28] = [
    "ns", "us", "ms", "s", "sec", "secs", "m", "min", "mins", "h", "d", "b", "kb", "mb", "gb", "tb", "kib",
    "mib", "gib", "k", "g", "x", "th", "st", "nd", "rd", "px", "am",
];

/// `4711`, `-12.50`, `1,204`, `1.2.3`, `1e-9`, and `12ms` with the length of its unit.
fn number(bytes: &[u8]) -> Option<(usize, usize)> {
    let digits = |from: usize| run(bytes.get(from..).unwrap_or_default(), |c| c.is_ascii_digit());
    let sign = usize::from(matches!(bytes[0], b'-' | b'+'));
    let mut end = sign + digits(sign);
    if end == sign {
        return None;
    }
    while matches!(bytes.get(end), Some(b'.' | b',')) && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let signed = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
        if let Some(end) = Some(digits(signed)).filter(|n| *n > 0).and_then(|n| ended(bytes, signed + n)) {
            // `12345e67` is more likely part of a digest.
            return (end < 8 || signed > end + 1).then_some((end, 0));
        }
    }
    let unit = run(&bytes[end..], |c| c.is_ascii_alphabetic());
    let is_unit =
        unit == 0 || UNITS.iter().any(|known| bytes[end..end + unit].eq_ignore_ascii_case(known.as_bytes()));
    let next = bytes.get(end + unit);
    let ends = next.is_none_or(|next| *next == b'_' || !is_word(*next));
    (is_unit && ends).then_some((end + unit, unit))
}

/// Whether a number with its unit is a digest that ends so: `4711082d` is no count of days.
fn is_digest(number: &[u8], unit: usize) -> bool {
    unit == 1 && number.len() >= DIGEST && number.iter().all(u8::is_ascii_hexdigit)
}

/// Letters and digits, mixed.
fn mixed(word: &str, shape: &mut Shape) {
    let bytes = word.as_bytes();
    if bytes.iter().all(u8::is_ascii_alphabetic) {
        return shape.word(word);
    }
    let hex = match bytes.strip_prefix(b"0x") {
        Some(digits) => !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit),
        None => bytes.len() >= DIGEST && bytes.iter().all(u8::is_ascii_hexdigit),
    };
    if hex {
        return shape.mask("<hex>");
    }
    let parts: Vec<&[u8]> = bytes.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()).collect();
    match parts[..] {
        // `worker12`, `s3`.
        [name, _] if name[0].is_ascii_alphabetic() => {
            shape.word(&word[..name.len()]);
            shape.push("<n>");
        }
        // `Http2Session`.
        [before, _, after] if before.len() >= 3 && after.len() >= 3 && before[0].is_ascii_alphabetic() => {
            shape.word(&word[..before.len()]);
            shape.push("<n>");
            shape.word(&word[word.len() - after.len()..]);
        }
        _ => shape.mask("<id>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_varies_is_masked() {
        for (message, want) in [
            ("", ""),
            ("  \t\n ", ""),
            ("cache miss", "cache miss"),
            ("took 12 ms, 12ms, 1.5s and 3x", "took <n> ms, <n>ms, <n>s and <n>x"),
            ("order=4711 amount=-12.50 total=1,204", "order=<n> amount=<n> total=<n>"),
            ("version 1.2.3, factor 1e-9, 5% of 80", "version <n>, factor <n>% of <n>"),
            (
                "START RequestId: 8f507cfc-1f5e-4e0e-8d4b-000000000001 Version: 12",
                "START RequestId: <uuid> Version: <n>",
            ),
            (
                "at 2026-11-23T09:14:37.123Z and 2026-11-23 09:14:37+01:00 and 09:14",
                "at <time> and <time> and <time>",
            ),
            ("day 2026-11-23, 2026/11/23", "day <time>"),
            ("2026-11-23 is a day", "<time> is a day"),
            ("from 10.0.0.7:443 to 192.168.1.1, not 1.2.3", "from <ip> to <ip>, not <n>"),
            ("from fe80::1 and 2001:db8::ff00:42:8329", "from <ip> and <ip>"),
            ("std::abs and a::b and 12:34:56:78", "std::abs and a::b and <n>:<time>"),
            ("mail to bob.x+1@example.com. Done", "mail to <email>. Done"),
            ("@home user@ x", "@home user@ x"),
            ("KeyError: 'customer' in \"a \\\" b\"", "KeyError: <text> in <text>"),
            ("can't open the user's file", "can't open the user's file"),
            ("an open \" quote and 'another", "an open \" quote and 'another"),
            ("0xdeadBEEF 53995c3f42cd8ad8 deadbeef", "<hex> <hex> deadbeef"),
            ("4711082d 4711082s 471108d 47.11082d", "<hex> <n>s <n>d <n>d"),
            ("1-6745a1b2-0123456789abcdef01234567", "<n>-<hex>-<hex>"),
            ("cus_9s8D7f worker12 s3 Http2Session", "cus_<id> worker<n> s<n> Http<n>Session"),
            ("[1, 2, 3] (4,5) 6 7", "[<n>] (<n>) <n> <n>"),
            ("GET /users/123/orders/a9b8c7d6 200", "GET /users/<n>/orders/<hex> <n>"),
            ("日本 12 é34", "日本 <n> é<n>"),
            ("-5 -x --7 a-5", "<n> -x -<n> a-<n>"),
            ("\x1b[31mred\x1b[0m", "\x1b[<id>\x1b[<n>m"),
            ("a_1 _2 3_", "a_<n> _<n> <n>_"),
            // What stands for lines that were put together is never what a program wrote.
            ("user <word> é<word>, <word>", "user <text> é<text>"),
            ("<word <words> <a>", "<word <words> <a>"),
        ] {
            assert_eq!(of(message), want, "{message:?}");
        }
    }

    #[test]
    fn what_stands_in_columns_is_no_part_of_it() {
        let node = "2026-11-23T09:03:09.031Z\t81ec\tINFO\tcache miss\tkey=1";
        assert_eq!(of_line(Kind::Log, node), "cache miss key=<n>");
        let json =
            r#"{"timestamp":"t","level":"INFO","requestId":"a","message":"hello 5","n":1.5,"s":"a b"}"#;
        assert_eq!(of_line(Kind::Log, json), "hello <n> n=<n> s=<text>");
        assert_eq!(
            of_line(Kind::More, "    at f (/var/task/index.js:12:5)"),
            "at f (/var/task/index.js:<n>:<n>)"
        );
    }

    #[test]
    fn objects_keep_their_keys_and_what_names_what_went_wrong() {
        for (line, want) in [
            (
                r#"2026-11-23T09:03:09.031Z	81ec	ERROR	Invoke Error 	{"errorType":"TypeError","errorMessage":"x of 5","stack":["a","b"]}"#,
                "Invoke Error {errorType:TypeError,errorMessage:<text>,stack:[<text>]}",
            ),
            (r#"{"errorType":"ReferenceError","n":1}"#, "errorType=ReferenceError n=<n>"),
            (r#"{"n":1,"errorType":"Http2Error","message":"lost"}"#, "errorType=Http2Error lost n=<n>"),
            (
                r#"{"message":{"errorType":"Gone","errorMessage":"a b"}}"#,
                "message.errorType=Gone message.errorMessage=<text>",
            ),
            (
                r#"{"level":"ERROR","error":{"code":503,"name":"Slow","id":503}}"#,
                "error.name=Slow error.code=503 error.id=<n>",
            ),
            ("failed {'code': 'ENOENT', 'path': '/a/b'}", "failed {code: ENOENT, path: <text>}"),
            (
                "Error: gone { errno: -2, code: 'ENOENT', syscall: 'open' }",
                "Error: gone { errno: <n>, code: ENOENT, syscall: <text> }",
            ),
            (
                r#"got {"p99":1,"8f50":2,"7":3,"a b":4,"a@b.c":5,"@k":"v"}"#,
                "got {p<n>:<n>,<id>:<n>,<n>:<n>,<text>:<n>,<text>:<n>,@k:<text>}",
            ),
            (r#"{"broken": "x", "code": 7, "order": 7"#, "{broken: <text>, code: 7, order: <n>"),
        ] {
            assert_eq!(of_line(Kind::Log, line), want, "{line}");
        }
        let long = format!(r#"{{"errorMessage":"{}","errorType":"A"}}"#, "so it went ".repeat(60));
        assert_ne!(of_line(Kind::Log, &long), of_line(Kind::Log, &long.replace("\"A\"", "\"B\"")));
    }

    #[test]
    fn long_and_hostile_lines_take_no_time() {
        for text in [
            "'x ".repeat(30_000),
            "a.".repeat(40_000),
            "1,".repeat(40_000),
            "\"".repeat(70_000),
            "{".repeat(70_000),
            "{\"code\":".repeat(9_000),
            "code= ".repeat(12_000),
            format!("{}\"", " ".repeat(60_000)),
            "code:                \"x\" ,".repeat(3_000),
            ", \"\"".repeat(16_000),
            "a".repeat(70_000),
            "é".repeat(40_000),
            "<word>".repeat(10_000),
            format!("{} ", "a".repeat(LETTERS)).repeat(2_000),
        ] {
            let shape = of_line(Kind::Log, &text);
            assert!(shape.len() <= LONGEST, "{}", shape.len());
        }
    }

    /// Bytes of a shape at most: words of many letters and what separates them, and a last one.
    const LONGEST: usize = MOST / (WORD.len() + 1) * (LETTERS + 1) + MOST;

    #[test]
    fn lines_that_differ_in_words_end_at_the_same_place() {
        let rest = "and so on, for some reason that fills the line ".repeat(10);
        let shapes = ["a", "bob", "größe", "incomprehensibilities"]
            .map(|name| of(&format!("user {name} did it, {rest}")).replacen(&format!(" {name} "), " x ", 1));
        assert!(shapes.iter().all(|shape| *shape == shapes[0]), "{shapes:#?}");
    }

    proptest! {
        #[test]
        fn never_panics_and_is_bounded(text in any::<String>(), more in "[ -~]{0,400}") {
            prop_assert!(of(&text).len() <= LONGEST);
            prop_assert!(of(&more).len() <= LONGEST);
        }

        #[test]
        fn what_stands_for_any_word_is_never_written(text in "([<>a1, é\"]|word){0,60}") {
            let shape = of(&text);
            prop_assert!(!shape.contains(WORD), "{shape:?}");
        }

        #[test]
        fn other_numbers_and_ids_are_the_same_shape(a: u32, b: u32, x: u128, y: u128, c: f64, d: f64) {
            let line = |n: u32, id: u128, f: f64| {
                let id = format!("{id:032x}");
                let uuid = format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]);
                format!("order {n} of {uuid} took {:.2} ms from 10.0.{}.{} \"{f}\"", f % 1e6, n % 256, n / 256 % 256)
            };
            prop_assert_eq!(of(&line(a, x, c.abs().min(1e9))), of(&line(b, y, d.abs().min(1e9))));
        }
    }
}
