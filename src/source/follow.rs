//! Following: what is there (or the newest slice of it), then what comes.

use std::fs::File;
use std::io;
use std::sync::Arc;

use memchr::{memchr, memrchr};

use super::copies::HEAD;
use super::fifo::Fifo;
use super::frame::Framer;
use super::info::{Kind, Stat, What, open};
use super::once::{enter, memory};
use super::out::{Out, Stopped};
use super::packed::Pack;
use super::reader::{Raw, Reader, part};
use super::reel::{Done, Feed, Reel};
use super::tail::Tail;
use super::walk::{Found, label, why_not};
use super::{Event, Plan, Problem, open_files};
use crate::frame::first_border;

/// Least share of a newest slice that a file gets, in bytes.
const LEAST_SHARE: u64 = 16 << 10;
/// How much is read at once when looking for a line's beginning.
const SEARCH: u64 = 64 << 10;
/// How much is looked through for a place where surely a frame begins.
const BORDER: u64 = 1 << 20;
/// How many bytes before a line tell whether another frame ends there.
const BEFORE: u64 = 256;

/// Follows the plan's inputs until told to stop.
pub(super) fn run(out: &Out, plan: Plan, newest_slice: Option<u64>) -> Result<(), Stopped> {
    let most_open = open_files(plan.options.open_files);
    let stay_open = plan.found.len() <= most_open;
    let mut tail = match Tail::new(out, plan.roots, plan.said, &plan.options) {
        Ok(tail) => tail,
        Err(error) => return out.trouble(None, format!("can't begin to follow: {error}")),
    };
    for (name, bytes) in plan.memory {
        tail.unpack(memory(out, name, bytes)?);
    }
    let share = newest_slice.map_or(u64::MAX, |bytes| share(&plan.found, bytes));
    let mut backlog = Reel::new(stay_open, most_open);
    let mut begun = Vec::new();
    for found in plan.found {
        if found.stat.what == What::Fifo {
            Fifo::start(out, out, &found, true, &plan.wake)?;
            continue;
        }
        let look = Archive::look(&found, share, out.most);
        match look.map(|archive| (tail.heads.of(&archive.begins), archive)) {
            Ok((head, Archive { stat, pack: Some(pack), .. })) => {
                tail.begin_packed(&found.path, stat, pack, head)?;
            }
            Ok((_, archive)) => {
                let feed = archive.feed(out, &found, stay_open)?;
                begun.push((feed.info.id, found.path, archive.stat));
                backlog.add(feed);
            }
            Err(error) => {
                out.problem(Problem::unread(label(&found.path), &why_not(&found.path, &error)))?;
                tail.refuse(&found.path, found.stat);
            }
        }
    }
    while !backlog.is_empty() {
        let Some(Done { feed, error }) = backlog.step(out)? else { continue };
        if let Some(error) = error {
            out.trouble(Some(feed.info.id), format!("{}: {error}", feed.info.label))?;
        }
        out.send(Event::CaughtUp(feed.info.id))?;
        if let Ok(at) = begun.binary_search_by_key(&feed.info.id, |(id, ..)| *id) {
            let (_, path, stat) = &begun[at];
            tail.take_over(path, *stat, feed);
        }
    }
    tail.run()
}

/// A file as it is found at the start.
struct Archive {
    file: Arc<File>,
    stat: Stat,
    begins: Vec<u8>,
    pack: Option<Pack>,
    start: u64,
}

impl Archive {
    fn look(found: &Found, share: u64, most: usize) -> io::Result<Self> {
        let (file, _) = open(&found.path)?;
        let begins = part(&file, 0, HEAD as u64)?;
        // After that, so that what is read is never more than what is known to begin so.
        let stat = Stat::of_open(&file)?;
        let pack = Pack::of(&begins);
        let whole = pack.is_some() || stat.size <= share || begins.len() < HEAD;
        let start = if whole { 0 } else { slice_start(&file, stat.size, share, most)? };
        Ok(Self { file: Arc::new(file), stat, begins, pack, start })
    }

    fn feed(&self, out: &Out, found: &Found, stay_open: bool) -> Result<Feed, Stopped> {
        let info = enter(out, &found.path, self.stat, Kind::File, self.start);
        out.send(Event::Opened(info.clone()))?;
        Ok(Feed {
            info,
            framer: Framer::new(self.start, out.most),
            reader: stay_open.then(|| Reader::Plain(Raw::File(self.file.clone()))),
            identity: Some(self.stat.identity),
            begins: Some(self.begins.clone()),
            until: self.stat.size,
            pack: None,
            given: 0,
            arrived: None,
        })
    }
}

/// How many of its newest bytes are read of each file, so that it comes to about `bytes` in all:
/// small ones whole, the larger ones alike.
fn share(found: &[Found], bytes: u64) -> u64 {
    // Compressed files are always read whole; whether one is, is only known when it is opened.
    let plain = found.iter().filter(|f| f.path.extension().is_none_or(|e| e != "gz" && e != "zst"));
    let mut sizes: Vec<u64> = plain.map(|f| f.stat.size).collect();
    sizes.sort_unstable();
    let (mut left, mut files) = (bytes, sizes.len() as u64);
    for size in sizes {
        if size.saturating_mul(files) > left {
            return (left / files).max(LEAST_SHARE);
        }
        left -= size;
        files -= 1;
    }
    u64::MAX
}

/// Where the first whole frame of the last `share` bytes begins, or the first line if no frame can
/// be told. Where a single line fills them that has not ended yet, that line's beginning; the file's,
/// if the line is over-long.
fn slice_start(file: &File, size: u64, share: u64, most: usize) -> io::Result<u64> {
    let newest = size - share;
    let begin = newest.saturating_sub(BEFORE);
    let near = part(file, begin, size.min(newest + BORDER))?;
    if let Some(border) = first_border(&near, (newest - begin) as usize) {
        return Ok(begin + border as u64);
    }
    let mut at = newest.saturating_sub(1);
    while at < size {
        let bytes = part(file, at, size.min(at + SEARCH))?;
        match memchr(b'\n', &bytes) {
            Some(i) => return Ok(at + i as u64 + 1),
            None if bytes.is_empty() => break,
            None => at += bytes.len() as u64,
        }
    }
    let from = newest.saturating_sub(most as u64);
    Ok(memrchr(b'\n', &part(file, from, newest)?).map_or(0, |i| from + i as u64 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_slice_begins_with_a_line() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"first\nsecond\nthird\n").unwrap();
        let start = |share| slice_start(&file, 19, share, 100).unwrap();
        assert_eq!((start(6), start(7), start(12), start(13), start(14)), (13, 13, 13, 6, 6));
        assert_eq!(start(1), 19);
    }

    #[test]
    fn a_slice_without_a_line_end_begins_before_it() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"first\nhalf a line").unwrap();
        assert_eq!(slice_start(&file, 17, 5, 100).unwrap(), 6);
        assert_eq!(slice_start(&file, 17, 5, 4).unwrap(), 0);
    }
}
