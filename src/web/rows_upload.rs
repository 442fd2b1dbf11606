//! A JSON body whose member `rows` is long: it goes to the store's folder piece by piece, as a file
//! would, and the other members become a body.

use actix_web::HttpRequest;
use actix_web::web::{self, Bytes};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout, timeout_at};
use utoipa::ToSchema;

use super::body::{Body, BodyDeadline, media_type};
use super::json;
use super::reading::Reading;
use super::upload::{FileIn, UploadLimits, too_large};
use crate::error::Error;
use crate::files::{FileFailure, FileFault, FileKind, Files, Received};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// Name under which such a body is kept.
const NAME: &str = "rows.json";

/// Receives a body with rows. What is wrong with a row is left to who reads the rows.
///
/// # Errors
///
/// 415 for what is not JSON; 408 when it is too slow; 413 `file-too-large`; 507 and 503 when it cannot
/// be written; 503 while too many others are read.
pub async fn receive_rows<T: DeserializeOwned + ToSchema + 'static>(
    req: &HttpRequest,
    payload: web::Payload,
    files: &Files,
    limits: UploadLimits,
    (reading, subject): (&Reading, &str),
) -> Result<(Body<T>, Option<FileIn>), Error> {
    if media_type(req).as_deref() != Some("application/json") {
        return Err(Error::refuse(&problems::UNSUPPORTED_MEDIA_TYPE));
    }
    let declared = req.headers().get("content-length").and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limits.file_bytes) {
        return Err(too_large(limits));
    }
    let piece = req.app_data::<BodyDeadline>().copied().unwrap_or_default().0;
    let slow = |_elapsed| Error::refuse(&problems::REQUEST_TIMEOUT);
    let whole = Instant::now() + limits.whole;
    let received = timeout_at(whole, spool(payload, files, limits, piece)).await.map_err(slow)??;
    let received = match received {
        Ok(received) => received,
        Err(_empty) => {
            let detail = Bi::fixed("Тело запроса пусто", "The body is empty");
            let body = Body::unreadable(Violation::new("", "not-json", detail), String::new());
            return Ok((body, None));
        }
    };
    let hash = received.original_sha256.clone();
    let place = reading.place(subject).await?;
    let bytes = received.bytes().await?;
    let read = move || {
        let _place = place;
        json::read_rows(&bytes, usize::MAX, &mut |_row| ())
    };
    let read =
        tokio::task::spawn_blocking(read).await.map_err(|cause| FileFailure::Broken(cause.to_string()))?;
    let body = match read {
        Err(violation) => Body::unreadable(violation, hash),
        Ok((document, had_rows)) => {
            let missing = || {
                let detail = Bi::fixed("Обязательное поле", "The member is required");
                Violation::new("/rows", "required", detail)
            };
            Body::of_document(document, hash)?.with_faults((!had_rows).then(missing).into_iter().collect())
        }
    };
    Ok((body, Some(FileIn { name: NAME.to_owned(), outcome: Ok(received) })))
}

async fn spool(
    mut payload: web::Payload,
    files: &Files,
    limits: UploadLimits,
    piece: std::time::Duration,
) -> Result<Result<Received, FileFault>, Error> {
    let mut incoming = files.begin(FileKind::Json)?;
    let mut size = 0_u64;
    loop {
        let next = timeout(piece, payload.next()).await;
        let Some(chunk) = next.map_err(|_elapsed| Error::refuse(&problems::REQUEST_TIMEOUT))? else { break };
        let chunk: Bytes = chunk.map_err(|_broken| Error::malformed(vec![]))?;
        size = size.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if size > limits.file_bytes {
            return Err(too_large(limits));
        }
        incoming.push(chunk).await?;
    }
    Ok(incoming.finish().await?)
}
