//! What the lines around a view say: the header, the notices, the heads of lists.

use std::sync::Arc;

use crate::ui::fixture::{self, Session, live, replay};
use crate::ui::keymap::ViewKind;
use crate::ui::view;

use super::state::Msg;

fn session() -> Session {
    Session::new(140, 45, live())
}

fn notice(session: &Session) -> &str {
    session.state.notice.as_deref().unwrap_or_default()
}

fn screen_line(session: &Session, at: usize) -> String {
    fixture::screen(&session.state).lines().nth(at).unwrap_or_default().to_string()
}

#[test]
fn what_is_said_of_a_copy_is_whole_on_a_usual_screen() {
    let mut session = Session::new(80, 24, live());
    session.press("c \"command\" Enter");
    let symbols = session.state.options.charset.symbols();
    assert!(notice(&session).starts_with("sent to the clipboard: aws logs"), "{}", notice(&session));
    assert!(notice(&session).ends_with(symbols.ellipsis) && notice(&session).chars().count() == 78);
    assert!(fixture::screen(&session.state).contains(notice(&session)));
}

#[test]
fn an_invocation_without_a_trace_says_so_and_stays() {
    let mut session = session();
    session.press("4 k");
    let logs = session.state.logs.as_mut().unwrap();
    let at = logs.cursor;
    logs.rows[at].request_id = Some(fixture::UNTRACED.to_string());
    session.press("X");
    assert_eq!(session.state.view(), ViewKind::Logs);
    assert!(session.state.trace_path.is_empty());
    assert!(notice(&session).starts_with("no trace: it was not sampled"), "{}", notice(&session));
    session.press("k");
    assert_eq!((session.state.view(), notice(&session)), (ViewKind::Logs, ""), "and keys do what they did");
    // From an invocation that has one it opens.
    session.press("3 X");
    assert_eq!(session.state.view(), ViewKind::Trace);
}

#[test]
fn a_narrow_header_keeps_the_time_and_how_it_goes() {
    let header = |session: &Session| screen_line(session, 0);
    for (status, stands) in
        [(live(), "LIVE"), (replay(true, 1.0), "REPLAY PAUSED"), (replay(false, 1.0), "REPLAY 60x")]
    {
        for keys in ["", "2", "4", "5 Enter"] {
            let mut session = Session::new(40, 10, status.clone());
            session.press(keys);
            let header = header(&session);
            assert!(header.contains(stands) && header.contains("14:05:31Z"), "{keys}: {header}");
        }
    }
    // Where there is room a path is whole, however long.
    let mut session = Session::new(140, 45, replay(true, 1.0));
    session.press("5 Enter");
    let trace = &session.state.trace().unwrap().answer.as_ref().unwrap().shown;
    assert!(header(&session).contains(&format!("> traces > trace {trace}")), "{}", header(&session));
}

#[test]
fn what_is_read_is_not_taken_for_the_time_at_which_the_picture_stands() {
    let mut session = Session::new(100, 24, replay(true, 1.0));
    let mut status = (*session.state.status).clone();
    let mut sources = (*status.sources).clone();
    sources[0].newest = Some(status.as_of.plus(60_000));
    status.sources = Arc::new(sources);
    session.send(Msg::Status(Arc::new(status)));
    session.press("7");
    let screen = fixture::screen(&session.state);
    assert!(screen.contains("read so far, not as of 14:05:31Z"), "{screen}");
    assert!(screen.contains("0 14:06:31"), "no age of what is later: {screen}");
    let mut session = Session::new(80, 24, live());
    session.press("7");
    assert!(!fixture::screen(&session.state).contains("not as of"));
}

#[test]
fn what_could_not_be_judged_is_said_where_nothing_was_found() {
    let mut session = session();
    let answer = session.state.overview.board.answer.as_mut().unwrap();
    Arc::make_mut(answer).rows.iter_mut().for_each(|row| row.reserved = None);
    let mut said = |name: &str, left_out: usize| {
        let mut problems = (*session.state.problems).clone();
        (problems.left_out, problems.found) = (left_out, Vec::new());
        session.state.problems = Arc::new(problems);
        let rows = &session.state.overview.board.answer.as_ref().unwrap().rows;
        let id = rows.iter().find(|row| &*row.name == name).unwrap().id;
        view::not_found(&session.state, id, name, session.state.options.charset.symbols())
    };
    assert!(said("order-create", 0).ends_with("throttled-reserved not judged: no source tells its limit"));
    assert!(said("nightly-sync", 0).contains("silence is judged of a steady rhythm"));
    // What the filter leaves out may well be what is wrong.
    assert_eq!(said("order-create", 1), "order-create: throttle, no problem that matches the filter");
    assert_eq!(said("thumbnail-gen", 0), "thumbnail-gen: no problem of a known kind");
}
