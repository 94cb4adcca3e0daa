//! Single invocations and traces of a time that were let go for memory, read again while somebody looks there.
//!
//! What they came to was never let go, so what is read again is put into a snapshot as it is then
//! ([`Snapshot::with_rows_of`]) and that answers every question as of a time in the stretch. One
//! stretch is held at a time; it goes when nobody looks there any more. What arrived live is taken to have
//! been known when it happened: nobody remembers for each line when it came.

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
/// Reading ends so much later, in ms: what tells how an invocation ended may come a little after it did.
const LATE_MS: i64 = 60_000;
/// The shortest time between two readings, in ms: one who passes by has gone on.
const STAY_MS: u64 = 200;
/// For whoever goes on so fast that what is read would lie behind before so many ms are over, nothing is read.
const READING_MS: i64 = 2_000;
/// One part in so many of what is looked at is read before and behind it too.
const BESIDE: i64 = 4;
/// What is looked at is read again when less than one part in so many of what is held lies ahead of it.
const AHEAD: i64 = 16;
/// Of what there is room for one part in so many lies ahead, if not all that is looked at fits.
const ROOM_AHEAD: i64 = 8;
/// What an invocation takes, with its part of its environment, in bytes: rather more than less.
const ROW_BYTES: u64 = 160;
/// What a function takes, in bytes.
const FUNCTION_BYTES: usize = 2_048;
/// What is said where there is no room.
pub(super) const NO_ROOM: &str = "there is no room for them; give more --memory";
/// Times that could not be read and are not tried again.
const FAILED: usize = 8;
/// Numbers of invocations that one reading may use up.
const NUMBERS: u64 = 1 << 40;

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
    /// As of these times it is asked: from its beginning on single invocations are there.
    pub span: Window,
    /// What they are asked of.
    pub snapshot: Arc<Snapshot>,
}

impl Recalled {
    /// Where one comes who looks for the next invocation, or for the one before: no further than to the end of
    /// what is held, for behind it may lie some that are to be read first.
    pub fn step(&self, found: Option<Timestamp>, forward: bool) -> Option<Timestamp> {
        let Window { from, to } = self.span;
        match forward {
            true if to < Timestamp::NEVER => Some(found.map_or(to, |found| found.min(to))),
            false if self.snapshot.oldest < from => Some(found.map_or(from, |found| found.max(from))),
            _ => found,
        }
    }
}

/// A source as it is when reading begins, and up to where it was read by then.
#[derive(Clone, Debug)]
pub(super) struct Lies {
    pub info: SourceInfo,
    pub end: u64,
}

/// What comes of reading: what is known then, or why nothing more is, as a sentence.
type Read = Result<Snapshot, String>;

/// A reading that runs.
#[derive(Debug)]
struct Reading {
    /// What was looked at, and what is read for it.
    window: Window,
    plan: Plan,
    watched: Watched,
    done: Receiver<Read>,
}

