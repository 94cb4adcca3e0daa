//! The filter language: `fn:pay* err cold status:timeout dur>800ms mem>90% id:8f50 trace:1-6b
//! level>=warn "card declined" /regex/ -word`. Terms are joined by "and"; `-` before a term turns it
//! round. `NAME:value` and `NAME>value` are fields; a text that looks like one is put in quotes. A
//! term that something can't answer (the level of an invocation) leaves it out of nothing, and the
//! screen says which those are ([`Filter::passed_over`]).

mod pattern;
mod reader;

use std::fmt;

use crate::model::{Level, Micros, Outcome};

use super::view::InvocationState;
pub use pattern::{Pattern, contains, wild};
use reader::Reader;

/// A parsed filter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// The terms; all must hold.
    pub terms: Vec<Term>,
}

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Turned round by `-`.
    pub not: bool,
    /// The condition.
    pub what: Condition,
}

/// What a term asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// `fn:NAME`, `*` stands for any characters; `fn:NAME,NAME` any of them.
    Function(String),
    /// `err`: failed.
    Failed,
    /// `cold`.
    Cold,
    /// `status:WORD`: ok error timeout oom exit init-error running overdue unfinished.
    Status(String),
    /// `dur>800ms`, `dur<=2s`: (operator, µs).
    Duration(Compare, u64),
    /// `mem>90%`, `mem>=500MB`: the most memory that it used.
    Memory(Compare, Amount),
    /// `id:8f50`: a part of the request id.
    Id(String),
    /// `trace:1-6b0f`: a part of the trace's id.
    Trace(String),
    /// `level>=warn`, `level:error`: of a log line.
    Level(Compare, Level),
    /// Words or a quoted text: in the line, the request id, the error (its type, frame and message) or
    /// the function's name.
    Text(String),
    /// `/regex/`: the same, as a regular expression.
    Pattern(Pattern),
}

/// An amount of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Of the size that is configured, in %.
    Percent(u32),
    /// In MB.
    Mb(u32),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `:`
    Equal,
}

impl Compare {
    /// Whether `a` compares so to `b`.
    pub fn holds<T: PartialOrd>(self, a: T, b: T) -> bool {
        match self {
            Self::Equal => a == b,
            Self::More => a > b,
            Self::AtLeast => a >= b,
            Self::Less => a < b,
            Self::AtMost => a <= b,
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Equal => ":",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::More => "more than",
            Self::AtLeast => "at least",
            Self::Less => "less than",
            Self::AtMost => "at most",
            Self::Equal => "exactly",
        }
    }
}

/// A mistake in a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where, in characters from the beginning.
    pub at: usize,
    /// What is wrong and what to write, in few words.
    pub message: String,
    /// What may stand there, where that takes a list; else empty.
    pub more: String,
}

impl Mistake {
    /// What is said without a list.
    pub fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), more: String::new() }
    }

    /// All that is to be said of it.
    pub fn whole(&self) -> String {
        if self.more.is_empty() { self.message.clone() } else { format!("{}: {}", self.message, self.more) }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {}: {}", self.at + 1, self.whole())
    }
}

impl std::error::Error for Mistake {}

/// The words of `status:`.
pub const STATUSES: [&str; 9] =
    ["ok", "error", "timeout", "oom", "exit", "init-error", "running", "overdue", "unfinished"];

/// The word of a state, as `status:` and `report --list invocations` have it.
pub fn status_word(state: InvocationState) -> &'static str {
    match state {
        InvocationState::Ended(outcome) => outcome.word(),
        InvocationState::Running => "running",
        InvocationState::Overdue => "overdue",
    }
}

/// What an invocation answers to a condition; `None` to one that it can't be asked.
pub fn answers(invoked: &impl Invoked, condition: &Condition) -> Option<bool> {
    Some(match condition {
        Condition::Level(..) => return None,
        Condition::Memory(compare, amount) => invoked.memory().is_some_and(|(used, size)| match amount {
            Amount::Mb(mb) => compare.holds(used, *mb),
            Amount::Percent(percent) => size.is_some_and(|size| {
                compare.holds(u64::from(used) * 100, u64::from(*percent) * u64::from(size))
            }),
        }),
        Condition::Id(part) => contains(&invoked.request_id(), part),
        Condition::Trace(part) => invoked.trace().is_some_and(|trace| contains(&trace, part)),
        Condition::Pattern(pattern) => says(invoked, |text| pattern.is_in(text)),
        Condition::Function(pattern) => wild(pattern, invoked.function()),
        Condition::Failed => failed(invoked.state()),
        Condition::Cold => invoked.cold(),
        Condition::Status(word) => status_word(invoked.state()) == word,
        Condition::Duration(compare, us) => {
            invoked.duration().is_some_and(|Micros(took)| compare.holds(u64::from(took), *us))
        }
        Condition::Text(text) => says(invoked, |of| contains(of, text)),
    })
}

