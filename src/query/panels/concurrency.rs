//! The panel of concurrency.

use super::{Board, limit, maxima};
use crate::model::{Grade, Graded, Why};
use crate::query::axis::Axis;
use crate::query::overlap::{Peaks, kept_peaks};
use crate::query::points;
use crate::query::settings;
use crate::query::statistics;
use crate::query::table::missing;
use crate::query::view::{Chart, Limit, Line, Panel};

impl Board<'_> {
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
            lines.push(Line::new("account", maxima(&self.axis, &region)));
        }
        let points = (0..self.axis.columns)
            .map(|at| (self.logs > 0 && self.there(at)).then(|| f64::from(columns.columns[at])));
        lines.push(Line::new("concurrency", points.collect()));
        let span = peaks(&Axis::span(self.window));
        let mut grade = span.grade.worst(self.coverage).worst(self.checks.0.grade());
        if !self.metered.is_empty() {
            grade = grade.worst(Grade::AtLeast(Why::LogsIncomplete));
        }
        let mut now = match self.logs {
            0 => Graded::NoSource(self.nothing()),
            _ => grade.of(f64::from(span.peak())),
        };
        let mut before = match self.logs {
            0 => Graded::NoSource(self.nothing()),
            _ => self.then(|_, _| {
                let peaks = peaks(&Axis::span(self.before));
                peaks.grade.of(f64::from(peaks.peak()))
            }),
        };
        if let (0, [member]) = (self.logs, self.metered.as_slice()) {
            let told = &member.function.metrics.concurrency;
            let periods = points::periods(self.asof, told, points::reaching(&self.axis));
            lines = vec![Line::new("concurrency", maxima(&self.axis, &periods))];
            let peak = |window| {
                let periods = points::periods(self.asof, told, window);
                let peak = periods.iter().map(|period| f64::from(period.value)).reduce(f64::max);
                peak.map_or(missing(self.asof, window), |peak| self.told(window).of(peak))
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
