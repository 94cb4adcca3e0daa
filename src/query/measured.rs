//! What a series of a metric comes to: in a window, and by column of an axis.

use crate::model::{Grade, Graded, Statistics, Timestamp, Why, Window};
use crate::store::{OTHERS_KNOWN_MS, OtherCell, Values};

use super::asof::AsOf;
use super::axis::Axis;
use super::points::{CLOSED_MS, Sums};
use super::view::{Chart, Line};

/// What periods come to together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Whole {
    /// How many values.
    pub count: Option<f64>,
    /// Their sum.
    pub sum: Option<f64>,
    /// The smallest.
    pub min: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
    /// What is known of them one by one, not multiplied.
    pub values: Values,
}

impl Whole {
    /// Puts a period in, its values multiplied by so much.
    pub fn add(&mut self, period: &OtherCell, scale: f64) {
        let of: &Statistics = &period.statistics;
        self.values.add(&period.values);
        let both = |a: Option<f64>, b: Option<f64>, with: fn(f64, f64) -> f64| match (a, b) {
            (Some(a), Some(b)) => Some(with(a, b)),
            (a, b) => a.or(b),
        };
        self.count = both(self.count, of.count, |a, b| a + b);
        self.sum = both(self.sum, of.sum.map(|sum| sum * scale), |a, b| a + b);
        self.min = both(self.min, of.min.map(|min| min * scale), f64::min);
        self.max = both(self.max, of.max.map(|max| max * scale), f64::max);
    }

    /// The mean of all values, each counting once.
    pub fn mean(&self) -> Option<f64> {
        let count = self.count.filter(|count| *count > 0.0)?;
        Some(self.sum? / count)
    }

    /// A quantile of all values, and whether it is exactly that.
    fn quantile(&self, q: f64, scale: f64) -> Option<(f64, bool)> {
        let (value, exact) = self.values.quantile(q)?;
        // What stands for a bin may lie beyond all that is in it.
        let inside = (value * scale).max(self.min.unwrap_or(f64::NEG_INFINITY));
        Some((inside.min(self.max.unwrap_or(f64::INFINITY)), exact))
    }
}

/// Percentiles that are told, by their names.
const PERCENTILES: [(&str, f64); 2] = [("p50", 0.5), ("p99", 0.99)];

/// The figures of a metric in a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// The mean of its newest period; of what adds up so much a minute.
    pub newest: Graded<f64>,
    /// The smallest value.
    pub min: Graded<f64>,
    /// The mean of all values.
    pub mean: Graded<f64>,
    /// The largest value.
    pub max: Graded<f64>,
    /// The percentiles of all values, where they were told one by one: p50 and p99.
    pub percentiles: [Graded<f64>; 2],
    /// Of what adds up all together.
    pub sum: Option<Graded<f64>>,
    /// How many values.
    pub count: Graded<f64>,
}

impl Figures {
    /// Where there is nothing.
    pub fn none(why: Why, adds_up: bool) -> Self {
        let none = Graded::NoSource(why);
        let (percentiles, sum) = ([none; 2], adds_up.then_some(none));
        Self { newest: none, min: none, mean: none, max: none, percentiles, sum, count: none }
    }
}

/// A series' periods of one answer.
pub struct Measured<'a> {
    /// As of when.
    pub asof: AsOf<'a>,
    /// The columns.
    pub axis: &'a Axis,
    /// The window of its figures.
    pub window: Window,
    /// The periods that reach into the axis or the window, in order.
    pub periods: Vec<OtherCell>,
    /// By what values are multiplied.
    pub scale: f64,
    /// Whether values of different times add up.
    pub adds_up: bool,
    /// Whether part of the window was let go.
    pub let_go: bool,
}

