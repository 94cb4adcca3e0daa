//! What frames every view below its header: the rule or scrub bar, messages, and the keys.

use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use crate::model::Timestamp;
use crate::query::filter::{Asked, Filter, Mistake};
use crate::ui::app::{
    Board, Compare, Focus, FunctionBoard, FunctionList, PanelKind, Prompt, PromptKind, Shape, SourcesList,
    UiState,
};
use crate::ui::keymap::{Action, ViewKind};
use crate::ui::sanitize;
use crate::ui::status::SessionKind;
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::pen::Pen;
use crate::ui::widget::scrub::{self, Scrub};

use super::panels;

/// The filter on a row of its own.
pub fn filter(pen: &mut Pen, area: Rect, state: &UiState) {
    if area.height > 0 {
        pen.text(
            area.x,
            area.y,
            area.width,
            &filtered(state, usize::from(area.width / 2), pen.symbols),
            Role::Label,
        );
    }
}

/// The filter: its conditions in so many columns, how many functions are left, and what it does not ask.
fn filtered(state: &UiState, room: usize, symbols: &Symbols) -> String {
    let mut text = format!("\\ {}", chips(&state.filter, room, symbols));
    if state.view() == ViewKind::Overview {
        text.push_str(&format!("  {} of {}", state.overview.len(), state.status.functions));
    }
    if let Some(terms) = asked_of(state.view()).and_then(|of| state.filter.passed_over(of)) {
        text.push_str(&format!("  ({terms})"));
    }
    text
}

/// A rule, or in a replay the scrub bar; at its end the window, and the filter unless it stands apart.
pub fn rule(pen: &mut Pen, area: Rect, filter_apart: bool, state: &UiState) {
    let window = window_name(state.window_ms);
    let mut text = match state.view() {
        // A window ends at a time.
        _ if state.status.nothing_in_it() => String::new(),
        ViewKind::Overview | ViewKind::Function if state.compare.is_some() => {
            let with = state.compare.map_or("", Compare::words);
            format!(" {window}, before: {with}")
        }
        ViewKind::Overview | ViewKind::Function | ViewKind::Traces | ViewKind::Patterns => {
            format!(" {window}")
        }
        ViewKind::Invocations if state.invocations.scope.span.is_none() => format!(" {window}"),
        ViewKind::Logs => match state.logs.as_ref().map(|logs| &logs.scope) {
            Some(scope) if scope.invocation.is_some() => String::new(),
            Some(super::super::app::logs::Scope { shape: Some(shape), .. }) => {
                let most = usize::from(area.width / 2);
                format!(" like: {}  {window}", sanitize::cut(state.shape_named(shape), most, pen.symbols))
            }
            _ => format!(" {window}"),
        },
        _ => String::new(),
    };
    if !state.filter_text.is_empty() && !filter_apart {
        text.push_str("  ");
        text.push_str(&filtered(state, usize::from(area.width / 3), pen.symbols));
    }
    if let Some(tagged) = state.tagged() {
        text.push_str(&format!("  {tagged}"));
    }
    if state.masked {
        text.push_str("  masked");
    }
    let x = if text.is_empty() {
        area.right()
    } else {
        pen.right(area.right(), area.y, area.width, &text, Role::Label)
    };
    let line = Rect { width: x.saturating_sub(area.x), ..area };
    match state.status.kind {
        SessionKind::Replay { loaded, .. } if state.status.timeless() => {
            pen.rule(line);
            if loaded < 1.0 {
                let text = format!(" reading {:.0} % ", loaded * 100.0);
                pen.right(line.right(), line.y, line.width, &text, Role::Label);
            }
        }
        SessionKind::Replay { start, end, loaded, .. } => {
            let onsets = &state.status.onsets;
            let bookmarks: Vec<Timestamp> = state.bookmarks.iter().map(|bookmark| bookmark.at).collect();
            let (as_of, zone) = (state.status.as_of, state.zone);
            let bar = Scrub { start, end, as_of, loaded, zone, onsets, bookmarks: &bookmarks };
            scrub::draw(pen, line, &bar);
        }
        SessionKind::Live => pen.rule(line),
    }
}

