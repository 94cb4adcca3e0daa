//! What the terminal can show, decided once from the environment. Nothing is asked of the
//! terminal itself: an answer costs a round trip and may never come.

/// How many colours may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: attributes only.
    None,
    /// The first eight of the terminal's own.
    Ansi8,
    /// The terminal's own sixteen.
    Ansi16,
    /// The 6x6x6 cube and the greys.
    Indexed256,
    /// 24 bits.
    True,
}

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// How many colours.
    pub depth: Depth,
    /// Whether characters beyond ASCII arrive as such.
    pub utf8: bool,
    /// Whether it is the Linux console, whose fonts have few signs.
    pub console: bool,
    /// Whether GNU screen may lie between, which shows programs one screen only unless it is told otherwise.
    pub screen: bool,
    /// Whether it surely does: it keeps to itself what it doesn't know. Where one has come on by SSH, a TERM of
    /// that name may as well be tmux's, which takes what is for the clipboard as it is.
    pub wraps: bool,
}

impl Capabilities {
    /// Decides from the environment; `None` where `TERM` names no terminal that could show a
    /// screen.
    pub(super) fn decide(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let term = set("TERM").filter(|term| term != "dumb")?;
        // In GNU screen COLORTERM is the outer terminal's; it takes 24-bit colours for attributes.
        let screen = term.starts_with("screen") && set("TMUX").is_none();
        let console = term == "linux" || term.starts_with("linux-") || term.ends_with(".linux");
        let depth = if set("NO_COLOR").is_some() {
            Depth::None
        } else if !screen && set("COLORTERM").is_some_and(|value| matches!(&*value, "truecolor" | "24bit"))
            || term.ends_with("-direct")
        {
            Depth::True
        } else if ["256color", "kitty", "alacritty", "foot", "wezterm", "ghostty"]
            .iter()
            .any(|name| term.contains(name))
        {
            Depth::Indexed256
        } else if matches!(&*term, "ansi" | "cons25" | "pcansi" | "rxvt" | "Eterm" | "dtterm") {
            Depth::Ansi8
        } else {
            Depth::Ansi16
        };
        // The first that is set decides, even if another one says otherwise (POSIX, 8.2).
        let utf8 = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        Some(Self { depth, utf8, console, screen, wraps: screen && set("STY").is_some() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(variables: &[(&str, &str)]) -> Option<Capabilities> {
        Capabilities::decide(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn colour_depth_comes_from_the_environment() {
        for (variables, depth) in [
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "1")][..], Depth::None),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "")], Depth::Indexed256),
            (&[("TERM", "xterm"), ("NO_COLOR", "0"), ("COLORTERM", "truecolor")], Depth::None),
            (&[("TERM", "xterm"), ("COLORTERM", "truecolor")], Depth::True),
            (&[("TERM", "xterm"), ("COLORTERM", "24bit")], Depth::True),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "yes")], Depth::Indexed256),
            (&[("TERM", "xterm-direct")], Depth::True),
            (&[("TERM", "tmux-256color")], Depth::Indexed256),
            (&[("TERM", "xterm-kitty")], Depth::Indexed256),
            (&[("TERM", "linux")], Depth::Ansi16),
            (&[("TERM", "xterm")], Depth::Ansi16),
            (&[("TERM", "vt220")], Depth::Ansi16),
            (&[("TERM", "ansi")], Depth::Ansi8),
            (&[("TERM", "screen"), ("COLORTERM", "truecolor")], Depth::Ansi16),
            (&[("TERM", "screen.xterm-256color"), ("COLORTERM", "truecolor")], Depth::Indexed256),
            (&[("TERM", "screen-256color"), ("COLORTERM", "truecolor"), ("TMUX", "/tmp/x,1,0")], Depth::True),
        ] {
            assert_eq!(decide(variables).map(|found| found.depth), Some(depth), "{variables:?}");
        }
    }

    #[test]
    fn what_lies_between_is_told_by_the_environment() {
        let is = |variables: &[(&str, &str)]| decide(variables).map(|found| (found.console, found.screen));
        let wraps = |variables: &[(&str, &str)]| decide(variables).is_some_and(|found| found.wraps);
        assert!(wraps(&[("TERM", "screen.xterm-256color"), ("STY", "42.pts-0.host")]));
        assert!(!wraps(&[("TERM", "screen-256color")]), "tmux's, come on by SSH");
        assert!(!wraps(&[("TERM", "screen"), ("STY", "42.pts-0.host"), ("TMUX", "/tmp/x,1,0")]));
        assert_eq!(is(&[("TERM", "linux")]), Some((true, false)));
        assert_eq!(is(&[("TERM", "linux-16color")]), Some((true, false)));
        assert_eq!(is(&[("TERM", "screen.linux")]), Some((true, true)));
        assert_eq!(is(&[("TERM", "screen"), ("TMUX", "/tmp/x,1,0")]), Some((false, false)));
        assert_eq!(is(&[("TERM", "xterm-256color")]), Some((false, false)));
    }

    #[test]
    fn a_dumb_or_unnamed_terminal_is_none() {
        for variables in [&[][..], &[("TERM", "")], &[("TERM", "dumb"), ("COLORTERM", "truecolor")]] {
            assert_eq!(decide(variables), None, "{variables:?}");
        }
    }

    #[test]
    fn the_first_locale_variable_that_is_set_decides() {
        for (variables, utf8) in [
            (&[("LANG", "en_US.UTF-8")][..], true),
            (&[("LANG", "de_DE.utf8")], true),
            (&[("LC_CTYPE", "UTF-8")], true),
            (&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")], false),
            (&[("LC_ALL", ""), ("LC_CTYPE", "C.UTF-8"), ("LANG", "C")], true),
            (&[("LANG", "de_DE.ISO-8859-1")], false),
            (&[], false),
        ] {
            let variables: Vec<_> = variables.iter().copied().chain([("TERM", "xterm")]).collect();
            assert_eq!(decide(&variables).map(|found| found.utf8), Some(utf8), "{variables:?}");
        }
    }
}
