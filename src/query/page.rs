//! A list of invocations page by page: in any order, from any place in it, with work that is
//! bounded however long the history is.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use crate::model::{EnvironmentId, FunctionId, Graded, Timestamp, Why, Window};
use crate::store::{Row, Snapshot, Standing};

use super::asof::AsOf;
use super::axis::Axis;
use super::detail::invocation;
use super::errors::ErrorKey;
use super::figures;
use super::filter::{Filter, failed};
use super::scan;
use super::select::{Member, Selection};
use super::view::{InvocationRow, InvocationState, Retrying};
use super::waiting;

/// Invocations that one answer looks at, at most: of more only the newest, or those around the
/// place that is asked for.
pub const LOOKED: usize = 500_000;

/// What comes first in a list of invocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub enum Ranking {
    /// The newest.
    #[default]
    Newest,
    /// Those that failed, then those that run for too long; of each the newest.
    Failed,
    /// The longest duration; those that have none last.
    Slowest,
    /// The longest init or restore; then other cold starts.
    Coldest,
    /// The most memory used.
    Memory,
}

impl Ranking {
    /// In the order of the columns that show them.
    pub const ALL: [Self; 5] = [Self::Newest, Self::Failed, Self::Slowest, Self::Coldest, Self::Memory];

    /// What it puts first, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Newest => "newest first",
            Self::Failed => "failed first",
            Self::Slowest => "slowest first",
            Self::Coldest => "coldest first",
            Self::Memory => "largest memory first",
        }
    }
}

/// Where an invocation stands in a list: what it is ranked by, then its start, then its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// What it is ranked by; 0 where that is the start alone.
    pub rank: u64,
    /// When it began.
    pub start: Timestamp,
    /// Its number.
    pub seq: u64,
}

impl Place {
    const FIRST: Self = Self { rank: u64::MAX, start: Timestamp::NEVER, seq: u64::MAX };
    const LAST: Self = Self { rank: 0, start: Timestamp::MIN, seq: 0 };
}

/// Which part of the list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Part {
    /// Its beginning.
    #[default]
    First,
    /// Its end.
    Last,
    /// What is around a place, half of it before.
    Around(Place),
}

/// A question for a page.
#[derive(Clone, Debug, PartialEq)]
pub struct PageRequest {
    /// The time as of which is asked.
    pub as_of: Timestamp,
    /// The span in which it must have begun.
    pub window: Window,
    /// What is looked at.
    pub filter: Filter,
    /// Of one function only.
    pub function: Option<FunctionId>,
    /// Of one of its environments only.
    pub environment: Option<EnvironmentId>,
    /// Of one group of errors only.
    pub error: Option<ErrorKey>,
    /// What comes first.
    pub ranking: Ranking,
    /// Whether the order is turned round.
    pub reverse: bool,
    /// Which part of the list.
    pub part: Part,
    /// At most so many rows.
    pub count: usize,
}

/// A row of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Where it stands.
    pub place: Place,
    /// The function's name.
    pub name: Arc<str>,
    /// The invocation.
    pub row: InvocationRow,
}

/// A part of a list of invocations.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The question.
    pub request: PageRequest,
    /// The rows, in the order asked for.
    pub rows: Vec<Listed>,
    /// Rows before the first of these; `None` where nobody counted them.
    pub before: Option<u64>,
    /// How many there are in all.
    pub matching: Graded<u64>,
    /// Whether the list begins with the first of these rows.
    pub at_start: bool,
    /// Whether it ends with the last.
    pub at_end: bool,
    /// Nothing that began before was looked at: there are too many.
    pub looked_from: Option<Timestamp>,
    /// Asynchronous events of these functions that wait to be tried again, where logs tell of some.
    pub retrying: Option<Retrying>,
}

/// Answers for a part of a list; looks at `most` invocations at most ([`LOOKED`]).
pub fn page(snapshot: &Snapshot, request: &PageRequest, most: usize) -> Page {
    let asof = AsOf::new(snapshot, request.as_of);
    let selection = Selection::of(asof, &request.filter, request.function);
    let window = Window { to: request.window.to.min(asof.at.plus(1)), ..request.window };
    let retrying = waiting::retrying(asof, selection.members.iter().map(|member| member.function));
    let list = List { asof, members: &selection.members, request, window };
    let page = match reach(&selection.members, window, most) {
        Some(_) if request.ranking == Ranking::Newest => {
            let narrowed = request.environment.is_some() || request.error.is_some();
            let plain = !narrowed && !selection.in_part();
            list.walked(plain.then(|| started(asof, &selection, window)), most)
        }
        reached => list.ranked(reached),
    };
    Page { retrying, ..page }
}

