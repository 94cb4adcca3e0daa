//! Reads the input to its end and answers.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};

use crate::clock::Clock;
use crate::correlate::{Correlator, Room};
use crate::decode::Wanted;
use crate::ingest;
use crate::model::{FactSink, Origin, Record, SourceId, Timestamp, Window};
use crate::query::filter::Filter;
use crate::source::{self, Event, Kind, NoInput, SourceInfo};

use super::errors::errors;
use super::fold::{Fold, Keys, TimeRule};
use super::inventory::Inventory;
use super::list::{Collect, List};
use super::output::{Format, Table};
use super::segments::Segments;
use super::sources::Tallies;
use super::traces::Traces;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Groups, or one row each.
    pub form: Form,
    /// Only invocations or traces that it lets through.
    pub filter: Filter,
    /// Only what began in it (or ended, by [`TimeRule::End`]).
    pub window: Window,
    /// How it is printed.
    pub format: Format,
}

/// The form of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// Groups.
    By {
        /// The keys.
        keys: Keys,
        /// Which time counts.
        rule: TimeRule,
    },
    /// One row each.
    List(List),
    /// What is wrong.
    Findings,
}

/// Why there is no answer. Its text says what, where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The input can't be opened.
    #[error(transparent)]
    Open(#[from] NoInput),
    /// Nothing in the input is a record of Lambda.
    #[error("{0}")]
    NoRecords(String),
    /// The answer can't be written.
    #[error("writing the answer: {0}")]
    Write(#[from] io::Error),
}

/// What was read.
pub(super) struct Input {
    pub(super) sources: BTreeMap<SourceId, SourceInfo>,
    pub(super) correlator: Correlator,
    troubles: Vec<String>,
    /// How many of those are of what could not be opened.
    unread: usize,
}

impl Input {
    /// What went wrong with sources, in words.
    pub(super) fn troubles(&self) -> &[String] {
        &self.troubles
    }
}

/// Reads what the paths name, answers on `out`, and says on `err` what a person should know.
pub fn run(
    paths: &[String],
    question: &Question,
    out: impl Write,
    err: &mut dyn Write,
) -> Result<(), ReportError> {
    let Question { form, filter, window, format } = question;
    let mut out = BufWriter::with_capacity(1 << 16, out);
    let mut found = Vec::new();
    let (input, table) = match form {
        Form::By { keys, rule } => {
            let mut fold = Fold::new(*keys, *rule, *window);
            // Whether an invocation matches is known when all is read: then all are collected first.
            let (mut input, open) = if filter.is_empty() {
                let room = if keys.environment { Room::ALL } else { Room::of_bytes(UNFINISHED_BYTES) };
                let input = read_within(room, paths, Wanted::NotOwnMetrics, &mut fold, |_| {})?;
                let open = input.correlator.open();
                (input, open)
            } else {
                let mut collect = Collect::new();
                let input = read(paths, Wanted::NotOwnMetrics, &mut collect)?;
                let open = collect.tell(filter, input.correlator.texts(), &mut fold);
                (input, open)
            };
            // What is unfinished is told, and only environments are asked for by name.
            if !keys.environment {
                input.correlator.finish();
            }
            let (rows, functions) = fold.rows(&open);
            let table = super::by_table(
                rows,
                &functions,
                *keys,
                input.correlator.texts(),
                &input.correlator.streams(),
            );
            (input, table)
        }
        Form::List(List::Traces) => {
            let mut traces = Traces::new();
            let input = read(paths, Wanted::NotOwnMetrics, &mut traces)?;
            let (table, refused) = traces.table(filter, *window, input.correlator.texts());
            if refused > 0 {
                let _ = writeln!(
                    err,
                    "lamtop: {refused} documents belong to traces of which no more are kept; --list segments shows all"
                );
            }
            (input, table)
        }
        Form::List(List::Segments) => {
            let mut segments = Segments::default();
            let input = read(paths, Wanted::NotOwnMetrics, &mut segments)?;
            let table = segments.table(*window, input.correlator.texts());
            (input, table)
        }
        Form::List(List::Sources) => {
            let (mut nothing, mut tallies) = (Collect::new(), Tallies::default());
            let input = read_noting(paths, Wanted::All, &mut nothing, |record| tallies.note(record))?;
            let table = tallies.table(&input.sources);
            (input, table)
        }
        Form::List(list @ (List::Functions | List::Environments | List::Metrics)) => {
            let mut inventory = Inventory::new();
            let input = read(paths, Wanted::All, &mut inventory)?;
            let texts = input.correlator.texts();
            let table = match list {
                List::Functions => inventory.functions(*window, texts),
                List::Environments => inventory.environments(*window, texts, &input.correlator.streams()),
                _ => inventory.metrics(*window),
            };
            (input, table)
        }
        Form::List(list) => {
            let mut collect = Collect::new();
            let input = read(paths, Wanted::NotOwnMetrics, &mut collect)?;
            let texts = input.correlator.texts();
            let table = if *list == List::Bad {
                bad_table(&collect, &input.sources)
            } else {
                let mut all = collect.matching(filter, texts);
                all.retain(|invocation| window.holds(invocation.start));
                if *list == List::Errors && collect.is_empty() {
                    let _ = writeln!(
                        err,
                        "lamtop: no source: errors come only from logs, and no invocation was read"
                    );
                }
                match list {
                    List::Errors => errors(&collect, &all, texts),
                    _ => collect.invocations(&all, texts, &input.correlator.streams()),
                }
            };
            (input, table)
        }
        Form::Findings => {
            let (input, snapshot) = super::findings::judge(paths)?;
            found = super::findings::found(&snapshot, *window);
            (input, Table { columns: Vec::new(), rows: Vec::new() })
        }
    };
    match input.correlator.seen_twice() {
        0 => {}
        n => {
            let _ = writeln!(err, "lamtop: {n} records came twice, perhaps from two sources: counted once");
        }
    }
    match input.correlator.forgotten() {
        0 => {}
        n => {
            let _ = writeln!(
                err,
                "lamtop: {n} invocations in flight were given up, there was no room for more: those that end \
                 afterwards are counted twice"
            );
        }
    }
    // Of what could not be opened nobody knows what is in it.
    if input.sources.is_empty() && !input.troubles.is_empty() {
        return Err(NoInput {
            problems: input.troubles.iter().map(|what| super::output::harmless(what)).collect(),
        }
        .into());
    }
    for trouble in &input.troubles {
        let _ = writeln!(err, "lamtop: {}", super::output::harmless(trouble));
    }
    let bad = input.correlator.bad();
    if input.correlator.read() == 0 {
        let opened = || input.sources.values().map(|info| &*info.label).collect::<Vec<_>>().join(", ");
        let paths = if input.unread == 0 { paths.join(", ") } else { opened() };
        return Err(ReportError::NoRecords(match &bad.first {
            Some(reason) => format!(
                "{paths}: no record of Lambda could be read in it ({}); `lamtop report --list bad` says where",
                super::output::harmless(reason)
            ),
            None => {
                format!("{paths}: no record of Lambda in it; give logs, metric streams or X-Ray segments")
            }
        }));
    }
    if bad.records > 0 {
        let _ = writeln!(err, "lamtop: {} records could not be read: --list bad shows them", bad.records);
    }
    match form {
        Form::Findings => super::findings::print(&found, &input.sources, *format, &mut out)?,
        _ => table.print(*format, &mut out)?,
    }
    out.flush()?;
    Ok(())
}

/// What is unfinished may take this much: an answer that names no environments need not grow with them.
const UNFINISHED_BYTES: usize = 256 << 20;

/// Reads, decodes what is wanted, correlates.
pub(super) fn read<S: FactSink + Send>(
    paths: &[String],
    wanted: Wanted,
    sink: &mut S,
) -> Result<Input, NoInput> {
    read_within(Room::ALL, paths, wanted, sink, |_| {})
}

/// The same; each record is shown before it is correlated.
pub(super) fn read_noting<S: FactSink + Send>(
    paths: &[String],
    wanted: Wanted,
    sink: &mut S,
    note: impl FnMut(&Record<'_>) + Send,
) -> Result<Input, NoInput> {
    read_within(Room::of_bytes(UNFINISHED_BYTES), paths, wanted, sink, note)
}

fn read_within<S: FactSink + Send>(
    room: Room,
    paths: &[String],
    wanted: Wanted,
    sink: &mut S,
    mut note: impl FnMut(&Record<'_>) + Send,
) -> Result<Input, NoInput> {
    let mut reading = source::pull(&source::paths(paths), Clock::wall())?;
    let pool = reading.pool().clone();
    let correlator = Correlator::within(room);
    let mut input = Input { sources: BTreeMap::new(), correlator, troubles: Vec::new(), unread: 0 };
    ingest::in_turns(
        ingest::readers(),
        wanted,
        || reading.next(),
        |event| match event {
            Event::Chunk(chunk) => Some(chunk),
            _ => None,
        },
        |event, records| {
            records.iter().for_each(&mut note);
            input.take(event, records, sink);
        },
        |event| {
            if let Event::Chunk(chunk) = event {
                pool.give(chunk.bytes);
            }
        },
    );
    Ok(input)
}

impl Input {
    fn take<S: FactSink>(&mut self, event: &Event, records: &[Record<'_>], sink: &mut S) {
        match event {
            Event::Opened(info) => {
                self.correlator.source(info.id, info.function.as_deref());
                self.correlator.otherwise(info.id, info.written, info.stream.as_deref());
                self.sources.insert(info.id, info.clone());
            }
            Event::Chunk(_) => {
                self.correlator.records(records, sink);
            }
            Event::Trouble { what, unread, .. } => {
                self.unread += usize::from(unread.is_some());
                self.troubles.push(what.clone());
            }
            Event::CaughtUp(_) | Event::Ended(_) | Event::Note { .. } | Event::Drained => {}
        }
    }
}

/// The bad records, with their lines where the source can be read again.
fn bad_table(collect: &Collect, sources: &BTreeMap<SourceId, SourceInfo>) -> Table {
    let names = sources.iter().map(|(id, info)| (*id, info.label.to_string())).collect();
    let mut lines = Lines::of(sources);
    collect.bad(&names, &mut |origin| lines.of_origin(origin))
}

/// In which lines of their sources records lie, asked in the order in which they lie there.
pub(super) struct Lines<'a> {
    sources: &'a BTreeMap<SourceId, SourceInfo>,
    counters: BTreeMap<SourceId, Option<LineCounter>>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(sources: &'a BTreeMap<SourceId, SourceInfo>) -> Self {
        Self { sources, counters: BTreeMap::new() }
    }

    /// The line, from 1; `None` where the source can't be read again.
    pub(super) fn of_origin(&mut self, origin: Origin) -> Option<u64> {
        let counter = self.counters.entry(origin.source).or_insert_with(|| {
            let info = self.sources.get(&origin.source)?;
            (info.kind == Kind::File).then(|| LineCounter::open(info.path.as_deref()?)).flatten()
        });
        counter.as_mut()?.line_of(origin.offset)
    }
}

/// Counts the lines of a file up to offsets that only grow.
pub(super) struct LineCounter {
    file: BufReader<File>,
    at: u64,
    line: u64,
}

impl LineCounter {
    pub(super) fn open(path: &std::path::Path) -> Option<Self> {
        Some(Self { file: BufReader::with_capacity(1 << 18, File::open(path).ok()?), at: 0, line: 1 })
    }

    /// The line, from 1, that holds the byte at `offset`.
    pub(super) fn line_of(&mut self, offset: u64) -> Option<u64> {
        let mut space = [0; 1 << 14];
        while self.at < offset {
            let most = (offset - self.at).min(space.len() as u64) as usize;
            let n = self.file.read(&mut space[..most]).ok().filter(|n| *n > 0)?;
            self.line += memchr::memchr_iter(b'\n', &space[..n]).count() as u64;
            self.at += n as u64;
        }
        Some(self.line)
    }
}

/// Reads `--by`: function, version, environment, and one bucket such as 10s, 1m, 1h, 1d.
pub fn parse_keys(text: &str) -> Result<Keys, String> {
    let mut keys = Keys::default();
    for word in text.split(',').map(str::trim) {
        match word {
            "function" => {}
            "version" => keys.version = true,
            "environment" => keys.environment = true,
            _ => {
                let step = bucket(word).ok_or_else(|| {
                    format!("--by: '{word}' is no key; give function, version, environment or a bucket like 10s, 1m, 1h")
                })?;
                if keys.bucket_ms.replace(step).is_some() {
                    return Err("--by: two buckets; give one".to_string());
                }
            }
        }
    }
    Ok(keys)
}

fn bucket(word: &str) -> Option<i64> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &word[digits.len()..] {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let n: i64 = digits.parse().ok()?;
    (1..=86_400).contains(&n).then(|| n * unit)
}

/// Reads a time: ISO 8601 (UTC without a zone), a date, epoch seconds or ms.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<i64>() {
        // Seconds reach 100,000,000,000 in the year 5138, milliseconds did in 1973.
        return Some(Timestamp(if number.abs() < 100_000_000_000 { number * 1_000 } else { number }));
    }
    Timestamp::parse(text.as_bytes())
        .or_else(|| Timestamp::parse(format!("{text}T00:00:00").as_bytes()))
        .or_else(|| Timestamp::parse(format!("{text}:00").as_bytes()))
        .or_else(|| Timestamp::parse(format!("{}:00Z", text.strip_suffix('Z')?).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read() {
        let minute = Keys { bucket_ms: Some(60_000), ..Keys::default() };
        assert_eq!(parse_keys("function,1m"), Ok(minute));
        assert_eq!(parse_keys("version, environment,10s").unwrap().bucket_ms, Some(10_000));
        for wrong in ["function,minute", "1m,1h", "0s", "", "1w", "999999999999999999m"] {
            assert!(parse_keys(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_are_read() {
        let want = Some(Timestamp(1_795_420_800_000));
        for text in
            ["2026-11-23T08:00:00Z", "2026-11-23T08:00", "2026-11-23 08:00Z", "1795420800", "1795420800000"]
        {
            assert_eq!(parse_time(text), want, "{text}");
        }
        assert_eq!(parse_time("2026-11-23"), Some(Timestamp(1_795_392_000_000)));
        assert_eq!(parse_time("soon"), None);
    }
}
