//! A frame of each view: drawn, compared with what the terminal shows, made bytes, at 200x60 with
//! 1,000 functions, 100,000 traces and 5,000,000 log lines, which the program's own engine reads from
//! files that are made here (1.3 GB in the temporary folder). A frame has 2 ms, else this exits with 1.
//!
//!     cargo bench --bench frames
#![allow(clippy::unwrap_used)]

mod support;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::bounded;
use crossterm::event::{KeyEvent, KeyModifiers};
use lamtop::clock::Clock;
use lamtop::engine::{self, Engine, Progress};
use lamtop::findings;
use lamtop::lines::Reader;
use lamtop::model::{Timestamp, Window};
use lamtop::query::filter::Filter;
use lamtop::query::{self, Snapshot};
use lamtop::source::{self, Catalog, Mode};
use lamtop::ui::app::{Effect, FunctionList, Msg, Options, UiState, update};
use lamtop::ui::key::Key;
use lamtop::ui::keymap::{Keymap, ViewKind};
use lamtop::ui::status::{BadRecord, SessionKind, SessionStatus, SourceState, SourceStatus};
use lamtop::ui::symbols::Charset;
use lamtop::ui::term::{Canvas, Depth};
use lamtop::ui::theme::{ColorDepth, Theme};
use lamtop::ui::view;
use lamtop::ui::zone::Zone;
use ratatui::layout::Size;
use support::documents;
use support::logs;

const FUNCTIONS: u64 = 1_000;
/// Five lines each, over 117 minutes.
const INVOCATIONS: u64 = 1_000_000;
const TRACES: u64 = 100_000;
/// Documents of the largest of them.
const LARGEST: u64 = 10_000;
const FILES: u64 = 100;
const BAD: u64 = 2_000;
const SIZE: Size = Size::new(200, 60);
const MOST_MS: f64 = 2.0;

/// A view, and the keys that lead to it from the overview.
const VIEWS: [(&str, ViewKind, &str); 21] = [
    ("overview", ViewKind::Overview, ""),
    ("overview, panel enlarged", ViewKind::Overview, "Tab +"),
    ("overview, menu of orders", ViewKind::Overview, "s"),
    ("overview, palette", ViewKind::Overview, ":"),
    ("function", ViewKind::Function, "2"),
    ("function, errors", ViewKind::Function, "2"),
    ("function, settings", ViewKind::Function, "2"),
    ("function, environments", ViewKind::Function, "2"),
    ("invocations", ViewKind::Invocations, "Tab 3"),
    ("invocation", ViewKind::Invocation, "Tab 3 Enter"),
    ("logs", ViewKind::Logs, "4"),
    ("logs, wrapped", ViewKind::Logs, "4 w"),
    ("logs of a function", ViewKind::Logs, "L"),
    ("traces, list", ViewKind::Traces, "5"),
    ("traces, map", ViewKind::Traces, "5 v"),
    ("traces, tree", ViewKind::Traces, "5 v v"),
    ("trace", ViewKind::Trace, "5 Enter"),
    ("largest trace, unfolded", ViewKind::Trace, "5 > > > Enter *"),
    ("problems", ViewKind::Problems, "6"),
    ("sources", ViewKind::Sources, "7"),
    ("help", ViewKind::Help, "?"),
];

fn main() {
    let clock = Clock::wall();
    let world = World::read(&clock);
    println!("read in {:.1} s: {}", clock.steady_ms() as f64 / 1e3, world.size());
    println!("\n| view | answer, ms | frame, ms | a row down, ms | everything anew, ms | anew, bytes |");
    println!("|---|---|---|---|---|---|");
    let mut slow = Vec::new();
    for (name, kind, keys) in VIEWS {
        let Measured { answer, frame, down, anew, bytes } = world.measure(name, kind, keys, &clock);
        println!("| {name} | {answer} | {frame:.2} | {down:.2} | {anew:.2} | {bytes} |");
        slow.extend([frame, down, anew].into_iter().any(|ms| ms > MOST_MS).then_some(name));
    }
    if !slow.is_empty() {
        println!("\nover {MOST_MS} ms: {}", slow.join(", "));
        std::process::exit(1);
    }
}