/// What a view asks the filter of.
fn asked_of(view: ViewKind) -> Option<Asked> {
    match view {
        ViewKind::Overview | ViewKind::Function | ViewKind::Invocations => Some(Asked::Invocations),
        ViewKind::Logs | ViewKind::Invocation | ViewKind::Patterns => Some(Asked::Lines),
        ViewKind::Traces => Some(Asked::Traces),
        ViewKind::Problems => Some(Asked::Problems),
        ViewKind::Trace | ViewKind::Sources | ViewKind::Help => None,
    }
}

/// The conditions of a filter, each in brackets, in so many columns; what has no room is counted.
fn chips(filter: &Filter, room: usize, symbols: &Symbols) -> String {
    let all: Vec<String> = filter.terms.iter().map(|term| format!("[{term}]")).collect();
    let (mut text, mut used) = (String::new(), 0);
    for (at, chip) in all.iter().enumerate() {
        let last = at + 1 == all.len();
        // Room for how many are left.
        let free = room.saturating_sub(used + if last { 0 } else { 4 });
        let width = sanitize::width(&sanitize::display(chip, symbols)) + usize::from(at > 0);
        if width > free && at > 0 {
            text.push_str(&format!(" +{}", all.len() - at));
            break;
        }
        text.push_str(if at > 0 { " " } else { "" });
        text.push_str(&sanitize::cut(chip, free.max(8), symbols));
        used += width;
    }
    text
}

/// `30 min`, `3 h`.
fn window_name(ms: i64) -> String {
    let minutes = ms / 60_000;
    if minutes >= 60 && minutes % 60 == 0 {
        format!("last {} h", minutes / 60)
    } else {
        format!("last {minutes} min")
    }
}

/// What is to be said: an answer to the last key, why a focused panel shows what it shows, a
/// warning, or what is not seen.
pub fn message(pen: &mut Pen, area: Rect, state: &UiState) {
    if let Some(prompt) = &state.prompt
        && told_of_prompt(pen, area, prompt, state)
    {
        return;
    }
    if let Some(notice) = &state.notice {
        pen.text(area.x, area.y, area.width, &format!(" {notice} "), Role::Notice);
        return;
    }
    let (board, not_seen) = match (state.view(), &state.function) {
        (ViewKind::Overview, _) => (Some(&state.overview.board), true),
        (ViewKind::Function, Some(function)) => (Some(&function.board), true),
        _ => (None, false),
    };
    let answer = board.and_then(|board| board.answer.as_ref());
    if let (Some(board), Some(answer)) = (board, answer)
        && let Focus::Panel(kind) = board.focus
    {
        let text = match board.shows_heat() {
            true => super::heat::explain(board, state.zone, pen.symbols),
            false => panels::explain(kind, answer, board.crosshair_column(), state, pen.symbols),
        };
        pen.text(area.x, area.y, area.width, &text, Role::Text);
        return;
    }
    if let (ViewKind::Function, Some(function)) = (state.view(), &state.function)
        && let Some(block) = function.block()
    {
        let text = super::function::block_told(block, state, pen.symbols);
        pen.text(area.x, area.y, area.width, &text, Role::Text);
        return;
    }
    if let Some(warning) = &state.status.warning {
        pen.text(area.x, area.y, area.width, &format!("{} {warning}", pen.symbols.memory), Role::Error);
        return;
    }
    let errors = state.function.as_ref().is_some_and(|function| function.list == FunctionList::Errors);
    if state.view() == ViewKind::Function && errors && super::errors::selected(pen, area, state) {
        return;
    }
    let list = state.function.as_ref().filter(|function| function.list == FunctionList::Metrics);
    if let (ViewKind::Function, Some(function)) = (state.view(), list)
        && let Some(text) = super::metrics::explain(function, state, pen.symbols)
    {
        pen.text(area.x, area.y, area.width, &text, Role::Text);
        return;
    }
    match (state.view(), &state.logs, &state.invocation) {
        (ViewKind::Logs, Some(logs), _) => return super::logs::message(pen, area, logs, state),
        (ViewKind::Invocation, _, Some(one)) => {
            return super::logs::message(pen, area, &one.lines, state);
        }
        (ViewKind::Invocations, ..) => return super::invocations::message(pen, area, state),
        (ViewKind::Patterns, ..) => return super::patterns::message(pen, area, state),
        (ViewKind::Traces, ..) => return super::traces::message(pen, area, state),
        (ViewKind::Trace, ..) => return super::trace::message(pen, area, state),
        _ => {}
    }
    if let (true, Some(answer)) = (not_seen, answer)
        && !answer.not_seen.is_empty()
    {
        let dot = format!(" {} ", pen.symbols.dot);
        pen.text(
            area.x,
            area.y,
            area.width,
            &format!("not seen: {}", answer.not_seen.join(&dot)),
            Role::Label,
        );
    }
}

