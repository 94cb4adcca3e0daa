//! Posts: what may be posted, how it is answered. The body's meaning is [`super::body`]'s.

use std::convert::Infallible;
use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, ORIGIN, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Key;
use super::body::{self, BUSY, LONGEST, NO_ROOM, Refusal, Speech, TOO_LONG, TOO_SLOW, Unpacked};
use super::inbox::{Counts, Inbox, count};
use crate::clock::Clock;

/// Connections at once; further ones are closed.
const CONNECTIONS: usize = 256;
/// Bytes of bodies that may be on their way at once.
const ON_THEIR_WAY: usize = 32 << 20;
/// Bytes of the longest head of a request.
const HEAD: usize = 64 << 10;
/// How long a head, and the pause before the next, may take.
const HEAD_TIME: Duration = Duration::from_secs(60);
/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(30);
/// Longest path that tells senders apart.
const PATH: usize = 200;

const FIREHOSE_ID: &str = "x-amz-firehose-request-id";
const FIREHOSE_KEY: &str = "x-amz-firehose-access-key";

const NOT_A_POST: Refusal = Refusal { status: 405, why: "POST logs, metrics or traces here" };
const NOT_TRACES: Refusal = Refusal {
    status: 404,
    why: "of OpenTelemetry only /v1/traces is taken, as JSON or protobuf; set OTEL_LOGS_EXPORTER=none OTEL_METRICS_EXPORTER=none",
};
const FROM_A_PAGE: Refusal =
    Refusal { status: 403, why: "web pages may not post here, unless --http-key-env sets an access key" };
const BROKEN_OFF: Refusal = Refusal { status: 400, why: "the body broke off" };
const LOST: Refusal = Refusal { status: 500, why: "the body could not be read" };

/// What all connections of a listener share.
#[derive(Debug)]
pub(super) struct Door {
    pub inbox: Inbox,
    pub counts: Arc<Counts>,
    pub key: Option<Key>,
    pub clock: Clock,
    /// Bytes of bodies that may still come.
    pub room: Semaphore,
}

impl Door {
    /// A door that opens to whoever shows the key.
    pub fn new(inbox: Inbox, counts: Arc<Counts>, key: Option<Key>, clock: Clock) -> Self {
        Self { inbox, counts, key, clock, room: Semaphore::new(ON_THEIR_WAY) }
    }
}

/// Takes connections until the runtime ends.
pub(super) async fn run(socket: TcpListener, door: Door) {
    let Ok(socket) = tokio::net::TcpListener::from_std(socket) else { return };
    let (door, free) = (Arc::new(door), Arc::new(Semaphore::new(CONNECTIONS)));
    loop {
        let Ok((stream, _)) = socket.accept().await else {
            // Too many files are open, perhaps: others will be closed.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Ok(seat) = free.clone().try_acquire_owned() else {
            count(&door.counts.no_room);
            continue;
        };
        let door = door.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let door = door.clone();
                async move { Ok::<_, Infallible>(answer(&door, request).await) }
            });
            // A connection that breaks off is its sender's matter.
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIME)
                .max_buf_size(HEAD)
                .max_header_size(HEAD)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            drop(seat);
        });
    }
}

/// Takes a request in and answers as its sender expects.
async fn answer(door: &Door, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let headers = request.headers();
    let speech = speech(request.uri().path(), headers);
    let id = headers.get(FIREHOSE_ID).and_then(|id| id.to_str().ok()).map(str::to_string);
    let taken = match allowed(door, request.method(), request.uri().path(), headers) {
        Ok(()) => take(door, speech, request).await,
        Err(refusal) => Err(refusal),
    };
    if let Err(refusal) = &taken {
        let busy = [NO_ROOM, BUSY].contains(refusal);
        count(if busy { &door.counts.no_room } else { &door.counts.refused });
    }
    let (delivered, taken) = match taken {
        Ok(delivered) => (delivered, Ok(())),
        Err(refusal) => (None, Err(refusal)),
    };
    response(speech, delivered.or(id), taken, door.clock.now().0)
}

fn speech(path: &str, headers: &HeaderMap) -> Speech {
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    match path {
        "/v1/traces" if kind.starts_with(b"application/x-protobuf") => Speech::OtlpProtobuf,
        "/v1/traces" => Speech::OtlpJson,
        _ if headers.contains_key(FIREHOSE_ID) => Speech::Firehose,
        _ => Speech::Frames,
    }
}

fn allowed(door: &Door, method: &Method, path: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    if method != Method::POST && method != Method::PUT {
        return Err(NOT_A_POST);
    }
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    let shown = headers.get(FIREHOSE_KEY).map(|value| value.as_bytes()).or(bearer);
    body::allow(door.key.as_ref(), shown)?;
    // A browser lets any page post to this machine.
    if door.key.is_none() && headers.contains_key(ORIGIN) {
        return Err(FROM_A_PAGE);
    }
    if matches!(path, "/v1/metrics" | "/v1/logs") { Err(NOT_TRACES) } else { Ok(()) }
}

