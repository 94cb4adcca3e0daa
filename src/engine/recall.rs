//! Single invocations and traces of a time that were let go for memory, read again while somebody looks there.
//!
//! What they came to was never let go, so what is read again is put into a snapshot as it is now
//! ([`Snapshot::with_rows_of`]) and that answers every question as of a time in the stretch. One
//! stretch is held at a time; it goes when nobody looks there any more.

use std::io;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded, never};

use super::again::{Again, Part, Watched, begin};
use super::intake::Intake;
use crate::model::{FindingLog, Timestamp, Window};
use crate::source::{Catalog, Kind, Pool, SourceInfo};
use crate::store::{LineIndex, Snapshot};

/// Reading begins so much earlier, in ms: an invocation that runs then began no longer ago
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>).
const LONGEST_MS: i64 = 15 * 60_000;
/// The shortest time between two readings, in ms: one who passes by has gone on.
const STAY_MS: u64 = 200;
/// One part in so many of what is looked at is read before and behind it too.
const BESIDE: i64 = 4;
/// What is looked at is read again when less than one part in so many of what is held lies ahead of it.
const AHEAD: i64 = 16;
/// Of what there is room for one part in so many lies ahead, if not all that is looked at fits.
const ROOM_AHEAD: i64 = 8;
/// What an invocation takes, with its part of its environment, in bytes: rather more than less.
const ROW_BYTES: u64 = 160;

/// What somebody looks at. Cheap to clone; clones share. Never waited for.
#[derive(Clone, Debug)]
pub struct Wish {
    say: Sender<Option<Window>>,
    hear: Receiver<Option<Window>>,
}

impl Default for Wish {
    fn default() -> Self {
        let (say, hear) = bounded(1);
        Self { say, hear }
    }
}

impl Wish {
    /// Single invocations of this window would be looked at; of `None`, whatever is held.
    pub fn say(&self, window: Option<Window>) {
        // A newer wish takes the place of one that was not heard yet.
        let _ = self.hear.try_recv();
        let _ = self.say.try_send(window);
    }
}

/// What was read again.
#[derive(Clone, Debug)]
pub struct Recalled {
    /// The answers as of these times are whole.
    pub span: Window,
    /// What they are asked of.
    pub snapshot: Arc<Snapshot>,
}

/// A source as it is when reading begins, and up to where it was read by then.
#[derive(Clone, Debug)]
pub(super) struct Lies {
    pub info: SourceInfo,
    pub end: u64,
}

/// What comes of reading: what a store then holds, or why not, as a sentence.
type Read = Result<Snapshot, String>;

/// A reading that runs.
#[derive(Debug)]
struct Reading {
    span: Window,
    watched: Watched,
    done: Receiver<Read>,
}

#[derive(Debug, Default)]
pub(super) struct Recall {
    wish: Wish,
    wanted: Option<Window>,
    /// When reading began last, on the steady clock.
    started: u64,
    reading: Option<Reading>,
    held: Option<Arc<Recalled>>,
    /// What could not be read is not tried again.
    failed: Option<Window>,
}

impl Recall {
    pub fn wish(&self) -> Wish {
        self.wish.clone()
    }

    /// Where wishes come from.
    pub fn wishes(&self) -> &Receiver<Option<Window>> {
        &self.wish.hear
    }

    /// Where what was read comes from.
    pub fn done(&self) -> Receiver<Read> {
        self.reading.as_ref().map_or_else(never, |reading| reading.done.clone())
    }

    /// What is held.
    pub fn held(&self) -> Option<Arc<Recalled>> {
        self.held.clone()
    }

    /// Whether something is held or being read, which takes memory.
    pub fn is_busy(&self) -> bool {
        self.reading.is_some() || self.held.is_some()
    }

    /// While something is being read, the share of it that was, 0 to 1.
    pub fn share(&self) -> Option<f64> {
        self.reading.as_ref().map(|reading| reading.watched.share())
    }

    /// Somebody looks at a window.
    pub fn want(&mut self, wanted: Option<Window>) {
        self.wanted = wanted;
    }

    /// When what is wanted may be read, on the steady clock.
    pub fn due(&self) -> Option<u64> {
        self.wanted.map(|_| self.started + STAY_MS)
    }

