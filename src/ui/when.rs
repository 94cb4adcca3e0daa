//! Times as people write them, word by word; what is not understood says where it stands.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Weekday};

use crate::model::Timestamp;
use crate::query::filter::Mistake;

const DAY_MS: i64 = 86_400_000;
/// What is a time, for each kind one.
const USAGE: &str = "14:32, -10m, yesterday 9:00, 2026-11-23T14:32Z";
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A time as it is written, before it is known what day it is and in which zone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// The newest there is.
    Now,
    /// The oldest there is.
    Start,
    /// So many ms after the time that is looked at.
    After(i64),
    /// An instant.
    At(Timestamp),
    /// A date and a time of day, where they are written.
    On {
        /// The date.
        date: Option<Day>,
        /// The time of day.
        time: Option<NaiveTime>,
        /// East of Greenwich in seconds; where none is written that on the screen is meant.
        offset: Option<i32>,
    },
}

/// A day as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// So many days before today.
    Ago(i64),
    /// The last day of this name, today included.
    Last(Weekday),
    /// A month and a day, of a year where it is written.
    Of(Option<i32>, u32, u32),
}

/// Reads what a person typed.
pub fn read(text: &str) -> Result<When, Mistake> {
    let lower = text.to_lowercase();
    let whole = lower.trim();
    match whole {
        "now" | "end" | "newest" | "latest" => return Ok(When::Now),
        "start" | "begin" | "oldest" => return Ok(When::Start),
        _ => {}
    }
    if let Some(time) = epoch(whole).or_else(|| instant(text.trim())) {
        return Ok(When::At(time));
    }
    let shift = match (whole.strip_prefix('-'), whole.strip_prefix('+'), whole.strip_suffix("ago")) {
        (Some(span), ..) | (_, _, Some(span)) => Some((span, -1)),
        (_, Some(span), _) => Some((span, 1)),
        _ => None,
    };
    if let Some((span, sign)) = shift {
        let ms = span_ms(span).and_then(|ms| ms.checked_mul(sign));
        return ms.map(When::After).ok_or_else(|| mistake(text, 0, text.trim()));
    }
    words(text)
}

fn mistake(text: &str, at: usize, word: &str) -> Mistake {
    let at = text[..at].chars().count() + text[at..].chars().take_while(|c| c.is_whitespace()).count();
    Mistake { more: USAGE.to_string(), ..Mistake::new(at, format!("{word:?} is no time")) }
}

/// Dates, times of day and zones in any order.
fn words(text: &str) -> Result<When, Mistake> {
    let (mut date, mut time, mut offset) = (None, None, None);
    let (mut year, mut month, mut day) = (None, None, None);
    let mut last = 0;
    for (at, written) in split(text) {
        let word = written.to_lowercase();
        let wrong = || mistake(text, at, written);
        // No thing is said twice.
        let fresh = |said: bool| if said { Err(wrong()) } else { Ok(()) };
        if let Some(found) = named_day(&word).or_else(|| numbers(&word)) {
            fresh(date.replace(found).is_some())?;
        } else if let Some((found, zone)) = clock(&word) {
            fresh(time.replace(found).is_some() || zone.is_some() && offset.is_some())?;
            offset = zone.or(offset);
        } else if let Some(zone) = zone(&word) {
            fresh(offset.replace(zone).is_some())?;
        } else if let Some(found) = named(&word, MONTHS.iter().copied()) {
            fresh(month.replace(found as u32 + 1).is_some())?;
        } else if let Some(number) = ordinal(&word) {
            match (number, word.len()) {
                (1970..=9999, 4) => fresh(year.replace(number as i32).is_some())?,
                (1..=31, _) => fresh(day.replace(number).is_some())?,
                _ => return Err(wrong()),
            }
        } else if !matches!(word.as_str(), "at" | "on" | "the" | "of") {
            return Err(wrong());
        }
        last = at;
    }
    let wrong = || mistake(text, last, text[last..].trim());
    let date = match (date, month, day) {
        (date, None, None) if year.is_none() => date,
        (None, Some(month), Some(day)) => Some(Day::Of(year, month, day)),
        _ => return Err(wrong()),
    };
    if let Some(Day::Of(year, month, day)) = date {
        // The 29th of February is a day of some years.
        NaiveDate::from_ymd_opt(year.unwrap_or(2024), month, day).ok_or_else(wrong)?;
    }
    if date.is_none() && time.is_none() {
        return Err(wrong());
    }
    Ok(When::On { date, time, offset })
}

