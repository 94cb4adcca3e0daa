//! What a function's versions did in a window, side by side: before and after a deploy.

use rustc_hash::FxHashMap;

use crate::model::{Grade, NameId, Setting, Timestamp, When, Why, Window};
use crate::store::{FunctionData, Row, Standing};

use super::asof::AsOf;
use super::cell::{Cell, Durations};
use super::figures::EXACT;
use super::scan;
use super::view::VersionRow;

/// Versions told apart at most.
const VERSIONS: usize = 64;

/// What one version did.
struct Side {
    first: Timestamp,
    last: Timestamp,
    cell: Cell,
    /// One by one, up to [`EXACT`] of all versions together.
    durations: Durations,
    inits: Durations,
}

/// Collects what versions did.
pub struct Versions {
    sides: FxHashMap<(NameId, Option<Timestamp>), Side>,
    /// When the code of `$LATEST` was changed in the window, in order.
    changes: Vec<Timestamp>,
    latest: Option<NameId>,
    exact: usize,
    others: u64,
}

impl Versions {
    /// Of a function in a window.
    pub fn new(asof: AsOf<'_>, function: &FunctionData, window: Window) -> Self {
        let known = function.settings.known(asof.at).iter();
        let mut changes: Vec<Timestamp> = known
            .filter(|fact| fact.qualifier.is_none())
            .filter(|fact| matches!(fact.setting, Setting::Code | Setting::Created))
            .filter_map(|fact| match fact.when {
                When::Changed(at) => Some(at),
                When::Found { since } => since,
            })
            .filter(|at| window.holds(*at))
            .collect();
        changes.sort_unstable();
        changes.dedup();
        Self { sides: FxHashMap::default(), changes, latest: None, exact: 0, others: 0 }
    }

    /// Notes an invocation.
    pub fn note(&mut self, asof: AsOf<'_>, row: &Row, standing: &Standing) {
        let version = row.version();
        if self.latest.is_none() && asof.snapshot.texts.names.get(version) == "$LATEST" {
            self.latest = Some(version);
        }
        let since = (self.latest == Some(version))
            .then(|| self.changes.partition_point(|at| *at <= row.start()).checked_sub(1))
            .flatten()
            .map(|at| self.changes[at]);
        let key = (version, since);
        if self.sides.len() >= VERSIONS && !self.sides.contains_key(&key) {
            self.others += 1;
            return;
        }
        let side = self.sides.entry(key).or_insert_with(|| Side {
            first: row.start(),
            last: row.start(),
            cell: Cell::default(),
            durations: Durations::default(),
            inits: Durations::default(),
        });
        side.first = side.first.min(row.start());
        side.last = side.last.max(row.start());
        side.cell.add(standing);
        if self.exact <= EXACT as usize {
            self.exact += 1;
            side.durations.add(standing);
            if let Some(init) = standing.end.and_then(|end| end.init.or(end.restore)) {
                side.inits.push(init);
            }
        }
    }

