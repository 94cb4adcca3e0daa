//! The real binary, listening.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{program, until};

/// `lamtop record` that listens.
pub struct Listening {
    child: Child,
    said: BufReader<std::process::ChildStderr>,
    /// The recording.
    pub out: PathBuf,
    /// Where it takes datagrams.
    pub xray: SocketAddr,
    /// Where it takes posts.
    pub http: SocketAddr,
}

impl Listening {
    /// Starts it with further arguments, and perhaps an access key.
    pub fn start(out: &Path, more: &[&str], key: Option<&str>) -> Self {
        let mut command = Command::new(program());
        command.args(["record", "--xray", "127.0.0.1:0", "--http", "0", "--out"]).arg(out).args(more);
        if let Some(key) = key {
            command.env("LAMTOP_TEST_KEY", key);
        }
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut address = |scheme: &str| {
            let mut line = String::new();
            said.read_line(&mut line).unwrap();
            let at = line.split(scheme).nth(1).unwrap_or_else(|| panic!("{line}"));
            at.split(": ").next().unwrap().parse().unwrap()
        };
        let (xray, http) = (address("udp://"), address("http://"));
        Self { child, said, out: out.to_path_buf(), xray, http }
    }

    /// Posts, and gives back status and body.
    pub fn post(&self, path: &str, headers: &[&str], body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(self.http).unwrap();
        let headers = headers.iter().map(|header| format!("{header}\r\n")).collect::<String>();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
            self.http,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        answer(stream)
    }

    /// Sends a segment document.
    pub fn datagram(&self, document: &str) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{document}");
        socket.send_to(datagram.as_bytes(), self.xray).unwrap();
    }

    /// Waits until so many lines are recorded and it has said something, ends, and gives back what
    /// it said.
    pub fn end(mut self, lines: usize, about: &str) -> String {
        let out = self.out.clone();
        let mut said = String::new();
        while !said.contains(about) {
            assert!(self.said.read_line(&mut said).unwrap() > 0, "{said}");
        }
        until("all is recorded", || fs::read_to_string(&out).is_ok_and(|text| text.lines().count() >= lines));
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        self.said.read_to_string(&mut said).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(130), "{said}");
        assert_eq!(fs::read_to_string(&self.out).unwrap().lines().count(), lines);
        said
    }
}

/// Status and body of an answer, of a connection that is closed then.
pub fn answer(mut stream: TcpStream) -> (u16, Vec<u8>) {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let at = memchr::memmem::find(&all, b"\r\n\r\n").unwrap_or_else(|| panic!("{all:?}"));
    let status = std::str::from_utf8(&all[9..12]).unwrap().parse().unwrap();
    (status, all[at + 4..].to_vec())
}

/// The rows of a report.
pub fn report(path: &Path, question: &[&str]) -> Vec<Value> {
    let output =
        Command::new(program()).arg("report").arg(path).args(question).args(["--format", "json"]).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
