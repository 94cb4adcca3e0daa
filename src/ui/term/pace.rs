//! When to draw: a key at once, data not more often than a person can use, nothing otherwise.
//!
//! Bytes count, too. An SSH connection takes megabytes before it makes a program wait, and all of
//! them stand between a key and what it shows: a key that is held down must not fill them where the
//! line takes 2 Mbit/s or more, nor must a log that rushes by on any line.

/// The shortest time between two frames, ms: keys that come faster share one.
const KEY_MS: u64 = 16;
/// Bytes that keys may bring about at once, and then so many a ms: 2 Mbit/s.
const KEY_ROOM: u64 = 32 << 10;
const KEY_BYTES: u64 = 256;
/// The longest time between two frames after keys, ms: however large they are, one sees them go.
const KEY_LONGEST_MS: u64 = 250;
/// So many bytes a ms data may bring about, 128 Kbit/s, but a frame as seldom as this at worst, ms.
const DATA_BYTES: u64 = 16;
const DATA_LONGEST_MS: u64 = 1_000;

/// Decides when the next frame is due. Times are those of [`crate::clock::Clock::steady_ms`].
#[derive(Debug)]
pub(super) struct Pace {
    data_ms: u64,
    last: Option<u64>,
    /// Bytes of the last frame.
    bytes: u64,
    /// Bytes of it and those before that a line may not have taken yet.
    under_way: u64,
    key: bool,
    answer: bool,
    data: bool,
}

impl Pace {
    /// Data frames come at least `data_ms` apart. The first frame is due at once.
    pub(super) fn new(data_ms: u64) -> Self {
        Self {
            data_ms: data_ms.max(KEY_MS),
            last: None,
            bytes: 0,
            under_way: 0,
            key: true,
            answer: false,
            data: false,
        }
    }

    /// Someone waits for the next frame: a key was pressed, or its answer has come.
    pub(super) fn key(&mut self) {
        self.key = true;
    }

    /// Something on the screen has changed that nobody has asked for this moment.
    pub(super) fn data(&mut self) {
        self.data = true;
    }

    /// What was asked for has come, and nobody waits for it: a new line of a log that is followed.
    pub(super) fn answer(&mut self) {
        self.answer = true;
    }

    /// When the next frame is due; `None` while the screen shows everything.
    pub(super) fn due(&self) -> Option<u64> {
        let apart = if self.key {
            KEY_MS.max(KEY_LONGEST_MS.min(self.under_way.saturating_sub(KEY_ROOM) / KEY_BYTES))
        } else if self.answer {
            KEY_MS.max(self.taken_ms())
        } else if self.data {
            self.data_ms.max(self.taken_ms())
        } else {
            return None;
        };
        Some(self.last.map_or(0, |last| last.saturating_add(apart)))
    }

    /// How long the last frame takes a line, ms.
    fn taken_ms(&self) -> u64 {
        DATA_LONGEST_MS.min(self.bytes / DATA_BYTES)
    }

    /// A frame with everything in it was drawn, of so many bytes.
    pub(super) fn drawn(&mut self, now_ms: u64, bytes: usize) {
        let taken = self.last.map_or(0, |last| now_ms.saturating_sub(last).saturating_mul(KEY_BYTES));
        let bytes = bytes as u64;
        let under_way = self.under_way.saturating_sub(taken) + bytes;
        *self =
            Self { last: Some(now_ms), bytes, under_way, key: false, answer: false, data: false, ..*self };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_frame_is_due_at_once_and_then_none() {
        let mut pace = Pace::new(100);
        assert_eq!(pace.due(), Some(0));
        pace.drawn(1_000, 300);
        assert_eq!(pace.due(), None);
    }

    #[test]
    fn a_key_overtakes_data() {
        let mut pace = Pace::new(100);
        pace.drawn(1_000, 300);
        pace.data();
        assert_eq!(pace.due(), Some(1_100));
        pace.key();
        assert_eq!(pace.due(), Some(1_016));
        pace.drawn(1_016, 300);
        assert_eq!(pace.due(), None, "one frame shows both");
    }

    #[test]
    fn data_comes_more_seldom_the_larger_it_is() {
        for (bytes, apart) in [(0, 100), (1_000, 100), (6_400, 400), (1 << 20, 1_000)] {
            let mut pace = Pace::new(100);
            pace.drawn(1_000, bytes);
            pace.data();
            assert_eq!(pace.due(), Some(1_000 + apart), "after {bytes}");
            pace.key();
            assert!(bytes > 10_000 || pace.due() == Some(1_016), "a key does not wait for data");
        }
    }

    #[test]
    fn an_answer_follows_a_small_frame_at_once_and_a_large_one_later() {
        for (bytes, apart) in [(200, 16), (3_200, 200), (1 << 20, 1_000)] {
            let mut pace = Pace::new(100);
            pace.drawn(1_000, bytes);
            pace.data();
            pace.answer();
            assert_eq!(pace.due(), Some(1_000 + apart), "after {bytes}");
            pace.drawn(3_000, 200);
            assert_eq!(pace.due(), None);
        }
    }

    #[test]
    fn a_key_that_is_held_down_fills_no_line() {
        let mut pace = Pace::new(100);
        let (mut now, mut sent) = (0, Vec::new());
        while now < 10_000 {
            pace.drawn(now, 16 << 10);
            sent.push(now);
            pace.key();
            now = pace.due().unwrap();
        }
        assert_eq!(sent[..3], [0, 16, 32], "the first ones at once");
        assert!(sent.windows(2).skip(4).all(|pair| (32..=64).contains(&(pair[1] - pair[0]))), "{sent:?}");
        let bytes = (16 << 10) * sent.len() as u64;
        assert!(bytes <= KEY_ROOM + (32 << 10) + 10_000 * KEY_BYTES, "{bytes}");
        assert!(bytes > 9_000 * KEY_BYTES, "{bytes}");
        pace.drawn(20_000, 4_096);
        pace.key();
        assert_eq!(pace.due(), Some(20_016), "after a rest at once again");
        (0..40).for_each(|_| pace.drawn(20_000, 1 << 20));
        pace.key();
        assert_eq!(pace.due(), Some(20_250), "one sees them go");
    }
}
