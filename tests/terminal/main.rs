//! The terminal is left as it was found, whatever happens; and nothing it does stops us.
//!
//! The program under test is this binary again: the ignored test [`the_probe`], in a pty.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod kinds;
mod line;
mod probe;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use lamtop::clock::Clock;
use portable_pty::CommandBuilder;
use probe::{BEHAVIOUR, SOCKET};
use rustix::process::Signal;
use support::pty::{DEADLINE, Pty, command, kill};

/// The program under test.
#[test]
#[ignore = "run by the other tests, in a terminal of its own"]
fn the_probe() {
    probe::main()
}

/// How to start the probe, and what it tells besides what it shows.
struct Bench {
    told: UnixDatagram,
    _folder: tempfile::TempDir,
    environment: Vec<(&'static str, String)>,
}

const ARGUMENTS: [&str; 5] = ["--ignored", "--exact", "the_probe", "--nocapture", "--test-threads=1"];

impl Bench {
    fn new(behaviour: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("told");
        let told = UnixDatagram::bind(&socket).unwrap();
        told.set_read_timeout(Some(DEADLINE)).unwrap();
        let environment = vec![(BEHAVIOUR, behaviour.to_owned()), (SOCKET, socket.display().to_string())];
        Self { told, _folder: folder, environment }
    }

    fn with_environment(&self, mut command: CommandBuilder) -> CommandBuilder {
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        command
    }

    fn command(&self) -> CommandBuilder {
        self.with_environment(command(std::env::current_exe().unwrap(), &ARGUMENTS))
    }

    /// Under a shell, which has the probe's command line in `$PROBE`.
    fn shell(&self, arguments: &[&str]) -> CommandBuilder {
        let mut shell = self.with_environment(command("sh", arguments));
        let exe = std::env::current_exe().unwrap();
        shell.env("PROBE", format!("{} {}", exe.display(), ARGUMENTS.join(" ")));
        shell.env("PS1", "sh> ");
        shell
    }

    /// Waits until the probe tells this.
    fn wait(&self, text: &str) {
        let mut buffer = [0; 256];
        loop {
            let count = self.told.recv(&mut buffer).unwrap_or_else(|error| panic!("no {text:?}: {error}"));
            if buffer[..count].starts_with(text.as_bytes()) {
                return;
            }
        }
    }
}

fn ready(bench: &Bench) -> Pty {
    let pty = Pty::start(bench.command(), 80, 24);
    pty.wait_text("ready");
    pty
}

fn modes(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|mode| (*mode).to_owned()).collect()
}

#[test]
fn quit_restores_and_nothing_was_asked_of_the_terminal() {
    let pty = ready(&Bench::new("quiet"));
    assert_eq!(pty.modes(), modes(&["+1049", "+2004", "-25"]));
    assert!(!pty.is_cooked());
    pty.send("xq");
    assert_eq!(pty.end(), 0);
    pty.wait_text("Quit");
    pty.assert_restored();
    assert_eq!(pty.asked(), Vec::<String>::new());
    assert_eq!(pty.unusual(), Vec::<String>::new());
}

#[test]
fn the_mouse_is_captured_only_when_asked_for_and_never_its_every_move() {
    let pty = ready(&Bench::new("quiet mouse"));
    let captured = modes(&["+1000", "+1002", "+1006", "+1049", "+2004", "-25"]);
    assert_eq!(pty.modes(), captured);
    pty.send("\x1b[<64;10;5M");
    pty.wait_text("mouse 9,4");
    pty.send("q");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();

    let pty = ready(&Bench::new("quiet"));
    pty.send("m");
    pty.wait_text("keys=m");
    assert_eq!(pty.modes(), captured, "by a key");
    pty.send("q");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
}

#[test]
fn a_paste_is_one_event_and_a_copy_goes_to_the_terminal() {
    let pty = ready(&Bench::new("quiet"));
    pty.send("\x1b[200~one\ntwo\x1b[201~");
    pty.wait_text("paste onetwo");
    pty.send("c");
    pty.wait_text("keys=c");
    assert_eq!(pty.clipboard(), ["c29tZSB0ZXh0"]);
}

#[test]
fn a_panic_is_printed_on_the_restored_screen() {
    for (key, message) in [("p", "deliberate, while drawing"), ("w", "deliberate, in a worker")] {
        let pty = ready(&Bench::new("quiet"));
        pty.send(key);
        assert_eq!(pty.end(), 101, "{message}");
        pty.assert_restored();
        pty.wait_text(message);
    }
}

