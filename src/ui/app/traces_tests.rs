//! Traces: from a list to one, along it and back.

use std::sync::Arc;

use crate::query::view::{TraceOrder, TracesAnswer, TracesRequest};
use crate::ui::fixture::{self, Session, live, options, request_id};
use crate::ui::keymap::ViewKind;

use super::state::{Effect, Msg, UiState};
use super::tests::{notice, session};
use super::trace::Shown;
use super::update;

#[test]
fn a_trace_is_opened_folded_and_left_to_the_same_row() {
    let mut session = session();
    session.press("5 j j j Enter");
    assert_eq!(session.state.view(), ViewKind::Trace);
    let trace = session.state.trace().unwrap();
    assert_eq!(trace.rows().len(), 138);
    // The loop is one line, and the orphan stands below its parent that was not received.
    assert_eq!(trace.shown.len(), 5 + 1 + 2);
    assert_eq!(trace.shown[5], Shown::Run(5, 132));
    assert_eq!(trace.shown[6], Shown::Missing(137));
    session.press("j j j j j l");
    assert_eq!(session.state.trace().unwrap().shown.len(), 5 + 132 + 2);
    session.press("h h");
    assert_eq!(session.state.trace().unwrap().row().unwrap().depth, 1, "folded the one around");
    assert_eq!(session.state.trace().unwrap().shown.len(), 2 + 2);
    session.press("*");
    assert_eq!(session.state.trace().unwrap().shown.len(), 138 + 1);
    session.press("Esc");
    assert_eq!((session.state.view(), session.state.traces.index()), (ViewKind::Traces, 3));
}

#[test]
fn what_is_looked_for_in_a_trace_is_unfolded() {
    let mut session = session();
    session.press("5 Enter /");
    session.press("\"1oop000000000099\" Enter");
    let trace = session.state.trace().unwrap();
    assert_eq!(&*trace.row().unwrap().id, "1oop000000000099");
    assert!(trace.list.index() >= trace.list.top(), "it is in sight");
    session.press("n");
    assert_eq!(&*session.state.trace().unwrap().row().unwrap().id, "1oop000000000099", "the only one");
    session.press("e");
    assert!(session.state.trace().unwrap().row().unwrap().flags.any());
}

/// Below the waterfall stand the lines of the run that the selected segment is in; those of one run are read
/// once, and what is masked is read again.
#[test]
fn a_segment_shows_the_lines_of_its_run_in_place() {
    let mut session = session();
    session.press("5 Enter");
    let lines = |session: &Session| {
        let lines = session.state.trace().unwrap().lines.as_ref();
        lines
            .map(|lines| (lines.masked(), lines.rows.iter().map(|row| row.origin.offset).collect::<Vec<_>>()))
    };
    let its: Vec<u64> = (42..48).map(|n| n * 100).collect();
    assert_eq!(lines(&session), Some((false, its.clone())));
    let asked = session.lines_asked;
    session.press("j");
    assert_eq!((lines(&session), session.lines_asked), (Some((false, its.clone())), asked));
    session.press("j j");
    assert_eq!(lines(&session), None, "not in the run");
    session.press("k k M");
    assert_eq!(lines(&session), Some((true, its)));
}

#[test]
fn from_a_segment_to_its_lines_and_back_and_along_a_link() {
    let mut session = session();
    session.press("5 Enter L");
    assert_eq!(session.state.view(), ViewKind::Logs);
    let scope = &session.state.logs.as_ref().unwrap().scope;
    assert_eq!(scope.invocation.as_ref().unwrap().request_id, request_id(7));
    session.press("Esc j j j");
    session.press("Enter");
    assert!(notice(&session).contains("not in the run"), "{}", notice(&session));
    session.press("X");
    assert!(notice(&session).contains("linked to no other"));
    session.press("j X");
    assert_eq!(session.state.trace_path.len(), 2);
    session.press("Esc");
    assert_eq!(session.state.trace().unwrap().list.index(), 4, "back where the link was");
    session.press("Esc Esc");
    assert_eq!(session.state.view(), ViewKind::Overview);
}

#[test]
fn from_an_invocation_and_from_a_line_to_the_trace() {
    let mut session = session();
    session.press("j Enter X");
    assert_eq!(session.state.view(), ViewKind::Trace);
    session.press("Esc");
    assert_eq!(session.state.view(), ViewKind::Function);
    session.press("Enter X");
    assert_eq!(session.state.view(), ViewKind::Trace);
    session.press("Esc");
    assert_eq!(session.state.view(), ViewKind::Invocation);
    session.press("L X");
    assert_eq!(session.state.view(), ViewKind::Trace);
    session.press("Esc");
    assert_eq!(session.state.view(), ViewKind::Logs);
}

#[test]
fn traces_are_asked_as_of_now_and_not_while_keys_are_pressed() {
    let mut session = session();
    session.press("5");
    let question = |session: &Session| session.state.asked_traces.clone().unwrap();
    let first = format!("{:?}", question(&session));
    session.pass(1_500);
    assert_eq!(format!("{:?}", question(&session)), first, "a key has just been pressed");
    session.pass(1_500);
    assert_ne!(format!("{:?}", question(&session)), first);
    // Another order is asked at once.
    session.press(">");
    assert_eq!(session.state.traces.order, TraceOrder::Slowest);
    assert!(format!("{:?}", question(&session)).contains("Slowest"));
    session.press("v v l");
    assert!(session.state.traces.split.is_some());
    assert!(format!("{:?}", question(&session)).contains("split: Some"));
}

#[test]
fn traces_as_a_tree_are_compared_or_not() {
    let mut session = session();
    session.press("5 b");
    assert!(session.state.notice.as_deref().is_some_and(|said| said.contains("one tree")));
    session.press("v v l b");
    assert_eq!(session.state.traces.split, None);
    assert!(format!("{:?}", session.state.asked_traces).contains("split: None"));
    session.press("b");
    let (as_of, window_ms) = (session.state.status.as_of, session.state.window_ms);
    let split = session.state.traces.split.expect("compared again");
    assert!(split > as_of.plus(-window_ms) && split < as_of);
    assert!(format!("{:?}", session.state.asked_traces).contains("split: Some"));
}

#[test]
fn an_empty_list_of_traces_does_not_wait_for_fingers() {
    let mut state = UiState::new(options(80, 24));
    update(&mut state, Msg::Status(Arc::new(live())), 0);
    let asked = |state: &mut UiState, msg: Msg, at: u64| {
        let effects = update(state, msg, at);
        effects.into_iter().find_map(|effect| match effect {
            Effect::AskTraces { id, request } => Some((id, request)),
            _ => None,
        })
    };
    let answer = |request: &TracesRequest, full: bool| match fixture::traces(request) {
        TracesAnswer::List(mut list) => {
            if !full {
                list.lines.clear();
            }
            TracesAnswer::List(list)
        }
        other => other,
    };
    let later = |by: i64| {
        let mut status = live();
        (status.as_of, status.generation) = (status.as_of.plus(by), by as u64);
        Msg::Status(Arc::new(status))
    };
    let (id, request) = asked(&mut state, fixture::key("5"), 10).unwrap();
    update(&mut state, Msg::Traces { id, answer: answer(&request, false) }, 20);
    let (id, request) = asked(&mut state, later(1_000), 1_010).expect("asked again: nothing can move");
    update(&mut state, Msg::Traces { id, answer: answer(&request, true) }, 1_020);
    assert!(asked(&mut state, later(1_980), 1_990).is_none(), "its rows hold still");
    assert!(asked(&mut state, later(3_000), 3_010).is_some());
}
