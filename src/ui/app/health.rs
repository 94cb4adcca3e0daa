//! How well what is read can be trusted, as lines of words, the most important first: memory, what was let
//! go, what was lost or bad, how far behind, how far logs and metrics cover each other, and what is missing
//! for which panel.

use std::collections::HashMap;
use std::sync::Arc;

use crate::query::{Coverage, CoverageRequest, Named};
use crate::ui::keymap::ViewKind;
use crate::ui::number;
use crate::ui::status::{SessionKind, SessionStatus, SourceState};
use crate::ui::view::span_words;
use crate::ui::zone::Zone;

use super::state::{Effect, FREEZE_MS, UiState};

/// Numbers repaint at most once in this time.
const EVERY_MS: u64 = 1_000;
/// Reasons for which records are bad that are named.
const REASONS: usize = 5;
/// Sources that failed that are named: the list beside has them all.
const FAILED: usize = 3;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthLine {
    /// What it is about; empty where that is as on the line before.
    pub label: &'static str,
    /// What is to be said of it. Unsanitised.
    pub text: String,
    /// How much it matters.
    pub weight: Weight,
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It is as it should be.
    Fine,
    /// Nothing tells it.
    Missing,
    /// Numbers lack something for it.
    Wrong,
}

/// What was asked last.
#[derive(Clone, Debug)]
pub(super) struct AskedCoverage {
    request: CoverageRequest,
    generation: u64,
    at: u64,
    open: Option<u64>,
}

struct Lines(Vec<HealthLine>);

impl Lines {
    fn put(&mut self, label: &'static str, text: String, weight: Weight) {
        self.0.push(HealthLine { label, text, weight });
    }
}

/// The lines, as far as the answer is there.
pub fn lines(status: &SessionStatus, coverage: Option<&Coverage>, zone: Zone) -> Vec<HealthLine> {
    let mut lines = Lines(Vec::new());
    memory(&mut lines, status, coverage);
    let_go(&mut lines, status, coverage, zone);
    lost(&mut lines, status, coverage);
    behind(&mut lines, status, coverage, zone);
    if let Some(coverage) = coverage {
        covered(&mut lines, coverage, zone);
        for of in &coverage.panels {
            lines.put(of.panel, of.words.clone(), if of.told { Weight::Fine } else { Weight::Missing });
        }
    }
    lines.0
}

fn counted(count: u64, one: &str) -> String {
    format!("{} {one}{}", number::whole(count), if count == 1 { "" } else { "s" })
}

fn memory(lines: &mut Lines, status: &SessionStatus, coverage: Option<&Coverage>) {
    let (used, most) = status.memory;
    let allowed = format!("{} allowed by --memory", number::bytes(most));
    let over = used > most && most > 0;
    let text = match used {
        0 => format!("how much is in use is not known; {allowed}"),
        used => format!("{} in use, {allowed}", number::bytes(used)),
    };
    lines.put("memory", text, if over { Weight::Wrong } else { Weight::Fine });
    if let Some(kept) = coverage.map(|coverage| coverage.kept) {
        let held = format!(
            "of that about {} of {} for what is held: {} one by one",
            number::bytes(kept.bytes as u64),
            number::bytes(kept.budget as u64),
            counted(kept.rows, "invocation"),
        );
        lines.put("", held, Weight::Fine);
    }
}

fn let_go(lines: &mut Lines, status: &SessionStatus, coverage: Option<&Coverage>, zone: Zone) {
    let Some(coverage) = coverage else { return };
    let kept = coverage.kept;
    let clock = |time| zone.seconds(time) + &zone.mark(time);
    let mut any = false;
    let mut put = |count: u64, text: &dyn Fn(String) -> String| {
        if count > 0 {
            let label = if any { "" } else { "let go" };
            lines.put(label, text(number::whole(count)), Weight::Wrong);
            any = true;
        }
    };
    let from = status.evicted.map_or_else(String::new, |from| format!(", held from {} on", clock(from)));
    put(kept.rows_let_go, &|n| {
        format!(
            "{n} single invocations{from}: what they come to is kept, and they are read again where one looks"
        )
    });
    put(kept.rows_late, &|n| format!("{n} invocations came too late to be held one by one"));
    put(kept.traces_let_go, &|n| format!("{n} traces: the oldest that are neither slow nor marked first"));
    put(kept.documents_refused, &|n| format!("{n} segments of traces that had too many"));
    put(kept.lines_let_go, &|n| format!("{n} marks of where log lines lie: finding old lines takes longer"));
    put(kept.coarsened, &|n| format!("{n} times short steps of charts: older ones are coarser"));
    put(kept.others_let_go, &|n| format!("{n} points of the functions' other metrics"));
    put(kept.others_refused, &|n| format!("{n} points of other metrics beyond those that are kept"));
    put(status.forgotten, &|n| format!("{n} invocations in flight, for want of memory"));
    if !any {
        let from = match status.oldest {
            Some(oldest) => format!("nothing: all is held from {} on", clock(oldest)),
            None => "nothing".to_string(),
        };
        lines.put("let go", from, Weight::Fine);
    }
}

