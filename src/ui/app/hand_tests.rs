//! What a person does to rows and problems: tags, notes, masks; and stepping from record to record.

use std::sync::Arc;

use crate::model::{FindingSize, Severity, Timestamp};
use crate::query::StepRequest;
use crate::query::view::Anchor;
use crate::ui::fixture::{NOW, Session, live, replay, screen};
use crate::ui::keymap::ViewKind;
use crate::ui::status::{RecordingStatus, SessionStatus};
use crate::ui::zone::Zone;

use super::state::{Effect, Msg};

fn notice(session: &Session) -> &str {
    session.state.notice.as_deref().unwrap_or_default()
}

fn copied(session: &mut Session, keys: &str) -> String {
    session.effects.clear();
    session.press(keys);
    match session.effects.pop() {
        Some(Effect::Copy(text)) => text,
        other => panic!("nothing was copied: {other:?}"),
    }
}

/// Asks anew, so that the problems on screen are those of the session.
fn anew(session: &mut Session) {
    session.pass(2_500);
    let mut status = live();
    status.as_of = session.state.status.as_of.plus(10_000);
    status.generation = session.state.status.generation + 1;
    session.send(Msg::Status(Arc::new(status)));
    session.pass(2_500);
}

#[test]
fn tagged_rows_are_copied_together_and_survive_another_order() {
    let mut session = Session::new(140, 45, live());
    let name = |session: &Session, line: usize| session.state.overview.row(line).unwrap().name.to_string();
    let (first, third) = (name(&session, 0), name(&session, 2));
    session.press("Space Down Space");
    assert!(notice(&session).contains("2 functions tagged"), "{}", notice(&session));
    assert_eq!(session.state.overview.list.index(), 3, "a tag goes on to the next row");
    assert_eq!(copied(&mut session, "y"), format!("{first}\n{third}"));
    session.press("I");
    assert_eq!(copied(&mut session, "y"), format!("{first}\n{third}"));
    assert_eq!(session.state.tagged().as_deref(), Some("2 tagged"));
    // In another view the rows are others.
    session.press("3 Space");
    assert!(notice(&session).contains("1 invocation tagged"), "{}", notice(&session));
    let id = copied(&mut session, "y");
    assert_eq!(id.lines().count(), 1, "{id}");
    session.press("U");
    assert_eq!(notice(&session), "3 tags taken away");
    session.press("Esc y");
    assert_eq!(session.state.tagged(), None);
}

#[test]
fn a_tag_is_taken_away_by_the_same_key() {
    let mut session = Session::new(140, 45, live());
    session.press("Space Up Space");
    assert!(notice(&session).contains("0 functions tagged"), "{}", notice(&session));
    assert_eq!(session.state.tagged(), None);
    session.press("U");
    assert_eq!(notice(&session), "nothing is tagged");
    session.press("6 Space");
    assert!(notice(&session).contains("does nothing"), "{}", notice(&session));
}

#[test]
fn everything_is_narrowed_to_the_tagged_functions() {
    let mut session = Session::new(140, 45, live());
    let names = [0, 1].map(|line| session.state.overview.row(line).unwrap().name.to_string());
    session.press("Space Space : \"onlythetagged\" Enter");
    assert_eq!(session.state.filter_text, format!("fn:{}", names.join(",")));
    assert_eq!(session.state.overview.len(), 2);
}

#[test]
fn an_acknowledged_problem_stands_back_until_it_is_twice_as_bad() {
    let mut session = Session::new(140, 45, live());
    let share = |session: &mut Session, share: f64| {
        session.problems.found[0].size = FindingSize::Share(share);
        anew(session);
    };
    share(&mut session, 0.2);
    session.press("6 A");
    assert!(notice(&session).contains("acknowledged"), "{}", notice(&session));
    let known = |session: &Session| session.state.is_acknowledged(&session.state.problems.found[0]);
    assert!(known(&session));
    share(&mut session, 0.39);
    assert!(known(&session), "it is not twice as bad");
    share(&mut session, 0.4);
    assert!(!known(&session), "it is twice as bad");
    share(&mut session, 0.3);
    assert!(known(&session), "less bad again");
    session.problems.found[0].severity = Severity::Critical;
    anew(&mut session);
    assert!(!known(&session), "graver");
    session.problems.found[0].severity = Severity::Error;
    session.problems.found[0].since = NOW;
    anew(&mut session);
    assert!(!known(&session), "it came again after it was over");
    // The same key takes it back.
    session.press("g A A");
    assert!(notice(&session).contains("counts again"), "{}", notice(&session));
    assert!(!known(&session));
    session.press("G A");
    assert!(notice(&session).contains("is over"), "{}", notice(&session));
}

