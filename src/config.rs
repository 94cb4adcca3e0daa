//! What was said, and what it means: arguments to the settings of a session.

use crate::cli::{ConsoleOptions, Replay};
use crate::report::parse_time;
use crate::session::Begin;
use crate::ui::status::Speed;
use crate::ui::theme::Theme;

/// Length of the window to begin with, in ms: 30 min.
pub const WINDOW_MS: i64 = 30 * 60_000;
/// The least memory that the program can work in.
const LEAST_MEMORY: usize = 64 << 20;

/// Reads a size: 256M, 1G, 512000K, or bytes.
pub fn memory(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: usize = match text[digits.len()..].trim_end_matches(['i', 'B', 'b']) {
        "" => 1,
        "K" | "k" => 1 << 10,
        "M" | "m" => 1 << 20,
        "G" | "g" => 1 << 30,
        _ => 0,
    };
    let bytes = digits.parse::<usize>().ok().and_then(|n| n.checked_mul(unit)).filter(|n| *n > 0);
    match bytes {
        Some(bytes) if bytes >= LEAST_MEMORY => Ok(bytes),
        Some(_) => Err(format!("--memory: '{text}' is too little; give at least 64M")),
        None => Err(format!("--memory: '{text}' is no size; give 256M or 1G")),
    }
}

/// Finds a theme by its name, else reads the file of that name.
pub fn theme(options: &ConsoleOptions) -> Result<Theme, String> {
    if let Some(theme) = Theme::built_in(&options.theme) {
        return Ok(theme);
    }
    let text = std::fs::read_to_string(&options.theme).map_err(|error| {
        format!(
            "--theme: '{}' is neither default, dark, light nor a file that can be read ({error})",
            options.theme
        )
    })?;
    Theme::parse(&text).map_err(|mistake| format!("{}: {mistake}", options.theme))
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
        let digits = after.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match &after[digits.len()..] {
            "s" => Some(1_000),
            "m" => Some(60_000),
            "h" => Some(3_600_000),
            _ => None,
        };
        if let (Ok(n), Some(unit)) = (digits.parse::<i64>(), unit) {
            return Ok(Begin::After(n.saturating_mul(unit)));
        }
    } else if let Some(time) = parse_time(text) {
        return Ok(Begin::At(time));
    }
    Err(format!("--at: '{text}' is no time; give 2026-11-23T08:20:00Z, epoch seconds or +5m"))
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
}
