//! What is in each source: records by kind, times, gaps, what could not be read. For
//! `report --list sources` and `lamtop doctor`.

use std::collections::{BTreeMap, BTreeSet};

use super::output::{Cell, Table};
use crate::model::{Body, Continuation, Origin, Record, SourceId, Timestamp};
use crate::source::{Kind, SourceInfo};

/// Bad records of one source that are shown.
const SHOWN: usize = 5;
/// Minutes of one source that are noted, to find gaps: two months.
const MINUTES: usize = 90_000;
const MINUTE_MS: i64 = 60_000;
/// A source is quiet from so many minutes without a record on.
const QUIET: i64 = 5;

/// What is counted of a source.
#[derive(Default)]
pub struct Tally {
    /// Records by kind.
    kinds: BTreeMap<&'static str, u64>,
    /// First and last time in it.
    span: Option<(Timestamp, Timestamp)>,
    /// Minutes with records of a log.
    minutes: BTreeSet<i64>,
    /// Records that could not be read.
    pub bad: u64,
    /// The first of them.
    pub first_bad: Vec<(Origin, String)>,
}

/// The word for a text that is part of a record, or of none.
const TEXT: &str = "further text";

/// The word for what a record is.
fn kind(body: &Body<'_>) -> &'static str {
    match body {
        Body::Platform(_) => "platform records",
        Body::Log(_) => "log lines",
        Body::Metric(_) => "metric points",
        Body::Segment(_) => "segments",
        Body::Setting(_) => "settings",
        Body::Delivery(_) => "ends of asynchronous events",
        Body::Call(_) => "calls",
        Body::Other(name) => name,
        Body::Continuation(_) => TEXT,
        Body::Bad(_) => "bad",
        Body::Event(event) => kind(&event.body),
        Body::Recorded(recorded) => kind(&recorded.record.body),
    }
}

/// Counts by source.
#[derive(Default)]
pub struct Tallies(BTreeMap<SourceId, Tally>);

impl Tallies {
    /// Counts a record.
    pub fn note(&mut self, record: &Record<'_>) {
        if matches!(record.body, Body::Continuation(Continuation::Head)) {
            return;
        }
        let envelope = &record.envelope;
        let tally = self.0.entry(envelope.origin.source).or_default();
        if let Body::Bad(bad) = &record.body {
            tally.bad += 1;
            if tally.first_bad.len() < SHOWN {
                tally.first_bad.push((envelope.origin, bad.reason.clone()));
            }
            return;
        }
        *tally.kinds.entry(kind(&record.body)).or_default() += 1;
        let time = match &record.body {
            Body::Metric(metric) => Some(metric.start),
            Body::Segment(document) => Some(document.known).filter(|known| *known > Timestamp::MIN),
            _ => envelope.time,
        };
        let Some(time) = time else { return };
        let (first, last) = tally.span.unwrap_or((time, time));
        tally.span = Some((first.min(time), last.max(time)));
        if tally.minutes.len() < MINUTES {
            tally.minutes.insert(time.0.div_euclid(MINUTE_MS));
        }
    }

    /// What is counted of a source; nothing where it held no record.
    pub fn of(&self, id: SourceId) -> Option<&Tally> {
        self.0.get(&id)
    }

    /// A row a source, in the order in which they were opened.
    pub fn table(&self, sources: &BTreeMap<SourceId, SourceInfo>) -> Table {
        let columns = vec!["source", "kind", "bytes", "function", "records", "bad", "first", "last", "holds"];
        let nothing = Tally::default();
        let rows = sources.values().map(|info| {
            let tally = self.of(info.id).unwrap_or(&nothing);
            let time = |time: Option<Timestamp>| Cell::maybe(time.map(|time| time.to_string()));
            vec![
                Cell::text(&*info.label),
                Cell::text(medium(info.kind)),
                // A pipe has no size.
                Cell::number((info.kind != Kind::Fifo).then_some(info.size as f64), 0),
                Cell::maybe(info.function.as_ref().map(ToString::to_string)),
                Cell::whole(tally.records() as i64),
                Cell::whole(tally.bad as i64),
                time(tally.span.map(|(first, _)| first)),
                time(tally.span.map(|(_, last)| last)),
                Cell::maybe((!tally.kinds.is_empty()).then(|| tally.holds())),
            ]
        });
        Table { columns, rows: rows.collect() }
    }
}

/// The word for what kind of thing bytes come from.
pub fn medium(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Packed => "packed",
        Kind::Fifo => "pipe",
        Kind::Socket => "socket",
        Kind::Memory => "built in",
    }
}

impl Tally {
    /// Records that could be read.
    pub fn records(&self) -> u64 {
        self.kinds.values().sum()
    }

    /// Whether nothing in it is a record of Lambda.
    pub fn only_text(&self) -> bool {
        self.kinds.keys().all(|kind| *kind == TEXT)
    }

    /// First and last time in it.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.span
    }

    /// Records by kind in words, most first.
    pub fn holds(&self) -> String {
        let mut kinds: Vec<(&str, u64)> = self.kinds.iter().map(|(kind, n)| (*kind, *n)).collect();
        kinds.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        kinds.iter().map(|(kind, n)| format!("{n} {kind}")).collect::<Vec<_>>().join(", ")
    }

    /// The longest times without a record: from when, and how many minutes, at most three.
    pub fn gaps(&self) -> Vec<(Timestamp, i64)> {
        let times = self.minutes.iter().zip(self.minutes.iter().skip(1));
        let mut gaps: Vec<(Timestamp, i64)> = times
            .map(|(a, b)| (Timestamp((a + 1) * MINUTE_MS), b - a - 1))
            .filter(|(_, minutes)| *minutes >= QUIET)
            .collect();
        gaps.sort_by_key(|(from, minutes)| (-minutes, *from));
        gaps.truncate(3);
        gaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bad, Envelope};

    fn record(body: Body<'_>, minute: i64) -> Record<'_> {
        let origin = Origin { source: SourceId(0), offset: 9, len: 1 };
        let time = Some(Timestamp(minute * MINUTE_MS));
        Record { envelope: Envelope { function: None, stream: None, time, arrived: None, origin }, body }
    }

    #[test]
    fn gaps_are_the_longest_and_kinds_the_most() {
        let mut tallies = Tallies::default();
        for minute in [0, 1, 2, 20, 21, 27, 90] {
            tallies.note(&record(Body::Other("get-role"), minute));
        }
        let bad = Bad { reason: "no".to_string(), excerpt: String::new() };
        (0..9).for_each(|_| tallies.note(&record(Body::Bad(&bad), 5)));
        tallies.note(&record(Body::Continuation(Continuation::Text), 90));
        let tally = tallies.of(SourceId(0)).unwrap();
        assert_eq!(
            tally.gaps().iter().map(|(at, n)| (at.0 / MINUTE_MS, *n)).collect::<Vec<_>>(),
            [(28, 62), (3, 17), (22, 5)]
        );
        assert_eq!(tally.holds(), "7 get-role, 1 further text");
        assert_eq!((tally.bad, tally.first_bad.len(), tally.only_text()), (9, SHOWN, false));
    }
}