#[test]
fn in_the_overview_the_worst_problem_of_the_row_is_acknowledged() {
    let mut session = Session::new(140, 45, live());
    let function = session.state.problems.found[0].function;
    let line = (0..session.state.overview.len())
        .find(|line| session.state.overview.row(*line).unwrap().id == function);
    session.press(&"Down ".repeat(line.unwrap()));
    session.press("A");
    assert!(session.state.is_acknowledged(&session.state.problems.found[0]));
    assert!(!session.state.is_acknowledged(&session.state.problems.found[1]));
}

#[test]
fn masking_asks_for_lines_anew_and_masks_what_is_copied() {
    let mut session = Session::new(140, 45, live());
    session.press("4");
    session.effects.clear();
    session.press("M");
    assert!(session.state.masked && session.state.logs.as_ref().unwrap().masked());
    assert!(notice(&session).contains("masked"));
    session.press("M");
    assert!(!session.state.masked && !session.state.logs.as_ref().unwrap().masked());
    session.press("M");
    let effects = session.state.send("to ada@example.com, Bearer abcdefgh12345678".to_string());
    assert_eq!(effects, [Effect::Copy("to [masked], Bearer [masked]".to_string())]);
}

#[test]
fn a_step_goes_to_the_next_record_and_pauses() {
    let mut session = Session::new(140, 45, replay(false, 1.0));
    session.press("3");
    session.effects.clear();
    session.press(". .");
    let [Effect::Pause(true), Effect::AskStep { id, request }] = &session.effects[..] else {
        panic!("one question at a time: {:?}", session.effects)
    };
    assert!(matches!(request, StepRequest::Invocations { from: NOW, forward: true, .. }), "{request:?}");
    let id = *id;
    session.effects.clear();
    session.send(Msg::Stepped { id: id + 1, time: Some(NOW.plus(9)) });
    assert_eq!(session.effects, [], "an answer to another question");
    session.send(Msg::Stepped { id, time: Some(NOW.plus(7)) });
    assert!(session.effects.contains(&Effect::Seek(NOW.plus(7))), "{:?}", session.effects);
    session.press("4 ,");
    let Some(Effect::AskStep { id, request: StepRequest::Lines(request) }) = session.effects.pop() else {
        panic!("{:?}", session.effects)
    };
    assert_eq!((request.as_of, request.anchor, request.count), (NOW.plus(-1), Anchor::Tail, 1));
    session.send(Msg::Stepped { id, time: None });
    assert_eq!(notice(&session), "there is no record before this");
    session.press(".");
    let Some(Effect::AskStep { request: StepRequest::Lines(request), .. }) = session.effects.pop() else {
        panic!("{:?}", session.effects)
    };
    assert_eq!((request.as_of, request.anchor), (Timestamp::NEVER, Anchor::At(NOW.plus(1))));
    assert_eq!(session.state.view(), ViewKind::Logs);
}

#[test]
fn what_arrives_is_recorded_and_nothing_arrives_in_a_replay() {
    let mut session = Session::new(140, 45, live());
    session.press("R");
    let [Effect::Record(Some(name))] = &session.effects[..] else { panic!("{:?}", session.effects) };
    assert!(name.starts_with("lamtop-recording-2026") && name.ends_with(".ndjson"), "{name}");
    let mut status = live();
    status.recording = Some(RecordingStatus { lines: 1_234, missed: 0 });
    session.send(Msg::Status(Arc::new(status.clone())));
    assert!(screen(&session.state).contains("REC 1,234"), "{}", screen(&session.state));
    status.recording = Some(RecordingStatus { lines: 1_234, missed: 5_000 });
    session.send(Msg::Status(Arc::new(status)));
    assert!(screen(&session.state).contains("REC 1,234, missed 4.9 kB"), "{}", screen(&session.state));
    session.effects.clear();
    session.press("R");
    assert_eq!(session.effects, [Effect::Record(None)]);
    let mut session = Session::new(140, 45, replay(false, 1.0));
    session.press("R");
    assert_eq!(session.effects, []);
    assert!(notice(&session).contains("nothing arrives in a replay"));
}

