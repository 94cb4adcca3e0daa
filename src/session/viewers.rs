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
use crate::query::{self, CoverageRequest, OneRequest, OwnerRequest, Snapshot};
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

/// A thread that answers the newest question of a kind from the newest snapshot, or from what was read
/// again of the time `as_of` which it is asked.
fn answering<Q: Send + 'static>(
    name: &str,
    published: Arc<ArcSwap<Published>>,
    messages: Sender<Message>,
    as_of: impl Fn(&Q) -> Timestamp + Send + 'static,
    mut answer: impl FnMut(&Snapshot, Q) -> Option<Message> + Send + 'static,
) -> io::Result<Answers<Q>> {
    Answers::start(name, move |question| {
        // No snapshot is held beyond one answer: a page that is held is copied when it changes.
        let snapshot = published.load().as_of(as_of(&question)).clone();
        let told = answer(&snapshot, question);
        drop(snapshot);
        if let Some(message) = told {
            // Nobody listens any more when the program ends.
            let _ = messages.send(message);
        }
    })
}

/// The thread that answers for the overview.
pub(super) fn viewer(
    published: Arc<ArcSwap<Published>>,
    messages: Sender<Message>,
) -> io::Result<Answers<(u64, OverviewRequest, Zone)>> {
    let as_of = |(_, request, _): &(_, OverviewRequest, _)| request.as_of;
    answering("viewer", published, messages, as_of, |snapshot, (id, request, zone): (_, _, Zone)| {
        let answer = Arc::new(query::overview(snapshot, &request));
        let at = request.as_of;
        let window = Window { from: at.plus(-request.window_ms), to: at.plus(1) };
        let clock = |time: Timestamp| zone.seconds(time) + &zone.mark(time);
        let problems = Arc::new(findings::problems(snapshot, window, at, &clock).narrowed(&request.filter));
        Some(Message::Overview(id, answer, problems))
    })
}

/// The thread that answers for lists of invocations.
pub(super) fn pages(
    published: Arc<ArcSwap<Published>>,
    messages: Sender<Message>,
) -> io::Result<Answers<(u64, PageRequest)>> {
    let as_of = |(_, request): &(_, PageRequest)| request.as_of;
    answering("pages", published, messages, as_of, |snapshot, (id, request)| {
        Some(Message::Page(id, Arc::new(query::page(snapshot, &request, query::page::LOOKED))))
    })
}

/// A question about one invocation.
pub(super) enum OfOne {
    /// What is known of it.
    All(OneRequest),
    /// Which it is that a line belongs to.
    Owner(OwnerRequest),
}

/// The thread that answers for one invocation. It is on screen or looked for from a line, never both.
pub(super) fn ones(
    published: Arc<ArcSwap<Published>>,
    messages: Sender<Message>,
) -> io::Result<Answers<(u64, OfOne)>> {
    let as_of = |(_, of): &(_, OfOne)| match of {
        OfOne::All(request) => request.as_of,
        OfOne::Owner(request) => request.as_of,
    };
    answering("invocation", published, messages, as_of, |snapshot, (id, of)| match of {
        OfOne::All(request) => Some(Message::One(id, Arc::new(query::one(snapshot, &request)?))),
        OfOne::Owner(request) => Some(Message::Owner(id, query::owner(snapshot, &request).map(Box::new))),
    })
}

/// The thread that answers for the sources.
pub(super) fn coverer(
    published: Arc<ArcSwap<Published>>,
    messages: Sender<Message>,
) -> io::Result<Answers<(u64, CoverageRequest)>> {
    // What was read again of an earlier time knows nothing of what else is held.
    let as_of = |_: &(_, CoverageRequest)| Timestamp::NEVER;
    answering("sources", published, messages, as_of, |snapshot, (id, request)| {
        Some(Message::Coverage(id, Arc::new(query::coverage(snapshot, &request))))
    })
}

/// The thread that answers for traces.
pub(super) fn tracer(
    published: Arc<ArcSwap<Published>>,
    messages: Sender<Message>,
) -> io::Result<Answers<(u64, TracesRequest)>> {
    let as_of = |(_, request): &(_, TracesRequest)| request.as_of;
    answering("tracer", published, messages, as_of, |snapshot, (id, request)| {
        Some(Message::Traces(id, query::traces_answer(snapshot, &request)))
    })
}

/// The thread that reads log lines again.
pub(super) fn line_reader(
    published: Arc<ArcSwap<Published>>,
    catalog: Catalog,
    messages: Sender<Message>,
) -> io::Result<Answers<(u64, LinesRequest)>> {
    let mut reader = lines::Reader::new(catalog);
    let as_of = |(_, request): &(_, LinesRequest)| request.as_of;
    answering("lines", published, messages, as_of, move |snapshot, (id, request)| {
        Some(Message::Lines(id, reader.answer(snapshot, &request)))
    })
}

/// The thread that looks at all lines of a window: apart, so that it holds no page of lines up.
pub(super) fn surveyor(
    published: Arc<ArcSwap<Published>>,
    catalog: Catalog,
    messages: Sender<Message>,
) -> io::Result<Answers<(u64, SurveyRequest)>> {
    let mut reader = lines::Reader::new(catalog);
    let as_of = |(_, request): &(_, SurveyRequest)| request.as_of;
    answering("surveys", published, messages, as_of, move |snapshot, (id, request)| {
        Some(Message::Survey(id, Arc::new(reader.survey(snapshot, &request))))
    })
}
