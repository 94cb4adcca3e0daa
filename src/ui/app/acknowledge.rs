//! Problems that somebody has taken note of: they stand back until they get clearly worse, or come
//! again after they were over.

use crate::model::{Finding, FindingSize, Severity};
use crate::ui::keymap::ViewKind;

use super::problems::{ProblemId, id_of};
use super::state::{Effect, UiState};

/// A problem is clearly worse when its size is so many times what it was.
const CLEARLY: f64 = 2.0;
/// Problems that are remembered; the oldest is forgotten first.
const MOST: usize = 1_000;

/// A problem as it was when somebody took note of it. One that comes again has another id, for it
/// begins anew.
#[derive(Clone, Debug, PartialEq)]
pub struct Acknowledged {
    id: ProblemId,
    severity: Severity,
    size: FindingSize,
}

impl Acknowledged {
    fn of(problem: &Finding) -> Self {
        Self { id: id_of(problem), severity: problem.severity, size: problem.size }
    }

    fn holds(&self, problem: &Finding) -> bool {
        let worse = problem.size.times(self.size).is_some_and(|times| times >= CLEARLY);
        self.id == id_of(problem) && problem.severity <= self.severity && !worse
    }
}

impl UiState {
    /// Whether somebody has taken note of a problem, and it has not got clearly worse since.
    pub fn is_acknowledged(&self, problem: &Finding) -> bool {
        self.acknowledged.iter().any(|one| one.holds(problem))
    }

    /// Takes note of the selected problem, in a view with panels of the worst one of the selected
    /// function; or takes that back.
    pub(super) fn acknowledge(&mut self) -> Vec<Effect> {
        let problem = match self.view() {
            ViewKind::Problems => self.problem(),
            _ => self.subject().and_then(|(id, _)| {
                let of = || self.problems.open().filter(|problem| problem.function == id);
                of().find(|problem| !self.is_acknowledged(problem)).or_else(|| of().next())
            }),
        };
        let Some(problem) = problem else { return self.say("there is no problem here to take note of") };
        let (name, kind) = (problem.name.clone(), problem.kind.word());
        if problem.until.is_some() {
            return self.say(format!("{name} {kind} is over"));
        }
        let (was, now, id) = (self.is_acknowledged(problem), Acknowledged::of(problem), id_of(problem));
        self.acknowledged.retain(|one| one.id != id);
        if was {
            return self.say(format!("{name} {kind} counts again"));
        }
        if self.acknowledged.len() == MOST {
            self.acknowledged.remove(0);
        }
        self.acknowledged.push(now);
        self.say(format!("{name} {kind} acknowledged until twice as bad or back"))
    }
}
