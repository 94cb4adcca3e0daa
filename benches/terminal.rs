//! Bytes a second that the real program writes to its terminal (a pty, in true colour): in a live
//! session with 100 functions, while nothing but time passes, while it stands still. More than is
//! promised makes this exit with 1. It takes some minutes, since seconds must pass.
//!
//!     cargo bench --bench terminal
#![allow(clippy::unwrap_used)]

#[path = "../tests/support/pty.rs"]
mod pty;
mod support;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use lamtop::clock::Clock;
use pty::{Pty, command};
use support::logs::{self, Line};

const LAMTOP: &str = env!("CARGO_BIN_EXE_lamtop");
const FUNCTIONS: u64 = 100;
/// From one invocation to the next, in ms: 50 a second, five lines each.
const STEP_MS: i64 = 20;
/// What was there before: the window is full.
const BEFORE_MS: i64 = 35 * 60_000;
/// Until what was there is read and the numbers have settled.
const WARM_MS: u64 = 5_000;
const MEASURE_MS: u64 = 20_000;
/// Where only time passes: axes move on once a minute.
const MINUTE_MS: u64 = 60_000;
/// Until all that was known when it was paused has been judged, which happens every 10 s.
const JUDGED_MS: u64 = 15_000;
/// So long numbers count as unsettled in which records may still arrive, and some more.
const SETTLED_MS: u64 = 45_000;
/// Bytes a second at most.
type Promise = Option<u64>;

const LARGE: (u16, u16) = (200, 60);
const USUAL: (u16, u16) = (120, 40);

/// A view, the key that leads to it, the screen, and what is promised of it.
const LIVE: [(&str, &str, (u16, u16), Promise); 8] = [
    ("overview", "", USUAL, Some(1_000)),
    ("overview", "", LARGE, Some(1_000)),
    ("function", "2", LARGE, None),
    ("invocations", "3", LARGE, None),
    ("problems", "6", LARGE, None),
    ("sources", "7", LARGE, None),
    ("logs of a function, followed", "L", LARGE, Some(20_000)),
    ("logs of all, followed", "4", LARGE, Some(20_000)),
];

fn main() {
    let (clock, folder) = (Clock::wall(), tempfile::tempdir().unwrap());
    let (live, old) = (folder.path().join("live.ndjson"), folder.path().join("old.ndjson"));
    let mut missed = Vec::new();
    let mut row = |what: &str, (columns, rows): (u16, u16), bytes: u64, ms: u64, most: Option<u64>| {
        let each = bytes as f64 / ms as f64 * 1e3;
        let promised = most.map_or("–".to_string(), |most| most.to_string());
        println!("| {what} | {columns}x{rows} | {each:.0} | {promised} |");
        missed
            .extend(most.is_some_and(|most| each > most as f64).then(|| format!("{what} {columns}x{rows}")));
    };
    println!("| what | screen | bytes a second | at most |\n|---|---|---|---|");
    let feeder = Feeder::start(&live, &clock);
    for (view, keys, size, most) in LIVE {
        let pty = open(&live, size, &clock);
        pty.send(keys);
        pass(&clock, WARM_MS);
        row(&format!("live: {view}"), size, written(&pty, &clock, MEASURE_MS), MEASURE_MS, most);
        if most.is_some() {
            pty.send("p");
            pty.wait_text("PAUSED");
            pass(&clock, JUDGED_MS);
            row(&format!("paused: {view}"), size, written(&pty, &clock, MEASURE_MS), MEASURE_MS, Some(0));
        }
    }
    drop(feeder);
    // One invocation of now, so that time goes on, and then nothing: only the clock and ages change.
    let mut file = File::create(&old).unwrap();
    let now = clock.now().0;
    write(&mut file, (0..30_000).flat_map(|n| lines(n, now - 7_200_000 + n as i64 * STEP_MS)));
    let pty = open(&old, LARGE, &clock);
    write(&mut file, lines(7, clock.now().0 - 1_000));
    pty.wait_text("LIVE");
    pass(&clock, SETTLED_MS);
    row("time passes: overview", LARGE, written(&pty, &clock, MINUTE_MS), MINUTE_MS, Some(60));
    drop(pty);
    if !missed.is_empty() {
        println!("\nmore than promised: {}", missed.join(", "));
        std::process::exit(1);
    }
}

/// The program, following a file.
fn open(path: &Path, (columns, rows): (u16, u16), clock: &Clock) -> Pty {
    let mut program = command(LAMTOP, &[path.to_str().unwrap()]);
    program.env("COLORTERM", "truecolor");
    let pty = Pty::start(program, columns, rows);
    pty.wait_text(&format!("{FUNCTIONS} fn"));
    pass(clock, WARM_MS);
    pty
}

/// Bytes that are written while some time passes.
fn written(pty: &Pty, clock: &Clock, ms: u64) -> u64 {
    let before = pty.bytes();
    pass(clock, ms);
    (pty.bytes() - before) as u64
}

fn pass(clock: &Clock, ms: u64) {
    let end = clock.steady_ms() + ms;
    while let Some(left) = end.checked_sub(clock.steady_ms()).filter(|left| *left > 0) {
        std::thread::park_timeout(Duration::from_millis(left));
    }
}

/// An invocation's lines, of any function by chance: called in turns, none would ever pass another in the table.
fn lines(n: u64, start: i64) -> impl Iterator<Item = Line> {
    let chance = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let chance = (chance ^ chance >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    logs::of(chance >> 32, FUNCTIONS, logs::text_at(n, start))
}

/// Appends lines, all at once.
fn write(file: &mut File, lines: impl Iterator<Item = Line>) {
    let mut lines: Vec<Line> = lines.collect();
    lines.sort_by_key(|line| line.at);
    let text: String = lines.iter().map(logs::wrapped).collect();
    file.write_all(text.as_bytes()).unwrap();
}

/// Writes each line at its time.
struct Feeder {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Feeder {
    fn start(path: &Path, clock: &Clock) -> Self {
        let (mut file, clock) = (File::create(path).unwrap(), clock.clone());
        let begin = clock.now().0 - BEFORE_MS;
        let before = (BEFORE_MS / STEP_MS) as u64;
        write(&mut file, (0..before).flat_map(|n| lines(n, begin + n as i64 * STEP_MS)));
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            let (mut next, mut waiting) = (before, Vec::new());
            while stopped.recv_timeout(Duration::from_millis(50)) == Err(RecvTimeoutError::Timeout) {
                let now = clock.now().0;
                while begin + next as i64 * STEP_MS <= now {
                    waiting.extend(lines(next, begin + next as i64 * STEP_MS));
                    next += 1;
                }
                write(&mut file, waiting.extract_if(.., |line| line.at <= now));
            }
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.stop.take();
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
