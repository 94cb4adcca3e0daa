//! What is masked of what was read before it was to be: lines until they are read again, and what goes
//! into a file.

use std::borrow::Cow;

use crate::mask::{self, Keys, MASKED, Masked};
use crate::query::survey::Pattern;

use super::logs::LogView;
use super::state::UiState;
use super::tags::Tag;

/// Lines above those in sight that tell whether a key goes on in them: more than a key has.
const ABOVE: usize = 400;

impl UiState {
    /// Masks the lines in sight, wherever lines are.
    pub(super) fn mask_lines(&mut self) {
        // An open line takes more rows, so there are fewer of them.
        let height = usize::from(self.size.1);
        let board = self.invocation.as_mut().map(|board| &mut board.lines);
        for logs in self.logs.iter_mut().chain(board) {
            logs.mask_in_sight(height);
        }
        // Below a waterfall any of them may be scrolled to.
        let below = self.trace_path.iter_mut().filter_map(|trace| trace.lines.as_mut());
        below.for_each(|logs| logs.mask_in_sight(logs.rows.len()));
    }

    /// A tagged row's text as it may be shown: as it is now, where it was tagged before it was masked. Of one
    /// that is not there any more nobody knows whether it was within a key.
    pub(super) fn tagged_shown<'a>(&'a self, tag: &Tag, text: &'a str) -> Cow<'a, str> {
        let Tag::Line(origin) = tag else { return Cow::Borrowed(text) };
        if !self.masked {
            return Cow::Borrowed(text);
        }
        let mut rows = self.logs.iter().flat_map(|logs| &logs.rows);
        match rows.find(|row| row.origin == *origin) {
            Some(row) => Cow::Borrowed(&row.text),
            None => Keys::within().text(text, &mut Masked::default()),
        }
    }

    /// A pattern's shape as it may be shown.
    pub fn shape_shown<'a>(&self, row: &'a Pattern) -> &'a str {
        if self.masked && row.of_key { MASKED } else { &row.shape }
    }

    /// A shape, whichever pattern's, as it may be shown.
    pub fn shape_named<'a>(&'a self, shape: &'a str) -> &'a str {
        let patterns = self.patterns.as_ref().map_or(&[][..], |board| board.rows());
        let row = patterns.iter().find(|row| *row.shape == *shape);
        row.map_or(shape, |row| self.shape_shown(row))
    }

    /// A pattern's newest line as it may be shown, but for what a text by itself tells.
    pub fn newest_shown<'a>(&self, row: &'a Pattern) -> &'a str {
        if self.masked && row.of_key { MASKED } else { &row.newest }
    }
}

impl LogView {
    fn mask_in_sight(&mut self, height: usize) {
        if self.masked() {
            return;
        }
        let (from, to) = (self.top.saturating_sub(ABOVE), (self.top + height).min(self.rows.len()));
        let rows = self.rows.range_mut(from.min(to)..to);
        mask::lines(rows.map(|row| (row.stream(), &mut row.text)));
        for row in self.rows.range(from.min(to)..to) {
            self.unfolded.renew(row);
        }
        self.masked_in_sight();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::app::state::Effect;
    use crate::ui::fixture::{Session, live, screen};
    use crate::ui::picture::Picture;

    const BODY: &str = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/AbCdEfGhIjKlMnOpQrStUvWxYz";

    fn key() -> [String; 4] {
        ["-----BEGIN PRIVATE KEY-----", BODY, r#"{"message":"q7Zw"}"#, "-----END PRIVATE KEY-----"]
            .map(str::to_string)
    }

    fn put_key(logs: &mut LogView) {
        let from = logs.cursor.saturating_sub(4);
        for (row, text) in logs.rows.range_mut(from..from + 4).zip(key()) {
            (row.stream, row.text) = (Some("s".into()), text);
        }
        logs.cursor = from + 2;
    }

    fn saved(effects: Vec<Effect>) -> String {
        match effects.as_slice() {
            [Effect::Save { bytes, .. }] => String::from_utf8(bytes.clone()).unwrap(),
            other => panic!("nothing is saved: {other:?}"),
        }
    }

    fn tells(text: &str) -> bool {
        text.contains("q7Zw") || text.contains(&BODY[..16])
    }

    #[test]
    fn a_saved_screen_has_no_line_of_a_key_that_was_read_before() {
        for keys in ["4", "4 w", "3 Enter Enter", "5 Enter"] {
            let mut session = Session::new(140, 45, live());
            session.press(keys);
            match session.state.lines_mut() {
                Some(logs) => {
                    put_key(logs);
                    session.state.open_line();
                }
                None => put_key(session.state.trace_mut().unwrap().lines.as_mut().unwrap()),
            }
            assert!(tells(&screen(&session.state)), "{keys}: {}", screen(&session.state));
            for picture in [Picture::Text, Picture::Ansi, Picture::Svg] {
                let text = saved(vec![session.state.saved_screen(picture)]);
                assert!(!tells(&text) && text.contains("[masked]"), "{keys}: {text}");
            }
            // What is on screen is as it was.
            assert!(tells(&screen(&session.state)));
        }
    }

    #[test]
    fn lines_are_masked_before_they_are_read_again() {
        let mut session = Session::new(140, 45, live());
        session.press("4");
        put_key(session.state.logs.as_mut().unwrap());
        session.press("Space Up");
        assert!(tells(&session.state.copied_of_tagged().unwrap().1));
        session.state.masked = true;
        session.state.mask_lines();
        assert!(!tells(&screen(&session.state)));
        assert!(!tells(&session.state.copied().unwrap()));
        assert!(!tells(&session.state.copied_of_tagged().unwrap().1));
        // Nor when it has left the lines that are loaded.
        let mut gone = Session::new(140, 45, live());
        gone.press("4");
        put_key(gone.state.logs.as_mut().unwrap());
        gone.press("Space Up");
        gone.state.masked = true;
        gone.state.logs.as_mut().unwrap().rows.iter_mut().for_each(|row| row.origin.offset += 1 << 40);
        let copied = gone.state.copied_of_tagged().unwrap().1;
        assert!(!tells(&copied) && copied.contains("[masked]"), "{copied}");
        // And not masked again if they need not be any more.
        assert!(!session.state.logs.as_ref().unwrap().masked());
        session.state.masked = false;
        session.pass(2_500);
        assert!(!screen(&session.state).contains("[masked]"));
    }

    #[test]
    fn patterns_of_lines_of_a_key_are_not_told() {
        let mut session = Session::new(140, 45, live());
        session.press("P");
        let board = session.state.patterns.as_mut().unwrap();
        let mut answer = (**board.answer.as_ref().unwrap()).clone();
        let rows = &mut answer.patterns.as_mut().unwrap().rows;
        (rows[0].of_key, rows[0].newest, rows[0].shape) = (true, "q7Zw".to_string(), BODY[..20].into());
        board.answer = Some(std::sync::Arc::new(answer));
        assert!(tells(&screen(&session.state)), "{}", screen(&session.state));
        assert!(!tells(&saved(vec![session.state.saved_screen(Picture::Text)])));
        assert!(!tells(&saved(session.state.save_table())));
        session.state.masked = true;
        assert!(!tells(&screen(&session.state)));
        assert!(!tells(&session.state.copied().unwrap()));
        assert!(session.state.copies().iter().all(|copy| !tells(&copy.text)));
    }
}
