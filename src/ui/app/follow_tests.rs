//! Log lines: followed, let go, paged, found.

use std::sync::Arc;

use crate::model::Timestamp;
use crate::ui::fixture::{self, NOW, Session, live};

use super::state::Msg;
use super::tests::{notice, session};

fn top_and_cursor(session: &Session) -> (Option<Timestamp>, Option<Timestamp>) {
    let logs = session.state.logs.as_ref().unwrap();
    (logs.rows[logs.top].time, logs.selected().unwrap().time)
}

#[test]
fn following_lets_go_at_the_first_upward_move() {
    let mut session = session();
    session.press("4");
    let last = |n: u64| fixture::log(n).time;
    assert_eq!(top_and_cursor(&session).1, last(999));
    session.lines += 5;
    session.pass(200);
    assert_eq!(top_and_cursor(&session).1, last(1_004), "it follows");
    session.press("k");
    let before = top_and_cursor(&session);
    session.lines += 7;
    session.pass(1_500);
    session.pass(1_500);
    assert_eq!(top_and_cursor(&session), before, "what is read does not move");
    assert_eq!(session.state.logs.as_ref().unwrap().new_below(), 7);
    session.press("G");
    assert_eq!(top_and_cursor(&session).1, last(1_011));
    assert!(session.state.logs.as_ref().unwrap().follow);
    session.press("F k F");
    assert!(session.state.logs.as_ref().unwrap().follow);
}

#[test]
fn a_followed_line_is_asked_for_at_once_when_the_last_is_100_ms_old() {
    let mut session = session();
    session.press("4");
    session.at += 150;
    session.lines += 1;
    let mut status = live();
    status.generation += 1;
    session.send(Msg::Status(Arc::new(status)));
    assert_eq!(top_and_cursor(&session).1, fixture::log(1_000).time);
}

#[test]
fn pages_are_fetched_while_scrolling_and_let_go_far_away() {
    let mut session = session();
    session.lines = 20_000;
    session.press("4");
    for _ in 0..600 {
        session.press("PgUp");
    }
    let logs = session.state.logs.as_ref().unwrap();
    assert!(logs.rows.len() <= 5_000, "{}", logs.rows.len());
    assert_eq!(logs.selected().unwrap().time, fixture::log(20_000 - 1 - 600 * 18).time);
    session.press("g");
    assert_eq!(top_and_cursor(&session).1, fixture::log(0).time);
    for _ in 0..20 {
        session.press("PgDn");
    }
    assert_eq!(top_and_cursor(&session).1, fixture::log(20 * 18).time);
    session.press("G");
    assert_eq!(top_and_cursor(&session).1, fixture::log(19_999).time);
}

#[test]
fn finding_goes_beyond_what_is_loaded() {
    let mut session = session();
    session.lines = 5_000;
    session.press("4 g / \"4711\" Enter");
    assert_eq!(top_and_cursor(&session).1, fixture::log(1).time);
    session.press("n");
    assert_eq!(top_and_cursor(&session).1, fixture::log(7).time);
    session.press("G / \"bank\" Enter");
    assert_eq!(
        top_and_cursor(&session).1,
        fixture::log(4_999 - 4_999 % 6 + 1).time,
        "at the end it looks back"
    );
    session.press("o");
    assert_eq!(top_and_cursor(&session).1, fixture::log(4_999 - 4_999 % 6 + 1).time);
    session.press("O");
    assert_eq!(
        top_and_cursor(&session).1,
        fixture::log(4_999 - 4_999 % 6).time,
        "the line before of its invocation"
    );
    session.press("g e");
    assert_eq!(top_and_cursor(&session).1, fixture::log(3).time);
    session.press("/ \"nowhere\" Enter");
    assert!(notice(&session).starts_with("no \"nowhere\""), "{}", notice(&session));
    let logs = session.state.logs.as_ref().unwrap();
    assert!(!logs.searching());
}

#[test]
fn what_is_found_far_away_gets_its_surroundings() {
    let mut session = session();
    session.lines = 9_000;
    session.press("4 g");
    // Only one line is of this request's kind so far away.
    let id = fixture::log(8_000).request_id;
    session.press("t");
    session.press("Esc");
    let logs = session.state.logs.as_mut().unwrap();
    logs.search(super::logs::Want::Request(id.clone().unwrap()), true, false, 20, 80);
    session.send(Msg::Tick);
    let logs = session.state.logs.as_ref().unwrap();
    assert_eq!(logs.selected().unwrap().request_id, id);
    assert!(logs.rows.len() > 100 && logs.cursor > 0);
}

#[test]
fn a_time_in_the_log_view_is_scrolled_to() {
    let mut session = session();
    session.press("4 t \"-10m\" Enter");
    assert_eq!(session.effects, [], "nothing has to be sought: it is all there already");
    assert_eq!(top_and_cursor(&session).1, Some(NOW.plus(-600_000)));
    assert!(!session.state.logs.as_ref().unwrap().follow);
}

#[test]
fn a_filter_keeps_the_time_that_is_read() {
    let mut session = session();
    session.press("4 t \"-10m\" Enter \\ \"bank\" Enter");
    let time = top_and_cursor(&session).1.unwrap();
    assert!(time >= NOW.plus(-600_000) && time < NOW.plus(-590_000), "{time}");
    let logs = session.state.logs.as_ref().unwrap();
    assert!(logs.rows.iter().all(|row| row.text.contains("bank")));
}
