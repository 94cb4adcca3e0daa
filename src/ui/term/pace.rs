//! When to draw: a key at once, data not more often than a person can use, nothing otherwise.

/// The shortest time between two frames, ms: keys that come faster share one.
const KEY_MS: u64 = 16;

/// Decides when the next frame is due. Times are those of [`crate::clock::Clock::steady_ms`].
#[derive(Debug)]
pub(super) struct Pace {
    data_ms: u64,
    last: Option<u64>,
    key: bool,
    data: bool,
}

impl Pace {
    /// Data frames come at least `data_ms` apart. The first frame is due at once.
    pub(super) fn new(data_ms: u64) -> Self {
        Self { data_ms: data_ms.max(KEY_MS), last: None, key: true, data: false }
    }

    /// Someone waits for the next frame: a key was pressed, or its answer has come.
    pub(super) fn key(&mut self) {
        self.key = true;
    }

    /// Something on the screen has changed that nobody has asked for this moment.
    pub(super) fn data(&mut self) {
        self.data = true;
    }

    /// When the next frame is due; `None` while the screen shows everything.
    pub(super) fn due(&self) -> Option<u64> {
        let apart = if self.key {
            KEY_MS
        } else if self.data {
            self.data_ms
        } else {
            return None;
        };
        Some(self.last.map_or(0, |last| last.saturating_add(apart)))
    }

    /// A frame with everything in it was drawn.
    pub(super) fn drawn(&mut self, now_ms: u64) {
        *self = Self { last: Some(now_ms), key: false, data: false, ..*self };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_frame_is_due_at_once_and_then_none() {
        let mut pace = Pace::new(100);
        assert_eq!(pace.due(), Some(0));
        pace.drawn(1_000);
        assert_eq!(pace.due(), None);
    }

    #[test]
    fn a_key_overtakes_data() {
        let mut pace = Pace::new(100);
        pace.drawn(1_000);
        pace.data();
        assert_eq!(pace.due(), Some(1_100));
        pace.key();
        assert_eq!(pace.due(), Some(1_016));
        pace.drawn(1_016);
        assert_eq!(pace.due(), None, "one frame shows both");
    }
}
