//! x
mod frame;
mod info;
mod kept;
mod pool;
mod reader;
pub use pool::Pool;
pub use info::{SourceInfo, Kind};