#[test]
fn a_paused_overview_keeps_its_rows() {
    let mut status = live();
    status.paused = true;
    let mut session = Session::new(140, 45, live());
    session.press("Down");
    session.order.reverse();
    let mut later = live();
    later.as_of = NOW.plus(1_000);
    session.at += 1_500;
    session.send(Msg::Status(Arc::new(later)));
    assert!(session.state.overview.reorder, "the answer has another order than the screen");
    session.press("p");
    status.as_of = NOW.plus(1_000);
    session.send(Msg::Status(Arc::new(status)));
    assert_eq!(session.state.wake_in_ms(session.at), None, "nothing is due while the picture stands still");
    let names = |session: &Session| {
        (0..3).map(|at| session.state.overview.row(at).unwrap().name.to_string()).collect::<Vec<_>>()
    };
    let before = names(&session);
    session.at += 60_000;
    session.send(Msg::Tick);
    assert_eq!(names(&session), before);
}

#[test]
fn a_sought_overview_settles_its_rows() {
    let mut session = Session::new(140, 45, replay(true, 1.0));
    session.press("p ,");
    let mut status = replay(true, 1.0);
    status.as_of = NOW.plus(-60_000);
    session.send(Msg::Status(Arc::new(status.clone())));
    session.press("Down");
    session.order.reverse();
    // What was judged late changes the answer, while rows still keep their places.
    status.generation += 1;
    session.at += 1_500;
    session.send(Msg::Status(Arc::new(status)));
    assert!(session.state.overview.reorder);
    session.at += 2_000;
    session.send(Msg::Tick);
    assert!(!session.state.overview.reorder, "nobody asked for this picture to stand as it was");
}

/// After a line stood still for a moment, what was typed meanwhile comes in one piece.
#[test]
fn esc_and_a_key_right_after_it_are_both_taken() {
    let mut session = Session::new(80, 24, live());
    let at = |session: &Session| session.state.overview.list.index();
    session.press("Enter");
    assert_eq!(session.state.view(), ViewKind::Function);
    session.press("Alt-j j");
    assert_eq!((session.state.view(), at(&session)), (ViewKind::Overview, 2));
    session.press("6 Alt-Enter");
    assert_eq!(session.state.view(), ViewKind::Function, "Esc, then Enter on a row of the table");
    session.press("Esc \\ \"err\" Alt-k");
    assert!(session.state.prompt.is_none(), "a prompt, too, is left");
    assert_eq!(at(&session), 1);
    session.press("\\ \"cold\" Alt-b Alt-d");
    assert_eq!(session.state.prompt.as_ref().unwrap().field.text(), "", "but words are edited as in a shell");
    session.press("\"co\" Alt-Left \"l\" Alt-Home \"-\"");
    assert_eq!(session.state.prompt.as_ref().unwrap().field.text(), "-clo", "and an arrow is the arrow");
    // What is no Esc and a key: a sequence of its own.
    session.press("Esc Alt-Down");
    assert_eq!(at(&session), 1);
}

#[test]
fn the_header_says_from_when_on_single_invocations_are_there() {
    let header = |evicted| {
        let status = SessionStatus { evicted, ..live() };
        let session = Session::new(140, 45, status);
        screen(&session.state).lines().next().map(str::to_string).unwrap_or_default()
    };
    let since = NOW.plus(-600_000);
    assert!(!header(None).contains("invocations since"));
    let told = header(Some(since));
    assert!(told.contains(&format!("invocations since {}", Zone::Utc.minutes(since))), "{told}");
}
