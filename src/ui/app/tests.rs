//! Keys, answers and time against the whole state.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Timestamp;
use crate::query::view::SortBy;
use crate::ui::fixture::{self, NOW, Session, live, options, replay};
use crate::ui::keymap::{Action, ViewKind};
use crate::ui::status::Speed;
use crate::ui::view;

use super::function::FunctionList;
use super::state::{Effect, Msg, UiState};
use super::update;

pub(super) fn session() -> Session {
    Session::new(80, 24, live())
}

pub(super) fn names(session: &Session) -> Vec<String> {
    let overview = &session.state.overview;
    (0..overview.len()).map(|line| overview.row(line).unwrap().name.to_string()).collect()
}

pub(super) fn selected(session: &Session) -> String {
    session.state.overview.selected().unwrap().name.to_string()
}

pub(super) fn notice(session: &Session) -> &str {
    session.state.notice.as_deref().unwrap_or("")
}

#[test]
fn nothing_is_asked_before_the_session_has_told_the_time() {
    let mut state = UiState::new(options(80, 24));
    assert_eq!(update(&mut state, Msg::Tick, 0), []);
    assert_eq!(update(&mut state, Msg::Resize(100, 30), 5), []);
    let effects = update(&mut state, Msg::Status(Arc::new(live())), 10);
    assert!(matches!(&effects[..], [Effect::Ask { request, .. }] if request.as_of == NOW));
    let effects = update(&mut state, Msg::Status(Arc::new(live())), 20);
    assert_eq!(effects, [], "the same question is not asked twice");
}

#[test]
fn numbers_are_asked_once_a_second_and_keys_at_once() {
    let mut session = session();
    let mut asks = 0;
    for n in 1..=40 {
        let mut status = live();
        (status.as_of, status.generation) = (NOW.plus(n * 100), 7 + n as u64);
        let effects = update(&mut session.state, Msg::Status(Arc::new(status)), session.at + n as u64 * 100);
        for effect in effects {
            if let Effect::Ask { id, request, .. } = effect {
                asks += 1;
                let mut answer = fixture::overview();
                answer.as_of = request.as_of;
                let answer = Arc::new(answer);
                let problems = Arc::default();
                update(
                    &mut session.state,
                    Msg::Overview { id, answer, problems },
                    session.at + n as u64 * 100,
                );
            }
        }
    }
    assert_eq!(asks, 4);
    session.at += 4_100;
    session.press("I");
    assert!(session.state.reverse);
    assert!(session.state.wake_in_ms(session.at).is_none_or(|ms| ms <= 2_000));
}

#[test]
fn a_stale_answer_is_dropped() {
    let mut state = UiState::new(options(80, 24));
    let asked = |effects: Vec<Effect>| match &effects[..] {
        [Effect::Ask { id, .. }] => *id,
        other => panic!("{other:?}"),
    };
    let first = asked(update(&mut state, Msg::Status(Arc::new(live())), 0));
    let second = asked(update(&mut state, fixture::key("I"), 1));
    let mut newer = fixture::overview();
    newer.rows.truncate(3);
    update(&mut state, Msg::Overview { id: second, answer: Arc::new(newer), problems: Arc::default() }, 2);
    assert_eq!(state.overview.len(), 3);
    let late = |id| Msg::Overview { id, answer: Arc::new(fixture::overview()), problems: Arc::default() };
    update(&mut state, late(first), 3);
    assert_eq!(state.overview.len(), 3, "the answer to the first question came too late");
    update(&mut state, late(99), 4);
    assert_eq!(state.overview.len(), 3, "nobody asked that");
}

#[test]
fn nothing_moves_within_two_seconds_of_a_key() {
    let mut session = session();
    session.pass(5_000);
    session.press("j j");
    let (before, name) = (names(&session), selected(&session));
    session.order.reverse();
    session.pass(1_500);
    assert_eq!(names(&session), before, "the order is kept");
    assert_eq!(selected(&session), name);
    session.pass(600);
    session.pass(1_000);
    assert_ne!(names(&session), before, "now it is sorted");
    assert_eq!(selected(&session), name, "the selection follows the item");
}

