//! Tries to sign in, counted by login until one succeeds, so that no password is found by trying.
//!
//! The count belongs to the login and not to an address: a guesser has many addresses.
//! Who is kept out by a guesser waits for the rest of the window, or has the password
//! reset, which forgets the count. Unknown logins count alike, so nothing is disclosed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use sha2::{Digest, Sha256};

use crate::error::{Error, Refusal};
use crate::kit::text;
use crate::problems;

/// Tries of one login after which the next waits.
const MOST: u32 = 10;
/// Minutes in which they are counted, from the first one on.
const WINDOW_MINUTES: i64 = 15;
/// Logins counted at most: more than can be tried within the window.
const KEPT: usize = 100_000;

/// The counts. One per process.
#[derive(Default)]
pub struct Attempts {
    tries: Mutex<HashMap<[u8; 32], Tries>>,
}

struct Tries {
    count: u32,
    first: DateTime<Utc>,
}

impl Attempts {
    /// Counts a try before its password is looked at, so that parallel ones count too.
    ///
    /// # Errors
    ///
    /// 429 with the seconds until the window ends.
    pub fn admit(&self, login: &str, now: DateTime<Utc>) -> Result<(), Error> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= KEPT {
            tries.retain(|_, tries| tries.is_open(now));
        }
        let tries = tries.entry(key(login)).or_insert(Tries { count: 0, first: now });
        if !tries.is_open(now) {
            *tries = Tries { count: 0, first: now };
        }
        if tries.count >= MOST {
            let left = (tries.first + Duration::minutes(WINDOW_MINUTES) - now).num_seconds();
            return Err(Refusal {
                retry_after: Some(u32::try_from(left).unwrap_or_default().max(1)),
                ..Refusal::of(&problems::TOO_MANY_REQUESTS)
            }
            .into());
        }
        tries.count += 1;
        Ok(())
    }

    /// Forgets the count, after a good sign-in or a reset.
    pub fn forget(&self, login: &str) {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(login));
    }
}

impl Tries {
    fn is_open(&self, now: DateTime<Utc>) -> bool {
        now - self.first < Duration::minutes(WINDOW_MINUTES)
    }
}

/// What was typed is not kept: people type passwords into the wrong field.
fn key(login: &str) -> [u8; 32] {
    Sha256::digest(text::folded(login)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_try_waits_until_the_window_ends() {
        let attempts = Attempts::default();
        let start: DateTime<Utc> = "2023-03-01T09:00:00Z".parse().unwrap();
        for _ in 0..MOST {
            attempts.admit("Ivanov", start).unwrap();
        }
        let later = start + Duration::minutes(5);
        let Err(Error::Refused(refusal)) = attempts.admit("ivanov", later) else {
            panic!("admitted");
        };
        assert_eq!(refusal.retry_after, Some(600));
        attempts.admit("petrov", later).unwrap();
        attempts.forget("IVANOV");
        attempts.admit("ivanov", later).unwrap();
    }
    #[test]
    fn a_new_window_begins_when_the_old_one_is_over() {
        let attempts = Attempts::default();
        let start: DateTime<Utc> = "2023-03-01T09:00:00Z".parse().unwrap();
        for _ in 0..MOST {
            attempts.admit("ivanov", start).unwrap();
        }
        let end = start + Duration::minutes(WINDOW_MINUTES);
        assert!(attempts.admit("ivanov", end - Duration::seconds(1)).is_err());
        attempts.admit("ivanov", end).unwrap();
    }
}
