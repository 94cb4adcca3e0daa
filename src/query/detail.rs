//! One function: its invocations, error groups and environments.

use std::collections::HashMap;

use crate::model::{Cold, EnvironmentId, Grade, Micros, NameId, Timestamp, Why, Window};
use crate::store::{FunctionData, KnownEnvironment, Row, Standing};

use super::asof::AsOf;
use super::axis::Axis;
use super::configured::configured;
use super::errors::{ErrorKey, Groups};
use super::filter::failed;
use super::lane::Lane;
use super::scan;
use super::select::Member;
use super::ticks;
use super::versions::Versions;
use super::view::{EnvironmentRow, FunctionDetail, InvocationRow, InvocationState};
use super::waiting;

/// Invocations listed at most.
const INVOCATIONS: usize = 1_000;
/// Environments listed at most.
const ENVIRONMENTS: usize = 200;

/// What a member has in a window; its environments on a time axis too, and its schedule on another.
pub fn detail(
    asof: AsOf<'_>,
    member: &Member<'_>,
    window: Window,
    axis: &Axis,
    lane: Option<&Axis>,
    metrics: bool,
    compare_ms: Option<i64>,
) -> FunctionDetail {
    let wanted = |(row, standing): &(&Row, Standing)| member.wants(asof, row, standing);
    let mut newest: Vec<(&Row, Standing)> = Vec::new();
    let mut matching = 0;
    let mut errors = Groups::default();
    let mut environments: HashMap<EnvironmentId, Used> = HashMap::new();
    let mut versions = Versions::new(asof, member.function, window);
    for (row, standing) in scan::rows(asof, member.function, window).filter(wanted) {
        matching += 1;
        newest.push((row, standing));
        if newest.len() > 2 * INVOCATIONS {
            newest.drain(..INVOCATIONS);
        }
        if let Some(key) = standing.end.as_ref().and_then(ErrorKey::of) {
            errors.note(key, row.start(), row.seq(), row.version());
        }
        versions.note(asof, row, &standing);
        if let Some(environment) = row.environment() {
            environments.entry(environment).or_default().note(asof, axis, row, &standing);
        }
    }
    let whole = scan::complete(asof, window);
    let grade = if whole { Grade::Counted } else { Grade::AtLeast(Why::Evicted) };
    let (errors, of_other_errors) = errors.into_rows(&asof.snapshot.texts, grade);
    let (versions, of_other_versions) = versions.into_rows(asof, window);
    let first = newest.len().saturating_sub(INVOCATIONS);
    FunctionDetail {
        name: member.function.name.clone(),
        invocations: newest[first..]
            .iter()
            .rev()
            .map(|(row, standing)| invocation(asof, member.id, member.function, row, standing))
            .collect(),
        matching,
        logged: asof.has_logs(member.function),
        let_go: !whole,
        errors,
        of_other_errors,
        versions,
        of_other_versions,
        environments: environment_rows(asof, member.function, window, axis, environments),
        configured: configured(asof.snapshot, member.id, asof.at).unwrap_or_default(),
        schedule: lane.and_then(|lane| ticks::schedule(asof, member.function, lane)),
        asynchronous: waiting::asynchronous(asof, member.id, member.function, window),
        metrics_known: super::metrics::known(asof, member.id),
        metrics: metrics.then(|| super::metrics::metrics(asof, member, window, axis, compare_ms)),
    }
}

/// An invocation as it stands.
pub fn invocation(
    asof: AsOf<'_>,
    id: crate::model::FunctionId,
    function: &FunctionData,
    row: &Row,
    standing: &Standing,
) -> InvocationRow {
    let texts = &asof.snapshot.texts;
    let end = standing.end;
    let lines = row.lines();
    InvocationRow {
        seq: row.seq(),
        function: id,
        request: row.request_id(),
        request_id: texts.ids.show_request(row.request_id()),
        attempt: row.attempt(),
        start: row.start(),
        start_estimated: standing.estimated,
        state: asof.state(function, row, standing),
        duration: end.and_then(|end| end.duration),
        init: end.and_then(|end| end.init),
        restore: end.and_then(|end| end.restore),
        cold: standing.cold,
        billed_ms: end.and_then(|end| end.billed_ms),
        max_memory_mb: end.and_then(|end| end.max_memory_mb),
        memory_mb: end.and_then(|end| end.memory_mb),
        error_type: end.and_then(|end| texts.error_type(end.error?)).map(str::to_string),
        delivery: asof
            .snapshot
            .deliveries
            .of(row.request_id(), asof.at)
            .map(|told| (told.condition.clone(), told.attempts)),
        version: texts.names.get(row.version()).to_string(),
        environment: row.environment(),
        stream: row
            .environment()
            .and_then(|environment| function.environments.get(environment))
            .filter(|environment| environment.first.known <= asof.at)
            .map(|environment| texts.names.get(environment.first.stream).to_string()),
        trace: asof.trace(function, row),
        lines: (lines.source, lines.from, asof.lines_to(function, row)),
    }
}