#[test]
fn new_rows_come_last_while_places_are_kept() {
    let mut session = session();
    session.order.retain(|at| *at != 0);
    session.pass(2_500);
    assert_eq!(names(&session)[0], "payment-capture");
    session.press("j");
    session.order.insert(0, 0);
    session.pass(1_200);
    assert_eq!(names(&session)[0], "payment-capture");
    assert_eq!(names(&session).last().unwrap(), "user-login:live");
    session.pass(2_000);
    assert_eq!(names(&session)[0], "user-login:live");
}

#[test]
fn figures_that_pass_each_other_move_rows_once_in_ten_seconds() {
    let mut session = session();
    session.pass(5_000);
    let mut moves = Vec::new();
    for second in 0..25 {
        session.order.reverse();
        let before = names(&session);
        session.pass(1_000);
        if names(&session) != before {
            moves.push(second);
        }
    }
    assert_eq!(moves, [0, 10, 20]);
    // In a picture that stands the next answer may be the last.
    let mut status = (*session.state.status).clone();
    status.paused = true;
    session.send(Msg::Status(Arc::new(status.clone())));
    session.order.reverse();
    let before = names(&session);
    status.generation += 1;
    session.at += 1_000;
    session.send(Msg::Status(Arc::new(status.clone())));
    assert_ne!(names(&session), before);
    status.paused = false;
    session.send(Msg::Status(Arc::new(status)));
    // The worst of the fixture's functions goes and comes back: that can't wait.
    session.order.retain(|at| *at != 0);
    session.pass(1_000);
    assert!(!names(&session).contains(&"user-login:live".to_string()));
    session.order.sort();
    session.order.insert(0, 0);
    session.pass(1_000);
    assert_eq!(names(&session)[0], "user-login:live");
}

#[test]
fn rows_thaw_by_a_tick_alone() {
    let mut session = session();
    session.pass(5_000);
    session.press("j");
    let before = names(&session);
    session.order.reverse();
    session.pass(1_200);
    assert_eq!(names(&session), before);
    let wake = session.state.wake_in_ms(session.at).unwrap();
    assert!(wake <= 800, "{wake}");
    session.at += wake;
    session.send(Msg::Tick);
    assert_ne!(names(&session), before);
}

#[test]
fn sorting_moves_rows_at_once() {
    let mut session = session();
    session.press("j j j");
    session.order.reverse();
    session.press(">");
    assert_ne!(session.state.sort, SortBy::Worst);
    assert_eq!(names(&session)[0], "user-profile");
    session.press("<");
    assert_eq!(session.state.sort, SortBy::Worst);
    session.press("s j Enter");
    assert_eq!(session.state.sort, SortBy::Function);
    assert_eq!(session.state.menu, None);
    session.press("s Esc");
    assert_eq!((session.state.menu, session.state.sort), (None, SortBy::Function));
}

#[test]
fn every_visible_column_can_be_sorted_by() {
    let mut session = Session::new(140, 45, live());
    let mut seen = Vec::new();
    while !seen.contains(&session.state.sort) {
        seen.push(session.state.sort);
        session.press(">");
    }
    assert_eq!(seen.len(), view::overview::ORDERS.len());
}

#[test]
fn open_a_function_and_come_back_to_the_same_place() {
    let mut session = session();
    session.press("G k k");
    let (name, index, top) =
        (selected(&session), session.state.overview.list.index(), session.state.overview.list.top());
    assert!(top > 0);
    session.press("Enter");
    assert_eq!(session.state.view(), ViewKind::Function);
    assert_eq!(session.state.function.as_ref().unwrap().name.as_ref(), name);
    session.press("j j Tab Enter Esc");
    session.pass(3_000);
    session.press("Esc");
    assert_eq!(session.state.view(), ViewKind::Overview);
    let list = &session.state.overview.list;
    assert_eq!((selected(&session), list.index(), list.top()), (name, index, top));
}

