//! A recording beside something else that reads: what arrives comes in chunks, until there are no more.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::Receiver;

use super::{OutputError, Recording};
use crate::mask::{Masked, Streams};
use crate::model::Chunk;
use crate::record::output::Output;
use crate::source::{self, Catalog, Mode, Pool};

/// Writes chunks into a new file until no more come, what others must not see masked; says in a sentence
/// what was recorded. `lines` counts while it goes on. The file is no source of this session, even in a
/// folder that is read.
pub fn tee(
    path: &Path,
    chunks: &Receiver<Chunk>,
    catalog: &Catalog,
    pool: &Pool,
    lines: &AtomicU64,
) -> Result<String, OutputError> {
    catalog.leave_out(path);
    let mut recording = Recording {
        output: Output::create(path, None)?,
        names: BTreeMap::new(),
        notes: BTreeMap::new(),
        sources: 0,
        heads: 0,
        most: source::Options::new(Mode::Follow { newest_slice: None }).most,
        masked: Some(Masked::default()),
        keys: Streams::default(),
        last: BTreeMap::new(),
    };
    for chunk in chunks {
        if !recording.names.contains_key(&chunk.source)
            && let Some(info) = catalog.get(chunk.source)
        {
            recording.opened(&info, &mut |_| {});
        }
        recording.chunk(&chunk)?;
        pool.give(chunk.bytes);
        if chunks.is_empty() {
            recording.output.write()?;
        }
        lines.store(recording.output.lines(), Ordering::Relaxed);
    }
    recording.output.finish()?;
    Ok(recording.summary())
}
