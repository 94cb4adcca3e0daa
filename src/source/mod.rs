//! x
mod frame;
mod pool;
pub use pool::Pool;
