//! The table of a view as data, for files and copies: bare numbers in the units of their names, nothing
//! where there is no source, and at the end how far the numbers can be trusted where they are not counted.

use std::borrow::Cow;
use std::fmt::Display;

use crate::mask::{self, Masked};
use crate::model::{Grade, Graded, Micros, Timestamp};
use crate::query::filter::status_word;
use crate::query::survey::Pattern;
use crate::query::view::{
    EnvironmentRow, ErrorGroup, FunctionRow, InvocationRow, MetricRow, TraceLine, VersionRow,
};
use crate::ui::app::{FunctionList, Shape, SourcesList, UiState};
use crate::ui::keymap::ViewKind;
use crate::ui::symbols::Charset;

use super::overview::state_sign;

/// A field: a text of others, a number or a word of ours, or nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A text, raw.
    Text(String),
    /// A number, bare.
    Number(String),
    /// Nothing where there is no source.
    Nothing,
}

impl Cell {
    /// What stands in it; empty for nothing.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
            Self::Nothing => "",
        }
    }
}

/// A table: as many fields in every row as names in the head.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// The columns' names, with their units.
    pub head: &'static [&'static str],
    /// The rows, in the order of the screen.
    pub rows: Vec<Vec<Cell>>,
    /// Which of them is selected.
    pub selected: usize,
}

impl Sheet {
    /// The table for others: with what they must not see masked.
    pub fn masked(mut self) -> Self {
        let mut masked = Masked::default();
        for cell in self.rows.iter_mut().flatten() {
            if let Cell::Text(text) = cell
                && let Cow::Owned(shown) = mask::text(text, &mut masked)
            {
                *text = shown;
            }
        }
        self
    }
}

/// The table of the topmost view; `None` where it has none.
pub fn sheet(state: &UiState) -> Option<Sheet> {
    let (head, rows, selected): (&'static [&'static str], Vec<Vec<Cell>>, usize) = match state.view() {
        ViewKind::Overview => {
            let rows = (0..state.overview.len()).filter_map(|line| state.overview.row(line));
            (&FUNCTION, rows.map(function).collect(), state.overview.list.index())
        }
        ViewKind::Function => {
            let board = state.function.as_ref()?;
            let (detail, line) = (board.detail()?, board.index());
            match board.list {
                FunctionList::Invocations => {
                    let rows = (0..board.len()).filter_map(|line| board.invocation(line));
                    (&INVOCATION, rows.map(|row| invocation(&board.name, row)).collect(), line)
                }
                FunctionList::Errors => (&ERROR, detail.errors.iter().map(error).collect(), line),
                FunctionList::Versions => (&VERSION, detail.versions.iter().map(version).collect(), line),
                FunctionList::Environments => {
                    (&ENVIRONMENT, detail.environments.iter().map(environment).collect(), line)
                }
                FunctionList::Metrics => (&METRIC, board.metric_rows().iter().map(metric).collect(), line),
                FunctionList::Settings => {
                    let facts = board.facts().iter().map(|fact| vec![text(fact.label), text(&fact.value)]);
                    (&["setting", "value"], facts.collect(), line)
                }
            }
        }
        ViewKind::Invocations => {
            let rows = state.invocations.rows().iter();
            let rows = rows.map(|listed| invocation(&listed.name, &listed.row)).collect();
            (&INVOCATION, rows, state.invocations.list.index())
        }
        ViewKind::Traces if state.traces.shape == Shape::List => {
            let lines = state.traces.answer.iter().flat_map(|answer| &answer.lines);
            (&TRACE, lines.map(trace).collect(), state.traces.index())
        }
        ViewKind::Patterns => {
            let board = state.patterns.as_ref()?;
            (&PATTERN, board.rows().iter().map(|row| pattern(row, state)).collect(), board.list.index())
        }
        ViewKind::Problems => {
            let found = state.problems.found.iter().map(|finding| {
                vec![
                    text(finding.kind.word()),
                    text(&finding.name),
                    time(finding.since),
                    finding.until.map_or(Cell::Nothing, time),
                    text(&finding.sentence),
                ]
            });
            (&["kind", "function", "since", "until", "sentence"], found.collect(), state.problem_list.index())
        }
        ViewKind::Sources if state.sources.list == SourcesList::Health => {
            let lines = state.health().into_iter();
            let lines = lines.map(|line| vec![text(line.label), text(&line.text)]).collect();
            (&["about", "what"], lines, 0)
        }
        ViewKind::Sources => {
            let sources = state.status.sources.iter().map(|source| {
                let [read, records, bad] =
                    [source.read_bytes, source.records, source.bad].map(|count| number(Some(count)));
                vec![text(&source.name), read, number(source.size_bytes), records, bad]
            });
            let selected = state.sources.sources.index();
            (&["source", "read_bytes", "size_bytes", "records", "bad"], sources.collect(), selected)
        }
        ViewKind::Invocation | ViewKind::Logs | ViewKind::Traces | ViewKind::Trace | ViewKind::Help => {
            return None;
        }
    };
    Some(Sheet { head, rows, selected })
}

