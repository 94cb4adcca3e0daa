//! Tests of a function's metrics: which keys lead to one and back.

use crate::query::view::MetricRow;
use crate::ui::fixture::{Session, live};
use crate::ui::keymap::ViewKind;

use super::function::{FunctionBoard, FunctionList};

const TO_METRICS: &str = "j Enter Tab Tab Tab Tab Tab";

fn session(keys: &str) -> Session {
    let mut session = Session::new(140, 45, live());
    session.press(TO_METRICS);
    session.press(keys);
    session
}

fn board(session: &Session) -> &FunctionBoard {
    session.state.function.as_ref().unwrap()
}

fn title(row: Option<&MetricRow>) -> String {
    row.unwrap().title.to_string()
}

#[test]
fn metrics_are_asked_for_only_where_they_are_seen() {
    let mut session = Session::new(140, 45, live());
    session.press("j Enter");
    assert!(!session.asked.as_ref().unwrap().metrics);
    assert!(board(&session).detail().unwrap().metrics.is_none());
    session.press("Tab Tab Tab Tab Tab");
    assert_eq!(board(&session).list, FunctionList::Metrics);
    assert!(session.asked.as_ref().unwrap().metrics);
    assert!(board(&session).len() > 5);
    session.press("Shift-Tab");
    assert!(!session.asked.as_ref().unwrap().metrics);
}

#[test]
fn enter_enlarges_a_metric_and_esc_comes_back_to_it() {
    let mut session = session("j j j");
    assert_eq!(title(board(&session).metric()), "network out");
    session.press("Enter");
    assert!(board(&session).metric_enlarged());
    assert_eq!(title(board(&session).enlarged_metric()), "network out");
    // The crosshair begins at the newest column and reads each metric at the same time.
    session.press("Left Left");
    let at = board(&session).board.crosshair_column();
    assert_eq!(at, Some(28));
    session.press("k");
    assert_eq!(
        (title(board(&session).enlarged_metric()).as_str(), board(&session).board.crosshair_column()),
        ("network in", at)
    );
    session.press("Esc");
    assert!(!board(&session).metric_enlarged());
    assert_eq!(
        (title(board(&session).metric()).as_str(), board(&session).board.crosshair),
        ("network in", None)
    );
    // + does the same, there and back.
    session.press("+");
    assert!(board(&session).metric_enlarged());
    session.press("+ Esc");
    assert_eq!(session.state.view(), ViewKind::Overview);
}

#[test]
fn enter_at_the_crosshair_lists_what_ran_then() {
    let mut session = session("Enter Enter");
    assert!(session.state.notice.as_ref().unwrap().contains("crosshair"));
    session.press("Left Left Enter");
    assert_eq!(session.state.view(), ViewKind::Invocations);
    assert!(session.state.invocations.scope.span.is_some());
    session.press("Esc");
    assert!(board(&session).metric_enlarged());
}

#[test]
fn the_selection_follows_its_metric() {
    let mut session = session("j j j j j j j");
    let selected = board(&session).metric().unwrap().key.clone();
    session.pass(5_000);
    assert_eq!(board(&session).metric().unwrap().key, selected);
    // Another window, another place in time: the same metric, and the list when nothing is asked any more.
    session.press("z Z , Enter z");
    assert_eq!(board(&session).enlarged_metric().unwrap().key, selected);
    session.press("Tab");
    assert!(!board(&session).metric_enlarged());
}

#[test]
fn names_are_found_and_copied_raw() {
    let mut session = session("/");
    session.press("\"gig\" Esc / \"Queue\" Enter y");
    let copied = session.effects.last().unwrap();
    let super::Effect::Copy(text) = copied else { panic!("{copied:?}") };
    assert!(text.starts_with("Queue\u{1b}[31m"));
    let sheet = crate::ui::view::sheet(&session.state).unwrap();
    assert_eq!(sheet.rows.len(), board(&session).len());
    assert_eq!(sheet.rows[sheet.selected].len(), sheet.head.len());
}

/// Whatever a name is, at whatever size.
#[test]
fn hostile_names_stay_in_their_place() {
    for size in [(40, 10), (80, 24), (60, 15), (200, 50)] {
        for keys in ["G", "G Enter", "G k k Enter", "G k k k Enter Left", "Enter"] {
            let mut session = Session::new(size.0, size.1, live());
            session.press(TO_METRICS);
            session.press(keys);
            let screen = crate::ui::fixture::screen(&session.state);
            assert!(!screen.contains('\u{1b}') && !screen.contains('\u{202e}'), "{keys} {size:?}");
        }
    }
}

#[test]
fn percentiles_and_what_was_before_by_their_keys() {
    let mut session = session("j j j j j j");
    assert_eq!(title(board(&session).metric()), "Latency");
    session.press("Enter v");
    assert!(board(&session).shows_percentiles());
    // Of one that has none the other chart is shown, and why is said when it is asked for.
    session.press("k");
    assert_eq!(title(board(&session).enlarged_metric()), "Balance");
    assert!(!board(&session).shows_percentiles());
    session.press("v");
    assert_eq!(session.state.notice.as_deref(), Some("no percentiles: statistic sets"));
    session.press("j b");
    assert!(board(&session).shows_percentiles() && board(&session).enlarged_metric().unwrap().then.is_some());
    session.press("v Esc");
    assert!(!board(&session).shows_percentiles());
    // In the list the key is that of the panels.
    session.press("v");
    assert!(session.state.notice.as_deref().unwrap().contains("heat map"));
}
