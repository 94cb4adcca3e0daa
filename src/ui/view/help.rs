//! The keys of the view below, made from the keymap, and what the signs mean.

use ratatui::layout::Rect;

use crate::ui::app::UiState;
use crate::ui::keymap::{Action, ViewKind};
use crate::ui::theme::Role;
use crate::ui::widget::paragraph;
use crate::ui::widget::pen::Pen;

enum Line {
    Title(String),
    Pair(String, String),
    Blank,
}

/// Number of lines, for scrolling.
pub fn rows(state: &UiState) -> usize {
    lines(state, state.size.0).len()
}

/// The columns of the keys.
fn keys(width: u16) -> u16 {
    16.min(width / 3)
}

/// The lines on a screen so wide. What does not fit into one goes on in the next: whoever asks for help must
/// be able to read it.
fn lines(state: &UiState, width: u16) -> Vec<Line> {
    let room = usize::from(width.saturating_sub(keys(width) + 4)).max(10);
    let mut wrapped = Vec::new();
    for line in whole_lines(state) {
        let Line::Pair(key, text) = line else {
            wrapped.push(line);
            continue;
        };
        let parts = paragraph::rows(&text, room);
        let keys = std::iter::once(key).chain(std::iter::repeat(String::new()));
        wrapped.extend(keys.zip(parts).map(|(key, part)| Line::Pair(key, part)));
    }
    wrapped
}

fn whole_lines(state: &UiState) -> Vec<Line> {
    let view = state.view_below();
    let name = match view {
        ViewKind::Overview => "the overview",
        ViewKind::Function => "the view of a function",
        ViewKind::Invocations => "the list of invocations",
        ViewKind::Invocation => "the view of an invocation",
        ViewKind::Logs => "the log view",
        ViewKind::Patterns => "the view of patterns",
        ViewKind::Traces => "the view of traces",
        ViewKind::Trace => "the view of a trace",
        ViewKind::Problems => "the view of problems",
        ViewKind::Sources => "the view of sources",
        ViewKind::Help => "the help",
    };
    let mut lines = vec![Line::Title(format!("Keys in {name}"))];
    let mut group = None;
    for action in Action::ALL.iter().filter(|action| action.views().contains(&view)) {
        let keys = state.options.keymap.shown(*action);
        if keys.is_empty() {
            continue;
        }
        if group != Some(action.group()) {
            group = Some(action.group());
            lines.push(Line::Blank);
            lines.push(Line::Title(action.group().title().to_string()));
        }
        lines.push(Line::Pair(keys, action.help().to_string()));
    }
    lines.push(Line::Blank);
    lines.push(Line::Title("Signs".to_string()));
    let s = state.options.charset.symbols();
    for (sign, meaning) in [
        (s.error, "error: invocations fail"),
        (s.timeout, "timeout: invocations reach their timeout"),
        (s.throttled, "throttle: requests are refused; they are neither invocations nor errors"),
        (s.memory, "memory: 90 % or more of it is used"),
        (s.no_data, "no data: the source has been silent"),
        (s.cold, "cold start: waited, if its caller waited for the init; in a lane: a short init, then runs"),
        (s.bar_open, "in a bar or an environment's lane: its init, or what has not ended"),
        (s.track, "in a lane: the environment waits"),
        (s.at_least, "at least: records are known to be missing, or a duration was cut off by its timeout"),
        (s.estimated, "estimated, by a model or a sketch"),
        (s.settling, "settling: records may still arrive for the newest part"),
        (s.none, "no source: nothing that is read could tell; never 0"),
    ] {
        lines.push(Line::Pair(sign.to_string(), meaning.to_string()));
    }
    lines.push(Line::Blank);
    lines.push(Line::Title("Numbers".to_string()));
    for (name, meaning) in [
        ("p50 p90 p99", "percentiles by nearest rank; with fewer than 100 invocations p99 is the longest"),
        ("before", "the same figure of the window before this one, or of the time that b compares with"),
        ("logs=CW", "CloudWatch counts as many invocations in closed minutes as the logs show"),
        ("E F T", "marks of a trace: error (4xx), fault (5xx), throttle (429)"),
        (
            "CPU share",
            "CPU time used, in % of what the function's memory buys: 1,769 MB are one vCPU (Lambda Insights)",
        ),
        ("n/m", "of a metric whose values add up: so much a minute"),
        ("INV/M", "invocations a minute; an invocation belongs to the minute in which it started"),
    ] {
        lines.push(Line::Pair(name.to_string(), meaning.to_string()));
    }
    lines
}

/// Draws the lines from the first on screen.
pub fn draw(pen: &mut Pen, area: Rect, state: &UiState) {
    let lines = lines(state, area.width);
    let keys = keys(area.width);
    for (y, line) in (area.y..area.bottom()).zip(lines.iter().skip(state.help_top)) {
        match line {
            Line::Title(text) => {
                pen.text(area.x, y, area.width, text, Role::Title);
            }
            Line::Pair(key, text) => {
                pen.text(area.x + 2, y, keys, key, Role::Key);
                pen.text(area.x + keys + 3, y, area.width.saturating_sub(keys + 3), text, Role::Text);
            }
            Line::Blank => {}
        }
    }
    let below = lines.len().saturating_sub(state.help_top + usize::from(area.height));
    if below > 0 {
        pen.right(area.right(), area.y, 20, &format!("{} {below} more", pen.symbols.down), Role::Hint);
    }
}
