//! What stands between a key and the screen: publishing a snapshot, answering as of an instant,
//! drawing. A frame has 16 ms for all of it.
//!
//!     cargo bench --bench screen
#![allow(clippy::unwrap_used)]

mod support;

use std::hint::black_box;
use std::sync::{Arc, LazyLock};

use divan::Bencher;
use lamtop::findings;
use lamtop::model::{FactSink, FunctionId, Texts, Timestamp, Window};
use lamtop::query::filter::Filter;
use lamtop::query::page::{LOOKED, PageRequest, Part, Place, Ranking};
use lamtop::query::view::{OverviewRequest, SortBy};
use lamtop::query::{self, Snapshot};
use lamtop::store::{Budget, Store};
use lamtop::ui::app::{Effect, Msg, Options, UiState, update};
use lamtop::ui::keymap::{Keymap, ViewKind};
use lamtop::ui::status::{SessionKind, SessionStatus};
use lamtop::ui::symbols::Charset;
use lamtop::ui::theme::{ColorDepth, Theme};
use lamtop::ui::view;
use lamtop::ui::zone::Zone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use support::{BASE, tell};

fn main() {
    divan::main();
}

/// What was read.
#[derive(Clone, Copy, Debug)]
enum Read {
    /// A capture of 1 GB: 100 functions, 434,000 invocations in 48 minutes.
    Gigabyte,
    /// 1,000 functions over 24 hours, 1,700,000 invocations.
    Day,
}

const ALL: [Read; 2] = [Read::Gigabyte, Read::Day];

impl Read {
    fn functions(self) -> u32 {
        match self {
            Self::Gigabyte => 100,
            Self::Day => 1_000,
        }
    }

    /// From one invocation to the next, ms; and from the first to the last.
    fn times(self) -> (i64, i64) {
        match self {
            Self::Gigabyte => (7, 48 * 60_000),
            Self::Day => (50, 24 * 3_600_000),
        }
    }

    fn made(self) -> Store {
        let (step, length) = self.times();
        let mut store = Store::new(Budget { bytes: 1 << 30 });
        (0..self.functions()).for_each(|id| store.function(FunctionId(id), &format!("fn-{id}")));
        for (seq, at) in (0..length).step_by(step as usize).enumerate() {
            tell(&mut store, self.functions(), seq as u64, at);
        }
        store
    }

    fn snapshot(self) -> &'static Snapshot {
        static MADE: LazyLock<[Snapshot; 2]> =
            LazyLock::new(|| ALL.map(|read| read.made().snapshot(Arc::new(Texts::default()))));
        &MADE[self as usize]
    }

    /// An instant of it, another one each time.
    fn instant(self, turn: &mut u64) -> Timestamp {
        *turn = turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Timestamp(BASE + (*turn >> 33) as i64 % self.times().1)
    }
}

/// How long the window is.
#[derive(Clone, Copy, Debug)]
enum Long {
    TenSeconds,
    TenMinutes,
    HalfAnHour,
    Whole,
}

fn request(read: Read, long: Long, as_of: Timestamp, filter: &str) -> OverviewRequest {
    OverviewRequest {
        as_of,
        window_ms: match long {
            Long::TenSeconds => 10_000,
            Long::TenMinutes => 600_000,
            Long::HalfAnHour => 1_800_000,
            Long::Whole => read.times().1,
        },
        columns: 84,
        spark: 20,
        heat: 0,
        ticks: 0,
        filter: Filter::parse(filter).unwrap(),
        function: None,
        crosshair: None,
        metrics: false,
        compare_ms: None,
        sort: SortBy::default(),
        reverse: false,
    }
}

const SEEKS: [(Read, Long); 8] = [
    (Read::Gigabyte, Long::TenSeconds),
    (Read::Gigabyte, Long::TenMinutes),
    (Read::Gigabyte, Long::HalfAnHour),
    (Read::Gigabyte, Long::Whole),
    (Read::Day, Long::TenSeconds),
    (Read::Day, Long::TenMinutes),
    (Read::Day, Long::HalfAnHour),
    (Read::Day, Long::Whole),
];

const PAGES: [(Read, Ranking, &str); 6] = [
    (Read::Gigabyte, Ranking::Newest, ""),
    (Read::Gigabyte, Ranking::Slowest, ""),
    (Read::Gigabyte, Ranking::Failed, "dur>1s"),
    (Read::Day, Ranking::Newest, ""),
    (Read::Day, Ranking::Slowest, ""),
    (Read::Day, Ranking::Newest, "err"),
];

