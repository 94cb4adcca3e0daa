//! A JSON line opened as a tree: its values a row each, those of objects and lists folded or not. Below
//! a text that is JSON itself, or base64 of something that can be read, stands what is in it.

use std::borrow::Cow;

use crate::mask::{self, Masked};
use crate::query::{Decoded, Json, LEAST_ENCODED, decoded, decoded_words, json_in};
use crate::ui::number;

/// Values of a line that are opened at most.
const MOST: usize = 2_000;
/// Bytes that are decoded for one line at most, ...
const MOST_DECODED: usize = 256 << 10;
/// ... in so many texts within each other.
const LAYERS: usize = 4;
/// Bytes of a value on screen; what was meant can be copied.
const SHOWN: usize = 4 << 10;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// How deep it lies; the members of the line itself at 0.
    pub depth: usize,
    /// Its member's name, or its place in a list. Raw.
    pub name: String,
    /// What it is, or how many values are in it. Raw.
    pub value: String,
    /// A text as it was written, of which `value` is the beginning in quotes; or all that was decoded.
    whole: Option<String>,
    /// How many of the nodes after it lie in it.
    pub below: usize,
    /// Whether what is in it is shown.
    pub open: bool,
}

impl Node {
    /// The value as it was written, for the clipboard.
    pub fn raw(&self) -> &str {
        self.whole.as_ref().unwrap_or(&self.value)
    }
}

/// A line's values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    nodes: Vec<Node>,
    /// There are more than it holds.
    pub more: bool,
}

/// Where a value lies: how deep, in how many texts, and whether something says that texts are base64.
#[derive(Clone, Copy, Default)]
struct At {
    depth: usize,
    layer: usize,
    said: bool,
}

/// What a tree is made with.
struct Maker {
    tree: Tree,
    /// Whether what is decoded is masked.
    mask: bool,
    /// Bytes that may still be decoded.
    left: usize,
}

impl Tree {
    /// The tree of a line's text; `None` where there is no object or list in it, and nothing that is
    /// base64 of a text. What only decoding brings to light is masked, if that is wanted.
    pub fn of(text: &str, mask: bool) -> Option<Self> {
        let mut maker = Maker { tree: Self::default(), mask, left: MOST_DECODED };
        match json_in(text) {
            Some(json) => maker.all(&json, None, At::default()),
            None => {
                for (word, decoded) in decoded_words(text, maker.left) {
                    let at = At { layer: 1, ..At::default() };
                    maker.decoded(&format!("base64, {}", number::bytes(word.len() as u64)), decoded, at);
                }
            }
        }
        (!maker.tree.nodes.is_empty()).then_some(maker.tree)
    }
}

impl Maker {
    /// The members of a value that is called so.
    fn all(&mut self, value: &Json, called: Option<&str>, at: At) {
        match value {
            Json::Object(members) => {
                let says = SaysBase64::of(called, members);
                for (name, value) in members {
                    if self.tree.more {
                        return;
                    }
                    self.one(name, value, At { said: says.of_member(name), ..at });
                }
            }
            Json::List(values) => {
                for (nth, value) in values.iter().enumerate() {
                    self.one(&nth.to_string(), value, at);
                }
            }
            Json::Text(_) | Json::Other(_) => {}
        }
    }

    fn one(&mut self, name: &str, value: &Json, at: At) {
        let (shown, whole) = match value {
            Json::Text(text) => (quoted(text), Some(text.clone())),
            Json::Other(text) => (text.clone(), None),
            Json::Object(members) => (format!("{{{}}}", members.len()), None),
            Json::List(values) => (format!("[{}]", values.len()), None),
        };
        let Some(node) = self.begin(name, shown, whole, at.depth) else { return };
        let below = At { depth: at.depth + 1, ..at };
        match value {
            Json::Text(text) => self.within(text, below),
            _ => self.all(value, Some(name), below),
        }
        self.end(node);
    }

