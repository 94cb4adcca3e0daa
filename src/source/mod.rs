//! Where bytes come from: files, folders, globs, gzip and zst files, pipes, sockets, memory.
//!
//! [`start`] reads them on threads of its own and yields [`Event`]s over a bounded channel; [`pull`]
//! reads archives on the threads that ask for the next event. They promise: chunks hold whole lines of one source, in order, each byte once; a reader waits for
//! its consumer, nothing is dropped (but by sockets, which never wait: they count what they drop), and of an over-long line what is cut is counted; memory is
//! bounded whatever the input; a followed line arrives within milliseconds, through rotation of
//! every kind (a file is its device, inode and birth, not its name); what can't be read is said with
//! what to do, and never fatal to the rest; [`Catalog::reread`] and [`Catalog::range`] give bytes again from where they
//! lie; dropping [`Sources`] ends all threads, full channel or not.

mod catalog;
mod change;
mod copies;
#[cfg(fuzzing)]
pub mod doors;
mod fifo;
mod follow;
mod followed;
mod frame;
mod grow;
mod handles;
mod inflate;
mod info;
mod kept;
mod listen;
mod once;
mod order;
mod out;
mod packed;
mod pool;
mod pull;
mod reader;
mod reel;
mod tail;
mod unpack;
mod walk;
mod watch;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

pub use catalog::{Catalog, RangeReader};
pub use info::{Identity, Kind, SourceInfo};
pub use listen::Key;
pub use pool::Pool;
pub use pull::Reading;

use crate::clock::Clock;
use crate::model::{Chunk, SourceId};
use listen::Bound;
use out::Out;
use walk::{Found, Listing, Root};

/// What to read.
#[derive(Clone, Debug)]
pub enum Input {
    /// A file, a folder (all below it), a named pipe, or a glob.
    Path(PathBuf),
    /// Bytes in the program, gzip or plain.
    Memory {
        /// Its name for a person.
        name: &'static str,
        /// The bytes.
        bytes: &'static [u8],
    },
    /// Datagrams of X-Ray's SDKs, taken in the daemon's place at an address. Only followed.
    Xray(SocketAddr),
    /// Posts of telemetry at an address, from whoever shows the key if there is one. Only followed.
    Http(SocketAddr, Option<Key>),
}

/// Paths as a person gave them; `-` is standard input.
pub fn paths(given: &[String]) -> Vec<Input> {
    let path = |given: &String| if given == "-" { walk::STDIN.into() } else { given.into() };
    given.iter().map(|given| Input::Path(path(given))).collect()
}

/// Why those of the paths that name nothing to read do not, in a sentence each; nothing is opened.
pub fn unusable(inputs: &[Input]) -> Vec<String> {
    let path = |input: &Input| match input {
        Input::Path(path) => Root::of(path).err(),
        _ => None,
    };
    inputs.iter().filter_map(path).collect()
}

/// How to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every source to its end, several together by equal fraction of their sizes; then
    /// [`Event::Drained`]. Events come in the same order every time (pipes apart).
    Once,
    /// What is there, then what is appended and what appears.
    Follow {
        /// Read of the files only about so many of the newest bytes in all, each from a line's
        /// beginning on; [`SourceInfo::skipped`] says how much was left out.
        newest_slice: Option<u64>,
    },
}

/// How to read, and within which bounds.
#[derive(Clone, Debug)]
pub struct Options {
    /// How.
    pub mode: Mode,
    /// Events that may wait in the channel.
    pub queue: usize,
    /// Largest frame in bytes.
    pub most: usize,
    /// Bytes of memory for what can't be read again (gzip, zst, pipes, sockets); 0 keeps nothing.
    pub keep: u64,
    /// Files kept open. Never more than half of what the system allows.
    pub open_files: usize,
    /// Whether to ask the system for notice of changes, beside looking for them.
    pub notify: bool,
    /// How often to look at files.
    pub poll: Duration,
    /// How often to look for files.
    pub list: Duration,
    /// How long a file without a name is followed after it last grew, in ms.
    pub linger_ms: u64,
}

