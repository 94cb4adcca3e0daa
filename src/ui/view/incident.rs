//! What is wrong, for a colleague: sentences with their evidence, the figures of the window with how far
//! they can be trusted, what is not seen, what was read, and how to look at the same again. As Markdown for
//! people, and as JSON for programs. Texts of others are masked and can't mark anything up.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::mask::{self, Masked};
use crate::model::{Evidence, Finding, Grade, Graded, Timestamp};
use crate::query::finding_object;
use crate::query::view::{Overview, Panel};
use crate::ui::app::{PanelKind, UiState};
use crate::ui::number;
use crate::ui::status::{SessionKind, SourceStatus};
use crate::ui::symbols::Charset;

use super::overview::state_sign;
use super::panels;
use super::problems::{certainty, subject};

/// Functions that are listed.
const FUNCTIONS: usize = 20;

/// What the report is of: the picture on screen of all functions.
struct Incident<'a> {
    state: &'a UiState,
    answer: &'a Overview,
}

/// As Markdown; `None` before there is a picture.
pub fn markdown(state: &UiState) -> Option<String> {
    let answer = state.overview.board.answer.as_deref()?;
    let mut text = String::new();
    // Nothing that is written into a text fails.
    let _ = Incident { state, answer }.write(&mut text);
    Some(text)
}

/// As JSON; `None` before there is a picture.
pub fn json(state: &UiState) -> Option<String> {
    let answer = state.overview.board.answer.as_deref()?;
    let value = Incident { state, answer }.value();
    serde_json::to_string_pretty(&value).ok().map(|text| text + "\n")
}

