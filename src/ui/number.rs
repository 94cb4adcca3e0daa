//! Numbers as a person reads them: short, of a bounded width, with the mark of their grade.

use crate::model::Graded;

use super::symbols::Symbols;

/// A duration given in ms: `0.4ms`, `31ms`, `1.4 s`, `12 s`, `15 m`, `3.2 h`. At most 5 columns
/// below 1,000 hours.
pub fn duration(ms: f64) -> String {
    let seconds = ms / 1_000.0;
    if ms < 0.0 || !ms.is_finite() {
        "?".to_string()
    } else if ms == 0.0 {
        "0ms".to_string()
    } else if ms < 9.95 {
        format!("{:.1}ms", ms.max(0.1))
    } else if ms < 999.5 {
        format!("{ms:.0}ms")
    } else if seconds < 9.95 {
        format!("{seconds:.1} s")
    } else if seconds < 999.5 {
        format!("{seconds:.0} s")
    } else if seconds < 5_970.0 {
        format!("{:.0} m", seconds / 60.0)
    } else if seconds < 35_820.0 {
        format!("{:.1} h", seconds / 3_600.0)
    } else {
        format!("{:.0} h", seconds / 3_600.0)
    }
}

/// The length of a column in ms, exactly: `30s`, `2m`, `1h`.
pub fn step(ms: i64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let unit = units.into_iter().find(|(unit, _)| ms >= *unit && ms % unit == 0);
    let (unit, name) = unit.unwrap_or((1, "ms"));
    format!("{}{name}", ms / unit)
}

/// A duration in ms with one more digit, for headlines: `30.0 s`, `1.42 s`, `240 ms`.
pub fn duration_long(ms: f64) -> String {
    let seconds = ms / 1_000.0;
    if ms < 0.0 || !ms.is_finite() {
        "?".to_string()
    } else if ms < 99.5 {
        format!("{ms:.1} ms")
    } else if ms < 999.5 {
        format!("{ms:.0} ms")
    } else if seconds < 9.995 {
        format!("{seconds:.2} s")
    } else if seconds < 99.95 {
        format!("{seconds:.1} s")
    } else if seconds < 999.5 {
        format!("{seconds:.0} s")
    } else {
        duration(ms)
    }
}

/// A count or a rate: `0`, `0.4`, `31`, `4,858`, `12.4k`, `3.1M`. At most 5 columns.
pub fn count(value: f64) -> String {
    if value < 0.0 || !value.is_finite() {
        "?".to_string()
    } else if value == 0.0 {
        "0".to_string()
    } else if value < 0.095 {
        "<0.1".to_string()
    } else if value < 9.95 && value.fract() != 0.0 {
        format!("{value:.1}")
    } else if value < 999.5 {
        format!("{value:.0}")
    } else if value < 9_999.5 {
        let whole = value.round() as u64;
        format!("{},{:03}", whole / 1_000, whole % 1_000)
    } else if value < 99_950.0 {
        format!("{:.1}k", value / 1e3)
    } else if value < 999_500.0 {
        format!("{:.0}k", value / 1e3)
    } else if value < 99.95e6 {
        format!("{:.1}M", value / 1e6)
    } else if value < 999.5e6 {
        format!("{:.0}M", value / 1e6)
    } else {
        format!("{:.0}G", (value / 1e9).min(9_999.0))
    }
}

