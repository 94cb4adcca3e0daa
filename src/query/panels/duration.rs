//! The panel of durations.

use super::{Board, limit};
use crate::model::{Graded, Micros, Why, Window};
use crate::query::cell::Durations;
use crate::query::figures::{self, EXACT};
use crate::query::points::{self, CLOSED_MS};
use crate::query::scan;
use crate::query::select::Member;
use crate::query::settings;
use crate::query::statistics;
use crate::query::view::{Chart, Line, Panel};

impl<'a> Board<'a> {
    /// Durations in ms.
    pub fn duration(&mut self) -> Panel {
        const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)];
        let mut lines: Vec<Line> = QUANTILES
            .into_iter()
            .map(|(name, q)| Line::graded(name, self.columns.iter().map(|cell| cell.quantile(q))))
            .collect();
        lines.push(Line::graded("max", self.columns.iter().map(|cell| cell.longest())));
        let nothing = self.nothing();
        let shape = figures::of_shape(self.coverage.worst(self.checks.0.grade()));
        let mut told = [0.5, 0.9, 0.99, 1.0].map(|q| {
            let value = match &mut self.durations {
                Some(durations) => durations.quantile(q),
                None if q == 1.0 => self.now.longest(),
                None => self.now.quantile(q),
            };
            match value {
                // No invocation of a part: that some have not ended is not why.
                Graded::NoSource(_) if self.selection.in_part() || self.selection.members.is_empty() => {
                    Graded::NoSource(nothing)
                }
                value => value.at_best(shape),
            }
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

    /// The function of which both logs and metrics tell, if it is the only one that is looked at, and all
    /// of it.
    pub(super) fn compared(&self) -> Option<&Member<'a>> {
        match self.selection.members.as_slice() {
            [member] if self.logs == 1 && member.filter.is_none() => Some(member),
            _ => None,
        }
    }

    pub(super) fn is_closed(&self, minute: Window) -> bool {
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
            Line::new(name, points.collect())
        };
        vec![
            line("p50", |d| d.p50, false),
            line("p90", |d| d.p90, false),
            line("p99", |d| d.p99, false),
            line("max", |d| d.max, true),
        ]
    }
}
