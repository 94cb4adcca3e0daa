//! Which invocation a log line belongs to.

use std::sync::Arc;

use crate::model::{Origin, Timestamp};
use crate::store::{FunctionData, Row, Snapshot, Standing};

use super::asof::AsOf;
use super::detail::invocation;
use super::view::{InvocationRow, LogRow};

/// An invocation runs for 15 minutes at most, and its lines may be out of order, in ms.
const LONGEST_MS: i64 = 16 * 60_000;

/// The question whose a line is: what the line says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnerRequest {
    /// The time as of which is asked.
    pub as_of: Timestamp,
    /// Where the line lies.
    pub line: Origin,
    /// When it was written.
    pub time: Option<Timestamp>,
    /// Its function's name.
    pub function: Option<Arc<str>>,
    /// Its log stream.
    pub stream: Option<Arc<str>>,
    /// The request id that it says.
    pub request_id: Option<String>,
}

impl OwnerRequest {
    /// The question for a line.
    pub fn of(line: &LogRow, as_of: Timestamp) -> Self {
        Self {
            as_of,
            line: line.origin,
            time: line.time,
            function: line.function.clone(),
            stream: line.stream.clone(),
            request_id: line.request_id.clone(),
        }
    }
}

/// The invocation of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Owner {
    /// The function's name.
    pub name: Arc<str>,
    /// The invocation.
    pub row: InvocationRow,
}

/// Why a line has no invocation that could be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unowned {
    /// It is of no function.
    NoFunction,
    /// It says an id, of which no invocation is held.
    NotHeld,
    /// It says none, and several ran around it.
    OneOfSeveral,
    /// It says none, and none ran around it.
    Between,
}

impl Unowned {
    /// The reason, as a sentence goes on with it.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoFunction => "it does not say of which function it is",
            Self::NotHeld => "its START was not read, or was let go",
            Self::OneOfSeveral => "it names none, and several ran in its stream",
            Self::Between => "none ran in its log stream there (an init?)",
        }
    }
}

/// The invocation that a line names, of several attempts the last that had begun; else the only one
/// that ran in its stream where it lies.
pub fn owner(snapshot: &Snapshot, request: &OwnerRequest) -> Result<Owner, Unowned> {
    let asof = AsOf::new(snapshot, request.as_of);
    let named = request.function.as_deref();
    let function = asof.functions().find(|(_, function)| Some(&*function.name) == named);
    let (id, function) = function.ok_or(Unowned::NoFunction)?;
    let (row, standing) = match &request.request_id {
        Some(printed) => of_id(asof, function, request, printed).ok_or(Unowned::NotHeld)?,
        None => around(asof, function, request)?,
    };
    let row = invocation(asof, id, function, row, &standing);
    Ok(Owner { name: function.name.clone(), row })
}

/// The invocations that may be a line's: those that began so near to it that they may have run.
fn near<'a>(function: &'a FunctionData, request: &OwnerRequest) -> impl Iterator<Item = &'a Row> {
    // A line before the first time of its source may be any one's.
    let (from, to) = match request.time {
        Some(time) => (time.plus(-LONGEST_MS), time.plus(LONGEST_MS)),
        None => (Timestamp::MIN, Timestamp::NEVER),
    };
    function.rows.from((from, 0)).take_while(move |row| row.start() <= to)
}

fn of_id<'a>(
    asof: AsOf<'a>,
    function: &'a FunctionData,
    request: &OwnerRequest,
    printed: &str,
) -> Option<(&'a Row, Standing)> {
    let wanted = asof.snapshot.texts.ids.find_request(printed)?;
    let begun = |row: &Row| {
        let lines = row.lines();
        let before = lines.source == request.line.source && lines.from <= request.line.offset;
        before || request.time.is_none_or(|time| row.start() <= time)
    };
    let attempts = near(function, request).filter(|row| row.request_id() == wanted && begun(row));
    attempts.filter_map(|row| Some((row, asof.standing(function, row)?))).last()
}

