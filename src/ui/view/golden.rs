//! Golden screens: every view at the sizes that matter.

use crate::ui::app::{Msg, UiState};
use crate::ui::fixture::{self, Session, buffer, empty, live, options, replay, screen};
use crate::ui::symbols::Charset;
use crate::ui::theme::{BUILT_IN, ColorDepth, Theme};

/// A letter for each style, and what the letters mean.
fn styles(state: &UiState) -> String {
    let buffer = buffer(state);
    let mut seen = Vec::new();
    let mut out = String::new();
    for y in 0..state.size.1 {
        for x in 0..state.size.0 {
            let cell = &buffer[(x, y)];
            if cell.symbol() == " " && cell.modifier.is_empty() {
                out.push(' ');
                continue;
            }
            let style = format!("{:?} on {:?} {:?}", cell.fg, cell.bg, cell.modifier);
            let at = seen.iter().position(|known| *known == style).unwrap_or_else(|| {
                seen.push(style);
                seen.len() - 1
            });
            out.push(char::from(b'a' + at as u8));
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    for (letter, style) in ('a'..).zip(seen) {
        out.push_str(&format!("{letter}: {style}\n"));
    }
    out
}

const SIZES: [(u16, u16); 3] = [(80, 24), (140, 45), (240, 60)];

fn golden(name: &str, prepare: impl Fn(u16, u16) -> Session) {
    for (width, height) in SIZES {
        let session = prepare(width, height);
        insta::assert_snapshot!(format!("{name}@{width}x{height}"), screen(&session.state));
    }
}

#[test]
fn overview_live() {
    golden("overview", |w, h| Session::new(w, h, live()));
}

#[test]
fn the_prompt_of_the_filter() {
    golden("prompt_mistake", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("\\ \"fn:pay(\"");
        session
    });
    golden("prompt_meaning", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("\\ \"fn:pay*\"");
        session
    });
    golden("prompt_completing", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("\\ \"fn:pay\" Tab");
        session
    });
}

#[test]
fn the_palette() {
    golden("palette", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press(": \"log\" Down");
        session
    });
    golden("palette_nothing", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press(": \"zzzzqq\"");
        session
    });
}

#[test]
fn overview_in_a_replay() {
    golden("overview_replay", |w, h| {
        let mut session = Session::new(w, h, replay(true, 0.43));
        session.press("j j \\");
        session.press("\"fn:pay\"");
        session
    });
}

#[test]
fn overview_before_there_is_anything() {
    golden("overview_empty", |w, h| {
        let mut session = Session::new(w, h, live());
        let mut status = live();
        (status.functions, status.generation) = (0, 8);
        session.order.clear();
        session.at += 5_000;
        let status = std::sync::Arc::new(status);
        let effects = crate::ui::app::update(&mut session.state, Msg::Status(status), session.at);
        for effect in effects {
            if let crate::ui::app::Effect::Ask { id, .. } = effect {
                let answer = std::sync::Arc::new(empty());
                let problems = Default::default();
                crate::ui::app::update(
                    &mut session.state,
                    Msg::Overview { id, answer, problems },
                    session.at,
                );
            }
        }
        session
    });
}

#[test]
fn a_schedule_in_ascii() {
    for (width, height) in [(80, 24), (140, 45)] {
        let ascii = crate::ui::app::Options { charset: Charset::Ascii, ..options(width, height) };
        let mut session = Session::with(ascii, live());
        session.scheduled = true;
        session.press("j Enter");
        insta::assert_snapshot!(format!("function_schedule_ascii@{width}x{height}"), screen(&session.state));
    }
}

#[test]
fn invocations_of_which_events_wait() {
    golden("invocations_waiting", |w, h| {
        let mut session = Session::new(w, h, live());
        session.scheduled = true;
        session.press("3");
        session
    });
}

#[test]
fn a_focused_and_an_enlarged_panel() {
    golden("panel_focus", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("Tab Tab Left Left Left");
        session
    });
    golden("panel_throttles", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("Tab Tab Tab Tab");
        session
    });
    golden("panel_enlarged", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("Tab Tab +");
        session
    });
    golden("account", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("Tab Tab Tab Tab Tab +");
        session
    });
    golden("panel_heat", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("Tab Tab v");
        session
    });
    golden("panel_heat_cell", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("Tab Tab v Left Left k");
        session
    });
    golden("panel_heat_none", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("Tab Tab v");
        let board = &mut session.state.overview.board;
        board.answer = Some(std::sync::Arc::new(empty()));
        session
    });
    golden("invocations_of_a_cell", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("Tab Tab v Left Left k Enter");
        session
    });
    golden("trace_enlarged", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("Shift-Tab +");
        session
    });
}

#[test]
fn sort_menu() {
    golden("sort_menu", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("s j j");
        session
    });
}