/// A page of a list of all invocations, around one in its middle.
#[divan::bench(args = PAGES)]
fn page(bencher: Bencher<'_, '_>, (read, ranking, filter): (Read, Ranking, &str)) {
    let snapshot = read.snapshot();
    let end = Timestamp(BASE + read.times().1);
    let mut turn = 7;
    bencher.bench_local(|| {
        let place = Place { rank: 0, start: read.instant(&mut turn), seq: 0 };
        let request = PageRequest {
            as_of: end,
            window: Window { from: Timestamp(BASE), to: end },
            filter: Filter::parse(filter).unwrap(),
            function: None,
            environment: None,
            error: None,
            ranking,
            reverse: false,
            part: Part::Around(place),
            count: 1_000,
        };
        black_box(query::page(snapshot, &request, LOOKED))
    });
}

/// A seek: everything on the main screen of 140 columns, as of any instant.
#[divan::bench(args = SEEKS)]
fn seek(bencher: Bencher<'_, '_>, (read, long): (Read, Long)) {
    let (snapshot, mut turn) = (read.snapshot(), 7);
    bencher.bench_local(|| {
        let request = request(read, long, read.instant(&mut turn), "");
        black_box(query::overview(snapshot, &request));
    });
}

/// The same of some invocations only, each of which is asked.
#[divan::bench(args = SEEKS)]
fn seek_filtered(bencher: Bencher<'_, '_>, (read, long): (Read, Long)) {
    let (snapshot, mut turn) = (read.snapshot(), 7);
    bencher.bench_local(|| {
        let request = request(read, long, read.instant(&mut turn), "err dur>1s");
        black_box(query::overview(snapshot, &request));
    });
}

/// Publishing after 100 ms of 6,500 invocations a second.
#[divan::bench(args = ALL)]
fn publish(bencher: Bencher<'_, '_>, read: Read) {
    let (mut store, texts) = (read.made(), Arc::new(Texts::default()));
    let (mut seq, mut at) = (1 << 40, read.times().1);
    let mut last = store.snapshot(texts.clone());
    bencher.bench_local(|| {
        for _ in 0..650 {
            seq += 1;
            tell(&mut store, read.functions(), seq, at);
        }
        at += 100;
        // A page that somebody looks at is copied when it changes.
        last = store.snapshot(texts.clone());
        last.generation
    });
}

/// The state after its questions were answered.
fn state(read: Read, view: ViewKind, size: (u16, u16)) -> UiState {
    let snapshot = read.snapshot();
    let (start, end) = (Timestamp(BASE), Timestamp(BASE + read.times().1));
    let mut state = UiState::new(Options {
        theme: Theme::built_in("default").unwrap(),
        depth: ColorDepth::True,
        charset: Charset::Braille,
        keymap: Keymap::built_in(),
        zone: Zone::Utc,
        view,
        size,
        window_ms: 1_800_000,
        region: None,
        remembered: Default::default(),
        parse_filter: Filter::parse,
    });
    let status = SessionStatus {
        kind: SessionKind::Live,
        as_of: end,
        generation: 1,
        latest: end,
        newest: Some(end),
        oldest: Some(start),
        functions: read.functions() as usize,
        ..SessionStatus::default()
    };
    let mut effects = update(&mut state, Msg::Status(Arc::new(status)), 0);
    while let Some(effect) = effects.pop() {
        if let Effect::Ask { id, request, .. } = effect {
            let answer = Arc::new(query::overview(snapshot, &request));
            let window = Window { from: end.plus(-request.window_ms), to: end };
            let problems = Arc::new(findings::problems(snapshot, window, end, &|time| time.to_string()));
            effects.extend(update(&mut state, Msg::Overview { id, answer, problems }, 0));
        }
    }
    state
}

/// A frame of 200x60.
#[divan::bench(args = [ViewKind::Overview, ViewKind::Problems, ViewKind::Sources, ViewKind::Help])]
fn draw(bencher: Bencher<'_, '_>, view: ViewKind) {
    let state = state(Read::Day, view, (200, 60));
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).unwrap();
    bencher.bench_local(|| {
        terminal.draw(|frame| view::render(&state, frame)).unwrap();
    });
}
