//! What was let go for memory is read again while somebody looks there, and then the answers are those of
//! an engine that let nothing go.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use lamtop::clock::Clock;
use lamtop::engine::{Engine, Options, Published};
use lamtop::model::{Grade, Graded, RequestId, Timestamp, TraceId, Window};

use lamtop::query::filter::Filter;
use lamtop::query::page::{Listed, Page, PageRequest, Part, Ranking};
use lamtop::query::view::{FunctionRow, Overview, OverviewRequest, SortBy, Which};
use lamtop::query::{OneRequest, Selected, one, overview, page, traces};
use lamtop::source::{self, Input, Mode, Sources};
use lamtop::store::{Row, Snapshot};
use tempfile::TempDir;

const START: i64 = 1_795_420_800_000;
const MINUTE: i64 = 60_000;
/// Between two invocations, in ms.
const GAP: i64 = 120;
const COUNT: i64 = 110_000;
const LITTLE: usize = 1 << 20;
const MUCH: usize = 1 << 30;

/// A line as CloudWatch's subscriptions have it.
fn line(text: &mut String, function: &str, stream: i64, time: i64, message: &str) {
    let _ = writeln!(
        text,
        "{{\"logGroup\":\"/aws/lambda/{function}\",\"logStream\":\"2026/11/23/[$LATEST]{stream:032x}\",\
         \"timestamp\":{time},\"message\":\"{message}\"}}"
    );
}

/// Invocations `from..to` of three functions, in thirty environments at a time, each of twenty minutes.
fn lines(from: i64, to: i64) -> String {
    let mut text = String::new();
    for n in from..to {
        let (function, stream) = (["orders", "mail", "index"][(n % 3) as usize], n / 10_000 * 30 + n % 30);
        let (start, took) = (START + n * GAP, 40 + (n * 37) % 3_000);
        let id = format!("{n:08x}-0000-4000-8000-000000000000");
        line(&mut text, function, stream, start, &format!("START RequestId: {id} Version: $LATEST\\n"));
        let error = if n % 50 == 7 { "\\tStatus: timeout" } else { "" };
        let report = format!(
            "REPORT RequestId: {id}\\tDuration: {took}.00 ms\\tBilled Duration: {took} ms\\t\
             Memory Size: 256 MB\\tMax Memory Used: 90 MB{error}\\n"
        );
        line(&mut text, function, stream, start + took, &report);
    }
    text
}

/// A segment of every tenth invocation, in seconds as X-Ray has them.
fn segments() -> String {
    let mut text = String::new();
    for n in (0..COUNT).step_by(10) {
        let seconds = |ms: i64| format!("{}.{:03}", ms / 1_000, ms % 1_000);
        let start = START + n * GAP;
        let _ = writeln!(
            text,
            "{{\"id\":\"{n:016x}\",\"trace_id\":\"1-{:08x}-{n:024x}\",\"name\":\"orders\",\"start_time\":{},\
             \"end_time\":{},\"origin\":\"AWS::Lambda::Function\"}}",
            start / 1_000,
            seconds(start),
            seconds(start + 40)
        );
    }
    text
}

/// Twenty minutes of more than a hundred invocations a second.
fn dense() -> String {
    const EVERY: i64 = 8;
    let mut lines = Vec::new();
    for n in 0..20 * MINUTE / EVERY {
        let (function, stream) = (["orders", "mail", "index"][(n % 3) as usize], n % 300);
        let (start, took) = (START + n * EVERY, 40 + (n * 37) % 1_000);
        let id = format!("{n:08x}-0000-4000-8000-000000000000");
        for (time, message) in [
            (start, format!("START RequestId: {id} Version: $LATEST\\n")),
            (
                start + took,
                format!(
                    "REPORT RequestId: {id}\\tDuration: {took}.00 ms\\tBilled Duration: {took} ms\\t\
                     Memory Size: 256 MB\\tMax Memory Used: 90 MB\\n"
                ),
            ),
        ] {
            let mut text = String::new();
            line(&mut text, function, stream, time, &message);
            lines.push((time, text));
        }
    }
    lines.sort_by_key(|(time, _)| *time);
    lines.into_iter().map(|(_, text)| text).collect()
}

/// A folder with two captures, in which not everything lies in the order of its times: the second half comes
/// first in one, and the other has what lies between; and one of traces.
fn captures() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (third, half) = (COUNT / 3, COUNT / 2);
    std::fs::write(folder.path().join("a.ndjson"), lines(half, COUNT) + &lines(0, third)).unwrap();
    std::fs::write(folder.path().join("b.ndjson"), lines(third, half)).unwrap();
    std::fs::write(folder.path().join("traces.ndjson"), segments()).unwrap();
    let path = folder.path().to_path_buf();
    (folder, path)
}

