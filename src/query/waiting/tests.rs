use super::*;
use crate::model::{DeliveryFact, FactSink, OtherId, OtherMetric, OtherPoint, SettingFact, Statistics, When};
use crate::query::made::{Attempt, F, snapshot, store};
use crate::store::Snapshot;

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400;

fn asof(snapshot: &Snapshot, at_s: i64) -> AsOf<'_> {
    AsOf::new(snapshot, Timestamp(at_s * 1_000))
}

fn retrying_at(snapshot: &Snapshot, at_s: i64) -> Option<Retrying> {
    retrying(asof(snapshot, at_s), snapshot.function(F).into_iter())
}

fn setting(setting: Setting) -> SettingFact {
    let when = When::Changed(Timestamp(0));
    let (known, told) = (Timestamp(0), "told".into());
    SettingFact { function: Some(F), qualifier: None, setting, when, known, told }
}

#[test]
fn an_event_waits_from_its_failed_attempt_to_the_next_one() {
    let attempts = [
        Attempt(DAY, Some(5), 1, 1, true),
        Attempt(DAY + 65, Some(5), 1, 2, true),
        Attempt(DAY + 190, Some(5), 1, 3, true),
    ];
    let snapshot = snapshot(&mut store(&attempts));
    let events = |after: i64| retrying_at(&snapshot, DAY + after).map(|of| (of.events, of.overdue));
    assert_eq!(events(66), None, "it runs for the second time");
    assert_eq!(events(71), Some((Graded::Counted(1), 0)));
    assert_eq!(events(191), None, "the third is the last");
    assert_eq!(events(200), None, "and when that failed, it is over");
    let waits = retrying_at(&snapshot, DAY + 100).unwrap();
    assert_eq!(waits.deadline, Graded::Estimated(Timestamp((DAY + 21_600) * 1_000), Why::QueuedBefore));
    assert_eq!(waits.most_s, Graded::Estimated(21_600, Why::AwsDefault));
}

#[test]
fn a_first_attempt_that_failed_may_be_a_callers_own_request() {
    let snapshot = snapshot(&mut store(&[Attempt(DAY, Some(5), 1, 1, true)]));
    assert_eq!(retrying_at(&snapshot, DAY + 30), None);
    let others = [
        Attempt(DAY - 100, Some(1), 7, 1, true),
        Attempt(DAY - 39, Some(1), 7, 2, false),
        Attempt(DAY, Some(5), 1, 1, true),
    ];
    let snapshot = crate::query::made::snapshot(&mut store(&others));
    let waits = retrying_at(&snapshot, DAY + 30).unwrap();
    assert_eq!(waits.events, Graded::Estimated(1, Why::FromOthers));
    // When its second attempt had long been due, it was none.
    assert_eq!(retrying_at(&snapshot, DAY + 400), None);
}

#[test]
fn what_comes_late_is_said_to_be_and_what_is_too_old_is_not_there() {
    let attempts = [Attempt(DAY, Some(5), 1, 1, true), Attempt(DAY + 65, Some(5), 1, 2, true)];
    let mut store = store(&attempts);
    let before = snapshot(&mut store);
    let late = |at| retrying_at(&before, DAY + at).map(|of| (of.events, of.overdue));
    assert_eq!(late(70 + 120 + 300), Some((Graded::Counted(1), 0)));
    assert_eq!(late(70 + 120 + 301), Some((Graded::Counted(1), 1)));
    assert_eq!(late(21_601 + 65), None);
    store.setting(setting(Setting::EventAge(3_600)));
    let set = snapshot(&mut store);
    let waits = retrying_at(&set, DAY + 200).unwrap();
    assert_eq!(
        (waits.most_s, waits.deadline.value()),
        (Graded::Counted(3_600), Some(&Timestamp((DAY + 3_600) * 1_000)))
    );
    store.setting(setting(Setting::Retries(1)));
    assert_eq!(retrying_at(&snapshot(&mut store), DAY + 200), None, "the second attempt was the last");
}

