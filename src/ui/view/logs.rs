//! Log lines, as they lie in their sources.

use std::borrow::Cow;

use ratatui::layout::Rect;

use crate::model::Level;
use crate::query::readable_with;
use crate::query::view::LogRow;
use crate::ui::app::logs::{LogView, find_all};
use crate::ui::app::{Tag, UiState};
use crate::ui::keymap::ViewKind;
use crate::ui::number;
use crate::ui::sanitize;
use crate::ui::status::SessionKind;
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::pen::Pen;
use crate::ui::zone::Zone;

use super::minimap;
use super::unfolded;

const TIME: u16 = 13;
const LEVEL: u16 = 6;
/// Columns that are shown before what was found beyond the edge.
const BEFORE_FOUND: usize = 20;

/// Columns before the text: time, level, and the function where lines of several are shown. Lines of one
/// function as they were written have none; those of several keep what they may not say themselves.
fn before_text(logs: &LogView, width: u16) -> (u16, u16) {
    let function = match (&logs.scope.function, width) {
        (Some(_), _) | (None, ..70) => 0,
        (None, 70..120) => 16,
        (None, _) => 26,
    };
    match (logs.raw, &logs.scope.function) {
        (true, Some(_)) => (0, 0),
        (true, None) => (TIME + function, function),
        (false, _) => (TIME + LEVEL + function, function),
    }
}

/// Columns of the text itself on a screen so wide.
pub fn text_width(logs: &LogView, width: u16) -> usize {
    // With nothing before it a tagged line moves aside by the column of its tag.
    let before = before_text(logs, width).0;
    usize::from(width.saturating_sub(before.max(1)))
}

/// What the header calls the view.
pub fn title(logs: &LogView) -> String {
    let name = logs.scope.function.as_ref().map_or("all functions", |(_, name)| name);
    let raw = if logs.raw { ", raw" } else { "" };
    match &logs.scope.invocation {
        Some(one) => format!("logs {name} {}{raw}", one.request_id),
        None => format!("logs {name}{raw}"),
    }
}

/// Draws the lines, and above them their window.
pub fn draw_all(pen: &mut Pen, area: Rect, logs: &LogView, state: &UiState) {
    let taken = minimap::rows(area, logs);
    let list = Rect { y: area.y + taken, height: area.height - taken, ..area };
    draw(pen, list, logs, state);
    // Without a record there is no time to stand for.
    if taken > 0 && !state.status.timeless() {
        let shown =
            || logs.rows.iter().skip(logs.top).take(usize::from(list.height)).filter_map(|row| row.time);
        let ends = shown().min().zip(shown().max());
        minimap::draw(pen, Rect { height: taken, ..area }, logs, ends, state);
    }
}

/// Draws the lines from the first on screen.
pub fn draw(pen: &mut Pen, area: Rect, logs: &LogView, state: &UiState) {
    if logs.rows.is_empty() {
        // Of one invocation all lines are shown, whatever the filter.
        let unfiltered = state.filter_text.is_empty() || state.view() == ViewKind::Invocation;
        let text = match (logs.loaded, unfiltered) {
            (false, _) => "reading lines",
            (true, true) if state.status.nothing_in_it() => "no lines here",
            (true, true) => "no lines here yet",
            (true, false) => "no line matches the filter; \\ changes it",
        };
        pen.text(area.x, area.y, area.width, text, Role::Label);
        return;
    }
    let mut y = area.y;
    for (at, row) in logs.rows.iter().enumerate().skip(logs.top) {
        if y >= area.bottom() {
            break;
        }
        let left = Rect::new(area.x, y, area.width, area.bottom() - y);
        // Followed, the newest is where the eye is; a mark that every line takes over is noise.
        y += draw_line(pen, left, row, logs, state, at == logs.cursor && !logs.follow);
    }
}

