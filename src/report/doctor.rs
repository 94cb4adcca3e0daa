//! `lamtop doctor`: what each thing was taken for, what could not be read, and what is missing for
//! which panel, in words.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use super::output::harmless;
use super::run::{Lines, ReportError, read_noting};
use super::sources::{Tallies, medium};
use crate::decode::Wanted;
use crate::model::{SourceId, Timestamp, Window};
use crate::query::{self, Coverage, CoverageRequest, Named, Snapshot};
use crate::source::SourceInfo;
use crate::store::{Budget, Store};

/// Functions that are named.
const NAMED: usize = 20;
/// What is held of the input at most: of what is older than fits what it came to is enough here.
const BYTES: usize = 256 << 20;
/// Logs and metrics are compared over the newest so many ms.
const COMPARED_MS: i64 = 24 * 3_600_000;

/// Reads what the paths name and says what it is and what is missing.
pub fn examine(paths: &[String], out: impl Write) -> Result<(), ReportError> {
    let mut out = io::BufWriter::new(out);
    let (mut store, mut tallies) = (Store::new(Budget { bytes: BYTES }), Tallies::default());
    let input = read_noting(paths, Wanted::All, &mut store, |record| tallies.note(record))?;
    for trouble in input.troubles() {
        writeln!(out, "{}", harmless(trouble))?;
    }
    sources(&input.sources, &tallies, &mut out)?;
    writeln!(out)?;
    let snapshot = store.snapshot(Arc::new(input.correlator.texts().clone()));
    functions(&snapshot, &mut out)?;
    let to = snapshot.newest.plus(1);
    let window = Window { from: to.plus(-COMPARED_MS), to };
    // All that was read is known by now.
    let coverage = query::coverage(&snapshot, &CoverageRequest { as_of: Timestamp::NEVER, window });
    compared(&coverage, &mut out)?;
    writeln!(out)?;
    for of in &coverage.panels {
        writeln!(out, "{:<12} {}", of.panel, of.words)?;
    }
    out.flush()?;
    Ok(())
}

fn sources(all: &BTreeMap<SourceId, SourceInfo>, tallies: &Tallies, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines::of(all);
    for info in all.values() {
        let label = harmless(&info.label);
        let Some(tally) = tallies.of(info.id) else {
            writeln!(out, "{label}: {}, nothing in it", medium(info.kind))?;
            continue;
        };
        let holds = match (tally.records(), tally.only_text()) {
            (0, _) => "nothing that could be read".to_string(),
            (n, true) if tally.bad >= n => {
                format!("no record of Lambda, and most of it can't be read: is it a log? {n} lines of text")
            }
            (n, true) => format!("{n} lines of text, no record of Lambda: is it a log of something else?"),
            _ => tally.holds(),
        };
        let time = tally.span().map(|(first, last)| format!("; {first} to {last}")).unwrap_or_default();
        writeln!(out, "{label}: {}, {holds}{time}", medium(info.kind))?;
        if tally.bad > 0 {
            writeln!(out, "  could not be read: {}", tally.bad)?;
        }
        for (origin, reason) in &tally.first_bad {
            let line = lines.of_origin(*origin).map_or_else(String::new, |line| format!("line {line}, "));
            writeln!(out, "    {line}byte {}: {}", origin.offset, harmless(reason))?;
        }
        if tally.bad > tally.first_bad.len() as u64 {
            writeln!(out, "    … (lamtop report --list bad shows all)")?;
        }
        for (from, minutes) in tally.gaps() {
            writeln!(out, "  no record for {minutes} min from {from} on")?;
        }
    }
    Ok(())
}

fn functions(snapshot: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    let mut names: Vec<&str> = snapshot.functions.iter().map(|function| &*function.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.truncate(NAMED);
    let more = if all > NAMED { format!(" and {} more", all - NAMED) } else { String::new() };
    let names = if all == 0 { String::new() } else { format!(": {}{more}", harmless(&names.join(", "))) };
    writeln!(out, "{}{names}", count(all, "function"))
}

/// How far logs and metrics tell of the same, where both were read.
fn compared(coverage: &Coverage, out: &mut dyn Write) -> io::Result<()> {
    let Coverage { both, logs_only, metrics_only, .. } = coverage;
    if *both == 0 && metrics_only.count == 0 {
        return Ok(());
    }
    for (of, what) in [(logs_only, "logs, no metrics"), (metrics_only, "metrics, no logs")] {
        if of.count > 0 {
            writeln!(out, "{what}: {}", listed(of))?;
        }
    }
    if let Some((metered, logged)) = coverage.compared {
        let of = count(*both, "function");
        writeln!(
            out,
            "invocations of {of} with both in closed minutes: {metered} by metrics, {logged} by logs"
        )?;
    }
    for of in &coverage.apart {
        let name = harmless(&of.name);
        writeln!(out, "  {name}: {} by metrics, {} by logs", of.metered, of.logged)?;
    }
    if coverage.more_apart > 0 {
        writeln!(out, "  and {} more that differ", coverage.more_apart)?;
    }
    Ok(())
}

fn listed(of: &Named) -> String {
    let more = of.count - of.names.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", harmless(&of.names.join(", ")))
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
