//! One function's invocations, errors and environments in a window.

use std::collections::BTreeMap;

use crate::model::{EnvironmentId, Outcome, Timestamp, Window};
use crate::store::{Row, Standing};

use super::asof::AsOf;
use super::scan;
use super::select::Member;
use super::view::{EnvironmentRow, ErrorGroup, FunctionDetail, InvocationRow};

/// Invocations listed at most.
const INVOCATIONS: usize = 1_000;
/// Environments listed at most.
const ENVIRONMENTS: usize = 200;

/// What a member has in a window.
pub fn of(asof: AsOf<'_>, member: &Member<'_>, window: Window) -> FunctionDetail {
    let mut newest: Vec<(&Row, Standing)> = Vec::new();
    let mut errors: BTreeMap<String, ErrorGroup> = BTreeMap::new();
    let mut environments: BTreeMap<EnvironmentId, EnvironmentRow> = BTreeMap::new();
    let mut matching = 0;
    for (row, standing) in scan::rows(asof, member.function, window) {
        if !member.wants(asof, row, &standing) {
            continue;
        }
        matching += 1;
        newest.push((row, standing));
        if newest.len() >= 2 * INVOCATIONS {
            newest.drain(..INVOCATIONS);
        }
        note_error(asof, &mut errors, row, &standing);
        note_environment(asof, member, &mut environments, row, &standing);
    }
    let skip = newest.len().saturating_sub(INVOCATIONS);
    let invocations = newest[skip..].iter().rev().map(|(row, s)| invocation(asof, member, row, s)).collect();
    let mut errors: Vec<ErrorGroup> = errors.into_values().collect();
    errors.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    let mut environments: Vec<EnvironmentRow> = environments.into_values().collect();
    environments.sort_by(|a, b| b.first.cmp(&a.first).then(b.id.cmp(&a.id)));
    environments.truncate(ENVIRONMENTS);
    FunctionDetail { name: member.function.name.clone(), invocations, matching, errors, environments }
}

fn note_error(asof: AsOf<'_>, errors: &mut BTreeMap<String, ErrorGroup>, row: &Row, standing: &Standing) {
    let Some(end) = standing.end.filter(|end| end.outcome.failed()) else { return };
    let name = match (end.error_type, end.outcome) {
        (Some(name), Outcome::Error | Outcome::InitError | Outcome::Exit | Outcome::OutOfMemory) => {
            asof.snapshot.texts.names.get(name)
        }
        (_, outcome) => outcome.word(),
    };
    let at = row.start();
    let group = errors.entry(name.to_string()).or_insert_with(|| ErrorGroup {
        name: name.to_string(),
        count: 0,
        first: at,
        last: at,
        seq: row.seq(),
    });
    group.count += 1;
    group.last = at;
    group.seq = row.seq();
}

fn note_environment(
    asof: AsOf<'_>,
    member: &Member<'_>,
    environments: &mut BTreeMap<EnvironmentId, EnvironmentRow>,
    row: &Row,
    standing: &Standing,
) {
    let Some(id) = row.environment() else { return };
    let names = &asof.snapshot.texts.names;
    let known = member.function.environments.get(id).map(|known| known.0);
    let place = environments.entry(id).or_insert_with(|| EnvironmentRow {
        id,
        stream: known.map_or_else(String::new, |known| names.get(known.stream).to_string()),
        version: names.get(row.version()).to_string(),
        first: known.and_then(|known| known.init_start).filter(|t| *t <= asof.at).unwrap_or(row.start()),
        last: row.start(),
        invocations: 0,
        errors: 0,
        init_seen: known.is_some_and(|known| known.init_start.is_some_and(|t| t <= asof.at)),
        max_memory_mb: None,
        busy: false,
    });
    place.invocations += 1;
    place.last = place.last.max(standing.end.map_or(row.start(), |end| end.at.min(asof.at)));
    place.busy = standing.end.is_none();
    if let Some(end) = standing.end {
        place.errors += u64::from(end.outcome.failed());
        place.max_memory_mb = place.max_memory_mb.max(end.max_memory_mb);
    }
}

fn invocation(asof: AsOf<'_>, member: &Member<'_>, row: &Row, standing: &Standing) -> InvocationRow {
    let texts = &asof.snapshot.texts;
    let end = standing.end.as_ref();
    let stream = row.environment().and_then(|id| member.function.environments.get(id));
    let lines = row.lines();
    let at: Timestamp = row.start();
    InvocationRow {
        seq: row.seq(),
        function: member.id,
        request_id: texts.ids.show_request(row.request_id()),
        attempt: row.attempt(),
        start: at,
        start_estimated: row.start_estimated(),
        state: asof.state(member.function, row, standing),
        duration: end.and_then(|end| end.duration),
        init: end.and_then(|end| end.init),
        restore: end.and_then(|end| end.restore),
        cold: standing.cold,
        billed_ms: end.and_then(|end| end.billed_ms),
        max_memory_mb: end.and_then(|end| end.max_memory_mb),
        memory_mb: end.and_then(|end| end.memory_mb),
        error_type: end.and_then(|end| end.error_type).map(|name| texts.names.get(name).to_string()),
        version: texts.names.get(row.version()).to_string(),
        environment: row.environment(),
        stream: stream.map(|known| texts.names.get(known.0.stream).to_string()),
        trace: member.function.trace_of((row.start(), row.seq())),
        // Where the lines of one that runs will end is not known yet.
        lines: (lines.source, lines.from, end.map_or(u64::MAX, |_| lines.to)),
    }
}
