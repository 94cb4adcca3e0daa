//! What was said, and what it means: a file and arguments to the settings of a session.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use serde::Deserialize;

use crate::cli::{ConsoleOptions, Listeners, Record, Replay};
use crate::record;
use crate::report::parse_time;
use crate::session::Begin;
use crate::ui::app::Remembered;
use crate::ui::keymap::{Keymap, PRESETS, ViewKind};
use crate::ui::status::Speed;
use crate::ui::symbols::Charset;
use crate::ui::term::Depth;
use crate::ui::theme::{self, Theme};
use crate::ui::zone::Zone;

/// Length of the window to begin with, in ms: 30 min.
pub const WINDOW_MS: i64 = 30 * 60_000;
/// How much before its newest record is read of what is followed, in ms: the window, the one before
/// that it is compared with, and 15 min for what began earlier.
pub const HISTORY_MS: i64 = 2 * WINDOW_MS + 15 * 60_000;
/// How much of what is followed is read before anything is shown, in bytes: what is read,
/// correlated and drawn within 50 ms.
pub const SLICE: u64 = 6 << 20;
/// One part in so many of the memory is for what can't be read again from where it lies (pipes,
/// compressed files).
pub const KEEP_SHARE: usize = 8;
/// How long a record may come after its time and still be expected, in ms (`operators.md` part 6).
pub const SETTLING_MS: i64 = 30_000;
/// The least memory that the program can work in.
const LEAST_MEMORY: usize = 64 << 20;
/// Where X-Ray's SDKs and OpenTelemetry's exporters send to unless they are told otherwise.
const USUAL_XRAY: &str = "127.0.0.1:2000";
const USUAL_HTTP: &str = "127.0.0.1:4318";
const DEFAULT_MEMORY: &str = "256M";
const DEFAULT_THEME: &str = "default";

/// Everything about a console that can be chosen.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the process may take, in bytes.
    pub memory: usize,
    /// The colours.
    pub theme: Theme,
    /// How many colours the terminal has, if it is not to be guessed.
    pub depth: Option<Depth>,
    /// What is drawn with, if it is not to be guessed.
    pub charset: Option<Charset>,
    /// The zone to begin with.
    pub zone: Zone,
    /// The view to begin with.
    pub view: ViewKind,
    /// Whether the mouse is taken.
    pub mouse: bool,
    /// The keys.
    pub keymap: Keymap,
}

/// The configuration file: the options of the console by their names.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    memory: Option<String>,
    theme: Option<String>,
    color: Option<String>,
    symbols: Option<String>,
    zone: Option<String>,
    view: Option<String>,
    mouse: Option<bool>,
    keys: Option<String>,
    http_key_env: Option<String>,
}

/// Where to listen, and for whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listening {
    /// In the X-Ray daemon's place.
    pub xray: Option<SocketAddr>,
    /// For posts.
    pub http: Option<SocketAddr>,
    /// The access key that posts must show.
    pub key: Option<String>,
}

impl Listening {
    /// What was said, of the key else what the file says. The error is a sentence.
    pub fn of(said: &Listeners, options: &ConsoleOptions) -> Result<Self, String> {
        let at = |option: &str, text: &Option<String>| {
            text.as_deref().map(|text| address(option, text)).transpose()
        };
        let (xray, http) = (at("--xray", &said.xray)?, at("--http", &said.http)?);
        let key = match (&said.http_key_env, http) {
            (Some(_), None) => return Err("--http-key-env: there is no --http to need the key".to_string()),
            (Some(name), _) => Some(secret("--http-key-env", name)?),
            (None, None) => None,
            (None, Some(_)) => {
                let (file, from) = read_file(options)?;
                let name = file.http_key_env;
                name.map(|name| secret(&format!("{from}: http_key_env"), &name)).transpose()?
            }
        };
        Ok(Self { xray, http, key })
    }

