//! The log view's state: a window of lines that is fetched page by page as it is scrolled, the
//! line that is read, following, and searching beyond what is loaded.

mod scope;
mod search;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::{Origin, Timestamp};
use crate::query::filter::{Condition, Filter, Term};
use crate::query::survey::Survey;
pub use crate::query::survey::find_all;
use crate::query::view::{Anchor, LinesAnswer, LinesRequest, LogRow};
use crate::ui::sanitize;
use crate::ui::status::SessionStatus;

pub use scope::{OneInvocation, Scope};
use search::Search;
pub use search::{Searched, Want, is_error};

use super::list::Move;
use super::unfold::Unfolded;

/// More lines are let go at the far end, ...
const MOST: usize = 4_000;
/// ... and lines of more bytes of text.
const MOST_BYTES: usize = 16 << 20;
const PAGE: usize = 400;
/// Followed lines are asked for at most so often, in ms; the first that come after quiet at once.
const FOLLOW_MS: u64 = 100;
/// New lines below what is read.
const BELOW_MS: u64 = 1_000;
/// A question that got no answer for so long was lost.
const LOST_MS: u64 = 5_000;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Purpose {
    Replace,
    Older,
    Newer,
    Search,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    id: u64,
    purpose: Purpose,
    at: u64,
}

/// The log view.
#[derive(Clone, Debug)]
pub struct LogView {
    /// Whose lines.
    pub scope: Scope,
    /// The loaded lines, oldest first.
    pub rows: VecDeque<LogRow>,
    /// The line that is read.
    pub cursor: usize,
    /// The first line on screen.
    pub top: usize,
    /// Columns scrolled to the right.
    pub left: usize,
    /// The lines that are open as trees.
    pub unfolded: Unfolded,
    /// Whether long lines are wrapped.
    pub wrap: bool,
    /// Whether lines are shown as they were written, without columns of ours.
    pub raw: bool,
    /// The fields of JSON lines that come before their messages.
    pub fields: Arc<[String]>,
    /// Whether the newest lines are followed.
    pub follow: bool,
    /// What the reader said of what it could not read.
    pub note: Option<String>,
    /// Whether there has been an answer.
    pub loaded: bool,
    /// All lines of the window, as last answered.
    pub survey: Option<Arc<Survey>>,
    start: Anchor,
    at_start: bool,
    at_end: bool,
    newer: u64,
    let_go: Option<Origin>,
    search: Option<Search>,
    pending: Option<Pending>,
    asked: Option<Asked>,
    filter: Option<Filter>,
    /// Whether the lines are masked; `None` where only those are that were in sight.
    mask: Option<bool>,
}

/// The last question.
#[derive(Clone, Copy, Debug)]
struct Asked {
    as_of: Timestamp,
    generation: u64,
    /// When it was asked, on the steady clock.
    at: u64,
    /// When the last one was asked for which there were new records.
    at_new: u64,
}

impl Asked {
    /// When the next question is due, if anything has changed that may change its answer.
    fn due_at(&self, status: &SessionStatus, every_ms: u64) -> Option<u64> {
        if self.generation != status.generation {
            // Questions that only time made do not hold it up.
            return Some(self.at_new + every_ms);
        }
        (self.as_of != status.as_of).then_some(self.at + every_ms)
    }
}

impl LogView {
    /// The newest lines, followed; of an invocation its first ones.
    pub fn new(scope: Scope) -> Self {
        let one = scope.invocation.is_some();
        Self {
            scope,
            rows: VecDeque::new(),
            cursor: 0,
            top: 0,
            left: 0,
            unfolded: Unfolded::default(),
            wrap: false,
            raw: false,
            fields: Arc::default(),
            follow: !one,
            note: None,
            loaded: false,
            survey: None,
            start: if one { Anchor::At(Timestamp::MIN) } else { Anchor::Tail },
            at_start: false,
            at_end: false,
            newer: 0,
            let_go: None,
            search: None,
            pending: None,
            asked: None,
            filter: None,
            mask: Some(false),
        }
    }

