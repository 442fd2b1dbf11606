//! Secrets that machines keep: random, recognisable, shown once, stored as a hash.
//!
//! A secret is its prefix, 43 characters of 256 random bits (base64url), and 6 characters of
//! a checksum: the first 36 bits of SHA-256 of what stands before them, base64url. Scanners of
//! leaked secrets know it by its look alone, and a mistyped one is refused without a query.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// What every secret of a service client begins with.
pub const CLIENT_PREFIX: &str = "srs_";
/// Characters of the checksum.
const CHECKSUM: usize = 6;

/// A new secret.
///
/// # Errors
///
/// The system gives no randomness.
pub fn generate(prefix: &str) -> anyhow::Result<String> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).context("the system gives no randomness")?;
    let stem = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes));
    let checksum = checksum(&stem);
    Ok(format!("{stem}{checksum}"))
}

/// Whether `text` looks like a secret with this prefix: its checksum fits.
#[must_use]
pub fn is_whole(prefix: &str, text: &str) -> bool {
    text.starts_with(prefix)
        && text
            .len()
            .checked_sub(CHECKSUM)
            .and_then(|end| text.split_at_checked(end))
            .is_some_and(|(stem, given)| given == checksum(stem))
}

/// What is stored. The secret has 256 random bits, so a plain hash cannot be reversed by guessing.
#[must_use]
pub fn hash(secret: &str) -> String {
    format!("{:x}", Sha256::digest(secret))
}

fn checksum(stem: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(stem)).chars().take(CHECKSUM).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_look() {
        let secret = generate(CLIENT_PREFIX).unwrap();
        assert_eq!((secret.len(), &secret[..4]), (4 + 43 + 6, "srs_"));
        assert!(is_whole(CLIENT_PREFIX, &secret));
        assert!(!is_whole("srr_", &secret));
        assert!(!is_whole(CLIENT_PREFIX, &secret[..secret.len() - 1]));
        let mistyped = secret.replacen(&secret[10..11], if &secret[10..11] == "A" { "B" } else { "A" }, 1);
        assert!(!is_whole(CLIENT_PREFIX, &mistyped));
        for text in ["", "srs_", "я", "srs_яяяяяя"] {
            assert!(!is_whole(CLIENT_PREFIX, text), "{text}");
        }
        assert_ne!(secret, generate(CLIENT_PREFIX).unwrap());
    }
}