struct Session {
    /// Ends first: it reads what the sources give.
    engine: Engine,
    _sources: Sources,
    woken: Receiver<()>,
}

impl Session {
    fn start(path: &Path, memory: usize) -> Self {
        let (wake, woken) = bounded(1);
        let options = source::Options::new(Mode::Once);
        let clock = Clock::manual(Timestamp(START));
        let sources = source::start(&[Input::Path(path.to_path_buf())], options, clock).unwrap();
        let options = Options { memory, decoders: 1, settling_ms: 0, live: false, history_ms: None };
        let engine = Engine::start(&sources, options, Clock::wall(), wake).unwrap();
        let session = Self { engine, _sources: sources, woken };
        session.until("everything", |now| now.progress.loaded);
        session
    }

    /// What is published when something holds of it.
    fn until(&self, what: &str, holds: impl Fn(&Published) -> bool) -> Arc<Published> {
        let published = self.engine.published();
        loop {
            let now = published.load_full();
            if holds(&now) {
                return now;
            }
            let woken = self.woken.recv_timeout(Duration::from_secs(60));
            assert!(woken.is_ok(), "{what} did not come to be: {:?}", now.progress);
        }
    }

    fn look(&self, window: Window) -> Arc<Published> {
        self.engine.wish().say(Some(window));
        let as_of = window.to.plus(-1);
        self.until("what was let go", |now| {
            now.recalled.as_ref().is_some_and(|recalled| recalled.span.holds(as_of))
        })
    }
}

fn window(to: i64, length: i64) -> Window {
    Window { from: Timestamp(START + to - length), to: Timestamp(START + to + 1) }
}

/// The figures of a window, without the numbers by which functions happen to be called.
fn figures(snapshot: &Snapshot, window: Window) -> Overview {
    let request = OverviewRequest {
        as_of: window.to.plus(-1),
        window_ms: window.to.since(window.from) - 1,
        columns: 60,
        spark: 10,
        heat: 8,
        ticks: 0,
        filter: Filter::default(),
        function: None,
        crosshair: None,
        metrics: false,
        compare_ms: None,
        sort: SortBy::Function,
        reverse: false,
    };
    let mut answer = overview(snapshot, &request);
    for FunctionRow { id, .. } in &mut answer.rows {
        id.0 = 0;
    }
    // Of the window before no more is held than is needed; that figure says so itself.
    let panels = &mut answer.panels;
    for panel in [&mut panels.invocations, &mut panels.errors, &mut panels.concurrency] {
        panel.before = Graded::Counted(0.0);
    }
    answer
}

/// The ids of the traces of a window.
fn traces_of(snapshot: &Snapshot, window: Window) -> Vec<TraceId> {
    let what = Selected { as_of: window.to.plus(-1), window, filter: Filter::default(), function: None };
    traces(snapshot, &what).iter().map(|trace| trace.id).collect()
}

/// The slowest invocations of a window.
fn slowest(snapshot: &Snapshot, window: Window) -> Page {
    let request = PageRequest {
        as_of: window.to.plus(-1),
        window,
        filter: Filter::default(),
        function: None,
        environment: None,
        error: None,
        ranking: Ranking::Slowest,
        reverse: false,
        part: Part::First,
        count: 500,
    };
    let mut answer = page(snapshot, &request, usize::MAX);
    for Listed { place, row, .. } in &mut answer.rows {
        (place.seq, row.seq, row.function.0, row.environment) = (0, 0, 0, None);
    }
    answer.rows.sort_by_key(|listed| (listed.place.rank, listed.row.start, listed.name.clone()));
    answer
}

