//! A list whose selection follows the item, not the row.

/// What is selected and what is on screen. Rows are named by an identity that outlives a refresh.
#[derive(Clone, Debug, PartialEq)]
pub struct ListState<Id> {
    selected: Option<Id>,
    index: usize,
    top: usize,
}

impl<Id> Default for ListState<Id> {
    fn default() -> Self {
        Self { selected: None, index: 0, top: 0 }
    }
}

/// A movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// So many rows down, or up.
    Rows(isize),
    /// So many pages.
    Pages(isize),
    /// So many half pages.
    HalfPages(isize),
    /// To the first row.
    Top,
    /// To the last row.
    Bottom,
}

impl Move {
    /// The row after the movement.
    pub fn from(self, index: usize, rows: usize, height: usize) -> usize {
        let last = rows.saturating_sub(1);
        let page = height.max(1) as isize;
        let by = |n: isize| index.saturating_add_signed(n).min(last);
        match self {
            Self::Rows(n) => by(n),
            Self::Pages(n) => by(n * page),
            Self::HalfPages(n) => by(n * (page / 2).max(1)),
            Self::Top => 0,
            Self::Bottom => last,
        }
    }

    /// Whether it goes towards the first row.
    pub fn is_up(self) -> bool {
        match self {
            Self::Rows(n) | Self::Pages(n) | Self::HalfPages(n) => n < 0,
            Self::Top => true,
            Self::Bottom => false,
        }
    }
}

impl<Id: Clone + PartialEq> ListState<Id> {
    /// The selected row. Before the first movement it is the first one, whatever that is.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Whether a row was selected by a key; before, the first row is, whatever that is.
    pub fn moved(&self) -> bool {
        self.selected.is_some()
    }

    /// The first row on screen.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Fits to the rows as they are now: the selected item stays selected and, as far as the list
    /// allows, on the same line of the screen. Of an item that is gone its row stays selected.
    pub fn arrange(&mut self, rows: usize, height: usize, id: impl Fn(usize) -> Id) {
        if let Some(selected) = &self.selected {
            let here = (self.index < rows && id(self.index) == *selected).then_some(self.index);
            match here.or_else(|| (0..rows).find(|&at| id(at) == *selected)) {
                Some(now) => {
                    let on_line = self.index.saturating_sub(self.top);
                    self.index = now;
                    self.top = now.saturating_sub(on_line);
                }
                None => {
                    self.index = self.index.min(rows.saturating_sub(1));
                    self.selected = (rows > 0).then(|| id(self.index));
                }
            }
        }
        self.show(rows, height);
    }

    /// Selects a row and scrolls as little as shows it.
    pub fn select(&mut self, index: usize, rows: usize, height: usize, id: impl Fn(usize) -> Id) {
        self.index = index.min(rows.saturating_sub(1));
        self.selected = (rows > 0).then(|| id(self.index));
        self.show(rows, height);
    }

    fn show(&mut self, rows: usize, height: usize) {
        let height = height.max(1);
        self.index = self.index.min(rows.saturating_sub(1));
        self.top = self.top.min(rows.saturating_sub(height)).min(self.index);
        self.top = self.top.max((self.index + 1).saturating_sub(height));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn arrange(list: &mut ListState<u32>, rows: &[u32], height: usize) {
        list.arrange(rows.len(), height, |at| rows[at]);
    }

    #[test]
    fn before_the_first_movement_the_first_row_is_selected() {
        let mut list = ListState::default();
        arrange(&mut list, &[5, 6, 7], 2);
        assert_eq!((list.index(), list.top()), (0, 0));
        arrange(&mut list, &[9, 5, 6, 7], 2);
        assert_eq!((list.index(), list.top()), (0, 0));
    }

    #[test]
    fn the_selection_follows_the_item_on_its_line() {
        let mut list = ListState::default();
        let rows: Vec<u32> = (0..100).collect();
        list.select(50, 100, 10, |at| rows[at]);
        assert_eq!((list.index(), list.top()), (50, 41));
        // Twenty new rows above: the same item, on the same line.
        let more: Vec<u32> = (200..220).chain(0..100).collect();
        arrange(&mut list, &more, 10);
        assert_eq!((more[list.index()], list.top()), (50, 61));
        // It becomes the first: nothing is above it, so it is on the first line.
        let first: Vec<u32> = std::iter::once(50).chain(0..50).collect();
        arrange(&mut list, &first, 10);
        assert_eq!((list.index(), list.top()), (0, 0));
    }

    #[test]
    fn of_an_item_that_is_gone_the_row_stays() {
        let mut list = ListState::default();
        list.select(2, 4, 10, |at| [1, 2, 3, 4][at]);
        arrange(&mut list, &[1, 2, 4], 10);
        assert_eq!(list.index(), 2);
        arrange(&mut list, &[4, 1, 2], 10);
        assert_eq!(list.index(), 0, "now it follows that one");
        arrange(&mut list, &[], 10);
        assert_eq!(list.index(), 0);
    }

    proptest! {
        #[test]
        fn the_selected_row_is_always_on_screen(
            steps in prop::collection::vec((0usize..40, 0usize..12, -30isize..30), 1..40)
        ) {
            let mut list = ListState::default();
            for (rows, height, by) in steps {
                list.arrange(rows, height, |at| at);
                let to = Move::Rows(by).from(list.index(), rows, height);
                list.select(to, rows, height, |at| at);
                prop_assert!(list.top() <= list.index());
                prop_assert!(list.index() < list.top() + height.max(1));
                prop_assert!(rows == 0 || list.index() < rows);
            }
        }
    }
}
