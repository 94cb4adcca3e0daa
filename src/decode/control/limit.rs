//! Limits of concurrency: reserved, provisioned, the account's.

use serde_json::Value;

use super::read::{self, count, cut};
use crate::model::{Provisioned, Setting, SettingRecord, When, Whose};

const FOUND: When = When::Found { since: None };

/// `get-function-concurrency`, which names no function: its file's name must.
pub fn concurrency(of: &Value, command: &'static str, out: &mut Vec<SettingRecord>) {
    reserved(Whose::Files, of, command, out);
}

/// The same as a part of `get-function`.
pub fn reserved_of(function: &str, of: &Value, command: &'static str, out: &mut Vec<SettingRecord>) {
    reserved(Whose::Function(cut(function)), of, command, out);
}

fn reserved(whose: Whose, of: &Value, command: &'static str, out: &mut Vec<SettingRecord>) {
    let Some(limit) = count(&of["ReservedConcurrentExecutions"]) else { return };
    out.push(SettingRecord {
        whose,
        qualifier: None,
        setting: Setting::Reserved(Some(limit)),
        when: FOUND,
        told: cut(&format!("{command}: ReservedConcurrentExecutions {limit}")),
    });
}

/// One provisioned concurrency. A single one names no function, only a list's do.
pub fn provisioned(of: &Value, command: &'static str, out: &mut Vec<SettingRecord>) {
    let requested = count(&of["RequestedProvisionedConcurrentExecutions"])
        // As the documentation prints it.
        .or_else(|| count(&of["Requested ProvisionedConcurrentExecutions"]));
    let Some(requested) = requested else { return };
    let (whose, qualifier) = match of["FunctionArn"].as_str().and_then(read::function) {
        Some((name, qualifier)) => (Whose::Function(name), qualifier),
        None => (Whose::Files, None),
    };
    let allocated = count(&of["AllocatedProvisionedConcurrentExecutions"]);
    let of_which = qualifier.as_deref().map_or_else(String::new, |qualifier| format!("{qualifier}: "));
    let told = format!("{command}: {of_which}RequestedProvisionedConcurrentExecutions {requested}");
    out.push(SettingRecord {
        whose,
        qualifier,
        setting: Setting::Provisioned(Some(Provisioned { requested, allocated })),
        when: When::Found { since: read::time(&of["LastModified"]) },
        told: cut(&told),
    });
}

/// The account's limits.
pub fn account(of: &Value, command: &'static str, out: &mut Vec<SettingRecord>) {
    let limits = &of["AccountLimit"];
    let mut tell = |key: &str, setting: fn(u32) -> Setting| {
        if let Some(limit) = count(&limits[key]) {
            out.push(SettingRecord {
                whose: Whose::Account,
                qualifier: None,
                setting: setting(limit),
                when: FOUND,
                told: cut(&format!("{command}: {key} {limit}")),
            });
        }
    };
    tell("ConcurrentExecutions", Setting::AccountLimit);
    tell("UnreservedConcurrentExecutions", Setting::Unreserved);
}
