//! HTTP by hand, byte by byte, as no client library would send it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// Longer than any limit of the service that a test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connection.
pub struct Raw {
    stream: TcpStream,
    received: Vec<u8>,
}

/// What the service answered.
#[derive(Debug)]
pub struct RawReply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Raw {
    /// Connects to `http://host:port`.
    pub fn connect(url: &str) -> Self {
        let stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, received: Vec::new() }
    }

    /// Sends bytes; the service may have hung up by then, and has said why before.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Whether something has come within `time`.
    pub fn answers_within(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).unwrap();
        let came = self.receive().is_some();
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        came
    }

    /// Reads some bytes; `None` when none came in time, 0 at the end of the connection.
    fn receive(&mut self) -> Option<usize> {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(count) => {
                self.received.extend_from_slice(&buffer[..count]);
                Some(count)
            }
            Err(cause) if matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
            // A reset: the service has closed while bytes for it were under way.
            Err(_reset) => Some(0),
        }
    }

    /// The next answer, whole.
    #[track_caller]
    pub fn reply(&mut self) -> RawReply {
        let reply = self.reply_or_end();
        reply.unwrap_or_else(|| {
            panic!("closed without an answer: {:?}", String::from_utf8_lossy(&self.received))
        })
    }

    /// The next answer, whole; `None` when the service hangs up before.
    pub fn reply_or_end(&mut self) -> Option<RawReply> {
        loop {
            if let Some(reply) = self.parsed() {
                return Some(reply);
            }
            if self.receive().unwrap_or_else(|| panic!("no answer in time")) == 0 {
                return None;
            }
        }
    }

    fn parsed(&mut self) -> Option<RawReply> {
        let end = self.received.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = String::from_utf8(self.received[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut reply = RawReply { status, head, body: Vec::new() };
        let length = reply.header("content-length").map_or(0, |length| length.parse().unwrap());
        if self.received.len() < end + length {
            return None;
        }
        reply.body = self.received[end..end + length].to_vec();
        self.received.drain(..end + length);
        Some(reply)
    }

    /// Whether the service hangs up, with nothing more to say.
    pub fn is_closed(&mut self) -> bool {
        self.received.is_empty() && self.receive() == Some(0)
    }
}

impl RawReply {
    pub fn header(&self, name: &str) -> Option<String> {
        let line = |line: &str| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        };
        self.head.lines().find_map(line)
    }

    /// `code` of a problem, once the status is what it should be.
    #[track_caller]
    pub fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{} {}", self.head, String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("content-type").as_deref(), Some("application/problem+json"));
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        body["code"].as_str().unwrap().to_owned()
    }
}
