//! The clock of a session: what `as_of` is. Pure; it is told what time it is.

use crate::model::{Timestamp, Window};
use crate::ui::status::Speed;

/// If the newest record is older than this when following begins, the session is looked at as of
/// that record, in ms (`design.md`, idea 1).
const STALE_MS: i64 = 10 * 60_000;
/// A live `as_of` may run at most so far ahead of the wall, in ms.
const AHEAD_MS: i64 = 15 * 60_000;

/// What reading has brought to light so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Time of the first record; `None` before any was read.
    pub oldest: Option<Timestamp>,
    /// Time of the last record.
    pub newest: Option<Timestamp>,
    /// When the last of it was known: after its time, where a capture says when its records came.
    pub last: Option<Timestamp>,
    /// While loading: everything up to here has been read.
    pub frontier: Option<Timestamp>,
    /// Whether anything came since the sources were opened.
    pub live: bool,
}

/// The clock of a session.
#[derive(Clone, Debug)]
pub enum Playback {
    /// Following what arrives.
    Live(Live),
    /// A capture.
    Replay(Replay),
}

/// The clock of a live session.
#[derive(Clone, Copy, Debug, Default)]
pub struct Live {
    /// Stands still at this time.
    held: Option<Timestamp>,
    /// Something came, or something recent was there: from then on time goes on by itself, also in
    /// silence.
    fresh: bool,
}

/// The virtual clock of a replay.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Where it begins, as it was asked for.
    begin: Begin,
    speed: Speed,
    paused: bool,
    /// Where it is; `None` until anything was read.
    at: Option<Timestamp>,
    /// Milliseconds of event time that are not whole yet, and when it last moved.
    rest: f64,
    moved: Option<u64>,
    /// It waits until everything up to its place has been read.
    waiting: bool,
    /// The span that is played again and again.
    lap: Option<Window>,
}

/// Where a replay begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// At capture start + min(window, a third of the capture).
    Usual {
        /// The window in ms.
        window_ms: i64,
    },
    /// At a time.
    At(Timestamp),
    /// So many ms after the capture's start.
    After(i64),
}

impl Playback {
    /// Following.
    pub fn live() -> Self {
        Self::Live(Live::default())
    }

    /// Replaying.
    pub fn replay(begin: Begin, speed: Speed, paused: bool) -> Self {
        Self::Replay(Replay {
            begin,
            speed,
            paused,
            at: None,
            rest: 0.0,
            moved: None,
            waiting: true,
            lap: None,
        })
    }

    /// The time as of which everything is asked. `now` is the wall, `steady_ms` a clock that never
    /// jumps.
    pub fn as_of(&mut self, known: Known, now: Timestamp, steady_ms: u64) -> Timestamp {
        match self {
            Self::Live(live) => {
                let newest = live.newest(known, now);
                live.held.unwrap_or(newest)
            }
            Self::Replay(replay) => replay.as_of(known, steady_ms),
        }
    }

    /// The latest time that one can go to.
    pub fn latest(&mut self, known: Known, now: Timestamp) -> Timestamp {
        match self {
            Self::Live(live) => live.newest(known, now),
            Self::Replay(_) => known.last.map_or(Timestamp(0), |last| last.plus(1)),
        }
    }

    /// Stands still, or runs again. Live, running again means the newest.
    pub fn pause(&mut self, paused: bool, as_of: Timestamp) {
        match self {
            Self::Live(live) => live.held = paused.then_some(as_of),
            Self::Replay(replay) => {
                replay.paused = paused;
                replay.moved = None;
            }
        }
    }

    /// Whether it stands still.
    pub fn paused(&self) -> bool {
        match self {
            Self::Live(live) => live.held.is_some(),
            Self::Replay(replay) => replay.paused,
        }
    }

    /// Goes to a time. A live session stands still there; at or after its newest it runs again.
    pub fn seek(&mut self, to: Timestamp, known: Known, now: Timestamp) {
        match self {
            Self::Live(live) => live.held = (to < live.newest(known, now)).then_some(to),
            Self::Replay(replay) => {
                let to = to.max(known.oldest.unwrap_or(to)).min(known.last.unwrap_or(to));
                replay.go(to);
                // Whoever goes elsewhere has seen enough of it.
                replay.lap = replay.lap.filter(|lap| lap.holds(to));
            }
        }
    }

    /// Replays at this speed.
    pub fn set_speed(&mut self, to: Speed) {
        if let Self::Replay(replay) = self {
            replay.speed = to;
            replay.moved = None;
        }
    }

    /// Plays a span again and again, from its beginning on; or what comes after it, too.
    pub fn set_lap(&mut self, lap: Option<Window>) {
        if let Self::Replay(replay) = self {
            replay.lap = lap.filter(|lap| lap.from < lap.to);
            if let Some(lap) = replay.lap {
                replay.go(lap.from);
            }
        }
    }

