//! The window of the log view in two rows: how many lines when, which parts have errors, and where the
//! lines on screen stand. What was not read is a line, what lies before the data a gap.

use ratatui::layout::Rect;

use crate::model::Timestamp;
use crate::query::survey::Survey;
use crate::ui::app::UiState;
use crate::ui::app::logs::LogView;
use crate::ui::number;
use crate::ui::theme::Role;
use crate::ui::widget::pen::Pen;
use crate::ui::widget::sparkline;

/// Columns on either side of the bars.
const SIDE: u16 = 12;
/// Rows that it takes of a list of at least so many.
const ROWS: u16 = 2;
const ROOM: u16 = 14;
/// Columns of bars at least, and at most.
const BARS: (u16, u16) = (10, 300);

/// Rows that it takes.
pub fn rows(area: Rect, logs: &LogView) -> u16 {
    let one = logs.scope.invocation.is_some();
    if one || area.height < ROOM || area.width < 2 * SIDE + BARS.0 { 0 } else { ROWS }
}

/// Columns in which lines are counted on a screen so wide.
pub fn columns(width: u16) -> usize {
    usize::from(width.saturating_sub(2 * SIDE).clamp(BARS.0, BARS.1))
}

/// Draws it, with the place of the lines from the first to the last on screen.
pub fn draw(
    pen: &mut Pen,
    area: Rect,
    logs: &LogView,
    shown: Option<(Timestamp, Timestamp)>,
    state: &UiState,
) {
    let Some(survey) = &logs.survey else { return };
    let bars = Rect { x: area.x + SIDE, width: area.width.saturating_sub(2 * SIDE).min(BARS.1), ..area };
    let (window, zone) = (survey.window, state.zone);
    let left = |time: Timestamp| zone.seconds(time) + &zone.mark(time);
    pen.text(area.x, area.y, SIDE - 1, &left(window.from), Role::Label);
    pen.text(bars.right() + 1, area.y, SIDE - 1, &left(window.to.plus(-1)), Role::Label);
    let y = area.y + 1;
    pen.text(area.x, y, SIDE - 1, "error lines", Role::Label);
    let least = if survey.unread > 0 { pen.symbols.at_least } else { "" };
    let errors = match survey.errors {
        0 if survey.unread == 0 => "none".to_string(),
        // At least none says nothing.
        0 => pen.symbols.none.to_string(),
        errors => format!("{least}{}", number::count(errors as f64)),
    };
    pen.text(
        bars.right() + 1,
        y,
        SIDE - 1,
        &errors,
        if survey.errors > 0 { Role::Error } else { Role::Label },
    );
    draw_bars(pen, Rect { height: 1, ..bars }, survey, state.status.oldest);
    let row = Rect { y, height: 1, ..bars };
    let parts = survey.columns.len();
    for x in 0..row.width {
        let (from, to) = parts_of(x, row.width, parts);
        if survey.columns[from..to].iter().any(|part| part.errors > 0) {
            pen.put(row.x + x, y, pen.symbols.error, Role::Error);
        }
    }
    if let Some(shown) = shown {
        draw_place(pen, row, survey, shown);
    }
}

/// The parts that one column shows.
fn parts_of(x: u16, width: u16, parts: usize) -> (usize, usize) {
    let at = |x: u16| usize::from(x) * parts / usize::from(width.max(1));
    let from = at(x).min(parts.saturating_sub(1));
    (from, at(x + 1).max(from + 1).min(parts))
}

fn draw_bars(pen: &mut Pen, area: Rect, survey: &Survey, oldest: Option<Timestamp>) {
    let (window, parts) = (survey.window, survey.columns.len().max(1));
    let begins =
        |part: usize| window.from.plus((i128::from(window.ms()) * part as i128 / parts as i128) as i64);
    let read = |part: usize| survey.read_after.is_none_or(|after| begins(part) > after);
    let known = |part: usize| oldest.is_none_or(|oldest| begins(part + 1) > oldest);
    let point = |part: usize| {
        let lines = survey.columns[part].lines;
        (lines > 0 || known(part)).then_some(f64::from(lines)).filter(|_| read(part))
    };
    let points: Vec<Option<f64>> = (0..survey.columns.len()).map(point).collect();
    let unread = (0..area.width).take_while(|x| !read(parts_of(*x, area.width, parts).0)).count() as u16;
    sparkline::draw(pen, area.x, area.y, area.width, &points, points.len(), Role::Series);
    for x in 0..unread {
        pen.put(area.x + x, area.y, pen.symbols.track, Role::Border);
    }
    if unread >= 12 {
        pen.text(area.x + (unread - 10) / 2, area.y, 10, " not read ", Role::Label);
    }
}

/// Where the lines on screen stand.
fn draw_place(pen: &mut Pen, area: Rect, survey: &Survey, (first, last): (Timestamp, Timestamp)) {
    let window = survey.window;
    let column = |time: Timestamp| {
        let part = time.since(window.from).clamp(0, window.ms() - 1);
        area.x + (i128::from(part) * i128::from(area.width) / i128::from(window.ms().max(1))) as u16
    };
    if last < window.from {
        pen.put(area.x.saturating_sub(1), area.y, "<", Role::Crosshair);
        return;
    }
    for x in column(first)..=column(last) {
        pen.put(x, area.y, pen.symbols.here, Role::Crosshair);
    }
}
