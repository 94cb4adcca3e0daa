//! A function as of a time, as the diagnosis looks at it: counts without sketches, single
//! invocations, periods of metrics.

use std::sync::Arc;

use crate::model::{
    ErrorId, FunctionId, Micros, NameId, Origin, Outcome, Setting, SettingFact, Timestamp, When, Window,
};
use crate::store::{Fold, FunctionData, Row, Sketch, Snapshot, Standing};

use super::asof::AsOf;
use super::axis::Axis;
use super::points::{self, Period};
use super::scan::{self, Part};
use super::settings;

/// Versions of a function that are told apart.
const VERSIONS: usize = 64;

/// A function as of a time.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    asof: AsOf<'a>,
    /// Its id.
    pub id: FunctionId,
    function: &'a FunctionData,
}

/// What invocations come to, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Invocations that began.
    pub started: f64,
    /// Those of them that have ended.
    pub ended: f64,
    /// Those that failed, timed-out ones included.
    pub errors: f64,
    /// Those that reached the timeout.
    pub timeouts: f64,
}

impl Tally {
    fn row(&mut self, standing: &Standing) {
        self.started += 1.0;
        let Some(end) = standing.end else { return };
        self.ended += 1.0;
        self.errors += f64::from(u8::from(end.outcome.failed()));
        self.timeouts += f64::from(u8::from(end.outcome == Outcome::Timeout));
    }

    fn fold(&mut self, fold: &Fold<Sketch>, share: f64) {
        self.started += share * f64::from(fold.started);
        self.ended += share * f64::from(fold.started.saturating_sub(fold.open));
        self.errors += share * f64::from(fold.errors);
        self.timeouts += share * f64::from(fold.timeouts);
    }
}

/// An invocation as it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// When it began.
    pub start: Timestamp,
    /// The function's version.
    pub version: NameId,
    /// How it ended, if it has.
    pub outcome: Option<Outcome>,
    /// Its duration, if it reported one.
    pub duration: Option<Micros>,
    /// What it failed with.
    pub error: Option<ErrorId>,
    /// The attempt, from 1.
    pub attempt: u8,
    /// Its first record.
    pub origin: Origin,
}

/// The functions that are known as of a time.
pub fn subjects(snapshot: &Snapshot, as_of: Timestamp) -> impl Iterator<Item = Subject<'_>> {
    let asof = AsOf::new(snapshot, as_of);
    asof.functions().map(move |(id, function)| Subject { asof, id, function })
}

/// The newest start or end of an invocation, or minute of a metric, of any function; `MIN` without.
pub fn newest(snapshot: &Snapshot, as_of: Timestamp) -> Timestamp {
    let asof = AsOf::new(snapshot, as_of);
    asof.functions().filter_map(|(_, function)| asof.newest(function)).max().unwrap_or(Timestamp::MIN)
}

/// One of them, known or not.
pub fn subject(snapshot: &Snapshot, id: FunctionId, as_of: Timestamp) -> Option<Subject<'_>> {
    Some(Subject { asof: AsOf::new(snapshot, as_of), id, function: snapshot.function(id)? })
}

impl<'a> Subject<'a> {
    /// The time as of which it is looked at.
    pub fn at(&self) -> Timestamp {
        self.asof.at
    }

    /// Its name.
    pub fn name(&self) -> Arc<str> {
        self.function.name.clone()
    }

