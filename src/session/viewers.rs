//! The threads that answer the screen's questions from the newest snapshot, one a kind of question.

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, Sender};

use super::answers::Answers;
use super::program::Message;
use crate::engine::Published;
use crate::findings;
use crate::lines;
use crate::model::{Timestamp, Window};
use crate::query::page::PageRequest;
use crate::query::survey::SurveyRequest;
use crate::query::view::{LinesRequest, OverviewRequest, TracesRequest};
use crate::query::{self, OneRequest};
use crate::source::Catalog;
use crate::ui::zone::Zone;

/// Turns the engine's wakes into messages; ends with the engine.
pub(super) fn forward(wakes: Receiver<()>, messages: Sender<Message>) -> io::Result<()> {
    std::thread::Builder::new().name("wakes".to_string()).spawn(move || {
        for () in wakes {
            if messages.send(Message::Published).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

/// The thread that answers the newest question from the newest snapshot.
pub(super) fn viewer(
    published: Arc<ArcSwap<Published>>,
    messages: Sender<Message>,
) -> io::Result<Answers<(u64, OverviewRequest, Zone)>> {
    Answers::start("viewer", move |(id, request, zone): (u64, OverviewRequest, Zone)| {
        // No snapshot is held beyond one answer: a page that is held is copied when it changes.
        let snapshot = published.load().snapshot.clone();
        let answer = Arc::new(query::overview(&snapshot, &request));
        let at = request.as_of;
        let window = Window { from: at.plus(-request.window_ms), to: at.plus(1) };
        let clock = |time: Timestamp| zone.seconds(time) + &zone.mark(time);
        let problems = Arc::new(findings::problems(&snapshot, window, at, &clock));
        drop(snapshot);
        // Nobody listens any more when the program ends.
        let _ = messages.send(Message::Overview(id, answer, problems));
    })
}

/// The thread that answers for lists of invocations.
pub(super) fn pages(
    published: Arc<ArcSwap<Published>>,
    messages: Sender<Message>,
) -> io::Result<Answers<(u64, PageRequest)>> {
    Answers::start("pages", move |(id, request): (u64, PageRequest)| {
        let snapshot = published.load().snapshot.clone();
        let answer = Arc::new(query::page(&snapshot, &request, query::page::LOOKED));
        drop(snapshot);
        let _ = messages.send(Message::Page(id, answer));
    })
}

/// The thread that answers for one invocation.
pub(super) fn ones(
    published: Arc<ArcSwap<Published>>,
    messages: Sender<Message>,
) -> io::Result<Answers<(u64, OneRequest)>> {
    Answers::start("invocation", move |(id, request): (u64, OneRequest)| {
        let snapshot = published.load().snapshot.clone();
        let answer = query::one(&snapshot, &request).map(Arc::new);
        drop(snapshot);
        if let Some(answer) = answer {
            let _ = messages.send(Message::One(id, answer));
        }
    })
}

/// The thread that answers the newest question for traces.
pub(super) fn tracer(
    published: Arc<ArcSwap<Published>>,
    messages: Sender<Message>,
) -> io::Result<Answers<(u64, TracesRequest)>> {
    Answers::start("tracer", move |(id, request): (u64, TracesRequest)| {
        let snapshot = published.load().snapshot.clone();
        let answer = query::traces_answer(&snapshot, &request);
        drop(snapshot);
        let _ = messages.send(Message::Traces(id, answer));
    })
}

/// The thread that reads log lines again.
pub(super) fn line_reader(
    published: Arc<ArcSwap<Published>>,
    catalog: Catalog,
    messages: Sender<Message>,
) -> io::Result<Answers<(u64, LinesRequest)>> {
    let mut reader = lines::Reader::new(catalog);
    Answers::start("lines", move |(id, request): (u64, LinesRequest)| {
        let snapshot = published.load().snapshot.clone();
        let answer = reader.answer(&snapshot, &request);
        drop(snapshot);
        let _ = messages.send(Message::Lines(id, answer));
    })
}

/// The thread that looks at all lines of a window: apart, so that it holds no page of lines up.
pub(super) fn surveyor(
    published: Arc<ArcSwap<Published>>,
    catalog: Catalog,
    messages: Sender<Message>,
) -> io::Result<Answers<(u64, SurveyRequest)>> {
    let mut reader = lines::Reader::new(catalog);
    Answers::start("surveys", move |(id, request): (u64, SurveyRequest)| {
        let snapshot = published.load().snapshot.clone();
        let answer = Arc::new(reader.survey(&snapshot, &request));
        drop(snapshot);
        let _ = messages.send(Message::Survey(id, answer));
    })
}
