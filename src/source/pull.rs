//! Archives that are read by whoever asks for what comes next, without a thread in between: the
//! bytes are in the cache of the processor that will look at them.

use std::convert::Infallible;
use std::os::unix::net::UnixStream;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::once::Archives;
use super::out::{Out, Stopped};
use super::{Event, Plan, Pool, Problem};

/// What happens to sources that are read to their ends, in the same order every time (pipes apart).
/// [`Event::Drained`] does not come: there is nothing more. Dropping it ends the pipes' threads.
#[derive(Debug)]
pub struct Reading {
    archives: Option<Archives>,
    out: Out,
    /// What the last step gave and was not asked for yet.
    ready: Receiver<Event>,
    /// What pipes bring.
    pipes: Receiver<Event>,
    /// Dropped with this: the pipes' threads end.
    _stop: (Sender<Infallible>, UnixStream),
}

impl Reading {
    /// Begins: enters everything, and lets pipes flow, which have threads of their own.
    pub(super) fn new(
        piped: Out,
        pipes: Receiver<Event>,
        stop: (Sender<Infallible>, UnixStream),
        problems: Vec<Problem>,
        plan: Plan,
    ) -> Self {
        // Nobody reads while a step sends, so this must not be bounded; a step sends little.
        let (sender, ready) = unbounded();
        let out = Out { events: sender, ..piped.clone() };
        let say = |problem| out.problem(problem);
        let opened = problems.into_iter().try_for_each(say).and_then(|()| Archives::open(&out, &piped, plan));
        Self { archives: opened.ok(), out, ready, pipes, _stop: stop }
    }

    /// Where chunks' bytes go when they are no longer needed.
    pub fn pool(&self) -> &Pool {
        &self.out.pool
    }
}

impl Iterator for Reading {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        while let Some(archives) = &mut self.archives {
            if let Ok(event) = self.ready.try_recv().or_else(|_| self.pipes.try_recv()) {
                return Some(event);
            }
            match archives.step(&self.out) {
                Ok(true) => {}
                Ok(false) | Err(Stopped) => self.archives = None,
            }
        }
        // The last step's, then what pipes bring until they end.
        self.ready.try_recv().ok().or_else(|| self.pipes.recv().ok())
    }
}
