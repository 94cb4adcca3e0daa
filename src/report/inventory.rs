//! `report --list functions`, `environments`, `metrics`: what there is, as of the end of the input.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::output::{Cell, Table};
use crate::model::{
    CallFact, Change, EnvironmentId, EnvironmentInfo, FactSink, FunctionId, Graded, InitKind, Invocation,
    LineFact, MetricName, MetricPoint, Micros, OtherId, OtherMetric, OtherPoint, SettingFact, Statistics,
    Texts, Timestamp, Window,
};
use crate::query::{Snapshot, configured};
use crate::store::{Budget, Store};

/// What a store of settings and environments alone may hold: all of them.
const BYTES: usize = 1 << 30;

/// First and last of some times.
#[derive(Clone, Copy, Debug, Default)]
struct Span(Option<(Timestamp, Timestamp)>);

impl Span {
    fn note(&mut self, time: Timestamp) {
        let (first, last) = self.0.unwrap_or((time, time));
        self.0 = Some((first.min(time), last.max(time)));
    }

    fn cells(self) -> [Cell; 2] {
        let text = |time: Option<Timestamp>| Cell::maybe(time.map(|time| time.to_string()));
        [text(self.0.map(|(first, _)| first)), text(self.0.map(|(_, last)| last))]
    }

    /// Whether any of it lies in a window; what has no time lies in none but the whole.
    fn within(self, window: Window) -> bool {
        match self.0 {
            Some((first, last)) => first < window.to && window.from <= last,
            None => window.from == Timestamp::MIN && window.to == Timestamp::NEVER,
        }
    }
}

/// What is counted of a function or an environment.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    span: Span,
    invocations: u64,
    errors: u64,
    cold: u64,
    max_memory_mb: Option<u32>,
}

impl Counts {
    fn note(&mut self, invocation: &Invocation) {
        self.span.note(invocation.start);
        self.invocations += 1;
        self.cold += u64::from(invocation.cold.is_cold());
        let Some(end) = &invocation.end else { return };
        self.span.note(end.at);
        self.errors += u64::from(end.outcome.failed());
        self.max_memory_mb = self.max_memory_mb.max(end.max_memory_mb);
    }
}

/// A metric's points together.
#[derive(Clone, Copy, Debug, Default)]
struct Series {
    span: Span,
    points: u64,
    total: Statistics,
}

impl Series {
    fn note(&mut self, at: Timestamp, more: &Statistics) {
        let both = |a: Option<f64>, b: Option<f64>, of: fn(f64, f64) -> f64| match (a, b) {
            (Some(a), Some(b)) => Some(of(a, b)),
            (a, b) => a.or(b),
        };
        self.span.note(at);
        self.points += 1;
        self.total.count = both(self.total.count, more.count, |a, b| a + b);
        self.total.sum = both(self.total.sum, more.sum, |a, b| a + b);
        self.total.min = both(self.total.min, more.min, f64::min);
        self.total.max = both(self.total.max, more.max, f64::max);
    }
}

/// Callers that are told apart.
const CALLERS: usize = 100;
/// … and named.
const NAMED: usize = 5;

/// What CloudTrail tells of calls of one function.
#[derive(Clone, Debug, Default)]
struct Calls {
    by: BTreeMap<Arc<str>, u64>,
    refused: u64,
}

impl Calls {
    fn note(&mut self, call: &CallFact) {
        self.refused += u64::from(call.refused.is_some());
        if self.by.len() < CALLERS || self.by.contains_key(&call.by) {
            *self.by.entry(call.by.clone()).or_default() += 1;
        }
    }

    /// Those that called most.
    fn callers(&self) -> Vec<String> {
        let mut all: Vec<(&Arc<str>, u64)> = self.by.iter().map(|(by, n)| (by, *n)).collect();
        all.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        all.truncate(NAMED);
        all.into_iter().map(|(by, n)| format!("{by} {n}")).collect()
    }
}