fn around<'a>(
    asof: AsOf<'a>,
    function: &'a FunctionData,
    request: &OwnerRequest,
) -> Result<(&'a Row, Standing), Unowned> {
    let texts = &asof.snapshot.texts;
    let in_stream = |row: &Row| {
        let environment = row.environment().and_then(|id| function.environments.get(id));
        environment.map(|environment| texts.names.get(environment.first.stream)) == request.stream.as_deref()
    };
    let at = request.line.offset;
    let began = |row: &Row| row.lines().source == request.line.source && row.lines().from <= at;
    let mut here = near(function, request)
        .filter(|row| began(row) && in_stream(row))
        .filter_map(|row| Some((row, asof.standing(function, row)?)))
        .filter(|(row, standing)| standing.end.is_none() || at < row.lines().to);
    match (here.next(), here.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(Unowned::OneOfSeveral),
        (None, _) => Err(Unowned::Between),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RequestId, SourceId};
    use crate::query::made::{Attempt, snapshot, store};

    /// A line at an offset of the file and a second, of function `f` and no stream.
    fn line(offset: u64, second: i64, request_id: Option<String>) -> OwnerRequest {
        OwnerRequest {
            as_of: Timestamp::NEVER,
            line: Origin { source: SourceId(0), offset, len: 10 },
            time: Some(Timestamp(second * 1_000)),
            function: Some("f".into()),
            stream: None,
            request_id,
        }
    }

    #[test]
    fn a_line_that_says_nothing_is_of_what_runs_around_it() {
        // Their lines lie from 0 to 90, from 100 to 190.
        let snapshot =
            snapshot(&mut store(&[Attempt(10, Some(5), 7, 1, false), Attempt(20, None, 8, 1, false)]));
        let of = |offset, second| owner(&snapshot, &line(offset, second, None)).map(|owner| owner.row.seq);
        assert_eq!(of(40, 12), Ok(0));
        assert_eq!(of(95, 16), Err(Unowned::Between));
        assert_eq!(of(150, 22), Ok(1));
        // What runs may have any line from its first on.
        assert_eq!(of(500, 40), Ok(1));
        // Before it was known to have begun there is none.
        let early = OwnerRequest { as_of: Timestamp(15_000), ..line(150, 22, None) };
        assert_eq!(owner(&snapshot, &early), Err(Unowned::Between));
        let elsewhere = OwnerRequest { stream: Some("s".into()), ..line(40, 12, None) };
        assert_eq!(owner(&snapshot, &elsewhere), Err(Unowned::Between));
        let nobody = OwnerRequest { function: None, ..line(40, 12, None) };
        assert_eq!(owner(&snapshot, &nobody), Err(Unowned::NoFunction));
    }

    #[test]
    fn of_two_that_ran_at_once_it_is_not_guessed() {
        let snapshot =
            snapshot(&mut store(&[Attempt(10, None, 7, 1, false), Attempt(11, None, 8, 1, false)]));
        assert_eq!(owner(&snapshot, &line(150, 12, None)), Err(Unowned::OneOfSeveral));
        let shown = snapshot.texts.ids.show_request(RequestId(7));
        let named = owner(&snapshot, &line(150, 12, Some(shown)));
        assert_eq!(named.map(|owner| owner.row.seq), Ok(0));
    }

    #[test]
    fn of_the_attempts_of_a_request_it_is_the_last_that_had_begun() {
        let attempts =
            [(10, 1), (80, 2), (200, 3)].map(|(second, nth)| Attempt(second, Some(5), 7, nth, true));
        let snapshot = snapshot(&mut store(&attempts));
        let shown = || Some(snapshot.texts.ids.show_request(RequestId(7)));
        let of =
            |offset, second| owner(&snapshot, &line(offset, second, shown())).map(|owner| owner.row.attempt);
        assert_eq!(of(40, 12), Ok(1));
        assert_eq!(of(140, 82), Ok(2));
        assert_eq!(of(240, 203), Ok(3));
        assert_eq!(of(40, 5_000), Err(Unowned::NotHeld), "too long ago to be of it");
        let unknown = line(40, 12, Some("0b2f-unknown".to_string()));
        assert_eq!(owner(&snapshot, &unknown), Err(Unowned::NotHeld));
    }
}
