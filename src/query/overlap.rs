//! Concurrency: how many invocations ran at once, exact from their intervals.

use crate::model::{FunctionId, Grade, Timestamp, Why, Window};
use crate::store::{self, FunctionData, Row, Series, Standing, levels_within};

use super::apart;
use super::asof::AsOf;
use super::axis::Axis;
use super::select::Member;

/// Peaks of concurrency by column.
#[derive(Clone, Debug, PartialEq)]
pub struct Peaks {
    /// The peak of each column.
    pub columns: Vec<u32>,
    /// How far they can be trusted.
    pub grade: Grade,
}

impl Peaks {
    /// The peak of all columns.
    pub fn peak(&self) -> u32 {
        self.columns.iter().copied().max().unwrap_or(0)
    }
}

/// How many invocations of one selection ran at once.
pub enum Running<'a> {
    /// Of whole functions: what is remembered of blocks of time, and rows where that does not do.
    Remembered(Remembered<'a>),
    /// Of some invocations, or of some functions together.
    Counted(Intervals),
}

impl Running<'_> {
    /// The peaks of an axis, but what buckets keep of rows that were let go. Intervals know only
    /// what they were collected for.
    pub fn peaks(&self, axis: &Axis) -> Peaks {
        let mut peaks = Peaks { columns: vec![0; axis.columns], grade: Grade::Counted };
        match self {
            Self::Remembered(remembered) => remembered.peaks(axis, &mut peaks),
            Self::Counted(intervals) => intervals.peaks(axis, axis.window(), &mut peaks),
        }
        peaks
    }
}

/// When invocations ran.
#[derive(Clone, Debug, Default)]
pub struct Intervals {
    /// When they began, in ms, sorted.
    starts: Vec<i64>,
    /// When they had ended, in ms, sorted.
    ends: Vec<i64>,
    /// From when to when those ran whose start is computed from their REPORT.
    estimated: Vec<(i64, i64)>,
}

impl Intervals {
    /// Of the invocations of a selection that ran in a window. One that has not ended runs until
    /// now.
    pub fn of(asof: AsOf<'_>, members: &[Member<'_>], window: Window) -> Self {
        let mut running = Self::default();
        let from = window.from.max(asof.snapshot.rows_from);
        let to = window.to.min(asof.at.plus(1));
        let parts = apart::parts(members, |members| {
            let mut running = Self::default();
            members.iter().for_each(|member| running.add(asof, member, Window { from, to }));
            running
        });
        for part in parts {
            running.starts.extend(part.starts);
            running.ends.extend(part.ends);
            running.estimated.extend(part.estimated);
        }
        // Each function's lie in order, mostly, which the stable sort makes use of.
        running.starts.sort();
        running.ends.sort();
        running
    }

    fn add(&mut self, asof: AsOf<'_>, member: &Member<'_>, Window { from, to }: Window) {
        let function = member.function;
        for page in function.rows.pages() {
            if page.items().first().is_none_or(|row| row.start() >= to) {
                break;
            }
            let over = page.items().last().is_none_or(|row| row.start() < from);
            if over && page.summary().end <= from && page.summary().known <= asof.at {
                continue;
            }
            for row in page.items().iter().take_while(|row| row.start() < to) {
                // Most of a page lies before the window.
                if row.ended_at().is_some_and(|(end, known)| end <= from && known <= asof.at) {
                    continue;
                }
                let Some(standing) = asof.standing(function, row) else { continue };
                let end = standing.end.map_or(asof.at.plus(1), |end| end.at);
                if end <= from || !member.wants(asof, row, &standing) {
                    continue;
                }
                let (start, end) = (row.start().max(from).0, end.min(to).0);
                if standing.estimated {
                    self.estimated.push((start, end));
                }
                if start < end {
                    self.starts.push(start);
                    self.ends.push(end);
                }
            }
        }
    }

    /// Puts in the peaks of that part of an axis.
    fn peaks(&self, axis: &Axis, part: Window, peaks: &mut Peaks) {
        levels_within(&self.starts, &self.ends, (part.from.0, part.to.0), |from, to, open| {
            let (first, last) = (axis.column_of(Timestamp(from)), axis.column_of(Timestamp(to - 1)));
            if let (Some(first), Some(last)) = (first, last) {
                peaks.columns[first..=last].iter_mut().for_each(|peak| *peak = open.max(*peak));
            }
        });
        let inside = |(start, end): &(i64, i64)| *start < part.to.0 && *end > part.from.0;
        if self.estimated.iter().any(inside) {
            peaks.grade = peaks.grade.worst(Grade::Estimated(Why::StartFromReport));
        }
    }
}