#[test]
fn signals_end_it_in_order() {
    for (signal, number) in [(Signal::TERM, 15), (Signal::INT, 2), (Signal::HUP, 1), (Signal::QUIT, 3)] {
        let bench = Bench::new("quiet");
        let pty = ready(&bench);
        pty.signal(signal);
        bench.wait(&format!("ended Signal({number})"));
        assert_eq!(pty.end(), 128 + number);
        pty.assert_restored();
    }
}

#[test]
fn a_program_that_hangs_is_ended_by_a_signal_all_the_same() {
    let bench = Bench::new("quiet");
    let pty = ready(&bench);
    pty.send("h");
    bench.wait("key h");
    let sent = Clock::wall();
    pty.signal(Signal::TERM);
    assert_eq!(pty.end(), 143);
    assert!(sent.steady_ms() < 3_000, "{} ms", sent.steady_ms());
    pty.assert_restored();
}

#[test]
fn a_lost_terminal_ends_it() {
    let bench = Bench::new("quiet");
    let mut pty = ready(&bench);
    pty.hang_up();
    bench.wait("ended Signal(1)");
    assert_eq!(pty.end(), 129);
}

#[test]
fn a_lost_terminal_ends_it_without_a_signal() {
    let bench = Bench::new("flood");
    // The session's first process alone is told, and this one does not care.
    let mut pty = Pty::start(bench.shell(&["-c", "trap '' HUP; $PROBE; exit $?"]), 80, 24);
    pty.wait_text("ready");
    let lost = Clock::wall();
    pty.hang_up();
    bench.wait("ended Signal(1)");
    assert_eq!(pty.end(), 129);
    assert!(lost.steady_ms() < 2_000, "{} ms", lost.steady_ms());
}

/// Starts the probe as a job of an interactive shell.
fn job(bench: &Bench) -> Pty {
    let pty = Pty::start(bench.shell(&["-i"]), 80, 24);
    pty.wait_text("sh> ");
    pty.send("$PROBE\n");
    pty.wait_text("ready");
    pty
}

