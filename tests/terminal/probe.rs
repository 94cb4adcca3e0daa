//! The smallest program on a terminal: it shows what has happened to it, and can be made to
//! misbehave. It also tells the test over a socket, for when the terminal does not read.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, never, tick, unbounded};
use crossterm::event::{KeyCode, KeyModifiers};
use lamtop::clock::Clock;
use lamtop::ui::term::{Clip, Console, Counters, Event, Flow, Options, Program, run};
use ratatui::Frame;
use ratatui::layout::Size;

/// The variable that says how the probe is to behave: `quiet` or `flood`, with `mouse`.
pub const BEHAVIOUR: &str = "LAMTOP_PROBE";
/// The variable with the socket's path.
pub const SOCKET: &str = "LAMTOP_PROBE_SOCKET";

struct Probe {
    keys: String,
    size: Size,
    messages: u64,
    draws: u64,
    last: String,
    drawn_messages: u64,
    counters: Arc<Counters>,
    test: UnixDatagram,
    told_of_skips: bool,
}

impl Probe {
    fn tell(&self, text: &str) {
        let _ = self.test.send(text.as_bytes());
    }
}

impl Program for Probe {
    type Message = ();

    fn on_event(&mut self, event: Event<()>) -> Flow {
        match event {
            Event::Key(key) => {
                if key.code == KeyCode::Char('z') && key.modifiers == KeyModifiers::CONTROL {
                    return Flow::Suspend;
                }
                let name = match key.code {
                    KeyCode::Char(c) => c.to_string(),
                    other => other.to_string(),
                };
                self.keys.push_str(&name);
                self.tell(&format!("key {name}"));
                match key.code {
                    KeyCode::Char('q') => return Flow::Quit,
                    KeyCode::Char('c') => return Clip::new("some text").map_or(Flow::Continue, Flow::Copy),
                    KeyCode::Char('m') => return Flow::Mouse(true),
                    KeyCode::Char('p') => panic!("deliberate, while drawing"),
                    KeyCode::Char('w') => {
                        std::thread::spawn(|| panic!("deliberate, in a worker"));
                    }
                    KeyCode::Char('h') => {
                        let _ = never::<()>().recv();
                    }
                    _ => {}
                }
            }
            Event::Paste(text) => self.last = format!("paste {text}"),
            Event::Mouse(mouse) => self.last = format!("mouse {},{}", mouse.column, mouse.row),
            Event::Resized(size) => {
                self.size = size;
                self.tell(&format!("size {size}"));
            }
            Event::Resumed { stopped_ms } => self.last = format!("resumed {}", stopped_ms.is_some()),
            Event::NotSuspended => self.last = "not-suspended".into(),
            Event::Message(()) => self.messages += 1,
        }
        if !self.told_of_skips && self.counters.skipped() > 0 {
            self.told_of_skips = true;
            self.tell("skipped");
        }
        Flow::Continue
    }

    fn draw(&mut self, frame: &mut Frame<'_>) {
        self.draws += 1;
        self.drawn_messages = self.messages;
        let lines = [
            format!("ready pid={} size={}", std::process::id(), self.size),
            format!("keys={}. draws={} {}", self.keys, self.draws, self.last),
            format!("messages={}", self.messages),
        ];
        let area = frame.area();
        let fill = char::from(b'a' + (self.messages % 26) as u8).to_string();
        for y in 0..area.height {
            let line = lines.get(usize::from(y)).cloned();
            let filler = || if self.messages > 0 { fill.repeat(area.width.into()) } else { String::new() };
            let line = line.unwrap_or_else(filler);
            frame.buffer_mut().set_stringn(0, y, line, area.width.into(), ratatui::style::Style::new());
        }
    }

    fn wants_redraw(&mut self, _: u64) -> bool {
        self.messages != self.drawn_messages
    }

    fn next_deadline(&self, _: u64) -> Option<u64> {
        None
    }
}

/// The whole life of the program under test.
pub fn main() -> ! {
    let behaviour = std::env::var(BEHAVIOUR).unwrap();
    let console = match Console::open(|name| std::env::var(name).ok()) {
        Ok(console) => console,
        Err(error) => {
            println!("{error}");
            std::process::exit(2);
        }
    };
    let test = UnixDatagram::unbound().unwrap();
    test.connect(Path::new(&std::env::var(SOCKET).unwrap())).unwrap();
    // A test that does not listen must not stop the program.
    test.set_nonblocking(true).unwrap();
    let mut probe = Probe {
        keys: String::new(),
        size: Size::ZERO,
        messages: 0,
        draws: 0,
        last: String::new(),
        drawn_messages: 0,
        counters: console.counters(),
        test,
        told_of_skips: false,
    };
    let messages = if behaviour.contains("flood") { flood() } else { never() };
    let options = Options { mouse: behaviour.contains("mouse"), ..Options::default() };
    let ended = run(console, &mut probe, options, &Clock::wall(), &messages).unwrap();
    probe.tell(&format!("ended {ended:?}"));
    // On the primary screen, if there still is one.
    let _ = std::io::Write::write_all(&mut std::io::stdout(), format!("{ended:?}\r\n").as_bytes());
    std::process::exit(ended.code().into());
}

/// A message every few milliseconds, from another thread.
fn flood() -> Receiver<()> {
    let (send, receive) = unbounded();
    std::thread::spawn(move || {
        for _ in tick(Duration::from_millis(5)) {
            if send.send(()).is_err() {
                return;
            }
        }
    });
    receive
}