#[test]
fn what_was_let_go_is_read_again_and_told_as_if_it_never_had_been() {
    let (_folder, path) = captures();
    let (little, much) = (Session::start(&path, LITTLE), Session::start(&path, MUCH));
    let whole = much.until("all", |now| now.progress.loaded).snapshot.clone();
    assert_eq!(whole.health.rows, COUNT as u64);
    for minutes in [40, 75, 100] {
        let asked = window(minutes * MINUTE, 10 * MINUTE);
        let before = little.until("all", |now| now.progress.loaded);
        let as_of = asked.to.plus(-1);
        assert!(before.snapshot.rows_from > asked.to, "the case is none: {}", before.snapshot.rows_from);
        assert!(slowest(&before.snapshot, asked).rows.is_empty(), "they were let go");
        assert!(traces_of(&before.snapshot, asked).len() < 500);

        let now = little.look(asked);
        let span = now.recalled.as_ref().unwrap().span;
        assert!(span.to < before.snapshot.rows_from, "the case is none: {span:?}");
        let mut rows = now.as_of(as_of).functions.iter().flat_map(|function| function.rows.iter());
        let later = |row: &Row| row.start() > span.to.plus(2 * MINUTE);
        let found = rows.find(|row| later(row)).map(Row::start);
        assert_eq!(found, None, "what came after {span:?} stays in memory with what was read again");
        let (told, want) = (now.as_of(as_of), &whole);
        assert_eq!(slowest(told, asked), slowest(want, asked));
        assert_eq!(traces_of(told, asked).len(), 500);
        assert_eq!(traces_of(told, asked), traces_of(want, asked));
        let (told_figures, want_figures) = (figures(told, asked), figures(want, asked));
        assert_eq!(told_figures.panels.invocations, want_figures.panels.invocations);
        assert_eq!(told_figures.panels.errors, want_figures.panels.errors);
        assert_eq!(told_figures.panels.concurrency, want_figures.panels.concurrency);
        assert_eq!(told_figures.heat, want_figures.heat);
        assert!(told_figures.not_seen.iter().all(|what| !what.contains("let go")), "{told_figures:?}");
        // One of them is found by the number that it had before, too.
        let listed = &page(told, &slowest(told, asked).request, usize::MAX).rows[0].row;
        let find = |which, seq| one(told, &OneRequest { as_of, which, seq }).unwrap().row;
        for seq in [listed.seq, listed.seq + 1, 7] {
            assert_eq!(find(listed.which(), seq).as_ref(), Some(listed));
        }
        // But another request's is another invocation, whatever number it had.
        let other = Which { request: RequestId(listed.request.0 + 1), ..listed.which() };
        assert!(find(other, listed.seq).is_none());
        // As of any other time what is asked is what was held all along.
        assert!(Arc::ptr_eq(now.as_of(whole.newest), &now.snapshot));
    }
}

/// What is called counted in windows of any length is what an engine has that let nothing go.
fn nothing_counted_is_wrong(told: &Snapshot, whole: &Snapshot, to: Timestamp) {
    let of = |snapshot: &Snapshot, length: i64| {
        let answer = figures(snapshot, Window { from: to.plus(-length), to: to.plus(1) });
        let mut rows = answer.rows;
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        (rows, answer.panels)
    };
    let mut compared = 0;
    for length in [3_000, 10_000, 47_000, 2 * MINUTE, 5 * MINUTE, 9 * MINUTE, 20 * MINUTE, 90 * MINUTE] {
        let ((rows, panels), (all_rows, all_panels)) = (of(told, length), of(whole, length));
        assert_eq!(rows.len(), all_rows.len());
        for (row, all) in rows.iter().zip(&all_rows) {
            compared += usize::from(row.invocations.grade() == Grade::Counted);
            compared += usize::from(row.concurrency.grade() == Grade::Counted);
            if row.invocations.grade() == Grade::Counted {
                assert_eq!(row.invocations, all.invocations, "{} over {length} ms", row.name);
            }
            if row.concurrency.grade() == Grade::Counted {
                assert_eq!(row.concurrency, all.concurrency, "{} over {length} ms", row.name);
            }
        }
        if panels.concurrency.now.grade() == Grade::Counted {
            assert_eq!(panels.concurrency.chart, all_panels.concurrency.chart, "over {length} ms");
        }
        if panels.invocations.now.grade() == Grade::Counted {
            assert_eq!(panels.invocations.chart, all_panels.invocations.chart, "over {length} ms");
        }
    }
    assert!(compared > 0, "nothing was counted");
}

#[test]
fn what_is_held_and_what_is_read_again_are_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.ndjson"), dense()).unwrap();
    let (little, much) = (Session::start(folder.path(), LITTLE), Session::start(folder.path(), MUCH));
    let whole = much.engine.published().load().snapshot.clone();
    let end = Timestamp(START + 20 * MINUTE - 8);
    // The end, of which the newest is held, and times before.
    for (to, length) in
        [(end, 20 * MINUTE), (end.plus(-10 * MINUTE), 5 * MINUTE), (end.plus(-14 * MINUTE), MINUTE)]
    {
        little.engine.wish().say(None);
        little.until("nothing", |now| now.recalled.is_none());
        let was = little.engine.published().load_full();
        let now = little.look(Window { from: to.plus(-length), to: to.plus(1) });
        let recalled = now.recalled.as_ref().unwrap();
        assert!(recalled.snapshot.rows_from < was.snapshot.rows_from, "more is held than before");
        for to in [to, recalled.span.from.plus(20_000)] {
            nothing_counted_is_wrong(now.as_of(to), &whole, to);
        }
    }
}

