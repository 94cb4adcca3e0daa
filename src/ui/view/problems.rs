//! What is wrong: a line that every view with panels has, the sentence about what is selected, and
//! the view that lists them all with what shows them.

use ratatui::layout::Rect;

use crate::model::{Certainty, Evidence, Finding, FindingKind, FunctionId, Severity};
use crate::query::view::State;
use crate::ui::app::UiState;
use crate::ui::number;
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::paragraph;
use crate::ui::widget::pen::Pen;
use crate::ui::widget::table::{self, Column};
use crate::ui::zone::Zone;

use super::below_head;
use super::overview::state_sign;

pub(super) const fn left(title: &'static str, width: u16, leaves: u8, grows: u16) -> Column {
    Column { title, width, right: false, leaves, grows }
}

const COLUMNS: [Column; 7] = [
    left("", 2, 0, 0),
    left("SEVERITY", 9, 3, 0),
    left("FUNCTION", 16, 0, 16),
    left("KIND", 19, 0, 0),
    left("SINCE", 10, 0, 0),
    left("UNTIL", 10, 1, 0),
    left("WHAT", 20, 2, 200),
];

/// Rows of the list above what is told of the selected problem.
pub fn list_rows(area: Rect) -> usize {
    usize::from(list_area(area).height.saturating_sub(1))
}

fn list_area(area: Rect) -> Rect {
    Rect { height: (area.height * 2 / 5).max(3).min(area.height), ..area }
}

/// `payment-capture:12`.
pub(super) fn subject(problem: &Finding) -> String {
    match &problem.qualifier {
        Some(qualifier) => format!("{}:{qualifier}", problem.name),
        None => problem.name.to_string(),
    }
}

fn role(problem: &Finding) -> Role {
    match (problem.until, problem.severity) {
        (Some(_), _) => Role::Label,
        (None, Severity::Critical | Severity::Error) => Role::Error,
        (None, Severity::Warning) => Role::Memory,
        (None, Severity::Info) => Role::Text,
    }
}

fn sign(problem: &Finding, symbols: &Symbols) -> &'static str {
    match problem.kind {
        FindingKind::Timeout => symbols.timeout,
        FindingKind::ThrottledReserved => symbols.throttled,
        FindingKind::BadDeploy => symbols.error,
        FindingKind::Silence => symbols.no_data,
    }
}

/// How many there are, and the worst of them; where there are none, up to when that is known.
pub fn line(pen: &mut Pen, area: Rect, state: &UiState) {
    if area.height == 0 {
        return;
    }
    let (text, role) = summary(state, pen.symbols);
    pen.text(area.x, area.y, area.width, &text, role);
}