    /// The span that is played again and again.
    pub fn lap(&self) -> Option<Window> {
        match self {
            Self::Live(_) => None,
            Self::Replay(replay) => replay.lap,
        }
    }

    /// The speed of a replay.
    pub fn speed(&self) -> Option<Speed> {
        match self {
            Self::Live(_) => None,
            Self::Replay(replay) => Some(replay.speed),
        }
    }

    /// Whether a live session stands at its newest record, since nothing recent has come.
    pub fn stale(&self) -> bool {
        matches!(self, Self::Live(Live { held: None, fresh: false }))
    }

    /// Whether time moves by itself, so that somebody has to look again soon.
    pub fn moves(&self, known: Known) -> bool {
        match self {
            Self::Live(live) => live.held.is_none(),
            Self::Replay(replay) => {
                let at_end = replay.lap.is_none()
                    && known.frontier.is_none()
                    && replay.at.is_some()
                    && replay.at >= known.last;
                replay.waiting || !(replay.paused || at_end)
            }
        }
    }
}

impl Live {
    /// max(wall, newest arrived event, at most 15 min ahead), so that a slow jump-host clock hides
    /// nothing; what ended long before following began is looked at as of its end.
    fn newest(&mut self, known: Known, now: Timestamp) -> Timestamp {
        let Some(newest) = known.newest else { return now };
        self.fresh |= known.live || now.since(newest) <= STALE_MS;
        if !self.fresh {
            return newest.plus(1);
        }
        now.max(newest.plus(1).min(now.plus(AHEAD_MS)))
    }
}

impl Replay {
    fn go(&mut self, to: Timestamp) {
        self.at = Some(to);
        self.rest = 0.0;
        self.moved = None;
        self.waiting = false;
    }