/// The actions that the foot of a view names, most useful first.
fn hints(state: &UiState) -> Vec<(Action, &'static str)> {
    let replay = state.status.kind != SessionKind::Live;
    let pause = (Action::Pause, if state.status.paused { "go on" } else { "pause" });
    let mut hints = match state.view() {
        ViewKind::Overview => match state.overview.board.focus {
            Focus::List => vec![
                (Action::Open, "open"),
                (Action::Find, "find"),
                (Action::Filter, "filter"),
                (Action::NextError, "next problem"),
                (Action::Explain, "explain"),
                (Action::LogsOf, "logs"),
                pause,
            ],
            Focus::Panel(kind) => panel_hints(kind, &state.overview.board),
        },
        ViewKind::Function if state.function.as_ref().is_some_and(FunctionBoard::metric_enlarged) => vec![
            (Action::Back, "back"),
            (Action::Down, "next metric"),
            (Action::Left, "crosshair"),
            (Action::Shape, "percentiles"),
            (Action::Compare, "compare"),
            (Action::Open, "invocations"),
            (Action::Narrower, "narrower"),
            (Action::Wider, "wider"),
            pause,
        ],
        ViewKind::Function => match &state.function {
            Some(FunctionBoard { board: board @ Board { focus: Focus::Panel(kind), .. }, .. }) => {
                panel_hints(*kind, board)
            }
            Some(function) => list_hints(function).into_iter().chain([pause]).collect(),
            None => vec![(Action::Back, "back")],
        },
        ViewKind::Invocations => vec![
            (Action::Open, "open"),
            (Action::Back, "back"),
            (Action::SortRight, "order"),
            (Action::Filter, "filter"),
            (Action::NextError, "next error"),
            (Action::LogsOf, "its lines"),
            pause,
        ],
        ViewKind::Invocation => vec![
            (Action::Back, "back"),
            (Action::Open, "unfold"),
            (Action::LogsOf, "its lines"),
            (Action::TraceOf, "its trace"),
            (Action::NextSame, "next attempt"),
            (Action::Function, "function"),
            (Action::Wrap, "wrap"),
            (Action::Shape, shape_of_lines(state)),
            (Action::Copy, "copy id"),
        ],
        ViewKind::Logs => vec![
            (Action::Back, "back"),
            (Action::Follow, "follow"),
            (Action::Find, "find"),
            (Action::NextError, "error line"),
            (Action::Patterns, "patterns"),
            (Action::InvocationOf, "its invocation"),
            (Action::Open, "unfold"),
            (Action::NextSame, "same invocation"),
            (Action::Wrap, "wrap"),
            (Action::Shape, shape_of_lines(state)),
            (Action::Columns, "fields"),
        ],
        ViewKind::Patterns => vec![
            (Action::Open, "its lines"),
            (Action::Back, "back"),
            (Action::Left, "new since"),
            (Action::NextError, "next error"),
            (Action::Find, "find"),
            (Action::Filter, "filter"),
            (Action::Wider, "wider"),
        ],
        ViewKind::Traces => match state.traces.shape {
            Shape::List => vec![
                (Action::Open, "open"),
                (Action::Shape, "map, tree"),
                (Action::SortRight, "sort"),
                (Action::NextError, "next marked"),
                (Action::Find, "find"),
                (Action::Filter, "filter"),
                (Action::Back, "back"),
            ],
            Shape::Map => vec![
                (Action::Shape, "tree"),
                (Action::NextError, "next marked"),
                (Action::Find, "find"),
                (Action::Back, "back"),
                (Action::Narrower, "narrower"),
                (Action::Wider, "wider"),
            ],
            Shape::Tree => vec![
                (Action::Shape, "list"),
                (Action::Left, "part earlier"),
                (Action::Right, "part later"),
                (Action::Compare, if state.traces.split.is_some() { "together" } else { "compare" }),
                (Action::NextError, "next marked"),
                (Action::Find, "find"),
                (Action::Back, "back"),
            ],
        },
        ViewKind::Trace => vec![
            (Action::Open, "its lines"),
            (Action::Back, "back"),
            (Action::Left, "fold"),
            (Action::UnfoldAll, "unfold all"),
            (Action::Find, "find"),
            (Action::NextError, "next marked"),
            (Action::NextPanel, "details"),
            (Action::TraceOf, "linked"),
        ],
        ViewKind::Problems => vec![
            (Action::Open, "evidence"),
            (Action::Function, "function"),
            (Action::Back, "back"),
            (Action::NextMark, "when begun, found"),
            (Action::Copy, "copy"),
        ],
        ViewKind::Sources => {
            vec![
                (Action::Back, "back"),
                (
                    Action::NextPanel,
                    match state.sources.list {
                        SourcesList::Sources => "bad records",
                        SourcesList::Bad => "health",
                        SourcesList::Health => "sources",
                    },
                ),
                (Action::Copy, "copy"),
                (Action::Retry, "retry"),
            ]
        }
        ViewKind::Help => vec![(Action::Back, "back"), (Action::Down, "scroll")],
    };
    if replay && matches!(state.view(), ViewKind::Overview | ViewKind::Function) {
        hints.push((Action::Faster, "faster"));
        hints.push((Action::StepForward, "step"));
    }
    hints.push((Action::Jump, "time"));
    hints.push((Action::Close, if state.view() == ViewKind::Overview { "quit" } else { "close" }));
    hints.retain(|(action, _)| action.views().contains(&state.view()));
    // What an invocation has not leads nowhere.
    if let (ViewKind::Invocation, Some(one)) =
        (state.view(), state.invocation.as_ref().and_then(|board| board.one.as_ref()))
    {
        hints.retain(|(action, _)| match action {
            Action::TraceOf => one.tree.is_some(),
            Action::NextSame => one.attempts.len() > 1,
            _ => true,
        });
    }
    if state.problems.found.is_empty() {
        hints.retain(|(action, _)| *action != Action::Explain);
    }
    hints
}

