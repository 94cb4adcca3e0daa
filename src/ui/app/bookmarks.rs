//! Times that a person marked, with notes: on all axes, and to go to.

use crate::model::Timestamp;
use crate::ui::keymap::ViewKind;

use super::prompt::PromptKind;
use super::state::{Effect, UiState};

/// A time that a person marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark {
    /// When.
    pub at: Timestamp,
    /// What it is about; may be empty.
    pub note: String,
}

/// Bookmarks that are kept.
const MOST: usize = 500;

impl UiState {
    /// The time that is looked at: under the crosshair, of the selected line or invocation, else the
    /// time shown.
    fn looked_at(&self) -> Timestamp {
        let crosshair = self.board().filter(|board| board.crosshair_column().is_some());
        let crosshair = crosshair.and_then(|board| board.crosshair);
        let line = self.lines_here().filter(|_| self.view() == ViewKind::Logs);
        let line = line.and_then(|logs| logs.selected()?.time);
        let invocation = self.chosen_invocation().map(|(row, _)| row.start);
        crosshair.or(line).or(invocation).unwrap_or(self.status.as_of)
    }

    /// Asks for a note to the time that is looked at; a bookmark there opens its own.
    pub(super) fn open_bookmark(&mut self) {
        let at = self.looked_at();
        let note = self.bookmarks.iter().find(|bookmark| bookmark.at == at);
        let note = note.map_or_else(String::new, |bookmark| bookmark.note.clone());
        self.marking = Some(at);
        self.open_prompt_with(PromptKind::Note, &note);
    }

    /// Keeps the bookmark, or removes it: one without a note that is marked again without one.
    pub(super) fn keep_bookmark(&mut self, note: String) -> Vec<Effect> {
        let Some(at) = self.marking.take() else { return Vec::new() };
        let said = self.zone.seconds(at) + &self.zone.mark(at);
        match self.bookmarks.binary_search_by_key(&at, |bookmark| bookmark.at) {
            Ok(place) if note.is_empty() => {
                self.bookmarks.remove(place);
                self.say(format!("bookmark at {said} removed"))
            }
            Ok(place) => {
                self.bookmarks[place].note = note;
                self.say(format!("note at {said} changed"))
            }
            Err(_) if self.bookmarks.len() >= MOST => self.say(format!(
                "there are {MOST} bookmarks already; m on one, and an emptied note, removes it"
            )),
            Err(place) => {
                self.bookmarks.insert(place, Bookmark { at, note });
                self.say(format!("marked {said}; ' and \" go from bookmark to bookmark"))
            }
        }
    }

    /// Goes to the next bookmark, or to the one before, and tells its note.
    pub(super) fn go_to_bookmark(&mut self, forward: bool) -> Vec<Effect> {
        let now = self.looked_at();
        let found = match forward {
            true => self.bookmarks.iter().find(|bookmark| bookmark.at > now),
            false => self.bookmarks.iter().rev().find(|bookmark| bookmark.at < now),
        };
        let Some(bookmark) = found.cloned() else {
            return self.say(match (self.bookmarks.is_empty(), forward) {
                (true, _) => "there is no bookmark: m marks a time",
                (_, true) => "no bookmark after this",
                (_, false) => "no bookmark before this",
            });
        };
        self.open_bookmarked(&bookmark)
    }

    /// Goes to a bookmark.
    pub(super) fn open_bookmarked(&mut self, bookmark: &Bookmark) -> Vec<Effect> {
        if let Some(board) = self.board_mut() {
            board.crosshair = None;
        }
        let effects = self.jump(bookmark.at);
        if !bookmark.note.is_empty() {
            self.notice = Some(bookmark.note.clone());
        }
        effects
    }
}