    /// What is in a text: JSON, or what it decodes to.
    fn within(&mut self, text: &str, at: At) {
        if at.layer >= LAYERS {
            return;
        }
        let inside = At { layer: at.layer + 1, ..at };
        if let Some(json) = json_of(text) {
            return self.all(&json, None, inside);
        }
        let least = if at.said { 4 } else { LEAST_ENCODED };
        if let Some(decoded) = decoded(text, least, self.left) {
            self.decoded("base64", decoded, inside);
        }
    }

    fn decoded(&mut self, name: &str, decoded: Decoded, at: At) {
        self.left = self.left.saturating_sub(decoded.text.len());
        let text = match self.mask {
            true => mask::text(&decoded.text, &mut Masked::default()),
            false => Cow::Borrowed(&*decoded.text),
        };
        let name = if decoded.gzip { format!("{name}, gzip") } else { name.to_string() };
        let json = json_of(&text);
        let rows: Vec<&str> = text.lines().collect();
        let mut shown = match &json {
            Some(Json::Object(members)) => format!("{{{}}}", members.len()),
            Some(Json::List(values)) => format!("[{}]", values.len()),
            _ if rows.len() > 1 => format!("{} lines", number::whole(rows.len() as u64)),
            _ => quoted(&text),
        };
        if decoded.cut {
            shown.push_str(&format!(" [only the first {} of it]", number::bytes(decoded.text.len() as u64)));
        }
        let Some(node) = self.begin(&name, shown, Some(text.to_string()), at.depth) else { return };
        let below = At { depth: at.depth + 1, said: false, ..at };
        match json {
            Some(json) => self.all(&json, None, below),
            None if rows.len() > 1 => {
                for (nth, row) in rows.iter().enumerate() {
                    self.one(&(nth + 1).to_string(), &Json::Text((*row).to_string()), below);
                }
            }
            // Packed more than once.
            None => self.within(&text, below),
        }
        self.end(node);
    }

    /// Puts a node; `None` where there are too many.
    fn begin(&mut self, name: &str, value: String, whole: Option<String>, depth: usize) -> Option<usize> {
        let nodes = &mut self.tree.nodes;
        if nodes.len() >= MOST {
            self.tree.more = true;
            return None;
        }
        nodes.push(Node { depth, name: name.to_string(), value, whole, below: 0, open: false });
        Some(nodes.len() - 1)
    }

    /// All nodes since then lie in it.
    fn end(&mut self, node: usize) {
        self.tree.nodes[node].below = self.tree.nodes.len() - node - 1;
    }
}

/// Which members of an object it says of that they are base64, however short.
struct SaysBase64 {
    body: bool,
    data: bool,
}

impl SaysBase64 {
    /// What an object says that is called so.
    fn of(called: Option<&str>, members: &[(String, Json)]) -> Self {
        let flag = |(name, value): &(String, Json)| {
            name == "isBase64Encoded" && matches!(value, Json::Other(text) if text == "true")
        };
        let data = matches!(called, Some("kinesis" | "awslogs"));
        Self {
            body: members.iter().any(flag),
            data: data || members.iter().any(|(name, _)| name == "recordId"),
        }
    }

    fn of_member(&self, name: &str) -> bool {
        match name {
            "body" => self.body,
            "data" => self.data,
            _ => false,
        }
    }
}

/// The object or list that all of a text is, if it has anything in it.
fn json_of(text: &str) -> Option<Json> {
    let json = text.trim_start().starts_with(['{', '[']).then(|| json_in(text)).flatten()?;
    match &json {
        Json::Object(members) if members.is_empty() => None,
        Json::List(values) if values.is_empty() => None,
        _ => Some(json),
    }
}

/// A text in quotes, and how much of it is left off.
fn quoted(text: &str) -> String {
    if text.len() <= SHOWN {
        return format!("{text:?}");
    }
    let end = text.floor_char_boundary(SHOWN);
    format!("{:?} [{} more]", &text[..end], number::bytes((text.len() - end) as u64))
}

impl Tree {
    /// The rows: what is not folded away.
    pub fn rows(&self) -> Vec<&Node> {
        self.places().into_iter().map(|at| &self.nodes[at]).collect()
    }

    /// How many rows it has.
    pub fn row_count(&self) -> usize {
        self.places().len()
    }

