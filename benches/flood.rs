//! How soon the real program shows what was appended, and answers a key, while it reads much: a file
//! that grows by so many MB a second, followed in a pty. More than is promised makes this exit with 1, and
//! so does a line that was lost. It takes a minute or two, since seconds must pass.
//!
//!     cargo bench --bench flood                at rest and at 50 MB/s
//!     LAMTOP_FLOOD=20 cargo bench --bench flood
#![allow(clippy::unwrap_used)]

#[path = "../tests/support/pty.rs"]
mod pty;
mod support;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use lamtop::clock::Clock;
use pty::{Pty, command};
use support::block::Block;
use support::logs::{self, Line};

const LAMTOP: &str = env!("CARGO_BIN_EXE_lamtop");
const FUNCTIONS: u64 = 100;
const SCREEN: (u16, u16) = (140, 45);
/// What is measured of each kind.
const SAMPLES: usize = 200;
/// Bytes are appended so often, in ms.
const EVERY_MS: u64 = 10;
/// Until what was there is read.
const WARM_MS: u64 = 3_000;
/// From one sample to the next, in ms, and a little more each time, so that they fall anywhere between two
/// pictures.
const BETWEEN_MS: u64 = 60;
/// A frame, in ms.
const FRAME_MS: u64 = 16;

fn main() {
    let clock = Clock::wall();
    let folder = tempfile::tempdir_in(std::env::var_os("LAMTOP_FLOOD_DIR").unwrap_or("/tmp".into())).unwrap();
    let flood = std::env::var("LAMTOP_FLOOD").map_or(50, |mb| mb.parse().unwrap());
    let mut missed = Vec::new();
    println!(
        "| while it reads | what | median ms | p99 ms | most ms | p99 at most |\n|---|---|---|---|---|---|"
    );
    for mb in [0, flood] {
        let path = folder.path().join(format!("{mb}.ndjson"));
        let feeder = Feeder::start(&path, mb, &clock);
        let read = format!("{mb} MB/s");
        let mut row = |what: &str, mut samples: Vec<u64>, most: u64| {
            samples.sort_unstable();
            let p99 = samples[samples.len() * 99 / 100];
            let (middle, last) = (samples[samples.len() / 2], samples[samples.len() - 1]);
            println!("| {read} | {what} | {middle} | {p99} | {last} | {most} |");
            if p99 > most {
                missed.push(format!("{what} at {read}"));
            }
        };
        row("append to screen", appended(&path, &feeder, &clock), if mb == 0 { 50 } else { 250 });
        row("key to screen, overview", keys(&path, "1", &clock), FRAME_MS);
        row("key to screen, invocations", keys(&path, "3", &clock), FRAME_MS);
        row("key to screen, logs", keys(&path, "4", &clock), FRAME_MS);
        let written = feeder.stop();
        println!("\n{:.1} MB written in all\n", written as f64 / 1e6);
        std::fs::remove_file(&path).unwrap();
    }
    if !missed.is_empty() {
        println!("later than promised: {}", missed.join(", "));
        std::process::exit(1);
    }
}

fn open(path: &Path, view: &[&str], clock: &Clock) -> Pty {
    let mut arguments = view.to_vec();
    arguments.push(path.to_str().unwrap());
    let pty = Pty::start(command(LAMTOP, &arguments), SCREEN.0, SCREEN.1);
    pass(clock, WARM_MS);
    pty
}

/// From the writing of a line until it is on the screen of the followed log.
fn appended(path: &Path, feeder: &Feeder, clock: &Clock) -> Vec<u64> {
    let pty = open(path, &["--view", "logs"], clock);
    pty.wait_text("following");
    // One function, so that a page shows what was appended also in a flood of others.
    pty.send("\\");
    pty.send("fn:probe\r");
    pass(clock, 500);
    let mut took = Vec::new();
    for n in 0..SAMPLES {
        pass(clock, BETWEEN_MS + (n as u64 * 7) % 110);
        let token = format!("probe-{n:04}-{:x}", clock.now().0);
        let line = Line {
            at: clock.now().0,
            function: "probe".into(),
            stream: "2026/11/23/[1]a".into(),
            message: format!("{token}\n"),
        };
        feeder.say(logs::wrapped(&line));
        let from = clock.steady_ms();
        pty.wait_text(&token);
        took.push(clock.steady_ms() - from);
    }
    took
}

/// From a key until the screen has changed by it: to the help and back, over a view that changes meanwhile.
fn keys(path: &Path, view: &str, clock: &Clock) -> Vec<u64> {
    let pty = open(path, &[], clock);
    pty.wait_text(" fn");
    pty.send(view);
    pass(clock, 1_000);
    let mut took = Vec::new();
    for n in 0..SAMPLES {
        pass(clock, BETWEEN_MS + (n as u64 * 7) % 110);
        // The same key opens the help and closes it.
        let wanted = n % 2 == 0;
        let from = clock.steady_ms();
        pty.send("?");
        pty.wait("the help, or what was below it", |screen| screen.contents().contains("Keys in ") == wanted);
        took.push(clock.steady_ms() - from);
    }
    took
}

fn pass(clock: &Clock, ms: u64) {
    let end = clock.steady_ms() + ms;
    while let Some(left) = end.checked_sub(clock.steady_ms()).filter(|left| *left > 0) {
        std::thread::park_timeout(Duration::from_millis(left));
    }
}

/// Appends so much, and lines that it is told.
struct Feeder {
    lines: Option<Sender<String>>,
    thread: Option<JoinHandle<u64>>,
}

impl Feeder {
    fn start(path: &Path, mb: u64, clock: &Clock) -> Self {
        File::create(path).unwrap().write_all(block().put(0, clock.now().0)).unwrap();
        let file = OpenOptions::new().append(true).open(path).unwrap();
        let (lines, told) = channel();
        let clock = clock.clone();
        let thread = std::thread::spawn(move || feed(file, &told, mb, &clock));
        Self { lines: Some(lines), thread: Some(thread) }
    }

    fn say(&self, line: String) {
        self.lines.as_ref().unwrap().send(line).unwrap();
    }

    fn stop(mut self) -> u64 {
        self.lines.take();
        self.thread.take().unwrap().join().unwrap()
    }
}

/// The lines of a hundred invocations.
fn block() -> Block {
    Block::new(100, FUNCTIONS, |_| true)
}

/// Writes until nobody tells lines any more; returns how many bytes.
fn feed(mut file: File, told: &Receiver<String>, mb: u64, clock: &Clock) -> u64 {
    let (begin, mut number, mut written) = (clock.steady_ms(), 0, 0);
    let mut block = block();
    loop {
        match told.recv_timeout(Duration::from_millis(EVERY_MS)) {
            Ok(line) => {
                // At once: what is measured is the program, not this.
                file.write_all(line.as_bytes()).unwrap();
                written += line.len() as u64;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return written,
        }
        let due = (clock.steady_ms() - begin) * mb * 1_000;
        while written < due {
            number += 1;
            let bytes = block.put(number, clock.now().0 - 500);
            file.write_all(bytes).unwrap();
            written += bytes.len() as u64;
        }
    }
}
