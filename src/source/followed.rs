//! One file that is followed.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use super::copies::Head;
use super::frame::Framer;
use super::info::{Identity, SourceInfo};
use super::order::{Age, Log};

/// A file, by what it is and not by what it is called.
#[derive(Debug)]
pub(super) struct Followed {
    pub identity: Identity,
    /// Under which paths it is found now. None: it was moved away or deleted.
    pub names: Vec<PathBuf>,
    /// Where it was last found.
    pub path: PathBuf,
    /// Where it was first found: its copies are named after that.
    pub called: PathBuf,
    /// The log that it is a part of, by its names.
    pub log: Log,
    /// Its place among the log's other files.
    pub age: Age,
    /// Whether it was read before and then emptied or written anew: then its age is that of what it
    /// holds now.
    pub again: bool,
    /// The most bytes that it was seen to hold of what is read now.
    pub stood: u64,
    /// Bytes that stood in it, and were gone without a copy before they were read.
    pub lost: u64,
    /// Open as long as there is room.
    pub handle: Option<Arc<File>>,
    /// When the handle was last used, as a count of uses.
    pub used: u64,
    /// How it began when it was found to be a copy or compressed: the system may give a deleted
    /// file's identity to a new one.
    pub begins: Head,
    /// Size and modification time when it was last looked at.
    pub seen: Option<(u64, i128)>,
    /// Whether it may have changed since within the grain of that time.
    pub racy: bool,
    /// When that changed, on the steady clock.
    pub changed_ms: u64,
    /// Whether its trouble was said.
    pub said: bool,
    pub state: State,
}

impl Followed {
    /// Its source, if it is one.
    pub fn info(&self) -> Option<&SourceInfo> {
        match &self.state {
            State::Lines(lines) => Some(&lines.info),
            State::Packed(packed) => packed.info.as_ref(),
            State::New | State::Copy { .. } => None,
        }
    }
}

/// What is done with a file.
#[derive(Debug)]
pub(super) enum State {
    /// Nothing yet: it is empty, or can't be opened.
    New,
    /// It is read.
    Lines(Box<Lines>),
    /// It is inflated.
    Packed(Box<Packed>),
    /// It holds what is read elsewhere.
    Copy {
        /// The file that is read, while it is followed.
        of: Option<u32>,
        /// Up to here it is a copy.
        verified: u64,
    },
}

/// A file of lines.
#[derive(Debug)]
pub(super) struct Lines {
    pub info: SourceInfo,
    pub framer: Framer,
    pub head: Head,
    pub caught_up: bool,
}

/// A gzip file.
#[derive(Debug, Default)]
pub(super) struct Packed {
    /// Set when its reading began.
    pub info: Option<SourceInfo>,
    /// Where its frames go on; `None` while it is being inflated.
    pub framer: Option<Framer>,
    /// Its size when that last began, or when it was found to be a copy.
    pub tried: Option<u64>,
    /// Its size a while ago.
    pub size_before: Option<u64>,
    pub caught_up: bool,
}
