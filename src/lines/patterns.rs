//! Lines put together by their shape, and shapes that differ in a name alone. Pure; no line is lost: those
//! of shapes beyond the bounds are counted together.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::alike::{self, Several};
use crate::model::{Level, Timestamp};
use crate::query::survey::{Pattern, Patterns};

/// Shapes told apart at most.
const MOST: usize = 10_000;
/// Shapes of an answer that stand first, ...
const FIRST: usize = 500;
/// ... and of the others those with the most lines.
const LARGEST: usize = 500;
/// Bytes of a newest line.
const NEWEST: usize = 1_000;
/// What comes so seldom that by chance it may all lie after a time is not new then, unless it is an error.
const CHANCE: f64 = 0.05;

/// A line that is put with those of its shape.
#[derive(Clone, Debug)]
pub struct Shaped<'a> {
    /// When it happened.
    pub time: Timestamp,
    /// In which part of the window.
    pub column: usize,
    /// Its level.
    pub level: Level,
    /// Whether it could not be read.
    pub bad: bool,
    /// Whether the platform wrote it.
    pub platform: bool,
    /// Whose it is.
    pub function: Option<&'a Arc<str>>,
    /// What it says.
    pub text: &'a str,
    /// Whether it is a line of a private key.
    pub of_key: bool,
}

/// Shapes as they come.
#[derive(Debug)]
pub struct Shapes {
    since: Timestamp,
    columns: usize,
    most: usize,
    all: FxHashMap<Arc<str>, Pattern>,
    /// Those that stand for several, once there were so many that they had to be looked for; and how many
    /// shapes there were then.
    several: Several,
    left: usize,
    beyond: u64,
    /// Lines before `since`, and from then on.
    before: u64,
    after: u64,
}

impl Shapes {
    /// None yet; one that was not there before `since` will be new.
    pub fn new(since: Timestamp, columns: usize) -> Self {
        let (all, several) = Default::default();
        Self { since, columns, most: MOST, all, several, left: 0, beyond: 0, before: 0, after: 0 }
    }

    /// Puts a line to those of its shape.
    pub fn add(&mut self, shape: String, line: &Shaped<'_>) {
        match line.time < self.since {
            true => self.before += 1,
            false => self.after += 1,
        }
        if let Some(pattern) = self.all.get_mut(shape.as_str()) {
            return add(pattern, line);
        }
        // Not at each line again, where that makes little room.
        if self.all.len() >= self.most && self.left + self.most / 10 < self.all.len() {
            self.put_together();
        }
        let several = self.several.find(&shape).cloned();
        if let Some(pattern) = several.and_then(|shape| self.all.get_mut(&shape)) {
            add(pattern, line);
        } else if self.all.len() < self.most {
            let shape: Arc<str> = shape.into();
            let mut pattern = Pattern {
                shape: shape.clone(),
                level: Level::Unknown,
                bad: line.bad,
                platform: line.platform,
                new: false,
                lines: 0,
                first: line.time,
                last: Timestamp::MIN,
                columns: vec![0; self.columns],
                function: line.function.cloned(),
                functions: false,
                newest: String::new(),
                of_key: false,
            };
            add(&mut pattern, line);
            self.all.insert(shape, pattern);
        } else {
            self.beyond += 1;
        }
    }

    /// Puts shapes together that differ in names alone.
    fn put_together(&mut self) {
        let shapes: Vec<&str> = self.all.keys().map(|shape| &**shape).collect();
        let its = alike::together(&shapes);
        let moved: Vec<(Arc<str>, Arc<str>)> =
            self.all.keys().zip(its).filter_map(|(shape, its)| Some((shape.clone(), its?))).collect();
        for (shape, its) in moved {
            let Some(pattern) = self.all.remove(&shape) else { continue };
            match self.all.get_mut(&its) {
                Some(several) => merge(several, pattern),
                None => {
                    self.all.insert(its.clone(), Pattern { shape: its, ..pattern });
                }
            }
        }
        self.several = Several::of(self.all.keys().filter(|shape| shape.contains(alike::WORD)));
        self.left = self.all.len();
    }

