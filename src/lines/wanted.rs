//! Which lines are asked for.

use rustc_hash::FxHashMap;

use super::line::{Kind, Line, Name, Names};
use super::{alike, shape};
use crate::model::{FunctionId, Level, SourceId, Timestamp};
use crate::query::filter::{Condition, contains, wild};
use crate::query::view::LinesRequest;
use crate::query::{AsOf, answer};
use crate::store::{FunctionData, Row, Snapshot, Standing, Stretch};

/// The longest that an invocation runs, and how much its lines may be out of order, in ms.
const LONGEST_MS: i64 = 16 * 60_000;

/// The conditions of a question.
pub struct Wanted<'a> {
    /// As of when, of what.
    pub asof: AsOf<'a>,
    request: &'a LinesRequest,
    function: Option<&'a str>,
    /// The functions of which there may be lines; `None` for all and for those of no function.
    functions: Option<Vec<FunctionId>>,
    /// Whether the text of lines is asked for.
    pub texts: bool,
    invocations: bool,
}

impl<'a> Wanted<'a> {
    /// What a question asks for.
    pub fn of(snapshot: &'a Snapshot, request: &'a LinesRequest) -> Self {
        let asof = AsOf::new(snapshot, request.as_of);
        let terms = &request.filter.terms;
        let name = |id: FunctionId| snapshot.function(id).map_or("", |function| &*function.name);
        let asked = terms.iter().any(|term| !term.not && matches!(term.what, Condition::Function(_)));
        let functions = match request.function {
            Some(id) => Some(vec![id]),
            None if asked => {
                let all = (0..snapshot.functions.len() as u32).map(FunctionId);
                let of = |id: &FunctionId| request.filter.of_function(name(*id)) != Some(false);
                Some(all.filter(of).collect())
            }
            None => None,
        };
        Self {
            asof,
            request,
            function: request.function.map(name),
            functions,
            texts: request.shape.is_some()
                || terms.iter().any(|term| {
                    matches!(term.what, Condition::Text(_) | Condition::Pattern(_) | Condition::Trace(_))
                }),
            invocations: terms.iter().any(|term| {
                matches!(
                    term.what,
                    Condition::Cold
                        | Condition::Status(_)
                        | Condition::Duration(..)
                        | Condition::Memory(..)
                        | Condition::Id(_)
                        | Condition::Trace(_)
                )
            }),
        }
    }

    /// Whether all lines are wanted that are known.
    pub fn all(&self) -> bool {
        let LinesRequest { filter, function, request_id, shape, .. } = self.request;
        filter.is_empty() && function.is_none() && request_id.is_none() && shape.is_none()
    }

    /// Whether there may be such lines in a stretch. In the first of a source there may be some
    /// that were always known: they have no time.
    pub fn may_lie_in(&self, stretch: &Stretch, first: bool) -> bool {
        let functions = self.functions.as_ref();
        // Of facts the store knows that those behind others in a stream were not known before
        // them; a line is shown by itself.
        (first || stretch.known.min(stretch.earliest) <= self.asof.at)
            && functions
                .is_none_or(|any| stretch.unknown || any.iter().any(|id| stretch.functions.holds(*id)))
    }

    /// The invocations of lines in a stretch, where the conditions ask for them.
    pub fn owners(&self, source: SourceId, stretch: &Stretch) -> Option<Owners<'a>> {
        self.invocations.then(|| Owners::of(self.asof, source, stretch, self.functions.as_deref()))
    }

    /// The same, whatever the conditions ask for.
    pub fn all_owners(&self, source: SourceId, stretch: &Stretch) -> Owners<'a> {
        Owners::of(self.asof, source, stretch, self.functions.as_deref())
    }

    /// Whether a line is wanted; its request id is not asked for here.
    pub fn holds(
        &self,
        line: &Line,
        names: &Names,
        text: impl FnOnce() -> String,
        owners: Option<&Owners<'_>>,
    ) -> bool {
        let text = || if self.texts { text() } else { String::new() };
        self.is_its(line, names) && self.fulfils(line, names, &text(), owners)
    }

    /// Whether a line is known and one of those among which is chosen.
    pub fn is_its(&self, line: &Line, names: &Names) -> bool {
        let name = || line.function.and_then(|name| names.get(name)).map(|name| &**name);
        line.known <= self.asof.at && self.function.is_none_or(|function| name() == Some(function))
    }

    /// Whether a line is chosen.
    pub fn fulfils(&self, line: &Line, names: &Names, text: &str, owners: Option<&Owners<'_>>) -> bool {
        if self
            .request
            .shape
            .as_ref()
            .is_some_and(|shape| !alike::is_of(&shape::of_line(line.kind, text), shape))
        {
            return false;
        }
        if self.request.filter.is_empty() {
            return true;
        }
        let name = line.function.and_then(|name| names.get(name)).map(|name| &**name);
        let owner = owners.and_then(|owners| owners.of_line(line, names));
        let of_owner = |condition: &Condition| {
            let answer =
                owner.map(|owner| answer(self.asof, owner.function, &owner.row, &owner.standing, condition));
            answer.flatten().unwrap_or(false)
        };
        self.request.filter.holds(|condition| {
            Some(match condition {
                Condition::Function(pattern) => name.is_some_and(|name| wild(pattern, name)),
                Condition::Failed => line.level >= Level::Error || line.kind == Kind::Bad,
                Condition::Level(compare, level) => {
                    line.level != Level::Unknown && compare.holds(line.level, *level)
                }
                Condition::Text(wanted) => {
                    contains(text, wanted) || name.is_some_and(|name| contains(name, wanted))
                }
                Condition::Pattern(pattern) => {
                    pattern.is_in(text) || name.is_some_and(|name| pattern.is_in(name))
                }
                Condition::Id(part) => {
                    line.id.as_deref().is_some_and(|id| contains(id, part)) || of_owner(condition)
                }
                // REPORT prints it, and application lines may.
                Condition::Trace(part) => contains(text, part) || of_owner(condition),
                Condition::Cold | Condition::Status(_) | Condition::Duration(..) | Condition::Memory(..) => {
                    of_owner(condition)
                }
            })
        })
    }

    /// The request id whose lines are asked for.
    pub fn request_id(&self) -> Option<&'a str> {
        self.request.request_id.as_deref()
    }
}

