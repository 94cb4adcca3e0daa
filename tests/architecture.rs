//! The rooms under `src/` use only the rooms that the design allows them.
//!
//! A room is the first name under `src/`. What a file uses are its `crate::…` paths, and the
//! `super::…` paths that leave the room; comments and strings say nothing, and what stands under
//! `#[cfg(test)]` may use anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Who may use what; the longest name that fits a file counts. Every room may use itself, and all
/// but `model` may use `clock`. `main` and `lib` may use everything and are not here.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("clock", &["model"]),
    ("frame", &[]),
    // What must not be seen by others, found in a text by its shape.
    ("mask", &[]),
    ("source", &["frame", "model"]),
    ("decode", &["frame", "model"]),
    ("correlate", &["model"]),
    ("store", &["model"]),
    ("query", &["store", "model"]),
    ("findings", &["query", "model"]),
    ("lines", &["source", "decode", "frame", "mask", "query", "store", "model"]),
    ("engine", &["source", "ingest", "correlate", "store", "findings", "query", "model"]),
    ("record", &["source", "decode", "frame", "mask", "model"]),
    ("ui", &["query", "findings", "mask", "model"]),
    // `report --by` folds facts straight into buckets, without a store; `--findings` has one.
    ("report", &["source", "ingest", "decode", "correlate", "store", "query", "findings", "model"]),
    // Decoding on other threads, for the engine and the report.
    ("ingest", &["decode", "model"]),
    // What can be asked of a report is said in its own types.
    ("cli", &["report", "model"]),
    ("config", &["cli", "record", "report", "session", "ui", "model"]),
    // What holds a session together: the engine, the clock, the screen.
    (
        "session",
        &["engine", "findings", "lines", "mask", "query", "record", "source", "store", "ui", "model"],
    ),
];

/// Files that hold the others together.
const FREE: [&str; 2] = ["main", "lib"];

/// Some Rust source with comments, strings and characters blanked out.
fn code_only(source: &str) -> String {
    let text: Vec<char> = source.chars().collect();
    let (mut out, mut at) = (String::with_capacity(source.len()), 0);
    let starts = |at: usize, what: &str| what.chars().enumerate().all(|(i, c)| text.get(at + i) == Some(&c));
    while at < text.len() {
        let end = if starts(at, "//") {
            (at..text.len()).find(|&i| text[i] == '\n').unwrap_or(text.len())
        } else if starts(at, "/*") {
            end_of_block_comment(&text, at)
        } else if let Some(end) = end_of_raw_string(&text, at) {
            end
        } else if text[at] == '"' {
            end_of_quoted(&text, at, '"')
        } else if text[at] == '\'' && (starts(at + 1, "\\") || starts(at + 2, "'")) {
            end_of_quoted(&text, at, '\'') // not a lifetime
        } else {
            out.push(text[at]);
            at += 1;
            continue;
        };
        out.push(' ');
        at = end;
    }
    out
}

