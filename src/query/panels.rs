//! The panels: each one metric of a selection on the view's time axis.

use crate::model::{Grade, Graded, Micros, Timestamp, Why, Window};

use super::asof::AsOf;
use super::axis::Axis;
use super::cell::{Cell, Durations};
use super::figures::{self, Check, EXACT};
use super::heat;
use super::overlap::{Intervals, Peaks, Remembered, Running, kept_peaks};
use super::points::{self, CLOSED_MS, Period, Sums};
use super::refused;
use super::scan;
use super::select::{Member, Selection};
use super::settings;
use super::statistics;
use super::table::{Figures, missing, throttles};
use super::view::{Chart, Heat, Limit, Line, Panel, Provenance};

/// What all panels of one answer rest on.
pub struct Board<'a> {
    asof: AsOf<'a>,
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
    metered: Vec<&'a Member<'a>>,
    /// The newest that is known of any.
    newest: Option<Timestamp>,
}

impl<'a> Board<'a> {
    /// Of a selection with the figures of its members.
    pub fn new(
        asof: AsOf<'a>,
        selection: &'a Selection<'a>,
        axis: Axis,
        window: Window,
        oldest: Option<Timestamp>,
        members: &[Figures],
        exact: bool,
    ) -> Self {
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
        let running = match selection.members.as_slice() {
            _ if selection.all => Running::Remembered(Remembered::of_all(asof)),
            [Member { id, function, filter: None }] => {
                Running::Remembered(Remembered::of_function(asof, *id, function))
            }
            members => {
                let chart = axis.window();
                let reach = Window { from: chart.from.min(before.from), to: chart.to.max(window.to) };
                Running::Counted(Intervals::of(asof, members, reach))
            }
        };
        let logs = selection.members.iter().filter(|member| asof.has_logs(member.function)).count();
        let metered = selection
            .members
            .iter()
            .filter(|m| !asof.has_logs(m.function) && m.function.metrics.first_known() <= asof.at)
            .collect();
        Self {
            asof,
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
            metered,
            newest,
        }
    }

    /// Minutes of a window in which there are data; `None` where there are none.
    fn minutes(&self, window: Window) -> Option<f64> {
        minutes(self.oldest, window)
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

    /// A count a minute: what logs tell and what metrics tell of the rest.
    fn rate(&self, counted: f64, minutes: Option<f64>, grade: Grade, metered: Sums) -> Graded<f64> {
        let logs = minutes.filter(|_| self.logs > 0).map(|minutes| counted / minutes);
        match (logs, metered.per_minute()) {
            (Some(rate), more) => grade.of(rate + more.unwrap_or(0.0)),
            (None, Some(rate)) => Graded::Counted(rate),
            (None, None) if self.metered.is_empty() => Graded::NoSource(Why::NoData),
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
        let now = self.rate(self.now.started(), self.minutes(self.window), self.counts(), sums);
        let before = match self.logs {
            0 => self.rate(0.0, None, Grade::Counted, self.metered_sums(self.before, metered)),
            _ => self.then(|cell, minutes| {
                let sums = self.metered_sums(self.before, metered);
                self.rate(cell.started(), Some(minutes), cell.count_grade(), sums)
            }),
        };
        let panel = Panel {
            chart: Chart {
                lines: vec![Line { name: "invocations", points: points.collect() }],
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
                lines: vec![Line { name: "share", points: share }, Line { name: "count", points: count }],
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
                true => Graded::NoSource(Why::NoData),
                false => missing(self.asof, window),
            };
            return (none(), none());
        }
        let grade = if self.logs == 0 { Grade::Counted } else { grade };
        let (failed, all) = (cell.errors() + errors.sum, cell.started() + ran.sum);
        let share = match all > 0.0 {
            true => figures::of_shape(grade).of(100.0 * failed / all),
            false => Graded::NoSource(Why::NoData),
        };
        (share, grade.of(failed.round()))
    }

    /// Durations in ms.
    pub fn duration(&mut self) -> Panel {
        const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)];
        let mut lines: Vec<Line> = QUANTILES
            .into_iter()
            .map(|(name, q)| Line {
                name,
                points: self.columns.iter().map(|cell| cell.quantile(q).value().copied()).collect(),
            })
            .collect();
        let longest = self.columns.iter().map(|cell| cell.longest().value().copied()).collect();
        lines.push(Line { name: "max", points: longest });
        let shape = figures::of_shape(self.coverage.worst(self.checks.0.grade()));
        let mut told = [0.5, 0.9, 0.99, 1.0].map(|q| {
            let value = match &mut self.durations {
                Some(durations) => durations.quantile(q),
                None if q == 1.0 => self.now.longest(),
                None => self.now.quantile(q),
            };
            value.at_best(shape)
        });
        let mut now = told[2];
        let mut also = Some(self.counts().of(self.now.durations().round()));
        let mut note = self.checks.0.note("invocations");
        if let (0, [member]) = (self.logs, self.metered.as_slice()) {
            lines = self.told_durations(member);
            (now, also) = (Graded::NoSource(Why::NotInAnySource), None);
            told = [now; 4];
            note = Some("percentiles of minutes can't be made into one of a longer time".to_string());
        }
        let timeout = match self.selection.members.as_slice() {
            [member] => settings::timeout(self.asof, member.function),
            _ => None,
        };
        let limits = limit("timeout", timeout.map(|of| of.map(Micros::ms)));
        let before = self.then(|_, _| self.p99_before());
        let note = note.or_else(|| self.longer());
        Panel {
            chart: Chart { lines, limits, settled: self.settled() },
            statistics: statistics::of_durations(also, told),
            now,
            also,
            before,
            provenance: self.provenance(note),
        }
    }

