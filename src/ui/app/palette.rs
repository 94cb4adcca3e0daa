//! The palette: everything that can be done, found by a few of its letters.

use std::cell::RefCell;
use std::cmp::Reverse;

use crossterm::event::KeyCode;
use nucleo_matcher::pattern::{Atom, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::ui::key::Key;
use crate::ui::keymap::{Action, Keymap, ViewKind};
use crate::ui::picture::Picture;
use crate::ui::theme::{BUILT_IN, Theme};
use crate::ui::view::overview;
use crate::ui::widget::field::Field;

use super::bookmarks::Bookmark;
use super::copies::Copied;
use super::fields::Fields;
use super::state::{Effect, UiState};

/// With what the menus of one kind of thing begin: while it stands there, nothing else is listed.
const KINDS: [&str; 5] = ["save ", "copy ", "column ", "field ", "theme "];

/// Characters of what would be copied that are shown.
const PREVIEW: usize = 160;

/// Something that can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// What a key does.
    Act(Action),
    /// Show everything in this theme.
    Theme(&'static str),
    /// Write the screen into a file.
    Screen(Picture),
    /// Write the table into a file.
    Table,
    /// Write what is wrong, with its evidence, into a file: for people, or for programs.
    Incident(Reader),
    /// Copy this of what is selected, by its place among [`Things::copies`].
    Copy(usize),
    /// Write the log lines of what is selected into a file that replays; whether what others must not
    /// see is masked.
    Capture(bool),
    /// Narrow everything to the tagged functions.
    OnlyTagged,
    /// Hide this column of the table of functions, or show it again, by its place among
    /// [`overview::choosable`].
    Column(usize),
    /// Show this field of JSON lines before their messages, or no more, by its place among
    /// [`Things::fields`].
    Field(usize),
    /// Take this condition out of the filter.
    Drop(usize),
    /// Go to this bookmark.
    Bookmark(usize),
    /// Take the mouse for the wheel, or give it back.
    Mouse(bool),
}

/// Who reads a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A person: Markdown.
    Person,
    /// A program: JSON.
    Program,
}

impl Command {
    /// All of them: what keys do first, in the order of the help.
    pub fn all() -> impl Iterator<Item = Self> {
        // These open the palette itself, for what it has already; what is copied is told in full.
        let here =
            [Action::Palette, Action::Save, Action::SetUp, Action::CopyMenu, Action::Copy, Action::Columns];
        let actions = Action::ALL.iter().copied().filter(move |action| !here.contains(action));
        let themes = BUILT_IN.iter().map(|(name, _)| Self::Theme(name));
        let files = Picture::ALL.into_iter().map(Self::Screen).chain([
            Self::Table,
            Self::Incident(Reader::Person),
            Self::Incident(Reader::Program),
            Self::Capture(true),
            Self::Capture(false),
        ]);
        let tagged = std::iter::once(Self::OnlyTagged);
        let mouse = [true, false].map(Self::Mouse);
        let columns = (0..overview::choosable().count()).map(Self::Column);
        actions.map(Self::Act).chain(tagged).chain(files).chain(themes).chain(columns).chain(mouse)
    }

    /// What it is called.
    pub fn label(self, things: &Things) -> String {
        let named = |all: &[String], at: usize| all.get(at).cloned().unwrap_or_default();
        match self {
            Self::Copy(at) => {
                things.copies.get(at).map_or_else(String::new, |copied| format!("copy {}", copied.what))
            }
            Self::Column(at) => {
                let title = overview::choosable().nth(at).unwrap_or_default();
                let now = if things.hidden.contains(&title) { "show" } else { "hide" };
                format!("column {}: {now}", title.trim())
            }
            Self::Field(at) => things.fields.label(at),
            Self::Drop(at) => format!("filter: without {}", named(&things.conditions, at)),
            Self::Bookmark(at) => format!("bookmark {}", named(&things.bookmarks, at)),
            Self::Act(action) => action.label().to_string(),
            Self::Theme(name) => format!("theme {name}"),
            Self::Screen(picture) => format!("save the screen as {}", picture.words()),
            Self::Table => "save the table as CSV".to_string(),
            Self::Incident(Reader::Person) => "save a report of what is wrong as Markdown".to_string(),
            Self::Incident(Reader::Program) => "save a report of what is wrong as JSON".to_string(),
            Self::Capture(true) => "save its log lines as a capture that replays, masked".to_string(),
            Self::Capture(false) => "save its log lines as a capture that replays, raw".to_string(),
            Self::OnlyTagged => "filter: only the tagged functions".to_string(),
            Self::Mouse(true) => "mouse: take it for the wheel".to_string(),
            Self::Mouse(false) => "mouse: give it back to the terminal".to_string(),
        }
    }

