//! Rows that a person has tagged, to do something with all of them.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::model::{FunctionId, Origin};
use crate::query::view::Which;
use crate::ui::keymap::ViewKind;

use super::function::FunctionList;
use super::list::Move;
use super::state::{Effect, UiState};
use super::traces::Shape;

/// Rows at most.
const MOST: usize = 1_000;

/// What names a row for as long as there is one like it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Tag {
    /// A function.
    Function(FunctionId),
    /// An invocation.
    Invocation(Which),
    /// A log line.
    Line(Origin),
    /// A trace, by its id as shown.
    Trace(String),
}

impl Tag {
    fn same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    fn rows(&self, count: usize) -> String {
        let what = match self {
            Self::Function(_) => "function",
            Self::Invocation(_) => "invocation",
            Self::Line(_) => "line",
            Self::Trace(_) => "trace",
        };
        format!("{count} {what}{}", if count == 1 { "" } else { "s" })
    }
}

/// The tagged rows, in the order of tagging, each with what would be copied of it: it may scroll out of
/// what is loaded.
#[derive(Clone, Debug, Default)]
pub struct Tags {
    rows: Vec<(Tag, String)>,
    ids: HashSet<Tag>,
}

impl Tags {
    /// Whether this row is tagged.
    pub fn holds(&self, tag: impl FnOnce() -> Tag) -> bool {
        !self.ids.is_empty() && self.ids.contains(&tag())
    }

    /// How many rows of this kind are tagged.
    fn count(&self, kind: &Tag) -> usize {
        self.rows.iter().filter(|(tag, _)| tag.same_kind(kind)).count()
    }

    fn turn(&mut self, tag: Tag, text: String) -> bool {
        if self.ids.remove(&tag) {
            self.rows.retain(|(other, _)| *other != tag);
        } else if self.rows.len() < MOST {
            self.ids.insert(tag.clone());
            self.rows.push((tag, text));
        } else {
            return false;
        }
        true
    }
}

impl UiState {
    /// The row that keys act on, where rows can be tagged.
    fn row_tag(&self) -> Option<Tag> {
        match self.view() {
            ViewKind::Overview => self.overview.selected().map(|row| Tag::Function(row.id)),
            ViewKind::Function => {
                let board = self.function.as_ref()?;
                let row = board.invocation(board.index())?;
                (board.list == FunctionList::Invocations).then_some(Tag::Invocation(row.which()))
            }
            ViewKind::Invocations => self.invocations.selected().map(|one| Tag::Invocation(one.row.which())),
            ViewKind::Logs => Some(Tag::Line(self.logs.as_ref()?.selected()?.origin)),
            ViewKind::Traces if self.traces.shape == Shape::List => {
                Some(Tag::Trace(self.traces.selected()?.shown.clone()))
            }
            _ => None,
        }
    }

    /// Tags the selected row, or takes its tag away, and goes on to the next.
    pub(super) fn tag(&mut self) -> Vec<Effect> {
        let Some((tag, text)) = self.row_tag().zip(self.copied()) else {
            return self.say("there is no row here that can be tagged");
        };
        if !self.tags.turn(tag.clone(), text) {
            return self.say(format!("no more than {MOST} rows can be tagged; U takes all tags away"));
        }
        self.go(Move::Rows(1));
        self.say(format!("{} tagged", tag.rows(self.tags.count(&tag))))
    }

    /// Takes all tags away.
    pub(super) fn untag_all(&mut self) -> Vec<Effect> {
        let count = self.tags.rows.len();
        self.tags = Tags::default();
        match count {
            0 => self.say("nothing is tagged"),
            1 => self.say("1 tag taken away"),
            _ => self.say(format!("{count} tags taken away")),
        }
    }

    /// What would be copied of the tagged rows of this view, a line each; `None` where none is tagged.
    pub(super) fn copied_of_tagged(&self) -> Option<(String, String)> {
        let kind = self.row_tag()?;
        let texts: Vec<Cow<'_, str>> = self
            .tags
            .rows
            .iter()
            .filter(|(tag, _)| tag.same_kind(&kind))
            .map(|(tag, text)| self.tagged_shown(tag, text))
            .collect();
        (!texts.is_empty()).then(|| (format!("{} tagged", kind.rows(texts.len())), texts.join("\n")))
    }

    /// How many rows are tagged in this view, in words.
    pub fn tagged(&self) -> Option<String> {
        let kind = self.row_tag()?;
        let count = self.tags.count(&kind);
        (count > 0).then(|| format!("{count} tagged"))
    }

    /// The names of the tagged functions.
    pub(super) fn tagged_functions(&self) -> Vec<&str> {
        let functions = self.tags.rows.iter().filter(|(tag, _)| matches!(tag, Tag::Function(_)));
        functions.map(|(_, name)| name.as_str()).collect()
    }

    /// Narrows everything to the tagged functions.
    pub(super) fn only_tagged(&mut self) -> Vec<Effect> {
        let names = self.tagged_functions();
        if names.is_empty() {
            return self.say("no function is tagged");
        }
        let text = format!("fn:{}", names.join(","));
        match (self.options.parse_filter)(&text) {
            Ok(filter) => {
                (self.filter_text, self.filter) = (text, filter);
                Vec::new()
            }
            Err(mistake) => self.say(mistake.message),
        }
    }
}