    fn as_of(&mut self, known: Known, steady_ms: u64) -> Timestamp {
        let (Some(oldest), Some(last)) = (known.oldest, known.last) else { return Timestamp(0) };
        // The last record counts as known at the end.
        let end = last.plus(1);
        let read = known.frontier.map_or(end, |frontier| frontier.max(oldest));
        if self.waiting {
            let target = match self.begin {
                // Of what is known of its length by now: that grows as it is read.
                Begin::Usual { window_ms } => oldest.plus(window_ms.min(end.since(oldest) / 3)),
                Begin::At(time) => time.max(oldest).min(if known.frontier.is_some() { time } else { end }),
                Begin::After(ms) => oldest.plus(ms),
            };
            let loaded = known.frontier.is_none();
            self.waiting = !(loaded || (read > target && !matches!(self.begin, Begin::Usual { .. })));
            self.at = Some(target.min(read).max(self.at.unwrap_or(Timestamp::MIN)));
            self.moved = None;
            return self.at.unwrap_or(target);
        }
        let mut at = self.at.unwrap_or(oldest);
        if !self.paused {
            let passed = self.moved.map_or(0, |moved| steady_ms.saturating_sub(moved));
            self.moved = Some(steady_ms);
            at = match self.speed {
                Speed::Max => at.max(read),
                Speed::Times(times) => {
                    self.rest += passed as f64 * f64::from(times);
                    let whole = self.rest.floor();
                    self.rest -= whole;
                    at.plus(whole as i64)
                }
            };
            // It waits for what is not read yet, and stops at the end.
            at = at.min(read).min(end).max(self.at.unwrap_or(oldest).min(end));
            if let Some(lap) = self.lap.filter(|lap| at >= lap.to.min(end)) {
                (at, self.rest) = (lap.from, 0.0);
            }
        }
        self.at = Some(at);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn known(oldest: i64, newest: i64, frontier: Option<i64>) -> Known {
        Known {
            oldest: Some(Timestamp(oldest)),
            newest: Some(Timestamp(newest)),
            last: Some(Timestamp(newest)),
            frontier: frontier.map(Timestamp),
            live: false,
        }
    }

    #[test]
    fn a_span_is_played_again_and_again_until_one_goes_elsewhere() {
        let mut clock = Playback::replay(Begin::At(Timestamp(0)), Speed::Times(10), false);
        let (all, now) = (known(0, HOUR, None), Timestamp(100 * HOUR));
        clock.as_of(all, now, 0);
        clock.set_lap(Some(Window { from: Timestamp(60_000), to: Timestamp(90_000) }));
        let mut at = |steady: u64| clock.as_of(all, now, steady).0;
        assert_eq!([at(0), at(1_000), at(2_900)], [60_000, 70_000, 89_000]);
        assert_eq!([at(3_000), at(4_000)], [60_000, 70_000]);
        assert!(clock.moves(all));
        clock.seek(Timestamp(80_000), all, now);
        assert!(clock.lap().is_some(), "inside it goes on");
        clock.seek(Timestamp(500_000), all, now);
        assert_eq!(clock.lap(), None);
        // One that reaches beyond the end turns round there.
        clock.set_lap(Some(Window { from: Timestamp(HOUR - 5_000), to: Timestamp(2 * HOUR) }));
        let mut at = |steady: u64| clock.as_of(all, now, steady).0;
        assert_eq!([at(0), at(400), at(600)], [HOUR - 5_000, HOUR - 1_000, HOUR - 5_000]);
        let mut live = Playback::live();
        live.set_lap(Some(Window { from: Timestamp(0), to: Timestamp(9) }));
        assert_eq!(live.lap(), None);
    }

    #[test]
    fn live_follows_the_wall_or_the_newest_event() {
        let mut clock = Playback::live();
        let now = Timestamp(100 * HOUR);
        let mut at = |newest: i64| clock.as_of(known(0, newest, None), now, 0);
        assert_eq!(at(now.0 - 1_000), now);
        assert_eq!(at(now.0 + 60_000), now.plus(60_001), "a slow clock hides nothing");
        assert_eq!(at(now.0 + HOUR), now.plus(AHEAD_MS), "but a wild one is not followed");
        assert_eq!(at(now.0 - HOUR), now, "time goes on in silence");
        let mut old = Playback::live();
        let mut at = |newest: i64| old.as_of(known(0, newest, None), now, 0);
        assert_eq!(at(now.0 - HOUR), Timestamp(now.0 - HOUR + 1), "an old file as of its end");
        assert_eq!(at(now.0 - 9), now, "until something new comes");
        let mut old = Playback::live();
        let came = Known { live: true, ..known(0, now.0 - HOUR, None) };
        assert_eq!(old.as_of(came, now, 0), now, "what comes late was known when it came");
        clock.pause(true, Timestamp(5));
        assert_eq!(clock.as_of(known(0, 9, None), now, 0), Timestamp(5));
        clock.pause(false, Timestamp(5));
        assert_eq!(clock.as_of(known(0, now.0, None), now, 0), now.plus(1));
    }

    #[test]
    fn a_replay_begins_after_a_window_or_a_third_and_runs_to_the_end() {
        let begin = Begin::Usual { window_ms: 30 * 60_000 };
        let mut clock = Playback::replay(begin, Speed::Times(60), false);
        let capture = known(0, HOUR, None);
        assert_eq!(clock.as_of(capture, Timestamp(0), 0), Timestamp(HOUR / 3));
        assert_eq!(clock.as_of(capture, Timestamp(0), 5), Timestamp(HOUR / 3));
        assert_eq!(clock.as_of(capture, Timestamp(0), 1_005), Timestamp(HOUR / 3 + 60_000));
        assert_eq!(clock.as_of(capture, Timestamp(0), 9_999_999), Timestamp(HOUR + 1));
        assert!(!clock.moves(capture));
    }

    #[test]
    fn a_replay_waits_for_loading() {
        let mut clock = Playback::replay(Begin::At(Timestamp(40_000)), Speed::Max, false);
        let mut at = |frontier: Option<i64>, newest: i64, ms: u64| {
            clock.as_of(known(0, newest, frontier), Timestamp(0), ms)
        };
        assert_eq!(at(Some(10_000), 10_000, 0), Timestamp(10_000));
        assert_eq!(at(Some(50_000), 50_000, 1), Timestamp(40_000));
        assert_eq!(at(Some(60_000), 60_000, 2), Timestamp(60_000));
        assert_eq!(at(None, 90_000, 3), Timestamp(90_001));
    }

    #[test]
    fn seeking_pausing_and_speed() {
        let capture = known(0, HOUR, None);
        let mut clock = Playback::replay(Begin::After(1_000), Speed::Times(1), true);
        let now = Timestamp(0);
        assert_eq!(clock.as_of(capture, now, 0), Timestamp(1_000));
        assert_eq!(clock.as_of(capture, now, 500), Timestamp(1_000), "paused");
        clock.seek(Timestamp(20_000), capture, now);
        assert_eq!(clock.as_of(capture, now, 600), Timestamp(20_000));
        clock.pause(false, Timestamp(20_000));
        assert_eq!(clock.as_of(capture, now, 700), Timestamp(20_000), "time begins to run now");
        assert_eq!(clock.as_of(capture, now, 750), Timestamp(20_050));
        clock.set_speed(Speed::Times(10));
        assert_eq!(clock.as_of(capture, now, 800), Timestamp(20_050));
        assert_eq!(clock.as_of(capture, now, 810), Timestamp(20_150));
        clock.seek(Timestamp(2 * HOUR), capture, now);
        assert_eq!(clock.as_of(capture, now, 820), Timestamp(HOUR));
    }
}