#[test]
fn new_invocations_do_not_move_the_selected_one() {
    let mut session = session();
    session.press("j Enter j j j");
    let seq = |session: &Session| {
        let function = session.state.function.as_ref().unwrap();
        (function.invocation(function.index()).unwrap().seq, function.index() - function.top())
    };
    assert_eq!(seq(&session), (96, 3));
    session.newest += 40;
    session.pass(1_500);
    assert_eq!(session.state.function.as_ref().unwrap().invocation(0).unwrap().seq, 99, "lists keep still");
    session.pass(3_000);
    assert_eq!(session.state.function.as_ref().unwrap().invocation(0).unwrap().seq, 139);
    assert_eq!(seq(&session), (96, 3), "the same invocation on the same line");
}

#[test]
fn from_an_invocation_to_its_lines() {
    let mut session = session();
    session.press("j Enter j Enter");
    assert_eq!(session.state.view(), ViewKind::Invocation);
    assert!(!session.state.invocation.as_ref().unwrap().lines.rows.is_empty());
    session.press("L");
    assert_eq!(session.state.view(), ViewKind::Logs);
    let logs = session.state.logs.as_ref().unwrap();
    let id = fixture::request_id(98);
    assert!(!logs.rows.is_empty());
    assert!(logs.rows.iter().all(|row| row.request_id.as_ref() == Some(&id)));
    assert!(!logs.follow, "an invocation is read from its beginning");
    session.press("Esc");
    assert_eq!(session.state.view(), ViewKind::Invocation);
    session.press("Esc");
    assert_eq!(session.state.view(), ViewKind::Function);
    assert_eq!(session.state.function.as_ref().unwrap().invocations.index(), 1);
}

#[test]
fn an_environment_narrows_the_invocations_and_esc_widens_them() {
    let mut session = session();
    session.press("j Enter Tab Tab Tab j Enter");
    let function = session.state.function.as_ref().unwrap();
    assert_eq!(function.list, FunctionList::Invocations);
    assert!(function.len() < 40 && !function.is_empty());
    session.press("Esc");
    let function = session.state.function.as_ref().unwrap();
    assert_eq!((function.list, function.len()), (FunctionList::Environments, 3));
    session.press("Shift-Tab Shift-Tab Shift-Tab");
    assert_eq!(session.state.function.as_ref().unwrap().len(), 100);
}

#[test]
fn tab_goes_round_the_panels_and_plus_enlarges() {
    let mut session = session();
    session.press("+");
    assert!(notice(&session).contains("Tab"));
    session.press("Tab +");
    assert!(session.state.overview.board.enlarged);
    session.press("Left Left");
    assert_eq!(session.state.overview.board.crosshair_column(), Some(28));
    session.press("Esc");
    assert!(!session.state.overview.board.enlarged);
    session.press("Esc Esc");
    assert!(notice(&session).contains("q quits"));
    assert_eq!(session.effects, [], "Esc never quits");
    session.press("Tab Tab Tab Tab Tab Tab Tab j");
    assert_eq!(session.state.overview.list.index(), 1, "seven Tabs are once around");
}

#[test]
fn find_in_a_list_wraps_and_esc_comes_back() {
    let mut session = session();
    session.press("/ \"sync\"");
    assert_eq!(selected(&session), "nightly-sync");
    session.press("Esc");
    assert_eq!(selected(&session), "user-login:live");
    session.press("n");
    assert!(notice(&session).contains("/ asks"));
    session.press("/ \"sync\" Enter");
    let all = names(&session).iter().filter(|name| name.contains("sync")).count();
    assert_eq!(notice(&session), format!("\"sync\": 1 of {all}"));
    session.press("n");
    assert_eq!(selected(&session), "cart-sync");
    assert_eq!(notice(&session), format!("\"sync\": 2 of {all}"));
    session.press("n");
    assert_eq!(selected(&session), "nightly-sync");
    session.press("N");
    assert_eq!(selected(&session), "cart-sync");
    session.press("/ \"nothere\" Enter");
    assert!(notice(&session).contains("not in this list"));
}

