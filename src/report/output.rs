//! A table of answers in the formats of the machine's side and for people.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::model::{Grade, Graded};

/// How a table is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Columns for people.
    #[default]
    Table,
    /// Tab-separated values; what is unknown is empty.
    Tsv,
    /// Comma-separated values; what is unknown is empty.
    Csv,
    /// An array of objects; what is unknown is null, and `grades` says why.
    Json,
    /// A Markdown table.
    Md,
}

/// A value of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text, unsanitised.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A number, printed with at most so many decimals.
    Number(f64, usize),
    /// Yes or no.
    Bool(bool),
    /// Unknown.
    Null,
}

/// A cell: a value and its grade.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The value.
    pub value: Value,
    /// Its grade.
    pub grade: Grade,
}

impl Cell {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { value: Value::Text(text.into()), grade: Grade::Counted }
    }

    /// A text that may be unknown.
    pub fn maybe(text: Option<String>) -> Self {
        Self { value: text.map_or(Value::Null, Value::Text), grade: Grade::Counted }
    }

    /// A whole number.
    pub fn whole(n: i64) -> Self {
        Self { value: Value::Whole(n), grade: Grade::Counted }
    }

    /// A number with at most so many decimals that may be unknown.
    pub fn number(n: Option<f64>, decimals: usize) -> Self {
        Self { value: n.map_or(Value::Null, |n| Value::Number(n, decimals)), grade: Grade::Counted }
    }

    /// Yes or no.
    pub fn bool(is: bool) -> Self {
        Self { value: Value::Bool(is), grade: Grade::Counted }
    }

    /// A graded count.
    pub fn count(n: &Graded<u64>) -> Self {
        Self { value: n.value().map_or(Value::Null, |n| Value::Whole(*n as i64)), grade: n.grade() }
    }

    /// A graded number with at most so many decimals.
    pub fn graded(n: &Graded<f64>, decimals: usize) -> Self {
        Self { value: n.value().map_or(Value::Null, |n| Value::Number(*n, decimals)), grade: n.grade() }
    }

    /// The bare value, as tsv and csv want it.
    fn bare(&self) -> String {
        match &self.value {
            Value::Text(text) => text.clone(),
            Value::Whole(n) => n.to_string(),
            Value::Number(n, decimals) => trimmed(*n, *decimals),
            Value::Bool(is) => is.to_string(),
            Value::Null => String::new(),
        }
    }

    /// The value with the mark of its grade, as a person wants it.
    fn marked(&self) -> String {
        match self.value {
            Value::Null => "–".to_string(),
            _ => self.grade.of(self.bare()).to_string(),
        }
    }
}