/// Whole functions, of which blocks of time are remembered.
pub struct Remembered<'a> {
    asof: AsOf<'a>,
    memo: &'a store::Peaks,
    members: Vec<Member<'a>>,
    unsettled: Unsettled,
}

impl<'a> Remembered<'a> {
    /// Of a function.
    pub fn of_function(asof: AsOf<'a>, id: FunctionId, function: &'a FunctionData) -> Self {
        Self::of(asof, &function.series.peaks, vec![Member { id, function, filter: None }])
    }

    /// Of all functions together.
    pub fn of_all(asof: AsOf<'a>) -> Self {
        // What is remembered is of all of them, whenever they came to be known.
        let members = asof.snapshot.functions.iter().enumerate();
        let members =
            members.map(|(id, function)| Member { id: FunctionId(id as u32), function, filter: None });
        Self::of(asof, &asof.snapshot.total.peaks, members.collect())
    }

    fn of(asof: AsOf<'a>, memo: &'a store::Peaks, members: Vec<Member<'a>>) -> Self {
        let unsettled = Unsettled::of(asof, members.iter().map(|member| member.function));
        Self { asof, memo, members, unsettled }
    }

    fn peaks(&self, axis: &Axis, peaks: &mut Peaks) {
        let whole = axis.window();
        let to = whole.to.min(self.asof.at.plus(1));
        let mut at = whole.from.max(self.asof.snapshot.rows_from);
        let mut rows: Option<Window> = None;
        while at < to {
            let Some(column) = axis.column_of(at) else { break };
            let end = axis.column(column).to.min(to);
            let fitting =
                self.memo.widths().filter(|width| at.0.rem_euclid(*width) == 0 && at.plus(*width) <= end);
            let found =
                fitting.map(|width| (width, self.block(width, at, to))).find(|(_, found)| found.is_some());
            match found {
                Some((width, Some((peak, estimated)))) => {
                    self.count(rows.take(), axis, peaks);
                    peaks.columns[column] = peaks.columns[column].max(peak);
                    if estimated {
                        peaks.grade = peaks.grade.worst(Grade::Estimated(Why::StartFromReport));
                    }
                    at = at.plus(width);
                }
                _ => {
                    let narrowest = self.memo.widths().last().unwrap_or(1);
                    let next = at.floor(narrowest).plus(narrowest).min(end);
                    rows = Some(Window { from: rows.map_or(at, |rows| rows.from), to: next });
                    at = next;
                }
            }
        }
        self.count(rows, axis, peaks);
    }

    /// What is remembered of a block, if it holds as of now: the peak, and whether it is estimated.
    fn block(&self, width_ms: i64, start: Timestamp, to: Timestamp) -> Option<(u32, bool)> {
        let block = Window { from: start, to: start.plus(width_ms) };
        let (beside, estimated) = self.unsettled.beside(block)?;
        let rows = self.members.iter().map(|member| &member.function.rows);
        let settled = self.memo.settled(width_ms, start, to, rows)?;
        (settled.known <= self.asof.at).then_some((settled.peak + beside, settled.estimated || estimated))
    }

    /// Counts what rows tell of a part.
    fn count(&self, part: Option<Window>, axis: &Axis, peaks: &mut Peaks) {
        let Some(part) = part else { return };
        Intervals::of(self.asof, &self.members, part).peaks(axis, part, peaks);
    }
}

