//! How many large files are read into memory at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::db::Failure;

/// Files that are read at once: with its table, each takes several times its size.
const PLACES: usize = 2;
/// How long a request waits for a place.
const PATIENCE: Duration = Duration::from_secs(5);

/// The places of a process. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Reading(Arc<Semaphore>);

impl Default for Reading {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(PLACES)))
    }
}

impl Reading {
    /// A place, for as long as what it gives is kept.
    ///
    /// # Errors
    ///
    /// [`Failure::Busy`] when none becomes free within some seconds.
    pub async fn place(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await;
        place.map_err(|_elapsed| Failure::Busy)?.map_err(|_closed| Failure::Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn places_are_bounded_and_given_back() {
        let reading = Reading::default();
        let (_one, two) = (reading.place().await.unwrap(), reading.place().await.unwrap());
        assert!(matches!(reading.place().await, Err(Failure::Busy)));
        drop(two);
        assert!(reading.place().await.is_ok());
    }
}
