//! What a runtime's record of an error says beside its type: the message, and the frame of its stack
//! where a person would look first. Only error records come here, so nothing is read twice that is
//! frequent.

use memchr::memmem;

use super::Arena;
use super::json::{self, Cursor};
use crate::model::{ErrorCounts, Frame, RuntimeError, Text};

/// More of a message than this tells nobody more.
const MESSAGE: usize = 1_000;
/// More of a stack than this is not looked through: what was called last stands at one of its ends.
const STACK: usize = 16 << 10;
/// Places that are the runtime's or a library's: an error is looked for in one's own code first.
const FOREIGN: [&[u8]; 10] = [
    b"node_modules/",
    b"site-packages/",
    b"/var/lang/",
    b"/var/runtime/",
    b"/opt/",
    b"node:",
    b"internal/",
    b"<frozen",
    b"java.",
    b"software.amazon.",
];

/// An error object as runtimes print it.
#[derive(Clone, Copy, Default)]
pub struct Object<'a> {
    /// Its `errorType`.
    pub error_type: Option<Text<'a>>,
    /// Its `errorMessage`.
    pub message: Text<'a>,
    /// The frame to look at.
    pub frame: Option<Frame<'a>>,
    /// Whether it has a stack.
    pub stack: bool,
}

impl<'a> Object<'a> {
    /// As the error that it is, if it says its type.
    pub fn error(self, counts: ErrorCounts) -> Option<RuntimeError<'a>> {
        let Self { error_type, message, frame, .. } = self;
        Some(RuntimeError { error_type: error_type?, message, frame, counts })
    }
}

/// Reads an error object, as far as it can be read.
#[cold]
pub fn object<'a, const ESC: bool>(mut cursor: Cursor<'a, ESC>, arena: &'a Arena) -> Object<'a> {
    let mut object = Object::default();
    // A record that ends in the middle has told what stands before.
    let _ = members(&mut cursor, &mut object, arena);
    object
}

fn members<'a, const ESC: bool>(
    cursor: &mut Cursor<'a, ESC>,
    object: &mut Object<'a>,
    arena: &'a Arena,
) -> Result<(), json::Stop> {
    let mut first = true;
    cursor.object()?;
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"errorType" => object.error_type = cursor.text(arena)?,
            b"errorMessage" => object.message = cursor.text(arena)?.unwrap_or_default(),
            b"stackTrace" | b"stack" | b"trace" => {
                object.stack = true;
                let before = cursor.rest();
                cursor.skip()?;
                let stack = &before[..before.len() - cursor.rest().len()];
                object.frame = frame(stack);
            }
            _ => cursor.skip()?,
        }
    }
    Ok(())
}

/// `: message⏎Traceback…`, what follows a type in Python's text.
pub fn after_type<'a, const ESC: bool>(said: &'a [u8], arena: &'a Arena) -> Text<'a> {
    let Some(said) = said.strip_prefix(b":") else { return b"" };
    let said = &said[..said.len().min(MESSAGE)];
    let end = if ESC { escaped_line_end(said) } else { memchr::memchr2(b'\n', b'\r', said) };
    let said = &said[..end.unwrap_or(said.len())];
    // Some tools take the line ends out.
    let end = memmem::find(said, b"Traceback (most recent call last):").unwrap_or(said.len());
    let said = said[..end].trim_ascii();
    // It is text in a JSON string, and no string in that.
    if ESC { json::text::<false>(said, arena) } else { said }
}

fn escaped_line_end(said: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(back) = memchr::memchr(b'\\', said.get(at..)?) {
        match said.get(at + back + 1) {
            Some(b'n' | b'r') => return Some(at + back),
            _ => at += back + 2,
        }
    }
    None
}

/// The frame of a stack to look at: the last that was called of one's own code, else the last of all.
/// `stack` is as it lies, escaped or not.
pub fn frame(stack: &[u8]) -> Option<Frame<'_>> {
    // Where it is cut the end that counts must stay: Python's last, the others' first.
    let end = &stack[stack.len().saturating_sub(STACK)..];
    let frames = memmem::rfind_iter(end, b"File ").filter_map(|at| python(&end[at..]));
    if let Some(frame) = best(frames) {
        return Some(frame);
    }
    let stack = &stack[..stack.len().min(STACK)];
    best(
        memmem::find_iter(stack, b"at ")
            .filter(|at| indented(&stack[..*at]))
            .filter_map(|at| called(&stack[at + 3..])),
    )
}

fn best<'a>(mut frames: impl Iterator<Item = Frame<'a>>) -> Option<Frame<'a>> {
    let last = frames.next()?;
    if last.own {
        return Some(last);
    }
    Some(frames.find(|frame| frame.own).unwrap_or(last))
}

/// Whether `at ` begins a line of a stack here.
fn indented(before: &[u8]) -> bool {
    before.ends_with(b"  ") || before.ends_with(b"\t") || before.ends_with(b"\\t")
}

/// `File "/var/task/app.py", line 57, in handler`: a line of a Python traceback.
pub fn python(line: &[u8]) -> Option<Frame<'_>> {
    let path = unescaped_quote(line.strip_prefix(b"File ")?)?;
    let end = ends(path);
    let (path, rest) = path.split_at(end);
    let rest = unescaped_quote(rest)?.strip_prefix(b", line ")?;
    let rest = &rest[rest.iter().position(|c| !c.is_ascii_digit())?..];
    let function = rest.strip_prefix(b", in ").map_or(&b""[..], |name| &name[..ends(name)]);
    Some(of(function, path))
}

fn unescaped_quote(text: &[u8]) -> Option<&[u8]> {
    let escapes = text.iter().take_while(|c| **c == b'\\').count();
    text[escapes..].strip_prefix(b"\"")
}

