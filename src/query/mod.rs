//! Questions to a snapshot: windows, series, tables, quantiles, concurrency, search; the filter
//! language. Pure functions, and the only way to ask.
//!
//! Only this room knows the rule that a query at T uses what has `known ≤ T`.

mod account;
mod apart;
mod ask;
mod asof;
mod axis;
mod calls;
mod cell;
mod configured;
mod coverage;
mod detail;
mod encoded;
mod errors;
mod figures;
pub mod filter;
mod finding;
mod heat;
mod insights;
mod lane;
#[cfg(test)]
mod made;
mod measured;
mod metrics;
#[cfg(test)]
mod metrics_tests;
mod one;
mod overlap;
mod overview;
mod owner;
pub mod page;
mod panels;
mod points;
mod reach;
mod readable;
mod refused;
mod rhythm;
mod scan;
mod select;
mod settings;
mod statistics;
mod step;
mod subject;
pub mod survey;
mod table;
mod ticks;
mod trace;
mod traces;
mod unit;
mod versions;
pub mod view;
mod waiting;

pub use crate::store::{Health, Snapshot};
pub use ask::{Invocations, Order, Selected, bucket, buckets, invocations, places, traces, trees};
pub use asof::AsOf;
pub use axis::Axis;
pub use configured::{Configured, account_limit, configured};
pub use coverage::{Apart, Coverage, CoverageRequest, Named, PanelSource, coverage};
pub use encoded::{Decoded, LEAST as LEAST_ENCODED, decoded, decoded_words};
pub use errors::{ErrorKey, Groups};
pub use finding::finding_object;
pub use one::{InEnvironment, One, OneRequest, one};
pub use overview::overview;
pub use owner::{Owner, OwnerRequest, Unowned, owner};
pub use page::page;
pub use points::Period;
pub use readable::{Json, fields_of, has_column, json_in, readable, readable_with};
pub use rhythm::{Rhythm, Rule};
pub use select::answer;
pub use step::{StepRequest, mark, step};
pub use subject::{Seen, Subject, Tally, newest, subject, subjects};
pub use table::SILENT_MS;
pub use trace::{TraceSummary, tree};
pub use traces::traces_answer;
