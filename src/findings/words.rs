//! How figures are written in sentences.

/// 1,234,567.
pub fn count(n: f64) -> String {
    let digits = format!("{:.0}", n.max(0.0));
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share of 0 to 1 in %: `0.4 %`, `31 %`.
pub fn percent(share: f64) -> String {
    match 100.0 * share {
        p if p > 0.0 && p < 9.95 => format!("{p:.1} %"),
        p => format!("{p:.0} %"),
    }
}

/// A span: `61 ms`, `3 s`, `9 minutes`, `2 hours`.
pub fn span(ms: f64) -> String {
    let whole = |n: f64| if (n - n.round()).abs() < 0.05 { format!("{n:.0}") } else { format!("{n:.1}") };
    match ms {
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms if ms < 120_000.0 => format!("{} s", whole(ms / 1_000.0)),
        ms if ms < 7_200_000.0 => format!("{} minutes", whole(ms / 60_000.0)),
        ms => format!("{} hours", whole(ms / 3_600_000.0)),
    }
}

/// `1 invocation`, `2 invocations`.
pub fn plural(n: f64, one: &str) -> String {
    if n.round() == 1.0 { format!("1 {one}") } else { format!("{} {one}s", count(n)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_people_write_them() {
        assert_eq!(
            (count(1_234_567.0), count(999.4), count(0.0)),
            ("1,234,567".into(), "999".into(), "0".into())
        );
        assert_eq!(
            (percent(0.004), percent(0.31), percent(0.0)),
            ("0.4 %".into(), "31 %".into(), "0 %".into())
        );
        assert_eq!(
            (span(61.2), span(3_000.0), span(540_000.0)),
            ("61 ms".into(), "3 s".into(), "9 minutes".into())
        );
        assert_eq!(
            (plural(1.0, "request"), plural(2.0, "request")),
            ("1 request".into(), "2 requests".into())
        );
    }
}
