//! Questions to a snapshot: windows, series, tables, quantiles, concurrency, search; the filter
//! language. Pure functions, and the only way to ask.
//!
//! Only this room knows the rule that a query at T uses what has `known ≤ T`.

mod asof;
mod axis;
mod cell;
pub mod filter;
mod overlap;
mod points;
mod scan;
mod select;
pub mod view;

pub use asof::AsOf;
pub use axis::Axis;
