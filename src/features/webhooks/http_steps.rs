//! Steps of webhooks: a new secret, a test, going on, delivering once more.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::http::owner_of;
use super::shape::{SecretRotation, WebhookOut, WebhookReplay, WebhookWithSecret};
use super::store::WebhookRow;
use super::{flow, policy};
use crate::auth::vault::Vault;
use crate::auth::{Caller, Permit};
use crate::db::{Db, Tx};
use crate::error::Error;
use crate::kit::id::WebhookId;
use crate::web::{Answer, Body, Operations, Writing};

/// Hours for which the secret before signs as well, unless another number is asked for.
const OVERLAP_HOURS: i64 = 24;

/// Registers the operations.
pub(super) fn configure(operations: &mut Operations) {
    operations
        .service(rotate_webhook_secret)
        .service(test_webhook)
        .service(enable_webhook)
        .service(replay_webhook);
}

/// Takes a step: the checks in the order of the contract, then `act`.
async fn step<T: DeserializeOwned + ToSchema + Send + 'static>(
    permit: Permit<policy::ManageWebhooks>,
    db: &Db,
    writing: Writing,
    id: WebhookId,
    body: Body<T>,
    act: impl FnOnce(&mut Tx, &Writing, &Caller, WebhookRow, Body<T>) -> Result<Answer, Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    let (caller, owner) = (permit.caller.clone(), owner_of(&permit.caller)?);
    let hash = body.hash().to_owned();
    writing
        .run(db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::open(tx, owner.as_ref(), &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            act(tx, writing, &caller, row, body)
        })
        .await
}

/// Give the webhook a new secret. The answer shows it, once.
///
/// Until `previous_secret_until` every delivery carries two signatures, so that the receiver can
/// change over without losing one.
#[utoipa::path(tag = "webhooks", params(("id" = WebhookId, Path)), request_body = SecretRotation, responses((status = 200, description = "The webhook with its secret", body = WebhookWithSecret)))]
#[post("/webhooks/{id}/rotate-secret")]
async fn rotate_webhook_secret(
    permit: Permit<policy::ManageWebhooks>,
    db: Data<Db>,
    vault: Data<Vault>,
    writing: Writing,
    id: Path<WebhookId>,
    body: Body<SecretRotation>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id.into_inner(), body, move |tx, writing, caller, row, body| {
        let overlap = body.checked()?.overlap_hours.unwrap_or(OVERLAP_HOURS);
        let (row, secret) = flow::rotate_secret(tx, &vault, row, overlap)?;
        let shown = (!writing.is_rehearsal()).then_some(secret);
        WebhookOut::answer_with(row, writing.info.lang, caller, shown)
    })
    .await
}

/// Have a test delivered, also to a disabled webhook.
///
/// It is sent within seconds, besides what is delivered in order; see `deliveries`. Answers 429
/// when the test before is not delivered yet, or was less than ten seconds ago.
#[utoipa::path(tag = "webhooks", params(("id" = WebhookId, Path)), responses((status = 200, description = "The webhook", body = WebhookOut)))]
#[post("/webhooks/{id}/test")]
async fn test_webhook(
    permit: Permit<policy::ManageWebhooks>,
    db: Data<Db>,
    writing: Writing,
    id: Path<WebhookId>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id.into_inner(), Body::none(), |tx, writing, caller, row, _none| {
        WebhookOut::answer(flow::request_test(tx, row)?, writing.info.lang, caller)
    })
    .await
}

/// Let a disabled webhook go on where it stopped; one that fails tries again at once.
#[utoipa::path(tag = "webhooks", params(("id" = WebhookId, Path)), responses((status = 200, description = "The webhook", body = WebhookOut)))]
#[post("/webhooks/{id}/enable")]
async fn enable_webhook(
    permit: Permit<policy::ManageWebhooks>,
    db: Data<Db>,
    writing: Writing,
    id: Path<WebhookId>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id.into_inner(), Body::none(), |tx, writing, caller, row, _none| {
        WebhookOut::answer(flow::enable(tx, row)?, writing.info.lang, caller)
    })
    .await
}

/// Have a range of the feed delivered once more, before anything new.
///
/// For a receiver that answered 2xx and lost what it got. Events keep their ids.
#[utoipa::path(tag = "webhooks", params(("id" = WebhookId, Path)), request_body = WebhookReplay, responses((status = 200, description = "The webhook", body = WebhookOut)))]
#[post("/webhooks/{id}/replay")]
async fn replay_webhook(
    permit: Permit<policy::ManageWebhooks>,
    db: Data<Db>,
    writing: Writing,
    id: Path<WebhookId>,
    body: Body<WebhookReplay>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id.into_inner(), body, |tx, writing, caller, row, body| {
        let WebhookReplay { after, until } = body.checked()?;
        WebhookOut::answer(flow::replay(tx, row, after, until)?, writing.info.lang, caller)
    })
    .await
}
