//! A function's metrics beside its invocations: what Lambda Insights measures of it, first and in an
//! operator's words, and what it tells itself, in the order of their names.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::model::{FunctionId, Graded, Timestamp, Why, Window};
use crate::store::OtherSeries;

use super::asof::AsOf;
use super::axis::Axis;
use super::filter::{Condition, contains, wild};
use super::insights::{self, INSIGHTS};
use super::measured::{Figures, Measured};
use super::points;
use super::select::Member;
use super::unit::MetricUnit;
use super::view::{Chart, Limit, Line};

/// Rows at most: more than the correlator keeps series of one function.
const ROWS: usize = 400;

/// What a metric is told apart by: its number may be another when more has been read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricKey {
    /// `Shop`, `LambdaInsights`, …
    pub namespace: Arc<str>,
    /// Its name there, unsanitised; of what is computed a name that none has there.
    pub name: Arc<str>,
    /// `service=shop, stage=test`, unsanitised.
    pub dimensions: Arc<str>,
    /// Its unit as it was told.
    pub unit: Arc<str>,
}

/// What tells a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricSource {
    /// Lambda Insights' extension.
    Insights,
    /// The function itself, in its lines (EMF).
    Own,
    /// CloudWatch.
    CloudWatch,
}

impl MetricSource {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Insights => "Insights",
            Self::Own => "EMF",
            Self::CloudWatch => "CW",
        }
    }
}

/// A metric in a window.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricRow {
    /// Which.
    pub key: MetricKey,
    /// Its name in words, unsanitised.
    pub title: Arc<str>,
    /// What tells it.
    pub source: MetricSource,
    /// What its values are in.
    pub unit: MetricUnit,
    /// Its figures.
    pub figures: Figures,
    /// Its lines by column, the most important last, and its limit; with them the line `then` of what it
    /// is compared with.
    pub chart: Chart,
    /// The same of its percentiles, where values were told one by one.
    pub percentiles: Option<Chart>,
    /// Its figures of the time that it is compared with.
    pub then: Option<Figures>,
    /// The end of its newest period in the window.
    pub newest: Option<Timestamp>,
}

/// A function's metrics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricList {
    /// The metrics that match: Lambda Insights' well-known ones, then all others by their names, those
    /// without a value in the window last.
    pub rows: Vec<MetricRow>,
    /// Whether Lambda Insights told anything of it.
    pub insights: bool,
    /// Whether it told any metric itself.
    pub own: bool,
    /// Values of metrics beyond those that are kept.
    pub refused: u64,
}

/// Series that are known of a function as of a time.
fn series(asof: AsOf<'_>, id: FunctionId) -> impl Iterator<Item = &OtherSeries> {
    let all = asof.snapshot.others.iter().map(|series| &**series);
    all.filter(move |series| series.metric.function == Some(id) && series.first_known <= asof.at)
}

/// How many metrics are known of a function.
pub fn known(asof: AsOf<'_>, id: FunctionId) -> u64 {
    series(asof, id).count() as u64
}

/// Its metrics in a window, on an axis; beside them what they were so many ms earlier.
pub fn metrics(
    asof: AsOf<'_>,
    member: &Member<'_>,
    window: Window,
    axis: &Axis,
    compare_ms: Option<i64>,
) -> MetricList {
    let all: Vec<&OtherSeries> = series(asof, member.id).collect();
    let insights = all.iter().any(|series| source(series) == MetricSource::Insights);
    let own = all.iter().any(|series| source(series) == MetricSource::Own);
    let (mut rows, known) = Ask { asof, window, axis }.rows(&all);
    if let Some(back_ms) = compare_ms {
        let axis = axis.earlier(back_ms);
        let (then, _) = Ask { asof, window: window.earlier(back_ms), axis: &axis }.rows(&all);
        let mut then: FxHashMap<MetricKey, MetricRow> =
            then.into_iter().map(|row| (row.key.clone(), row)).collect();
        for row in &mut rows {
            if let Some(then) = then.remove(&row.key) {
                row.compare(then);
            }
        }
    }
    // The well-known ones stay first.
    rows[known..].sort_by_cached_key(order);
    rows.retain(|row| matches(member, row));
    rows.truncate(ROWS);
    let refused = member.function.others_refused.iter().take_while(|(known, _)| *known <= asof.at);
    let refused = refused.fold(0u64, |all, (_, count)| all.saturating_add(*count));
    MetricList { rows, insights, own, refused }
}

/// Whether the filter lets a metric through: its words are looked for in the function's name and in
/// all that names the metric. What is asked of invocations is not asked of it.
fn matches(member: &Member<'_>, row: &MetricRow) -> bool {
    let Some(filter) = member.filter else { return true };
    let MetricKey { namespace, name, dimensions, .. } = &row.key;
    let texts = [&*member.function.name, namespace, name, dimensions, &row.title];
    filter.holds(|condition| match condition {
        Condition::Function(pattern) => Some(wild(pattern, &member.function.name)),
        Condition::Text(text) => Some(texts.iter().any(|of| contains(of, text))),
        Condition::Pattern(pattern) => Some(texts.iter().any(|of| pattern.is_in(of))),
        _ => None,
    })
}

