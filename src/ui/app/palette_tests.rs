//! The palette and what it does, keys against the whole state.

use crate::ui::fixture::{Session, live};
use crate::ui::keymap::{Action, Keymap, PRESETS, ViewKind};
use crate::ui::picture::Picture;

use super::palette::{Command, Things};
use super::state::Effect;

fn session() -> Session {
    Session::new(140, 45, live())
}

fn found(session: &Session) -> &[Command] {
    &session.state.palette.as_ref().unwrap().found
}

#[test]
fn every_action_is_in_it_with_its_words() {
    let all: Vec<Command> = Command::all().collect();
    let missing: Vec<&Action> = Action::ALL
        .iter()
        .filter(|action| {
            ![Action::Palette, Action::Save, Action::SetUp, Action::CopyMenu, Action::Copy, Action::Columns]
                .contains(action)
        })
        .filter(|action| !all.contains(&Command::Act(**action)))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(all.iter().all(|command| !command.words(&Things::default()).is_empty()));
    let mut session = session();
    session.press(":");
    let copies = session.state.palette.as_ref().unwrap().things.copies.len();
    assert!(copies > 3);
    assert_eq!(found(&session).len(), all.len() + copies);
}

#[test]
fn a_few_letters_find_it_and_enter_does_it() {
    let mut session = session();
    session.press(": \"logs\"");
    assert!(
        matches!(found(&session)[0], Command::Act(Action::Logs | Action::LogsOf)),
        "{:?}",
        found(&session)[0]
    );
    session.press("Esc");
    assert!(session.state.palette.is_none());
    assert_eq!(session.state.view(), ViewKind::Overview, "Esc does nothing else");
    session.press(": \"trcs\" Enter");
    assert_eq!(session.state.view(), ViewKind::Traces);
    session.press(": \"zzzzqq\" Enter");
    assert_eq!(session.state.notice.as_deref(), Some("nothing of that name can be done"));
}

#[test]
fn what_does_not_work_here_comes_last_and_says_so() {
    let mut session = session();
    session.press(":");
    let elsewhere = found(&session).iter().position(|command| !command.works(ViewKind::Overview)).unwrap();
    assert!(found(&session)[elsewhere..].iter().all(|command| !command.works(ViewKind::Overview)));
    session.press("\"wraplonglines\" Enter");
    assert!(session.state.notice.as_deref().unwrap().ends_with("does nothing in this view"));
}

#[test]
fn what_only_happens_to_have_the_letters_is_not_found() {
    let mut session = session();
    let labels = |session: &Session| {
        let palette = session.state.palette.as_ref().unwrap();
        palette.found.iter().map(|command| command.label(&palette.things)).collect::<Vec<_>>()
    };
    for (keys, kind) in [("S", "save "), ("c", "copy "), ("f", "column "), ("F2", "theme ")] {
        session.press(keys);
        let labels = labels(&session);
        assert!(labels.len() > 3 && labels.iter().all(|label| label.starts_with(kind)), "{labels:?}");
        session.press("Esc");
    }
    for nonsense in ["\"qwxz\"", "\"aeiou\"", "\"tetete\"", "\"theme\" Space \"lead\""] {
        session.press(":");
        session.press(nonsense);
        assert_eq!(labels(&session), Vec::<String>::new(), "{nonsense}");
        session.press("Esc");
    }
}

#[test]
fn menus_are_moved_in_by_the_keys_of_lists() {
    for preset in ["", PRESETS[0].1, PRESETS[1].1, PRESETS[2].1] {
        let keymap = Keymap::built_in().with(preset).unwrap();
        let options = super::Options { keymap, ..crate::ui::fixture::options(140, 45) };
        let mut session = Session::with(options, live());
        session.press("F6");
        for (keys, at) in [("j", 1), ("Down", 2), ("Ctrl-n", 3), ("k", 2), ("Up", 1), ("Ctrl-p", 0)] {
            session.press(keys);
            assert_eq!(session.state.menu, Some(at), "{keys}");
        }
        session.press("Esc F2");
        for (keys, at) in [("j", 1), ("Down", 2), ("Ctrl-n", 3), ("k", 2), ("Up", 1), ("Ctrl-p", 0)] {
            session.press(keys);
            assert_eq!(session.state.palette.as_ref().unwrap().at, at, "{keys}");
        }
        // Where a text is typed letters are letters.
        session.press("Esc S Down Ctrl-n Up \"j\"");
        assert_eq!(session.state.palette.as_ref().unwrap().field.text(), "save j");
    }
}

#[test]
fn what_a_command_does_can_be_read_whole_on_a_usual_screen() {
    let mut session = Session::new(80, 24, live());
    session.press(":");
    for _ in 0..found(&session).len() {
        let palette = session.state.palette.as_ref().unwrap();
        let command = palette.found[palette.at];
        if matches!(command, Command::Act(_)) {
            let screen = crate::ui::fixture::screen(&session.state);
            let inside = screen.lines().filter_map(|line| line.split('│').nth(1));
            let read = inside.map(str::trim).collect::<Vec<_>>().join(" ");
            assert!(read.contains(&command.words(&palette.things)), "{:?}\n{screen}", command);
        }
        session.press("Down");
    }
}

