//! The export: rows of one snapshot as lines, no faster than the client takes them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;

use super::domain::bucket_of;
use super::resources::Resource;
use super::store;
use crate::db::{AnyConnection, Failure, Horizon};
use crate::error::Error;
use crate::features::exported::{Exported, Taking};
use crate::kit::id::MunicipalityId;

/// Exports and digests of one process at a time: each holds a connection and a snapshot.
const AT_ONCE: usize = 2;
/// How long a client may take nothing before it is cut off.
const STALL: Duration = Duration::from_secs(30);
/// Bytes a second that a client must take in the long run: who takes less keeps others out.
const LEAST_RATE: usize = 16 * 1024;
/// How long a whole export may take: a snapshot keeps the database from tidying up.
const WHOLE: Duration = Duration::from_secs(60 * 60);
/// Bytes that are sent at once, about.
const PIECE: usize = 64 * 1024;

/// The places of those who take an export or a digest: one each, so that nobody keeps others out by
/// taking slowly in every place. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub struct Exports(Arc<Mutex<HashSet<String>>>);

impl Exports {
    /// Takes a place for `subject`, an account or a client; it is free again when dropped.
    ///
    /// # Errors
    ///
    /// 503 when all are taken, or he has one already.
    pub fn enter(&self, subject: &str) -> Result<Place, Failure> {
        let mut taken = self.taken();
        if taken.len() >= AT_ONCE || !taken.insert(subject.to_owned()) {
            return Err(Failure::Busy);
        }
        drop(taken);
        Ok(Place { exports: self.clone(), subject: subject.to_owned() })
    }

    fn taken(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place that is taken.
#[derive(Debug)]
pub struct Place {
    exports: Exports,
    subject: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.exports.taken().remove(&self.subject);
    }
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Order {
    /// By whom.
    pub taking: Taking,
    /// These resources, in this order.
    pub resources: Vec<&'static Resource>,
    /// Only rows of this bucket, of so many.
    pub only: Option<(u32, u32)>,
    /// When it was asked for.
    pub at: DateTime<Utc>,
}

/// A part of the stream.
#[derive(Debug)]
pub enum Piece {
    /// Some lines.
    Part(Bytes),
    /// The last lines.
    Last(Bytes),
    /// It failed; there is no more.
    Failed(Error),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Self::Part(lines) | Self::Last(lines) => lines.len(),
            Self::Failed(_) => 0,
        }
    }
}

/// Why an export ends before its end.
#[derive(Debug)]
pub enum Broken {
    /// The database, or the program.
    Failed(Error),
    /// Nobody takes it any more.
    Gone,
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.into())
    }
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Where the lines go: to the task that serves the client, some at a time.
#[derive(Debug)]
pub struct Outlet {
    pieces: Sender<Piece>,
    /// Waiting for the client happens on the blocking thread that reads the database.
    runtime: Handle,
    stall: Duration,
    until: Instant,
    sent: usize,
    waited: Duration,
    lines: Vec<u8>,
}

impl Outlet {
    /// An outlet into this channel; to be made where the runtime is.
    #[must_use]
    pub fn new(pieces: Sender<Piece>) -> Self {
        Self {
            pieces,
            runtime: Handle::current(),
            stall: STALL,
            until: Instant::now() + WHOLE,
            sent: 0,
            waited: Duration::ZERO,
            lines: Vec::with_capacity(PIECE),
        }
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), Broken> {
        serde_json::to_writer(&mut self.lines, line).map_err(Error::from)?;
        self.lines.push(b'\n');
        Ok(())
    }

    /// A row: its data are JSON already.
    fn row(&mut self, resource: &'static str, row: &Exported) -> Result<(), Broken> {
        let (key, municipality_id) = (row.key.as_deref(), row.municipality_id.as_ref());
        let head =
            RowLine { r#type: "row", resource, id: &row.id, version: row.version, key, municipality_id };
        serde_json::to_writer(&mut self.lines, &head).map_err(Error::from)?;
        // The head is an object with members: another one goes before its end.
        self.lines.pop();
        self.lines.extend_from_slice(b",\"data\":");
        self.lines.extend_from_slice(row.data.as_bytes());
        self.lines.extend_from_slice(b"}\n");
        if self.lines.len() >= PIECE { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Broken> {
        let lines = std::mem::replace(&mut self.lines, Vec::with_capacity(PIECE));
        self.send(Piece::Part(lines.into()))
    }

    fn send(&mut self, piece: Piece) -> Result<(), Broken> {
        let began = Instant::now();
        if began > self.until {
            return Err(Broken::Gone);
        }
        let earned = Duration::from_secs(u64::try_from(self.sent / LEAST_RATE).unwrap_or(u64::MAX));
        let patience = self.stall.saturating_add(earned).saturating_sub(self.waited).min(self.stall);
        self.sent += piece.len();
        // The timer belongs to the runtime, so it is made there.
        let sent = async { tokio::time::timeout(patience, self.pieces.send(piece)).await };
        let outcome = self.runtime.block_on(sent);
        self.waited += began.elapsed();
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Broken::Gone),
        }
    }
}

#[derive(Serialize)]
struct StartLine<'a> {
    r#type: &'static str,
    seq: i64,
    epoch: &'a str,
    resources: Vec<&'static str>,
    at: DateTime<Utc>,
}