    /// The versions, the one that began last first, and how many invocations were of others.
    pub fn into_rows(self, asof: AsOf<'_>, window: Window) -> (Vec<VersionRow>, u64) {
        let whole = scan::complete(asof, window);
        let grade = if whole { Grade::Counted } else { Grade::AtLeast(Why::Evicted) };
        let exact = self.exact <= EXACT as usize;
        let names = &asof.snapshot.texts.names;
        let mut rows: Vec<VersionRow> = self
            .sides
            .into_iter()
            .map(|((version, since), mut side)| {
                let count = side.cell.count_grade().worst(grade);
                let mut quantile = |q| match exact {
                    true => side.durations.quantile(q),
                    false => side.cell.quantile(q),
                };
                let (p50, p99) = (quantile(0.5), quantile(0.99));
                let shape = if whole { Grade::Counted } else { Grade::Estimated(Why::Evicted) };
                // Past the bound the inits are those of the first invocations.
                let inits = if exact { shape } else { shape.worst(Grade::Estimated(Why::Evicted)) };
                VersionRow {
                    version: names.get(version).to_string(),
                    since,
                    first: side.first,
                    last: side.last,
                    invocations: count.of(side.cell.started() as u64),
                    errors: count.of(side.cell.errors() as u64),
                    cold: count.of(side.cell.cold() as u64),
                    p50: p50.at_best(shape),
                    p99: p99.at_best(shape),
                    init: side.inits.quantile(0.5).at_best(inits),
                    memory_mb: side.cell.memory_used().at_best(grade),
                }
            })
            .collect();
        let newest = |row: &VersionRow| (row.first, row.last, row.since);
        rows.sort_by(|a, b| newest(b).cmp(&newest(a)).then_with(|| b.version.cmp(&a.version)));
        (rows, self.others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Change, Cold, End, FactSink, FunctionId, Graded, Invocation, Lines, Micros, Outcome, RequestId,
        SettingFact, SourceId, Texts,
    };
    use crate::store::{Budget, Snapshot, Store};
    use std::sync::Arc;

    /// An invocation a second of these versions; of other ones than 7 they fail.
    fn snapshot(of: &[&str], changed: Option<i64>) -> Snapshot {
        let mut texts = Texts::default();
        let mut store = Store::new(Budget { bytes: 1 << 20 });
        store.function(FunctionId(0), "f");
        for (seq, name) in (0u32..).zip(of) {
            let (start, us) = (Timestamp(i64::from(seq) * 1_000), 1_000 * (seq + 1));
            let failed = *name != "7";
            let end = End {
                at: start.plus(500),
                known: start.plus(500),
                duration: Some(Micros(us)),
                billed_ms: None,
                memory_mb: Some(512),
                max_memory_mb: Some(100 + seq),
                init: (seq % 2 == 0).then_some(Micros(us * 10)),
                restore: None,
                outcome: if failed { Outcome::Error } else { Outcome::Ok },
                error: None,
            };
            let invocation = Invocation {
                seq: u64::from(seq),
                function: FunctionId(0),
                environment: None,
                version: texts.names.id(name),
                request_id: RequestId(u128::from(seq)),
                attempt: 1,
                start,
                start_known: start,
                start_estimated: false,
                cold: Cold::No,
                trace: None,
                lines: Lines { source: SourceId(0), from: 0, to: 0 },
                end: Some(end),
            };
            store.invocation(&Invocation { end: None, ..invocation }, Change::Started);
            store.invocation(&invocation, Change::Finished);
        }
        if let Some(at) = changed {
            store.setting(SettingFact {
                function: Some(FunctionId(0)),
                qualifier: None,
                setting: Setting::Code,
                when: When::Changed(Timestamp(at)),
                known: Timestamp(at),
                told: "UpdateFunctionCode".into(),
            });
        }
        store.snapshot(Arc::new(texts))
    }

    fn rows(snapshot: &Snapshot, at: i64) -> (Vec<VersionRow>, u64) {
        let asof = AsOf::new(snapshot, Timestamp(at));
        let window = Window { from: Timestamp(0), to: Timestamp(at + 1) };
        let function = snapshot.function(FunctionId(0)).unwrap();
        let mut versions = Versions::new(asof, function, window);
        scan::rows(asof, function, window).for_each(|(row, standing)| versions.note(asof, row, &standing));
        versions.into_rows(asof, window)
    }

    #[test]
    fn before_and_after_a_deploy() {
        let snapshot = snapshot(&["7", "7", "7", "8", "8"], None);
        let (rows, others) = rows(&snapshot, 10_000);
        assert_eq!((rows.len(), others), (2, 0));
        let [new, old] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((new.version.as_str(), old.version.as_str()), ("8", "7"));
        assert_eq!((&new.invocations, &new.errors), (&Graded::Counted(2), &Graded::Counted(2)));
        assert_eq!((&old.invocations, &old.errors), (&Graded::Counted(3), &Graded::Counted(0)));
        assert_eq!((&old.p50, &old.p99), (&Graded::Counted(2.0), &Graded::Counted(3.0)));
        assert_eq!((&old.init, &old.memory_mb), (&Graded::Counted(10.0), &Graded::Counted(102)));
        assert_eq!((old.first, old.last), (Timestamp(0), Timestamp(2_000)));
    }

    #[test]
    fn what_is_not_known_yet_does_not_count() {
        let snapshot = snapshot(&["7", "8"], None);
        let (rows, _) = rows(&snapshot, 1_200);
        assert_eq!(rows[0].errors, Graded::Counted(0), "it runs");
        assert_eq!(rows[0].p50, Graded::NoSource(Why::NothingFinished));
    }

    #[test]
    fn a_change_of_the_code_of_latest_splits_it() {
        let snapshot = snapshot(&["$LATEST"; 4], Some(2_000));
        let (rows, _) = rows(&snapshot, 10_000);
        let split: Vec<_> = rows.iter().map(|row| (row.since, row.invocations)).collect();
        assert_eq!(split, [(Some(Timestamp(2_000)), Graded::Counted(2)), (None, Graded::Counted(2))]);
    }

    #[test]
    fn versions_beyond_the_bound_are_counted_together() {
        let names: Vec<String> = (0..VERSIONS + 5).map(|n| n.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let snapshot = snapshot(&names, None);
        let (rows, others) = rows(&snapshot, 1_000_000);
        assert_eq!((rows.len(), others), (VERSIONS, 5));
    }
}
