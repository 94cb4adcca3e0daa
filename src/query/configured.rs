//! All that a function, or the account, is set to as of a time.

use std::sync::Arc;

use crate::model::{
    FunctionId, Graded, Grant, Micros, Provisioned, Setting, SettingFact, Timestamp, Trigger, When,
};
use crate::store::{FunctionData, Settings, Snapshot};

use super::asof::AsOf;
use super::settings::{self, InForce, in_force, of_running};

/// What a function is set to; `None` and empty where nothing tells it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configured {
    /// The longest that an invocation may run, of the version that runs.
    pub timeout: Option<Graded<Micros>>,
    /// Memory in MB.
    pub memory_mb: Option<Graded<u32>>,
    /// `python3.12`, …
    pub runtime: Option<Graded<Arc<str>>>,
    /// `app.handler`
    pub handler: Option<Graded<Arc<str>>>,
    /// `arm64`, `x86_64`
    pub architecture: Option<Graded<Arc<str>>>,
    /// Size of /tmp in MB.
    pub tmp_mb: Option<Graded<u32>>,
    /// Its role.
    pub role: Option<Graded<Arc<str>>>,
    /// How much the platform logs of itself.
    pub system_log_level: Option<Graded<Arc<str>>>,
    /// Environments that may run at once: 0 switches it off, `None` inside is no limit of its own.
    pub reserved: Option<Graded<Option<u32>>>,
    /// Environments of all functions of the account that may run at once.
    pub account_limit: Option<Graded<u32>>,
    /// Environments that are kept ready, of all versions and aliases.
    pub provisioned: Option<Graded<u32>>,
    /// The same for each version and alias that has some.
    pub provisioned_on: Vec<(Arc<str>, Graded<Provisioned>)>,
    /// How often a failed asynchronous event is tried again.
    pub retries: Option<Graded<u32>>,
    /// How long an asynchronous event may wait, in seconds.
    pub event_age_s: Option<Graded<u32>>,
    /// Where asynchronous events go that failed for good; `None` inside is nowhere.
    pub on_failure: Option<Graded<Option<Arc<str>>>>,
    /// The queue or topic that takes them otherwise; `None` inside is none.
    pub dead_letters: Option<Graded<Option<Arc<str>>>>,
    /// The versions that its aliases mean.
    pub aliases: Vec<(Arc<str>, Arc<str>)>,
    /// What invokes it by itself.
    pub triggers: Vec<Trigger>,
    /// Who may invoke it.
    pub may_invoke: Vec<Grant>,
    /// Callers that were refused although there was room, with the error's code, how often and when the
    /// last time: the newest first.
    pub denied: Vec<Denied>,
    /// What its role may do, as far as its own policies tell.
    pub may_do: Vec<Box<str>>,
    /// When its code or settings were changed last.
    pub changed: Option<Timestamp>,
}

impl Configured {
    /// Whether nothing keeps an asynchronous event that is given up: neither a dead-letter queue nor an
    /// on-failure destination is set, and both are known.
    pub fn loses_events(&self) -> bool {
        let nowhere = |set: &Option<Graded<Option<Arc<str>>>>| {
            set.as_ref().and_then(Graded::value).is_some_and(Option::is_none)
        };
        nowhere(&self.on_failure) && nowhere(&self.dead_letters)
    }
}

/// A caller that was refused: it may not, or asked for what is not there.
#[derive(Clone, Debug, PartialEq)]
pub struct Denied {
    /// Who.
    pub by: Arc<str>,
    /// The error's code: `AccessDenied`, …
    pub code: Arc<str>,
    /// How often, among the newest [`DENIED`] refusals.
    pub count: u64,
    /// The last time.
    pub last: Timestamp,
}

/// Refusals that are looked at.
const DENIED: usize = 1_000;

/// What a function is set to as of a time; `None` for one that is not known.
pub fn configured(snapshot: &Snapshot, id: FunctionId, as_of: Timestamp) -> Option<Configured> {
    let asof = AsOf::new(snapshot, as_of);
    let function = snapshot.function(id)?;
    let settings = &function.settings;
    let text = |of: fn(&Setting) -> Option<&Arc<str>>| of_running(asof, function, |set| of(set).cloned());
    let whole = |of: fn(&Setting) -> Option<u32>| of_running(asof, function, of);
    let place =
        |of: fn(&Setting) -> Option<&Option<Arc<str>>>| of_running(asof, function, |set| of(set).cloned());
    let mut all = Configured {
        timeout: settings::timeout(asof, function),
        memory_mb: whole(|set| if let Setting::Memory(mb) = set { Some(*mb) } else { None }),
        runtime: text(|set| if let Setting::Runtime(text) = set { Some(text) } else { None }),
        handler: text(|set| if let Setting::Handler(text) = set { Some(text) } else { None }),
        architecture: text(|set| if let Setting::Architecture(text) = set { Some(text) } else { None }),
        tmp_mb: whole(|set| if let Setting::Tmp(mb) = set { Some(*mb) } else { None }),
        role: text(|set| if let Setting::Role(text) = set { Some(text) } else { None }),
        system_log_level: text(|set| if let Setting::SystemLogLevel(text) = set { Some(text) } else { None }),
        reserved: settings::reserved_or_none(asof, function),
        account_limit: settings::account_limit(asof),
        provisioned: settings::provisioned(asof, function),
        retries: whole(|set| if let Setting::Retries(n) = set { Some(*n) } else { None }),
        event_age_s: whole(|set| if let Setting::EventAge(s) = set { Some(*s) } else { None }),
        on_failure: place(|set| if let Setting::OnFailure(to) = set { Some(to) } else { None }),
        dead_letters: place(|set| if let Setting::DeadLetters(to) = set { Some(to) } else { None }),
        changed: settings.known(asof.at).iter().filter_map(changed).filter(|at| *at <= asof.at).max(),
        ..Configured::default()
    };
    for InForce { fact, grade } in things(asof, settings) {
        match &fact.setting {
            Setting::Alias(Some(version)) => {
                all.aliases.extend(fact.qualifier.clone().map(|alias| (alias, version.clone())));
            }
            Setting::Provisioned(Some(ready)) => {
                let on = fact.qualifier.clone();
                all.provisioned_on.extend(on.map(|on| (on, grade.of(*ready))));
            }
            Setting::Trigger { trigger: Some(trigger), .. } => all.triggers.push(trigger.clone()),
            Setting::MayInvoke { grant: Some(grant), .. } => all.may_invoke.push(grant.clone()),
            _ => {}
        }
    }
    let role = all.role.as_ref().and_then(Graded::value).cloned();
    for InForce { fact, .. } in role.iter().flat_map(|_| things(asof, &snapshot.account)) {
        if let Setting::RoleMay { role: of, statements: Some(statements), .. } = &fact.setting
            && Some(of) == role.as_ref()
        {
            all.may_do.extend(statements.iter().cloned());
        }
    }
    all.denied = denied(asof, function);
    Some(all)
}

