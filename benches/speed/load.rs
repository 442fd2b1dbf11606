//! A load of HTTP requests over kept connections, as light as it can be: each connection
//! is a thread that writes a prepared request and reads one whole answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

/// Connections at once; as many as the service has database connections.
pub const CONNECTIONS: usize = 8;
/// What is not counted at the beginning.
const WARM_UP: Duration = Duration::from_millis(500);
/// What is counted.
const COUNTED: Duration = Duration::from_secs(3);

/// What one connection sends: the request with this number.
pub type Requests = Box<dyn FnMut(u64) -> Vec<u8> + Send>;

/// Answers per second over all connections; a refusal fails the measurement.
pub fn per_second(address: SocketAddr, connections: Vec<Requests>) -> anyhow::Result<f64> {
    per_second_of(connections.into_iter().map(|requests| connection(address, requests)).collect())
}

/// How often per second all of these together get done.
pub fn per_second_of<F>(workers: Vec<F>) -> anyhow::Result<f64>
where
    F: FnMut(u64) -> anyhow::Result<()> + Send,
{
    let start = Instant::now();
    let counts = std::thread::scope(|scope| {
        let running: Vec<_> =
            workers.into_iter().map(|worker| scope.spawn(move || counted(worker, start))).collect();
        let joined = running.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Ok(0)));
        joined.collect::<anyhow::Result<Vec<u32>>>()
    })?;
    ensure!(counts.iter().all(|count| *count > 0), "a connection got nothing done");
    Ok(counts.into_iter().map(f64::from).sum::<f64>() / COUNTED.as_secs_f64())
}

fn counted(mut work: impl FnMut(u64) -> anyhow::Result<()>, start: Instant) -> anyhow::Result<u32> {
    let mut count = 0;
    for number in 0.. {
        work(number)?;
        let elapsed = start.elapsed();
        if elapsed > WARM_UP + COUNTED {
            break;
        }
        if elapsed > WARM_UP {
            count += 1;
        }
    }
    Ok(count)
}

fn connection(address: SocketAddr, mut requests: Requests) -> impl FnMut(u64) -> anyhow::Result<()> + Send {
    let mut stream = None;
    move |number| {
        let reader = match &mut stream {
            Some(reader) => reader,
            empty => {
                let connected = TcpStream::connect(address)?;
                connected.set_nodelay(true)?;
                empty.insert(BufReader::with_capacity(256 * 1024, connected))
            }
        };
        reader.get_mut().write_all(&requests(number))?;
        read_answer(reader)
    }
}

fn read_answer(reader: &mut BufReader<TcpStream>) -> anyhow::Result<()> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let good = line.starts_with("HTTP/1.1 20");
    let status = line.trim().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().context("content-length")?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    ensure!(good, "{status}: {}", String::from_utf8_lossy(&body));
    Ok(())
}

/// A GET request.
pub fn get(path: &str, token: Option<&str>) -> Vec<u8> {
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{token}\r\n").into_bytes()
}

/// A PUT request based on a version.
pub fn put(path: &str, token: &str, version: u64, body: &str) -> Vec<u8> {
    format!(
        "PUT {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nIf-Match: \"{version}\"\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Sends one request with a body over a connection of its own and reads the whole answer;
/// seconds from the first byte to the last.
pub fn once(address: SocketAddr, head: &str, body: &[u8]) -> anyhow::Result<f64> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(256 * 1024, stream);
    let started = Instant::now();
    reader.get_mut().write_all(head.as_bytes())?;
    reader.get_mut().write_all(body)?;
    read_answer(&mut reader)?;
    Ok(started.elapsed().as_secs_f64())
}