    /// The same where listening is all that is asked for: without addresses at the usual ones.
    pub fn only(said: &Listeners, options: &ConsoleOptions) -> Result<Self, String> {
        let mut said = said.clone();
        if !said.any() {
            (said.xray, said.http) = (Some(USUAL_XRAY.to_string()), Some(USUAL_HTTP.to_string()));
        }
        Self::of(&said, options)
    }
}

/// Reads an address; a port alone is on this machine only.
fn address(option: &str, text: &str) -> Result<SocketAddr, String> {
    let here = |port: &str| port.parse().ok().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let port = text.strip_prefix("localhost:").or(text.strip_prefix(':')).unwrap_or(text);
    text.parse().ok().or_else(|| here(port)).ok_or_else(|| {
        format!(
            "{option}: '{text}' is no address; give 127.0.0.1:PORT, a port alone, or 0.0.0.0:PORT to let other \
             machines in"
        )
    })
}

/// What an environment variable holds.
fn secret(from: &str, name: &str) -> Result<String, String> {
    std::env::var(name).ok().filter(|key| !key.is_empty()).ok_or_else(|| {
        format!("{from}: the environment has no {name}, or it is empty; export {name}=… with the access key")
    })
}

impl Settings {
    /// What was said, else what the file says, else what was remembered, else the default. The error
    /// is a sentence.
    pub fn of(said: &ConsoleOptions, remembered: &Remembered) -> Result<Self, String> {
        let (file, name) = read_file(said)?;
        // Whoever made a mistake is told where.
        let choose =
            |option: &str, said: &Option<String>, file: &Option<String>, default: &str| match (said, file) {
                (Some(text), _) => (text.clone(), format!("--{option}")),
                (None, Some(text)) => (text.clone(), format!("{name}: {option}")),
                (None, None) => (default.to_string(), String::new()),
            };
        let (size, from) = choose("memory", &said.memory, &file.memory, DEFAULT_MEMORY);
        let memory = memory(&size).map_err(|why| format!("{from}: {why}"))?;
        let last = remembered.theme.as_deref().filter(|name| Theme::built_in(name).is_some());
        let (theme_name, from) = choose("theme", &said.theme, &file.theme, last.unwrap_or(DEFAULT_THEME));
        let theme = theme(&theme_name).map_err(|why| format!("{from}: {why}"))?;
        let (color, from) = choose("color", &said.color, &file.color, "auto");
        let depth = depth(&color).map_err(|why| format!("{from}: {why}"))?;
        let (symbols, from) = choose("symbols", &said.symbols, &file.symbols, "auto");
        let charset = Charset::parse(&symbols);
        if charset.is_none() && symbols != "auto" {
            return Err(format!(
                "{from}: '{symbols}' is no set; give auto, braille, block, console or ascii"
            ));
        }
        let (view_name, from) = choose("view", &said.view, &file.view, "overview");
        let view = view(&view_name).map_err(|why| format!("{from}: {why}"))?;
        let zone_said = if said.local { Some("local") } else { said.utc.then_some("utc") };
        let (zone_name, from) = choose("zone", &zone_said.map(str::to_string), &file.zone, "utc");
        let zone = match zone_name.as_str() {
            "utc" => Zone::Utc,
            "local" => Zone::Local,
            _ => return Err(format!("{from}: '{zone_name}' is no zone; give utc or local")),
        };
        let (keys_name, from) = choose("keys", &said.keys, &file.keys, "lamtop");
        let keymap = keymap(&keys_name).map_err(|why| format!("{from}: {why}"))?;
        let mouse = said.mouse || file.mouse.unwrap_or(false);
        Ok(Self { memory, theme, depth, charset, zone, view, mouse, keymap })
    }
}

/// The file and its name; an absent one that nobody named is empty.
fn read_file(said: &ConsoleOptions) -> Result<(File, String), String> {
    let usual = || {
        let folder = etcetera::choose_base_strategy().ok()?.config_dir();
        Some(folder.join("lamtop/config.toml")).filter(|path| path.exists())
    };
    let Some(path) = said.config.as_ref().map(PathBuf::from).or_else(usual) else {
        return Ok((File::default(), String::new()));
    };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(&path).map_err(|error| {
        format!("{name}: the configuration can't be read ({error}); give another with --config")
    })?;
    let file = toml::from_str(&text).map_err(|mistake| format!("{name}: {mistake}"))?;
    Ok((file, name))
}

