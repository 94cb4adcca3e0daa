//! From a log line to its invocation and its trace, and back.

use crate::query::view::InvocationRow;
use crate::query::{Owner, Unowned};
use crate::ui::fixture::{Session, key, live, owner, screen};
use crate::ui::keymap::ViewKind;

use super::logs::LogView;
use super::state::{Effect, Msg};

fn logs(session: &Session) -> &LogView {
    session.state.logs.as_ref().unwrap()
}

fn notice(session: &Session) -> &str {
    session.state.notice.as_deref().unwrap_or_default()
}

/// The log view at the line so many above the last, and what is in sight of it.
fn at_line(up: usize) -> (Session, String, (usize, usize, Option<String>)) {
    let mut session = Session::new(140, 45, live());
    session.press("4");
    session.press(&"k ".repeat(up));
    let (place, shown) = (place(&session), screen(&session.state));
    (session, shown, place)
}

/// The line that is read, the first on screen, and what it says.
fn place(session: &Session) -> (usize, usize, Option<String>) {
    let logs = logs(session);
    (logs.cursor, logs.top, logs.selected().map(|row| row.text.clone()))
}

#[test]
fn a_key_leads_from_a_line_to_its_invocation_and_esc_back_to_the_line() {
    let (mut session, shown, before) = at_line(60);
    let line = logs(&session).selected().unwrap().clone();
    session.press("i");
    assert_eq!(session.state.view(), ViewKind::Invocation);
    let board = session.state.invocation.as_ref().unwrap();
    assert_eq!(Some(&board.row().unwrap().request_id), line.request_id.as_ref());
    // Its lines, with that one under the cursor.
    assert_eq!(board.lines.selected().unwrap().origin, line.origin);
    assert!(board.lines.rows.iter().all(|row| row.request_id == line.request_id));
    session.press("Esc");
    assert_eq!(session.state.view(), ViewKind::Logs);
    assert_eq!(place(&session), before);
    assert_eq!(screen(&session.state), shown);
}

#[test]
fn enter_leads_there_where_nothing_can_be_unfolded() {
    let (mut session, _, before) = at_line(3);
    let cursor = logs(&session).cursor;
    session.press("Enter Esc");
    assert_eq!(place(&session), before);
    session.press("Enter");
    assert_eq!(session.state.view(), ViewKind::Invocation);
    // There the page is reached: Enter only unfolds.
    session.press("Enter");
    assert_eq!(session.state.view(), ViewKind::Invocation);
    assert!(notice(&session).starts_with("no JSON in this line"), "{}", notice(&session));
    session.press("Esc");
    session.state.logs.as_mut().unwrap().rows[cursor].text = r#"{"a":{"b":1}}"#.to_string();
    session.press("Enter");
    assert_eq!(session.state.view(), ViewKind::Logs, "a JSON line is unfolded");
    session.press("i");
    assert_eq!(session.state.view(), ViewKind::Invocation, "the key of its own always leads there");
}

#[test]
fn following_ends_where_a_line_is_left_so_that_it_is_there_when_one_comes_back() {
    let mut session = Session::new(140, 45, live());
    session.press("4");
    assert!(logs(&session).follow);
    let last = logs(&session).selected().unwrap().origin;
    session.press("i");
    session.lines += 40;
    session.pass(2_000);
    session.press("Esc");
    session.pass(2_000);
    assert_eq!(logs(&session).selected().unwrap().origin, last);
}

#[test]
fn a_line_without_an_invocation_says_why_not() {
    let (mut session, ..) = at_line(3);
    let cursor = logs(&session).cursor;
    let row = &mut session.state.logs.as_mut().unwrap().rows[cursor];
    row.request_id = None;
    session.press("i");
    assert_eq!(session.state.view(), ViewKind::Logs);
    assert_eq!(notice(&session), format!("no invocation for this line: {}", Unowned::Between.words()));
    session.press("X");
    assert_eq!(notice(&session), format!("no trace for this line: {}", Unowned::Between.words()));
    let row = &mut session.state.logs.as_mut().unwrap().rows[cursor];
    row.bad = Some("not JSON".to_string());
    session.press("i");
    assert_eq!(notice(&session), "no invocation for this line: it could not be read");
    assert!(screen(&session.state).contains("could not be read"));
}

/// Some invocation.
fn listed() -> InvocationRow {
    let mut session = Session::new(140, 45, live());
    session.press("3");
    session.state.invocations.rows()[0].row.clone()
}

#[test]
fn a_line_that_names_nothing_leads_to_the_trace_of_what_ran_around_it() {
    let (mut session, ..) = at_line(3);
    let cursor = logs(&session).cursor;
    session.state.logs.as_mut().unwrap().rows[cursor].request_id = None;
    let asked = super::update(&mut session.state, key("X"), session.at);
    let [Effect::AskOwner { id, request }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(
        (request.line, request.request_id.as_ref()),
        (logs(&session).selected().unwrap().origin, None)
    );
    let row = listed();
    let answer = Ok(Box::new(Owner { name: "payment-capture".into(), row }));
    session.send(Msg::Owner { id: *id, answer });
    assert_eq!(session.state.view(), ViewKind::Trace);
    session.press("Esc");
    assert_eq!((session.state.view(), logs(&session).cursor), (ViewKind::Logs, cursor));
}

#[test]
fn an_answer_that_nobody_waits_for_any_more_opens_nothing() {
    let (mut session, ..) = at_line(9);
    let asked = super::update(&mut session.state, key("i"), session.at);
    let [Effect::AskOwner { id, request }] = &asked[..] else { panic!("{asked:?}") };
    // The next line is read by now.
    session.press("j");
    let answer = owner(request).map(Box::new);
    session.send(Msg::Owner { id: *id, answer });
    assert_eq!(session.state.view(), ViewKind::Logs);
}
