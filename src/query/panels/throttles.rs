//! The panel of throttles.

use super::{Board, in_numbers};
use crate::model::{Grade, Graded, Timestamp, Why, Window};
use crate::query::figures;
use crate::query::points::{self, Sums};
use crate::query::reach;
use crate::query::refused;
use crate::query::select::Member;
use crate::query::statistics;
use crate::query::table::{missing, throttles};
use crate::query::view::{Chart, Line, Panel, Provenance};

impl Board<'_> {
    /// Throttled requests a minute: metrics tell all, CloudTrail some of the other functions'.
    pub fn throttles(&self) -> Panel {
        let members = &self.selection.members;
        let mut columns = vec![Sums::default(); self.axis.columns];
        let (mut now, mut before) = (Sums::default(), Sums::default());
        let (mut without, mut called, mut why) = (0, 0, None);
        let mut told = [self.window, self.before].map(|window| (window, Grade::Counted));
        let whole = |sum, window: Window| Sums { sum, covered_ms: window.ms() as f64 };
        for member in members {
            let metric = &member.function.metrics.throttles;
            if !member.whole() {
                without += 1;
                why = Some(Why::NotApart);
                continue;
            }
            if !points::any(self.asof, metric) {
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
                if let Graded::NoSource(reason) = throttles(self.asof, member, self.reach, self.window)
                    && why != Some(Why::ThrottlesAreInNoLog)
                {
                    why = Some(reason);
                }
                continue;
            }
            let periods = in_numbers(points::periods(self.asof, metric, points::reaching(&self.axis)));
            let more = points::columns(&self.axis, periods);
            columns.iter_mut().zip(more).for_each(|(sums, more)| *sums = sums.with(more));
            now = now.with(points::sums(self.asof, metric, self.window));
            before = before.with(points::sums(self.asof, metric, self.before));
            for (window, grade) in &mut told {
                *grade = grade.worst(figures::of_shape(self.reach.grade(member.function, metric, *window)));
            }
        }
        let nothing = self.nothing();
        let none = without == members.len() && called == 0;
        let grade = why.filter(|_| !none).map_or(Grade::Counted, Grade::AtLeast);
        let rate = |sums: Sums, (window, told): (Window, Grade)| match sums.per_minute() {
            Some(rate) => grade.worst(told).of(rate),
            None if none => Graded::NoSource(why.unwrap_or(nothing)),
            None => missing(self.asof, window),
        };
        let note = (!none && without > called).then(|| match why {
            Some(Why::NotApart) => Why::NotApart.words().to_string(),
            _ => format!("{without} of {} functions have no CloudWatch metrics", members.len()),
        });
        let note = note.or((called > 0).then(|| Why::CallersOnly.words().to_string()));
        let age = members
            .iter()
            .filter(|member| member.whole())
            .filter_map(|member| self.newest_throttles(member))
            .max();
        let panel = Panel {
            chart: Chart {
                lines: vec![Line::new("throttles", columns.iter().map(Sums::per_minute).collect())],
                limits: Vec::new(),
                settled: if none { self.axis.columns } else { self.settled_metrics() },
            },
            now: rate(now, told[0]),
            also: None,
            before: rate(before, told[1]),
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
        let newest = reach::newest(self.asof, &member.function.metrics.throttles);
        newest.map(|(end, _)| end).or_else(|| refused::newest(self.asof, member.function))
    }
}
