//! What keys do. Actions, what they are called and where they are bound are code; which keys they
//! have is data (`keys.toml`). Help and footer are made from both.

use std::collections::HashMap;

use super::key::Key;

/// The screens, as far as keys are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ViewKind {
    /// Panels and the function table.
    Overview,
    /// Panels of one function and its lists.
    Function,
    /// Invocations in an order.
    Invocations,
    /// One invocation, its log lines and its trace.
    Invocation,
    /// Log lines.
    Logs,
    /// Log lines by their shape.
    Patterns,
    /// The traces: a list, a map of services, a tree of all.
    Traces,
    /// One trace.
    Trace,
    /// What is wrong, and the evidence.
    Problems,
    /// What is read, and the records that could not be.
    Sources,
    /// The help.
    Help,
}

impl ViewKind {
    /// What it is called in a path.
    pub fn word(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Function => "function",
            Self::Invocations => "invocations",
            Self::Invocation => "invocation",
            Self::Logs => "logs",
            Self::Patterns => "patterns",
            Self::Traces => "traces",
            Self::Trace => "trace",
            Self::Problems => "problems",
            Self::Sources => "sources",
            Self::Help => "help",
        }
    }
}

use ViewKind::{
    Function, Help, Invocation, Invocations, Logs, Overview, Patterns, Problems, Sources, Trace, Traces,
};

const EVERYWHERE: &[ViewKind] =
    &[Overview, Function, Invocations, Invocation, Logs, Patterns, Traces, Trace, Problems, Sources, Help];
const DATA: &[ViewKind] =
    &[Overview, Function, Invocations, Invocation, Logs, Patterns, Traces, Trace, Problems, Sources];
const SELECTIONS: &[ViewKind] = &[Overview, Function, Invocations, Logs, Patterns, Traces, Trace];
const SIDEWAYS: &[ViewKind] = &[Overview, Function, Invocation, Logs, Patterns, Traces, Trace];
const LISTS: &[ViewKind] = &[Overview, Function, Invocations, Logs, Patterns, Traces, Trace, Problems];
const PANELS: &[ViewKind] = &[Overview, Function];
const STEPS: &[ViewKind] = &[Overview, Function, Invocations, Logs];
const TAGGED: &[ViewKind] = &[Overview, Function, Invocations, Logs, Traces];

/// In which part of the help an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Moving.
    Move,
    /// Going somewhere.
    Go,
    /// Finding.
    Find,
    /// Sorting.
    Order,
    /// Time.
    Time,
    /// The stream of records.
    Live,
    /// How it is shown.
    Show,
    /// The terminal.
    Terminal,
}

impl Group {
    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Move => "Move",
            Self::Go => "Go",
            Self::Find => "Find",
            Self::Order => "Order",
            Self::Time => "Time",
            Self::Live => "Live and replay",
            Self::Show => "Show",
            Self::Terminal => "Terminal",
        }
    }
}

macro_rules! actions {
    ($( $(#[doc = $doc:literal])+ $variant:ident, $name:literal, $label:literal, $group:ident, $views:expr; )+) => {
        /// What a key can do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action { $( $(#[doc = $doc])+ $variant, )+ }

        impl Action {
            /// All of them, in the order of the help.
            pub const ALL: &[Self] = &[ $( Self::$variant, )+ ];

            /// Its name in the keymap file.
            pub fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// One word for the footer.
            pub fn label(self) -> &'static str {
                match self { $( Self::$variant => $label, )+ }
            }

            /// What it does, for the help.
            pub fn help(self) -> &'static str {
                match self { $( Self::$variant => concat!($($doc),+).trim_ascii(), )+ }
            }

            /// Where the help lists it.
            pub fn group(self) -> Group {
                match self { $( Self::$variant => Group::$group, )+ }
            }

            /// The views in which it is bound.
            pub fn views(self) -> &'static [ViewKind] {
                match self { $( Self::$variant => $views, )+ }
            }
        }
    };
}

