//! The line at the foot that takes a text: what is wrong with it while it is typed, what was typed
//! before, what its last word may become.

use std::collections::VecDeque;

use crossterm::event::KeyCode;

use crate::query::filter::Mistake;
use crate::ui::key::Key;
use crate::ui::status::SessionKind;
use crate::ui::widget::field::Field;

use super::complete;
use super::state::{Effect, UiState};
use super::update;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptKind {
    /// A text to find.
    Find,
    /// A filter.
    Filter,
    /// A time.
    Jump,
    /// A note for a bookmark.
    Note,
}

impl PromptKind {
    /// What stands before the field.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Find => "/",
            Self::Filter => "\\",
            Self::Jump => "time: ",
            Self::Note => "note: ",
        }
    }
}

/// Texts that are remembered of each kind.
const REMEMBERED: usize = 50;

/// What was typed before, the newest first.
#[derive(Clone, Debug, Default)]
pub struct History {
    find: VecDeque<String>,
    filter: VecDeque<String>,
    jump: VecDeque<String>,
    note: VecDeque<String>,
}

impl History {
    fn of(&mut self, kind: PromptKind) -> &mut VecDeque<String> {
        match kind {
            PromptKind::Find => &mut self.find,
            PromptKind::Filter => &mut self.filter,
            PromptKind::Jump => &mut self.jump,
            PromptKind::Note => &mut self.note,
        }
    }

    /// Remembers a text once.
    fn note(&mut self, kind: PromptKind, text: &str) {
        let all = self.of(kind);
        all.retain(|other| other != text);
        if !text.is_empty() {
            all.push_front(text.to_string());
        }
        all.truncate(REMEMBERED);
    }
}

/// What the word before the cursor may become, one after the other.
#[derive(Clone, Debug)]
pub struct Completing {
    /// Where the word begins, in bytes.
    from: usize,
    /// What was typed of it, and then the proposals.
    pub words: Vec<String>,
    /// Which of them stands there.
    pub at: usize,
}

/// A prompt.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// What is asked.
    pub kind: PromptKind,
    /// The text.
    pub field: Field,
    /// What is wrong with it, as typed so far.
    pub error: Option<Mistake>,
    /// What it means, where that is to be told.
    pub means: Option<String>,
    /// While its last word is being completed.
    pub completing: Option<Completing>,
    /// How far back one is in what was typed before, and what had been typed when one went there.
    back: Option<(usize, String)>,
    /// The line that was selected when it opened, for coming back to.
    line: usize,
}

impl UiState {
    pub(super) fn open_prompt(&mut self, kind: PromptKind) {
        let text = match kind {
            PromptKind::Filter => self.filter_text.clone(),
            PromptKind::Find | PromptKind::Jump | PromptKind::Note => String::new(),
        };
        self.open_prompt_with(kind, &text);
    }

    pub(super) fn open_prompt_with(&mut self, kind: PromptKind, text: &str) {
        let line = self.selected_line();
        let field = Field::new(text);
        self.prompt =
            Some(Prompt { kind, field, error: None, means: None, completing: None, back: None, line });
    }

    /// A key while a prompt is open.
    pub(super) fn prompt_key(&mut self, key: Key) -> Vec<Effect> {
        let Some(mut prompt) = self.prompt.take() else { return Vec::new() };
        match (key.code, key.ctrl) {
            (KeyCode::Esc, _) => {
                if prompt.kind == PromptKind::Find {
                    self.select_line(prompt.line);
                }
                return Vec::new();
            }
            (KeyCode::Enter, _) => return self.accept(prompt),
            (KeyCode::Char('g'), true) if prompt.kind == PromptKind::Find => {
                prompt.kind = PromptKind::Filter;
            }
            (KeyCode::Up, _) | (KeyCode::Char('p'), true) => self.recall(&mut prompt, 1),
            (KeyCode::Down, _) | (KeyCode::Char('n'), true) => self.recall(&mut prompt, -1),
            (KeyCode::Tab, _) => self.complete(&mut prompt, 1),
            (KeyCode::BackTab, _) => self.complete(&mut prompt, -1),
            _ => {
                if !prompt.field.edit(key) {
                    self.prompt = Some(prompt);
                    return Vec::new();
                }
                (prompt.completing, prompt.back) = (None, None);
            }
        }
        self.typed(prompt);
        Vec::new()
    }

