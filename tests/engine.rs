//! The engine on real files: a newest slice first, then what lies before it, then what is
//! appended, and in the end the same as if everything had been read from its beginning.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use lamtop::clock::Clock;
use lamtop::engine::{Engine, Options, Published};
use lamtop::model::{FindingKind, Timestamp, Verdict};
use lamtop::query::filter::Filter;
use lamtop::query::overview;
use lamtop::query::view::{FunctionRow, Overview, OverviewRequest, SortBy};
use lamtop::source::{self, Input, Mode, Sources};
use lamtop::store::Snapshot;

const START: i64 = 1_795_420_800_000;
const MINUTE: i64 = 60_000;
/// Between two invocations, in ms.
const GAP: i64 = 1_500;

/// Invocations `from..to` of three functions, each in four environments.
fn lines(from: i64, to: i64) -> String {
    let mut text = String::new();
    for n in from..to {
        let (function, stream) = (["orders", "mail", "index"][(n % 3) as usize], n % 4);
        let (start, took) = (START + n * GAP, 40 + (n * 37) % 900);
        let mut line = |time: i64, message: &str| {
            let _ = writeln!(
                text,
                "{{\"logGroup\":\"/aws/lambda/{function}\",\"logStream\":\"2026/11/23/[$LATEST]{stream:032x}\",\
                 \"timestamp\":{time},\"message\":\"{message}\"}}"
            );
        };
        let id = format!("{n:08x}-0000-4000-8000-000000000000");
        line(start, &format!("START RequestId: {id} Version: $LATEST\\n"));
        line(start + took, &format!("END RequestId: {id}\\n"));
        let error = if n % 50 == 7 { "\\tStatus: timeout" } else { "" };
        line(
            start + took,
            &format!(
                "REPORT RequestId: {id}\\tDuration: {took}.00 ms\\tBilled Duration: {took} ms\\t\
                 Memory Size: 256 MB\\tMax Memory Used: 90 MB{error}\\n"
            ),
        );
    }
    text
}

struct Session {
    /// Ends first: it reads what the sources give.
    engine: Engine,
    sources: Sources,
    woken: Receiver<()>,
}

/// What comes live comes at `now`.
fn read(path: &Path, mode: Mode, history_ms: Option<i64>, now: Timestamp) -> Session {
    read_by(path, mode, history_ms, Clock::manual(now), Clock::wall())
}

/// The sources by one clock, the engine by another.
fn read_by(path: &Path, mode: Mode, history_ms: Option<i64>, theirs: Clock, its: Clock) -> Session {
    let (wake, woken) = bounded(1);
    let options = source::Options::new(mode);
    let sources = source::start(&[Input::Path(path.to_path_buf())], options, theirs).unwrap();
    let options = Options { memory: 256 << 20, decoders: 1, settling_ms: 0, live: true, history_ms };
    let engine = Engine::start(&sources, options, its, wake).unwrap();
    Session { engine, sources, woken }
}

impl Session {
    /// The first snapshot of which something holds.
    fn until(&self, what: &str, holds: impl Fn(&Published) -> bool) -> Arc<Snapshot> {
        let published = self.engine.published();
        loop {
            let now = published.load_full();
            if holds(&now) {
                return now.snapshot.clone();
            }
            let woken = self.woken.recv_timeout(Duration::from_secs(60));
            assert!(woken.is_ok(), "{what} did not come to be: {:?}", now.progress);
        }
    }
}

/// The newest half hour, without the numbers by which functions happen to be called.
fn answer(snapshot: &Snapshot, as_of: Timestamp) -> Overview {
    let request = OverviewRequest {
        as_of,
        window_ms: 30 * MINUTE,
        columns: 30,
        spark: 10,
        heat: 0,
        ticks: 0,
        filter: Filter::default(),
        function: None,
        crosshair: None,
        metrics: true,
        compare_ms: None,
        sort: SortBy::Function,
        reverse: false,
    };
    let mut answer = overview(snapshot, &request);
    for FunctionRow { id, .. } in &mut answer.rows {
        id.0 = 0;
    }
    answer
}

#[test]
fn a_newest_slice_is_there_first_and_what_is_older_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.ndjson");
    // Two hours, of which the slice has some minutes.
    let (old, new) = (120 * MINUTE / GAP, 40);
    std::fs::write(&path, lines(0, old)).unwrap();
    let end = Timestamp(START + (old + new) * GAP);
    let slice = Mode::Follow { newest_slice: Some(64 << 10) };
    let session = read(&path, slice, Some(75 * MINUTE), end);
    OpenOptions::new().append(true).open(&path).unwrap().write_all(lines(old, old + new).as_bytes()).unwrap();

    let rows = |published: &Published| published.snapshot.health.rows;
    // The window, the one before it and a quarter of an hour: neither all nor the slice.
    let wanted = (75 * MINUTE / GAP) as u64;
    let all_came = |now: &Published| {
        now.snapshot.newest.0 > START + (old + new - 1) * GAP
            && rows(now) >= wanted
            && now.progress.filling.is_none()
    };
    let filled = session.until("everything wanted", all_came);
    assert!(filled.health.rows < (old + new) as u64 - 500, "only what is wanted is read");
    // The slice may have held the appended lines already.
    let from = filled.read_from.unwrap();
    assert!(from > end.plus(-77 * MINUTE) && from < end.plus(-74 * MINUTE), "read from {from}");

    let whole = read(&path, Mode::Once, None, end);
    let whole = whole.until("the whole file", |now| now.progress.loaded);
    assert_eq!(whole.health.rows, (old + new) as u64);
    assert_eq!(answer(&filled, end), answer(&whole, end));
    // Before what was read, the whole knows more, and the other says so.
    let (before, known) =
        (answer(&filled, Timestamp(START + 20 * MINUTE)), answer(&whole, Timestamp(START + 20 * MINUTE)));
    assert_ne!(before.panels.invocations, known.panels.invocations);
    assert!(before.not_seen.iter().any(|what| what.contains("records before")), "{:?}", before.not_seen);
    drop(session.sources);
}

