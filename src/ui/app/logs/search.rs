//! Looking for a line: first among those that are loaded, then beyond.

use std::collections::VecDeque;
use std::ops::Range;

use crate::model::{Level, Origin, Timestamp};
use crate::query::view::{Anchor, LinesAnswer, LogRow};

use super::{LogView, Purpose, find_all};

/// What is looked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Want {
    /// A text.
    Text(String),
    /// A line at level ERROR or above, or one that could not be read.
    Error,
    /// A line of this request.
    Request(String),
}

impl Want {
    fn is(&self, row: &LogRow) -> bool {
        match self {
            Self::Text(text) => matches(&row.text, text),
            Self::Error => is_error(row),
            Self::Request(id) => row.request_id.as_deref() == Some(id),
        }
    }

    /// What it is called.
    pub fn name(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::Error => "error line".to_string(),
            Self::Request(_) => "line of this invocation".to_string(),
        }
    }
}

/// Whether a line is an error's.
pub fn is_error(row: &LogRow) -> bool {
    row.level >= Level::Error || row.bad.is_some()
}

fn matches(line: &str, text: &str) -> bool {
    !find_all(line, text).is_empty()
}

/// How a search went, where that is to be said.
#[derive(Clone, Debug, PartialEq)]
pub enum Searched {
    /// Typed where nothing comes after: the nearest before it.
    Before(Want),
    /// None that way, so round to the first one of all, or to the last; which way was looked.
    Round(Want, bool),
    /// None but the line from which it was looked for.
    NoOther(Want),
    /// None that way, and there it ends.
    NoneThatWay(Want, bool),
    /// None at all, and what could not be read.
    None(Want, Option<String>),
}

/// What comes where nothing is found to the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Then {
    /// The other way: typed at the end of what there is, what is meant lies before, and near.
    Back,
    /// From the other end, once.
    Round,
    /// Nothing.
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Search {
    pub(super) want: Want,
    pub(super) forward: bool,
    pub(super) then: Then,
    /// It has turned, how it was to.
    pub(super) turned: Option<Then>,
    /// The line from which it was looked for, ...
    pub(super) begin: Origin,
    /// ... and its time.
    pub(super) begin_time: Option<Timestamp>,
    /// Where it goes on.
    pub(super) place: Anchor,
}

impl Search {
    /// On from a line.
    fn from(self, line: Origin) -> Self {
        let place = if self.forward { Anchor::After(line) } else { Anchor::Before(line) };
        Self { place, ..self }
    }

    /// Whether these lines lie beyond the one from which it was looked for, where it went round: all
    /// after that was looked through before.
    fn is_round(&self, rows: &[LogRow]) -> bool {
        let (true, Some(begin)) = (self.turned == Some(Then::Round), self.begin_time) else { return false };
        let far = if self.forward { rows.last() } else { rows.first() };
        far.and_then(|row| row.time).is_some_and(|time| match self.forward {
            true => time > begin,
            false => time < begin,
        })
    }
}

impl LogView {
    /// Whether something is looked for beyond the loaded lines.
    pub fn searching(&self) -> bool {
        self.search.is_some()
    }

    /// Stops looking.
    pub fn stop_search(&mut self) {
        if self.search.take().is_some() && self.pending.is_some_and(|p| p.purpose == Purpose::Search) {
            self.pending = None;
        }
    }

    /// Looks for the next line that is wanted: first among the loaded ones, then beyond, and where there
    /// is none to the end once from the other end.
    pub(in crate::ui::app) fn search(
        &mut self,
        want: Want,
        forward: bool,
        here_too: bool,
        height: usize,
        width: u16,
    ) {
        self.stop_search();
        let here = self.cursor.min(self.rows.len());
        let near = if forward { here + usize::from(!here_too)..self.rows.len() } else { 0..here };
        if let Some(found) = self.loaded(&want, near, forward) {
            self.stand_at(found);
            self.show(height, width);
            return;
        }
        let end = if forward { self.rows.back() } else { self.rows.front() };
        let (Some(end), Some(here)) = (end.map(|row| row.origin), self.selected()) else { return };
        let (begin, begin_time) = (here.origin, here.time);
        let then = match want {
            _ if here_too => Then::Back,
            // Those of an invocation lie together: its first one is no next one.
            Want::Request(_) => Then::End,
            Want::Text(_) | Want::Error => Then::Round,
        };
        let search = Search { want, forward, then, turned: None, begin, begin_time, place: Anchor::Tail };
        self.search = Some(search.from(end));
    }

    /// Which of the lines with a text the one that is read is, as far as the loaded lines tell: counted from
    /// the first of all where that is among them, else from the last.
    pub(in crate::ui::app) fn place_found(&self, text: &str) -> Option<String> {
        if self.searching() || !self.selected().is_some_and(|row| matches(&row.text, text)) {
            return None;
        }
        let count =
            |lines: Range<usize>| self.rows.range(lines).filter(|row| matches(&row.text, text)).count();
        let (to_here, below) = (count(0..self.cursor + 1), count(self.cursor + 1..self.rows.len()));
        match (self.at_start, self.at_end && self.newer == 0) {
            (true, true) => Some(format!("{text:?}: {to_here} of {}", to_here + below)),
            (true, false) => Some(format!("{text:?}: {to_here}, maybe more below")),
            (false, true) => Some(format!("{text:?}: {} from the last, maybe more above", below + 1)),
            (false, false) => None,
        }
    }

