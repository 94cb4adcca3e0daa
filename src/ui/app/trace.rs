//! One trace: which of its segments are on screen, what is folded, which one is selected.

use std::collections::HashSet;
use std::sync::Arc;

use crate::query::view::{OneTrace, TraceOf, TraceRow, TracedInvocation};
use crate::ui::view;

use super::list::{ListState, Move};
use super::logs::{LogView, find_all};
use super::state::{Effect, UiState};

/// So many calls of the same name one after the other, with nothing in them and nothing wrong with
/// them, are one line at first.
const RUN: usize = 4;

/// What makes a segment the same one in the next answer: its id, its name where it has none, and its
/// start.
pub type SegmentKey = (Box<str>, i64);

fn key_of(row: &TraceRow) -> SegmentKey {
    let id = if row.id.is_empty() { row.name.as_str().into() } else { row.id.clone() };
    (id, row.start_us)
}

/// A line of the waterfall; rows are those of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A segment.
    Row(usize),
    /// So many segments from this one on, alike.
    Run(usize, usize),
    /// The parent of this segment, which was not seen.
    Missing(usize),
}

impl Shown {
    /// The row, or the first of the rows.
    pub fn row(self) -> usize {
        match self {
            Self::Row(row) | Self::Run(row, _) | Self::Missing(row) => row,
        }
    }
}

/// A trace that is open.
#[derive(Clone, Debug)]
pub struct TraceBoard {
    /// Which.
    pub of: TraceOf,
    /// The trace as last answered.
    pub answer: Option<Arc<OneTrace>>,
    /// What can be seen of it by scrolling.
    pub shown: Vec<Shown>,
    /// The selected line.
    pub list: ListState<(bool, SegmentKey)>,
    /// Whether keys scroll what is told of the selected segment.
    pub reads: bool,
    /// The first line on screen of what is told of it.
    pub told_top: usize,
    /// The lines of the run that the selected segment is in.
    pub lines: Option<LogView>,
    /// Segments whose inside is folded.
    folded: HashSet<SegmentKey>,
    /// First segments of runs that were unfolded.
    unfolded: HashSet<SegmentKey>,
    /// Nothing is folded.
    whole: bool,
}

impl TraceBoard {
    pub(super) fn new(of: TraceOf) -> Self {
        Self {
            of,
            answer: None,
            shown: Vec::new(),
            list: ListState::default(),
            reads: false,
            told_top: 0,
            lines: None,
            folded: HashSet::new(),
            unfolded: HashSet::new(),
            whole: false,
        }
    }

    /// The segments.
    pub fn rows(&self) -> &[TraceRow] {
        let tree = self.answer.as_ref().and_then(|answer| answer.tree.as_ref());
        tree.map_or(&[], |tree| &tree.rows)
    }

    /// The selected line.
    pub fn selected(&self) -> Option<Shown> {
        self.shown.get(self.list.index()).copied()
    }

    /// The row of the selected line.
    pub fn row(&self) -> Option<&TraceRow> {
        self.rows().get(self.selected()?.row())
    }

    /// How many segments are inside a row.
    pub fn inside(&self, row: usize) -> usize {
        let rows = self.rows();
        let depth = rows.get(row).map_or(0, |row| row.depth);
        rows.iter().skip(row + 1).take_while(|inner| inner.depth > depth).count()
    }

    /// Whether a row's inside is folded.
    pub fn is_folded(&self, row: usize) -> bool {
        !self.whole
            && !self.folded.is_empty()
            && self.rows().get(row).is_some_and(|row| self.folded.contains(&key_of(row)))
    }

    /// The invocation that a row is the run of, or is in.
    pub fn invocation(&self, row: usize) -> Option<&TracedInvocation> {
        let answer = self.answer.as_ref()?;
        let row = self.rows().get(row)?;
        let request = row.request_id.as_deref()?;
        answer.invocations.iter().find(|of| Some(of.function) == row.function && of.request_id == request)
    }

    pub(super) fn take(&mut self, answer: OneTrace, height: usize) {
        // What it is called by is found once.
        if let Some(id) = answer.id {
            self.of = TraceOf::Id(id);
        }
        self.answer = Some(Arc::new(answer));
        self.arrange(height);
    }

