//! `report --findings`: what is wrong, as of the end of the input (`findings.md`).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::decode::Wanted;
use crate::findings::{self, TICK_MS, Watch};
use crate::model::{Evidence, Finding, SourceId, Timestamp, Window};
use crate::query::{Snapshot, finding_object};
use crate::source::{Kind, SourceInfo};
use crate::store::{Budget, Store};

use super::output::{Cell, Format, Table, harmless};
use super::run::{Input, LineCounter, ReportError, read};

/// What is held of the input at most; beyond it the oldest invocations are judged by what they
/// came to.
const BYTES: usize = 1 << 30;
/// Bytes of a record that are quoted.
const EXCERPT: usize = 400;

/// Reads the input to its end and judges it.
pub(super) fn judge(paths: &[String]) -> Result<(Input, Snapshot), ReportError> {
    let mut store = Store::new(Budget { bytes: BYTES });
    let input = read(paths, Wanted::All, &mut store)?;
    let mut snapshot = store.snapshot(Arc::new(input.correlator.texts().clone()));
    let end = snapshot.known.end().map(|end| end.plus(TICK_MS - 1).floor(TICK_MS));
    let mut watch = Watch::new(findings::ALL);
    while watch.keep_up(&mut snapshot, Timestamp::NEVER, end) {}
    Ok((input, snapshot))
}

/// The findings of a window as of its end, or of the end of all that was read.
pub(super) fn found(snapshot: &Snapshot, window: Window) -> Vec<Finding> {
    let at = snapshot.findings.judged.unwrap_or(snapshot.newest).min(window.to);
    let clock = |time: Timestamp| time.to_string().get(11..16).unwrap_or_default().to_string();
    findings::as_of(snapshot, findings::ALL, window, at, &clock)
}

/// Prints findings: as JSON in full, else a row each.
pub(super) fn print(
    found: &[Finding],
    sources: &BTreeMap<SourceId, SourceInfo>,
    format: Format,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    if format != Format::Json {
        return table(found).print(format, out);
    }
    let mut quotes = Quotes { sources, lines: BTreeMap::new() };
    // Lines are counted through a file once, so evidence is looked up in the order of offsets.
    let mut all: Vec<(usize, usize, &Evidence)> = Vec::new();
    for (number, finding) in found.iter().enumerate() {
        all.extend(finding.evidence.iter().enumerate().map(|(at, evidence)| (number, at, evidence)));
    }
    all.sort_by_key(|(.., evidence)| match evidence {
        Evidence::Record(origin) => Some(*origin),
        Evidence::Told(_) => None,
    });
    let mut quoted: BTreeMap<(usize, usize), Value> = BTreeMap::new();
    for (number, at, evidence) in all {
        quoted.insert((number, at), quotes.quote(evidence));
    }
    let whole = found.iter().enumerate().map(|(number, finding)| {
        let evidence = quoted.range((number, 0)..(number + 1, 0)).map(|(_, quote)| quote.clone());
        finding_object(finding, evidence.collect())
    });
    serde_json::to_writer_pretty(&mut *out, &whole.collect::<Vec<Value>>())?;
    writeln!(out)
}

fn sentence(finding: &Finding) -> String {
    format!("{}: {}", finding.name, finding.sentence)
}

fn table(found: &[Finding]) -> Table {
    let rows = found.iter().map(|finding| {
        vec![
            Cell::text(finding.kind.word()),
            Cell::text(&*finding.name),
            Cell::maybe(finding.qualifier.clone()),
            Cell::text(finding.since.to_string()),
            Cell::maybe(finding.until.map(|until| until.to_string())),
            Cell::text(finding.severity.word()),
            Cell::text(finding.certainty.word()),
            Cell::text(sentence(finding)),
        ]
    });
    let columns =
        vec!["kind", "function", "qualifier", "since", "until", "severity", "certainty", "sentence"];
    Table { columns, rows: rows.collect() }
}

/// Reads evidence again from where it lies.
struct Quotes<'a> {
    sources: &'a BTreeMap<SourceId, SourceInfo>,
    lines: BTreeMap<SourceId, Option<(LineCounter, File)>>,
}

impl Quotes<'_> {
    fn quote(&mut self, evidence: &Evidence) -> Value {
        let origin = match evidence {
            Evidence::Told(told) => return json!({ "source": null, "line": null, "excerpt": told }),
            Evidence::Record(origin) => origin,
        };
        let info = self.sources.get(&origin.source);
        let opened = self.lines.entry(origin.source).or_insert_with(|| {
            let info = info.filter(|info| info.kind == Kind::File)?;
            let path = info.path.as_deref()?;
            Some((LineCounter::open(path)?, File::open(path).ok()?))
        });
        // What is packed or was a pipe can't be read again at an offset.
        let (line, excerpt) = match opened {
            Some((counter, file)) => (counter.line_of(origin.offset), excerpt(file, origin.offset)),
            None => (None, None),
        };
        json!({ "source": info.map(|info| &*info.label), "line": line, "offset": origin.offset, "excerpt": excerpt })
    }
}

/// The head of the line at an offset.
fn excerpt(file: &File, offset: u64) -> Option<String> {
    let mut bytes = [0; EXCERPT];
    let n = file.read_at(&mut bytes, offset).ok()?;
    let line = bytes[..n].split(|c| *c == b'\n').next()?;
    Some(harmless(&String::from_utf8_lossy(line)))
}
