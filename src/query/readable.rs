//! Messages as a person reads them: what stands in columns of its own is left off, and a JSON
//! record is its message and then `name=value`. Copying copies what was written.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// What a record's text says to a person; of one that could not be read, or that continues another, all
/// of the text does.
pub fn readable(text: &str) -> Cow<'_, str> {
    readable_with(text, &[])
}

/// The same with these fields of a JSON record before all else, in their order, as `name=value`; what
/// has none of them is as it is.
pub fn readable_with<'a>(text: &'a str, first: &[String]) -> Cow<'a, str> {
    let said = without_head(text);
    let Some(mut members) = object(said) else { return Cow::Borrowed(said) };
    let kind = platform(&members);
    let mut chosen = Vec::new();
    for path in first {
        if let Some(value) = take(&mut members, path) {
            chosen.push(format!("{path}={}", value.compact()));
        }
    }
    let record = record(kind, &members);
    Cow::Owned(match (chosen.is_empty(), record.is_empty()) {
        (true, _) => record,
        (_, true) => chosen.join(" "),
        // Two blanks: what comes now was not chosen.
        _ => format!("{}  {record}", chosen.join(" ")),
    })
}

/// The names of a JSON record's fields, each with those that it lies in before it: all of the record
/// itself, and of what lies deeper those that hold no others. None of another text.
pub fn fields_of(text: &str, each: &mut impl FnMut(&str)) {
    if let Some(members) = object(without_head(text)) {
        names(&members, "", 0, each);
    }
}

/// How deep fields are named.
const DEEP: usize = 5;

fn names(members: &[(String, Json)], around: &str, depth: usize, each: &mut impl FnMut(&str)) {
    for (name, value) in members {
        let path = if around.is_empty() { name.clone() } else { format!("{around}.{name}") };
        let inner = match value {
            Json::Object(inner) if !inner.is_empty() && depth + 1 < DEEP => Some(inner),
            _ => None,
        };
        if inner.is_none() || depth == 0 {
            each(&path);
        }
        if let Some(inner) = inner {
            names(inner, &path, depth + 1, each);
        }
    }
}

/// Takes a field out of a record, and what holds nothing any more without it. Names may have dots
/// themselves.
fn take(members: &mut Vec<(String, Json)>, path: &str) -> Option<Json> {
    if let Some(at) = members.iter().position(|(name, _)| name == path) {
        return Some(members.remove(at).1);
    }
    for at in 0..members.len() {
        let (name, value) = &mut members[at];
        let rest = path.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('.'));
        if let (Some(rest), Json::Object(inner)) = (rest, value)
            && let Some(found) = take(inner, rest)
        {
            if inner.is_empty() {
                members.remove(at);
            }
            return Some(found);
        }
    }
    None
}

/// The members of the object that a text is.
fn object(text: &str) -> Option<Vec<(String, Json)>> {
    match text.starts_with('{').then(|| serde_json::from_str::<Json>(text)) {
        Some(Ok(Json::Object(members))) => Some(members),
        _ => None,
    }
}

/// The object or the list that a text is, or that it ends with.
pub fn json_in(text: &str) -> Option<Json> {
    // Words before it may have brackets of their own, a level for one.
    let begins = text.match_indices(['{', '[']).take(4);
    let mut read = begins.filter_map(|(at, _)| serde_json::from_str::<Json>(&text[at..]).ok());
    read.next()
}

/// Without `TIME⇥ID⇥LEVEL⇥` (Node.js, .NET) or `[LEVEL]⇥TIME⇥ID⇥` (Python).
fn without_head(text: &str) -> &str {
    let mut parts = text.splitn(4, '\t');
    let mut part = || parts.next().unwrap_or_default();
    let (first, second, third, rest) = (part(), part(), part(), part());
    let is_time = |text: &str| text.len() >= 20 && text.as_bytes()[10] == b'T' && text.ends_with('Z');
    let is_word =
        |text: &str| !text.is_empty() && text.len() < 12 && text.bytes().all(|c| c.is_ascii_alphabetic());
    let level = first.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let node = is_time(first) && is_word(third);
    let python = level.is_some_and(is_word) && is_time(second);
    if (node || python) && !rest.is_empty() { rest } else { timed_out(text).unwrap_or(text) }
}

/// Of the platform's `TIME ID Task timed out after 3.00 seconds` what it says.
fn timed_out(text: &str) -> Option<&str> {
    let (time, rest) = text.split_once(' ')?;
    let (id, said) = rest.split_once(' ')?;
    let is_head = time.len() >= 20 && time.as_bytes()[10] == b'T' && time.ends_with('Z') && id.len() == 36;
    (is_head && said.starts_with("Task timed out")).then(|| said.trim_end())
}

