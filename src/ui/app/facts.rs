//! What a function is set to, as lines of words: first what keeps it from running, then what it
//! is, what invokes it, what it may do. What nothing tells says which command would.

use crate::model::{Graded, Micros, Timestamp};
use crate::query::Configured;
use crate::query::survey::LoggedEvents;
use crate::query::view::FunctionDetail;
use crate::ui::number;

use super::{facts_now, may_do, triggers};

/// Lines of one function at most.
const LINES: usize = 500;

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What is set.
    pub label: &'static str,
    /// To what, unsanitised; where it is not known, the command that tells.
    pub value: String,
    /// How it is known.
    pub told: Told,
}

/// How a setting is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Something says so.
    Known,
    /// It was so when somebody looked, later.
    About,
    /// It is a time.
    At(Timestamp),
    /// It is about this time.
    AboutAt(Timestamp),
    /// It keeps the function, or a part of it, from running.
    Wrong,
    /// Nothing tells it.
    Unknown,
}

/// The lines of a function; more than fit are counted in the last one.
pub fn of(name: &str, detail: &FunctionDetail, events: Option<&LoggedEvents>) -> Vec<Fact> {
    let set = &detail.configured;
    let mut lines = Lines { name, facts: Vec::new() };
    concurrency(&mut lines, set);
    facts_now::schedule(&mut lines, detail);
    let function = "get-function-configuration";
    lines.graded("memory", set.memory_mb.as_ref(), function, |mb| {
        format!("{} MB", number::whole((*mb).into()))
    });
    lines.graded("timeout", set.timeout.as_ref(), function, |limit: &Micros| {
        number::duration_long(limit.ms())
    });
    lines.graded("/tmp", set.tmp_mb.as_ref(), function, |mb| format!("{} MB", number::whole((*mb).into())));
    lines.graded("runtime", set.runtime.as_ref(), function, ToString::to_string);
    lines.graded("handler", set.handler.as_ref(), function, ToString::to_string);
    lines.graded("architecture", set.architecture.as_ref(), function, ToString::to_string);
    lines.list(
        "aliases",
        "list-aliases",
        set.aliases.iter().map(|(alias, version)| (format!("{alias} is version {version}"), false)),
    );
    match set.changed {
        Some(at) => lines.put("changed last", at.to_string(), Told::At(at)),
        None => lines.unknown("changed last", function),
    }
    lines.list(
        "triggers",
        "list-event-source-mappings",
        set.triggers.iter().map(|trigger| {
            let source = trigger.source.as_deref().unwrap_or("a source without an ARN");
            let state = trigger.state.as_deref();
            let off = state.is_some_and(|state| state.starts_with("Disabl"));
            // A mapping is read by Lambda, whatever its source.
            let state = state.map_or_else(String::new, |state| format!(" {state}"));
            (format!("{source}{state}, polled"), off)
        }),
    );
    lines.list(
        "may be invoked by",
        "get-policy",
        set.may_invoke.iter().map(|grant| {
            let source = grant.source.as_deref().map_or_else(String::new, |source| format!(" for {source}"));
            let how = triggers::invocation_type(&grant.who).filter(|_| !grant.deny);
            let how = how.map_or_else(String::new, |how| format!(", {how}"));
            (format!("{}{}{source}{how}", if grant.deny { "not by " } else { "" }, grant.who), grant.deny)
        }),
    );
    triggers::logged(&mut lines, detail, events);
    for denied in &set.denied {
        let times =
            if denied.count > 1 { format!(" {} times", number::whole(denied.count)) } else { String::new() };
        let value = format!("{} was refused{times}: {}", denied.by, denied.code);
        lines.put("who may not", value, Told::Wrong);
        lines.put("the last time", denied.last.to_string(), Told::At(denied.last));
    }
    asynchronous(&mut lines, set);
    facts_now::asynchronous(&mut lines, &detail.asynchronous);
    lines.graded("role", set.role.as_ref(), function, ToString::to_string);
    if set.may_do.is_empty() {
        let role = role_name(set);
        let command = format!("aws iam get-role-policy --role-name {role} --policy-name POLICY");
        lines.put("may do", command, Told::Unknown);
    }
    let may = may_do::lines(&set.may_do);
    lines.list("may do", "", may.into_iter().map(|(text, told)| (text, told == Told::Wrong)));
    lines.graded("platform's log level", set.system_log_level.as_ref(), function, ToString::to_string);
    let mut facts = lines.facts;
    if facts.len() > LINES {
        let more = facts.len() - LINES;
        facts.truncate(LINES);
        facts.push(Fact { label: "", value: format!("and {more} more"), told: Told::Known });
    }
    facts
}

fn role_name(set: &Configured) -> &str {
    set.role.as_ref().and_then(Graded::value).map_or("ROLE", |role| role)
}

