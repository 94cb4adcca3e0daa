//! What goes into a file: the screen as it is, the table as it stands.

use crate::model::Timestamp;
use crate::query::filter::Filter;
use crate::query::view::{Anchor, LinesRequest};
use crate::ui::keymap::ViewKind;
use crate::ui::picture::{self, Picture};
use crate::ui::status::SessionKind;
use crate::ui::view;

use super::logs::Scope;
use super::palette::Reader;
use super::state::{Effect, UiState};

impl UiState {
    /// The screen without what lies over it, as a picture.
    pub(super) fn saved_screen(&self, picture: Picture) -> Effect {
        let mut clean = self.clone();
        (clean.prompt, clean.palette, clean.menu, clean.notice) = (None, None, None, None);
        // A file goes to others.
        clean.masked = true;
        clean.mask_lines();
        let (width, height) = self.size;
        let mut buffer = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, width, height));
        view::draw(&clean, &mut buffer);
        let text = match picture {
            Picture::Text => picture::text(&buffer),
            Picture::Ansi => picture::ansi(&buffer),
            Picture::Svg => picture::svg(&buffer, &self.options.theme),
        };
        Effect::Save { name: self.file_name(picture.extension()), bytes: text.into_bytes() }
    }

    pub(super) fn save_table(&mut self) -> Vec<Effect> {
        let masked = std::mem::replace(&mut self.masked, true);
        let table = view::sheet(self);
        self.masked = masked;
        match table {
            Some(table) => {
                vec![Effect::Save {
                    name: self.file_name("csv"),
                    bytes: view::csv(&table.masked()).into_bytes(),
                }]
            }
            None => self.say("there is no table in this view"),
        }
    }

    /// A report of what is wrong.
    pub(super) fn save_incident(&mut self, reader: Reader) -> Vec<Effect> {
        let (text, extension) = match reader {
            Reader::Person => (view::incident::markdown(self), "md"),
            Reader::Program => (view::incident::json(self), "json"),
        };
        match text {
            Some(text) => vec![Effect::Save {
                name: self.named("incident", self.status.as_of, extension),
                bytes: text.into_bytes(),
            }],
            None => self.say("nothing was shown yet that could be reported"),
        }
    }

    /// The log lines of what is selected: in the log view those that it shows, of an invocation its
    /// own, else those of the selected function in the window.
    pub(super) fn save_capture(&mut self, mask: bool) -> Vec<Effect> {
        let as_of = self.status.as_of;
        let window = Anchor::At(as_of.plus(-self.window_ms));
        let (scope, filter, anchor) = match self.lines_here() {
            Some(lines) => {
                let all = self.view() != ViewKind::Logs;
                let filter = if all { Filter::default() } else { self.filter.clone() };
                (lines.scope.clone(), filter, Anchor::At(Timestamp::MIN))
            }
            None => match (self.chosen_invocation(), self.subject()) {
                (Some((row, name)), _) => {
                    (Scope::invocation(&row, name), Filter::default(), Anchor::At(Timestamp::MIN))
                }
                (None, Some((id, name))) => (Scope::function(id, name), Filter::default(), window),
                (None, None) => return self.say("nothing is selected that has log lines"),
            },
        };
        let request = LinesRequest { anchor, ..scope.request(filter, as_of) };
        vec![Effect::SaveCapture { name: self.file_name("ndjson"), request, mask }]
    }

    /// Begins to record what arrives, or stops.
    pub(super) fn record(&mut self) -> Vec<Effect> {
        match (self.status.kind, self.status.recording) {
            (_, Some(_)) => vec![Effect::Record(None)],
            (SessionKind::Live, None) => {
                vec![Effect::Record(Some(self.named("recording", self.status.latest, "ndjson")))]
            }
            (SessionKind::Replay { .. }, None) => {
                self.say("nothing arrives in a replay; S writes what is selected into a file")
            }
        }
    }

    /// What is shown, and as of when.
    fn file_name(&self, extension: &str) -> String {
        let view = self.view().word();
        self.named(view, self.status.as_of, extension)
    }

    /// `lamtop-overview-20261123T140531Z.csv`.
    fn named(&self, what: &str, at: Timestamp, extension: &str) -> String {
        let time = self.zone.date(at).replace('-', "") + "T" + &self.zone.seconds(at).replace(':', "");
        let zone = if self.zone.mark(at) == "Z" { "Z" } else { "" };
        format!("lamtop-{what}-{time}{zone}.{extension}")
    }
}
