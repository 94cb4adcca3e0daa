//! The real program on other kinds of terminals than the usual: without Unicode, with few colours or
//! none, the Linux console, inside tmux and GNU screen, small, never the same size, not reading.

use std::io::Write;
use std::process::{Command, Stdio};

use portable_pty::CommandBuilder;

use super::support::program;
use super::support::pty::{Pty, command};

/// The sample incident where most is wrong, and the keys that lead through the views.
const VIEWS: [(&str, &str); 9] = [
    ("1", "FUNCTION"),
    ("2", "Environments"),
    ("3", "newest first"),
    ("4", "P patterns"),
    ("5", "SEGMENT"),
    ("6", "UNTIL"),
    ("7", "Bad records"),
    ("?", "Keys in the view"),
    ("\x1b:", "what to do"),
];

fn incident(environment: &[(&str, &str)], more: &[&str]) -> CommandBuilder {
    let sample = format!("{}/sample-logs/*.gz", env!("CARGO_MANIFEST_DIR"));
    let arguments = ["replay", &sample, "--paused", "--at", "2026-11-23T09:14:37Z"];
    let mut command = command(program(), &[&arguments[..], more].concat());
    for (name, value) in environment {
        command.env(name, value);
    }
    command
}

/// Goes through the views and looks at each.
fn each_view(command: CommandBuilder, look: impl Fn(&str, &vt100::Screen)) {
    let pty = Pty::start(command, 80, 24);
    pty.wait_text("sms-dispatch");
    for (keys, text) in VIEWS {
        pty.send(keys);
        pty.wait(text, |screen| {
            let there = screen.contents().contains(text);
            there.then(|| look(text, screen)).is_some()
        });
    }
    pty.send("\x03");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
    assert_eq!(pty.unusual(), Vec::<String>::new());
}

fn colours(screen: &vt100::Screen) -> Vec<vt100::Color> {
    let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
    let cells = (0..rows).flat_map(|row| (0..columns).filter_map(move |column| screen.cell(row, column)));
    cells.flat_map(|cell| [cell.fgcolor(), cell.bgcolor()]).collect()
}

#[test]
fn without_unicode_nothing_but_ascii_is_drawn() {
    for environment in [[("LANG", "C"), ("TERM", "xterm")], [("LC_ALL", "POSIX"), ("TERM", "vt220")]] {
        each_view(incident(&environment, &[]), |view, screen| {
            let text = screen.contents();
            assert!(
                text.is_ascii(),
                "{view}: {:?}",
                text.chars().filter(|c| !c.is_ascii()).collect::<String>()
            );
        });
    }
}

#[test]
fn the_linux_console_gets_what_its_fonts_have() {
    each_view(incident(&[("TERM", "linux")], &[]), |view, screen| {
        let other = |c: &char| !c.is_ascii() && !"─│┌┐└┘├█░▒·═║".contains(*c);
        // What a function's name or a log line holds is drawn as it is; the sample's hold nothing else.
        let text = screen.contents();
        assert_eq!(text.chars().filter(other).collect::<String>(), "", "{view}:\n{text}");
        let base = |colour| matches!(colour, vt100::Color::Default | vt100::Color::Idx(0..8));
        assert!(colours(screen).into_iter().all(base), "{view}");
    });
    // It has one screen: what was drawn must not stay, with the prompt amid it.
    let pty = Pty::start(incident(&[("TERM", "linux")], &[]), 80, 24);
    pty.wait_text("sms-dispatch");
    pty.send("q");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
    assert!(pty.wrote("\x1b[H\x1b[J"));
}

#[test]
fn no_theme_sends_more_colours_than_there_are() {
    for theme in ["dark", "light", "high-contrast", "colour-blind"] {
        for (colours_said, most) in [("8", 8), ("16", 16)] {
            each_view(incident(&[], &["--theme", theme, "--color", colours_said]), |view, screen| {
                for colour in colours(screen) {
                    let fits = match colour {
                        vt100::Color::Default => true,
                        vt100::Color::Idx(number) => number < most,
                        vt100::Color::Rgb(..) => false,
                    };
                    assert!(fits, "{theme} {view}: {colour:?}");
                }
            });
        }
    }
    each_view(incident(&[("NO_COLOR", "1")], &["--theme", "dark"]), |view, screen| {
        assert!(colours(screen).into_iter().all(|colour| colour == vt100::Color::Default), "{view}");
    });
}