/// Takes a body in; gives back the id of a Firehose delivery.
async fn take(door: &Door, speech: Speech, request: Request<Incoming>) -> Result<Option<String>, Refusal> {
    let (head, body) = request.into_parts();
    let (body, _room) = within(BODY_TIME, whole(door, body)).await?;
    let encoding = head.headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    let encoding = encoding.map(str::to_string);
    // Some bytes may unpack to many: datagrams do not wait for that.
    let read = move || body::read(speech, encoding.as_deref(), &body);
    let Unpacked { frames, request_id } = tokio::task::spawn_blocking(read).await.map_err(|_| LOST)??;
    if !frames.is_empty() {
        let path =
            if speech == Speech::Frames && request_id.is_none() { sender(head.uri.path()) } else { None };
        door.inbox.put(path, frames).map_err(|_| NO_ROOM)?;
    }
    Ok(request_id)
}

async fn within<T>(time: Duration, work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    tokio::time::timeout(time, work).await.unwrap_or(Err(TOO_SLOW))
}

/// Reads a body whole, as far as there is room for it; the room is given back when that is dropped.
/// What a sender says of its length takes none.
async fn whole(door: &Door, mut body: Incoming) -> Result<(Vec<u8>, SemaphorePermit<'_>), Refusal> {
    if body.size_hint().lower() > LONGEST as u64 {
        return Err(TOO_LONG);
    }
    let mut room = door.room.try_acquire_many(0).map_err(|_| BUSY)?;
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BROKEN_OFF)?.into_data() else { continue };
        if bytes.len() + data.len() > LONGEST {
            return Err(TOO_LONG);
        }
        // No frame is longer than the longest body.
        room.merge(door.room.try_acquire_many(data.len() as u32).map_err(|_| BUSY)?);
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, room))
}

/// The path that tells this sender from others, if it does.
fn sender(path: &str) -> Option<Box<str>> {
    let plain = path.len() > 1 && path.len() <= PATH && path.bytes().all(|c| c.is_ascii_graphic());
    plain.then(|| path.trim_end_matches('/').into())
}

/// The answer in the sender's own form.
fn response(
    speech: Speech,
    firehose: Option<String>,
    taken: Result<(), Refusal>,
    now_ms: i64,
) -> Response<Full<Bytes>> {
    const JSON: &str = "application/json";
    let why = taken.err().map(|refusal| refusal.why);
    let (kind, text) = match (speech, firehose, why) {
        (Speech::Firehose | Speech::Frames, Some(id), None) => {
            (JSON, json!({"requestId": id, "timestamp": now_ms}).to_string().into_bytes())
        }
        (Speech::Firehose | Speech::Frames, Some(id), Some(why)) => (
            JSON,
            json!({"requestId": id, "timestamp": now_ms, "errorMessage": why}).to_string().into_bytes(),
        ),
        (Speech::OtlpJson, _, None) => (JSON, b"{}".to_vec()),
        (Speech::OtlpJson, _, Some(why)) => (JSON, json!({"message": why}).to_string().into_bytes()),
        // An empty ExportTraceServiceResponse; a Status, whose field 2 is the message.
        (Speech::OtlpProtobuf, _, None) => ("application/x-protobuf", Vec::new()),
        (Speech::OtlpProtobuf, _, Some(why)) => {
            let mut status = vec![2 << 3 | 2, why.len() as u8 & 0x7f];
            status.extend_from_slice(why.get(..why.len() & 0x7f).unwrap_or(why).as_bytes());
            ("application/x-protobuf", status)
        }
        (_, None, why) => {
            ("text/plain; charset=utf-8", why.map_or(Vec::new(), |why| format!("{why}\n").into_bytes()))
        }
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    if let Err(refusal) = taken {
        *response.status_mut() =
            StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if [NO_ROOM, BUSY].contains(&refusal) {
            response.headers_mut().insert(RETRY_AFTER, hyper::header::HeaderValue::from_static("1"));
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::sync::atomic::Ordering;

    /// What a post of some bytes is answered at this door.
    fn posted(door: Door, body: &[u8]) -> String {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = socket.local_addr().unwrap();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let request = [head.as_bytes(), body].concat();
        let client = std::thread::spawn(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.write_all(&request).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let serving = tokio::spawn(run(socket, door));
            let answer = tokio::task::spawn_blocking(|| client.join().unwrap()).await.unwrap();
            serving.abort();
            answer
        })
    }

    #[test]
    fn without_room_a_post_is_told_to_come_again() {
        let (inbox, parcels) = Inbox::new();
        let counts = Arc::new(Counts::default());
        let door = || Door::new(inbox.clone(), counts.clone(), None, Clock::wall());
        // Other bodies on their way have all but two bytes.
        let full = door();
        full.room.forget_permits(ON_THEIR_WAY - 2);
        let answer = posted(full, b"abc");
        assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 1"), "{answer}");
        let full = door();
        full.room.forget_permits(ON_THEIR_WAY - 3);
        assert!(posted(full, b"abc").starts_with("HTTP/1.1 200 "));
        assert_eq!(parcels.queue.len(), 1);
        // Or what came is not read.
        while inbox.put(None, vec![b'x'; 1 << 20]).is_ok() {}
        assert!(posted(door(), b"abc").starts_with("HTTP/1.1 429 "));
        assert_eq!(counts.no_room.load(Ordering::Relaxed), 2);
    }
}
