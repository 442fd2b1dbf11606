//! Operations on support lists.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::domain::{ListCategory, ListLevel, ListStatus, Step};
use super::flow;
use super::policy;
use super::shape::{SupportListCancel, SupportListIn, SupportListOut, SupportListPage, SupportListPatch};
use super::store::{self, Narrowed, SupportListRow};
use crate::auth::{Permit, Scope};
use crate::db::{Db, Tx};
use crate::error::Error;
use crate::kit::id::{OrderId, SupportListId};
use crate::web::query::One;
use crate::web::{Answer, AnyOf, Body, Filter, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations
        .service(list_support_lists)
        .service(create_support_list)
        .service(get_support_list)
        .service(update_support_list)
        .service(delete_support_list)
        .service(approve_support_list)
        .service(cancel_support_list);
}

/// Filters of the list of support lists.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SupportListFilter {
    /// Levels, comma-separated.
    #[param(value_type = Option<String>, example = "federal,regional")]
    level: Option<AnyOf<ListLevel>>,
    /// Categories, comma-separated.
    #[param(value_type = Option<String>, example = "low_results")]
    category: Option<AnyOf<ListCategory>>,
    /// Calendar years of the results, comma-separated.
    #[param(value_type = Option<String>, example = "2022")]
    results_year: Option<AnyOf<i32>>,
    /// States, comma-separated.
    #[param(value_type = Option<String>, example = "approved")]
    status: Option<AnyOf<ListStatus>>,
    /// Orders that approve them, comma-separated.
    #[param(value_type = Option<String>)]
    order_id: Option<AnyOf<OrderId>>,
}

impl Filter for SupportListFilter {
    const SORTS: &'static [&'static str] = &["results_year"];
}

impl SupportListFilter {
    fn narrowed(&self) -> Narrowed {
        Narrowed {
            level: self.level.clone().map(|any| any.0),
            category: self.category.clone().map(|any| any.0),
            results_year: self.results_year.clone().map(|any| any.0),
            status: self.status.clone().map(|any| any.0),
            order_id: self.order_id.clone().map(|any| any.0),
        }
    }
}

/// Takes a step: the checks in the order of the contract, then `act`.
async fn step<A, T: Send + 'static>(
    permit: Permit<A>,
    db: &Db,
    writing: Writing,
    id: Path<SupportListId>,
    body: Body<T>,
    step: Step,
    act: impl FnOnce(&mut Tx, &Scope, SupportListRow, T) -> Result<SupportListRow, Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            let row = flow::require(tx, &scope, row, step)?;
            let row = act(tx, &scope, row, body.checked()?)?;
            SupportListOut::written(tx, &scope, row, writing.info.lang, &caller)
        })
        .await
}

/// List support lists.
///
/// The department reads its municipality's; school people and curators those in which their
/// schools stand; regional readers those that have been approved.
#[utoipa::path(tag = "support-lists", params(SupportListFilter, Paging), responses((status = 200, description = "A page", body = SupportListPage)))]
#[get("/support-lists")]
async fn list_support_lists(
    permit: Permit<policy::ReadLists>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<SupportListFilter>,
) -> Result<HttpResponse, Error> {
    let (narrowed, page, scope) = (query.filter.narrowed(), query.page.clone(), permit.scope);
    let listed = db.read(move |conn| Ok::<_, Error>(store::list(conn, &scope, &narrowed, &page)?)).await?;
    Ok(Listing::of(&query, listed, &info, |view| SupportListOut::of(view, info.lang, &permit.caller))?
        .read(&info))
}

/// Draft a support list of the own municipality.
#[utoipa::path(tag = "support-lists", request_body = SupportListIn, responses((status = 201, description = "Created", body = SupportListOut)))]
#[post("/support-lists")]
async fn create_support_list(
    permit: Permit<policy::CreateLists>,
    db: Data<Db>,
    writing: Writing,
    body: Body<SupportListIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            writing.admit(tx, &body)?;
            let row = flow::create(tx, &scope, body.checked()?.into())?;
            let location = format!("/api/v1/support-lists/{}", row.id);
            let answer = SupportListOut::written(tx, &scope, row, writing.info.lang, &caller)?;
            Ok(answer.created(location))
        })
        .await
}

/// Read a support list.
#[utoipa::path(tag = "support-lists", params(("id" = SupportListId, Path)), responses((status = 200, description = "The list", body = SupportListOut)))]
#[get("/support-lists/{id}")]
async fn get_support_list(
    permit: Permit<policy::ReadLists>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<SupportListId>,
) -> Result<HttpResponse, Error> {
    let scope = permit.scope;
    let view = db
        .read(move |conn| {
            let row = store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)?;
            Ok::<_, Error>(store::view(conn, &scope, row)?)
        })
        .await?;
    Ok(SupportListOut::answer(view, info.lang, &permit.caller)?.read(&info, &one))
}

/// Change a draft; an unchanged one keeps its version.
#[utoipa::path(tag = "support-lists", params(("id" = SupportListId, Path)), request_body = SupportListPatch, responses((status = 200, description = "The list", body = SupportListOut)))]
#[patch("/support-lists/{id}")]
async fn update_support_list(
    permit: Permit<policy::DraftLists>,
    db: Data<Db>,
    writing: Writing,
    id: Path<SupportListId>,
    body: Body<SupportListPatch>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id, body, Step::Update, |tx, scope, row, given| {
        let text = given.over(flow::text_of(&row));
        flow::update(tx, scope, row, text)
    })
    .await
}

/// Delete a draft with its entries.
///
/// Answers 409 `support-list-in-use` when a monitoring names it.
#[utoipa::path(tag = "support-lists", params(("id" = SupportListId, Path)), responses((status = 204, description = "Deleted")))]
#[delete("/support-lists/{id}")]
async fn delete_support_list(
    permit: Permit<policy::DraftLists>,
    db: Data<Db>,
    writing: Writing,
    id: Path<SupportListId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    writing
        .run(&db, caller.actor(), "", move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.expect_version(row.version)?;
            let row = flow::require(tx, &scope, row, Step::Delete)?;
            flow::delete(tx, &row)?;
            Ok(Answer::empty())
        })
        .await
}

/// Approve a draft: it is in force, and supersedes the earlier list of its kind and year.
///
/// Answers 409 `order-not-registered` or `support-list-empty`.
#[utoipa::path(tag = "support-lists", params(("id" = SupportListId, Path)), responses((status = 200, description = "The list", body = SupportListOut)))]
#[post("/support-lists/{id}/approve")]
async fn approve_support_list(
    permit: Permit<policy::ApproveLists>,
    db: Data<Db>,
    writing: Writing,
    id: Path<SupportListId>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id, Body::none(), Step::Approve, |tx, _, row, ()| flow::approve(tx, row)).await
}

/// Cancel a draft or a list in force.
///
/// Answers 409 `support-list-in-use` while a monitoring runs on it.
#[utoipa::path(tag = "support-lists", params(("id" = SupportListId, Path)), request_body = SupportListCancel, responses((status = 200, description = "The list", body = SupportListOut)))]
#[post("/support-lists/{id}/cancel")]
async fn cancel_support_list(
    permit: Permit<policy::ApproveLists>,
    db: Data<Db>,
    writing: Writing,
    id: Path<SupportListId>,
    body: Body<SupportListCancel>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id, body, Step::Cancel, |tx, _, row, given| {
        flow::cancel(tx, row, given.reason)
    })
    .await
}