fn end_of_block_comment(text: &[char], from: usize) -> usize {
    let (mut depth, mut at) = (0, from);
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Behind `r"…"` or `r#"…"#` that begins here.
fn end_of_raw_string(text: &[char], from: usize) -> Option<usize> {
    let within_name = from > 0 && (text[from - 1].is_alphanumeric() || text[from - 1] == '_');
    if text[from] != 'r' || (within_name && text[from - 1] != 'b') {
        return None;
    }
    let hashes = text[from + 1..].iter().take_while(|c| **c == '#').count();
    let open = from + 1 + hashes;
    if text.get(open) != Some(&'"') {
        return None;
    }
    let closes = |i: &usize| {
        text[*i] == '"' && text[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
    };
    Some((open + 1..text.len()).find(closes).map_or(text.len(), |i| i + 1 + hashes))
}

fn end_of_quoted(text: &[char], from: usize, quote: char) -> usize {
    let mut at = from + 1;
    while at < text.len() && text[at] != quote {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// Names and single signs; `::` is one token.
fn tokens(code: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut in_name = false;
    for c in code.chars() {
        let named = c.is_alphanumeric() || c == '_';
        match out.last_mut() {
            Some(last) if named && in_name => last.push(c),
            Some(last) if c == ':' && last == ":" => last.push(c),
            _ if c.is_whitespace() => out.push(String::new()),
            _ => out.push(c.to_string()),
        }
        in_name = named;
    }
    out.retain(|t| !t.is_empty());
    out
}

/// Without the items under `#[cfg(test)]`: up to their `;` or their closing brace.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut out, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        if !tokens[at..].iter().zip(MARK).all(|(t, m)| t == m) || tokens.len() - at < MARK.len() {
            out.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let mut depth = 0;
        while at < tokens.len() {
            match tokens[at].as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth == 0 && matches!(tokens[at - 1].as_str(), ";" | "}") {
                break;
            }
        }
    }
    out
}

/// The names that come right after a path's `::`: one, or the first of each in a group.
fn heads(tokens: &[String]) -> Vec<&str> {
    if tokens.first().is_none_or(|t| t != "{") {
        let called = tokens.get(1).is_some_and(|t| t == "!"); // a macro lives at the root
        return tokens.first().filter(|_| !called).map(String::as_str).into_iter().collect();
    }
    let (mut out, mut depth, mut expected) = (Vec::new(), 0, false);
    for token in tokens {
        match token.as_str() {
            "{" => (depth, expected) = (depth + 1, depth == 0),
            "}" if depth == 1 => break,
            "}" => depth -= 1,
            "," => expected = depth == 1,
            name if expected => {
                out.push(name);
                expected = false;
            }
            _ => {}
        }
    }
    out
}

/// What a file's code names at the root of the crate. `depth` is how deep its module lies: 1 for
/// `src/clock.rs` and `src/ui/mod.rs`. A name behind `super` counts only where it is a room.
fn uses(source: &str, depth: usize, rooms: &BTreeSet<String>) -> BTreeSet<String> {
    let tokens = without_tests(&tokens(&code_only(source)));
    let mut out = BTreeSet::new();
    let mut supers = 0;
    for (at, pair) in tokens.windows(2).enumerate() {
        let rest = &tokens[at + 2..];
        match (pair[0].as_str(), pair[1].as_str()) {
            ("crate", "::") => out.extend(heads(rest).iter().map(|h| h.to_string())),
            ("super", "::") => {
                supers += 1;
                if supers >= depth {
                    out.extend(heads(rest).iter().filter(|h| rooms.contains(**h)).map(|h| h.to_string()));
                }
            }
            ("::", "super") => {}
            _ => supers = 0,
        }
    }
    out.remove("self");
    out
}

/// `ui/view/logs.rs` → `["ui", "view", "logs"]`; the file of a room itself ends with the room.
fn module(path: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|n| n == "mod") {
        names.pop();
    }
    names
}

/// A sentence for each path that the table does not allow.
fn violations(files: &BTreeMap<PathBuf, String>) -> Vec<String> {
    let rooms: BTreeSet<String> = files
        .keys()
        .filter_map(|p| module(p).first().cloned())
        .filter(|r| !FREE.contains(&r.as_str()))
        .collect();
    let mut out = Vec::new();
    for (path, source) in files {
        let names = module(path);
        let room = names[0].as_str();
        if FREE.contains(&room) || names.iter().any(|n| n == "tests") {
            continue;
        }
        let full = format!("{}/", names.join("/"));
        let rule = MAY_USE.iter().filter(|(name, _)| full.starts_with(&format!("{name}/")));
        let Some((_, allowed)) = rule.max_by_key(|(name, _)| name.len()) else {
            out.push(format!("src/{}: the room {room} has no rule in MAY_USE", path.display()));
            continue;
        };
        for used in uses(source, names.len(), &rooms) {
            let everyones = used == "clock" && room != "model";
            if used != room && !everyones && !allowed.contains(&used.as_str()) {
                out.push(format!(
                    "src/{}: {room} may not use {used}, only [{}]",
                    path.display(),
                    allowed.join(", ")
                ));
            }
        }
    }
    out
}

fn read_all(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).expect("src/ can be listed") {
        let path = entry.expect("an entry of src/").path();
        if path.is_dir() {
            read_all(root, &path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(root).expect("below src/").to_path_buf();
            files.insert(name, fs::read_to_string(&path).expect("source is UTF-8"));
        }
    }
}

fn project(files: &[(&str, &str)]) -> BTreeMap<PathBuf, String> {
    files.iter().map(|(path, source)| (PathBuf::from(path), source.to_string())).collect()
}

#[test]
fn every_room_uses_only_what_it_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = BTreeMap::new();
    read_all(&root, &root, &mut files);
    assert!(files.contains_key(Path::new("model/mod.rs")), "the rooms were not found: {:?}", files.keys());
    let found = violations(&files);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_table_has_no_cycle() {
    // Take away rooms that use only what has been taken away already, until none is left.
    let mut left: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, allowed) in MAY_USE {
        let room = name.split('/').next().unwrap_or(name);
        left.entry(room).or_default().extend(allowed.iter());
    }
    loop {
        let names: Vec<&str> = left.keys().copied().collect();
        let before = left.len();
        left.retain(|_, uses| uses.iter().any(|used| names.contains(used)));
        if left.len() == before {
            break;
        }
    }
    assert!(left.is_empty(), "rooms that use each other: {left:?}");
}

