//! The filter language: `fn:pay* err cold status:timeout dur>800ms "card declined" -word`.
//! Terms are joined by "and"; `-` before a term turns it round. `NAME:value` and `NAME>value` are
//! fields; a text that looks like one is put in quotes.

use std::fmt;

use crate::model::{Micros, Outcome};

use super::view::InvocationState;

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
    /// `fn:NAME`, `*` stands for any characters.
    Function(String),
    /// `err`: failed.
    Failed,
    /// `cold`.
    Cold,
    /// `status:WORD`: ok error timeout oom exit init-error running overdue unfinished.
    Status(String),
    /// `dur>800ms`, `dur<=2s`: (operator, µs).
    Duration(Compare, u64),
    /// Words or a quoted text: in the line, the request id, the error type or the function's name.
    Text(String),
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
}

impl Compare {
    /// Whether `a` compares so to `b`.
    pub fn holds(self, a: u64, b: u64) -> bool {
        match self {
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
        }
    }
}

/// A mistake in a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where, in characters from the beginning.
    pub at: usize,
    /// What is wrong and what to write, in a sentence.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {}: {}", self.at + 1, self.message)
    }
}

impl std::error::Error for Mistake {}

const FIELDS: &str =
    "the fields are fn:NAME, err, cold, status:WORD and dur>800ms; put a text with : in quotes";
const UNITS: &str = "write a duration with its unit: 250us, 800ms, 1.5s or 2m";

/// The words of `status:`.
const STATUSES: [&str; 9] =
    ["ok", "error", "timeout", "oom", "exit", "init-error", "running", "overdue", "unfinished"];

/// The word of a state, as `status:` and `report --list invocations` have it.
pub fn status_word(state: InvocationState) -> &'static str {
    match state {
        InvocationState::Ended(outcome) => outcome.word(),
        InvocationState::Running => "running",
        InvocationState::Overdue => "overdue",
    }
}

/// What an invocation answers to a condition.
pub fn answers(invoked: &impl Invoked, condition: &Condition) -> bool {
    match condition {
        Condition::Function(pattern) => wild(pattern, invoked.function()),
        Condition::Failed => failed(invoked.state()),
        Condition::Cold => invoked.cold(),
        Condition::Status(word) => status_word(invoked.state()) == word,
        Condition::Duration(compare, us) => {
            invoked.duration().is_some_and(|Micros(took)| compare.holds(u64::from(took), *us))
        }
        Condition::Text(text) => {
            contains(invoked.function(), text)
                || invoked.error_type().is_some_and(|error| contains(error, text))
                || contains(&invoked.request_id(), text)
        }
    }
}

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
    /// The type of its error.
    fn error_type(&self) -> Option<&str>;
    /// Its request id as printed.
    fn request_id(&self) -> String;
}

impl Filter {
    /// Whether it lets an invocation through.
    pub fn invocation(&self, invoked: &impl Invoked) -> bool {
        self.holds(|condition| answers(invoked, condition))
    }

    /// Reads a filter as it is typed.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let mut reader = Reader { chars: text.chars().collect(), at: 0 };
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

    /// Whether it lets through what answers its conditions so.
    pub fn holds(&self, mut answer: impl FnMut(&Condition) -> bool) -> bool {
        self.terms.iter().all(|term| answer(&term.what) != term.not)
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
                let sign = match compare {
                    Compare::More => "more than",
                    Compare::AtLeast => "at least",
                    Compare::Less => "less than",
                    Compare::AtMost => "at most",
                };
                format!("{} {sign} {}", not("that took", "that did not take"), written(*us, " "))
            }
            Condition::Text(text) => format!("{} \"{text}\"", not("with", "without")),
        }
    }
}