/// Whether a text of an invocation is so. Its log lines are not held: only the view of logs reads them.
fn says(invoked: &impl Invoked, is: impl Fn(&str) -> bool) -> bool {
    is(invoked.function()) || invoked.error().into_iter().flatten().any(&is) || is(&invoked.request_id())
}

/// What a filter is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Functions and their invocations.
    Invocations,
    /// Log lines.
    Lines,
    /// Traces.
    Traces,
    /// What the diagnosis found.
    Problems,
}

impl Asked {
    fn words(self) -> &'static str {
        match self {
            Self::Invocations => "invocations",
            Self::Lines => "lines",
            Self::Traces => "traces",
            Self::Problems => "problems",
        }
    }

    /// Whether it can answer a condition.
    fn answers(self, condition: &Condition) -> bool {
        match self {
            Self::Invocations => !matches!(condition, Condition::Level(..)),
            // Those of an invocation are asked of that.
            Self::Lines => true,
            Self::Traces => match condition {
                Condition::Status(word) => TRACE_STATUSES.contains(&word.as_str()),
                Condition::Memory(..) | Condition::Level(..) => false,
                _ => true,
            },
            Self::Problems => {
                matches!(condition, Condition::Function(_) | Condition::Text(_) | Condition::Pattern(_))
            }
        }
    }
}

/// The statuses that a trace can tell.
pub const TRACE_STATUSES: [&str; 6] = ["ok", "error", "timeout", "oom", "exit", "running"];

/// An invocation, as far as a filter asks about it.
pub trait Invoked {
    /// The function's name.
    fn function(&self) -> &str;
    /// How it stands.
    fn state(&self) -> InvocationState;
    /// Whether it is a cold start.
    fn cold(&self) -> bool;
    /// Its duration, if it has ended with one.
    fn duration(&self) -> Option<Micros>;
    /// Its error's type, frame and message, as far as they are told.
    fn error(&self) -> Option<[&str; 3]>;
    /// Its request id as printed.
    fn request_id(&self) -> String;
    /// The most memory that it used and the size that is configured, in MB.
    fn memory(&self) -> Option<(u32, Option<u32>)>;
    /// The id of its trace as printed, if it has one.
    fn trace(&self) -> Option<String>;
}

impl Filter {
    /// Whether it lets an invocation through.
    pub fn invocation(&self, invoked: &impl Invoked) -> bool {
        self.holds(|condition| answers(invoked, condition))
    }

    /// Reads a filter as it is typed.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let mut reader = Reader::new(text);
        let mut terms = Vec::new();
        while reader.skip_blanks() {
            terms.push(reader.term()?);
        }
        Ok(Self { terms })
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// What it lets through, in words: `failed invocations of pay* over 800 ms`.
    pub fn explain(&self) -> String {
        if self.terms.is_empty() {
            return "everything".to_string();
        }
        let terms: Vec<String> = self.terms.iter().map(Term::explain).collect();
        format!("invocations {}", terms.join(" and "))
    }

    /// What it says of all that a function does: `Some` where the name alone decides.
    pub fn of_function(&self, name: &str) -> Option<bool> {
        let mut all = Some(true);
        for term in &self.terms {
            let holds = match &term.what {
                Condition::Function(pattern) => Some(wild(pattern, name)),
                Condition::Text(text) if contains(name, text) => Some(true),
                Condition::Pattern(pattern) if pattern.is_in(name) => Some(true),
                // It can't be asked of what a function does.
                Condition::Level(..) => continue,
                _ => None,
            };
            match holds.map(|holds| holds != term.not) {
                Some(false) => return Some(false),
                Some(true) => {}
                None => all = None,
            }
        }
        all
    }

    /// Whether it lets through what answers its conditions so; one that is not answered is passed
    /// over.
    pub fn holds(&self, mut answer: impl FnMut(&Condition) -> Option<bool>) -> bool {
        self.terms.iter().all(|term| answer(&term.what).is_none_or(|holds| holds != term.not))
    }