    /// The answer, where all lines after `read_after` were read.
    pub fn answer(mut self, read_after: Option<Timestamp>) -> Patterns {
        self.put_together();
        let Self { since, all, beyond, before, after, .. } = self;
        // Shapes that were not told apart may have been there before.
        let judged = before > 0 && beyond == 0 && read_after.is_none_or(|after| after < since);
        let share = after as f64 / (before + after).max(1) as f64;
        let chance = |lines: u64| share.powi(lines.min(1_000) as i32);
        let mut rows: Vec<Pattern> = all.into_values().collect();
        for pattern in &mut rows {
            let tells = is_error(pattern) || chance(pattern.lines) <= CHANCE;
            pattern.new = judged && tells && pattern.first >= since;
        }
        rows.sort_by(order);
        // Many new ones must not hide what most lines say.
        let mut others = rows.split_off(rows.len().min(FIRST));
        others.sort_by_key(|pattern| Reverse(pattern.lines));
        let rest = others.split_off(others.len().min(LARGEST));
        others.sort_by(order);
        rows.extend(others);
        let lines = rest.iter().map(|pattern| pattern.lines).sum::<u64>() + beyond;
        Patterns { since, judged, rows, rest: (rest.len() as u64 + u64::from(beyond > 0), lines) }
    }
}

fn is_error(pattern: &Pattern) -> bool {
    pattern.bad || pattern.level >= Level::Error
}

/// New ones first, then those with errors, then those with the most lines.
fn order(a: &Pattern, b: &Pattern) -> Ordering {
    let rank = |p: &Pattern| (!p.new, !is_error(p), Reverse(p.lines));
    rank(a).cmp(&rank(b)).then_with(|| a.shape.cmp(&b.shape))
}

fn add(pattern: &mut Pattern, line: &Shaped<'_>) {
    pattern.lines += 1;
    pattern.level = pattern.level.max(line.level);
    pattern.bad |= line.bad;
    pattern.of_key |= line.of_key;
    pattern.first = pattern.first.min(line.time);
    pattern.functions |= pattern.function.as_ref() != line.function;
    if let Some(count) = pattern.columns.get_mut(line.column) {
        *count = count.saturating_add(1);
    }
    if line.time >= pattern.last {
        pattern.last = line.time;
        pattern.function = line.function.cloned();
        pattern.newest.clear();
        let text = line.text.trim_end();
        pattern.newest.push_str(&text[..text.floor_char_boundary(NEWEST)]);
    }
}

