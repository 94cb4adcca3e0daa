//! Failed invocations in groups: by the type of the error, the frame that threw it and what it says.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::model::{End, ErrorId, Grade, Graded, NameId, Outcome, Texts, Timestamp};

/// Groups told apart at most: what a log invents is bounded where it is read, types alone are here.
const GROUPS: usize = 512;
/// Versions of a group told apart at most.
const VERSIONS: usize = 16;

/// What puts failed invocations into one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorKey {
    /// An error that says what it is.
    Told(ErrorId),
    /// How it ended tells apart only what has no type of its own.
    Ended(Outcome),
}

impl ErrorKey {
    /// The group of an invocation that ended so; `None` if it did not fail.
    pub fn of(end: &End) -> Option<Self> {
        end.outcome.failed().then(|| end.error.map_or(Self::Ended(end.outcome), Self::Told))
    }
}

/// Errors of one type, frame and message. Text is raw: sanitise before drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorGroup {
    /// What puts them together.
    pub key: ErrorKey,
    /// The type, or how it ended where no type is printed.
    pub name: String,
    /// Where it was thrown: function and file; empty where nothing tells.
    pub frame: Arc<str>,
    /// What it says, with `#` for numbers and ids; empty where nothing tells.
    pub message: Arc<str>,
    /// Whether these are all of their type that were too many to be told apart.
    pub others: bool,
    /// How many.
    pub count: Graded<u64>,
    /// First seen in the window.
    pub first: Timestamp,
    /// Last seen.
    pub last: Timestamp,
    /// An invocation of it (the newest).
    pub seq: u64,
    /// The versions in which it was seen, in order.
    pub versions: Vec<String>,
    /// Whether there are more of them.
    pub more_versions: bool,
}

#[derive(Debug)]
struct Group {
    count: u64,
    first: Timestamp,
    /// Start and number of the newest.
    last: (Timestamp, u64),
    versions: Vec<NameId>,
    more_versions: bool,
}

/// Collects failed invocations in groups.
#[derive(Debug, Default)]
pub struct Groups {
    groups: FxHashMap<ErrorKey, Group>,
    others: u64,
}

impl Groups {
    /// Notes an invocation that failed.
    pub fn note(&mut self, key: ErrorKey, start: Timestamp, seq: u64, version: NameId) {
        let at = (start, seq);
        if self.groups.len() >= GROUPS && !self.groups.contains_key(&key) {
            self.others += 1;
            return;
        }
        let group = self.groups.entry(key).or_insert_with(|| Group {
            count: 0,
            first: start,
            last: at,
            versions: Vec::new(),
            more_versions: false,
        });
        group.count += 1;
        group.first = group.first.min(start);
        group.last = group.last.max(at);
        if !group.versions.contains(&version) {
            match group.versions.len() < VERSIONS {
                true => group.versions.push(version),
                false => group.more_versions = true,
            }
        }
    }

