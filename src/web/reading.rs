//! How many large files are read into memory at once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::db::Failure;

/// Files that are read at once: with its table, each takes several times its size.
const PLACES: usize = 2;
/// How long a request waits for a place.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it looks for one.
const LOOK: Duration = Duration::from_millis(20);

/// The places of a process, one for each account or client. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub struct Reading(Arc<Mutex<HashSet<String>>>);

/// A place; dropping it gives it back.
#[derive(Debug)]
pub struct ReadingPlace {
    reading: Reading,
    subject: String,
}

impl Reading {
    /// A place, for as long as what it gives is kept.
    ///
    /// # Errors
    ///
    /// [`Failure::Busy`] when none becomes free within some seconds.
    pub async fn place(&self, subject: &str) -> Result<ReadingPlace, Failure> {
        self.place_within(subject, PATIENCE).await
    }

    async fn place_within(&self, subject: &str, patience: Duration) -> Result<ReadingPlace, Failure> {
        let since = Instant::now();
        loop {
            if let Some(place) = self.try_place(subject) {
                return Ok(place);
            }
            if since.elapsed() >= patience {
                return Err(Failure::Busy);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn try_place(&self, subject: &str) -> Option<ReadingPlace> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = taken.len() < PLACES && taken.insert(subject.to_owned());
        is_free.then(|| ReadingPlace { reading: self.clone(), subject: subject.to_owned() })
    }
}

impl Drop for ReadingPlace {
    fn drop(&mut self) {
        self.reading.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.subject);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn places_are_two_one_for_each_and_given_back() {
        let reading = Reading::default();
        let at_once = async |subject: &str| reading.place_within(subject, Duration::ZERO).await;
        let (one, two) = (at_once("one").await.unwrap(), at_once("two").await.unwrap());
        assert!(matches!(at_once("three").await, Err(Failure::Busy)));
        drop(one);
        assert!(matches!(at_once("two").await, Err(Failure::Busy)), "nobody has two");
        assert!(at_once("three").await.is_ok());
        drop(two);
        assert!(at_once("two").await.is_ok());
    }
}
