//! How many requests wait for the database: past a bound, the next one is refused at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Failure;

/// Requests that may wait: more would only wait longer than their callers do.
const MOST_WAITING: usize = 128;

/// The queue of a pool. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub(super) struct Queue(Arc<AtomicUsize>);

/// A place in it; dropping it leaves it.
pub(super) struct Place(Queue);

impl Queue {
    /// Takes a place.
    ///
    /// # Errors
    ///
    /// [`Failure::Busy`] when it is full.
    pub(super) fn enter(&self) -> Result<Place, Failure> {
        let place = Place(self.clone());
        if self.0.fetch_add(1, Ordering::AcqRel) >= MOST_WAITING {
            return Err(Failure::Busy);
        }
        Ok(place)
    }

    /// Whether it is full.
    pub(super) fn is_full(&self) -> bool {
        self.0.load(Ordering::Acquire) >= MOST_WAITING
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_refuses_and_a_place_that_is_left_is_free() {
        let queue = Queue::default();
        let mut places: Vec<Place> = (0..MOST_WAITING).map(|_| queue.enter().unwrap()).collect();
        assert!(queue.is_full());
        assert!(matches!(queue.enter(), Err(Failure::Busy)));
        places.pop();
        assert!(!queue.is_full(), "a refused one has left no trace");
        queue.enter().unwrap();
    }
}
