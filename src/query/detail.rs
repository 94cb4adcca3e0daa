//! One function: its invocations, error groups and environments.

use std::collections::{BTreeMap, HashMap};

use crate::model::{
    Cold, EnvironmentId, FunctionId, Grade, Micros, NameId, Outcome, Setting, Timestamp, When, Why, Window,
};
use crate::store::{FunctionData, KnownEnvironment, Row, Standing};

use super::asof::AsOf;
use super::axis::Axis;
use super::configured::configured;
use super::errors::{ErrorKey, Groups};
use super::filter::failed;
use super::lane::{Begun, Lane};
use super::scan;
use super::select::Member;
use super::ticks;
use super::versions::Versions;
use super::view::{Block, EnvironmentRow, Fate, FunctionDetail, InvocationRow, InvocationState, Which};
use super::waiting;

/// Invocations listed at most.
const INVOCATIONS: usize = 1_000;
/// Environments listed at most.
const ENVIRONMENTS: usize = 200;

/// Invocations that can be opened from lanes at most: those of the environments used last first.
const BLOCKS: usize = 20_000;
/// An environment serves what had reached it a little longer than other code is there, in ms.
const HANDED_OVER_MS: i64 = 60_000;

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
    let mut environments: HashMap<EnvironmentId, Used<'_>> = HashMap::new();
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
        environments: environment_rows(asof, member, window, axis, environments),
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
struct Used<'a> {
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    version: Option<NameId>,
    invocations: u64,
    errors: u64,
    cold: bool,
    max_memory_mb: Option<u32>,
    busy: bool,
    lane: Lane,
    /// How the one that began last ended.
    outcome: Option<Outcome>,
    blocks: Begun<'a>,
}

impl<'a> Used<'a> {
    fn note(&mut self, asof: AsOf<'_>, axis: &Axis, row: &'a Row, standing: &Standing) {
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
        let moment = self.lane.note(axis, row.start(), standing, asof.at);
        self.outcome = standing.end.filter(|end| end.at <= asof.at).map(|end| end.outcome);
        if let Some(column) = axis.column_of(row.start()) {
            self.blocks.note(column, moment, row);
        }
        self.busy |= standing.end.is_none_or(|end| end.at > asof.at);
    }
}

/// When the init of an environment began, if that was known.
fn init_of(asof: AsOf<'_>, environment: &KnownEnvironment) -> Option<Timestamp> {
    environment.init.filter(|(_, known)| *known <= asof.at).map(|(start, _)| start)
}

fn environment_rows(
    asof: AsOf<'_>,
    member: &Member<'_>,
    window: Window,
    axis: &Axis,
    mut used: HashMap<EnvironmentId, Used<'_>>,
) -> Vec<EnvironmentRow> {
    let function = member.function;
    let texts = &asof.snapshot.texts;
    // Those that were initialised in the window and have not served an invocation in it.
    for known in function.environments.iter().filter(|known| known.first.known <= asof.at) {
        let began = init_of(asof, known).unwrap_or(known.first.first).max(known.first.first);
        if window.holds(began) && began <= asof.at {
            used.entry(known.first.id).or_default();
        }
    }
    let mut rows: Vec<(EnvironmentRow, Begun<'_>)> = used
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
            let row = EnvironmentRow {
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
                fate: match used.outcome {
                    _ if used.busy => Fate::Alive,
                    Some(outcome @ (Outcome::Timeout | Outcome::OutOfMemory | Outcome::Exit)) => {
                        Fate::Killed(outcome)
                    }
                    _ => replaced(asof, function, version, (first, last)).map_or(Fate::Alive, Fate::Replaced),
                },
                lane: used.lane.into_columns(axis),
                blocks: Vec::new(),
            };
            Some((row, used.blocks))
        })
        .collect();
    note_replaced(&mut rows);
    rows.sort_by(|(a, _), (b, _)| {
        b.last.cmp(&a.last).then_with(|| b.stream.cmp(&a.stream)).then(b.id.cmp(&a.id))
    });
    rows.truncate(ENVIRONMENTS);
    let mut room = BLOCKS;
    let with_blocks = |(mut row, blocks): (EnvironmentRow, Begun<'_>)| {
        let blocks = blocks.newest(room);
        room -= blocks.len();
        row.blocks = blocks.into_iter().filter_map(|of| block(asof, member.id, function, of)).collect();
        row
    };
    rows.into_iter().map(with_blocks).collect()
}

