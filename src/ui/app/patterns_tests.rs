//! The shapes of log lines, by keys.

use crate::model::Timestamp;
use crate::query::survey::Since;
use crate::ui::fixture::{NOW, Session, live};
use crate::ui::keymap::ViewKind;

fn session() -> Session {
    Session::new(80, 24, live())
}

fn selected(session: &Session) -> String {
    session.state.patterns.as_ref().unwrap().selected().unwrap().shape.to_string()
}

#[test]
fn from_the_log_to_its_patterns_to_the_lines_of_one_and_back_to_the_same_place() {
    let mut session = session();
    session.press("4 k k k k k w");
    let (cursor, top) = {
        let logs = session.state.logs.as_ref().unwrap();
        (logs.selected().unwrap().origin, logs.top)
    };
    session.press("P j j");
    assert_eq!(session.state.view(), ViewKind::Patterns);
    let shape = selected(&session);
    session.press("Enter");
    assert_eq!(session.state.view(), ViewKind::Logs);
    let logs = session.state.logs.as_ref().unwrap();
    assert_eq!(logs.scope.shape.as_deref(), Some(shape.as_str()));
    assert!(logs.follow && !logs.wrap);
    session.press("k k Esc");
    assert_eq!((session.state.view(), selected(&session)), (ViewKind::Patterns, shape));
    session.press("Esc");
    assert_eq!(session.state.view(), ViewKind::Logs);
    let logs = session.state.logs.as_ref().unwrap();
    assert_eq!((logs.selected().unwrap().origin, logs.top, logs.wrap), (cursor, top, true));
    assert!(logs.scope.shape.is_none() && !logs.follow);
    session.press("Esc");
    assert_eq!((session.state.view(), session.state.logs.is_none()), (ViewKind::Overview, true));
}

#[test]
fn from_a_function_without_a_log_below() {
    let mut session = session();
    session.press("j P");
    assert_eq!(session.state.view(), ViewKind::Patterns);
    let name = session.state.patterns.as_ref().unwrap().scope.as_ref().unwrap().1.clone();
    session.press("Enter");
    assert_eq!(session.state.logs.as_ref().unwrap().scope.function.as_ref().unwrap().1, name);
    session.press("q");
    assert_eq!((session.state.view(), session.state.logs.is_none()), (ViewKind::Patterns, true));
    session.press("Enter 1 P Esc");
    assert_eq!(session.state.view(), ViewKind::Overview);
    // Another log from there, and back.
    session.press("4 P Enter 4 Esc Esc");
    assert_eq!(session.state.view(), ViewKind::Logs);
    assert!(session.state.logs.as_ref().unwrap().scope.shape.is_none());
}

#[test]
fn what_is_new_is_new_since_the_crosshair_a_problem_or_the_middle_and_can_be_moved() {
    let since = |session: &Session| {
        let board = session.state.patterns.as_ref().unwrap();
        (board.since, board.why)
    };
    let mut session = session();
    session.press("4 P");
    let began = session.state.problems.found.iter().map(|problem| problem.since).max().unwrap();
    assert_eq!(since(&session), (Since::At(began), "when a problem began"));
    session.problems.found.clear();
    session.pass(3_000);
    session.press("Esc Esc");
    session.pass(3_000);
    session.press("4 P");
    assert_eq!(since(&session).0, Since::Middle);
    session.press("h");
    let as_of = session.state.status.as_of;
    assert_eq!(since(&session), (Since::At(as_of.plus(-900_000 - 150_000)), "as chosen"));
    for _ in 0..30 {
        session.press("l");
    }
    assert_eq!(since(&session).0, Since::At(as_of));
    for _ in 0..30 {
        session.press("h");
    }
    assert_eq!(since(&session).0, Since::At(as_of.plus(1 - 1_800_000)));
    session.press("1 Tab Tab Tab Left Left P");
    let at = session.state.overview.board.crosshair.unwrap();
    assert!(at < NOW.plus(10_000) && at > Timestamp(0));
    assert_eq!(since(&session), (Since::At(at), "where the crosshair stands"));
}

#[test]
fn nothing_moves_in_the_list_while_keys_are_pressed_and_find_and_errors_are_found() {
    let mut session = session();
    session.press("4 P");
    let lines = |session: &Session| session.state.patterns.as_ref().unwrap().answer.clone().unwrap();
    let before = lines(&session);
    session.lines += 60;
    session.pass(1_500);
    assert_eq!(lines(&session), before);
    session.pass(1_500);
    assert_ne!(lines(&session), before);
    session.press("G e");
    assert!(selected(&session).contains("traceback"), "{}", selected(&session));
    session.press("/");
    session.press("\"bank\" Enter");
    assert!(selected(&session).contains("bank"));
    session.press("y");
    session.press("\\");
    session.press("\"zzz\" Enter");
    assert!(session.state.patterns.as_ref().unwrap().rows().is_empty());
    session.press("Enter");
    assert_eq!(session.state.notice.as_deref(), Some("no pattern is selected"));
}

#[test]
fn lines_are_counted_for_what_is_typed_already_and_for_the_window() {
    let mut session = session();
    session.press("4");
    let counted = |session: &Session| {
        let of = session.state.counted().unwrap();
        (of.find.clone(), of.filter.terms.len(), of.window_ms)
    };
    let survey = |session: &Session| session.state.logs.as_ref().unwrap().survey.clone().unwrap();
    assert_eq!(counted(&session), (String::new(), 0, 1_800_000));
    assert_eq!((survey(&session).lines, survey(&session).unread), (600, 400));
    session.press("/ \"bank\"");
    assert_eq!((counted(&session).0.as_str(), survey(&session).found), ("bank", 100));
    session.press("Esc");
    assert_eq!(counted(&session).0, "");
    session.press("\\ \"bank\"");
    assert_eq!(
        (counted(&session).1, survey(&session).matching, session.state.filter.terms.len()),
        (1, 100, 0)
    );
    session.press("Enter z");
    assert_eq!((counted(&session).1, counted(&session).2), (1, 600_000));
    // New lines are counted by and by; of one invocation nothing is asked.
    let before = survey(&session);
    session.lines += 60;
    session.pass(900);
    session.pass(200);
    assert_ne!(survey(&session), before);
    session.press("1 3 Enter L");
    assert!(session.state.logs.as_ref().unwrap().survey.is_none());
}
