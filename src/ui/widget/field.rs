//! A text field of one line.

use crossterm::event::KeyCode;
use unicode_segmentation::UnicodeSegmentation;

use crate::ui::key::Key;
use crate::ui::sanitize;
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;

use super::pen::Pen;

/// A paste longer than this is cut, in characters.
const MOST: usize = 1_000;

/// A text and where in it one is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    text: String,
    /// A byte, at the border of a grapheme.
    cursor: usize,
}

impl Field {
    /// Holds a text, with the cursor behind it.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_string(), cursor: text.len() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text before the cursor.
    pub fn before_cursor(&self) -> &str {
        &self.text[..self.cursor]
    }

    /// Puts a text in the place of what lies between a byte, at the border of a grapheme, and the
    /// cursor.
    pub fn replace_from(&mut self, from: usize, with: &str) {
        if from <= self.cursor && self.text.is_char_boundary(from) {
            self.text.replace_range(from..self.cursor, "");
            self.cursor = from;
            self.insert(with);
        }
    }

    /// Inserts what was typed or pasted, without its control characters, up to a bound.
    pub fn insert(&mut self, text: &str) {
        let room = MOST.saturating_sub(self.text.chars().count());
        let clean: String = text.chars().filter(|c| !c.is_control()).take(room).collect();
        self.text.insert_str(self.cursor, &clean);
        self.cursor += clean.len();
        // What was inserted may have grown into one grapheme with what follows.
        let border = self.borders().find(|at| *at >= self.cursor);
        self.cursor = border.unwrap_or(self.text.len());
    }

    /// Edits by a key; whether it was one for editing.
    pub fn edit(&mut self, key: Key) -> bool {
        match (key.code, key.ctrl) {
            (KeyCode::Char(c), false) if !key.alt => self.insert(c.encode_utf8(&mut [0; 4])),
            (KeyCode::Char('w'), true) => self.cut_from(self.word_before()),
            (KeyCode::Backspace, _) if key.alt || key.ctrl => self.cut_from(self.word_before()),
            (KeyCode::Backspace, _) | (KeyCode::Char('h'), true) => self.cut_from(self.before()),
            // Without a control key but not to be inserted: with Alt.
            (KeyCode::Char('d'), false) => {
                let to = self.word_after();
                self.text.replace_range(self.cursor..to, "");
            }
            (KeyCode::Char('b'), false) | (KeyCode::Left, true) => self.cursor = self.word_before(),
            (KeyCode::Char('f'), false) | (KeyCode::Right, true) => self.cursor = self.word_after(),
            (KeyCode::Delete, _) | (KeyCode::Char('d'), true) => {
                let to = self.after();
                self.text.replace_range(self.cursor..to, "");
            }
            (KeyCode::Left, _) | (KeyCode::Char('b'), true) => self.cursor = self.before(),
            (KeyCode::Right, _) | (KeyCode::Char('f'), true) => self.cursor = self.after(),
            (KeyCode::Home, _) | (KeyCode::Char('a'), true) => self.cursor = 0,
            (KeyCode::End, _) | (KeyCode::Char('e'), true) => self.cursor = self.text.len(),
            (KeyCode::Char('u'), true) => self.cut_from(0),
            (KeyCode::Char('k'), true) => self.text.truncate(self.cursor),
            _ => return false,
        }
        true
    }

    /// Whether a key with Alt is one for editing, as in a shell; else it is Esc and then the key.
    pub fn edits_with_alt(key: Key) -> bool {
        matches!(key.code, KeyCode::Char('b' | 'd' | 'f') | KeyCode::Backspace)
    }

    fn cut_from(&mut self, from: usize) {
        self.text.replace_range(from..self.cursor, "");
        self.cursor = from;
    }

    fn word_before(&self) -> usize {
        self.text[..self.cursor].trim_end().rfind(' ').map_or(0, |at| at + 1)
    }

    fn word_after(&self) -> usize {
        let rest = self.text[self.cursor..].trim_start();
        self.text.len() - rest.len() + rest.find(' ').unwrap_or(rest.len())
    }

