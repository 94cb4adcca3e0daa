//! The way out of every reading thread: a bounded channel that is waited for, and the order to stop.

use std::convert::Infallible;

use crossbeam_channel::{Receiver, Sender, TrySendError, select};

use super::catalog::Catalog;
use super::frame::Piece;
use super::pool::Pool;
use crate::clock::Clock;
use crate::model::{Chunk, SourceId, Timestamp};

use super::{Event, Problem, SourceInfo};

/// Nobody listens any more: end.
#[derive(Debug)]
pub(super) struct Stopped;

/// What every reading thread needs. Clones share.
#[derive(Clone, Debug)]
pub(super) struct Out {
    pub events: Sender<Event>,
    /// Never receives; its sender is dropped when all should stop.
    pub stop: Receiver<Infallible>,
    /// Receives when a person wants what failed to be tried again at once.
    pub retries: Receiver<()>,
    /// Dropped with the last clone: tells that all threads have ended.
    pub _alive: Sender<Infallible>,
    pub pool: Pool,
    pub catalog: Catalog,
    pub clock: Clock,
    /// Largest frame in bytes.
    pub most: usize,
}

impl Out {
    /// Sends an event, waiting while the channel is full.
    pub fn send(&self, event: Event) -> Result<(), Stopped> {
        match self.events.try_send(event) {
            Ok(()) => Ok(()),
            Err(TrySendError::Disconnected(_)) => Err(Stopped),
            Err(TrySendError::Full(event)) => select! {
                send(self.events, event) -> sent => sent.map_err(|_| Stopped),
                recv(self.stop) -> _ => Err(Stopped),
            },
        }
    }

    /// Sends frames as chunks, and keeps those that can't be read again.
    pub fn send_pieces(
        &self,
        source: &SourceInfo,
        arrived: Option<Timestamp>,
        keep: bool,
        pieces: impl IntoIterator<Item = Piece>,
    ) -> Result<(), Stopped> {
        for Piece { offset, bytes, cut } in pieces {
            if keep {
                self.catalog.kept().keep(source.id, offset, &bytes);
            }
            self.send(Event::Chunk(Chunk { source: source.id, offset, arrived, bytes, cut }))?;
        }
        Ok(())
    }

    /// Says that something is wrong.
    pub fn trouble(&self, source: Option<SourceId>, what: impl Into<String>) -> Result<(), Stopped> {
        self.send(Event::Trouble { source, unread: None, what: what.into() })
    }

    /// Says what is wrong before there is a source, or instead of one.
    pub fn problem(&self, Problem { unread, what }: Problem) -> Result<(), Stopped> {
        self.send(Event::Trouble { source: None, unread, what })
    }

    /// Whether the order to stop was given. A send finds out by itself.
    pub fn check(&self) -> Result<(), Stopped> {
        match self.stop.try_recv() {
            Err(crossbeam_channel::TryRecvError::Disconnected) => Err(Stopped),
            _ => Ok(()),
        }
    }
}