    /// At a line, what is around it in sight.
    pub fn at(scope: Scope, line: Origin) -> Self {
        Self { follow: false, start: Anchor::Line(line), ..Self::new(scope) }
    }

    /// The lines of an invocation that went on: where it has only more of them, those that are
    /// there stay, and what is read with them.
    pub(super) fn widen(&mut self, scope: Scope) {
        let begin = |scope: &Scope| scope.invocation.as_ref().map(|one| (one.lines.0, one.lines.1));
        if begin(&scope) == begin(&self.scope) && self.loaded {
            (self.scope, self.at_end, self.pending) = (scope, false, None);
        } else {
            let fields = self.fields.clone();
            let Self { wrap, raw, left, start, .. } = *self;
            *self = Self { wrap, raw, left, start, fields, ..Self::new(scope) };
        }
    }

    /// New lines below since following was let go.
    pub fn new_below(&self) -> u64 {
        let Some(since) = self.let_go else { return 0 };
        let loaded = self.rows.iter().rev().take_while(|row| row.origin != since).count();
        // If the line is not among the loaded ones, all that are known to be newer lie beyond.
        let loaded = if loaded == self.rows.len() { 0 } else { loaded };
        loaded as u64 + self.newer
    }

    /// Whether the loaded lines are masked.
    pub fn masked(&self) -> bool {
        self.mask == Some(true)
    }

    /// Its lines in sight were masked: no answer to a question before that may come between them, and
    /// all are read again if the view goes on.
    pub(super) fn masked_in_sight(&mut self) {
        (self.mask, self.pending) = (None, None);
    }

    /// When the next question is due, on the steady clock.
    pub(super) fn due_at(&self, status: &SessionStatus) -> Option<u64> {
        if let Some(pending) = self.pending {
            return Some(pending.at + LOST_MS);
        }
        self.asked?.due_at(status, if self.follow { FOLLOW_MS } else { BELOW_MS })
    }

    /// What is to be asked now, if anything. One question is open at a time.
    pub(super) fn ask(
        &mut self,
        id: u64,
        status: &SessionStatus,
        (filter, mask): (&Filter, bool),
        height: usize,
        at: u64,
    ) -> Option<LinesRequest> {
        let back = self.asked.is_some_and(|asked| status.as_of < asked.as_of);
        if self.filter.as_ref() != Some(filter) || self.mask != Some(mask) || back {
            if self.mask != Some(mask) {
                // Their texts are those that were read before.
                (self.mask, self.unfolded) = (Some(mask), Unfolded::default());
            }
            self.restart(filter);
        }
        if self.pending.is_some_and(|pending| at.saturating_sub(pending.at) < LOST_MS) {
            return None;
        }
        let (purpose, anchor, count) = self.due(status, height, at)?;
        self.pending = Some(Pending { id, purpose, at });
        let SessionStatus { as_of, generation, .. } = *status;
        let before = self.asked.filter(|before| before.generation == generation);
        self.asked = Some(Asked { as_of, generation, at, at_new: before.map_or(at, |before| before.at_new) });
        let mut filter = filter.clone();
        let mut request = self.scope.request(Filter::default(), status.as_of);
        if let (Purpose::Search, Some(search)) = (purpose, &self.search) {
            match &search.want {
                Want::Text(text) => {
                    filter.terms.push(Term { not: false, what: Condition::Text(text.clone()) });
                }
                Want::Request(id) => request.request_id = Some(id.clone()),
                Want::Error => filter.terms.push(Term { not: false, what: Condition::Failed }),
            }
        }
        Some(LinesRequest { filter, anchor, count, mask, ..request })
    }

