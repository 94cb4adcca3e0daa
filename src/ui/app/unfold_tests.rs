//! Lines as trees, by keys.

use crate::ui::fixture::{Session, live};

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

fn open_rows(session: &Session) -> Option<usize> {
    let logs = session.state.logs.as_ref().unwrap();
    logs.unfolded.of(logs.selected().unwrap()).map(|tree| tree.row_count())
}

fn row(session: &Session) -> Option<usize> {
    session.state.logs.as_ref().unwrap().unfolded.row
}

#[test]
fn nested_values_fold_and_unfold_under_the_keys() {
    let mut session = session();
    session.press("Enter");
    assert_eq!((open_rows(&session), row(&session)), (Some(3), None));
    session.press("j j l");
    assert_eq!((open_rows(&session), row(&session)), (Some(5), Some(1)));
    session.press("j j Enter");
    assert_eq!((open_rows(&session), row(&session)), (Some(7), Some(3)));
    session.press("h h");
    assert_eq!((open_rows(&session), row(&session)), (Some(5), Some(1)), "folded, then the one around");
    session.press("h h");
    assert_eq!((open_rows(&session), row(&session)), (Some(3), None));
    session.press("*");
    assert_eq!(open_rows(&session), Some(9));
    session.press("*");
    assert_eq!(open_rows(&session), Some(3));
    session.press("Enter");
    assert_eq!(open_rows(&session), None);
    // Now the same keys scroll.
    session.press("l");
    assert_eq!(session.state.logs.as_ref().unwrap().left, 8);
}

#[test]
fn rows_of_a_tree_lie_between_the_lines_around_and_stay_open() {
    let mut session = session();
    session.press("Enter");
    let cursor = session.state.logs.as_ref().unwrap().cursor;
    session.press("j j j j");
    assert_eq!((session.state.logs.as_ref().unwrap().cursor, row(&session)), (cursor + 1, None));
    session.press("k");
    assert_eq!((session.state.logs.as_ref().unwrap().cursor, row(&session)), (cursor, Some(2)));
    session.press("k k k k");
    assert_eq!((session.state.logs.as_ref().unwrap().cursor, row(&session)), (cursor - 1, None));
    session.pass(3_000);
    session.press("j");
    assert_eq!(open_rows(&session), Some(3));
    assert!(!session.state.logs.as_ref().unwrap().follow);
}

#[test]
fn a_line_without_json_says_so_and_a_large_one_scrolls() {
    let mut session = session();
    session.press("k Enter");
    assert!(session.state.notice.as_deref().unwrap().contains("no JSON"));
    session.press("*");
    assert!(session.state.notice.as_deref().unwrap().contains("no JSON"));
    let logs = session.state.logs.as_mut().unwrap();
    let at = logs.cursor;
    logs.rows[at].text = format!("[{}0]", "0,".repeat(3_000));
    session.press("*");
    for _ in 0..60 {
        session.press("j");
    }
    let logs = session.state.logs.as_ref().unwrap();
    assert_eq!((logs.cursor, logs.top, row(&session)), (at, at, Some(59)));
}
