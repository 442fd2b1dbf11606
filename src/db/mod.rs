//! The databases: one pool, reads, and write transactions that leave a journal.
//!
//! Only this folder knows which database it talks to.

pub mod change;
pub mod connection;
pub mod durable;
pub mod feed;
mod journal;
pub mod json;
pub mod migrate;
pub mod news;
pub mod page;
mod prepared;
mod queue;
pub mod rows;
#[expect(missing_docs, reason = "generated from the migrations")]
pub mod schema;
pub mod timing;
mod transaction;
pub mod tx;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::web;
use diesel::r2d2::Pool;
use tokio::sync::Semaphore;

pub use self::change::{Change, Event, Noted, Op};
pub use self::connection::{AnyConnection, Backend, DatabaseUrl};
pub(crate) use self::connection::{insert_all, lock};
pub use self::feed::Horizon;
pub use self::json::Json;
pub use self::news::Waiter;
use self::news::{News, Woken};
pub(crate) use self::page::keyset;
pub(crate) use self::prepared::Prepared;
use self::queue::Queue;
pub use self::transaction::transact;
use self::transaction::{commit, in_snapshot};
pub use self::tx::{Actor, Tx};
use crate::kit::clock::Clock;

/// How long a request waits for a connection before it is refused with 503.
const CONNECTION_WAIT: Duration = Duration::from_millis(800);
/// How long a write waits for its turn on SQLite, which has one writer.
const WRITER_WAIT: Duration = Duration::from_secs(5);

/// Why the database did not do its part; never the client's fault.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Every connection is in use, or none can be had: try again in a second.
    #[error("no database connection within the time limit")]
    Busy,
    /// The work on the blocking thread panicked.
    #[error("the database task panicked")]
    Panicked,
    /// BEGIN, COMMIT or the journal failed; nothing was stored.
    #[error("the transaction failed: {0}")]
    Transaction(#[source] diesel::result::Error),
}

/// Whether a write is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Commit when the closure succeeds.
    Keep,
    /// Roll back in any case: a dry run.
    Rehearse,
}

/// The one writer of SQLite. Two may be next: while one writes, the other stands ready on its
/// thread, for waking it costs as much as a short write. More would take the readers' connections.
#[derive(Clone)]
struct Writer {
    next: Arc<Semaphore>,
    alone: Arc<Mutex<()>>,
}

/// Writers of SQLite that hold a connection: the one that writes, and the next one.
const WRITERS_READY: usize = 2;

/// The pool. Cloning shares it.
#[derive(Clone)]
pub struct Db {
    pool: Pool<connection::Manager>,
    permits: Arc<Semaphore>,
    queue: Queue,
    writer: Option<Writer>,
    news: Arc<News>,
    clock: Clock,
}