fn lost(lines: &mut Lines, status: &SessionStatus, coverage: Option<&Coverage>) {
    match coverage.map(|coverage| coverage.lost) {
        None => {}
        Some(0) => lines.put("lost", "nothing that the platform tells of".into(), Weight::Fine),
        Some(n) => lines.put(
            "lost",
            format!("{} before they came here, as the platform says", counted(n, "record")),
            Weight::Wrong,
        ),
    }
    if status.seen_twice > 0 {
        let text = format!("{} seen twice, counted once", counted(status.seen_twice, "record"));
        lines.put("", text, Weight::Fine);
    }
    if status.bad == 0 {
        return lines.put("bad records", "none".into(), Weight::Fine);
    }
    lines.put("bad records", format!("{} in all", number::whole(status.bad)), Weight::Wrong);
    for (reason, count) in reasons(status) {
        lines.put("", format!("{}: {reason}", number::whole(count)), Weight::Wrong);
    }
}

/// Why those of the bad records that are kept are bad, what most are first. Figures in them are not told apart.
fn reasons(status: &SessionStatus) -> Vec<(&str, u64)> {
    let mut counts: HashMap<String, (&str, u64)> = HashMap::new();
    for record in status.bad_records.iter() {
        let shape = record.reason.chars().filter(|c| !c.is_ascii_digit()).collect();
        counts.entry(shape).or_insert((&record.reason, 0)).1 += 1;
    }
    let mut counts: Vec<(&str, u64)> = counts.into_values().collect();
    counts.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), *reason));
    counts.truncate(REASONS);
    counts
}

fn behind(lines: &mut Lines, status: &SessionStatus, coverage: Option<&Coverage>, zone: Zone) {
    let failed: Vec<&str> = status
        .sources
        .iter()
        .filter(|source| source.state == SourceState::Failed)
        .map(|source| &*source.name)
        .collect();
    if !failed.is_empty() {
        let more = failed.len().saturating_sub(FAILED);
        let more = if more > 0 { format!(" and {} more", number::whole(more as u64)) } else { String::new() };
        let text = format!("{}{more}: failed", failed[..failed.len().min(FAILED)].join(", "));
        lines.put("not read", text, Weight::Wrong);
    }
    let ages: Vec<String> = status
        .ages
        .iter()
        .filter_map(|(kind, age)| Some(format!("{kind} {}", number::coarse_age((*age)?))))
        .collect();
    match status.kind {
        SessionKind::Live if ages.is_empty() => {
            lines.put("behind", "nothing has come yet".into(), Weight::Missing);
        }
        SessionKind::Live => {
            lines.put("behind", format!("the newest record: {}", ages.join(", ")), Weight::Fine);
        }
        SessionKind::Replay { loaded, .. } if loaded < 1.0 => {
            lines.put("behind", format!("{:.0} % of it is read", loaded * 100.0), Weight::Fine);
        }
        SessionKind::Replay { .. } => lines.put("behind", "no: all of it is read".into(), Weight::Fine),
    }
    if let Some(from) = coverage.and_then(|coverage| coverage.read_from) {
        let text = format!("nothing before {}{} is read yet", zone.seconds(from), zone.mark(from));
        lines.put("", text, Weight::Wrong);
    }
}

