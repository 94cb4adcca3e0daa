//! CloudTrail: what was changed, when, and by whom (`formats.md` 9.6).

use std::sync::Arc;

use serde_json::Value;

use super::control::read::{self, count, cut, last, text, time};
use super::control::{grant, statements};
use crate::model::{
    CallRecord, Micros, Provisioned, Setting, SettingRecord, Timestamp, Trigger, When, Whose,
};

/// Whether it is an event of CloudTrail's: the events that functions receive have an `eventSource`
/// too, but of another form.
pub fn is_event(event: &Value) -> bool {
    let source = event["eventSource"].as_str().unwrap_or_default();
    source.ends_with(".amazonaws.com") && event["eventName"].is_string() && event["eventVersion"].is_string()
}

/// What an event changed. Of those that failed, that only look, or that are calls of a function
/// nothing is kept.
pub fn read(event: &Value, out: &mut Vec<SettingRecord>) {
    let Some(at) = time(&event["eventTime"]) else { return };
    if !event["errorCode"].is_null() || event["readOnly"] == true || event["eventCategory"] == "Data" {
        return;
    }
    let name = event["eventName"].as_str().unwrap_or_default();
    let who = who(event);
    let change = Change { event, at, told: cut(&format!("CloudTrail: {name} by {who} at {at}")) };
    match event["eventSource"].as_str() {
        Some("lambda.amazonaws.com") => change.of_lambda(stem(name), out),
        Some("iam.amazonaws.com") => change.of_role(name, out),
        _ => {}
    }
}

/// A call of a function, refused or not; of one that is asynchronous its executions are others.
pub fn call(event: &Value) -> Option<CallRecord> {
    if event["eventSource"] != "lambda.amazonaws.com" || stem(event["eventName"].as_str()?) != "Invoke" {
        return None;
    }
    let resource = event["resources"].as_array().into_iter().flatten().find_map(|of| of["ARN"].as_str());
    let named = event["requestParameters"]["functionName"].as_str().or(resource)?;
    let (function, qualifier) = read::function(named)?;
    Some(CallRecord {
        function,
        qualifier: qualifier
            .or_else(|| text(&event["additionalEventData"]["functionVersion"]).map(|v| last_part(&v))),
        by: who(event),
        refused: text(&event["errorCode"]),
        at: time(&event["eventTime"])?,
        id: super::hash_of(event["eventID"].as_str().or(event["requestID"].as_str()).unwrap_or_default()),
    })
}

/// The version at the end of an ARN.
fn last_part(version: &str) -> Arc<str> {
    cut(version.rsplit(':').next().unwrap_or(version))
}

/// The caller: a role's session, a user, a service.
fn who(event: &Value) -> Arc<str> {
    let who = event["userIdentity"]["arn"].as_str().or(event["userIdentity"]["invokedBy"].as_str());
    who.map(last).filter(|who| !who.is_empty()).unwrap_or_else(|| "unknown".into())
}

/// `UpdateFunctionCode20150331v2`: the version of the API is part of the name.
fn stem(name: &str) -> &str {
    name.split(|c: char| c.is_ascii_digit()).next().unwrap_or(name)
}

struct Change<'a> {
    event: &'a Value,
    at: Timestamp,
    told: Arc<str>,
}

