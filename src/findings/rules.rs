//! The numbers by which findings are judged, in one place (`operators.md`, part 6). They are
//! lamtop's own, but for those that are said to be Amazon's.

use crate::model::{Timestamp, Window};
use crate::query::{Rule, Subject, Tally};

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

/// A function is silent after more than this, in ms …
pub const SILENT_MS: i64 = 4 * MINUTE;
/// … and this many of its usual gaps …
pub const SILENT_GAPS: i64 = 3;
/// … while something of any function came within this, in ms.
pub const ALIVE_MS: i64 = 2 * MINUTE;
/// … and longer than so many times the longest of them.
pub const SILENT_LONGEST: f64 = 1.5;
/// A rhythm is taken from the last gaps, so many and over such a time in ms …
pub const RHYTHM_GAPS: usize = 20;
pub const RHYTHM_MS: i64 = 10 * MINUTE;
/// … but not of more starts than this.
pub const RHYTHM_MOST: usize = 1_000;
/// From how many gaps, how near to their median they must be, and what share of them.
pub const RHYTHM: Rule = Rule { least: 8, near: 0.25, share: 0.9 };

/// How long after its end a minute of CloudWatch's may still change, in ms.
pub const SETTLED_MS: i64 = 3 * MINUTE;
/// Running at a limit: at this share of it.
pub const FULL_SHARE: f64 = 0.98;

/// How long a deploy is looked at, in ms.
pub const DEPLOY_MS: i64 = 30 * MINUTE;
/// How long after the change of the code a version may take over, in ms.
pub const DEPLOY_TAKES_MS: i64 = 2 * MINUTE;
/// New code is slower from this many times the median on, and this many ms …
pub const SLOWER_RATIO: f64 = 1.7;
pub const SLOWER_MS: f64 = 10.0;
/// … this many times the longest of 5 minutes before …
pub const SLOWER_SPREAD: f64 = 1.2;
/// … and so many invocations; and no longer from this many times on.
pub const SLOWER_LEAST: f64 = 50.0;
pub const SLOWER_OVER: f64 = 1.3;
/// Failures of which the kind is looked at, at most.
pub const LOOKED_AT: usize = 100;
/// Invocations of which a median is taken at most.
pub const MEDIAN_OF: usize = 1_000;

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
