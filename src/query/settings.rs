//! What functions and the account are set to as of a time, and when that changed.

use crate::model::{Grade, Graded, Micros, Setting, SettingFact, Timestamp, When, Why, Window};
use crate::store::{FunctionData, Settings};

use super::asof::AsOf;
use super::select::Selection;
use super::view::Mark;

/// Marks of one answer at most.
const MARKS: usize = 500;
/// A document has the time of the last change, CloudTrail has that and its name: so near, in ms,
/// they are the same.
const SAME_CHANGE_MS: i64 = 120_000;

/// A setting in force as of a time.
#[derive(Clone, Copy)]
pub struct InForce<'a> {
    /// What tells it.
    pub fact: &'a SettingFact,
    /// `Estimated` where it holds back: it was so when somebody looked, later.
    pub grade: Grade,
}

/// The setting that is in force, of those that `is` lets through, which are all of one thing.
///
/// What was changed holds from then on. What somebody found holds from the last change before that
/// look; before it, where no change is known, it holds back (`~`): unless the last change made it
/// what was found, for then it was something else before.
pub fn in_force<'a>(
    asof: AsOf<'_>,
    settings: &'a Settings,
    is: impl Fn(&SettingFact) -> bool,
) -> Option<InForce<'a>> {
    let counted = |fact| Some(InForce { fact, grade: Grade::Counted });
    let known = || settings.known(asof.at).iter().filter(|fact| is(fact));
    let changed = known().filter_map(|fact| Some((changed(fact)?, fact))).max_by_key(|(at, _)| *at);
    let found = known()
        .filter(|fact| changed_since(fact).is_some())
        .max_by_key(|fact| (changed_since(fact).flatten(), fact.known));
    let Some(found) = found else { return changed.and_then(|(_, fact)| counted(fact)) };
    // One that came while somebody watched was so then.
    let seen = changed_since(found).flatten().unwrap_or(found.known);
    match changed {
        Some((at, _)) if seen <= asof.at && at <= seen => counted(found),
        Some((_, fact)) => counted(fact),
        None if seen > Timestamp::MIN && seen <= asof.at => counted(found),
        None => {
            let later = settings.all().iter().filter(|fact| is(fact));
            let last = later.filter_map(|fact| Some((self::changed(fact)?, fact))).max_by_key(|(at, _)| *at);
            let made_so = last.is_some_and(|(_, fact)| fact.setting == found.setting);
            (!made_so).then_some(InForce { fact: found, grade: Grade::Estimated(Why::HeldBack) })
        }
    }
}

fn changed(fact: &SettingFact) -> Option<Timestamp> {
    match fact.when {
        When::Changed(at) => Some(at),
        When::Found { .. } => None,
    }
}

/// Of what was found, since when.
fn changed_since(fact: &SettingFact) -> Option<Option<Timestamp>> {
    match fact.when {
        When::Changed(_) => None,
        When::Found { since } => Some(since),
    }
}

/// The timeout: as it is set, else as far as timed-out durations tell it.
pub fn timeout(asof: AsOf<'_>, function: &FunctionData) -> Option<Graded<Micros>> {
    let set = of_running(asof, function, |setting| match setting {
        Setting::Timeout(timeout) => Some(*timeout),
        _ => None,
    });
    set.or_else(|| asof.timeout(function).map(Graded::Counted))
}

/// A setting of the code that runs: of the newest version whose environments are known, else of
/// `$LATEST`.
pub fn of_running<T>(
    asof: AsOf<'_>,
    function: &FunctionData,
    value: impl Fn(&Setting) -> Option<T>,
) -> Option<Graded<T>> {
    // Most functions have none, and may have thousands of environments.
    function.settings.all().iter().find(|fact| value(&fact.setting).is_some())?;
    let known = function.environments.iter().map(|kept| kept.first).filter(|first| first.known <= asof.at);
    let newest = known.filter_map(|first| Some((first.first, first.version?))).max();
    let newest = newest.map(|(_, version)| asof.snapshot.texts.names.get(version));
    let of = |qualifier: Option<&str>| {
        let is =
            |fact: &SettingFact| fact.qualifier.as_deref() == qualifier && value(&fact.setting).is_some();
        let InForce { fact, grade } = in_force(asof, &function.settings, is)?;
        value(&fact.setting).map(|value| grade.of(value))
    };
    newest.filter(|version| *version != "$LATEST").and_then(|version| of(Some(version))).or_else(|| of(None))
}

