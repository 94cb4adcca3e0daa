//! The frame of the diagnosis: steps the detectors as time closes, and owns the log.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::model::{Claim, FindingChange, FindingLog, FunctionId, Timestamp, Verdict};
use crate::query::{Snapshot, newest, subjects};

use super::{Detector, Scene};

/// From one tick to the next, in ms.
pub const TICK_MS: i64 = 10_000;
/// How often the state is marked, so that it can be gone back to, in ms.
const MARK_MS: i64 = 60 * TICK_MS;
/// Marks kept: a day.
const MARKS: usize = 150;
/// Questions to detectors in one go, so that whoever steps is not kept for long.
const QUESTIONS: usize = 4_000;
/// Entries of the log from which on no more claims are made.
const CHANGES: usize = 10_000;

/// Open claims with their numbers, by function and detector.
type Open = BTreeMap<(FunctionId, usize), (u32, Claim)>;

/// Steps detectors over a growing store. What is concluded at a tick rests on what was known by
/// it. If something is told later that was known before (a second file is read), the state goes
/// back to a mark before that and steps again, so the log is always the one that a session would
/// have written that heard everything when it was known.
pub struct Watch {
    detectors: &'static [&'static dyn Detector],
    open: Open,
    log: Arc<FindingLog>,
    opened: u32,
    marks: VecDeque<Mark>,
    /// The content that was judged last: what was new in it is not new again.
    generation: Option<u64>,
}

/// The state after everything up to a tick was judged.
#[derive(Clone)]
struct Mark {
    judged: Option<Timestamp>,
    open: Open,
    changes: usize,
    opened: u32,
}

impl Watch {
    /// With these detectors, before anything is known.
    pub fn new(detectors: &'static [&'static dyn Detector]) -> Self {
        let start = Mark { judged: None, open: Open::new(), changes: 0, opened: 0 };
        Self {
            detectors,
            open: Open::new(),
            log: Arc::default(),
            opened: 0,
            marks: VecDeque::from([start]),
            generation: None,
        }
    }

    /// Judges every tick up to `to`, or to the last that became known, and puts the log into the
    /// snapshot. What may still be told must be known after `to`.
    /// `touched` is the earliest time at which something was known that was told since the last
    /// time ([`crate::query::Snapshot`] comes from the store that tells it). Says whether there is
    /// more to do than was done in one go.
    pub fn keep_up(&mut self, snapshot: &mut Snapshot, touched: Timestamp, to: Option<Timestamp>) -> bool {
        let new = self.generation.replace(snapshot.generation) != Some(snapshot.generation);
        if new && self.log.judged.is_some_and(|judged| touched <= judged) {
            self.go_back(touched);
        }
        let end = to.or(snapshot.known.end());
        let mut left = QUESTIONS;
        let behind = loop {
            let from = self.log.judged.map_or(Timestamp::MIN, |judged| judged.plus(1));
            let next = snapshot.known.active_from(from).map(|at| at.plus(TICK_MS - 1).floor(TICK_MS));
            let Some(tick) = next.filter(|tick| end.is_some_and(|end| *tick <= end)) else { break false };
            if left == 0 {
                break true;
            }
            left = left.saturating_sub(self.step(snapshot, tick).max(1));
        };
        snapshot.findings = self.log.clone();
        behind
    }

    /// Asks all detectors about all functions; returns how many questions that were.
    fn step(&mut self, snapshot: &Snapshot, tick: Timestamp) -> usize {
        if tick.floor(MARK_MS) == tick && self.log.judged.is_some() {
            self.mark();
        }
        let scene = Scene { at: tick, alive: newest(snapshot, tick) };
        let mut questions = 0;
        let mut changes = Vec::new();
        for subject in subjects(snapshot, tick) {
            for (at, detector) in self.detectors.iter().enumerate() {
                questions += 1;
                let open = self.open.get(&(subject.id, at)).map(|(_, claim)| claim);
                if let Some(verdict) = detector.step(open, &subject, &scene) {
                    changes.push((subject.id, at, verdict));
                }
            }
        }
        for (function, detector, verdict) in changes {
            self.conclude(tick, (function, detector), verdict);
        }
        Arc::make_mut(&mut self.log).judged = Some(tick);
        questions
    }

    fn conclude(&mut self, known: Timestamp, of: (FunctionId, usize), verdict: Verdict) {
        let full = self.log.changes.len() >= CHANGES;
        let number = match (verdict, self.open.get(&of)) {
            (Verdict::Opened(_) | Verdict::Edited(_), _) if full => {
                Arc::make_mut(&mut self.log).refused += 1;
                return;
            }
            (Verdict::Opened(claim), None) => {
                self.opened += 1;
                self.open.insert(of, (self.opened, claim));
                self.opened
            }
            (Verdict::Edited(claim), Some(&(number, _))) => {
                self.open.insert(of, (number, claim));
                number
            }
            (Verdict::Closed { .. }, Some(&(number, _))) => {
                self.open.remove(&of);
                number
            }
            // Nothing to change, or already made.
            _ => return,
        };
        let change = FindingChange { known, number, function: of.0, verdict };
        Arc::make_mut(&mut self.log).changes.push(change);
    }

    fn mark(&mut self) {
        if self.marks.len() == MARKS {
            self.marks.pop_front();
        }
        self.marks.push_back(Mark {
            judged: self.log.judged,
            open: self.open.clone(),
            changes: self.log.changes.len(),
            opened: self.opened,
        });
    }

    /// Back to before `touched`, or as far as marks reach.
    fn go_back(&mut self, touched: Timestamp) {
        let good = self.marks.iter().rposition(|mark| mark.judged.is_none_or(|judged| judged < touched));
        self.marks.truncate(good.unwrap_or(0) + 1);
        let Some(mark) = self.marks.back() else { return };
        let log = Arc::make_mut(&mut self.log);
        log.changes.truncate(mark.changes);
        log.judged = mark.judged;
        (self.open, self.opened) = (mark.open.clone(), mark.opened);
    }
}