/// Collects what the lists need.
pub struct Inventory {
    names: Vec<String>,
    invocations: FxHashMap<u64, Invocation>,
    lines: FxHashMap<FunctionId, Span>,
    environments: BTreeMap<EnvironmentId, EnvironmentInfo>,
    /// By function, metric and period, so that what is told again counts once.
    metrics: BTreeMap<(Option<FunctionId>, MetricName, Timestamp), Statistics>,
    others: Vec<(OtherMetric, Series)>,
    calls: FxHashMap<FunctionId, Calls>,
    /// Settings alone.
    store: Store,
}

impl FactSink for Inventory {
    fn function(&mut self, id: FunctionId, name: &str) {
        self.names.push(name.to_string());
        self.store.function(id, name);
    }

    fn invocation(&mut self, invocation: &Invocation, _change: Change) {
        self.invocations.insert(invocation.seq, *invocation);
    }

    fn metric(&mut self, point: &MetricPoint) {
        self.metrics.insert((point.function, point.name, point.start), point.statistics);
    }

    fn other_metric(&mut self, _id: OtherId, metric: &OtherMetric) {
        self.others.push((metric.clone(), Series::default()));
    }

    fn other_point(&mut self, point: &OtherPoint) {
        if let Some((_, series)) = self.others.get_mut(point.series.0 as usize) {
            series.note(point.start, &point.statistics);
        }
    }

    fn setting(&mut self, fact: SettingFact) {
        self.store.setting(fact);
    }

    fn call(&mut self, fact: &CallFact) {
        self.calls.entry(fact.function).or_default().note(fact);
    }

    fn environment(&mut self, info: &EnvironmentInfo) {
        self.store.environment(info);
        let first = self.environments.get(&info.id).map_or(info.first, |known| known.first.min(info.first));
        let init = self.environments.get(&info.id).and_then(|known| known.init_start);
        let info = EnvironmentInfo { first, init_start: init.or(info.init_start), ..*info };
        self.environments.insert(info.id, info);
    }

    fn line(&mut self, line: &LineFact) {
        if let (Some(function), Some(time)) = (line.function, line.time) {
            self.lines.entry(function).or_default().note(time);
        }
    }
}

