//! The signs that are drawn, for terminals with and without Unicode. All are one column wide in
//! every terminal (`…` and `≥` have ASCII stand-ins of two and three columns).

/// Which signs can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Charset {
    /// Everything, braille for charts.
    #[default]
    Braille,
    /// Unicode without braille: charts of half blocks.
    Block,
    /// Unicode as far as the fonts of the Linux console have it: lines, blocks and shades, but no levels
    /// of a block, no braille, and of other signs hardly any.
    Console,
    /// ASCII alone.
    Ascii,
}

impl Charset {
    /// Reads `braille`, `block`, `console` or `ascii`.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "braille" => Self::Braille,
            "block" => Self::Block,
            "console" => Self::Console,
            "ascii" => Self::Ascii,
            _ => return None,
        })
    }

    /// The signs of this set.
    pub fn symbols(self) -> &'static Symbols {
        match self {
            Self::Braille => &BRAILLE,
            Self::Block => &BLOCK,
            Self::Console => &CONSOLE,
            Self::Ascii => &ASCII,
        }
    }
}

/// Every sign by its meaning.
#[derive(Debug)]
pub struct Symbols {
    /// The set they belong to.
    pub charset: Charset,
    /// Eight levels, lowest first.
    pub levels: [&'static str; 8],
    /// Four shades, lightest first.
    pub shades: [&'static str; 4],
    /// Horizontal, vertical, and the corners ┌ ┐ └ ┘.
    pub border: [&'static str; 6],
    /// Something was cut off here.
    pub ellipsis: &'static str,
    /// A column or number that is still settling.
    pub settling: &'static str,
    /// A number that is at least this.
    pub at_least: &'static str,
    /// A number that is an estimate.
    pub estimated: &'static str,
    /// No source: nothing can tell.
    pub none: &'static str,
    /// State: errors.
    pub error: &'static str,
    /// State: timeouts.
    pub timeout: &'static str,
    /// State: throttled.
    pub throttled: &'static str,
    /// Something is wrong.
    pub problem: &'static str,
    /// State: memory near its limit.
    pub memory: &'static str,
    /// State: no data.
    pub no_data: &'static str,
    /// A cold start.
    pub cold: &'static str,
    /// The item that keys act on.
    pub cursor: &'static str,
    /// Where one is on the scrub bar.
    pub here: &'static str,
    /// Loaded part of the scrub bar.
    pub loaded: &'static str,
    /// A bar's body.
    pub bar: &'static str,
    /// A bar that is still growing.
    pub bar_open: &'static str,
    /// Not loaded part of the scrub bar.
    pub track: &'static str,
    /// More below, and sorted downwards.
    pub down: &'static str,
    /// More above, and sorted upwards.
    pub up: &'static str,
    /// Between the parts of a line.
    pub dot: &'static str,
    /// A limit across a chart.
    pub limit: &'static str,
    /// A deploy and another change, on a time axis.
    pub marks: [&'static str; 2],
    /// A time that a person marked.
    pub bookmark: &'static str,
    /// A row that a person tagged.
    pub tag: &'static str,
    /// A problem that a person has taken note of.
    pub acknowledged: &'static str,
    /// A child in a tree, and the last one.
    pub branch: [&'static str; 2],
    /// The crosshair in a chart.
    pub crosshair: &'static str,
    /// A run of a schedule.
    pub tick: &'static str,
    /// A run that did not come.
    pub missed: &'static str,
}

const UNICODE_LEVELS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

const UNICODE: Symbols = Symbols {
    charset: Charset::Braille,
    levels: UNICODE_LEVELS,
    shades: ["░", "▒", "▓", "█"],
    border: ["─", "│", "┌", "┐", "└", "┘"],
    ellipsis: "…",
    settling: "…",
    at_least: "≥",
    estimated: "~",
    none: "–",
    error: "✗",
    timeout: "○",
    throttled: "▲",
    problem: "▲",
    memory: "!",
    no_data: "?",
    cold: "*",
    cursor: "▶",
    here: "┃",
    loaded: "━",
    bar: "█",
    bar_open: "▒",
    track: "─",
    down: "▼",
    up: "▲",
    dot: "·",
    limit: "╌",
    marks: ["◆", "◇"],
    bookmark: "●",
    tag: "■",
    acknowledged: "✓",
    branch: ["├ ", "└ "],
    crosshair: "│",
    tick: "│",
    missed: "!",
};

static BRAILLE: Symbols = UNICODE;
static BLOCK: Symbols = Symbols { charset: Charset::Block, ..UNICODE };

/// What is in all of the fonts that distributions load, and in the kernel's own.
static CONSOLE: Symbols = Symbols {
    charset: Charset::Console,
    levels: ["_", "_", "░", "░", "▒", "▒", "█", "█"],
    shades: ["·", "░", "▒", "█"],
    border: UNICODE.border,
    here: "║",
    loaded: "═",
    bar: UNICODE.bar,
    bar_open: UNICODE.bar_open,
    track: UNICODE.track,
    dot: UNICODE.dot,
    branch: UNICODE.branch,
    crosshair: UNICODE.crosshair,
    tick: UNICODE.tick,
    ..PLAIN
};

static ASCII: Symbols = PLAIN;

const PLAIN: Symbols = Symbols {
    charset: Charset::Ascii,
    levels: ["_", ".", ".", "-", "-", "=", "=", "#"],
    shades: [".", ":", "+", "#"],
    border: ["-", "|", "+", "+", "+", "+"],
    ellipsis: "...",
    settling: "'",
    at_least: ">=",
    estimated: "~",
    none: "-",
    error: "x",
    timeout: "o",
    throttled: "^",
    problem: "!",
    memory: "!",
    no_data: "?",
    cold: "*",
    cursor: ">",
    here: "|",
    loaded: "=",
    bar: "#",
    bar_open: ":",
    track: "-",
    down: "v",
    up: "^",
    dot: "-",
    limit: "-",
    marks: ["D", "c"],
    bookmark: "m",
    tag: "#",
    acknowledged: "v",
    branch: ["|-", "`-"],
    crosshair: "|",
    tick: "|",
    missed: "!",
};

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    fn all(s: &Symbols) -> Vec<&'static str> {
        let mut all = vec![
            s.settling,
            s.estimated,
            s.none,
            s.error,
            s.timeout,
            s.throttled,
            s.memory,
            s.no_data,
            s.cold,
            s.cursor,
            s.here,
            s.bar,
            s.bar_open,
            s.track,
            s.loaded,
            s.down,
            s.up,
            s.dot,
            s.limit,
            s.crosshair,
        ];
        all.extend(s.levels);
        all.extend(s.shades);
        all.extend(s.border);
        all.extend(s.marks);
        all.push(s.bookmark);
        all
    }

    #[test]
    fn every_sign_is_one_column() {
        for set in [Charset::Braille, Charset::Block, Charset::Console, Charset::Ascii] {
            let symbols = set.symbols();
            assert_eq!(symbols.charset, set);
            for sign in all(symbols) {
                assert_eq!(sign.width(), 1, "{sign}");
            }
            for branch in symbols.branch {
                assert_eq!(branch.width(), 2, "{branch}");
            }
        }
    }

    #[test]
    fn ascii_is_ascii() {
        let s = Charset::Ascii.symbols();
        let mut signs = all(s);
        signs.extend([s.ellipsis, s.at_least, s.branch[0], s.branch[1]]);
        assert!(signs.iter().all(|sign| sign.is_ascii()));
    }

    #[test]
    fn the_linux_console_has_the_signs_of_its_set() {
        let s = Charset::Console.symbols();
        let mut signs = all(s);
        signs.extend([
            s.ellipsis,
            s.at_least,
            s.branch[0],
            s.branch[1],
            s.tick,
            s.tag,
            s.acknowledged,
            s.missed,
        ]);
        let fonts = |c: char| c.is_ascii() || "─│┌┐└┘├█░▒·═║".contains(c);
        assert!(signs.iter().all(|sign| sign.chars().all(fonts)), "{signs:?}");
    }

    #[test]
    fn states_differ_in_each_set() {
        for set in [Charset::Braille, Charset::Console, Charset::Ascii] {
            let s = set.symbols();
            let mut glyphs = vec![s.error, s.timeout, s.throttled, s.memory, s.no_data, s.cold, " "];
            glyphs.sort_unstable();
            let before = glyphs.len();
            glyphs.dedup();
            assert_eq!(glyphs.len(), before);
        }
    }
}
