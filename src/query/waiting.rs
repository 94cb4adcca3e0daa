//! Asynchronous events that wait: what CloudWatch's metrics and the attempts in the logs tell of Lambda's
//! queue of a function, when the oldest event is given up, and how many were.
//!
//! The rules are Amazon's (Lambda developer guide, "How Lambda handles errors and retries with
//! asynchronous invocation"): a function error is tried again twice, after one minute and after two;
//! what was throttled, or met an error of the system, for up to six hours, with no line in any log; an
//! event that is given up goes to the dead-letter queue or the on-failure destination, if there is one.
//! `Throttles` counts attempts, so nothing here is derived from it.

use rustc_hash::FxHashMap;

use crate::model::{Grade, Graded, RequestId, Setting, Timestamp, Why, Window};
use crate::store::{FunctionData, OtherCell};

use super::asof::AsOf;
use super::filter::failed;
use super::settings::of_running;
use super::view::InvocationState;

/// How often a failed event is tried again where nothing else is set.
pub const RETRIES: u32 = 2;
/// How long an event waits at most where nothing else is set, in seconds: six hours.
pub const EVENT_AGE_S: u32 = 21_600;
/// Until the second attempt, and until the third, in ms.
const RETRY_MS: [i64; 2] = [60_000, 120_000];
/// An attempt comes so much later than that where there is room, in ms; ours.
const SLACK_MS: i64 = 5 * 60_000;
/// Invocations of one function that are looked through at most ...
const LOOKED: usize = 20_000;
/// ... and of all that are asked for.
const LOOKED_ALL: usize = 200_000;

/// What is known of a function's asynchronous events. CloudWatch's sums are of the window; they have no
/// source where the metric was not read, or has nothing for this time.
#[derive(Clone, Debug, PartialEq)]
pub struct Asynchronous {
    /// Events that came.
    pub received: Graded<u64>,
    /// Events that were given up.
    pub dropped: Graded<u64>,
    /// Of those, the ones that the dead-letter queue did not take.
    pub dead_letter_errors: Graded<u64>,
    /// The ones that a destination did not take.
    pub destination_errors: Graded<u64>,
    /// The oldest event.
    pub oldest: Option<Oldest>,
    /// Events that wait to be tried again, as logs tell.
    pub retrying: Option<Retrying>,
}

impl Default for Asynchronous {
    fn default() -> Self {
        let none = Graded::NoSource(Why::NoData);
        Self {
            received: none,
            dropped: none,
            dead_letter_errors: none,
            destination_errors: none,
            oldest: None,
            retrying: None,
        }
    }
}

/// The oldest event of those that were tried in the newest minute of `AsyncEventAge`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Oldest {
    /// How long it had waited, in ms.
    pub age_ms: Graded<i64>,
    /// The end of that minute.
    pub at: Timestamp,
    /// When it is given up, if it still waits.
    pub deadline: Graded<Timestamp>,
    /// How long an event may wait, in seconds; estimated where that is AWS's default.
    pub most_s: Graded<u32>,
}

/// Events whose last attempt failed, and whose next one has not been seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retrying {
    /// How many.
    pub events: Graded<u64>,
    /// Those of them whose next attempt is late: they were throttled, or it is in no log that was read.
    pub overdue: u64,
    /// When the oldest is given up, at the latest.
    pub deadline: Graded<Timestamp>,
    /// How long an event may wait, in seconds; estimated where that is AWS's default.
    pub most_s: Graded<u32>,
}