/// Those with a value in the window by their names; then the others, of which there may be many where a
/// dimension is different each time.
fn order(row: &MetricRow) -> (bool, String, MetricKey) {
    (row.why_none().is_some(), row.title.to_lowercase(), row.key.clone())
}

/// What a series is told apart by.
pub fn key(series: &OtherSeries) -> MetricKey {
    let metric = series.metric.clone();
    MetricKey {
        namespace: metric.namespace,
        name: metric.name,
        dimensions: metric.dimensions,
        unit: metric.unit,
    }
}

/// What tells a series: services of AWS have namespaces of their own.
pub fn source(series: &OtherSeries) -> MetricSource {
    match &*series.metric.namespace {
        INSIGHTS => MetricSource::Insights,
        namespace if namespace.starts_with("AWS/") => MetricSource::CloudWatch,
        _ => MetricSource::Own,
    }
}

/// Of which time metrics are asked.
pub struct Ask<'a> {
    /// As of when.
    pub asof: AsOf<'a>,
    /// The window of their figures.
    pub window: Window,
    /// The columns of their lines.
    pub axis: &'a Axis,
}

impl<'a> Ask<'a> {
    /// All rows: the well-known ones in their order, then all others; and how many those first ones are.
    fn rows(&self, all: &[&OtherSeries]) -> (Vec<MetricRow>, usize) {
        let mut rows = insights::well_known(self, all);
        let known = rows.len();
        let rest = all.iter().filter(|series| rows.iter().all(|row| row.key != key(series)));
        let rest: Vec<MetricRow> = rest.map(|series| self.row(series)).collect();
        rows.extend(rest);
        (rows, known)
    }

    /// What a series comes to.
    pub fn measured(&self, series: &OtherSeries, scale: f64, adds_up: bool) -> Measured<'a> {
        let reach = points::reaching(self.axis);
        let reach = Window { from: reach.from.min(self.window.from), to: reach.to.max(self.window.to) };
        let told = series.within(reach, self.asof.at);
        let let_go = told.let_go && series.within(self.window, self.asof.at).let_go;
        let periods = told.periods;
        Measured { asof: self.asof, axis: self.axis, window: self.window, periods, scale, adds_up, let_go }
    }

    /// The row of a series as it was told.
    pub fn row(&self, series: &OtherSeries) -> MetricRow {
        let key = key(series);
        let (unit, scale) = MetricUnit::of(&key.unit);
        let known = (key.namespace.as_ref() == INSIGHTS).then(|| insights::of_name(&key.name)).flatten();
        let adds_up = known.map_or(unit.adds_up(), |known| known.adds_up);
        let title = known.map_or_else(|| key.name.clone(), |known| known.title.into());
        let measured = self.measured(series, scale, adds_up);
        let (chart, percentiles) = measured.charts();
        MetricRow {
            title,
            source: source(series),
            unit,
            figures: measured.figures(),
            chart,
            percentiles,
            then: None,
            newest: measured.newest(),
            key,
        }
    }

    /// A row of which nothing is known.
    pub fn none(&self, key: MetricKey, title: &str, unit: MetricUnit, adds_up: bool, why: Why) -> MetricRow {
        MetricRow {
            key,
            title: title.into(),
            source: MetricSource::Insights,
            unit,
            figures: Figures::none(why, adds_up),
            chart: Chart { lines: Vec::new(), limits: Vec::new(), settled: self.axis.columns },
            percentiles: None,
            then: None,
            newest: None,
        }
    }

    /// The newest value of a series in the window, as a limit of another one.
    pub fn limit(&self, name: &'static str, series: &OtherSeries) -> Option<Limit> {
        let (_, scale) = MetricUnit::of(&series.metric.unit);
        let value = self.measured(series, scale, false).newest_value()?;
        Some(Limit { name, value })
    }
}

impl MetricRow {
    /// Puts what it was at another time beside what it is.
    fn compare(&mut self, then: Self) {
        let put = |now: &mut Chart, then: Chart| {
            let last = then.lines.into_iter().next_back().map(|line| Line { name: "then", ..line });
            // The most important one stays last.
            let at = now.lines.len().saturating_sub(1);
            if let Some(line) = last.filter(|_| !now.lines.is_empty()) {
                now.lines.insert(at, line);
            }
        };
        put(&mut self.chart, then.chart);
        if let (Some(now), Some(then)) = (&mut self.percentiles, then.percentiles) {
            put(now, then);
        }
        self.then = Some(then.figures);
    }

    /// The chart of its percentiles, if there is one and it is wanted; else that of its values.
    pub fn shown(&self, percentiles: bool) -> &Chart {
        self.percentiles.as_ref().filter(|_| percentiles).unwrap_or(&self.chart)
    }

    /// Why it has no value, where that is so.
    pub fn why_none(&self) -> Option<Why> {
        match self.figures.count {
            Graded::NoSource(why)
                if self.chart.lines.is_empty() || matches!(why, Why::NoData | Why::Evicted) =>
            {
                Some(why)
            }
            _ => None,
        }
    }
}