#[derive(Debug, Default)]
pub(super) struct Recall {
    wish: Wish,
    wanted: Option<Window>,
    /// When that was said, on the steady clock; and how many ms of what is looked at pass in one, if it goes on.
    said: u64,
    pace: i64,
    /// When reading began last, on the steady clock, and how often it did.
    started: u64,
    readings: u64,
    reading: Option<Reading>,
    /// What is held, and what was to be.
    held: Option<(Arc<Recalled>, Plan)>,
    /// The newest last.
    failed: Vec<Window>,
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
        self.held.as_ref().map(|(held, _)| held.clone())
    }

    /// Bytes that a stretch takes that is held, and one that is being read: of invocations as many as are let
    /// be `of_rows`, its own copy of the texts, and while it is read what its correlator knows.
    pub fn bytes(&self, of_rows: usize, texts: usize, correlator: usize) -> usize {
        let held = if self.held.is_some() { of_rows + texts } else { 0 };
        let reading = if self.reading.is_some() { of_rows + correlator } else { 0 };
        held + reading
    }

    /// While something is being read, the share of it that was, 0 to 1.
    pub fn share(&self) -> Option<f64> {
        self.reading.as_ref().map(|reading| reading.watched.share())
    }

    /// Numbers of invocations that no reading has used.
    pub fn numbers(&self) -> u64 {
        (self.readings + 1) * NUMBERS
    }

    /// Somebody looks at a window.
    pub fn want(&mut self, wanted: Option<Window>, now_ms: u64) {
        self.pace = match (self.wanted, wanted) {
            (Some(was), Some(is)) => {
                is.to.since(was.to).abs() / (now_ms.saturating_sub(self.said)).max(1) as i64
            }
            _ => 0,
        };
        (self.wanted, self.said) = (wanted, now_ms);
    }

    /// When what is wanted may be read, on the steady clock.
    pub fn due(&self) -> Option<u64> {
        self.wanted.map(|_| self.started.max(self.said) + STAY_MS)
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
            // Whoever comes back may find room that was not there.
            self.failed.clear();
            return (self.held.take().is_some(), None);
        };
        let held = self.held.as_ref().map(|(_, plan)| *plan).into_iter();
        let reading = self.reading.as_ref().map(|reading| reading.plan);
        let mut plans = held.chain(reading);
        // One that stands still has said nothing for a while.
        let pace = if now_ms < self.said + STAY_MS { self.pace } else { 0 };
        let beside = window.to.since(window.from) / BESIDE;
        let passes = pace.saturating_mul(READING_MS) > beside;
        let failed = self.failed.iter().any(|failed| failed.to.since(window.to).abs() < beside);
        let soon = passes || failed || now_ms < self.started + STAY_MS;
        let wanted = !soon && !plans.any(|plan| plan.covers(window));
        (false, wanted.then_some(window))
    }

    /// Begins to read what is planned for a window, for a snapshot that lacks it.
    pub fn start(
        &mut self,
        (window, plan, now_ms): (Window, Plan, u64),
        intake: Intake,
        lies: Vec<Lies>,
        snapshot: Snapshot,
        (catalog, pool): (Catalog, Pool),
    ) -> io::Result<()> {
        // One that runs stops before the next begins.
        self.reading = None;
        (self.started, self.readings) = (now_ms, self.readings + 1);
        let again = Window { from: plan.from.plus(-LONGEST_MS), to: plan.read_to.plus(LATE_MS) };
        let task = Again::new(intake.within(again), catalog, pool);
        let (watched, (said, done)) = (task.watched(), bounded(1));
        std::thread::Builder::new().name("recall".to_string()).spawn(move || {
            if let Some(read) = read(task, &lies, &snapshot, again).transpose() {
                let all = read.and_then(|rows| {
                    let all = snapshot
                        .with_rows_of(&rows, plan.from, plan.to)
                        .filter(|all| all.rows_from < window.to);
                    all.ok_or_else(|| NO_ROOM.to_string())
                });
                // Nobody waits for it when somebody looks elsewhere by now.
                let _ = said.send(all);
            }
        })?;
        self.reading = Some(Reading { window, plan, watched, done });
        Ok(())
    }

    /// What was read is held from now on.
    pub fn hold(&mut self, read: Read) -> Result<(), String> {
        let Some(Reading { window, plan, .. }) = self.reading.take() else { return Ok(()) };
        match read {
            Ok(snapshot) => {
                let whole = Window { from: snapshot.rows_from, to: plan.to };
                self.held = Some((Arc::new(Recalled { span: whole, snapshot: Arc::new(snapshot) }), plan));
                Ok(())
            }
            Err(why) => {
                self.give_up(window);
                Err(why)
            }
        }
    }

    /// What is concluded by now holds of what is held, too.
    pub fn conclude(&mut self, findings: &Arc<FindingLog>) {
        if let Some((held, _)) = &mut self.held
            && !Arc::ptr_eq(&held.snapshot.findings, findings)
        {
            let snapshot = Snapshot { findings: findings.clone(), ..Snapshot::clone(&held.snapshot) };
            *held = Arc::new(Recalled { span: held.span, snapshot: Arc::new(snapshot) });
        }
    }

    /// This can't be read, nor what is near.
    pub fn give_up(&mut self, window: Window) {
        if self.failed.len() == FAILED {
            self.failed.remove(0);
        }
        self.failed.push(window);
    }
}

