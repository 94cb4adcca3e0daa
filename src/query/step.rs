//! The next time, or the one before, at which an invocation began or ended, or something was changed: for
//! going through a capture record by record, or change by change.

use crate::model::{EnvironmentId, FunctionId, Timestamp};
use crate::store::{FunctionData, Row, Snapshot};

use super::asof::AsOf;
use super::filter::Filter;
use super::select::{Member, Selection};
use super::settings;
use super::view::LinesRequest;

/// So long before a time an invocation that ends after it may have begun, in ms: it runs for 15 minutes
/// at most (Lambda quotas), and its lines may be late.
const REACH_MS: i64 = 20 * 60_000;

/// From where to go on, and through what.
#[derive(Clone, Debug, PartialEq)]
pub enum StepRequest {
    /// Through invocations: when they became known to have begun, or ended.
    Invocations {
        /// The time now.
        from: Timestamp,
        /// Later, or earlier.
        forward: bool,
        /// What is looked at.
        filter: Filter,
        /// Of one function only.
        function: Option<FunctionId>,
        /// Of one of its environments only.
        environment: Option<EnvironmentId>,
    },
    /// Through changes of code and settings, whether their time is in the window or not.
    Marks {
        /// The time now.
        from: Timestamp,
        /// Later, or earlier.
        forward: bool,
        /// What is looked at.
        filter: Filter,
        /// Of one function only.
        function: Option<FunctionId>,
    },
    /// Through log lines: to the time of the one line that this asks for.
    Lines(LinesRequest),
}

/// When code or a setting was changed next after a time, or last before it.
pub fn mark(
    snapshot: &Snapshot,
    near: (Timestamp, bool),
    filter: &Filter,
    function: Option<FunctionId>,
) -> Option<Timestamp> {
    let asof = AsOf::new(snapshot, Timestamp::NEVER);
    settings::mark_near(asof, &Selection::of(asof, filter, function), near)
}

/// The nearest time after `from`, or before it, at which one of these invocations began or ended. It
/// looks at those that began within 20 minutes of it, and need not look further.
pub fn step(
    snapshot: &Snapshot,
    (from, forward): (Timestamp, bool),
    filter: &Filter,
    function: Option<FunctionId>,
    environment: Option<EnvironmentId>,
) -> Option<Timestamp> {
    // Whether it matches is asked of how it ended: what it is looked for by is mostly known then.
    let asof = AsOf::new(snapshot, Timestamp::NEVER);
    let selection = Selection::of(asof, filter, function);
    let mut best: Option<Timestamp> = None;
    for member in &selection.members {
        let data: &FunctionData = member.function;
        let look = |row: &Row, best: Option<Timestamp>| {
            nearest(row, from, forward)
                .filter(|at| best.is_none_or(|best| if forward { *at < best } else { *at > best }))
                .filter(|_| environment.is_none_or(|only| row.environment() == Some(only)))
                .filter(|_| wants(asof, member, row))
        };
        if forward {
            for row in data.rows.from((from.plus(-REACH_MS), 0)) {
                if best.is_some_and(|best| row.start() >= best) {
                    break;
                }
                best = look(row, best).or(best);
            }
        } else {
            for row in data.rows.back_from((from, 0)) {
                if best.is_some_and(|best| row.start().plus(REACH_MS) < best) {
                    break;
                }
                best = look(row, best).or(best);
            }
        }
    }
    best
}

/// The nearer of the two times at which something of an invocation became known.
fn nearest(row: &Row, from: Timestamp, forward: bool) -> Option<Timestamp> {
    // Nothing is shown of it before it began and that was known, whatever clocks say of its end.
    let began = row.start().max(row.start_known());
    let ended = row.end().map(|_| row.end_known().max(began));
    let times = [Some(began), ended].into_iter().flatten();
    if forward { times.filter(|at| *at > from).min() } else { times.filter(|at| *at < from).max() }
}

fn wants(asof: AsOf<'_>, member: &Member<'_>, row: &Row) -> bool {
    asof.standing(member.function, row).is_some_and(|standing| member.wants(asof, row, &standing))
}