    /// The groups, most first, and how many invocations are of groups beyond the bound.
    pub fn into_rows(self, texts: &Texts, grade: Grade) -> (Vec<ErrorGroup>, u64) {
        let mut rows: Vec<ErrorGroup> = self
            .groups
            .into_iter()
            .map(|(key, group)| {
                let told = match key {
                    ErrorKey::Told(id) => texts.errors.get(id),
                    ErrorKey::Ended(_) => None,
                };
                let name = match (told, key) {
                    (Some(told), _) => texts.names.get(told.error_type),
                    (None, ErrorKey::Ended(outcome)) => outcome.word(),
                    (None, ErrorKey::Told(_)) => "?",
                };
                let mut versions: Vec<String> =
                    group.versions.iter().map(|version| texts.names.get(*version).to_string()).collect();
                // 9 before 10, `$LATEST` last.
                versions.sort_by_key(|version| (version.parse::<u64>().unwrap_or(u64::MAX), version.clone()));
                ErrorGroup {
                    key,
                    name: name.to_string(),
                    frame: told.map_or_else(|| Arc::from(""), |told| told.frame.clone()),
                    message: told.map_or_else(|| Arc::from(""), |told| told.message.clone()),
                    others: told.is_some_and(|told| told.others),
                    count: grade.of(group.count),
                    first: group.first,
                    last: group.last.0,
                    seq: group.last.1,
                    versions,
                    more_versions: group.more_versions,
                }
            })
            .collect();
        fn what(group: &ErrorGroup) -> (&str, &str, &str, bool) {
            (&group.name, &group.frame, &group.message, group.others)
        }
        let count = |group: &ErrorGroup| group.count.value().copied();
        rows.sort_by(|a, b| {
            count(b)
                .cmp(&count(a))
                .then(b.last.cmp(&a.last))
                .then_with(|| what(a).cmp(&what(b)))
                .then(a.key.cmp(&b.key))
        });
        (rows, self.others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FunctionId;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// What was thrown where and said what, by which version, when.
    type Thrown = (u8, u8, u8, u8, i64);

    fn grouped(texts: &mut Texts, thrown: &[Thrown]) -> (Vec<ErrorGroup>, u64) {
        let mut groups = Groups::default();
        for (seq, (kind, frame, message, version, at)) in (0..).zip(thrown) {
            let name = texts.names.id(&format!("E{kind}"));
            let blank = |n: &u8| if *n == 0 { String::new() } else { format!("t{n}") };
            let key = match kind {
                0 => ErrorKey::Ended(Outcome::Timeout),
                _ => ErrorKey::Told(texts.errors.id(FunctionId(0), name, &blank(frame), &blank(message))),
            };
            groups.note(key, Timestamp(*at), seq, texts.names.id(&version.to_string()));
        }
        groups.into_rows(texts, Grade::Counted)
    }

    proptest! {
        #[test]
        fn groups_are_what_a_slow_count_makes_them(
            thrown in prop::collection::vec((0u8..3, 0u8..3, 0u8..3, 7u8..12, 0i64..50), 0..60),
        ) {
            let (rows, others) = grouped(&mut Texts::default(), &thrown);
            prop_assert_eq!(others, 0);
            let mut slow: BTreeMap<(u8, u8, u8), Vec<(u8, i64)>> = BTreeMap::new();
            for (kind, frame, message, version, at) in &thrown {
                let what = if *kind == 0 { (0, 0, 0) } else { (*kind, *frame, *message) };
                slow.entry(what).or_default().push((*version, *at));
            }
            prop_assert_eq!(rows.len(), slow.len());
            for ((kind, frame, message), of) in slow {
                let text = |n: u8| if n == 0 { String::new() } else { format!("t{n}") };
                let name = if kind == 0 { "timeout".to_string() } else { format!("E{kind}") };
                let row = rows.iter().find(|row| {
                    row.name == name && *row.frame == *text(frame) && *row.message == *text(message)
                }).unwrap();
                prop_assert_eq!(&row.count, &Graded::Counted(of.len() as u64));
                let at = || of.iter().map(|(_, at)| Timestamp(*at));
                prop_assert_eq!((Some(row.first), Some(row.last)), (at().min(), at().max()));
                let mut versions: Vec<u8> = of.iter().map(|(version, _)| *version).collect();
                versions.sort_unstable();
                versions.dedup();
                let versions: Vec<String> = versions.iter().map(u8::to_string).collect();
                prop_assert_eq!(&row.versions, &versions);
            }
            let counts: Vec<_> = rows.iter().map(|row| row.count.value().copied()).collect();
            prop_assert!(counts.is_sorted_by(|a, b| a >= b));
        }
    }

    #[test]
    fn what_is_beyond_the_bounds_is_counted() {
        let mut texts = Texts::default();
        let mut groups = Groups::default();
        let version = texts.names.id("1");
        for n in 0..GROUPS + 3 {
            let name = texts.names.id(&format!("E{n}"));
            let key = ErrorKey::Told(texts.errors.id(FunctionId(0), name, "", ""));
            groups.note(key, Timestamp(0), n as u64, version);
        }
        for n in 0..VERSIONS + 1 {
            let version = texts.names.id(&format!("v{n}"));
            let first = ErrorKey::Told(texts.errors.id(FunctionId(0), texts.names.id("E0"), "", ""));
            groups.note(first, Timestamp(1), n as u64, version);
        }
        let (rows, others) = groups.into_rows(&texts, Grade::Counted);
        assert_eq!((rows.len(), others), (GROUPS, 3));
        assert_eq!((rows[0].versions.len(), rows[0].more_versions), (VERSIONS, true));
    }
}