/// The words with their places; date and time of day may be joined by a T, and an hour parted from
/// its am or pm.
fn split(text: &str) -> Vec<(usize, &str)> {
    let mut words: Vec<(usize, &str)> = Vec::new();
    for word in text.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
        let at = word.as_ptr() as usize - text.as_ptr() as usize;
        let half = matches!(word.to_lowercase().as_str(), "am" | "pm" | "a.m." | "p.m.");
        if half && let Some((from, _)) = words.last().copied() {
            words.pop();
            words.push((from, &text[from..at + word.len()]));
            continue;
        }
        let joined = word.find(['T', 't']).filter(|at| {
            word[..*at].ends_with(|c: char| c.is_ascii_digit())
                && word[*at + 1..].starts_with(|c: char| c.is_ascii_digit())
        });
        match joined {
            Some(t) => words.extend([(at, &word[..t]), (at + t + 1, &word[t + 1..])]),
            None => words.push((at, word)),
        }
    }
    words
}

/// Which of some names a word is, or its first three letters or more.
fn named<'a>(word: &str, mut names: impl Iterator<Item = &'a str>) -> Option<usize> {
    let word = word.trim_end_matches('.');
    names.position(|name| word.len() >= 3 && name.starts_with(word))
}

fn named_day(word: &str) -> Option<Day> {
    match word {
        "today" => return Some(Day::Ago(0)),
        "yesterday" => return Some(Day::Ago(1)),
        _ => {}
    }
    let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    Weekday::try_from(named(word, names.into_iter())? as u8).ok().map(Day::Last)
}

/// `2026-11-23`, `2026/11/23`, `11-23`.
fn numbers(word: &str) -> Option<Day> {
    let parts: Vec<&str> = word.split(['-', '/']).collect();
    let small = |text: &str| (1..=2).contains(&text.len()).then(|| text.parse().ok()).flatten();
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 => {
            let year = year.parse().ok().filter(|year| (1970..=9999).contains(year))?;
            Some(Day::Of(Some(year), small(month)?, small(day)?))
        }
        [month, day] => Some(Day::Of(None, small(month)?, small(day)?)),
        _ => None,
    }
}

/// `23`, `23rd`.
fn ordinal(word: &str) -> Option<u32> {
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    let digits = digits.trim_end_matches('.');
    (digits.len() <= 4 && digits.bytes().all(|c| c.is_ascii_digit())).then(|| digits.parse().ok()).flatten()
}