#[test]
fn function() {
    golden("function", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j Enter j j j");
        session
    });
    golden("function_errors", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j Enter Tab");
        session
    });
    golden("function_errors_of_a_group", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j Enter Tab j Enter");
        session
    });
    golden("function_errors_without_logs", |w, h| {
        let mut session = Session::new(w, h, live());
        session.logged = false;
        session.press("j Enter Tab");
        session
    });
    golden("function_versions", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j Enter Tab Tab");
        session
    });
    golden("function_settings", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j Enter Tab Tab Tab Tab j");
        session
    });
    golden("function_settings_end", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j Enter Tab Tab Tab Tab G");
        session
    });
    golden("function_metrics", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j Enter Tab Tab Tab Tab Tab j j");
        session
    });
    golden("function_metrics_unknown", |w, h| {
        let mut session = Session::new(w, h, live());
        session.measured = false;
        session.press("j Enter Tab Tab Tab Tab Tab");
        session
    });
    golden("function_metric", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j Enter Tab Tab Tab Tab Tab j Enter Left Left Left");
        session
    });
    golden("function_metric_compared", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j Enter Tab Tab Tab Tab Tab j j j j j j Enter v b");
        session.state.notice = None;
        session
    });
    golden("function_metric_of_sets", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j Enter Tab Tab Tab Tab Tab j j j j j Enter v");
        session
    });
    golden("function_metric_below_nothing", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j Enter Tab Tab Tab Tab Tab j j j j j +");
        session
    });
    golden("function_settings_unknown", |w, h| {
        let mut session = Session::new(w, h, live());
        session.settings_told = false;
        session.press("j Enter Tab Tab Tab Tab");
        session
    });
    golden("function_schedule", |w, h| {
        let mut session = Session::new(w, h, live());
        session.scheduled = true;
        session.press("j Enter j");
        session
    });
    golden("function_schedule_settings", |w, h| {
        let mut session = Session::new(w, h, live());
        session.scheduled = true;
        session.press("j Enter Tab Tab Tab Tab j");
        session
    });
    golden("function_environments", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j Enter Tab Tab Tab j");
        session
    });
    golden("function_lane_block", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j Enter Tab Tab Tab j Left Left");
        session
    });
    golden("function_one_environment", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j Enter Tab Tab Tab j Enter");
        session
    });
}

#[test]
fn logs() {
    golden("logs_follow", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("4");
        session
    });
    golden("logs_found", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("4 k k k /");
        session.press("\"bank\" Enter N");
        session.lines += 1_204;
        session.pass(3_000);
        session
    });
    golden("logs_wrapped", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j Enter j L w");
        session
    });
    golden("logs_scrolled", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("4 g l l");
        session
    });
    golden("logs_raw", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("4 k k k v");
        let logs = session.state.logs.as_mut().unwrap();
        let at = logs.cursor;
        logs.rows[at - 1].text = JSON.to_string();
        logs.rows[at].text = "2026-11-23T09:03:09.031Z\t81ec\tINFO\tcache miss \u{1b}[2J".to_string();
        session.press("k w / \"order\" Enter Space");
        session
    });
}

#[test]
fn fields_of_lines() {
    let prepare = |w, h, keys: &str| {
        let mut session = Session::new(w, h, live());
        session.press("4 k k k");
        let logs = session.state.logs.as_mut().unwrap();
        for at in [logs.cursor - 5, logs.cursor - 1, logs.cursor] {
            logs.rows[at].text = JSON.to_string();
        }
        session.press(keys);
        session
    };
    golden("logs_fields_to_choose", |w, h| {
        prepare(w, h, "f \"paid\" Enter Backspace Backspace Backspace Backspace")
    });
    golden("logs_fields_chosen", |w, h| prepare(w, h, "f \"paid\" Enter Esc f \"order.id\" Enter Esc"));
}

const JSON: &str = r#"{"level":"WARN","message":"card \u001b[31mdeclined","order":{"id":4711,"items":[{"sku":"a-1"},{"sku":"b-2"}],"paid":false},"tags":[]}"#;

#[test]
fn patterns() {
    golden("patterns", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("4 P j");
        session
    });
    golden("patterns_of_a_function", |w, h| {
        let mut session = Session::new(w, h, live());
        session.lines = 500;
        session.press("j P l l");
        session
    });
    golden("pattern_opened", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("4 P j j Enter");
        session
    });
    golden("patterns_none", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("4 P \\");
        session.press("\"nothing-like-this\" Enter");
        session
    });
}

