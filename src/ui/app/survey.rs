//! What is asked about all lines of the window, and when: at once for a key, else as time passes and
//! lines come, but so that answering takes little of the time.

use std::sync::Arc;

use crate::model::Timestamp;
use crate::query::survey::{Survey, SurveyOf, SurveyRequest};
use crate::ui::keymap::ViewKind;

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
    /// Its number, until it is answered.
    open: Option<u64>,
}

impl UiState {
    fn survey_question(&self) -> Option<SurveyOf> {
        match self.view() {
            ViewKind::Patterns => Some(self.patterns.as_ref()?.question(self.window_ms, &self.filter)),
            _ => None,
        }
    }

    /// When time that passed is to be shown, on the steady clock: rows don't move while a key has just
    /// been pressed.
    pub(super) fn survey_due_at(&self, every_ms: u64) -> Option<u64> {
        self.survey_question()?;
        let asked = self.asked_survey.as_ref().filter(|asked| asked.open.is_none())?;
        let changed = (asked.as_of, asked.generation) != (self.status.as_of, self.status.generation);
        let still = match self.view() {
            ViewKind::Patterns => self.last_key.map_or(0, |key| key + FREEZE_MS),
            _ => 0,
        };
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
        self.asked_survey = Some(AskedSurvey { of: of.clone(), as_of, generation, at, took, open: Some(id) });
        Some(Effect::AskSurvey { id, request: SurveyRequest { as_of, of } })
    }

    /// Takes an answer; one to a question that is not open any more is dropped.
    pub(super) fn take_survey(&mut self, id: u64, answer: Arc<Survey>, at: u64) {
        let Some(asked) = self.asked_survey.as_mut().filter(|asked| asked.open == Some(id)) else { return };
        (asked.open, asked.took) = (None, at.saturating_sub(asked.at));
        if answer.patterns.is_some() {
            self.take_patterns(answer);
        }
    }
}
