//! The filter language: `fn:pay* err cold status:timeout dur>800ms "card declined" -word`.
//! Terms are joined by "and"; `-` before a term turns it round.

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
