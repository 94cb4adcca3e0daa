//! Every key that a view's help lists does something there, or says why it can't. Of those that move
//! nobody expects that at an edge, nor of the key of the view in which one is.

use crate::ui::fixture::{Session, buffer, live, replay};
use crate::ui::keymap::{Action, Group, Keymap, ViewKind};
use crate::ui::status::SessionStatus;

/// The keys that lead to a view.
const WAYS: [(ViewKind, &str); 12] = [
    (ViewKind::Overview, "j"),
    (ViewKind::Function, "j Enter j"),
    (ViewKind::Function, "j Enter Tab"),
    (ViewKind::Function, "j Enter Tab Tab Tab"),
    (ViewKind::Invocations, "3 j"),
    (ViewKind::Invocation, "3 j Enter"),
    (ViewKind::Logs, "4 k k"),
    (ViewKind::Patterns, "4 P j"),
    (ViewKind::Traces, "5 j"),
    (ViewKind::Trace, "5 Enter j"),
    (ViewKind::Problems, "6 j"),
    (ViewKind::Sources, "7"),
];

fn session(way: &str, status: SessionStatus) -> Session {
    let mut session = Session::new(80, 24, status);
    session.press(way);
    session.pass(3_000);
    session.effects.clear();
    session
}

#[test]
fn no_key_of_the_help_is_dead_without_a_word() {
    let keymap = Keymap::built_in();
    let here = [
        (ViewKind::Overview, Action::Overview),
        (ViewKind::Function, Action::Function),
        (ViewKind::Logs, Action::Logs),
        (ViewKind::Traces, Action::Traces),
        (ViewKind::Problems, Action::Problems),
        (ViewKind::Sources, Action::Sources),
    ];
    let mut dead = Vec::new();
    for (view, way) in WAYS {
        for action in Action::ALL.iter().filter(|action| action.views().contains(&view)) {
            if action.group() == Group::Move || here.contains(&(view, *action)) {
                continue;
            }
            let key = keymap.keys(*action)[0].to_string();
            let silent = [live(), replay(true, 1.0), replay(false, 1.0)].into_iter().all(|status| {
                let mut session = session(way, status);
                assert_eq!(session.state.view(), view, "{way}");
                let before = buffer(&session.state);
                session.press(&key);
                buffer(&session.state) == before && session.effects.is_empty()
            });
            if silent {
                dead.push(format!("{view:?} ({way}): {key} {action:?}"));
            }
        }
    }
    assert!(dead.is_empty(), "{}:\n{}", dead.len(), dead.join("\n"));
}