impl Options {
    /// The usual bounds.
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            // More chunks on their way fall out of the cache before they are decoded: with 32 the
            // kernel's copy alone took half of a report's time.
            queue: 4,
            most: 1 << 20,
            keep: 0,
            open_files: 512,
            notify: true,
            poll: Duration::from_millis(250),
            list: Duration::from_secs(1),
            linger_ms: 60_000,
        }
    }
}

/// What happens to sources. Of one source in this order: opened, chunks, caught up, chunks, ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A source was opened.
    Opened(SourceInfo),
    /// Bytes of it.
    Chunk(Chunk),
    /// Something is wrong, or was let be, in a sentence for a person. Unsanitised.
    Trouble {
        /// With which source, if with one.
        source: Option<SourceId>,
        /// What is not read at all for it, and so is no source: its label.
        unread: Option<String>,
        /// What, where, what to do.
        what: String,
    },
    /// Following: all that was there when it was opened has been sent.
    CaughtUp(SourceId),
    /// How a source stands, for a person, in place of what was said of it so before.
    Note {
        /// Which source.
        source: SourceId,
        /// How it stands.
        note: String,
    },
    /// Nothing more will come from it.
    Ended(SourceId),
    /// Reading once: nothing more will come from any.
    Drained,
}

/// Nothing could be read at all; a sentence for each input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.join("\n"))]
pub struct NoInput {
    /// What, where, what to do.
    pub problems: Vec<String>,
}

/// Something that is wrong before there is a source, or instead of one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Problem {
    /// What is not read for it.
    unread: Option<String>,
    /// The whole sentence.
    what: String,
}

impl Problem {
    /// That something can't be read.
    fn unread(label: String, why: &str) -> Self {
        Self { what: format!("{label}: {why}"), unread: Some(label) }
    }
}

impl From<String> for Problem {
    fn from(what: String) -> Self {
        Self { unread: None, what }
    }
}

impl From<&str> for Problem {
    fn from(what: &str) -> Self {
        what.to_string().into()
    }
}

/// What a reading thread is to do.
#[derive(Debug)]
struct Plan {
    roots: Vec<Root>,
    found: Vec<Found>,
    memory: Vec<(&'static str, &'static [u8])>,
    /// What was said already not to be readable.
    said: BTreeSet<String>,
    wake: UnixStream,
    options: Options,
}

/// Tries again at once what failed, where files are followed, and says anew what still fails; what is read
/// once is not tried again.
#[derive(Clone, Debug)]
pub struct Retry(Sender<()>);

impl Retry {
    /// Now. Where it is about to be done it is not asked twice.
    pub fn now(&self) {
        let _ = self.0.try_send(());
    }
}

/// Running readers. Dropping it ends them.
#[derive(Debug)]
pub struct Sources {
    events: Receiver<Event>,
    pool: Pool,
    catalog: Catalog,
    retry: Retry,
    stop: Option<(Sender<Infallible>, UnixStream)>,
    running: Receiver<Infallible>,
}

impl Sources {
    /// What happens. Clones share: each event is received once.
    pub fn events(&self) -> &Receiver<Event> {
        &self.events
    }

    /// Where chunks' bytes go when they are no longer needed.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Which sources there are, and their bytes again. It outlives this.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// By which what failed is tried again at once. It outlives this.
    pub fn retry(&self) -> Retry {
        self.retry.clone()
    }

    /// Ends all threads; what they had not sent is not sent.
    pub fn stop(self) {}
}

impl Drop for Sources {
    fn drop(&mut self) {
        self.stop = None;
        // Threads end within milliseconds, unless a file system hangs in a read: not our problem.
        let _ = self.running.recv_timeout(Duration::from_secs(1));
    }
}

/// Begins to read. Inputs that can't be read are said as [`Event::Trouble`]; when none can, that
/// is the error. When following, a folder or glob without files yet is an input.
pub fn start(inputs: &[Input], options: Options, clock: Clock) -> Result<Sources, NoInput> {
    let Begun { plan, problems, out, events, retry, stop, running } = begin(inputs, options, clock)?;
    let (pool, catalog) = (out.pool.clone(), out.catalog.clone());
    std::thread::Builder::new()
        .name("source".into())
        .spawn(move || {
            let say = |problem| out.problem(problem);
            // Stopped is how a thread ends when nobody listens.
            let _ = problems.into_iter().try_for_each(say).and_then(|()| match plan.options.mode {
                Mode::Once => once::run(&out, plan),
                Mode::Follow { newest_slice } => follow::run(&out, plan, newest_slice),
            });
        })
        .map_err(|error| NoInput { problems: vec![in_general(&error)] })?;
    Ok(Sources { events, pool, catalog, retry, stop: Some(stop), running })
}

