//! Where bytes come from: files, folders, globs, pipes; plain or gzip.
//!
//! Yields chunks of whole frames (lines), in order for each source, with where they lie. Promises:
//! - A reader waits for whoever listens, by a bounded queue: nothing is lost, memory is bounded.
//! - A frame has a largest size; of a longer one the head is kept and the rest is counted.
//! - The same file named twice is read once; what can't be read is said and does not stop the rest.
//! - Bytes go round: whoever is done with a chunk gives its buffer back to the [`Pool`].

mod find;
mod frame;
mod info;
mod pool;
mod read;
mod reader;

pub use find::OpenError;
pub use info::{Kind, SourceInfo};
pub use pool::Pool;
pub use read::{Event, Reading};
