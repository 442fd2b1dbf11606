//! Operations on evidence.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, post};

use super::super::lifecycle::ReportStep;
use super::super::{flow, flow_items, policy};
use super::bodies::EvidenceIn;
use super::reader::Reader;
use super::rights::demand;
use super::shape::EvidenceOut;
use crate::auth::Permit;
use crate::db::Db;
use crate::error::Error;
use crate::kit::id::{EvidenceId, MeasureId, ReportId};
use crate::web::query::One;
use crate::web::{Answer, Body, Operations, RequestInfo, Writing, resource};

pub(super) fn configure(operations: &mut Operations) {
    operations.service(attach_evidence).service(get_evidence).service(delete_evidence);
}

/// Attach a link to an item of the own report.
///
/// The versions of the item and of the report rise. `If-Match` is not needed.
#[utoipa::path(tag = "evidence", params(("id" = ReportId, Path), ("measure_id" = MeasureId, Path)), request_body = EvidenceIn, responses((status = 201, description = "Created", body = EvidenceOut)))]
#[post("/reports/{id}/items/{measure_id}/evidence")]
async fn attach_evidence(
    permit: Permit<policy::FillReports>,
    db: Data<Db>,
    writing: Writing,
    path: Path<(ReportId, MeasureId)>,
    body: Body<EvidenceIn>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &writing.info);
    let (id, measure_id) = path.into_inner();
    let hash = body.hash().to_owned();
    writing
        .run(&db, reader.caller.actor(), &hash, move |tx, writing| {
            let view = flow_items::open_item(tx, &reader.scope, &id, &measure_id)?;
            demand(reader.rights(&view.row).fills)?;
            writing.admit(tx, &body)?;
            flow::require_in(view.circumstances(tx.today()), ReportStep::Update)?;
            let report = view.row.clone();
            let new = body.checked()?.into();
            let row = flow_items::attach(tx, view, new, &reader.caller.account_id)?;
            let location = format!("/api/v1/evidence/{}", row.id);
            let out = EvidenceOut::of(&report, &[], &measure_id, row.into(), &reader);
            Ok(resource(EvidenceOut::VERSION, &out)?.created(location))
        })
        .await
}

/// Read a piece of evidence.
#[utoipa::path(tag = "evidence", params(("id" = EvidenceId, Path)), responses((status = 200, description = "The evidence", body = EvidenceOut)))]
#[get("/evidence/{id}")]
async fn get_evidence(
    permit: Permit<policy::ReadReports>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<EvidenceId>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &info);
    let answer = db
        .read(move |conn| {
            let view = flow_items::item_of_evidence(conn, &reader.scope, &id)?;
            reader.evidence(conn, &view, &id)
        })
        .await?;
    Ok(answer.read(&info, &one))
}

/// Take a piece of evidence away from an item of the own report.
#[utoipa::path(tag = "evidence", params(("id" = EvidenceId, Path)), responses((status = 204, description = "Deleted")))]
#[delete("/evidence/{id}")]
async fn delete_evidence(
    permit: Permit<policy::FillReports>,
    db: Data<Db>,
    writing: Writing,
    id: Path<EvidenceId>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &writing.info);
    writing
        .run(&db, reader.caller.actor(), "", move |tx, writing| {
            let view = flow_items::open_evidence(tx, &reader.scope, &id)?;
            reader.evidence(tx, &view, &id)?;
            demand(reader.rights(&view.row).fills)?;
            writing.expect_version(EvidenceOut::VERSION)?;
            flow::require_in(view.circumstances(tx.today()), ReportStep::Update)?;
            flow_items::detach(tx, view, &id)?;
            Ok(Answer::empty())
        })
        .await
}