const PATTERN: [&str; 7] = ["pattern", "lines", "level", "new", "first", "last", "newest"];

fn pattern(row: &Pattern, state: &UiState) -> Vec<Cell> {
    let level = super::patterns::level_word(row).to_lowercase();
    let new = if row.new { "new" } else { "" };
    let [first, last] = [row.first, row.last].map(time);
    let [shape, newest] = [state.shape_shown(row), state.newest_shown(row)].map(text);
    vec![shape, number(Some(row.lines)), text(&level), text(new), first, last, newest]
}

const FUNCTION: [&str; 15] = [
    "function",
    "state",
    "invocations_per_minute",
    "invocations",
    "errors",
    "error_percent",
    "throttles",
    "p50_ms",
    "p99_ms",
    "peak_concurrency",
    "reserved",
    "cold_starts",
    "memory_used_mb",
    "memory_mb",
    "not_counted",
];

fn function(row: &FunctionRow) -> Vec<Cell> {
    let mut grades = Vec::new();
    let state = state_sign(row.state, Charset::Ascii.symbols()).1;
    let mut fields = vec![text(&row.name), text(state)];
    fields.push(graded(&row.rate, FUNCTION[2], &mut grades));
    fields.push(graded(&row.invocations, FUNCTION[3], &mut grades));
    fields.push(graded(&row.errors, FUNCTION[4], &mut grades));
    fields.push(graded(&row.error_share, FUNCTION[5], &mut grades));
    fields.push(graded(&row.throttles, FUNCTION[6], &mut grades));
    fields.push(graded(&row.p50, FUNCTION[7], &mut grades));
    fields.push(graded(&row.p99, FUNCTION[8], &mut grades));
    fields.push(graded(&row.concurrency, FUNCTION[9], &mut grades));
    fields.push(number(row.reserved));
    fields.push(graded(&row.cold, FUNCTION[11], &mut grades));
    fields.push(graded(&row.memory_used_mb, FUNCTION[12], &mut grades));
    fields.push(number(row.memory_mb));
    fields.push(text(&grades.join(" ")));
    fields
}

const INVOCATION: [&str; 13] = [
    "start",
    "function",
    "request_id",
    "attempt",
    "status",
    "duration_ms",
    "init_ms",
    "billed_ms",
    "memory_used_mb",
    "memory_mb",
    "error_type",
    "version",
    "log_stream",
];

fn invocation(name: &str, row: &InvocationRow) -> Vec<Cell> {
    vec![
        time(row.start),
        text(name),
        text(&row.request_id),
        number(Some(row.attempt)),
        text(status_word(row.state)),
        number(row.duration.map(Micros::ms)),
        number(row.init.map(Micros::ms)),
        number(row.billed_ms),
        number(row.max_memory_mb),
        number(row.memory_mb),
        row.error_type.as_deref().map_or(Cell::Nothing, text),
        text(&row.version),
        row.stream.as_deref().map_or(Cell::Nothing, text),
    ]
}

const VERSION: [&str; 12] = [
    "version",
    "code_changed",
    "first",
    "last",
    "invocations",
    "errors",
    "cold_starts",
    "p50_ms",
    "p99_ms",
    "init_ms",
    "memory_used_mb",
    "not_counted",
];

