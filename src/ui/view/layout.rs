//! Where things stand, from the size of the screen alone: the same answer for keys (how high is
//! a page?) and for drawing.

use ratatui::layout::Rect;

/// Below this nothing can be shown.
pub const LEAST: (u16, u16) = (40, 10);
/// From this on panels have borders and real charts.
const GRID: (u16, u16) = (120, 35);

/// From this height on there is room for what is wrong with what is selected.
const TELLS: u16 = 12;
/// From this height on there is room for what is told of the selection between panels and list ...
const TELLS_MORE: u16 = 20;
/// ... of which so many rows stay, tabs and head among them.
const LIST_LEAST: u16 = 5;
/// On a narrower screen a filter has a row of its own, where the screen is as high as that: it would take the
/// columns of the scrub bar.
const NARROW: u16 = 120;
/// Rows for the sentence about what is selected.
const SENTENCE_ROWS: u16 = 2;

/// Where the six panels stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PanelArea {
    /// All in one line of numbers.
    Line(Rect),
    /// One line each.
    Lines(Rect),
    /// Bordered, three beside each other.
    Grid([Rect; 6]),
    /// One alone.
    One(Rect),
    /// None: a view without panels.
    None,
}

/// Which parts a view has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The six panels, and what is wrong.
    pub panels: bool,
    /// One of the panels alone.
    pub enlarged: bool,
    /// Tabs above the list.
    pub tabs: bool,
    /// Something is wrong with something, so that there is a place for what is selected.
    pub sentence: bool,
    /// There is a filter, and a bar beside which it would stand.
    pub filter: bool,
    /// Lines between the panels and the list, on screens that have room for them.
    pub about: u16,
}

/// Where the parts of a view stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// The first line.
    pub header: Rect,
    /// What is wrong, in views with panels; else empty.
    pub problems: Rect,
    /// The line below: a rule, or the scrub bar.
    pub rule: Rect,
    /// The filter, where it does not stand at the end of that line; else empty.
    pub filter: Rect,
    /// The panels.
    pub panels: PanelArea,
    /// What is told between the panels and the list; empty where nothing is.
    pub about: Rect,
    /// The tabs above the list, in views that have some; else empty.
    pub tabs: Rect,
    /// The list with its head.
    pub list: Rect,
    /// What is wrong with what is selected; empty where nothing is wrong with anything.
    pub sentence: Rect,
    /// The line for what is not seen, and for messages.
    pub message: Rect,
    /// The keys, or a prompt.
    pub footer: Rect,
}

impl Layout {
    /// The parts of a view.
    pub fn of(size: (u16, u16), parts: Parts) -> Self {
        let Parts { panels, enlarged, tabs, sentence, filter, about } = parts;
        let (width, height) = size;
        let line = |y: u16| if y < height { Rect::new(0, y, width, 1) } else { Rect::ZERO };
        // What is wrong has its line on the lowest screen, too.
        let (problems, rule) =
            if panels && height >= LEAST.1 { (line(1), line(2)) } else { (Rect::ZERO, line(1)) };
        let apart = filter && width < NARROW && height >= TELLS_MORE;
        let filter = if apart { line(rule.y + 1) } else { Rect::ZERO };
        let top = (rule.y + 1 + filter.height).min(height);
        let bottom = height.saturating_sub(2).max(top);
        let said = if sentence && panels && !enlarged && height >= TELLS { SENTENCE_ROWS } else { 0 };
        let sentence = Rect::new(0, bottom - said, width, said);
        let body = Rect::new(0, top, width, bottom - said - top);
        let (panels, mut list) = match panels {
            false => (PanelArea::None, body),
            true if enlarged => (PanelArea::One(body), Rect::ZERO),
            true => Self::split(size, body),
        };
        let room = list.height.saturating_sub(LIST_LEAST);
        let about = if height >= TELLS_MORE { about.min(room) } else { 0 };
        let about = Rect { height: about, ..list };
        (list.y, list.height) = (list.y + about.height, list.height - about.height);
        let tabs = if tabs && list.height > 0 {
            let line = Rect { height: 1, ..list };
            (list.y, list.height) = (list.y + 1, list.height - 1);
            line
        } else {
            Rect::ZERO
        };
        Self {
            header: line(0),
            problems,
            rule,
            filter,
            panels,
            about,
            tabs,
            list,
            sentence,
            message: line(height.saturating_sub(2)),
            footer: line(height.saturating_sub(1)),
        }
    }

    fn split(size: (u16, u16), body: Rect) -> (PanelArea, Rect) {
        let below = |used: u16| {
            let used = used.min(body.height);
            Rect::new(body.x, body.y + used, body.width, body.height - used)
        };
        if size.0 >= GRID.0 && size.1 >= GRID.1 {
            let each = (body.height / 4).clamp(8, 24);
            let mut areas = [Rect::ZERO; 6];
            for (at, area) in areas.iter_mut().enumerate() {
                let (column, row) = ((at % 3) as u16, (at / 3) as u16);
                let (left, right) = (body.width * column / 3, body.width * (column + 1) / 3);
                *area = Rect::new(body.x + left, body.y + row * each, right - left, each);
            }
            return (PanelArea::Grid(areas), below(2 * each));
        }
        let used = if size.1 >= 20 { 6 } else { 1 };
        let area = Rect { height: used.min(body.height), ..body };
        if used == 6 { (PanelArea::Lines(area), below(6)) } else { (PanelArea::Line(area), below(1)) }
    }

    /// Rows of the list, without its head.
    pub fn list_rows(&self) -> usize {
        usize::from(self.list.height.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_lie_on_the_screen_and_apart(
            width in 0u16..300, height in 0u16..120,
            panels: bool, enlarged: bool, tabs: bool, sentence: bool, filter: bool, about in 0u16..5,
        ) {
            let layout = Layout::of((width, height), Parts { panels, enlarged, tabs, sentence, filter, about });
            let screen = Rect::new(0, 0, width, height);
            let mut parts = vec![
                layout.header, layout.problems, layout.rule, layout.filter, layout.about, layout.tabs, layout.list, layout.sentence,
            ];
            match layout.panels {
                PanelArea::Line(area) | PanelArea::Lines(area) | PanelArea::One(area) => parts.push(area),
                PanelArea::Grid(areas) => parts.extend(areas),
                PanelArea::None => {}
            }
            if height >= 4 {
                parts.extend([layout.message, layout.footer]);
            }
            for (at, part) in parts.iter().enumerate() {
                prop_assert_eq!(part.intersection(screen).area(), part.area());
                for other in &parts[at + 1..] {
                    prop_assert_eq!(part.intersection(*other).area(), 0, "{:?} {:?}", part, other);
                }
            }
        }
    }
}