impl Change<'_> {
    fn of_lambda(&self, stem: &str, out: &mut Vec<SettingRecord>) {
        let (asked, answered) = (&self.event["requestParameters"], &self.event["responseElements"]);
        if stem.starts_with("Get") || stem.starts_with("List") || stem.starts_with("Invoke") {
            return;
        }
        // A mapping is named by its id where it is changed; the answer says whose it is.
        let named = asked["functionName"].as_str().or(answered["functionArn"].as_str());
        let Some((function, of)) = named.and_then(read::function) else { return };
        let qualifier = text(&asked["qualifier"]).filter(|q| **q != *"$LATEST").or(of);
        let mut tell = |qualifier: &Option<Arc<str>>, setting| {
            out.push(SettingRecord {
                whose: Whose::Function(function.clone()),
                qualifier: qualifier.clone(),
                setting,
                when: When::Changed(self.at),
                told: self.told.clone(),
            });
        };
        match stem {
            "PutFunctionConcurrency" => {
                tell(&None, Setting::Reserved(count(&asked["reservedConcurrentExecutions"])));
            }
            "DeleteFunctionConcurrency" => tell(&None, Setting::Reserved(None)),
            "PutProvisionedConcurrencyConfig" => {
                let requested = count(&asked["provisionedConcurrentExecutions"]);
                let provisioned = requested.map(|requested| Provisioned { requested, allocated: None });
                tell(&qualifier, Setting::Provisioned(provisioned));
            }
            "DeleteProvisionedConcurrencyConfig" => tell(&qualifier, Setting::Provisioned(None)),
            "UpdateFunctionCode" if asked["dryRun"] != true => {
                tell(&None, Setting::Code);
                if let Some(version) = published(answered) {
                    tell(&None, Setting::Published(version));
                }
            }
            "UpdateFunctionCode" => {}
            "PublishVersion" => match published(answered) {
                Some(version) => tell(&None, Setting::Published(version)),
                None => tell(&None, Setting::Changed(stem.into())),
            },
            "CreateFunction" | "UpdateFunctionConfiguration" => {
                let done = match stem {
                    "CreateFunction" => Setting::Created,
                    _ => Setting::Changed(stem.into()),
                };
                tell(&None, done);
                configuration(asked).into_iter().for_each(|setting| tell(&None, setting));
            }
            "DeleteFunction" => tell(&qualifier, Setting::Deleted),
            "CreateAlias" | "UpdateAlias" | "DeleteAlias" => {
                let version = text(&asked["functionVersion"]).or_else(|| text(&answered["functionVersion"]));
                let version = version.filter(|_| stem != "DeleteAlias");
                match (text(&asked["name"]), &version, stem) {
                    (alias @ Some(_), Some(_), _) | (alias @ Some(_), None, "DeleteAlias") => {
                        tell(&alias, Setting::Alias(version));
                    }
                    _ => tell(&None, Setting::Changed(stem.into())),
                }
            }
            "AddPermission" => {
                let statement = text(&asked["statementId"]).unwrap_or_else(|| "statement".into());
                let granted = answered["statement"].as_str().and_then(|text| serde_json::from_str(text).ok());
                let grant = grant(&granted.unwrap_or_else(|| as_statement(asked)));
                tell(&qualifier, Setting::MayInvoke { statement, grant: Some(grant) });
            }
            "RemovePermission" => {
                let statement = text(&asked["statementId"]).unwrap_or_else(|| "statement".into());
                tell(&qualifier, Setting::MayInvoke { statement, grant: None });
            }
            "CreateEventSourceMapping" | "UpdateEventSourceMapping" | "DeleteEventSourceMapping" => {
                // CloudTrail makes the first letter of a key small: `uUID`.
                let id = ["uUID", "uuid", "UUID"]
                    .iter()
                    .find_map(|key| text(&answered[*key]).or_else(|| text(&asked[*key])));
                let told = |key: &str| text(&answered[key]).or_else(|| text(&asked[key]));
                let trigger = Trigger { source: told("eventSourceArn"), state: told("state") };
                let trigger = Some(trigger).filter(|_| stem != "DeleteEventSourceMapping");
                match id {
                    Some(id) => tell(&qualifier, Setting::Trigger { id, trigger }),
                    None => tell(&None, Setting::Changed(stem.into())),
                }
            }
            "PutFunctionEventInvokeConfig" | "UpdateFunctionEventInvokeConfig" => {
                tell(&qualifier, Setting::Changed(stem.into()));
                if let Some(retries) = count(&asked["maximumRetryAttempts"]) {
                    tell(&qualifier, Setting::Retries(retries));
                }
                if let Some(seconds) = count(&asked["maximumEventAgeInSeconds"]) {
                    tell(&qualifier, Setting::EventAge(seconds));
                }
                // A call of Put sets all anew, one of Update only what it names.
                let to = &asked["destinationConfig"];
                if to.is_object() || stem == "PutFunctionEventInvokeConfig" {
                    tell(&qualifier, Setting::OnFailure(text(&to["onFailure"]["destination"])));
                }
            }
            "DeleteFunctionEventInvokeConfig" => {
                tell(&qualifier, Setting::Changed(stem.into()));
                tell(&qualifier, Setting::OnFailure(None));
            }
            _ => tell(&qualifier, Setting::Changed(stem.into())),
        }
    }

    /// A role's own policies are kept; of managed ones only that one came or went.
    fn of_role(&self, name: &str, out: &mut Vec<SettingRecord>) {
        let asked = &self.event["requestParameters"];
        let Some(role) = asked["roleName"].as_str().map(last) else { return };
        let managed = || asked["policyArn"].as_str().map(last);
        let setting = match name {
            "PutRolePolicy" => text(&asked["policyName"]).map(|policy| Setting::RoleMay {
                role,
                policy,
                statements: Some(statements(&asked["policyDocument"]).unwrap_or_default()),
            }),
            "DeleteRolePolicy" => {
                text(&asked["policyName"]).map(|policy| Setting::RoleMay { role, policy, statements: None })
            }
            "AttachRolePolicy" => {
                managed().map(|policy| Setting::RoleMay { role, policy, statements: Some(Arc::default()) })
            }
            "DetachRolePolicy" => managed().map(|policy| Setting::RoleMay { role, policy, statements: None }),
            _ => None,
        };
        out.extend(setting.map(|setting| SettingRecord {
            whose: Whose::Account,
            qualifier: None,
            setting,
            when: When::Changed(self.at),
            told: self.told.clone(),
        }));
    }
}