    /// The same, and what it does.
    pub fn words(self, things: &Things) -> String {
        match self {
            Self::Act(action) => format!("{}: {}", action.label(), action.help()),
            Self::Copy(at) => {
                let text = things.copies.get(at).map_or("", |copied| copied.text.as_str());
                // No more than fits on any screen.
                format!("{}: {}", self.label(things), text.chars().take(PREVIEW).collect::<String>())
            }
            Self::Field(at) => things.fields.words(at),
            _ => self.label(things),
        }
    }

    /// The keys that do the same.
    pub fn keys(self, keymap: &Keymap) -> String {
        match self {
            Self::Act(action) => keymap.shown(action),
            Self::Theme(_) => keymap.shown(Action::SetUp),
            Self::Screen(_) | Self::Table | Self::Incident(_) | Self::Capture(_) => {
                keymap.shown(Action::Save)
            }
            Self::Copy(0) => keymap.shown(Action::Copy),
            Self::Copy(_) => keymap.shown(Action::CopyMenu),
            Self::Column(_) | Self::Field(_) => keymap.shown(Action::Columns),
            Self::Drop(_) => keymap.shown(Action::DropCondition),
            Self::Bookmark(_) => keymap.shown(Action::NextBookmark),
            Self::Mouse(_) | Self::OnlyTagged => String::new(),
        }
    }

    /// Whether it does something in a view.
    pub fn works(self, view: ViewKind) -> bool {
        match self {
            Self::Act(action) => action.views().contains(&view),
            Self::Column(_) => view == ViewKind::Overview,
            Self::Field(_) => matches!(view, ViewKind::Logs | ViewKind::Invocation),
            _ => true,
        }
    }
}

/// What there is that something can be done with.
#[derive(Clone, Debug, Default)]
pub struct Things {
    /// What can be copied.
    pub copies: Vec<Copied>,
    /// The conditions of the filter, as they are typed.
    pub conditions: Vec<String>,
    /// The bookmarks: time and note.
    pub bookmarks: Vec<String>,
    /// The hidden columns of the table of functions.
    pub hidden: Vec<&'static str>,
    /// The fields of the log lines at hand.
    pub fields: Fields,
}

impl Things {
    fn commands(&self) -> impl Iterator<Item = Command> {
        let copies = (0..self.copies.len()).map(Command::Copy);
        let conditions = (0..self.conditions.len()).map(Command::Drop);
        let fields = (0..self.fields.all.len()).map(Command::Field);
        copies.chain(conditions).chain(fields).chain((0..self.bookmarks.len()).map(Command::Bookmark))
    }
}

/// The palette while it is open.
#[derive(Clone, Debug)]
pub struct Palette {
    /// What is typed.
    pub field: Field,
    /// What matches it, best first.
    pub found: Vec<Command>,
    /// The one that is selected.
    pub at: usize,
    /// What there was when it was opened.
    pub things: Things,
    /// Whether a text can be typed; else letters are the keys that they are elsewhere.
    pub types: bool,
    /// The theme that was shown before, for coming back to.
    theme: Theme,
}