/// The newest part of a window in which at most `most` invocations began, from this time on;
/// `None` where the whole window has no more.
fn reach(members: &[Member<'_>], window: Window, most: usize) -> Option<Timestamp> {
    let mut pages: Vec<(Timestamp, usize)> = Vec::new();
    for member in members {
        for page in member.function.rows.pages().rev() {
            let (Some(first), Some(last)) = (page.items().first(), page.items().last()) else { continue };
            if last.start() < window.from {
                break;
            }
            if first.start() < window.to {
                pages.push((first.start(), page.items().len()));
            }
        }
    }
    if pages.iter().map(|(_, rows)| rows).sum::<usize>() <= most {
        return None;
    }
    pages.sort_unstable_by_key(|(first, _)| std::cmp::Reverse(*first));
    let mut rows = 0;
    let beyond = pages.iter().find(|(_, more)| {
        rows += more;
        rows > most
    });
    // The page that is too much begins here and may end at any later time: what is left out of it
    // began before the pages after it, and of those the rows from then on are not too many.
    let from = beyond.map(|(first, _)| *first)?;
    let after = pages.iter().map(|(first, _)| *first).filter(|first| *first > from).min();
    Some(after.unwrap_or(from).max(window.from))
}

/// How many invocations of a selection began in a window, without looking at them.
fn started(asof: AsOf<'_>, selection: &Selection<'_>, window: Window) -> u64 {
    figures::fold_all(asof, selection, &Axis::span(window)).iter().map(|cell| cell.started() as u64).sum()
}

/// A list that is looked for.
struct List<'a> {
    asof: AsOf<'a>,
    members: &'a [Member<'a>],
    request: &'a PageRequest,
    window: Window,
}

/// A found invocation: its place, and which member's it is.
type Found = (Place, usize);

impl<'a> List<'a> {
    /// Which of two places comes first.
    fn order(&self, a: &Place, b: &Place) -> Ordering {
        if self.request.reverse { a.cmp(b) } else { b.cmp(a) }
    }

    /// Where the list is cut in two, and how much is wanted before and from there on.
    fn cut(&self) -> (Place, usize, usize) {
        let (first, last) = match self.request.reverse {
            false => (Place::FIRST, Place::LAST),
            true => (Place::LAST, Place::FIRST),
        };
        let count = self.request.count;
        match self.request.part {
            Part::First => (first, 0, count),
            Part::Last => (last, count, 0),
            Part::Around(place) => (place, count / 2, count - count / 2),
        }
    }

    fn wants(&self, member: &Member<'_>, row: &Row, standing: &Standing) -> bool {
        self.request.environment.is_none_or(|only| row.environment() == Some(only))
            && self
                .request
                .error
                .is_none_or(|only| standing.end.as_ref().and_then(ErrorKey::of) == Some(only))
            && member.wants(self.asof, row, standing)
    }

    fn place(&self, member: &Member<'_>, row: &Row, standing: &Standing) -> Place {
        let end = standing.end;
        let rank = match self.request.ranking {
            Ranking::Newest => 0,
            Ranking::Failed => match self.asof.state(member.function, row, standing) {
                state if failed(state) => 2,
                InvocationState::Overdue => 1,
                _ => 0,
            },
            Ranking::Slowest => end.and_then(|end| end.duration).map_or(0, |d| u64::from(d.0) + 1),
            Ranking::Coldest => {
                let init = end.and_then(|end| end.init.or(end.restore)).map_or(0, |d| u64::from(d.0) + 1);
                init.max(u64::from(standing.cold.is_cold()))
            }
            Ranking::Memory => end.and_then(|end| end.max_memory_mb).map_or(0, u64::from),
        };
        Place { rank, start: row.start(), seq: row.seq() }
    }

    /// Looks at all that began in the window, or from `reached` on.
    fn ranked(&self, reached: Option<Timestamp>) -> Page {
        let (cut, want_before, want_after) = self.cut();
        let window = Window { from: reached.unwrap_or(self.window.from), ..self.window };
        let mut before = Nearest::new(want_before);
        let mut after = Nearest::new(want_after);
        let (mut all_before, mut matching) = (0, 0);
        for (at, member) in self.members.iter().enumerate() {
            for (row, standing) in scan::rows(self.asof, member.function, window) {
                if !self.wants(member, row, &standing) {
                    continue;
                }
                matching += 1;
                let place = self.place(member, row, &standing);
                if self.order(&place, &cut) == Ordering::Less {
                    all_before += 1;
                    before.offer((place, at), |a, b| self.order(&b.0, &a.0));
                } else {
                    after.offer((place, at), |a, b| self.order(&a.0, &b.0));
                }
            }
        }
        let mut found = before.sorted(|a, b| self.order(&b.0, &a.0));
        found.reverse();
        let first = all_before - found.len() as u64;
        found.extend(after.sorted(|a, b| self.order(&a.0, &b.0)));
        Page {
            before: Some(first),
            at_start: first == 0,
            at_end: first + found.len() as u64 == matching,
            matching: match (reached, self.let_go()) {
                (Some(_), _) => Graded::AtLeast(matching, Why::NotLookedAt),
                (_, Some(_)) => Graded::AtLeast(matching, Why::Evicted),
                _ => Graded::Counted(matching),
            },
            looked_from: reached,
            retrying: None,
            rows: self.rows(&found),
            request: self.request.clone(),
        }
    }