#[derive(Serialize)]
struct RowLine<'a> {
    r#type: &'static str,
    resource: &'static str,
    id: &'a str,
    version: i32,
    key: Option<&'a str>,
    municipality_id: Option<&'a MunicipalityId>,
}

#[derive(Serialize)]
struct EndLine {
    r#type: &'static str,
    rows: u64,
}

/// Writes the export out; call it within an exact snapshot, on a thread that may wait.
///
/// # Errors
///
/// [`Broken`]; the last line is missing then.
pub fn write(
    conn: &mut AnyConnection,
    horizon: Horizon,
    (order, place): (&Order, Place),
    out: &mut Outlet,
) -> Result<(), Broken> {
    let standing = store::standing(conn, horizon).map_err(Error::from)?;
    let resources = order.resources.iter().map(|resource| resource.name).collect();
    let (seq, epoch) = (standing.complete, standing.epoch.as_str());
    out.line(&StartLine { r#type: "start", seq, epoch, resources, at: order.at })?;
    // So that the answer begins before the first rows are read.
    out.flush()?;
    let mut count = 0_u64;
    for resource in &order.resources {
        let mut after: Option<String> = None;
        loop {
            let rows = (resource.export)(conn, &order.taking, after.as_deref())?;
            let is_asked_for =
                |row: &&Exported| order.only.is_none_or(|(bucket, of)| bucket_of(&row.id, of) == bucket);
            for row in rows.iter().filter(is_asked_for) {
                out.row(resource.name, row)?;
                count += 1;
            }
            match rows.into_iter().last() {
                Some(last) => after = Some(last.id),
                None => break,
            }
        }
    }
    out.line(&EndLine { r#type: "end", rows: count })?;
    let lines = std::mem::take(&mut out.lines);
    // Who has all of it may ask for the next one at once.
    drop(place);
    out.send(Piece::Last(lines.into()))
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn places_are_two_one_for_each_and_given_back() {
        let exports = Exports::default();
        let one = exports.enter("one").unwrap();
        assert!(matches!(exports.enter("one"), Err(Failure::Busy)), "nobody has two");
        let two = exports.enter("two").unwrap();
        assert!(matches!(exports.enter("three"), Err(Failure::Busy)));
        drop(one);
        assert!(exports.enter("three").is_ok());
        drop(two);
        assert!(exports.enter("two").is_ok());
    }

    /// Each piece is taken in time, but all of them too slowly.
    #[actix_web::test]
    async fn a_client_that_takes_too_slowly_is_cut_off() {
        let (sender, mut receiver) = mpsc::channel(1);
        let waited = STALL.saturating_sub(Duration::from_millis(20));
        let mut out = Outlet { waited, ..Outlet::new(sender) };
        let sent = std::thread::spawn(move || {
            let first = out.send(Piece::Part(Bytes::from_static(b"1"))).is_ok();
            let second = out.send(Piece::Part(Bytes::from_static(b"2")));
            let slow = matches!(second, Err(Broken::Gone));
            out.sent = LEAST_RATE * 3600;
            (first, slow, out)
        });
        while !sent.is_finished() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let (first, slow, mut out) = sent.join().unwrap();
        assert!(first && slow);
        let third = std::thread::spawn(move || out.send(Piece::Part(Bytes::from_static(b"3"))).is_ok());
        assert!(matches!(receiver.recv().await, Some(Piece::Part(_))));
        assert!(matches!(receiver.recv().await, Some(Piece::Part(_))), "who took much may rest");
        assert!(third.join().unwrap());
    }

    /// The first piece finds room in the channel; the second waits, and waits no longer than it may.
    #[actix_web::test]
    async fn a_client_that_takes_nothing_is_cut_off() {
        let (sender, mut receiver) = mpsc::channel(1);
        let mut out = Outlet { stall: Duration::from_millis(20), ..Outlet::new(sender) };
        let sent = std::thread::spawn(move || {
            let first = out.send(Piece::Part(Bytes::from_static(b"1"))).is_ok();
            let second = out.send(Piece::Part(Bytes::from_static(b"2")));
            (first, matches!(second, Err(Broken::Gone)))
        });
        while !sent.is_finished() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(sent.join().unwrap(), (true, true));
        assert!(matches!(receiver.recv().await, Some(Piece::Part(_))));
        assert!(receiver.recv().await.is_none(), "and nothing after it");
    }
}