#[test]
fn a_json_line_as_a_tree() {
    golden("logs_unfolded", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("4 k k k");
        let logs = session.state.logs.as_mut().unwrap();
        let at = logs.cursor;
        logs.rows[at].text = JSON.to_string();
        session.press("Enter j j j l j j l");
        session
    });
    // An API Gateway event with a body of `{"order":{"id":4711,"note":"␛[31mred␛[0m"}}`.
    let body = "eyJvcmRlciI6eyJpZCI6NDcxMSwibm90ZSI6IhtbMzFtcmVkG1swbSJ9fQ==";
    let event = format!(r#"{{"path":"/orders","body":"{body}","isBase64Encoded":true}}"#);
    golden("logs_unfolded_base64", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("4 k k k");
        let logs = session.state.logs.as_mut().unwrap();
        let at = logs.cursor;
        logs.rows[at].text = event.clone();
        session.press("* j j j");
        session
    });
    golden("invocation_unfolded", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("3 Enter j j");
        session.state.invocation.as_mut().unwrap().lines.rows[2].text = JSON.to_string();
        session.press("Enter j j j l");
        session
    });
}

#[test]
fn invocations() {
    golden("invocations", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("Tab 3 j j j");
        session
    });
    golden("invocations_slowest", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j Enter 3 > >");
        session
    });
    golden("invocations_none", |w, h| {
        let mut session = Session::new(w, h, live());
        session.newest = 0;
        session.press("z z z Tab 3");
        session
    });
    golden("crosshair", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("Tab Tab Tab Left Left Left");
        session
    });
    golden("invocations_of_a_column", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("Tab Tab Tab Left Left Left Enter");
        session
    });
    golden("invocation", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("3 j j j Enter");
        session
    });
    golden("invocation_with_its_trace", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("3 j j Enter j j");
        session
    });
}

#[test]
fn problems() {
    golden("problems", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("j x");
        session
    });
    golden("problems_none", |w, h| {
        let mut session = Session::new(w, h, live());
        session.problems.found.clear();
        session.pass(3_000);
        session.press("6");
        session
    });
    golden("overview_calm", |w, h| {
        let mut session = Session::new(w, h, live());
        session.problems.found.clear();
        session.pass(3_000);
        session
    });
}

#[test]
fn traces() {
    golden("traces", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("5 j j >");
        session
    });
    golden("traces_map", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("5 v j");
        session
    });
    golden("traces_merged", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("5 v v j");
        session
    });
    golden("traces_compared", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("5 v v l");
        session
    });
    golden("trace", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("5 Enter j j j j");
        session
    });
    golden("trace_with_lines", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("5 Enter j");
        session
    });
    golden("trace_unfolded", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("5 Enter * G k");
        session
    });
    golden("trace_gone", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("5 Enter j j j j X");
        session
    });
}

#[test]
fn a_replay_with_nothing_in_it() {
    golden("nothing", |w, h| {
        let mut session = Session::new(w, h, fixture::nothing());
        session.state.problems = Default::default();
        session
    });
    // Until all of it is read there may be something.
    let mut status = fixture::nothing();
    if let crate::ui::status::SessionKind::Replay { loaded, .. } = &mut status.kind {
        *loaded = 0.4;
    }
    let session = Session::new(80, 24, status);
    let screen = screen(&session.state);
    assert!(screen.contains("reading 40 %") && !screen.contains("00:00:00 "), "{screen}");
    assert!(!screen.contains("in what was read"), "{screen}");
}

#[test]
fn sources() {
    golden("sources", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("7 j j");
        session
    });
    golden("bad_records", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("7 Tab");
        session
    });
    golden("health", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("7 Shift-Tab");
        session
    });
    golden("health_scrolled", |w, h| {
        let mut session = Session::new(w, h, replay(false, 0.5));
        session.press("7 Tab Tab G");
        session
    });
}

#[test]
fn help() {
    golden("help_overview", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("?");
        session
    });
    golden("help_logs", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("4 F1 PgDn");
        session
    });
}

#[test]
fn a_time_that_cannot_be_read() {
    golden("time_prompt", |w, h| {
        let mut session = Session::new(w, h, replay(false, 1.0));
        session.press("t \"03:00\" Enter");
        session
    });
}

#[test]
fn other_sizes_and_signs() {
    for (width, height) in [(60, 15), (40, 10), (38, 9), (1, 1), (300, 100)] {
        let session = Session::new(width, height, live());
        insta::assert_snapshot!(format!("overview@{width}x{height}"), screen(&session.state));
    }
    let mut ascii = options(80, 24);
    ascii.charset = Charset::Ascii;
    for (name, keys) in [("function_metrics", ""), ("function_metric", " Enter Left")] {
        let mut session = Session::with(ascii.clone(), live());
        session.press(&format!("j Enter Tab Tab Tab Tab Tab j{keys}"));
        insta::assert_snapshot!(format!("{name}_ascii@80x24"), screen(&session.state));
    }
    let mut ascii = options(140, 45);
    ascii.charset = Charset::Ascii;
    insta::assert_snapshot!("overview_ascii@140x45", screen(&Session::with(ascii, live()).state));
}

