//! Lines as trees, by keys.

use super::logs::{LogView, Scope};
use crate::ui::fixture::{Session, live};
use crate::ui::keymap::ViewKind;

const JSON: &str = r#"{"level":"WARN","order":{"id":4711,"items":[{"sku":"a"},{"sku":"b"}]},"tags":[]}"#;

/// At a line that is JSON, the third but last.
fn session() -> Session {
    let mut session = Session::new(80, 24, live());
    session.press("4 k k");
    let logs = session.state.logs.as_mut().unwrap();
    let at = logs.cursor;
    logs.rows[at].text = JSON.to_string();
    session
}

/// At the same line in an invocation, its second.
fn in_an_invocation() -> Session {
    let mut session = Session::new(80, 24, live());
    session.press("3 Enter j");
    assert_eq!(session.state.view(), ViewKind::Invocation);
    session.state.invocation.as_mut().unwrap().lines.rows[1].text = JSON.to_string();
    session
}

fn lines(session: &Session) -> &LogView {
    session.state.lines_here().unwrap()
}

fn open_rows(session: &Session) -> Option<usize> {
    let logs = lines(session);
    logs.unfolded.of(logs.selected().unwrap()).map(|tree| tree.row_count())
}

fn row(session: &Session) -> Option<usize> {
    lines(session).unfolded.row
}

#[test]
fn nested_values_fold_and_unfold_under_the_keys() {
    for mut session in [session(), in_an_invocation()] {
        unfold_and_fold(&mut session);
    }
}

fn unfold_and_fold(session: &mut Session) {
    session.press("Enter");
    assert_eq!((open_rows(session), row(session)), (Some(3), None));
    session.press("j j l");
    assert_eq!((open_rows(session), row(session)), (Some(5), Some(1)));
    session.press("j j Enter");
    assert_eq!((open_rows(session), row(session)), (Some(7), Some(3)));
    session.press("h h");
    assert_eq!((open_rows(session), row(session)), (Some(5), Some(1)), "folded, then the one around");
    session.press("h h");
    assert_eq!((open_rows(session), row(session)), (Some(3), None));
    session.press("*");
    assert_eq!(open_rows(session), Some(9));
    session.press("*");
    assert_eq!(open_rows(session), Some(3));
    session.press("Enter");
    assert_eq!(open_rows(session), None);
    // Now the same keys scroll.
    session.press("l");
    assert_eq!(lines(session).left, 8);
}

#[test]
fn rows_of_a_tree_lie_between_the_lines_around_and_stay_open() {
    let mut session = session();
    session.press("Enter");
    let cursor = lines(&session).cursor;
    session.press("j j j j");
    assert_eq!((lines(&session).cursor, row(&session)), (cursor + 1, None));
    session.press("k");
    assert_eq!((lines(&session).cursor, row(&session)), (cursor, Some(2)));
    session.press("k k k k");
    assert_eq!((lines(&session).cursor, row(&session)), (cursor - 1, None));
    session.pass(3_000);
    session.press("j");
    assert_eq!(open_rows(&session), Some(3));
    assert!(!lines(&session).follow);
}

#[test]
fn a_line_without_json_says_so_and_a_large_one_scrolls() {
    let mut session = session();
    // Enter leads to its invocation, see there.
    session.press("k *");
    assert!(session.state.notice.as_deref().unwrap().contains("no JSON"));
    let logs = session.state.logs.as_mut().unwrap();
    let at = logs.cursor;
    logs.rows[at].text = format!("[{}0]", "0,".repeat(3_000));
    session.press("*");
    for _ in 0..60 {
        session.press("j");
    }
    let logs = lines(&session);
    assert_eq!((logs.cursor, logs.top, row(&session)), (at, at, Some(59)));
}

#[test]
fn lines_of_an_invocation_that_goes_on_stay_and_so_do_trees() {
    let mut session = in_an_invocation();
    session.press("Enter j");
    let board = session.state.invocation.as_mut().unwrap();
    let rows = board.lines.rows.len();
    let mut row_now = board.row().unwrap().clone();
    row_now.lines.2 += 1_000;
    let scope = Scope::invocation(&row_now, board.name.clone());
    board.lines.widen(scope);
    assert!(lines(&session).loaded);
    session.pass(3_000);
    assert_eq!((open_rows(&session), row(&session), lines(&session).rows.len()), (Some(3), Some(0), rows));
    // One that began elsewhere has other lines.
    row_now.lines.1 += 1;
    let board = session.state.invocation.as_mut().unwrap();
    board.lines.widen(Scope::invocation(&row_now, board.name.clone()));
    assert!(!lines(&session).loaded);
}
