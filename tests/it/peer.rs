//! Another server that the service talks to: what it is asked, and what it is told to answer.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct PeerRequest {
    pub head: String,
    pub body: Vec<u8>,
}

impl PeerRequest {
    pub fn header(&self, name: &str) -> Option<String> {
        let line = |line: &str| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        };
        self.head.lines().find_map(line)
    }
}

/// Answers every request with what `answer` makes of it, whole, and closes; its address.
///
/// It serves for as long as the process lives.
pub fn answering(answer: impl Fn(&PeerRequest) -> String + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || serve(stream, &*answer));
        }
    });
    address
}

/// The same by TLS; its port.
pub fn answering_by_tls(
    config: Arc<ServerConfig>,
    answer: impl Fn(&PeerRequest) -> String + Send + Sync + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            serve(StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream), &answer);
        }
    });
    port
}

fn serve(mut stream: impl Read + Write, answer: &dyn Fn(&PeerRequest) -> String) {
    // Whoever hangs up in the middle is not answered.
    if let Some(request) = read(&mut stream) {
        stream.write_all(answer(&request).as_bytes()).ok();
    }
}

fn read(stream: &mut impl Read) -> Option<PeerRequest> {
    let mut received = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        if let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4) {
            let head = String::from_utf8_lossy(&received[..end]).into_owned();
            let mut request = PeerRequest { head, body: Vec::new() };
            let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
            if received.len() >= end + length {
                request.body = received[end..end + length].to_vec();
                return Some(request);
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => received.extend_from_slice(&buffer[..count]),
        }
    }
}
