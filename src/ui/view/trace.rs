//! One trace: its segments as a waterfall, and below it what is known of the selected one.

use ratatui::layout::Rect;

use crate::model::{Flags, Timestamp};
use crate::query::view::{LogRow, OneTrace, TraceRow, TraceTree};
use crate::ui::app::{Shown, TraceBoard, UiState};
use crate::ui::number;
use crate::ui::sanitize;
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::paragraph;
use crate::ui::widget::pen::{Pen, masked};
use crate::ui::widget::waterfall::{self, Bar, Label};
use crate::ui::zone::Zone;

use super::logs;
use super::problems::LABEL;

/// A trace with less height has no room for what is told of a segment.
const TELLS: u16 = 9;

/// The waterfall of so many lines, and below it what is told: two fifths, and what the waterfall leaves.
fn split(area: Rect, lines: usize) -> (Rect, Rect) {
    let lines = u16::try_from(lines).unwrap_or(u16::MAX);
    let left = area.height.saturating_sub(lines.saturating_add(1));
    let told = if area.height < TELLS { 0 } else { left.max(area.height * 2 / 5) };
    let rows =
        Rect { y: area.y + area.height.min(1), height: (area.height - told).saturating_sub(1), ..area };
    (rows, Rect { y: area.bottom() - told, height: told, ..area })
}

/// Lines of the waterfall.
pub fn list_rows(area: Rect, state: &UiState) -> usize {
    let lines = state.trace().map_or(0, |trace| trace.shown.len());
    usize::from(split(area, lines).0.height)
}

/// How many lines there are to tell of the selected segment, and how many are on screen.
pub fn told_rows(state: &UiState) -> (usize, usize) {
    let layout = super::layout_at(state, state.view(), state.size);
    let lines = state.trace().map_or(0, |trace| trace.shown.len());
    let height = split(layout.list, lines).1.height.saturating_sub(1);
    let told = told(state, layout.list.width, state.options.charset.symbols()).len();
    let lines = state.trace().map_or(0, |trace| line_rows(trace).len());
    (told + lines, usize::from(height))
}

/// What stands in the first line of the screen.
pub fn title(state: &UiState) -> String {
    let links = state.trace_path.len().saturating_sub(1);
    let linked = if links == 0 { String::new() } else { format!(" (link {links})") };
    match state.trace().and_then(|trace| trace.answer.as_ref()) {
        Some(answer) if !answer.shown.is_empty() => format!("trace {}{linked}", answer.shown),
        _ => format!("trace{linked}"),
    }
}

/// Why an invocation has no trace, in a line of the narrowest usual screen.
pub fn no_trace(answer: &OneTrace) -> &'static str {
    match (answer.any, answer.id) {
        (false, _) => "no trace: nothing that is read has any (X-Ray segments, OpenTelemetry spans)",
        (true, Some(_)) => "no trace: it names one, but no segment was read: not sampled, or not exported",
        (true, None) => "no trace: it was not sampled, or its segments are not in what is read",
    }
}

/// Draws the trace.
pub fn draw(pen: &mut Pen, area: Rect, state: &UiState) {
    let Some(trace) = state.trace() else { return };
    let Some(answer) = &trace.answer else { return };
    let Some(tree) = &answer.tree else {
        let text = match answer.id {
            Some(_) => format!(
                "no segment of trace {} was read: sampled elsewhere, not exported, or the role may not write to X-Ray",
                answer.shown
            ),
            None if answer.shown.is_empty() => "no trace of this invocation was read".to_string(),
            None => format!("trace {} was not read", answer.shown),
        };
        paragraph::draw(pen, area, &text, Role::Label);
        return;
    };
    let (rows, below) = split(area, trace.shown.len());
    let head = summary(tree, answer.refused, state.zone, pen.symbols);
    let role = if tree.flags.any() { waterfall::role(tree.flags) } else { Role::Text };
    pen.text(area.x, area.y, area.width, &head, role);
    let (top, index) = (trace.list.top(), trace.list.index());
    for (y, (at, shown)) in (rows.y..rows.bottom()).zip(trace.shown.iter().enumerate().skip(top)) {
        let line = Rect::new(rows.x, y, rows.width, 1);
        draw_line(pen, line, trace, tree, *shown);
        if at == index {
            pen.paint(line, if trace.reads { Role::Focus } else { Role::Selection });
        }
    }
    draw_told(pen, below, state, trace);
}

