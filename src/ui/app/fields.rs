//! Fields of JSON lines that come before their messages: which there are in the lines at hand, and which
//! were chosen.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::query::view::LogRow;
use crate::query::{fields_of, has_column};
use crate::ui::view;

use super::logs::LogView;
use super::palette::Palette;
use super::state::{Effect, UiState};

/// Names in the list at most.
const LISTED: usize = 200;
/// Names that are told apart while lines are looked at: keys may be ids, another one in each line.
const TOLD_APART: usize = 2_000;
/// Lines around the one that is read in which fields are looked for at most, ...
const LINES: usize = 1_000;
/// ... and bytes of them: a key is answered within a frame.
const BYTES: usize = 1 << 20;
/// Chosen ones at most: more leave no room for the message.
pub(super) const CHOSEN: usize = 8;
/// Bytes of a name.
const NAME: usize = 96;

/// A field that may be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, with what it lies in before it.
    pub name: String,
    /// How many of the lines at hand have it.
    pub lines: usize,
    /// As which of the chosen ones it is shown, from 1 on.
    pub chosen: Option<usize>,
}

/// The fields of the lines at hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// Those that were chosen first, then those that most lines have; last what is seen in any case.
    pub all: Vec<Field>,
    /// How many lines were looked at.
    pub of: usize,
}

/// Whether something may be a field's name: no text that came to be a key, and nothing that moves a
/// terminal.
pub(super) fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '$' | ':' | '/' | '#');
    (1..=NAME).contains(&name.len()) && name.chars().all(fits)
}

impl Fields {
    /// Those of lines, nearest first.
    fn of<'a>(lines: impl Iterator<Item = &'a LogRow>, chosen: &[String]) -> Self {
        let (mut counts, mut of, mut left) = (HashMap::<String, usize>::new(), 0, BYTES);
        for line in lines.filter(|line| !line.more && line.bad.is_none()).take(LINES) {
            // One line is always looked at.
            if of > 0 && line.text.len() > left {
                break;
            }
            (of, left) = (of + 1, left.saturating_sub(line.text.len()));
            // A record may have a name twice.
            let mut here = HashSet::new();
            fields_of(&line.text, &mut |name| {
                if !is_name(name) || here.contains(name) {
                    return;
                }
                here.insert(name.to_string());
                if let Some(count) = counts.get_mut(name) {
                    *count += 1;
                } else if counts.len() < TOLD_APART {
                    counts.insert(name.to_string(), 1);
                }
            });
        }
        let place = |name: &str| chosen.iter().position(|other| other == name);
        let absent = chosen.iter().filter(|name| !counts.contains_key(*name)).cloned();
        let absent: Vec<(String, usize)> = absent.map(|name| (name, 0)).collect();
        let all = counts.into_iter().chain(absent);
        let mut all: Vec<Field> =
            all.map(|(name, lines)| Field { chosen: place(&name).map(|at| at + 1), name, lines }).collect();
        all.sort_by(|a, b| {
            let rank = |field: &Field| {
                (field.chosen.unwrap_or(usize::MAX), has_column(&field.name), Reverse(field.lines))
            };
            rank(a).cmp(&rank(b)).then_with(|| a.name.cmp(&b.name))
        });
        all.truncate(LISTED);
        Self { all, of }
    }
}

impl LogView {
    /// The loaded lines, those nearest to the one that is read first.
    fn nearest(&self) -> impl Iterator<Item = &LogRow> {
        let at = self.cursor.min(self.rows.len());
        let (mut below, mut above) = (self.rows.range(at..), self.rows.range(..at).rev());
        std::iter::from_fn(move || {
            let pair = [below.next(), above.next()];
            pair.iter().any(Option::is_some).then_some(pair)
        })
        .flatten()
        .flatten()
    }
}

impl UiState {
    /// The fields of the lines on screen and around them.
    pub(super) fn fields_here(&self) -> Fields {
        self.lines_here().map_or_else(Fields::default, |logs| Fields::of(logs.nearest(), &self.fields))
    }

    /// The palette with the fields that may be chosen.
    pub(super) fn open_fields(&mut self) -> Vec<Effect> {
        self.open_palette("field ");
        match &self.palette {
            Some(palette) if palette.things.fields.all.is_empty() => {
                self.palette = None;
                self.say("no JSON in the lines here, so no fields to choose from")
            }
            _ => Vec::new(),
        }
    }

