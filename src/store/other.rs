//! Metrics that are only kept: the functions' own, Lambda Insights', other services'.
//!
//! A series has a cell for each period and the 10 s in which a part of it became known. When memory is
//! short the older half becomes coarser, twice, and then goes: a full hour at a time, so that no cell
//! lies on both sides of such a border.

use crate::model::{OtherMetric, OtherPoint, Statistics, Timestamp, Window};

use super::paged::{Item, Paged};
use super::row::sane;
use super::spread::Values;

/// Observations of one period that were known within so many ms are kept as one.
pub const KNOWN_MS: i64 = 10_000;
/// Cells kept of one series.
const CELLS: usize = 20_000;
/// What is coarser is so at full hours.
const HOUR: i64 = 60 * 60_000;
/// How wide periods become, in ms: those before the second border, and those before the first.
const WIDTHS: [i64; 2] = [10 * 60_000, HOUR];

/// What was observed in a period and known by a time.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherCell {
    /// Start of the period.
    pub start: Timestamp,
    /// When it was known.
    pub known: Timestamp,
    /// Length of the period in ms.
    pub period_ms: u32,
    /// Whether it adds to others of its period; else it replaces them.
    pub adds: bool,
    /// How many, their sum, the smallest and the largest; no percentiles, which can't be made into one: they
    /// are read from the values.
    pub statistics: Statistics,
    /// What is known of the values one by one.
    pub values: Values,
}

/// A cell as it is kept: what is not told is not a number.
#[derive(Clone, Debug)]
struct Kept {
    start: Timestamp,
    known: Timestamp,
    period_ms: u32,
    adds: bool,
    /// The one cell of a period that was made wide.
    wide: bool,
    count: f64,
    sum: f64,
    min: f64,
    max: f64,
    values: Values,
}

impl Kept {
    /// A cell before anything was put into it.
    fn empty(start: Timestamp, known: Timestamp, period_ms: u32, adds: bool) -> Self {
        let [count, sum, min, max] = [f64::NAN; 4];
        Self { start, known, period_ms, adds, wide: false, count, sum, min, max, values: Values::None }
    }

    /// Both together: observations add up.
    fn with(&mut self, [count, sum, min, max]: [f64; 4], values: &Values) {
        self.values.add(values);
        let both = |a: f64, b: f64| match (a.is_nan(), b.is_nan()) {
            (true, _) => b,
            (_, true) => a,
            _ => a + b,
        };
        (self.count, self.sum) = (both(self.count, count), both(self.sum, sum));
        // Of a number and none these take the number.
        (self.min, self.max) = (self.min.min(min), self.max.max(max));
    }

    fn statistics(&self) -> [f64; 4] {
        [self.count, self.sum, self.min, self.max]
    }

    fn shown(self) -> OtherCell {
        let told = |value: f64| (!value.is_nan()).then_some(value);
        let [count, sum, min, max] = self.statistics().map(told);
        let Self { start, known, period_ms, adds, values, .. } = self;
        let statistics = Statistics { count, sum, min, max, ..Statistics::default() };
        OtherCell { start, known, period_ms, adds, statistics, values }
    }
}

/// Bytes of a cell.
pub const CELL: usize = std::mem::size_of::<Kept>();

fn statistics(of: &Statistics) -> [f64; 4] {
    [of.count, of.sum, of.min, of.max]
        .map(|value| value.filter(|value| value.is_finite()).unwrap_or(f64::NAN))
}

/// What a point tells of its values one by one: where all are alike its statistics do.
fn values(of: &OtherPoint) -> Values {
    let Statistics { count, min, max, .. } = of.statistics;
    match (&of.values, count, min) {
        (Some(values), ..) => Values::of(values),
        (None, Some(count), Some(min)) if of.adds && of.statistics.min == max => Values::of(&[(min, count)]),
        _ => Values::Set,
    }
}

impl Item for Kept {
    type Key = (Timestamp, Timestamp);
    type Summary = ();
    const PER_PAGE: usize = 64;

    fn key(&self) -> Self::Key {
        (self.start, if self.wide { Timestamp::MIN } else { self.known })
    }

    fn sum_up(&self, (): &mut ()) {}

    fn heap(&self) -> usize {
        self.values.heap()
    }
}

/// What a series tells of a window as of a time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OtherPeriods {
    /// The periods that begin in it, in order.
    pub periods: Vec<OtherCell>,
    /// Whether some of it was let go, or became so coarse that what was known by then can't be told
    /// from what was known later.
    pub let_go: bool,
}

/// A series.
#[derive(Clone, Debug)]
pub struct OtherSeries {
    /// What it is of.
    pub metric: OtherMetric,
    /// When anything was first known of it.
    pub first_known: Timestamp,
    cells: Paged<Kept>,
    /// Before these the periods are an hour and ten minutes long, if they were not longer from the
    /// beginning.
    coarse_before: [Timestamp; 2],
    /// Before this nothing is kept.
    from: Timestamp,
}

impl OtherSeries {
    pub(super) fn new(metric: OtherMetric) -> Self {
        let never = Timestamp::MIN;
        let first_known = Timestamp::NEVER;
        Self { metric, first_known, cells: Paged::default(), coarse_before: [never; 2], from: never }
    }

