//! Times and durations. Inside the program every time is a UTC integer; zones exist only where a
//! person reads (`design.md`, rule 11).

use std::fmt;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Later than everything: "not known yet".
    pub const NEVER: Self = Self(i64::MAX);
    /// Earlier than everything.
    pub const MIN: Self = Self(i64::MIN);

    /// The start of the bucket of `step_ms` milliseconds that holds this time.
    pub fn floor(self, step_ms: i64) -> Self {
        Self(self.0.div_euclid(step_ms).saturating_mul(step_ms))
    }

    /// This time moved by `ms` milliseconds, never overflowing.
    pub fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this time.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads an RFC 3339-like time: `2026-11-23T08:00:00[.fff…](Z|±hh:mm|±hhmm)`, blank or `T`
    /// between date and time, comma or point before the fraction; without a zone it is UTC.
    /// Anything else, and dates that do not exist, are `None`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let digits = |from: usize, n: usize| -> Option<i64> {
            let mut value = 0i64;
            for &c in text.get(from..from + n)? {
                if !c.is_ascii_digit() {
                    return None;
                }
                value = value * 10 + i64::from(c - b'0');
            }
            Some(value)
        };
        let is = |at: usize, any: &[u8]| text.get(at).is_some_and(|c| any.contains(c));
        if !(is(4, b"-/") && is(7, b"-/") && is(10, b"T ") && is(13, b":") && is(16, b":")) {
            return None;
        }
        let (year, month, day) = (digits(0, 4)?, digits(5, 2)?, digits(8, 2)?);
        let (hour, minute, second) = (digits(11, 2)?, digits(14, 2)?, digits(17, 2)?);
        if hour > 23 || minute > 59 || second > 60 || day < 1 || day > days_in_month(year, month)? {
            return None;
        }
        let mut at = 19;
        let mut millis = 0;
        if is(at, b".,") {
            at += 1;
            let first = at;
            let mut scale = 100;
            while text.get(at).is_some_and(u8::is_ascii_digit) {
                millis += i64::from(text[at] - b'0') * scale;
                scale /= 10;
                at += 1;
            }
            if at == first {
                return None;
            }
        }
        let offset_minutes = match text.get(at) {
            None => 0,
            Some(b'Z') if text.len() == at + 1 => 0,
            Some(sign @ (b'+' | b'-')) => {
                let (hours, minutes, end) = if is(at + 3, b":") {
                    (digits(at + 1, 2)?, digits(at + 4, 2)?, at + 6)
                } else {
                    (digits(at + 1, 2)?, digits(at + 3, 2)?, at + 5)
                };
                if text.len() != end || hours > 23 || minutes > 59 {
                    return None;
                }
                (hours * 60 + minutes) * if *sign == b'+' { 1 } else { -1 }
            }
            Some(_) => return None,
        };
        let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
        Some(Self((seconds - offset_minutes * 60) * 1_000 + millis))
    }
}

impl fmt::Display for Timestamp {
    /// ISO 8601 with milliseconds, UTC: `2026-11-23T08:00:00.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match chrono::DateTime::from_timestamp_millis(self.0) {
            Some(time) => write!(f, "{}", time.format("%Y-%m-%dT%H:%M:%S%.3fZ")),
            None => write!(f, "{} ms", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn days_in_month(year: i64, month: i64) -> Option<i64> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    })
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar; years are counted from
/// March, so that the leap day is a year's last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// A duration in microseconds. REPORT lines print hundredths of a millisecond, JSON records
/// thousandths; both are exact in it. 32 bits hold 71 minutes, an invocation at most 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Micros(pub u32);

impl Micros {
    /// Whole milliseconds as a duration; more than 71 minutes saturate.
    pub fn from_ms(ms: u64) -> Self {
        Self(u32::try_from(ms.saturating_mul(1_000)).unwrap_or(u32::MAX))
    }

    /// The duration in milliseconds.
    pub fn ms(self) -> f64 {
        f64::from(self.0) / 1_000.0
    }

    /// The duration in whole milliseconds, rounded up.
    pub fn ceil_ms(self) -> i64 {
        i64::from(self.0.div_ceil(1_000))
    }
}

/// A span of time, `from` included, `to` not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// First instant inside.
    pub from: Timestamp,
    /// First instant after.
    pub to: Timestamp,
}

impl Window {
    /// The window of `ms` milliseconds that ends at `to`.
    pub fn before(to: Timestamp, ms: i64) -> Self {
        Self { from: to.plus(-ms), to }
    }

    /// The same so many milliseconds earlier.
    pub fn earlier(self, ms: i64) -> Self {
        Self { from: self.from.plus(-ms), to: self.to.plus(-ms) }
    }

    /// Its length in milliseconds.
    pub fn ms(self) -> i64 {
        self.to.since(self.from)
    }

    /// Whether the time lies in it.
    pub fn holds(self, time: Timestamp) -> bool {
        self.from <= time && time < self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_begins_within_time() {
        assert_eq!(Timestamp(1_999).floor(1_000), Timestamp(1_000));
        assert_eq!(Timestamp(-1).floor(1_000), Timestamp(-1_000));
        assert_eq!(Timestamp(i64::MIN + 1).floor(60_000), Timestamp::MIN);
    }

    #[test]
    fn reads_the_times_that_aws_and_runtimes_print() {
        let want = Some(Timestamp(1_795_420_800_123));
        for text in [
            "2026-11-23T08:00:00.123Z",
            "2026-11-23T08:00:00.123456+00:00",
            "2026-11-23 08:00:00,123+0000",
            "2026-11-23T09:00:00.123+01:00",
            "2026-11-23T08:00:00.123",
            "2026/11/23 08:00:00.123",
        ] {
            assert_eq!(Timestamp::parse(text.as_bytes()), want, "{text}");
        }
        assert_eq!(Timestamp::parse(b"2024-02-29T00:00:00Z"), Some(Timestamp(1_709_164_800_000)));
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "2026-11-23",
            "2026-13-23T08:00:00Z",
            "2026-02-29T08:00:00Z",
            "2026-11-23T08:00:00:123Z",
            "XXXX-XX-XXTXX:XX:XX.XXXZ",
            "2026-11-23T25:00:00Z",
            "2026-11-23T08:00:00.Z",
            "2026-11-23T08:00:00Zz",
        ] {
            assert_eq!(Timestamp::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn agrees_with_chrono_on_every_day_of_four_centuries() {
        let first = chrono::NaiveDate::from_ymd_opt(1900, 1, 1).unwrap();
        for day in first.iter_days().take(146_097) {
            let text = format!("{}T00:00:00Z", day.format("%Y-%m-%d"));
            let want = day.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp_millis();
            assert_eq!(Timestamp::parse(text.as_bytes()), Some(Timestamp(want)), "{text}");
        }
    }

    #[test]
    fn prints_iso_with_milliseconds() {
        assert_eq!(Timestamp(1_795_420_800_007).to_string(), "2026-11-23T08:00:00.007Z");
        assert_eq!(Timestamp(i64::MAX).to_string(), "9223372036854775807 ms");
    }
}
