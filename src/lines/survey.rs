//! All lines of a window at once, from the newest back: counted by time, and by shape. It reads so
//! many lines, or so many bytes, and says how many it left.

use super::Reader;
use super::bytes::Bytes;
use super::event;
use super::held::Region;
use super::line::{Kind, Line};
use super::logged::{By, Logged};
use super::patterns::{Shaped, Shapes};
use super::shape;
use super::walk::{regions, text_of};
use super::wanted::{Owners, Wanted, bounds};
use std::borrow::Cow;

use crate::mask::{self, MASKED, Masked, Streams};
use crate::model::{Grade, Level, Timestamp, Why, Window};
use crate::query::survey::{LineCount, Since, Survey, SurveyOf, SurveyRequest, find_all};
use crate::query::view::{Anchor, LinesRequest};
use crate::store::{Snapshot, Stretch};

/// Lines that are read at most, about, ...
const LINES: u64 = 100_000;
/// ... and bytes.
const BYTES: u64 = 32 << 20;

/// What ends a survey.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    /// Lines, about.
    pub lines: u64,
    /// Bytes, about.
    pub bytes: u64,
}

impl Default for Most {
    fn default() -> Self {
        Self { lines: LINES, bytes: BYTES }
    }
}

impl<B: Bytes> Reader<B> {
    /// Answers a question about all lines of a window.
    pub fn survey(&mut self, snapshot: &Snapshot, request: &SurveyRequest) -> Survey {
        self.survey_most(snapshot, request, Most::default())
    }

    /// The same within other bounds.
    pub(super) fn survey_most(&mut self, snapshot: &Snapshot, request: &SurveyRequest, most: Most) -> Survey {
        self.held.begin();
        let SurveyRequest { as_of, of } = request;
        let lines = LinesRequest {
            function: of.function,
            request_id: None,
            range: None,
            filter: of.filter.clone(),
            shape: of.shape.clone(),
            as_of: *as_of,
            anchor: Anchor::Tail,
            count: 0,
            mask: false,
        };
        let wanted = Wanted::of(snapshot, &lines);
        let window = Window { from: as_of.plus(-of.window_ms.max(1)), to: as_of.plus(1) };
        let mut counted = Counted::new(of, window);
        let mut stretches = stretches(snapshot, &wanted, window);
        let (mut lines, mut read) = (0, 0);
        let mut gone = Vec::new();
        while let Some((stretch, region)) = stretches.pop() {
            if lines >= most.lines || read >= most.bytes {
                stretches.push((stretch, region));
                break;
            }
            lines += u64::from(stretch.lines);
            match self.count_in(&wanted, stretch, region, &mut counted) {
                Ok(bytes) => read += bytes,
                Err(_) if gone.contains(&region.source) => {}
                Err(why) => {
                    gone.push(region.source);
                    counted.survey.note.get_or_insert(why);
                }
            }
        }
        counted.survey.unread = stretches.iter().map(|(stretch, _)| u64::from(stretch.lines)).sum();
        counted.survey.read_after = stretches.last().map(|(stretch, _)| stretch.latest);
        let mut survey = counted.answer();
        if of.mask {
            let mut masked = Masked::default();
            for pattern in survey.patterns.iter_mut().flat_map(|patterns| &mut patterns.rows) {
                match mask::text(&pattern.newest, &mut masked) {
                    _ if pattern.of_key => pattern.newest = MASKED.to_string(),
                    Cow::Owned(text) => pattern.newest = text,
                    Cow::Borrowed(_) => {}
                }
            }
        }
        survey
    }

    /// Counts the lines of a stretch; returns how many bytes were read for it.
    fn count_in(
        &mut self,
        wanted: &Wanted<'_>,
        stretch: &Stretch,
        region: Region,
        counted: &mut Counted<'_>,
    ) -> Result<u64, String> {
        let source = region.source;
        let before = self.held.read;
        let lines = self.held.lines(&self.bytes, region)?;
        let texts = if wanted.texts || counted.texts() {
            let end = lines.last().map_or(region.from, |line| line.offset + u64::from(line.len));
            self.bytes.read(source, region.from, end)?
        } else {
            Vec::new()
        };
        let read = (self.held.read - before).max(texts.len() as u64);
        let owners = wanted.owners(source, stretch);
        let mut loggers: Option<Owners<'_>> = None;
        // The stretch before this one is read after it: a key that began there is known by its letters.
        let mut keys = Streams::default();
        for line in lines.iter() {
            if !counted.survey.window.holds(line.time) || !wanted.is_its(line, &self.held.names) {
                continue;
            }
            counted.survey.lines += 1;
            let text = if texts.is_empty() { String::new() } else { text_of(&texts, region.from, line) };
            let of_key = counted.shapes.is_some() && keys.of(line.stream).are_in(&text);
            if wanted.fulfils(line, &self.held.names, &text, owners.as_ref()) {
                let function = line.function.and_then(|name| self.held.names.get(name));
                counted.add(line, &text, function, of_key);
                if let Some(logged) = counted.logged.as_mut().filter(|_| line.kind == Kind::Log)
                    && let Some(event) = event::event(&text)
                {
                    // Most stretches have none.
                    let loggers = loggers.get_or_insert_with(|| wanted.all_owners(source, stretch));
                    let by = loggers.row_of(line, &self.held.names);
                    logged.add(
                        event,
                        by.map(|row| By { row: (row.start(), row.seq()), attempt: row.attempt() }),
                    );
                }
            }
        }
        Ok(read)
    }
}

