//! Looking for a line: first among those that are loaded, then beyond.

use std::collections::VecDeque;

use crate::model::{Level, Origin};
use crate::query::view::{LinesAnswer, LogRow};

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

    fn name(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::Error => "line with an error".to_string(),
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

#[derive(Clone, Debug)]
pub(super) struct Search {
    pub(super) want: Want,
    pub(super) forward: bool,
    /// Turn round once at the end.
    pub(super) both: bool,
    pub(super) from: Origin,
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

    /// Looks for the next line that is wanted: first among the loaded ones, then beyond. Returns
    /// what is to be said.
    pub(in crate::ui::app) fn search(
        &mut self,
        want: Want,
        forward: bool,
        here_too: bool,
        height: usize,
        width: u16,
    ) {
        self.stop_search();
        let near: Vec<usize> = if forward {
            (self.cursor + usize::from(!here_too)..self.rows.len()).collect()
        } else {
            (0..self.cursor.min(self.rows.len())).rev().collect()
        };
        if let Some(&found) = near.iter().find(|&&at| want.is(&self.rows[at])) {
            self.let_go();
            self.cursor = found;
            self.show(height, width);
            return;
        }
        let end = if forward { self.rows.back() } else { self.rows.front() };
        if let Some(row) = end {
            let from = row.origin;
            self.search = Some(Search { want, forward, both: here_too, from });
        }
    }

    pub(super) fn searched(&mut self, answer: LinesAnswer, find: &str) -> Option<String> {
        let search = self.search.take()?;
        // The reader finds a text in more places, and the lines that continue an error.
        let wanted = |row: &LogRow| search.want.is(row);
        let mut rows = answer.rows;
        let found = if search.forward { rows.iter().position(wanted) } else { rows.iter().rposition(wanted) };
        if let Some(at) = found {
            self.land(rows.swap_remove(at));
            return None;
        }
        let exhausted = if search.forward { answer.at_end } else { answer.at_start };
        let next = if search.forward { rows.last() } else { rows.first() };
        let next = answer.reached.or(next.map(|row| row.origin));
        if let (Some(from), false) = (next, exhausted) {
            self.search = Some(Search { from, ..search });
            return None;
        }
        if search.both && search.forward {
            // Typed at the end of what there is: what is meant lies before.
            let before =
                (0..self.cursor.min(self.rows.len())).rev().find(|&at| matches(&self.rows[at].text, find));
            if let Some(at) = before {
                self.let_go();
                self.cursor = at;
                return Some("found before this line; nothing after".to_string());
            }
            if let Some(first) = self.rows.front() {
                self.search =
                    Some(Search { forward: false, both: false, from: first.origin, want: search.want });
                return None;
            }
        }
        let way = if search.forward { "after" } else { "before" };
        let note = answer.note.map_or_else(String::new, |note| format!(" ({note})"));
        Some(format!("no {} {way} this line{note}", search.want.name()))
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