/// `14:32`, `14:32:10.5`, `9am`, `2:30 pm`, `14:32Z`, `14:32+01:00`.
fn clock(word: &str) -> Option<(NaiveTime, Option<i32>)> {
    let squeezed: String = word.chars().filter(|c| !c.is_whitespace()).collect();
    let parted = squeezed.find(['z', '+', '-']).filter(|at| *at > 0);
    let (time, offset) = match parted {
        Some(at) => (&squeezed[..at], Some(zone(&squeezed[at..])?)),
        None => (&squeezed[..], None),
    };
    let dotless = time.replace("a.m.", "am").replace("p.m.", "pm");
    let (time, half) = match (dotless.strip_suffix("am"), dotless.strip_suffix("pm")) {
        (Some(time), _) => (time, Some(0)),
        (_, Some(time)) => (time, Some(12)),
        _ => (&dotless[..], None),
    };
    if half.is_none() && !time.contains(':') {
        return None;
    }
    let mut parts = time.split(':');
    let number = |text: &str| {
        let fits = (1..=2).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
        fits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let hour = number(parts.next()?)?;
    let hour = match half {
        None => hour,
        Some(half) => (1..=12).contains(&hour).then_some(hour % 12 + half)?,
    };
    let minute = parts.next().map_or(Some(0), number)?;
    let (second, ms) = match parts.next() {
        None => (0, 0),
        Some(second) => match second.split_once(['.', ',']) {
            None => (number(second)?, 0),
            Some((second, fraction)) => (number(second)?, thousandths(fraction)?),
        },
    };
    if parts.next().is_some() {
        return None;
    }
    Some((NaiveTime::from_hms_milli_opt(hour, minute, second, ms)?, offset))
}

fn thousandths(fraction: &str) -> Option<u32> {
    if fraction.is_empty() || !fraction.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    format!("{fraction:0<3}").get(..3)?.parse().ok()
}

/// `z`, `utc`, `+01:00`, `-0500`: seconds east of Greenwich.
fn zone(word: &str) -> Option<i32> {
    if matches!(word, "z" | "utc" | "gmt") {
        return Some(0);
    }
    let (sign, rest) = match word.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let digits = rest.replace(':', "");
    if digits.len() != 4 || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = (digits[..2].parse::<i32>().ok()?, digits[2..].parse::<i32>().ok()?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Seconds since 1970 with or without a fraction, or ms.
fn epoch(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (fraction.is_empty() && text.contains('.')) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    let ms = if fraction.is_empty() { 0 } else { i64::from(thousandths(fraction)?) };
    match (whole.len(), fraction.is_empty()) {
        (10, _) => Some(Timestamp(number * 1_000 + ms)),
        (13, true) => Some(Timestamp(number)),
        _ => None,
    }
}

/// What says its instant all by itself: with a zone as RFC 3339 has it, as mail has it (RFC 2822), as
/// a web server's log has it.
fn instant(text: &str) -> Option<Timestamp> {
    let zoned = text.ends_with('Z') || text.get(10..).is_some_and(|rest| rest.contains(['+', '-']));
    let common = || DateTime::parse_from_str(text.trim_matches(['[', ']']), "%d/%b/%Y:%H:%M:%S %z").ok();
    let other = || DateTime::parse_from_rfc2822(text).ok().or_else(common);
    zoned
        .then(|| Timestamp::parse(text.as_bytes()))
        .flatten()
        .or_else(|| other().map(|time| Timestamp(time.timestamp_millis())))
}

/// `10m`, `90 s`, `1h30m`, `2 hours` in ms.
pub fn span_ms(text: &str) -> Option<i64> {
    let mut total = 0i64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, after) = after.split_at(letters);
        let unit_ms = match unit {
            "ms" => 1,
            "s" | "sec" | "secs" | "second" | "seconds" => 1_000,
            "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000,
            "d" | "day" | "days" => DAY_MS,
            "w" | "week" | "weeks" => 7 * DAY_MS,
            _ => return None,
        };
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(unit_ms)?)?;
        rest = after.trim_start();
    }
    Some(total)
}

