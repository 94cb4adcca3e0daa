//! Every number carries its grade (`design.md`, idea 2; `operators.md`, "Grade of a number").

use std::fmt;

/// Why a number is not simply counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// Throttled requests never ran: they are in no function log. Only CloudWatch metrics, traces
    /// or callers' records tell of them.
    ThrottlesAreInNoLog,
    /// CloudTrail tells of the calls that it logs: there may be others.
    CallersOnly,
    /// Nothing that is read could tell.
    NotInAnySource,
    /// The source tells, but has nothing for this time.
    NoData,
    /// No invocation has ended yet.
    NothingFinished,
    /// The data have begun less than a minute ago: a rate is of a few seconds.
    JustBegun,
    /// What is looked at has none.
    NothingMatches,
    /// Traces can't be asked what a filter asks.
    NotOfTraces,
    /// Metrics and CloudTrail tell of a function's requests, not which of them a filter means.
    NotApart,
    /// The function's metrics count more than its logs show.
    LogsIncomplete,
    /// Older records were let go to stay within the memory budget.
    Evicted,
    /// Records lie in a part of the file that has not been read yet.
    NotReadYet,
    /// Read from a sketch with at most 1 % relative error.
    Sketch,
    /// Computed from REPORT alone: the start is the end less the duration.
    StartFromReport,
    /// A timed-out duration is at least the timeout.
    Censored,
    /// Who waited for an init is not known without its INIT_START.
    UnknownWait,
    /// The newest buckets: records may still arrive.
    Late,
    /// Records arrived out of order after older ones had been let go.
    OutOfOrder,
    /// Billed duration or memory is not printed for some invocations.
    NotPrinted,
    /// CloudWatch has told nothing of the newest part, and nothing more is to be expected.
    Untold,
    /// It was so when somebody looked; nothing tells of the time before that.
    HeldBack,
    /// There are too many to look at each at once.
    NotLookedAt,
    /// It is of whole minutes, in which several may have been.
    OfMinutes,
    /// Sums of values that were never told one by one.
    StatisticSets,
    /// Only Lambda Insights measures it.
    NoInsights,
    /// The account's limit is shared by functions that nobody watches here.
    OtherFunctions,
    /// Nothing tells what is set: what AWS takes then.
    AwsDefault,
    /// A metric tells it by the minute.
    ByTheMinute,
    /// An event had been queued before its first attempt.
    QueuedBefore,
    /// That a first attempt that failed is tried again is taken from the function's others.
    FromOthers,
}

impl Why {
    /// The reason in words, as a person reads it after "because" or a colon.
    pub fn words(self) -> &'static str {
        match self {
            Self::ThrottlesAreInNoLog => {
                "throttled requests never run, so no function log tells of them: give CloudWatch metrics"
            }
            Self::CallersOnly => "CloudTrail tells only of the calls that it logs",
            Self::NotInAnySource => "nothing that is read tells this",
            Self::NoData => "the source has no data for this time",
            Self::JustBegun => "of a few seconds: the data have only just begun",
            Self::NothingMatches => "nothing matches the filter",
            Self::NotOfTraces => "traces can't be asked this filter",
            Self::NotApart => "metrics and CloudTrail can't be asked this filter",
            Self::NothingFinished => "no invocation has ended yet",
            Self::LogsIncomplete => "CloudWatch counts more than these logs show",
            Self::Evicted => "older records were let go to stay within --memory",
            Self::NotReadYet => "part of the file is not read yet",
            Self::Sketch => "from a sketch with at most 1 % error",
            Self::StartFromReport => "start computed as end less duration",
            Self::Censored => "a timed-out duration is at least the timeout",
            Self::UnknownWait => "without its INIT_START nobody can tell who waited",
            Self::Late => "records may still arrive",
            Self::OutOfOrder => "records arrived out of order",
            Self::NotPrinted => "some records do not print it",
            Self::StatisticSets => "statistic sets",
            Self::Untold => "CloudWatch tells nothing of the newest part",
            Self::HeldBack => "it was so when somebody looked",
            Self::OtherFunctions => {
                "functions that are not watched here share the limit: give the account's metrics"
            }
            Self::AwsDefault => "AWS's default: nothing that is read tells what is set",
            Self::ByTheMinute => "CloudWatch tells it by the minute",
            Self::QueuedBefore => "an event is queued a little before its first attempt",
            Self::FromOthers => "that it is tried again is taken from the function's other events",
            Self::OfMinutes => "of whole minutes, not of single invocations",
            Self::NoInsights => "needs Lambda Insights (log group /aws/lambda-insights)",
            Self::NotLookedAt => "too many to look at each of them",
        }
    }
}