/// The version that a call published.
fn published(answered: &Value) -> Option<Arc<str>> {
    text(&answered["version"]).filter(|version| **version != *"$LATEST")
}

/// What a call of CreateFunction or UpdateFunctionConfiguration sets.
fn configuration(asked: &Value) -> Vec<Setting> {
    let mut set = Vec::new();
    set.extend(count(&asked["timeout"]).map(|s| Setting::Timeout(Micros::from_ms(u64::from(s) * 1_000))));
    set.extend(count(&asked["memorySize"]).map(Setting::Memory));
    set.extend(text(&asked["runtime"]).map(Setting::Runtime));
    set.extend(text(&asked["handler"]).map(Setting::Handler));
    set.extend(asked["role"].as_str().map(last).map(Setting::Role));
    if asked["deadLetterConfig"].is_object() {
        let to = text(&asked["deadLetterConfig"]["targetArn"]).filter(|to| !to.is_empty());
        set.push(Setting::DeadLetters(to));
    }
    set.extend(text(&asked["loggingConfig"]["systemLogLevel"]).map(Setting::SystemLogLevel));
    set
}

/// A call of AddPermission as the statement that it adds.
fn as_statement(asked: &Value) -> Value {
    serde_json::json!({
        "Effect": "Allow",
        "Principal": asked["principal"],
        "Condition": { "asked": {
            "AWS:SourceArn": asked["sourceArn"],
            "AWS:SourceAccount": asked["sourceAccount"],
        } },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(name: &str, asked: Value) -> Value {
        json!({"eventVersion": "1.09", "eventSource": "lambda.amazonaws.com", "eventName": name,
            "eventTime": "2026-11-23T08:20:32Z", "requestParameters": asked,
            "userIdentity": {"arn": "arn:aws:sts::1:assumed-role/deploy-role/deploy"}})
    }

    fn told(event: &Value) -> Vec<(Option<String>, Setting)> {
        assert!(is_event(event));
        let mut out = Vec::new();
        read(event, &mut out);
        out.into_iter().map(|r| (r.qualifier.map(|q| q.to_string()), r.setting)).collect()
    }

    #[test]
    fn a_limit_is_changed_by_whom_and_when() {
        let arn = "arn:aws:lambda:us-east-1:1:function:tax-calc";
        let put = json!({"functionName": arn, "reservedConcurrentExecutions": 2});
        let mut out = Vec::new();
        read(&event("PutFunctionConcurrency20171031", put), &mut out);
        let want = SettingRecord {
            whose: Whose::Function("tax-calc".into()),
            qualifier: None,
            setting: Setting::Reserved(Some(2)),
            when: When::Changed(Timestamp::parse(b"2026-11-23T08:20:32Z").unwrap()),
            told: "CloudTrail: PutFunctionConcurrency20171031 by deploy at 2026-11-23T08:20:32.000Z".into(),
        };
        assert_eq!(out, [want]);
        let deleted = event("DeleteFunctionConcurrency20171031", json!({"functionName": "f"}));
        assert_eq!(told(&deleted), [(None, Setting::Reserved(None))]);
    }

    #[test]
    fn every_call_that_changes_a_function_is_told() {
        let f = |more: Value| {
            let mut asked = json!({"functionName": "f"});
            asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            asked
        };
        let live = || Some("live".to_string());
        let provisioned = Some(Provisioned { requested: 7, allocated: None });
        for (name, asked, want) in [
            ("UpdateFunctionCode20150331v2", f(json!({})), vec![(None, Setting::Code)]),
            ("UpdateFunctionCode20150331v2", f(json!({"dryRun": true})), vec![]),
            (
                "UpdateFunctionConfiguration20150331v2",
                f(json!({"timeout": 9, "memorySize": 256, "role": "arn:aws:iam::1:role/service-role/r"})),
                vec![
                    (None, Setting::Changed("UpdateFunctionConfiguration".into())),
                    (None, Setting::Timeout(Micros(9_000_000))),
                    (None, Setting::Memory(256)),
                    (None, Setting::Role("r".into())),
                ],
            ),
            (
                "PutProvisionedConcurrencyConfig20190930",
                f(json!({"qualifier": "live", "provisionedConcurrentExecutions": 7})),
                vec![(live(), Setting::Provisioned(provisioned))],
            ),
            (
                "UpdateAlias20150331",
                f(json!({"name": "live", "functionVersion": "8"})),
                vec![(live(), Setting::Alias(Some("8".into())))],
            ),
            ("DeleteAlias20150331", f(json!({"name": "live"})), vec![(live(), Setting::Alias(None))]),
            (
                "RemovePermission20150331v2",
                f(json!({"statementId": "s3"})),
                vec![(None, Setting::MayInvoke { statement: "s3".into(), grant: None })],
            ),
            ("DeleteFunction20150331", f(json!({})), vec![(None, Setting::Deleted)]),
            ("TagResource20170331v2", f(json!({})), vec![(None, Setting::Changed("TagResource".into()))]),
            ("GetFunction20150331v2", f(json!({})), vec![]),
            ("Invoke", f(json!({"invocationType": "Event"})), vec![]),
            ("UpdateFunctionCode20150331v2", json!(null), vec![]),
        ] {
            assert_eq!(told(&event(name, asked)), want, "{name}");
        }
    }

    #[test]
    fn a_permission_says_for_what() {
        let asked = json!({"functionName": "f:live", "statementId": "s3", "principal": "s3.amazonaws.com",
            "sourceArn": "arn:aws:s3:::b"});
        let all = told(&event("AddPermission20150331v2", asked));
        let [(Some(qualifier), Setting::MayInvoke { grant: Some(grant), .. })] = all.as_slice() else {
            panic!("{all:?}")
        };
        assert_eq!((qualifier.as_str(), grant.deny, &*grant.who), ("live", false, "s3.amazonaws.com"));
        assert_eq!(grant.source.as_deref(), Some("arn:aws:s3:::b"));
    }

    #[test]
    fn what_failed_or_only_looked_changed_nothing() {
        let mut failed = event("UpdateFunctionCode20150331v2", json!({"functionName": "f"}));
        failed["errorCode"] = json!("AccessDenied");
        assert_eq!(told(&failed), []);
        let mut looked = event("SomethingNew", json!({"functionName": "f"}));
        looked["readOnly"] = json!(true);
        assert_eq!(told(&looked), []);
        let s3 = json!({"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put"});
        assert!(!is_event(&s3), "what a function receives is none");
    }

    #[test]
    fn a_call_names_its_caller_and_why_it_was_refused() {
        let arn = "arn:aws:lambda:us-east-1:1:function:tax";
        let mut invoke = event("Invoke", Value::Null);
        invoke["eventCategory"] = json!("Data");
        invoke["resources"] = json!([{"type": "AWS::Lambda::Function", "ARN": arn}]);
        invoke["additionalEventData"] = json!({"functionVersion": format!("{arn}:7")});
        let made = call(&invoke).unwrap();
        assert_eq!((&*made.function, made.qualifier.as_deref(), &*made.by), ("tax", Some("7"), "deploy"));
        assert_eq!(made.refused, None);
        invoke["errorCode"] = json!("TooManyRequestsException");
        assert_eq!(call(&invoke).unwrap().refused.as_deref(), Some("TooManyRequestsException"));
        assert_eq!(told(&invoke), [], "it changed nothing");
        invoke["eventName"] = json!("InvokeExecution");
        assert_eq!(call(&invoke), None, "the same event, once more");
    }

    #[test]
    fn a_roles_policies_are_the_accounts() {
        let mut denied = event("DeleteRolePolicy", json!({"roleName": "tax-role", "policyName": "p"}));
        denied["eventSource"] = json!("iam.amazonaws.com");
        let want = Setting::RoleMay { role: "tax-role".into(), policy: "p".into(), statements: None };
        assert_eq!(told(&denied), [(None, want)]);
    }
}
