//! What invokes a function, beside what is set: a guess from the events that it logged, said to be one,
//! how long those events had waited and what was in them. How a service invokes is stated of what is set alone.

use crate::model::Graded;
use crate::query::survey::{BATCH_STEPS, Batches, Lag, LoggedEvent, LoggedEvents};
use crate::query::view::FunctionDetail;
use crate::ui::number;

use super::facts::{Lines, Told};

/// How a service that may invoke a function does it (Lambda developer guide, "Invoking Lambda with events
/// from other AWS services"); `None` for those that do it in more than one way, and for accounts.
pub(super) fn invocation_type(who: &str) -> Option<&'static str> {
    let service = who.strip_suffix(".amazonaws.com")?;
    // CloudWatch Logs has the region in its name: `logs.eu-west-1`.
    Some(match service.split('.').next().unwrap_or(service) {
        "s3" | "sns" | "events" | "scheduler" | "ses" | "config" | "iot" | "codecommit"
        | "cloudformation" | "logs" => "asynchronous",
        "apigateway" | "elasticloadbalancing" | "cognito-idp" | "lex" | "firehose" => "synchronous",
        _ => return None,
    })
}

/// What it logged; `None` where that has not been looked at.
pub(super) fn logged(lines: &mut Lines<'_>, detail: &FunctionDetail, events: Option<&LoggedEvents>) {
    let set = &detail.configured;
    let configured = !set.triggers.is_empty() || !set.may_invoke.is_empty();
    let rows = match events {
        Some(events) => &events.rows[..],
        None if detail.logged && !configured => {
            return lines.put("invoked by", "looking for events in its log".into(), Told::Known);
        }
        None => return,
    };
    let all: u64 = rows.iter().filter_map(|row| row.events.value()).sum();
    match rows {
        [] if configured => {}
        [] => lines.put("invoked by", "trigger unknown: no event is in its log".into(), Told::Known),
        rows => {
            // Beside what is set it is no guess at it.
            let label = if configured { "logged events" } else { "invoked by" };
            for (at, row) in rows.iter().enumerate() {
                let value = if configured { counted(row, all) } else { guess(row, all) };
                lines.put(if at == 0 { label } else { "" }, value, Told::Known);
            }
        }
    }
    for row in rows {
        if let Some(lag) = &row.lag {
            lines.put("event to START", lag_words(row, lag), Told::Known);
        }
    }
    let batches = || rows.iter().filter_map(|row| Some((row, row.batches.as_ref()?)));
    for (row, batches) in batches() {
        if let Some(things) = row.source.things() {
            lines.put("in the events", in_words(row, batches, things), Told::Known);
        }
    }
    // Of what always comes alone there is no more to say.
    for (row, batches) in batches().filter(|(_, all)| all.max.value().is_some_and(|max| *max > 1)) {
        lines.put("batches", sizes_words(row, batches), Told::Known);
    }
    for row in rows {
        let others = (row.of_other_prefixes > 0).then(|| ("further ones".to_string(), row.of_other_prefixes));
        for (at, (prefix, objects)) in row.prefixes.iter().cloned().chain(others).enumerate() {
            let label = if at == 0 { "objects lie in" } else { "" };
            let things = if objects == 1 { "object" } else { "objects" };
            lines.put(label, format!("{prefix} ({} {things})", number::whole(objects)), Told::Known);
        }
    }
}

fn at_least<T>(value: &Graded<T>) -> &'static str {
    match value {
        Graded::AtLeast(..) => "at least ",
        Graded::Estimated(..) => "about ",
        _ => "",
    }
}

/// `S3: 13.7 objects a minute; 412 objects in all`
fn in_words(row: &LoggedEvent, batches: &Batches, (one, several): (&str, &str)) -> String {
    let all = batches.records.value().copied().unwrap_or(0);
    let rate = batches.per_minute.value().copied().unwrap_or(0.0);
    let things = if all == 1 { one } else { several };
    let least = at_least(&batches.records);
    format!(
        "{}: {least}{} {several} a minute; {least}{} {things} in all",
        row.source.words(),
        number::count(rate),
        number::whole(all)
    )
}

/// `SQS: p50 3, largest 10; 1 of 1, 4 of 2 to 4, 2 of 10`, where there is one that was cut `, 1 cut off`
fn sizes_words(row: &LoggedEvent, batches: &Batches) -> String {
    let max = batches.max.value().copied().unwrap_or(0);
    let mut sizes: Vec<String> = batches
        .sizes
        .iter()
        .map(|(from, events)| {
            let next = BATCH_STEPS.iter().find(|step| **step > *from);
            let to = next.map_or(max, |next| next - 1).min(max);
            let of = if to > *from {
                format!("{} to {}", number::whole(u64::from(*from)), number::whole(u64::from(to)))
            } else {
                from.to_string()
            };
            format!("{} of {of}", number::whole(*events))
        })
        .collect();
    if batches.cut > 0 {
        sizes.push(format!("{} cut off", number::whole(batches.cut)));
    }
    let p50 = batches.p50.value().copied().unwrap_or(0);
    format!(
        "{}: p50 {}{}, largest {}{}; {}",
        row.source.words(),
        at_least(&batches.p50),
        number::whole(u64::from(p50)),
        at_least(&batches.max),
        number::whole(u64::from(max)),
        sizes.join(", ")
    )
}

/// `SQS: 11 of 12`
fn counted(row: &LoggedEvent, all: u64) -> String {
    let part = row.events.value().copied().unwrap_or(0);
    // What was not looked at does not say how many more there are.
    let least = if matches!(row.events, Graded::Counted(_)) { "" } else { ", not all lines read" };
    format!("{}: {} of {}{least}", row.source.words(), number::whole(part), number::whole(all))
}

