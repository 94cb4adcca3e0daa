//! The state of the view of one function: its lists.

use std::sync::Arc;

use crate::model::{EnvironmentId, FunctionId, Timestamp};
use crate::query::ErrorKey;
use crate::query::survey::Survey;
use crate::query::view::{FunctionDetail, InvocationRow, MetricKey, MetricRow, Overview, Which};

use super::board::{Board, Focus};
use super::facts::{self, Fact};
use super::list::ListState;

/// The lists of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FunctionList {
    /// Its invocations, newest first.
    #[default]
    Invocations,
    /// Its errors in groups.
    Errors,
    /// Its versions side by side.
    Versions,
    /// Its execution environments.
    Environments,
    /// What it is set to.
    Settings,
    /// What Lambda Insights measures of it, and what it tells itself.
    Metrics,
}

impl FunctionList {
    /// In their order on screen.
    pub const ALL: [Self; 6] =
        [Self::Invocations, Self::Errors, Self::Versions, Self::Environments, Self::Settings, Self::Metrics];
}

/// What the list of invocations is narrowed to.
#[derive(Clone, Debug, PartialEq)]
pub enum Only {
    /// An environment, and its stream.
    Environment(EnvironmentId, String),
    /// A version.
    Version(String),
}

impl Only {
    fn holds(&self, row: &InvocationRow) -> bool {
        match self {
            Self::Environment(id, _) => row.environment == Some(*id),
            Self::Version(version) => row.version == *version,
        }
    }
}

/// One function: panels and its lists.
#[derive(Clone, Debug)]
pub struct FunctionBoard {
    /// Which.
    pub id: FunctionId,
    /// Its name.
    pub name: Arc<str>,
    /// The panels.
    pub board: Board,
    /// The list on screen.
    pub list: FunctionList,
    /// Its invocations, by their number.
    pub invocations: ListState<Which>,
    /// Its errors, by their group.
    pub errors: ListState<ErrorKey>,
    /// Its versions, by their name and the change of code that they are since.
    pub versions: ListState<(String, Option<Timestamp>)>,
    /// Its environments.
    pub environments: ListState<EnvironmentId>,
    /// What it is set to, by line.
    pub settings: ListState<usize>,
    /// Its metrics.
    pub metrics: ListState<MetricKey>,
    /// Whether an enlarged metric's percentiles are wanted, where it has some.
    pub percentiles: bool,
    /// Only invocations of this.
    pub only: Option<Only>,
    /// What it is set to, in words.
    facts: Vec<Fact>,
    /// What it logged of its events.
    events: Option<Arc<Survey>>,
    /// The answer whose lists are on screen; behind the panels' while rows keep their places.
    shown: Option<Arc<Overview>>,
    /// Invocations on screen: indices into the answer's.
    matching: Vec<usize>,
    pub(super) reorder: bool,
}

impl FunctionBoard {
    pub(super) fn new(id: FunctionId, name: Arc<str>) -> Self {
        Self {
            id,
            name,
            board: Board::default(),
            list: FunctionList::default(),
            invocations: ListState::default(),
            errors: ListState::default(),
            versions: ListState::default(),
            environments: ListState::default(),
            settings: ListState::default(),
            metrics: ListState::default(),
            percentiles: false,
            facts: Vec::new(),
            events: None,
            only: None,
            shown: None,
            matching: Vec::new(),
            reorder: false,
        }
    }

    /// What the lists show.
    pub fn detail(&self) -> Option<&FunctionDetail> {
        self.shown.as_ref()?.detail.as_ref()
    }

    /// The answer whose lists are on screen.
    pub(super) fn shown(&self) -> Option<&Overview> {
        self.shown.as_deref()
    }

    /// The invocation on this line.
    pub fn invocation(&self, line: usize) -> Option<&InvocationRow> {
        self.detail()?.invocations.get(*self.matching.get(line)?)
    }

    /// What it is set to, in words.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// The metrics in the list.
    pub fn metric_rows(&self) -> &[MetricRow] {
        self.detail().and_then(|detail| detail.metrics.as_ref()).map_or(&[], |list| &list.rows)
    }

    /// The selected metric.
    pub fn metric(&self) -> Option<&MetricRow> {
        self.metric_rows().get(self.metrics.index())
    }

    /// Whether a metric has the whole screen.
    pub fn metric_enlarged(&self) -> bool {
        self.list == FunctionList::Metrics && self.board.enlarged && self.board.focus == Focus::List
    }

    /// The selected metric on the axis that is on screen: while rows keep their places the list is older.
    pub fn enlarged_metric(&self) -> Option<&MetricRow> {
        let selected = self.metric()?;
        let detail = self.board.answer.as_ref()?.detail.as_ref()?;
        detail.metrics.as_ref()?.rows.iter().find(|row| row.key == selected.key)
    }

    /// Whether the enlarged metric shows its percentiles.
    pub fn shows_percentiles(&self) -> bool {
        self.percentiles && self.enlarged_metric().is_some_and(|row| row.percentiles.is_some())
    }