impl Incident<'_> {
    fn from(&self) -> Timestamp {
        self.answer.as_of.plus(-self.state.window_ms)
    }

    fn time(&self, at: Timestamp) -> String {
        let zone = self.state.zone;
        format!("{} {}{}", zone.date(at), zone.seconds(at), zone.mark(at))
    }

    fn panels(&self) -> impl Iterator<Item = (PanelKind, &Panel)> {
        PanelKind::ALL.into_iter().filter_map(|kind| Some((kind, kind.of(self.answer)?)))
    }

    /// Where a record lies.
    fn source(&self, evidence: &Evidence) -> (Option<&SourceStatus>, u64) {
        match evidence {
            Evidence::Told(_) => (None, 0),
            Evidence::Record(origin) => {
                let sources = &self.state.status.sources;
                (sources.iter().find(|source| source.id == origin.source), origin.offset)
            }
        }
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let state = self.state;
        writeln!(out, "# Incident as of {}\n", self.time(self.answer.as_of))?;
        let kind = if matches!(state.status.kind, SessionKind::Live) { "live" } else { "a replay" };
        write!(out, "{kind}, {} to {}", self.time(self.from()), self.time(self.answer.as_of))?;
        if !state.filter_text.is_empty() {
            write!(out, ", of {}", text(&state.filter.explain()))?;
        }
        writeln!(out, "; lamtop {}\n\n## What is wrong\n", env!("CARGO_PKG_VERSION"))?;
        if state.problems.found.is_empty() {
            let judged =
                state.problems.judged.map_or_else(String::new, |at| format!(" up to {}", self.time(at)));
            writeln!(out, "No problem of a known kind was found{judged}.\n")?;
        }
        for finding in &state.problems.found {
            self.write_finding(out, finding)?;
        }
        if state.problems.left_out > 0 {
            writeln!(out, "{} open problems are outside the filter.\n", state.problems.left_out)?;
        }
        writeln!(out, "## Figures\n\n| | now | how sure | before | from |\n|--|--|--|--|--|")?;
        for (kind, panel) in self.panels() {
            let figures = panels::figures(kind, panel, Charset::Braille.symbols());
            let sure = sure(panel.now.grade());
            let from = panel.provenance.source;
            let title = if kind == PanelKind::Duration { "Duration p99" } else { kind.title() };
            writeln!(out, "| {title} | {} | {sure} | {} | {from} |", figures.0, figures.1)?;
        }
        self.write_functions(out)?;
        for unseen in &self.answer.not_seen {
            writeln!(out, "Not seen: {}.\n", text(unseen))?;
        }
        writeln!(out, "## What was read\n\n| source | state | bytes | records | bad |\n|--|--|--|--|--|")?;
        for source in state.status.sources.iter() {
            let (name, word) = (text(&source.name), source.state.word());
            writeln!(
                out,
                "| {name} | {word} | {} | {} | {} |",
                source.read_bytes, source.records, source.bad
            )?;
        }
        if !state.bookmarks.is_empty() {
            writeln!(out, "\n## Bookmarks\n")?;
            for bookmark in &state.bookmarks {
                writeln!(out, "- {} {}", self.time(bookmark.at), text(&bookmark.note))?;
            }
        }
        writeln!(out, "\n## Again\n\n    {}", self.again())
    }

    fn write_finding(&self, out: &mut String, finding: &Finding) -> std::fmt::Result {
        let name = subject(finding);
        let (severity, certainty) = (finding.severity.word(), certainty(finding.certainty));
        writeln!(out, "### {} {} ({severity}, {certainty})\n", text(&name), finding.kind.word())?;
        let until =
            finding.until.map_or_else(|| "goes on".to_string(), |at| format!("until {}", self.time(at)));
        writeln!(out, "{}. Since {}, {until}.\n", text(&finding.sentence), self.time(finding.since))?;
        writeln!(out, "First: {}.\n", text(&finding.first_step))?;
        for (name, value) in &finding.numbers {
            writeln!(out, "- {name}: {}", number::plain(*value))?;
        }
        for evidence in &finding.evidence {
            match (evidence, self.source(evidence)) {
                (Evidence::Told(told), _) => writeln!(out, "- shown by {}", text(told))?,
                (_, (Some(source), offset)) => {
                    writeln!(out, "- shown by the record at byte {offset} of {}", text(&source.name))?
                }
                (_, (None, offset)) => {
                    writeln!(out, "- shown by a record at byte {offset} of a source that is gone")?
                }
            }
        }
        writeln!(out)
    }

    fn write_functions(&self, out: &mut String) -> std::fmt::Result {
        let symbols = Charset::Braille.symbols();
        writeln!(out, "\n## Functions\n")?;
        let all = self.answer.rows.len();
        if all > FUNCTIONS {
            writeln!(out, "The first {FUNCTIONS} of {all}, in the order of the screen.\n")?;
        }
        writeln!(out, "| function | state | invocations | errors | p50 | p99 | throttles | at once |")?;
        writeln!(out, "|--|--|--|--|--|--|--|--|")?;
        for row in self.answer.rows.iter().take(FUNCTIONS) {
            let count = |value: &Graded<u64>| number::graded(value, number::whole, symbols);
            let took = |value: &Graded<f64>| number::graded(value, number::duration_long, symbols);
            let cells = [
                text(&row.name).into_owned(),
                state_sign(row.state, symbols).1.to_string(),
                count(&row.invocations),
                count(&row.errors),
                took(&row.p50),
                took(&row.p99),
                count(&row.throttles),
                count(&row.concurrency),
            ];
            writeln!(out, "| {} |", cells.join(" | "))?;
        }
        writeln!(out)
    }

    /// The command that shows the same picture.
    fn again(&self) -> String {
        let sources = &self.state.status.sources;
        if sources.iter().all(|source| !source.named) {
            return "what was read has no name by which it can be read again".to_string();
        }
        let names = sources.iter().filter(|source| source.named).map(|source| quoted(&source.name));
        let names = names.collect::<Vec<_>>().join(" ");
        format!("lamtop replay {names} --paused --at {}", self.answer.as_of)
    }

    fn value(&self) -> Value {
        let state = self.state;
        let panels = self.panels().map(|(kind, panel)| {
            let figure = |value: &Graded<f64>| {
                json!({
                    "value": value.value(),
                    "grade": value.grade().word(),
                    "why": value.grade().why().map(|why| why.words()),
                })
            };
            json!({
                "panel": kind.title(),
                "now": figure(&panel.now),
                "also": panel.also.as_ref().map(figure),
                "before": figure(&panel.before),
                "source": panel.provenance.source,
                "note": panel.provenance.note,
            })
        });
        let sources = state.status.sources.iter().map(|source| {
            json!({
                "source": mask_of(&source.name),
                "state": source.state.word(),
                "bytes": source.read_bytes,
                "records": source.records,
                "bad": source.bad,
            })
        });
        let bookmarks = state.bookmarks.iter().map(|bookmark| {
            json!({
                "at": bookmark.at.to_string(),
                "note": mask_of(&bookmark.note),
            })
        });
        json!({
            "as_of": self.answer.as_of.to_string(),
            "from": self.from().to_string(),
            "filter": state.filter_text,
            "findings": state.problems.found.iter().map(|finding| self.finding(finding)).collect::<Vec<_>>(),
            "findings_outside_the_filter": state.problems.left_out,
            "judged": state.problems.judged.map(|at| at.to_string()),
            "panels": panels.collect::<Vec<_>>(),
            "not_seen": self.answer.not_seen,
            "sources": sources.collect::<Vec<_>>(),
            "bookmarks": bookmarks.collect::<Vec<_>>(),
            "again": self.again(),
        })
    }

    /// In the form of `report --findings --format json`.
    fn finding(&self, finding: &Finding) -> Value {
        let evidence = finding.evidence.iter().map(|evidence| match (evidence, self.source(evidence)) {
            (Evidence::Told(told), _) => json!({ "source": null, "offset": null, "excerpt": mask_of(told) }),
            (_, (source, offset)) => {
                json!({ "source": source.map(|source| mask_of(&source.name)), "offset": offset, "excerpt": null })
            }
        });
        let mut object = finding_object(finding, evidence.collect());
        object["sentence"] = object["sentence"].as_str().map(|said| mask_of(said).into_owned()).into();
        object
    }
}

