//! What stands between a function's panels and its lists: its schedule with a tick for each run, and
//! what is wrong with its asynchronous events. Nothing where there is nothing to tell.

use ratatui::layout::Rect;

use crate::model::{Graded, Timestamp, Why};
use crate::query::view::{Asynchronous, FunctionDetail, Oldest, Retrying, Schedule, Tick};
use crate::ui::number;
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::pen::{Pen, row};
use crate::ui::zone::Zone;

/// Columns of what a line is about, and of a time at the lane's end.
const NAME: u16 = 13;
const TIME: u16 = 7;
/// An event that waits for less, in ms, waits for nothing worth a line: a retry comes after a minute.
const WAITS_MS: i64 = 60_000;

/// On narrower screens there are fewer words.
pub const SHORT: u16 = 110;

/// Columns of a lane on a screen so wide.
pub fn lane_columns(width: u16) -> u16 {
    width.saturating_sub(NAME + TIME).clamp(10, 300)
}

/// How many lines there are for a function.
pub fn rows(detail: &FunctionDetail) -> u16 {
    let schedule = if detail.schedule.is_some() { 2 } else { 0 };
    schedule + u16::from(waits(&detail.asynchronous))
}

/// Whether something is wrong with asynchronous events, or one waits for long.
fn waits(of: &Asynchronous) -> bool {
    let some = |count: Graded<u64>| count.value().is_some_and(|count| *count > 0);
    some(of.dropped)
        || some(of.dead_letter_errors)
        || some(of.destination_errors)
        || of.oldest.is_some_and(|oldest| oldest.age_ms.value().is_some_and(|age| *age >= WAITS_MS))
        || of.retrying.is_some()
}

/// Draws the lines.
pub fn draw(pen: &mut Pen, area: Rect, detail: &FunctionDetail, zone: Zone) {
    let mut at = 0;
    if let Some(schedule) = &detail.schedule {
        let words = schedule_words(schedule, zone, pen.symbols, area.width < SHORT);
        parts(pen, row(area, at), "Schedule", words);
        lane(pen, row(area, at + 1), schedule, zone);
        at += 2;
    }
    if waits(&detail.asynchronous) {
        let (lost, short) = (detail.configured.loses_events(), area.width < SHORT);
        let words = waiting_words(&detail.asynchronous, lost, zone, pen.symbols, short);
        parts(pen, row(area, at), "Async", words);
    }
}

/// Parts of a line; what does not fit is cut.
fn parts(pen: &mut Pen, area: Rect, name: &str, parts: Vec<(String, Role)>) {
    if area.height == 0 {
        return;
    }
    pen.text(area.x, area.y, NAME, name, Role::Title);
    let mut x = area.x + NAME.min(area.width);
    for (text, role) in parts {
        if x >= area.right() {
            break;
        }
        x = pen.text(x, area.y, area.right() - x, &text, role) + 2;
    }
}