/// The trace in a line: when, how long, how many, what is wrong with it.
fn summary(tree: &TraceTree, refused: u32, zone: Zone, symbols: &Symbols) -> String {
    let start = Timestamp(tree.start_us.div_euclid(1_000));
    let length = tree.end_us.saturating_sub(tree.start_us) as f64 / 1_000.0;
    let mut parts = vec![
        format!("{} {}{}", zone.date(start), zone.millis(start), zone.mark(start)),
        number::duration_long(length),
        format!("{} segments", number::whole(tree.rows.len() as u64)),
    ];
    parts.extend(words(tree.flags));
    if tree.is_cold() {
        parts.push("cold start".to_string());
    }
    if tree.in_progress {
        parts.push("a part has not ended".to_string());
    }
    match tree.missing_parents {
        0 => {}
        1 => parts.push("1 parent not received".to_string()),
        n => parts.push(format!("{n} parents not received")),
    }
    if tree.rows.iter().any(|row| row.early_us > 0) {
        parts.push("clocks differ".to_string());
    }
    if refused > 0 {
        parts.push(format!("{} documents beyond what is kept", number::whole(u64::from(refused))));
    }
    parts.join(&format!(" {} ", symbols.dot))
}

fn words(flags: Flags) -> impl Iterator<Item = String> {
    let all =
        [(flags.fault, "fault (5xx)"), (flags.throttle, "throttle (429)"), (flags.error, "error (4xx)")];
    all.into_iter().filter(|(on, _)| *on).map(|(_, word)| word.to_string())
}

fn draw_line(pen: &mut Pen, area: Rect, trace: &TraceBoard, tree: &TraceTree, shown: Shown) {
    let Some(row) = tree.rows.get(shown.row()) else { return };
    let bar = |row: &TraceRow| Bar {
        start_us: row.start_us,
        length_us: row.length_us,
        self_us: Some(row.self_us),
        flags: row.flags,
        in_progress: row.in_progress,
        critical: row.critical,
    };
    match shown {
        Shown::Row(at) => {
            let inside = tree.rows.get(at + 1).is_some_and(|next| next.depth > row.depth);
            let fold = match (inside, trace.is_folded(at)) {
                (false, _) => String::new(),
                (true, false) => String::new(),
                (true, true) => format!(" +{}", number::whole(trace.inside(at) as u64)),
            };
            let early = match row.early_us {
                0 => String::new(),
                us => format!(" {} early", number::duration(us as f64 / 1_000.0)),
            };
            let label = Label {
                depth: row.depth,
                orphan: row.orphan.is_some(),
                name: &row.name,
                after: &format!("{fold}{early}"),
                detail: &row.detail,
            };
            waterfall::draw_line(pen, area, tree, &label, &bar(row));
        }
        Shown::Run(at, count) => {
            let all = &tree.rows[at..(at + count).min(tree.rows.len())];
            let end = all.iter().map(|row| row.start_us.saturating_add(row.length_us)).max().unwrap_or(0);
            let own = all.iter().fold(0i64, |sum, row| sum.saturating_add(row.self_us));
            let whole = Bar {
                length_us: end.saturating_sub(row.start_us),
                self_us: Some(own),
                critical: all.iter().any(|row| row.critical),
                ..bar(row)
            };
            let after = format!(" x{}", number::whole(count as u64));
            let label = Label {
                depth: row.depth,
                orphan: false,
                name: &row.name,
                after: &after,
                detail: &row.detail,
            };
            waterfall::draw_line(pen, area, tree, &label, &whole);
        }
        Shown::Missing(_) => {
            let id = row.orphan.as_deref().unwrap_or_default();
            pen.text(area.x, area.y, area.width, &format!("? parent {id} not received"), Role::NoData);
        }
    }
}

