//! The table of a view as CSV (RFC 4180): bare numbers in the units of their names, nothing where
//! there is no source, and at the end how far the numbers can be trusted where they are not counted.

use std::fmt::Display;

use crate::model::{Grade, Graded, Micros, Timestamp};
use crate::query::filter::status_word;
use crate::query::view::{EnvironmentRow, ErrorGroup, FunctionRow, InvocationRow, TraceLine, VersionRow};
use crate::ui::app::{FunctionList, Shape, UiState};
use crate::ui::keymap::ViewKind;
use crate::ui::symbols::Charset;

use super::overview::state_sign;

/// The table of the topmost view; `None` where it has none.
pub fn csv(state: &UiState) -> Option<String> {
    match state.view() {
        ViewKind::Overview => {
            let rows = (0..state.overview.len()).filter_map(|line| state.overview.row(line));
            Some(table(&FUNCTION, rows.map(function)))
        }
        ViewKind::Function => {
            let board = state.function.as_ref()?;
            let detail = board.detail()?;
            match board.list {
                FunctionList::Invocations => {
                    let rows = (0..board.len()).filter_map(|line| board.invocation(line));
                    Some(table(&INVOCATION, rows.map(|row| invocation(&board.name, row))))
                }
                FunctionList::Errors => Some(table(&ERROR, detail.errors.iter().map(error))),
                FunctionList::Versions => Some(table(&VERSION, detail.versions.iter().map(version))),
                FunctionList::Environments => {
                    Some(table(&ENVIRONMENT, detail.environments.iter().map(environment)))
                }
                FunctionList::Settings => {
                    let facts = board.facts().iter().map(|fact| vec![text(fact.label), text(&fact.value)]);
                    Some(table(&["setting", "value"], facts))
                }
            }
        }
        ViewKind::Invocations => {
            let rows = state.invocations.rows().iter();
            Some(table(&INVOCATION, rows.map(|listed| invocation(&listed.name, &listed.row))))
        }
        ViewKind::Traces if state.traces.shape == Shape::List => {
            let lines = state.traces.answer.iter().flat_map(|answer| &answer.lines);
            Some(table(&TRACE, lines.map(trace)))
        }
        ViewKind::Problems => {
            let found = state.problems.found.iter().map(|finding| {
                vec![
                    text(finding.kind.word()),
                    text(&finding.name),
                    time(finding.since),
                    finding.until.map_or_else(String::new, time),
                    text(&finding.sentence),
                ]
            });
            Some(table(&["kind", "function", "since", "until", "sentence"], found))
        }
        ViewKind::Sources => {
            let sources = state.status.sources.iter().map(|source| {
                let size = source.size_bytes.map_or_else(String::new, |size| size.to_string());
                let counts = [source.records, source.bad].map(|count| count.to_string());
                let [records, bad] = counts;
                vec![text(&source.name), source.read_bytes.to_string(), size, records, bad]
            });
            Some(table(&["source", "read_bytes", "size_bytes", "records", "bad"], sources))
        }
        ViewKind::Invocation | ViewKind::Logs | ViewKind::Traces | ViewKind::Trace | ViewKind::Help => None,
    }
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

fn function(row: &FunctionRow) -> Vec<String> {
    let mut grades = Vec::new();
    let state = state_sign(row.state, Charset::Ascii.symbols()).1;
    let mut fields = vec![text(&row.name), state.to_string()];
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
    fields.push(grades.join(" "));
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

fn invocation(name: &str, row: &InvocationRow) -> Vec<String> {
    vec![
        time(row.start),
        text(name),
        text(&row.request_id),
        row.attempt.to_string(),
        status_word(row.state).to_string(),
        number(row.duration.map(Micros::ms)),
        number(row.init.map(Micros::ms)),
        number(row.billed_ms),
        number(row.max_memory_mb),
        number(row.memory_mb),
        row.error_type.as_deref().map_or_else(String::new, text),
        text(&row.version),
        row.stream.as_deref().map_or_else(String::new, text),
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

fn version(row: &VersionRow) -> Vec<String> {
    let mut grades = Vec::new();
    let mut fields = vec![text(&row.version), row.since.map_or_else(String::new, time)];
    fields.extend([time(row.first), time(row.last)]);
    for (count, name) in [&row.invocations, &row.errors, &row.cold].into_iter().zip(&VERSION[4..]) {
        fields.push(graded(count, name, &mut grades));
    }
    for (ms, name) in [&row.p50, &row.p99, &row.init].into_iter().zip(&VERSION[7..]) {
        fields.push(graded(ms, name, &mut grades));
    }
    fields.push(graded(&row.memory_mb, VERSION[10], &mut grades));
    fields.push(grades.join(" "));
    fields
}

const ENVIRONMENT: [&str; 7] =
    ["log_stream", "version", "first", "last", "invocations", "errors", "memory_used_mb"];

fn environment(row: &EnvironmentRow) -> Vec<String> {
    vec![
        text(&row.stream),
        text(&row.version),
        time(row.first),
        time(row.last),
        row.invocations.to_string(),
        row.errors.to_string(),
        number(row.max_memory_mb),
    ]
}

const ERROR: [&str; 8] = ["error", "where", "message", "count", "first", "last", "versions", "not_counted"];

fn error(group: &ErrorGroup) -> Vec<String> {
    let mut grades = Vec::new();
    let count = graded(&group.count, ERROR[3], &mut grades);
    let versions = group.versions.join(" ") + if group.more_versions { " …" } else { "" };
    let message = if group.others { "(others)" } else { &group.message };
    let mut fields = vec![text(&group.name), text(&group.frame), text(message), count];
    fields.extend([time(group.first), time(group.last), text(&versions), grades.join(" ")]);
    fields
}

const TRACE: [&str; 8] =
    ["trace_id", "start", "duration_ms", "root", "segments", "error", "fault", "throttle"];

fn trace(line: &TraceLine) -> Vec<String> {
    vec![
        text(&line.shown),
        time(Timestamp(line.start_us.div_euclid(1_000))),
        (line.length_us as f64 / 1_000.0).to_string(),
        text(&line.root),
        line.segments.to_string(),
        line.flags.error.to_string(),
        line.flags.fault.to_string(),
        line.flags.throttle.to_string(),
    ]
}

fn graded<T: Display>(value: &Graded<T>, name: &str, grades: &mut Vec<String>) -> String {
    if !matches!(value.grade(), Grade::Counted) {
        grades.push(format!("{name}={}", value.grade().word().replace(' ', "-")));
    }
    number(value.value())
}

fn number<T: Display>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn time(at: Timestamp) -> String {
    at.to_string()
}

/// A foreign text as a field: quoted where it must be. What a spreadsheet would take for a formula
/// begins with an apostrophe, and control characters become blanks.
fn text(foreign: &str) -> String {
    let clean: String = foreign.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let formula = clean.starts_with(['=', '+', '-', '@']);
    let clean = if formula { format!("'{clean}") } else { clean };
    match clean.contains([',', '"']) {
        true => format!("\"{}\"", clean.replace('"', "\"\"")),
        false => clean,
    }
}

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let rows = rows.map(|fields| fields.join(",") + "\r\n");
    std::iter::once(head.join(",") + "\r\n").chain(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture::{Session, live};

    #[test]
    fn foreign_texts_are_fields_and_no_formulas() {
        assert_eq!(text("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(text("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(text("@x\r\n+1"), "'@x  +1");
        assert_eq!(text("2026/11/23/[$LATEST]ab"), "2026/11/23/[$LATEST]ab");
    }

    #[test]
    fn every_table_has_as_many_fields_in_every_row() {
        for (keys, least) in [
            ("", 6),
            ("j Enter", 3),
            ("j Enter Tab", 2),
            ("j Enter Tab Tab", 2),
            ("j Enter Tab Tab Tab", 2),
            ("j Enter Tab Tab Tab Tab", 2),
            ("3", 5),
            ("5", 2),
            ("6", 2),
            ("7", 3),
        ] {
            let mut session = Session::new(140, 45, live());
            session.press(keys);
            let table = csv(&session.state).unwrap();
            let lines: Vec<&str> = table.lines().collect();
            // A comma in quotes is none.
            let fields = |line: &str| {
                let mut inside = false;
                line.chars()
                    .filter(|c| {
                        inside ^= *c == '"';
                        *c == ',' && !inside
                    })
                    .count()
                    + 1
            };
            assert!(lines.len() >= least, "{keys}: {table}");
            assert!(lines.iter().all(|line| fields(line) == fields(lines[0])), "{keys}: {table}");
        }
        let mut session = Session::new(140, 45, live());
        session.press("4");
        assert_eq!(csv(&session.state), None);
    }

    #[test]
    fn what_is_not_counted_says_so_and_no_source_is_empty() {
        let session = Session::new(140, 45, live());
        let table = csv(&session.state).unwrap();
        assert!(table.contains("throttles=no-source"), "{table}");
        assert!(!table.contains("NaN"));
    }
}