    /// Keeps a point; returns how many were let go for it, itself included where it comes too late.
    pub(super) fn note(&mut self, point: &OtherPoint) -> u64 {
        let OtherPoint { period_ms, adds, .. } = *point;
        let (start, known) = (sane(point.start), sane(point.known));
        self.first_known = self.first_known.min(known);
        let coarse = self.width(start);
        // Which of a coarse period's parts it would replace is not known any more.
        if start < self.from || (coarse.is_some() && !adds) {
            return 1;
        }
        // So that the cells of a period are few, and the same ones however they came.
        let known = if adds { known.plus(KNOWN_MS - 1).floor(KNOWN_MS) } else { known };
        let (told, values) = (statistics(&point.statistics), values(point));
        match coarse {
            Some(width) => {
                self.widen(&Kept::empty(start, known, period_ms, true), width, told, &values);
            }
            None => {
                let empty = Kept::empty(start, known, period_ms, adds);
                self.cells.upsert(
                    empty.key(),
                    || empty.clone(),
                    |cell| {
                        if !adds {
                            *cell = empty.clone();
                        }
                        cell.with(told, &values);
                    },
                );
            }
        }
        if self.cells.len() > CELLS { self.shrink() } else { 0 }
    }

    /// How wide a period that begins then has become.
    fn width(&self, start: Timestamp) -> Option<i64> {
        let [hours, tens] = self.coarse_before;
        match start {
            _ if start < hours => Some(WIDTHS[1]),
            _ if start < tens => Some(WIDTHS[0]),
            _ => None,
        }
    }

    /// Puts what a cell tells into the wide one that holds it, which was known when all of it was.
    fn widen(&mut self, cell: &Kept, width: i64, statistics: [f64; 4], values: &Values) {
        let (start, period_ms) = match i64::from(cell.period_ms) >= width {
            true => (cell.start, cell.period_ms),
            false => (cell.start.floor(width), width as u32),
        };
        let empty = Kept { wide: true, ..Kept::empty(start, cell.known, period_ms, true) };
        self.cells.upsert(
            empty.key(),
            || empty,
            |wide| {
                wide.with(statistics, values);
                wide.known = wide.known.max(cell.known);
            },
        );
    }

    /// Makes the older half coarser, or lets it go where it can't be coarser; returns how many points'
    /// cells went.
    pub(super) fn shrink(&mut self) -> u64 {
        let half = self.cells.iter().nth(self.cells.len() / 2).map(|cell| cell.start);
        let Some(half) = half else { return 0 };
        let middle = half.floor(HOUR);
        let [hours, tens] = self.coarse_before;
        if middle > tens {
            self.coarse_before[1] = middle;
            self.coarsen(WIDTHS[0], middle);
            return 0;
        }
        if tens > hours {
            self.coarse_before[0] = tens;
            self.coarsen(WIDTHS[1], tens);
            return 0;
        }
        // At least something goes, and not all that is new.
        let (Some(first), Some(last)) = (self.cells.first(), self.cells.last()) else { return 0 };
        let mut from = middle.max(first.start.floor(HOUR).plus(HOUR));
        if from > last.start {
            from = half.max(first.start.plus(1));
        }
        self.from = from;
        self.coarse_before = self.coarse_before.map(|before| before.max(from));
        self.cells.drop_before((from, Timestamp::MIN), |_| false) as u64
    }

    /// Makes the periods before a time so wide.
    fn coarsen(&mut self, width: i64, before: Timestamp) {
        let old: Vec<Kept> = self.cells.iter().take_while(|cell| cell.start < before).cloned().collect();
        self.cells.drop_before((before, Timestamp::MIN), |_| false);
        for parts in old.chunk_by(|a, b| a.start == b.start) {
            // Of what was told again only the last counts.
            let again = parts.iter().rposition(|part| !part.adds);
            for part in &parts[again.unwrap_or(0)..] {
                self.widen(part, width, part.statistics(), &part.values);
            }
        }
    }

    /// What of a window was known by a time.
    pub fn within(&self, window: Window, by: Timestamp) -> OtherPeriods {
        let mut periods: Vec<Kept> = Vec::new();
        // A wide period that began before the window is partly in it.
        let cut = self.width(window.from).is_some_and(|width| window.from.floor(width) != window.from);
        let mut let_go = cut || window.from < self.from;
        let to = window.to.min(by.plus(1));
        for cell in self.cells.from((window.from, Timestamp::MIN)).take_while(|cell| cell.start < to) {
            if cell.known > by {
                let_go |= cell.wide;
                continue;
            }
            match periods.last_mut().filter(|last| last.start == cell.start) {
                Some(last) if cell.adds => {
                    last.with(cell.statistics(), &cell.values);
                    last.known = last.known.max(cell.known);
                }
                Some(last) => *last = cell.clone(),
                None => periods.push(cell.clone()),
            }
        }
        OtherPeriods { periods: periods.into_iter().map(Kept::shown).collect(), let_go }
    }

    /// Bytes held, estimated.
    pub fn bytes(&self) -> usize {
        let OtherMetric { namespace, name, dimensions, unit, .. } = &self.metric;
        let texts = namespace.len() + name.len() + dimensions.len() + unit.len();
        std::mem::size_of::<Self>() + texts + 64 + self.cells.bytes()
    }
}