    /// The window that single invocations are to be read of, if it is one that a store which holds them from
    /// `rows_from` on and has any from `oldest` on has less than half of. Where it is none, what is held goes:
    /// whether anything did is said first.
    pub fn look(&mut self, now_ms: u64, rows_from: Timestamp, oldest: Timestamp) -> (bool, Option<Window>) {
        let lacks = |window: &Window| {
            let from = window.from.max(oldest);
            oldest < window.to && from < rows_from && rows_from.since(from) > window.to.since(rows_from)
        };
        let Some(window) = self.wanted.filter(lacks) else {
            self.reading = None;
            return (self.held.take().is_some(), None);
        };
        let has = self.held.as_ref().map(|held| held.span).into_iter();
        let mut spans = has.chain(self.reading.as_ref().map(|reading| reading.span)).chain(self.failed);
        let wanted = !spans.any(|span| covers(span, window)) && now_ms >= self.started + STAY_MS;
        (false, wanted.then_some(window))
    }

    /// Begins to read what became known in `span`.
    pub fn start(
        &mut self,
        (span, now_ms): (Window, u64),
        intake: Intake,
        lies: Vec<Lies>,
        index: LineIndex,
        (catalog, pool): (Catalog, Pool),
    ) -> io::Result<()> {
        // One that runs stops before the next begins.
        self.reading = None;
        self.started = now_ms;
        let read_from = span.from.plus(-LONGEST_MS);
        let again = Again::new(intake.within(Window { from: read_from, ..span }), catalog, pool);
        let (watched, (said, done)) = (again.watched(), bounded(1));
        std::thread::Builder::new().name("recall".to_string()).spawn(move || {
            if let Some(read) = read(again, &lies, &index, Window { from: read_from, ..span }).transpose() {
                // Nobody waits for it when somebody looks elsewhere by now.
                let _ = said.send(read);
            }
        })?;
        self.reading = Some(Reading { span, watched, done });
        Ok(())
    }

    /// What was read is held from now on, with what else `snapshot` knows.
    pub fn hold(&mut self, read: Read, snapshot: impl FnOnce() -> Snapshot) -> Result<(), String> {
        let Some(Reading { span, .. }) = self.reading.take() else { return Ok(()) };
        match read {
            Ok(rows) => {
                let snapshot = Arc::new(snapshot().with_rows_of(&rows, span.from));
                self.held = Some(Arc::new(Recalled { span, snapshot }));
                Ok(())
            }
            Err(why) => {
                self.give_up(span);
                Err(why)
            }
        }
    }

    /// What is concluded by now holds of what is held, too.
    pub fn conclude(&mut self, findings: &Arc<FindingLog>) {
        let old = self.held.as_ref().filter(|held| !Arc::ptr_eq(&held.snapshot.findings, findings));
        if let Some(held) = old {
            let snapshot = Snapshot { findings: findings.clone(), ..Snapshot::clone(&held.snapshot) };
            self.held = Some(Arc::new(Recalled { span: held.span, snapshot: Arc::new(snapshot) }));
        }
    }

    /// This can't be read.
    pub fn give_up(&mut self, span: Window) {
        self.failed = Some(span);
    }
}

/// Whether what is held of `span` answers for a window as well as reading again would.
fn covers(span: Window, window: Window) -> bool {
    let length = span.to.since(span.from);
    // Of a window that doesn't fit the newer half must be there.
    let behind = span.from <= window.from || window.to.since(span.from) >= length / 2;
    behind && span.to.since(window.to) >= length / AHEAD
}

/// What is read for a window in which about so many invocations began: some before and behind it, but no
/// more than fits into `bytes`.
pub(super) fn span_for(window: Window, started: u64, bytes: usize) -> Window {
    let length = window.to.since(window.from);
    let fits = bytes as u64 / ROW_BYTES;
    let room = (length as f64 * fits as f64 / started.max(1) as f64).min(length as f64 * 2.0) as i64;
    let ahead = (length / BESIDE).min(room / ROOM_AHEAD).max(1_000);
    let behind = (length + length / BESIDE).min(room - ahead).max(1_000);
    Window { from: window.to.plus(-behind), to: window.to.plus(ahead) }
}

