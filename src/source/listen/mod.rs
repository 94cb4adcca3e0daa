//! Sources that others send to: the X-Ray daemon's datagrams, and posts over HTTP.
//!
//! One thread runs all sockets (tokio); what arrives is turned into frames of one line each and put
//! into a bounded inbox, and another thread gives it out as chunks ([`desk`]). Nothing here waits for
//! the reader of the chunks: when the inbox is full, datagrams are dropped and posts are told to come
//! again, and both are counted. Files are read beside, by threads of their own.

mod body;
mod desk;
mod frames;
mod http;
mod inbox;
mod otlp;
mod xray;

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use super::out::Out;
use desk::{Desk, Listener};
use inbox::{Counts, Inbox};
#[cfg(fuzzing)]
pub use xray::document as datagram;

/// Bytes asked of the system for datagrams that were not read yet; it may give less.
const DATAGRAMS: usize = 4 << 20;
/// Threads that unpack large posts: each may take some 128 MiB.
const UNPACKERS: usize = 1;

/// A secret that whoever posts must show. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Box<[u8]>);

impl Key {
    /// The key that is these characters.
    pub fn new(text: &str) -> Self {
        Self(text.as_bytes().into())
    }

    /// Whether `shown` is the key; how long it takes tells nothing of where they differ.
    fn is(&self, shown: &[u8]) -> bool {
        let differs = self.0.iter().zip(shown).fold(0, |differs, (a, b)| differs | (a ^ b));
        self.0.len() == shown.len() && differs == 0
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

/// A socket to be read.
#[derive(Debug)]
pub(super) enum Bound {
    Xray(UdpSocket),
    Http(TcpListener, Option<Key>),
}

impl Bound {
    /// Takes the X-Ray daemon's place at an address. The error is a sentence.
    pub fn xray(address: SocketAddr) -> Result<Self, String> {
        let socket = UdpSocket::bind(address).and_then(|socket| {
            socket.set_nonblocking(true)?;
            // A smaller buffer only drops more.
            let _ = rustix::net::sockopt::set_socket_recv_buffer_size(&socket, DATAGRAMS);
            Ok(socket)
        });
        let stop = "stop the X-Ray daemon or whatever has it";
        socket.map(Self::Xray).map_err(|error| why_not("--xray", "UDP", address, &error, stop))
    }

    /// Takes posts at an address. The error is a sentence.
    pub fn http(address: SocketAddr, key: Option<Key>) -> Result<Self, String> {
        let socket = TcpListener::bind(address).and_then(|socket| {
            socket.set_nonblocking(true)?;
            Ok(socket)
        });
        let stop = "stop what has it (an OpenTelemetry collector?)";
        let socket = socket.map_err(|error| why_not("--http", "TCP", address, &error, stop))?;
        Ok(Self::Http(socket, key))
    }

    /// What it is called, how others are pointed at it, and what a person has to know.
    fn described(&self) -> io::Result<(String, String, Option<&'static str>)> {
        let (address, open) = match self {
            Self::Xray(socket) => (socket.local_addr()?, true),
            Self::Http(socket, key) => (socket.local_addr()?, key.is_none()),
        };
        let warning = match address.ip().is_loopback() {
            true => None,
            false if open => Some("OPEN to everybody who reaches this machine"),
            false => Some("other machines reach it, and need the access key"),
        };
        // What others have to call this machine is theirs to know.
        let here = match address.ip().is_unspecified() {
            true => format!("THIS-MACHINE:{}", address.port()),
            false => address.to_string(),
        };
        let (name, mut hint) = match self {
            Self::Xray(_) => (
                format!("xray udp://{address}"),
                format!("AWS_XRAY_DAEMON_ADDRESS={here} points X-Ray SDKs here"),
            ),
            Self::Http(..) => (
                format!("http://{address}"),
                format!(
                    "OTEL_EXPORTER_OTLP_ENDPOINT=http://{here} points OpenTelemetry here (OTLP over HTTP); \
                     POST /FUNCTION takes Telemetry API batches, Firehose deliveries, log lines"
                ),
            ),
        };
        if let Some(warning) = warning {
            hint += &format!("; {warning}");
        }
        Ok((name, hint, warning))
    }
}

fn why_not(option: &str, kind: &str, address: SocketAddr, error: &io::Error, stop: &str) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "{option} {address}: {kind} port {} is in use by another program; {stop}, or give another port",
            address.port()
        ),
        io::ErrorKind::PermissionDenied => {
            format!("{option} {address}: this port needs privileges; give one from 1024 on")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!(
                "{option} {address}: this machine has no such address; give 127.0.0.1, or 0.0.0.0 for all"
            )
        }
        _ => format!("{option} {address}: can't listen: {error}"),
    }
}

