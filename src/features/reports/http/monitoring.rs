//! Operations on monitorings in which their reports have a say.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::{flow_monitoring, flow_opening};
use crate::auth::{Caller, Permit, Scope};
use crate::db::{Db, Tx};
use crate::error::Error;
use crate::features::monitorings::{
    self, MonitoringOut, MonitoringRow, MonitoringStatus, PlanMonitorings, Step,
};
use crate::kit::id::{MonitoringId, OrderId, SchoolId};
use crate::kit::lang::Lang;
use crate::web::{Answer, Body, Operations, Writing};

pub(super) fn configure(operations: &mut Operations) {
    operations
        .service(open_monitoring)
        .service(close_collection)
        .service(analyse_monitoring)
        .service(complete_monitoring)
        .service(cancel_monitoring)
        .service(add_monitoring_school)
        .service(release_monitoring_school);
}

/// Why a monitoring is given up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Приказ отменён"}))]
struct MonitoringCancel {
    /// Why, for the audit and the readers.
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
}

/// A school that joins an open monitoring.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "school_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab", "order_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ac"
}))]
struct MonitoringSchoolIn {
    /// The school.
    school_id: SchoolId,
    /// The registered order that adds it.
    order_id: OrderId,
}

/// Why a school is released.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Школа исключена из перечня приказом от 01.09.2023 № 300"}))]
struct MonitoringRelease {
    /// Why, for the audit and the readers.
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
}

/// Takes a step: the checks in the order of the contract, then `act`.
async fn step<A, T: Send + 'static>(
    permit: Permit<A>,
    db: &Db,
    writing: Writing,
    id: Path<MonitoringId>,
    body: Body<T>,
    step: Step,
    act: impl FnOnce(&mut Tx, &Scope, MonitoringRow, T) -> Result<MonitoringRow, Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(db, caller.actor(), &hash, move |tx, writing| {
            let row = monitorings::lock(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            monitorings::require(&row, step)?;
            let row = act(tx, &scope, row, body.checked()?)?;
            answer(tx, row, writing.info.lang, &caller)
        })
        .await
}

/// Open a planned monitoring.
///
/// Keeps the edition and the template, takes the snapshot of schools, creates a report for each
/// and one for the municipality. Answers 409 `monitoring-not-ready` unless the order is
/// registered and the road map and the lists are approved.
#[utoipa::path(tag = "monitorings", params(("id" = MonitoringId, Path)), responses((status = 200, description = "The monitoring", body = MonitoringOut)))]
#[post("/monitorings/{id}/open")]
async fn open_monitoring(
    permit: Permit<PlanMonitorings>,
    db: Data<Db>,
    writing: Writing,
    id: Path<MonitoringId>,
) -> Result<HttpResponse, Error> {
    let act = |tx: &mut Tx, scope: &Scope, row, ()| flow_opening::open(tx, scope, row);
    step(permit, &db, writing, id, Body::none(), Step::Open, act).await
}

/// Close the collection: drafts are no longer submitted, returned reports still are.
#[utoipa::path(tag = "monitorings", params(("id" = MonitoringId, Path)), responses((status = 200, description = "The monitoring", body = MonitoringOut)))]
#[post("/monitorings/{id}/close-collection")]
async fn close_collection(
    permit: Permit<PlanMonitorings>,
    db: Data<Db>,
    writing: Writing,
    id: Path<MonitoringId>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id, Body::none(), Step::CloseCollection, |tx, _, row, ()| {
        monitorings::advance(tx, row, MonitoringStatus::Collected, "close-collection", None)
    })
    .await
}

