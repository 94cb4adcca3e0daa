//! What a filter selects: whole functions, or some of their invocations.

use crate::model::{FunctionId, Micros, Outcome, SegmentNode};
use crate::store::{Extent, FunctionData, Row, Standing};

use super::asof::AsOf;
use super::filter::{Condition, Filter, Invoked, answers, contains};
use super::view::InvocationState;

/// A function of a selection.
#[derive(Clone, Copy)]
pub struct Member<'a> {
    /// Its id.
    pub id: FunctionId,
    /// What is kept of it.
    pub function: &'a FunctionData,
    /// The filter, where it must be asked for each invocation.
    pub filter: Option<&'a Filter>,
}

/// The functions that a filter lets through, at least in part.
pub struct Selection<'a> {
    /// The functions.
    pub members: Vec<Member<'a>>,
    /// Whether these are all functions, with all they have.
    pub all: bool,
}

impl<'a> Selection<'a> {
    /// What the filter lets through, of one function or of all.
    pub fn of(asof: AsOf<'a>, filter: &'a Filter, only: Option<FunctionId>) -> Self {
        let wanted = asof.functions().filter(|(id, _)| only.is_none_or(|only| only == *id));
        let members: Vec<Member<'a>> = wanted
            .filter_map(|(id, function)| match filter.of_function(&function.name) {
                Some(true) => Some(Member { id, function, filter: None }),
                Some(false) => None,
                None => Some(Member { id, function, filter: Some(filter) }),
            })
            .collect();
        let all = only.is_none()
            && members.iter().all(|member| member.filter.is_none())
            && members.len() == asof.functions().count();
        Self { members, all }
    }

    /// Whether the filter must be asked for each invocation.
    pub fn in_part(&self) -> bool {
        self.members.iter().any(|member| member.filter.is_some())
    }
}

impl Member<'_> {
    /// Whether all that it does belongs to the selection. Metrics and CloudTrail count a function's
    /// requests without telling which those were: of a part they can't tell anything.
    pub fn whole(&self) -> bool {
        self.filter.is_none()
    }

    /// Whether an invocation belongs to the selection.
    pub fn wants(&self, asof: AsOf<'_>, row: &Row, standing: &Standing) -> bool {
        self.filter
            .is_none_or(|filter| filter.invocation(&Kept { asof, function: self.function, row, standing }))
    }
}

/// What an invocation answers to a condition.
pub fn answer(
    asof: AsOf<'_>,
    function: &FunctionData,
    row: &Row,
    standing: &Standing,
    condition: &Condition,
) -> Option<bool> {
    answers(&Kept { asof, function, row, standing }, condition)
}

/// A row as it stands.
struct Kept<'a> {
    asof: AsOf<'a>,
    function: &'a FunctionData,
    row: &'a Row,
    standing: &'a Standing,
}

impl Invoked for Kept<'_> {
    fn function(&self) -> &str {
        &self.function.name
    }

    fn state(&self) -> InvocationState {
        self.asof.state(self.function, self.row, self.standing)
    }

    fn cold(&self) -> bool {
        self.standing.cold.is_cold()
    }

    fn duration(&self) -> Option<Micros> {
        self.standing.end?.duration
    }

    fn error(&self) -> Option<[&str; 3]> {
        self.asof.snapshot.texts.error_texts(self.standing.end?.error?)
    }

    fn request_id(&self) -> String {
        self.asof.snapshot.texts.ids.show_request(self.row.request_id())
    }

    fn memory(&self) -> Option<(u32, Option<u32>)> {
        let end = self.standing.end?;
        Some((end.max_memory_mb?, end.memory_mb))
    }

    fn trace(&self) -> Option<String> {
        let trace = self.asof.trace(self.function, self.row)?;
        Some(self.asof.snapshot.texts.ids.show_trace(trace))
    }
}

/// What a trace answers to a condition that is not on a function's name: by its marks, its length,
/// its id and what one of its segments has; `None` to one that it can't be asked.
pub fn trace_answer(
    condition: &Condition,
    extent: &Extent,
    id: impl FnOnce() -> String,
    has: impl FnOnce(&dyn Fn(&SegmentNode) -> bool) -> bool,
) -> Option<bool> {
    let marked = extent.flags.any();
    let texts = |node: &SegmentNode, is: &dyn Fn(&str) -> bool| {
        let texts = [Some(&node.name), node.detail.as_ref(), node.cause.as_ref()];
        texts.into_iter().flatten().any(|text| is(text))
    };
    Some(match condition {
        Condition::Function(_) | Condition::Memory(..) | Condition::Level(..) => return None,
        Condition::Id(part) => has(&|node| node.request_id.as_ref().is_some_and(|id| contains(id, part))),
        Condition::Trace(part) => contains(&id(), part),
        Condition::Text(text) => {
            contains(&id(), text) || has(&|node| texts(node, &|name| contains(name, text)))
        }
        Condition::Pattern(pattern) => {
            pattern.is_in(&id()) || has(&|node| texts(node, &|name| pattern.is_in(name)))
        }
        Condition::Failed => marked,
        Condition::Cold => has(&|node| super::trace::is_init(&node.name)),
        Condition::Status(word) => match word.as_str() {
            "ok" => !marked,
            "error" => marked,
            "running" => has(&|node| node.in_progress),
            "timeout" | "oom" | "exit" => has(&|node| {
                let cause = node.cause.as_deref().unwrap_or_default();
                let named = cause.split([':', ' ']).next().unwrap_or_default();
                Outcome::of_error_type(named.as_bytes()).is_some_and(|ended| ended.word() == word)
            }),
            _ => return None,
        },
        Condition::Duration(compare, us) => compare.holds(extent.length_us().max(0) as u64, *us),
    })
}
