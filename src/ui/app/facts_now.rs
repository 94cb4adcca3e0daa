//! What logs and metrics tell of a function beside what it is set to, as lines of words: its schedule,
//! its asynchronous events. What no source tells has no line, and never a 0.

use crate::model::{Grade, Graded, Why};
use crate::query::view::{Asynchronous, FunctionDetail};
use crate::ui::number;
use crate::ui::view::about_span;

use super::facts::{Lines, Told};

/// When it runs, as its starts tell.
pub(super) fn schedule(lines: &mut Lines<'_>, detail: &FunctionDetail) {
    let Some(of) = &detail.schedule else {
        if detail.logged {
            lines.put("schedule", "no rhythm in its starts".into(), Told::Known);
        }
        return;
    };
    lines.put("schedule", format!("it runs every {}", about_span(of.period_ms)), Told::Known);
    lines.put("last run", String::new(), Told::At(of.last));
    if let Some(due) = of.due {
        lines.put("due since", String::new(), Told::At(due));
    }
    lines.put("next run expected", String::new(), Told::At(of.next));
    count(lines, "runs missed", &of.missed);
    if of.unseen > 0 {
        let unseen = format!("{} more were due since anything was read", number::whole(of.unseen));
        lines.put("", unseen, Told::Wrong);
    }
}

/// A count that ought to be 0.
fn count(lines: &mut Lines<'_>, label: &'static str, of: &Graded<u64>) {
    let Some(value) = of.value() else { return };
    let least = if matches!(of, Graded::AtLeast(..)) { "at least " } else { "" };
    let told = if *value > 0 { Told::Wrong } else { Told::Known };
    lines.put(label, format!("{least}{} in this window", number::whole(*value)), told);
}

/// What became of its asynchronous events.
pub(super) fn asynchronous(lines: &mut Lines<'_>, of: &Asynchronous) {
    if let Some(received) = of.received.value() {
        let text = format!("{} in this window", number::whole(*received));
        lines.put("asynchronous events", text, Told::Known);
    }
    count(lines, "events dropped", &of.dropped);
    count(lines, "not taken by the DLQ", &of.dead_letter_errors);
    count(lines, "not by a destination", &of.destination_errors);
    if let Some(oldest) = &of.oldest
        && let Some(age) = oldest.age_ms.value()
    {
        let least = if matches!(oldest.age_ms, Graded::AtLeast(..)) { "at least " } else { "" };
        lines.put("oldest event tried", format!("{least}{} old", number::age(*age)), Told::Known);
        lines.put("that was", String::new(), Told::At(oldest.at));
        if let Some(deadline) = oldest.deadline.value() {
            lines.put("its deadline", String::new(), Told::AboutAt(*deadline));
        }
    }
    if let Some(retrying) = &of.retrying
        && let Some(events) = retrying.events.value()
    {
        let about = if retrying.events.grade() == Grade::Counted { "" } else { "about " };
        let late = match retrying.overdue {
            0 => String::new(),
            late => format!(", {} of them late", number::whole(late)),
        };
        lines.put("wait for a retry", format!("{about}{}{late}", number::whole(*events)), Told::Wrong);
        if let Some(deadline) = retrying.deadline.value() {
            lines.put("the oldest's deadline", String::new(), Told::AboutAt(*deadline));
        }
    }
    let most = of.oldest.map(|oldest| oldest.most_s).or(of.retrying.map(|retrying| retrying.most_s));
    if let Some(Graded::Estimated(most_s, Why::AwsDefault)) = most {
        let hours = number::age(i64::from(most_s) * 1_000);
        lines.put("", format!("by AWS's default of {hours}: nothing tells what is set"), Told::Known);
    }
}
