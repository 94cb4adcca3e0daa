//! The numbers by which findings are judged, in one place (`operators.md`, part 6). They are
//! lamtop's own, but for those that are said to be Amazon's.

use crate::model::{Timestamp, Window};
use crate::query::{Subject, Tally};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

/// The time that counts as now, in ms.
pub const RECENT_MS: i64 = 5 * MINUTE;
/// The same of functions that are called rarely.
pub const RECENT_RARE_MS: i64 = 15 * MINUTE;
/// Before the onset, at most.
pub const BEFORE_MS: i64 = 60 * MINUTE;
/// Of which there must be at least so much …
pub const BEFORE_LEAST_MS: i64 = 5 * MINUTE;
/// … and so many invocations.
pub const BEFORE_LEAST: f64 = 20.0;

/// Failures of a kind from which on they are more than chance.
pub const SPIKE_LEAST: f64 = 5.0;
/// How many times their share before.
pub const SPIKE_RATIO: f64 = 3.0;
/// Their share of the invocations at least.
pub const SPIKE_SHARE: f64 = 0.01;
/// It is over when they are less than so many times their share before.
pub const OVER_RATIO: f64 = 1.5;
/// How far above what was to be expected, in standard deviations.
pub const SPIKE_SIGMAS: f64 = 4.0;
/// Where nothing is known of the time before: their share at least, and how many.
pub const ALONE_SHARE: f64 = 0.1;
pub const ALONE_LEAST: f64 = 10.0;
/// Of rare invocations: their share at least.
pub const RARE_SHARE: f64 = 0.5;
/// Most invocations are lost from this share on.
pub const MOST_SHARE: f64 = 0.5;

/// The window of the last `ms` before a time.
pub fn last(at: Timestamp, ms: i64) -> Window {
    Window::before(at, ms)
}

/// What came before an onset: up to an hour, if that is at least 5 minutes and 20 invocations.
pub fn before(subject: &Subject<'_>, onset: Timestamp) -> Option<Tally> {
    let from = onset.plus(-BEFORE_MS).max(subject.oldest()).floor(MINUTE);
    let window = Window { from, to: onset.floor(MINUTE) };
    if window.ms() < BEFORE_LEAST_MS {
        return None;
    }
    let tally = subject.tally(window);
    (tally.ended >= BEFORE_LEAST).then_some(tally)
}

/// Whether `bad` of `all` are more than chance where `before` of them were to be expected as a
/// share; `None` where nothing is known of the time before.
pub fn spikes(bad: f64, all: f64, before: Option<f64>) -> bool {
    let Some(before) = before else {
        return bad >= ALONE_LEAST && bad >= ALONE_SHARE * all;
    };
    let expected = before * all;
    bad >= SPIKE_LEAST
        && bad >= SPIKE_SHARE * all
        && bad >= SPIKE_RATIO * expected
        && bad >= expected + SPIKE_SIGMAS * expected.sqrt()
}
