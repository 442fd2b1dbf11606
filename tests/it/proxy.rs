//! Stands between the service and its PostgreSQL or its caller, so that the connection can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use school_roadmap::db::DatabaseUrl;

/// Passes bytes on in both directions, while it is whole.
pub struct Proxy {
    line: Arc<Mutex<Line>>,
}

struct Line {
    whole: bool,
    /// What is passed on, but its answer is not.
    unanswered: Option<String>,
    passing: Vec<TcpStream>,
}

impl Proxy {
    /// A proxy before this database, and the address that leads through it.
    pub fn before(database: &DatabaseUrl) -> (Self, DatabaseUrl) {
        let DatabaseUrl::Postgres(address) = database else { panic!("only before PostgreSQL") };
        let mut url = url::Url::parse(address).unwrap();
        let target = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
        let (proxy, port) = Self::to(target);
        url.set_port(Some(port)).unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        (proxy, DatabaseUrl::Postgres(url.into()))
    }

    /// A proxy before this service, and the address that leads through it.
    pub fn before_service(url: &str) -> (Self, String) {
        let (proxy, port) = Self::to(url.trim_start_matches("http://").to_owned());
        (proxy, format!("http://127.0.0.1:{port}"))
    }

    fn to(target: String) -> (Self, u16) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let line = Arc::new(Mutex::new(Line { whole: true, unanswered: None, passing: Vec::new() }));
        let shared = Arc::clone(&line);
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let Ok(near) = near else { continue };
                let mut line = shared.lock().unwrap();
                // What is dropped here never reaches the other side.
                let (true, Ok(far)) = (line.whole, TcpStream::connect(&target)) else { continue };
                line.passing.extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
                drop(line);
                let cuts = Arc::<AtomicBool>::default();
                let (line, cut) = (Arc::clone(&shared), Arc::clone(&cuts));
                pass(near.try_clone().unwrap(), far.try_clone().unwrap(), move |bytes| {
                    let mut line = line.lock().unwrap();
                    let words = line.unanswered.as_deref().map(str::as_bytes);
                    if words.is_some_and(|words| bytes.windows(words.len()).any(|found| found == words)) {
                        line.unanswered = None;
                        cut.store(true, Ordering::SeqCst);
                    }
                    true
                });
                pass(far, near, move |_| !cuts.load(Ordering::SeqCst));
            }
        });
        (Self { line }, port)
    }

    /// Passes on what next holds these words, and cuts the connection instead of answering it.
    pub fn swallow_answer_to(&self, words: &str) {
        self.line.lock().unwrap().unanswered = Some(words.to_owned());
    }

    /// Ends every connection and takes no other.
    pub fn cut(&self) {
        let mut line = self.line.lock().unwrap();
        line.whole = false;
        for end in line.passing.drain(..) {
            end.shutdown(Shutdown::Both).ok();
        }
    }

    /// Takes connections again.
    pub fn mend(&self) {
        self.line.lock().unwrap().whole = true;
    }
}

/// Passes bytes on for as long as `goes_on` says of each piece.
fn pass(mut from: TcpStream, mut to: TcpStream, mut goes_on: impl FnMut(&[u8]) -> bool + Send + 'static) {
    std::thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count) = from.read(&mut buffer) {
            let piece = &buffer[..count];
            if count == 0 || !goes_on(piece) || to.write_all(piece).is_err() {
                break;
            }
        }
        to.shutdown(Shutdown::Both).ok();
        from.shutdown(Shutdown::Both).ok();
    });
}