#[test]
fn a_file_that_is_all_slice_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.ndjson");
    std::fs::write(&path, lines(0, 200)).unwrap();
    let session = read(&path, Mode::Follow { newest_slice: Some(1 << 20) }, Some(MINUTE), Timestamp(START));
    let loaded = session.until("the file", |now| now.progress.loaded);
    assert_eq!((loaded.health.rows, loaded.read_from), (200, None));
    let mut file: File = OpenOptions::new().append(true).open(&path).unwrap();
    let more = lines(200, 201);
    // Half a line waits for its end.
    let (half, rest) = more.split_at(more.len() - 30);
    file.write_all(half.as_bytes()).unwrap();
    let half = session.until("the START", |now| now.snapshot.health.rows == 201);
    assert!(half.functions.iter().flat_map(|f| f.rows.iter()).any(|row| row.end().is_none()));
    file.write_all(rest.as_bytes()).unwrap();
    let ended =
        |now: &Published| now.snapshot.functions.iter().all(|f| f.rows.iter().all(|row| row.end().is_some()));
    let whole = session.until("the REPORT", ended);
    assert_eq!(whole.health.rows, 201);
    assert_eq!(whole.bad.count, 0);
}

#[test]
fn what_a_pipe_brings_before_its_first_pause_was_there_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let later = Timestamp(START + 3 * 60 * MINUTE);
    let session = read(&path, Mode::Follow { newest_slice: Some(1 << 20) }, Some(MINUTE), later);
    let mut pipe = OpenOptions::new().write(true).open(&path).unwrap();
    pipe.write_all(lines(0, 100).as_bytes()).unwrap();
    let old =
        session.until("the pipe's backlog", |now| now.progress.loaded && now.snapshot.health.rows == 100);
    pipe.write_all(lines(100, 101).as_bytes()).unwrap();
    let new = session.until("a live line", |now| now.snapshot.health.rows == 101);
    let known = |snapshot: &Snapshot| {
        snapshot.functions.iter().flat_map(|f| f.rows.iter()).map(|row| row.start_known()).max().unwrap()
    };
    assert_eq!(known(&old), Timestamp(START + 99 * GAP), "known when it happened");
    assert_eq!(known(&new), later, "known when it came");
}

/// A REPORT alone, which is a whole invocation.
fn report(function: &str, time: i64) -> String {
    format!(
        "{{\"logGroup\":\"/aws/lambda/{function}\",\"logStream\":\"2026/11/23/[$LATEST]{:032x}\",\"timestamp\":{time},\
         \"message\":\"REPORT RequestId: {function}-{time}\\tDuration: 9.00 ms\\tBilled Duration: 9 ms\\tMemory Size: 128 MB\\t\
         Max Memory Used: 60 MB\\n\"}}\n",
        1
    )
}

#[test]
fn a_live_session_hears_silence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.ndjson");
    let stops = START + 20 * MINUTE;
    let end = stops + 200_000;
    let mut records: Vec<(i64, &str)> = (START..end).step_by(2_000).map(|time| (time, "orders")).collect();
    records.extend((START + 1..stops).step_by(20_000).map(|time| (time, "ticker")));
    records.sort_unstable();
    std::fs::write(&path, records.iter().map(|(time, function)| report(function, *time)).collect::<String>())
        .unwrap();
    let clock = Clock::manual(Timestamp(end));
    let mode = Mode::Follow { newest_slice: None };
    let session = read_by(&path, mode, None, clock.clone(), clock.clone());
    let loaded =
        session.until("the file", |now| now.progress.loaded && now.snapshot.findings.judged.is_some());
    assert_eq!(loaded.findings.changes.len(), 0, "not for long enough");
    // Nothing comes; time goes on.
    clock.set(Timestamp(end + MINUTE));
    let quiet = session.until("the finding", |now| !now.snapshot.findings.changes.is_empty());
    let opened = &quiet.findings.changes[0];
    assert!(matches!(&opened.verdict, Verdict::Opened(claim) if claim.basis.kind() == FindingKind::Silence));
    assert!(opened.known > Timestamp(end) && opened.known <= Timestamp(end + MINUTE), "{:?}", opened.known);
}
