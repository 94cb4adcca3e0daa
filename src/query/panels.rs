//! The panels: each one metric of a selection on the view's time axis.

mod concurrency;
mod duration;
mod throttles;

use crate::model::{Grade, Graded, Timestamp, Why, Window};

use super::asof::AsOf;
use super::axis::Axis;
use super::cell::{Cell, Durations};
use super::figures::{self, Check};
use super::filter::Filter;
use super::heat;
use super::overlap::{Intervals, Remembered, Running};
use super::points::{self, CLOSED_MS, Period, Sums};
use super::reach::Reach;
use super::select::{Member, Selection};
use super::statistics;
use super::table::{Figures, Span, missing};
use super::view::{Chart, Heat, Limit, Line, Panel, Provenance};

/// What all panels of one answer rest on.
pub struct Board<'a> {
    asof: AsOf<'a>,
    reach: Reach<'a>,
    selection: &'a Selection<'a>,
    axis: Axis,
    window: Window,
    before: Window,
    oldest: Option<Timestamp>,
    /// Figures of the window: what logs tell of all members together.
    now: Cell,
    durations: Option<Durations>,
    checks: (Check, Check),
    coverage: Grade,
    /// The same of the time before.
    then: Cell,
    /// What logs tell by column.
    columns: Vec<Cell>,
    /// How many of all members' invocations ran at once.
    running: Running<'a>,
    /// Members of which logs tell, and those of which only metrics do.
    logs: usize,
    /// Whether no invocation has the text that was asked for.
    unmatched: bool,
    metered: Vec<&'a Member<'a>>,
    /// The newest that is known of any.
    newest: Option<Timestamp>,
}

impl<'a> Board<'a> {
    /// Of a selection over a span, with the figures of its members.
    pub fn new(
        asof: AsOf<'a>,
        selection: &'a Selection<'a>,
        axis: Axis,
        span: &Span<'a>,
        members: &[Figures],
    ) -> Self {
        let Span { window, oldest, exact, reach, .. } = *span;
        let mut now = Cell::default();
        let mut durations = exact.then(Durations::default);
        let mut checks = (Check::default(), Check::default());
        let mut coverage = Grade::Counted;
        let newest = members.iter().filter_map(|figures| figures.newest).max();
        for figures in members {
            now.merge(&figures.cell);
            durations.iter_mut().for_each(|all| all.extend(&figures.durations));
            checks = (checks.0.and(figures.checks.0), checks.1.and(figures.checks.1));
            coverage = coverage.worst(figures.coverage);
        }
        let before = Window { from: window.from.plus(-window.ms()), to: window.from };
        let then = figures::fold_all(asof, selection, &Axis::span(before)).pop().unwrap_or_default();
        let columns = figures::fold_all(asof, selection, &axis);
        // All that is asked about.
        let chart = axis.window();
        let around = Window { from: chart.from.min(before.from), to: chart.to.max(window.to) };
        let running = match selection.members.as_slice() {
            _ if selection.all => Running::Remembered(Remembered::of_all(asof)),
            [Member { id, function, filter: None }] => {
                Running::Remembered(Remembered::of_function(asof, *id, function))
            }
            members => Running::Counted(Intervals::of(asof, members, around)),
        };
        // A text may stand in lines, which nobody asked: where no invocation has it that is no 0.
        let of_text = selection.members.iter().any(|m| m.filter.is_some_and(Filter::has_text));
        let unmatched = of_text
            && columns.iter().chain([&now, &then]).all(|cell| cell.started() == 0.0)
            && running.peaks(&Axis::span(around)).peak() == 0;
        let logs = selection.members.iter().filter(|m| !unmatched && asof.has_logs(m.function)).count();
        let metered = selection
            .members
            .iter()
            .filter(|m| {
                m.whole() && !asof.has_logs(m.function) && m.function.metrics.first_known() <= asof.at
            })
            .collect();
        Self {
            asof,
            reach,
            selection,
            axis,
            window,
            before,
            oldest,
            now,
            durations,
            checks,
            coverage,
            then,
            columns,
            running,
            logs,
            unmatched,
            metered,
            newest,
        }
    }