#[test]
fn a_find_becomes_a_filter_by_ctrl_g() {
    let mut session = session();
    session.press("/ \"fn:cart\" Ctrl-g Enter");
    assert_eq!(session.state.filter_text, "fn:cart");
    assert_eq!(names(&session), ["cart-sync"]);
    session.press("\\ \"x(\" Enter");
    assert!(session.state.prompt.is_some(), "a broken filter is not taken");
    assert!(session.state.prompt.as_ref().unwrap().error.is_some());
    assert_eq!(session.state.filter_text, "fn:cart");
    session.press("Esc Esc");
    assert_eq!(session.state.filter_text, "", "Esc in the overview removes the filter");
    assert_eq!(names(&session).len(), 23);
}

#[test]
fn errors_are_stepped_through() {
    let mut session = session();
    session.press("e");
    assert_eq!(selected(&session), "payment-capture");
    session.press("E E");
    assert_eq!(selected(&session), "nightly-sync", "round the end");
    session.press("2 e");
    let function = session.state.function.as_ref().unwrap();
    assert_eq!(function.invocation(function.index()).unwrap().seq, 96);
}

#[test]
fn time_is_sought_stepped_and_paused() {
    let mut session = Session::new(80, 24, replay(false, 1.0));
    session.press("t \"14:00\" Enter");
    assert_eq!(session.effects.drain(..).collect::<Vec<_>>(), [Effect::Seek(Timestamp(1_795_442_400_000))]);
    session.press(".");
    assert_eq!(
        session.effects.drain(..).collect::<Vec<_>>(),
        [Effect::Pause(true), Effect::Seek(NOW.plus(60_000))]
    );
    session.press(", ] [ p");
    let effects: Vec<_> = session.effects.drain(..).collect();
    assert_eq!(effects[1], Effect::Seek(NOW.plus(-60_000)));
    assert_eq!(
        effects[2..],
        [Effect::Speed(Speed::Times(100)), Effect::Speed(Speed::Times(30)), Effect::Pause(true)]
    );
    session.press("t \"03:00\" Enter");
    assert!(
        session.state.prompt.as_ref().unwrap().error.as_ref().unwrap().message.contains("there is data from")
    );
    session.press("Ctrl-u \"start\" Enter");
    assert_eq!(session.effects, [Effect::Seek(NOW.plus(-1_500_000))]);
}

#[test]
fn a_sought_time_is_shown_at_once() {
    let mut session = Session::new(80, 24, replay(true, 1.0));
    session.pass(2_500);
    session.press("t \"-10m\" Enter");
    session.order.reverse();
    let mut status = replay(true, 1.0);
    status.as_of = NOW.plus(-600_000);
    session.at += 5;
    session.send(Msg::Status(Arc::new(status)));
    let answer = session.state.overview.board.answer.as_ref().unwrap();
    assert_eq!(answer.as_of, NOW.plus(-600_000));
    assert_eq!(names(&session)[0], "user-profile");
}

#[test]
fn live_jumps_pause_and_now_goes_on() {
    let mut session = session();
    session.press("t \"-5m\" Enter");
    assert_eq!(
        session.effects.drain(..).collect::<Vec<_>>(),
        [Effect::Pause(true), Effect::Seek(NOW.plus(-300_000))]
    );
    session.press("t \"now\" Enter ]");
    assert_eq!(session.effects, [Effect::Pause(false)]);
    assert!(notice(&session).contains("replays"));
}

#[test]
fn the_window_is_narrowed_and_widened_to_its_ends() {
    let mut session = session();
    session.press("z z z z z z");
    assert_eq!(session.state.window_ms, 60_000);
    assert!(notice(&session).contains("narrowest"));
    session.press("Z");
    assert_eq!(session.state.window_ms, 120_000);
}

