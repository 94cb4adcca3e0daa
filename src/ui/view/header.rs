//! The first line of the screen: where one is, the clock, and what is to be known of what is read.

use ratatui::layout::Rect;

use crate::ui::app::UiState;
use crate::ui::keymap::ViewKind;
use crate::ui::number;
use crate::ui::sanitize;
use crate::ui::status::{SessionKind, SessionStatus};
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::pen::Pen;

/// Data older than this is said to be old, in ms.
const OLD_MS: i64 = 600_000;

/// A part of the header.
struct Part {
    text: String,
    role: Role,
    /// Where there is no room for all, those with the greatest go first, of equal ones the last.
    rank: u8,
    /// Columns after it.
    gap: u16,
}

impl Part {
    /// Whether time stands, runs or is played again, and the time itself: never left off.
    const CLOCK: u8 = 0;
    const PLACE: u8 = 1;
    const DATE: u8 = 2;
    const REST: u8 = 3;

    fn new(text: impl Into<String>, role: Role) -> Self {
        Self { text: text.into(), role, rank: Self::REST, gap: 2 }
    }

    fn ranked(self, rank: u8) -> Self {
        Self { rank, ..self }
    }

    fn width(&self, symbols: &Symbols) -> usize {
        sanitize::width(&sanitize::display(&self.text, symbols))
    }
}

/// Draws it.
pub fn draw(pen: &mut Pen, area: Rect, state: &UiState) {
    let mut parts = vec![Part::new("lamtop", Role::Header)];
    parts.extend(clock(state));
    parts.extend(trust(state, pen.symbols));
    let place = place(state);
    let place = match place.is_empty() {
        true => Part::new(format!("{} fn", state.status.functions), Role::Text),
        false => {
            // What the others leave, a third at least, but the clock what it takes.
            let width = |parts: &mut dyn Iterator<Item = &Part>| -> usize {
                parts.map(|part| part.width(pen.symbols) + usize::from(part.gap)).sum()
            };
            let all = usize::from(area.width);
            let others = all.saturating_sub(width(&mut parts.iter()));
            let clock = width(&mut parts.iter().filter(|part| part.rank == Part::CLOCK));
            let most = others.saturating_sub(2).max(all / 3).min(all.saturating_sub(clock + 2));
            let place = sanitize::cut(&place, most, pen.symbols);
            let below = path_below(state, most.saturating_sub(sanitize::width(&place)));
            Part::new(format!("{below}> {place}"), Role::Title).ranked(Part::PLACE)
        }
    };
    parts.insert(1, place);
    for part in fitting(parts, area.width, pen.symbols) {
        let x = area.x + part.0;
        pen.text(x, area.y, area.right().saturating_sub(x), &part.1.text, part.1.role);
    }
}

/// The parts for which there is room, with their columns.
fn fitting(parts: Vec<Part>, width: u16, symbols: &Symbols) -> Vec<(u16, Part)> {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|at| parts[*at].rank);
    let (mut used, mut kept) = (0, vec![false; parts.len()]);
    for at in order {
        let wide = parts[at].width(symbols);
        if used + wide > usize::from(width) {
            break;
        }
        used += wide + usize::from(parts[at].gap);
        kept[at] = true;
    }
    let mut x = 0;
    let mut placed = Vec::new();
    for (part, _) in parts.into_iter().zip(kept).filter(|(_, kept)| *kept) {
        let wide = part.width(symbols) as u16 + part.gap;
        placed.push((x, part));
        x += wide;
    }
    placed
}

/// What is looked at; nothing on the overview.
fn place(state: &UiState) -> String {
    match state.view() {
        ViewKind::Overview => String::new(),
        ViewKind::Function => state.function.as_ref().map_or_else(String::new, |f| f.name.to_string()),
        ViewKind::Invocations => super::invocations::title(&state.invocations),
        ViewKind::Invocation => state.invocation.as_ref().map_or_else(String::new, super::invocation::title),
        ViewKind::Logs => state.logs.as_ref().map_or_else(String::new, super::logs::title),
        ViewKind::Patterns => super::patterns::title(state),
        ViewKind::Traces => super::traces::title(state),
        ViewKind::Trace => super::trace::title(state),
        ViewKind::Problems => "problems".to_string(),
        ViewKind::Sources => "sources".to_string(),
        ViewKind::Help => "help".to_string(),
    }
}