    /// Makes the lines anew, and keeps the selected one selected.
    pub(super) fn arrange(&mut self, height: usize) {
        self.shown = self.lines();
        let Self { shown, list, answer, .. } = self;
        let tree = answer.as_ref().and_then(|answer| answer.tree.as_ref());
        let Some(tree) = tree else { return };
        list.arrange(shown.len(), height, |at| line_key(shown[at], &tree.rows));
    }

    fn lines(&self) -> Vec<Shown> {
        let rows = self.rows();
        let mut shown = Vec::with_capacity(rows.len().min(1_000));
        let mut at = 0;
        let mut missing: Option<&str> = None;
        while at < rows.len() {
            let row = &rows[at];
            if row.depth == 0 {
                let orphan = row.orphan.as_deref();
                if orphan.is_some() && orphan != missing {
                    shown.push(Shown::Missing(at));
                }
                missing = orphan;
            }
            let alike = if self.whole { 1 } else { alike(rows, at) };
            if alike >= RUN && !self.unfolded.contains(&key_of(row)) {
                shown.push(Shown::Run(at, alike));
                at += alike;
                continue;
            }
            // All of an unfolded run, or else one.
            let all = if alike >= RUN { alike } else { 1 };
            shown.extend((at..at + all).map(Shown::Row));
            at += all;
            if all == 1 && self.is_folded(at - 1) {
                at += self.inside(at - 1);
            }
        }
        shown
    }

    pub(super) fn select(&mut self, line: usize, height: usize) {
        let before = self.selected();
        let Self { shown, list, answer, .. } = self;
        if let Some(tree) = answer.as_ref().and_then(|answer| answer.tree.as_ref()) {
            list.select(line, shown.len(), height, |at| line_key(shown[at], &tree.rows));
        }
        if self.selected() != before {
            self.told_top = 0;
        }
    }

    /// Selects a segment; what hides it is unfolded.
    pub(super) fn reveal(&mut self, row: usize, height: usize) {
        let Some(depth) = self.rows().get(row).map(|row| row.depth) else { return };
        let mut depth = depth;
        let mut open = Vec::new();
        for outer in (0..row).rev() {
            if self.rows()[outer].depth < depth {
                depth = self.rows()[outer].depth;
                open.push(key_of(&self.rows()[outer]));
            }
            if depth == 0 {
                break;
            }
        }
        open.iter().for_each(|key| {
            self.folded.remove(key);
        });
        self.shown = self.lines();
        let run = self.shown.iter().find_map(|shown| match shown {
            Shown::Run(first, count) if (*first..first + count).contains(&row) => Some(*first),
            _ => None,
        });
        if let Some(first) = run {
            self.unfolded.insert(key_of(&self.rows()[first]));
            self.shown = self.lines();
        }
        if let Some(line) = self.shown.iter().position(|shown| *shown == Shown::Row(row)) {
            self.select(line, height);
        }
    }

    /// Folds the selected segment, or goes to the one around it.
    fn fold(&mut self, height: usize) {
        let Some(shown) = self.selected() else { return };
        let row = shown.row();
        if matches!(shown, Shown::Row(_)) && self.inside(row) > 0 && !self.is_folded(row) {
            // From now on it is the person who folds.
            self.whole = false;
            self.folded.insert(key_of(&self.rows()[row]));
            self.arrange(height);
            return;
        }
        let depth = self.rows()[row].depth;
        if let Some(outer) = (0..row).rev().find(|outer| self.rows()[*outer].depth < depth)
            && let Some(line) = self.shown.iter().position(|shown| *shown == Shown::Row(outer))
        {
            self.select(line, height);
        }
    }

    /// Unfolds the selected line; says whether something was folded.
    fn unfold(&mut self, height: usize) -> bool {
        let Some(shown) = self.selected() else { return false };
        let Some(key) = self.rows().get(shown.row()).map(key_of) else { return false };
        let opened = match shown {
            Shown::Run(..) => self.unfolded.insert(key),
            Shown::Row(_) => self.folded.remove(&key),
            Shown::Missing(_) => false,
        };
        self.arrange(height);
        opened
    }
}

fn line_key(shown: Shown, rows: &[TraceRow]) -> (bool, SegmentKey) {
    (matches!(shown, Shown::Missing(_)), rows.get(shown.row()).map(key_of).unwrap_or_default())
}