/// A whole number with separators: `1,204`, `2,100,000`.
pub fn whole(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share in %: `0`, `<0.1`, `4.1`, `31.9`, `100`. At most 4 columns.
pub fn percent(value: f64) -> String {
    if value < 0.0 || !value.is_finite() {
        "?".to_string()
    } else if value == 0.0 {
        "0".to_string()
    } else if value < 0.05 {
        "<0.1".to_string()
    } else if value < 99.95 {
        format!("{value:.1}")
    } else {
        format!("{:.0}", value.min(9_999.0))
    }
}

/// The same with fewer digits: `0.4`, `9.3`, `32`. At most 3 columns, but for `<0.1`.
pub fn percent_rough(value: f64) -> String {
    if (9.95..99.95).contains(&value) { format!("{value:.0}") } else { percent(value) }
}

/// Bytes: `812 B`, `4.2 MB`, `1.1 GB` (of 1,024).
pub fn bytes(value: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut shown = value as f64;
    let mut unit = 0;
    while shown >= 999.5 && unit + 1 < UNITS.len() {
        shown /= 1_024.0;
        unit += 1;
    }
    if unit == 0 || shown >= 9.95 {
        format!("{shown:.0} {}", UNITS[unit])
    } else {
        format!("{shown:.1} {}", UNITS[unit])
    }
}

/// The same in at most 5 columns: `812B`, `4.2MB`, `512MB`, `1.1GB`.
pub fn bytes_short(value: f64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    if !value.is_finite() || value < 0.0 {
        return "?".to_string();
    }
    let (mut shown, mut unit) = (value, 0);
    while shown >= 999.5 && unit + 1 < UNITS.len() {
        shown /= 1_024.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && shown < 9.95);
    match shown < 999.5 {
        true => format!("{shown:.digits$}{}", UNITS[unit]),
        false => format!("{value:.0e}"),
    }
}

/// A number of which nothing is known, in at most 6 columns: `0.032`, `0.45`, `4,858`, `3.1M`, `2e15`.
pub fn plain(value: f64) -> String {
    match value {
        _ if value < 0.0 || !value.is_finite() => "?".to_string(),
        0.0 => "0".to_string(),
        ..0.000_5 => format!("{value:.0e}"),
        ..0.095 => format!("{value:.3}"),
        ..0.995 => format!("{value:.2}"),
        ..999.5e9 => count(value),
        _ => format!("{value:.0e}"),
    }
}

/// A value that may be below 0.
pub fn signed(value: f64, show: impl Fn(f64) -> String) -> String {
    if value < 0.0 { format!("-{}", show(-value)) } else { show(value) }
}

/// An age given in ms: `0.4s`, `12s`, `95s`, `14m`, `3h`, `2d`; never negative.
pub fn age(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    match seconds {
        0 => format!("0.{}s", ms.max(0) / 100),
        1..=119 => format!("{seconds}s"),
        120..=7_199 => format!("{}m", seconds / 60),
        7_200..=172_799 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// The same in coarser steps, so that a screen of panels does not repaint every second: seconds
/// up to 10, then 5, then 30.
pub fn coarse_age(ms: i64) -> String {
    let ms = ms.max(0);
    match ms {
        0..=999 => "<1s".to_string(),
        1_000..=9_999 => age(ms),
        10_000..=59_999 => age(ms - ms % 5_000),
        60_000..=119_999 => age(ms - ms % 30_000),
        _ => age(ms),
    }
}

/// A graded number with its marks: `≥31ms`, `~12`, `4…`, `–`.
pub fn graded<T: Copy>(value: &Graded<T>, show: impl Fn(T) -> String, symbols: &Symbols) -> String {
    match *value {
        Graded::Counted(v) => show(v),
        Graded::AtLeast(v, _) => format!("{}{}", symbols.at_least, show(v)),
        Graded::Estimated(v, _) => format!("{}{}", symbols.estimated, show(v)),
        Graded::Settling(v) => format!("{}{}", show(v), symbols.settling),
        Graded::NoSource(_) => symbols.none.to_string(),
    }
}

/// A graded number for a column: the text right-aligned in `width` columns and one column after
/// it, which holds the settling mark or a blank, so that digits stay where they are.
pub fn column<T: Copy>(
    value: &Graded<T>,
    show: impl Fn(T) -> String,
    width: usize,
    symbols: &Symbols,
) -> String {
    let (text, after) = match value {
        Graded::Settling(v) => (show(*v), symbols.settling),
        other => (graded(other, show, symbols), " "),
    };
    format!("{text:>width$}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Why;
    use crate::ui::symbols::Charset;
    use proptest::prelude::*;

    #[test]
    fn durations_carry_their_unit() {
        for (ms, short, long) in [
            (0.0, "0ms", "0.0 ms"),
            (0.04, "0.1ms", "0.0 ms"),
            (3.27, "3.3ms", "3.3 ms"),
            (31.4, "31ms", "31.4 ms"),
            (240.0, "240ms", "240 ms"),
            (999.6, "1.0 s", "1.00 s"),
            (1_420.0, "1.4 s", "1.42 s"),
            (30_000.0, "30 s", "30.0 s"),
            (900_000.0, "900 s", "900 s"),
            (3_600_000.0, "60 m", "60 m"),
            (9e6, "2.5 h", "2.5 h"),
        ] {
            assert_eq!((duration(ms).as_str(), duration_long(ms).as_str()), (short, long), "{ms}");
        }
    }

    #[test]
    fn a_column_says_its_length_exactly() {
        let told = [1_000, 15_000, 60_000, 90_000, 7_200_000, 86_400_000, 1_500].map(step);
        assert_eq!(told, ["1s", "15s", "1m", "90s", "2h", "1d", "1500ms"]);
    }

    #[test]
    fn counts_and_shares() {
        for (value, text) in [
            (0.0, "0"),
            (0.01, "<0.1"),
            (0.4, "0.4"),
            (3.0, "3"),
            (31.2, "31"),
            (4_858.0, "4,858"),
            (12_430.0, "12.4k"),
            (124_300.0, "124k"),
            (3_100_000.0, "3.1M"),
        ] {
            assert_eq!(count(value), text);
        }
        for (value, text) in [(0.0, "0"), (0.01, "<0.1"), (4.13, "4.1"), (31.9, "31.9"), (100.0, "100")] {
            assert_eq!(percent(value), text);
        }
        assert_eq!(whole(2_100_000), "2,100,000");
        assert_eq!(whole(999), "999");
        assert_eq!(bytes(812), "812 B");
        assert_eq!(bytes(4_404_019), "4.2 MB");
        assert_eq!(bytes(1 << 30), "1.0 GB");
    }

    #[test]
    fn ages() {
        assert_eq!(age(-5), "0.0s");
        assert_eq!(age(420), "0.4s");
        assert_eq!(age(95_000), "95s");
        assert_eq!(age(840_000), "14m");
        assert_eq!(age(200_000_000), "2d");
        assert_eq!(coarse_age(420), "<1s");
        assert_eq!(coarse_age(13_900), "10s");
        assert_eq!(coarse_age(95_000), "90s");
    }

    #[test]
    fn grades_mark_numbers_and_keep_digits_in_place() {
        let s = Charset::Braille.symbols();
        let show = |v: f64| count(v);
        assert_eq!(column(&Graded::Counted(118.0), show, 5, s), "  118 ");
        assert_eq!(column(&Graded::Settling(118.0), show, 5, s), "  118…");
        assert_eq!(column(&Graded::AtLeast(118.0, Why::Evicted), show, 5, s), " ≥118 ");
        assert_eq!(column(&Graded::Estimated(118.0, Why::Sketch), show, 5, s), " ~118 ");
        assert_eq!(column(&Graded::NoSource(Why::NoData), show, 5, s), "    – ");
        assert_eq!(graded(&Graded::Settling(4.0), show, s), "4…");
        let a = Charset::Ascii.symbols();
        assert_eq!(graded(&Graded::AtLeast(4.0, Why::Evicted), show, a), ">=4");
        assert_eq!(graded(&Graded::<f64>::NoSource(Why::NoData), show, a), "-");
    }

    #[test]
    fn what_a_function_tells_itself_may_be_any_number() {
        for (value, text) in [
            (0.0, "0"),
            (0.000_03, "3e-5"),
            (0.032, "0.032"),
            (0.45, "0.45"),
            (7.25, "7.2"),
            (12_430.0, "12.4k"),
            (2e15, "2e15"),
            (-0.5, "-0.50"),
            (f64::NAN, "?"),
        ] {
            assert_eq!(signed(value, plain), text);
        }
        for (value, text) in
            [(812.0, "812B"), (4_404_019.0, "4.2MB"), (536_870_912.0, "512MB"), (-2_048.0, "-2.0kB")]
        {
            assert_eq!(signed(value, bytes_short), text);
        }
    }

    proptest! {
        #[test]
        fn any_number_has_a_bounded_width(exponent in -320.0..308.0f64) {
            let value = 10f64.powf(exponent);
            prop_assert!(plain(value).len() <= 6, "{}", plain(value));
            prop_assert!(bytes_short(value).len() <= 5, "{}", bytes_short(value));
        }

        #[test]
        fn widths_are_bounded(value in prop_oneof![0.0..1e4f64, 0.0..1e12f64]) {
            prop_assert!(count(value).len() <= 5, "{}", count(value));
            prop_assert!(percent(value).len() <= 4, "{}", percent(value));
            prop_assert!(duration(value.min(3.5e9)).len() <= 5, "{}", duration(value.min(3.5e9)));
        }
    }
}