#[test]
fn an_event_that_was_delivered_elsewhere_waits_no_more() {
    let mut store = store(&[Attempt(DAY, Some(5), 1, 1, true), Attempt(DAY + 65, Some(5), 1, 2, true)]);
    store.delivery(DeliveryFact {
        function: Some(F),
        request_id: RequestId(1),
        condition: "EventAgeExceeded".into(),
        attempts: Some(2),
        error: None,
        known: Timestamp((DAY + 150) * 1_000),
    });
    let snapshot = snapshot(&mut store);
    assert!(retrying_at(&snapshot, DAY + 149).is_some());
    assert_eq!(retrying_at(&snapshot, DAY + 150), None);
}

fn metric(store: &mut crate::store::Store, id: u32, name: &str, points: &[(i64, Option<f64>, Option<f64>)]) {
    let series = OtherId(id);
    let (namespace, dimensions, unit) = ("AWS/Lambda".into(), "".into(), "Count".into());
    store.other_metric(
        series,
        &OtherMetric { function: Some(F), namespace, name: name.into(), dimensions, unit },
    );
    for (minute, sum, max) in points {
        let start = Timestamp(minute * MINUTE);
        store.other_point(&OtherPoint {
            series,
            start,
            period_ms: 60_000,
            known: start.plus(MINUTE),
            adds: false,
            statistics: Statistics { sum: *sum, max: *max, count: Some(2.0), ..Statistics::default() },
            values: None,
        });
    }
}

#[test]
fn metrics_tell_what_was_dropped_and_how_old_the_oldest_event_is() {
    let mut store = store(&[]);
    metric(
        &mut store,
        0,
        "AsyncEventsDropped",
        &[(1, Some(5.0), None), (10, Some(2.0), None), (11, Some(1.0), None)],
    );
    metric(
        &mut store,
        1,
        "AsyncEventAge",
        &[(10, None, Some(1_000.0)), (11, Some(500_000.0), Some(400_000.0))],
    );
    // The same again without its unit, as an answer of CloudWatch's has it.
    metric(&mut store, 2, "AsyncEventsDropped", &[(11, Some(1.0), None)]);
    metric(&mut store, 3, "Throttles", &[(10, Some(5_000.0), None)]);
    let snapshot = snapshot(&mut store);
    let function = snapshot.function(F).unwrap();
    let at = |minute: i64| {
        let asof = AsOf::new(&snapshot, Timestamp(minute * MINUTE));
        asynchronous(asof, F, function, Window { from: Timestamp(5 * MINUTE), to: asof.at.plus(1) })
    };
    let told = at(12);
    assert_eq!(
        (told.dropped.value(), told.received.value(), told.dead_letter_errors.value()),
        (Some(&3), None, None)
    );
    let oldest = told.oldest.unwrap();
    assert_eq!((oldest.age_ms, oldest.at), (Graded::Counted(400_000), Timestamp(12 * MINUTE)));
    let deadline = Timestamp(12 * MINUTE + 21_600_000 - 400_000);
    assert_eq!(oldest.deadline, Graded::Estimated(deadline, Why::ByTheMinute));
    // A minute earlier nobody knew of that minute.
    let told = at(11);
    assert_eq!((told.dropped, told.oldest.unwrap().age_ms), (Graded::Counted(2), Graded::Counted(1_000)));
    assert_eq!(at(6), Asynchronous::default());
}

#[test]
fn without_a_maximum_the_average_is_the_least() {
    let mut store = store(&[]);
    metric(&mut store, 0, "AsyncEventAge", &[(10, Some(90_000.0), None), (11, Some(f64::NAN), None)]);
    let snapshot = snapshot(&mut store);
    let asof = AsOf::new(&snapshot, Timestamp(11 * MINUTE));
    let window = Window { from: Timestamp(0), to: asof.at.plus(1) };
    let told = asynchronous(asof, F, snapshot.function(F).unwrap(), window).oldest.unwrap();
    assert_eq!(told.age_ms, Graded::AtLeast(45_000, Why::NotPrinted));
    let asof = AsOf::new(&snapshot, Timestamp(20 * MINUTE));
    assert_eq!(asynchronous(asof, F, snapshot.function(F).unwrap(), window).oldest, None);
}
