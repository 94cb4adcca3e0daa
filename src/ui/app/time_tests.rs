//! Bookmarks, comparing, and conditions that are dropped: keys against the whole state.

use std::sync::Arc;

use crate::model::Window;
use crate::query::filter::Filter;
use crate::ui::fixture::{NOW, Session, live, replay, screen};

use super::state::{Effect, Msg};
use super::{Bookmark, Compare};

fn notice(session: &Session) -> &str {
    session.state.notice.as_deref().unwrap_or_default()
}

#[test]
fn a_bookmark_is_a_time_with_a_note_to_come_back_to() {
    let mut session = Session::new(140, 45, replay(false, 1.0));
    session.press("'");
    assert_eq!(notice(&session), "there is no bookmark: m marks a time");
    session.press("m \"deploy\" Space \"ends\" Enter");
    let first = Bookmark { at: NOW, note: "deploy ends".into() };
    assert_eq!(session.state.bookmarks, [first]);
    // Under the crosshair it is the column's time.
    session.press("Tab Left Left m \"spike\" Enter");
    let at = session.state.bookmarks[0].at;
    assert!(at < NOW && session.state.bookmarks.len() == 2);
    session.press("Esc Esc '");
    assert_eq!(notice(&session), "no bookmark after this");
    session.effects.clear();
    session.press("\u{22}");
    assert_eq!(session.effects.last(), Some(&Effect::Seek(at)));
    assert_eq!(notice(&session), "spike");
    assert!(screen(&session.state).contains('●'), "it stands on the axes");
    session.press(": \"book\" Space \"ends\" Enter");
    assert_eq!(session.effects.last(), Some(&Effect::Seek(NOW)));
    // Marked again it opens its note; emptied it is gone.
    session.press("m");
    assert_eq!(session.state.prompt.as_ref().unwrap().field.text(), "deploy ends");
    session.press("Ctrl-u Enter");
    assert_eq!(session.state.bookmarks.len(), 1);
    session.press("m Esc");
    assert_eq!(session.state.bookmarks.len(), 1, "Esc marks nothing");
}

#[test]
fn what_is_compared_with_goes_round_and_is_asked() {
    let mut session = Session::new(140, 45, live());
    let mut seen = Vec::new();
    for _ in 0..5 {
        session.press("b");
        seen.push((session.state.compare, session.asked.as_ref().unwrap().compare_ms));
    }
    assert_eq!(
        seen,
        [
            (Some(Compare::Window), Some(1_800_000)),
            (Some(Compare::Hour), Some(3_600_000)),
            (Some(Compare::Day), Some(86_400_000)),
            (Some(Compare::Week), Some(604_800_000)),
            (None, None),
        ]
    );
    // An hour before a window of an hour is the window before, and not offered twice.
    session.press("Z b b");
    assert_eq!(session.state.compare, Some(Compare::Day));
    assert!(screen(&session.state).contains("last 1 h, before: a day earlier"));
}

#[test]
fn conditions_are_dropped_one_by_one() {
    let mut session = Session::new(140, 45, live());
    session.state.options.parse_filter = Filter::parse;
    session.press("Backspace");
    assert_eq!(notice(&session), "there is no filter; \\ makes one");
    session.press("\\ \"err\" Space \"fn:pay*\" Space \"dur>1s\" Enter");
    assert!(screen(&session.state).contains("[err] [fn:pay*] [dur>1s]"));
    session.press("Backspace");
    assert_eq!(session.state.filter_text, "err fn:pay*");
    session.press(": \"without\" Space \"err\" Enter");
    assert_eq!(session.state.filter_text, "fn:pay*");
    assert_eq!(session.state.filter, Filter::parse("fn:pay*").unwrap());
    session.press("Backspace");
    assert!(session.state.filter.is_empty() && session.state.filter_text.is_empty());
}

#[test]
fn the_window_is_replayed_again_and_again_until_the_same_key() {
    let mut session = Session::new(140, 45, replay(false, 1.0));
    session.effects.clear();
    session.press("a");
    let window = Window { from: NOW.plus(-1_500_000), to: NOW };
    assert_eq!(
        session.effects.drain(..).collect::<Vec<_>>(),
        [Effect::Loop(Some(window)), Effect::Pause(false)]
    );
    let mut status = replay(false, 1.0);
    status.lap = Some(window);
    session.send(Msg::Status(Arc::new(status)));
    assert!(screen(&session.state).contains("AGAIN"));
    session.press("a");
    assert_eq!(session.effects.drain(..).collect::<Vec<_>>(), [Effect::Loop(None)]);
    let mut session = Session::new(140, 45, live());
    session.press("a");
    assert_eq!(notice(&session), "looping is for replays: lamtop replay PATH");
}

#[test]
fn a_picture_that_stands_says_at_a_key_how_far_behind_it_is_and_no_ages_of_then() {
    let mut session = Session::new(80, 24, live());
    session.press("p");
    let mut status = (*session.state.status).clone();
    status.paused = true;
    status.latest = status.as_of.plus(8_000);
    session.state.status = Arc::new(status);
    let header = |session: &Session| screen(&session.state).lines().next().unwrap().to_string();
    let before = header(&session);
    assert!(before.contains("PAUSED") && !before.contains("behind") && !before.contains("logs"), "{before}");
    session.press("j");
    assert!(header(&session).contains("≥8s behind"), "{}", header(&session));
    // What comes from now on is counted, and told at a key as well.
    let mut status = (*session.state.status).clone();
    let mut sources = (*status.sources).clone();
    sources[0].records += 1_204;
    status.sources = Arc::new(sources);
    session.send(Msg::Status(Arc::new(status)));
    assert!(header(&session).contains("≥8s behind"), "{}", header(&session));
    session.press("j");
    assert!(header(&session).contains("≥8s, ≥1,204 records behind"), "{}", header(&session));
    let mut status = (*session.state.status).clone();
    status.paused = false;
    session.state.status = Arc::new(status);
    assert!(header(&session).contains("logs") && !header(&session).contains("behind"));
}
