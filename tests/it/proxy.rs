//! Stands between the service and its PostgreSQL, so that the connection can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use school_roadmap::db::DatabaseUrl;

/// Passes bytes on in both directions, while it is whole.
pub struct Proxy {
    line: Arc<Mutex<Line>>,
}

struct Line {
    whole: bool,
    passing: Vec<TcpStream>,
}

impl Proxy {
    /// A proxy before this database, and the address that leads through it.
    pub fn before(database: &DatabaseUrl) -> (Self, DatabaseUrl) {
        let DatabaseUrl::Postgres(address) = database else { panic!("only before PostgreSQL") };
        let mut url = url::Url::parse(address).unwrap();
        let target = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        let line = Arc::new(Mutex::new(Line { whole: true, passing: Vec::new() }));
        let shared = Arc::clone(&line);
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let Ok(near) = near else { continue };
                let mut line = shared.lock().unwrap();
                // What is dropped here never reaches the database.
                let (true, Ok(far)) = (line.whole, TcpStream::connect(&target)) else { continue };
                line.passing.extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
                drop(line);
                pass(near.try_clone().unwrap(), far.try_clone().unwrap());
                pass(far, near);
            }
        });
        (Self { line }, DatabaseUrl::Postgres(url.into()))
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

fn pass(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count) = from.read(&mut buffer) {
            if count == 0 || to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        to.shutdown(Shutdown::Both).ok();
    });
}