#[test]
fn ascii_screens_are_ascii() {
    let mut ascii = options(140, 45);
    ascii.charset = Charset::Ascii;
    for keys in [
        "",
        "j Enter",
        "4",
        "4 P",
        "5",
        "5 v",
        "5 v v l",
        "5 Enter *",
        "6",
        "7",
        "7 Tab Tab",
        "?",
        "Tab Tab +",
        "Tab Tab v Left k",
        "j Enter Tab",
        "j Enter Tab Tab Tab Tab Tab",
        "j Enter Tab Tab Tab Tab Tab j Enter Left",
        "Shift-Tab +",
        "s",
    ] {
        let mut session = Session::with(ascii.clone(), replay(false, 0.5));
        session.press(keys);
        let screen = screen(&session.state);
        assert!(screen.is_ascii(), "{keys}: {:?}", screen.chars().find(|c| !c.is_ascii()));
    }
}

/// Every view, and the keys that lead to it.
const VIEWS: [(&str, &str); 13] = [
    ("overview", "j"),
    ("panel", "Tab Tab + Left"),
    ("function", "j Enter"),
    ("invocations", "3 j"),
    ("invocation", "3 j j Enter"),
    ("logs", "4"),
    ("patterns", "4 P"),
    ("traces", "5 j"),
    ("services", "5 v j"),
    ("trace", "5 Enter j"),
    ("problems", "6"),
    ("sources", "7"),
    ("help", "?"),
];

/// A letter for all cells that look the same in every theme, and what the letters mean in each of them.
#[test]
fn where_styles_stand_in_each_theme() {
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    for (view, keys) in VIEWS {
        let buffers: Vec<_> = BUILT_IN
            .iter()
            .map(|(name, _)| {
                let mut options = options(140, 45);
                options.theme = Theme::built_in(name).unwrap().at_depth(ColorDepth::True);
                let mut session = Session::with(options, live());
                session.press(keys);
                buffer(&session.state)
            })
            .collect();
        let mut seen: Vec<Vec<String>> = Vec::new();
        let mut out = String::new();
        for y in 0..45 {
            for x in 0..140 {
                let cells: Vec<_> = buffers.iter().map(|buffer| &buffer[(x, y)]).collect();
                if cells.iter().all(|cell| cell.symbol() == " " && cell.modifier.is_empty()) {
                    out.push(' ');
                    continue;
                }
                let styles: Vec<String> = cells
                    .iter()
                    .map(|cell| format!("{:?} on {:?} {:?}", cell.fg, cell.bg, cell.modifier))
                    .collect();
                let at = seen.iter().position(|known| *known == styles).unwrap_or_else(|| {
                    seen.push(styles);
                    seen.len() - 1
                });
                out.push(LETTERS.chars().nth(at).unwrap());
            }
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
        }
        for (letter, styles) in LETTERS.chars().zip(seen) {
            for ((name, _), style) in BUILT_IN.iter().zip(styles) {
                out.push_str(&format!("{letter} {name}: {style}\n"));
            }
        }
        insta::assert_snapshot!(format!("styles_{view}@140x45"), out);
    }
}

#[test]
fn every_view_in_ascii() {
    for (view, keys) in VIEWS {
        let mut ascii = options(80, 24);
        ascii.charset = Charset::Ascii;
        let mut session = Session::with(ascii, live());
        session.press(keys);
        let screen = screen(&session.state);
        assert!(screen.is_ascii(), "{view}");
        insta::assert_snapshot!(format!("{view}_in_ascii@80x24"), screen);
    }
}

#[test]
fn where_styles_stand() {
    let mut session = Session::new(80, 24, live());
    session.press("j");
    insta::assert_snapshot!("styles_default@80x24", styles(&session.state));
    let mut plain = options(80, 24);
    plain.theme = Theme::built_in("dark").unwrap().at_depth(ColorDepth::None);
    let mut session = Session::with(plain, live());
    session.press("j");
    insta::assert_snapshot!("styles_no_color@80x24", styles(&session.state));
}

#[test]
fn the_window_of_the_log() {
    golden("minimap_all_read", |w, h| {
        let mut session = Session::new(w, h, live());
        session.lines = 500;
        session.press("4 g /");
        session.press("\"bank\" Enter");
        session
    });
    golden("minimap_before_the_window", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("z z 4 g \\");
        session.press("\"card\" Enter");
        session
    });
    golden("minimap_typing", |w, h| {
        let mut session = Session::new(w, h, live());
        session.press("4 \\ \"bank\"");
        session
    });
    let mut ascii = options(80, 24);
    ascii.charset = Charset::Ascii;
    let mut session = Session::with(ascii, live());
    session.lines = 400;
    session.press("4 k k k");
    insta::assert_snapshot!("minimap_ascii@80x24", screen(&session.state));
}