    /// Rows of the list on screen.
    pub fn len(&self) -> usize {
        match (self.list, self.detail()) {
            (_, None) => 0,
            (FunctionList::Invocations, _) => self.matching.len(),
            (FunctionList::Errors, Some(detail)) => detail.errors.len(),
            (FunctionList::Versions, Some(detail)) => detail.versions.len(),
            (FunctionList::Environments, Some(detail)) => detail.environments.len(),
            (FunctionList::Settings, _) => self.facts.len(),
            (FunctionList::Metrics, _) => self.metric_rows().len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The selected row of the list on screen.
    pub fn index(&self) -> usize {
        match self.list {
            FunctionList::Invocations => self.invocations.index(),
            FunctionList::Errors => self.errors.index(),
            FunctionList::Versions => self.versions.index(),
            FunctionList::Environments => self.environments.index(),
            FunctionList::Settings => self.settings.index(),
            FunctionList::Metrics => self.metrics.index(),
        }
    }

    /// The first row on screen.
    pub fn top(&self) -> usize {
        match self.list {
            FunctionList::Invocations => self.invocations.top(),
            FunctionList::Errors => self.errors.top(),
            FunctionList::Versions => self.versions.top(),
            FunctionList::Environments => self.environments.top(),
            FunctionList::Settings => self.settings.top(),
            FunctionList::Metrics => self.metrics.top(),
        }
    }

    /// Takes an answer; while rows keep their places only the panels change.
    pub(super) fn take(&mut self, answer: Arc<Overview>, keep_places: bool, height: usize) {
        self.board.answer = Some(answer);
        self.reorder = true;
        if !keep_places || self.shown.is_none() {
            self.sort(height);
        }
    }

    /// Shows the lists of the newest answer.
    pub(super) fn sort(&mut self, height: usize) {
        self.reorder = false;
        self.shown.clone_from(&self.board.answer);
        self.word();
        self.narrow(height);
    }

    /// Takes what it logged of its events.
    pub(super) fn take_events(&mut self, answer: Arc<Survey>, height: usize) {
        self.events = Some(answer);
        self.word();
        self.arrange(height);
    }

    /// Puts what it is set to into words.
    fn word(&mut self) {
        let events = self.events.as_ref().and_then(|survey| survey.events.as_ref());
        self.facts = self.detail().map_or_else(Vec::new, |detail| facts::of(&self.name, detail, events));
    }

    /// Shows the invocations of one environment or version, if one is given.
    pub(super) fn narrow_to(&mut self, only: Option<Only>, height: usize) {
        if only.is_some() {
            self.only = only;
            self.list = FunctionList::Invocations;
            self.narrow(height);
        }
    }

    /// Shows only invocations of one environment or version, or all.
    pub(super) fn narrow(&mut self, height: usize) {
        let rows = self.detail().map_or(&[][..], |detail| &detail.invocations);
        self.matching = (0..rows.len())
            .filter(|&at| self.only.as_ref().is_none_or(|only| only.holds(&rows[at])))
            .collect();
        self.arrange(height);
    }

    pub(super) fn arrange(&mut self, height: usize) {
        self.on_list(|list, rows| list.arrange(rows, height));
    }

    pub(super) fn select(&mut self, line: usize, height: usize) {
        self.on_list(|list, rows| list.select(line, rows, height));
    }

    /// Does something with the list on screen, whatever its rows are.
    fn on_list(&mut self, what: impl FnOnce(&mut dyn AnyList, usize)) {
        let rows = self.len();
        let Some(shown) = self.shown.clone() else { return };
        let Some(detail) = shown.detail.as_ref() else { return };
        match self.list {
            FunctionList::Invocations => {
                let matching = &self.matching;
                let id = |line: usize| detail.invocations[matching[line]].which();
                what(&mut Named { list: &mut self.invocations, id }, rows);
            }
            FunctionList::Errors => {
                let id = |line: usize| detail.errors[line].key;
                what(&mut Named { list: &mut self.errors, id }, rows);
            }
            FunctionList::Versions => {
                let id = |line: usize| {
                    let row = &detail.versions[line];
                    (row.version.clone(), row.since)
                };
                what(&mut Named { list: &mut self.versions, id }, rows);
            }
            FunctionList::Settings => {
                what(&mut Named { list: &mut self.settings, id: |line: usize| line }, rows);
            }
            FunctionList::Metrics => {
                let rows_here = detail.metrics.as_ref().map_or(&[][..], |list| &list.rows);
                let id = |line: usize| rows_here[line].key.clone();
                what(&mut Named { list: &mut self.metrics, id }, rows);
            }
            FunctionList::Environments => {
                let id = |line: usize| detail.environments[line].id;
                what(&mut Named { list: &mut self.environments, id }, rows);
            }
        }
    }
}

/// A list with whatever identities.
trait AnyList {
    fn arrange(&mut self, rows: usize, height: usize);
    fn select(&mut self, line: usize, rows: usize, height: usize);
}

struct Named<'a, Id, F> {
    list: &'a mut ListState<Id>,
    id: F,
}

impl<Id: Clone + PartialEq, F: Fn(usize) -> Id> AnyList for Named<'_, Id, F> {
    fn arrange(&mut self, rows: usize, height: usize) {
        self.list.arrange(rows, height, &self.id);
    }

    fn select(&mut self, line: usize, rows: usize, height: usize) {
        self.list.select(line, rows, height, &self.id);
    }
}
