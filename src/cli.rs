//! What was said on the command line.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::report::{Format, List, TimeRule};

/// A terminal console for watching AWS Lambda functions: what htop is for processes.
///
/// Give it Lambda's logs (captures, folders, `aws logs tail` output, gz, zst), CloudWatch metric
/// streams and X-Ray segments, together or alone; what each is it sees for itself. Or let others send
/// to it: X-Ray SDKs, OpenTelemetry, Firehose, extensions.
#[derive(Debug, Parser)]
#[command(name = "lamtop", version, long_version = LONG_VERSION, after_help = EXAMPLES, override_usage = USAGE)]
pub struct Cli {
    /// What to do; without a command the paths are followed.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What to follow: files, folders (all below them), globs, named pipes, - for standard input.
    /// Without any, the sample incident is replayed.
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,
    /// Where to listen.
    #[command(flatten)]
    pub listeners: Listeners,
    /// Options of the console.
    #[command(flatten)]
    pub console: ConsoleOptions,
}

/// What `--version` says: of a release (`scripts/release.sh`) also for which machines and from which commit it was built.
const LONG_VERSION: &str = match option_env!("LAMTOP_RELEASE") {
    Some(release) => release,
    None => env!("CARGO_PKG_VERSION"),
};

const USAGE: &str = "\
lamtop [OPTIONS] [PATH]...         follow files while they grow
       lamtop [OPTIONS] listen            take what others send
       lamtop [OPTIONS] replay PATH...    replay captures as if they were live
       lamtop [OPTIONS] report PATH...    answer without a screen
       lamtop record PATH... --out FILE   write what arrives as a capture
       lamtop doctor PATH...              what there is, and what is missing
       lamtop [OPTIONS] [demo]            replay the sample incident";

const EXAMPLES: &str = "\
Examples:
  lamtop                                  the sample incident, replayed
  lamtop logs/ '/var/log/lambda/*.log'    follow what is there and what comes
  aws logs tail /aws/lambda/NAME --follow | lamtop -
  lamtop listen                           X-Ray SDKs and OpenTelemetry find it at their usual addresses
  lamtop logs/ --xray 127.0.0.1:2000      both together
  lamtop replay capture.ndjson.gz metrics.ndjson --at +10m --speed 10
  lamtop report sample-logs/
  lamtop report logs/ metrics.ndjson --by function,1m --format tsv
  lamtop report logs/ metrics.ndjson --findings
  lamtop report logs/ --list invocations --since 2026-11-23T09:05 --format json
  lamtop report logs/ --list errors
  lamtop report inventory/ logs/ --list functions
  lamtop doctor logs/ metrics.ndjson
  lamtop record logs/ --out incident.ndjson.gz --for 10m

Exit status: 0 fine, also with records that could not be read; 1 no input usable, or a recording\ncan't be written; 2 usage or no terminal; 128+n ended by signal n. Keys: ? in the console.
A path that is named like a command needs ./ before it: lamtop ./report";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what others send: X-Ray SDKs (UDP 127.0.0.1:2000), and over HTTP (127.0.0.1:4318)
    /// OpenTelemetry, Firehose, Telemetry API batches, log lines. With --xray or --http, just there.
    Listen(Listeners),
    /// Replay captures as if they were live.
    Replay(Replay),
    /// Answer without a screen: tables, tsv, csv, json, markdown.
    Report(Report),
    /// Write what arrives as a capture that replays, without a screen.
    Record(Record),
    /// Say what each file was taken for, what could not be read, and what is missing for which
    /// panel.
    Doctor(Doctor),
    /// The sample incident, replayed: compiled in, so it runs anywhere.
    Demo,
    /// Print what a shell needs to complete this program's arguments.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page: lamtop man | man -l -
    Man,
}

/// Writes what a shell needs to complete the arguments.
pub fn completions(shell: clap_complete::Shell, out: &mut impl Write) -> io::Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "lamtop", &mut text);
    out.write_all(&text)
}