/// Says of which environments the published version has stopped when a later one began: that took its
/// requests, as far as anybody can tell.
fn note_replaced(rows: &mut [(EnvironmentRow, Begun<'_>)]) {
    let mut versions: BTreeMap<u64, (Timestamp, Timestamp)> = BTreeMap::new();
    for (row, _) in rows.iter() {
        let Ok(version) = row.version.parse::<u64>() else { continue };
        let (first, last) = versions.entry(version).or_insert((row.first, row.last));
        (*first, *last) = ((*first).min(row.first), (*last).max(row.last));
    }
    for (row, _) in rows.iter_mut().filter(|(row, _)| row.fate == Fate::Alive && !row.busy) {
        let Ok(version) = row.version.parse::<u64>() else { continue };
        let Some((_, stopped)) = versions.get(&version).copied() else { continue };
        let mut later = versions.range(version + 1..).map(|(_, span)| *span);
        let takes = later.find(|(began, last)| stopped <= began.plus(HANDED_OVER_MS) && *last > stopped);
        row.fate = takes.map_or(Fate::Alive, |(began, _)| Fate::Replaced(began));
    }
}

/// An invocation as a block of a lane.
fn block(asof: AsOf<'_>, id: FunctionId, function: &FunctionData, row: &Row) -> Option<Block> {
    let standing = asof.standing(function, row)?;
    let lines = row.lines();
    Some(Block {
        which: Which { function: id, start: row.start(), request: row.request_id() },
        seq: row.seq(),
        request_id: asof.snapshot.texts.ids.show_request(row.request_id()),
        state: asof.state(function, row, &standing),
        ended: standing.end.map(|end| end.at),
        duration: standing.end.and_then(|end| end.duration),
        lines: (lines.source, lines.from, asof.lines_to(function, row)),
    })
}

/// Since when an environment is too old for the code of its function: one of `$LATEST` that was there before
/// a change of it, and has done nothing since but what had reached it already. A published version keeps its
/// code.
fn replaced(
    asof: AsOf<'_>,
    function: &FunctionData,
    version: Option<NameId>,
    (first, last): (Timestamp, Timestamp),
) -> Option<Timestamp> {
    let latest = version.is_some_and(|name| asof.snapshot.texts.names.get(name) == "$LATEST");
    let changes = function.settings.known(asof.at).iter().filter(|fact| fact.setting == Setting::Code);
    let changes = changes.filter_map(|fact| match fact.when {
        When::Changed(at) if at <= asof.at => Some(at),
        _ => None,
    });
    let gone = |at: &Timestamp| first < *at && last <= at.plus(HANDED_OVER_MS) && last < asof.at;
    changes.filter(gone).min().filter(|_| latest)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{
        Change, End, EnvironmentInfo, FactSink, InitKind, Invocation, Lines, RequestId, SettingFact,
        SourceId, Texts,
    };
    use crate::store::{Budget, Snapshot, Store};

    const F: FunctionId = FunctionId(0);

    /// Environments one after the other, each with its runs: when they began, in seconds, and how they ended.
    fn snapshot(environments: &[&[(i64, Outcome)]], code_changed_s: Option<i64>, version: &str) -> Snapshot {
        let versioned: Vec<_> = environments.iter().map(|runs| (version, *runs)).collect();
        of_versions(&versioned, code_changed_s)
    }

    fn of_versions(environments: &[(&str, &[(i64, Outcome)])], code_changed_s: Option<i64>) -> Snapshot {
        let mut texts = Texts::default();
        let stream = texts.names.id("2026/11/23/[7]abc");
        let mut store = Store::new(Budget { bytes: 1 << 24 });
        store.function(F, "f");
        let mut seq = 0;
        for (id, (version, runs)) in (0..).map(EnvironmentId).zip(environments) {
            let version = texts.names.id(version);
            let first = Timestamp(runs[0].0 * 1_000);
            store.environment(&EnvironmentInfo {
                id,
                function: F,
                stream,
                version: Some(version),
                init_start: None,
                kind: InitKind::OnDemand,
                runtime: None,
                first,
                known: first,
            });
            for (start_s, outcome) in *runs {
                let start = Timestamp(start_s * 1_000);
                let mut invocation = Invocation {
                    seq,
                    function: F,
                    environment: Some(id),
                    version,
                    request_id: RequestId(u128::from(seq) + 1),
                    attempt: 1,
                    start,
                    start_known: start,
                    start_estimated: false,
                    cold: Cold::No,
                    trace: None,
                    lines: Lines { source: SourceId(0), from: seq * 100, to: seq * 100 + 90 },
                    end: None,
                };
                store.invocation(&invocation, Change::Started);
                let at = start.plus(1_000);
                invocation.end = Some(End {
                    at,
                    known: at,
                    duration: Some(Micros::from_ms(1_000)),
                    billed_ms: None,
                    memory_mb: None,
                    max_memory_mb: None,
                    init: None,
                    restore: None,
                    outcome: *outcome,
                    error: None,
                });
                store.invocation(&invocation, Change::Finished);
                seq += 1;
            }
        }
        if let Some(at) = code_changed_s.map(|s| Timestamp(s * 1_000)) {
            store.setting(SettingFact {
                function: Some(F),
                qualifier: None,
                setting: Setting::Code,
                when: When::Changed(at),
                known: at,
                told: "UpdateFunctionCode".into(),
            });
        }
        store.snapshot(Arc::new(texts))
    }

    fn rows(snapshot: &Snapshot, at_s: i64, columns: usize) -> Vec<EnvironmentRow> {
        let asof = AsOf::new(snapshot, Timestamp(at_s * 1_000));
        let window = Window { from: Timestamp(0), to: asof.at.plus(1) };
        let axis = Axis { from: Timestamp(0), step_ms: 600_000 / columns as i64, columns };
        let function = snapshot.function(F).unwrap();
        let member = Member { id: F, function, filter: None };
        let mut rows = detail(asof, &member, window, &axis, None, false, None).environments;
        rows.sort_by_key(|row| row.id);
        rows
    }

    #[test]
    fn what_ended_an_environment_is_told_until_it_runs_again() {
        use Outcome::{Error, Exit, Ok, OutOfMemory, Timeout};
        let all: [&[_]; 4] =
            [&[(10, Ok), (20, Timeout)], &[(10, OutOfMemory), (30, Ok)], &[(10, Error)], &[(12, Exit)]];
        let snapshot = snapshot(&all, None, "7");
        let fates: Vec<Fate> = rows(&snapshot, 100, 60).iter().map(|row| row.fate).collect();
        assert_eq!(fates, [Fate::Killed(Timeout), Fate::Alive, Fate::Alive, Fate::Killed(Exit)]);
        // Before its invocation ended nobody knew.
        assert_eq!(rows(&snapshot, 15, 60)[0].fate, Fate::Alive);
        assert_eq!(rows(&snapshot, 15, 60)[1].fate, Fate::Killed(OutOfMemory));
    }

    #[test]
    fn other_code_replaces_what_was_there_before() {
        let all: [&[_]; 3] = [
            &[(10, Outcome::Ok), (20, Outcome::Ok)],
            // It served what had reached it already.
            &[(10, Outcome::Ok), (130, Outcome::Ok)],
            &[(10, Outcome::Ok), (300, Outcome::Ok)],
        ];
        let at = Some(100);
        let fates = |version: &str, as_of| -> Vec<Fate> {
            rows(&snapshot(&all, at, version), as_of, 60).iter().map(|row| row.fate).collect()
        };
        let gone = Fate::Replaced(Timestamp(100_000));
        assert_eq!(fates("$LATEST", 400), [gone, gone, Fate::Alive]);
        assert_eq!(fates("$LATEST", 90), [Fate::Alive; 3]);
        assert_eq!(fates("7", 400), [Fate::Alive; 3], "a published version keeps its code");
    }

    #[test]
    fn a_version_is_replaced_where_it_stopped_when_a_later_one_began() {
        let ok = Outcome::Ok;
        let all: [(&str, &[_]); 3] =
            [("19", &[(10, ok), (90, ok)]), ("19", &[(10, ok)]), ("20", &[(95, ok), (200, ok)])];
        let fates = |all: &[(&str, &[(i64, Outcome)])], as_of| -> Vec<Fate> {
            rows(&of_versions(all, None), as_of, 60).iter().map(|row| row.fate).collect()
        };
        let gone = Fate::Replaced(Timestamp(95_000));
        assert_eq!(fates(&all, 400), [gone, gone, Fate::Alive]);
        assert_eq!(fates(&all, 92), [Fate::Alive; 2], "nobody knew of the later one");
        // Both take requests; and an earlier one replaces nothing.
        let both: [(&str, &[_]); 2] = [("19", &[(10, ok), (300, ok)]), ("20", &[(95, ok), (310, ok)])];
        assert_eq!(fates(&both, 400), [Fate::Alive; 2]);
        let back: [(&str, &[_]); 2] = [("20", &[(10, ok), (90, ok)]), ("19", &[(95, ok), (310, ok)])];
        assert_eq!(fates(&back, 400), [Fate::Alive; 2]);
    }

    #[test]
    fn a_lane_has_a_block_for_every_invocation() {
        let runs: &[_] = &[(1, Outcome::Ok), (3, Outcome::Error), (5, Outcome::Ok), (70, Outcome::Ok)];
        let snapshot = snapshot(&[runs], None, "7");
        // Whatever of them began in one column.
        for columns in [10, 600] {
            let blocks = &rows(&snapshot, 100, columns)[0].blocks;
            assert_eq!(blocks.iter().map(|of| of.seq).collect::<Vec<_>>(), [0, 1, 2, 3]);
        }
        let block = &rows(&snapshot, 100, 10)[0].blocks[1];
        assert_eq!((block.which.start, block.lines), (Timestamp(3_000), (SourceId(0), 100, 190)));
        assert_eq!(block.far_from(Timestamp(3_500)), 0);
        assert_eq!((block.far_from(Timestamp(1_000)), block.far_from(Timestamp(9_000))), (2_000, 5_000));
    }

    #[test]
    fn a_lane_of_very_many_has_the_worst_of_each_column() {
        let end = |at: i64| if at == 77 { Outcome::Error } else { Outcome::Ok };
        let runs: Vec<(i64, Outcome)> = (0..599).map(|at| (at, end(at))).collect();
        let snapshot = snapshot(&[&runs], None, "7");
        let blocks = &rows(&snapshot, 600, 10)[0].blocks;
        let told: Vec<(i64, u64, bool)> = blocks
            .iter()
            .map(|of| (of.which.start.0 / 1_000, of.seq, of.state == InvocationState::Ended(Outcome::Ok)))
            .collect();
        assert_eq!(told[..3], [(0, 0, true), (77, 77, false), (120, 120, true)]);
        assert_eq!(told.len(), 10);
    }
}