/// What the key that gives log lines another shape makes of them.
fn shape_of_lines(state: &UiState) -> &'static str {
    if state.lines_here().is_some_and(|logs| logs.raw) { "structured" } else { "raw" }
}

/// The keys that do something in the open list of a function.
fn list_hints(function: &FunctionBoard) -> Vec<(Action, &'static str)> {
    let mut hints = match function.list {
        FunctionList::Settings => vec![(Action::Copy, "copy")],
        FunctionList::Metrics => vec![(Action::Open, "enlarge")],
        _ => vec![(Action::Open, "open")],
    };
    if function.lane().is_some_and(|lane| !lane.blocks.is_empty()) {
        hints.push((Action::Left, "along the lane"));
    }
    hints.extend([(Action::Back, "back"), (Action::NextPanel, "next list")]);
    if function.list != FunctionList::Metrics {
        hints.push((Action::NextError, "next error"));
    }
    hints.push((Action::Find, "find"));
    hints
}

fn panel_hints(kind: PanelKind, board: &Board) -> Vec<(Action, &'static str)> {
    let mut hints = Vec::new();
    if board.crosshair_column().is_some() {
        hints.push((Action::Open, "invocations"));
    }
    hints.extend([
        (Action::Enlarge, if board.enlarged { "smaller" } else { "enlarge" }),
        (Action::NextPanel, "next panel"),
        (Action::Back, "back"),
    ]);
    if kind == PanelKind::Duration && board.enlarged {
        hints.insert(1, (Action::Shape, if board.shows_heat() { "chart" } else { "heat map" }));
    }
    if kind == PanelKind::Traces {
        hints.push((Action::Down, "scroll"));
    } else {
        hints.push((Action::Left, "crosshair"));
    }
    hints.extend([(Action::Narrower, "narrower"), (Action::Wider, "wider")]);
    hints
}

