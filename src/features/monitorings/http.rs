//! Operations on monitorings that need no reports.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};

use super::domain::Step;
use super::shape::{
    DeadlineExtensionIn, MonitoringFilter, MonitoringIn, MonitoringOut, MonitoringPage, MonitoringPatch,
};
use super::store::{self, SnapshotSchool};
use super::{flow, policy};
use crate::auth::{Permit, Scope};
use crate::db::Db;
use crate::error::Error;
use crate::kit::id::MonitoringId;
use crate::web::query::One;
use crate::web::{Answer, Body, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations
        .service(list_monitorings)
        .service(create_monitoring)
        .service(get_monitoring)
        .service(update_monitoring)
        .service(delete_monitoring)
        .service(extend_deadline);
}

/// Of the snapshot what the scope may see: a school only itself.
fn visible(schools: Vec<SnapshotSchool>, scope: &Scope) -> Vec<SnapshotSchool> {
    match scope.schools() {
        Some(own) => schools.into_iter().filter(|school| own.contains(&school.school_id)).collect(),
        None => schools,
    }
}

/// List monitorings.
#[utoipa::path(tag = "monitorings", params(MonitoringFilter, Paging), responses((status = 200, description = "A page", body = MonitoringPage)))]
#[get("/monitorings")]
async fn list_monitorings(
    permit: Permit<policy::ReadMonitorings>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<MonitoringFilter>,
) -> Result<HttpResponse, Error> {
    let (narrowed, page, scope) = (query.filter.narrowed(), query.page.clone(), permit.scope);
    let listed = db.read(move |conn| Ok::<_, Error>(store::list(conn, &scope, &narrowed, &page)?)).await?;
    let listing = Listing::try_of(&query, listed, &info, |row| {
        MonitoringOut::of(row, None, info.lang, &permit.caller)
    })?;
    Ok(listing.read(&info))
}

/// Plan a monitoring of the own municipality.
#[utoipa::path(tag = "monitorings", request_body = MonitoringIn, responses((status = 201, description = "Created", body = MonitoringOut)))]
#[post("/monitorings")]
async fn create_monitoring(
    permit: Permit<policy::PlanMonitorings>,
    db: Data<Db>,
    writing: Writing,
    body: Body<MonitoringIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            writing.admit(tx, &body)?;
            let row = flow::create(tx, &scope, body.checked()?.into())?;
            let location = format!("/api/v1/monitorings/{}", row.id);
            Ok(MonitoringOut::answer(row, vec![], writing.info.lang, &caller)?.created(location))
        })
        .await
}

/// Read a monitoring with its snapshot of schools.
#[utoipa::path(tag = "monitorings", params(("id" = MonitoringId, Path)), responses((status = 200, description = "The monitoring", body = MonitoringOut)))]
#[get("/monitorings/{id}")]
async fn get_monitoring(
    permit: Permit<policy::ReadMonitorings>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<MonitoringId>,
) -> Result<HttpResponse, Error> {
    let scope = permit.scope;
    let (row, schools) = db
        .read(move |conn| {
            let row = store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)?;
            let schools = visible(store::schools_of(conn, &row.id)?, &scope);
            Ok::<_, Error>((row, schools))
        })
        .await?;
    Ok(MonitoringOut::answer(row, schools, info.lang, &permit.caller)?.read(&info, &one))
}

/// Change a planned monitoring; an unchanged one keeps its version.
#[utoipa::path(tag = "monitorings", params(("id" = MonitoringId, Path)), request_body = MonitoringPatch, responses((status = 200, description = "The monitoring", body = MonitoringOut)))]
#[patch("/monitorings/{id}")]
async fn update_monitoring(
    permit: Permit<policy::PlanMonitorings>,
    db: Data<Db>,
    writing: Writing,
    id: Path<MonitoringId>,
    body: Body<MonitoringPatch>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::lock(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow::require(&row, Step::Update)?;
            let plan = body.checked()?.over(flow::plan_of(&row)?);
            let row = flow::update(tx, &scope, row, plan)?;
            MonitoringOut::answer(row, vec![], writing.info.lang, &caller)
        })
        .await
}

/// Delete a planned monitoring.
#[utoipa::path(tag = "monitorings", params(("id" = MonitoringId, Path)), responses((status = 204, description = "Deleted")))]
#[delete("/monitorings/{id}")]
async fn delete_monitoring(
    permit: Permit<policy::PlanMonitorings>,
    db: Data<Db>,
    writing: Writing,
    id: Path<MonitoringId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    writing
        .run(&db, caller.actor(), "", move |tx, writing| {
            let row = flow::lock(tx, &scope, &id)?;
            writing.expect_version(row.version)?;
            flow::require(&row, Step::Delete)?;
            flow::delete(tx, &row)?;
            Ok(Answer::empty())
        })
        .await
}

/// Give schools more time by order: they may submit until that day, also after the collection.
///
/// Answers 409 `order-not-registered`; 422 for a day before the deadline of the reports.
#[utoipa::path(tag = "monitorings", params(("id" = MonitoringId, Path)), request_body = DeadlineExtensionIn, responses((status = 200, description = "The monitoring", body = MonitoringOut)))]
#[post("/monitorings/{id}/deadline-extensions")]
async fn extend_deadline(
    permit: Permit<policy::PlanMonitorings>,
    db: Data<Db>,
    writing: Writing,
    id: Path<MonitoringId>,
    body: Body<DeadlineExtensionIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::lock(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow::require(&row, Step::Extend)?;
            let row = flow::extend(tx, &scope, row, body.checked()?.into())?;
            let schools = store::schools_of(tx, &row.id)?;
            MonitoringOut::answer(row, schools, writing.info.lang, &caller)
        })
        .await
}
