//! Passwords: Argon2id, a bounded number at a time.

use std::sync::LazyLock;
use std::time::Duration;

use actix_web::web;
use anyhow::Context;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use crate::error::Error;
use crate::problems;

/// KiB of memory, passes and lanes: the OWASP minimum for Argon2id.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Memory of a stored hash that is still computed: a tampered row must not exhaust the machine.
const MOST_MEMORY_KIB: u32 = 128 * 1024;
/// Hashes at a time: 2 x 19 MiB on a machine of two cores.
const AT_A_TIME: usize = 2;
/// How long a sign-in waits for its turn.
const WAIT: Duration = Duration::from_secs(2);
/// Letters and digits of one-time passwords: none that look alike.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

static TURNS: Semaphore = Semaphore::const_new(AT_A_TIME);

/// A hash that no password has, so that an unknown login costs as much as a known one.
static DECOY: LazyLock<String> =
    LazyLock::new(|| one_time().ok().and_then(|secret| hash(&secret).ok()).unwrap_or_default());

fn argon2() -> Argon2<'static> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes a password; takes tens of milliseconds. For blocking threads.
///
/// # Errors
///
/// The randomness of the system fails.
pub fn hash(password: &str) -> anyhow::Result<String> {
    argon2()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|cause| anyhow::anyhow!("cannot hash a password: {cause}"))
}

fn matches(password: &str, stored: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(stored) else {
        return false;
    };
    let memory = Params::try_from(&parsed).map(|params| params.m_cost());
    if memory.map_or(true, |kib| kib > MOST_MEMORY_KIB) {
        log::error!("a stored password hash has unusable parameters");
        return false;
    }
    argon2().verify_password(password.as_bytes(), &parsed).is_ok()
}

/// Hashes a password off the async workers, in turn.
///
/// # Errors
///
/// 503 when too many wait.
pub async fn hash_in_turn(password: String) -> Result<String, Error> {
    in_turn(move || hash(&password)).await?.map_err(Error::Internal)
}

/// Compares a password with a stored hash, off the async workers, in turn. Without a
/// stored hash it takes the same time and answers false.
///
/// # Errors
///
/// 503 when too many wait.
pub async fn verify_in_turn(password: String, stored: Option<String>) -> Result<bool, Error> {
    in_turn(move || {
        // Made before either way is taken: the first sign-in of a process must not tell them apart.
        let decoy = DECOY.as_str();
        match stored {
            Some(stored) => matches(&password, &stored),
            None => {
                let _never = matches(&password, decoy);
                false
            }
        }
    })
    .await
}

async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let turn = tokio::time::timeout(WAIT, TURNS.acquire())
        .await
        .map_err(|_elapsed| Error::refuse(&problems::UNAVAILABLE))?
        .map_err(|closed| Error::Internal(closed.into()))?;
    #[expect(clippy::disallowed_methods, reason = "the turn travels with the blocking task")]
    web::block(move || {
        let _turn = turn;
        work()
    })
    .await
    .map_err(|cause| Error::Internal(cause.into()))
}

/// A one-time password: 16 letters and digits in groups of four, 79 bits.
///
/// # Errors
///
/// The system gives no randomness.
pub fn one_time() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 64];
    aws_lc_rs::rand::fill(&mut bytes).context("the system gives no randomness")?;
    let limit = 256 - 256 % ALPHABET.len();
    let letters: Vec<char> = bytes
        .iter()
        .filter(|byte| usize::from(**byte) < limit)
        .filter_map(|byte| ALPHABET.get(usize::from(*byte) % ALPHABET.len()))
        .map(|letter| char::from(*letter))
        .take(16)
        .collect();
    Ok(letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_hash_is_argon2id_of_the_stated_cost() {
        let stored = hash("пароль с пробелом ").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(matches("пароль с пробелом ", &stored));
        assert!(!matches("пароль с пробелом", &stored));
    }

    #[test]
    fn a_hash_that_wants_gigabytes_is_not_computed() {
        let stored = hash("x").unwrap().replace("m=19456", "m=4194304");
        assert!(!matches("x", &stored));
    }

    #[actix_web::test]
    async fn a_turn_is_kept_until_its_work_ends_even_if_nobody_waits() {
        use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
        static RUNNING: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let work = || {
            in_turn(|| {
                MOST.fetch_max(RUNNING.fetch_add(1, SeqCst) + 1, SeqCst);
                std::thread::sleep(Duration::from_millis(20));
                RUNNING.fetch_sub(1, SeqCst);
            })
        };
        let given_up = (0..8).map(|_| tokio::time::timeout(Duration::from_millis(5), work()));
        futures_util::future::join_all(given_up).await;
        for done in futures_util::future::join_all((0..8).map(|_| work())).await {
            done.unwrap();
        }
        assert_eq!(MOST.load(SeqCst), AT_A_TIME);
    }

    #[test]
    fn one_time_passwords_differ() {
        assert_ne!(one_time().unwrap(), one_time().unwrap());
        assert_eq!(one_time().unwrap().len(), 19);
    }
}