/// `None` when it was told to stop.
fn read(again: Again, lies: &[Lies], index: &LineIndex, window: Window) -> Result<Option<Snapshot>, String> {
    let mut parts = Vec::new();
    for Lies { info, end } in lies {
        let spans = spans(&again.catalog, (info, *end), index, window)
            .map_err(|error| format!("{}: {error}", info.label))?;
        if spans.is_empty() {
            continue;
        }
        if matches!(info.kind, Kind::Fifo | Kind::Socket) {
            return Err(format!("what came from {} can't be read again", info.label));
        }
        parts.push(Part { info: info.clone(), spans });
    }
    let intake = again.read(parts, |_| {})?;
    Ok(intake.map(|mut intake| {
        let texts = Arc::new(intake.correlator.texts().clone());
        intake.store.snapshot(texts)
    }))
}

/// Where in a source what happened in a window lies.
fn spans(
    catalog: &Catalog,
    (info, end): (&SourceInfo, u64),
    index: &LineIndex,
    window: Window,
) -> io::Result<Vec<(u64, u64)>> {
    let mut spans: Vec<(u64, u64)> = Vec::new();
    let packed = info.kind == Kind::Packed;
    match index.of(info.id) {
        Some(stretches) => {
            for stretch in stretches.iter() {
                let timed = stretch.earliest <= stretch.latest;
                if timed && !(stretch.earliest < window.to && window.from <= stretch.latest) {
                    continue;
                }
                match spans.last_mut() {
                    // What is packed is unpacked from its beginning for each.
                    Some(last) if packed || last.1 >= stretch.offset => last.1 = last.1.max(stretch.end),
                    _ => spans.push((stretch.offset, stretch.end)),
                }
            }
        }
        // A file of traces or metrics alone.
        None if packed => spans.push((0, end)),
        None if matches!(info.kind, Kind::Fifo | Kind::Socket) => {}
        None => {
            let from = begin(catalog, info, end, window.from)?;
            let to = begin(catalog, info, end, window.to)?.saturating_add(super::again::GRAIN * 2);
            spans.push((from, to.min(end)));
        }
    }
    Ok(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: i64, to: i64) -> Window {
        Window { from: Timestamp(from), to: Timestamp(to) }
    }

    #[test]
    fn what_is_read_fits_and_holds_what_is_looked_at() {
        let asked = window(1_000_000, 1_600_000);
        // All of it fits, with a quarter before and behind.
        assert_eq!(span_for(asked, 1_000, 1 << 20), window(850_000, 1_750_000));
        assert_eq!(span_for(asked, 0, 1 << 20), window(850_000, 1_750_000));
        // Half of it: the newest, and some of what comes next.
        let half = span_for(asked, 2 * (1 << 20) / 160, 1 << 20);
        assert_eq!((half.to.since(half.from) / 1_000, half.to), (299, Timestamp(1_637_497)));
        for (started, bytes) in [(1_000, 1 << 20), (20_000, 1 << 20), (u64::MAX, 1)] {
            let span = span_for(asked, started, bytes);
            assert!(covers(span, asked), "{span:?}");
            // One that looks a little further needs nothing new, one that looks far before or behind does.
            assert!(!covers(span, window(span.from.0 - 700_000, span.from.0 - 100_000)));
            assert!(!covers(span, window(span.to.0 - 600_000, span.to.0)));
        }
        assert!(covers(half, window(1_010_000, 1_610_000)));
    }

    #[test]
    fn only_what_is_not_held_is_read_and_not_at_every_step() {
        let mut recall = Recall::default();
        let (rows_from, oldest) = (Timestamp(5_000_000), Timestamp(1_000_000));
        let mut look = |wanted: Option<Window>, now| {
            recall.want(wanted);
            recall.look(now, rows_from, oldest)
        };
        let early = window(1_500_000, 2_500_000);
        assert_eq!(look(Some(early), 199), (false, None));
        assert_eq!(look(Some(early), 200), (false, Some(early)));
        assert_eq!(look(Some(window(4_900_000, 5_200_000)), 200), (false, None), "most of it is held");
        assert_eq!(look(Some(window(4_500_000, 5_200_000)), 200).1, Some(window(4_500_000, 5_200_000)));
        assert_eq!(look(Some(window(0, 900_000)), 200), (false, None), "there was nothing");
        assert_eq!(look(None, 200), (false, None));
    }
}
