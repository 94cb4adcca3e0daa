//! What can be copied of what is selected: the thing itself, its ids, its row and the row's cells,
//! the command that would fetch it from AWS, the console's page of it.

use serde_json::{Map, Value};

use crate::model::{Timestamp, Window};
use crate::query::view::{InvocationRow, LogRow};
use crate::ui::keymap::ViewKind;
use crate::ui::view::{self, Cell};

use super::aws::{Aws, around};
use super::function::FunctionList;
use super::state::{SourcesList, UiState};

/// A text for the clipboard.
#[derive(Clone, Debug, PartialEq)]
pub struct Copied {
    /// What it is.
    pub what: String,
    /// The text, raw.
    pub text: String,
}

impl UiState {
    /// All that can be copied here; what `copy` takes at once comes first.
    pub(super) fn copies(&self) -> Vec<Copied> {
        let mut all: Vec<Copied> = Vec::new();
        let mut put = |what: &str, text: Option<String>| {
            let text = text.filter(|text| !text.is_empty());
            if let Some(text) = text.filter(|text| all.iter().all(|other| other.text != *text)) {
                all.push(Copied { what: what.to_string(), text });
            }
        };
        if let Some((what, text)) = self.copied_of_tagged() {
            put(&what, Some(text));
        }
        put(self.copied_is(), self.copied());
        let line = self.lines_here().and_then(|logs| logs.selected());
        let value = self.lines_here().zip(line).and_then(|(logs, line)| logs.unfolded.value(line));
        put("value", value.map(|node| node.raw().to_string()));
        let invocation = self.chosen_invocation();
        if self.view() != ViewKind::Invocation
            && let Some(line) = line
        {
            put("request id", line.request_id.clone());
            put("line as JSON", Some(line_as_json(line)));
        }
        if let Some((row, _)) = &invocation {
            put("request id", Some(row.request_id.clone()));
            put("log stream", row.stream.clone());
        }
        put("trace id", self.trace_of_selected());
        let aws = Aws { region: self.options.region.as_deref() };
        put("AWS CLI command", self.command_for(aws, invocation.as_ref(), line));
        put("link to the AWS console", self.page_for(aws, invocation.as_ref(), line));
        let sheet = view::sheet(self);
        if let Some((head, row)) = sheet.as_ref().and_then(|s| Some((s.head, s.rows.get(s.selected)?))) {
            put("row as JSON", Some(row_as_json(head, row)));
            let cells: Vec<&str> = row.iter().map(Cell::as_str).collect();
            put("row, separated by tabs", Some(cells.join("\t")));
            for (name, cell) in head.iter().zip(row) {
                put(&format!("cell {name}"), Some(cell.as_str().to_string()));
            }
        }
        all
    }

