//! What was said on the command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::report::{Format, List, TimeRule};

/// A terminal console for watching AWS Lambda functions: what htop is for processes.
///
/// Give it Lambda's logs (captures, folders, `aws logs tail` output, gz), CloudWatch metric streams
/// and X-Ray segments, together or alone; what each is it sees for itself.
#[derive(Debug, Parser)]
#[command(name = "lamtop", version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do; without a command the paths are followed.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Files, folders (recursively) and globs to follow. A path named like a command needs `./`.
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
}

const EXAMPLES: &str = "\
Examples:
  lamtop                                  the sample incident, replayed
  lamtop logs/ metrics.ndjson             follow a folder of logs and a metric stream
  lamtop replay capture.ndjson.gz --at 14:30 --speed 10
  lamtop report logs/ --by function,1m --format tsv
  lamtop report logs/ --list invocations --filter 'err fn:pay*' --format json

Keys: ? in the program. Exit status: 0 fine, 1 no input usable, 2 usage or no terminal,
128+n ended by signal n.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Replay captures as if they were live.
    Replay(Replay),
    /// Answer without a screen: tables, tsv, csv, json, markdown.
    Report(Report),
    /// The sample incident, replayed: compiled in, so it runs anywhere.
    Demo,
}

/// Options of every command.
#[derive(Debug, Args, Clone, Default)]
pub struct Global {
    /// How much memory the program may take: 256M, 1G. The oldest records go first.
    #[arg(long, global = true, value_name = "SIZE")]
    pub memory: Option<String>,
    /// default (the terminal's own colours), dark, light, or a file.
    #[arg(long, global = true, value_name = "NAME|FILE")]
    pub theme: Option<String>,
    /// Show times in UTC (the default).
    #[arg(long, global = true, conflicts_with = "local")]
    pub utc: bool,
    /// Show times in the machine's time zone.
    #[arg(long, global = true)]
    pub local: bool,
    /// The view to begin with.
    #[arg(long, global = true, value_name = "NAME")]
    pub view: Option<StartView>,
    /// Take the mouse: wheel and clicks. The terminal's own selection then needs Shift.
    #[arg(long, global = true)]
    pub mouse: bool,
    /// Settings file (TOML) instead of lamtop/config.toml in the configuration folder.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The view to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, ValueEnum)]
pub enum StartView {
    /// Six panels and the function table.
    #[default]
    Overview,
    /// Log lines, newest last, followed.
    Logs,
    /// What is read.
    Sources,
}

/// `lamtop replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// Captures: files, folders, globs.
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<String>,
    /// 1, 2, 5, 10, 30, 60, 100, 1000 or max.
    #[arg(long, value_name = "N|max")]
    pub speed: Option<String>,
    /// Where to begin: 14:32, 2026-11-23T08:20:00Z, +5m (after the capture's start).
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Begin paused.
    #[arg(long)]
    pub paused: bool,
}

/// `lamtop report`.
#[derive(Debug, Args)]
pub struct Report {
    /// Captures: files, folders, globs.
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<String>,
    /// Group by: function, version, environment, and a bucket (10s, 1m, 1h), separated by commas.
    #[arg(long, value_name = "KEYS", default_value = "function", conflicts_with = "list")]
    pub by: String,
    /// One row each instead of groups.
    #[arg(long, value_name = "WHAT")]
    pub list: Option<List>,
    /// Which time of an invocation decides its bucket: its start (CloudWatch's rule) or its end.
    #[arg(long, value_name = "RULE", default_value = "start")]
    pub time: TimeRule,
    /// Only from this time on (ISO 8601, or epoch seconds or ms).
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only before this time.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Only what matches: fn:pay* err cold status:timeout dur>800ms.
    #[arg(long, value_name = "FILTER")]
    pub filter: Option<String>,
    /// How to print it.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

/// Reads the arguments. A mistake is printed as clap does and ends the program with status 2.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Cli {
    let matches = Cli::command().get_matches_from(arguments);
    Cli::from_arg_matches(&matches).unwrap_or_else(|e| e.exit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &str) -> Cli {
        Cli::try_parse_from(words.split(' ')).unwrap()
    }

    #[test]
    fn paths_are_followed_and_commands_are_commands() {
        assert_eq!(said("lamtop a.log b/ --view logs").paths, ["a.log", "b/"]);
        assert!(matches!(said("lamtop replay a").command, Some(Command::Replay(_))));
        assert_eq!(said("lamtop ./report").paths, ["./report"]);
        assert!(said("lamtop").command.is_none());
        let Some(Command::Report(report)) =
            said("lamtop report a --by function,1m --time end --format tsv").command
        else {
            panic!("no report")
        };
        assert_eq!(
            (report.by.as_str(), report.time, report.format),
            ("function,1m", TimeRule::End, Format::Tsv)
        );
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
