//! Lanes: what an environment did in each column of a time axis, and its invocations on it.

use crate::model::{Micros, Outcome, Timestamp, Window};
use crate::store::{Row, Standing};

use super::axis::Axis;
use super::view::Moment;

/// A lane of more invocations has one for each column.
const SINGLE: usize = 500;

/// What is in a column: the worst that is no init, and how long inits lasted in it, in ms.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    worst: Option<Moment>,
    init_ms: Option<i64>,
}

impl Cell {
    /// What a column of so many ms says. An init takes it from the runs only where it holds most of it: a
    /// short one in a long column would hide them all.
    fn says(self, step_ms: i64) -> Option<Moment> {
        match (self.worst, self.init_ms) {
            (Some(Moment::Run), Some(ms)) if ms.saturating_mul(2) < step_ms => Some(Moment::Cold),
            (worst, Some(_)) => worst.max(Some(Moment::Init)),
            (worst, None) => worst,
        }
    }
}

/// What an environment did, column by column.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    cells: Vec<Cell>,
}

impl Lane {
    /// Notes an invocation: its init, if a caller's request began it, and its run up to now. Says what it
    /// was.
    pub fn note(&mut self, axis: &Axis, start: Timestamp, standing: &Standing, now: Timestamp) -> Moment {
        let end = standing.end;
        let moment = match end.map(|end| end.outcome) {
            Some(Outcome::Timeout) => Moment::Timeout,
            Some(outcome) if outcome.failed() => Moment::Failed,
            _ => Moment::Run,
        };
        self.paint(axis, start, end.map_or(now, |end| end.at.min(now)), moment);
        if let Some(init) = end.and_then(|end| end.init.or(end.restore)) {
            self.init(axis, start.plus(-init.ceil_ms()), init);
        }
        moment
    }

    /// Notes an init; one whose length is not known is in the column in which it began.
    pub fn init(&mut self, axis: &Axis, start: Timestamp, length: Micros) {
        let end = start.plus(length.ceil_ms());
        // It is over at its end: a column that begins then has nothing of it.
        let last = end.plus(-1).max(start);
        self.touched(axis, start, last, |cell, column| {
            let here = end.min(column.to).since(start.max(column.from)).max(0);
            cell.init_ms = Some(cell.init_ms.unwrap_or(0).saturating_add(here));
        });
    }

    /// Fills what is between its first record and its last.
    pub fn idle(&mut self, axis: &Axis, first: Timestamp, last: Timestamp) {
        self.paint(axis, first, last, Moment::Idle);
    }

    /// The columns; none where nothing is known of the environment.
    pub fn into_columns(self, axis: &Axis) -> Vec<Option<Moment>> {
        self.cells.into_iter().map(|cell| cell.says(axis.step_ms)).collect()
    }

    /// Puts a moment into all columns that a span touches, where nothing worse is.
    fn paint(&mut self, axis: &Axis, from: Timestamp, to: Timestamp, moment: Moment) {
        self.touched(axis, from, to, |cell, _| cell.worst = cell.worst.max(Some(moment)));
    }

    fn touched(
        &mut self,
        axis: &Axis,
        from: Timestamp,
        to: Timestamp,
        mut put: impl FnMut(&mut Cell, Window),
    ) {
        self.cells.resize(axis.columns, Cell::default());
        let whole = axis.window();
        let to = to.max(from);
        if from >= whole.to || to < whole.from {
            return;
        }
        let first = axis.column_of(from.max(whole.from));
        let last = axis.column_of(to.min(whole.to.plus(-1)));
        if let (Some(first), Some(last)) = (first, last) {
            (first..=last).for_each(|at| put(&mut self.cells[at], axis.column(at)));
        }
    }
}

/// The invocations that began in a lane, in order: all, or of many the worst of each column.
#[derive(Clone, Debug, Default)]
pub struct Begun<'a> {
    rows: Vec<(usize, Moment, &'a Row)>,
    thin: bool,
}