    fn places(&self) -> Vec<usize> {
        let (mut all, mut at) = (Vec::new(), 0);
        while let Some(node) = self.nodes.get(at) {
            all.push(at);
            at += if node.open { 1 } else { 1 + node.below };
        }
        all
    }

    /// Shows what is in the value of a row, or hides it; whether there is anything to show or hide.
    pub fn set(&mut self, row: usize, open: bool) -> bool {
        let Some(at) = self.places().get(row).copied() else { return false };
        let node = &mut self.nodes[at];
        let changes = node.below > 0 && node.open != open;
        node.open = if node.below > 0 { open } else { false };
        changes
    }

    /// Whether the value of a row is open.
    pub fn is_open(&self, row: usize) -> bool {
        self.rows().get(row).is_some_and(|node| node.open)
    }

    /// The row in which the value of a row is; `None` of those of the line itself.
    pub fn around(&self, row: usize) -> Option<usize> {
        let rows = self.rows();
        let depth = rows.get(row)?.depth;
        (0..row).rev().find(|at| rows[*at].depth < depth)
    }

    /// Shows everything, or hides all but the members of the line.
    pub fn set_all(&mut self, open: bool) {
        self.nodes.iter_mut().for_each(|node| node.open = open && node.below > 0);
    }

    /// Shows what another one shows, as far as they are alike.
    pub fn opened_as(mut self, other: &Self) -> Self {
        for (node, other) in self.nodes.iter_mut().zip(&other.nodes) {
            if (node.depth, &node.name) == (other.depth, &other.name) {
                node.open = other.open && node.below > 0;
            }
        }
        self
    }

