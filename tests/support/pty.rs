//! A terminal for the real program: a pty with a screen behind it, that answers what terminals
//! answer and can do what terminals do to a program: resize, stop reading, vanish.
//!
//! Every wait has a deadline and ends as soon as what it waits for is there.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use lamtop::clock::Clock;
use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal};
use rustix::termios::{LocalModes, tcgetattr};

/// How long anything may take on a machine that is busy with other things.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// A program in a terminal.
pub struct Pty {
    shared: Arc<Shared>,
    master: Option<Box<dyn MasterPty + Send>>,
    keyboard: Option<Arc<Mutex<Box<dyn Write + Send>>>>,
    reader: Option<JoinHandle<()>>,
    /// Keeps the device open, so that its modes can be looked at when the program is gone.
    device: File,
    tty: PathBuf,
    leader: Option<u32>,
    end: Receiver<u32>,
    /// What is typed goes through here on a slow line.
    typed: Option<Sender<Vec<u8>>>,
}

/// What lies between the terminal and the program, as with SSH.
#[derive(Clone, Copy)]
pub struct Line {
    /// How long a byte is under way, ms.
    pub delay_ms: u64,
    /// What comes through from the program, bytes a ms.
    pub bytes_per_ms: u64,
    /// How much of it may be under way before the program is made to wait, in pieces of 4 KiB.
    pub room: usize,
    /// What is sent in one call arrives in one piece, and the next one so much later at the earliest.
    pub apart_ms: u64,
}

/// Lets time pass: a slow line is a matter of time.
fn until(clock: &Clock, ms: u64) {
    while let Some(left) = ms.checked_sub(clock.steady_ms()).filter(|left| *left > 0) {
        std::thread::park_timeout(Duration::from_millis(left));
    }
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    terminal: vt100::Parser<Questions>,
    raw: Vec<u8>,
    reading: bool,
    closing: bool,
}

/// What the program has asked of the terminal, the answers that are due, and what no program
/// should send that only draws.
#[derive(Default)]
struct Questions {
    asked: Vec<String>,
    answers: Vec<u8>,
    clipboard: Vec<String>,
    unusual: Vec<String>,
}

impl vt100::Callbacks for Questions {
    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        mark: Option<u8>,
        _: Option<u8>,
        parameters: &[&[u16]],
        end: char,
    ) {
        match (mark, end, parameters.first().and_then(|first| first.first())) {
            (None, 'n', Some(6)) => {
                let (row, column) = screen.cursor_position();
                self.answer("CSI 6 n", format!("\x1b[{};{}R", row + 1, column + 1));
            }
            (None, 'c', _) => self.answer("CSI c", "\x1b[?62;22c".into()),
            (Some(b'?'), 'u', _) => self.answer("CSI ? u", String::new()),
            (Some(b'?'), 'h' | 'l', Some(2026)) => {}
            (_, end, _) => self.unusual.push(format!("CSI … {end}")),
        }
    }

    fn unhandled_osc(&mut self, _: &mut vt100::Screen, parameters: &[&[u8]]) {
        let number = String::from_utf8_lossy(parameters[0]);
        if parameters.last() == Some(&&b"?"[..]) {
            self.answer(&format!("OSC {number}"), String::new());
        } else {
            self.unusual.push(format!("OSC {number}"));
        }
    }

    fn unhandled_control(&mut self, _: &mut vt100::Screen, byte: u8) {
        self.unusual.push(format!("control {byte:#04x}"));
    }

    fn unhandled_char(&mut self, _: &mut vt100::Screen, character: char) {
        self.unusual.push(format!("character {character:?}"));
    }

    fn unhandled_escape(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, byte: u8) {
        self.unusual.push(format!("ESC {:?}", char::from(byte)));
    }

    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.unusual.push("bell".into());
    }

    fn set_window_title(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.unusual.push("title".into());
    }

    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        self.clipboard.push(String::from_utf8_lossy(data).into_owned());
    }
}

impl Questions {
    fn answer(&mut self, question: &str, answer: String) {
        self.asked.push(question.to_owned());
        self.answers.extend_from_slice(answer.as_bytes());
    }
}

