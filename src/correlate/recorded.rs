//! Records that a capture took from other sources: each goes on where its own source was.

use std::path::Path;

use crate::model::{FactSink, Recorded, SourceId, function_of_file};

use super::Correlator;
use super::place::Source;

/// Sources whose records may lie in one capture; those beyond are taken for the capture's own.
const MOST: usize = 10_000;

impl Correlator {
    /// Takes a record as if it had just been read from its source.
    pub(super) fn recorded<S: FactSink>(&mut self, recorded: &Recorded<'_>, sink: &mut S) {
        let capture = recorded.record.envelope.origin.source;
        let Some(its) = self.source_in(capture, recorded.source).map(std::mem::take) else {
            return self.record(&recorded.record, sink);
        };
        let own = std::mem::replace(self.source_mut(capture), its);
        self.record(&recorded.record, sink);
        let its = std::mem::replace(self.source_mut(capture), own);
        if let Some(place) = self.source_in(capture, recorded.source) {
            *place = its;
        }
    }

    fn source_in(&mut self, capture: SourceId, name: &[u8]) -> Option<&mut Source> {
        let written = self.source_mut(capture).written;
        let sources = &mut self.source_mut(capture).recorded;
        if !sources.contains_key(name) {
            if sources.len() >= MOST {
                return None;
            }
            let function = function_of_file(Path::new(&*String::from_utf8_lossy(name)));
            let hint = function.map(|name| Box::from(&*name));
            let source = Source { hint, written, ..Source::default() };
            sources.insert(name.into(), source);
        }
        sources.get_mut(name)
    }
}
