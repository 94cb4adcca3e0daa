//! Packed files while following: unpacked on a thread of their own, so that no followed line waits.

use crossbeam_channel::{Receiver, Sender, select, unbounded};

use super::out::{Out, Stopped};
use super::reel::{Done, Feed, Reel};

/// The thread that unpacks.
#[derive(Debug)]
pub(super) struct Unpacker {
    jobs: Sender<Feed>,
    /// Files read as far as they go; the half line at the end is left in their framer.
    pub done: Receiver<Done>,
}

impl Unpacker {
    /// Starts it; it ends with `out` or when this is dropped.
    pub fn start(out: &Out) -> std::io::Result<Self> {
        let (jobs, feeds) = unbounded();
        let (finished, done) = unbounded();
        let out = out.clone();
        std::thread::Builder::new().name("source-unpack".into()).spawn(move || {
            // Stopped is how a thread ends when nobody listens.
            let _ = run(&out, &feeds, &finished);
        })?;
        Ok(Self { jobs, done })
    }

    /// Reads a file on.
    pub fn read(&self, feed: Feed) {
        // A thread that is gone was stopped.
        let _ = self.jobs.send(feed);
    }
}

fn run(out: &Out, feeds: &Receiver<Feed>, finished: &Sender<Done>) -> Result<(), Stopped> {
    let mut reel = Reel::new(true);
    loop {
        if reel.is_empty() {
            select! {
                recv(feeds) -> feed => reel.add(feed.map_err(|_| Stopped)?),
                recv(out.stop) -> _ => return Err(Stopped),
            }
        }
        while let Ok(feed) = feeds.try_recv() {
            reel.add(feed);
        }
        if let Some(done) = reel.step(out)? {
            finished.send(done).map_err(|_| Stopped)?;
        }
    }
}