struct Measured {
    /// What the last key's answer took, on a thread of its own.
    answer: u64,
    /// A frame in which nothing changes.
    frame: f64,
    /// The key and the frame.
    down: f64,
    /// A frame that is all sent.
    anew: f64,
    bytes: usize,
}

/// What was read.
struct World {
    snapshot: Arc<Snapshot>,
    catalog: Catalog,
    progress: Arc<Progress>,
    // The catalog reads lines there again.
    _folder: tempfile::TempDir,
}

impl World {
    /// Makes the files and reads them as a replay does.
    fn read(clock: &Clock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        (0..FILES).for_each(|file| write_lines(folder.path(), file));
        write_documents(folder.path());
        let inputs = source::paths(&[folder.path().to_str().unwrap().to_string()]);
        let sources = source::start(&inputs, source::Options::new(Mode::Once), clock.clone()).unwrap();
        let (wake, woken) = bounded(1);
        let options =
            engine::Options { memory: 4 << 30, decoders: 1, settling_ms: 0, live: false, history_ms: None };
        let engine = Engine::start(&sources, options, clock.clone(), wake).unwrap();
        let published = loop {
            let published = engine.published().load_full();
            if published.progress.loaded {
                break published;
            }
            woken.recv_timeout(Duration::from_secs(60)).expect("reading goes on");
        };
        let world = Self {
            snapshot: published.snapshot.clone(),
            catalog: sources.catalog().clone(),
            progress: published.progress.clone(),
            _folder: folder,
        };
        let Numbers { functions, traces, lines, bad, .. } = world.numbers();
        let wanted = (FUNCTIONS as usize, TRACES as usize, INVOCATIONS * 5, BAD);
        assert_eq!((functions, traces, lines, bad), wanted);
        world
    }
}

/// How much was read.
struct Numbers {
    functions: usize,
    traces: usize,
    segments: usize,
    lines: u64,
    bad: u64,
    stretches: usize,
}

impl World {
    fn numbers(&self) -> Numbers {
        let Snapshot { functions, traces, lines, .. } = &*self.snapshot;
        let stretches = || lines.sources().flat_map(|(_, stretches)| stretches.iter());
        Numbers {
            functions: functions.len(),
            traces: traces.len(),
            segments: traces.iter().map(|trace| trace.extent.nodes).sum(),
            lines: stretches().map(|stretch| u64::from(stretch.lines)).sum(),
            bad: self.snapshot.health.bad,
            stretches: stretches().count(),
        }
    }

    fn size(&self) -> String {
        let Numbers { functions, traces, segments, lines, stretches, .. } = self.numbers();
        format!(
            "{functions} functions, {} invocations, {lines} lines in {stretches} stretches, {traces} traces of {segments} segments",
            self.snapshot.health.rows
        )
    }

    /// The overview after its questions were answered.
    fn overview(&self) -> UiState {
        let mut state = UiState::new(Options {
            theme: Theme::built_in("default").unwrap(),
            depth: ColorDepth::True,
            charset: Charset::Braille,
            keymap: Keymap::built_in(),
            zone: Zone::Utc,
            view: ViewKind::Overview,
            size: (SIZE.width, SIZE.height),
            window_ms: 1_800_000,
            region: None,
            remembered: Default::default(),
            parse_filter: Filter::parse,
        });
        self.tell(&mut state, Msg::Status(Arc::new(self.status())));
        state
    }