/// How far a number can be trusted, from best to worst; when numbers combine the worst wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Grade {
    /// Every event was seen, or AWS itself counted.
    #[default]
    Counted,
    /// Computed by a model or a sketch.
    Estimated(Why),
    /// Counted from records that are known to be incomplete.
    AtLeast(Why),
    /// The newest buckets: records or metrics are still arriving.
    Settling,
    /// Nothing that is read could tell.
    NoSource(Why),
}

impl Grade {
    /// The worse of two grades.
    pub fn worst(self, other: Self) -> Self {
        self.max(other)
    }

    /// The word by which the machine's side names it (`report --format json`).
    pub fn word(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Estimated(_) => "estimated",
            Self::AtLeast(_) => "at-least",
            Self::Settling => "settling",
            Self::NoSource(_) => "no-source",
        }
    }

    /// Why it is not counted.
    pub fn why(self) -> Option<Why> {
        match self {
            Self::Counted => None,
            Self::Settling => Some(Why::Late),
            Self::Estimated(why) | Self::AtLeast(why) | Self::NoSource(why) => Some(why),
        }
    }

    /// The grade with a value.
    pub fn of<T>(self, value: T) -> Graded<T> {
        match self {
            Self::Counted => Graded::Counted(value),
            Self::AtLeast(why) => Graded::AtLeast(value, why),
            Self::Estimated(why) => Graded::Estimated(value, why),
            Self::Settling => Graded::Settling(value),
            Self::NoSource(why) => Graded::NoSource(why),
        }
    }
}

/// A value and how far it can be trusted. There is no value without a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Graded<T> {
    /// Every event was seen, or AWS itself counted.
    Counted(T),
    /// At least this many (`≥`).
    AtLeast(T, Why),
    /// About (`~`).
    Estimated(T, Why),
    /// Still arriving (`…` after the number).
    Settling(T),
    /// Nothing can tell (`–`). Never 0.
    NoSource(Why),
}

impl<T> Graded<T> {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Counted(v) | Self::AtLeast(v, _) | Self::Estimated(v, _) | Self::Settling(v) => Some(v),
            Self::NoSource(_) => None,
        }
    }

    /// The grade alone.
    pub fn grade(&self) -> Grade {
        match self {
            Self::Counted(_) => Grade::Counted,
            Self::AtLeast(_, why) => Grade::AtLeast(*why),
            Self::Estimated(_, why) => Grade::Estimated(*why),
            Self::Settling(_) => Grade::Settling,
            Self::NoSource(why) => Grade::NoSource(*why),
        }
    }

    /// The same grade with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Graded<U> {
        match self {
            Self::Counted(v) => Graded::Counted(f(v)),
            Self::AtLeast(v, why) => Graded::AtLeast(f(v), why),
            Self::Estimated(v, why) => Graded::Estimated(f(v), why),
            Self::Settling(v) => Graded::Settling(f(v)),
            Self::NoSource(why) => Graded::NoSource(why),
        }
    }

    /// The same value, at best of this grade.
    pub fn at_best(self, grade: Grade) -> Self {
        let grade = self.grade().worst(grade);
        match self {
            Self::Counted(v) | Self::AtLeast(v, _) | Self::Estimated(v, _) | Self::Settling(v) => grade.of(v),
            Self::NoSource(why) => Self::NoSource(why),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Graded<T> {
    /// The value with its mark: `12`, `≥12`, `~12`, `12…`, `–`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Counted(v) => v.to_string(),
            Self::AtLeast(v, _) => format!("≥{v}"),
            Self::Estimated(v, _) => format!("~{v}"),
            Self::Settling(v) => format!("{v}…"),
            Self::NoSource(_) => "–".to_string(),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_grade_wins() {
        let order = [
            Grade::Counted,
            Grade::Estimated(Why::Sketch),
            Grade::AtLeast(Why::LogsIncomplete),
            Grade::Settling,
            Grade::NoSource(Why::NoData),
        ];
        for (i, a) in order.iter().enumerate() {
            for (j, b) in order.iter().enumerate() {
                assert_eq!(a.worst(*b), order[i.max(j)]);
            }
        }
        assert_eq!(Graded::Counted(3).at_best(Grade::Settling), Graded::Settling(3));
        assert_eq!(Graded::Settling(3).at_best(Grade::Counted), Graded::Settling(3));
    }

    #[test]
    fn each_grade_has_its_mark() {
        assert_eq!(Graded::Counted(12).to_string(), "12");
        assert_eq!(format!("{:>5}", Graded::AtLeast(12, Why::Evicted)), "  ≥12");
        assert_eq!(Graded::Estimated(12, Why::Sketch).to_string(), "~12");
        assert_eq!(Graded::Settling(12).to_string(), "12…");
        assert_eq!(Graded::<u32>::NoSource(Why::NoData).to_string(), "–");
    }
}
