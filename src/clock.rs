//! The only place that asks what time it is.
//!
//! Everything else is told: a live session by [`Clock::wall`], a replay by its virtual time, a
//! test by [`Clock::manual`].
#![allow(clippy::disallowed_methods)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

/// A source of time: the machine's, or one that a test moves by hand. Clones share their hands.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Wall { began: Instant },
    Manual { ms: Arc<AtomicI64> },
}

impl Clock {
    /// The machine's clock.
    pub fn wall() -> Self {
        Self(Kind::Wall { began: Instant::now() })
    }

    /// A clock that stands at `time` until [`Clock::set`] moves it.
    pub fn manual(time: Timestamp) -> Self {
        Self(Kind::Manual { ms: Arc::new(AtomicI64::new(time.0)) })
    }

    /// What time it is, UTC. May jump when the machine's clock is set.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::Wall { .. } => {
                Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64))
            }
            Kind::Manual { ms } => Timestamp(ms.load(Ordering::SeqCst)),
        }
    }

    /// Milliseconds on a clock that never jumps; only differences mean something.
    pub fn steady_ms(&self) -> u64 {
        match &self.0 {
            Kind::Wall { began } => began.elapsed().as_millis() as u64,
            Kind::Manual { ms } => ms.load(Ordering::SeqCst).max(0) as u64,
        }
    }

    /// Moves a manual clock; a wall clock stays as it is.
    pub fn set(&self, time: Timestamp) {
        if let Kind::Manual { ms } = &self.0 {
            ms.store(time.0, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_hand() {
        let clock = Clock::manual(Timestamp(5));
        let same = clock.clone();
        assert_eq!(clock.now(), Timestamp(5));
        same.set(Timestamp(9));
        assert_eq!(clock.now(), Timestamp(9));
        assert_eq!(clock.steady_ms(), 9);
    }
}
