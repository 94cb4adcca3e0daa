//! What a message in the embedded metric format declares, and its members as they lie: only what is
//! declared is read further.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::control::read::count;

/// Members up to which it takes less to look at each than to have them in order.
const FEW: usize = 32;

/// The members of an object, each value as it was written; in the order of their names where there are
/// more than a few, so that a document of many metrics is not gone through again for each of them.
pub struct Members<'t>(Vec<(Cow<'t, str>, &'t RawValue)>);

impl<'t> Members<'t> {
    /// Reads an object and nothing inside its members.
    pub fn read(text: &'t [u8]) -> Option<Self> {
        let mut members: Self = serde_json::from_slice(text).ok()?;
        if members.0.len() > FEW {
            members.0.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        Some(members)
    }

    /// The member of this name as it was written; of several the last.
    pub fn raw(&self, name: &str) -> Option<&'t str> {
        let Self(all) = self;
        // What stands there twice has kept its order.
        let to = if all.len() > FEW { all.partition_point(|(key, _)| **key <= *name) } else { all.len() };
        let from = if all.len() > FEW { to.saturating_sub(1) } else { 0 };
        all[from..to].iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.get())
    }

    /// The member of this name; `Null` without one.
    pub fn get(&self, name: &str) -> Value {
        self.raw(name).and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or(Value::Null)
    }
}

impl<'t> Deserialize<'t> for Members<'t> {
    fn deserialize<D: Deserializer<'t>>(from: D) -> Result<Self, D::Error> {
        struct All;
        impl<'t> Visitor<'t> for All {
            type Value = Members<'t>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<M: MapAccess<'t>>(self, mut map: M) -> Result<Members<'t>, M::Error> {
                let mut all = Vec::with_capacity(16);
                while let Some(Key(key)) = map.next_key()? {
                    all.push((key, map.next_value()?));
                }
                Ok(Members(all))
            }
        }
        from.deserialize_map(All)
    }
}

#[derive(Deserialize)]
struct Key<'t>(#[serde(borrow)] Cow<'t, str>);

/// The member `_aws`.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub struct Declared<'t> {
    /// When it was observed, in ms.
    pub timestamp: Option<i64>,
    /// Its directives; without them it is none of this format.
    #[serde(borrow, rename = "CloudWatchMetrics")]
    pub directives: Option<Vec<Directive<'t>>>,
}

/// Metrics of a namespace that have the same sets of dimensions.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub struct Directive<'t> {
    /// The namespace.
    pub namespace: Option<&'t str>,
    /// Names of members, set by set.
    #[serde(borrow)]
    pub dimensions: Option<Vec<Vec<&'t str>>>,
    /// The metrics.
    #[serde(borrow)]
    pub metrics: Option<Vec<Metric<'t>>>,
}

/// A metric that is declared.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub struct Metric<'t> {
    /// The member's name.
    pub name: Option<&'t str>,
    /// Its unit.
    pub unit: Option<&'t str>,
    /// Its step in seconds.
    pub storage_resolution: Option<u32>,
}

impl<'t> Declared<'t> {
    /// Reads it as the format says.
    pub fn strict(text: &'t str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Reads it member by member: one that is of another kind than the format says is none.
    pub fn lenient(aws: &'t Value) -> Self {
        let directives = aws["CloudWatchMetrics"].as_array();
        Self {
            timestamp: aws["Timestamp"].as_i64(),
            directives: directives.map(|all| all.iter().map(Directive::lenient).collect()),
        }
    }
}

impl<'t> Directive<'t> {
    fn lenient(directive: &'t Value) -> Self {
        let names = |set: &'t Value| {
            let names = set.as_array().into_iter().flatten();
            names.map(|name| name.as_str().unwrap_or_default()).collect()
        };
        let metric = |metric: &'t Value| Metric {
            name: metric["Name"].as_str(),
            unit: metric["Unit"].as_str(),
            storage_resolution: count(&metric["StorageResolution"]),
        };
        Self {
            namespace: directive["Namespace"].as_str(),
            dimensions: directive["Dimensions"].as_array().map(|sets| sets.iter().map(names).collect()),
            metrics: directive["Metrics"].as_array().map(|metrics| metrics.iter().map(metric).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_read_strictly_is_read_leniently_too() {
        let metric = json!({"Name": "Latency", "Unit": "Milliseconds", "StorageResolution": 1});
        let directive = json!({"Namespace": "Shop", "Dimensions": [["service"], []], "Metrics": [metric, {"Name": null}], "More": 1});
        for aws in [
            json!({"Timestamp": 1_795_420_861_234_i64, "CloudWatchMetrics": [directive, {}]}),
            json!({"CloudWatchMetrics": [], "LogGroupName": "g"}),
            json!({"Timestamp": null}),
        ] {
            let text = aws.to_string();
            assert_eq!(Declared::strict(&text), Some(Declared::lenient(&aws)), "{text}");
        }
        for odd in [json!({"Timestamp": 1.5}), json!({"CloudWatchMetrics": [7]}), json!(7)] {
            assert_eq!(Declared::strict(&odd.to_string()), None, "{odd}");
        }
        // An escaped name is not lent.
        let escaped = r#"{"CloudWatchMetrics":[{"Namespace":"a\/b"}]}"#;
        let value: Value = serde_json::from_str(escaped).unwrap();
        assert_eq!(Declared::strict(escaped), None);
        assert_eq!(Declared::lenient(&value).directives.unwrap()[0].namespace, Some("a/b"));
    }

    #[test]
    fn members_are_as_they_were_written() {
        let members = Members::read(br#"{"a":1.50,"b":{"c":[1]},"\u0061":2}"#).unwrap();
        assert_eq!(
            (members.raw("a"), members.raw("b"), members.raw("c")),
            (Some("2"), Some(r#"{"c":[1]}"#), None)
        );
        assert_eq!((members.get("a"), members.get("c")), (json!(2), Value::Null));
        assert!(Members::read(b"[1]").is_none() && Members::read(br#"{"a":1"#).is_none());
    }
}
