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
    /// Starts it, where others may keep so many files open; it ends with `out` or when this is dropped.
    pub fn start(out: &Out, open_files: usize) -> std::io::Result<Self> {
        let (jobs, feeds) = unbounded();
        let (finished, done) = unbounded();
        let out = out.clone();
        std::thread::Builder::new().name("source-unpack".into()).spawn(move || {
            // Stopped is how a thread ends when nobody listens.
            let _ = run(&out, open_files, &feeds, &finished);
        })?;
        Ok(Self { jobs, done })
    }

    /// Reads a file on.
    pub fn read(&self, feed: Feed) {
        // A thread that is gone was stopped.
        let _ = self.jobs.send(feed);
    }
}

fn run(out: &Out, open_files: usize, feeds: &Receiver<Feed>, finished: &Sender<Done>) -> Result<(), Stopped> {
    let mut reel = Reel::new(true, open_files);
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
        if let Some(mut done) = reel.step(out)? {
            // Whoever takes it may be busy for a while, and files that are not read need not be open.
            done.feed.reader = None;
            finished.send(done).map_err(|_| Stopped)?;
        }
    }
}
