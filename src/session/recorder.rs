//! A recording that a person begins and ends by a key.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::program::Message;
use crate::engine::Tap;
use crate::record;
use crate::source::{Catalog, Pool, Sources};
use crate::ui::number;
use crate::ui::status::RecordingStatus;

/// How long the end of the program waits for the last lines: a disk may not answer.
const LAST: Duration = Duration::from_secs(2);

/// What records, while it does.
pub(super) struct Recorder {
    tap: Tap,
    catalog: Catalog,
    pool: Pool,
    messages: Sender<Message>,
    running: Option<Running>,
}

struct Running {
    lines: Arc<AtomicU64>,
    over: Receiver<()>,
}

impl Recorder {
    pub fn new(tap: Tap, sources: &Sources, messages: Sender<Message>) -> Self {
        let (catalog, pool) = (sources.catalog().clone(), sources.pool().clone());
        Self { tap, catalog, pool, messages, running: None }
    }

    /// How far it has come.
    pub fn status(&self) -> Option<RecordingStatus> {
        let running = self.running.as_ref()?;
        Some(RecordingStatus { lines: running.lines.load(Ordering::Relaxed), missed: self.tap.missed() })
    }

    /// Begins a recording of this name in the current folder, or ends the one that is; what is to be
    /// said at once.
    pub fn turn(&mut self, name: Option<&str>) -> Option<String> {
        let Some(name) = name.filter(|_| self.running.is_none()) else {
            // What waits is written; then it says what is in it.
            self.tap.close();
            return None;
        };
        let (chunks, lines) = (self.tap.open(), Arc::<AtomicU64>::default());
        let (done, over) = bounded(1);
        let (catalog, pool, tap) = (self.catalog.clone(), self.pool.clone(), self.tap.clone());
        let (path, counted, messages) = (name.to_string(), lines.clone(), self.messages.clone());
        let write = move || {
            let told = record::tee(Path::new(&path), &chunks, &catalog, &pool, &counted);
            let said = match (told, tap.missed()) {
                (Ok(said), 0) => said,
                (Ok(said), missed) => {
                    format!("{said}; {} came too fast and are not in it", number::bytes(missed))
                }
                (Err(error), _) => format!("the recording ended: {error}"),
            };
            tap.close();
            let _ = done.send(());
            let _ = messages.send(Message::Recorded(said));
        };
        match std::thread::Builder::new().name("recorder".to_string()).spawn(write) {
            Ok(_) => {
                self.running = Some(Running { lines, over });
                Some(format!("recording what arrives in {name}; the same key stops"))
            }
            Err(error) => {
                self.tap.close();
                Some(format!("nothing is recorded: {error}"))
            }
        }
    }

    /// It has said that it is over.
    pub fn ended(&mut self) {
        self.running = None;
    }

    /// Ends it with the program.
    pub fn finish(&mut self) {
        self.tap.close();
        if let Some(running) = self.running.take() {
            let _ = running.over.recv_timeout(LAST);
        }
    }
}
