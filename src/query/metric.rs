//! What CloudWatch's metrics tell that logs can't, or where no log is read.

use crate::model::{Grade, Graded, Timestamp, Why, Window};
use crate::store::FunctionData;

use super::asof::AsOf;
use super::axis::Axis;
use super::points::{Period, any, periods};
use super::select::Selection;
use super::view::{Chart, Line, Panel, Provenance};

/// The refused requests of a function in a window.
pub struct Throttles {
    sum: Option<f64>,
}

impl Throttles {
    /// Adds up the minutes that begin in the window.
    pub fn of(asof: AsOf<'_>, function: &FunctionData, window: Window) -> Self {
        let points = &function.metrics.throttles;
        let sum = any(asof, points)
            .then(|| periods(asof, points, window).iter().map(|period| f64::from(period.value)).sum());
        Self { sum }
    }

    /// How many; 0 where nothing tells.
    pub fn sum(&self) -> f64 {
        self.sum.unwrap_or(0.0)
    }

    /// How many, graded: never 0 without a source.
    pub fn graded(&self) -> Graded<u64> {
        self.sum.map_or(Graded::NoSource(Why::ThrottlesAreInNoLog), |n| Graded::Counted(n.round() as u64))
    }
}

/// Whether any metric tells of a function's throttles.
pub fn has_throttles(asof: AsOf<'_>, function: &FunctionData) -> bool {
    any(asof, &function.metrics.throttles)
}

/// Counts of a function whose logs are not read.
pub struct Counts {
    /// Invocations.
    pub invocations: Graded<u64>,
    /// Errors.
    pub errors: Graded<u64>,
}

/// Counts from metrics alone. CloudWatch leaves out Errors of a minute without any.
pub fn counts(asof: AsOf<'_>, function: &FunctionData, window: Window) -> Counts {
    let metrics = &function.metrics;
    if !any(asof, &metrics.invocations) {
        let unknown = Graded::NoSource(Why::NotInAnySource);
        return Counts { invocations: unknown, errors: unknown };
    }
    let sum = |found: Vec<Period<crate::store::Sum>>| {
        Graded::Counted(found.iter().map(|p| f64::from(p.value)).sum::<f64>().round() as u64)
    };
    Counts {
        invocations: sum(periods(asof, &metrics.invocations, window)),
        errors: sum(periods(asof, &metrics.errors, window)),
    }
}

/// The panel of refused requests: from metrics, or "no source" with the reason.
pub fn throttles(
    asof: AsOf<'_>,
    selection: &Selection<'_>,
    axis: &Axis,
    window: Window,
    earlier: Option<Window>,
) -> Panel {
    let told: Vec<&FunctionData> =
        selection.members.iter().map(|m| m.function).filter(|f| has_throttles(asof, f)).collect();
    let missing = selection.members.len() - told.len();
    if told.is_empty() {
        let none = Graded::NoSource(Why::ThrottlesAreInNoLog);
        let points = vec![None; axis.columns];
        return Panel {
            chart: Chart {
                lines: vec![Line { name: "throttles", points }],
                limits: Vec::new(),
                settled: axis.columns,
            },
            now: none,
            also: None,
            before: none,
            provenance: Provenance {
                source: "no source",
                age_ms: None,
                note: Some(Why::ThrottlesAreInNoLog.words().to_string()),
            },
        };
    }
    let mut points: Vec<Option<f64>> = vec![None; axis.columns];
    let mut newest = Timestamp::MIN;
    for function in &told {
        // A minute that began before the first column may reach into it.
        let reach = Window { from: axis.from.plus(-60_000), to: axis.window().to };
        for period in periods(asof, &function.metrics.throttles, reach) {
            newest = newest.max(period.window.to);
            spread(axis, &period, &mut points);
        }
    }
    let rate = |window: Window| -> f64 {
        let sum: f64 = told.iter().map(|f| Throttles::of(asof, f, window).sum()).sum();
        sum * 60_000.0 / window.ms().max(1) as f64
    };
    // Of some functions nothing tells: what is counted is a lower bound.
    let grade = if missing > 0 { Grade::AtLeast(Why::NoData) } else { Grade::Counted };
    let settled = axis.columns.min(axis.column_of(newest).unwrap_or(axis.columns));
    Panel {
        chart: Chart { lines: vec![Line { name: "throttles", points }], limits: Vec::new(), settled },
        now: grade.of(rate(window)),
        also: None,
        before: earlier.map_or(Graded::NoSource(Why::NoData), |earlier| grade.of(rate(earlier))),
        provenance: Provenance {
            source: "CW 1m",
            age_ms: (newest != Timestamp::MIN).then(|| asof.at.since(newest).max(0)),
            note: (missing > 0).then(|| format!("{missing} functions have no metric of throttles")),
        },
    }
}

/// Adds a minute's count to the columns it covers, as a rate a minute.
fn spread(axis: &Axis, period: &Period<crate::store::Sum>, points: &mut [Option<f64>]) {
    let (value, span) = (f64::from(period.value), period.window);
    for (at, point) in points.iter_mut().enumerate() {
        let column = axis.column(at);
        let over = column.to.min(span.to).since(column.from.max(span.from));
        if over > 0 {
            let share = over as f64 / span.ms().max(1) as f64;
            *point = Some(point.unwrap_or(0.0) + value * share * 60_000.0 / axis.step_ms as f64);
        }
    }
}