    /// Minutes of a window in which there are data; `None` where there are none.
    fn minutes(&self, window: Window) -> Option<f64> {
        minutes(self.oldest, window)
    }

    /// Why there is no figure where nothing was counted.
    fn nothing(&self) -> Why {
        let none = self.selection.members.is_empty() && self.asof.functions().next().is_some();
        match self.selection.in_part() {
            true if self.unmatched => Why::NothingMatches,
            true if self.logs == 0 => Why::NotApart,
            true => Why::NothingMatches,
            false if none => Why::NothingMatches,
            false => Why::NoData,
        }
    }

    /// Figures of the time before: none where that lies before the data, about where it partly does.
    fn then(&self, figure: impl FnOnce(&Cell, f64) -> Graded<f64>) -> Graded<f64> {
        match self.minutes(self.before) {
            None => Graded::NoSource(Why::NoData),
            Some(minutes) => {
                let whole = self.oldest.is_some_and(|oldest| oldest <= self.before.from);
                let grade = if whole { Grade::Counted } else { Grade::Estimated(Why::NoData) };
                figure(&self.then, minutes).at_best(grade)
            }
        }
    }

    /// The grade of what logs count, for the whole selection.
    fn counts(&self) -> Grade {
        self.now.count_grade().worst(self.coverage).worst(self.checks.0.grade())
    }

    /// Whether a column can hold anything that logs tell.
    fn there(&self, at: usize) -> bool {
        let column = self.axis.column(at);
        column.from <= self.asof.at && self.oldest.is_some_and(|oldest| oldest < column.to)
    }

    fn settled_logs(&self) -> usize {
        self.axis.settled(self.asof.at.plus(1 - self.asof.snapshot.settling_ms))
    }

    fn settled_metrics(&self) -> usize {
        self.axis.settled(self.asof.at.plus(1 - CLOSED_MS))
    }

    fn settled(&self) -> usize {
        match (self.logs > 0, self.metered.is_empty()) {
            (true, true) => self.settled_logs(),
            (false, false) => self.settled_metrics(),
            _ => self.settled_logs().min(self.settled_metrics()),
        }
    }

    fn provenance(&self, note: Option<String>) -> Provenance {
        let agree = self.checks.0.metric > 0.0 && self.checks.0.note("invocations").is_none();
        let source = match (self.logs > 0, self.metered.is_empty()) {
            (true, true) if agree => "logs=CW",
            (true, true) => "logs",
            (true, false) => "logs, CW 1m",
            (false, false) => "CW 1m",
            (false, true) => "–",
        };
        Provenance { source, age_ms: self.newest.map(|newest| self.asof.at.since(newest).max(0)), note }
    }

