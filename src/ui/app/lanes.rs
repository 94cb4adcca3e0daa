//! The lanes of a function's environments: along their blocks with the arrows, and into one of them.

use std::sync::Arc;

use crate::model::Window;
use crate::query::view::{Block, EnvironmentRow};
use crate::ui::keymap::ViewKind;

use super::board::Focus;
use super::function::{FunctionBoard, FunctionList};
use super::invocation::InvocationBoard;
use super::state::{Effect, UiState};

impl FunctionBoard {
    /// The environment whose lane has the keys.
    pub fn lane(&self) -> Option<&EnvironmentRow> {
        let here = self.list == FunctionList::Environments && self.board.focus == Focus::List;
        self.detail().filter(|_| here)?.environments.get(self.environments.index())
    }

    /// The block of the selected lane under the crosshair, else the nearest; `None` without a crosshair.
    pub fn block(&self) -> Option<&Block> {
        let (lane, at) = (self.lane()?, self.board.crosshair?);
        // Of two that touch it is the one that begins there.
        lane.blocks.iter().rev().min_by_key(|block| block.far_from(at))
    }

    /// The time axis of the lanes on screen, and how long a column of it is, in ms.
    pub fn lanes_axis(&self) -> Option<(Window, i64)> {
        let shown = self.shown()?;
        Some((shown.window, shown.step_ms))
    }

    /// Moves the crosshair to the block before or after, the first time to the newest; whether there is
    /// one.
    fn move_along(&mut self, by: isize) -> bool {
        let blocks = self.lane().map_or(&[][..], |lane| &lane.blocks);
        let mut starts = blocks.iter().map(|block| block.which.start);
        // Of several that began at once the crosshair means one.
        let to = match self.block().map(|now| now.which.start) {
            Some(now) if by < 0 => starts.rev().find(|start| *start < now),
            Some(now) => starts.find(|start| *start > now),
            None => starts.next_back(),
        };
        let Some(to) = to else { return false };
        self.board.crosshair = Some(to);
        true
    }
}

impl UiState {
    /// Moves along the selected lane, if lanes have the keys.
    pub(super) fn along_lane(&mut self, by: isize) -> Option<Vec<Effect>> {
        if self.view() != ViewKind::Function {
            return None;
        }
        let function = self.function.as_mut().filter(|function| function.lane().is_some())?;
        if function.move_along(by) {
            return Some(Vec::new());
        }
        let known = function.lane().is_some_and(|lane| !lane.blocks.is_empty());
        Some(self.say(match (known, by < 0) {
            (false, _) => "no single invocation of this environment is held in this window",
            (true, true) => "it is the first in this lane; Z widens the window",
            (true, false) => "it is the last in this lane",
        }))
    }

    /// Opens the block under the crosshair, if there is one.
    pub(super) fn open_block(&mut self) -> bool {
        let Some(function) = &self.function else { return false };
        let Some(block) = function.block().cloned() else { return false };
        let name: Arc<str> = function.name.clone();
        self.invocation = Some(InvocationBoard::of_block(block, name));
        self.push(ViewKind::Invocation);
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::ui::fixture::{Session, live};

    fn opened(keys: &str) -> Session {
        let mut session = Session::new(140, 45, live());
        session.press(&format!("j Enter Tab Tab Tab {keys}"));
        session
    }

    #[test]
    fn arrows_go_along_the_blocks_and_enter_opens_one() {
        let session = opened("j Left");
        let function = session.state.function.as_ref().unwrap();
        let all = &function.detail().unwrap().environments[1].blocks;
        let newest = function.block().unwrap().clone();
        assert_eq!(Some(&newest), all.last());
        let session = opened("j Left Left Left Right");
        let before = session.state.function.as_ref().unwrap().block().unwrap().clone();
        assert_eq!(before.which, all[all.len() - 2].which);
        let session = opened("j Left Left Enter");
        let one = session.state.invocation.as_ref().unwrap();
        assert_eq!((one.request.which, one.request.seq), (before.which, before.seq));
        assert!(one.lines.scope.invocation.as_ref().is_some_and(|of| of.request_id == before.request_id));
    }

    #[test]
    fn ends_of_a_lane_are_said_and_escape_lets_the_crosshair_go() {
        let mut session = opened("j Left Right");
        assert!(session.state.notice.as_ref().unwrap().contains("last in this lane"));
        session.press("Esc");
        assert!(session.state.function.as_ref().unwrap().block().is_none());
        // Without a crosshair a lane is the environment: all of its invocations.
        session.press("Enter");
        assert!(session.state.invocation.is_none());
        assert!(session.state.function.as_ref().unwrap().only.is_some());
    }

    #[test]
    fn a_crosshair_of_another_lane_means_the_nearest_block() {
        let session = opened("j Left Left k");
        let function = session.state.function.as_ref().unwrap();
        let at = function.board.crosshair.unwrap();
        let block = function.block().unwrap();
        let all = &function.detail().unwrap().environments[0].blocks;
        assert!(all.iter().all(|other| block.far_from(at) <= other.far_from(at)));
    }
}