/// Draws one line; returns the rows it took.
fn draw_line(
    pen: &mut Pen,
    area: Rect,
    row: &LogRow,
    logs: &LogView,
    state: &UiState,
    selected: bool,
) -> u16 {
    let (before, function) = before_text(logs, area.width);
    let y = area.y;
    let role = line_role(row);
    // A line that continues the one above has what that one has.
    if !row.more && before > 0 {
        let time = row.time.map_or_else(|| pen.symbols.none.to_string(), |time| state.zone.millis(time));
        pen.text(area.x, y, TIME - 1, &time, Role::Label);
    }
    if !row.more && !logs.raw {
        pen.text(area.x + TIME, y, LEVEL - 1, level_word(row.level, row.bad.is_some(), row.platform), role);
    }
    let tag = || Tag::Line(row.origin);
    let aside = u16::from(before == 0 && state.tags.holds(tag));
    super::tag(pen, area.x + before.min(TIME).saturating_sub(1), y, state, tag);
    if function > 0 && !row.more {
        let name = row.function.as_deref().unwrap_or(pen.symbols.none);
        pen.text(area.x + before - function, y, function - 1, name, Role::Label);
    }
    let width = text_width(logs, area.width) as u16;
    let text = Rect::new(area.x + before + aside, y, width, area.height);
    let whole = whole(row, logs);
    // Usually masked where it was read, before it was cut.
    let shown = if logs.masked() { Cow::Borrowed(&*whole) } else { pen.masked(&whole) };
    let rows = if logs.wrap {
        draw_wrapped(pen, text, &shown, role)
    } else {
        // Moved aside by hand it stays where it was moved to.
        let left =
            if logs.left > 0 { logs.left } else { seen_from(&shown, &state.find, text.width, pen.symbols) };
        draw_cut(pen, text, &shown, left, role);
        1
    };
    let below = Rect { y: y + rows, height: area.height.saturating_sub(rows), ..text };
    let (tree, row_in_tree) = (logs.unfolded.of(row), logs.unfolded.row.filter(|_| selected));
    let taken = tree.map_or(0, |tree| unfolded::draw(pen, below, tree, row_in_tree));
    if selected && row_in_tree.is_none() {
        pen.paint(Rect::new(area.x, y, area.width, rows), Role::Selection);
    }
    for at in 0..rows + taken {
        highlight(pen, Rect::new(text.x, y + at, text.width, 1), &state.find);
    }
    rows + taken
}

/// The word for a level.
pub fn level_word(level: Level, bad: bool, platform: bool) -> &'static str {
    match level {
        _ if bad => "BAD",
        _ if platform && level < Level::Error => "AWS",
        level => level.word().unwrap_or_default(),
    }
}

pub(super) fn line_role(row: &LogRow) -> Role {
    match row.level {
        _ if row.bad.is_some() => Role::Bad,
        Level::Error | Level::Fatal => Role::LevelError,
        _ if row.platform => Role::Platform,
        Level::Warn => Role::LevelWarn,
        Level::Trace | Level::Debug => Role::LevelDebug,
        Level::Unknown | Level::Info => Role::LevelInfo,
    }
}

/// The whole text of a line: why it could not be read, its message after the fields that were chosen, and
/// how much was cut. Raw it is what was written, and how much of that was cut.
pub(crate) fn whole<'a>(row: &'a LogRow, logs: &LogView) -> Cow<'a, str> {
    match (row.bad.as_ref().filter(|_| !logs.raw), row.cut) {
        (None, 0) => said(row, logs),
        (None, cut) => format!("{} [{} more]", said(row, logs), number::bytes(cut)).into(),
        (Some(why), _) => format!("{why}: {}", row.text).into(),
    }
}

fn said<'a>(row: &'a LogRow, logs: &LogView) -> Cow<'a, str> {
    if row.more || logs.raw {
        return row.text.as_str().into();
    }
    readable_with(&row.text, &logs.fields)
}

/// The column from which a line is drawn so that what is looked for is seen: its first where its beginning
/// holds it, else a little before it.
fn seen_from(text: &str, find: &str, width: u16, symbols: &Symbols) -> usize {
    if find.is_empty() {
        return 0;
    }
    let text = sanitize::display(text, symbols);
    let find = sanitize::display(find, symbols);
    let Some(found) = find_all(&text, &find).into_iter().next() else { return 0 };
    let width = usize::from(width);
    let end = sanitize::width(&text[..found.end]);
    // The last column of a line that goes on is taken by the sign of that.
    let fits = end + symbols.ellipsis.chars().count() <= width || sanitize::width(&text) <= width;
    let before = BEFORE_FOUND.min(width / 4);
    if fits { 0 } else { sanitize::width(&text[..found.start]).saturating_sub(before) }
}

