//! What is asked about all lines of the window, and when: at once for a key, else as time passes and
//! lines come, but so that answering takes little of the time.

use std::sync::Arc;

use crate::model::Timestamp;
use crate::query::filter::Filter;
use crate::query::survey::{Survey, SurveyOf, SurveyRequest};
use crate::ui::keymap::ViewKind;
use crate::ui::view;

use super::function::FunctionList;
use super::prompt::PromptKind;
use super::state::{Effect, FREEZE_MS, UiState};

/// An answer takes at most this part of the time until the next question.
const PART: u64 = 10;

/// What was asked last. One question is open at a time; another question does not wait for its answer.
#[derive(Clone, Debug)]
pub(super) struct AskedSurvey {
    of: SurveyOf,
    as_of: Timestamp,
    generation: u64,
    /// When, on the steady clock.
    at: u64,
    /// How long the last answer took, in ms.
    took: u64,
    /// Whether there has been an answer, as of any time.
    answered: bool,
    /// Its number, until it is answered.
    open: Option<u64>,
}

impl UiState {
    fn survey_question(&self) -> Option<SurveyOf> {
        match self.view() {
            ViewKind::Patterns => {
                Some(self.patterns.as_ref()?.question(self.window_ms, &self.filter, self.masked))
            }
            ViewKind::Logs => self.question_of_logs(),
            ViewKind::Function => self.question_of_events(),
            _ => None,
        }
    }

    /// What a function logs of its events is told beside what it is set to.
    fn question_of_events(&self) -> Option<SurveyOf> {
        let function = self.function.as_ref().filter(|function| function.list == FunctionList::Settings)?;
        function.detail().filter(|detail| detail.logged)?;
        Some(SurveyOf {
            window_ms: self.window_ms,
            function: Some(function.id),
            filter: Filter::default(),
            shape: None,
            find: String::new(),
            columns: 1,
            patterns: None,
            events: true,
            mask: false,
        })
    }

    /// Of one invocation all lines are on screen, or nearly. What is typed is counted already.
    fn question_of_logs(&self) -> Option<SurveyOf> {
        let logs = self.logs.as_ref().filter(|logs| logs.scope.invocation.is_none())?;
        let typed = |kind: PromptKind| {
            let prompt = self.prompt.as_ref().filter(|prompt| prompt.kind == kind)?;
            Some(prompt.field.text().trim())
        };
        let filter = typed(PromptKind::Filter).and_then(|text| (self.options.parse_filter)(text).ok());
        Some(SurveyOf {
            window_ms: self.window_ms,
            function: logs.scope.function.as_ref().map(|(id, _)| *id),
            filter: filter.unwrap_or_else(|| self.filter.clone()),
            shape: logs.scope.shape.clone(),
            find: typed(PromptKind::Find).unwrap_or(&self.find).to_string(),
            columns: view::minimap_columns(self.size.0),
            patterns: None,
            mask: false,
            events: false,
        })
    }

    /// What the numbers on screen count, if they are of the present question.
    pub fn counted(&self) -> Option<&SurveyOf> {
        self.asked_survey.as_ref().filter(|asked| asked.answered).map(|asked| &asked.of)
    }

    /// When time that passed is to be shown, on the steady clock: rows don't move while a key has just
    /// been pressed; where there are none nothing can move.
    pub(super) fn survey_due_at(&self, every_ms: u64) -> Option<u64> {
        self.survey_question()?;
        let asked = self.asked_survey.as_ref().filter(|asked| asked.open.is_none())?;
        let changed = (asked.as_of, asked.generation) != (self.status.as_of, self.status.generation);
        let holds = match self.view() {
            ViewKind::Patterns => self.patterns.as_ref().is_some_and(|board| !board.rows().is_empty()),
            ViewKind::Function => true,
            _ => false,
        };
        let still = self.last_key.filter(|_| holds).map_or(0, |key| key + FREEZE_MS);
        changed.then(|| (asked.at + every_ms.max(asked.took * PART)).max(still))
    }

    pub(super) fn ask_survey(&mut self, at: u64, every_ms: u64) -> Option<Effect> {
        let of = self.survey_question()?;
        let other = self.asked_survey.as_ref().is_none_or(|asked| asked.of != of);
        let sought = self.urgent && self.asked_survey.as_ref().is_none_or(|a| a.as_of != self.status.as_of);
        if !(other || sought || self.survey_due_at(every_ms).is_some_and(|due| due <= at)) {
            return None;
        }
        self.urgent = false;
        let id = self.asked.next_id();
        let (as_of, generation) = (self.status.as_of, self.status.generation);
        let took = self.asked_survey.as_ref().map_or(0, |asked| asked.took);
        let answered = !other && self.asked_survey.as_ref().is_some_and(|asked| asked.answered);
        let of_asked = of.clone();
        self.asked_survey =
            Some(AskedSurvey { of: of_asked, as_of, generation, at, took, answered, open: Some(id) });
        Some(Effect::AskSurvey { id, request: SurveyRequest { as_of, of } })
    }

    /// Takes an answer; one to a question that is not open any more is dropped.
    pub(super) fn take_survey(&mut self, id: u64, answer: Arc<Survey>, at: u64) {
        let Some(asked) = self.asked_survey.as_mut().filter(|asked| asked.open == Some(id)) else { return };
        (asked.open, asked.answered, asked.took) = (None, true, at.saturating_sub(asked.at));
        if answer.events.is_some() {
            let of = asked.of.function;
            let height = view::list_height_of(self, ViewKind::Function);
            if let Some(function) = self.function.as_mut().filter(|function| of == Some(function.id)) {
                function.take_events(answer, height);
            }
        } else if answer.patterns.is_some() {
            self.take_patterns(answer);
        } else if let Some(logs) = &mut self.logs {
            logs.survey = Some(answer);
        }
    }
}
