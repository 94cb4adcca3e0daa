//! What is marked on the time axes of a view: changes, deploys, problems, and what a person marked.

use crate::query::view::Overview;
use crate::ui::app::UiState;
use crate::ui::keymap::ViewKind;
use crate::ui::widget::axis::{Kind, Mark};

/// The marks of an answer's axis. In the view of one function its own problems only.
pub fn on_axis(state: &UiState, answer: &Overview) -> Vec<Mark> {
    let only = match state.view() {
        ViewKind::Function => state.function.as_ref().map(|function| function.id),
        _ => None,
    };
    let changes = answer
        .marks
        .iter()
        .map(|mark| Mark { at: mark.at, kind: if mark.deploy { Kind::Deploy } else { Kind::Change } });
    let found = state.problems.found.iter().filter(|found| only.is_none_or(|only| found.function == only));
    let problems = found.map(|found| Mark { at: found.since, kind: Kind::Problem });
    let bookmarks = state.bookmarks.iter().map(|bookmark| Mark { at: bookmark.at, kind: Kind::Bookmark });
    changes.chain(problems).chain(bookmarks).filter(|mark| answer.window.holds(mark.at)).collect()
}