/// Reads every source to its end as [`Mode::Once`] says, on the threads that ask for what comes
/// next. Inputs that can't be read are said as by [`start`].
pub fn pull(inputs: &[Input], clock: Clock) -> Result<Reading, NoInput> {
    let Begun { plan, problems, out, events, stop, .. } = begin(inputs, Options::new(Mode::Once), clock)?;
    Ok(Reading::new(out, events, stop, problems, plan))
}

/// What there is to read, and how it will be told.
struct Begun {
    plan: Plan,
    /// What can't be read, beside the rest that can.
    problems: Vec<Problem>,
    out: Out,
    events: Receiver<Event>,
    retry: Retry,
    stop: (Sender<Infallible>, UnixStream),
    running: Receiver<Infallible>,
}

fn begin(inputs: &[Input], options: Options, clock: Clock) -> Result<Begun, NoInput> {
    let (mut roots, mut memory, mut sockets) = (Vec::new(), Vec::new(), Vec::new());
    let mut problems: Vec<Problem> = Vec::new();
    for input in inputs {
        match input {
            Input::Memory { name, bytes } => memory.push((*name, *bytes)),
            Input::Path(path) => match Root::of(path) {
                Ok(root) => roots.push(root),
                Err(what) => problems.push(Problem { unread: Some(walk::label(path)), what }),
            },
            Input::Xray(address) => sockets.push(Bound::xray(*address)),
            Input::Http(address, key) => sockets.push(Bound::http(*address, key.clone())),
        }
    }
    // Whoever points others here must know that it is in vain.
    let sockets: Vec<Bound> = sockets
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|problem| NoInput { problems: vec![problem] })?;
    let Listing { found, troubles, .. } = Listing::of(&roots);
    problems.extend(troubles);
    let following = matches!(options.mode, Mode::Follow { .. });
    for root in &roots {
        if let Some(problem) = root.empty(&found, following) {
            problems.push(problem.into());
        }
    }
    let waiting =
        following && (!sockets.is_empty() || roots.iter().any(|root| !matches!(root, Root::File(_))));
    if found.is_empty() && memory.is_empty() && !waiting {
        if problems.is_empty() {
            problems.push("nothing to read: name a log file or a folder of them".into());
        }
        return Err(NoInput { problems: problems.into_iter().map(|problem| problem.what).collect() });
    }

    let (stop, stopped) = bounded(0);
    let (alive, running) = bounded(0);
    let (wake, woken) = UnixStream::pair().map_err(|error| NoInput { problems: vec![in_general(&error)] })?;
    let (sender, events) = bounded(options.queue.max(1));
    let (retry, retries) = bounded(1);
    let out = Out {
        events: sender,
        stop: stopped,
        retries,
        _alive: alive,
        pool: Pool::default(),
        catalog: Catalog::new(options.most, options.keep),
        clock,
        most: options.most,
    };
    if following && !sockets.is_empty() {
        listen::start(&out, sockets).map_err(|error| NoInput { problems: vec![in_general(&error)] })?;
    }
    let said = problems.iter().filter_map(|problem| problem.unread.clone()).collect();
    let plan = Plan { roots, found, memory, said, wake: woken, options };
    Ok(Begun { plan, problems, out, events, retry: Retry(retry), stop: (stop, wake), running })
}

fn in_general(error: &std::io::Error) -> String {
    format!("can't begin to read: {error}")
}

/// Open files that the program needs for itself.
const OWN_FILES: u64 = 32;

/// Files that may be kept open: half of what the system allows beside what the program needs for itself
/// (terminal, watches, sockets), at most `wanted`.
fn open_files(wanted: usize) -> usize {
    let allowed = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let half = |n: u64| usize::try_from(n.saturating_sub(OWN_FILES) / 2).unwrap_or(usize::MAX);
    wanted.min(allowed.map_or(usize::MAX, half)).max(8)
}