/// What matches a text in a view: what works here first, of that what is called so before what only
/// speaks of it, the best first. Without a text all.
fn found(text: &str, view: ViewKind, things: &Things) -> Vec<Command> {
    thread_local! {
        static MATCHER: RefCell<Matcher> = RefCell::new(Matcher::new(Config::DEFAULT));
    }
    let pattern = Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart);
    let kind = KINDS.into_iter().find(|kind| text.starts_with(kind)).unwrap_or_default();
    let mut scored: Vec<((bool, Reverse<_>, Reverse<_>), Command)> = MATCHER.with_borrow_mut(|matcher| {
        let all = Command::all().chain(things.commands());
        let all = all.filter(|command| command.label(things).starts_with(kind));
        let scored = all.filter_map(|command| {
            // What is to be copied is found by its name, not by what stands in it.
            let words = if matches!(command, Command::Copy(_)) {
                command.label(things)
            } else {
                command.words(things)
            };
            // In a name letters may stand apart; in a sentence every few letters stand somewhere.
            let label = score(&pattern.atoms, &command.label(things), matcher, |letters| 2 * letters + 4);
            let words = score(&pattern.atoms, &words, matcher, |letters| letters + letters / 2 + 2);
            label.or(words)?;
            Some(((!command.works(view), Reverse(label), Reverse(words)), command))
        });
        scored.collect()
    });
    scored.sort_by_key(|(rank, _)| *rank);
    scored.into_iter().map(|(_, command)| command).collect()
}

/// How well a text has all words of what was typed, the letters of each within so many: none where it has not.
fn score(atoms: &[Atom], text: &str, matcher: &mut Matcher, within: fn(usize) -> usize) -> Option<u32> {
    let (mut letters, mut found, mut sum) = (Vec::new(), Vec::new(), 0);
    let text = Utf32Str::new(text, &mut letters);
    for atom in atoms {
        found.clear();
        sum += u32::from(atom.indices(text, matcher, &mut found)?);
        let ends = found.iter().min().zip(found.iter().max());
        let span = ends.map_or(0, |(first, last)| (last - first + 1) as usize);
        if span > within(atom.needle_text().len()) {
            return None;
        }
    }
    Some(sum)
}

impl UiState {
    pub(super) fn open_palette(&mut self, text: &str) {
        let bookmark = |bookmark: &Bookmark| {
            let zone = self.zone;
            format!("{}{} {}", zone.seconds(bookmark.at), zone.mark(bookmark.at), bookmark.note)
        };
        let things = Things {
            copies: self.copies(),
            conditions: self.filter.terms.iter().map(ToString::to_string).collect(),
            bookmarks: self.bookmarks.iter().map(bookmark).collect(),
            hidden: self.hidden.clone(),
            fields: self.fields_here(),
        };
        let found = found(text, self.view(), &things);
        let theme = self.options.theme.clone();
        self.palette = Some(Palette { field: Field::new(text), found, at: 0, things, types: true, theme });
    }

    /// The themes, and nothing to type: they are few.
    pub(super) fn open_themes(&mut self) {
        self.open_palette("theme ");
        if let Some(palette) = &mut self.palette {
            palette.types = false;
        }
    }

    /// The palette with what can be copied.
    pub(super) fn open_copies(&mut self) -> Vec<Effect> {
        self.open_palette("copy ");
        match &self.palette {
            Some(palette) if palette.things.copies.is_empty() => {
                self.palette = None;
                self.say("nothing is selected")
            }
            _ => Vec::new(),
        }
    }

    /// A key while the palette is open.
    pub(super) fn palette_key(&mut self, key: Key) -> Vec<Effect> {
        let Some(mut palette) = self.palette.take() else { return Vec::new() };
        let last = palette.found.len().saturating_sub(1);
        let key = if palette.types { key } else { self.as_arrow(key) };
        match (key.code, key.ctrl) {
            (KeyCode::Esc, _) => {
                self.options.theme = palette.theme;
                return Vec::new();
            }
            (KeyCode::Enter, _) => {
                self.options.theme = palette.theme.clone();
                return match palette.found.get(palette.at).copied() {
                    Some(Command::Copy(at)) if at < palette.things.copies.len() => {
                        self.send(palette.things.copies.swap_remove(at).text)
                    }
                    Some(Command::Field(at)) => self.choose_field(palette, at),
                    Some(command) => self.command(command),
                    None => self.say("nothing of that name can be done"),
                };
            }
            (KeyCode::Down | KeyCode::Tab, _) | (KeyCode::Char('n'), true) => {
                palette.at = if palette.at == last { 0 } else { palette.at + 1 };
            }
            (KeyCode::Up | KeyCode::BackTab, _) | (KeyCode::Char('p'), true) => {
                palette.at = palette.at.checked_sub(1).unwrap_or(last);
            }
            (KeyCode::PageDown, _) => palette.at = (palette.at + 10).min(last),
            (KeyCode::PageUp, _) => palette.at = palette.at.saturating_sub(10),
            _ if !palette.types => {}
            _ => {
                if palette.field.edit(key) {
                    palette.found = found(palette.field.text(), self.view(), &palette.things);
                    palette.at = 0;
                }
            }
        }
        self.preview(palette);
        Vec::new()
    }