    fn due(&self, status: &SessionStatus, height: usize, at: u64) -> Option<(Purpose, Anchor, usize)> {
        let page = PAGE.max(height * 3);
        if let Some(search) = &self.search {
            return Some((Purpose::Search, search.place, page));
        }
        if !self.loaded {
            return Some((Purpose::Replace, self.start, page));
        }
        let due = |every_ms: u64| {
            let due = self.asked.and_then(|asked| asked.due_at(status, every_ms));
            due.is_some_and(|due| due <= at)
        };
        if self.follow {
            return due(FOLLOW_MS).then_some((Purpose::Replace, Anchor::Tail, page));
        }
        let (Some(first), Some(newest)) = (self.rows.front(), self.rows.back()) else {
            return due(BELOW_MS).then_some((Purpose::Replace, self.start, page));
        };
        if self.top < height && !self.at_start {
            return Some((Purpose::Older, Anchor::Before(first.origin), page));
        }
        let near_end = self.rows.len() - self.top.min(self.rows.len()) < 2 * height.max(1);
        if near_end && !self.at_end {
            return Some((Purpose::Newer, Anchor::After(newest.origin), page));
        }
        // Only to count what is new, unless it is about to be seen.
        let fetch = if self.rows.len() < MOST { page } else { 0 };
        due(BELOW_MS).then_some((Purpose::Newer, Anchor::After(newest.origin), fetch))
    }

    fn restart(&mut self, filter: &Filter) {
        if self.filter.is_some() && self.scope.invocation.is_none() {
            // What was read stays in sight: the same line, or the first one after it that matches.
            self.start = match self.rows.get(self.cursor).and_then(|row| row.time) {
                Some(time) if !self.follow => Anchor::At(time),
                _ => Anchor::Tail,
            };
        }
        self.filter = Some(filter.clone());
        self.loaded = false;
        self.pending = None;
        self.search = None;
    }

    /// Takes an answer; returns what is to be said of a search to the person.
    pub(super) fn take(
        &mut self,
        id: u64,
        answer: LinesAnswer,
        height: usize,
        width: u16,
    ) -> Option<Searched> {
        let pending = self.pending.filter(|pending| pending.id == id)?;
        self.pending = None;
        let said = match pending.purpose {
            Purpose::Replace => {
                self.replace(answer);
                None
            }
            Purpose::Older => {
                let more = answer.rows.len();
                self.at_start = answer.at_start;
                self.note = answer.note;
                for row in answer.rows.into_iter().rev() {
                    self.rows.push_front(row);
                }
                (self.cursor, self.top) = (self.cursor + more, self.top + more);
                self.trim_end(height);
                None
            }
            Purpose::Newer => {
                self.at_end = answer.at_end;
                self.newer = answer.newer;
                self.note = answer.note;
                self.rows.extend(answer.rows);
                self.trim_start(height);
                None
            }
            Purpose::Search => self.searched(answer),
        };
        self.show(height, width);
        said
    }

    fn replace(&mut self, answer: LinesAnswer) {
        if answer.rows.is_empty() && self.scope.invocation.is_some() && matches!(self.start, Anchor::Line(_))
        {
            // The line from which one came may not be among those that are surely its own.
            self.start = Anchor::At(Timestamp::MIN);
            return;
        }
        self.loaded = true;
        self.rows = answer.rows.into();
        self.note = answer.note;
        self.at_end = answer.at_end;
        self.newer = answer.newer;
        self.let_go = None;
        // Where the first lines were asked for by a time, others may lie before them.
        let from_start = self.start == Anchor::At(Timestamp::MIN);
        self.at_start = answer.at_start || (from_start && !self.follow);
        if self.follow {
            self.cursor = self.rows.len().saturating_sub(1);
        } else {
            (self.cursor, self.top) = (0, 0);
            self.unfolded.row = None;
        }
    }

    fn bytes(&self) -> usize {
        self.rows.iter().map(|row| row.text.len()).sum()
    }

    fn trim_start(&mut self, height: usize) {
        let mut bytes = self.bytes();
        while (self.rows.len() > MOST || bytes > MOST_BYTES) && self.top > 2 * height + 1 {
            bytes -= self.rows.pop_front().map_or(0, |row| row.text.len());
            self.at_start = false;
            self.top -= 1;
            self.cursor = self.cursor.saturating_sub(1);
        }
    }

