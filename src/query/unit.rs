//! The units of CloudWatch's metrics, and what a value is in.

use std::sync::Arc;

/// What a metric's values are in, once they are brought to one size.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricUnit {
    /// Things; or things a second.
    Count(Per),
    /// Milliseconds.
    Ms,
    /// %.
    Percent,
    /// Bytes; or bytes a second.
    Bytes(Per),
    /// No unit was told.
    Untold,
    /// Another one, as it was told: unsanitised.
    Other(Arc<str>),
}

/// Whether a value is an amount or a speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// An amount.
    All,
    /// So much a second.
    Second,
}

impl MetricUnit {
    /// What a unit's word means, and by what its values are multiplied. The words are those that
    /// CloudWatch takes
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>); a kilobyte
    /// is 1,024 bytes, as Lambda's memory sizes have it.
    pub fn of(word: &Arc<str>) -> (Self, f64) {
        const K: f64 = 1_024.0;
        let (amount, per) = match word.strip_suffix("/Second") {
            Some(amount) => (amount, Per::Second),
            None => (&**word, Per::All),
        };
        match amount {
            "Count" => (Self::Count(per), 1.0),
            "Bytes" => (Self::Bytes(per), 1.0),
            "Kilobytes" => (Self::Bytes(per), K),
            "Megabytes" => (Self::Bytes(per), K * K),
            "Gigabytes" => (Self::Bytes(per), K * K * K),
            "Terabytes" => (Self::Bytes(per), K * K * K * K),
            "Microseconds" if per == Per::All => (Self::Ms, 1e-3),
            "Milliseconds" if per == Per::All => (Self::Ms, 1.0),
            "Seconds" if per == Per::All => (Self::Ms, 1e3),
            "Percent" if per == Per::All => (Self::Percent, 1.0),
            "None" | "" if per == Per::All => (Self::Untold, 1.0),
            _ => (Self::Other(word.clone()), 1.0),
        }
    }

    /// Whether values of different times add up to something.
    pub fn adds_up(&self) -> bool {
        *self == Self::Count(Per::All)
    }

    /// Its word; empty where none was told.
    pub fn word(&self) -> &str {
        match self {
            Self::Count(Per::All) => "count",
            Self::Count(Per::Second) => "count/s",
            Self::Ms => "ms",
            Self::Percent => "%",
            Self::Bytes(Per::All) => "bytes",
            Self::Bytes(Per::Second) => "bytes/s",
            Self::Untold => "",
            Self::Other(word) => word,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_sizes() {
        for (word, unit, value) in [
            ("Seconds", MetricUnit::Ms, 1_000.0),
            ("Microseconds", MetricUnit::Ms, 0.001),
            ("Megabytes", MetricUnit::Bytes(Per::All), 1_048_576.0),
            ("Kilobytes/Second", MetricUnit::Bytes(Per::Second), 1_024.0),
            ("Count", MetricUnit::Count(Per::All), 1.0),
            ("None", MetricUnit::Untold, 1.0),
            ("", MetricUnit::Untold, 1.0),
            ("Seconds/Second", MetricUnit::Other("Seconds/Second".into()), 1.0),
            ("Gigabits", MetricUnit::Other("Gigabits".into()), 1.0),
            ("\u{1b}[31m", MetricUnit::Other("\u{1b}[31m".into()), 1.0),
        ] {
            assert_eq!(MetricUnit::of(&word.into()), (unit, value), "{word}");
        }
    }
}
