//! Keys, answers and time against the whole state.

use std::sync::Arc;

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::{Graded, Timestamp, Why};
use crate::query::view::{Limit, SortBy, TraceOrder, TracesAnswer, TracesRequest};
use crate::ui::fixture::{self, NOW, Session, live, options, replay, request_id};
use crate::ui::keymap::{Action, ViewKind};
use crate::ui::status::Speed;
use crate::ui::view;

use super::function::FunctionList;
use super::state::{Effect, Msg, UiState};
use super::trace::Shown;
use super::update;

fn session() -> Session {
    Session::new(80, 24, live())
}

fn names(session: &Session) -> Vec<String> {
    let overview = &session.state.overview;
    (0..overview.len()).map(|line| overview.row(line).unwrap().name.to_string()).collect()
}

fn selected(session: &Session) -> String {
    session.state.overview.selected().unwrap().name.to_string()
}

fn notice(session: &Session) -> &str {
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

// Logs

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

// Whatever happens

fn any_msg() -> impl Strategy<Value = Msg> {
    let keys: Vec<&'static str> = vec![
        "j",
        "k",
        "h",
        "l",
        "PgDn",
        "PgUp",
        "Ctrl-d",
        "Ctrl-u",
        "g",
        "G",
        "Enter",
        "Esc",
        "q",
        "1",
        "2",
        "3",
        "4",
        "7",
        "L",
        "Tab",
        "Shift-Tab",
        "+",
        "?",
        "/",
        "n",
        "N",
        "\\",
        "e",
        "E",
        "o",
        "O",
        ">",
        "<",
        "I",
        "s",
        "t",
        "z",
        "Z",
        ",",
        ".",
        "T",
        "F",
        "p",
        "[",
        "]",
        "r",
        "w",
        "v",
        "f",
        "M",
        "c",
        "Ctrl-g",
        "Backspace",
        "a",
        "(",
        "Ctrl-l",
        "Home",
        "End",
        "Down",
        "Up",
        "Space",
        "m",
        "F6",
    ];
    prop_oneof![
        12 => prop::sample::select(keys).prop_map(fixture::key),
        2 => (1u16..200, 1u16..60).prop_map(|(w, h)| Msg::Resize(w, h)),
        1 => any::<String>().prop_map(Msg::Paste),
        1 => (-5isize..5).prop_map(Msg::Wheel),
        1 => any::<String>().prop_map(Msg::Notice),
        2 => (any::<bool>(), -0.5f64..1.5, -2_000_000i64..2_000_000, any::<bool>()).prop_map(
            |(paused, loaded, by, is_live)| {
                let mut status = if is_live { live() } else { replay(paused, loaded) };
                status.as_of = NOW.plus(by);
                status.generation = by.unsigned_abs();
                Msg::Status(Arc::new(status))
            }
        ),
        2 => Just(Msg::Tick),
    ]
}

/// An overview that no query would give.
fn odd_overview(seed: u64) -> crate::query::view::Overview {
    let mut odd = if seed.is_multiple_of(2) { fixture::overview() } else { fixture::function(seed % 50) };
    let numbers = [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300, 0.001, 42.0];
    let number = numbers[(seed % 7) as usize];
    let panels = &mut odd.panels;
    for panel in [&mut panels.invocations, &mut panels.duration, &mut panels.errors, &mut panels.concurrency]
    {
        panel.now =
            if seed.is_multiple_of(3) { Graded::NoSource(Why::NoData) } else { Graded::Settling(number) };
        panel.chart.settled = [0, 5, usize::MAX][(seed % 3) as usize];
        for line in &mut panel.chart.lines {
            line.points.truncate((seed % 31) as usize);
            if let Some(point) = line.points.first_mut() {
                *point = Some(number);
            }
        }
        panel.chart.limits.push(Limit { name: "limit", value: Graded::Counted(number) });
    }
    odd.step_ms = [0, -1, 60_000, i64::MAX][(seed % 4) as usize];
    if seed.is_multiple_of(5) {
        odd.window.to = [odd.window.from, Timestamp::MIN, Timestamp::NEVER][(seed % 3) as usize];
    }
    if let Some(tree) = &panels.trace.tree {
        let mut tree = (**tree).clone();
        tree.end_us = [0, i64::MAX, -5][(seed % 3) as usize];
        tree.rows[1].depth = 1_000_000;
        tree.rows[2].start_us = i64::MAX;
        tree.rows[3].length_us = i64::MIN;
        panels.trace.tree = Some(Arc::new(tree));
    }
    odd.rows.truncate((seed % 24) as usize);
    for row in &mut odd.rows {
        row.rate = Graded::Counted(number);
        row.memory_mb = Some(0);
        row.invocations = Graded::Counted(0);
    }
    odd
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_panics_and_nothing_raw_is_drawn(
        msgs in prop::collection::vec((any_msg(), 0u64..3_000, any::<u64>()), 1..60),
        ascii: bool,
    ) {
        let mut options = options(80, 24);
        if ascii {
            options.charset = crate::ui::symbols::Charset::Ascii;
        }
        let mut state = UiState::new(options);
        let mut at = 0;
        for (msg, later, seed) in msgs {
            at += later;
            let mut effects = update(&mut state, msg, at);
            for _ in 0..4 {
                let mut next = Vec::new();
                for effect in effects {
                    next.extend(match effect {
                        Effect::Ask { id, .. } => {
                            let answer = Arc::new(odd_overview(seed));
                            update(&mut state, Msg::Overview { id, answer, problems: Arc::new(fixture::problems()) }, at)
                        }
                        Effect::AskPage { id, request } => {
                            let answer = Arc::new(fixture::page(request, seed % 300));
                            update(&mut state, Msg::Page { id, answer }, at)
                        }
                        Effect::AskOne { id, request } => {
                            let answer = Arc::new(fixture::one(request));
                            update(&mut state, Msg::One { id, answer }, at)
                        }
                        Effect::AskLines { id, request } => {
                            let answer = fixture::read(&request, seed % 900);
                            update(&mut state, Msg::Lines { id, answer }, at)
                        }
                        _ => Vec::new(),
                    });
                }
                effects = next;
            }
            let (width, height) = state.size;
            let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
            let cursor = view::draw(&state, &mut buffer);
            prop_assert!(cursor.is_none_or(|at| at.y < height));
            for cell in buffer.content() {
                prop_assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
                prop_assert!(!ascii || cell.symbol().is_ascii(), "{:?}", cell.symbol());
            }
            if let Some(logs) = &state.logs {
                prop_assert!(logs.rows.is_empty() || logs.cursor < logs.rows.len());
                prop_assert!(logs.top <= logs.cursor);
            }
        }
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
    assert!(notice(&session).starts_with("nothing found about user-login:live"), "{}", notice(&session));
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
