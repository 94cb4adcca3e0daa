//! The figures of a panel that has the whole screen: what its headline leaves out.

use crate::model::{Grade, Graded, Why};

use super::view::{Line, Panel};

/// A figure of a whole window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistic {
    /// Its name: `p50`, `count`, `busiest`.
    pub name: &'static str,
    /// It.
    pub value: Graded<f64>,
    /// What it is in.
    pub unit: Unit,
}

/// What a figure is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Things a minute.
    PerMinute,
    /// Milliseconds.
    Ms,
    /// %.
    Percent,
}

/// The largest value of a line of the chart, as far as the headline can be trusted.
fn busiest(panel: &Panel, line: &str) -> Graded<f64> {
    let points =
        panel.chart.lines.iter().find(|of| of.name == line).map_or(&[][..], |Line { points, .. }| points);
    let most = points.iter().copied().flatten().reduce(f64::max);
    match (panel.now.grade(), most) {
        (Grade::NoSource(why), _) => Graded::NoSource(why),
        (_, None) => Graded::NoSource(Why::NoData),
        (grade, Some(most)) => grade.of(most),
    }
}

/// Of a rate: how many in all, the rate, and that of the busiest column.
pub fn of_rate(panel: &Panel, line: &str, count: f64) -> Vec<Statistic> {
    vec![
        Statistic { name: "count", value: panel.now.map(|_| count.round()), unit: Unit::Count },
        Statistic { name: "rate", value: panel.now, unit: Unit::PerMinute },
        Statistic { name: "busiest", value: busiest(panel, line), unit: Unit::PerMinute },
    ]
}

/// Of errors: how many, their share, and that of the worst column.
pub fn of_share(panel: &Panel) -> Vec<Statistic> {
    let count = panel.also.map(|value| Statistic { name: "count", value, unit: Unit::Count });
    let share = Statistic { name: "share", value: panel.now, unit: Unit::Percent };
    let worst = Statistic { name: "worst", value: busiest(panel, "share"), unit: Unit::Percent };
    count.into_iter().chain([share, worst]).collect()
}

/// Of a level: its peak, and what it can't exceed.
pub fn of_level(panel: &Panel) -> Vec<Statistic> {
    let peak = Statistic { name: "peak", value: panel.now, unit: Unit::Count };
    let limit = panel.also.map(|value| Statistic { name: "limit", value, unit: Unit::Count });
    std::iter::once(peak).chain(limit).collect()
}

/// Of durations: how many, and percentiles by nearest rank.
pub fn of_durations(count: Option<Graded<f64>>, [p50, p90, p99, max]: [Graded<f64>; 4]) -> Vec<Statistic> {
    let count = count.map(|value| Statistic { name: "n", value, unit: Unit::Count });
    let named = [("p50", p50), ("p90", p90), ("p99", p99), ("max", max)];
    let ms = named.into_iter().map(|(name, value)| Statistic { name, value, unit: Unit::Ms });
    count.into_iter().chain(ms).collect()
}