/// A JSON value whose members keep their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// A text, without its quotes.
    Text(String),
    /// An object's members.
    Object(Vec<(String, Json)>),
    /// A list's values.
    List(Vec<Json>),
    /// As it is written, or nearly.
    Other(String),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Other(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Other(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Other(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Other(value.to_string()))
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Other("null".to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut all = Vec::new();
        while let Some(value) = seq.next_element::<Json>()? {
            all.push(value);
        }
        Ok(Json::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry::<String, Json>()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}

impl Json {
    fn compact(&self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Other(text) => text.clone(),
            Self::List(values) => {
                let all: Vec<String> = values.iter().map(Self::compact).collect();
                format!("[{}]", all.join(" "))
            }
            Self::Object(members) => {
                let all: Vec<String> =
                    members.iter().map(|(name, value)| format!("{name}={}", value.compact())).collect();
                format!("{{{}}}", all.join(" "))
            }
        }
    }
}

/// A text in quotes where it would not be seen where it ends.
fn quoted(text: &str) -> String {
    let bare = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '='));
    if bare { text.to_string() } else { format!("{text:?}") }
}

/// Members that stand in columns of their own.
const IN_COLUMNS: [&str; 14] = [
    "time",
    "timestamp",
    "@timestamp",
    "level",
    "log_level",
    "severity",
    "lvl",
    "requestId",
    "request_id",
    "function_request_id",
    "AWSRequestId",
    "awsRequestId",
    "aws_request_id",
    "type",
];
/// Members that say what it is about, in the order in which they are looked for.
const MESSAGES: [&str; 4] = ["message", "msg", "errorMessage", "event"];

/// What a record of the platform tells.
fn platform(members: &[(String, Json)]) -> Option<String> {
    members.iter().find_map(|(name, value)| match value {
        Json::Text(kind) if name == "type" => kind.strip_prefix("platform.").map(str::to_string),
        _ => None,
    })
}

/// Whether a field of this name is seen in a record without being named: it stands in a column of its
/// own, or is the message.
pub fn has_column(name: &str) -> bool {
    IN_COLUMNS.contains(&name) || MESSAGES.contains(&name)
}

fn record(platform: Option<String>, members: &[(String, Json)]) -> String {
    let mut out = String::new();
    if let Some(kind) = &platform {
        out.push_str(kind);
    } else {
        let message = |name: &&str| {
            members.iter().find_map(|(have, value)| match value {
                Json::Text(text) if have == *name => Some(((*name).to_string(), text.clone())),
                _ => None,
            })
        };
        if let Some((name, text)) = MESSAGES.iter().find_map(message) {
            out.push_str(&text);
            return rest(out, members, |have| have == name || (have != "type" && IN_COLUMNS.contains(&have)));
        }
    }
    rest(out, members, |name| IN_COLUMNS.contains(&name) && (platform.is_some() || name != "type"))
}

/// Adds the members that are not left off.
fn rest(mut out: String, members: &[(String, Json)], left_off: impl Fn(&str) -> bool) -> String {
    let mut all = Vec::new();
    for (name, value) in members.iter().filter(|(name, _)| !left_off(name)) {
        flat(name, value, &mut all);
    }
    for (name, value) in all {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&name);
        out.push('=');
        out.push_str(&value);
    }
    out
}