fn covered(lines: &mut Lines, coverage: &Coverage, zone: Zone) {
    let Coverage { both, logs_only, metrics_only, .. } = coverage;
    let functions = |count: usize| counted(count as u64, "function");
    let named = |of: &Named| {
        let more = of.count - of.names.len();
        let more = if more > 0 { format!(" and {} more", number::whole(more as u64)) } else { String::new() };
        format!("{}{more}", of.names.join(", "))
    };
    match (*both, logs_only.count, metrics_only.count) {
        (0, 0, 0) => {
            lines.put("coverage", "neither logs nor metrics of any function".into(), Weight::Missing);
        }
        (0, n, 0) => lines.put(
            "coverage",
            format!("logs of {}, no metrics: nothing tells whether these logs are all", functions(n)),
            Weight::Missing,
        ),
        (0, 0, n) => lines.put("coverage", format!("metrics of {}, no logs", functions(n)), Weight::Missing),
        (both, _, _) => {
            lines.put("coverage", format!("logs and metrics of {}", functions(both)), Weight::Fine);
        }
    }
    let some = *both > 0 || (logs_only.count > 0 && metrics_only.count > 0);
    for (of, what) in [(logs_only, "logs, but no metrics"), (metrics_only, "metrics, but no logs")] {
        if some && of.count > 0 {
            lines.put("", format!("{what} of {}: {}", functions(of.count), named(of)), Weight::Missing);
        }
    }
    if *both == 0 {
        return;
    }
    let span = span_words(coverage.window, zone);
    let Some((metered, logged)) = coverage.compared else {
        let text = format!("no minute of {span} is closed yet that both tell of");
        return lines.put("", text, Weight::Missing);
    };
    let (metrics, logs) = (number::whole(metered), number::whole(logged));
    let (text, weight) = match metered.cmp(&logged) {
        std::cmp::Ordering::Equal if coverage.apart.is_empty() => ("they agree".to_string(), Weight::Fine),
        std::cmp::Ordering::Greater => {
            // Rounded up: what lacks something never lacks 0 %.
            let share = ((metered - logged) * 100).div_ceil(metered.max(1));
            (format!("{share} % are not in the logs that are read"), Weight::Wrong)
        }
        _ => ("they differ".to_string(), Weight::Wrong),
    };
    let text =
        format!("closed minutes of {span}: metrics count {metrics} invocations, logs tell of {logs}; {text}");
    lines.put("", text, weight);
    for of in &coverage.apart {
        let (metrics, logs) = (number::whole(of.metered), number::whole(of.logged));
        lines.put("", format!("{}: {metrics} by metrics, {logs} by logs", of.name), Weight::Wrong);
    }
    if coverage.more_apart > 0 {
        lines.put("", format!("and {} more", functions(coverage.more_apart)), Weight::Wrong);
    }
}

impl UiState {
    /// The lines of health.
    pub fn health(&self) -> Vec<HealthLine> {
        lines(&self.status, self.sources.coverage.as_deref(), self.zone)
    }

    /// When what time or records changed is to be asked again, on the steady clock.
    pub(super) fn coverage_due_at(&self) -> Option<u64> {
        if self.view() != ViewKind::Sources {
            return None;
        }
        let asked = self.sources.asked.as_ref().filter(|asked| asked.open.is_none())?;
        let changed = (asked.request.as_of, asked.generation) != (self.status.as_of, self.status.generation);
        let still = self.last_key.map_or(0, |key| key + FREEZE_MS);
        changed.then(|| (asked.at + EVERY_MS).max(still))
    }

    pub(super) fn ask_coverage(&mut self, at: u64) -> Option<Effect> {
        if self.view() != ViewKind::Sources {
            return None;
        }
        let as_of = self.status.as_of;
        let window = crate::model::Window { from: as_of.plus(-self.window_ms), to: as_of.plus(1) };
        let request = CoverageRequest { as_of, window };
        let other = self.sources.asked.as_ref().is_none_or(|asked| asked.request.window.ms() != window.ms());
        let sought = self.urgent && self.sources.asked.as_ref().is_none_or(|a| a.request.as_of != as_of);
        if !(other || sought || self.coverage_due_at().is_some_and(|due| due <= at)) {
            return None;
        }
        self.urgent = false;
        let id = self.asked.next_id();
        let generation = self.status.generation;
        self.sources.asked = Some(AskedCoverage { request, generation, at, open: Some(id) });
        Some(Effect::AskCoverage { id, request })
    }