    /// The first of these loaded lines that is wanted, or the last.
    fn loaded(&self, want: &Want, mut among: Range<usize>, forward: bool) -> Option<usize> {
        let is = |at: &usize| self.rows.get(*at).is_some_and(|row| want.is(row));
        if forward { among.find(is) } else { among.rfind(is) }
    }

    fn stand_at(&mut self, line: usize) {
        self.let_go();
        self.cursor = line;
    }

    pub(super) fn searched(&mut self, answer: LinesAnswer) -> Option<Searched> {
        let search = self.search.take()?;
        // The reader finds a text in more places, and the lines that continue an error.
        let wanted = |row: &LogRow| search.want.is(row);
        let mut rows = answer.rows;
        let found = if search.forward { rows.iter().position(wanted) } else { rows.iter().rposition(wanted) };
        if let Some(at) = found {
            let row = rows.swap_remove(at);
            return match search.turned {
                Some(Then::Round) if row.origin == search.begin => Some(Searched::NoOther(search.want)),
                turned => {
                    self.land(row);
                    told(turned, search.want, search.forward)
                }
            };
        }
        let exhausted = if search.forward { answer.at_end } else { answer.at_start };
        let next = if search.forward { rows.last() } else { rows.first() };
        let next = answer.reached.or(next.map(|row| row.origin));
        if let (Some(from), false) = (next, exhausted || search.is_round(&rows)) {
            self.search = Some(search.from(from));
            return None;
        }
        if search.turned.is_some() {
            return Some(Searched::None(search.want, answer.note));
        }
        match search.then {
            Then::Back => self.turn_back(search, answer.note),
            Then::Round => self.go_round(search, answer.note),
            Then::End => Some(Searched::NoneThatWay(search.want, search.forward)),
        }
    }

    /// The other way, from the line where it began.
    fn turn_back(&mut self, search: Search, note: Option<String>) -> Option<Searched> {
        let forward = !search.forward;
        let near = if forward { self.cursor..self.rows.len() } else { 0..self.cursor };
        if let Some(at) = self.loaded(&search.want, near, forward) {
            self.stand_at(at);
            return told(Some(Then::Back), search.want, forward);
        }
        let end = if forward { self.rows.back() } else { self.rows.front() };
        let Some(end) = end.map(|row| row.origin) else { return Some(Searched::None(search.want, note)) };
        self.search = Some(Search { forward, turned: Some(Then::Back), ..search }.from(end));
        None
    }

    /// From the first line of all, or from the last, to where it began.
    fn go_round(&mut self, search: Search, note: Option<String>) -> Option<Searched> {
        let (forward, begin) = (search.forward, self.rows.iter().position(|row| row.origin == search.begin));
        let all_here = if forward { self.at_start } else { self.at_end && self.newer == 0 };
        if let (Some(begin), true) = (begin, all_here) {
            // All of them are loaded.
            let among = if forward { 0..begin + 1 } else { begin..self.rows.len() };
            return match self.loaded(&search.want, among, forward) {
                Some(at) if at == begin => Some(Searched::NoOther(search.want)),
                Some(at) => {
                    self.stand_at(at);
                    told(Some(Then::Round), search.want, forward)
                }
                None => Some(Searched::None(search.want, note)),
            };
        }
        let place = if forward { Anchor::At(Timestamp::MIN) } else { Anchor::Tail };
        self.search = Some(Search { turned: Some(Then::Round), place, ..search });
        None
    }

    /// Puts a line found elsewhere under the cursor; what is around it is fetched next.
    fn land(&mut self, row: LogRow) {
        self.let_go();
        if let Some(at) = self.rows.iter().position(|loaded| loaded.origin == row.origin) {
            self.cursor = at;
            return;
        }
        self.rows = VecDeque::from([row]);
        (self.cursor, self.top) = (0, 0);
        (self.at_start, self.at_end) = (false, false);
        self.newer = 0;
    }
}

/// What is to be said of a line that was found.
fn told(turned: Option<Then>, want: Want, forward: bool) -> Option<Searched> {
    match turned? {
        Then::Back => Some(Searched::Before(want)),
        Then::Round => Some(Searched::Round(want, forward)),
        Then::End => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Scope;
    use super::*;
    use crate::ui::fixture::log;

    fn answer(rows: Vec<LogRow>) -> LinesAnswer {
        LinesAnswer { rows, at_start: false, at_end: false, newer: 0, note: None, reached: None }
    }

    #[test]
    fn what_was_looked_through_is_not_read_again() {
        for (forward, near, beyond) in [(true, 3..9, 9..12), (false, 11..20, 3..12)] {
            let mut logs = LogView::new(Scope::default());
            logs.rows = [log(10)].into();
            logs.search(Want::Text("nowhere".to_string()), forward, false, 20, 80);
            // All that way, then round.
            let end = LinesAnswer { at_end: true, at_start: true, ..answer(Vec::new()) };
            assert_eq!(logs.searched(end), None);
            let place = logs.search.as_ref().map(|search| search.place);
            assert_eq!(place, Some(if forward { Anchor::At(Timestamp::MIN) } else { Anchor::Tail }));
            // Lines that hold it in no place that counts: on, until they lie beyond the first one.
            assert_eq!(logs.searched(answer(near.map(log).collect())), None);
            assert!(logs.searching());
            let all = logs.searched(answer(beyond.map(log).collect()));
            assert_eq!(all, Some(Searched::None(Want::Text("nowhere".to_string()), None)));
            assert!(!logs.searching());
        }
    }
}
