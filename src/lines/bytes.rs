//! Where the bytes of a source are asked for again.

use std::sync::Arc;

use crate::model::SourceId;
use crate::source::Catalog;

/// The bytes of sources, again.
pub trait Bytes {
    /// The bytes `from..to` of a source; fewer where they are no longer there without a gap. The
    /// error is a sentence.
    fn read(&self, source: SourceId, from: u64, to: u64) -> Result<Vec<u8>, String>;

    /// The function that a source's lines belong to where nothing inside says it.
    fn function(&self, source: SourceId) -> Option<Arc<str>>;

    /// Bytes of the longest frame: of a longer line only its head is read.
    fn most(&self) -> usize;
}

impl Bytes for Catalog {
    fn read(&self, source: SourceId, from: u64, to: u64) -> Result<Vec<u8>, String> {
        let info = self.get(source).ok_or("a source that was never opened")?;
        let most = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
        self.reread(&info, from, to, most).map_err(|error| error.to_string())
    }

    fn function(&self, source: SourceId) -> Option<Arc<str>> {
        self.get(source)?.function
    }

    fn most(&self) -> usize {
        Catalog::most(self)
    }
}
