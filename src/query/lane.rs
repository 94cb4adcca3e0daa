//! Lanes: what an environment did in each column of a time axis.

use crate::model::{Micros, Outcome, Timestamp};
use crate::store::Standing;

use super::axis::Axis;
use super::view::Moment;

/// What an environment did, column by column; of what happened in one the worst.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    columns: Vec<Option<Moment>>,
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

    /// Notes an init.
    pub fn init(&mut self, axis: &Axis, start: Timestamp, length: Micros) {
        self.paint(axis, start, start.plus(length.ceil_ms()), Moment::Init);
    }

    /// Fills what is between its first record and its last.
    pub fn idle(&mut self, axis: &Axis, first: Timestamp, last: Timestamp) {
        self.paint(axis, first, last, Moment::Idle);
    }

    /// The columns; none where nothing is known of the environment.
    pub fn into_columns(self) -> Vec<Option<Moment>> {
        self.columns
    }

    /// Puts a moment into all columns that a span touches, where nothing worse is.
    fn paint(&mut self, axis: &Axis, from: Timestamp, to: Timestamp, moment: Moment) {
        self.columns.resize(axis.columns, None);
        let whole = axis.window();
        let to = to.max(from);
        if from >= whole.to || to < whole.from {
            return;
        }
        let first = axis.column_of(from.max(whole.from));
        let last = axis.column_of(to.min(whole.to.plus(-1)));
        if let (Some(first), Some(last)) = (first, last) {
            self.columns[first..=last].iter_mut().for_each(|kept| *kept = Some(moment).max(*kept));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Window;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_column_has_the_worst_that_touches_it(
            spans in prop::collection::vec((-50i64..150, 0i64..60, 0usize..5), 0..20)
        ) {
            const ALL: [Moment; 5] =
                [Moment::Idle, Moment::Run, Moment::Init, Moment::Failed, Moment::Timeout];
            let axis = Axis { from: Timestamp(0), step_ms: 7, columns: 14 };
            let mut lane = Lane::default();
            for (from, ms, at) in &spans {
                lane.paint(&axis, Timestamp(*from), Timestamp(from + ms), ALL[*at]);
            }
            let got = lane.into_columns();
            prop_assert_eq!(got.len(), if spans.is_empty() { 0 } else { 14 });
            for (column, got) in got.iter().enumerate() {
                let Window { from, to } = axis.column(column);
                let touching = spans.iter().filter(|(at, ms, _)| *at < to.0 && at + ms >= from.0);
                prop_assert_eq!(*got, touching.map(|(.., moment)| ALL[*moment]).max());
            }
        }
    }
}