fn draw_cut(pen: &mut Pen, area: Rect, text: &str, left: usize, role: Role) {
    let width = usize::from(area.width);
    let ellipsis = pen.symbols.ellipsis;
    let (shown, more) = sanitize::part(text, left, width, pen.symbols);
    pen.text(area.x, area.y, area.width, &shown, role);
    let mark = ellipsis.len().min(ellipsis.chars().count()) as u16;
    if more {
        pen.right(area.right(), area.y, mark, ellipsis, Role::Key);
    }
    if left > 0 {
        pen.text(area.x, area.y, mark, ellipsis, Role::Key);
    }
}

fn draw_wrapped(pen: &mut Pen, area: Rect, text: &str, role: Role) -> u16 {
    let most = usize::from(area.height);
    let (rows, _) = sanitize::wrap(text, usize::from(area.width), most, pen.symbols);
    for (y, row) in (area.y..area.bottom()).zip(&rows) {
        pen.text(area.x, y, area.width, row, role);
    }
    rows.len() as u16
}

/// Marks what was looked for in a row that is drawn already.
fn highlight(pen: &mut Pen, area: Rect, find: &str) {
    if find.is_empty() {
        return;
    }
    let mut text = String::new();
    let mut columns = Vec::new();
    for x in area.left()..area.right() {
        if let Some(cell) = pen.buffer.cell((x, area.y)) {
            columns.extend(std::iter::repeat_n(x, cell.symbol().len()));
            text.push_str(cell.symbol());
        }
    }
    let find = sanitize::display(find, pen.symbols);
    for range in find_all(&text, &find) {
        let (from, to) = (columns[range.start], columns[range.end - 1]);
        pen.paint(Rect::new(from, area.y, to - from + 1, 1), Role::Match);
    }
}

/// Where one is: following, or how much is new below, and what could not be read.
pub fn message(pen: &mut Pen, area: Rect, logs: &LogView, state: &UiState) {
    let mut parts = Vec::new();
    if logs.searching() {
        parts.push("looking; Esc stops".to_string());
    } else if logs.follow && state.status.paused {
        parts.push("newest line; p goes on".to_string());
    } else if logs.follow {
        parts.push("following; up lets go".to_string());
    } else if logs.new_below() > 0 {
        // In a replay nothing arrives: they were there all along.
        let word = if matches!(state.status.kind, SessionKind::Live) { "new" } else { "below" };
        let below = number::whole(logs.new_below());
        parts.push(format!("{} {below} {word}; G follows", pen.symbols.down));
    }
    parts.extend(counts(logs, state));
    if let Some(note) = &logs.note {
        parts.push(note.clone());
    }
    let dot = format!(" {} ", pen.symbols.dot);
    if let Some(row) = logs.selected() {
        let used = sanitize::width(&(parts.join(&dot) + &dot));
        parts.push(place(row, state.zone, usize::from(area.width).saturating_sub(used)));
    }
    pen.text(area.x, area.y, area.width, &parts.join(&dot), Role::Label);
}

/// How many lines of the window match, or hold what is looked for.
pub(super) fn counts(logs: &LogView, state: &UiState) -> Option<String> {
    if logs.scope.invocation.is_some() || state.view() != ViewKind::Logs {
        return None;
    }
    let (Some(of), Some(survey)) = (state.counted(), &logs.survey) else {
        return Some("counting".to_string());
    };
    let lines = super::patterns::read(survey);
    Some(match of.find.is_empty() {
        true => lines,
        false => format!("{:?} in {} of {lines}", of.find, number::whole(survey.found)),
    })
}

/// Columns of a time with its date, and without: `2026-11-23 09:14:35.717Z`.
const DATED: usize = 24;
const EXACT: usize = 13;

/// When a line was written, as exactly as there is room for, and whose request it is of.
fn place(row: &LogRow, zone: Zone, room: usize) -> String {
    let shown = |time| match room {
        DATED.. => format!("{} {}", zone.date(time), zone.millis(time)),
        EXACT.. => zone.millis(time),
        _ => zone.seconds(time),
    };
    let date = row.time.map_or_else(|| "no time".to_string(), |time| shown(time) + &zone.mark(time));
    match &row.request_id {
        // Cut before its first letters it tells nothing, and takes the last of the time.
        Some(id) if room > date.len() + "  request 0123".len() => format!("{date}  request {id}"),
        _ => date,
    }
}