/// The stretches in which there may be such lines, the newest last.
fn stretches<'a>(snapshot: &'a Snapshot, wanted: &Wanted<'_>, window: Window) -> Vec<(&'a Stretch, Region)> {
    let mut all = Vec::new();
    for (source, stretches) in snapshot.lines.sources() {
        let first = stretches.first().map(|first| first.offset);
        for (stretch, region) in regions(snapshot, source, stretches) {
            let first = first == Some(stretch.offset);
            let (earliest, latest) = bounds(stretch, first);
            if latest >= window.from && earliest < window.to && wanted.may_lie_in(stretch, first) {
                all.push((stretch, region));
            }
        }
    }
    all.sort_by_key(|(stretch, region)| (stretch.latest, region.source, region.from));
    all
}

struct Counted<'a> {
    of: &'a SurveyOf,
    survey: Survey,
    shapes: Option<Shapes>,
    logged: Option<Logged>,
}

impl<'a> Counted<'a> {
    fn new(of: &'a SurveyOf, window: Window) -> Self {
        let columns = of.columns.clamp(1, 1_000);
        let since = of.patterns.map(|since| match since {
            Since::Middle => window.from.plus(window.to.since(window.from) / 2),
            Since::At(time) => time,
        });
        let survey = Survey {
            window,
            columns: vec![LineCount::default(); columns],
            lines: 0,
            matching: 0,
            errors: 0,
            found: 0,
            unread: 0,
            read_after: None,
            note: None,
            patterns: None,
            events: None,
        };
        let logged = of.events.then(Logged::default);
        Self { of, survey, shapes: since.map(|since| Shapes::new(since, columns)), logged }
    }

    fn texts(&self) -> bool {
        !self.of.find.is_empty() || self.shapes.is_some() || self.logged.is_some()
    }

    fn add(&mut self, line: &Line, text: &str, function: Option<&std::sync::Arc<str>>, of_key: bool) {
        let column = column(line.time, self.survey.window, self.survey.columns.len());
        // What continues an error is not one more.
        let level = if line.kind == Kind::More { Level::Unknown } else { line.level };
        let bad = line.kind == Kind::Bad;
        let error = u32::from(level >= Level::Error || bad);
        let part = &mut self.survey.columns[column];
        (part.lines, part.errors) = (part.lines.saturating_add(1), part.errors.saturating_add(error));
        self.survey.matching += 1;
        self.survey.errors += u64::from(error);
        self.survey.found += u64::from(!find_all(text, &self.of.find).is_empty());
        if let Some(shapes) = &mut self.shapes {
            let platform = matches!(line.kind, Kind::Start | Kind::Report | Kind::Platform);
            let time = line.time;
            let shaped = Shaped { time, column, level, bad, platform, function, text, of_key };
            shapes.add(shape::of_line(line.kind, text), &shaped);
        }
    }

    fn answer(mut self) -> Survey {
        let whole = self.survey.unread == 0 && self.survey.note.is_none();
        let grade = if whole { Grade::Counted } else { Grade::AtLeast(Why::NotLookedAt) };
        let read = Window {
            from: self
                .survey
                .read_after
                .map_or(self.survey.window.from, |after| after.max(self.survey.window.from)),
            ..self.survey.window
        };
        self.survey.events = self.logged.map(|logged| logged.answer(grade, read));
        self.survey.patterns = self.shapes.map(|shapes| shapes.answer(self.survey.read_after));
        self.survey
    }
}

/// The part of the window in which a time lies.
fn column(time: Timestamp, window: Window, columns: usize) -> usize {
    let (after, length) = (time.since(window.from).max(0), window.to.since(window.from).max(1));
    let column = i128::from(after) * columns as i128 / i128::from(length);
    (column as usize).min(columns - 1)
}
