//! Operations on evidence.

use actix_web::web::{Data, Path, Payload};
use actix_web::{FromRequest, HttpRequest, HttpResponse, delete, get, post};

use super::super::lifecycle::ReportStep;
use super::super::{flow, flow_evidence, flow_items, policy};
use super::bodies::{EvidenceFileIn, EvidenceIn};
use super::evidence_file;
use super::reader::Reader;
use super::rights::demand;
use super::shape::EvidenceOut;
use crate::auth::Permit;
use crate::db::Db;
use crate::error::Error;
use crate::files::Files;
use crate::kit::id::{EvidenceId, MeasureId, ReportId};
use crate::web::query::One;
use crate::web::upload::{self, UploadLimits};
use crate::web::{Answer, Body, Operations, RequestInfo, Writing, resource};

pub(super) fn configure(operations: &mut Operations) {
    operations.service(attach_evidence).service(get_evidence).service(delete_evidence);
    evidence_file::configure(operations);
}

/// Attach a link or a file to an item of the own report.
///
/// A link comes as JSON, a file as a form with the part `file`: PDF, DOCX, XLSX, ODT, JPEG or PNG
/// by extension and content alike. Photos lose their metadata. The versions of the item and of
/// the report rise. `If-Match` is not needed.
#[utoipa::path(tag = "evidence", params(("id" = ReportId, Path), ("measure_id" = MeasureId, Path)), request_body(content((EvidenceIn = "application/json"), (EvidenceFileIn = "multipart/form-data"))), responses((status = 201, description = "Created", body = EvidenceOut)))]
#[post("/reports/{id}/items/{measure_id}/evidence")]
#[expect(clippy::too_many_arguments, reason = "each is an extractor")]
async fn attach_evidence(
    permit: Permit<policy::FillReports>,
    db: Data<Db>,
    files: Data<Files>,
    limits: Data<UploadLimits>,
    writing: Writing,
    path: Path<(ReportId, MeasureId)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &writing.info);
    let (id, measure_id) = path.into_inner();
    if upload::is_form(&request) {
        let to = evidence_file::Place { report: id, measure: measure_id, files: &files, limits: **limits };
        return to.attach(&db, reader, writing, &request, payload).await;
    }
    let body = Body::<EvidenceIn>::from_request(&request, &mut payload.into_inner()).await?;
    let hash = body.hash().to_owned();
    writing
        .run(&db, reader.caller.actor(), &hash, move |tx, writing| {
            let view = flow_items::open_item(tx, &reader.scope, &id, &measure_id)?;
            demand(reader.rights(&view.row).fills)?;
            writing.admit(tx, &body)?;
            flow::require_in(view.circumstances(tx.today()), ReportStep::Update)?;
            let report = view.row.clone();
            let new = body.checked()?.into();
            let row = flow_evidence::attach(tx, view, new, reader.caller.account()?)?;
            let location = format!("/api/v1/evidence/{}", row.id);
            let out = EvidenceOut::of(&report, &[], &measure_id, row.into(), &reader);
            Ok(resource(EvidenceOut::VERSION, &out)?.created(location))
        })
        .await
}

/// Read a piece of evidence; its file by `content`.
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
            let view = flow_evidence::item_of(conn, &reader.scope, &id)?;
            reader.evidence(conn, &view, &id)
        })
        .await?;
    Ok(answer.read(&info, &one))
}

/// Take a piece of evidence away from an item of the own report.
///
/// What a submitted version names stays for the readers of that version.
#[utoipa::path(tag = "evidence", params(("id" = EvidenceId, Path)), responses((status = 204, description = "Deleted")))]
#[delete("/evidence/{id}")]
async fn delete_evidence(
    permit: Permit<policy::FillReports>,
    db: Data<Db>,
    files: Data<Files>,
    writing: Writing,
    id: Path<EvidenceId>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &writing.info);
    let id = id.into_inner();
    let left = evidence_file::key_of(&db, &id).await?;
    let gone = id.clone();
    let answer = writing
        .run(&db, reader.caller.actor(), "", move |tx, writing| {
            let (view, row) = flow_evidence::open(tx, &reader.scope, &id)?;
            reader.evidence(tx, &view, &id)?;
            demand(reader.rights(&view.row).fills)?;
            writing.expect_version(EvidenceOut::VERSION)?;
            flow::require_in(view.circumstances(tx.today()), ReportStep::Update)?;
            flow_evidence::detach(tx, view, &row)?;
            Ok(Answer::empty())
        })
        .await?;
    if let Some(key) = left {
        evidence_file::remove_unnamed(&db, &files, &gone, &key).await;
    }
    Ok(answer)
}
