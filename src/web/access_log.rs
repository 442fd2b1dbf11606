//! The line of the access log: who asked for what, how it was answered, how long it took.
//!
//! The actor is an id, and queries, bodies and addresses are left out, so that no line holds
//! personal data.

use std::time::Duration;

use actix_web::http::{Method, StatusCode};

/// What the lines are filtered by in `RUST_LOG`.
pub const TARGET: &str = "access";

/// Writes the line; `actor`: the id of an account or client, once known.
pub fn line(
    request_id: &str,
    method: &Method,
    path: &str,
    status: StatusCode,
    took: Duration,
    actor: Option<&str>,
) {
    let (actor, status, took) = (actor.unwrap_or("-"), status.as_u16(), took.as_millis());
    let path = path.escape_debug().to_string();
    log::info!(
        target: TARGET,
        request_id, method = method.as_str(), path = path.as_str(), status, ms = u64::try_from(took).unwrap_or(u64::MAX), actor;
        "{request_id} {method} {path} {status} {took} ms {actor}"
    );
}