/// An invocation that lines may belong to.
struct Owner<'a> {
    function: &'a FunctionData,
    row: Row,
    standing: Standing,
}

/// The invocations that lines of a stretch may belong to.
pub struct Owners<'a> {
    source: SourceId,
    all: Vec<Owner<'a>>,
    by_id: FxHashMap<String, Vec<usize>>,
    by_stream: FxHashMap<&'a str, Vec<usize>>,
}

impl<'a> Owners<'a> {
    fn of(asof: AsOf<'a>, source: SourceId, stretch: &Stretch, only: Option<&[FunctionId]>) -> Self {
        let mut owners =
            Self { source, all: Vec::new(), by_id: FxHashMap::default(), by_stream: FxHashMap::default() };
        let texts = &asof.snapshot.texts;
        let from = (stretch.earliest.plus(-LONGEST_MS), 0);
        let wanted =
            |id: &FunctionId| stretch.functions.holds(*id) && only.is_none_or(|only| only.contains(id));
        for (_, function) in asof.functions().filter(|(id, _)| wanted(id)) {
            // A REPORT alone began before its line.
            for row in function.rows.from(from).take_while(|row| row.start() <= stretch.latest) {
                let Some(standing) = asof.standing(function, row) else { continue };
                let at = owners.all.len();
                owners.by_id.entry(texts.ids.show_request(row.request_id())).or_default().push(at);
                let environment = row.environment().and_then(|id| function.environments.get(id));
                if let Some(environment) = environment {
                    let stream = texts.names.get(environment.first.stream);
                    owners.by_stream.entry(stream).or_default().push(at);
                }
                owners.all.push(Owner { function, row: *row, standing });
            }
        }
        owners
    }

    /// The row of that invocation.
    pub fn row_of(&self, line: &Line, names: &Names) -> Option<&Row> {
        self.of_line(line, names).map(|owner| &owner.row)
    }

    /// The invocation that a line prints, else the only one that runs in its stream where it lies.
    fn of_line(&self, line: &Line, names: &Names) -> Option<&Owner<'a>> {
        if let Some(id) = &line.id {
            let attempts = self.by_id.get(&**id)?;
            let mut begun = attempts
                .iter()
                .map(|at| &self.all[*at])
                .filter(|owner| owner.row.start() <= line.time || owner.row.lines().from <= line.offset);
            return begun.next_back();
        }
        let stream: Name = line.stream?;
        let in_stream = self.by_stream.get(&**names.get(stream)?)?;
        let mut here = in_stream.iter().map(|at| &self.all[*at]).filter(|owner| {
            let lines = owner.row.lines();
            lines.source == self.source
                && lines.from <= line.offset
                && (owner.standing.end.is_none() || line.offset < lines.to)
        });
        let owner = here.next()?;
        here.next().is_none().then_some(owner)
    }
}

/// The time before which all lines of a stretch lie, and the one after which they do.
pub fn bounds(stretch: &Stretch, first: bool) -> (Timestamp, Timestamp) {
    let none = stretch.earliest == Timestamp::NEVER;
    // What lies before the first record of a source has no time.
    let lower = if first || none { Timestamp::MIN } else { stretch.earliest };
    (lower, stretch.latest)
}
