//! Operations on webhooks: what a client has, and what was delivered.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};

use super::flow::{self, Details};
use super::sender::Sender;
use super::shape::{
    DeliveryFilter, DeliveryOut, DeliveryPage, WebhookFilter, WebhookIn, WebhookOut, WebhookPage,
    WebhookPatch, WebhookWithSecret,
};
use super::{policy, store};
use crate::auth::vault::Vault;
use crate::auth::{Caller, Permit};
use crate::db::Db;
use crate::error::Error;
use crate::kit::id::{ClientId, WebhookId};
use crate::web::query::One;
use crate::web::{Answer, Body, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

/// Registers the operations.
pub(super) fn configure(operations: &mut Operations) {
    operations
        .service(list_webhooks)
        .service(create_webhook)
        .service(get_webhook)
        .service(update_webhook)
        .service(delete_webhook)
        .service(list_deliveries);
}

/// Whose webhooks the caller has to do with: a client with its own, an administrator with all.
pub(super) fn owner_of(caller: &Caller) -> Result<Option<ClientId>, Error> {
    match caller.rights.role() {
        Some(_administrator) => Ok(None),
        None => caller.client().cloned().map(Some),
    }
}

/// List webhooks: the client's own; an administrator all.
#[utoipa::path(tag = "webhooks", params(WebhookFilter, Paging), responses((status = 200, description = "A page", body = WebhookPage)))]
#[get("/webhooks")]
async fn list_webhooks(
    permit: Permit<policy::ReadWebhooks>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<WebhookFilter>,
) -> Result<HttpResponse, Error> {
    let owner = owner_of(&permit.caller)?;
    let (status, page) = (query.filter.status.clone().map(|any| any.0), query.page.clone());
    let found =
        db.read(move |conn| Ok::<_, Error>(store::page(conn, owner.as_ref(), status.as_ref(), &page)?));
    let listed = found.await?;
    Ok(Listing::of(&query, listed, &info, |row| WebhookOut::of(row, info.lang, &permit.caller))?.read(&info))
}

/// Register a webhook. The answer shows its secret, once.
///
/// Deliveries are CloudEvents 1.0 with ids and versions, signed by Standard Webhooks
/// (`webhook-id`, `webhook-timestamp`, `webhook-signature`), in the order of the change feed, at
/// least once. Only 2xx is an arrival; what fails is tried ten times over three days.
#[utoipa::path(tag = "webhooks", request_body = WebhookIn, responses((status = 201, description = "Registered", body = WebhookWithSecret)))]
#[post("/webhooks")]
async fn create_webhook(
    permit: Permit<policy::ManageWebhooks>,
    db: Data<Db>,
    vault: Data<Vault>,
    sender: Data<Sender>,
    writing: Writing,
    body: Body<WebhookIn>,
) -> Result<HttpResponse, Error> {
    let caller = permit.caller;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            writing.admit(tx, &body)?;
            let given = body.checked()?;
            let from = (given.after, given.epoch.clone());
            let (row, secret) = flow::create(tx, &caller, (&vault, sender.targets()), given.into(), from)?;
            let location = format!("/api/v1/webhooks/{}", row.id);
            let shown = (!writing.is_rehearsal()).then_some(secret);
            Ok(WebhookOut::answer_with(row, writing.info.lang, &caller, shown)?.created(location))
        })
        .await
}

/// Read a webhook: whether it arrives, and through which number of the feed it has been told.
#[utoipa::path(tag = "webhooks", params(("id" = WebhookId, Path)), responses((status = 200, description = "The webhook", body = WebhookOut)))]
#[get("/webhooks/{id}")]
async fn get_webhook(
    permit: Permit<policy::ReadWebhooks>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<WebhookId>,
) -> Result<HttpResponse, Error> {
    let owner = owner_of(&permit.caller)?;
    let row =
        db.read(move |conn| store::one(conn, owner.as_ref(), &id)?.ok_or_else(Error::not_found)).await?;
    Ok(WebhookOut::answer(row, info.lang, &permit.caller)?.read(&info, &one))
}

/// Change a webhook; an unchanged one keeps its version.
#[utoipa::path(tag = "webhooks", params(("id" = WebhookId, Path)), request_body = WebhookPatch, responses((status = 200, description = "The webhook", body = WebhookOut)))]
#[patch("/webhooks/{id}")]
async fn update_webhook(
    permit: Permit<policy::ManageWebhooks>,
    db: Data<Db>,
    sender: Data<Sender>,
    writing: Writing,
    id: Path<WebhookId>,
    body: Body<WebhookPatch>,
) -> Result<HttpResponse, Error> {
    let (caller, owner) = (permit.caller.clone(), owner_of(&permit.caller)?);
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::open(tx, owner.as_ref(), &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            let details = body.checked()?.over(Details::of(&row));
            let row = flow::update(tx, &caller, sender.targets(), row, details)?;
            WebhookOut::answer(row, writing.info.lang, &caller)
        })
        .await
}

/// Remove a webhook with the record of its deliveries.
#[utoipa::path(tag = "webhooks", params(("id" = WebhookId, Path)), responses((status = 204, description = "Removed")))]
#[delete("/webhooks/{id}")]
async fn delete_webhook(
    permit: Permit<policy::ManageWebhooks>,
    db: Data<Db>,
    writing: Writing,
    id: Path<WebhookId>,
) -> Result<HttpResponse, Error> {
    let owner = owner_of(&permit.caller)?;
    writing
        .run(&db, permit.caller.actor(), "", move |tx, writing| {
            let row = flow::open(tx, owner.as_ref(), &id)?;
            writing.replay(tx)?;
            writing.expect_version(row.version)?;
            flow::delete(tx, &row)?;
            Ok(Answer::empty())
        })
        .await
}

/// List the attempts to deliver, newest first.
///
/// `outcome=given_up` lists what did not arrive in three days: replay it, or read the feed.
#[utoipa::path(tag = "webhooks", params(("id" = WebhookId, Path), DeliveryFilter, Paging), responses((status = 200, description = "A page", body = DeliveryPage)))]
#[get("/webhooks/{id}/deliveries")]
async fn list_deliveries(
    permit: Permit<policy::ReadWebhooks>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<DeliveryFilter>,
    id: Path<WebhookId>,
) -> Result<HttpResponse, Error> {
    let owner = owner_of(&permit.caller)?;
    let (narrowed, page) = (query.filter.narrowed(), query.page.clone());
    let listed = db
        .read(move |conn| {
            let row = store::one(conn, owner.as_ref(), &id)?.ok_or_else(Error::not_found)?;
            Ok::<_, Error>(store::deliveries_of(conn, &row.id, &narrowed, &page)?)
        })
        .await?;
    Ok(Listing::of(&query, listed, &info, |row| DeliveryOut::of(row, info.lang))?.read(&info))
}
