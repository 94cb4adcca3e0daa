//! lamtop: a terminal console for watching AWS Lambda functions.
//!
//! The way of the data, which is also the order of the rooms:
//!
//! ```text
//! source ─chunks→ decode ─records→ correlate ─facts→ store ═snapshot═> query ─views→ ui      (a person)
//!                                              └───────────────────────────────────→ report  (a program)
//! ```
//!
//! Dependencies run one way: `ui` and `report` may use `query` and `model`; `query` the store's
//! snapshot and `model`; `lines` reads log lines again and answers for them as `query` does; `engine` the rooms before `query`; `source` and `decode` `frame` and
//! `model`, `correlate` and `store` only `model`, `frame` and `model` nothing. `tests/architecture.rs` holds the rooms to it.

pub mod cli;
pub mod clock;
pub mod config;
pub mod correlate;
pub mod decode;
pub mod engine;
pub mod findings;
pub mod frame;
pub mod ingest;
pub mod lines;
pub mod mask;
pub mod model;
pub mod query;
pub mod record;
pub mod report;
pub mod session;
pub mod source;
pub mod store;
pub mod ui;