    /// The text of an interned name.
    pub fn text(&self, name: NameId) -> &'a str {
        self.asof.snapshot.texts.names.get(name)
    }

    /// The type of an error.
    pub fn error_type(&self, error: ErrorId) -> Option<&'a str> {
        self.asof.snapshot.texts.error_type(error)
    }

    /// Whether logs tell of it.
    pub fn has_logs(&self) -> bool {
        self.asof.has_logs(self.function)
    }

    /// The earliest time of which anything is held, of any function.
    pub fn oldest(&self) -> Timestamp {
        self.asof.snapshot.oldest
    }

    /// How many of the invocations that began in a window had timed out as of any time, at most; `None` where that
    /// takes counting them.
    pub fn most_timeouts(&self, window: Window) -> Option<u32> {
        let level = &self.function.series.levels[scan::MINUTES];
        let from = window.from.floor(level.width_ms);
        // One that was told otherwise later may have timed out as of before.
        let mut amended = self.function.formers.from(((from, 0), Timestamp::MIN));
        if level.from > from || amended.next().is_some_and(|former| former.row.0 < window.to) {
            return None;
        }
        let buckets = level.buckets.from(from).take_while(|bucket| bucket.start < window.to);
        Some(buckets.map(|bucket| bucket.fold.timeouts).sum())
    }

    /// Its timeout, as far as timed-out durations tell it.
    pub fn timeout(&self) -> Option<Micros> {
        self.asof.timeout(self.function)
    }

    /// The limit of its own that it has as of now, and what tells it; `None` where none is known.
    pub fn reserved(&self) -> Option<(u32, &'a str)> {
        let (limit, told) = settings::reserved(self.asof, self.function)?;
        Some((*limit.value()?, told))
    }

    /// Changes of its code in a window: when, and what tells it.
    pub fn code_changes(&self, window: Window) -> impl Iterator<Item = (Timestamp, &'a str)> {
        let code = self.settings().filter(|fact| fact.setting == Setting::Code);
        code.filter_map(move |fact| match fact.when {
            When::Changed(at) if window.holds(at) => Some((at, &*fact.told)),
            _ => None,
        })
    }

    fn settings(&self) -> impl Iterator<Item = &'a SettingFact> {
        self.function.settings.known(self.asof.at).iter()
    }

    /// The versions whose environments are known, each with its first record, in that order.
    pub fn versions(&self) -> Vec<(Timestamp, NameId)> {
        let mut versions: Vec<(Timestamp, NameId)> = Vec::new();
        for environment in self.function.environments.iter().map(|environment| environment.first) {
            let Some(version) = environment.version.filter(|_| environment.known <= self.asof.at) else {
                continue;
            };
            match versions.iter().position(|(_, known)| *known == version) {
                Some(at) => versions[at].0 = versions[at].0.min(environment.first),
                None if versions.len() == VERSIONS => {}
                None => versions.push((environment.first, version)),
            }
        }
        versions.sort_unstable();
        versions
    }

    /// What the invocations that began in a window come to.
    pub fn tally(&self, window: Window) -> Tally {
        let mut tally = Tally::default();
        if window.from >= window.to {
            return tally;
        }
        scan::of_function(self.asof, self.function, &Axis::span(window), &mut |_, part| match part {
            Part::Row(standing) => tally.row(&standing),
            Part::Bucket(bucket, share, _) => tally.fold(&bucket.fold, share),
            Part::Lost => {}
        });
        tally
    }

    /// The invocations that began in a window, in order.
    pub fn invocations(&self, window: Window) -> impl Iterator<Item = Seen> + 'a {
        scan::rows(self.asof, self.function, window).map(|(row, standing)| seen(row, &standing))
    }

    /// The last invocations that began before a time, the newest first.
    pub fn before(&self, time: Timestamp) -> impl Iterator<Item = Seen> + 'a {
        let (asof, function) = (self.asof, self.function);
        let rows = function.rows.back_from((time.min(asof.at.plus(1)), 0));
        rows.filter_map(move |row| Some(seen(row, &asof.standing(function, row)?)))
    }

    /// Refused requests by period, of those that begin in a window.
    pub fn throttles(&self, window: Window) -> Vec<Period<f64>> {
        in_numbers(points::periods(self.asof, &self.function.metrics.throttles, window))
    }

    /// Peaks of concurrency by period.
    pub fn concurrency(&self, window: Window) -> Vec<Period<f64>> {
        in_numbers(points::periods(self.asof, &self.function.metrics.concurrency, window))
    }

    /// Invocations by period, as CloudWatch counts them.
    pub fn metered(&self, window: Window) -> Vec<Period<f64>> {
        in_numbers(points::periods(self.asof, &self.function.metrics.invocations, window))
    }
}

fn in_numbers<V: Into<f64>>(periods: Vec<Period<V>>) -> Vec<Period<f64>> {
    periods.into_iter().map(|p| Period { window: p.window, value: p.value.into() }).collect()
}

fn seen(row: &Row, standing: &Standing) -> Seen {
    let lines = row.lines();
    Seen {
        start: row.start(),
        version: row.version(),
        outcome: standing.end.map(|end| end.outcome),
        duration: standing.end.and_then(|end| end.duration),
        error: standing.end.and_then(|end| end.error),
        attempt: row.attempt(),
        origin: Origin { source: lines.source, offset: lines.from, len: 0 },
    }
}