actions! {
    /// Down one row
    Down, "down", "down", Move, EVERYWHERE;
    /// Up one row; in Logs this lets go of following
    Up, "up", "up", Move, EVERYWHERE;
    /// Scroll left; on a panel or a lane move the crosshair; in a trace or a tree fold; patterns new since earlier
    Left, "left", "left", Move, SIDEWAYS;
    /// Scroll right; on a panel or a lane move the crosshair; in a trace or a tree unfold; patterns new since later
    Right, "right", "right", Move, SIDEWAYS;
    /// Down one page
    PageDown, "page-down", "page", Move, EVERYWHERE;
    /// Up one page
    PageUp, "page-up", "page up", Move, EVERYWHERE;
    /// Down half a page
    HalfDown, "half-down", "half page", Move, EVERYWHERE;
    /// Up half a page
    HalfUp, "half-up", "half up", Move, EVERYWHERE;
    /// To the first row
    Top, "top", "top", Move, EVERYWHERE;
    /// To the last row; in Logs this also follows
    Bottom, "bottom", "bottom", Move, EVERYWHERE;

    /// Open what is selected, or the invocations under the crosshair; in Logs a JSON line as a tree, else the line's invocation
    Open, "open", "open", Go, &[Overview, Function, Invocations, Invocation, Logs, Patterns, Traces, Trace, Problems];
    /// Back to where you came from; never quits
    Back, "back", "back", Go, EVERYWHERE;
    /// Close the topmost view; in the overview quit
    Close, "close", "quit", Go, EVERYWHERE;
    /// Quit
    Quit, "quit", "quit", Go, EVERYWHERE;
    /// All functions
    Overview, "overview", "overview", Go, DATA;
    /// The selected function
    Function, "function", "function", Go, &[Overview, Function, Invocations, Invocation, Logs, Problems];
    /// Invocations in any order, of what is looked at
    Invocations, "invocations", "invocations", Go, DATA;
    /// Log lines of everything that is selected
    Logs, "logs", "logs", Go, DATA;
    /// Log lines by their shape, what is new first
    Patterns, "patterns", "patterns", Go, &[Overview, Function, Logs, Problems];
    /// Traces: a list, a map of services, all as one tree
    Traces, "traces", "traces", Go, DATA;
    /// What is wrong, since when, and what shows it
    Problems, "problems", "problems", Go, DATA;
    /// Sources, and the records that could not be read
    Sources, "sources", "sources", Go, DATA;
    /// Log lines of the selected function or invocation
    LogsOf, "logs-of", "its logs", Go, &[Overview, Function, Invocations, Invocation, Trace, Problems];
    /// The invocation of the selected line: how it ended, all its lines, its trace; Esc comes back to the line
    InvocationOf, "invocation-of", "its invocation", Go, &[Logs];
    /// The trace of the selected invocation or line; in a trace the one it is linked to
    TraceOf, "trace-of", "its trace", Go, &[Function, Invocations, Invocation, Logs, Trace];
    /// Keys to the next panel or list
    NextPanel, "next-panel", "panel", Go, &[Overview, Function, Trace, Sources];
    /// Keys to the panel or list before
    PreviousPanel, "previous-panel", "panel", Go, &[Overview, Function, Trace, Sources];
    /// Enlarge the focused panel or the selected metric, and back
    Enlarge, "enlarge", "enlarge", Go, PANELS;
    /// The palette: everything that can be done here, found by a few of its letters
    Palette, "palette", "all actions", Go, EVERYWHERE;
    /// This help, and back
    Help, "help", "help", Go, EVERYWHERE;

    /// Find a text; Ctrl-g in the prompt makes it a filter
    Find, "find", "find", Find, SELECTIONS;
    /// To the next match
    FindNext, "find-next", "next", Find, SELECTIONS;
    /// To the match before
    FindPrevious, "find-previous", "previous", Find, SELECTIONS;
    /// Show only what matches: fn:pay* err cold status:timeout dur>800ms "card declined" -word
    Filter, "filter", "filter", Find, SELECTIONS;
    /// Take the last condition out of the filter
    DropCondition, "drop-condition", "drop condition", Find, SELECTIONS;
    /// To the next problem; in a list or in Logs to the next error
    NextError, "next-error", "next problem", Find, LISTS;
    /// To the problem or error before
    PreviousError, "previous-error", "problem before", Find, LISTS;
    /// Take note of a problem: it stands back until it is twice as bad or comes again
    Acknowledge, "acknowledge", "acknowledge", Find, &[Overview, Function, Problems];
    /// Explain what is wrong with the selected function: the sentence and what shows it
    Explain, "explain", "explain", Find, PANELS;
    /// To the next line, or attempt, of the same request
    NextSame, "next-same", "same invocation", Find, &[Invocation, Logs];
    /// To the line, or attempt, of the same request before
    PreviousSame, "previous-same", "same before", Find, &[Invocation, Logs];

    /// Sort by the next column
    SortRight, "sort-right", "sort", Order, &[Overview, Invocations, Traces];
    /// Sort by the column before
    SortLeft, "sort-left", "sort", Order, &[Overview, Invocations, Traces];
    /// Turn the order round
    Invert, "invert", "invert", Order, &[Overview, Invocations, Traces];
    /// Choose the order from a list
    SortMenu, "sort-menu", "sort", Order, &[Overview, Invocations];

    /// Jump to a time: 14:32, 14:32:10, -10m, 2026-11-23T14:32, start, now
    Jump, "jump", "time", Time, &[Overview, Function, Invocations, Logs, Patterns, Traces, Problems];
    /// To the next time at which a problem began, was found, or something was changed
    NextMark, "next-mark", "next mark", Time, &[Overview, Function, Patterns, Traces, Problems];
    /// To the time before at which a problem began, was found, or something was changed
    PreviousMark, "previous-mark", "mark before", Time, &[Overview, Function, Patterns, Traces, Problems];
    /// Compare with before: the window before, an hour, a day, a week earlier; traces as a tree: or not
    Compare, "compare", "compare", Time, &[Overview, Function, Traces];
    /// Mark this time, with a note; on all axes
    Bookmark, "bookmark", "bookmark", Time, &[Overview, Function, Invocations, Invocation, Logs, Patterns, Traces, Problems];
    /// To the next bookmark
    NextBookmark, "next-bookmark", "next bookmark", Time, &[Overview, Function, Invocations, Logs, Patterns, Traces, Problems];
    /// To the bookmark before
    PreviousBookmark, "previous-bookmark", "bookmark before", Time, &[Overview, Function, Invocations, Logs, Patterns, Traces, Problems];
    /// A narrower window
    Narrower, "narrower", "zoom", Time, &[Overview, Function, Invocations, Logs, Patterns, Traces];
    /// A wider window
    Wider, "wider", "wider", Time, &[Overview, Function, Invocations, Logs, Patterns, Traces];
    /// One chart column back, paused; in Invocations and Logs one record
    StepBack, "step-back", "step back", Time, STEPS;
    /// One chart column forward, paused; in Invocations and Logs one record
    StepForward, "step-forward", "step", Time, STEPS;
    /// UTC or the local time zone
    Zone, "zone", "zone", Time, DATA;

    /// Follow the newest lines, or stop
    Follow, "follow", "follow", Live, &[Logs];
    /// Pause and go on; reading goes on meanwhile: each key says how far behind the picture is by then
    Pause, "pause", "pause", Live, DATA;
    /// Replay this window again and again, or go on
    Loop, "loop", "again", Live, PANELS;
    /// Replay slower
    Slower, "slower", "slower", Live, DATA;
    /// Replay faster
    Faster, "faster", "faster", Live, DATA;
    /// Record what arrives from now on into a new file, secrets masked, or stop
    Record, "record", "record", Live, DATA;
    /// Try failed sources again now
    Retry, "retry", "retry", Live, &[Sources];

    /// Wrap long lines, or cut them
    Wrap, "wrap", "wrap", Show, &[Invocation, Logs];
    /// Log lines as they were written; traces as a list, a map of services, one tree; Duration as a heat map; a metric's percentiles
    Shape, "shape", "raw, list, map, tree", Show, &[Overview, Function, Invocation, Logs, Traces];
    /// Tag the row, or take its tag away: copies are of all that are tagged
    Tag, "tag", "tag", Show, TAGGED;
    /// Take all tags away
    Untag, "untag", "untag all", Show, TAGGED;
    /// Mask secrets, tokens, e-mail addresses and account ids on screen, or show them again
    Mask, "mask", "mask", Show, DATA;
    /// Unfold everything, or fold as at first
    UnfoldAll, "unfold-all", "unfold", Show, &[Invocation, Logs, Trace];
    /// Copy the selected name, request id or line to the terminal's clipboard
    Copy, "copy", "copy", Show, DATA;
    /// Choose what to copy: an id, the row, a cell, the AWS CLI command, a link to the console
    CopyMenu, "copy-menu", "copy …", Show, DATA;
    /// Write the screen (text, ANSI, SVG), the table (CSV) or the lines (a capture) into a file
    Save, "save", "save", Show, DATA;
    /// Choose the columns of the table, or the fields of JSON lines that come before their messages
    Columns, "columns", "columns, fields", Show, &[Overview, Invocation, Logs];
    /// Choose a theme, shown while you choose
    SetUp, "set-up", "set-up", Show, EVERYWHERE;

    /// Draw everything anew
    Redraw, "redraw", "redraw", Terminal, EVERYWHERE;
    /// Suspend; `fg` comes back
    Suspend, "suspend", "suspend", Terminal, EVERYWHERE;
}

