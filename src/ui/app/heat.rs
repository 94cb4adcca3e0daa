//! The heat map of durations in the enlarged panel: whether it is shown, which cell is looked at, and
//! the list that a cell opens.

use crate::model::{Why, Window};
use crate::query::page::Ranking;
use crate::query::view::Heat;
use crate::ui::keymap::ViewKind;

use super::board::{Board, Focus, PanelKind};
use super::invocations::InvocationScope;
use super::list::Move;
use super::state::{Effect, UiState};

/// A cell of the heat map.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatCell {
    /// Its column.
    pub column: usize,
    /// Its row, from the shortest durations.
    pub row: usize,
    /// When its invocations began.
    pub span: Window,
    /// How long they took, in µs.
    pub took: std::ops::Range<u64>,
    /// How many; `None` where there can be none.
    pub count: Option<u32>,
}

impl Board {
    /// Whether the focused panel is enlarged and shows durations over time.
    pub fn shows_heat(&self) -> bool {
        self.enlarged && self.heat && self.focus == Focus::Panel(PanelKind::Duration)
    }

    fn heat_map(&self) -> Option<&Heat> {
        self.answer.as_ref()?.heat.as_ref().filter(|_| self.shows_heat())
    }

    /// The cell under the crosshair: at the duration that was gone to, else where most are.
    pub fn heat_cell(&self) -> Option<HeatCell> {
        let (heat, answer, column) = (self.heat_map()?, self.answer.as_ref()?, self.crosshair_column()?);
        let row = match self.took_us {
            Some(us) => heat.row_of(us),
            None => heat.fullest(column)?,
        };
        let from = answer.window.from.plus(answer.step_ms.saturating_mul(column as i64));
        Some(HeatCell {
            column,
            row,
            span: Window { from, to: from.plus(answer.step_ms) },
            took: heat.range(row)?,
            count: heat.count(column, row),
        })
    }

    /// Moves to longer or shorter durations; the first movement only puts the crosshair there.
    pub(super) fn move_in_heat(&mut self, to: Move, height: usize) {
        if self.crosshair_column().is_none() {
            self.move_crosshair(0);
        }
        let (Some(heat), Some(cell)) = (self.heat_map(), self.heat_cell()) else { return };
        // The longest are on top, as in a list the first.
        let last = heat.rows().saturating_sub(1);
        let line = to.from(last - cell.row.min(last), heat.rows(), height);
        // The middle of the row: it stays the nearest while the scale changes a little.
        let middle = heat.range(last - line.min(last)).map(|row| row.start.midpoint(row.end));
        self.took_us = middle;
    }
}

impl UiState {
    /// The chart, or how long how many took; of a metric its percentiles.
    pub(super) fn toggle_heat(&mut self) -> Vec<Effect> {
        if let Some(function) = self.function.as_mut().filter(|function| function.metric_enlarged())
            && self.stack.last() == Some(&ViewKind::Function)
        {
            let told =
                function.enlarged_metric().map(|row| (row.percentiles.is_some(), row.figures.percentiles[1]));
            return match told {
                Some((true, _)) => {
                    function.percentiles = !function.percentiles;
                    Vec::new()
                }
                Some((false, value)) => {
                    let why = value.grade().why().map_or("nothing tells its values", Why::words);
                    self.say(format!("no percentiles: {why}"))
                }
                None => Vec::new(),
            };
        }
        match self.board_mut() {
            Some(board) if board.focus == Focus::Panel(PanelKind::Duration) => {
                board.heat = !board.shows_heat();
                board.enlarged |= board.heat;
                Vec::new()
            }
            _ => self.say("the panel Duration has a heat map; Tab goes there"),
        }
    }

    /// Opens the invocations of the cell under the crosshair, if there is one.
    pub(super) fn open_heat_cell(&mut self) -> Option<Vec<Effect>> {
        let cell = self.board()?.heat_cell()?;
        if cell.count.is_none_or(|count| count == 0) {
            return Some(self.say("no invocation of that time took so long"));
        }
        let function = match self.view() {
            ViewKind::Function => self.function.as_ref().map(|f| (f.id, f.name.clone())),
            _ => None,
        };
        let (span, took) = (Some(cell.span), Some(cell.took));
        self.show_invocations(
            InvocationScope { function, span, took, ..Default::default() },
            Ranking::Slowest,
        );
        Some(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::filter::{Compare, Condition};
    use crate::ui::fixture::{Session, live};

    #[test]
    fn a_cell_opens_as_the_list_of_its_time_and_durations() {
        let mut session = Session::new(140, 45, live());
        session.press("v");
        assert!(session.state.notice.as_deref().is_some_and(|notice| notice.contains("Duration")));
        session.press("Tab Tab v");
        let board = |session: &Session| session.state.overview.board.clone();
        assert!(board(&session).shows_heat() && board(&session).heat_cell().is_none());
        let rows = board(&session).answer.unwrap().heat.as_ref().unwrap().rows();
        assert_eq!(rows, crate::ui::view::heat_rows((140, 45)));
        session.press("Left Left");
        let fullest = board(&session).heat_cell().unwrap();
        session.press("k");
        let cell = board(&session).heat_cell().unwrap();
        assert_eq!((cell.column, cell.row), (fullest.column, fullest.row + 1), "up is longer");
        session.press("j Enter");
        assert_eq!(session.state.view(), ViewKind::Invocations);
        let scope = &session.state.invocations.scope;
        assert_eq!((scope.span, scope.took.as_ref()), (Some(fullest.span), Some(&fullest.took)));
        let asked = &session.state.invocations.page.as_ref().unwrap().request;
        let terms: Vec<_> = asked.filter.terms.iter().map(|term| term.what.clone()).collect();
        let bounds = [(Compare::AtLeast, fullest.took.start), (Compare::Less, fullest.took.end)];
        assert_eq!(terms, bounds.map(|(compare, us)| Condition::Duration(compare, us)));
        assert!(session.state.filter.is_empty(), "what is looked at elsewhere stays");
        session.press("Esc");
        assert_eq!(board(&session).heat_cell().unwrap(), fullest, "where it was");
        session.press("v");
        assert!(board(&session).enlarged && !board(&session).shows_heat());
        session.press("Esc");
        assert_eq!((board(&session).enlarged, board(&session).took_us), (false, None));
    }

    #[test]
    fn an_empty_cell_says_so() {
        let mut session = Session::new(80, 24, live());
        session.press("Tab Tab v Left g");
        let cell = session.state.overview.board.heat_cell().unwrap();
        assert_eq!(
            cell.row + 1,
            session.state.overview.board.answer.as_ref().unwrap().heat.as_ref().unwrap().rows()
        );
        session.press("G Enter");
        assert_eq!(session.state.view(), ViewKind::Overview);
        assert!(session.state.notice.as_deref().is_some_and(|notice| notice.contains("no invocation")));
    }
}