impl<'a> Begun<'a> {
    /// Notes the next one.
    pub fn note(&mut self, column: usize, moment: Moment, row: &'a Row) {
        match self.rows.last_mut().filter(|(last, ..)| self.thin && *last == column) {
            Some(same) if moment > same.1 => *same = (column, moment, row),
            Some(_) => {}
            None => self.rows.push((column, moment, row)),
        }
        if self.rows.len() > SINGLE {
            self.thin();
        }
    }

    /// Keeps the worst of each column from now on; of equal ones the first.
    fn thin(&mut self) {
        if !std::mem::replace(&mut self.thin, true) {
            let all = std::mem::take(&mut self.rows);
            all.into_iter().for_each(|(column, moment, row)| self.note(column, moment, row));
        }
    }

    /// The newest, at most so many.
    pub fn newest(mut self, most: usize) -> Vec<&'a Row> {
        if self.rows.len() > most {
            self.thin();
        }
        let from = self.rows.len().saturating_sub(most);
        self.rows[from..].iter().map(|(.., row)| *row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AXIS: Axis = Axis { from: Timestamp(0), step_ms: 7, columns: 14 };

    proptest! {
        #[test]
        fn a_column_has_the_worst_that_touches_it(
            spans in prop::collection::vec((-50i64..150, 0i64..60, 0usize..4), 0..20)
        ) {
            const ALL: [Moment; 4] = [Moment::Idle, Moment::Run, Moment::Failed, Moment::Timeout];
            let mut lane = Lane::default();
            for (from, ms, at) in &spans {
                lane.paint(&AXIS, Timestamp(*from), Timestamp(from + ms), ALL[*at]);
            }
            let got = lane.into_columns(&AXIS);
            prop_assert_eq!(got.len(), if spans.is_empty() { 0 } else { 14 });
            for (column, got) in got.iter().enumerate() {
                let Window { from, to } = AXIS.column(column);
                let touching = spans.iter().filter(|(at, ms, _)| *at < to.0 && at + ms >= from.0);
                prop_assert_eq!(*got, touching.map(|(.., moment)| ALL[*moment]).max());
            }
        }

        #[test]
        fn an_init_is_seen_in_every_column_that_it_touches(from in -20i64..110, ms in 0i64..60, run in any::<bool>()) {
            let mut lane = Lane::default();
            if run {
                lane.paint(&AXIS, Timestamp(0), Timestamp(97), Moment::Run);
            }
            lane.init(&AXIS, Timestamp(from), Micros::from_ms(ms as u64));
            for (column, got) in lane.into_columns(&AXIS).into_iter().enumerate() {
                let Window { from: begins, to } = AXIS.column(column);
                let here = (from + ms).min(to.0) - from.max(begins.0);
                let touches = here > 0 || (ms == 0 && (begins.0..to.0).contains(&from));
                let expected = match (touches, run) {
                    (false, false) => None,
                    (false, true) => Some(Moment::Run),
                    (true, true) if here * 2 < 7 => Some(Moment::Cold),
                    (true, _) => Some(Moment::Init),
                };
                prop_assert_eq!(got, expected);
            }
        }
    }

    #[test]
    fn a_failure_stands_before_the_init_of_its_column() {
        for (moment, ms) in [(Moment::Failed, 2), (Moment::Timeout, 2), (Moment::Failed, 7)] {
            let mut lane = Lane::default();
            lane.init(&AXIS, Timestamp(0), Micros::from_ms(ms));
            lane.paint(&AXIS, Timestamp(5), Timestamp(6), moment);
            assert_eq!(lane.into_columns(&AXIS)[0], Some(moment));
        }
    }

    #[test]
    fn of_columns_that_share_a_cell_both_are_said() {
        use Moment::{Cold, Failed, Idle, Init, Run};
        for (one, other, both) in [
            (Idle, Run, Run),
            (Init, Idle, Init),
            (Init, Run, Cold),
            (Cold, Run, Cold),
            (Cold, Init, Cold),
            (Cold, Failed, Failed),
            (Init, Failed, Failed),
        ] {
            assert_eq!((one.and(other), other.and(one)), (both, both));
        }
    }
}