impl Db {
    /// Opens the pool with at most `size` connections, made as they are needed.
    ///
    /// # Errors
    ///
    /// No connection can be made within 5 seconds.
    pub fn open(url: &DatabaseUrl, size: u32, clock: Clock) -> Result<Self, diesel::r2d2::PoolError> {
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(Duration::from_secs(5))
            .build(connection::Manager(url.clone()))?;
        Ok(Self {
            pool,
            permits: Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(1))),
            writer: match url {
                DatabaseUrl::Sqlite(_) => {
                    let ready = WRITERS_READY.min(usize::try_from(size).unwrap_or(1));
                    Some(Writer { next: Arc::new(Semaphore::new(ready)), alone: Arc::default() })
                }
                DatabaseUrl::Postgres(_) => None,
            },
            queue: Queue::default(),
            news: Arc::default(),
            clock,
        })
    }

    /// Runs `work` on a connection, outside the async workers. For reading only.
    ///
    /// # Errors
    ///
    /// The error of `work`, or [`Failure`] in its clothes.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
    {
        timing::counted(async {
            let permit = self.permit(self.queue.enter()?).await?;
            let pool = self.pool.clone();
            block(move || {
                let _permit = permit;
                let mut conn = pool.get_timeout(CONNECTION_WAIT).map_err(|cause| {
                    log::warn!("no database connection: {cause}");
                    Failure::Busy
                })?;
                work(&mut conn)
            })
            .await
        })
        .await
    }

    /// As [`read`](Self::read), where all queries of `work` see the database as it was at the
    /// first of them.
    ///
    /// SQLite: a deferred transaction. PostgreSQL: repeatable read, read only.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn snapshot<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
    {
        self.read(move |conn| {
            feed::begin(conn).map_err(Failure::Transaction)?;
            in_snapshot(conn, work)
        })
        .await
    }

    /// As [`snapshot`](Self::snapshot), with the number up to which it shows the whole change feed.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn snapshot_of_feed<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut AnyConnection, Horizon) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
    {
        let news = Arc::clone(&self.news);
        self.read(move |conn| {
            let horizon = feed::horizon(conn).map_err(Failure::Transaction)?;
            news.look_soon(horizon.is_behind());
            feed::begin(conn).map_err(Failure::Transaction)?;
            in_snapshot(conn, |conn| work(conn, horizon))
        })
        .await
    }

    /// As [`snapshot`](Self::snapshot), taken at an instant at which the feed is complete up to its
    /// newest number, so that this number states what the snapshot shows. Waits for the writers that
    /// are about to commit, and keeps others from the feed for that moment.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn exact_snapshot<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut AnyConnection, Horizon) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
    {
        self.read(move |conn| {
            feed::begin_exact(conn)?;
            in_snapshot(conn, |conn| work(conn, Horizon::EXACT))
        })
        .await
    }

    /// Runs `work` in one transaction and commits it with its journal.
    ///
    /// SQLite: `BEGIN IMMEDIATE`, one writer at a time. PostgreSQL: read committed;
    /// flows lock the row they decide about. An error, a panic or
    /// [`Mode::Rehearse`] leaves nothing behind.
    ///
    /// # Errors
    ///
    /// The error of `work`, or [`Failure`] in its clothes.
    pub async fn write<T, E, F>(&self, actor: Actor, mode: Mode, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
    {
        timing::counted(self.write_in_turn(actor, mode, work)).await
    }

    async fn write_in_turn<T, E, F>(&self, actor: Actor, mode: Mode, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
    {
        let place = self.queue.enter()?;
        let turn = match &self.writer {
            Some(writer) => Some(
                tokio::time::timeout(WRITER_WAIT, Arc::clone(&writer.next).acquire_owned())
                    .await
                    .map_err(|_elapsed| {
                        log::warn!("no turn to write within {WRITER_WAIT:?}");
                        Failure::Busy
                    })?
                    .map_err(|_closed| Failure::Busy)?,
            ),
            None => None,
        };
        let permit = self.permit(place).await?;
        let (pool, now) = (self.pool.clone(), self.clock.now());
        let alone = self.writer.as_ref().map(|writer| Arc::clone(&writer.alone));
        let (value, is_news) = block(move || {
            let _held = (turn, permit);
            let mut conn = pool.get_timeout(CONNECTION_WAIT).map_err(|cause| {
                log::warn!("no database connection: {cause}");
                Failure::Busy
            })?;
            let _alone = alone.as_ref().map(|one| one.lock().unwrap_or_else(PoisonError::into_inner));
            commit(&mut conn, &actor, now, mode, work)
        })
        .await?;
        if is_news {
            self.news.tell();
        }
        Ok(value)
    }

    /// Takes a place among those who wait for changes. What is committed from now on wakes it,
    /// so take it first and read then.
    ///
    /// # Errors
    ///
    /// [`Failure::Busy`] when too many wait already, or too many of this account or client.
    pub fn waiter(&self, subject: &str) -> Result<Waiter, Failure> {
        News::waiter(&self.news, subject).ok_or_else(|| {
            log::warn!("too many requests wait for changes");
            Failure::Busy
        })
    }

    /// Waits until there may be changes; `false`: until `deadline`, or the service stops.
    ///
    /// Holds no connection. What this process commits wakes at once; what another one commits
    /// is looked for about every second, once for all who wait, and every few milliseconds while the
    /// feed holds changes that are not yet told because somebody before them has not committed.
    ///
    /// # Errors
    ///
    /// [`Failure`] in its clothes, or the database's own error.
    pub async fn wait<E>(&self, waiter: &mut Waiter, deadline: Instant) -> Result<bool, E>
    where
        E: From<Failure> + From<diesel::result::Error> + Send + 'static,
    {
        loop {
            match waiter.next(deadline).await {
                Woken::News => return Ok(true),
                Woken::Over => return Ok(false),
                Woken::Look => {
                    let (newest, horizon) = self.read(|conn| feed::newest(conn).map_err(E::from)).await?;
                    self.news.look_soon(horizon.is_behind());
                    self.news.seen(newest);
                }
            }
        }
    }

    /// Connections that nobody uses; 0: the next request waits.
    #[must_use]
    pub fn free_connections(&self) -> usize {
        self.permits.available_permits()
    }

    /// Wakes all who wait for changes, for ever: the service is going to stop.
    pub fn stop_waiting(&self) {
        self.news.stop();
    }

    /// Whether the service is going to stop: tasks of its own end what they are at.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.news.is_over()
    }

    /// Whether so many wait for the database that the next one is refused.
    #[must_use]
    pub fn is_overloaded(&self) -> bool {
        self.queue.is_full()
    }

    async fn permit(&self, _waiting: queue::Place) -> Result<tokio::sync::OwnedSemaphorePermit, Failure> {
        match tokio::time::timeout(CONNECTION_WAIT, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => {
                log::warn!("every database connection is in use");
                Err(Failure::Busy)
            }
        }
    }
}

async fn block<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Failure> + Send + 'static,
{
    #[expect(clippy::disallowed_methods, reason = "the permit is held by the blocking task itself")]
    web::block(work).await.map_err(|_panicked| Failure::Panicked)?
}