    /// The key that means in every list what this one means on the overview.
    pub(super) fn as_arrow(&self, key: Key) -> Key {
        let code = match self.options.keymap.action(ViewKind::Overview, key) {
            Some(Action::Down) => KeyCode::Down,
            Some(Action::Up) => KeyCode::Up,
            Some(Action::PageDown | Action::HalfDown) => KeyCode::PageDown,
            Some(Action::PageUp | Action::HalfUp) => KeyCode::PageUp,
            Some(Action::Open) => KeyCode::Enter,
            Some(Action::Back | Action::Close) => KeyCode::Esc,
            _ => return key,
        };
        Key { code, ctrl: false, alt: false }
    }

    pub(super) fn palette_paste(&mut self, text: &str) {
        let typed_into = self.palette.take_if(|palette| palette.types);
        if let Some(mut palette) = typed_into {
            palette.field.insert(text);
            palette.found = found(palette.field.text(), self.view(), &palette.things);
            palette.at = 0;
            self.preview(palette);
        }
    }

    /// A theme is shown while it is selected.
    fn preview(&mut self, palette: Palette) {
        self.options.theme = match palette.found.get(palette.at) {
            Some(Command::Theme(name)) => self.theme_of(name).unwrap_or_else(|| palette.theme.clone()),
            _ => palette.theme.clone(),
        };
        self.palette = Some(palette);
    }

    fn theme_of(&self, name: &str) -> Option<Theme> {
        Some(Theme::built_in(name)?.at_depth(self.options.depth))
    }

    fn command(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::Act(action) if !command.works(self.view()) => {
                self.say(format!("{} does nothing in this view", action.label()))
            }
            Command::Act(action) => self.act(action),
            Command::Theme(name) => {
                if let Some(theme) = self.theme_of(name) {
                    self.options.theme = theme;
                    self.theme_chosen = Some(name);
                }
                Vec::new()
            }
            Command::Screen(picture) => vec![self.saved_screen(picture)],
            Command::Table => self.save_table(),
            Command::Incident(reader) => self.save_incident(reader),
            Command::OnlyTagged => self.only_tagged(),
            Command::Capture(mask) => self.save_capture(mask),
            Command::Column(at) => {
                if let Some(title) = overview::choosable().nth(at) {
                    self.toggle_column(title);
                }
                // Whoever chooses one column often chooses another.
                self.open_palette("column ");
                if let Some(palette) = &mut self.palette {
                    let same = palette.found.iter().position(|other| *other == command);
                    palette.at = same.unwrap_or(0);
                }
                Vec::new()
            }
            Command::Drop(at) => self.drop_condition(at),
            Command::Bookmark(at) => match self.bookmarks.get(at).cloned() {
                Some(bookmark) => self.open_bookmarked(&bookmark),
                None => Vec::new(),
            },
            // The palette itself has what is copied, and the fields.
            Command::Copy(_) | Command::Field(_) => Vec::new(),
            Command::Mouse(on) => {
                self.notice = Some(match on {
                    true => "the wheel scrolls; the terminal's own selection needs Shift".to_string(),
                    false => "the mouse is the terminal's again".to_string(),
                });
                vec![Effect::Mouse(on)]
            }
        }
    }
}
