//! Whatever happens: nothing panics, and nothing is drawn that a terminal would obey.

use std::sync::Arc;

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::{Graded, Timestamp, Why};
use crate::query::view::Limit;
use crate::ui::fixture::{self, NOW, live, options, replay};
use crate::ui::view;

use super::state::{Effect, Msg, UiState};
use super::update;

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
