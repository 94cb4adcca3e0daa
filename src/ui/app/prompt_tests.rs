//! The prompt: mistakes while they are typed, what was typed before, what a word may become.

use crate::ui::fixture::{Session, live, screen};

fn session() -> Session {
    Session::new(80, 24, live())
}

fn typed(session: &Session) -> &str {
    session.state.prompt.as_ref().unwrap().field.text()
}

#[test]
fn a_mistake_is_told_where_it_is_while_it_is_typed_and_the_filter_stays() {
    let mut session = session();
    session.press("\\ \"err\" Enter");
    session.press("\\ Ctrl-u \"ab\" Space \"x(\"");
    let prompt = session.state.prompt.as_ref().unwrap();
    let mistake = prompt.error.as_ref().unwrap();
    assert_eq!((mistake.at, mistake.message.as_str()), (4, "( means nothing here"));
    assert_eq!(session.state.filter_text, "err", "the old one is in force");
    session.press("Enter");
    assert!(session.state.prompt.is_some(), "it can be corrected");
    session.press("Backspace");
    let prompt = session.state.prompt.as_ref().unwrap();
    assert_eq!(
        (prompt.error.as_ref(), prompt.means.as_deref()),
        (None, Some("invocations with \"ab\" and with \"x\""))
    );
}

/// Where it is, in signs and not by a colour alone, and what is wrong, whole on a narrow screen.
#[test]
fn a_mistake_has_a_sign_above_its_place() {
    use crate::query::filter::Filter;

    let long = "x".repeat(50);
    for (keys, wrong, says) in [
        ("\\ \"fn:pay*\" Space \"foo:bar\"".to_string(), "foo", "no field \"foo\" (Tab lists them)"),
        ("\\ \"status:nope\"".to_string(), "nope", "no status \"nope\" (Tab lists them)"),
        (format!("\\ \"{long}\" Space \"foo:bar\""), "foo", "no field \"foo\" (Tab lists them)"),
        ("\\ \"dur>800\"".to_string(), "800", "write its unit: 250us, 800ms, 2s or 1m"),
        (
            "t \"foo\" Enter".to_string(),
            "foo",
            "\"foo\" is no time: 14:32, -10m, yesterday 9:00, 2026-11-23T14:32Z",
        ),
        (
            "t \"25:99\" Enter".to_string(),
            "25",
            "\"25:99\" is no time: 14:32, -10m, yesterday 9:00, 2026-11-23T14:32Z",
        ),
    ] {
        let mut session = session();
        session.state.options.parse_filter = Filter::parse;
        session.press(&keys);
        let screen = screen(&session.state);
        let rows: Vec<&str> = screen.lines().collect();
        let (told, prompt) = (rows[22], rows[23]);
        let column = |row: &str, of: &str| row.find(of).map(|at| row[..at].chars().count());
        assert!(told.contains(says), "{keys}: {told}");
        let sign = session.state.options.charset.symbols().down;
        assert_eq!(column(told, sign), column(prompt, wrong), "{told}\n{prompt}");
    }
}

/// What can't be asked in a view is never passed over silently.
#[test]
fn a_term_that_only_lines_answer_says_so() {
    use crate::query::filter::Filter;

    let mut session = Session::new(140, 45, live());
    session.state.options.parse_filter = Filter::parse;
    let shown = |session: &Session| screen(&session.state);
    session.press("\\ \"level>=warn\" Enter");
    assert!(shown(&session).contains("(level>=warn: not asked of invocations)"));
    session.press("4");
    assert!(!shown(&session).contains("not asked of"));
}

/// A narrowed view is never taken for a calm one, and what is looked for in lines is not said to be nowhere.
#[test]
fn a_filter_narrows_problems_and_says_what_it_leaves_out() {
    use crate::query::filter::Filter;

    let mut session = Session::new(140, 45, live());
    session.state.options.parse_filter = Filter::parse;
    let shown = |session: &Session| screen(&session.state);
    session.press("\\ \"fn:payment*\" Enter");
    assert!(shown(&session).contains("1 problem (1 more outside the filter): payment-capture"));
    session.press("\\ Ctrl-u \"silence\" Enter");
    assert!(shown(&session).contains("nightly-sync silence: ran every 15 min"));
    assert!(shown(&session).contains("user-login:live: error, no problem that matches the filter"));
    session.press("\\ Ctrl-u \"fn:user*\" Enter");
    assert!(shown(&session).contains("none of 2 open problems matches the filter"));
    session.press("6");
    assert!(shown(&session).contains("none of 2 open problems matches the filter"));
    session.press("Esc \\ Ctrl-u \"fn:nobody\" Enter");
    assert!(shown(&session).contains("no function matches the filter"));
    session.press("\\ Ctrl-u \"fn:nobody\" Space \"taxRules\" Enter");
    assert!(shown(&session).contains("4 looks in the lines"));
}

#[test]
fn what_was_typed_before_comes_again_the_newest_first() {
    let mut session = session();
    for text in ["one", "two", "one", "three"] {
        session.press(&format!("\\ Ctrl-u \"{text}\" Enter"));
    }
    session.press("\\ Ctrl-u \"dr\" Up");
    assert_eq!(typed(&session), "three");
    session.press("Up");
    assert_eq!(typed(&session), "one");
    session.press("Up Up Up");
    assert_eq!(typed(&session), "two", "the oldest; none stands there twice");
    session.press("Down Down");
    assert_eq!(typed(&session), "three");
    session.press("Down Down");
    assert_eq!(typed(&session), "dr", "what was being typed");
    session.press("Esc / \"x\" Up");
    assert_eq!(typed(&session), "x", "each prompt has its own");
}

#[test]
fn tab_completes_fields_and_live_names_and_goes_round() {
    let mut session = session();
    session.press("\\ Ctrl-u \"fn:payment\" Tab");
    let first = typed(&session).to_string();
    assert!(first.starts_with("fn:payment-"), "{first}");
    session.press("Tab");
    assert!(typed(&session).starts_with("fn:payment"));
    let words = session.state.prompt.as_ref().unwrap().completing.as_ref().unwrap().words.len();
    for _ in 2..words {
        session.press("Tab");
    }
    assert_eq!(typed(&session), "fn:payment", "what was typed is one of them");
    session.press("Tab Shift-Tab");
    assert_eq!(typed(&session), "fn:payment");
    session.press("Tab \"x\"");
    assert_eq!(typed(&session), format!("{first}x"));
    session.press("Ctrl-u \"zz\" Tab");
    assert_eq!(typed(&session), "zz", "nothing begins so");
}

/// What is filtered by has room beside the replay's bar, or a row of its own.
#[test]
fn a_filter_leaves_the_bar_of_a_replay_its_times() {
    use crate::query::filter::Filter;
    use crate::ui::fixture::replay;

    for (filter, told) in [
        ("\"-fn:user*\" Space \"dur>2s\"", "[-fn:user*] [dur>2s]"),
        ("\"level>=warn\"", "(level>=warn: not asked of invocations)"),
    ] {
        let mut session = Session::new(80, 24, replay(true, 1.0));
        session.state.options.parse_filter = Filter::parse;
        let bar =
            |session: &Session| screen(&session.state).lines().nth(2).map(str::to_string).unwrap_or_default();
        let before = bar(&session);
        session.press(&format!("\\ {filter} Enter"));
        assert_eq!(bar(&session), before);
        assert!(screen(&session.state).lines().nth(3).is_some_and(|row| row.contains(told)), "{told}");
    }
}
