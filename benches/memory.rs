//! What the real program takes while much comes for long: resident memory, and how soon a key is answered.
//! More than is promised makes this exit with 1. Each takes minutes, and many GB are written.
//!
//!     cargo bench --bench memory -- day          1,000 functions, 24 hours of 2,000 invocations a second
//!     cargo bench --bench memory -- flood        a file that grows by 20 MB/s for 15 minutes
//!     LAMTOP_MINUTES=3 cargo bench --bench memory -- flood
#![allow(clippy::unwrap_used)]

#[path = "../tests/support/pty.rs"]
mod pty;
mod support;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use lamtop::clock::Clock;
use pty::{Pty, command};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use support::BASE;
use support::block::Block;

const LAMTOP: &str = env!("CARGO_BIN_EXE_lamtop");
const SCREEN: (u16, u16) = (140, 45);
/// What is given to the program, and what it may take: a tenth more.
const BUDGET_MB: u64 = 256;
const MOST_MB: u64 = BUDGET_MB * 11 / 10;
/// How often it is looked at while it reads.
const LOOKS: u64 = 8;
/// Keys at each look.
const KEYS: usize = 40;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let folder = tempfile::tempdir_in(std::env::var_os("LAMTOP_FLOOD_DIR").unwrap_or("/tmp".into())).unwrap();
    let mut most = 0;
    println!("| after | written | resident MB | at most so far | key to screen, median ms | slowest |");
    println!("|---|---|---|---|---|---|");
    match asked.first().map(String::as_str) {
        Some("day") => day(&folder.path().join("day"), &mut most),
        Some("flood") => flood(&folder.path().join("flood.ndjson"), &mut most),
        _ => {
            eprintln!("say what: day, or flood");
            std::process::exit(2);
        }
    }
    println!("\nmost of all: {most} MB of {MOST_MB}");
    if most > MOST_MB {
        std::process::exit(1);
    }
}

/// A day of simulated time through a pipe, as fast as it is read.
fn day(path: &Path, most: &mut u64) {
    const FUNCTIONS: u64 = 1_000;
    const STEP_MS: i64 = 500;
    const BLOCKS: u64 = 24 * 3_600_000 / STEP_MS as u64;
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let clock = Clock::wall();
    let pty = open(path);
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    let wanted =
        |line: &support::logs::Line| line.message.starts_with("START") || line.message.starts_with("REPORT");
    let mut block = Block::new(FUNCTIONS, FUNCTIONS, wanted);
    let mut written = 0;
    for number in 0..BLOCKS {
        let bytes = block.put(number, BASE + number as i64 * STEP_MS);
        file.write_all(bytes).unwrap();
        written += bytes.len() as u64;
        if (number + 1) % (BLOCKS / LOOKS) == 0 {
            let hours = (number + 1) as i64 * STEP_MS / 3_600_000;
            row(&format!("{hours} h of a day"), written, &pty, &clock, most);
        }
    }
}

/// A file that grows, followed.
fn flood(path: &Path, most: &mut u64) {
    const FUNCTIONS: u64 = 100;
    const BYTES_A_MS: u64 = 20_000;
    let minutes = std::env::var("LAMTOP_MINUTES").map_or(15, |minutes| minutes.parse::<u64>().unwrap());
    let mut file = File::create(path).unwrap();
    let clock = Clock::wall();
    let pty = open(path);
    let mut block = Block::new(100, FUNCTIONS, |_| true);
    let (begin, mut number, mut written, mut looked) = (clock.steady_ms(), 0, 0, 0);
    while looked < LOOKS {
        let passed = clock.steady_ms() - begin;
        while written < passed * BYTES_A_MS {
            number += 1;
            let bytes = block.put(number, clock.now().0 - 500);
            file.write_all(bytes).unwrap();
            written += bytes.len() as u64;
        }
        if passed >= (looked + 1) * minutes * 60_000 / LOOKS {
            looked += 1;
            row(&format!("{:.1} min", passed as f64 / 60_000.0), written, &pty, &clock, most);
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

fn open(path: &Path) -> Pty {
    let memory = format!("{BUDGET_MB}M");
    let pty = Pty::start(command(LAMTOP, &["--memory", &memory, path.to_str().unwrap()]), SCREEN.0, SCREEN.1);
    pty.wait_text("lamtop");
    pty
}

/// Looks at the program, and tells how it does.
fn row(after: &str, written: u64, pty: &Pty, clock: &Clock, most: &mut u64) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pty.pid())).unwrap();
    let mb = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_024
    };
    let mut took: Vec<u64> = (0..KEYS)
        .map(|n| {
            let from = clock.steady_ms();
            pty.send("?");
            let open = n % 2 == 0;
            pty.wait("the help, or what was below it", |screen| {
                screen.contents().contains("Keys in ") == open
            });
            clock.steady_ms() - from
        })
        .collect();
    took.sort_unstable();
    *most = mb("VmHWM").max(*most);
    println!(
        "| {after} | {:.1} GB | {} | {most} | {} | {} |",
        written as f64 / 1e9,
        mb("VmRSS"),
        took[took.len() / 2],
        took[took.len() - 1]
    );
}