    /// Puts an older text, or a newer one, into the field; before the newest is what was typed.
    fn recall(&mut self, prompt: &mut Prompt, step: isize) {
        let (at, typed) = prompt.back.take().unwrap_or_else(|| (0, prompt.field.text().to_string()));
        let all = self.history.of(prompt.kind);
        // What stands in the field already is not offered again.
        let offered: Vec<&String> = all.iter().filter(|text| **text != typed).collect();
        let to = at.saturating_add_signed(step).min(offered.len());
        let text = if to == 0 { &typed } else { offered[to - 1] };
        prompt.field = Field::new(text);
        prompt.completing = None;
        prompt.back = (to > 0).then_some((to, typed));
    }

    /// Puts the next proposal, or the one before, in the place of the last word.
    fn complete(&mut self, prompt: &mut Prompt, step: isize) {
        if prompt.kind != PromptKind::Filter {
            return;
        }
        if prompt.completing.is_none() {
            let names =
                (0..self.overview.len()).filter_map(|line| Some(self.overview.row(line)?.name.as_ref()));
            let (from, found) = complete::words(prompt.field.before_cursor(), names);
            let typed = prompt.field.before_cursor()[from..].to_string();
            let words = std::iter::once(typed).chain(found).collect();
            prompt.completing = Some(Completing { from, words, at: 0 });
        }
        if let Some(completing) = &mut prompt.completing {
            let count = completing.words.len();
            completing.at = (completing.at + count).saturating_add_signed(step) % count;
            prompt.field.replace_from(completing.from, &completing.words[completing.at]);
        }
    }

    pub(super) fn prompt_paste(&mut self, text: &str) {
        if let Some(mut prompt) = self.prompt.take() {
            prompt.field.insert(text);
            (prompt.completing, prompt.back) = (None, None);
            self.typed(prompt);
        }
    }

    /// What a text says while it is typed: a filter whether it can be read, a search where it
    /// leads to in a list.
    fn typed(&mut self, mut prompt: Prompt) {
        let text = prompt.field.text();
        (prompt.error, prompt.means) = match prompt.kind {
            PromptKind::Filter => match (self.options.parse_filter)(text) {
                Ok(filter) => (None, (!filter.is_empty()).then(|| filter.explain())),
                Err(mistake) => (Some(mistake), None),
            },
            PromptKind::Find | PromptKind::Jump | PromptKind::Note => (None, None),
        };
        if prompt.kind == PromptKind::Find && !text.is_empty() {
            match self.find_line(text, prompt.line, true, true) {
                Some(line) => self.select_line(line),
                None => self.select_line(prompt.line),
            }
        }
        self.prompt = Some(prompt);
    }

    /// Takes one condition out of the filter.
    pub(super) fn drop_condition(&mut self, at: usize) -> Vec<Effect> {
        if at >= self.filter.terms.len() {
            return self.say("there is no filter; \\ makes one");
        }
        let dropped = self.filter.terms.remove(at);
        self.filter_text = self.filter.to_string();
        self.say(format!("without {dropped}; \\ and Up bring it back"))
    }

    fn accept(&mut self, mut prompt: Prompt) -> Vec<Effect> {
        let text = prompt.field.text().trim().to_string();
        self.history.note(prompt.kind, &text);
        match prompt.kind {
            PromptKind::Find if text.is_empty() => Vec::new(),
            PromptKind::Find => {
                self.find = text;
                self.find_from(prompt.line);
                Vec::new()
            }
            PromptKind::Filter => match (self.options.parse_filter)(&text) {
                Ok(filter) => {
                    self.filter = filter;
                    self.filter_text = text;
                    Vec::new()
                }
                Err(error) => {
                    prompt.error = Some(error);
                    self.prompt = Some(prompt);
                    Vec::new()
                }
            },
            PromptKind::Note => self.keep_bookmark(text),
            PromptKind::Jump if text.is_empty() => Vec::new(),
            PromptKind::Jump => {
                let live = self.status.kind == SessionKind::Live;
                if text == "now" && live {
                    self.urgent = true;
                    return vec![Effect::Pause(false)];
                }
                let (earliest, latest) = update::reach(&self.status);
                match self.zone.read(&text, self.status.as_of, earliest, latest) {
                    Ok(time) => self.jump(time),
                    Err(mistake) => {
                        prompt.error = Some(mistake);
                        self.prompt = Some(prompt);
                        Vec::new()
                    }
                }
            }
        }
    }
}
