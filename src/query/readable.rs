//! Messages as a person reads them: what stands in columns of its own is left off, and a JSON
//! record is its message and then `name=value`. Copying copies what was written.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// What a record's text says to a person; of one that could not be read, or that continues another, all
/// of the text does.
pub fn readable(text: &str) -> Cow<'_, str> {
    let said = without_head(text);
    match said.starts_with('{').then(|| serde_json::from_str::<Json>(said)) {
        Some(Ok(Json::Object(members))) => Cow::Owned(record(members)),
        _ => Cow::Borrowed(said),
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
    if (node || python) && !rest.is_empty() { rest } else { text }
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

fn record(members: Vec<(String, Json)>) -> String {
    let platform = members.iter().find_map(|(name, value)| match value {
        Json::Text(kind) if name == "type" => kind.strip_prefix("platform.").map(str::to_string),
        _ => None,
    });
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
            return rest(out, &members, |have| {
                have == name || (have != "type" && IN_COLUMNS.contains(&have))
            });
        }
    }
    rest(out, &members, |name| IN_COLUMNS.contains(&name) && (platform.is_some() || name != "type"))
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

    proptest! {
        #[test]
        fn never_panics(line in any::<String>(), json in "\\{(\"[a-z]{1,3}\":([0-9]{1,4}|\"[^\"\\\\]{0,4}\"|\\{\\}|\\[\\]),?){0,4}\\}") {
            readable(&line);
            readable(&json);
        }
    }
}
