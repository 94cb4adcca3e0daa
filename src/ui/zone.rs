//! One time zone on screen at a time, for what is shown and for what is typed.

use chrono::{FixedOffset, Local, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};

use super::when::{self, Day, When};
use crate::model::Timestamp;
use crate::query::filter::Mistake;

/// The zone in which times are shown and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Zone {
    /// UTC, marked `Z`.
    #[default]
    Utc,
    /// The machine's, marked with its offset.
    Local,
    /// A fixed number of seconds east of Greenwich.
    Fixed(i32),
}

impl Zone {
    /// The other zone, for the key that toggles.
    pub fn other(self) -> Self {
        if self == Self::Utc { Self::Local } else { Self::Utc }
    }

    fn offset(self, time: Timestamp) -> FixedOffset {
        let utc = Utc.fix();
        match self {
            Self::Utc => utc,
            Self::Fixed(seconds) => FixedOffset::east_opt(seconds).unwrap_or(utc),
            Self::Local => Local.timestamp_millis_opt(time.0).single().map_or(utc, |time| *time.offset()),
        }
    }

    /// Milliseconds that are added to UTC at this time.
    pub fn offset_ms(self, time: Timestamp) -> i64 {
        i64::from(self.offset(time).local_minus_utc()) * 1_000
    }

    fn at(self, time: Timestamp) -> Option<chrono::DateTime<FixedOffset>> {
        self.offset(time).timestamp_millis_opt(time.0).single()
    }

    fn format(self, time: Timestamp, format: &str) -> String {
        self.at(time).map_or_else(|| "?".to_string(), |time| time.format(format).to_string())
    }

    /// `14:05:31`
    pub fn seconds(self, time: Timestamp) -> String {
        self.format(time, "%H:%M:%S")
    }

    /// `14:05:31.123`
    pub fn millis(self, time: Timestamp) -> String {
        self.format(time, "%H:%M:%S%.3f")
    }

    /// `14:05`
    pub fn minutes(self, time: Timestamp) -> String {
        self.format(time, "%H:%M")
    }

    /// `2026-11-23`
    pub fn date(self, time: Timestamp) -> String {
        self.format(time, "%Y-%m-%d")
    }

    /// What follows a time: `Z`, or `+01:00`.
    pub fn mark(self, time: Timestamp) -> String {
        match self {
            Self::Utc => "Z".to_string(),
            _ => self.offset(time).to_string(),
        }
    }

    /// Reads what a person types at the time prompt ([`When`]), at the time `now`, to a time in
    /// `earliest..=latest`. Without a zone the zone on screen is meant. A time of day alone is the one
    /// nearest to `now` that lies in the range; today is the day of the newest data. The error says
    /// where it is and what is wrong.
    pub fn read(
        self,
        text: &str,
        now: Timestamp,
        earliest: Timestamp,
        latest: Timestamp,
    ) -> Result<Timestamp, Mistake> {
        let never = || Mistake::new(0, format!("{text:?} is no time of this calendar"));
        let found = match when::read(text)? {
            When::Now => return Ok(latest),
            When::Start => return Ok(earliest),
            When::After(ms) => now.plus(ms),
            When::At(time) => time,
            When::On { date, time, offset } => {
                let zone = offset.map_or(self, Self::Fixed);
                let found = match (date, time) {
                    (None, Some(time)) => zone.nearest(time, now, earliest, latest),
                    (date, time) => zone.at(latest).and_then(|latest| {
                        let day = date.unwrap_or(Day::Ago(0)).on(latest.date_naive())?;
                        zone.instant(day.and_time(time.unwrap_or_default()))
                    }),
                };
                found.ok_or_else(never)?
            }
        };
        if found < earliest || found > latest {
            let show = |time| format!("{} {}{}", self.date(time), self.seconds(time), self.mark(time));
            let message = format!("there is data from {} to {}", show(earliest), show(latest));
            return Err(Mistake::new(0, message));
        }
        Ok(found)
    }

    fn nearest(
        self,
        time: NaiveTime,
        now: Timestamp,
        earliest: Timestamp,
        latest: Timestamp,
    ) -> Option<Timestamp> {
        let today = self.at(now)?.date_naive();
        let day = |days: i64| {
            let date = today.checked_add_signed(chrono::TimeDelta::days(days))?;
            self.instant(date.and_time(time))
        };
        let in_range = |t: &Timestamp| (earliest..=latest).contains(t);
        let mut candidates: Vec<Timestamp> = [-1, 0, 1].into_iter().filter_map(day).collect();
        candidates.sort_by_key(|t| (!in_range(t), t.since(now).abs()));
        candidates.first().copied()
    }

