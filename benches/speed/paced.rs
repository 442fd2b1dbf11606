//! A load at a pace: each request has its time, whether or not earlier ones were answered.
//!
//! A connection carries one request at a time, so many of them are needed, more than the
//! service answers at once. One thread drives them all.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a connection asks next, and what it is told of the outcome.
pub trait Caller {
    /// The request.
    fn request(&mut self) -> Vec<u8>;
    /// Whether it was done.
    fn told(&mut self, done: bool);
}

/// What became of the requests of a while.
#[derive(Debug, Default)]
pub struct Tally {
    /// Seconds of each answer 2xx.
    pub good: Vec<f64>,
    /// Seconds of each answer 429 or 503 with `Retry-After`.
    pub refused: Vec<f64>,
    /// Whatever else happened: other answers, broken connections, no answer in time.
    pub failed: Vec<String>,
    /// How long it all took, seconds.
    pub took: f64,
}

impl Tally {
    /// Answers 2xx a second.
    pub fn goodput(&self) -> f64 {
        count(self.good.len()) / self.took
    }

    /// Requests a second.
    pub fn offered(&self) -> f64 {
        count(self.good.len() + self.refused.len() + self.failed.len()) / self.took
    }
}

/// A count as a figure.
pub fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

/// The time within which so many percent of these were answered; 0 of none.
pub fn percentile(times: &mut [f64], percent: usize) -> f64 {
    times.sort_by(f64::total_cmp);
    let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(place).copied().unwrap_or_default()
}

/// Has these callers, each over a connection of its own, ask together so often a second.
pub async fn load<C: Caller + 'static>(
    address: SocketAddr,
    callers: &[Rc<RefCell<C>>],
    a_second: f64,
    lasting: Duration,
) -> anyhow::Result<Tally> {
    let pace = Duration::from_secs_f64(count(callers.len()) / a_second);
    let (start, step) = (Instant::now(), pace.div_f64(count(callers.len())));
    let tasks: Vec<_> = callers
        .iter()
        .zip(0_u32..)
        .map(|(caller, number)| {
            let first = start + step * number;
            actix_web::rt::spawn(connection(address, Rc::clone(caller), (first, pace, start + lasting)))
        })
        .collect();
    let mut all = Tally::default();
    for task in tasks {
        let one = task.await?;
        all.good.extend(one.good);
        all.refused.extend(one.refused);
        all.failed.extend(one.failed);
    }
    all.took = lasting.as_secs_f64();
    Ok(all)
}

async fn connection<C: Caller>(
    address: SocketAddr,
    caller: Rc<RefCell<C>>,
    (first, pace, end): (Instant, Duration, Instant),
) -> Tally {
    let (mut tally, mut stream, mut due) = (Tally::default(), None, first);
    while due < end {
        tokio::time::sleep_until(due.into()).await;
        let request = caller.borrow_mut().request();
        let sent = Instant::now();
        let answer = tokio::time::timeout(PATIENCE, exchange(address, &mut stream, &request)).await;
        let took = sent.elapsed().as_secs_f64();
        if let Ok(Ok((_, true))) = answer {
            stream = None;
        }
        let done = match answer {
            Ok(Ok((200..=299, _))) => {
                tally.good.push(took);
                true
            }
            Ok(Ok((429 | 503, _))) => {
                tally.refused.push(took);
                false
            }
            Ok(Ok((status, _))) => {
                tally.failed.push(status.to_string());
                false
            }
            Ok(Err(cause)) => {
                tally.failed.push(cause.to_string());
                stream = None;
                false
            }
            Err(_elapsed) => {
                tally.failed.push("no answer in time".to_owned());
                stream = None;
                false
            }
        };
        caller.borrow_mut().told(done);
        // Who was kept waiting asks at once, but does not make up for what he has missed.
        due = (due + pace).max(Instant::now());
    }
    tally
}

/// Sends a request and reads the whole answer; its status, and whether it ends the connection. A refusal must say when to come again.
async fn exchange(
    address: SocketAddr,
    stream: &mut Option<BufReader<TcpStream>>,
    request: &[u8],
) -> anyhow::Result<(u16, bool)> {
    let reader = match stream {
        Some(reader) => reader,
        empty => {
            let connected = TcpStream::connect(address).await?;
            connected.set_nodelay(true)?;
            empty.insert(BufReader::with_capacity(64 * 1024, connected))
        }
    };
    reader.get_mut().write_all(request).await?;
    let mut line = String::new();
    reader.read_line(&mut line).await?;
    let status: u16 = line.split(' ').nth(1).context("no status")?.parse()?;
    let (mut length, mut says_when, mut closes) = (0, false, false);
    loop {
        line.clear();
        reader.read_line(&mut line).await?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().context("content-length")?;
        }
        says_when |= name.eq_ignore_ascii_case("retry-after");
        // Who is refused before his body was read is hung up on.
        closes |= name.eq_ignore_ascii_case("connection") && value.trim().eq_ignore_ascii_case("close");
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await?;
    anyhow::ensure!(says_when || !matches!(status, 429 | 503), "{status} without Retry-After");
    Ok((status, closes))
}
