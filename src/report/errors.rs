//! `report --list errors`: one row a group of a function's failed invocations.

use std::collections::BTreeMap;

use super::list::Collect;
use super::output::{Cell, Table};
use crate::model::{FunctionId, Grade, Invocation, RequestId, Texts};
use crate::query::{ErrorKey, Groups};

/// The groups of these invocations, by function, of each most first.
pub fn errors(collect: &Collect, all: &[&Invocation], texts: &Texts) -> Table {
    let columns = vec![
        "function",
        "error",
        "where",
        "message",
        "invocations",
        "first",
        "last",
        "versions",
        "last_request_id",
    ];
    let mut functions: BTreeMap<&str, Of> = BTreeMap::new();
    for invocation in all {
        let Some(key) = invocation.end.as_ref().and_then(ErrorKey::of) else { continue };
        let FunctionId(id) = invocation.function;
        let of = functions.entry(&collect.functions[id as usize]).or_default();
        of.groups.note(key, invocation.start, invocation.seq, invocation.version);
        of.requests.insert(invocation.seq, invocation.request_id);
    }
    let mut rows = Vec::new();
    for (name, Of { groups, requests }) in functions {
        let (groups, others) = groups.into_rows(texts, Grade::Counted);
        for group in groups {
            let more = if group.more_versions { ",…" } else { "" };
            let message = if group.others { "(others, too many to tell apart)" } else { &group.message };
            rows.push(vec![
                Cell::text(name),
                Cell::text(group.name),
                told(&group.frame),
                told(message),
                Cell::number(group.count.value().map(|n| *n as f64), 0),
                Cell::text(group.first.to_string()),
                Cell::text(group.last.to_string()),
                Cell::text(group.versions.join(",") + more),
                Cell::maybe(requests.get(&group.seq).map(|id| texts.ids.show_request(*id))),
            ]);
        }
        if others > 0 {
            let mut row = vec![Cell::text(name), Cell::text("(other types)"), told(""), told("")];
            row.push(Cell::whole(others as i64));
            row.extend(std::iter::repeat_with(|| Cell::maybe(None)).take(4));
            rows.push(row);
        }
    }
    Table { columns, rows }
}

/// What nothing tells is no text.
fn told(text: &str) -> Cell {
    Cell::maybe((!text.is_empty()).then(|| text.to_string()))
}

/// What is collected of a function.
#[derive(Default)]
struct Of {
    groups: Groups,
    requests: BTreeMap<u64, RequestId>,
}