fn sure(grade: Grade) -> String {
    let word = grade.word().replace('-', " ");
    grade.why().map_or_else(|| word.clone(), |why| format!("{word}: {}", why.words()))
}

fn mask_of(foreign: &str) -> Cow<'_, str> {
    mask::text(foreign, &mut Masked::default())
}

/// A text of others in Markdown: masked, in one line, with nothing in it that marks up.
fn text(foreign: &str) -> Cow<'static, str> {
    let mut clean = String::new();
    for c in mask_of(foreign).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '|' | '#' | '&' | '!' => clean.extend(['\\', c]),
            c if c.is_control() || crate::ui::sanitize::is_hostile(c) => clean.push(' '),
            c => clean.push(c),
        }
    }
    clean.into()
}

/// A name as a shell takes it; for a character that could hide what is written there stands the sign that
/// lamtop takes for any.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@%,".contains(c);
    let hides = |c: char| c.is_control() || crate::ui::sanitize::is_hostile(c);
    let clean: String = name.chars().map(|c| if hides(c) { '?' } else { c }).collect();
    match !clean.is_empty() && clean.chars().all(plain) {
        true => clean,
        false => format!("'{}'", clean.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture::{Session, live};

    #[test]
    fn an_incident_for_people() {
        let session = Session::new(140, 45, live());
        insta::assert_snapshot!("incident", markdown(&session.state).unwrap());
    }

    #[test]
    fn an_incident_for_programs_says_the_same() {
        let mut session = Session::new(140, 45, live());
        session.press("m \"before\" Enter");
        let value: Value = serde_json::from_str(&json(&session.state).unwrap()).unwrap();
        let findings = value["findings"].as_array().unwrap();
        assert_eq!(findings.len(), session.state.problems.found.len());
        assert_eq!(findings[0]["kind"], "timeout");
        let panels = value["panels"].as_array().unwrap();
        let throttles = panels.iter().find(|panel| panel["panel"] == "Throttles").unwrap();
        assert_eq!(
            (&throttles["now"]["value"], &throttles["now"]["grade"]),
            (&Value::Null, &json!("no-source"))
        );
        assert_eq!(value["bookmarks"][0]["note"], "before");
        assert!(value["again"].as_str().unwrap().starts_with("lamtop replay "));
    }

    #[test]
    fn texts_of_others_mark_nothing_up_and_run_nothing() {
        assert_eq!(text("a|b `c` <script>\u{1b}[2J\u{202e}"), "a\\|b \\`c\\` \\<script\\> \\[2J ");
        assert_eq!(quoted("/var/log/a.log"), "/var/log/a.log");
        assert_eq!(quoted("it's; rm -rf $HOME\n"), "'it'\\''s; rm -rf $HOME?'");
    }
}