/// How many rows from here on are alike: calls of one name beside each other, with nothing in them
/// and nothing wrong with them.
fn alike(rows: &[TraceRow], at: usize) -> usize {
    let first = &rows[at];
    let is_like = |(row, it): (usize, &TraceRow)| {
        let leaf = rows.get(row + 1).is_none_or(|next| next.depth <= it.depth);
        let plain = !it.flags.any() && !it.in_progress && it.orphan.is_none();
        leaf && plain && it.depth == first.depth && it.depth > 0 && it.name == first.name
    };
    rows.iter().enumerate().skip(at).take_while(|both| is_like(*both)).count()
}

impl UiState {
    fn trace_height(&self) -> usize {
        view::list_height_of(self, crate::ui::keymap::ViewKind::Trace)
    }

    pub(super) fn go_trace(&mut self, to: Move, height: usize) {
        let reads = self.trace().is_some_and(|trace| trace.reads);
        let told = if reads { view::trace::told_rows(self) } else { (0, 0) };
        let Some(trace) = self.trace_mut() else { return };
        if reads {
            let tops = told.0.saturating_sub(told.1) + 1;
            trace.told_top = to.from(trace.told_top, tops, told.1);
        } else {
            let line = to.from(trace.list.index(), trace.shown.len(), height);
            trace.select(line, height);
        }
    }

    pub(super) fn fold_trace(&mut self, fold: bool) -> Vec<Effect> {
        let height = self.trace_height();
        let Some(trace) = self.trace_mut() else { return Vec::new() };
        if fold {
            trace.fold(height);
        } else {
            trace.unfold(height);
        }
        Vec::new()
    }

    pub(super) fn unfold_all(&mut self) -> Vec<Effect> {
        let height = self.trace_height();
        let Some(trace) = self.trace_mut() else { return Vec::new() };
        trace.whole = !trace.whole;
        if !trace.whole {
            (trace.folded, trace.unfolded) = Default::default();
        }
        let said = if trace.whole { "all segments are shown" } else { "calls that are alike are one line" };
        trace.arrange(height);
        self.say(said)
    }

    /// Unfolds the selected line, else opens the log lines of the run it is in.
    pub(super) fn open_segment(&mut self) -> Vec<Effect> {
        let height = self.trace_height();
        if self.trace_mut().is_some_and(|trace| trace.unfold(height)) {
            return Vec::new();
        }
        self.logs_of_segment()
    }

    pub(super) fn logs_of_segment(&mut self) -> Vec<Effect> {
        let Some(trace) = self.trace() else { return Vec::new() };
        if trace.selected().is_none() {
            return self.say("no segment is selected");
        }
        if let Some(scope) = trace.scope() {
            self.open_logs(scope);
            return Vec::new();
        }
        let printed = trace.row().and_then(|row| row.request_id.clone());
        match printed {
            Some(id) => self.say(format!("no log lines of request {id} were read")),
            None => self.say("this segment is not in the run of a function that was read"),
        }
    }

    /// Opens the trace that the selected segment is linked to.
    pub(super) fn follow_link(&mut self) -> Vec<Effect> {
        let linked = self.trace().and_then(|trace| trace.row()).and_then(|row| linked(&row.detail));
        match linked {
            Some(id) => {
                self.open_trace(TraceOf::Printed(id));
                Vec::new()
            }
            None => self.say("this segment is linked to no other trace"),
        }
    }

    pub(super) fn segment_copied(&self) -> Option<String> {
        let trace = self.trace()?;
        let shown = &trace.answer.as_ref()?.shown;
        let Some(row) = trace.row() else { return Some(shown.clone()) };
        Some(format!("{shown} {} {} {}", row.id, row.name, row.detail).trim_end().to_string())
    }

    pub(super) fn segment_shows(&self, row: usize, text: &str) -> bool {
        let shows = |line: &str| !find_all(line, text).is_empty();
        let row = self.trace().and_then(|trace| trace.rows().get(row));
        row.is_some_and(|row| shows(&row.name) || shows(&row.detail) || shows(&row.kind) || shows(&row.id))
    }
}

/// The first trace that a segment's detail says it is linked to.
fn linked(detail: &str) -> Option<String> {
    let (_, rest) = detail.split_once("linked to ")?;
    rest.split_whitespace().next().map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_from_the_detail() {
        assert_eq!(linked("SendMessage linked to 1-a-b and 2 more").as_deref(), Some("1-a-b"));
        assert_eq!(linked("linked to "), None);
        assert_eq!(linked("GET /"), None);
    }
}
