//! Signatures of deliveries by the Standard Webhooks specification, version 1.
//!
//! What is signed is `id.timestamp.body` with HMAC-SHA256; the key is what stands after `whsec_`
//! in the secret, base64. The header holds one signature per secret in force, `v1,<base64>`,
//! separated by spaces.

use anyhow::Context;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What every secret begins with.
const PREFIX: &str = "whsec_";
/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;
/// Seconds by which a delivery's time may differ from the receiver's clock.
pub const TOLERANCE_SECONDS: i64 = 300;

/// A new secret.
///
/// # Errors
///
/// The system gives no randomness.
pub fn new_secret() -> anyhow::Result<String> {
    let mut bytes = [0_u8; SECRET_BYTES];
    aws_lc_rs::rand::fill(&mut bytes).context("the system gives no randomness")?;
    Ok(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// One signature of a delivery at `timestamp`, Unix seconds.
///
/// # Errors
///
/// `secret` is no secret of a webhook.
pub fn sign(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> anyhow::Result<String> {
    let tag = hmac::sign(&key(secret)?, &signed(id, timestamp, body));
    Ok(format!("v1,{}", STANDARD.encode(tag)))
}

/// Whether one of the signatures in `header` is good, and the delivery is of now: what a
/// receiver does with each delivery.
#[must_use]
pub fn is_good(secret: &str, id: &str, timestamp: i64, body: &[u8], header: &str, now: i64) -> bool {
    let Ok(key) = key(secret) else { return false };
    let message = signed(id, timestamp, body);
    let recent = (now - timestamp).abs() <= TOLERANCE_SECONDS;
    recent
        && header.split(' ').filter_map(|one| one.strip_prefix("v1,")).any(|signature| {
            STANDARD.decode(signature).is_ok_and(|tag| hmac::verify(&key, &message, &tag).is_ok())
        })
}

fn key(secret: &str) -> anyhow::Result<hmac::Key> {
    let encoded = secret.strip_prefix(PREFIX).context("a webhook's secret begins with whsec_")?;
    let bytes = STANDARD.decode(encoded).context("a webhook's secret is base64")?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

fn signed(id: &str, timestamp: i64, body: &[u8]) -> Vec<u8> {
    let mut message = format!("{id}.{timestamp}.").into_bytes();
    message.extend_from_slice(body);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with `openssl dgst -sha256 -mac HMAC`.
    #[test]
    fn a_signature_is_what_the_specification_says() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signature =
            sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_receiver_refuses_what_is_altered_foreign_or_old() {
        let (ours, next) = (new_secret().unwrap(), new_secret().unwrap());
        let both =
            format!("{} {}", sign(&next, "e", 1000, b"x").unwrap(), sign(&ours, "e", 1000, b"x").unwrap());
        let good =
            |secret: &str, id, body: &[u8], header: &str, now| is_good(secret, id, 1000, body, header, now);
        assert!(good(&ours, "e", b"x", &both, 1000) && good(&next, "e", b"x", &both, 1300));
        assert!(!good(&new_secret().unwrap(), "e", b"x", &both, 1000));
        assert!(!good(&ours, "e", b"y", &both, 1000) && !good(&ours, "f", b"x", &both, 1000));
        assert!(!good(&ours, "e", b"x", &both, 1301) && !good(&ours, "e", b"x", &both, 699));
        assert!(!good(&ours, "e", b"x", "", 1000) && !good("nonsense", "e", b"x", &both, 1000));
    }
}
