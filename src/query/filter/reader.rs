//! A filter as it is typed, read term by term; a mistake says where it is and what to write.

use super::{Amount, Compare, Condition, LEVELS, Mistake, Pattern, STATUSES, Term};

const FIELDS: &str = "there are fn:NAME, err, cold, status:WORD, dur>800ms, mem>90%, id:…, trace:… and \
                      level>=warn; put a text with : in quotes";
const UNITS: &str = "write its unit: 250us, 800ms, 2s or 1m";

/// Reads a filter from its beginning to its end.
pub struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    /// A reader of a text.
    pub fn new(text: &str) -> Self {
        Self { chars: text.chars().collect(), at: 0 }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    /// Whether there is something after blanks.
    pub fn skip_blanks(&mut self) -> bool {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        self.at < self.chars.len()
    }

    fn mistake<T>(&self, at: usize, message: impl Into<String>) -> Result<T, Mistake> {
        Err(Mistake::new(at, message))
    }

    /// A word where another is needed, and which may stand there.
    fn other<T>(at: usize, message: String, more: impl Into<String>) -> Result<T, Mistake> {
        Err(Mistake { more: more.into(), ..Mistake::new(at, message) })
    }

    /// Reads a term.
    pub fn term(&mut self) -> Result<Term, Mistake> {
        let begin = self.at;
        let not = self.eat('-');
        if self.peek().is_none_or(char::is_whitespace) {
            return self.mistake(begin, "after - comes a word, without a blank");
        }
        if self.peek() == Some('"') {
            return Ok(Term { not, what: Condition::Text(self.quoted()?) });
        }
        if let Some(end) = self.expression() {
            let text: String = self.chars[self.at + 1..end].iter().collect();
            if text.is_empty() {
                return self.mistake(self.at, "nothing stands between these slashes");
            }
            return match Pattern::new(&text) {
                Ok(pattern) => {
                    self.at = end + 1;
                    Ok(Term { not, what: Condition::Pattern(pattern) })
                }
                Err(message) => self.mistake(self.at, message),
            };
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
            "fn" if value.is_empty() => self.mistake(at, "after fn: comes a name, as pay*"),
            "fn" => Ok(Condition::Function(value)),
            "status" if STATUSES.contains(&value.as_str()) => Ok(Condition::Status(value)),
            "status" => Self::other(at, format!("no status {value:?}"), STATUSES.join(", ")),
            "dur" => self.mistake(at - 1, "compare a duration: dur>800ms"),
            "mem" => self.mistake(at - 1, "compare memory: mem>90%, mem>500MB"),
            "id" if value.is_empty() => self.mistake(at, "after id: comes a part of a request id"),
            "id" => Ok(Condition::Id(value)),
            "trace" if value.is_empty() => self.mistake(at, "after trace: comes a part of its id"),
            "trace" => Ok(Condition::Trace(value)),
            "level" => Self::level(at, Compare::Equal, &value),
            "err" | "cold" => self.mistake(at - 1, format!("{name} stands alone, without a value")),
            _ => Self::other(start, format!("no field {name:?}"), FIELDS),
        }
    }

    /// What follows `NAME` before `<` or `>`.
    fn comparison(&mut self, start: usize, name: &str) -> Result<Condition, Mistake> {
        if !["dur", "mem", "level"].contains(&name) {
            return Self::other(start, format!("{name:?} can't be compared"), FIELDS);
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
        let (at, value) = (self.at, self.word());
        match name {
            "level" => Self::level(at, compare, &value),
            "mem" => match amount(&value) {
                Some(amount) => Ok(Condition::Memory(compare, amount)),
                None => self.mistake(at, "write memory as 90% or 500MB"),
            },
            _ => match micros(&value) {
                Some(us) => Ok(Condition::Duration(compare, us)),
                None => self.mistake(at, UNITS),
            },
        }
    }

    fn level(at: usize, compare: Compare, word: &str) -> Result<Condition, Mistake> {
        let wanted = match word.to_lowercase().as_str() {
            "warning" => "warn".to_string(),
            "critical" => "fatal".to_string(),
            word => word.to_string(),
        };
        match LEVELS.iter().find(|(word, _)| *word == wanted) {
            Some((_, level)) => Ok(Condition::Level(compare, *level)),
            None => Self::other(at, format!("no level {word:?}"), LEVELS.map(|(word, _)| word).join(", ")),
        }
    }

    /// Where the expression ends that begins here: at a slash, with no backslash before it, that ends a
    /// word. A path has none.
    fn expression(&self) -> Option<usize> {
        let ends = |at: usize| {
            let mut before = self.chars[self.at + 1..at].iter().rev().take_while(|c| **c == '\\').count();
            before %= 2;
            before == 0 && self.chars[at] == '/' && self.chars.get(at + 1).is_none_or(|c| c.is_whitespace())
        };
        (self.peek() == Some('/')).then(|| (self.at + 1..self.chars.len()).find(|at| ends(*at))).flatten()
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

/// Reads `90%`, `500MB`.
fn amount(text: &str) -> Option<Amount> {
    if let Some(percent) = text.strip_suffix('%') {
        return percent.parse().ok().filter(|percent| *percent <= 100).map(Amount::Percent);
    }
    let mb = ["MB", "mb", "M"].iter().find_map(|unit| text.strip_suffix(unit))?;
    mb.parse().ok().map(Amount::Mb)
}