    /// Where CloudWatch tells of a longer duration in closed minutes than the logs do.
    fn longer(&self) -> Option<String> {
        let member = self.compared()?;
        let told = points::periods(self.asof, &member.function.metrics.durations, self.window);
        let closed = told.iter().filter(|period| self.is_closed(period.window));
        let longest = closed.filter_map(|period| period.value.max).reduce(f32::max).map(f64::from)?;
        let logged = *self.now.longest().value()?;
        (longest > logged * 1.01 + 1.0).then(|| {
            let (longest, logged) = (longest.round(), logged.round());
            format!(
                "CloudWatch's longest took {longest} ms, the logs' {logged} ms: not all is in what is read"
            )
        })
    }

    /// Where CloudWatch tells of a greater concurrency in closed minutes than the logs do.
    fn higher(&self, peak: u32) -> Option<String> {
        let member = self.compared()?;
        let told = points::periods(self.asof, &member.function.metrics.concurrency, self.window);
        let closed = told.iter().filter(|period| self.is_closed(period.window));
        let highest = closed.map(|period| f64::from(period.value)).reduce(f64::max)?;
        // CloudWatch counts inits as well, and a request before its START.
        (highest > f64::from(peak) * 1.1 + 1.0)
            .then(|| format!("CloudWatch's peak is {highest}, the logs' {peak}: it counts inits too"))
    }

