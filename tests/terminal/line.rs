//! A line of 200 ms each way that takes 64 KB/s (one test: 256) and, as an SSH connection does, a megabyte before it
//! makes a program wait. What is sent in one call arrives in one piece.

use lamtop::clock::Clock;

use super::support::program;
use super::support::pty::{Line, Pty, command};
use super::{Bench, modes};

const LINE: Line = Line { delay_ms: 200, bytes_per_ms: 64, room: 256, apart_ms: 5 };

fn far_away(bench: &Bench) -> Pty {
    let pty = Pty::start_far_away(bench.command(), 80, 24, Some(LINE));
    pty.wait_text("ready");
    pty
}

#[test]
fn keys_are_the_same_in_whatever_pieces_they_come() {
    let bench = Bench::new("quiet");
    let pty = far_away(&bench);
    // Cut in the middle, as by a line that is cut anywhere.
    for piece in ["\x1b[", "A", "\x1b[3", "~", "\x1b[1", ";", "5", "B"] {
        pty.send(piece);
    }
    pty.wait_text("keys=UpDelDown.");
    // Alone, and with what was typed after it, as from a line that stood still for a moment.
    pty.send("\x1b");
    pty.wait_text("keys=UpDelDownEsc.");
    pty.send("\x1b\x1b[Bj\x1b[A");
    pty.wait_text("keys=UpDelDownEscEscDownjUp.");
    pty.send("\x1b[200~one\x1b");
    pty.send("[31m two\x1b[20");
    pty.send("1~x");
    pty.wait_text("paste one[31m two");
    pty.wait_text("Upx.");
    pty.send("q");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
}

#[test]
fn half_a_paste_does_not_keep_a_person_in() {
    let bench = Bench::new("quiet");
    // So far apart that Ctrl-C comes in a piece of its own also where the machine is busy.
    let line = Line { apart_ms: 250, ..LINE };
    let pty = Pty::start_far_away(bench.command(), 80, 24, Some(line));
    pty.wait_text("ready");
    pty.send("\x1b[200~its end got lost");
    pty.send("\x03");
    pty.send("q");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
}

/// Keys that are held down, in the view that writes the most for each.
#[test]
fn a_key_that_is_held_down_does_not_fill_the_line() {
    let line = Line { bytes_per_ms: 256, ..LINE };
    let pty = Pty::start_far_away(command(program(), &["demo"]), 200, 60, Some(line));
    pty.wait_text("FUNCTION");
    pty.send("p");
    pty.wait_text("PAUSED");
    pty.send("4");
    pty.wait("lines of logs", |screen| screen.contents().matches("REPORT RequestId").count() > 3);
    let (before, began) = (pty.bytes(), Clock::wall());
    // Six hundred pages, 5 ms apart, each of them some 10 KB: three seconds that would take the line seven.
    for _ in 0..300 {
        pty.send("\x1b[5~");
        pty.send("\x1b[6~");
    }
    pty.send("1");
    pty.wait("the overview", |screen| screen.contents().contains("FUNCTION"));
    let (took, bytes) = (began.steady_ms(), pty.bytes() - before);
    assert!(bytes < 1_200 * 1_024, "{bytes} bytes in {took} ms");
    assert!(took < 5_500, "{took} ms, {bytes} bytes");
    pty.send("q");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
}

#[test]
fn the_way_in_and_out_asks_nothing_of_a_far_terminal() {
    let bench = Bench::new("quiet");
    let began = Clock::wall();
    let pty = far_away(&bench);
    assert!(began.steady_ms() < 2_000, "{} ms to the first frame", began.steady_ms());
    assert_eq!(pty.modes(), modes(&["+1049", "+2004", "-25"]));
    pty.send("q");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
    assert_eq!(pty.asked(), Vec::<String>::new());
}