fn summary(state: &UiState, symbols: &Symbols) -> (String, Role) {
    let (problems, zone) = (&*state.problems, state.zone);
    // What somebody has taken note of comes last.
    let (known, mut open): (Vec<&Finding>, Vec<&Finding>) =
        problems.open().partition(|problem| state.is_acknowledged(problem));
    let fresh = open.len();
    open.extend(&known);
    let over = problems.found.len() - open.len();
    let over = match over {
        0 => String::new(),
        1 => "1 is over".to_string(),
        n => format!("{n} are over"),
    };
    let Some(worst) = open.first() else {
        let Some(judged) = problems.judged else { return (String::new(), Role::Label) };
        let until = format!("judged up to {}{}", zone.seconds(judged), zone.mark(judged));
        if problems.left_out > 0 {
            let open = counted(problems.left_out, "open problem");
            return (format!("none of {open} matches the filter, {until}"), Role::Label);
        }
        return match over.is_empty() {
            true => (format!("no problem of a known kind found, {until}"), Role::Ok),
            false => (format!("no open problem, {over}, {until}"), Role::Ok),
        };
    };
    let mut text = format!("{} {}", symbols.problem, counted(open.len(), "problem"));
    let known = match (fresh, known.len()) {
        (_, 0) => String::new(),
        (0, _) => "acknowledged".to_string(),
        (_, n) => format!("{n} acknowledged"),
    };
    let left_out = match problems.left_out {
        0 => String::new(),
        n => format!("{n} more outside the filter"),
    };
    let beside =
        [known, over, left_out].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", ");
    if !beside.is_empty() {
        text.push_str(&format!(" ({beside})"));
    }
    text.push_str(": ");
    match &open[..] {
        [one] => text.push_str(&format!("{} {}: {}", subject(one), one.kind.word(), one.sentence)),
        _ => {
            let names = open.iter().map(|problem| format!("{} {}", subject(problem), problem.kind.word()));
            text.push_str(&names.collect::<Vec<_>>().join(&format!(" {} ", symbols.dot)));
        }
    }
    (text, if fresh == 0 { Role::Label } else { role(worst) })
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The sentence about what is selected.
pub fn sentence(pen: &mut Pen, area: Rect, state: &UiState) {
    if area.height == 0 {
        return;
    }
    let Some((id, name)) = state.subject() else { return };
    let Some(problem) = state.problems.of(id) else {
        let text = not_found(state, id, &name, pen.symbols);
        pen.text(area.x, area.y, area.width, &text, Role::Label);
        return;
    };
    let over = problem.until.map_or_else(String::new, |until| {
        format!(" Over since {}{}.", state.zone.seconds(until), state.zone.mark(until))
    });
    let text = format!("{}: {}.{over} First: {}", subject(problem), problem.sentence, problem.first_step);
    let role = if state.is_acknowledged(problem) { Role::Label } else { role(problem) };
    paragraph::draw(pen, area, &text, role);
}

/// What is said of a function about which nothing was found: what it looks like, and what could not be judged
/// of that, for silence is no calm (`operators.md` part 4, rule 2).
pub fn not_found(state: &UiState, id: FunctionId, name: &str, symbols: &Symbols) -> String {
    let answer = state.overview.board.answer.as_ref();
    let row = answer.and_then(|answer| answer.rows.iter().find(|row| row.id == id));
    let narrowed = state.problems.left_out > 0;
    let none = if narrowed { "no problem that matches the filter" } else { "no problem of a known kind" };
    let Some(row) = row.filter(|row| row.state != State::Ok) else { return format!("{name}: {none}") };
    let word = state_sign(row.state, symbols).1;
    match (row.state, row.reserved) {
        _ if narrowed => format!("{name}: {word}, {none}"),
        (State::Throttled, None) => {
            format!("{name}: {word}; throttled-reserved not judged: no source tells its limit")
        }
        (State::NoData, _) => {
            format!("{name}: {word}; silence is judged of a steady rhythm of 10 minutes or more")
        }
        _ => format!("{name}: {word}, {none}"),
    }
}

/// Draws the list, and below it all that is known of the selected one.
pub fn draw(pen: &mut Pen, area: Rect, state: &UiState) {
    let found = &state.problems.found;
    let list = list_area(area);
    let placed = table::fit(&COLUMNS, list.width);
    table::head(pen, list.x, list.y, &COLUMNS, &placed, None);
    let body = below_head(list);
    if found.is_empty() {
        let (text, role) = summary(state, pen.symbols);
        pen.text(body.x, body.y, body.width, &text, role);
        // Nothing else is looked for: a calm list is no more than this.
        let below = Rect { y: area.y + 3, height: area.height.saturating_sub(3), ..area };
        let kinds = FindingKind::ALL.iter().map(|kind| kind.looks_for()).collect::<Vec<_>>().join("; ");
        paragraph::draw(pen, below, &format!("looked for: {kinds}"), Role::Label);
        return;
    }
    let (top, index) = (state.problem_list.top(), state.problem_list.index());
    for (y, line) in (body.y..body.bottom()).zip(top..found.len()) {
        for place in &placed {
            let known = state.is_acknowledged(&found[line]);
            let (text, role) = match (cell(place.column, &found[line], state.zone, pen.symbols), known) {
                ((text, role), false) => (text, role),
                ((_, _), true) if place.column == 0 => (pen.symbols.acknowledged.to_string(), Role::Label),
                ((text, _), true) => (text, Role::Label),
            };
            table::cell(pen, list.x, y, *place, COLUMNS[place.column].right, &text, role);
        }
        if line == index {
            pen.paint(Rect::new(body.x, y, body.width, 1), Role::Selection);
        }
    }
    let below = Rect { y: list.bottom(), height: area.height - list.height, ..area };
    if let Some(problem) = found.get(index) {
        draw_one(pen, below, problem, state);
    }
}