/// The newest refusals that no limit of concurrency made, by caller and code.
fn denied(asof: AsOf<'_>, function: &FunctionData) -> Vec<Denied> {
    let mut all: Vec<Denied> = Vec::new();
    let newest = function.refused.back_from((asof.at.plus(1), 0)).take(DENIED);
    for refused in newest.filter(|refused| !refused.throttled && refused.known <= asof.at) {
        match all.iter_mut().find(|denied| denied.by == refused.by && denied.code == refused.code) {
            Some(denied) => denied.count += 1,
            None => all.push(Denied {
                by: refused.by.clone(),
                code: refused.code.clone(),
                count: 1,
                last: refused.at(),
            }),
        }
    }
    all
}

/// The account's limit of concurrency as of a time.
pub fn account_limit(snapshot: &Snapshot, as_of: Timestamp) -> Option<Graded<u32>> {
    settings::account_limit(AsOf::new(snapshot, as_of))
}

/// When a fact says that something changed.
fn changed(fact: &SettingFact) -> Option<Timestamp> {
    match fact.when {
        When::Changed(at) => Some(at),
        When::Found { since } => since.filter(|_| fact.setting.happened()),
    }
}

/// Each thing that is set, as it is in force.
fn things<'a>(asof: AsOf<'a>, settings: &'a Settings) -> impl Iterator<Item = InForce<'a>> {
    let mut first: Vec<&SettingFact> = Vec::new();
    for fact in settings.all().iter().filter(|fact| !fact.setting.happened()) {
        if !first.iter().any(|other| other.same_thing(fact)) {
            first.push(fact);
        }
    }
    first.into_iter().filter_map(move |of| in_force(asof, settings, |fact| fact.same_thing(of)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FactSink, Texts};
    use crate::store::{Budget, Store};

    fn fact(setting: Setting, qualifier: Option<&str>, at: i64) -> SettingFact {
        let function = Some(FunctionId(0)).filter(|_| !matches!(setting, Setting::RoleMay { .. }));
        let (when, known) = (When::Changed(Timestamp(at)), Timestamp(at));
        SettingFact {
            function,
            qualifier: qualifier.map(Into::into),
            setting,
            when,
            known,
            told: "told".into(),
        }
    }

    #[test]
    fn all_that_is_set_is_told_as_of_a_time() {
        let grant = Grant { deny: false, who: "s3.amazonaws.com".into(), source: None };
        let may = |policy: &str, may: &str| Setting::RoleMay {
            role: "r".into(),
            policy: policy.into(),
            statements: Some(Arc::from([Box::from(may)])),
        };
        let statement = |grant| Setting::MayInvoke { statement: "s3".into(), grant };
        let trigger = Trigger { source: Some("arn:aws:sqs:q".into()), state: Some("Enabled".into()) };
        let mut store = Store::new(Budget { bytes: 1 << 20 });
        store.function(FunctionId(0), "f");
        for fact in [
            fact(Setting::Role("r".into()), None, 10),
            fact(may("a", "Allow sqs:SendMessage on q"), None, 10),
            fact(may("b", "Allow s3:GetObject on b"), None, 10),
            fact(statement(Some(grant.clone())), None, 10),
            fact(Setting::Trigger { id: "u".into(), trigger: Some(trigger.clone()) }, None, 20),
            fact(Setting::Alias(Some("7".into())), Some("live"), 20),
            fact(Setting::Alias(Some("8".into())), Some("live"), 30),
            fact(statement(None), None, 40),
        ] {
            store.setting(fact);
        }
        let snapshot = store.snapshot(Arc::new(Texts::default()));
        let at = |at| configured(&snapshot, FunctionId(0), Timestamp(at)).unwrap();
        let early = at(10);
        assert_eq!((early.may_invoke.as_slice(), early.triggers.len()), ([grant].as_slice(), 0));
        assert_eq!(
            early.may_do.iter().map(|may| &**may).collect::<Vec<_>>(),
            ["Allow sqs:SendMessage on q", "Allow s3:GetObject on b"]
        );
        let late = at(40);
        assert_eq!((late.may_invoke.len(), late.triggers), (0, vec![trigger]));
        assert_eq!(late.aliases, [("live".into(), "8".into())]);
        assert_eq!((late.changed, at(35).changed), (Some(Timestamp(40)), Some(Timestamp(30))));
        assert_eq!(configured(&snapshot, FunctionId(1), Timestamp(40)), None);
    }
}
