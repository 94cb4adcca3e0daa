//! The same answers without a terminal: tables, tsv, csv, json, markdown.
//!
//! `report --by` folds facts straight into the asked buckets, exact and cheap; the lists collect
//! what their rows need. Reads to the end of its input and answers as of that.

mod doctor;
mod errors;
mod findings;
mod fold;
mod intervals;
mod inventory;
mod list;
mod output;
mod run;
mod segments;
mod sources;
mod traces;

pub use doctor::examine;
pub use fold::{Fold, Keys, Row, TimeRule};
pub use list::List;
pub use output::{Format, Table, harmless};
pub use run::{Form, Question, ReportError, parse_keys, parse_time, run};

use output::Cell;

/// The table of `report --by`.
pub fn by_table(
    rows: Vec<Row>,
    functions: &[String],
    keys: Keys,
    texts: &crate::model::Texts,
    streams: &dyn Fn(crate::model::EnvironmentId) -> String,
) -> Table {
    let mut columns = vec!["function"];
    if keys.version {
        columns.push("version");
    }
    if keys.environment {
        columns.push("environment");
    }
    if let Some(step) = keys.bucket_ms {
        columns.push(match step {
            60_000 => "minute",
            3_600_000 => "hour",
            _ => "bucket",
        });
    }
    columns.extend([
        "invocations",
        "errors",
        "throttles",
        "cold_starts",
        "cold_waited",
        "avg_ms",
        "p50",
        "p90",
        "p99",
        "max_ms",
        "max_concurrency",
        "max_memory_mb",
        "billed_gb_s",
    ]);
    let rows = rows
        .into_iter()
        .map(|row| {
            let mut cells = vec![Cell::text(functions[row.key.function.0 as usize].clone())];
            if keys.version {
                cells.push(Cell::maybe(row.key.version.map(|v| texts.names.get(v).to_string())));
            }
            if keys.environment {
                cells.push(Cell::maybe(row.key.environment.map(streams)));
            }
            if let Some(bucket) = row.bucket {
                cells.push(Cell::whole(bucket.0.div_euclid(1_000)));
            }
            cells.extend(
                [&row.invocations, &row.errors, &row.throttles, &row.cold_starts, &row.cold_waited]
                    .map(Cell::count),
            );
            cells.push(Cell::graded(&row.avg_ms, 6));
            cells.extend(row.percentiles.iter().chain([&row.max_ms]).map(|n| Cell::graded(n, 3)));
            cells.extend([&row.max_concurrency, &row.max_memory_mb].map(Cell::count));
            cells.push(Cell::graded(&row.billed_gb_s, 9));
            cells
        })
        .collect();
    Table { columns, rows }
}
