//! `lamtop`: arguments to a run, exit code; nothing else.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use lamtop::cli::{self, Cli, Command, ConsoleOptions, Record, Report};
use lamtop::clock::Clock;
use lamtop::config::{self, Listening, Settings};
use lamtop::engine;
use lamtop::ingest;
use lamtop::model::{Timestamp, Window};
use lamtop::query::filter::Filter;
use lamtop::record::{self, Ended};
use lamtop::report::{self, Form, Question, ReportError};
use lamtop::session::{self, Playback, Setup, demo};
use lamtop::source::{self, Input, Key, Mode};
use lamtop::ui::app::{Options, Remembered};
use lamtop::ui::symbols::Charset;
use lamtop::ui::term::{Console, Depth};
use lamtop::ui::theme::ColorDepth;

/// The system's allocator keeps what was given back to it in pieces: after a flood it held four times what was in
/// use, so that the store was squeezed for nothing (`docs/performance.md`). musl's also lets threads wait.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// No input usable, or no output.
const NO_INPUT: u8 = 1;
/// Wrong usage, or no terminal.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let Cli { command, paths, listeners, console } = cli::parse(std::env::args_os());
    // The sample incident always looks the same.
    let memory = config::memory_of_the_screen();
    let ended = match command {
        Some(_) if listeners.any() => Err(usage(
            "--xray and --http stand behind the command: lamtop listen --http ADDRESS, lamtop record --http …"
                .to_string(),
        )),
        Some(Command::Report(said)) => return report(&said),
        Some(Command::Record(said)) => record(&said, &console),
        Some(Command::Listen(said)) => {
            show(&console, memory, || Listening::only(&said, &console).map(|at| Watch::live(&[], at)).map_err(usage))
        }
        None if !paths.is_empty() || listeners.any() => show(&console, memory, || {
            Listening::of(&listeners, &console).map(|at| Watch::live(&paths, at)).map_err(usage)
        }),
        Some(Command::Doctor(said)) => return answered(report::examine(&said.paths, io::stdout().lock())),
        Some(Command::Completions { shell }) => return printed(cli::completions(shell, &mut io::stdout().lock())),
        Some(Command::Man) => return printed(cli::manual(&mut io::stdout().lock())),
        None if !io::stdout().is_terminal() => {
            let nothing = "nothing to do: give paths, or \"report\" and paths, see --help";
            // A wrong option is the first that is to be mended.
            Err(usage(Settings::of(&console, &Remembered::default()).err().unwrap_or(nothing.to_string())))
        }
        None | Some(Command::Demo) => show(&console, None, || Ok(Watch::demo())),
        Some(Command::Replay(said)) => show(&console, memory, || {
            let begin = config::begin(&said).map_err(usage)?;
            let speed = config::speed(&said.speed).map_err(usage)?;
            Ok(Watch::replay(source::paths(&said.paths), Playback::replay(begin, speed, said.paused)))
        }),
    };
    ended.unwrap_or_else(|(code, what)| fail(code, &what))
}

/// A code and what to say.
type Failure = (u8, String);

fn usage(mistake: String) -> Failure {
    (USAGE, mistake)
}

/// What is looked at, and how.
struct Watch {
    inputs: Vec<Input>,
    mode: Mode,
    playback: Playback,
}

impl Watch {
    fn live(paths: &[String], listening: Listening) -> Self {
        let mode = Mode::Follow { newest_slice: Some(config::SLICE) };
        Self { inputs: inputs(paths, listening), mode, playback: Playback::live() }
    }

    fn replay(inputs: Vec<Input>, playback: Playback) -> Self {
        Self { inputs, mode: Mode::Once, playback }
    }

    fn demo() -> Self {
        Self::replay(demo::inputs(), Playback::replay(demo::begin(), demo::SPEED, false))
    }

    fn sources(&self, memory: usize) -> source::Options {
        // What can't be read again where it lies is kept for the log view.
        source::Options { keep: (memory / config::KEEP_SHARE) as u64, ..source::Options::new(self.mode) }
    }

    fn engine(&self, memory: usize) -> engine::Options {
        let (live, history_ms) = match self.mode {
            Mode::Follow { .. } => (true, Some(config::HISTORY_MS)),
            Mode::Once => (false, None),
        };
        let settling_ms = config::SETTLING_MS;
        engine::Options { memory, decoders: ingest::workers(), settling_ms, live, history_ms }
    }
}

/// Paths and sockets.
fn inputs(paths: &[String], listening: Listening) -> Vec<Input> {
    let Listening { xray, http, key } = listening;
    let mut inputs = source::paths(paths);
    inputs.extend(xray.map(Input::Xray));
    inputs.extend(http.map(|address| Input::Http(address, key.as_deref().map(Key::new))));
    inputs
}

