//! Tries to sign in, counted by login until one succeeds, so that no password is found by trying.
//!
//! The count belongs to the login and not to an address: a guesser has many addresses. An
//! address from which the login has signed in before has a count of its own, so that a
//! guesser elsewhere does not keep its person out. Whoever comes from a new address waits
//! for the rest of the window, or has the password reset, which forgets the count. Unknown
//! logins count alike, so nothing is disclosed. Counts and addresses are kept in memory, as
//! digests only.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use quick_cache::sync::Cache;
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
/// Addresses of good sign-ins that are remembered.
const ADDRESSES: usize = 50_000;

/// The counts. One per process.
pub struct Attempts {
    tries: Mutex<HashMap<[u8; 32], Tries>>,
    /// Login and address of good sign-ins.
    known: Cache<[u8; 32], ()>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self { tries: Mutex::default(), known: Cache::new(ADDRESSES) }
    }
}

struct Tries {
    login: [u8; 32],
    count: u32,
    first: DateTime<Utc>,
}

impl Attempts {
    /// Counts a try before its password is looked at, so that parallel ones count too.
    ///
    /// # Errors
    ///
    /// 429 with the seconds until the window ends.
    pub fn admit(&self, login: &str, from: IpAddr, now: DateTime<Utc>) -> Result<(), Error> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= KEPT {
            tries.retain(|_, tries| tries.is_open(now));
        }
        let tries = tries.entry(self.counted_for(login, from)).or_insert(Tries {
            login: key(login),
            count: 0,
            first: now,
        });
        if !tries.is_open(now) {
            (tries.count, tries.first) = (0, now);
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

    /// Forgets the count of this address after a good sign-in, and knows the address from now on.
    ///
    /// The count of other addresses stays, once this one had its own: a guesser's tries are
    /// not forgiven because his victim has come in.
    pub fn succeeded(&self, login: &str, from: IpAddr) {
        let counted = self.counted_for(login, from);
        self.tries.lock().unwrap_or_else(PoisonError::into_inner).remove(&counted);
        self.known.insert(key_at(login, from), ());
    }

    /// Forgets every count of the login, after a reset.
    pub fn forget(&self, login: &str) {
        let login = key(login);
        self.tries.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, tries| tries.login != login);
    }

    fn counted_for(&self, login: &str, from: IpAddr) -> [u8; 32] {
        let at = key_at(login, from);
        if self.known.get(&at).is_some() { at } else { key(login) }
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

/// A login at one address.
fn key_at(login: &str, from: IpAddr) -> [u8; 32] {
    Sha256::digest(format!("{from} {}", text::folded(login))).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 7));

    #[test]
    fn the_eleventh_try_waits_until_the_window_ends() {
        let attempts = Attempts::default();
        let start: DateTime<Utc> = "2023-03-01T09:00:00Z".parse().unwrap();
        for _ in 0..MOST {
            attempts.admit("Ivanov", HERE, start).unwrap();
        }
        let later = start + Duration::minutes(5);
        let Err(Error::Refused(refusal)) = attempts.admit("ivanov", HERE, later) else {
            panic!("admitted");
        };
        assert_eq!(refusal.retry_after, Some(600));
        attempts.admit("petrov", HERE, later).unwrap();
        attempts.forget("IVANOV");
        attempts.admit("ivanov", HERE, later).unwrap();
    }
    #[test]
    fn a_new_window_begins_when_the_old_one_is_over() {
        let attempts = Attempts::default();
        let start: DateTime<Utc> = "2023-03-01T09:00:00Z".parse().unwrap();
        for _ in 0..MOST {
            attempts.admit("ivanov", HERE, start).unwrap();
        }
        let end = start + Duration::minutes(WINDOW_MINUTES);
        assert!(attempts.admit("ivanov", HERE, end - Duration::seconds(1)).is_err());
        attempts.admit("ivanov", HERE, end).unwrap();
    }

    #[test]
    fn a_guesser_elsewhere_does_not_keep_out_who_signed_in_from_here() {
        let attempts = Attempts::default();
        let start: DateTime<Utc> = "2023-03-01T09:00:00Z".parse().unwrap();
        attempts.admit("ivanov", HERE, start).unwrap();
        attempts.succeeded("ivanov", HERE);
        for _ in 0..MOST {
            attempts.admit("ivanov", ELSEWHERE, start).unwrap();
        }
        assert!(attempts.admit("ivanov", ELSEWHERE, start).is_err());
        attempts.admit("ivanov", HERE, start).unwrap();
        attempts.succeeded("ivanov", HERE);
        assert!(attempts.admit("ivanov", ELSEWHERE, start).is_err(), "his tries are not forgiven");
        for _ in 0..MOST {
            attempts.admit("ivanov", HERE, start).unwrap();
        }
        assert!(attempts.admit("ivanov", HERE, start).is_err(), "a known address is no free pass");
        attempts.forget("ivanov");
        attempts.admit("ivanov", HERE, start).unwrap();
        attempts.admit("ivanov", ELSEWHERE, start).unwrap();
    }
}