#[test]
fn traces_that_are_held_stay_and_what_does_not_fit_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (few, all): (Vec<String>, String) =
        (segments().lines().step_by(10).map(|line| format!("{line}\n")).collect(), lines(0, COUNT));
    // In no order of time, and some among the lines.
    let (among, apart) = few.split_at(few.len() / 2);
    std::fs::write(folder.path().join("a.ndjson"), among.concat() + &all).unwrap();
    std::fs::write(folder.path().join("t.ndjson"), apart.iter().rev().cloned().collect::<String>()).unwrap();
    let session = Session::start(folder.path(), LITTLE);
    for minutes in [40, 100] {
        let asked = window(minutes * MINUTE, 10 * MINUTE);
        let before = traces_of(&session.engine.published().load().snapshot, asked);
        assert_eq!(before.len(), 50);
        let now = session.look(asked);
        assert_eq!(traces_of(now.as_of(asked.to.plus(-1)), asked), before);
    }
    // More functions than there is room for.
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for n in 0..80_000i64 {
        let (function, start) = (format!("f{}", n % 1_500), START + n * 60);
        let id = format!("{n:08x}-0000-4000-8000-000000000000");
        line(&mut text, &function, n % 1_500, start, &format!("START RequestId: {id} Version: $LATEST\\n"));
        let report = format!(
            "REPORT RequestId: {id}\\tDuration: 9.00 ms\\tBilled Duration: 9 ms\\t\
                              Memory Size: 256 MB\\tMax Memory Used: 90 MB\\n"
        );
        line(&mut text, &function, n % 1_500, start + 9, &report);
    }
    std::fs::write(folder.path().join("a.ndjson"), text).unwrap();
    // So much that as many are told apart, and the store still has as little as it can have.
    let session = Session::start(folder.path(), 20 << 20);
    session.engine.wish().say(Some(window(20 * MINUTE, 10 * MINUTE)));
    let now = session.until("a word", |now| now.progress.troubled > 0);
    assert!(
        now.progress.troubles.last().unwrap().contains("give more --memory"),
        "{:?}",
        now.progress.troubles
    );
    assert!(now.recalled.is_none());
}

#[test]
fn it_goes_when_nobody_looks_and_is_read_on_when_time_does() {
    let (_folder, path) = captures();
    let session = Session::start(&path, LITTLE);
    let asked = window(40 * MINUTE, 10 * MINUTE);
    let first = session.look(asked).recalled.clone().unwrap();
    assert!(first.span.from < asked.from && first.span.to > asked.to, "a little before and behind");
    let generation = session.engine.published().load().snapshot.generation;
    // Near its end what follows is read, and until then it is what it was.
    let further = Window { from: first.span.to.plus(-10 * MINUTE), to: first.span.to.plus(-1_000) };
    session.engine.wish().say(Some(further));
    let next = session.until("what follows", |now| {
        now.recalled.as_ref().is_some_and(|recalled| recalled.span.from > first.span.from)
    });
    assert!(next.recalled.as_ref().is_some_and(|next| next.span.to > first.span.to));
    assert!(next.snapshot.generation > generation, "whoever looks asks again");
    session.engine.wish().say(None);
    session.until("nothing", |now| now.recalled.is_none());
    // The newest is held: what was read goes, and nothing is read for it.
    session.look(asked);
    session.engine.wish().say(Some(window(COUNT * GAP, 2 * MINUTE)));
    let now = session.until("nothing", |now| now.recalled.is_none());
    assert_eq!(now.progress.filling, None);
}

#[test]
fn what_can_t_be_read_again_is_said() {
    let (_folder, path) = captures();
    let session = Session::start(&path, LITTLE);
    std::fs::rename(path.join("a.ndjson"), path.join("c.ndjson")).unwrap();
    std::fs::write(path.join("a.ndjson"), "another\n").unwrap();
    session.engine.wish().say(Some(window(40 * MINUTE, 10 * MINUTE)));
    let now = session.until("a word", |now| now.progress.troubled > 0);
    let said = now.progress.troubles.last().unwrap();
    assert!(said.contains("a.ndjson was replaced by another file"), "{said}");
    assert!(now.recalled.is_none());
}