/// Members of members by their path; `record` and `metrics` of a platform record name nothing.
fn flat(path: &str, value: &Json, out: &mut Vec<(String, String)>) {
    match value {
        Json::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let silent = matches!(path, "record" | "metrics");
                let path = if silent { name.clone() } else { format!("{path}.{name}") };
                flat(&path, value, out);
            }
        }
        _ => out.push((path.to_string(), value.compact())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_time_out_says_first_that_it_is_one() {
        let line = "2026-11-23T09:13:43.937Z f4c47fb3-6c22-490d-9a5f-0123456789ab Task timed out after 15.00 seconds\n\n";
        assert_eq!(readable(line), "Task timed out after 15.00 seconds");
        for other in [
            "2026-11-23T09:13:43.937Z f4c47fb3 Task timed out",
            "a b Task timed out after 3.00 seconds",
            "é Task",
        ] {
            assert_eq!(readable(other), other);
        }
    }

    #[test]
    fn what_stands_in_columns_is_left_off() {
        for (line, want) in [
            ("2026-11-23T09:03:09.031Z\t81ec\tINFO\tcache miss\tkey=1", "cache miss\tkey=1"),
            ("[ERROR]\t2026-11-23T09:03:09.031Z\t81ec\tdeclined", "declined"),
            ("[ERROR] KeyError: 'x'", "[ERROR] KeyError: 'x'"),
            (
                "REPORT RequestId: a\tDuration: 1 ms\tBilled Duration: 2 ms\tMemory",
                "REPORT RequestId: a\tDuration: 1 ms\tBilled Duration: 2 ms\tMemory",
            ),
            (
                r#"{"timestamp":"t","level":"INFO","requestId":"a","message":"hello you","n":1.5,"s":"a b","o":{"p":[1,"x"]}}"#,
                r#"hello you n=1.5 s="a b" o.p=[1 x]"#,
            ),
            (
                r#"{"time":"t","type":"platform.report","record":{"requestId":"a","status":"success","metrics":{"durationMs":2.75}}}"#,
                "report requestId=a status=success durationMs=2.75",
            ),
            (r#"{"type":"order","id":7}"#, "type=order id=7"),
            (r#"{"level":"ERROR","message":{"errorType":"E"}}"#, "message.errorType=E"),
            (r#"{"broken"#, r#"{"broken"#),
            ("{}", ""),
        ] {
            assert_eq!(readable(line), want);
        }
    }

    #[test]
    fn chosen_fields_come_first() {
        let json = r#"{"level":"INFO","message":"hello you","n":1.5,"a.b":"x y","o":{"p":[1,2],"q":{"r":true}},"e":{}}"#;
        for (first, want) in [
            (&["n"][..], r#"n=1.5  hello you a.b="x y" o.p=[1 2] o.q.r=true e={}"#),
            (&["o.q.r", "level"], r#"o.q.r=true level=INFO  hello you n=1.5 a.b="x y" o.p=[1 2] e={}"#),
            (&["a.b", "o"], r#"a.b="x y" o={p=[1 2] q={r=true}}  hello you n=1.5 e={}"#),
            (
                &["message", "absent", "o.absent"],
                r#"message="hello you"  n=1.5 a.b="x y" o.p=[1 2] o.q.r=true e={}"#,
            ),
            (&["o.p.x", "", ".", "o."], r#"hello you n=1.5 a.b="x y" o.p=[1 2] o.q.r=true e={}"#),
        ] {
            let first: Vec<String> = first.iter().map(|name| (*name).to_string()).collect();
            assert_eq!(readable_with(json, &first), want, "{first:?}");
        }
        let first = ["status".to_string(), "type".to_string(), "record.status".to_string()];
        assert_eq!(readable_with("plain status=5", &first), "plain status=5");
        assert_eq!(readable_with(r#"{"status":5}"#, &first), "status=5");
        let report = r#"{"type":"platform.report","record":{"requestId":"a","status":"success"}}"#;
        assert_eq!(
            readable_with(report, &first),
            "type=platform.report record.status=success  report requestId=a"
        );
    }

    #[test]
    fn fields_are_named_with_what_they_lie_in() {
        let named = |text: &str| {
            let mut names = Vec::new();
            fields_of(text, &mut |name| names.push(name.to_string()));
            names.join(" ")
        };
        assert_eq!(
            named(r#"{"a":1,"o":{"p":[{"x":1}],"q":{"r":true,"s":{}}},"e":{}}"#),
            "a o o.p o.q.r o.q.s e"
        );
        assert_eq!(named("2026-11-23T09:03:09.031Z\t81ec\tINFO\t{\"k\":1}"), "k");
        assert_eq!((named("plain {\"k\":1}"), named("{broken"), named("[1]")), Default::default());
        let deep = "{\"a\":".repeat(60) + "1" + &"}".repeat(60);
        assert_eq!(named(&deep), "a a.a.a.a.a");
    }

    proptest! {
        #[test]
        fn any_fields_may_be_chosen(
            first in prop::collection::vec("[a-c.]{0,5}", 0..4),
            json in "\\{(\"[a-c.]{1,3}\":([0-9]|\\{\"[a-c.]{0,2}\":1\\})(,\"[a-c.]{1,3}\":\"x\")?)?\\}",
        ) {
            readable_with(&json, &first);
        }

        #[test]
        fn never_panics(line in any::<String>(), json in "\\{(\"[a-z]{1,3}\":([0-9]{1,4}|\"[^\"\\\\]{0,4}\"|\\{\\}|\\[\\]),?){0,4}\\}") {
            readable(&line);
            readable(&json);
        }
    }
}
