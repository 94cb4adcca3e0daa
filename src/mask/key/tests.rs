use proptest::prelude::*;

use super::*;

fn body(n: usize, length: usize) -> String {
    let letter = |at: usize| char::from(b"AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/"[(at * 7 + n * 13) % 38]);
    (0..length).map(letter).collect()
}

/// A key of so many full lines and one of so many letters.
fn key(kind: &str, full: usize, last: usize) -> Vec<String> {
    let mut lines = vec![format!("-----BEGIN {kind}PRIVATE KEY-----")];
    lines.extend((0..full).map(|n| body(n, 64)));
    lines.extend((last > 0).then(|| body(99, last)));
    lines.push(format!("-----END {kind}PRIVATE KEY-----"));
    lines
}

fn masked(lines: &[String]) -> Vec<String> {
    let mut keys = Keys::default();
    lines.iter().map(|line| keys.text(line, &mut Masked::default()).into_owned()).collect()
}

/// What wraps a line: each way in which lines of logs come.
type Form = (&'static str, fn(&str) -> String);

const FORMS: [Form; 16] = [
    ("plain", |line| line.to_string()),
    ("runtime", |line| format!("2026-11-23T09:03:09.031Z\t81ec\tINFO\t{line}")),
    ("tail", |line| format!("2026-11-23T09:03:09.031000+00:00 2026/11/23/[7]0123456789abcdef {line} ")),
    ("coloured", |line| format!("\u{1b}[33m2026/11/23/[7]01ab\u{1b}[0m \u{1b}[32m{line}\u{1b}[0m")),
    ("wrapped", |line| wrapped(&format!("{line}\n"))),
    ("wrapped runtime", |line| wrapped(&format!("2026-11-23T09:03:09.031Z\t81ec\tINFO\t{line}\n"))),
    ("JSON", |line| logger(line)),
    ("JSON in wrapped", |line| wrapped(&(logger(line) + "\n"))),
    ("JSON behind words in wrapped", |line| {
        wrapped(&format!("2026-11-23T09:03:09.031Z\t81ec\tINFO\t{}", logger(line)))
    }),
    ("raw", |line| format!(r#"{{"arrived":1,"source":"a.log","raw":{}}}"#, serde_json::json!(wrapped(line)))),
    ("JSON with escaped slashes", |line| logger(line).replace('/', "\\/")),
    ("JSON with escaped signs", |line| logger(line).replace('+', "\\u002B").replace('=', "\\u003d")),
    ("CSV", |line| format!("1795420800000,\"{line}\n\"")),
    ("bare CSV", |line| format!("1795420800000,{line}")),
    ("CSV of Insights", |line| {
        format!("2026-11-23 08:00:00.000,{line},2026/11/23/[$LATEST]0123456789abcdef0123456789abcdef")
    }),
    ("Insights", |line| {
        let field = |name: &str, value: &str| serde_json::json!({"field": name, "value": value}).to_string();
        format!(
            r#"{{"results":[[{},{},{}]],"status":"Complete"}}"#,
            field("@timestamp", "2026-11-23 08:00:00.000"),
            field("@message", &format!("{line}\n")),
            field("@ptr", &"CmUKJgoiNjEy".repeat(12)),
        )
    }),
];

fn wrapped(message: &str) -> String {
    let message = serde_json::json!(message);
    format!(
        r#"{{"logGroup":"/aws/lambda/f","logStream":"2026/11/23/[7]0123456789abcdef0123456789abcdef","timestamp":1,"message":{message}}}"#
    )
}

fn logger(message: &str) -> String {
    let message = serde_json::json!(message);
    format!(
        r#"{{"level":"INFO","message":{message},"requestId":"8f507cfc-aaaa-4f32-9c53-123456789012","xray":"1-5e34a66a-474b7c2534a87870b4370aaa"}}"#
    )
}

/// A text without its masks, and without the line ends that a mask may take along.
fn around(text: &str) -> String {
    text.replace("[masked]", "").replace(['\\', '\n'], "").replace("n\"", "\"").trim_end().to_string()
}

/// Asserts that of each line the letters are masked and nothing else.
fn assert_masked(form: &Form, lines: &[String]) {
    let wrapped: Vec<String> = lines.iter().map(|line| form.1(line)).collect();
    for ((shown, line), said) in masked(&wrapped).iter().zip(&wrapped).zip(lines) {
        assert_eq!(shown.matches("[masked]").count(), 1, "{}: {shown} for {line}", form.0);
        assert_eq!(around(shown), around(&form.1("")), "{}: {shown} for {line}", form.0);
        assert!(!shown.contains(said.as_str()), "{}: {shown}", form.0);
        if serde_json::from_str::<serde_json::Value>(line).is_ok_and(|line| line.is_object()) {
            assert!(serde_json::from_str::<serde_json::Value>(shown).is_ok(), "{}: {shown}", form.0);
        }
    }
}

#[test]
fn all_lines_of_a_key_are_masked_and_what_is_around_them_is_not() {
    for form in &FORMS {
        for kind in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "] {
            let lines = key(kind, 3, 10);
            assert_masked(form, &lines);
            let newest_first: Vec<String> = lines.into_iter().rev().collect();
            assert_masked(form, &newest_first);
        }
    }
    // A header between, lines of others between, and words after it.
    let mut lines = key("RSA ", 2, 20);
    lines.splice(1..1, ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,1", ""].map(String::from));
    lines.insert(5, "START RequestId: 8f507cfc-aaaa-4f32-9c53-123456789012 Version: 7".to_string());
    lines.extend(["done".to_string(), body(1, 30)]);
    let all = masked(&lines);
    assert_eq!(all[1..4], lines[1..4]);
    assert_eq!(all[5], lines[5]);
    assert!([0, 4, 6, 7, 8].iter().all(|at| all[*at] == "[masked]"), "{all:?}");
    assert_eq!(all[9..], lines[9..]);
}

#[test]
fn what_only_speaks_of_keys_masks_nothing_else() {
    let lines = [
        "-----BEGIN PRIVATE KEY-----",
        "oops",
        "done",
        "ok",
        "-----BEGIN CERTIFICATE-----",
        "MIIEowIBAAKCAQ",
    ]
    .map(String::from);
    assert_eq!(
        masked(&lines)[1..],
        ["[masked]", "done", "ok", "-----BEGIN CERTIFICATE-----", "MIIEowIBAAKCAQ"]
    );
    // One that never ends is none after a while.
    let mut keys = Keys::default();
    keys.line(b"-----BEGIN PRIVATE KEY-----", &mut Masked::default());
    for _ in 0..LINES {
        assert!(keys.inside());
        keys.line(b"words of others", &mut Masked::default());
    }
    assert!(!keys.inside());
    // In one line it is over, and what follows is not looked at.
    let whole = key("", 2, 5).join("\\n");
    assert_eq!(masked(&[whole, body(1, 30)]), ["[masked]".to_string(), body(1, 30)]);
}

#[test]
fn a_lone_line_of_a_key_is_known() {
    for (text, yes) in [
        (body(1, 64), true),
        (format!("2026-11-23T09:03:09.031Z\t81ec\tINFO\t{}", body(2, 64)), true),
        (body(1, 63), false),
        ("0123456789abcdef".repeat(4), false),
        (format!("id {}", body(1, 64)), false),
        (format!("https://a.example/{}", body(1, 64)), false),
        (String::new(), false),
        // The last line of one that began before, but no word and no number.
        ("MHc=".to_string(), true),
        ("started1".to_string(), true),
        ("started".to_string(), false),
        ("done".to_string(), false),
        ("Done".to_string(), false),
        ("FAIL".to_string(), false),
        ("20261123".to_string(), false),
        ("deadbeef".to_string(), false),
        ("a MHc=".to_string(), false),
    ] {
        let shown = masked(&["words before it".to_string(), text.clone()]).remove(1);
        assert_eq!(shown.contains("[masked]"), yes && text.len() > 60, "{text}");
        let first = masked(std::slice::from_ref(&text)).remove(0);
        assert_eq!(first.ends_with("[masked]"), yes, "{text}: {first}");
    }
}

#[test]
fn words_of_others_do_not_take_the_last_lines_place() {
    for words in ["done", "order id=XyZ1", "START RequestId: 8f507cfc-aaaa-4f32-9c53-123456789012 Version: 7"]
    {
        let mut lines = key("", 2, 24);
        lines.insert(3, words.to_string());
        let all = masked(&lines);
        assert!([0, 1, 2, 4, 5].iter().all(|at| all[*at] == "[masked]"), "{words}: {all:?}");
    }
}

#[test]
fn lines_of_a_key_are_of_any_length() {
    for length in [41, 48, 60, 72, 80, 120, 1624] {
        for form in &FORMS {
            let mut lines = vec!["-----BEGIN PRIVATE KEY-----".to_string()];
            lines.extend((0..3).map(|n| body(n, length)));
            lines.extend([body(99, 9), "-----END PRIVATE KEY-----".to_string()]);
            assert_masked(form, &lines);
        }
    }
}

#[test]
fn what_begins_within_a_key_is_masked_to_its_end() {
    for form in &FORMS {
        for last in [4, 12, 36, 60, 64] {
            let all = key("RSA ", 3, last);
            assert_masked(form, &all[1..]);
            assert_masked(form, &all[3..]);
            assert_masked(form, &all[4..]);
            let mut newest_first = all[..4].to_vec();
            newest_first.reverse();
            assert_masked(form, &newest_first);
        }
    }
}

proptest! {
    #[test]
    fn no_letter_of_a_key_is_left(
        full in 0usize..40, last in 1usize..64, before in 0usize..3, form in 0..FORMS.len(), newest_first: bool,
    ) {
        let mut lines = key("RSA ", full, last);
        if newest_first {
            lines.reverse();
        }
        lines.splice(0..0, vec!["a line".to_string(); before]);
        lines.extend(vec!["a line".to_string(); before]);
        let form = FORMS[form];
        let wrapped: Vec<String> = lines.iter().map(|line| form.1(line)).collect();
        let all = masked(&wrapped);
        let (words, words_after) = (all[..before].iter(), all[all.len() - before..].iter());
        prop_assert!(words.chain(words_after).all(|line| *line == form.1("a line")), "{}: {all:?}", form.0);
        for (shown, line) in all[before..all.len() - before].iter().zip(&lines[before..]) {
            prop_assert_eq!(around(shown), around(&form.1("")), "{}: {} of {}", form.0, shown, line);
        }
    }

    /// Several events in one line, as subscriptions and queries bring them.
    #[test]
    fn no_letter_of_a_key_is_left_in_a_list(
        full in 0usize..10, last in 1usize..64, before in 0usize..3, newest_first: bool, begins: bool,
        packed: bool,
    ) {
        // Who comes late can't know a last line that is no base64, nor one behind words.
        let last = if begins { last } else { last.next_multiple_of(4) };
        let before = if begins || newest_first { before } else { 0 };
        let mut said = key("", full, last);
        if !begins {
            said.remove(0);
        }
        let mut said: Vec<String> = std::iter::repeat_n("a line".to_string(), before).chain(said).collect();
        if newest_first {
            said.reverse();
        }
        let events: Vec<_> = said.iter().map(|said| serde_json::json!({"id": "1", "message": said})).collect();
        let list = serde_json::json!({"logGroup": "/aws/lambda/f", "logEvents": events}).to_string();
        let text = if packed { super::super::tests::pack(&list) } else { list };
        let shown = masked(&[text]).remove(0);
        let shown = if packed { super::super::tests::unpack(&shown) } else { shown };
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let shown: Vec<&str> =
            shown["logEvents"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap()).collect();
        let of_key = |said: &&String| *said != "a line";
        for (shown, said) in shown.iter().zip(&said) {
            prop_assert_eq!(*shown, if of_key(&said) { "[masked]" } else { "a line" }, "{:?}", shown);
        }
    }

    #[test]
    fn anything_is_taken(lines in prop::collection::vec(prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        r#"[-A-Z "\\nt{}:]{0,40}(-----(BEGIN|END) PRIVATE KEY-----)?"#.prop_map(String::into_bytes),
    ], 0..12)) {
        let mut keys = Keys::default();
        for line in &lines {
            keys.line(line, &mut Masked::default());
            let line = String::from_utf8_lossy(line);
            let _ = (before_end(&line), ends(&line));
        }
    }
}