/// Puts the lines of one shape to those of another.
fn merge(pattern: &mut Pattern, other: Pattern) {
    pattern.lines += other.lines;
    pattern.level = pattern.level.max(other.level);
    pattern.bad |= other.bad;
    pattern.of_key |= other.of_key;
    pattern.platform &= other.platform;
    pattern.first = pattern.first.min(other.first);
    pattern.functions |= other.functions || pattern.function != other.function;
    for (count, more) in pattern.columns.iter_mut().zip(&other.columns) {
        *count = count.saturating_add(*more);
    }
    // Of two of the same time always the same one, in whatever order they come.
    if (other.last, &other.newest) > (pattern.last, &pattern.newest) {
        (pattern.last, pattern.newest, pattern.function) = (other.last, other.newest, other.function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::shape;
    use proptest::prelude::*;

    fn line(time: i64, level: Level, text: &str) -> Shaped<'_> {
        let (column, function) = ((time / 100) as usize, None);
        Shaped {
            time: Timestamp(time),
            column,
            level,
            bad: false,
            platform: false,
            function,
            text,
            of_key: false,
        }
    }

    fn shapes(lines: &[(i64, Level, &str)]) -> Shapes {
        let mut shapes = Shapes::new(Timestamp(500), 10);
        for (time, level, text) in lines {
            shapes.add(shape::of(text), &line(*time, *level, text));
        }
        shapes
    }

    #[test]
    fn new_ones_come_first_then_errors_then_the_most() {
        let mut lines = vec![(100, Level::Info, "served 1"); 20];
        let before = lines.len() + 1;
        lines.extend([
            (160, Level::Error, "failed 7"),
            (510, Level::Info, "a new word"),
            (520, Level::Info, "a new word"),
            (530, Level::Info, "a new word"),
            (540, Level::Info, "a new word"),
            (550, Level::Info, "a rare word"),
            (560, Level::Error, "gone"),
            (700, Level::Info, "served 3"),
        ]);
        let patterns = shapes(&lines).answer(None);
        let shown: Vec<_> =
            patterns.rows.iter().map(|p| (&*p.shape, p.new, p.lines, p.first.0, p.last.0)).collect();
        assert_eq!(
            shown,
            [
                ("gone", true, 1, 560, 560),
                ("a new word", true, 4, 510, 540),
                ("failed <n>", false, 1, 160, 160),
                ("served <n>", false, 21, 100, 700),
                // It may be there by chance.
                ("a rare word", false, 1, 550, 550),
            ]
        );
        assert_eq!((&*patterns.rows[3].newest, patterns.rows[3].columns[1]), ("served 3", 20));
        assert!(patterns.judged);
        // Read back to 600 only, or nothing before: nothing can be said to be new.
        assert!(!shapes(&lines).answer(Some(Timestamp(600))).judged);
        let alone = shapes(&lines[before..]).answer(None);
        assert!(!alone.judged && alone.rows.iter().all(|pattern| !pattern.new));
        assert!(Shapes::new(Timestamp(0), 1).answer(None).rows.is_empty());
    }

    #[test]
    fn too_many_shapes_are_counted_together_and_new_ones_hide_no_large_ones() {
        let letters =
            |n: usize| [b'a' + (n / 26 / 26) as u8, b'a' + (n / 26 % 26) as u8, b'a' + (n % 26) as u8];
        let texts: Vec<String> = (0..1_200).map(|n| String::from_iter(letters(n).map(char::from))).collect();
        let mut lines: Vec<_> = texts.iter().map(|text| (600, Level::Error, text.as_str())).collect();
        lines.extend([(1, Level::Info, "served"), (2, Level::Info, "served"), (700, Level::Info, "served")]);
        let patterns = shapes(&lines).answer(None);
        assert_eq!((patterns.rows.len(), patterns.rest), (FIRST + LARGEST, (201, 201)));
        let last = patterns.rows.last().unwrap();
        assert_eq!((&*last.shape, last.new, last.lines), ("served", false, 3));
    }

    /// A word of letters.
    fn name(n: usize) -> String {
        String::from_iter([n / 676, n / 26, n].map(|n| char::from(b'a' + (n % 26) as u8)))
    }

    #[test]
    fn names_are_put_together_however_many_there_are() {
        let texts: Vec<String> = (0..3_000).map(|n| format!("user {} paid {n}", name(n))).collect();
        for most in [100, 10_000] {
            let mut shapes = Shapes::new(Timestamp(500), 10);
            shapes.most = most;
            for (n, text) in texts.iter().enumerate() {
                shapes.add(shape::of(text), &line((n % 1_000) as i64, Level::Info, text));
                assert!(shapes.all.len() <= most);
            }
            shapes.add(shape::of("something else"), &line(999, Level::Error, "something else"));
            let patterns = shapes.answer(None);
            let shown: Vec<_> =
                patterns.rows.iter().map(|p| (&*p.shape, p.lines, p.columns[3], p.new, &*p.newest)).collect();
            assert_eq!(
                shown,
                [
                    ("something else", 1, 0, true, "something else"),
                    ("user <word> paid <n>", 3_000, 300, false, &*texts[2_999])
                ],
                "{most}"
            );
            assert_eq!(patterns.rest, (0, 0));
        }
        // Longer lines than a shape is.
        let rest = "and so on and so on ".repeat(30);
        let mut shapes = Shapes::new(Timestamp(500), 10);
        for text in texts.iter().map(|text| format!("{text}, {rest}")) {
            shapes.add(shape::of(&text), &line(1, Level::Info, &text));
        }
        let patterns = shapes.answer(None);
        assert_eq!((patterns.rows.len(), patterns.rows[0].lines), (1, 3_000));
        // What can't be put together is counted, and looked through no more often than it helps.
        let mut shapes = Shapes::new(Timestamp(500), 10);
        shapes.most = 100;
        (0..3_000).for_each(|n| shapes.add(name(n), &line(1, Level::Info, &name(n))));
        let patterns = shapes.answer(None);
        assert_eq!((patterns.rows.len(), patterns.rest.1), (100, 2_900));
    }

    #[test]
    fn what_a_program_writes_stands_for_no_other_line() {
        let texts: Vec<String> = (0..10).map(|n| format!("user <word> {} paid", name(n))).collect();
        let mut shapes = Shapes::new(Timestamp(500), 10);
        texts.iter().for_each(|text| shapes.add(shape::of(text), &line(1, Level::Info, text)));
        shapes.put_together();
        assert!(shapes.several.find("user bob aaa paid").is_none());
    }

    #[test]
    fn many_patterns_of_one_outline_take_no_time() {
        // Groups of lines that become one each.
        let word = |n: usize| name(n) + &name(n / 7);
        let mut shapes = Shapes::new(Timestamp(500), 10);
        for n in 0..100_000 {
            let text = format!("{} {} {} paid", word(n / 20), word(n / 20 + 1), name(n % 20));
            shapes.add(shape::of(&text), &line(1, Level::Info, &text));
        }
        let patterns = shapes.answer(None);
        assert!(patterns.rows.iter().all(|pattern| pattern.lines == 20), "{:?}", patterns.rows[0]);
    }

    proptest! {
        /// In whatever order they come.
        #[test]
        fn the_same_lines_make_the_same_patterns(
            lines in prop::collection::vec((0i64..1_000, 0usize..40, 0usize..3), 0..200), turn in 0usize..200,
        ) {
            let texts: Vec<(i64, String)> = lines
                .iter()
                .map(|(time, n, kind)| (*time, match kind {
                    0 => format!("user {} logged in", name(*n)),
                    1 => format!("{} has failed {n}", name(*n)),
                    _ => format!("read {}.csv of {}", name(*n), name(n % 3)),
                }))
                .collect();
            let of = |texts: &[(i64, String)]| {
                let mut shapes = Shapes::new(Timestamp(500), 10);
                texts.iter().for_each(|(time, text)| shapes.add(shape::of(text), &line(*time, Level::Info, text)));
                let rows = shapes.answer(None).rows;
                rows.into_iter().map(|p| (p.shape.to_string(), p.lines, p.first, p.last, p.columns)).collect::<Vec<_>>()
            };
            let mut turned = texts.clone();
            turned.rotate_left(turn.min(texts.len()));
            prop_assert_eq!(of(&texts), of(&turned));
        }

        #[test]
        fn no_line_is_lost(
            lines in prop::collection::vec((0i64..1_000, "[a-c1-3 ]{0,4}"), 0..200), most in 1usize..20,
        ) {
            let mut shapes = Shapes::new(Timestamp(500), 10);
            shapes.most = most;
            for (time, text) in &lines {
                shapes.add(shape::of(text), &line(*time, Level::Info, text));
            }
            let patterns = shapes.answer(None);
            let listed: u64 = patterns.rows.iter().map(|pattern| pattern.lines).sum();
            prop_assert_eq!(listed + patterns.rest.1, lines.len() as u64);
            for pattern in &patterns.rows {
                prop_assert_eq!(pattern.columns.iter().map(|n| u64::from(*n)).sum::<u64>(), pattern.lines);
                let its = lines.iter().filter(|(_, text)| alike::is_of(&shape::of(text), &pattern.shape));
                let times: Vec<i64> = its.map(|(time, _)| *time).collect();
                // Of some all lines but those that were counted together.
                let all = patterns.rest.1 == 0;
                prop_assert!(!all || times.len() as u64 == pattern.lines);
                prop_assert!(!all || times.iter().min() == Some(&pattern.first.0));
                prop_assert!(!all || times.iter().max() == Some(&pattern.last.0));
            }
        }
    }
}