    fn status(&self) -> SessionStatus {
        let Snapshot { newest, oldest, bad, newest_of, generation, functions, .. } = &*self.snapshot;
        let source = |source: &engine::SourceProgress| SourceStatus {
            named: true,
            id: source.info.id,
            name: source.info.label.to_string(),
            state: SourceState::Ended,
            read_bytes: source.bytes,
            size_bytes: Some(source.info.size),
            records: source.read.records,
            bad: 0,
            newest: source.newest,
            note: None,
        };
        let record = |record: &lamtop::store::BadRecord| BadRecord {
            source: "bad.ndjson".to_string(),
            line: None,
            offset: record.origin.offset,
            reason: record.bad.reason.clone(),
            excerpt: record.bad.excerpt.clone(),
        };
        let age = |at: Timestamp| Some(newest.since(at));
        SessionStatus {
            kind: SessionKind::Live,
            as_of: *newest,
            generation: *generation,
            latest: *newest,
            newest: Some(*newest),
            oldest: Some(*oldest),
            functions: functions.len(),
            ages: vec![
                ("logs", age(newest_of.logs)),
                ("CW", age(newest_of.metrics)),
                ("X-Ray", age(newest_of.traces)),
            ],
            bad: bad.count,
            memory: (71 << 20, 256 << 20),
            sources: Arc::new(self.progress.sources.values().map(source).collect()),
            bad_records: Arc::new(bad.kept.iter().rev().map(|kept| record(kept)).collect()),
            judged: self.snapshot.findings.judged,
            ..SessionStatus::default()
        }
    }

    /// Tells the screen something and answers what it asks then.
    fn tell(&self, state: &mut UiState, msg: Msg) {
        let mut reader = Reader::new(self.catalog.clone());
        let mut effects = update(state, msg, 0);
        while let Some(effect) = effects.pop() {
            let msg = match effect {
                Effect::Ask { id, request, .. } => {
                    let answer = Arc::new(query::overview(&self.snapshot, &request));
                    let at = request.as_of;
                    let window = Window { from: at.plus(-request.window_ms), to: at.plus(1) };
                    let problems = findings::problems(&self.snapshot, window, at, &|time| time.to_string());
                    Msg::Overview { id, answer, problems: Arc::new(problems) }
                }
                Effect::AskLines { id, request } => {
                    Msg::Lines { id, answer: reader.answer(&self.snapshot, &request) }
                }
                Effect::AskPage { id, request } => {
                    let answer = query::page(&self.snapshot, &request, query::page::LOOKED);
                    Msg::Page { id, answer: Arc::new(answer) }
                }
                Effect::AskOne { id, request } => {
                    Msg::One { id, answer: Arc::new(query::one(&self.snapshot, &request).unwrap()) }
                }
                Effect::AskCoverage { id, request } => {
                    Msg::Coverage { id, answer: Arc::new(query::coverage(&self.snapshot, &request)) }
                }
                Effect::AskTraces { id, request } => {
                    Msg::Traces { id, answer: query::traces_answer(&self.snapshot, &request) }
                }
                _ => continue,
            };
            effects.extend(update(state, msg, 0));
        }
    }

    fn measure(&self, name: &str, kind: ViewKind, keys: &str, clock: &Clock) -> Measured {
        let mut state = self.overview();
        let mut answer = 0;
        for key in keys.split_whitespace() {
            let began = clock.steady_ms();
            self.tell(&mut state, key_of(key));
            answer = clock.steady_ms() - began;
        }
        if let (Some((_, list)), Some(function)) = (name.split_once(", "), &mut state.function) {
            function.list = match list {
                "errors" => FunctionList::Errors,
                "settings" => FunctionList::Settings,
                _ => FunctionList::Environments,
            };
        }
        assert_eq!(state.view(), kind, "{name}: {:?}", state.notice);
        let mut canvas = Canvas::new(SIZE, Depth::True);
        let bytes = canvas.paint(|frame| view::render(&state, frame)).len();
        let frame = each_ms(clock, |_| {
            canvas.paint(|frame| view::render(&state, frame));
        });
        // There and back, within what is loaded; what is asked on the way is not waited for.
        let mut moved = state.clone();
        let keys = [key_of("Down"), key_of("Up")];
        let down = each_ms(clock, |turn| {
            update(&mut moved, keys[turn / 100 % 2].clone(), 0);
            canvas.paint(|frame| view::render(&moved, frame));
        });
        let anew = each_ms(clock, |_| {
            canvas.repaint(SIZE);
            canvas.paint(|frame| view::render(&state, frame));
        });
        Measured { answer, frame, down, anew, bytes }
    }
}