/// A command in the environment of a plain 256-colour UTF-8 terminal.
pub fn command(program: impl AsRef<Path>, arguments: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(program.as_ref());
    command.args(arguments);
    for name in ["RUST_BACKTRACE", "NO_COLOR", "COLORTERM", "LC_ALL", "LC_CTYPE", "LINES", "COLUMNS", "ENV"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    // No test sees how another one, or the person at this machine, left the screen.
    command.env("XDG_STATE_HOME", "/dev/null");
    command
}

impl Pty {
    /// Starts the command in a terminal of its own.
    pub fn start(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        Self::start_far_away(command, columns, rows, None)
    }

    /// The same, with a line between.
    pub fn start_far_away(command: CommandBuilder, columns: u16, rows: u16, line: Option<Line>) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let tty = pair.master.tty_name().unwrap();
        let flags = rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).unwrap();
        let device = File::options().read(true).write(true).custom_flags(flags).open(&tty).unwrap();
        let keyboard = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                terminal: vt100::Parser::new_with_callbacks(
                    usable(rows, 24),
                    usable(columns, 80),
                    0,
                    Questions::default(),
                ),
                raw: Vec::new(),
                reading: true,
                closing: false,
            }),
            changed: Condvar::new(),
        });
        let reader = {
            let (shared, keyboard) = (Arc::clone(&shared), Arc::clone(&keyboard));
            let output = pair.master.try_clone_reader().unwrap();
            match line {
                None => std::thread::spawn(move || {
                    read(output, &shared, |bytes| {
                        show(bytes, &shared, &keyboard);
                        true
                    })
                }),
                Some(line) => std::thread::spawn(move || read_far_away(line, output, &shared, &keyboard)),
            }
        };
        let typed = line.map(|line| type_far_away(line, Arc::clone(&keyboard)));
        let mut child = pair.slave.spawn_command(command).unwrap();
        let leader = child.process_id();
        let (tell, end) = channel();
        std::thread::spawn(move || {
            let _ = tell.send(child.wait().unwrap().exit_code());
        });
        Self {
            shared,
            master: Some(pair.master),
            keyboard: Some(keyboard),
            reader: Some(reader),
            device,
            tty,
            leader,
            end,
            typed,
        }
    }

    /// Waits until the screen is as wanted.
    pub fn wait(&self, wanted: &str, is: impl Fn(&vt100::Screen) -> bool) {
        let waiting = Clock::wall();
        let mut state = self.shared.state.lock().unwrap();
        while !is(state.terminal.screen()) {
            let left = DEADLINE.saturating_sub(Duration::from_millis(waiting.steady_ms()));
            if left.is_zero() {
                let last = state.raw[state.raw.len().saturating_sub(600)..].escape_ascii().to_string();
                let text = state.terminal.screen().contents();
                drop(state);
                panic!("no {wanted}; the screen:\n{text}\nthe last bytes:\n{last}");
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits until the text is on the screen.
    pub fn wait_text(&self, text: &str) {
        self.wait(&format!("{text:?}"), |screen| screen.contents().contains(text));
    }

    /// The text on the screen now.
    pub fn text(&self) -> String {
        self.shared.state.lock().unwrap().terminal.screen().contents()
    }

    /// What follows `name` on the screen, up to the next blank.
    pub fn value(&self, name: &str) -> String {
        let text = self.text();
        let (_, rest) = text.split_once(name).unwrap_or_else(|| panic!("no {name:?} in:\n{text}"));
        rest.split_whitespace().next().unwrap_or_default().to_owned()
    }

    /// Types.
    pub fn send(&self, keys: &str) {
        if let Some(typed) = &self.typed {
            typed.send(keys.as_bytes().to_vec()).unwrap();
            return;
        }
        let mut keyboard = self.keyboard.as_ref().unwrap().lock().unwrap();
        keyboard.write_all(keys.as_bytes()).unwrap();
        keyboard.flush().unwrap();
    }

    /// Gives the terminal another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.shared.state.lock().unwrap().terminal.set_size(usable(rows, 24), usable(columns, 80));
        self.master.as_ref().unwrap().resize(size(columns, rows)).unwrap();
    }

    /// The process that was started.
    pub fn pid(&self) -> u32 {
        self.leader.unwrap()
    }

    /// Sends a signal to the process that was started.
    pub fn signal(&self, signal: Signal) {
        kill(self.leader.unwrap(), signal);
    }

    /// Stops or goes on reading what the program writes.
    pub fn read(&self, reading: bool) {
        self.shared.state.lock().unwrap().reading = reading;
        self.shared.changed.notify_all();
    }

    /// Writes over the screen, as another program does that shares the terminal.
    pub fn scribble(&self, bytes: &[u8]) {
        self.shared.state.lock().unwrap().terminal.process(bytes);
    }

    /// Closes the terminal, as when a connection is lost.
    pub fn hang_up(&mut self) {
        {
            let mut state = self.shared.state.lock().unwrap();
            state.closing = true;
            state.reading = true;
        }
        self.shared.changed.notify_all();
        // Something to read, for a reader that waits; a full device has something.
        let _ = (&self.device).write(b" ");
        self.reader.take().unwrap().join().unwrap();
        self.keyboard = None;
        self.typed = None;
        self.master = None;
    }

    /// Waits for the end and returns the exit code.
    pub fn end(&self) -> u32 {
        let code = self.end.recv_timeout(DEADLINE);
        code.unwrap_or_else(|_| panic!("did not end; the screen:\n{}", self.text()))
    }

    /// How many bytes the program has written.
    pub fn bytes(&self) -> usize {
        self.shared.state.lock().unwrap().raw.len()
    }

    /// Whether these bytes are among what the program has written.
    pub fn wrote(&self, bytes: &str) -> bool {
        let state = self.shared.state.lock().unwrap();
        state.raw.windows(bytes.len()).any(|window| window == bytes.as_bytes())
    }

    /// Whether the program wrote nothing for that long.
    pub fn is_silent_for(&self, time: Duration) -> bool {
        let state = self.shared.state.lock().unwrap();
        let before = state.raw.len();
        let (state, _) =
            self.shared.changed.wait_timeout_while(state, time, |state| state.raw.len() == before).unwrap();
        state.raw.len() == before
    }

    /// What the program has asked the terminal: `CSI 6 n` and the like.
    pub fn asked(&self) -> Vec<String> {
        self.shared.state.lock().unwrap().terminal.callbacks().asked.clone()
    }

    /// What the terminal was sent that does not draw and was not expected: control characters,
    /// bells, titles, unknown sequences.
    pub fn unusual(&self) -> Vec<String> {
        self.shared.state.lock().unwrap().terminal.callbacks().unusual.clone()
    }

    /// What was copied to the clipboard, as base64.
    pub fn clipboard(&self) -> Vec<String> {
        self.shared.state.lock().unwrap().terminal.callbacks().clipboard.clone()
    }

    /// The private modes that differ from a fresh terminal's: `+1049`, `-25`.
    pub fn modes(&self) -> BTreeSet<String> {
        let state = self.shared.state.lock().unwrap();
        let mut modes = BTreeSet::new();
        for sequence in state.raw.split(|byte| *byte == 0x1b) {
            let Some(sequence) = sequence.strip_prefix(b"[?") else { continue };
            let end = sequence.iter().position(|c| !c.is_ascii_digit() && *c != b';').unwrap_or(0);
            let numbers = String::from_utf8_lossy(&sequence[..end]).into_owned();
            for number in numbers.split(';').filter(|number| !number.is_empty()) {
                // All modes but the visible cursor are off in a fresh terminal.
                let (differs, mark) = match (sequence[end], number) {
                    (b'h', "25") => (false, '-'),
                    (b'l', "25") => (true, '-'),
                    (b'h', _) => (true, '+'),
                    (b'l', _) => (false, '+'),
                    _ => continue,
                };
                let mode = format!("{mark}{number}");
                if differs {
                    modes.insert(mode)
                } else {
                    modes.remove(&mode)
                };
            }
        }
        modes
    }

    /// Whether the terminal itself edits lines and echoes, as it does for a shell command.
    pub fn is_cooked(&self) -> bool {
        let modes = tcgetattr(&self.device).unwrap().local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Asserts that the terminal is as it was before the program came. Waits for the last bytes,
    /// which may arrive after the program's end.
    pub fn assert_restored(&self) {
        self.wait("way out", |screen| !screen.alternate_screen() && !screen.hide_cursor());
        assert_eq!(self.modes(), BTreeSet::new(), "modes left on");
        assert!(self.is_cooked(), "raw mode left on");
    }
}

impl Drop for Pty {
    /// Ends the program, whatever the test has come to.
    fn drop(&mut self) {
        if let (Some(leader), true) = (self.leader, self.end.try_recv().is_err()) {
            let pid = Pid::from_raw(i32::try_from(leader).unwrap_or(0));
            let _ = pid.map(|pid| rustix::process::kill_process(pid, Signal::KILL));
        }
        if self.reader.is_some() && self.tty.exists() {
            self.hang_up();
        }
    }
}

/// Sends a signal to a process.
pub fn kill(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

/// Reads what the program writes, as long as somebody takes it.
fn read(mut output: Box<dyn Read + Send>, shared: &Shared, mut take: impl FnMut(&[u8]) -> bool) {
    let mut chunk = [0; 4096];
    loop {
        let state = shared.state.lock().unwrap();
        let state = shared.changed.wait_while(state, |state| !state.reading).unwrap();
        if state.closing {
            return;
        }
        drop(state);
        let Ok(count @ 1..) = output.read(&mut chunk) else { return };
        if !take(&chunk[..count]) {
            return;
        }
    }
}

/// Shows what has arrived, and answers.
fn show(bytes: &[u8], shared: &Shared, keyboard: &Mutex<Box<dyn Write + Send>>) {
    let mut state = shared.state.lock().unwrap();
    state.raw.extend_from_slice(bytes);
    state.terminal.process(bytes);
    let answers = std::mem::take(&mut state.terminal.callbacks_mut().answers);
    drop(state);
    shared.changed.notify_all();
    if !answers.is_empty() {
        let _ = keyboard.lock().unwrap().write_all(&answers);
    }
}

fn read_far_away(
    line: Line,
    output: Box<dyn Read + Send>,
    shared: &Arc<Shared>,
    keyboard: &Arc<Mutex<Box<dyn Write + Send>>>,
) {
    let clock = Clock::wall();
    let (send, under_way) = sync_channel::<(u64, Vec<u8>)>(line.room);
    let (far, far_keyboard, far_clock) = (Arc::clone(shared), Arc::clone(keyboard), clock.clone());
    let arriving = std::thread::spawn(move || {
        let mut free = 0;
        for (sent, bytes) in under_way {
            free = free.max(sent) + bytes.len() as u64 / line.bytes_per_ms;
            until(&far_clock, free + line.delay_ms);
            show(&bytes, &far, &far_keyboard);
        }
    });
    read(output, shared, |bytes| send.send((clock.steady_ms(), bytes.to_vec())).is_ok());
    drop(send);
    arriving.join().unwrap();
}

fn type_far_away(line: Line, keyboard: Arc<Mutex<Box<dyn Write + Send>>>) -> Sender<Vec<u8>> {
    let (send, under_way) = channel::<Vec<u8>>();
    let (clock, (stamp, stamped)) = (Clock::wall(), channel());
    let stamping = clock.clone();
    std::thread::spawn(move || {
        under_way.into_iter().try_for_each(|keys| stamp.send((stamping.steady_ms(), keys)))
    });
    std::thread::spawn(move || {
        let mut last = 0;
        for (sent, keys) in stamped {
            last = (sent + line.delay_ms).max(last + line.apart_ms);
            until(&clock, last);
            let _ = keyboard.lock().unwrap().write_all(&keys);
        }
    });
    send
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

/// A terminal that says 0x0 has a size all the same.
fn usable(length: u16, fallback: u16) -> NonZeroU16 {
    NonZeroU16::new(length).or(NonZeroU16::new(fallback)).unwrap()
}
