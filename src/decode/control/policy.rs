//! Policies: who may invoke a function, and what its role may do.

use std::sync::Arc;

use serde_json::Value;

use super::read::{self, cut, last, text};
use crate::model::{Grant, Setting, SettingRecord, When, Whose};

/// Statements of a policy that are looked at.
const STATEMENTS: usize = 100;
/// Actions and resources of a statement that are written out.
const WRITTEN: usize = 20;
const FOUND: When = When::Found { since: None };

/// A policy's document: an object, or a string with one in it, maybe URL-encoded (`formats.md` 9.3,
/// 9.4).
fn document(of: &Value) -> Option<Value> {
    match of {
        Value::Object(_) => Some(of.clone()),
        Value::String(text) if text.starts_with('%') => {
            serde_json::from_slice(&decoded(text.as_bytes())).ok()
        }
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// `%7B%22…`
fn decoded(text: &[u8]) -> Vec<u8> {
    let hex = |c: Option<&u8>| c.and_then(|c| (*c as char).to_digit(16));
    let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
    while let Some(&c) = text.get(at) {
        match (c, hex(text.get(at + 1)), hex(text.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(if c == b'+' { b' ' } else { c });
                at += 1;
            }
        }
    }
    out
}

/// One or several.
fn each(value: &Value) -> &[Value] {
    match value {
        Value::Array(all) => all,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

/// `get-policy`: a statement each. One that names no function is its file's.
pub fn resource(of: &Value, command: &'static str, out: &mut Vec<SettingRecord>) {
    let Some(policy) = document(&of["Policy"]) else { return };
    for (at, statement) in each(&policy["Statement"]).iter().take(STATEMENTS).enumerate() {
        let named = each(&statement["Resource"]).iter().find_map(|arn| read::function(arn.as_str()?));
        let (whose, qualifier) = match named {
            Some((name, qualifier)) => (Whose::Function(name), qualifier),
            None => (Whose::Files, None),
        };
        let id = text(&statement["Sid"]).unwrap_or_else(|| cut(&format!("statement {}", at + 1)));
        let grant = grant(statement);
        let may = if grant.deny { "may not" } else { "may" };
        let told = cut(&format!("{command}: {} {may} invoke ({id})", grant.who));
        let setting = Setting::MayInvoke { statement: id, grant: Some(grant) };
        out.push(SettingRecord { whose, qualifier, setting, when: FOUND, told });
    }
}

/// What a statement grants, and to whom.
pub fn grant(statement: &Value) -> Grant {
    let principal = &statement["Principal"];
    let who = match principal {
        Value::Object(kinds) => kinds.values().flat_map(each).find_map(text),
        other => text(other),
    };
    // `ArnLike: {AWS:SourceArn: …}`; an ARN says more than an account.
    let conditions = || statement["Condition"].as_object().into_iter().flat_map(|all| all.values());
    let source = ["AWS:SourceArn", "aws:SourceArn", "AWS:SourceAccount", "aws:SourceAccount"]
        .iter()
        .find_map(|key| conditions().flat_map(|condition| each(&condition[*key])).find_map(text));
    Grant {
        deny: statement["Effect"] == "Deny",
        who: who.unwrap_or_else(|| "nobody that is named".into()),
        source,
    }
}

/// `get-role-policy`.
pub fn role(of: &Value, command: &'static str, out: &mut Vec<SettingRecord>) {
    let (Some(role), Some(policy)) = (of["RoleName"].as_str(), text(&of["PolicyName"])) else { return };
    let Some(statements) = statements(&of["PolicyDocument"]) else { return };
    let told = cut(&format!("{command}: {policy} of {role}, {} statements", statements.len()));
    let setting = Setting::RoleMay { role: last(role), policy, statements: Some(statements) };
    out.push(SettingRecord { whose: Whose::Account, qualifier: None, setting, when: FOUND, told });
}

/// The statements of a role's policy, in words.
pub fn statements(of: &Value) -> Option<Arc<[Box<str>]>> {
    let policy = document(of)?;
    let words = |value: &Value| {
        let all: Vec<&str> = each(value).iter().filter_map(Value::as_str).take(WRITTEN).collect();
        all.join(", ")
    };
    let one = |statement: &Value| -> Box<str> {
        let effect = statement["Effect"].as_str().unwrap_or("Allow");
        let text = match (&statement["Action"], &statement["NotAction"]) {
            (Value::Null, not) => {
                format!("{effect} all but {} on {}", words(not), words(&statement["Resource"]))
            }
            (action, _) => format!("{effect} {} on {}", words(action), words(&statement["Resource"])),
        };
        Box::from(&*cut(&text))
    };
    Some(each(&policy["Statement"]).iter().take(STATEMENTS).map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_policy_may_be_an_object_a_string_or_url_encoded() {
        let policy = json!({"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": ["a", "b"]}});
        let text = policy.to_string();
        let encoded: String = text.bytes().map(|c| format!("%{c:02X}")).collect();
        for form in [policy.clone(), json!(text), json!(encoded)] {
            assert_eq!(&*statements(&form).unwrap()[0], "Deny s3:* on a, b");
        }
        assert_eq!(statements(&json!("%zz")), None);
        assert_eq!(statements(&json!(3)), None);
    }

    #[test]
    fn a_statement_says_who_and_for_what() {
        let of = |statement: Value| {
            let grant = grant(&statement);
            (grant.deny, grant.who.to_string(), grant.source.map(|s| s.to_string()))
        };
        let s3 = json!({"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
            "Condition": {"StringEquals": {"AWS:SourceAccount": "1"}, "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}}});
        assert_eq!(of(s3), (false, "s3.amazonaws.com".to_string(), Some("arn:aws:s3:::b".to_string())));
        assert_eq!(of(json!({"Effect": "Deny", "Principal": "*"})), (true, "*".to_string(), None));
        let account = json!({"Principal": {"AWS": ["arn:aws:iam::2:root"]}});
        assert_eq!(of(account).1, "arn:aws:iam::2:root");
    }
}
