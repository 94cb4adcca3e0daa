//! Lines that are opened as trees: which, where one is in them, and the keys.

use crate::model::Origin;
use crate::query::view::LogRow;
use crate::ui::keymap::ViewKind;
use crate::ui::view;

use super::logs::LogView;
use super::owner::Leads;
use super::state::{Effect, UiState};
use super::tree::{Node, Tree};

/// Lines that are open at most; the one that was opened first is closed first.
const MOST: usize = 30;
const NOTHING: &str = "no JSON in this line, nor base64 of a text: nothing to unfold";

/// The lines that are open.
#[derive(Clone, Debug, Default)]
pub struct Unfolded {
    trees: Vec<(Origin, Tree)>,
    /// The row of the tree of the line that is read; `None` the line itself.
    pub row: Option<usize>,
}

impl Unfolded {
    /// The tree of a line, if it is open.
    pub fn of(&self, line: &LogRow) -> Option<&Tree> {
        self.trees.iter().find(|(origin, _)| *origin == line.origin).map(|(_, tree)| tree)
    }

    /// The value that is read, in the tree of this line.
    pub fn value(&self, line: &LogRow) -> Option<&Node> {
        self.of(line)?.rows().get(self.row?).copied()
    }

    /// Opens a line anew whose text is another now, as far as it was open.
    pub fn renew(&mut self, line: &LogRow) {
        if let Some((_, tree)) = self.trees.iter_mut().find(|(origin, _)| *origin == line.origin) {
            *tree = Tree::of(&line.text, true).map(|new| new.opened_as(tree)).unwrap_or_default();
        }
    }

    /// Whether no line is open.
    pub fn is_empty(&self) -> bool {
        self.trees.is_empty()
    }
}

impl LogView {
    fn tree_mut(&mut self) -> Option<&mut Tree> {
        let origin = self.selected()?.origin;
        self.unfolded.trees.iter_mut().find(|(of, _)| *of == origin).map(|(_, tree)| tree)
    }

    /// Opens the line that is read; whether there is anything in it.
    fn open_tree(&mut self) -> bool {
        if self.tree_mut().is_some() {
            return true;
        }
        let mask = self.masked();
        let Some((origin, tree)) =
            self.selected().and_then(|row| Some((row.origin, Tree::of(&row.text, mask)?)))
        else {
            return false;
        };
        if self.unfolded.trees.len() >= MOST {
            self.unfolded.trees.remove(0);
        }
        self.unfolded.trees.push((origin, tree));
        true
    }

    fn close_tree(&mut self) {
        let origin = self.selected().map(|row| row.origin);
        self.unfolded.trees.retain(|(of, _)| Some(*of) != origin);
        self.unfolded.row = None;
    }

    /// Moves by a row within an open line; whether that was a move.
    pub(super) fn step_in_tree(&mut self, down: bool) -> bool {
        let rows = self.tree_mut().map_or(0, |tree| tree.row_count());
        let to = match (self.unfolded.row, down) {
            (None, true) if rows > 0 => Some(0),
            (Some(row), true) if row + 1 < rows => Some(row + 1),
            // Above its first value is the line itself.
            (Some(row), false) => row.checked_sub(1),
            _ => {
                self.unfolded.row = None;
                return false;
            }
        };
        self.unfolded.row = to;
        true
    }

    /// Goes into the tree of the line above from below.
    pub(super) fn enter_from_below(&mut self) {
        self.unfolded.row = self.tree_mut().and_then(|tree| tree.row_count().checked_sub(1));
    }
}

impl UiState {
    /// The log lines on screen, and the rows and columns they have.
    fn lines_in(&mut self) -> Option<(&mut LogView, usize, u16)> {
        let (height, width) = (view::list_height(self), self.size.0);
        Some((self.lines_mut()?, height, width))
    }

    /// Opens the line, or closes it; in it shows what is in a value, or hides it. A line in which nothing
    /// can be unfolded leads to its invocation.
    pub(super) fn open_line(&mut self) -> Vec<Effect> {
        let Some((logs, height, width)) = self.lines_in() else { return Vec::new() };
        match (logs.unfolded.row, logs.tree_mut()) {
            (Some(row), Some(tree)) => {
                let open = tree.is_open(row);
                tree.set(row, !open);
            }
            (None, Some(_)) => logs.close_tree(),
            (_, None) => {
                if !logs.open_tree() {
                    return match self.view() {
                        ViewKind::Logs => self.ask_owner(Leads::Invocation),
                        _ => self.say(NOTHING),
                    };
                }
                // What is read must not move away.
                logs.set_follow(false);
            }
        }
        logs.show(height, width);
        Vec::new()
    }

    /// Folds or unfolds the value that is read; whether one is.
    pub(super) fn fold_value(&mut self, open: bool) -> bool {
        let Some((logs, height, width)) = self.lines_in() else { return false };
        let Some(row) = logs.unfolded.row else { return false };
        if let Some(tree) = logs.tree_mut()
            && !tree.set(row, open)
            && !open
        {
            // There is nothing to fold: to what is around it.
            logs.unfolded.row = tree.around(row);
        }
        logs.show(height, width);
        true
    }

    /// Shows everything in the line, or only its members.
    pub(super) fn unfold_line(&mut self) -> Vec<Effect> {
        let Some((logs, height, width)) = self.lines_in() else { return Vec::new() };
        let was_open = logs.tree_mut().is_some();
        if !logs.open_tree() {
            return self.say(NOTHING);
        }
        logs.set_follow(false);
        if let Some(tree) = logs.tree_mut() {
            let open = !(was_open && tree.all_open());
            tree.set_all(open);
        }
        logs.unfolded.row = None;
        logs.show(height, width);
        Vec::new()
    }
}