fn at_the_prompt(pty: &Pty) {
    pty.wait("prompt", |screen| !screen.alternate_screen() && screen.contents().trim_end().ends_with("sh>"));
    assert_eq!(pty.modes(), BTreeSet::new(), "modes left on while stopped");
    assert!(pty.is_cooked());
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_again() {
    let bench = Bench::new("quiet");
    let pty = job(&bench);
    for round in 0..3 {
        pty.send("\x1a");
        at_the_prompt(&pty);
        let columns = 81 + round;
        pty.resize(columns, 25);
        pty.send("fg; echo code $?\n");
        pty.wait_text("resumed true");
        pty.wait_text(&format!("size={columns}x25"));
        assert_eq!(pty.modes(), modes(&["+1049", "+2004", "-25"]));
        assert!(!pty.is_cooked());
    }
    pty.send("xq");
    pty.wait_text("code 0");
    pty.assert_restored();
}

#[test]
fn a_stop_signal_is_as_good_as_ctrl_z() {
    let bench = Bench::new("quiet");
    let pty = job(&bench);
    kill(pty.value("pid=").parse().unwrap(), Signal::TSTP);
    at_the_prompt(&pty);
    pty.send("fg; echo code $?\n");
    pty.wait_text("resumed true");
    pty.send("q");
    pty.wait_text("code 0");
    pty.assert_restored();
}

#[test]
fn a_signal_while_stopped_ends_it_when_continued() {
    let bench = Bench::new("quiet");
    let pty = job(&bench);
    let pid = pty.value("pid=").parse().unwrap();
    pty.send("\x1a");
    at_the_prompt(&pty);
    kill(pid, Signal::TERM);
    pty.send("fg; echo code $?\n");
    pty.wait_text("code 143");
    pty.assert_restored();
}

#[test]
fn keys_come_from_the_terminal_when_data_comes_from_a_pipe() {
    let bench = Bench::new("quiet");
    let pty = Pty::start(bench.shell(&["-c", "echo data | $PROBE; exit $?"]), 80, 24);
    pty.wait_text("ready");
    pty.send("x");
    pty.wait_text("keys=x.");
    pty.send("q");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
}

#[test]
fn without_a_shell_to_come_back_from_it_does_not_stop() {
    let pty = ready(&Bench::new("quiet"));
    pty.send("\x1a");
    pty.wait_text("not-suspended");
    pty.send("q");
    assert_eq!(pty.end(), 0);
}

#[test]
fn after_a_stop_that_cannot_be_caught_everything_is_drawn_again() {
    let pty = ready(&Bench::new("quiet"));
    pty.signal(Signal::STOP);
    pty.scribble(b"\x1b[?1049l\x1b[?25h\x1b[2Jsh> ");
    pty.signal(Signal::CONT);
    pty.wait_text("resumed false");
    pty.wait_text("ready");
    pty.wait("screen of its own", |screen| screen.alternate_screen() && screen.hide_cursor());
    pty.send("q");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
}

#[test]
fn half_an_escape_sequence_does_not_stop_the_drawing() {
    let pty = ready(&Bench::new("flood"));
    pty.send("\x1b[1;");
    let messages = || pty.value("messages=").parse::<u64>().unwrap();
    let before = messages();
    pty.wait("further frames", |screen| {
        let text = screen.contents();
        let shown = text.split_once("messages=").and_then(|(_, rest)| rest.split_whitespace().next());
        shown.and_then(|shown| shown.parse::<u64>().ok()).is_some_and(|shown| shown > before + 200)
    });
    pty.resize(100, 30);
    pty.wait_text("size=100x30");
    pty.send("2A");
    pty.wait_text("keys=Up.");
    pty.send("q");
    assert_eq!(pty.end(), 0);
}

#[test]
fn a_terminal_that_stopped_reading_stops_neither_the_program_nor_its_end() {
    for (how, code) in [("q", 0), ("TERM", 143), ("w", 101)] {
        let bench = Bench::new("flood");
        let pty = ready(&bench);
        pty.read(false);
        bench.wait("skipped");
        pty.send("x");
        bench.wait("key x");
        match how {
            "TERM" => pty.signal(Signal::TERM),
            key => pty.send(key),
        }
        let asked = Clock::wall();
        assert_eq!(pty.end(), code, "{how}");
        assert!(asked.steady_ms() < 3_000, "{how}: {} ms", asked.steady_ms());
        pty.read(true);
        pty.assert_restored();
    }
}

#[test]
fn a_terminal_that_reads_again_shows_the_newest() {
    let bench = Bench::new("flood");
    let pty = ready(&bench);
    pty.read(false);
    bench.wait("skipped");
    pty.send("xyz");
    bench.wait("key z");
    pty.read(true);
    pty.wait_text("keys=xyz.");
}

#[test]
fn any_size_will_do() {
    for (columns, rows, size) in [(0, 0, "80x24"), (1, 1, "1x1"), (20, 5, "20x5"), (300, 100, "300x100")] {
        let bench = Bench::new("flood");
        let pty = Pty::start(bench.command(), columns, rows);
        bench.wait(&format!("size {size}"));
        pty.send("q");
        bench.wait("ended Quit");
        assert_eq!(pty.end(), 0);
        pty.assert_restored();
    }
}

#[test]
fn a_storm_of_sizes_is_few_frames() {
    let bench = Bench::new("quiet");
    let pty = ready(&bench);
    let before: u64 = pty.value("draws=").parse().unwrap();
    let began = Clock::wall();
    for step in 0..60 {
        pty.resize(80 + step, 24 + step / 3);
    }
    pty.wait_text("size=139x43");
    let most = began.steady_ms() / 100 + 2;
    let drawn = pty.value("draws=").parse::<u64>().unwrap() - before;
    assert!(drawn <= most, "{drawn} frames, {most} would do");
}

#[test]
fn nothing_is_written_while_nothing_changes() {
    let pty = ready(&Bench::new("quiet"));
    assert!(pty.is_silent_for(Duration::from_secs(1)), "{}", pty.text());
    #[cfg(target_os = "linux")]
    {
        let pid = pty.value("pid=");
        let before = cpu_ns(&pid);
        assert!(pty.is_silent_for(Duration::from_secs(2)));
        let used = cpu_ns(&pid) - before;
        assert!(used < 6_000_000, "{used} ns in two idle seconds are more than 0.3 %");
    }
}

/// What all threads of a process have used.
#[cfg(target_os = "linux")]
fn cpu_ns(pid: &str) -> u64 {
    std::fs::read_dir(format!("/proc/{pid}/task"))
        .unwrap()
        .map(|thread| {
            let line = std::fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
            line.split(' ').next().unwrap().parse::<u64>().unwrap()
        })
        .sum()
}

#[test]
fn without_a_terminal_it_says_so_in_one_line() {
    let bench = Bench::new("quiet");
    let start = |command: CommandBuilder, text: &str| {
        let pty = Pty::start(command, 120, 24);
        assert_eq!(pty.end(), 2, "{}", pty.text());
        pty.wait_text(text);
        assert!(pty.text().contains("use \"lamtop report\""), "{}", pty.text());
        assert_eq!(pty.modes(), BTreeSet::new(), "touched");
    };
    let mut dumb = bench.command();
    dumb.env("TERM", "dumb");
    start(dumb, "TERM is unset or dumb");
    let mut foreign = bench.command();
    foreign.set_controlling_tty(false);
    start(foreign, "this process has none");
    let piped = bench.shell(&["-c", "$PROBE | cat; $PROBE > /dev/null; exit $?"]);
    start(piped, "standard output is not one");
}