    /// Whether everything is shown.
    pub fn all_open(&self) -> bool {
        self.nodes.iter().all(|node| node.open || node.below == 0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    fn shown(tree: &Tree) -> Vec<String> {
        let row = |node: &&Node| format!("{}{}={}", " ".repeat(node.depth), node.name, node.value);
        tree.rows().iter().map(row).collect()
    }

    #[test]
    fn nested_values_fold() {
        let mut tree =
            Tree::of(r#"{"a":1,"o":{"p":[true,"x y",{}],"q":null},"z":"\u001b[2J"}"#, false).unwrap();
        assert_eq!(shown(&tree), ["a=1", "o={2}", "z=\"\\u{1b}[2J\""]);
        assert!(tree.set(1, true) && !tree.set(0, true) && !tree.set(9, true));
        assert_eq!(shown(&tree)[1..4], ["o={2}", " p=[3]", " q=null"]);
        assert_eq!((tree.around(3), tree.around(1)), (Some(1), None));
        tree.set_all(true);
        assert!(tree.all_open());
        assert_eq!(shown(&tree)[2..6], [" p=[3]", "  0=true", "  1=\"x y\"", "  2={0}"]);
        // What is in a value stays as it was while that is folded.
        tree.set(1, false);
        assert_eq!(tree.row_count(), 3);
        tree.set(1, true);
        assert_eq!(tree.row_count(), 8);
        tree.set_all(false);
        assert_eq!(tree.row_count(), 3);
    }

    #[test]
    fn json_is_found_behind_words_and_nothing_else_is_opened() {
        let tree = Tree::of("2026-11-23T09:03:09.031Z\t81ec\tINFO\torder {\"id\":7}", false).unwrap();
        assert_eq!(shown(&tree), ["id=7"]);
        for text in ["", "plain", "{", "{}", "[]", "{broken", "a [b] c", "12"] {
            assert_eq!(Tree::of(text, false), None, "{text:?}");
        }
        let long = format!("[{}0]", "0,".repeat(5_000));
        let tree = Tree::of(&long, false).unwrap();
        assert!(tree.row_count() == MOST && tree.more);
        assert_eq!(Tree::of(&"[".repeat(100_000), false), None);
    }

    fn gzip(text: &str) -> String {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(text.as_bytes()).unwrap();
        STANDARD.encode(packer.finish().unwrap())
    }

    fn opened(text: &str, mask: bool) -> Vec<String> {
        let mut tree = Tree::of(text, mask).unwrap();
        tree.set_all(true);
        shown(&tree)
    }

    #[test]
    fn base64_and_json_within_texts_stand_below_them() {
        // A short body is decoded where something says what it is, and else not.
        let line = r#"{"body":"SGVsbG8=","isBase64Encoded":true,"note":"SGVsbG8="}"#;
        assert_eq!(opened(line, false)[..2], ["body=\"SGVsbG8=\"", " base64=\"Hello\""]);
        assert_eq!(opened(line, false).len(), 4);
        assert_eq!(opened(&line.replace("true", "false"), false).len(), 3);
        let body = STANDARD.encode(r#"{"id":7,"card":"{\"n\":\"41\"}"}"#);
        let line = format!(r#"event {{"Records":[{{"kinesis":{{"data":"{body}"}}}}]}}"#);
        assert_eq!(
            opened(&line, false)[3..],
            [
                &*format!("   data={body:?}"),
                "    base64={2}",
                "     id=7",
                r#"     card="{\"n\":\"41\"}""#,
                r#"      n="41""#
            ]
        );
        // As Lambda gets the payload of a subscription filter, and as somebody prints just that.
        let logs = r#"{"messageType":"DATA_MESSAGE","logEvents":[{"message":"one\u001b[2J\n"}]}"#;
        let line = format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, gzip(logs));
        let rows = opened(&line, false);
        assert_eq!(rows[2..4], ["  base64, gzip={2}", "   messageType=\"DATA_MESSAGE\""]);
        assert_eq!(rows.last().unwrap(), "     message=\"one\\u{1b}[2J\\n\"");
        let line = format!("2026-11-23T09:03:09.031Z\t81ec\tINFO\tgot {}", gzip("first\nsecond\n"));
        let rows = opened(&line, false);
        assert!(rows[0].starts_with("base64, ") && rows[0].ends_with(", gzip=2 lines"), "{rows:?}");
        assert_eq!(rows[1..], [" 1=\"first\"", " 2=\"second\""]);
    }

    #[test]
    fn what_is_decoded_is_bounded_and_masked() {
        let bomb = gzip(&"a".repeat(8 << 20));
        let rows = opened(&format!(r#"{{"data":"{bomb}","more":"{bomb}"}}"#), false);
        assert!(rows[1].ends_with("[only the first 256 kB of it]"), "{}", &rows[1][4_000..]);
        assert!(rows[1].len() < 5_000);
        assert_eq!(rows.len(), 3, "the second is not unpacked at all");
        // Packed again and again.
        let nested = (0..20).fold("the end of it all".to_string(), |text, _| gzip(&text));
        let rows = opened(&nested, false);
        assert_eq!(rows.len(), LAYERS);
        // As many members as a line has room for, each of which may be base64.
        let members = "\"body\":\"SGVsbG8=\",\"data\":1,".repeat(60_000);
        let tree = Tree::of(&format!("{{{members}\"end\":0}}"), false).unwrap();
        assert!(tree.more && tree.row_count() <= MOST);
        let secret = STANDARD.encode(r#"{"password":"hunter22","to":"ann@example.com"}"#);
        let line = format!(r#"{{"kinesis":{{"data":"{secret}"}}}}"#);
        assert!(opened(&line, false).contains(&"   password=\"hunter22\"".to_string()));
        let masked = opened(&line, true).join("\n");
        assert!(!masked.contains("hunter22") && !masked.contains("ann@"), "{masked}");
        let tree = Tree::of(&line, false).map(|mut tree| {
            tree.set_all(true);
            tree.rows().iter().map(|node| node.raw().to_string()).collect::<Vec<_>>()
        });
        assert_eq!(tree.unwrap()[2], r#"{"password":"hunter22","to":"ann@example.com"}"#);
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), json in "[\\[\\]{}:,\"a1 ]{0,40}", row in 0usize..9) {
            for text in [text, json] {
                if let Some(mut tree) = Tree::of(&text, false) {
                    tree.set(row, true);
                    tree.around(row);
                    assert!(tree.row_count() >= 1);
                }
            }
        }
    }
}
