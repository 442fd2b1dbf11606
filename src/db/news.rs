//! Who waits for changes, and how he is told that there are some.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Requests of one process that wait at once, at most.
const WAITERS: usize = 500;
/// Of them, those of one account or client.
const WAITERS_OF_ONE: usize = 8;
/// How often somebody looks for what other processes have committed.
const LOOK: Duration = Duration::from_secs(1);
/// How often while somebody is about to commit what precedes changes that are there already.
const LOOK_SOON: Duration = Duration::from_millis(10);

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
    waiting: Mutex<HashMap<String, usize>>,
    looked_at: Mutex<Instant>,
    seen: AtomicI64,
    is_behind: AtomicBool,
}

impl Default for News {
    fn default() -> Self {
        Self {
            told: watch::Sender::default(),
            places: Arc::new(Semaphore::new(WAITERS)),
            waiting: Mutex::default(),
            looked_at: Mutex::new(Instant::now()),
            seen: AtomicI64::new(0),
            is_behind: AtomicBool::new(false),
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

    /// Wakes all when this number is another one than was seen before.
    pub(super) fn seen(&self, newest: i64) {
        if self.seen.swap(newest, Ordering::Relaxed) != newest {
            self.tell();
        }
    }

    /// Whether those who wait are to look soon.
    pub(super) fn look_soon(&self, is_behind: bool) {
        self.is_behind.store(is_behind, Ordering::Relaxed);
    }

    /// How long somebody waits before he looks.
    fn look(&self) -> Duration {
        if self.is_behind.load(Ordering::Relaxed) { LOOK_SOON } else { LOOK }
    }

    /// A place for an account or a client; `None` when all are taken, or all that one may have.
    pub(super) fn waiter(news: &Arc<Self>, subject: &str) -> Option<Waiter> {
        let place = Arc::clone(&news.places).try_acquire_owned().ok()?;
        let mut waiting = news.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let own = waiting.entry(subject.to_owned()).or_default();
        if *own >= WAITERS_OF_ONE {
            return None;
        }
        *own += 1;
        let (told, news) = (news.told.subscribe(), Arc::clone(news));
        drop(waiting);
        Some(Waiter { told, news, subject: subject.to_owned(), _place: place })
    }

    fn leave(&self, subject: &str) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = waiting.get_mut(subject) {
            *own -= 1;
            if *own == 0 {
                waiting.remove(subject);
            }
        }
    }

    /// Whether it is time to look, which one of those who wait does for all.
    fn is_time_to_look(&self) -> bool {
        let mut looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = looked_at.elapsed() >= self.look();
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
    subject: String,
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

impl Drop for Waiter {
    fn drop(&mut self) {
        self.news.leave(&self.subject);
    }
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
            match tokio::time::timeout(left.min(self.news.look()), self.told.changed()).await {
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
        let mut waiter = News::waiter(&news, "one").unwrap();
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
        let mut waiter = News::waiter(&news, "one").unwrap();
        news.stop();
        assert_eq!(waiter.next(soon()).await, Woken::Over);
        assert_eq!(News::waiter(&news, "one").unwrap().next(soon()).await, Woken::Over);
    }

    #[test]
    fn places_are_bounded_and_given_back() {
        let news = Arc::new(News::default());
        let own: Vec<Waiter> = (0..WAITERS_OF_ONE).map(|_| News::waiter(&news, "one").unwrap()).collect();
        assert!(News::waiter(&news, "one").is_none(), "others want to wait too");
        assert!(News::waiter(&news, "other").is_some());
        drop(own);
        assert!(News::waiter(&news, "one").is_some());
        let name = |number: usize| (number / WAITERS_OF_ONE).to_string();
        let taken: Vec<Waiter> =
            (0..WAITERS).map(|number| News::waiter(&news, &name(number)).unwrap()).collect();
        assert!(News::waiter(&news, "one").is_none());
        drop(taken);
        assert!(News::waiter(&news, "one").is_some());
        assert!(news.waiting.lock().unwrap().is_empty(), "nobody is remembered");
    }
}
