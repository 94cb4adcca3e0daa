//! What a function is made of: its configuration, versions, aliases, and what becomes of its
//! asynchronous events.

use std::sync::Arc;

use serde_json::Value;

use super::read::{self, count, cut, last, text, time};
use crate::model::{Micros, Setting, SettingRecord, When, Whose};

/// One function's configuration as `list-functions`, `get-function-configuration` and
/// `list-versions-by-function` print it.
pub fn configuration(of: &Value, command: &'static str, out: &mut Vec<SettingRecord>) {
    let named = of["FunctionArn"].as_str().and_then(read::function).or_else(|| {
        let name = of["FunctionName"].as_str().and_then(read::function)?;
        Some(name)
    });
    let Some((name, asked)) = named else { return };
    // The version tells which code and settings these are; an alias in the ARN only how they were asked.
    let version = text(&of["Version"]).or(asked).filter(|version| **version != *"$LATEST");
    let since = time(&of["LastModified"]);
    let when = When::Found { since };
    let mut tell = |setting, what: std::fmt::Arguments<'_>| {
        out.push(SettingRecord {
            whose: Whose::Function(name.clone()),
            qualifier: version.clone(),
            setting,
            when,
            told: cut(&format!("{command}: {what}")),
        });
    };
    if let Some(seconds) = count(&of["Timeout"]) {
        tell(
            Setting::Timeout(Micros::from_ms(u64::from(seconds) * 1_000)),
            format_args!("Timeout {seconds}"),
        );
    }
    for setting in parts(of) {
        let what = words(&setting);
        tell(setting, format_args!("{what}"));
    }
    if let Some(to) = dead_letters(of) {
        let what = format!("DeadLetterConfig {}", to.as_deref().unwrap_or("none"));
        tell(Setting::DeadLetters(to), format_args!("{what}"));
    }
    if let Some(level) = text(&of["LoggingConfig"]["SystemLogLevel"]) {
        let what = format!("SystemLogLevel {level}");
        tell(Setting::SystemLogLevel(level), format_args!("{what}"));
    }
    if let Some(since) = since {
        // The time of a published version is when that was made of $LATEST.
        let (done, what) = match &version {
            Some(version) => (Setting::Published(version.clone()), format!("version {version} of {since}")),
            None => (Setting::Changed("LastModified".into()), format!("LastModified {since}")),
        };
        tell(done, format_args!("{what}"));
    }
}

/// The parts of a configuration that CloudTrail has under other names.
fn parts(of: &Value) -> Vec<Setting> {
    let mut parts = Vec::new();
    parts.extend(count(&of["MemorySize"]).map(Setting::Memory));
    parts.extend(text(&of["Runtime"]).map(Setting::Runtime));
    parts.extend(text(&of["Handler"]).map(Setting::Handler));
    let architectures = of["Architectures"].as_array().into_iter().flatten();
    parts.extend(architectures.take(1).filter_map(text).map(Setting::Architecture));
    parts.extend(count(&of["EphemeralStorage"]["Size"]).map(Setting::Tmp));
    parts.extend(of["Role"].as_str().filter(|role| !role.is_empty()).map(|role| Setting::Role(last(role))));
    parts
}

/// Where dead letters go. A whole configuration has no `DeadLetterConfig` where none is set (Lambda API
/// reference, `FunctionConfiguration`); one of which somebody printed a part tells nothing by that. A
/// whole one always has its version and `TracingConfig`.
fn dead_letters(of: &Value) -> Option<Option<Arc<str>>> {
    if of["DeadLetterConfig"].is_object() {
        return Some(text(&of["DeadLetterConfig"]["TargetArn"]).filter(|to| !to.is_empty()));
    }
    let whole = of["TracingConfig"].is_object() && of["Version"].is_string() && of["CodeSha256"].is_string();
    whole.then_some(None)
}

fn words(setting: &Setting) -> String {
    match setting {
        Setting::Memory(mb) => format!("MemorySize {mb}"),
        Setting::Runtime(runtime) => format!("Runtime {runtime}"),
        Setting::Handler(handler) => format!("Handler {handler}"),
        Setting::Architecture(name) => format!("Architectures {name}"),
        Setting::Tmp(mb) => format!("EphemeralStorage {mb}"),
        Setting::Role(role) => format!("Role {role}"),
        other => format!("{other:?}"),
    }
}

