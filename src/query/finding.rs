//! A finding as programs read it (`findings.md`): of the report and of what the screen saves.

use serde_json::{Map, Value, json};

use crate::model::Finding;

/// The object of a finding with what shows it; numbers with four digits after the point.
pub fn finding_object(finding: &Finding, evidence: Vec<Value>) -> Value {
    let numbers: Map<String, Value> = finding
        .numbers
        .iter()
        .map(|(name, value)| ((*name).to_string(), json!((value * 10_000.0).round() / 10_000.0)))
        .collect();
    json!({
        "kind": finding.kind.word(),
        "function": &*finding.name,
        "qualifier": finding.qualifier,
        "since": finding.since.to_string(),
        "until": finding.until.map(|until| until.to_string()),
        "severity": finding.severity.word(),
        "certainty": finding.certainty.word(),
        "sentence": format!("{}: {}", finding.name, finding.sentence),
        "numbers": numbers,
        "evidence": evidence,
        "first_step": finding.first_step,
    })
}