fn draw_told(pen: &mut Pen, area: Rect, state: &UiState, trace: &TraceBoard) {
    if area.height == 0 {
        return;
    }
    pen.rule(Rect { height: 1, ..area });
    let name = trace.row().map_or("", |row| &row.name);
    let (mark, role) = match trace.reads {
        true => (format!("{} ", pen.symbols.cursor), Role::Focus),
        false => (String::new(), Role::Title),
    };
    pen.text(area.x + 1, area.y, area.width.saturating_sub(2), &format!(" {mark}{name} "), role);
    let lines = told(state, area.width, pen.symbols);
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    for (y, line) in (body.y..body.bottom()).zip(lines.iter().skip(trace.told_top)) {
        pen.text(body.x, y, LABEL - 1, line.label, Role::Label);
        pen.text(body.x + LABEL, y, body.width.saturating_sub(LABEL), &line.text, line.role);
    }
    let first = u16::try_from(lines.len().saturating_sub(trace.told_top)).unwrap_or(u16::MAX);
    let its = Rect { y: body.y + first.min(body.height), height: body.height.saturating_sub(first), ..body };
    draw_lines(pen, its, state, trace, trace.told_top.saturating_sub(lines.len()));
    let all = lines.len() + line_rows(trace).len();
    let below = all.saturating_sub(trace.told_top + usize::from(body.height));
    if below > 0 {
        let more = format!(" {} {below} more ", pen.symbols.down);
        pen.right(area.right().saturating_sub(1), area.y, area.width, &more, Role::Hint);
    }
}

/// What stands below what is told: the lines of the run that the segment is in, or why there are none.
enum LineRow<'a> {
    /// A line.
    Line(&'a LogRow),
    /// What is to be said instead.
    Said(&'static str),
}

fn line_rows(trace: &TraceBoard) -> Vec<LineRow<'_>> {
    match &trace.lines {
        None => Vec::new(),
        Some(lines) if !lines.loaded => vec![LineRow::Said("reading lines")],
        Some(lines) if lines.rows.is_empty() => vec![LineRow::Said("none were read")],
        Some(lines) => {
            let more = (lines.rows.len() > LINES).then_some(LineRow::Said("L shows all"));
            lines.rows.iter().take(LINES).map(LineRow::Line).chain(more).collect()
        }
    }
}

/// Draws the lines from this one on: how long after the trace's start each was written, its level, what it
/// says. Those that were written while the segment lasted stand out.
fn draw_lines(pen: &mut Pen, area: Rect, state: &UiState, trace: &TraceBoard, from: usize) {
    let (Some(tree), Some(row)) =
        (trace.answer.as_ref().and_then(|answer| answer.tree.as_ref()), trace.row())
    else {
        return;
    };
    let ms = |us: i64| tree.start_us.saturating_add(us).div_euclid(1_000);
    let (begin, end) = (ms(row.start_us), ms(row.start_us.saturating_add(row.length_us)));
    let Some(lines) = &trace.lines else { return };
    for (y, (at, line)) in (area.y..area.bottom()).zip(line_rows(trace).iter().enumerate().skip(from)) {
        if at == 0 {
            pen.text(area.x, y, LABEL - 1, "lines", Role::Label);
        }
        let (x, width) = (area.x + LABEL, area.width.saturating_sub(LABEL));
        let line = match line {
            LineRow::Said(text) => {
                pen.text(x, y, width, text, Role::Label);
                continue;
            }
            LineRow::Line(line) => line,
        };
        let inside = line.time.is_none_or(|time| (begin..=end).contains(&time.0));
        let role = if inside { logs::line_role(line) } else { Role::Label };
        if let Some(time) = line.time.filter(|_| !line.more) {
            let after = time.0.saturating_mul(1_000).saturating_sub(tree.start_us) as f64 / 1_000.0;
            let (sign, after) = if after < 0.0 { ("-", -after) } else { ("+", after) };
            let text = format!("{sign}{}", number::duration(after));
            pen.right(x + AFTER - 1, y, AFTER - 1, &text, Role::Label);
            let level = logs::level_word(line.level, line.bad.is_some(), line.platform);
            pen.text(x + AFTER, y, LEVEL - 1, level, role);
        }
        let whole = logs::whole(line, lines);
        let text = if lines.masked() { whole } else { masked(state.masked, &whole).into_owned().into() };
        // More than the row holds is not looked at: a letter takes at most 32 bytes.
        let text = &text[..text.floor_char_boundary(32 * usize::from(width))];
        pen.text(x + AFTER + LEVEL, y, width.saturating_sub(AFTER + LEVEL), text, role);
    }
}