/// An alias: the version that it means, or most of its requests.
pub fn alias(of: &Value, command: &'static str, out: &mut Vec<SettingRecord>) {
    let named = of["AliasArn"].as_str().and_then(read::function);
    let (Some((function, qualifier)), Some(version)) = (named, text(&of["FunctionVersion"])) else { return };
    let alias: Option<Arc<str>> = text(&of["Name"]).or(qualifier);
    let Some(alias) = alias else { return };
    let told = cut(&format!("{command}: {alias} is version {version}"));
    out.push(SettingRecord {
        whose: Whose::Function(function),
        qualifier: Some(alias),
        setting: Setting::Alias(Some(version)),
        when: When::Found { since: None },
        told,
    });
}

/// What becomes of asynchronous events where a list of it is empty: nothing is set, for the function
/// that the name of the file names.
pub fn no_event_invoke(command: &'static str, out: &mut Vec<SettingRecord>) {
    out.push(SettingRecord {
        whose: Whose::Files,
        qualifier: None,
        setting: Setting::OnFailure(None),
        when: When::Found { since: None },
        told: cut(&format!("{command}: none")),
    });
}

/// What becomes of asynchronous events.
pub fn event_invoke(of: &Value, command: &'static str, out: &mut Vec<SettingRecord>) {
    let Some((function, qualifier)) = of["FunctionArn"].as_str().and_then(read::function) else { return };
    let when = When::Found { since: time(&of["LastModified"]) };
    let mut tell = |setting, what: String| {
        out.push(SettingRecord {
            whose: Whose::Function(function.clone()),
            qualifier: qualifier.clone(),
            setting,
            when,
            told: cut(&format!("{command}: {what}")),
        });
    };
    if let Some(retries) = count(&of["MaximumRetryAttempts"]) {
        tell(Setting::Retries(retries), format!("MaximumRetryAttempts {retries}"));
    }
    if let Some(seconds) = count(&of["MaximumEventAgeInSeconds"]) {
        tell(Setting::EventAge(seconds), format!("MaximumEventAgeInSeconds {seconds}"));
    }
    if of["DestinationConfig"].is_object() {
        let to = text(&of["DestinationConfig"]["OnFailure"]["Destination"]);
        let what = format!("OnFailure {}", to.as_deref().unwrap_or("nowhere"));
        tell(Setting::OnFailure(to), what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(of: &Value) -> Vec<Option<Arc<str>>> {
        let mut out = Vec::new();
        configuration(of, "get-function-configuration", &mut out);
        let dead_letters = |record: SettingRecord| match record.setting {
            Setting::DeadLetters(to) => Some(to),
            _ => None,
        };
        out.into_iter().filter_map(dead_letters).collect()
    }

    #[test]
    fn that_there_is_no_dead_letter_queue_takes_a_whole_configuration() {
        let whole = |dead_letters: Option<Value>| {
            let mut of = json!({
                "FunctionName": "f", "FunctionArn": "arn:aws:lambda:eu-west-1:1:function:f",
                "Version": "$LATEST", "CodeSha256": "x", "TracingConfig": {"Mode": "PassThrough"},
            });
            if let Some(dead_letters) = dead_letters {
                of["DeadLetterConfig"] = dead_letters;
            }
            of
        };
        let queue = "arn:aws:sqs:eu-west-1:1:dlq";
        assert_eq!(told(&whole(Some(json!({"TargetArn": queue})))), [Some(queue.into())]);
        assert_eq!(told(&whole(None)), [None]);
        assert_eq!(told(&whole(Some(json!({"TargetArn": ""})))), [None]);
        assert_eq!(told(&json!({"FunctionName": "f", "FunctionArn": "f", "Timeout": 3})), []);
        assert_eq!(told(&json!({"FunctionName": "f", "FunctionArn": "f", "DeadLetterConfig": 7})), []);
    }

    #[test]
    fn an_empty_list_is_no_destination() {
        let mut out = Vec::new();
        super::super::Kind::EventInvokeConfigs.read(&json!({"FunctionEventInvokeConfigs": []}), &mut out);
        let settings: Vec<_> = out.iter().map(|record| (&record.whose, &record.setting)).collect();
        assert_eq!(settings, [(&Whose::Files, &Setting::OnFailure(None))]);
    }
}