    /// A metric of the members without logs, by column.
    fn metered_columns(&self, of: impl Fn(&Member<'_>, Window) -> Vec<Period<f64>>) -> Vec<Sums> {
        let mut all = vec![Sums::default(); self.axis.columns];
        for member in &self.metered {
            let columns = points::columns(&self.axis, of(member, points::reaching(&self.axis)));
            all.iter_mut().zip(columns).for_each(|(sums, more)| *sums = sums.with(more));
        }
        all
    }

    fn metered_sums(&self, window: Window, of: impl Fn(&Member<'_>, Window) -> Sums) -> Sums {
        self.metered.iter().map(|member| of(member, window)).fold(Sums::default(), Sums::with)
    }

    /// How far what metrics count of the members without logs can be trusted.
    fn told(&self, window: Window) -> Grade {
        let metered = self.metered.iter().map(|member| member.function);
        let grades = metered.map(|of| self.reach.grade(of, &of.metrics.invocations, window));
        grades.fold(Grade::Counted, Grade::worst)
    }

    /// A count a minute over a window: what logs tell and what metrics tell of the rest.
    fn rate(
        &self,
        window: Window,
        counted: f64,
        minutes: Option<f64>,
        grade: Grade,
        metered: Sums,
    ) -> Graded<f64> {
        let told = figures::of_shape(self.told(window));
        let grade = grade.worst(told);
        let grade = minutes.map_or(grade, |minutes| grade.worst(rate_grade(minutes, self.window)));
        let logs = minutes.filter(|_| self.logs > 0).map(|minutes| counted / minutes);
        match (logs, metered.per_minute()) {
            (Some(rate), more) => grade.of(rate + more.unwrap_or(0.0)),
            (None, Some(rate)) => told.of(rate),
            (None, None) if self.metered.is_empty() => Graded::NoSource(self.nothing()),
            (None, None) => missing(self.asof, self.window),
        }
    }

    /// Invocations a minute.
    pub fn invocations(&self) -> Panel {
        let metered =
            |m: &Member<'_>, window| points::sums(self.asof, &m.function.metrics.invocations, window);
        let told = self.metered_columns(|m, window| {
            in_numbers(points::periods(self.asof, &m.function.metrics.invocations, window))
        });
        let per_minute = 60_000.0 / self.axis.step_ms as f64;
        let points = (0..self.axis.columns).map(|at| {
            let logs = (self.logs > 0 && self.there(at)).then(|| self.columns[at].started() * per_minute);
            sum_of(logs, told[at].per_minute())
        });
        let sums = self.metered_sums(self.window, metered);
        let now = self.rate(self.window, self.now.started(), self.minutes(self.window), self.counts(), sums);
        let before = match self.logs {
            0 => self.rate(self.before, 0.0, None, Grade::Counted, self.metered_sums(self.before, metered)),
            _ => self.then(|cell, minutes| {
                let sums = self.metered_sums(self.before, metered);
                self.rate(self.before, cell.started(), Some(minutes), cell.count_grade(), sums)
            }),
        };
        let panel = Panel {
            chart: Chart {
                lines: vec![Line::new("invocations", points.collect())],
                limits: Vec::new(),
                settled: self.settled(),
            },
            now,
            also: None,
            before,
            provenance: self.provenance(self.checks.0.note("invocations")),
            statistics: Vec::new(),
        };
        let statistics = statistics::of_rate(&panel, "invocations", self.now.started() + sums.sum);
        Panel { statistics, ..panel }
    }

    /// Durations over time, in so many rows; none where no log tells of any.
    pub fn heat(&self, rows: usize) -> Option<Heat> {
        (self.logs > 0).then(|| heat::heat(&self.columns, rows, |at| self.there(at)))
    }

    /// Errors: how many, and their share.
    pub fn errors(&self) -> Panel {
        let errors = |m: &Member<'_>, window| points::error_sums(self.asof, &m.function.metrics, window);
        let ran = |m: &Member<'_>, window| points::sums(self.asof, &m.function.metrics.invocations, window);
        let told = self.metered_columns(|m, window| points::errors(self.asof, &m.function.metrics, window));
        let told_ran = self.metered_columns(|m, window| {
            in_numbers(points::periods(self.asof, &m.function.metrics.invocations, window))
        });
        let (mut count, mut share) = (Vec::new(), Vec::new());
        for at in 0..self.axis.columns {
            let logs = self.logs > 0 && self.there(at);
            let cell = &self.columns[at];
            let failed = sum_of(logs.then(|| cell.errors()), told[at].any().then_some(told[at].sum));
            let all = sum_of(logs.then(|| cell.started()), told_ran[at].any().then_some(told_ran[at].sum));
            count.push(failed);
            share.push(failed.zip(all.filter(|all| *all > 0.0)).map(|(failed, all)| 100.0 * failed / all));
        }
        let sums = (self.metered_sums(self.window, errors), self.metered_sums(self.window, ran));
        let grade = self.counts().worst(self.checks.1.grade());
        let (share_now, count_now) = self.share(&self.now, grade, self.window, sums);
        let before = match self.logs {
            0 => {
                let sums = (self.metered_sums(self.before, errors), self.metered_sums(self.before, ran));
                self.share(&Cell::default(), Grade::Counted, self.before, sums).0
            }
            _ => self.then(|cell, _| {
                let sums = (self.metered_sums(self.before, errors), self.metered_sums(self.before, ran));
                self.share(cell, cell.count_grade(), self.before, sums).0
            }),
        };
        let note = self.checks.1.note("errors").or_else(|| self.checks.0.note("invocations"));
        let panel = Panel {
            chart: Chart {
                lines: vec![Line::new("share", share), Line::new("count", count)],
                limits: Vec::new(),
                settled: self.settled(),
            },
            now: share_now,
            also: Some(count_now),
            before,
            provenance: self.provenance(note),
            statistics: Vec::new(),
        };
        Panel { statistics: statistics::of_share(&panel), ..panel }
    }

    /// Share in % and count of errors.
    fn share(
        &self,
        cell: &Cell,
        grade: Grade,
        window: Window,
        told: (Sums, Sums),
    ) -> (Graded<f64>, Graded<f64>) {
        let (errors, ran) = told;
        if self.logs == 0 && !errors.any() {
            let none = || match self.metered.is_empty() {
                true => Graded::NoSource(self.nothing()),
                false => missing(self.asof, window),
            };
            return (none(), none());
        }
        let grade = if self.logs == 0 { Grade::Counted } else { grade };
        let grade = grade.worst(self.told(window));
        let (failed, all) = (cell.errors() + errors.sum, cell.started() + ran.sum);
        let share = match all > 0.0 {
            true => figures::of_shape(grade).of(100.0 * failed / all),
            false => Graded::NoSource(self.nothing()),
        };
        (share, grade.of(failed.round()))
    }
}

/// A limit, where there is one.
fn limit(name: &'static str, value: Option<Graded<f64>>) -> Vec<Limit> {
    value.map(|value| Limit { name, value }).into_iter().collect()
}

/// Fewer ms than this tell no rate.
const LEAST_MS: i64 = 10_000;

/// Minutes of a window in which there are data: where there are any, at least a sixth of one.
pub fn minutes(oldest: Option<Timestamp>, window: Window) -> Option<f64> {
    let from = oldest?.max(window.from);
    (from < window.to).then(|| window.to.since(from).max(LEAST_MS.min(window.ms())) as f64 / 60_000.0)
}

/// How far a rate over so many minutes of a window can be trusted: of the first seconds it is a guess.
pub fn rate_grade(minutes: f64, window: Window) -> Grade {
    match minutes < 1.0 && window.ms() > 60_000 {
        true => Grade::Estimated(Why::JustBegun),
        false => Grade::Counted,
    }
}

fn in_numbers<V: Into<f64>>(periods: Vec<Period<V>>) -> Vec<Period<f64>> {
    periods.into_iter().map(|p| Period { window: p.window, value: p.value.into() }).collect()
}

fn sum_of(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    }
}

/// The largest value in each column.
fn maxima<V: Copy + Into<f64>>(axis: &Axis, periods: &[Period<V>]) -> Vec<Option<f64>> {
    let mut columns = vec![None; axis.columns];
    for period in periods {
        let whole = axis.window();
        let first = axis.column_of(period.window.from.max(whole.from));
        let last = axis.column_of(period.window.to.min(whole.to).plus(-1));
        let (Some(first), Some(last)) = (first, last) else { continue };
        for column in columns.iter_mut().take(last + 1).skip(first) {
            let value: f64 = period.value.into();
            *column = Some(column.map_or(value, |most: f64| most.max(value)));
        }
    }
    columns
}