impl Day {
    /// The day that is meant, when it is a day there: of a date without a year the last one, but not
    /// one that is still to come.
    pub fn on(self, today: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Ago(days) => today.checked_sub_signed(chrono::TimeDelta::days(days)),
            Self::Last(weekday) => {
                let back = (7 + today.weekday().num_days_from_monday() - weekday.num_days_from_monday()) % 7;
                today.checked_sub_signed(chrono::TimeDelta::days(i64::from(back)))
            }
            Self::Of(Some(year), month, day) => NaiveDate::from_ymd_opt(year, month, day),
            Self::Of(None, month, day) => (0..8)
                .filter_map(|back| NaiveDate::from_ymd_opt(today.year() - back, month, day))
                .find(|date| *date <= today),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type On = (Option<Day>, Option<(u32, u32, u32)>, Option<i32>);

    fn on(text: &str) -> On {
        use chrono::Timelike;
        match read(text) {
            Ok(When::On { date, time, offset }) => {
                (date, time.map(|time| (time.hour(), time.minute(), time.second())), offset)
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn reads_days_and_times_in_any_order() {
        let time = Some((9, 0, 0));
        assert_eq!(on("yesterday 9:00"), (Some(Day::Ago(1)), time, None));
        assert_eq!(on("9am yesterday"), (Some(Day::Ago(1)), time, None));
        assert_eq!(on("Today at 9:00 AM"), (Some(Day::Ago(0)), time, None));
        assert_eq!(on("mon 9:00"), (Some(Day::Last(Weekday::Mon)), time, None));
        assert_eq!(on("Wednesday, 9:00 UTC"), (Some(Day::Last(Weekday::Wed)), time, Some(0)));
        for text in ["nov 23 9:00", "23 Nov 09:00", "23rd of november 9 am", "11-23 9:00", "11/23T09:00"] {
            assert_eq!(on(text), (Some(Day::Of(None, 11, 23)), time, None), "{text}");
        }
        for text in [
            "2026-11-23 09:00",
            "2026-11-23T9:00",
            "Nov 23, 2026 9:00am",
            "2026/11/23 9:00:00",
            "9:00 23 nov 2026",
        ] {
            assert_eq!(on(text), (Some(Day::Of(Some(2026), 11, 23)), time, None), "{text}");
        }
        assert_eq!(on("14:32Z"), (None, Some((14, 32, 0)), Some(0)));
        assert_eq!(on("14:32:10+01:00").2, Some(3_600));
        assert_eq!(on("14:32 -0500").2, Some(-18_000));
        assert_eq!(on("12am").1, Some((0, 0, 0)));
        assert_eq!(on("12:30 p.m.").1, Some((12, 30, 0)));
        assert_eq!(on("2026-11-23"), (Some(Day::Of(Some(2026), 11, 23)), None, None));
    }

    #[test]
    fn reads_instants_and_spans() {
        let at = |text: &str| read(text).unwrap();
        let time = When::At(Timestamp(1_795_420_800_000));
        for text in [
            "1795420800",
            "1795420800000",
            "2026-11-23T08:00:00Z",
            "2026-11-23 09:00:00+01:00",
            "Mon, 23 Nov 2026 08:00:00 +0000",
            "[23/Nov/2026:08:00:00 +0000]",
        ] {
            assert_eq!(at(text), time, "{text}");
        }
        assert_eq!(at("1795420800.25"), When::At(Timestamp(1_795_420_800_250)));
        for (text, ms) in [
            ("-15m", -900_000),
            ("+5m", 300_000),
            ("-1h30m", -5_400_000),
            ("15 min ago", -900_000),
            ("2 hours ago", -7_200_000),
            ("- 90 s", -90_000),
            ("+1w2d", 9 * DAY_MS),
        ] {
            assert_eq!(at(text), When::After(ms), "{text}");
        }
        assert_eq!((at("now"), at("Start")), (When::Now, When::Start));
    }

    #[test]
    fn what_is_no_time_says_where_it_stands() {
        for (text, at, word) in [
            ("yesterday 9:00 xyz", 15, "\"xyz\""),
            ("soon", 0, "\"soon\""),
            ("25:00", 0, "\"25:00\""),
            ("9:00 10:00", 5, "\"10:00\""),
            ("today mon", 6, "\"mon\""),
            ("feb 30", 4, "\"30\""),
            ("nov", 0, "\"nov\""),
            ("-10x", 0, "\"-10x\""),
            ("13pm", 0, "\"13pm\""),
            ("2026-02-30", 0, "\"2026-02-30\""),
            ("", 0, "\"\""),
            ("-99999999999999999999h", 0, "no time"),
            ("é 9:00", 0, "\"é\""),
            ("9:00 é", 5, "\"é\""),
            ("nov 23 2026 2025", 12, "\"2025\""),
        ] {
            let mistake = read(text).unwrap_err();
            assert_eq!(mistake.at, at, "{text}: {mistake}");
            assert!(mistake.whole().contains(word), "{text}: {mistake}");
        }
    }

    #[test]
    fn a_day_without_a_year_is_the_last_one() {
        let today = NaiveDate::from_ymd_opt(2026, 1, 10).unwrap();
        let day = |day: Day| day.on(today).unwrap().to_string();
        assert_eq!(day(Day::Of(None, 12, 31)), "2025-12-31");
        assert_eq!(day(Day::Of(None, 1, 10)), "2026-01-10");
        assert_eq!(day(Day::Of(None, 2, 29)), "2024-02-29");
        assert_eq!(day(Day::Last(Weekday::Sat)), "2026-01-10", "today is one");
        assert_eq!(day(Day::Last(Weekday::Sun)), "2026-01-04");
        assert_eq!(day(Day::Ago(10)), "2025-12-31");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_time_or_a_mistake_in_it(text in "\\PC{0,30}") {
            if let Err(mistake) = read(&text) {
                proptest::prop_assert!(mistake.at <= text.chars().count());
            }
        }

        #[test]
        fn what_looks_like_a_time_too(text in "([0-9:tTzZ+./-]|am|pm|nov|mon|ago|utc|[0-9]h| ){0,12}") {
            if let Err(mistake) = read(&text) {
                proptest::prop_assert!(mistake.at <= text.chars().count());
            }
        }
    }
}
