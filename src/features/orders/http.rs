//! Operations on orders.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};

use super::domain::Step;
use super::shape::{OrderFilter, OrderIn, OrderOut, OrderPage, OrderPatch, OrderRepeal};
use super::store::{self, OrderRow};
use super::{flow, policy};
use crate::auth::{Permit, Scope};
use crate::db::{Db, Tx};
use crate::error::Error;
use crate::kit::id::OrderId;
use crate::web::query::One;
use crate::web::{Answer, Body, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations
        .service(list_orders)
        .service(create_order)
        .service(get_order)
        .service(update_order)
        .service(delete_order)
        .service(register_order)
        .service(repeal_order);
}

/// Takes a step: the checks in the order of the contract, then `act`.
async fn step<A, T: Send + 'static>(
    permit: Permit<A>,
    db: &Db,
    writing: Writing,
    id: Path<OrderId>,
    body: Body<T>,
    step: Step,
    act: impl FnOnce(&mut Tx, &Scope, OrderRow, T) -> Result<OrderRow, Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow::require(&row, &scope, step)?;
            let row = act(tx, &scope, row, body.checked()?)?;
            OrderOut::answer(row, writing.info.lang, &caller)
        })
        .await
}

/// List orders: the own municipality's and the region's.
#[utoipa::path(tag = "orders", params(OrderFilter, Paging), responses((status = 200, description = "A page", body = OrderPage)))]
#[get("/orders")]
async fn list_orders(
    permit: Permit<policy::ReadOrders>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<OrderFilter>,
) -> Result<HttpResponse, Error> {
    let (narrowed, page, scope) = (query.filter.narrowed(), query.page.clone(), permit.scope);
    let listed = db.read(move |conn| Ok::<_, Error>(store::list(conn, &scope, &narrowed, &page)?)).await?;
    Ok(Listing::of(&query, listed, &info, |row| OrderOut::of(row, info.lang, &permit.caller))?.read(&info))
}

/// Draft an order of the own municipality; a region's client enters one that is in force.
///
/// A draft is the department's: a client of a municipality that enters one sees it again once it is
/// registered.
///
/// Answers 409 `order-exists` when issuer, number and date are taken.
#[utoipa::path(tag = "orders", request_body = OrderIn, responses((status = 201, description = "Created", body = OrderOut)))]
#[post("/orders")]
async fn create_order(
    permit: Permit<policy::DraftOrders>,
    db: Data<Db>,
    writing: Writing,
    body: Body<OrderIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            writing.admit(tx, &body)?;
            let row = flow::create(tx, &scope, body.checked()?.into())?;
            let location = format!("/api/v1/orders/{}", row.id);
            Ok(OrderOut::answer(row, writing.info.lang, &caller)?.created(location))
        })
        .await
}

/// Read an order.
#[utoipa::path(tag = "orders", params(("id" = OrderId, Path)), responses((status = 200, description = "The order", body = OrderOut)))]
#[get("/orders/{id}")]
async fn get_order(
    permit: Permit<policy::ReadOrders>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<OrderId>,
) -> Result<HttpResponse, Error> {
    let scope = permit.scope;
    let row = db.read(move |conn| store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)).await?;
    Ok(OrderOut::answer(row, info.lang, &permit.caller)?.read(&info, &one))
}

/// Change a draft; an unchanged one keeps its version.
#[utoipa::path(tag = "orders", params(("id" = OrderId, Path)), request_body = OrderPatch, responses((status = 200, description = "The order", body = OrderOut)))]
#[patch("/orders/{id}")]
async fn update_order(
    permit: Permit<policy::DraftOrders>,
    db: Data<Db>,
    writing: Writing,
    id: Path<OrderId>,
    body: Body<OrderPatch>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id, body, Step::Update, |tx, scope, row, given| {
        let text = given.over(flow::text_of(&row));
        flow::update(tx, scope, row, text)
    })
    .await
}

/// Delete a draft.
#[utoipa::path(tag = "orders", params(("id" = OrderId, Path)), responses((status = 204, description = "Deleted")))]
#[delete("/orders/{id}")]
async fn delete_order(
    permit: Permit<policy::DraftOrders>,
    db: Data<Db>,
    writing: Writing,
    id: Path<OrderId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    writing
        .run(&db, caller.actor(), "", move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.expect_version(row.version)?;
            flow::require(&row, &scope, Step::Delete)?;
            flow::delete(tx, &row)?;
            Ok(Answer::empty())
        })
        .await
}

/// Register a draft: it is in force and immutable, and repeals what it repeals.
#[utoipa::path(tag = "orders", params(("id" = OrderId, Path)), responses((status = 200, description = "The order", body = OrderOut)))]
#[post("/orders/{id}/register")]
async fn register_order(
    permit: Permit<policy::RegisterOrders>,
    db: Data<Db>,
    writing: Writing,
    id: Path<OrderId>,
) -> Result<HttpResponse, Error> {
    let act = |tx: &mut Tx, scope: &Scope, row, ()| flow::register(tx, scope, row);
    step(permit, &db, writing, id, Body::none(), Step::Register, act).await
}

/// Repeal a registered order; what was done by it stays.
#[utoipa::path(tag = "orders", params(("id" = OrderId, Path)), request_body = OrderRepeal, responses((status = 200, description = "The order", body = OrderOut)))]
#[post("/orders/{id}/repeal")]
async fn repeal_order(
    permit: Permit<policy::RegisterOrders>,
    db: Data<Db>,
    writing: Writing,
    id: Path<OrderId>,
    body: Body<OrderRepeal>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id, body, Step::Repeal, |tx, _, row, given| {
        flow::repeal(tx, row, given.reason)
    })
    .await
}