#[test]
fn a_theme_is_shown_while_it_is_chosen_and_esc_takes_it_back() {
    let mut session = session();
    let before = session.state.options.theme.clone();
    session.press("F2");
    let Some(Command::Theme(first)) = found(&session).first() else { panic!("{:?}", found(&session)) };
    let first = *first;
    session.press("Down");
    let Some(Command::Theme(second)) = found(&session).get(1) else { panic!("{:?}", found(&session)) };
    assert_ne!(first, *second);
    let shown = session.state.options.theme.clone();
    session.press("Esc");
    assert_eq!(session.state.options.theme, before);
    session.press("F2 Down Enter");
    assert_eq!(session.state.options.theme, shown);
    assert_ne!(session.state.options.theme, before);
}

#[test]
fn the_screen_is_saved_without_the_palette_and_the_table_as_csv() {
    let mut session = session();
    session.press("S");
    assert!(matches!(found(&session)[0], Command::Screen(Picture::Text)), "{:?}", found(&session)[0]);
    session.press("Enter");
    let Some(Effect::Save { name, bytes }) = session.effects.pop() else { panic!("nothing is saved") };
    assert!(name.starts_with("lamtop-overview-20261123T") && name.ends_with("Z.txt"), "{name}");
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("Invocations") && !text.contains("what to do"), "{text}");
    assert_eq!(text.lines().count(), 45);

    session.press("S \"svg\" Enter");
    let Some(Effect::Save { name, bytes }) = session.effects.pop() else { panic!("nothing is saved") };
    assert!(name.ends_with(".svg") && bytes.starts_with(b"<svg "), "{name}");

    session.press("S \"csv\" Enter");
    let Some(Effect::Save { name, bytes }) = session.effects.pop() else { panic!("nothing is saved") };
    assert!(name.ends_with(".csv") && bytes.starts_with(b"function,state,"), "{name}");
}

#[test]
fn the_mouse_is_taken_and_given_back() {
    let mut session = session();
    session.press(": \"mousetake\" Enter");
    assert!(matches!(session.effects.pop(), Some(Effect::Mouse(true))));
    session.press(": \"mousegive\" Enter");
    assert!(matches!(session.effects.pop(), Some(Effect::Mouse(false))));
}

#[test]
fn what_can_be_copied_is_shown_and_sent() {
    let mut session = session();
    let labels = |session: &Session| {
        let palette = session.state.palette.as_ref().unwrap();
        palette.found.iter().map(|command| command.label(&palette.things)).collect::<Vec<_>>()
    };
    session.press("c");
    let of_function = labels(&session);
    assert_eq!(
        of_function[..5],
        [
            "copy function",
            "copy AWS CLI command",
            "copy link to the AWS console",
            "copy row as JSON",
            "copy row, separated by tabs"
        ]
    );
    assert!(of_function.contains(&"copy cell errors".to_string()), "{of_function:?}");
    session.press("\"command\" Enter");
    let Some(Effect::Copy(command)) = session.effects.pop() else { panic!("nothing copied") };
    assert!(
        command
            .starts_with("aws logs filter-log-events --log-group-name /aws/lambda/user-login --start-time ")
    );
    session.press("j Enter c");
    let of_invocation = labels(&session);
    assert_eq!(of_invocation[0], "copy request id");
    assert!(of_invocation.contains(&"copy log stream".to_string()), "{of_invocation:?}");
    session.press("\"row\" Space \"json\" Enter");
    let Some(Effect::Copy(json)) = session.effects.pop() else { panic!("nothing copied") };
    let row: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(row["request_id"], crate::ui::fixture::request_id(99));
    assert!(row["duration_ms"].is_number(), "{json}");
    session.press("4 c");
    assert_eq!(labels(&session)[0], "copy line");
}

#[test]
fn columns_leave_and_come_back() {
    let mut session = session();
    let head = |session: &Session| {
        let screen = crate::ui::fixture::screen(&session.state);
        screen.lines().find(|line| line.contains("FUNCTION")).unwrap().to_string()
    };
    assert!(head(&session).contains("P50"));
    session.press("f \"p50\" Enter");
    assert!(session.state.palette.is_some(), "for the next one");
    session.press("Esc");
    assert!(!head(&session).contains("P50") && head(&session).contains("P99"));
    assert_eq!(session.state.remembered().hidden, ["P50"]);
    session.press("f \"p50\" Enter Esc");
    assert!(head(&session).contains("P50"));
}

#[test]
fn the_screen_begins_as_it_was_left() {
    let mut first = session();
    assert_eq!(first.state.remembered(), Default::default(), "nothing was chosen");
    first.press("Z > I f \"trend\" Enter Esc F2 j Enter");
    let left = first.state.remembered();
    assert_eq!((left.theme.as_deref(), left.window_ms, left.reverse), (Some("dark"), Some(3_600_000), true));
    let options = crate::ui::fixture::options(140, 45);
    let again = Session::with(super::Options { remembered: left.clone(), ..options.clone() }, live());
    assert_eq!(again.state.sort, first.state.sort);
    assert_eq!((again.state.window_ms, &again.state.hidden), (3_600_000, &first.state.hidden));
    assert_eq!(again.state.remembered(), left);
    // Nonsense in the file changes nothing.
    let odd = super::Remembered {
        window_ms: Some(-1),
        sort: Some("beauty".into()),
        hidden: vec!["FUNCTION".into(), "x".into()],
        ..Default::default()
    };
    let odd = Session::with(super::Options { remembered: odd, ..options }, live());
    assert_eq!(
        (odd.state.window_ms, odd.state.sort, odd.state.hidden.len()),
        (1_800_000, Default::default(), 0)
    );
}
