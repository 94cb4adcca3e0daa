//! The line at the foot that takes a text.

use crossterm::event::KeyCode;

use crate::ui::key::Key;
use crate::ui::status::SessionKind;
use crate::ui::widget::field::Field;

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
}

impl PromptKind {
    /// What stands before the field.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Find => "/",
            Self::Filter => "\\",
            Self::Jump => "time: ",
        }
    }
}

/// A prompt.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// What is asked.
    pub kind: PromptKind,
    /// The text.
    pub field: Field,
    /// What is wrong with it, as typed so far.
    pub error: Option<String>,
    /// The line that was selected when it opened, for coming back to.
    line: usize,
}

impl UiState {
    pub(super) fn open_prompt(&mut self, kind: PromptKind) {
        let text = match kind {
            PromptKind::Filter => self.filter_text.as_str(),
            PromptKind::Find | PromptKind::Jump => "",
        };
        let line = self.selected_line();
        self.prompt = Some(Prompt { kind, field: Field::new(text), error: None, line });
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
            _ => {
                if !prompt.field.edit(key) {
                    self.prompt = Some(prompt);
                    return Vec::new();
                }
            }
        }
        self.typed(prompt);
        Vec::new()
    }

    pub(super) fn prompt_paste(&mut self, text: &str) {
        if let Some(mut prompt) = self.prompt.take() {
            prompt.field.insert(text);
            self.typed(prompt);
        }
    }

    /// What a text says while it is typed: a filter whether it can be read, a search where it
    /// leads to in a list.
    fn typed(&mut self, mut prompt: Prompt) {
        let text = prompt.field.text();
        prompt.error = match prompt.kind {
            PromptKind::Filter => (self.options.parse_filter)(text).err(),
            PromptKind::Find | PromptKind::Jump => None,
        };
        if prompt.kind == PromptKind::Find && !text.is_empty() {
            match self.find_line(text, prompt.line, true, true) {
                Some(line) => self.select_line(line),
                None => self.select_line(prompt.line),
            }
        }
        self.prompt = Some(prompt);
    }

    fn accept(&mut self, mut prompt: Prompt) -> Vec<Effect> {
        let text = prompt.field.text().trim().to_string();
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
                    Err(error) => {
                        prompt.error = Some(error);
                        self.prompt = Some(prompt);
                        Vec::new()
                    }
                }
            }
        }
    }
}
