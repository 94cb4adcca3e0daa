//! From a spike to its invocations, and through their list.

use crate::model::Window;
use crate::query::page::Ranking;
use crate::ui::fixture::{Session, live};
use crate::ui::keymap::ViewKind;

use super::state::{Effect, Msg};
use super::tags::Tag;

fn session() -> Session {
    Session::new(140, 45, live())
}

fn selected(session: &Session) -> u64 {
    session.state.invocations.selected().unwrap().row.seq
}

#[test]
fn from_the_crosshair_to_an_invocation_and_back() {
    let mut session = session();
    // On the panel of errors, some columns back.
    session.press("Tab Tab Tab Left Left Left");
    let board = &session.state.overview.board;
    let column = board.crosshair_column().unwrap();
    let answer = board.answer.clone().unwrap();
    session.press("Enter");
    assert_eq!(session.state.view(), ViewKind::Invocations);
    let list = &session.state.invocations;
    let from = answer.window.from.plus(answer.step_ms * column as i64);
    assert_eq!(list.scope.span, Some(Window { from, to: from.plus(answer.step_ms) }));
    assert_eq!(list.ranking, Ranking::Failed);
    session.press("Z Z Enter");
    assert_eq!(session.state.view(), ViewKind::Invocation);
    let one = session.state.invocation.as_ref().unwrap();
    assert!(one.row().is_some() && !one.lines.rows.is_empty());
    session.press("Esc Esc");
    assert_eq!(session.state.view(), ViewKind::Overview);
    assert_eq!(session.state.overview.board.crosshair_column(), Some(column), "where it was");
}

#[test]
fn the_crosshair_pans_at_the_edge() {
    let mut session = session();
    session.press("Tab");
    let columns =
        session.state.overview.board.answer.as_ref().unwrap().panels.invocations.chart.lines[0].points.len();
    session.press(&"Left ".repeat(columns));
    assert_eq!(session.state.overview.board.crosshair_column(), Some(0));
    assert_eq!(session.effects, []);
    let before = session.state.overview.board.crosshair.unwrap();
    let step = session.state.overview.board.answer.as_ref().unwrap().step_ms;
    session.press("Left");
    assert_eq!(session.state.overview.board.crosshair, Some(before.plus(-step)));
    let as_of = session.state.status.as_of;
    assert_eq!(session.effects, [Effect::Pause(true), Effect::Seek(as_of.plus(-step))]);
}

#[test]
fn a_list_of_invocations_is_ordered_and_keeps_its_selection() {
    let mut session = session();
    session.newest = 50;
    session.press("3");
    assert_eq!(selected(&session), session.newest);
    session.press("j j");
    let chosen = selected(&session);
    session.newest += 40;
    session.pass(3_000);
    assert_eq!(selected(&session), chosen, "new ones come above");
    assert!(session.state.invocations.list.index() > 10);
    session.press("> >");
    assert_eq!(session.state.invocations.ranking, Ranking::Slowest);
    let rows = session.state.invocations.rows();
    assert!(rows.windows(2).all(|pair| pair[0].row.duration >= pair[1].row.duration));
    session.press("I");
    assert!(session.state.invocations.selected().unwrap().row.duration.is_none());
    session.press("s j Enter");
    assert_eq!(session.state.invocations.ranking, Ranking::Coldest);
    session.press("Esc 1");
    assert_eq!(session.state.view(), ViewKind::Overview);
}

#[test]
fn what_was_read_again_has_other_numbers_and_keeps_selection_and_tag() {
    let mut session = session();
    session.newest = 50;
    session.press("3 j j j j j j j j j Space k");
    let which = |session: &Session| session.state.invocations.selected().unwrap().row.which();
    let (chosen, number) = (which(&session), selected(&session));
    let tagged = |session: &Session| session.state.tags.holds(|| Tag::Invocation(which(session)));
    assert!(tagged(&session));
    session.numbers = 1 << 40;
    // Another row stands on its line meanwhile.
    session.newest += 7;
    session.pass(3_000);
    assert_eq!(selected(&session), number + (1 << 40));
    assert_eq!(which(&session), chosen);
    assert!(tagged(&session));
    session.press("Space");
    assert_eq!(session.state.tagged(), None, "it is the row that was tagged");
}

#[test]
fn the_list_is_of_the_selected_function_and_from_a_panel_of_all() {
    let mut session = session();
    let name = session.state.overview.selected().unwrap().name.clone();
    session.press("3");
    let scope = |session: &Session| session.state.invocations.scope.function.clone().map(|(_, name)| name);
    assert_eq!(scope(&session), Some(name));
    session.press("Esc Tab 3");
    assert_eq!(scope(&session), None);
}

#[test]
fn rows_of_what_was_read_by_chance_do_not_stay_while_a_capture_is_read() {
    let mut session = Session::new(80, 24, crate::ui::fixture::replay(false, 0.1));
    session.newest = 0;
    session.press("Tab 3");
    session.newest = 40;
    let mut status = (*session.state.status).clone();
    status.generation += 1;
    session.send(Msg::Status(std::sync::Arc::new(status)));
    let due = session.state.wake_in_ms(session.at).unwrap();
    assert!(due <= 250, "{due}");
    session.at += due;
    session.send(Msg::Tick);
    assert_eq!(selected(&session), 40);
}

#[test]
fn a_long_list_is_loaded_page_by_page_to_both_ends() {
    let mut session = session();
    session.newest = 5_000;
    session.pass(10_000_000);
    session.state.window_ms = 100_000_000;
    session.press("3");
    let mut seen = vec![selected(&session)];
    for _ in 0..400 {
        session.press("PgDn");
        seen.push(selected(&session));
    }
    assert!(seen.is_sorted_by(|a, b| a >= b));
    assert_eq!(seen.last(), Some(&0), "to the end");
    session.press("g");
    assert_eq!(selected(&session), 5_000);
    session.press("G");
    assert_eq!(selected(&session), 0);
    session.press("k");
    assert_eq!(selected(&session), 1);
}

#[test]
fn an_invocation_leads_to_its_other_attempts_its_lines_and_its_function() {
    let mut session = session();
    session.press("3 j Enter O");
    let one = session.state.invocation.as_ref().unwrap();
    assert_eq!(one.request.seq, 1_098, "the first attempt");
    session.press("Esc Enter o");
    assert!(session.state.notice.as_deref().unwrap().contains("last attempt"));
    session.press("L");
    assert_eq!(session.state.view(), ViewKind::Logs);
    session.press("Esc 2");
    assert_eq!(session.state.view(), ViewKind::Function);
}