/// Writes the manual page, the commands' options included.
pub fn manual(out: &mut impl Write) -> io::Result<()> {
    let mut command = Cli::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(out)?;
    for said in command.get_subcommands().filter(|said| said.get_name() != "help") {
        let (page, mut text) = (clap_mangen::Man::new(said.clone()), Vec::new());
        page.render_synopsis_section(&mut text)?;
        page.render_description_section(&mut text)?;
        page.render_options_section(&mut text)?;
        writeln!(out, ".SH {}", said.get_name().to_uppercase())?;
        // Sections of a command lie in that of its name.
        out.write_all(String::from_utf8_lossy(&text).replace("\n.SH ", "\n.SS ").as_bytes())?;
    }
    Ok(())
}

/// Options of the console. What is not said is taken from the configuration file, else it is as
/// told here.
#[derive(Debug, Args, Clone, Default)]
pub struct ConsoleOptions {
    /// How much memory the program may take: 256M (the default), 1G. The oldest records go first.
    #[arg(long, global = true, value_name = "SIZE")]
    pub memory: Option<String>,
    /// default (the terminal's own 16 colours), dark, light, high-contrast, colour-blind, or a file.
    #[arg(long, global = true, value_name = "NAME|FILE")]
    pub theme: Option<String>,
    /// How many colours the terminal has: never, 8, 16, 256 or truecolor; else as TERM, COLORTERM and
    /// NO_COLOR tell.
    #[arg(long, global = true, value_name = "COLOURS")]
    pub color: Option<String>,
    /// What is drawn with: braille, block, console (what the Linux console's fonts have) or ascii; else
    /// braille where the locale is UTF-8, on the Linux console as it can.
    #[arg(long, global = true, value_name = "SET")]
    pub symbols: Option<String>,
    /// Show times in UTC (the default).
    #[arg(long, global = true, conflicts_with = "local")]
    pub utc: bool,
    /// Show times in the machine's time zone.
    #[arg(long, global = true)]
    pub local: bool,
    /// The view to begin with: overview (the default), logs or sources.
    #[arg(long, global = true, value_name = "VIEW")]
    pub view: Option<String>,
    /// Take the mouse for the wheel: the terminal's own selection then needs Shift.
    #[arg(long, global = true)]
    pub mouse: bool,
    /// lamtop (the default), htop, lnav, k9s, or a TOML file with what differs from our keys.
    #[arg(long, global = true, value_name = "NAME|FILE")]
    pub keys: Option<String>,
    /// A TOML file with these options; else lamtop/config.toml in your configuration folder.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<String>,
}

/// Where to listen, beside the paths. An address is IP:PORT; a port alone is on this machine only, as
/// nothing listens to other machines unless the address is written out.
#[derive(Debug, Args, Clone, Default)]
pub struct Listeners {
    /// Take the X-Ray daemon's place: datagrams at this address, usually 127.0.0.1:2000.
    #[arg(long, value_name = "ADDRESS")]
    pub xray: Option<String>,
    /// Take posts at this address, usually 127.0.0.1:4318: OpenTelemetry traces (/v1/traces), Firehose
    /// deliveries, Telemetry API batches, log lines. A path as /orders names the function.
    #[arg(long, value_name = "ADDRESS")]
    pub http: Option<String>,
    /// Take posts only with the access key that this environment variable holds: as Firehose's
    /// access key, or as Authorization: Bearer KEY.
    #[arg(long, value_name = "NAME")]
    pub http_key_env: Option<String>,
}

impl Listeners {
    /// Whether any is said.
    pub fn any(&self) -> bool {
        self.xray.is_some() || self.http.is_some()
    }
}

/// `lamtop replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// Captures: files, folders, globs.
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<String>,
    /// How many times as fast as it happened: 1, 2, 5, 10, 30, 60, 100, 1000 or max.
    #[arg(long, value_name = "N|max", default_value = "1")]
    pub speed: String,
    /// Where to begin: 2026-11-23T08:20:00Z, epoch seconds, or +5m after the capture's start.
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
    /// What is wrong, since when, and what carries that, as of the end of the input.
    #[arg(long, conflicts_with_all = ["by", "list", "time"])]
    pub findings: bool,
    /// Which time of an invocation decides its bucket: its start (CloudWatch's rule) or its end.
    #[arg(long, value_name = "RULE", default_value = "start")]
    pub time: TimeRule,
    /// Only from this time on (ISO 8601, or epoch seconds or ms).
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only before this time.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Only what matches: fn:pay* err cold status:timeout dur>800ms mem>90% id:8f50 trace:1-6b "a text"
    /// /regex/ -without.
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    pub filter: Option<String>,
    /// How to print it.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