    /// Whether it looks for a text.
    pub fn has_text(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.what, Condition::Text(_) | Condition::Pattern(_)))
    }

    /// The terms that can't be asked of something, in words: `level>=warn: not asked of invocations`.
    pub fn passed_over(&self, of: Asked) -> Option<String> {
        let terms = self.terms.iter().filter(|term| !of.answers(&term.what));
        let terms: Vec<String> = terms.map(ToString::to_string).collect();
        (!terms.is_empty()).then(|| format!("{}: not asked of {}", terms.join(" "), of.words()))
    }

    /// Whether something can't answer a term that invocations can: beside figures of invocations that are
    /// narrowed by it nothing else may stand that is not.
    pub fn is_beyond(&self, of: Asked) -> bool {
        let beyond = |term: &Term| Asked::Invocations.answers(&term.what) && !of.answers(&term.what);
        self.terms.iter().any(beyond)
    }

    /// What it says of a problem with a function that is named in these words.
    pub fn problem(&self, function: &str, words: &[&str]) -> bool {
        let any = |is: &dyn Fn(&str) -> bool| is(function) || words.iter().any(|text| is(text));
        self.holds(|condition| {
            Some(match condition {
                Condition::Function(pattern) => wild(pattern, function),
                Condition::Text(text) => any(&|of| contains(of, text)),
                Condition::Pattern(pattern) => any(&|of| pattern.is_in(of)),
                _ => return None,
            })
        })
    }
}

impl Term {
    fn explain(&self) -> String {
        let not = |yes: &str, no: &str| if self.not { no.to_string() } else { yes.to_string() };
        match &self.what {
            Condition::Function(name) => format!("{} {name}", not("of", "of other functions than")),
            Condition::Failed => not("that failed", "that did not fail"),
            Condition::Cold => not("that are cold starts", "that are no cold starts"),
            Condition::Status(word) => format!("{} {word}", not("whose status is", "whose status is not")),
            Condition::Duration(compare, us) => {
                let sign = compare.words();
                format!("{} {sign} {}", not("that took", "that did not take"), written(*us, " "))
            }
            Condition::Memory(compare, amount) => {
                let of = match amount {
                    Amount::Mb(mb) => format!("{mb} MB"),
                    Amount::Percent(percent) => format!("{percent} % of their memory"),
                };
                format!("{} {} {of}", not("that used", "that did not use"), compare.words())
            }
            Condition::Id(part) => format!("{} {part} in its request id", not("with", "without")),
            Condition::Trace(part) => format!("{} {part} in its trace's id", not("with", "without")),
            Condition::Level(compare, level) => {
                let of = not("of lines of level", "of lines that are not of level");
                format!("{of} {} {}", compare.words(), level_word(*level))
            }
            Condition::Text(text) => format!("{} \"{text}\"", not("with", "without")),
            Condition::Pattern(pattern) => format!("{} {pattern}", not("with", "without")),
        }
    }
}

impl fmt::Display for Filter {
    /// As it can be typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, term) in self.terms.iter().enumerate() {
            write!(f, "{}{term}", if at > 0 { " " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    /// As it can be typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.not { "-" } else { "" })?;
        match &self.what {
            Condition::Function(name) => write!(f, "fn:{}", quoted(name)),
            Condition::Failed => f.write_str("err"),
            Condition::Cold => f.write_str("cold"),
            Condition::Status(word) => write!(f, "status:{word}"),
            Condition::Duration(compare, us) => write!(f, "dur{}{}", compare.sign(), written(*us, "")),
            Condition::Memory(compare, Amount::Mb(mb)) => write!(f, "mem{}{mb}MB", compare.sign()),
            Condition::Memory(compare, Amount::Percent(of)) => write!(f, "mem{}{of}%", compare.sign()),
            Condition::Id(part) => write!(f, "id:{}", quoted(part)),
            Condition::Trace(part) => write!(f, "trace:{}", quoted(part)),
            Condition::Level(compare, level) => write!(f, "level{}{}", compare.sign(), level_word(*level)),
            Condition::Text(text) => write!(f, "\"{}\"", escaped(text)),
            Condition::Pattern(pattern) => pattern.fmt(f),
        }
    }
}

/// The levels that can be asked for, by their words.
pub const LEVELS: [(&str, Level); 6] = [
    ("trace", Level::Trace),
    ("debug", Level::Debug),
    ("info", Level::Info),
    ("warn", Level::Warn),
    ("error", Level::Error),
    ("fatal", Level::Fatal),
];

fn level_word(level: Level) -> &'static str {
    LEVELS.iter().find(|(_, of)| *of == level).map_or("unknown", |(word, _)| word)
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn quoted(text: &str) -> String {
    match text.contains(|c: char| c.is_whitespace() || c == '"') || text.is_empty() {
        true => format!("\"{}\"", escaped(text)),
        false => text.to_string(),
    }
}

/// A duration in the largest unit in which it is whole.
fn written(us: u64, gap: &str) -> String {
    match us {
        _ if us > 0 && us.is_multiple_of(1_000_000) => format!("{}{gap}s", us / 1_000_000),
        _ if us > 0 && us.is_multiple_of(1_000) => format!("{}{gap}ms", us / 1_000),
        _ => format!("{us}{gap}us"),
    }
}

/// Whether an outcome counts as failed.
pub fn failed(state: InvocationState) -> bool {
    matches!(state, InvocationState::Ended(outcome) if Outcome::failed(outcome))
}

#[cfg(test)]
mod tests;