/// The keymap in the program.
pub const BUILT_IN: &str = include_str!("keys/lamtop.toml");

/// Keymaps for fingers that know another program, by their names: what differs from ours.
pub const PRESETS: [(&str, &str); 3] = [
    ("htop", include_str!("keys/htop.toml")),
    ("lnav", include_str!("keys/lnav.toml")),
    ("k9s", include_str!("keys/k9s.toml")),
];

/// Which key does what.
#[derive(Clone, Debug, PartialEq)]
pub struct Keymap {
    keys: HashMap<Action, Vec<Key>>,
}

impl Keymap {
    /// Reads a keymap; the error says what is wrong with it. Two actions that are bound in one
    /// view can't share a key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let map = Self { keys: Self::read(text)? };
        map.check()?;
        Ok(map)
    }

    /// The same with the keys of another map: each is taken from what had it. The error says which
    /// two actions want the same key, or which one would have none left.
    pub fn with(mut self, text: &str) -> Result<Self, String> {
        let other = Self::read(text)?;
        let taken: Vec<Key> = other.values().flatten().copied().collect();
        for (action, keys) in &mut self.keys {
            keys.retain(|key| !taken.contains(key));
            if keys.is_empty() && !other.contains_key(action) {
                return Err(format!("{} would have no key left; give it another one", action.name()));
            }
        }
        self.keys.extend(other);
        self.check()?;
        Ok(self)
    }

    fn read(text: &str) -> Result<HashMap<Action, Vec<Key>>, String> {
        let file: HashMap<String, Vec<String>> = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut keys = HashMap::new();
        for (name, texts) in &file {
            let action = Action::ALL.iter().find(|action| action.name() == name);
            let action = *action.ok_or_else(|| format!("there is no action {name:?}"))?;
            let read = |text: &String| Key::parse(text).ok_or_else(|| format!("{name}: {text:?} is no key"));
            keys.insert(action, texts.iter().map(read).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(keys)
    }

    /// The keymap in the program.
    pub fn built_in() -> Self {
        // A test reads it; an empty map would leave Ctrl-c, which update() knows by itself.
        Self::parse(BUILT_IN).unwrap_or(Self { keys: HashMap::new() })
    }

    /// The same without some actions: a key whose view there is not is not bound.
    pub fn without(mut self, actions: &[Action]) -> Self {
        self.keys.retain(|action, _| !actions.contains(action));
        self
    }

    fn check(&self) -> Result<(), String> {
        for &view in EVERYWHERE {
            let mut taken: HashMap<Key, Action> = HashMap::new();
            for &action in Action::ALL.iter().filter(|action| action.views().contains(&view)) {
                for &key in self.keys(action) {
                    if let Some(other) = taken.insert(key, action) {
                        let (a, b) = (other.name(), action.name());
                        return Err(format!("{key} means {a} and {b} in the view {view:?}"));
                    }
                }
            }
        }
        Ok(())
    }

    /// The keys of an action, the one to show first.
    pub fn keys(&self, action: Action) -> &[Key] {
        self.keys.get(&action).map_or(&[], |keys| keys)
    }

    /// What this key means in this view.
    pub fn action(&self, view: ViewKind, key: Key) -> Option<Action> {
        self.meaning(key).find(|action| action.views().contains(&view))
    }

    /// What this key means in other views, for saying that it does nothing here.
    pub fn elsewhere(&self, key: Key) -> Option<Action> {
        self.meaning(key).next()
    }

    fn meaning(&self, key: Key) -> impl Iterator<Item = Action> + '_ {
        Action::ALL.iter().copied().filter(move |action| self.keys(*action).contains(&key))
    }

    /// The keys of an action in one text: `j Down`.
    pub fn shown(&self, action: Action) -> String {
        self.keys(action).iter().map(Key::to_string).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_map_is_whole_and_without_conflicts() {
        let map = Keymap::parse(BUILT_IN).unwrap();
        for &action in Action::ALL {
            assert!(!map.keys(action).is_empty(), "{} has no key", action.name());
            assert!(!action.help().is_empty() && !action.label().is_empty());
        }
        // No key twice at all, so that it means the same in every view.
        let mut all: Vec<String> =
            Action::ALL.iter().flat_map(|a| map.keys(*a)).map(Key::to_string).collect();
        let before = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), before);
    }

    #[test]
    fn presets_leave_every_action_a_key() {
        for (name, text) in PRESETS {
            let map = Keymap::built_in().with(text).unwrap_or_else(|mistake| panic!("{name}: {mistake}"));
            for &action in Action::ALL {
                assert!(!map.keys(action).is_empty(), "{name}: {} has no key", action.name());
            }
        }
        let htop = Keymap::built_in().with(PRESETS[0].1).unwrap();
        assert_eq!(htop.action(ViewKind::Overview, Key::parse("h").unwrap()), Some(Action::Help));
        assert_eq!(htop.action(ViewKind::Overview, Key::parse("Z").unwrap()), Some(Action::Pause));
    }

    #[test]
    fn keys_of_ones_own_go_before_ours_and_conflicts_are_told() {
        let with = |text: &str| Keymap::built_in().with(text);
        let mine = with("pause = [\"j\"]").unwrap();
        let key = Key::parse("j").unwrap();
        assert_eq!(mine.action(ViewKind::Overview, key), Some(Action::Pause));
        assert_eq!(mine.keys(Action::Down), [Key::parse("Down").unwrap()]);
        assert!(with("pause = [\"j\"]\nopen = [\"j\"]").unwrap_err().contains("j means"));
        assert_eq!(
            with("pause = [\"b\"]").unwrap_err(),
            "compare would have no key left; give it another one"
        );
        assert!(with("fly = [\"j\"]").unwrap_err().contains("no action \"fly\""));
    }

    #[test]
    fn keys_that_terminals_eat_are_never_the_only_way() {
        let map = Keymap::built_in();
        let eaten =
            ["Ctrl-s", "Ctrl-q", "Ctrl-a", "Ctrl-b", "F1", "F10", "F11"].map(|k| Key::parse(k).unwrap());
        for &action in Action::ALL {
            assert!(map.keys(action).iter().any(|key| !eaten.contains(key)), "{}", action.name());
        }
    }

    #[test]
    fn a_key_acts_only_where_it_is_bound() {
        let map = Keymap::built_in();
        let key = |text| Key::parse(text).unwrap();
        assert_eq!(map.action(ViewKind::Logs, key("w")), Some(Action::Wrap));
        assert_eq!(map.action(ViewKind::Overview, key("w")), None);
        assert_eq!(map.elsewhere(key("w")), Some(Action::Wrap));
        assert_eq!(map.action(ViewKind::Overview, key("K")), None);
        assert_eq!(map.elsewhere(key("K")), None);
    }

    #[test]
    fn a_broken_map_says_what_is_wrong() {
        let error = |text: &str| Keymap::parse(text).unwrap_err();
        assert!(error("fly = [\"f\"]").contains("no action \"fly\""));
        assert!(error("down = [\"jj\"]").contains("\"jj\" is no key"));
        assert!(error("down = [\"j\"]\nup = [\"j\"]").contains("j means down and up"));
        assert!(error("down = 3").contains("down"));
        assert!(Keymap::parse("wrap = [\"x\"]\nsort-menu = [\"x\"]").is_ok());
    }
}
