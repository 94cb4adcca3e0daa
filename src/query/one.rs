//! One invocation and all that is known around it: its environment and its place in it, the other
//! attempts of its request, its trace.

use std::sync::Arc;

use crate::model::{FunctionId, Graded, Micros, Timestamp, Why};
use crate::store::{FunctionData, Row, Snapshot};

use super::asof::AsOf;
use super::detail::invocation;
use super::settings;
use super::trace;
use super::view::{InvocationRow, TraceTree, Which};

/// Invocations that are looked through for other attempts, for those of the environment, or for one
/// that has another number now, at most in each direction.
const LOOKED: usize = 200_000;
/// Lambda tries an asynchronous event again for at most so long, in ms: six hours.
const RETRIED_MS: i64 = 6 * 60 * 60 * 1_000;
/// Attempts that are told at most.
const ATTEMPTS: usize = 50;

/// A question for one invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneRequest {
    /// The time as of which is asked.
    pub as_of: Timestamp,
    /// Which.
    pub which: Which,
    /// The number that it was listed with: it is found by it at once, unless it was read again since.
    pub seq: u64,
}

/// One invocation.
#[derive(Clone, Debug, PartialEq)]
pub struct One {
    /// The question.
    pub request: OneRequest,
    /// The function's name.
    pub name: Arc<str>,
    /// The invocation; `None` if it is not held any more, or had not begun.
    pub row: Option<InvocationRow>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// The longest that it may run.
    pub timeout: Option<Graded<Micros>>,
    /// Where it ran.
    pub environment: Option<InEnvironment>,
    /// All invocations of the same request, the earliest first, itself included; at most 50.
    pub attempts: Vec<InvocationRow>,
    /// Its trace.
    pub tree: Option<Arc<TraceTree>>,
}

/// An invocation's place in its environment.
#[derive(Clone, Debug, PartialEq)]
pub struct InEnvironment {
    /// When the environment's init began, if that was known.
    pub init_start: Option<Timestamp>,
    /// Its first record.
    pub first: Timestamp,
    /// The how manyth invocation of it this is, from 1.
    pub nth: Graded<u64>,
    /// The end of the invocation before, if it is known.
    pub before: Option<Timestamp>,
}

/// Answers for one invocation.
pub fn one(snapshot: &Snapshot, request: &OneRequest) -> Option<One> {
    let asof = AsOf::new(snapshot, request.as_of);
    let Which { function: id, start, request: of } = request.which;
    let function = snapshot.function(id)?;
    let is_it = |row: &&Row| row.request_id() == of;
    let read_again = || {
        let began_then = function.rows.from((start, 0)).take_while(|row| row.start() == start);
        began_then.take(LOOKED).find(is_it)
    };
    let held = function.rows.get((start, request.seq)).filter(is_it).or_else(read_again);
    let standing = held.and_then(|row| Some((row, asof.standing(function, row)?)));
    let mut one = One {
        request: *request,
        name: function.name.clone(),
        row: None,
        ended: None,
        timeout: settings::timeout(asof, function),
        environment: None,
        attempts: Vec::new(),
        tree: None,
    };
    if let Some((row, standing)) = standing {
        let told = invocation(asof, id, function, row, &standing);
        one.ended = standing.end.map(|end| end.at);
        one.environment = environment(asof, function, row);
        one.attempts = attempts(asof, id, function, row);
        one.tree = told.trace.and_then(|id| trace::tree(snapshot, id, request.as_of)).map(Arc::new);
        one.row = Some(told);
    }
    Some(one)
}

fn environment(asof: AsOf<'_>, function: &FunctionData, row: &Row) -> Option<InEnvironment> {
    let id = row.environment()?;
    let known = function.environments.get(id).filter(|known| known.first.known <= asof.at)?;
    let init = known.init.filter(|(start, at)| *at <= asof.at && *start <= asof.at).map(|(start, _)| start);
    let first = init.map_or(known.first.first, |init| init.min(known.first.first));
    let (mut earlier, mut before, mut whole) = (0, None, true);
    let rows = function.rows.back_from((row.start(), row.seq()));
    for (looked, other) in rows.take_while(|other| other.start() >= first).enumerate() {
        if looked == LOOKED {
            whole = false;
            break;
        }
        if other.environment() != Some(id) {
            continue;
        }
        if let Some(standing) = asof.standing(function, other) {
            earlier += 1;
            before = before.max(standing.end.map(|end| end.at));
        }
    }
    let nth = match (whole, first >= asof.snapshot.rows_from, init) {
        (false, ..) => Graded::AtLeast(earlier + 1, Why::NotLookedAt),
        (_, false, _) => Graded::AtLeast(earlier + 1, Why::Evicted),
        // Without its init it may be older than what was read of it.
        (.., None) => Graded::AtLeast(earlier + 1, Why::NotInAnySource),
        _ => Graded::Counted(earlier + 1),
    };
    Some(InEnvironment { init_start: init, first, nth, before })
}

/// The invocations of the same request, in order.
fn attempts(asof: AsOf<'_>, id: FunctionId, function: &FunctionData, row: &Row) -> Vec<InvocationRow> {
    let key = (row.start(), row.seq());
    let same = |other: &&Row| other.request_id() == row.request_id();
    let near = |other: &&Row| other.start().since(row.start()).abs() <= RETRIED_MS;
    let mut rows: Vec<&Row> = Vec::new();
    // A first attempt has none before it.
    if row.attempt() > 1 {
        rows.extend(function.rows.back_from(key).take(LOOKED).take_while(near).filter(same).take(ATTEMPTS));
        rows.reverse();
    }
    rows.extend(function.rows.from(key).take(LOOKED).take_while(near).filter(same).take(ATTEMPTS));
    let told = |row: &Row| {
        let standing = asof.standing(function, row)?;
        Some(invocation(asof, id, function, row, &standing))
    };
    rows.into_iter().filter_map(told).take(ATTEMPTS).collect()
}
