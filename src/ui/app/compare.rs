//! With what the figures and charts are compared.

use super::state::UiState;

/// An earlier time that stands beside the one shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// As long as the window earlier.
    Window,
    /// An hour earlier.
    Hour,
    /// A day earlier.
    Day,
    /// A week earlier.
    Week,
}

impl Compare {
    /// The next one of all, after the last none.
    fn next(now: Option<Self>) -> Option<Self> {
        match now {
            None => Some(Self::Window),
            Some(Self::Window) => Some(Self::Hour),
            Some(Self::Hour) => Some(Self::Day),
            Some(Self::Day) => Some(Self::Week),
            Some(Self::Week) => None,
        }
    }

    /// How much earlier, in ms.
    pub fn ms(self, window_ms: i64) -> i64 {
        const HOUR_MS: i64 = 3_600_000;
        match self {
            Self::Window => window_ms,
            Self::Hour => HOUR_MS,
            Self::Day => 24 * HOUR_MS,
            Self::Week => 7 * 24 * HOUR_MS,
        }
    }

    /// When that is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Window => "the window before",
            Self::Hour => "an hour earlier",
            Self::Day => "a day earlier",
            Self::Week => "a week earlier",
        }
    }
}

impl UiState {
    /// Compares with the next earlier time, or not any more.
    pub(super) fn compare_next(&mut self) {
        // What lies as far back as the window is not offered twice.
        let mut next = Compare::next(self.compare);
        while self.compare.is_some() && next.is_some_and(|next| next.ms(0) == self.window_ms) {
            next = Compare::next(next);
        }
        self.compare = next;
        self.notice = Some(match next {
            Some(with) => format!("compared with {}", with.words()),
            None => "not compared any more; before is the window before".to_string(),
        });
    }
}
