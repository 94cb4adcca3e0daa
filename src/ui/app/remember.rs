//! What is remembered from one session to the next: how a person likes to look, never what they saw.

use serde::{Deserialize, Serialize};

use crate::query::view::SortBy;
use crate::ui::view::overview::{ORDERS, choosable};

use super::fields::{CHOSEN, is_name};
use super::state::UiState;

/// The longest window that is taken from a file, in ms.
const LONGEST_MS: i64 = 30 * 24 * 3_600_000;

/// How a person left the screen. What a file lacks, or what is nonsense in it, is as it was at first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// The theme that was chosen, by its name.
    pub theme: Option<String>,
    /// Length of the window in ms.
    pub window_ms: Option<i64>,
    /// What the table of functions is sorted by, as the menu of orders calls it.
    pub sort: Option<String>,
    /// Whether that order is turned round.
    pub reverse: bool,
    /// The columns of that table that are hidden, by their heads.
    pub hidden: Vec<String>,
    /// The fields of JSON log lines that come before their messages, by their names.
    pub fields: Vec<String>,
}

impl Remembered {
    /// The length of the window.
    pub(super) fn window_ms(&self) -> Option<i64> {
        self.window_ms.filter(|ms| (1_000..=LONGEST_MS).contains(ms))
    }

    /// What the table is sorted by.
    pub(super) fn sort(&self) -> Option<SortBy> {
        let named = self.sort.as_deref()?;
        ORDERS.iter().find(|(_, words)| *words == named).map(|(sort, _)| *sort)
    }

    /// The fields that come first in log lines; none twice, and nothing that is no name.
    pub(super) fn fields(&self) -> Vec<String> {
        let mut fields: Vec<String> = Vec::new();
        for name in self.fields.iter().filter(|name| is_name(name)) {
            if fields.len() < CHOSEN && !fields.contains(name) {
                fields.push(name.clone());
            }
        }
        fields
    }

    /// The hidden columns.
    pub(super) fn hidden(&self) -> Vec<&'static str> {
        choosable().filter(|title| self.hidden.iter().any(|hidden| hidden == title)).collect()
    }
}

impl UiState {
    /// What is to be remembered of the screen as it is.
    pub fn remembered(&self) -> Remembered {
        let sort = ORDERS.iter().find(|(sort, _)| *sort == self.sort && *sort != SortBy::default());
        // The usual window is not written down: another version may have another one.
        let window = (self.window_ms != self.options.window_ms).then_some(self.window_ms);
        Remembered {
            theme: self.theme_chosen.map(str::to_string).or_else(|| self.options.remembered.theme.clone()),
            window_ms: window,
            sort: sort.map(|(_, words)| (*words).to_string()),
            reverse: self.reverse,
            hidden: self.hidden.iter().map(|title| (*title).to_string()).collect(),
            fields: self.fields.to_vec(),
        }
    }

    /// Hides a column of the table of functions, or shows it again.
    pub(super) fn toggle_column(&mut self, title: &'static str) {
        match self.hidden.iter().position(|hidden| *hidden == title) {
            Some(at) => drop(self.hidden.remove(at)),
            None => self.hidden.push(title),
        }
    }
}