/// `lamtop doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Captures: files, folders, globs.
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<String>,
}

/// `lamtop record`.
#[derive(Debug, Args)]
pub struct Record {
    /// What to follow: files, folders (all below them), globs, named pipes. What is there already
    /// comes first.
    #[arg(value_name = "PATH", required_unless_present_any = ["xray", "http"])]
    pub paths: Vec<String>,
    /// Where to listen.
    #[command(flatten)]
    pub listeners: Listeners,
    /// The capture to write; compressed if it is named .gz. It must not be there yet.
    #[arg(long, value_name = "FILE")]
    pub out: String,
    /// End after this time: 30s, 10m, 8h.
    #[arg(long = "for", value_name = "TIME")]
    pub time: Option<String>,
    /// End when nothing came for this long.
    #[arg(long, value_name = "TIME")]
    pub idle_exit: Option<String>,
    /// Begin another file when one has this size (100M, 1G); full ones get a number.
    #[arg(long, value_name = "SIZE")]
    pub rotate: Option<String>,
    /// Mask keys, tokens, passwords, payloads, e-mail addresses and account ids; without this the
    /// recording is raw. Request ids, trace ids and numbers stay.
    #[arg(long)]
    pub redact: bool,
}

/// Reads the arguments. A mistake is printed as clap does and ends the program with status 2.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Cli {
    let matches = Cli::command().get_matches_from(arguments);
    Cli::from_arg_matches(&matches).unwrap_or_else(|e| e.exit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_and_the_manual_know_every_command() {
        use clap::ValueEnum;
        let names: Vec<String> =
            Cli::command().get_subcommands().map(|command| command.get_name().to_string()).collect();
        assert!(names.contains(&"replay".to_string()));
        for shell in clap_complete::Shell::value_variants() {
            let mut out = Vec::new();
            completions(*shell, &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(names.iter().all(|name| text.contains(name.as_str())), "{shell}");
            assert!(text.contains("idle-exit"), "{shell}");
        }
        let mut out = Vec::new();
        manual(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(".TH lamtop 1"), "{text}");
        for name in names {
            assert!(text.contains(&format!(".SH {}", name.to_uppercase())), "{name}");
        }
        assert!(text.contains("idle\\-exit") && text.contains("--speed") | text.contains("\\-\\-speed"));
    }

    #[test]
    fn a_report_is_said() {
        let words = "lamtop report a b/ --by function,1m --time end --format tsv";
        let Some(Command::Report(report)) = Cli::try_parse_from(words.split(' ')).unwrap().command else {
            panic!("no report")
        };
        assert_eq!(report.paths, ["a", "b/"]);
        assert_eq!(
            (report.by.as_str(), report.time, report.format),
            ("function,1m", TimeRule::End, Format::Tsv)
        );
        assert!(Cli::try_parse_from(["lamtop", "report"]).is_err());
        assert!(Cli::try_parse_from(["lamtop", "report", "a", "--by", "1m", "--list", "bad"]).is_err());
    }

    #[test]
    fn listeners_stand_beside_paths_or_alone() {
        let words = "lamtop logs/ --xray 2000 --http 127.0.0.1:4318 --http-key-env KEY";
        let cli = Cli::try_parse_from(words.split(' ')).unwrap();
        assert_eq!((cli.paths.len(), cli.listeners.xray.as_deref()), (1, Some("2000")));
        for words in ["lamtop listen", "lamtop listen --http 1", "lamtop record --http 1 --out x"] {
            assert!(Cli::try_parse_from(words.split(' ')).is_ok(), "{words}");
        }
        for words in ["lamtop record --out x", "lamtop report a --http 1", "lamtop listen logs/"] {
            assert!(Cli::try_parse_from(words.split(' ')).is_err(), "{words}");
        }
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