/// Begins to take what arrives at these sockets, on threads of their own.
pub(super) fn start(out: &Out, sockets: Vec<Bound>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(UNPACKERS)
        .thread_name("source-unpack")
        .build()?;
    let (inbox, parcels) = Inbox::new();
    let (mut listeners, mut tasks) = (Vec::new(), Vec::new());
    for socket in sockets {
        let (name, hint, warning) = socket.described()?;
        let counts = Arc::new(Counts::default());
        let inbox = inbox.of(listeners.len());
        listeners.push(Listener::new(name, hint, warning, counts.clone()));
        tasks.push((socket, inbox, counts));
    }
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    let (clock, alive) = (out.clock.clone(), out._alive.clone());
    std::thread::Builder::new().name("source-sockets".into()).spawn(move || {
        runtime.block_on(async {
            for (socket, inbox, counts) in tasks {
                match socket {
                    Bound::Xray(socket) => drop(tokio::spawn(xray::run(socket, inbox, counts))),
                    Bound::Http(socket, key) => {
                        let door = http::Door::new(inbox, counts, key, clock.clone());
                        drop(tokio::spawn(http::run(socket, door)));
                    }
                }
            }
            // The other end is dropped when the desk closes.
            let _ = end.await;
        });
        runtime.shutdown_background();
        drop(alive);
    })?;
    let desk = Desk::new(out.clone(), parcels, listeners);
    std::thread::Builder::new().name("source-desk".into()).spawn(move || {
        // Stopped is how a thread ends when nobody listens.
        let _ = desk.run();
        drop(ended);
    })?;
    Ok(())
}

/// The frames of a posted body, for fuzzing: by the number of its speech, and packed or not.
#[cfg(fuzzing)]
pub fn posted(speech: u8, gzip: bool, body: &[u8]) -> Option<Vec<u8>> {
    use body::Speech::{Firehose, Frames, OtlpJson, OtlpProtobuf};
    let speech = [OtlpJson, OtlpProtobuf, Firehose, Frames][usize::from(speech % 4)];
    body::read(speech, gzip.then_some("gzip"), body).ok().map(|unpacked| unpacked.frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_compared_whole_and_never_shown() {
        let key = Key::new("s3cret");
        assert!(key.is(b"s3cret"));
        for wrong in [&b"s3cres"[..], b"s3cre", b"s3crets", b""] {
            assert!(!key.is(wrong));
        }
        assert_eq!(format!("{key:?}"), "Key(…)");
    }

    #[test]
    fn a_port_in_use_is_said_with_what_to_do() {
        let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
        let said = Bound::xray(taken.local_addr().unwrap()).unwrap_err();
        assert!(said.starts_with("--xray 127.0.0.1:") && said.contains("is in use"), "{said}");
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let said = Bound::http(taken.local_addr().unwrap(), None).unwrap_err();
        assert!(said.starts_with("--http 127.0.0.1:") && said.contains("give another port"), "{said}");
        let said = Bound::xray("192.0.2.1:2000".parse().unwrap()).unwrap_err();
        assert!(said.contains("no such address"), "{said}");
    }
}