    /// What [`UiState::copied`] is.
    fn copied_is(&self) -> &'static str {
        match self.view() {
            ViewKind::Overview => "function",
            ViewKind::Function => match self.function.as_ref().map(|function| function.list) {
                Some(FunctionList::Invocations) => "request id",
                Some(FunctionList::Errors) => "error",
                Some(FunctionList::Versions) => "version",
                Some(FunctionList::Environments) => "log stream",
                Some(FunctionList::Metrics) => "metric",
                Some(FunctionList::Settings) | None => "setting",
            },
            ViewKind::Invocations | ViewKind::Invocation => "request id",
            ViewKind::Logs => "line",
            ViewKind::Patterns => "pattern",
            ViewKind::Traces => "trace id",
            ViewKind::Trace => "segment",
            ViewKind::Problems => "sentence",
            ViewKind::Sources if self.sources.list == SourcesList::Bad => "bad record",
            ViewKind::Sources if self.sources.list == SourcesList::Health => "all of it",
            ViewKind::Sources => "source",
            ViewKind::Help => "",
        }
    }

    fn trace_of_selected(&self) -> Option<String> {
        match self.view() {
            ViewKind::Trace => Some(self.trace()?.answer.as_ref()?.shown.clone()),
            ViewKind::Traces => Some(self.traces.selected()?.shown.clone()),
            ViewKind::Invocation => {
                let tree = self.invocation.as_ref()?.one.as_ref()?.tree.as_ref()?;
                Some(tree.shown.clone())
            }
            _ => None,
        }
    }

    /// The function that is meant, by its name.
    fn function_named(&self) -> Option<String> {
        match self.view() {
            ViewKind::Overview => Some(self.overview.selected()?.name.to_string()),
            ViewKind::Function => Some(self.function.as_ref()?.name.to_string()),
            ViewKind::Problems => Some(self.problem()?.name.to_string()),
            _ => None,
        }
    }

    fn window(&self) -> Window {
        let to = self.status.as_of;
        Window { from: to.plus(-self.window_ms), to }
    }

    fn command_for(
        &self,
        aws: Aws<'_>,
        invocation: Option<&(InvocationRow, std::sync::Arc<str>)>,
        line: Option<&LogRow>,
    ) -> Option<String> {
        if let Some((row, name)) = invocation {
            let (stream, id) = (row.stream.as_deref(), row.request_id.as_str());
            return Some(aws.log_lines(name, stream, Some(id), span_of(row)));
        }
        if let Some((line, function)) = line.and_then(|line| Some((line, line.function.as_deref()?))) {
            let at = line.time?;
            return Some(aws.log_lines(function, None, line.request_id.as_deref(), around(at, at)));
        }
        if let Some(id) = self.trace_of_selected() {
            return Some(aws.trace(&id));
        }
        let name = self.function_named()?;
        let settings = self.function.as_ref().is_some_and(|function| function.list == FunctionList::Settings);
        Some(match self.view() == ViewKind::Function && settings {
            true => aws.configuration(&name),
            false => aws.log_lines(&name, None, None, self.window()),
        })
    }

    fn page_for(
        &self,
        aws: Aws<'_>,
        invocation: Option<&(InvocationRow, std::sync::Arc<str>)>,
        line: Option<&LogRow>,
    ) -> Option<String> {
        if let Some((row, name)) = invocation {
            let (stream, id) = (row.stream.as_deref(), row.request_id.as_str());
            return Some(aws.log_page(name, stream, Some(id), span_of(row)));
        }
        if let Some((line, function)) = line.and_then(|line| Some((line, line.function.as_deref()?))) {
            let at = line.time?;
            return Some(aws.log_page(function, None, line.request_id.as_deref(), around(at, at)));
        }
        match self.trace_of_selected() {
            Some(id) => Some(aws.trace_page(&id)),
            None => Some(aws.function_page(&self.function_named()?)),
        }
    }
}

/// From when an invocation began until it had ended, or may have.
fn span_of(row: &InvocationRow) -> Window {
    const LONGEST_MS: i64 = 15 * 60_000;
    let ms = row.duration.map_or(LONGEST_MS, |duration| duration.ms().ceil() as i64);
    around(row.start, row.start.plus(ms))
}

fn line_as_json(line: &LogRow) -> String {
    let mut fields = Map::new();
    let mut put = |name: &str, text: Option<String>| {
        if let Some(text) = text {
            fields.insert(name.to_string(), Value::String(text));
        }
    };
    put("time", line.time.map(|time: Timestamp| time.to_string()));
    put("function", line.function.as_deref().map(str::to_string));
    put("level", line.level.word().map(str::to_string));
    put("requestId", line.request_id.clone());
    // What is JSON itself stays so.
    let message = serde_json::from_str::<Value>(&line.text).ok().filter(Value::is_object);
    fields.insert("message".to_string(), message.unwrap_or_else(|| Value::String(line.text.clone())));
    Value::Object(fields).to_string()
}

fn row_as_json(head: &[&str], row: &[Cell]) -> String {
    let value = |cell: &Cell| match cell {
        Cell::Text(text) => Value::String(text.clone()),
        Cell::Number(number) => serde_json::from_str(number).unwrap_or(Value::String(number.clone())),
        Cell::Nothing => Value::Null,
    };
    let fields: Map<String, Value> =
        head.iter().zip(row).map(|(name, cell)| ((*name).to_string(), value(cell))).collect();
    Value::Object(fields).to_string()
}