/// Opens the console on what `open` gives. It begins as `memory` remembers it and is remembered there.
fn show(
    options: &ConsoleOptions,
    memory: Option<PathBuf>,
    open: impl FnOnce() -> Result<Watch, Failure>,
) -> Result<ExitCode, Failure> {
    let remembered = memory.as_deref().map(config::remembered).unwrap_or_default();
    let settings = Settings::of(options, &remembered).map_err(usage)?;
    let watch = open()?;
    let mut console = Console::open(|name| std::env::var(name).ok()).map_err(|error| {
        let unusable = source::unusable(&watch.inputs);
        usage(unusable.into_iter().chain([error.to_string()]).collect::<Vec<_>>().join("\n"))
    })?;
    settings.depth.into_iter().for_each(|depth| console.set_depth(depth));
    let clock = Clock::wall();
    let sources = source::start(&watch.inputs, watch.sources(settings.memory), clock.clone())
        .map_err(|error| (NO_INPUT, error.to_string()))?;
    let can = console.capabilities();
    let depth = match can.depth {
        Depth::None => ColorDepth::None,
        Depth::Ansi8 => ColorDepth::Ansi8,
        Depth::Ansi16 => ColorDepth::Ansi16,
        Depth::Indexed256 => ColorDepth::Ansi256,
        Depth::True => ColorDepth::True,
    };
    let engine = watch.engine(settings.memory);
    let setup = Setup {
        screen: Options {
            theme: settings.theme.at_depth(depth),
            depth,
            charset: settings.charset.unwrap_or(match (can.utf8, can.console) {
                (false, _) => Charset::Ascii,
                (true, true) => Charset::Console,
                (true, false) => Charset::Braille,
            }),
            keymap: settings.keymap,
            zone: settings.zone,
            view: settings.view,
            // The true size comes with the first event, before the first frame.
            size: (80, 24),
            window_ms: config::WINDOW_MS,
            region: config::region(),
            remembered,
            parse_filter: Filter::parse,
        },
        playback: watch.playback,
        engine,
        mouse: settings.mouse,
        remember: memory,
    };
    let ended = session::run(console, &sources, setup, clock)
        .map_err(|error| (NO_INPUT, format!("the terminal can't be used: {error}")))?;
    Ok(ExitCode::from(ended.code()))
}

fn report(said: &Report) -> ExitCode {
    let question = match question(said) {
        Ok(asked) => asked,
        Err(mistake) => return fail(USAGE, &mistake),
    };
    let (out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let ended = report::run(&said.paths, &question, out, &mut err);
    drop(err);
    answered(ended)
}

fn printed(ended: io::Result<()>) -> ExitCode {
    answered(ended.map_err(ReportError::Write))
}

fn answered(ended: Result<(), ReportError>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        // `lamtop report … | head`: whoever read has enough.
        Err(ReportError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => fail(NO_INPUT, &error.to_string()),
    }
}

fn record(said: &Record, console: &ConsoleOptions) -> Result<ExitCode, Failure> {
    let options = config::recording(said).map_err(usage)?;
    let listening = Listening::of(&said.listeners, console).map_err(usage)?;
    let signals = record::signals().map_err(|error| (NO_INPUT, format!("no signals: {error}")))?;
    let mut say = |what: &str| {
        let _ = writeln!(io::stderr(), "lamtop: {}", report::harmless(what));
    };
    let ended = record::run(&inputs(&said.paths, listening), &options, &signals, &Clock::wall(), &mut say);
    match ended.map_err(|error| (NO_INPUT, error.to_string()))? {
        Ended::Done => Ok(ExitCode::SUCCESS),
        Ended::Signal(signal) => Ok(ExitCode::from(u8::try_from(128 + signal).unwrap_or(NO_INPUT))),
    }
}

fn question(said: &Report) -> Result<Question, String> {
    let time = |option: &str, text: &Option<String>, otherwise: Timestamp| match text {
        None => Ok(otherwise),
        Some(text) => report::parse_time(text).ok_or_else(|| {
            format!("{option}: '{text}' is no time; give 2026-11-23T08:00:00Z or epoch seconds")
        }),
    };
    let from = time("--since", &said.since, Timestamp::MIN)?;
    let to = time("--until", &said.until, Timestamp::NEVER)?;
    let form = match said.list {
        Some(list) => Form::List(list),
        None if said.findings => Form::Findings,
        None => Form::By { keys: report::parse_keys(&said.by)?, rule: said.time },
    };
    let text = said.filter.as_deref().unwrap_or_default();
    let filter = Filter::parse(text).map_err(|mistake| format!("--filter: {mistake}"))?;
    if let Form::List(list) = form
        && !matches!(list, report::List::Invocations | report::List::Traces)
        && !filter.is_empty()
    {
        return Err(
            "--filter: of the lists it can only be asked of invocations and traces; leave it out".to_string()
        );
    }
    Ok(Question { form, filter, window: Window { from, to }, format: said.format })
}

fn fail(code: u8, what: &str) -> ExitCode {
    // Standard error may be gone; there is nowhere else to say it.
    let _ = writeln!(io::stderr(), "lamtop: {what}");
    ExitCode::from(code)
}
