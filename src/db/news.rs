//! Who waits for changes, and how he is told that there are some.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::dsl::max;
use diesel::prelude::*;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::connection::AnyConnection;
use super::schema::changes;

/// Requests of one process that wait at once, at most.
const WAITERS: usize = 500;
/// How often somebody looks for what other processes have committed.
const LOOK: Duration = Duration::from_secs(1);

/// What is told to all who wait.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    commits: u64,
    is_over: bool,
}

/// Tells of commits.
#[derive(Debug)]
pub(super) struct News {
    told: watch::Sender<Told>,
    places: Arc<Semaphore>,
    looked_at: Mutex<Instant>,
    seen: AtomicI64,
}

impl Default for News {
    fn default() -> Self {
        Self {
            told: watch::Sender::default(),
            places: Arc::new(Semaphore::new(WAITERS)),
            looked_at: Mutex::new(Instant::now()),
            seen: AtomicI64::new(0),
        }
    }
}

impl News {
    /// Wakes all: this process has committed changes.
    pub(super) fn tell(&self) {
        self.told.send_modify(|told| told.commits = told.commits.wrapping_add(1));
    }

    /// Wakes all, now and for ever.
    pub(super) fn stop(&self) {
        self.told.send_modify(|told| told.is_over = true);
    }

    /// Whether all were woken for ever.
    pub(super) fn is_over(&self) -> bool {
        self.told.borrow().is_over
    }

    /// Wakes all when this number is newer than what was seen before.
    pub(super) fn seen(&self, newest: i64) {
        if self.seen.fetch_max(newest, Ordering::Relaxed) < newest {
            self.tell();
        }
    }

    /// A place; `None` when all are taken.
    pub(super) fn waiter(news: &Arc<Self>) -> Option<Waiter> {
        let place = Arc::clone(&news.places).try_acquire_owned().ok()?;
        Some(Waiter { told: news.told.subscribe(), news: Arc::clone(news), _place: place })
    }

    /// Whether it is time to look, which one of those who wait does for all.
    fn is_time_to_look(&self) -> bool {
        let mut looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = looked_at.elapsed() >= LOOK;
        if is_time {
            *looked_at = Instant::now();
        }
        is_time
    }
}

/// A place among those who wait for changes; dropping it gives it back.
#[derive(Debug)]
pub struct Waiter {
    told: watch::Receiver<Told>,
    news: Arc<News>,
    _place: OwnedSemaphorePermit,
}

/// Why a waiter goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    /// Somebody has committed changes.
    News,
    /// It is this one's turn to look for commits of other processes.
    Look,
    /// The time is over, or the service stops.
    Over,
}

impl Waiter {
    pub(super) async fn next(&mut self, deadline: Instant) -> Woken {
        loop {
            if self.told.borrow().is_over {
                return Woken::Over;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Woken::Over;
            }
            match tokio::time::timeout(left.min(LOOK), self.told.changed()).await {
                Ok(Ok(())) if self.told.borrow().is_over => return Woken::Over,
                Ok(Ok(())) => return Woken::News,
                // The sender lives in `news`, which this one holds.
                Ok(Err(_)) => return Woken::Over,
                Err(_elapsed) if self.news.is_time_to_look() => return Woken::Look,
                Err(_elapsed) => {}
            }
        }
    }
}

/// The greatest number in the feed; 0 when it is empty.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn newest(conn: &mut AnyConnection) -> QueryResult<i64> {
    Ok(changes::table.select(max(changes::seq)).first::<Option<i64>>(conn)?.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[actix_web::test]
    async fn what_is_told_after_the_place_was_taken_wakes() {
        let news = Arc::new(News::default());
        news.tell();
        let mut waiter = News::waiter(&news).unwrap();
        assert_eq!(waiter.next(Instant::now()).await, Woken::Over, "told before, and no time to wait");
        news.tell();
        assert_eq!(waiter.next(soon()).await, Woken::News);
        news.seen(7);
        assert_eq!(waiter.next(soon()).await, Woken::News, "another process has committed");
        news.seen(7);
        assert_eq!(waiter.next(Instant::now()).await, Woken::Over, "that was known");
    }

    #[actix_web::test]
    async fn the_end_wakes_all_and_lets_nobody_wait_again() {
        let news = Arc::new(News::default());
        let mut waiter = News::waiter(&news).unwrap();
        news.stop();
        assert_eq!(waiter.next(soon()).await, Woken::Over);
        assert_eq!(News::waiter(&news).unwrap().next(soon()).await, Woken::Over);
    }

    #[test]
    fn places_are_bounded_and_given_back() {
        let news = Arc::new(News::default());
        let taken: Vec<Waiter> = (0..WAITERS).map(|_| News::waiter(&news).unwrap()).collect();
        assert!(News::waiter(&news).is_none());
        drop(taken);
        assert!(News::waiter(&news).is_some());
    }
}