    fn instant(self, naive: NaiveDateTime) -> Option<Timestamp> {
        // A clock that was put back shows an hour twice: the earlier one is meant.
        let ms = match self {
            Self::Local => Local.from_local_datetime(&naive).earliest()?.timestamp_millis(),
            _ => self.offset(Timestamp(0)).from_local_datetime(&naive).earliest()?.timestamp_millis(),
        };
        Some(Timestamp(ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_420_800_000); // 2026-11-23T08:00:00Z

    #[test]
    fn shows_one_zone_with_its_mark() {
        assert_eq!(Zone::Utc.seconds(NOW) + &Zone::Utc.mark(NOW), "08:00:00Z");
        let zone = Zone::Fixed(3_600);
        assert_eq!(zone.minutes(NOW) + &zone.mark(NOW), "09:00+01:00");
        assert_eq!(zone.millis(NOW.plus(7)), "09:00:00.007");
        assert_eq!(Zone::Utc.date(NOW), "2026-11-23");
        assert_eq!(Zone::Utc.seconds(Timestamp(i64::MAX)), "?");
    }

    #[test]
    fn reads_what_a_person_types() {
        let read = |text| Zone::Utc.read(text, NOW, NOW.plus(-7_200_000), NOW.plus(3_600_000));
        assert_eq!(read("07:30"), Ok(NOW.plus(-1_800_000)));
        assert_eq!(read(" 08:00:10 "), Ok(NOW.plus(10_000)));
        assert_eq!(read("-10m"), Ok(NOW.plus(-600_000)));
        assert_eq!(read("+1h"), Ok(NOW.plus(3_600_000)));
        assert_eq!(read("-1h30m"), Ok(NOW.plus(-5_400_000)));
        assert_eq!(read("2026-11-23T07:59:59"), Ok(NOW.plus(-1_000)));
        assert_eq!(read("2026-11-23 07:59"), Ok(NOW.plus(-60_000)));
        assert_eq!(read("2026-11-23T09:00:00+01:00"), Ok(NOW));
        assert_eq!(read("now"), Ok(NOW.plus(3_600_000)));
        assert_eq!(read("start"), Ok(NOW.plus(-7_200_000)));
    }

    #[test]
    fn a_time_of_day_is_the_one_in_the_data() {
        let midnight = Timestamp(1_795_392_000_000);
        let read = |text| {
            Zone::Utc.read(text, midnight.plus(60_000), midnight.plus(-3_600_000), midnight.plus(60_000))
        };
        assert_eq!(read("23:59"), Ok(midnight.plus(-60_000)));
        assert_eq!(
            Zone::Fixed(7_200).read("09:30", NOW, NOW.plus(-3_600_000), NOW),
            Ok(NOW.plus(-1_800_000))
        );
    }

    #[test]
    fn days_are_counted_from_the_newest_data() {
        // The newest data are of 2026-11-23T09:00Z.
        let read = |text| Zone::Utc.read(text, NOW, NOW.plus(-40 * 86_400_000), NOW.plus(3_600_000));
        assert_eq!(read("yesterday 8:00"), Ok(NOW.plus(-86_400_000)));
        assert_eq!(read("sun 8:00"), Ok(NOW.plus(-86_400_000)));
        assert_eq!(read("8am today"), Ok(NOW));
        assert_eq!(read("nov 22, 8:00"), Ok(NOW.plus(-86_400_000)));
        assert_eq!(read("2026-11-22"), Ok(NOW.plus(-32 * 3_600_000)));
        assert_eq!(read("09:00+01:00"), Ok(NOW));
        assert_eq!(read("1795420800"), Ok(NOW));
        assert_eq!(read("10 min ago"), Ok(NOW.plus(-600_000)));
        assert!(read("yesterday").is_ok());
    }

    proptest::proptest! {
        /// What the screen shows as a time is taken back as the same.
        #[test]
        fn what_is_shown_can_be_typed(ms in 0i64..4_102_444_800_000, hours in -12i32..=14) {
            let (zone, time) = (Zone::Fixed(hours * 3_600), Timestamp(ms));
            let shown = format!("{} {}{}", zone.date(time), zone.millis(time), zone.mark(time));
            let all = |text: &str| Zone::Utc.read(text, time, Timestamp(i64::MIN / 4), Timestamp(i64::MAX / 4));
            proptest::prop_assert_eq!(all(&shown), Ok(time), "{}", shown);
            let of_day = zone.millis(time);
            let near = zone.read(&of_day, time, time.plus(-3_600_000), time.plus(3_600_000));
            proptest::prop_assert_eq!(near, Ok(time), "{}", of_day);
        }
    }

    #[test]
    fn refuses_with_a_sentence() {
        let read = |text| Zone::Utc.read(text, NOW, NOW.plus(-7_200_000), NOW).unwrap_err();
        assert!(read("soon").message.contains("no time"));
        assert!(read("").message.contains("no time"));
        assert!(read("-10x").message.contains("no time"));
        assert!(read("-99999999999999999999h").message.contains("no time"));
        assert_eq!(read("03:00").message, "there is data from 2026-11-23 06:00:00Z to 2026-11-23 08:00:00Z");
        assert!(read("2026-02-30T08:00").message.contains("no time"));
    }
}