/// What is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    from: Timestamp,
    /// What comes after this is held, or is not wanted.
    read_to: Timestamp,
    /// As of times before this it is asked.
    to: Timestamp,
}

impl Plan {
    /// What is read for a window in which about `started` invocations began within `over_ms`, of a store that holds them from
    /// `rows_from` on: some before and behind it, but no more than fits into `bytes`. `None` where nothing
    /// does.
    pub fn of(
        window: Window,
        (started, over_ms): (u64, i64),
        rows_from: Timestamp,
        (bytes, functions): (usize, usize),
    ) -> Option<Self> {
        let length = window.to.since(window.from);
        let fits = bytes.checked_sub(functions * FUNCTION_BYTES)? as u64 / ROW_BYTES;
        let room = (over_ms as f64 * fits as f64 / started.max(1) as f64).min(length as f64 * 2.0) as i64;
        let ahead = (length / BESIDE).min(room / ROOM_AHEAD).max(1_000);
        let (read_to, to) = match window.to.plus(ahead) {
            to if to < rows_from => (to, to),
            _ => (rows_from, Timestamp::NEVER),
        };
        let from = window.from.plus(-length / BESIDE).max(read_to.plus(-room));
        (from < read_to).then_some(Self { from, read_to, to })
    }

    /// Whether it answers for a window as well as reading again would.
    fn covers(&self, window: Window) -> bool {
        let (length, all) = (window.to.since(window.from), self.read_to.since(self.from));
        // Of a window that doesn't fit what is before it is there as far as it was then.
        let behind = self.from <= window.from || window.to.min(self.read_to).since(self.from) >= all / 2;
        let ahead = self.to == Timestamp::NEVER || self.to.since(window.to) >= length.min(all) / AHEAD;
        behind && ahead && window.to < self.to
    }
}

