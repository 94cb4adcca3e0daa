//! `lamtop`: arguments to a run, exit code; nothing else.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use lamtop::cli::{self, Cli, Command, ConsoleOptions, Report};
use lamtop::clock::Clock;
use lamtop::model::{Timestamp, Window};
use lamtop::query::filter::Filter;
use lamtop::report::{self, Question, ReportError};
use lamtop::session::{self, Begin, Playback, Setup, demo};
use lamtop::source::Reading;
use lamtop::ui::app::Options;
use lamtop::ui::keymap::{Action, Keymap, ViewKind};
use lamtop::ui::status::Speed;
use lamtop::ui::symbols::Charset;
use lamtop::ui::term::{Console, Depth};
use lamtop::ui::theme::ColorDepth;
use lamtop::ui::zone::Zone;
use lamtop::{config, engine};

/// No input usable.
const NO_INPUT: u8 = 1;
/// Wrong usage, or no terminal.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let Cli { command, console } = cli::parse(std::env::args_os());
    let ended = match command {
        Some(Command::Report(said)) => return report(&said),
        None if !io::stdout().is_terminal() => {
            Err((USAGE, "nothing to do: give \"replay\" or \"report\" and paths, see --help".to_string()))
        }
        None | Some(Command::Demo) => {
            show(&console, || Ok((demo::reading(), demo::begin(), demo::SPEED, false)))
        }
        Some(Command::Replay(said)) => show(&console, || {
            let (begin, speed) = (config::begin(&said), config::speed(&said.speed));
            let (begin, speed) = (begin.map_err(usage)?, speed.map_err(usage)?);
            let reading = Reading::start(&said.paths).map_err(|error| (NO_INPUT, error.to_string()))?;
            Ok((reading, begin, speed, said.paused))
        }),
    };
    ended.unwrap_or_else(|(code, what)| fail(code, &what))
}

/// A code and what to say.
type Failure = (u8, String);

fn usage(mistake: String) -> Failure {
    (USAGE, mistake)
}

/// Opens the console on what `open` gives.
fn show(
    options: &ConsoleOptions,
    open: impl FnOnce() -> Result<(Reading, Begin, Speed, bool), Failure>,
) -> Result<ExitCode, Failure> {
    let memory = config::memory(&options.memory).map_err(usage)?;
    let theme = config::theme(options).map_err(usage)?;
    let console = Console::open(|name| std::env::var(name).ok()).map_err(|error| usage(error.to_string()))?;
    let (reading, begin, speed, paused) = open()?;
    let can = console.capabilities();
    let depth = match can.depth {
        Depth::None => ColorDepth::None,
        Depth::Ansi16 => ColorDepth::Ansi16,
        Depth::Indexed256 => ColorDepth::Ansi256,
        Depth::True => ColorDepth::True,
    };
    let setup = Setup {
        screen: Options {
            theme: theme.at_depth(depth),
            charset: if can.utf8 { Charset::Braille } else { Charset::Ascii },
            // Lines can't be read again from where they lie yet, so no key opens them.
            keymap: Keymap::built_in().without(&[Action::Logs, Action::LogsOf]),
            zone: if options.local { Zone::Local } else { Zone::Utc },
            view: ViewKind::Overview,
            // The true size comes with the first event, before the first frame.
            size: (80, 24),
            window_ms: config::WINDOW_MS,
            parse_filter: |text| Filter::parse(text).map_err(|mistake| mistake.to_string()),
        },
        playback: Playback::replay(begin, speed, paused),
        engine: engine::Options { memory, decoders: lamtop::ingest::workers(), settling_ms: 0 },
        mouse: options.mouse,
    };
    let ended = session::run(console, &reading, setup, Clock::wall())
        .map_err(|error| (NO_INPUT, format!("the terminal can't be used: {error}")))?;
    Ok(ExitCode::from(ended.code()))
}

fn report(said: &Report) -> ExitCode {
    let (question, window) = match question(said) {
        Ok(asked) => asked,
        Err(mistake) => return fail(USAGE, &mistake),
    };
    let (out, mut err) = (io::stdout().lock(), io::stderr().lock());
    match report::run(&said.paths, &question, window, said.format, out, &mut err) {
        Ok(()) => ExitCode::SUCCESS,
        // `lamtop report … | head`: whoever read has enough.
        Err(ReportError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            drop(err);
            fail(NO_INPUT, &error.to_string())
        }
    }
}

fn question(said: &Report) -> Result<(Question, Window), String> {
    let time = |option: &str, text: &Option<String>, otherwise: Timestamp| match text {
        None => Ok(otherwise),
        Some(text) => report::parse_time(text).ok_or_else(|| {
            format!("{option}: '{text}' is no time; give 2026-11-23T08:00:00Z or epoch seconds")
        }),
    };
    let from = time("--since", &said.since, Timestamp::MIN)?;
    let to = time("--until", &said.until, Timestamp::NEVER)?;
    let question = match said.list {
        Some(list) => Question::List(list),
        None => Question::By { keys: report::parse_keys(&said.by)?, rule: said.time },
    };
    Ok((question, Window { from, to }))
}

fn fail(code: u8, what: &str) -> ExitCode {
    // Standard error may be gone; there is nowhere else to say it.
    let _ = writeln!(io::stderr(), "lamtop: {what}");
    ExitCode::from(code)
}