impl fmt::Display for Filter {
    /// As it can be typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, term) in self.terms.iter().enumerate() {
            let gap = if at > 0 { " " } else { "" };
            let not = if term.not { "-" } else { "" };
            write!(f, "{gap}{not}")?;
            match &term.what {
                Condition::Function(name) => write!(f, "fn:{}", quoted(name))?,
                Condition::Failed => f.write_str("err")?,
                Condition::Cold => f.write_str("cold")?,
                Condition::Status(word) => write!(f, "status:{word}")?,
                Condition::Duration(compare, us) => {
                    write!(f, "dur{}{}", compare.sign(), written(*us, ""))?;
                }
                Condition::Text(text) => write!(f, "\"{}\"", escaped(text))?,
            }
        }
        Ok(())
    }
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

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    /// Whether there is something after blanks.
    fn skip_blanks(&mut self) -> bool {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        self.at < self.chars.len()
    }

    fn mistake<T>(&self, at: usize, message: impl Into<String>) -> Result<T, Mistake> {
        Err(Mistake { at, message: message.into() })
    }

    fn term(&mut self) -> Result<Term, Mistake> {
        let begin = self.at;
        let not = self.eat('-');
        if self.peek().is_none_or(char::is_whitespace) {
            return self.mistake(begin, "after - comes what must not hold, without a blank between");
        }
        if self.peek() == Some('"') {
            return Ok(Term { not, what: Condition::Text(self.quoted()?) });
        }
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
            self.at += 1;
        }
        let name: String = self.chars[start..self.at].iter().collect();
        let what = match self.peek() {
            Some(':') if !name.is_empty() => {
                self.at += 1;
                self.field(start, &name)?
            }
            Some('<' | '>') if !name.is_empty() => self.comparison(start, &name)?,
            _ => {
                while self.peek().is_some_and(|c| !c.is_whitespace()) {
                    self.at += 1;
                }
                let word: String = self.chars[start..self.at].iter().collect();
                match word.as_str() {
                    "err" => Condition::Failed,
                    "cold" => Condition::Cold,
                    _ => Condition::Text(word),
                }
            }
        };
        Ok(Term { not, what })
    }

    /// What follows `NAME:`.
    fn field(&mut self, start: usize, name: &str) -> Result<Condition, Mistake> {
        let at = self.at;
        let value = match self.peek() {
            Some('"') => self.quoted()?,
            _ => self.word(),
        };
        match name {
            "fn" if value.is_empty() => {
                self.mistake(at, "after fn: comes a function's name; * stands for any characters")
            }
            "fn" => Ok(Condition::Function(value)),
            "status" if STATUSES.contains(&value.as_str()) => Ok(Condition::Status(value)),
            "status" => self.mistake(at, format!("a status is one of {}", STATUSES.join(", "))),
            "dur" => self.mistake(at - 1, "a duration is compared with > >= < or <=: dur>800ms"),
            "err" | "cold" => self.mistake(at - 1, format!("{name} stands alone, without a value")),
            _ => self.mistake(start, format!("there is no field {name}; {FIELDS}")),
        }
    }

    /// What follows `NAME` before `<` or `>`.
    fn comparison(&mut self, start: usize, name: &str) -> Result<Condition, Mistake> {
        if name != "dur" {
            return self.mistake(start, format!("only dur can be compared, not {name}; {FIELDS}"));
        }
        let more = self.eat('>');
        if !more {
            self.at += 1;
        }
        let compare = match (more, self.eat('=')) {
            (true, false) => Compare::More,
            (true, true) => Compare::AtLeast,
            (false, false) => Compare::Less,
            (false, true) => Compare::AtMost,
        };
        let at = self.at;
        match micros(&self.word()) {
            Some(us) => Ok(Condition::Duration(compare, us)),
            None => self.mistake(at, UNITS),
        }
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| !c.is_whitespace()) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect()
    }

    /// A text in quotes; `\"` and `\\` stand for the second character.
    fn quoted(&mut self) -> Result<String, Mistake> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return self.mistake(start, "this quote is not closed"),
                Some('"') => break,
                Some('\\') if matches!(self.chars.get(self.at + 1), Some('"' | '\\')) => self.at += 1,
                Some(_) => {}
            }
            text.extend(self.peek());
            self.at += 1;
        }
        self.at += 1;
        if text.is_empty() {
            return self.mistake(start, "there is no text between these quotes");
        }
        if self.peek().is_some_and(|c| !c.is_whitespace()) {
            return self.mistake(self.at, "after a closing quote comes a blank");
        }
        Ok(text)
    }
}

/// Reads `250us`, `800ms`, `1.5s`, `2m`.
fn micros(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(split);
    let unit_us = match unit {
        "us" | "µs" => 1.0,
        "ms" => 1_000.0,
        "s" => 1_000_000.0,
        "m" | "min" => 60_000_000.0,
        _ => return None,
    };
    let us = number.parse::<f64>().ok()? * unit_us;
    (us.is_finite() && us < 1e15).then_some(us.round() as u64)
}

/// Whether a name is of this pattern, in which `*` stands for any characters; upper and lower case
/// are one.
pub fn wild(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(part) = last.replace(part) {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
    }
    last.map_or(rest.is_empty(), |part| rest.ends_with(part))
}

/// Whether a text contains another; upper and lower case of ASCII letters are one.
pub fn contains(text: &str, wanted: &str) -> bool {
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    wanted.is_empty() || text.windows(wanted.len()).any(|part| part.eq_ignore_ascii_case(wanted))
}

