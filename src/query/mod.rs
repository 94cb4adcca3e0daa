//! Questions to a snapshot: windows, series, tables, quantiles, concurrency, search; the filter
//! language. Pure functions, and the only way to ask.
//!
//! Only this room knows the rule that a query at T uses what has `known ≤ T`.

pub mod filter;
pub mod view;