/// What an environment did in a window.
#[derive(Default)]
struct Used {
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    version: Option<NameId>,
    invocations: u64,
    errors: u64,
    cold: bool,
    max_memory_mb: Option<u32>,
    busy: bool,
    lane: Lane,
}

impl Used {
    fn note(&mut self, asof: AsOf<'_>, axis: &Axis, row: &Row, standing: &Standing) {
        let ended = standing.end.map_or(row.start(), |end| end.at.max(row.start()));
        self.first = Some(self.first.map_or(row.start(), |first| first.min(row.start())));
        self.last = self.last.max(Some(ended));
        self.version = Some(row.version());
        self.invocations += 1;
        let state = InvocationState::Running;
        let state = standing.end.map_or(state, |end| InvocationState::Ended(end.outcome));
        self.errors += u64::from(failed(state));
        self.cold |= standing.cold != Cold::No;
        self.max_memory_mb = self.max_memory_mb.max(standing.end.and_then(|end| end.max_memory_mb));
        self.lane.note(axis, row.start(), standing, asof.at);
        self.busy |= standing.end.is_none_or(|end| end.at > asof.at);
    }
}

/// When the init of an environment began, if that was known.
fn init_of(asof: AsOf<'_>, environment: &KnownEnvironment) -> Option<Timestamp> {
    environment.init.filter(|(_, known)| *known <= asof.at).map(|(start, _)| start)
}

fn environment_rows(
    asof: AsOf<'_>,
    function: &FunctionData,
    window: Window,
    axis: &Axis,
    mut used: HashMap<EnvironmentId, Used>,
) -> Vec<EnvironmentRow> {
    let texts = &asof.snapshot.texts;
    // Those that were initialised in the window and have not served an invocation in it.
    for known in function.environments.iter().filter(|known| known.first.known <= asof.at) {
        let began = init_of(asof, known).unwrap_or(known.first.first).max(known.first.first);
        if window.holds(began) && began <= asof.at {
            used.entry(known.first.id).or_default();
        }
    }
    let mut rows: Vec<EnvironmentRow> = used
        .into_iter()
        .filter_map(|(id, mut used)| {
            let known = function.environments.get(id).filter(|known| known.first.known <= asof.at);
            let init = known.and_then(|known| init_of(asof, known)).filter(|init| *init <= asof.at);
            let known = known.map(|known| known.first);
            let first = known.map(|known| known.first).into_iter().chain(init).chain(used.first).min()?;
            let version = used.version.or(known.and_then(|known| known.version));
            let last = used.last.unwrap_or(first).max(first);
            used.lane.idle(axis, first, last.min(asof.at));
            if let Some(init) = init {
                // How long one lasted that nobody waited for is not known.
                used.lane.init(axis, init, Micros(0));
            }
            Some(EnvironmentRow {
                id,
                stream: known.map_or_else(String::new, |known| texts.names.get(known.stream).to_string()),
                version: version.map_or_else(String::new, |name| texts.names.get(name).to_string()),
                first,
                last,
                invocations: used.invocations,
                errors: used.errors,
                init_seen: init.is_some() || used.cold,
                max_memory_mb: used.max_memory_mb,
                busy: used.busy,
                lane: used.lane.into_columns(),
            })
        })
        .collect();
    rows.sort_by(|a, b| b.last.cmp(&a.last).then_with(|| b.stream.cmp(&a.stream)).then(b.id.cmp(&a.id)));
    rows.truncate(ENVIRONMENTS);
    rows
}