    /// Shows a field before the messages, after those that were chosen before it; or no more.
    pub(super) fn toggle_field(&mut self, name: &str) -> Vec<Effect> {
        let mut chosen = self.fields.to_vec();
        match chosen.iter().position(|other| other == name) {
            Some(at) => drop(chosen.remove(at)),
            None if chosen.len() >= CHOSEN => {
                return self.say(format!("{CHOSEN} fields are shown first already; take one away"));
            }
            None => chosen.push(name.to_string()),
        }
        self.fields = chosen.into();
        self.lend_fields();
        let (height, width) = (view::list_height(self), self.size.0);
        if let Some(logs) = self.lines_mut() {
            logs.show(height, width);
        }
        Vec::new()
    }

    /// Chooses a field in the palette, which stays as it is: whoever chooses one often chooses another.
    pub(super) fn choose_field(&mut self, mut palette: Palette, at: usize) -> Vec<Effect> {
        let Some(name) = palette.things.fields.all.get(at).map(|field| field.name.clone()) else {
            return Vec::new();
        };
        let effects = self.toggle_field(&name);
        for field in &mut palette.things.fields.all {
            field.chosen = self.fields.iter().position(|name| *name == field.name).map(|at| at + 1);
        }
        self.palette = Some(palette);
        effects
    }

    /// Lets the lines know which fields come first.
    pub(super) fn lend_fields(&mut self) {
        let board = self.invocation.as_mut().map(|board| &mut board.lines);
        for logs in self.logs.iter_mut().chain(board) {
            if !Arc::ptr_eq(&logs.fields, &self.fields) {
                logs.fields = self.fields.clone();
            }
        }
    }
}

impl Fields {
    /// What a field is called in the palette.
    pub(super) fn label(&self, at: usize) -> String {
        self.all.get(at).map_or_else(String::new, |field| format!("field {}", field.name))
    }

    /// The same with how many lines have it, and what choosing it does.
    pub(super) fn words(&self, at: usize) -> String {
        let Some(field) = self.all.get(at) else { return String::new() };
        let lines = format!("in {} of {} lines here", field.lines, self.of);
        match field.chosen {
            Some(place) => format!("field {}: no. {place}, {lines}; leave off", field.name),
            None => format!("field {}: {lines}; show first", field.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture::log;

    fn fields(lines: &[&str], chosen: &[&str]) -> Fields {
        let rows: Vec<LogRow> =
            lines.iter().map(|text| LogRow { text: (*text).into(), bad: None, ..log(1) }).collect();
        let chosen: Vec<String> = chosen.iter().map(|name| (*name).to_string()).collect();
        Fields::of(rows.iter(), &chosen)
    }

    fn shown(fields: &Fields) -> Vec<(&str, usize, Option<usize>)> {
        fields.all.iter().map(|field| (&*field.name, field.lines, field.chosen)).collect()
    }

    #[test]
    fn fields_are_counted_the_chosen_ones_first() {
        let lines = [r#"{"b":1,"a":{"x":1},"b":2}"#, r#"{"b":1}"#, "plain", r#"{"a":{"x":2},"c":1}"#];
        let all = fields(&lines, &["gone", "c"]);
        assert_eq!(
            shown(&all),
            [("gone", 0, Some(1)), ("c", 1, Some(2)), ("a", 2, None), ("a.x", 2, None), ("b", 2, None)]
        );
        assert_eq!(all.of, 4);
        assert_eq!(fields(&["plain"], &[]).all, []);
        let usual = fields(&[r#"{"time":1,"level":2,"message":3,"x":4}"#], &["level"]);
        let names: Vec<&str> = usual.all.iter().map(|field| &*field.name).collect();
        assert_eq!(names, ["level", "x", "message", "time"]);
    }

    #[test]
    fn what_is_no_name_is_not_listed_and_the_list_is_bounded() {
        let odd = r#"{"a b":1,"":1,"\u001b[31m":1,"ok-1":1,"größe":1}"#;
        assert_eq!(shown(&fields(&[odd], &[])), [("größe", 1, None), ("ok-1", 1, None)]);
        let ids: Vec<String> = (0..3_000).map(|n| format!(r#"{{"id{n}":1,"all":1}}"#)).collect();
        let lines: Vec<&str> = ids.iter().map(String::as_str).collect();
        let all = fields(&lines, &[]);
        assert_eq!((all.all.len(), all.of, &*all.all[0].name), (LISTED, LINES, "all"));
        let long = format!(r#"{{"{}":1}}"#, "k".repeat(NAME + 1));
        assert_eq!(fields(&[&long], &[]).all, []);
        // However long the lines are.
        let long = format!(r#"{{"k":"{}"}}"#, "x".repeat(BYTES / 4));
        assert_eq!(fields(&[&*long; 9], &[]).of, 3);
    }
}