#[test]
fn keys_that_do_nothing_here_say_so() {
    let mut session = session();
    session.press("w");
    assert_eq!(notice(&session), "w (wrap) does nothing in this view");
    session.press("K");
    assert_eq!(notice(&session), "K is no key here; ? lists them");
    session.press("j");
    assert_eq!(notice(&session), "");
}

#[test]
fn ways_to_end() {
    let mut session = session();
    of_pipes(&mut session, 0);
    session.press("q");
    assert_eq!(session.effects.drain(..).collect::<Vec<_>>(), [Effect::Quit]);
    session.press("4 ? q q");
    assert_eq!(session.effects, [], "q closes the topmost first");
    assert_eq!(session.state.view(), ViewKind::Overview);
    session.press("/ \"a\" Ctrl-c");
    assert_eq!(session.effects.drain(..).collect::<Vec<_>>(), [Effect::Quit], "always, also in a prompt");
    session.press("Esc Ctrl-z Ctrl-l F10");
    assert_eq!(session.effects, [Effect::Suspend, Effect::Redraw, Effect::Quit]);
}

/// Says that so many records came over pipes.
fn of_pipes(session: &mut Session, records: u64) {
    let mut status = live();
    let mut sources = status.sources.to_vec();
    sources.iter_mut().for_each(|source| source.size_bytes = Some(1));
    if records > 0 {
        (sources[0].size_bytes, sources[0].records) = (None, records);
    }
    status.sources = Arc::new(sources);
    session.send(Msg::Status(Arc::new(status)));
}

#[test]
fn what_is_kept_nowhere_else_is_asked_for_once() {
    let mut session = session();
    of_pipes(&mut session, 1_234);
    session.press("q");
    assert_eq!(session.effects, []);
    assert!(
        notice(&session).starts_with("the same key again quits; 1,234 records that came over a pipe"),
        "{}",
        notice(&session)
    );
    session.press("j q");
    assert_eq!(session.effects, [], "another key stays, and it is asked anew");
    session.press("q");
    assert_eq!(session.effects.drain(..).collect::<Vec<_>>(), [Effect::Quit]);
    session.press("j Ctrl-c");
    assert_eq!(session.effects.drain(..).collect::<Vec<_>>(), [Effect::Quit], "without a question");
}

#[test]
fn what_is_copied_is_raw() {
    let mut session = session();
    session.press("y");
    assert_eq!(session.effects.drain(..).collect::<Vec<_>>(), [Effect::Copy("user-login:live".into())]);
    assert!(notice(&session).contains("clipboard"));
    session.press("j Enter y");
    assert_eq!(session.effects.drain(..).collect::<Vec<_>>(), [Effect::Copy(fixture::request_id(99))]);
    session.press("4 y");
    let Some(Effect::Copy(text)) = session.effects.pop() else { panic!("nothing copied") };
    assert!(text.contains('\x1b'), "{text:?}");
}

#[test]
fn only_bound_keys_are_in_the_help() {
    let mut session = session();
    session.press("4 ?");
    let mut buffer = Buffer::empty(Rect::new(0, 0, 160, 200));
    view::draw(&session.state, &mut buffer);
    let text: String = buffer.content().iter().map(|cell| cell.symbol()).collect();
    for action in Action::ALL {
        let bound = action.views().contains(&ViewKind::Logs);
        assert_eq!(text.contains(action.help()), bound, "{action:?}");
    }
}

#[test]
fn from_a_row_to_what_is_wrong_and_to_the_line_that_shows_it() {
    let mut session = session();
    session.press("j x");
    assert_eq!(session.state.view(), ViewKind::Problems);
    assert_eq!(&*session.state.problem().unwrap().name, "payment-capture");
    session.press("Enter");
    let logs = session.state.logs.as_ref().unwrap();
    assert_eq!(session.state.view(), ViewKind::Logs);
    assert_eq!(logs.selected().unwrap().origin.offset, 40_400);
    assert!(!logs.follow && logs.cursor > 10, "what is before it is there as well");
    session.press("Esc 2");
    assert_eq!(session.state.view(), ViewKind::Function);
    assert_eq!(&*session.state.function.as_ref().unwrap().name, "payment-capture");
    session.press("Esc j");
    assert_eq!(&*session.state.problem().unwrap().name, "nightly-sync");
    session.press("Esc");
    assert_eq!(selected(&session), "payment-capture", "the table is where it was");
    session.press("g x");
    assert_eq!(notice(&session), "user-login:live: error, no problem of a known kind");
}

