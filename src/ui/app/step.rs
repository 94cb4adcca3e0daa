//! Going through time step by step, paused: by columns of the charts, or by records.

use crate::model::Timestamp;
use crate::query::StepRequest;
use crate::query::view::{Anchor, LinesRequest};
use crate::ui::keymap::ViewKind;

use super::list::Move;
use super::state::{Effect, UiState};
use super::update::reach;

/// A step that has no answer yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stepping {
    id: u64,
    forward: bool,
    to: To,
}

/// To what it goes.
#[derive(Clone, Copy, Debug)]
enum To {
    Record,
    /// A change, or the nearest time at which a problem began or was found.
    Mark {
        problem: Option<Timestamp>,
    },
}

impl UiState {
    /// A step later, or earlier: in a list of records the next of them, else a column of the charts.
    pub(super) fn step(&mut self, forward: bool) -> Vec<Effect> {
        match self.view() {
            ViewKind::Logs | ViewKind::Invocations => self.step_record(forward),
            _ => self.step_column(if forward { 1 } else { -1 }),
        }
    }

    /// Asks for the time of the next record. Until it is known further keys change nothing.
    fn step_record(&mut self, forward: bool) -> Vec<Effect> {
        if self.stepping.is_some() {
            return Vec::new();
        }
        let from = self.status.as_of;
        let request = match (self.view(), &self.logs) {
            (ViewKind::Logs, Some(logs)) => {
                let (as_of, anchor) = match forward {
                    true => (Timestamp::NEVER, Anchor::At(from.plus(1))),
                    false => (from.plus(-1), Anchor::Tail),
                };
                let request = logs.scope.request(self.filter.clone(), as_of);
                StepRequest::Lines(LinesRequest { anchor, count: 1, ..request })
            }
            _ => {
                let scope = &self.invocations.scope;
                StepRequest::Invocations {
                    from,
                    forward,
                    filter: self.filter.clone(),
                    function: scope.function.as_ref().map(|(id, _)| *id),
                    environment: scope.environment.as_ref().map(|(id, _)| *id),
                }
            }
        };
        let id = self.asked.next_id();
        self.stepping = Some(Stepping { id, forward, to: To::Record });
        let mut effects = Vec::new();
        if !self.status.paused {
            effects.push(Effect::Pause(true));
        }
        effects.push(Effect::AskStep { id, request });
        effects
    }

    /// Goes to the next mark, or to the one before: when a problem began, when it was found, when code or a
    /// setting was changed.
    pub(super) fn mark(&mut self, forward: bool) -> Vec<Effect> {
        if self.stepping.is_some() {
            return Vec::new();
        }
        let from = self.status.as_of;
        let times = self.status.onsets.iter().flat_map(|onset| [onset.since, onset.found]);
        let problem = match forward {
            true => times.filter(|at| *at > from).min(),
            false => times.filter(|at| *at < from).max(),
        };
        let function = match self.view() {
            ViewKind::Function => self.function.as_ref().map(|function| function.id),
            _ => None,
        };
        let id = self.asked.next_id();
        self.stepping = Some(Stepping { id, forward, to: To::Mark { problem } });
        let request = StepRequest::Marks { from, forward, filter: self.filter.clone(), function };
        vec![Effect::AskStep { id, request }]
    }

    /// Goes where the next record became known, or to the nearest mark.
    pub(super) fn take_step(&mut self, id: u64, time: Option<Timestamp>) -> Vec<Effect> {
        let Some(step) = self.stepping.take_if(|step| step.id == id) else { return Vec::new() };
        let time = match (step.to, step.forward) {
            (To::Mark { problem }, true) => time.into_iter().chain(problem).min(),
            (To::Mark { problem }, false) => time.into_iter().chain(problem).max(),
            (To::Record, _) => time,
        };
        let Some(time) = time else {
            return self.say(match (step.to, step.forward) {
                (To::Record, true) => "there is no record after this",
                (To::Record, false) => "there is no record before this",
                (To::Mark { .. }, true) => {
                    "no problem began or was found after this, and nothing was changed"
                }
                (To::Mark { .. }, false) => {
                    "no problem began or was found before this, and nothing was changed"
                }
            });
        };
        if let To::Mark { .. } = step.to {
            return self.jump(time);
        }
        // The newest line is the one that was stepped to.
        if self.view() == ViewKind::Logs {
            self.go(Move::Bottom);
        }
        self.seek(time, true)
    }

    /// A column of the charts later, or earlier.
    fn step_column(&mut self, by: i64) -> Vec<Effect> {
        let answer = self.board_mut().and_then(|board| board.answer.clone());
        let step = answer.map_or(self.window_ms / 30, |answer| answer.step_ms).max(1);
        let (earliest, latest) = reach(&self.status);
        let time = self.status.as_of.plus(by * step).max(earliest).min(latest);
        if time == self.status.as_of {
            let mut effects = self.say(if by < 0 { "this is the start" } else { "this is the end" });
            if !self.status.paused {
                effects.push(Effect::Pause(true));
            }
            return effects;
        }
        self.seek(time, true)
    }
}