fn depth(name: &str) -> Result<Option<Depth>, String> {
    Ok(Some(match name {
        "auto" => return Ok(None),
        "never" => Depth::None,
        "8" => Depth::Ansi8,
        "16" => Depth::Ansi16,
        "256" => Depth::Indexed256,
        "truecolor" => Depth::True,
        _ => {
            return Err(format!(
                "'{name}' is no number of colours; give auto, never, 8, 16, 256 or truecolor"
            ));
        }
    }))
}

fn view(name: &str) -> Result<ViewKind, String> {
    match name {
        "overview" => Ok(ViewKind::Overview),
        "invocations" => Ok(ViewKind::Invocations),
        "logs" => Ok(ViewKind::Logs),
        "traces" => Ok(ViewKind::Traces),
        "problems" => Ok(ViewKind::Problems),
        "sources" => Ok(ViewKind::Sources),
        _ => Err(format!(
            "'{name}' is no view to begin with; give overview, logs, traces, problems or sources"
        )),
    }
}

/// Reads a size: 256M, 1G, 512000K, or bytes.
fn size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: usize = match text[digits.len()..].trim_end_matches(['i', 'B', 'b']) {
        "" => 1,
        "K" | "k" => 1 << 10,
        "M" | "m" => 1 << 20,
        "G" | "g" => 1 << 30,
        _ => 0,
    };
    let bytes = digits.parse::<usize>().ok().and_then(|n| n.checked_mul(unit)).filter(|n| *n > 0);
    bytes.ok_or_else(|| format!("'{text}' is no size; give 256M or 1G"))
}

fn memory(text: &str) -> Result<usize, String> {
    match size(text)? {
        bytes if bytes >= LEAST_MEMORY => Ok(bytes),
        _ => Err(format!("'{text}' is too little; give at least 64M")),
    }
}

/// Finds a theme by its name, else reads the file of that name.
fn theme(name: &str) -> Result<Theme, String> {
    if let Some(theme) = Theme::built_in(name) {
        return Ok(theme);
    }
    let text = std::fs::read_to_string(name).map_err(|error| {
        let known = theme::BUILT_IN.map(|(name, _)| name).join(", ");
        format!("'{name}' is neither {known} nor a file that can be read ({error})")
    })?;
    Theme::parse(&text).map_err(|mistake| format!("{name}: {mistake}"))
}

/// Finds a keymap by its name, else reads the file of that name: what differs from ours.
fn keymap(name: &str) -> Result<Keymap, String> {
    let ours = Keymap::built_in();
    if name == "lamtop" {
        return Ok(ours);
    }
    let text = match PRESETS.iter().find(|(preset, _)| *preset == name) {
        Some((_, text)) => (*text).to_string(),
        None => std::fs::read_to_string(name).map_err(|error| {
            format!("'{name}' is neither lamtop, htop, lnav, k9s nor a file that can be read ({error})")
        })?,
    };
    ours.with(&text).map_err(|mistake| format!("{name}: {mistake}"))
}

/// Where it is remembered how the screen was left.
pub fn memory_of_the_screen() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    Some(folders.state_dir().unwrap_or_else(|| folders.data_dir()).join("lamtop/screen.toml"))
}

/// How the screen was left; as at first where nothing tells, or nothing that can be read.
pub fn remembered(file: &Path) -> Remembered {
    std::fs::read_to_string(file).ok().and_then(|text| toml::from_str(&text).ok()).unwrap_or_default()
}

/// Reads a speed.
pub fn speed(text: &str) -> Result<Speed, String> {
    Speed::STEPS
        .into_iter()
        .find(|step| step.shown().trim_end_matches('x') == text.trim_end_matches('x'))
        .ok_or_else(|| format!("--speed: '{text}' is no speed; give 1, 2, 5, 10, 30, 60, 100, 1000 or max"))
}