impl Inventory {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            names: Vec::new(),
            invocations: FxHashMap::default(),
            lines: FxHashMap::default(),
            environments: BTreeMap::new(),
            metrics: BTreeMap::new(),
            others: Vec::new(),
            calls: FxHashMap::default(),
            store: Store::new(Budget { bytes: BYTES }),
        }
    }

    fn name(&self, id: FunctionId) -> &str {
        self.names.get(id.0 as usize).map_or("", String::as_str)
    }

    /// A row a function, by name: what its logs count and what it is set to.
    pub fn functions(&mut self, window: Window, texts: &Texts) -> Table {
        let columns = vec![
            "function",
            "first",
            "last",
            "invocations",
            "errors",
            "cold_starts",
            "environments",
            "throttles",
            "max_memory_mb",
            "memory_mb",
            "timeout_ms",
            "runtime",
            "handler",
            "role",
            "reserved",
            "provisioned",
            "aliases",
            "triggers",
            "may_invoke",
            "may_do",
            "retries",
            "on_failure",
            "changed",
            "callers",
            "refused_calls",
        ];
        let mut counts: FxHashMap<FunctionId, Counts> = FxHashMap::default();
        for invocation in self.invocations.values() {
            counts.entry(invocation.function).or_default().note(invocation);
        }
        let snapshot = self.store.snapshot(Arc::new(texts.clone()));
        let mut ids: Vec<FunctionId> = (0..self.names.len() as u32).map(FunctionId).collect();
        ids.sort_by_key(|id| self.name(*id));
        let rows = ids.into_iter().filter_map(|id| {
            let counted = counts.get(&id);
            let mut span = self.lines.get(&id).copied().unwrap_or_default();
            for time in counted.and_then(|counts| counts.span.0).into_iter().flat_map(|(a, b)| [a, b]) {
                span.note(time);
            }
            let times = self.metrics.range((Some(id), MetricName::FIRST, Timestamp::MIN)..);
            for ((.., start), _) in times.take_while(|((of, ..), _)| *of == Some(id)) {
                span.note(*start);
            }
            span.within(window).then(|| self.row_of(id, span, counted, &snapshot))
        });
        Table { columns, rows: rows.collect() }
    }

    fn row_of(&self, id: FunctionId, span: Span, counted: Option<&Counts>, snapshot: &Snapshot) -> Vec<Cell> {
        let set = configured(snapshot, id, Timestamp::NEVER).unwrap_or_default();
        let environments = self.environments.values().filter(|info| info.function == id).count();
        let logged = self.lines.contains_key(&id) || counted.is_some();
        // What no log tells is not 0.
        let count = |n: u64| if logged { Cell::whole(n as i64) } else { Cell::number(None, 0) };
        let counts = counted.copied().unwrap_or_default();
        let throttles = self.sum(id, MetricName::Throttles);
        let called = self.calls.get(&id);
        let number = |n: Option<Graded<u32>>| match n {
            Some(n) => Cell::graded(&n.map(f64::from), 0),
            None => Cell::number(None, 0),
        };
        let text = |text: Option<Graded<Arc<str>>>| match text {
            Some(text) => {
                let grade = text.grade();
                Cell { grade, ..Cell::maybe(text.value().map(|text| text.to_string())) }
            }
            None => Cell::maybe(None),
        };
        let list = |all: Vec<String>| Cell::maybe((!all.is_empty()).then(|| all.join("; ")));
        let triggers = set.triggers.iter().map(|trigger| {
            let parts =
                [&trigger.source, &trigger.state].map(|part| part.as_deref().unwrap_or("?").to_string());
            parts.join(" ")
        });
        let grants = set.may_invoke.iter().map(|grant| {
            let deny = if grant.deny { "not " } else { "" };
            let source = grant.source.as_deref().map_or_else(String::new, |source| format!(" for {source}"));
            format!("{deny}{}{source}", grant.who)
        });
        let [first, last] = span.cells();
        vec![
            Cell::text(self.name(id)),
            first,
            last,
            count(counts.invocations),
            count(counts.errors),
            count(counts.cold),
            count(environments as u64),
            Cell::number(throttles, 0),
            Cell::number(counts.max_memory_mb.map(f64::from), 0),
            number(set.memory_mb),
            match set.timeout {
                Some(timeout) => Cell::graded(&timeout.map(Micros::ms), 3),
                None => Cell::number(None, 0),
            },
            text(set.runtime),
            text(set.handler),
            text(set.role),
            number(set.reserved.and_then(|told| told.value().copied().flatten().map(|n| told.grade().of(n)))),
            number(set.provisioned),
            list(set.aliases.iter().map(|(alias, version)| format!("{alias}={version}")).collect()),
            list(triggers.collect()),
            list(grants.collect()),
            list(set.may_do.iter().map(ToString::to_string).collect()),
            number(set.retries),
            text(
                set.on_failure.and_then(|told| told.value().cloned().flatten().map(|to| told.grade().of(to))),
            ),
            Cell::maybe(set.changed.map(|at| at.to_string())),
            list(called.map_or_else(Vec::new, Calls::callers)),
            Cell::number(called.map(|calls| calls.refused as f64), 0),
        ]
    }

    fn sum(&self, id: FunctionId, name: MetricName) -> Option<f64> {
        let periods =
            self.metrics.range((Some(id), name, Timestamp::MIN)..=(Some(id), name, Timestamp::NEVER));
        periods.filter_map(|(_, told)| told.sum).reduce(|a, b| a + b)
    }

    /// A row an execution environment, by its first record.
    pub fn environments(
        &self,
        window: Window,
        texts: &Texts,
        stream: &dyn Fn(EnvironmentId) -> String,
    ) -> Table {
        let columns = vec![
            "environment",
            "function",
            "version",
            "kind",
            "runtime",
            "init_start",
            "first",
            "last",
            "invocations",
            "errors",
            "cold_starts",
            "max_memory_mb",
        ];
        let mut counts: FxHashMap<EnvironmentId, Counts> = FxHashMap::default();
        for invocation in self.invocations.values() {
            if let Some(environment) = invocation.environment {
                counts.entry(environment).or_default().note(invocation);
            }
        }
        let mut all: Vec<&EnvironmentInfo> = self.environments.values().collect();
        all.sort_by_key(|info| (info.first, info.id));
        let rows = all.into_iter().filter_map(|info| {
            let counts = counts.get(&info.id).copied().unwrap_or_default();
            let mut span = counts.span;
            span.note(info.first);
            let [first, last] = span.cells();
            let name =
                |id: Option<crate::model::NameId>| Cell::maybe(id.map(|id| texts.names.get(id).to_string()));
            span.within(window).then(|| {
                vec![
                    Cell::text(stream(info.id)),
                    Cell::text(self.name(info.function)),
                    name(info.version),
                    Cell::text(kind(info.kind)),
                    name(info.runtime),
                    Cell::maybe(info.init_start.map(|at| at.to_string())),
                    first,
                    last,
                    Cell::whole(counts.invocations as i64),
                    Cell::whole(counts.errors as i64),
                    Cell::whole(counts.cold as i64),
                    Cell::number(counts.max_memory_mb.map(f64::from), 0),
                ]
            })
        });
        Table { columns, rows: rows.collect() }
    }

    /// A row a series of a metric: Lambda's, then the others as they came.
    pub fn metrics(&self, window: Window) -> Table {
        let columns = vec![
            "namespace",
            "metric",
            "function",
            "dimensions",
            "unit",
            "points",
            "first",
            "last",
            "count",
            "sum",
            "min",
            "max",
        ];
        let mut lambda: BTreeMap<(Option<FunctionId>, MetricName), Series> = BTreeMap::new();
        for ((function, name, start), told) in &self.metrics {
            if window.holds(*start) {
                lambda.entry((*function, *name)).or_default().note(*start, told);
            }
        }
        let row = |texts: [&str; 5], series: &Series| {
            let maybe = |text: &str| Cell::maybe((!text.is_empty()).then(|| text.to_string()));
            let [namespace, name, function, dimensions, unit] = texts;
            let number = |n: Option<f64>| Cell::number(n, 6);
            let [first, last] = series.span.cells();
            let Statistics { count, sum, min, max, .. } = series.total;
            vec![
                Cell::text(namespace),
                Cell::text(name),
                maybe(function),
                maybe(dimensions),
                maybe(unit),
                Cell::whole(series.points as i64),
                first,
                last,
                number(count),
                number(sum),
                number(min),
                number(max),
            ]
        };
        let function = |id: Option<FunctionId>| id.map_or("", |id| self.name(id));
        let own = lambda
            .iter()
            .map(|((of, name), series)| row(["AWS/Lambda", name.word(), function(*of), "", ""], series));
        let others = self.others.iter().filter(|(_, series)| series.span.within(window));
        let others = others.map(|(metric, series)| {
            let OtherMetric { namespace, name, dimensions, unit, .. } = metric;
            row([namespace, name, function(metric.function), dimensions, unit], series)
        });
        Table { columns, rows: own.chain(others).collect() }
    }
}

fn kind(kind: InitKind) -> &'static str {
    match kind {
        InitKind::OnDemand => "on-demand",
        InitKind::Provisioned => "provisioned",
        InitKind::SnapStart => "snap-start",
        InitKind::Managed => "managed-instance",
    }
}