/// Where a text in a stack ends: at a quote, a line end, or an escape of one.
fn ends(text: &[u8]) -> usize {
    let text = &text[..text.len().min(300)];
    text.iter().position(|c| matches!(c, b'"' | b'\\' | b'\n' | b'\r')).unwrap_or(text.len())
}

/// `charge (/var/task/app.mjs:12:17)`, `file:///var/task/app.mjs:12:17`, `shop.Pay.run(Pay.java:9)`,
/// `Shop.Pay.Run(String id) in /src/Pay.cs:line 9`: what follows `at `.
fn called(line: &[u8]) -> Option<Frame<'_>> {
    let line = line[..ends(line)].trim_ascii();
    let line = line.strip_prefix(b"async ").unwrap_or(line);
    let (function, place) = match memmem::find(line, b") in ") {
        Some(at) => (&line[..memchr::memchr(b'(', line)?.min(at)], &line[at + 5..]),
        None => match (memchr::memrchr(b'(', line), line.strip_suffix(b")")) {
            (Some(open), Some(closed)) => (line[..open].trim_ascii(), &closed[open + 1..]),
            _ => (&b""[..], line),
        },
    };
    let place = without_position(place);
    (!function.is_empty() || !place.is_empty()).then(|| of(function, place))
}

/// Positions move with every version: the frame of an error should not.
fn without_position(mut place: &[u8]) -> &[u8] {
    place = &place[..memmem::find(place, b":line ").unwrap_or(place.len())];
    while let Some(at) = memchr::memrchr(b':', place)
        && place.len() > at + 1
        && place[at + 1..].iter().all(u8::is_ascii_digit)
    {
        place = &place[..at];
    }
    place
}

fn of<'a>(function: &'a [u8], path: &'a [u8]) -> Frame<'a> {
    let is_in = |text: &[u8]| FOREIGN.iter().any(|foreign| memmem::find(text, foreign).is_some());
    let file = &path[memchr::memrchr(b'/', path).map_or(0, |at| at + 1)..];
    // Java names the package before the function, and no folder.
    let packaged = file.len() == path.len() && FOREIGN.iter().any(|of| function.starts_with(of));
    let own = !packaged && !is_in(path);
    Frame { function, file, own }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(frame: Option<Frame<'_>>) -> Option<(String, String, bool)> {
        let text = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        frame.map(|frame| (text(frame.function), text(frame.file), frame.own))
    }

    fn is(stack: &str, function: &str, file: &str, own: bool) {
        let want = Some((function.to_string(), file.to_string(), own));
        for escapes in 0..3 {
            let mut lies = stack.to_string();
            (0..escapes).for_each(|_| {
                let json = serde_json::to_string(&lies).unwrap();
                lies = json[1..json.len() - 1].to_string();
            });
            assert_eq!(shown(frame(lies.as_bytes())), want, "{lies}");
        }
    }

    #[test]
    fn the_frame_of_ones_own_code_is_looked_for() {
        is(
            r#"["TypeError: at  once","    at charge (/var/task/pay.cjs:10:25)","    at work (/var/task/pay.cjs:29:24)"]"#,
            "charge",
            "pay.cjs",
            true,
        );
        is(
            "Error: x\n    at fetch (node:internal/deps/undici:1:2)\n    at async file:///var/task/index.mjs:12:17\n",
            "",
            "index.mjs",
            true,
        );
        is(
            "Error: x\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
            "process.processTicksAndRejections",
            "task_queues",
            false,
        );
        is(
            "Traceback (most recent call last):\n  File \"/var/lang/lib/base.py\", line 208, in decorate\n    x\n  \
             File \"/var/task/shop.py\", line 48, in plain\n    y\n  File \"/var/task/site-packages/botocore/client.py\", line 1, in call\n",
            "plain",
            "shop.py",
            true,
        );
        is(
            "Exception\n\tat java.util.List.of(List.java:3)\n\tat shop.Pay.run(Pay.java:9)",
            "shop.Pay.run",
            "Pay.java",
            true,
        );
        is(
            ": File is missing\nTraceback (most recent call last):\n  File \"/var/task/a.py\", line 1, in f\n",
            "f",
            "a.py",
            true,
        );
        is("   at Shop.Pay.Run(String id) in /src/Pay.cs:line 9", "Shop.Pay.Run", "Pay.cs", true);
        for none in ["", "[]", "look at me", "File \"x", "File /x, line 3"] {
            assert_eq!(frame(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn a_message_ends_with_its_line() {
        let arena = Arena::new();
        let plain = |said: &'static str| after_type::<false>(said.as_bytes(), &arena).to_vec();
        assert_eq!(plain(": division by zero\nTraceback"), b"division by zero");
        assert_eq!(plain(": 'x'\rTraceback"), b"'x'");
        assert_eq!(plain(": by zeroTraceback (most recent call last):  File"), b"by zero");
        assert_eq!(plain("\nTraceback"), b"");
        let escaped = |said: &'static str| after_type::<true>(said.as_bytes(), &arena).to_vec();
        assert_eq!(escaped(r#": a \"b\" \\ c\nTraceback"#), br#"a "b" \ c"#);
        assert_eq!(escaped(r": C:\\new\r"), br"C:\new");
    }

    proptest! {
        #[test]
        fn no_stack_is_too_odd(stack in "(File |at |  |\\\\|\"|, line |9|, in |\\(|\\)|:|/|é|\n|node:|x){0,40}") {
            let found = frame(stack.as_bytes());
            prop_assert!(found.is_none_or(|frame| frame.file.len() <= 300 && frame.function.len() <= 300));
            let arena = Arena::new();
            after_type::<true>(stack.as_bytes(), &arena);
        }
    }
}