    fn borders(&self) -> impl Iterator<Item = usize> + '_ {
        self.text.grapheme_indices(true).map(|(at, _)| at)
    }

    fn before(&self) -> usize {
        self.borders().take_while(|at| *at < self.cursor).last().unwrap_or(0)
    }

    fn after(&self) -> usize {
        self.borders().find(|at| *at > self.cursor).unwrap_or(self.text.len())
    }

    /// Of the word that begins at a character, the columns in which [`Field::draw`] shows it.
    pub fn columns_of(&self, at: usize, x: u16, width: u16, symbols: &Symbols) -> std::ops::Range<u16> {
        let from = self.text.char_indices().nth(at).map_or(self.text.len(), |(byte, _)| byte);
        let end = self.text[from..].find(char::is_whitespace).map_or(self.text.len(), |to| from + to);
        let column = |byte: usize| sanitize::width(&sanitize::display(&self.text[..byte], symbols));
        let skip = (column(self.cursor) + 1).saturating_sub(usize::from(width));
        let shown = |column: usize| x + (column.saturating_sub(skip)).min(usize::from(width)) as u16;
        // What is missing at the end is marked there.
        shown(column(from))..shown(column(end).max(column(from) + 1))
    }

    /// Draws it in `width` columns, scrolled so that the cursor is seen; returns the cursor's
    /// column.
    pub fn draw(&self, pen: &mut Pen, x: u16, y: u16, width: u16) -> u16 {
        let width = usize::from(width);
        let before = sanitize::width(&sanitize::display(&self.text[..self.cursor], pen.symbols));
        let skip = (before + 1).saturating_sub(width);
        let (shown, _) = sanitize::part(&self.text, skip, width, pen.symbols);
        pen.text(x, y, width as u16, &shown, Role::Text);
        x + (before - skip) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typed(keys: &[&str]) -> Field {
        let mut field = Field::default();
        for key in keys {
            assert!(field.edit(Key::parse(key).unwrap()), "{key}");
        }
        field
    }

    #[test]
    fn edits_as_shells_do() {
        assert_eq!(typed(&["a", "b", "c", "Left", "Backspace"]).text(), "ac");
        assert_eq!(typed(&["a", "b", "Home", "Del", "End", "x"]).text(), "bx");
        assert_eq!(typed(&["a", "Space", "b", "c", "Ctrl-w"]).text(), "a ");
        assert_eq!(typed(&["a", "b", "Left", "Ctrl-u"]).text(), "b");
        assert_eq!(typed(&["a", "b", "Left", "Ctrl-k"]).text(), "a");
        assert!(!Field::default().edit(Key::parse("Enter").unwrap()));
    }

    #[test]
    fn words_are_edited_as_in_a_shell() {
        let mut field = Field::new("fn:pay* err  cold");
        let mut press = |name: &str| {
            let key = match name.strip_prefix("Alt-") {
                Some(name) => Key { alt: true, ..Key::parse(name).unwrap() },
                None => Key::parse(name).unwrap(),
            };
            assert!(field.edit(key), "{name}");
            (field.text().to_string(), field.cursor)
        };
        assert_eq!(press("Alt-b").1, 13);
        assert_eq!(press("Ctrl-Left").1, 8);
        assert_eq!(press("Alt-f").1, 11);
        assert_eq!(press("Ctrl-Right").1, 17);
        assert_eq!(press("Alt-Backspace"), ("fn:pay* err  ".to_string(), 13));
        assert_eq!(press("Ctrl-w"), ("fn:pay* ".to_string(), 8));
        assert_eq!(press("Home").1, 0);
        assert_eq!(press("Alt-d"), (" ".to_string(), 0));
        assert_eq!(press("Alt-d"), (String::new(), 0));
    }

    #[test]
    fn a_paste_is_clean_and_bounded() {
        let mut field = Field::new("x");
        field.insert("a\nb\x1b[31m");
        assert_eq!(field.text(), "xab[31m");
        field.insert(&"y".repeat(5_000));
        assert_eq!(field.text().chars().count(), MOST);
    }

    proptest! {
        #[test]
        fn the_cursor_stays_at_a_border(
            moves in prop::collection::vec(
                prop_oneof![
                    prop::sample::select(vec![
                        "Left", "Right", "Home", "End", "Backspace", "Del", "Ctrl-w", "Ctrl-Left", "Ctrl-Right",
                    ])
                        .prop_map(|k| Err(Key::parse(k).unwrap())),
                    any::<char>().prop_map(Ok),
                ],
                0..60,
            )
        ) {
            let mut field = Field::default();
            for one in moves {
                match one {
                    Ok(c) => field.insert(c.encode_utf8(&mut [0; 4])),
                    Err(key) => prop_assert!(field.edit(key)),
                }
                prop_assert!(field.text.is_char_boundary(field.cursor));
            }
        }
    }
}