/// Whether a program is here; a test that needs it says what it skipped.
fn here(name: &str, version: &str) -> bool {
    let here = Command::new(name).arg(version).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !here {
        eprintln!("skipped: this needs {name}");
    }
    here
}

/// Runs a multiplexer whose only window is the program.
fn inside(multiplexer: CommandBuilder) -> Pty {
    let pty = Pty::start(multiplexer, 80, 25);
    pty.wait_text("sms-dispatch");
    pty.send("j\r");
    pty.wait_text("Environments");
    pty.send("\x1b");
    pty.wait_text("FUNCTION");
    pty.resize(120, 41);
    pty.wait("the larger screen", |screen| {
        screen.contents().lines().any(|line| line.chars().count() > 100)
            && screen.contents().contains("FUNCTION")
    });
    pty.send("y");
    pty.wait_text("sent to the clipboard");
    pty
}

#[test]
fn it_works_inside_tmux() {
    if !here("tmux", "-V") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("tmux.conf");
    std::fs::write(&settings, "set -s set-clipboard on\nset -s escape-time 10\n").unwrap();
    let socket = folder.path().join("socket");
    let arguments = ["-S", socket.to_str().unwrap(), "-f", settings.to_str().unwrap(), "new-session"];
    let mut tmux = command("tmux", &arguments);
    tmux.args(incident(&[], &[]).get_argv());
    tmux.env_remove("TMUX");
    let pty = inside(tmux);
    pty.send("q");
    assert_eq!(pty.end(), 0);
    assert!(!pty.clipboard().is_empty(), "tmux hands on what is copied");
}

#[test]
fn it_works_inside_gnu_screen() {
    if !here("screen", "-v") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // It refuses a folder that others may enter.
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let settings = folder.path().join("screenrc");
    std::fs::write(&settings, "startup_message off\n").unwrap();
    let mut screen = command("screen", &["-U", "-c", settings.to_str().unwrap()]);
    // The outer terminal's, which is not what this one can.
    screen.env("COLORTERM", "truecolor");
    screen.args(incident(&[], &["--theme", "dark"]).get_argv());
    screen.env("SCREENDIR", folder.path());
    screen.env_remove("STY");
    screen.env_remove("TMUX");
    let pty = inside(screen);
    assert!(!pty.text().contains("38;2"), "{}", pty.text());
    pty.send("q");
    assert_eq!(pty.end(), 0);
    assert_eq!(pty.clipboard().len(), 1, "GNU screen hands on what is copied");
}

#[test]
fn a_storm_of_sizes_ends_in_the_last_one() {
    let pty = Pty::start(incident(&[], &[]), 80, 24);
    pty.wait_text("sms-dispatch");
    let before = pty.bytes();
    for step in 0..100_u16 {
        pty.resize(20 + step * 7 % 150, 5 + step * 3 % 50);
    }
    pty.resize(100, 30);
    pty.wait("the last size", |screen| {
        let text = screen.contents();
        let last = text.lines().last().unwrap_or_default();
        screen.size().0.get() == 30 && text.contains("sms-dispatch") && last.trim_end().ends_with("? help")
    });
    let bytes = pty.bytes() - before;
    assert!(bytes < 40 * 8_192, "{bytes} bytes are more than a few frames");
    pty.send("q");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
}

/// What comes through a pipe is taken although nothing can be drawn: else writing it would not end.
#[test]
fn a_terminal_that_stopped_reading_does_not_delay_reading() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let pty = Pty::start(command(program(), &[pipe.to_str().unwrap()]), 80, 24);
    let mut writer = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    let line = |n: u32, message: &str| {
        let at = lamtop::clock::Clock::wall().now().0;
        let id = format!("8f507cfc-1f5e-4e0e-8d4b-{n:012}");
        let (group, stream) = ("/aws/lambda/orders", "2026/11/23/[1]a");
        format!(
            "{{\"logGroup\":\"{group}\",\"logStream\":\"{stream}\",\"timestamp\":{at},\"message\":\"{message} {id}\"}}\n"
        )
    };
    writer.write_all(line(0, "START RequestId:").as_bytes()).unwrap();
    pty.wait_text("1 fn");
    pty.read(false);
    // Some 12 MB, far more than the pipe and the terminal hold.
    for n in 1..70_000 {
        writer.write_all(line(n, "some words about").as_bytes()).unwrap();
    }
    pty.read(true);
    pty.send("7");
    pty.wait("all that was read", |screen| screen.contents().contains("70,000"));
    pty.send("\x03");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
}