/// Columns of how long after the trace's start a line was written, and of its level.
const AFTER: u16 = 9;
const LEVEL: u16 = 6;
/// Lines that are shown below the waterfall at most.
const LINES: usize = 200;

/// A line of what is told.
struct Told {
    label: &'static str,
    text: String,
    role: Role,
}

/// What is known of the selected segment, in lines of the screen.
fn told(state: &UiState, width: u16, symbols: &Symbols) -> Vec<Told> {
    let Some(trace) = state.trace() else { return Vec::new() };
    let (Some(shown), Some(row)) = (trace.selected(), trace.row()) else { return Vec::new() };
    let room = usize::from(width.saturating_sub(LABEL)).max(1);
    let mut lines: Vec<Told> = Vec::new();
    let mut say = |label: &'static str, text: &str, role: Role| {
        let text = masked(state.masked, text);
        // More than is shown is not looked at: a letter takes at most 32 bytes.
        let text = &text[..text.floor_char_boundary(32 * room * MOST_LINES)];
        let wrapped = text.lines().flat_map(|line| paragraph::rows(&sanitize::display(line, symbols), room));
        for (at, text) in wrapped.take(MOST_LINES).enumerate() {
            lines.push(Told { label: if at == 0 { label } else { "" }, text, role });
        }
    };
    let dot = format!(" {} ", symbols.dot);
    let length = |us: i64| number::duration_long(us as f64 / 1_000.0);
    if let Shown::Missing(_) = shown {
        let id = row.orphan.as_deref().unwrap_or_default();
        say("missing", &format!("segment {id} is named as parent and was not received"), Role::NoData);
        return lines;
    }
    let marks: Vec<String> = words(row.flags).collect();
    if !marks.is_empty() {
        say("marks", &marks.join(&dot), waterfall::role(row.flags));
    }
    if !row.detail.is_empty() {
        say("what", &row.detail, Role::Text);
    }
    let mut times = vec![
        format!("{} after the start", length(row.start_us)),
        format!("{} long", length(row.length_us)),
        format!("{} self time", length(row.self_us)),
    ];
    if row.critical {
        times.push("on the critical path".to_string());
    }
    if row.in_progress {
        times.push("not ended: drawn up to now, or to the trace's end".to_string());
    }
    say("time", &times.join(&dot), Role::Text);
    if row.early_us > 0 {
        let text = format!("starts {} before its parent: clocks differ", length(row.early_us));
        say("clock", &text, Role::NoData);
    }
    if let Shown::Run(_, count) = shown {
        say("run", &format!("{} calls alike; Enter unfolds them", number::whole(count as u64)), Role::Text);
    }
    let mut ids = Vec::new();
    if !row.id.is_empty() {
        ids.push(format!("segment {}", row.id));
    }
    if !row.kind.is_empty() {
        ids.push(row.kind.clone());
    }
    ids.extend(row.request_id.iter().map(|id| format!("request {id}")));
    say("id", &ids.join(&dot), Role::Text);
    lines
}

/// Lines of the screen that one thing told takes at most.
const MOST_LINES: usize = 50;

/// What the keys do with the selected segment.
pub fn message(pen: &mut Pen, area: Rect, state: &UiState) {
    let Some(trace) = state.trace() else { return };
    let Some(shown) = trace.selected() else { return };
    let text = match trace.invocation(shown.row()) {
        Some(of) => format!("in a run of {}: L opens its log lines", of.name),
        None => return,
    };
    pen.text(area.x, area.y, area.width, &text, Role::Label);
}