/// Written as in the keymap.
fn key_of(text: &str) -> Msg {
    let key = Key::parse(text).unwrap();
    let modifiers = if key.ctrl { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
    Msg::Key(KeyEvent::new(key.code, modifiers))
}

/// What a turn takes, in ms: the fastest of some rounds, which what else runs disturbed least.
fn each_ms(clock: &Clock, mut turn: impl FnMut(usize)) -> f64 {
    let mut turns = 0..;
    let mut round = |length: usize| {
        let began = spent_ms(clock);
        turns.by_ref().take(length).for_each(&mut turn);
        spent_ms(clock) - began
    };
    let mut length = 10;
    while round(length) < 10.0 {
        length *= 2;
    }
    let fastest = (0..25).map(|_| round(length)).min_by(f64::total_cmp);
    fastest.unwrap_or_default() / length as f64
}

/// What this thread has had of a processor: what else runs on the machine does not count. Where the
/// system does not tell, the time.
fn spent_ms(clock: &Clock) -> f64 {
    // Else the system has counted only up to its last tick.
    std::thread::yield_now();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = told.and_then(|told| told.split_whitespace().next()?.parse::<f64>().ok());
    spent.map_or(clock.steady_ms() as f64, |ns| ns / 1e6)
}

/// The lines of a hundredth of the functions; one in 61 invocations throws.
fn write_lines(folder: &Path, file: u64) {
    let path = folder.join(format!("lines-{file:02}.ndjson"));
    let mut lines: Vec<logs::Line> = (file..INVOCATIONS)
        .step_by(FILES as usize)
        .flat_map(|n| logs::of(n, FUNCTIONS, if n.is_multiple_of(61) { thrown(n) } else { logs::text(n) }))
        .collect();
    lines.sort_by_key(|line| line.at);
    let mut out = BufWriter::new(File::create(path).unwrap());
    lines.iter().for_each(|line| out.write_all(logs::wrapped(line).as_bytes()).unwrap());
    out.flush().unwrap();
}

fn thrown(n: u64) -> Vec<(i64, String)> {
    let mut messages = logs::text(n);
    let (at, line) = &mut messages[1];
    let error = r#"{"errorType":"TypeError","errorMessage":"no price","stack":["at handler"]}"#;
    *line = format!("{}\t{}\tERROR\tInvoke Error \t{error}\n", logs::time(*at), logs::id(n));
    messages
}

/// Traces of each tenth invocation, one of them of very many segments; throttles of each minute; what
/// functions are set to; lines that can't be read.
fn write_documents(folder: &Path) {
    let write = |name: &str, documents: &mut dyn Iterator<Item = String>| {
        let mut out = BufWriter::new(File::create(folder.join(name)).unwrap());
        documents.for_each(|document| writeln!(out, "{document}").unwrap());
        out.flush().unwrap();
    };
    let traces = (0..TRACES).map(|n| documents::segment(n * 10, FUNCTIONS).to_string());
    let last = documents::segment((TRACES - 1) * 10, FUNCTIONS);
    let more = (0..LARGEST).map(|n| {
        let mut segment = documents::segment((TRACES - 1) * 10 - n % 1_000, FUNCTIONS);
        (segment["trace_id"], segment["parent_id"]) = (last["trace_id"].clone(), last["id"].clone());
        segment["id"] = format!("{n:016x}").into();
        segment.to_string()
    });
    write("segments.ndjson", &mut traces.chain(more));
    let minutes = (60 * FUNCTIONS..117 * FUNCTIONS)
        .map(|n| documents::datum(n, FUNCTIONS, "Throttles", "Count").to_string());
    write("metrics.ndjson", &mut minutes.into_iter());
    write("functions.ndjson", &mut (0..FUNCTIONS / 50).map(|n| documents::list_functions(n).to_string()));
    write("bad.ndjson", &mut (0..BAD).map(|n| format!("{{\"logGroup\":\"/aws/lambda/{n}\", \"\x1b[2J")));
}
