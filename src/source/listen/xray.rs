//! The X-Ray daemon's place: datagrams of a header line and a segment document.

use std::net::UdpSocket;
use std::sync::atomic::Ordering;
use std::time::Duration;

use memchr::memchr;
use serde::Deserialize;
use tokio::net::UdpSocket as Socket;

use super::frames;
use super::inbox::{Counts, Inbox, count};

/// No datagram is longer.
const LONGEST: usize = 64 << 10;
/// Datagrams between two looks at what the system dropped.
const LOOK: u32 = 256;
/// Or when none came for so long after the last.
const PAUSE: Duration = Duration::from_millis(500);
/// Any long time.
const LONG_PAUSE: Duration = Duration::from_secs(3_600);

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
    // Datagrams since it was looked.
    let mut since = 0u32;
    loop {
        // Nothing is dropped while nothing comes.
        let pause = if since == 0 { LONG_PAUSE } else { PAUSE };
        let received = tokio::time::timeout(pause, socket.recv(&mut space)).await;
        let paused = received.is_err();
        if let Ok(Ok(len)) = received {
            since += 1;
            take(&space[..len], &inbox, &counts);
        } else if !paused {
            // What went wrong is not about a datagram that is there.
            tokio::task::yield_now().await;
        }
        if since >= LOOK || (paused && since > 0) {
            since = 0;
            if let Some(dropped) = inode.and_then(dropped_by_system) {
                counts.unread.store(dropped, Ordering::Relaxed);
            }
        }
    }
}

fn take(datagram: &[u8], inbox: &Inbox, counts: &Counts) {
    let Some(frame) = document(datagram) else { return count(&counts.refused) };
    if inbox.put(None, frame).is_err() {
        count(&counts.no_room);
    }
}

/// A datagram's document on one line; `None` if it is not the daemon's.
pub fn document(datagram: &[u8]) -> Option<Vec<u8>> {
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
