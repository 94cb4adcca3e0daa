//! Keys of the log view against the whole state: how lines are shown.

use crate::ui::fixture::{Session, live, screen};
use crate::ui::keymap::{Action, ViewKind};

use super::logs::LogView;
use super::palette::Command;
use super::state::Msg;

const JSON: &str = r#"{"level":"ERROR","requestId":"r-1","message":"refused \u001b[31m","user":{"id":7,"plan":"pro"},"status":402}"#;

/// The log view with this line under the cursor.
fn with_line(text: &str) -> Session {
    let mut session = Session::new(140, 45, live());
    session.press("4 k k k");
    let logs = session.state.logs.as_mut().unwrap();
    let at = logs.cursor;
    logs.rows[at].text = text.to_string();
    session
}

fn logs(session: &Session) -> &LogView {
    session.state.lines_here().unwrap()
}

fn line(session: &Session, part: &str) -> String {
    let screen = screen(&session.state);
    let found = screen.lines().find(|line| line.contains(part));
    found.unwrap_or_else(|| panic!("no {part:?}: {screen}")).trim_end().to_string()
}

#[test]
fn a_raw_line_is_what_was_written_and_back() {
    let mut session = with_line(JSON);
    session.send(Msg::Resize(200, 45));
    let structured = line(&session, "refused");
    assert!(structured.contains("user.id=7") && !structured.contains("r-1"), "{structured}");
    session.press("v");
    // No column for what stands in it; of all functions when and whose it is, which it may not say.
    let (row, zone) = (logs(&session).selected().unwrap(), session.state.zone);
    let (time, function) = (zone.millis(row.time.unwrap()), row.function.clone().unwrap());
    assert_eq!(line(&session, "refused"), format!("{time:<13}{function:<26}{JSON}"));
    // Of one function nothing of ours stands before it.
    let mut one = Session::new(140, 45, live());
    one.press("L k k k v");
    let text = logs(&one).selected().unwrap().text.clone();
    let start: String = text.chars().take(20).collect();
    assert!(line(&one, &start).starts_with(&start), "{}", line(&one, &start));
    assert!(screen(&session.state).lines().next().unwrap().contains("logs all functions, raw"));
    session.press("y");
    assert!(session.state.notice.as_deref().unwrap().contains(r#"{"level":"ERROR""#));
    // It stays so wherever one goes, also when lines come anew.
    session.press("g G k");
    session.pass(3_000);
    assert!(logs(&session).raw);
    session.press("v");
    assert!(!logs(&session).raw);
}

#[test]
fn a_raw_line_has_no_control_characters_and_tells_what_was_cut() {
    let mut session = with_line("a\u{1b}[2Jb\u{202e}c\td");
    let logs = session.state.logs.as_mut().unwrap();
    let at = logs.cursor;
    (logs.rows[at].cut, logs.rows[at].bad) = (2_000, Some("not JSON".to_string()));
    session.press("v");
    let shown = line(&session, "2Jb");
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\t']), "{shown}");
    assert!(shown.contains("more]") && !shown.contains("not JSON"), "{shown}");
}

#[test]
fn a_raw_line_is_masked_as_any_other() {
    let mut session = with_line(r#"{"password":"hunter2-and-more","user":"bob@example.com"}"#);
    session.press("v M");
    let screen = screen(&session.state);
    assert!(!screen.contains("hunter2") && !screen.contains("bob@"), "{screen}");
}

#[test]
fn raw_lines_wrap_scroll_and_show_what_is_found() {
    let mut session = with_line(&format!("{{\"message\":\"{}needle\"}}", "x".repeat(380)));
    session.press("v w");
    let screen_of = |session: &Session| screen(&session.state);
    assert!(screen_of(&session).contains("needle"));
    session.press("w");
    assert!(!screen_of(&session).contains("needle"));
    session.press("/ \"needle\" Enter w");
    assert_eq!(logs(&session).selected().unwrap().text.len(), 400);
    // A tagged line moves aside.
    session.press("w Space k");
    let symbols = session.state.options.charset.symbols();
    assert_eq!(line(&session, "xxxx").chars().nth(12).map(String::from).as_deref(), Some(symbols.tag));
}

#[test]
fn lines_of_an_invocation_are_shown_raw_too() {
    let mut session = Session::new(140, 45, live());
    session.press("3 Enter");
    assert_eq!(session.state.view(), ViewKind::Invocation);
    session.press("v");
    assert!(screen(&session.state).contains("log lines, raw"));
}

#[test]
fn what_shows_lines_raw_is_told_where_it_works() {
    let shape = Command::Act(Action::Shape);
    for view in [ViewKind::Logs, ViewKind::Invocation, ViewKind::Traces] {
        assert!(shape.works(view));
    }
    assert!(!shape.works(ViewKind::Patterns) && !shape.works(ViewKind::Problems));
    let mut session = with_line(JSON);
    session.press(": \"raw\"");
    let palette = session.state.palette.as_ref().unwrap();
    assert!(palette.found.iter().take(3).any(|found| *found == shape), "{:?}", palette.found);
    session.press("Esc ?");
    session.send(Msg::Resize(160, 200));
    assert!(screen(&session.state).contains("Log lines as they were written"));
}

// Fields

const ORDER: &str = r#"{"level":"INFO","message":"order stored","user":{"id":7,"plan":"pro"},"status":402}"#;

#[test]
fn chosen_fields_come_before_the_message_in_the_order_of_choice() {
    let mut session = with_line(ORDER);
    assert!(line(&session, "order stored").ends_with("order stored user.id=7 user.plan=pro status=402"));
    session.press("f");
    let listed = screen(&session.state);
    assert!(listed.contains("field status: in 1 of "), "{listed}");
    session.press("\"status\" Enter");
    assert!(session.state.palette.is_some(), "for the next one");
    assert!(screen(&session.state).contains("field status: no. 1, in 1 of "));
    session.press("Esc f \"user.plan\" Enter Esc");
    assert!(line(&session, "order stored").ends_with("status=402 user.plan=pro  order stored user.id=7"));
    assert_eq!(session.state.remembered().fields, ["status", "user.plan"]);
    // Lines without them are as they were, and so is what was written.
    assert!(!line(&session, "calling bank").contains("status="));
    session.press("v");
    assert!(line(&session, "order stored").ends_with(ORDER));
    session.press("v f \"status\" Enter Esc");
    assert!(line(&session, "order stored").ends_with("user.plan=pro  order stored user.id=7 status=402"));
}

#[test]
fn chosen_fields_stay_wherever_lines_are_and_in_the_next_session() {
    let mut session = with_line(ORDER);
    session.press("f \"status\" Enter Esc 1 3 Enter");
    assert_eq!(*logs(&session).fields, ["status".to_string()]);
    let left = session.state.remembered();
    let options = crate::ui::fixture::options(140, 45);
    let mut again = Session::with(super::Options { remembered: left.clone(), ..options.clone() }, live());
    again.press("4");
    assert_eq!((&*logs(&again).fields, again.state.remembered()), (&["status".to_string()][..], left));
    // Nonsense in the file is left out.
    let fields = ["", "a b", "\u{1b}[2J", "k", "k"].map(str::to_string).to_vec();
    let odd = super::Remembered { fields, ..Default::default() };
    let odd = Session::with(super::Options { remembered: odd, ..options }, live());
    assert_eq!(odd.state.remembered().fields, ["k"]);
}

#[test]
fn there_must_be_fields_and_not_too_many_are_chosen() {
    let mut session = Session::new(140, 45, live());
    session.press("4 f");
    assert!(session.state.palette.is_none());
    assert!(session.state.notice.as_deref().unwrap().starts_with("no JSON in the lines here"));
    let members: Vec<String> = (0..9).map(|n| format!("\"k{n}\":{n}")).collect();
    let mut session = with_line(&format!("{{{}}}", members.join(",")));
    for n in 0..9 {
        session.press(&format!("f \"k{n}\" Enter Esc"));
    }
    assert_eq!(session.state.remembered().fields.len(), 8);
}

// Looking for a line

fn notice(session: &Session) -> &str {
    session.state.notice.as_deref().unwrap_or_default()
}

/// The log view of so many lines, at the last; those that say `needle`, by their numbers.
fn with_needles(lines: u64, needles: &[usize]) -> Session {
    let mut session = Session::new(140, 45, live());
    session.lines = lines;
    session.press("4 F");
    let logs = session.state.logs.as_mut().unwrap();
    for at in needles {
        logs.rows[*at].text = "a needle".to_string();
    }
    session
}

#[test]
fn looking_goes_round_and_says_so() {
    let mut session = with_needles(300, &[7, 200]);
    assert_eq!(logs(&session).rows.len(), 300, "all are loaded");
    session.press("/ \"needle\" Enter");
    assert_eq!(logs(&session).cursor, 200, "typed at the end it looks back");
    assert_eq!(notice(&session), "found before this line; nothing after; N looks on before it");
    session.press("n");
    assert_eq!(logs(&session).cursor, 7);
    assert_eq!(notice(&session), "no \"needle\" after this line: went round to the first; N looks back");
    session.press("n");
    assert_eq!((logs(&session).cursor, notice(&session)), (200, "\"needle\": 2 of 2"));
    session.press("N N");
    assert_eq!(logs(&session).cursor, 200);
    assert_eq!(notice(&session), "no \"needle\" before this line: went round to the last; n looks on");
}

#[test]
fn looking_goes_round_beyond_what_is_loaded() {
    let mut session = Session::new(140, 45, live());
    session.lines = 9_000;
    session.press("4 / \"traceback\" Enter");
    let last = logs(&session).selected().unwrap().origin;
    session.press("n");
    assert!(notice(&session).contains("went round to the first"), "{}", notice(&session));
    let first = logs(&session).selected().unwrap().origin;
    assert_eq!(first, crate::ui::fixture::log(3).origin);
    // What is above is there by now, what is below only in part.
    session.press("n");
    assert_eq!(notice(&session), "\"traceback\": 2, maybe more below");
    session.press("N");
    assert_eq!(notice(&session), "\"traceback\": 1, maybe more below");
    assert!(logs(&session).rows.len() > 100, "with what is around it");
    session.press("N");
    assert_eq!(logs(&session).selected().unwrap().origin, last);
    assert!(notice(&session).contains("went round to the last"), "{}", notice(&session));
    session.press("G e");
    assert_eq!(logs(&session).selected().unwrap().origin, first);
    assert_eq!(notice(&session), "no error line after this line: went round to the first; E looks back");
}

#[test]
fn where_there_is_no_other_it_says_so() {
    let mut session = with_needles(300, &[200]);
    session.press("/ \"needle\" Enter n");
    assert_eq!((logs(&session).cursor, notice(&session)), (200, "no other \"needle\" in these lines"));
    session.press("N");
    assert_eq!((logs(&session).cursor, notice(&session)), (200, "no other \"needle\" in these lines"));
    session.press("/ \"nowhere\" Enter");
    assert_eq!(notice(&session), "no \"nowhere\" in these lines");
    session.press("N");
    assert_eq!(notice(&session), "no \"nowhere\" in these lines");
    assert!(!logs(&session).searching());
    // Far away, too.
    let mut session = Session::new(140, 45, live());
    session.lines = 9_000;
    session.press("4 / \"nowhere\" Enter n");
    assert_eq!(notice(&session), "no \"nowhere\" in these lines");
}

#[test]
fn a_search_that_goes_round_is_stopped_by_esc() {
    let mut session = Session::new(140, 45, live());
    session.lines = 9_000;
    session.press("4");
    let logs = session.state.logs.as_mut().unwrap();
    let at = logs.cursor;
    logs.search(super::logs::Want::Error, true, false, 20, 140);
    assert!(logs.searching());
    session.press("Esc");
    let logs = session.state.logs.as_ref().unwrap();
    assert_eq!((logs.searching(), logs.cursor), (false, at));
}

/// What was found is seen, wherever in its line it stands; a line that was moved aside by hand stays so.
#[test]
fn what_is_found_beyond_the_edge_is_shown() {
    let long = format!("{} the needle is here {}", "before ".repeat(60), "after ".repeat(60));
    let mut session = with_line(&long);
    assert!(!screen(&session.state).contains("needle"));
    session.press("/ \"needle\" Enter");
    let row = line(&session, "the needle is here");
    let excerpt = row.split('\u{2026}').collect::<Vec<_>>();
    assert_eq!(excerpt.len(), 3, "cut on both sides: {row}");
    assert!(excerpt[1].contains("before  the needle") || excerpt[1].contains("before the needle"), "{row}");
    session.press("l");
    assert!(!screen(&session.state).contains("the needle"));
    // What its beginning holds begins with it.
    let mut session = with_line(&format!("a needle {long}"));
    session.press("/ \"needle\" Enter");
    assert!(line(&session, "a needle before").contains(" a needle before"));
}