/// A period or span as people say it: `60 s`, `15 min`, `1.5 h`.
pub fn span(ms: i64) -> String {
    let (of, unit) = match ms {
        ..120_000 => (1_000.0, "s"),
        120_000..7_200_000 => (60_000.0, "min"),
        _ => (3_600_000.0, "h"),
    };
    let value = ms as f64 / of;
    let near = (value - value.round()).abs() < 0.05;
    if near { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

/// The sign of a tick.
pub fn sign(tick: Tick, symbols: &Symbols) -> (&'static str, Role) {
    match tick {
        Tick::Ran => (symbols.tick, Role::Series),
        Tick::Due => (symbols.dot, Role::Label),
        Tick::Unseen => (symbols.no_data, Role::NoData),
        Tick::Failed => (symbols.error, Role::Error),
        Tick::Missed => (symbols.missed, Role::Timeout),
    }
}

fn time(at: Timestamp, zone: Zone) -> String {
    zone.seconds(at) + &zone.mark(at)
}

/// The period, what went wrong, what is next; each count beside the sign that stands for it.
fn schedule_words(of: &Schedule, zone: Zone, symbols: &Symbols, short: bool) -> Vec<(String, Role)> {
    let mut words = vec![(format!("every {}", span(of.period_ms)), Role::Text)];
    let signed = |tick, text: String| {
        let (sign, role) = sign(tick, symbols);
        (format!("{sign} {text}"), role)
    };
    match of.missed.value() {
        Some(0) if of.unseen == 0 => words.push(("none missed".to_string(), Role::Label)),
        Some(0) => {}
        _ => {
            let missed = number::graded(&of.missed, number::whole, symbols);
            words.push(signed(Tick::Missed, format!("{missed} missed")));
        }
    }
    if of.unseen > 0 {
        let text =
            format!("{} not seen: nothing read since {}", number::whole(of.unseen), time(of.alive, zone));
        words.push(signed(Tick::Unseen, text));
    }
    if of.failed > 0 {
        words.push(signed(Tick::Failed, format!("{} failed", number::whole(of.failed))));
    }
    let (next, last) = if short { ("next", "last") } else { ("next expected", "last run") };
    words.push((format!("{next} {}", time(of.next, zone)), Role::Text));
    let failed = if of.last_failed { " failed" } else { "" };
    words.push((format!("{last}{failed} {}", time(of.last, zone)), Role::Text));
    if let Some(due) = of.due {
        words.push(signed(Tick::Due, format!("due since {}", time(due, zone))));
    }
    words.push(signed(Tick::Ran, format!("{} ran", number::whole(of.ran))));
    words
}

/// The ticks over their time, with its beginning and its end.
fn lane(pen: &mut Pen, area: Rect, of: &Schedule, zone: Zone) {
    if area.height == 0 {
        return;
    }
    let from = zone.minutes(of.window.from);
    pen.right(area.x + NAME.min(area.width) - 1, area.y, NAME, &from, Role::Label);
    let width = usize::from(lane_columns(area.width));
    let columns = of.columns.len();
    for at in 0..width.min(columns.max(1)) {
        // An answer for another width: of what falls into one cell the gravest.
        let (from, to) = match columns <= width {
            true => (at, at + 1),
            false => (at * columns / width, ((at + 1) * columns).div_ceil(width)),
        };
        let part = of.columns.get(from..to.min(columns)).unwrap_or_default();
        if let Some(tick) = part.iter().copied().max().flatten() {
            let (sign, role) = sign(tick, pen.symbols);
            pen.put(area.x + NAME + at as u16, area.y, sign, role);
        }
    }
    pen.right(area.right(), area.y, TIME - 1, &zone.minutes(of.window.to), Role::Label);
}

/// What is wrong with asynchronous events: first what is lost, then what waits.
fn waiting_words(
    of: &Asynchronous,
    lost: bool,
    zone: Zone,
    symbols: &Symbols,
    short: bool,
) -> Vec<(String, Role)> {
    let mut words = Vec::new();
    let mut count = |count: Graded<u64>, text: &str, role| {
        if count.value().is_some_and(|count| *count > 0) {
            let count = number::graded(&count, number::whole, symbols);
            words.push((format!("{} {count} {text}", symbols.error), role));
        }
    };
    count(of.dead_letter_errors, "not taken by the DLQ", Role::Error);
    count(of.destination_errors, "not taken by a destination", Role::Error);
    let gone = match (lost, short) {
        (true, false) => "dropped and gone: no DLQ and no on-failure destination",
        (true, true) => "gone: no DLQ nor destination",
        (false, _) => "dropped",
    };
    count(of.dropped, gone, Role::Error);
    if let Some(oldest) = &of.oldest {
        words.push((oldest_words(oldest, zone, symbols, short), Role::Text));
    }
    if let Some(mut retrying) = of.retrying {
        if let Some(oldest) = of.oldest {
            // What it goes by has been said.
            retrying.most_s =
                oldest.most_s.value().map_or(retrying.most_s, |most_s| Graded::Counted(*most_s));
        }
        // The oldest's deadline has been said already.
        let words_of = match of.oldest {
            Some(_) if short => {
                format!("{} to retry", number::graded(&retrying.events, number::whole, symbols))
            }
            _ => retrying_words(&retrying, zone, symbols, short),
        };
        words.push((words_of, Role::Throttle));
    }
    words
}

/// `oldest event 72m old at 14:04:00Z, its deadline ~20:05:31Z (AWS's default 6 h)`
fn oldest_words(of: &Oldest, zone: Zone, symbols: &Symbols, short: bool) -> String {
    let age = number::graded(&of.age_ms, number::age, symbols);
    if short {
        let deadline = number::graded(&of.deadline, |at| time(at, zone), symbols);
        return format!("oldest {age}, deadline {deadline}");
    }
    let mut text = format!("oldest event {age} old at {}", time(of.at, zone));
    if of.age_ms.value().is_some_and(|age| *age >= WAITS_MS) {
        let deadline = number::graded(&of.deadline, |at| time(at, zone), symbols);
        text.push_str(&format!(", its deadline {deadline}{}", by_default(&of.most_s)));
    }
    text
}

/// Where nobody set how long an event waits, that says so.
fn by_default(most_s: &Graded<u32>) -> String {
    match most_s.grade().why() {
        Some(Why::AwsDefault) => " (AWS's default 6 h)".to_string(),
        _ => String::new(),
    }
}

/// `~3 asynchronous events wait for a retry, 1 late; the oldest's deadline ~20:05:31Z`; shorter where
/// there is little room.
pub fn retrying_words(of: &Retrying, zone: Zone, symbols: &Symbols, short: bool) -> String {
    let events = number::graded(&of.events, number::whole, symbols);
    let one = of.events.value() == Some(&1);
    let (events_wait, oldest) =
        if one { ("asynchronous event waits", "its") } else { ("asynchronous events wait", "the oldest's") };
    let late = if of.overdue > 0 { format!(", {} late", number::whole(of.overdue)) } else { String::new() };
    let deadline = number::graded(&of.deadline, |at| time(at, zone), symbols);
    let default = by_default(&of.most_s);
    if short {
        return format!("{events} to retry by {deadline}{late}");
    }
    format!("{events} {events_wait} for a retry{late}; {oldest} deadline {deadline}{default}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_said_as_people_say_them() {
        let said: Vec<String> =
            [60_000, 60_040, 10_000, 90_500, 300_000, 900_000, 3_600_000, 5_400_000, 86_400_000]
                .map(span)
                .into();
        assert_eq!(said, ["60 s", "60 s", "10 s", "90.5 s", "5 min", "15 min", "60 min", "90 min", "24 h"]);
    }

    #[test]
    fn every_tick_has_a_sign_of_its_own_in_every_charset() {
        use crate::ui::symbols::Charset;
        let ticks = [Tick::Ran, Tick::Due, Tick::Unseen, Tick::Failed, Tick::Missed];
        for charset in [Charset::Braille, Charset::Block, Charset::Ascii] {
            let mut signs: Vec<&str> = ticks.iter().map(|tick| sign(*tick, charset.symbols()).0).collect();
            signs.sort_unstable();
            signs.dedup();
            assert_eq!(signs.len(), ticks.len(), "{signs:?}");
        }
    }

    #[test]
    fn what_was_not_read_is_not_said_to_be_missed_nor_not_to_be() {
        use crate::ui::symbols::Charset;
        let mut schedule = crate::ui::fixture::schedule(60);
        (schedule.missed, schedule.unseen) = (Graded::AtLeast(0, Why::NoData), 4);
        let said = |schedule: &Schedule| {
            let words = schedule_words(schedule, Zone::Utc, Charset::Ascii.symbols(), false);
            words.into_iter().map(|(text, _)| text).collect::<Vec<_>>().join(", ")
        };
        let unseen = said(&schedule);
        assert!(unseen.starts_with("every 60 s, ? 4 not seen: nothing read since 14:05:30Z"), "{unseen}");
        assert!(!unseen.contains("missed"), "{unseen}");
        (schedule.missed, schedule.unseen) = (Graded::Counted(0), 0);
        assert!(said(&schedule).starts_with("every 60 s, none missed, x 3 failed, next expected 14:06:00Z"));
    }
}
