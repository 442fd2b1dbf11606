//! Operations on service clients.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};

use super::flow::{self, Details};
use super::shape::{
    ClientFilter, ClientIn, ClientOut, ClientPage, ClientPatch, ClientSecretIn, ClientWithSecret,
};
use super::{http_token, policy, store};
use crate::auth::Permit;
use crate::auth::session::Sessions;
use crate::db::Db;
use crate::error::Error;
use crate::kit::id::{ClientId, ClientSecretId};
use crate::web::query::One;
use crate::web::{Answer, Body, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

/// Registers the operations, the one that gives tokens included.
pub fn configure(operations: &mut Operations) {
    operations
        .configure(http_token::configure)
        .service(list_clients)
        .service(create_client)
        .service(get_client)
        .service(update_client)
        .service(delete_client)
        .service(add_client_secret)
        .service(end_client_secret);
}

/// List service clients.
#[utoipa::path(tag = "clients", params(ClientFilter, Paging), responses((status = 200, description = "A page", body = ClientPage)))]
#[get("/clients")]
async fn list_clients(
    permit: Permit<policy::ReadClients>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<ClientFilter>,
) -> Result<HttpResponse, Error> {
    let (narrowed, page) = (query.filter.narrowed(), query.page.clone());
    let listed = db.read(move |conn| Ok::<_, Error>(store::page(conn, &narrowed, &page)?)).await?;
    Ok(Listing::of(&query, listed, &info, |client| ClientOut::of(client, info.lang, &permit.caller))?
        .read(&info))
}

/// Register a client. The answer shows its first secret, once.
///
/// Answers 409 `client-exists` when the name is taken.
#[utoipa::path(tag = "clients", request_body = ClientIn, responses((status = 201, description = "Registered", body = ClientWithSecret)))]
#[post("/clients")]
async fn create_client(
    permit: Permit<policy::ManageClients>,
    db: Data<Db>,
    writing: Writing,
    body: Body<ClientIn>,
) -> Result<HttpResponse, Error> {
    let caller = permit.caller;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            writing.admit(tx, &body)?;
            let (client, secret) = flow::create(tx, body.checked()?.into())?;
            let location = format!("/api/v1/clients/{}", client.row.id);
            let shown = (!writing.is_rehearsal()).then_some(secret);
            Ok(ClientOut::answer_with(client, writing.info.lang, &caller, shown)?.created(location))
        })
        .await
}

/// Read a client. Its secrets are told by how they begin.
#[utoipa::path(tag = "clients", params(("id" = ClientId, Path)), responses((status = 200, description = "The client", body = ClientOut)))]
#[get("/clients/{id}")]
async fn get_client(
    permit: Permit<policy::ReadClients>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<ClientId>,
) -> Result<HttpResponse, Error> {
    let client = db.read(move |conn| store::one(conn, &id)?.ok_or_else(Error::not_found)).await?;
    Ok(ClientOut::answer(client, info.lang, &permit.caller)?.read(&info, &one))
}

/// Change, block or unblock a client; an unchanged one keeps its version.
///
/// Fewer scopes and a block hold from the next request on, for tokens given before as well.
#[utoipa::path(tag = "clients", params(("id" = ClientId, Path)), request_body = ClientPatch, responses((status = 200, description = "The client", body = ClientOut)))]
#[patch("/clients/{id}")]
async fn update_client(
    permit: Permit<policy::ManageClients>,
    db: Data<Db>,
    sessions: Data<Sessions>,
    writing: Writing,
    id: Path<ClientId>,
    body: Body<ClientPatch>,
) -> Result<HttpResponse, Error> {
    let caller = permit.caller;
    let hash = body.hash().to_owned();
    let response = writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let client = flow::open(tx, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(client.row.version)?;
            let details = body.checked()?.over(Details::of(&client.row));
            ClientOut::answer(flow::update(tx, client, details)?, writing.info.lang, &caller)
        })
        .await?;
    sessions.forget();
    Ok(response)
}

/// Remove a client: its tokens and secrets open nothing from now on.
#[utoipa::path(tag = "clients", params(("id" = ClientId, Path)), responses((status = 204, description = "Removed")))]
#[delete("/clients/{id}")]
async fn delete_client(
    permit: Permit<policy::ManageClients>,
    db: Data<Db>,
    sessions: Data<Sessions>,
    writing: Writing,
    id: Path<ClientId>,
) -> Result<HttpResponse, Error> {
    let response = writing
        .run(&db, permit.caller.actor(), "", move |tx, writing| {
            let client = flow::open(tx, &id)?;
            writing.replay(tx)?;
            writing.expect_version(client.row.version)?;
            flow::delete(tx, &client)?;
            Ok(Answer::empty())
        })
        .await?;
    sessions.forget();
    Ok(response)
}

/// Add a secret to those in force; the answer shows it, once.
///
/// To replace a secret: add the next one, bring it to the client, wait until `last_used_at` of
/// the old one stands still, remove the old one. Answers 409 `client-secrets-full` when there
/// are five in force.
#[utoipa::path(tag = "clients", params(("id" = ClientId, Path)), request_body = ClientSecretIn, responses((status = 201, description = "Added", body = ClientWithSecret)))]
#[post("/clients/{id}/secrets")]
async fn add_client_secret(
    permit: Permit<policy::ManageClients>,
    db: Data<Db>,
    writing: Writing,
    id: Path<ClientId>,
    body: Body<ClientSecretIn>,
) -> Result<HttpResponse, Error> {
    let caller = permit.caller;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let client = flow::open(tx, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(client.row.version)?;
            let expires_at = body.checked()?.expires_at.map(|end| end.naive_utc());
            let (client, secret_id, secret) = flow::add_secret(tx, client, expires_at)?;
            let location = format!("/api/v1/clients/{}/secrets/{secret_id}", client.row.id);
            let shown = (!writing.is_rehearsal()).then_some(secret);
            Ok(ClientOut::answer_with(client, writing.info.lang, &caller, shown)?.created(location))
        })
        .await
}

/// Remove a secret: the tokens given for it open nothing from now on.
///
/// `If-Match` names the version of the client.
#[utoipa::path(tag = "clients", params(("id" = ClientId, Path), ("secret_id" = ClientSecretId, Path)), responses((status = 204, description = "Removed")))]
#[delete("/clients/{id}/secrets/{secret_id}")]
async fn end_client_secret(
    permit: Permit<policy::ManageClients>,
    db: Data<Db>,
    sessions: Data<Sessions>,
    writing: Writing,
    ids: Path<(ClientId, ClientSecretId)>,
) -> Result<HttpResponse, Error> {
    let (id, secret_id) = ids.into_inner();
    let response = writing
        .run(&db, permit.caller.actor(), "", move |tx, writing| {
            let client = flow::open(tx, &id)?;
            writing.replay(tx)?;
            writing.expect_version(client.row.version)?;
            flow::end_secret(tx, client, &secret_id)?;
            Ok(Answer::empty())
        })
        .await?;
    sessions.forget();
    Ok(response)
}