#[test]
fn marks_are_the_times_at_which_problems_began_and_were_found() {
    let mut session = Session::new(80, 24, replay(false, 1.0));
    // One begins 400 s from now and is found a minute later, another began 300 s ago.
    for (from, key, to) in [
        (0, "}", 400_000),
        (400_000, "}", 460_000),
        (460_000, "{", 400_000),
        (0, "{", -240_000),
        (-240_000, "{", -300_000),
    ] {
        let status = crate::ui::status::SessionStatus { as_of: NOW.plus(from), ..replay(false, 1.0) };
        session.send(Msg::Status(Arc::new(status)));
        session.press(key);
        assert_eq!(session.effects.last(), Some(&Effect::Seek(NOW.plus(to))));
    }
    let mut status = replay(false, 1.0);
    status.as_of = NOW.plus(-1_400_000);
    session.send(Msg::Status(Arc::new(status)));
    session.press("{");
    assert_eq!(notice(&session), "no problem began or was found before this, and nothing was changed");
}

#[test]
fn the_next_problem_is_a_row_with_a_state_or_a_finding() {
    let mut session = session();
    session.problems.found.retain(|problem| &*problem.name == "payment-capture");
    session.problems.found[0].function = crate::model::FunctionId(6);
    session.pass(3_000);
    session.press("e e e e e");
    assert_eq!(selected(&session), "catalog-search", "only a finding says that something is wrong with it");
}

/// From a line to its function and back to the same line; the path says where Esc leads.
#[test]
fn a_function_opened_from_its_lines_leads_back_to_them() {
    let mut session = session();
    session.press("4 k k k");
    let line = session.state.lines_here().unwrap().cursor;
    session.press("2");
    assert_eq!(session.state.view(), ViewKind::Function);
    assert_eq!(session.state.path().collect::<Vec<_>>(), [ViewKind::Logs]);
    session.press("Esc");
    assert_eq!(session.state.view(), ViewKind::Logs);
    assert_eq!(session.state.lines_here().unwrap().cursor, line);
}

/// What is followed and has long been silent is no calm: its time stands at its newest record, its ages do not.
#[test]
fn of_what_has_long_been_silent_nothing_is_well_or_new() {
    use crate::query::view::State;
    let mut session = session();
    let rows = |session: &Session, state| {
        let answer = session.state.overview.board.answer.clone().unwrap();
        answer.rows.iter().filter(|row| row.state == state).count()
    };
    let age = |session: &Session| {
        session.state.overview.board.answer.as_ref().unwrap().panels.invocations.provenance.age_ms
    };
    let (well, before) = (rows(&session, State::Ok), age(&session).unwrap());
    assert!(well > 0);
    let mut status = live();
    (status.stale_ms, status.generation) = (Some(6_900_000), 99);
    session.pass(5_000);
    session.send(Msg::Status(Arc::new(status)));
    session.pass(5_000);
    assert_eq!((rows(&session, State::Ok), age(&session)), (0, Some(before + 6_900_000)));
    assert!(rows(&session, State::Error) > 0, "what was wrong then is still said");
}

#[test]
fn what_failed_is_tried_again_where_it_is_followed() {
    let mut session = session();
    session.press("7 r");
    assert!(notice(&session).contains("trying"), "{}", notice(&session));
    let mut replayed = Session::new(80, 24, replay(true, 1.0));
    replayed.press("7 r");
    assert!(notice(&replayed).contains("reads each source once"), "{}", notice(&replayed));
}
