//! What the account's limit is used for: one limit that all functions of a region share
//! (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html>).

use crate::model::{FunctionId, Grade, Graded, Why, Window};
use crate::store::{FunctionData, Largest, Points};

use super::asof::AsOf;
use super::axis::Axis;
use super::overlap::{Remembered, Running};
use super::view::{Account, Reserved};
use super::{points, settings};

/// What "now" means, in ms: a minute, as CloudWatch counts.
const NOW_MS: i64 = 60_000;
/// A metric older than this does not tell of now, in ms: its minute, and the time in which it comes.
const OLD_MS: i64 = 5 * 60_000;

/// What the limit is used for as of a time, whatever is looked at.
pub fn account(asof: AsOf<'_>) -> Account {
    let region = &asof.snapshot.region;
    let last_minute = Axis::span(Window { from: asof.at.plus(1 - NOW_MS), to: asof.at.plus(1) });
    let ran = |running: Remembered<'_>| {
        let peaks = Running::Remembered(running).peaks(&last_minute);
        peaks.grade.of(peaks.peak())
    };
    let (mut reserved, mut provisioned) = (Vec::new(), 0u32);
    for (at, function) in asof.snapshot.functions.iter().enumerate() {
        let id = FunctionId(at as u32);
        let Some((limit, _)) = settings::reserved(asof, function) else {
            let ready = settings::provisioned(asof, function).and_then(|ready| ready.value().copied());
            provisioned = provisioned.saturating_add(ready.unwrap_or(0));
            continue;
        };
        let used = used(asof, id, function, ran);
        let limit = limit.value().copied().unwrap_or(0);
        reserved.push(Reserved { name: function.name.clone(), limit, used });
    }
    reserved.sort_by(|a, b| (b.limit, &a.name).cmp(&(a.limit, &b.name)));
    let limit = settings::account_limit(asof);
    let in_use: u32 = reserved.iter().filter_map(|of| of.used.value().copied()).sum();
    let logs = asof.snapshot.functions.iter().any(|function| asof.has_logs(function));
    let unreserved = match newest(asof, &region.unreserved) {
        Some(told) => Graded::Counted(told),
        None if logs => {
            // Peaks of the last minute need not have come at the same time, and others may run too.
            let all = ran(Remembered::of_all(asof));
            all.map(|all| all.saturating_sub(in_use)).at_best(Grade::AtLeast(Why::OtherFunctions))
        }
        None => Graded::NoSource(Why::NoData),
    };
    let free = limit.map_or(Graded::NoSource(Why::NotPrinted), |limit| {
        let whole = limit.value().copied().unwrap_or(0);
        match (newest(asof, &region.claimed), newest(asof, &region.unreserved)) {
            (Some(claimed), _) => limit.map(|_| whole.saturating_sub(claimed)),
            (None, Some(unreserved)) => {
                let kept: u32 = reserved.iter().map(|of| of.limit).sum();
                let taken = kept.saturating_add(provisioned.max(unreserved));
                limit.map(|_| whole.saturating_sub(taken)).at_best(Grade::Estimated(Why::OtherFunctions))
            }
            // Never "free": functions that nobody watches here share the limit.
            (None, None) => Graded::NoSource(Why::OtherFunctions),
        }
    });
    Account { limit, reserved, provisioned, unreserved, free }
}

fn used(
    asof: AsOf<'_>,
    id: FunctionId,
    function: &FunctionData,
    ran: impl Fn(Remembered<'_>) -> Graded<u32>,
) -> Graded<u32> {
    if asof.has_logs(function) {
        return ran(Remembered::of_function(asof, id, function));
    }
    newest(asof, &function.metrics.concurrency).map_or(Graded::NoSource(Why::NoData), Graded::Counted)
}

/// The newest value of a metric, while it tells of now.
fn newest(asof: AsOf<'_>, told: &Points<Largest>) -> Option<u32> {
    let from = asof.at.plus(-OLD_MS);
    let window = Window { from, to: asof.at.plus(1) };
    let newest: f64 = points::periods(asof, told, window).pop()?.value.into();
    Some(newest.max(0.0) as u32)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{
        FactSink, MetricName, MetricPoint, Setting, SettingFact, Statistics, Texts, Timestamp, When,
    };
    use crate::store::{Budget, Snapshot, Store};

    const MINUTE: i64 = 60_000;

    fn set(function: Option<u32>, setting: Setting) -> SettingFact {
        let when = When::Found { since: None };
        let function = function.map(FunctionId);
        SettingFact { function, qualifier: None, setting, when, known: Timestamp::MIN, told: "told".into() }
    }

    fn told(function: Option<u32>, name: MetricName, minute: i64, max: f64) -> MetricPoint {
        let start = Timestamp(minute * MINUTE);
        MetricPoint {
            function: function.map(FunctionId),
            name,
            start,
            period_ms: MINUTE as u32,
            known: start.plus(MINUTE),
            statistics: Statistics { max: Some(max), ..Statistics::default() },
        }
    }

    fn store(settings: &[SettingFact], points: &[MetricPoint]) -> Snapshot {
        let mut store = Store::new(Budget { bytes: 1 << 20 });
        for (id, name) in ["orders", "mails", "login"].into_iter().enumerate() {
            store.function(FunctionId(id as u32), name);
        }
        settings.iter().cloned().for_each(|fact| store.setting(fact));
        points.iter().for_each(|point| store.metric(point));
        store.snapshot(Arc::new(Texts::default()))
    }

    fn at(snapshot: &Snapshot, minute: i64) -> Account {
        account(AsOf::new(snapshot, Timestamp(minute * MINUTE)))
    }

    #[test]
    fn what_the_account_claims_tells_what_is_free() {
        use MetricName::{ClaimedAccountConcurrency, ConcurrentExecutions, UnreservedConcurrentExecutions};
        let settings = [
            set(None, Setting::AccountLimit(1_000)),
            set(Some(0), Setting::Reserved(Some(100))),
            set(Some(1), Setting::Reserved(Some(0))),
        ];
        let points = [
            told(Some(0), ConcurrentExecutions, 9, 40.0),
            told(None, UnreservedConcurrentExecutions, 9, 300.0),
            told(None, ClaimedAccountConcurrency, 9, 400.0),
        ];
        let now = at(&store(&settings, &points), 10);
        assert_eq!(now.limit.as_ref().and_then(|limit| limit.value().copied()), Some(1_000));
        let reserved: Vec<_> =
            now.reserved.iter().map(|of| (&*of.name, of.limit, of.used.value().copied())).collect();
        assert_eq!(reserved, [("orders", 100, Some(40)), ("mails", 0, None)], "no source is no 0");
        assert_eq!(now.unreserved, Graded::Counted(300));
        assert_eq!(now.free.value(), Some(&600));
        // Without that metric it is about what is left.
        let without = at(&store(&settings, &points[..2]), 10);
        assert_eq!(without.free, Graded::Estimated(600, Why::OtherFunctions));
        // What was told an hour ago is not now.
        let later = at(&store(&settings, &points), 70);
        assert_eq!((later.unreserved, later.free.value()), (Graded::NoSource(Why::NoData), None));
    }

    #[test]
    fn without_the_account_s_metrics_nothing_is_called_free() {
        let settings = [set(None, Setting::AccountLimit(1_000))];
        let now = at(&store(&settings, &[]), 10);
        assert_eq!(now.free, Graded::NoSource(Why::OtherFunctions));
        assert_eq!(now.unreserved, Graded::NoSource(Why::NoData));
        assert_eq!(at(&store(&[], &[]), 10).limit, None);
    }
}