/// Whether an outcome counts as failed.
pub fn failed(state: InvocationState) -> bool {
    matches!(state, InvocationState::Ended(outcome) if Outcome::failed(outcome))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms(text: &str) -> Vec<(bool, Condition)> {
        Filter::parse(text).unwrap().terms.into_iter().map(|term| (term.not, term.what)).collect()
    }

    #[test]
    fn reads_every_kind_of_term() {
        assert_eq!(
            terms(r#"fn:pay* err -cold status:timeout dur>800ms dur<=1.5s "card declined" -word fn:"a b""#),
            [
                (false, Condition::Function("pay*".into())),
                (false, Condition::Failed),
                (true, Condition::Cold),
                (false, Condition::Status("timeout".into())),
                (false, Condition::Duration(Compare::More, 800_000)),
                (false, Condition::Duration(Compare::AtMost, 1_500_000)),
                (false, Condition::Text("card declined".into())),
                (true, Condition::Text("word".into())),
                (false, Condition::Function("a b".into())),
            ]
        );
        assert_eq!(terms("  "), []);
        assert_eq!(terms("dur>=250us dur<2m")[1].1, Condition::Duration(Compare::Less, 120_000_000));
    }

    #[test]
    fn says_where_a_mistake_is_and_what_to_write() {
        for (text, at, word) in [
            ("err foo:bar", 4, "no field foo"),
            ("arn:aws", 0, "quotes"),
            ("status:bad", 7, "init-error"),
            ("dur>800", 4, "unit"),
            ("dur>fast", 4, "unit"),
            ("dur:800ms", 3, "compared"),
            ("x \"open", 2, "not closed"),
            ("fn:", 3, "name"),
            ("mem>3", 0, "only dur"),
            ("- err", 0, "without a blank"),
            ("\"\"", 0, "no text"),
            ("\"a\"b", 3, "blank"),
            ("err:", 3, "alone"),
            ("für:x", 0, ""),
        ] {
            match Filter::parse(text) {
                Err(mistake) => {
                    assert_eq!(mistake.at, at, "{text}");
                    assert!(mistake.message.contains(word), "{text}: {mistake}");
                }
                Ok(filter) => {
                    assert_eq!(filter.terms, [Term { not: false, what: Condition::Text(text.into()) }])
                }
            }
        }
    }

    #[test]
    fn names_match_with_wildcards() {
        for (pattern, name, want) in [
            ("pay*", "payment-capture", true),
            ("pay", "payment-capture", false),
            ("*-capture", "Payment-Capture", true),
            ("p*nt*e", "payment-capture", true),
            ("*", "", true),
            ("a*a", "a", false),
            ("", "x", false),
            ("user-login:live", "user-login:live", true),
        ] {
            assert_eq!(wild(pattern, name), want, "{pattern} {name}");
        }
    }

    #[test]
    fn the_name_alone_may_decide() {
        let of = |filter: &str, name: &str| Filter::parse(filter).unwrap().of_function(name);
        assert_eq!(of("fn:pay*", "pay-1"), Some(true));
        assert_eq!(of("fn:pay* err", "pay-1"), None);
        assert_eq!(of("fn:pay* err", "login"), Some(false));
        assert_eq!(of("-fn:pay*", "login"), Some(true));
        assert_eq!(of("log", "login"), Some(true));
        assert_eq!(of("-log", "login"), Some(false));
        assert_eq!(of("", "login"), Some(true));
    }

    #[test]
    fn explains_itself() {
        let filter = Filter::parse("fn:pay* err -cold dur>800ms \"card\"").unwrap();
        assert_eq!(
            filter.explain(),
            "invocations of pay* and that failed and that are no cold starts and that took more than \
             800 ms and with \"card\""
        );
        assert_eq!(Filter::default().explain(), "everything");
    }

    proptest! {
        #[test]
        fn never_panics_and_prints_as_it_can_be_typed(text in any::<String>()) {
            if let Ok(filter) = Filter::parse(&text) {
                prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
            }
        }

        #[test]
        fn what_looks_like_a_filter_prints_as_it_can_be_typed(
            text in "((-)?(err|cold|fn:[a-c*]{1,3}|status:ok|dur[<>]=?[0-9]{1,3}(us|ms|s)|\"[a-z \\\\\"]{1,5}\"|[a-z]{1,3}) ){0,4}"
        ) {
            if let Ok(filter) = Filter::parse(&text) {
                prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
            }
        }
    }
}