fn cell(column: usize, problem: &Finding, zone: Zone, symbols: &Symbols) -> (String, Role) {
    let time = |time| format!("{}{}", zone.seconds(time), zone.mark(time));
    match column {
        0 => (sign(problem, symbols).to_string(), role(problem)),
        1 => (problem.severity.word().to_string(), role(problem)),
        2 => (subject(problem), role(problem)),
        3 => (problem.kind.word().to_string(), Role::Text),
        4 => (time(problem.since), Role::Text),
        5 => (problem.until.map_or_else(|| "goes on".to_string(), time), Role::Text),
        _ => (problem.sentence.clone(), Role::Text),
    }
}

/// The sentence, how sure it is, what shows it, and what to do first.
fn draw_one(pen: &mut Pen, area: Rect, problem: &Finding, state: &UiState) {
    if area.height == 0 {
        return;
    }
    pen.rule(Rect { height: 1, ..area });
    let title = format!(" {} {} ", subject(problem), problem.kind.word());
    pen.text(area.x + 1, area.y, area.width.saturating_sub(2), &title, Role::Title);
    let mut rest = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let mut say = |pen: &mut Pen, label: &str, text: &str, role: Role| {
        let indent = LABEL.min(rest.width / 3);
        pen.text(rest.x, rest.y, if rest.height > 0 { indent } else { 0 }, label, Role::Label);
        let column = Rect { x: rest.x + indent, width: rest.width - indent, ..rest };
        let used = paragraph::draw(pen, column, text, role);
        rest = Rect { y: rest.y + used, height: rest.height - used, ..rest };
    };
    say(pen, "what", &format!("{}.", problem.sentence), role(problem));
    if state.is_acknowledged(problem) {
        say(pen, "noted", "acknowledged, until it is twice as bad or comes again", Role::Label);
    }
    say(pen, "sure", certainty(problem.certainty), Role::Text);
    say(pen, "first", &problem.first_step, Role::Text);
    let figures = problem.numbers.iter().map(|(name, value)| format!("{name} {}", figure(*value)));
    say(pen, "figures", &figures.collect::<Vec<_>>().join(&format!(" {} ", pen.symbols.dot)), Role::Text);
    for (at, evidence) in problem.evidence.iter().enumerate() {
        let label = if at == 0 { "shown by" } else { "" };
        say(pen, label, &told(evidence, state), Role::Text);
    }
}

/// Columns for what a line is about.
pub(super) const LABEL: u16 = 10;

pub(super) fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Is => "records prove it",
        Certainty::PointsTo => "records point to it",
        Certainty::MayBe => "records may have it",
    }
}

fn figure(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value}") } else { format!("{value:.3}") }
}

fn told(evidence: &Evidence, state: &UiState) -> String {
    match evidence {
        Evidence::Told(text) => text.clone(),
        Evidence::Record(origin) => {
            let source = state.status.sources.iter().find(|source| source.id == origin.source);
            let name = source.map_or("a source that is gone", |source| &source.name);
            format!("a record at {} of {name}", number::whole(origin.offset))
        }
    }
}