/// The limit of its own that a function has; `None` where none is known, or none is set.
pub fn reserved<'a>(asof: AsOf<'_>, function: &'a FunctionData) -> Option<(Graded<u32>, &'a str)> {
    let is = |fact: &SettingFact| matches!(fact.setting, Setting::Reserved(_));
    let InForce { fact, grade } = in_force(asof, &function.settings, is)?;
    match fact.setting {
        Setting::Reserved(limit) => Some((grade.of(limit?), &*fact.told)),
        _ => None,
    }
}

/// The same, where it is told that none is set, too.
pub fn reserved_or_none(asof: AsOf<'_>, function: &FunctionData) -> Option<Graded<Option<u32>>> {
    let is = |fact: &SettingFact| matches!(fact.setting, Setting::Reserved(_));
    let InForce { fact, grade } = in_force(asof, &function.settings, is)?;
    match fact.setting {
        Setting::Reserved(limit) => Some(grade.of(limit)),
        _ => None,
    }
}

/// Environments that are kept ready for a function's versions and aliases together.
pub fn provisioned(asof: AsOf<'_>, function: &FunctionData) -> Option<Graded<u32>> {
    let is = |fact: &SettingFact| matches!(fact.setting, Setting::Provisioned(_));
    let all = function.settings.all().iter().filter(|fact| is(fact));
    let mut qualifiers: Vec<Option<&str>> = all.map(|fact| fact.qualifier.as_deref()).collect();
    qualifiers.sort_unstable();
    qualifiers.dedup();
    let (mut sum, mut grade) = (None, Grade::Counted);
    for qualifier in qualifiers {
        let own = |fact: &SettingFact| is(fact) && fact.qualifier.as_deref() == qualifier;
        if let Some(now) = in_force(asof, &function.settings, own)
            && let Setting::Provisioned(Some(ready)) = now.fact.setting
        {
            grade = grade.worst(now.grade);
            sum = Some(ready.allocated.unwrap_or(ready.requested).saturating_add(sum.unwrap_or(0)));
        }
    }
    sum.filter(|sum| *sum > 0).map(|sum| grade.of(sum))
}

/// Environments of all functions that may run at once.
pub fn account_limit(asof: AsOf<'_>) -> Option<Graded<u32>> {
    let is = |fact: &SettingFact| matches!(fact.setting, Setting::AccountLimit(_));
    let InForce { fact, grade } = in_force(asof, &asof.snapshot.account, is)?;
    match fact.setting {
        Setting::AccountLimit(limit) => Some(grade.of(limit)),
        _ => None,
    }
}

/// Changes of a selection's code and settings in a window, in order.
pub fn marks(asof: AsOf<'_>, selection: &Selection<'_>, window: Window) -> Vec<Mark> {
    let mut marks = changes(asof, selection, window);
    marks.sort_by_key(|mark| mark.at);
    marks.truncate(MARKS);
    marks
}

/// All changes in a window, one function after the other.
fn changes(asof: AsOf<'_>, selection: &Selection<'_>, window: Window) -> Vec<Mark> {
    let mut marks = Vec::new();
    for member in &selection.members {
        of_settings(asof, &member.function.settings, window, &mut marks);
    }
    if selection.all {
        of_settings(asof, &asof.snapshot.account, window, &mut marks);
    }
    marks
}

/// When code or a setting of a selection was changed next after a time, or last before it.
pub fn mark_near(
    asof: AsOf<'_>,
    selection: &Selection<'_>,
    (from, forward): (Timestamp, bool),
) -> Option<Timestamp> {
    // All of them: whether two tell of one change is seen only where both are looked at.
    let window = Window { from: Timestamp::MIN, to: Timestamp::NEVER };
    let times = changes(asof, selection, window).into_iter().map(|mark| mark.at);
    if forward { times.filter(|at| *at > from).min() } else { times.filter(|at| *at < from).max() }
}