/// What is known of the asynchronous events of a function in a window.
pub fn asynchronous(
    asof: AsOf<'_>,
    id: crate::model::FunctionId,
    function: &FunctionData,
    window: Window,
) -> Asynchronous {
    // Of `AWS/Lambda` only a function's own series are kept, not those of its versions.
    let all = asof.snapshot.others.iter().filter(|series| {
        let metric = &series.metric;
        metric.function == Some(id) && &*metric.namespace == "AWS/Lambda"
    });
    let mut told = Asynchronous::default();
    for series in all {
        let inside = || series.within(window, asof.at);
        let tell = |kept: &mut Graded<u64>| {
            let inside = inside();
            let told = inside.periods.iter().filter_map(|period| finite(period.statistics.sum));
            // The same metric may have come in two ways, with a unit and without: both tell the same.
            if let Some(sum) = told.reduce(|a, b| a + b).map(|sum| sum.max(0.0).round() as u64) {
                let grade = if inside.let_go { Grade::AtLeast(Why::Evicted) } else { Grade::Counted };
                *kept = grade.of(kept.value().map_or(sum, |kept| sum.max(*kept)));
            }
        };
        match &*series.metric.name {
            "AsyncEventsReceived" => tell(&mut told.received),
            "AsyncEventsDropped" => tell(&mut told.dropped),
            "DeadLetterErrors" => tell(&mut told.dead_letter_errors),
            "DestinationDeliveryFailures" => tell(&mut told.destination_errors),
            "AsyncEventAge" => {
                let newest = inside().periods.pop();
                let oldest = newest.and_then(|period| oldest(asof, function, &period));
                if told.oldest.as_ref().map(|kept| kept.at) < oldest.as_ref().map(|new| new.at) {
                    told.oldest = oldest;
                }
            }
            _ => {}
        }
    }
    told.retrying = retrying(asof, std::iter::once(function));
    told
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

/// The oldest event that was tried in a period of `AsyncEventAge`, which is in ms.
fn oldest(asof: AsOf<'_>, function: &FunctionData, period: &OtherCell) -> Option<Oldest> {
    let told = &period.statistics;
    let average = || Some(finite(told.sum)? / finite(told.count).filter(|count| *count > 0.0)?);
    let (age, grade) = match finite(told.max) {
        Some(age) => (age, Grade::Counted),
        // The oldest is at least as old as all are on the average.
        None => (average()?, Grade::AtLeast(Why::NotPrinted)),
    };
    let age_ms = age.clamp(0.0, 1e12) as i64;
    let at = period.start.plus(i64::from(period.period_ms));
    let (most_s, of_setting) = event_age(asof, function);
    let grade_of_time = Grade::Estimated(Why::ByTheMinute).worst(grade);
    Some(Oldest {
        age_ms: grade.of(age_ms),
        at,
        deadline: grade_of_time.of(at.plus(i64::from(most_s) * 1_000 - age_ms)),
        most_s: of_setting.of(most_s),
    })
}

/// How long an event may wait, in seconds: as it is set, else AWS's default.
fn event_age(asof: AsOf<'_>, function: &FunctionData) -> (u32, Grade) {
    let set = of_running(asof, function, |set| if let Setting::EventAge(s) = set { Some(*s) } else { None });
    let value = set.as_ref().and_then(|set| Some((*set.value()?, set.grade())));
    value.unwrap_or((EVENT_AGE_S, Grade::Estimated(Why::AwsDefault)))
}

/// A failed attempt of which no later one was seen.
struct Failed {
    attempt: u8,
    ended: Timestamp,
    first: Timestamp,
}

/// Events of these functions whose last attempt failed and whose next one has not been seen: `None`
/// where no log tells of any. That an event is asynchronous is certain where it was tried twice, for
/// only then its request id comes again; of first attempts it is taken from the function's others, for
/// as long as their second one is to be expected. A caller's own request that failed is none.
pub fn retrying<'a>(asof: AsOf<'a>, functions: impl Iterator<Item = &'a FunctionData>) -> Option<Retrying> {
    let mut all: Option<Retrying> = None;
    let mut left = LOOKED_ALL;
    for function in functions {
        if left == 0 {
            break;
        }
        if let Some(of) = retrying_of(asof, function, &mut left) {
            all = Some(match all {
                None => of,
                Some(kept) => kept.and(of),
            });
        }
    }
    all
}

