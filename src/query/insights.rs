//! What Lambda Insights measures of each invocation, in an operator's words
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Lambda-Insights-metrics.html>), and the
//! share of the CPU that a function used of what its memory buys.

use crate::model::{Grade, Graded, Why};
use crate::store::{OtherCell, OtherSeries};

use super::measured::{Figures, Measured};
use super::metrics::{Ask, MetricKey, MetricRow, MetricSource, key};
use super::unit::{MetricUnit, Per};
use super::view::{Chart, Line};

/// Its namespace.
pub const INSIGHTS: &str = "LambdaInsights";

/// With so much memory a function has one vCPU, with more or less as much more or less
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>).
const MB_OF_A_VCPU: f64 = 1_769.0;

/// A metric that it measures.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its name.
    name: &'static str,
    /// In words.
    pub title: &'static str,
    /// Whether those of different invocations add up to something.
    pub adds_up: bool,
}

const fn known(name: &'static str, title: &'static str, adds_up: bool) -> Known {
    Known { name, title, adds_up }
}

/// What it measures, under the names it has in its events.
const ALL: [Known; 19] = [
    known("tmp_used", "/tmp used", false),
    known("rx_bytes", "network in", true),
    known("tx_bytes", "network out", true),
    known("used_memory_max", "memory used", false),
    known("total_network", "network in and out", true),
    known("cpu_total_time", "CPU time", false),
    known("cpu_user_time", "CPU time, user", false),
    known("cpu_system_time", "CPU time, system", false),
    known("memory_utilization", "memory share", false),
    known("total_memory", "memory size", false),
    known("tmp_free", "/tmp free", false),
    known("tmp_max", "/tmp size", false),
    known("threads_max", "threads at most", false),
    known("fd_use", "open files", false),
    known("duration", "duration", false),
    known("billed_duration", "billed duration", false),
    known("billed_mb_ms", "billed MB times ms", true),
    known("init_duration", "init duration", false),
    known("cold_start", "cold starts", true),
];

/// The metric of this name.
pub fn of_name(name: &str) -> Option<Known> {
    ALL.into_iter().find(|known| known.name == name)
}

/// Those that are looked for first, in their order: there even where nothing tells them.
pub fn well_known(ask: &Ask<'_>, all: &[&OtherSeries]) -> Vec<MetricRow> {
    let find = |name: &str| {
        let of =
            |series: &&&OtherSeries| *series.metric.namespace == *INSIGHTS && *series.metric.name == *name;
        all.iter().find(of).copied()
    };
    let row = |name: &'static str, unit: MetricUnit| match (find(name), of_name(name)) {
        (Some(series), _) => Some(ask.row(series)),
        (None, Some(known)) => Some(ask.none(named(name), known.title, unit, known.adds_up, Why::NoInsights)),
        (None, None) => None,
    };
    let limited = |row: Option<MetricRow>, name: &'static str, size: &str| {
        let mut row = row?;
        if row.newest.is_some() {
            row.chart.limits.extend(find(size).and_then(|size| ask.limit(name, size)));
        }
        Some(row)
    };
    let bytes = MetricUnit::Bytes(Per::All);
    let cpu = cpu_share(ask, find("cpu_total_time"), find("duration"), find("total_memory"));
    // A function's REPORT lines tell of its memory, too: without Insights it is in other panels.
    let memory = find("used_memory_max").map(|series| ask.row(series));
    let rows = [
        Some(cpu),
        limited(row("tmp_used", bytes.clone()), "size", "tmp_max"),
        row("rx_bytes", bytes.clone()),
        row("tx_bytes", bytes),
        limited(memory, "size", "total_memory"),
    ];
    rows.into_iter().flatten().collect()
}

fn named(name: &str) -> MetricKey {
    let [namespace, name, dimensions, unit] = [INSIGHTS, name, "", ""].map(Into::into);
    MetricKey { namespace, name, dimensions, unit }
}

/// A period of all three: CPU time in ms, and the CPU time in ms that was there to be used.
struct Used {
    used: f64,
    there: f64,
    /// Whether it is of one invocation.
    one: bool,
    /// Whether the memory size is the same of all.
    exact: bool,
}

