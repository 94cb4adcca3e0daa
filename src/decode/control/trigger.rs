//! Event source mappings: what invokes a function by itself.

use serde_json::Value;

use super::read::{self, cut, text};
use crate::model::{Setting, SettingRecord, Trigger, When, Whose};

/// One mapping.
pub fn mapping(of: &Value, command: &'static str, out: &mut Vec<SettingRecord>) {
    let named = of["FunctionArn"].as_str().and_then(read::function);
    let (Some((function, qualifier)), Some(id)) = (named, text(&of["UUID"])) else { return };
    let (source, state) = (text(&of["EventSourceArn"]), text(&of["State"]));
    let told = format!(
        "{command}: {} {}",
        source.as_deref().unwrap_or("a source without an ARN"),
        state.as_deref().unwrap_or("in no state that is told")
    );
    out.push(SettingRecord {
        whose: Whose::Function(function),
        qualifier,
        setting: Setting::Trigger { id, trigger: Some(Trigger { source, state }) },
        when: When::Found { since: read::time(&of["LastModified"]) },
        told: cut(&told),
    });
}