    /// The function of which both logs and metrics tell, if it is the only one that is looked at, and all
    /// of it.
    fn compared(&self) -> Option<&Member<'a>> {
        match self.selection.members.as_slice() {
            [member] if self.logs == 1 && member.filter.is_none() => Some(member),
            _ => None,
        }
    }

    fn is_closed(&self, minute: Window) -> bool {
        minute.to.plus(CLOSED_MS) <= self.asof.at
    }

    fn p99_before(&self) -> Graded<f64> {
        if self.then.durations() > EXACT || !scan::complete(self.asof, self.before) {
            return self.then.quantile(0.99);
        }
        let mut durations = Durations::default();
        for member in &self.selection.members {
            figures::durations(self.asof, member, self.before, &mut durations);
        }
        durations.quantile(0.99)
    }

    /// What metrics tell of durations: the statistics of single periods, in columns no longer.
    fn told_durations(&self, member: &Member<'_>) -> Vec<Line> {
        let metrics = &member.function.metrics;
        let told = points::periods(self.asof, &metrics.durations, points::reaching(&self.axis));
        let line = |name, of: fn(&crate::store::Durations) -> Option<f32>, merges: bool| {
            let points = (0..self.axis.columns).map(|at| {
                let column = self.axis.column(at);
                let mut inside =
                    told.iter().filter(|p| p.window.from < column.to && column.from < p.window.to);
                let first = of(&inside.next()?.value);
                match merges {
                    true => inside.filter_map(|p| of(&p.value)).chain(first).reduce(f32::max),
                    false => first.filter(|_| inside.next().is_none()),
                }
                .map(f64::from)
            });
            Line { name, points: points.collect() }
        };
        vec![
            line("p50", |d| d.p50, false),
            line("p90", |d| d.p90, false),
            line("p99", |d| d.p99, false),
            line("max", |d| d.max, true),
        ]
    }

    /// Throttled requests a minute: metrics tell all, CloudTrail some of the other functions'.
    pub fn throttles(&self) -> Panel {
        let members = &self.selection.members;
        let mut columns = vec![Sums::default(); self.axis.columns];
        let (mut now, mut before) = (Sums::default(), Sums::default());
        let (mut without, mut called, mut why) = (0, 0, None);
        let whole = |sum, window: Window| Sums { sum, covered_ms: window.ms() as f64 };
        for member in members {
            let told = &member.function.metrics.throttles;
            if !points::any(self.asof, told) {
                without += 1;
                if refused::any(self.asof, member.function) {
                    called += 1;
                    let minutes = refused::minutes(self.asof, member.function, points::reaching(&self.axis));
                    let more = points::columns(&self.axis, minutes);
                    columns.iter_mut().zip(more).for_each(|(sums, more)| *sums = sums.with(more));
                    let count = |window| refused::times(self.asof, member.function, window).count() as f64;
                    now = now.with(whole(count(self.window), self.window));
                    before = before.with(whole(count(self.before), self.before));
                    why = why.or(Some(Why::CallersOnly));
                    continue;
                }
                // In which order functions came to be known says nothing.
                if let Graded::NoSource(reason) = throttles(self.asof, member, self.window)
                    && why != Some(Why::ThrottlesAreInNoLog)
                {
                    why = Some(reason);
                }
                continue;
            }
            let periods = in_numbers(points::periods(self.asof, told, points::reaching(&self.axis)));
            let more = points::columns(&self.axis, periods);
            columns.iter_mut().zip(more).for_each(|(sums, more)| *sums = sums.with(more));
            now = now.with(points::sums(self.asof, told, self.window));
            before = before.with(points::sums(self.asof, told, self.before));
        }
        let none = without == members.len() && called == 0;
        let grade = why.filter(|_| !none).map_or(Grade::Counted, Grade::AtLeast);
        let rate = |sums: Sums, window| match sums.per_minute() {
            Some(rate) => grade.of(rate),
            None if none => Graded::NoSource(why.unwrap_or(Why::ThrottlesAreInNoLog)),
            None => missing(self.asof, window),
        };
        let note = (!none && without > called)
            .then(|| format!("{without} of {} functions have no CloudWatch metrics", members.len()));
        let note = note.or((called > 0).then(|| Why::CallersOnly.words().to_string()));
        let age = members.iter().filter_map(|member| self.newest_throttles(member)).max();
        let panel = Panel {
            chart: Chart {
                lines: vec![Line {
                    name: "throttles",
                    points: columns.iter().map(Sums::per_minute).collect(),
                }],
                limits: Vec::new(),
                settled: if none { self.axis.columns } else { self.settled_metrics() },
            },
            now: rate(now, self.window),
            also: None,
            before: rate(before, self.before),
            provenance: Provenance {
                source: match (members.len() - without, called) {
                    (0, 0) => "–",
                    (0, _) => "CloudTrail",
                    (_, 0) => "CW 1m",
                    _ => "CW 1m, CloudTrail",
                },
                age_ms: age.map(|newest| self.asof.at.since(newest).max(0)),
                note: if none { why.map(|why| why.words().to_string()) } else { note },
            },
            statistics: Vec::new(),
        };
        Panel { statistics: statistics::of_rate(&panel, "throttles", now.sum), ..panel }
    }

    /// The end of the newest period of `Throttles`, else the newest request that is known to be refused.
    fn newest_throttles(&self, member: &Member<'_>) -> Option<Timestamp> {
        let told = &member.function.metrics.throttles.points;
        let mut back = told.back_from((self.asof.at.plus(1), Timestamp::MIN));
        let newest = back.find(|point| point.known() <= self.asof.at);
        let refused = || refused::newest(self.asof, member.function);
        newest.map(|p| p.start().plus(p.period_ms())).or_else(refused)
    }

    /// Peaks of concurrency.
    pub fn concurrency(&self) -> Panel {
        let peaks = |axis: &Axis| {
            let mut peaks = self.running.peaks(axis);
            self.add_kept(axis, &mut peaks);
            peaks
        };
        let columns = peaks(&self.axis);
        let mut lines = Vec::new();
        let region = points::periods(
            self.asof,
            &self.asof.snapshot.region.metrics.concurrency,
            points::reaching(&self.axis),
        );
        if self.selection.all && !region.is_empty() {
            lines.push(Line { name: "account", points: maxima(&self.axis, &region) });
        }
        let points = (0..self.axis.columns)
            .map(|at| (self.logs > 0 && self.there(at)).then(|| f64::from(columns.columns[at])));
        lines.push(Line { name: "concurrency", points: points.collect() });
        let span = peaks(&Axis::span(self.window));
        let mut grade = span.grade.worst(self.coverage).worst(self.checks.0.grade());
        if !self.metered.is_empty() {
            grade = grade.worst(Grade::AtLeast(Why::LogsIncomplete));
        }
        let mut now = match self.logs {
            0 => Graded::NoSource(Why::NoData),
            _ => grade.of(f64::from(span.peak())),
        };
        let mut before = match self.logs {
            0 => Graded::NoSource(Why::NoData),
            _ => self.then(|_, _| {
                let peaks = peaks(&Axis::span(self.before));
                peaks.grade.of(f64::from(peaks.peak()))
            }),
        };
        if let (0, [member]) = (self.logs, self.metered.as_slice()) {
            let told = &member.function.metrics.concurrency;
            let periods = points::periods(self.asof, told, points::reaching(&self.axis));
            lines = vec![Line { name: "concurrency", points: maxima(&self.axis, &periods) }];
            let peak = |window| {
                let periods = points::periods(self.asof, told, window);
                let peak = periods.iter().map(|period| f64::from(period.value)).reduce(f64::max);
                peak.map_or(missing(self.asof, window), Graded::Counted)
            };
            (now, before) = (peak(self.window), peak(self.before));
        }
        let account = region
            .iter()
            .filter(|period| self.window.holds(period.window.from))
            .map(|period| f64::from(period.value))
            .reduce(f64::max);
        let note = account.map(|peak| format!("the account ran up to {peak} at once (CloudWatch)"));
        let note = self.checks.0.note("invocations").or_else(|| self.higher(span.peak())).or(note);
        let panel = Panel {
            chart: Chart { lines, limits: self.ceilings(), settled: self.settled() },
            now,
            also: self.ceiling(),
            before,
            provenance: self.provenance(note),
            statistics: Vec::new(),
        };
        Panel { statistics: statistics::of_level(&panel), ..panel }
    }

    /// The limit that the headline compares with: a function's own, or the account's.
    fn ceiling(&self) -> Option<Graded<f64>> {
        match self.selection.members.as_slice() {
            [member] if !self.selection.all => {
                settings::reserved(self.asof, member.function).map(|(of, _)| of.map(f64::from))
            }
            _ if self.selection.all => settings::account_limit(self.asof).map(|of| of.map(f64::from)),
            _ => None,
        }
    }

    /// What concurrency can't exceed, and what is kept ready.
    fn ceilings(&self) -> Vec<Limit> {
        let mut limits = limit("account", settings::account_limit(self.asof).map(|of| of.map(f64::from)));
        if let ([member], false) = (self.selection.members.as_slice(), self.selection.all) {
            let reserved = settings::reserved(self.asof, member.function).map(|(of, _)| of.map(f64::from));
            // The account's matters where the function has none of its own.
            if reserved.is_some() {
                limits.clear();
            }
            let ready = settings::provisioned(self.asof, member.function);
            limits.extend(limit("provisioned", ready.map(|of| of.map(f64::from))));
            limits.extend(limit("reserved", reserved));
        }
        limits
    }

    /// Puts in what is kept of peaks whose rows were let go. Peaks of several functions need not
    /// have come at the same time: their sum is about the peak, unless the store kept that of all.
    fn add_kept(&self, axis: &Axis, peaks: &mut Peaks) {
        if axis.from >= self.asof.snapshot.rows_from {
            return;
        }
        if self.selection.all {
            return kept_peaks(self.asof, &self.asof.snapshot.total, axis, peaks);
        }
        let mut sum = Peaks { columns: vec![0; axis.columns], grade: Grade::Counted };
        for member in &self.selection.members {
            let mut own = Peaks { columns: vec![0; axis.columns], grade: Grade::Counted };
            kept_peaks(self.asof, &member.function.series, axis, &mut own);
            sum.columns.iter_mut().zip(&own.columns).for_each(|(sum, own)| *sum += own);
            sum.grade = sum.grade.worst(own.grade);
        }
        if self.selection.members.len() > 1 || self.selection.in_part() {
            sum.grade = sum.grade.worst(Grade::Estimated(Why::Evicted));
        }
        peaks.columns.iter_mut().zip(&sum.columns).for_each(|(peak, sum)| *peak = (*peak).max(*sum));
        peaks.grade = peaks.grade.worst(sum.grade);
    }
}

/// A limit, where there is one.
fn limit(name: &'static str, value: Option<Graded<f64>>) -> Vec<Limit> {
    value.map(|value| Limit { name, value }).into_iter().collect()
}

/// Minutes of a window in which there are data, at least one where there are any.
pub fn minutes(oldest: Option<Timestamp>, window: Window) -> Option<f64> {
    let from = oldest?.max(window.from);
    (from < window.to).then(|| window.to.since(from).max(60_000.min(window.ms())) as f64 / 60_000.0)
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
