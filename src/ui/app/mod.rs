//! The state of the screen and how events change it: `update` is pure, asks no clock, and
//! returns what is to be done outside as effects.

mod acknowledge;
#[cfg(test)]
mod any_tests;
mod ask;
mod aws;
mod board;
mod bookmarks;
mod compare;
mod complete;
mod copies;
mod facts;
mod facts_now;
mod fields;
mod find;
#[cfg(test)]
mod follow_tests;
mod function;
#[cfg(test)]
mod hand_tests;
mod health;
mod heat;
mod invocation;
mod invocations;
#[cfg(test)]
mod keys_tests;
mod lanes;
pub mod list;
pub mod logs;
#[cfg(test)]
mod logs_tests;
mod masked;
mod may_do;
#[cfg(test)]
mod metric_tests;
mod navigate;
mod owner;
#[cfg(test)]
mod owner_tests;
mod palette;
#[cfg(test)]
mod palette_tests;
mod patterns;
#[cfg(test)]
mod patterns_tests;
mod problems;
mod prompt;
#[cfg(test)]
mod prompt_tests;
mod remember;
#[cfg(test)]
mod said_tests;
mod save;
mod segment_lines;
#[cfg(test)]
mod spike_tests;
mod state;
mod step;
mod survey;
mod tags;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod time_tests;
mod trace;
mod traces;
#[cfg(test)]
mod traces_tests;
mod tree;
mod triggers;
mod unfold;
#[cfg(test)]
mod unfold_tests;
mod update;

pub use board::{Board, Focus, OverviewBoard, PanelKind};
pub use bookmarks::Bookmark;
pub use compare::Compare;
pub use copies::Copied;
pub use facts::{Fact, Told};
pub use function::{FunctionBoard, FunctionList, Only};
pub use health::{HealthLine, Weight};
pub use heat::HeatCell;
pub use invocation::InvocationBoard;
pub use invocations::{InvocationScope, InvocationsView};
pub use palette::{Command, Palette};
pub use patterns::{PatternsBoard, is_wrong};
pub use problems::ProblemId;
pub use prompt::{Prompt, PromptKind};
pub use remember::Remembered;
pub use state::{Effect, Msg, Options, SourcesList, SourcesState, UiState};
pub use tags::Tag;
pub use trace::{SegmentKey, Shown, TraceBoard};
pub use traces::{Shape, TRACE_ORDERS, TracesBoard};
pub use tree::{Node, Tree};
pub use update::update;