    fn trim_end(&mut self, height: usize) {
        let mut bytes = self.bytes();
        while (self.rows.len() > MOST || bytes > MOST_BYTES)
            && self.rows.len() > self.top.max(self.cursor) + 3 * height + 1
        {
            bytes -= self.rows.pop_back().map_or(0, |row| row.text.len());
            self.at_end = false;
            self.newer += 1;
        }
    }

    /// Moves the line that is read. Any movement up lets go of following.
    pub(super) fn go(&mut self, to: Move, height: usize, width: u16) {
        if to.is_up() {
            self.let_go();
        }
        match to {
            Move::Bottom => self.set_follow(true),
            Move::Top if !self.at_start => {
                // The first line of all may be far from what is loaded.
                self.start = Anchor::At(Timestamp::MIN);
                self.loaded = false;
                self.pending = None;
            }
            _ => {}
        }
        let row_before = self.unfolded.row;
        let one = match to {
            Move::Rows(1) => self.step_in_tree(true),
            Move::Rows(-1) => self.step_in_tree(false),
            _ => {
                self.unfolded.row = None;
                false
            }
        };
        let (before, row) = (self.cursor, row_before);
        if !one {
            self.cursor = to.from(self.cursor, self.rows.len(), height);
            if to == Move::Rows(-1) && self.cursor != before {
                self.enter_from_below();
            }
            if to == Move::Rows(1) && self.cursor == before {
                // The last row of all.
                self.unfolded.row = row;
            }
        }
        self.show(height, width);
    }

    fn let_go(&mut self) {
        if self.follow {
            self.follow = false;
            self.let_go = self.rows.back().map(|row| row.origin);
        }
    }

    pub(super) fn set_follow(&mut self, on: bool) {
        if !on {
            self.let_go();
        } else {
            self.follow = true;
            self.let_go = None;
            self.stop_search();
            let all_here = self.loaded && self.at_end && self.newer == 0;
            if !all_here {
                self.start = Anchor::Tail;
                self.loaded = false;
                self.pending = None;
            }
        }
    }

    /// Shows the lines from this time on.
    pub(super) fn jump(&mut self, time: Timestamp) {
        self.follow = false;
        self.let_go = None;
        self.start = Anchor::At(time);
        self.loaded = false;
        self.pending = None;
        self.search = None;
    }

    /// Rows of the screen that a line takes.
    pub fn lines_of(&self, row: &LogRow, width: usize) -> usize {
        let open = self.unfolded.of(row).map_or(0, |tree| tree.row_count() + usize::from(tree.more));
        if !self.wrap {
            return 1 + open;
        }
        // A line of more rows than any screen has is not measured further.
        let symbols = crate::ui::symbols::Charset::Braille.symbols();
        sanitize::wrap(&crate::ui::view::logs::whole(row, self), width, 200, symbols).0.len() + open
    }

    /// Scrolls as little as shows the line that is read; following shows the last.
    pub(super) fn show(&mut self, height: usize, width: u16) {
        let last = self.rows.len().saturating_sub(1);
        self.cursor = if self.follow { last } else { self.cursor.min(last) };
        self.top = self.top.min(self.cursor);
        let text = crate::ui::view::logs::text_width(self, width);
        let mut used = 0;
        for at in (self.top..=self.cursor).rev() {
            let Some(row) = self.rows.get(at) else { break };
            used += self.lines_of(row, text);
            if used > height.max(1) && at < self.cursor {
                self.top = at + 1;
                break;
            }
        }
        // No empty screen below the last line while lines above could fill it.
        if !self.wrap && self.unfolded.is_empty() {
            self.top = self.top.min(self.rows.len().saturating_sub(height.max(1)));
        }
    }

    /// Is on screen again: what was asked before may have been answered meanwhile.
    pub(super) fn resume(&mut self) {
        self.pending = None;
    }

    /// The line that is read.
    pub fn selected(&self) -> Option<&LogRow> {
        self.rows.get(self.cursor)
    }
}