    /// Takes an answer; one to a question that is not open any more is dropped.
    pub(super) fn take_coverage(&mut self, id: u64, answer: Arc<Coverage>) {
        let Some(asked) = self.sources.asked.as_mut().filter(|asked| asked.open == Some(id)) else { return };
        asked.open = None;
        self.sources.coverage = Some(answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Timestamp, Window};
    use crate::query::Health;
    use crate::ui::fixture;

    fn coverage() -> Coverage {
        Coverage {
            panels: Vec::new(),
            both: 0,
            logs_only: Named::default(),
            metrics_only: Named::default(),
            window: Window { from: Timestamp(0), to: Timestamp(60_000) },
            compared: None,
            apart: Vec::new(),
            more_apart: 0,
            lost: 0,
            read_from: None,
            kept: Health::default(),
        }
    }

    fn said(status: &SessionStatus, coverage: &Coverage) -> Vec<(String, Weight)> {
        let lines = lines(status, Some(coverage), Zone::Utc);
        lines.into_iter().map(|line| (format!("{}: {}", line.label, line.text), line.weight)).collect()
    }

    #[test]
    fn nothing_is_called_fine_of_which_nothing_tells() {
        let status = SessionStatus::default();
        let all = said(&status, &coverage());
        let missing = |part: &str| {
            let line = all
                .iter()
                .find(|(text, _)| text.starts_with(part))
                .unwrap_or_else(|| panic!("{part}: {all:?}"));
            line.1 == Weight::Missing
        };
        assert!(missing("behind: nothing has come") && missing("coverage: neither"));
        let logs = Coverage { logs_only: Named { names: vec!["f".into()], count: 1 }, ..coverage() };
        let all = said(&status, &logs);
        assert!(all.iter().any(|(text, weight)| {
            *weight == Weight::Missing && text.ends_with("nothing tells whether these logs are all")
        }));
    }

    #[test]
    fn what_was_let_go_says_from_when_on_it_is_held() {
        let from = Timestamp(3_600_000);
        let status = SessionStatus { evicted: Some(from), ..fixture::live() };
        let kept = Health { rows_let_go: 7, traces_let_go: 2, ..Health::default() };
        let all = said(&status, &Coverage { kept, ..coverage() });
        let gone: Vec<&str> = all
            .iter()
            .map(|(text, _)| &**text)
            .filter(|text| text.contains("single") || text.contains("2 traces"))
            .collect();
        assert_eq!(gone.len(), 2, "{all:?}");
        assert!(gone[0].starts_with("let go: 7 single invocations, held from 01:00:00Z on"), "{gone:?}");
        assert!(gone[1].starts_with(": 2 traces"));
        let none = said(&status, &coverage());
        assert!(
            none.iter().any(|(text, _)| text.starts_with("let go: nothing: all is held from")),
            "{none:?}"
        );
    }

    #[test]
    fn counts_that_agree_in_sum_may_differ_in_one_function() {
        let one = crate::query::Apart { name: "f".into(), metered: 1, logged: 2 };
        let with = |compared, apart| Coverage { both: 2, compared: Some(compared), apart, ..coverage() };
        let weight = |coverage: &Coverage| {
            let all = said(&SessionStatus::default(), coverage);
            all.iter().find(|(text, _)| text.contains("closed minutes")).unwrap().clone()
        };
        assert_eq!(weight(&with((5, 5), vec![])).1, Weight::Fine);
        assert_eq!(weight(&with((5, 5), vec![one.clone()])).1, Weight::Wrong);
        let (text, _) = weight(&with((1_000, 999), vec![one]));
        assert!(text.ends_with("1 % are not in the logs that are read"), "{text}");
    }

    #[test]
    fn bad_records_are_told_by_their_reasons() {
        let mut status = fixture::live();
        let record = status.bad_records[0].clone();
        let bad = |reason: &str| crate::ui::status::BadRecord { reason: reason.into(), ..record.clone() };
        let all = ["not JSON from byte 7 on", "not text", "not JSON from byte 81 on"];
        status.bad_records = Arc::new(all.into_iter().map(bad).collect());
        assert_eq!(reasons(&status), [("not JSON from byte 7 on", 2), ("not text", 1)]);
    }
}