/// `None` when it was told to stop.
fn read(again: Again, lies: &[Lies], known: &Snapshot, window: Window) -> Result<Option<Snapshot>, String> {
    if known.health.lines_let_go > 0 {
        return Err("where the older lines lie was let go, too; give more --memory".to_string());
    }
    let index = &known.lines;
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
        let plan =
            |started, bytes| Plan::of(asked, (started, 600_000), Timestamp(9_000_000), (bytes, 0)).unwrap();
        let until = |from, to| Plan { from: Timestamp(from), read_to: Timestamp(to), to: Timestamp(to) };
        // All of it fits, with a quarter before and behind.
        assert_eq!(plan(1_000, 1 << 20), until(850_000, 1_750_000));
        assert_eq!(plan(0, 1 << 20), until(850_000, 1_750_000));
        // Half of it: the newest, and some of what comes next.
        let half = plan(2 * (1 << 20) / 160, 1 << 20);
        assert_eq!((half.to.since(half.from) / 1_000, half.to), (299, Timestamp(1_637_497)));
        for (started, bytes) in [(1_000, 1 << 20), (20_000, 1 << 20)] {
            let plan = plan(started, bytes);
            assert!(plan.covers(asked), "{plan:?}");
            // One that looks a little further needs nothing new, one that looks far before or behind does.
            assert!(!plan.covers(window(plan.from.0 - 700_000, plan.from.0 - 100_000)));
            assert!(!plan.covers(window(plan.to.0 - 600_000, plan.to.0)));
        }
        assert!(half.covers(window(1_010_000, 1_610_000)));
        // Where the rest is held it is read up to there, and holds from then on.
        let plan =
            |bytes, functions| Plan::of(asked, (6_000, 600_000), Timestamp(1_400_000), (bytes, functions));
        let all = plan(1 << 20, 0).unwrap();
        assert_eq!(
            (all.from, all.read_to, all.to),
            (Timestamp(850_000), Timestamp(1_400_000), Timestamp::NEVER)
        );
        let part = plan(160 * 3_000, 0).unwrap();
        assert_eq!((part.from, part.read_to), (Timestamp(1_100_000), Timestamp(1_400_000)));
        assert!(part.covers(asked) && part.covers(window(1_300_000, 1_900_000)));
        // What is before the first one takes no room.
        let late = Plan::of(asked, (6_000, 60_000), Timestamp(1_700_000), (160 * 3_000, 0)).unwrap();
        assert_eq!((late.to.since(late.from), late.to), (30_000, Timestamp(1_603_750)));
        assert_eq!(plan(1 << 20, 600), None, "the functions alone take all");
        assert_eq!(plan(0, 0), None);
    }

    #[test]
    fn one_who_goes_step_by_step_comes_to_what_is_read_next() {
        let snapshot =
            crate::store::Store::new(crate::store::Budget { bytes: 1 << 20 }).snapshot(Arc::default());
        let recalled = |oldest, to| Recalled {
            span: Window { from: Timestamp(1_000), to },
            snapshot: Arc::new(Snapshot { oldest: Timestamp(oldest), ..snapshot.clone() }),
        };
        let (at, some) = (|ms| Some(Timestamp(ms)), recalled(0, Timestamp(2_000)));
        assert_eq!([some.step(at(1_500), true), some.step(at(1_500), false)], [at(1_500); 2]);
        assert_eq!([some.step(at(2_500), true), some.step(None, true)], [at(2_000); 2]);
        assert_eq!([some.step(at(900), false), some.step(None, false)], [at(1_000); 2]);
        let all = recalled(1_000, Timestamp::NEVER);
        assert_eq!(
            [all.step(at(2_500), true), all.step(None, true), all.step(None, false)],
            [at(2_500), None, None]
        );
    }

    #[test]
    fn nothing_is_read_for_one_who_passes_by() {
        let mut recall = Recall::default();
        let (rows_from, oldest) = (Timestamp(9_000_000), Timestamp(0));
        let at = |to: i64| window(to - 600_000, to);
        let mut look = |to: i64, now| {
            recall.want(Some(at(to)), now);
            recall.look(now, rows_from, oldest).1
        };
        assert_eq!(look(1_000_000, 1_000), Some(at(1_000_000)));
        assert_eq!(look(1_001_000, 1_100), Some(at(1_001_000)), "ten times as fast");
        assert_eq!(look(1_101_000, 1_200), None, "a thousand times");
        assert_eq!(recall.look(1_399, rows_from, oldest).1, None);
        assert_eq!(recall.look(1_400, rows_from, oldest).1, Some(at(1_101_000)), "it stands still");
    }

    #[test]
    fn what_is_held_is_counted_with_its_texts() {
        let snapshot =
            crate::store::Store::new(crate::store::Budget { bytes: 1 << 20 }).snapshot(Arc::default());
        let plan = Plan { from: Timestamp(0), read_to: Timestamp(1), to: Timestamp(1) };
        let held = Recalled { span: window(0, 1), snapshot: Arc::new(snapshot) };
        assert_eq!(Recall::default().bytes(1_000, 30, 70), 0);
        let recall = Recall { held: Some((Arc::new(held), plan)), ..Recall::default() };
        assert_eq!(recall.bytes(1_000, 30, 70), 1_030);
    }

    #[test]
    fn only_what_is_not_held_is_read_and_not_at_every_step() {
        let mut recall = Recall::default();
        let (rows_from, oldest) = (Timestamp(5_000_000), Timestamp(1_000_000));
        let mut look = |wanted: Option<Window>, now| {
            recall.want(wanted, now);
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