    /// Goes from the place that is asked for, in the order of starts: what is far is not looked at.
    fn walked(&self, all: Option<u64>, most: usize) -> Page {
        let (cut, want_before, want_after) = self.cut();
        let reverse = self.request.reverse;
        let before = self.walk(cut, !reverse, want_before, most);
        let after = self.walk(cut, reverse, want_after, most);
        let first = matches!(self.request.part, Part::First) || before.ended;
        let found: Vec<Found> = before.found.into_iter().rev().chain(after.found).collect();
        Page {
            before: first.then_some(0),
            at_start: first,
            at_end: matches!(self.request.part, Part::Last) || after.ended,
            matching: match all {
                Some(all) if self.let_go().is_none() => Graded::Counted(all),
                Some(all) => Graded::AtLeast(all, Why::Evicted),
                None => Graded::AtLeast(found.len() as u64, Why::NotLookedAt),
            },
            looked_from: before.stopped.into_iter().chain(after.stopped).min(),
            retrying: None,
            rows: self.rows(&found),
            request: self.request.clone(),
        }
    }

    /// Up to `want` rows from a place on, towards later starts or earlier ones.
    fn walk(&self, from: Place, later: bool, want: usize, most: usize) -> Walked {
        if want == 0 {
            return Walked::default();
        }
        // What is before the cut ends with it, the rest begins with the place itself.
        let cut = (from.start, from.seq.saturating_add(u64::from(!self.request.reverse)));
        let mut walks: Vec<_> = self
            .members
            .iter()
            .map(|member| -> Box<dyn Iterator<Item = &Row>> {
                let rows = &member.function.rows;
                if later {
                    let first = cut.max((self.window.from, 0));
                    Box::new(rows.from(first).take_while(|row| row.start() < self.window.to))
                } else {
                    let last = cut.min((self.window.to, 0));
                    Box::new(rows.back_from(last).take_while(|row| row.start() >= self.window.from))
                }
            })
            .collect();
        // The heap gives the greatest first.
        let key = |row: &Row| {
            let (start, seq) = (row.start().0, row.seq());
            if later { (start.saturating_neg(), u64::MAX - seq) } else { (start, seq) }
        };
        let mut heads: BinaryHeap<((i64, u64), usize)> = BinaryHeap::new();
        let mut next: Vec<Option<&Row>> = Vec::new();
        for (at, walk) in walks.iter_mut().enumerate() {
            next.push(walk.next());
            heads.extend(next[at].map(|row| (key(row), at)));
        }
        let mut walked = Walked::default();
        let mut looked = 0;
        while let Some((_, at)) = heads.pop() {
            let Some(row) = std::mem::replace(&mut next[at], walks[at].next()) else { continue };
            heads.extend(next[at].map(|row| (key(row), at)));
            looked += 1;
            let member = &self.members[at];
            if let Some(standing) = self.asof.standing(member.function, row)
                && self.wants(member, row, &standing)
            {
                walked.found.push((self.place(member, row, &standing), at));
            }
            if walked.found.len() == want {
                return Walked { ended: heads.is_empty(), ..walked };
            }
            if looked == most {
                return Walked { stopped: Some(row.start()), ..walked };
            }
        }
        Walked { ended: true, ..walked }
    }

    /// From when on single invocations are held, where that cuts the window.
    fn let_go(&self) -> Option<Timestamp> {
        (!scan::complete(self.asof, self.window)).then_some(self.asof.snapshot.rows_from)
    }

    fn rows(&self, found: &[Found]) -> Vec<Listed> {
        let listed = |(place, at): &Found| {
            let member = &self.members[*at];
            let row = member.function.rows.get((place.start, place.seq))?;
            let standing = self.asof.standing(member.function, row)?;
            let row = invocation(self.asof, member.id, member.function, row, &standing);
            Some(Listed { place: *place, name: member.function.name.clone(), row })
        };
        found.iter().filter_map(listed).collect()
    }
}

/// What a walk found.
#[derive(Default)]
struct Walked {
    found: Vec<Found>,
    /// There is nothing more this way.
    ended: bool,
    /// It looked at as much as it may and ended here.
    stopped: Option<Timestamp>,
}

/// The first of many, in an order, without keeping the others.
struct Nearest {
    want: usize,
    found: Vec<Found>,
    /// Nothing from here on is wanted.
    worst: Option<Found>,
}

impl Nearest {
    fn new(want: usize) -> Self {
        Self { want, found: Vec::new(), worst: None }
    }

    fn offer(&mut self, one: Found, order: impl Fn(&Found, &Found) -> Ordering) {
        if self.want == 0 || self.worst.is_some_and(|worst| order(&one, &worst) != Ordering::Less) {
            return;
        }
        self.found.push(one);
        if self.found.len() >= 2 * self.want {
            self.found.select_nth_unstable_by(self.want - 1, order);
            self.found.truncate(self.want);
            self.worst = self.found.last().copied();
        }
    }

    fn sorted(mut self, order: impl Fn(&Found, &Found) -> Ordering) -> Vec<Found> {
        self.found.sort_unstable_by(order);
        self.found.truncate(self.want);
        self.found
    }
}