impl Retrying {
    /// Those of two functions together.
    fn and(self, other: Self) -> Self {
        let grade = self.events.grade().worst(other.events.grade());
        let sum = |a: &Graded<u64>, b: &Graded<u64>| {
            a.value().copied().unwrap_or(0).saturating_add(b.value().copied().unwrap_or(0))
        };
        let first = match (self.deadline.value(), other.deadline.value()) {
            (Some(a), Some(b)) if b < a => other,
            _ => self,
        };
        Self {
            events: grade.of(sum(&self.events, &other.events)),
            overdue: self.overdue.saturating_add(other.overdue),
            ..first
        }
    }
}

fn retrying_of(asof: AsOf<'_>, function: &FunctionData, left: &mut usize) -> Option<Retrying> {
    let of_retries = |set: &Setting| if let Setting::Retries(n) = set { Some(*n) } else { None };
    let retries = of_running(asof, function, of_retries).and_then(|set| set.value().copied());
    let retries = retries.unwrap_or(RETRIES).min(RETRIES);
    let (most_s, of_setting) = event_age(asof, function);
    let from = asof.at.plus(-i64::from(most_s) * 1_000);
    let mut open: Vec<Failed> = Vec::new();
    // Requests of which a later attempt was seen, and where that stands in `open`.
    let mut later: FxHashMap<RequestId, Option<usize>> = FxHashMap::default();
    let mut looked = 0;
    for row in function.rows.back_from((asof.at.plus(1), 0)).take_while(|row| row.start() >= from) {
        if looked == LOOKED || *left == 0 {
            break;
        }
        (looked, *left) = (looked + 1, *left - 1);
        let Some(standing) = asof.standing(function, row) else { continue };
        let id = row.request_id();
        if let Some(of) = later.get(&id) {
            if let Some(of) = of {
                open[*of].first = row.start();
            }
            continue;
        }
        let lost = standing.end.filter(|end| failed(InvocationState::Ended(end.outcome)));
        let waits = lost.filter(|_| {
            u32::from(row.attempt()) <= retries && asof.snapshot.deliveries.of(id, asof.at).is_none()
        });
        let place = waits.map(|end| {
            open.push(Failed { attempt: row.attempt().max(1), ended: end.at, first: row.start() });
            open.len() - 1
        });
        if row.attempt() > 1 {
            later.insert(id, place);
        }
    }
    // Without one that came again nothing tells that its events are asynchronous.
    if later.is_empty() {
        return None;
    }
    let due = |event: &Failed| event.ended.plus(RETRY_MS[usize::from(event.attempt > 1)]);
    let late = |event: &Failed| asof.at > due(event).plus(SLACK_MS);
    let (mut events, mut overdue, mut firsts) = (0, 0, 0);
    let mut oldest: Option<Timestamp> = None;
    for event in open.iter().filter(|event| event.attempt > 1 || !late(event)) {
        events += 1;
        firsts += u64::from(event.attempt == 1);
        overdue += u64::from(late(event));
        oldest = Some(oldest.map_or(event.first, |oldest| oldest.min(event.first)));
    }
    let grade = if firsts > 0 { Grade::Estimated(Why::FromOthers) } else { Grade::Counted };
    let snapshot = asof.snapshot;
    let gone = from < snapshot.rows_from && snapshot.oldest < snapshot.rows_from;
    let grade = if gone { grade.worst(Grade::AtLeast(Why::Evicted)) } else { grade };
    let grade = if looked == LOOKED { grade.worst(Grade::AtLeast(Why::NotLookedAt)) } else { grade };
    Some(Retrying {
        events: grade.of(events),
        overdue,
        deadline: Grade::Estimated(Why::QueuedBefore).of(oldest?.plus(i64::from(most_s) * 1_000)),
        most_s: of_setting.of(most_s),
    })
}

#[cfg(test)]
mod tests;