/// What is recorded, how old the newest data are, what was lost.
fn trust(state: &UiState, symbols: &Symbols) -> Vec<Part> {
    let status = &state.status;
    let mut parts = Vec::new();
    if let Some(recording) = status.recording {
        let lines = number::whole(recording.lines);
        parts.push(match recording.missed {
            0 => Part::new(format!("REC {lines}"), Role::Live),
            missed => Part::new(format!("REC {lines}, missed {}", number::bytes(missed)), Role::Error),
        });
    }
    // Of a picture that stands they would be ages of then.
    let ages = status.ages.iter().filter(|_| !status.paused);
    for (source, age) in ages {
        let age = age.map_or_else(|| symbols.none.to_string(), number::age);
        parts.push(Part::new(format!("{source} {age}"), Role::Text));
    }
    if status.bad > 0 {
        parts.push(Part::new(format!("bad {}", number::whole(status.bad)), Role::Bad));
    }
    if status.dropped > 0 {
        let lost = number::whole(status.dropped);
        parts.push(Part::new(format!("lost {}{lost}", symbols.at_least), Role::Error));
    }
    if let Some(since) = status.evicted {
        let since = state.zone.minutes(since);
        parts.push(Part::new(format!("invocations since {since}"), Role::Memory));
    }
    if status.memory.0 > 0 {
        parts.push(Part::new(format!("mem {}", number::bytes(status.memory.0)), Role::Label));
    }
    parts
}

/// The views that Esc leads back to, the nearest last, in so many columns: where they have no room the first
/// are left off.
fn path_below(state: &UiState, room: usize) -> String {
    let mut path = String::new();
    for view in state.path().rev() {
        let more = format!("> {} {path}", view.word());
        if more.len() > room {
            break;
        }
        path = more;
    }
    path
}

fn clock(state: &UiState) -> Vec<Part> {
    let status = &state.status;
    let time = state.zone.seconds(status.as_of) + &state.zone.mark(status.as_of);
    let time = Part::new(time, Role::Text).ranked(Part::CLOCK);
    let date = || Part { gap: 1, ..Part::new(state.zone.date(status.as_of), Role::Text).ranked(Part::DATE) };
    let mut parts = Vec::new();
    match status.kind {
        SessionKind::Live => {
            let (word, role) = if status.paused { ("PAUSED", Role::Paused) } else { ("LIVE", Role::Live) };
            parts.push(Part::new(word, role).ranked(Part::CLOCK));
            let far = status.stale_ms.is_some()
                || status
                    .newest
                    .is_some_and(|newest| state.zone.date(newest) != state.zone.date(status.as_of));
            parts.extend(far.then(date));
            parts.push(time);
            let behind = state.behind.filter(|behind| status.paused && behind.ms >= 1_000);
            parts.extend(behind.map(|behind| {
                // It was so much when a key was pressed, and has only grown.
                let at_least = state.options.charset.symbols().at_least;
                let records = match behind.records {
                    0 => String::new(),
                    records => format!(", {at_least}{} records", number::whole(records)),
                };
                let text = format!("{at_least}{}{records} behind", number::age(behind.ms));
                Part::new(text, Role::Paused)
            }));
            // Silence for long is worth a word, whether time stands still with it or goes on.
            let silent = status.newest.map_or(0, |newest| status.as_of.since(newest));
            if let Some(age) = status.stale_ms.or((silent > OLD_MS).then_some(silent)) {
                parts.push(Part::new(format!("newest {} ago", number::age(age)), Role::NoData));
            }
        }
        SessionKind::Replay { speed, end, .. } => {
            let ended = status.as_of >= end;
            let (word, role) = match (status.paused, ended) {
                (true, _) => ("PAUSED".to_string(), Role::Paused),
                (_, true) => ("ENDED".to_string(), Role::Paused),
                _ if status.lap.is_some() => (format!("{} AGAIN", speed.shown()), Role::Live),
                _ => (speed.shown(), Role::Live),
            };
            parts.push(Part::new(format!("REPLAY {word}"), role).ranked(Part::CLOCK));
            let nothing = |text| Part::new(text, Role::Text).ranked(Part::PLACE);
            match (status.newest, status.functions) {
                (None, 0) if status.nothing_in_it() => parts.push(nothing("no record of Lambda in it")),
                (None, 0) => parts.push(nothing("no record of Lambda so far")),
                _ => parts.extend([date(), time]),
            }
        }
    }
    parts.extend(older(status));
    parts
}

/// While older records are being read, how far that is.
fn older(status: &SessionStatus) -> Option<Part> {
    status.filling.map(|share| Part::new(format!("reading older {:.0} %", share * 100.0), Role::Label))
}