impl Measured<'_> {
    /// How far what is counted can be trusted.
    pub fn grade(&self) -> Grade {
        let unread = self.asof.snapshot.read_from.is_some_and(|from| self.window.from < from);
        match (self.let_go, unread) {
            (true, _) => Grade::AtLeast(Why::Evicted),
            (_, true) => Grade::AtLeast(Why::NotReadYet),
            _ => Grade::Counted,
        }
    }

    /// How far a mean can be trusted: it may lie on either side of what all would come to.
    pub fn grade_of_mean(&self) -> Grade {
        match self.grade() {
            Grade::AtLeast(why) => Grade::Estimated(why),
            grade => grade,
        }
    }

    fn in_window(&self) -> impl Iterator<Item = &OtherCell> {
        self.periods.iter().filter(|period| self.window.holds(period.start))
    }

    /// Its figures in the window: of the periods that begin in it, whole.
    pub fn figures(&self) -> Figures {
        let mut whole = Whole::default();
        self.in_window().for_each(|period| whole.add(period, self.scale));
        let Some(last) = self.in_window().last() else {
            let why = if self.let_go { Why::Evicted } else { Why::NoData };
            return Figures::none(why, self.adds_up);
        };
        let (grade, of_mean) = (self.grade(), self.grade_of_mean());
        // A smallest value that is let go would make it smaller.
        let min = told(whole.min, of_mean);
        let percentiles = PERCENTILES.map(|(_, q)| match whole.quantile(q, self.scale) {
            Some((value, true)) => of_mean.of(value),
            Some((value, false)) => Grade::Estimated(Why::Sketch).worst(of_mean).of(value),
            None => Graded::NoSource(Why::StatisticSets),
        });
        Figures {
            newest: self.newest_of(last),
            percentiles,
            min,
            mean: told(whole.mean(), of_mean),
            max: told(whole.max, grade),
            sum: self.adds_up.then(|| told(whole.sum, grade)),
            count: told(whole.count, grade),
        }
    }

    /// The newest of [`Self::figures`] without the others.
    pub fn newest_value(&self) -> Option<Graded<f64>> {
        self.in_window().last().map(|last| self.newest_of(last)).filter(|newest| newest.value().is_some())
    }

    fn newest_of(&self, last: &OtherCell) -> Graded<f64> {
        let of = &last.statistics;
        let sum = of.sum.map(|sum| sum * self.scale);
        if !self.adds_up {
            let count = of.count.filter(|count| *count > 0.0);
            return told(sum.zip(count).map(|(sum, count)| sum / count), Grade::Counted);
        }
        let open = if end(last) > self.settled_by() { Grade::Settling } else { Grade::Counted };
        let ms = self.told_to(last).since(last.start).max(1_000);
        told(sum.map(|sum| sum * 60_000.0 / ms as f64), open)
    }

    /// When the newest period in the window ends that is known.
    pub fn newest(&self) -> Option<Timestamp> {
        self.in_window().last().map(|last| end(last).min(self.asof.at))
    }

    /// The end of that part of a period that is told: what goes on after now can't have happened yet, and
    /// the store keeps observations by the 10 s in which they became known.
    fn told_to(&self, period: &OtherCell) -> Timestamp {
        let now = if period.adds { self.asof.at.floor(OTHERS_KNOWN_MS) } else { self.asof.at.plus(1) };
        end(period).min(now.max(period.start.plus(1)))
    }

    /// The time by which a period must be over to change no more.
    fn settled_by(&self) -> Timestamp {
        let observed = self.periods.last().is_none_or(|period| period.adds);
        let ms = if observed { self.asof.snapshot.settling_ms } else { CLOSED_MS };
        self.asof.at.plus(1 - ms)
    }

    /// The first column that may still change.
    pub fn settled(&self) -> usize {
        self.axis.settled(self.settled_by())
    }

    /// Its chart, and that of its percentiles where values were told one by one.
    pub fn charts(&self) -> (Chart, Option<Chart>) {
        // To put the values of periods together takes longest: once, and only for who needs it.
        let one_by_one =
            self.periods.iter().any(|p| matches!(p.values, Values::Alike(..) | Values::Spread(_)));
        let wholes = if one_by_one || !self.adds_up { self.wholes() } else { Vec::new() };
        let percentiles = Some(self.percentiles(&wholes)).filter(|lines| !lines.is_empty());
        (self.chart(self.lines(&wholes)), percentiles.map(|lines| self.chart(lines)))
    }

    /// Its lines, the most important last: so much a minute, or smallest, largest and mean.
    fn lines(&self, columns: &[Whole]) -> Vec<Line> {
        if self.adds_up {
            let mut columns = vec![Sums::default(); self.axis.columns];
            for (period, sum) in self.periods.iter().filter_map(|p| Some((p, p.statistics.sum? * self.scale)))
            {
                let over = Window { from: period.start, to: self.told_to(period) };
                self.spread(period, |at, part_ms| {
                    columns[at].sum += sum * part_ms as f64 / over.ms().max(1) as f64;
                    columns[at].covered_ms += part_ms as f64;
                });
            }
            return vec![Line::new("a minute", columns.iter().map(Sums::per_minute).collect())];
        }
        let line = |name, of: fn(&Whole) -> Option<f64>| Line::new(name, columns.iter().map(of).collect());
        vec![line("min", |w| w.min), line("max", |w| w.max), line("mean", Whole::mean)]
    }

    /// The chart of some lines.
    fn chart(&self, lines: Vec<Line>) -> Chart {
        Chart { lines, limits: Vec::new(), settled: self.settled() }
    }

    /// Lines of its percentiles, the most important last; none where values are told nowhere one by one.
    fn percentiles(&self, columns: &[Whole]) -> Vec<Line> {
        let line = |(name, q): (&'static str, f64)| {
            let point = |whole: &Whole| Some(whole.quantile(q, self.scale)?.0);
            Line::new(name, columns.iter().map(point).collect())
        };
        let lines = PERCENTILES.map(line).to_vec();
        if lines.iter().any(|line| line.points.iter().any(Option::is_some)) { lines } else { Vec::new() }
    }

    /// What each column comes to; a period that reaches over several is in each of them.
    fn wholes(&self) -> Vec<Whole> {
        let mut columns = vec![Whole::default(); self.axis.columns];
        for period in &self.periods {
            self.spread(period, |at, _| columns[at].add(period, self.scale));
        }
        columns
    }

    /// The columns that a period lies in as far as it is over, and for how long in each.
    pub fn spread(&self, period: &OtherCell, mut put: impl FnMut(usize, i64)) {
        let all = self.axis.window();
        let (from, to) = (period.start.max(all.from), self.told_to(period).min(all.to));
        let (Some(first), Some(last)) = (self.axis.column_of(from), self.axis.column_of(to.plus(-1))) else {
            return;
        };
        for at in first..=last {
            let column = self.axis.column(at);
            put(at, to.min(column.to).since(from.max(column.from)));
        }
    }
}

fn told(value: Option<f64>, grade: Grade) -> Graded<f64> {
    match value {
        Some(value) => grade.of(value),
        None => Graded::NoSource(Why::NotPrinted),
    }
}

/// The end of a period.
pub fn end(period: &OtherCell) -> Timestamp {
    period.start.plus(i64::from(period.period_ms))
}