impl Used {
    /// Of a period of each; `None` where they are not of the same invocations.
    fn of(cpu: &OtherCell, duration: &OtherCell, memory: &OtherCell) -> Option<Self> {
        let of = |cell: &OtherCell| {
            Some((cell.statistics.count.filter(|count| *count > 0.0)?, cell.statistics.sum?))
        };
        let ((count, used), (durations, ms), (sizes, mb)) = (of(cpu)?, of(duration)?, of(memory)?);
        let there = ms * (mb / sizes) / MB_OF_A_VCPU;
        let same = count == durations && count == sizes;
        let exact = memory.statistics.min == memory.statistics.max;
        (same && there > 0.0).then_some(Self { used, there, one: count == 1.0, exact })
    }

    fn percent(&self) -> f64 {
        100.0 * self.used / self.there
    }
}

/// CPU time used, in % of what the function's memory buys while it runs.
fn cpu_share(
    ask: &Ask<'_>,
    cpu: Option<&OtherSeries>,
    duration: Option<&OtherSeries>,
    memory: Option<&OtherSeries>,
) -> MetricRow {
    let key_here = MetricKey {
        unit: "Percent".into(),
        ..cpu.map_or_else(|| named("cpu_share"), |cpu| MetricKey { name: "cpu_share".into(), ..key(cpu) })
    };
    let title = "CPU share";
    let (Some(cpu), Some(duration), Some(memory)) = (cpu, duration, memory) else {
        return ask.none(key_here, title, MetricUnit::Percent, false, Why::NoInsights);
    };
    let [cpu, duration, memory] = [cpu, duration, memory].map(|series| ask.measured(series, 1.0, false));
    let periods = shares(&cpu, &duration, &memory);
    let mean = |of: &mut dyn Iterator<Item = &(&OtherCell, Used)>| {
        let (used, there) = of.fold((0.0, 0.0), |(used, there), (_, of)| (used + of.used, there + of.there));
        (there > 0.0).then(|| 100.0 * used / there)
    };
    let inside = || periods.iter().filter(|(cell, _)| ask.window.holds(cell.start));
    let figures = match inside().next_back() {
        None => Figures::none(Why::NoData, false),
        Some((_, last)) => {
            let sizes = if inside().all(|(_, of)| of.exact) {
                Grade::Counted
            } else {
                Grade::Estimated(Why::OfMinutes)
            };
            let each = if inside().all(|(_, of)| of.one) { sizes } else { Grade::Estimated(Why::OfMinutes) };
            let told = |value: Option<f64>, grade: Grade| match value {
                Some(value) => grade.worst(cpu.grade_of_mean()).of(value),
                None => Graded::NoSource(Why::NoData),
            };
            Figures {
                newest: told(Some(last.percent()), if last.exact { Grade::Counted } else { sizes }),
                min: told(inside().map(|(_, of)| of.percent()).reduce(f64::min), each),
                mean: told(mean(&mut inside()), sizes),
                max: told(inside().map(|(_, of)| of.percent()).reduce(f64::max), each),
                // A share is computed of a period, not of each of its invocations.
                percentiles: [Graded::NoSource(Why::OfMinutes); 2],
                sum: None,
                count: cpu.figures().count,
            }
        }
    };
    let mut columns: Vec<(f64, f64)> = vec![(0.0, 0.0); ask.axis.columns];
    for (cell, of) in &periods {
        cpu.spread(cell, |at, _| columns[at] = (columns[at].0 + of.used, columns[at].1 + of.there));
    }
    let points = columns.iter().map(|(used, there)| (*there > 0.0).then(|| 100.0 * used / there)).collect();
    MetricRow {
        key: key_here,
        title: title.into(),
        source: MetricSource::Insights,
        unit: MetricUnit::Percent,
        figures,
        chart: Chart { lines: vec![Line::new("mean", points)], limits: Vec::new(), settled: cpu.settled() },
        percentiles: None,
        then: None,
        newest: cpu.newest(),
    }
}

/// The periods of all three that are of the same invocations.
fn shares<'a>(
    cpu: &'a Measured<'_>,
    duration: &Measured<'_>,
    memory: &Measured<'_>,
) -> Vec<(&'a OtherCell, Used)> {
    fn same<'m>(of: &'m Measured<'_>, cell: &OtherCell) -> Option<&'m OtherCell> {
        let at = of.periods.binary_search_by_key(&cell.start, |other| other.start).ok()?;
        Some(&of.periods[at]).filter(|other| other.period_ms == cell.period_ms)
    }
    let one = |cell: &'a OtherCell| Some((cell, Used::of(cell, same(duration, cell)?, same(memory, cell)?)?));
    cpu.periods.iter().filter_map(one).collect()
}