fn version(row: &VersionRow) -> Vec<Cell> {
    let mut grades = Vec::new();
    let mut fields = vec![text(&row.version), row.since.map_or(Cell::Nothing, time)];
    fields.extend([time(row.first), time(row.last)]);
    for (count, name) in [&row.invocations, &row.errors, &row.cold].into_iter().zip(&VERSION[4..]) {
        fields.push(graded(count, name, &mut grades));
    }
    for (ms, name) in [&row.p50, &row.p99, &row.init].into_iter().zip(&VERSION[7..]) {
        fields.push(graded(ms, name, &mut grades));
    }
    fields.push(graded(&row.memory_mb, VERSION[10], &mut grades));
    fields.push(text(&grades.join(" ")));
    fields
}

const ENVIRONMENT: [&str; 8] =
    ["log_stream", "version", "first", "last", "invocations", "errors", "memory_used_mb", "state"];

fn environment(row: &EnvironmentRow) -> Vec<Cell> {
    vec![
        text(&row.stream),
        text(&row.version),
        time(row.first),
        time(row.last),
        number(Some(row.invocations)),
        number(Some(row.errors)),
        number(row.max_memory_mb),
        text(super::function::fate(row).0),
    ]
}

const ERROR: [&str; 8] = ["error", "where", "message", "count", "first", "last", "versions", "not_counted"];

fn error(group: &ErrorGroup) -> Vec<Cell> {
    let mut grades = Vec::new();
    let count = graded(&group.count, ERROR[3], &mut grades);
    let versions = group.versions.join(" ") + if group.more_versions { " …" } else { "" };
    let message = if group.others { "(others)" } else { &group.message };
    let mut fields = vec![text(&group.name), text(&group.frame), text(message), count];
    fields.extend([time(group.first), time(group.last), text(&versions), text(&grades.join(" "))]);
    fields
}

const TRACE: [&str; 8] =
    ["trace_id", "start", "duration_ms", "root", "segments", "error", "fault", "throttle"];

fn trace(line: &TraceLine) -> Vec<Cell> {
    vec![
        text(&line.shown),
        time(Timestamp(line.start_us.div_euclid(1_000))),
        number(Some(line.length_us as f64 / 1_000.0)),
        text(&line.root),
        number(Some(line.segments)),
        number(Some(line.flags.error)),
        number(Some(line.flags.fault)),
        number(Some(line.flags.throttle)),
    ]
}

const METRIC: [&str; 11] = [
    "metric",
    "source",
    "dimensions",
    "unit",
    "newest",
    "min",
    "mean",
    "max",
    "sum",
    "values",
    "not_counted",
];

/// A metric; where values add up the newest is so much a minute.
fn metric(row: &MetricRow) -> Vec<Cell> {
    let (mut grades, of) = (Vec::new(), &row.figures);
    let mut fields = vec![text(&row.title), text(row.source.word())];
    fields.extend([text(&row.key.dimensions), text(row.unit.word())]);
    for (value, name) in [&of.newest, &of.min, &of.mean, &of.max].into_iter().zip(&METRIC[4..]) {
        fields.push(graded(value, name, &mut grades));
    }
    fields.push(of.sum.as_ref().map_or(Cell::Nothing, |sum| graded(sum, METRIC[8], &mut grades)));
    fields.push(graded(&of.count, METRIC[9], &mut grades));
    fields.push(text(&grades.join(" ")));
    fields
}

fn graded<T: Display>(value: &Graded<T>, name: &str, grades: &mut Vec<String>) -> Cell {
    if !matches!(value.grade(), Grade::Counted) {
        grades.push(format!("{name}={}", value.grade().word().replace(' ', "-")));
    }
    number(value.value())
}

fn number<T: Display>(value: Option<T>) -> Cell {
    value.map_or(Cell::Nothing, |value| Cell::Number(value.to_string()))
}

fn time(at: Timestamp) -> Cell {
    text(&at.to_string())
}

fn text(foreign: &str) -> Cell {
    if foreign.is_empty() { Cell::Nothing } else { Cell::Text(foreign.to_string()) }
}
