//! `lamtop`: arguments to a run, exit code; nothing else.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use lamtop::cli::{self, Command, Report};
use lamtop::model::{Timestamp, Window};
use lamtop::report::{self, Question, ReportError};

/// No input usable.
const NO_INPUT: u8 = 1;
/// Wrong usage.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match cli::parse(std::env::args_os()).command {
        Command::Report(said) => report(&said),
    }
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
