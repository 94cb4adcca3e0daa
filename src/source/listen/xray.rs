//! The X-Ray daemon's place: datagrams of a header line and a segment document.

use std::net::UdpSocket;
use std::sync::atomic::Ordering;

use memchr::memchr;
use serde::Deserialize;
use tokio::net::UdpSocket as Socket;

use super::frames;
use super::inbox::{Counts, Inbox, count};

/// No datagram is longer.
const LONGEST: usize = 64 << 10;
/// Datagrams between two looks at what the system dropped.
const LOOK: u64 = 256;

/// What stands before each document.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
}

/// Reads datagrams until the runtime ends.
pub(super) async fn run(socket: UdpSocket, inbox: Inbox, counts: std::sync::Arc<Counts>) {
    let inode = rustix::fs::fstat(&socket).ok().map(|stat| stat.st_ino);
    let Ok(socket) = Socket::from_std(socket) else { return };
    let mut space = vec![0; LONGEST];
    for n in 0u64.. {
        let Ok(len) = socket.recv(&mut space).await else {
            // An answer that nobody sent was refused: no matter.
            tokio::task::yield_now().await;
            continue;
        };
        let Some(frame) = document(&space[..len]) else {
            count(&counts.refused);
            continue;
        };
        if inbox.put(None, frame).is_err() {
            count(&counts.no_room);
        }
        if n % LOOK == 0
            && let Some(dropped) = inode.and_then(dropped_by_system)
        {
            counts.unread.store(dropped, Ordering::Relaxed);
        }
    }
}

/// A datagram's document on one line; `None` if it is not the daemon's.
fn document(datagram: &[u8]) -> Option<Vec<u8>> {
    let (header, document) = datagram.split_at(memchr(b'\n', datagram)?);
    let Header { format, version } = serde_json::from_slice(header).ok()?;
    let document = document.trim_ascii();
    if format != "json" || version != 1 || document.first() != Some(&b'{') {
        return None;
    }
    let mut frame = Vec::with_capacity(document.len() + 1);
    frames::on_one_line(document, &mut frame);
    Some(frame)
}

/// How many datagrams the system dropped because they were not read in time, where it tells (Linux).
fn dropped_by_system(inode: u64) -> Option<u64> {
    let inode = inode.to_string();
    ["/proc/net/udp", "/proc/net/udp6"].iter().find_map(|table| {
        let table = std::fs::read_to_string(table).ok()?;
        let row = table.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
        let row = row.into_iter().find(|row| row.get(9) == Some(&&*inode))?;
        row.last()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_is_a_header_and_a_document() {
        let text = |datagram: &str| document(datagram.as_bytes()).map(|f| String::from_utf8(f).unwrap());
        for header in [r#"{"format":"json","version":1}"#, r#"{"format": "json", "version": 1}"#] {
            let datagram = format!("{header}\n{{\"id\":\"a\",\n \"x\": 1}}\n");
            assert_eq!(text(&datagram).unwrap(), "{\"id\":\"a\",  \"x\": 1}\n");
        }
        // What is broken inside is the decoder's to say.
        assert_eq!(text("{\"format\":\"json\",\"version\":1}\n{\"id\":").unwrap(), "{\"id\":\n");
        for other in [
            "",
            "{}",
            "hello\n{}",
            "{\"format\":\"json\",\"version\":1}",
            "{\"format\":\"json\",\"version\":2}\n{}",
        ] {
            assert_eq!(text(other), None, "{other}");
        }
    }

    #[test]
    fn what_has_no_room_is_dropped_and_counted_and_what_is_strange_too() {
        let (inbox, parcels) = Inbox::new();
        while inbox.put(None, vec![b'x'; 1 << 20]).is_ok() {}
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let (address, sender) = (socket.local_addr().unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let counts = std::sync::Arc::new(Counts::default());
        for datagram in [
            &b"{\"format\":\"json\",\"version\":1}\n{}"[..],
            b"?",
            b"{\"format\":\"json\",\"version\":1}\n{}",
        ] {
            sender.send_to(datagram, address).unwrap();
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let reading = tokio::spawn(run(socket, inbox, counts.clone()));
            let done =
                || counts.no_room.load(Ordering::Relaxed) == 2 && counts.refused.load(Ordering::Relaxed) == 1;
            while !done() {
                tokio::task::yield_now().await;
            }
            reading.abort();
        });
        drop(parcels);
    }

    #[test]
    fn the_system_tells_what_it_dropped() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let inode = rustix::fs::fstat(&socket).unwrap().st_ino;
        if std::path::Path::new("/proc/net/udp").exists() {
            assert_eq!(dropped_by_system(inode), Some(0));
        }
        assert_eq!(dropped_by_system(0), None);
    }
}