fn of_settings(asof: AsOf<'_>, settings: &Settings, window: Window, marks: &mut Vec<Mark>) {
    let (inside, first) = (|at: Timestamp| window.holds(at) && at <= asof.at, marks.len());
    let known = settings.known(asof.at);
    for fact in known {
        let Some(at) = changed(fact).filter(|at| inside(*at)) else { continue };
        // One call sets several things.
        let deploy = fact.setting.deploys();
        match marks[first..].iter_mut().find(|mark| mark.at == at && *mark.text == *fact.told) {
            Some(mark) => mark.deploy |= deploy,
            None => marks.push(Mark { at, function: fact.function, deploy, text: fact.told.clone() }),
        }
    }
    for fact in known.iter().filter(|fact| fact.setting.happened()) {
        let Some(at) = changed_since(fact).flatten().filter(|at| inside(*at)) else { continue };
        let told = |mark: &Mark| mark.at.since(at).abs() <= SAME_CHANGE_MS;
        if !marks[first..].iter().any(told) {
            let deploy = fact.setting.deploys();
            marks.push(Mark { at, function: fact.function, deploy, text: fact.told.clone() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FactSink, FunctionId, Texts};
    use crate::query::filter::Filter;
    use crate::store::{Budget, Snapshot, Store};
    use std::sync::Arc;

    const F: FunctionId = FunctionId(0);

    fn fact(setting: Setting, when: When) -> SettingFact {
        let known = match when {
            When::Changed(at) => at,
            When::Found { .. } => Timestamp::MIN,
        };
        SettingFact { function: Some(F), qualifier: None, setting, when, known, told: "told".into() }
    }

    fn store(facts: impl IntoIterator<Item = SettingFact>) -> Snapshot {
        let mut store = Store::new(Budget { bytes: 1 << 20 });
        store.function(F, "f");
        facts.into_iter().for_each(|fact| store.setting(fact));
        store.snapshot(Arc::new(Texts::default()))
    }

    fn limit(limit: u32) -> Setting {
        Setting::Reserved(Some(limit))
    }

    fn found(limit: u32) -> SettingFact {
        fact(self::limit(limit), When::Found { since: None })
    }

    fn put(limit: u32, at: i64) -> SettingFact {
        fact(self::limit(limit), When::Changed(Timestamp(at)))
    }

    fn reserved_at(snapshot: &Snapshot, at: i64) -> Option<Graded<u32>> {
        reserved(AsOf::new(snapshot, Timestamp(at)), snapshot.function(F)?).map(|(limit, _)| limit)
    }

    const BACK: Grade = Grade::Estimated(Why::HeldBack);

    #[test]
    fn what_was_found_holds_for_the_whole_capture_where_nothing_changed_it() {
        let snapshot = store([found(7)]);
        assert_eq!(reserved_at(&snapshot, 5), Some(BACK.of(7)));
    }

    #[test]
    fn what_was_found_after_a_change_holds_back_to_it() {
        let snapshot = store([found(2), put(2, 100)]);
        assert_eq!(reserved_at(&snapshot, 99), None, "before it was something else");
        assert_eq!(reserved_at(&snapshot, 100), Some(Graded::Counted(2)));
        let snapshot = store([found(2), put(5, 50), put(2, 100)]);
        assert_eq!(reserved_at(&snapshot, 60), Some(Graded::Counted(5)));
    }

    #[test]
    fn what_was_found_before_a_change_holds_up_to_it() {
        let snapshot = store([found(7), put(2, 100)]);
        assert_eq!(reserved_at(&snapshot, 99), Some(BACK.of(7)));
        assert_eq!(reserved_at(&snapshot, 101), Some(Graded::Counted(2)));
        let none = fact(Setting::Reserved(None), When::Changed(Timestamp(200)));
        assert_eq!(reserved_at(&store([found(7), put(2, 100), none]), 200), None);
    }

    #[test]
    fn what_has_the_time_of_its_last_change_is_certain_from_then_on() {
        let timeout = |s: u32| Setting::Timeout(Micros(s * 1_000_000));
        let since = When::Found { since: Some(Timestamp(100)) };
        let snapshot = store([fact(timeout(3), since)]);
        let at = |snapshot: &Snapshot, at| {
            super::timeout(AsOf::new(snapshot, Timestamp(at)), snapshot.function(F).unwrap())
        };
        assert_eq!(at(&snapshot, 100), Some(Graded::Counted(Micros(3_000_000))));
        assert_eq!(at(&snapshot, 99), Some(BACK.of(Micros(3_000_000))));
        let snapshot = store([fact(timeout(3), since), fact(timeout(9), When::Changed(Timestamp(150)))]);
        assert_eq!(at(&snapshot, 120), Some(Graded::Counted(Micros(3_000_000))));
        assert_eq!(at(&snapshot, 150), Some(Graded::Counted(Micros(9_000_000))));
    }

    #[test]
    fn what_came_while_somebody_watched_was_so_then() {
        let look = |limit, at| SettingFact { known: Timestamp(at), ..found(limit) };
        let snapshot = store([look(7, 100), put(5, 50), look(9, 200)]);
        assert_eq!(reserved_at(&snapshot, 60), Some(Graded::Counted(5)));
        assert_eq!(reserved_at(&snapshot, 100), Some(Graded::Counted(7)));
        assert_eq!(reserved_at(&snapshot, 250), Some(Graded::Counted(9)));
    }

    #[test]
    fn provisioned_concurrency_is_that_of_all_aliases() {
        let ready = |qualifier: &str, requested, allocated| SettingFact {
            qualifier: Some(qualifier.into()),
            ..fact(
                Setting::Provisioned(Some(crate::model::Provisioned { requested, allocated })),
                When::Changed(Timestamp(10)),
            )
        };
        let gone = SettingFact {
            qualifier: Some("old".into()),
            ..fact(Setting::Provisioned(None), When::Changed(Timestamp(20)))
        };
        let snapshot =
            store([ready("live", 8, None), ready("7", 100, Some(5)), ready("old", 50, None), gone]);
        let at = |at| provisioned(AsOf::new(&snapshot, Timestamp(at)), snapshot.function(F).unwrap());
        assert_eq!(at(10), Some(Graded::Counted(63)));
        assert_eq!(at(20), Some(Graded::Counted(13)));
        assert_eq!(at(9), None);
    }

    #[test]
    fn a_change_is_marked_once_and_as_a_deploy_where_it_is_one() {
        let at = When::Changed(Timestamp(1_000_000));
        let created = [Setting::Created, Setting::Memory(128), Setting::Runtime("x".into())];
        let looked = When::Found { since: Some(Timestamp(1_000_900)) };
        let other = When::Found { since: Some(Timestamp(2_000_000)) };
        let mut snapshot = store(created.into_iter().map(|setting| fact(setting, at)).chain([
            fact(Setting::Changed("LastModified".into()), looked),
            fact(Setting::Changed("LastModified".into()), other),
        ]));
        Arc::make_mut(&mut snapshot.functions[0]).first_known = Timestamp(0);
        let marked = |by| {
            let asof = AsOf::new(&snapshot, Timestamp(by));
            let (filter, window) =
                (Filter::default(), Window { from: Timestamp(0), to: Timestamp(9_000_000) });
            let marks = marks(asof, &Selection::of(asof, &filter, None), window);
            marks.iter().map(|mark| (mark.at.0, mark.deploy)).collect::<Vec<_>>()
        };
        assert_eq!(marked(3_000_000), [(1_000_000, true), (2_000_000, false)]);
        assert_eq!(marked(1_999_999), [(1_000_000, true)]);
        assert_eq!(marked(999_999), []);
        let near = |from, forward| {
            let (asof, filter) = (AsOf::new(&snapshot, Timestamp::NEVER), Filter::default());
            let selection = Selection::of(asof, &filter, None);
            mark_near(asof, &selection, (Timestamp(from), forward)).map(|at| at.0)
        };
        assert_eq!(
            [near(0, true), near(1_000_000, true), near(2_000_000, true)],
            [Some(1_000_000), Some(2_000_000), None]
        );
        assert_eq!(
            [near(9_000_000, false), near(2_000_000, false), near(1_000_000, false)],
            [Some(2_000_000), Some(1_000_000), None]
        );
    }
}