#[test]
fn a_violation_is_found() {
    let files = project(&[
        ("lib.rs", "pub mod model; use crate::anything::At;"),
        ("model/mod.rs", "use crate::clock::Clock;"),
        ("clock.rs", "use crate::model::Timestamp;"),
        ("store/mod.rs", "use crate::{clock, model::{Window, query}, query as q};"),
        ("query/mod.rs", "fn f() -> crate::store::Snapshot { super::engine::run() }"),
        ("query/filter/parse.rs", "use super::super::super::ui; use super::super::store; use super::ui;"),
        ("engine.rs", "use crate::store; use crate::query; use crate::Root; crate::shout!();"),
        (
            "ui/app.rs",
            "use crate::query::view::View;\n#[cfg(test)]\nmod tests { use crate::store::Store; }\nuse crate::decode;",
        ),
        ("report/by.rs", "use crate::decode;"),
        ("report/table.rs", "use crate::decode;"),
        ("attic/mod.rs", ""),
    ]);
    assert_eq!(
        violations(&files),
        [
            "src/attic/mod.rs: the room attic has no rule in MAY_USE",
            "src/engine.rs: engine may not use Root, only [source, ingest, correlate, store, findings, query, model]",
            "src/model/mod.rs: model may not use clock, only []",
            "src/query/filter/parse.rs: query may not use ui, only [store, model]",
            "src/query/mod.rs: query may not use engine, only [store, model]",
            "src/store/mod.rs: store may not use query, only [model]",
            "src/ui/app.rs: ui may not use decode, only [query, findings, mask, model]",
        ]
    );
}

#[test]
fn comments_strings_and_tests_say_nothing() {
    let source = r###"
        //! See [`crate::ui`]. /* crate::ui */
        /* crate::ui /* crate::ui */ crate::ui */
        const TEXT: &str = "a \" crate::ui"; const RAW: &str = r#"" crate::ui"#;
        const BYTES: &[u8] = br"crate::ui"; const QUOTE: char = '"'; const OTHER: char = '\'';
        fn name<'a>(x: &'a str) -> &'a crate::model::Name { x }
        #[cfg(test)] use crate::ui::{Self, Other};
        #[cfg(test)] mod tests { fn f() { if true { crate::ui::g() } } }
        use crate::store::Page;
    "###;
    let rooms = BTreeSet::new();
    assert_eq!(uses(source, 1, &rooms), BTreeSet::from(["model".to_string(), "store".to_string()]));
}