/// End the review; 409 `monitoring-not-ready` while a report is submitted or returned.
#[utoipa::path(tag = "monitorings", params(("id" = MonitoringId, Path)), responses((status = 200, description = "The monitoring", body = MonitoringOut)))]
#[post("/monitorings/{id}/analyse")]
async fn analyse_monitoring(
    permit: Permit<PlanMonitorings>,
    db: Data<Db>,
    writing: Writing,
    id: Path<MonitoringId>,
) -> Result<HttpResponse, Error> {
    let act = |tx: &mut Tx, _: &Scope, row, ()| flow_monitoring::analyse(tx, row);
    step(permit, &db, writing, id, Body::none(), Step::Analyse, act).await
}

/// End the campaign; 409 `monitoring-not-ready` without a registered note.
#[utoipa::path(tag = "monitorings", params(("id" = MonitoringId, Path)), responses((status = 200, description = "The monitoring", body = MonitoringOut)))]
#[post("/monitorings/{id}/complete")]
async fn complete_monitoring(
    permit: Permit<PlanMonitorings>,
    db: Data<Db>,
    writing: Writing,
    id: Path<MonitoringId>,
) -> Result<HttpResponse, Error> {
    let act = |tx: &mut Tx, _: &Scope, row, ()| flow_monitoring::complete(tx, row);
    step(permit, &db, writing, id, Body::none(), Step::Complete, act).await
}

/// Give up a planned or open monitoring: its reports are cancelled with it, whatever their state.
#[utoipa::path(tag = "monitorings", params(("id" = MonitoringId, Path)), request_body = MonitoringCancel, responses((status = 200, description = "The monitoring", body = MonitoringOut)))]
#[post("/monitorings/{id}/cancel")]
async fn cancel_monitoring(
    permit: Permit<PlanMonitorings>,
    db: Data<Db>,
    writing: Writing,
    id: Path<MonitoringId>,
    body: Body<MonitoringCancel>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id, body, Step::Cancel, |tx, _, row, given| {
        flow_monitoring::cancel(tx, row, &given.reason)
    })
    .await
}

/// Add a school by a registered order; its report starts as a draft.
#[utoipa::path(tag = "monitorings", params(("id" = MonitoringId, Path)), request_body = MonitoringSchoolIn, responses((status = 200, description = "The monitoring", body = MonitoringOut)))]
#[post("/monitorings/{id}/schools")]
async fn add_monitoring_school(
    permit: Permit<PlanMonitorings>,
    db: Data<Db>,
    writing: Writing,
    id: Path<MonitoringId>,
    body: Body<MonitoringSchoolIn>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id, body, Step::ChangeSchools, |tx, scope, row, given| {
        flow_monitoring::add_school(tx, scope, row, &given.school_id, &given.order_id)
    })
    .await
}

/// Release a school with a reason: its report is cancelled, conclusions leave it out.
#[utoipa::path(tag = "monitorings", params(("id" = MonitoringId, Path), ("school_id" = SchoolId, Path)), request_body = MonitoringRelease, responses((status = 200, description = "The monitoring", body = MonitoringOut)))]
#[post("/monitorings/{id}/schools/{school_id}/release")]
async fn release_monitoring_school(
    permit: Permit<PlanMonitorings>,
    db: Data<Db>,
    writing: Writing,
    path: Path<(MonitoringId, SchoolId)>,
    body: Body<MonitoringRelease>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let (id, school_id) = path.into_inner();
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let row = monitorings::lock(tx, &scope, &id)?;
            let school = flow_monitoring::taking_part(tx, &row, &school_id)?.ok_or_else(Error::not_found)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            monitorings::require(&row, Step::ChangeSchools)?;
            flow_monitoring::require_taking_part(&school)?;
            let reason = body.checked()?.reason;
            let row = flow_monitoring::release_school(tx, row, &school, &reason)?;
            answer(tx, row, writing.info.lang, &caller)
        })
        .await
}

fn answer(tx: &mut Tx, row: MonitoringRow, lang: Lang, caller: &Caller) -> Result<Answer, Error> {
    let schools = monitorings::schools_of(tx, &row.id)?;
    MonitoringOut::answer(row, schools, lang, caller)
}
