//! A JSON line opened as a tree: its values a row each, those of objects and lists folded or not.

use crate::query::{Json, json_in};

/// Values of a line that are opened at most.
const MOST: usize = 2_000;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// How deep it lies; the members of the line itself at 0.
    pub depth: usize,
    /// Its member's name, or its place in a list. Raw.
    pub name: String,
    /// What it is, or how many values are in it. Raw.
    pub value: String,
    /// How many of the nodes after it lie in it.
    pub below: usize,
    /// Whether what is in it is shown.
    pub open: bool,
}

/// A line's values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    nodes: Vec<Node>,
    /// There are more than it holds.
    pub more: bool,
}

impl Tree {
    /// The tree of a line's text; `None` where there is no object or list in it.
    pub fn of(text: &str) -> Option<Self> {
        let mut tree = Self::default();
        tree.add_all(&json_in(text)?, 0);
        (!tree.nodes.is_empty()).then_some(tree)
    }

    fn add_all(&mut self, value: &Json, depth: usize) {
        let members: Vec<(String, &Json)> = match value {
            Json::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
            Json::List(values) => values.iter().enumerate().map(|(at, v)| (at.to_string(), v)).collect(),
            Json::Text(_) | Json::Other(_) => return,
        };
        for (name, value) in members {
            if self.nodes.len() >= MOST {
                self.more = true;
                return;
            }
            let at = self.nodes.len();
            let shown = match value {
                Json::Text(text) => format!("{text:?}"),
                Json::Other(text) => text.clone(),
                Json::Object(members) => format!("{{{}}}", members.len()),
                Json::List(values) => format!("[{}]", values.len()),
            };
            self.nodes.push(Node { depth, name, value: shown, below: 0, open: false });
            self.add_all(value, depth + 1);
            self.nodes[at].below = self.nodes.len() - at - 1;
        }
    }

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

    /// Whether everything is shown.
    pub fn all_open(&self) -> bool {
        self.nodes.iter().all(|node| node.open || node.below == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(tree: &Tree) -> Vec<String> {
        let row = |node: &&Node| format!("{}{}={}", " ".repeat(node.depth), node.name, node.value);
        tree.rows().iter().map(row).collect()
    }

    #[test]
    fn nested_values_fold() {
        let mut tree = Tree::of(r#"{"a":1,"o":{"p":[true,"x y",{}],"q":null},"z":"\u001b[2J"}"#).unwrap();
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
        let tree = Tree::of("2026-11-23T09:03:09.031Z\t81ec\tINFO\torder {\"id\":7}").unwrap();
        assert_eq!(shown(&tree), ["id=7"]);
        for text in ["", "plain", "{", "{}", "[]", "{broken", "a [b] c", "12"] {
            assert_eq!(Tree::of(text), None, "{text:?}");
        }
        let long = format!("[{}0]", "0,".repeat(5_000));
        let tree = Tree::of(&long).unwrap();
        assert!(tree.row_count() == MOST && tree.more);
        assert_eq!(Tree::of(&"[".repeat(100_000)), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), json in "[\\[\\]{}:,\"a1 ]{0,40}", row in 0usize..9) {
            for text in [text, json] {
                if let Some(mut tree) = Tree::of(&text) {
                    tree.set(row, true);
                    tree.around(row);
                    assert!(tree.row_count() >= 1);
                }
            }
        }
    }
}
