//! One invocation: how it went in a bar, what is known of it, its trace, its log lines.

use ratatui::layout::Rect;

use crate::model::{Cold, Graded, Micros, Outcome, Timestamp, Waited};
use crate::query::One;
use crate::query::view::{InvocationRow, InvocationState};
use crate::ui::app::{InvocationBoard, UiState};
use crate::ui::number;
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::pen::Pen;
use crate::ui::widget::waterfall;
use crate::ui::zone::Zone;

use super::function::outcome;
use super::logs;

/// Columns for what a line is about.
const LABEL: u16 = 10;
/// On a narrower screen the name of the log stream is cut at the end of what is told of the environment ...
const WIDE: u16 = 100;
/// ... and has a row of its own from this height on, or from that beside a trace.
const TALL: (u16, u16) = (18, 30);
/// Rows of log lines that stay, whatever else there is.
const LINES: u16 = 5;

/// What the header calls the view.
pub fn title(board: &InvocationBoard) -> String {
    format!("invocation {}", board.name)
}

/// Where the parts stand: facts, trace, log lines; each of the last two below a rule.
struct Parts {
    facts: Rect,
    trace: Rect,
    lines: Rect,
}

fn parts(area: Rect, board: &InvocationBoard, zone: Zone, symbols: &Symbols) -> Parts {
    let one = board.one.as_deref();
    let facts = one.map_or(1, |one| facts(one, stream_apart(area, one), zone, symbols).len() as u16 + BAR);
    let facts = facts.min(area.height);
    let rest = area.height - facts;
    let spans = one.and_then(|one| one.tree.as_ref()).map_or(0, |tree| tree.rows.len() as u16 + 1);
    let trace = spans.min(rest.saturating_sub(LINES).max(rest / 3));
    let part = |y: u16, height: u16| Rect { y: area.y + y, height, ..area };
    Parts { facts: part(0, facts), trace: part(facts, trace), lines: part(facts + trace, rest - trace) }
}

/// Whether the log stream has a row of its own.
fn stream_apart(area: Rect, one: &One) -> bool {
    let least = if one.tree.is_some() { TALL.1 } else { TALL.0 };
    area.width < WIDE && area.height >= least
}

/// Rows of log lines.
pub fn list_rows(area: Rect, state: &UiState) -> usize {
    let Some(board) = &state.invocation else { return 0 };
    let lines = parts(area, board, state.zone, state.options.charset.symbols()).lines;
    usize::from(lines.height.saturating_sub(1))
}

/// Draws all of it.
pub fn draw(pen: &mut Pen, area: Rect, state: &UiState) {
    let Some(board) = &state.invocation else { return };
    let parts = parts(area, board, state.zone, pen.symbols);
    match board.one.as_deref() {
        None => {
            pen.text(area.x, area.y, area.width, "looking", Role::Label);
        }
        Some(one) => {
            draw_facts(pen, parts.facts, one, stream_apart(area, one), state);
            draw_trace(pen, parts.trace, one);
        }
    }
    let title = if board.lines.raw { " log lines, raw " } else { " log lines " };
    let rows = below_rule(pen, parts.lines, title);
    logs::draw(pen, rows, &board.lines, state);
    let below = board.lines.rows.len().saturating_sub(board.lines.top + usize::from(rows.height));
    if below > 0 && rows.height > 0 {
        let more = format!(" {} {below} more ", pen.symbols.down);
        pen.right(parts.lines.right().saturating_sub(1), parts.lines.y, parts.lines.width, &more, Role::Hint);
    }
}