/// Where a replay begins.
pub fn begin(said: &Replay) -> Result<Begin, String> {
    let Some(text) = &said.at else { return Ok(Begin::Usual { window_ms: WINDOW_MS }) };
    if let Some(after) = text.strip_prefix('+') {
        if let Some(ms) = span(after) {
            return Ok(Begin::After(ms));
        }
    } else if let Some(time) = parse_time(text) {
        return Ok(Begin::At(time));
    }
    Err(format!("--at: '{text}' is no time; give 2026-11-23T08:20:00Z, epoch seconds or +5m"))
}

/// The AWS region that the command line's own tools would take.
pub fn region() -> Option<String> {
    let said = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| std::env::var(name).ok());
    said.filter(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
}

/// Reads a length of time in ms: 30s, 10m, 8h.
fn span(text: &str) -> Option<i64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    digits.parse::<i64>().ok().map(|n| n.saturating_mul(unit))
}

/// What is recorded, and how long.
pub fn recording(said: &Record) -> Result<record::Options, String> {
    let time = |option: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => span(text)
            .and_then(|ms| u64::try_from(ms).ok())
            .filter(|ms| *ms > 0)
            .map(Some)
            .ok_or_else(|| format!("{option}: '{text}' is no length of time; give 30s, 10m or 8h")),
    };
    let part = said.rotate.as_deref().map(|text| size(text).map_err(|why| format!("--rotate: {why}")));
    Ok(record::Options {
        out: PathBuf::from(&said.out),
        part: part.transpose()?.map(|bytes| bytes as u64),
        for_ms: time("--for", &said.time)?,
        idle_ms: time("--idle-exit", &said.idle_exit)?,
        redact: said.redact,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn sizes_speeds_and_beginnings() {
        assert_eq!(memory("256M"), Ok(256 << 20));
        assert_eq!(memory("1G"), Ok(1 << 30));
        assert_eq!(memory("1GiB"), Ok(1 << 30));
        assert!(memory("1M").is_err() && memory("lots").is_err() && memory("99999999999999999999G").is_err());
        assert_eq!(speed("60"), Ok(Speed::Times(60)));
        assert_eq!(speed("max"), Ok(Speed::Max));
        assert!(speed("3").is_err());
        let at = |text: &str| {
            begin(&Replay {
                paths: Vec::new(),
                speed: String::new(),
                at: Some(text.to_string()),
                paused: false,
            })
        };
        assert_eq!(at("+5m"), Ok(Begin::After(300_000)));
        assert_eq!(at("2026-11-23T08:00:00Z"), Ok(Begin::At(Timestamp(1_795_420_800_000))));
        assert!(at("soon").is_err() && at("+5").is_err());
    }

    #[test]
    fn addresses_are_this_machines_unless_written_out() {
        let at = |text: &str| address("--http", text).map(|address| address.to_string());
        for here in ["4318", ":4318", "localhost:4318", "127.0.0.1:4318"] {
            assert_eq!(at(here).as_deref(), Ok("127.0.0.1:4318"), "{here}");
        }
        assert_eq!(at("0.0.0.0:80").as_deref(), Ok("0.0.0.0:80"));
        assert_eq!(at("[::1]:80").as_deref(), Ok("[::1]:80"));
        for wrong in ["", "logs/", "70000", "0.0.0.0", "example.com:80"] {
            assert!(at(wrong).unwrap_err().starts_with("--http: '"), "{wrong}");
        }
    }

    #[test]
    fn without_addresses_the_usual_ones_are_listened_at() {
        let none = ConsoleOptions { config: Some("/dev/null".into()), ..ConsoleOptions::default() };
        let usual = Listening::only(&Listeners::default(), &none).unwrap();
        assert_eq!((usual.xray.unwrap().port(), usual.http.unwrap().port()), (2000, 4318));
        let said = Listeners { xray: Some("2001".into()), ..Listeners::default() };
        let just = Listening::only(&said, &none).unwrap();
        assert_eq!((just.xray.unwrap().port(), just.http), (2001, None));
        assert_eq!(Listening::of(&Listeners::default(), &none), Ok(Listening::default()));
        let said = |http: Option<&str>, name: &str| Listeners {
            http: http.map(str::to_string),
            http_key_env: Some(name.to_string()),
            ..Listeners::default()
        };
        let key = Listening::of(&said(Some("1"), "CARGO_PKG_NAME"), &none).unwrap().key;
        assert_eq!(key.as_deref(), Some("lamtop"));
        assert!(
            Listening::of(&said(Some("1"), "LAMTOP_NO_SUCH"), &none)
                .unwrap_err()
                .contains("export LAMTOP_NO_SUCH=…")
        );
        assert!(Listening::of(&said(None, "CARGO_PKG_NAME"), &none).is_err());
    }

    #[test]
    fn what_is_said_goes_before_the_file_and_mistakes_say_where() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml").display().to_string();
        let settings = |file: &str, said: ConsoleOptions| {
            std::fs::write(&path, file).unwrap();
            Settings::of(&ConsoleOptions { config: Some(path.clone()), ..said }, &Remembered::default())
        };
        let nothing = ConsoleOptions::default();
        let file = "memory = \"1G\"\ntheme = \"dark\"\nzone = \"local\"\nview = \"logs\"\nmouse = true\n";
        let both = settings(file, nothing.clone()).unwrap();
        assert_eq!(
            (both.memory, both.zone, both.view, both.mouse),
            (1 << 30, Zone::Local, ViewKind::Logs, true)
        );
        let said = ConsoleOptions { memory: Some("128M".into()), utc: true, ..nothing.clone() };
        let both = settings(file, said).unwrap();
        assert_eq!((both.memory, both.zone, both.view), (128 << 20, Zone::Utc, ViewKind::Logs));
        let neither = settings("", nothing.clone()).unwrap();
        assert_eq!((neither.memory, neither.zone, neither.mouse), (256 << 20, Zone::Utc, false));
        let last = Remembered { theme: Some("light".into()), ..Remembered::default() };
        let theme = |file: &str| {
            std::fs::write(&path, file).unwrap();
            Settings::of(&ConsoleOptions { config: Some(path.clone()), ..nothing.clone() }, &last)
                .unwrap()
                .theme
        };
        assert_eq!(theme(""), Theme::built_in("light").unwrap());
        assert_eq!(theme("theme = \"dark\""), Theme::built_in("dark").unwrap(), "who wrote it means it");
        let keys = settings("keys = \"htop\"", nothing.clone()).unwrap().keymap;
        assert_ne!(keys, Keymap::built_in());
        for (file, word) in [
            ("keys = \"/nowhere\"", "neither lamtop, htop, lnav, k9s nor a file"),
            ("memory = \"lots\"", "memory: 'lots' is no size"),
            ("zone = \"mars\"", "'mars' is no zone"),
            ("view = \"cellar\"", "'cellar' is no view"),
            ("theme = \"/nowhere\"", "neither default"),
            ("color = \"4\"", "color: '4' is no number of colours"),
            ("symbols = \"runes\"", "symbols: 'runes' is no set"),
            ("colour = \"red\"", "unknown field `colour`"),
        ] {
            let mistake = settings(file, nothing.clone()).unwrap_err();
            assert!(mistake.contains(word) && mistake.contains(&path), "{mistake}");
        }
        let mistake = Settings::of(
            &ConsoleOptions { view: Some("x".into()), ..nothing.clone() },
            &Remembered::default(),
        )
        .unwrap_err();
        assert!(mistake.starts_with("--view: 'x' is no view"), "{mistake}");
        let gone = ConsoleOptions { config: Some("/nowhere/c.toml".into()), ..nothing };
        assert!(Settings::of(&gone, &Remembered::default()).unwrap_err().contains("can't be read"));
    }
}
