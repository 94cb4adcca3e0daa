//! Notice of changes from the system. A hint, never the truth: it may be missing (network file
//! systems), late, or too much; then everything is looked at.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};
use notify::{Config, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// Most hints that wait.
const WAITING: usize = 4096;

/// Watches files and folders.
#[derive(Debug)]
pub(super) struct Watch {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    /// Paths at which something changed.
    pub hints: Receiver<PathBuf>,
    /// So that the channel stays, watcher or not.
    _sender: Sender<PathBuf>,
    lost: Arc<AtomicBool>,
}

impl Watch {
    /// Watches nothing yet; never anything unless `notify`.
    pub fn new(notify: bool) -> Self {
        let (sender, hints) = bounded(WAITING);
        let lost = Arc::new(AtomicBool::new(false));
        let (missed, _sender) = (lost.clone(), sender.clone());
        let handler = move |event: notify::Result<notify::Event>| match event {
            // Reading a file is an event too, ours among others.
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => {}
            Ok(event) if !event.need_rescan() => {
                for path in event.paths {
                    if sender.try_send(path).is_err() {
                        missed.store(true, Ordering::SeqCst);
                    }
                }
            }
            _ => missed.store(true, Ordering::SeqCst),
        };
        let watcher = notify.then(|| RecommendedWatcher::new(handler, Config::default()).ok()).flatten();
        Self { watcher, watched: BTreeSet::new(), hints, _sender, lost }
    }

    /// Watches what lies at `path` now, not what is below it. The error is a sentence.
    pub fn add(&mut self, path: &Path) -> Result<(), String> {
        let Some(watcher) = &mut self.watcher else { return Ok(()) };
        if self.watched.contains(path) {
            // What was watched may lie elsewhere by now.
            let _ = watcher.unwatch(path);
        }
        match watcher.watch(path, RecursiveMode::NonRecursive) {
            Ok(()) => {
                self.watched.insert(path.to_path_buf());
                Ok(())
            }
            // It vanished in between, which the next look will find.
            Err(notify::Error { kind: notify::ErrorKind::PathNotFound, .. }) => Ok(()),
            Err(error) => Err(format!(
                "{}: no notice of its changes ({error}); it is looked at instead, changes show up to a second later",
                path.display()
            )),
        }
    }

    /// Watches a path no longer: what lay there lies elsewhere, or nowhere.
    pub fn remove(&mut self, path: &Path) {
        if self.watched.remove(path)
            && let Some(watcher) = &mut self.watcher
        {
            // What was deleted is not watched any more.
            let _ = watcher.unwatch(path);
        }
    }

    /// Whether this path is watched.
    pub fn has(&self, path: &Path) -> bool {
        self.watched.contains(path)
    }

    /// Whether hints were lost since the last call.
    pub fn lost(&self) -> bool {
        self.lost.swap(false, Ordering::SeqCst)
    }
}