/// What is to be said of a text while it is typed: a mistake, what it may become, what it means.
/// Whether there is anything.
fn told_of_prompt(pen: &mut Pen, area: Rect, prompt: &Prompt, state: &UiState) -> bool {
    if let Some(completing) = prompt.completing.as_ref().filter(|all| all.words.len() > 2) {
        let mut x = area.x;
        for (at, word) in completing.words.iter().enumerate().skip(1) {
            let role = if at == completing.at { Role::Focus } else { Role::Hint };
            x = pen.text(x, area.y, area.right().saturating_sub(x), word, role).saturating_add(2);
            if x >= area.right() {
                break;
            }
        }
    } else if let Some(mistake) = &prompt.error {
        told_of_mistake(pen, area, prompt, mistake);
    } else if let Some(means) = &prompt.means {
        let counts = state.logs.as_ref().and_then(|logs| super::logs::counts(logs, state));
        let counts = counts.map_or_else(String::new, |counts| format!("{counts} {} ", pen.symbols.dot));
        pen.text(area.x, area.y, area.width, &(counts + means), Role::Hint);
    } else {
        return false;
    }
    true
}

/// What is wrong, with a sign above the place of it in the prompt, which is the next row; whole where there is
/// room beside the sign, else in few words.
fn told_of_mistake(pen: &mut Pen, area: Rect, prompt: &Prompt, mistake: &Mistake) {
    let begin = sanitize::width(prompt.kind.sign()) as u16;
    let room = area.width.saturating_sub(begin);
    let at =
        prompt.field.columns_of(mistake.at, begin, room, pen.symbols).start.min(area.width.saturating_sub(1));
    let sign = pen.symbols.down;
    let few = match (prompt.kind, mistake.more.is_empty()) {
        (PromptKind::Filter, false) => format!("{} (Tab lists them)", mistake.message),
        _ => mistake.message.clone(),
    };
    for text in [mistake.whole(), few] {
        let wide = sanitize::width(&sanitize::display(&text, pen.symbols));
        let (before, after) = (usize::from(at), usize::from(area.width - at));
        if wide + 2 <= after {
            pen.text(area.x + at, area.y, area.width - at, &format!("{sign} {text}"), Role::Error);
            return;
        }
        if wide < before {
            pen.right(area.x + at + 1, area.y, at + 1, &format!("{text} {sign}"), Role::Error);
            return;
        }
    }
    pen.text(area.x, area.y, area.width, &mistake.to_string(), Role::Error);
}

/// The keys, or the prompt; returns where its cursor is.
pub fn footer(pen: &mut Pen, area: Rect, state: &UiState) -> Option<Position> {
    if let Some(prompt) = &state.prompt {
        let x = pen.text(area.x, area.y, area.width, prompt.kind.sign(), Role::Key);
        let room = area.right().saturating_sub(x);
        let cursor = prompt.field.draw(pen, x, area.y, room);
        if let Some(mistake) = prompt.error.as_ref().filter(|_| !prompt.field.text().is_empty()) {
            let wrong = prompt.field.columns_of(mistake.at, x, room, pen.symbols);
            let place = Rect { x: wrong.start, width: wrong.end - wrong.start, ..area }.intersection(area);
            pen.paint(place, Role::Error);
            pen.buffer.set_style(place, Modifier::UNDERLINED);
        }
        if prompt.field.text().is_empty() {
            let hint = match prompt.kind {
                PromptKind::Find => "a text; Ctrl-g makes it a filter",
                PromptKind::Filter => {
                    "fn:pay* err cold status:timeout dur>800ms level>=warn \"text\" /regex/ -word"
                }
                PromptKind::Note => "a note for this time; Enter alone marks it without one",
                PromptKind::Jump => "14:32, -10m, yesterday 9:00, nov 23 14:32, 2026-11-23T14:32Z, now",
            };
            pen.text(x + 2, area.y, room.saturating_sub(2), hint, Role::Hint);
        }
        return Some(Position::new(cursor, area.y));
    }
    let help = format!("{} help", first_key(state, Action::Help));
    let end = pen.right(area.right(), area.y, area.width, &help, Role::Key);
    let mut x = area.x;
    for (action, label) in hints(state) {
        let key = first_key(state, action);
        let width = (sanitize::width(&key) + 1 + label.len()) as u16;
        if key.is_empty() || x + width + 1 > end {
            continue;
        }
        x = pen.text(x, area.y, end - x, &key, Role::Key) + 1;
        x = pen.text(x, area.y, end - x, label, Role::Hint) + 2;
    }
    None
}

fn first_key(state: &UiState, action: Action) -> String {
    state.options.keymap.keys(action).first().map_or_else(String::new, |key| key.to_string())
}