fn below_rule(pen: &mut Pen, area: Rect, title: &str) -> Rect {
    if area.height == 0 {
        return area;
    }
    pen.rule(Rect { height: 1, ..area });
    pen.text(area.x + 1, area.y, area.width.saturating_sub(1), title, Role::Title);
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// A line of facts: what it is about, what is known, its role.
struct Fact(&'static str, String, Role);

fn draw_facts(pen: &mut Pen, area: Rect, one: &One, apart: bool, state: &UiState) {
    let facts = facts(one, apart, state.zone, pen.symbols);
    let mut y = area.y;
    for (at, Fact(label, text, role)) in facts.iter().enumerate() {
        if y >= area.bottom() {
            return;
        }
        pen.text(area.x, y, LABEL, label, Role::Label);
        pen.text(area.x + LABEL, y, area.width.saturating_sub(LABEL), text, *role);
        y += 1;
        // The bar is below how it ended.
        if at == 0 && area.bottom() >= y + BAR {
            if let Some(row) = &one.row {
                draw_bar(pen, Rect::new(area.x, y, area.width, BAR), one, row);
            }
            y += BAR;
        }
    }
}

/// What is known of it; its log stream on a row of its own or not.
fn facts(one: &One, apart: bool, zone: Zone, symbols: &Symbols) -> Vec<Fact> {
    let Some(row) = &one.row else {
        return vec![Fact("", "this invocation is not held any more, or had not begun".into(), Role::Label)];
    };
    let dot = format!(" {} ", symbols.dot);
    let clock = |time: Timestamp| zone.seconds(time) + &zone.mark(time);
    let mut facts = vec![
        Fact("outcome", told_outcome(row, symbols, &dot), outcome(row.state, symbols).2),
        Fact("times", times(one, row, zone, &dot), Role::Text),
        Fact("billed", billed(row, symbols, &dot), Role::Text),
    ];
    if let Some(of) = &one.environment {
        let nth = number::graded(&of.nth, number::whole, symbols);
        let mut text = format!("invocation {nth} of it");
        match of.init_start {
            Some(init) => text.push_str(&format!("{dot}init began {}", clock(init))),
            None => text.push_str(&format!("{dot}its init was not seen")),
        }
        if let Some(idle) = of.before.map(|before| row.start.since(before)).filter(|idle| *idle >= 0) {
            text.push_str(&format!("{dot}idle {} before", number::duration_long(idle as f64)));
        }
        let stream = row.stream.as_ref().map(|stream| stream.to_string());
        match stream {
            Some(stream) if apart => {
                facts.extend([Fact("env", text, Role::Text), Fact("stream", stream, Role::Text)]);
            }
            stream => {
                text.push_str(&stream.map_or_else(String::new, |stream| format!("{dot}{stream}")));
                facts.push(Fact("env", text, Role::Text));
            }
        }
    }
    if one.attempts.len() > 1 || row.attempt > 1 || row.delivery.is_some() {
        facts.push(Fact("attempts", attempts(one, row, zone, symbols, &dot), Role::Throttle));
    }
    facts.push(Fact("request", format!("{}{dot}version {}", row.request_id, row.version), Role::Text));
    facts
}

/// `✗ error ReferenceError · attempt 2`.
fn told_outcome(row: &InvocationRow, symbols: &Symbols, dot: &str) -> String {
    let (sign, word, _) = outcome(row.state, symbols);
    let mut parts = vec![format!("{sign} {word}").trim().to_string()];
    parts.extend(row.error_type.clone().filter(|kind| kind != word));
    match row.cold {
        Cold::No => {}
        Cold::Yes(Waited::Caller) => parts.push(format!("{} cold start, its caller waited", symbols.cold)),
        Cold::Yes(Waited::Nobody) => parts.push("cold start that nobody waited for".into()),
        Cold::Yes(Waited::Unknown) => parts.push(format!("{} cold start", symbols.cold)),
    }
    parts.join(dot)
}

fn times(one: &One, row: &InvocationRow, zone: Zone, dot: &str) -> String {
    let about = if row.start_estimated { "about " } else { "" };
    let began = format!("{} {about}{}{}", zone.date(row.start), zone.millis(row.start), zone.mark(row.start));
    match (one.ended, row.state) {
        (Some(ended), _) => format!("began {began}{dot}ended {}", zone.millis(ended)),
        (None, _) => {
            let age = one.request.as_of.since(row.start).max(0);
            format!("began {began}{dot}runs since {}", number::duration_long(age as f64))
        }
    }
}

fn billed(row: &InvocationRow, symbols: &Symbols, dot: &str) -> String {
    let none = || symbols.none.to_string();
    let billed = row.billed_ms.map_or_else(none, |ms| number::duration_long(f64::from(ms)));
    let size = row.memory_mb.map_or_else(none, |mb| mb.to_string());
    let used = row.max_memory_mb.map_or_else(none, |mb| mb.to_string());
    let mut text = format!("{billed}{dot}memory {used} of {size} MB");
    if let (Some(used), Some(size)) = (row.max_memory_mb, row.memory_mb.filter(|size| *size > 0)) {
        text.push_str(&format!(" ({:.0} %)", f64::from(used) / f64::from(size) * 100.0));
    }
    if let (Some(ms), Some(mb)) = (row.billed_ms, row.memory_mb) {
        let gb_s = f64::from(ms) / 1_000.0 * f64::from(mb) / 1_024.0;
        text.push_str(&format!("{dot}{gb_s:.4} GB-s"));
    }
    text
}

/// `1 error 09:05:10 · [2 error 09:06:12] · 3 ok 09:08:13`.
fn attempts(one: &One, row: &InvocationRow, zone: Zone, symbols: &Symbols, dot: &str) -> String {
    let told = one.attempts.iter().map(|attempt| {
        let text = format!(
            "{} {} {}",
            attempt.attempt,
            outcome(attempt.state, symbols).1,
            zone.seconds(attempt.start)
        );
        if attempt.which() == row.which() { format!("[{text}]") } else { text }
    });
    let end = row.delivery.as_ref().map(|(condition, attempts)| match attempts {
        Some(1) => format!("{condition} after 1 attempt"),
        Some(n) => format!("{condition} after {n} attempts"),
        None => condition.to_string(),
    });
    told.chain(end).collect::<Vec<_>>().join(dot)
}

/// Rows of the bar: itself, and the names of its phases.
const BAR: u16 = 2;

/// A phase of an invocation.
struct Phase {
    name: &'static str,
    ms: f64,
    sign: fn(&Symbols) -> &'static str,
    role: Role,
}

/// The phases that are known, in order. An invocation that runs has run up to now.
fn phases(one: &One, row: &InvocationRow) -> Vec<Phase> {
    let mut phases = Vec::new();
    let track = |symbols: &Symbols| symbols.track;
    let ms = |of: Micros| of.ms();
    if let Some(waits) = queued(one, row) {
        phases.push(Phase { name: "before", ms: waits, sign: track, role: Role::Label });
    }
    if let Some(restore) = row.restore {
        phases.push(Phase { name: "restore", ms: ms(restore), sign: |s| s.bar_open, role: Role::Cold });
    }
    if let Some(init) = row.init {
        phases.push(Phase { name: "init", ms: ms(init), sign: |s| s.bar_open, role: Role::Cold });
    }
    let role = match row.state {
        InvocationState::Ended(outcome) if outcome.failed() => Role::Error,
        _ => Role::Series,
    };
    match row.duration {
        Some(run) => phases.push(Phase { name: "run", ms: ms(run), sign: |s| s.bar, role }),
        None if one.ended.is_none() => {
            let age = one.request.as_of.since(row.start).max(0) as f64;
            phases.push(Phase { name: "running", ms: age, sign: |s| s.bar, role: Role::Live });
        }
        None => {}
    }
    phases
}

/// How long the request was with Lambda before the init or the run, in ms: as the trace tells it.
fn queued(one: &One, row: &InvocationRow) -> Option<f64> {
    let tree = one.tree.as_ref()?;
    let lambda = tree.rows.iter().find(|part| part.kind == "AWS::Lambda" && part.name == *one.name)?;
    let began_ms = tree.start_us.saturating_add(lambda.start_us) as f64 / 1_000.0;
    let before = row.start.0 as f64 - began_ms - row.init.or(row.restore).map_or(0.0, Micros::ms);
    // An attempt that is tried again has waited for longer than it lasts; the clock is one of ms.
    (before >= 1.0).then_some(before)
}

fn draw_bar(pen: &mut Pen, area: Rect, one: &One, row: &InvocationRow) {
    let phases = phases(one, row);
    let limit = one.timeout.as_ref().and_then(Graded::value).map(|timeout| timeout.ms());
    let total: f64 = phases.iter().map(|phase| phase.ms).sum();
    if total <= 0.0 {
        pen.text(area.x, area.y, area.width, "phases", Role::Label);
        pen.text(area.x + LABEL, area.y, area.width, "no duration is known", Role::Label);
        return;
    }
    pen.text(area.x, area.y, LABEL, "phases", Role::Label);
    let width = area.width.saturating_sub(LABEL);
    let mut x = area.x + LABEL;
    let mut done = 0.0;
    let mut names_to = x;
    for phase in &phases {
        done += phase.ms;
        let end = area.x + LABEL + (f64::from(width) * done / total).round() as u16;
        let end = end.max(x + 1).min(area.right());
        for at in x..end {
            pen.put(at, area.y, (phase.sign)(pen.symbols), phase.role);
        }
        let timed_out = row.state == InvocationState::Ended(Outcome::Timeout);
        let mark = if phase.name == "run" && timed_out { pen.symbols.at_least } else { "" };
        let text = format!("{} {mark}{}", phase.name, number::duration_long(phase.ms));
        let at = x.max(names_to);
        names_to = pen.text(at, area.y + 1, area.right().saturating_sub(at), &text, phase.role) + 2;
        x = end;
    }
    if let (Some(limit), Some(run)) = (limit, row.duration) {
        let share = run.ms() / limit * 100.0;
        let text = format!("timeout {} ({share:.0} % used)", number::duration_long(limit));
        pen.text(names_to, area.y + 1, area.right().saturating_sub(names_to), &text, Role::Label);
    }
}

fn draw_trace(pen: &mut Pen, area: Rect, one: &One) {
    let Some(tree) = one.tree.as_deref().filter(|_| area.height > 0) else { return };
    let length = number::duration_long(tree.end_us.saturating_sub(tree.start_us) as f64 / 1_000.0);
    let rows = below_rule(pen, area, &format!(" trace {} {length} ", tree.shown));
    waterfall::draw(pen, rows, tree, 0);
}