/// A number with at most so many decimals, without trailing zeros.
fn trimmed(n: f64, decimals: usize) -> String {
    let text = format!("{n:.decimals$}");
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// A table.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Table {
    /// The columns' names.
    pub columns: Vec<&'static str>,
    /// The rows, as many cells as columns.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Prints it. What comes from the input is made harmless: a terminal may be at the other end.
    pub fn print(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Table => self.aligned(out),
            Format::Tsv => self.separated(out, '\t'),
            Format::Csv => self.separated(out, ','),
            Format::Json => self.json(out),
            Format::Md => self.markdown(out),
        }
    }

    fn separated(&self, out: &mut dyn Write, separator: char) -> io::Result<()> {
        let sep = separator.to_string();
        writeln!(out, "{}", self.columns.join(&sep))?;
        let mut line = String::new();
        for row in &self.rows {
            line.clear();
            for (at, cell) in row.iter().enumerate() {
                if at > 0 {
                    line.push(separator);
                }
                match &cell.value {
                    Value::Text(text) if separator == ',' => csv(&mut line, text),
                    Value::Text(text) => line.push_str(&harmless(text)),
                    _ => line.push_str(&cell.bare()),
                }
            }
            line.push('\n');
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "[")?;
        for (n, row) in self.rows.iter().enumerate() {
            let mut line = String::from("{");
            let mut grades = Vec::new();
            for (name, cell) in self.columns.iter().zip(row) {
                let value = match &cell.value {
                    Value::Text(text) => json_text(text),
                    Value::Null => "null".to_string(),
                    _ => cell.bare(),
                };
                let _ = write!(line, "\"{name}\":{value},");
                if cell.grade != Grade::Counted {
                    let why = cell.grade.why().map_or("", |why| why.words());
                    grades.push(format!(
                        "\"{name}\":{{\"grade\":\"{}\",\"why\":{}}}",
                        cell.grade.word(),
                        json_text(why)
                    ));
                }
            }
            let comma = if n + 1 < self.rows.len() { "," } else { "" };
            writeln!(out, "{line}\"grades\":{{{}}}}}{comma}", grades.join(","))?;
        }
        writeln!(out, "]")
    }

    fn shown(&self) -> Vec<Vec<String>> {
        self.rows.iter().map(|row| row.iter().map(|cell| harmless(&cell.marked())).collect()).collect()
    }

    fn aligned(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.shown();
        let width = |at: usize| {
            let cells = rows.iter().map(|row| unicode_width::UnicodeWidthStr::width(row[at].as_str()));
            cells.chain([self.columns[at].len()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let left: Vec<bool> = (0..self.columns.len())
            .map(|at| self.rows.iter().any(|row| matches!(row[at].value, Value::Text(_))))
            .collect();
        let header: Vec<String> = self.columns.iter().map(|name| name.to_string()).collect();
        for row in std::iter::once(&header).chain(&rows) {
            let mut line = String::new();
            for (at, cell) in row.iter().enumerate() {
                let pad = " "
                    .repeat(widths[at].saturating_sub(unicode_width::UnicodeWidthStr::width(cell.as_str())));
                if at > 0 {
                    line.push_str("  ");
                }
                let _ = if left[at] { write!(line, "{cell}{pad}") } else { write!(line, "{pad}{cell}") };
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "| {} |", self.columns.join(" | "))?;
        writeln!(out, "|{}", "---|".repeat(self.columns.len()))?;
        for row in self.shown() {
            let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
            writeln!(out, "| {} |", cells.join(" | "))?;
        }
        Ok(())
    }
}

/// Control characters as `\u{9b}`: no table may move a cursor or hold a line break in a cell.
pub fn harmless(text: &str) -> String {
    if !text.chars().any(is_control) {
        return text.to_string();
    }
    text.chars().map(|c| if is_control(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{61c}' | '\u{feff}')
}

fn csv(line: &mut String, text: &str) {
    let text = harmless(text);
    if text.contains([',', '"']) {
        let _ = write!(line, "\"{}\"", text.replace('"', "\"\""));
    } else {
        line.push_str(&text);
    }
}

/// A JSON string; serde leaves what a terminal obeys (C1, bidi) as it is, so that is escaped too.
fn json_text(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_string());
    let mut out = String::with_capacity(quoted.len());
    for c in quoted.chars() {
        if is_control(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Why;

    fn printed(format: Format) -> String {
        let table = Table {
            columns: vec!["function", "throttles", "p50"],
            rows: vec![
                vec![
                    Cell::text("a\u{1b}[31m,\u{202e}|"),
                    Cell::count(&Graded::NoSource(Why::ThrottlesAreInNoLog)),
                    Cell::graded(&Graded::AtLeast(3_000.5, Why::Censored), 3),
                ],
                vec![
                    Cell::text("b"),
                    Cell::count(&Graded::Counted(7)),
                    Cell::graded(&Graded::Counted(12.0), 3),
                ],
            ],
        };
        let mut out = Vec::new();
        table.print(format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn unknown_is_empty_or_null_or_a_dash_and_never_0() {
        assert_eq!(
            printed(Format::Tsv),
            "function\tthrottles\tp50\na\\u{1b}[31m,\\u{202e}|\t\t3000.5\nb\t7\t12\n"
        );
        assert_eq!(
            printed(Format::Csv),
            "function,throttles,p50\n\"a\\u{1b}[31m,\\u{202e}|\",,3000.5\nb,7,12\n"
        );
        assert!(printed(Format::Md).contains("| a\\u{1b}[31m,\\u{202e}\\| | – | ≥3000.5 |"));
        assert!(printed(Format::Table).contains("–  ≥3000.5"));
    }

    #[test]
    fn json_is_valid_harmless_and_says_why() {
        let text = printed(Format::Json);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value[0]["throttles"], serde_json::Value::Null);
        assert_eq!(value[0]["function"], "a\u{1b}[31m,\u{202e}|");
        assert_eq!(value[0]["grades"]["throttles"]["grade"], "no-source");
        assert_eq!(value[0]["grades"]["p50"]["grade"], "at-least");
        assert_eq!(value[1]["p50"], 12);
        assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'));
    }
}