/// The invocations that run as of now, against what a memo of ended ones holds of them.
#[derive(Debug, Default)]
struct Unsettled {
    /// When those began that have no end yet, in ms, sorted: a memo lacks them.
    open: Vec<i64>,
    /// When those had ended that nobody knows yet to have ended, in ms, sorted: a memo lacks them
    /// from there on.
    over: Vec<i64>,
    /// Where a memo can't be made up for.
    odd: Vec<Window>,
    /// When the first began whose start is computed.
    estimated: Option<i64>,
}

impl Unsettled {
    fn of<'a>(asof: AsOf<'a>, functions: impl Iterator<Item = &'a FunctionData>) -> Self {
        let mut found = Self::default();
        for function in functions {
            let begun = function
                .rows
                .pages()
                .take_while(|page| page.items().first().is_some_and(|row| row.start() <= asof.at));
            let pages = begun.filter(|page| page.summary().known > asof.at);
            for row in pages.flat_map(|page| page.items()) {
                if row.end_known() > asof.at
                    && let Some(standing) = asof.standing(function, row)
                {
                    found.add(row, &standing, asof.at);
                }
            }
        }
        found.open.sort_unstable();
        found.over.sort_unstable();
        found
    }

    fn add(&mut self, row: &Row, standing: &Standing, now: Timestamp) {
        let start = row.start();
        if standing.estimated && standing.end.is_none() {
            self.estimated = Some(self.estimated.map_or(start.0, |first| first.min(start.0)));
        }
        match (standing.end, row.ended_at()) {
            (None, None) => self.open.push(start.0),
            (None, Some((end, _))) if start < end => self.over.push(end.0),
            (None, Some(_)) => self.odd.push(Window { from: start, to: now.plus(1) }),
            // Its end was corrected later.
            (Some(before), ended) => {
                let end = ended.map_or(before.at, |(end, _)| end.max(before.at));
                self.odd.push(Window { from: start, to: end.max(start) });
            }
        }
    }

    /// How many ran through a whole block that a memo of it lacks, and whether the start of any is
    /// computed; `None` where it is not so simple.
    fn beside(&self, block: Window) -> Option<(u32, bool)> {
        let before = |times: &[i64], time: Timestamp| times.partition_point(|at| *at <= time.0);
        let begun = before(&self.open, block.from);
        let inside = before(&self.open, block.to.plus(-1)) > begun;
        let odd = self.odd.iter().any(|odd| odd.from < block.to && block.from < odd.to);
        let estimated = self.estimated.is_some_and(|first| first < block.to.0);
        (!inside && !odd).then(|| ((begun + before(&self.over, block.from)) as u32, estimated))
    }
}

/// Puts in what buckets keep of the time whose rows were let go.
pub fn kept_peaks(asof: AsOf<'_>, series: &Series, axis: &Axis, peaks: &mut Peaks) {
    let rows_from = asof.snapshot.rows_from;
    if axis.from >= rows_from {
        return;
    }
    for at in 0..axis.columns {
        let column = axis.column(at);
        if column.from >= rows_from || column.from > asof.at {
            break;
        }
        // The narrowest buckets that reach back so far; wider ones hold peaks of their neighbours.
        let narrowest = series.levels.iter().find(|level| level.from <= column.from.floor(level.width_ms));
        let Some(level) = narrowest else {
            peaks.grade = peaks.grade.worst(Grade::AtLeast(Why::Evicted));
            continue;
        };
        let first = column.from.floor(level.width_ms);
        if series.late.is_some_and(|late| late.from < column.to && first < late.to) {
            peaks.grade = peaks.grade.worst(Grade::Estimated(Why::OutOfOrder));
        }
        for bucket in level.buckets.from(first).take_while(|bucket| bucket.start < column.to) {
            peaks.columns[at] = peaks.columns[at].max(bucket.peak);
            let inside = bucket.start >= column.from && bucket.start.plus(level.width_ms) <= column.to;
            if !inside || bucket.max_known() > asof.at {
                peaks.grade = peaks.grade.worst(Grade::Estimated(Why::Evicted));
            }
        }
    }
}
