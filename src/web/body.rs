//! The body of a request: read within limits, checked in the order of the contract.

use std::time::Duration;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::{check, json};
use crate::error::Error;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// Bytes of a JSON body at most.
pub const LIMIT: usize = 1024 * 1024;

/// Within which a body must have arrived whole; actix itself bounds only the head.
#[derive(Debug, Clone, Copy)]
pub struct BodyDeadline(pub Duration);

impl Default for BodyDeadline {
    /// The documented limit, 30 seconds.
    fn default() -> Self {
        Self(Duration::from_secs(30))
    }
}

/// A JSON body that tells its faults only when asked.
///
/// The contract checks visibility (404) before syntax (400), and state (409) before
/// rules (422). So a handler extracts the body first and asks later:
/// [`admit`](super::Writing::admit) reports what is malformed,
/// [`checked`](Self::checked) what breaks a rule.
pub struct Body<T> {
    outcome: Outcome<T>,
    hash: String,
}

enum Outcome<T> {
    Good(T),
    Malformed(Vec<Violation>),
    Invalid(Vec<Violation>),
}

impl Body<()> {
    /// The body of an operation that takes none: nothing to check, and no hash.
    #[must_use]
    pub fn none() -> Self {
        Self { outcome: Outcome::Good(()), hash: String::new() }
    }
}

impl<T: DeserializeOwned + ToSchema + 'static> Body<T> {
    /// The fields of a form as a body: judged as the same JSON would be.
    ///
    /// # Errors
    ///
    /// The schema of `T` is broken: a fault of the program.
    pub fn of_form(fields: &serde_json::Value, hash: String) -> Result<Self, Error> {
        Ok(Self { outcome: examine(fields.to_string().as_bytes())?, hash })
    }

    /// A document that was read already, as a body.
    ///
    /// # Errors
    ///
    /// As [`of_form`](Self::of_form).
    pub fn of_document(document: json::Document, hash: String) -> Result<Self, Error> {
        Ok(Self { outcome: judge(document)?, hash })
    }

    /// A body that is no JSON at all.
    #[must_use]
    pub fn unreadable(why: Violation, hash: String) -> Self {
        Self { outcome: Outcome::Malformed(vec![why]), hash }
    }
}

impl<T> Body<T> {
    /// Adds broken rules that its schema does not know.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<Violation>) -> Self {
        self.outcome = match self.outcome {
            outcome if faults.is_empty() => outcome,
            Outcome::Good(_) => Outcome::Invalid(faults),
            Outcome::Invalid(mut violations) => {
                violations.extend(faults);
                Outcome::Invalid(violations)
            }
            malformed @ Outcome::Malformed(_) => malformed,
        };
        self
    }

    /// The value as it came, when nothing is wrong with it so far.
    #[must_use]
    pub fn good(&self) -> Option<&T> {
        match &self.outcome {
            Outcome::Good(value) => Some(value),
            Outcome::Malformed(_) | Outcome::Invalid(_) => None,
        }
    }

    /// SHA-256 of the bytes, hex.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Refuses a body that is not JSON, or has unknown, doubled or wrongly typed members.
    ///
    /// # Errors
    ///
    /// 400 with every such place.
    pub fn well_formed(&self) -> Result<(), Error> {
        match &self.outcome {
            Outcome::Malformed(violations) => Err(Error::malformed(violations.clone())),
            _ => Ok(()),
        }
    }

    /// The value, once it keeps every rule that its schema states.
    ///
    /// # Errors
    ///
    /// 422 with every broken rule; 400 as [`well_formed`](Self::well_formed).
    pub fn checked(self) -> Result<T, Error> {
        match self.outcome {
            Outcome::Good(value) => Ok(value),
            Outcome::Malformed(violations) => Err(Error::malformed(violations)),
            Outcome::Invalid(violations) => Err(Error::invalid(violations)),
        }
    }
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Body<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let bytes = receive_in_time(&req, payload, LIMIT).await?;
            let media_type = media_type(&req);
            let bodyless = bytes.is_empty() && media_type.is_none();
            if !bodyless
                && !matches!(media_type.as_deref(), Some("application/json" | "application/merge-patch+json"))
            {
                return Err(Error::refuse(&problems::UNSUPPORTED_MEDIA_TYPE));
            }
            let hash = format!("{:x}", Sha256::digest(&bytes));
            let outcome = if bodyless { examine(b"{}")? } else { examine(&bytes)? };
            Ok(Self { outcome, hash })
        })
    }
}

/// The bytes of a body of at most `limit` bytes.
///
/// # Errors
///
/// 408 when it has not arrived whole within the deadline, 413 when it is longer, 400 when it breaks off.
pub async fn receive_in_time(req: &HttpRequest, payload: Payload, limit: usize) -> Result<Bytes, Error> {
    let deadline = req.app_data::<BodyDeadline>().copied().unwrap_or_default();
    tokio::time::timeout(deadline.0, receive(req, payload, limit))
        .await
        .map_err(|_elapsed| Error::refuse(&problems::REQUEST_TIMEOUT))?
}

async fn receive(req: &HttpRequest, mut payload: Payload, limit: usize) -> Result<Bytes, Error> {
    let declared = req.headers().get("content-length").and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(Error::refuse(&problems::TOO_LARGE));
    }
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_broken| Error::malformed(vec![]))?;
        if bytes.len() + chunk.len() > limit {
            return Err(Error::refuse(&problems::TOO_LARGE));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// The media type of a body, without parameters.
pub(super) fn media_type(req: &HttpRequest) -> Option<String> {
    let header = req.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    Some(header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

fn examine<T: DeserializeOwned + ToSchema + 'static>(bytes: &[u8]) -> Result<Outcome<T>, Error> {
    let document = match json::read(bytes) {
        Ok(document) => document,
        Err(violation) => return Ok(Outcome::Malformed(vec![violation])),
    };
    judge(document)
}

fn judge<T: DeserializeOwned + ToSchema + 'static>(document: json::Document) -> Result<Outcome<T>, Error> {
    let broken = check::check::<T>(&document.value).map_err(Error::Internal)?;
    let mut malformed = document.malformed;
    malformed.extend(broken.malformed);
    if !malformed.is_empty() {
        return Ok(Outcome::Malformed(malformed));
    }
    let mut invalid = document.invalid;
    invalid.extend(broken.invalid);
    if !invalid.is_empty() {
        return Ok(Outcome::Invalid(invalid));
    }
    Ok(match serde_json::from_value(document.value) {
        Ok(value) => Outcome::Good(value),
        // The schema passed and the type did not: what remains are numbers out of the machine's range.
        Err(cause) => {
            log::info!("a body passed its schema but not its type: {cause}");
            Outcome::Invalid(vec![Violation::new(
                "",
                "out-of-range",
                Bi::fixed("Значение вне допустимых границ", "A value is out of range"),
            )])
        }
    })
}

/// For members of a PATCH: absent is `None` (keep), null is `Some(None)` (clear).
///
/// # Errors
///
/// The value is neither null nor a `T`.
pub fn present<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}