/// `probably SQS (12 of 12 logged events)`
fn guess(row: &LoggedEvent, all: u64) -> String {
    let part = row.events.value().copied().unwrap_or(0);
    let most = if 2 * part > all { "probably" } else { "perhaps" };
    let events = if all == 1 { "event" } else { "events" };
    let least = if matches!(row.events, Graded::Counted(_)) { "" } else { ", not all lines read" };
    let (part, all) = (number::whole(part), number::whole(all));
    format!("{most} {} ({part} of {all} logged {events}{least})", row.source.words())
}

/// `SQS: p50 1.20 s, longest 41.0 s, of 12 events`
fn lag_words(row: &LoggedEvent, lag: &Lag) -> String {
    let ms = |ms: i64| number::duration_long(ms as f64);
    let least = if matches!(lag.max_ms, Graded::Counted(_)) { "" } else { "at least " };
    let max = lag.max_ms.value().map_or_else(String::new, |max| format!(", longest {least}{}", ms(*max)));
    let events =
        if lag.events == 1 { "1 event".to_string() } else { format!("{} events", number::whole(lag.events)) };
    format!("{}: p50 {}{max}, of {events}", row.source.words(), ms(lag.p50_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Why;
    use crate::query::survey::EventSource;
    use crate::ui::app::facts::{Fact, of};

    fn told(events: Option<&LoggedEvents>, configured: bool) -> Vec<Fact> {
        let mut detail = crate::ui::fixture::function(0).detail.unwrap();
        if !configured {
            detail.configured = Default::default();
        }
        of("f", &detail, events)
    }

    fn values(facts: &[Fact], label: &str) -> Vec<String> {
        let first = facts.iter().position(|fact| fact.label == label);
        let Some(first) = first else { return Vec::new() };
        let more = facts[first + 1..].iter().take_while(|fact| fact.label.is_empty() || fact.label == label);
        std::iter::once(&facts[first]).chain(more).map(|fact| fact.value.clone()).collect()
    }

    #[test]
    fn a_guess_is_said_to_be_one() {
        let row = |source, events, lag| LoggedEvent {
            source,
            events: Graded::Counted(events),
            lag,
            batches: None,
            prefixes: Vec::new(),
            of_other_prefixes: 0,
        };
        let lag = Lag { events: 11, p50_ms: 1_200, max_ms: Graded::AtLeast(41_000, Why::NotLookedAt) };
        let events =
            LoggedEvents { rows: vec![row(EventSource::Sqs, 11, Some(lag)), row(EventSource::S3, 1, None)] };
        let facts = told(Some(&events), false);
        assert_eq!(
            values(&facts, "invoked by"),
            ["probably SQS (11 of 12 logged events)", "perhaps S3 (1 of 12 logged events)"]
        );
        assert_eq!(
            values(&facts, "event to START"),
            ["SQS: p50 1.20 s, longest at least 41.0 s, of 11 events"]
        );
        let said: Vec<&str> = facts.iter().map(|fact| &*fact.value).collect();
        assert!(!said.iter().any(|value| value.contains("synchronous") || value.contains("polled")));
    }

    #[test]
    fn what_was_in_the_events_stands_below_how_long_they_waited() {
        let facts = told(Some(&crate::ui::fixture::logged_events()), true);
        assert_eq!(
            values(&facts, "in the events"),
            [
                "SQS: 1.6 messages a minute; 48 messages in all",
                "S3: at least <0.1 objects a minute; at least 1 object in all"
            ]
        );
        assert_eq!(values(&facts, "batches"), ["SQS: p50 3, largest 10; 2 of 1, 6 of 2 to 4, 3 of 10"]);
        assert_eq!(
            values(&facts, "objects lie in"),
            ["invoices/in/#/ (1 object)", "bucket\u{1b}[31m/ (1 object)", "further ones (2 objects)"]
        );
    }

    #[test]
    fn a_list_that_is_cut_off_is_not_said_to_be_all() {
        let mut events = crate::ui::fixture::logged_events();
        let cut = events.rows[0].batches.as_mut().unwrap();
        let why = Why::NotLookedAt;
        (cut.p50, cut.max, cut.cut) = (Graded::Estimated(3, why), Graded::AtLeast(10, why), 1);
        assert_eq!(
            values(&told(Some(&events), true), "batches"),
            ["SQS: p50 about 3, largest at least 10; 2 of 1, 6 of 2 to 4, 3 of 10, 1 cut off"]
        );
    }

    #[test]
    fn without_a_source_the_trigger_is_unknown() {
        let none = LoggedEvents::default();
        assert_eq!(
            values(&told(Some(&none), false), "invoked by"),
            ["trigger unknown: no event is in its log"]
        );
        assert_eq!(values(&told(Some(&none), true), "invoked by"), [""; 0]);
        assert_eq!(values(&told(None, false), "invoked by"), ["looking for events in its log"]);
    }

    #[test]
    fn how_a_service_invokes_is_told_of_what_is_set() {
        assert_eq!(invocation_type("s3.amazonaws.com"), Some("asynchronous"));
        assert_eq!(invocation_type("logs.eu-west-1.amazonaws.com"), Some("asynchronous"));
        assert_eq!(invocation_type("apigateway.amazonaws.com"), Some("synchronous"));
        assert_eq!(invocation_type("123456789012"), None);
        assert_eq!(invocation_type("*"), None);
        let facts = told(None, true);
        assert_eq!(
            values(&facts, "may be invoked by"),
            ["s3.amazonaws.com for arn:aws:s3:::invoices, asynchronous"]
        );
    }
}