fn concurrency(lines: &mut Lines<'_>, set: &Configured) {
    let account = set.account_limit.as_ref().and_then(Graded::value);
    let of_account = account
        .map_or_else(String::new, |limit| format!(" of the account's {}", number::whole((*limit).into())));
    match &set.reserved {
        Some(told) if told.value() == Some(&Some(0)) => {
            lines.put("reserved", "0: switched off, every request is refused".into(), Told::Wrong);
        }
        told => lines.graded("reserved", told.as_ref(), "get-function-concurrency", |limit| match limit {
            Some(limit) => format!("{}{of_account}", number::whole((*limit).into())),
            None => format!("none: it shares what nobody has reserved{of_account}"),
        }),
    }
    lines.list(
        "provisioned",
        "list-provisioned-concurrency-configs",
        set.provisioned_on.iter().filter_map(|(on, ready)| {
            let ready = ready.value()?;
            let there = match ready.allocated {
                Some(there) => format!(", {there} there"),
                None => String::new(),
            };
            let lacks = ready.allocated.is_some_and(|there| there < ready.requested);
            Some((format!("{} for {on}{there}", ready.requested), lacks))
        }),
    );
}

fn asynchronous(lines: &mut Lines<'_>, set: &Configured) {
    let asked = "get-function-event-invoke-config";
    lines.graded("asynchronous retries", set.retries.as_ref(), asked, |n| match n {
        0 => "0: a failed event is not tried again".to_string(),
        n => n.to_string(),
    });
    lines.graded("an event waits", set.event_age_s.as_ref(), asked, |s| {
        format!("{} at most", number::age(i64::from(*s) * 1_000))
    });
    lines.graded("on failure", set.on_failure.as_ref(), asked, |to| match to {
        Some(to) => format!("to {to}"),
        None => "no destination".to_string(),
    });
    lines.graded("dead letters", set.dead_letters.as_ref(), "get-function-configuration", |to| match to {
        Some(to) => format!("to {to}"),
        None => "no queue or topic".to_string(),
    });
    if set.loses_events() {
        let gone = "no DLQ and no on-failure destination: dropped events are gone";
        lines.put("", gone.into(), Told::Wrong);
    }
}

/// Lines that are being put together.
pub(super) struct Lines<'a> {
    name: &'a str,
    facts: Vec<Fact>,
}

impl Lines<'_> {
    /// One more.
    pub(super) fn put(&mut self, label: &'static str, value: String, told: Told) {
        self.facts.push(Fact { label, value, told });
    }

    fn unknown(&mut self, label: &'static str, command: &str) {
        self.put(label, format!("aws lambda {command} --function-name {}", self.name), Told::Unknown);
    }

    fn graded<T>(
        &mut self,
        label: &'static str,
        value: Option<&Graded<T>>,
        command: &str,
        words: impl Fn(&T) -> String,
    ) {
        match value {
            Some(Graded::Counted(value)) => self.put(label, words(value), Told::Known),
            Some(other) => match other.value() {
                Some(value) => self.put(label, words(value), Told::About),
                None => self.unknown(label, command),
            },
            None => self.unknown(label, command),
        }
    }

    /// Things of one kind, the kind named once, and whether each is in the way.
    fn list(&mut self, label: &'static str, command: &str, things: impl Iterator<Item = (String, bool)>) {
        let mut any = false;
        for (value, wrong) in things {
            let told = if wrong { Told::Wrong } else { Told::Known };
            self.put(if any { "" } else { label }, value, told);
            any = true;
        }
        if !any && !command.is_empty() {
            self.unknown(label, command);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Provisioned, Trigger, Why};

    /// A function of which nothing else is known.
    fn set_to(configured: Configured) -> FunctionDetail {
        let mut detail = crate::ui::fixture::function(0).detail.unwrap();
        (detail.logged, detail.configured) = (false, configured);
        detail
    }

    fn line<'a>(facts: &'a [Fact], label: &str) -> &'a Fact {
        facts.iter().find(|fact| fact.label == label).unwrap()
    }

    #[test]
    fn what_nothing_tells_says_which_command_would() {
        let facts = of("pay", &set_to(Configured::default()), None);
        assert!(facts.iter().all(|fact| fact.told == Told::Unknown && fact.value.starts_with("aws ")));
        assert_eq!(
            line(&facts, "triggers").value,
            "aws lambda list-event-source-mappings --function-name pay"
        );
    }

    #[test]
    fn what_keeps_it_from_running_stands_out() {
        let set = Configured {
            reserved: Some(Graded::Counted(Some(0))),
            provisioned_on: vec![(
                "live".into(),
                Graded::Counted(Provisioned { requested: 8, allocated: Some(8) }),
            )],
            triggers: vec![Trigger { source: None, state: Some("Disabled".into()) }],
            memory_mb: Some(Graded::Estimated(512, Why::HeldBack)),
            ..Configured::default()
        };
        let facts = of("pay", &set_to(set), None);
        assert_eq!(facts[0].told, Told::Wrong);
        assert_eq!(line(&facts, "triggers").told, Told::Wrong);
        assert_eq!(line(&facts, "provisioned").told, Told::Known);
        assert_eq!(line(&facts, "memory").told, Told::About);
        let limited = Configured {
            reserved: Some(Graded::Counted(Some(7))),
            account_limit: Some(Graded::Counted(1_000)),
            ..Configured::default()
        };
        assert_eq!(of("pay", &set_to(limited), None)[0].value, "7 of the account's 1,000");
    }

    #[test]
    fn there_is_a_bound_and_the_rest_is_counted() {
        let set = Configured { may_do: vec!["Allow x on y".into(); 900], ..Configured::default() };
        let facts = of("pay", &set_to(set), None);
        assert_eq!(facts.len(), LINES + 1);
        assert!(facts[LINES].value.starts_with("and 4"), "{:?}", facts[LINES]);
    }
}
